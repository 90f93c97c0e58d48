/* SPDX-License-Identifier: MIT */
#include "codec.h"
#include "decode.h"
#include "json_maker.h"
#include "json_tree.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const char everything[] =
    "{\"active\":true,\"bools\":[true,false,null],\"color\":\"BLUE\",\"colors\":[\"green\",null,\"deep \\\"red\\\"\"],"
    "\"count\":-2147483648,\"counts\":[0,null,2147483647],\"created\":\"2024-05-17T10:20:30Z\","
    "\"free\":{\"a\":[1,{}]},\"frees\":[1,\"x\",null],\"free_map\":{\"k\":[],\"l\":null},"
    "\"leaf\":{\"id\":\"l1\",\"size\":3,\"token\":\"t\",\"color\":\"green\"},"
    "\"leaf_map\":{\"one\":{\"id\":\"m1\"},\"none\":null},\"leaves\":[{\"id\":\"a\"},{\"id\":\"b\",\"size\":9}],"
    "\"number\":9223372036854775807,\"numbers\":[-9223372036854775808,9007199254740993],"
    "\"parent\":{\"created\":\"\",\"title\":\"up\"},\"ratio\":0.1,\"ratios\":[1e300,-0.5,null],\"secret\":\"s\","
    "\"shape\":{\"type\":\"circle\",\"radius\":2.5},\"shapes\":[{\"side\":4,\"type\":\"sq\"},null],"
    "\"table\":{\"a\":\"1\",\"b\":null},\"tables\":[{},{\"c\":\"3\"}],\"tags\":[\"x\",null,\"\"],\"title\":\"All\"}";

static void every_kind_and_shape_is_read(void **state)
{
    uvrest_decode_report report;
    const sample_all *all = codec_decode(SAMPLE_MODEL_ALL, everything, &report);
    (void)state;
    assert_int_equal(report.n_notes, 0);
    assert_null(all->extra);
    assert_true(all->active.state == UVREST_IS_SET && all->active.value);
    assert_int_equal(all->n_bools, 3);
    assert_true(all->bools[0].value && !all->bools[1].value && all->bools[2].state == UVREST_IS_NULL);
    assert_int_equal(all->color, SAMPLE_COLOR_BLUE);
    assert_int_equal(all->n_colors, 3);
    assert_int_equal(all->colors[0], SAMPLE_COLOR_GREEN);
    assert_int_equal(all->colors[1], SAMPLE_COLOR_NULL);
    assert_int_equal(all->colors[2], SAMPLE_COLOR_DEEP_RED);
    assert_true(all->count.state == UVREST_IS_SET && all->count.value == INT32_MIN);
    assert_true(all->n_counts == 3 && all->counts[1].state == UVREST_IS_NULL && all->counts[2].value == INT32_MAX);
    assert_string_equal(all->created, "2024-05-17T10:20:30Z");
    assert_true(all->free.len == 12 && memcmp(all->free.text, "{\"a\":[1,{}]}", 12) == 0);
    assert_true(all->n_frees == 3 && all->frees[1].len == 3 && memcmp(all->frees[2].text, "null", 4) == 0);
    assert_int_equal(all->free_map.n_entries, 2);
    assert_string_equal(all->free_map.entries[1].key, "l");
    assert_true(all->free_map.entries[1].value.len == 4);
    assert_string_equal(all->leaf->token, "t");
    assert_int_equal(all->leaf->color, SAMPLE_COLOR_GREEN);
    assert_int_equal(all->leaf_map.n_entries, 2);
    assert_string_equal(all->leaf_map.entries[0].value->id, "m1");
    assert_null(all->leaf_map.entries[1].value);
    assert_int_equal(all->n_leaves, 2);
    assert_string_equal(all->leaves[1].id, "b");
    assert_int_equal(all->leaves[1].size.value, 9);
    assert_true(all->number.value == INT64_MAX && all->numbers[0].value == INT64_MIN);
    assert_true(all->numbers[1].value == INT64_C(9007199254740993));
    assert_string_equal(all->parent->title, "up");
    assert_true(all->ratio.value == 0.1 && all->ratios[0].value == 1e300 && all->ratios[1].value == -0.5);
    assert_int_equal(all->shape->kind, SAMPLE_SHAPE_CIRCLE);
    assert_true(all->shape->value.circle->radius.value == 2.5);
    assert_int_equal(all->n_shapes, 2);
    assert_true(all->shapes[0].kind == SAMPLE_SHAPE_SQUARE && all->shapes[0].value.square->side.value == 4);
    assert_int_equal(all->shapes[1].kind, SAMPLE_SHAPE_NULL);
    assert_true(all->table.n_entries == 2 && all->table.entries[1].value == NULL);
    assert_true(all->n_tables == 2 && all->tables[0].entries != NULL && all->tables[0].n_entries == 0);
    assert_string_equal(all->tables[1].entries[0].value, "3");
    assert_true(all->n_tags == 3 && all->tags[1] == NULL);
    assert_string_equal(all->tags[2], "");
    assert_string_equal(all->title, "All");
    codec_assert_lossless(SAMPLE_MODEL_ALL, everything);
}

