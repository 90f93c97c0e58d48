/* SPDX-License-Identifier: MIT */
/*
 * Structs to JSON text, driven by tables, straight into the free end of the arena: nothing else is allocated from it
 * meanwhile, and what does not fit its block moves to one four times as large: what is not written to is only addresses,
 * and what is left of it serves whoever allocates next.
 *
 * Writing functions return false when encoding has failed, with writer.status set.
 */
#include "encode.h"
#include "extra.h"
#include "limits.h"
#include "number.h"
#include "path.h"

#include "arena.h"

#include <math.h>

typedef uvrest__frame frame;

enum { FIRST_ROOM = 2048 };

typedef struct writer {
    char *at;
    char *end;
    char *begin;
    const uvrest_schema *schema;
    uvrest_arena *arena;
    unsigned flags; /* uvrest_encode_flags */
    unsigned depth;
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

static UVREST__COLD bool fail(writer *w, const frame *f, uvrest_status status, const char *why)
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

static UVREST__COLD bool grow(writer *w, size_t need)
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

/* Room for n bytes at w->at. */
UVREST__HOT bool reserve(writer *w, size_t n)
{
    return UVREST__LIKELY((size_t)(w->end - w->at) >= n) || grow(w, n);
}

UVREST__HOT bool write_bytes(writer *w, const char *bytes, size_t n)
{
    if (!reserve(w, n))
        return false;
    memcpy(w->at, bytes, n);
    w->at += n;
    return true;
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */

/* One character that is not plain ASCII text. Returns its length in the source, 0 if it is not UTF-8. Writes up to 6. */
static unsigned escape(char **to, const uint8_t *p, const uint8_t *end, bool any_name)
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
        while (end - p >= UVREST__BLOCK) {
            uvrest__block16 block = uvrest__block_load(p);
            uvrest__mask special = uvrest__block_special(block);
            uvrest__block_store(to, block);
            if (special != 0) {
                unsigned n = uvrest__mask_first(special);
                p += n;
                to += n;
                break;
            }
            p += UVREST__BLOCK;
            to += UVREST__BLOCK;
        }
        while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
            *to++ = (char)*p++;
        if (p == end)
            break;
        do {
            unsigned n;
            w->at = to;
            /* Room for the longest escape, what is left as it is, the quote and a block stored too far. */
            if (!reserve(w, (size_t)(end - p) + 7 + UVREST__BLOCK))
                return false;
            to = w->at;
            n = escape(&to, p, end, any_name);
            if (n == 0)
                return fail(w, f, UVREST_E_INVALID, "not UTF-8");
            p += n;
        } while (p < end && *p >= 0x80);
    }
    *to++ = '"';
    w->at = to;
    return true;
}

/* A name of the tables with its quotes and a colon; a comma in front. The pool is padded, so whole blocks are read. */
static bool write_name(writer *w, uint16_t name)
{
    const char *text = uvrest__name_text(w->schema, name);
    const unsigned len = uvrest__name_len(w->schema, name);
    char *to;
    if (!reserve(w, UVREST__JSON_NAME_MAX + 4 + 16))
        return false;
    to = w->at;
    *to = ',';
    to += w->at[-1] != '{';
    *to++ = '"';
    for (unsigned i = 0; i < len; i += UVREST__BLOCK) {
        uvrest__block16 block = uvrest__block_load(text + i);
        uvrest__mask special = uvrest__block_special(block);
        if (UVREST__UNLIKELY(special != 0 && i + uvrest__mask_first(special) < len)) {
            w->at = to - 1;
            return write_text(w, text, len, NULL, true) && write_bytes(w, ":", 1);
        }
        uvrest__block_store(to + i, block);
    }
    to += len;
    *to = '"';
    to[1] = ':';
    w->at = to + 2;
    return true;
}

/* ---- scalars -------------------------------------------------------------------------------------------------------- */

static bool write_null(writer *w)
{
    return write_bytes(w, "null", 4);
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

static bool write_raw(writer *w, uvrest_raw raw, const frame *f)
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
    return write_bytes(w, &open, 1);
}

/* The comma behind the last element is overwritten. */
static bool leave_array(writer *w)
{
    w->depth--;
    if (w->at[-1] == ',') {
        w->at[-1] = ']';
        return true;
    }
    return write_bytes(w, "]", 1);
}

static bool leave_object(writer *w)
{
    w->depth--;
    return write_bytes(w, "}", 1);
}

/* ---- unions, arrays, maps ------------------------------------------------------------------------------------------- */

static bool write_union(writer *w, unsigned choice, const uvrest_union *value, const frame *f)
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

