/* SPDX-License-Identifier: MIT */
/**
 * @file lane.h
 * The calls that share credentials, and so a budget: who waits, and until when the ledger has nothing for them. A
 * client has one lane; calls that bring credentials of their own get another, which goes with the last of them.
 *
 * Threads: plain data of one client. Memory: a lane owns its credentials and its hold on the ledger.
 */
#ifndef UVREST_CLIENT_LANE_H
#define UVREST_CLIENT_LANE_H

#include "credentials.h"
#include "fleet.h"
#include "queue.h"
#include "ratelimit.h"

typedef struct uvrest__lane {
    struct uvrest__lane *next;
    uvrest__credentials credentials;
    uvrest__queue queue;
    uvrest__ratelimit *ledger; /* NULL: nothing is limited */
    uvrest__fleet *fleet; /* whose member it is; NULL: none */
    uvrest__fleet_member *member;
    uint64_t wake_ns; /* ask the ledger again at; 0: at any time; UINT64_MAX: when an answer comes */
    uint64_t blocked_ns; /* certainly nothing before; 0: not known */
    size_t n_calls;
    uvrest__ratelimit_cause cause; /* of the newest wait */
    bool passed; /* its first call was asked for and may not go out yet: others go before it */
} uvrest__lane;

/** Where a lane's ledger comes from. */
typedef struct uvrest__lane_conf {
    const uvrest_alloc *alloc;
    const char *origin;
    const uvrest__ratelimit_conf *rate_limit; /* NULL: nothing is limited */
    uvrest__fleet *fleet; /* borrowed until uvrest__lane_free(); NULL: none */
    uvrest__rand rand;
    uvrest__ratelimit_wake_fn *wake;
    void *user;
} uvrest__lane_conf;

/**
 * Makes a lane. credentials: taken on success, untouched on failure. *out is owned: uvrest__lane_free().
 * UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__lane_new(const uvrest__lane_conf *conf, uvrest__credentials *credentials,
                                               uint64_t now, uvrest__lane **out);
/** Ends a lane without calls; wipes its credentials. NULL is accepted. */
void uvrest__lane_free(uvrest__lane *lane, uint64_t now);

/**
 * A call more in the lane of these credentials (NULL: the first one, the client's own), which is made if needed.
 * lanes: the client's own, which others are linked to. UVREST_E_INVALID, UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__lane_join(uvrest__lane *lanes, const uvrest__lane_conf *conf,
                                                const char *const *credentials, uint64_t now, uvrest_reason *reason,
                                                uvrest__lane **out);
/** A call less in a lane; the last one ends a lane that is not the client's own. */
void uvrest__lane_leave(uvrest__lane *lanes, uvrest__lane *lane, uint64_t now);

#endif /* UVREST_CLIENT_LANE_H */
