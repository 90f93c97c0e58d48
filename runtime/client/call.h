/* SPDX-License-Identifier: MIT */
/**
 * @file call.h
 * A call: one question and its one answer.
 *
 * States: READING (a local file is digested first) -> QUEUED (for its turn and the budget) -> IN_FLIGHT -> BACKOFF ->
 * QUEUED … -> ENDED (its callback is due) -> DELIVERED (the callback runs, then it is freed). From every state before
 * ENDED a cancel, the deadline or the client's end leads to ENDED.
 * What always holds: a call is in its client's list of calls until delivered; in its lane's queue exactly while QUEUED;
 * has a transfer, a place in the pool and a ticket of the ledger exactly while IN_FLIGHT; its alarm is the earlier of
 * its deadline and the end of its back-off or its attempt. Where a callback held the loop up beyond that, what has
 * arrived is read before the alarm ends anything.
 * Cost: one piece of memory, the request behind the struct; a transfer and an arena only while needed.
 */
#ifndef UVREST_CLIENT_CALL_H
#define UVREST_CLIENT_CALL_H

#include "attributes.h"
#include "client.h"
#include "group.h"

typedef enum uvrest__call_state {
    UVREST__CALL_READING = 0,
    UVREST__CALL_QUEUED = 1,
    UVREST__CALL_IN_FLIGHT = 2,
    UVREST__CALL_BACKOFF = 3,
    UVREST__CALL_ENDED = 4,
    UVREST__CALL_DELIVERED = 5
} uvrest__call_state;

struct uvrest__reading;

struct uvrest_call {
    uvrest__queue_item item; /* first: the call is found from it */
    uvrest_call *prev; /* among the client's calls */
    uvrest_call *next;
    uvrest_call *next_ended;
    uvrest_client *client;
    uvrest__lane *lane;
    uvrest__heap_item alarm;
    const uvrest_op *op;
    uvrest_deliver_fn *deliver;
    uvrest_any_fn *done;
    void *user;
    uvrest__transfer *transfer;
    struct uvrest__reading *reading;
    uvrest__ratelimit_ticket ticket;
    uvrest__retry_call retry;
    uvrest__cancel_link cancel;
    uvrest_group *group; /* entered when submitted; may be NULL */
    uvrest__answer *answer; /* NULL once ended: made from the fields below */
    const char *end_text; /* static */
    char *added; /* owned: header lines of the on_request hook, each NUL-ended */
    uint32_t added_size;
    uint32_t n_added;
    uvrest__credentials *brought; /* owned: of its own, until it has a lane */
    char *moved; /* owned: the target a redirect led to */
    uvrest__request request; /* in the memory behind this struct */
    uint64_t deadline_ns; /* 0: none */
    uint64_t wake_ns; /* end of the back-off, or the earliest one of the attempt */
    uint64_t waiting_since_ns;
    uint64_t queued_ns; /* waited so far */
    uint64_t transfer_us;
    uint32_t connect_timeout_ms;
    uint32_t timeout_ms;
    uint32_t max_attempts;
    uint32_t attempts; /* sendings, redirects followed included */
    uint16_t catch_up; /* looks left at what arrives though its time is over; 0: it is not over */
    int16_t end_status;
    uint8_t redirects;
    uint8_t state; /* uvrest__call_state */
    bool retry_unsafe;
    bool strict;
    bool absent_is_ok;
    bool own_credentials;
    bool taken; /* the answer is the caller's, and may be gone */
    bool repeats; /* the next sending is one for another cause than 429 */
    char memory[];
};

/** Where a call's answer goes. */
typedef struct uvrest__call_target {
    uvrest_deliver_fn *deliver;
    uvrest_any_fn *done;
    void *user;
} uvrest__call_target;

/** Whether there is somebody to call back. UVREST_E_INVALID. */
UVREST_MUST_USE uvrest_status uvrest__call_check_done(uvrest_any_fn *done, uvrest_reason *reason);
/** Whether a start may hand out its call: not with a thread, where it may be over at once. UVREST_E_INVALID. */
UVREST_MUST_USE uvrest_status uvrest__call_check_out(const uvrest_client *client, uvrest_call *const *out_call,
                                                     uvrest_reason *reason);
/**
 * Makes a call of what is drafted. *out is owned until it is submitted: uvrest__call_discard(). Nothing is sent. The
 * options' credentials decide its lane, now or when the client's thread adopts it.
 */
UVREST_MUST_USE uvrest_status uvrest__call_new(uvrest_client *client, const uvrest_op *op,
                                               const uvrest_call_options *options, uvrest__call_target target,
                                               uvrest_reason *reason, uvrest_call **out);
/** Has a call that was not submitted wait for the digest of a file, which its target has a
 * place for. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__call_read(uvrest_call *call, const char *file, uvrest_progress_fn *progress,
                                                void *user);
/** Frees a call that was not submitted. */
UVREST__RARE void uvrest__call_discard(uvrest_call *call);
/** On the loop: from now on it waits for its turn. Taken: on failure it is freed. UVREST_E_STATE, UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__call_start(uvrest_call *call, uvrest_reason *reason);
/** The same of a call that another thread has made and that counts as started: what fails is told by its callback. */
void uvrest__call_adopt(uvrest_call *call);

/** It is its turn, and it has a ticket: it is sent. There is room in the pool. */
void uvrest__call_send(uvrest_call *call);
/** The transfer of a call in flight is done, and is released. */
void uvrest__call_received(uvrest_call *call, uvrest__transfer *transfer);
/** Its alarm rang. news: what the loop has seen since alarms rang last. */
void uvrest__call_rang(uvrest_call *call, uint64_t now, uvrest__loop_news news);
/** Ends it, wherever it stands: its callback will run. text: static. No effect once it has ended. */
void uvrest__call_end(uvrest_call *call, uvrest_status status, const char *text);
/** Ends it with a text that is copied. */
void uvrest__call_end_with(uvrest_call *call, uvrest_status status, const char *text);
/** Of an ENDED one: makes its answer, and takes it out of the client's lists. */
void uvrest__call_close(uvrest_call *call);
/** Then runs its callback, which may be that of its group too, and frees it. */
void uvrest__call_deliver(uvrest_call *call);
/** Frees it in a process forked from its client's: no callback, and its transfer stays where it is. */
void uvrest__call_abandon(uvrest_call *call);

#endif /* UVREST_CLIENT_CALL_H */
