/* SPDX-License-Identifier: MIT */
/*
 * Structs to JSON text, driven by tables, straight into the free end of the arena: nothing else is allocated from it
 * meanwhile, and what does not fit its block moves to one four times as large, or as large as the rest of the outermost
 * array is likely to need: what is not written to is only addresses, and what is left of it serves whoever allocates
 * next.
 *
 * Where a writing function stands: `at` is where the next byte goes. It is called with ROOM bytes free there, so that
 * whatever is short is written without asking, and returns where it stopped with SPARE bytes free, so that whoever
 * called it sets a comma or a colon without asking; NULL when encoding has failed and writer.status says how. In an
 * array or an object every element ends in a comma, and closing it overwrites the last one.
 */
#include "encode.h"
#include "ceilings.h"
#include "checked.h"
#include "extra.h"
#include "number.h"
#include "path.h"
#include "walk.h"

#include "arena.h"

#include <math.h>

typedef uvrest__frame frame;

enum {
    ALL = UVREST__JSON_FIELDS_MAX + 1, /* members, those that a model does not have included */
    FIRST_ROOM = 2048,
    HINT_MAX = 32 << 20, /* what more a block is made for, since the first elements may be the only large ones */
    SPARE = 16,
    ROOM = UVREST__NUMBER_TEXT_MAX + SPARE, /* any number, word or bracket */
    NAME_ROOM =
        UVREST__JSON_NAME_MAX + 4 + UVREST__BLOCK + ROOM /* a name of the tables, and what is written behind it */
};

typedef struct writer {
    char *end;
    char *begin;
    const uvrest_schema *schema;
    uvrest_arena *arena;
    const frame *list; /* the outermost array or map being written, at its index; NULL outside of one */
    size_t n_list; /* its elements */
    unsigned first; /* of the root's members those from here ... */
    unsigned behind; /* ... to before here are written; those it does not have count as the one behind its last */
    unsigned depth;
    uint8_t skipped; /* members with this flag are not written */
    bool partial; /* required members may be absent */
    uvrest_status status;
    uvrest_reason *reason; /* may be NULL */
} writer;

/* The member that tells which case of a union an object is; written if the object has none of its own. */
typedef struct case_tag {
    uint16_t name; /* 0: of no union */
    uint16_t text;
} case_tag;

static char *write_object(writer *w, char *at, unsigned model, const char *value, case_tag tag, const frame *up);

/* Members are of many pointer types; all have one form. */
UVREST__HOT const void *load_pointer(const void *member)
{
    const void *pointer;
    memcpy(&pointer, member, sizeof pointer);
    return pointer;
}

/* ---- failing and room -------------------------------------------------------------------------------------------- */

static UVREST__RARE char *fail(writer *w, const frame *f, uvrest_status status, const char *why)
{
    char *at;
    w->status = status;
    if (w->reason == NULL)
        return NULL;
    at = w->reason->text;
    at += uvrest__path_print(w->schema, f, at, sizeof w->reason->text - 64); /* no `why` is longer */
    if (at != w->reason->text) {
        memcpy(at, ": ", 2);
        at += 2;
    }
    memcpy(at, why, strlen(why) + 1);
    return NULL;
}

/* What the caller's value may not be. */
static UVREST__RARE char *refuse(writer *w, const frame *f, const char *why)
{
    return fail(w, f, UVREST_E_INVALID, why);
}

static UVREST__RARE char *fail_deep(writer *w, const frame *f)
{
    return fail(w, f, UVREST_E_LIMIT, "nested too deep");
}

/* Not marked as cold: gcc would take all that may call it for cold as well. */
static __attribute__((noinline)) char *grow(writer *w, char *at, size_t need)
{
    size_t len = (size_t)(at - w->begin), hint = (size_t)(w->end - w->begin);
    const bool absurd = need > SIZE_MAX / 8 - len;
    need += len;
    if (hint < need)
        hint = need;
    if (hint < FIRST_ROOM)
        hint = FIRST_ROOM;
    hint *= 4;
    if (w->list != NULL && w->list->index >= 4) /* else a few elements would speak for all */
        hint = need + need / 8 + need / w->list->index * (w->n_list - w->list->index);
    if (hint > 4 * need + HINT_MAX)
        hint = 4 * need + HINT_MAX;
    if (absurd || uvrest__arena_grow(w->arena, need, hint) != UVREST_OK)
        return fail(w, NULL, UVREST_E_NOMEM, "out of memory");
    if (len != 0)
        memcpy(w->arena->at, w->begin, len);
    w->begin = w->arena->at;
    w->end = w->arena->end;
    return w->begin + len;
}

