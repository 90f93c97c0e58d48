/* SPDX-License-Identifier: MIT */
/*
 * Free-form values as cJSON trees. The only source that knows cJSON. Its parser is not used: it takes texts that are no
 * JSON, refuses some that are (a lone surrogate, a number of 64 digits) and cannot say that memory is exhausted.
 */
#include "alloc.h"
#include "ceilings.h"
#include "number.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <uvrest/json.h>

typedef struct builder {
    const uint8_t *p;
    const uint8_t *end;
    char *text; /* room for all texts that are yet to come, a NUL behind each */
} builder;

/* Decodes the text at b->p, which is a quote, to b->text. A lone surrogate becomes U+FFFD. Returns behind its NUL. */
static char *take_text(builder *b)
{
    char *end = uvrest__scan_unquote(&b->p, b->end, b->text, 0xFFFD);
    *end = '\0';
    return end + 1;
}

static UVREST__COLD cJSON *take_number(builder *b)
{
    UVREST__UNINITIALIZED uvrest__number number;
    UVREST__UNINITIALIZED double value;
    b->p = uvrest__number_read(b->p, b->end, &number, NULL);
    (void)uvrest__number_to_f64(&number, &value);
    return cJSON_CreateNumber(value);
}

static UVREST__COLD cJSON *take_container(builder *b);

/* The value at b->p; the text is valid. NULL when memory is exhausted. */
static cJSON *take_value(builder *b)
{
    switch (*b->p) {
    case '{':
    case '[':
        return take_container(b);
    case '"':
        take_text(b);
        return cJSON_CreateString(b->text);
    case 'f':
        b->p++; /* fall through */
    case 't':
        b->p += 4;
        return cJSON_CreateBool(b->p[-4] == 't');
    case 'n':
        b->p += 4;
        return cJSON_CreateNull();
    default:
        return take_number(b);
    }
}

static UVREST__COLD cJSON *take_container(builder *b)
{
    const bool is_object = *b->p == '{';
    cJSON *const made = is_object ? cJSON_CreateObject() : cJSON_CreateArray();
    char *const key = b->text;
    bool added = made != NULL;
    while (added) {
        cJSON *value;
        b->p = uvrest__scan_space(b->p + 1, b->end); /* behind the bracket or a comma */
        if (*b->p == '}' || *b->p == ']')
            break;
        if (is_object) {
            b->text = take_text(b);
            b->p = uvrest__scan_space(b->p, b->end);
            b->p = uvrest__scan_space(b->p + 1, b->end);
        }
        value = take_value(b);
        b->text = key;
        added = is_object ? cJSON_AddItemToObject(made, key, value) : cJSON_AddItemToArray(made, value);
        if (!added)
            cJSON_Delete(value);
        b->p = uvrest__scan_space(b->p, b->end);
        if (*b->p != ',')
            break;
    }
    if (!added) {
        cJSON_Delete(made);
        return NULL;
    }
    b->p++;
    return made;
}

uvrest_status uvrest_raw_to_cjson(uvrest_raw raw, struct cJSON **out_tree)
{
    UVREST__UNINITIALIZED builder b;
    cJSON *tree;
    if (raw.text == NULL || out_tree == NULL)
        return UVREST_E_INVALID;
    if (uvrest_json_check(raw.text, raw.len, 0, NULL) != UVREST_OK)
        return UVREST_E_DECODE;
    b.p = (const uint8_t *)raw.text;
    b.end = b.p + raw.len;
    b.p = uvrest__scan_space(b.p, b.end);
    b.text = uvrest__malloc(NULL, raw.len);
    if (b.text == NULL)
        return UVREST_E_NOMEM;
    tree = take_value(&b);
    uvrest__free(NULL, b.text);
    if (tree == NULL)
        return UVREST_E_NOMEM;
    *out_tree = tree;
    return UVREST_OK;
}

/* Whether printing a tree ends, and no number in it is one that JSON does not have: cJSON would print null for that. */
static bool can_print(const cJSON *item, unsigned depth)
{
    if (cJSON_IsNumber(item))
        return isfinite(item->valuedouble);
    if (!cJSON_IsObject(item) && !cJSON_IsArray(item))
        return true;
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        if (depth == UVREST__JSON_DEPTH_MAX || !can_print(child, depth + 1))
            return false;
    }
    return true;
}

uvrest_status uvrest_raw_from_cjson(const struct cJSON *tree, uvrest_arena *arena, uvrest_raw *out_raw)
{
    uvrest_status st = UVREST_OK;
    size_t len;
    char *printed, *copy;
    if (tree == NULL || arena == NULL || out_raw == NULL || cJSON_IsInvalid(tree) || !can_print(tree, 0))
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
