/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void text_compares_ascii_without_case(void **state)
{
    (void)state;
    assert_true(uvrest__text_same("Retry-AFTER", 11, "retry-after"));
    assert_false(uvrest__text_same("Retry-After", 10, "retry-after"));
    assert_false(uvrest__text_same("Retry-After:", 12, "retry-after"));
    assert_true(uvrest__text_same("", 0, ""));
    assert_false(uvrest__text_same("k", 1, "\xe2\x84\xaa")); /* the Kelvin sign is no K */
    assert_false(uvrest__text_same("[", 1, "{")); /* 0x20 apart, but no letters */
    assert_true(uvrest__text_starts("HTTP/1.1 200", 12, "http/"));
    assert_false(uvrest__text_starts("HTT", 3, "http/"));
}

static void text_reads_hexadecimal_digits(void **state)
{
    const char *digits = "0123456789abcdef", *capitals = "0123456789ABCDEF";
    (void)state;
    for (int i = 0; i < 16; i++) {
        assert_int_equal(uvrest__text_hex(digits[i]), i);
        assert_int_equal(uvrest__text_hex(capitals[i]), i);
    }
    assert_int_equal(uvrest__text_hex('g'), -1);
    assert_int_equal(uvrest__text_hex('\0'), -1);
    assert_int_equal(uvrest__text_hex('@'), -1);
}

static void text_writes_hexadecimal_digits(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x1f, 0xa0, 0xff};
    char out[10] = "xxxxxxxxx";
    (void)state;
    uvrest__text_write_hex(out, bytes, sizeof bytes);
    assert_string_equal(out, "001fa0ff");
    uvrest__text_write_hex(out, bytes, 0);
    assert_string_equal(out, "");
}

static void text_finds_control_characters(void **state)
{
    const char text[] = "a\tb";
    (void)state;
    assert_null(uvrest__text_control("plain \xc3\xa9 text", 13));
    assert_ptr_equal(uvrest__text_control(text, 3), text + 1);
    assert_non_null(uvrest__text_control("\0", 1));
    assert_non_null(uvrest__text_control("\x7f", 1));
    assert_non_null(uvrest__text_control("\x1f", 1));
    assert_null(uvrest__text_control("\n", 0));
}

