/* SPDX-License-Identifier: MIT */
/* Row 113 of the fault catalogue, by a token: one trigger, from any thread, ends many calls of several clients. */
#include "wire.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static uvrest_cancel *new_token(void)
{
    uvrest_cancel *token = NULL;
    assert_int_equal(uvrest_cancel_new(NULL, &token), UVREST_OK);
    assert_false(uvrest_cancel_is_triggered(token));
    return token;
}

static void token_ends_its_calls_and_no_others(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    uvrest_cancel *token = new_token();
    uvrest_call_options with = {.cancel = token};
    uvrest_client *client = wire_client(s);
    seen saw[6] = {{0}};
    (void)state;
    for (size_t i = 0; i < 6; i++)
        wire_get(client, &saw[i], i % 2 == 0 ? &with : NULL, NULL);
    uvrest_cancel_trigger(token);
    uvrest_cancel_trigger(token);
    assert_true(uvrest_cancel_is_triggered(token));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(saw[i].n, 0); /* later, from the loop */
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], i % 2 == 0 ? UVREST_E_CANCELLED : UVREST_OK);
    }
    uvrest_cancel_free(token);
    uvrest_client_free(client);
    server_stop(s);
}

static void triggered_token_refuses_calls(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_cancel *token = new_token();
    uvrest_reason reason = {""};
    uvrest_call_options with = {.cancel = token, .reason = &reason};
    sample_leaf_args args = {.leaf_id = "a1", .call = &with};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    seen saw = {0};
    (void)state;
    uvrest_cancel_trigger(token);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL),
                     UVREST_E_CANCELLED);
    wire_check_contains(reason.text, "cancel");
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_E_CANCELLED);
    assert_int_equal(result->status, UVREST_E_CANCELLED);
    assert_int_equal(result->executed, UVREST_EXECUTED_NO);
    uvrest_result_free(result);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(saw.n, 0);
    uvrest_cancel_free(token);
    uvrest_client_free(client);
}

static void freed_token_lets_its_calls_go_on(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    uvrest_cancel *token = new_token();
    uvrest_call_options with = {.cancel = token};
    uvrest_client *client = wire_client(s);
    seen saw = {0};
    (void)state;
    wire_get(client, &saw, &with, NULL);
    uvrest_cancel_free(token);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    uvrest_cancel_free(NULL);
    uvrest_cancel_trigger(NULL);
    server_stop(s);
}

static void token_outlives_client_and_calls(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    uvrest_cancel *token = new_token();
    uvrest_call_options with = {.cancel = token};
    uvrest_client *client = wire_client(s);
    uvrest_call *call = NULL;
    seen saw[3] = {{0}};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        wire_get(client, &saw[i], &with, &call);
    uvrest_call_cancel(call);
    uvrest_cancel_trigger(token); /* in the box of a client that closes */
    uvrest_client_free(client);
    for (size_t i = 0; i < 3; i++)
        wire_check_status(&saw[i], UVREST_E_CANCELLED);
    uvrest_cancel_trigger(token);
    uvrest_cancel_free(token);
    server_stop(s);
}

typedef struct chain {
    uvrest_cancel *token;
    seen saw;
} chain;

static void trigger_inside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    chain *c = user;
    wire_on_leaf(leaf, result, &c->saw);
    uvrest_cancel_trigger(c->token);
    uvrest_cancel_free(c->token);
}

static void token_may_be_triggered_and_freed_inside_a_callback(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "conn\nexpect\nstall\n");
    chain c = {.token = new_token()};
    uvrest_call_options with = {.cancel = c.token};
    sample_leaf_args args = {.leaf_id = "a1", .call = &with};
    uvrest_client *client = wire_client(s);
    seen other = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)trigger_inside, &c, NULL), 0);
    wire_get(client, &other, &with, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    wire_check_status(&c.saw, UVREST_OK);
    assert_int_equal(other.n, 1);
    wire_check_status(&other, UVREST_E_CANCELLED);
    uvrest_client_free(client);
    server_stop(s);
}

typedef struct trigger {
    server *s;
    uvrest_cancel *token;
    size_t requests;
} trigger;

static void *trigger_when_seen(void *user)
{
    trigger *t = user;
    while (server_requests(t->s) < t->requests)
        sched_yield();
    uvrest_cancel_trigger(t->token);
    return NULL;
}

