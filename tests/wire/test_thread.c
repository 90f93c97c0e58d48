/* SPDX-License-Identifier: MIT */
/*
 * Clients with a thread of their own, used from many: row 117 of the fault catalogue, and rows 110, 113, 114 and 118
 * over again. What runs on other threads counts what goes wrong; the test's own thread judges.
 */
#include "folder.h"
#include "wire.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uvrest/group.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"
#define SERVES "conn\nexpect\n" ANSWER "loop\n"
#define STALLS "conn\nexpect\nstall\n"
#define N_THREADS 8
#define N_CALLS 50

/* Set: whenever this thread lets go of a mutex, others go first. */
static _Thread_local bool dawdles;
static atomic_uint n_dawdled;

/* The library finds this before libc's. */
__attribute__((visibility("default"))) int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int (*unlock)(pthread_mutex_t *);
    void *found = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    int error;
    memcpy(&unlock, &found, sizeof unlock);
    error = unlock(mutex);
    if (dawdles) {
        n_dawdled++;
        (void)usleep(20000);
    }
    return error;
}

static sample_client_options thread_options(const server *s)
{
    sample_client_options options = wire_options(s);
    options.own_thread = true;
    return options;
}

static uvrest_client *thread_client(const server *s)
{
    sample_client_options options = thread_options(s);
    return wire_client_of(&options);
}

/* What callbacks have seen, on whatever thread. */
typedef struct tally {
    uvrest_client *client;
    atomic_uint good;
    atomic_uint cancelled;
    atomic_uint failed; /* anything else */
    atomic_uint wrong; /* a promise not kept */
    pthread_t thread; /* of the first callback */
    bool has_thread;
} tally;

static void on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    tally *t = user;
    if (!t->has_thread)
        t->thread = pthread_self();
    t->has_thread = true;
    if (!pthread_equal(t->thread, pthread_self()))
        t->wrong++;
    if (result->status == UVREST_OK && leaf != NULL && strcmp(leaf->id, "a1") == 0)
        t->good++;
    else if (result->status == UVREST_E_CANCELLED && leaf == NULL)
        t->cancelled++;
    else
        t->failed++;
}

static uvrest_status start(tally *t, const uvrest_call_options *options)
{
    sample_leaf_args args = {.leaf_id = "a1", .call = options};
    return uvrest_gen_call(t->client, &leaves_get, &args, (uvrest_any_fn *)on_leaf, t, NULL);
}

static void run_threads(void *(*function)(void *), void *user)
{
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, function, user), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void *start_many(void *user)
{
    tally *t = user;
    for (unsigned i = 0; i < N_CALLS; i++)
        if (start(t, NULL) != UVREST_OK)
            t->wrong++;
    return NULL;
}

static void row_117_calls_start_on_many_threads_and_end_on_one(void **state)
{
    server *s = server_start(SERVES);
    tally t = {.client = thread_client(s)};
    uvrest_stats stats;
    (void)state;
    run_threads(start_many, &t);
    uvrest_client_stats(t.client, &stats);
    assert_int_equal(stats.calls, N_THREADS * N_CALLS);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    assert_int_equal(t.good, N_THREADS * N_CALLS);
    assert_int_equal(t.wrong, 0);
    assert_false(pthread_equal(t.thread, pthread_self()));
    uvrest_client_stats(t.client, &stats);
    assert_int_equal(stats.completed, N_THREADS * N_CALLS);
    assert_int_equal(stats.attempts, N_THREADS * N_CALLS);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    uvrest_client_free(t.client);
    server_stop(s);
}

/* Clients of one credential share a ledger, each on its own thread, while others are made and ended. */
static void *use_a_client(void *user)
{
    const server *s = user;
    for (unsigned round = 0; round < 4; round++) {
        tally t = {.client = thread_client(s)};
        for (unsigned i = 0; i < 10; i++)
            if (start(&t, NULL) != UVREST_OK)
                t.wrong++;
        if (uvrest_client_run(t.client) != UVREST_OK || t.good != 10 || t.wrong != 0)
            return user;
        uvrest_client_free(t.client);
    }
    return NULL;
}

static void clients_on_many_threads_share_a_ledger(void **state)
{
    server *s = server_start(SERVES);
    pthread_t threads[N_THREADS];
    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_a_client, s), 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(server_requests(s), N_THREADS * 40);
    server_stop(s);
}

