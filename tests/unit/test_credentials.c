/* SPDX-License-Identifier: MIT */
#include "credentials.h"
#include "support.h"
#include <stdlib.h>

static uvrest__credentials two(const uvrest_alloc *alloc)
{
    uvrest__credentials set;
    uvrest__credentials_init(&set, alloc);
    assert_int_equal(uvrest__credentials_add(&set, "app_id", "App-ID", "0d1c0ffe", NULL), UVREST_OK);
    assert_int_equal(uvrest__credentials_add(&set, "auth_token", "Authorization: Bearer ", "sesame-open", NULL),
                     UVREST_OK);
    return set;
}

static void lines_are_made_and_chosen_by_mask(void **state)
{
    uvrest__credentials set = two(NULL);
    const char *list[UVREST__CREDENTIALS_MAX + 1];
    char names[64];
    (void)state;
    assert_int_equal(uvrest__credentials_list(&set, UINT32_MAX, list), 2);
    assert_string_equal(list[0], "App-ID: 0d1c0ffe");
    assert_string_equal(list[1], "Authorization: Bearer sesame-open");
    assert_null(list[2]);
    assert_true(uvrest__credentials_are(&set, list));
    assert_int_equal(uvrest__credentials_list(&set, 2, list), 1);
    assert_string_equal(list[0], "Authorization: Bearer sesame-open");
    assert_false(uvrest__credentials_are(&set, list));
    assert_int_equal(uvrest__credentials_list(&set, 0, list), 0);
    uvrest__credentials_names(&set, 3, names, sizeof names);
    assert_string_equal(names, "App-ID, Authorization");
    uvrest__credentials_fini(&set);
}

static void user_and_password_go_in_base64(void **state)
{
    static const char *const pairs[][2] = {
        {"Aladdin:open sesame", "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"u:", "Authorization: Basic dTo="},
        {"me:\xc3\xa4~\x7e", "Authorization: Basic bWU6w6R+fg=="},
        {"a:b", "Authorization: Basic YTpi"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uvrest__credentials set;
        uvrest__credentials_init(&set, NULL);
        assert_int_equal(uvrest__credentials_add(&set, "login", "Authorization: Basic ", pairs[i][0], NULL), UVREST_OK);
        assert_string_equal(set.lines[0], pairs[i][1]);
        uvrest__credentials_fini(&set);
    }
}

static void values_are_struck_out_of_messages(void **state)
{
    uvrest__credentials set = two(NULL);
    char text[] = "token sesame-open is not sesame-opened; id 0d1c0ffe";
    (void)state;
    uvrest__credentials_redact(&set, text);
    assert_string_equal(text, "token *********** is not ***********ed; id ********");
    uvrest__credentials_fini(&set);
}

static void check_struck_out(const char *line, const char *text, const char *expected)
{
    const char *const lines[] = {line, NULL};
    uvrest__credentials set;
    char copy[128];
    uvrest__credentials_init(&set, NULL);
    assert_int_equal(uvrest__credentials_add_lines(&set, lines, NULL), UVREST_OK);
    strcpy(copy, text);
    uvrest__credentials_redact(&set, copy);
    assert_string_equal(copy, expected);
    uvrest__credentials_fini(&set);
}

static void values_are_struck_out_wherever_and_however_they_stand(void **state)
{
    static const char *const token = "Authorization: Bearer head9876.body5432.sign10+/";
    (void)state;
    /* cut off, with room for more or without */
    check_struck_out(token, "bad token head9876.bo...", "bad token ***********...");
    check_struck_out(token, "bad token head9876... (sent with Authorization)",
                     "bad token ********... (sent with Authorization)");
    check_struck_out(token, "bad token head9876.body5432", "bad token *****************");
    check_struck_out(token, "bad token head987...", "bad token head987...");
    check_struck_out(token, "a head9876 of no account", "a head9876 of no account");
    /* as a path has it */
    check_struck_out(token, "/v1/head9876.body5432.sign10%2b%2F/", "/v1/******************************/");
    check_struck_out(token, "100%, 50%2", "100%, 50%2");
    /* several words, blanks around them */
    check_struck_out("Auth-Token:  sesame-open ", "sesame-open", "***********");
    check_struck_out("Pass: correcthorse battery staple-of-mine", "correcthorse battery staple-of-mine",
                     "************ battery **************");
}

static void reasons_name_the_option_and_never_the_value(void **state)
{
    static const char *const values[] = {"", "hush\r", "hush\n", "hu\x01sh"};
    uvrest__credentials set;
    (void)state;
    uvrest__credentials_init(&set, NULL);
    for (size_t i = 0; i < 4; i++) {
        uvrest_reason reason = {""};
        assert_int_equal(uvrest__credentials_add(&set, "auth_token", "Auth-Token", values[i], &reason),
                         UVREST_E_INVALID);
        assert_memory_equal(reason.text, "auth_token: ", 12);
        assert_null(strstr(reason.text, "hu"));
    }
    assert_int_equal(set.n, 0);
    uvrest__credentials_fini(&set);
}

static void there_is_room_for_one_a_bit(void **state)
{
    uvrest__credentials set;
    uvrest_reason reason = {""};
    (void)state;
    uvrest__credentials_init(&set, NULL);
    for (size_t i = 0; i < UVREST__CREDENTIALS_MAX; i++)
        assert_int_equal(uvrest__credentials_add(&set, "x", "X", i % 2 ? "value" : NULL, NULL), UVREST_OK);
    assert_int_equal(uvrest__credentials_add(&set, "x", "X", "value", &reason), UVREST_E_LIMIT);
    assert_string_equal(reason.text, "credentials: too many");
    uvrest__credentials_fini(&set);
}

/* An allocator that looks into what is given back. */
static bool saw_secret;

static void *allocate(size_t size, void *user)
{
    (void)user;
    return calloc(1, size);
}

static void *resize(void *memory, size_t size, void *user)
{
    (void)user;
    return realloc(memory, size);
}

static void release(void *memory, void *user)
{
    (void)user;
    if (memory != NULL && strstr(memory, "sesame") != NULL)
        saw_secret = true;
    free(memory);
}

static void row_123_memory_is_wiped_before_it_goes(void **state)
{
    uvrest_alloc alloc = {allocate, resize, release, NULL};
    uvrest__credentials set = two(&alloc);
    (void)state;
    saw_secret = false;
    uvrest__credentials_fini(&set);
    assert_false(saw_secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_made_and_chosen_by_mask),
        cmocka_unit_test(user_and_password_go_in_base64),
        cmocka_unit_test(values_are_struck_out_of_messages),
        cmocka_unit_test(values_are_struck_out_wherever_and_however_they_stand),
        cmocka_unit_test(reasons_name_the_option_and_never_the_value),
        cmocka_unit_test(there_is_room_for_one_a_bit),
        cmocka_unit_test(row_123_memory_is_wiped_before_it_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
