/* SPDX-License-Identifier: MIT */
/**
 * @file queue.h
 * Calls that wait for their turn: three priorities, first come first served inside each. A call that comes back for
 * another attempt takes its old place, since order is by the number it was given when it first came.
 *
 * Threads: plain data of one client. Memory: none; an item is a member of what waits.
 */
#ifndef UVREST_CLIENT_QUEUE_H
#define UVREST_CLIENT_QUEUE_H

#include <uvrest/client.h>

#define UVREST__QUEUE_PRIORITIES 3

typedef struct uvrest__queue_item {
    struct uvrest__queue_item *prev;
    struct uvrest__queue_item *next;
    uint64_t number; /* order of arrival in the client; given once */
    uint8_t priority; /* uvrest_priority */
    bool queued;
} uvrest__queue_item;

typedef struct uvrest__queue {
    struct uvrest__queue_rank {
        uvrest__queue_item *first;
        uvrest__queue_item *last;
        size_t n;
    } ranks[UVREST__QUEUE_PRIORITIES];
    size_t n;
} uvrest__queue;

/** Puts an item in its place: at the end where its number is the highest, else before the first with a higher one. */
void uvrest__queue_put(uvrest__queue *queue, uvrest__queue_item *item);
/** Whose turn it is, or NULL. */
uvrest__queue_item *uvrest__queue_peek(const uvrest__queue *queue);
/** An item's place among those of all queues of the client's, as a number: the lowest goes first. */
uint64_t uvrest__queue_place(const uvrest__queue_item *item);
/** How many wait that the next one goes before no later than them: bulk ones count only when nothing else waits. */
size_t uvrest__queue_demand(const uvrest__queue *queue);
/** Takes an item out of the queue it is in. */
void uvrest__queue_remove(uvrest__queue *queue, uvrest__queue_item *item);

#endif /* UVREST_CLIENT_QUEUE_H */
