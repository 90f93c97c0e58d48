/* SPDX-License-Identifier: MIT */
/*
 * A quota shared through a Redis server: a real one where calls go through, a scripted one where it says what no Redis
 * server says. Rows 68 to 70 of the fault catalogue, between machines.
 */
#include "redis_server.h"
#include "wire.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"
#define API "conn\nexpect\n" ANSWER "loop\n"

/* What on_log said of the server. */
typedef struct reach {
    unsigned n_away;
    unsigned n_back;
    char why[512];
    char all[4096];
} reach;

static void note_line(uvrest_log_level level, const char *message, void *user)
{
    reach *saw = user;
    size_t len = strlen(saw->all);
    snprintf(saw->all + len, sizeof saw->all - len, "%s\n", message);
    if (strstr(message, "shared_redis") == NULL)
        return;
    if (level == UVREST_LOG_WARNING) {
        saw->n_away++;
        snprintf(saw->why, sizeof saw->why, "%s", message);
    } else {
        saw->n_back++;
    }
}

static sample_client_options options_for(const server *api, const char *url, reach *saw)
{
    sample_client_options options = wire_options(api);
    memset(saw, 0, sizeof *saw);
    options.rate_limit.requests = 10;
    options.rate_limit.window_ms = 1000;
    options.rate_limit.shared_redis = url;
    options.on_log = note_line;
    options.log_user = saw;
    return options;
}

static void need_redis(redis_server *redis, const char *password)
{
    if (redis_server_start(redis, password))
        return;
    print_message("no redis-server here\n");
    skip();
}

static void get_all(uvrest_client *client, seen *saw, size_t n, const uvrest_call_options *options)
{
    for (size_t i = 0; i < n; i++)
        wire_get(client, &saw[i], options, NULL);
}

static void check_all(const seen *saw, size_t n, uvrest_status status)
{
    for (size_t i = 0; i < n; i++)
        wire_check_status(&saw[i], status);
}

static void row_68_two_clients_share_one_window(void **state)
{
    server *s = server_start(API);
    redis_server redis;
    uvrest_client *one, *two;
    sample_client_options options;
    seen first[6] = {{0}}, second[6] = {{0}};
    reach saw;
    char url[160];
    uint64_t begin, took;
    (void)state;
    need_redis(&redis, "open:sesame");
    options = options_for(s, redis.url, &saw);
    snprintf(url, sizeof url, "unix://default:open%%3Asesame@%s?db=3", redis.path);
    options.rate_limit.shared_redis = url;
    one = wire_client_of(&options);
    options.auth_token = "somebody-else"; /* another quota */
    options.rate_limit.requests = 10;
    two = wire_client_of(&options);
    begin = uv_hrtime();
    get_all(one, first, 6, NULL);
    assert_int_equal(uvrest_client_run(one), UVREST_OK);
    get_all(two, second, 6, NULL);
    assert_int_equal(uvrest_client_run(two), UVREST_OK);
    assert_true(uv_hrtime() - begin < 900000000);
    uvrest_client_free(two);
    options.auth_token = AUTH_TOKEN;
    two = wire_client_of(&options);
    memset(url, 'x', sizeof url - 1); /* it was copied */
    memset(second, 0, sizeof second);
    get_all(two, second, 6, NULL);
    assert_int_equal(uvrest_client_run(two), UVREST_OK);
    took = uv_hrtime() - begin;
    check_all(first, 6, UVREST_OK);
    check_all(second, 6, UVREST_OK);
    if (took < 1000000000 || took > 1900000000)
        fail_msg("12 calls of 10 a second took %llu us", (unsigned long long)(took / 1000));
    assert_int_equal(saw.n_away, 0);
    uvrest_client_free(one);
    uvrest_client_free(two);
    redis_server_kill(&redis);
    server_stop(s);
}

