/* SPDX-License-Identifier: MIT */
/**
 * @file blocks.h
 * Memory for libcurl: malloc's, but what is given back is kept by the thread for its next request.
 *
 * A request takes libcurl some forty small blocks, gone when it has ended. malloc keeps seven of a size at hand and
 * sends the rest a longer way, which is 9 % of all that is done for a call.
 *
 * A block is malloc's own and bears nothing of ours, so a program may free() what libcurl gave it, and libcurl may be
 * given what malloc made. A thread keeps 128 KiB at most, and frees them when it ends.
 * Threads: any; a block may be freed on another thread than the one that took it. Signal handlers: not.
 */
#ifndef UVREST_NET_BLOCKS_H
#define UVREST_NET_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

/** How much a thread keeps, in bytes. */
#define UVREST__BLOCKS_KEPT_MAX (128 * (size_t)1024)
/** A larger block is not kept. What libcurl receives a small answer in is one byte larger than 16 KiB. */
#define UVREST__BLOCKS_LARGEST ((size_t)16392)

/**
 * Whether the functions below may be handed to libcurl, which holds on to them to the end of the process: the code they
 * are in stays loaded from then on, whoever closes it. False if that cannot be had. Once a process, before the others.
 */
bool uvrest__blocks_begin(void);

/** As malloc(), free(), realloc(), strdup() and calloc(). */
void *uvrest__blocks_malloc(size_t size);
void uvrest__blocks_free(void *memory);
void *uvrest__blocks_realloc(void *memory, size_t size);
char *uvrest__blocks_strdup(const char *text);
void *uvrest__blocks_calloc(size_t count, size_t size);

#endif /* UVREST_NET_BLOCKS_H */
