/* SPDX-License-Identifier: MIT */
/**
 * @file text.h
 * Text as the protocols see it: ASCII without a locale, control characters, UTF-8; and messages of bounded length.
 *
 * Threads: pure functions. Memory: the caller's.
 */
#ifndef UVREST_BASE_TEXT_H
#define UVREST_BASE_TEXT_H

#include "attributes.h"
#include <uvrest/base.h>

static inline bool uvrest__text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool uvrest__text_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char uvrest__text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/** 0 to 15, or -1 if c is no hexadecimal digit. */
static inline int uvrest__text_hex(char c)
{
    if (uvrest__text_is_digit(c))
        return c - '0';
    c = uvrest__text_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** Writes each of n bytes as two hexadecimal digits, and a NUL: 2 * n + 1 bytes. */
void uvrest__text_write_hex(char *out, const uint8_t *bytes, size_t n);
/** Whether len bytes equal a NUL-ended text, ASCII case ignored. */
bool uvrest__text_same(const char *text, size_t len, const char *other);
/** Whether len bytes begin with a NUL-ended text, ASCII case ignored. */
bool uvrest__text_starts(const char *text, size_t len, const char *prefix);
/** The first byte below 0x20 or equal to 0x7f among len bytes, NUL included; NULL if there is none. */
const char *uvrest__text_control(const char *text, size_t len);
/** Whether len bytes are UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF. NUL is a character. */
bool uvrest__text_is_utf8(const char *text, size_t len);
/** Moves *text and *len past spaces and tabs at both ends. */
void uvrest__text_trim(const char **text, size_t *len);
/**
 * Reads decimal digits and nothing else. Too large a number becomes INT64_MAX. false, *out untouched, if len is 0 or
 * something else is among them.
 */
bool uvrest__text_number(const char *text, size_t len, int64_t *out);

/**
 * A message being written into the caller's memory. It is NUL-ended after every step; what does not fit is cut at a
 * character's border and the end becomes "...", after which nothing is added any more.
 */
typedef struct uvrest__text {
    char *out;
    size_t cap; /* at least 4: the ellipsis and NUL */
    size_t len;
    bool cut;
} uvrest__text;

/** Begins an empty message in out[cap], cap >= 4. */
void uvrest__text_init(uvrest__text *message, char *out, size_t cap);
/** Adds text of ours: as it is. */
void uvrest__text_add(uvrest__text *message, const char *text);
/** Adds text from outside: control characters and bytes that are not UTF-8 become "\xNN", a backslash "\\". */
void uvrest__text_add_foreign(uvrest__text *message, const char *text, size_t len);
/** Adds a decimal number. */
void uvrest__text_add_number(uvrest__text *message, int64_t number);

/**
 * Writes a reason from parts, ended by NULL: uvrest__reason_set(reason, "asset_id", ": ", "empty", (char *)NULL).
 * Every part is treated as text from outside. reason may be NULL.
 */
UVREST__RARE __attribute__((sentinel)) void uvrest__reason_set(uvrest_reason *reason, const char *first, ...);
/**
 * The end of a function that takes a caller's reason (may be NULL) and has gathered its own, "" at first: on failure
 * the caller gets it, or the status in words where nothing was said, which is then in both. Returns the status.
 */
uvrest_status uvrest__reason_tell(uvrest_reason *reason, uvrest_reason *said, uvrest_status status);

#endif /* UVREST_BASE_TEXT_H */
