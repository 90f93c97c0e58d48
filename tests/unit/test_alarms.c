/* SPDX-License-Identifier: MIT */
#include "alarms.h"
#include "random.h"
#include "support.h"

#define N 500u

static void earliest_comes_first_whatever_the_order(void **state)
{
    static uvrest__alarm items[N];
    uvrest__alarms alarms;
    uvrest__random random;
    uvrest__rand rand;
    uint64_t last = 0;
    size_t n = 0;
    (void)state;
    uvrest__random_init(&random, 7);
    rand = uvrest__random_as_rand(&random);
    uvrest__alarms_init(&alarms, NULL);
    assert_int_equal(uvrest__alarms_reserve(&alarms, N), UVREST_OK);
    for (size_t i = 0; i < N; i++)
        uvrest__alarms_set(&alarms, &items[i], uvrest__rand_up_to(rand, 1000));
    for (size_t i = 0; i < N; i += 3)
        uvrest__alarms_set(&alarms, &items[i], uvrest__rand_up_to(rand, 1000)); /* earlier or later than before */
    for (size_t i = 0; i < N; i += 7)
        uvrest__alarms_clear(&alarms, &items[i]);
    while (uvrest__alarms_first(&alarms) != NULL) {
        uvrest__alarm *first = uvrest__alarms_first(&alarms);
        assert_true(first->due_ns >= last);
        last = first->due_ns;
        uvrest__alarms_clear(&alarms, first);
        assert_int_equal(first->place, 0);
        n++;
    }
    assert_int_equal(n, N - (N + 6) / 7);
    uvrest__alarms_fini(&alarms);
}

static void clearing_what_is_not_set_is_fine(void **state)
{
    uvrest__alarms alarms;
    uvrest__alarm alarm = {0};
    (void)state;
    uvrest__alarms_init(&alarms, NULL);
    uvrest__alarms_clear(&alarms, &alarm);
    assert_null(uvrest__alarms_first(&alarms));
    uvrest__alarms_fini(&alarms);
}

static void failed_reserve_leaves_all_as_it_was(void **state)
{
    support_alloc counting;
    uvrest__alarms alarms;
    uvrest__alarm one = {0};
    (void)state;
    support_alloc_init(&counting);
    uvrest__alarms_init(&alarms, &counting.alloc);
    assert_int_equal(uvrest__alarms_reserve(&alarms, 1), UVREST_OK);
    uvrest__alarms_set(&alarms, &one, 5);
    counting.fail_at = counting.n_calls + 1;
    assert_int_equal(uvrest__alarms_reserve(&alarms, 100000), UVREST_E_NOMEM);
    assert_ptr_equal(uvrest__alarms_first(&alarms), &one);
    assert_int_equal(uvrest__alarms_reserve(&alarms, SIZE_MAX), UVREST_E_NOMEM);
    uvrest__alarms_fini(&alarms);
    assert_int_equal(counting.n_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_comes_first_whatever_the_order),
        cmocka_unit_test(clearing_what_is_not_set_is_fine),
        cmocka_unit_test(failed_reserve_leaves_all_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
