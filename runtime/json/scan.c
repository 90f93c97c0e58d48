/* SPDX-License-Identifier: MIT */
#include "scan.h"
#include "limits.h"

#include <uvrest/json.h>

static UVREST__RARE const uint8_t *fail(uvrest__fault *fault, const uint8_t *at, const char *expected)
{
    fault->at = at;
    fault->expected = expected;
    fault->too_deep = false;
    return NULL;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

const uint8_t *uvrest__scan_space(const uint8_t *p, const uint8_t *end)
{
    if (p < end && (*p == '\r' || *p == '\n'))
        p++;
#if UVREST__SCAN_SSE2
    /* Indentation: a run of blanks behind a line's end. */
    while (end - p >= 16) {
        uint32_t other = ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(uvrest__block_load(p), _mm_set1_epi8(' ')));
        p += __builtin_ctz(other);
        if ((other & 0xFFFFu) != 0)
            break;
    }
#else
    while (end - p >= 8) {
        uint64_t other = uvrest__block_load(p) ^ UINT64_C(0x2020202020202020);
        p += other == 0 ? 8 : uvrest__mask_first(other);
        if (other != 0)
            break;
    }
#endif
    while (p < end && is_space(*p))
        p++;
    return p;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at p; -1 with fault set. */
static int32_t hex4(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p + i < end ? hex_digit(p[i]) : -1;
        if (digit < 0) {
            fail(fault, p + i, "a hexadecimal digit");
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

const uint8_t *uvrest__scan_escape(const uint8_t *p, const uint8_t *end, uint32_t *out_char, uvrest__fault *fault)
{
    int32_t unit, low;
    if (end - p < 2)
        return fail(fault, end, "the end of an escape");
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
        *out_char = p[1];
        return p + 2;
    case 'b':
        *out_char = '\b';
        return p + 2;
    case 'f':
        *out_char = '\f';
        return p + 2;
    case 'n':
        *out_char = '\n';
        return p + 2;
    case 'r':
        *out_char = '\r';
        return p + 2;
    case 't':
        *out_char = '\t';
        return p + 2;
    case 'u':
        break;
    default:
        return fail(fault, p + 1, "an escape of JSON");
    }
    unit = hex4(p + 2, end, fault);
    if (unit < 0)
        return NULL;
    p += 6;
    *out_char = (uint32_t)unit;
    if (UVREST__LIKELY(unit < 0xD800 || unit > 0xDFFF))
        return p;
    *out_char += UVREST__LONE_SURROGATE;
    if (unit > 0xDBFF || end - p < 2 || p[0] != '\\' || p[1] != 'u')
        return p;
    low = hex4(p + 2, end, fault);
    if (low < 0)
        return NULL;
    if (low < 0xDC00 || low > 0xDFFF)
        return p; /* not its twin: read again by itself */
    *out_char = 0x10000u + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return p + 6;
}

UVREST__RARE unsigned uvrest__utf8_len(const uint8_t *p, const uint8_t *end)
{
    uint32_t w = 0;
    for (unsigned i = 0; i < 4 && p + i < end; i++)
        w |= (uint32_t)p[i] << 8 * i;
    return uvrest__utf8_word(w);
}

unsigned uvrest__utf8_write(char *to, uint32_t c)
{
    if (c > UVREST__LONE_SURROGATE)
        c -= UVREST__LONE_SURROGATE;
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

const uint8_t *uvrest__scan_long_text(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    for (;;) {
        uint32_t c;
        while (UVREST__LIKELY(end - p >= UVREST__BLOCK)) {
            uvrest__mask special = uvrest__block_special(uvrest__block_load(p));
            if (special != 0) {
                p += uvrest__mask_first(special);
                break;
            }
            p += UVREST__BLOCK;
        }
        if (UVREST__UNLIKELY(p == end))
            return fail(fault, p, "a closing quote");
        if (*p == '"')
            return p + 1;
        if (*p >= 0x80) {
            do {
                unsigned len = uvrest__utf8_next(p, end);
                if (UVREST__UNLIKELY(len == 0))
                    return fail(fault, p, "UTF-8");
                p += len;
            } while (p < end && *p >= 0x80);
        } else if (*p == '\\') {
            p = uvrest__scan_escape(p, end, &c, fault);
            if (p == NULL)
                return NULL;
        } else if (*p < 0x20) {
            return fail(fault, p, "an escape instead of a control character");
        } else {
            while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
                p++;
        }
    }
}

UVREST__RARE bool uvrest__scan_is_utf8(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + len;
    while (p < end) {
        if (*p < 0x80) {
            if (*p++ == 0)
                return false;
        } else {
            unsigned n = uvrest__utf8_len(p, end);
            if (n == 0)
                return false;
            p += n;
        }
    }
    return true;
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (uint8_t)(*p - '0') <= 9)
        p++;
    return p;
}

const uint8_t *uvrest__scan_number(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    const uint8_t *digits;
    if (p < end && *p == '-')
        p++;
    digits = p;
    p = skip_digits(p, end);
    if (p == digits)
        return fail(fault, p, "a digit");
    if (*digits == '0' && p - digits > 1)
        return fail(fault, digits + 1, "no digit behind a leading zero");
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits)
            return fail(fault, p, "a digit");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        p = skip_digits(p, end);
        if (p == digits)
            return fail(fault, p, "a digit");
    }
    return p;
}

