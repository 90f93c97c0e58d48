/* SPDX-License-Identifier: MIT */
/**
 * @file lane.h
 * The calls that share credentials, and so a budget: who waits, and until when the ledger has nothing for them. A
 * client has a lane of its own; calls that bring credentials get another, which goes with the last of them.
 *
 * A lane in which calls wait is offered or held. Offered: its first call may go out for all that is known, and takes
 * its turn among those of all offered lanes. Held: the ledger had nothing for it. It is offered again when the ledger's
 * time has come, when one of its attempts has ended, when a call has come or gone, or when the ledger calls.
 * Cost: a step is as long as the logarithm of the number of lanes. A lane that was brought has a ledger from its first
 * turn on, so that the ledgers of those that only wait need no memory.
 * Threads: plain data of one client; a ledger's call comes from any. Memory: a lane owns its credentials and its hold
 * on the ledger.
 */
#ifndef UVREST_CLIENT_LANE_H
#define UVREST_CLIENT_LANE_H

#include "attributes.h"
#include "credentials.h"
#include "fleet.h"
#include "heap.h"
#include "queue.h"
#include "ratelimit.h"
#include <stdatomic.h>

typedef struct uvrest__lane {
    struct uvrest__lane *next; /* of the same bucket */
    uint64_t hash; /* of its credentials */
    uvrest__credentials credentials;
    uvrest__queue queue;
    uvrest__heap_item turn; /* set while it is offered; key: the place of its first call */
    uvrest__heap_item
        wake; /* set while it is held; key: when it is offered again, UINT64_MAX: when something happens */
    uvrest__ratelimit *ledger; /* NULL: nothing is limited, or it had no turn yet */
    uvrest__fleet_member *member; /* NULL: no fleet, or no ledger */
    uint64_t blocked_ns; /* certainly nothing before; 0: not known */
    size_t n_calls;
    uvrest__ratelimit_cause cause; /* of the newest wait */
    bool waits; /* the ledger's newest answer was to wait */
} uvrest__lane;

/** Where a lane's ledger comes from. All of it is borrowed until uvrest__lanes_fini(). */
typedef struct uvrest__lane_conf {
    const uvrest_alloc *alloc;
    const char *origin;
    const uvrest__ratelimit_conf *rate_limit; /* NULL: nothing is limited */
    uvrest__fleet *fleet; /* NULL: none */
    uvrest__rand rand;
    uvrest__ratelimit_wake_fn *wake; /* a ledger called, from any thread: uvrest__lanes_listen() is due */
    void *user;
} uvrest__lane_conf;

/** All lanes of a client. */
typedef struct uvrest__lanes {
    uvrest__lane_conf conf;
    uvrest__lane *own; /* the client's credentials */
    uvrest__lane **buckets; /* owned; the others, by hash */
    size_t n_buckets; /* a power of two, or 0 */
    size_t n_brought;
    size_t n_waiting; /* calls in all queues */
    uvrest__heap offered;
    uvrest__heap held;
    uint64_t seed; /* of the hash: who chooses credentials does not choose the bucket */
    atomic_bool called; /* by a ledger, and not listened to yet */
} uvrest__lanes;

/**
 * Makes the set, with the client's own lane and its ledger. credentials: taken on success, untouched on failure. The
 * set must not move. UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__lanes_init(uvrest__lanes *lanes, const uvrest__lane_conf *conf,
                                                 uvrest__credentials *credentials, uint64_t now);
/** Ends all lanes, in which nothing waits, and wipes their credentials. All zero is accepted. */
void uvrest__lanes_fini(uvrest__lanes *lanes, uint64_t now);
/** The same in a process forked from the client's: ledgers and fleet, shared with the parent, stay as they are. */
void uvrest__lanes_abandon(uvrest__lanes *lanes);

/**
 * A call more in the lane of these credentials (NULL: the client's own), which is made if needed.
 * UVREST_E_INVALID, UVREST_E_LIMIT, UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__lanes_join(uvrest__lanes *lanes, const char *const *credentials,
                                                 uvrest_reason *reason, uvrest__lane **out);
/** A call less in a lane; the last one ends a lane that is not the client's own. */
void uvrest__lanes_leave(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now);

/** A call waits in its lane from now on, or does not any more. */
void uvrest__lanes_put(uvrest__lanes *lanes, uvrest__lane *lane, uvrest__queue_item *item);
void uvrest__lanes_remove(uvrest__lanes *lanes, uvrest__lane *lane, uvrest__queue_item *item);

/** The offered lane whose first call goes before those of all others, or NULL. */
uvrest__lane *uvrest__lanes_turn(const uvrest__lanes *lanes);
/** Whether a lane that takes its turn has no ledger yet. */
static inline bool uvrest__lanes_lack_ledger(const uvrest__lanes *lanes, const uvrest__lane *lane)
{
    return lane->ledger == NULL && lanes->conf.rate_limit != NULL;
}
/** Gives it one. UVREST_E_NOMEM. */
UVREST__RARE UVREST_MUST_USE uvrest_status uvrest__lanes_open(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now);
/** The ledger has nothing for a lane that was offered. */
void uvrest__lanes_hold(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now, const uvrest__ratelimit_wait *wait);
/** Something happened that a held lane may have waited for: it is offered. */
void uvrest__lanes_offer(uvrest__lanes *lanes, uvrest__lane *lane);
void uvrest__lanes_offer_all(uvrest__lanes *lanes);
/** Offers all, if a ledger has called since. */
void uvrest__lanes_listen(uvrest__lanes *lanes);
/** When time alone will offer a lane; UINT64_MAX: never. */
uint64_t uvrest__lanes_due(const uvrest__lanes *lanes);
/** Offers those that are due by now. */
void uvrest__lanes_offer_due(uvrest__lanes *lanes, uint64_t now);

/** Strikes the client's credentials out of a text, and those of a lane (NULL: of none). */
void uvrest__lanes_redact(const uvrest__lanes *lanes, const uvrest__lane *lane, char *text);

#endif /* UVREST_CLIENT_LANE_H */
