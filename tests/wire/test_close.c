/* SPDX-License-Identifier: MIT */
/* Rows 114, 115 and 118 of the fault catalogue: a client ends with calls pending, from anywhere, more than once. */
#include "wire.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static void count(void *user)
{
    ++*(unsigned *)user;
}

static void row_114_free_cancels_what_is_pending(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    seen saw[8] = {{0}};
    (void)state;
    options.max_in_flight = 2;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 8; i++)
        wire_get(client, &saw[i], NULL, NULL);
    uvrest_client_free(client);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_E_CANCELLED);
    }
    server_stop(s);
}

static void free_without_calls_is_enough(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        uvrest_client_free(wire_client(NULL));
}

typedef struct closer {
    seen saw;
    uvrest_client *client;
    unsigned n_closed;
    bool free;
    uvrest_status start;
} closer;

static void close_inside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    closer *c = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    wire_on_leaf(leaf, result, &c->saw);
    if (c->free) {
        uvrest_client_free(c->client);
        uvrest_client_free(c->client);
    } else {
        uvrest_client_close(c->client, count, &c->n_closed);
        uvrest_client_close(c->client, count, &c->n_closed);
    }
    c->start = uvrest_gen_call(c->client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, NULL, NULL);
}

static void row_114_free_from_a_callback(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    closer c = {.client = wire_client(s), .free = true};
    sample_leaf_args args = {.leaf_id = "a1"};
    seen other = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &args, (uvrest_any_fn *)close_inside, &c, NULL), 0);
    wire_get(c.client, &other, NULL, NULL);
    assert_int_equal(uvrest_client_run(c.client), UVREST_OK); /* and the client is gone */
    assert_int_equal(c.saw.n, 1);
    wire_check_status(&c.saw, UVREST_OK);
    assert_int_equal(c.start, UVREST_E_STATE);
    assert_int_equal(other.n, 1);
    wire_check_status(&other, UVREST_E_CANCELLED);
    server_stop(s);
}

static void row_114_free_from_a_callback_while_waiting(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    closer c = {.client = wire_client(s), .free = true};
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &args, (uvrest_any_fn *)close_inside, &c, NULL), 0);
    assert_int_equal(uvrest_gen_wait(c.client, &leaves_get, &args, &leaf, &result), UVREST_E_CANCELLED);
    assert_null(leaf);
    assert_string_equal(result->message, "the client was closed");
    uvrest_result_free(result);
    server_stop(s);
}

static void row_114_close_from_a_callback_on_the_callers_loop(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    closer c = {.free = false};
    uv_loop_t loop;
    seen other = {0};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    c.client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &args, (uvrest_any_fn *)close_inside, &c, NULL), 0);
    wire_get(c.client, &other, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(c.n_closed, 1);
    assert_int_equal(c.start, UVREST_E_STATE);
    assert_int_equal(other.n, 1);
    wire_check_status(&other, UVREST_E_CANCELLED);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

static void row_114_close_while_waiting_on_the_callers_loop(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    closer c = {.free = false};
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    c.client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &args, (uvrest_any_fn *)close_inside, &c, NULL), 0);
    assert_int_equal(uvrest_gen_wait(c.client, &leaves_get, &args, &leaf, &result), UVREST_E_CANCELLED);
    uvrest_result_free(result);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(c.n_closed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

static void row_114_close_with_calls_in_every_state(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 503 Retry-After: 50|{}\nstall\nconn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    unsigned closed = 0;
    uv_loop_t loop;
    seen saw[6] = {{0}};
    uvrest_stats stats;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    options.max_in_flight = 2;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 6; i++)
        wire_get(client, &saw[i], NULL, NULL);
    do {
        uv_run(&loop, UV_RUN_ONCE);
        uvrest_client_stats(client, &stats);
    } while (stats.attempts < 3);
    uvrest_client_close(client, count, &closed);
    assert_int_equal(closed, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_E_CANCELLED);
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

static void row_115_loop_that_is_stopped_goes_on_later(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uv_loop_t loop;
    seen saw = {0};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    client = wire_client_of(&options);
    wire_get(client, &saw, NULL, NULL);
    uv_stop(&loop);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), UV_EBUSY); /* the client is still there */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(saw.n, 1);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client); /* as close, on a caller's loop */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

