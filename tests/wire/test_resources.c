/* SPDX-License-Identifier: MIT */
/* Rows 62, 88, 91, 111, 112, 116, 119 and 120 of the fault catalogue: what is scarce, large, interrupted or slow. */
#include "wire.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"
#define HEAD "send HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n"

static unsigned count_entries(const char *path)
{
    unsigned n = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

/* ---- refusals without a hint ---- */

static void row_62_refusal_without_a_hint_waits_half_a_second_at_least(void **state)
{
    server *s = server_start("conn\nexpect\nreply 429\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_OK);
    assert_int_equal(result->attempts, 2);
    if (result->queued_us < 490000 || result->queued_us > 3000000)
        fail_msg("waited %llu us", (unsigned long long)result->queued_us);
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- large answers ---- */

/* An array of n times an item, in chunks of a thousand. */
static char *script_of_array(size_t n_chunks, const char *item)
{
    size_t item_len = strlen(item);
    size_t cap = 1000 * (item_len + 1) + 1024;
    char *script = malloc(cap);
    size_t len;
    assert_non_null(script);
    len = (size_t)snprintf(script, cap,
                           "conn\nexpect\n" HEAD "Transfer-Encoding: chunked\\r\\n\\r\\n1\\r\\n[\\r\\n\n"
                           "repeat %zu %zx\\r\\n",
                           n_chunks, 1000 * (item_len + 1));
    for (unsigned i = 0; i < 1000; i++)
        len += (size_t)snprintf(script + len, cap - len, "%s,", item);
    snprintf(script + len, cap - len, "\\r\\n\nsend %zx\\r\\n%s]\\r\\n0\\r\\n\\r\\n\nstall\n", item_len + 1, item);
    return script;
}

typedef struct listed {
    unsigned n;
    uvrest_status status;
    size_t n_items;
    char message[512];
} listed;

static void on_listed(const sample_leaf_list *list, const uvrest_result *result, void *user)
{
    listed *l = user;
    l->n++;
    l->status = result->status;
    l->n_items = list == NULL ? 0 : list->n_items;
    snprintf(l->message, sizeof l->message, "%s", result->message);
}

static listed list_once(size_t n_chunks, const char *item)
{
    char *script = script_of_array(n_chunks, item);
    server *s = server_start(script);
    sample_client_options options = wire_options(s);
    sample_no_args args = {0};
    uvrest_client *client;
    listed l = {0};
    options.timeout_ms = 120000;
    client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_call(client, &leaves_list, &args, (uvrest_any_fn *)on_listed, &l, NULL), 0);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(l.n, 1);
    uvrest_client_free(client);
    server_stop(s);
    free(script);
    return l;
}

static void row_88_two_hundred_megabytes_end_in_limit(void **state)
{
    listed l = list_once(20000, "{\"id\":\"x\"}"); /* 220 MB */
    (void)state;
    if (l.status != UVREST_E_LIMIT)
        fail_msg("%s: %s", uvrest_status_name(l.status), l.message);
    assert_int_equal(l.n_items, 0);
}

static void row_88_a_million_elements_below_the_cap_are_read(void **state)
{
    listed l = list_once(1000, "{\"id\":\"x\"}");
    (void)state;
    if (l.status != UVREST_OK)
        fail_msg("%s: %s", uvrest_status_name(l.status), l.message);
    assert_int_equal(l.n_items, 1000001);
}

/* How long an object of n times a thousand unknown members takes, in seconds of CPU: others may be busy beside it. */
static double decode_unknown(size_t n_chunks)
{
    char *script = malloc(64000);
    size_t chunk = 0;
    size_t len;
    server *s;
    uvrest_client *client;
    sample_client_options options;
    seen saw;
    clock_t begin;
    assert_non_null(script);
    for (unsigned i = 0; i < 1000; i++)
        chunk += (size_t)snprintf(NULL, 0, "\"x%x\":%u,", i * 2654435761u, i);
    len = (size_t)snprintf(script, 64000,
                           "conn\nexpect\n" HEAD "Transfer-Encoding: chunked\\r\\n\\r\\n1\\r\\n{\\r\\n\n"
                           "repeat %zu %zx\\r\\n",
                           n_chunks, chunk);
    for (unsigned i = 0; i < 1000; i++)
        len += (size_t)snprintf(script + len, 64000 - len, "\"x%x\":%u,", i * 2654435761u, i);
    snprintf(script + len, 64000 - len, "\\r\\n\nsend a\\r\\n\"id\":\"a1\"}\\r\\n0\\r\\n\\r\\n\nstall\n");
    s = server_start(script);
    options = wire_options(s);
    options.timeout_ms = 60000;
    client = wire_client_of(&options);
    begin = clock();
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    begin = clock() - begin;
    uvrest_client_free(client);
    server_stop(s);
    free(script);
    return (double)begin / CLOCKS_PER_SEC;
}

static void row_91_many_unknown_members_take_linear_time(void **state)
{
    double few = decode_unknown(20) + 0.02;
    double many = decode_unknown(200);
    (void)state;
    if (many > few * 10 * 4)
        fail_msg("20,000 members take %.3f s, 200,000 take %.3f s", few, many);
}

/* ---- descriptors ---- */

/* Leaves n descriptors to be had. */
static struct rlimit leave_descriptors(unsigned n)
{
    struct rlimit before;
    struct rlimit few;
    int next = dup(0);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)next + n;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    return before;
}

static void row_111_no_descriptor_for_a_connection_is_retried(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.attempts = 2};
    struct rlimit before;
    double begin;
    seen saw;
    (void)state;
    before = leave_descriptors(0);
    begin = (double)clock() / CLOCKS_PER_SEC;
    saw = wire_call(client, wire_get, &options);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (saw.status != UVREST_E_CONNECT && saw.status != UVREST_E_IO)
        fail_msg("%s: %s", uvrest_status_name(saw.status), saw.message);
    assert_int_equal(saw.attempts, 2);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_true((double)clock() / CLOCKS_PER_SEC - begin < 0.5); /* it does not spin */
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_111_no_descriptor_for_a_loop_fails_the_client(void **state)
{
    sample_client_options options = wire_options(NULL);
    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        struct rlimit before = leave_descriptors(n);
        uvrest_client *client = NULL;
        uvrest_status st =
            uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (st == UVREST_OK) {
            assert_true(n > 0);
            uvrest_client_free(client);
        } else {
            assert_int_equal(st, UVREST_E_IO);
            assert_null(client);
        }
    }
}

