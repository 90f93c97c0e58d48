/* SPDX-License-Identifier: MIT */
/**
 * @file body.h
 * The body of an answer while it arrives: one text at the beginning of an arena, which is handed on with it and holds
 * what is made of the body as well. So a body is never copied, and since arenas come back to the store they are from,
 * an answer like those before it takes nothing from the allocator.
 *
 * Threads: plain data of one client. Memory: a body owns its arena until it is taken; the store owns spare ones.
 */
#ifndef UVREST_NET_BODY_H
#define UVREST_NET_BODY_H

#include <uvrest/value.h>

/** Where the bodies of a client have their arenas from. */
typedef struct uvrest__body_store {
    const uvrest_alloc *alloc;
    size_t max_len; /* ceiling of one body */
    uvrest_arena *spare; /* owned; empty ones, each holding the next in its memory; the newest, so the warmest, first */
    size_t spare_bytes; /* of all of them */
    size_t newest_len; /* of the newest body: what one that is not announced is expected to have */
} uvrest__body_store;

/** alloc: borrowed until fini. */
void uvrest__body_store_init(uvrest__body_store *store, const uvrest_alloc *alloc, size_t max_len);
void uvrest__body_store_fini(uvrest__body_store *store);
/** Takes an arena, for a later body or to free it. NULL is accepted. */
void uvrest__body_store_give(uvrest__body_store *store, uvrest_arena *arena);

/** All zero: nothing has arrived. */
typedef struct uvrest__body {
    uvrest_arena *arena; /* owned; NULL: none yet */
    char *text; /* in arena, of which all that is free stands behind it; NULL: no byte yet */
    size_t len;
} uvrest__body;

/** So much of it is announced: makes room. UVREST_E_NOMEM; UVREST_E_LIMIT: more than allowed. */
UVREST_MUST_USE uvrest_status uvrest__body_expect(uvrest__body *body, uvrest__body_store *store, size_t len);
/** Adds what arrived. UVREST_E_NOMEM, UVREST_E_LIMIT; the body is then as it was. */
UVREST_MUST_USE uvrest_status uvrest__body_append(uvrest__body *body, uvrest__body_store *store, const void *data,
                                                  size_t len);
/** Empties it; its arena goes back. */
void uvrest__body_drop(uvrest__body *body, uvrest__body_store *store);
/** What arrived; text NULL if nothing did, else with a closing NUL behind it. Borrowed until it changes. */
uvrest_raw uvrest__body_text(const uvrest__body *body);
/**
 * Hands over the arena that holds the text, which stays where it is; NULL if nothing arrived. Owned:
 * uvrest_arena_free(), or uvrest__body_store_give().
 */
uvrest_arena *uvrest__body_take(uvrest__body *body, uvrest__body_store *store);

#endif /* UVREST_NET_BODY_H */
