/* SPDX-License-Identifier: MIT */
/**
 * @file headers.h
 * HTTP header lines: checking those we send, collecting those we get within a budget, and reading the ones that say how
 * long to wait and how much quota is left.
 *
 * An answer may have several heads: 1xx ones, then the final one. Only the last is kept; the budget counts all of them,
 * so that endless 1xx answers end in UVREST_E_LIMIT.
 * Threads: a collection belongs to one thread. Memory: as named at each function.
 */
#ifndef UVREST_NET_HEADERS_H
#define UVREST_NET_HEADERS_H

#include <uvrest/client.h>

/** Default budget of an answer's heads together. */
#define UVREST__HEADERS_MAX_BYTES 65536u
#define UVREST__HEADERS_MAX_COUNT 1000u

/* ---- what we send ------------------------------------------------------------------------------------------------ */

/**
 * Checks a request header line "Name: value" of a caller. UVREST_E_INVALID, with reason naming the header, never its
 * value: no colon, a name that is empty or no token, control characters in the value (a newline at its end is named as
 * such), or a name that is ours to set (Host, Content-Length, Transfer-Encoding, Connection, Upgrade, TE, Trailer,
 * Expect, Keep-Alive, Proxy-…). UVREST_E_LIMIT: longer than UVREST__HEADERS_MAX_BYTES.
 */
UVREST_MUST_USE uvrest_status uvrest__headers_check_line(const char *line, uvrest_reason *reason);
/**
 * Checks a text that becomes part of a header's value: a token, an id, a user agent. `what` names it in the reason,
 * "auth_token". UVREST_E_INVALID: NULL, control characters, a newline at its end. Empty is allowed. UVREST_E_LIMIT.
 */
UVREST_MUST_USE uvrest_status uvrest__headers_check_value(const char *what, const char *value, uvrest_reason *reason);

/* ---- what we get ------------------------------------------------------------------------------------------------- */

/** The head of an answer. Fields are read through the functions below. */
typedef struct uvrest__headers {
    const uvrest_alloc *alloc;
    char *text; /* owned; name NUL value NUL, one after the other */
    size_t len;
    size_t cap;
    struct uvrest__headers_item {
        uint32_t name; /* offsets in text */
        uint32_t value;
    } * items; /* owned; in order of arrival */
    size_t n_items;
    size_t cap_items;
    uint32_t initials; /* what their names begin with, a bit each: most that are asked for are not there */
    size_t max_bytes;
    size_t max_count;
    size_t seen_bytes; /* of all heads together; at most max_bytes */
    size_t seen_count;
    int http_status; /* of the newest head; 0 before the first */
    bool complete; /* the newest head has ended */
} uvrest__headers;

/**
 * Begins an empty collection; nothing is allocated. alloc: borrowed until fini, NULL for malloc. 0 means the default.
 */
void uvrest__headers_init(uvrest__headers *headers, const uvrest_alloc *alloc, size_t max_bytes, size_t max_count);
/** Frees what it holds; all zero is accepted. */
void uvrest__headers_fini(uvrest__headers *headers);
/** Makes it empty for the next attempt; keeps its memory. */
void uvrest__headers_reset(uvrest__headers *headers);

/**
 * Takes one line as libcurl's header callback hands it, with or without its CR LF. A status line begins a head and
 * drops the one before; an empty line ends it; lines after the end of a final head (trailers) are counted and dropped.
 * UVREST_E_PROTOCOL: a status outside 100 to 599, in HTTP/1 also 101 and one without a space behind it, a line without
 * colon, a name that is no token, NUL or CR in a line, a header before any status line, a status line among the
 * trailers. UVREST_E_LIMIT: over budget. UVREST_E_NOMEM. After a failure only fini and reset are allowed.
 */
UVREST_MUST_USE uvrest_status uvrest__headers_add_line(uvrest__headers *headers, const char *line, size_t len);

/** The status of the final head; 0 while there is none (before it, and during 1xx heads). */
int uvrest__headers_http_status(const uvrest__headers *headers);
/** How many headers the head has. */
size_t uvrest__headers_count(const uvrest__headers *headers);
/** The index-th, in order; index < count. Borrowed until the next add_line, reset or fini. */
uvrest_header uvrest__headers_at(const uvrest__headers *headers, size_t index);
/** The value of the first header of that name, case ignored, or NULL. Borrowed as above. */
const char *uvrest__headers_get(const uvrest__headers *headers, const char *name);
/** The same from *position on, which moves behind the one found: for headers that come several times. Begin with 0. */
const char *uvrest__headers_next(const uvrest__headers *headers, const char *name, size_t *position);
/** Copies all of it into an arena. *out_list is NULL and *out_count 0 if there are none. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__headers_copy(const uvrest__headers *headers, uvrest_arena *arena,
                                                   const uvrest_header **out_list, size_t *out_count);

/* ---- how long to wait, what is left ------------------------------------------------------------------------------ */

/** Largest wait told apart, about 317 years: longer ones become this. */
#define UVREST__RETRY_AFTER_MAX_MS INT64_C(10000000000000)

/**
 * Reads the value of a Retry-After header: digits, or a date in one of HTTP's three forms, measured from reference_s
 * (the answer's Date). *out_ms is 0 for a date that is past. false, *out_ms untouched, for anything else: signs,
 * fractions, words, empty, more than ten digits.
 */
bool uvrest__retry_after_parse(const char *value, size_t len, int64_t reference_s, int64_t *out_ms);
/** Reads an HTTP date: IMF-fixdate, RFC 850 (two-digit years seen from reference_s), asctime. Seconds since 1970. */
bool uvrest__http_date_parse(const char *text, size_t len, int64_t reference_s, int64_t *out_s);
/**
 * How long the answer asks to wait, in ms: the largest of its Retry-After headers, -1 if there is none that makes
 * sense.
 * Dates are measured against the answer's own Date, or wall_s if it has none, so that our clock may be wrong.
 */
int64_t uvrest__headers_retry_after_ms(const uvrest__headers *headers, int64_t wall_s);

/** What an answer says about the quota. -1 means it does not say. */
typedef struct uvrest__quota {
    int64_t remaining; /* the smallest named; negative ones count as 0 */
    int64_t limit; /* the smallest named: requests a window */
    int64_t window_ms; /* of that limit */
    int64_t burst; /* requests in one second, if a policy with a window of 1 s names them */
    bool of_second; /* what remains is of that second, not of the window */
} uvrest__quota;

/** A quota that says nothing. */
#define UVREST__QUOTA_NONE ((uvrest__quota){.remaining = -1, .limit = -1, .window_ms = -1, .burst = -1})

/**
 * Reads RateLimit-Remaining and -Limit, X-RateLimit- and X-Rate-Limit- forms of them, RateLimit ("r=5;t=3",
 * "limit=10, remaining=5, reset=3", `"name";r=5`) and RateLimit-Policy ("100;w=60", `"name";q=100;w=60`). Of several
 * the smallest counts; what is of another unit ("qu") than requests, or makes no sense, is ignored. A limit without a
 * window is the one of the policy that has its number.
 */
uvrest__quota uvrest__headers_quota(const uvrest__headers *headers);

#endif /* UVREST_NET_HEADERS_H */
