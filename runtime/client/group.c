/* SPDX-License-Identifier: MIT */
#include "group.h"
#include "alloc.h"
#include "guard.h"
#include "text.h"
#include <pthread.h>

struct uvrest_group {
    uvrest__group_conf conf;
    uvrest__guard guard;
    pthread_cond_t changed; /* idle has become true */
    uvrest_group *next; /* among those that are due */
    size_t n_kept; /* by its owner, by calls, by those who wait */
    size_t n_pending;
    uvrest_group_summary summary;
    uvrest_group_fn *done;
    void *user;
    bool idle; /* n_pending is 0; in a field of its own since a loop is run until it is true */
    bool sealed;
    bool due;
};

/* ---- life ---- */

uvrest_status uvrest__group_new(const uvrest__group_conf *conf, uvrest_group **out)
{
    uvrest_group *group = uvrest__zalloc(conf->alloc, sizeof *group);
    if (group == NULL)
        return UVREST_E_NOMEM;
    group->conf = *conf;
    uvrest__guard_init(&group->guard);
    pthread_cond_init(&group->changed, NULL);
    group->n_kept = 1;
    group->idle = true;
    *out = group;
    return UVREST_OK;
}

static void drop(uvrest_group *group)
{
    bool last;
    uvrest__guard_lock(&group->guard);
    last = --group->n_kept == 0;
    uvrest__guard_unlock(&group->guard);
    if (!last)
        return;
    pthread_cond_destroy(&group->changed);
    uvrest__guard_fini(&group->guard);
    uvrest__free(group->conf.alloc, group);
}

void uvrest_group_free(uvrest_group *group)
{
    if (group != NULL)
        drop(group);
}

/* ---- calls ---- */

uvrest_status uvrest__group_check(const uvrest_group *group, const uvrest_client *client, uvrest_reason *reason)
{
    if (group == NULL || group->conf.client == client)
        return UVREST_OK;
    uvrest__reason_set(reason, "group: of another client", (char *)NULL);
    return UVREST_E_INVALID;
}

uvrest_status uvrest__group_enter(uvrest_group *group, uvrest_reason *reason)
{
    bool due;
    if (group == NULL)
        return UVREST_OK;
    uvrest__guard_lock(&group->guard);
    due = group->due;
    if (!due) {
        group->n_kept++;
        group->n_pending++;
        group->idle = false;
    }
    uvrest__guard_unlock(&group->guard);
    if (!due)
        return UVREST_OK;
    uvrest__reason_set(reason, "group: its end is due already", (char *)NULL);
    return UVREST_E_STATE;
}

void uvrest__group_undo(uvrest_group *group)
{
    if (group == NULL)
        return;
    uvrest__guard_lock(&group->guard);
    group->idle = --group->n_pending == 0;
    uvrest__guard_unlock(&group->guard);
    drop(group);
}

static void count(uvrest_group_summary *summary, uvrest_status status)
{
    summary->n_calls++;
    if (status == UVREST_OK)
        return;
    if (summary->n_failed++ == 0)
        summary->status = status;
    if (status == UVREST_E_CANCELLED)
        summary->n_cancelled++;
}

void uvrest__group_leave(uvrest_group *group, uvrest_status status)
{
    bool due;
    if (group == NULL)
        return;
    uvrest__guard_lock(&group->guard);
    count(&group->summary, status);
    group->idle = --group->n_pending == 0;
    group->due = due = group->idle && group->sealed;
    if (group->idle)
        pthread_cond_broadcast(&group->changed);
    uvrest__guard_unlock(&group->guard);
    if (due)
        uvrest__group_run(group);
    drop(group);
}

/* ---- the end ---- */

uvrest_group **uvrest__group_next(uvrest_group *group)
{
    return &group->next;
}

uvrest_status uvrest__group_seal(uvrest_group *group, uvrest_group_fn *done, void *user, bool may_be_due, bool *out_due)
{
    uvrest_status st = UVREST_E_STATE;
    uvrest__guard_lock(&group->guard);
    *out_due = false;
    if (!group->sealed && (!group->idle || may_be_due)) {
        group->sealed = true;
        group->done = done;
        group->user = user;
        group->due = *out_due = group->idle;
        st = UVREST_OK;
    }
    uvrest__guard_unlock(&group->guard);
    return st;
}

/* No call can enter any more, so nobody else looks at the summary. */
void uvrest__group_run(uvrest_group *group)
{
    group->done(&group->summary, group->user);
    drop(group);
}

/* ---- those who wait ---- */

const uvrest__group_conf *uvrest__group_conf_of(const uvrest_group *group)
{
    return &group->conf;
}

void uvrest__group_begin_wait(uvrest_group *group, const bool **out_idle)
{
    uvrest__guard_lock(&group->guard);
    group->n_kept++;
    uvrest__guard_unlock(&group->guard);
    *out_idle = &group->idle;
}

bool uvrest__group_is_idle(uvrest_group *group)
{
    bool idle;
    uvrest__guard_lock(&group->guard);
    idle = group->idle;
    uvrest__guard_unlock(&group->guard);
    return idle;
}

void uvrest__group_sleep(uvrest_group *group)
{
    uvrest__guard_lock(&group->guard);
    while (!group->idle)
        pthread_cond_wait(&group->changed, &group->guard.mutex);
    uvrest__guard_unlock(&group->guard);
}

void uvrest__group_end_wait(uvrest_group *group, uvrest_group_summary *out)
{
    if (out != NULL) {
        uvrest__guard_lock(&group->guard);
        *out = group->summary;
        uvrest__guard_unlock(&group->guard);
    }
    drop(group);
}
