/* SPDX-License-Identifier: MIT */
#include "generation.h"
#include "support.h"

#define LIFETIME 3600000u

static const int request; /* an identity */

static void nothing_is_over_before_an_answer_over_http_2(void **state)
{
    uvrest__generation generation = {0};
    (void)state;
    assert_false(uvrest__generation_is_over(&generation, 5 * LIFETIME, LIFETIME));
    uvrest__generation_saw_answer(&generation, false, 5 * LIFETIME);
    assert_false(uvrest__generation_is_over(&generation, 6 * LIFETIME - 1, LIFETIME));
    assert_true(uvrest__generation_is_over(&generation, 6 * LIFETIME, LIFETIME));
}

static void the_next_one_begins_when_the_request_ahead_has_a_connection(void **state)
{
    uvrest__generation generation = {0};
    (void)state;
    uvrest__generation_saw_answer(&generation, false, 1);
    uvrest__generation_send_ahead(&generation, &request, 1 + LIFETIME);
    assert_false(uvrest__generation_is_over(&generation, 1 + LIFETIME, LIFETIME)); /* one is enough */
    assert_int_equal(generation.number, 0);
    uvrest__generation_begin_next(&generation, 1 + LIFETIME);
    assert_int_equal(generation.number, 1);
    assert_false(uvrest__generation_is_over(&generation, 2 * LIFETIME, LIFETIME));
    assert_true(uvrest__generation_is_over(&generation, 1 + 2 * LIFETIME, LIFETIME));
}

static void another_one_goes_ahead_when_the_first_has_found_none(void **state)
{
    uvrest__generation generation = {0};
    (void)state;
    uvrest__generation_saw_answer(&generation, false, 1);
    uvrest__generation_send_ahead(&generation, &request, 1 + LIFETIME);
    uvrest__generation_call_back(&generation);
    assert_int_equal(generation.number, 0);
    assert_true(uvrest__generation_is_over(&generation, 1 + LIFETIME, LIFETIME));
}

static void the_request_ahead_is_late_after_a_while(void **state)
{
    uvrest__generation generation = {0};
    (void)state;
    assert_false(uvrest__generation_is_late(&generation, LIFETIME));
    uvrest__generation_send_ahead(&generation, &request, 1000);
    assert_false(uvrest__generation_is_late(&generation, 1000 + UVREST__GENERATION_PATIENCE_MS - 1));
    assert_true(uvrest__generation_is_late(&generation, 1000 + UVREST__GENERATION_PATIENCE_MS));
    uvrest__generation_begin_next(&generation, 2000);
    assert_false(uvrest__generation_is_late(&generation, 2000 + LIFETIME));
}

/* How many answers, one each gap_ms, make a generation; 0: it does not end. */
static unsigned answers_of_one(uint64_t gap_ms, bool open, bool wary)
{
    uvrest__generation generation = {0};
    uint64_t now = 1000;
    if (wary)
        uvrest__generation_saw_break(&generation);
    for (unsigned n = 0; n < 10 * UVREST__GENERATION_RESETS; n++, now += gap_ms) {
        if (uvrest__generation_is_over(&generation, now, LIFETIME))
            return n;
        uvrest__generation_saw_answer(&generation, open, now);
    }
    return 0;
}

static void it_is_over_before_a_server_has_counted_too_many_resets(void **state)
{
    (void)state;
    assert_int_equal(answers_of_one(0, true, false), UVREST__GENERATION_RESETS);
    assert_in_range(answers_of_one(20, true, false), 1900, 2100); /* 50 a second, of which 30 do not count */
    assert_int_equal(answers_of_one(40, true, false), 0); /* 25 a second are never too many */
    assert_int_equal(answers_of_one(0, false, false), 0);
    assert_int_equal(answers_of_one(0, false, true), UVREST__GENERATION_RESETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_over_before_an_answer_over_http_2),
        cmocka_unit_test(the_next_one_begins_when_the_request_ahead_has_a_connection),
        cmocka_unit_test(another_one_goes_ahead_when_the_first_has_found_none),
        cmocka_unit_test(the_request_ahead_is_late_after_a_while),
        cmocka_unit_test(it_is_over_before_a_server_has_counted_too_many_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