/* `at`, or where it has moved to, with n bytes free. */
UVREST__HOT char *ensure(writer *w, char *at, size_t n)
{
    return UVREST__LIKELY((size_t)(w->end - at) >= n) ? at : grow(w, at, n);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* One character. Returns its length in the source, 0 if it is not UTF-8. Writes up to 6. */
static UVREST__RARE unsigned escape(char **to, const uint8_t *p, const uint8_t *end, bool any_name)
{
    static const char hex[] = "0123456789abcdef", letters[] = "btn\0fr";
    unsigned unit = *p, len = 1;
    char *at = *to;
    if (unit >= 0x80) {
        len = uvrest__utf8_len(p, end);
        /* A name that held a lone surrogate is kept in the three bytes UTF-8 has no use for. */
        if (len != 0 || !any_name || end - p < 3 || unit != 0xED || p[1] < 0xA0) {
            memcpy(at, p, len);
            *to = at + len;
            return len;
        }
        unit = 0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        len = 3;
    }
    *at++ = '\\';
    if (unit == '"' || unit == '\\') {
        *at++ = (char)unit;
    } else if (unit >= '\b' && unit <= '\r' && unit != '\v') {
        *at++ = letters[unit - '\b'];
    } else {
        *at++ = 'u';
        for (unsigned shift = 16; shift > 0;)
            *at++ = hex[unit >> (shift -= 4) & 15];
    }
    *to = at;
    return len;
}

/* Whether one of 16 bytes, given as two words, is not plain text. */
UVREST__HOT bool has_special(uint64_t first, uint64_t last)
{
#if UVREST__SCAN_SSE2
    return uvrest__block_special(_mm_set_epi64x((long long)last, (long long)first)) != 0;
#else
    return (uvrest__word_special(first) | uvrest__word_special(last)) != 0;
#endif
}

/* Copies n < 16 bytes if all of them are plain text: as two words, or as three bytes, which may overlap. */
UVREST__HOT bool copy_plain(char *to, const uint8_t *p, size_t n)
{
    uint64_t first, last;
    uint32_t low, high;
    if (n >= 8) {
        memcpy(&first, p, 8);
        memcpy(&last, p + n - 8, 8);
    } else if (n > 0) {
        low = high = p[0] | (uint32_t)p[n / 2] << 8 | (uint32_t)p[n - 1] << 16 | (uint32_t)p[0] << 24;
        if (n >= 4) {
            memcpy(&low, p, 4);
            memcpy(&high, p + n - 4, 4);
        }
        first = last = (uint64_t)high << 32 | low;
    } else {
        return true;
    }
    if (has_special(first, last))
        return false;
    if (n >= 8) {
        memcpy(to, &first, 8);
        memcpy(to + n - 8, &last, 8);
    } else if (n >= 4) {
        memcpy(to, &low, 4);
        memcpy(to + n - 4, &high, 4);
    } else {
        to[0] = (char)low;
        to[n / 2] = (char)(low >> 8);
        to[n - 1] = (char)(low >> 16);
    }
    return true;
}

/*
 * Goes on with a text at its first character that is not plain, to behind its closing quote. any_name: what a name of
 * foreign making may hold is written too.
 */
static UVREST__RARE char *write_special(writer *w, char *at, const uint8_t *p, const uint8_t *end, const frame *f,
                                        bool any_name)
{
    while (p < end) {
        unsigned n;
        /* Room for the longest escape, what is left as it is, the quote and a block stored too far. */
        at = ensure(w, at, (size_t)(end - p) + 7 + UVREST__BLOCK + SPARE);
        if (UVREST__UNLIKELY(at == NULL))
            return NULL;
        while (end - p >= 4 && *p >= 0x80 && (n = uvrest__utf8_word(uvrest__load32(p))) != 0) {
            memcpy(at, p, 4);
            p += n;
            at += n;
        }
        if (end - p >= UVREST__BLOCK) {
            uvrest__block16 block = uvrest__block_load(p);
            uvrest__mask special = uvrest__block_special(block);
            uvrest__block_store(at, block);
            n = special != 0 ? uvrest__mask_first(special) : (unsigned)UVREST__BLOCK;
            p += n;
            at += n;
            if (n != 0)
                continue;
        } else if (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
            *at++ = (char)*p++;
            continue;
        }
        if (p < end) {
            n = escape(&at, p, end, any_name);
            if (n == 0)
                return refuse(w, f, "not UTF-8");
            p += n;
        }
    }
    *at = '"';
    return at + 1;
}

static char *write_text(writer *w, char *at, const char *text, size_t len, const frame *f, bool any_name);

/* The same for a text without room. */
static __attribute__((noinline)) char *grow_and_write(writer *w, char *at, const char *text, size_t len, const frame *f,
                                                      bool any_name)
{
    at = grow(w, at, len + 2 + UVREST__BLOCK + SPARE);
    return at == NULL ? NULL : write_text(w, at, text, len, f, any_name);
}

/*
 * Text of a known length with its quotes; asks for its own room. The source is not read beyond its end: what is behind
 * the last whole block is checked and copied as the last block there is, part of which then is written twice. Calls are
 * the last thing it does, so that plain text needs no frame.
 */
static char *write_text(writer *w, char *at, const char *text, size_t len, const frame *f, bool any_name)
{
    const uint8_t *p = (const uint8_t *)text, *const end = p + len, *last;
    if (UVREST__UNLIKELY((size_t)(w->end - at) < len + 2 + UVREST__BLOCK + SPARE))
        return grow_and_write(w, at, text, len, f, any_name);
    *at++ = '"';
    if (len < UVREST__BLOCK) {
        if (UVREST__UNLIKELY(!copy_plain(at, p, len)))
            return write_special(w, at, p, end, f, any_name);
        at[len] = '"';
        return at + len + 1;
    }
    for (last = end - UVREST__BLOCK; p < last; p += UVREST__BLOCK, at += UVREST__BLOCK) {
        uvrest__block16 block = uvrest__block_load(p);
        uvrest__block_store(at, block);
        if (UVREST__UNLIKELY(uvrest__block_special(block) != 0))
            return write_special(w, at, p, end, f, any_name);
    }
    uvrest__block16 block = uvrest__block_load(last);
    if (UVREST__UNLIKELY(uvrest__block_special(block) != 0))
        return write_special(w, at, p, end, f, any_name);
    at += end - p;
    uvrest__block_store(at - UVREST__BLOCK, block);
    *at = '"';
    return at + 1;
}

static __attribute__((noinline)) char *write_c_text(writer *w, char *at, const char *text, const frame *f)
{
    return write_text(w, at, text, strlen(text), f, false);
}

static UVREST__RARE char *write_odd_pooled(writer *w, char *at, const char *text, unsigned len)
{
    at = write_text(w, at, text, len, NULL, true);
    if (at != NULL && (at = ensure(w, at, SPARE + ROOM)) != NULL)
        *at = ':';
    return at;
}

/* What ends a name or has to be looked at; with SSE2 blanks and ! too, since that is one comparison. */
UVREST__HOT uvrest__mask name_special(uvrest__block16 block)
{
#if UVREST__SCAN_SSE2
    __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8('"' + 1));
    return (uvrest__mask)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
#else
    return uvrest__block_special(block);
#endif
}