/* The log is told what the API's headers say: others have used what these clients have not. */
static void row_65_what_the_api_has_counted_reaches_the_log(void **state)
{
    static const char script[] = "return tonumber(redis.call('HGET', redis.call('KEYS', '*}')[1], 'others'))";
    server *s = server_start("conn\nexpect\nreply+ 200 RateLimit-Remaining: 10|{\"id\":\"a1\"}\nloop\n");
    redis_server redis;
    sample_client_options options;
    uvrest_client *client;
    seen calls[3] = {{0}};
    int64_t others = 0;
    reach saw;
    (void)state;
    need_redis(&redis, NULL);
    options = options_for(s, redis.url, &saw);
    options.rate_limit.requests = 100;
    client = wire_client_of(&options);
    get_all(client, calls, 3, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    check_all(calls, 3, UVREST_OK);
    uvrest_client_free(client);
    assert_int_equal(redis_server_tell(&redis, (const char *const[]){"EVAL", script, "0"}, 3, &others, 1), 1);
    assert_int_equal(others, 87);
    redis_server_kill(&redis);
    server_stop(s);
}

static void a_client_that_ends_leaves_nothing_out(void **state)
{
    server *s = server_start(API);
    redis_server redis;
    reach saw;
    (void)state;
    need_redis(&redis, NULL);
    for (int i = 0; i < 3; i++) { /* of 10 */
        sample_client_options options = options_for(s, redis.url, &saw);
        uvrest_client *client;
        seen calls[3] = {{0}};
        uint64_t begin = uv_hrtime();
        client = wire_client_of(&options);
        get_all(client, calls, 3, NULL);
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        check_all(calls, 3, UVREST_OK);
        assert_true(uv_hrtime() - begin < 500000000);
        uvrest_client_free(client);
    }
    redis_server_kill(&redis);
    server_stop(s);
}

static void a_client_with_a_thread_of_its_own_shares_too(void **state)
{
    server *s = server_start(API);
    redis_server redis;
    sample_client_options options;
    uvrest_client *clients[2];
    seen calls[2][8] = {{{0}}};
    reach saw;
    uint64_t begin = uv_hrtime();
    (void)state;
    need_redis(&redis, NULL);
    options = options_for(s, redis.url, &saw);
    options.own_thread = true;
    options.on_log = NULL;
    for (size_t i = 0; i < 2; i++) {
        clients[i] = wire_client_of(&options);
        get_all(clients[i], calls[i], 8, NULL);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(uvrest_client_run(clients[i]), UVREST_OK);
        uvrest_client_free(clients[i]);
        check_all(calls[i], 8, UVREST_OK);
    }
    assert_in_range(uv_hrtime() - begin, 1000000000, 3000000000);
    redis_server_kill(&redis);
    server_stop(s);
}

static void a_wrong_password_is_told_once_and_not_what_it_was(void **state)
{
    server *s = server_start(API);
    redis_server redis;
    uvrest_client *client;
    sample_client_options options;
    uvrest_call_options hurry = {.deadline_ms = 700};
    char url[160];
    seen calls[3] = {{0}};
    reach saw;
    (void)state;
    need_redis(&redis, "sesame");
    snprintf(url, sizeof url, "unix://:wrong-sesame@%s", redis.path);
    options = options_for(s, url, &saw);
    client = wire_client_of(&options);
    get_all(client, calls, 3, &hurry);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    check_all(calls, 3, UVREST_E_TIMEOUT);
    assert_int_equal(calls[0].executed, UVREST_EXECUTED_NO);
    assert_int_equal(saw.n_away, 1);
    assert_int_equal(saw.n_back, 0);
    wire_check_contains(saw.why, "it refuses user or password");
    wire_check_lacks(saw.all, "sesame");
    assert_int_equal(server_requests(s), 0);
    uvrest_client_free(client);
    redis_server_kill(&redis);
    server_stop(s);
}

/* What is wrong with the server is not said of the password. */
static void a_server_that_has_no_time_is_told_from_one_that_refuses(void **state)
{
    static const char *const rows[][2] = {
        {"-ERR max number of clients reached", "it has too many clients"},
        {"-LOADING Redis is loading the dataset in memory", "it is loading its data"},
        {"-WRONGPASS invalid username-password pair", "it refuses user or password"},
        {"-ERR invalid password", "it refuses user or password"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char script[128], url[64];
        uvrest_call_options hurry = {.deadline_ms = 300};
        server *s = server_start(API), *redis;
        sample_client_options options;
        reach said;
        snprintf(script, sizeof script, "conn\nread 1\nsend %s\\r\\n\nstall\n", rows[i][0]);
        redis = server_start(script);
        snprintf(url, sizeof url, "redis://:sesame@127.0.0.1:%d", server_port(redis));
        options = options_for(s, url, &said);
        wire_call_with(&options, wire_get, &hurry);
        wire_check_contains(said.why, rows[i][1]);
        server_stop(redis);
        server_stop(s);
    }
}

/* A timer of the test's on the caller's loop: something happens to the server while calls are under way. */
typedef struct event {
    uv_timer_t timer;
    redis_server *redis;
} event;

static void on_flush(uv_timer_t *timer)
{
    event *e = timer->data;
    redis_server_tell(e->redis, (const char *const[]){"SCRIPT", "FLUSH"}, 2, NULL, 0);
}

static void on_again(uv_timer_t *timer)
{
    event *e = timer->data;
    redis_server_again(e->redis);
}

static void on_kill(uv_timer_t *timer)
{
    event *e = timer->data;
    redis_server_kill(e->redis);
    uv_timer_start(timer, on_again, 1500, 0);
}

/* 25 calls of 10 a second, and that happens after 300 ms. The time they took, in ms. */
static uint64_t run_with_event(uv_timer_cb on_event, reach *saw)
{
    server *s = server_start(API);
    redis_server redis;
    sample_client_options options;
    uvrest_client *client;
    uv_loop_t loop;
    event e = {.redis = &redis};
    seen calls[25] = {{0}};
    uint64_t begin = uv_hrtime(), took;
    need_redis(&redis, NULL);
    options = options_for(s, redis.url, saw);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_timer_init(&loop, &e.timer), 0);
    e.timer.data = &e;
    uv_timer_start(&e.timer, on_event, 300, 0);
    options.loop = &loop;
    client = wire_client_of(&options);
    get_all(client, calls, 25, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    took = (uv_hrtime() - begin) / 1000000;
    check_all(calls, 25, UVREST_OK);
    uv_close((uv_handle_t *)&e.timer, NULL);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    redis_server_kill(&redis);
    server_stop(s);
    return took;
}

static void a_flushed_script_is_sent_again(void **state)
{
    reach saw;
    uint64_t took = run_with_event(on_flush, &saw);
    (void)state;
    assert_int_equal(saw.n_away, 0);
    assert_in_range(took, 2000, 2900);
}

static void a_server_that_is_killed_and_started_anew_costs_a_window(void **state)
{
    reach saw;
    uint64_t took = run_with_event(on_kill, &saw);
    (void)state;
    assert_int_equal(saw.n_away, 1);
    assert_int_equal(saw.n_back, 1);
    assert_in_range(took, 3500, 7000); /* what it forgot counts as answered when it was back */
}

static void row_70_without_a_server_a_share_of_ones_own(void **state)
{
    server *s = server_start(API);
    reach saw;
    sample_client_options options = options_for(s, "unix:/nonexistent/redis.sock", &saw);
    uvrest_client *client;
    seen calls[4] = {{0}};
    uint64_t begin = uv_hrtime(), took;
    (void)state;
    options.rate_limit.requests = 10;
    options.rate_limit.window_ms = 400;
    options.rate_limit.shared_redis_alone = 2;
    client = wire_client_of(&options);
    get_all(client, calls, 4, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    took = (uv_hrtime() - begin) / 1000000;
    check_all(calls, 4, UVREST_OK);
    assert_int_equal(saw.n_away, 1);
    wire_check_contains(saw.why, "it cannot be reached");
    /* a window and what leases may last, then two, a window, and two */
    assert_in_range(took, 2 * 425 + 300, 2500);
    uvrest_client_free(client);
    server_stop(s);
}

/* Whatever the server says: it counts as away, the log names a reason, and nothing is sent. */
static void what_no_redis_server_says_is_no_grant(void **state)
{
    static const char *const says[] = {
        "read 1\nsend HTTP/1.1 400 Bad Request\\r\\n\\r\\n\nstall\n",
        "send +OK\\r\\n\nstall\n",
        "read 1\nsend :1\\r\\n\nstall\n",
        "read 1\nsend $-1\\r\\n\nstall\n",
        "read 1\nsend $5\\r\\nhello\\r\\n\nstall\n",
        "read 1\nsend $999999999999\\r\\n\nrepeat 200000 xxxxxxxxxx\nstall\n",
        "read 1\nsend $-7\\r\\n\nstall\n",
        "read 1\nsend *5\\r\\n\nrepeat 200000 :1\\r\\n\nstall\n",
        "read 1\nsend *2000000000\\r\\n\nrepeat 1000 :1\\r\\n\nstall\n",
        "read 1\nsend *5\\r\\n:1\\r\\n:-1\\r\\n:-1\\r\\n:0\\r\\n$1\\r\\nx\\r\\n\nstall\n",
        "read 1\nsend *7\\r\\n:1\\r\\n:-1\\r\\n:-1\\r\\n:0\\r\\n:0\\r\\n:9000000\\r\\n:0\\r\\n\nstall\n",
        "read 1\nsend *1\\r\\n*1\\r\\n*1\\r\\n*1\\r\\n*1\\r\\n*1\\r\\n*1\\r\\n*1\\r\\n:1\\r\\n\nstall\n",
        "read 1\nsend *-1\\r\\n\nstall\n",
        "read 1\nsend *0\\r\\n\nstall\n",
        "read 1\nsend -ERR no such thing\\r\\n\nstall\n",
        "read 100\nsend -NOSCRIPT\\r\\n\nloop\n",
        "read 1\nsend \\0\\0\\0\\0\nstall\n",
        "read 1\nstall\n",
        "read 1\nreset\n",
        "close\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        char script[256], url[64];
        server *s = server_start(API), *junk;
        sample_client_options options;
        uvrest_call_options hurry = {.deadline_ms = 500};
        seen saw;
        reach said;
        snprintf(script, sizeof script, "conn\n%s", says[i]);
        junk = server_start(script);
        snprintf(url, sizeof url, "redis://127.0.0.1:%d", server_port(junk));
        options = options_for(s, url, &said);
        saw = wire_call_with(&options, wire_get, &hurry);
        if (saw.status != UVREST_E_TIMEOUT || server_requests(s) != 0 || said.n_away == 0 ||
            strstr(said.why, "not asked yet") != NULL)
            fail_msg("row %zu: %s, %zu requests, told %u times: %s", i, uvrest_status_name(saw.status),
                     server_requests(s), said.n_away, said.why);
        server_stop(junk);
        server_stop(s);
    }
}

static void names_are_looked_up(void **state)
{
    server *s = server_start(API);
    reach saw;
    sample_client_options options = options_for(s, "redis://no-such-host.invalid:1", &saw);
    uvrest_call_options hurry = {.deadline_ms = 2000};
    seen call;
    (void)state;
    options.rate_limit.shared_redis_alone = UVREST_ZERO;
    call = wire_call_with(&options, wire_get, &hurry);
    wire_check_status(&call, UVREST_E_TIMEOUT);
    wire_check_lacks(saw.all, "no-such-host");
    server_stop(s);
}

static void a_client_may_end_while_the_server_thinks(void **state)
{
    static const char *const states[] = {"conn\nread 1\nstall\n", "conn\nstall\n"};
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        server *s = server_start(API), *slow = server_start(states[i]);
        char url[64];
        sample_client_options options;
        uvrest_client *client;
        uvrest_call *call = NULL;
        uv_loop_t loop;
        seen saw = {0};
        reach said;
        snprintf(url, sizeof url, "redis://localhost:%d/0", server_port(slow));
        options = options_for(s, url, &said);
        assert_int_equal(uv_loop_init(&loop), 0);
        options.loop = &loop;
        client = wire_client_of(&options);
        wire_get(client, &saw, NULL, &call);
        for (int turns = 0; turns < 5 + 20 * (int)i; turns++)
            uv_run(&loop, UV_RUN_NOWAIT);
        uvrest_client_close(client, NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        wire_check_status(&saw, UVREST_E_CANCELLED);
        assert_int_equal(uv_loop_close(&loop), 0);
        server_stop(slow);
        server_stop(s);
    }
}

static void row_118_a_child_of_fork_leaves_the_connection_alone(void **state)
{
    server *s = server_start(API);
    redis_server redis;
    sample_client_options options;
    uvrest_client *client;
    seen calls[4] = {{0}};
    reach saw;
    pid_t child;
    int status = -1;
    (void)state;
    need_redis(&redis, NULL);
    options = options_for(s, redis.url, &saw);
    client = wire_client_of(&options);
    get_all(client, calls, 2, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    child = fork();
    if (child == 0) {
        uvrest_client_free(client);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    get_all(client, calls + 2, 2, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    check_all(calls, 4, UVREST_OK);
    assert_int_equal(saw.n_away, 0);
    uvrest_client_free(client);
    redis_server_kill(&redis);
    server_stop(s);
}

/* A 429 that one client gets holds the other one as well: it is told when it asks. */
static void a_refusal_pauses_the_other_client(void **state)
{
    server *s = server_start("conn\nexpect\nreply+ 429 Retry-After: 1|{}\nclose\n" API);
    redis_server redis;
    sample_client_options options;
    uvrest_client *one, *two;
    uvrest_call_options hurry = {.deadline_ms = 300};
    uvrest_call *call = NULL;
    seen first = {0}, second = {0}, third = {0};
    uv_loop_t loop;
    reach saw;
    uint64_t begin;
    (void)state;
    need_redis(&redis, NULL);
    options = options_for(s, redis.url, &saw);
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    one = wire_client_of(&options);
    wire_get(one, &first, NULL, &call);
    while (server_requests(s) == 0)
        uv_run(&loop, UV_RUN_ONCE);
    begin = uv_hrtime();
    while (uv_hrtime() - begin < 200000000)
        uv_run(&loop, UV_RUN_NOWAIT);
    options.loop = NULL;
    two = wire_client_of(&options); /* of another machine, but for the ledger of this process: see unit.ratelimit */
    second = wire_call(two, wire_get, &hurry);
    wire_check_status(&second, UVREST_E_TIMEOUT);
    uv_run(&loop, UV_RUN_DEFAULT);
    wire_check_status(&first, UVREST_OK);
    third = wire_call(two, wire_get, &hurry);
    wire_check_status(&third, UVREST_OK);
    uvrest_client_free(two);
    uvrest_client_close(one, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    redis_server_kill(&redis);
    server_stop(s);
}

static void options_that_cannot_be(void **state)
{
    static const struct {
        uvrest_rate_limit rate_limit;
        const char *why;
    } rows[] = {
        {{.requests = 1, .window_ms = 1, .shared_redis = "rediss://localhost"}, "TLS"},
        {{.requests = 1, .window_ms = 1, .shared_redis = ""}, "begins neither"},
        {{.requests = 1, .window_ms = 1, .shared_redis = "unix:/x", .shared_file = "/x"}, "not beside"},
        {{.requests = 1, .window_ms = 1, .shared_redis = "redis://:p@cache.example"}, "shared_redis_cleartext"},
        {{.shared_redis = "unix:/x"}, "needs requests"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest_reason reason = {""};
        uvrest_client *client = NULL;
        uvrest_client_options options = {
            .base_url = "http://127.0.0.1:1", .rate_limit = rows[i].rate_limit, .reason = &reason};
        assert_int_equal(uvrest_client_new(&options, &client), UVREST_E_INVALID);
        wire_check_contains(reason.text, "rate_limit.shared_redis: ");
        wire_check_contains(reason.text, rows[i].why);
    }
}

/* The n-th allocation fails, and then all from there on. */
typedef struct source {
    long left; /* until one fails; below 0: none */
    bool once;
    bool hit;
    long n_live;
} source;

static bool denies(source *from)
{
    if (from->left < 0 || from->left-- > 0)
        return false;
    from->hit = true;
    from->left = from->once ? -1 : 0;
    return true;
}

static void *allocate(size_t size, void *user)
{
    source *from = user;
    void *memory = denies(from) ? NULL : malloc(size);
    from->n_live += memory != NULL;
    return memory;
}

static void *resize(void *memory, size_t size, void *user)
{
    source *from = user;
    void *moved = denies(from) ? NULL : realloc(memory, size);
    from->n_live += moved != NULL && memory == NULL;
    return moved;
}

static void release(void *memory, void *user)
{
    source *from = user;
    from->n_live -= memory != NULL;
    free(memory);
}

static void row_110_without_memory(void **state)
{
    server *s = server_start(API);
    redis_server redis;
    source from = {0};
    const uvrest_alloc alloc = {.allocate = allocate, .resize = resize, .release = release, .user = &from};
    uvrest_reason reason = {""};
    reach said;
    uint32_t patience_ms = 40;
    (void)state;
    need_redis(&redis, "sesame");
    for (long round = 0; round < 2; round++)
        for (long n = 0;; n++) {
            sample_client_options options = options_for(s, redis.url, &said);
            uvrest_call_options hurry = {.deadline_ms = patience_ms};
            sample_leaf_args args = {.leaf_id = "a1", .call = &hurry};
            uvrest_client *client = NULL;
            const sample_leaf *leaf = NULL;
            uvrest_result *result = NULL;
            uvrest_status st;
            from = (source){.left = n, .once = round == 0};
            options.alloc = &alloc;
            options.reason = &reason;
            options.rate_limit.requests = 10000;
            st = uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client);
            if (st == UVREST_OK) {
                st = uvrest_gen_wait(client, &leaves_get, &args, &leaf, &result);
                /* the transport may come to nothing as well, or time run out before there is memory again */
                if (st != UVREST_OK && st != UVREST_E_NOMEM && st != UVREST_E_TIMEOUT && st != UVREST_E_IO)
                    fail_msg("allocation %ld: %s", n, uvrest_status_name(st));
                uvrest_result_free(result);
                from.left = -1;
                uvrest_client_free(client);
            } else if (st != UVREST_E_NOMEM) {
                fail_msg("allocation %ld: %s", n, uvrest_status_name(st));
            }
            assert_int_equal(from.n_live, 0);
            if (!from.hit && st == UVREST_E_TIMEOUT && patience_ms < 10000) { /* the machine is busy: once more */
                patience_ms *= 2;
                n--;
            } else if (!from.hit) {
                assert_int_equal(st, UVREST_OK);
                assert_true(n > 20);
                break;
            }
        }
    redis_server_kill(&redis);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_68_two_clients_share_one_window),
        cmocka_unit_test(row_65_what_the_api_has_counted_reaches_the_log),
        cmocka_unit_test(a_client_that_ends_leaves_nothing_out),
        cmocka_unit_test(a_client_with_a_thread_of_its_own_shares_too),
        cmocka_unit_test(a_server_that_has_no_time_is_told_from_one_that_refuses),
        cmocka_unit_test(a_wrong_password_is_told_once_and_not_what_it_was),
        cmocka_unit_test(a_flushed_script_is_sent_again),
        cmocka_unit_test(a_server_that_is_killed_and_started_anew_costs_a_window),
        cmocka_unit_test(row_70_without_a_server_a_share_of_ones_own),
        cmocka_unit_test(what_no_redis_server_says_is_no_grant),
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(a_client_may_end_while_the_server_thinks),
        cmocka_unit_test(row_118_a_child_of_fork_leaves_the_connection_alone),
        cmocka_unit_test(a_refusal_pauses_the_other_client),
        cmocka_unit_test(options_that_cannot_be),
        cmocka_unit_test(row_110_without_memory),
    };
    signal(SIGPIPE, SIG_DFL); /* what writes to a peer that is gone must hold it back by itself */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
