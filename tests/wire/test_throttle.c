/* SPDX-License-Identifier: MIT */
/* Rows 59 to 63 and 75 of the fault catalogue: 429, and a budget that is used up. */
#include "folder.h"
#include "redis.h"
#include "wire.h"
#include <limits.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static void row_59_refusal_pauses_the_credential_and_the_call_succeeds(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 429 Retry-After: 3|{}\nexpect\n" ANSWER "expect\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    uvrest_call_options once = {.attempts = 1};
    uint64_t begin, took_ms;
    seen first = {0};
    seen second = {0};
    uvrest_stats stats;
    (void)state;
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    wire_post(client, &first, &once, NULL); /* a 429 is no attempt, and was not executed */
    wire_get(client, &second, &once, NULL);
    begin = uv_hrtime();
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    took_ms = (uv_hrtime() - begin) / 1000000;
    wire_check_status(&first, UVREST_OK);
    wire_check_status(&second, UVREST_OK);
    assert_int_equal(first.attempts, 2);
    assert_int_equal(second.attempts, 1); /* it has waited as well */
    if (took_ms < 3000 || took_ms >= 6000) /* a tenth of jitter, and the machine's own delays; twice would be 6 s */
        fail_msg("%llu ms for a pause of 3 s", (unsigned long long)took_ms);
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.throttled, 1);
    assert_int_equal(stats.retries, 0);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_63_refusals_for_ever_end_in_throttled(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 429 Retry-After: 0|{\"errors\":[\"slow down\"]}\nloop\n");
    sample_client_options options = wire_options(s);
    seen saw;
    (void)state;
    options.rate_limit.max_retries = 2;
    saw = wire_call_with(&options, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_THROTTLED);
    assert_int_equal(saw.attempts, 3);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_string_equal(saw.message, "slow down");
    server_stop(s);
}

static void row_60_hint_beyond_the_deadline_fails_at_once(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 429 Retry-After: 30|{}\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.deadline_ms = 5000};
    sample_leaf_args args = {.leaf_id = "a1", .call = &options};
    const sample_leaf *leaf = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_E_THROTTLED);
    assert_int_equal(result->retry_after_ms, 30000);
    assert_true(result->queued_us < 2000000);
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

static void disabled_handling_makes_429_an_error(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 429 Retry-After: 30|{}\n");
    sample_client_options options = wire_options(s);
    seen saw;
    (void)state;
    options.disable_rate_limit_handling = true;
    saw = wire_call_with(&options, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_THROTTLED);
    assert_int_equal(saw.attempts, 1);
    server_stop(s);
}

typedef struct crowd {
    uvrest_client *client;
    size_t n_ended;
    size_t n_done;
    size_t n_sent_before_urgent; /* once that one was waiting */
    bool urgent_waits;
    seen urgent;
} crowd;

enum { CROWD = 10000, CROWD_SLOTS = 20 };

static void on_send_of_crowd(const uvrest_request_event *event, void *user)
{
    crowd *c = user;
    if (strstr(event->path, "urgent") != NULL)
        c->urgent_waits = false;
    else if (c->urgent_waits)
        c->n_sent_before_urgent++;
}

static void on_urgent(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    crowd *c = user;
    wire_on_leaf(leaf, result, &c->urgent);
    uvrest_client_free(c->client); /* as soon as the loop is back: ends all the others */
}

/* With the last slot a call that somebody waits for comes behind all of them. */
static void on_bulk(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    crowd *c = user;
    uvrest_call_options call = {.priority = UVREST_PRIORITY_HIGH};
    sample_leaf_args args = {.leaf_id = "urgent", .call = &call};
    (void)result;
    c->n_ended++;
    if (leaf != NULL && ++c->n_done == CROWD_SLOTS) {
        c->urgent_waits = true;
        assert_int_equal(uvrest_gen_call(c->client, &leaves_get, &args, (uvrest_any_fn *)on_urgent, c, NULL), 0);
    }
}