static void absent_null_and_empty_are_three_things(void **state)
{
    const sample_all *all =
        codec_all("{\"title\":null,\"count\":null,\"color\":null,\"free\":null,\"leaf\":null,\"tags\":[],"
                  "\"table\":{},\"leaves\":null,\"created\":\"\",\"number\":0,\"active\":false}");
    (void)state;
    assert_null(all->title);
    assert_true(uvrest_is_null(all->extra, "title"));
    assert_true(uvrest_is_null(all->extra, "leaf"));
    assert_true(uvrest_is_null(all->extra, "leaves"));
    assert_false(uvrest_is_null(all->extra, "tags"));
    assert_false(uvrest_is_null(all->extra, "secret"));
    assert_int_equal(all->count.state, UVREST_IS_NULL);
    assert_int_equal(all->color, SAMPLE_COLOR_NULL);
    assert_true(all->free.len == 4 && memcmp(all->free.text, "null", 4) == 0);
    assert_true(all->tags != NULL && all->n_tags == 0);
    assert_true(all->table.entries != NULL && all->table.n_entries == 0);
    assert_string_equal(all->created, "");
    assert_true(all->number.state == UVREST_IS_SET && all->number.value == 0);
    assert_true(all->active.state == UVREST_IS_SET && !all->active.value);
    assert_int_equal(all->ratio.state, UVREST_UNSET);
    assert_null(all->secret);
    assert_null(all->numbers);
}

static void assert_extra(const uvrest_extra *extra, const char *name, const char *text)
{
    uvrest_raw raw;
    assert_true(uvrest_extra_get(extra, name, &raw));
    assert_int_equal(raw.len, strlen(text));
    assert_memory_equal(raw.text, text, raw.len);
}

/* A member of `all` with a value it cannot hold: kept, noted, unset, strictly an error, and written back. */
static void what_a_member_cannot_hold_is_kept(void **state)
{
    static const struct {
        const char *name, *value, *expected, *path;
    } cases[] = {
        {"active", "1", "a boolean", "active"},
        {"active", "\"true\"", "a boolean", "active"},
        {"active", "{}", "a boolean", "active"},
        {"bools", "[true,0]", "an array of booleans", "bools"},
        {"bools", "true", "an array of booleans", "bools"},
        {"color", "\"pink\"", "a known enum value", "color"},
        {"color", "5", "text", "color"},
        {"color", "\"\\ud800\"", "a known enum value", "color"},
        {"colors", "[\"BLUE\",3]", "an array of texts", "colors"},
        {"count", "2147483648", "int32", "count"},
        {"count", "1.5", "int32", "count"},
        {"count", "\"123\"", "int32", "count"},
        {"counts", "[1,2,1e99]", "an array of int32", "counts"},
        {"free_map", "[]", "an object", "free_map"},
        {"free_map", "{\"a\\u0000\":1}", "an object", "free_map"},
        {"leaf", "\"l1\"", "an object", "leaf"},
        {"leaf", "[]", "an object", "leaf"},
        {"leaf_map", "{\"a\":1}", "an object of objects", "leaf_map"},
        {"leaves", "[{\"id\":\"x\"},null]", "an array of objects", "leaves"},
        {"leaves", "{\"id\":\"x\"}", "an array of objects", "leaves"},
        {"number", "9223372036854775808", "int64", "number"},
        {"number", "-9223372036854775809", "int64", "number"},
        {"number", "1e400", "int64", "number"},
        {"number", "true", "int64", "number"},
        {"numbers", "[1,18446744073709551615]", "an array of int64", "numbers"},
        {"numbers", "[1,[2]]", "an array of int64", "numbers"},
        {"ratio", "1e400", "a number that a double holds exactly", "ratio"},
        {"ratio", "9007199254740993", "a number that a double holds exactly", "ratio"},
        {"ratio", "0.1000000000000000055511151231257827", "a number that a double holds exactly", "ratio"},
        {"ratios", "[0.5,1e-400]", "an array of numbers", "ratios"},
        {"shape", "\"circle\"", "an object", "shape"},
        {"shapes", "[{\"type\":\"sq\"},7]", "an array of objects", "shapes"},
        {"table", "{\"a\":1}", "an object of texts", "table"},
        {"table", "{\"a\":\"\\ud800\"}", "an object of texts", "table"},
        {"table", "{\"\\udc00\":\"a\"}", "an object of texts", "table"},
        {"table", "\"\"", "an object of texts", "table"},
        {"tables", "[{},[]]", "an array of objects of texts", "tables"},
        {"tables", "[{\"a\":{}}]", "an array of objects of texts", "tables"},
        {"tables", "[null]", "an array of objects of texts", "tables"},
        {"tags", "[\"a\",1]", "an array of texts", "tags"},
        {"tags", "[\"a\",\"\\u0000\"]", "an array of texts", "tags"},
        {"tags", "\"a\"", "an array of texts", "tags"},
        {"secret", "12", "text", "secret"},
        {"secret", "\"a\\u0000b\"", "text", "secret"},
        {"secret", "\"\\ud83d\"", "text", "secret"},
        {"secret", "\"\\ude00\\ud83d\"", "text", "secret"},
    };
    const uvrest_decode_options strictly = {.strict = true};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uvrest_decode_report report;
        const void *value = NULL;
        const sample_all *all;
        char text[256];
        int len = snprintf(text, sizeof text, "{\"title\":\"t\",\"created\":\"c\",\"%s\": %s ,\"zz\":[]}",
                           cases[i].name, cases[i].value);
        all = codec_decode(SAMPLE_MODEL_ALL, text, &report);
        assert_int_equal(report.n_notes, 1);
        assert_string_equal(report.notes[0].path, cases[i].path);
        assert_string_equal(report.notes[0].expected, cases[i].expected);
        assert_memory_equal(text + report.notes[0].offset, cases[i].value, strlen(cases[i].value));
        assert_extra(all->extra, cases[i].name, cases[i].value);
        assert_extra(all->extra, "zz", "[]");
        assert_null(report.failure.path);
        codec_assert_lossless(SAMPLE_MODEL_ALL, text);
        assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, (size_t)len, &strictly, &value, &report),
                      UVREST_E_SCHEMA);
        assert_null(value);
        assert_string_equal(report.failure.path, cases[i].path);
        assert_string_equal(report.failure.expected, cases[i].expected);
    }
}

