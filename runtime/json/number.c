/* SPDX-License-Identifier: MIT */
/*
 * Between decimal and binary the work is one multiplication with a power of five. It is done with 128 bits of the
 * power, whose error is bounded; where the bound leaves two answers, the decimal is compared with the boundary between
 * them digit by digit. That happens for ties and about once in 2^50 other numbers, so it may be slow and simple. Powers
 * are made when needed: a table of them would be as large as all else here. Printing tries few digits first, and reads
 * them.
 */
#include "number.h"

#include <assert.h>
#include <math.h>

enum {
    MANTISSA_BITS = 53,
    EXPONENT_MIN = -1074, /* of the last mantissa bit: the smallest double is 2^-1074 */
    LEADING_MIN = -1022, /* exponents of the leading bit of doubles that are not subnormal */
    LEADING_MAX = 1023,
    DIGITS_MAX = 19 /* what always fits 64 bits */
};

#define HALF (UINT64_C(1) << 63)
#define HIDDEN_BIT (UINT64_C(1) << (MANTISSA_BITS - 1))
#define INFINITE_BITS (UINT64_C(0x7FF) << (MANTISSA_BITS - 1))

/* ---- 128 bits ---------------------------------------------------------------------------------------------------- */

/* (hi * 2^64 + lo) * 2^exponent; the top bit of hi is set. */
typedef struct wide {
    uint64_t hi;
    uint64_t lo;
    int exponent;
} wide;

/* The product of two words; *out_low: its lower one. */
static uint64_t multiply64(uint64_t a, uint64_t b, uint64_t *out_low)
{
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    *out_low = (uint64_t)product;
    return (uint64_t)(product >> 64);
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0;
    uint64_t middle = a1 * b0 + (low >> 32);
    uint64_t cross = a0 * b1 + (uint32_t)middle;
    *out_low = cross << 32 | (uint32_t)low;
    return a1 * b1 + (middle >> 32) + (cross >> 32);
#endif
}

/* *a *= b. Cuts less than 2 units of the last bit, less than 4 where it shifts. */
static void multiply(wide *a, const wide *b)
{
    UVREST__UNINITIALIZED uint64_t low, x_low, y_low, high = multiply64(a->hi, b->hi, &low);
    uint64_t x = multiply64(a->hi, b->lo, &x_low), y = multiply64(a->lo, b->hi, &y_low);
    low += x;
    high += low < x;
    low += y;
    high += low < y;
    x_low += y_low;
    if (x_low < y_low && ++low == 0)
        high++;
    a->exponent += b->exponent + 128;
    if (high >> 63 == 0) {
        high = high << 1 | low >> 63;
        low <<= 1;
        a->exponent--;
    }
    a->hi = high;
    a->lo = low;
}

/*
 * 10^q, |q| <= 400. Of the nine squarings of 1/5 at the most each makes an error e one of 4 * e + 4, and the products
 * of them make as much again; so what this and the multiplication in scale() cut is less than SCALE_ERROR units of the
 * last bit.
 */
#define SCALE_ERROR (UINT64_C(1) << 24)

static wide ten_power(int q)
{
    static const wide five = {UINT64_C(0xA000000000000000), 0, -125};
    static const wide fifth = {UINT64_C(0xCCCCCCCCCCCCCCCC), UINT64_C(0xCCCCCCCCCCCCCCCC), -130};
    wide square = q < 0 ? fifth : five, power = {HALF, 0, q - 127};
    for (unsigned n = (unsigned)(q < 0 ? -q : q); n != 0; n >>= 1) {
        if (n % 2 != 0)
            multiply(&power, &square);
        multiply(&square, &square);
    }
    return power;
}

/* c, which is not 0, times a power of ten. The true value lies less than SCALE_ERROR units of the last bit above. */
static wide scale(uint64_t c, const wide *power)
{
    const int lead = __builtin_clzll(c);
    wide product = {c << lead, 0, -64 - lead};
    multiply(&product, power);
    return product;
}

/* ---- doubles as bits --------------------------------------------------------------------------------------------- */

/* The bits of the nearest double, ties to even. As integers they are in the order of the doubles. */
static uint64_t round_bits(const wide *a)
{
    const int leading = a->exponent + 127;
    const int shift = 64 - MANTISSA_BITS + (leading < LEADING_MIN ? LEADING_MIN - leading : 0);
    uint64_t kept, rest;
    if (leading > LEADING_MAX)
        return INFINITE_BITS;
    if (shift > 64)
        return 0; /* less than half of the smallest double */
    kept = shift == 64 ? 0 : a->hi >> shift;
    rest = a->hi << (64 - shift);
    if (rest > HALF || (rest == HALF && (a->lo != 0 || kept % 2 != 0)))
        kept++;
    if (leading >= LEADING_MIN)
        kept += (uint64_t)(leading - LEADING_MIN) << (MANTISSA_BITS - 1);
    return kept;
}

