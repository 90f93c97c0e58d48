/* SPDX-License-Identifier: MIT */
#include "refusal.h"
#include "support.h"

static void hear(uvrest__refusal *refusal, const char *line)
{
    uvrest__refusal_hear(refusal, line, strlen(line));
}

/* The last stream; -1: the line tells of no GOAWAY. */
static int64_t goaway(const char *line)
{
    uvrest__goaway heard;
    return uvrest__refusal_find_goaway(line, strlen(line), &heard) ? heard.last : -1;
}

static void hear_goaway(uvrest__refusal *refusal, const uvrest__refusal *reader, const char *line)
{
    uvrest__goaway heard;
    assert_true(uvrest__refusal_find_goaway(line, strlen(line), &heard));
    uvrest__refusal_hear_goaway(refusal, reader, &heard);
}

static uvrest__refusal sent(const char *line, int local_port)
{
    uvrest__refusal refusal = {0};
    uvrest__refusal_begin(&refusal, "127.0.0.1", local_port, "127.0.0.1", 443);
    hear(&refusal, line);
    return refusal;
}

static void the_log_is_read(void **state)
{
    uvrest__refusal refusal = sent("Using Stream ID: 5 (easy handle 0x55)\n", 1);
    (void)state;
    assert_int_equal(refusal.stream, 5);
    assert_int_equal(goaway("recveived GOAWAY, error=0, last_stream=3\n"), 3); /* 7.88's spelling */
    assert_int_equal(goaway("received GOAWAY, error=0, last_stream=2147483647\n"), INT32_MAX);
    assert_int_equal(goaway("received GOAWAY, error=0\n"), -1);
    assert_false(refusal.refused);
    hear(&refusal, "REFUSED_STREAM, retrying a fresh connect\n");
    assert_true(refusal.refused);
    uvrest__refusal_begin(&refusal, "127.0.0.1", 2, "127.0.0.1", 443);
    assert_false(refusal.refused);
    assert_int_equal(refusal.stream, 0);
}

