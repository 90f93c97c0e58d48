/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON text byte by byte and block by block: white space, text, numbers, whole values that are skipped. Knows
 * the grammar of RFC 8259 and nothing of models.
 *
 * A block is 16 bytes with SSE2 and 8 bytes of a 64-bit word elsewhere, or where UVREST__SCAN_PORTABLE is defined. All
 * functions stay inside [p, end): text needs neither NUL nor padding.
 */
#ifndef UVREST__SCAN_H
#define UVREST__SCAN_H

#include "attributes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <uvrest/base.h>

#if defined(__SSE2__) && !defined(UVREST__SCAN_PORTABLE)
#define UVREST__SCAN_SSE2 1
#include <emmintrin.h>
#else
#define UVREST__SCAN_SSE2 0
#endif

#define UVREST__LIKELY(x) __builtin_expect(!!(x), 1)
#define UVREST__UNLIKELY(x) __builtin_expect(!!(x), 0)
#define UVREST__HOT static inline __attribute__((always_inline))
#define UVREST__COLD __attribute__((noinline))
/* For objects that are filled before they are read, where the compiler is told to zero all others. */
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 12)
#define UVREST__UNINITIALIZED __attribute__((uninitialized))
#else
#define UVREST__UNINITIALIZED
#endif

/* Where and why a text is not valid JSON. Whoever does not want to know passes NULL instead of a place for it. */
typedef struct uvrest__fault {
    const uint8_t *at;
    const char *expected; /* static */
    bool too_deep; /* valid so far, but nested deeper than allowed */
} uvrest__fault;

/* ---- words: little-endian whatever the machine, so that the first byte of the text is the lowest ----------------- */

