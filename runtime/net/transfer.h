/* SPDX-License-Identifier: MIT */
/**
 * @file transfer.h
 * HTTP requests under way, the only home of libcurl: a transport is a client's connections to one origin, a transfer
 * one request on them.
 *
 * libcurl tells which descriptors to watch and when to wake it; the loop tells it what happened; after one of these
 * steps, or a few, all requests that ended are handed to on_done, one by one, and on_settled follows, where new ones
 * may be started and others be cancelled. Neither is called from inside libcurl, nor by the functions below.
 * A request goes out once a transfer. The one exception: on a connection that died before any byte of an answer,
 * libcurl may repeat a request marked repeatable by itself, if on_repeat lets it; the outcome says how often it was
 * sent.
 * Threads: one thread, that of the loop.
 * Memory: transfers belong to the transport and are reused; what they received is borrowed until the transfer is
 * released.
 */
#ifndef UVREST_NET_TRANSFER_H
#define UVREST_NET_TRANSFER_H

#include "headers.h"
#include "loop.h"

typedef struct uvrest__transport uvrest__transport;
typedef struct uvrest__transfer uvrest__transfer;

/** How a transfer ended. */
typedef enum uvrest__transfer_fault {
    UVREST__TRANSFER_WHOLE = 0, /* an answer is here, whole */
    UVREST__TRANSFER_UNSENT = 1, /* provably nothing reached the server */
    UVREST__TRANSFER_BROKEN = 2, /* broke after something was sent */
    UVREST__TRANSFER_FINAL = 3 /* would fail the same way again */
} uvrest__transfer_fault;

/** The end of a transfer. */
typedef struct uvrest__outcome {
    uvrest__transfer_fault fault;
    uvrest_status status; /* UVREST_OK without a fault */
    uint32_t sends; /* times the request went out */
    bool multiplexed; /* over HTTP/2 */
    uint64_t duration_us;
    char text[320]; /* what happened, for people; "" without a fault. Holds no header and no query */
} uvrest__outcome;

/** What a transport is made of. All pointers are borrowed until the transport is closed. */
typedef struct uvrest__transport_conf {
    const uvrest_alloc *alloc;
    uvrest__loop *loop;
    const char *origin; /* "https://host:8443" */
    bool tls;
    const char *user_agent;
    const char *ca_file; /* NULL: the system's */
    const char *ca_path;
    const char *pinned_public_key; /* NULL: none */
    bool no_proxy;
    uint32_t pool_maxsize;
    uint32_t pool_connections;
    uint32_t low_speed_ms;
    uint32_t max_age_ms; /* idle connections are dropped after so long, */
    uint32_t max_lifetime_ms; /* and none is used longer than that */
    size_t max_body_bytes;
    void (*on_done)(uvrest__transfer *transfer, void *owner, void *user); /* owner is released or kept here */
    uvrest__loop_fn *on_settled;
    bool (*on_repeat)(void *owner, void *user); /* whether a request may go out once more now, else it counts as broken;
                             from inside libcurl, so nothing of this header may be called */
    void *user;
} uvrest__transport_conf;

/** One request. All pointers are borrowed until the transfer is released or cancelled. */
typedef struct uvrest__transfer_request {
    uvrest_method method;
    const char *target; /* "/API/x/?y=z", percent-encoded */
    const char *const *lines; /* header lines "Name: value" */
    size_t n_lines;
    const void *body; /* NULL: none */
    size_t body_len;
    bool repeatable; /* libcurl may send it again by itself, see above */
    bool fresh; /* on a connection of its own */
    uint32_t connect_timeout_ms;
} uvrest__transfer_request;

/**
 * Makes a transport; no connection is opened. *out is owned: uvrest__transport_close(). UVREST_E_STATE, with reason:
 * the libcurl found at run time is too old. UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__transport_new(const uvrest__transport_conf *conf, uvrest_reason *reason,
                                                    uvrest__transport **out);
/** Sockets opened so far for connections, those that came to nothing included. */
uint64_t uvrest__transport_connections(const uvrest__transport *transport);
/** Closes all connections. No transfer is under way. Not from inside on_done or on_settled. NULL is accepted. */
void uvrest__transport_close(uvrest__transport *transport);
/**
 * Leaves a transport alone, and its loop with it, in a process forked from its own: connections, TLS sessions and epoll
 * are shared with the parent, and closing any of them would be seen there. Its memory stays, until the process ends.
 */
void uvrest__transport_abandon(uvrest__transport *transport);

/** Begins a request. UVREST_E_NOMEM; then nothing was sent. */
UVREST_MUST_USE uvrest_status uvrest__transfer_start(uvrest__transport *transport,
                                                     const uvrest__transfer_request *request, void *owner,
                                                     uvrest__transfer **out);
/** Breaks a transfer under way off and releases it; on_done will not be called. How often the request went out. */
uint32_t uvrest__transfer_cancel(uvrest__transfer *transfer);
/** For how long it has been under way, by the loop's clock: since the loop first came to it; 0 before. */
uint64_t uvrest__transfer_age_ms(const uvrest__transfer *transfer);
/** Breaks a transfer under way off as one that takes too long; it is done then, though on_done is not called. */
void uvrest__transfer_expire(uvrest__transfer *transfer);
/** Gives a transfer that is done back. */
void uvrest__transfer_release(uvrest__transfer *transfer);

/** How it ended. Valid from on_done until release, like all below. */
const uvrest__outcome *uvrest__transfer_outcome(const uvrest__transfer *transfer);
/** The head of the answer; its http status is 0 if none arrived. */
const uvrest__headers *uvrest__transfer_headers(const uvrest__transfer *transfer);
/** What arrived of the body, decompressed. text NULL if nothing did. */
uvrest_raw uvrest__transfer_body(const uvrest__transfer *transfer);
/**
 * Hands over the arena that holds the body, where it stays, with room for what is made of it; NULL if nothing arrived.
 * Owned: uvrest_arena_free(), or better:
 */
uvrest_arena *uvrest__transfer_take_body(uvrest__transfer *transfer);
/** Takes an arena back, for the bodies to come. NULL is accepted. */
void uvrest__transport_give_arena(uvrest__transport *transport, uvrest_arena *arena);

#endif /* UVREST_NET_TRANSFER_H */
