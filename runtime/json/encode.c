/* SPDX-License-Identifier: MIT */
/*
 * Structs to JSON text, driven by tables, straight into the free end of the arena: nothing else is allocated from it
 * meanwhile, and what does not fit its block moves to one four times as large: what is not written to is only addresses,
 * and what is left of it serves whoever allocates next.
 *
 * Writing functions return false when encoding has failed, with writer.status set. Each leaves SPARE bytes free, so that
 * whoever called it sets a comma or a colon without asking. In an array or an object every element ends in a comma, and
 * closing it overwrites the last one.
 */
#include "encode.h"
#include "extra.h"
#include "limits.h"
#include "number.h"
#include "path.h"

#include "arena.h"

#include <math.h>

typedef uvrest__frame frame;

enum { FIRST_ROOM = 2048, SPARE = 16 };

typedef struct writer {
    char *at;
    char *end;
    char *begin;
    const uvrest_schema *schema;
    uvrest_arena *arena;
    unsigned depth;
    uint8_t skipped; /* members with this flag are not written */
    bool partial; /* required members may be absent */
    uvrest_status status;
    uvrest_reason *reason; /* may be NULL */
} writer;

/* The member that tells which case of a union an object is; written if the object has none of its own. */
typedef struct case_tag {
    uint16_t name;
    uint16_t text;
} case_tag;

static bool write_object(writer *w, unsigned model, const char *value, const case_tag *tag, const frame *up);

/* Members are of many pointer types; all have one form. */
UVREST__HOT const void *load_pointer(const void *member)
{
    const void *pointer;
    memcpy(&pointer, member, sizeof pointer);
    return pointer;
}

/* ---- failing and room ----------------------------------------------------------------------------------------------- */

static UVREST__RARE bool fail(writer *w, const frame *f, uvrest_status status, const char *why)
{
    size_t len, room;
    w->status = status;
    if (w->reason == NULL)
        return false;
    len = uvrest__path_print(w->schema, f, w->reason->text, sizeof w->reason->text - 64);
    if (len != 0) {
        memcpy(w->reason->text + len, ": ", 2);
        len += 2;
    }
    room = sizeof w->reason->text - len - 1;
    if (strlen(why) < room)
        room = strlen(why);
    memcpy(w->reason->text + len, why, room);
    w->reason->text[len + room] = '\0';
    return false;
}

/* Not marked as cold: gcc would take all that may call it for cold as well. */
static __attribute__((noinline)) bool grow(writer *w, size_t need)
{
    size_t len = (size_t)(w->at - w->begin), room = (size_t)(w->end - w->begin);
    uvrest_status st;
    if (need > SIZE_MAX / 8 - len)
        return fail(w, NULL, UVREST_E_NOMEM, "out of memory");
    need += len;
    if (room < FIRST_ROOM)
        room = FIRST_ROOM;
    st = uvrest__arena_grow(w->arena, need, need > room ? need * 4 : room * 4);
    if (st != UVREST_OK)
        return fail(w, NULL, UVREST_E_NOMEM, "out of memory");
    if (len != 0)
        memcpy(w->arena->at, w->begin, len);
    w->begin = w->arena->at;
    w->at = w->begin + len;
    w->end = w->arena->end;
    return true;
}

/* Room for n bytes at w->at, and some to spare. */
UVREST__HOT bool reserve(writer *w, size_t n)
{
    return UVREST__LIKELY((size_t)(w->end - w->at) >= n + SPARE) || grow(w, n + SPARE);
}

