/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <string.h>

UVREST__DIRECT void uvrest__stack_init(uvrest__stack *stack, uvrest_arena *arena, void *memory, size_t size)
{
    memset(stack, 0, sizeof *stack);
    stack->arena = arena;
    stack->first.data = memory;
    stack->part = &stack->first;
    stack->at = memory;
    stack->end = stack->first.end = stack->at + size;
}

UVREST__DIRECT uvrest_status uvrest__stack_grow(uvrest__stack *stack, size_t size, size_t hint)
{
    const size_t head = (sizeof(uvrest__stack_part) + 15) & ~(size_t)15;
    uvrest__block *block = stack->part->block == NULL ? stack->arena->scratch : stack->part->block->next;
    uvrest__stack_part *part;
    if (size > SIZE_MAX - head - 16)
        return UVREST_E_NOMEM;
    if (block == NULL || block->cap < head + size + 8) {
        uvrest_status st =
            uvrest__arena_scratch(stack->arena, stack->part->block, head + size + 8, head + hint, &block);
        if (st != UVREST_OK)
            return st;
    }
    part = (uvrest__stack_part *)(void *)block->data;
    part->up = stack->part;
    part->block = block;
    part->data = block->data + head;
    part->end = part->data + ((block->cap - head) & ~(size_t)7);
    stack->part->filled = stack->at;
    stack->part = part;
    stack->at = part->data;
    stack->end = part->end;
    return UVREST_OK;
}

UVREST__DIRECT uvrest__stack_mark uvrest__stack_top(uvrest__stack *stack)
{
    uvrest__stack_mark mark = {stack->part, stack->at + ((size_t)(0 - (uintptr_t)stack->at) & 7)};
    stack->at = mark.at;
    return mark;
}

/* The parts hang together backwards, so they are emptied backwards: the last elements first. */
UVREST__DIRECT void uvrest__stack_gather(uvrest__stack *stack, uvrest__stack_mark mark, size_t len, void *to)
{
    char *end = (char *)to + len;
    for (;;) {
        char *begin = stack->part == mark.part ? mark.at : stack->part->data;
        end -= stack->at - begin;
        memcpy(end, begin, (size_t)(stack->at - begin));
        if (stack->part == mark.part)
            break;
        stack->part = stack->part->up;
        stack->at = stack->part->filled;
    }
    uvrest__stack_pop(stack, mark);
}

UVREST__DIRECT void uvrest__stack_pop(uvrest__stack *stack, uvrest__stack_mark mark)
{
    stack->part = mark.part;
    stack->end = mark.part->end;
    stack->at = mark.at;
}
