/* SPDX-License-Identifier: MIT */
/* Groups: many calls that are waited for at once, on a client's own loop, on a caller's, and
 * with a thread of its own. */
#include "wire.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
#include <uvrest/group.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"
#define SERVES "conn\nexpect\n" ANSWER "loop\n"
#define MIXED "conn\nexpect\n" ANSWER "expect\nreply 404 {}\nexpect\n" ANSWER "expect\nreply 404 {}\nloop\n"

static uvrest_client *new_client(const server *s, bool own_thread)
{
    sample_client_options options = wire_options(s);
    options.own_thread = own_thread;
    options.pool_maxsize = 1;
    return wire_client_of(&options);
}

static uvrest_group *new_group(uvrest_client *client)
{
    uvrest_group *group = NULL;
    assert_int_equal(uvrest_group_new(client, &group), UVREST_OK);
    return group;
}

/* What has happened, in order: a letter each. */
typedef struct story {
    uvrest_client *client;
    uvrest_group *group;
    char text[128];
    uvrest_group_summary summary;
    unsigned n_done;
    unsigned more; /* calls its callbacks start */
    uvrest_status late; /* of a start in done */
    bool close;
} story;

static void on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user);

static uvrest_status start(story *t)
{
    uvrest_call_options options = {.group = t->group};
    sample_leaf_args args = {.leaf_id = "a1", .call = &options};
    return uvrest_gen_call(t->client, &leaves_get, &args, (uvrest_any_fn *)on_leaf, t, NULL);
}

static void on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    story *t = user;
    (void)leaf;
    strcat(t->text, result->status == UVREST_OK ? "+" : "-");
    if (t->more > 0 && start(t) == UVREST_OK)
        t->more--;
    if (t->close)
        uvrest_client_free(t->client);
}

static void on_group(const uvrest_group_summary *summary, void *user)
{
    story *t = user;
    strcat(t->text, "!");
    t->summary = *summary;
    t->n_done++;
    t->late = start(t);
}

static void check_summary(const uvrest_group_summary *s, size_t calls, size_t failed, size_t cancelled,
                          uvrest_status status)
{
    assert_int_equal(s->n_calls, calls);
    assert_int_equal(s->n_failed, failed);
    assert_int_equal(s->n_cancelled, cancelled);
    assert_int_equal(s->status, status);
}

static void done_runs_after_the_last_callback(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start(MIXED);
        story t = {.client = new_client(s, own_thread == 1)};
        t.group = new_group(t.client);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(start(&t), UVREST_OK);
        assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_OK);
        assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
        assert_string_equal(t.text, "+-+-!");
        check_summary(&t.summary, 4, 2, 0, UVREST_E_NOT_FOUND);
        assert_int_equal(t.n_done, 1);
        assert_int_equal(t.late, UVREST_E_STATE);
        uvrest_client_free(t.client);
        server_stop(s);
    }
}

static void calls_may_be_added_by_callbacks(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start(SERVES);
        story t = {.client = new_client(s, own_thread == 1), .more = 5};
        t.group = new_group(t.client);
        assert_int_equal(start(&t), UVREST_OK);
        assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_OK);
        assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
        assert_string_equal(t.text, "++++++!");
        check_summary(&t.summary, 6, 0, 0, UVREST_OK);
        uvrest_client_free(t.client);
        server_stop(s);
    }
}

static void empty_group_is_done_on_the_next_turn(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        story t[3] = {{.client = new_client(NULL, own_thread == 1)}};
        for (size_t i = 0; i < 3; i++) {
            t[i].client = t[0].client;
            t[i].group = new_group(t[0].client);
            assert_int_equal(uvrest_group_finish(t[i].group, on_group, &t[i]), UVREST_OK);
            if (own_thread == 0)
                assert_int_equal(t[i].n_done, 0);
        }
        assert_int_equal(uvrest_client_run(t[0].client), UVREST_OK);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(t[i].n_done, 1);
            check_summary(&t[i].summary, 0, 0, 0, UVREST_OK);
        }
        uvrest_client_free(t[0].client);
    }
}

