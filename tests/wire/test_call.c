/* SPDX-License-Identifier: MIT */
/* A call that goes well: what is sent, what comes back, in every kind of body and value; and what is refused before. */
#include "wire.h"
#include <math.h>
#include <stdio.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\",\"size\":5}\n"

static void get_delivers_a_typed_value(void **state)
{
    (void)state;
    seen saw = wire_get_once("conn\n"
                             "expect GET /API/leaves/a1/ HTTP/1.1\n"
                             "header App-ID: " APP_ID "\n"
                             "header Auth-Token: " AUTH_TOKEN "\n"
                             "header Accept: application/json\n"
                             "header User-Agent: libuvrest/0.1.0\n"
                             "no-header Content-Type\n"
                             "no-header Content-Length\n"
                             "no-header Expect\n"
                             "reply+ 200 X-Request-Id: r7|RateLimit-Remaining: 993|{\"id\":\"a1\",\"size\":5}\n");
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    assert_int_equal(saw.http_status, 200);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(saw.executed, UVREST_EXECUTED_YES);
    assert_int_equal(saw.quota_left, 993);
    assert_int_equal(saw.retry_after_ms, -1);
    assert_string_equal(saw.request_id, "r7");
    assert_string_equal(saw.message, "");
    assert_string_equal(saw.body, "{\"id\":\"a1\",\"size\":5}");
}

static void row_94_arguments_are_encoded_once(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/leaves/a%2Fb%20%C3%A9%3F/?page=-3&deep=false&ratio=0.5"
                             "&sort=a%26b%3Dc%23%2B%20%25&more=x%2Cy HTTP/1.1\n"
                             "header X-Mode: quick, now\n"
                             "header X-Trace: 1\n" ANSWER);
    uvrest_client *client = wire_client(s);
    seen saw = {0};
    uvrest_call_options options = {.headers = (const char *const[]){"X-Trace: 1", NULL},
                                   .query = (const char *const[]){"more", "x,y", NULL}};
    sample_leaf_args args = {.leaf_id = "a/b \xc3\xa9?",
                             .page = uvrest_i32(-3),
                             .deep = uvrest_bool(false),
                             .ratio = uvrest_f64(0.5),
                             .sort = "a&b=c#+ %",
                             .mode = "quick, now",
                             .call = &options};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

static void lines_of_the_caller_take_the_place_of_ours(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/leaves/a1/\n"
                             "header accept: application/x-leaf\n"
                             "header accept-encoding: identity\n"
                             "header user-agent: gardener/2\n"
                             "header X-One: 1\n"
                             "header X-Two: 2\n"
                             "header App-ID: " APP_ID "\n"
                             "header Auth-Token: " AUTH_TOKEN "\n"
                             "no-header X-Empty\n" ANSWER "expect GET /API/leaves/a1/\n"
                             "header Accept: application/json\n"
                             "header User-Agent: libuvrest/0.1.0\n"
                             "header App-ID: " APP_ID "\n"
                             "no-header X-One\n" ANSWER);
    uvrest_client *client = wire_client(s);
    const char *const lines[] = {"X-One: 1",
                                 "accept: application/x-leaf",
                                 "X-Empty:",
                                 "user-agent: gardener/2",
                                 "accept-encoding: identity",
                                 "X-Two: 2",
                                 NULL};
    uvrest_call_options options = {.headers = lines};
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_OK);
    assert_false(server_received(s, "libuvrest/"));
    assert_false(server_received(s, "gzip"));
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

