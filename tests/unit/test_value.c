/* SPDX-License-Identifier: MIT */
#include "codec.h"
#include "json_tree.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

static cJSON *tree_of(const char *text)
{
    cJSON *tree = NULL;
    assert_status(uvrest_raw_to_cjson(codec_raw(text), &tree), UVREST_OK);
    return tree;
}

static void values_become_trees(void **state)
{
    cJSON *tree = tree_of(
        " {\"a\" : [1, -2.5e1, true, false, null, \"x\\u00e9\\n\\ud83d\\ude00\"], \"b\":{}, \"c\":{\"d\":[[]]}} ");
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(tree, "a");
    (void)state;
    assert_int_equal(cJSON_GetArraySize(tree), 3);
    assert_int_equal(cJSON_GetArraySize(a), 6);
    assert_true(cJSON_GetArrayItem(a, 1)->valuedouble == -25);
    assert_true(cJSON_IsTrue(cJSON_GetArrayItem(a, 2)) && cJSON_IsFalse(cJSON_GetArrayItem(a, 3)));
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(a, 4)));
    assert_string_equal(cJSON_GetArrayItem(a, 5)->valuestring, "x\xC3\xA9\n\xF0\x9F\x98\x80");
    assert_true(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(tree, "b")));
    assert_int_equal(
        cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(tree, "c"), "d")), 1);
    cJSON_Delete(tree);
    tree = tree_of("\"alone\"");
    assert_string_equal(tree->valuestring, "alone");
    cJSON_Delete(tree);
}

static void all_that_is_json_is_taken_and_nothing_else(void **state)
{
    static char deep[1025], digits[200];
    cJSON *tree = NULL;
    uvrest_raw absent = uvrest_raw_of(NULL, 0);
    (void)state;
    cJSON_Delete(tree_of("\"\\ud800\""));
    cJSON_Delete(tree_of("\"a\\u0000b\""));
    cJSON_Delete(tree_of("1e400"));
    memset(digits, '7', sizeof digits - 1);
    tree = tree_of(digits);
    assert_true(tree->valuedouble > 7e198 && tree->valuedouble < 8e198);
    cJSON_Delete(tree);
    memset(deep, '[', 512);
    memset(deep + 512, ']', 512);
    cJSON_Delete(tree_of(deep));
    tree = NULL;
    assert_status(uvrest_raw_to_cjson(codec_raw("{"), &tree), UVREST_E_DECODE);
    assert_status(uvrest_raw_to_cjson(codec_raw("01"), &tree), UVREST_E_DECODE);
    assert_status(uvrest_raw_to_cjson(codec_raw("1 1"), &tree), UVREST_E_DECODE);
    assert_status(uvrest_raw_to_cjson(codec_raw("\"\xFF\""), &tree), UVREST_E_DECODE);
    assert_status(uvrest_raw_to_cjson(absent, &tree), UVREST_E_INVALID);
    assert_status(uvrest_raw_to_cjson(codec_raw("1"), NULL), UVREST_E_INVALID);
    assert_null(tree);
}

static void trees_become_values(void **state)
{
    static const char text[] = "{\"a\":[1,2.5,\"x\\ny\",null,true],\"b\":{\"c\":\"\xC3\xA9\"}}";
    cJSON *tree = tree_of(text);
    uvrest_raw raw = uvrest_raw_of(NULL, 0);
    (void)state;
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_OK);
    assert_true(json_same(raw.text, raw.len, text, strlen(text)));
    cJSON_Delete(tree);
}

static void trees_json_cannot_say_are_refused(void **state)
{
    cJSON *tree = cJSON_CreateArray(), *number = cJSON_CreateNumber(1), *inner = tree;
    uvrest_raw raw = uvrest_raw_of(NULL, 0);
    (void)state;
    cJSON_AddItemToArray(tree, number);
    number->valuedouble = (double)NAN;
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_E_INVALID);
    number->valuedouble = (double)INFINITY;
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_E_INVALID);
    number->valuedouble = 1;
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_OK);
    cJSON_AddItemToArray(tree, cJSON_CreateString("\xFF"));
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_E_INVALID);
    cJSON_DeleteItemFromArray(tree, 1);
    cJSON_AddItemToArray(tree, cJSON_CreateRaw("{"));
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_E_INVALID);
    cJSON_DeleteItemFromArray(tree, 1);
    for (int i = 0; i < 512; i++) {
        cJSON *next = cJSON_CreateArray();
        cJSON_AddItemToArray(inner, next);
        inner = next;
    }
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, &raw), UVREST_E_INVALID);
    assert_status(uvrest_raw_from_cjson(NULL, codec_arena, &raw), UVREST_E_INVALID);
    assert_status(uvrest_raw_from_cjson(tree, NULL, &raw), UVREST_E_INVALID);
    assert_status(uvrest_raw_from_cjson(tree, codec_arena, NULL), UVREST_E_INVALID);
    cJSON_Delete(tree);
}

static void no_more_than_the_arena_allows(void **state)
{
    cJSON *tree = cJSON_CreateString("0123456789012345678901234567890123456789");
    uvrest_raw raw = uvrest_raw_of(NULL, 0);
    uvrest_arena *arena;
    (void)state;
    assert_status(uvrest_arena_new(NULL, 120, &arena), UVREST_OK);
    assert_status(uvrest_raw_from_cjson(tree, arena, &raw), UVREST_E_NOMEM);
    assert_null(raw.text);
    uvrest_arena_free(arena);
    cJSON_Delete(tree);
}

/* cJSON's hooks are the process's; whoever sets them can make them fail. */
static long cjson_left = -1;
static long cjson_live;

static void *cjson_allocate(size_t size)
{
    if (cjson_left == 0)
        return NULL;
    cjson_left -= cjson_left > 0;
    cjson_live++;
    return malloc(size);
}

static void cjson_release(void *memory)
{
    cjson_live -= memory != NULL;
    free(memory);
}

static void trees_survive_each_failing_allocation_row_110(void **state)
{
    cJSON_Hooks hooks = {cjson_allocate, cjson_release};
    uvrest_status st = UVREST_E_NOMEM;
    (void)state;
    cJSON_InitHooks(&hooks);
    for (long n = 0; st != UVREST_OK; n++) {
        cJSON *tree = NULL;
        uvrest_raw raw = {NULL, 0, 0};
        assert_true(n < 1000);
        cjson_left = n;
        st = uvrest_raw_to_cjson(codec_raw("{\"a\":[1,{\"b\":\"c\"}],\"d\":null,\"e\":\"\\u00e9\"}"), &tree);
        if (st == UVREST_OK)
            st = uvrest_raw_from_cjson(tree, codec_arena, &raw);
        else
            assert_null(tree);
        if (st != UVREST_OK) {
            assert_status(st, UVREST_E_NOMEM);
            assert_null(raw.text);
        }
        cJSON_Delete(tree);
        assert_int_equal(cjson_live, 0);
    }
    cJSON_InitHooks(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, codec_setup, codec_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_become_trees),           TEST(all_that_is_json_is_taken_and_nothing_else),
        TEST(trees_become_values),           TEST(trees_json_cannot_say_are_refused),
        TEST(no_more_than_the_arena_allows), TEST(trees_survive_each_failing_allocation_row_110),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
