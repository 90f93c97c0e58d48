/* SPDX-License-Identifier: MIT */
/**
 * @file client.h
 * A client is one account on one server: its credentials, its connections and its request budget. Make one an account
 * and keep it. A call is one question to it; an attempt is one sending of a call.
 *
 * Calls: a function that starts a call returns an error and never runs its callback, or returns UVREST_OK and runs it
 * exactly once, later, from the loop. What it is given is borrowed until it returns; out_call may be NULL. Inside a
 * callback everything is allowed: starting calls, cancelling them, closing the client.
 * Blocking: each has a twin that ends in _wait and hands over the result, also of what could not be started. It is NULL
 * where the status is UVREST_E_INVALID or UVREST_E_NOMEM, for which uvrest_call_options.reason is there.
 * Life: a client holds its loop only while calls are pending, so uv_run() and uvrest_client_run() return after the last
 * callback.
 * Time: a timeout or a deadline says when waiting ends. While a callback holds the loop up nothing is read, so where
 * one of them passes meanwhile, what has arrived by then is read first: an answer among it counts, only silence is
 * UVREST_E_TIMEOUT. The time of an attempt begins when the loop comes to it. Only connect_timeout_ms runs on meanwhile:
 * nothing was sent by then, so another attempt is made.
 * Threads: a client is used on one thread, that of its loop. One made with own_thread turns a loop of its own on a
 * thread of its own, and may be used from any: starts, _wait functions, uvrest_client_run(), _stats(), _close() and
 * _free(). Its callbacks, hooks and log lines run on its thread, which leaves all signals but those of its own faults
 * to the program's others; there out_call must be NULL, and calls are cancelled through uvrest_call_options.cancel. A
 * uvrest_cancel may be triggered from any thread, whatever the client. Ending a client is the business of one thread:
 * _wait functions and uvrest_client_run() under way on others return, but nothing may be begun any more.
 * Memory: the words borrowed, copied, owned, arena and taken are defined in docs/memory.md.
 */
#ifndef UVREST_CLIENT_H
#define UVREST_CLIENT_H

#include <uvrest/json.h>
#include <uvrest/rate_limit.h>

UVREST_BEGIN_DECLS

struct uv_loop_s; /* libuv's loop, named without pulling in uv.h */
typedef struct uvrest_client uvrest_client; /* from uvrest_client_new() to uvrest_client_free() or _close() */
typedef struct uvrest_call uvrest_call; /* from its start until its callback returns */
typedef struct uvrest_group uvrest_group; /* several calls that are waited for: <uvrest/group.h> */
typedef struct uvrest_cancel uvrest_cancel; /* from uvrest_cancel_new() to uvrest_cancel_free() */

/** How important a log line is. */
typedef enum uvrest_log_level {
    UVREST_LOG_ERROR = 1,
    UVREST_LOG_WARNING = 2,
    UVREST_LOG_INFO = 3, /* retries, waits, pauses */
    UVREST_LOG_DEBUG = 4 /* every attempt: method, path, status, duration */
} uvrest_log_level;

struct uvrest_header; /* below */
struct uvrest_header_lines; /* what a hook has added */

/** An attempt that is about to be sent. Borrowed until the hook returns. */
typedef struct uvrest_request_event {
    const char *method; /* "GET" */
    const char *path; /* without its query; the client's credentials and the call's are struck out; cut to 511 bytes */
    const char *operation; /* the call's name in the library; "raw" for a raw call */
    uint32_t attempt; /* 1 for a call's first sending */
    struct uvrest_header_lines *lines; /* for uvrest_request_add_header() */
} uvrest_request_event;
/** Sees each attempt before it is sent, and may add to it. It may not call into the client. */
typedef void uvrest_request_fn(const uvrest_request_event *event, void *user);
/**
 * Adds a header line "Name: value" to the attempt, a trace's identity for instance; copied, wiped after it. Inside the
 * hook only. UVREST_E_INVALID: as for uvrest_call_options.headers, then nothing is added. UVREST_E_LIMIT,
 * UVREST_E_NOMEM: then the call ends with that.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_request_add_header(const uvrest_request_event *event, const char *line);

/** An attempt that has ended by itself, not by a cancel or a deadline. Borrowed until the hook returns. */
typedef struct uvrest_response_event {
    const char *method; /* these four as above */
    const char *path;
    const char *operation;
    uint32_t attempt;
    int http_status; /* 0 if no answer arrived */
    uvrest_status status; /* UVREST_OK if an answer arrived whole, whatever its http_status; else why not */
    const struct uvrest_header *headers; /* of the answer, in order; NULL if none */
    size_t n_headers;
    size_t body_bytes; /* received, after decompression */
    uint64_t duration_us; /* of the attempt */
} uvrest_response_event;
/** Sees each attempt after it has ended. It may not call into the client. */
typedef void uvrest_response_fn(const uvrest_response_event *event, void *user);