static void a_head_is_sent_as_it_should_be(void **state)
{
    static const char *const none[] = {"Accept:", "Accept-Encoding: ", "User-Agent:  ", NULL};
    server *s = server_start("conn\nexpect\n" ANSWER "expect\n" ANSWER "expect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    char host[64];
    char head[512];
    seen saw[3] = {{0}};
    (void)state;
    wire_get(client, &saw[0], NULL, NULL);
    wire_run(client, &saw[0]);
    wire_get(client, &saw[1], &(uvrest_call_options){.headers = none}, NULL);
    wire_run(client, &saw[1]);
    wire_post(client, &saw[2], &(uvrest_call_options){.headers = none}, NULL);
    wire_run(client, &saw[2]);
    for (size_t i = 0; i < 3; i++)
        wire_check_status(&saw[i], UVREST_OK);
    snprintf(host, sizeof host, "HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", server_port(s));
    snprintf(head, sizeof head, "GET /API/leaves/a1/ %sApp-ID: %s\r\nAuth-Token: %s\r\n%s", host, APP_ID, AUTH_TOKEN,
             "Accept: application/json\r\nAccept-Encoding: ");
    assert_true(server_received(s, head));
    snprintf(head, sizeof head, "GET /API/leaves/a1/ %sApp-ID: %s\r\nAuth-Token: %s\r\n\r\n", host, APP_ID, AUTH_TOKEN);
    assert_true(server_received(s, head));
    snprintf(head, sizeof head, "POST /API/leaves/a1/ %sApp-ID: %s\r\nAuth-Token: %s\r\n%s", host, APP_ID, AUTH_TOKEN,
             "Content-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"id\":\"a1\"}");
    assert_true(server_received(s, head));
    uvrest_client_free(client);
    server_stop(s);
}

static void bodies_are_sent_as_their_kind(void **state)
{
    server *s = server_start("conn\n"
                             "expect POST /API/leaves/a1/\n"
                             "header Content-Type: application/json\n"
                             "no-header Expect\n"
                             "body {\"id\":\"a1\"}\n" ANSWER "expect PUT /API/leaves/a1/\n"
                             "body {\"id\":\"a1\"}\n" ANSWER "expect PATCH /API/leaves/a1/\n"
                             "body {\"size\":7}\n" ANSWER "expect POST /API/leaves/search/\n"
                             "body [1,2]\n"
                             "reply 200 {\"objects\": [] }\n"
                             "expect POST /API/leaves/import/\n"
                             "body [{\"id\":\"x\"},{\"id\":\"y\"}]\n"
                             "reply 204\n"
                             "expect POST /API/leaves/say/\n"
                             "body \"h\\\"i\"\n"
                             "reply 200 \"there\"\n"
                             "expect POST /API/leaves/touch/\n"
                             "header Content-Length: 0\n"
                             "no-header Content-Type\n"
                             "reply 200\n"
                             "expect DELETE /API/leaves/a1/\n"
                             "no-header Content-Length\n"
                             "reply 204\n");
    uvrest_client *client = wire_client(s);
    sample_leaf two[] = {{.id = "x"}, {.id = "y"}};
    sample_leaf_list list = {two, 2};
    sample_leaf patch = {.size = uvrest_i32(7)};
    uvrest_raw raw = {.text = "[1,2]", .len = 5};
    const uvrest_result *none = NULL;
    seen saw;
    (void)state;
    (void)none;
    saw = wire_call(client, wire_post, NULL);
    wire_check_status(&saw, UVREST_OK);

    saw = wire_call(client, wire_put, NULL);
    wire_check_status(&saw, UVREST_OK);

    saw = (seen){0};
    sample_leaf_body_args update = {.leaf_id = "a1", .body = &patch};
    assert_int_equal(uvrest_gen_call(client, &leaves_update, &update, (uvrest_any_fn *)wire_on_leaf, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);

    saw = (seen){0};
    sample_raw_args search = {.body = &raw};
    assert_int_equal(uvrest_gen_call(client, &leaves_search, &search, (uvrest_any_fn *)wire_on_raw, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.value, "{\"objects\": [] }");

    saw = (seen){0};
    sample_list_args import = {.body = &list};
    assert_int_equal(uvrest_gen_call(client, &leaves_import, &import, (uvrest_any_fn *)wire_on_done, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);

    saw = (seen){0};
    sample_text_args say = {.body = "h\"i"};
    assert_int_equal(uvrest_gen_call(client, &leaves_say, &say, (uvrest_any_fn *)wire_on_text, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.value, "there");

    saw = (seen){0};
    sample_no_args touch = {0};
    assert_int_equal(uvrest_gen_call(client, &leaves_touch, &touch, (uvrest_any_fn *)wire_on_done, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);

    saw = (seen){0};
    sample_leaf_args delete = {.leaf_id = "a1"};
    assert_int_equal(uvrest_gen_call(client, &leaves_delete, &delete, (uvrest_any_fn *)wire_on_done, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.http_status, 204);
    assert_int_equal(server_connections(s), 1);
    uvrest_client_free(client);
    server_stop(s);
}

static void values_come_as_their_kind(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/leaves/ \n"
                             "reply 200 [{\"id\":\"x\"},{\"id\":\"y\"}]\n"
                             "expect GET /API/leaves/several/\n"
                             "reply 200 {\"id\":\"now\"}\n"
                             "expect GET /API/leaves/several/\n"
                             "reply 202 {\"type\":\"later\"}\n"
                             "expect GET /API/leaves/a1/picture/\n"
                             "header Accept: */*\n"
                             "send HTTP/1.1 200 OK\\r\\nContent-Type: image/x\\r\\nContent-Length: 3\\r\\n\\r\\nGIF\n"
                             "expect HEAD /API/leaves/a1/\n"
                             "send HTTP/1.1 200 OK\\r\\nContent-Length: 4711\\r\\n\\r\\n\n"
                             "expect GET /API/leaves/a1/location/\n"
                             "reply+ 302 Location: https://elsewhere.invalid/x?sig=1|\n");
    uvrest_client *client = wire_client(s);
    sample_no_args none = {0};
    sample_leaf_args leaf = {.leaf_id = "a1"};
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_list, &none, (uvrest_any_fn *)wire_on_list, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "y");

    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_several, &none, (uvrest_any_fn *)wire_on_several, &saw, NULL), 0);
    wire_run(client, &saw);
    assert_string_equal(saw.id, "now");

    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_several, &none, (uvrest_any_fn *)wire_on_several, &saw, NULL), 0);
    wire_run(client, &saw);
    assert_string_equal(saw.id, "later");

    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_picture, &leaf, (uvrest_any_fn *)wire_on_bytes, &saw, NULL), 0);
    wire_run(client, &saw);
    assert_string_equal(saw.value, "GIF");

    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_check, &leaf, (uvrest_any_fn *)wire_on_done, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);

    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_location, &leaf, (uvrest_any_fn *)wire_on_done, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.http_status, 302);
    assert_string_equal(saw.location, "https://elsewhere.invalid/x?sig=1");
    uvrest_client_free(client);
    server_stop(s);
}

