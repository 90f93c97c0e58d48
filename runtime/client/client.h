/* SPDX-License-Identifier: MIT */
/**
 * @file client.h
 * The inside of a client: what its calls share, and what moves them.
 *
 * Three things set calls in motion: the transport has read out what ended (settle), a moment has come (the timer), or
 * something was ended by its caller (soon). Each of them starts what may start, then runs the callbacks that are due,
 * then sets the timer. Callbacks run nowhere else, so whatever they do (start, cancel, close) meets consistent lists.
 * States: open -> closing (nothing starts; calls and groups end) -> shut (none is left: all that libuv knows of is
 * being closed) -> closed (libuv has let go) -> gone, at once or when whoever runs the loop for it is back.
 * Threads: one thread, that of the loop; waking it is the ledger's, from any. With own_thread others hand calls over
 * (thread.h); what they read of a client is never changed after it was made.
 */
#ifndef UVREST_CLIENT_CLIENT_H
#define UVREST_CLIENT_CLIENT_H

#include "answer.h"
#include "cancel.h"
#include "clock.h"
#include "heap.h"
#include "lane.h"
#include "loop.h"
#include "pool.h"
#include "process.h"
#include "random.h"
#include "request.h"
#include "retry.h"
#include "settings.h"
#include "transfer.h"
#include <sys/types.h>

struct uvrest_client {
    uvrest__settings settings;
    const uvrest_api *api; /* NULL: none */
    const uvrest__clock *clock;
    uvrest__loop *loop;
    uvrest__timer *timer;
    uint64_t timer_ns; /* when it rings; UINT64_MAX: never. May be earlier than anything is due */
    uvrest__transport *transport;
    uvrest__fleet *fleet; /* NULL: no quota is shared with other machines */
    uvrest__pool pool;
    uvrest__heap alarms;
    uvrest__random random;
    uvrest__retry_budget budget;
    uvrest__lanes lanes;
    uvrest__draft draft;
    struct uvrest__thread *thread; /* NULL: the loop is turned by its caller */
    uvrest__cancel_box cancelled; /* any thread puts calls in, the loop ends them */
    const char **lines; /* owned; room to list a request's header lines */
    size_t cap_lines;
    uvrest_call *calls; /* all that have not had their callback */
    uvrest_call *ended_first; /* those whose callback is due, in order */
    uvrest_call *ended_last;
    uvrest_group *groups_due; /* whose end is to be run though no call of theirs is pending; in order */
    uvrest_group *groups_last;
    size_t n_calls;
    uint64_t next_number;
    uvrest_stats stats;
    uvrest__answer stand_in; /* for a callback that must run though memory is exhausted */
    pid_t pid;
    unsigned runners; /* uv_run() on the stack that we called: they free the client where it ends meanwhile */
    bool settling; /* settle() follows: nobody else need care for what ends now */
    bool crowded; /* calls wait though the budget may have something for them */
    bool closing;
    bool shut; /* all that libuv knows is being closed */
    bool closed; /* and is gone */
    bool telling; /* on_log, acquire or a hook is running, which may not call in */
    uvrest_client_closed_fn *on_closed;
    void *closed_user;
};

/** Makes a client from options that are ours, and its credentials (taken on success). */
UVREST_MUST_USE uvrest_status uvrest__client_make(const uvrest_api *api, const uvrest_client_options *options,
                                                  uvrest__credentials *credentials, uvrest_client **out);

/** UVREST_OK if calls may be started; UVREST_E_STATE with reason. */
UVREST_MUST_USE uvrest_status uvrest__client_check(const uvrest_client *client, uvrest_reason *reason);
/**
 * Sends a call on its way, here or to the client's thread, where it may be over before this returns. Taken: on failure
 * it is freed. UVREST_E_NOMEM, UVREST_E_STATE; with a thread also UVREST_E_LIMIT.
 */
UVREST_MUST_USE uvrest_status uvrest__client_submit(uvrest_call *call, uvrest_reason *reason);
/** On the loop: has the end of a group without calls run on the next turn. */
void uvrest__client_group_due(uvrest_client *client, uvrest_group *group);
/** Runs the loop until *flag, or until nothing can happen any more. The client may be gone afterwards. */
void uvrest__client_run_until(uvrest_client *client, const bool *flag);

static inline uint64_t uvrest__client_now(const uvrest_client *client)
{
    return uvrest__clock_now(client->clock);
}

/** Whether this is a child of fork(), and the client its parent's. */
static inline bool uvrest__client_is_forked(const uvrest_client *client)
{
    return client->pid != uvrest__process_id();
}

/**
 * The program is about to be told or asked something (on_log, acquire, a hook): it may not call in until
 * uvrest__client_told().
 */
static inline void uvrest__client_tell(uvrest_client *client, uvrest__loop_visit *visit)
{
    client->telling = true;
    uvrest__loop_enter(client->loop, visit);
}

static inline void uvrest__client_told(uvrest_client *client, const uvrest__loop_visit *visit)
{
    uvrest__loop_leave(visit);
    client->telling = false;
}

#endif /* UVREST_CLIENT_CLIENT_H */
