/* SPDX-License-Identifier: MIT */
/*
 * Base URLs, path values, query values and redirects. The input's first byte chooses; the rest is the text. What is
 * accepted must stand in its place whatever it is: one segment, one member, the same origin.
 */
#include "url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uvrest__url_base base;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_visible(const char *text)
{
    for (; *text != '\0'; text++)
        require((unsigned char)*text > 0x20 && (unsigned char)*text < 0x7f);
}

static int hex(char c)
{
    const char *digits = "0123456789ABCDEF", *found = strchr(digits, c);
    return c == '\0' || found == NULL ? -1 : (int)(found - digits);
}

/* Decoding once gives the value back, and between the two ends there is nothing that divides. */
static void require_encoded(const char *text, const char *value)
{
    for (; *value != '\0'; value++) {
        require(*text != '\0' && strchr("/?#&=+", *text) == NULL);
        if (*text == '%') {
            require(hex(text[1]) >= 0 && hex(text[2]) >= 0);
            require((char)(hex(text[1]) * 16 + hex(text[2])) == *value);
            text += 3;
        } else {
            require(*text++ == *value);
        }
    }
    require(*text == '\0');
}

static void check_base(const char *text)
{
    uvrest__url_base one, again;
    uvrest_reason reason;
    if (uvrest__url_base_init(&one, NULL, text, true, &reason) != UVREST_OK) {
        require(strncmp(reason.text, "base_url: ", 10) == 0);
        return;
    }
    require_visible(one.origin);
    require(strpbrk(one.host, "/@?#\\ ") == NULL && one.port != 0);
    require(uvrest__url_same_origin(&one, one.origin) && uvrest__url_same_origin(&one, text));
    require(uvrest__url_base_init(&again, NULL, one.origin, true, NULL) == UVREST_OK);
    require(strcmp(one.origin, again.origin) == 0);
    uvrest__url_base_fini(&one, NULL);
    uvrest__url_base_fini(&again, NULL);
}

static void check_path(const char *text)
{
    uvrest__url_value value = {"id", text};
    uvrest__buf target;
    uvrest__buf_init(&target, NULL, 0);
    if (uvrest__url_add_path(&target, "/v1/{id}", &value, 1, NULL) == UVREST_OK)
        require_encoded(uvrest__buf_text(&target) + 4, text);
    else
        require(target.len == 0);
    uvrest__buf_clear(&target);
    if (uvrest__url_add_raw_path(&target, text, NULL) == UVREST_OK)
        require(text[0] == '/' && text[1] != '/' && strcmp(uvrest__buf_text(&target), text) == 0);
    require_visible(uvrest__buf_text(&target));
    uvrest__buf_fini(&target);
}

static void check_query(const char *text)
{
    uvrest__buf target;
    uvrest__buf_init(&target, NULL, 0);
    if (uvrest__url_add_query(&target, "q", text, NULL) == UVREST_OK)
        require_encoded(uvrest__buf_text(&target) + 3, text);
    else
        require(target.len == 0);
    uvrest__buf_fini(&target);
}

static void check_redirect(const char *text)
{
    uvrest__buf target;
    uvrest__buf_init(&target, NULL, 0);
    if (uvrest__url_add_redirect(&target, &base, "/v1/assets/1?x=y", text, NULL) == UVREST_OK) {
        const char *made = uvrest__buf_text(&target);
        require_visible(made);
        require(made[0] == '/' && made[1] != '/' && strpbrk(made, "#\\") == NULL);
        target.data[strcspn(target.data, "?")] = '\0'; /* what follows is no path */
        require(strstr(target.data, "/../") == NULL && strstr(target.data, "/./") == NULL);
    } else {
        require(target.len == 0);
    }
    uvrest__buf_fini(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(const char *) = {check_base, check_path, check_query, check_redirect};
    char *text;
    if (base.origin == NULL)
        require(uvrest__url_base_init(&base, NULL, "https://a.example:8443", false, NULL) == UVREST_OK);
    if (size == 0)
        return 0;
    text = malloc(size);
    require(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    checks[data[0] % 4](text);
    free(text);
    return 0;
}