UVREST__HOT uint32_t uvrest__load32(const void *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

UVREST__HOT uint64_t uvrest__load64(const void *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/*
 * Special is what ends a run of plain text: quote, backslash, control characters and all beyond ASCII. Flipping bit 1
 * makes the quote 0x20 and leaves 0x21 as the least of the plain ones, so that one comparison finds all but the
 * backslash.
 *
 * In a word it is the top bit of each special byte. Where a subtraction borrows from the neighbour above, bytes above a
 * hit may be marked wrongly; the lowest mark is always right.
 */
UVREST__HOT uint64_t uvrest__word_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = (word ^ ones * 2) - ones * 0x21;
    uint64_t slash = (word ^ ones * '\\') - ones;
    return (low | slash | word) & ones * 0x80;
}

#if UVREST__SCAN_SSE2
enum { UVREST__BLOCK = 16 };
typedef __m128i uvrest__block16;
typedef uint32_t uvrest__mask;

UVREST__HOT uvrest__block16 uvrest__block_load(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

UVREST__HOT void uvrest__block_store(void *p, uvrest__block16 block)
{
    _mm_storeu_si128((__m128i *)p, block);
}

/* A bit for each special byte; those beyond ASCII are negative, hence below the plain ones. */
UVREST__HOT uvrest__mask uvrest__block_special(uvrest__block16 block)
{
    __m128i plain = _mm_cmpgt_epi8(_mm_xor_si128(block, _mm_set1_epi8(2)), _mm_set1_epi8(0x20));
    __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    return (uvrest__mask)_mm_movemask_epi8(_mm_andnot_si128(slash, plain)) ^ 0xFFFFu;
}

UVREST__HOT unsigned uvrest__mask_first(uvrest__mask mask)
{
    return (unsigned)__builtin_ctz(mask);
}

/* Whether the first n <= 16 bytes of two places with 16 readable bytes are the same. */
UVREST__HOT bool uvrest__same16(const void *a, const void *b, unsigned n)
{
    uvrest__mask same = (uvrest__mask)_mm_movemask_epi8(_mm_cmpeq_epi8(uvrest__block_load(a), uvrest__block_load(b)));
    return ((~same) & ((1u << n) - 1)) == 0;
}
#else
enum { UVREST__BLOCK = 8 };
typedef uint64_t uvrest__block16;
typedef uint64_t uvrest__mask;

UVREST__HOT uint64_t uvrest__block_load(const void *p)
{
    return uvrest__load64(p);
}

UVREST__HOT void uvrest__block_store(void *p, uint64_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(p, &word, sizeof word);
}

UVREST__HOT uvrest__mask uvrest__block_special(uint64_t word)
{
    return uvrest__word_special(word);
}

UVREST__HOT unsigned uvrest__mask_first(uvrest__mask mask)
{
    return (unsigned)__builtin_ctzll(mask) >> 3;
}

UVREST__HOT bool uvrest__same16(const void *a, const void *b, unsigned n)
{
    uint64_t low = uvrest__block_load(a) ^ uvrest__block_load(b);
    uint64_t high;
    if (n < 8)
        return (low & ((UINT64_C(1) << 8 * n) - 1)) == 0;
    high = uvrest__block_load((const char *)a + 8) ^ uvrest__block_load((const char *)b + 8);
    return low == 0 && (n == 16 || (high & ((UINT64_C(1) << 8 * (n - 8)) - 1)) == 0);
}
#endif

/* To the first special byte of a run of text; so near the end that a block does not fit, to where it came. */
UVREST__HOT const uint8_t *uvrest__scan_plain(const uint8_t *p, const uint8_t *end)
{
    for (; UVREST__LIKELY(end - p >= UVREST__BLOCK); p += UVREST__BLOCK) {
        uvrest__mask special = uvrest__block_special(uvrest__block_load(p));
        if (special != 0)
            return p + uvrest__mask_first(special);
    }
    return p;
}

/* ---- characters -------------------------------------------------------------------------------------------------- */

/*
 * Length of the UTF-8 sequence at p, whose first byte is >= 0x80; 0 if it is none: cut, overlong, a surrogate, beyond
 * U+10FFFF. The masks test all marker bits of a little-endian word at once.
 */
UVREST__HOT unsigned uvrest__utf8_word(uint32_t w)
{
    if ((w & 0x00C0C0F0u) == 0x008080E0u)
        return (w & 0x200Fu) != 0 && (w & 0x200Fu) != 0x200Du ? 3 : 0;
    if ((w & 0xC0E0u) == 0x80C0u)
        return (w & 0x1Eu) != 0 ? 2 : 0;
    if ((w & 0xC0C0C0F8u) == 0x808080F0u)
        return (w & 0x3007u) != 0 && ((w & 4u) == 0 || (w & 0x3003u) == 0) ? 4 : 0;
    return 0;
}

UVREST__DIRECT unsigned uvrest__utf8_len(const uint8_t *p, const uint8_t *end);

/* A character beyond U+10FFFF stands for a surrogate without its twin: what UTF-8 cannot say. */
#define UVREST__LONE_SURROGATE 0x110000u

/*
 * Reads the escape at p, which is a backslash. *out_char is the character; of a pair of surrogates the one they stand
 * for, of a lone surrogate its value plus UVREST__LONE_SURROGATE. Returns the byte behind it, or NULL with fault set.
 */
UVREST__DIRECT const uint8_t *uvrest__scan_escape(const uint8_t *p, const uint8_t *end, uint32_t *out_char,
                                                  uvrest__fault *fault);

/*
 * Writes the text at *p, a quote, without quotes and escapes to where there is room for all of it; it is valid. `lone`
 * takes the place of a lone surrogate, which with UINT32_MAX stays, as uvrest__utf8_write() has it. Moves *p behind the
 * text; returns the end of what was written.
 */
UVREST__DIRECT char *uvrest__scan_unquote(const uint8_t **p, const uint8_t *end, char *to, uint32_t lone);

/* Writes a character as UTF-8 (a lone surrogate as the three bytes that UTF-8 forbids); the
 * number of bytes, at most 4. */
UVREST__DIRECT unsigned uvrest__utf8_write(char *to, uint32_t c);

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

/* Moves past white space that has begun to show; the callers test the first byte themselves. */
UVREST__DIRECT const uint8_t *uvrest__scan_space(const uint8_t *p, const uint8_t *end);

UVREST__HOT const uint8_t *uvrest__skip_space(const uint8_t *p, const uint8_t *end)
{
    return UVREST__LIKELY(p<end && * p> ' ') ? p : uvrest__scan_space(p, end);
}

/* Where a body begins: behind a byte order mark and white space. */
UVREST__DIRECT const uint8_t *uvrest__scan_begin(const uint8_t *p, const uint8_t *end);

/* From behind the opening quote to behind the closing one, checking all of it. NULL with fault set. */
UVREST__DIRECT const uint8_t *uvrest__scan_text(const uint8_t *p, const uint8_t *end, uvrest__fault *fault);

/* A number from its first byte. NULL with fault set. */
UVREST__DIRECT const uint8_t *uvrest__scan_number(const uint8_t *p, const uint8_t *end, uvrest__fault *fault);

/*
 * One value of any kind, from its first byte (no space before it) to behind its last one, checked in full. depth: how
 * many levels it may nest. NULL with fault set.
 */
UVREST__DIRECT const uint8_t *uvrest__scan_value(const uint8_t *p, const uint8_t *end, unsigned depth,
                                                 uvrest__fault *fault);

/* A whole text: space, one value, space. false with fault set. */
UVREST__DIRECT bool uvrest__scan_whole(const uint8_t *p, const uint8_t *end, unsigned depth, uvrest__fault *fault);

#endif /* UVREST__SCAN_H */
