/* SPDX-License-Identifier: MIT */
/*
 * Between decimal and binary the work is one multiplication with a power of five. It is done with 128 bits of the power,
 * whose error is bounded; where the bound leaves two answers, big integers compare the decimal with the boundary in
 * question exactly. That happens for ties and about once in 2^60 other numbers, so it may be slow and simple.
 */
#include "number.h"

#include <assert.h>
#include <float.h>
#include <math.h>

enum {
    MANTISSA_BITS = 53,
    EXPONENT_MIN = -1074, /* of the last mantissa bit: the smallest double is 2^-1074 */
    EXPONENT_MAX = 971, /* the largest one is (2^53 - 1) * 2^971 */
    DIGITS_MAX = 19, /* what always fits 64 bits */
    POWER_MIN = -364, /* 10^q for all q from here ... */
    POWER_MAX = 363, /* ... to here */
    POWER_STEP = 28
};

typedef struct u128 {
    uint64_t hi;
    uint64_t lo;
} u128;

/* ---- 128 bits ------------------------------------------------------------------------------------------------------- */

static u128 multiply64(uint64_t a, uint64_t b)
{
    u128 product;
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 wide = (unsigned __int128)a * b;
    product.hi = (uint64_t)(wide >> 64);
    product.lo = (uint64_t)wide;
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0;
    uint64_t middle = a1 * b0 + (low >> 32);
    uint64_t cross = a0 * b1 + (uint32_t)middle;
    product.hi = a1 * b1 + (middle >> 32) + (cross >> 32);
    product.lo = cross << 32 | (uint32_t)low;
#endif
    return product;
}

/* The upper 128 of the 192 bits of a * b. */
static u128 multiply_high(u128 a, uint64_t b)
{
    u128 high = multiply64(a.hi, b);
    uint64_t carry = multiply64(a.lo, b).hi;
    high.lo += carry;
    high.hi += high.lo < carry;
    return high;
}

/* 0 < n < 64. */
static u128 shift_left(u128 a, unsigned n)
{
    u128 shifted = {a.hi << n | a.lo >> (64 - n), a.lo << n};
    return shifted;
}

/* n < 128. */
static u128 shift_right(u128 a, unsigned n)
{
    u128 shifted = a;
    if (n >= 64) {
        shifted.lo = n == 64 ? a.hi : a.hi >> (n - 64);
        shifted.hi = 0;
    } else if (n > 0) {
        shifted.lo = a.lo >> n | a.hi << (64 - n);
        shifted.hi = a.hi >> n;
    }
    return shifted;
}

static u128 add_small(u128 a, uint64_t b)
{
    a.lo += b;
    a.hi += a.lo < b;
    return a;
}

