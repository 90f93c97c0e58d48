/* SPDX-License-Identifier: MIT */
#include "json_tree.h"
#include "scan.h"
#include "support.h"

#include <stdlib.h>
#include <uvrest/json.h>

/* Texts are checked at the end of memory of their exact size, so that the sanitizer sees a read beyond. */
static uvrest_status check(const char *text, size_t len, size_t *out_offset)
{
    char *exact = malloc(len == 0 ? 1 : len);
    uvrest_status st;
    assert_non_null(exact);
    memcpy(exact, text, len);
    st = uvrest_json_check(exact, len, 0, out_offset);
    free(exact);
    return st;
}

#define ONE(text)                                                                                                      \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

typedef struct sample {
    const char *text;
    size_t len;
} sample;

static const sample valid[] = {
    ONE("0"),
    ONE("-0"),
    ONE("1"),
    ONE("-1"),
    ONE("10"),
    ONE("123456789012345678901234567890"),
    ONE("0.0"),
    ONE("0.10"),
    ONE("-0.5"),
    ONE("1e1"),
    ONE("1E1"),
    ONE("1e+1"),
    ONE("1e-1"),
    ONE("1.5E+20"),
    ONE("0e0"),
    ONE("0e+00"),
    ONE("1e999999999"),
    ONE("-1e-999999999"),
    ONE("0.00000000000000000000000000000000000001"),
    ONE("true"),
    ONE("false"),
    ONE("null"),
    ONE(" true"),
    ONE("true "),
    ONE("\ttrue\r\n"),
    ONE("\n\n\nnull\n\n\n"),
    ONE("\"\""),
    ONE("\"a\""),
    ONE("\" \""),
    ONE("\"\x7F\""),
    ONE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    ONE("\"\\u0000\""),
    ONE("\"\\u0041\\u00e9\\u20AC\""),
    ONE("\"\\uD83D\\uDE00\""),
    ONE("\"\\ud800\""),
    ONE("\"\\udfff\""),
    ONE("\"\\ud800\\ud800\""),
    ONE("\"\\udc00\\ud800\""),
    ONE("\"\\ud800\\n\""),
    ONE("\"\\ud800x\""),
    ONE("\"\\uFFFF\\uFFFE\""),
    ONE("\"\xC2\x80\""),
    ONE("\"\xDF\xBF\""),
    ONE("\"\xE0\xA0\x80\""),
    ONE("\"\xED\x9F\xBF\""),
    ONE("\"\xEE\x80\x80\""),
    ONE("\"\xEF\xBF\xBF\""),
    ONE("\"\xEF\xBB\xBF\""),
    ONE("\"\xF0\x90\x80\x80\""),
    ONE("\"\xF4\x8F\xBF\xBF\""),
    ONE("\"\xE2\x80\xA8\xE2\x80\xA9\""),
    ONE("\"/\""),
    ONE("\"// no comment\""),
    ONE("\"0123456789abcde\""),
    ONE("\"0123456789abcdef\""),
    ONE("\"0123456789abcdef0\""),
    ONE("\"0123456789abcdef0123456789abcde\\n\""),
    ONE("\"0123456789abcde\xC3\xA9\""),
    ONE("[]"),
    ONE("[ ]"),
    ONE("[\n\n]"),
    ONE("[1]"),
    ONE("[1,2]"),
    ONE("[1 , 2]"),
    ONE("[ 1 ,2 ]"),
    ONE("[null,true,false]"),
    ONE("[[]]"),
    ONE("[[],[]]"),
    ONE("[[[[[[[[]]]]]]]]"),
    ONE("[\"a\",\"b\"]"),
    ONE("[1.5,-2e3,\"x\",null,{},[]]"),
    ONE("{}"),
    ONE("{ }"),
    ONE("{\"a\":1}"),
    ONE("{ \"a\" : 1 }"),
    ONE("{\"a\":1,\"b\":2}"),
    ONE("{\"a\":1,\"a\":2}"),
    ONE("{\"\":0}"),
    ONE("{\"a\":{\"b\":{\"c\":[]}}}"),
    ONE("{\"\\u0061\":null}"),
    ONE("{\"a\":[{\"b\":[{}]}]}"),
    ONE("{\"a\\u0000b\":1}"),
    ONE("{\"\xE6\x97\xA5\":\"\xE6\x9C\xAC\"}"),
    ONE("{\r\n    \"a\"\t:\r\n        1\r\n}\r\n"),
    ONE("                                        [                      1                   ]            "),
};

