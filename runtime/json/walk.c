/* SPDX-License-Identifier: MIT */
#include "walk.h"
#include "ceilings.h"
#include "scan.h"

uvrest__walk uvrest__walk_of(const char *text, size_t len)
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

bool uvrest__walk_next(uvrest__walk *walk)
{
    if (*walk->at == '}' || *walk->at == ']')
        return false;
    if (walk->is_object)
        take(walk, &walk->name);
    take(walk, &walk->value);
    return true;
}

bool uvrest__walk_is_at(const uvrest__walk *walk, const char *name, size_t len)
{
    return walk->name.len == len + 2 && memcmp(walk->name.text + 1, name, len) == 0;
}

size_t uvrest__walk_count(const uvrest_raw *object, const char *name, size_t len)
{
    size_t n = 0;
    for (uvrest__walk walk = uvrest__walk_of(object->text, object->len); uvrest__walk_next(&walk);)
        n += uvrest__walk_is_at(&walk, name, len);
    return n;
}
