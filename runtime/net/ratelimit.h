/* SPDX-License-Identifier: MIT */
/**
 * @file ratelimit.h
 * The slot ledger: what the rate limit still allows.
 *
 * One ledger an origin and its credentials, found in a registry of the process, shared by all clients that use both;
 * with conf.shared_file it is kept in a file and shared by processes, which ask every 20 ms what they cannot wake up
 * for. A client's hold on it is a uvrest__ratelimit. The walk of an attempt:
 *
 *     uvrest__ratelimit_acquire(rl, now, priority, &ticket, &wait)
 *       -> true: send now; the ticket holds a slot and a moment, and is ended by exactly one of
 *            uvrest__ratelimit_answered()  a final head arrived, whatever its status
 *            uvrest__ratelimit_given_up()  no answer will be known: broken, timed out, cancelled
 *            uvrest__ratelimit_not_sent()  provably nothing left this machine; the slot is free at once
 *       -> false: ask again after wait.ns, and after each ticket of this client that ended, and when wake() was called.
 *          Nothing is queued in here: who asks first is the client's business, the highest priority first.
 *
 * Without a window in its configuration (slots 0) there are no slots, and only 429 answers make anybody wait.
 *
 * Threads: every function may be called from any thread. A ledger's mutex is held for short, bounded work. The hook
 * conf.acquire is called from uvrest__ratelimit_acquire(), with no mutex held, which is then called by one thread at a
 * time a client.
 * Memory: all of it comes from the registry's allocator, since a ledger may outlive the client that made it; the
 * numbers of a ledger nobody holds are kept until its window is over, so that a new client does not overrun the quota.
 * Time: monotonic nanoseconds, handed in; a value that lies before one already seen counts as that one.
 */
#ifndef UVREST_NET_RATELIMIT_H
#define UVREST_NET_RATELIMIT_H

#include "attributes.h"
#include "buf.h"
#include "headers.h"
#include "random.h"

/** Most slots a ledger has; a configuration that says more is cut to it. */
#define UVREST__RATELIMIT_MAX_SLOTS 100000u
/** Longest pause after a 429, whatever the server names. */
#define UVREST__RATELIMIT_MAX_PAUSE_NS (60 * UINT64_C(1000000000))
/** How long a client without wake() sleeps at most before it asks again, when another client's answer is awaited. */
#define UVREST__RATELIMIT_POLL_NS (20 * UINT64_C(1000000))
/** Ledgers without a client that are remembered at most; the oldest goes first. */
#define UVREST__RATELIMIT_MAX_IDLE 16u
/** Steps of the backoff after refusals in a row; the last one repeats. */
#define UVREST__RATELIMIT_BACKOFFS 16u

/** How a ledger works: uvrest_rate_limit with its defaults filled in, as integers. */
typedef struct uvrest__ratelimit_conf {
    uint32_t slots; /* requests in a window; 0: no window known */
    uint64_t window_ns; /* from the answer to the slot's return, with guard_ns on top */
    uint64_t guard_ns; /* covers clocks that run at different rates */
    uint32_t first_contact; /* sends under way before the first answer; at least 1 */
    uint32_t max_retries; /* 429 answers a call may get; for the retry policy */
    bool proactive; /* false: nobody waits but after a 429 */
    bool jitter;
    uint64_t backoff_ns[UVREST__RATELIMIT_BACKOFFS]; /* pause after the n-th 429 in a row that names none */
    uvrest_rate_limit_policy policy;
    uint32_t free_permille; /* GRADUATED: no delay with so much of the quota left */
    uint64_t max_delay_ns; /* GRADUATED */
    bool smooth;
    uint32_t reserve; /* slots that bulk calls leave to others; below slots */
    const char *shared_file; /* borrowed until get() returns; may be NULL */
    uvrest_acquire_fn *acquire; /* of one client alone; may be NULL */
    void *acquire_user;
    uint32_t acquire_slots; /* at least 1 */
    bool leased; /* slots come from a log that machines share */
    uint32_t alone_slots; /* used while that cannot be asked */
} uvrest__ratelimit_conf;

