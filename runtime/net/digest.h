/* SPDX-License-Identifier: MIT */
/**
 * @file digest.h
 * The MD5 of a local file, read piece by piece, so that it can be told how far it is and be left off in between.
 *
 * Threads: open and step block on the file system and are for a thread of the pool; between them any thread may look.
 * Memory: the object is the caller's; its inside ends with uvrest__digest_fini().
 */
#ifndef UVREST_NET_DIGEST_H
#define UVREST_NET_DIGEST_H

#include <uvrest/base.h>

/** Bytes of an MD5 as lower-case hex, without NUL. */
#define UVREST__DIGEST_HEX 32u
/** Bytes read in one step. */
#define UVREST__DIGEST_STEP ((size_t)4 * 1024 * 1024)

typedef struct uvrest__digest {
    void *context; /* libcrypto's; NULL before it is opened */
    int fd;
    int error; /* errno of what failed; 0: none, or not a matter of errno */
    uint64_t done_bytes;
    uint64_t total_bytes; /* as the file was when it was opened */
    bool ended; /* hex is written */
    char hex[UVREST__DIGEST_HEX + 1];
} uvrest__digest;

void uvrest__digest_init(uvrest__digest *digest);
/** Opens a regular file. UVREST_E_IO, error says why (EISDIR for a folder, EINVAL for what is no regular file). */
UVREST_MUST_USE uvrest_status uvrest__digest_open(uvrest__digest *digest, const char *file);
/** Reads on; at the end of the file `ended` is true. buffer[cap] is scratch. UVREST_E_IO; ESTALE: the file has
 * changed its length meanwhile. */
UVREST_MUST_USE uvrest_status uvrest__digest_step(uvrest__digest *digest, void *buffer, size_t cap);
/** Closes and frees; what was only initialised is accepted. */
void uvrest__digest_fini(uvrest__digest *digest);

#endif /* UVREST_NET_DIGEST_H */
