/* SPDX-License-Identifier: MIT */
/*
 * RFC 8259, case by case: by the check, and as the value of each kind of member, of free form and of none. What is
 * valid is accepted wherever it stands and written back as the same; what is not is refused wherever it stands.
 */
#include "codec.h"
#include "json_tree.h"
#include "tables.h"

#include <stdlib.h>

typedef enum verdict { VALID, INVALID, WE_ACCEPT, WE_REFUSE } verdict;

typedef struct text_case {
    const char *name;
    verdict verdict;
    const char *text; /* NULL: made of the parts below */
    size_t len;
    const char *head, *repeated;
    int n_repeated;
    const char *middle, *tail;
    int n_tail;
} text_case;

#define TEXT(name, verdict, text)                                                                                      \
    {                                                                                                                  \
        name, verdict, text, sizeof(text) - 1, NULL, NULL, 0, NULL, NULL, 0                                            \
    }
#define MADE(name, verdict, head, repeated, n_repeated, middle, tail, n_tail)                                          \
    {                                                                                                                  \
        name, verdict, NULL, 0, head, repeated, n_repeated, middle, tail, n_tail                                       \
    }

static const text_case cases[] = {
#include "conformance.inc"
};

enum { N_CASES = sizeof cases / sizeof cases[0], TEXT_MAX = 8192 };

static size_t put(char *to, size_t len, const char *text, size_t n)
{
    assert_true(len + n < TEXT_MAX);
    memcpy(to + len, text, n);
    return len + n;
}

/* The text of a case between two others. Returns its length. */
static size_t text_of(const text_case *c, const char *before, const char *behind, char *to)
{
    size_t len = put(to, 0, before, strlen(before));
    if (c->text != NULL) {
        len = put(to, len, c->text, c->len);
    } else {
        len = put(to, len, c->head, strlen(c->head));
        for (int i = 0; i < c->n_repeated; i++)
            len = put(to, len, c->repeated, strlen(c->repeated));
        len = put(to, len, c->middle, strlen(c->middle));
        for (int i = 0; i < c->n_tail; i++)
            len = put(to, len, c->tail, strlen(c->tail));
    }
    return put(to, len, behind, strlen(behind));
}

static bool is_accepted(const text_case *c)
{
    return c->verdict == VALID || c->verdict == WE_ACCEPT;
}

/* Of a copy of exactly its size, so that the sanitizer sees a read beyond. */
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

static void cases_have_names_of_their_own(void **state)
{
    (void)state;
    assert_true(N_CASES >= 300);
    for (size_t i = 0; i < N_CASES; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(cases[i].name, cases[j].name) == 0 && cases[i].text != NULL && cases[j].text != NULL &&
                cases[i].len == cases[j].len && memcmp(cases[i].text, cases[j].text, cases[i].len) == 0)
                fail_msg("twice: %s", cases[i].name);
        }
    }
}

static void the_check_judges_each_case(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        size_t len = text_of(&cases[i], "", "", text), offset = SIZE_MAX;
        uvrest_status st = check(text, len, &offset);
        if ((st == UVREST_OK) != is_accepted(&cases[i]) || (cases[i].verdict == INVALID && st != UVREST_E_DECODE))
            fail_msg("%s: %s", cases[i].name, uvrest_status_name(st));
        if (st != UVREST_OK && offset > len)
            fail_msg("%s: a fault at %zu of %zu", cases[i].name, offset, len);
    }
}

/* Deep ones only just fit by themselves. */
static bool fits_into_a_member(const text_case *c)
{
    return c->n_repeated < 500 || c->n_tail == 0;
}

static void check_as_member(const text_case *c, const char *name)
{
    char before[320], text[TEXT_MAX];
    uvrest_decode_report report;
    const void *value = NULL;
    uvrest_status st;
    size_t len;
    snprintf(before, sizeof before, "{\"%s\":", name);
    len = text_of(c, before, "}", text);
    uvrest_arena_reset(codec_arena);
    st = codec_decode_bytes(SAMPLE_MODEL_ALL, text, len, NULL, &value, &report);
    if ((st == UVREST_OK) != is_accepted(c) || (c->verdict == INVALID && st != UVREST_E_DECODE))
        fail_msg("%s, in the member %s: %s", c->name, name, uvrest_status_name(st));
    if (st == UVREST_OK) {
        uvrest_raw written;
        uvrest_reason reason;
        st = uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), value, UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL,
                                codec_arena, &written, &reason);
        if (st != UVREST_OK)
            fail_msg("%s, in the member %s: %s", c->name, name, reason.text);
        if (!json_same(text, len, written.text, written.len))
            fail_msg("%s, in the member %s: written as %.*s", c->name, name, (int)written.len, written.text);
    } else if (report.failure.offset > len || report.failure.expected == NULL) {
        fail_msg("%s, in the member %s: no fault inside", c->name, name);
    }
}

