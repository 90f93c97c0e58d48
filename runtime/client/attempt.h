/* SPDX-License-Identifier: MIT */
/**
 * @file attempt.h
 * One sending of a call: the request goes out, and what comes back is booked and judged. What becomes of the call then
 * is told, not done: its states are call.c's.
 *
 * Threads: the loop's. Memory: an attempt is the call's transfer, its place in the pool and its ticket of the ledger.
 */
#ifndef UVREST_CLIENT_ATTEMPT_H
#define UVREST_CLIENT_ATTEMPT_H

#include "call.h"

/** What came of an attempt. Borrowed from the transfer, until that is released. */
typedef struct uvrest__attempt_end {
    bool again; /* another one is due, delay_ns from now; else the call is over, as follows */
    uint64_t delay_ns;
    uvrest_status status;
    const char *text; /* what happened, in our words; NULL: the answer itself tells */
    const uvrest__headers *headers; /* NULL: no answer arrived */
    uvrest_raw body;
    bool whole; /* the body is, so it may be taken from the transfer */
    int64_t retry_after_ms;
    int64_t quota_left;
    char words[512]; /* room for text */
} uvrest__attempt_end;

/**
 * Asks the ledger of a call's lane for a slot, as uvrest__ratelimit_acquire(). The program's acquire hook may run, and
 * may not call in.
 */
UVREST_MUST_USE bool uvrest__attempt_acquire(uvrest_call *call, uint64_t now, uvrest__ratelimit_ticket *out_ticket,
                                             uvrest__ratelimit_wait *out_wait);
/** Sends a call that has been given a ticket; there is room in the pool. UVREST_E_NOMEM: it is not under way. */
UVREST_MUST_USE uvrest_status uvrest__attempt_send(uvrest_call *call, uint64_t now);
/** The transfer of a call in flight is done: books it, and says what came of it. */
void uvrest__attempt_receive(uvrest_call *call, uvrest__transfer *transfer, uvrest__attempt_end *out);
/** Whether the request of a call in flight may go out once more: that takes a slot, like any sending. */
bool uvrest__attempt_may_repeat(uvrest_call *call);
/** How much of its time an attempt has left. It begins when the loop comes to it, so that may be more than at first. */
uint64_t uvrest__attempt_left_ns(const uvrest_call *call);
/** Breaks off the attempt of a call in flight, which will not be answered. */
void uvrest__attempt_abandon(uvrest_call *call);

#endif /* UVREST_CLIENT_ATTEMPT_H */
