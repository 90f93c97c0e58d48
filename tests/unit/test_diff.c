/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <stdlib.h>

/* The patch that turns one into the other, as PATCH would send it. */
static const char *diff(const sample_all *before, const sample_all *after)
{
    const void *patch = NULL;
    assert_status(uvrest_json_diff(sample_model(SAMPLE_MODEL_ALL), before, after, codec_arena, &patch), UVREST_OK);
    return codec_encode(SAMPLE_MODEL_ALL, patch, UVREST_ENCODE_PARTIAL);
}

static void assert_diff(const char *before, const char *after, const char *patch)
{
    const char *actual = diff(codec_all(before), codec_all(after));
    codec_assert_same(actual, patch);
}

static const char full[] =
    "{\"active\":true,\"bools\":[true,null],\"color\":\"BLUE\",\"colors\":[\"green\",\"mauve\"],\"count\":1,\"counts\":"
    "[1],"
    "\"created\":\"c\",\"free\":{\"a\":[1,2]},\"frees\":[1],\"free_map\":{\"k\":[]},\"leaf\":{\"id\":\"l\",\"x\":1,"
    "\"color\":\"odd\"},"
    "\"leaf_map\":{\"one\":{\"id\":\"m\"}},\"leaves\":[{\"id\":\"a\"}],\"number\":5,\"numbers\":[5],\"ratio\":0.5,"
    "\"ratios\":[0.5],"
    "\"secret\":\"s\",\"shape\":{\"type\":\"circle\",\"radius\":1},\"shapes\":[{\"type\":\"x\"}],\"table\":{\"a\":"
    "\"1\"},"
    "\"tables\":[{\"a\":\"1\"}],\"tags\":[\"x\"],\"title\":\"t\",\"unknown\":{\"u\":1},\"parent\":{\"title\":\"p\"}}";

static void equal_models_differ_in_nothing(void **state)
{
    const sample_all *all = codec_all(full);
    (void)state;
    assert_string_equal(diff(all, all), "{}");
    assert_diff(full, full, "{}");
    assert_diff("{}", "{}", "{}");
}

static void one_changed_member_is_the_patch(void **state)
{
    const sample_all *all = codec_all(full);
    sample_all after = *all;
    (void)state;
    after.title = "new";
    assert_string_equal(diff(all, &after), "{\"title\":\"new\"}");
}

