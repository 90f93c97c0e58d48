/* SPDX-License-Identifier: MIT */
/* Groups as a program sees them: what it asks of one is the business of its client's loop. */
#include "client.h"
#include "group.h"
#include "process.h"
#include "thread.h"

uvrest_status uvrest_group_new(uvrest_client *client, uvrest_group **out_group)
{
    uvrest_status st;
    if (client == NULL || out_group == NULL)
        return UVREST_E_INVALID;
    st = uvrest__client_check(client, NULL);
    return st == UVREST_OK ? uvrest__group_new(client, client->settings.alloc, out_group) : st;
}

static bool is_forked(const uvrest_client *client)
{
    return client->pid != uvrest__process_id();
}

uvrest_status uvrest_group_finish(uvrest_group *group, uvrest_group_fn *done, void *user)
{
    uvrest_client *client;
    bool due;
    uvrest_status st;
    if (group == NULL || done == NULL)
        return UVREST_E_INVALID;
    client = uvrest__group_client(group);
    if (is_forked(client))
        return UVREST_E_STATE;
    if (client->thread != NULL)
        return uvrest__thread_finish_group(client->thread, group, done, user);
    st = uvrest__group_seal(group, done, user, !client->closing, &due);
    if (st == UVREST_OK && due)
        uvrest__client_group_due(client, group);
    return st;
}

/* A call is pending. */
static uvrest_status wait_here(uvrest_group *group, const bool *idle)
{
    uvrest_client *client = uvrest__group_client(group);
    if (is_forked(client))
        return UVREST_E_STATE;
    if (client->thread == NULL ? uvrest__loop_is_running(client->loop) : uvrest__thread_is_self(client->thread))
        return UVREST_E_BUSY;
    if (client->thread == NULL)
        uvrest__client_run_until(client, idle);
    else
        uvrest__group_sleep(group);
    return UVREST_OK;
}

uvrest_status uvrest_group_wait(uvrest_group *group, uvrest_group_summary *out_summary)
{
    uvrest_status st = UVREST_OK;
    const bool *idle;
    if (group == NULL)
        return UVREST_E_INVALID;
    uvrest__group_begin_wait(group, &idle);
    if (!uvrest__group_is_idle(group))
        st = wait_here(group, idle);
    uvrest__group_end_wait(group, st == UVREST_OK ? out_summary : NULL);
    return st;
}
