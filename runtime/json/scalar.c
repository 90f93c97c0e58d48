/* SPDX-License-Identifier: MIT */
#include "scalar.h"
#include "number.h"

#include <float.h>

/*
 * Moves a text that does not fit the current block, of which `len` bytes at `from` are read, to a block where all of it
 * fits: its escaped length is the most it can have.
 */
static UVREST__RARE char *move_text(uvrest__reader *r, const uint8_t *p, const char *from, size_t len)
{
    uvrest__fault fault;
    const uint8_t *behind = uvrest__scan_text(p, r->end, &fault);
    if (behind == NULL) {
        uvrest__reader_broken(r, p);
        return NULL;
    }
    if (!uvrest__reader_grow(r, p, len + (size_t)(behind - p) + 2 * UVREST__BLOCK))
        return NULL;
    memcpy(r->arena->at, from, len);
    return r->arena->at + len;
}

/* A text from behind its opening quote, into the arena. A block is copied before it is known to be plain. */
const uint8_t *uvrest__scalar_text(uvrest__reader *r, const uint8_t *p, uvrest__text *out)
{
    enum { SPARE = UVREST__BLOCK + 1 }; /* a block, and the NUL */
    const uint8_t *const end = r->end;
    char *begin = r->arena->at, *to = begin, *room = r->arena->end;
    uvrest__fault fault;
    out->unfit = false;
    for (;;) {
        uint32_t c;
        while (UVREST__LIKELY(end - p >= UVREST__BLOCK && room - to >= SPARE)) {
            uvrest__block16 block = uvrest__block_load(p);
            uvrest__mask special = uvrest__block_special(block);
            uvrest__block_store(to, block);
            if (special != 0) {
                unsigned n = uvrest__mask_first(special);
                p += n;
                to += n;
                break;
            }
            p += UVREST__BLOCK;
            to += UVREST__BLOCK;
        }
        if (UVREST__LIKELY(p < end && *p == '"' && to < room))
            break;
        if (room - to < SPARE) {
            to = move_text(r, p, begin, (size_t)(to - begin));
            if (to == NULL)
                return NULL;
            begin = r->arena->at;
            room = r->arena->end;
        }
        if (p == end || *p < 0x20)
            return uvrest__reader_broken(r, p);
        if (*p >= 0x80) {
            while (room - to >= SPARE && p < end && *p >= 0x80) {
                unsigned len = uvrest__utf8_next(p, end);
                if (UVREST__UNLIKELY(len == 0))
                    return uvrest__reader_broken(r, p);
                if (UVREST__LIKELY(end - p >= 4))
                    memcpy(to, p, 4);
                else
                    memcpy(to, p, len);
                p += len;
                to += len;
            }
        } else if (*p == '\\') {
            p = uvrest__scan_escape(p, end, &c, &fault);
            if (p == NULL)
                return uvrest__reader_broken(r, end);
            out->unfit = out->unfit || c == 0 || c >= UVREST__LONE_SURROGATE;
            to += uvrest__utf8_write(to, c);
        } else if (*p != '"') {
            *to++ = (char)*p++;
        }
    }
    *to = '\0';
    out->chars = begin;
    out->len = (size_t)(to - begin);
    r->arena->at = to + 1;
    return p + 1;
}

/* ---- scalars -------------------------------------------------------------------------------------------------------- */

const uint8_t *uvrest__scalar_bool(const uvrest__reader *r, const uint8_t *p, uvrest_opt_bool *to)
{
    bool value = *p == 't';
    const uint8_t *behind = p + 5 - value;
    if (UVREST__UNLIKELY(r->end - p < 5 || memcmp(p, value ? "true" : "fals", 4) != 0 || (!value && p[4] != 'e')))
        return p;
    *to = uvrest_bool(value);
    return behind;
}

static UVREST__RARE const uint8_t *read_odd_i64(const uvrest__reader *r, const uint8_t *p, int64_t *out_value)
{
    uvrest__number number;
    uvrest__fault fault;
    const uint8_t *behind = uvrest__number_read(p, r->end, &number, &fault);
    return behind != NULL && uvrest__number_to_i64(&number, out_value) ? behind : p;
}

UVREST__HOT bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') <= 9;
}

/* Up to 18 digits cannot overflow; all other forms take the long way. */
const uint8_t *uvrest__scalar_i64(const uvrest__reader *r, const uint8_t *p, int64_t *out_value)
{
    bool negative = *p == '-';
    const uint8_t *at = p + negative, *digits = at;
    uint64_t value = 0;
    while (is_digit(*at))
        value = value * 10 + (uint64_t)(*at++ - '0');
    if (UVREST__UNLIKELY(at == digits || at - digits > 18 || (*digits == '0' && at - digits > 1) || *at == '.' ||
                         (*at | 0x20) == 'e'))
        return read_odd_i64(r, p, out_value);
    *out_value = negative ? -(int64_t)value : (int64_t)value;
    return at;
}

