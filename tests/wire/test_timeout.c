/* SPDX-License-Identifier: MIT */
/* Rows 2, 21, 22 and 121 of the fault catalogue: silence, and time that is over. */
#include "wire.h"
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

/* Names under "silent.invalid" are looked up for as long as this is open: libcurl finds this function before libc's. */
static int silence[2] = {-1, -1};

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **out)
{
    if (node != NULL && strstr(node, "silent.invalid") != NULL) {
        struct pollfd end = {.fd = silence[0], .events = POLLIN};
        (void)poll(&end, 1, 20000);
    }
    (void)service;
    (void)hints;
    (void)out;
    return EAI_NONAME;
}

static seen get_with(const char *script, const uvrest_call_options *call, uint32_t low_speed_ms)
{
    server *s = server_start(script);
    sample_client_options options = wire_options(s);
    seen saw;
    options.low_speed_ms = low_speed_ms;
    saw = wire_call_with(&options, wire_get, call);
    server_stop(s);
    return saw;
}

static void timeout_ends_an_attempt(void **state)
{
    uvrest_call_options options = {.timeout_ms = 700, .attempts = 1};
    seen saw = get_with("conn\nexpect\nstall\n", &options, 0);
    (void)state;
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(saw.attempts, 1);
    assert_true(saw.transfer_us >= 690000); /* all of it, though nothing happened meanwhile */
    options.attempts = 2;
    saw = get_with("conn\nexpect\nstall\nconn\nexpect\n" ANSWER, &options, 0);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 2);
}

static void row_121_deadline_ends_a_call_wherever_it_is(void **state)
{
    uvrest_call_options options = {.deadline_ms = 700};
    seen saw = get_with("conn\nexpect\nstall\n", &options, 0);
    (void)state;
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    wire_check_contains(saw.message, "deadline");
    assert_true(saw.transfer_us >= 600000);
    options.deadline_ms = 1;
    saw = get_with("conn\nexpect\nstall\n", &options, 0);
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    options.deadline_ms = UINT32_MAX;
    saw = get_with("conn\nexpect\n" ANSWER, &options, 0);
    wire_check_status(&saw, UVREST_OK);
}

/* A socket that is still connecting is closed by libcurl without telling: it must not be watched any more by then. */
static void row_121_deadline_that_passes_while_connecting(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.deadline_ms = 1};
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t begin = uv_hrtime();
        seen saw = {0};
        wire_get(client, &saw, &options, NULL);
        while (uv_hrtime() - begin < 5000000) {
        }
        wire_run(client, &saw); /* connects and ends in one turn */
        wire_check_status(&saw, UVREST_E_TIMEOUT);
    }
    uvrest_client_free(client);
    server_stop(s);
}

