/* SPDX-License-Identifier: MIT */
/**
 * @file answer.h
 * How a call ended, as its caller receives it: status, message, value, headers, body, all in one arena.
 *
 * Threads: plain data. Memory: an answer is in its own arena and is freed with it.
 */
#ifndef UVREST_CLIENT_ANSWER_H
#define UVREST_CLIENT_ANSWER_H

#include "attributes.h"
#include "credentials.h"
#include "headers.h"
#include <uvrest/gen.h>

typedef struct uvrest__answer {
    uvrest_result result; /* first, so that one is found from the other */
    uvrest_arena *arena; /* NULL: a stand-in, made when memory was exhausted; it cannot be taken */
    const void *value; /* NULL: none */
} uvrest__answer;

/** What an answer is made from. Borrowed until it is made. */
typedef struct uvrest__answer_source {
    const uvrest_alloc *alloc; /* borrowed until the answer is freed */
    const uvrest_op *op;
    const uvrest_api *api; /* of the client, for an operation that has none; NULL: none */
    uvrest_call *call;
    uvrest_status status; /* as the policy judged it; UVREST_OK leaves the last word to the content */
    uvrest_executed executed;
    uint32_t attempts;
    const uvrest__headers *headers; /* NULL: no answer arrived */
    uvrest_raw body;
    uvrest_arena
        *arena; /* taken, on failure as well; holds the body. NULL: one is made, for an answer without a body */
    const char *text; /* what happened, in our words; NULL: the answer itself tells */
    int64_t retry_after_ms;
    int64_t quota_left;
    uint64_t queued_us;
    uint64_t transfer_us;
    const uvrest__credentials *credentials; /* to name on 401, and to keep out of messages; may be NULL */
    uint32_t credentials_mask;
    uvrest_decode_options decoding;
    bool absent_is_ok;
} uvrest__answer_source;

/** Makes an answer. *out is owned: uvrest__answer_free(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__answer_new(const uvrest__answer_source *source, uvrest__answer **out);
/** NULL is accepted. */
void uvrest__answer_free(uvrest__answer *answer);
/** Fills in a stand-in: nothing but a status and a static text. */
UVREST__RARE void uvrest__answer_stand_in(uvrest__answer *answer, const uvrest__answer_source *source);

#endif /* UVREST_CLIENT_ANSWER_H */
