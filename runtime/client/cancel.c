/* SPDX-License-Identifier: MIT */
#include "cancel.h"
#include "alloc.h"
#include "call.h"
#include "process.h"
#include "text.h"
#include <assert.h>
#include <stddef.h>

enum { NOWHERE = 0, AT_TOKEN = 1, IN_BOX = 2 };

struct uvrest_cancel {
    const uvrest_alloc *alloc;
    uvrest__guard guard;
    uvrest__cancel_link *first;
    size_t n_kept; /* by its owner and by calls */
    bool triggered;
};

static void link_in(uvrest__cancel_link **first, uvrest__cancel_link *link)
{
    link->prev = NULL;
    link->next = *first;
    if (link->next != NULL)
        link->next->prev = link;
    *first = link;
}

static void link_out(uvrest__cancel_link **first, uvrest__cancel_link *link)
{
    if (link->prev != NULL)
        link->prev->next = link->next;
    else
        *first = link->next;
    if (link->next != NULL)
        link->next->prev = link->prev;
    link->prev = link->next = NULL;
}

static uvrest_client *client_of(const uvrest__cancel_link *link)
{
    return ((const uvrest_call *)(const void *)((const char *)link - offsetof(uvrest_call, cancel)))->client;
}

/* ---- boxes ---- */

void uvrest__cancel_box_init(uvrest__cancel_box *box)
{
    uvrest__guard_init(&box->guard);
    box->first = NULL;
}

void uvrest__cancel_box_fini(uvrest__cancel_box *box)
{
    assert(box->first == NULL);
    uvrest__guard_fini(&box->guard);
}

uvrest__cancel_link *uvrest__cancel_box_peek(uvrest__cancel_box *box)
{
    uvrest__cancel_link *link;
    uvrest__guard_lock(&box->guard);
    link = box->first;
    uvrest__guard_unlock(&box->guard);
    return link;
}

/* ---- tokens ---- */

uvrest_status uvrest_cancel_new(const uvrest_alloc *alloc, uvrest_cancel **out_cancel)
{
    uvrest_cancel *token;
    if (out_cancel == NULL)
        return UVREST_E_INVALID;
    token = uvrest__zalloc(alloc, sizeof *token);
    if (token == NULL)
        return UVREST_E_NOMEM;
    token->alloc = alloc;
    uvrest__guard_init(&token->guard);
    token->n_kept = 1;
    *out_cancel = token;
    return UVREST_OK;
}

static void drop(uvrest_cancel *token)
{
    bool last;
    uvrest__guard_lock(&token->guard);
    last = --token->n_kept == 0;
    uvrest__guard_unlock(&token->guard);
    if (!last)
        return;
    uvrest__guard_fini(&token->guard);
    uvrest__free(token->alloc, token);
}

void uvrest_cancel_free(uvrest_cancel *cancel)
{
    if (cancel != NULL)
        drop(cancel);
}

/* The loop is there as long as the call has not ended, and it cannot end before it has left the token. */
static void tell(uvrest__cancel_link *link, pid_t pid)
{
    uvrest_client *client = client_of(link);
    if (client->pid != pid)
        return; /* forked: the loop is the parent's as well */
    link_out(&link->token->first, link);
    link->place = IN_BOX;
    uvrest__guard_lock(&client->cancelled.guard);
    link_in(&client->cancelled.first, link);
    uvrest__guard_unlock(&client->cancelled.guard);
    uvrest__loop_wake(client->loop);
}

void uvrest_cancel_trigger(uvrest_cancel *cancel)
{
    pid_t pid = uvrest__process_id();
    uvrest__cancel_link *next;
    if (cancel == NULL)
        return;
    uvrest__guard_lock(&cancel->guard);
    cancel->triggered = true;
    for (uvrest__cancel_link *link = cancel->first; link != NULL; link = next) {
        next = link->next;
        tell(link, pid);
    }
    uvrest__guard_unlock(&cancel->guard);
}

bool uvrest_cancel_is_triggered(uvrest_cancel *cancel)
{
    bool triggered;
    if (cancel == NULL)
        return false;
    uvrest__guard_lock(&cancel->guard);
    triggered = cancel->triggered;
    uvrest__guard_unlock(&cancel->guard);
    return triggered;
}

/* ---- calls ---- */

uvrest_status uvrest__cancel_keep(uvrest__cancel_link *link, uvrest_cancel *token, uvrest_reason *reason)
{
    bool triggered;
    if (token == NULL)
        return UVREST_OK;
    uvrest__guard_lock(&token->guard);
    triggered = token->triggered;
    if (!triggered)
        token->n_kept++;
    uvrest__guard_unlock(&token->guard);
    if (triggered) {
        uvrest__reason_set(reason, "cancel: triggered already", (char *)NULL);
        return UVREST_E_CANCELLED;
    }
    link->token = token;
    return UVREST_OK;
}

bool uvrest__cancel_join(uvrest__cancel_link *link)
{
    uvrest_cancel *token = link->token;
    bool triggered;
    if (token == NULL)
        return true;
    uvrest__guard_lock(&token->guard);
    triggered = token->triggered;
    if (!triggered) {
        link_in(&token->first, link);
        link->place = AT_TOKEN;
    }
    uvrest__guard_unlock(&token->guard);
    return !triggered;
}

void uvrest__cancel_leave(uvrest__cancel_link *link)
{
    uvrest_cancel *token = link->token;
    if (token == NULL)
        return;
    uvrest__guard_lock(&token->guard);
    if (link->place == AT_TOKEN) {
        link_out(&token->first, link);
    } else if (link->place == IN_BOX) {
        uvrest__cancel_box *box = &client_of(link)->cancelled;
        uvrest__guard_lock(&box->guard);
        link_out(&box->first, link);
        uvrest__guard_unlock(&box->guard);
    }
    link->place = NOWHERE;
    uvrest__guard_unlock(&token->guard);
}

void uvrest__cancel_drop(uvrest__cancel_link *link)
{
    if (link->token != NULL)
        drop(link->token);
    link->token = NULL;
}
