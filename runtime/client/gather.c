/* SPDX-License-Identifier: MIT */
/* Groups as a program sees them: what it asks of one is the business of its client's loop. */
#include "client.h"
#include "group.h"
#include "thread.h"

uvrest_status uvrest_group_new(uvrest_client *client, uvrest_group **out_group)
{
    uvrest__group_conf conf;
    uvrest_status st;
    if (client == NULL || out_group == NULL)
        return UVREST_E_INVALID;
    st = uvrest__client_check(client, NULL);
    if (st != UVREST_OK)
        return st;
    conf = (uvrest__group_conf){client, client->thread, client->settings.alloc, client->pid};
    return uvrest__group_new(&conf, out_group);
}

static bool is_forked(const uvrest_group *group)
{
    return uvrest__group_conf_of(group)->pid != uvrest__process_id();
}

uvrest_status uvrest_group_finish(uvrest_group *group, uvrest_group_fn *done, void *user)
{
    uvrest_client *client;
    bool due;
    uvrest_status st;
    if (group == NULL || done == NULL)
        return UVREST_E_INVALID;
    if (is_forked(group))
        return UVREST_E_STATE;
    client = uvrest__group_conf_of(group)->client;
    if (client->thread != NULL)
        return uvrest__thread_finish_group(client->thread, group, done, user);
    st = uvrest__group_seal(group, done, user, !client->closing, &due);
    if (st == UVREST_OK && due)
        uvrest__client_group_due(client, group);
    return st;
}

/* A call was pending just now. If the client has a thread it may be over, and the client gone, so only the group is
 * looked at. */
static uvrest_status wait_here(uvrest_group *group, const bool *idle)
{
    const uvrest__group_conf *conf = uvrest__group_conf_of(group);
    if (is_forked(group))
        return UVREST_E_STATE;
    if (conf->thread == NULL ? uvrest__loop_is_running(conf->client->loop) : uvrest__thread_is_self(conf->thread))
        return UVREST_E_BUSY;
    if (conf->thread == NULL)
        uvrest__client_run_until(conf->client, idle);
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
