/* SPDX-License-Identifier: MIT */
/**
 * @file redis.h
 * A connection to a Redis or Valkey server on the loop: one script, called again and again, and its answers. The only
 * home of hiredis.
 *
 * Of hiredis it uses the protocol: the formatting of commands and the reader, with objects of our own. Its asynchronous
 * layer is left out on purpose: 0.14, which Debian has, resolves names on the calling thread, aborts the process where
 * memory is exhausted, and asserts where a server says something unasked; its sockets raise SIGPIPE and outlive exec().
 *
 * Life: it connects when it is first asked for and again, after a pause that grows from 0.1 to 5 s, when that failed.
 * A connection that breaks, or whose server says anything that was not asked, takes all open calls with it. Names are
 * looked up on the thread pool; a client that closes meanwhile waits for that.
 * Bounds: an answer is at most UVREST__REDIS_MAX_ANSWER bytes and UVREST__REDIS_VALUES numbers; beyond it the
 * connection is dropped. Nobody waits for one longer than told.
 * Threads: the loop's. Memory: from the loop's owner's allocator, but for what hiredis takes from malloc(); its
 * failing is noticed. Nothing here keeps uv_run() alive but a name that is being looked up.
 */
#ifndef UVREST_NET_REDIS_H
#define UVREST_NET_REDIS_H

#include "buf.h"
#include "loop.h"
#include "redisurl.h"

#define UVREST__REDIS_VALUES 160u
#define UVREST__REDIS_MAX_ANSWER 65536u

typedef struct uvrest__redis uvrest__redis;

/** The answer to a call: numbers; values NULL if there will be none. Borrowed until it returns. May not close. */
typedef void uvrest__redis_answer_fn(void *tag, const int64_t *values, size_t n, void *user);

typedef struct uvrest__redis_conf {
    const uvrest_alloc *alloc; /* borrowed until the loop has closed */
    uvrest__loop *loop; /* borrowed likewise */
    const uvrest__redisurl *url; /* borrowed until close */
    const char *script; /* borrowed likewise */
    const char *script_name; /* likewise; its SHA-1 in hexadecimal digits */
    uvrest__redis_answer_fn *on_answer;
    uvrest__loop_fn *on_ready; /* it may be asked, or tried again */
    uvrest__loop_fn *on_lost; /* it cannot be asked; after all open calls were answered */
    void *user;
} uvrest__redis_conf;

/** Whether the library was built with hiredis. */
bool uvrest__redis_is_built(void);
/** Nothing is connected yet. *out is owned: uvrest__redis_close(). UVREST_E_NOMEM;
 * UVREST_E_INVALID if it is not built. */
UVREST_MUST_USE uvrest_status uvrest__redis_new(const uvrest__redis_conf *conf, uvrest__redis **out);
/** Whether a call would be sent; if not, it begins to connect, or waits for its turn to. */
UVREST_MUST_USE bool uvrest__redis_is_ready(uvrest__redis *redis);
/** Whether it is, without trying to. */
bool uvrest__redis_is_connected(const uvrest__redis *redis);
/**
 * Calls the script with these words (each with its NUL, n of them). on_answer follows, later, at the latest after
 * patience_ms. UVREST_E_NOMEM: nothing was sent. Only while it is ready.
 */
UVREST_MUST_USE uvrest_status uvrest__redis_call(uvrest__redis *redis, const char *words, size_t n,
                                                 uint32_t patience_ms, void *tag);
/** Why it is not ready, as it was last seen: a static text. */
const char *uvrest__redis_why(const uvrest__redis *redis);
/** Sends off what there is room for and ends it; open calls are not answered. NULL is accepted. */
void uvrest__redis_close(uvrest__redis *redis);
/** In a child of fork(): lets go of the descriptor, leaves the loop alone. NULL is accepted. */
void uvrest__redis_abandon(uvrest__redis *redis);

#endif /* UVREST_NET_REDIS_H */
