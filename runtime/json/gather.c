/* SPDX-License-Identifier: MIT */
#include "gather.h"
#include "scan.h"
#include "walk.h"
#include <string.h>
#include <uvrest/json.h>

/* Text that grows into memory known to be enough; without memory it is only measured. */
typedef struct writer {
    char *text;
    size_t len;
} writer;

static void put(writer *out, const char *text, size_t len)
{
    if (out->text != NULL)
        memcpy(out->text + out->len, text, len);
    out->len += len;
}

static void put_name(writer *out, const char *name)
{
    put(out, "\"", 1);
    put(out, name, strlen(name));
    put(out, "\":", 2);
}

/* Whether a name as it stands in the text, quotes included, is this one. */
static bool is_name(const uvrest_raw *quoted, const char *name)
{
    size_t len = strlen(name);
    return quoted->len == len + 2 && memcmp(quoted->text + 1, name, len) == 0;
}

/* Whether an object has a member of that name. */
static bool has_member(const uvrest_raw *object, const char *name)
{
    uvrest__walk walk;
    for (uvrest__walk_begin(&walk, object); uvrest__walk_next(&walk);) {
        if (is_name(&walk.name, name))
            return true;
    }
    return false;
}

/* Which members of an object are put: those that are entries, with what is in them, or the others; or all, of an entry. */
enum { ENTRIES, OTHERS, OF_ENTRY };

/* Returns whether there were any. In an entry `from` comes under the name `to`. */
static bool put_members(writer *out, const uvrest_gather *rule, const uvrest_raw *object, unsigned which)
{
    bool any = false;
    uvrest__walk walk;
    for (uvrest__walk_begin(&walk, object); uvrest__walk_next(&walk);) {
        bool is_entry = which != OF_ENTRY && *walk.value.text == '{' && has_member(&walk.value, rule->from);
        if (is_entry != (which == ENTRIES))
            continue;
        if (any)
            put(out, ",", 1);
        any = true;
        if (which == OF_ENTRY && is_name(&walk.name, rule->from)) {
            put_name(out, rule->to);
        } else {
            put(out, walk.name.text, walk.name.len);
            put(out, ":", 1);
        }
        if (is_entry) {
            put(out, "{", 1);
            put_members(out, rule, &walk.value, OF_ENTRY);
            put(out, "}", 1);
        } else {
            put(out, walk.value.text, walk.value.len);
        }
    }
    return any;
}

/* All of it. Returns whether there were entries. */
static bool put_object(writer *out, const uvrest_gather *rule, const uvrest_raw *object)
{
    bool any;
    put(out, "{", 1);
    if (put_members(out, rule, object, OTHERS))
        put(out, ",", 1);
    put_name(out, rule->into);
    put(out, "{", 1);
    any = put_members(out, rule, object, ENTRIES);
    put(out, "}}", 2);
    return any;
}

uvrest_status uvrest__json_gather(const uvrest_gather *rule, uvrest_raw text, uvrest_arena *arena, uvrest_raw *out)
{
    const uint8_t *p = (const uint8_t *)text.text, *const end = p + text.len;
    uvrest_raw object;
    *out = text;
    if (text.len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    p = uvrest__scan_space(p, end);
    object = uvrest_raw_of((const char *)p, (size_t)(end - p));
    if (object.len == 0 || *object.text != '{' || uvrest_json_check(object.text, object.len, 0, NULL) != UVREST_OK ||
        has_member(&object, rule->into))
        return UVREST_OK;
    writer made = {NULL, 0};
    if (!put_object(&made, rule, &object))
        return UVREST_OK;
    made = (writer){uvrest_arena_alloc(arena, made.len), 0};
    if (made.text == NULL)
        return UVREST_E_NOMEM;
    put_object(&made, rule, &object);
    *out = uvrest_raw_of(made.text, made.len);
    return UVREST_OK;
}
