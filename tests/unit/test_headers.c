/* SPDX-License-Identifier: MIT */
#include "headers.h"
#include "support.h"

#include <ctype.h>
#include <stdlib.h>
#include <time.h>

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of the standard. */
#define EXAMPLE_S INT64_C(784111777)

static uvrest__headers headers;

static int begin(void **state)
{
    (void)state;
    uvrest__headers_init(&headers, NULL, 0, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    uvrest__headers_fini(&headers);
    return 0;
}

static uvrest_status add(const char *line)
{
    return uvrest__headers_add_line(&headers, line, strlen(line));
}

/* A whole head: lines ended by NULL, the empty one added. Behind a final one it is that of another answer. */
static void take_head(const char *status, ...)
{
    va_list lines;
    if (uvrest__headers_http_status(&headers) != 0)
        uvrest__headers_reset(&headers);
    va_start(lines, status);
    for (const char *line = status; line != NULL; line = va_arg(lines, const char *))
        assert_int_equal(add(line), UVREST_OK);
    va_end(lines);
    assert_int_equal(add("\r\n"), UVREST_OK);
}

/* ---- what we send ------------------------------------------------------------------------------------------------ */

static void request_header_lines_are_checked_row_93(void **state)
{
    static const struct {
        const char *line, *reason; /* NULL: accepted */
    } rows[] = {
        {"X-Custom: value", NULL},
        {"X-Custom:", NULL},
        {"X-Custom: caf\xc3\xa9", NULL},
        {"Accept: a, b;q=0.5", NULL},
        {"TEam: x", NULL},
        {NULL, "header: \"Name: value\" is expected"},
        {"", "header: \"Name: value\" is expected"},
        {"just-a-secret", "header: \"Name: value\" is expected"},
        {": value", "header: the name is empty"},
        {"X Custom: value", "header: the name has a character that no header name has"},
        {"X-Custom : value", "header: the name has a character that no header name has"},
        {" X-Custom: value", "header: the name has a character that no header name has"},
        {"X-\xc3\xa9: value", "header: the name has a character that no header name has"},
        {"X\r\nY: value", "header: the name has a character that no header name has"},
        {"X-Custom: a\r\nInjected: b", "header X-Custom: control characters are not allowed"},
        {"X-Custom: a\nb", "header X-Custom: control characters are not allowed"},
        {"X-Custom: a\rb", "header X-Custom: control characters are not allowed"},
        {"X-Custom: a\tb", "header X-Custom: control characters are not allowed"},
        {"X-Custom: a\x7f", "header X-Custom: control characters are not allowed"},
        {"X-Custom: a\n", "header X-Custom: ends in a line break; was it read from a file?"},
        {"Host: evil.example", "header Host: it is set by the library"},
        {"content-length: 5", "header content-length: it is set by the library"},
        {"Transfer-Encoding: chunked", "header Transfer-Encoding: it is set by the library"},
        {"CONNECTION: close", "header CONNECTION: it is set by the library"},
        {"TE: trailers", "header TE: it is set by the library"},
        {"Proxy-Authorization: x", "header Proxy-Authorization: it is set by the library"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest_reason reason = {""};
        uvrest_status st = uvrest__headers_check_line(rows[i].line, &reason);
        assert_int_equal(st, rows[i].reason == NULL ? UVREST_OK : UVREST_E_INVALID);
        assert_string_equal(reason.text, rows[i].reason == NULL ? "" : rows[i].reason);
    }
}

static void credentials_are_checked_and_not_repeated_rows_93_98(void **state)
{
    uvrest_reason reason = {""};
    (void)state;
    assert_int_equal(uvrest__headers_check_value("auth_token", "eyJ.ab-c_d=", &reason), UVREST_OK);
    assert_int_equal(uvrest__headers_check_value("auth_token", "", &reason), UVREST_OK);
    assert_string_equal(reason.text, "");
    assert_int_equal(uvrest__headers_check_value("auth_token", NULL, &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "auth_token: missing");
    assert_int_equal(uvrest__headers_check_value("auth_token", "secret\n", &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "auth_token: ends in a line break; was it read from a file?");
    assert_int_equal(uvrest__headers_check_value("auth_token", "sec\r\nret", &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "auth_token: control characters are not allowed");
}

/* Names are looked at a byte at a time, the whole line several bytes at a time. */
static void headers_refuse_no_other_byte(void **state)
{
    char line[48];
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool allowed = (c < 128 && isalnum(c)) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        char name[] = {'X', (char)c, ':', 'v', '\r', '\n'};
        assert_status(add("HTTP/1.1 200 OK\r\n"), UVREST_OK);
        if (c != ':')
            assert_status(uvrest__headers_add_line(&headers, name, sizeof name),
                          allowed ? UVREST_OK : UVREST_E_PROTOCOL);
        uvrest__headers_reset(&headers);
    }
    for (size_t at = 2; at < sizeof line; at++) {
        for (int c = 0; c < 256; c++) {
            bool allowed = c != '\0' && c != '\r' && c != '\n';
            memset(line, 'v', sizeof line);
            memcpy(line, "X:", 2);
            line[at] = (char)c;
            assert_status(add("HTTP/1.1 200 OK\r\n"), UVREST_OK);
            if (at < sizeof line - 1) /* there it would end the line */
                assert_status(uvrest__headers_add_line(&headers, line, sizeof line),
                              allowed ? UVREST_OK : UVREST_E_PROTOCOL);
            assert_status(uvrest__headers_add_line(&headers, line, at + 1),
                          allowed || c != '\0' ? UVREST_OK : UVREST_E_PROTOCOL);
            uvrest__headers_reset(&headers);
        }
    }
}

static void request_headers_have_a_ceiling_row_97(void **state)
{
    char *line = malloc(UVREST__HEADERS_MAX_BYTES + 100);
    uvrest_reason reason;
    (void)state;
    assert_non_null(line);
    memset(line, 'a', UVREST__HEADERS_MAX_BYTES + 100);
    memcpy(line, "X: ", 3);
    line[UVREST__HEADERS_MAX_BYTES] = '\0';
    assert_int_equal(uvrest__headers_check_line(line, &reason), UVREST_OK);
    line[UVREST__HEADERS_MAX_BYTES] = 'a';
    line[UVREST__HEADERS_MAX_BYTES + 99] = '\0';
    assert_int_equal(uvrest__headers_check_line(line, &reason), UVREST_E_LIMIT);
    assert_string_equal(reason.text, "header X: too long");
    /* A name as long as that is cut in the reason. */
    memset(line, 'a', 200);
    line[200] = ':';
    line[201] = '\n';
    line[202] = '\0';
    assert_int_equal(uvrest__headers_check_line(line, &reason), UVREST_E_INVALID);
    assert_true(strlen(reason.text) < 130);
    free(line);
}

/* ---- what we get ------------------------------------------------------------------------------------------------- */

static void headers_are_collected_in_order(void **state)
{
    size_t position = 0;
    (void)state;
    assert_int_equal(uvrest__headers_http_status(&headers), 0);
    assert_int_equal(add("HTTP/1.1 200 OK\r\n"), UVREST_OK);
    assert_int_equal(add("Content-Type:  application/json \t\r\n"), UVREST_OK);
    assert_int_equal(add("Set-X: one\r\n"), UVREST_OK);
    assert_int_equal(add("Empty:\r\n"), UVREST_OK);
    assert_int_equal(add("set-x: two: three"), UVREST_OK);
    assert_int_equal(uvrest__headers_http_status(&headers), 0); /* not before its end */
    assert_int_equal(add("\r\n"), UVREST_OK);
    assert_int_equal(uvrest__headers_http_status(&headers), 200);
    assert_int_equal(uvrest__headers_count(&headers), 4);
    assert_string_equal(uvrest__headers_at(&headers, 0).name, "Content-Type");
    assert_string_equal(uvrest__headers_at(&headers, 0).value, "application/json");
    assert_string_equal(uvrest__headers_get(&headers, "content-type"), "application/json");
    assert_string_equal(uvrest__headers_get(&headers, "EMPTY"), "");
    assert_null(uvrest__headers_get(&headers, "content"));
    assert_string_equal(uvrest__headers_next(&headers, "Set-X", &position), "one");
    assert_string_equal(uvrest__headers_next(&headers, "Set-X", &position), "two: three");
    assert_null(uvrest__headers_next(&headers, "Set-X", &position));
}

static void headers_keep_the_last_head_only(void **state)
{
    (void)state;
    take_head("HTTP/1.1 100 Continue\r\n", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 0);
    take_head("HTTP/1.1 103 Early Hints\r\n", "Link: </x>\r\n", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 0);
    take_head("HTTP/2 404 \r\n", "A: b\r\n", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 404);
    assert_int_equal(uvrest__headers_count(&headers), 1);
    assert_null(uvrest__headers_get(&headers, "Link"));
}

static void headers_drop_trailers(void **state)
{
    (void)state;
    take_head("HTTP/1.1 200 OK", "A: b", (char *)NULL);
    assert_int_equal(add("Retry-After: 5\r\n"), UVREST_OK);
    assert_int_equal(add("\r\n"), UVREST_OK);
    assert_int_equal(uvrest__headers_count(&headers), 1);
    assert_int_equal(uvrest__headers_http_status(&headers), 200);
    assert_int_equal(add("HTTP/1.1 500 Oops\r\n"), UVREST_E_PROTOCOL);
}

static void headers_unfold_old_lines(void **state)
{
    (void)state;
    take_head("HTTP/1.1 200 OK", "A: one\r\n", " \t two\r\n", "\tthree\r\n", "B: x", (char *)NULL);
    assert_string_equal(uvrest__headers_get(&headers, "A"), "one two three");
    assert_string_equal(uvrest__headers_get(&headers, "B"), "x");
}

static void headers_accept_any_version_and_reason_row_51(void **state)
{
    (void)state;
    take_head("HTTP/1.0 201 ", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 201);
    take_head("HTTP/1.1 500 a \xe9 b", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 500);
    take_head("HTTP/3 599 ", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 599);
}

static void expect_protocol_error(const char *line, size_t len, bool after_status)
{
    uvrest__headers_reset(&headers);
    if (after_status)
        assert_int_equal(add("HTTP/1.1 200 OK\r\n"), UVREST_OK);
    if (uvrest__headers_add_line(&headers, line, len) != UVREST_E_PROTOCOL)
        fail_msg("accepted: %s", line);
}

static void headers_refuse_broken_lines_rows_51_52(void **state)
{
    static const char *const statuses[] = {
        "HTTP/1.1 099 x",  "HTTP/1.1 600 x", "HTTP/1.1 1000 x", "HTTP/1.1 20 x", "HTTP/1.1 2000",
        "HTTP/1.1 abc",    "HTTP/1.1",       "HTTP/1.1 ",       "HTTP/1.1  200", "HTTP/1.1 +20 OK",
        "HTTP/1.1 20x OK", "HTTP/1.1 200",   "HTTP/1.1 101 Up", "HTTP/"};
    static const char *const lines[] = {"no colon",     ": x",        "A B: x",     "A : x",
                                        "A\xc3\xa9: x", "A: b\rc: d", "A: b\nc: d", " folded"};
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        expect_protocol_error(statuses[i], strlen(statuses[i]), false);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect_protocol_error(lines[i], strlen(lines[i]), true);
    expect_protocol_error("A: b\0c", 6, true);
    expect_protocol_error("A\0: b", 5, true);
    expect_protocol_error("A: b", 4, false);
    expect_protocol_error("\r\n", 2, false);
}

static void headers_have_a_budget_over_all_heads_rows_29_52(void **state)
{
    static const char continued[] = "HTTP/1.1 100 Continue\r\n";
    size_t n = 0;
    uvrest_status st = UVREST_OK;
    (void)state;
    for (int i = 0; i < 50; i++)
        take_head(continued, (char *)NULL);
    take_head("HTTP/1.1 200 OK", (char *)NULL);
    assert_int_equal(uvrest__headers_http_status(&headers), 200);

    uvrest__headers_reset(&headers);
    while (st == UVREST_OK && n++ < 100000) {
        st = add(continued);
        if (st == UVREST_OK)
            st = add("\r\n");
    }
    assert_int_equal(st, UVREST_E_LIMIT);
    assert_true(n * (sizeof continued + 1) <= UVREST__HEADERS_MAX_BYTES + sizeof continued + 1);
}

static void headers_have_a_ceiling_for_bytes_row_52(void **state)
{
    char line[101];
    size_t n = 0;
    uvrest_status st = UVREST_OK;
    (void)state;
    memset(line, 'a', 100);
    line[100] = '\0';
    memcpy(line, "X: ", 3);
    uvrest__headers_fini(&headers);
    uvrest__headers_init(&headers, NULL, 1000, 0);
    assert_int_equal(add("HTTP/1.1 200 OK"), UVREST_OK);
    for (; st == UVREST_OK; n++)
        st = add(line);
    assert_int_equal(st, UVREST_E_LIMIT);
    assert_int_equal(n, 10); /* 15 + 9 x 100 fit, one more does not */

    char *flood = malloc(400000);
    assert_non_null(flood);
    memset(flood, 'a', 400000);
    uvrest__headers_reset(&headers);
    assert_int_equal(uvrest__headers_add_line(&headers, flood, 400000), UVREST_E_LIMIT);
    free(flood);
}

static void headers_have_a_ceiling_for_their_number_row_52(void **state)
{
    uvrest_status st = UVREST_OK;
    size_t n = 0;
    (void)state;
    assert_int_equal(add("HTTP/1.1 200 OK"), UVREST_OK);
    for (; st == UVREST_OK; n++)
        st = add("A:b");
    assert_int_equal(st, UVREST_E_LIMIT);
    assert_int_equal(n, UVREST__HEADERS_MAX_COUNT);
}

static void headers_are_copied_into_an_arena(void **state)
{
    uvrest_arena *arena;
    const uvrest_header *list = &(uvrest_header){"x", "y"};
    size_t n = 7;
    (void)state;
    assert_int_equal(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    assert_int_equal(uvrest__headers_copy(&headers, arena, &list, &n), UVREST_OK);
    assert_null(list);
    assert_int_equal(n, 0);
    take_head("HTTP/1.1 200 OK", "A: b", "C: d", (char *)NULL);
    assert_int_equal(uvrest__headers_copy(&headers, arena, &list, &n), UVREST_OK);
    uvrest__headers_reset(&headers);
    take_head("HTTP/1.1 200 OK", "E: f", "G: h", (char *)NULL);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].name, "A");
    assert_string_equal(list[1].value, "d");
    uvrest_arena_free(arena);
}

static uvrest_status collect(const uvrest_alloc *alloc, void *user)
{
    static const char *const lines[] = {"HTTP/1.1 103 Early\r\n", "A: b\r\n", " c\r\n", "D: e\r\n", "\r\n",
                                        "HTTP/1.1 201 \n"};
    uvrest__headers small;
    uvrest_status st = UVREST_OK;
    (void)user;
    uvrest__headers_init(&small, alloc, 0, 0);
    for (size_t i = 0; st == UVREST_OK && i < sizeof lines / sizeof lines[0]; i++)
        st = uvrest__headers_add_line(&small, lines[i], strlen(lines[i]));
    for (int i = 0; st == UVREST_OK && i < 200; i++)
        st = uvrest__headers_add_line(&small, "Name: some value\n", 17);
    uvrest__headers_reset(&small);
    assert_int_equal(uvrest__headers_count(&small), 0);
    uvrest__headers_fini(&small);
    uvrest__headers_fini(&small);
    return st;
}

static void headers_survive_lack_of_memory_row_110(void **state)
{
    (void)state;
    support_fail_each(collect, NULL);
}

/* ---- dates ------------------------------------------------------------------------------------------------------- */

static bool parse_date(const char *text, int64_t reference_s, int64_t *out)
{
    return uvrest__http_date_parse(text, strlen(text), reference_s, out);
}

static void dates_are_read_in_three_forms_row_60(void **state)
{
    int64_t s = 0;
    (void)state;
    assert_true(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", 0, &s));
    assert_true(s == EXAMPLE_S);
    s = 0;
    assert_true(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE_S, &s));
    assert_true(s == EXAMPLE_S);
    s = 0;
    assert_true(parse_date("Sun Nov  6 08:49:37 1994", 0, &s));
    assert_true(s == EXAMPLE_S);
    s = 0;
    assert_true(parse_date("Wed Nov 16 08:49:37 1994", 0, &s));
    assert_true(s == EXAMPLE_S + 10 * 86400);
    assert_true(parse_date("Thu, 29 Feb 2024 23:59:60 GMT", 0, &s));
    assert_true(s == 1709251200);
    assert_true(parse_date("Thu, 31 Dec 2099 23:59:59 GMT", 0, &s));
    assert_true(s == INT64_C(4102444799));
}

static void dates_with_two_digits_are_near(void **state)
{
    /* From 2026: 76 is fifty years ahead, 77 is past. */
    const int64_t in_2026 = 1790000000;
    int64_t s;
    (void)state;
    assert_true(parse_date("Monday, 01-Jan-76 00:00:00 GMT", in_2026, &s));
    assert_true(s == INT64_C(3345062400));
    assert_true(parse_date("Monday, 01-Jan-77 00:00:00 GMT", in_2026, &s));
    assert_true(s == INT64_C(220924800));
    assert_true(parse_date("Monday, 01-Jan-00 00:00:00 GMT", in_2026, &s));
    assert_true(s == INT64_C(946684800));
    /* From 1999: 00 is next year. */
    assert_true(parse_date("Monday, 01-Jan-00 00:00:00 GMT", INT64_C(946684799), &s));
    assert_true(s == INT64_C(946684800));
    assert_true(parse_date("Monday, 01-Jan-00 00:00:00 GMT", INT64_MAX, &s));
}

static void dates_in_other_forms_are_none_row_61(void **state)
{
    static const char *const rows[] = {"",
                                       "Sun",
                                       "Sun,",
                                       "Sun, ",
                                       "Sun, 06 Nov 1994 08:49:37",
                                       "Sun, 06 Nov 1994 08:49:37 gmt",
                                       "Sun, 06 Nov 1994 08:49:37 UTC",
                                       "Sun, 06 Nov 1994 08:49:37 +0000",
                                       "Sun, 06 Nov 1994 08:49:37 GMT ",
                                       "Sun, 6 Nov 1994 08:49:37 GMT",
                                       "Sun, 06 nov 1994 08:49:37 GMT",
                                       "Sun, 06 Nov 94 08:49:37 GMT",
                                       "Sun, 00 Nov 1994 08:49:37 GMT",
                                       "Sun, 31 Nov 1994 08:49:37 GMT",
                                       "Sun, 06 Nov 0000 08:49:37 GMT",
                                       "Sun, 06 Nov 1994 24:49:37 GMT",
                                       "Sun, 06 Nov 1994 08:60:37 GMT",
                                       "Sun, 06 Nov 1994 08:49:61 GMT",
                                       "Sun, 06 Nov 1994 8:49:37 GMT",
                                       "sun, 06 Nov 1994 08:49:37 GMT",
                                       "Xyz, 06 Nov 1994 08:49:37 GMT",
                                       "06 Nov 1994 08:49:37 GMT",
                                       "1994-11-06T08:49:37Z",
                                       "Sun Nov 06 08:49:37 1994 GMT",
                                       "Sun Nov   6 08:49:37 1994",
                                       "Sun Nov 6 08:49:37 1994",
                                       "Sun Nov  6 08:49:37 94"};
    int64_t s = -5;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (parse_date(rows[i], 0, &s))
            fail_msg("read: %s", rows[i]);
    assert_true(s == -5);
}

static void dates_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t at = -30000000000; at < 30000000000; at += 86413 * 17) {
        char text[2][64];
        time_t moment = (time_t)at;
        struct tm tm;
        gmtime_r(&moment, &tm);
        strftime(text[0], sizeof text[0], "%a, %d %b %Y %H:%M:%S GMT", &tm);
        strftime(text[1], sizeof text[1], "%a %b %e %H:%M:%S %Y", &tm);
        for (int i = 0; i < 2; i++) {
            int64_t s;
            if (!parse_date(text[i], 0, &s) || s != at)
                fail_msg("misread: %s", text[i]);
        }
    }
}

/* ---- how long to wait -------------------------------------------------------------------------------------------- */

static int64_t retry_after(const char *value)
{
    int64_t ms = -1;
    (void)uvrest__retry_after_parse(value, strlen(value), EXAMPLE_S, &ms);
    return ms;
}

static void retry_after_reads_seconds_and_nothing_like_it_row_61(void **state)
{
    (void)state;
    assert_int_equal(retry_after("0"), 0);
    assert_int_equal(retry_after("3"), 3000);
    assert_int_equal(retry_after(" 120\t"), 120000);
    assert_int_equal(retry_after("0000000007"), 7000);
    assert_true(retry_after("9999999999") == INT64_C(9999999999000));
    assert_int_equal(retry_after("100000000000000000000"), -1);
    assert_int_equal(retry_after("9223372036854775807"), -1);
    assert_int_equal(retry_after("-5"), -1);
    assert_int_equal(retry_after("+5"), -1);
    assert_int_equal(retry_after("1.5"), -1);
    assert_int_equal(retry_after("1e3"), -1);
    assert_int_equal(retry_after("0x10"), -1);
    assert_int_equal(retry_after("5 s"), -1);
    assert_int_equal(retry_after("soon"), -1);
    assert_int_equal(retry_after(""), -1);
    assert_int_equal(retry_after("  "), -1);
}

static void retry_after_reads_dates_row_60(void **state)
{
    (void)state;
    assert_int_equal(retry_after("Sun, 06 Nov 1994 08:49:42 GMT"), 5000);
    assert_int_equal(retry_after("Sunday, 06-Nov-94 08:49:42 GMT"), 5000);
    assert_int_equal(retry_after("Sun Nov  6 08:49:42 1994"), 5000);
    assert_int_equal(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal(retry_after("Sun, 06 Nov 1994 08:49:30 GMT"), 0);
    assert_int_equal(retry_after("Fri, 01 Jan 0001 00:00:00 GMT"), 0);
    assert_true(retry_after("Thu, 01 Jan 2099 00:00:00 GMT") == (INT64_C(4070908800) - EXAMPLE_S) * 1000);
    assert_true(retry_after("Fri, 31 Dec 9999 23:59:59 GMT") == UVREST__RETRY_AFTER_MAX_MS);
}

/* Our clock an hour off in either direction changes nothing as long as the answer says its own time. */
static void retry_after_is_measured_by_the_answers_clock_row_60(void **state)
{
    (void)state;
    take_head("HTTP/1.1 429 x", "Date: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: Sun, 06 Nov 1994 08:49:42 GMT",
              (char *)NULL);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, EXAMPLE_S + 3600), 5000);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, EXAMPLE_S - 3600), 5000);
    take_head("HTTP/1.1 429 x", "Date: yesterday", "Retry-After: Sun, 06 Nov 1994 08:49:42 GMT", (char *)NULL);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, EXAMPLE_S), 5000);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, EXAMPLE_S - 3600), 3605000);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, INT64_MIN), UVREST__RETRY_AFTER_MAX_MS);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, INT64_MAX), 0);
}