/** How to make a client; a literal with what differs. */
typedef struct uvrest_client_options {
#include <uvrest/client_options.inc>
    /* header lines "Name: value", NULL-ended; copied, wiped at close, sent to base_url's origin only; default NULL */
    const char *const *credentials;
} uvrest_client_options;

/**
 * Makes a client. Nothing is sent before the first call. *out_client is owned: end it with uvrest_client_free() or
 * uvrest_client_close(). On failure it is untouched, and options->reason says why: UVREST_E_INVALID (which field),
 * UVREST_E_LIMIT (a text or the credentials are longer than allowed), UVREST_E_TLS (a CA file that cannot be read),
 * UVREST_E_STATE (the libcurl found is too old, or SSLKEYLOGFILE is set in a set-uid program), UVREST_E_IO (no
 * descriptors left for a loop), UVREST_E_NOMEM. A caller's loop may after a failure need one more turn before it, and
 * alloc, can go.
 * The first client of a process sets libcurl up, unless the program has done so: with malloc's memory, of which each
 * thread that calls libcurl keeps up to 128 KiB for reuse. Whoever wants other functions calls curl_global_init_mem()
 * before; libuvrest stays loaded once libcurl has ours.
 * size: the caller's sizeof *options; a smaller one means older fields only, a larger one must be zero beyond ours.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_client_new_sized(const uvrest_client_options *options, size_t size,
                                                                 uvrest_client **out_client);
/** The same, with the caller's own idea of the size. */
UVREST_MUST_USE static inline uvrest_status uvrest_client_new(const uvrest_client_options *options,
                                                              uvrest_client **out_client)
{
    return uvrest_client_new_sized(options, sizeof *options, out_client);
}

/**
 * Runs the client's own loop until no call is pending; with own_thread it only waits for that. UVREST_E_BUSY if the
 * loop is running already (from inside a callback), UVREST_E_STATE for a client on a caller's loop, or in a process
 * forked from the client's.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_client_run(uvrest_client *client);

/**
 * Ends a client with a loop of its own: pending calls get their callback with UVREST_E_CANCELLED, everything is closed
 * and freed before it returns; from inside one of its callbacks it does the same as soon as the loop is back, from
 * inside a hook or on_log, which may not call it, when the loop is run next. For a client on a caller's loop it is
 * uvrest_client_close() without on_closed. In a process forked from the client's it frees memory only, with own_thread
 * not even that. NULL is accepted.
 */
UVREST_API void uvrest_client_free(uvrest_client *client);
/** uvrest_client_free(*client), and sets it to NULL: for __attribute__((cleanup)). */
UVREST_API void uvrest_client_freep(uvrest_client **client);

/**
 * Runs once, on the loop; with own_thread on that thread. The client is gone; its allocator may go now, and its loop as
 * soon as that stops running.
 */
typedef void uvrest_client_closed_fn(void *user);
/**
 * Ends a client on a caller's loop, or one with own_thread, for which it does not wait: each pending call gets its
 * callback, with UVREST_E_CANCELLED, then on_closed (may be NULL) runs; all of it later, from the loop, so a callback
 * too may call this. Calls after it are refused with UVREST_E_STATE; a second close is ignored. In a process forked
 * from the client's it is uvrest_client_free(), and on_closed does not run.
 */
UVREST_API void uvrest_client_close(uvrest_client *client, uvrest_client_closed_fn *on_closed, void *user);

/** Which calls go first; inside one priority it is first come, first served. */
typedef enum uvrest_priority {
    UVREST_PRIORITY_NORMAL = 0,
    UVREST_PRIORITY_HIGH = 1, /* somebody is waiting for it */
    UVREST_PRIORITY_BULK = 2 /* leaves the last of the budget to others: rate_limit.bulk_reserve */
} uvrest_priority;

/** What one call does differently. Zero means the client's own. All of it is borrowed until the start returns. */
typedef struct uvrest_call_options {
    uint32_t connect_timeout_ms;
    uint32_t timeout_ms;
    uint32_t deadline_ms; /* from the start of the call */
    uint32_t attempts;
    uvrest_priority priority;
    bool retry_unsafe; /* also repeat a POST or PATCH that may have been executed */
    bool strict; /* as in the client options */
    bool write_read_only; /* send read-only members of the body too */
    bool absent_is_ok; /* 404 is success without a value (metadata views: no values yet) */
    /* more header lines, NULL-ended; copied. An Accept, Accept-Encoding, Content-Type or User-Agent takes the place of
     * ours; a line without a value is not sent */
    const char *const *headers;
    const char *const *query; /* more query members: name, value, name, value, NULL; copied, encoded by us */
    const char *const *credentials; /* instead of the client's: header lines, NULL-ended; copied, wiped */
    uvrest_reason *reason; /* written when the start fails */
    uvrest_cancel *cancel; /* ends the call when it is triggered; the call keeps it alive */
    uvrest_group *group; /* of the same client: counts the call, and waits for it */
} uvrest_call_options;

