/* SPDX-License-Identifier: MIT */
/* Rows 27, 28, 31 and 33 to 37 of the fault catalogue: HTTP/2, frame by frame, and against nghttpd and nghttpx. */
#include "folder.h"
#include "h2.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

static double seconds(void)
{
    return (double)uv_hrtime() / 1e9;
}

static long peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* ---- bodies ---- */

static void row_27_ten_thousand_data_frames_are_fine(void **state)
{
    seen saw = h2_call_once(BEGIN REQUEST HEAD "frame 10000 DATA 0 - \\x20\n" BODY "stall\n", wire_get, NULL, NULL);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
}

/* Calls one after the other, beside one that stays under way. */
typedef struct chain {
    uvrest_client *client;
    uvrest_call *beside;
    unsigned n;
} chain;

static void on_beside(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    (void)user;
    assert_int_equal(result->status, UVREST_E_CANCELLED);
}

static void on_link(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    chain *c = user;
    sample_leaf_args get = {.leaf_id = "a1"};
    sample_leaf body = {.id = "a1"};
    sample_leaf_body_args put = {.leaf_id = "a1", .body = &body};
    uvrest_any_fn *next = (uvrest_any_fn *)on_link;
    assert_string_equal(result->message, "");
    assert_string_equal(leaf->id, "a1");
    c->n++;
    if (c->n == 1)
        assert_int_equal(uvrest_gen_call(c->client, &leaves_get, &get, (uvrest_any_fn *)on_beside, c, &c->beside), 0);
    if (c->n == 4)
        assert_int_equal(uvrest_gen_call(c->client, &leaves_replace, &put, next, c, NULL), 0);
    else if (c->n < 5)
        assert_int_equal(uvrest_gen_call(c->client, &leaves_get, &get, next, c, NULL), 0);
    else
        uvrest_call_cancel(c->beside);
}

/* libcurl keeps the receive buffer of a request that ends beside others, and refuses to change its size. */
static void answers_may_change_their_size_beside_others(void **state)
{
    server *s = h2_start(BEGIN REQUEST HEAD
                         "frame 17000 DATA 0 - \\x20\n" BODY REQUEST REQUEST ANSWER REQUEST ANSWER REQUEST HEAD
                         "frame 17000 DATA 0 - \\x20\n" BODY UPLOAD ANSWER "stall\n",
                         "h2");
    sample_client_options options = h2_options(s);
    sample_leaf_args get = {.leaf_id = "a1"};
    chain c = {0};
    (void)state;
    c.client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_call(c.client, &leaves_get, &get, (uvrest_any_fn *)on_link, &c, NULL), 0);
    assert_int_equal(uvrest_client_run(c.client), UVREST_OK);
    assert_int_equal(c.n, 5);
    assert_int_equal(server_connections(s), 1);
    uvrest_client_free(c.client);
    server_stop(s);
}

/* The upload cannot go on: the window is closed. */
static void row_28_early_answer_over_h2_wins(void **state)
{
    uvrest_call_options options = {.attempts = 1, .timeout_ms = 3000};
    seen saw = h2_call_once("conn\nread 24\nframe 1 SETTINGS 0 0 \\x00\\x04\\x00\\x00\\x00\\x00\n" REQUEST
                            "frame 1 HEADERS 4 - \\x08\\x03413\n" BODY "frame 1 RST_STREAM 0 - " NO_ERROR "\nstall\n",
                            wire_post, &options, NULL);
    (void)state;
    wire_check_status(&saw, UVREST_E_REJECTED);
    assert_int_equal(saw.http_status, 413);
}

/* Several at once, answered before their bodies have come: none of them waits for anything after that. */
static void row_28_early_answers_to_several_uploads_end_them(void **state)
{
    double begin = seconds();
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        server *s = h2_start(BEGIN REQUEST ANSWER REQUEST ANSWER REQUEST ANSWER REQUEST ANSWER "stall\n", "h2");
        sample_client_options options = h2_options(s);
        uvrest_client *client;
        seen saw[4] = {{0}};
        options.pool_maxsize = 1;
        client = wire_client_of(&options);
        for (size_t i = 0; i < 4; i++)
            wire_post(client, &saw[i], NULL, NULL);
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        for (size_t i = 0; i < 4; i++)
            wire_check_status(&saw[i], UVREST_OK);
        uvrest_client_free(client);
        server_stop(s);
    }
    assert_true(seconds() - begin < 15); /* libcurl looks by itself about once a second */
}

#define TAKE REQUEST "arrived\n" ANSWER
/* Which servers that refuse by the head alone would otherwise answer, and reset the stream, before they have read
 * it. */
