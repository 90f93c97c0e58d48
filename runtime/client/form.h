/* SPDX-License-Identifier: MIT */
/**
 * @file form.h
 * A multipart/form-data body (RFC 7578): named parts between lines that occur in none of them.
 */
#ifndef UVREST_CLIENT_FORM_H
#define UVREST_CLIENT_FORM_H

#include <uvrest/json.h>

/** One part. All of it is borrowed. */
typedef struct uvrest__form_part {
    const char *name;
    const void *data;
    size_t len;
    const char *content_type; /* NULL: plain text, which needs none */
    bool is_file; /* named as a file, which servers ask of binary parts */
} uvrest__form_part;

/**
 * Writes the body and its content type, boundary included; both arena. UVREST_E_INVALID, with reason, for a part whose
 * name or content type holds a control character or a quote; UVREST_E_LIMIT if the lengths overflow; UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__form_encode(const uvrest__form_part *parts, size_t n_parts, uvrest_arena *arena,
                                                  uvrest_raw *out_body, const char **out_type, uvrest_reason *reason);

#endif /* UVREST_CLIENT_FORM_H */
