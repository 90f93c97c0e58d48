/* SPDX-License-Identifier: MIT */
/**
 * @file random.h
 * Random numbers to spread delays with, handed in so that tests can decide them. Not for secrets.
 *
 * Threads: a generator belongs to one thread at a time.
 */
#ifndef UVREST_BASE_RANDOM_H
#define UVREST_BASE_RANDOM_H

#include <uvrest/base.h>

/** 64 random bits. */
typedef uint64_t uvrest__rand_fn(void *user);

/** Where random numbers come from. */
typedef struct uvrest__rand {
    uvrest__rand_fn *next;
    void *user; /* borrowed */
} uvrest__rand;

/** The generator of the library: 256 bits of state, good and fast, not cryptographic. */
typedef struct uvrest__random {
    uint64_t state[4]; /* never all zero */
} uvrest__random;

/** The same seed gives the same numbers on every machine. */
void uvrest__random_init(uvrest__random *random, uint64_t seed);
/** Seeds from the system's entropy, without it from the clock and the object's address. */
void uvrest__random_init_system(uvrest__random *random);
/** The next 64 bits. */
uint64_t uvrest__random_next(uvrest__random *random);

/** The generator as something to hand in; borrows it. */
uvrest__rand uvrest__random_as_rand(uvrest__random *random);

/** A number from 0 to bound, both included, each equally likely. */
uint64_t uvrest__rand_up_to(uvrest__rand rand, uint64_t bound);
/** A number from low to high, both included; low if high is not above it. */
uint64_t uvrest__rand_between(uvrest__rand rand, uint64_t low, uint64_t high);

#endif /* UVREST_BASE_RANDOM_H */
