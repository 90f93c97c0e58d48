/* SPDX-License-Identifier: MIT */
/*
 * Numbers of JSON as int64 and double, and back. Integers are exact; doubles are read correctly rounded and printed as
 * the shortest decimal that reads back to the same double. No locale is involved.
 */
#ifndef UVREST__NUMBER_H
#define UVREST__NUMBER_H

#include "scan.h"

/* A number's text taken apart: digits * 10^exponent, the digits without zeros at either end unless some are cut. */
typedef struct uvrest__number {
    uint64_t digits; /* the first 19 that count */
    int64_t exponent; /* for `digits` as they stand */
    const uint8_t *text;
    const uint8_t *end;
    bool negative;
    bool cut; /* digits other than zero follow those in `digits` */
} uvrest__number;

/* Reads a number from its first byte to behind its last one. NULL with fault set. */
UVREST__DIRECT const uint8_t *uvrest__number_read(const uint8_t *p, const uint8_t *end, uvrest__number *out_number,
                                                  uvrest__fault *fault);

/* The number as int64; false if it is none exactly. 1e2 and 5.0 are. */
UVREST__DIRECT bool uvrest__number_to_i64(const uvrest__number *number, int64_t *out_value);

/* The nearest double, ties to even; false, with an infinity, beyond the largest one. */
UVREST__DIRECT bool uvrest__number_to_f64(const uvrest__number *number, double *out_value);

/* Whether printing value with uvrest__number_print_f64() gives a number equal to this one, digit by digit. */
UVREST__DIRECT bool uvrest__number_survives(const uvrest__number *number, double value);

/* Whether both are known to be the same number: false as well for those of more than 19 digits. */
UVREST__DIRECT bool uvrest__number_same(const uvrest__number *a, const uvrest__number *b);

enum { UVREST__NUMBER_TEXT_MAX = 32 };

/* Prints into at least UVREST__NUMBER_TEXT_MAX bytes, without NUL. Returns behind the last
 * byte. value must be finite. */
UVREST__DIRECT char *uvrest__number_print_i64(char *to, int64_t value);
UVREST__DIRECT char *uvrest__number_print_f64(char *to, double value);

#endif /* UVREST__NUMBER_H */