/* Text of the tables with its quotes, into NAME_ROOM; behind it a colon that the caller may count. The pool is padded,
 * so whole blocks are read. */
UVREST__HOT char *put_pooled(writer *w, char *at, const char *text)
{
    const unsigned len = (uint8_t)text[-1];
    *at = '"';
    for (unsigned i = 0;; i += UVREST__BLOCK) {
        uvrest__block16 block = uvrest__block_load(text + i);
        uvrest__mask special = name_special(block);
        uvrest__block_store(at + 1 + i, block);
        if (UVREST__LIKELY(special != 0)) { /* its NUL, or what needs an escape */
            if (UVREST__UNLIKELY(i + uvrest__mask_first(special) != len))
                return write_odd_pooled(w, at, text, len);
            break;
        }
    }
    memcpy(at + len + 1, "\":", 2);
    return at + len + 2;
}

static __attribute__((noinline)) char *write_pooled(writer *w, char *at, uint16_t name)
{
    return write_text(w, at, uvrest__name_text(w->schema, name), uvrest__name_len(w->schema, name), NULL, true);
}

/* ---- scalars ----------------------------------------------------------------------------------------------------- */

UVREST__HOT char *put_null(char *at)
{
    memcpy(at, "null", 4);
    return at + 4;
}

static UVREST__RARE bool check_raw(writer *w, const uvrest_raw *raw, const frame *f)
{
    const uint8_t *p = (const uint8_t *)raw->text;
    UVREST__UNINITIALIZED uvrest__fault fault;
    if (p == NULL)
        return refuse(w, f, "a raw value without text") != NULL;
    if (uvrest__scan_whole(p, p + raw->len, UVREST__JSON_DEPTH_MAX - w->depth, &fault))
        return true;
    return fault.too_deep ? fail_deep(w, f) != NULL : refuse(w, f, "a raw value that is not JSON") != NULL;
}

