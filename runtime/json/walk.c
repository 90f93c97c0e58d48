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

UVREST__DIRECT bool uvrest__walk_is_at(const uvrest__walk *walk, const char *name, size_t len)
{
    const uint8_t *p = (const uint8_t *)walk->name.text + 1, *const end = p + walk->name.len - 2;
    while (p < end) {
        UVREST__UNINITIALIZED char utf8[4];
        UVREST__UNINITIALIZED uint32_t c;
        const void *from = p++;
        size_t n = 1;
        if (p[-1] == '\\') {
            p = uvrest__scan_escape(p - 1, end, &c, NULL);
            n = uvrest__utf8_write(utf8, c);
            from = utf8;
        }
        if (n > len || memcmp(name, from, n) != 0)
            return false;
        name += n;
        len -= n;
    }
    return len == 0;
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
