/* SPDX-License-Identifier: MIT */
#include "stall.h"
#include "support.h"

/* Looks until it counts as stalled, with so many bytes more each time; how long that took, 0: never. */
static uint32_t stalled_after_ms(uint64_t bytes_a_look, uint32_t limit_ms)
{
    uvrest__stall stall = {0};
    uint64_t moved = 1000;
    for (uint32_t ms = 0; ms < 10 * limit_ms; ms += uvrest__stall_period_ms(limit_ms), moved += bytes_a_look)
        if (uvrest__stall_look(&stall, moved, limit_ms))
            return ms;
    return 0;
}

static void silence_is_noticed_in_time(void **state)
{
    static const uint32_t limits_ms[] = {1, 3, 100, 500, 1001, 30000};
    (void)state;
    for (size_t i = 0; i < sizeof limits_ms / sizeof *limits_ms; i++) {
        uint32_t ms = stalled_after_ms(0, limits_ms[i]);
        if (ms < limits_ms[i] || ms > limits_ms[i] + limits_ms[i] / 4 + 1)
            fail_msg("%u ms instead of %u", ms, limits_ms[i]);
    }
}

static void a_few_bytes_are_as_silence(void **state)
{
    (void)state;
    assert_int_equal(stalled_after_ms(15, 30000), 30000);
    assert_int_equal(stalled_after_ms(16, 30000), 0);
    assert_int_equal(stalled_after_ms(3, 800), 800); /* looked at every 200 ms */
    assert_int_equal(stalled_after_ms(4, 800), 0);
}

static void what_moves_again_has_all_its_time_again(void **state)
{
    uvrest__stall stall = {0};
    (void)state;
    assert_false(uvrest__stall_look(&stall, 0, 4000));
    for (int i = 0; i < 3; i++)
        assert_false(uvrest__stall_look(&stall, 0, 4000));
    assert_false(uvrest__stall_look(&stall, 1000000, 4000));
    for (int i = 0; i < 3; i++)
        assert_false(uvrest__stall_look(&stall, 1000000, 4000));
    assert_true(uvrest__stall_look(&stall, 1000000, 4000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_noticed_in_time),
        cmocka_unit_test(a_few_bytes_are_as_silence),
        cmocka_unit_test(what_moves_again_has_all_its_time_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
