/* SPDX-License-Identifier: MIT */
#include "gather.h"
#include "walk.h"
#include <string.h>
#include <uvrest/json.h>

/* Text that grows into memory known to be enough. */
typedef struct writer {
    char *text;
    size_t len;
} writer;

static void put(writer *out, const char *text, size_t len)
{
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
static bool is_name(uvrest_raw quoted, const char *name)
{
    size_t len = strlen(name);
    return quoted.len == len + 2 && memcmp(quoted.text + 1, name, len) == 0;
}

/* How often an object has a member of that name; hostile text may have it more than once. */
static size_t count_member(uvrest_raw object, const char *name)
{
    size_t n = 0;
    for (uvrest__walk walk = uvrest__walk_begin(object); !uvrest__walk_ended(&walk);) {
        n += is_name(uvrest__walk_name(&walk), name) ? 1 : 0;
        (void)uvrest__walk_value(&walk);
    }
    return n;
}

static bool is_entry(const uvrest_gather *rule, uvrest_raw value)
{
    return *value.text == '{' && count_member(value, rule->from) > 0;
}

/* Names to be changed in all entries. */
static size_t count_changes(const uvrest_gather *rule, uvrest_raw object)
{
    size_t n = 0;
    for (uvrest__walk walk = uvrest__walk_begin(object); !uvrest__walk_ended(&walk);) {
        (void)uvrest__walk_name(&walk);
        uvrest_raw value = uvrest__walk_value(&walk);
        n += *value.text == '{' ? count_member(value, rule->from) : 0;
    }
    return n;
}

/* An entry, with its member `from` under the name `to`. */
static void put_entry(writer *out, const uvrest_gather *rule, uvrest_raw entry)
{
    const char *before = "{";
    for (uvrest__walk walk = uvrest__walk_begin(entry); !uvrest__walk_ended(&walk); before = ",") {
        uvrest_raw name = uvrest__walk_name(&walk);
        uvrest_raw value = uvrest__walk_value(&walk);
        put(out, before, 1);
        if (is_name(name, rule->from)) {
            put_name(out, rule->to);
        } else {
            put(out, name.text, name.len);
            put(out, ":", 1);
        }
        put(out, value.text, value.len);
    }
    put(out, "}", 1);
}

/* The members that are entries, or those that are not. Returns whether there were any. */
static bool put_members(writer *out, const uvrest_gather *rule, uvrest_raw object, bool entries)
{
    bool any = false;
    for (uvrest__walk walk = uvrest__walk_begin(object); !uvrest__walk_ended(&walk);) {
        uvrest_raw name = uvrest__walk_name(&walk);
        uvrest_raw value = uvrest__walk_value(&walk);
        if (is_entry(rule, value) != entries)
            continue;
        if (any)
            put(out, ",", 1);
        any = true;
        put(out, name.text, name.len);
        put(out, ":", 1);
        if (entries)
            put_entry(out, rule, value);
        else
            put(out, value.text, value.len);
    }
    return any;
}

/* The value without the space around it, and without a byte order mark before it. */
static uvrest_raw trim(uvrest_raw text)
{
    static const char SPACE[] = " \t\r\n";
    if (text.len >= 3 && memcmp(text.text, "\xEF\xBB\xBF", 3) == 0)
        text = (uvrest_raw){text.text + 3, text.len - 3};
    while (text.len > 0 && memchr(SPACE, *text.text, sizeof SPACE - 1) != NULL)
        text = (uvrest_raw){text.text + 1, text.len - 1};
    return text;
}

uvrest_status uvrest__json_gather(const uvrest_gather *rule, uvrest_raw text, uvrest_arena *arena, uvrest_raw *out)
{
    uvrest_raw object = trim(text);
    *out = text;
    if (object.len == 0 || *object.text != '{' || uvrest_json_check(object.text, object.len, 0, NULL) != UVREST_OK ||
        count_member(object, rule->into) > 0)
        return UVREST_OK;
    size_t n_changes = count_changes(rule, object);
    if (n_changes == 0)
        return UVREST_OK;

    /* Each change takes 4 bytes of the text at the least, so this cannot overflow before the text itself does. */
    size_t room = object.len + n_changes * strlen(rule->to) + strlen(rule->into) + sizeof "{,\"\":{}}";
    writer made = {uvrest_arena_alloc(arena, room), 0};
    if (made.text == NULL)
        return UVREST_E_NOMEM;
    put(&made, "{", 1);
    if (put_members(&made, rule, object, false))
        put(&made, ",", 1);
    put_name(&made, rule->into);
    put(&made, "{", 1);
    put_members(&made, rule, object, true);
    put(&made, "}}", 2);
    *out = (uvrest_raw){made.text, made.len};
    return UVREST_OK;
}
