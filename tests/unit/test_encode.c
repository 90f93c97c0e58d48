/* SPDX-License-Identifier: MIT */
#include "checked.h"
#include "codec.h"
#include "encode.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

static void nothing_set_sends_nothing(void **state)
{
    const sample_all all = {0};
    const sample_empty empty = {0};
    (void)state;
    assert_string_equal(codec_encode(SAMPLE_MODEL_ALL, &all, UVREST_ENCODE_PARTIAL), "{}");
    assert_string_equal(codec_encode(SAMPLE_MODEL_EMPTY, &empty, 0), "{}");
}

static void every_kind_and_shape_is_written(void **state)
{
    const uvrest_opt_bool bools[] = {uvrest_bool(true), {false, UVREST_IS_NULL}, uvrest_bool(false)};
    const sample_color colors[] = {SAMPLE_COLOR_GREEN, SAMPLE_COLOR_NULL, SAMPLE_COLOR_DEEP_RED};
    const uvrest_opt_i32 counts[] = {uvrest_i32(INT32_MIN), {0, UVREST_IS_NULL}};
    const uvrest_raw frees[] = {codec_raw("[1, 2]"), codec_raw("null")};
    const sample_raw_entry free_map[] = {{"k\"", codec_raw("{}")}};
    const sample_leaf leaf = {.id = "l", .token = "read-only", .color = SAMPLE_COLOR_BLUE};
    const sample_leaf leaves[] = {{.id = "1"}, {.id = "2", .size = uvrest_i32(0)}};
    const sample_leaf_entry leaf_map[] = {{"a", &leaf}, {"b", NULL}, {"c", UVREST_NULL}};
    const uvrest_opt_i64 numbers[] = {uvrest_i64(INT64_MIN), uvrest_i64(INT64_MAX)};
    const uvrest_opt_f64 ratios[] = {uvrest_f64(0.1), uvrest_f64(-1e300)};
    const sample_circle circle = {.radius = uvrest_f64(1), .type = "circle"};
    const sample_square square = {.side = uvrest_f64(2)};
    const sample_shape shapes[] = {{.kind = SAMPLE_SHAPE_SQUARE, .value.square = &square},
                                   {.kind = SAMPLE_SHAPE_NULL},
                                   {.kind = SAMPLE_SHAPE_UNKNOWN, .raw = codec_raw("{\"type\":\"hexagon\"}")},
                                   {.kind = SAMPLE_SHAPE_CIRCLE, .value.circle = &circle}};
    const uvrest_text_entry entries[] = {{"x", "y"}, {"z", NULL}};
    const uvrest_text_map tables[] = {{entries, 2}, {UVREST_EMPTY, 0}, {NULL, 0}, {UVREST_NULL, 0}};
    const char *const tags[] = {"a", NULL, UVREST_NULL, ""};
    const sample_all parent = {.title = "p"};
    const sample_all all = {.active = uvrest_bool(false),
                            .bools = bools,
                            .n_bools = 3,
                            .color = SAMPLE_COLOR_DEEP_RED,
                            .colors = colors,
                            .n_colors = 3,
                            .count = uvrest_i32(0),
                            .counts = counts,
                            .n_counts = 2,
                            .created = "now",
                            .free = codec_raw(" {\"a\" : 1e400} "),
                            .frees = frees,
                            .n_frees = 2,
                            .free_map = {free_map, 1},
                            .leaf = &leaf,
                            .leaf_map = {leaf_map, 3},
                            .leaves = leaves,
                            .n_leaves = 2,
                            .number = uvrest_i64(INT64_C(9007199254740993)),
                            .numbers = numbers,
                            .n_numbers = 2,
                            .parent = &parent,
                            .ratio = uvrest_f64(1.0 / 3),
                            .ratios = ratios,
                            .n_ratios = 2,
                            .secret = "\"\\/\b\f\n\r\t\x01\x1F\x7F \xC3\xA9\xF0\x9F\x98\x80",
                            .shape = &shapes[3],
                            .shapes = shapes,
                            .n_shapes = 4,
                            .table = {entries, 2},
                            .tables = tables,
                            .n_tables = 4,
                            .tags = tags,
                            .n_tags = 4,
                            .title = ""};
    (void)state;
    assert_string_equal(
        codec_encode(SAMPLE_MODEL_ALL, &all, 0),
        "{\"active\":false,\"bools\":[true,null,false],\"color\":\"deep \\\"red\\\"\",\"colors\":[\"green\",null,"
        "\"deep \\\"red\\\"\"],\"count\":0,\"counts\":[-2147483648,null],\"free\": {\"a\" : 1e400} ,\"frees\":[[1, "
        "2],null],"
        "\"free_map\":{\"k\\\"\":{}},\"leaf\":{\"color\":\"BLUE\",\"id\":\"l\"},\"leaf_map\":{\"a\":{\"color\":"
        "\"BLUE\",\"id\":\"l\"},"
        "\"b\":null,\"c\":null},\"leaves\":[{\"id\":\"1\"},{\"id\":\"2\",\"size\":0}],\"number\":9007199254740993,"
        "\"numbers\":[-9223372036854775808,9223372036854775807],\"parent\":{\"title\":\"p\"},\"ratio\":0."
        "3333333333333333,"
        "\"ratios\":[0.1,-1e300],\"secret\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F \xC3\xA9\xF0\x9F\x98\x80\","
        "\"shape\":{\"radius\":1,\"type\":\"circle\"},\"shapes\":[{\"type\":\"sq\",\"side\":2},null,{\"type\":"
        "\"hexagon\"},"
        "{\"radius\":1,\"type\":\"circle\"}],\"table\":{\"x\":\"y\",\"z\":null},\"tables\":[{\"x\":\"y\",\"z\":null},{}"
        ",{},null],"
        "\"tags\":[\"a\",null,null,\"\"],\"title\":\"\"}");
    assert_non_null(strstr(codec_encode(SAMPLE_MODEL_ALL, &all, UVREST_ENCODE_READ_ONLY), "\"created\":\"now\""));
    assert_non_null(strstr(codec_encode(SAMPLE_MODEL_ALL, &all, UVREST_ENCODE_READ_ONLY), "\"token\":\"read-only\""));
}