static void row_74_one_call_overtakes_ten_thousand(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_call_options bulk = {.priority = UVREST_PRIORITY_BULK};
    sample_leaf_args args = {.leaf_id = "a1", .call = &bulk};
    crowd c = {0};
    (void)state;
    options.rate_limit.requests = CROWD_SLOTS;
    options.rate_limit.window_ms = 1000;
    options.rate_limit.bulk_reserve = UVREST_ZERO; /* so that not even a slot was kept for it */
    options.on_request = on_send_of_crowd;
    options.hook_user = &c;
    c.client = wire_client_of(&options);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &args, (uvrest_any_fn *)on_bulk, &c, NULL), 0);
    assert_int_equal(uvrest_client_run(c.client), UVREST_OK);
    wire_check_status(&c.urgent, UVREST_OK);
    assert_int_equal(c.n_sent_before_urgent, 0); /* the first slot that is free is its own */
    assert_int_equal(c.n_ended, CROWD);
    server_stop(s);
}

static void row_75_wait_beyond_the_deadline_is_said_at_once(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_call_options hurry = {.deadline_ms = 3000};
    uvrest_client *client;
    uint64_t begin;
    seen saw[4] = {{0}};
    (void)state;
    options.rate_limit.requests = 2;
    options.rate_limit.window_ms = 60000;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 4; i++)
        wire_get(client, &saw[i], i < 2 ? NULL : &hurry, NULL);
    begin = uv_hrtime();
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    if (uv_hrtime() - begin > 2000000000u)
        fail_msg("%.1f s until what can be proved is said", (double)(uv_hrtime() - begin) / 1e9);
    wire_check_status(&saw[0], UVREST_OK);
    wire_check_status(&saw[1], UVREST_OK);
    for (size_t i = 2; i < 4; i++) {
        wire_check_status(&saw[i], UVREST_E_TIMEOUT);
        assert_int_equal(saw[i].attempts, 0);
        assert_int_equal(saw[i].executed, UVREST_EXECUTED_NO);
        wire_check_contains(saw[i].message, "budget");
    }
    assert_int_equal(server_requests(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

static void the_budget_is_kept(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    sample_leaf_args args = {.leaf_id = "a1"};
    uvrest_result *result = NULL;
    const sample_leaf *leaf;
    (void)state;
    options.rate_limit.requests = 3;
    options.rate_limit.window_ms = 400;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 4; i++) {
        uvrest_result_free(result);
        result = NULL;
        assert_int_equal(uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result), UVREST_OK);
    }
    if (result->queued_us < 350000)
        fail_msg("the fourth call waited only %llu us", (unsigned long long)result->queued_us);
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

/* Lines of a warning or worse. */
typedef struct warnings {
    unsigned n;
    char last[512];
} warnings;

static void note_warning(uvrest_log_level level, const char *message, void *user)
{
    warnings *saw = user;
    if (level > UVREST_LOG_WARNING)
        return;
    saw->n++;
    snprintf(saw->last, sizeof saw->last, "%s", message);
}

static void row_70_an_unwritable_ledger_file_is_warned_of_once(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    seen saw[3] = {{0}};
    warnings said = {0};
    (void)state;
    options.rate_limit.requests = 100;
    options.rate_limit.window_ms = 1000;
    options.rate_limit.shared_file = "/nonexistent/folder/ledger";
    options.on_log = note_warning;
    options.log_user = &said;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 3; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 3; i++)
        wire_check_status(&saw[i], UVREST_OK);
    assert_int_equal(said.n, 1);
    wire_check_contains(said.last, "rate_limit.shared_file");
    uvrest_client_free(client);
    server_stop(s);
}

static void row_68_a_ledger_file_is_used(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    const char *folder = folder_take();
    char path[PATH_MAX];
    uvrest_client *client;
    seen saw;
    warnings said = {0};
    (void)state;
    strcpy(path, folder_path("ledger"));
    options.rate_limit.requests = 100;
    options.rate_limit.window_ms = 1000;
    options.rate_limit.shared_file = path;
    options.on_log = note_warning;
    options.log_user = &said;
    client = wire_client_of(&options);
    memset(path, 'x', strlen(path)); /* it was copied */
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(said.n, 0);
    uvrest_client_free(client);
    assert_int_not_equal(rmdir(folder), 0); /* not empty */
    server_stop(s);
}

/* What an acquire hook that does not do as it is told meets. */
typedef struct rude_hook {
    uvrest_client *client;
    uvrest_call *call;
    uvrest_status started;
} rude_hook;