/**
 * Fills in defaults. options may be NULL. api_requests, api_window_ms: what the API publishes, 0 for unknown.
 * UVREST_E_INVALID, with reason "rate_limit.<field>: why": a backoff that is negative, NaN, infinite or above a day, a
 * factor below 1, requests without window_ms or window_ms without requests where the API publishes none, a window
 * above a day, a threshold that is no share, a delay like a bad backoff, a policy without a name, smooth, GRADUATED,
 * shared_file or shared_redis without a window, shared_redis beside shared_file or acquire, acquire_slots 0. *out is
 * written on success only; it borrows options->shared_file.
 */
UVREST_MUST_USE uvrest_status uvrest__ratelimit_configure(uvrest__ratelimit_conf *out, const uvrest_rate_limit *options,
                                                          uint32_t api_requests, uint32_t api_window_ms,
                                                          uvrest_reason *reason);

/** Ledgers by origin and credentials. */
typedef struct uvrest__ratelimit_registry uvrest__ratelimit_registry;
/** A client's hold on a ledger. */
typedef struct uvrest__ratelimit uvrest__ratelimit;

/** The registry of the process; never freed. */
uvrest__ratelimit_registry *uvrest__ratelimit_shared(void);
/** A registry of one's own, for tests. alloc: borrowed until it is freed, used under its mutex. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__ratelimit_registry_new(const uvrest_alloc *alloc,
                                                             uvrest__ratelimit_registry **out);
/** Frees a registry whose ledgers nobody holds. NULL is accepted. */
void uvrest__ratelimit_registry_free(uvrest__ratelimit_registry *registry);

/**
 * Tells a client, possibly from another thread, that it should ask again. Called with a mutex of the ledger held: it
 * may only signal (uv_async_send), never call into this module.
 */
typedef void uvrest__ratelimit_wake_fn(void *user);

/**
 * Finds or makes the ledger of an origin and its credential lines ("App-ID: …"; NULL-ended; NULL for none), of which
 * only a SHA-256 is kept. A ledger that exists already takes the stricter of both configurations.
 * wake may be NULL: then waits for other clients' and the hook's answers are cut to UVREST__RATELIMIT_POLL_NS. It is
 * not called any more once put has returned. With conf->shared_file the ledger is the one in that file, unless
 * uvrest__ratelimit_take_warning() says otherwise. rand is used before this returns only, to seed the ledger's own.
 * *out is owned: uvrest__ratelimit_put(). UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__ratelimit_get(uvrest__ratelimit_registry *registry, const char *origin,
                                                    const char *const *credentials, const uvrest__ratelimit_conf *conf,
                                                    uint64_t now, uvrest__rand rand, uvrest__ratelimit_wake_fn *wake,
                                                    void *user, uvrest__ratelimit **out);
/** Ends a client's hold; its tickets have all ended before. NULL is accepted. */
void uvrest__ratelimit_put(uvrest__ratelimit *rl, uint64_t now);
/** Why the ledger could not be, or no longer is, the one of conf->shared_file; NULL if it is. Told once a client. */
const char *uvrest__ratelimit_take_warning(uvrest__ratelimit *rl);

/** Why a client has to wait. */
typedef enum uvrest__ratelimit_cause {
    UVREST__RATELIMIT_FREE = 0, /* it has not */
    UVREST__RATELIMIT_SLOTS = 1, /* the window is used up */
    UVREST__RATELIMIT_RESERVE = 2, /* bulk: the last ones are for others */
    UVREST__RATELIMIT_CONTACT = 3, /* the first answer has not told yet what is left */
    UVREST__RATELIMIT_VERIFY = 4, /* the server's count must confirm that slots returned */
    UVREST__RATELIMIT_PEERS = 5, /* somebody else spends the same quota */
    UVREST__RATELIMIT_PAUSED = 6, /* after a 429 */
    UVREST__RATELIMIT_PER_SECOND = 7, /* a limit a second: learnt from a 429, announced, or `smooth` */
    UVREST__RATELIMIT_GRADUATED = 8, /* little of the quota is left */
    UVREST__RATELIMIT_ACQUIRE = 9 /* the program's hook, or the log that machines share, has granted nothing yet */
} uvrest__ratelimit_cause;
#define UVREST__RATELIMIT_CAUSES 10

/** A slot taken for one sending. Plain data of the client; zero it by not touching it after its end. */
typedef struct uvrest__ratelimit_ticket {
    uint64_t sent_ns;
    bool probe; /* its answer ends a pause */
} uvrest__ratelimit_ticket;

