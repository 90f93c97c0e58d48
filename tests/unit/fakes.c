/* SPDX-License-Identifier: MIT */
#include "fakes.h"

static uint64_t fake_monotonic_ns(void *user)
{
    fake_clock *clock = user;
    clock->n_reads++;
    return clock->now_ns;
}

static int64_t fake_wall_s(void *user)
{
    return ((fake_clock *)user)->wall_s;
}

uvrest__clock fake_clock_as_clock(fake_clock *clock)
{
    return (uvrest__clock){fake_monotonic_ns, fake_wall_s, clock};
}

void fake_clock_advance_ms(fake_clock *clock, uint64_t ms)
{
    uint64_t seconds_before = clock->now_ns / UVREST__NS_PER_S;
    clock->now_ns += ms * UVREST__NS_PER_MS;
    clock->wall_s += (int64_t)(clock->now_ns / UVREST__NS_PER_S - seconds_before);
}

static uint64_t next_of_list(void *user)
{
    fake_rand *rand = user;
    return rand->numbers[rand->n_drawn++ % rand->n];
}

uvrest__rand fake_rand_as_rand(fake_rand *rand)
{
    return (uvrest__rand){next_of_list, rand};
}

static uint64_t least(void *user)
{
    (void)user;
    return 0;
}

static uint64_t most(void *user)
{
    (void)user;
    return UINT64_MAX;
}

const uvrest__rand fake_rand_least = {least, NULL};
const uvrest__rand fake_rand_most = {most, NULL};