static void each_member_is_compared(void **state)
{
    static const struct {
        const char *name, *before, *after;
    } cases[] = {
        {"active", "true", "false"},
        {"bools", "[true]", "[true,true]"},
        {"bools", "[true]", "[null]"},
        {"color", "\"BLUE\"", "\"green\""},
        {"color", "\"BLUE\"", "\"odd\""},
        {"color", "\"odd\"", "\"other\""},
        {"colors", "[\"BLUE\"]", "[\"green\"]"},
        {"colors", "[\"odd\"]", "[\"other\"]"},
        {"count", "1", "2"},
        {"count", "1", "\"x\""},
        {"count", "\"x\"", "\"y\""},
        {"counts", "[1]", "[2]"},
        {"free", "{\"a\":1}", "{\"a\":2}"},
        {"free", "[1,2]", "[12]"},
        {"frees", "[1]", "[[]]"},
        {"free_map", "{\"a\":1}", "{\"a\":2}"},
        {"free_map", "{\"a\":1}", "{\"b\":1}"},
        {"leaf", "{\"id\":\"a\"}", "{\"id\":\"b\"}"},
        {"leaf", "{\"id\":\"a\"}", "{\"id\":\"a\",\"x\":1}"},
        {"leaf", "{\"id\":\"a\",\"x\":2}", "{\"id\":\"a\",\"x\":1}"},
        {"leaf", "{\"id\":\"a\",\"size\":null}", "{\"id\":\"a\"}"},
        {"leaf_map", "{\"a\":{\"id\":\"1\"}}", "{\"a\":{\"id\":\"2\"}}"},
        {"leaf_map", "{\"a\":{\"id\":\"1\"}}", "{\"a\":null}"},
        {"leaves", "[{\"id\":\"a\"}]", "[{\"id\":\"b\"}]"},
        {"leaves", "[{\"id\":\"a\"}]", "[]"},
        {"number", "9007199254740993", "9007199254740992"},
        {"numbers", "[1]", "[2]"},
        {"ratio", "0.1", "0.10000000000000002"},
        {"ratios", "[1]", "[2]"},
        {"secret", "\"a\"", "\"b\""},
        {"secret", "\"a\"", "\"\\u0000\""},
        {"shape", "{\"type\":\"circle\",\"radius\":1}", "{\"type\":\"circle\",\"radius\":2}"},
        {"shape", "{\"type\":\"circle\",\"radius\":1}", "{\"type\":\"sq\"}"},
        {"shape", "{\"type\":\"x\"}", "{\"type\":\"y\"}"},
        {"shapes", "[null]", "[{\"type\":\"y\"}]"},
        {"table", "{\"a\":\"1\"}", "{\"a\":\"2\"}"},
        {"table", "{\"a\":\"1\"}", "{\"a\":null}"},
        {"tables", "[{\"a\":\"1\"}]", "[{\"a\":\"2\"}]"},
        {"tags", "[\"a\",null]", "[\"a\",\"b\"]"},
        {"unknown", "1", "2"},
        {"unknown", "\"a b\"", "\"ab\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char before[128], after[128];
        snprintf(before, sizeof before, "{\"title\":\"t\",\"%s\":%s}", cases[i].name, cases[i].before);
        snprintf(after, sizeof after, "{\"title\":\"t\",\"%s\":%s}", cases[i].name, cases[i].after);
        {
            char patch[128];
            snprintf(patch, sizeof patch, "{\"%s\":%s}", cases[i].name, cases[i].after);
            assert_diff(before, after, patch);
            snprintf(patch, sizeof patch, "{\"%s\":%s}", cases[i].name, cases[i].before);
            assert_diff(after, before, patch);
            snprintf(patch, sizeof patch, "{\"%s\":null}", cases[i].name);
            assert_diff(before, "{\"title\":\"t\"}", patch);
            snprintf(after, sizeof after, "{\"title\":\"t\",\"%s\":null}", cases[i].name);
            assert_diff(before, after, patch);
            assert_diff("{\"title\":\"t\"}", after, patch);
            assert_diff(after, "{\"title\":\"t\"}", "{}");
            assert_diff(after, after, "{}");
        }
    }
}

static void read_only_members_do_not_count(void **state)
{
    (void)state;
    assert_diff("{\"created\":\"a\"}", "{\"created\":\"b\"}", "{}");
    assert_diff("{\"created\":\"a\"}", "{}", "{}");
    assert_diff("{}", "{\"created\":7}", "{}");
    assert_diff("{\"leaf\":{\"id\":\"a\",\"token\":\"1\"}}", "{\"leaf\":{\"id\":\"a\",\"token\":\"2\"}}", "{}");
    assert_diff("{\"leaf\":{\"id\":\"a\",\"token\":\"1\"}}", "{\"leaf\":{\"id\":\"b\",\"token\":\"2\"}}",
                "{\"leaf\":{\"id\":\"b\"}}");
}

static void white_space_and_order_do_not_count(void **state)
{
    (void)state;
    assert_diff("{\"free\":{\"a\":[1,2],\"b\":\"x\"}}", "{\"free\": { \"a\" : [ 1 , 2 ],\n\"b\":\"x\" } }", "{}");
    assert_diff("{\"table\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"table\":{\"b\":\"2\",\"a\":\"1\"}}", "{}");
    assert_diff("{\"ratio\":-0.0}", "{\"ratio\":0}", "{}");
    assert_diff("{\"free\":{\"a\":1,\"b\":[2,{\"c\":3,\"d\":1e1}]}}",
                "{\"free\":{\"b\":[2,{\"d\":10.0,\"c\":3}],\"a\":1}}", "{}");
    assert_diff("{\"unknown\":{\"a\":1,\"b\":2},\"other\":1}", "{\"other\":1,\"unknown\":{\"b\":2,\"a\":1}}", "{}");
}

static void order_does_not_count_at_any_depth(void **state)
{
    /* Names that are the beginning of others, empty, escaped, of a lone surrogate; objects without members between. */
    static const char *const pairs[][2] = {
        {"{\"a\":1,\"ab\":2,\"\":3,\"b\":{}}", "{\"\":3,\"b\":{ },\"ab\":2,\"a\":1}"},
        {"{\"\\ud800\":1,\"\\ud801\":2,\"\\u0000\":3}", "{\"\\u0000\":3,\"\\uD801\":2,\"\\uD800\":1}"},
        {"{\"\\\"\":1,\"}\":[2,{}],\":\":[]}", "{\":\":[],\"\\u0022\":1,\"\\u007d\":[2,{}]}"},
        {"[{\"a\":[{\"x\":1,\"y\":[{},2]},3],\"b\":{}},{\"c\":1,\"d\":2}]",
         "[{\"b\":{},\"a\":[{\"y\":[{},2.0],\"x\":1},3]},{\"d\":2,\"c\":1}]"},
        {"{\"a\":{\"b\":{\"c\":{\"e\":1,\"d\":2},\"x\":1},\"y\":1},\"z\":1}",
         "{\"z\":1,\"a\":{\"y\":1,\"b\":{\"x\":1,\"c\":{\"d\":2,\"e\":1}}}}"},
        /* What is unique may move around what is not. */
        {"{\"x\":0,\"a\":1,\"a\":2,\"y\":1}", "{\"y\":1,\"a\":1,\"\\u0061\":2,\"x\":0}"},
    };
    char before[256], after[256];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        snprintf(before, sizeof before, "{\"free\":%s,\"unknown\":%s}", pairs[i][0], pairs[i][1]);
        snprintf(after, sizeof after, "{\"unknown\":%s,\"free\":%s}", pairs[i][0], pairs[i][1]);
        assert_diff(before, after, "{}");
    }
}