const uint8_t *uvrest__scalar_i32(const uvrest__reader *r, const uint8_t *p, uvrest_opt_i32 *to)
{
    int64_t value;
    const uint8_t *behind = uvrest__scalar_i64(r, p, &value);
    if (UVREST__UNLIKELY(behind == p || value < INT32_MIN || value > INT32_MAX))
        return p;
    *to = uvrest_i32((int32_t)value);
    return behind;
}

static UVREST__COLD const uint8_t *read_odd_f64(const uvrest__reader *r, const uint8_t *p, uvrest_opt_f64 *to)
{
    uvrest__number number;
    uvrest__fault fault;
    double value;
    const uint8_t *behind = uvrest__number_read(p, r->end, &number, &fault);
    if (behind == NULL || !uvrest__number_to_f64(&number, &value) || !uvrest__number_survives(&number, value))
        return p;
    *to = uvrest_f64(value);
    return behind;
}

/*
 * Up to 15 digits are an exact double, and so is their power of ten: one division rounds once, and what it gives prints as
 * these digits again. All other forms take the long way.
 */
const uint8_t *uvrest__scalar_f64(const uvrest__reader *r, const uint8_t *p, uvrest_opt_f64 *to)
{
    const bool negative = *p == '-';
    const uint8_t *at = p + negative, *const digits = at, *point;
    uint64_t value = 0, power = 1;
    while (is_digit(*at))
        value = value * 10 + (uint64_t)(*at++ - '0');
    point = at;
    if (*at == '.') {
        for (at++; is_digit(*at) && at - digits < 17; power *= 10)
            value = value * 10 + (uint64_t)(*at++ - '0');
    }
    if (UVREST__UNLIKELY(FLT_EVAL_METHOD != 0 || at - digits - (at != point) > 15 || point == digits ||
                         at == point + 1 || value == 0 || (*digits == '0' && point - digits > 1) || is_digit(*at) ||
                         *at == '.' || (*at | 0x20) == 'e'))
        return read_odd_f64(r, p, to);
    *to = uvrest_f64((negative ? -(double)value : (double)value) / (double)power);
    return at;
}

const uint8_t *uvrest__scalar_str(uvrest__reader *r, const uint8_t *p, const char **to)
{
    uvrest__text chars;
    const uint8_t *behind;
    if (UVREST__UNLIKELY(*p != '"'))
        return p;
    behind = uvrest__scalar_text(r, p + 1, &chars);
    if (UVREST__UNLIKELY(behind == NULL || chars.unfit))
        return behind == NULL ? NULL : p;
    *to = chars.chars;
    return behind;
}

/* A text that is only looked at: where it stands, without a copy if it has no escapes. */
const uint8_t *uvrest__scalar_peek(uvrest__reader *r, const uint8_t *p, const char **out_chars, size_t *out_len)
{
    const uint8_t *at = p;
    uvrest__text chars;
    while (r->end - at >= UVREST__BLOCK) {
        uvrest__mask special = uvrest__block_special(uvrest__block_load(at));
        if (special != 0) {
            at += uvrest__mask_first(special);
            break;
        }
        at += UVREST__BLOCK;
    }
    while (at < r->end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    if (UVREST__LIKELY(at < r->end && *at == '"')) {
        *out_chars = (const char *)p;
        *out_len = (size_t)(at - p);
        return at + 1;
    }
    at = uvrest__scalar_text(r, p, &chars);
    if (at == NULL)
        return NULL;
    *out_chars = chars.chars;
    *out_len = chars.len;
    return at;
}

const uint8_t *uvrest__scalar_enum(uvrest__reader *r, const uint8_t *p, unsigned enumeration, int *to)
{
    const char *chars;
    size_t len;
    const uint8_t *behind;
    if (UVREST__UNLIKELY(*p != '"'))
        return p;
    behind = uvrest__scalar_peek(r, p + 1, &chars, &len);
    if (behind == NULL)
        return NULL;
    *to = uvrest__tables_find_text(r->schema, enumeration, chars, len);
    if (UVREST__UNLIKELY(*to == UVREST__ENUM_UNKNOWN))
        r->unknown_text = true;
    return behind;
}

const uint8_t *uvrest__scalar_raw(uvrest__reader *r, const uint8_t *p, uvrest_raw *to)
{
    const uint8_t *behind = uvrest__reader_skip_value(r, p);
    return behind != NULL && uvrest__reader_copy_raw(r, p, behind, to) ? behind : NULL;
}
