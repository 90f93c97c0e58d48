/* SPDX-License-Identifier: MIT */
#include "thread.h"
#include "alloc.h"
#include "call.h"
#include "text.h"
#include <pthread.h>
#include <signal.h>

struct uvrest__thread {
    uvrest__thread_conf conf;
    pthread_t id; /* for those that join it */
    pthread_mutex_t starting;
    pthread_mutex_t mutex; /* for all below */
    pthread_cond_t changed; /* n_pending or n_visitors became 0 */
    uvrest_call *first; /* posted, not taken yet; linked by next_ended */
    uvrest_call *last;
    uvrest_group *groups; /* posted, in no order */
    size_t n_posted; /* not in `stats` yet */
    size_t n_taken; /* of these, those the loop has */
    size_t n_pending; /* calls and groups posted, whose callback has not returned */
    unsigned n_visitors; /* functions that wait, on other threads */
    bool closing;
    bool joined; /* somebody waits for the thread, and ends the client then */
    uvrest_client_closed_fn *on_closed;
    void *closed_user;
    uvrest_stats stats; /* as published */
};

/* The one whose thread this is. */
static _Thread_local const uvrest__thread *running;

bool uvrest__thread_is_self(const uvrest__thread *thread)
{
    return thread != NULL && thread == running;
}

/* ---- life ---- */

static void *run(void *user)
{
    uvrest__thread *thread = user;
    bool joined;
    running = thread;
    thread->conf.turn(thread->conf.user);
    running = NULL;
    pthread_mutex_lock(&thread->mutex);
    joined = thread->joined;
    if (!joined)
        pthread_detach(pthread_self());
    pthread_mutex_unlock(&thread->mutex);
    if (!joined)
        thread->conf.dispose(thread->conf.user);
    return NULL;
}

/* Signals are the program's: they are handled on its own threads. But for those that say what the thread itself has
 * done, in a callback: blocked, they would kill the program past its handlers. */
