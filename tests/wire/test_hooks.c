/* SPDX-License-Identifier: MIT */
/* What a program sees of its client: request and response hooks, counters, the ages of connections. */
#include "wire.h"
#include <stdio.h>
#include <stdlib.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

/* What hooks have seen. */
typedef struct record {
    uvrest_client *client;
    unsigned n_requests;
    unsigned n_responses;
    char lines[4096]; /* a line an event */
    uvrest_status inside; /* of a start inside a hook */
    const char *add; /* a line on_request adds */
    uvrest_status added;
} record;

static void note(record *r, const char *what, const char *method, const char *path, uint32_t attempt)
{
    size_t len = strlen(r->lines);
    snprintf(r->lines + len, sizeof r->lines - len, "%s %s %s %u\n", what, method, path, attempt);
}

static void on_request(const uvrest_request_event *event, void *user)
{
    record *r = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    r->n_requests++;
    note(r, event->operation, event->method, event->path, event->attempt);
    r->inside = uvrest_gen_call(r->client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, NULL, NULL);
    if (r->add != NULL)
        r->added = uvrest_request_add_header(event, r->add);
}

static void on_response(const uvrest_response_event *event, void *user)
{
    record *r = user;
    char what[64];
    r->n_responses++;
    snprintf(what, sizeof what, "%s %d %s %zu", uvrest_status_name(event->status), event->http_status,
             event->n_headers > 0 ? event->headers[0].name : "-", event->body_bytes);
    note(r, what, event->method, event->path, event->attempt);
    assert_string_equal(event->operation, "leaves_get");
    assert_true(event->duration_us < 60000000);
}

static uvrest_client *hooked_client(const server *s, record *r)
{
    sample_client_options options = wire_options(s);
    options.on_request = on_request;
    options.on_response = on_response;
    options.hook_user = r;
    r->client = wire_client_of(&options);
    return r->client;
}

static void hooks_see_every_attempt(void **state)
{
    server *s = server_start("conn\nexpect\nreply 503 {}\nexpect\n" ANSWER);
    record r = {.client = NULL};
    uvrest_client *client = hooked_client(s, &r);
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(r.inside, UVREST_E_STATE);
    assert_string_equal(r.lines, "leaves_get GET /API/leaves/a1/ 1\n"
                                 "UVREST_OK 503 Content-Type 2 GET /API/leaves/a1/ 1\n"
                                 "leaves_get GET /API/leaves/a1/ 2\n"
                                 "UVREST_OK 200 Content-Type 11 GET /API/leaves/a1/ 2\n");
    uvrest_client_free(client);
    server_stop(s);
}

static void hooks_see_attempts_without_an_answer(void **state)
{
    server *s = server_start("conn\nexpect\nclose\n");
    record r = {.client = NULL};
    uvrest_client *client = hooked_client(s, &r);
    uvrest_call_options once = {.attempts = 1};
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, &once);
    wire_check_status(&saw, UVREST_E_NETWORK);
    wire_check_contains(r.lines, "E_NETWORK 0 - 0 GET");
    assert_int_equal(r.n_requests, r.n_responses);
    uvrest_client_free(client);
    server_stop(s);
}

static void hooks_see_neither_queries_nor_secrets(void **state)
{
    server *s = server_start("conn\nexpect GET /API/leaves/" AUTH_TOKEN "/?signature=hush\n" ANSWER);
    record r = {.client = NULL};
    uvrest_client *client = hooked_client(s, &r);
    const char *const query[] = {"signature", "hush", NULL};
    uvrest_call_options options = {.query = query};
    sample_leaf_args args = {.leaf_id = AUTH_TOKEN, .call = &options};
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(r.n_responses, 1);
    wire_check_lacks(r.lines, AUTH_TOKEN);
    wire_check_lacks(r.lines, "hush");
    uvrest_client_free(client);
    server_stop(s);
}

