/* SPDX-License-Identifier: MIT */
/**
 * @file json.h
 * The codec: JSON text to models and back, driven by the tables of a generated library. Calls do this by themselves;
 * these functions are for bodies that come another way (webhooks, files, raw calls).
 *
 * Standard: RFC 8259; of duplicate members the last wins; a byte order mark at the start is skipped.
 * Lossless: what a member cannot hold exactly is in the model's `extra` and is written back as it came.
 * Threads: tables are constant; any number of threads may decode and encode, each with its own arena.
 * Memory: all of a decoded value is in the arena; the text is borrowed until the function returns. A text that is
 * itself of that arena is not copied where a value is kept as text: such raw values point into it, so it must not
 * change.
 */
#ifndef UVREST_JSON_H
#define UVREST_JSON_H

#include <uvrest/value.h>

UVREST_BEGIN_DECLS

/** The tables of one service; opaque, generated, constant. */
typedef struct uvrest_schema uvrest_schema;

/** One model: a row of a service's tables. From `iconik_<service>_model(ICONIK_<SERVICE>_MODEL_<NAME>)`. */
typedef struct uvrest_model {
    const uvrest_schema *schema;
    uint16_t id;
} uvrest_model;

/** Something in the text that did not fit; the value itself is kept in the model's extra. */
typedef struct uvrest_decode_note {
    const char *path; /* arena; "objects[3].status", "" for the root */
    const char *expected; /* static; "int32", "a known enum value", "a required member" … */
    const char *found; /* arena; kind or bounded excerpt of what came, control characters and backslashes escaped */
    size_t offset; /* byte offset in the text */
} uvrest_decode_note;

/** How to decode; all zero is the default. Fields are only appended. */
typedef struct uvrest_decode_options {
    bool strict; /* the first misfit fails the decode with UVREST_E_SCHEMA; default: noted, not fatal */
    uint32_t max_depth; /* nesting accepted; default and most 512 */
    uint32_t max_notes; /* notes kept, further ones are counted only; default 64 */
    size_t max_bytes; /* ceiling of arena growth by this decode; default 0: the arena's own */
} uvrest_decode_options;

/** What a decode found. All of it is arena or static. */
typedef struct uvrest_decode_report {
    const uvrest_decode_note *notes; /* NULL if none */
    size_t n_notes;
    size_t n_notes_dropped; /* beyond max_notes */
    uvrest_decode_note failure; /* on UVREST_E_DECODE, _SCHEMA and _LIMIT: what, where; else all zero */
} uvrest_decode_report;

/**
 * Decodes text into a model. *out_value points to the struct of that model (arena). options and out_report may be NULL;
 * out_report is written whenever given.
 * UVREST_E_DECODE: the text is not one valid JSON value. UVREST_E_SCHEMA: it is no object (the model a struct), or
 * strict and something does not fit. UVREST_E_LIMIT: depth or bytes. UVREST_E_NOMEM. *out_value is written on success
 * only.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_json_decode(uvrest_model model, const char *text, size_t len,
                                                            const uvrest_decode_options *options, uvrest_arena *arena,
                                                            const void **out_value, uvrest_decode_report *out_report);

/** What encoding writes beside set members. Or-ed together. */
typedef enum uvrest_encode_flags {
    UVREST_ENCODE_DEFAULT = 0,
    UVREST_ENCODE_READ_ONLY = 1, /* write read-only members too */
    UVREST_ENCODE_PARTIAL = 2 /* a PATCH body: required members may be absent */
} uvrest_encode_flags;

/**
 * Encodes a model. out_text: arena, NUL-ended beyond its length.
 * UVREST_E_INVALID, with reason (may be NULL) naming the member by path: required member absent, NaN or infinity, text
 * that is not UTF-8, a raw that is not JSON, an _UNKNOWN enum value with no text in extra. UVREST_E_LIMIT: nested
 * deeper than 512. UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_json_encode(uvrest_model model, const void *value, unsigned flags,
                                                            uvrest_arena *arena, uvrest_raw *out_text,
                                                            uvrest_reason *reason);

/**
 * Makes the partial model that turns before into after: members that differ, null where a member went away, nothing
 * more; read-only members are left out; nested models, arrays and maps that differ are taken whole from after.
 * *out_patch is the model's struct, arena, its pointers shared with after. Generated code has a typed form for each
 * model a PATCH takes (iconik_asset_diff()). UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_json_diff(uvrest_model model, const void *before, const void *after,
                                                          uvrest_arena *arena, const void **out_patch);

/**
 * Checks that text is one valid JSON value, by the same scanner; white space around it is allowed, a byte order mark is
 * not. *out_offset (may be NULL): where it is not.
 * UVREST_E_DECODE, or UVREST_E_LIMIT beyond max_depth (0: 512).
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_json_check(const char *text, size_t len, uint32_t max_depth,
                                                           size_t *out_offset);

UVREST_END_DECLS
#endif /* UVREST_JSON_H */
