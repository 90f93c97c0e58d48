/* SPDX-License-Identifier: MIT */
#include "proxy.h"
#include <stddef.h>
#include <stdlib.h>

const char *uvrest__proxy_variable(bool tls)
{
    /* In libcurl's order. HTTP_PROXY in capitals is left out on purpose: a CGI program gets it from its caller. */
    static const char *const for_tls[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const for_plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    for (const char *const *name = tls ? for_tls : for_plain; *name != NULL; name++) {
        const char *value = getenv(*name);
        if (value != NULL && *value != '\0')
            return *name;
    }
    return NULL;
}
