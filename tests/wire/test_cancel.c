/* SPDX-License-Identifier: MIT */
/* Row 113 of the fault catalogue: a call is ended in every state, and its callback runs once. */
#include "wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static void row_113_cancel_before_the_loop_runs(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    uvrest_call *call = NULL;
    seen saw = {0};
    (void)state;
    wire_get(client, &saw, NULL, &call);
    uvrest_call_cancel(call);
    assert_int_equal(saw.n, 0); /* later, from the loop */
    uvrest_call_cancel(call);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_int_equal(server_requests(s), 0);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_113_cancel_in_the_queue(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uvrest_call *calls[5];
    uvrest_stats stats;
    seen saw[5] = {{0}};
    (void)state;
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 5; i++)
        wire_get(client, &saw[i], NULL, &calls[i]);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.queued, 4);
    assert_int_equal(stats.in_flight, 1);
    uvrest_call_cancel(calls[1]);
    uvrest_call_cancel(calls[4]);
    uvrest_call_cancel(calls[3]);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(saw[i].n, 1);
    wire_check_status(&saw[0], UVREST_OK);
    wire_check_status(&saw[1], UVREST_E_CANCELLED);
    assert_int_equal(saw[1].attempts, 0);
    wire_check_status(&saw[2], UVREST_OK);
    wire_check_status(&saw[3], UVREST_E_CANCELLED);
    wire_check_status(&saw[4], UVREST_E_CANCELLED);
    assert_int_equal(server_requests(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

/* Cancels a call once the server has seen as many requests and connections, and the text, as asked for. */
typedef struct watcher {
    uv_timer_t timer;
    server *s;
    uvrest_call *call;
    size_t requests;
    size_t connections;
    const char *text; /* NULL: any */
} watcher;

static void on_look(uv_timer_t *timer)
{
    watcher *w = timer->data;
    if (server_requests(w->s) < w->requests || server_connections(w->s) < w->connections ||
        (w->text != NULL && !server_received(w->s, w->text)))
        return;
    uvrest_call_cancel(w->call);
    uv_close((uv_handle_t *)timer, NULL);
}

/* Starts one call, cancels it as w says, and ends client and server. */
static seen cancel_of(watcher w, sample_client_options options, wire_start_fn *start)
{
    uvrest_client *client;
    uv_loop_t loop;
    seen saw = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    client = wire_client_of(&options);
    w.timer.data = &w;
    assert_int_equal(uv_timer_init(&loop, &w.timer), 0);
    assert_int_equal(uv_timer_start(&w.timer, on_look, 1, 1), 0);
    start(client, &saw, NULL, &w.call);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(saw.n, 1);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(w.s);
    return saw;
}

static seen cancel_when(const char *script, size_t requests, size_t connections, bool post)
{
    server *s = server_start(script);
    watcher w = {.s = s, .requests = requests, .connections = connections};
    return cancel_of(w, wire_options(s), post ? wire_post : wire_get);
}

/* The server takes the connection and never answers the handshake of TLS. */
static void row_113_cancel_while_connecting(void **state)
{
    server *s = server_start("conn\nstall\n");
    sample_client_options options = wire_options(s);
    char url[64];
    seen saw;
    (void)state;
    snprintf(url, sizeof url, "https://127.0.0.1:%d", server_port(s));
    options.base_url = url;
    saw = cancel_of((watcher){.s = s, .connections = 1}, options, wire_post);
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
}

/* More than all buffers on the way hold. */
static void put_much(uvrest_client *client, seen *saw, const uvrest_call_options *options, uvrest_call **out_call)
{
    const size_t len = 32u << 20;
    char *body = calloc(len, 1);
    uvrest_request request = {.method = UVREST_PUT,
                              .path = "/API/much/",
                              .body = body,
                              .body_len = len,
                              .content_type = "application/octet-stream",
                              .call = options};
    assert_non_null(body);
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, saw, out_call), UVREST_OK);
    free(body);
}

static void row_113_cancel_while_sending(void **state)
{
    server *s = server_start("conn\nread 20\nstall\n");
    seen saw = cancel_of((watcher){.s = s, .text = "PUT /API/much/"}, wire_options(s), put_much);
    (void)state;
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
}