const uint8_t *uvrest__scan_literal(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : *p == 'n' ? "null" : NULL;
    if (word == NULL)
        return fail(fault, p, "a value");
    for (; *word != '\0'; word++, p++) {
        if (p == end || *p != (uint8_t)*word)
            return fail(fault, p, "true, false or null");
    }
    return p;
}

/*
 * Iterative, so that depth costs a bit of `opened` and not a stack frame. The labels are the states: a value is due; a
 * member's name is due; a value has just ended.
 */
const uint8_t *uvrest__scan_value(const uint8_t *p, const uint8_t *end, unsigned depth, uvrest__fault *fault)
{
    uint64_t opened[UVREST__JSON_DEPTH_MAX / 64] = {0}; /* bit i: what is open at level i is an object */
    unsigned level = 0;
    bool in_object = false; /* the innermost open one, as its bit says */

value:
    if (UVREST__UNLIKELY(p == end))
        return fail(fault, p, "a value");
    switch (*p) {
    case '"':
        p = uvrest__scan_text(p + 1, end, fault);
        break;
    case '{':
    case '[':
        if (level >= depth) {
            fail(fault, p, "less nesting");
            fault->too_deep = true;
            return NULL;
        }
        in_object = *p == '{';
        opened[level / 64] &= ~(UINT64_C(1) << level % 64);
        opened[level / 64] |= (uint64_t)in_object << level % 64;
        level++;
        p = uvrest__skip_space(p + 1, end);
        if (p < end && *p == (in_object ? '}' : ']'))
            goto close;
        if (in_object)
            goto name;
        goto value;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        p = uvrest__scan_number(p, end, fault);
        break;
    default:
        p = uvrest__scan_literal(p, end, fault);
        break;
    }
    if (UVREST__UNLIKELY(p == NULL))
        return NULL;

ended:
    if (level == 0)
        return p;
    p = uvrest__skip_space(p, end);
    if (p < end && *p == ',') {
        p = uvrest__skip_space(p + 1, end);
        if (in_object)
            goto name;
        goto value;
    }
    if (p == end || *p != (in_object ? '}' : ']'))
        return fail(fault, p, in_object ? "a comma or a closing brace" : "a comma or a closing bracket");
close:
    level--;
    in_object = level > 0 && (opened[(level - 1) / 64] >> (level - 1) % 64 & 1) != 0;
    p++;
    goto ended;

name:
    if (p == end || *p != '"')
        return fail(fault, p, "a member name");
    p = uvrest__scan_text(p + 1, end, fault);
    if (p == NULL)
        return NULL;
    p = uvrest__skip_space(p, end);
    if (p == end || *p != ':')
        return fail(fault, p, "a colon");
    p = uvrest__skip_space(p + 1, end);
    goto value;
}

bool uvrest__scan_whole(const uint8_t *p, const uint8_t *end, unsigned depth, uvrest__fault *fault)
{
    p = uvrest__scan_value(uvrest__skip_space(p, end), end, depth, fault);
    if (p == NULL)
        return false;
    p = uvrest__skip_space(p, end);
    if (p != end) {
        fail(fault, p, "the end of the text");
        return false;
    }
    return true;
}

uvrest_status uvrest_json_check(const char *text, size_t len, uint32_t max_depth, size_t *out_offset)
{
    const uint8_t *begin = (const uint8_t *)(text == NULL ? "" : text);
    uvrest__fault fault;
    if (max_depth == 0 || max_depth > UVREST__JSON_DEPTH_MAX)
        max_depth = UVREST__JSON_DEPTH_MAX;
    if (uvrest__scan_whole(begin, begin + (text == NULL ? 0 : len), max_depth, &fault))
        return UVREST_OK;
    if (out_offset != NULL)
        *out_offset = (size_t)(fault.at - begin);
    return fault.too_deep ? UVREST_E_LIMIT : UVREST_E_DECODE;
}
