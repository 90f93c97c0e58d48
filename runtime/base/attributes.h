/* SPDX-License-Identifier: MIT */
/**
 * @file attributes.h
 * What compilers are told of functions, in front of their type.
 */
#ifndef UVREST_BASE_ATTRIBUTES_H
#define UVREST_BASE_ATTRIBUTES_H

/**
 * A usual call does not pass through it: refusals, failures, what is done once; or its size counts for more than its
 * time. Compiled for size and placed away from what is run for each call; so is the code that leads to it in whoever
 * calls it. Between two calls a program sleeps, and most of what a call costs then is to fetch its code: that is to be
 * dense.
 */
#define UVREST__RARE __attribute__((noinline, cold))

/** Called by name alone, never through a pointer: so it needs no landing pad, and nobody finds a place to jump to. */
#if defined(__CET__) && __CET__ % 2 == 1
#define UVREST__DIRECT __attribute__((nocf_check))
#else
#define UVREST__DIRECT
#endif

#endif /* UVREST_BASE_ATTRIBUTES_H */
