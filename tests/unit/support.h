/* SPDX-License-Identifier: MIT */
/* What tests share: an allocator that counts and fails on demand, and the order in which cmocka wants its headers. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <uvrest/base.h>

/* An allocator that knows what is out, and fails the fail_at-th request (from 1 on; 0: none). */
typedef struct support_alloc {
    uvrest_alloc alloc; /* to hand over */
    size_t n_calls; /* requests for memory so far, failed ones too */
    size_t n_live; /* blocks that are out */
    size_t n_bytes; /* bytes in them */
    size_t max_bytes; /* the most there ever were */
    size_t fail_at;
    bool fail_on; /* fail all requests from fail_at on */
} support_alloc;

void support_alloc_init(support_alloc *counting);

/*
 * Runs `run` once with every request granted, then once for each request it made, with that one failing, and again with
 * all from that one on failing. After each run nothing may be out. The run with nothing failing must return
 * UVREST_OK, the others UVREST_E_NOMEM, or UVREST_OK where it can do without the memory.
 */
void support_fail_each(uvrest_status (*run)(const uvrest_alloc *alloc, void *user), void *user);

/* Sets a locale whose decimal sign is a comma, until setlocale(LC_ALL, "C"). unit.comma_locale
 * makes it, LOCPATH finds it. */
void support_comma_locale(void);

/* Fails the test unless status is what is expected, naming both. */
#define assert_status(actual, expected) assert_string_equal(uvrest_status_name(actual), uvrest_status_name(expected))

#endif /* SUPPORT_H */
