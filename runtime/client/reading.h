/* SPDX-License-Identifier: MIT */
/**
 * @file reading.h
 * A call that waits for the digest of a local file: read on the thread pool, step by step, progress told in between.
 *
 * Threads: the loop's; only the steps themselves run elsewhere. Memory: a reading owns itself and outlives a call that
 * ends before it, until its step under way is done.
 */
#ifndef UVREST_CLIENT_READING_H
#define UVREST_CLIENT_READING_H

#include "call.h"

typedef struct uvrest__reading uvrest__reading;

/** Gives a call that has not been submitted a file to read. On failure the call is as it was. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__reading_new(uvrest_call *call, const char *file, uvrest_progress_fn *progress,
                                                  void *user);
/** Frees one that has not begun. NULL is accepted. */
void uvrest__reading_free(uvrest__reading *reading);
/** On the loop: begins to read. UVREST_E_NOMEM: nothing has begun. */
UVREST_MUST_USE uvrest_status uvrest__reading_begin(uvrest__reading *reading);
/** Its call has ended. */
void uvrest__reading_detach(uvrest__reading *reading);

#endif /* UVREST_CLIENT_READING_H */
