/* SPDX-License-Identifier: MIT */
#include "framing.h"
#include "text.h"
#include <string.h>

/* -1: no length is announced. */
static uvrest_status read_length(const uvrest__headers *headers, int64_t *out)
{
    size_t position = 0;
    const char *value;
    *out = -1;
    while ((value = uvrest__headers_next(headers, "Content-Length", &position)) != NULL) {
        int64_t number;
        if (!uvrest__text_number(value, strlen(value), &number) || (*out >= 0 && number != *out))
            return UVREST_E_PROTOCOL;
        *out = number;
    }
    return UVREST_OK;
}

uvrest_status uvrest__framing_read(const uvrest__headers *headers, uvrest_method method, uvrest__framing *out)
{
    int http_status = uvrest__headers_http_status(headers);
    bool is_empty = http_status == 204 || http_status == 304;
    int64_t length;
    uvrest_status st = read_length(headers, &length);
    if (st != UVREST_OK)
        return st;
    out->last = is_empty && (length > 0 || uvrest__headers_get(headers, "Transfer-Encoding") != NULL);
    out->open = length < 0 && !is_empty && method != UVREST_HEAD;
    out->length = length < 0 || is_empty || method == UVREST_HEAD ? 0 : (uint64_t)length;
    return UVREST_OK;
}
