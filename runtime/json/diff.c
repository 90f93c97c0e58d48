/* SPDX-License-Identifier: MIT */
/*
 * What turns one model into another. Members are compared by what encoding them would send, as JSON: so read-only
 * members do not count at any level, nor do white space, the order of members, or how a number or a text is written.
 */
#include "arena.h"
#include "ceilings.h"
#include "encode.h"
#include "extra.h"
#include "number.h"
#include "walk.h"

#include <stdlib.h>

/* What is compared, and the room it is written to. */
typedef struct pair {
    uvrest_model model;
    const char *before;
    const char *after;
    const uvrest_extra *old; /* of before; NULL if it has none */
    const uvrest_extra *new; /* of after */
    uvrest_arena *arena;
    uvrest__arena_mark mark; /* what comparing needs is behind it */
} pair;

/* How a member is told apart. */
typedef enum verdict { SAME, OTHER, GONE, NO_MEMORY } verdict;

/* ---- JSON that says the same ------------------------------------------------------------------------------------- */

/*
 * Two values say the same if both become the same bytes when they are written in a form of which there is one for all
 * that say the same. Texts are chosen by whoever wrote them, so members are sorted: no member is looked for, no level
 * is read again for those around it, and nothing takes longer than n log n.
 */

enum { TEXT_END = 0xFF }; /* closes a text: no byte of UTF-8 */

/* Where an object begins, where a member of it does, or where it ends; side by side in the order of the text. */
typedef struct place {
    const char *at; /* behind the opening brace, at the name, at the closing brace */
    struct place *behind; /* of a member the next one in the text, or the object's end; of an object its end */
    struct place *next; /* of a member the next one in order; of an object its first in order */
    bool shared; /* of a member: another one has its name too */
} place;

/* Compares members by their names and marks those that share one: what ends side by side is compared in sorting. */
static int compare_names(const void *a, const void *b)
{
    place *const x = (place *)(uintptr_t)a, *const y = (place *)(uintptr_t)b;
    const uint8_t *p = (const uint8_t *)x->at, *q = (const uint8_t *)y->at;
    for (; *p == *q; p++, q++) {
        if (*p == TEXT_END) {
            x->shared = y->shared = true;
            return 0;
        }
    }
    return *p < *q ? -1 : 1;
}

/*
 * Puts an object's members in order: by name, around those whose name another one has too, which stay where they are.
 * open: the last of what is open, which is the object, its members and its end, with room behind it for as many.
 * Returns where the object is.
 */
static place **close_object(place **open)
{
    place **const end = open, **sorted, **link;
    place *object;
    while ((*--open)->next == NULL)
        (*open)->behind = open[1];
    object = *open;
    uvrest__extra_sort((void **)open + 1, (void **)end + 1, (size_t)(end - open - 1), compare_names);
    sorted = open;
    link = &object->next;
    for (place *member = object + 1; member != *end; member = member->behind) {
        *link = member;
        if (!member->shared) {
            do
                *link = *++sorted;
            while ((*link)->shared);
        }
        link = &(*link)->next;
    }
    *link = NULL;
    object->behind = *end;
    return open;
}

/* Copies the text from p to where `end` is, in order. at: the first place in it. Returns behind what was written. */
static char *put(char *to, const char *p, const place *at, const place *end)
{
    for (;; p = at->behind->at, at = at->behind + 1) {
        memcpy(to, p, (size_t)(at->at - p));
        to += at->at - p;
        if (at == end)
            return to;
        for (const place *member = at->next; member != NULL; member = member->next)
            to = put(to, member->at, member + 1, member->behind);
    }
}

/*
 * Writes the number at *p, as its value or, where that has more digits than are known, as it stands. Its sign comes
 * first, and begins no other value. Moves *p behind it.
 */
static char *put_number(char *to, const uint8_t **p, const uint8_t *end)
{
    UVREST__UNINITIALIZED uvrest__number number;
    *p = uvrest__number_read(*p, end, &number, NULL);
    *to++ = number.negative && number.digits != 0 ? '~' : '#';
    if (number.cut) {
        memcpy(to, number.text, (size_t)(number.end - number.text));
        return to + (number.end - number.text);
    }
    to = uvrest__number_print_i64(to, (int64_t)number.digits);
    *to++ = 'e';
    return uvrest__number_print_i64(to, number.exponent);
}

