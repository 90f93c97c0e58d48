/* SPDX-License-Identifier: MIT */
#include "sigpipe.h"
#include "support.h"
#include <unistd.h>

static void write_to_a_dead_pipe(void)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1);
    close(fds[1]);
}

static bool is_blocked(void)
{
    sigset_t now;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
    return sigismember(&now, SIGPIPE) == 1;
}

static void a_signal_raised_meanwhile_is_dropped(void **state)
{
    uvrest__sigpipe hold;
    sigset_t pending;
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    uvrest__sigpipe_hold(&hold);
    write_to_a_dead_pipe();
    assert_true(is_blocked());
    uvrest__sigpipe_release(&hold); /* it would kill us here */
    assert_false(is_blocked());
    sigpending(&pending);
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
}

static void who_blocks_it_himself_keeps_it(void **state)
{
    uvrest__sigpipe hold;
    sigset_t own;
    sigset_t pending;
    (void)state;
    sigemptyset(&own);
    sigaddset(&own, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &own, NULL);
    uvrest__sigpipe_hold(&hold);
    write_to_a_dead_pipe();
    uvrest__sigpipe_release(&hold);
    assert_true(is_blocked());
    sigpending(&pending);
    assert_int_equal(sigismember(&pending, SIGPIPE), 1);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_UNBLOCK, &own, NULL);
    signal(SIGPIPE, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_raised_meanwhile_is_dropped),
        cmocka_unit_test(who_blocks_it_himself_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
