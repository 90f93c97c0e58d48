/* SPDX-License-Identifier: MIT */
#include "thread.h"
#include "alloc.h"
#include "text.h"
#include <pthread.h>
#include <signal.h>

struct uvrest__thread {
    uvrest_client *client;
    pthread_t id; /* for those that join it */
    pthread_mutex_t starting;
    pthread_mutex_t mutex; /* for all below */
    pthread_cond_t changed; /* n_pending or n_waiting became 0 */
    uvrest_call *first; /* posted, not adopted yet; linked by next_ended */
    uvrest_call *last;
    uvrest_group *groups; /* posted, in no order */
    size_t n_posted; /* not in `stats` yet */
    size_t n_adopted; /* of these, those adopted already */
    size_t n_pending; /* calls and groups posted, whose callback has not returned */
    unsigned n_waiting; /* threads in uvrest__thread_wait_idle() */
    bool closing;
    bool joined; /* somebody waits for the thread, and ends the client then */
    uvrest_client_closed_fn *on_closed;
    void *closed_user;
    uvrest_stats stats; /* as published */
};

/* The one whose thread this is. */
static _Thread_local const uvrest__thread *running;

bool uvrest__thread_is_self(const uvrest_client *client)
{
    return client->thread != NULL && client->thread == running;
}

/* ---- life ---- */

static void *run(void *user)
{
    uvrest__thread *thread = user;
    uvrest_client *client = thread->client;
    bool joined;
    running = thread;
    client->runners++;
    while (!client->closed)
        uvrest__loop_turn(client->loop);
    client->runners--;
    running = NULL;
    pthread_mutex_lock(&thread->mutex);
    joined = thread->joined;
    if (!joined)
        pthread_detach(pthread_self());
    pthread_mutex_unlock(&thread->mutex);
    if (!joined)
        uvrest__client_dispose(client);
    return NULL;
}

/* Signals are the program's: they are handled on its own threads. */
static int create(uvrest__thread *thread)
{
    sigset_t all;
    sigset_t before;
    int error;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread->id, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

uvrest_status uvrest__thread_start(uvrest_client *client)
{
    uvrest__thread *thread = uvrest__zalloc(client->settings.alloc, sizeof *thread);
    if (thread == NULL)
        return UVREST_E_NOMEM;
    thread->client = client;
    thread->stats = client->stats;
    pthread_mutex_init(&thread->starting, NULL);
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    client->thread = thread;
    uvrest__loop_hold(client->loop, true);
    if (create(thread) == 0)
        return UVREST_OK;
    uvrest__loop_hold(client->loop, false);
    client->thread = NULL;
    uvrest__thread_free(thread);
    return UVREST_E_NOMEM;
}

void uvrest__thread_free(uvrest__thread *thread)
{
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->starting); /* a start that is being refused */
    pthread_mutex_unlock(&thread->starting);
    pthread_mutex_lock(&thread->mutex);
    while (thread->n_waiting > 0)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    pthread_mutex_unlock(&thread->mutex);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    pthread_mutex_destroy(&thread->starting);
    uvrest__free(thread->client->settings.alloc, thread);
}

/* ---- from any thread ---- */

void uvrest__thread_enter(uvrest_client *client)
{
    if (client->thread != NULL)
        pthread_mutex_lock(&client->thread->starting);
}

void uvrest__thread_leave(uvrest_client *client)
{
    if (client->thread != NULL)
        pthread_mutex_unlock(&client->thread->starting);
}