static void row_121_deadline_ends_a_call_in_the_queue(void **state)
{
    server *s = server_start("conn\nexpect\nstall\n");
    sample_client_options options = wire_options(s);
    uvrest_call_options slow = {.timeout_ms = 400, .attempts = 1};
    uvrest_call_options hurry = {.deadline_ms = 100};
    uvrest_client *client;
    seen first = {0};
    seen second = {0};
    (void)state;
    options.max_in_flight = 1;
    client = wire_client_of(&options);
    wire_get(client, &first, &slow, NULL);
    wire_get(client, &second, &hurry, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    wire_check_status(&first, UVREST_E_TIMEOUT);
    wire_check_status(&second, UVREST_E_TIMEOUT);
    assert_int_equal(second.attempts, 0);
    assert_int_equal(second.executed, UVREST_EXECUTED_NO);
    uvrest_client_free(client);
    server_stop(s);
}

/* How long the first byte may take is low_speed_ms as well. */
static void silence_before_the_head_is_low_speed(void **state)
{
    uvrest_call_options options = {.attempts = 1};
    seen saw = get_with("conn\nexpect\nstall\n", &options, 1000);
    (void)state;
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    assert_int_equal(saw.http_status, 0);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    wire_check_contains(saw.message, "too slow");
}

static void row_21_silence_after_the_head_is_low_speed(void **state)
{
    uvrest_call_options options = {.attempts = 1};
    seen saw =
        get_with("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n{\nstall\n", &options, 1000);
    (void)state;
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    assert_int_equal(saw.attempts, 1);
    assert_string_equal(saw.body, "");
    wire_check_contains(saw.message, "too slow");
}

static void row_22_a_byte_now_and_then_is_low_speed(void **state)
{
    uvrest_call_options options = {.attempts = 1};
    seen saw = get_with("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n\n"
                        "trickle 300 {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
                        &options, 1000);
    (void)state;
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    wire_check_contains(saw.message, "too slow");
    options.timeout_ms = 400;
    saw = get_with("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n\n"
                   "trickle 50 {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
                   &options, 0);
    wire_check_status(&saw, UVREST_E_TIMEOUT);
}

/* ---- a resolver that does not answer ---- */

static uvrest_client *silent_client(uv_loop_t *loop)
{
    sample_client_options options = wire_options(NULL);
    options.base_url = "https://silent.invalid";
    options.connect_timeout_ms = 200;
    options.attempts = 1;
    options.loop = loop;
    return wire_client_of(&options);
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void row_2_silent_resolver_is_a_connect_timeout(void **state)
{
    uvrest_client *client = silent_client(NULL);
    uint64_t begin = now_ms();
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_TIMEOUT);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    uvrest_client_free(client);
    assert_true(now_ms() - begin < 3000);
}

typedef struct canceller {
    uv_timer_t timer;
    uvrest_call *call;
} canceller;

static void on_cancel(uv_timer_t *timer)
{
    canceller *c = timer->data;
    uvrest_call_cancel(c->call);
    uv_close((uv_handle_t *)timer, NULL);
}

static void row_2_silent_resolver_holds_up_neither_cancel_nor_close(void **state)
{
    uv_loop_t loop;
    uvrest_client *client;
    canceller c;
    uint64_t begin = now_ms();
    seen saw[2] = {{0}, {0}};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    client = silent_client(&loop);
    wire_get(client, &saw[0], NULL, &c.call);
    c.timer.data = &c;
    assert_int_equal(uv_timer_init(&loop, &c.timer), 0);
    assert_int_equal(uv_timer_start(&c.timer, on_cancel, 50, 0), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    wire_check_status(&saw[0], UVREST_E_CANCELLED);
    assert_int_equal(saw[0].executed, UVREST_EXECUTED_NO);
    wire_get(client, &saw[1], NULL, NULL);
    uv_run(&loop, UV_RUN_ONCE);
    uvrest_client_close(client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(saw[1].n, 1);
    wire_check_status(&saw[1], UVREST_E_CANCELLED);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_true(now_ms() - begin < 3000);
}

static int open_silence(void **state)
{
    (void)state;
    return pipe(silence);
}

/* The look-ups left behind end by themselves. */
static int end_silence(void **state)
{
    (void)state;
    close(silence[1]);
    for (unsigned i = 0; i < 200; i++) {
        char line[256];
        unsigned threads = 1;
        FILE *status = fopen("/proc/self/status", "r");
        if (status == NULL)
            return -1;
        while (fgets(line, sizeof line, status) != NULL)
            (void)sscanf(line, "Threads: %u", &threads);
        fclose(status);
        if (threads == 1)
            break;
        (void)poll(NULL, 0, 10);
    }
    return close(silence[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeout_ends_an_attempt),
        cmocka_unit_test(row_121_deadline_ends_a_call_wherever_it_is),
        cmocka_unit_test(row_121_deadline_that_passes_while_connecting),
        cmocka_unit_test(row_121_deadline_ends_a_call_in_the_queue),
        cmocka_unit_test(silence_before_the_head_is_low_speed),
        cmocka_unit_test(row_21_silence_after_the_head_is_low_speed),
        cmocka_unit_test(row_22_a_byte_now_and_then_is_low_speed),
        cmocka_unit_test(row_2_silent_resolver_is_a_connect_timeout),
        cmocka_unit_test(row_2_silent_resolver_holds_up_neither_cancel_nor_close),
    };
    return cmocka_run_group_tests(tests, open_silence, end_silence);
}