static void a_request_hook_adds_header_lines_to_each_attempt(void **state)
{
    server *s = server_start("conn\nexpect\nheader traceparent: 00-1-2-01\nreply 503 {}\n"
                             "expect\nheader traceparent: 00-1-2-01\n" ANSWER "expect\nno-header traceparent\n" ANSWER);
    record r = {.add = "traceparent: 00-1-2-01"};
    uvrest_client *client = hooked_client(s, &r);
    const char *const own[] = {"X-Own: 1", NULL};
    uvrest_call_options options = {.headers = own};
    seen saw[2] = {{0}};
    (void)state;
    wire_get(client, &saw[0], &options, NULL);
    wire_run(client, &saw[0]);
    wire_check_status(&saw[0], UVREST_OK);
    assert_int_equal(r.added, UVREST_OK);
    r.add = NULL;
    wire_get(client, &saw[1], NULL, NULL);
    wire_run(client, &saw[1]);
    wire_check_status(&saw[1], UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

static void free_inside(const uvrest_request_event *event, void *user)
{
    uvrest_client **client = user;
    (void)event;
    uvrest_client_freep(client);
}

/* It may not; but what it meets is a start, which goes on with the client afterwards. */
static void a_client_freed_inside_a_hook_ends_when_its_loop_runs(void **state)
{
    server *s = server_start("conn\nread 1\nstall\n");
    sample_client_options options = wire_options(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_client *client;
    uvrest_client *freed;
    seen saw = {0};
    (void)state;
    options.on_request = free_inside;
    options.hook_user = &freed;
    client = freed = wire_client_of(&options);
    wire_get(client, &saw, NULL, NULL);
    assert_null(freed);
    assert_int_equal(saw.n, 0);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL),
                     UVREST_E_STATE);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_E_CANCELLED);
    server_stop(s);
}

static void bad_header_lines_are_refused_and_change_nothing(void **state)
{
    static const char *const bad[] = {"no colon", "X: a\r\nY: b", "Host: elsewhere", "Content-Length: 5", "", NULL};
    (void)state;
    for (size_t i = 0; bad[i] != NULL; i++) {
        server *s = server_start("conn\nexpect\n" ANSWER);
        record r = {.add = bad[i]};
        uvrest_client *client = hooked_client(s, &r);
        seen saw = wire_call(client, wire_get, NULL);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(r.added, UVREST_E_INVALID);
        uvrest_client_free(client);
        server_stop(s);
    }
    assert_int_equal(uvrest_request_add_header(NULL, "A: b"), UVREST_E_INVALID);
}

static void flood(const uvrest_request_event *event, void *user)
{
    uvrest_status *last = user;
    for (unsigned i = 0; i < 10000; i++)
        *last = uvrest_request_add_header(event, "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void overlong(const uvrest_request_event *event, void *user)
{
    uvrest_status *last = user;
    char *line = malloc(70000);
    assert_non_null(line);
    memset(line, 'a', 69999);
    memcpy(line, "X-Long: ", 8);
    line[69999] = '\0';
    *last = uvrest_request_add_header(event, line);
    free(line);
}

static void check_lines_that_are_too_long(uvrest_request_fn *hook)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_status last = UVREST_OK;
    seen saw;
    options.on_request = hook;
    options.hook_user = &last;
    saw = wire_call_with(&options, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_int_equal(last, UVREST_E_LIMIT);
    assert_int_equal(server_requests(s), 0);
    server_stop(s);
}

static void too_many_or_too_long_header_lines_fail_the_call(void **state)
{
    (void)state;
    check_lines_that_are_too_long(flood);
    check_lines_that_are_too_long(overlong);
}

static void counters_tell_why_calls_waited(void **state)
{
    server *s = server_start("conn\nexpect\nreply 503 {}\n"
                             "expect\nreply+ 200 RateLimit-Remaining: 77|{\"id\":\"a1\"}\nloop\n");
    sample_client_options options = wire_options(s);
    uvrest_call *calls[4];
    uvrest_client *client;
    uvrest_stats stats;
    seen saw[4] = {{0}};
    (void)state;
    options.max_in_flight = 1;
    options.rate_limit.first_contact = 1;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 4; i++)
        wire_get(client, &saw[i], NULL, &calls[i]);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.pending, 4);
    assert_int_equal(stats.queued, 3);
    assert_int_equal(stats.in_flight, 1);
    assert_int_equal(stats.quota_left, -1);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.calls, 4);
    assert_int_equal(stats.completed, 4);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(stats.attempts, 4 + stats.retries);
    assert_int_equal(stats.waits[UVREST_WAIT_CONNECTION], 1); /* the queue was full once, from the second call on */
    assert_int_equal(stats.waits[UVREST_WAIT_BACKOFF], stats.retries);
    assert_true(stats.retries > 0);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.quota_left, 77);
    assert_true(stats.bytes_received > 0);
    uvrest_client_free(client);
    server_stop(s);
}

