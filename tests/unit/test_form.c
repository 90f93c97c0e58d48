/* SPDX-License-Identifier: MIT */
#include "form.h"
#include "support.h"

static uvrest_arena *new_arena(const uvrest_alloc *alloc)
{
    uvrest_arena *arena;
    assert_status(uvrest_arena_new(alloc, 0, &arena), UVREST_OK);
    return arena;
}

static void form_writes_named_parts_between_boundaries(void **state)
{
    (void)state;
    const uvrest__form_part parts[] = {
        {.name = "title", .data = "A \"b\"\r\n", .len = 7},
        {.name = "file", .data = "\0\1", .len = 2, .content_type = "image/png", .is_file = true},
        {.name = "empty", .data = "", .len = 0},
    };
    static const char expected[] = "--uvrest-form-00000000\r\n"
                                   "Content-Disposition: form-data; name=\"title\"\r\n\r\n"
                                   "A \"b\"\r\n\r\n"
                                   "--uvrest-form-00000000\r\n"
                                   "Content-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n"
                                   "Content-Type: image/png\r\n\r\n"
                                   "\0\1\r\n"
                                   "--uvrest-form-00000000\r\n"
                                   "Content-Disposition: form-data; name=\"empty\"\r\n\r\n"
                                   "\r\n"
                                   "--uvrest-form-00000000--\r\n";
    uvrest_arena *arena = new_arena(NULL);
    uvrest_raw body;
    const char *type;
    assert_status(uvrest__form_encode(parts, 3, arena, &body, &type, NULL), UVREST_OK);
    assert_string_equal(type, "multipart/form-data; boundary=uvrest-form-00000000");
    assert_int_equal(body.len, sizeof expected - 1);
    assert_memory_equal(body.text, expected, body.len);
    uvrest_arena_free(arena);
}

static void form_takes_a_boundary_that_is_in_no_part(void **state)
{
    (void)state;
    static const char sly[] = "uvrest-form-00000000 and uvrest-form-00000001";
    const uvrest__form_part part = {.name = "text", .data = sly, .len = sizeof sly - 1};
    uvrest_arena *arena = new_arena(NULL);
    uvrest_raw body;
    const char *type;
    assert_status(uvrest__form_encode(&part, 1, arena, &body, &type, NULL), UVREST_OK);
    assert_string_equal(type, "multipart/form-data; boundary=uvrest-form-00000002");
    uvrest_arena_free(arena);
}

static void row_93_form_refuses_what_would_break_out_of_a_header(void **state)
{
    (void)state;
    const uvrest__form_part hostile[] = {
        {.name = "a\r\nX: y", .data = "", .len = 0},
        {.name = "a\"; filename=\"b", .data = "", .len = 0},
        {.name = "a", .data = "", .len = 0, .content_type = "text/plain\r\nX: y"},
    };
    for (size_t i = 0; i < 3; i++) {
        uvrest_arena *arena = new_arena(NULL);
        uvrest_reason reason = {""};
        uvrest_raw body = uvrest_raw_of("untouched", 9);
        const char *type;
        assert_status(uvrest__form_encode(&hostile[i], 1, arena, &body, &type, &reason), UVREST_E_INVALID);
        assert_string_equal(body.text, "untouched");
        assert_non_null(strstr(reason.text, "form"));
        uvrest_arena_free(arena);
    }
}

static uvrest_status encode_once(const uvrest_alloc *alloc, void *user)
{
    (void)user;
    const uvrest__form_part part = {.name = "text", .data = "x", .len = 1};
    uvrest_arena *arena;
    uvrest_raw body;
    const char *type;
    uvrest_status st = uvrest_arena_new(alloc, 0, &arena);
    if (st != UVREST_OK)
        return st;
    st = uvrest__form_encode(&part, 1, arena, &body, &type, NULL);
    uvrest_arena_free(arena);
    return st;
}

static void row_110_form_survives_each_failed_allocation(void **state)
{
    (void)state;
    support_fail_each(encode_once, NULL);
}

static void form_encodes_fields_as_a_browser_does(void **state)
{
    (void)state;
    uvrest__buf body;
    uvrest__buf_init(&body, NULL, 0);
    uvrest__form_add_field(&body, "a b", "1+1=2 & more\r\n");
    uvrest__form_add_field(&body, "tags[]", "x-y_z.*~");
    uvrest__form_add_field(&body, "\xc3\xa4", "");
    assert_string_equal(uvrest__buf_text(&body), "a+b=1%2B1%3D2+%26+more%0D%0A&tags%5B%5D=x-y_z.*%7E&%C3%A4=");
    uvrest__buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_writes_named_parts_between_boundaries),
        cmocka_unit_test(form_encodes_fields_as_a_browser_does),
        cmocka_unit_test(form_takes_a_boundary_that_is_in_no_part),
        cmocka_unit_test(row_93_form_refuses_what_would_break_out_of_a_header),
        cmocka_unit_test(row_110_form_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
