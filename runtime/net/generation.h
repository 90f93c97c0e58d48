/* SPDX-License-Identifier: MIT */
/**
 * @file generation.h
 * When connections are left for a new one although they are busy. libcurl asks for the age of idle connections only,
 * and one that carries several requests at a time may never be idle. A generation is what such connections have in
 * common; when it is over one request is sent ahead, on a connection of the next one, and as soon as that is there all
 * others follow it. The old ones end with the last answer they carry.
 *
 * It is over when it has lasted as long as a connection may. And before too many RST_STREAM frames have gone out:
 * libcurl (7.88) sends one after each answer over HTTP/2 whose length is not announced, and after others if their end
 * comes in a frame of its own; servers on nghttp2 (node, nghttpx, Apache) count them, and beyond 1,000 and 33 a second
 * they break the connection off, with all it carries. Where none has done that only those of the first kind count.
 * Threads: plain data of one transport. Memory: none.
 */
#ifndef UVREST_NET_GENERATION_H
#define UVREST_NET_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

/** All zero: nothing has been answered. */
typedef struct uvrest__generation {
    unsigned number;
    bool begun; /* a connection has carried several requests */
    bool wary; /* a server has broken one off */
    const void *ahead; /* the request that is; NULL: none … */
    uint64_t ahead_ms; /* … since when */
    uint64_t begun_ms;
    uint64_t resets; /* frames in thousandths; those of long ago do not count */
    uint64_t counted_ms; /* as of then */
} uvrest__generation;

/** A server has broken a connection off with an error. */
void uvrest__generation_saw_break(uvrest__generation *generation);
/** An answer has come over HTTP/2. open: its length was not announced. */
void uvrest__generation_saw_answer(uvrest__generation *generation, bool open, uint64_t now_ms);
/** Whether it is over, and nobody is ahead yet. Always false before the first answer over HTTP/2. */
bool uvrest__generation_is_over(const uvrest__generation *generation, uint64_t now_ms, uint32_t lifetime_ms);
/** A request is sent ahead: on a connection of generation number + 1. */
void uvrest__generation_send_ahead(uvrest__generation *generation, const void *request, uint64_t now_ms);
/**
 * Whether the request ahead has waited for UVREST__GENERATION_PATIENCE_MS. If it is not even being connected there is
 * no room for a connection more until an old one ends, which it only does when all others follow.
 */
bool uvrest__generation_is_late(const uvrest__generation *generation, uint64_t now_ms);
/** The request ahead has a connection. */
void uvrest__generation_begin_next(uvrest__generation *generation, uint64_t now_ms);
/** The request ahead has ended without. */
void uvrest__generation_call_back(uvrest__generation *generation);

/** So many frames at once are too many, and so many a second. Below what servers count, who see some of them late. */
#define UVREST__GENERATION_RESETS 800u
#define UVREST__GENERATION_RESETS_PER_SECOND 30u
/** So long a connection may take until TCP has it, the look-up of its host included. */
#define UVREST__GENERATION_PATIENCE_MS 500u

#endif /* UVREST_NET_GENERATION_H */