static void null_is_written_for_every_kind(void **state)
{
    const sample_all all = {.active = {false, UVREST_IS_NULL},
                            .bools = UVREST_NULL,
                            .color = SAMPLE_COLOR_NULL,
                            .count = {0, UVREST_IS_NULL},
                            .free = codec_raw("null"),
                            .free_map = {UVREST_NULL, 0},
                            .leaf = UVREST_NULL,
                            .number = {0, UVREST_IS_NULL},
                            .ratio = {0, UVREST_IS_NULL},
                            .shape = UVREST_NULL,
                            .table = {UVREST_NULL, 0},
                            .title = UVREST_NULL};
    const sample_shape null_shape = {.kind = SAMPLE_SHAPE_NULL};
    const sample_all other = {
        .shape = &null_shape, .tags = UVREST_EMPTY, .leaves = UVREST_EMPTY, .table = {UVREST_EMPTY, 0}};
    (void)state;
    assert_string_equal(codec_encode(SAMPLE_MODEL_ALL, &all, 0),
                        "{\"active\":null,\"bools\":null,\"color\":null,\"count\":null,\"free\":null,\"free_map\":null,"
                        "\"leaf\":null,\"number\":null,\"ratio\":null,\"shape\":null,\"table\":null,\"title\":null}");
    assert_string_equal(codec_encode(SAMPLE_MODEL_ALL, &other, UVREST_ENCODE_PARTIAL),
                        "{\"leaves\":[],\"shape\":null,\"table\":{},\"tags\":[]}");
}

