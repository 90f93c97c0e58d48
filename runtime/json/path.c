/* SPDX-License-Identifier: MIT */
#include "path.h"
#include "number.h"

/* Text is written from its end to its front, since the chain leads from the innermost outwards. */
typedef struct backwards {
    char *begin;
    char *at;
    bool full;
} backwards;

/* Of what does not fit the end stays. */
static void put(backwards *out, const char *text, size_t len)
{
    size_t room = (size_t)(out->at - out->begin);
    if (len > room) {
        text += len - room;
        len = room;
        out->full = true;
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
    const char *end = uvrest__number_print_i64(digits, (int64_t)index);
    put(out, "]", 1);
    put(out, digits, (size_t)(end - digits));
    put(out, "[", 1);
}

size_t uvrest__path_print(const uvrest_schema *schema, const uvrest__frame *frame, char *to, size_t cap)
{
    char *const end = to + cap - 1;
    backwards out = {to, end, false};
    *end = '\0';
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
    if (out.full) {
        out.at += 3;
        while (((unsigned char)*out.at & 0xC0) == 0x80)
            out.at++;
        memcpy(out.at -= 3, "...", 3);
    } else if (*out.at == '.') {
        out.at++;
    }
    memmove(to, out.at, (size_t)(end - out.at) + 1);
    return (size_t)(end - out.at);
}

size_t uvrest__path_excerpt(const uint8_t *p, const uint8_t *end, char *to)
{
    static const char hex[] = "0123456789abcdef";
    const char *kind = p == end ? "the end of the text" : *p == '{' ? "an object" : *p == '[' ? "an array" : NULL;
    const uint8_t *const stop = end - p > (ptrdiff_t)UVREST__JSON_EXCERPT_MAX ? p + UVREST__JSON_EXCERPT_MAX : end;
    char *at = to;
    if (kind != NULL) {
        size_t len = strlen(kind);
        memcpy(to, kind, len + 1);
        return len;
    }
    while (p < stop) {
        unsigned len = *p < 0x80 ? 1 : uvrest__utf8_len(p, end);
        if (*p < 0x20 || *p == 0x7F || len == 0) {
            *at++ = '\\';
            *at++ = 'x';
            *at++ = hex[*p >> 4];
            *at++ = hex[*p++ & 15];
        } else {
            memcpy(at, p, len);
            at += len;
            p += len;
        }
    }
    *at = '\0';
    return (size_t)(at - to);
}