static void counters_tell_of_the_budget(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uvrest_stats stats;
    seen saw[3] = {{0}};
    (void)state;
    options.rate_limit = (uvrest_rate_limit){.requests = 2, .window_ms = 200, .first_contact = 2};
    client = wire_client_of(&options);
    for (size_t i = 0; i < 3; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    uvrest_client_stats(client, &stats);
    assert_true(stats.waits[UVREST_WAIT_WINDOW] + stats.waits[UVREST_WAIT_CONTACT] + stats.waits[UVREST_WAIT_VERIFY] >
                0);
    assert_int_equal(stats.waits[UVREST_WAIT_BACKOFF], 0);
    uvrest_client_free(client);
    server_stop(s);
}

/*
 * Two calls at once, of which one is answered late, then two more; how many connections they took. When these start,
 * one connection is as long idle as the other was busy, and both are older than that.
 */
static size_t connections_of(uint32_t age_ms, uint32_t lifetime_ms, const char *late)
{
    char script[256];
    sample_client_options options;
    uvrest_client *client;
    uvrest_stats stats;
    server *s;
    seen saw[4] = {{0}};
    snprintf(script, sizeof script,
             "conn\nexpect\n" ANSWER "loop\nconn\nexpect\npause %s\n" ANSWER "expect\n" ANSWER "conn\nexpect\n" ANSWER
             "loop\n",
             late);
    s = server_start(script);
    options = wire_options(s);
    options.max_connection_age_ms = age_ms;
    options.max_connection_lifetime_ms = lifetime_ms;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 4; i++) {
        wire_get(client, &saw[i], NULL, NULL);
        if (i % 2 == 1)
            assert_int_equal(uvrest_client_run(client), UVREST_OK);
    }
    for (size_t i = 0; i < 4; i++)
        wire_check_status(&saw[i], UVREST_OK);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.connections, server_connections(s));
    uvrest_client_free(client);
    server_stop(s);
    return (size_t)stats.connections;
}

/* libcurl counts whole seconds, and too old is what is older than those. */
/* More calls may be under way than there may be connections: they wait, and what is open is used again. */
static void connections_are_as_many_as_the_pool_holds(void **state)
{
    enum { N = 12, POOL = 3 };
    server *s = server_start("conn\nexpect\npause 20\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uvrest_stats stats;
    (void)state;
    options.pool_maxsize = POOL;
    options.pool_connections = 1;
    options.max_in_flight = N;
    client = wire_client_of(&options);
    for (unsigned round = 0; round < 2; round++) {
        seen saw[N] = {{0}};
        for (size_t i = 0; i < N; i++)
            wire_get(client, &saw[i], NULL, NULL);
        uvrest_client_stats(client, &stats);
        assert_int_equal(stats.in_flight, POOL);
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        for (size_t i = 0; i < N; i++)
            wire_check_status(&saw[i], UVREST_OK);
        assert_int_equal(server_connections(s), POOL);
    }
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.connections, POOL);
    assert_true(stats.waits[UVREST_WAIT_CONNECTION] > 0);
    uvrest_client_free(client);
    server_stop(s);
}

static void connections_too_old_or_too_long_idle_are_not_used(void **state)
{
    (void)state;
    assert_int_equal(connections_of(0, 0, "1"), 2);
    assert_int_equal(connections_of(1, 0, "2100"), 3);
    assert_int_equal(connections_of(0, 1000, "2100"), 4);
}

static void ages_beyond_a_day_are_refused(void **state)
{
    sample_client_options options = wire_options(NULL);
    uvrest_reason reason = {""};
    uvrest_client *client = NULL;
    (void)state;
    options.reason = &reason;
    options.max_connection_age_ms = 86400001;
    assert_int_equal(uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "max_connection_age_ms");
}

