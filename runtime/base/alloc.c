/* SPDX-License-Identifier: MIT */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

void *uvrest__malloc(const uvrest_alloc *alloc, size_t size)
{
    if (size == 0)
        size = 1;
    return alloc == NULL ? malloc(size) : alloc->allocate(size, alloc->user);
}

void *uvrest__zalloc(const uvrest_alloc *alloc, size_t size)
{
    void *memory = uvrest__malloc(alloc, size);
    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

void *uvrest__realloc(const uvrest_alloc *alloc, void *memory, size_t size)
{
    if (size == 0)
        size = 1;
    return alloc == NULL ? realloc(memory, size) : alloc->resize(memory, size, alloc->user);
}

void uvrest__free(const uvrest_alloc *alloc, void *memory)
{
    if (memory == NULL)
        return;
    if (alloc == NULL)
        free(memory);
    else
        alloc->release(memory, alloc->user);
}

char *uvrest__strndup(const uvrest_alloc *alloc, const char *text, size_t len)
{
    size_t size;
    char *copy;
    if (!uvrest__size_add(len, 1, &size))
        return NULL;
    copy = uvrest__malloc(alloc, size);
    if (copy == NULL)
        return NULL;
    if (len != 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *uvrest__strdup(const uvrest_alloc *alloc, const char *text)
{
    return text == NULL ? NULL : uvrest__strndup(alloc, text, strlen(text));
}