static void what_does_not_fit_leaves_the_member_unset(void **state)
{
    const sample_all *all =
        codec_all("{\"active\":1,\"bools\":[1],\"color\":7,\"count\":\"x\",\"leaf\":1,\"leaves\":[1],"
                  "\"number\":1e99,\"ratio\":\"\",\"table\":[],\"tags\":{},\"title\":3,\"shape\":4}");
    const sample_all nothing = {0};
    sample_all copy = *all;
    (void)state;
    assert_int_equal(uvrest_extra_count(all->extra), 12);
    copy.extra = NULL;
    assert_memory_equal(&copy, &nothing, sizeof copy);
}

static void numbers_that_fit_by_value_are_taken(void **state)
{
    uvrest_decode_report report;
    const sample_all *all = codec_decode(
        SAMPLE_MODEL_ALL,
        "{\"created\":\"\",\"title\":\"\",\"count\":1e2,\"number\":-5.0,\"ratio\":7,\"numbers\":[2.50e1]}", &report);
    (void)state;
    assert_int_equal(report.n_notes, 0);
    assert_int_equal(all->count.value, 100);
    assert_int_equal(all->number.value, -5);
    assert_true(all->ratio.value == 7);
    assert_int_equal(all->numbers[0].value, 25);
}

static void unknown_enum_values_in_arrays_keep_the_known_ones(void **state)
{
    uvrest_decode_report report;
    const sample_all *all = codec_decode(
        SAMPLE_MODEL_ALL, "{\"created\":\"\",\"title\":\"\",\"colors\":[\"BLUE\",\"mauve\",null]}", &report);
    (void)state;
    assert_int_equal(all->n_colors, 3);
    assert_int_equal(all->colors[0], SAMPLE_COLOR_BLUE);
    assert_int_equal(all->colors[1], SAMPLE_COLOR_UNKNOWN);
    assert_int_equal(all->colors[2], SAMPLE_COLOR_NULL);
    assert_extra(all->extra, "colors", "[\"BLUE\",\"mauve\",null]");
    assert_int_equal(report.n_notes, 1);
    assert_string_equal(report.notes[0].path, "colors");
}

