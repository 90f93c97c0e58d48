/* SPDX-License-Identifier: MIT */
/**
 * @file rate_limit.h
 * How calls are kept within the server's request quota, and what happens when the server says 429.
 *
 * The default policy is a slot ledger: the quota is a number of slots; a request takes one when it is sent, and the
 * slot is free again one window and a small guard after its answer. So no window of the server's can ever hold more
 * than the quota, whatever the latency. One ledger serves all clients of a process that use the same origin and
 * credentials.
 * Threads: plain data, copied when a client is made.
 */
#ifndef UVREST_RATE_LIMIT_H
#define UVREST_RATE_LIMIT_H

#include <uvrest/base.h>

UVREST_BEGIN_DECLS

/** A yes or no whose default is not always no. */
typedef enum uvrest_switch { UVREST_DEFAULT = 0, UVREST_ON = 1, UVREST_OFF = 2 } uvrest_switch;

/** For a number whose default is not 0: a real 0. */
#define UVREST_ZERO UINT32_MAX

/** Zero means the default named at the field; UVREST_ZERO means 0. Fields are only appended. */
typedef struct uvrest_rate_limit {
    uint32_t requests;        /* slots: requests allowed in a window; default what the API publishes (iconik: 1000) */
    uint32_t window_ms;       /* its length; default what the API publishes (iconik: 20000) */
    uint32_t guard_ms;        /* added to the window before a slot is used again; default 25 */
    uint32_t first_contact;   /* sends allowed before the first answer tells the quota left; default 10 */
    uint32_t max_retries;     /* 429 answers one call may receive before it fails with UVREST_E_THROTTLED; default 5 */
    double initial_backoff;   /* seconds; pause after a 429 that names none; default 1.0 */
    double max_backoff;       /* seconds; ceiling of such a pause; default 30.0 */
    double backoff_factor;    /* growth of it from one 429 to the next; default 2.0 */
    uvrest_switch jitter;     /* spread such pauses at random; default on */
    uvrest_switch enable_proactive_throttling; /* hold calls before the server refuses; default on */
} uvrest_rate_limit;

UVREST_END_DECLS
#endif /* UVREST_RATE_LIMIT_H */
