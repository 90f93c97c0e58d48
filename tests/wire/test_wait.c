/* SPDX-License-Identifier: MIT */
/* The blocking twins: what they hand over, which loop they run, and where they may not. */
#include "wire.h"
#include <uv.h>
#include <uvrest/group.h>

#define ANSWER "reply 200 {\"id\":\"a1\",\"size\":5}\n"

static void wait_returns_value_and_result(void **state)
{
    server *s =
        server_start("conn\nexpect\n" ANSWER "expect\n" ANSWER "expect\nreply 404 {\"errors\":[\"no leaf\"]}\n");
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *leaf = NULL, gone = {0};
    uvrest_result *result = NULL, none = {0};
    (void)state;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_OK);
    assert_string_equal(leaf->id, "a1");
    assert_int_equal(result->http_status, 200);
    assert_null(result->call);
    uvrest_result_free(result);
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, NULL, NULL), UVREST_OK);
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_E_NOT_FOUND);
    assert_null(leaf);
    assert_string_equal(result->message, "no leaf");
    uvrest_result_free(result);
    args.leaf_id = ".."; /* result and leaf still hold what is gone */
    leaf = &gone;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_E_INVALID);
    assert_null(leaf);
    assert_null(result);
    result = &none;
    assert_int_equal(uvrest_gen_wait(NULL, &leaves_get, &args, NULL, &result), UVREST_E_INVALID);
    assert_null(result);
    result = &none;
    assert_int_equal(uvrest_call_raw_wait(client, &(uvrest_request){.path = "x"}, NULL, &result), UVREST_E_INVALID);
    assert_null(result);
    uvrest_client_free(client);
    server_stop(s);
}

/* On a connection that is open a wait needs no turn of the loop, but what else is due has to come all the same. */
static void waits_on_an_open_connection_heed_what_else_is_due(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\n" ANSWER "expect\nstall\n"
                             "conn\nexpect\nstall\n"
                             "conn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    uvrest_call_options hasty = {.deadline_ms = 100};
    uvrest_call_options patient = {.deadline_ms = 400};
    sample_leaf_args args = {.leaf_id = "a1"};
    seen other = {0};
    (void)state;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, NULL, NULL), UVREST_OK);
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, NULL, NULL), UVREST_OK);
    wire_get(client, &other, &hasty, NULL);
    args.call = &patient;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, NULL, NULL), UVREST_E_TIMEOUT);
    assert_int_equal(other.n, 1);
    wire_check_status(&other, UVREST_E_TIMEOUT);
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, NULL, NULL), UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

static void wait_runs_a_loop_of_the_caller(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    sample_client_options options = wire_options(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    uvrest_client *client;
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_OK);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_string_equal(leaf->id, "a1"); /* outlives client and loop */
    uvrest_result_free(result);
    server_stop(s);
}

typedef struct nested {
    uvrest_client *client;
    uvrest_status status;
    uvrest_status result_status;
    uvrest_status run;
} nested;

static void wait_inside(const sample_leaf *leaf, const uvrest_result *outer, void *user)
{
    nested *n = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *value = NULL;
    uvrest_result *result = NULL;
    (void)leaf;
    (void)outer;
    n->status = uvrest_gen_wait(n->client, &leaves_get, &args, &value, &result);
    n->result_status = result == NULL ? UVREST_OK : result->status;
    n->run = uvrest_client_run(n->client);
    uvrest_result_free(result);
}

static void wait_inside_a_callback_is_busy(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    nested n = {.client = wire_client(s)};
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)state;
    assert_int_equal(uvrest_gen_call(n.client, &leaves_get, &args, (uvrest_any_fn *)wait_inside, &n, NULL), 0);
    assert_int_equal(uvrest_client_run(n.client), UVREST_OK);
    assert_int_equal(n.status, UVREST_E_BUSY);
    assert_int_equal(n.result_status, UVREST_E_BUSY);
    assert_int_equal(n.run, UVREST_E_BUSY);
    uvrest_client_free(n.client);
    server_stop(s);
}

static void on_async(uv_async_t *async)
{
    wait_inside(NULL, NULL, async->data);
    uv_close((uv_handle_t *)async, NULL);
}

static void wait_inside_a_callback_of_the_callers_loop_is_busy(void **state)
{
    sample_client_options options = wire_options(NULL);
    nested n = {0};
    uv_async_t async;
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    n.client = wire_client_of(&options);
    async.data = &n;
    assert_int_equal(uv_async_init(&loop, &async, on_async), 0);
    uv_async_send(&async);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(n.status, UVREST_E_BUSY);
    uvrest_client_close(n.client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* Where a client's program is called, in the order of the test below. */
enum { AFTER_CANCEL, AFTER_DEADLINE, IN_HOOK, IN_GROUP, WHEN_CLOSED, N_PLACES };

/* Two clients on one loop: what one of them calls waits for the other. */
typedef struct neighbours {
    uvrest_client *other;
    uvrest_status status[N_PLACES];
    size_t place;
} neighbours;

static void wait_for_neighbour(neighbours *n)
{
    nested inner = {.client = n->other};
    wait_inside(NULL, NULL, &inner);
    n->status[n->place] = inner.status;
}

static void neighbour_ended(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    (void)result;
    wait_for_neighbour(user);
}

static void neighbour_sends(const uvrest_request_event *event, void *user)
{
    neighbours *n = user;
    (void)event;
    if (n->place == IN_HOOK)
        wait_for_neighbour(n);
}

static void neighbours_are_done(const uvrest_group_summary *summary, void *user)
{
    (void)summary;
    wait_for_neighbour(user);
}

static void neighbour_closed(void *user)
{
    wait_for_neighbour(user);
}

static void ignore(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    (void)result;
    (void)user;
}

static void wait_inside_a_callback_of_another_client_is_busy(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    neighbours n = {0};
    uvrest_call_options hurried = {.deadline_ms = 20};
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_client *client;
    uvrest_group *group;
    uvrest_call *call;
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    n.other = wire_client_of(&options);
    options.on_request = neighbour_sends;
    options.hook_user = &n;
    client = wire_client_of(&options);

    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)neighbour_ended, &n, &call), 0);
    uvrest_call_cancel(call);
    uv_run(&loop, UV_RUN_DEFAULT);
    n.place = AFTER_DEADLINE;
    args.call = &hurried;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)neighbour_ended, &n, NULL), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    n.place = IN_HOOK;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)ignore, &n, NULL), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    n.place = IN_GROUP;
    assert_int_equal(uvrest_group_new(client, &group), UVREST_OK);
    assert_int_equal(uvrest_group_finish(group, neighbours_are_done, &n), UVREST_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    n.place = WHEN_CLOSED;
    uvrest_client_close(client, neighbour_closed, &n);
    uv_run(&loop, UV_RUN_DEFAULT);

    for (size_t i = 0; i < N_PLACES; i++)
        assert_int_equal(n.status[i], UVREST_E_BUSY);
    uvrest_client_free(n.other);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_returns_value_and_result),
        cmocka_unit_test(waits_on_an_open_connection_heed_what_else_is_due),
        cmocka_unit_test(wait_runs_a_loop_of_the_caller),
        cmocka_unit_test(wait_inside_a_callback_is_busy),
        cmocka_unit_test(wait_inside_a_callback_of_the_callers_loop_is_busy),
        cmocka_unit_test(wait_inside_a_callback_of_another_client_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