static void *wait_many(void *user)
{
    tally *t = user;
    for (unsigned i = 0; i < N_CALLS; i++) {
        sample_leaf_args args = {.leaf_id = "a1"};
        uvrest_request request = {.path = "/API/leaves/a1"};
        const sample_leaf *leaf = NULL;
        uvrest_result *result = NULL;
        if (uvrest_gen_wait(t->client, &leaves_get, &args, &leaf, &result) == UVREST_OK && leaf != NULL &&
            strcmp(leaf->id, "a1") == 0 && result->call == NULL)
            t->good++;
        uvrest_result_free(result);
        if (uvrest_call_raw_wait(t->client, &request, NULL, NULL) != UVREST_OK)
            t->wrong++;
    }
    return NULL;
}

static void waits_on_many_threads(void **state)
{
    server *s = server_start(SERVES);
    tally t = {.client = thread_client(s)};
    (void)state;
    run_threads(wait_many, &t);
    assert_int_equal(t.good, N_THREADS * N_CALLS);
    assert_int_equal(t.wrong, 0);
    uvrest_client_free(t.client);
    server_stop(s);
}

static void on_inside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    tally *t = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)leaf;
    (void)result;
    if (uvrest_gen_wait(t->client, &leaves_get, &args, NULL, NULL) != UVREST_E_BUSY)
        t->wrong++;
    if (uvrest_client_run(t->client) != UVREST_E_BUSY)
        t->wrong++;
    if (start(t, NULL) != UVREST_OK) /* and what it starts is waited for as well */
        t->wrong++;
}

static void row_116_callbacks_start_but_cannot_wait(void **state)
{
    server *s = server_start(SERVES);
    tally t = {.client = thread_client(s)};
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)state;
    assert_int_equal(uvrest_gen_call(t.client, &leaves_get, &args, (uvrest_any_fn *)on_inside, &t, NULL), UVREST_OK);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    assert_int_equal(t.wrong, 0);
    assert_int_equal(t.good, 1);
    uvrest_client_free(t.client);
    server_stop(s);
}

static void what_does_not_go_together_is_refused(void **state)
{
    sample_client_options options = thread_options(NULL);
    uvrest_reason reason = {""};
    uvrest_call_options call_options = {.reason = &reason};
    sample_leaf_args args = {.leaf_id = "a1", .call = &call_options};
    uvrest_request request = {.path = "/x", .call = &call_options};
    uvrest_client *client = NULL;
    uvrest_call *call = NULL;
    tally t = {.client = NULL};
    (void)state;
    options.reason = &reason;
    options.loop = (struct uv_loop_s *)(void *)&t; /* never looked at */
    assert_int_equal(uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "own_thread");
    t.client = thread_client(NULL);
    assert_int_equal(uvrest_gen_call(t.client, &leaves_get, &args, (uvrest_any_fn *)on_leaf, &t, &call),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "out_call");
    assert_int_equal(uvrest_call_raw(t.client, &request, wire_on_bytes, NULL, &call), UVREST_E_INVALID);
    assert_null(call);
    args.leaf_id = NULL; /* arguments are checked where they are given */
    assert_int_equal(uvrest_gen_call(t.client, &leaves_get, &args, (uvrest_any_fn *)on_leaf, &t, NULL),
                     UVREST_E_INVALID);
    wire_check_contains(reason.text, "leaf_id");
    uvrest_client_free(t.client);
}

static void *wait_for_cancel(void *user)
{
    tally *t = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_result *result = NULL;
    uvrest_status st = uvrest_gen_wait(t->client, &leaves_get, &args, NULL, &result);
    if (st == UVREST_E_CANCELLED && result->status == st)
        t->cancelled++;
    uvrest_result_free(result);
    return NULL;
}

static void *run_client(void *user)
{
    tally *t = user;
    if (uvrest_client_run(t->client) != UVREST_OK)
        t->wrong++;
    return NULL;
}

/* Until so many calls are known to the client. */
static void await_calls(uvrest_client *client, uint64_t n)
{
    uvrest_stats stats;
    do {
        sched_yield();
        uvrest_client_stats(client, &stats);
    } while (stats.calls < n);
}

