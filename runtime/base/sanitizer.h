/* SPDX-License-Identifier: MIT */
/* Memory nobody may look at for a while, in builds with the address sanitizer; nothing in others. */
#ifndef UVREST__SANITIZER_H
#define UVREST__SANITIZER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__ /* gcc */
#define UVREST__HAS_ASAN 1
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define UVREST__HAS_ASAN 1
#endif
#endif
#ifndef UVREST__HAS_ASAN
#define UVREST__HAS_ASAN 0
#endif

#if UVREST__HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

/* Whoever looks there is reported, until the other is called for the same memory. */
static inline void uvrest__poison(const void *memory, size_t size)
{
#if UVREST__HAS_ASAN
    __asan_poison_memory_region(memory, size);
#else
    (void)memory;
    (void)size;
#endif
}

static inline void uvrest__unpoison(const void *memory, size_t size)
{
#if UVREST__HAS_ASAN
    __asan_unpoison_memory_region(memory, size);
#else
    (void)memory;
    (void)size;
#endif
}

/* Whether a byte of it is poisoned; false where nothing ever is. */
static inline bool uvrest__is_poisoned(const void *memory, size_t size)
{
#if UVREST__HAS_ASAN
    return __asan_region_is_poisoned((void *)memory, size) != NULL;
#else
    (void)memory;
    (void)size;
    return false;
#endif
}

#endif /* UVREST__SANITIZER_H */
