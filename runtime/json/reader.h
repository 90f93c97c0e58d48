/* SPDX-License-Identifier: MIT */
/*
 * What reading one text has at hand: the text, the arena, what was noted, how it failed.
 *
 * Where a reading function stands: `p` is the next byte to read. It returns where it stopped; NULL when the decode has
 * failed and reader.status says how; `p` itself, not moved, when the value does not fit the member ("misfit"), which is
 * then kept as text by uvrest__reader_keep().
 *
 * Ends of the text: the last byte is known to be the root's closing brace or bracket before reading begins. It is no
 * space, digit, quote or letter, so nothing but closing a container consumes it, and `*p` may be read without asking for the
 * end everywhere else. Whoever closes a container inside another one checks for it.
 *
 * What is wrong with a text is not found out here: the reader only notices that it is wrong, and the scanner then reads
 * the text again to say where. So there is one opinion on what is JSON, and good texts do not pay for bad ones.
 */
#ifndef UVREST__READER_H
#define UVREST__READER_H

#include "extra.h"
#include "limits.h"
#include "path.h"
#include "stack.h"

enum {
    UVREST__READER_ORDERS = 8,
    UVREST__READER_STACK = 4096 /* gathered without scratch memory */
};

/*
 * Which member follows which, learned while reading: answers repeat one order of members and leave the same ones
 * out. next[0] is the first member, next[i + 1] the one behind the i-th. A guess that is wrong costs a lookup and
 * is corrected; a slot is lost to another model of the same remainder, which costs the same.
 */
typedef struct uvrest__member_order {
    uint16_t model;
    uint8_t next[UVREST__JSON_FIELDS_MAX + 1];
} uvrest__member_order;

/* A member on its way into an extra. Kept in a list, the latest first, so that one superseded by a duplicate can go. */
typedef struct uvrest__kept_member {
    struct uvrest__kept_member *before;
    uvrest_extra_member member;
} uvrest__kept_member;

typedef struct uvrest__reader {
    const uint8_t *begin;
    const uint8_t *end;
    const uvrest_schema *schema;
    uvrest_arena *arena;
    size_t used_before; /* of the arena, by others */
    unsigned depth;
    unsigned max_depth;
    bool strict;
    bool unknown_text; /* an element of the array of enums being read was not known */
    size_t n_duplicates; /* members that superseded one before */
    uint32_t max_notes;
    uvrest_decode_note *notes;
    size_t n_notes, cap_notes, n_dropped;
    uvrest_status status;
    bool has_failure_path;
    uvrest_decode_note failure;
    char failure_path[UVREST__JSON_PATH_MAX];
    uvrest__stack stack;
    uvrest__member_order orders[UVREST__READER_ORDERS];
    _Alignas(16) char stack_memory[UVREST__READER_STACK];
} uvrest__reader;

/* ---- failing -------------------------------------------------------------------------------------------------------- */

/* Ends the decode; the first one counts. Returns NULL. */
UVREST__RARE const uint8_t *uvrest__reader_fail(uvrest__reader *r, const uint8_t *p, uvrest_status status);
/* The same where the text is wrong or too deep. */
UVREST__RARE const uint8_t *uvrest__reader_broken(uvrest__reader *r, const uint8_t *p);
/* Says where a failure happened, once: the innermost frame comes first. Returns NULL. */
UVREST__RARE const uint8_t *uvrest__reader_failed_in(uvrest__reader *r, const uvrest__frame *f);

/* ---- memory --------------------------------------------------------------------------------------------------------- */

/* Room for need bytes at arena->at; false with the decode failed. */
UVREST__RARE bool uvrest__reader_grow(uvrest__reader *r, const uint8_t *p, size_t need);
UVREST__RARE bool uvrest__reader_grow_stack(uvrest__reader *r, const uint8_t *p, size_t size);

/* Memory in the arena; NULL with the decode failed. */
static inline void *uvrest__reader_take(uvrest__reader *r, const uint8_t *p, size_t size, size_t align)
{
    uvrest_arena *arena = r->arena;
    size_t pad = (size_t)(0 - (uintptr_t)arena->at) & (align - 1);
    char *memory;
    if (UVREST__UNLIKELY((size_t)(arena->end - arena->at) < size + pad)) {
        if (!uvrest__reader_grow(r, p, size))
            return NULL;
        pad = 0;
    }
    memory = arena->at + pad;
    arena->at = memory + size;
    return memory;
}

