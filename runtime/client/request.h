/* SPDX-License-Identifier: MIT */
/**
 * @file request.h
 * From arguments to what goes on the wire: path, query, header lines, body. A draft is where it is put together and
 * checked; the finished request is one piece of memory behind the call it belongs to.
 *
 * Threads: plain data of one client. Memory: a draft is reused from call to call; a request points into the memory it
 * was placed in.
 */
#ifndef UVREST_CLIENT_REQUEST_H
#define UVREST_CLIENT_REQUEST_H

#include "url.h"
#include <uvrest/gen.h>

/** A request, ready to be sent as often as needed. */
typedef struct uvrest__request {
    char *target; /* "/API/x/?y=z" */
    const char *lines; /* header lines one after the other, each NUL-ended */
    size_t lines_size;
    const char *body; /* NULL: none */
    size_t body_len;
    uint32_t n_lines;
} uvrest__request;

/** A request in the making. */
typedef struct uvrest__draft {
    const uvrest_alloc *alloc;
    const uvrest__url_base *base; /* borrowed until fini */
    uvrest__buf target;
    uvrest__buf lines;
    uvrest_arena *arena; /* owned; encoded bodies */
    uint32_t n_lines;
    const void *body; /* in the arena, or the caller's */
    size_t body_len;
} uvrest__draft;

/** A value that is not known yet stands in the target as this text, as long as the MD5 it gives way to. */
#define UVREST__REQUEST_PENDING "md5-of-the-file-to-be-asked-for-"
#define UVREST__REQUEST_PENDING_LEN 32u

/** UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__draft_init(uvrest__draft *draft, const uvrest_alloc *alloc,
                                                 const uvrest__url_base *base);
/** Wipes and frees; all zero is accepted. */
void uvrest__draft_fini(uvrest__draft *draft);

/**
 * Drafts an operation's request. pending: name of a path or query parameter whose value comes later, or NULL.
 * UVREST_E_INVALID with reason "<argument>: why", UVREST_E_LIMIT, UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__draft_operation(uvrest__draft *draft, const uvrest_op *op, const void *args,
                                                      const uvrest_call_options *options, const char *pending,
                                                      uvrest_reason *reason);
/** Drafts a raw call's request. Failures as above. */
UVREST_MUST_USE uvrest_status uvrest__draft_raw(uvrest__draft *draft, const uvrest_request *request,
                                                uvrest_reason *reason);
/** The arguments, or a struct of nothing but absent ones for NULL. */
const void *uvrest__request_arguments(const void *args);
/** The options among an operation's arguments, or NULL. */
const uvrest_call_options *uvrest__request_options(const uvrest_op *op, const void *args);

/** Bytes the drafted request needs; UVREST_E_LIMIT where they cannot be counted. */
UVREST_MUST_USE uvrest_status uvrest__draft_size(const uvrest__draft *draft, size_t *out_size);
/** Copies the draft into memory of that size. */
void uvrest__draft_place(const uvrest__draft *draft, char *memory, uvrest__request *out);

/** Puts the text that was pending, UVREST__REQUEST_PENDING_LEN bytes, in its place. */
void uvrest__request_fill(uvrest__request *request, const char *text);

#endif /* UVREST_CLIENT_REQUEST_H */
