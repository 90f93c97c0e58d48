/* SPDX-License-Identifier: MIT */
/**
 * @file fleet.h
 * A client among those of other machines: carries the questions of its ledgers' leases (leases.h) to the server that
 * they share, and the answers back.
 *
 * Threads: the loop's. Memory: from conf.alloc; a member is borrowed from join() to leave().
 */
#ifndef UVREST_NET_FLEET_H
#define UVREST_NET_FLEET_H

#include "clock.h"
#include "loop.h"
#include "ratelimit.h"
#include "redisurl.h"

typedef struct uvrest__fleet uvrest__fleet;
/** A hold on a ledger that leases its slots. */
typedef struct uvrest__fleet_member uvrest__fleet_member;

typedef struct uvrest__fleet_conf {
    const uvrest_alloc *alloc; /* borrowed until the loop has closed */
    uvrest__loop *loop; /* likewise */
    const uvrest__clock *clock; /* likewise */
    const uvrest__redisurl *url; /* borrowed until close */
    uvrest__loop_fn *on_news; /* slots may be there, or nobody to ask for them */
    void (*on_reach)(const char *why, void *user); /* the server is away, and why; NULL: it is back. Once each time */
    void *user;
} uvrest__fleet_conf;

/** *out is owned: uvrest__fleet_close(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__fleet_new(const uvrest__fleet_conf *conf, uvrest__fleet **out);
/** A hold joins; *out is owned: uvrest__fleet_leave(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__fleet_join(uvrest__fleet *fleet, uvrest__ratelimit *rl,
                                                 uvrest__fleet_member **out);
/** Hands back what it has, if the server is there. NULL is accepted. */
void uvrest__fleet_leave(uvrest__fleet *fleet, uvrest__fleet_member *member);
/** Asks what is due now. */
void uvrest__fleet_pump(uvrest__fleet *fleet);
/** No member is left. NULL is accepted. */
void uvrest__fleet_close(uvrest__fleet *fleet);
/** In a child of fork(): leaves the loop and its descriptors alone. NULL is accepted. */
void uvrest__fleet_abandon(uvrest__fleet *fleet);

#endif /* UVREST_NET_FLEET_H */
