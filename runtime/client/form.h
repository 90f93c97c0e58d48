/* SPDX-License-Identifier: MIT */
/**
 * @file form.h
 * Bodies that are forms: multipart/form-data (RFC 7578), named parts between lines that occur in none of them; and
 * application/x-www-form-urlencoded, names and values as in a query.
 */
#ifndef UVREST_CLIENT_FORM_H
#define UVREST_CLIENT_FORM_H

#include "buf.h"
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

/** Appends name=value to a urlencoded body, behind an ampersand where it is not the first.
 * The buffer keeps the error. */
void uvrest__form_add_field(uvrest__buf *body, const char *name, const char *value);

#endif /* UVREST_CLIENT_FORM_H */
