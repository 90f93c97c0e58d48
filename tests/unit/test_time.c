/* SPDX-License-Identifier: MIT */
#include <uvrest/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uvrest_time parse(const char *text)
{
    uvrest_time time;
    if (uvrest_time_parse(text, &time) != UVREST_OK)
        fail_msg("refused: %s", text);
    return time;
}

static void time_reads_the_forms_of_the_api(void **state)
{
    uvrest_time t = parse("2023-11-14T22:13:20Z");
    (void)state;
    assert_int_equal(t.seconds, 1700000000);
    assert_true(t.has_offset && !t.date_only && t.nanoseconds == 0 && t.offset_minutes == 0);

    t = parse("2023-11-14T22:13:20.123456");
    assert_int_equal(t.seconds, 1700000000);
    assert_int_equal(t.nanoseconds, 123456000);
    assert_false(t.has_offset);

    t = parse("2023-11-15 00:43:20+02:30");
    assert_int_equal(t.seconds, 1700000000);
    assert_int_equal(t.offset_minutes, 150);
    assert_true(t.has_offset);

    t = parse("2023-11-14t17:13:20.5-05:00");
    assert_int_equal(t.seconds, 1700000000);
    assert_int_equal(t.offset_minutes, -300);
    assert_int_equal(t.nanoseconds, 500000000);

    t = parse("2023-11-14");
    assert_int_equal(t.seconds, 1699920000);
    assert_true(t.date_only && !t.has_offset);
}

static void time_cuts_digits_beyond_the_ninth(void **state)
{
    (void)state;
    assert_int_equal(parse("2023-11-14T22:13:20.1234567899999Z").nanoseconds, 123456789);
    assert_int_equal(parse("2023-11-14T22:13:20.000000001Z").nanoseconds, 1);
    assert_int_equal(parse("1969-12-31T23:59:59.9Z").seconds, -1);
    assert_int_equal(parse("1969-12-31T23:59:59.9Z").nanoseconds, 900000000);
}

/* Row 87, and whatever else is nearly a date. */
static void time_refuses_other_forms_row_87(void **state)
{
    static const char *const refused[] = {"",
                                          "2023",
                                          "2023-11",
                                          "2023-11-1",
                                          "2023-11-14T",
                                          "2023-11-14T22",
                                          "2023-11-14T22:13",
                                          "2023-11-14T22:13Z",
                                          "2023-11-14T22:13:2",
                                          "2023-11-14T22:13:20.",
                                          "2023-11-14T22:13:20.Z",
                                          "2023-11-14T22:13:20,5Z",
                                          "2023-11-14T22:13:20ZZ",
                                          "2023-11-14T22:13:20 Z",
                                          "2023-11-14T22:13:20+02",
                                          "2023-11-14T22:13:20+0200",
                                          "2023-11-14T22:13:20+24:00",
                                          "2023-11-14T22:13:20+02:60",
                                          "2023-11-14  22:13:20",
                                          "2023-11-14T24:00:00",
                                          "2023-11-14T22:60:20",
                                          "2023-11-14T22:13:60Z",
                                          "2016-12-31T23:59:60Z",
                                          "2023-02-29",
                                          "2100-02-29",
                                          "2023-04-31",
                                          "2023-00-10",
                                          "2023-13-10",
                                          "2023-11-00",
                                          "0000-01-01",
                                          "10000-01-01",
                                          "-001-01-01",
                                          "+2023-11-14",
                                          " 2023-11-14",
                                          "2023-11-14 ",
                                          "2023/11/14",
                                          "20231114T221320Z",
                                          ("2023-11-14T22:13:20\xe2\x88\x92"
                                           "05:00"),
                                          "0001-01-01T00:00:00+00:01",
                                          "9999-12-31T23:59:59-00:01",
                                          "Tue, 14 Nov 2023 22:13:20 GMT",
                                          "1700000000"};
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uvrest_time time;
        memset(&time, 0x5a, sizeof time);
        if (uvrest_time_parse(refused[i], &time) != UVREST_E_INVALID)
            fail_msg("read: %s", refused[i]);
        for (size_t k = 0; k < sizeof time; k++)
            assert_int_equal(((unsigned char *)&time)[k], 0x5a);
    }
    uvrest_time time;
    assert_int_equal(uvrest_time_parse(NULL, &time), UVREST_E_INVALID);
    assert_int_equal(uvrest_time_parse("2023-11-14", NULL), UVREST_E_INVALID);
}