/* The server has counted it: with a quota of one nothing else goes out for a window. */
static void row_113_a_cancelled_call_keeps_its_slot(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    watcher w = {.s = s, .requests = 1};
    uvrest_call_options hurry = {.deadline_ms = 1000};
    uvrest_client *client;
    uv_loop_t loop;
    seen first = {0};
    seen second = {0};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    options.rate_limit.requests = 1;
    options.rate_limit.window_ms = 60000;
    client = wire_client_of(&options);
    w.timer.data = &w;
    assert_int_equal(uv_timer_init(&loop, &w.timer), 0);
    assert_int_equal(uv_timer_start(&w.timer, on_look, 1, 1), 0);
    wire_get(client, &first, NULL, &w.call);
    uv_run(&loop, UV_RUN_DEFAULT);
    wire_check_status(&first, UVREST_E_CANCELLED);
    wire_get(client, &second, &hurry, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    wire_check_status(&second, UVREST_E_TIMEOUT);
    assert_int_equal(second.attempts, 0);
    assert_int_equal(server_requests(s), 1);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

static void row_113_cancel_while_waiting_for_the_answer(void **state)
{
    seen saw = cancel_when("conn\nexpect\nstall\n", 1, 1, false);
    (void)state;
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(saw.attempts, 1);
    saw = cancel_when("conn\nexpect\nstall\n", 1, 1, true);
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
}

static void row_113_cancel_while_the_body_arrives(void **state)
{
    seen saw =
        cancel_when("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\n{\nstall\n", 1, 1, false);
    (void)state;
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_string_equal(saw.body, "");
}

static void row_113_cancel_in_backoff(void **state)
{
    seen saw = cancel_when("conn\nexpect\nreply+ 503 Retry-After: 50|{}\n", 1, 1, false);
    (void)state;
    wire_check_status(&saw, UVREST_E_CANCELLED);
    assert_int_equal(saw.attempts, 1);
}

static void cancel_self(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    uvrest_call_cancel(result->call);
    wire_on_leaf(leaf, result, user);
    uvrest_call_cancel(result->call);
}

static void row_113_cancel_in_its_own_callback_changes_nothing(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)cancel_self, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

typedef struct pair {
    seen saw;
    uvrest_call *other;
} pair;

static void cancel_other(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    pair *p = user;
    wire_on_leaf(leaf, result, &p->saw);
    uvrest_call_cancel(p->other);
}

static void row_113_cancel_another_from_a_callback(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    pair p = {.other = NULL};
    seen other = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)cancel_other, &p, NULL), 0);
    wire_get(client, &other, NULL, &p.other);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(p.saw.n, 1);
    assert_int_equal(other.n, 1);
    wire_check_status(&p.saw, UVREST_OK);
    wire_check_status(&other, UVREST_E_CANCELLED);
    uvrest_client_free(client);
    server_stop(s);
}

/* Calls whose answers are there before the loop looks, each on a connection of its own. */
#define MANY 40

typedef struct crowd {
    seen saw[MANY];
    uvrest_call *calls[MANY];
    unsigned n;
} crowd;

static void cancel_crowd(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    crowd *c = user;
    wire_on_leaf(leaf, result, &c->saw[c->n++]);
    for (size_t i = 0; i < MANY && c->n == 1; i++)
        if (c->calls[i] != result->call)
            uvrest_call_cancel(c->calls[i]);
}

static void row_113_cancel_others_whose_answers_are_there(void **state)
{
    static crowd c;
    server *s = server_start("conn\nexpect\n" ANSWER "stall\n");
    sample_client_options options = wire_options(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_client *client;
    uv_loop_t loop;
    unsigned n_whole = 0;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    options.pool_maxsize = MANY;
    client = wire_client_of(&options);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)cancel_crowd, &c, &c.calls[i]),
                         0);
    while (server_requests(s) < MANY && c.n == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    uv_sleep(100);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(c.n, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(c.saw[i].status == UVREST_OK || c.saw[i].status == UVREST_E_CANCELLED);
        n_whole += c.saw[i].status == UVREST_OK;
    }
    wire_check_status(&c.saw[0], UVREST_OK);
    assert_true(n_whole <= 8); /* so many answers at the most are looked at together */
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

/* A call that starts the next one in its callback, cancelled at once, a thousand times. */
typedef struct chain {
    uvrest_client *client;
    unsigned left;
    unsigned n;
} chain;

static void on_chain(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    chain *c = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_call *call = NULL;
    (void)leaf;
    assert_int_equal(result->status, UVREST_E_CANCELLED);
    c->n++;
    if (c->left-- == 0)
        return;
    assert_int_equal(uvrest_gen_call(c->client, &leaves_get, &args, (uvrest_any_fn *)on_chain, c, &call), 0);
    uvrest_call_cancel(call);
}

static void row_116_callbacks_may_start_and_cancel(void **state)
{
    server *s = server_start("conn\nstall\n");
    chain c = {.client = wire_client(s), .left = 1000};
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_call *call = NULL;
    (void)state;
    assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &args, (uvrest_any_fn *)on_chain, &c, &call), 0);
    uvrest_call_cancel(call);
    assert_int_equal(uvrest_client_run(c.client), UVREST_OK);
    assert_int_equal(c.n, 1001);
    uvrest_client_free(c.client);
    server_stop(s);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned n_cancelled;

