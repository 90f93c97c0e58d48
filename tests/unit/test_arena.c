/* SPDX-License-Identifier: MIT */
#include "arena.h"
#include "support.h"

static void arena_hands_out_zeroed_aligned_memory(void **state)
{
    uvrest_arena *arena;
    (void)state;
    assert_status(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *memory = uvrest_arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xFF, size);
    }
    uvrest_arena_free(arena);
}

static void arena_copies_text_with_closing_nul(void **state)
{
    uvrest_arena *arena;
    (void)state;
    assert_status(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    assert_string_equal(uvrest_arena_copy(arena, "assets", 3), "ass");
    assert_string_equal(uvrest_arena_copy(arena, NULL, 0), "");
    uvrest_arena_free(arena);
}

static void arena_counts_what_it_handed_out(void **state)
{
    uvrest_arena *arena;
    (void)state;
    assert_status(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    assert_int_equal(uvrest_arena_used(arena), 0);
    assert_non_null(uvrest_arena_alloc(arena, 100));
    assert_int_equal(uvrest_arena_used(arena), 100);
    assert_non_null(uvrest_arena_alloc(arena, 100000));
    assert_in_range(uvrest_arena_used(arena), 100100, 100200);
    uvrest_arena_reset(arena);
    assert_int_equal(uvrest_arena_used(arena), 0);
    uvrest_arena_free(arena);
}

static void arena_takes_no_memory_again_after_reset(void **state)
{
    support_alloc counting;
    uvrest_arena *arena;
    size_t n_calls;
    (void)state;
    support_alloc_init(&counting);
    assert_status(uvrest_arena_new(&counting.alloc, 0, &arena), UVREST_OK);
    for (int i = 0; i < 1000; i++)
        assert_non_null(uvrest_arena_alloc(arena, 1 + (size_t)i * 3));
    n_calls = counting.n_calls;
    for (int round = 0; round < 5; round++) {
        uvrest_arena_reset(arena);
        for (int i = 0; i < 1000; i++)
            assert_non_null(uvrest_arena_alloc(arena, 1 + (size_t)i * 3));
    }
    assert_int_equal(counting.n_calls, n_calls);
    uvrest_arena_free(arena);
    assert_int_equal(counting.n_live, 0);
}

static void arena_stays_below_its_ceiling(void **state)
{
    support_alloc counting;
    uvrest_arena *arena;
    size_t n = 0;
    (void)state;
    support_alloc_init(&counting);
    assert_status(uvrest_arena_new(&counting.alloc, 20000, &arena), UVREST_OK);
    while (uvrest_arena_alloc(arena, 100) != NULL)
        n++;
    assert_in_range(n, 150, 200);
    assert_in_range(counting.max_bytes, 15000, 20000);
    assert_null(uvrest_arena_alloc(arena, SIZE_MAX));
    assert_null(uvrest_arena_alloc(arena, SIZE_MAX - 100));
    assert_null(uvrest_arena_copy(arena, "", SIZE_MAX));
    uvrest_arena_free(arena);
    uvrest_arena_free(NULL);
    assert_int_equal(counting.n_live, 0);
}

static void arena_tells_ceiling_and_exhaustion_apart(void **state)
{
    support_alloc counting;
    uvrest_arena *arena;
    (void)state;
    support_alloc_init(&counting);
    assert_status(uvrest_arena_new(&counting.alloc, 10000, &arena), UVREST_OK);
    assert_status(uvrest__arena_grow(arena, 20000, 0), UVREST_E_LIMIT);
    counting.fail_at = counting.n_calls + 1;
    assert_status(uvrest__arena_grow(arena, 2000, 0), UVREST_E_NOMEM);
    assert_status(uvrest__arena_grow(arena, 2000, 0), UVREST_OK);
    assert_true(arena->end - arena->at >= 2000);
    uvrest_arena_free(arena);
}

static void arena_limit_cuts_what_may_be_handed_out(void **state)
{
    uvrest_arena *arena;
    (void)state;
    assert_status(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    assert_non_null(uvrest_arena_alloc(arena, 16));
    uvrest__arena_limit(arena, 64);
    assert_non_null(uvrest_arena_alloc(arena, 48));
    assert_null(uvrest_arena_alloc(arena, 32));
    assert_null(uvrest_arena_alloc(arena, 3200));
    assert_non_null(uvrest_arena_alloc(arena, 16));
    assert_null(uvrest_arena_alloc(arena, 1));
    uvrest__arena_limit(arena, SIZE_MAX);
    assert_non_null(uvrest_arena_alloc(arena, 3200));
    uvrest_arena_free(arena);
}

static void arena_rewinds_to_a_mark(void **state)
{
    uvrest_arena *arena;
    uvrest__arena_mark empty, mark;
    (void)state;
    assert_status(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    empty = uvrest__arena_mark_get(arena);
    assert_non_null(uvrest_arena_alloc(arena, 64));
    mark = uvrest__arena_mark_get(arena);
    assert_non_null(uvrest_arena_alloc(arena, 5000));
    uvrest__arena_rewind(arena, mark);
    assert_int_equal(uvrest_arena_used(arena), 64);
    uvrest__arena_rewind(arena, empty);
    assert_int_equal(uvrest_arena_used(arena), 0);
    uvrest_arena_free(arena);
}

static uvrest_status fill(const uvrest_alloc *alloc, void *user)
{
    uvrest_arena *arena;
    uvrest_status st = uvrest_arena_new(alloc, 0, &arena);
    (void)user;
    if (st != UVREST_OK)
        return st;
    for (size_t i = 0; i < 300; i++) {
        if (uvrest_arena_alloc(arena, i * 10) == NULL)
            st = UVREST_E_NOMEM;
    }
    uvrest_arena_free(arena);
    return st;
}

static void arena_survives_each_failing_allocation(void **state)
{
    (void)state;
    support_fail_each(fill, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_hands_out_zeroed_aligned_memory),
        cmocka_unit_test(arena_copies_text_with_closing_nul),
        cmocka_unit_test(arena_counts_what_it_handed_out),
        cmocka_unit_test(arena_takes_no_memory_again_after_reset),
        cmocka_unit_test(arena_stays_below_its_ceiling),
        cmocka_unit_test(arena_tells_ceiling_and_exhaustion_apart),
        cmocka_unit_test(arena_limit_cuts_what_may_be_handed_out),
        cmocka_unit_test(arena_rewinds_to_a_mark),
        cmocka_unit_test(arena_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