static const sample invalid[] = {
    ONE(""),
    ONE(" "),
    ONE("\n"),
    ONE("+1"),
    ONE("-"),
    ONE("--1"),
    ONE("01"),
    ONE("-01"),
    ONE("00"),
    ONE("1."),
    ONE(".5"),
    ONE("-.5"),
    ONE("1.e1"),
    ONE("1e"),
    ONE("1e+"),
    ONE("1e-"),
    ONE("1E.5"),
    ONE("1e1.5"),
    ONE("1.2.3"),
    ONE("0x10"),
    ONE("1_000"),
    ONE("1a"),
    ONE("0e"),
    ONE("Infinity"),
    ONE("-Infinity"),
    ONE("NaN"),
    ONE("nan"),
    ONE("inf"),
    ONE("tru"),
    ONE("truee"),
    ONE("True"),
    ONE("TRUE"),
    ONE("fals"),
    ONE("falsey"),
    ONE("nul"),
    ONE("nulll"),
    ONE("Null"),
    ONE("nil"),
    ONE("undefined"),
    ONE("t"),
    ONE("f"),
    ONE("n"),
    ONE("'a'"),
    ONE("a"),
    ONE("\""),
    ONE("\"a"),
    ONE("\"a\\\""),
    ONE("\"\\"),
    ONE("\"\\a\""),
    ONE("\"\\'\""),
    ONE("\"\\0\""),
    ONE("\"\\x41\""),
    ONE("\"\\U0041\""),
    ONE("\"\\u\""),
    ONE("\"\\u0\""),
    ONE("\"\\u00\""),
    ONE("\"\\u004\""),
    ONE("\"\\u004g\""),
    ONE("\"\\u 041\""),
    ONE("\"\\ud800\\u\""),
    ONE("\"\\ud800\\u00\""),
    ONE("\"\\ud800\\x\""),
    ONE("\"\\ud800\\"),
    ONE("\"\n\""),
    ONE("\"\t\""),
    ONE("\"\0\""),
    ONE("\"a\x01\""),
    ONE("\"\x1F\""),
    ONE("\"0123456789abcdef\x1F\""),
    ONE("\"\x80\""),
    ONE("\"\xBF\""),
    ONE("\"\xC0\x80\""),
    ONE("\"\xC1\xBF\""),
    ONE("\"\xC2\""),
    ONE("\"\xC2\x7F\""),
    ONE("\"\xC2\xC0\""),
    ONE("\"\xE0\x80\x80\""),
    ONE("\"\xE0\x9F\xBF\""),
    ONE("\"\xE1\x80\""),
    ONE("\"\xE1\x80\x7F\""),
    ONE("\"\xED\xA0\x80\""),
    ONE("\"\xED\xBF\xBF\""),
    ONE("\"\xED\xA0\xBD\xED\xB8\x80\""),
    ONE("\"\xF0\x80\x80\x80\""),
    ONE("\"\xF0\x8F\xBF\xBF\""),
    ONE("\"\xF4\x90\x80\x80\""),
    ONE("\"\xF5\x80\x80\x80\""),
    ONE("\"\xF8\x88\x80\x80\x80\""),
    ONE("\"\xFE\""),
    ONE("\"\xFF\""),
    ONE("\"\xF0\x90\x80\""),
    ONE("\"0123456789abcde\xC3\""),
    ONE("["),
    ONE("]"),
    ONE("[1"),
    ONE("[1,"),
    ONE("[1,]"),
    ONE("[,1]"),
    ONE("[,]"),
    ONE("[1,,2]"),
    ONE("[1 2]"),
    ONE("[1;2]"),
    ONE("[1:2]"),
    ONE("[\"a\" \"b\"]"),
    ONE("[1]]"),
    ONE("[[1]"),
    ONE("[}"),
    ONE("[1}"),
    ONE("[\"a\":1]"),
    ONE("{"),
    ONE("}"),
    ONE("{]"),
    ONE("{\"a\""),
    ONE("{\"a\":"),
    ONE("{\"a\":1"),
    ONE("{\"a\":1,"),
    ONE("{\"a\":1,}"),
    ONE("{,\"a\":1}"),
    ONE("{\"a\"}"),
    ONE("{\"a\":}"),
    ONE("{\"a\" 1}"),
    ONE("{\"a\"::1}"),
    ONE("{\"a\":1:2}"),
    ONE("{\"a\":1 \"b\":2}"),
    ONE("{\"a\":1,,\"b\":2}"),
    ONE("{\"a\":1;\"b\":2}"),
    ONE("{a:1}"),
    ONE("{'a':1}"),
    ONE("{1:1}"),
    ONE("{null:1}"),
    ONE("{[]:1}"),
    ONE("{\"a\":1]"),
    ONE("{\"a\":1}}"),
    ONE("{\"a\":tru}"),
    ONE("{\"a\\x\":1}"),
    ONE("{\"a\n\":1}"),
    ONE("1 2"),
    ONE("1,2"),
    ONE("[] []"),
    ONE("{}{}"),
    ONE("{},"),
    ONE("null,"),
    ONE("\"a\"\"b\""),
    ONE("// x\n1"),
    ONE("/* x */1"),
    ONE("1//"),
    ONE("# x\n1"),
    ONE("\x0B"
        "1"),
    ONE("\x0C"
        "1"),
    ONE("\xC2\xA0"
        "1"),
    ONE("\xE2\x80\xA8"
        "1"),
    ONE("\xEF\xBB\xBF"
        "1"),
    ONE("\xFE\xFF\0"
        "1"),
    ONE("1\0"),
    ONE("\0"
        "1"),
    ONE("[1\0]"),
    ONE("{\"a\":1}\0"),
    ONE("<html>"),
    ONE("*"),
    ONE("{\"a\":\"b\"}#"),
    ONE("[\"\\u00A\"]"),
    ONE("[1e1e1]"),
    ONE("[-]"),
    ONE("[-a]"),
    ONE("[+1]"),
    ONE("[0.]"),
    ONE("[1.-1]"),
};

