/* SPDX-License-Identifier: MIT */
/**
 * @file stall.h
 * Noticing that a transfer moves next to nothing for too long, by looking at it now and then. libcurl can do it as
 * well, at the price of two timers a request.
 *
 * Threads: plain data of one transfer. Memory: none.
 */
#ifndef UVREST_NET_STALL_H
#define UVREST_NET_STALL_H

#include <stdbool.h>
#include <stdint.h>

/** Bytes a second below which a transfer counts as moving nothing. */
#define UVREST__STALL_BYTES 16u

/** All zero: not looked at yet. */
typedef struct uvrest__stall {
    uint64_t moved; /* bytes when it was looked at last */
    uint32_t slow_ms; /* so long it has moved next to nothing */
    bool seen;
} uvrest__stall;

/** How often to look, so that what is too long is noticed a quarter of it late at most;
 * never more than once a second. */
uint32_t uvrest__stall_period_ms(uint32_t limit_ms);
/** Looks, a period after the last time. moved: bytes sent and received so far. Whether it
 * has been slow for limit_ms. */
bool uvrest__stall_look(uvrest__stall *stall, uint64_t moved, uint32_t limit_ms);

#endif /* UVREST_NET_STALL_H */
