/* SPDX-License-Identifier: MIT */
#include "walk.h"
#include "limits.h"
#include "scan.h"

uvrest__walk uvrest__walk_begin(uvrest_raw container)
{
    const uint8_t *begin = (const uint8_t *)container.text;
    uvrest__walk walk = {begin + 1, begin + container.len};
    walk.at = uvrest__scan_space(walk.at, walk.end);
    return walk;
}

bool uvrest__walk_ended(const uvrest__walk *walk)
{
    return *walk->at == '}' || *walk->at == ']';
}

uvrest_raw uvrest__walk_value(uvrest__walk *walk)
{
    uvrest__fault fault;
    const uint8_t *begin = walk->at;
    const uint8_t *behind = uvrest__scan_value(begin, walk->end, UVREST__JSON_DEPTH_MAX, &fault);
    uvrest_raw value = uvrest_raw_of((const char *)begin, (size_t)(behind - begin));
    walk->at = uvrest__scan_space(behind, walk->end);
    if (*walk->at == ',' || *walk->at == ':')
        walk->at = uvrest__scan_space(walk->at + 1, walk->end);
    return value;
}