static void call_from_hook(uvrest_acquire_ask *ask, uint32_t n, void *user)
{
    rude_hook *hook = user;
    sample_leaf_args args = {.leaf_id = "a1"};
    hook->started = uvrest_gen_call(hook->client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, NULL, NULL);
    uvrest_call_cancel(hook->call); /* which is the one that a slot is asked for */
    uvrest_acquire_answer(ask, n, 1000);
}

static void an_acquire_hook_cannot_call_into_the_client(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    rude_hook hook = {.started = UVREST_OK};
    seen saw[2] = {{0}};
    (void)state;
    options.rate_limit = (uvrest_rate_limit){
        .requests = 100, .window_ms = 1000, .acquire = call_from_hook, .acquire_user = &hook, .acquire_slots = 1};
    options.max_in_flight = 1;
    hook.client = wire_client_of(&options);
    wire_get(hook.client, &saw[0], NULL, NULL);
    wire_get(hook.client, &saw[1], NULL, &hook.call);
    wire_run(hook.client, &saw[1]);
    assert_int_equal(hook.started, UVREST_E_STATE);
    for (size_t i = 0; i < 2; i++)
        wire_check_status(&saw[i], UVREST_OK);
    uvrest_client_free(hook.client);
    server_stop(s);
}

/* A hook that refuses the first question, and answers the others from the loop a little later. */
typedef struct slow_hook {
    uv_timer_t timer;
    uvrest_acquire_ask *ask;
    unsigned n_asked;
} slow_hook;

static void on_slow_hook(uv_timer_t *timer)
{
    slow_hook *hook = timer->data;
    uvrest_acquire_answer(hook->ask, 2, 1000);
}

static void ask_slow_hook(uvrest_acquire_ask *ask, uint32_t n, void *user)
{
    slow_hook *hook = user;
    assert_int_equal(n, 2);
    hook->ask = ask;
    if (hook->n_asked++ == 0)
        uvrest_acquire_answer(ask, 0, 5);
    else
        assert_int_equal(uv_timer_start(&hook->timer, on_slow_hook, 1, 0), 0);
}

static void on_gone(void *user)
{
    *(bool *)user = true;
}

static void calls_wait_for_the_acquire_hook(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    slow_hook hook = {0};
    seen saw[5] = {{0}};
    uv_loop_t loop;
    bool gone = false;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_timer_init(&loop, &hook.timer), 0);
    hook.timer.data = &hook;
    options.loop = &loop;
    options.rate_limit.acquire = ask_slow_hook;
    options.rate_limit.acquire_user = &hook;
    options.rate_limit.acquire_slots = 2;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 5; i++)
        wire_get(client, &saw[i], NULL, NULL);
    while (saw[4].n == 0)
        uv_run(&loop, UV_RUN_ONCE);
    for (size_t i = 0; i < 5; i++)
        wire_check_status(&saw[i], UVREST_OK);
    assert_int_equal(hook.n_asked, 4);
    uv_close((uv_handle_t *)&hook.timer, NULL);
    uvrest_client_close(client, on_gone, &gone);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(gone);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

