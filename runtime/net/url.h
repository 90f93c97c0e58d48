/* SPDX-License-Identifier: MIT */
/**
 * @file url.h
 * URLs: the base a client talks to, the target of a request (path and query), and where a redirect leads. Nothing that
 * comes from a caller's value or from the server can change host, path segment or query member it was meant for.
 *
 * Words: the origin is "https://host:port", host in lower case, the scheme's own port left out; a target is what
 * follows it, "/API/x/?y=z", percent-encoded, at most UVREST__URL_TARGET_MAX bytes.
 * Threads: pure functions. Memory: as named at each function.
 */
#ifndef UVREST_NET_URL_H
#define UVREST_NET_URL_H

#include "buf.h"

/** A request target beyond this is refused with UVREST_E_LIMIT. */
#define UVREST__URL_TARGET_MAX 65536u

/** A base URL, checked and taken apart. */
typedef struct uvrest__url_base {
    char *origin; /* owned: uvrest__url_base_fini(); "https://host:8443" */
    char *prefix; /* owned with origin; the path of the base URL without closing slash, "" or "/gateway" */
    char *host; /* owned with origin; as in origin, an IPv6 address with its brackets */
    uint16_t port;
    bool tls;
    bool loopback; /* localhost, 127.0.0.0/8 or [::1] */
} uvrest__url_base;

/**
 * Reads a base URL: http or https, host, port, path. UVREST_E_INVALID, with reason (may be NULL) beginning "base_url:
 * ": another scheme, user information, query, fragment, control or non-ASCII bytes, no host, a host that is neither a
 * name nor an address, a port that is none, a path with dot segments, or http to a host that is not loopback unless
 * allow_http. UVREST_E_NOMEM. *out is written on success only.
 */
UVREST_MUST_USE uvrest_status uvrest__url_base_init(uvrest__url_base *out, const uvrest_alloc *alloc, const char *text,
                                                    bool allow_http, uvrest_reason *reason);
/** Frees what init made; all zero is accepted. */
void uvrest__url_base_fini(uvrest__url_base *base, const uvrest_alloc *alloc);

/** A value for a place in a path template: "{name}". */
typedef struct uvrest__url_value {
    const char *name; /* borrowed; as in the template */
    const char *value; /* borrowed; NUL-ended, any bytes; NULL is refused as missing */
} uvrest__url_value;

/**
 * Appends a path made from a template: each "{name}" is replaced by its value, percent-encoded into its segment (all
 * but letters, digits and "-._~"; UTF-8 as its bytes). The template itself is copied as it is.
 * UVREST_E_INVALID, with reason "<name>: why": no value given, empty, or a value that is, or has between slashes, a "."
 * or "..", written out or percent-encoded (once or several times), since servers and proxies may decode it.
 * UVREST_E_LIMIT beyond UVREST__URL_TARGET_MAX; UVREST_E_NOMEM. On failure target is as it was.
 */
UVREST_MUST_USE uvrest_status uvrest__url_add_path(uvrest__buf *target, const char *path_template,
                                                   const uvrest__url_value *values, size_t n_values,
                                                   uvrest_reason *reason);
/**
 * Checks and appends a path that is percent-encoded already, as raw calls give it: begins with one "/", has only
 * characters a path may have, complete "%XX", no query, no fragment, no dot segments (encoded ones neither).
 * Failures as uvrest__url_add_path(), the reason beginning "path: ".
 */
UVREST_MUST_USE uvrest_status uvrest__url_add_raw_path(uvrest__buf *target, const char *path, uvrest_reason *reason);
/**
 * Appends a query member "?name=value" or "&name=value", by whether the target has a "?" already; both sides are
 * percent-encoded, space as %20. UVREST_E_INVALID, with reason "<name>: why": an empty name, CR or LF in either.
 * UVREST_E_LIMIT, UVREST_E_NOMEM. On failure target is as it was.
 */
UVREST_MUST_USE uvrest_status uvrest__url_add_query(uvrest__buf *target, const char *name, const char *value,
                                                    uvrest_reason *reason);
/** The same for a number and for true and false. */
UVREST_MUST_USE uvrest_status uvrest__url_add_query_i64(uvrest__buf *target, const char *name, int64_t value,
                                                        uvrest_reason *reason);
UVREST_MUST_USE uvrest_status uvrest__url_add_query_bool(uvrest__buf *target, const char *name, bool value,
                                                         uvrest_reason *reason);

/** Whether an absolute URL, from the server, has this base's scheme, host and port. Anything unclear is false. */
bool uvrest__url_same_origin(const uvrest__url_base *base, const char *url);
/**
 * Appends the target a Location header leads to, seen from the target that was asked for. location: absolute URL,
 * "//host/…", "/path…", "path…" or "?query"; a fragment is dropped, dot segments are resolved.
 * UVREST_E_PROTOCOL, with reason "location: why": another origin, another scheme, user information, control or
 * non-ASCII bytes, empty, broken. UVREST_E_LIMIT, UVREST_E_NOMEM. On failure out_target is as it was.
 */
UVREST_MUST_USE uvrest_status uvrest__url_add_redirect(uvrest__buf *out_target, const uvrest__url_base *base,
                                                       const char *target, const char *location, uvrest_reason *reason);

#endif /* UVREST_NET_URL_H */