/** What the server did with a call that failed. */
typedef enum uvrest_executed {
    UVREST_EXECUTED_NO = 0,
    UVREST_EXECUTED_MAYBE = 1,
    UVREST_EXECUTED_YES = 2
} uvrest_executed;

/** One header of an answer. Names as received. */
typedef struct uvrest_header {
    const char *name;
    const char *value;
} uvrest_header;

/** How a call ended. Never NULL. Borrowed until the callback that received it returns, unless uvrest_call_take(). */
typedef struct uvrest_result {
    uvrest_status status; /* UVREST_OK, or why there is no value */
    int http_status; /* 0 if no answer arrived */
    /* times we sent it; 0 if it never left the queue. A GET or PUT whose idle connection turns out to be dead may go
     * out once more within one attempt */
    uint32_t attempts;
    uvrest_executed executed; /* no, maybe, yes: what the server did with it */
    int64_t retry_after_ms; /* what the server asked for; -1 if nothing */
    int64_t quota_left; /* RateLimit-Remaining of the answer; -1 if it named none */
    const char *request_id; /* the server's name for it, or NULL */
    const char *message; /* the server's own words, or ours; never NULL; "" on plain success; no secrets */
    const char *where; /* decoding failed: the member, as "objects[3].title", "" for the whole; else NULL */
    const char *missing_role; /* 403: the roles the API's documents list for this call, comma-separated; else NULL */
    uvrest_raw body; /* the answer's body as it came, also on errors; text NULL if none */
    const uvrest_header *headers; /* of the answer, in order; NULL if none */
    size_t n_headers;
    const uvrest_decode_note *notes; /* what did not fit the schema; NULL if all did */
    size_t n_notes;
    size_t n_notes_dropped; /* beyond the limit */
    uint64_t queued_us; /* waiting for its turn, the budget or a back-off, microseconds */
    uint64_t transfer_us; /* the last attempt, microseconds */
    uvrest_call *call;
} uvrest_result;

/** The first header of that name, case ignored, or NULL. Borrowed with the result. */
UVREST_API const char *uvrest_result_header(const uvrest_result *result, const char *name);

/** Receives the end of a call whose answer has no body. Borrowed until it returns. */
typedef void uvrest_done_fn(const uvrest_result *result, void *user);
/** Receives raw JSON, or NULL and why. */
typedef void uvrest_raw_fn(const uvrest_raw *value, const uvrest_result *result, void *user);
/** Receives bytes, or NULL and why. */
typedef void uvrest_bytes_fn(const uvrest_bytes *value, const uvrest_result *result, void *user);
/** Receives text, or NULL and why. */
typedef void uvrest_text_fn(const char *value, const uvrest_result *result, void *user);

/** Ends a call early. Its callback still runs once, later, with whichever came first. */
UVREST_API void uvrest_call_cancel(uvrest_call *call);

/**
 * Makes a token that cancels every call it was given to by uvrest_call_options.cancel: any number, of any clients, on
 * any loops. alloc: borrowed until the token is freed and its calls have ended, NULL for malloc; it must be safe on all
 * threads these run on. *out_cancel is owned: uvrest_cancel_free(). UVREST_E_INVALID, UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_cancel_new(const uvrest_alloc *alloc, uvrest_cancel **out_cancel);
/**
 * Ends all calls of the token: each still gets its callback, once, from its own loop, with UVREST_E_CANCELLED or with
 * what came first. Calls that would start with it from now on fail with UVREST_E_CANCELLED at their start. From any
 * thread, inside callbacks too; a second time does nothing.
 */
UVREST_API void uvrest_cancel_trigger(uvrest_cancel *cancel);
/** Whether it was triggered. From any thread. */
UVREST_API bool uvrest_cancel_is_triggered(uvrest_cancel *cancel);
/** Lets go of a token: calls that have it go on, and nothing can cancel them through it any more. NULL is accepted. */
UVREST_API void uvrest_cancel_free(uvrest_cancel *cancel);

/**
 * Keeps a call's result beyond its callback. Allowed inside that callback only, once. The result and the value that
 * came with it stay valid; they are owned: uvrest_result_free() of the result that the callback received; its `call`
 * becomes NULL. UVREST_E_STATE at any other time; UVREST_E_NOMEM where there was no memory for the result, whatever the
 * call's status.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_call_take(uvrest_call *call);
/** Frees a result that was taken or came from a _wait function, and its value. NULL is accepted. */
UVREST_API void uvrest_result_free(uvrest_result *result);