static void other_values_are_never_taken_for_the_same(void **state)
{
    static const char *const pairs[][2] = {
        {"[1,23]", "[12,3]"},
        {"[1,[2]]", "[1,2]"},
        {"[[],{}]", "[{},[]]"},
        {"[\"a\",\"b\"]", "[\"a\\\",\\\"b\"]"},
        {"[\"a\",{\"b\":\"c\"}]", "[{\"a\":\"b\"},\"c\"]"},
        {"{\"a\":{\"b\":1},\"c\":2}", "{\"a\":{\"b\":1,\"c\":2}}"},
        {"{\"a\":{},\"b\":1}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}"},
        {"{\"\\ud800\":1}", "{\"\\ud801\":1}"},
        {"9999999999999999999", "-8446744073709551617"},
        {"[1e1,2345]", "[1e12345]"},
        {"1", "-1"},
        {"true", "\"true\""},
    };
    char before[128], after[128];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        snprintf(before, sizeof before, "{\"free\":%s}", pairs[i][0]);
        snprintf(after, sizeof after, "{\"free\":%s}", pairs[i][1]);
        assert_string_equal(diff(codec_all(before), codec_all(after)), after);
        assert_string_equal(diff(codec_all(after), codec_all(before)), before);
    }
}

typedef struct page {
    char chars[6000000];
    size_t len;
} page;

static void add(page *to, const char *text)
{
    const size_t len = strlen(text);
    assert_true(to->len + len < sizeof to->chars);
    memcpy(to->chars + to->len, text, len + 1);
    to->len += len;
}

static void add_times(page *to, unsigned n, const char *text)
{
    while (n-- > 0)
        add(to, text);
}

/* Adds n members with names of their own, in one order or the other, and one more. */
static void add_members(page *to, unsigned n, bool backwards, const char *value)
{
    char member[32];
    for (unsigned i = 0; i < n; i++) {
        snprintf(member, sizeof member, "\"k%u\":%s,", backwards ? n - 1 - i : i, value);
        add(to, member);
    }
    add(to, "\"\":\"\"");
}

/* Whoever compares each pair of members, or each level with all that is in it, is not done in hours. */
static void large_values_are_compared_in_no_time(void **state)
{
    enum { N = 200000, LEVELS = 480 };
    page *pages = calloc(2, sizeof *pages);
    (void)state;
    assert_non_null(pages);
    for (unsigned i = 0; i < 2; i++) {
        page *to = &pages[i];
        add(to, "{\"free\":{");
        add_members(to, N, i == 1, "1");
        add(to, "},\"table\":{");
        add_members(to, N / 4, i == 1, "\"v\"");
        add(to, "},\"deep\":");
        add_times(to, LEVELS, i == 0 ? "{\"a\":" : "{\"b\":1,\"a\":");
        add(to, "{");
        add_members(to, N / 4, i == 1, "[1]");
        add(to, "}");
        add_times(to, LEVELS, i == 0 ? ",\"b\":1}" : "}");
        add(to, ",");
        add_members(to, N / 4, i == 1, "{}");
        add(to, i == 0 ? ",\"old\":1}" : ",\"new\":2}");
    }
    assert_diff(pages[0].chars, pages[1].chars, "{\"new\":2,\"old\":null}");
    free(pages);
}

static void escapes_do_not_count(void **state)
{
    (void)state;
    assert_diff("{\"free\":[\"a\\u00e9/\",\"\\ud83d\\ude00\\n\"]}",
                "{\"free\":[\"\\u0061\\u00E9\\/\",\"\xf0\x9f\x98\x80\\u000a\"]}", "{}");
    assert_diff("{\"free\":{\"a\":1,\"b\":2}}", "{\"free\":{\"\\u0062\":2,\"\\u0061\":1}}", "{}");
    assert_diff("{\"color\":\"odd\"}", "{\"color\":\"\\u006fdd\"}", "{}");
    assert_diff("{\"unknown\":\"\\ud800\"}", "{\"unknown\":\"\\uD800\"}", "{}");
    assert_diff("{\"free\":\"a\"}", "{\"free\":\"a\\u0062\"}", "{\"free\":\"a\\u0062\"}");
    assert_diff("{\"free\":\"a\\u0062\"}", "{\"free\":\"a\"}", "{\"free\":\"a\"}");
    assert_diff("{\"unknown\":\"\\ud800\"}", "{\"unknown\":\"\\ud801\"}", "{\"unknown\":\"\\ud801\"}");
    assert_diff("{\"free\":\"1\"}", "{\"free\":1}", "{\"free\":1}");
}

