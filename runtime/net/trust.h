/* SPDX-License-Identifier: MIT */
/**
 * @file trust.h
 * Whom to trust. Where trusted certificates are: a bundle (one file) or a directory of certificates named by hash
 * ("4a6481c9.0"), of which a TLS library reads only the one it needs.
 *
 * Threads: pure functions; they read the file system. Memory: none kept.
 */
#ifndef UVREST_NET_TRUST_H
#define UVREST_NET_TRUST_H

#include <uvrest/base.h>

/** Whether both (either may be NULL) can be read. UVREST_E_TLS, with reason "ca_file: <path>: why". */
UVREST_MUST_USE uvrest_status uvrest__trust_check(const char *ca_file, const char *ca_path, uvrest_reason *reason);
/** Whether pins is "sha256//<base64>", several separated by ";". NULL is. UVREST_E_INVALID, with reason. */
UVREST_MUST_USE uvrest_status uvrest__trust_check_pins(const char *pins, uvrest_reason *reason);
/** Whether a directory has certificates named by hash. NULL has none. */
bool uvrest__trust_is_hashed(const char *path);

#endif /* UVREST_NET_TRUST_H */