/*
 * The bytes of all valid texts that say the same, and of no others: without space, commas and colons, numbers by value,
 * texts without escapes and with an end of their own, members in order. They are written in the order of the text
 * first; at most twice as many as the text has, and 4 for a number alone. false: out of memory.
 */
static bool normalize(const uvrest_raw *text, uvrest_arena *arena, uvrest_raw *out)
{
    const uint8_t *p = (const uint8_t *)text->text, *const end = p + text->len;
    size_t n = 1;
    place *places, *at, **open;
    char *begin, *to, *name;
    for (const uint8_t *q = p; q < end; q = *q == '"' ? uvrest__scan_text(q + 1, end, NULL) : q + 1)
        n += *q == '{' || *q == '}' || *q == ':';
    if (sizeof(size_t) < 8 && text->len > SIZE_MAX / 64) /* of which a byte takes less; none of that length fits else */
        return false;
    at = places = uvrest_arena_alloc(arena, n * (sizeof *at + 2 * sizeof *open) + 4 * text->len + 8);
    if (at == NULL)
        return false;
    open = (place **)(void *)(at + n);
    begin = name = to = (char *)(open + 2 * n);
    while (p < end) {
        const uint8_t c = *p;
        if (c == '"') {
            name = to;
            *to++ = '"';
            to = uvrest__scan_unquote(&p, end, to, UINT32_MAX);
            *to++ = (char)TEXT_END;
            continue;
        }
        if (c >= '-' && c <= '9') {
            to = put_number(to, &p, end);
            continue;
        }
        p++;
        *to = (char)c;
        to += c > ' ' && c != ',' && c != ':';
        if (c != '{' && c != '}' && c != ':')
            continue;
        at->at = c == ':' ? name : to - (c == '}');
        if (c == '{')
            at->next = at;
        *open = at++;
        open = c == '}' ? close_object(open) : open + 1;
    }
    at->at = to;
    *out = uvrest_raw_of(to, (size_t)(put(to, begin, places, at) - to));
    return true;
}