static void count_group(const uvrest_group_summary *summary, void *user)
{
    (void)summary;
    ++*(unsigned *)user;
}

/* Seconds of the processor that so many groups without calls take. */
static double end_groups(bool own_thread, unsigned n)
{
    uvrest_client *client = new_client(NULL, own_thread);
    clock_t begin = clock();
    unsigned n_done = 0;
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(uvrest_group_finish(new_group(client), count_group, &n_done), UVREST_OK);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(n_done, n);
    uvrest_client_free(client);
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

static void many_groups_end_in_linear_time(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        double few = end_groups(own_thread == 1, 4000);
        double many = end_groups(own_thread == 1, 80000);
        if (many > few * 20 * 4)
            fail_msg("4,000 groups take %.3f s, 80,000 take %.3f s", few, many);
    }
}

static void wait_returns_when_all_have_ended_and_no_later(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start(MIXED);
        story t = {.client = new_client(s, own_thread == 1)};
        uvrest_group_summary summary;
        t.group = new_group(t.client);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(start(&t), UVREST_OK);
        assert_int_equal(uvrest_group_wait(t.group, &summary), UVREST_OK);
        check_summary(&summary, 3, 1, 0, UVREST_E_NOT_FOUND);
        assert_string_equal(t.text, "+-+");
        assert_int_equal(uvrest_group_wait(t.group, NULL), UVREST_OK);
        assert_int_equal(start(&t), UVREST_OK); /* it may be used again */
        assert_int_equal(uvrest_group_wait(t.group, &summary), UVREST_OK);
        check_summary(&summary, 4, 2, 0, UVREST_E_NOT_FOUND);
        uvrest_client_free(t.client);
        assert_int_equal(uvrest_group_wait(t.group, &summary), UVREST_OK);
        uvrest_group_free(t.group); /* after its client */
        server_stop(s);
    }
}

static void wait_does_not_wait_for_other_calls(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start("conn\nexpect\n" ANSWER "expect\nstall\n");
        story t = {.client = new_client(s, own_thread == 1)};
        story other = {.client = t.client};
        t.group = new_group(t.client);
        assert_int_equal(start(&t), UVREST_OK);
        assert_int_equal(start(&other), UVREST_OK);
        assert_int_equal(uvrest_group_wait(t.group, NULL), UVREST_OK);
        assert_string_equal(t.text, "+");
        uvrest_group_free(t.group);
        uvrest_client_free(t.client);
        assert_string_equal(other.text, "-");
        server_stop(s);
    }
}

static void closing_the_client_ends_the_group(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start("conn\nexpect\nstall\n");
        story t = {.client = new_client(s, own_thread == 1)};
        story empty = {.client = t.client};
        t.group = new_group(t.client);
        empty.group = new_group(t.client);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(start(&t), UVREST_OK);
        assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_OK);
        assert_int_equal(uvrest_group_finish(empty.group, on_group, &empty), UVREST_OK);
        uvrest_client_free(t.client);
        assert_string_equal(t.text, "---!");
        check_summary(&t.summary, 3, 3, 3, UVREST_E_CANCELLED);
        assert_int_equal(empty.n_done, 1);
        server_stop(s);
    }
}

static void client_freed_by_a_callback_while_the_group_is_waited_for(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\nstall\n");
    story t = {.client = new_client(s, false), .close = true};
    uvrest_group_summary summary;
    (void)state;
    t.group = new_group(t.client);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(start(&t), UVREST_OK);
    assert_int_equal(uvrest_group_wait(t.group, &summary), UVREST_OK); /* and the client is gone */
    check_summary(&summary, 3, 2, 2, UVREST_E_CANCELLED);
    uvrest_group_free(t.group);
    server_stop(s);
}

