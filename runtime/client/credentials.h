/* SPDX-License-Identifier: MIT */
/**
 * @file credentials.h
 * The header lines that say who asks: checked, copied, told from each other, kept out of every message, wiped at the
 * end.
 *
 * Threads: plain data of one client. Memory: a set owns its copies; uvrest__credentials_fini() overwrites them first.
 */
#ifndef UVREST_CLIENT_CREDENTIALS_H
#define UVREST_CLIENT_CREDENTIALS_H

#include <uvrest/client.h>

/** Lines a set may have: one a bit of uvrest_op.credentials. */
#define UVREST__CREDENTIALS_MAX 32u
/** Shorter values are not searched for in messages: they would be found in ordinary words. */
#define UVREST__CREDENTIALS_REDACT_MIN 8u

typedef struct uvrest__credentials {
    const uvrest_alloc *alloc;
    char *lines[UVREST__CREDENTIALS_MAX + 1]; /* owned; NULL where one is not set */
    uint32_t n; /* places in use */
} uvrest__credentials;

/** An empty set. alloc: borrowed until fini. */
void uvrest__credentials_init(uvrest__credentials *set, const uvrest_alloc *alloc);
/** Wipes and frees; all zero is accepted. */
void uvrest__credentials_fini(uvrest__credentials *set);
/**
 * Adds a line made of header ("App-ID", or "Authorization: Bearer ") and value; value NULL leaves its place empty.
 * UVREST_E_INVALID, with reason naming `what` and never the value: empty, control characters. UVREST_E_LIMIT: too many,
 * too long. UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__credentials_add(uvrest__credentials *set, const char *what, const char *header,
                                                      const char *value, uvrest_reason *reason);
/** Adds header lines, NULL-ended; NULL adds none. Failures as above. */
UVREST_MUST_USE uvrest_status uvrest__credentials_add_lines(uvrest__credentials *set, const char *const *lines,
                                                            uvrest_reason *reason);
/** The lines of a set as a NULL-ended list. list has room for UVREST__CREDENTIALS_MAX + 1. How many there are. */
size_t uvrest__credentials_list(const uvrest__credentials *set, uint32_t mask, const char **list);
/** Whether a set has exactly these lines, in this order. */
bool uvrest__credentials_are(const uvrest__credentials *set, const char *const *lines);
/** Overwrites each word of the values that stands in text with asterisks, percent-encoded or cut off with "..." too. */
void uvrest__credentials_redact(const uvrest__credentials *set, char *text);
/** The names of the lines, "App-ID, Auth-Token", into out[cap]. */
void uvrest__credentials_names(const uvrest__credentials *set, uint32_t mask, char *out, size_t cap);

#endif /* UVREST_CLIENT_CREDENTIALS_H */
