/* SPDX-License-Identifier: MIT */
#include "random.h"
#include "clock.h"

#include <sys/random.h>

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* One step of a counter-based mixer: spreads any seed, 0 too, over all 64 bits, each input to another output. */
static uint64_t mix(uint64_t *counter)
{
    uint64_t x = *counter += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void uvrest__random_init(uvrest__random *random, uint64_t seed)
{
    /* Four different outputs of a bijection: at most one of them is zero. */
    for (int i = 0; i < 4; i++)
        random->state[i] = mix(&seed);
}

void uvrest__random_init_system(uvrest__random *random)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = uvrest__clock_now(&uvrest__clock_system) ^ (uint64_t)(uintptr_t)random;
    uvrest__random_init(random, seed);
}

/* The recurrence known as xoshiro256, with the ** output. */
uint64_t uvrest__random_next(uvrest__random *random)
{
    uint64_t *s = random->state;
    uint64_t out = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return out;
}

static uint64_t next_of(void *user)
{
    return uvrest__random_next(user);
}

uvrest__rand uvrest__random_as_rand(uvrest__random *random)
{
    return (uvrest__rand){next_of, random};
}

uint64_t uvrest__rand_up_to(uvrest__rand rand, uint64_t bound)
{
    uint64_t mask = bound, bits;
    for (unsigned shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    /* Drawn anew while above the bound, since a remainder would favour small numbers. A draw fits at least every
     * second time; a generator stuck above the bound ends after 64 draws. */
    for (int i = 0; i < 64; i++) {
        bits = rand.next(rand.user) & mask;
        if (bits <= bound)
            return bits;
    }
    return bound;
}

uint64_t uvrest__rand_between(uvrest__rand rand, uint64_t low, uint64_t high)
{
    return high > low ? low + uvrest__rand_up_to(rand, high - low) : low;
}
