/* SPDX-License-Identifier: MIT */
#include "fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void random_repeats_for_a_seed(void **state)
{
    uvrest__random a, b, c;
    int n_different = 0;
    (void)state;
    uvrest__random_init(&a, 42);
    uvrest__random_init(&b, 42);
    uvrest__random_init(&c, 43);
    for (int i = 0; i < 1000; i++) {
        uint64_t number = uvrest__random_next(&a);
        assert_true(number == uvrest__random_next(&b));
        n_different += number != uvrest__random_next(&c);
    }
    assert_true(n_different > 990);
}

/* The recurrence worked through by hand for a state of 1, 2, 3, 4. */
static void random_follows_its_recurrence(void **state)
{
    uvrest__random random = {{1, 2, 3, 4}};
    (void)state;
    assert_true(uvrest__random_next(&random) == 11520); /* rotl(2 * 5, 7) * 9 */
    assert_true(random.state[0] == 7 && random.state[1] == 0 && random.state[2] == (2 | 2 << 17));
    assert_true(random.state[3] == UINT64_C(6) << 45);
    assert_true(uvrest__random_next(&random) == 0);
}

static void random_spreads_any_seed(void **state)
{
    const uint64_t seeds[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63};
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        uvrest__random random;
        uint64_t ones[64] = {0};
        uvrest__random_init(&random, seeds[i]);
        for (int n = 0; n < 4096; n++) {
            uint64_t number = uvrest__random_next(&random);
            for (int bit = 0; bit < 64; bit++)
                ones[bit] += number >> bit & 1;
        }
        for (int bit = 0; bit < 64; bit++)
            assert_in_range(ones[bit], 1800, 2300); /* 2048 expected, 32 one deviation */
    }
}

static void random_from_the_system_differs(void **state)
{
    uvrest__random a, b;
    (void)state;
    uvrest__random_init_system(&a);
    uvrest__random_init_system(&b);
    assert_memory_not_equal(a.state, b.state, sizeof a.state);
}

static void rand_up_to_reaches_both_ends_evenly(void **state)
{
    uvrest__random random;
    unsigned counts[7] = {0};
    (void)state;
    uvrest__random_init(&random, 7);
    for (int i = 0; i < 70000; i++) {
        uint64_t number = uvrest__rand_up_to(uvrest__random_as_rand(&random), 6);
        assert_true(number <= 6);
        counts[number]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9500, 10500);
}

static void rand_up_to_draws_again_above_the_bound(void **state)
{
    const uint64_t numbers[] = {7, 6, 5, 2};
    fake_rand fake = {numbers, 4, 0};
    (void)state;
    assert_int_equal(uvrest__rand_up_to(fake_rand_as_rand(&fake), 4), 2);
    assert_int_equal(fake.n_drawn, 4);
}

static void rand_up_to_ends_whatever_is_drawn(void **state)
{
    (void)state;
    assert_int_equal(uvrest__rand_up_to(fake_rand_most, 1000), 1000);
    assert_int_equal(uvrest__rand_up_to(fake_rand_least, 1000), 0);
    assert_int_equal(uvrest__rand_up_to(fake_rand_most, 0), 0);
    assert_true(uvrest__rand_up_to(fake_rand_most, UINT64_MAX) == UINT64_MAX);
}

static void rand_between_has_both_ends(void **state)
{
    (void)state;
    assert_int_equal(uvrest__rand_between(fake_rand_least, 5, 9), 5);
    assert_int_equal(uvrest__rand_between(fake_rand_most, 5, 9), 9);
    assert_int_equal(uvrest__rand_between(fake_rand_most, 9, 5), 9);
    assert_int_equal(uvrest__rand_between(fake_rand_most, 5, 5), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_repeats_for_a_seed),
        cmocka_unit_test(random_follows_its_recurrence),
        cmocka_unit_test(random_spreads_any_seed),
        cmocka_unit_test(random_from_the_system_differs),
        cmocka_unit_test(rand_up_to_reaches_both_ends_evenly),
        cmocka_unit_test(rand_up_to_draws_again_above_the_bound),
        cmocka_unit_test(rand_up_to_ends_whatever_is_drawn),
        cmocka_unit_test(rand_between_has_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
