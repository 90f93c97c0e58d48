/* SPDX-License-Identifier: MIT */
#include "walk.h"
#include "ceilings.h"
#include "scan.h"

UVREST__DIRECT uvrest__walk uvrest__walk_of(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text, *const end = p + len;
    return (uvrest__walk){
        .at = uvrest__scan_space(p + 1, end), .end = end, .is_object = *p == '{', .name = {.text = ""}};
}

/* A name or a value, and what stands between it and the next one. */
static void take(uvrest__walk *walk, uvrest_raw *out)
{
    const uint8_t *behind = uvrest__scan_value(walk->at, walk->end, UVREST__JSON_DEPTH_MAX, NULL);
    *out = uvrest_raw_of((const char *)walk->at, (size_t)(behind - walk->at));
    behind = uvrest__scan_space(behind, walk->end);
    if (*behind == ',' || *behind == ':')
        behind = uvrest__scan_space(behind + 1, walk->end);
    walk->at = behind;
}

UVREST__DIRECT bool uvrest__walk_next(uvrest__walk *walk)
{
    if (*walk->at == '}' || *walk->at == ']')
        return false;
    if (walk->is_object)
        take(walk, &walk->name);
    take(walk, &walk->value);
    return true;
}

/* Takes the next character, whether it is an escape or not. */
static uint32_t take_character(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at, *behind;
    uint32_t c = *p;
    unsigned n = 1;
    if (c == '\\' && (behind = uvrest__scan_escape(p, end, &c, NULL)) != NULL) {
        *at = behind;
        return c;
    }
    for (; p + n < end && (p[n] & 0xC0) == 0x80; n++)
        c = c << 6 | (p[n] & 0x3F);
    *at = p + n;
    return n == 1 ? c : c & ((UINT32_C(1) << (5 * n + 1)) - 1); /* without the bits that tell the length */
}

UVREST__DIRECT bool uvrest__walk_same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    const uint8_t *p = (const uint8_t *)a, *const p_end = p + a_len;
    const uint8_t *q = (const uint8_t *)b, *const q_end = q + b_len;
    while (p < p_end && q < q_end)
        if (take_character(&p, p_end) != take_character(&q, q_end))
            return false;
    return p == p_end && q == q_end;
}

UVREST__DIRECT bool uvrest__walk_is_at(const uvrest__walk *walk, const char *name, size_t len)
{
    return uvrest__walk_same_text(walk->name.text + 1, walk->name.len - 2, name, len);
}

UVREST__DIRECT size_t uvrest__walk_count(const uvrest_raw *object, const char *name, size_t len, uvrest_raw *out_value)
{
    size_t n = 0;
    for (uvrest__walk walk = uvrest__walk_of(object->text, object->len); uvrest__walk_next(&walk);) {
        if (!uvrest__walk_is_at(&walk, name, len))
            continue;
        n++;
        if (out_value != NULL)
            *out_value = walk.value;
    }
    return n;
}
