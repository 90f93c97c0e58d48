/* SPDX-License-Identifier: MIT */
/*
 * What turns one model into another. Members are compared by what encoding them would send, as JSON: so read-only
 * members do not count at any level, nor do white space, the order of members, or how a number or a text is written.
 */
#include "arena.h"
#include "encode.h"
#include "extra.h"
#include "limits.h"
#include "number.h"
#include "scan.h"
#include "walk.h"

/* What is compared, and the room it is written to. */
typedef struct pair {
    uvrest_model model;
    const char *before;
    const char *after;
    uvrest_arena *arena;
} pair;

/* How a member is told apart. */
typedef enum verdict { SAME, OTHER, GONE, NO_MEMORY } verdict;

static bool same_json(const uvrest_raw *a, const uvrest_raw *b);

/* ---- JSON that says the same ---------------------------------------------------------------------------------------- */

static bool same_bytes(const uvrest_raw *a, const uvrest_raw *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* The bytes of a text as they are when its escapes are taken away. */
typedef struct bytes {
    const uint8_t *at;
    const uint8_t *end; /* at the closing quote */
    char escaped[4];
    unsigned i, n; /* in escaped */
} bytes;

/* -1 at the end. */
static int next_byte(bytes *of)
{
    uint32_t c;
    uvrest__fault fault;
    if (of->i < of->n)
        return (uint8_t)of->escaped[of->i++];
    if (of->at == of->end)
        return -1;
    if (*of->at != '\\')
        return *of->at++;
    of->at = uvrest__scan_escape(of->at, of->end, &c, &fault);
    of->n = uvrest__utf8_write(of->escaped, c);
    of->i = 1;
    return (uint8_t)of->escaped[0];
}

/* Two texts in quotes; or what is none, which is the same if it is written the same. */
static bool same_texts(const uvrest_raw *a, const uvrest_raw *b)
{
    bytes x, y;
    int p, q;
    if (same_bytes(a, b))
        return true;
    if (a->len < 2 || b->len < 2 || *a->text != '"' || *b->text != '"')
        return false;
    x = (bytes){.at = (const uint8_t *)a->text + 1, .end = (const uint8_t *)a->text + a->len - 1};
    y = (bytes){.at = (const uint8_t *)b->text + 1, .end = (const uint8_t *)b->text + b->len - 1};
    do {
        p = next_byte(&x);
        q = next_byte(&y);
    } while (p == q && p >= 0);
    return p == q;
}

/* How often an object has a member of that name, as it stands in quotes. *out_value: the last one's. */
static size_t find_all(const uvrest_raw *object, const uvrest_raw *name, uvrest_raw *out_value)
{
    size_t n = 0;
    uvrest__walk walk;
    for (uvrest__walk_begin(&walk, object); uvrest__walk_next(&walk);) {
        if (same_texts(&walk.name, name)) {
            *out_value = walk.value;
            n++;
        }
    }
    return n;
}

/*
 * Members are compared in pairs, and looked for only where an object has another one at that place; then its name must
 * be the only one of its kind there, so that as many members on both sides are the same members.
 */
static bool same_containers(const uvrest_raw *a, const uvrest_raw *b)
{
    uvrest__walk x, y;
    uvrest__walk_begin(&x, a);
    uvrest__walk_begin(&y, b);
    while (uvrest__walk_next(&x)) {
        if (!uvrest__walk_next(&y) ||
            (!same_texts(&x.name, &y.name) &&
             (find_all(a, &x.name, &x.value) != 1 || find_all(b, &x.name, &y.value) == 0)) ||
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
    uvrest__fault fault;
    return uvrest__number_read(p, p + a->len, &x, &fault) != NULL &&
           uvrest__number_read(q, q + b->len, &y, &fault) != NULL && uvrest__number_same(x, y);
}

/* Two valid values without space around them. */
static bool same_json(const uvrest_raw *a, const uvrest_raw *b)
{
    if (same_texts(a, b))
        return true;
    if (*a->text == '{' || *a->text == '[')
        return *a->text == *b->text && same_containers(a, b);
    return same_numbers(a, b);
}

/* ---- members -------------------------------------------------------------------------------------------------------- */

/* Whether what was encoded is a member that is null. */
static bool is_null(const uvrest_raw *object)
{
    static const char end[] = ":null}";
    const size_t len = sizeof end - 1;
    return object->len > len && memcmp(object->text + object->len - len, end, len) == 0;
}

/* Whether the i-th member is the same. One that cannot be encoded is another: sending it then says why. */
static verdict compare(const pair *of, unsigned i)
{
    const uvrest__arena_mark mark = uvrest__arena_mark_get(of->arena);
    uvrest_raw before = {.text = "", .len = 0}, after = before;
    const uvrest_status st = uvrest__json_encode_member(of->model, of->before, i, of->arena, &before);
    const uvrest_status other = uvrest__json_encode_member(of->model, of->after, i, of->arena, &after);
    verdict is = OTHER;
    if (st == UVREST_E_NOMEM || other == UVREST_E_NOMEM)
        is = NO_MEMORY;
    else if (st == UVREST_OK && other == UVREST_OK && same_json(&before, &after))
        is = SAME;
    else if (is_null(&after) || after.len == sizeof "{}" - 1) /* nothing becomes null, which null is already */
        is = is_null(&before) ? SAME : GONE;
    uvrest__arena_rewind(of->arena, mark);
    return is;
}

static void set_null(const uvrest_gen_field *field, char *to)
{
    const void *null = UVREST_NULL;
    if (!uvrest__tables_set_null(field->kind, to))
        memcpy(to, &null, sizeof null);
}

/* ---- the patch ------------------------------------------------------------------------------------------------------ */

/* Members on their way into the patch's extra. */
typedef struct list {
    uvrest_extra_member *members;
    size_t n;
} list;

static const uvrest_extra *extra_of(const pair *of, const char *value)
{
    const uvrest_extra *extra;
    memcpy(&extra, value + of->model.schema->models[of->model.id].extra, sizeof extra);
    return extra;
}

/* Puts the members that differ into the patch, with the text an extra has for them. false: out of memory. */
static bool add_members(const pair *of, char *patch, list *to)
{
    const uvrest_schema *const schema = of->model.schema;
    const uvrest_gen_field *field = uvrest__model_fields(schema, of->model.id);
    const unsigned n = uvrest__model_n_fields(schema, of->model.id);
    for (unsigned i = 0; i < n; i++, field++) {
        const verdict is = (field->flags & UVREST_READ_ONLY) != 0 ? SAME : compare(of, i);
        const uvrest_extra_member *text;
        if (is == NO_MEMORY)
            return false;
        if (is == GONE)
            set_null(field, patch + field->offset);
        if (is != OTHER)
            continue;
        memcpy(patch + field->offset, of->after + field->offset, uvrest__tables_member_size(field));
        text = uvrest__extra_find(extra_of(of, of->after), uvrest__name_text(schema, field->name),
                                  uvrest__name_len(schema, field->name));
        if (text != NULL)
            to->members[to->n++] = *text;
    }
    return true;
}

/* Members no model knows that one extra has and the other has not, or not with that value. gone: their values are null. */
static void add_unknown(const pair *of, const uvrest_extra *from, const uvrest_extra *other, bool gone, list *to)
{
    for (size_t i = 0; from != NULL && i < from->n_members; i++) {
        uvrest_extra_member member = from->members[i];
        const uvrest_extra_member *twin = uvrest__extra_find(other, member.name, member.name_len);
        if (uvrest__tables_find_field(of->model.schema, of->model.id, member.name, member.name_len) >= 0 ||
            (twin != NULL && (gone || same_json(&member.value, &twin->value))) ||
            (gone && uvrest__raw_is_null(member.value)))
            continue;
        if (gone)
            member.value = uvrest_raw_of("null", 4);
        to->members[to->n++] = member;
    }
}

static size_t count(const uvrest_extra *extra)
{
    return extra == NULL ? 0 : extra->n_members;
}

uvrest_status uvrest_json_diff(uvrest_model model, const void *before, const void *after, uvrest_arena *arena,
                               const void **out_patch)
{
    const pair of = {model, before, after, arena};
    const uvrest_extra *old, *new, *made;
    char *patch;
    list extra = {NULL, 0};
    if (model.schema == NULL || model.id >= model.schema->n_models || before == NULL || after == NULL ||
        arena == NULL || out_patch == NULL)
        return UVREST_E_INVALID;
    old = extra_of(&of, before);
    new = extra_of(&of, after);
    patch = uvrest_arena_alloc(arena, model.schema->models[model.id].size);
    extra.members = uvrest_arena_alloc(arena, (count(old) + 2 * count(new)) * sizeof *extra.members);
    if (patch == NULL || extra.members == NULL || !add_members(&of, patch, &extra))
        return UVREST_E_NOMEM;
    add_unknown(&of, new, old, false, &extra);
    add_unknown(&of, old, new, true, &extra);
    if (extra.n != 0) {
        made = uvrest__extra_new(arena, NULL, 0, NULL, extra.members, extra.n);
        if (made == NULL)
            return UVREST_E_NOMEM;
        memcpy(patch + model.schema->models[model.id].extra, &made, sizeof made);
    }
    *out_patch = patch;
    return UVREST_OK;
}
