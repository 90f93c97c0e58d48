/* SPDX-License-Identifier: MIT */
#include "reader.h"
#include "checked.h"

enum { FIRST_BLOCK = 3584 }; /* least size of the first block: with the arena itself below 4 KB */

/* ---- failing ----------------------------------------------------------------------------------------------------- */

UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_fail(uvrest__reader *r, const uint8_t *p,
                                                               uvrest_status status)
{
    if (r->status == UVREST_OK) {
        r->status = status;
        if (status != UVREST_E_NOMEM)
            r->failure.offset = (size_t)(p - r->begin);
    }
    return NULL;
}

UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_broken(uvrest__reader *r, const uint8_t *p)
{
    return uvrest__reader_fail(r, p, UVREST_E_DECODE);
}

/* Says where a failure happened, once: the innermost frame comes first. */
UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_failed_in(uvrest__reader *r, const uvrest__frame *f)
{
    if (!r->has_path) {
        uvrest__path_print(r->schema, f, r->print, sizeof r->print);
        r->has_path = true;
    }
    return NULL;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/*
 * How much more the rest of the text is likely to need, if it is like the part read so far. With some to spare, since
 * too little costs another block and too much is only room.
 */
static UVREST__RARE size_t expected_rest(const uvrest__reader *r, const uint8_t *p, size_t used)
{
    size_t done = (size_t)(p - r->begin) + 1, rest = (size_t)(r->end - p);
    return (used + used / 8) * 32 / done * (rest / 32 + 1) + 1024;
}

UVREST__DIRECT UVREST__RARE bool uvrest__reader_grow(uvrest__reader *r, const uint8_t *p, size_t need)
{
    size_t used = uvrest_arena_used(r->arena) - r->used_before;
    uvrest_status st = uvrest__arena_grow(r->arena, need, used == 0 ? 0 : need + expected_rest(r, p, used));
    return st == UVREST_OK || uvrest__reader_fail(r, p, st) != NULL;
}

/* Elements gathered so far count from the first part on, so the hint takes a little more than they say. */
static UVREST__RARE bool grow_stack(uvrest__reader *r, const uint8_t *p, size_t size)
{
    size_t used = (size_t)(r->stack.at - r->stack.part->data);
    uvrest_status st = uvrest__stack_grow(&r->stack, size, expected_rest(r, p, used + used / 8));
    return st == UVREST_OK || uvrest__reader_fail(r, p, st) != NULL;
}

UVREST__DIRECT void *uvrest__reader_take(uvrest__reader *r, const uint8_t *p, size_t size)
{
    size_t pad = (size_t)(0 - (uintptr_t)r->arena->at) & 7;
    char *memory;
    if (UVREST__UNLIKELY((size_t)(r->arena->end - r->arena->at) < size + pad)) {
        if (!uvrest__reader_grow(r, p, size))
            return NULL;
        pad = 0;
    }
    memory = r->arena->at + pad;
    r->arena->at = memory + size;
    return memory;
}

UVREST__DIRECT void *uvrest__reader_push(uvrest__reader *r, const uint8_t *p, size_t size)
{
    void *memory = uvrest__stack_push(&r->stack, size);
    if (UVREST__UNLIKELY(memory == NULL)) {
        if (!grow_stack(r, p, size))
            return NULL;
        memory = uvrest__stack_push(&r->stack, size);
    }
    return memset(memory, 0, size);
}

UVREST__DIRECT bool uvrest__reader_keep_text(uvrest__reader *r, const uint8_t *from, const uint8_t *to, uvrest_raw *out)
{
    size_t len = (size_t)(to - from);
    char *text = (char *)(uintptr_t)from;
    if (!r->borrows) {
        text = uvrest__reader_take(r, to, len);
        if (text == NULL)
            return false;
        memcpy(text, from, len);
    }
    out->text = text;
    out->len = len;
    out->checked = uvrest__checked_mark(text, len, r->depth);
    return true;
}

/* Behind a value of any kind, checked in full. */
UVREST__DIRECT const uint8_t *uvrest__reader_skip_value(uvrest__reader *r, const uint8_t *p)
{
    const uint8_t *behind = uvrest__scan_value(p, r->end, r->max_depth - r->depth, &r->fault);
    return behind == NULL || behind == r->end ? uvrest__reader_broken(r, p) : behind;
}

UVREST__DIRECT bool uvrest__reader_enter(uvrest__reader *r, const uint8_t *p)
{
    return ++r->depth <= r->max_depth || uvrest__reader_broken(r, p) != NULL; /* the scanner tells the two apart */
}

/* Behind the closing brace or bracket at p, which must not be the last byte but for the root. */
UVREST__DIRECT const uint8_t *uvrest__reader_leave(uvrest__reader *r, const uint8_t *p)
{
    r->depth--;
    return UVREST__LIKELY(p + 1 != r->end || r->depth == 0) ? p + 1 : uvrest__reader_broken(r, p);
}

/* ---- what does not fit ------------------------------------------------------------------------------------------- */

/* A copy of what was printed. */
static UVREST__RARE const char *copy_print(uvrest__reader *r, const uint8_t *p, size_t len)
{
    char *copy = uvrest__reader_take(r, p, len + 1);
    return copy == NULL ? NULL : memcpy(copy, r->print, len + 1);
}

static UVREST__RARE uvrest_decode_note *next_note(uvrest__reader *r, const uint8_t *p)
{
    if (r->n_notes == r->cap_notes) {
        size_t cap = r->n_notes * 2 + 4;
        uvrest_decode_note *notes = uvrest__reader_take(r, p, cap * sizeof *notes);
        if (notes == NULL)
            return NULL;
        if (r->n_notes != 0)
            memcpy(notes, r->notes, r->n_notes * sizeof *notes);
        r->notes = notes;
        r->cap_notes = cap;
    }
    return &r->notes[r->n_notes];
}

/* Notes that the text from p to behind does not fit, or that nothing came (behind NULL); false
 * when that ends the decode. */
UVREST__DIRECT UVREST__RARE bool uvrest__reader_note(uvrest__reader *r, const uvrest__frame *f, const char *expected,
                                                     const uint8_t *p, const uint8_t *behind)
{
    uvrest_decode_note *entry = r->strict ? &r->failure : NULL;
    const char *path, *found = "nothing";
    if (entry == NULL && r->n_notes == r->max_notes) {
        r->n_dropped++;
        return true;
    }
    path = copy_print(r, p, uvrest__path_print(r->schema, f, r->print, sizeof r->print));
    if (behind != NULL)
        found = copy_print(r, p, uvrest__path_excerpt(p, behind, r->print));
    if (entry == NULL)
        entry = next_note(r, p);
    if (path == NULL || found == NULL || entry == NULL)
        return false;
    *entry = (uvrest_decode_note){path, expected, found, (size_t)(p - r->begin)};
    if (r->strict) {
        r->status = UVREST_E_SCHEMA;
        return false;
    }
    r->n_notes++;
    return true;
}

/* Adds a member to those the object's extra will have. name: in the pool or the arena. */
UVREST__DIRECT bool uvrest__reader_keep_raw(uvrest__reader *r, uvrest__kept_member **kept, const char *name,
                                            size_t name_len, const uint8_t *p, const uint8_t *behind)
{
    uvrest__kept_member *entry = uvrest__reader_push(r, p, sizeof *entry);
    if (entry == NULL || !uvrest__reader_keep_text(r, p, behind, &entry->member.value))
        return false;
    entry->member.name = name;
    entry->member.name_len = name_len;
    entry->before = *kept;
    *kept = entry;
    return true;
}

UVREST__DIRECT UVREST__RARE const char *uvrest__reader_expectation(unsigned kind)
{
    /* Shape by shape, each in the order of uvrest_kind; maps are only of texts, models and raw values. */
    static const char texts[] = "a boolean\0"
                                "int32\0"
                                "int64\0"
                                "a number that a double holds exactly\0"
                                "text\0"
                                "text\0"
                                "an object\0"
                                "an object\0"
                                "a value\0"
                                "an array of booleans\0"
                                "an array of int32\0"
                                "an array of int64\0"
                                "an array of numbers\0"
                                "an array of texts\0"
                                "an array of texts\0"
                                "an array of objects\0"
                                "an array of objects\0"
                                "an array\0"
                                "an object of texts\0"
                                "\0"
                                "an object of objects\0"
                                "\0"
                                "an object\0"
                                "an array of objects of texts";
    static const uint8_t first[] = {0, 9, 18 - UVREST_KIND_STR, 23 - UVREST_KIND_STR};
    const char *text = texts;
    unsigned n = first[kind / UVREST_SHAPE_ARRAY] + (kind & UVREST__KIND_MASK);
    while (n-- > 0)
        text += strlen(text) + 1;
    return text;
}

/* ---- whole texts ------------------------------------------------------------------------------------------------- */

/*
 * Three quarters of the text is what most take uvrest__text, so that one block will do; what is not touched is only
 * addresses. A small text is done with one block in any case.
 */
static UVREST__RARE void make_room(uvrest__reader *r, const uint8_t *p)
{
    size_t len = (size_t)(r->end - p), hint = len / 4 * 3;
    uvrest_status st;
    if ((size_t)(r->arena->end - r->arena->at) >= len / 4)
        return;
    st = uvrest__arena_grow(r->arena, 64, hint < FIRST_BLOCK ? (size_t)FIRST_BLOCK : hint);
    if (st != UVREST_OK)
        uvrest__reader_fail(r, p, st);
}

static UVREST__RARE void lower_ceilings(uvrest_arena *arena, size_t max_bytes)
{
    if (arena->max_bytes > arena->taken && arena->max_bytes - arena->taken > max_bytes)
        arena->max_bytes = arena->taken + max_bytes;
    uvrest__arena_limit(arena, max_bytes);
}

static UVREST__RARE void restore_ceilings(uvrest__reader *r)
{
    r->arena->max_bytes = r->max_bytes;
    uvrest__arena_limit(r->arena, r->used_limit == SIZE_MAX ? SIZE_MAX : r->used_limit - uvrest_arena_used(r->arena));
}

/* Whether a text stands in what is handed out of the arena's current block: it lasts as long
 * as what is decoded of it. */
static UVREST__RARE bool is_inside(const uvrest_arena *arena, const uint8_t *begin, size_t len)
{
    const uintptr_t at = (uintptr_t)arena->at, from = (uintptr_t)begin;
    return arena->current != NULL && from >= (uintptr_t)arena->current->data && from <= at && len <= at - from;
}

static uint32_t choose(uint32_t wanted, uint32_t usual, uint32_t most)
{
    return wanted == 0 ? usual : wanted < most ? wanted : most;
}

UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_begin(uvrest__reader *r, const uvrest_schema *schema,
                                                                const char *chars, size_t len,
                                                                const uvrest_decode_options *options,
                                                                uvrest_arena *arena)
{
    static const uvrest_decode_options defaults;
    const uint8_t *p;
    if (options == NULL)
        options = &defaults;
    memset(r, 0, offsetof(uvrest__reader, order_of));
    memset(r->order_of, 0xFF, sizeof r->order_of);
    uvrest__stack_init(&r->stack, arena, r->stack_memory, sizeof r->stack_memory);
    r->begin = (const uint8_t *)(chars == NULL ? "" : chars);
    r->end = r->whole_end = r->begin + (chars == NULL ? 0 : len);
    r->schema = schema;
    r->arena = arena;
    r->used_before = uvrest_arena_used(arena);
    r->borrows = is_inside(arena, r->begin, len);
    r->max_bytes = arena->max_bytes;
    r->used_limit = arena->used_limit;
    r->max_depth = choose(options->max_depth, UVREST__JSON_DEPTH_MAX, UVREST__JSON_DEPTH_MAX);
    r->strict = options->strict;
    r->max_notes = choose(options->max_notes, UVREST__JSON_NOTES_DEFAULT, UVREST__JSON_NOTES_MAX);
    p = uvrest__scan_begin(r->begin, r->end);
    while (r->end > p && (r->end[-1] == ' ' || r->end[-1] == '\n' || r->end[-1] == '\r' || r->end[-1] == '\t'))
        r->end--;
    if (options->max_bytes != 0)
        lower_ceilings(arena, options->max_bytes);
    make_room(r, p);
    return p;
}

/* The text is not what reading it takes for granted: says whether it is broken, too deep or only of another kind. */
static UVREST__RARE void find_fault(uvrest__reader *r, const uint8_t *p, unsigned kind)
{
    r->status = UVREST_E_SCHEMA;
    r->failure.expected = uvrest__reader_expectation(kind);
    if (!uvrest__scan_whole(p, r->whole_end, r->max_depth, &r->fault)) {
        p = r->fault.at;
        r->failure.expected = r->fault.expected;
        r->status = r->fault.too_deep ? UVREST_E_LIMIT : UVREST_E_DECODE;
    }
    r->failure.offset = (size_t)(p - r->begin);
    r->failure.found = uvrest_arena_copy(r->arena, r->print, uvrest__path_excerpt(p, r->whole_end, r->print));
}

/* Tells how it ended, with room for the telling even if the ceiling was reached. */
UVREST__DIRECT UVREST__RARE uvrest_status uvrest__reader_finish(uvrest__reader *r, const uint8_t *p, unsigned kind,
                                                                uvrest_decode_report *out_report)
{
    uvrest_decode_note *failure = &r->failure;
    restore_ceilings(r);
    if (r->status == UVREST_E_DECODE || r->status == UVREST_E_LIMIT) {
        failure->path = r->has_path ? uvrest_arena_copy(r->arena, r->print, strlen(r->print)) : NULL;
        failure->expected = "a text that takes fewer bytes";
        failure->found = "more than the ceiling allows";
        if (r->status == UVREST_E_DECODE)
            find_fault(r, p, kind);
        if (failure->path == NULL)
            failure->path = "";
        if (failure->found == NULL)
            failure->found = "";
    }
    if (out_report != NULL) {
        out_report->notes = r->notes;
        out_report->n_notes = r->n_notes;
        out_report->n_notes_dropped = r->n_dropped;
        out_report->failure = *failure;
    }
    return r->status;
}
