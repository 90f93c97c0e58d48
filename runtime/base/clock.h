/* SPDX-License-Identifier: MIT */
/**
 * @file clock.h
 * What time it is, handed in so that tests can decide it.
 *
 * Two clocks: a monotonic one that counts while the machine is suspended (slots of the rate limit come back during a
 * suspend as they do on the server), and the wall clock, which is only compared with dates the server names.
 * Threads: uvrest__clock_system may be read on any thread; a clock of a test belongs to the test.
 */
#ifndef UVREST_BASE_CLOCK_H
#define UVREST_BASE_CLOCK_H

#include <uvrest/base.h>

#define UVREST__NS_PER_S UINT64_C(1000000000)
#define UVREST__NS_PER_MS UINT64_C(1000000)

typedef struct uvrest__clock {
    uint64_t (*monotonic_ns)(void *user); /* never goes back; its zero means nothing */
    int64_t (*wall_s)(void *user); /* seconds since 1970-01-01T00:00:00Z; may jump */
    void *user; /* borrowed */
} uvrest__clock;

/** The machine's clocks: CLOCK_BOOTTIME, else CLOCK_MONOTONIC; CLOCK_REALTIME. */
extern const uvrest__clock uvrest__clock_system;

static inline uint64_t uvrest__clock_now(const uvrest__clock *clock)
{
    return clock->monotonic_ns(clock->user);
}

static inline int64_t uvrest__clock_wall(const uvrest__clock *clock)
{
    return clock->wall_s(clock->user);
}

/** a + b, or UINT64_MAX where that does not fit: a moment "never", a wait "for ever". */
static inline uint64_t uvrest__clock_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/** How long from now until then; 0 if that is past. */
static inline uint64_t uvrest__clock_until(uint64_t now, uint64_t then)
{
    return then > now ? then - now : 0;
}

#endif /* UVREST_BASE_CLOCK_H */
