/* SPDX-License-Identifier: MIT */
#include "heap.h"
#include "alloc.h"
#include <assert.h>

#define FIRST_CAP 64u

void uvrest__heap_init(uvrest__heap *heap, const uvrest_alloc *alloc)
{
    *heap = (uvrest__heap){.alloc = alloc};
}

void uvrest__heap_fini(uvrest__heap *heap)
{
    uvrest__free(heap->alloc, heap->items);
    heap->items = NULL;
    heap->n = heap->cap = 0;
}

uvrest_status uvrest__heap_reserve(uvrest__heap *heap, size_t n)
{
    uvrest__heap_item **items;
    size_t cap = heap->cap == 0 ? FIRST_CAP : heap->cap;
    size_t size;
    if (n < heap->cap)
        return UVREST_OK;
    while (cap <= n)
        if (!uvrest__size_mul(cap, 2, &cap))
            return UVREST_E_NOMEM;
    if (!uvrest__size_mul(cap, sizeof *items, &size))
        return UVREST_E_NOMEM;
    items = uvrest__realloc(heap->alloc, heap->items, size);
    if (items == NULL)
        return UVREST_E_NOMEM;
    heap->items = items;
    heap->cap = cap;
    return UVREST_OK;
}

static void put(uvrest__heap *heap, size_t place, uvrest__heap_item *item)
{
    heap->items[place] = item;
    item->place = place;
}

static void rise(uvrest__heap *heap, uvrest__heap_item *item)
{
    size_t place = item->place;
    while (place > 1 && heap->items[place / 2]->key > item->key) {
        put(heap, place, heap->items[place / 2]);
        place /= 2;
    }
    put(heap, place, item);
}

static void sink(uvrest__heap *heap, uvrest__heap_item *item)
{
    size_t place = item->place;
    for (;;) {
        size_t child = place * 2;
        if (child < heap->n && heap->items[child + 1]->key < heap->items[child]->key)
            child++;
        if (child > heap->n || heap->items[child]->key >= item->key)
            break;
        put(heap, place, heap->items[child]);
        place = child;
    }
    put(heap, place, item);
}

void uvrest__heap_set(uvrest__heap *heap, uvrest__heap_item *item, uint64_t key)
{
    item->key = key;
    if (item->place == 0) {
        assert(heap->n + 1 < heap->cap);
        put(heap, ++heap->n, item);
    }
    rise(heap, item);
    sink(heap, item);
}

void uvrest__heap_clear(uvrest__heap *heap, uvrest__heap_item *item)
{
    size_t place = item->place;
    uvrest__heap_item *last;
    if (place == 0)
        return;
    last = heap->items[heap->n--];
    item->place = 0;
    if (last == item)
        return;
    put(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}

uvrest__heap_item *uvrest__heap_first(const uvrest__heap *heap)
{
    return heap->n == 0 ? NULL : heap->items[1];
}