static bool less(u128 a, u128 b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

/* The lowest n bits, 0 < n <= 128. */
static u128 low_bits(u128 a, unsigned n)
{
    if (n <= 64) {
        a.hi = 0;
        a.lo = n == 64 ? a.lo : a.lo & ((UINT64_C(1) << n) - 1);
    } else if (n < 128) {
        a.hi &= (UINT64_C(1) << (n - 64)) - 1;
    }
    return a;
}

/* ---- powers of five ------------------------------------------------------------------------------------------------- */

/* 5^(28 * i) for i from -13: the upper 128 bits, cut. Every other power is one of these times one of the small ones. */
static const u128 big_fives[] = {
    {UINT64_C(0xE1AFA13AFBD14D6D), UINT64_C(0x82189C09A3A1EC21)}, /* 5^-364 */
    {UINT64_C(0xE3E27A444D8D98B7), UINT64_C(0xFD1B1B2308169B25)}, /* 5^-336 */
    {UINT64_C(0xE61ACF033D1A45DF), UINT64_C(0x6FB92487298E33BD)}, /* 5^-308 */
    {UINT64_C(0xE858AD248F5C22C9), UINT64_C(0xD1B3400F8F9CFF68)}, /* 5^-280 */
    {UINT64_C(0xEA9C227723EE8BCB), UINT64_C(0x465E15A979C1CADC)}, /* 5^-252 */
    {UINT64_C(0xECE53CEC4A314EBD), UINT64_C(0xA4F8BF5635246428)}, /* 5^-224 */
    {UINT64_C(0xEF340A98172AACE4), UINT64_C(0x86FB897116C87C34)}, /* 5^-196 */
    {UINT64_C(0xF18899B1BC3F8CA1), UINT64_C(0xDC44E6C3CB279AC1)}, /* 5^-168 */
    {UINT64_C(0xF3E2F893DEC3F126), UINT64_C(0x5A89DBA3C3EFCCFA)}, /* 5^-140 */
    {UINT64_C(0xF64335BCF065D37D), UINT64_C(0x4D4617B5FF4A16D5)}, /* 5^-112 */
    {UINT64_C(0xF8A95FCF88747D94), UINT64_C(0x75A44C6397CE912A)}, /* 5^-84 */
    {UINT64_C(0xFB158592BE068D2E), UINT64_C(0xEED6E2F0F0D56712)}, /* 5^-56 */
    {UINT64_C(0xFD87B5F28300CA0D), UINT64_C(0x8BCA9D6E188853FC)}, /* 5^-28 */
    {UINT64_C(0x8000000000000000), UINT64_C(0x0000000000000000)}, /* 5^0 */
    {UINT64_C(0x813F3978F8940984), UINT64_C(0x4000000000000000)}, /* 5^28 */
    {UINT64_C(0x82818F1281ED449F), UINT64_C(0xBFF8F10E7A8921A4)}, /* 5^56 */
    {UINT64_C(0x83C7088E1AAB65DB), UINT64_C(0x792667C6DA79E0FA)}, /* 5^84 */
    {UINT64_C(0x850FADC09923329E), UINT64_C(0x03E2CF6BC604DDB0)}, /* 5^112 */
    {UINT64_C(0x865B86925B9BC5C2), UINT64_C(0x0B8A2392BA45A9B2)}, /* 5^140 */
    {UINT64_C(0x87AA9AFF79042286), UINT64_C(0x90FB44D2F05D0842)}, /* 5^168 */
    {UINT64_C(0x88FCF317F22241E2), UINT64_C(0x441FECE3BDF81F03)}, /* 5^196 */
    {UINT64_C(0x8A5296FFE33CC92F), UINT64_C(0x82BD6B70D99AAA6F)}, /* 5^224 */
    {UINT64_C(0x8BAB8EEFB6409C1A), UINT64_C(0x1AD089B6C2F7548E)}, /* 5^252 */
    {UINT64_C(0x8D07E33455637EB2), UINT64_C(0xDB0B487B6423E1E8)}, /* 5^280 */
    {UINT64_C(0x8E679C2F5E44FF8F), UINT64_C(0x570F09EAA7EA7648)}, /* 5^308 */
    {UINT64_C(0x8FCAC257558EE4E6), UINT64_C(0x213A4F0AA5E8A7B1)}, /* 5^336 */
};

static const uint64_t small_fives[POWER_STEP] = {UINT64_C(1),
                                                 UINT64_C(5),
                                                 UINT64_C(25),
                                                 UINT64_C(125),
                                                 UINT64_C(625),
                                                 UINT64_C(3125),
                                                 UINT64_C(15625),
                                                 UINT64_C(78125),
                                                 UINT64_C(390625),
                                                 UINT64_C(1953125),
                                                 UINT64_C(9765625),
                                                 UINT64_C(48828125),
                                                 UINT64_C(244140625),
                                                 UINT64_C(1220703125),
                                                 UINT64_C(6103515625),
                                                 UINT64_C(30517578125),
                                                 UINT64_C(152587890625),
                                                 UINT64_C(762939453125),
                                                 UINT64_C(3814697265625),
                                                 UINT64_C(19073486328125),
                                                 UINT64_C(95367431640625),
                                                 UINT64_C(476837158203125),
                                                 UINT64_C(2384185791015625),
                                                 UINT64_C(11920928955078125),
                                                 UINT64_C(59604644775390625),
                                                 UINT64_C(298023223876953125),
                                                 UINT64_C(1490116119384765625),
                                                 UINT64_C(7450580596923828125)};

/* floor(log2(5^q)) for |q| up to 500: 152170 is log2(5) in 16 binary places, and the shift keeps the sum positive. */
static int log2_five(int q)
{
    return (int)((uint64_t)(q + 32768) * 152170u >> 16) - 76085;
}

/*
 * The upper 128 bits of 5^q, the top bit set. What is cut away in the table and in the product here is less than 3 units of
 * the last bit; for 0 <= q <= 27 nothing is.
 */
static u128 five_power(int q)
{
    int step = (q - POWER_MIN) / POWER_STEP;
    int rest = (q - POWER_MIN) % POWER_STEP;
    u128 power = big_fives[step];
    uint64_t small = small_fives[rest];
    unsigned lead;
    if (rest == 0)
        return power;
    lead = (unsigned)__builtin_clzll(small);
    power = multiply_high(power, small << lead);
    return power.hi >> 63 != 0 ? power : shift_left(power, 1);
}

/* ---- big integers --------------------------------------------------------------------------------------------------- */

/*
 * Only to compare. 800 digits decide every double: a boundary between two doubles has at most 767. So a number takes
 * at most 2,658 bits, its twin as many after scaling, and shifts below 1,200 more.
 */
enum { BIG_DIGITS = 800, BIG_LIMBS = 200 };

typedef struct big {
    uint32_t limb[BIG_LIMBS]; /* lowest first */
    unsigned n;
} big;

static void big_multiply_add(big *a, uint32_t factor, uint32_t carry)
{
    for (unsigned i = 0; i < a->n; i++) {
        uint64_t wide = (uint64_t)a->limb[i] * factor + carry;
        a->limb[i] = (uint32_t)wide;
        carry = (uint32_t)(wide >> 32);
    }
    if (carry != 0) {
        assert(a->n < BIG_LIMBS);
        a->limb[a->n++] = carry;
    }
}

static void big_set(big *a, uint64_t value)
{
    a->n = 0;
    for (; value != 0; value >>= 32)
        a->limb[a->n++] = (uint32_t)value;
}

static void big_multiply_five_power(big *a, int64_t power)
{
    for (; power >= 13; power -= 13)
        big_multiply_add(a, 1220703125u, 0);
    for (; power > 0; power--)
        big_multiply_add(a, 5, 0);
}

static void big_shift_left(big *a, unsigned bits)
{
    unsigned limbs = bits / 32;
    if (bits % 32 != 0)
        big_multiply_add(a, UINT32_C(1) << bits % 32, 0);
    if (limbs == 0 || a->n == 0)
        return;
    assert(a->n + limbs <= BIG_LIMBS);
    memmove(a->limb + limbs, a->limb, a->n * sizeof a->limb[0]);
    memset(a->limb, 0, limbs * sizeof a->limb[0]);
    a->n += limbs;
}

static int big_compare(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (unsigned i = a->n; i-- > 0;) {
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return 0;
}

/* Compares decimal * 10^tens with binary * 2^twos; more: the decimal is a little larger than it says. */
static int compare_exactly(big *decimal, int64_t tens, bool more, uint64_t binary, int twos)
{
    big other;
    int64_t shift = tens - twos; /* of the decimal against the binary, once 10^tens is split into fives and twos */
    int order;
    big_set(&other, binary);
    big_multiply_five_power(tens >= 0 ? decimal : &other, tens >= 0 ? tens : -tens);
    big_shift_left(shift >= 0 ? decimal : &other, (unsigned)(shift >= 0 ? shift : -shift));
    order = big_compare(decimal, &other);
    return order == 0 && more ? 1 : order;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

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

const uint8_t *uvrest__number_read(const uint8_t *p, const uint8_t *end, uvrest__number *out_number,
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
    return end;
}

bool uvrest__number_to_i64(const uvrest__number *number, int64_t *out_value)
{
    uint64_t digits = number->digits;
    int64_t exponent = number->exponent;
    if (number->cut)
        return false;
    if (digits == 0)
        exponent = 0;
    if (exponent < -DIGITS_MAX || exponent > DIGITS_MAX)
        return false;
    for (; exponent < 0; exponent++) {
        if (digits % 10 != 0)
            return false;
        digits /= 10;
    }
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

/* mantissa * 2^exponent as a double; the mantissa has at most 53 bits, or 54 if it is 2^53. */
static double compose(uint64_t mantissa, int exponent)
{
    uint64_t bits = mantissa;
    double value;
    if (mantissa >> MANTISSA_BITS != 0) {
        mantissa >>= 1;
        exponent++;
    }
    if (mantissa >> (MANTISSA_BITS - 1) != 0)
        bits = (mantissa & ~(UINT64_C(1) << (MANTISSA_BITS - 1))) | (uint64_t)(exponent - EXPONENT_MIN + 1)
                                                                        << (MANTISSA_BITS - 1);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/*
 * c * 10^q in binary: the upper 128 bits of the product, which is *out_twos powers of two smaller than the product. The
 * true value lies less than PRODUCT_ERROR units above: 3 from the power, 1 each from two cut multiplications.
 */
enum { PRODUCT_ERROR = 5 };

static u128 scale(uint64_t c, int q, int *out_twos)
{
    int lead = __builtin_clzll(c);
    *out_twos = 64 - lead + log2_five(q) - 127 + q;
    return multiply_high(five_power(q), c << lead);
}

/* The digits of the text as a big integer. Returns whether other digits than zero were left out. */
static bool big_read(big *a, const uvrest__number *number, int64_t *out_tens)
{
    int64_t tens = number->exponent;
    unsigned count = 0;
    bool rest = false;
    big_set(a, number->digits);
    if (number->cut) {
        for (const uint8_t *p = number->text; p < number->end && (*p | 0x20) != 'e'; p++) {
            if (*p == '.' || *p == '-' || (*p == '0' && count == 0))
                continue;
            count++;
            if (count > BIG_DIGITS) {
                rest = rest || *p != '0';
            } else if (count > DIGITS_MAX) {
                big_multiply_add(a, 10, (uint32_t)(*p - '0'));
                tens--;
            }
        }
    }
    *out_tens = tens;
    return rest;
}

/* Whether the number is rounded up from mantissa * 2^exponent, decided without error. */
static bool rounds_up_exactly(const uvrest__number *number, uint64_t mantissa, int exponent)
{
    big decimal;
    int64_t tens;
    bool rest = big_read(&decimal, number, &tens);
    int order = compare_exactly(&decimal, tens, rest, 2 * mantissa + 1, exponent - 1);
    return order > 0 || (order == 0 && mantissa % 2 != 0);
}

/* The magnitude of a number whose digits are not 0 and whose exponent is from POWER_MIN to POWER_MAX. */
static double nearest(const uvrest__number *number)
{
    int exponent;
    u128 product = scale(number->digits, (int)number->exponent, &exponent);
    u128 error = {number->cut ? UINT64_C(1) << __builtin_clzll(number->digits) : 0, PRODUCT_ERROR};
    unsigned shift = 128 - MANTISSA_BITS - (unsigned)__builtin_clzll(product.hi);
    u128 half, low, high;
    uint64_t mantissa;
    exponent += (int)shift;
    if (exponent < EXPONENT_MIN) {
        shift += (unsigned)(EXPONENT_MIN - exponent);
        exponent = EXPONENT_MIN;
    }
    if (shift > 128)
        return 0;
    mantissa = shift == 128 ? 0 : shift_right(product, shift).lo;
    half.hi = shift > 64 ? UINT64_C(1) << (shift - 65) : 0;
    half.lo = shift > 64 ? 0 : UINT64_C(1) << (shift - 1);
    low = low_bits(product, shift);
    high = add_small(low, error.lo);
    high.hi += error.hi;
    if (less(half, low))
        mantissa++;
    else if (less(half, high) && rounds_up_exactly(number, mantissa, exponent))
        mantissa++;
    if (mantissa >> MANTISSA_BITS != 0) {
        mantissa >>= 1;
        exponent++;
    }
    return exponent > EXPONENT_MAX ? (double)INFINITY : compose(mantissa, exponent);
}

bool uvrest__number_to_f64(const uvrest__number *number, double *out_value)
{
    double value;
    if (number->digits == 0 || number->exponent < -345) {
        value = 0; /* below 10^19 * 10^-346, less than half of the smallest double */
    } else if (number->exponent > 308) {
        value = (double)INFINITY;
    } else if (FLT_EVAL_METHOD == 0 && !number->cut && number->digits <= UINT64_C(1) << MANTISSA_BITS &&
               number->exponent >= -22 && number->exponent <= 22) {
        /* Both sides are exact doubles, so one operation rounds once. */
        unsigned tens = (unsigned)(number->exponent < 0 ? -number->exponent : number->exponent);
        double power = (double)small_fives[tens] * (double)(UINT32_C(1) << tens);
        value = (double)number->digits;
        value = number->exponent < 0 ? value / power : value * power;
    } else {
        value = nearest(number);
    }
    *out_value = number->negative ? -value : value;
    return !isinf(value);
}

/* Closing zeros go into the exponent, so that equal numbers have equal parts. */
static void normalize(uvrest__number *number)
{
    if (number->digits == 0)
        number->exponent = 0;
    while (number->digits != 0 && number->digits % 10 == 0) {
        number->digits /= 10;
        number->exponent++;
    }
}

bool uvrest__number_survives(const uvrest__number *number, double value)
{
    char text[UVREST__NUMBER_TEXT_MAX];
    uvrest__number given = *number, printed;
    uvrest__fault fault;
    unsigned len;
    if (number->cut || isinf(value))
        return false;
    /* 15 digits come back from every double that is not subnormal. */
    if (number->digits == 0 || (number->digits < UINT64_C(1000000000000000) && fabs(value) > 1e-300))
        return true;
    if (value == 0)
        return false;
    len = uvrest__number_print_f64(text, value);
    (void)uvrest__number_read((const uint8_t *)text, (const uint8_t *)text + len, &printed, &fault);
    normalize(&given);
    normalize(&printed);
    return given.digits == printed.digits && given.exponent == printed.exponent;
}

/* ---- printing ------------------------------------------------------------------------------------------------------- */

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                  "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                  "8081828384858687888990919293949596979899";

/* The digits of a number; how many. */
static unsigned print_u64(char *to, uint64_t value)
{
    char text[20];
    unsigned at = sizeof text;
    while (value >= 100) {
        at -= 2;
        memcpy(text + at, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(text + at, digit_pairs + value * 2, 2);
    } else {
        text[--at] = (char)('0' + value);
    }
    memcpy(to, text + at, sizeof text - at);
    return (unsigned)sizeof text - at;
}

unsigned uvrest__number_print_i64(char *to, int64_t value)
{
    if (value >= 0)
        return print_u64(to, (uint64_t)value);
    *to = '-';
    return 1 + print_u64(to + 1, 0 - (uint64_t)value);
}

/* digits * 10^tens in the shorter of the usual forms. */
static unsigned print_decimal(char *to, uint64_t digits, int tens)
{
    char text[20];
    char *at = to;
    int n, point;
    while (digits % 10 == 0) {
        digits /= 10;
        tens++;
    }
    n = (int)print_u64(text, digits);
    point = n + tens; /* digits in front of the point */
    if (point > 21 || point < -5) {
        *at++ = text[0];
        if (n > 1) {
            *at++ = '.';
            memcpy(at, text + 1, (size_t)n - 1);
            at += n - 1;
        }
        *at++ = 'e';
        return (unsigned)(at - to) + uvrest__number_print_i64(at, point - 1);
    }
    if (point <= 0) {
        memcpy(at, "0.00000", 2 + (size_t)-point);
        at += 2 - point;
        memcpy(at, text, (size_t)n);
        return (unsigned)(at - to + n);
    }
    if (point >= n) {
        memcpy(at, text, (size_t)n);
        memset(at + n, '0', (size_t)(point - n));
        return (unsigned)point;
    }
    memcpy(at, text, (size_t)point);
    at[point] = '.';
    memcpy(at + point + 1, text + point, (size_t)(n - point));
    return (unsigned)n + 1;
}

/* What lies between the neighbours of a double, scaled to integers of 18 or 19 digits: value * 10^tens. */
typedef struct span {
    uint64_t low; /* the smallest and the greatest integer that are read as the double */
    uint64_t high;
    u128 middle; /* the double itself, 64 bits behind the point */
    int tens;
} span;

/* c * 2^twos * 10^tens with 64 bits behind the point; the true value is less than 3 units above. */
static u128 fixed_point(uint64_t c, int twos, int tens)
{
    int scaled;
    u128 product = scale(c, tens, &scaled);
    return shift_right(product, (unsigned)-(scaled + twos + 64));
}

static int compare_scaled(uint64_t integer, int tens, uint64_t boundary, int twos)
{
    big decimal;
    big_set(&decimal, integer);
    return compare_exactly(&decimal, -tens, false, boundary, twos);
}

/* floor(log10(2^b)) for |b| up to 1650: 78913 is log10(2) in 18 binary places, and the shift keeps the sum positive. */
static int log10_two(int b)
{
    return (int)((uint64_t)(b + 262144) * 78913u >> 18) - 78913;
}

static span find_span(uint64_t mantissa, int exponent)
{
    bool even = mantissa % 2 == 0; /* then the boundaries themselves are read as this double */
    bool closer = mantissa == UINT64_C(1) << (MANTISSA_BITS - 1) && exponent > EXPONENT_MIN;
    uint64_t below = 4 * mantissa - (closer ? 1 : 2), above = 4 * mantissa + 2;
    int bits = 64 - __builtin_clzll(mantissa) + exponent;
    int magnitude = log10_two(bits - 1);
    span s;
    u128 low, high;
    uint64_t maybe;
    int order;
    s.tens = 17 - magnitude;
    s.middle = fixed_point(4 * mantissa, exponent - 2, s.tens);
    low = fixed_point(below, exponent - 2, s.tens);
    high = fixed_point(above, exponent - 2, s.tens);

    maybe = add_small(low, UINT64_MAX).hi;
    s.low = add_small(add_small(low, 3), UINT64_MAX).hi;
    if (maybe != s.low) {
        order = compare_scaled(maybe, s.tens, below, exponent - 2);
        s.low = order > 0 || (order == 0 && even) ? maybe : maybe + 1;
    }
    maybe = add_small(high, 3).hi;
    s.high = high.hi;
    if (maybe != s.high || high.lo == 0) {
        order = compare_scaled(maybe, s.tens, above, exponent - 2);
        s.high = order < 0 || (order == 0 && even) ? maybe : maybe - 1;
    }
    return s;
}

/* The shortest decimal in a span, of those the nearest to its middle. */
static unsigned print_shortest(char *to, uint64_t mantissa, int exponent)
{
    span s = find_span(mantissa, exponent);
    uint64_t power = 1, digits, rest;
    int tens = 0;
    while (s.high / (power * 10) * (power * 10) >= s.low) {
        power *= 10;
        tens++;
    }
    digits = s.middle.hi / power;
    rest = s.middle.hi % power;
    if (power == 1)
        digits += s.middle.lo >> 63;
    else if (rest > power / 2 || (rest == power / 2 && (s.middle.lo != 0 || digits % 2 != 0)))
        digits++;
    if (digits * power < s.low)
        digits++;
    else if (digits * power > s.high)
        digits--;
    return print_decimal(to, digits, tens - s.tens);
}

unsigned uvrest__number_print_f64(char *to, double value)
{
    uint64_t bits, mantissa;
    unsigned sign = 0;
    int exponent;
    assert(isfinite(value));
    memcpy(&bits, &value, sizeof bits);
    if (bits >> 63 != 0) {
        value = -value;
        *to++ = '-';
        sign = 1;
    }
    if (value < 1e15) {
        uint64_t thousands = (uint64_t)(value * 1000 + 0.5);
        if ((double)(uint64_t)value == value && value > 0)
            return sign + print_u64(to, (uint64_t)value);
        /* Most doubles were written with few places. 15 digits that come back as the same double are the shortest. */
        if (value < 1e12 && thousands > 0 && (double)thousands / 1000 == value)
            return sign + print_decimal(to, thousands, -3);
    }
    if (value == 0) {
        *to = '0';
        if (sign == 0)
            return 1;
        memcpy(to, "0.0", 3);
        return 4;
    }
    bits &= ~(UINT64_C(1) << 63);
    mantissa = bits & ((UINT64_C(1) << (MANTISSA_BITS - 1)) - 1);
    exponent = (int)(bits >> (MANTISSA_BITS - 1));
    if (exponent != 0)
        mantissa |= UINT64_C(1) << (MANTISSA_BITS - 1);
    else
        exponent = 1;
    return sign + print_shortest(to, mantissa, exponent - 1 + EXPONENT_MIN);
}