static void a_goaway_is_for_the_streams_above_it_on_its_connection(void **state)
{
    uvrest__refusal reader = sent("", 1);
    static const struct {
        const char *line;
        int local_port;
        bool refused;
    } rows[] = {{"Using Stream ID: 5 (easy", 1, true},
                {"Using Stream ID: 3 (easy", 1, false},
                {"Using Stream ID: 5 (easy", 2, false},
                {"using HTTP/2", 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__refusal other = sent(rows[i].line, rows[i].local_port);
        hear_goaway(&other, &reader, "recveived GOAWAY, error=0, last_stream=3\n");
        assert_int_equal(other.refused, rows[i].refused);
    }
}

/* From then on libcurl may look at other connections, whose streams have other numbers. */
static void a_goaway_after_the_connection_was_left_is_anothers(void **state)
{
    static const char *const leaves[] = {"Connection died, retrying a fresh connect (retry count: 1)\n",
                                         "Downgrades to HTTP/1.1\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uvrest__refusal refusal = sent("Using Stream ID: 5 (easy", 1);
        uvrest__refusal reader = sent("", 1);
        assert_true(uvrest__refusal_is_leave(leaves[i], strlen(leaves[i])));
        hear(&refusal, leaves[i]);
        hear_goaway(&refusal, &reader, "recveived GOAWAY, error=0, last_stream=1\n");
        assert_false(refusal.refused);
    }
}

/* Apache ends with a number that is no error of HTTP/2. */
static void after_a_goaway_with_an_error_no_refusal_is_believed(void **state)
{
    static const char *const lines[] = {"recveived GOAWAY, error=-902, last_stream=99\n",
                                        "received GOAWAY, error=4294966394, last_stream=99\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uvrest__refusal refusal = sent("Using Stream ID: 5 (easy", 1);
        uvrest__refusal another = sent("Using Stream ID: 5 (easy", 2);
        uvrest__refusal reader = sent("", 1);
        hear_goaway(&refusal, &reader, lines[i]);
        hear_goaway(&another, &reader, lines[i]);
        hear(&refusal, "REFUSED_STREAM, retrying a fresh connect\n");
        hear(&another, "REFUSED_STREAM, retrying a fresh connect\n");
        assert_false(refusal.refused);
        assert_true(another.refused);
    }
}

/* Whether libcurl says the words for it or not. */
static void a_goaway_with_an_error_refuses_nothing(void **state)
{
    uvrest__refusal refusal = sent("Using Stream ID: 5 (easy", 1);
    uvrest__refusal reader = sent("", 1);
    (void)state;
    hear_goaway(&refusal, &reader, "recveived GOAWAY, error=2, last_stream=3\n");
    assert_false(refusal.refused);
    assert_true(refusal.stale);
    hear(&refusal, "REFUSED_STREAM, retrying a fresh connect\n");
    assert_false(refusal.refused);
    assert_false(refusal.stale);
    uvrest__refusal_begin(&refusal, "127.0.0.1", 2, "127.0.0.1", 443);
    hear(&refusal, "Using Stream ID: 1 (easy");
    hear(&refusal, "REFUSED_STREAM, retrying a fresh connect\n"); /* there it was */
    assert_true(refusal.refused);
}

/* libcurl notes a refusal, and says the words only when it takes the note away. */
static void a_refusal_without_the_words_leaves_a_stale_note(void **state)
{
    uvrest__refusal refusal = sent("Using Stream ID: 5 (easy", 1);
    uvrest__refusal reader = sent("", 1);
    (void)state;
    assert_false(refusal.stale);
    hear_goaway(&refusal, &reader, "recveived GOAWAY, error=0, last_stream=3\n");
    assert_false(refusal.stale); /* of what was sent last */
    uvrest__refusal_begin(&refusal, "127.0.0.1", 2, "127.0.0.1", 443);
    assert_true(refusal.stale);
    uvrest__refusal_begin(&refusal, "127.0.0.1", 3, "127.0.0.1", 443);
    assert_true(refusal.stale);
    hear(&refusal, "REFUSED_STREAM, retrying a fresh connect\n");
    uvrest__refusal_begin(&refusal, "127.0.0.1", 4, "127.0.0.1", 443);
    assert_false(refusal.stale);
}

/* A server can put what it likes into a header, but not at the beginning of a line of the log. */
static void words_inside_a_line_are_no_words(void **state)
{
    uvrest__refusal refusal = sent("Using Stream ID: 5 (easy", 1);
    (void)state;
    hear(&refusal, "h2h3 [x: REFUSED_STREAM, retrying a fresh connect]\n");
    hear(&refusal, "x Using Stream ID: 99\n");
    hear(&refusal, "");
    assert_int_equal(goaway("h2h3 [x: received GOAWAY, error=0, last_stream=1]\n"), -1);
    assert_int_equal(goaway(""), -1);
    assert_false(uvrest__refusal_is_leave("h2h3 [x: Connection died]\n", 26));
    assert_false(refusal.refused);
    assert_int_equal(refusal.stream, 5);
}

static void a_handle_without_a_note_has_none(void **state)
{
    CURL *easy = curl_easy_init();
    (void)state;
    assert_non_null(easy);
    assert_false(uvrest__refusal_is_noted(easy));
    assert_false(uvrest__refusal_is_noted(easy));
    curl_easy_cleanup(easy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_is_read),
        cmocka_unit_test(a_goaway_is_for_the_streams_above_it_on_its_connection),
        cmocka_unit_test(a_goaway_after_the_connection_was_left_is_anothers),
        cmocka_unit_test(a_goaway_with_an_error_refuses_nothing),
        cmocka_unit_test(after_a_goaway_with_an_error_no_refusal_is_believed),
        cmocka_unit_test(a_refusal_without_the_words_leaves_a_stale_note),
        cmocka_unit_test(words_inside_a_line_are_no_words),
        cmocka_unit_test(a_handle_without_a_note_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
