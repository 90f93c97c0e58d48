/* SPDX-License-Identifier: MIT */
#include "extra.h"
#include "arena.h"
#include "limits.h"

static const uvrest_raw null_text = {.text = "null", .len = 4};

enum { FEW = 16 }; /* members that are compared one with the other */

const uint64_t uvrest_null_marker[2] = {0, 0};
const uint64_t uvrest_empty_marker[2] = {0, 0};

uvrest_extra *uvrest__extra_new(uvrest_arena *arena, const uvrest_schema *schema, uint16_t model, const uint64_t *nulls,
                                const uvrest_extra_member *members, size_t n_members)
{
    unsigned words = schema == NULL ? 0 : uvrest__extra_words(uvrest__model_n_fields(schema, model));
    uvrest_extra *extra = uvrest__arena_take(arena, sizeof *extra + words * sizeof nulls[0], 8);
    if (extra == NULL)
        return NULL;
    extra->schema = schema;
    extra->members = members;
    extra->n_members = n_members;
    extra->model = model;
    extra->n_nulls = 0;
    for (unsigned i = 0; i < words; i++) {
        extra->nulls[i] = nulls[i];
        if (nulls[i] != 0)
            extra->n_nulls = (uint16_t)(extra->n_nulls + __builtin_popcountll(nulls[i]));
    }
    return extra;
}

UVREST__HOT bool same_name(const uvrest_extra_member *member, const char *name, size_t len)
{
    return member->name_len == len && memcmp(member->name, name, len) == 0;
}

/* ---- unique names --------------------------------------------------------------------------------------------------- */

static int compare_names(const uvrest_extra_member *a, const uvrest_extra_member *b)
{
    if (a->name_len != b->name_len)
        return a->name_len < b->name_len ? -1 : 1;
    return memcmp(a->name, b->name, a->name_len);
}

static UVREST__COLD bool comes_before(const uvrest_extra_member *members, uint32_t a, uint32_t b)
{
    int order = compare_names(&members[a], &members[b]);
    return order < 0 || (order == 0 && a < b);
}

/*
 * A heap sort: names are chosen by whoever wrote the text, so nothing with a bad case that he could aim at. First
 * the heap is made, from its last parent to its root; then its greatest goes behind it until none is left.
 */
static UVREST__RARE void sort_by_name(const uvrest_extra_member *members, uint32_t *order, size_t n)
{
    size_t begin = n / 2;
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    while (n > 1) {
        size_t root = 0, child;
        uint32_t moved;
        if (begin > 0) {
            root = --begin;
            moved = order[root];
        } else {
            moved = order[--n];
            order[n] = order[0];
        }
        while ((child = 2 * root + 1) < n) {
            if (child + 1 < n && comes_before(members, order[child], order[child + 1]))
                child++;
            if (!comes_before(members, moved, order[child]))
                break;
            order[root] = order[child];
            root = child;
        }
        order[root] = moved;
    }
}

/* Which of the members are superseded by a later one of their name; the answer is in the second half of scratch. */
static UVREST__RARE void find_superseded(const uvrest_extra_member *members, size_t n, uint32_t *scratch)
{
    uint32_t *order = scratch, *superseded = scratch + n;
    sort_by_name(members, order, n);
    superseded[order[n - 1]] = 0;
    for (size_t i = 0; i + 1 < n; i++)
        superseded[order[i]] = compare_names(&members[order[i]], &members[order[i + 1]]) == 0;
}

UVREST__RARE size_t uvrest__extra_unique(uvrest_extra_member *members, size_t n, uint32_t *scratch)
{
    size_t kept = 0;
    if (n > FEW)
        find_superseded(members, n, scratch);
    for (size_t i = 0; i < n; i++) {
        size_t j = i + 1;
        if (n > FEW)
            j = scratch[n + i] != 0 ? i : n;
        while (j > i && j < n && !same_name(&members[j], members[i].name, members[i].name_len))
            j++;
        if (j == n)
            members[kept++] = members[i];
    }
    return kept;
}

/* ---- looking up ----------------------------------------------------------------------------------------------------- */

UVREST__COLD bool uvrest__raw_is_null(uvrest_raw raw)
{
    const uint8_t *p = (const uint8_t *)raw.text;
    const uint8_t *end;
    if (p == NULL)
        return false;
    end = p + raw.len;
    p = uvrest__scan_space(p, end);
    return end - p >= 4 && memcmp(p, "null", 4) == 0;
}

const uvrest_extra_member *uvrest__extra_find(const uvrest_extra *extra, const char *name, size_t len)
{
    for (size_t i = extra == NULL ? 0 : extra->n_members; i-- > 0;) {
        const uvrest_extra_member *member = &extra->members[i];
        if (same_name(member, name, len))
            return member;
    }
    return NULL;
}

/* Index of the bit that says the member is null; -1 if none does. */
static int find_null(const uvrest_extra *extra, const char *name, size_t len)
{
    int i;
    if (extra == NULL || extra->n_nulls == 0)
        return -1;
    i = uvrest__tables_find_field(extra->schema, extra->model, name, len);
    return i >= 0 && (extra->nulls[i / 64] >> i % 64 & 1) != 0 ? i : -1;
}

UVREST__RARE bool uvrest__extra_is_null(const uvrest_extra *extra, const char *name, size_t len)
{
    const uvrest_extra_member *member;
    if (find_null(extra, name, len) >= 0)
        return true;
    member = uvrest__extra_find(extra, name, len);
    return member != NULL && uvrest__raw_is_null(member->value);
}

