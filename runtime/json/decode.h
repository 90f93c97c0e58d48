/* SPDX-License-Identifier: MIT */
/* What the layers above decode beside single models. */
#ifndef UVREST__DECODE_H
#define UVREST__DECODE_H

#include "attributes.h"
#include <uvrest/gen.h>

/* As uvrest_json_decode(), for a text that is an array of models. *out_items: arena; not NULL
 * on success, even if empty. */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__json_decode_array(uvrest_model model, const char *text, size_t len,
                                                                       const uvrest_decode_options *options,
                                                                       uvrest_arena *arena, const void **out_items,
                                                                       size_t *out_n_items,
                                                                       uvrest_decode_report *out_report);

/*
 * As uvrest_json_decode(), for a text that is one string. *out_text: arena, NUL-ended. UVREST_E_SCHEMA if it is no
 * string, or one that C text cannot hold (NUL, a lone surrogate).
 */
UVREST__DIRECT UVREST_MUST_USE uvrest_status uvrest__json_decode_text(const char *text, size_t len, uvrest_arena *arena,
                                                                      const char **out_text,
                                                                      uvrest_decode_report *out_report);

#endif /* UVREST__DECODE_H */
