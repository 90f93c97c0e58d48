/* SPDX-License-Identifier: MIT */
#include "sigpipe.h"
#include <pthread.h>
#include <stddef.h>
#include <time.h>

static sigset_t pipe_only(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void uvrest__sigpipe_hold(uvrest__sigpipe *hold)
{
    sigset_t set = pipe_only();
    hold->held = false;
    if (pthread_sigmask(SIG_BLOCK, &set, &hold->before) != 0)
        return;
    hold->held = sigismember(&hold->before, SIGPIPE) == 0; /* who blocks it himself keeps it pending, too */
}

void uvrest__sigpipe_release(const uvrest__sigpipe *hold)
{
    static const struct timespec no_wait = {0, 0};
    sigset_t set = pipe_only();
    if (!hold->held)
        return;
    (void)sigtimedwait(&set, NULL, &no_wait);
    (void)pthread_sigmask(SIG_SETMASK, &hold->before, NULL);
}
