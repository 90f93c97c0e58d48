/* SPDX-License-Identifier: MIT */
/* Answers as iconik gives them, made from the tables of a generated library: the same each time. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stddef.h>
#include <uvrest/gen.h>

/* How the text is written. */
typedef enum payload_style {
    PAYLOAD_COMPACT,
    PAYLOAD_INDENTED,
    PAYLOAD_SHUFFLED, /* each object with its members in an order of its own */
    PAYLOAD_NON_ASCII, /* titles and such in Japanese and German */
    PAYLOAD_ESCAPED /* titles and such with line ends, quotes and \u */
} payload_style;

/*
 * An object of the model, of which each array of models has n_items elements (0: one or two). extra: members no model
 * knows in each element of such an array. Returns malloc()ed text, NUL-ended.
 */
char *payload_make(uvrest_model model, unsigned n_items, unsigned extra, payload_style style, size_t *out_len);

#endif /* PAYLOAD_H */
