/* SPDX-License-Identifier: MIT */
#include "reader.h"

enum { FIRST_BLOCK = 3584 }; /* least size of the first block: with the arena itself below 4 KB */

/* ---- failing -------------------------------------------------------------------------------------------------------- */

UVREST__RARE const uint8_t *uvrest__reader_fail(uvrest__reader *r, const uint8_t *p, uvrest_status status)
{
    if (r->status == UVREST_OK) {
        r->status = status;
        r->failure.offset = (size_t)(p - r->begin);
    }
    return NULL;
}

UVREST__RARE const uint8_t *uvrest__reader_broken(uvrest__reader *r, const uint8_t *p)
{
    return uvrest__reader_fail(r, p, UVREST_E_DECODE);
}

/* Says where a failure happened, once: the innermost frame comes first. */
UVREST__RARE const uint8_t *uvrest__reader_failed_in(uvrest__reader *r, const uvrest__frame *f)
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
static size_t expected_rest(const uvrest__reader *r, const uint8_t *p, size_t used)
{
    size_t done = (size_t)(p - r->begin) + 1, rest = (size_t)(r->end - p);
    return (size_t)((double)used / (double)done * (double)rest * 1.1) + 1024;
}

UVREST__RARE bool uvrest__reader_grow(uvrest__reader *r, const uint8_t *p, size_t need)
{
    size_t used = uvrest_arena_used(r->arena) - r->used_before;
    size_t hint = used == 0 ? 0 : need + expected_rest(r, p, used);
    uvrest_status st = uvrest__arena_grow(r->arena, need, hint);
    return st == UVREST_OK || uvrest__reader_fail(r, p, st) != NULL;
}

/* Elements gathered so far count from the first part on, so the hint takes a little more than they say. */
UVREST__RARE bool uvrest__reader_grow_stack(uvrest__reader *r, const uint8_t *p, size_t size)
{
    size_t used = (size_t)(r->stack.at - r->stack.part->data);
    uvrest_status st = uvrest__stack_grow(&r->stack, size, expected_rest(r, p, used + used / 4));
    return st == UVREST_OK || uvrest__reader_fail(r, p, st) != NULL;
}

/* A copy of the bytes [from, to), as a raw value. */
bool uvrest__reader_copy_raw(uvrest__reader *r, const uint8_t *from, const uint8_t *to, uvrest_raw *out)
{
    size_t len = (size_t)(to - from);
    char *copy = uvrest__reader_take(r, to, len, 1);
    if (copy == NULL)
        return false;
    memcpy(copy, from, len);
    out->text = copy;
    out->len = len;
    return true;
}

/* Behind a value of any kind, checked in full. */
const uint8_t *uvrest__reader_skip_value(uvrest__reader *r, const uint8_t *p)
{
    uvrest__fault fault;
    const uint8_t *behind = uvrest__scan_value(p, r->end, r->max_depth - r->depth, &fault);
    if (behind == NULL || behind == r->end)
        return uvrest__reader_fail(r, p, UVREST_E_DECODE);
    return behind;
}

/* ---- what does not fit ---------------------------------------------------------------------------------------------- */

static UVREST__RARE const char *copy_text(uvrest__reader *r, const uint8_t *p, const char *chars, size_t len)
{
    char *copy = uvrest__reader_take(r, p, len + 1, 1);
    if (copy != NULL)
        memcpy(copy, chars, len + 1);
    return copy;
}

static UVREST__RARE const char *print_excerpt(uvrest__reader *r, const uint8_t *p, const uint8_t *end)
{
    char chars[4 * UVREST__JSON_EXCERPT_MAX + 16];
    size_t len = uvrest__path_excerpt(p, end, chars, sizeof chars);
    return copy_text(r, p, chars, len);
}

static UVREST__RARE const char *print_path(uvrest__reader *r, const uint8_t *p, const uvrest__frame *f)
{
    char chars[UVREST__JSON_PATH_MAX];
    size_t len = uvrest__path_print(r->schema, f, chars, sizeof chars);
    return copy_text(r, p, chars, len);
}