static void unions_are_decided_by_their_tag_wherever_it_stands(void **state)
{
    static const struct {
        const char *text;
        sample_shape_kind kind;
    } cases[] = {
        {"{\"type\":\"circle\",\"radius\":1}", SAMPLE_SHAPE_CIRCLE},
        {"{\"radius\":1,\"type\":\"circle\"}", SAMPLE_SHAPE_CIRCLE},
        {"{ \"radius\" : 1 , \"type\" : \"circle\" }", SAMPLE_SHAPE_CIRCLE},
        {"{\"x\":{\"type\":\"sq\"},\"type\":\"circle\",\"radius\":2}", SAMPLE_SHAPE_CIRCLE},
        {"{\"type\":\"sq\"}", SAMPLE_SHAPE_SQUARE},
        {"{\"t\\u0079pe\":\"s\\u0071\",\"side\":2}", SAMPLE_SHAPE_SQUARE},
        {"{\"type\":\"sq\",\"type\":\"circle\",\"radius\":3}", SAMPLE_SHAPE_CIRCLE},
        {"{\"type\":\"circle\",\"radius\":3,\"type\":\"sq\"}", SAMPLE_SHAPE_SQUARE},
        {"{\"type\":\"circle\",\"radius\":3,\"type\":\"hexagon\"}", SAMPLE_SHAPE_UNKNOWN},
        {"{\"type\":\"hexagon\",\"type\":\"circle\",\"radius\":3}", SAMPLE_SHAPE_CIRCLE},
        {"{\"type\":\"circle\",\"radius\":3,\"radius\":4}", SAMPLE_SHAPE_CIRCLE},
        {"{\"type\":\"hexagon\"}", SAMPLE_SHAPE_UNKNOWN},
        {"{\"type\":7}", SAMPLE_SHAPE_UNKNOWN},
        {"{}", SAMPLE_SHAPE_UNKNOWN},
        {"{\"side\":1}", SAMPLE_SHAPE_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[160];
        const sample_all *all;
        snprintf(text, sizeof text, "{\"shape\":%s}", cases[i].text);
        all = codec_all(text);
        assert_non_null(all->shape);
        if (all->shape->kind != cases[i].kind)
            fail_msg("%s: %d", text, (int)all->shape->kind);
        if (cases[i].kind == SAMPLE_SHAPE_UNKNOWN) {
            assert_int_equal(all->shape->raw.len, strlen(cases[i].text));
            assert_memory_equal(all->shape->raw.text, cases[i].text, all->shape->raw.len);
        }
        codec_assert_lossless(SAMPLE_MODEL_ALL, text);
        snprintf(text, sizeof text, "{\"shapes\":[%s,{\"type\":\"sq\"}]}", cases[i].text);
        codec_assert_lossless(SAMPLE_MODEL_ALL, text);
    }
}

static void of_duplicate_members_the_last_wins(void **state)
{
    const sample_all *all = codec_all(
        "{\"title\":\"a\",\"title\":\"b\",\"count\":\"x\",\"count\":5,\"number\":5,\"number\":\"x\",\"tags\":[\"a\"],"
        "\"tags\":null,\"secret\":null,\"secret\":\"s\",\"u\":1,\"u\":2,\"leaf\":{\"id\":\"x\"},\"leaf\":{\"size\":1},"
        "\"table\":{\"k\":\"1\",\"k\":\"2\"},\"active\":1,\"active\":2,\"v\":3,\"u\":4}");
    (void)state;
    assert_string_equal(all->title, "b");
    assert_int_equal(all->count.value, 5);
    assert_int_equal(all->number.state, UVREST_UNSET);
    assert_extra(all->extra, "number", "\"x\"");
    assert_null(all->tags);
    assert_int_equal(all->n_tags, 0);
    assert_true(uvrest_is_null(all->extra, "tags"));
    assert_false(uvrest_is_null(all->extra, "secret"));
    assert_string_equal(all->secret, "s");
    assert_extra(all->extra, "u", "4");
    assert_extra(all->extra, "active", "2");
    assert_null(all->leaf->id);
    assert_int_equal(all->table.n_entries, 1);
    assert_string_equal(all->table.entries[0].value, "2");
    assert_int_equal(uvrest_extra_count(all->extra), 5); /* number, tags, u, active, v */
}

static void many_duplicates_of_unknown_members_leave_the_last(void **state)
{
    static char text[400000];
    size_t len = 1;
    const sample_all *all;
    (void)state;
    text[0] = '{';
    for (unsigned i = 0; i < 20000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s\"k%u\":%u", i == 0 ? "" : ",", i % 5000, i);
    text[len++] = '}';
    text[len] = '\0';
    all = codec_all(text);
    assert_int_equal(uvrest_extra_count(all->extra), 5000);
    assert_extra(all->extra, "k0", "15000");
    assert_extra(all->extra, "k4999", "19999");
    memcpy(text, "{\"table\":{", 10);
    for (len = 10; text[len - 1] != '}';)
        len += (size_t)snprintf(text + len, sizeof text - len, "\"k%zu\":\"v%zu\"%s", len % 700, len,
                                len > 300000 ? "}" : ",");
    text[len++] = '}';
    text[len] = '\0';
    codec_assert_lossless(SAMPLE_MODEL_ALL, text);
}

/* What a member left behind is not looked for among all others each time it comes again. */
static void members_that_come_again_leave_what_came_last(void **state)
{
    enum { N = 100000 };
    static char text[N * 50];
    size_t len = 1;
    const sample_all *all;
    (void)state;
    text[0] = '{';
    for (unsigned i = 0; i < N; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "\"k%u\":1,\"title\":1,\"title\":\"a\",", i);
    snprintf(text + len, sizeof text - len, "\"count\":\"x\",\"count\":5,\"title\":\"b\"}");
    all = codec_all(text);
    assert_string_equal(all->title, "b");
    assert_int_equal(uvrest_extra_count(all->extra), N);
    assert_string_equal(uvrest_extra_at(all->extra, N - 1).name, "k99999");
    assert_null(codec_all("{\"title\":1,\"title\":\"a\",\"colors\":[\"odd\"],\"colors\":[\"BLUE\"]}")->extra);
    all = codec_all("{\"title\":1,\"u\":2,\"title\":\"a\",\"title\":3}");
    assert_null(all->title);
    assert_int_equal(uvrest_extra_count(all->extra), 2);
    assert_extra(all->extra, "title", "3");
    all = codec_all("{\"title\":1,\"u\":2,\"title\":null}");
    assert_int_equal(uvrest_extra_count(all->extra), 2);
    assert_true(uvrest_is_null(all->extra, "title"));
}

static void names_are_matched_decoded_and_whole(void **state)
{
    const sample_all *all = codec_all(
        "{\"\\u0074itle\":\"a\",\"Title\":\"b\",\"titl\":1,\"titles\":2,\"\":3,\"tit\\u0000le\":4,\"\\ud800\":5}");
    uvrest_extra_member member;
    (void)state;
    assert_string_equal(all->title, "a");
    assert_int_equal(uvrest_extra_count(all->extra), 6);
    member = uvrest_extra_at(all->extra, 4);
    assert_int_equal(member.name_len, 6);
    assert_memory_equal(member.name, "tit\0le", 7);
    codec_assert_lossless(SAMPLE_MODEL_ALL,
                          "{\"tit\\u0000le\":4,\"\\ud800\":5,\"\\udfff\":6,\"a\\ud834\\udd1e\":7,\"\xC3\xA9\":8}");
}

static void members_come_in_any_order(void **state)
{
    const sample_all *all =
        codec_all("{\"leaves\":[{\"token\":\"t\",\"id\":\"1\",\"x\":0,\"size\":1},{\"token\":\"u\",\"id\":\"2\",\"x\":"
                  "0,\"size\":2},"
                  "{\"size\":3,\"id\":\"3\"},{\"id\":\"4\",\"color\":\"BLUE\",\"size\":4,\"token\":\"w\"},{}]}");
    (void)state;
    assert_int_equal(all->n_leaves, 5);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(all->leaves[i].id[0], '1' + i);
        assert_int_equal(all->leaves[i].size.value, i + 1);
    }
    assert_string_equal(all->leaves[3].token, "w");
}