static void row_114_free_cancels_and_wakes_whoever_waits(void **state)
{
    server *s = server_start(STALLS);
    tally t = {.client = thread_client(s)};
    pthread_t waiters[4];
    pthread_t runner;
    (void)state;
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(start(&t, NULL), UVREST_OK);
    assert_int_equal(pthread_create(&runner, NULL, run_client, &t), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&waiters[i], NULL, wait_for_cancel, &t), 0);
    await_calls(t.client, 24);
    while (server_requests(s) == 0)
        sched_yield();
    assert_int_equal(pthread_tryjoin_np(runner, NULL), EBUSY);
    uvrest_client_free(t.client);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(waiters[i], NULL), 0);
    assert_int_equal(pthread_join(runner, NULL), 0);
    assert_int_equal(t.cancelled, 24);
    assert_int_equal(t.failed + t.good + t.wrong, 0);
    server_stop(s);
}

/* The thread is at its end long before the one that frees the client: it must leave it to that one. */
static void row_114_free_waits_for_a_thread_that_is_faster(void **state)
{
    uvrest_client *client = wire_client_of(&(sample_client_options){
        .base_url = "http://127.0.0.1:1", .app_id = APP_ID, .auth_token = AUTH_TOKEN, .own_thread = true});
    (void)state;
    dawdles = true;
    uvrest_client_free(client);
    dawdles = false;
}

typedef struct late {
    uvrest_client *client;
    uvrest_group *group;
    void (*wait)(struct late *);
    uvrest_status status;
    bool has_result;
} late;

static void wait_for_call(late *l)
{
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_result *result = NULL;
    l->status = uvrest_gen_wait(l->client, &leaves_get, &args, NULL, &result);
    l->has_result = result != NULL && result->status == l->status;
    uvrest_result_free(result);
}

static void wait_for_all(late *l)
{
    l->status = uvrest_client_run(l->client);
}

static void wait_for_group(late *l)
{
    l->status = uvrest_group_wait(l->group, NULL);
}

static void *be_late(void *user)
{
    late *l = user;
    dawdles = true;
    l->wait(l);
    return NULL;
}

/* Frees the client under a function that waits and that is slow about it. */
static late free_under(const server *s, void (*wait)(late *))
{
    tally t = {.client = thread_client(s)};
    late l = {.client = t.client, .wait = wait};
    uvrest_call_options in_group = {0};
    pthread_t waiter;
    assert_int_equal(uvrest_group_new(l.client, &l.group), UVREST_OK);
    in_group.group = l.group;
    assert_int_equal(start(&t, &in_group), UVREST_OK);
    n_dawdled = 0;
    assert_int_equal(pthread_create(&waiter, NULL, be_late, &l), 0);
    while (n_dawdled == 0)
        sched_yield();
    uvrest_client_free(l.client);
    assert_int_equal(pthread_join(waiter, NULL), 0);
    uvrest_group_free(l.group);
    assert_int_equal(t.cancelled, 1);
    return l;
}

static void row_114_free_waits_for_those_who_have_begun_to_wait(void **state)
{
    server *s = server_start(STALLS);
    late l;
    (void)state;
    l = free_under(s, wait_for_call);
    assert_true(l.status == UVREST_E_STATE || l.status == UVREST_E_CANCELLED);
    assert_true(l.has_result);
    l = free_under(s, wait_for_all);
    assert_int_equal(l.status, UVREST_OK);
    l = free_under(s, wait_for_group);
    assert_int_equal(l.status, UVREST_OK);
    server_stop(s);
}

static void free_without_calls_is_enough(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        uvrest_client_free(thread_client(NULL));
}

/* Set once, waited for. */
typedef struct event {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned n;
} event;

#define EVENT                                                                                                          \
    {                                                                                                                  \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                                                         \
    }

static void set_event(void *user)
{
    event *e = user;
    pthread_mutex_lock(&e->mutex);
    e->n++;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->mutex);
}

static void await_event(event *e)
{
    pthread_mutex_lock(&e->mutex);
    while (e->n == 0)
        pthread_cond_wait(&e->changed, &e->mutex);
    pthread_mutex_unlock(&e->mutex);
}

typedef struct closer {
    tally t;
    event closed;
} closer;