static void rfc8259_valid_texts_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
        if (check(valid[i].text, valid[i].len, NULL) != UVREST_OK)
            fail_msg("refused: %.*s", (int)valid[i].len, valid[i].text);
        assert_true(json_valid(valid[i].text, valid[i].len));
    }
}

static void rfc8259_invalid_texts_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        size_t offset = 12345;
        if (check(invalid[i].text, invalid[i].len, &offset) != UVREST_E_DECODE)
            fail_msg("accepted: %.*s", (int)invalid[i].len, invalid[i].text);
        assert_in_range(offset, 0, invalid[i].len);
        assert_false(json_valid(invalid[i].text, invalid[i].len));
    }
}

/* The same text at each place in a block, behind and in front of plain text. */
static void text_is_judged_alike_wherever_it_stands_in_a_block(void **state)
{
    static const char pad[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char text[256];
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const sample *samples = k == 0 ? valid : invalid;
        size_t n = k == 0 ? sizeof valid / sizeof valid[0] : sizeof invalid / sizeof invalid[0];
        for (size_t i = 0; i < n; i++) {
            if (samples[i].len < 3 || samples[i].text[0] != '"' || samples[i].text[samples[i].len - 1] != '"' ||
                samples[i].len > 60)
                continue;
            for (size_t before = 0; before < 34; before++) {
                size_t after = (before * 7) % 34, len = samples[i].len;
                int written = snprintf(text, sizeof text, "\"%.*s", (int)before, pad);
                uvrest_status st;
                memcpy(text + written, samples[i].text + 1, len - 2);
                memcpy(text + (size_t)written + len - 2, pad, after);
                len = (size_t)written + len - 2 + after;
                text[len++] = '"';
                st = check(text, len, NULL);
                if ((st == UVREST_OK) != json_valid(text, len))
                    fail_msg("%.*s: %s", (int)len, text, uvrest_status_name(st));
            }
        }
    }
}