static void token_is_triggered_from_another_thread(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    trigger t = {.s = s, .token = new_token(), .requests = 4};
    uvrest_call_options with = {.cancel = t.token};
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    pthread_t thread;
    seen saw[50] = {{0}};
    (void)state;
    options.max_in_flight = 4;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 50; i++)
        wire_get(client, &saw[i], &with, NULL);
    assert_int_equal(pthread_create(&thread, NULL, trigger_when_seen, &t), 0);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_E_CANCELLED);
    }
    uvrest_client_free(client);
    uvrest_cancel_free(t.token);
    server_stop(s);
}

/* A client of its own on each thread; all share one token. */
typedef struct sharer {
    server *s;
    uvrest_cancel *token;
    unsigned n_cancelled;
} sharer;

static void *use_client(void *argument)
{
    sharer *u = argument;
    uvrest_client *client = wire_client(u->s);
    uvrest_call_options with = {.cancel = u->token};
    sample_leaf_args args = {.leaf_id = "a1", .call = &with};
    while (u->n_cancelled < 20) {
        uvrest_result *result = NULL;
        const sample_leaf *leaf = NULL;
        uvrest_status st = uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result);
        if (st == UVREST_E_CANCELLED)
            u->n_cancelled++;
        else if (st != UVREST_OK)
            u->n_cancelled = 1000;
        uvrest_result_free(result);
    }
    uvrest_client_free(client);
    return NULL;
}

static void token_is_shared_by_clients_on_several_threads(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    uvrest_cancel *token = new_token();
    sharer users[4];
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        users[i] = (sharer){.s = s, .token = token};
        assert_int_equal(pthread_create(&threads[i], NULL, use_client, &users[i]), 0);
    }
    while (server_requests(s) < 200)
        sched_yield();
    uvrest_cancel_trigger(token);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(users[i].n_cancelled, 20);
    }
    uvrest_cancel_free(token);
    server_stop(s);
}

static void token_of_the_parent_does_nothing_to_it_in_a_child(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    uvrest_cancel *token = new_token();
    uvrest_call_options with = {.cancel = token};
    uvrest_client *client = wire_client(s);
    seen saw = {0};
    int status = 0;
    pid_t child;
    (void)state;
    wire_get(client, &saw, &with, NULL);
    child = fork();
    if (child == 0) {
        uvrest_cancel_trigger(token);
        uvrest_client_free(client);
        uvrest_cancel_free(token);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    uvrest_cancel_free(token);
    server_stop(s);
}

static void a_hundred_thousand_calls_of_one_token(void **state)
{
    enum { N = 100000 };
    sample_client_options options = wire_options(NULL);
    uvrest_cancel *token = new_token();
    uvrest_call_options with = {.cancel = token};
    uvrest_client *client;
    uvrest_stats stats;
    seen *saw = calloc(1, sizeof *saw);
    (void)state;
    assert_non_null(saw);
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    for (size_t i = 0; i < N; i++) {
        saw->n = 0;
        wire_get(client, saw, &with, NULL);
    }
    uvrest_cancel_trigger(token);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(saw->n, N);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.completed, N);
    assert_int_equal(stats.queued, 0);
    uvrest_client_free(client);
    uvrest_cancel_free(token);
    free(saw);
}

static void *deny(size_t size, void *user)
{
    (void)size;
    (void)user;
    return NULL;
}

static void *deny_resize(void *memory, size_t size, void *user)
{
    (void)memory;
    return deny(size, user);
}

static void deny_release(void *memory, void *user)
{
    (void)user;
    assert_null(memory);
}

static void row_110_token_without_memory(void **state)
{
    uvrest_alloc alloc = {deny, deny_resize, deny_release, NULL};
    uvrest_cancel *token = NULL;
    (void)state;
    assert_int_equal(uvrest_cancel_new(&alloc, &token), UVREST_E_NOMEM);
    assert_null(token);
    assert_int_equal(uvrest_cancel_new(NULL, NULL), UVREST_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_ends_its_calls_and_no_others),
        cmocka_unit_test(triggered_token_refuses_calls),
        cmocka_unit_test(freed_token_lets_its_calls_go_on),
        cmocka_unit_test(token_outlives_client_and_calls),
        cmocka_unit_test(token_may_be_triggered_and_freed_inside_a_callback),
        cmocka_unit_test(token_is_triggered_from_another_thread),
        cmocka_unit_test(token_is_shared_by_clients_on_several_threads),
        cmocka_unit_test(token_of_the_parent_does_nothing_to_it_in_a_child),
        cmocka_unit_test(a_hundred_thousand_calls_of_one_token),
        cmocka_unit_test(row_110_token_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
