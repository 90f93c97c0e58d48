/* SPDX-License-Identifier: MIT */
#include "blocks.h"
#include "support.h"
#include <malloc.h>
#include <pthread.h>

static void what_is_given_back_is_handed_out_next(void **state)
{
    void *block = uvrest__blocks_malloc(700);
    (void)state;
    uvrest__blocks_free(block);
    assert_ptr_equal(uvrest__blocks_malloc(710), block); /* one size for malloc */
    uvrest__blocks_free(block);
    uvrest__blocks_free(NULL);
}

static void each_size_has_its_room(void **state)
{
    (void)state;
    for (size_t round = 0; round < 2; round++) {
        for (size_t size = 0; size <= UVREST__BLOCKS_LARGEST + 64; size += size < 600 ? 1 : 7) {
            unsigned char *block = uvrest__blocks_malloc(size);
            assert_non_null(block);
            memset(block, 0xa5, size);
            assert_true(malloc_usable_size(block) >= size);
            uvrest__blocks_free(block);
        }
    }
}

static bool is_marked(const unsigned char *block, size_t size, unsigned char mark)
{
    size_t i = 0;
    while (i < size && block[i] == mark)
        i++;
    return i == size;
}

/* Whoever is handed memory that another still has finds its bytes changed. */
static void blocks_in_use_do_not_overlap(void **state)
{
    enum { SLOTS = 300, STEPS = 50000 };
    struct {
        unsigned char *at;
        size_t size;
        unsigned char mark;
    } slots[SLOTS] = {0};
    uint32_t random = 7;
    (void)state;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i, size;
        random = random * 1664525u + 1013904223u;
        i = (random >> 8) % SLOTS;
        size = (random >> 16) % (random % 5 == 0 ? 20000 : 200);
        assert_true(is_marked(slots[i].at, slots[i].size, slots[i].mark));
        if (random % 3 == 0) {
            uvrest__blocks_free(slots[i].at);
            slots[i].at = uvrest__blocks_malloc(size);
        } else {
            unsigned char *at = uvrest__blocks_realloc(slots[i].at, size);
            assert_true(is_marked(at, slots[i].size < size ? slots[i].size : size, slots[i].mark));
            slots[i].at = at;
        }
        assert_non_null(slots[i].at);
        slots[i].size = size;
        slots[i].mark = (unsigned char)step;
        memset(slots[i].at, slots[i].mark, size);
    }
    for (size_t i = 0; i < SLOTS; i++)
        uvrest__blocks_free(slots[i].at);
}

/* In a thread that keeps nothing yet: of what it is given it keeps the first, and the last of these comes back
 * first. */
static void *count_kept(void *out)
{
    enum { COUNT = 200 };
    void *given[COUNT], *back;
    size_t *n = out;
    for (size_t i = 0; i < COUNT; i++)
        given[i] = uvrest__blocks_malloc(4104);
    for (size_t i = 0; i < COUNT; i++)
        uvrest__blocks_free(given[i]);
    back = uvrest__blocks_malloc(4104);
    for (*n = 1; *n < COUNT && given[*n - 1] != back;)
        ++*n;
    uvrest__blocks_free(back);
    return out;
}

static void a_thread_keeps_so_much_and_no_more(void **state)
{
    pthread_t thread;
    size_t n;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, count_kept, &n), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(n, UVREST__BLOCKS_KEPT_MAX / 4104);
}

static void blocks_are_mallocs_own(void **state)
{
    char *ours = uvrest__blocks_strdup("text");
    char *mallocs = strdup("other text");
    (void)state;
    assert_string_equal(ours, "text");
    free(ours);
    mallocs = uvrest__blocks_realloc(mallocs, 5000);
    assert_string_equal(mallocs, "other text");
    uvrest__blocks_free(mallocs);
}

static void zeroed_memory_is_zero_when_used_before(void **state)
{
    unsigned char *block = uvrest__blocks_malloc(480);
    (void)state;
    memset(block, 0xff, 480);
    uvrest__blocks_free(block);
    block = uvrest__blocks_calloc(16, 30);
    assert_true(is_marked(block, 480, 0));
    uvrest__blocks_free(block);
    block = uvrest__blocks_calloc(2, UVREST__BLOCKS_LARGEST);
    assert_int_equal(block[2 * UVREST__BLOCKS_LARGEST - 1], 0);
    uvrest__blocks_free(block);
    assert_null(uvrest__blocks_calloc(SIZE_MAX / 2, 3));
}

static void *use_in_thread(void *from_other)
{
    void *own;
    uvrest__blocks_free(from_other);
    assert_ptr_equal(uvrest__blocks_malloc(100), from_other);
    uvrest__blocks_free(from_other);
    own = uvrest__blocks_malloc(300);
    uvrest__blocks_free(uvrest__blocks_malloc(400));
    return own;
}

/* The sanitizer tells of what a thread would leave behind. */
static void a_thread_frees_its_store_when_it_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        void *from_thread;
        assert_int_equal(pthread_create(&thread, NULL, use_in_thread, uvrest__blocks_malloc(100)), 0);
        assert_int_equal(pthread_join(thread, &from_thread), 0);
        uvrest__blocks_free(from_thread);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_back_is_handed_out_next),
        cmocka_unit_test(each_size_has_its_room),
        cmocka_unit_test(blocks_in_use_do_not_overlap),
        cmocka_unit_test(a_thread_keeps_so_much_and_no_more),
        cmocka_unit_test(blocks_are_mallocs_own),
        cmocka_unit_test(zeroed_memory_is_zero_when_used_before),
        cmocka_unit_test(a_thread_frees_its_store_when_it_ends),
    };
    if (!uvrest__blocks_begin())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