/** How long to wait. */
typedef struct uvrest__ratelimit_wait {
    uint64_t ns; /* at least 1; UINT64_MAX: until a ticket of this client ends or wake() */
    uvrest__ratelimit_cause cause;
    bool firm; /* nothing that may happen makes it shorter: a deadline before it can fail at once */
} uvrest__ratelimit_wait;

/**
 * Asks for a slot. true: *out_ticket is written and the request goes out now. false: *out_wait is written.
 */
UVREST_MUST_USE bool uvrest__ratelimit_acquire(uvrest__ratelimit *rl, uint64_t now, uvrest_priority priority,
                                               uvrest__ratelimit_ticket *out_ticket, uvrest__ratelimit_wait *out_wait);

/** What an answer said. */
typedef struct uvrest__ratelimit_answer {
    int http_status;
    int64_t retry_after_ms; /* -1: nothing */
    uvrest__quota quota;
} uvrest__ratelimit_answer;

/** The answer's final head is known. Frees the slot one window from now; a 429 pauses everybody on this ledger. */
void uvrest__ratelimit_answered(uvrest__ratelimit *rl, const uvrest__ratelimit_ticket *ticket, uint64_t now,
                                const uvrest__ratelimit_answer *answer);
/** No answer will be known: the server may have counted it until now, so the slot is held for a window from now. */
UVREST__RARE void uvrest__ratelimit_given_up(uvrest__ratelimit *rl, const uvrest__ratelimit_ticket *ticket,
                                             uint64_t now);
/** Nothing was sent: the slot is free at once. */
UVREST__RARE void uvrest__ratelimit_not_sent(uvrest__ratelimit *rl, const uvrest__ratelimit_ticket *ticket,
                                             uint64_t now);

/* A client with conf.leased takes a slot of the ledger and one of those it has leased (leases.h). fleet.h asks for
 * them; on the client's thread alone. */

/** What the next acquire() is for: how many calls wait, n of the same priority or above, and how
 * long its attempt may last. */
void uvrest__ratelimit_expect(uvrest__ratelimit *rl, uint32_t n, uvrest_priority priority, uint64_t attempt_ns);
/** When a question is to be asked: 0 now; UINT64_MAX: not before something else happens, or never. */
uint64_t uvrest__ratelimit_question_due(const uvrest__ratelimit *rl, uint64_t now);
/** Opens it; as uvrest__leases_ask(). */
UVREST_MUST_USE uvrest_status uvrest__ratelimit_ask(uvrest__ratelimit *rl, uint64_t now, bool leaving,
                                                    uvrest__buf *words, size_t *out_n);
/** It was answered; as uvrest__leases_answer(). */
UVREST_MUST_USE bool uvrest__ratelimit_told(uvrest__ratelimit *rl, uint64_t now, const int64_t *values, size_t n);
/** It will not be, or cannot be asked. true: it is the first time since there was an answer. */
bool uvrest__ratelimit_untold(uvrest__ratelimit *rl, uint64_t now);
/** Whether the server knows of it, so that it matters whether it leaves in order. */
bool uvrest__ratelimit_has_leases(const uvrest__ratelimit *rl);
/** How long a question may be under way. */
uint64_t uvrest__ratelimit_patience(const uvrest__ratelimit *rl);

/** A ledger's numbers. */
typedef struct uvrest__ratelimit_stats {
    uint64_t sent;
    uint64_t refused; /* 429 answers */
    uint64_t pauses; /* a row of refusals counts once */
    uint64_t waits[UVREST__RATELIMIT_CAUSES]; /* times a client began to wait, by cause */
    uint32_t in_flight;
    uint32_t free_slots;
    uint32_t slots; /* as configured, or as announced by the server if less */
    uint32_t per_second; /* learnt or announced, in thousandths a second; 0: none */
    int64_t remaining; /* newest RateLimit-Remaining; -1 before */
    bool verified; /* the server is known to count in a sliding window */
    bool peers; /* somebody else spends the same quota */
    uint64_t paused_ns; /* time left of a pause; 0 if there is none */
} uvrest__ratelimit_stats;

/** Reads them as of now. */
void uvrest__ratelimit_read_stats(uvrest__ratelimit *rl, uint64_t now, uvrest__ratelimit_stats *out);

#endif /* UVREST_NET_RATELIMIT_H */
