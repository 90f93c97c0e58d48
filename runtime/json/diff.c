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

/* What is compared, and the room it is written to. */
typedef struct pair {
    uvrest_model model;
    const char *before;
    const char *after;
    const uvrest_extra *old; /* of before; NULL if it has none */
    const uvrest_extra *new; /* of after */
    uvrest_arena *arena;
} pair;

/* How a member is told apart. */
typedef enum verdict { SAME, OTHER, GONE, NO_MEMORY } verdict;

static bool same_json(const uvrest_raw *a, const uvrest_raw *b);

/* ---- JSON that says the same ------------------------------------------------------------------------------------- */

static bool same_bytes(const uvrest_raw *a, const uvrest_raw *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* With their quotes; the names of elements have neither. */
static bool same_texts(const uvrest_raw *a, const uvrest_raw *b)
{
    return uvrest__walk_same_text(a->text, a->len, b->text, b->len);
}

/* As uvrest__walk_count(), by a name in its quotes. */
static size_t find(const uvrest_raw *object, const uvrest_raw *name, uvrest_raw *out_value)
{
    return uvrest__walk_count(object, name->text + 1, name->len - 2, out_value);
}

/*
 * Members are compared in pairs, and looked for only where an object has another one at that place; then its name must
 * be the only one of its kind there, so that as many members on both sides are the same members.
 */
static bool same_containers(const uvrest_raw *a, const uvrest_raw *b)
{
    uvrest__walk x = uvrest__walk_of(a->text, a->len), y = uvrest__walk_of(b->text, b->len);
    while (uvrest__walk_next(&x)) {
        if (!uvrest__walk_next(&y) ||
            (!same_texts(&x.name, &y.name) && (find(a, &x.name, &x.value) != 1 || find(b, &x.name, &y.value) == 0)) ||
            !same_json(&x.value, &y.value))
            return false;
    }
    return !uvrest__walk_next(&y);
}

/* Numbers that are one number written in two ways; anything else is none. */
static bool same_numbers(const uvrest_raw *a, const uvrest_raw *b)
{
    const uint8_t *p = (const uint8_t *)a->text, *q = (const uint8_t *)b->text;
    uvrest__number x, y;
    return uvrest__number_read(p, p + a->len, &x, NULL) != NULL &&
           uvrest__number_read(q, q + b->len, &y, NULL) != NULL && uvrest__number_same(&x, &y);
}

/* Two valid values without space around them. */
static bool same_json(const uvrest_raw *a, const uvrest_raw *b)
{
    if (same_bytes(a, b))
        return true;
    if (*a->text == '{' || *a->text == '[')
        return *a->text == *b->text && same_containers(a, b);
    return *a->text == '"' ? same_texts(a, b) : same_numbers(a, b);
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

/* Whether what was encoded is a member that is null. */
static bool is_null(const uvrest_raw *object)
{
    static const char end[] = ":null}";
    const size_t len = sizeof end - 1;
    return object->len > len && memcmp(object->text + object->len - len, end, len) == 0;
}

/* Whether the i-th member is the same. One that cannot be encoded is another: sending it then says why. */
static UVREST__COLD verdict compare(const pair *of, unsigned i)
{
    const uvrest__arena_mark mark = uvrest__arena_mark_get(of->arena);
    uvrest_raw before, after;
    const uvrest_status st = uvrest__json_encode_member(of->model, of->before, i, of->arena, &before);
    const uvrest_status other = uvrest__json_encode_member(of->model, of->after, i, of->arena, &after);
    verdict is = OTHER;
    if (st == UVREST_E_NOMEM || other == UVREST_E_NOMEM)
        is = NO_MEMORY;
    else if (st == UVREST_OK && other == UVREST_OK && same_json(&before, &after))
        is = SAME;
    else if (other == UVREST_OK && (is_null(&after) || after.len == sizeof "{}" - 1))
        is = st == UVREST_OK && is_null(&before) ? SAME : GONE; /* nothing becomes null, which null is already */
    uvrest__arena_rewind(of->arena, mark);
    return is;
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

/*
 * Members no model knows that one extra has and the other has not, or not with that value. gone: their values are null.
 * Returns as add_members().
 */
static uvrest_extra_member *add_unknown(const pair *of, bool gone, uvrest_extra_member *to)
{
    const uvrest_extra *const from = gone ? of->old : of->new, *const other = gone ? of->new : of->old;
    for (size_t i = 0; from != NULL && i < from->n_members; i++) {
        const uvrest_extra_member *member = &from->members[i];
        const uvrest_extra_member *twin = uvrest__extra_find(other, member->name, member->name_len);
        if ((twin != NULL && (gone || same_json(&member->value, &twin->value))) ||
            (gone && uvrest__extra_is_null(&member->value)) ||
            uvrest__tables_find_field(of->model.schema, of->model.id, member->name, member->name_len) != NULL)
            continue;
        *to = *member;
        if (gone)
            to->value = uvrest_raw_of("null", 4);
        to++;
    }
    return to;
}

static size_t count(const uvrest_extra *extra)
{
    return extra == NULL ? 0 : extra->n_members;
}

uvrest_status uvrest_json_diff(uvrest_model model, const void *before, const void *after, uvrest_arena *arena,
                               const void **out_patch)
{
    pair of = {model, before, after, NULL, NULL, arena};
    const uvrest_gen_model *row;
    uvrest_extra_member *to;
    uvrest_extra *extra;
    char *patch;
    if (model.schema == NULL || model.id >= model.schema->n_models || before == NULL || after == NULL ||
        arena == NULL || out_patch == NULL)
        return UVREST_E_INVALID;
    row = &model.schema->models[model.id];
    memcpy(&of.old, of.before + row->extra, sizeof of.old);
    memcpy(&of.new, of.after + row->extra, sizeof of.new);
    patch = uvrest_arena_alloc(arena, row->size);
    extra = uvrest_arena_alloc(arena, sizeof *extra);
    to = uvrest_arena_alloc(arena, (count(of.old) + 2 * count(of.new)) * sizeof *to);
    if (patch == NULL || extra == NULL || to == NULL)
        return UVREST_E_NOMEM;
    extra->members = to;
    to = add_members(&of, patch, to);
    if (to == NULL)
        return UVREST_E_NOMEM;
    to = add_unknown(&of, true, add_unknown(&of, false, to));
    extra->n_members = (size_t)(to - extra->members);
    if (extra->n_members != 0)
        memcpy(patch + row->extra, &extra, sizeof extra);
    *out_patch = patch;
    return UVREST_OK;
}