static void duplicates_are_never_taken_for_the_same(void **state)
{
    static const char *const pairs[][2] = {
        {"{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2}"},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"a\":1}"},
        {"{\"a\":1,\"a\":2}", "{\"a\":2,\"a\":1}"},
        {"{\"x\":0,\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2,\"x\":0}"},
        {"{\"a\":1,\"x\":0,\"y\":2}", "{\"a\":1,\"a\":3,\"x\":0}"},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}"},
        {"[1]", "[1,1]"},
        {"[]", "{}"},
        {"[1]", "[\"1\"]"},
        {"12345678901234567890123", "12345678901234567890124"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char before[128], after[128];
        snprintf(before, sizeof before, "{\"free\":%s}", pairs[i][0]);
        snprintf(after, sizeof after, "{\"free\":%s}", pairs[i][1]);
        {
            const char *patch = diff(codec_all(before), codec_all(after));
            assert_string_equal(patch, after);
        }
    }
}

static void what_was_taken_away_by_hand_becomes_null(void **state)
{
    const sample_all *all = codec_all(full);
    sample_all after = *all;
    (void)state;
    after.table.entries = NULL;
    after.count.state = UVREST_UNSET;
    after.free.text = NULL;
    after.leaf = UVREST_NULL;
    after.tags = UVREST_EMPTY;
    after.n_tags = 0;
    assert_status(uvrest_extra_drop(&after.extra, "unknown", codec_arena), UVREST_OK);
    codec_assert_same(diff(all, &after),
                      "{\"table\":null,\"count\":null,\"free\":null,\"leaf\":null,\"tags\":[],\"unknown\":null}");
}

static uvrest_status diff_much(const uvrest_alloc *alloc, void *user)
{
    const void *patch = NULL;
    const sample_all *const *pair = user;
    uvrest_arena *arena;
    uvrest_status st = uvrest_arena_new(alloc, 0, &arena);
    if (st != UVREST_OK)
        return st;
    st = uvrest_json_diff(sample_model(SAMPLE_MODEL_ALL), pair[0], pair[1], arena, &patch);
    assert_true((st == UVREST_OK) == (patch != NULL));
    uvrest_arena_free(arena);
    return st;
}

static void diffing_survives_each_failing_allocation(void **state)
{
    const sample_all *pair[2];
    (void)state;
    pair[0] = codec_all(full);
    pair[1] = codec_all("{\"other\":1,\"title\":null}");
    support_fail_each(diff_much, pair);
    pair[0] = codec_all("{\"free\":{\"a\":1,\"b\":{\"c\":[{}],\"d\":2}},\"u\":{\"x\":1,\"y\":2},\"v\":1}");
    pair[1] = codec_all("{\"free\":{\"b\":{\"d\":2,\"c\":[{}]},\"a\":1},\"w\":1,\"u\":{\"y\":2,\"x\":1}}");
    support_fail_each(diff_much, pair);
}

static void rings_end(void **state)
{
    sample_all a = {.title = "a"}, b = {.title = "a"};
    const void *patch;
    (void)state;
    a.parent = &a;
    b.parent = &b;
    assert_status(uvrest_json_diff(sample_model(0), &a, &b, codec_arena, &patch), UVREST_OK);
    assert_ptr_equal(((const sample_all *)patch)->parent, &b);
    assert_status(uvrest_json_diff(sample_model(0), NULL, &b, codec_arena, &patch), UVREST_E_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, codec_setup, codec_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_models_differ_in_nothing),
        TEST(one_changed_member_is_the_patch),
        TEST(each_member_is_compared),
        TEST(read_only_members_do_not_count),
        TEST(white_space_and_order_do_not_count),
        TEST(order_does_not_count_at_any_depth),
        TEST(other_values_are_never_taken_for_the_same),
        TEST(large_values_are_compared_in_no_time),
        TEST(escapes_do_not_count),
        TEST(duplicates_are_never_taken_for_the_same),
        TEST(what_was_taken_away_by_hand_becomes_null),
        TEST(diffing_survives_each_failing_allocation),
        TEST(rings_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
