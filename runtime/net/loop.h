/* SPDX-License-Identifier: MIT */
/**
 * @file loop.h
 * The event loop, the only home of libuv: timers, descriptors to watch, work for the thread pool, a call from another
 * thread, and something to do on the next turn.
 *
 * A loop is the caller's (borrowed) or its own. Whatever it watches keeps nobody's uv_run() alive; uvrest__loop_hold()
 * does, while calls are pending. All objects are closed, not freed: libuv lets go of them on a later turn, and the loop
 * counts them until the last one is gone.
 * Threads: one thread, that of the loop; uvrest__loop_wake() any.
 * Memory: objects come from the loop's allocator, and each call-back's `user` is borrowed until the object is closed.
 */
#ifndef UVREST_NET_LOOP_H
#define UVREST_NET_LOOP_H

#include <uvrest/base.h>

struct uv_loop_s;

typedef struct uvrest__loop uvrest__loop;
typedef struct uvrest__timer uvrest__timer;
typedef struct uvrest__poll uvrest__poll;

/** Something happened. On the loop. */
typedef void uvrest__loop_fn(void *user);

/** What a loop tells its owner. */
typedef struct uvrest__loop_conf {
    const uvrest_alloc *alloc; /* borrowed until uvrest__loop_free() */
    struct uv_loop_s *borrowed; /* NULL: a loop of its own */
    uvrest__loop_fn *on_soon; /* one turn after uvrest__loop_soon() */
    uvrest__loop_fn *on_wake; /* after uvrest__loop_wake(), several calls may become one */
    uvrest__loop_fn *on_closed; /* the last object is gone */
    void *user;
} uvrest__loop_conf;

/** *out is owned: uvrest__loop_close(), then uvrest__loop_free(). UVREST_E_NOMEM, UVREST_E_IO (no descriptors left). */
UVREST_MUST_USE uvrest_status uvrest__loop_new(const uvrest__loop_conf *conf, uvrest__loop **out);
/** Lets go of the loop's own handles; on_closed runs on a later turn, once all other objects are closed too. */
void uvrest__loop_close(uvrest__loop *loop);
/** Frees a loop that has said on_closed; not from inside one of its call-backs unless it is
 * borrowed. NULL is accepted. */
void uvrest__loop_free(uvrest__loop *loop);

/** Whether uv_run() has something to wait for. */
void uvrest__loop_hold(uvrest__loop *loop, bool hold);
/** on_soon on the next turn, however often it is asked for. */
void uvrest__loop_soon(uvrest__loop *loop);
/**
 * fn once, when all descriptors that are ready now have been reported, and before the turn goes on: for
 * what is done for several at a time. false: libuv reports none now, so there is nothing to wait for. One
 * fn at a time; NULL takes it back.
 */
bool uvrest__loop_after_reports(uvrest__loop *loop, uvrest__loop_fn *fn, void *user);
/** on_wake later; from any thread. */
void uvrest__loop_wake(uvrest__loop *loop);

/** Monotonic, as of when the loop last looked. */
uint64_t uvrest__loop_now_ms(const uvrest__loop *loop);

/** What a loop has seen of its descriptors. */
typedef enum uvrest__loop_news {
    UVREST__LOOP_UNSEEN = 0, /* it has not looked */
    UVREST__LOOP_QUIET = 1, /* it has, and nothing had happened */
    UVREST__LOOP_HEARD = 2 /* something has been reported */
} uvrest__loop_news;
/** Since this was asked last. A turn that waits (uvrest__loop_turn()) runs timers at both ends, so two in a row may. */
uvrest__loop_news uvrest__loop_take_news(uvrest__loop *loop);

bool uvrest__loop_is_own(const uvrest__loop *loop);
/** Something that a loop is in the midst of; on the stack. */
typedef struct uvrest__loop_visit {
    const struct uv_loop_s *uv;
    const struct uvrest__loop_visit *outer;
} uvrest__loop_visit;
/** Until uvrest__loop_leave() the loop counts as running: for what a program is told while its lists are worked on. */
void uvrest__loop_enter(const uvrest__loop *loop, uvrest__loop_visit *visit);
/** The innermost first. The loop may be gone. */
void uvrest__loop_leave(const uvrest__loop_visit *visit);
/**
 * Whether the loop is known to be running: inside uvrest__loop_turn(), inside a call-back or a visit of any
 * uvrest__loop that shares it, or between libuv's prepare and check, where it reports descriptors, signals and finished
 * work. A caller's own timers on a borrowed loop are not seen; libuv has no means to ask.
 */
bool uvrest__loop_is_running(const uvrest__loop *loop);
/**
 * Of an own loop that is held: runs the timer that is due, then, unless *done is set by that, waits until something
 * happens and reports the descriptor that reported last, if it is that. All of it without a turn, so whoever has more
 * to wait for turns the loop after it. The loop is not running. No promise: where anything else may be due it does
 * nothing.
 */
void uvrest__loop_step(uvrest__loop *loop, const bool *done);
/** One turn, waiting for something to happen. false if nothing can happen any more. The loop is not running. */
bool uvrest__loop_turn(uvrest__loop *loop);

/** A timer that is not set. *out is owned: uvrest__timer_close(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__timer_new(uvrest__loop *loop, uvrest__loop_fn *fn, void *user,
                                                uvrest__timer **out);
/** fn once in delay_ms, 0 being the next turn; replaces what was set. May be early by as
 * long as a call-back has run. */
void uvrest__timer_set(uvrest__timer *timer, uint64_t delay_ms);
void uvrest__timer_stop(uvrest__timer *timer);
/** NULL is accepted. */
void uvrest__timer_close(uvrest__timer *timer);

/** What a descriptor is watched for and reports. */
enum { UVREST__POLL_IN = 1, UVREST__POLL_OUT = 2, UVREST__POLL_ERROR = 4 };
typedef void uvrest__poll_fn(int fd, unsigned events, void *user);

/** Makes fd watchable; nothing is watched yet. *out is owned: uvrest__poll_close(). UVREST_E_NOMEM, UVREST_E_IO. */
UVREST_MUST_USE uvrest_status uvrest__poll_new(uvrest__loop *loop, int fd, uvrest__poll_fn *fn, void *user,
                                               uvrest__poll **out);
/** Watches for events (0: for none). Costs nothing if they are watched already. UVREST_E_NOMEM, UVREST_E_IO. */
UVREST_MUST_USE uvrest_status uvrest__poll_watch(uvrest__poll *poll, unsigned events);
/** After it returns fd may be closed. NULL is accepted. */
void uvrest__poll_close(uvrest__poll *poll);

/**
 * Runs `work` on a thread of libuv's pool, then `done` on the loop. It keeps the loop running and cannot be taken back.
 * user: borrowed until done. UVREST_E_NOMEM.
 */
UVREST_MUST_USE uvrest_status uvrest__loop_work(uvrest__loop *loop, uvrest__loop_fn *work, uvrest__loop_fn *done,
                                                void *user);

#endif /* UVREST_NET_LOOP_H */
