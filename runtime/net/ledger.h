/* SPDX-License-Identifier: MIT */
/**
 * @file ledger.h
 * The book behind ratelimit.h, without its lock and its clients: which slots are taken, what the server said, whether
 * one more request may go out now. Used by ratelimit.c alone.
 *
 * Rule 1, the slot rule: a slot is taken at the send, and free again one window and a guard after the answer, or after
 * giving up, is known at r. The server counted the request at c <= r; the slot's next request is sent, hence counted,
 * after r + window >= c + window. So no window of the server's holds more of our requests than there are slots. All
 * other rules only ever make a client wait longer.
 * States, from what the server's own count (Remaining) says: first contact (nothing known yet: few sends under way),
 * open (nobody else seen, no slot returned yet: rule 1 alone), verifying (slots return: not more requests beyond the
 * newest count than it leaves), verified (the count was right so often that it is a sliding window: rule 1 alone
 * again), and over all of these, for a window's time, peers (the server counts more than ours can be).
 * Others: what they use, by the mean of the newest counts, is theirs in all states, so that room is made for one who
 * begins before a count proves that he is there. Alone, that mean is the noise of latencies: it is next to nothing when
 * little is under way, and while slots return rule 1 is stricter.
 * Cost: 32 bytes a slot; O(log slots) a request; stamps and sums are integers.
 */
#ifndef UVREST_NET_LEDGER_H
#define UVREST_NET_LEDGER_H

#include "ratelimit.h"

/** Moments in order, oldest first; ring[i % cap] for i from first to count, at most cap of them. */
typedef struct uvrest__stamps {
    uint64_t *ring; /* owned by the ledger */
    uint32_t cap;
    uint64_t first; /* those before it have been overwritten */
    uint64_t count; /* ever pushed, less those removed */
    uint64_t changed; /* those from here on have changed since the owner last set it */
} uvrest__stamps;

/** Buckets of 0.1 s for the smallest Remaining of the last 0.6 s. */
#define UVREST__LEDGER_BUCKETS 6
/** Counts over which what others use is averaged. */
#define UVREST__LEDGER_MEAN 16

typedef struct uvrest__ledger {
    uvrest__ratelimit_conf conf;
    uvrest__random random;
    uint64_t now; /* the latest moment seen; never goes back */

    /* Slots. Taken ones are those under way and those answered less than a window ago. */
    uint32_t slots; /* conf's, or less if the server announced less */
    uint64_t window_ns; /* likewise */
    uvrest__stamps sent; /* sends that were or may yet be counted by the server */
    uvrest__stamps answered; /* ends of all requests that hold or held a slot */
    uint64_t n_returned; /* of answered: slots that are free again; answered.count - n_returned are held */
    uint32_t in_flight;
    bool contacted; /* an answer has come since the ledger was empty */
    bool returning; /* slots were used again since then */

    /* The server's count. */
    bool has_count; /* answers carry it */
    uint32_t n_silent; /* answers in a row without it */
    uint64_t count_sent; /* newest count: when its request was sent … */
    uint64_t count_at; /* … and when it was known */
    int64_t remaining; /* what it left; -1 before any */
    int64_t total; /* requests of everybody that it counted */
    int64_t others; /* those of total that are not ours, on the mean, in 1/UVREST__LEDGER_MEAN */
    int64_t mates; /* what other machines that share the log use at most; 0 without one */
    uint64_t returned_at_count; /* n_returned then */
    uint32_t n_agreed; /* counts in a row, since slots return, that agree with the book and held nobody back */
    bool verified;
    uint64_t peers_until; /* 0: none seen */
    struct {
        uint64_t number; /* of the 0.1 s */
        int64_t remaining;
    } recent[UVREST__LEDGER_BUCKETS];

    /* A limit a second. */
    uint64_t learnt_interval_ns; /* after a refusal that the window does not explain; 0: none */
    uint64_t learnt_at;
    uint64_t announced_interval_ns; /* 0: none */
    uint64_t next_send; /* with an interval: not before */
    uint64_t last_send; /* GRADUATED: the next one is a delay after it; 0: none yet */

    /* Refusals. While paused nothing is sent; then one probe, whose answer ends the pause or begins the next. */
    bool paused;
    bool probing; /* the probe is under way */
    bool hinted; /* the server named the pause's length */
    bool adopted; /* somebody else was refused */
    uint64_t paused_at;
    uint64_t paused_until;
    uint32_t streak; /* pauses in a row */

    uint64_t n_sent;
    uint64_t n_refused;
    uint64_t n_pauses;
} uvrest__ledger;

