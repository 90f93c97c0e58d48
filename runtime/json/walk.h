/* SPDX-License-Identifier: MIT */
/*
 * Walks the members of an object or the elements of an array without decoding them: for the cold paths that look into
 * JSON without a schema. The text is one that uvrest_json_check() found valid, so faults cannot occur.
 *
 *     for (uvrest__walk walk = uvrest__walk_of(object.text, object.len); uvrest__walk_next(&walk);)
 *         look_at(&walk.name, &walk.value);
 */
#ifndef UVREST_JSON_WALK_H
#define UVREST_JSON_WALK_H

#include "scan.h"

#include <uvrest/value.h>

typedef struct uvrest__walk {
    const uint8_t *at; /* at the next element, or at the closing bracket */
    const uint8_t *end;
    bool is_object;
    uvrest_raw name; /* of the member as it stands, quotes and escapes included; empty in an array */
    uvrest_raw value;
} uvrest__walk;

/* Begins with an object or an array, without space before its bracket. Its text stays borrowed. */
UVREST__DIRECT uvrest__walk uvrest__walk_of(const char *text, size_t len);
/* Goes on to the next element; false if there is none. */
UVREST__DIRECT bool uvrest__walk_next(uvrest__walk *walk);

/* Whether the member's name is this one, whatever is written as an escape. */
UVREST__DIRECT bool uvrest__walk_is_at(const uvrest__walk *walk, const char *name, size_t len);
/* How many members of that name an object has. *out_value (may be NULL): the last one's, untouched if there is none. */
UVREST__DIRECT size_t uvrest__walk_count(const uvrest_raw *object, const char *name, size_t len, uvrest_raw *out_value);

#endif /* UVREST_JSON_WALK_H */
