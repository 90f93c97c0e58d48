/* SPDX-License-Identifier: MIT */
/**
 * @file reading.h
 * The digest of a local file, which somebody waits for: read on the thread pool, step by step, progress told in
 * between.
 *
 * Threads: the loop's; only the steps themselves run elsewhere. Memory: a reading owns itself once it has begun, and
 * outlives an owner who loses interest, until its step under way is done.
 */
#ifndef UVREST_CLIENT_READING_H
#define UVREST_CLIENT_READING_H

#include "loop.h"
#include <uvrest/client.h>

typedef struct uvrest__reading uvrest__reading;

/** On the loop: it has ended, and is gone when this returns. text: the digest in hex, or
 * why there is none; borrowed. */
typedef void uvrest__reading_fn(void *owner, uvrest_status status, const char *text);

/** Of what and for whom. */
typedef struct uvrest__reading_conf {
    const uvrest_alloc *alloc; /* borrowed, as is the loop, until it has ended */
    uvrest__loop *loop;
    const char *file; /* copied */
    uvrest_progress_fn *progress; /* default NULL */
    void *user; /* of progress */
    uvrest__reading_fn *ended;
    void *owner; /* of ended */
} uvrest__reading_conf;

/** *out is owned until it begins. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__reading_new(const uvrest__reading_conf *conf, uvrest__reading **out);
/** Frees one that has not begun. NULL is accepted. */
void uvrest__reading_free(uvrest__reading *reading);
/** On the loop: begins to read. UVREST_E_NOMEM: nothing has begun. */
UVREST_MUST_USE uvrest_status uvrest__reading_begin(uvrest__reading *reading);
/** Its owner is gone: nothing is told any more. */
void uvrest__reading_detach(uvrest__reading *reading);

#endif /* UVREST_CLIENT_READING_H */