bool uvrest__thread_is_closed(const uvrest_client *client)
{
    bool closed;
    pthread_mutex_lock(&client->thread->mutex);
    closed = client->thread->closing;
    pthread_mutex_unlock(&client->thread->mutex);
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
uvrest_status uvrest__thread_post(uvrest_client *client, uvrest_call *call, uvrest_reason *reason)
{
    uvrest__thread *thread = client->thread;
    const char *why = "the client is closed";
    uvrest_status st = UVREST_E_STATE;
    pthread_mutex_lock(&thread->mutex);
    if (thread->closing) {
        st = UVREST_E_STATE;
    } else if (thread->stats.queued + thread->n_posted >= client->settings.max_queued) {
        why = "max_queued: so many calls are waiting already";
        st = UVREST_E_LIMIT;
    } else {
        why = NULL;
        st = uvrest__group_enter(call->group, reason);
    }
    if (st == UVREST_OK) {
        push(thread, call);
        uvrest__loop_wake(client->loop);
    }
    pthread_mutex_unlock(&thread->mutex);
    if (why != NULL)
        uvrest__reason_set(reason, why, (char *)NULL);
    return st;
}

uvrest_status uvrest__thread_finish_group(uvrest_client *client, uvrest_group *group, uvrest_group_fn *done, void *user)
{
    uvrest__thread *thread = client->thread;
    bool due;
    uvrest_status st;
    pthread_mutex_lock(&thread->mutex);
    st = uvrest__group_seal(group, done, user, !thread->closing, &due);
    if (due) {
        *uvrest__group_next(group) = thread->groups;
        thread->groups = group;
        thread->n_pending++;
        uvrest__loop_wake(client->loop);
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
    uvrest__loop_wake(thread->client->loop);
}

void uvrest__thread_close(uvrest_client *client, uvrest_client_closed_fn *on_closed, void *user)
{
    uvrest__thread *thread = client->thread;
    pthread_mutex_lock(&thread->mutex);
    begin_close(thread, on_closed, user);
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_end(uvrest_client *client)
{
    uvrest__thread *thread = client->thread;
    bool joins;
    pthread_mutex_lock(&thread->mutex);
    joins = !uvrest__thread_is_self(client) && !thread->joined;
    thread->joined = thread->joined || joins;
    begin_close(thread, NULL, NULL);
    pthread_mutex_unlock(&thread->mutex);
    if (!joins)
        return;
    pthread_join(thread->id, NULL);
    uvrest__client_dispose(client);
}

void uvrest__thread_wait_idle(uvrest_client *client)
{
    uvrest__thread *thread = client->thread;
    pthread_mutex_lock(&thread->mutex);
    thread->n_waiting++;
    while (thread->n_pending > 0)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    if (--thread->n_waiting == 0)
        pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_read_stats(const uvrest_client *client, uvrest_stats *out)
{
    uvrest__thread *thread = client->thread;
    pthread_mutex_lock(&thread->mutex);
    *out = thread->stats;
    out->calls += thread->n_posted;
    out->queued += (uint32_t)thread->n_posted;
    out->pending += thread->n_posted;
    pthread_mutex_unlock(&thread->mutex);
}

/* ---- on the loop ---- */

bool uvrest__thread_adopt(uvrest_client *client, uvrest_client_closed_fn **out_on_closed, void **out_user)
{
    uvrest__thread *thread = client->thread;
    uvrest_call *call;
    uvrest_group *group;
    bool closing;
    if (thread == NULL)
        return false;
    pthread_mutex_lock(&thread->mutex);
    call = thread->first;
    thread->first = thread->last = NULL;
    group = thread->groups;
    thread->groups = NULL;
    thread->n_adopted = thread->n_posted;
    closing = thread->closing;
    *out_on_closed = thread->on_closed;
    *out_user = thread->closed_user;
    pthread_mutex_unlock(&thread->mutex);
    while (call != NULL) {
        uvrest_call *next = call->next_ended;
        call->next_ended = NULL;
        uvrest__call_adopt(call);
        call = next;
    }
    while (group != NULL) {
        uvrest_group *next = *uvrest__group_next(group);
        *uvrest__group_next(group) = NULL;
        uvrest__client_group_due(client, group);
        group = next;
    }
    uvrest__thread_publish(client);
    return closing;
}

void uvrest__thread_publish(uvrest_client *client)
{
    uvrest__thread *thread = client->thread;
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->mutex);
    uvrest__client_count(client, &thread->stats);
    thread->n_posted -= thread->n_adopted;
    thread->n_adopted = 0;
    pthread_mutex_unlock(&thread->mutex);
}

void uvrest__thread_delivered(uvrest_client *client)
{
    uvrest__thread *thread = client->thread;
    if (thread == NULL)
        return;
    pthread_mutex_lock(&thread->mutex);
    if (--thread->n_pending == 0)
        pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}