static void freed_group_lets_its_calls_go_on(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start(SERVES);
        story t = {.client = new_client(s, own_thread == 1)};
        t.group = new_group(t.client);
        assert_int_equal(start(&t), UVREST_OK);
        uvrest_group_free(t.group);
        assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
        assert_string_equal(t.text, "+");
        uvrest_client_free(t.client);
        server_stop(s);
    }
    uvrest_group_free(NULL);
}

typedef struct inside {
    uvrest_group *group;
    uvrest_status wait;
} inside;

static void wait_inside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    inside *i = user;
    (void)leaf;
    (void)result;
    i->wait = uvrest_group_wait(i->group, NULL);
}

static void waiting_inside_a_callback_is_refused(void **state)
{
    (void)state;
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        server *s = server_start(SERVES);
        uvrest_client *client = new_client(s, own_thread == 1);
        inside i = {.group = new_group(client)};
        uvrest_call_options options = {.group = i.group};
        sample_leaf_args args = {.leaf_id = "a1", .call = &options};
        assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wait_inside, &i, NULL), 0);
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        assert_int_equal(i.wait, UVREST_E_BUSY);
        uvrest_group_free(i.group);
        uvrest_client_free(client);
        server_stop(s);
    }
}

static void what_makes_no_sense_is_refused(void **state)
{
    uvrest_client *client = new_client(NULL, false);
    uvrest_client *stranger = new_client(NULL, false);
    uvrest_reason reason = {""};
    uvrest_call_options options = {.group = new_group(stranger), .reason = &reason};
    sample_leaf_args args = {.leaf_id = "a1", .call = &options};
    story t = {.client = client, .group = new_group(client)};
    uvrest_group *group = NULL;
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "group");
    assert_int_equal(uvrest_group_new(NULL, &group), UVREST_E_INVALID);
    assert_int_equal(uvrest_group_new(client, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_group_wait(NULL, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_group_finish(t.group, NULL, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_OK);
    assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_E_STATE);
    assert_int_equal(start(&t), UVREST_E_STATE); /* its end is due */
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(t.n_done, 1);
    uvrest_group_free(options.group);
    uvrest_client_free(client);
    uvrest_client_free(stranger);
}

static void on_the_callers_loop(void **state)
{
    server *s = server_start(SERVES);
    sample_client_options options = wire_options(s);
    story t = {.n_done = 0};
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    t.client = wire_client_of(&options);
    t.group = new_group(t.client);
    assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_OK);
    uv_run(&loop, UV_RUN_DEFAULT); /* returns, and not before done has run */
    assert_string_equal(t.text, "!");
    t.group = new_group(t.client);
    assert_int_equal(start(&t), UVREST_OK);
    assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(t.text, "!+!");
    t.group = new_group(t.client);
    uvrest_client_close(t.client, NULL, NULL);
    assert_int_equal(uvrest_group_finish(t.group, on_group, &t), UVREST_E_STATE);
    uvrest_group_free(t.group);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

/* ---- threads ---- */

typedef struct crowd {
    uvrest_client *client;
    uvrest_group *group;
    atomic_uint n_started;
    atomic_uint n_ended;
    atomic_uint wrong;
    atomic_bool done;
    uvrest_group_summary summary;
} crowd;

static void on_crowd(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    crowd *c = user;
    (void)leaf;
    (void)result;
    if (c->done)
        c->wrong++;
    c->n_ended++;
}

static void *start_until_due(void *user)
{
    crowd *c = user;
    uvrest_call_options options = {.group = c->group};
    sample_leaf_args args = {.leaf_id = "a1", .call = &options};
    for (unsigned i = 0; i < 100; i++)
        if (uvrest_gen_call(c->client, &leaves_get, &args, (uvrest_any_fn *)on_crowd, c, NULL) == UVREST_OK)
            c->n_started++;
        else
            c->wrong++;
    return NULL;
}

static void *wait_for_group(void *user)
{
    crowd *c = user;
    if (uvrest_group_wait(c->group, NULL) != UVREST_OK)
        c->wrong++;
    return NULL;
}

static void on_crowd_done(const uvrest_group_summary *summary, void *user)
{
    crowd *c = user;
    c->summary = *summary;
    c->done = true;
}

static void group_is_used_by_many_threads(void **state)
{
    server *s = server_start(SERVES);
    sample_client_options options = wire_options(s);
    crowd c = {.client = NULL};
    pthread_t threads[4];
    pthread_t waiter;
    (void)state;
    options.own_thread = true;
    c.client = wire_client_of(&options);
    c.group = new_group(c.client);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_until_due, &c), 0);
    assert_int_equal(pthread_create(&waiter, NULL, wait_for_group, &c), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(pthread_join(waiter, NULL), 0);
    assert_int_equal(uvrest_group_finish(c.group, on_crowd_done, &c), UVREST_OK);
    assert_int_equal(uvrest_client_run(c.client), UVREST_OK);
    assert_true(c.done);
    assert_int_equal(c.wrong, 0);
    assert_int_equal(c.n_started, 400);
    assert_int_equal(c.n_ended, 400);
    check_summary(&c.summary, 400, 0, 0, UVREST_OK);
    uvrest_client_free(c.client);
    server_stop(s);
}

