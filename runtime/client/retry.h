/* SPDX-License-Identifier: MIT */
/**
 * @file retry.h
 * Whether an attempt that failed is repeated, when, and what the caller is told otherwise. Pure functions; what a call
 * must remember between attempts is in uvrest__retry_call.
 *
 * Kinds of failure: unprocessed (never sent, refused stream, 408, 425, 429) may be repeated for any method; ambiguous
 * (broken after it was sent, 500, 502, 503, 504) only for operations that are safe or idempotent, or where the caller
 * allows it; final never.
 * Hints: Retry-After sets the delay, up to 60 s; one that lies beyond the deadline or a day ahead fails the call at
 * once.
 * Budget: each repeat but those after 429 takes tokens of the client, so that an outage is not amplified.
 * Threads: plain data of one client.
 */
#ifndef UVREST_CLIENT_RETRY_H
#define UVREST_CLIENT_RETRY_H

#include "random.h"
#include <uvrest/gen.h>

/** Tokens of the retry budget of a client, which has one origin. */
#define UVREST__RETRY_BUDGET_MAX 100
#define UVREST__RETRY_COST_TRANSPORT 10
#define UVREST__RETRY_COST_ANSWER 5

/** Longest wait a hint of the server can cause, and how far ahead one makes waiting pointless. */
#define UVREST__RETRY_HINT_MAX_MS INT64_C(60000)
#define UVREST__RETRY_HINT_HOPELESS_MS INT64_C(86400000)

typedef struct uvrest__retry_budget {
    int32_t tokens; /* 0 to UVREST__RETRY_BUDGET_MAX */
} uvrest__retry_budget;

/** A full budget. */
void uvrest__retry_budget_init(uvrest__retry_budget *budget);

/** What a call remembers over its attempts. All zero before the first. */
typedef struct uvrest__retry_call {
    uint32_t attempts; /* ended attempts other than those answered by 429 */
    uint32_t throttled; /* attempts answered by 429 */
    int32_t charged; /* tokens its retries have taken */
    uvrest_executed executed; /* the most any attempt may have done */
} uvrest__retry_call;

/** What is allowed to a call. */
typedef struct uvrest__retry_rules {
    uvrest_retry_class retry_class; /* of the operation */
    bool retry_unsafe; /* the caller's opt-in: repeat what may have been executed */
    uint32_t max_attempts; /* for causes other than 429; at least 1 */
    uint32_t max_throttled; /* 429 answers it may receive; one more fails it */
    bool throttle_is_error; /* disable_rate_limit_handling: the first 429 fails it */
    uint64_t deadline_ns; /* monotonic; 0: none */
} uvrest__retry_rules;

/** How an attempt ended without an answer that can be judged by its HTTP status. */
typedef enum uvrest__failure {
    UVREST__FAILURE_NONE = 0, /* an answer arrived whole: http_status says */
    UVREST__FAILURE_NEVER_SENT = 1, /* provably not processed: no connection, nothing sent, stream refused */
    UVREST__FAILURE_AMBIGUOUS = 2, /* broke after something was sent */
    UVREST__FAILURE_FINAL = 3 /* a repeat would fail the same way: trust, limits, protocol, content */
} uvrest__failure;

/** One attempt that ended. */
typedef struct uvrest__retry_attempt {
    uvrest__failure failure;
    uvrest_status status; /* with a failure: what to report, UVREST_E_CONNECT …; else ignored */
    bool sent; /* something of it left this machine; matters for FINAL */
    int http_status; /* 0: no final head arrived. May be set with a failure (a body that broke) */
    int64_t retry_after_ms; /* -1: nothing */
} uvrest__retry_attempt;

/** What to do. */
typedef struct uvrest__retry_decision {
    bool retry; /* false: the call ends with status */
    bool throttled; /* retry because of 429: to the head of its queue; the ledger's pause is the delay */
    uint64_t delay_ns; /* before the next attempt may ask the ledger */
    uvrest_status status; /* UVREST_OK for a 2xx answer */
    uvrest_executed executed; /* over all attempts */
} uvrest__retry_decision;

/**
 * Judges an attempt and books it: call's counters, the budget's tokens (taken for a retry, given back or earned on
 * success). Every attempt that ended is given to it exactly once, successful ones too; cancelled ones are not.
 */
uvrest__retry_decision uvrest__retry_judge(uvrest__retry_call *call, const uvrest__retry_rules *rules,
                                           const uvrest__retry_attempt *attempt, uvrest__retry_budget *budget,
                                           uint64_t now, uvrest__rand rand);

/** UVREST_OK for 2xx, the error for the rest; UVREST_E_PROTOCOL for redirects and for what is no final HTTP status. */
uvrest_status uvrest__retry_status_of_http(int http_status);

#endif /* UVREST_CLIENT_RETRY_H */