static void what_cannot_be_sent_is_named(void **state)
{
    static const int wild_color[] = {SAMPLE_COLOR_GREEN, 77};
    const sample_leaf nameless[] = {{.id = "x"}, {.size = uvrest_i32(1)}};
    const sample_leaf unknown = {.id = "x", .color = SAMPLE_COLOR_UNKNOWN};
    const sample_color colors[] = {SAMPLE_COLOR_UNKNOWN};
    const uvrest_opt_f64 ratios[] = {uvrest_f64(0), uvrest_f64((double)INFINITY)};
    const char *const tags[] = {"a", "\xC3"};
    const uvrest_text_entry no_key[] = {{NULL, "x"}}, bad_value[] = {{"k", "\x80"}}, bad_key[] = {{"\xFF", ""}};
    const sample_leaf_entry entries[] = {{"k", &nameless[1]}};
    const sample_shape no_case = {.kind = SAMPLE_SHAPE_UNSET}, no_value = {.kind = SAMPLE_SHAPE_CIRCLE};
    const sample_shape wild_case = {.kind = (sample_shape_kind)9};
    const uvrest_raw raws[] = {uvrest_raw_of("1", 1), uvrest_raw_of(NULL, 0)};
    const struct {
        sample_all all;
        const char *reason;
    } cases[] = {
        {{.number = uvrest_i64(1)}, "title: a required member is absent"},
        {{.title = "\xFF"}, "title: not UTF-8"},
        {{.title = "0123456789abcdef0123456789abcdef\xED\xA0\x80"}, "title: not UTF-8"},
        {{.title = "", .leaves = nameless, .n_leaves = 2}, "leaves[1].id: a required member is absent"},
        {{.title = "", .leaf_map = {entries, 1}}, "leaf_map.k.id: a required member is absent"},
        {{.title = "", .leaf = &unknown}, "leaf.color: an unknown enum value without its text"},
        {{.title = "", .colors = colors, .n_colors = 1}, "colors: an unknown enum value without its text"},
        {{.title = "", .colors = (const sample_color *)wild_color, .n_colors = 2},
         "colors[1]: not a value of its enum"},
        {{.title = "", .color = (sample_color)-5}, "color: not a value of its enum"},
        {{.title = "", .ratio = uvrest_f64((double)NAN)}, "ratio: NaN and infinity have no JSON"},
        {{.title = "", .ratios = ratios, .n_ratios = 2}, "ratios[1]: NaN and infinity have no JSON"},
        {{.title = "", .free = {"{", 1}}, "free: a raw value that is not JSON"},
        {{.title = "", .free = {"1 2", 3}}, "free: a raw value that is not JSON"},
        {{.title = "",
          .free = {"\xEF\xBB\xBF"
                   "1",
                   4}},
         "free: a raw value that is not JSON"},
        {{.title = "", .frees = raws, .n_frees = 2}, "frees[1]: a raw value without text"},
        {{.title = "", .tags = tags, .n_tags = 2}, "tags[1]: not UTF-8"},
        {{.title = "", .tags = UVREST_EMPTY, .n_tags = 2}, "tags: a count without elements"},
        {{.title = "", .table = {no_key, 1}}, "table: an entry without a key"},
        {{.title = "", .table = {bad_value, 1}}, "table.k: not UTF-8"},
        {{.title = "", .table = {bad_key, 1}}, "table.\xFF: not UTF-8"},
        {{.title = "", .shapes = &no_case, .n_shapes = 1}, "shapes[0]: a union without a case"},
        {{.title = "", .shape = &no_value}, "shape: a union without a value"},
        {{.title = "", .shape = &wild_case}, "shape: a union without a case"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uvrest_reason reason = {"unset"};
        uvrest_raw text = uvrest_raw_of(NULL, 7);
        assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &cases[i].all, 0, codec_arena, &text, &reason),
                      UVREST_E_INVALID);
        assert_string_equal(reason.text, cases[i].reason);
        assert_true(text.text == NULL && text.len == 7);
        assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &cases[i].all, 0, codec_arena, &text, NULL),
                      UVREST_E_INVALID);
    }
}

