/* SPDX-License-Identifier: MIT */
#include "message.h"
#include "ceilings.h"
#include "decode.h"
#include "scan.h"
#include "walk.h"
#include <string.h>

/* Fields of an error body that are told; what comes behind them would not fit into a message anyway. */
#define MAX_PARTS 64u

static void add_value(uvrest__text *out, uvrest_raw value, uvrest_arena *scratch)
{
    const char *text;
    size_t len;
    if (*value.text == '"' && uvrest__json_decode_text(value.text, value.len, scratch, &text, NULL) == UVREST_OK) {
        len = strlen(text);
        uvrest__text_add_foreign(out, text, len < UVREST__MESSAGE_EXCERPT * 4 ? len : UVREST__MESSAGE_EXCERPT * 4);
        return;
    }
    uvrest__message_add_excerpt(out, value);
}

static void add_list(uvrest__text *out, uvrest_raw list, const char *separator, uvrest_arena *scratch)
{
    uvrest__walk w = uvrest__walk_of(list.text, list.len);
    for (unsigned n = 0; n < MAX_PARTS && uvrest__walk_next(&w); n++) {
        if (n > 0)
            uvrest__text_add(out, separator);
        add_value(out, w.value, scratch);
    }
}

static void add_fields(uvrest__text *out, uvrest_raw object, uvrest_arena *scratch)
{
    uvrest__walk w = uvrest__walk_of(object.text, object.len);
    for (unsigned n = 0; n < MAX_PARTS && uvrest__walk_next(&w); n++) {
        if (n > 0)
            uvrest__text_add(out, "; ");
        add_value(out, w.name, scratch);
        uvrest__text_add(out, ": ");
        if (*w.value.text == '[')
            add_list(out, w.value, ", ", scratch);
        else
            add_value(out, w.value, scratch);
    }
}

static bool find_member(uvrest_raw object, const char *member, uvrest_arena *scratch, uvrest_raw *out)
{
    bool found = false;
    for (uvrest__walk w = uvrest__walk_of(object.text, object.len); uvrest__walk_next(&w);) {
        const char *text;
        if (uvrest__json_decode_text(w.name.text, w.name.len, scratch, &text, NULL) == UVREST_OK &&
            strcmp(text, member) == 0) {
            *out = w.value;
            found = true;
        }
    }
    return found;
}

static bool says_nothing(uvrest_raw value)
{
    static const char *const empty[] = {"null", "\"\"", "[]", "{}"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        if (value.len == strlen(empty[i]) && memcmp(value.text, empty[i], value.len) == 0)
            return true;
    return false;
}

bool uvrest__message_add_errors(uvrest__text *out, uvrest_raw body, const char *member, uvrest_arena *scratch)
{
    uvrest_raw errors;
    const uint8_t *p = (const uint8_t *)body.text;
    if (body.text == NULL || member == NULL || uvrest_json_check(body.text, body.len, 0, NULL) != UVREST_OK)
        return false;
    p = uvrest__skip_space(p, p + body.len);
    body.len -= (size_t)((const char *)p - body.text);
    body.text = (const char *)p;
    if (*p != '{' || !find_member(body, member, scratch, &errors))
        return false;
    if (says_nothing(errors))
        return false;
    if (*errors.text == '{')
        add_fields(out, errors, scratch);
    else if (*errors.text == '[')
        add_list(out, errors, "; ", scratch);
    else
        add_value(out, errors, scratch);
    return true;
}

void uvrest__message_add_excerpt(uvrest__text *out, uvrest_raw body)
{
    if (body.len <= UVREST__MESSAGE_EXCERPT) {
        uvrest__text_add_foreign(out, body.text, body.len);
        return;
    }
    uvrest__text_add_foreign(out, body.text, UVREST__MESSAGE_EXCERPT);
    uvrest__text_add(out, "...");
}
