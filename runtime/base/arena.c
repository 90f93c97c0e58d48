/* SPDX-License-Identifier: MIT */
#include "arena.h"
#include "alloc.h"
#include "ceilings.h"
#include "sanitizer.h"

#include <assert.h>
#include <string.h>

/* An arena without a block points here, so that `at` and `end` are never NULL and need no test. */
static char no_room[1];

uvrest_status uvrest_arena_new(const uvrest_alloc *alloc, size_t max_bytes, uvrest_arena **out_arena)
{
    uvrest_arena *arena = uvrest__zalloc(alloc, sizeof *arena);
    if (arena == NULL)
        return UVREST_E_NOMEM;
    arena->at = arena->end = no_room;
    arena->used_limit = SIZE_MAX;
    arena->taken = sizeof *arena;
    arena->max_bytes = max_bytes == 0 ? SIZE_MAX : max_bytes;
    arena->alloc = alloc;
    *out_arena = arena;
    return UVREST_OK;
}

static void free_blocks(const uvrest_alloc *alloc, uvrest__block *block)
{
    while (block != NULL) {
        uvrest__block *next = block->next;
        uvrest__free(alloc, block);
        block = next;
    }
}

void uvrest_arena_free(uvrest_arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->alloc, arena->first);
    free_blocks(arena->alloc, arena->scratch);
    uvrest__free(arena->alloc, arena);
}

size_t uvrest_arena_used(const uvrest_arena *arena)
{
    return arena->current == NULL ? 0 : arena->used_before + (size_t)(arena->at - arena->current->data);
}

/* Makes a block the current one, of which `filled` bytes are handed out, and cuts its end where the limit is. */
static void enter(uvrest_arena *arena, uvrest__block *block, size_t used_before, size_t filled)
{
    size_t allowed = arena->used_limit - used_before;
    arena->current = block;
    arena->used_before = used_before;
    arena->at = block->data + filled;
    arena->end = block->data + (block->cap < allowed ? block->cap : allowed);
}

void uvrest_arena_reset(uvrest_arena *arena)
{
    arena->used_limit = SIZE_MAX;
    if (arena->first != NULL)
        enter(arena, arena->first, 0, 0);
}

void uvrest__arena_seal(uvrest_arena *arena)
{
    for (const uvrest__block *block = arena->first; block != NULL; block = block->next)
        uvrest__poison(block->data, block->cap);
    for (const uvrest__block *block = arena->scratch; block != NULL; block = block->next)
        uvrest__poison(block->data, block->cap);
}

void uvrest__arena_unseal(uvrest_arena *arena)
{
    for (const uvrest__block *block = arena->first; block != NULL; block = block->next)
        uvrest__unpoison(block->data, block->cap);
    for (const uvrest__block *block = arena->scratch; block != NULL; block = block->next)
        uvrest__unpoison(block->data, block->cap);
}

void uvrest__arena_limit(uvrest_arena *arena, size_t more_bytes)
{
    size_t used = uvrest_arena_used(arena);
    arena->used_limit = more_bytes > SIZE_MAX - used ? SIZE_MAX : used + more_bytes;
    if (arena->current != NULL)
        enter(arena, arena->current, arena->used_before, (size_t)(arena->at - arena->current->data));
}

void uvrest__arena_rewind(uvrest_arena *arena, uvrest__arena_mark mark)
{
    if (mark.block != NULL)
        enter(arena, mark.block, mark.used_before, (size_t)(mark.at - mark.block->data));
    else if (arena->first != NULL)
        enter(arena, arena->first, 0, 0);
}

/* Takes a block of `want` bytes, or of what the ceiling leaves if that is at least `need`. */
static uvrest_status take_block(uvrest_arena *arena, size_t need, size_t want, uvrest__block **out_block)
{
    uvrest__block *block;
    size_t left = arena->max_bytes - (arena->taken < arena->max_bytes ? arena->taken : arena->max_bytes);
    left = left < sizeof *block ? 0 : left - sizeof *block;
    if (want < need)
        want = need;
    if (want > left)
        want = left;
    if (want < need || want == 0)
        return UVREST_E_LIMIT;
    block = want > SIZE_MAX - sizeof *block ? NULL : uvrest__malloc(arena->alloc, sizeof *block + want);
    if (block == NULL)
        return UVREST_E_NOMEM;
    block->next = NULL;
    block->cap = want;
    arena->taken += sizeof *block + want;
    *out_block = block;
    return UVREST_OK;
}

static size_t default_size(const uvrest_arena *arena)
{
    size_t size = arena->current == NULL ? UVREST__ARENA_BLOCK_MIN : arena->current->cap;
    if (arena->current != NULL)
        size = size > UVREST__ARENA_BLOCK_MAX / 2 ? UVREST__ARENA_BLOCK_MAX : size * 2;
    return size < UVREST__ARENA_BLOCK_MIN ? UVREST__ARENA_BLOCK_MIN : size;
}

uvrest_status uvrest__arena_grow(uvrest_arena *arena, size_t need, size_t hint)
{
    uvrest__block *block = arena->current == NULL ? arena->first : arena->current->next;
    size_t used = uvrest_arena_used(arena);
    if (need > arena->used_limit - used)
        return UVREST_E_LIMIT;
    if (block == NULL || block->cap < need) {
        uvrest_status st = take_block(arena, need, hint != 0 ? hint : default_size(arena), &block);
        if (st != UVREST_OK)
            return st;
        if (arena->current == NULL) {
            block->next = arena->first;
            arena->first = block;
        } else {
            block->next = arena->current->next;
            arena->current->next = block;
        }
    }
    enter(arena, block, used, 0);
    return UVREST_OK;
}

uvrest_status uvrest__arena_enlarge(uvrest_arena *arena, size_t want)
{
    uvrest__block *block = arena->first;
    size_t filled = (size_t)(arena->at - block->data);
    size_t more = want - block->cap;
    assert(block == arena->current && want > block->cap);
    if (arena->taken > arena->max_bytes || more > arena->max_bytes - arena->taken)
        return UVREST_E_LIMIT;
    block = want > SIZE_MAX - sizeof *block ? NULL : uvrest__realloc(arena->alloc, block, sizeof *block + want);
    if (block == NULL)
        return UVREST_E_NOMEM;
    block->cap = want;
    arena->taken += more;
    arena->first = block;
    enter(arena, block, 0, filled);
    return UVREST_OK;
}

uvrest_status uvrest__arena_scratch(uvrest_arena *arena, uvrest__block *last, size_t need, size_t hint,
                                    uvrest__block **out_block)
{
    uvrest__block *block;
    uvrest_status st = take_block(arena, need, hint, &block);
    if (st != UVREST_OK)
        return st;
    if (last == NULL) {
        block->next = arena->scratch;
        arena->scratch = block;
    } else {
        block->next = last->next;
        last->next = block;
    }
    *out_block = block;
    return UVREST_OK;
}

void *uvrest_arena_alloc(uvrest_arena *arena, size_t size)
{
    void *memory = uvrest__arena_take(arena, size == 0 ? 1 : size, 16);
    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

char *uvrest_arena_copy(uvrest_arena *arena, const char *text, size_t len)
{
    size_t size;
    char *copy;
    if (!uvrest__size_add(len, 1, &size) || (copy = uvrest__arena_take(arena, size, 1)) == NULL)
        return NULL;
    if (len != 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}
