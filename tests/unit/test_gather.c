/* SPDX-License-Identifier: MIT */
#include "gather.h"
#include "support.h"

static const uvrest_gather RULE = {"metadata_values", "values", "field_values"};

static uvrest_arena *arena;

static int setup(void **state)
{
    (void)state;
    return uvrest_arena_new(NULL, 0, &arena) == UVREST_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    uvrest_arena_free(arena);
    return 0;
}

static void check(const char *text, const char *expected)
{
    uvrest_raw out;
    assert_status(uvrest__json_gather(&RULE, uvrest_raw_of(text, strlen(text)), arena, &out), UVREST_OK);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.text, expected, out.len);
}

static void gather_moves_top_level_entries_into_the_map(void **state)
{
    (void)state;
    check("{\"title\":{\"values\":[{\"value\":\"A\"}]}}",
          "{\"metadata_values\":{\"title\":{\"field_values\":[{\"value\":\"A\"}]}}}");
    check("\xEF\xBB\xBF {\"object_id\":\"o1\" , \"a\\\"b\":{\"mode\":\"append\",\"values\":[]},\"x\":{\"other\":1},"
          "\"n\":null,\"year\":{\"values\":[1,2]}} ",
          "{\"object_id\":\"o1\",\"x\":{\"other\":1},\"n\":null,\"metadata_values\":{"
          "\"a\\\"b\":{\"mode\":\"append\",\"field_values\":[]},\"year\":{\"field_values\":[1,2]}}}");
    check("{\"a\":{\"v\\u0061lues\":1,\"value\":0,\"values2\":0,\"v\xC3\xA4\":0}}",
          "{\"metadata_values\":{\"a\":{\"field_values\":1,\"value\":0,\"values2\":0,\"v\xC3\xA4\":0}}}");
}

static void gather_survives_repeated_names(void **state)
{
    (void)state;
    check("{\"a\":{\"values\":1,\"values\":2}}",
          "{\"metadata_values\":{\"a\":{\"field_values\":1,\"field_values\":2}}}");
}

static void gather_leaves_the_documented_form_alone(void **state)
{
    (void)state;
    const char *const alone[] = {
        "{\"metadata_values\":{},\"title\":{\"values\":[]}}",
        "{\"object_id\":\"o1\"}",
        "{}",
        "[{\"values\":[]}]",
        "null",
        "",
        "{\"title\":{\"values\":[}}", /* not JSON: the decoder says so */
    };
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        uvrest_raw out;
        assert_status(uvrest__json_gather(&RULE, uvrest_raw_of(alone[i], strlen(alone[i])), arena, &out), UVREST_OK);
        assert_ptr_equal(out.text, alone[i]);
    }
}

static uvrest_status gather_once(const uvrest_alloc *alloc, void *user)
{
    (void)user;
    static const char text[] = "{\"title\":{\"values\":[]}}";
    uvrest_arena *own;
    uvrest_raw out;
    uvrest_status st = uvrest_arena_new(alloc, 0, &own);
    if (st != UVREST_OK)
        return st;
    st = uvrest__json_gather(&RULE, uvrest_raw_of(text, sizeof text - 1), own, &out);
    uvrest_arena_free(own);
    return st;
}

static void row_110_gather_survives_each_failed_allocation(void **state)
{
    (void)state;
    support_fail_each(gather_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gather_moves_top_level_entries_into_the_map, setup, teardown),
        cmocka_unit_test_setup_teardown(gather_survives_repeated_names, setup, teardown),
        cmocka_unit_test_setup_teardown(gather_leaves_the_documented_form_alone, setup, teardown),
        cmocka_unit_test(row_110_gather_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
