/* SPDX-License-Identifier: MIT */
/*
 * JSON text to structs, driven by tables. One pass; no tree.
 *
 * Where a reading function stands: `p` is the next byte to read. It returns where it stopped; NULL when the decode has
 * failed and reader.status says how; `p` itself, not moved, when the value does not fit the member ("misfit"), which is
 * then kept as text by keep().
 *
 * Ends of the text: the last byte is known to be the root's closing brace or bracket before reading begins. It is no
 * space, digit, quote or letter, so nothing but closing a container consumes it, and `*p` may be read without asking for the
 * end everywhere else. Whoever closes a container inside another one checks for it.
 *
 * What is wrong with a text is not found out here: the reader only notices that it is wrong, and the scanner then reads
 * the text again to say where. So there is one opinion on what is JSON, and good texts do not pay for bad ones.
 */
#include "decode.h"
#include "extra.h"
#include "limits.h"
#include "number.h"
#include "path.h"
#include "stack.h"

enum {
    ORDER_SLOTS = 8,
    STACK_BYTES = 4096, /* gathered without scratch memory */
    FIRST_BLOCK = 3584 /* least size of the first block: with the arena itself below 4 KB */
};

/*
 * Which member follows which, learned while reading: answers repeat one order of members and leave the same ones
 * out. next[0] is the first member, next[i + 1] the one behind the i-th. A guess that is wrong costs a lookup and
 * is corrected; a slot is lost to another model of the same remainder, which costs the same.
 */
typedef struct member_order {
    uint16_t model;
    uint8_t next[UVREST__JSON_FIELDS_MAX + 1];
} member_order;

/* A member on its way into an extra. Kept in a list, the latest first, so that one superseded by a duplicate can go. */
typedef struct kept_member {
    struct kept_member *before;
    uvrest_extra_member member;
} kept_member;

typedef struct reader {
    const uint8_t *begin;
    const uint8_t *end;
    const uvrest_schema *schema;
    uvrest_arena *arena;
    size_t used_before; /* of the arena, by others */
    unsigned depth;
    unsigned max_depth;
    bool strict;
    bool unknown_text; /* an element of the array of enums being read was not known */
    size_t n_duplicates; /* members that superseded one before */
    uint32_t max_notes;
    uvrest_decode_note *notes;
    size_t n_notes, cap_notes, n_dropped;
    uvrest_status status;
    bool has_failure_path;
    uvrest_decode_note failure;
    char failure_path[UVREST__JSON_PATH_MAX];
    uvrest__stack stack;
    member_order orders[ORDER_SLOTS];
    _Alignas(16) char stack_memory[STACK_BYTES];
} reader;

typedef uvrest__frame frame;

static const uint8_t *read_object(reader *r, const uint8_t *p, unsigned model, char *to, const frame *up);

/* ---- failing -------------------------------------------------------------------------------------------------------- */

static UVREST__COLD const uint8_t *fail(reader *r, const uint8_t *p, uvrest_status status)
{
    if (r->status == UVREST_OK) {
        r->status = status;
        r->failure.offset = (size_t)(p - r->begin);
    }
    return NULL;
}

static UVREST__COLD const uint8_t *bad_text(reader *r, const uint8_t *p)
{
    return fail(r, p, UVREST_E_DECODE);
}