static bool write_map(writer *w, const uvrest_gen_field *field, const uvrest_text_map *map, const frame *up)
{
    const unsigned kind = field->kind & UVREST__KIND_MASK;
    const size_t size = sizeof(char *) + (kind == UVREST_KIND_RAW ? sizeof(uvrest_raw) : sizeof(void *));
    const char *entry = (const char *)map->entries;
    if (!enter(w, '{', up))
        return false;
    for (size_t i = 0; i < map->n_entries; i++, entry += size) {
        frame f = {up, NULL, load_pointer(entry), i};
        const void *value = entry + sizeof f.key;
        const void *pointer = load_pointer(value);
        if (f.key == NULL)
            return fail(w, up, UVREST_E_INVALID, "an entry without a key");
        if ((i != 0 && !write_bytes(w, ",", 1)) || !write_text(w, f.key, strlen(f.key), &f, false) ||
            !write_bytes(w, ":", 1))
            return false;
        if (kind == UVREST_KIND_RAW) {
            if (!write_raw(w, *(const uvrest_raw *)value, &f))
                return false;
        } else if (pointer == NULL || pointer == UVREST_NULL) {
            if (!write_null(w))
                return false;
        } else if (kind == UVREST_KIND_STR ? !write_text(w, pointer, strlen(pointer), &f, false)
                                           : !write_object(w, field->of, pointer, NULL, &f)) {
            return false;
        }
    }
    return leave_object(w);
}