static void close_inside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    closer *c = user;
    (void)leaf;
    (void)result;
    uvrest_client_close(c->t.client, set_event, &c->closed);
    uvrest_client_close(c->t.client, set_event, &c->closed);
    uvrest_client_free(c->t.client); /* neither waits nor ends it twice */
    if (start(&c->t, NULL) != UVREST_E_STATE)
        c->t.wrong++;
}

static void row_114_close_from_a_callback_twice(void **state)
{
    server *s = server_start(STALLS "conn\nexpect\n" ANSWER);
    closer c = {.t = {.client = thread_client(s)}, .closed = EVENT};
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)state;
    assert_int_equal(start(&c.t, NULL), UVREST_OK);
    assert_int_equal(uvrest_gen_call(c.t.client, &leaves_get, &args, (uvrest_any_fn *)close_inside, &c, NULL), 0);
    /* nobody may come to the client from here on */
    await_event(&c.closed);
    assert_int_equal(c.closed.n, 1);
    assert_int_equal(c.t.wrong, 0);
    assert_int_equal(c.t.cancelled, 1);
    server_stop(s);
}

/* Callbacks that hold the client's end up until every thread has seen that it is closed. */
typedef struct race {
    tally t;
    atomic_uint n_refused;
    atomic_uint n_started;
    atomic_uint n_ended;
} race;

static void hold_up(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    race *r = user;
    (void)leaf;
    if (result->status == UVREST_E_CANCELLED)
        while (r->n_refused < N_THREADS)
            sched_yield();
    r->n_ended++;
}

static void *start_until_refused(void *user)
{
    race *r = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_status st;
    while ((st = uvrest_gen_call(r->t.client, &leaves_get, &args, (uvrest_any_fn *)hold_up, r, NULL)) == UVREST_OK)
        r->n_started++;
    if (st != UVREST_E_STATE)
        r->t.wrong++;
    r->n_refused++;
    return NULL;
}

static void row_117_starts_while_the_client_closes(void **state)
{
    server *s = server_start(SERVES);
    sample_client_options options = thread_options(s);
    pthread_t threads[N_THREADS];
    event closed = EVENT;
    race r = {.n_refused = 0};
    (void)state;
    options.max_in_flight = 1; /* so that calls are pending for certain */
    r.t.client = wire_client_of(&options);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_until_refused, &r), 0);
    while (r.n_ended == 0)
        sched_yield();
    uvrest_client_close(r.t.client, set_event, &closed);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    await_event(&closed);
    assert_int_equal(r.t.wrong, 0);
    assert_int_equal(r.n_ended, r.n_started);
    server_stop(s);
}

static void row_113_token_cancels_from_another_thread(void **state)
{
    server *s = server_start(STALLS);
    tally t = {.client = thread_client(s)};
    uvrest_cancel *token = NULL;
    uvrest_call_options with = {0};
    (void)state;
    assert_int_equal(uvrest_cancel_new(NULL, &token), UVREST_OK);
    with.cancel = token;
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(start(&t, &with), UVREST_OK);
    uvrest_cancel_trigger(token); /* some are on their way, some not even adopted */
    assert_int_equal(start(&t, &with), UVREST_E_CANCELLED);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    assert_int_equal(t.cancelled, 30);
    uvrest_cancel_free(token);
    uvrest_client_free(t.client);
    server_stop(s);
}

static void calls_bring_credentials_of_their_own(void **state)
{
    server *s = server_start("conn\nexpect\nheader Auth-Token: mine-and-only-mine\n" ANSWER "loop\n");
    const char *const good[] = {"Auth-Token: mine-and-only-mine", NULL};
    const char *const bad[] = {"no colon", NULL};
    uvrest_call_options options = {.credentials = good};
    tally t = {.client = thread_client(s)};
    (void)state;
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(start(&t, &options), UVREST_OK);
    options.credentials = bad;
    assert_int_equal(start(&t, &options), UVREST_E_INVALID);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    assert_int_equal(t.good, 10);
    uvrest_client_free(t.client);
    server_stop(s);
}

