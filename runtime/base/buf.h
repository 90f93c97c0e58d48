/* SPDX-License-Identifier: MIT */
/*
 * Bytes that grow up to a ceiling. Its error is sticky: once an append fails, all later ones do nothing, so a writer
 * appends without looking and asks once at the end. What is in it is always followed by a NUL that does not count.
 * It may hold secrets, so all memory that it lets go of is wiped before, also where it grows.
 */
#ifndef UVREST__BUF_H
#define UVREST__BUF_H

#include <uvrest/base.h>

typedef struct uvrest__buf {
    const uvrest_alloc *alloc; /* borrowed until uvrest__buf_fini() */
    char *data; /* NULL until something was appended */
    size_t len;
    size_t cap; /* room without the closing NUL */
    size_t max_len; /* ceiling of len */
    uvrest_status status; /* UVREST_OK, UVREST_E_NOMEM, or UVREST_E_LIMIT beyond max_len */
} uvrest__buf;

/* Makes it empty. max_len 0: no ceiling. Takes no memory. */
void uvrest__buf_init(uvrest__buf *buf, const uvrest_alloc *alloc, size_t max_len);
/* Gives its memory back and leaves it empty and usable. All zero is accepted. */
void uvrest__buf_fini(uvrest__buf *buf);
/* Forgets content and error, keeps the memory. */
void uvrest__buf_clear(uvrest__buf *buf);
/* Room for len more bytes; the place to write them, NULL on error. Follow it with uvrest__buf_commit(). */
UVREST_MUST_USE char *uvrest__buf_reserve(uvrest__buf *buf, size_t len);
/* Counts len bytes written to what uvrest__buf_reserve() gave. */
void uvrest__buf_commit(uvrest__buf *buf, size_t len);
void uvrest__buf_append(uvrest__buf *buf, const void *data, size_t len);
void uvrest__buf_append_text(uvrest__buf *buf, const char *text);
void uvrest__buf_append_char(uvrest__buf *buf, char c);
/* Decimal digits, whatever the locale. */
void uvrest__buf_append_u64(uvrest__buf *buf, uint64_t number);
void uvrest__buf_append_i64(uvrest__buf *buf, int64_t number);
/* The content as NUL-ended text: "" while empty or failed before the first byte. Borrowed until the next append. */
const char *uvrest__buf_text(const uvrest__buf *buf);
/* Hands the memory over. owned: uvrest__free(); NUL-ended. NULL, and the status says why, after an error. */
UVREST_MUST_USE char *uvrest__buf_take(uvrest__buf *buf, size_t *out_len);

#endif /* UVREST__BUF_H */