static void arguments_that_are_missing_are_refused(void **state)
{
    const sample_all all = {.title = ""};
    uvrest_model none = {NULL, 0};
    uvrest_reason reason;
    uvrest_raw text;
    (void)state;
    assert_status(uvrest_json_encode(none, &all, 0, codec_arena, &text, &reason), UVREST_E_INVALID);
    assert_status(uvrest_json_encode(sample_model(0), NULL, 0, codec_arena, &text, &reason), UVREST_E_INVALID);
    assert_status(uvrest_json_encode(sample_model(0), &all, 4, codec_arena, &text, &reason), UVREST_E_INVALID);
    assert_status(uvrest_json_encode(sample_model(0), &all, 0, NULL, &text, &reason), UVREST_E_INVALID);
    assert_status(uvrest_json_encode(sample_model(0), &all, 0, codec_arena, NULL, &reason), UVREST_E_INVALID);
    assert_true(strlen(reason.text) > 5);
}

static void partial_bodies_may_lack_required_members(void **state)
{
    const sample_leaf leaf = {.size = uvrest_i32(1)};
    const sample_all all = {.leaf = &leaf};
    (void)state;
    assert_string_equal(codec_encode(SAMPLE_MODEL_ALL, &all, UVREST_ENCODE_PARTIAL), "{\"leaf\":{\"size\":1}}");
}

static void read_and_changed_models_change_nothing_else(void **state)
{
    static const char text[] =
        "{\"title\":\"old\",\"count\":0,\"active\":false,\"secret\":null,\"number\":9007199254740993,\"color\":"
        "\"pink\",\"tags\":[],"
        "\"leaf\":{\"id\":\"\",\"unknown\":{\"a\":[1e400]},\"size\":\"big\",\"token\":\"t\"},\"created\":\"c\","
        "\"other\":0.10,"
        "\"leaves\":[{\"id\":\"\",\"color\":\"mauve\"}],\"table\":{\"k\":1},\"shape\":{\"type\":\"x\"}}";
    sample_all copy = *codec_all(text);
    (void)state;
    copy.title = "new";
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &copy, UVREST_ENCODE_READ_ONLY),
                      "{\"title\":\"new\",\"count\":0,\"active\":false,\"secret\":null,\"number\":9007199254740993,"
                      "\"color\":\"pink\",\"tags\":[],"
                      "\"leaf\":{\"id\":\"\",\"unknown\":{\"a\":[1e400]},\"size\":\"big\",\"token\":\"t\"},\"created\":"
                      "\"c\",\"other\":0.10,"
                      "\"leaves\":[{\"id\":\"\",\"color\":\"mauve\"}],\"table\":{\"k\":1},\"shape\":{\"type\":\"x\"}}");
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &copy, 0),
                      "{\"title\":\"new\",\"count\":0,\"active\":false,\"secret\":null,\"number\":9007199254740993,"
                      "\"color\":\"pink\",\"tags\":[],"
                      "\"leaf\":{\"id\":\"\",\"unknown\":{\"a\":[1e400]},\"size\":\"big\"},\"other\":0.10,"
                      "\"leaves\":[{\"id\":\"\",\"color\":\"mauve\"}],\"table\":{\"k\":1},\"shape\":{\"type\":\"x\"}}");
}

