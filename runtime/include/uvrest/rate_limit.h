/* SPDX-License-Identifier: MIT */
/**
 * @file rate_limit.h
 * How calls are kept within the server's request quota, and what happens when the server says 429.
 *
 * The default policy is a slot ledger: the quota is a number of slots; a request takes one when it is sent, and the
 * slot is free again one window and a small guard after its answer. So no window of the server's can ever hold more
 * than the quota, whatever the latency. One ledger serves all clients of a process that use the same origin and
 * credentials, and a child of fork() begins its own; with shared_file one serves all processes of the machine that do,
 * with shared_redis all clients of several machines.
 * Threads: plain data, copied when a client is made. The acquire hook says for itself what is called where.
 */
#ifndef UVREST_RATE_LIMIT_H
#define UVREST_RATE_LIMIT_H

#include <uvrest/base.h>

UVREST_BEGIN_DECLS

/** A yes or no whose default is not always no. */
typedef enum uvrest_switch { UVREST_DEFAULT = 0, UVREST_ON = 1, UVREST_OFF = 2 } uvrest_switch;

/** For a number whose default is not 0: a real 0. */
#define UVREST_ZERO UINT32_MAX

/** How calls are held before the server refuses. */
typedef enum uvrest_rate_limit_policy {
    UVREST_POLICY_LEDGER = 0, /* full speed while there are slots, the server's count permitting: the fastest */
    UVREST_POLICY_GRADUATED = 1 /* aiopythonik's delays: the less of the quota is left, the longer each send waits */
} uvrest_rate_limit_policy;

/** A question of a uvrest_acquire_fn that has not been answered yet. */
typedef struct uvrest_acquire_ask uvrest_acquire_ask;

/**
 * Asked for n more slots, where a quota is shared in a way this library does not know (by several machines, with other
 * programs). It answers every question exactly once with uvrest_acquire_answer(): before it returns, or later.
 * Called on the thread of the client's loop, one question at a time; it must neither block nor call into the client.
 */
typedef void uvrest_acquire_fn(uvrest_acquire_ask *ask, uint32_t n, void *user);

/**
 * Answers a question. n > 0: so many sends (never more than asked for are used) may go out within ms milliseconds of
 * the question; what is not used by then is lost, so the hook's own book must hold each of them for a window and ms.
 * n 0: none; the question comes again ms milliseconds after the answer has arrived, at the earliest after 1. A hook
 * that fails says n 0 as well: a quota that cannot be asked for is not spent.
 * May be called from any thread, and after the client is gone, when it only frees the ask. ask: taken; NULL is
 * accepted.
 */
UVREST_API void uvrest_acquire_answer(uvrest_acquire_ask *ask, uint32_t n, uint32_t ms);

/** Zero means the default named at the field; UVREST_ZERO means 0. Fields are only appended. */
typedef struct uvrest_rate_limit {
    uint32_t requests; /* slots: requests allowed in a window; default what the API publishes (iconik: 1000) */
    uint32_t window_ms; /* its length; default what the API publishes (iconik: 20000) */
    uint32_t guard_ms; /* added to the window before a slot is used again; default 25 */
    uint32_t first_contact; /* sends allowed before the first answer tells the quota left; default 10 */
    uint32_t max_retries; /* 429 answers one call may receive before it fails with UVREST_E_THROTTLED; default 5 */
    double initial_backoff; /* seconds; pause after a 429 that names none; default 1.0 */
    double max_backoff; /* seconds; ceiling of such a pause; default 30.0 */
    double backoff_factor; /* growth of it from one 429 to the next; default 2.0 */
    uvrest_switch jitter; /* spread such pauses at random; default on */
    uvrest_switch enable_proactive_throttling; /* hold calls before the server refuses; default on */
    double proactive_throttling_threshold; /* UVREST_POLICY_GRADUATED: share of the quota, above 0 to 1: with so much or
                                              more of it left nothing is delayed; default 0.8. No delay begins above 0.3
                                              anyway, so what matters is a smaller one */
    double max_proactive_delay; /* UVREST_POLICY_GRADUATED: seconds; ceiling of its delays; default 5.0 */
    uvrest_rate_limit_policy policy; /* default UVREST_POLICY_LEDGER. UVREST_POLICY_GRADUATED: the slots hold as well,
                                        and two sends are at least so many seconds apart: 0.1 to 0.5 with 30 to 20 % of
                                        the quota left, 0.5 to 2.0 with 20 to 10 %, 2.0 to 5.0 below; where clients of
                                        one ledger differ it follows UVREST_POLICY_LEDGER */
    bool smooth; /* sends are spread evenly, at 0.94 of requests / window_ms (iconik: 47 a second): steadier
                                 latency, more time to the last of many; default: as fast as slots return */
    const char
        *shared_file; /* a path; copied; default NULL: off. The ledger is kept in files of that name, a dot and 16
                                 hexadecimal digits: one an origin and credentials, named by their hash, which no token
                                 can be read from. Processes of the machine that name the same path share the quota, and
                                 one that starts anew knows what was used. Best on a file system of memory, such as
                                 below XDG_RUNTIME_DIR. The files are made with mode 0600, never removed, and must be
                                 regular, the user's own and of nobody else's access; symbolic links are not followed.
                                 Where a file cannot be used (another's, cut off, replaced, of another version, not
                                 writable, locked for a second by a process that is stopped, more than 128 processes)
                                 the client keeps a ledger of its process alone, and on_log is told. All must run in one time namespace. Other clients' answers are noticed
                                 within 20 ms */
    uvrest_acquire_fn *acquire; /* asked before a send for which there is no slot of an earlier answer; on top of the
                                   ledger, of this client alone; default NULL */
    void *acquire_user; /* borrowed; given to acquire */
    uint32_t
        acquire_slots; /* slots acquire or shared_redis is asked for at a time, more where they are used fast; default 20 */
    const char
        *shared_redis; /* copied, wiped at close; default NULL: off. "redis://[user:password@]host[:port][/db]" or
                          "unix:/path", with a password "unix://[user:password@]/path[?db=n]": a Redis (5 or newer) or
                          Valkey server through which clients of any number of machines share the quota exactly, by its
                          clock. The keys are named by a hash of origin and credentials. Shared as well: the pause after
                          a 429 and who ends it, the reserve, smooth and limits a second. Not shared: first_contact and
                          the graduated delays, which are each client's own, and the order of calls between clients. Not
                          noticed: other programs that spend the quota, before a 429 pauses all clients; what answers
                          say is left counts all machines, which no single one can compare with its own sends. Give
                          such programs a part: lower `requests`. The server must not evict the keys; one that forgets
                          them costs a window. UVREST_E_INVALID where the library was built
                          without hiredis, beside shared_file or acquire, and for rediss://: hiredis 0.14 knows no TLS,
                          a tunnel on loopback does. While the server cannot be asked, on_log is told once, nothing is
                          sent for a window, and then as shared_redis_alone says, until it is back */
    bool shared_redis_cleartext; /* permit a password to a host that is not loopback; it travels as it is */
    uint32_t shared_redis_alone; /* slots this client keeps to while shared_redis cannot be asked; default a tenth of
                                    requests, so ten clients together stay within the quota; UVREST_ZERO: none, calls
                                    wait until it is back, or for their deadline */
    uint32_t
        bulk_reserve; /* slots that calls of UVREST_PRIORITY_BULK leave to others; default a twentieth of requests, at
                              most all but one; UVREST_ZERO: none. Where clients of one ledger differ: the most */
} uvrest_rate_limit;

UVREST_END_DECLS
#endif /* UVREST_RATE_LIMIT_H */
