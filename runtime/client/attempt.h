/* SPDX-License-Identifier: MIT */
/**
 * @file attempt.h
 * One sending of a call: the request goes out, and what comes back is booked, then repeated, followed elsewhere or
 * final.
 *
 * Threads: the loop's. Memory: an attempt is the call's transfer, its place in the pool and its ticket of the ledger.
 */
#ifndef UVREST_CLIENT_ATTEMPT_H
#define UVREST_CLIENT_ATTEMPT_H

#include "call.h"

/** Sends a queued call, which has been given a ticket; there is room in the pool. */
void uvrest__attempt_send(uvrest_call *call);
/** Whether the request of a call in flight may go out once more: that takes a slot, like any sending. */
bool uvrest__attempt_may_repeat(uvrest_call *call);
/** The transfer of a call in flight is done. */
void uvrest__attempt_received(uvrest_call *call, uvrest__transfer *transfer);
/** How much of its time an attempt has left. It begins when the loop comes to it, so that may be more than at first. */
uint64_t uvrest__attempt_left_ns(const uvrest_call *call);
/** Its time is over: as if it had been received so. */
void uvrest__attempt_expire(uvrest_call *call);
/** Breaks off the attempt of a call in flight, which will not be answered. */
void uvrest__attempt_abandon(uvrest_call *call);

#endif /* UVREST_CLIENT_ATTEMPT_H */
