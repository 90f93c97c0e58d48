/* SPDX-License-Identifier: MIT */
#include "extra.h"
#include "arena.h"
#include "limits.h"
#include "text.h"

static const uvrest_raw null_text = {.text = "null", .len = 4};

const uint64_t uvrest_null_marker[2] = {0, 0};
const uint64_t uvrest_empty_marker[2] = {0, 0};

size_t uvrest__extra_size(const uvrest_schema *schema, unsigned model)
{
    const unsigned n = schema == NULL ? 0 : uvrest__model_n_fields(schema, model);
    return sizeof(uvrest_extra) + (n + 63) / 64 * sizeof(uint64_t);
}

UVREST__HOT bool same_name(const uvrest_extra_member *member, const char *name, size_t len)
{
    return member->name_len == len && memcmp(member->name, name, len) == 0;
}

/* ---- unique names --------------------------------------------------------------------------------------------------- */

/*
 * Merges sorted runs into sorted runs twice as long. Names are chosen by whoever wrote the text, so this is nothing with
 * a bad case that he could aim at; and of equal names the earlier stays in front. Returns where the order is: in
 * `order`, or in the other place.
 */
static UVREST__RARE uint32_t *sort(const char *items, size_t n, size_t size, uvrest__compare_fn *compare,
                                   uint32_t *order, uint32_t *other)
{
    for (size_t run = 1; run < n; run *= 2) {
        uint32_t *const from = order;
        size_t at = 0;
        while (at < n) {
            size_t a = at, b = n - at < run ? n : at + run;
            const size_t a_end = b, b_end = n - b < run ? n : b + run;
            while (at < b_end) {
                const bool first =
                    b == b_end || (a < a_end && compare(items + from[a] * size, items + from[b] * size) <= 0);
                other[at++] = from[first ? a++ : b++];
            }
        }
        order = other;
        other = from;
    }
    return order;
}

UVREST__RARE size_t uvrest__extra_unique(void *items, size_t n, size_t size, uvrest__compare_fn *compare,
                                         uint32_t *scratch)
{
    char *const begin = items, *to = begin;
    uint32_t *order, *superseded = scratch + n;
    if (n < 2)
        return n;
    for (size_t i = 0; i < n; i++)
        scratch[i] = (uint32_t)i;
    order = sort(begin, n, size, compare, scratch, superseded);
    if (order == superseded)
        superseded = scratch;
    superseded[order[n - 1]] = 0;
    for (size_t i = 0; i + 1 < n; i++)
        superseded[order[i]] = compare(begin + order[i] * size, begin + order[i + 1] * size) == 0;
    for (size_t i = 0; i < n; i++) {
        if (superseded[i] == 0) {
            memmove(to, begin + i * size, size);
            to += size;
        }
    }
    return (size_t)(to - begin) / size;
}

int uvrest__extra_compare(const void *a, const void *b)
{
    const uvrest_extra_member *x = a, *y = b;
    if (x->name_len != y->name_len)
        return x->name_len < y->name_len ? -1 : 1;
    return memcmp(x->name, y->name, x->name_len);
}

/* ---- looking up ----------------------------------------------------------------------------------------------------- */

const uvrest_extra_member *uvrest__extra_find(const uvrest_extra *extra, const char *name, size_t len)
{
    for (size_t i = extra == NULL ? 0 : extra->n_members; i-- > 0;) {
        const uvrest_extra_member *member = &extra->members[i];
        if (same_name(member, name, len))
            return member;
    }
    return NULL;
}

UVREST__RARE const uvrest_raw *uvrest__extra_value(const uvrest_extra *extra, const char *name, size_t len)
{
    const uvrest_extra_member *member;
    if (extra != NULL && extra->n_nulls != 0) {
        int i = uvrest__tables_find_field(extra->schema, extra->model, name, len);
        if (i >= 0 && (extra->nulls[i / 64] >> i % 64 & 1) != 0)
            return &null_text;
    }
    member = uvrest__extra_find(extra, name, len);
    return member == NULL ? NULL : &member->value;
}

UVREST__RARE bool uvrest_is_null(const uvrest_extra *extra, const char *name)
{
    const uvrest_raw *value = name == NULL ? NULL : uvrest__extra_value(extra, name, strlen(name));
    return value != NULL && uvrest__extra_is_null(value);
}

UVREST__RARE bool uvrest_extra_get(const uvrest_extra *extra, const char *name, uvrest_raw *out_value)
{
    const uvrest_raw *value = name == NULL ? NULL : uvrest__extra_value(extra, name, strlen(name));
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

/* ---- changing ------------------------------------------------------------------------------------------------------- */

/* Makes *extra a copy where the member of that name has another value, behind all others, or is absent. */
static UVREST__RARE uvrest_status change(uvrest_extra **extra, const char *name, const uvrest_raw *value,
                                         uvrest_arena *arena)
{
    static const uvrest_extra none = {NULL, NULL, 0, 0, 0};
    const uvrest_extra *const old = *extra == NULL ? &none : *extra;
    const size_t len = strlen(name), size = uvrest__extra_size(old->schema, old->model);
    const int known = old->schema == NULL ? -1 : uvrest__tables_find_field(old->schema, old->model, name, len);
    uvrest_extra_member *to = uvrest_arena_alloc(arena, (old->n_members + 1) * sizeof *to);
    uvrest_extra *copy = uvrest_arena_alloc(arena, size);
    if (to == NULL || copy == NULL)
        return UVREST_E_NOMEM;
    memcpy(copy, old, size);
    copy->members = to;
    for (size_t i = 0; i < old->n_members; i++) {
        if (!same_name(&old->members[i], name, len))
            *to++ = old->members[i];
    }
    if (value != NULL) {
        to->name = known < 0
                       ? uvrest_arena_copy(arena, name, len)
                       : uvrest__name_text(old->schema, uvrest__model_fields(old->schema, old->model)[known].name);
        to->name_len = len;
        to->value = uvrest_raw_of(uvrest_arena_copy(arena, value->text, value->len), value->len);
        if (to->name == NULL || to->value.text == NULL)
            return UVREST_E_NOMEM;
        to++;
    }
    copy->n_members = (size_t)(to - copy->members);
    if (known >= 0 && (copy->nulls[known / 64] >> known % 64 & 1) != 0) {
        copy->nulls[known / 64] ^= UINT64_C(1) << known % 64;
        copy->n_nulls--;
    }
    *extra = uvrest_extra_count(copy) == 0 ? NULL : copy;
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
    return uvrest__extra_value(*extra, name, strlen(name)) == NULL ? UVREST_OK : change(extra, name, NULL, arena);
}