static void required_members_are_missed(void **state)
{
    const uvrest_decode_options strictly = {.strict = true};
    uvrest_decode_report report;
    const void *value;
    const sample_all *all = codec_decode(SAMPLE_MODEL_ALL, "{\"leaves\":[{\"id\":null},{}],\"title\":null}", &report);
    (void)state;
    assert_int_equal(all->n_leaves, 2);
    assert_int_equal(report.n_notes, 2);
    assert_string_equal(report.notes[0].path, "leaves[1].id");
    assert_string_equal(report.notes[0].expected, "a required member");
    assert_string_equal(report.notes[0].found, "nothing");
    assert_int_equal(report.notes[0].offset, 24);
    assert_string_equal(report.notes[1].path, "created");
    assert_status(codec_decode_bytes(SAMPLE_MODEL_LEAF, "{}", 2, &strictly, &value, &report), UVREST_E_SCHEMA);
    assert_string_equal(report.failure.path, "id");
}

static void notes_have_paths_through_all_shapes(void **state)
{
    uvrest_decode_report report;
    (void)state;
    codec_decode(
        SAMPLE_MODEL_ALL,
        "{\"created\":\"\",\"title\":\"\",\"leaf\":{\"id\":1},\"leaves\":[{\"id\":\"\"},{\"id\":\"\",\"size\":\"big\"}]"
        ","
        "\"leaf_map\":{\"a b\":{\"id\":\"\",\"color\":\"\\u0001\\n\"}},\"parent\":{\"created\":\"\",\"title\":\"\","
        "\"shape\":{\"type\":\"circle\",\"radius\":\"r\"}}}",
        &report);
    assert_int_equal(report.n_notes, 4);
    assert_string_equal(report.notes[0].path, "leaf.id");
    assert_string_equal(report.notes[0].found, "1");
    assert_string_equal(report.notes[1].path, "leaves[1].size");
    assert_string_equal(report.notes[1].found, "\"big\"");
    assert_string_equal(report.notes[2].path, "leaf_map[\"a b\"].color");
    assert_string_equal(report.notes[2].found, "\"\\\\u0001\\\\n\"");
    assert_string_equal(report.notes[3].path, "parent.shape.radius");
}

static void notes_are_limited_and_excerpts_short(void **state)
{
    uvrest_decode_options options = {.max_notes = 3};
    uvrest_decode_report report;
    const void *value;
    static char text[4000];
    int len;
    (void)state;
    len = snprintf(text, sizeof text,
                   "{\"count\":\"%01000d\",\"number\":\"\xE6\x97\xA5%0100d\",\"active\":7,\"secret\":8}", 0, 0);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, (size_t)len, &options, &value, &report), UVREST_OK);
    assert_int_equal(report.n_notes, 3);
    assert_int_equal(report.n_notes_dropped, 3);
    assert_in_range(strlen(report.notes[0].found), 40, 60);
    options.max_notes = 0;
    memcpy(text, "{\"leaves\":[", 11);
    len = 11;
    for (int i = 0; i < 100; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "{\"size\":{}},");
    text[len - 1] = ']';
    text[len++] = '}';
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, (size_t)len, &options, &value, &report), UVREST_OK);
    assert_int_equal(report.n_notes, 64);
    assert_int_equal(report.n_notes_dropped, 202 - 64);
    assert_string_equal(report.notes[0].found, "an object");
}

static void roots_of_another_kind_are_refused(void **state)
{
    static const struct {
        const char *text;
        uvrest_status status;
        size_t offset;
        const char *found;
    } cases[] = {{"[]", UVREST_E_SCHEMA, 0, "an array"},
                 {"null", UVREST_E_SCHEMA, 0, "null"},
                 {" \"x\" ", UVREST_E_SCHEMA, 1, "\"x\" "},
                 {"12", UVREST_E_SCHEMA, 0, "12"},
                 {"", UVREST_E_DECODE, 0, "the end of the text"},
                 {"   ", UVREST_E_DECODE, 3, "the end of the text"},
                 {"{", UVREST_E_DECODE, 1, "the end of the text"},
                 {"}", UVREST_E_DECODE, 0, "}"},
                 {"{} x", UVREST_E_DECODE, 3, "x"},
                 {"{}}", UVREST_E_DECODE, 2, "}"},
                 {"{}{}", UVREST_E_DECODE, 2, "an object"},
                 {"<html>\x01", UVREST_E_DECODE, 0, "<html>\\x01"},
                 {"{\"title\":\"\xFF\"}", UVREST_E_DECODE, 10, "\\xff\"}"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uvrest_decode_report report;
        const void *value = NULL;
        assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, cases[i].text, strlen(cases[i].text), NULL, &value, &report),
                      cases[i].status);
        assert_null(value);
        assert_int_equal(report.failure.offset, cases[i].offset);
        assert_string_equal(report.failure.found, cases[i].found);
        assert_non_null(report.failure.expected);
        assert_non_null(report.failure.path);
    }
}

