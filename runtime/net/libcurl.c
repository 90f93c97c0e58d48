/* SPDX-License-Identifier: MIT */
#include "libcurl.h"
#include "blocks.h"
#include "sanitizer.h"
#include "text.h"
#include "trust.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *obstacle = "libcurl: it cannot be set up"; /* NULL: it is usable */

/*
 * Where the program has set it up before, with memory functions or without, that stays as it is. The sanitizer of
 * addresses is to see each block come and go.
 */
static CURLcode set_up(void)
{
    if (UVREST__HAS_ASAN || !uvrest__blocks_begin())
        return curl_global_init(CURL_GLOBAL_DEFAULT);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, uvrest__blocks_malloc, uvrest__blocks_free, uvrest__blocks_realloc,
                                uvrest__blocks_strdup, uvrest__blocks_calloc);
}

static void init(void)
{
    /* It opens the file while it is set up, and forgets to ask who says so. Unsetting the variable here would race with
     * other threads' reading of the environment; the program can do it before it starts any. */
    if (getauxval(AT_SECURE) != 0 && getenv("SSLKEYLOGFILE") != NULL) {
        obstacle = "SSLKEYLOGFILE: not in a set-uid program; unset it first";
        return;
    }
    if (set_up() != CURLE_OK)
        return;
    obstacle = curl_version_info(CURLVERSION_NOW)->version_num >= 0x075800 ? NULL /* 7.88.0 */
                                                                           : "libcurl: 7.88 or newer is needed";
}

bool uvrest__libcurl_is_usable(uvrest_reason *reason)
{
    pthread_once(&once, init);
    if (obstacle != NULL)
        uvrest__reason_set(reason, obstacle, (char *)NULL);
    return obstacle == NULL;
}

const char *uvrest__libcurl_hashed_ca_path(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info->age >= CURLVERSION_SEVENTH && uvrest__trust_is_hashed(info->capath) ? info->capath : NULL;
}

bool uvrest__libcurl_raises_sigpipe(void)
{
    const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return tls != NULL && strstr(tls, "NSS") != NULL;
}

/* Its own list begins with deflate, of which nobody knows which of two formats it means. */
const char *uvrest__libcurl_encodings(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    bool gzip = (info->features & CURL_VERSION_LIBZ) != 0;
    bool br = (info->features & CURL_VERSION_BROTLI) != 0;
    bool zstd = (info->features & CURL_VERSION_ZSTD) != 0;
    if (gzip && br && zstd)
        return "gzip, br, zstd";
    if (gzip && br)
        return "gzip, br";
    if (gzip && zstd)
        return "gzip, zstd";
    return gzip ? "gzip" : "identity";
}
