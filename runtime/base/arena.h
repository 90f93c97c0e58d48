/* SPDX-License-Identifier: MIT */
/*
 * The inside of uvrest_arena, for those who allocate from it in tight loops.
 *
 * Blocks form a list in the order they were taken; those after `current` are left from before a reset and are reused.
 * What is free in the current block lies between `at` and `end`. Scratch blocks hold what is gathered while its number
 * is not known yet; they are a list of their own, kept for the next time, and count towards the ceiling.
 */
#ifndef UVREST__ARENA_H
#define UVREST__ARENA_H

#include <uvrest/base.h>

typedef struct uvrest__block {
    struct uvrest__block *next;
    size_t cap; /* bytes of data */
    _Alignas(16) char data[];
} uvrest__block;

struct uvrest_arena {
    char *at;
    char *end; /* of the current block, or earlier where used_limit ends */
    uvrest__block *first;
    uvrest__block *current; /* NULL before the first allocation */
    uvrest__block *scratch;
    size_t used_before; /* handed out of the blocks before current */
    size_t used_limit; /* ceiling of what may be handed out; SIZE_MAX for none */
    size_t taken; /* from alloc, all lists and this struct */
    size_t max_bytes; /* ceiling of taken; SIZE_MAX for none */
    const uvrest_alloc *alloc;
};

/*
 * Makes room for need bytes, 16-aligned, in one piece, at arena->at. hint: how large a new block had better be, 0 if
 * unknown. UVREST_E_LIMIT at a ceiling, UVREST_E_NOMEM; the arena is then as it was.
 */
UVREST_MUST_USE uvrest_status uvrest__arena_grow(uvrest_arena *arena, size_t need, size_t hint);

/*
 * Makes the first block, which is the only one in use, larger: want bytes in all. What is in it may move. Failures as
 * above.
 */
UVREST_MUST_USE uvrest_status uvrest__arena_enlarge(uvrest_arena *arena, size_t want);

/* Appends a scratch block of at least need bytes to the list after `last` (NULL: the list is empty). */
UVREST_MUST_USE uvrest_status uvrest__arena_scratch(uvrest_arena *arena, uvrest__block *last, size_t need, size_t hint,
                                                    uvrest__block **out_block);

/* Sets the ceiling of what may be handed out from now on; SIZE_MAX for none. */
void uvrest__arena_limit(uvrest_arena *arena, size_t more_bytes);

/* Where the arena stands, to undo all that is allocated after it. */
typedef struct uvrest__arena_mark {
    uvrest__block *block;
    char *at;
    size_t used_before;
} uvrest__arena_mark;

static inline uvrest__arena_mark uvrest__arena_mark_get(const uvrest_arena *arena)
{
    uvrest__arena_mark mark = {arena->current, arena->at, arena->used_before};
    return mark;
}

/* Makes everything allocated since the mark invalid. */
void uvrest__arena_rewind(uvrest_arena *arena, uvrest__arena_mark mark);

/*
 * Puts an arena aside: until it is opened again nobody may look at what it held. A build with the address sanitizer
 * sees it if somebody does; to all others these two are nothing.
 */
void uvrest__arena_seal(uvrest_arena *arena);
void uvrest__arena_unseal(uvrest_arena *arena);

/* Memory that is not zeroed. align: a power of two, 16 at most. NULL when memory or a ceiling is exhausted. */
UVREST_MUST_USE static inline void *uvrest__arena_take(uvrest_arena *arena, size_t size, size_t align)
{
    size_t pad = (size_t)(0 - (uintptr_t)arena->at) & (align - 1);
    size_t room = (size_t)(arena->end - arena->at);
    char *memory;
    if (pad > room || size > room - pad) {
        if (uvrest__arena_grow(arena, size, 0) != UVREST_OK)
            return NULL;
        pad = 0;
    }
    memory = arena->at + pad;
    arena->at = memory + size;
    return memory;
}

#endif /* UVREST__ARENA_H */