static void calls_use_a_loop_of_the_caller(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uv_loop_t loop;
    seen saw[5] = {{0}};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    client = wire_client_of(&options);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* nothing to wait for */
    for (size_t i = 0; i < 5; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_E_STATE);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_OK);
    }
    uvrest_client_close(client, NULL, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

typedef struct taken {
    const sample_leaf *leaf;
    const uvrest_result *result;
    uvrest_status first;
    uvrest_status second;
} taken;

static void on_taken(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    taken *t = user;
    uvrest_call *call = result->call;
    t->first = uvrest_call_take(call);
    t->second = uvrest_call_take(call);
    t->leaf = leaf;
    t->result = result;
}

static void a_taken_result_outlives_its_callback(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_call *call = NULL;
    taken t = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)on_taken, &t, &call), 0);
    assert_int_equal(uvrest_call_take(call), UVREST_E_STATE);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(t.first, UVREST_OK);
    assert_int_equal(t.second, UVREST_E_STATE);
    uvrest_client_free(client);
    assert_string_equal(t.leaf->id, "a1");
    assert_null(t.result->call);
    uvrest_result_free((uvrest_result *)(uintptr_t)t.result);
    server_stop(s);
}

static void raw_calls_go_anywhere_on_the_origin(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/new/v9/?q=a%20b HTTP/1.1\n"
                             "header App-ID: " APP_ID "\n"
                             "reply 200 [1]\n"
                             "expect POST /x\n"
                             "header Content-Type: text/plain\n"
                             "body hello\n"
                             "reply 200 ok\n"
                             "expect\n"
                             "reply 404 {\"errors\":{\"x\":[\"no such\",\"at all\"]}}\n");
    uvrest_client *client = wire_client(s);
    uvrest_request get = {.path = "/API/new/v9/", .query = (const char *const[]){"q", "a b", NULL}};
    uvrest_request post = {
        .method = UVREST_POST, .path = "/x", .body = "hello", .body_len = 5, .content_type = "text/plain"};
    const uvrest_bytes *bytes = NULL;
    uvrest_result *result = NULL;
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_call_raw(client, &get, wire_on_bytes, &saw, NULL), UVREST_OK);
    wire_run(client, &saw);
    assert_string_equal(saw.value, "[1]");
    assert_int_equal(uvrest_call_raw_wait(client, &post, &bytes, &result), UVREST_OK);
    assert_int_equal(bytes->len, 2);
    assert_string_equal(bytes->content_type, "application/json");
    uvrest_result_free(result);
    assert_int_equal(uvrest_call_raw_wait(client, &get, NULL, &result), UVREST_E_NOT_FOUND);
    assert_string_equal(result->message, "x: no such, at all"); /* the API's way to say it, as with any call */
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