static bool write_bytes(writer *w, const char *bytes, size_t n)
{
    if (!reserve(w, n))
        return false;
    memcpy(w->at, bytes, n);
    w->at += n;
    return true;
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */

/* One character that is not plain ASCII text. Returns its length in the source, 0 if it is not UTF-8. Writes up to 6. */
static __attribute__((noinline)) unsigned escape(char **to, const uint8_t *p, const uint8_t *end, bool any_name)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    unsigned len;
    if (*p == '"' || *p == '\\' || (*p < 0x20 && letters[*p] != '\0')) {
        (*to)[0] = '\\';
        (*to)[1] = *p < 0x20 ? letters[*p] : (char)*p;
        *to += 2;
        return 1;
    }
    if (*p < 0x20) {
        memcpy(*to, "\\u00", 4);
        (*to)[4] = hex[*p >> 4];
        (*to)[5] = hex[*p & 15];
        *to += 6;
        return 1;
    }
    len = uvrest__utf8_len(p, end);
    if (len == 0 && any_name && end - p >= 3 && *p == 0xED && p[1] >= 0xA0) {
        /* A name that held a lone surrogate is kept in the three bytes UTF-8 has no use for. */
        memcpy(*to, "\\ud", 3);
        (*to)[3] = hex[p[1] >> 2 & 15];
        (*to)[4] = hex[(p[1] << 2 & 12) | (p[2] >> 4 & 3)];
        (*to)[5] = hex[p[2] & 15];
        *to += 6;
        return 3;
    }
    memcpy(*to, p, len);
    *to += len;
    return len;
}

/* Copies n < 16 bytes if all of them are plain text. */
UVREST__HOT bool copy_plain(char *to, const uint8_t *p, size_t n)
{
    uint64_t first, last;
    if (n >= 8) { /* as two words, which may overlap */
        memcpy(&first, p, 8);
        memcpy(&last, p + n - 8, 8);
        if (uvrest__word_special(first) != 0 || uvrest__word_special(last) != 0)
            return false;
        memcpy(to, &first, 8);
        memcpy(to + n - 8, &last, 8);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] >= 0x80 || p[i] == '"' || p[i] == '\\')
            return false;
        to[i] = (char)p[i];
    }
    return true;
}

/*
 * Text of a known length with its quotes. any_name: what a name of foreign making may hold is written too. The source is
 * not read beyond its end.
 */
