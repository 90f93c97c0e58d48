/* SPDX-License-Identifier: MIT */
/*
 * The mark of a raw value whose text has been checked: text, length, and how many containers it stood in, so that
 * nesting stays counted. Two multipliers keep a text that was moved, cut or trimmed from having the mark it had before.
 * A raw that stands deeper than its mark says, or has none (0), is checked when it is written.
 */
#ifndef UVREST__CHECKED_H
#define UVREST__CHECKED_H

#include <stdint.h>
#include <uvrest/value.h>

#define UVREST__CHECKED_DEPTHS UINT64_C(0x3FF) /* these bits say how deep; UVREST__JSON_DEPTH_MAX fits */

static inline uint64_t uvrest__checked_mark(const char *text, size_t len, unsigned depth)
{
    uint64_t place = (uint64_t)(uintptr_t)text * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t extent = (uint64_t)len * UINT64_C(0xC6BC279692B5C323);
    return ((place + extent) & ~UVREST__CHECKED_DEPTHS) | depth;
}

/* Whether raw was found valid inside at least as many containers as these, at least one. */
static inline bool uvrest__checked_within(const uvrest_raw *raw, unsigned depth)
{
    unsigned marked = (unsigned)(raw->checked & UVREST__CHECKED_DEPTHS);
    return marked >= depth && raw->checked == uvrest__checked_mark(raw->text, raw->len, marked);
}

#endif /* UVREST__CHECKED_H */