static void row_73_credentials_have_budgets_of_their_own(void **state)
{
    server *s = server_start("conn\nexpect\nheader Auth-Token: " AUTH_TOKEN "\nreply+ 429 Retry-After: 20|{}\n"
                             "expect\nheader Auth-Token: somebody-else\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_call_options other = {.credentials = (const char *const[]){"Auth-Token: somebody-else", NULL}};
    uvrest_client *client;
    uv_loop_t loop;
    uvrest_call *call = NULL;
    seen first = {0};
    seen second = {0};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    wire_get(client, &first, NULL, &call);
    wire_get(client, &second, &other, NULL);
    while (second.n == 0)
        assert_true(uv_run(&loop, UV_RUN_ONCE));
    wire_check_status(&second, UVREST_OK);
    assert_int_equal(first.n, 0); /* still paused */
    uvrest_call_cancel(call);
    uv_run(&loop, UV_RUN_DEFAULT);
    wire_check_status(&first, UVREST_E_CANCELLED);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(s);
}

/* Its time comes while there is no room for it, and is not waited for again and again. */
static void a_held_call_goes_out_once_there_is_room(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\nheader Auth-Token: somebody-else\npause 400\n" ANSWER
                             "expect\nheader Auth-Token: " AUTH_TOKEN "\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_call_options other = {.credentials = (const char *const[]){"Auth-Token: somebody-else", NULL}};
    uvrest_client *client;
    seen saw[3] = {{0}};
    clock_t cpu;
    (void)state;
    options.max_in_flight = 1;
    options.rate_limit = (uvrest_rate_limit){.requests = 1, .window_ms = 100};
    client = wire_client_of(&options);
    wire_get(client, &saw[0], NULL, NULL);
    wire_run(client, &saw[0]);
    wire_get(client, &saw[1], NULL, NULL);
    wire_get(client, &saw[2], &other, NULL);
    cpu = clock();
    wire_run(client, &saw[1]);
    for (size_t i = 0; i < 3; i++)
        wire_check_status(&saw[i], UVREST_OK);
    assert_true(clock() - cpu < CLOCKS_PER_SEC / 5);
    uvrest_client_free(client);
    server_stop(s);
}

/* Three calls one after the other; the connection of the first dies under the second.
 * Milliseconds of the latter two. */
static void die_within_quota(uint32_t slots, uint32_t attempts, uint64_t *took_ms)
{
    server *s = server_start("conn\nexpect\n" ANSWER "expect\nclose\nconn\nexpect\n" ANSWER "expect\n" ANSWER);
    sample_client_options options = wire_options(s);
    uvrest_client *client;
    options.rate_limit = (uvrest_rate_limit){.requests = slots, .window_ms = 600};
    client = wire_client_of(&options);
    for (int i = 0; i < 3; i++) {
        const uint64_t begin = uv_hrtime();
        seen saw = wire_call(client, wire_get, NULL);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, i == 1 ? attempts : 1);
        if (i > 0)
            took_ms[i - 1] = (uv_hrtime() - begin) / 1000000;
    }
    uvrest_client_free(client);
    server_stop(s);
}

/* What libcurl would repeat by itself is a sending like any other: it takes a slot, and without one it waits. */
static void row_72_repeats_of_libcurls_own_take_slots(void **state)
{
    uint64_t took_ms[2];
    (void)state;
    die_within_quota(3, 1, took_ms);
    if (took_ms[0] > 300 || took_ms[1] < 300)
        fail_msg("%u and %u ms", (unsigned)took_ms[0], (unsigned)took_ms[1]);
    die_within_quota(2, 2, took_ms);
    if (took_ms[0] < 550)
        fail_msg("%u ms", (unsigned)took_ms[0]);
}

static void shared_redis_is_refused_where_there_is_no_hiredis(void **state)
{
    uvrest_reason reason = {""};
    uvrest_client *client = NULL;
    const uvrest_client_options options = {
        .base_url = "http://127.0.0.1:1",
        .rate_limit = {.requests = 1, .window_ms = 1000, .shared_redis = "redis://localhost"},
        .reason = &reason};
    (void)state;
    if (uvrest__redis_is_built())
        skip();
    assert_int_equal(uvrest_client_new(&options, &client), UVREST_E_INVALID);
    wire_check_contains(reason.text, "rate_limit.shared_redis: the library was built without hiredis");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_59_refusal_pauses_the_credential_and_the_call_succeeds),
        cmocka_unit_test(row_63_refusals_for_ever_end_in_throttled),
        cmocka_unit_test(row_60_hint_beyond_the_deadline_fails_at_once),
        cmocka_unit_test(disabled_handling_makes_429_an_error),
        cmocka_unit_test(row_74_one_call_overtakes_ten_thousand),
        cmocka_unit_test(row_75_wait_beyond_the_deadline_is_said_at_once),
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(row_68_a_ledger_file_is_used),
        cmocka_unit_test(row_70_an_unwritable_ledger_file_is_warned_of_once),
        cmocka_unit_test(calls_wait_for_the_acquire_hook),
        cmocka_unit_test(row_73_credentials_have_budgets_of_their_own),
        cmocka_unit_test(an_acquire_hook_cannot_call_into_the_client),
        cmocka_unit_test(a_held_call_goes_out_once_there_is_room),
        cmocka_unit_test(row_72_repeats_of_libcurls_own_take_slots),
        cmocka_unit_test(shared_redis_is_refused_where_there_is_no_hiredis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