static void each_cut_of_a_text_is_refused_at_its_end(void **state)
{
    static const char whole[] = "{\"a\":[1.5e+3,true,null,\"\\ud83d\\ude00 \xE6\x97\xA5\",{\"b\":false}],\"c\":{}}";
    (void)state;
    assert_status(check(whole, sizeof whole - 1, NULL), UVREST_OK);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        size_t offset = 0;
        assert_status(check(whole, len, &offset), UVREST_E_DECODE);
        /* In the middle of a character it is that character which is wrong. */
        assert_in_range(offset, len < 3 ? 0 : len - 3, len);
    }
}

static void faults_are_found_where_they_are(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {{"", 0},         {"  ", 2},          {"[1,]", 3},        {"{\"a\" 1}", 5}, {"{\"a\":1,}", 7},
                 {"\"a\nb\"", 2}, {"\"a\xFFz\"", 2},  {"[tru]", 4},       {"01", 1},        {"1.", 2},
                 {"\"\\x\"", 2},  {"\"\\u12g4\"", 5}, {"{\"a\":1} x", 8}, {"[1 2]", 3},     {"-", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t offset = 999;
        assert_status(check(cases[i].text, strlen(cases[i].text), &offset), UVREST_E_DECODE);
        if (offset != cases[i].offset)
            fail_msg("%s: at %zu", cases[i].text, offset);
    }
}

static void nesting_is_limited(void **state)
{
    static char text[200001];
    size_t offset = 0;
    (void)state;
    memset(text, '[', 100000);
    memset(text + 100000, ']', 100000);
    assert_status(uvrest_json_check(text + 100000 - 512, 1024, 0, NULL), UVREST_OK);
    assert_status(uvrest_json_check(text + 100000 - 513, 1026, 0, &offset), UVREST_E_LIMIT);
    assert_int_equal(offset, 512);
    assert_status(uvrest_json_check(text, 200000, 0, NULL), UVREST_E_LIMIT);
    assert_status(uvrest_json_check(text, 100000, 1000000, NULL), UVREST_E_LIMIT);
    assert_status(uvrest_json_check("[[1]]", 5, 2, NULL), UVREST_OK);
    assert_status(uvrest_json_check("[[1]]", 5, 1, &offset), UVREST_E_LIMIT);
    assert_int_equal(offset, 1);
    assert_status(uvrest_json_check("1", 1, 1, NULL), UVREST_OK);
}

static void check_takes_null_text_as_empty(void **state)
{
    (void)state;
    assert_status(uvrest_json_check(NULL, 0, 0, NULL), UVREST_E_DECODE);
    assert_status(uvrest_json_check(NULL, 10, 0, NULL), UVREST_E_DECODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8259_valid_texts_are_accepted),
        cmocka_unit_test(rfc8259_invalid_texts_are_refused),
        cmocka_unit_test(text_is_judged_alike_wherever_it_stands_in_a_block),
        cmocka_unit_test(each_cut_of_a_text_is_refused_at_its_end),
        cmocka_unit_test(faults_are_found_where_they_are),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(check_takes_null_text_as_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
