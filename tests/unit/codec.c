/* SPDX-License-Identifier: MIT */
#include "codec.h"
#include "json_tree.h"

#include <stdlib.h>

uvrest_arena *codec_arena;

int codec_setup(void **state)
{
    (void)state;
    return uvrest_arena_new(NULL, 0, &codec_arena) == UVREST_OK ? 0 : -1;
}

int codec_teardown(void **state)
{
    (void)state;
    uvrest_arena_free(codec_arena);
    codec_arena = NULL;
    return 0;
}

uvrest_status codec_decode_bytes(uint16_t model, const char *text, size_t len, const uvrest_decode_options *options,
                                 const void **out_value, uvrest_decode_report *out_report)
{
    char *exact = malloc(len == 0 ? 1 : len);
    uvrest_status st;
    assert_non_null(exact);
    memcpy(exact, text, len);
    st = uvrest_json_decode(sample_model(model), exact, len, options, codec_arena, out_value, out_report);
    memset(exact, 0xDD, len); /* nothing of the text is needed any more */
    free(exact);
    return st;
}

const void *codec_decode(uint16_t model, const char *text, uvrest_decode_report *out_report)
{
    uvrest_decode_report report;
    const void *value = NULL;
    uvrest_status st = codec_decode_bytes(model, text, strlen(text), NULL, &value, &report);
    if (st != UVREST_OK)
        fail_msg("%s: %s: %s expected, %s found at %zu", uvrest_status_name(st), text, report.failure.expected,
                 report.failure.found, report.failure.offset);
    if (out_report != NULL)
        *out_report = report;
    return value;
}

const sample_all *codec_all(const char *text)
{
    return codec_decode(SAMPLE_MODEL_ALL, text, NULL);
}

const char *codec_encode(uint16_t model, const void *value, unsigned flags)
{
    uvrest_reason reason;
    uvrest_raw text;
    uvrest_status st = uvrest_json_encode(sample_model(model), value, flags, codec_arena, &text, &reason);
    if (st != UVREST_OK)
        fail_msg("%s: %s", uvrest_status_name(st), reason.text);
    assert_int_equal(text.text[text.len], 0);
    assert_int_equal(strlen(text.text), text.len);
    return text.text;
}

void codec_assert_same(const char *actual, const char *expected)
{
    if (!json_same(actual, strlen(actual), expected, strlen(expected)))
        fail_msg("%s\nis not %s", actual, expected);
}

void codec_assert_lossless(uint16_t model, const char *text)
{
    codec_assert_same(
        codec_encode(model, codec_decode(model, text, NULL), UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL), text);
}

uvrest_raw codec_raw(const char *text)
{
    return uvrest_raw_of(text, strlen(text));
}
