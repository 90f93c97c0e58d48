/* SPDX-License-Identifier: MIT */
#include "buf.h"
#include "alloc.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { FIRST_CAP = 127 }; /* with the NUL a whole allocator class */

void uvrest__buf_init(uvrest__buf *buf, const uvrest_alloc *alloc, size_t max_len)
{
    memset(buf, 0, sizeof *buf);
    buf->alloc = alloc;
    buf->max_len = max_len == 0 ? SIZE_MAX - 1 : max_len;
}

static void give_back(uvrest__buf *buf)
{
    if (buf->data != NULL)
        explicit_bzero(buf->data, buf->cap);
    uvrest__free(buf->alloc, buf->data);
}

void uvrest__buf_fini(uvrest__buf *buf)
{
    give_back(buf);
    buf->data = NULL;
    buf->len = 0;
    buf->cap = 0;
    buf->status = UVREST_OK;
}

void uvrest__buf_clear(uvrest__buf *buf)
{
    buf->len = 0;
    buf->status = UVREST_OK;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

char *uvrest__buf_reserve(uvrest__buf *buf, size_t len)
{
    size_t need, cap;
    char *data;
    if (buf->status != UVREST_OK)
        return NULL;
    if (!uvrest__size_add(buf->len, len, &need) || need > buf->max_len) {
        buf->status = UVREST_E_LIMIT;
        return NULL;
    }
    if (buf->data != NULL && need <= buf->cap)
        return buf->data + buf->len;
    cap = buf->cap > SIZE_MAX / 2 - 1 ? SIZE_MAX - 1 : buf->cap * 2 + 1;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP;
    if (cap < need)
        cap = need;
    if (cap > buf->max_len)
        cap = buf->max_len;
    if (cap == SIZE_MAX || (data = uvrest__malloc(buf->alloc, cap + 1)) == NULL) {
        buf->status = UVREST_E_NOMEM;
        return NULL;
    }
    if (buf->len > 0)
        memcpy(data, buf->data, buf->len);
    give_back(buf); /* by ourselves, since resizing leaves what was there behind */
    buf->data = data;
    buf->cap = cap;
    data[buf->len] = '\0';
    return data + buf->len;
}

void uvrest__buf_commit(uvrest__buf *buf, size_t len)
{
    assert(len <= buf->cap - buf->len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void uvrest__buf_append(uvrest__buf *buf, const void *data, size_t len)
{
    char *room = uvrest__buf_reserve(buf, len);
    if (room == NULL)
        return;
    if (len != 0)
        memcpy(room, data, len);
    uvrest__buf_commit(buf, len);
}

void uvrest__buf_append_text(uvrest__buf *buf, const char *text)
{
    uvrest__buf_append(buf, text, strlen(text));
}

void uvrest__buf_append_char(uvrest__buf *buf, char c)
{
    uvrest__buf_append(buf, &c, 1);
}

void uvrest__buf_append_u64(uvrest__buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    uvrest__buf_append(buf, digits + at, sizeof digits - at);
}

void uvrest__buf_append_i64(uvrest__buf *buf, int64_t number)
{
    if (number < 0)
        uvrest__buf_append_char(buf, '-');
    uvrest__buf_append_u64(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

const char *uvrest__buf_text(const uvrest__buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *uvrest__buf_take(uvrest__buf *buf, size_t *out_len)
{
    char *data;
    if (buf->data == NULL)
        uvrest__buf_append(buf, "", 0);
    if (buf->status != UVREST_OK)
        return NULL;
    data = buf->data;
    *out_len = buf->len;
    buf->data = NULL;
    uvrest__buf_fini(buf);
    return data;
}
