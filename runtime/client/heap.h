/* SPDX-License-Identifier: MIT */
/**
 * @file heap.h
 * Things in the order of a number, the lowest first: a binary heap. Calls by the moment at which something is due, so
 * that one timer serves all of a client's; lanes by whose turn it is.
 *
 * Threads: plain data of one client. Memory: the heap owns an array of pointers; an item is a member of what it orders.
 */
#ifndef UVREST_CLIENT_HEAP_H
#define UVREST_CLIENT_HEAP_H

#include <uvrest/base.h>

/** One thing's place; zero-filled means in no heap. */
typedef struct uvrest__heap_item {
    uint64_t key;
    size_t place; /* from 1; 0: in no heap */
} uvrest__heap_item;

typedef struct uvrest__heap {
    const uvrest_alloc *alloc;
    uvrest__heap_item **items; /* owned; from index 1 */
    size_t n;
    size_t cap;
} uvrest__heap;

void uvrest__heap_init(uvrest__heap *heap, const uvrest_alloc *alloc);
/** Frees the array; all zero is accepted. */
void uvrest__heap_fini(uvrest__heap *heap);
/** Makes room for n items in all, so that setting them cannot fail. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__heap_reserve(uvrest__heap *heap, size_t n);
/** Puts an item in, or moves it; there is room for it. */
void uvrest__heap_set(uvrest__heap *heap, uvrest__heap_item *item, uint64_t key);
/** Takes an item out; one that is in no heap is accepted. */
void uvrest__heap_clear(uvrest__heap *heap, uvrest__heap_item *item);
/** The one with the lowest key, or NULL. */
uvrest__heap_item *uvrest__heap_first(const uvrest__heap *heap);

#endif /* UVREST_CLIENT_HEAP_H */
