/* SPDX-License-Identifier: MIT */
/*
 * Walks the members of an object or the elements of an array without decoding them: for the cold paths that look into
 * JSON without a schema. The text is one that uvrest_json_check() found valid, so faults cannot occur.
 *
 *     for (uvrest__walk w = uvrest__walk_begin(object); !uvrest__walk_ended(&w);) {
 *         uvrest_raw name = uvrest__walk_name(&w);
 *         uvrest_raw value = uvrest__walk_value(&w);
 *     }
 */
#ifndef UVREST_JSON_WALK_H
#define UVREST_JSON_WALK_H

#include <uvrest/value.h>

typedef struct uvrest__walk {
    const uint8_t *at; /* at the next element, or at the closing bracket */
    const uint8_t *end;
} uvrest__walk;

/* container: an object or an array, without space before its bracket. */
uvrest__walk uvrest__walk_begin(uvrest_raw container);
bool uvrest__walk_ended(const uvrest__walk *walk);
/* The value at the walk; moves it on. */
uvrest_raw uvrest__walk_value(uvrest__walk *walk);
/* The member's name as it stands, quotes and escapes included; its value is next. Objects only. */
static inline uvrest_raw uvrest__walk_name(uvrest__walk *walk)
{
    return uvrest__walk_value(walk);
}

#endif /* UVREST_JSON_WALK_H */
