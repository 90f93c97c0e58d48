/* SPDX-License-Identifier: MIT */
/**
 * @file settings.h
 * A client's options with their defaults filled in, checked and copied.
 *
 * Threads: plain data of one client. Memory: settings own their texts, one block; uvrest__settings_fini().
 */
#ifndef UVREST_CLIENT_SETTINGS_H
#define UVREST_CLIENT_SETTINGS_H

#include "ratelimit.h"
#include "redisurl.h"
#include "url.h"
#include <uvrest/client.h>
#include <uvrest/json.h>

typedef struct uvrest__settings {
    const uvrest_alloc *alloc;
    struct uv_loop_s *loop;
    uvrest__url_base base;
    char *user_agent; /* owned */
    char *ca_file; /* owned, may be NULL */
    char *ca_path; /* owned, may be NULL */
    char *pinned_public_key; /* owned, may be NULL */
    char *shared_file; /* owned, may be NULL; rate_limit's */
    uvrest__redisurl redis; /* of the server that machines share the quota through; memory NULL: none */
    uint32_t connect_timeout_ms;
    uint32_t timeout_ms;
    uint32_t deadline_ms;
    uint32_t low_speed_ms;
    uint32_t max_in_flight;
    uint32_t pool_maxsize;
    uint32_t pool_connections;
    uint32_t max_queued;
    uint32_t attempts;
    uint32_t max_connection_age_ms;
    uint32_t max_connection_lifetime_ms;
    size_t max_body_bytes;
    uvrest_decode_options decoding; /* its ceilings; whether strictly is the call's */
    bool no_proxy;
    bool strict;
    bool read_only;
    bool own_thread;
    bool unlimited; /* no ledger, and 429 is an error like any other */
    uvrest__ratelimit_conf rate_limit;
    void (*on_log)(uvrest_log_level level, const char *message, void *user);
    void *log_user;
    uvrest_request_fn *on_request;
    uvrest_response_fn *on_response;
    void *hook_user;
} uvrest__settings;

/**
 * Takes size bytes of options of another build, of which we know ours bytes: what is missing is default, what is beyond
 * must be zero. UVREST_E_INVALID with options->reason. *out is written on success only.
 */
UVREST_MUST_USE uvrest_status uvrest__settings_take(const void *options, size_t size, size_t ours,
                                                    uvrest_client_options *out);
/**
 * Fills in and checks. requests and window_ms: what the API publishes, 0 for unknown. *out is written on success only;
 * owned: uvrest__settings_fini(). With options->reason: UVREST_E_INVALID, UVREST_E_TLS (trusted certificates that
 * cannot be read). UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__settings_init(uvrest__settings *out, const uvrest_client_options *options,
                                                    uint32_t requests, uint32_t window_ms);
/** Frees what init made; all zero is accepted. */
void uvrest__settings_fini(uvrest__settings *settings);

#endif /* UVREST_CLIENT_SETTINGS_H */
