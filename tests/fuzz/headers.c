/* SPDX-License-Identifier: MIT */
/* Heads of answers, line by line as libcurl hands them; then everything that is read from them stays in its range. */
#include "headers.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_lists(const uvrest__headers *headers)
{
    size_t bytes = 0;
    for (size_t i = 0; i < uvrest__headers_count(headers); i++) {
        uvrest_header header = uvrest__headers_at(headers, i);
        require(header.name[0] != '\0' && strpbrk(header.name, "\r\n: ") == NULL);
        require(strpbrk(header.value, "\r\n") == NULL);
        require(uvrest__headers_get(headers, header.name) != NULL);
        bytes += strlen(header.name) + strlen(header.value);
    }
    require(bytes <= headers->seen_bytes && headers->seen_bytes <= UVREST__HEADERS_MAX_BYTES);
}

static void check_readings(const uvrest__headers *headers)
{
    static const int64_t clocks[] = {0, INT64_MIN, INT64_MAX, 1790000000};
    uvrest__quota quota = uvrest__headers_quota(headers);
    require(quota.remaining >= -1 && quota.remaining <= INT64_C(1000000000000));
    require((quota.limit == -1 || quota.limit > 0) && (quota.window_ms == -1 || quota.window_ms > 0));
    require(quota.burst == -1 || quota.burst > 0);
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        int64_t ms = uvrest__headers_retry_after_ms(headers, clocks[i]);
        require(ms >= -1 && ms <= UVREST__RETRY_AFTER_MAX_MS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    uvrest__headers headers;
    uvrest_status st = UVREST_OK;
    uvrest__headers_init(&headers, NULL, 0, 0);
    while (st == UVREST_OK && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at) + 1;
        /* A copy of its own, so that a read beyond the line is noticed. */
        char *line = malloc(len);
        require(line != NULL);
        memcpy(line, at, len);
        st = uvrest__headers_add_line(&headers, line, len);
        free(line);
        at += len;
    }
    require(st == UVREST_OK || st == UVREST_E_PROTOCOL || st == UVREST_E_LIMIT);
    if (st == UVREST_OK) {
        int status = uvrest__headers_http_status(&headers);
        require(status == 0 || (status >= 200 && status <= 599));
        check_lists(&headers);
        check_readings(&headers);
    }
    uvrest__headers_fini(&headers);
    return 0;
}
