/* SPDX-License-Identifier: MIT */
/*
 * Where things are gathered while their number is not known: elements of an array, members of an extra. Last in, first
 * out; what is pushed does not move. Begins in memory of its owner, goes on in scratch blocks of an arena, which keeps
 * them for the next time.
 */
#ifndef UVREST__STACK_H
#define UVREST__STACK_H

#include "arena.h"
#include "scan.h"

typedef struct uvrest__stack_part {
    struct uvrest__stack_part *up; /* the part before */
    uvrest__block *block; /* NULL for the owner's memory */
    char *data;
    char *end;
    char *filled; /* where it was left for the next part */
} uvrest__stack_part;

typedef struct uvrest__stack {
    char *at;
    char *end;
    uvrest_arena *arena;
    uvrest__stack_part *part; /* the current one; further parts begin in their own block */
    uvrest__stack_part first;
} uvrest__stack;

typedef struct uvrest__stack_mark {
    uvrest__stack_part *part;
    char *at;
} uvrest__stack_mark;

/* memory: 16-aligned, of the owner, until the stack is no longer used. It needs no end. */
UVREST__DIRECT void uvrest__stack_init(uvrest__stack *stack, uvrest_arena *arena, void *memory, size_t size);

/* The slow half of a push: goes on in another part. hint: bytes likely to be pushed yet. */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__stack_grow(uvrest__stack *stack, size_t size, size_t hint);

/* Room for one more; not zeroed, aligned as its size is. NULL: call uvrest__stack_grow(), then again. */
UVREST__HOT void *uvrest__stack_push(uvrest__stack *stack, size_t size)
{
    char *memory = stack->at;
    if (UVREST__UNLIKELY((size_t)(stack->end - memory) < size))
        return NULL;
    stack->at = memory + size;
    return memory;
}

/* Where the stack stands, 8-aligned: things of one size pushed from here on lie side by side as in an array. */
UVREST__DIRECT uvrest__stack_mark uvrest__stack_top(uvrest__stack *stack);

/* Takes all that was pushed since the mark, len bytes, and lays it side by side at `to`, in order. */
UVREST__DIRECT void uvrest__stack_gather(uvrest__stack *stack, uvrest__stack_mark mark, size_t len, void *to);

/* Forgets what was pushed since the mark. */
UVREST__DIRECT void uvrest__stack_pop(uvrest__stack *stack, uvrest__stack_mark mark);

#endif /* UVREST__STACK_H */
