/* SPDX-License-Identifier: MIT */
/**
 * @file value.h
 * The values models are made of: numbers and booleans beside their presence, raw JSON, text maps, and the extra
 * members a model carries without knowing them.
 *
 * Every member has three states: absent (all zero), null, a value; 0, false, "" and [] are values.
 *
 * | member | absent | null, to send | a value | null, as read |
 * | --- | --- | --- | --- | --- |
 * | text, nested model, array, map | NULL | UVREST_NULL | pointer | NULL, and uvrest_is_null(extra, name) |
 * | uvrest_opt_* | state UVREST_UNSET | state UVREST_IS_NULL | uvrest_i32(5) … | state UVREST_IS_NULL |
 * | enum | ..._UNSET | ..._NULL | the enumerator | ..._NULL |
 * | uvrest_raw | text NULL | the slice `null` | any slice | the slice `null` |
 *
 * Threads: plain data; share it as you would an int.
 * Memory: what a decoder made is arena; what a caller fills in is borrowed by the call it is given to.
 */
#ifndef UVREST_VALUE_H
#define UVREST_VALUE_H

#include <uvrest/base.h>

UVREST_BEGIN_DECLS

/** Whether a uvrest_opt_* holds something. */
typedef enum uvrest_state { UVREST_UNSET = 0, UVREST_IS_NULL = 1, UVREST_IS_SET = 2 } uvrest_state;

typedef struct uvrest_opt_bool {
    bool value;
    uint8_t state; /* uvrest_state */
} uvrest_opt_bool;

typedef struct uvrest_opt_i32 {
    int32_t value;
    uint8_t state; /* uvrest_state */
} uvrest_opt_i32;

typedef struct uvrest_opt_i64 {
    int64_t value;
    uint8_t state; /* uvrest_state */
} uvrest_opt_i64;

typedef struct uvrest_opt_f64 {
    double value;
    uint8_t state; /* uvrest_state */
} uvrest_opt_f64;

/** Set values, as in `.per_page = uvrest_i32(50)`. */
static inline uvrest_opt_bool uvrest_bool(bool value)
{
    uvrest_opt_bool opt = {value, UVREST_IS_SET};
    return opt;
}
static inline uvrest_opt_i32 uvrest_i32(int32_t value)
{
    uvrest_opt_i32 opt = {value, UVREST_IS_SET};
    return opt;
}
static inline uvrest_opt_i64 uvrest_i64(int64_t value)
{
    uvrest_opt_i64 opt = {value, UVREST_IS_SET};
    return opt;
}
static inline uvrest_opt_f64 uvrest_f64(double value)
{
    uvrest_opt_f64 opt = {value, UVREST_IS_SET};
    return opt;
}

/* The addresses behind UVREST_NULL and UVREST_EMPTY; never read through. 16 bytes, aligned for any model. */
UVREST_API extern const uint64_t uvrest_null_marker[2];
UVREST_API extern const uint64_t uvrest_empty_marker[2];

#ifdef __cplusplus
/** A const void * that becomes a pointer to any type by itself, as in C. */
extern "C++" struct uvrest_any_pointer {
    const void *address;
    template <typename type> operator const type *() const
    {
        return static_cast<const type *>(address);
    }
};
#define UVREST_MARKER(marker) (uvrest_any_pointer{marker})
#else
#define UVREST_MARKER(marker) ((const void *)(marker))
#endif
/** Sends JSON null for a text, nested model, array or map: `.category = UVREST_NULL`. Never produced by reading. */
#define UVREST_NULL UVREST_MARKER(uvrest_null_marker)
/** An empty array or map, which is a value: `.tags = UVREST_EMPTY, .n_tags = 0`. Any non-NULL pointer does. */
#define UVREST_EMPTY UVREST_MARKER(uvrest_empty_marker)

/**
 * A JSON value as text: what has no schema is kept as it came and costs nothing until asked. All zero means absent.
 * As read: arena. To send: borrowed by the call; it must be one valid JSON value, which is checked when encoding.
 * Initialise it with names, `{.text = text, .len = len}`, or by uvrest_raw_of().
 */