static void byte_order_mark_and_space_are_skipped(void **state)
{
    (void)state;
    assert_string_equal(codec_all("\xEF\xBB\xBF \r\n{ \"title\" : \"a\" }\t\n ")->title, "a");
    assert_string_equal(codec_all("{\n    \"tags\"   : [ ] ,\r\n\t\"title\":\n\"a\"\n}")->title, "a");
}

static void each_cut_is_refused_with_its_offset(void **state)
{
    uvrest_decode_report report;
    const void *value;
    size_t offset;
    (void)state;
    for (size_t len = 0; len < sizeof everything - 1; len++) {
        assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, everything, len, NULL, &value, &report), UVREST_E_DECODE);
        assert_status(uvrest_json_check(everything, len, 0, &offset), UVREST_E_DECODE);
        assert_int_equal(report.failure.offset, offset);
    }
}

/* The text stands right before a page that cannot be read, whole and cut, so that one byte
 * read too far ends the test. */
static void nothing_is_read_beyond_the_end(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_true(pages != MAP_FAILED && sizeof everything < page);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    for (size_t len = 0; len < sizeof everything; len++) {
        char *text = pages + page - len;
        uvrest_status expected = len == sizeof everything - 1 ? UVREST_OK : UVREST_E_DECODE;
        const void *value;
        memcpy(text, everything, len);
        uvrest_arena_reset(codec_arena);
        assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, len, NULL, codec_arena, &value, NULL),
                      expected);
        assert_status(uvrest_json_check(text, len, 0, NULL), expected);
    }
    assert_int_equal(munmap(pages, 2 * page), 0);
}

/* Every byte of the text replaced by some that matter: the decoder and a plain reader agree on what is JSON. */
static void each_changed_byte_is_judged_as_a_plain_reader_does(void **state)
{
    static const char bytes[] = "{}[]:,\"\\0n \x01\xC3-.e";
    char text[sizeof everything];
    (void)state;
    for (size_t i = 0; i < sizeof everything - 1; i++) {
        for (size_t b = 0; b < sizeof bytes - 1; b++) {
            const void *value;
            uvrest_status st;
            memcpy(text, everything, sizeof text);
            text[i] = bytes[b];
            uvrest_arena_reset(codec_arena);
            st = codec_decode_bytes(SAMPLE_MODEL_ALL, text, sizeof text - 1, NULL, &value, NULL);
            if ((st == UVREST_OK) != (json_valid(text, sizeof text - 1) && text[0] == '{'))
                fail_msg("%s: %s", uvrest_status_name(st), text);
        }
    }
}

static size_t nest(char *to, size_t levels)
{
    size_t len = 0;
    for (size_t i = 0; i < levels; i++) {
        memcpy(to + len, "{\"parent\":", 10);
        len += 10;
    }
    memcpy(to + len, "{}", 2);
    len += 2;
    memset(to + len, '}', levels);
    return len + levels;
}

static void nesting_is_limited_over_all_kinds(void **state)
{
    static char text[2000000];
    uvrest_decode_options options = {0};
    uvrest_decode_report report;
    const void *value;
    size_t len = nest(text, 511);
    (void)state;
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, len, NULL, &value, &report), UVREST_OK);
    text[len] = '\0';
    codec_assert_lossless(SAMPLE_MODEL_ALL, text);
    len = nest(text, 512);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, len, NULL, &value, &report), UVREST_E_LIMIT);
    assert_int_equal(report.failure.offset, 5120);
    len = nest(text, 100000);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, len, NULL, &value, &report), UVREST_E_LIMIT);
    memcpy(text, "{\"free\":", 8);
    memset(text + 8, '[', 511);
    memset(text + 519, ']', 511);
    text[1030] = '}';
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, 1031, NULL, &value, &report), UVREST_OK);
    options.max_depth = 511;
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, text, 1031, &options, &value, &report), UVREST_E_LIMIT);
    options.max_depth = 3;
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, "{\"leaves\":[{}]}", 15, &options, &value, &report), UVREST_OK);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, "{\"leaves\":[{\"x\":[]}]}", 21, &options, &value, &report),
                  UVREST_E_LIMIT);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, "{\"shapes\":[{\"x\":[]}]}", 21, &options, &value, &report),
                  UVREST_E_LIMIT);
}

