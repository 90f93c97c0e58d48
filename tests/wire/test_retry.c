/* SPDX-License-Identifier: MIT */
/* Rows 42 to 45 of the fault catalogue: what is repeated, how often, and what is said if it does not help. */
#include "wire.h"
#include <stdio.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static void row_42_request_timeout_and_too_early_are_retried_for_every_method(void **state)
{
    static const int statuses[] = {408, 425};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char script[256];
        seen saw;
        snprintf(script, sizeof script, "conn\nexpect\nreply+ %d Retry-After: 0|{}\nexpect\n" ANSWER, statuses[i]);
        saw = wire_post_once(script);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, 2);
    }
}

static void row_43_server_errors_are_retried_for_idempotent_calls_only(void **state)
{
    static const int statuses[] = {500, 502, 504};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char script[256];
        seen saw;
        snprintf(script, sizeof script,
                 "conn\nexpect\nreply+ %d Retry-After: 0|{\"errors\":[\"oops\"]}\nexpect\n" ANSWER, statuses[i]);
        saw = wire_get_once(script);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, 2);
        saw = wire_post_once(script);
        wire_check_status(&saw, UVREST_E_SERVER);
        assert_int_equal(saw.attempts, 1);
        assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
        assert_string_equal(saw.message, "oops");
    }
}

static void searches_are_retried_though_they_are_posts(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 502 Retry-After: 0|{}\nexpect POST\nbody {}\nreply 200 [1]\n");
    uvrest_client *client = wire_client(s);
    uvrest_raw raw = {.text = "{}", .len = 2};
    sample_raw_args args = {.body = &raw};
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_search, &args, (uvrest_any_fn *)wire_on_raw, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.value, "[1]");
    uvrest_client_free(client);
    server_stop(s);
}

static void row_44_retry_after_is_waited_for(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 503 Retry-After: 1|{}\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_OK);
    assert_int_equal(result->attempts, 2);
    if (result->queued_us < 990000 || result->queued_us > 3000000)
        fail_msg("waited %llu us", (unsigned long long)result->queued_us);
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

static void attempts_are_counted_and_end(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 503 Retry-After: 0|{\"errors\":[\"down\"]}\nloop\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.attempts = 3};
    uvrest_stats stats;
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_E_SERVER);
    assert_int_equal(saw.attempts, 3);
    assert_int_equal(saw.retry_after_ms, 0);
    assert_int_equal(server_requests(s), 3);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.retries, 2);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_45_outage_is_not_amplified(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 503 Retry-After: 0|{}\nloop\n");
    uvrest_client *client = wire_client(s);
    static seen saw[200];
    size_t requests;
    (void)state;
    for (size_t i = 0; i < 200; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_E_SERVER);
    }
    requests = server_requests(s);
    if (requests > 220)
        fail_msg("%zu requests for 200 calls", requests);
    uvrest_client_free(client);
    server_stop(s);
}

static void a_retried_call_keeps_its_place(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET\nreply+ 503 Retry-After: 0|{}\n"
                             "expect PUT\npause 1300\n" ANSWER "expect GET\n" ANSWER "expect POST\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    seen saw[3] = {{0}};
    (void)state;
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    wire_get(client, &saw[0], NULL, NULL); /* its back-off of at most a second ends while the next one is under way */
    wire_put(client, &saw[1], NULL, NULL);
    wire_post(client, &saw[2], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 3; i++)
        wire_check_status(&saw[i], UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

/* A call that no generated function makes is repeated, paused and not repeated by the same
 * rules, and read by a model. */
static void raw_calls_pass_through_the_same_policies(void **state)
{
    server *s = server_start("conn\nexpect GET /API/new/\nreply+ 503 Retry-After: 0|{}\n"
                             "expect GET /API/new/\nreply+ 429 Retry-After: 0|{}\n"
                             "expect GET /API/new/\n" ANSWER "expect POST /API/new/\nreply 500 {}\n");
    uvrest_client *client = wire_client(s);
    uvrest_request get = {.path = "/API/new/"};
    uvrest_request post = {.method = UVREST_POST, .path = "/API/new/", .body = "{}", .body_len = 2};
    const uvrest_bytes *bytes = NULL;
    uvrest_result *result = NULL;
    uvrest_arena *arena = NULL;
    uvrest_stats stats;
    const void *leaf = NULL;
    (void)state;
    assert_int_equal(uvrest_call_raw_wait(client, &get, &bytes, &result), UVREST_OK);
    assert_int_equal(result->attempts, 3);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.retries, 1);
    assert_int_equal(stats.throttled, 1);
    assert_int_equal(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    assert_int_equal(uvrest_json_decode(sample_model(SAMPLE_MODEL_LEAF), (const char *)bytes->data, bytes->len, NULL,
                                        arena, &leaf, NULL),
                     UVREST_OK);
    assert_string_equal(((const sample_leaf *)leaf)->id, "a1");
    uvrest_arena_free(arena);
    uvrest_result_free(result);
    assert_int_equal(uvrest_call_raw_wait(client, &post, NULL, &result), UVREST_E_SERVER);
    assert_int_equal(result->attempts, 1);
    assert_int_equal(result->executed, UVREST_EXECUTED_MAYBE);
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_42_request_timeout_and_too_early_are_retried_for_every_method),
        cmocka_unit_test(row_43_server_errors_are_retried_for_idempotent_calls_only),
        cmocka_unit_test(searches_are_retried_though_they_are_posts),
        cmocka_unit_test(row_44_retry_after_is_waited_for),
        cmocka_unit_test(attempts_are_counted_and_end),
        cmocka_unit_test(row_45_outage_is_not_amplified),
        cmocka_unit_test(a_retried_call_keeps_its_place),
        cmocka_unit_test(raw_calls_pass_through_the_same_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
