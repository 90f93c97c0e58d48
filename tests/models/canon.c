/* SPDX-License-Identifier: MIT */
#include "canon.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 1000 };

typedef struct text {
    char *data;
    size_t len, cap;
} text;

typedef struct input {
    const unsigned char *at, *end;
    unsigned depth;
} input;

typedef struct member {
    char *name;
    char *value;
    size_t order;
} member;

static bool read_value(input *in, text *out);

/* ---- text that grows --------------------------------------------------------------------------------------------- */

static void put(text *out, const char *bytes, size_t len)
{
    if (out->len + len + 1 > out->cap) {
        out->cap = 2 * (out->len + len + 1);
        out->data = realloc(out->data, out->cap);
        if (out->data == NULL)
            abort();
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
    out->data[out->len] = '\0';
}

static void put_code_point(text *out, uint32_t c)
{
    char b[8];
    if (c < 0x20 || c == '"' || c == '\\') {
        put(out, b, (size_t)snprintf(b, sizeof b, "\\u%04x", (unsigned)c));
    } else if (c >= 0xD800 && c <= 0xDFFF) { /* a lone surrogate has no UTF-8 */
        put(out, b, (size_t)snprintf(b, sizeof b, "\\u%04x", (unsigned)c));
    } else if (c < 0x80) {
        b[0] = (char)c;
        put(out, b, 1);
    } else if (c < 0x800) {
        b[0] = (char)(0xC0 | c >> 6);
        b[1] = (char)(0x80 | (c & 0x3F));
        put(out, b, 2);
    } else if (c < 0x10000) {
        b[0] = (char)(0xE0 | c >> 12);
        b[1] = (char)(0x80 | (c >> 6 & 0x3F));
        b[2] = (char)(0x80 | (c & 0x3F));
        put(out, b, 3);
    } else {
        b[0] = (char)(0xF0 | c >> 18);
        b[1] = (char)(0x80 | (c >> 12 & 0x3F));
        b[2] = (char)(0x80 | (c >> 6 & 0x3F));
        b[3] = (char)(0x80 | (c & 0x3F));
        put(out, b, 4);
    }
}

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

static void skip_space(input *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
        in->at++;
}

static bool take(input *in, char c)
{
    skip_space(in);
    if (in->at == in->end || *in->at != (unsigned char)c)
        return false;
    in->at++;
    return true;
}

static bool read_word(input *in, text *out, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
        return false;
    in->at += len;
    put(out, word, len);
    return true;
}

static bool read_hex(input *in, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, in->at++) {
        unsigned char c = in->at < in->end ? *in->at : 0;
        unsigned char folded = c | 0x20;
        if (c >= '0' && c <= '9')
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (folded >= 'a' && folded <= 'f')
            *out = *out << 4 | (uint32_t)(folded - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* An escape from behind its backslash. */
static bool read_escape(input *in, text *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t c, low;
    if (in->at == in->end)
        return false;
    found = *in->at == 0 ? NULL : strchr(from, *in->at);
    if (found != NULL) {
        in->at++;
        put_code_point(out, (uint32_t)to[found - from]);
        return true;
    }
    if (*in->at++ != 'u' || !read_hex(in, &c))
        return false;
    if (c >= 0xD800 && c <= 0xDBFF && in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u') {
        input ahead = *in;
        ahead.at += 2;
        if (read_hex(&ahead, &low) && low >= 0xDC00 && low <= 0xDFFF) {
            *in = ahead;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    put_code_point(out, c);
    return true;
}

static bool read_string(input *in, text *out)
{
    if (!take(in, '"'))
        return false;
    put(out, "\"", 1);
    while (in->at < in->end && *in->at != '"') {
        unsigned char c = *in->at++;
        if (c < 0x20)
            return false;
        if (c == '\\') {
            if (!read_escape(in, out))
                return false;
        } else {
            put(out, (const char *)&c, 1); /* UTF-8 is the codec's to check */
        }
    }
    put(out, "\"", 1);
    return take(in, '"');
}

static bool read_digits(input *in, text *digits)
{
    const unsigned char *begin = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    put(digits, (const char *)begin, (size_t)(in->at - begin));
    return in->at > begin;
}

/* Sign, digits without zeros at either end, and the power of ten behind them: exact for any number. */
static bool read_number(input *in, text *out)
{
    text digits = {0}, power = {0};
    char exponent[32];
    long long tens = 0;
    size_t first = 0, last;
    const bool negative = in->at < in->end && *in->at == '-';
    bool ok;
    in->at += negative;
    ok = in->end - in->at >= 1 && (*in->at != '0' || in->end - in->at == 1 || in->at[1] < '0' || in->at[1] > '9') &&
         read_digits(in, &digits);
    if (ok && in->at < in->end && *in->at == '.') {
        size_t before = digits.len;
        in->at++;
        ok = read_digits(in, &digits);
        tens = -(long long)(digits.len - before);
    }
    if (ok && in->at < in->end && (*in->at | 0x20) == 'e') {
        in->at++;
        if (in->at < in->end && (*in->at == '+' || *in->at == '-'))
            put(&power, (const char *)in->at++, 1);
        ok = read_digits(in, &power);
        tens += ok ? strtoll(power.data, NULL, 10) : 0;
    }
    if (ok) {
        last = digits.len;
        while (first < last && digits.data[first] == '0')
            first++;
        while (last > first && digits.data[last - 1] == '0') {
            last--;
            tens++;
        }
        put(out, negative ? "-" : "", negative);
        put(out, digits.data + first, last - first);
        if (first == last)
            tens = 0;
        put(out, exponent, (size_t)snprintf(exponent, sizeof exponent, "e%lld", tens));
    }
    free(digits.data);
    free(power.data);
    return ok;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bool read_array(input *in, text *out)
{
    put(out, "[", 1);
    in->at++;
    if (!take(in, ']')) {
        do {
            if (!read_value(in, out))
                return false;
            put(out, ",", 1);
        } while (take(in, ','));
        if (!take(in, ']'))
            return false;
    }
    put(out, "]", 1);
    return true;
}

static int by_name(const void *one, const void *other)
{
    const member *a = one, *b = other;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static bool read_member(input *in, member **members, size_t *n)
{
    text name = {0}, value = {0};
    bool ok = (skip_space(in), read_string(in, &name)) && take(in, ':') && read_value(in, &value);
    if (ok) {
        *members = realloc(*members, (*n + 1) * sizeof **members);
        if (*members == NULL)
            abort();
        (*members)[*n] = (member){name.data, value.data, *n};
        ++*n;
    } else {
        free(name.data);
        free(value.data);
    }
    return ok;
}

static bool read_object(input *in, text *out)
{
    member *members = NULL;
    size_t n = 0;
    bool ok = true;
    in->at++;
    if (!take(in, '}')) {
        do
            ok = read_member(in, &members, &n);
        while (ok && take(in, ','));
        ok = ok && take(in, '}');
    }
    if (n > 1)
        qsort(members, n, sizeof *members, by_name);
    put(out, "{", 1);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 == n || strcmp(members[i].name, members[i + 1].name) != 0) {
            put(out, members[i].name, strlen(members[i].name));
            put(out, ":", 1);
            put(out, members[i].value, strlen(members[i].value));
            put(out, ",", 1);
        }
        free(members[i].name);
        free(members[i].value);
    }
    put(out, "}", 1);
    free(members);
    return ok;
}

static bool read_value(input *in, text *out)
{
    bool ok;
    skip_space(in);
    if (in->at == in->end || in->depth == DEPTH_MAX)
        return false;
    in->depth++;
    switch (*in->at) {
    case '{':
        ok = read_object(in, out);
        break;
    case '[':
        ok = read_array(in, out);
        break;
    case '"':
        ok = read_string(in, out);
        break;
    case 't':
        ok = read_word(in, out, "true");
        break;
    case 'f':
        ok = read_word(in, out, "false");
        break;
    case 'n':
        ok = read_word(in, out, "null");
        break;
    default:
        ok = read_number(in, out);
    }
    in->depth--;
    return ok;
}

char *canon(const char *bytes, size_t len)
{
    input in = {(const unsigned char *)bytes, (const unsigned char *)bytes + len, 0};
    text out = {0};
    bool ok = read_value(&in, &out);
    skip_space(&in);
    if (ok && in.at == in.end)
        return out.data;
    free(out.data);
    return NULL;
}

bool canon_equal(const char *one, size_t one_len, const char *other, size_t other_len)
{
    char *a = canon(one, one_len), *b = canon(other, other_len);
    bool equal = a != NULL && b != NULL && strcmp(a, b) == 0;
    free(a);
    free(b);
    return equal;
}

bool canon_is_text(const char *json, size_t len, const char *wanted)
{
    char *got = canon(json, len);
    text quoted = {0};
    bool equal;
    put(&quoted, "\"", 1);
    for (; *wanted != '\0'; wanted++) {
        if ((unsigned char)*wanted < 0x20 || *wanted == '"' || *wanted == '\\')
            put_code_point(&quoted, (unsigned char)*wanted);
        else
            put(&quoted, wanted, 1);
    }
    put(&quoted, "\"", 1);
    equal = got != NULL && strcmp(got, quoted.data) == 0;
    free(got);
    free(quoted.data);
    return equal;
}
