/* SPDX-License-Identifier: MIT */
/*
 * JSON texts compared by value, exactly: the order of members, spaces, escapes and the way a number is written do not
 * count, everything else does. Shares nothing with the codec, so that both would have to err alike.
 */
#ifndef CANON_H
#define CANON_H

#include <stdbool.h>
#include <stddef.h>

/* The one text that stands for all equal ones, from malloc; NULL if it is not JSON. Of duplicate members the last. */
char *canon(const char *text, size_t len);

/* Whether two texts are JSON and equal. */
bool canon_equal(const char *one, size_t one_len, const char *other, size_t other_len);

/* Whether a JSON text is a string that stands for this C text. */
bool canon_is_text(const char *json, size_t len, const char *text);

#endif /* CANON_H */
