/* SPDX-License-Identifier: MIT */
#include "extra.h"
#include "arena.h"
#include "ceilings.h"
#include "text.h"

static const uvrest_raw null_text = {.text = "null", .len = 4};

const uint64_t uvrest_null_marker[2] = {0, 0};
const uint64_t uvrest_empty_marker[2] = {0, 0};

UVREST__HOT bool same_name(const uvrest_extra_member *member, const char *name, size_t len)
{
    return member->name_len == len && memcmp(member->name, name, len) == 0;
}

/* ---- unique names ------------------------------------------------------------------------------------------------ */

/*
 * Sorts two halves and merges them, of which the first has moved to `other`. Names are chosen by whoever wrote the
 * text, so this is nothing with a bad case that he could aim at; and of equal names the earlier stays in front.
 */
UVREST__DIRECT UVREST__COLD void uvrest__extra_sort(void **order, void **other, size_t n, uvrest__compare_fn *compare)
{
    const size_t half = n / 2;
    void **to = order, **const end = order + n, **a = other, **b = order + half;
    if (half == 0)
        return;
    uvrest__extra_sort(order, other, half, compare);
    uvrest__extra_sort(b, other, n - half, compare);
    memcpy(other, order, half * sizeof *other);
    while (a < other + half)
        *to++ = b < end && compare(*b, *a) < 0 ? *b++ : *a++;
}

UVREST__DIRECT UVREST__COLD size_t uvrest__extra_unique(void *items, size_t n, size_t size, uvrest__compare_fn *compare,
                                                        void **scratch)
{
    char *const end = (char *)items + n * size, *to = items;
    void **order = scratch;
    if (n < 2)
        return n;
    for (char *item = items; item < end; item += size)
        *order++ = item;
    uvrest__extra_sort(scratch, order, n, compare);
    for (order = scratch; --n > 0; order++) {
        if (compare(order[0], order[1]) == 0)
            *(const char **)order[0] = NULL; /* its name: it is superseded */
    }
    for (char *item = items; item < end; item += size) {
        if (*(const char **)(void *)item == NULL)
            continue;
        if (to != item)
            memcpy(to, item, size);
        to += size;
    }
    return (size_t)(to - (char *)items) / size;
}

int uvrest__extra_compare(const void *a, const void *b)
{
    const uvrest_extra_member *x = a, *y = b;
    if (x->name_len != y->name_len)
        return x->name_len < y->name_len ? -1 : 1;
    return memcmp(x->name, y->name, x->name_len);
}

/* ---- looking up -------------------------------------------------------------------------------------------------- */

UVREST__DIRECT const uvrest_extra_member *uvrest__extra_find(const uvrest_extra *extra, const char *name, size_t len)
{
    for (size_t i = extra == NULL ? 0 : extra->n_members; i-- > 0;) {
        const uvrest_extra_member *member = &extra->members[i];
        if (same_name(member, name, len))
            return member;
    }
    return NULL;
}

/* Whether a bit says that a member of the model, NULL for any other, is null. */
static UVREST__RARE bool has_bit(const uvrest_extra *extra, const uvrest_gen_field *field)
{
    const ptrdiff_t i = field == NULL ? -1 : field - uvrest__model_fields(extra->schema, extra->model);
    return i >= 0 && (extra->nulls[i / 64] >> i % 64 & 1) != 0;
}

UVREST__DIRECT UVREST__RARE const uvrest_raw *uvrest__extra_value(const uvrest_extra *extra, const char *name,
                                                                  size_t len)
{
    const uvrest_extra_member *member;
    if (extra != NULL && extra->n_nulls != 0 &&
        has_bit(extra, uvrest__tables_find_field(extra->schema, extra->model, name, len)))
        return &null_text;
    member = uvrest__extra_find(extra, name, len);
    return member == NULL ? NULL : &member->value;
}

/* The same for a name as callers have it, which may be NULL. */
static UVREST__RARE const uvrest_raw *look_up(const uvrest_extra *extra, const char *name)
{
    return name == NULL ? NULL : uvrest__extra_value(extra, name, strlen(name));
}

UVREST__RARE bool uvrest_is_null(const uvrest_extra *extra, const char *name)
{
    const uvrest_raw *value = look_up(extra, name);
    return value != NULL && uvrest__extra_is_null(value);
}

UVREST__RARE bool uvrest_extra_get(const uvrest_extra *extra, const char *name, uvrest_raw *out_value)
{
    const uvrest_raw *value = look_up(extra, name);
    if (value != NULL)
        *out_value = *value;
    return value != NULL;
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

/* ---- changing ---------------------------------------------------------------------------------------------------- */

/*
 * Makes *extra a copy where the member of that name has another value, behind all others, or is absent. It belongs to
 * no model: members that were null are members as any.
 */
static UVREST__RARE uvrest_status change(uvrest_extra **extra, const char *name, const uvrest_raw *value,
                                         uvrest_arena *arena)
{
    const size_t len = strlen(name), n = uvrest_extra_count(*extra);
    uvrest_extra_member *to = uvrest_arena_alloc(arena, (n + 1) * sizeof *to);
    uvrest_extra *copy = uvrest_arena_alloc(arena, sizeof *copy);
    if (to == NULL || copy == NULL)
        return UVREST_E_NOMEM;
    copy->members = to;
    for (size_t i = 0; i < n; i++) {
        *to = uvrest_extra_at(*extra, i);
        to += !same_name(to, name, len);
    }
    if (value != NULL) {
        to->name = uvrest_arena_copy(arena, name, len);
        to->name_len = len;
        to->value = uvrest_raw_of(uvrest_arena_copy(arena, value->text, value->len), value->len);
        if (to->name == NULL || to->value.text == NULL)
            return UVREST_E_NOMEM;
        to++;
    }
    copy->n_members = (size_t)(to - copy->members);
    *extra = copy->n_members == 0 ? NULL : copy;
    return UVREST_OK;
}

UVREST__RARE uvrest_status uvrest_extra_set(uvrest_extra **extra, const char *name, uvrest_raw value,
                                            uvrest_arena *arena)
{
    if (extra == NULL || name == NULL || arena == NULL || !uvrest__text_is_utf8(name, strlen(name)) ||
        uvrest_json_check(value.text, value.len, 0, NULL) != UVREST_OK)
        return UVREST_E_INVALID;
    for (; (uint8_t)*value.text <= ' '; value.text++)
        value.len--;
    while ((uint8_t)value.text[value.len - 1] <= ' ')
        value.len--;
    return change(extra, name, &value, arena);
}

UVREST__RARE uvrest_status uvrest_extra_drop(uvrest_extra **extra, const char *name, uvrest_arena *arena)
{
    if (extra == NULL || name == NULL || arena == NULL)
        return UVREST_E_INVALID;
    return look_up(*extra, name) == NULL ? UVREST_OK : change(extra, name, NULL, arena);
}
