/* SPDX-License-Identifier: MIT */
#include "credentials.h"
#include "alloc.h"
#include "headers.h"
#include "text.h"
#include <string.h>

void uvrest__credentials_init(uvrest__credentials *set, const uvrest_alloc *alloc)
{
    memset(set, 0, sizeof *set);
    set->alloc = alloc;
}

void uvrest__credentials_fini(uvrest__credentials *set)
{
    for (uint32_t i = 0; i < set->n; i++) {
        if (set->lines[i] == NULL)
            continue;
        explicit_bzero(set->lines[i], strlen(set->lines[i]));
        uvrest__free(set->alloc, set->lines[i]);
    }
    set->n = 0;
}

/* A line's first and last byte belong to it; the colon parts them. */
static uvrest_status keep(uvrest__credentials *set, const char *name, size_t name_len, const char *value)
{
    size_t value_len = strlen(value);
    char *line = uvrest__malloc(set->alloc, name_len + value_len + 1);
    if (line == NULL)
        return UVREST_E_NOMEM;
    memcpy(line, name, name_len);
    memcpy(line + name_len, value, value_len + 1);
    set->lines[set->n++] = line;
    return UVREST_OK;
}

/* RFC 7617: user and password, with a colon between, in base64. */
static uvrest_status keep_basic(uvrest__credentials *set, const char *name, size_t name_len, const char *value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(value);
    char *line = uvrest__malloc(set->alloc, name_len + (len + 2) / 3 * 4 + 1);
    if (line == NULL)
        return UVREST_E_NOMEM;
    char *out = line + name_len;
    memcpy(line, name, name_len);
    for (size_t i = 0; i < len; i += 3, out += 4) {
        unsigned second = i + 1 < len ? (unsigned char)value[i + 1] : 0;
        unsigned third = i + 2 < len ? (unsigned char)value[i + 2] : 0;
        unsigned group = (unsigned)(unsigned char)value[i] << 16 | second << 8 | third;
        out[0] = digits[group >> 18];
        out[1] = digits[group >> 12 & 63];
        out[2] = i + 1 < len ? digits[group >> 6 & 63] : '=';
        out[3] = i + 2 < len ? digits[group & 63] : '=';
    }
    *out = '\0';
    set->lines[set->n++] = line;
    return UVREST_OK;
}

static uvrest_status check_room(const uvrest__credentials *set, uvrest_reason *reason)
{
    if (set->n < UVREST__CREDENTIALS_MAX)
        return UVREST_OK;
    uvrest__reason_set(reason, "credentials: too many", (char *)NULL);
    return UVREST_E_LIMIT;
}

uvrest_status uvrest__credentials_add(uvrest__credentials *set, const char *what, const char *header, const char *value,
                                      uvrest_reason *reason)
{
    char name[128];
    size_t len = strlen(header);
    uvrest_status st = check_room(set, reason);
    if (st != UVREST_OK)
        return st;
    if (value == NULL) {
        set->lines[set->n++] = NULL;
        return UVREST_OK;
    }
    if (*value == '\0') {
        uvrest__reason_set(reason, what, ": empty", (char *)NULL);
        return UVREST_E_INVALID;
    }
    st = uvrest__headers_check_value(what, value, reason);
    if (st != UVREST_OK)
        return st;
    if (len + 3 > sizeof name) {
        uvrest__reason_set(reason, what, ": its header's name is too long", (char *)NULL);
        return UVREST_E_INVALID;
    }
    memcpy(name, header, len);
    if (strcmp(header, "Authorization: Basic ") == 0)
        return keep_basic(set, name, len, value);
    if (strchr(header, ':') == NULL) {
        memcpy(name + len, ": ", 2);
        len += 2;
    }
    return keep(set, name, len, value);
}

uvrest_status uvrest__credentials_add_lines(uvrest__credentials *set, const char *const *lines, uvrest_reason *reason)
{
    for (; lines != NULL && *lines != NULL; lines++) {
        uvrest_status st = check_room(set, reason);
        if (st == UVREST_OK)
            st = uvrest__headers_check_line(*lines, reason);
        if (st == UVREST_OK)
            st = keep(set, "", 0, *lines);
        if (st != UVREST_OK)
            return st;
    }
    return UVREST_OK;
}

size_t uvrest__credentials_list(const uvrest__credentials *set, uint32_t mask, const char **list)
{
    size_t n = 0;
    for (uint32_t i = 0; i < set->n; i++)
        if (set->lines[i] != NULL && (mask >> i & 1u) != 0)
            list[n++] = set->lines[i];
    list[n] = NULL;
    return n;
}

bool uvrest__credentials_are(const uvrest__credentials *set, const char *const *lines)
{
    uint32_t i = 0;
    while (i < set->n && lines[i] != NULL && strcmp(set->lines[i], lines[i]) == 0)
        i++;
    return i == set->n && lines[i] == NULL;
}

/* How many bytes at text stand for the character, which in a path may be percent-encoded; 0: none. */
static size_t spells(const char *text, char c)
{
    static const char digits[] = "0123456789abcdef";
    if (*text == c)
        return 1;
    return *text == '%' && uvrest__text_lower(text[1]) == digits[(unsigned char)c >> 4] &&
                   uvrest__text_lower(text[2]) == digits[(unsigned char)c & 15]
               ? 3
               : 0;
}

/* How much of the secret text begins with: all of it, or what is left where the text was cut, which may be amid the
 * secret's own dots. 0: none, or too little to tell anything. */
static size_t measure_leak(const char *text, const char *secret, size_t len)
{
    size_t n = 0;
    size_t i = 0;
    for (size_t step; i < len && (step = spells(text + n, secret[i])) > 0; i++)
        n += step;
    if (i < len && text[n] != '\0') {
        while (n > 0 && text[n - 1] == '.')
            n--;
        if (strncmp(text + n, "...", 3) != 0)
            return 0;
    }
    return n >= UVREST__CREDENTIALS_REDACT_MIN ? n : 0;
}

static void strike_out(char *text, const char *secret, size_t len)
{
    while (*text != '\0') {
        size_t n = measure_leak(text, secret, len);
        memset(text, '*', n);
        text += n > 0 ? n : 1;
    }
}

/* Each word of a value by itself: before the secret there may be a scheme, and a secret may have several. */
void uvrest__credentials_redact(const uvrest__credentials *set, char *text)
{
    for (uint32_t i = 0; i < set->n; i++) {
        const char *word = set->lines[i] == NULL ? "" : strchr(set->lines[i], ':') + 1;
        while (*(word += strspn(word, " ")) != '\0') {
            size_t len = strcspn(word, " ");
            if (len >= UVREST__CREDENTIALS_REDACT_MIN)
                strike_out(text, word, len);
            word += len;
        }
    }
}

void uvrest__credentials_names(const uvrest__credentials *set, uint32_t mask, char *out, size_t cap)
{
    uvrest__text names;
    uvrest__text_init(&names, out, cap);
    for (uint32_t i = 0; i < set->n; i++) {
        const char *line = set->lines[i];
        if (line == NULL || (mask >> i & 1u) == 0)
            continue;
        if (names.len > 0)
            uvrest__text_add(&names, ", ");
        uvrest__text_add_foreign(&names, line, (size_t)(strchr(line, ':') - line));
    }
}