static void on_cancelled(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    (void)user;
    assert_int_equal(result->status, UVREST_E_CANCELLED);
    n_cancelled++;
}

typedef enum kind { PLAIN, WITH_DEADLINE, WITH_CREDENTIALS } kind;

/* Seconds to start and cancel n calls, in an order that is neither theirs nor its reverse. */
static double start_and_cancel(size_t n, kind what)
{
    sample_client_options options = wire_options(NULL);
    char token[48];
    const char *const lines[] = {token, NULL}; /* another for each call */
    uvrest_call_options call = {.deadline_ms = what == WITH_DEADLINE ? 600000 : 0,
                                .credentials = what == WITH_CREDENTIALS ? lines : NULL};
    sample_leaf_args args = {.leaf_id = "a1", .call = &call};
    uvrest_call **calls = malloc(n * sizeof *calls);
    uvrest_client *client;
    double begin;
    assert_non_null(calls);
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    n_cancelled = 0;
    begin = seconds();
    for (size_t i = 0; i < n; i++) {
        snprintf(token, sizeof token, "Auth-Token: %zu", i);
        assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)on_cancelled, NULL, &calls[i]),
                         0);
    }
    for (size_t i = 0; i < n; i++)
        uvrest_call_cancel(calls[i * 7919 % n]);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(n_cancelled, n);
    uvrest_client_free(client);
    free(calls);
    return seconds() - begin;
}

static void a_hundred_thousand_calls_start_and_cancel_in_linear_time(void **state)
{
    (void)state;
    for (kind what = WITH_DEADLINE; what <= WITH_CREDENTIALS; what++) {
        double few = start_and_cancel(20000, what);
        double many = start_and_cancel(100000, what);
        if (many > few * 5 * 4)
            fail_msg("20,000 calls take %.3f s, 100,000 take %.3f s", few, many);
    }
    (void)start_and_cancel(1000, PLAIN);
}

static void a_full_queue_refuses(void **state)
{
    sample_client_options options = wire_options(NULL);
    uvrest_reason reason = {""};
    uvrest_call_options call = {.reason = &reason};
    sample_leaf_args args = {.leaf_id = "a1", .call = &call};
    uvrest_call *calls[3];
    uvrest_client *client;
    seen saw[3] = {{0}};
    (void)state;
    options.max_in_flight = 1;
    options.max_queued = 2;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 3; i++)
        wire_get(client, &saw[i], NULL, &calls[i]);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw[0], NULL),
                     UVREST_E_LIMIT);
    wire_check_contains(reason.text, "max_queued");
    for (size_t i = 0; i < 3; i++)
        uvrest_call_cancel(calls[i]);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(saw[i].n, 1);
    uvrest_client_free(client);
}

/* The order in which answers came. */
typedef struct order {
    char text[64];
} order;

static void on_order(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    order *o = user;
    (void)result;
    assert_non_null(leaf);
    strcat(o->text, leaf->id);
}

typedef struct started {
    const char *id;
    uvrest_priority priority;
    const char *const *credentials; /* NULL: the client's */
} started;

/* n calls, started one after another where one at a time may be under way; ends the server. */
static void check_order(server *s, const started *rows, size_t n, const char *expected)
{
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    order o = {""};
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    for (size_t i = 0; i < n; i++) {
        uvrest_call_options call = {.priority = rows[i].priority, .credentials = rows[i].credentials};
        sample_leaf_args args = {.leaf_id = rows[i].id, .call = &call};
        assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)on_order, &o, NULL), 0);
    }
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_string_equal(o.text, expected);
    uvrest_client_free(client);
    server_stop(s);
}

