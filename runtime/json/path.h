/* SPDX-License-Identifier: MIT */
/*
 * Where one is inside a document, as a chain of frames on the stack of whoever walks it, and how that is told to
 * people. Walking costs a few stores a level; text is made only when something is to be told.
 */
#ifndef UVREST__PATH_H
#define UVREST__PATH_H

#include "ceilings.h"
#include "tables.h"

typedef struct uvrest__frame {
    const struct uvrest__frame *up; /* NULL at the root */
    const uvrest_gen_field *field; /* the member being walked; NULL in an array or a map */
    const char *key; /* of the entry of a map being walked; NULL in an array */
    size_t index; /* of the element of an array being walked */
} uvrest__frame;

/*
 * Writes "objects[3].status" into cap bytes, 64 at the least, cut at its front by "..." where too long, NUL-ended.
 * frame: the innermost; NULL gives "". Returns the length.
 */
UVREST__DIRECT size_t uvrest__path_print(const uvrest_schema *schema, const uvrest__frame *frame, char *to, size_t cap);

enum {
    UVREST__PATH_EXCERPT = UVREST__JSON_EXCERPT_MAX + 4
}; /* bytes an excerpt can take: "..." and the NUL behind it */

/*
 * Describes the JSON value or text at p: what kind of container it is, or its first bytes as uvrest__text_add_foreign()
 * has them. Into UVREST__PATH_EXCERPT bytes, NUL-ended. Returns the length.
 */
UVREST__DIRECT size_t uvrest__path_excerpt(const uint8_t *p, const uint8_t *end, char *to);

#endif /* UVREST__PATH_H */