static bool write_text(writer *w, const char *text, size_t len, const frame *f, bool any_name)
{
    const uint8_t *p = (const uint8_t *)text, *const end = p + len;
    char *to;
    if (!reserve(w, len + 2 + UVREST__BLOCK))
        return false;
    to = w->at;
    *to++ = '"';
    for (;;) {
        unsigned n;
        while (end - p >= UVREST__BLOCK) {
            uvrest__block16 block = uvrest__block_load(p);
            uvrest__mask special = uvrest__block_special(block);
            uvrest__block_store(to, block);
            if (special != 0) {
                n = uvrest__mask_first(special);
                p += n;
                to += n;
                goto special;
            }
            p += UVREST__BLOCK;
            to += UVREST__BLOCK;
        }
        if (UVREST__LIKELY(copy_plain(to, p, (size_t)(end - p)))) {
            to += end - p;
            break;
        }
        while (*p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
            *to++ = (char)*p++;
    special:
        w->at = to;
        /* Room for the longest escape, what is left as it is, the quote and a block stored too far. */
        if (!reserve(w, (size_t)(end - p) + 7 + UVREST__BLOCK))
            return false;
        to = w->at;
        while (end - p >= 4 && *p >= 0x80) {
            n = uvrest__utf8_word(uvrest__load32(p));
            if (n == 0)
                break;
            memcpy(to, p, 4);
            p += n;
            to += n;
        }
        if (p < end && (*p >= 0x80 || *p < 0x20 || *p == '"' || *p == '\\')) {
            n = escape(&to, p, end, any_name);
            if (n == 0)
                return fail(w, f, UVREST_E_INVALID, "not UTF-8");
            p += n;
        }
    }
    *to++ = '"';
    w->at = to;
    return true;
}

static bool write_c_text(writer *w, const char *text, const frame *f)
{
    return write_text(w, text, strlen(text), f, false);
}

/* A name of the tables with its quotes and a colon. The pool is padded, so whole blocks are read. */
static bool write_name(writer *w, uint16_t name)
{
    const char *text = uvrest__name_text(w->schema, name);
    const unsigned len = uvrest__name_len(w->schema, name);
    char *to;
    if (!reserve(w, UVREST__JSON_NAME_MAX + 4 + 16))
        return false;
    to = w->at;
    *to++ = '"';
    for (unsigned i = 0; i < len; i += UVREST__BLOCK) {
        uvrest__block16 block = uvrest__block_load(text + i);
        uvrest__mask special = uvrest__block_special(block);
        if (UVREST__UNLIKELY(special != 0 && i + uvrest__mask_first(special) < len)) {
            if (!write_text(w, text, len, NULL, true))
                return false;
            *w->at++ = ':';
            return true;
        }
        uvrest__block_store(to + i, block);
    }
    to += len;
    to[0] = '"';
    to[1] = ':';
    w->at = to + 2;
    return true;
}

/* ---- scalars -------------------------------------------------------------------------------------------------------- */

static bool write_null(writer *w)
{
    if (!reserve(w, 4))
        return false;
    memcpy(w->at, "null", 4);
    w->at += 4;
    return true;
}

static bool write_i64(writer *w, int64_t value)
{
    if (!reserve(w, UVREST__NUMBER_TEXT_MAX))
        return false;
    w->at += uvrest__number_print_i64(w->at, value);
    return true;
}

static bool write_f64(writer *w, double value, const frame *f)
{
    if (!isfinite(value))
        return fail(w, f, UVREST_E_INVALID, "NaN and infinity have no JSON");
    if (!reserve(w, UVREST__NUMBER_TEXT_MAX))
        return false;
    w->at += uvrest__number_print_f64(w->at, value);
    return true;
}

static __attribute__((noinline)) bool write_raw(writer *w, uvrest_raw raw, const frame *f)
{
    const uint8_t *p = (const uint8_t *)raw.text;
    uvrest__fault fault;
    if (p == NULL)
        return fail(w, f, UVREST_E_INVALID, "a raw value without text");
    if (!uvrest__scan_whole(p, p + raw.len, UVREST__JSON_DEPTH_MAX - w->depth, &fault))
        return fault.too_deep ? fail(w, f, UVREST_E_LIMIT, "nested too deep")
                              : fail(w, f, UVREST_E_INVALID, "a raw value that is not JSON");
    return write_bytes(w, raw.text, raw.len);
}

static bool write_enum(writer *w, unsigned enumeration, int value, const frame *f)
{
    unsigned len;
    const char *text = uvrest__tables_text(w->schema, enumeration, value, &len);
    if (text == NULL)
        return fail(w, f, UVREST_E_INVALID, "not a value of its enum");
    return write_text(w, text, len, f, false);
}

static bool enter(writer *w, char open, const frame *f)
{
    if (w->depth == UVREST__JSON_DEPTH_MAX)
        return fail(w, f, UVREST_E_LIMIT, "nested too deep");
    w->depth++;
    if (!reserve(w, 1))
        return false;
    *w->at++ = open;
    return true;
}

static bool leave(writer *w, char close)
{
    w->depth--;
    if (!reserve(w, 1))
        return false;
    w->at -= w->at[-1] == ',';
    *w->at++ = close;
    return true;
}

/* ---- unions, arrays, maps ------------------------------------------------------------------------------------------- */

static UVREST__COLD bool write_union(writer *w, unsigned choice, const uvrest_union *value, const frame *f)
{
    const uvrest_gen_case *which;
    case_tag tag;
    if (value->kind == UVREST__ENUM_NULL)
        return write_null(w);
    if (value->kind == UVREST__ENUM_UNKNOWN)
        return write_raw(w, value->raw, f);
    if (value->kind < UVREST__ENUM_FIRST ||
        (unsigned)value->kind >= UVREST__ENUM_FIRST + uvrest__tables_n_cases(w->schema, choice))
        return fail(w, f, UVREST_E_INVALID, "a union without a case");
    if (value->value == NULL)
        return fail(w, f, UVREST_E_INVALID, "a union without a value");
    which = uvrest__tables_case(w->schema, choice, (unsigned)(value->kind - UVREST__ENUM_FIRST));
    tag.name = w->schema->unions[choice].tag;
    tag.text = which->text;
    return write_object(w, which->model, value->value, &tag, f);
}

/* A value of a kind as it stands in an array; a model or a union there or elsewhere. */
static bool write_one(writer *w, unsigned kind, unsigned of, const void *at, const frame *f)
{
    const void *pointer;
    switch (kind) {
    case UVREST_KIND_BOOL: {
        const uvrest_opt_bool *opt = at;
        return opt->state != UVREST_IS_SET ? write_null(w)
                                           : write_bytes(w, opt->value ? "true" : "false", opt->value ? 4 : 5);
    }
    case UVREST_KIND_I32: {
        const uvrest_opt_i32 *opt = at;
        return opt->state != UVREST_IS_SET ? write_null(w) : write_i64(w, opt->value);
    }
    case UVREST_KIND_I64: {
        const uvrest_opt_i64 *opt = at;
        return opt->state != UVREST_IS_SET ? write_null(w) : write_i64(w, opt->value);
    }
    case UVREST_KIND_F64: {
        const uvrest_opt_f64 *opt = at;
        return opt->state != UVREST_IS_SET ? write_null(w) : write_f64(w, opt->value, f);
    }
    case UVREST_KIND_STR:
        pointer = load_pointer(at);
        return pointer == NULL || pointer == UVREST_NULL ? write_null(w) : write_c_text(w, pointer, f);
    case UVREST_KIND_ENUM:
        return *(const int *)at == UVREST__ENUM_NULL ? write_null(w) : write_enum(w, of, *(const int *)at, f);
    case UVREST_KIND_MODEL:
        return write_object(w, of, at, NULL, f);
    case UVREST_KIND_UNION:
        return write_union(w, of, at, f);
    default:
        return write_raw(w, *(const uvrest_raw *)at, f);
    }
}

static UVREST__COLD bool write_map(writer *w, const uvrest_gen_field *field, const uvrest_text_map *map,
                                   const frame *up)
{
    const unsigned kind = field->kind & UVREST__KIND_MASK;
    const size_t size = uvrest__tables_entry_size(kind);
    const char *entry = (const char *)map->entries;
    frame f = {up, NULL, NULL, 0};
    if (!enter(w, '{', up))
        return false;
    for (; f.index < map->n_entries; f.index++, entry += size) {
        const void *value = entry + sizeof f.key;
        f.key = load_pointer(entry);
        if (f.key == NULL)
            return fail(w, up, UVREST_E_INVALID, "an entry without a key");
        if (!write_c_text(w, f.key, &f))
            return false;
        *w->at++ = ':';
        if (kind == UVREST_KIND_MODEL) {
            value = load_pointer(value);
            if (value == NULL || value == UVREST_NULL ? !write_null(w) : !write_object(w, field->of, value, NULL, &f))
                return false;
        } else if (!write_one(w, kind, field->of, value, &f)) {
            return false;
        }
        *w->at++ = ',';
    }
    return leave(w, '}');
}

static bool write_array(writer *w, const uvrest_gen_field *field, const char *items, size_t n, const frame *up)
{
    const bool maps = (field->kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP_ARRAY;
    const unsigned kind = field->kind & UVREST__KIND_MASK;
    const size_t size = uvrest__tables_element_size(w->schema, field);
    frame f = {up, NULL, NULL, 0};
    if (!enter(w, '[', up))
        return false;
    for (; f.index < n; f.index++, items += size) {
        bool written;
        if (maps)
            written = load_pointer(items) == UVREST_NULL ? write_null(w) : write_map(w, field, (const void *)items, &f);
        else
            written = write_one(w, kind, field->of, items, &f);
        if (!written)
            return false;
        *w->at++ = ',';
    }
    return leave(w, ']');
}

/* ---- enums that were not known -------------------------------------------------------------------------------------- */

static bool has_unknown(const int *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (values[i] == UVREST__ENUM_UNKNOWN)
            return true;
    }
    return false;
}

/* The enumerator of the JSON text from its opening quote to `behind`; it is valid. */
static int find_escaped(const uvrest_schema *schema, unsigned enumeration, const uint8_t *p, const uint8_t *behind)
{
    char text[UVREST__JSON_NAME_MAX + 4];
    size_t len = 0;
    for (p++; p < behind - 1 && len <= UVREST__JSON_NAME_MAX;) {
        uvrest__fault fault;
        uint32_t c = *p;
        if (c != '\\') {
            text[len++] = (char)*p++;
            continue;
        }
        p = uvrest__scan_escape(p, behind, &c, &fault);
        if (p == NULL)
            return UVREST__ENUM_UNKNOWN;
        len += uvrest__utf8_write(text + len, c);
    }
    return len > UVREST__JSON_NAME_MAX ? UVREST__ENUM_UNKNOWN
                                       : uvrest__tables_find_text(schema, enumeration, text, len);
}

/* Whether raw, the text an array of enums came from, still says what the array says but for what was not known. */
static bool agrees(const uvrest_schema *schema, unsigned enumeration, const int *values, size_t n, uvrest_raw raw)
{
    const uint8_t *p = (const uint8_t *)raw.text, *const end = p + raw.len;
    uvrest__fault fault;
    size_t i = 0;
    p = uvrest__skip_space(p, end);
    if (p == end || *p != '[')
        return false;
    p = uvrest__skip_space(p + 1, end);
    for (; p < end && *p != ']'; i++) {
        const uint8_t *behind = uvrest__scan_value(p, end, 0, &fault);
        int value = UVREST__ENUM_NULL;
        if (behind == NULL || i == n || (*p != '"' && *p != 'n'))
            return false;
        if (*p == '"')
            value = find_escaped(schema, enumeration, p, behind);
        if (value != values[i])
            return false;
        p = uvrest__skip_space(behind, end);
        if (p < end && *p == ',')
            p = uvrest__skip_space(p + 1, end);
    }
    return i == n;
}

/* ---- objects -------------------------------------------------------------------------------------------------------- */

/*
 * What an extra has for the members of the model being written. Its slices are known to be JSON: only a decode and
 * uvrest_extra_set() make them, and both have checked.
 */
typedef struct held {
    const uvrest_extra *extra;
    uint64_t nulls[UVREST__JSON_FIELDS_MAX / 64];
    uint64_t slices[UVREST__JSON_FIELDS_MAX / 64];
} held;

UVREST__HOT bool has_bit(const uint64_t *bits, unsigned i)
{
    return (bits[i / 64] >> i % 64 & 1) != 0;
}

/* Whether the extra has something for the i-th member. */
UVREST__HOT bool is_held(const held *h, unsigned i)
{
    return h->extra != NULL && (has_bit(h->nulls, i) || has_bit(h->slices, i));
}

static void set_bit(uint64_t *bits, unsigned i)
{
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

/* An extra read for one model may have been given to another: then its nulls are found by name. */
static UVREST__RARE void find_foreign_nulls(const writer *w, unsigned model, held *h)
{
    for (size_t i = 0; i < h->extra->n_nulls; i++) {
        uvrest_extra_member null = uvrest_extra_at(h->extra, i);
        int field = uvrest__tables_find_field(w->schema, model, null.name, null.name_len);
        if (field >= 0)
            set_bit(h->nulls, (unsigned)field);
    }
}

static __attribute__((noinline)) void find_held(const writer *w, unsigned model, const uvrest_extra *extra, held *h)
{
    memset(h, 0, sizeof *h);
    h->extra = extra;
    if (extra->n_nulls != 0 && extra->schema == w->schema && extra->model == model)
        memcpy(h->nulls, extra->nulls,
               uvrest__extra_words(uvrest__model_n_fields(w->schema, model)) * sizeof h->nulls[0]);
    else if (extra->n_nulls != 0)
        find_foreign_nulls(w, model, h);
    for (size_t i = 0; i < extra->n_members; i++) {
        int field = uvrest__tables_find_field(w->schema, model, extra->members[i].name, extra->members[i].name_len);
        if (field >= 0)
            set_bit(h->slices, (unsigned)field);
    }
}

static const uvrest_extra_member *held_slice(const writer *w, const held *h, const uvrest_gen_field *field, unsigned i)
{
    if (h->extra == NULL || !has_bit(h->slices, i))
        return NULL;
    return uvrest__extra_find(h->extra, uvrest__name_text(w->schema, field->name),
                              uvrest__name_len(w->schema, field->name));
}

/* An enum or an array of enums with a value that was not known: its text, from the extra. */
static UVREST__RARE bool write_unknown_enum(writer *w, const uvrest_gen_field *field, const void *member,
                                            const uvrest_extra_member *slice, const frame *f)
{
    const uvrest_text_map *list = member; /* as every array begins */
    if (slice == NULL || (field->kind == UVREST_ROW_ENUM_ARRAY &&
                          !agrees(w->schema, field->of, load_pointer(member), list->n_entries, slice->value)))
        return fail(w, f, UVREST_E_INVALID, "an unknown enum value without its text");
    return write_bytes(w, slice->value.text, slice->value.len);
}

/* The i-th member, which is set. */
UVREST__HOT bool write_value(writer *w, const uvrest_gen_field *field, const void *member, const held *h, unsigned i,
                             const frame *f)
{
    const uvrest_text_map *list = member; /* as every array and map begins */
    const unsigned shape = field->kind & UVREST__SHAPE_MASK;
    const void *pointer;
    if (shape == UVREST_SHAPE_ONE) {
        if (field->kind == UVREST_KIND_ENUM && *(const int *)member == UVREST__ENUM_UNKNOWN)
            return write_unknown_enum(w, field, member, held_slice(w, h, field, i), f);
        if (field->kind == UVREST_KIND_MODEL || field->kind == UVREST_KIND_UNION)
            member = load_pointer(member);
        return write_one(w, field->kind, field->of, member, f);
    }
    pointer = load_pointer(member);
    if (UVREST__UNLIKELY(pointer == UVREST_EMPTY && list->n_entries != 0))
        return fail(w, f, UVREST_E_INVALID, "a count without elements");
    if (shape == UVREST_SHAPE_MAP)
        return write_map(w, field, list, f);
    if (field->kind == UVREST_ROW_ENUM_ARRAY && has_unknown(pointer, list->n_entries))
        return write_unknown_enum(w, field, member, held_slice(w, h, field, i), f);
    return write_array(w, field, pointer, list->n_entries, f);
}

/* What the extra has for a member that is absent: its text or null. */
static bool write_held(writer *w, const held *h, const uvrest_gen_field *field, unsigned i)
{
    const uvrest_extra_member *slice = held_slice(w, h, field, i);
    return slice != NULL ? write_bytes(w, slice->value.text, slice->value.len) : write_null(w);
}

/* The members of the extra that the model does not have. */
static __attribute__((noinline)) bool write_unknown(writer *w, const held *h, unsigned model, const frame *up)
{
    for (size_t i = 0; i < h->extra->n_members; i++) {
        const uvrest_extra_member *member = &h->extra->members[i];
        frame f = {up, NULL, member->name, 0};
        if (uvrest__tables_find_field(w->schema, model, member->name, member->name_len) >= 0)
            continue;
        if (!write_text(w, member->name, member->name_len, &f, true))
            return false;
        *w->at++ = ':';
        if (!write_bytes(w, member->value.text, member->value.len))
            return false;
        *w->at++ = ',';
    }
    return true;
}

/* Whether the object will say by itself which case it is. */
static UVREST__RARE bool tells_case(const writer *w, const held *h, unsigned model, const char *value, uint16_t name)
{
    const char *text = uvrest__name_text(w->schema, name);
    int i = uvrest__tables_find_field(w->schema, model, text, uvrest__name_len(w->schema, name));
    const uvrest_gen_field *field;
    if (i < 0)
        return uvrest__extra_find(h->extra, text, uvrest__name_len(w->schema, name)) != NULL;
    field = &uvrest__model_fields(w->schema, model)[i];
    return (field->flags & w->skipped) == 0 &&
           (uvrest__tables_state(field->kind, value + field->offset) != UVREST_UNSET || is_held(h, (unsigned)i));
}

/* Writes the tag of a union's case unless the object does. *out_written: whether it did. */
static UVREST__RARE bool write_tag(writer *w, const held *h, unsigned model, const char *value, const case_tag *tag,
                                   const frame *f, bool *out_written)
{
    *out_written = !tells_case(w, h, model, value, tag->name);
    if (!*out_written)
        return true;
    if (!write_name(w, tag->name) ||
        !write_text(w, uvrest__name_text(w->schema, tag->text), uvrest__name_len(w->schema, tag->text), f, false))
        return false;
    *w->at++ = ',';
    return true;
}

static bool write_object(writer *w, unsigned model, const char *value, const case_tag *tag, const frame *up)
{
    const uvrest_gen_field *const fields = uvrest__model_fields(w->schema, model);
    const unsigned n = uvrest__model_n_fields(w->schema, model);
    const void *extra = load_pointer(value + w->schema->models[model].extra);
    frame f = {up, NULL, NULL, 0};
    bool has_tag = false;
    UVREST__UNINITIALIZED held h;
    h.extra = NULL;
    if (extra != NULL)
        find_held(w, model, extra, &h);
    if (!enter(w, '{', up) || (tag != NULL && !write_tag(w, &h, model, value, tag, up, &has_tag)))
        return false;
    for (unsigned i = 0; i < n; i++) {
        const uvrest_gen_field *field = &fields[i];
        const void *member = value + field->offset;
        const unsigned state = uvrest__tables_state(field->kind, member);
        bool written;
        if ((field->flags & w->skipped) != 0)
            continue;
        f.field = field;
        if (state == UVREST_UNSET && !is_held(&h, i)) {
            if (UVREST__LIKELY((field->flags & UVREST_REQUIRED) == 0 || w->partial ||
                               (field->flags & UVREST_READ_ONLY) != 0 || (has_tag && field->name == tag->name)))
                continue;
            return fail(w, &f, UVREST_E_INVALID, "a required member is absent");
        }
        if (!write_name(w, field->name))
            return false;
        if (state == UVREST_IS_SET)
            written = write_value(w, field, member, &h, i, &f);
        else
            written = state == UVREST_IS_NULL ? write_null(w) : write_held(w, &h, field, i);
        if (!written)
            return false;
        *w->at++ = ',';
    }
    return (h.extra == NULL || write_unknown(w, &h, model, up)) && leave(w, '}');
}

/* ---- whole texts ---------------------------------------------------------------------------------------------------- */

static UVREST__RARE void init(writer *w, const uvrest_schema *schema, unsigned flags, uvrest_arena *arena,
                              uvrest_reason *reason)
{
    w->begin = w->at = arena->at;
    w->end = arena->end;
    w->schema = schema;
    w->arena = arena;
    w->depth = 0;
    w->skipped = (flags & UVREST_ENCODE_READ_ONLY) != 0 ? 0 : UVREST_READ_ONLY;
    w->partial = (flags & UVREST_ENCODE_PARTIAL) != 0;
    w->status = UVREST_OK;
    w->reason = reason;
}

/* Claims what was written, and a NUL behind it. */
static UVREST__RARE uvrest_status finish(writer *w, bool written, uvrest_raw *out_text)
{
    if (!written || !write_bytes(w, "", 1))
        return w->status;
    w->arena->at = w->at;
    out_text->text = w->begin;
    out_text->len = (size_t)(w->at - w->begin) - 1;
    return UVREST_OK;
}

UVREST__RARE uvrest_status uvrest_json_encode(uvrest_model model, const void *value, unsigned flags,
                                              uvrest_arena *arena, uvrest_raw *out_text, uvrest_reason *reason)
{
    writer w;
    if (model.schema == NULL || model.id >= model.schema->n_models || value == NULL || value == UVREST_NULL ||
        arena == NULL || out_text == NULL ||
        (flags & ~(unsigned)(UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL)) != 0) {
        if (reason != NULL)
            memcpy(reason->text, "an argument is missing", 23);
        return UVREST_E_INVALID;
    }
    init(&w, model.schema, flags, arena, reason);
    return finish(&w, write_object(&w, model.id, value, NULL, NULL), out_text);
}

UVREST__RARE uvrest_status uvrest__json_encode_array(uvrest_model model, const void *items, size_t n_items,
                                                     unsigned flags, uvrest_arena *arena, uvrest_raw *out_text,
                                                     uvrest_reason *reason)
{
    const uvrest_gen_field field = {0, 0, model.id, UVREST_ROW_MODEL_ARRAY, 0};
    writer w;
    init(&w, model.schema, flags, arena, reason);
    return finish(&w, write_array(&w, &field, items, n_items, NULL), out_text);
}

UVREST__RARE uvrest_status uvrest__json_encode_text(const char *text, uvrest_arena *arena, uvrest_raw *out_text,
                                                    uvrest_reason *reason)
{
    writer w;
    init(&w, NULL, 0, arena, reason);
    return finish(&w, write_text(&w, text, strlen(text), NULL, false), out_text);
}
