/* SPDX-License-Identifier: MIT */
#include "blocks.h"
#include "attributes.h"
#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * A list a size: 24, 40, 56, ... bytes, which are the sizes glibc rounds to, so that nothing is lost. Another malloc
 * may round up further; a block is then on the list of the largest size it certainly has.
 */
#define SMALLEST ((size_t)24)
#define STEP ((size_t)16)
#define LISTS ((UVREST__BLOCKS_LARGEST - SMALLEST) / STEP + 1)

typedef struct block {
    struct block *next;
} block;

typedef struct store {
    size_t kept; /* bytes in all lists */
    block *lists[LISTS];
} store;

/* Eight bytes of the room that loaders keep for this: to find the store takes as long as a call of malloc otherwise. */
static _Thread_local store *own __attribute__((tls_model("initial-exec")));
static pthread_key_t key; /* for its end */
static bool has_key;

/* The list whose blocks hold size bytes, size <= UVREST__BLOCKS_LARGEST. */
static size_t list_for(size_t size)
{
    return size <= SMALLEST ? 0 : (size - SMALLEST + STEP - 1) / STEP;
}

static size_t size_in(size_t list)
{
    return SMALLEST + list * STEP;
}

/* ---- a thread's store -------------------------------------------------------------------------------------------- */

static UVREST__RARE void free_store(void *memory)
{
    store *s = memory;
    for (size_t i = 0; i < LISTS; i++) {
        while (s->lists[i] != NULL) {
            block *b = s->lists[i];
            s->lists[i] = b->next;
            free(b);
        }
    }
    free(s);
    own = NULL;
}

/* False without memory: then nothing is kept. */
static UVREST__RARE bool make_store(void)
{
    store *s = has_key ? calloc(1, sizeof *s) : NULL;
    if (s == NULL || pthread_setspecific(key, s) != 0) {
        free(s);
        return false;
    }
    own = s;
    return true;
}

/* libcurl keeps the functions when the last library that uses it beside us is closed, and calls them at exit. */
static bool stays_loaded(void)
{
#ifdef __GLIBC__
    Dl_info info;
    struct link_map *map;
    if (dladdr1((void *)(uintptr_t)uvrest__blocks_begin, &info, (void **)&map, RTLD_DL_LINKMAP) == 0)
        return false;
    /* The program itself has no name there, and is not unloaded. */
    return map->l_name[0] == '\0' || dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != NULL;
#else
    return false; /* nobody has looked how others do it */
#endif
}

bool uvrest__blocks_begin(void)
{
    if (!has_key)
        has_key = stays_loaded() && pthread_key_create(&key, free_store) == 0;
    return has_key;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

void *uvrest__blocks_malloc(size_t size)
{
    store *s = own;
    size_t list;
    block *b;
    if (size > UVREST__BLOCKS_LARGEST)
        return malloc(size);
    list = list_for(size);
    if (s == NULL || s->lists[list] == NULL)
        return malloc(size_in(list));
    b = s->lists[list];
    s->lists[list] = b->next;
    s->kept -= size_in(list);
    return b;
}

void uvrest__blocks_free(void *memory)
{
    size_t size, list;
    block *b = memory;
    if (memory == NULL)
        return;
    size = malloc_usable_size(memory);
    if (size < SMALLEST || size >= UVREST__BLOCKS_LARGEST + STEP || (own == NULL && !make_store()) ||
        own->kept + size > UVREST__BLOCKS_KEPT_MAX) {
        free(memory);
        return;
    }
    list = (size - SMALLEST) / STEP;
    b->next = own->lists[list];
    own->lists[list] = b;
    own->kept += size_in(list);
}

void *uvrest__blocks_realloc(void *memory, size_t size)
{
    size_t had = memory != NULL ? malloc_usable_size(memory) : 0;
    void *larger;
    if (had > UVREST__BLOCKS_LARGEST && size > UVREST__BLOCKS_LARGEST)
        return realloc(memory, size);
    if (memory != NULL && size <= had && had <= UVREST__BLOCKS_LARGEST)
        return memory;
    larger = uvrest__blocks_malloc(size);
    if (larger == NULL || memory == NULL)
        return larger;
    memcpy(larger, memory, size < had ? size : had);
    uvrest__blocks_free(memory);
    return larger;
}

char *uvrest__blocks_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = uvrest__blocks_malloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void *uvrest__blocks_calloc(size_t count, size_t size)
{
    void *memory;
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    if (total > UVREST__BLOCKS_LARGEST)
        return calloc(1, total);
    memory = uvrest__blocks_malloc(total);
    if (memory != NULL)
        memset(memory, 0, total);
    return memory;
}
