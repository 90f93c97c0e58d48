/* SPDX-License-Identifier: MIT */
/**
 * @file log.h
 * Lines for a client's on_log. A line names methods, paths, numbers and statuses; never headers, queries or bodies, and
 * values of the client's credentials, and of those that the call brings, are struck out wherever they turn up.
 *
 * Threads: the client's.
 */
#ifndef UVREST_CLIENT_LOG_H
#define UVREST_CLIENT_LOG_H

#include "attributes.h"
#include "call.h"

/** An attempt ended: by an answer, or with a status. DEBUG. */
void uvrest__log_attempt(const uvrest_call *call, int http_status, uvrest_status status);
/** A call will be repeated. INFO. */
UVREST__RARE void uvrest__log_retry(const uvrest_call *call, uint64_t delay_ns, const char *why);
/** The ledger makes the client wait. INFO. */
UVREST__RARE void uvrest__log_wait(uvrest_client *client, uint64_t ns, uvrest__ratelimit_cause cause);
/** The ledger is not, or no longer, the one in the file that processes share. WARNING. */
UVREST__RARE void uvrest__log_own_ledger(uvrest_client *client, const char *why);
/** The server that machines share the quota through cannot be asked, and why (WARNING);
 * NULL: it answers again (INFO). */
UVREST__RARE void uvrest__log_fleet(uvrest_client *client, const char *why);
/** A redirect is followed. INFO. */
UVREST__RARE void uvrest__log_redirect(const uvrest_call *call, const char *target);
/** A call failed. WARNING. */
UVREST__RARE void uvrest__log_failure(const uvrest_call *call, uvrest_status status, const char *message);

#endif /* UVREST_CLIENT_LOG_H */
