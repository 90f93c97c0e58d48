/* SPDX-License-Identifier: MIT */
/**
 * @file libcurl.h
 * The libcurl found at run time: whether it is usable, and what it can do. It is set up once a process.
 * Threads: any.
 */
#ifndef UVREST_NET_LIBCURL_H
#define UVREST_NET_LIBCURL_H

#include <stdbool.h>

/** Sets libcurl up. False if that fails, or if it is older than 7.88. */
bool uvrest__libcurl_is_usable(void);
/** Its own directory of certificates, if that is usable without the bundle, which would be read whole; else NULL. */
const char *uvrest__libcurl_hashed_ca_path(void);
/**
 * Whether it may raise SIGPIPE where it sends over TLS. It sends with MSG_NOSIGNAL itself, and so go out the bytes of all
 * TLS libraries but NSS, which has sockets of its own.
 */
bool uvrest__libcurl_raises_sigpipe(void);
/** The content encodings it can undo, as in Accept-Encoding. */
const char *uvrest__libcurl_encodings(void);

#endif /* UVREST_NET_LIBCURL_H */
