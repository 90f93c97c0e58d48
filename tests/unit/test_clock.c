/* SPDX-License-Identifier: MIT */
#include "fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static void clock_monotonic_never_goes_back(void **state)
{
    uint64_t before = uvrest__clock_now(&uvrest__clock_system);
    (void)state;
    assert_true(before > 0);
    for (int i = 0; i < 10000; i++) {
        uint64_t now = uvrest__clock_now(&uvrest__clock_system);
        assert_true(now >= before);
        before = now;
    }
}

/* Row 71: slots come back while the machine sleeps, as they do on the server. */
static void clock_monotonic_counts_suspended_time_row_71(void **state)
{
    struct timespec boot;
    uint64_t before, after, ns;
    (void)state;
    before = uvrest__clock_now(&uvrest__clock_system);
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
    after = uvrest__clock_now(&uvrest__clock_system);
    ns = (uint64_t)boot.tv_sec * UVREST__NS_PER_S + (uint64_t)boot.tv_nsec;
    assert_in_range(ns, before, after);
}

static void clock_wall_agrees_with_the_system(void **state)
{
    int64_t before = (int64_t)time(NULL);
    int64_t wall = uvrest__clock_wall(&uvrest__clock_system);
    (void)state;
    /* time() may read a coarser clock than ours. */
    assert_in_range(wall, before, time(NULL) + 1);
}

static void clock_sums_do_not_wrap_row_121(void **state)
{
    (void)state;
    assert_int_equal(uvrest__clock_add(1, 2), 3);
    assert_true(uvrest__clock_add(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(uvrest__clock_add(UINT64_MAX - 1, 1) == UINT64_MAX);
    assert_true(uvrest__clock_add(UINT64_C(1) << 63, UINT64_C(1) << 63) == UINT64_MAX);
    assert_int_equal(uvrest__clock_until(5, 7), 2);
    assert_int_equal(uvrest__clock_until(7, 5), 0);
    assert_true(uvrest__clock_until(0, UINT64_MAX) == UINT64_MAX);
}

static void clock_can_be_a_fake(void **state)
{
    fake_clock fake = {.now_ns = 900 * UVREST__NS_PER_MS, .wall_s = 100};
    uvrest__clock clock = fake_clock_as_clock(&fake);
    (void)state;
    assert_int_equal(uvrest__clock_now(&clock), 900 * UVREST__NS_PER_MS);
    fake_clock_advance_ms(&fake, 250);
    assert_int_equal(uvrest__clock_now(&clock), 1150 * UVREST__NS_PER_MS);
    assert_int_equal(uvrest__clock_wall(&clock), 101);
    assert_int_equal(fake.n_reads, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_monotonic_never_goes_back),
        cmocka_unit_test(clock_monotonic_counts_suspended_time_row_71),
        cmocka_unit_test(clock_wall_agrees_with_the_system),
        cmocka_unit_test(clock_sums_do_not_wrap_row_121),
        cmocka_unit_test(clock_can_be_a_fake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
