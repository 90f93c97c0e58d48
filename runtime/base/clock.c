/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <time.h>

static bool read_clock(clockid_t id, uint64_t *out_ns)
{
    struct timespec now;
    if (clock_gettime(id, &now) != 0)
        return false;
    *out_ns = (uint64_t)now.tv_sec * UVREST__NS_PER_S + (uint64_t)now.tv_nsec;
    return true;
}

static uint64_t system_monotonic_ns(void *user)
{
    uint64_t ns = 0;
    (void)user;
#ifdef CLOCK_BOOTTIME
    /* A system either has this clock or never has it, so the two are not mixed in one process. */
    if (read_clock(CLOCK_BOOTTIME, &ns))
        return ns;
#endif
    (void)read_clock(CLOCK_MONOTONIC, &ns);
    return ns;
}

static int64_t system_wall_s(void *user)
{
    struct timespec now = {0};
    (void)user;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

const uvrest__clock uvrest__clock_system = {system_monotonic_ns, system_wall_s, NULL};
