/* SPDX-License-Identifier: MIT */
/**
 * @file wait.h
 * A call that is waited for: the loop runs until it is done, and its result is kept for the caller.
 *
 * Threads: the one that runs the loop; with a thread of the client's any but that. Memory: on the caller's stack.
 */
#ifndef UVREST_CLIENT_WAIT_H
#define UVREST_CLIENT_WAIT_H

#include "call.h"
#include <pthread.h>

typedef struct uvrest__wait {
    uvrest_client *client;
    void *out_value; /* address of a pointer of any type; may be NULL */
    uvrest_result **out_result; /* may be NULL */
    uvrest_reason *reason; /* the caller's; may be NULL */
    uvrest_reason said; /* why it could not be started */
    uvrest_status status;
    const void *value;
    uvrest_result *result; /* owned; NULL: memory was exhausted */
    pthread_mutex_t mutex; /* with a thread of the client's: for `done` and all it announces */
    pthread_cond_t changed;
    bool done;
    struct uvrest__thread *thread; /* of the client, which we visit; NULL: it has none */
} uvrest__wait;

/** Before anything can fail: what is not given stays NULL, so that it may be freed whatever is returned. */
void uvrest__wait_clear(void *out_value, uvrest_result **out_result);
/** Checks that the loop can be run: UVREST_E_BUSY, UVREST_E_STATE. Then start a call with the target. */
UVREST_MUST_USE uvrest_status uvrest__wait_begin(uvrest__wait *wait, uvrest_client *client,
                                                 const uvrest_call_options *options, void *out_value,
                                                 uvrest_result **out_result);
/** Where the call's answer goes. */
uvrest__call_target uvrest__wait_target(uvrest__wait *wait);
/** The call could not be started: makes a result of that, but for UVREST_E_INVALID and
 * UVREST_E_NOMEM. What to return. */
UVREST_MUST_USE uvrest_status uvrest__wait_refused(uvrest__wait *wait, uvrest_status status);
/** Runs the loop until the call, which was started, is done. What to return. The client may be gone afterwards. */
UVREST_MUST_USE uvrest_status uvrest__wait_run(uvrest__wait *wait);

#endif /* UVREST_CLIENT_WAIT_H */
