/* SPDX-License-Identifier: MIT */
#include "text.h"
#include <string.h>
#include <uvrest/client.h>

const char *uvrest_result_header(const uvrest_result *result, const char *name)
{
    if (result == NULL || name == NULL)
        return NULL;
    for (size_t i = 0; i < result->n_headers; i++)
        if (uvrest__text_same(name, strlen(name), result->headers[i].name))
            return result->headers[i].value;
    return NULL;
}

const char *uvrest_version(void)
{
    return UVREST_VERSION;
}
