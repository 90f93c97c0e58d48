/* SPDX-License-Identifier: MIT */
/**
 * @file redisurl.h
 * Where a Redis or Valkey server is and who asks it, from a URL.
 *
 * Threads: pure functions. Memory: one block, which may hold a password: it is wiped before it is freed.
 */
#ifndef UVREST_NET_REDISURL_H
#define UVREST_NET_REDISURL_H

#include <uvrest/base.h>

/** A URL beyond this is refused. */
#define UVREST__REDISURL_MAX 1024u
/** Bytes a path may have: what a socket address of the kernel holds, without its closing NUL. */
#define UVREST__REDISURL_PATH_MAX 107u

/** Its parts; texts are in `memory`. */
typedef struct uvrest__redisurl {
    char *memory; /* owned: uvrest__redisurl_fini(); NULL: there is none */
    size_t size; /* of it */
    const char *path; /* of a unix socket; NULL: host and port count */
    const char *host; /* a name or an address, without brackets */
    const char *user; /* NULL: the server's default user */
    const char *password; /* NULL: none */
    uint16_t port;
    uint32_t db;
} uvrest__redisurl;

/**
 * Reads "redis://[[user]:password@]host[:port][/db]", "unix:/path" or "unix://[[user]:password@]/path[?db=n]"; user and
 * password may be percent-encoded. cleartext: a password to a host that is not loopback is permitted. UVREST_E_INVALID,
 * with reason (may be NULL) "rate_limit.shared_redis: why", which quotes nothing of it; UVREST_E_NOMEM. *out is written
 * on success only.
 */
UVREST_MUST_USE uvrest_status uvrest__redisurl_init(uvrest__redisurl *out, const uvrest_alloc *alloc, const char *text,
                                                    bool cleartext, uvrest_reason *reason);
/** Wipes and frees; all zero is accepted. */
void uvrest__redisurl_fini(uvrest__redisurl *url, const uvrest_alloc *alloc);

#endif /* UVREST_NET_REDISURL_H */