static void row_28_a_body_comes_along_with_its_head(void **state)
{
    static wire_start_fn *const starts[] = {wire_post, wire_put};
    server *s = h2_start(BEGIN TAKE TAKE TAKE TAKE TAKE TAKE TAKE TAKE "stall\n", "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        seen saw = wire_call(client, starts[i % 2], NULL);
        wire_check_status(&saw, UVREST_OK);
    }
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- a server that is reloaded ---- */

static void row_31_goaway_lets_streams_finish_and_new_ones_go_elsewhere(void **state)
{
    server *s = h2_start(BEGIN REQUEST HEAD "frame 1 GOAWAY 0 0 \\x7f\\xff\\xff\\xff" NO_ERROR "\npause 100\n" BODY
                                            "stall\n" BEGIN UPLOAD ANSWER "stall\n",
                         "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        seen saw = wire_call(client, i == 0 ? wire_get : wire_post, NULL);
        wire_check_status(&saw, UVREST_OK);
        assert_string_equal(saw.id, "a1");
        assert_int_equal(saw.attempts, 1);
    }
    assert_int_equal(server_requests(s), 2);
    assert_int_equal(server_connections(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

/* Without a GOAWAY, as balancers do. */
static void row_20_idle_session_that_the_server_ends_is_not_used(void **state)
{
    server *s = h2_start(BEGIN UPLOAD READ_ALL ANSWER "pause 20\nclose\n" BEGIN UPLOAD ANSWER "stall\n", "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        seen saw = wire_call(client, wire_post, NULL);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, 1);
        server_wait_silent(s, i + 1);
    }
    assert_int_equal(server_requests(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- a connection that is never idle ---- */

/* Starts one more call when one has ended; the last is another's. */
typedef struct relay {
    uvrest_client *client;
    unsigned left;
    seen last;
} relay;

static const sample_leaf_args any_leaf = {.leaf_id = "a1"};

static void on_relay(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    relay *r = user;
    (void)leaf;
    assert_string_equal(result->message, "");
    if (--r->left > 0)
        assert_int_equal(uvrest_gen_call(r->client, &leaves_get, &any_leaf, (uvrest_any_fn *)on_relay, r, NULL), 0);
    else
        wire_get(r->client, &r->last, NULL, NULL);
}

#define NEW BEGIN REQUEST HEAD "frame 1 DATA 1 - {\"id\":\"new\"}\nstall\n"
#define LATE "pause 300\nframe 1 HEADERS 4 1 \\x88\nframe 1 DATA 1 1 {\"id\":\"a1\"}\nstall\n"
static void a_connection_is_left_after_its_lifetime_though_it_is_busy(void **state)
{
    server *s = h2_start(BEGIN REQUEST REQUEST ANSWER REQUEST "pause 1100\n" ANSWER LATE NEW, "h2");
    sample_client_options options = h2_options(s);
    seen beside = {0};
    relay r = {.left = 2};
    (void)state;
    options.max_connection_lifetime_ms = 1000;
    r.client = wire_client_of(&options);
    wire_get(r.client, &beside, NULL, NULL);
    assert_int_equal(uvrest_gen_call(r.client, &leaves_get, &any_leaf, (uvrest_any_fn *)on_relay, &r, NULL), 0);
    assert_int_equal(uvrest_client_run(r.client), UVREST_OK);
    wire_check_status(&beside, UVREST_OK);
    wire_check_status(&r.last, UVREST_OK);
    assert_string_equal(r.last.id, "new"); /* of the second connection */
    uvrest_client_free(r.client);
    server_stop(s);
}

/* ---- streams that fail ---- */

static void row_33_reset_streams_are_ambiguous(void **state)
{
    static const char *const codes[] = {INTERNAL_ERROR, ENHANCE_YOUR_CALM};
    char script[1024];
    size_t requests;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        seen saw;
        snprintf(script, sizeof script, BEGIN REQUEST "frame 1 RST_STREAM 0 - %s\n" REQUEST ANSWER "stall\n", codes[i]);
        saw = h2_call_once(script, wire_get, NULL, &requests);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, 2);
        assert_int_equal(requests, 2);
        snprintf(script, sizeof script, BEGIN UPLOAD "frame 1 RST_STREAM 0 - %s\nstall\n", codes[i]);
        saw = h2_call_once(script, wire_post, NULL, &requests);
        wire_check_status(&saw, UVREST_E_NETWORK);
        assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
        assert_int_equal(requests, 1);
    }
}

static void row_33_resets_for_ever_end(void **state)
{
    static const char *const codes[] = {INTERNAL_ERROR, ENHANCE_YOUR_CALM};
    uvrest_call_options options = {.attempts = 3};
    char script[1024];
    size_t requests;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        seen saw;
        snprintf(script, sizeof script,
                 BEGIN REQUEST "frame 1 RST_STREAM 0 - %s\n" REQUEST "frame 1 RST_STREAM 0 - %s\n" REQUEST
                               "frame 1 RST_STREAM 0 - %s\nstall\n",
                 codes[i], codes[i], codes[i]);
        saw = h2_call_once(script, wire_get, &options, &requests);
        wire_check_status(&saw, UVREST_E_NETWORK);
        assert_int_equal(saw.attempts, 3);
        assert_int_equal(requests, 3);
    }
}

/* ---- silence ---- */

static void row_34_window_that_stays_closed_times_out(void **state)
{
    uvrest_call_options options = {.timeout_ms = 700, .attempts = 1};
    seen saw = h2_call_once("conn\nread 24\nframe 1 SETTINGS 0 0 \\x00\\x04\\x00\\x00\\x00\\x00\nstall\n", wire_post,
                            &options, NULL);
    (void)state;
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
}

static void row_34_connection_gone_silent_is_left_after_two_timeouts(void **state)
{
    server *s = h2_start(BEGIN REQUEST ANSWER "stall\n" BEGIN REQUEST ANSWER "stall\n", "h2");
    sample_client_options options = h2_options(s);
    uvrest_call_options impatient = {.timeout_ms = 300, .attempts = 1};
    uvrest_client *client;
    seen saw;
    (void)state;
    options.pool_maxsize = 4;
    client = wire_client_of(&options);
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    for (unsigned i = 0; i < 2; i++) {
        saw = wire_call(client, wire_get, &impatient);
        wire_check_status(&saw, UVREST_E_TIMEOUT);
    }
    assert_int_equal(server_connections(s), 1);
    saw = wire_call(client, wire_get, &impatient);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(server_connections(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- garbage ---- */

static void row_35_garbage_is_a_protocol_error(void **state)
{
    static const char *const garbage[] = {
        "frame 1 HEADERS 5 - \\xff\\xff\\xff\\xff\\xff\\xff\n", /* HPACK: an index without end */
        "frame 1 HEADERS 5 - \\xc5\n", /* HPACK: an entry nobody made */
        "frame 1 DATA 1 99 x\n", /* a stream nobody opened */
        "frame 1 WINDOW_UPDATE 0 0 " NO_ERROR "\n", /* no increment */
        "frame 1 PUSH_PROMISE 4 - \\x00\\x00\\x00\\x02\\x82\n", /* push is off */
        "send \\xff\\xff\\xff\\x00\\x00\\x00\\x00\\x00\\x01garbage\n", /* a frame of 16 MB */
        "frame 1 SETTINGS 0 0 abc\n", /* of no length settings have */
        "frame 1 CONTINUATION 4 - \\x88\n", /* of nothing */
        "frame 1 HEADERS 5 -\n", /* no header at all, the status neither */
        "frame 1 HEADERS 4 - \\x88\nframe 1 HEADERS 4 - \\x88\n", /* a second head, not the end */
        "frame 1 HEADERS 5 - \\x88\\x40\\x01X\\x01a\n", /* a name in capitals */
        "frame 1 HEADERS 5 - \\x88\\x0f\\x0d\\x011\n", /* Content-Length 1 and no body */
    };
    uvrest_call_options options = {.attempts = 1, .timeout_ms = 3000};
    char script[512];
    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        seen saw;
        snprintf(script, sizeof script, BEGIN REQUEST "%sstall\n", garbage[i]);
        saw = h2_call_once(script, wire_get, &options, NULL);
        if (saw.status != UVREST_E_PROTOCOL && saw.status != UVREST_E_NETWORK)
            fail_msg("%s for %s: %s", uvrest_status_name(saw.status), garbage[i], saw.message);
        assert_false(saw.has_value);
    }
}

/* Header frames without end: literals of 16 KB each, a hundred times what is allowed. */
static void row_35_continuation_flood_is_bounded(void **state)
{
    static char script[40000];
    uvrest_call_options options = {.attempts = 1, .timeout_ms = 5000};
    size_t len = (size_t)snprintf(script, sizeof script,
                                  BEGIN REQUEST "frame 1 HEADERS 0 - \\x88\n"
                                                "frame 2000 CONTINUATION 0 - ");
    long before = peak_kib();
    seen saw;
    (void)state;
    for (unsigned i = 0; i < 160; i++) /* "x: " and 96 times "v", without indexing */
        len += (size_t)snprintf(script + len, sizeof script - len, "\\x00\\x01x\\x60%096d", 0);
    snprintf(script + len, sizeof script - len, "\nstall\n");
    saw = h2_call_once(script, wire_get, &options, NULL);
    if (saw.status != UVREST_E_LIMIT && saw.status != UVREST_E_PROTOCOL && saw.status != UVREST_E_NETWORK)
        fail_msg("%s: %s", uvrest_status_name(saw.status), saw.message);
    if (peak_kib() - before > 16 * 1024)
        fail_msg("%ld KiB more", peak_kib() - before);
}

/* ---- few streams, and many ---- */

/* The server answers none before all are there: what it allows counts, not libcurl's hundred. */
static void a_connection_carries_as_many_streams_as_the_server_allows(void **state)
{
    enum { STREAMS = 150 };
    static char script[STREAMS * 80];
    static seen saw[STREAMS];
    size_t len = (size_t)snprintf(
        script, sizeof script, "conn\nread 24\nframe 1 SETTINGS 0 0 \\x00\\x03\\x00\\x00\\x00\\xc8\n" REQUEST ANSWER);
    server *s;
    sample_client_options options;
    uvrest_client *client;
    (void)state;
    for (unsigned i = 0; i < STREAMS; i++)
        len += (size_t)snprintf(script + len, sizeof script - len, REQUEST);
    for (unsigned i = 0; i < STREAMS; i++)
        len += (size_t)snprintf(script + len, sizeof script - len, "frame 1 HEADERS 4 %u \\x88\nframe 1 DATA 1 %u {}\n",
                                2 * i + 3, 2 * i + 3);
    snprintf(script + len, sizeof script - len, "stall\n");
    s = h2_start(script, "h2");
    options = h2_options(s);
    options.max_in_flight = STREAMS;
    options.pool_maxsize = 1;
    client = wire_client_of(&options);
    wire_call(client, wire_get, NULL);
    for (size_t i = 0; i < STREAMS; i++)
        wire_get(client, &saw[i], &(uvrest_call_options){.attempts = 1, .timeout_ms = 5000}, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < STREAMS; i++)
        wire_check_status(&saw[i], UVREST_OK);
    assert_int_equal(server_connections(s), 1);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_36_one_stream_at_a_time_is_slower_and_correct(void **state)
{
    server *s = h2_start("conn\nread 24\nframe 1 SETTINGS 0 0 \\x00\\x03\\x00\\x00\\x00\\x01\n" REQUEST ANSWER REQUEST
                             ANSWER REQUEST ANSWER REQUEST ANSWER REQUEST ANSWER REQUEST ANSWER "stall\n",
                         "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client;
    uvrest_stats stats;
    seen saw[6] = {{0}};
    (void)state;
    options.pool_maxsize = 1;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 6; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_OK);
        assert_int_equal(saw[i].attempts, 1);
    }
    uvrest_client_stats(client, &stats);
    assert_int_equal(stats.retries, 0);
    assert_int_equal(server_connections(s), 1);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_37_a_server_without_h2_gets_http_1_1(void **state)
{
    server *s = h2_start("conn\nexpect GET /API/leaves/a1/ HTTP/1.1\nreply 200 {\"id\":\"a1\"}\nloop\n", "http/1.1");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    seen saw[3] = {{0}};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 3; i++)
        wire_check_status(&saw[i], UVREST_OK);
    uvrest_client_free(client);
    server_stop(s);
}

/* ---- a server and a proxy of others' making ---- */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static bool connects(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return good;
}

/* Starts a program that listens on the port, and waits until it does. -1: it is not installed. */
static pid_t start_program(const char *const *argv, int port)
{
    double begin = seconds();
    const char *log = folder_path("log");
    char check[64];
    pid_t pid;
    snprintf(check, sizeof check, "command -v %s", argv[0]);
    if (folder_run(check) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        char *copy[16] = {NULL};
        for (size_t i = 0; argv[i] != NULL && i < 15; i++)
            memcpy(&copy[i], &argv[i], sizeof copy[i]);
        if (freopen(log, "a", stdout) != NULL && freopen(log, "a", stderr) != NULL)
            execvp(copy[0], copy);
        raise(SIGKILL);
    }
    assert_true(pid > 0);
    while (!connects(port)) {
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
        assert_true(seconds() - begin < 20);
    }
    return pid;
}

static sample_client_options options_for_port(char *url, size_t cap, int port)
{
    sample_client_options options = h2_options(NULL);
    snprintf(url, cap, "https://127.0.0.1:%d", port);
    options.base_url = url;
    options.disable_rate_limit_handling = true;
    return options;
}

static void row_36_nghttpd_with_one_stream_a_connection(void **state)
{
    int port = free_port();
    char port_text[16];
    char url[64];
    const char *argv[] = {"nghttpd",       "-a",      "127.0.0.1", "-m",           "1", "-d",
                          folder_path(""), port_text, h2_key,      h2_certificate, NULL};
    sample_client_options options = options_for_port(url, sizeof url, port);
    uvrest_client *client;
    pid_t pid;
    seen saw[40] = {{0}};
    (void)state;
    assert_int_equal(folder_run("mkdir -p API/leaves/a1 && printf '{\"id\":\"a1\"}' >API/leaves/a1/index.html"), 0);
    snprintf(port_text, sizeof port_text, "%d", port);
    pid = start_program(argv, port);
    if (pid < 0)
        skip(); /* Debian: nghttp2-server */
    options.pool_maxsize = 2;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 40; i++)
        wire_get(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 40; i++) {
        wire_check_status(&saw[i], UVREST_OK);
        assert_string_equal(saw[i].id, "a1");
    }
    uvrest_client_free(client);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A proxy told to go finishes what it has, says GOAWAY, and its port is refused from then on. */
static void row_31_nghttpx_that_is_told_to_go_finishes_what_it_has(void **state)
{
    server *s = server_start("conn\nexpect\npause 500\nreply 200 {\"id\":\"a1\"}\nloop\n");
    int port = free_port();
    char frontend[64];
    char backend[64];
    char url[64];
    const char *argv[] = {"nghttpx", "--conf=/dev/null", "-k", frontend, backend, h2_key, h2_certificate, NULL};
    sample_client_options options = options_for_port(url, sizeof url, port);
    uvrest_client *client;
    uv_loop_t loop;
    pid_t pid;
    seen saw[8] = {{0}};
    (void)state;
    snprintf(frontend, sizeof frontend, "-f127.0.0.1,%d", port);
    snprintf(backend, sizeof backend, "-b127.0.0.1,%d", server_port(s));
    pid = start_program(argv, port);
    if (pid < 0) {
        server_stop(s);
        skip(); /* Debian: nghttp2-proxy */
    }
    assert_int_equal(uv_loop_init(&loop), 0);
    options.loop = &loop;
    client = wire_client_of(&options);
    for (size_t i = 0; i < 8; i++)
        wire_get(client, &saw[i], NULL, NULL);
    while (server_requests(s) < 8)
        uv_run(&loop, UV_RUN_NOWAIT);
    kill(pid, SIGQUIT);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_OK);
        assert_true(saw[i].attempts <= 2); /* it may drop a backend connection as well */
    }
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_27_ten_thousand_data_frames_are_fine),
        cmocka_unit_test(answers_may_change_their_size_beside_others),
        cmocka_unit_test(row_28_early_answer_over_h2_wins),
        cmocka_unit_test(row_28_a_body_comes_along_with_its_head),
        cmocka_unit_test(row_28_early_answers_to_several_uploads_end_them),
        cmocka_unit_test(row_31_goaway_lets_streams_finish_and_new_ones_go_elsewhere),
        cmocka_unit_test(row_20_idle_session_that_the_server_ends_is_not_used),
        cmocka_unit_test(a_connection_is_left_after_its_lifetime_though_it_is_busy),
        cmocka_unit_test(row_33_reset_streams_are_ambiguous),
        cmocka_unit_test(row_33_resets_for_ever_end),
        cmocka_unit_test(row_34_window_that_stays_closed_times_out),
        cmocka_unit_test(row_34_connection_gone_silent_is_left_after_two_timeouts),
        cmocka_unit_test(row_35_garbage_is_a_protocol_error),
        cmocka_unit_test(row_35_continuation_flood_is_bounded),
        cmocka_unit_test(a_connection_carries_as_many_streams_as_the_server_allows),
        cmocka_unit_test(row_36_one_stream_at_a_time_is_slower_and_correct),
        cmocka_unit_test(row_37_a_server_without_h2_gets_http_1_1),
        cmocka_unit_test(row_36_nghttpd_with_one_stream_a_connection),
        cmocka_unit_test(row_31_nghttpx_that_is_told_to_go_finishes_what_it_has),
    };
    return cmocka_run_group_tests(tests, h2_make_certificate, NULL);
}