static void credentials_of_a_call_replace_the_clients(void **state)
{
    server *s = server_start("conn\n"
                             "expect\n"
                             "header Auth-Token: another-token\n"
                             "no-header App-ID\n" ANSWER "expect POST /API/leaves/login/\n"
                             "no-header App-ID\n"
                             "no-header Auth-Token\n"
                             "reply 200 {}\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.credentials = (const char *const[]){"Auth-Token: another-token", NULL}};
    uvrest_raw raw = {.text = "{}", .len = 2};
    sample_raw_args login = {.body = &raw};
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_OK);
    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_login, &login, (uvrest_any_fn *)wire_on_raw, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

static void stats_count(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 200 RateLimit-Remaining: 17|{\"id\":\"a1\"}\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    uvrest_stats stats;
    seen saw[2] = {{0}, {0}};
    (void)state;
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.quota_left, -1);
    wire_get(client, &saw[0], NULL, NULL);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.calls, 1);
    assert_int_equal(stats.in_flight, 1);
    assert_int_equal(stats.completed, 0);
    wire_run(client, &saw[0]);
    wire_post(client, &saw[1], NULL, NULL);
    wire_run(client, &saw[1]);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.calls, 2);
    assert_int_equal(stats.completed, 2);
    assert_int_equal(stats.attempts, 2);
    assert_int_equal(stats.retries, 0);
    assert_int_equal(stats.in_flight, 0);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(stats.quota_left, 17);
    assert_int_equal(stats.bytes_sent, 11);
    assert_int_equal(stats.bytes_received, 11 + 20);
    uvrest_client_free(client);
    server_stop(s);
}

static void stats_count_no_body_that_found_no_connection(void **state)
{
    server *s = server_start("conn\nclose\n");
    uvrest_client *client;
    uvrest_stats stats;
    seen saw;
    sample_client_options options = wire_options(s);
    char url[64];
    (void)state;
    snprintf(url, sizeof url, "%s", server_url(s));
    server_stop(s); /* nobody listens there any more */
    options.base_url = url;
    options.attempts = 2;
    client = wire_client_of(&options);
    saw = wire_call(client, wire_post, NULL);
    wire_check_status(&saw, UVREST_E_CONNECT);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.attempts, 2);
    assert_int_equal(stats.bytes_sent, 0);
    uvrest_client_free(client);
}

/* ---- refused before anything is sent ---- */

static void refuse(uvrest_client *client, const uvrest_op *op, const void *args, uvrest_reason *reason,
                   uvrest_status status, const char *text)
{
    uvrest_call *call = (uvrest_call *)(uintptr_t)1;
    uvrest_status st = uvrest_gen_call(client, op, args, (uvrest_any_fn *)wire_on_done, NULL, &call);
    if (st != status)
        fail_msg("%s, not %s for \"%s\"", uvrest_status_name(st), uvrest_status_name(status), text);
    assert_string_equal(reason->text, text);
    assert_ptr_equal(call, (uvrest_call *)(uintptr_t)1);
    reason->text[0] = '\0';
}