static void growth_is_limited(void **state)
{
    static char text[5000000];
    uvrest_decode_options options = {.max_bytes = 1 << 20};
    uvrest_decode_report report;
    support_alloc counting;
    uvrest_arena *arena;
    const void *value;
    size_t len = 11;
    (void)state;
    memcpy(text, "{\"leaves\":[", 11);
    for (; len < sizeof text - 5; len += 3)
        memcpy(text + len, "{},", 3);
    memcpy(text + len - 1, "]}", 2);
    support_alloc_init(&counting);
    assert_status(uvrest_arena_new(&counting.alloc, 0, &arena), UVREST_OK);
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, len + 1, &options, arena, &value, &report),
                  UVREST_E_LIMIT);
    assert_in_range(counting.max_bytes, 1, (1 << 20) + 4096);
    assert_non_null(report.failure.path);
    /* The arena is usable as before. */
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), "{}", 2, NULL, arena, &value, &report), UVREST_OK);
    assert_non_null(uvrest_arena_alloc(arena, 1 << 21));
    uvrest_arena_free(arena);
    assert_status(uvrest_arena_new(&counting.alloc, 1 << 20, &arena), UVREST_OK);
    counting.max_bytes = counting.n_bytes;
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, len + 1, NULL, arena, &value, &report),
                  UVREST_E_LIMIT);
    assert_in_range(counting.max_bytes, 1, 1 << 20);
    uvrest_arena_free(arena);
    assert_int_equal(counting.n_live, 0);
}

static void a_reused_arena_takes_no_memory(void **state)
{
    static char text[200000];
    support_alloc counting;
    uvrest_arena *arena;
    const void *value;
    size_t len = 11, n_calls;
    (void)state;
    memcpy(text, "{\"leaves\":[", 11);
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(
            text + len, sizeof text - len,
            "{\"id\":\"0b25c6d2-4a3f-11ee-be56-%012d\",\"size\":%d,\"token\":null,\"color\":\"BLUE\"},", i, i);
    memcpy(text + len - 1, "]}", 2);
    support_alloc_init(&counting);
    assert_status(uvrest_arena_new(&counting.alloc, 0, &arena), UVREST_OK);
    n_calls = counting.n_calls;
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, len + 1, NULL, arena, &value, NULL),
                  UVREST_OK);
    assert_in_range(counting.n_calls - n_calls, 1, 4);
    n_calls = counting.n_calls;
    uvrest_arena_reset(arena);
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, len + 1, NULL, arena, &value, NULL),
                  UVREST_OK);
    assert_int_equal(counting.n_calls, n_calls);
    assert_string_equal(((const sample_all *)value)->leaves[999].id, "0b25c6d2-4a3f-11ee-be56-000000000999");
    uvrest_arena_free(arena);
}

static uvrest_status decode_everything(const uvrest_alloc *alloc, void *user)
{
    uvrest_decode_report report;
    const void *value = NULL;
    uvrest_arena *arena;
    const char *text = user;
    uvrest_status st = uvrest_arena_new(alloc, 0, &arena);
    if (st != UVREST_OK)
        return st;
    st = uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, strlen(text), NULL, arena, &value, &report);
    assert_true((st == UVREST_OK) == (value != NULL));
    uvrest_arena_free(arena);
    return st;
}

static void a_text_of_the_arena_is_pointed_into(void **state)
{
    static const char text[] = "{\"free\":{\"a\":[1]},\"other\":[2,3],\"title\":\"one\"}";
    const size_t len = sizeof text - 1;
    const char *copy = uvrest_arena_copy(codec_arena, text, len);
    const void *value;
    const sample_all *all;
    (void)state;
    assert_non_null(copy);
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), copy, len, NULL, codec_arena, &value, NULL),
                  UVREST_OK);
    all = value;
    assert_ptr_equal(all->free.text, strstr(copy, "{\"a\""));
    assert_int_equal(all->free.len, 9);
    assert_ptr_equal(uvrest_extra_at(all->extra, 0).value.text, strstr(copy, "[2"));
    assert_string_equal(all->title, "one");
    assert_string_equal(copy, text);
    /* One that stands elsewhere is copied. */
    assert_status(uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), text, len, NULL, codec_arena, &value, NULL),
                  UVREST_OK);
    all = value;
    assert_true(all->free.text < text || all->free.text >= text + len);
    assert_memory_equal(all->free.text, "{\"a\":[1]}", 9);
}

static void decoding_survives_each_failing_allocation(void **state)
{
    static char text[100000];
    size_t len;
    (void)state;
    support_fail_each(decode_everything, (void *)(uintptr_t)everything);
    len = (size_t)snprintf(text, sizeof text, "{\"table\":{\"a\":\"b\",\"a\":\"c\"},\"leaves\":[");
    for (int i = 0; i < 500; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "{\"size\":\"%d\",\"x%d\":[],\"token\":\"%040d\"},", i,
                                i, i);
    snprintf(text + len - 1, sizeof text - len, "],\"tags\":[1],\"secret\":\"%05000d\"}", 0);
    support_fail_each(decode_everything, text);
}