typedef struct uvrest_raw {
    const char *text; /* not NUL-ended */
    size_t len;
    /**
     * Set by reading, so that encoding need not check again what was read; leave it alone or 0. It holds for this text
     * at this length only: give a copied struct another text or length and that is checked. It relies on what a const
     * text promises: the bytes do not change, and the struct is not kept beyond their arena.
     */
    uint64_t checked;
} uvrest_raw;

/** The raw value of a text that is yet to be checked: `.metadata = uvrest_raw_of("{}", 2)`. text: borrowed. */
static inline uvrest_raw uvrest_raw_of(const char *text, size_t len)
{
    uvrest_raw raw = {text, len, 0};
    return raw;
}

/** Bytes with their content type: bodies that are not JSON (subtitles, images, CSV). */
typedef struct uvrest_bytes {
    const void *data;
    size_t len;
    const char *content_type; /* "text/vtt"; NULL if the server named none */
} uvrest_bytes;

/** A member of a map with text values. value NULL is JSON null. */
typedef struct uvrest_text_entry {
    const char *key;
    const char *value;
} uvrest_text_entry;

/** An object with free keys and text values. entries NULL means absent. */
typedef struct uvrest_text_map {
    const uvrest_text_entry *entries;
    size_t n_entries;
} uvrest_text_map;

/**
 * What a model carries beside its typed members: unknown members, members whose value does not fit the type (the typed
 * member is then unset), and which members were null. Written back as it came. A typed member that is set wins over it.
 * Immutable: the functions that change one make a copy, so models that share one do not notice. NULL is a valid, empty
 * one everywhere.
 */
typedef struct uvrest_extra uvrest_extra;

/** A member of an extra. name: arena, NUL-ended; it may hold NUL bytes, so name_len counts. */
typedef struct uvrest_extra_member {
    const char *name;
    size_t name_len;
    uvrest_raw value;
} uvrest_extra_member;

/**
 * Whether the member was read as null, or was set to null by uvrest_extra_set(). Members that have a null of their own
 * (uvrest_opt_*, enums, uvrest_raw) say so themselves and not here.
 */
UVREST_API bool uvrest_is_null(const uvrest_extra *extra, const char *name);
/** Looks a member up by wire name. false and an untouched *out_value if it has none. */
UVREST_API bool uvrest_extra_get(const uvrest_extra *extra, const char *name, uvrest_raw *out_value);
/** How many members it has, nulls included. */
UVREST_API size_t uvrest_extra_count(const uvrest_extra *extra);
/**
 * The index-th member; all NULL and zero from uvrest_extra_count() on. First the model's own members that were null, in
 * the model's order, then all others in the order they were read.
 */
UVREST_API uvrest_extra_member uvrest_extra_at(const uvrest_extra *extra, size_t index);
/**
 * Adds or replaces a member in *extra (which may be NULL) for sending: *extra becomes a copy in the arena, name and
 * value copied. UVREST_E_INVALID if value is not one valid JSON value; UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_extra_set(uvrest_extra **extra, const char *name, uvrest_raw value,
                                                          uvrest_arena *arena);
/** Makes a member absent: *extra becomes a copy in the arena without it. A name it lacks is no error. */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_extra_drop(uvrest_extra **extra, const char *name, uvrest_arena *arena);

struct cJSON; /* cJSON's tree, named without pulling in cJSON.h */

/**
 * Makes a cJSON tree of a raw value. *out_tree is owned: cJSON_Delete(). cJSON keeps numbers as doubles, cuts text at
 * an embedded NUL and has U+FFFD for a lone surrogate; the slice itself is exact. UVREST_E_INVALID if raw is absent,
 * UVREST_E_DECODE if it is not valid JSON, UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_raw_to_cjson(uvrest_raw raw, struct cJSON **out_tree);
/** Prints a cJSON tree into the arena. UVREST_E_INVALID if it holds what JSON cannot (NaN, text that is not UTF-8) or
 * is nested deeper than 512, UVREST_E_NOMEM. */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_raw_from_cjson(const struct cJSON *tree, uvrest_arena *arena,
                                                               uvrest_raw *out_raw);

UVREST_END_DECLS
#endif /* UVREST_VALUE_H */
