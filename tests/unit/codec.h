/* SPDX-License-Identifier: MIT */
/* Short forms for the tests of the codec, over the sample models. Each test has one arena, made and freed around it. */
#ifndef CODEC_H
#define CODEC_H

#include "sample.h"
#include "support.h"

/* The arena of the running test, and setup and teardown for cmocka that make and free it. */
extern uvrest_arena *codec_arena;
int codec_setup(void **state);
int codec_teardown(void **state);

/* Decodes a copy of exactly len bytes, so that the sanitizer sees a read beyond. */
uvrest_status codec_decode_bytes(uint16_t model, const char *text, size_t len, const uvrest_decode_options *options,
                                 const void **out_value, uvrest_decode_report *out_report);

/* The same of NUL-ended text with default options, which must succeed. */
const void *codec_decode(uint16_t model, const char *text, uvrest_decode_report *out_report);
const sample_all *codec_all(const char *text);

/* Encodes as NUL-ended text; fails the test unless that succeeds. */
const char *codec_encode(uint16_t model, const void *value, unsigned flags);

/* Fails the test unless both say the same. */
void codec_assert_same(const char *actual, const char *expected);

/* Fails the test unless decoding and encoding text gives what it says. */
void codec_assert_lossless(uint16_t model, const char *text);

/* The raw value of NUL-ended text. */
uvrest_raw codec_raw(const char *text);

#endif /* CODEC_H */