static void set_members_win_over_extra(void **state)
{
    sample_all copy =
        *codec_all("{\"title\":null,\"count\":\"x\",\"color\":\"pink\",\"table\":7,\"leaf\":null,\"created\":5}");
    const sample_leaf leaf = {.id = "l"};
    (void)state;
    copy.title = "t";
    copy.count = uvrest_i32(1);
    copy.color = SAMPLE_COLOR_GREEN;
    copy.table.entries = UVREST_EMPTY;
    copy.leaf = &leaf;
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &copy, 0),
                      "{\"title\":\"t\",\"count\":1,\"color\":\"green\",\"table\":{},\"leaf\":{\"id\":\"l\"}}");
    codec_assert_same(
        codec_encode(SAMPLE_MODEL_ALL, &copy, UVREST_ENCODE_READ_ONLY),
        "{\"title\":\"t\",\"count\":1,\"color\":\"green\",\"table\":{},\"leaf\":{\"id\":\"l\"},\"created\":5}");
}

static void arrays_of_unknown_enums_are_written_as_they_came_or_not_at_all(void **state)
{
    const sample_all *all = codec_all("{\"title\":\"\",\"colors\":[ \"BL\\u0055E\" , \"mauve\", null ]}");
    sample_color colors[] = {SAMPLE_COLOR_BLUE, SAMPLE_COLOR_UNKNOWN, SAMPLE_COLOR_NULL, SAMPLE_COLOR_GREEN};
    sample_all copy = *all;
    uvrest_reason reason;
    uvrest_raw text;
    (void)state;
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, all, 0), "{\"title\":\"\",\"colors\":[\"BLUE\",\"mauve\",null]}");
    copy.colors = colors;
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &copy, 0),
                      "{\"title\":\"\",\"colors\":[\"BLUE\",\"mauve\",null]}");
    copy.n_colors = 4;
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &copy, 0, codec_arena, &text, &reason),
                  UVREST_E_INVALID);
    assert_string_equal(reason.text, "colors: an unknown enum value without its text");
    copy.n_colors = 2;
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &copy, 0, codec_arena, &text, &reason),
                  UVREST_E_INVALID);
    copy.n_colors = 3;
    colors[0] = SAMPLE_COLOR_GREEN;
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &copy, 0, codec_arena, &text, &reason),
                  UVREST_E_INVALID);
    colors[1] = SAMPLE_COLOR_BLUE;
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &copy, 0),
                      "{\"title\":\"\",\"colors\":[\"green\",\"BLUE\",null]}");
}

static void an_extra_serves_another_model_by_name(void **state)
{
    const sample_all *all = codec_all("{\"title\":null,\"secret\":null,\"id\":7,\"size\":null,\"token\":\"\\ud800\"}");
    const sample_leaf leaf = {.extra = all->extra};
    (void)state;
    codec_assert_same(codec_encode(SAMPLE_MODEL_LEAF, &leaf, UVREST_ENCODE_READ_ONLY),
                      "{\"id\":7,\"size\":null,\"token\":\"\\ud800\"}");
}

static void members_added_to_an_extra_are_written(void **state)
{
    sample_all all = {.title = "t"};
    (void)state;
    assert_status(uvrest_extra_set(&all.extra, "n\xC3\xA9w", codec_raw("{\"a\":1}"), codec_arena), UVREST_OK);
    assert_status(uvrest_extra_set(&all.extra, "count", codec_raw("1e99"), codec_arena), UVREST_OK);
    assert_status(uvrest_extra_set(&all.extra, "created", codec_raw("1"), codec_arena), UVREST_OK);
    assert_status(uvrest_extra_set(&all.extra, "leaf", codec_raw("null"), codec_arena), UVREST_OK);
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &all, 0),
                      "{\"title\":\"t\",\"n\xC3\xA9w\":{\"a\":1},\"count\":1e99,\"leaf\":null}");
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &all, UVREST_ENCODE_READ_ONLY),
                      "{\"title\":\"t\",\"n\xC3\xA9w\":{\"a\":1},\"count\":1e99,\"leaf\":null,\"created\":1}");
}

