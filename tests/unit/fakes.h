/* SPDX-License-Identifier: MIT */
/* A clock and random numbers that a test decides. */
#ifndef UVREST_TESTS_FAKES_H
#define UVREST_TESTS_FAKES_H

#include "clock.h"
#include "random.h"

/* Both clocks stand still until the test moves them. */
typedef struct fake_clock {
    uint64_t now_ns;
    int64_t wall_s;
    unsigned n_reads; /* of the monotonic one */
} fake_clock;

/* Hands the clock in; borrowed. */
uvrest__clock fake_clock_as_clock(fake_clock *clock);
/* Moves both on; whole seconds reach the wall clock. */
void fake_clock_advance_ms(fake_clock *clock, uint64_t ms);

/* Gives the numbers of a list again and again. 0 draws the least of any range, UINT64_MAX the most. */
typedef struct fake_rand {
    const uint64_t *numbers; /* borrowed */
    size_t n;
    size_t n_drawn;
} fake_rand;

/* Hands the numbers in; borrowed. */
uvrest__rand fake_rand_as_rand(fake_rand *rand);

/* Always the least, always the most. */
extern const uvrest__rand fake_rand_least;
extern const uvrest__rand fake_rand_most;

#endif /* UVREST_TESTS_FAKES_H */
