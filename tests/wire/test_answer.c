/* SPDX-License-Identifier: MIT */
/* Answers that are errors, or not what was promised: rows 39 to 50 of the fault catalogue. */
#include "wire.h"
#include <stdio.h>

static seen get_answered(const char *line)
{
    char script[2048];
    snprintf(script, sizeof script, "conn\nexpect\n%s\n", line);
    return wire_get_once(script);
}

static void row_39_messages_of_the_server_are_flattened(void **state)
{
    static const struct {
        const char *line;
        const char *message;
    } rows[] = {
        {"reply 400 {\"errors\":[\"Title is too long\"]}", "Title is too long"},
        {"reply 400 {\"errors\":[\"one\",\"two\"]}", "one; two"},
        {"reply 400 {\"errors\":{\"title\":[\"too long\",\"too dull\"],\"status\":\"unknown\"}}",
         "title: too long, too dull; status: unknown"},
        {"reply 400 {\"x\":1, \"errors\" : \"just so\" }", "just so"},
        {"reply 422 {\"errors\":[{\"code\":7}]}", "{\"code\":7}"},
        {"reply 422 {\"errors\":[\"a\\nb\\u0001\"]}", "a\\x0ab\\x01"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        seen saw = get_answered(rows[i].line);
        wire_check_status(&saw, UVREST_E_REJECTED);
        assert_string_equal(saw.message, rows[i].message);
        assert_int_equal(saw.attempts, 1);
        assert_true(saw.body[0] == '{');
    }
}

static void row_39_bodies_that_say_nothing_are_shown_as_they_are(void **state)
{
    static const char *const lines[] = {
        "reply 400 {\"errors\":[]}", "reply 400 {\"errors\":null}", "reply 400 {\"error\":\"x\"}", "reply 400 []",
        "reply 400 not json",        "reply 400 {\"errors\":",
    };
    seen saw;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        saw = get_answered(lines[i]);
        wire_check_status(&saw, UVREST_E_REJECTED);
        wire_check_contains(saw.message, "(HTTP 400): ");
        wire_check_contains(saw.message, strchr(lines[i] + 6, ' ') + 1);
    }
    saw = get_answered("reply 400");
    assert_string_equal(saw.message, "the server rejects the request (HTTP 400)");
    saw = get_answered("send HTTP/1.1 500 X\\r\\nContent-Length: 1000\\r\\n\\r\\n\nrepeat 999 y\nsend \\x1b");
    wire_check_lacks(saw.message, "\x1b");
    assert_true(strlen(saw.message) < 300);
}

static void row_40_refused_credentials_are_named_without_their_value(void **state)
{
    seen saw = get_answered("reply 401 {\"errors\":[\"Invalid token\"]}");
    (void)state;
    wire_check_status(&saw, UVREST_E_AUTH);
    assert_int_equal(saw.attempts, 1);
    assert_string_equal(saw.message, "Invalid token (sent with App-ID, Auth-Token)");
}

static void row_40_a_token_the_server_repeats_is_struck_out(void **state)
{
    seen saw = get_answered("reply 401 {\"errors\":[\"no such token: " AUTH_TOKEN "!\"]}");
    (void)state;
    wire_check_status(&saw, UVREST_E_AUTH);
    wire_check_contains(saw.message, "no such token: ****************!");
}