/* Every text of one, two and three bytes, against the table of RFC 3629; four bytes at the borders. */
static bool is_utf8_by_the_table(const unsigned char *t, size_t n)
{
    static const unsigned char table[][8] = {
        {0x00, 0x7f},
        {0xc2, 0xdf, 0x80, 0xbf},
        {0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
        {0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf},
        {0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
        {0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
        {0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
    };
    static const size_t lengths[] = {1, 2, 3, 3, 3, 3, 4, 4, 4};
    if (n == 0)
        return true;
    for (size_t row = 0; row < 9; row++) {
        bool fits = lengths[row] <= n;
        for (size_t i = 0; fits && i < lengths[row]; i++)
            fits = t[i] >= table[row][2 * i] && t[i] <= table[row][2 * i + 1];
        if (fits)
            return is_utf8_by_the_table(t + lengths[row], n - lengths[row]);
    }
    return false;
}

static void text_knows_utf8(void **state)
{
    const unsigned char border[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                    0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    unsigned char t[4];
    (void)state;
    for (unsigned i = 0; i < 0x1000000; i++) {
        t[0] = (unsigned char)(i >> 16);
        t[1] = (unsigned char)(i >> 8);
        t[2] = (unsigned char)i;
        if (uvrest__text_is_utf8((char *)t, 3) != is_utf8_by_the_table(t, 3))
            fail_msg("%02x %02x %02x", t[0], t[1], t[2]);
    }
    for (size_t i = 0; i < 24 * 24 * 24 * 24; i++) {
        t[0] = border[i % 24];
        t[1] = border[i / 24 % 24];
        t[2] = border[i / 576 % 24];
        t[3] = border[i / 13824];
        if (uvrest__text_is_utf8((char *)t, 4) != is_utf8_by_the_table(t, 4))
            fail_msg("%02x %02x %02x %02x", t[0], t[1], t[2], t[3]);
    }
    assert_true(uvrest__text_is_utf8("", 0));
}

static void text_trims_blanks(void **state)
{
    const char *text = " \t a b\t ";
    size_t len = 8;
    (void)state;
    uvrest__text_trim(&text, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a b", 3);
    text = " \t ";
    len = 3;
    uvrest__text_trim(&text, &len);
    assert_int_equal(len, 0);
}

static void text_reads_numbers(void **state)
{
    int64_t number = -7;
    (void)state;
    assert_true(uvrest__text_number("0", 1, &number));
    assert_int_equal(number, 0);
    assert_true(uvrest__text_number("0042x", 4, &number));
    assert_int_equal(number, 42);
    assert_true(uvrest__text_number("9223372036854775806", 19, &number));
    assert_true(number == INT64_MAX - 1);
    assert_true(uvrest__text_number("9223372036854775807", 19, &number));
    assert_true(number == INT64_MAX);
    assert_true(uvrest__text_number("9223372036854775808", 19, &number));
    assert_true(number == INT64_MAX);
    assert_true(uvrest__text_number("99999999999999999999999999", 26, &number));
    assert_true(number == INT64_MAX);
    number = -7;
    assert_false(uvrest__text_number("", 0, &number));
    assert_false(uvrest__text_number("-1", 2, &number));
    assert_false(uvrest__text_number("1 ", 2, &number));
    assert_false(uvrest__text_number("1.5", 3, &number));
    assert_int_equal(number, -7);
}

static void text_messages_are_cut_with_an_ellipsis(void **state)
{
    char out[9];
    uvrest__text message;
    (void)state;
    uvrest__text_init(&message, out, sizeof out);
    assert_string_equal(out, "");
    uvrest__text_add(&message, "12345678");
    assert_string_equal(out, "12345678");
    assert_false(message.cut);
    uvrest__text_add(&message, "9");
    assert_string_equal(out, "12345...");
    assert_true(message.cut);
    uvrest__text_add(&message, "more");
    uvrest__text_add_number(&message, 1);
    assert_string_equal(out, "12345...");
}

static void text_messages_are_cut_between_characters(void **state)
{
    char out[9];
    uvrest__text message;
    (void)state;
    /* Two bytes each: the cut may not keep half of the third one. */
    uvrest__text_init(&message, out, sizeof out);
    uvrest__text_add(&message, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
    assert_string_equal(out, "\xc3\xa9\xc3\xa9...");
    for (size_t cap = 4; cap < 40; cap++) {
        char small[40];
        uvrest__text_init(&message, small, cap);
        uvrest__text_add_foreign(&message, "a\xf0\x9f\x8e\xac\n\xff\xe2\x82\xac\\b", 12);
        assert_true(strlen(small) < cap);
        assert_true(uvrest__text_is_utf8(small, strlen(small)));
        assert_true(message.len == strlen(small));
    }
}

static void text_messages_escape_foreign_text(void **state)
{
    char out[64];
    uvrest__text message;
    (void)state;
    uvrest__text_init(&message, out, sizeof out);
    uvrest__text_add_foreign(&message, "a\r\n\0\x1b[1m\xff\xc3\xa9\\", 12);
    assert_string_equal(out, "a\\x0d\\x0a\\x00\\x1b[1m\\xff\xc3\xa9\\\\");
}

static void text_messages_take_numbers(void **state)
{
    char out[64];
    uvrest__text message;
    (void)state;
    uvrest__text_init(&message, out, sizeof out);
    uvrest__text_add_number(&message, INT64_MIN);
    uvrest__text_add(&message, " ");
    uvrest__text_add_number(&message, INT64_MAX);
    uvrest__text_add(&message, " ");
    uvrest__text_add_number(&message, 0);
    assert_string_equal(out, "-9223372036854775808 9223372036854775807 0");
}

static void reason_is_made_of_parts(void **state)
{
    uvrest_reason reason;
    char name[400];
    (void)state;
    uvrest__reason_set(&reason, "asset_id", ": ", "empty", (char *)NULL);
    assert_string_equal(reason.text, "asset_id: empty");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    uvrest__reason_set(&reason, name, ": ", "empty", (char *)NULL);
    assert_int_equal(strlen(reason.text), sizeof reason.text - 1);
    assert_string_equal(reason.text + sizeof reason.text - 4, "...");
    uvrest__reason_set(NULL, "nobody listens", (char *)NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_compares_ascii_without_case),
        cmocka_unit_test(text_reads_hexadecimal_digits),
        cmocka_unit_test(text_writes_hexadecimal_digits),
        cmocka_unit_test(text_finds_control_characters),
        cmocka_unit_test(text_knows_utf8),
        cmocka_unit_test(text_trims_blanks),
        cmocka_unit_test(text_reads_numbers),
        cmocka_unit_test(text_messages_are_cut_with_an_ellipsis),
        cmocka_unit_test(text_messages_are_cut_between_characters),
        cmocka_unit_test(text_messages_escape_foreign_text),
        cmocka_unit_test(text_messages_take_numbers),
        cmocka_unit_test(reason_is_made_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
