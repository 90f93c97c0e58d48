/* SPDX-License-Identifier: MIT */
#include "path.h"
#include "limits.h"
#include "number.h"

/* Text is written from its end to its front, since the chain leads from the innermost outwards. */
typedef struct backwards {
    char *begin;
    char *at;
    bool full;
} backwards;

static void put(backwards *out, const char *text, size_t len)
{
    if (out->full || (size_t)(out->at - out->begin) < len) {
        out->full = true;
        return;
    }
    out->at -= len;
    memcpy(out->at, text, len);
}

/* A key of a map is foreign text: quoted in brackets unless it reads like a name, control characters as '?'. */
static void put_key(backwards *out, const char *key)
{
    size_t len = strlen(key);
    bool plain = len > 0;
    for (size_t i = 0; i < len; i++)
        plain = plain && (key[i] == '_' || (key[i] >= '0' && key[i] <= '9') ||
                          ((key[i] | 0x20) >= 'a' && (key[i] | 0x20) <= 'z'));
    if (plain) {
        put(out, key, len);
        put(out, ".", 1);
        return;
    }
    put(out, "\"]", 2);
    for (size_t i = len; i-- > 0;)
        put(out, (unsigned char)key[i] < 0x20 || key[i] == 0x7F ? "?" : key + i, 1);
    put(out, "[\"", 2);
}

static void put_index(backwards *out, size_t index)
{
    char digits[UVREST__NUMBER_TEXT_MAX];
    unsigned len = uvrest__number_print_i64(digits, (int64_t)index);
    put(out, "]", 1);
    put(out, digits, len);
    put(out, "[", 1);
}

size_t uvrest__path_print(const uvrest_schema *schema, const uvrest__frame *frame, char *to, size_t cap)
{
    char text[UVREST__JSON_PATH_MAX];
    backwards out = {text, text + sizeof text, false};
    size_t len;
    if (cap == 0)
        return 0;
    for (; frame != NULL && !out.full; frame = frame->up) {
        if (frame->field != NULL) {
            put(&out, uvrest__name_text(schema, frame->field->name), uvrest__name_len(schema, frame->field->name));
            put(&out, ".", 1);
        } else if (frame->key != NULL) {
            put_key(&out, frame->key);
        } else {
            put_index(&out, frame->index);
        }
    }
    if (out.at < text + sizeof text && *out.at == '.')
        out.at++;
    len = (size_t)(text + sizeof text - out.at);
    if (out.full || len >= cap) {
        size_t room = cap - 1;
        if (len > room || len + 3 > room) {
            size_t kept = room > 3 ? room - 3 : 0;
            out.at += len > kept ? len - kept : 0;
            while (out.at < text + sizeof text && ((unsigned char)*out.at & 0xC0) == 0x80)
                out.at++;
            len = (size_t)(text + sizeof text - out.at);
        }
        memcpy(to, "...", room < 3 ? room : 3);
        to += room < 3 ? room : 3;
        memcpy(to, out.at, len);
        to[len] = '\0';
        return len + (room < 3 ? room : 3);
    }
    memcpy(to, out.at, len);
    to[len] = '\0';
    return len;
}

size_t uvrest__path_excerpt(const uint8_t *p, const uint8_t *end, char *to, size_t cap)
{
    static const char hex[] = "0123456789abcdef";
    const char *kind = p == end ? "the end of the text" : *p == '{' ? "an object" : *p == '[' ? "an array" : NULL;
    char *at = to;
    if (kind != NULL) {
        size_t len = strlen(kind);
        len = len < cap ? len : cap - 1;
        memcpy(to, kind, len);
        to[len] = '\0';
        return len;
    }
    if (end - p > (ptrdiff_t)UVREST__JSON_EXCERPT_MAX)
        end = p + UVREST__JSON_EXCERPT_MAX;
    while (p < end && (size_t)(at - to) + 8 < cap) {
        unsigned len = *p < 0x80 ? 1 : uvrest__utf8_len(p, end);
        if (*p < 0x20 || *p == 0x7F || len == 0) {
            memcpy(at, "\\x", 2);
            at[2] = hex[*p >> 4];
            at[3] = hex[*p & 15];
            at += 4;
            p++;
        } else {
            memcpy(at, p, len);
            at += len;
            p += len;
        }
    }
    *at = '\0';
    return (size_t)(at - to);
}
