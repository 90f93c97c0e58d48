/* SPDX-License-Identifier: MIT */
/**
 * @file handle.h
 * A handle of libcurl and the options that are set in it. What does not differ between requests of one method is set
 * once; for each request only what differs from the one before, since most options are copied.
 *
 * Threads: plain data of one transport. Memory: a handle owns what libcurl only borrows of it: header lines, the URL.
 */
#ifndef UVREST_NET_HANDLE_H
#define UVREST_NET_HANDLE_H

#include "attributes.h"
#include "transfer.h"
#include <curl/curl.h>

typedef struct uvrest__handle uvrest__handle;

/** What libcurl calls, by the option each is for. */
typedef struct uvrest__handle_callbacks {
    curl_write_callback on_header;
    curl_write_callback on_body;
    curl_prereq_callback on_send;
    curl_debug_callback on_log;
    curl_opensocket_callback on_open_socket;
    curl_closesocket_callback on_close_socket;
} uvrest__handle_callbacks;

/** What the handles of a transport have in common. */
typedef struct uvrest__handle_conf {
    const uvrest__transport_conf *transport; /* borrowed */
    const char *proxy_variable; /* static; the environment's, if one applies */
    const char *default_ca_path; /* static; libcurl's own directory where it is usable alone; NULL: its defaults */
    char *host_line; /* owned */
    char *agent_line; /* owned; for requests that have none of their own */
    char *encoding_line; /* owned; likewise */
} uvrest__handle_conf;

/** transport: borrowed until fini. UVREST_E_NOMEM; then fini is called all the same. */
UVREST_MUST_USE uvrest_status uvrest__handle_conf_init(uvrest__handle_conf *conf,
                                                       const uvrest__transport_conf *transport);
void uvrest__handle_conf_fini(uvrest__handle_conf *conf);

/** Makes a handle without options. conf: borrowed until it is freed. *out is owned:
 * uvrest__handle_free(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__handle_new(const uvrest__handle_conf *conf, uvrest__handle **out);
/** NULL is accepted. */
void uvrest__handle_free(uvrest__handle *handle);
/** Makes what handles are run by, with the transport's limits. Owned: curl_multi_cleanup(). NULL: no memory. */
UVREST_MUST_USE UVREST__RARE CURLM *uvrest__handle_new_multi(const uvrest__transport_conf *conf,
                                                             curl_socket_callback on_socket,
                                                             curl_multi_timer_callback on_timer, void *user);
/** libcurl's CURL *. Borrowed until the handle is shaped again. */
void *uvrest__handle_easy(const uvrest__handle *handle);
/**
 * Takes back all options, callbacks included, and sets those that all requests of a method have in common.
 * UVREST_E_NOMEM; then the handle can only be shaped again or freed.
 */
UVREST_MUST_USE uvrest_status uvrest__handle_shape(uvrest__handle *handle, uvrest_method method, bool has_body);
/**
 * After that: who is called, for user, and of sockets for owner; user is also CURLOPT_PRIVATE. error: room for
 * libcurl's words. All are borrowed until the handle is shaped again. Failures as above.
 */
UVREST_MUST_USE uvrest_status uvrest__handle_call(uvrest__handle *handle, const uvrest__handle_callbacks *callbacks,
                                                  void *user, void *owner, char *error);
/** Turns libcurl's log on until the request under way is over, for what CURLOPT_DEBUGFUNCTION hears in it. */
void uvrest__handle_listen(uvrest__handle *handle);
/**
 * Sets what is the request's own; the handle has the shape of its method, and does not listen. large_answer: one as
 * large as the newest is expected. address_seconds: addresses of hosts that are as old are dropped;
 * UVREST__HANDLE_NO_AGE: none. Failures as above.
 */
UVREST_MUST_USE uvrest_status uvrest__handle_set(uvrest__handle *handle, const uvrest__transfer_request *request,
                                                 bool large_answer, long address_seconds);
/** Whether a connection has been made for the request. */
bool uvrest__handle_has_connected(const uvrest__handle *handle);
/** The request, which is set, goes out on a connection of this generation (generation.h). */
void uvrest__handle_join(uvrest__handle *handle, unsigned generation);
/** Overwrites the header lines of the request, which is over. */
void uvrest__handle_wipe(uvrest__handle *handle);

/** An answer larger than this is large. */
#define UVREST__HANDLE_SMALL_ANSWER 16384u
/** How old an address may be that is used for a new connection; libcurl's default. */
#define UVREST__HANDLE_ADDRESS_SECONDS 60
/** As old as it likes. */
#define UVREST__HANDLE_NO_AGE (-1L)

#endif /* UVREST_NET_HANDLE_H */