static void row_92_hostile_ids_are_refused(void **state)
{
    static const struct {
        const char *id;
        const char *text;
    } rows[] = {
        {NULL, "leaf_id: required"},
        {"", "leaf_id: empty"},
    };
    static const char *const hostile[] = {".", "..", "%2e%2e", "%2E.", "a/../b", "%252e%252e"};
    uvrest_client *client = wire_client(NULL);
    uvrest_reason reason;
    uvrest_call_options options = {.reason = &reason};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sample_leaf_args args = {.leaf_id = rows[i].id, .call = &options};
        refuse(client, &leaves_get, &args, &reason, UVREST_E_INVALID, rows[i].text);
    }
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        sample_leaf_args args = {.leaf_id = hostile[i], .call = &options};
        assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                         UVREST_E_INVALID);
        assert_memory_equal(reason.text, "leaf_id: ", 9);
    }
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    uvrest_client_free(client);
}

static void row_93_control_characters_are_refused(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_reason reason;
    uvrest_call_options options = {.reason = &reason};
    sample_leaf_args args = {.leaf_id = "a1", .call = &options};
    (void)state;
    args.mode = "x\r\nEvil: 1";
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "X-Mode");
    args.mode = NULL;
    args.sort = "x\ny";
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "sort");
    args.sort = NULL;
    options.headers = (const char *const[]){"X-Secret: hush\nEvil: 1", NULL};
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "X-Secret");
    wire_check_lacks(reason.text, "hush");
    options.headers = NULL;
    options.credentials = (const char *const[]){"Auth-Token: hush\r", NULL};
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "Auth-Token");
    wire_check_lacks(reason.text, "hush");
    uvrest_client_free(client);
}

