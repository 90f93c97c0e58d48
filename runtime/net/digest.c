/* SPDX-License-Identifier: MIT */
#include "digest.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(UVREST__DIGEST_HEX == 32, "an MD5 has 16 bytes");

void uvrest__digest_init(uvrest__digest *digest)
{
    memset(digest, 0, sizeof *digest);
    digest->fd = -1;
}

static uvrest_status fail(uvrest__digest *digest, int error)
{
    digest->error = error;
    return UVREST_E_IO;
}

uvrest_status uvrest__digest_open(uvrest__digest *digest, const char *file)
{
    struct stat info;
    EVP_MD_CTX *context;
    /* Non-blocking, since opening a pipe would wait for somebody to write into it. */
    digest->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (digest->fd < 0 || fstat(digest->fd, &info) != 0)
        return fail(digest, errno);
    if (S_ISDIR(info.st_mode))
        return fail(digest, EISDIR);
    if (!S_ISREG(info.st_mode))
        return fail(digest, EINVAL);
    context = EVP_MD_CTX_new();
    digest->context = context;
    if (context == NULL)
        return UVREST_E_NOMEM;
    if (EVP_DigestInit_ex(context, EVP_md5(), NULL) != 1)
        return fail(digest, ENOTSUP); /* a libcrypto restricted to FIPS has no MD5 */
    digest->total_bytes = (uint64_t)info.st_size;
    return UVREST_OK;
}

static uvrest_status end(uvrest__digest *digest)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (digest->done_bytes != digest->total_bytes)
        return fail(digest, ESTALE);
    if (EVP_DigestFinal_ex(digest->context, bytes, &n) != 1 || n * 2 != UVREST__DIGEST_HEX)
        return fail(digest, ENOTSUP);
    for (unsigned i = 0; i < n; i++) {
        digest->hex[2 * i] = digits[bytes[i] >> 4];
        digest->hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    digest->ended = true;
    return UVREST_OK;
}

uvrest_status uvrest__digest_step(uvrest__digest *digest, void *buffer, size_t cap)
{
    size_t left = UVREST__DIGEST_STEP;
    while (left > 0) {
        ssize_t n = read(digest->fd, buffer, cap < left ? cap : left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(digest, errno);
        if (n == 0)
            return end(digest);
        if (EVP_DigestUpdate(digest->context, buffer, (size_t)n) != 1)
            return fail(digest, ENOTSUP);
        digest->done_bytes += (uint64_t)n;
        left -= (size_t)n;
        if (digest->done_bytes > digest->total_bytes)
            return fail(digest, ESTALE);
    }
    return UVREST_OK;
}

void uvrest__digest_fini(uvrest__digest *digest)
{
    if (digest->fd >= 0)
        close(digest->fd);
    EVP_MD_CTX_free(digest->context);
    digest->fd = -1;
    digest->context = NULL;
}
