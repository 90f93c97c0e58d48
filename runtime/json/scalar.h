/* SPDX-License-Identifier: MIT */
/* Texts and numbers, from text into C. */
#ifndef UVREST__SCALAR_H
#define UVREST__SCALAR_H

#include "reader.h"

/*
 * A text of any make into the arena and reader.text. p: behind its opening quote and the `len` bytes of it that are at
 * arena->at already. Behind its closing quote; NULL with the decode failed.
 */
UVREST__DIRECT const uint8_t *uvrest__scalar_text(uvrest__reader *r, const uint8_t *p, size_t len);

/* The same to look at only, before the next text is read: where it stands or in free memory of
 * the arena; no NUL behind it. */
UVREST__DIRECT const uint8_t *uvrest__scalar_peek(uvrest__reader *r, const uint8_t *p);

/*
 * A number at p into a uvrest_opt_i32, _i64 or _f64, as kind says. Behind it; p if it is another kind of value or does
 * not fit.
 */
UVREST__DIRECT const uint8_t *uvrest__scalar_number(const uvrest__reader *r, const uint8_t *p, unsigned kind, void *to);

#endif /* UVREST__SCALAR_H */