static void priorities_are_kept_and_inside_them_the_order(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/leaves/n0\nreply 200 {\"id\":\"n0\"}\n"
                             "expect GET /API/leaves/h1\nreply 200 {\"id\":\"h1\"}\n"
                             "expect GET /API/leaves/h2\nreply 200 {\"id\":\"h2\"}\n"
                             "expect GET /API/leaves/n1\nreply 200 {\"id\":\"n1\"}\n"
                             "expect GET /API/leaves/n2\nreply 200 {\"id\":\"n2\"}\n"
                             "expect GET /API/leaves/b1\nreply 200 {\"id\":\"b1\"}\n"
                             "expect GET /API/leaves/b2\nreply 200 {\"id\":\"b2\"}\n");
    static const started rows[] = {
        {"n0", UVREST_PRIORITY_NORMAL, NULL}, {"b1", UVREST_PRIORITY_BULK, NULL}, {"n1", UVREST_PRIORITY_NORMAL, NULL},
        {"h1", UVREST_PRIORITY_HIGH, NULL},   {"b2", UVREST_PRIORITY_BULK, NULL}, {"n2", UVREST_PRIORITY_NORMAL, NULL},
        {"h2", UVREST_PRIORITY_HIGH, NULL},
    };
    (void)state;
    check_order(s, rows, sizeof rows / sizeof rows[0], "n0h1h2n1n2b1b2");
}

/* A budget of its own is no place of its own: the pool is shared. */
static void the_order_holds_among_calls_of_several_credentials(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /API/leaves/c0\nreply 200 {\"id\":\"c0\"}\n"
                             "expect GET /API/leaves/oh\nreply 200 {\"id\":\"oh\"}\n"
                             "expect GET /API/leaves/c1\nreply 200 {\"id\":\"c1\"}\n"
                             "expect GET /API/leaves/o1\nreply 200 {\"id\":\"o1\"}\n"
                             "expect GET /API/leaves/c2\nreply 200 {\"id\":\"c2\"}\n"
                             "expect GET /API/leaves/ob\nreply 200 {\"id\":\"ob\"}\n"
                             "expect GET /API/leaves/cb\nreply 200 {\"id\":\"cb\"}\n");
    static const char *const own[] = {"Auth-Token: another-one", NULL};
    static const char *const other[] = {"Auth-Token: and-a-third", NULL};
    static const started rows[] = {
        {"c0", UVREST_PRIORITY_NORMAL, NULL},  {"ob", UVREST_PRIORITY_BULK, own},
        {"cb", UVREST_PRIORITY_BULK, NULL},    {"c1", UVREST_PRIORITY_NORMAL, NULL},
        {"o1", UVREST_PRIORITY_NORMAL, other}, {"c2", UVREST_PRIORITY_NORMAL, NULL},
        {"oh", UVREST_PRIORITY_HIGH, own},
    };
    (void)state;
    check_order(s, rows, sizeof rows / sizeof rows[0], "c0ohc1o1c2obcb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_113_cancel_before_the_loop_runs),
        cmocka_unit_test(row_113_cancel_in_the_queue),
        cmocka_unit_test(row_113_cancel_while_connecting),
        cmocka_unit_test(row_113_cancel_while_sending),
        cmocka_unit_test(row_113_cancel_while_waiting_for_the_answer),
        cmocka_unit_test(row_113_cancel_while_the_body_arrives),
        cmocka_unit_test(row_113_a_cancelled_call_keeps_its_slot),
        cmocka_unit_test(row_113_cancel_in_backoff),
        cmocka_unit_test(row_113_cancel_in_its_own_callback_changes_nothing),
        cmocka_unit_test(row_113_cancel_another_from_a_callback),
        cmocka_unit_test(row_113_cancel_others_whose_answers_are_there),
        cmocka_unit_test(row_116_callbacks_may_start_and_cancel),
        cmocka_unit_test(a_hundred_thousand_calls_start_and_cancel_in_linear_time),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(priorities_are_kept_and_inside_them_the_order),
        cmocka_unit_test(the_order_holds_among_calls_of_several_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