/* ---- signals ---- */

static volatile sig_atomic_t n_alarms;

static void on_alarm(int number)
{
    (void)number;
    n_alarms++;
}

/* System calls are interrupted all the time (no SA_RESTART), and the program's own handler stays. */
static void row_112_interrupted_system_calls_are_invisible_row_119(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    uvrest_client *client;
    struct sigaction action = {.sa_handler = on_alarm};
    struct sigaction before;
    struct sigaction after;
    struct itimerval often = {{0, 200}, {0, 200}};
    struct itimerval never = {{0, 0}, {0, 0}};
    sigset_t alarms;
    (void)state;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    client = wire_client(s);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (unsigned i = 0; i < 300; i++) {
        seen saw = wire_call(client, i % 2 == 0 ? wire_get : wire_post, NULL);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, 1);
    }
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, &after), 0);
    assert_ptr_equal(after.sa_handler, on_alarm);
    assert_true(n_alarms > 0);
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- slow callbacks ---- */

/* Calls at once, the first of which to be answered holds the loop up in its callback. */
#define HELD_CALLS 8

typedef struct held {
    seen saw; /* first: callbacks take it */
    unsigned *hold_ms; /* for how long the next one does; NULL: nobody does */
} held;

static void hold_up(held *call)
{
    if (call->hold_ms == NULL)
        return;
    uv_sleep(*call->hold_ms);
    *call->hold_ms = 3;
}

static void on_slow_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    wire_on_leaf(leaf, result, user);
    hold_up(user);
}

static void on_slow_bytes(const uvrest_bytes *bytes, const uvrest_result *result, void *user)
{
    wire_note(&((held *)user)->saw, result);
    assert_true(bytes == NULL || bytes->len == result->body.len);
    hold_up(user);
}

/* Who turns the loop. */
typedef enum driver { CLIENT, CALLER, THREAD } driver;

/* What the server does on each connection before: so that the calls to come find connections that are open. */
#define OPENED "conn\nexpect\npause 100\n" ANSWER "expect\n"

typedef struct held_run {
    uvrest_client *client;
    const uvrest_call_options *call;
    bool leaves;
    held *calls;
    unsigned hold_ms;
    unsigned n_opened; /* connections */
    uint64_t begin;
} held_run;