/** Makes an empty book. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__ledger_init(uvrest__ledger *ledger, const uvrest_alloc *alloc,
                                                  const uvrest__ratelimit_conf *conf, uint64_t seed);
void uvrest__ledger_fini(uvrest__ledger *ledger, const uvrest_alloc *alloc);
/**
 * n requests under way of somebody who has died count as answered now. probe: one of them was the probe.
 */
void uvrest__ledger_disown(uvrest__ledger *ledger, uint64_t now, uint32_t n, bool probe);
/** The moments are lost: from now on it holds as if every slot but those under way had been answered now. */
void uvrest__ledger_forfeit(uvrest__ledger *ledger, uint64_t now, uint32_t in_flight);
/** Takes the stricter of its own and another configuration. */
void uvrest__ledger_tighten(uvrest__ledger *ledger, const uvrest__ratelimit_conf *conf);

/** Whether uvrest__ledger_acquire() would grant a slot now; if not, *out_wait is written. */
UVREST_MUST_USE bool uvrest__ledger_may(uvrest__ledger *ledger, uint64_t now, uvrest_priority priority, bool proactive,
                                        uvrest__ratelimit_wait *out_wait);
/** As uvrest__ratelimit_acquire(). proactive: whether this client waits before the server refuses. */
UVREST_MUST_USE bool uvrest__ledger_acquire(uvrest__ledger *ledger, uint64_t now, uvrest_priority priority,
                                            bool proactive, uvrest__ratelimit_ticket *out_ticket,
                                            uvrest__ratelimit_wait *out_wait);
void uvrest__ledger_answered(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now,
                             const uvrest__ratelimit_answer *answer);
void uvrest__ledger_given_up(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now);
void uvrest__ledger_not_sent(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now);

/** Another machine was refused: nothing is sent for so long, then one probe. A pause of one's own stays as it is. */
void uvrest__ledger_adopt_pause(uvrest__ledger *ledger, uint64_t now, uint64_t ns);
/** A pause that was adopted is over. */
void uvrest__ledger_end_adopted(uvrest__ledger *ledger);
/** Of the slots, those that anybody has used by the server's newest count; -1: not known. *out_ago_ns: the request that
 * brought it was sent so long ago. */
int64_t uvrest__ledger_seen(const uvrest__ledger *ledger, uint64_t *out_ago_ns);
/** Slots of the log that machines share which are taken; unused: those that this process has leased and not used. */
void uvrest__ledger_note_log(uvrest__ledger *ledger, uint64_t now, int64_t taken, uint32_t unused);
/** Slots that bulk calls leave to others; fewer where the server has announced fewer slots. */
uint32_t uvrest__ledger_reserve(const uvrest__ledger *ledger);
/** Least time from one send to the next: smooth, learnt, announced; 0: none. */
uint64_t uvrest__ledger_interval(const uvrest__ledger *ledger);

/** Whether all slots are free and no pause is on: nothing worth remembering as of now. */
bool uvrest__ledger_is_idle(uvrest__ledger *ledger, uint64_t now);
/** Fills in all but the waits. */
void uvrest__ledger_read_stats(uvrest__ledger *ledger, uint64_t now, uvrest__ratelimit_stats *out);

#endif /* UVREST_NET_LEDGER_H */