static void decoding_judges_each_case_in_each_kind_of_member(void **state)
{
    const uvrest_gen_field *fields = uvrest__model_fields(&sample_schema, SAMPLE_MODEL_ALL);
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        if (!fits_into_a_member(&cases[i]))
            continue;
        for (unsigned f = 0; f < uvrest__model_n_fields(&sample_schema, SAMPLE_MODEL_ALL); f++) {
            if (strpbrk(uvrest__name_text(&sample_schema, fields[f].name), "\"\\") == NULL)
                check_as_member(&cases[i], uvrest__name_text(&sample_schema, fields[f].name));
        }
        check_as_member(&cases[i], "of no model");
    }
}

/* Raw values that a caller sets are judged like texts. */
static void encoding_judges_each_case_as_a_raw_value(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        sample_all all = {0};
        uvrest_raw written;
        uvrest_status st;
        if (!fits_into_a_member(&cases[i]))
            continue;
        all.free.len = text_of(&cases[i], "", "", text);
        all.free.text = text;
        uvrest_arena_reset(codec_arena);
        st = uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), &all, UVREST_ENCODE_PARTIAL, codec_arena, &written,
                                NULL);
        if ((st == UVREST_OK) != is_accepted(&cases[i]))
            fail_msg("%s, as a raw value: %s", cases[i].name, uvrest_status_name(st));
    }
}

/* The second reader knows neither byte order marks nor our depth. */
static void a_second_reader_agrees(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        size_t len = text_of(&cases[i], "", "", text);
        if (cases[i].verdict != WE_REFUSE && json_valid(text, len) != is_accepted(&cases[i]))
            fail_msg("%s: the second reader judges otherwise", cases[i].name);
    }
}

/* Cut at any byte a text is as valid as the second reader says; an object, an array, a text never is. */
static void texts_cut_at_each_byte_are_judged(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        size_t len = text_of(&cases[i], "", "", text);
        if (cases[i].verdict != VALID || len > 400)
            continue;
        for (size_t cut = 0; cut < len; cut++) {
            bool accepted = check(text, cut, NULL) == UVREST_OK;
            if (accepted != json_valid(text, cut) || (accepted && strchr("{[\"", text[0]) != NULL && text[cut] > ' '))
                fail_msg("%s, cut at %zu", cases[i].name, cut);
        }
    }
}

static void each_byte_in_each_place_is_judged(void **state)
{
    static const char text[] =
        "{\"a\\n\":[-1.5e+2,\"\\u00e9\xC3\xA9\xF0\x9D\x84\x9E\",true,null,{\"0123456789abcdef\":0}],\"b\":\"\"} ";
    char changed[sizeof text];
    (void)state;
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(changed, text, sizeof text);
            changed[at] = (char)byte;
            if ((check(changed, sizeof text - 1, NULL) == UVREST_OK) != json_valid(changed, sizeof text - 1))
                fail_msg("byte %d at %zu", byte, at);
        }
    }
}

static void a_byte_order_mark_before_a_body_is_skipped(void **state)
{
    uvrest_decode_report report;
    const void *value;
    (void)state;
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, "\xEF\xBB\xBF{}", 5, NULL, &value, &report), UVREST_OK);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, "\xEF\xBB\xBF\xEF\xBB\xBF{}", 8, NULL, &value, &report),
                  UVREST_E_DECODE);
    assert_status(codec_decode_bytes(SAMPLE_MODEL_ALL, " \xEF\xBB\xBF{}", 6, NULL, &value, &report), UVREST_E_DECODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_have_names_of_their_own),
        cmocka_unit_test(the_check_judges_each_case),
        cmocka_unit_test_setup_teardown(decoding_judges_each_case_in_each_kind_of_member, codec_setup, codec_teardown),
        cmocka_unit_test_setup_teardown(encoding_judges_each_case_as_a_raw_value, codec_setup, codec_teardown),
        cmocka_unit_test(a_second_reader_agrees),
        cmocka_unit_test(texts_cut_at_each_byte_are_judged),
        cmocka_unit_test(each_byte_in_each_place_is_judged),
        cmocka_unit_test_setup_teardown(a_byte_order_mark_before_a_body_is_skipped, codec_setup, codec_teardown),
    };
    return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