/* Says where a failure happened, once: the innermost frame comes first. */
static UVREST__COLD const uint8_t *failed_in(reader *r, const frame *f)
{
    if (!r->has_failure_path) {
        uvrest__path_print(r->schema, f, r->failure_path, sizeof r->failure_path);
        r->has_failure_path = true;
    }
    return NULL;
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

/*
 * How much more the rest of the text is likely to need, if it is like the part read so far. With some to spare, since
 * too little costs another block and too much is only room.
 */
static size_t expected_rest(const reader *r, const uint8_t *p, size_t used)
{
    size_t done = (size_t)(p - r->begin) + 1, rest = (size_t)(r->end - p);
    return (size_t)((double)used / (double)done * (double)rest * 1.05) + 1024;
}

static UVREST__COLD bool grow(reader *r, const uint8_t *p, size_t need)
{
    size_t used = uvrest_arena_used(r->arena) - r->used_before;
    size_t hint = used == 0 ? 0 : need + expected_rest(r, p, used);
    uvrest_status st = uvrest__arena_grow(r->arena, need, hint);
    return st == UVREST_OK || fail(r, p, st) != NULL;
}

/* Memory in the arena; NULL with the decode failed. */
UVREST__HOT void *take(reader *r, const uint8_t *p, size_t size, size_t align)
{
    uvrest_arena *arena = r->arena;
    size_t pad = (size_t)(0 - (uintptr_t)arena->at) & (align - 1);
    char *memory;
    if (UVREST__UNLIKELY((size_t)(arena->end - arena->at) < size + pad)) {
        if (!grow(r, p, size))
            return NULL;
        pad = 0;
    }
    memory = arena->at + pad;
    arena->at = memory + size;
    return memory;
}

UVREST__HOT void *push(reader *r, const uint8_t *p, size_t size)
{
    void *memory = uvrest__stack_push(&r->stack, size);
    if (UVREST__UNLIKELY(memory == NULL)) {
        uvrest_status st =
            uvrest__stack_grow(&r->stack, size, expected_rest(r, p, (size_t)(r->stack.at - r->stack.part->data)));
        if (st != UVREST_OK) {
            fail(r, p, st);
            return NULL;
        }
        memory = uvrest__stack_push(&r->stack, size);
    }
    return memory;
}

/* A copy of the bytes [from, to), as a raw value. */
static bool copy_raw(reader *r, const uint8_t *from, const uint8_t *to, uvrest_raw *out)
{
    size_t len = (size_t)(to - from);
    char *copy = take(r, to, len, 1);
    if (copy == NULL)
        return false;
    memcpy(copy, from, len);
    out->text = copy;
    out->len = len;
    return true;
}

/* ---- tokens --------------------------------------------------------------------------------------------------------- */

UVREST__HOT const uint8_t *skip(const reader *r, const uint8_t *p)
{
    return UVREST__LIKELY(*p > ' ') ? p : uvrest__scan_space(p, r->end);
}

/* Behind a value of any kind, checked in full. */
static const uint8_t *skip_value(reader *r, const uint8_t *p)
{
    uvrest__fault fault;
    const uint8_t *behind = uvrest__scan_value(p, r->end, r->max_depth - r->depth, &fault);
    if (behind == NULL || behind == r->end)
        return fail(r, p, UVREST_E_DECODE);
    return behind;
}

/* Whether the four bytes at p are those of a word. */
UVREST__HOT bool is_word(const reader *r, const uint8_t *p, const char *word)
{
    return r->end - p >= 4 && memcmp(p, word, 4) == 0;
}

static bool enter(reader *r, const uint8_t *p)
{
    return ++r->depth <= r->max_depth || bad_text(r, p) != NULL; /* the scanner tells the two apart */
}

/* Behind the closing brace or bracket at p, which must not be the last byte but for the root. */
UVREST__HOT const uint8_t *leave(reader *r, const uint8_t *p)
{
    r->depth--;
    return UVREST__LIKELY(p + 1 != r->end || r->depth == 0) ? p + 1 : bad_text(r, p);
}

typedef struct decoded {
    char *chars; /* arena, NUL-ended */
    size_t len;
    bool unfit; /* holds NUL or a lone surrogate: no C text */
} decoded;

/*
 * Moves a text that does not fit the current block, of which `len` bytes at `from` are read, to a block where all of it
 * fits: its escaped length is the most it can have.
 */
static UVREST__COLD char *move_text(reader *r, const uint8_t *p, const char *from, size_t len)
{
    uvrest__fault fault;
    const uint8_t *behind = uvrest__scan_text(p, r->end, &fault);
    if (behind == NULL) {
        bad_text(r, p);
        return NULL;
    }
    if (!grow(r, p, len + (size_t)(behind - p) + 2 * UVREST__BLOCK))
        return NULL;
    memcpy(r->arena->at, from, len);
    return r->arena->at + len;
}

/* A text from behind its opening quote, into the arena. A block is copied before it is known to be plain. */
static const uint8_t *read_text(reader *r, const uint8_t *p, decoded *out)
{
    enum { SPARE = UVREST__BLOCK + 1 }; /* a block, and the NUL */
    const uint8_t *const end = r->end;
    char *begin = r->arena->at, *to = begin, *room = r->arena->end;
    uvrest__fault fault;
    out->unfit = false;
    for (;;) {
        uint32_t c;
        while (UVREST__LIKELY(end - p >= UVREST__BLOCK && room - to >= SPARE)) {
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
        if (UVREST__LIKELY(p < end && *p == '"' && to < room))
            break;
        if (room - to < SPARE) {
            to = move_text(r, p, begin, (size_t)(to - begin));
            if (to == NULL)
                return NULL;
            begin = r->arena->at;
            room = r->arena->end;
        }
        if (p == end || *p < 0x20)
            return bad_text(r, p);
        if (*p >= 0x80) {
            while (room - to >= SPARE && p < end && *p >= 0x80) {
                unsigned len = uvrest__utf8_len(p, end);
                if (UVREST__UNLIKELY(len == 0))
                    return bad_text(r, p);
                if (UVREST__LIKELY(end - p >= 4))
                    memcpy(to, p, 4);
                else
                    memcpy(to, p, len);
                p += len;
                to += len;
            }
        } else if (*p == '\\') {
            p = uvrest__scan_escape(p, end, &c, &fault);
            if (p == NULL)
                return bad_text(r, end);
            out->unfit = out->unfit || c == 0 || c >= UVREST__LONE_SURROGATE;
            to += uvrest__utf8_write(to, c);
        } else if (*p != '"') {
            *to++ = (char)*p++;
        }
    }
    *to = '\0';
    out->chars = begin;
    out->len = (size_t)(to - begin);
    r->arena->at = to + 1;
    return p + 1;
}

/* ---- what does not fit ---------------------------------------------------------------------------------------------- */

static UVREST__COLD const char *copy_text(reader *r, const uint8_t *p, const char *chars, size_t len)
{
    char *copy = take(r, p, len + 1, 1);
    if (copy != NULL)
        memcpy(copy, chars, len + 1);
    return copy;
}

static UVREST__COLD const char *print_excerpt(reader *r, const uint8_t *p, const uint8_t *end)
{
    char chars[4 * UVREST__JSON_EXCERPT_MAX + 16];
    size_t len = uvrest__path_excerpt(p, end, chars, sizeof chars);
    return copy_text(r, p, chars, len);
}

static UVREST__COLD const char *print_path(reader *r, const uint8_t *p, const frame *f)
{
    char chars[UVREST__JSON_PATH_MAX];
    size_t len = uvrest__path_print(r->schema, f, chars, sizeof chars);
    return copy_text(r, p, chars, len);
}

static UVREST__COLD bool add_note(reader *r, const uvrest_decode_note *entry, const uint8_t *p)
{
    if (r->n_notes == r->cap_notes) {
        size_t cap = r->cap_notes == 0 ? 4 : r->cap_notes * 2;
        uvrest_decode_note *notes = take(r, p, cap * sizeof *notes, 8);
        if (notes == NULL)
            return false;
        if (r->n_notes != 0)
            memcpy(notes, r->notes, r->n_notes * sizeof *notes);
        r->notes = notes;
        r->cap_notes = cap;
    }
    r->notes[r->n_notes++] = *entry;
    return true;
}

/* Notes that the text from p to behind does not fit, or that nothing came (behind NULL); false when that ends the decode. */
static UVREST__COLD bool note(reader *r, const frame *f, const char *expected, const uint8_t *p, const uint8_t *behind)
{
    uvrest_decode_note entry = {NULL, expected, "nothing", (size_t)(p - r->begin)};
    if (!r->strict && r->n_notes == r->max_notes) {
        r->n_dropped++;
        return true;
    }
    entry.path = print_path(r, p, f);
    if (behind != NULL)
        entry.found = print_excerpt(r, p, behind);
    if (entry.path == NULL || entry.found == NULL)
        return false;
    if (r->strict) {
        r->failure = entry;
        r->status = UVREST_E_SCHEMA;
        return false;
    }
    return add_note(r, &entry, p);
}

/* Adds a member to those the object's extra will have. name: in the pool or the arena. */
static bool keep_raw(reader *r, kept_member **kept, const char *name, size_t name_len, const uint8_t *p,
                     const uint8_t *behind)
{
    kept_member *entry = push(r, p, sizeof *entry);
    if (entry == NULL || !copy_raw(r, p, behind, &entry->member.value))
        return false;
    entry->member.name = name;
    entry->member.name_len = name_len;
    entry->before = *kept;
    *kept = entry;
    return true;
}

static const char *expectation(const uvrest_gen_field *field)
{
    static const char *const one[] = {"a boolean", "int32", "int64",     "a number that a double holds exactly",
                                      "text",      "text",  "an object", "an object",
                                      "a value"};
    static const char *const array[] = {"an array of booleans", "an array of int32",   "an array of int64",
                                        "an array of numbers",  "an array of texts",   "an array of texts",
                                        "an array of objects",  "an array of objects", "an array"};
    unsigned kind = field->kind & UVREST__KIND_MASK;
    switch (field->kind & UVREST__SHAPE_MASK) {
    case UVREST_SHAPE_ONE:
        return one[kind];
    case UVREST_SHAPE_ARRAY:
        return array[kind];
    case UVREST_SHAPE_MAP:
        return kind == UVREST_KIND_STR     ? "an object of texts"
               : kind == UVREST_KIND_MODEL ? "an object of objects"
                                           : "an object";
    default:
        return "an array of objects of texts";
    }
}

/* Keeps the value at p, which its member cannot hold. Returns behind it. */
static UVREST__COLD const uint8_t *keep(reader *r, const uint8_t *p, const frame *f, kept_member **kept,
                                        const char *expected)
{
    const uint8_t *behind = skip_value(r, p);
    const uvrest_gen_field *field = f->field;
    if (behind == NULL || !note(r, f, expected, p, behind))
        return NULL;
    if (!keep_raw(r, kept, uvrest__name_text(r->schema, field->name), uvrest__name_len(r->schema, field->name), p,
                  behind))
        return NULL;
    return behind;
}

/* ---- scalars -------------------------------------------------------------------------------------------------------- */

static const uint8_t *read_bool(const reader *r, const uint8_t *p, uvrest_opt_bool *to)
{
    bool value = *p == 't';
    const uint8_t *behind = p + 5 - value;
    if (UVREST__UNLIKELY(r->end - p < 5 || memcmp(p, value ? "true" : "fals", 4) != 0 || (!value && p[4] != 'e')))
        return p;
    *to = uvrest_bool(value);
    return behind;
}

static UVREST__COLD const uint8_t *read_odd_i64(const reader *r, const uint8_t *p, int64_t *out_value)
{
    uvrest__number number;
    uvrest__fault fault;
    const uint8_t *behind = uvrest__number_read(p, r->end, &number, &fault);
    return behind != NULL && uvrest__number_to_i64(&number, out_value) ? behind : p;
}

UVREST__HOT bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') <= 9;
}

/* Up to 18 digits cannot overflow; all other forms take the long way. */
static const uint8_t *read_i64(const reader *r, const uint8_t *p, int64_t *out_value)
{
    bool negative = *p == '-';
    const uint8_t *at = p + negative, *digits = at;
    uint64_t value = 0;
    while (is_digit(*at))
        value = value * 10 + (uint64_t)(*at++ - '0');
    if (UVREST__UNLIKELY(at == digits || at - digits > 18 || (*digits == '0' && at - digits > 1) || *at == '.' ||
                         (*at | 0x20) == 'e'))
        return read_odd_i64(r, p, out_value);
    *out_value = negative ? -(int64_t)value : (int64_t)value;
    return at;
}

static const uint8_t *read_i32(const reader *r, const uint8_t *p, uvrest_opt_i32 *to)
{
    int64_t value;
    const uint8_t *behind = read_i64(r, p, &value);
    if (UVREST__UNLIKELY(behind == p || value < INT32_MIN || value > INT32_MAX))
        return p;
    *to = uvrest_i32((int32_t)value);
    return behind;
}

static const uint8_t *read_f64(const reader *r, const uint8_t *p, uvrest_opt_f64 *to)
{
    uvrest__number number;
    uvrest__fault fault;
    double value;
    const uint8_t *behind = uvrest__number_read(p, r->end, &number, &fault);
    if (UVREST__UNLIKELY(behind == NULL || !uvrest__number_to_f64(&number, &value) ||
                         !uvrest__number_survives(&number, value)))
        return p;
    *to = uvrest_f64(value);
    return behind;
}

static const uint8_t *read_str(reader *r, const uint8_t *p, const char **to)
{
    decoded chars;
    const uint8_t *behind;
    if (UVREST__UNLIKELY(*p != '"'))
        return p;
    behind = read_text(r, p + 1, &chars);
    if (UVREST__UNLIKELY(behind == NULL || chars.unfit))
        return behind == NULL ? NULL : p;
    *to = chars.chars;
    return behind;
}

/* A text that is only looked at: where it stands, without a copy if it has no escapes. */
static const uint8_t *peek_text(reader *r, const uint8_t *p, const char **out_chars, size_t *out_len)
{
    const uint8_t *at = p;
    decoded chars;
    while (r->end - at >= UVREST__BLOCK) {
        uvrest__mask special = uvrest__block_special(uvrest__block_load(at));
        if (special != 0) {
            at += uvrest__mask_first(special);
            break;
        }
        at += UVREST__BLOCK;
    }
    while (at < r->end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    if (UVREST__LIKELY(at < r->end && *at == '"')) {
        *out_chars = (const char *)p;
        *out_len = (size_t)(at - p);
        return at + 1;
    }
    at = read_text(r, p, &chars);
    if (at == NULL)
        return NULL;
    *out_chars = chars.chars;
    *out_len = chars.len;
    return at;
}

static const uint8_t *read_enum(reader *r, const uint8_t *p, unsigned enumeration, int *to)
{
    const char *chars;
    size_t len;
    const uint8_t *behind;
    if (UVREST__UNLIKELY(*p != '"'))
        return p;
    behind = peek_text(r, p + 1, &chars, &len);
    if (behind == NULL)
        return NULL;
    *to = uvrest__tables_find_text(r->schema, enumeration, chars, len);
    if (UVREST__UNLIKELY(*to == UVREST__ENUM_UNKNOWN))
        r->unknown_text = true;
    return behind;
}

static const uint8_t *read_raw(reader *r, const uint8_t *p, uvrest_raw *to)
{
    const uint8_t *behind = skip_value(r, p);
    return behind != NULL && copy_raw(r, p, behind, to) ? behind : NULL;
}

/* ---- unions --------------------------------------------------------------------------------------------------------- */

/* The case a tag's value stands for; the number of cases if none. p: the value. */
static unsigned find_case(reader *r, const uint8_t *p, unsigned choice)
{
    unsigned n = uvrest__tables_n_cases(r->schema, choice);
    const char *chars;
    size_t len;
    if (*p != '"' || peek_text(r, p + 1, &chars, &len) == NULL)
        return n;
    for (unsigned i = 0; i < n; i++) {
        uint16_t name = uvrest__tables_case(r->schema, choice, i)->text;
        if (uvrest__name_len(r->schema, name) == len && memcmp(uvrest__name_text(r->schema, name), chars, len) == 0)
            return i;
    }
    return n;
}

/*
 * Looks through the object at p, which is read as a whole later, for its tag; of several the last counts. NULL if the
 * text is broken. *out_case: as find_case().
 */
static const uint8_t *find_tag(reader *r, const uint8_t *p, unsigned choice, unsigned *out_case)
{
    uint16_t tag = r->schema->unions[choice].tag;
    const char *chars;
    size_t len;
    *out_case = uvrest__tables_n_cases(r->schema, choice);
    if (!enter(r, p))
        return NULL;
    p = skip(r, p + 1);
    while (*p == '"') {
        p = peek_text(r, p + 1, &chars, &len);
        if (p == NULL || *(p = skip(r, p)) != ':')
            return fail(r, r->begin, UVREST_E_DECODE);
        p = skip(r, p + 1);
        if (len == uvrest__name_len(r->schema, tag) && memcmp(chars, uvrest__name_text(r->schema, tag), len) == 0)
            *out_case = find_case(r, p, choice);
        if (r->status != UVREST_OK || (p = skip_value(r, p)) == NULL)
            return NULL;
        p = skip(r, p);
        if (*p != ',')
            break;
        p = skip(r, p + 1);
        if (*p != '"')
            return bad_text(r, p);
    }
    return *p == '}' ? leave(r, p) : bad_text(r, p);
}

/* Reads the object at p as one of the cases. */
static const uint8_t *read_case(reader *r, const uint8_t *p, unsigned choice, unsigned which, uvrest_union *to,
                                const frame *f)
{
    unsigned model = uvrest__tables_case(r->schema, choice, which)->model;
    size_t size = r->schema->models[model].size;
    char *value = take(r, p, size, 8);
    if (value == NULL)
        return NULL;
    memset(value, 0, size);
    to->kind = UVREST__ENUM_FIRST + (int)which;
    to->value = value;
    return read_object(r, p + 1, model, value, f);
}

/* Usually the tag is the first member. Only duplicates can make that guess wrong, and they are noticed while reading. */
static const uint8_t *read_union(reader *r, const uint8_t *p, unsigned choice, uvrest_union *to, const frame *f)
{
    uint16_t tag = r->schema->unions[choice].tag;
    unsigned len = uvrest__name_len(r->schema, tag), n = uvrest__tables_n_cases(r->schema, choice), first = n, found;
    size_t duplicates = r->n_duplicates;
    const uint8_t *behind;
    if (*p != '{')
        return p;
    behind = skip(r, p + 1);
    if (*behind == '"' && r->end - behind > (ptrdiff_t)len + 3 &&
        memcmp(behind + 1, uvrest__name_text(r->schema, tag), len) == 0 && behind[len + 1] == '"' &&
        *(behind = skip(r, behind + len + 2)) == ':') {
        first = find_case(r, skip(r, behind + 1), choice);
        if (r->status != UVREST_OK)
            return NULL;
        if (first < n) {
            behind = read_case(r, p, choice, first, to, f);
            if (behind == NULL || r->n_duplicates == duplicates)
                return behind;
        }
    }
    behind = find_tag(r, p, choice, &found);
    if (behind == NULL)
        return NULL;
    if (first < n && first == found)
        return behind;
    if (found < n)
        return read_case(r, p, choice, found, to, f);
    to->kind = UVREST__ENUM_UNKNOWN;
    to->value = NULL;
    if (!note(r, f, "a known tag", p, behind) || !copy_raw(r, p, behind, &to->raw))
        return NULL;
    return behind;
}

/* ---- arrays and maps ------------------------------------------------------------------------------------------------ */

/* The element of an array at p into `to`, zeroed. Null is a value where C has one for it. */
static const uint8_t *read_element(reader *r, const uint8_t *p, const uvrest_gen_field *field, void *to, const frame *f)
{
    unsigned kind = field->kind & UVREST__KIND_MASK;
    if (*p == 'n' && kind != UVREST_KIND_MODEL && kind != UVREST_KIND_RAW) {
        if (!is_word(r, p, "null"))
            return bad_text(r, p);
        if (kind == UVREST_KIND_ENUM || kind == UVREST_KIND_UNION)
            *(int *)to = UVREST__ENUM_NULL;
        else if (kind == UVREST_KIND_BOOL)
            ((uvrest_opt_bool *)to)->state = UVREST_IS_NULL;
        else if (kind == UVREST_KIND_I32)
            ((uvrest_opt_i32 *)to)->state = UVREST_IS_NULL;
        else if (kind == UVREST_KIND_I64)
            ((uvrest_opt_i64 *)to)->state = UVREST_IS_NULL;
        else if (kind == UVREST_KIND_F64)
            ((uvrest_opt_f64 *)to)->state = UVREST_IS_NULL;
        return p + 4;
    }
    switch (kind) {
    case UVREST_KIND_BOOL:
        return read_bool(r, p, to);
    case UVREST_KIND_I32:
        return read_i32(r, p, to);
    case UVREST_KIND_I64: {
        uvrest_opt_i64 *number = to;
        number->state = UVREST_IS_SET;
        return read_i64(r, p, &number->value);
    }
    case UVREST_KIND_F64:
        return read_f64(r, p, to);
    case UVREST_KIND_STR:
        return read_str(r, p, to);
    case UVREST_KIND_ENUM:
        return read_enum(r, p, field->of, to);
    case UVREST_KIND_MODEL:
        return UVREST__LIKELY(*p == '{') ? read_object(r, p + 1, field->of, to, f) : p;
    case UVREST_KIND_UNION:
        return read_union(r, p, field->of, to, f);
    default:
        return read_raw(r, p, to);
    }
}

/* Where an array or a map goes: both are a pointer and a count. */
typedef struct sequence {
    const void *items;
    size_t n_items;
} sequence;

/* Moves what was gathered into the arena. */
static bool settle(reader *r, const uint8_t *p, uvrest__stack_mark mark, size_t size, size_t n, sequence *to)
{
    void *items = (void *)(uintptr_t)UVREST_EMPTY;
    if (n != 0) {
        items = take(r, p, n * size, 8);
        if (items == NULL)
            return false;
        uvrest__stack_gather(&r->stack, mark, size, n, items);
    }
    to->items = items;
    to->n_items = n;
    return true;
}

static const uint8_t *read_map(reader *r, const uint8_t *p, const uvrest_gen_field *field, sequence *to,
                               const frame *up);

/* The array at p. */
static const uint8_t *read_array(reader *r, const uint8_t *p, const uvrest_gen_field *field, sequence *to,
                                 const frame *up)
{
    const uint8_t *const begin = p;
    const bool maps = (field->kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP_ARRAY;
    const size_t size = uvrest__tables_element_size(r->schema, field);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    frame f = {up, NULL, NULL, 0};
    if (*p != '[')
        return p;
    if (!enter(r, p))
        return NULL;
    p = skip(r, p + 1);
    if (*p != ']') {
        for (;;) {
            const uint8_t *value = p;
            void *element = push(r, p, size);
            if (element == NULL)
                return failed_in(r, &f);
            memset(element, 0, size);
            p = maps ? read_map(r, p, field, element, &f) : read_element(r, p, field, element, &f);
            if (UVREST__UNLIKELY(p == NULL))
                return failed_in(r, &f);
            if (UVREST__UNLIKELY(p == value)) {
                uvrest__stack_pop(&r->stack, mark);
                r->depth--;
                return begin;
            }
            f.index++;
            p = skip(r, p);
            if (*p != ',')
                break;
            p = skip(r, p + 1);
        }
        if (UVREST__UNLIKELY(*p != ']'))
            return bad_text(r, p);
    }
    if (!settle(r, p, mark, size, f.index, to))
        return failed_in(r, &f);
    return leave(r, p);
}

/* The value of an entry of a map. A null is NULL, or the slice null. */
static const uint8_t *read_entry(reader *r, const uint8_t *p, const uvrest_gen_field *field, void *to, const frame *f)
{
    size_t size;
    char *model;
    switch (field->kind & UVREST__KIND_MASK) {
    case UVREST_KIND_RAW:
        return read_raw(r, p, to);
    case UVREST_KIND_STR:
        if (*p == 'n')
            return is_word(r, p, "null") ? p + 4 : bad_text(r, p);
        return read_str(r, p, to);
    default:
        if (*p == 'n')
            return is_word(r, p, "null") ? p + 4 : bad_text(r, p);
        if (*p != '{')
            return p;
        size = r->schema->models[field->of].size;
        model = take(r, p, size, 8);
        if (model == NULL)
            return NULL;
        memset(model, 0, size);
        memcpy(to, &model, sizeof model);
        return read_object(r, p + 1, field->of, model, f);
    }
}

static bool unique_keys(reader *r, const uint8_t *p, size_t size, sequence *map);

/* The object at p as a map: entries { key, value }. A key that is no C text makes all of it a misfit. */
static const uint8_t *read_map(reader *r, const uint8_t *p, const uvrest_gen_field *field, sequence *to,
                               const frame *up)
{
    const uint8_t *const begin = p;
    const size_t size =
        sizeof(char *) + ((field->kind & UVREST__KIND_MASK) == UVREST_KIND_RAW ? sizeof(uvrest_raw) : sizeof(void *));
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    frame f = {up, NULL, NULL, 0};
    if (*p != '{')
        return p;
    if (!enter(r, p))
        return NULL;
    p = skip(r, p + 1);
    if (*p != '}') {
        for (;;) {
            const uint8_t *value;
            decoded key;
            char *entry = push(r, p, size);
            if (entry == NULL)
                return failed_in(r, up);
            memset(entry, 0, size);
            if (*p != '"')
                return bad_text(r, p);
            p = read_text(r, p + 1, &key);
            if (p == NULL || *(p = skip(r, p)) != ':')
                return bad_text(r, begin);
            p = value = skip(r, p + 1);
            f.key = key.chars;
            f.index++;
            memcpy(entry, &f.key, sizeof f.key);
            if (!key.unfit)
                p = read_entry(r, p, field, entry + sizeof f.key, &f);
            if (UVREST__UNLIKELY(p == NULL))
                return failed_in(r, &f);
            if (UVREST__UNLIKELY(p == value)) {
                uvrest__stack_pop(&r->stack, mark);
                r->depth--;
                return begin;
            }
            p = skip(r, p);
            if (*p != ',')
                break;
            p = skip(r, p + 1);
        }
        if (UVREST__UNLIKELY(*p != '}'))
            return bad_text(r, p);
    }
    if (!settle(r, p, mark, size, f.index, to) || !unique_keys(r, p, size, to))
        return failed_in(r, up);
    return leave(r, p);
}

/* Of entries with equal keys only the last stays. Done by name and place, as for members of an extra. */
static bool unique_keys(reader *r, const uint8_t *p, size_t size, sequence *map)
{
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    size_t n = map->n_items, kept = 0;
    char *entries = (char *)(uintptr_t)map->items;
    uvrest_extra_member *names;
    uint32_t *scratch;
    if (n < 2)
        return true;
    names = push(r, p, n * sizeof *names);
    scratch = names == NULL ? NULL : push(r, p, 2 * n * sizeof *scratch);
    if (scratch == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        memcpy(&names[i].name, entries + i * size, sizeof names[i].name);
        names[i].name_len = strlen(names[i].name);
        names[i].value.len = i;
    }
    kept = uvrest__extra_unique(names, n, scratch);
    r->n_duplicates += n - kept;
    for (size_t i = 0; kept < n && i < kept; i++)
        memmove(entries + i * size, entries + names[i].value.len * size, size);
    map->n_items = kept;
    uvrest__stack_pop(&r->stack, mark);
    return true;
}

/* ---- objects -------------------------------------------------------------------------------------------------------- */

/* What an object has beside its struct while it is read. */
typedef struct object {
    frame f;
    unsigned model;
    unsigned n_required; /* of the required members, how many came */
    size_t n_kept;
    kept_member *kept;
    char *to;
    uint64_t seen[UVREST__JSON_FIELDS_MAX / 64];
    uint64_t nulls[UVREST__JSON_FIELDS_MAX / 64];
} object;

static member_order *find_order(reader *r, unsigned model, unsigned n)
{
    member_order *order = &r->orders[model % ORDER_SLOTS];
    if (UVREST__UNLIKELY(order->model != model)) {
        order->model = (uint16_t)model;
        for (unsigned i = 0; i <= n; i++)
            order->next[i] = (uint8_t)i;
    }
    return order;
}

/* Whether the text at p is a member's name with its closing quote. */
UVREST__HOT bool is_name(const reader *r, const uint8_t *p, uint16_t name)
{
    const char *text = uvrest__name_text(r->schema, name);
    unsigned len = uvrest__name_len(r->schema, name);
    if (UVREST__UNLIKELY(r->end - p < 32))
        return r->end - p > (ptrdiff_t)len && memcmp(p, text, len) == 0 && p[len] == '"';
    if (UVREST__LIKELY(len <= 16))
        return uvrest__same16(p, text, len) && p[len] == '"';
    return r->end - p > (ptrdiff_t)len && uvrest__same16(p, text, 16) && memcmp(p + 16, text + 16, len - 16) == 0 &&
           p[len] == '"';
}

/* A member of no model: kept as it is. name: as it stands in the text, or decoded in the arena. p: behind the name. */
static UVREST__COLD const uint8_t *read_unknown(reader *r, const uint8_t *p, object *o, const char *name, size_t len)
{
    const uint8_t *behind;
    if ((const uint8_t *)name >= r->begin && (const uint8_t *)name < r->end) {
        char *copy = take(r, p, len + 1, 1);
        if (copy == NULL)
            return NULL;
        memcpy(copy, name, len);
        copy[len] = '\0';
        name = copy;
    }
    p = skip(r, p);
    if (*p != ':')
        return bad_text(r, p);
    p = skip(r, p + 1);
    behind = skip_value(r, p);
    return behind != NULL && keep_raw(r, &o->kept, name, len, p, behind) ? behind : NULL;
}

/* A member comes again: what it left the first time goes. */
static UVREST__COLD void forget_member(reader *r, object *o, const uvrest_gen_field *field, unsigned i)
{
    memset(o->to + field->offset, 0, uvrest__tables_member_size(field));
    o->nulls[i / 64] &= ~(UINT64_C(1) << i % 64);
    for (kept_member **at = &o->kept; *at != NULL;) {
        if ((*at)->member.name == uvrest__name_text(r->schema, field->name))
            *at = (*at)->before;
        else
            at = &(*at)->before;
    }
    r->n_duplicates++;
}

/* A null for a member: a state of its type where there is one, else a bit. */
static const uint8_t *read_null(reader *r, const uint8_t *p, object *o, const uvrest_gen_field *field, unsigned i)
{
    char *to = o->to + field->offset;
    if (UVREST__UNLIKELY(!is_word(r, p, "null")))
        return bad_text(r, p);
    switch (field->kind) {
    case UVREST_KIND_BOOL:
        ((uvrest_opt_bool *)(void *)to)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_I32:
        ((uvrest_opt_i32 *)(void *)to)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_I64:
        ((uvrest_opt_i64 *)(void *)to)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_F64:
        ((uvrest_opt_f64 *)(void *)to)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_ENUM:
        *(int *)(void *)to = UVREST__ENUM_NULL;
        break;
    case UVREST_KIND_RAW:
        *(uvrest_raw *)(void *)to = (uvrest_raw){"null", 4};
        break;
    default:
        o->nulls[i / 64] |= UINT64_C(1) << i % 64;
        break;
    }
    return p + 4;
}

/* A nested model or union, in memory of its own. */
static const uint8_t *read_nested(reader *r, const uint8_t *p, const uvrest_gen_field *field, void *to, const frame *f)
{
    const bool one_model = field->kind == UVREST_KIND_MODEL;
    const size_t size = one_model ? r->schema->models[field->of].size : sizeof(uvrest_union);
    char *value;
    if (UVREST__UNLIKELY(*p != '{'))
        return p;
    value = take(r, p, size, 8);
    if (value == NULL)
        return NULL;
    memset(value, 0, size);
    memcpy(to, &value, sizeof value);
    return one_model ? read_object(r, p + 1, field->of, value, f)
                     : read_union(r, p, field->of, (uvrest_union *)(void *)value, f);
}

/* An enum member, or an array of them: what is not known is kept too. */
static const uint8_t *read_enums(reader *r, const uint8_t *p, object *o, const uvrest_gen_field *field, void *to)
{
    const uint8_t *behind;
    r->unknown_text = false;
    behind = field->kind == UVREST_KIND_ENUM ? read_enum(r, p, field->of, to) : read_array(r, p, field, to, &o->f);
    if (UVREST__LIKELY(!r->unknown_text) || behind == NULL || behind == p)
        return behind;
    return keep(r, p, &o->f, &o->kept, "a known enum value");
}

/* The value of a member, not null. */
UVREST__HOT const uint8_t *read_member(reader *r, const uint8_t *p, object *o, const uvrest_gen_field *field)
{
    void *to = o->to + field->offset;
    switch (field->kind) {
    case UVREST_KIND_STR:
        return read_str(r, p, to);
    case UVREST_KIND_BOOL:
        return read_bool(r, p, to);
    case UVREST_KIND_I32:
        return read_i32(r, p, to);
    case UVREST_KIND_I64: {
        uvrest_opt_i64 *number = to;
        const uint8_t *behind = read_i64(r, p, &number->value);
        if (UVREST__LIKELY(behind != p))
            number->state = UVREST_IS_SET;
        return behind;
    }
    case UVREST_KIND_F64:
        return read_f64(r, p, to);
    case UVREST_KIND_ENUM:
    case UVREST_ROW_ENUM_ARRAY:
        return read_enums(r, p, o, field, to);
    case UVREST_KIND_RAW:
        return read_raw(r, p, to);
    case UVREST_KIND_MODEL:
    case UVREST_KIND_UNION:
        return read_nested(r, p, field, to, &o->f);
    case UVREST_ROW_STR_MAP:
    case UVREST_ROW_MODEL_MAP:
    case UVREST_ROW_RAW_MAP:
        return read_map(r, p, field, to, &o->f);
    default:
        return read_array(r, p, field, to, &o->f);
    }
}

/* Notes each required member that did not come. p: the closing brace. */
static UVREST__COLD bool note_missing(reader *r, object *o, const uint8_t *p)
{
    const uvrest_gen_field *fields = uvrest__model_fields(r->schema, o->model);
    for (unsigned i = 0; i < uvrest__model_n_fields(r->schema, o->model); i++) {
        /* What only the server takes is not expected from it. */
        if ((fields[i].flags & (UVREST_REQUIRED | UVREST_WRITE_ONLY)) != UVREST_REQUIRED ||
            (o->seen[i / 64] >> i % 64 & 1) != 0)
            continue;
        o->f.field = &fields[i];
        if (!note(r, &o->f, "a required member", p, NULL))
            return false;
    }
    return true;
}

/* Makes the object's extra of its nulls and of what was kept. */
static bool make_extra(reader *r, object *o, const uint8_t *p)
{
    uvrest_extra **to = (uvrest_extra **)(void *)(o->to + r->schema->models[o->model].extra);
    uvrest_extra_member *members = NULL;
    size_t n = 0, at;
    for (const kept_member *entry = o->kept; entry != NULL; entry = entry->before)
        n++;
    if (n != 0) {
        uint32_t *scratch = push(r, p, 2 * n * sizeof *scratch);
        members = take(r, p, n * sizeof *members, 8);
        if (members == NULL || scratch == NULL)
            return false;
        at = n;
        for (const kept_member *entry = o->kept; entry != NULL; entry = entry->before)
            members[--at] = entry->member;
        at = uvrest__extra_unique(members, n, scratch);
        r->n_duplicates += n - at;
        n = at;
    }
    if ((size_t)(r->arena->end - r->arena->at) < sizeof(uvrest_extra) + sizeof o->nulls + 8 &&
        !grow(r, p, sizeof(uvrest_extra) + sizeof o->nulls))
        return false;
    *to = uvrest__extra_new(r->arena, r->schema, (uint16_t)o->model, o->nulls, members, n);
    return *to != NULL || fail(r, p, UVREST_E_NOMEM) != NULL;
}

/* The name of a member that was not guessed. *out_i: which it is, -1 for none of the model's. Returns behind its quote. */
static const uint8_t *read_name(reader *r, const uint8_t *p, unsigned model, int *out_i, const char **out_name,
                                size_t *out_len)
{
    p = peek_text(r, p, out_name, out_len);
    if (p != NULL)
        *out_i = uvrest__tables_find_field(r->schema, model, *out_name, *out_len);
    return p;
}

/* An object from behind its opening brace into a zeroed struct. */
static const uint8_t *read_object(reader *r, const uint8_t *p, unsigned model, char *to, const frame *up)
{
    const uvrest_gen_field *const fields = uvrest__model_fields(r->schema, model);
    const unsigned n = uvrest__model_n_fields(r->schema, model);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    uint8_t *const next = find_order(r, model, n)->next;
    unsigned at = 0;
    object o;
    memset(&o, 0, sizeof o);
    o.f.up = up;
    o.model = model;
    o.to = to;
    if (!enter(r, p - 1))
        return NULL;
    p = skip(r, p);
    if (*p == '}')
        goto close;
    for (;;) {
        const uint8_t *value;
        unsigned i = next[at];
        if (UVREST__UNLIKELY(*p != '"'))
            return bad_text(r, p);
        p++;
        if (UVREST__LIKELY(i < n && is_name(r, p, fields[i].name))) {
            p += uvrest__name_len(r->schema, fields[i].name) + 1;
        } else {
            const char *name;
            size_t len;
            int found;
            p = read_name(r, p, model, &found, &name, &len);
            if (UVREST__UNLIKELY(p == NULL))
                return failed_in(r, up);
            if (UVREST__UNLIKELY(found < 0)) {
                p = read_unknown(r, p, &o, name, len);
                if (p == NULL)
                    return failed_in(r, up);
                goto separator;
            }
            i = (unsigned)found;
            next[at] = (uint8_t)i;
        }
        at = i + 1;
        o.f.field = &fields[i];
        p = skip(r, p);
        if (UVREST__UNLIKELY(*p != ':'))
            return bad_text(r, p);
        p = value = skip(r, p + 1);
        if (UVREST__UNLIKELY((o.seen[i / 64] >> i % 64 & 1) != 0)) {
            forget_member(r, &o, &fields[i], i);
        } else {
            o.seen[i / 64] |= UINT64_C(1) << i % 64;
            o.n_required += fields[i].flags & UVREST_REQUIRED;
        }
        if (*p == 'n') {
            p = read_null(r, p, &o, &fields[i], i);
        } else {
            p = read_member(r, p, &o, &fields[i]);
            if (UVREST__UNLIKELY(p == value)) {
                memset(to + fields[i].offset, 0, uvrest__tables_member_size(&fields[i]));
                p = keep(r, p, &o.f, &o.kept, expectation(&fields[i]));
            }
        }
        if (UVREST__UNLIKELY(p == NULL))
            return failed_in(r, &o.f);
    separator:
        p = skip(r, p);
        if (UVREST__LIKELY(*p == ',')) {
            p = skip(r, p + 1);
            continue;
        }
        if (UVREST__UNLIKELY(*p != '}'))
            return bad_text(r, p);
        break;
    }
close:
    if (UVREST__UNLIKELY(o.n_required != r->schema->models[model].required) && !note_missing(r, &o, p))
        return NULL;
    if ((o.nulls[0] | o.nulls[1] | o.nulls[2] | o.nulls[3]) != 0 || o.kept != NULL) {
        if (!make_extra(r, &o, p))
            return failed_in(r, up);
    }
    uvrest__stack_pop(&r->stack, mark); /* even of nothing kept: what was may have been superseded */
    return leave(r, p);
}

/* ---- whole texts ---------------------------------------------------------------------------------------------------- */

/* The reader is some kilobytes that need no zeroing. */
static const uint8_t *init(reader *r, const uvrest_schema *schema, const char *chars, size_t len,
                           const uvrest_decode_options *options, uvrest_arena *arena)
{
    static const uvrest_decode_options defaults;
    static const uvrest_decode_note no_failure;
    if (options == NULL)
        options = &defaults;
    r->begin = (const uint8_t *)(chars == NULL ? "" : chars);
    r->end = r->begin + (chars == NULL ? 0 : len);
    r->schema = schema;
    r->arena = arena;
    r->used_before = uvrest_arena_used(arena);
    r->depth = 0;
    r->max_depth = options->max_depth == 0 || options->max_depth > UVREST__JSON_DEPTH_MAX ? UVREST__JSON_DEPTH_MAX
                                                                                          : options->max_depth;
    r->strict = options->strict;
    r->unknown_text = false;
    r->n_duplicates = 0;
    r->max_notes = options->max_notes == 0 ? UVREST__JSON_NOTES_DEFAULT : options->max_notes;
    if (r->max_notes > UVREST__JSON_NOTES_MAX)
        r->max_notes = UVREST__JSON_NOTES_MAX;
    r->notes = NULL;
    r->n_notes = r->cap_notes = r->n_dropped = 0;
    r->status = UVREST_OK;
    r->has_failure_path = false;
    r->failure = no_failure;
    for (unsigned i = 0; i < ORDER_SLOTS; i++)
        r->orders[i].model = UINT16_MAX;
    uvrest__stack_init(&r->stack, arena, r->stack_memory, sizeof r->stack_memory);
    if (r->end - r->begin >= 3 && memcmp(r->begin, "\xEF\xBB\xBF", 3) == 0)
        return uvrest__skip_space(r->begin + 3, r->end);
    return uvrest__skip_space(r->begin, r->end);
}

/* Lets the arena grow by so much and no more; gives back what undoes it. */
typedef struct ceiling {
    size_t max_bytes;
    size_t used_limit;
} ceiling;

static ceiling lower_ceiling(uvrest_arena *arena, size_t max_bytes)
{
    ceiling before = {arena->max_bytes, arena->used_limit};
    if (max_bytes != 0) {
        if (arena->max_bytes > arena->taken && arena->max_bytes - arena->taken > max_bytes)
            arena->max_bytes = arena->taken + max_bytes;
        uvrest__arena_limit(arena, max_bytes);
    }
    return before;
}

static void restore_ceiling(uvrest_arena *arena, ceiling before)
{
    arena->max_bytes = before.max_bytes;
    uvrest__arena_limit(arena, before.used_limit == SIZE_MAX ? SIZE_MAX : before.used_limit - uvrest_arena_used(arena));
}

/* Half of the text is about what it takes decoded; a small one is done with one block. */
static bool make_room(reader *r, const uint8_t *p)
{
    size_t len = (size_t)(r->end - p), hint = len / 2;
    uvrest_status st;
    if ((size_t)(r->arena->end - r->arena->at) >= len / 4)
        return true;
    st = uvrest__arena_grow(r->arena, 64, hint < FIRST_BLOCK ? (size_t)FIRST_BLOCK : hint);
    return st == UVREST_OK || fail(r, p, st) != NULL;
}

/* The text is not what reading it takes for granted: says whether it is broken, too deep or only of another kind. */
static UVREST__COLD void find_fault(reader *r, const uint8_t *p, const uint8_t *end, const char *expected)
{
    uvrest__fault fault;
    r->failure.expected = expected;
    r->status = UVREST_E_SCHEMA;
    if (!uvrest__scan_whole(p, end, r->max_depth, &fault)) {
        p = fault.at;
        r->failure.expected = fault.expected;
        r->status = fault.too_deep ? UVREST_E_LIMIT : UVREST_E_DECODE;
    }
    r->failure.offset = (size_t)(p - r->begin);
    r->failure.found = print_excerpt(r, p, end);
    if (r->failure.found == NULL)
        r->failure.found = "";
}

/* Tells how it ended, with room for the telling even if the ceiling was reached. */
static uvrest_status finish(reader *r, const uint8_t *p, const uint8_t *end, const char *expected,
                            uvrest_decode_report *out_report)
{
    uvrest_status st = r->status;
    const char *path;
    if (st == UVREST_E_LIMIT) {
        r->failure.expected = "a text that takes fewer bytes";
        r->failure.found = "more than the ceiling allows";
    }
    r->status = UVREST_OK;
    if (st == UVREST_E_DECODE) {
        find_fault(r, p, end, expected);
        st = r->status;
    }
    if (out_report == NULL)
        return st;
    memset(out_report, 0, sizeof *out_report);
    out_report->notes = r->notes;
    out_report->n_notes = r->n_notes;
    out_report->n_notes_dropped = r->n_dropped;
    if (st == UVREST_OK || st == UVREST_E_NOMEM)
        return st;
    out_report->failure = r->failure;
    if (r->failure.path != NULL)
        return st;
    path = r->has_failure_path ? uvrest_arena_copy(r->arena, r->failure_path, strlen(r->failure_path)) : "";
    out_report->failure.path = path == NULL ? "" : path;
    return st;
}

/* Reads a root of one kind: '{' into a struct of the model, '[' into a sequence of them. */
static uvrest_status decode_root(uvrest_model model, char open, const char *chars, size_t len,
                                 const uvrest_decode_options *options, uvrest_arena *arena, sequence *to,
                                 uvrest_decode_report *out_report)
{
    const uvrest_gen_field items = {0, 0, model.id, UVREST_ROW_MODEL_ARRAY, 0};
    const size_t size = model.schema->models[model.id].size;
    UVREST__UNINITIALIZED reader r;
    const uint8_t *p = init(&r, model.schema, chars, len, options, arena), *behind = NULL, *const end = r.end;
    const ceiling before = lower_ceiling(arena, options == NULL ? 0 : options->max_bytes);
    char *value = NULL;
    while (r.end > p && (r.end[-1] == ' ' || r.end[-1] == '\n' || r.end[-1] == '\r' || r.end[-1] == '\t'))
        r.end--;
    if (r.end - p < 2 || *p != (uint8_t)open || r.end[-1] != (open == '{' ? '}' : ']')) {
        bad_text(&r, p);
    } else if (make_room(&r, p)) {
        if (open == '[') {
            behind = read_array(&r, p, &items, to, NULL);
        } else if ((value = take(&r, p, size, 8)) != NULL) {
            memset(value, 0, size);
            to->items = value;
            behind = read_object(&r, p + 1, model.id, value, NULL);
        }
        if (behind != r.end)
            bad_text(&r, p);
    }
    restore_ceiling(arena, before);
    return finish(&r, p, end, open == '{' ? "an object" : "an array of objects", out_report);
}

uvrest_status uvrest_json_decode(uvrest_model model, const char *text, size_t len, const uvrest_decode_options *options,
                                 uvrest_arena *arena, const void **out_value, uvrest_decode_report *out_report)
{
    sequence root = {NULL, 0};
    uvrest_status st = UVREST_E_INVALID;
    if (model.schema != NULL && model.id < model.schema->n_models && arena != NULL && out_value != NULL)
        st = decode_root(model, '{', text, len, options, arena, &root, out_report);
    else if (out_report != NULL)
        memset(out_report, 0, sizeof *out_report);
    if (st == UVREST_OK)
        *out_value = root.items;
    return st;
}

uvrest_status uvrest__json_decode_array(uvrest_model model, const char *text, size_t len,
                                        const uvrest_decode_options *options, uvrest_arena *arena,
                                        const void **out_items, size_t *out_n_items, uvrest_decode_report *out_report)
{
    sequence root = {NULL, 0};
    uvrest_status st = decode_root(model, '[', text, len, options, arena, &root, out_report);
    if (st == UVREST_OK) {
        *out_items = root.items;
        *out_n_items = root.n_items;
    }
    return st;
}

uvrest_status uvrest__json_decode_text(const char *text, size_t len, uvrest_arena *arena, const char **out_text,
                                       uvrest_decode_report *out_report)
{
    UVREST__UNINITIALIZED reader r;
    const uint8_t *p = init(&r, NULL, text, len, NULL, arena), *behind;
    decoded chars = {NULL, 0, false};
    behind = p < r.end && *p == '"' ? read_text(&r, p + 1, &chars) : bad_text(&r, p);
    if (behind != NULL && (uvrest__skip_space(behind, r.end) != r.end || chars.unfit))
        bad_text(&r, p);
    if (r.status == UVREST_OK)
        *out_text = chars.chars;
    return finish(&r, p, r.end, "text", out_report);
}