/* ---- memory, fork ---- */

static bool deny;

static void *allocate(size_t size, void *user)
{
    (void)user;
    return deny ? NULL : malloc(size);
}

static void *resize(void *memory, size_t size, void *user)
{
    (void)user;
    return deny ? NULL : realloc(memory, size);
}

static void release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

static void row_110_group_without_memory(void **state)
{
    uvrest_alloc alloc = {allocate, resize, release, NULL};
    sample_client_options options = wire_options(NULL);
    uvrest_group *group = NULL;
    uvrest_client *client;
    (void)state;
    options.alloc = &alloc;
    client = wire_client_of(&options);
    deny = true;
    assert_int_equal(uvrest_group_new(client, &group), UVREST_E_NOMEM);
    deny = false;
    assert_null(group);
    uvrest_client_free(client);
}

static void row_118_child_of_fork_gets_state(void **state)
{
    server *s = server_start(SERVES);
    story t = {.client = new_client(s, false)};
    int status = 0;
    pid_t child;
    (void)state;
    t.group = new_group(t.client);
    assert_int_equal(start(&t), UVREST_OK);
    child = fork();
    if (child == 0) {
        uvrest_group *group = NULL;
        int failures = uvrest_group_wait(t.group, NULL) != UVREST_E_STATE;
        failures += uvrest_group_finish(t.group, on_group, &t) != UVREST_E_STATE;
        failures += uvrest_group_new(t.client, &group) != UVREST_E_STATE;
        uvrest_client_free(t.client);
        uvrest_group_free(t.group);
        _exit(failures);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(uvrest_group_wait(t.group, NULL), UVREST_OK);
    assert_string_equal(t.text, "+");
    uvrest_group_free(t.group);
    uvrest_client_free(t.client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done_runs_after_the_last_callback),
        cmocka_unit_test(calls_may_be_added_by_callbacks),
        cmocka_unit_test(empty_group_is_done_on_the_next_turn),
        cmocka_unit_test(many_groups_end_in_linear_time),
        cmocka_unit_test(wait_returns_when_all_have_ended_and_no_later),
        cmocka_unit_test(wait_does_not_wait_for_other_calls),
        cmocka_unit_test(closing_the_client_ends_the_group),
        cmocka_unit_test(client_freed_by_a_callback_while_the_group_is_waited_for),
        cmocka_unit_test(freed_group_lets_its_calls_go_on),
        cmocka_unit_test(waiting_inside_a_callback_is_refused),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(on_the_callers_loop),
        cmocka_unit_test(group_is_used_by_many_threads),
        cmocka_unit_test(row_110_group_without_memory),
        cmocka_unit_test(row_118_child_of_fork_gets_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
