/* SPDX-License-Identifier: MIT */
#include "queue.h"
#include <assert.h>

/* From the urgent one to the patient one. */
static const uint8_t order[UVREST__QUEUE_PRIORITIES] = {UVREST_PRIORITY_HIGH, UVREST_PRIORITY_NORMAL,
                                                        UVREST_PRIORITY_BULK};

/* Those that come back are older than most, so their place is near the front; new ones go to the end at once. */
static uvrest__queue_item *successor_of(const struct uvrest__queue_rank *rank, uint64_t number)
{
    uvrest__queue_item *next = rank->first;
    if (rank->last == NULL || rank->last->number < number)
        return NULL;
    while (next->number < number)
        next = next->next;
    return next;
}

void uvrest__queue_put(uvrest__queue *queue, uvrest__queue_item *item)
{
    struct uvrest__queue_rank *rank = &queue->ranks[item->priority];
    assert(!item->queued);
    item->next = successor_of(rank, item->number);
    item->prev = item->next == NULL ? rank->last : item->next->prev;
    if (item->prev == NULL)
        rank->first = item;
    else
        item->prev->next = item;
    if (item->next == NULL)
        rank->last = item;
    else
        item->next->prev = item;
    item->queued = true;
    rank->n++;
    queue->n++;
}

uvrest__queue_item *uvrest__queue_peek(const uvrest__queue *queue)
{
    for (size_t i = 0; i < UVREST__QUEUE_PRIORITIES; i++)
        if (queue->ranks[order[i]].first != NULL)
            return queue->ranks[order[i]].first;
    return NULL;
}

/* Numbers stay far below the bits that the priority is in. */
uint64_t uvrest__queue_place(const uvrest__queue_item *item)
{
    uint64_t rank = 0;
    while (order[rank] != item->priority)
        rank++;
    return rank << 62 | item->number;
}

size_t uvrest__queue_demand(const uvrest__queue *queue)
{
    size_t n_bulk = queue->ranks[UVREST_PRIORITY_BULK].n;
    return queue->n > n_bulk ? queue->n - n_bulk : n_bulk;
}

void uvrest__queue_remove(uvrest__queue *queue, uvrest__queue_item *item)
{
    struct uvrest__queue_rank *rank = &queue->ranks[item->priority];
    assert(item->queued);
    if (item->prev == NULL)
        rank->first = item->next;
    else
        item->prev->next = item->next;
    if (item->next == NULL)
        rank->last = item->prev;
    else
        item->next->prev = item->prev;
    item->prev = item->next = NULL;
    item->queued = false;
    rank->n--;
    queue->n--;
}