static bool write_element(writer *w, const uvrest_gen_field *field, const void *element, const frame *f)
{
    const char *text;
    const uvrest_text_map *map;
    if ((field->kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP_ARRAY) {
        map = element;
        return (const void *)map->entries == UVREST_NULL ? write_null(w) : write_map(w, field, map, f);
    }
    switch (field->kind & UVREST__KIND_MASK) {
    case UVREST_KIND_BOOL: {
        const uvrest_opt_bool *opt = element;
        return opt->state != UVREST_IS_SET ? write_null(w)
                                           : write_bytes(w, opt->value ? "true" : "false", opt->value ? 4 : 5);
    }
    case UVREST_KIND_I32: {
        const uvrest_opt_i32 *opt = element;
        return opt->state != UVREST_IS_SET ? write_null(w) : write_i64(w, opt->value);
    }
    case UVREST_KIND_I64: {
        const uvrest_opt_i64 *opt = element;
        return opt->state != UVREST_IS_SET ? write_null(w) : write_i64(w, opt->value);
    }
    case UVREST_KIND_F64: {
        const uvrest_opt_f64 *opt = element;
        return opt->state != UVREST_IS_SET ? write_null(w) : write_f64(w, opt->value, f);
    }
    case UVREST_KIND_STR:
        text = *(const char *const *)element;
        return text == NULL || (const void *)text == UVREST_NULL ? write_null(w)
                                                                 : write_text(w, text, strlen(text), f, false);
    case UVREST_KIND_ENUM:
        return *(const int *)element == UVREST__ENUM_NULL ? write_null(w)
                                                          : write_enum(w, field->of, *(const int *)element, f);
    case UVREST_KIND_MODEL:
        return write_object(w, field->of, element, NULL, f);
    case UVREST_KIND_UNION:
        return write_union(w, field->of, element, f);
    default:
        return write_raw(w, *(const uvrest_raw *)element, f);
    }
}

static bool write_array(writer *w, const uvrest_gen_field *field, const char *items, size_t n, const frame *up)
{
    const size_t size = uvrest__tables_element_size(w->schema, field);
    frame f = {up, NULL, NULL, 0};
    if (!enter(w, '[', up))
        return false;
    for (; f.index < n; f.index++, items += size) {
        if (!write_element(w, field, items, &f) || !write_bytes(w, ",", 1))
            return false;
    }
    return leave_array(w);
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

enum { ABSENT, NULL_VALUE, VALUE };

static int opt_state(uint8_t state)
{
    return state == UVREST_UNSET ? ABSENT : state == UVREST_IS_NULL ? NULL_VALUE : VALUE;
}

/* Which of its three states a member is in. */
UVREST__HOT int member_state(const uvrest_gen_field *field, const void *member)
{
    const void *pointer;
    int value;
    switch (field->kind) {
    case UVREST_KIND_BOOL:
        return opt_state(((const uvrest_opt_bool *)member)->state);
    case UVREST_KIND_I32:
        return opt_state(((const uvrest_opt_i32 *)member)->state);
    case UVREST_KIND_I64:
        return opt_state(((const uvrest_opt_i64 *)member)->state);
    case UVREST_KIND_F64:
        return opt_state(((const uvrest_opt_f64 *)member)->state);
    case UVREST_KIND_ENUM:
        value = *(const int *)member;
        return value == UVREST__ENUM_UNSET ? ABSENT : value == UVREST__ENUM_NULL ? NULL_VALUE : VALUE;
    case UVREST_KIND_UNION:
        pointer = load_pointer(member);
        if (pointer == NULL || pointer == UVREST_NULL)
            return pointer == NULL ? ABSENT : NULL_VALUE;
        value = ((const uvrest_union *)pointer)->kind;
        return value == UVREST__ENUM_UNSET ? ABSENT : VALUE;
    default:
        pointer = load_pointer(member);
        return pointer == NULL ? ABSENT : pointer == UVREST_NULL ? NULL_VALUE : VALUE;
    }
}

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

static void set_bit(uint64_t *bits, unsigned i)
{
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

/* An extra read for one model may have been given to another: then its nulls are found by name. */
static UVREST__COLD void find_foreign_nulls(const writer *w, unsigned model, held *h)
{
    for (size_t i = 0; i < h->extra->n_nulls; i++) {
        uvrest_extra_member null = uvrest_extra_at(h->extra, i);
        int field = uvrest__tables_find_field(w->schema, model, null.name, null.name_len);
        if (field >= 0)
            set_bit(h->nulls, (unsigned)field);
    }
}

static void find_held(const writer *w, unsigned model, const uvrest_extra *extra, held *h)
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

/* A member that is set. */
static bool write_value(writer *w, const uvrest_gen_field *field, const void *member, const uvrest_extra_member *slice,
                        const frame *f)
{
    const uvrest_text_map *list = member; /* as every array and map begins */
    const void *pointer;
    switch (field->kind) {
    case UVREST_KIND_BOOL:
    case UVREST_KIND_I32:
    case UVREST_KIND_I64:
    case UVREST_KIND_F64:
    case UVREST_KIND_STR:
    case UVREST_KIND_RAW:
        return write_element(w, field, member, f);
    case UVREST_KIND_ENUM:
        if (*(const int *)member != UVREST__ENUM_UNKNOWN)
            return write_enum(w, field->of, *(const int *)member, f);
        return slice != NULL ? write_bytes(w, slice->value.text, slice->value.len)
                             : fail(w, f, UVREST_E_INVALID, "an unknown enum value without its text");
    case UVREST_KIND_MODEL:
        return write_object(w, field->of, load_pointer(member), NULL, f);
    case UVREST_KIND_UNION:
        return write_union(w, field->of, load_pointer(member), f);
    default:
        break;
    }
    pointer = load_pointer(member);
    if (pointer == UVREST_EMPTY && list->n_entries != 0)
        return fail(w, f, UVREST_E_INVALID, "a count without elements");
    if ((field->kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP)
        return write_map(w, field, list, f);
    if (field->kind == UVREST_ROW_ENUM_ARRAY && has_unknown(pointer, list->n_entries)) {
        if (slice == NULL || !agrees(w->schema, field->of, pointer, list->n_entries, slice->value))
            return fail(w, f, UVREST_E_INVALID, "an unknown enum value without its text");
        return write_bytes(w, slice->value.text, slice->value.len);
    }
    return write_array(w, field, pointer, list->n_entries, f);
}

/* What the extra has for a member that is absent; *out_written is whether it had anything. */
static bool write_held(writer *w, const held *h, const uvrest_gen_field *field, unsigned i, bool *out_written)
{
    const uvrest_extra_member *slice = held_slice(w, h, field, i);
    *out_written = true;
    if (slice != NULL)
        return write_name(w, field->name) && write_bytes(w, slice->value.text, slice->value.len);
    if (h->extra != NULL && has_bit(h->nulls, i))
        return write_name(w, field->name) && write_null(w);
    *out_written = false;
    return true;
}

UVREST__HOT bool is_skipped(const writer *w, const uvrest_gen_field *field)
{
    return (field->flags & UVREST_READ_ONLY) != 0 && (w->flags & UVREST_ENCODE_READ_ONLY) == 0;
}

static bool is_demanded(const writer *w, const uvrest_gen_field *field)
{
    return (field->flags & (UVREST_REQUIRED | UVREST_READ_ONLY)) == UVREST_REQUIRED &&
           (w->flags & UVREST_ENCODE_PARTIAL) == 0;
}

/* The members of the extra that the model does not have. */
static bool write_unknown(writer *w, const held *h, unsigned model, const frame *up)
{
    for (size_t i = 0; i < h->extra->n_members; i++) {
        const uvrest_extra_member *member = &h->extra->members[i];
        frame f = {up, NULL, member->name, 0};
        if (uvrest__tables_find_field(w->schema, model, member->name, member->name_len) >= 0)
            continue;
        if ((w->at[-1] != '{' && !write_bytes(w, ",", 1)) || !write_text(w, member->name, member->name_len, &f, true) ||
            !write_bytes(w, ":", 1) || !write_bytes(w, member->value.text, member->value.len))
            return false;
    }
    return true;
}

/* Whether the object will say by itself which case it is. */
static bool tells_case(const writer *w, const held *h, unsigned model, const char *value, uint16_t name)
{
    const char *text = uvrest__name_text(w->schema, name);
    int i = uvrest__tables_find_field(w->schema, model, text, uvrest__name_len(w->schema, name));
    const uvrest_gen_field *field;
    if (i < 0)
        return h->extra != NULL && uvrest__extra_find(h->extra, text, uvrest__name_len(w->schema, name)) != NULL;
    field = &uvrest__model_fields(w->schema, model)[i];
    return !is_skipped(w, field) &&
           (member_state(field, value + field->offset) != ABSENT ||
            (h->extra != NULL && (has_bit(h->nulls, (unsigned)i) || has_bit(h->slices, (unsigned)i))));
}

static bool write_object(writer *w, unsigned model, const char *value, const case_tag *tag, const frame *up)
{
    const uvrest_gen_field *const fields = uvrest__model_fields(w->schema, model);
    const unsigned n = uvrest__model_n_fields(w->schema, model);
    const void *extra = load_pointer(value + w->schema->models[model].extra);
    frame f = {up, NULL, NULL, 0};
    bool add_tag = false;
    held h;
    h.extra = NULL;
    if (extra != NULL)
        find_held(w, model, extra, &h);
    if (!enter(w, '{', up))
        return false;
    if (tag != NULL) {
        add_tag = !tells_case(w, &h, model, value, tag->name);
        if (add_tag && (!write_name(w, tag->name) || !write_text(w, uvrest__name_text(w->schema, tag->text),
                                                                 uvrest__name_len(w->schema, tag->text), up, false)))
            return false;
    }
    for (unsigned i = 0; i < n; i++) {
        const uvrest_gen_field *field = &fields[i];
        const void *member = value + field->offset;
        int state = member_state(field, member);
        bool written;
        f.field = field;
        if (is_skipped(w, field))
            continue;
        if (state == ABSENT) {
            if (h.extra != NULL) {
                if (!write_held(w, &h, field, i, &written))
                    return false;
                if (written)
                    continue;
            }
            if (UVREST__UNLIKELY(is_demanded(w, field)) && !(add_tag && field->name == tag->name))
                return fail(w, &f, UVREST_E_INVALID, "a required member is absent");
            continue;
        }
        if (!write_name(w, field->name))
            return false;
        if (state == NULL_VALUE ? !write_null(w) : !write_value(w, field, member, held_slice(w, &h, field, i), &f))
            return false;
    }
    if (h.extra != NULL && !write_unknown(w, &h, model, up))
        return false;
    return leave_object(w);
}

/* ---- whole texts ---------------------------------------------------------------------------------------------------- */

static void init(writer *w, const uvrest_schema *schema, unsigned flags, uvrest_arena *arena, uvrest_reason *reason)
{
    w->begin = w->at = arena->at;
    w->end = arena->end;
    w->schema = schema;
    w->arena = arena;
    w->flags = flags;
    w->depth = 0;
    w->status = UVREST_OK;
    w->reason = reason;
}

/* Claims what was written, and a NUL behind it. */
static uvrest_status finish(writer *w, bool written, uvrest_raw *out_text)
{
    if (!written || !write_bytes(w, "", 1))
        return w->status;
    w->arena->at = w->at;
    out_text->text = w->begin;
    out_text->len = (size_t)(w->at - w->begin) - 1;
    return UVREST_OK;
}

uvrest_status uvrest_json_encode(uvrest_model model, const void *value, unsigned flags, uvrest_arena *arena,
                                 uvrest_raw *out_text, uvrest_reason *reason)
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

uvrest_status uvrest__json_encode_array(uvrest_model model, const void *items, size_t n_items, unsigned flags,
                                        uvrest_arena *arena, uvrest_raw *out_text, uvrest_reason *reason)
{
    const uvrest_gen_field field = {0, 0, model.id, UVREST_ROW_MODEL_ARRAY, 0};
    writer w;
    init(&w, model.schema, flags, arena, reason);
    return finish(&w, write_array(&w, &field, items, n_items, NULL), out_text);
}

uvrest_status uvrest__json_encode_text(const char *text, uvrest_arena *arena, uvrest_raw *out_text,
                                       uvrest_reason *reason)
{
    writer w;
    init(&w, NULL, 0, arena, reason);
    return finish(&w, write_text(&w, text, strlen(text), NULL, false), out_text);
}