static void row_41_other_refusals_have_their_own_status(void **state)
{
    static const struct {
        int http_status;
        uvrest_status status;
    } rows[] = {
        {403, UVREST_E_FORBIDDEN}, {404, UVREST_E_NOT_FOUND}, {409, UVREST_E_CONFLICT},
        {410, UVREST_E_NOT_FOUND}, {412, UVREST_E_CONFLICT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[64];
        seen saw;
        snprintf(line, sizeof line, "reply 4%02d {\"errors\":[\"no\"]}", rows[i].http_status - 400);
        saw = get_answered(line);
        wire_check_status(&saw, rows[i].status);
        assert_int_equal(saw.http_status, rows[i].http_status);
        assert_int_equal(saw.attempts, 1);
        assert_string_equal(saw.role, rows[i].http_status == 403 ? "can_touch_leaves, can_climb" : "");
    }
}

static void absent_can_be_a_success(void **state)
{
    server *s = server_start("conn\nexpect\nreply 404 {\"errors\":[\"none\"]}\nexpect\nreply 403 {}\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.absent_is_ok = true};
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_OK);
    assert_false(saw.has_value);
    assert_int_equal(saw.http_status, 404);
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_E_FORBIDDEN);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_49_no_content_is_a_success_and_an_empty_body_is_not(void **state)
{
    seen saw = get_answered("reply 204");
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_false(saw.has_value);
    saw = get_answered("reply 200");
    wire_check_status(&saw, UVREST_E_SCHEMA);
    assert_int_equal(saw.executed, UVREST_EXECUTED_YES);
    wire_check_contains(saw.message, "no body");
}

static void row_50_a_gateways_page_is_shown(void **state)
{
    seen saw = get_answered("send HTTP/1.1 200 OK\\r\\nContent-Type: text/html; charset=utf-8\\r\\nContent-Length: "
                            "30\\r\\n\\r\\n<html>\\n<h1>Back soon</h1>\\x1b[0m\\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_DECODE);
    wire_check_contains(saw.message, "text/html; charset=utf-8");
    wire_check_contains(saw.message, "<html>\\x0a<h1>Back soon</h1>\\x1b[0m");
    assert_int_equal(saw.attempts, 1);
}

static void broken_json_is_a_decode_error(void **state)
{
    seen saw = get_answered("reply 200 {\"id\":\"a1\"");
    (void)state;
    wire_check_status(&saw, UVREST_E_DECODE);
    assert_false(saw.has_value);
    assert_string_equal(saw.body, "{\"id\":\"a1\"");
    wire_check_contains(saw.message, "at byte 10");
    saw = get_answered("reply 200 [1]");
    wire_check_status(&saw, UVREST_E_SCHEMA);
}

static void misfits_are_notes_or_errors(void **state)
{
    server *s = server_start("conn\nexpect\nreply 200 {\"id\":\"a1\",\"size\":\"big\"}\nloop\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.strict = true};
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.n_notes, 1);
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_E_SCHEMA);
    assert_string_equal(saw.where, "size");
    wire_check_contains(saw.message, "size: expected ");
    uvrest_client_free(client);
    server_stop(s);
}

static seen get_within(const char *body, size_t max_arena_bytes, uint32_t max_depth, uint32_t max_notes)
{
    char script[2048];
    sample_client_options options;
    seen saw;
    server *s;
    snprintf(script, sizeof script, "conn\nexpect\nreply 200 %s\n", body);
    s = server_start(script);
    options = wire_options(s);
    options.max_arena_bytes = max_arena_bytes;
    options.max_depth = max_depth;
    options.max_notes = max_notes;
    saw = wire_call_with(&options, wire_get, NULL);
    server_stop(s);
    return saw;
}

static void decoding_stays_within_the_ceilings_of_the_client(void **state)
{
    static const char misfits[] = "{\"id\":\"a1\",\"size\":\"big\",\"color\":7}";
    static const char deep[] = "{\"id\":\"a1\",\"x\":[[[]]]}";
    char large[1024];
    seen saw = get_within(misfits, 0, 0, 0);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.n_notes, 2);
    saw = get_within(misfits, 0, 0, 1);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.n_notes, 1);

    saw = get_within(deep, 0, 4, 0);
    wire_check_status(&saw, UVREST_OK);
    saw = get_within(deep, 0, 3, 0);
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_false(saw.has_value);
    wire_check_contains(saw.message, "less nesting");

    snprintf(large, sizeof large, "{\"id\":\"%0512d\"}", 0);
    saw = get_within(large, 4096, 0, 0);
    wire_check_status(&saw, UVREST_OK);
    saw = get_within(large, 500, 0, 0);
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_false(saw.has_value);
    assert_int_equal(saw.attempts, 1);
}

/* What a log was told. */
typedef struct log_lines {
    char text[16384];
    unsigned n[5];
    uvrest_client *client;
    uvrest_status inside;
} log_lines;

static void on_log(uvrest_log_level level, const char *message, void *user)
{
    log_lines *log = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    size_t len = strlen(log->text);
    snprintf(log->text + len, sizeof log->text - len, "%s\n", message);
    log->n[level]++;
    if (log->client != NULL)
        log->inside = uvrest_gen_call(log->client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, NULL, NULL);
}