UVREST__RARE bool uvrest_is_null(const uvrest_extra *extra, const char *name)
{
    return name != NULL && uvrest__extra_is_null(extra, name, strlen(name));
}

UVREST__RARE bool uvrest_extra_get(const uvrest_extra *extra, const char *name, uvrest_raw *out_value)
{
    const uvrest_extra_member *member;
    if (extra == NULL || name == NULL)
        return false;
    if (find_null(extra, name, strlen(name)) >= 0) {
        *out_value = null_text;
        return true;
    }
    member = uvrest__extra_find(extra, name, strlen(name));
    if (member == NULL)
        return false;
    *out_value = member->value;
    return true;
}

size_t uvrest_extra_count(const uvrest_extra *extra)
{
    return extra == NULL ? 0 : extra->n_nulls + extra->n_members;
}

UVREST__RARE uvrest_extra_member uvrest_extra_at(const uvrest_extra *extra, size_t index)
{
    uvrest_extra_member member = {NULL, 0, uvrest_raw_of(NULL, 0)};
    const uvrest_gen_field *fields;
    size_t i = 0;
    if (index >= uvrest_extra_count(extra))
        return member;
    if (index >= extra->n_nulls)
        return extra->members[index - extra->n_nulls];
    for (;; i++) {
        if ((extra->nulls[i / 64] >> i % 64 & 1) != 0 && index-- == 0)
            break;
    }
    fields = uvrest__model_fields(extra->schema, extra->model);
    member.name = uvrest__name_text(extra->schema, fields[i].name);
    member.name_len = uvrest__name_len(extra->schema, fields[i].name);
    member.value = null_text;
    return member;
}

/* ---- changing ------------------------------------------------------------------------------------------------------- */

/* A copy without the member of that name, with room for `more` members behind the others. */
static UVREST__RARE uvrest_extra *copy_without(const uvrest_extra *extra, const char *name, size_t len, size_t more,
                                               uvrest_arena *arena)
{
    static const uint64_t none[UVREST__JSON_FIELDS_MAX / 64] = {0};
    size_t n = extra == NULL ? 0 : extra->n_members, kept = 0;
    const uvrest_schema *schema = extra == NULL ? NULL : extra->schema;
    int null_bit = find_null(extra, name, len);
    uvrest_extra_member *members;
    uvrest_extra *copy;
    if (n > SIZE_MAX / sizeof *members - more)
        return NULL;
    members = uvrest__arena_take(arena, (n + more) * sizeof *members, 8);
    if (members == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!same_name(&extra->members[i], name, len))
            members[kept++] = extra->members[i];
    }
    copy = uvrest__extra_new(arena, schema, extra == NULL ? 0 : extra->model, schema == NULL ? none : extra->nulls,
                             members, kept);
    if (copy != NULL && null_bit >= 0) {
        copy->nulls[null_bit / 64] &= ~(UINT64_C(1) << null_bit % 64);
        copy->n_nulls--;
    }
    return copy;
}

UVREST__RARE uvrest_status uvrest_extra_set(uvrest_extra **extra, const char *name, uvrest_raw value,
                                            uvrest_arena *arena)
{
    uvrest_extra_member *added;
    uvrest_extra *copy;
    size_t len;
    int known;
    if (extra == NULL || name == NULL || arena == NULL || !uvrest__scan_is_utf8(name, strlen(name)) ||
        uvrest_json_check(value.text, value.len, 0, NULL) != UVREST_OK)
        return UVREST_E_INVALID;
    for (; (uint8_t)*value.text <= ' '; value.text++)
        value.len--;
    while ((uint8_t)value.text[value.len - 1] <= ' ')
        value.len--;
    len = strlen(name);
    copy = copy_without(*extra, name, len, 1, arena);
    if (copy == NULL)
        return UVREST_E_NOMEM;
    known = copy->schema == NULL ? -1 : uvrest__tables_find_field(copy->schema, copy->model, name, len);
    name = known < 0 ? uvrest_arena_copy(arena, name, len)
                     : uvrest__name_text(copy->schema, uvrest__model_fields(copy->schema, copy->model)[known].name);
    value = uvrest_raw_of(uvrest_arena_copy(arena, value.text, value.len), value.len);
    if (name == NULL || value.text == NULL)
        return UVREST_E_NOMEM;
    /* The copy is not known to anybody yet, and its members were allocated with room for this one. */
    added = (uvrest_extra_member *)(uintptr_t)&copy->members[copy->n_members++];
    added->name = name;
    added->name_len = len;
    added->value = value;
    *extra = copy;
    return UVREST_OK;
}

UVREST__RARE uvrest_status uvrest_extra_drop(uvrest_extra **extra, const char *name, uvrest_arena *arena)
{
    uvrest_extra *copy;
    uvrest_raw value;
    if (extra == NULL || name == NULL || arena == NULL)
        return UVREST_E_INVALID;
    if (!uvrest_extra_get(*extra, name, &value))
        return UVREST_OK;
    copy = copy_without(*extra, name, strlen(name), 0, arena);
    if (copy == NULL)
        return UVREST_E_NOMEM;
    *extra = uvrest_extra_count(copy) == 0 ? NULL : copy;
    return UVREST_OK;
}
