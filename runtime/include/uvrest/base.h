/* SPDX-License-Identifier: MIT */
/**
 * @file base.h
 * What every other header stands on: status codes, the allocator, the arena.
 *
 * Threads: a status is a number; an allocator's functions are called on the thread that uses the object it was given
 * to; an arena belongs to one thread at a time.
 * Memory: the words borrowed, copied, owned, arena and taken are defined in docs/memory.md.
 */
#ifndef UVREST_BASE_H
#define UVREST_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define UVREST_BEGIN_DECLS extern "C" {
#define UVREST_END_DECLS }
#else
#define UVREST_BEGIN_DECLS
#define UVREST_END_DECLS
#endif

/* Everything is compiled with hidden visibility; what carries UVREST_API is exported. */
#if defined(__GNUC__)
#define UVREST_API __attribute__((visibility("default")))
#define UVREST_MUST_USE __attribute__((warn_unused_result))
#else
#define UVREST_API
#define UVREST_MUST_USE
#endif

UVREST_BEGIN_DECLS

/**
 * What can happen: X(name, value, text). Values are frozen; new ones are appended. A number says what happened,
 * uvrest_result says why.
 */
#define UVREST_STATUSES(X)                                                                                             \
    X(OK, 0, "success")                                                                                                \
    X(E_INVALID, -1, "an argument is missing or not allowed")                                                          \
    X(E_NOMEM, -2, "out of memory")                                                                                    \
    X(E_STATE, -3, "not possible in this state")                                                                       \
    X(E_BUSY, -4, "the loop is already running")                                                                       \
    X(E_LIMIT, -5, "a configured limit is exceeded")                                                                   \
    X(E_CANCELLED, -6, "cancelled")                                                                                    \
    X(E_TIMEOUT, -7, "timed out")                                                                                      \
    X(E_IO, -8, "a local file or resource failed")                                                                     \
    X(E_DNS, -9, "the host name does not resolve")                                                                     \
    X(E_CONNECT, -10, "no connection")                                                                                 \
    X(E_TLS, -11, "the TLS connection is not trusted or failed")                                                       \
    X(E_NETWORK, -12, "the connection broke")                                                                          \
    X(E_PROTOCOL, -13, "the peer does not speak HTTP as it should")                                                    \
    X(E_REJECTED, -14, "the server rejects the request")                                                               \
    X(E_AUTH, -15, "the server does not accept the credentials")                                                       \
    X(E_FORBIDDEN, -16, "not permitted")                                                                               \
    X(E_NOT_FOUND, -17, "not found")                                                                                   \
    X(E_CONFLICT, -18, "conflict with the state on the server")                                                        \
    X(E_THROTTLED, -19, "the server's rate limit is exhausted")                                                        \
    X(E_SERVER, -20, "the server failed")                                                                              \
    X(E_DECODE, -21, "not valid JSON, or not the content that was promised")                                           \
    X(E_SCHEMA, -22, "valid JSON of another shape than promised")

/** Every function that can fail returns one of these: 0 or a negative number. */
typedef enum uvrest_status {
#define UVREST_X(name, value, text) UVREST_##name = (value),
    UVREST_STATUSES(UVREST_X)
#undef UVREST_X
} uvrest_status;

/** "UVREST_E_TIMEOUT" for a status; "UVREST_E_?" for a number that is none. Static text. */
UVREST_API const char *uvrest_status_name(uvrest_status status);
/** A short English sentence for a status. Static text. */
UVREST_API const char *uvrest_status_text(uvrest_status status);

/**
 * Why a function said UVREST_E_INVALID or another error before anything was sent: "asset_id: empty". Memory of the
 * caller, given where options have a field `reason`; written only on failure, always NUL-ended, cut where too long,
 * never holding a secret.
 */
typedef struct uvrest_reason {
    char text[192];
} uvrest_reason;

/**
 * Where memory comes from. All three functions are set, or the whole pointer is NULL for malloc. resize follows
 * realloc() (NULL old pointer allocates), release takes NULL. Called only on the thread that uses the owning object.
 */
typedef struct uvrest_alloc {
    void *(*allocate)(size_t size, void *user);
    void *(*resize)(void *memory, size_t size, void *user);
    void (*release)(void *memory, void *user);
    void *user;
} uvrest_alloc;

/**
 * Memory that is released as a whole: decoded answers live in one. Opaque; what it hands out is aligned for any type
 * and lives until uvrest_arena_free() or uvrest_arena_reset().
 */
typedef struct uvrest_arena uvrest_arena;

/**
 * Makes an arena. alloc: borrowed until the arena is freed, NULL for malloc. max_bytes: ceiling of what it may take
 * from alloc, 0 for none. *out_arena is owned: uvrest_arena_free(). Fails with UVREST_E_NOMEM only.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_arena_new(const uvrest_alloc *alloc, size_t max_bytes,
                                                          uvrest_arena **out_arena);
/** Frees the arena and all that was allocated from it. NULL is accepted. */
UVREST_API void uvrest_arena_free(uvrest_arena *arena);
/** Makes everything allocated from it invalid and keeps the memory for reuse. */
UVREST_API void uvrest_arena_reset(uvrest_arena *arena);
/** Zero-filled memory from the arena; NULL when memory or max_bytes is exhausted. size 0 gives a valid pointer. */
UVREST_API UVREST_MUST_USE void *uvrest_arena_alloc(uvrest_arena *arena, size_t size);
/** A copy of len bytes with a closing NUL, from the arena; NULL when memory or max_bytes is exhausted. */
UVREST_API UVREST_MUST_USE char *uvrest_arena_copy(uvrest_arena *arena, const char *text, size_t len);
/** Bytes handed out since it was made or reset. */
UVREST_API size_t uvrest_arena_used(const uvrest_arena *arena);

UVREST_END_DECLS
#endif /* UVREST_BASE_H */