/* The bits of a finite, positive double as mantissa * 2^exponent. */
static uint64_t take_apart(uint64_t bits, int *out_exponent)
{
    const int exponent = (int)(bits >> (MANTISSA_BITS - 1));
    const uint64_t mantissa = bits & (HIDDEN_BIT - 1);
    *out_exponent = EXPONENT_MIN + exponent - (exponent != 0);
    return exponent != 0 ? mantissa | HIDDEN_BIT : mantissa;
}

/* ---- digits ------------------------------------------------------------------------------------------------------ */

static char *print_u64(char *to, uint64_t value)
{
    unsigned n = 1; /* digits; four more for each 10,000 */
    char *end;
    for (uint64_t rest = value; rest >= 10; rest /= 10000)
        n += rest < 100 ? 1 : rest < 1000 ? 2 : rest < 10000 ? 3 : 4;
    end = to + n;
    for (to = end; n > 0; n--, value /= 10)
        *--to = (char)('0' + value % 10);
    return end;
}

/* A big integer is limbs of 9 digits, the lowest first. A boundary between two doubles has at most 768 digits. */
enum { LIMB_DIGITS = 9, LIMBS = 86 };
#define LIMB UINT64_C(1000000000)

/* Prints value * base^n. Returns behind the last digit. */
static char *print_big(char *to, uint64_t value, unsigned base, int n)
{
    UVREST__UNINITIALIZED uint32_t limbs[LIMBS];
    unsigned n_limbs = 0;
    for (uint64_t carry = value;;) {
        uint64_t factor = 1;
        for (; carry != 0; carry /= LIMB) {
            assert(n_limbs < LIMBS);
            limbs[n_limbs++] = (uint32_t)(carry % LIMB);
        }
        if (n == 0)
            break;
        for (; n > 0 && factor * base < LIMB; n--)
            factor *= base;
        for (unsigned i = 0; i < n_limbs; i++) {
            carry += limbs[i] * factor;
            limbs[i] = (uint32_t)(carry % LIMB);
            carry /= LIMB;
        }
    }
    to = print_u64(to, limbs[--n_limbs]);
    for (; n_limbs > 0; to += LIMB_DIGITS) {
        uint32_t rest = limbs[--n_limbs];
        for (unsigned i = LIMB_DIGITS; i > 0; rest /= 10)
            to[--i] = (char)('0' + rest % 10);
    }
    return to;
}

/*
 * Whether a number is rounded up from the double of these bits to the next, decided without error: it is compared with
 * the boundary between them digit by digit. 2^-n is 5^n * 10^-n.
 */
static __attribute__((noinline)) bool rounds_up(const uvrest__number *number, uint64_t bits)
{
    UVREST__UNINITIALIZED char boundary[LIMBS * LIMB_DIGITS], own[20];
    const char *q = boundary, *p = (const char *)number->text, *end = (const char *)number->end, *q_end, *own_end;
    int twos;
    int64_t point; /* how many digits of the boundary are in front of its point, less those of the number */
    const uint64_t odd = 2 * take_apart(bits, &twos) + 1;
    twos--;
    q_end = print_big(boundary, odd, twos < 0 ? 5 : 2, twos < 0 ? -twos : twos);
    own_end = print_u64(own, number->digits);
    point = (q_end - q) + (twos < 0 ? twos : 0) - ((own_end - own) + number->exponent);
    if (point != 0)
        return point < 0;
    if (!number->cut) {
        p = own;
        end = own_end;
    }
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        const char digit = q < q_end ? *q : '0';
        if (*p == '.' || *p == '-' || (*p == '0' && q == boundary))
            continue;
        if (*p != digit)
            return *p > digit;
        q++;
    }
    while (q < q_end) {
        if (*q++ != '0')
            return false;
    }
    return bits % 2 != 0;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Digits beyond DIGITS_MAX are not taken but counted; *out_rest is whether one of them is other than zero. */
typedef struct digit_run {
    uint64_t digits;
    unsigned taken; /* into digits, leading zeros not counted */
    int64_t skipped; /* beyond */
    bool rest;
} digit_run;

