/* SPDX-License-Identifier: MIT */
/* What the layers above encode beside single models. */
#ifndef UVREST__ENCODE_H
#define UVREST__ENCODE_H

#include "attributes.h"
#include <uvrest/gen.h>

/* As uvrest_json_encode(), for an array of n models standing side by side. */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__json_encode_array(uvrest_model model, const void *items,
                                                                       size_t n_items, unsigned flags,
                                                                       uvrest_arena *arena, uvrest_raw *out_text,
                                                                       uvrest_reason *reason);

/*
 * As uvrest_json_encode() of a partial body, for the i-th member alone, as an object that has it or is empty. What the
 * model's extra has for it is written as that would.
 */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__json_encode_member(uvrest_model model, const void *value,
                                                                        unsigned i, uvrest_arena *arena,
                                                                        uvrest_raw *out_text);

/* As uvrest_json_encode(), for NUL-ended text as one JSON string. */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__json_encode_text(const char *text, uvrest_arena *arena,
                                                                      uvrest_raw *out_text, uvrest_reason *reason);

#endif /* UVREST__ENCODE_H */
