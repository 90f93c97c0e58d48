/* SPDX-License-Identifier: MIT */
/*
 * What reading one text has at hand: the text, the arena, what was noted, how it failed.
 *
 * Where a reading function stands: `p` is the next byte to read. It returns where it stopped; NULL when the decode has
 * failed and reader.status says how; `p` itself, not moved, when the value does not fit the member ("misfit"), which is
 * then kept as text by uvrest__reader_keep_raw().
 *
 * Ends of the text: the last byte is known to be the root's closing brace or bracket before reading begins. It is no
 * space, digit, quote or letter, so nothing but closing a container consumes it, and `*p` may be read without asking
 * for the end everywhere else. Whoever closes a container inside another one checks for it.
 *
 * What is wrong with a text is not found out here: the reader only notices that it is wrong, and the scanner then reads
 * the text again to say where. So there is one opinion on what is JSON, and good texts do not pay for bad ones.
 */
#ifndef UVREST__READER_H
#define UVREST__READER_H

#include "ceilings.h"
#include "extra.h"
#include "path.h"
#include "stack.h"

enum {
    UVREST__READER_ORDERS = 8,
    UVREST__READER_STACK = 4096 /* gathered without scratch memory */
};

/* A member on its way into an extra. Kept in a list, the latest first, so that one superseded by a duplicate can go. */
typedef struct uvrest__kept_member {
    struct uvrest__kept_member *before;
    uvrest_extra_member member;
} uvrest__kept_member;

/* A text as it was last read. */
typedef struct uvrest__text {
    char *chars; /* arena, NUL-ended */
    size_t len;
    bool unfit; /* holds NUL or a lone surrogate: no C text */
} uvrest__text;

/*
 * Which member follows which, learned while reading: answers repeat one order of members and leave the same ones out.
 * The first byte is for the first member, the i-th for what follows row i - 1: how many rows it passes over, so that
 * zeroes are the order of the model itself. A guess that is wrong costs a lookup and is corrected; a slot is lost to
 * another model of the same remainder, which costs the same.
 */
typedef uint8_t uvrest__member_order[UVREST__JSON_FIELDS_MAX + 1];

/* Where an array or a map goes: both are a pointer and a count. */
typedef struct uvrest__sequence {
    const void *items;
    size_t n_items;
} uvrest__sequence;

typedef struct uvrest__reader {
    const uint8_t *begin;
    const uint8_t *end; /* of the value; behind it is only space */
    const uint8_t *whole_end; /* of the text */
    const uvrest_schema *schema;
    uvrest_arena *arena;
    size_t used_before; /* of the arena, by others */
    size_t max_bytes, used_limit; /* the arena's ceilings as they were before */
    unsigned depth;
    unsigned max_depth;
    uvrest__text text;
    bool strict;
    bool borrows; /* the text is of the arena: raw values may point into it */
    bool unknown_text; /* what was read had texts that are no values of their enum */
    bool has_path; /* `print` says where it failed */
    uvrest_status status;
    uint32_t max_notes;
    uvrest_decode_note *notes;
    size_t n_notes, cap_notes, n_dropped;
    uvrest_decode_note failure;
    uvrest__fault fault;
    uvrest__sequence root; /* or a pointer alone */
    uvrest__stack stack;
    /* What follows is not zeroed at the beginning. */
    uint16_t order_of[UVREST__READER_ORDERS]; /* the model each order is for */
    uvrest__member_order orders[UVREST__READER_ORDERS];
    char print[UVREST__JSON_PATH_MAX];
    _Alignas(16) char stack_memory[UVREST__READER_STACK];
} uvrest__reader;

/* ---- failing ----------------------------------------------------------------------------------------------------- */

/* Ends the decode; the first one counts. Returns NULL. */
UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_fail(uvrest__reader *r, const uint8_t *p,
                                                               uvrest_status status);
/* The same where the text is wrong or too deep. */
UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_broken(uvrest__reader *r, const uint8_t *p);
/* Says where a failure happened, once: the innermost frame comes first. Returns NULL. */
UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_failed_in(uvrest__reader *r, const uvrest__frame *f);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Room for need bytes at arena->at; false with the decode failed. */
UVREST__DIRECT UVREST__RARE bool uvrest__reader_grow(uvrest__reader *r, const uint8_t *p, size_t need);
/* Memory in the arena, 8-aligned; on the stack, zeroed. NULL with the decode failed. */
UVREST__DIRECT void *uvrest__reader_take(uvrest__reader *r, const uint8_t *p, size_t size);
UVREST__DIRECT void *uvrest__reader_push(uvrest__reader *r, const uint8_t *p, size_t size);

/* The bytes [from, to), a value that was checked here, as a raw value: where they stand if they
 * may stay there, else a copy. */
UVREST__DIRECT bool uvrest__reader_keep_text(uvrest__reader *r, const uint8_t *from, const uint8_t *to,
                                             uvrest_raw *out);

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

UVREST__HOT const uint8_t *uvrest__reader_skip(const uvrest__reader *r, const uint8_t *p)
{
    return UVREST__LIKELY(*p > ' ') ? p : uvrest__scan_space(p, r->end);
}

/* Whether the four bytes at p are those of a word, none of them a bracket. */
UVREST__HOT bool uvrest__reader_is_word(const uvrest__reader *r, const uint8_t *p, const char *word)
{
    return r->end - p >= 4 && memcmp(p, word, 4) == 0;
}

/* Behind a value of any kind, checked in full. */
UVREST__DIRECT const uint8_t *uvrest__reader_skip_value(uvrest__reader *r, const uint8_t *p);

/* Goes down into the container at p; false with the decode failed. */
UVREST__DIRECT bool uvrest__reader_enter(uvrest__reader *r, const uint8_t *p);

/* Behind the closing brace or bracket at p, which must not be the last byte but for the root. */
UVREST__DIRECT const uint8_t *uvrest__reader_leave(uvrest__reader *r, const uint8_t *p);

/* ---- what does not fit ------------------------------------------------------------------------------------------- */

/* Notes that the text from p to behind does not fit, or that nothing came (behind NULL); false
 * when that ends the decode. */
UVREST__DIRECT UVREST__RARE bool uvrest__reader_note(uvrest__reader *r, const uvrest__frame *f, const char *expected,
                                                     const uint8_t *p, const uint8_t *behind);
/* Adds a member to those the object's extra will have. name: in the pool or the arena. */
UVREST__DIRECT bool uvrest__reader_keep_raw(uvrest__reader *r, uvrest__kept_member **kept, const char *name,
                                            size_t name_len, const uint8_t *p, const uint8_t *behind);
/* What is expected of a kind with its shape, in words. */
UVREST__DIRECT const char *uvrest__reader_expectation(unsigned kind);

/* ---- whole texts ------------------------------------------------------------------------------------------------- */

/*
 * Makes a reader; end it with uvrest__reader_finish(). Returns the first byte of the value, or the end; reader.end is
 * behind its last one. Takes a first block and lowers the arena's ceilings: where that fails reader.status says so.
 */
UVREST__DIRECT UVREST__RARE const uint8_t *uvrest__reader_begin(uvrest__reader *r, const uvrest_schema *schema,
                                                                const char *chars, size_t len,
                                                                const uvrest_decode_options *options,
                                                                uvrest_arena *arena);

/* Tells how it ended. p: where the value begins; kind: what it should have been. */
UVREST__DIRECT uvrest_status uvrest__reader_finish(uvrest__reader *r, const uint8_t *p, unsigned kind,
                                                   uvrest_decode_report *out_report);

#endif /* UVREST__READER_H */
