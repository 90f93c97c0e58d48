/* SPDX-License-Identifier: MIT */
/*
 * Makes JSON for a model out of arbitrary bytes: what its members expect, and all that they do not. The same bytes make
 * the same text, so a fuzzer or a random number decides what comes.
 */
#ifndef JSON_MAKER_H
#define JSON_MAKER_H

#include <uvrest/gen.h>

/* Writes an object for the model into cap bytes; always valid JSON. Returns its length; 0 if cap is too small. */
size_t json_make(const uvrest_schema *schema, unsigned model, const uint8_t *bytes, size_t n_bytes, char *to,
                 size_t cap);

#endif /* JSON_MAKER_H */
