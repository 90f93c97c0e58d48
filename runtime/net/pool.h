/* SPDX-License-Identifier: MIT */
/**
 * @file pool.h
 * How many attempts may be under way on a host's connections, and whether the next one needs a connection of its own.
 *
 * HTTP/1.1 carries one attempt a connection, so more attempts than connections would only wait inside libcurl, where
 * their time-outs run and their budget is taken. HTTP/2 carries many. Which of the two it is, the newest answer tells;
 * before the first one the smaller number holds.
 * A connection that went silent fails HTTP/1.1 once, since it is closed; under HTTP/2 only a stream is reset, so a dead
 * connection would fail everyone. After two time-outs in a row new attempts avoid it until one succeeds.
 * Threads: plain data of one client. Memory: none.
 */
#ifndef UVREST_NET_POOL_H
#define UVREST_NET_POOL_H

#include <uvrest/base.h>

/** Time-outs in a row on a shared connection after which it is avoided. */
#define UVREST__POOL_MAX_TIMEOUTS 2u

typedef struct uvrest__pool {
    uint32_t max_in_flight;
    uint32_t max_connections;
    uint32_t in_flight;
    uint32_t timeouts; /* in a row, of attempts that had been sent over HTTP/2 */
    bool multiplexed; /* the newest answer came over HTTP/2 */
} uvrest__pool;

/** Both limits are at least 1. */
void uvrest__pool_init(uvrest__pool *pool, uint32_t max_in_flight, uint32_t max_connections);
/** Whether one more attempt may begin. */
bool uvrest__pool_has_room(const uvrest__pool *pool);
/** One more attempt is under way; there is room. */
void uvrest__pool_take(uvrest__pool *pool);
/** One has ended. */
void uvrest__pool_give(uvrest__pool *pool);
/** What an ended attempt teaches: an answer by its protocol, a time-out after sending by its silence. */
void uvrest__pool_saw_answer(uvrest__pool *pool, bool multiplexed);
void uvrest__pool_saw_timeout(uvrest__pool *pool);
/** Whether the next attempt had better open a connection of its own. */
bool uvrest__pool_wants_fresh(const uvrest__pool *pool);

#endif /* UVREST_NET_POOL_H */