/* Every day of eight hundred years against the C library, and the ends of the calendar. */
static void time_agrees_with_the_c_library_on_every_day(void **state)
{
    (void)state;
    for (int64_t day = -146097; day < 146097; day++) {
        time_t at = (time_t)(day * 86400);
        struct tm tm;
        char text[32], again[UVREST_TIME_TEXT_MAX];
        uvrest_time time;
        gmtime_r(&at, &tm);
        strftime(text, sizeof text, "%Y-%m-%d", &tm);
        time = parse(text);
        assert_int_equal(time.seconds, at);
        assert_int_equal(uvrest_time_format(&time, again, sizeof again), UVREST_OK);
        assert_string_equal(again, text);
    }
    assert_true(parse("0001-01-01T00:00:00Z").seconds == INT64_C(-62135596800));
    assert_true(parse("9999-12-31T23:59:59Z").seconds == INT64_C(253402300799));
}

static void time_writes_what_it_read(void **state)
{
    static const char *const texts[] = {"2023-11-14T22:13:20Z",
                                        "2023-11-14T22:13:20",
                                        "2023-11-14T22:13:20.5",
                                        "2023-11-14T22:13:20.000000001Z",
                                        "2023-11-14T22:13:20.123456+05:45",
                                        "2023-11-14T22:13:20-23:59",
                                        "2023-11-14",
                                        "0001-01-01",
                                        "0001-01-01T00:00:00",
                                        "0001-01-01T23:59:00+23:59",
                                        "9999-12-31T23:59:59.999999999Z",
                                        "9999-12-31T00:00:00-23:59",
                                        "2024-02-29",
                                        "2000-02-29",
                                        "1969-12-31T23:59:59.999Z"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[UVREST_TIME_TEXT_MAX];
        uvrest_time time = parse(texts[i]);
        assert_int_equal(uvrest_time_format(&time, text, sizeof text), UVREST_OK);
        assert_string_equal(text, texts[i]);
    }
}

static void time_normalises_what_has_two_spellings(void **state)
{
    static const char *const pairs[][2] = {{"2023-11-14 22:13:20+00:00", "2023-11-14T22:13:20Z"},
                                           {"2023-11-14t22:13:20.120z", "2023-11-14T22:13:20.12Z"},
                                           {"2023-11-14T22:13:20.000", "2023-11-14T22:13:20"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[UVREST_TIME_TEXT_MAX];
        uvrest_time time = parse(pairs[i][0]);
        assert_int_equal(uvrest_time_format(&time, text, sizeof text), UVREST_OK);
        assert_string_equal(text, pairs[i][1]);
    }
}

static void time_format_needs_room(void **state)
{
    uvrest_time time = parse("2023-11-14T22:13:20.123456789+05:45");
    char text[UVREST_TIME_TEXT_MAX];
    (void)state;
    for (size_t cap = 0; cap <= 35; cap++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(uvrest_time_format(&time, text, cap), UVREST_E_LIMIT);
        assert_int_equal(text[0], 'x');
    }
    assert_int_equal(uvrest_time_format(&time, text, 36), UVREST_OK);
}

static void time_format_refuses_what_is_out_of_range(void **state)
{
    const uvrest_time good = {.seconds = 1700000000};
    uvrest_time bad[12];
    char text[UVREST_TIME_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].nanoseconds = -1;
    bad[1].nanoseconds = 1000000000;
    bad[2].offset_minutes = 1440, bad[2].has_offset = true;
    bad[3].offset_minutes = -1440, bad[3].has_offset = true;
    bad[4].seconds = INT64_C(-62135596801);
    bad[5].seconds = INT64_C(253402300800);
    bad[6].seconds = INT64_MAX;
    bad[7].seconds = INT64_MIN;
    bad[8].offset_minutes = 60; /* without has_offset */
    bad[9].date_only = true; /* not midnight */
    bad[10].seconds = INT64_C(253402300799), bad[10].offset_minutes = 1, bad[10].has_offset = true;
    bad[11].seconds = INT64_C(-62135596800), bad[11].offset_minutes = -1, bad[11].has_offset = true;
    for (size_t i = 0; i < 12; i++)
        if (uvrest_time_format(&bad[i], text, sizeof text) != UVREST_E_INVALID)
            fail_msg("wrote number %zu", i);
    assert_int_equal(uvrest_time_format(NULL, text, sizeof text), UVREST_E_INVALID);
    assert_int_equal(uvrest_time_format(&good, NULL, sizeof text), UVREST_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_reads_the_forms_of_the_api),
        cmocka_unit_test(time_cuts_digits_beyond_the_ninth),
        cmocka_unit_test(time_refuses_other_forms_row_87),
        cmocka_unit_test(time_agrees_with_the_c_library_on_every_day),
        cmocka_unit_test(time_writes_what_it_read),
        cmocka_unit_test(time_normalises_what_has_two_spellings),
        cmocka_unit_test(time_format_needs_room),
        cmocka_unit_test(time_format_refuses_what_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