static void hooks_run_on_the_clients_own_thread(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    record r = {.add = "X-Trace: 1"};
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_stats stats;
    (void)state;
    options.on_request = on_request; /* refused there as well: its own thread is inside a hook */
    options.on_response = on_response;
    options.hook_user = &r;
    options.own_thread = true;
    r.client = wire_client_of(&options);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(uvrest_gen_wait(r.client, &leaves_get, &args, NULL, NULL), UVREST_OK);
        uvrest_client_stats(r.client, &stats);
        assert_int_equal(stats.completed, i + 1);
        assert_int_equal(stats.connections, 1);
    }
    uvrest_client_free(r.client);
    assert_int_equal(r.n_requests, 5);
    assert_int_equal(r.n_responses, 5);
    assert_int_equal(r.inside, UVREST_E_STATE);
    server_stop(s);
}

/* An allocator that looks into what is given back: before each piece stands its size. */
typedef union piece {
    size_t size;
    max_align_t aligned;
} piece;

static void *allocate(size_t size, void *user)
{
    piece *p = calloc(1, sizeof *p + size);
    (void)user;
    if (p == NULL)
        return NULL;
    p->size = size;
    return p + 1;
}

static void release(void *memory, void *user)
{
    piece *p;
    if (memory == NULL)
        return;
    p = (piece *)memory - 1;
    if (memmem(memory, p->size, "sesame", 6) != NULL)
        ++*(unsigned *)user;
    free(p);
}

static void *resize(void *memory, size_t size, void *user)
{
    void *larger = allocate(size, user);
    size_t before = memory == NULL ? 0 : ((piece *)memory - 1)->size;
    if (larger == NULL)
        return NULL;
    if (memory != NULL)
        memcpy(larger, memory, before < size ? before : size);
    release(memory, user);
    return larger;
}

static void add_much(const uvrest_request_event *event, void *user)
{
    char line[200];
    (void)user;
    for (unsigned i = 0; i < 30; i++) {
        snprintf(line, sizeof line, "X-Trace-%u: sesame-%0150u", i, i);
        assert_int_equal(uvrest_request_add_header(event, line), UVREST_OK);
    }
}

static void row_123_no_memory_is_given_back_with_a_secret_in_it(void **state)
{
    server *s = server_start("conn\nexpect\nreply 200 {\"id\":\"a1\"}\nloop\n");
    unsigned n_left = 0;
    uvrest_alloc alloc = {allocate, resize, release, &n_left};
    static const char *const own[] = {"App-ID: an-app", "Auth-Token: sesame-of-another", NULL};
    uvrest_call_options call = {.credentials = own};
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    seen saw;
    (void)state;
    options.alloc = &alloc;
    options.on_request = add_much;
    client = wire_client_of(&options);
    for (unsigned i = 0; i < 2; i++) {
        saw = wire_call(client, wire_get, i == 0 ? NULL : &call);
        wire_check_status(&saw, UVREST_OK);
    }
    uvrest_client_free(client);
    assert_int_equal(n_left, 0);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks_see_every_attempt),
        cmocka_unit_test(hooks_see_attempts_without_an_answer),
        cmocka_unit_test(hooks_see_neither_queries_nor_secrets),
        cmocka_unit_test(a_request_hook_adds_header_lines_to_each_attempt),
        cmocka_unit_test(a_client_freed_inside_a_hook_ends_when_its_loop_runs),
        cmocka_unit_test(bad_header_lines_are_refused_and_change_nothing),
        cmocka_unit_test(too_many_or_too_long_header_lines_fail_the_call),
        cmocka_unit_test(counters_tell_why_calls_waited),
        cmocka_unit_test(counters_tell_of_the_budget),
        cmocka_unit_test(connections_are_as_many_as_the_pool_holds),
        cmocka_unit_test(connections_too_old_or_too_long_idle_are_not_used),
        cmocka_unit_test(ages_beyond_a_day_are_refused),
        cmocka_unit_test(hooks_run_on_the_clients_own_thread),
        cmocka_unit_test(row_123_no_memory_is_given_back_with_a_secret_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