static void retry_after_takes_the_longest_row_53(void **state)
{
    (void)state;
    take_head("HTTP/1.1 429 x", "Retry-After: 3", "Retry-After: junk", "retry-after: 7", "Retry-After: 5",
              (char *)NULL);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, 0), 7000);
    take_head("HTTP/1.1 429 x", "Retry-After: junk", "Retry-Later: 7", (char *)NULL);
    assert_int_equal(uvrest__headers_retry_after_ms(&headers, 0), -1);
}

/* ---- what is left ------------------------------------------------------------------------------------------------ */

static void expect_quota(const char *name, const char *value, int64_t remaining, int64_t limit, int64_t window_ms,
                         int64_t burst)
{
    uvrest__quota quota;
    char line[128];
    snprintf(line, sizeof line, "%s: %s", name, value);
    take_head("HTTP/1.1 200 OK", line, (char *)NULL);
    quota = uvrest__headers_quota(&headers);
    if (quota.remaining != remaining || quota.limit != limit || quota.window_ms != window_ms || quota.burst != burst)
        fail_msg("%s: %s: remaining %ld, limit %ld, window %ld ms, burst %ld", name, value, (long)quota.remaining,
                 (long)quota.limit, (long)quota.window_ms, (long)quota.burst);
}

static void quota_is_read_in_all_its_forms_row_66(void **state)
{
    static const char *const remaining[] = {"RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining",
                                            "ratelimit-remaining"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        expect_quota(remaining[i], "5", 5, -1, -1, -1);
        expect_quota(remaining[i], " 0 ", 0, -1, -1, -1);
        expect_quota(remaining[i], "-3", 0, -1, -1, -1);
        expect_quota(remaining[i], "1000000000000", INT64_C(1000000000000), -1, -1, -1);
        expect_quota(remaining[i], "99999999999999999999999", INT64_C(1000000000000), -1, -1, -1);
        expect_quota(remaining[i], "lots", -1, -1, -1, -1);
        expect_quota(remaining[i], "", -1, -1, -1, -1);
        expect_quota(remaining[i], "5.5", -1, -1, -1, -1);
        expect_quota(remaining[i], "r=5;t=3", 5, -1, -1, -1);
        expect_quota(remaining[i], "7, 5, 6", 5, -1, -1, -1);
        expect_quota(remaining[i], "5;t=3", 5, -1, -1, -1);
    }
    expect_quota("RateLimit-Limit", "1000", -1, 1000, -1, -1);
    expect_quota("X-RateLimit-Limit", "1000", -1, 1000, -1, -1);
    expect_quota("RateLimit-Limit", "100, 100;w=60, 5000;w=3600", -1, 100, 60000, -1);
    expect_quota("RateLimit-Limit", "0", -1, -1, -1, -1);
    expect_quota("RateLimit-Limit", "-5", -1, -1, -1, -1);
    expect_quota("RateLimit", "r=5;t=3", 5, -1, -1, -1);
    expect_quota("RateLimit", "\"default\";r=50;t=30", 50, -1, -1, -1);
    expect_quota("RateLimit", "\"a;r=1,b\";r=50, \"b\\\"\";r=40", 40, -1, -1, -1);
    expect_quota("RateLimit", "limit=100, remaining=50, reset=5", 50, 100, -1, -1);
    expect_quota("RateLimit", "LIMIT=100,REMAINING=-1", 0, 100, -1, -1);
    expect_quota("RateLimit-Policy", "1000;w=20", -1, 1000, 20000, -1);
    expect_quota("RateLimit-Policy", "\"burst\";q=50;w=1, \"window\";q=1000;w=20", -1, 1000, 20000, 50);
    expect_quota("RateLimit-Policy", "q=1000;w=99999999999999999999", -1, 1000, INT64_C(1000000000000), -1);
    expect_quota("RateLimit-Policy", "q=1000;w=0", -1, 1000, -1, -1);
    expect_quota("RateLimit-Policy", ";;,,;=;q=;=5;\"", -1, -1, -1, -1);
    expect_quota("RateLimit-Reset", "5", -1, -1, -1, -1);
    expect_quota("X-Other", "5", -1, -1, -1, -1);
}

