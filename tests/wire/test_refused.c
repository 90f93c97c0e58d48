/* SPDX-License-Identifier: MIT */
/* Rows 30 and 32 of the fault catalogue: what a server says it has not taken, over HTTP/2, frame by frame. */
#include "h2.h"
#include <stdio.h>

/* One after the other against a script; the last one's end is returned. */
static seen calls(const char *script, wire_start_fn *const *starts, size_t n, size_t *out_requests)
{
    server *s = h2_start(script, "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    seen saw = {0};
    for (size_t i = 0; i < n; i++) {
        saw = wire_call(client, starts[i], NULL);
        if (i + 1 < n)
            wire_check_status(&saw, UVREST_OK);
    }
    uvrest_client_free(client);
    *out_requests = server_requests(s);
    server_stop(s);
    return saw;
}

/* On a connection of its own, and on one that has carried a request: libcurl tells these apart. */
static void check_not_taken(const char *refusal)
{
    static wire_start_fn *const starts[] = {wire_get, wire_put, wire_post};
    char script[1024];
    size_t requests;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        wire_start_fn *const second[] = {wire_get, starts[i]};
        seen saw;
        snprintf(script, sizeof script, BEGIN REQUEST "%s" REQUEST ANSWER "stall\n" BEGIN REQUEST ANSWER "stall\n",
                 refusal);
        saw = calls(script, &starts[i], 1, &requests);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(requests, 2);
        snprintf(script, sizeof script, BEGIN REQUEST ANSWER REQUEST "%sstall\n" BEGIN REQUEST ANSWER "stall\n",
                 refusal);
        saw = calls(script, second, 2, &requests);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.executed, UVREST_EXECUTED_YES);
        assert_int_equal(requests, 3);
    }
}

static void row_30_goaway_below_our_stream_is_repeated(void **state)
{
    (void)state;
    check_not_taken("frame 1 GOAWAY 0 0 " NO_ERROR NO_ERROR "\n");
}

static void row_32_refused_stream_is_repeated(void **state)
{
    (void)state;
    check_not_taken("frame 1 RST_STREAM 0 - " REFUSED_STREAM "\n");
}

