/* SPDX-License-Identifier: MIT */
#include "alloc.h"
#include "buf.h"
#include "support.h"

static void buf_is_always_ended_by_nul(void **state)
{
    uvrest__buf buf;
    (void)state;
    uvrest__buf_init(&buf, NULL, 0);
    assert_string_equal(uvrest__buf_text(&buf), "");
    uvrest__buf_append_text(&buf, "page ");
    uvrest__buf_append_u64(&buf, UINT64_MAX);
    uvrest__buf_append_char(&buf, ' ');
    uvrest__buf_append_i64(&buf, INT64_MIN);
    uvrest__buf_append_i64(&buf, 0);
    assert_string_equal(uvrest__buf_text(&buf), "page 18446744073709551615 -92233720368547758080");
    assert_int_equal(buf.len, strlen(buf.data));
    uvrest__buf_clear(&buf);
    assert_string_equal(uvrest__buf_text(&buf), "");
    uvrest__buf_fini(&buf);
    uvrest__buf_fini(&buf);
}

static void buf_grows_without_losing_a_byte(void **state)
{
    uvrest__buf buf;
    (void)state;
    uvrest__buf_init(&buf, NULL, 0);
    for (unsigned i = 0; i < 100000; i++)
        uvrest__buf_append_char(&buf, (char)(i % 251));
    assert_int_equal(buf.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal((unsigned char)buf.data[i], i % 251);
    uvrest__buf_fini(&buf);
}

static void buf_refuses_all_after_its_ceiling(void **state)
{
    uvrest__buf buf;
    char *text;
    size_t len;
    (void)state;
    uvrest__buf_init(&buf, NULL, 10);
    uvrest__buf_append_text(&buf, "0123456789");
    assert_status(buf.status, UVREST_OK);
    uvrest__buf_append_char(&buf, 'x');
    assert_status(buf.status, UVREST_E_LIMIT);
    uvrest__buf_append(&buf, "", 0);
    assert_null(uvrest__buf_reserve(&buf, 0));
    assert_string_equal(uvrest__buf_text(&buf), "0123456789");
    assert_null(uvrest__buf_take(&buf, &len));
    uvrest__buf_clear(&buf);
    assert_null(uvrest__buf_reserve(&buf, SIZE_MAX));
    assert_status(buf.status, UVREST_E_LIMIT);
    uvrest__buf_clear(&buf);
    uvrest__buf_append_text(&buf, "again");
    text = uvrest__buf_take(&buf, &len);
    assert_string_equal(text, "again");
    assert_int_equal(len, 5);
    uvrest__free(NULL, text);
    uvrest__buf_fini(&buf);
}

static void buf_takes_empty_text_too(void **state)
{
    uvrest__buf buf;
    char *text;
    size_t len = 1;
    (void)state;
    uvrest__buf_init(&buf, NULL, 0);
    text = uvrest__buf_take(&buf, &len);
    assert_string_equal(text, "");
    assert_int_equal(len, 0);
    uvrest__free(NULL, text);
}

static uvrest_status fill(const uvrest_alloc *alloc, void *user)
{
    uvrest__buf buf;
    uvrest_status st;
    (void)user;
    uvrest__buf_init(&buf, alloc, 0);
    for (unsigned i = 0; i < 1000; i++)
        uvrest__buf_append_text(&buf, "0123456789");
    st = buf.status;
    assert_true(st != UVREST_OK || buf.len == 10000);
    uvrest__buf_fini(&buf);
    return st;
}

static void buf_survives_each_failing_allocation(void **state)
{
    (void)state;
    support_fail_each(fill, NULL);
}

static void size_arithmetic_refuses_overflow(void **state)
{
    size_t size = 7;
    (void)state;
    assert_false(uvrest__size_add(SIZE_MAX, 1, &size));
    assert_false(uvrest__size_mul(SIZE_MAX / 2, 3, &size));
    assert_int_equal(size, 7);
    assert_true(uvrest__size_add(SIZE_MAX - 1, 1, &size));
    assert_true(size == SIZE_MAX);
    assert_true(uvrest__size_mul(SIZE_MAX, 0, &size));
    assert_int_equal(size, 0);
}

static void every_status_has_name_and_text(void **state)
{
    (void)state;
    for (int i = 0; i >= UVREST_E_SCHEMA; i--) {
        assert_int_equal(strncmp(uvrest_status_name((uvrest_status)i), "UVREST_", 7), 0);
        assert_string_not_equal(uvrest_status_name((uvrest_status)i), "UVREST_E_?");
        assert_true(strlen(uvrest_status_text((uvrest_status)i)) > 5);
    }
    assert_string_equal(uvrest_status_name((uvrest_status)1), "UVREST_E_?");
    assert_string_equal(uvrest_status_name((uvrest_status)-1000), "UVREST_E_?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_is_always_ended_by_nul),           cmocka_unit_test(buf_grows_without_losing_a_byte),
        cmocka_unit_test(buf_refuses_all_after_its_ceiling),    cmocka_unit_test(buf_takes_empty_text_too),
        cmocka_unit_test(buf_survives_each_failing_allocation), cmocka_unit_test(size_arithmetic_refuses_overflow),
        cmocka_unit_test(every_status_has_name_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