static __attribute__((noinline)) char *write_raw(writer *w, char *at, const uvrest_raw *raw, const frame *f)
{
    if (UVREST__UNLIKELY(!uvrest__checked_within(raw, w->depth)) && !check_raw(w, raw, f))
        return NULL;
    at = ensure(w, at, raw->len + SPARE);
    if (UVREST__UNLIKELY(at == NULL))
        return NULL;
    memcpy(at, raw->text, raw->len);
    return at + raw->len;
}

static char *write_enum(writer *w, char *at, unsigned enumeration, int value, const frame *f)
{
    const uvrest_gen_enum *values = &w->schema->enums[enumeration];
    const unsigned i = values[0].first + (unsigned)value - UVREST__ENUM_FIRST;
    if (UVREST__UNLIKELY(value < UVREST__ENUM_FIRST || i >= values[1].first))
        return refuse(w, f, "not a value of its enum");
    return write_pooled(w, at, w->schema->texts[i]);
}

/* ---- unions, arrays, maps ---------------------------------------------------------------------------------------- */

/* Room for a bracket is there. */
UVREST__HOT char *enter(writer *w, char *at, char open, const frame *f)
{
    if (UVREST__UNLIKELY(w->depth == UVREST__JSON_DEPTH_MAX))
        return fail_deep(w, f);
    w->depth++;
    *at = open;
    return at + 1;
}

UVREST__HOT char *leave(writer *w, char *at, char close)
{
    w->depth--;
    at -= at[-1] == ',';
    *at = close;
    return at + 1;
}

static UVREST__RARE char *write_union(writer *w, char *at, unsigned choice, const uvrest_union *value, const frame *f)
{
    const uvrest_gen_union *rows = &w->schema->unions[choice];
    const unsigned i = rows[0].first + (unsigned)value->kind - UVREST__ENUM_FIRST;
    const uvrest_gen_case *which;
    if (value->kind == UVREST__ENUM_NULL)
        return put_null(at);
    if (value->kind == UVREST__ENUM_UNKNOWN)
        return write_raw(w, at, &value->raw, f);
    if (value->kind < UVREST__ENUM_FIRST || i >= rows[1].first)
        return refuse(w, f, "a union without a case");
    if (value->value == NULL)
        return refuse(w, f, "a union without a value");
    which = &w->schema->cases[i];
    return write_object(w, at, which->model, value->value, (case_tag){rows->tag, which->text}, f);
}

static UVREST__COLD char *write_list(writer *w, char *at, unsigned kind, unsigned of, const uvrest_text_map *list,
                                     const frame *up);

