/* SPDX-License-Identifier: MIT */
/*
 * The inside of uvrest_extra. Nulls of members of the model it was read for are bits, since most models have some; all
 * else is a slice under its name. Never changed once made.
 */
#ifndef UVREST__EXTRA_H
#define UVREST__EXTRA_H

#include "tables.h"

struct uvrest_extra {
    const uvrest_schema *schema; /* of the model whose members the bits count; NULL if there are none */
    const uvrest_extra_member *members; /* if there is a schema: those the model has bear its own name, by address */
    size_t n_members;
    uint16_t model;
    uint16_t n_nulls;
    uint64_t nulls[]; /* bit i: the model's i-th member was null */
};

/* Whether a name of an extra is one of the tables, by address. */
UVREST__HOT bool uvrest__name_is_pooled(const uvrest_schema *schema, const char *name)
{
    return (uintptr_t)name - (uintptr_t)schema->pool < schema->pool_size;
}

/* Which of two items has the lesser name, as memcmp() says it. */
typedef int uvrest__compare_fn(const void *a, const void *b);

/* Sorts n pointers; of equal ones the earlier stays in front. other: room for n. */
UVREST__DIRECT void uvrest__extra_sort(void **order, void **other, size_t n, uvrest__compare_fn *compare);

/*
 * Of items with equal names, which stand side by side, take `size` bytes each and begin with a pointer to their name,
 * only the last stays. Returns how many are left, moved to the front in their order. scratch: room for 2 * n pointers.
 */
UVREST__DIRECT size_t uvrest__extra_unique(void *items, size_t n, size_t size, uvrest__compare_fn *compare,
                                           void **scratch);

/* Compares members of an extra. */
uvrest__compare_fn uvrest__extra_compare;

/* The member of a name; NULL if it has none as a slice. */
UVREST__DIRECT const uvrest_extra_member *uvrest__extra_find(const uvrest_extra *extra, const char *name, size_t len);

/* The value of a name, `null` where a bit says so; NULL if it has none. */
UVREST__DIRECT const uvrest_raw *uvrest__extra_value(const uvrest_extra *extra, const char *name, size_t len);

/* Whether a value that stands in an extra is null: it is valid, and no space is around it. */
UVREST__HOT bool uvrest__extra_is_null(const uvrest_raw *value)
{
    return *value->text == 'n';
}

#endif /* UVREST__EXTRA_H */
