/* SPDX-License-Identifier: MIT */
#include "libcurl.h"
#include "trust.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool usable;

static void init(void)
{
    const curl_version_info_data *info;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return;
    info = curl_version_info(CURLVERSION_NOW);
    usable = info->version_num >= 0x075800; /* 7.88.0 */
}

bool uvrest__libcurl_is_usable(void)
{
    pthread_once(&once, init);
    return usable;
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
