/* SPDX-License-Identifier: MIT */
/*
 * Free-form values as cJSON trees. The only source that knows cJSON. Its parser is not used: it takes texts that are no
 * JSON, refuses some that are (a lone surrogate, a number of 64 digits) and cannot say that memory is exhausted.
 */
#include "alloc.h"
#include "limits.h"
#include "number.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <uvrest/json.h>

typedef struct builder {
    const uint8_t *p;
    const uint8_t *end;
    char *text; /* room for the longest text, NUL included */
    char *key; /* the same for names */
} builder;

/* Decodes the text at b->p, which is a quote. A lone surrogate becomes U+FFFD. */
static void take_text(builder *b, char *to)
{
    uvrest__fault fault;
    for (b->p++; *b->p != '"';) {
        uint32_t c = *b->p;
        if (c != '\\') {
            *to++ = (char)*b->p++;
            continue;
        }
        b->p = uvrest__scan_escape(b->p, b->end, &c, &fault);
        to += uvrest__utf8_write(to, c >= UVREST__LONE_SURROGATE ? 0xFFFD : c);
    }
    b->p++;
    *to = '\0';
}

static cJSON *take_number(builder *b)
{
    uvrest__number number;
    uvrest__fault fault;
    double value;
    b->p = uvrest__number_read(b->p, b->end, &number, &fault);
    (void)uvrest__number_to_f64(&number, &value);
    return cJSON_CreateNumber(value);
}

/* The value at b->p without what is in it. */
static cJSON *take_value(builder *b)
{
    switch (*b->p) {
    case '{':
        b->p++;
        return cJSON_CreateObject();
    case '[':
        b->p++;
        return cJSON_CreateArray();
    case '"':
        take_text(b, b->text);
        return cJSON_CreateString(b->text);
    case 't':
        b->p += 4;
        return cJSON_CreateTrue();
    case 'f':
        b->p += 5;
        return cJSON_CreateFalse();
    case 'n':
        b->p += 4;
        return cJSON_CreateNull();
    default:
        return take_number(b);
    }
}

/* Builds the tree of a valid text. NULL when memory is exhausted. */
static cJSON *build(builder *b)
{
    cJSON *open[UVREST__JSON_DEPTH_MAX];
    cJSON *root = NULL;
    unsigned depth = 0;
    do {
        cJSON *parent = depth == 0 ? NULL : open[depth - 1], *value;
        b->p = uvrest__skip_space(b->p, b->end);
        if (*b->p == '}' || *b->p == ']' || *b->p == ',') {
            depth -= *b->p != ',';
            b->p++;
            continue;
        }
        if (parent != NULL && cJSON_IsObject(parent)) {
            take_text(b, b->key);
            b->p = uvrest__skip_space(b->p, b->end);
            b->p = uvrest__skip_space(b->p + 1, b->end);
        }
        value = take_value(b);
        if (value != NULL && parent != NULL &&
            !(cJSON_IsObject(parent) ? cJSON_AddItemToObject(parent, b->key, value)
                                     : cJSON_AddItemToArray(parent, value))) {
            cJSON_Delete(value);
            value = NULL;
        }
        if (value == NULL) {
            cJSON_Delete(root);
            return NULL;
        }
        if (root == NULL)
            root = value;
        if (cJSON_IsObject(value) || cJSON_IsArray(value))
            open[depth++] = value;
    } while (depth > 0);
    return root;
}

uvrest_status uvrest_raw_to_cjson(uvrest_raw raw, struct cJSON **out_tree)
{
    builder b;
    cJSON *tree;
    size_t size;
    char *texts;
    if (raw.text == NULL || out_tree == NULL)
        return UVREST_E_INVALID;
    if (uvrest_json_check(raw.text, raw.len, 0, NULL) != UVREST_OK)
        return UVREST_E_DECODE;
    if (!uvrest__size_mul(raw.len + 1, 2, &size) || (texts = uvrest__malloc(NULL, size)) == NULL)
        return UVREST_E_NOMEM;
    b.p = (const uint8_t *)raw.text;
    b.end = b.p + raw.len;
    b.text = texts;
    b.key = texts + raw.len + 1;
    tree = build(&b);
    uvrest__free(NULL, texts);
    if (tree == NULL)
        return UVREST_E_NOMEM;
    *out_tree = tree;
    return UVREST_OK;
}

/* Whether printing a tree ends, and no number in it is one that JSON does not have: cJSON would print null for that. */
static bool can_print(const cJSON *tree)
{
    const cJSON *open[UVREST__JSON_DEPTH_MAX];
    unsigned depth = 0;
    for (const cJSON *item = tree;;) {
        if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
            return false;
        if ((cJSON_IsObject(item) || cJSON_IsArray(item)) && item->child != NULL) {
            if (depth == UVREST__JSON_DEPTH_MAX)
                return false;
            open[depth++] = item;
            item = item->child;
            continue;
        }
        while (depth > 0 && (item == tree || item->next == NULL))
            item = open[--depth];
        if (depth == 0)
            return true;
        item = item->next;
    }
}

uvrest_status uvrest_raw_from_cjson(const struct cJSON *tree, uvrest_arena *arena, uvrest_raw *out_raw)
{
    uvrest_status st = UVREST_OK;
    size_t len;
    char *printed, *copy;
    if (tree == NULL || arena == NULL || out_raw == NULL || cJSON_IsInvalid(tree) || !can_print(tree))
        return UVREST_E_INVALID;
    printed = cJSON_PrintUnformatted(tree);
    if (printed == NULL)
        return UVREST_E_NOMEM;
    len = strlen(printed);
    copy = uvrest_arena_copy(arena, printed, len);
    if (uvrest_json_check(printed, len, 0, NULL) != UVREST_OK)
        st = UVREST_E_INVALID; /* text that is not UTF-8, a raw item that is not JSON */
    else if (copy == NULL)
        st = UVREST_E_NOMEM;
    cJSON_free(printed);
    if (st != UVREST_OK)
        return st;
    out_raw->text = copy;
    out_raw->len = len;
    return UVREST_OK;
}