static void cases_of_unions_say_which_they_are(void **state)
{
    const sample_circle silent = {.radius = uvrest_f64(1)}, wrong = {.radius = uvrest_f64(1), .type = "mine"};
    sample_shape shape = {.kind = SAMPLE_SHAPE_CIRCLE, .value.circle = &silent};
    const sample_all all = {.title = "", .shape = &shape};
    (void)state;
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &all, 0),
                      "{\"title\":\"\",\"shape\":{\"type\":\"circle\",\"radius\":1}}");
    shape.value.circle = &wrong;
    codec_assert_same(codec_encode(SAMPLE_MODEL_ALL, &all, 0),
                      "{\"title\":\"\",\"shape\":{\"type\":\"mine\",\"radius\":1}}");
}

static void nesting_is_limited(void **state)
{
    sample_all ring = {.title = ""}, deep[512];
    static char nested[1025];
    uvrest_reason reason;
    uvrest_raw text;
    (void)state;
    memset(deep, 0, sizeof deep);
    for (size_t i = 0; i < 512; i++) {
        deep[i].title = "";
        deep[i].parent = i == 0 ? NULL : &deep[i - 1];
    }
    assert_status(uvrest_json_encode(sample_model(0), &deep[511], 0, codec_arena, &text, &reason), UVREST_OK);
    ring.parent = &ring;
    assert_status(uvrest_json_encode(sample_model(0), &ring, 0, codec_arena, &text, &reason), UVREST_E_LIMIT);
    assert_non_null(strstr(reason.text, "parent.parent: nested too deep"));
    assert_memory_equal(reason.text, "...", 3); /* of a path too long the front is cut */
    memset(nested, '[', 512);
    memset(nested + 512, ']', 512);
    deep[0].free = codec_raw(nested);
    assert_status(uvrest_json_encode(sample_model(0), &deep[0], 0, codec_arena, &text, &reason), UVREST_E_LIMIT);
    deep[0].free.text++;
    deep[0].free.len -= 2;
    assert_status(uvrest_json_encode(sample_model(0), &deep[0], 0, codec_arena, &text, &reason), UVREST_OK);
}

static void text_of_every_length_is_written_whole(void **state)
{
    static const char filler[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (void)state;
    for (size_t len = 0; len < 60; len++) {
        for (size_t at = 0; at <= len; at++) {
            char text[64], expected[80];
            const sample_leaf leaf = {.id = text};
            memcpy(text, filler, len);
            text[len] = '\0';
            snprintf(expected, sizeof expected, "{\"id\":\"%.*s%s%s\"}", (int)at, text, at < len ? "\\n" : "",
                     at < len ? text + at + 1 : "");
            if (at < len)
                text[at] = '\n';
            assert_string_equal(codec_encode(SAMPLE_MODEL_LEAF, &leaf, 0), expected);
        }
    }
}

static void root_arrays_and_texts_are_written(void **state)
{
    const sample_leaf leaves[] = {{.id = "1"}, {.id = "2"}};
    uvrest_reason reason;
    uvrest_raw text;
    (void)state;
    assert_status(uvrest__json_encode_array(sample_model(SAMPLE_MODEL_LEAF), leaves, 2, 0, codec_arena, &text, &reason),
                  UVREST_OK);
    assert_string_equal(text.text, "[{\"id\":\"1\"},{\"id\":\"2\"}]");
    assert_status(uvrest__json_encode_array(sample_model(SAMPLE_MODEL_LEAF), leaves, 0, 0, codec_arena, &text, &reason),
                  UVREST_OK);
    assert_string_equal(text.text, "[]");
    assert_status(uvrest__json_encode_text("a\"b", codec_arena, &text, &reason), UVREST_OK);
    assert_string_equal(text.text, "\"a\\\"b\"");
    assert_status(uvrest__json_encode_text("\xFF", codec_arena, &text, &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "not UTF-8");
}

/* What is still to be written is guessed from what was: the first elements may be the only large ones. */
static void large_elements_in_front_ask_for_no_more_than_there_is(void **state)
{
    enum { N = 100000, LARGE = 5, SIZE = 1000000 };
    char *text = malloc(SIZE + 1);
    const char **tags = malloc(N * sizeof *tags);
    sample_all all = {.tags = tags, .n_tags = N};
    support_alloc counting;
    uvrest_arena *arena;
    uvrest_raw out;
    (void)state;
    assert_non_null(text);
    assert_non_null(tags);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    for (unsigned i = 0; i < N; i++)
        tags[i] = i < LARGE ? text : "y";
    support_alloc_init(&counting);
    assert_status(uvrest_arena_new(&counting.alloc, 0, &arena), UVREST_OK);
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &all, UVREST_ENCODE_PARTIAL, arena, &out, NULL),
                  UVREST_OK);
    assert_int_equal(out.len, strlen("{\"tags\":[]}") + LARGE * SIZE + (N - LARGE) + N * strlen("\"\",") - 1);
    assert_in_range(counting.max_bytes, out.len, 20 * out.len);
    uvrest_arena_free(arena);
    free(tags);
    free(text);
}