static void files_are_digested_for_calls_from_any_thread(void **state)
{
    server *s = server_start("conn\nexpect\nreply 200 [{\"id\":\"a1\"}]\n");
    tally t = {.client = thread_client(s)};
    const char *path;
    sample_checksum_args args = {0};
    uvrest_result *result = NULL;
    uvrest_status st;
    (void)state;
    folder_take();
    folder_fill("aaa", 'a', 3);
    path = folder_path("aaa");
    st = uvrest_gen_wait_of_file(t.client, &leaves_by_checksum, &args, "checksum", path, NULL, NULL, NULL, &result);
    unlink(path);
    assert_true(server_received(s, "47bce5c74f589f4867dbd57e9ca9f808"));
    assert_int_equal(st, result->status);
    assert_int_equal(result->http_status, 200);
    uvrest_result_free(result);
    st = uvrest_gen_wait_of_file(t.client, &leaves_by_checksum, &args, "checksum", path, NULL, NULL, NULL, &result);
    assert_int_equal(st, UVREST_E_IO); /* it is gone */
    uvrest_result_free(result);
    uvrest_client_free(t.client);
    server_stop(s);
}

static void a_full_queue_refuses(void **state)
{
    server *s = server_start(STALLS);
    sample_client_options options = thread_options(s);
    tally t = {.client = NULL};
    uvrest_status st = UVREST_OK;
    uvrest_stats stats;
    unsigned n = 0;
    (void)state;
    options.max_in_flight = 1;
    options.max_queued = 5;
    t.client = wire_client_of(&options);
    while (n < 100 && (st = start(&t, NULL)) == UVREST_OK)
        n++;
    assert_int_equal(st, UVREST_E_LIMIT);
    assert_in_range(n, 5, 6); /* the one that is sent may have left the queue or not */
    uvrest_client_stats(t.client, &stats);
    assert_int_equal(stats.calls, n);
    uvrest_client_free(t.client);
    assert_int_equal(t.cancelled, n);
    server_stop(s);
}

static void on_taken(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    if (uvrest_call_take(result->call) == UVREST_OK)
        atomic_store((_Atomic(const uvrest_result *) *)user, result);
}

static void a_taken_result_is_freed_on_another_thread_at_once(void **state)
{
    server *s = server_start(SERVES);
    uvrest_client *client = thread_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        _Atomic(const uvrest_result *) taken = NULL;
        const uvrest_result *result;
        assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)on_taken, (void *)&taken, NULL),
                         0);
        while ((result = atomic_load(&taken)) == NULL)
            sched_yield();
        assert_int_equal(result->status, UVREST_OK);
        assert_null(result->call);
        uvrest_result_free((uvrest_result *)result);
    }
    uvrest_client_free(client);
    server_stop(s);
}

static void row_118_child_of_fork_gets_state(void **state)
{
    server *s = server_start(SERVES);
    tally t = {.client = thread_client(s)};
    int status = 0;
    pid_t child;
    (void)state;
    assert_int_equal(start(&t, NULL), UVREST_OK);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    child = fork();
    if (child == 0) {
        uvrest_stats stats;
        int failures = start(&t, NULL) != UVREST_E_STATE;
        failures += uvrest_client_run(t.client) != UVREST_E_STATE;
        uvrest_client_stats(t.client, &stats);
        uvrest_client_free(t.client);
        _exit(failures);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(start(&t, NULL), UVREST_OK);
    assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    assert_int_equal(t.good, 2);
    assert_int_equal(server_connections(s), 1);
    uvrest_client_free(t.client);
    server_stop(s);
}

static void on_signal(int number)
{
    (void)number;
}

static void signals_are_left_to_the_program(void **state)
{
    tally t = {.client = thread_client(NULL)};
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;
    sigset_t set;
    sigset_t old;
    int number = 0;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, &old), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(sigwait(&set, &number), 0); /* hangs if the client's thread has eaten it */
    assert_int_equal(number, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    uvrest_client_free(t.client);
}

static volatile sig_atomic_t n_faults;

static void on_fault(int number)
{
    (void)number;
    n_faults = n_faults + 1;
}

static void fail_inside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    (void)result;
    (void)user;
    raise(SIGFPE); /* as a division by zero would */
    raise(SIGBUS);
}