/* Inside a callback, so that all of them are under way before the first is answered, whoever turns the loop. */
static void start_held(held_run *run)
{
    sample_leaf_args args = {.leaf_id = "a1", .call = run->call};
    uvrest_request request = {.method = UVREST_GET, .path = "/", .call = run->call};
    run->begin = uv_hrtime();
    for (size_t i = 0; i < HELD_CALLS; i++) {
        uvrest_status st;
        run->calls[i] = (held){.hold_ms = &run->hold_ms};
        if (run->leaves)
            st = uvrest_gen_call(run->client, &leaves_get, &args, (uvrest_any_fn *)on_slow_leaf, &run->calls[i], NULL);
        else
            st = uvrest_call_raw(run->client, &request, on_slow_bytes, &run->calls[i], NULL);
        assert_int_equal(st, UVREST_OK);
    }
}

static void on_opened(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    held_run *run = user;
    (void)leaf;
    assert_int_equal(result->status, UVREST_OK);
    if (++run->n_opened == HELD_CALLS)
        start_held(run);
}

/* Runs the calls against a script, each with these options, and tells for how long that took. */
static uint64_t run_held(const char *script, unsigned hold_ms, const uvrest_call_options *call, driver who, bool leaves,
                         held calls[HELD_CALLS])
{
    server *s = server_start(script);
    sample_client_options options = wire_options(s);
    held_run run = {.call = call, .leaves = leaves, .calls = calls, .hold_ms = hold_ms};
    sample_leaf_args args = {.leaf_id = "a1"};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = who == CALLER ? &loop : NULL;
    options.own_thread = who == THREAD;
    run.client = wire_client_of(&options);
    for (size_t i = 0; i < HELD_CALLS; i++)
        assert_int_equal(uvrest_gen_call(run.client, &leaves_get, &args, (uvrest_any_fn *)on_opened, &run, NULL), 0);
    if (who == CALLER)
        assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    else
        assert_int_equal(uvrest_client_run(run.client), UVREST_OK);
    run.begin = uv_hrtime() - run.begin;
    uvrest_client_free(run.client);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
    for (size_t i = 0; i < HELD_CALLS; i++)
        assert_int_equal(calls[i].saw.n, 1);
    return run.begin;
}

static void check_all(const held calls[HELD_CALLS], uvrest_status status)
{
    for (size_t i = 0; i < HELD_CALLS; i++) {
        wire_check_status(&calls[i].saw, status);
        assert_int_equal(calls[i].saw.attempts, 1);
    }
}

static void row_116_slow_callbacks_delay_others_and_fail_none(void **state)
{
    held calls[HELD_CALLS];
    (void)state;
    assert_true(run_held(OPENED ANSWER "loop\n", 2000, NULL, CLIENT, true, calls) < 4500000000u);
    check_all(calls, UVREST_OK);
}

/* One answer is there at once; the others come while its callback holds the loop up. */
#define AT_ONCE OPENED ANSWER "expect\npause 300\n" ANSWER "stall\n"
#define MEANWHILE OPENED "pause 300\n" ANSWER "stall\n"

static void row_116_answers_that_came_meanwhile_are_read(void **state)
{
    static const struct {
        unsigned hold_ms;
        driver who;
        uvrest_call_options call;
    } cases[] = {
        {2000, CLIENT, {.timeout_ms = 1500, .attempts = 1}}, {2000, CLIENT, {.deadline_ms = 1500}},
        {2000, CALLER, {.timeout_ms = 1500, .attempts = 1}}, {2000, THREAD, {.timeout_ms = 1500, .attempts = 1}},
        {700, CLIENT, {.timeout_ms = 500, .attempts = 1}},   {700, CLIENT, {.deadline_ms = 500}},
        {700, CALLER, {.timeout_ms = 500, .attempts = 1}},   {700, CALLER, {.deadline_ms = 500}},
        {700, THREAD, {.timeout_ms = 500, .attempts = 1}},   {700, THREAD, {.deadline_ms = 500}},
        {700, CLIENT, {.timeout_ms = 699, .attempts = 1}},   {700, THREAD, {.deadline_ms = 699}},
    };
    held calls[HELD_CALLS];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_held(AT_ONCE MEANWHILE, cases[i].hold_ms, &cases[i].call, cases[i].who, true, calls);
        check_all(calls, UVREST_OK);
    }
}

/* Each stands in its socket whole and takes several turns of the loop to be read, and other
 * callbacks go between these. */
#define LARGE 60000

