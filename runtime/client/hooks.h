/* SPDX-License-Identifier: MIT */
/**
 * @file hooks.h
 * Tells the program about attempts: before one is sent, when header lines may be added, and after it has ended.
 *
 * Threads: the client's. Memory: what is told is on the stack; lines that a hook adds belong to the call until its next
 * attempt.
 */
#ifndef UVREST_CLIENT_HOOKS_H
#define UVREST_CLIENT_HOOKS_H

#include "call.h"

/** An attempt is about to be sent. Sets call->added. UVREST_E_NOMEM: a line that was added is lost. */
UVREST_MUST_USE uvrest_status uvrest__hooks_request(uvrest_call *call);
/** Wipes and frees the lines hooks have added. */
void uvrest__hooks_drop(uvrest_call *call);
/** An attempt has ended. headers: of its answer; NULL if none arrived. */
void uvrest__hooks_response(const uvrest_call *call, int http_status, uvrest_status status,
                            const uvrest__headers *headers, size_t body_bytes);

#endif /* UVREST_CLIENT_HOOKS_H */
