/* SPDX-License-Identifier: MIT */
#include "group.h"
#include "alloc.h"
#include "text.h"
#include <pthread.h>

struct uvrest_group {
    uvrest__group_conf conf;
    pthread_mutex_t mutex;
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
    pthread_mutex_init(&group->mutex, NULL);
    pthread_cond_init(&group->changed, NULL);
    group->n_kept = 1;
    group->idle = true;
    *out = group;
    return UVREST_OK;
}

static void drop(uvrest_group *group)
{
    bool last;
    pthread_mutex_lock(&group->mutex);
    last = --group->n_kept == 0;
    pthread_mutex_unlock(&group->mutex);
    if (!last)
        return;
    pthread_cond_destroy(&group->changed);
    pthread_mutex_destroy(&group->mutex);
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
    pthread_mutex_lock(&group->mutex);
    due = group->due;
    if (!due) {
        group->n_kept++;
        group->n_pending++;
        group->idle = false;
    }
    pthread_mutex_unlock(&group->mutex);
    if (!due)
        return UVREST_OK;
    uvrest__reason_set(reason, "group: its end is due already", (char *)NULL);
    return UVREST_E_STATE;
}

void uvrest__group_undo(uvrest_group *group)
{
    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    group->idle = --group->n_pending == 0;
    pthread_mutex_unlock(&group->mutex);
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
    pthread_mutex_lock(&group->mutex);
    count(&group->summary, status);
    group->idle = --group->n_pending == 0;
    group->due = due = group->idle && group->sealed;
    if (group->idle)
        pthread_cond_broadcast(&group->changed);
    pthread_mutex_unlock(&group->mutex);
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
    pthread_mutex_lock(&group->mutex);
    *out_due = false;
    if (!group->sealed && (!group->idle || may_be_due)) {
        group->sealed = true;
        group->done = done;
        group->user = user;
        group->due = *out_due = group->idle;
        st = UVREST_OK;
    }
    pthread_mutex_unlock(&group->mutex);
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
    pthread_mutex_lock(&group->mutex);
    group->n_kept++;
    pthread_mutex_unlock(&group->mutex);
    *out_idle = &group->idle;
}

bool uvrest__group_is_idle(uvrest_group *group)
{
    bool idle;
    pthread_mutex_lock(&group->mutex);
    idle = group->idle;
    pthread_mutex_unlock(&group->mutex);
    return idle;
}

void uvrest__group_sleep(uvrest_group *group)
{
    pthread_mutex_lock(&group->mutex);
    while (!group->idle)
        pthread_cond_wait(&group->changed, &group->mutex);
    pthread_mutex_unlock(&group->mutex);
}

void uvrest__group_end_wait(uvrest_group *group, uvrest_group_summary *out)
{
    if (out != NULL) {
        pthread_mutex_lock(&group->mutex);
        *out = group->summary;
        pthread_mutex_unlock(&group->mutex);
    }
    drop(group);
}
