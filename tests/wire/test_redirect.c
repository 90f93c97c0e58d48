/* SPDX-License-Identifier: MIT */
/* Rows 46 to 48 of the fault catalogue: what is followed, and what never sees a credential. */
#include "wire.h"
#include <stdio.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static void row_46_get_is_followed_on_the_same_origin(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        char script[512];
        seen saw;
        snprintf(script, sizeof script,
                 "conn\nexpect GET /API/leaves/a1/ \nreply+ %d Location: /API/other/?page=2#top|{}\n"
                 "expect GET /API/other/?page=2 HTTP/1.1\nheader Auth-Token: " AUTH_TOKEN "\n" ANSWER,
                 statuses[i]);
        saw = wire_get_once(script);
        wire_check_status(&saw, UVREST_OK);
        assert_string_equal(saw.id, "a1");
        assert_int_equal(saw.attempts, 2);
    }
}

static void row_46_absolute_and_relative_locations_are_followed(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/leaves/a1/\nreply+ 302 Location: ../b2/|{}\n"
                             "expect GET /API/leaves/b2/ \nreply+ 302 Location: ?deep=true|{}\n"
                             "expect GET /API/leaves/b2/?deep=true \n" ANSWER);
    uvrest_client *client = wire_client(s);
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 3);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_46_other_methods_are_not_followed(void **state)
{
    seen saw = wire_post_once("conn\nexpect\nreply+ 302 Location: /API/other/?token=hush|{}\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_PROTOCOL);
    assert_int_equal(saw.http_status, 302);
    assert_int_equal(saw.attempts, 1);
    wire_check_contains(saw.message, "/API/other/");
    wire_check_lacks(saw.message, "hush");
    assert_string_equal(saw.location, "/API/other/?token=hush");
}

static void row_46_redirect_without_a_location_is_a_protocol_error(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nreply 302 {}\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_PROTOCOL);
    saw = wire_get_once("conn\nexpect\nreply+ 300 Location: /x|{}\n");
    wire_check_status(&saw, UVREST_E_PROTOCOL);
}

static void row_47_redirect_elsewhere_is_refused(void **state)
{
    server *other = server_start("conn\nexpect\n" ANSWER);
    char locations[6][128];
    (void)state;
    snprintf(locations[0], sizeof locations[0], "%s/API/leaves/a1/", server_url(other)); /* another port */
    snprintf(locations[1], sizeof locations[1], "//127.0.0.1:%d/x", server_port(other));
    snprintf(locations[2], sizeof locations[2], "http://localhost:%d/x", server_port(other));
    snprintf(locations[3], sizeof locations[3], "https://127.0.0.1/x");
    snprintf(locations[4], sizeof locations[4], "file:///etc/passwd");
    snprintf(locations[5], sizeof locations[5], "javascript:alert(1)");
    for (size_t i = 0; i < 6; i++) {
        char script[1024];
        seen saw;
        snprintf(script, sizeof script, "conn\nexpect\nreply+ 302 Location: %s|{}\n", locations[i]);
        saw = wire_get_once(script);
        wire_check_status(&saw, UVREST_E_PROTOCOL);
        assert_int_equal(saw.attempts, 1);
        wire_check_contains(saw.message, locations[i]);
    }
    assert_int_equal(server_connections(other), 0);
    server_stop(other);
}

static void sec_5_a_location_is_told_without_its_secrets(void **state)
{
    static const char *const rows[][2] = {
        {"https://user:sesame@files.example/x?sig=sesame", "https://files.example/x"},
        {"//sesame@files.example/@home#sesame", "//files.example/@home"},
        {"https://sesame@one@files.example", "https://files.example"},
        {"https://files.example/a@b", "https://files.example/a@b"},
        {"other:a@b", "other:a@b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char script[256];
        seen saw;
        snprintf(script, sizeof script, "conn\nexpect\nreply+ 302 Location: %s|{}\n", rows[i][0]);
        saw = wire_get_once(script);
        wire_check_status(&saw, UVREST_E_PROTOCOL);
        wire_check_contains(saw.message, rows[i][1]);
        wire_check_lacks(saw.message, "sesame");
    }
}

static void row_48_redirect_loop_ends_in_limit(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nreply+ 302 Location: /API/leaves/a1/|{}\nloop\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_int_equal(saw.attempts, 6);
}

static void a_redirected_call_keeps_its_retries(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nreply+ 302 Location: /API/other/|{}\n"
                             "expect GET /API/other/\nclose\n"
                             "conn\nexpect GET /API/other/\n" ANSWER);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_46_get_is_followed_on_the_same_origin),
        cmocka_unit_test(row_46_absolute_and_relative_locations_are_followed),
        cmocka_unit_test(row_46_other_methods_are_not_followed),
        cmocka_unit_test(row_46_redirect_without_a_location_is_a_protocol_error),
        cmocka_unit_test(row_47_redirect_elsewhere_is_refused),
        cmocka_unit_test(sec_5_a_location_is_told_without_its_secrets),
        cmocka_unit_test(row_48_redirect_loop_ends_in_limit),
        cmocka_unit_test(a_redirected_call_keeps_its_retries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
