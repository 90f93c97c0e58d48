/* SPDX-License-Identifier: MIT */
#include "message.h"
#include "decode.h"
#include "limits.h"
#include "scan.h"
#include <string.h>

/* Fields of an error body that are told; what comes behind them would not fit into a message anyway. */
#define MAX_PARTS 64u

/* Walks what uvrest_json_check() found valid, so faults cannot occur. */
typedef struct walk {
    const uint8_t *at; /* at the next element, or at the closing bracket */
    const uint8_t *end;
} walk;

static walk walk_begin(uvrest_raw container)
{
    const uint8_t *p = (const uint8_t *)container.text;
    walk w = {p + 1, p + container.len};
    w.at = uvrest__skip_space(w.at, w.end);
    return w;
}

static bool walk_ended(const walk *w)
{
    return *w->at == '}' || *w->at == ']';
}

/* The value at the walk; moves it to the next one. */
static uvrest_raw walk_value(walk *w)
{
    uvrest__fault fault;
    const uint8_t *begin = w->at;
    const uint8_t *behind = uvrest__scan_value(begin, w->end, UVREST__JSON_DEPTH_MAX, &fault);
    uvrest_raw value = {(const char *)begin, (size_t)(behind - begin)};
    w->at = uvrest__skip_space(behind, w->end);
    if (*w->at == ',')
        w->at = uvrest__skip_space(w->at + 1, w->end);
    return value;
}

/* A member's name, quotes included; its value is next. */
static uvrest_raw walk_name(walk *w)
{
    uvrest__fault fault;
    const uint8_t *begin = w->at;
    const uint8_t *behind = uvrest__scan_text(begin + 1, w->end, &fault);
    uvrest_raw name = {(const char *)begin, (size_t)(behind - begin)};
    w->at = uvrest__skip_space(behind, w->end) + 1;
    w->at = uvrest__skip_space(w->at, w->end);
    return name;
}

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
    walk w = walk_begin(list);
    for (unsigned n = 0; !walk_ended(&w) && n < MAX_PARTS; n++) {
        if (n > 0)
            uvrest__text_add(out, separator);
        add_value(out, walk_value(&w), scratch);
    }
}

static void add_fields(uvrest__text *out, uvrest_raw object, uvrest_arena *scratch)
{
    walk w = walk_begin(object);
    for (unsigned n = 0; !walk_ended(&w) && n < MAX_PARTS; n++) {
        uvrest_raw value;
        if (n > 0)
            uvrest__text_add(out, "; ");
        add_value(out, walk_name(&w), scratch);
        uvrest__text_add(out, ": ");
        value = walk_value(&w);
        if (*value.text == '[')
            add_list(out, value, ", ", scratch);
        else
            add_value(out, value, scratch);
    }
}

static bool find_member(uvrest_raw object, const char *member, uvrest_arena *scratch, uvrest_raw *out)
{
    walk w = walk_begin(object);
    bool found = false;
    while (!walk_ended(&w)) {
        uvrest_raw name = walk_name(&w);
        uvrest_raw value = walk_value(&w);
        const char *text;
        if (uvrest__json_decode_text(name.text, name.len, scratch, &text, NULL) == UVREST_OK &&
            strcmp(text, member) == 0) {
            *out = value;
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