static uvrest_status encode_much(const uvrest_alloc *alloc, void *user)
{
    uvrest_raw text = uvrest_raw_of(NULL, 0);
    uvrest_arena *arena;
    uvrest_status st = uvrest_arena_new(alloc, 0, &arena);
    if (st != UVREST_OK)
        return st;
    st = uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), user, 0, arena, &text, NULL);
    assert_true((st == UVREST_OK) == (text.text != NULL));
    uvrest_arena_free(arena);
    return st;
}

/* Encodes a model with nothing but this free-form value. */
static uvrest_status encode_free(uvrest_raw raw)
{
    const sample_all all = {.free = raw};
    uvrest_raw text;
    return uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &all, UVREST_ENCODE_PARTIAL, codec_arena, &text, NULL);
}

static void raw_values_that_were_read_are_not_checked_again(void **state)
{
    const sample_all *all =
        codec_all("{\"free\":[1,2],\"frees\":[{}],\"free_map\":{\"a\":1},\"shape\":{\"type\":\"x\"},"
                  "\"count\":\"unfit\",\"unknown\":{}}");
    uvrest_raw held, raw = uvrest_raw_of("[1,", 3);
    (void)state;
    assert_true(uvrest__checked_within(&all->free, 1));
    assert_true(uvrest__checked_within(&all->frees[0], 2));
    assert_true(uvrest__checked_within(&all->free_map.entries[0].value, 2));
    assert_true(uvrest__checked_within(&all->shape->raw, 1));
    assert_true(uvrest_extra_get(all->extra, "count", &held) && uvrest__checked_within(&held, 1));
    assert_true(uvrest_extra_get(all->extra, "unknown", &held) && uvrest__checked_within(&held, 1));
    /* A text that no check would let pass shows that there is none. */
    assert_status(encode_free(raw), UVREST_E_INVALID);
    raw.checked = uvrest__checked_mark(raw.text, raw.len, 1);
    assert_status(encode_free(raw), UVREST_OK);
}

static void raw_values_given_another_text_or_length_are_checked(void **state)
{
    static const char broken[] = "1234567890123456789012345678901234567890,";
    const uvrest_raw read = codec_all("{\"free\":\"{1234567\\\\\"}")->free; /* "{1234567\\" */
    char *const moved = malloc(read.len + 1);
    (void)state;
    assert_status(encode_free(read), UVREST_OK);
    assert_non_null(moved);
    for (size_t len = 0; len <= read.len; len++) {
        for (size_t from = 0; from + len <= read.len; from++) { /* a part is judged like one that was never read */
            uvrest_raw part = read, fresh = uvrest_raw_of(read.text + from, len);
            part.text += from;
            part.len = len;
            assert_status(encode_free(part), encode_free(fresh));
        }
    }
    for (size_t at = 0; at < sizeof broken - 1; at++) { /* the same length elsewhere, and longer ones */
        uvrest_raw other = read;
        other.text = broken + at;
        other.len = sizeof broken - 1 - at;
        assert_status(encode_free(other), UVREST_E_INVALID);
    }
    memcpy(moved, read.text, read.len - 1);
    moved[read.len - 1] = '}';
    {
        uvrest_raw other = read;
        other.text = moved;
        assert_status(encode_free(other), UVREST_E_INVALID);
        other.text = NULL;
        assert_status(encode_free(other), UVREST_OK); /* absent */
    }
    free(moved);
}

