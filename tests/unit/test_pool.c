/* SPDX-License-Identifier: MIT */
#include "pool.h"
#include "support.h"

static void take(uvrest__pool *pool, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        uvrest__pool_take(pool);
}

static void one_attempt_a_connection_until_the_answer_says_otherwise(void **state)
{
    uvrest__pool pool;
    (void)state;
    uvrest__pool_init(&pool, 64, 3);
    take(&pool, 3);
    assert_false(uvrest__pool_has_room(&pool));
    uvrest__pool_saw_answer(&pool, true);
    assert_true(uvrest__pool_has_room(&pool));
    take(&pool, 61);
    assert_false(uvrest__pool_has_room(&pool));
    uvrest__pool_give(&pool);
    assert_true(uvrest__pool_has_room(&pool));
    uvrest__pool_saw_answer(&pool, false);
    assert_false(uvrest__pool_has_room(&pool)); /* more are under way than it would begin now */
}

static void in_flight_is_bounded_even_with_many_connections(void **state)
{
    uvrest__pool pool;
    (void)state;
    uvrest__pool_init(&pool, 2, 10);
    take(&pool, 2);
    assert_false(uvrest__pool_has_room(&pool));
}

static void silent_shared_connection_is_avoided_until_an_answer_comes(void **state)
{
    uvrest__pool pool;
    (void)state;
    uvrest__pool_init(&pool, 64, 10);
    uvrest__pool_saw_timeout(&pool);
    uvrest__pool_saw_timeout(&pool);
    assert_false(uvrest__pool_wants_fresh(&pool)); /* HTTP/1.1 closes such a connection anyway */
    uvrest__pool_saw_answer(&pool, true);
    uvrest__pool_saw_timeout(&pool);
    assert_false(uvrest__pool_wants_fresh(&pool));
    uvrest__pool_saw_timeout(&pool);
    assert_true(uvrest__pool_wants_fresh(&pool));
    uvrest__pool_saw_answer(&pool, true);
    assert_false(uvrest__pool_wants_fresh(&pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_attempt_a_connection_until_the_answer_says_otherwise),
        cmocka_unit_test(in_flight_is_bounded_even_with_many_connections),
        cmocka_unit_test(silent_shared_connection_is_avoided_until_an_answer_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
