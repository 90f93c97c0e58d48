/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <locale.h>
#include <stdlib.h>

/* In front of each block, so that its size is known when it goes. */
typedef union head {
    size_t size;
    max_align_t align;
} head;

static bool refuses(support_alloc *counting)
{
    counting->n_calls++;
    return counting->fail_at != 0 &&
           (counting->n_calls == counting->fail_at || (counting->fail_on && counting->n_calls > counting->fail_at));
}

static void *allocate(size_t size, void *user)
{
    support_alloc *counting = user;
    head *block = refuses(counting) ? NULL : malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    memset(block + 1, 0xA5, size);
    counting->n_live++;
    counting->n_bytes += size;
    if (counting->n_bytes > counting->max_bytes)
        counting->max_bytes = counting->n_bytes;
    return block + 1;
}

static void release(void *memory, void *user)
{
    support_alloc *counting = user;
    head *block = memory;
    if (block == NULL)
        return;
    block--;
    counting->n_live--;
    counting->n_bytes -= block->size;
    memset(block, 0x5A, sizeof *block + block->size);
    free(block);
}

static void *resize(void *memory, size_t size, void *user)
{
    void *moved = allocate(size, user);
    if (moved == NULL || memory == NULL)
        return moved;
    memcpy(moved, memory, ((head *)memory)[-1].size < size ? ((head *)memory)[-1].size : size);
    release(memory, user);
    return moved;
}

void support_alloc_init(support_alloc *counting)
{
    memset(counting, 0, sizeof *counting);
    counting->alloc.allocate = allocate;
    counting->alloc.resize = resize;
    counting->alloc.release = release;
    counting->alloc.user = counting;
}

void support_fail_each(uvrest_status (*run)(const uvrest_alloc *alloc, void *user), void *user)
{
    support_alloc counting;
    size_t n_calls;
    support_alloc_init(&counting);
    assert_status(run(&counting.alloc, user), UVREST_OK);
    assert_int_equal(counting.n_live, 0);
    n_calls = counting.n_calls;
    for (size_t i = 0; i < 2 * n_calls; i++) {
        uvrest_status st;
        support_alloc_init(&counting);
        counting.fail_at = i / 2 + 1;
        counting.fail_on = i % 2 != 0;
        st = run(&counting.alloc, user);
        if (st != UVREST_OK)
            assert_status(st, UVREST_E_NOMEM);
        assert_int_equal(counting.n_live, 0);
    }
}

void support_comma_locale(void)
{
    char printed[8];
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        fail_msg("no locale de_DE.UTF-8 below LOCPATH: run it by ctest");
    snprintf(printed, sizeof printed, "%.1f", 0.5);
    assert_string_equal(printed, "0,5"); /* else the test would show nothing */
}