static const uint8_t *take_digits(const uint8_t *p, const uint8_t *end, digit_run *run)
{
    for (; p < end && (uint8_t)(*p - '0') <= 9; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (run->taken < DIGITS_MAX) {
            run->digits = run->digits * 10 + digit;
            run->taken += run->digits != 0;
        } else {
            run->skipped++;
            run->rest = run->rest || digit != 0;
        }
    }
    return p;
}

/* Closing zeros go into the exponent, so that equal numbers have equal parts. */
static void normalize(uvrest__number *number)
{
    if (number->digits == 0)
        number->exponent = 0;
    while (!number->cut && number->digits != 0 && number->digits % 10 == 0) {
        number->digits /= 10;
        number->exponent++;
    }
}

static int64_t read_exponent(const uint8_t *p, const uint8_t *end)
{
    int64_t exponent = 0;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    for (; p < end; p++) {
        if (exponent < INT64_C(1000000000000)) /* beyond any length of text that could make up for it */
            exponent = exponent * 10 + (*p - '0');
    }
    return negative ? -exponent : exponent;
}

UVREST__DIRECT const uint8_t *uvrest__number_read(const uint8_t *p, const uint8_t *end, uvrest__number *out_number,
                                                  uvrest__fault *fault)
{
    const uint8_t *begin = p;
    digit_run run = {0, 0, 0, false};
    int64_t exponent;
    end = uvrest__scan_number(p, end, fault);
    if (end == NULL)
        return NULL;
    out_number->negative = *p == '-';
    p = take_digits(p + out_number->negative, end, &run);
    exponent = run.skipped;
    if (p < end && *p == '.') {
        int64_t whole = run.skipped;
        const uint8_t *point = ++p;
        p = take_digits(p, end, &run);
        exponent -= (p - point) - (run.skipped - whole);
    }
    if (p < end)
        exponent += read_exponent(p + 1, end);
    out_number->digits = run.digits;
    out_number->exponent = exponent;
    out_number->cut = run.rest;
    out_number->text = begin;
    out_number->end = end;
    normalize(out_number);
    return end;
}

UVREST__DIRECT bool uvrest__number_same(const uvrest__number *a, const uvrest__number *b)
{
    return !a->cut && !b->cut && a->digits == b->digits && a->exponent == b->exponent &&
           (a->negative == b->negative || a->digits == 0);
}

UVREST__DIRECT bool uvrest__number_to_i64(const uvrest__number *number, int64_t *out_value)
{
    uint64_t digits = number->digits;
    int64_t exponent = number->exponent;
    if (number->cut || exponent < 0 || exponent > DIGITS_MAX)
        return false;
    for (; exponent > 0; exponent--) {
        if (digits > UINT64_MAX / 10)
            return false;
        digits *= 10;
    }
    if (digits > (uint64_t)INT64_MAX + number->negative)
        return false;
    *out_value = number->negative ? (int64_t)(0 - digits) : (int64_t)digits;
    return true;
}

/* The bits of the nearest double to the magnitude of a number whose digits are not 0. power: of ten, its exponent's. */
static uint64_t nearest(const uvrest__number *number, const wide *power)
{
    const wide least = scale(number->digits, power);
    wide most = number->cut ? scale(number->digits + 1, power) : least;
    uint64_t bits = round_bits(&least);
    most.lo += SCALE_ERROR;
    if (most.lo < SCALE_ERROR && ++most.hi == 0)
        most.hi = most.lo = UINT64_MAX;
    if (bits != round_bits(&most) && rounds_up(number, bits))
        bits++;
    return bits;
}

UVREST__DIRECT bool uvrest__number_to_f64(const uvrest__number *number, double *out_value)
{
    uint64_t bits = 0; /* below 10^19 * 10^-346, less than half of the smallest double */
    if (number->digits != 0 && number->exponent > 308) {
        bits = INFINITE_BITS;
    } else if (number->digits != 0 && number->exponent >= -345) {
        const wide power = ten_power((int)number->exponent);
        bits = nearest(number, &power);
    }
    const uint64_t all = bits | (uint64_t)number->negative << 63;
    memcpy(out_value, &all, sizeof all);
    return bits != INFINITE_BITS;
}

/* ---- shortest decimals ------------------------------------------------------------------------------------------- */

/* floor(log10(2^b)) for |b| up to 1650: 78913 is log10(2) in 18 binary places, and the shift keeps the sum positive. */
static int log10_two(int b)
{
    return (int)((uint64_t)(b + 262144) * 78913u >> 18) - 78913;
}

