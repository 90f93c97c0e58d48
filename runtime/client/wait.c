/* SPDX-License-Identifier: MIT */
#include "wait.h"
#include "text.h"
#include "thread.h"
#include <string.h>

/* Stands for the operation in a result that no operation had a part in. */
static const uvrest_op no_op = {.name = "none"};

void uvrest__wait_clear(void *out_value, uvrest_result **out_result)
{
    const void *none = NULL;
    if (out_value != NULL)
        memcpy(out_value, &none, sizeof none);
    if (out_result != NULL)
        *out_result = NULL;
}

uvrest_status uvrest__wait_begin(uvrest__wait *wait, uvrest_client *client, const uvrest_call_options *options,
                                 void *out_value, uvrest_result **out_result)
{
    uvrest_status st;
    bool inside;
    *wait = (uvrest__wait){.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    wait->client = client;
    wait->out_value = out_value;
    wait->out_result = out_result;
    wait->reason = options == NULL ? NULL : options->reason;
    wait->status = UVREST_E_STATE;
    inside = uvrest__thread_is_self(client->thread);
    if (!inside && !uvrest__client_is_forked(client))
        wait->thread = client->thread;
    uvrest__thread_visit(wait->thread);
    st = uvrest__client_check(client, &wait->said);
    if (st == UVREST_OK && (client->thread != NULL ? inside : uvrest__loop_is_running(client->loop)))
        st = UVREST_E_BUSY;
    return st;
}

static void keep(uvrest__wait *wait, const void *value, const uvrest_result *result)
{
    wait->status = result->status;
    if (uvrest_call_take(result->call) != UVREST_OK) {
        wait->status = UVREST_E_NOMEM;
        return;
    }
    wait->value = value;
    wait->result = (uvrest_result *)result;
}

static void deliver(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user)
{
    uvrest__wait *wait = user;
    (void)done;
    if (wait->thread != NULL)
        pthread_mutex_lock(&wait->mutex);
    keep(wait, value, result);
    wait->done = true;
    if (wait->thread == NULL)
        return;
    pthread_cond_signal(&wait->changed);
    pthread_mutex_unlock(&wait->mutex);
}

uvrest__call_target uvrest__wait_target(uvrest__wait *wait)
{
    uvrest__call_target target = {deliver, NULL, wait};
    return target;
}

static uvrest_status hand_over(uvrest__wait *wait)
{
    if (wait->result == NULL)
        return wait->status;
    if (wait->out_value != NULL)
        memcpy(wait->out_value, &wait->value, sizeof wait->value);
    if (wait->out_result != NULL)
        *wait->out_result = wait->result;
    else
        uvrest_result_free(wait->result);
    return wait->status;
}

static uvrest_status refuse(uvrest__wait *wait, uvrest_status status)
{
    uvrest__answer_source source = {.alloc = wait->client->settings.alloc,
                                    .op = &no_op,
                                    .status = status,
                                    .text = wait->said.text,
                                    .retry_after_ms = -1,
                                    .quota_left = -1};
    uvrest__answer *answer;
    status = uvrest__reason_tell(wait->reason, &wait->said, status);
    if (status == UVREST_E_INVALID || status == UVREST_E_NOMEM)
        return status;
    if (uvrest__answer_new(&source, &answer) != UVREST_OK)
        return UVREST_E_NOMEM;
    wait->result = &answer->result;
    wait->status = status;
    return hand_over(wait);
}

uvrest_status uvrest__wait_refused(uvrest__wait *wait, uvrest_status status)
{
    status = refuse(wait, status);
    uvrest__thread_depart(wait->thread);
    return status;
}

static void sleep_until_done(uvrest__wait *wait)
{
    pthread_mutex_lock(&wait->mutex);
    while (!wait->done)
        pthread_cond_wait(&wait->changed, &wait->mutex);
    pthread_mutex_unlock(&wait->mutex);
}

uvrest_status uvrest__wait_run(uvrest__wait *wait)
{
    if (wait->thread != NULL)
        sleep_until_done(wait);
    else
        uvrest__client_run_until(wait->client, &wait->done);
    pthread_cond_destroy(&wait->changed);
    pthread_mutex_destroy(&wait->mutex);
    uvrest__thread_depart(wait->thread);
    return hand_over(wait);
}
