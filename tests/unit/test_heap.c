/* SPDX-License-Identifier: MIT */
#include "heap.h"
#include "random.h"
#include "support.h"

#define N 500u

static void lowest_comes_first_whatever_the_order(void **state)
{
    static uvrest__heap_item items[N];
    uvrest__heap heap;
    uvrest__random random;
    uvrest__rand rand;
    uint64_t last = 0;
    size_t n = 0;
    (void)state;
    uvrest__random_init(&random, 7);
    rand = uvrest__random_as_rand(&random);
    uvrest__heap_init(&heap, NULL);
    assert_int_equal(uvrest__heap_reserve(&heap, N), UVREST_OK);
    for (size_t i = 0; i < N; i++)
        uvrest__heap_set(&heap, &items[i], uvrest__rand_up_to(rand, 1000));
    for (size_t i = 0; i < N; i += 3)
        uvrest__heap_set(&heap, &items[i], uvrest__rand_up_to(rand, 1000)); /* earlier or later than before */
    for (size_t i = 0; i < N; i += 7)
        uvrest__heap_clear(&heap, &items[i]);
    while (uvrest__heap_first(&heap) != NULL) {
        uvrest__heap_item *first = uvrest__heap_first(&heap);
        assert_true(first->key >= last);
        last = first->key;
        uvrest__heap_clear(&heap, first);
        assert_int_equal(first->place, 0);
        n++;
    }
    assert_int_equal(n, N - (N + 6) / 7);
    uvrest__heap_fini(&heap);
}

static void clearing_what_is_not_set_is_fine(void **state)
{
    uvrest__heap heap;
    uvrest__heap_item item = {0};
    (void)state;
    uvrest__heap_init(&heap, NULL);
    uvrest__heap_clear(&heap, &item);
    assert_null(uvrest__heap_first(&heap));
    uvrest__heap_fini(&heap);
}

static void failed_reserve_leaves_all_as_it_was(void **state)
{
    support_alloc counting;
    uvrest__heap heap;
    uvrest__heap_item one = {0};
    (void)state;
    support_alloc_init(&counting);
    uvrest__heap_init(&heap, &counting.alloc);
    assert_int_equal(uvrest__heap_reserve(&heap, 1), UVREST_OK);
    uvrest__heap_set(&heap, &one, 5);
    counting.fail_at = counting.n_calls + 1;
    assert_int_equal(uvrest__heap_reserve(&heap, 100000), UVREST_E_NOMEM);
    assert_ptr_equal(uvrest__heap_first(&heap), &one);
    assert_int_equal(uvrest__heap_reserve(&heap, SIZE_MAX), UVREST_E_NOMEM);
    uvrest__heap_fini(&heap);
    assert_int_equal(counting.n_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowest_comes_first_whatever_the_order),
        cmocka_unit_test(clearing_what_is_not_set_is_fine),
        cmocka_unit_test(failed_reserve_leaves_all_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