static void raw_values_that_move_deeper_are_checked(void **state)
{
    enum { DEEP = 511 };
    char text[2 * DEEP + 16];
    const sample_all *all;
    sample_all inner = {.title = ""}, outer = {.title = "", .parent = &inner};
    uvrest_raw written;
    uvrest_reason reason;
    (void)state;
    memcpy(text, "{\"free\":", 8);
    memset(text + 8, '[', DEEP);
    memset(text + 8 + DEEP, ']', DEEP);
    memcpy(text + 8 + 2 * DEEP, "}", 2);
    all = codec_all(text);
    assert_status(encode_free(all->free), UVREST_OK);
    inner.free = all->free;
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &outer, 0, codec_arena, &written, &reason),
                  UVREST_E_LIMIT);
    assert_string_equal(reason.text, "parent.free: nested too deep");
    /* And so does what an extra holds. */
    inner.free.text = NULL;
    assert_status(uvrest_extra_set(&inner.extra, "x", all->free, codec_arena), UVREST_OK);
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &outer, 0, codec_arena, &written, &reason),
                  UVREST_E_LIMIT);
    assert_status(uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &inner, 0, codec_arena, &written, &reason),
                  UVREST_OK);
}

static void encoding_survives_each_failing_allocation(void **state)
{
    static char title[50000];
    static sample_leaf leaves[1000];
    sample_all all = {.title = title, .leaves = leaves, .n_leaves = 1000};
    (void)state;
    memset(title, '"', sizeof title - 1);
    for (size_t i = 0; i < 1000; i++)
        leaves[i].id = "0b25c6d2-4a3f-11ee-be56-0242ac120002";
    support_fail_each(encode_much, &all);
}

static void no_locale_changes_what_is_written(void **state)
{
    const sample_all all = {.title = "", .ratio = uvrest_f64(0.5)};
    (void)state;
    support_comma_locale();
    assert_string_equal(codec_encode(SAMPLE_MODEL_ALL, &all, 0), "{\"ratio\":0.5,\"title\":\"\"}");
    codec_assert_lossless(SAMPLE_MODEL_ALL, "{\"ratio\":0.25,\"ratios\":[1e-7,0.30000000000000004],\"free\":1.5}");
    setlocale(LC_ALL, "C");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, codec_setup, codec_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_set_sends_nothing),
        TEST(every_kind_and_shape_is_written),
        TEST(null_is_written_for_every_kind),
        TEST(what_cannot_be_sent_is_named),
        TEST(arguments_that_are_missing_are_refused),
        TEST(partial_bodies_may_lack_required_members),
        TEST(read_and_changed_models_change_nothing_else),
        TEST(set_members_win_over_extra),
        TEST(arrays_of_unknown_enums_are_written_as_they_came_or_not_at_all),
        TEST(an_extra_serves_another_model_by_name),
        TEST(members_added_to_an_extra_are_written),
        TEST(cases_of_unions_say_which_they_are),
        TEST(nesting_is_limited),
        TEST(text_of_every_length_is_written_whole),
        TEST(root_arrays_and_texts_are_written),
        TEST(large_elements_in_front_ask_for_no_more_than_there_is),
        TEST(raw_values_that_were_read_are_not_checked_again),
        TEST(raw_values_given_another_text_or_length_are_checked),
        TEST(raw_values_that_move_deeper_are_checked),
        TEST(encoding_survives_each_failing_allocation),
        TEST(no_locale_changes_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