static void arguments_that_are_missing_are_refused(void **state)
{
    uvrest_model none = {NULL, 0};
    uvrest_decode_report report;
    const void *value = NULL;
    (void)state;
    assert_status(uvrest_json_decode(none, "{}", 2, NULL, codec_arena, &value, &report), UVREST_E_INVALID);
    assert_status(uvrest_json_decode(sample_model(SAMPLE_N_MODELS), "{}", 2, NULL, codec_arena, &value, &report),
                  UVREST_E_INVALID);
    assert_status(uvrest_json_decode(sample_model(0), "{}", 2, NULL, NULL, &value, NULL), UVREST_E_INVALID);
    assert_status(uvrest_json_decode(sample_model(0), "{}", 2, NULL, codec_arena, NULL, NULL), UVREST_E_INVALID);
    assert_status(uvrest_json_decode(sample_model(0), NULL, 0, NULL, codec_arena, &value, &report), UVREST_E_DECODE);
    assert_null(value);
}

static void root_arrays_and_texts_are_read(void **state)
{
    uvrest_model leaf = sample_model(SAMPLE_MODEL_LEAF);
    uvrest_decode_report report;
    const void *items = NULL;
    const char *text = NULL;
    size_t n = 7;
    (void)state;
    assert_status(uvrest__json_decode_array(leaf, " [{\"id\":\"a\"},{\"id\":\"b\"}] ", 25, NULL, codec_arena, &items,
                                            &n, &report),
                  UVREST_OK);
    assert_int_equal(n, 2);
    assert_string_equal(((const sample_leaf *)items)[1].id, "b");
    assert_status(uvrest__json_decode_array(leaf, "[]", 2, NULL, codec_arena, &items, &n, &report), UVREST_OK);
    assert_true(n == 0 && items != NULL);
    assert_status(uvrest__json_decode_array(leaf, "[{},1]", 6, NULL, codec_arena, &items, &n, &report),
                  UVREST_E_SCHEMA);
    assert_status(uvrest__json_decode_array(leaf, "[{}]]", 5, NULL, codec_arena, &items, &n, &report), UVREST_E_DECODE);
    assert_int_equal(report.failure.offset, 4);
    assert_status(uvrest__json_decode_array(leaf, "[{}", 3, NULL, codec_arena, &items, &n, &report), UVREST_E_DECODE);
    assert_status(uvrest__json_decode_array(leaf, "{}", 2, NULL, codec_arena, &items, &n, &report), UVREST_E_SCHEMA);
    assert_status(uvrest__json_decode_text(" \"a\\u00e9\xC3\xA9\" ", 13, codec_arena, &text, &report), UVREST_OK);
    assert_string_equal(text, "a\xC3\xA9\xC3\xA9");
    assert_status(uvrest__json_decode_text("\"\xC3\xA9\"", 4, codec_arena, &text, &report), UVREST_OK);
    assert_string_equal(text, "\xC3\xA9");
    assert_status(uvrest__json_decode_text("\"a", 2, codec_arena, &text, &report), UVREST_E_DECODE);
    assert_status(uvrest__json_decode_text("\"a\"b", 4, codec_arena, &text, &report), UVREST_E_DECODE);
    assert_status(uvrest__json_decode_text("\"\\u0000\"", 8, codec_arena, &text, &report), UVREST_E_SCHEMA);
    assert_status(uvrest__json_decode_text("7", 1, codec_arena, &text, &report), UVREST_E_SCHEMA);
}

/* Texts made for each model from random choices: read, written, the same; and again. */
static void made_texts_come_back_the_same(void **state)
{
    static char text[1 << 18];
    uint8_t bytes[300];
    uint32_t random = 12345;
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        uint16_t model = (uint16_t)(round % SAMPLE_N_MODELS);
        size_t len;
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(random >> 24);
        }
        len = json_make(&sample_schema, model, bytes, 20 + random % 280, text, sizeof text - 1);
        if (len == 0)
            continue;
        text[len] = '\0';
        uvrest_arena_reset(codec_arena);
        codec_assert_lossless(model, text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, codec_setup, codec_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_and_shape_is_read),
        TEST(absent_null_and_empty_are_three_things),
        TEST(what_a_member_cannot_hold_is_kept),
        TEST(what_does_not_fit_leaves_the_member_unset),
        TEST(numbers_that_fit_by_value_are_taken),
        TEST(unknown_enum_values_in_arrays_keep_the_known_ones),
        TEST(unions_are_decided_by_their_tag_wherever_it_stands),
        TEST(of_duplicate_members_the_last_wins),
        TEST(many_duplicates_of_unknown_members_leave_the_last),
        TEST(members_that_come_again_leave_what_came_last),
        TEST(names_are_matched_decoded_and_whole),
        TEST(members_come_in_any_order),
        TEST(required_members_are_missed),
        TEST(notes_have_paths_through_all_shapes),
        TEST(notes_are_limited_and_excerpts_short),
        TEST(roots_of_another_kind_are_refused),
        TEST(byte_order_mark_and_space_are_skipped),
        TEST(each_cut_is_refused_with_its_offset),
        TEST(nothing_is_read_beyond_the_end),
        TEST(each_changed_byte_is_judged_as_a_plain_reader_does),
        TEST(nesting_is_limited_over_all_kinds),
        TEST(growth_is_limited),
        TEST(a_reused_arena_takes_no_memory),
        TEST(a_text_of_the_arena_is_pointed_into),
        TEST(decoding_survives_each_failing_allocation),
        TEST(arguments_that_are_missing_are_refused),
        TEST(root_arrays_and_texts_are_read),
        TEST(made_texts_come_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
