/* SPDX-License-Identifier: MIT */
/**
 * @file libcurl.h
 * The libcurl found at run time: whether it is usable, and what it can do. It is set up once a process.
 * Threads: any.
 */
#ifndef UVREST_NET_LIBCURL_H
#define UVREST_NET_LIBCURL_H

#include <stdbool.h>
#include <uvrest/base.h>

/**
 * Sets libcurl up. False, with reason, if that fails, if it is older than 7.88, or where it would let the environment
 * of a program that runs with privileges of another (set-uid) name a file for the secrets of its TLS connections.
 */
bool uvrest__libcurl_is_usable(uvrest_reason *reason);
/** Its own directory of certificates, if that is usable without the bundle, which would be read whole; else NULL. */
const char *uvrest__libcurl_hashed_ca_path(void);
/**
 * Whether it may raise SIGPIPE where it sends over TLS. It sends with MSG_NOSIGNAL itself, and so go out the bytes of
 * all TLS libraries but NSS, which has sockets of its own.
 */
bool uvrest__libcurl_raises_sigpipe(void);
/** The content encodings it can undo, as in Accept-Encoding. */
const char *uvrest__libcurl_encodings(void);

#endif /* UVREST_NET_LIBCURL_H */
