/* SPDX-License-Identifier: MIT */
#include "request.h"
#include "support.h"
#include <stddef.h>

typedef struct arguments {
    const char *const *texts;
    size_t n_texts;
    const uvrest_opt_bool *flags;
    size_t n_flags;
    const uvrest_opt_i64 *numbers;
    size_t n_numbers;
    const uvrest_opt_f64 *ratios;
    size_t n_ratios;
    uvrest_text_map where;
    uvrest_text_map free;
    const char *name;
    const uvrest_call_options *call;
} arguments;

#define ROWS(place)                                                                                                    \
    {"texts", offsetof(arguments, texts), 0, place, UVREST_ROW_STR_ARRAY, 0},                                          \
        {"flags", offsetof(arguments, flags), 0, place, UVREST_ROW_BOOL_ARRAY, 0},                                     \
        {"numbers", offsetof(arguments, numbers), 0, place, UVREST_ROW_I64_ARRAY, 0},                                  \
        {"ratios", offsetof(arguments, ratios), 0, place, UVREST_ROW_F64_ARRAY, 0},                                    \
        {"where", offsetof(arguments, where), 0, place, UVREST_ROW_STR_MAP, UVREST_REQUIRED},                          \
        {"free", offsetof(arguments, free), 0, place, UVREST_ROW_STR_MAP, UVREST_SPREAD},                              \
        {"name", offsetof(arguments, name), 0, place, UVREST_KIND_STR, 0},                                             \
        {NULL, offsetof(arguments, call), 0, UVREST_IN_CALL, 0, 0},                                                    \
    {                                                                                                                  \
        "application/hal+json", 0, 0, UVREST_IN_ACCEPT, 0, 0                                                           \
    }

static const uvrest_param query_rows[] = {ROWS(UVREST_IN_QUERY)};
static const uvrest_param form_rows[] = {ROWS(UVREST_IN_FIELD)};
static const uvrest_op query_op = {
    .path = "/a", .method = UVREST_GET, .params = query_rows, .n_params = UVREST_COUNT(query_rows)};
static const uvrest_op form_op = {
    .path = "/a", .method = UVREST_POST, .params = form_rows, .n_params = UVREST_COUNT(form_rows)};

static const char *const texts[] = {"a b", "c"};
static const uvrest_opt_bool flags[] = {{true, UVREST_IS_SET}, {false, UVREST_IS_SET}};
static const uvrest_opt_i64 numbers[] = {{-7, UVREST_IS_SET}};
static const uvrest_opt_f64 ratios[] = {{0.5, UVREST_IS_SET}};
static const uvrest_text_entry where[] = {{"x", "1"}, {"y][z", "2"}};
static const uvrest_text_entry spread[] = {{"own", "&"}};
static const arguments full = {texts, 2, flags, 2, numbers, 1, ratios, 1, {where, 2}, {spread, 1}, "n\r\n", NULL};

/* Drafts a request, and checks its target and body where they are given. */
static uvrest_status draft(const uvrest_alloc *alloc, const uvrest_op *op, const arguments *args, const char *target,
                           const char *body, uvrest_reason *reason)
{
    uvrest__url_base base;
    uvrest__draft made;
    uvrest_status st = uvrest__url_base_init(&base, alloc, "https://demo.example", false, reason);
    if (st != UVREST_OK)
        return st;
    st = uvrest__draft_init(&made, alloc, &base);
    if (st == UVREST_OK)
        st = uvrest__draft_operation(&made, op, args, NULL, NULL, reason);
    if (st == UVREST_OK && target != NULL) {
        assert_string_equal(uvrest__buf_text(&made.target), target);
        assert_non_null(strstr(made.lines.data, "Accept: application/hal+json"));
        assert_int_equal(made.body_len, strlen(body));
        assert_memory_equal(made.body_len == 0 ? "" : made.body, body, made.body_len);
    }
    uvrest__draft_fini(&made);
    uvrest__url_base_fini(&base, alloc);
    return st;
}

static void arrays_and_maps_are_pairs_of_a_query(void **state)
{
    (void)state;
    arguments args = full;
    args.name = NULL;
    assert_status(draft(NULL, &query_op, &args,
                        "/a?texts=a%20b&texts=c&flags=true&flags=false&numbers=-7&ratios=0.5&where%5Bx%5D=1"
                        "&where%5By%5D%5Bz%5D=2&own=%26",
                        "", NULL),
                  UVREST_OK);
}

static void arrays_and_maps_are_pairs_of_a_form(void **state)
{
    (void)state;
    assert_status(draft(NULL, &form_op, &full, "/a",
                        "texts=a+b&texts=c&flags=true&flags=false&numbers=-7&ratios=0.5&where%5Bx%5D=1"
                        "&where%5By%5D%5Bz%5D=2&own=%26&name=n%0D%0A",
                        NULL),
                  UVREST_OK);
}