static UVREST__RARE bool add_note(uvrest__reader *r, const uvrest_decode_note *entry, const uint8_t *p)
{
    if (r->n_notes == r->cap_notes) {
        size_t cap = r->cap_notes == 0 ? 4 : r->cap_notes * 2;
        uvrest_decode_note *notes = uvrest__reader_take(r, p, cap * sizeof *notes, 8);
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
UVREST__RARE bool uvrest__reader_note(uvrest__reader *r, const uvrest__frame *f, const char *expected, const uint8_t *p,
                                      const uint8_t *behind)
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
bool uvrest__reader_keep_raw(uvrest__reader *r, uvrest__kept_member **kept, const char *name, size_t name_len,
                             const uint8_t *p, const uint8_t *behind)
{
    uvrest__kept_member *entry = uvrest__reader_push(r, p, sizeof *entry);
    if (entry == NULL || !uvrest__reader_copy_raw(r, p, behind, &entry->member.value))
        return false;
    entry->member.name = name;
    entry->member.name_len = name_len;
    entry->before = *kept;
    *kept = entry;
    return true;
}

UVREST__RARE const char *uvrest__reader_expectation(const uvrest_gen_field *field)
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
UVREST__RARE const uint8_t *uvrest__reader_keep(uvrest__reader *r, const uint8_t *p, const uvrest__frame *f,
                                                uvrest__kept_member **kept, const char *expected)
{
    const uint8_t *behind = uvrest__reader_skip_value(r, p);
    const uvrest_gen_field *field = f->field;
    if (behind == NULL || !uvrest__reader_note(r, f, expected, p, behind))
        return NULL;
    if (!uvrest__reader_keep_raw(r, kept, uvrest__name_text(r->schema, field->name),
                                 uvrest__name_len(r->schema, field->name), p, behind))
        return NULL;
    return behind;
}

/* ---- whole texts ---------------------------------------------------------------------------------------------------- */

/* The reader is some kilobytes that need no zeroing. */
UVREST__COLD const uint8_t *uvrest__reader_begin(uvrest__reader *r, const uvrest_schema *schema, const char *chars,
                                                 size_t len, const uvrest_decode_options *options, uvrest_arena *arena)
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
    for (unsigned i = 0; i < UVREST__READER_ORDERS; i++)
        r->orders[i].model = UINT16_MAX;
    uvrest__stack_init(&r->stack, arena, r->stack_memory, sizeof r->stack_memory);
    if (r->end - r->begin >= 3 && memcmp(r->begin, "\xEF\xBB\xBF", 3) == 0)
        return uvrest__skip_space(r->begin + 3, r->end);
    return uvrest__skip_space(r->begin, r->end);
}

UVREST__RARE uvrest__ceiling uvrest__reader_lower(uvrest_arena *arena, size_t max_bytes)
{
    uvrest__ceiling before = {arena->max_bytes, arena->used_limit};
    if (max_bytes != 0) {
        if (arena->max_bytes > arena->taken && arena->max_bytes - arena->taken > max_bytes)
            arena->max_bytes = arena->taken + max_bytes;
        uvrest__arena_limit(arena, max_bytes);
    }
    return before;
}

UVREST__RARE void uvrest__reader_restore(uvrest_arena *arena, uvrest__ceiling before)
{
    arena->max_bytes = before.max_bytes;
    uvrest__arena_limit(arena, before.used_limit == SIZE_MAX ? SIZE_MAX : before.used_limit - uvrest_arena_used(arena));
}

/*
 * Three quarters of the text is what most take uvrest__text, so that one block will do; what is not touched is only addresses. A
 * small text is done with one block in any case.
 */
UVREST__RARE bool uvrest__reader_make_room(uvrest__reader *r, const uint8_t *p)
{
    size_t len = (size_t)(r->end - p), hint = len / 4 * 3;
    uvrest_status st;
    if ((size_t)(r->arena->end - r->arena->at) >= len / 4)
        return true;
    st = uvrest__arena_grow(r->arena, 64, hint < FIRST_BLOCK ? (size_t)FIRST_BLOCK : hint);
    return st == UVREST_OK || uvrest__reader_fail(r, p, st) != NULL;
}

/* The text is not what reading it takes for granted: says whether it is broken, too deep or only of another kind. */
static UVREST__RARE void find_fault(uvrest__reader *r, const uint8_t *p, const uint8_t *end, const char *expected)
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
UVREST__RARE uvrest_status uvrest__reader_finish(uvrest__reader *r, const uint8_t *p, const uint8_t *end,
                                                 const char *expected, uvrest_decode_report *out_report)
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