/*
 * A value of a kind, with its shape, as it stands in a struct or an array; but a model or a union itself, not a pointer
 * to it.
 */
static char *write_one(writer *w, char *at, unsigned kind, unsigned of, const void *from, const frame *f)
{
    const void *pointer;
    if (kind <= UVREST_KIND_F64 && uvrest__tables_state(kind, from) != UVREST_IS_SET)
        return put_null(at);
    switch (kind) {
    case UVREST_KIND_BOOL: {
        const bool value = ((const uvrest_opt_bool *)from)->value;
        memcpy(at, value ? "true" : "fals", 4);
        at[4] = 'e'; /* a comma takes its place behind true */
        return at + 5 - value;
    }
    case UVREST_KIND_I32:
        return uvrest__number_print_i64(at, ((const uvrest_opt_i32 *)from)->value);
    case UVREST_KIND_I64:
        return uvrest__number_print_i64(at, ((const uvrest_opt_i64 *)from)->value);
    case UVREST_KIND_F64: {
        const double value = ((const uvrest_opt_f64 *)from)->value;
        if (UVREST__UNLIKELY(!isfinite(value)))
            return refuse(w, f, "NaN and infinity have no JSON");
        return uvrest__number_print_f64(at, value);
    }
    case UVREST_KIND_STR:
        pointer = load_pointer(from);
        return pointer == NULL || pointer == UVREST_NULL ? put_null(at) : write_c_text(w, at, pointer, f);
    case UVREST_KIND_ENUM:
        return *(const int *)from == UVREST__ENUM_NULL ? put_null(at) : write_enum(w, at, of, *(const int *)from, f);
    case UVREST_KIND_MODEL:
        return write_object(w, at, of, from, (case_tag){0, 0}, f);
    case UVREST_KIND_UNION:
        return write_union(w, at, of, from, f);
    case UVREST_KIND_RAW:
        return write_raw(w, at, from, f);
    default:
        return load_pointer(from) == UVREST_NULL ? put_null(at) : write_list(w, at, kind, of, from, f);
    }
}

/* The key of a map's entry, with its colon. */
static UVREST__RARE char *write_key(writer *w, char *at, const frame *f)
{
    if (f->key == NULL)
        return refuse(w, f->up, "an entry without a key");
    at = write_c_text(w, at, f->key, f);
    if (at != NULL)
        *at++ = ':';
    return at;
}