/* Two at once on a connection that is there already, and what the server says to them. */
static void two_posts(const char *said, seen saw[2], size_t *out_requests)
{
    char script[1024];
    server *s;
    sample_client_options options;
    uvrest_client *client;
    snprintf(script, sizeof script,
             BEGIN REQUEST ANSWER REQUEST REQUEST "%sstall\n" BEGIN REQUEST ANSWER REQUEST ANSWER "stall\n", said);
    s = h2_start(script, "h2");
    options = h2_options(s);
    client = wire_client_of(&options);
    wire_call(client, wire_get, NULL);
    for (size_t i = 0; i < 2; i++)
        wire_post(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(saw[i].n, 1);
        wire_check_status(&saw[i], UVREST_OK);
    }
    *out_requests = server_requests(s);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_30_goaway_between_two_posts_repeats_the_second(void **state)
{
    seen saw[2] = {{0}};
    size_t requests;
    (void)state;
    two_posts("frame 1 GOAWAY 0 0 \\x00\\x00\\x00\\x03" NO_ERROR "\npause 100\nframe 1 HEADERS 4 3 \\x88\n"
              "frame 1 DATA 1 3 {\"id\":\"taken\"}\n",
              saw, &requests);
    assert_true((strcmp(saw[0].id, "taken") == 0) != (strcmp(saw[1].id, "taken") == 0));
    assert_int_equal(requests, 4);
}

/* It is repeated on another connection, where it breaks: of that the refusal before says nothing. */
static void row_30_a_post_that_breaks_after_it_was_refused_may_be_executed(void **state)
{
    server *s = h2_start(BEGIN REQUEST ANSWER REQUEST REQUEST
                         "frame 1 GOAWAY 0 0 \\x00\\x00\\x00\\x03" NO_ERROR "\npause 100\nframe 1 HEADERS 4 3 \\x88\n"
                         "frame 1 DATA 1 3 {\"id\":\"taken\"}\nstall\n" BEGIN UPLOAD
                         "frame 1 RST_STREAM 0 - " INTERNAL_ERROR "\nstall\n",
                         "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    seen saw[2] = {{0}};
    unsigned broken;
    (void)state;
    wire_call(client, wire_get, NULL);
    for (size_t i = 0; i < 2; i++)
        wire_post(client, &saw[i], NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    broken = saw[0].status == UVREST_OK ? 1 : 0;
    wire_check_status(&saw[1 - broken], UVREST_OK);
    wire_check_status(&saw[broken], UVREST_E_NETWORK);
    assert_int_equal(saw[broken].executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(server_requests(s), 4);
    uvrest_client_free(client);
    server_stop(s);
}

/* No stream is left: libcurl ends both alike, and only one of them reads why. */
static void row_30_goaway_below_two_posts_repeats_both(void **state)
{
    seen saw[2] = {{0}};
    size_t requests;
    (void)state;
    two_posts("frame 1 GOAWAY 0 0 \\x00\\x00\\x00\\x01" NO_ERROR "\n", saw, &requests);
    assert_int_equal(requests, 5);
}

/* One of all that share the connection reads the refusal for all, and that may be a GET, begun
 * before the POST or after. */
static void row_30_goaway_below_a_post_and_gets_repeats_all(void **state)
{
    static const char *const orders[] = {"gp", "pg", "ggpg", "gggp", "pggg"};
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        size_t n = strlen(orders[i]);
        const char *tail = n == 2 ? "" : REQUEST ANSWER REQUEST ANSWER;
        seen saw[4] = {{0}};
        char script[2048];
        sample_client_options options;
        uvrest_client *client;
        server *s;
        snprintf(script, sizeof script,
                 BEGIN REQUEST ANSWER REQUEST REQUEST "%sframe 1 GOAWAY 0 0 \\x00\\x00\\x00\\x01" NO_ERROR
                                                      "\nstall\n" BEGIN REQUEST ANSWER REQUEST ANSWER "%sstall\n",
                 n == 2 ? "" : REQUEST REQUEST, tail);
        s = h2_start(script, "h2");
        options = h2_options(s);
        client = wire_client_of(&options);
        wire_call(client, wire_get, NULL);
        for (size_t k = 0; k < n; k++)
            (orders[i][k] == 'g' ? wire_get : wire_post)(client, &saw[k], NULL, NULL);
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        for (size_t k = 0; k < n; k++) {
            if (saw[k].status != UVREST_OK)
                fail_msg("%zu of %s: %s, %s", k, orders[i], uvrest_status_name(saw[k].status), saw[k].message);
            assert_int_equal(saw[k].n, 1);
        }
        assert_int_equal(server_requests(s), 1 + 2 * n);
        uvrest_client_free(client);
        server_stop(s);
    }
}

/* The GET reads it, and it does not concern the POST, which may have been executed. */
static void row_30_goaway_above_a_post_says_nothing_of_it(void **state)
{
    server *s = h2_start(BEGIN REQUEST ANSWER REQUEST REQUEST "frame 1 GOAWAY 0 0 \\x00\\x00\\x00\\x03" NO_ERROR
                                                              "\nclose\n" BEGIN REQUEST ANSWER "stall\n",
                         "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    seen post = {0}, get = {0};
    (void)state;
    wire_call(client, wire_get, NULL);
    wire_post(client, &post, NULL, NULL);
    wire_get(client, &get, NULL, NULL);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    wire_check_status(&get, UVREST_OK);
    assert_true(post.status != UVREST_OK);
    assert_int_equal(post.executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(server_requests(s), 4);
    uvrest_client_free(client);
    server_stop(s);
}

/* One of two is refused, and looks for another connection; there it reads what has come on one that was idle. */
static void row_30_goaway_of_another_connection_says_nothing_of_a_post(void **state)
{
    server *s =
        h2_start("conn\nread 24\n" SETTINGS_STREAMS "\\x01\n" REQUEST ANSWER REQUEST "pause 200\n" SETTINGS_STREAMS
                 "\\x64\n" ANSWER REQUEST REQUEST "frame 1 RST_STREAM 0 - " REFUSED_STREAM "\npause 300\nclose\n"
                 "conn\nread 24\n" SETTINGS_STREAMS "\\x01\n" REQUEST ANSWER "pause 100\n"
                 "frame 1 GOAWAY 0 0 \\x00\\x00\\x00\\x01" NO_ERROR "\nstall\n" BEGIN REQUEST ANSWER "stall\n",
                 "h2");
    sample_client_options options = h2_options(s);
    uvrest_client *client = wire_client_of(&options);
    seen saw[5] = {{0}};
    size_t broken;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        (i < 3 ? wire_get : wire_post)(client, &saw[i], NULL, NULL);
        if (i % 2 != 0)
            continue; /* the next one goes with it */
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        if (i == 2)
            server_wait_silent(s, 1);
    }
    broken = saw[3].status == UVREST_OK ? 4 : 3;
    wire_check_status(&saw[7 - broken], UVREST_OK);
    wire_check_status(&saw[broken], UVREST_E_NETWORK);
    assert_int_equal(saw[broken].executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(server_requests(s), 6);
    uvrest_client_free(client);
    server_stop(s);
}

/* The server refuses and takes no connection any more: nothing was executed, and the caller hears so. */
static void row_30_refused_post_that_finds_nobody_was_not_executed(void **state)
{
    static wire_start_fn *const starts[] = {wire_get, wire_post};
    size_t requests;
    seen saw = calls(BEGIN REQUEST ANSWER REQUEST "deaf\nframe 1 GOAWAY 0 0 " NO_ERROR NO_ERROR "\nclose\n", starts, 2,
                     &requests);
    (void)state;
    assert_true(saw.status != UVREST_OK);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_int_equal(requests, 2);
}

/* What looks much the same and is no refusal. */
static void row_32_only_a_refusal_is_taken_for_one(void **state)
{
    static wire_start_fn *const starts[] = {wire_get, wire_post};
    static const char *const ends[] = {
        "close\n",
        "reset\n",
        "frame 1 GOAWAY 0 0 \\x7f\\xff\\xff\\xff" NO_ERROR "\nclose\n", /* it may have been taken */
        "frame 1 GOAWAY 0 0 \\x00\\x00\\x00\\x03" INTERNAL_ERROR "\nclose\n", /* so may stream 3, ours */
        "frame 1 GOAWAY 0 0 " NO_ERROR INTERNAL_ERROR "\nclose\n", /* what says so is in disorder */
        "frame 1 GOAWAY 0 0 " NO_ERROR ENHANCE_YOUR_CALM "\nstall\n",
        "frame 1 RST_STREAM 0 - " NO_ERROR "\nstall\n",
        "frame 1 RST_STREAM 0 - " INTERNAL_ERROR "\nstall\n",
        "frame 1 RST_STREAM 0 - \\x00\\x00\\x00\\x08\nstall\n", /* CANCEL */
        "frame 1 SETTINGS 0 0 abc\nstall\n", /* ends the session from our side, with no word of the stream */
        "frame 1 DATA 1 99 x\nstall\n"};
    char script[1024];
    size_t requests;
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        seen saw;
        snprintf(script, sizeof script, BEGIN REQUEST ANSWER UPLOAD "%s" BEGIN REQUEST ANSWER "stall\n", ends[i]);
        saw = calls(script, starts, 2, &requests);
        if (saw.status == UVREST_OK || saw.executed != UVREST_EXECUTED_MAYBE || requests != 2)
            fail_msg("%s, executed %d, %zu requests for %s", uvrest_status_name(saw.status), (int)saw.executed,
                     requests, ends[i]);
        snprintf(script, sizeof script, BEGIN UPLOAD "%s" BEGIN REQUEST ANSWER "stall\n", ends[i]);
        saw = calls(script, starts + 1, 1, &requests);
        if (saw.status == UVREST_OK || saw.executed != UVREST_EXECUTED_MAYBE || requests != 1)
            fail_msg("%s, executed %d, %zu requests for %s on a new connection", uvrest_status_name(saw.status),
                     (int)saw.executed, requests, ends[i]);
    }
}

/* libcurl keeps a note of a refused stream, which must not be read for the next request. */
static void row_32_a_refusal_is_not_taken_for_that_of_a_later_call(void **state)
{
    static wire_start_fn *const starts[] = {wire_get, wire_get, wire_post};
    size_t requests;
    seen saw = calls(BEGIN REQUEST ANSWER REQUEST "frame 1 RST_STREAM 0 - " REFUSED_STREAM
                                                  "\nstall\n" BEGIN REQUEST ANSWER UPLOAD "close\n" BEGIN REQUEST ANSWER
                                                  "stall\n",
                     starts, 3, &requests);
    (void)state;
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(requests, 4);
}

/* libcurl repeats it by itself, and its note stays while the repeat breaks, or is answered and breaks then. */
static void row_32_a_get_that_breaks_after_it_was_refused_may_be_executed(void **state)
{
    static const char *const ends[] = {"", HEAD READ_ALL "frame 1 DATA 0 - {\n"};
    uvrest_call_options once = {.attempts = 1};
    char script[1024];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        server *s;
        sample_client_options options;
        uvrest_client *client;
        snprintf(script, sizeof script,
                 BEGIN REQUEST ANSWER REQUEST "frame 1 RST_STREAM 0 - " REFUSED_STREAM "\nstall\n" BEGIN REQUEST
                                              "%sclose\n",
                 ends[i]);
        s = h2_start(script, "h2");
        options = h2_options(s);
        client = wire_client_of(&options);
        for (size_t call = 0; call < 2; call++) {
            seen saw = wire_call(client, wire_get, &once);
            wire_check_status(&saw, call == 0 ? UVREST_OK : UVREST_E_NETWORK);
            if (call == 1)
                assert_int_equal(saw.executed, i == 0 ? UVREST_EXECUTED_MAYBE : UVREST_EXECUTED_YES);
        }
        assert_int_equal(server_requests(s), 3);
        uvrest_client_free(client);
        server_stop(s);
    }
}

static void row_32_refusals_for_ever_end(void **state)
{
    size_t requests;
    uvrest_call_options options = {.attempts = 2};
    seen saw =
        h2_call_once(BEGIN REQUEST "frame 1 RST_STREAM 0 - " REFUSED_STREAM "\nstall\n", wire_get, &options, &requests);
    (void)state;
    assert_true(saw.status != UVREST_OK);
    assert_true(saw.attempts <= 2);
    if (requests > 2 * 2) /* libcurl alone would try six times an attempt */
        fail_msg("%zu requests", requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_30_goaway_below_our_stream_is_repeated),
        cmocka_unit_test(row_32_refused_stream_is_repeated),
        cmocka_unit_test(row_30_goaway_between_two_posts_repeats_the_second),
        cmocka_unit_test(row_30_a_post_that_breaks_after_it_was_refused_may_be_executed),
        cmocka_unit_test(row_30_goaway_below_two_posts_repeats_both),
        cmocka_unit_test(row_30_goaway_below_a_post_and_gets_repeats_all),
        cmocka_unit_test(row_30_goaway_above_a_post_says_nothing_of_it),
        cmocka_unit_test(row_30_goaway_of_another_connection_says_nothing_of_a_post),
        cmocka_unit_test(row_30_refused_post_that_finds_nobody_was_not_executed),
        cmocka_unit_test(row_32_only_a_refusal_is_taken_for_one),
        cmocka_unit_test(row_32_a_refusal_is_not_taken_for_that_of_a_later_call),
        cmocka_unit_test(row_32_a_get_that_breaks_after_it_was_refused_may_be_executed),
        cmocka_unit_test(row_32_refusals_for_ever_end),
    };
    return cmocka_run_group_tests(tests, h2_make_certificate, NULL);
}