static void empty_is_nothing_and_what_is_missing_is_named(void **state)
{
    static const uvrest_opt_i64 hole[] = {{1, UVREST_IS_SET}, {0, UVREST_UNSET}};
    static const uvrest_text_entry half[] = {{"x", NULL}};
    (void)state;
    arguments empty = {.texts = texts, .where = {where, 0}};
    assert_status(draft(NULL, &query_op, &empty, "/a", "", NULL), UVREST_OK);
    assert_status(draft(NULL, &form_op, &empty, "/a", "", NULL), UVREST_OK);
    const struct {
        arguments args;
        const char *reason;
    } refused[] = {
        {{.texts = texts}, "where: required"},
        {{.where = {where, 1}, .numbers = hole, .n_numbers = 2}, "numbers: required"},
        {{.where = {half, 1}}, "where: an entry without a key or a value"},
        {{.where = {where, 1}, .texts = UVREST_NULL, .n_texts = 1}, "texts: null cannot be sent here"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uvrest_reason reason = {""};
        assert_status(draft(NULL, &query_op, &refused[i].args, NULL, NULL, &reason), UVREST_E_INVALID);
        assert_string_equal(reason.text, refused[i].reason);
        assert_status(draft(NULL, &form_op, &refused[i].args, NULL, NULL, &reason), UVREST_E_INVALID);
        assert_string_equal(reason.text, refused[i].reason);
    }
}

typedef struct upload {
    const uvrest_bytes *files;
    size_t n_files;
    const char *title;
} upload;

static const uvrest_param upload_rows[] = {
    {"files", offsetof(upload, files), 0, UVREST_IN_PART, UVREST_PAYLOAD_FILES, UVREST_REQUIRED},
    {"title", offsetof(upload, title), 0, UVREST_IN_PART, UVREST_KIND_STR, 0},
};
static const uvrest_op upload_op = {
    .path = "/a", .method = UVREST_POST, .params = upload_rows, .n_params = UVREST_COUNT(upload_rows)};

/* How often a text stands in the body of an upload; -1 if the upload is refused, and as what. */
static int parts_of(const upload *args, const char *text, uvrest_status *out)
{
    uvrest__url_base base;
    uvrest__draft made;
    int n = -1;
    assert_status(uvrest__url_base_init(&base, NULL, "https://demo.example", false, NULL), UVREST_OK);
    assert_status(uvrest__draft_init(&made, NULL, &base), UVREST_OK);
    *out = uvrest__draft_operation(&made, &upload_op, args, NULL, NULL, NULL);
    if (*out == UVREST_OK) {
        const char *at = made.body;
        const char *end = at + made.body_len;
        for (n = 0; (at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL; at++)
            n++;
    }
    uvrest__draft_fini(&made);
    uvrest__url_base_fini(&base, NULL);
    return n;
}

static void each_file_of_an_array_is_a_part(void **state)
{
    static const uvrest_bytes files[64] = {{.data = "one", .len = 3}, {.data = "two", .len = 3, .content_type = "a/b"}};
    uvrest_status st;
    (void)state;
    assert_int_equal(parts_of(&(upload){files, 2, "t"}, "name=\"files\"; filename=\"files\"", &st), 2);
    assert_int_equal(parts_of(&(upload){files, 2, NULL}, "Content-Type: a/b\r\n\r\ntwo", &st), 1);
    assert_int_equal(parts_of(&(upload){files, 64, NULL}, "; name=\"files\"", &st), 64);
    assert_int_equal(parts_of(&(upload){files, 64, "t"}, "", &st), -1);
    assert_status(st, UVREST_E_LIMIT);
    assert_int_equal(parts_of(&(upload){files, 65, NULL}, "", &st), -1);
    assert_status(st, UVREST_E_LIMIT);
    assert_int_equal(parts_of(&(upload){NULL, 0, "t"}, "", &st), -1);
    assert_status(st, UVREST_E_INVALID);
    assert_int_equal(parts_of(&(upload){UVREST_NULL, 1, "t"}, "", &st), -1);
    assert_status(st, UVREST_E_INVALID);
}

static uvrest_status draft_once(const uvrest_alloc *alloc, void *user)
{
    return draft(alloc, user, &full, NULL, NULL, NULL);
}

static void row_110_drafts_survive_each_failed_allocation(void **state)
{
    (void)state;
    support_fail_each(draft_once, (void *)(uintptr_t)&form_op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_and_maps_are_pairs_of_a_query),
        cmocka_unit_test(arrays_and_maps_are_pairs_of_a_form),
        cmocka_unit_test(each_file_of_an_array_is_a_part),
        cmocka_unit_test(empty_is_nothing_and_what_is_missing_is_named),
        cmocka_unit_test(row_110_drafts_survive_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