static void quota_takes_the_smallest_row_53(void **state)
{
    uvrest__quota quota;
    (void)state;
    take_head("HTTP/1.1 200 OK", "RateLimit-Remaining: 500", "X-RateLimit-Remaining: 20", "RateLimit-Remaining: 30",
              "RateLimit-Limit: 2000", "X-RateLimit-Limit: 1000", "Content-Length: 3", (char *)NULL);
    quota = uvrest__headers_quota(&headers);
    assert_int_equal(quota.remaining, 20);
    assert_int_equal(quota.limit, 1000);
    assert_int_equal(quota.window_ms, -1);
    take_head("HTTP/1.1 200 OK", "Content-Length: 3", (char *)NULL);
    quota = uvrest__headers_quota(&headers);
    assert_int_equal(quota.remaining, -1);
    assert_int_equal(quota.limit, -1);
    assert_int_equal(quota.burst, -1);
}

/* What several policies leave: of which of them a number is, by its name or by that of RateLimit-Limit. */
static void quota_of_several_policies_is_told_apart_row_66(void **state)
{
    static const struct {
        const char *lines[3];
        int64_t remaining, limit, window_ms, burst;
        bool of_second;
    } rows[] = {
        {{"RateLimit: \"s\";r=44;t=1, \"w\";r=800;t=9", "RateLimit-Policy: \"s\";q=50;w=1, \"w\";q=1000;w=20"},
         800,
         1000,
         20000,
         50,
         false},
        {{"RateLimit-Policy: \"w\";q=1000;w=20", "RateLimit: \"s\";r=44", "RateLimit-Policy: \"s\";q=50;w=1"},
         -1,
         1000,
         20000,
         50,
         false},
        {{"RateLimit: \"a\";r=7, b;r=9", "RateLimit-Policy: \"c\";q=50;w=1"}, 7, -1, -1, 50, false},
        {{"RateLimit: \"b\";r=30, \"w\";r=800", "RateLimit-Policy: \"w\";q=1000;qu=\"request\";w=20, "
                                                "\"b\";q=40;qu=\"content-bytes\";w=20"},
         800,
         1000,
         20000,
         -1,
         false},
        {{"RateLimit-Policy: \"c\";q=10;qu=\"concurrent-requests\""}, -1, -1, -1, -1, false},
        {{"RateLimit-Limit: 50", "RateLimit-Remaining: 44", "RateLimit-Policy: 50;w=1, 1000;w=20"},
         44,
         1000,
         20000,
         50,
         true},
        {{"RateLimit-Policy: 1000;w=20, 50;w=1", "RateLimit-Limit: 50", "RateLimit-Remaining: 44"},
         44,
         1000,
         20000,
         50,
         true},
        {{"RateLimit-Limit: 50, 50;w=1, 1000;w=20", "RateLimit-Remaining: 44"}, 44, 1000, 20000, 50, true},
        {{"RateLimit-Limit: 1000, 50;w=1, 1000;w=20", "RateLimit-Remaining: 44"}, 44, 1000, 20000, 50, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__quota q;
        uvrest__headers_reset(&headers);
        assert_int_equal(add("HTTP/1.1 200 OK"), UVREST_OK);
        for (size_t n = 0; n < 3 && rows[i].lines[n] != NULL; n++)
            assert_int_equal(add(rows[i].lines[n]), UVREST_OK);
        q = uvrest__headers_quota(&headers);
        if (q.remaining != rows[i].remaining || q.limit != rows[i].limit || q.window_ms != rows[i].window_ms ||
            q.burst != rows[i].burst || q.of_second != rows[i].of_second)
            fail_msg("row %zu: remaining %ld, limit %ld, window %ld ms, burst %ld, of second %d", i, (long)q.remaining,
                     (long)q.limit, (long)q.window_ms, (long)q.burst, q.of_second);
    }
}

#define WITH_HEADERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_header_lines_are_checked_row_93),
        cmocka_unit_test(credentials_are_checked_and_not_repeated_rows_93_98),
        cmocka_unit_test(request_headers_have_a_ceiling_row_97),
        WITH_HEADERS(headers_are_collected_in_order),
        WITH_HEADERS(headers_keep_the_last_head_only),
        WITH_HEADERS(headers_drop_trailers),
        WITH_HEADERS(headers_unfold_old_lines),
        WITH_HEADERS(headers_accept_any_version_and_reason_row_51),
        WITH_HEADERS(headers_refuse_broken_lines_rows_51_52),
        WITH_HEADERS(headers_refuse_no_other_byte),
        WITH_HEADERS(headers_have_a_budget_over_all_heads_rows_29_52),
        WITH_HEADERS(headers_have_a_ceiling_for_bytes_row_52),
        WITH_HEADERS(headers_have_a_ceiling_for_their_number_row_52),
        WITH_HEADERS(headers_are_copied_into_an_arena),
        cmocka_unit_test(headers_survive_lack_of_memory_row_110),
        cmocka_unit_test(dates_are_read_in_three_forms_row_60),
        cmocka_unit_test(dates_with_two_digits_are_near),
        cmocka_unit_test(dates_in_other_forms_are_none_row_61),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(retry_after_reads_seconds_and_nothing_like_it_row_61),
        cmocka_unit_test(retry_after_reads_dates_row_60),
        WITH_HEADERS(retry_after_is_measured_by_the_answers_clock_row_60),
        WITH_HEADERS(retry_after_takes_the_longest_row_53),
        WITH_HEADERS(quota_is_read_in_all_its_forms_row_66),
        WITH_HEADERS(quota_takes_the_smallest_row_53),
        WITH_HEADERS(quota_of_several_policies_is_told_apart_row_66),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
