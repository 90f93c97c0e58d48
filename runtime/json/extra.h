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

/* Words of bits for n members. */
UVREST__HOT unsigned uvrest__extra_words(unsigned n)
{
    return (n + 63) / 64;
}

/*
 * Makes one in the arena; NULL when memory or its ceiling is exhausted. nulls: bits of the model's members, copied;
 * members: arena, kept. Both may be empty.
 */
UVREST_MUST_USE uvrest_extra *uvrest__extra_new(uvrest_arena *arena, const uvrest_schema *schema, uint16_t model,
                                                const uint64_t *nulls, const uvrest_extra_member *members,
                                                size_t n_members);

/*
 * Of members with equal names only the last stays. Returns how many are left, moved to the front in their order.
 * scratch: room for 2 * n indices.
 */
size_t uvrest__extra_unique(uvrest_extra_member *members, size_t n, uint32_t *scratch);

/* The member of a name; NULL if it has none as a slice. */
const uvrest_extra_member *uvrest__extra_find(const uvrest_extra *extra, const char *name, size_t len);

/* Whether a member was null, by bit or as the slice `null`. */
bool uvrest__extra_is_null(const uvrest_extra *extra, const char *name, size_t len);

/* Whether raw is the text null, maybe with space around it. */
bool uvrest__raw_is_null(uvrest_raw raw);

#endif /* UVREST__EXTRA_H */