static bool same_bytes(const uvrest_raw *a, const uvrest_raw *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Two valid values. All that was allocated since the mark goes. */
static verdict compare_json(const pair *of, const uvrest_raw *a, const uvrest_raw *b)
{
    UVREST__UNINITIALIZED uvrest_raw x, y;
    verdict is = SAME;
    if (!same_bytes(a, b)) {
        is = NO_MEMORY;
        if (normalize(a, of->arena, &x) && normalize(b, of->arena, &y))
            is = same_bytes(&x, &y) ? SAME : OTHER;
    }
    uvrest__arena_rewind(of->arena, of->mark);
    return is;
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

/* Whether what was encoded is a member that is null: no other value ends like that. */
static bool is_null(const uvrest_raw *object)
{
    return object->text[object->len - 2] == 'l';
}

/* Whether the i-th member is the same. One that cannot be encoded is another: sending it then says why. */
static UVREST__COLD verdict compare(const pair *of, unsigned i)
{
    UVREST__UNINITIALIZED uvrest_raw before, after;
    const uvrest_status st = uvrest__json_encode_member(of->model, of->before, i, of->arena, &before);
    const uvrest_status other = uvrest__json_encode_member(of->model, of->after, i, of->arena, &after);
    verdict is = OTHER, as_json;
    if (st == UVREST_E_NOMEM || other == UVREST_E_NOMEM)
        return NO_MEMORY;
    if (other != UVREST_OK)
        return OTHER;
    if (is_null(&after) || after.len == sizeof "{}" - 1)
        is = st == UVREST_OK && is_null(&before) ? SAME : GONE; /* nothing becomes null, which null is already */
    if (st != UVREST_OK)
        return is;
    as_json = compare_json(of, &before, &after);
    return as_json == OTHER ? is : as_json;
}

/* ---- the patch --------------------------------------------------------------------------------------------------- */

/*
 * Puts the members that differ into the patch, and the text an extra has for them at `to`. Returns behind it; NULL when
 * out of memory.
 */
static uvrest_extra_member *add_members(const pair *of, char *patch, uvrest_extra_member *to)
{
    const uvrest_schema *const schema = of->model.schema;
    const uvrest_gen_field *field = uvrest__model_fields(schema, of->model.id);
    const unsigned n = uvrest__model_n_fields(schema, of->model.id);
    for (unsigned i = 0; i < n; i++, field++) {
        const verdict is = (field->flags & UVREST_READ_ONLY) != 0 ? SAME : compare(of, i);
        const void *null = UVREST_NULL;
        char *member = patch + field->offset;
        const uvrest_extra_member *text;
        if (is == NO_MEMORY)
            return NULL;
        if (is == GONE && !uvrest__tables_set_null(field->kind, member))
            memcpy(member, &null, sizeof null);
        if (is != OTHER)
            continue;
        memcpy(member, of->after + field->offset, uvrest__tables_member_size(field));
        text =
            uvrest__extra_find(of->new, uvrest__name_text(schema, field->name), uvrest__name_len(schema, field->name));
        if (text != NULL)
            *to++ = *text;
    }
    return to;
}

static size_t count(const uvrest_extra *extra)
{
    return extra == NULL ? 0 : extra->n_members;
}

/* Compares a member of an extra with one that is pointed to. */
static int compare_with(const void *member, const void *at)
{
    return uvrest__extra_compare(member, *(void *const *)at);
}

/*
 * Members no model knows that one extra has and the other has not, or not with that value. gone: their values are null.
 * sorted: room for pointers to all of the other one, twice. Returns as add_members().
 */
static uvrest_extra_member *add_unknown(const pair *of, bool gone, void **sorted, uvrest_extra_member *to)
{
    const uvrest_extra *const from = gone ? of->old : of->new, *const other = gone ? of->new : of->old;
    const size_t n = count(other), n_from = count(from);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (void *)(uintptr_t)&other->members[i];
    uvrest__extra_sort(sorted, sorted + n, n, uvrest__extra_compare);
    for (size_t i = 0; to != NULL && i < n_from; i++) {
        const uvrest_extra_member *const member = &from->members[i];
        const uvrest_extra_member *const *twin = bsearch(member, sorted, n, sizeof *sorted, compare_with);
        verdict is = OTHER;
        if ((gone && (twin != NULL || uvrest__extra_is_null(&member->value))) ||
            uvrest__tables_find_field(of->model.schema, of->model.id, member->name, member->name_len) != NULL)
            continue;
        if (twin != NULL)
            is = compare_json(of, &member->value, &(*twin)->value);
        if (is == NO_MEMORY)
            return NULL;
        if (is == SAME)
            continue;
        *to = *member;
        if (gone)
            to->value = uvrest_raw_of("null", 4);
        to++;
    }
    return to;
}

uvrest_status uvrest_json_diff(uvrest_model model, const void *before, const void *after, uvrest_arena *arena,
                               const void **out_patch)
{
    UVREST__UNINITIALIZED pair of;
    const uvrest_gen_model *row;
    uvrest_extra_member *to;
    uvrest_extra *extra;
    void **sorted;
    char *patch;
    size_t n;
    if (model.schema == NULL || model.id >= model.schema->n_models || before == NULL || after == NULL ||
        arena == NULL || out_patch == NULL)
        return UVREST_E_INVALID;
    of.model = model;
    of.before = before;
    of.after = after;
    of.arena = arena;
    row = &model.schema->models[model.id];
    memcpy(&of.old, of.before + row->extra, sizeof of.old);
    memcpy(&of.new, of.after + row->extra, sizeof of.new);
    n = 2 * (count(of.old) + count(of.new));
    extra = uvrest_arena_alloc(arena, sizeof *extra + n * (sizeof *to + sizeof *sorted) + row->size);
    if (extra == NULL)
        return UVREST_E_NOMEM;
    of.mark = uvrest__arena_mark_get(arena);
    to = (uvrest_extra_member *)(extra + 1);
    sorted = (void **)(to + n);
    patch = (char *)(sorted + n);
    extra->members = to;
    to = add_unknown(&of, true, sorted, add_unknown(&of, false, sorted, add_members(&of, patch, to)));
    if (to == NULL)
        return UVREST_E_NOMEM;
    extra->n_members = (size_t)(to - extra->members);
    if (extra->n_members != 0)
        memcpy(patch + row->extra, &extra, sizeof extra);
    *out_patch = patch;
    return UVREST_OK;
}