/** HTTP methods. */
typedef enum uvrest_method {
    UVREST_GET = 0,
    UVREST_POST = 1,
    UVREST_PUT = 2,
    UVREST_PATCH = 3,
    UVREST_DELETE = 4,
    UVREST_HEAD = 5
} uvrest_method;

/** A call to an endpoint the generated library lacks. It goes through every policy. */
typedef struct uvrest_request {
    uvrest_method method; /* default GET */
    const char *path; /* from the root, "/API/x/v1/y/", already percent-encoded; required */
    const char *const *query; /* name, value, …, NULL; encoded by us; default NULL */
    const void *body; /* default NULL: none; not with HEAD */
    size_t body_len;
    const char *content_type; /* of the body; default "application/json" */
    bool safe; /* a POST or PATCH that changes nothing: may be repeated */
    const uvrest_call_options *call; /* default NULL: the client's */
} uvrest_request;

/**
 * Starts a raw call. The value is the answer's body. UVREST_E_INVALID, UVREST_E_LIMIT, UVREST_E_STATE, UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_call_raw(uvrest_client *client, const uvrest_request *request,
                                                         uvrest_bytes_fn *done, void *user, uvrest_call **out_call);
/**
 * The same, blocking: runs the client's loop until this call is done. *out_result is owned: uvrest_result_free(), which
 * also ends *out_value (may be NULL for no interest). With own_thread it waits for that thread. UVREST_E_BUSY if the
 * loop is running: from inside what any client on that loop calls, and from what a caller's loop reports of
 * descriptors, signals and finished work. libuv has no means to tell it from inside a caller's own timer, nor from an
 * idle, prepare, check or closing callback, nor to a client that was made in the same report: do not wait there.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_call_raw_wait(uvrest_client *client, const uvrest_request *request,
                                                              const uvrest_bytes **out_value,
                                                              uvrest_result **out_result);

/** Tells how far reading a local file is: bytes of total. On the loop. Return false to cancel. */
typedef bool uvrest_progress_fn(uint64_t done_bytes, uint64_t total_bytes, void *user);

/** Why calls had to wait. */
typedef enum uvrest_wait_cause {
    UVREST_WAIT_CONNECTION = 0, /* max_in_flight or pool_maxsize is reached */
    UVREST_WAIT_WINDOW = 1, /* the request budget is used up */
    UVREST_WAIT_RESERVE = 2, /* what is left of it is not for bulk calls */
    UVREST_WAIT_CONTACT = 3, /* the first answer has not told yet what is left */
    UVREST_WAIT_VERIFY = 4, /* the server's count must confirm the budget */
    UVREST_WAIT_PEERS = 5, /* somebody else uses the budget */
    UVREST_WAIT_PAUSED = 6, /* after a 429 */
    UVREST_WAIT_PER_SECOND = 7, /* the limit a second is reached */
    UVREST_WAIT_GRADUATED = 8, /* UVREST_POLICY_GRADUATED: little of the quota is left */
    UVREST_WAIT_ACQUIRE = 9, /* the acquire hook has granted nothing yet */
    UVREST_WAIT_BACKOFF = 15 /* before a retry */
} uvrest_wait_cause;
/** Room for all causes, later ones too. */
#define UVREST_WAIT_CAUSES 16

/** What a client has done since it was made; readable at any time on its thread, with own_thread on any. */
typedef struct uvrest_stats {
    uint64_t calls; /* started */
    uint64_t completed; /* callbacks run */
    uint64_t attempts; /* sendings */
    uint64_t retries; /* sendings beyond a call's first, for causes other than 429 */
    uint64_t throttled; /* 429 answers */
    uint64_t bytes_sent; /* bodies of attempts that are over and found a connection, each time one went out */
    uint64_t bytes_received; /* bodies, after decompression */
    uint32_t queued; /* calls waiting now */
    uint32_t in_flight; /* attempts under way now */
    int64_t quota_left; /* as last seen in an answer; -1 before */
    uint64_t connections; /* sockets opened, those that came to nothing included */
    uint64_t pending; /* calls now whose callback has not run */
    /* times waiting began, by cause; calls that wait together count once, but for UVREST_WAIT_BACKOFF */
    uint64_t waits[UVREST_WAIT_CAUSES];
} uvrest_stats;

/** Copies the counters. */
UVREST_API void uvrest_client_stats(const uvrest_client *client, uvrest_stats *out_stats);

/** The library's version, "0.1.0". Static text. */
UVREST_API const char *uvrest_version(void);

UVREST_END_DECLS
#endif /* UVREST_CLIENT_H */