/* Room on the stack, not zeroed; NULL with the decode failed. */
static inline void *uvrest__reader_push(uvrest__reader *r, const uint8_t *p, size_t size)
{
    void *memory = uvrest__stack_push(&r->stack, size);
    if (UVREST__UNLIKELY(memory == NULL)) {
        if (!uvrest__reader_grow_stack(r, p, size))
            return NULL;
        memory = uvrest__stack_push(&r->stack, size);
    }
    return memory;
}

/* A copy of the bytes [from, to), as a raw value. */
bool uvrest__reader_copy_raw(uvrest__reader *r, const uint8_t *from, const uint8_t *to, uvrest_raw *out);

/* ---- tokens --------------------------------------------------------------------------------------------------------- */

UVREST__HOT const uint8_t *uvrest__reader_skip(const uvrest__reader *r, const uint8_t *p)
{
    return UVREST__LIKELY(*p > ' ') ? p : uvrest__scan_space(p, r->end);
}

/* Whether the four bytes at p are those of a word. */
UVREST__HOT bool uvrest__reader_is_word(const uvrest__reader *r, const uint8_t *p, const char *word)
{
    return r->end - p >= 4 && memcmp(p, word, 4) == 0;
}

/* Behind a value of any kind, checked in full. */
const uint8_t *uvrest__reader_skip_value(uvrest__reader *r, const uint8_t *p);

static inline bool uvrest__reader_enter(uvrest__reader *r, const uint8_t *p)
{
    return ++r->depth <= r->max_depth || uvrest__reader_broken(r, p) != NULL; /* the scanner tells the two apart */
}

/* Behind the closing brace or bracket at p, which must not be the last byte but for the root. */
UVREST__HOT const uint8_t *uvrest__reader_leave(uvrest__reader *r, const uint8_t *p)
{
    r->depth--;
    return UVREST__LIKELY(p + 1 != r->end || r->depth == 0) ? p + 1 : uvrest__reader_broken(r, p);
}

/* ---- what does not fit ---------------------------------------------------------------------------------------------- */

/* Notes that the text from p to behind does not fit, or that nothing came (behind NULL); false when that ends the decode. */
UVREST__RARE bool uvrest__reader_note(uvrest__reader *r, const uvrest__frame *f, const char *expected, const uint8_t *p,
                                      const uint8_t *behind);
/* Adds a member to those the object's extra will have. name: in the pool or the arena. */
bool uvrest__reader_keep_raw(uvrest__reader *r, uvrest__kept_member **kept, const char *name, size_t name_len,
                             const uint8_t *p, const uint8_t *behind);
/* Keeps the value at p, which its member cannot hold, and notes what was expected. Returns behind it. */
UVREST__RARE const uint8_t *uvrest__reader_keep(uvrest__reader *r, const uint8_t *p, const uvrest__frame *f,
                                                uvrest__kept_member **kept, const char *expected);
/* What a member of that kind expects, in words. */
const char *uvrest__reader_expectation(const uvrest_gen_field *field);

/* ---- whole texts ---------------------------------------------------------------------------------------------------- */

/* Makes a reader, which needs no end; returns the first byte of the value, or the end. */
const uint8_t *uvrest__reader_begin(uvrest__reader *r, const uvrest_schema *schema, const char *chars, size_t len,
                                    const uvrest_decode_options *options, uvrest_arena *arena);
/* Takes a first block; false with the decode failed. */
bool uvrest__reader_make_room(uvrest__reader *r, const uint8_t *p);

/* Lets the arena grow by so much and no more; gives back what undoes it. */
typedef struct uvrest__ceiling {
    size_t max_bytes;
    size_t used_limit;
} uvrest__ceiling;

uvrest__ceiling uvrest__reader_lower(uvrest_arena *arena, size_t max_bytes);
void uvrest__reader_restore(uvrest_arena *arena, uvrest__ceiling before);

/* Tells how it ended. p: where the value begins; end: of the whole text; expected: what the root should have been. */
uvrest_status uvrest__reader_finish(uvrest__reader *r, const uint8_t *p, const uint8_t *end, const char *expected,
                                    uvrest_decode_report *out_report);

#endif /* UVREST__READER_H */