/*
 * The shortest decimal that is read as the double of these bits, positive and finite; of those the nearest. The double
 * is scaled to an integer of 17 or 18 digits, which are enough for every double. Fewer are tried first: those that fit
 * 15 digits have no more zeros to give unless the double is subnormal. Where the doubles below are closer than those
 * above, the second nearest may do where the nearest does not.
 */
static void shortest(uint64_t bits, uvrest__number *number)
{
    int exponent;
    const uint64_t mantissa = take_apart(bits, &exponent);
    const int tens = 16 - log10_two(63 - __builtin_clzll(mantissa) + exponent);
    const wide up_power = ten_power(tens), down_power = ten_power(-tens), scaled = scale(mantissa, &up_power);
    const unsigned shift = (unsigned)-(scaled.exponent + exponent + 64);
    const uint64_t whole = scaled.hi >> shift, fraction = scaled.hi << (64 - shift) | scaled.lo >> shift;
    const unsigned n_tries = mantissa == HIDDEN_BIT ? 2 : 1;
    uint64_t power = UINT64_C(100000000000000000);
    number->exponent = -tens;
    number->negative = false;
    number->cut = false;
    if (bits >= HIDDEN_BIT)
        power = whole < power ? 100 : 1000;
    for (;; power /= 10) {
        const uint64_t below = whole / power, rest = whole % power;
        const bool half = power == 1 ? fraction == HALF : rest == power / 2 && fraction == 0;
        const bool up = half ? below % 2 != 0 : power == 1 ? fraction > HALF : rest >= power / 2;
        for (unsigned i = 0; i < n_tries; i++) {
            number->digits = (below + (i != up)) * power;
            if (number->digits != 0 && nearest(number, &down_power) == bits) {
                normalize(number);
                return;
            }
        }
    }
}

UVREST__DIRECT bool uvrest__number_survives(const uvrest__number *number, double value)
{
    UVREST__UNINITIALIZED uvrest__number printed;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= ~HALF;
    if (number->cut || bits == INFINITE_BITS)
        return false;
    /* 15 digits come back from every double that is not subnormal. */
    if (number->digits == 0 || (number->digits < UINT64_C(1000000000000000) && bits >= HIDDEN_BIT))
        return true;
    if (bits == 0)
        return false;
    shortest(bits, &printed);
    printed.negative = number->negative;
    return uvrest__number_same(number, &printed);
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

UVREST__DIRECT char *uvrest__number_print_i64(char *to, int64_t value)
{
    *to = '-';
    return print_u64(to + (value < 0), value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* In the shorter of the usual forms. */
static char *print_decimal(char *to, const uvrest__number *number)
{
    UVREST__UNINITIALIZED char text[20];
    int n, point, exponent = 0;
    n = (int)(print_u64(text, number->digits) - text);
    point = n + (int)number->exponent; /* digits in front of the point */
    if (point > 21 || point < -5) {
        exponent = point - 1;
        point = 1;
    }
    for (int i = point > 0 ? 0 : point - 1; i < n || i < point; i++) {
        if (i == point)
            *to++ = '.';
        *to++ = i < 0 || i >= n ? '0' : text[i];
    }
    if (exponent == 0)
        return to;
    *to = 'e';
    return uvrest__number_print_i64(to + 1, exponent);
}

UVREST__DIRECT char *uvrest__number_print_f64(char *to, double value)
{
    UVREST__UNINITIALIZED uvrest__number number;
    uint64_t bits;
    bool negative;
    assert(isfinite(value));
    memcpy(&bits, &value, sizeof bits);
    negative = bits >> 63 != 0;
    *to = '-';
    to += negative;
    bits &= ~HALF;
    value = fabs(value);
    if (bits == 0) {
        memcpy(to, "0.0", 3);
        return to + (negative ? 3 : 1);
    }
    if (value < 1e15) {
        const int64_t whole = (int64_t)value, thousands = (int64_t)(value * 1000 + 0.5);
        if ((double)whole == value)
            return print_u64(to, (uint64_t)whole);
        /* Most doubles were written with few places. 15 digits that come back as the same double are the shortest. */
        if (value < 1e12 && (double)thousands / 1000 == value) {
            to = print_u64(to, (uint64_t)thousands / 1000);
            *to++ = '.';
            for (unsigned rest = (unsigned)((uint64_t)thousands % 1000) * 10; rest != 0; rest = rest % 1000 * 10)
                *to++ = (char)('0' + rest / 1000);
            return to;
        }
    }
    shortest(bits, &number);
    return print_decimal(to, &number);
}