static void row_95_missing_pointers_are_refused(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_reason reason = {""};
    uvrest_call_options told = {.reason = &reason};
    sample_leaf_args args = {.leaf_id = "a1", .call = &told};
    uvrest_request request = {.path = "/x", .call = &told};
    uvrest_stats stats;
    (void)state;
    assert_int_equal(uvrest_gen_call(NULL, &leaves_get, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, NULL, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, NULL, NULL, NULL), UVREST_E_INVALID);
    assert_string_equal(reason.text, "done: required");
    reason.text[0] = '\0';
    assert_int_equal(uvrest_call_raw(client, &request, NULL, NULL, NULL), UVREST_E_INVALID);
    assert_string_equal(reason.text, "done: required");
    assert_int_equal(uvrest_call_raw(client, NULL, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_call_raw(NULL, &request, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    request.path = NULL;
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    request.path = "no-slash";
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    request.path = "/x";
    request.method = (uvrest_method)17;
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_client_run(NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_call_take(NULL), UVREST_E_INVALID);
    uvrest_call_cancel(NULL);
    uvrest_client_close(NULL, NULL, NULL);
    uvrest_client_free(NULL);
    uvrest_client_freep(NULL);
    uvrest_result_free(NULL);
    uvrest_client_stats(NULL, &stats);
    assert_null(uvrest_result_header(NULL, "x"));
    uvrest_client_freep(&client);
    assert_null(client);
}

static void a_body_that_would_not_be_sent_is_refused(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_reason reason = {""};
    uvrest_call_options told = {.reason = &reason};
    uvrest_request head = {.method = UVREST_HEAD, .path = "/x", .body = "hello", .body_len = 5, .call = &told};
    (void)state;
    assert_int_equal(uvrest_call_raw(client, &head, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    wire_check_contains(reason.text, "body: not with HEAD");
    head.method = UVREST_PUT;
    head.body = NULL;
    assert_int_equal(uvrest_call_raw(client, &head, wire_on_bytes, NULL, NULL), UVREST_E_INVALID);
    wire_check_contains(reason.text, "body: a length without a body");
    uvrest_client_free(client);
}

static void row_96_bodies_that_cannot_be_sent_name_the_member(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_reason reason;
    uvrest_call_options options = {.reason = &reason};
    sample_leaf leaf = {.size = uvrest_i32(1)};
    sample_leaf_body_args args = {.leaf_id = "a1", .call = &options};
    uvrest_raw broken = {.text = "{", .len = 1};
    sample_raw_args raw = {.body = &broken, .call = &options};
    sample_leaf two[] = {{.id = "x"}, {.size = uvrest_i32(2)}};
    sample_leaf_list list = {two, 2};
    sample_list_args import = {.body = &list, .call = &options};
    sample_leaf_args nan = {.leaf_id = "a1", .ratio = uvrest_f64(NAN), .call = &options};
    sample_leaf_args null = {.leaf_id = "a1", .sort = UVREST_NULL, .call = &options};
    (void)state;
    refuse(client, &leaves_create, &args, &reason, UVREST_E_INVALID, "body: required");
    args.body = &leaf;
    assert_int_equal(uvrest_gen_call(client, &leaves_create, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "body.id: ");
    leaf.id = "\xff";
    assert_int_equal(uvrest_gen_call(client, &leaves_create, &args, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "body.id: ");
    refuse(client, &leaves_search, &raw, &reason, UVREST_E_INVALID, "body: not valid JSON");
    assert_int_equal(uvrest_gen_call(client, &leaves_import, &import, (uvrest_any_fn *)wire_on_done, NULL, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "body[1].id: ");
    refuse(client, &leaves_get, &nan, &reason, UVREST_E_INVALID, "ratio: not a finite number");
    refuse(client, &leaves_get, &null, &reason, UVREST_E_INVALID, "sort: null cannot be sent here");
    uvrest_client_free(client);
}

static void refuse_client(sample_client_options options, uvrest_status status, const char *text)
{
    uvrest_reason reason = {""};
    uvrest_client *client = NULL;
    uvrest_status st;
    options.reason = &reason;
    st = uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client);
    if (st != status)
        fail_msg("%s, not %s: %s", uvrest_status_name(st), uvrest_status_name(status), reason.text);
    assert_null(client);
    wire_check_contains(reason.text, text);
    wire_check_lacks(reason.text, AUTH_TOKEN);
}

static void row_98_credentials_are_checked(void **state)
{
    sample_client_options options = wire_options(NULL);
    (void)state;
    options.app_id = NULL;
    refuse_client(options, UVREST_E_INVALID, "app_id: required");
    options.app_id = "";
    refuse_client(options, UVREST_E_INVALID, "app_id: empty");
    options.app_id = APP_ID;
    options.auth_token = AUTH_TOKEN "\n";
    refuse_client(options, UVREST_E_INVALID, "auth_token: ");
    options.auth_token = AUTH_TOKEN "\x01";
    refuse_client(options, UVREST_E_INVALID, "auth_token: ");
}

static void row_11_plain_http_is_refused_beyond_loopback(void **state)
{
    sample_client_options options = wire_options(NULL);
    uvrest_client *client;
    (void)state;
    options.base_url = "http://sample.invalid";
    refuse_client(options, UVREST_E_INVALID, "base_url: ");
    options.allow_http = true;
    client = wire_client_of(&options);
    uvrest_client_free(client);
    options.allow_http = false;
    options.base_url = NULL; /* the API's own */
    client = wire_client_of(&options);
    uvrest_client_free(client);
}

static void row_12_odd_base_urls_are_refused(void **state)
{
    static const char *const urls[] = {"",
                                       "https://",
                                       "https://user:pw@h.invalid",
                                       "https://h.invalid/?q=1",
                                       "https://h.invalid/#f",
                                       "file:///etc/passwd",
                                       "ftp://h.invalid",
                                       "https://h\n.invalid",
                                       "h.invalid",
                                       "https://h.invalid:0x50"};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        sample_client_options options = wire_options(NULL);
        options.base_url = urls[i];
        refuse_client(options, UVREST_E_INVALID, "base_url: ");
    }
}

static void options_are_checked(void **state)
{
    sample_client_options options = wire_options(NULL);
    (void)state;
    options.user_agent = "x\r\ny";
    refuse_client(options, UVREST_E_INVALID, "user_agent: ");
    options = wire_options(NULL);
    options.timeout_ms = 90000000;
    refuse_client(options, UVREST_E_INVALID, "timeout_ms: ");
    options = wire_options(NULL);
    options.rate_limit.backoff_factor = 0.5;
    refuse_client(options, UVREST_E_INVALID, "rate_limit.");
}

static void empty_options_are_refused(void **state)
{
    const char *const names[] = {"base_url: empty",          "user_agent: empty",
                                 "ca_file: empty",           "ca_path: empty",
                                 "pinned_public_key: empty", "rate_limit.shared_file: empty",
                                 "rate_limit.shared_redis: "};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sample_client_options options = wire_options(NULL);
        const char **fields[] = {&options.base_url,
                                 &options.user_agent,
                                 &options.ca_file,
                                 &options.ca_path,
                                 &options.pinned_public_key,
                                 &options.rate_limit.shared_file,
                                 &options.rate_limit.shared_redis};
        *fields[i] = "";
        refuse_client(options, UVREST_E_INVALID, names[i]);
    }
}

static void options_of_other_sizes_are_taken(void **state)
{
    struct {
        uvrest_client_options options;
        uint64_t newer;
    } later = {.options = {.base_url = "http://127.0.0.1:1"}};
    uvrest_reason reason = {""};
    uvrest_client *client = NULL;
    (void)state;
    assert_int_equal(uvrest_client_new_sized(&later.options, offsetof(uvrest_client_options, user_agent), &client), 0);
    uvrest_client_freep(&client);
    assert_int_equal(uvrest_client_new_sized(&later.options, sizeof later, &client), 0);
    uvrest_client_freep(&client);
    later.newer = 1;
    later.options.reason = &reason;
    assert_int_equal(uvrest_client_new_sized(&later.options, sizeof later, &client), UVREST_E_INVALID);
    assert_null(client);
    wire_check_contains(reason.text, "does not know");
}

static void a_read_only_client_refuses_changes(void **state)
{
    server *s = server_start("conn\nexpect GET\n" ANSWER "expect POST\nreply 200 {}\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uvrest_reason reason = {""};
    uvrest_call_options call = {.reason = &reason};
    uvrest_raw raw = {.text = "{}", .len = 2};
    sample_leaf leaf = {.id = "a1"};
    sample_leaf_body_args create = {.leaf_id = "a1", .body = &leaf, .call = &call};
    sample_leaf_args delete = {.leaf_id = "a1", .call = &call};
    sample_raw_args search = {.body = &raw};
    uvrest_request put = {.method = UVREST_PUT, .path = "/x"};
    seen saw;
    (void)state;
    options.read_only = true;
    client = wire_client_of(&options);
    refuse(client, &leaves_create, &create, &reason, UVREST_E_STATE, "read_only: the call would change something");
    refuse(client, &leaves_delete, &delete, &reason, UVREST_E_STATE, "read_only: the call would change something");
    assert_int_equal(uvrest_call_raw(client, &put, wire_on_bytes, NULL, NULL), UVREST_E_STATE);
    saw = wire_call(client, wire_get, NULL);
    saw = (seen){0};
    assert_int_equal(uvrest_gen_call(client, &leaves_search, &search, (uvrest_any_fn *)wire_on_raw, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_delivers_a_typed_value),
        cmocka_unit_test(row_94_arguments_are_encoded_once),
        cmocka_unit_test(lines_of_the_caller_take_the_place_of_ours),
        cmocka_unit_test(a_head_is_sent_as_it_should_be),
        cmocka_unit_test(bodies_are_sent_as_their_kind),
        cmocka_unit_test(values_come_as_their_kind),
        cmocka_unit_test(calls_use_a_loop_of_the_caller),
        cmocka_unit_test(a_taken_result_outlives_its_callback),
        cmocka_unit_test(raw_calls_go_anywhere_on_the_origin),
        cmocka_unit_test(credentials_of_a_call_replace_the_clients),
        cmocka_unit_test(stats_count),
        cmocka_unit_test(stats_count_no_body_that_found_no_connection),
        cmocka_unit_test(row_92_hostile_ids_are_refused),
        cmocka_unit_test(row_93_control_characters_are_refused),
        cmocka_unit_test(row_95_missing_pointers_are_refused),
        cmocka_unit_test(a_body_that_would_not_be_sent_is_refused),
        cmocka_unit_test(row_96_bodies_that_cannot_be_sent_name_the_member),
        cmocka_unit_test(row_98_credentials_are_checked),
        cmocka_unit_test(row_11_plain_http_is_refused_beyond_loopback),
        cmocka_unit_test(row_12_odd_base_urls_are_refused),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(empty_options_are_refused),
        cmocka_unit_test(options_of_other_sizes_are_taken),
        cmocka_unit_test(a_read_only_client_refuses_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