/* The elements of an array or the entries of a map, which both are a pointer and a count. */
static UVREST__COLD char *write_list(writer *w, char *at, unsigned kind, unsigned of, const uvrest_text_map *list,
                                     const frame *up)
{
    const bool is_map = (kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP;
    const unsigned of_item = kind == UVREST_ROW_STR_MAP_ARRAY ? UVREST_ROW_STR_MAP : kind & UVREST__KIND_MASK;
    const size_t size = uvrest__tables_element_size(w->schema, kind, of);
    const char *item = (const char *)list->entries;
    frame f = {up, NULL, NULL, 0};
    if (UVREST__UNLIKELY(item == UVREST_EMPTY && list->n_entries != 0))
        return refuse(w, up, "a count without elements");
    if (w->list == NULL) {
        w->list = &f;
        w->n_list = list->n_entries;
    }
    at = enter(w, at, is_map ? '{' : '[', up);
    for (; at != NULL && f.index < list->n_entries; f.index++, item += size) {
        const void *value = item;
        if (is_map) {
            value = item + sizeof f.key;
            f.key = load_pointer(item);
            at = write_key(w, at, &f);
            if (of_item == UVREST_KIND_MODEL)
                value = load_pointer(value);
        }
        if (at != NULL)
            at = ensure(w, at, ROOM);
        if (UVREST__UNLIKELY(at == NULL))
            return NULL;
        at = value == NULL || value == UVREST_NULL ? put_null(at) : write_one(w, at, of_item, of, value, &f);
        if (at != NULL)
            *at++ = ',';
    }
    if (w->list == &f)
        w->list = NULL;
    return at == NULL ? NULL : leave(w, at, is_map ? '}' : ']');
}

/* ---- enums that were not known ----------------------------------------------------------------------------------- */

/* Whether an enum or an array of them has a value that was not known. */
static UVREST__COLD bool has_unknown(const uvrest_gen_field *field, const void *member)
{
    const uvrest_text_map *list = member; /* as every array begins */
    const bool one = field->kind == UVREST_KIND_ENUM;
    const int *values = one ? member : (const void *)list->entries;
    for (size_t i = one ? 1 : list->n_entries; i > 0; i--, values++) {
        if (*values == UVREST__ENUM_UNKNOWN)
            return true;
    }
    return false;
}

/*
 * Whether raw, the text an array of enums came from, still says what the array says but for what was not known. room:
 * for any text in it.
 */
static UVREST__RARE bool agrees(const uvrest_schema *schema, unsigned enumeration, const uvrest_text_map *list,
                                const uvrest_raw *raw, char *room)
{
    const int *values = (const void *)list->entries;
    size_t i = 0;
    if (*raw->text != '[')
        return false;
    for (uvrest__walk walk = uvrest__walk_of(raw->text, raw->len); uvrest__walk_next(&walk); i++) {
        const uint8_t *p = (const uint8_t *)walk.value.text;
        int value = *p == 'n' ? UVREST__ENUM_NULL : UVREST__ENUM_UNSET;
        if (*p == '"') {
            const char *end = uvrest__scan_unquote(&p, walk.end, room, '\0');
            value = uvrest__tables_find_text(schema, enumeration, room, (size_t)(end - room));
        }
        if (i == list->n_entries || value != values[i])
            return false;
    }
    return i == list->n_entries;
}

/* An enum or an array of enums with a value that was not known: its text, from the extra. */
static UVREST__RARE char *write_unknown_enum(writer *w, char *at, const uvrest_gen_field *field, const void *member,
                                             const uvrest_extra *extra, const frame *f)
{
    const uvrest_raw *slice =
        uvrest__extra_value(extra, uvrest__name_text(w->schema, field->name), uvrest__name_len(w->schema, field->name));
    if (slice != NULL && (at = ensure(w, at, slice->len + SPARE)) == NULL)
        return NULL;
    if (slice == NULL || (field->kind == UVREST_ROW_ENUM_ARRAY && !agrees(w->schema, field->of, member, slice, at)))
        return refuse(w, f, "an unknown enum value without its text");
    return write_raw(w, at, slice, f);
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

/* A member that is set. */
UVREST__HOT char *write_value(writer *w, char *at, const uvrest_gen_field *field, const void *member,
                              const uvrest_extra *extra, const frame *f)
{
    if ((field->kind & UVREST__KIND_MASK) == UVREST_KIND_ENUM && has_unknown(field, member))
        return write_unknown_enum(w, at, field, member, extra, f);
    if (field->kind == UVREST_KIND_MODEL || field->kind == UVREST_KIND_UNION)
        member = load_pointer(member);
    return write_one(w, at, field->kind, field->of, member, f);
}

/* Whether a member is set or null by itself. */
static UVREST__RARE bool is_said(const uvrest_gen_field *field, const char *value)
{
    return uvrest__tables_state(field->kind, value + field->offset) != UVREST_UNSET;
}

/* Whether an extra has something, null included, under a name of the tables. */
static UVREST__RARE bool is_held(const writer *w, const uvrest_extra *extra, uint16_t name)
{
    return uvrest__extra_value(extra, uvrest__name_text(w->schema, name), uvrest__name_len(w->schema, name)) != NULL;
}

/* What an extra has and the typed members that are to be written do not say. */
static UVREST__RARE char *write_held(writer *w, char *at, unsigned model, const char *value, const uvrest_extra *extra,
                                     const frame *up)
{
    const bool own = extra->schema == w->schema && extra->model == model; /* else its nulls go by name */
    frame f = {up, NULL, NULL, 0};
    const size_t n = extra->n_nulls + extra->n_members;
    uvrest_extra_member null;
    for (size_t i = own ? extra->n_nulls : 0; i < n; i++) {
        const uvrest_extra_member *const member = i < extra->n_nulls ? &null : &extra->members[i - extra->n_nulls];
        const uvrest_gen_field *field = NULL;
        unsigned which = uvrest__model_n_fields(w->schema, model);
        if (i < extra->n_nulls)
            null = uvrest_extra_at(extra, i);
        if (!own || uvrest__name_is_pooled(w->schema, member->name))
            field = uvrest__tables_find_field(w->schema, model, member->name, member->name_len);
        if (field != NULL)
            which = (unsigned)(field - uvrest__model_fields(w->schema, model));
        if (field == NULL ? i < extra->n_nulls : (field->flags & w->skipped) != 0 || is_said(field, value))
            continue;
        if (up == NULL && (which < w->first || which >= w->behind))
            continue;
        f.key = member->name;
        at = write_text(w, at, member->name, member->name_len, &f, true);
        if (at == NULL)
            return NULL;
        *at++ = ':';
        at = write_raw(w, at, &member->value, &f);
        if (at == NULL)
            return NULL;
        *at++ = ',';
    }
    return at;
}

/* Whether the object will say by itself which case it is. */
static UVREST__RARE bool tells_case(const writer *w, unsigned model, const char *value, const uvrest_extra *extra,
                                    uint16_t name)
{
    const uvrest_gen_field *field = uvrest__tables_find_field(w->schema, model, uvrest__name_text(w->schema, name),
                                                              uvrest__name_len(w->schema, name));
    if (field != NULL && (field->flags & w->skipped) != 0)
        return false;
    return (field != NULL && is_said(field, value)) || is_held(w, extra, name);
}

/* Whether a required member may be unset. */
static UVREST__RARE bool may_lack(const writer *w, const uvrest_gen_field *field, case_tag tag,
                                  const uvrest_extra *extra)
{
    return w->partial || (field->flags & UVREST_READ_ONLY) != 0 || field->name == tag.name ||
           is_held(w, extra, field->name);
}

/* Writes the tag of a union's case. */
static UVREST__RARE char *write_tag(writer *w, char *at, case_tag tag)
{
    at = write_pooled(w, at, tag.name);
    if (at == NULL)
        return NULL;
    *at++ = ':';
    at = write_pooled(w, at, tag.text);
    if (at != NULL)
        *at++ = ',';
    return at;
}

static char *write_object(writer *w, char *at, unsigned model, const char *value, case_tag tag, const frame *up)
{
    const uvrest_gen_field *const fields = uvrest__model_fields(w->schema, model);
    const unsigned first = up == NULL ? w->first : 0, behind = up == NULL ? w->behind : ALL;
    const unsigned n = uvrest__model_n_fields(w->schema, model), end = n < behind ? n : behind, skipped = w->skipped;
    const uvrest_extra *const extra = load_pointer(value + w->schema->models[model].extra);
    const uint64_t *nulls = NULL; /* bits of the members that the extra says are null */
    const char *const pool = w->schema->pool;
    frame f = {up, NULL, NULL, 0};
    if (extra != NULL && extra->n_nulls != 0 && extra->schema == w->schema && extra->model == model)
        nulls = extra->nulls;
    at = enter(w, at, '{', up);
    if (UVREST__UNLIKELY(tag.name != 0) && at != NULL) {
        if (tells_case(w, model, value, extra, tag.name))
            tag.name = 0;
        else
            at = write_tag(w, at, tag);
    }
    if (UVREST__UNLIKELY(at == NULL))
        return NULL;
    for (unsigned i = first; i < end; i++) {
        const uvrest_gen_field *field = &fields[i];
        const void *member = value + field->offset;
        unsigned state = uvrest__tables_state(field->kind, member);
        if ((field->flags & skipped) != 0)
            continue;
        f.field = field;
        if (state == UVREST_UNSET) {
            if (nulls == NULL || (nulls[i / 64] >> i % 64 & 1) == 0) {
                if (UVREST__LIKELY((field->flags & UVREST_REQUIRED) == 0) || may_lack(w, field, tag, extra))
                    continue;
                return refuse(w, &f, "a required member is absent");
            }
            state = UVREST_IS_NULL;
        }
        if (UVREST__UNLIKELY((size_t)(w->end - at) < NAME_ROOM) && (at = grow(w, at, NAME_ROOM)) == NULL)
            return NULL;
        at = put_pooled(w, at, pool + field->name);
        if (UVREST__UNLIKELY(at == NULL))
            return NULL;
        at++;
        if (state == UVREST_IS_NULL)
            at = put_null(at);
        else if (UVREST__LIKELY(field->kind == UVREST_KIND_STR))
            at = write_text(w, at, load_pointer(member), strlen(load_pointer(member)), &f, false);
        else
            at = write_value(w, at, field, member, extra, &f);
        if (UVREST__UNLIKELY(at == NULL))
            return NULL;
        *at++ = ',';
    }
    if (extra != NULL && extra->n_members + (nulls == NULL ? extra->n_nulls : 0) != 0) {
        at = write_held(w, at, model, value, extra, up);
        if (at == NULL)
            return NULL;
    }
    return leave(w, at, '}');
}

/* ---- whole texts ------------------------------------------------------------------------------------------------- */

/*
 * Encodes a value of a kind, of which the model is; of a model's members all, or with only != 0 the one before that.
 * Claims what was written, and a NUL behind it.
 */
static UVREST__RARE uvrest_status encode(uvrest_model model, const void *from, unsigned kind, unsigned only,
                                         unsigned flags, uvrest_arena *arena, uvrest_raw *out_text,
                                         uvrest_reason *reason)
{
    writer w = {
        .begin = arena->at,
        .end = arena->end,
        .schema = model.schema,
        .arena = arena,
        .first = only == 0 ? 0 : only - 1,
        .behind = only == 0 ? ALL : only,
        .skipped = (flags & UVREST_ENCODE_READ_ONLY) != 0 ? 0 : UVREST_READ_ONLY,
        .partial = (flags & UVREST_ENCODE_PARTIAL) != 0,
        .reason = reason,
    };
    char *at = ensure(&w, w.begin, ROOM);
    if (at != NULL)
        at = write_one(&w, at, kind, model.id, from, NULL);
    if (at == NULL)
        return w.status;
    *at = '\0';
    arena->at = at + 1;
    *out_text = uvrest_raw_of(w.begin, (size_t)(at - w.begin));
    return UVREST_OK;
}

UVREST__RARE uvrest_status uvrest_json_encode(uvrest_model model, const void *value, unsigned flags,
                                              uvrest_arena *arena, uvrest_raw *out_text, uvrest_reason *reason)
{
    if (model.schema == NULL || model.id >= model.schema->n_models || value == NULL || value == UVREST_NULL ||
        arena == NULL || out_text == NULL ||
        (flags & ~(unsigned)(UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL)) != 0) {
        if (reason != NULL)
            memcpy(reason->text, "an argument is missing", 23);
        return UVREST_E_INVALID;
    }
    return encode(model, value, UVREST_KIND_MODEL, 0, flags, arena, out_text, reason);
}

UVREST__DIRECT UVREST__RARE uvrest_status uvrest__json_encode_array(uvrest_model model, const void *items,
                                                                    size_t n_items, unsigned flags, uvrest_arena *arena,
                                                                    uvrest_raw *out_text, uvrest_reason *reason)
{
    const uvrest_text_map list = {items, n_items}; /* as every array begins */
    return encode(model, &list, UVREST_ROW_MODEL_ARRAY, 0, flags, arena, out_text, reason);
}

UVREST__DIRECT UVREST__RARE uvrest_status uvrest__json_encode_member(uvrest_model model, const void *value, unsigned i,
                                                                     uvrest_arena *arena, uvrest_raw *out_text)
{
    return encode(model, value, UVREST_KIND_MODEL, i + 1, UVREST_ENCODE_PARTIAL, arena, out_text, NULL);
}

UVREST__DIRECT UVREST__RARE uvrest_status uvrest__json_encode_text(const char *text, uvrest_arena *arena,
                                                                   uvrest_raw *out_text, uvrest_reason *reason)
{
    return encode((uvrest_model){NULL, 0}, &text, UVREST_KIND_STR, 0, 0, arena, out_text, reason);
}