static int create(uvrest__thread *thread)
{
    static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigset_t blocked;
    sigset_t before;
    int error;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    error = pthread_create(&thread->id, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

uvrest_status uvrest__thread_new(const uvrest__thread_conf *conf, uvrest__thread **out)
{
    uvrest__thread *thread = uvrest__zalloc(conf->alloc, sizeof *thread);
    if (thread == NULL)
        return UVREST_E_NOMEM;
    thread->conf = *conf;
    thread->stats.quota_left = -1;
    pthread_mutex_init(&thread->starting, NULL);
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    *out = thread;
    return UVREST_OK;
}

uvrest_status uvrest__thread_start(uvrest__thread *thread)
{
    return create(thread) == 0 ? UVREST_OK : UVREST_E_NOMEM;
}

void uvrest__thread_free(uvrest__thread *thread)
{
    if (thread == NULL)
        return;
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    pthread_mutex_destroy(&thread->starting);
    uvrest__free(thread->conf.alloc, thread);
}

void uvrest__thread_see_off(uvrest__thread *thread)
{
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->starting); /* a start that is being refused */
    pthread_mutex_unlock(&thread->starting);
    pthread_mutex_lock(&thread->mutex);
    while (thread->n_visitors > 0)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    pthread_mutex_unlock(&thread->mutex);
}

/* ---- from any thread ---- */

void uvrest__thread_visit(uvrest__thread *thread)
{
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->mutex);
    thread->n_visitors++;
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_depart(uvrest__thread *thread)
{
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->mutex);
    if (--thread->n_visitors == 0)
        pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_enter(uvrest__thread *thread)
{
    if (thread != NULL)
        pthread_mutex_lock(&thread->starting);
}

void uvrest__thread_leave(uvrest__thread *thread)
{
    if (thread != NULL)
        pthread_mutex_unlock(&thread->starting);
}

bool uvrest__thread_is_closed(uvrest__thread *thread)
{
    bool closed;
    pthread_mutex_lock(&thread->mutex);
    closed = thread->closing;
    pthread_mutex_unlock(&thread->mutex);
    return closed;
}

static void push(uvrest__thread *thread, uvrest_call *call)
{
    call->next_ended = NULL;
    if (thread->last == NULL)
        thread->first = call;
    else
        thread->last->next_ended = call;
    thread->last = call;
    thread->n_posted++;
    thread->n_pending++;
}

/* The loop is woken with the mutex held: it cannot have ended, since its end is begun under it as well. */
uvrest_status uvrest__thread_post(uvrest__thread *thread, uvrest_call *call, uvrest_reason *reason)
{
    const char *why = "the client is closed";
    uvrest_status st = UVREST_E_STATE;
    pthread_mutex_lock(&thread->mutex);
    if (thread->closing) {
        st = UVREST_E_STATE;
    } else if (thread->stats.queued + thread->n_posted >= thread->conf.max_queued) {
        why = "max_queued: so many calls are waiting already";
        st = UVREST_E_LIMIT;
    } else {
        why = NULL;
        st = uvrest__group_enter(call->group, reason);
    }
    if (st == UVREST_OK) {
        push(thread, call);
        uvrest__loop_wake(thread->conf.loop);
    }
    pthread_mutex_unlock(&thread->mutex);
    if (why != NULL)
        uvrest__reason_set(reason, why, (char *)NULL);
    return st;
}

uvrest_status uvrest__thread_finish_group(uvrest__thread *thread, uvrest_group *group, uvrest_group_fn *done,
                                          void *user)
{
    bool due;
    uvrest_status st;
    pthread_mutex_lock(&thread->mutex);
    st = uvrest__group_seal(group, done, user, !thread->closing, &due);
    if (due) {
        *uvrest__group_next(group) = thread->groups;
        thread->groups = group;
        thread->n_pending++;
        uvrest__loop_wake(thread->conf.loop);
    }
    pthread_mutex_unlock(&thread->mutex);
    return st;
}

/* With the mutex held: the client may be gone once that is let go of, if nobody joins the thread. */
static void begin_close(uvrest__thread *thread, uvrest_client_closed_fn *on_closed, void *user)
{
    if (thread->closing)
        return;
    thread->closing = true;
    thread->on_closed = on_closed;
    thread->closed_user = user;
    uvrest__loop_wake(thread->conf.loop);
}

void uvrest__thread_close(uvrest__thread *thread, uvrest_client_closed_fn *on_closed, void *user)
{
    pthread_mutex_lock(&thread->mutex);
    begin_close(thread, on_closed, user);
    pthread_mutex_unlock(&thread->mutex);
}

bool uvrest__thread_join(uvrest__thread *thread)
{
    bool joins;
    pthread_mutex_lock(&thread->mutex);
    joins = !uvrest__thread_is_self(thread) && !thread->joined;
    thread->joined = thread->joined || joins;
    begin_close(thread, NULL, NULL);
    pthread_mutex_unlock(&thread->mutex);
    if (joins)
        pthread_join(thread->id, NULL);
    return joins;
}

void uvrest__thread_wait_idle(uvrest__thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    while (thread->n_pending > 0)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_read_stats(uvrest__thread *thread, uvrest_stats *out)
{
    pthread_mutex_lock(&thread->mutex);
    *out = thread->stats;
    out->calls += thread->n_posted;
    out->queued += (uint32_t)thread->n_posted;
    out->pending += thread->n_posted;
    pthread_mutex_unlock(&thread->mutex);
}

/* ---- on the loop ---- */

uvrest__thread_mail uvrest__thread_take(uvrest__thread *thread)
{
    uvrest__thread_mail mail;
    pthread_mutex_lock(&thread->mutex);
    mail = (uvrest__thread_mail){.calls = thread->first,
                                 .groups = thread->groups,
                                 .closing = thread->closing,
                                 .on_closed = thread->on_closed,
                                 .closed_user = thread->closed_user};
    thread->first = thread->last = NULL;
    thread->groups = NULL;
    thread->n_taken = thread->n_posted;
    pthread_mutex_unlock(&thread->mutex);
    return mail;
}

void uvrest__thread_publish(uvrest__thread *thread, const uvrest_stats *stats)
{
    pthread_mutex_lock(&thread->mutex);
    thread->stats = *stats;
    thread->n_posted -= thread->n_taken;
    thread->n_taken = 0;
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_delivered(uvrest__thread *thread)
{
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->mutex);
    if (--thread->n_pending == 0)
        pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}
