/* SPDX-License-Identifier: MIT */
#include "gather.h"
#include "scan.h"
#include "walk.h"
#include <string.h>
#include <uvrest/json.h>

/* How many members `from` a value has: more than none make it an entry. */
static size_t count_from(const uvrest_gather *rule, const uvrest_raw *value)
{
    return *value->text == '{' ? uvrest__walk_count(value, rule->from, strlen(rule->from), NULL) : 0;
}

static char *put(char *at, const uvrest_raw *text)
{
    memcpy(at, text->text, text->len);
    return at + text->len;
}

static char *put_name(char *at, const char *name)
{
    const uvrest_raw text = uvrest_raw_of(name, strlen(name));
    *at++ = '"';
    at = put(at, &text);
    *at++ = '"';
    *at++ = ':';
    return at;
}

/* Which members of an object are put: those that are entries, with what is in them, or the
 * others; or all, of an entry. */
enum { ENTRIES, OTHERS, OF_ENTRY };

/* Each with a comma behind it. In an entry `from` comes under the name `to`. */
static char *put_members(char *at, const uvrest_gather *rule, const uvrest_raw *object, unsigned which)
{
    for (uvrest__walk walk = uvrest__walk_of(object->text, object->len); uvrest__walk_next(&walk);) {
        const bool is_entry = which != OF_ENTRY && count_from(rule, &walk.value) != 0;
        if (is_entry != (which == ENTRIES))
            continue;
        if (which == OF_ENTRY && uvrest__walk_is_at(&walk, rule->from, strlen(rule->from))) {
            at = put_name(at, rule->to);
        } else {
            at = put(at, &walk.name);
            *at++ = ':';
        }
        if (is_entry) {
            *at++ = '{';
            at = put_members(at, rule, &walk.value, OF_ENTRY);
            at[-1] = '}';
        } else {
            at = put(at, &walk.value);
        }
        *at++ = ',';
    }
    return at;
}

/* How many members are to be renamed. */
static size_t count_all(const uvrest_gather *rule, const uvrest_raw *object)
{
    size_t n = 0;
    for (uvrest__walk walk = uvrest__walk_of(object->text, object->len); uvrest__walk_next(&walk);)
        n += count_from(rule, &walk.value);
    return n;
}

UVREST__DIRECT uvrest_status uvrest__json_gather(const uvrest_gather *rule, uvrest_raw text, uvrest_arena *arena,
                                                 uvrest_raw *out)
{
    const size_t into_len = strlen(rule->into);
    const uint8_t *const end = (const uint8_t *)text.text + text.len;
    const uint8_t *const begin = uvrest__scan_begin((const uint8_t *)text.text, end);
    const uvrest_raw object = uvrest_raw_of((const char *)begin, (size_t)(end - begin));
    size_t n;
    char *made, *at;
    *out = text;
    if (object.len == 0 || *object.text != '{' || uvrest_json_check(object.text, object.len, 0, NULL) != UVREST_OK ||
        uvrest__walk_count(&object, rule->into, into_len, NULL) != 0 || (n = count_all(rule, &object)) == 0)
        return UVREST_OK;
    /* All there is, the map around the entries, and as much for a new name as if there had been no old one. */
    made = at = uvrest_arena_alloc(arena, object.len + into_len + sizeof "\"\":{}," + n * strlen(rule->to));
    if (made == NULL)
        return UVREST_E_NOMEM;
    *at++ = '{';
    at = put_members(at, rule, &object, OTHERS);
    at = put_name(at, rule->into);
    *at++ = '{';
    at = put_members(at, rule, &object, ENTRIES);
    at[-1] = '}';
    *at++ = '}';
    *out = uvrest_raw_of(made, (size_t)(at - made));
    return UVREST_OK;
}