static void row_122_log_lines_hold_no_secrets_and_may_not_call_in(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 503 Retry-After: 0|{}\nexpect\n"
                             "reply 401 {\"errors\":[\"bad " AUTH_TOKEN "\"]}\n");
    sample_client_options options = wire_options(s);
    sample_leaf_args args = {.leaf_id = "a1", .sort = "query-secret"};
    log_lines log = {.text = ""};
    seen saw = {0};
    (void)state;
    options.on_log = on_log;
    options.log_user = &log;
    log.client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_call(log.client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL), 0);
    wire_run(log.client, &saw);
    assert_int_equal(log.inside, UVREST_E_STATE);
    wire_check_contains(log.text, "GET /API/leaves/a1/ attempt 1: HTTP 503");
    wire_check_contains(log.text, "GET /API/leaves/a1/ attempt 2: HTTP 401");
    wire_check_contains(log.text, "will be repeated in");
    wire_check_lacks(log.text, AUTH_TOKEN);
    wire_check_lacks(log.text, APP_ID);
    wire_check_lacks(log.text, "query-secret");
    assert_int_equal(log.n[UVREST_LOG_DEBUG], 2);
    assert_int_equal(log.n[UVREST_LOG_INFO], 1);
    assert_int_equal(log.n[UVREST_LOG_WARNING], 1);
    uvrest_client_free(log.client);
    server_stop(s);
}

/* An operation whose entries may come at the top level; sample_all holds them in leaf_map. */
static const uvrest_gather ALL_GATHER = {"leaf_map", "amount", "size"};
static const uvrest_op all_get = {
    .api = &sample_api,
    .schema = &sample_schema,
    .name = "all_get",
    .path = "/API/all/",
    .params = sample_no_params,
    .gather = &ALL_GATHER,
    .credentials = 3,
    .value = UVREST_PAYLOAD_MODEL,
    .value_model = SAMPLE_MODEL_ALL,
    .method = UVREST_GET,
    .retry = UVREST_RETRY_SAFE,
    .n_params = UVREST_COUNT(sample_no_params),
};

static void answers_in_either_form_fill_the_same_map(void **state)
{
    static const char *const lines[] = {
        "reply 200 {\"leaf_map\":{\"oak\":{\"size\":5}},\"created\":\"now\"}",
        "reply 200 {\"oak\":{\"amount\":5},\"created\":\"now\"}",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char script[256];
        snprintf(script, sizeof script, "conn\nexpect\n%s\n", lines[i]);
        server *s = server_start(script);
        uvrest_client *client = wire_client(s);
        const sample_all *all = NULL;
        uvrest_result *result = NULL;
        assert_int_equal(uvrest_gen_wait(client, &all_get, NULL, &all, &result), UVREST_OK);
        assert_int_equal(all->leaf_map.n_entries, 1);
        assert_string_equal(all->leaf_map.entries[0].key, "oak");
        assert_int_equal(all->leaf_map.entries[0].value->size.value, 5);
        assert_string_equal(all->created, "now");
        assert_int_equal(uvrest_extra_count(all->extra), 0);
        uvrest_result_free(result);
        uvrest_client_free(client);
        server_stop(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_either_form_fill_the_same_map),
        cmocka_unit_test(row_39_messages_of_the_server_are_flattened),
        cmocka_unit_test(row_39_bodies_that_say_nothing_are_shown_as_they_are),
        cmocka_unit_test(row_40_refused_credentials_are_named_without_their_value),
        cmocka_unit_test(row_40_a_token_the_server_repeats_is_struck_out),
        cmocka_unit_test(row_41_other_refusals_have_their_own_status),
        cmocka_unit_test(absent_can_be_a_success),
        cmocka_unit_test(row_49_no_content_is_a_success_and_an_empty_body_is_not),
        cmocka_unit_test(row_50_a_gateways_page_is_shown),
        cmocka_unit_test(broken_json_is_a_decode_error),
        cmocka_unit_test(misfits_are_notes_or_errors),
        cmocka_unit_test(decoding_stays_within_the_ceilings_of_the_client),
        cmocka_unit_test(row_122_log_lines_hold_no_secrets_and_may_not_call_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
