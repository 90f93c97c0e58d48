/* SPDX-License-Identifier: MIT */
/* Memory through a uvrest_alloc, NULL meaning malloc, and arithmetic on sizes that come from outside. */
#ifndef UVREST__ALLOC_H
#define UVREST__ALLOC_H

#include <stdint.h>
#include <uvrest/base.h>

/* NULL when memory is exhausted. size 0 is treated as 1, so that NULL always means failure. */
UVREST_MUST_USE void *uvrest__malloc(const uvrest_alloc *alloc, size_t size);
/* The same, zero-filled. */
UVREST_MUST_USE void *uvrest__zalloc(const uvrest_alloc *alloc, size_t size);
/* As realloc(): NULL memory allocates; on failure memory is as it was. */
UVREST_MUST_USE void *uvrest__realloc(const uvrest_alloc *alloc, void *memory, size_t size);
/* Takes NULL. */
void uvrest__free(const uvrest_alloc *alloc, void *memory);
/* A copy of len bytes with a closing NUL. owned: uvrest__free(). NULL when memory is exhausted. */
UVREST_MUST_USE char *uvrest__strndup(const uvrest_alloc *alloc, const char *text, size_t len);
/* A copy of NUL-ended text; NULL for NULL too. owned: uvrest__free(). */
UVREST_MUST_USE char *uvrest__strdup(const uvrest_alloc *alloc, const char *text);

/* false, with *out_sum untouched, where the sum does not fit. */
UVREST_MUST_USE static inline bool uvrest__size_add(size_t a, size_t b, size_t *out_sum)
{
    if (b > SIZE_MAX - a)
        return false;
    *out_sum = a + b;
    return true;
}

/* false, with *out_product untouched, where the product does not fit. */
UVREST_MUST_USE static inline bool uvrest__size_mul(size_t a, size_t b, size_t *out_product)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out_product = a * b;
    return true;
}

#endif /* UVREST__ALLOC_H */