static void count_if(bool failed, char *failures)
{
    *failures = (char)(*failures + (failed ? 1 : 0));
}

static void row_118_child_of_fork_gets_state_and_hurts_nobody(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    seen saw;
    int pipe_fds[2];
    char failures = 0;
    pid_t child;
    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    saw = wire_call(client, wire_get, NULL);
    child = fork();
    if (child == 0) {
        const sample_leaf *leaf = NULL;
        uvrest_result *result = NULL;
        count_if(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL) !=
                     UVREST_E_STATE,
                 &failures);
        count_if(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result) != UVREST_E_STATE, &failures);
        count_if(result == NULL, &failures);
        uvrest_result_free(result);
        count_if(uvrest_client_run(client) != UVREST_E_STATE, &failures);
        uvrest_client_free(client);
        if (write(pipe_fds[1], &failures, 1) != 1)
            abort();
        raise(SIGKILL); /* no exit handlers: what they would tidy up is the parent's */
    }
    assert_true(child > 0);
    assert_int_equal(read(pipe_fds[0], &failures, 1), 1);
    assert_int_equal(failures, 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(server_connections(s), 1); /* the parent's connection has survived */
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- memory ---- */

typedef struct pool {
    long left; /* allocations until one fails; below 0: none fails */
    long live;
    bool once;
} pool;

static bool denies(pool *p)
{
    if (p->left < 0)
        return false;
    if (p->left > 0) {
        p->left--;
        return false;
    }
    if (p->once)
        p->left = -1;
    return true;
}

static void *allocate(size_t size, void *user)
{
    pool *p = user;
    void *memory = denies(p) ? NULL : malloc(size);
    p->live += memory != NULL;
    return memory;
}

static void *resize(void *memory, size_t size, void *user)
{
    pool *p = user;
    void *moved = denies(p) ? NULL : realloc(memory, size);
    p->live += moved != NULL && memory == NULL;
    return moved;
}

static void release(void *memory, void *user)
{
    pool *p = user;
    p->live -= memory != NULL;
    free(memory);
}

static void add_line(const uvrest_request_event *event, void *user)
{
    const bool *adds = user;
    if (*adds)
        assert_int_equal(uvrest_request_add_header(event, "X-Of-A-Hook: 1"), UVREST_OK);
}

/* In the child: a client of its own, with the same account, answers while the parent's call is still under way. */
static int ask_in_the_child(const sample_client_options *options)
{
    uvrest_client *client = wire_client_of(options);
    uvrest_call_options call = {.deadline_ms = 5000};
    sample_leaf_args args = {.leaf_id = "a1", .call = &call};
    uvrest_status st = uvrest_gen_wait(client, &leaves_get, &args, NULL, NULL);
    uvrest_client_free(client);
    return st == UVREST_OK ? 0 : 1;
}

static void row_118_child_of_fork_has_a_budget_of_its_own(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    seen saw = {0};
    int status = -1;
    pid_t child;
    (void)state;
    options.auth_token = "of-a-parent-and-its-child";
    options.rate_limit.first_contact = 1; /* all wait until the first answer is there */
    client = wire_client_of(&options);
    wire_get(client, &saw, &(uvrest_call_options){.deadline_ms = 50}, NULL);
    child = fork();
    if (child == 0)
        _exit(ask_in_the_child(&options));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    uvrest_client_free(client);
    server_stop(s);
}

/* What is left of a client with a call in flight once a child of fork() has freed it there: the transport's. */
static long left_in_child(bool adds)
{
    server *s = server_start("conn\nexpect\nstall\n");
    pool p = {.left = -1};
    uvrest_alloc alloc = {allocate, resize, release, &p};
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    seen saw = {0};
    int fds[2];
    long left = -1;
    pid_t child;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(pipe(fds), 0);
    options.loop = &loop;
    options.alloc = &alloc;
    options.on_request = add_line;
    options.hook_user = &adds;
    options.disable_rate_limit_handling = true;
    client = wire_client_of(&options);
    wire_get(client, &saw, NULL, NULL);
    while (server_requests(s) == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    child = fork();
    if (child == 0) {
        uvrest_client_free(client);
        if (write(fds[1], &p.live, sizeof p.live) != sizeof p.live)
            abort();
        raise(SIGKILL);
    }
    assert_true(child > 0);
    assert_int_equal(read(fds[0], &left, sizeof left), sizeof left);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(fds[0]);
    close(fds[1]);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(p.live, 0);
    server_stop(s);
    return left;
}

static void row_118_what_a_call_holds_is_freed_in_the_child_too(void **state)
{
    (void)state;
    assert_int_equal(left_in_child(true), left_in_child(false));
}

/* One client, a GET and a POST; how many of them ended well. */
static unsigned live_once(server *s, pool *p, bool *out_client)
{
    uvrest_alloc alloc = {allocate, resize, release, p};
    sample_client_options options = wire_options(s);
    sample_leaf leaf = {.id = "a1"};
    sample_leaf_args get = {.leaf_id = "a1"};
    sample_leaf_body_args post = {.leaf_id = "a1", .body = &leaf};
    uvrest_client *client = NULL;
    seen saw[2] = {{0}};
    uvrest_status st;
    unsigned good = 0;
    unsigned started = 0;
    options.alloc = &alloc;
    options.attempts = 1;
    options.disable_rate_limit_handling = true; /* ledgers are the process's, and outlive the client */
    st = uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client);
    *out_client = st == UVREST_OK;
    if (st != UVREST_OK) {
        assert_int_equal(st, UVREST_E_NOMEM);
        assert_null(client);
        return 0;
    }
    st = uvrest_gen_call(client, &leaves_get, &get, (uvrest_any_fn *)wire_on_leaf, &saw[0], NULL);
    assert_true(st == UVREST_OK || st == UVREST_E_NOMEM);
    started += st == UVREST_OK;
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    st = uvrest_gen_call(client, &leaves_create, &post, (uvrest_any_fn *)wire_on_leaf, &saw[1], NULL);
    assert_true(st == UVREST_OK || st == UVREST_E_NOMEM);
    started += st == UVREST_OK;
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    uvrest_client_free(client);
    assert_int_equal(saw[0].n + saw[1].n, started);
    for (size_t i = 0; i < 2; i++)
        good += saw[i].n == 1 && saw[i].status == UVREST_OK;
    return good;
}

static void row_110_every_allocation_may_fail(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    bool client;
    (void)state;
    for (int once = 0; once < 2; once++) {
        unsigned good = 0;
        for (long n = 0; good < 2; n++) {
            pool p = {.left = n, .once = once == 1};
            assert_true(n < 2000);
            good = live_once(s, &p, &client);
            assert_int_equal(p.live, 0);
            if (p.left > 0)
                assert_int_equal(good, 2);
        }
    }
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_114_free_cancels_what_is_pending),
        cmocka_unit_test(free_without_calls_is_enough),
        cmocka_unit_test(row_114_free_from_a_callback),
        cmocka_unit_test(row_114_free_from_a_callback_while_waiting),
        cmocka_unit_test(row_114_close_from_a_callback_on_the_callers_loop),
        cmocka_unit_test(row_114_close_while_waiting_on_the_callers_loop),
        cmocka_unit_test(row_114_close_with_calls_in_every_state),
        cmocka_unit_test(row_115_loop_that_is_stopped_goes_on_later),
        cmocka_unit_test(row_118_child_of_fork_gets_state_and_hurts_nobody),
        cmocka_unit_test(row_118_child_of_fork_has_a_budget_of_its_own),
        cmocka_unit_test(row_118_what_a_call_holds_is_freed_in_the_child_too),
        cmocka_unit_test(row_110_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
