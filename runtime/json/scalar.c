/* SPDX-License-Identifier: MIT */
#include "scalar.h"
#include "number.h"

#include <float.h>

/* ---- texts ------------------------------------------------------------------------------------------------------- */

enum { SPARE = UVREST__BLOCK + 4 }; /* one step of copying writes at most: a block but a byte, a character, the NUL */

/*
 * Moves a text that does not fit the current block, of which `len` bytes are read, to a block where all of it fits: its
 * escaped length is the most it can have.
 */
static UVREST__RARE bool move_text(uvrest__reader *r, const uint8_t *p, size_t len)
{
    const char *from = r->arena->at;
    const uint8_t *behind = uvrest__scan_text(p, r->end, &r->fault);
    if (behind == NULL)
        return uvrest__reader_broken(r, p) != NULL;
    if (!uvrest__reader_grow(r, p, len + (size_t)(behind - p) + 2 * UVREST__BLOCK))
        return false;
    memcpy(r->arena->at, from, len);
    return true;
}

UVREST__DIRECT const uint8_t *uvrest__scalar_text(uvrest__reader *r, const uint8_t *p, size_t len)
{
    const uint8_t *const end = r->end;
    char *to = r->arena->at + len;
    UVREST__UNINITIALIZED uint32_t c;
    r->text.unfit = false;
    for (;;) {
        if (UVREST__UNLIKELY((size_t)(r->arena->end - to) < SPARE)) {
            len = (size_t)(to - r->arena->at);
            if (!move_text(r, p, len))
                return NULL;
            to = r->arena->at + len;
        }
        if (UVREST__LIKELY(end - p >= UVREST__BLOCK)) {
            uvrest__block16 block = uvrest__block_load(p);
            uvrest__mask special = uvrest__block_special(block);
            uvrest__block_store(to, block);
            len = special != 0 ? uvrest__mask_first(special) : UVREST__BLOCK;
            p += len;
            to += len;
            if (special == 0)
                continue;
        }
        if (UVREST__UNLIKELY(p == end || *p < 0x20))
            return uvrest__reader_broken(r, p);
        if (*p == '"')
            break;
        if (*p >= 0x80) {
            do { /* they come in words */
                len = uvrest__utf8_len(p, end);
                if (UVREST__UNLIKELY(len == 0))
                    return uvrest__reader_broken(r, p);
                if (UVREST__LIKELY(end - p >= 4))
                    memcpy(to, p, 4);
                else
                    memcpy(to, p, len);
                p += len;
                to += len;
            } while (p < end && *p >= 0x80 && r->arena->end - to >= SPARE);
        } else if (*p == '\\') {
            p = uvrest__scan_escape(p, end, &c, &r->fault);
            if (p == NULL)
                return uvrest__reader_broken(r, end);
            r->text.unfit |= c == 0 || c >= UVREST__LONE_SURROGATE;
            to += uvrest__utf8_write(to, c);
        } else {
            *to++ = (char)*p++;
        }
    }
    *to = '\0';
    r->text.chars = r->arena->at;
    r->text.len = (size_t)(to - r->arena->at);
    r->arena->at = to + 1;
    return p + 1;
}

UVREST__DIRECT const uint8_t *uvrest__scalar_peek(uvrest__reader *r, const uint8_t *p)
{
    const uint8_t *behind = uvrest__scan_plain(p, r->end);
    if (UVREST__LIKELY(behind != r->end && *behind == '"')) {
        r->text.chars = (char *)(uintptr_t)p;
        r->text.len = (size_t)(behind - p);
        return behind + 1;
    }
    behind = uvrest__scalar_text(r, p, 0);
    if (behind != NULL)
        r->arena->at = r->text.chars;
    return behind;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static const uint8_t *store_integer(const uint8_t *p, const uint8_t *behind, unsigned kind, int64_t value, void *to)
{
    if (kind == UVREST_KIND_I64)
        *(uvrest_opt_i64 *)to = uvrest_i64(value);
    else if (value >= INT32_MIN && value <= INT32_MAX)
        *(uvrest_opt_i32 *)to = uvrest_i32((int32_t)value);
    else
        return p;
    return behind;
}

/* A number of any make. */
static UVREST__RARE const uint8_t *read_number(const uvrest__reader *r, const uint8_t *p, unsigned kind, void *to)
{
    UVREST__UNINITIALIZED uvrest__number number;
    const uint8_t *behind = uvrest__number_read(p, r->end, &number, NULL);
    UVREST__UNINITIALIZED double real;
    UVREST__UNINITIALIZED int64_t value;
    if (behind == NULL)
        return p;
    if (kind != UVREST_KIND_F64)
        return uvrest__number_to_i64(&number, &value) ? store_integer(p, behind, kind, value, to) : p;
    if (!uvrest__number_to_f64(&number, &real) || !uvrest__number_survives(&number, real))
        return p;
    *(uvrest_opt_f64 *)to = uvrest_f64(real);
    return behind;
}

UVREST__HOT bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') <= 9;
}

/*
 * Up to 18 digits cannot overflow an integer. Up to 15 are an exact double, and so is their power of ten: one division
 * rounds once, and what it gives prints as these digits again. All other forms take the long way.
 */
UVREST__DIRECT const uint8_t *uvrest__scalar_number(const uvrest__reader *r, const uint8_t *p, unsigned kind, void *to)
{
    const bool negative = *p == '-';
    const uint8_t *const digits = p + negative, *at = digits, *point;
    uint64_t value = 0;
    int64_t power = 1, whole;
    for (; is_digit(*at); at++)
        value = value * 10 + (uint64_t)(*at - '0');
    point = at;
    if (kind == UVREST_KIND_F64) {
        if (*at == '.') {
            for (at++; is_digit(*at) && at - digits < 17; at++, power *= 10)
                value = value * 10 + (uint64_t)(*at - '0');
        }
        if (UVREST__UNLIKELY(FLT_EVAL_METHOD != 0 || at - digits - (at != point) > 15 || at == point + 1 ||
                             value == 0 || is_digit(*at)))
            return read_number(r, p, kind, to);
    }
    if (UVREST__UNLIKELY(point == digits || point - digits > 18 || (*digits == '0' && point - digits > 1) ||
                         *at == '.' || (*at | 0x20) == 'e'))
        return read_number(r, p, kind, to);
    whole = negative ? -(int64_t)value : (int64_t)value;
    if (kind != UVREST_KIND_F64)
        return store_integer(p, at, kind, whole, to);
    *(uvrest_opt_f64 *)to = uvrest_f64((double)whole / (double)power);
    return at;
}
