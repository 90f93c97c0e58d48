/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

bool uvrest__text_starts(const char *text, size_t len, const char *prefix)
{
    for (size_t i = 0; prefix[i] != '\0'; i++)
        if (i == len || uvrest__text_lower(text[i]) != uvrest__text_lower(prefix[i]))
            return false;
    return true;
}

void uvrest__text_write_hex(char *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

bool uvrest__text_same(const char *text, size_t len, const char *other)
{
    return strlen(other) == len && uvrest__text_starts(text, len, other);
}

const char *uvrest__text_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return text + i;
    return NULL;
}

/* Length of the UTF-8 character at text, 0 if there is none. The second byte's range rules out overlong forms,
 * surrogates and what lies beyond U+10FFFF. */
static size_t character(const unsigned char *text, size_t len)
{
    unsigned char lead = text[0], low = 0x80, high = 0xbf;
    size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf4)
        high = 0x8f;
    if (n > 1 && (text[1] < low || text[1] > high))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool uvrest__text_is_utf8(const char *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = character((const unsigned char *)text + i, len - i);
        if (n == 0)
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void uvrest__text_trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank((*text)[*len - 1]))
        *len -= 1;
    while (*len > 0 && is_blank(**text)) {
        *text += 1;
        *len -= 1;
    }
}

bool uvrest__text_number(const char *text, size_t len, int64_t *out)
{
    int64_t number = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!uvrest__text_is_digit(text[i]))
            return false;
        int digit = text[i] - '0';
        number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : number * 10 + digit;
    }
    *out = number;
    return true;
}

void uvrest__text_init(uvrest__text *message, char *out, size_t cap)
{
    assert(cap >= 4);
    *message = (uvrest__text){.out = out, .cap = cap};
    out[0] = '\0';
}

/* Makes room for the ellipsis at a character's border. */
static void cut(uvrest__text *message)
{
    size_t at = message->len;
    while (at > message->cap - 4 || (at > 0 && ((unsigned char)message->out[at] & 0xc0) == 0x80))
        at--;
    memcpy(message->out + at, "...", 4);
    message->len = at + 3;
    message->cut = true;
}

/* Adds a piece that is not to be torn apart. */
static void add_piece(uvrest__text *message, const char *piece, size_t len)
{
    if (message->cut)
        return;
    if (len >= message->cap - message->len) {
        cut(message);
        return;
    }
    memcpy(message->out + message->len, piece, len);
    message->len += len;
    message->out[message->len] = '\0';
}

void uvrest__text_add(uvrest__text *message, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0, n; i < len && !message->cut; i += n) {
        n = character((const unsigned char *)text + i, len - i);
        add_piece(message, text + i, n = n == 0 ? 1 : n);
    }
}

void uvrest__text_add_foreign(uvrest__text *message, const char *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0, n; i < len && !message->cut; i += n) {
        unsigned char c = (unsigned char)text[i];
        n = character((const unsigned char *)text + i, len - i);
        if (n == 0 || c < 0x20 || c == 0x7f) {
            char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
            add_piece(message, escape, sizeof escape);
            n = 1;
        } else if (c == '\\') {
            add_piece(message, "\\\\", 2);
        } else {
            add_piece(message, text + i, n);
        }
    }
}

void uvrest__text_add_number(uvrest__text *message, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        digits[--at] = '-';
    add_piece(message, digits + at, sizeof digits - at);
}

uvrest_status uvrest__reason_tell(uvrest_reason *reason, uvrest_reason *said, uvrest_status status)
{
    if (status == UVREST_OK)
        return status;
    if (said->text[0] == '\0')
        uvrest__reason_set(said, uvrest_status_text(status), (char *)NULL);
    if (reason != NULL)
        memcpy(reason->text, said->text, strlen(said->text) + 1);
    return status;
}

void uvrest__reason_set(uvrest_reason *reason, const char *first, ...)
{
    uvrest__text message;
    va_list parts;
    if (reason == NULL)
        return;
    uvrest__text_init(&message, reason->text, sizeof reason->text);
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *))
        uvrest__text_add_foreign(&message, part, strlen(part));
    va_end(parts);
}
