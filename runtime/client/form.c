/* SPDX-License-Identifier: MIT */
#include "form.h"

#include "alloc.h"
#include "text.h"
#include <stdio.h>
#include <string.h>

#define BOUNDARY_MAX 40u
#define TYPE_START "multipart/form-data; boundary="

/* The first of a fixed row of boundaries that occurs in no part: the same parts give the same body. */
static void choose_boundary(const uvrest__form_part *parts, size_t n_parts, char boundary[BOUNDARY_MAX])
{
    for (unsigned number = 0;; number++) {
        bool occurs = false;
        snprintf(boundary, BOUNDARY_MAX, "uvrest-form-%08x", number);
        for (size_t i = 0; i < n_parts && !occurs; i++)
            occurs = parts[i].len > 0 && memmem(parts[i].data, parts[i].len, boundary, strlen(boundary)) != NULL;
        if (!occurs)
            return;
    }
}

/* What stands before a part's data. Returns its length; writes only where out is given, which then has room. */
static size_t write_head(const uvrest__form_part *part, const char *boundary, char *out, size_t cap)
{
    int len = snprintf(out, cap, "--%s\r\nContent-Disposition: form-data; name=\"%s\"%s%s%s%s%s\r\n\r\n", boundary,
                       part->name, part->is_file ? "; filename=\"" : "", part->is_file ? part->name : "",
                       part->is_file ? "\"" : "", part->content_type != NULL ? "\r\nContent-Type: " : "",
                       part->content_type != NULL ? part->content_type : "");
    return len < 0 ? 0 : (size_t)len;
}

static uvrest_status check_part(const uvrest__form_part *part, uvrest_reason *reason)
{
    const char *texts[] = {part->name, part->content_type};
    for (size_t i = 0; i < 2; i++) {
        if (texts[i] == NULL ||
            (uvrest__text_control(texts[i], strlen(texts[i])) == NULL && strchr(texts[i], '"') == NULL))
            continue;
        uvrest__reason_set(reason, "form: a control character or a quote in a part's name or type", (char *)NULL);
        return UVREST_E_INVALID;
    }
    return UVREST_OK;
}

static uvrest_status measure(const uvrest__form_part *parts, size_t n_parts, const char *boundary, size_t *out_len,
                             uvrest_reason *reason)
{
    size_t len = strlen(boundary) + sizeof "----\r\n";
    for (size_t i = 0; i < n_parts; i++) {
        uvrest_status st = check_part(&parts[i], reason);
        if (st != UVREST_OK)
            return st;
        if (!uvrest__size_add(len, write_head(&parts[i], boundary, NULL, 0) + sizeof "\r\n", &len) ||
            !uvrest__size_add(len, parts[i].len, &len))
            return UVREST_E_LIMIT;
    }
    *out_len = len;
    return UVREST_OK;
}

uvrest_status uvrest__form_encode(const uvrest__form_part *parts, size_t n_parts, uvrest_arena *arena,
                                  uvrest_raw *out_body, const char **out_type, uvrest_reason *reason)
{
    char boundary[BOUNDARY_MAX];
    size_t cap;
    choose_boundary(parts, n_parts, boundary);
    uvrest_status st = measure(parts, n_parts, boundary, &cap, reason);
    if (st != UVREST_OK)
        return st;
    char *body = uvrest_arena_alloc(arena, cap + 1);
    char *type = uvrest_arena_alloc(arena, sizeof TYPE_START + BOUNDARY_MAX);
    if (body == NULL || type == NULL)
        return UVREST_E_NOMEM;

    size_t len = 0;
    for (size_t i = 0; i < n_parts; i++) {
        len += write_head(&parts[i], boundary, body + len, cap + 1 - len);
        if (parts[i].len > 0)
            memcpy(body + len, parts[i].data, parts[i].len);
        len += parts[i].len;
        memcpy(body + len, "\r\n", 2);
        len += 2;
    }
    len += (size_t)snprintf(body + len, cap + 1 - len, "--%s--\r\n", boundary);
    snprintf(type, sizeof TYPE_START + BOUNDARY_MAX, TYPE_START "%s", boundary);
    *out_body = uvrest_raw_of(body, len);
    *out_type = type;
    return UVREST_OK;
}

/* What the URL standard calls the urlencoded serializer: a space is a plus, all but these is escaped. */
static void append_urlencoded(uvrest__buf *body, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._";
    static const char digits[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (c == ' ')
            uvrest__buf_append_char(body, '+');
        else if (memchr(plain, c, sizeof plain - 1) != NULL)
            uvrest__buf_append_char(body, *text);
        else
            uvrest__buf_append(body, escape, sizeof escape);
    }
}

void uvrest__form_add_field(uvrest__buf *body, const char *name, const char *value)
{
    if (body->len > 0)
        uvrest__buf_append_char(body, '&');
    append_urlencoded(body, name);
    uvrest__buf_append_char(body, '=');
    append_urlencoded(body, value);
}
