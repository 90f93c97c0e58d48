/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <string.h>

void uvrest__stack_init(uvrest__stack *stack, uvrest_arena *arena, void *memory, size_t size)
{
    memset(stack, 0, sizeof *stack);
    stack->arena = arena;
    stack->first.data = memory;
    stack->part = &stack->first;
    stack->at = memory;
    stack->end = stack->first.end = stack->at + size;
}

uvrest_status uvrest__stack_grow(uvrest__stack *stack, size_t size, size_t hint)
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
    part->end = block->data + block->cap;
    stack->part->filled = stack->at;
    stack->part = part;
    stack->at = part->data;
    stack->end = part->end;
    return UVREST_OK;
}

/* The parts hang together backwards, so they are emptied backwards: the last elements first. */
void uvrest__stack_gather(uvrest__stack *stack, uvrest__stack_mark mark, size_t size, size_t n, void *to)
{
    size_t step = (size + 7) & ~(size_t)7;
    char *end = (char *)to + n * size;
    uvrest__stack_part *part = stack->part;
    char *filled = stack->at;
    for (;;) {
        char *begin = part == mark.part ? mark.at : part->data;
        if (step == size) {
            size_t len = (size_t)(filled - begin);
            end -= len;
            if (len != 0)
                memcpy(end, begin, len);
        } else {
            for (char *from = filled; from > begin;) {
                from -= step;
                end -= size;
                memcpy(end, from, size);
            }
        }
        if (part == mark.part)
            break;
        part = part->up;
        filled = part->filled;
    }
    uvrest__stack_pop(stack, mark);
}

void uvrest__stack_pop(uvrest__stack *stack, uvrest__stack_mark mark)
{
    stack->part = mark.part;
    stack->end = mark.part->end;
    stack->at = mark.at;
}
