/* SPDX-License-Identifier: MIT */
#include "codec.h"
#include "extra.h"

static void an_empty_extra_has_nothing(void **state)
{
    uvrest_raw raw = uvrest_raw_of("untouched", 9);
    uvrest_extra *extra = NULL;
    (void)state;
    assert_int_equal(uvrest_extra_count(NULL), 0);
    assert_false(uvrest_is_null(NULL, "a"));
    assert_false(uvrest_extra_get(NULL, "a", &raw));
    assert_string_equal(raw.text, "untouched");
    assert_null(uvrest_extra_at(NULL, 0).name);
    assert_status(uvrest_extra_drop(&extra, "a", codec_arena), UVREST_OK);
    assert_null(extra);
}

static void nulls_come_first_then_the_rest_in_order(void **state)
{
    const sample_all *all = codec_all("{\"z\":1,\"title\":null,\"y\":null,\"secret\":null,\"count\":\"c\"}");
    static const char *const names[] = {"secret", "title", "z", "y", "count"};
    static const char *const values[] = {"null", "null", "1", "null", "\"c\""};
    (void)state;
    assert_int_equal(uvrest_extra_count(all->extra), 5);
    for (size_t i = 0; i < 5; i++) {
        uvrest_extra_member member = uvrest_extra_at(all->extra, i);
        assert_string_equal(member.name, names[i]);
        assert_int_equal(member.name_len, strlen(names[i]));
        assert_int_equal(member.value.len, strlen(values[i]));
        assert_memory_equal(member.value.text, values[i], member.value.len);
    }
    assert_null(uvrest_extra_at(all->extra, 5).name);
    assert_true(uvrest_is_null(all->extra, "y"));
    assert_false(uvrest_is_null(all->extra, "z"));
    assert_false(uvrest_is_null(all->extra, "count"));
    assert_false(uvrest_is_null(all->extra, "nothing"));
    assert_false(uvrest_is_null(all->extra, NULL));
}

static void setting_and_dropping_copy(void **state)
{
    const sample_all *all = codec_all("{\"a\":1,\"title\":null,\"b\":2}");
    uvrest_extra *extra = all->extra;
    uvrest_raw raw;
    (void)state;
    assert_status(uvrest_extra_set(&extra, "a", codec_raw("[true]"), codec_arena), UVREST_OK);
    assert_ptr_not_equal(extra, all->extra);
    assert_int_equal(uvrest_extra_count(extra), 3);
    assert_true(uvrest_extra_get(extra, "a", &raw) && raw.len == 6);
    assert_true(uvrest_extra_get(all->extra, "a", &raw) && raw.len == 1);
    assert_status(uvrest_extra_set(&extra, "title", codec_raw("5"), codec_arena), UVREST_OK);
    assert_false(uvrest_is_null(extra, "title"));
    assert_true(uvrest_is_null(all->extra, "title"));
    assert_status(uvrest_extra_set(&extra, "b", codec_raw(" null "), codec_arena), UVREST_OK);
    assert_true(uvrest_is_null(extra, "b"));
    assert_int_equal(uvrest_extra_count(extra), 3);
    assert_status(uvrest_extra_drop(&extra, "nothing", codec_arena), UVREST_OK);
    assert_status(uvrest_extra_drop(&extra, "b", codec_arena), UVREST_OK);
    assert_status(uvrest_extra_drop(&extra, "title", codec_arena), UVREST_OK);
    assert_int_equal(uvrest_extra_count(extra), 1);
    assert_status(uvrest_extra_drop(&extra, "a", codec_arena), UVREST_OK);
    assert_null(extra);
    extra = all->extra;
    assert_status(uvrest_extra_drop(&extra, "title", codec_arena), UVREST_OK);
    assert_false(uvrest_is_null(extra, "title"));
    assert_int_equal(uvrest_extra_count(extra), 2);
    assert_int_equal(uvrest_extra_count(all->extra), 3);
}

static void what_is_no_json_is_refused(void **state)
{
    uvrest_extra *extra = NULL;
    uvrest_raw absent = uvrest_raw_of(NULL, 0);
    (void)state;
    assert_status(uvrest_extra_set(&extra, "a", codec_raw("{"), codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(&extra, "a", codec_raw(""), codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(&extra, "a", codec_raw("1,2"), codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(&extra, "a", absent, codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(&extra, "\xFF", codec_raw("1"), codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(&extra, NULL, codec_raw("1"), codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(NULL, "a", codec_raw("1"), codec_arena), UVREST_E_INVALID);
    assert_status(uvrest_extra_set(&extra, "a", codec_raw("1"), NULL), UVREST_E_INVALID);
    assert_status(uvrest_extra_drop(&extra, NULL, codec_arena), UVREST_E_INVALID);
    assert_null(extra);
}

static uvrest_status set_and_drop(const uvrest_alloc *alloc, void *user)
{
    uvrest_extra *extra = NULL;
    uvrest_arena *arena;
    char name[24];
    uvrest_status st = uvrest_arena_new(alloc, 0, &arena);
    (void)user;
    if (st != UVREST_OK)
        return st;
    for (int i = 0; i < 60 && st == UVREST_OK; i++) {
        const uvrest_extra *before = extra;
        snprintf(name, sizeof name, "member%d", i);
        st = uvrest_extra_set(&extra, name, codec_raw("\"value\""), arena);
        assert_true((st == UVREST_OK) == (extra != before));
    }
    if (st == UVREST_OK)
        st = uvrest_extra_drop(&extra, "member7", arena);
    assert_true(st != UVREST_OK || uvrest_extra_count(extra) == 59);
    uvrest_arena_free(arena);
    return st;
}

static void changing_survives_each_failing_allocation(void **state)
{
    (void)state;
    support_fail_each(set_and_drop, NULL);
}

static void the_last_of_equal_names_stays_in_its_place(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 16, 17, 100, 1000};
    static uvrest_extra_member members[1000];
    static char names[1000][8];
    static void *scratch[2000];
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        size_t n = sizes[k], distinct = n < 7 ? n : 7, kept;
        for (size_t i = 0; i < n; i++) {
            int len = snprintf(names[i], sizeof names[i], "n%zu", i * 5 % 7);
            members[i] = (uvrest_extra_member){names[i], (size_t)len, uvrest_raw_of(NULL, i)};
        }
        kept = uvrest__extra_unique(members, n, sizeof members[0], uvrest__extra_compare, scratch);
        assert_int_equal(kept, distinct);
        for (size_t i = 0; i < kept; i++)
            assert_int_equal(members[i].value.len, n - distinct + i);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, codec_setup, codec_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_extra_has_nothing),
        TEST(nulls_come_first_then_the_rest_in_order),
        TEST(setting_and_dropping_copy),
        TEST(what_is_no_json_is_refused),
        TEST(changing_survives_each_failing_allocation),
        TEST(the_last_of_equal_names_stays_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
