/* SPDX-License-Identifier: MIT */
/**
 * @file thread.h
 * The thread of a client that has one (own_thread): it turns the client's loop and runs all of its callbacks.
 *
 * Other threads put a call together completely (one at a time: the client's draft is shared), post it and wake the
 * loop, which adopts what was posted: only from then on is a call in the client's lists, which no other thread touches.
 * What others may read, the counters, is published after each step of the loop.
 * Mutexes: `starting` is held while a call is put together; `mutex` for a few instructions; they are never held
 * together, nor during a callback.
 * The end: whoever closes first has the loop begin its end after it has adopted what was posted. The thread then ends
 * the client itself, unless somebody waits in uvrest_client_free(): then that one does.
 * Functions that take a client do nothing, or say no, for one without a thread.
 */
#ifndef UVREST_CLIENT_THREAD_H
#define UVREST_CLIENT_THREAD_H

#include "call.h"

typedef struct uvrest__thread uvrest__thread;

/** Gives the client a thread and starts it; the client is complete. UVREST_E_NOMEM: then it has none. */
UVREST_MUST_USE uvrest_status uvrest__thread_start(uvrest_client *client);
/** Waits until nobody is inside any more, and frees. The thread has ended, or is the caller. NULL is accepted. */
void uvrest__thread_free(uvrest__thread *thread);
/** Whether the caller is the client's thread: inside a callback. */
bool uvrest__thread_is_self(const uvrest_client *client);

/** One thread at a time puts a call together. Not inside another such section. */
void uvrest__thread_enter(uvrest_client *client);
void uvrest__thread_leave(uvrest_client *client);

/** Whether the client has been closed, as other threads see it. */
bool uvrest__thread_is_closed(const uvrest_client *client);
/** Hands a call over, taken on success: UVREST_E_STATE (closed meanwhile), UVREST_E_LIMIT (max_queued). */
UVREST_MUST_USE uvrest_status uvrest__thread_post(uvrest_client *client, uvrest_call *call, uvrest_reason *reason);
/** uvrest_group_finish(), for a client with a thread. */
UVREST_MUST_USE uvrest_status uvrest__thread_finish_group(uvrest_client *client, uvrest_group *group,
                                                          uvrest_group_fn *done, void *user);
/** Has the loop begin the end; a second time does nothing. */
void uvrest__thread_close(uvrest_client *client, uvrest_client_closed_fn *on_closed, void *user);
/** The same, and waits until the client is gone; inside a callback it does not wait. */
void uvrest__thread_end(uvrest_client *client);
/** Waits until no call is pending. Not inside a callback. */
void uvrest__thread_wait_idle(uvrest_client *client);
/** Copies the counters. */
void uvrest__thread_read_stats(const uvrest_client *client, uvrest_stats *out);

/** On the loop: adopts what was posted. true if the client is to end. */
bool uvrest__thread_adopt(uvrest_client *client, uvrest_client_closed_fn **out_on_closed, void **out_user);
/** On the loop: lets others read the counters as they are now. */
void uvrest__thread_publish(uvrest_client *client);
/** On the loop: a call's callback has returned, or that of a group without calls. */
void uvrest__thread_delivered(uvrest_client *client);

#endif /* UVREST_CLIENT_THREAD_H */
