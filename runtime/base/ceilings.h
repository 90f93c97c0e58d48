/* SPDX-License-Identifier: MIT */
/*
 * Every ceiling of the library in one place. Whatever grows is given one of these, or a smaller one by its caller.
 *
 * It is not called limits.h, which would hide the system's header of that name.
 */
#ifndef UVREST__CEILINGS_H
#define UVREST__CEILINGS_H

/* JSON: nesting of one text, over models, arrays, maps and free-form values alike. */
#define UVREST__JSON_DEPTH_MAX 512u
/* Decode notes kept unless the caller says otherwise, and the most he can ask for. */
#define UVREST__JSON_NOTES_DEFAULT 64u
#define UVREST__JSON_NOTES_MAX 4096u
/* Bytes of foreign text quoted in a decode note, escapes included, and bytes of a path. */
#define UVREST__JSON_EXCERPT_MAX 48u
#define UVREST__JSON_PATH_MAX 512u
/* Members of one model: what a row index and the set of seen members can hold. */
#define UVREST__JSON_FIELDS_MAX 256u
/* Bytes of one member name or enum value of a schema. */
#define UVREST__JSON_NAME_MAX 255u

/* Arenas: the least they take from the allocator at a time, and the most a block is made larger than asked for. */
#define UVREST__ARENA_BLOCK_MIN 1024u
#define UVREST__ARENA_BLOCK_MAX (4u * 1024u * 1024u)

#endif /* UVREST__CEILINGS_H */
