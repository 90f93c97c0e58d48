/* SPDX-License-Identifier: MIT */
/*
 * Clients and a server in virtual time: the ledger as it is, calls that are only moments, and several readings of
 * "1000 requests in any 20 seconds". Thousands of calls take milliseconds.
 */
#ifndef UVREST_TESTS_QUOTA_SIM_H
#define UVREST_TESTS_QUOTA_SIM_H

#include "ratelimit.h"

/* How the server counts. */
typedef enum quota_sim_server {
    QUOTA_SLIDING, /* exactly: those admitted in the last window */
    QUOTA_SLIDING_ALL, /* refused ones are counted too */
    QUOTA_TOKEN_BUCKET, /* requests + requests/window a second */
    QUOTA_FIXED_WINDOWS, /* counted anew at the end of each window */
    QUOTA_APPROXIMATE, /* this window's count and a share of the one before */
    QUOTA_STRICT_PER_SECOND /* the sliding window is reported, 50 in any second is enforced */
} quota_sim_server;

/* How long a request takes, to the server and back. */
typedef enum quota_sim_latency {
    QUOTA_LATENCY_NORMAL, /* mean 0.145 s, hump-shaped, 0.025 to 0.265 s */
    QUOTA_LATENCY_TRIPLE, /* three times that */
    QUOTA_LATENCY_FAST, /* 0.5 to 3.5 ms: a server next door */
    QUOTA_LATENCY_LONG_TAILED, /* mean 0.145 s, up to 8 s */
    QUOTA_LATENCY_SPREAD /* anything between 0.02 and 2 s, so that requests overtake each other */
} quota_sim_latency;

/* Another program with the same credentials. It reads nothing and waits for nothing: its refusals change nothing. */
typedef struct quota_sim_stranger {
    uint64_t from_ns;
    uint64_t until_ns; /* 0: to the end */
    uint64_t every_ns; /* uneven by half of it either way; 0: once */
    uint32_t n; /* requests each time; 0: there is no such program */
} quota_sim_stranger;

/* Asks the log that machines share (leases.h) at a moment: n words, each with its NUL. Returns how many values. */
typedef size_t quota_sim_log_fn(const char *words, size_t n, uint64_t now, int64_t *values);

typedef struct quota_sim_conf {
    quota_sim_server server;
    quota_sim_latency latency;
    uint32_t n_calls; /* over all clients, shared out evenly */
    uint32_t n_clients; /* default 1 */
    uint32_t n_in_flight; /* of each client; default 100 */
    bool separate_ledgers; /* clients are processes that know nothing of each other */
    bool without_wake; /* clients poll */
    bool without_headers; /* the server does not tell what is left */
    uint32_t lost_permille; /* answers that never come: half counted by the server, half not; given up after 5 s */
    uint32_t used_before; /* requests the server has counted just before the start */
    quota_sim_stranger stranger;
    quota_sim_log_fn
        *ask_log; /* clients are machines that lease their slots from a log; separate_ledgers goes with it */
    uint32_t phase_permille; /* of the server's fixed windows, at the start */
    uint64_t seed;
    uvrest_rate_limit options; /* zero: defaults, 1000 in 20 s */
} quota_sim_conf;

typedef struct quota_sim_result {
    uint64_t finish_ns; /* the last answer */
    uint32_t succeeded;
    uint32_t failed; /* refused more often than allowed, or lost */
    uint32_t refused; /* 429 answers */
    uint32_t busiest; /* most requests of ours that the server counted in one window */
    uint32_t foreign; /* requests of the stranger's that were admitted … */
    uint32_t foreign_refused; /* … and refused */
    uvrest__ratelimit_stats stats; /* of the first client, at the end */
} quota_sim_result;

/* Runs to the end. Aborts the test if the clients stop asking before all calls have ended. */
quota_sim_result quota_sim_run(const quota_sim_conf *conf);

/* The least time any schedule needs in the sliding window; the formula is in the source. */
uint64_t quota_sim_bound_ns(const quota_sim_conf *conf);

#endif /* UVREST_TESTS_QUOTA_SIM_H */
