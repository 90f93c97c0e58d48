/* SPDX-License-Identifier: MIT */
#include "scan.h"
#include "ceilings.h"
#include "text.h"

#include <uvrest/json.h>

static const char less_nesting[] = "less nesting";

static UVREST__RARE const uint8_t *fail(uvrest__fault *fault, const uint8_t *at, const char *expected)
{
    if (fault != NULL)
        *fault = (uvrest__fault){at, expected, expected == less_nesting};
    return NULL;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

UVREST__DIRECT const uint8_t *uvrest__scan_space(const uint8_t *p, const uint8_t *end)
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

/* Four hex digits at p; -1 with fault set. */
static UVREST__RARE int32_t hex4(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p + i < end ? uvrest__text_hex((char)p[i]) : -1;
        if (digit < 0) {
            fail(fault, p + i, "a hexadecimal digit");
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

UVREST__DIRECT const uint8_t *uvrest__scan_escape(const uint8_t *p, const uint8_t *end, uint32_t *out_char,
                                                  uvrest__fault *fault)
{
    static const char letters[] = {
        ['b' - 'b'] = '\b', ['f' - 'b'] = '\f', ['n' - 'b'] = '\n', ['r' - 'b'] = '\r', ['t' - 'b'] = '\t'};
    int32_t unit, low;
    if (end - p < 2)
        return fail(fault, end, "the end of an escape");
    if (p[1] != 'u') {
        uint8_t letter = (uint8_t)(p[1] - 'b');
        *out_char = p[1];
        if (letter < sizeof letters && letters[letter] != 0)
            *out_char = (uint8_t)letters[letter];
        else if (p[1] != '"' && p[1] != '\\' && p[1] != '/')
            return fail(fault, p + 1, "an escape of JSON");
        return p + 2;
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

UVREST__DIRECT unsigned uvrest__utf8_len(const uint8_t *p, const uint8_t *end)
{
    uint32_t w = 0;
    if (UVREST__LIKELY(end - p >= 4))
        w = uvrest__load32(p);
    else
        for (unsigned i = 0; p + i < end; i++)
            w |= (uint32_t)p[i] << 8 * i;
    return uvrest__utf8_word(w);
}

UVREST__DIRECT UVREST__RARE unsigned uvrest__utf8_write(char *to, uint32_t c)
{
    unsigned len, i;
    if (c > UVREST__LONE_SURROGATE)
        c -= UVREST__LONE_SURROGATE;
    if (c < 0x80) {
        *to = (char)c;
        return 1;
    }
    len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (i = len - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3F));
    *to = (char)(0xFF00u >> len | c); /* as many ones as bytes */
    return len;
}

UVREST__DIRECT UVREST__RARE char *uvrest__scan_unquote(const uint8_t **p, const uint8_t *end, char *to, uint32_t lone)
{
    const uint8_t *at = *p + 1;
    while (*at != '"') {
        uint32_t c = *at;
        if (c != '\\') {
            *to++ = (char)*at++;
            continue;
        }
        at = uvrest__scan_escape(at, end, &c, NULL);
        to += uvrest__utf8_write(to, c >= UVREST__LONE_SURROGATE && c > lone ? lone : c);
    }
    *p = at + 1;
    return to;
}

static UVREST__COLD const uint8_t *skip_escape(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    UVREST__UNINITIALIZED uint32_t c;
    return uvrest__scan_escape(p, end, &c, fault);
}

UVREST__DIRECT const uint8_t *uvrest__scan_text(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    for (;;) {
        p = uvrest__scan_plain(p, end);
        if (UVREST__UNLIKELY(p == end))
            return fail(fault, p, "a closing quote");
        if (UVREST__LIKELY(*p == '"'))
            return p + 1;
        if (*p >= 0x80) {
            do {
                unsigned len = uvrest__utf8_len(p, end);
                if (UVREST__UNLIKELY(len == 0))
                    return fail(fault, p, "UTF-8");
                p += len;
            } while (p < end && *p >= 0x80);
        } else if (*p == '\\') {
            p = skip_escape(p, end, fault);
            if (p == NULL)
                return NULL;
        } else if (UVREST__UNLIKELY(*p < 0x20)) {
            return fail(fault, p, "an escape instead of a control character");
        } else {
            p++;
        }
    }
}

/* Up to three runs of digits: before the point, behind it, behind the e. */
UVREST__DIRECT const uint8_t *uvrest__scan_number(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    char part = 'i';
    if (p < end && *p == '-')
        p++;
    for (;;) {
        const uint8_t *digits = p;
        while (p < end && (uint8_t)(*p - '0') <= 9)
            p++;
        if (UVREST__UNLIKELY(p == digits))
            return fail(fault, p, "a digit");
        if (UVREST__UNLIKELY(part == 'i' && *digits == '0' && p - digits > 1))
            return fail(fault, digits + 1, "no digit behind a leading zero");
        if (p < end && *p == '.' && part == 'i') {
            part = '.';
            p++;
        } else if (p < end && (*p | 0x20) == 'e' && part != 'e') {
            part = 'e';
            p++;
            if (p < end && (*p == '+' || *p == '-'))
                p++;
        } else {
            return p;
        }
    }
}

UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__scan_begin(const uint8_t *p, const uint8_t *end)
{
    if (end - p >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    return uvrest__scan_space(p, end);
}

/* A value that holds no others. */
UVREST__HOT const uint8_t *scan_scalar(const uint8_t *p, const uint8_t *end, uvrest__fault *fault)
{
    if ((uint8_t)(*p - '0') <= 9 || *p == '-')
        return uvrest__scan_number(p, end, fault);
    if (UVREST__LIKELY(end - p >= 4)) {
        if (memcmp(p, "null", 4) == 0 || memcmp(p, "true", 4) == 0)
            return p + 4;
        if (memcmp(p, "fals", 4) == 0 && end - p > 4 && p[4] == 'e')
            return p + 5;
    }
    while (p < end && (uint8_t)(*p - 'a') <= 'z' - 'a') /* a word cut short is refused where it ends */
        p++;
    return fail(fault, p, "a value");
}

/* Iterative, so that depth costs a byte and not a stack frame. */
UVREST__DIRECT const uint8_t *uvrest__scan_value(const uint8_t *p, const uint8_t *end, unsigned depth,
                                                 uvrest__fault *fault)
{
    UVREST__UNINITIALIZED uint8_t outer[UVREST__JSON_DEPTH_MAX]; /* what closes the containers around the innermost */
    unsigned level = 0;
    uint8_t closing = 0; /* what closes the innermost one */
    bool name = false; /* what is due at p is a member's name */
    for (;;) {
        if (UVREST__UNLIKELY(p >= end || *p <= ' ') && (p = uvrest__scan_space(p, end)) == end)
            return fail(fault, p, name ? "a member name" : "a value");
        if (*p == '"') {
            p = uvrest__scan_plain(p + 1, end);
            p = UVREST__LIKELY(p != end && *p == '"') ? p + 1 : uvrest__scan_text(p, end, fault);
            if (UVREST__UNLIKELY(p == NULL))
                return NULL;
            if (name) {
                if (UVREST__UNLIKELY(p >= end || *p != ':') && ((p = uvrest__scan_space(p, end)) == end || *p != ':'))
                    return fail(fault, p, "a colon");
                name = false;
                p++;
                continue;
            }
        } else if (UVREST__UNLIKELY(name)) {
            return fail(fault, p, "a member name");
        } else if (*p == '{' || *p == '[') {
            if (UVREST__UNLIKELY(level >= depth))
                return fail(fault, p, less_nesting);
            outer[level++] = closing;
            closing = (uint8_t)(*p + 2); /* so it is with both kinds of bracket */
            p = uvrest__skip_space(p + 1, end);
            if (p == end || *p != closing) {
                name = closing == '}';
                continue;
            }
        } else {
            p = scan_scalar(p, end, fault);
            if (UVREST__UNLIKELY(p == NULL))
                return NULL;
        }
        /* A value has just ended, or a container begun that has none: with it maybe the containers around it. */
        while (level > 0) {
            if ((UVREST__UNLIKELY(p >= end || *p <= ' ') && (p = uvrest__scan_space(p, end)) == end) ||
                (*p != ',' && *p != closing))
                return fail(fault, p, closing == '}' ? "a comma or a closing brace" : "a comma or a closing bracket");
            if (*p++ == ',')
                break;
            closing = outer[--level];
        }
        if (level == 0)
            return p;
        name = closing == '}';
    }
}

UVREST__DIRECT UVREST__RARE bool uvrest__scan_whole(const uint8_t *p, const uint8_t *end, unsigned depth,
                                                    uvrest__fault *fault)
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

UVREST__RARE uvrest_status uvrest_json_check(const char *text, size_t len, uint32_t max_depth, size_t *out_offset)
{
    const uint8_t *begin = (const uint8_t *)(text == NULL ? "" : text);
    UVREST__UNINITIALIZED uvrest__fault fault;
    if (max_depth == 0 || max_depth > UVREST__JSON_DEPTH_MAX)
        max_depth = UVREST__JSON_DEPTH_MAX;
    if (uvrest__scan_whole(begin, begin + (text == NULL ? 0 : len), max_depth, &fault))
        return UVREST_OK;
    if (out_offset != NULL)
        *out_offset = (size_t)(fault.at - begin);
    return fault.too_deep ? UVREST_E_LIMIT : UVREST_E_DECODE;
}
