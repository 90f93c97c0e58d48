/* SPDX-License-Identifier: MIT */
/**
 * @file thread.h
 * The thread of a client that has one (own_thread): it turns the client's loop and runs all of its callbacks.
 *
 * Other threads put a call together completely (one at a time: the client's draft is shared), post it and wake the
 * loop, which takes what was posted: only from then on is a call in the client's lists, which no other thread touches.
 * What others may read, the counters, is published after each step of the loop.
 * Mutexes: `starting` is held while a call is put together; `mutex` for a few instructions; they are never held
 * together, nor during a callback.
 * States: open -> closing (whoever closes first; nothing is posted any more) -> its loop has ended -> gone. The thread
 * then ends the client itself, unless somebody waits in uvrest_client_free(): then that one does.
 * Where it says so NULL is accepted, for a client without a thread.
 */
#ifndef UVREST_CLIENT_THREAD_H
#define UVREST_CLIENT_THREAD_H

#include "loop.h"
#include <uvrest/group.h>

typedef struct uvrest__thread uvrest__thread;

/** What it runs, and for whom. All of it is borrowed until the thread is freed. */
typedef struct uvrest__thread_conf {
    const uvrest_alloc *alloc;
    uvrest__loop *loop; /* woken when something was posted */
    uint32_t max_queued;
    uvrest__loop_fn *turn; /* turns the loop until it is closed */
    uvrest__loop_fn *dispose; /* then ends its owner, and the thread's memory with it */
    void *user; /* of both */
} uvrest__thread_conf;

/** What was posted. */
typedef struct uvrest__thread_mail {
    uvrest_call *calls; /* in order, linked by next_ended */
    uvrest_group *groups; /* due, in no order */
    bool closing; /* it is to end, and then: */
    uvrest_client_closed_fn *on_closed;
    void *closed_user;
} uvrest__thread_mail;

/** Makes a thread that does not run. *out is owned: uvrest__thread_free(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__thread_new(const uvrest__thread_conf *conf, uvrest__thread **out);
/** Begins to run; its owner is complete. UVREST_E_NOMEM: it does not. */
UVREST_MUST_USE uvrest_status uvrest__thread_start(uvrest__thread *thread);
/**
 * Waits until no function that waits is under way on another thread: what they look at may go then. The thread has
 * ended, or is the caller. NULL is accepted.
 */
void uvrest__thread_see_off(uvrest__thread *thread);
/** Nobody is inside any more, or it was not started. NULL is accepted. */
void uvrest__thread_free(uvrest__thread *thread);
/** Whether it is the caller: inside a callback. NULL is accepted: no. */
bool uvrest__thread_is_self(const uvrest__thread *thread);

/** A function that waits is under way, on another thread: what it looks at stays until it departs. NULL is accepted. */
void uvrest__thread_visit(uvrest__thread *thread);
void uvrest__thread_depart(uvrest__thread *thread);
/** One thread at a time puts a call together. Not inside another such section. NULL is accepted. */
void uvrest__thread_enter(uvrest__thread *thread);
void uvrest__thread_leave(uvrest__thread *thread);

/** Whether it was closed, as other threads see it. */
bool uvrest__thread_is_closed(uvrest__thread *thread);
/** Hands a call over, taken on success: UVREST_E_STATE (closed meanwhile), UVREST_E_LIMIT (max_queued). */
UVREST_MUST_USE uvrest_status uvrest__thread_post(uvrest__thread *thread, uvrest_call *call, uvrest_reason *reason);
/** uvrest_group_finish(), for a client with a thread. */
UVREST_MUST_USE uvrest_status uvrest__thread_finish_group(uvrest__thread *thread, uvrest_group *group,
                                                          uvrest_group_fn *done, void *user);
/** Has the loop begin the end; a second time does nothing. */
void uvrest__thread_close(uvrest__thread *thread, uvrest_client_closed_fn *on_closed, void *user);
/** The same, and waits until it has ended: then true, and the caller ends its owner. Inside a callback, or if another
 * waits already: false. */
UVREST_MUST_USE bool uvrest__thread_join(uvrest__thread *thread);
/** Waits until no call is pending. By a visitor. */
void uvrest__thread_wait_idle(uvrest__thread *thread);
/** Copies the counters. */
void uvrest__thread_read_stats(uvrest__thread *thread, uvrest_stats *out);

/** On the loop: what was posted, which is its owner's from now on. */
uvrest__thread_mail uvrest__thread_take(uvrest__thread *thread);
/** On the loop: lets others read these counters, in which all that was taken is counted. */
void uvrest__thread_publish(uvrest__thread *thread, const uvrest_stats *stats);
/** On the loop: a call's callback has returned, or that of a group without calls. NULL is accepted. */
void uvrest__thread_delivered(uvrest__thread *thread);

#endif /* UVREST_CLIENT_THREAD_H */
