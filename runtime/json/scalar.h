/* SPDX-License-Identifier: MIT */
/* Values that hold no others, from text into C: texts, numbers, booleans, enums, and raw values, which are only copied. */
#ifndef UVREST__SCALAR_H
#define UVREST__SCALAR_H

#include "reader.h"

typedef struct uvrest__text {
    char *chars; /* arena, NUL-ended */
    size_t len;
    bool unfit; /* holds NUL or a lone surrogate: no C text */
} uvrest__text;

/* A text from behind its opening quote, into the arena. NULL with the decode failed. */
const uint8_t *uvrest__scalar_text(uvrest__reader *r, const uint8_t *p, uvrest__text *out);
/* A text that is only looked at: where it stands, without a copy if it has no escapes. NULL with the decode failed. */
const uint8_t *uvrest__scalar_peek(uvrest__reader *r, const uint8_t *p, const char **out_chars, size_t *out_len);

/* One value at p. Behind it; p if it is another kind of value or does not fit; NULL with the decode failed. */
const uint8_t *uvrest__scalar_bool(const uvrest__reader *r, const uint8_t *p, uvrest_opt_bool *to);
const uint8_t *uvrest__scalar_i32(const uvrest__reader *r, const uint8_t *p, uvrest_opt_i32 *to);
const uint8_t *uvrest__scalar_i64(const uvrest__reader *r, const uint8_t *p, int64_t *out_value);
const uint8_t *uvrest__scalar_f64(const uvrest__reader *r, const uint8_t *p, uvrest_opt_f64 *to);
const uint8_t *uvrest__scalar_str(uvrest__reader *r, const uint8_t *p, const char **to);
/* Sets reader.unknown_text where the text is no value of the enum. */
const uint8_t *uvrest__scalar_enum(uvrest__reader *r, const uint8_t *p, unsigned enumeration, int *to);
const uint8_t *uvrest__scalar_raw(uvrest__reader *r, const uint8_t *p, uvrest_raw *to);

#endif /* UVREST__SCALAR_H */