static void row_116_large_answers_that_came_meanwhile_are_read(void **state)
{
    static const char before[] = AT_ONCE MEANWHILE OPENED "pause 300\nreply 200 ";
    static const char after[] = "\nstall\n";
    static const uvrest_call_options over = {.timeout_ms = 500, .attempts = 1};
    held calls[HELD_CALLS];
    char *script = malloc(sizeof before + LARGE + sizeof after);
    (void)state;
    assert_non_null(script);
    memcpy(script, before, sizeof before);
    memset(script + sizeof before - 1, 'x', LARGE);
    memcpy(script + sizeof before - 1 + LARGE, after, sizeof after);
    run_held(script, 700, &over, CLIENT, false, calls);
    free(script);
    check_all(calls, UVREST_OK);
}

/* Nothing has come: then nothing is waited for. */
static void row_116_silence_meanwhile_is_a_timeout_at_once(void **state)
{
    static const uvrest_call_options over[] = {{.timeout_ms = 300, .attempts = 1}, {.deadline_ms = 300}};
    held calls[HELD_CALLS];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint64_t took = run_held(OPENED ANSWER "stall\n" OPENED "stall\n", 2000, &over[i], CLIENT, true, calls);
        for (size_t k = 0, n_ok = 0; k < HELD_CALLS; k++) {
            n_ok += calls[k].saw.status == UVREST_OK;
            wire_check_status(&calls[k].saw,
                              calls[k].saw.status == UVREST_OK && n_ok == 1 ? UVREST_OK : UVREST_E_TIMEOUT);
        }
        if (took > 2800 * UINT64_C(1000000))
            fail_msg("it took %llu ns", (unsigned long long)took);
    }
}

typedef struct late {
    seen saw;
    uvrest_client *client;
    seen second;
} late;

static void on_leaf_start_and_hold(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    static const uvrest_call_options short_lived = {.timeout_ms = 700, .attempts = 1};
    late *l = user;
    wire_on_leaf(leaf, result, &l->saw);
    wire_get(l->client, &l->second, &short_lived, NULL);
    uv_sleep(1000);
}

/* It has not been sent before the loop turns, so its time does not run either. */
static void row_116_what_starts_in_a_slow_callback_has_all_its_time(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\npause 200\n" ANSWER "stall\n");
    late l = {.client = wire_client(s)};
    sample_leaf_args args = {.leaf_id = "a1"};
    (void)state;
    assert_int_equal(uvrest_gen_call(l.client, &leaves_get, &args, (uvrest_any_fn *)on_leaf_start_and_hold, &l, NULL),
                     0);
    assert_int_equal(uvrest_client_run(l.client), UVREST_OK);
    assert_int_equal(l.second.n, 1);
    wire_check_status(&l.second, UVREST_OK);
    uvrest_client_free(l.client);
    server_stop(s);
}

/* ---- many clients ---- */

static void row_120_a_thousand_clients_leave_nothing_behind(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    unsigned descriptors;
    (void)state;
    uvrest_client_free(wire_client(s));
    descriptors = count_entries("/proc/self/fd");
    for (unsigned i = 0; i < 1000; i++) {
        uvrest_client *client = wire_client(s);
        if (i % 10 == 0) {
            seen saw = wire_call(client, wire_get, NULL);
            wire_check_status(&saw, UVREST_OK);
        }
        uvrest_client_free(client);
    }
    server_stop(s); /* with its side of the connections */
    if (count_entries("/proc/self/fd") > descriptors)
        fail_msg("%u descriptors, before %u", count_entries("/proc/self/fd"), descriptors);
    assert_true(count_entries("/proc/self/task") <= 4); /* ".", "..", this one, a sanitizer's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_62_refusal_without_a_hint_waits_half_a_second_at_least),
        cmocka_unit_test(row_88_two_hundred_megabytes_end_in_limit),
        cmocka_unit_test(row_88_a_million_elements_below_the_cap_are_read),
        cmocka_unit_test(row_91_many_unknown_members_take_linear_time),
        cmocka_unit_test(row_111_no_descriptor_for_a_connection_is_retried),
        cmocka_unit_test(row_111_no_descriptor_for_a_loop_fails_the_client),
        cmocka_unit_test(row_112_interrupted_system_calls_are_invisible_row_119),
        cmocka_unit_test(row_116_slow_callbacks_delay_others_and_fail_none),
        cmocka_unit_test(row_116_answers_that_came_meanwhile_are_read),
        cmocka_unit_test(row_116_large_answers_that_came_meanwhile_are_read),
        cmocka_unit_test(row_116_silence_meanwhile_is_a_timeout_at_once),
        cmocka_unit_test(row_116_what_starts_in_a_slow_callback_has_all_its_time),
        cmocka_unit_test(row_120_a_thousand_clients_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