static void faults_of_a_callback_reach_the_program(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER);
    uvrest_client *client = thread_client(s);
    struct sigaction action = {.sa_handler = on_fault};
    struct sigaction before[2];
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)state;
    n_faults = 0;
    assert_int_equal(sigaction(SIGFPE, &action, &before[0]), 0);
    assert_int_equal(sigaction(SIGBUS, &action, &before[1]), 0);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)fail_inside, NULL, NULL), 0);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(n_faults, 2);
    assert_int_equal(sigaction(SIGFPE, &before[0], NULL), 0);
    assert_int_equal(sigaction(SIGBUS, &before[1], NULL), 0);
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- memory ---- */

typedef struct pool {
    atomic_long left; /* allocations until one fails; below 0: none fails */
    atomic_long live;
} pool;

static bool denies(pool *p)
{
    return p->left >= 0 && atomic_fetch_sub(&p->left, 1) == 0;
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

/* A client and two calls, one with credentials of its own; how many of them ended well. */
static unsigned live_once(server *s, pool *p)
{
    static const char *const own[] = {"Auth-Token: mine-and-only-mine", NULL};
    uvrest_alloc alloc = {allocate, resize, release, p};
    uvrest_call_options brings = {.credentials = own};
    sample_client_options options = thread_options(s);
    tally t = {.client = NULL};
    unsigned started = 0;
    uvrest_status st;
    options.alloc = &alloc;
    options.attempts = 1;
    options.disable_rate_limit_handling = true; /* ledgers are the process's, and outlive the client */
    st = uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &t.client);
    if (st != UVREST_OK) {
        assert_int_equal(st, UVREST_E_NOMEM);
        return 0;
    }
    for (unsigned i = 0; i < 2; i++) {
        st = start(&t, i == 0 ? NULL : &brings);
        assert_true(st == UVREST_OK || st == UVREST_E_NOMEM);
        started += st == UVREST_OK;
        assert_int_equal(uvrest_client_run(t.client), UVREST_OK);
    }
    uvrest_client_free(t.client);
    assert_int_equal(t.good + t.failed, started);
    assert_int_equal(t.cancelled + t.wrong, 0);
    return t.good;
}

static void row_110_every_allocation_may_fail(void **state)
{
    server *s = server_start(SERVES);
    (void)state;
    for (long n = 0;; n++) {
        pool p = {.left = n};
        unsigned good = live_once(s, &p);
        assert_int_equal(p.live, 0);
        if (p.left >= 0) {
            assert_int_equal(good, 2);
            break;
        }
        assert_true(n < 2000);
    }
    server_stop(s);
}

/* While the loop waits for other things; the part ends when the client has ended the connection. */
static void row_24_answer_that_was_not_asked_for_ends_an_idle_connection(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\npause 20\n" ANSWER "pause 20\n" ANSWER "read 1\n");
    uvrest_client *client = thread_client(s);
    const uvrest_request request = {.path = "/x"};
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(uvrest_call_raw_wait(client, &request, NULL, NULL), UVREST_OK);
    server_wait_silent(s, 1);
    uvrest_client_free(client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_24_answer_that_was_not_asked_for_ends_an_idle_connection),
        cmocka_unit_test(row_117_calls_start_on_many_threads_and_end_on_one),
        cmocka_unit_test(clients_on_many_threads_share_a_ledger),
        cmocka_unit_test(waits_on_many_threads),
        cmocka_unit_test(row_116_callbacks_start_but_cannot_wait),
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(row_114_free_cancels_and_wakes_whoever_waits),
        cmocka_unit_test(row_114_free_waits_for_a_thread_that_is_faster),
        cmocka_unit_test(row_114_free_waits_for_those_who_have_begun_to_wait),
        cmocka_unit_test(free_without_calls_is_enough),
        cmocka_unit_test(row_114_close_from_a_callback_twice),
        cmocka_unit_test(row_117_starts_while_the_client_closes),
        cmocka_unit_test(row_113_token_cancels_from_another_thread),
        cmocka_unit_test(calls_bring_credentials_of_their_own),
        cmocka_unit_test(files_are_digested_for_calls_from_any_thread),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(a_taken_result_is_freed_on_another_thread_at_once),
        cmocka_unit_test(row_118_child_of_fork_gets_state),
        cmocka_unit_test(signals_are_left_to_the_program),
        cmocka_unit_test(faults_of_a_callback_reach_the_program),
        cmocka_unit_test(row_110_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
