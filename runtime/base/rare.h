/* SPDX-License-Identifier: MIT */
/**
 * @file rare.h
 * For functions that a usual call does not pass through, refusals, failures, what is done once; and for a few whose size
 * counts for more than their time.
 */
#ifndef UVREST_BASE_RARE_H
#define UVREST_BASE_RARE_H

/**
 * Compiled for size, and placed away from what is run for each call; so is the code that leads to it in whoever calls it.
 * Between two calls a program sleeps, and most of what a call costs then is to fetch its code: that is to be dense.
 */
#define UVREST__RARE __attribute__((noinline, cold))

#endif /* UVREST_BASE_RARE_H */
