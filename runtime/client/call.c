/* SPDX-License-Identifier: MIT */
#include "call.h"
#include "alloc.h"
#include "attempt.h"
#include "hooks.h"
#include "log.h"
#include "reading.h"
#include "text.h"
#include <assert.h>
#include <string.h>

/* How long a call whose time is over may go on reading, in milliseconds of a loop that turns. */
#define CATCH_UP_MAX_MS 1000u

/* ---- making ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static void set_options(uvrest_call *call, const uvrest_call_options *options)
{
    static const uvrest_call_options none;
    const uvrest__settings *s = &call->client->settings;
    const uvrest_call_options *o = options == NULL ? &none : options;
    uint32_t deadline_ms = or_default(o->deadline_ms, s->deadline_ms);
    call->connect_timeout_ms = or_default(o->connect_timeout_ms, s->connect_timeout_ms);
    call->timeout_ms = or_default(o->timeout_ms, s->timeout_ms);
    call->max_attempts = or_default(o->attempts, s->attempts);
    call->item.priority = (uint8_t)o->priority;
    call->retry_unsafe = o->retry_unsafe;
    call->strict = o->strict || s->strict;
    call->absent_is_ok = o->absent_is_ok;
    call->own_credentials = o->credentials != NULL;
    call->group = o->group;
    if (deadline_ms > 0)
        call->deadline_ns =
            uvrest__clock_add(uvrest__client_now(call->client), (uint64_t)deadline_ms * UVREST__NS_PER_MS);
}

static uvrest_status check_queue(const uvrest_client *client, uvrest_reason *reason)
{
    if (client->stats.queued < client->settings.max_queued)
        return UVREST_OK;
    uvrest__reason_set(reason, "max_queued: so many calls are waiting already", (char *)NULL);
    return UVREST_E_LIMIT;
}

static uvrest_status check_priority(const uvrest_call_options *options, uvrest_reason *reason)
{
    if (options == NULL || (unsigned)options->priority < UVREST__QUEUE_PRIORITIES)
        return UVREST_OK;
    uvrest__reason_set(reason, "priority: not a uvrest_priority", (char *)NULL);
    return UVREST_E_INVALID;
}

uvrest_status uvrest__call_check_done(uvrest_any_fn *done, uvrest_reason *reason)
{
    if (done != NULL)
        return UVREST_OK;
    uvrest__reason_set(reason, "done: required", (char *)NULL);
    return UVREST_E_INVALID;
}

uvrest_status uvrest__call_check_out(const uvrest_client *client, uvrest_call *const *out_call, uvrest_reason *reason)
{
    if (client->thread == NULL || out_call == NULL)
        return UVREST_OK;
    uvrest__reason_set(reason, "out_call: must be NULL with own_thread", (char *)NULL);
    return UVREST_E_INVALID;
}

/* The credentials a call brings: parsed here, since the lanes are the loop's. */
static uvrest_status bring_credentials(uvrest_call *call, const char *const *lines, uvrest_reason *reason)
{
    const uvrest_alloc *alloc = call->client->settings.alloc;
    uvrest_status st;
    if (lines == NULL)
        return UVREST_OK;
    call->brought = uvrest__malloc(alloc, sizeof *call->brought);
    if (call->brought == NULL)
        return UVREST_E_NOMEM;
    uvrest__credentials_init(call->brought, alloc);
    st = uvrest__credentials_add_lines(call->brought, lines, reason);
    return st;
}

static void drop_brought(uvrest_call *call)
{
    if (call->brought != NULL)
        uvrest__credentials_fini(call->brought);
    uvrest__free(call->client->settings.alloc, call->brought);
    call->brought = NULL;
}

/* What the lists of the client are needed for. */
static uvrest_status join_client(uvrest_call *call, const char *const *credentials, uvrest_reason *reason)
{
    uvrest_client *client = call->client;
    uvrest_status st = uvrest__heap_reserve(&client->alarms, client->n_calls + 1);
    if (st != UVREST_OK)
        return st;
    return uvrest__lanes_join(&client->lanes, credentials, reason, &call->lane);
}

uvrest_status uvrest__call_new(uvrest_client *client, const uvrest_op *op, const uvrest_call_options *options,
                               uvrest__call_target target, uvrest_reason *reason, uvrest_call **out)
{
    const char *const *credentials = options == NULL ? NULL : options->credentials;
    bool threaded = client->thread != NULL;
    uvrest_call *call;
    size_t size;
    uvrest_status st = threaded ? UVREST_OK : check_queue(client, reason); /* else when it is posted */
    if (st == UVREST_OK)
        st = check_priority(options, reason);
    if (st == UVREST_OK)
        st = uvrest__group_check(options == NULL ? NULL : options->group, client, reason);
    if (st != UVREST_OK)
        return st;
    if (uvrest__draft_size(&client->draft, &size) != UVREST_OK || !uvrest__size_add(size, sizeof *call, &size)) {
        uvrest__reason_set(reason, "body: too long", (char *)NULL);
        return UVREST_E_LIMIT;
    }
    call = uvrest__malloc(client->settings.alloc, size);
    if (call == NULL)
        return UVREST_E_NOMEM;
    memset(call, 0, sizeof *call);
    call->client = client;
    st = uvrest__cancel_keep(&call->cancel, options == NULL ? NULL : options->cancel, reason);
    if (st == UVREST_OK)
        st = threaded ? bring_credentials(call, credentials, reason) : join_client(call, credentials, reason);
    if (st != UVREST_OK) {
        uvrest__call_discard(call);
        return st;
    }
    call->op = op;
    call->deliver = target.deliver;
    call->done = target.done;
    call->user = target.user;
    set_options(call, options);
    uvrest__draft_place(&client->draft, call->memory, &call->request);
    *out = call;
    return UVREST_OK;
}

/* Header lines and bodies may hold a caller's secrets. */
static void free_memory(uvrest_call *call)
{
    const uvrest_alloc *alloc = call->client->settings.alloc;
    if (call->request.lines_size > 0)
        explicit_bzero(call->memory + (call->request.lines - call->memory), call->request.lines_size);
    if (call->request.body_len > 0)
        explicit_bzero(call->memory + (call->request.body - call->memory), call->request.body_len);
    uvrest__cancel_drop(&call->cancel);
    drop_brought(call);
    uvrest__hooks_drop(call);
    uvrest__free(alloc, call->moved);
    uvrest__free(alloc, call);
}

void uvrest__call_discard(uvrest_call *call)
{
    if (call->lane != NULL)
        uvrest__lanes_leave(&call->client->lanes, call->lane, uvrest__client_now(call->client));
    uvrest__reading_free(call->reading);
    free_memory(call);
}

/* ---- waiting ---- */

static void set_alarm(uvrest_call *call)
{
    bool wakes = call->state == UVREST__CALL_BACKOFF || call->state == UVREST__CALL_IN_FLIGHT;
    uint64_t due = wakes ? call->wake_ns : UINT64_MAX;
    if (call->deadline_ns != 0 && call->deadline_ns < due)
        due = call->deadline_ns;
    if (due == UINT64_MAX)
        uvrest__heap_clear(&call->client->alarms, &call->alarm);
    else if (call->alarm.place == 0 || call->alarm.key != due)
        uvrest__heap_set(&call->client->alarms, &call->alarm, due);
}

static void enqueue(uvrest_call *call)
{
    call->state = UVREST__CALL_QUEUED;
    uvrest__lanes_put(&call->client->lanes, call->lane, &call->item);
    set_alarm(call);
}

/* It waits from now on, for whatever. */
static void begin_waiting(uvrest_call *call)
{
    call->waiting_since_ns = uvrest__client_now(call->client);
    call->client->stats.queued++;
}

static uint64_t end_waiting(uvrest_call *call)
{
    uint64_t now = uvrest__client_now(call->client);
    call->queued_ns += uvrest__clock_until(call->waiting_since_ns, now);
    call->client->stats.queued--;
    return now;
}

/* What is certain to come too late is said at once. */
static bool is_hopeless(const uvrest_call *call)
{
    return call->deadline_ns != 0 && call->lane->blocked_ns > call->deadline_ns;
}

/* For another attempt: for so long first, and then for its turn. */
static void wait_again(uvrest_call *call, uint64_t delay_ns)
{
    begin_waiting(call);
    if (delay_ns == 0) {
        enqueue(call);
        return;
    }
    call->client->stats.waits[UVREST_WAIT_BACKOFF]++;
    call->state = UVREST__CALL_BACKOFF;
    call->wake_ns = uvrest__clock_add(uvrest__client_now(call->client), delay_ns);
    set_alarm(call);
}

/* From the moment that is returned it does not wait any more. */
static uint64_t dequeue(uvrest_call *call)
{
    uvrest__lanes_remove(&call->client->lanes, call->lane, &call->item);
    return end_waiting(call);
}

static void enlist(uvrest_call *call)
{
    uvrest_client *client = call->client;
    call->item.number = client->next_number++;
    call->next = client->calls;
    if (call->next != NULL)
        call->next->prev = call;
    client->calls = call;
    if (client->n_calls++ == 0)
        uvrest__loop_hold(client->loop, true);
    client->stats.calls++;
    begin_waiting(call);
}

static void start(uvrest_call *call)
{
    enlist(call);
    if (call->reading != NULL) {
        call->state = UVREST__CALL_READING;
        set_alarm(call);
    } else {
        enqueue(call);
        if (is_hopeless(call))
            uvrest__call_end(call, UVREST_E_TIMEOUT, "the request budget allows it only after its deadline");
    }
    if (call->state != UVREST__CALL_ENDED && !uvrest__cancel_join(&call->cancel))
        uvrest__call_end(call, UVREST_E_CANCELLED, "cancelled");
}

static uvrest_status enter(uvrest_call *call, uvrest_reason *reason)
{
    uvrest_status st = uvrest__group_enter(call->group, reason);
    if (st != UVREST_OK || call->reading == NULL)
        return st;
    st = uvrest__reading_begin(call->reading);
    if (st != UVREST_OK)
        uvrest__group_undo(call->group);
    return st;
}

uvrest_status uvrest__call_start(uvrest_call *call, uvrest_reason *reason)
{
    uvrest_status st = enter(call, reason);
    if (st == UVREST_OK)
        start(call);
    else
        uvrest__call_discard(call);
    return st;
}

/* Its start has succeeded already: what fails now is told by its callback, as if it came out of a back-off. */
static void start_failed(uvrest_call *call, uvrest_status status)
{
    enlist(call);
    call->state = UVREST__CALL_BACKOFF;
    uvrest__call_end(call, status, uvrest_status_text(status));
}

void uvrest__call_adopt(uvrest_call *call)
{
    const char *lines[UVREST__CREDENTIALS_MAX + 1];
    uvrest_client *client = call->client;
    bool own = call->brought != NULL;
    uvrest_status st;
    if (own)
        uvrest__credentials_list(call->brought, UINT32_MAX, lines);
    st = join_client(call, own ? lines : NULL, NULL);
    drop_brought(call);
    if (st == UVREST_OK && call->reading != NULL)
        st = uvrest__reading_begin(call->reading);
    if (st == UVREST_OK) {
        start(call);
        return;
    }
    uvrest__reading_free(call->reading);
    call->reading = NULL;
    if (call->lane == NULL) {
        call->lane = client->lanes.own;
        call->lane->n_calls++;
    }
    start_failed(call, st);
}

/* ---- ending ---- */

/* In no queue and with no attempt under way: its callback is due. */
static void push_ended(uvrest_call *call)
{
    uvrest_client *client = call->client;
    uvrest__heap_clear(&client->alarms, &call->alarm);
    uvrest__cancel_leave(&call->cancel);
    call->state = UVREST__CALL_ENDED;
    if (client->ended_last == NULL)
        client->ended_first = call;
    else
        client->ended_last->next_ended = call;
    client->ended_last = call;
    if (!client->settling)
        uvrest__loop_soon(client->loop);
}

static void leave_state(uvrest_call *call)
{
    switch ((uvrest__call_state)call->state) {
    case UVREST__CALL_READING:
        uvrest__reading_detach(call->reading);
        call->reading = NULL;
        end_waiting(call);
        break;
    case UVREST__CALL_QUEUED:
        dequeue(call);
        break;
    case UVREST__CALL_BACKOFF:
        end_waiting(call);
        break;
    case UVREST__CALL_IN_FLIGHT:
        uvrest__attempt_abandon(call);
        break;
    case UVREST__CALL_ENDED:
    case UVREST__CALL_DELIVERED:
        break;
    }
}

void uvrest__call_end(uvrest_call *call, uvrest_status status, const char *text)
{
    if (call->state >= UVREST__CALL_ENDED)
        return;
    leave_state(call);
    call->end_status = (int16_t)status;
    call->end_text = text;
    push_ended(call);
}

/* What all answers to it have in common. */
static uvrest__answer_source source_of(const uvrest_call *call)
{
    const uvrest_client *client = call->client;
    uvrest__answer_source source = {
        .alloc = client->settings.alloc,
        .op = call->op,
        .api = client->api,
        .call = (uvrest_call *)call,
        .status = (uvrest_status)call->end_status,
        .executed = call->retry.executed,
        .attempts = call->attempts,
        .text = call->end_text,
        .retry_after_ms = -1,
        .quota_left = -1,
        .queued_us = call->queued_ns / 1000,
        .transfer_us = call->transfer_us,
        .credentials = &call->lane->credentials,
        .credentials_mask = call->own_credentials ? UINT32_MAX : call->op->credentials,
        .decoding = client->settings.decoding,
        .absent_is_ok = call->absent_is_ok,
    };
    source.decoding.strict = call->strict;
    return source;
}

void uvrest__call_end_with(uvrest_call *call, uvrest_status status, const char *text)
{
    uvrest__answer_source source;
    if (call->state >= UVREST__CALL_ENDED)
        return;
    uvrest__call_end(call, status, NULL);
    source = source_of(call);
    source.text = text;
    if (uvrest__answer_new(&source, &call->answer) != UVREST_OK)
        call->end_text = uvrest_status_text(status);
}

/* ---- attempts ---- */

void uvrest__call_send(uvrest_call *call)
{
    uint64_t now = dequeue(call);
    uvrest_status st = uvrest__attempt_send(call, now);
    if (st != UVREST_OK) {
        call->end_status = (int16_t)st;
        call->end_text = uvrest_status_text(st);
        push_ended(call);
        return;
    }
    call->state = UVREST__CALL_IN_FLIGHT;
    call->wake_ns = uvrest__clock_add(now, call->timeout_ms * UVREST__NS_PER_MS);
    call->catch_up = 0;
    set_alarm(call);
}

static void finish(uvrest_call *call, uvrest__transfer *transfer, const uvrest__attempt_end *end)
{
    uvrest__answer_source source;
    call->end_status = (int16_t)end->status;
    source = source_of(call);
    source.text = end->text;
    source.headers = end->headers;
    if (end->whole) {
        source.body = end->body;
        source.arena = uvrest__transfer_take_body(transfer);
    }
    source.retry_after_ms = end->retry_after_ms;
    source.quota_left = end->quota_left;
    if (uvrest__answer_new(&source, &call->answer) != UVREST_OK) {
        call->answer = NULL;
        call->end_status = UVREST_E_NOMEM;
        call->end_text = uvrest_status_text(UVREST_E_NOMEM);
    } else if (call->answer->result.status != UVREST_OK) {
        uvrest__log_failure(call, call->answer->result.status, call->answer->result.message);
    }
    push_ended(call);
}

void uvrest__call_received(uvrest_call *call, uvrest__transfer *transfer)
{
    uvrest__attempt_end end;
    assert(call->state == UVREST__CALL_IN_FLIGHT);
    uvrest__attempt_receive(call, transfer, &end);
    if (end.again)
        wait_again(call, end.delay_ns);
    else
        finish(call, transfer, &end);
    uvrest__transfer_release(transfer);
}

/* ---- a file ---- */

static void on_read(void *owner, uvrest_status status, const char *text)
{
    uvrest_call *call = owner;
    if (status != UVREST_OK) {
        uvrest__call_end_with(call, status, text);
        return;
    }
    uvrest__request_fill(&call->request, text);
    call->reading = NULL;
    enqueue(call);
    uvrest__loop_soon(call->client->loop);
}

uvrest_status uvrest__call_read(uvrest_call *call, const char *file, uvrest_progress_fn *progress, void *user)
{
    uvrest__reading_conf conf = {.alloc = call->client->settings.alloc,
                                 .loop = call->client->loop,
                                 .file = file,
                                 .progress = progress,
                                 .user = user,
                                 .ended = on_read,
                                 .owner = call};
    return uvrest__reading_new(&conf, &call->reading);
}

/* ---- from outside ---- */

void uvrest_call_cancel(uvrest_call *call)
{
    if (call == NULL || uvrest__client_is_forked(call->client) || call->client->telling)
        return;
    uvrest__call_end(call, UVREST_E_CANCELLED, "cancelled");
}

/*
 * While a callback holds the loop up answers arrive and are not read; when it goes on, timers come before descriptors.
 * So the alarm of a call in flight rings again every millisecond until the loop has looked and found nothing, or, since
 * on a busy client there is always something, as many times as it was late by milliseconds. Looks are counted, not
 * time: the next callback may hold the loop up as well.
 */
static bool catches_up(uvrest_call *call, uint64_t now, uvrest__loop_news news)
{
    if (call->catch_up == 0) {
        uint64_t late_ms = (now - call->alarm.key) / UVREST__NS_PER_MS;
        call->catch_up = (uint16_t)(late_ms < CATCH_UP_MAX_MS ? late_ms + 1 : CATCH_UP_MAX_MS);
    } else if (news == UVREST__LOOP_QUIET || (news == UVREST__LOOP_HEARD && --call->catch_up == 0)) {
        return false;
    }
    uvrest__heap_set(&call->client->alarms, &call->alarm, now + UVREST__NS_PER_MS);
    return true;
}

static void expire(uvrest_call *call)
{
    uvrest__transfer_expire(call->transfer);
    uvrest__call_received(call, call->transfer);
}

static void rang_in_flight(uvrest_call *call, uint64_t now, uvrest__loop_news news)
{
    bool is_over = call->deadline_ns != 0 && now >= call->deadline_ns;
    uint64_t left = uvrest__attempt_left_ns(call);
    if (!is_over && left > 0) {
        call->wake_ns = uvrest__clock_add(now, left);
        set_alarm(call);
    } else if (!catches_up(call, now, news)) {
        if (is_over)
            uvrest__call_end(call, UVREST_E_TIMEOUT, "the call's deadline has passed");
        else
            expire(call);
    }
}

void uvrest__call_rang(uvrest_call *call, uint64_t now, uvrest__loop_news news)
{
    if (call->state == UVREST__CALL_IN_FLIGHT)
        rang_in_flight(call, now, news);
    else if (call->deadline_ns != 0 && now >= call->deadline_ns)
        uvrest__call_end(call, UVREST_E_TIMEOUT, "the call's deadline has passed");
    else
        enqueue(call);
}

/* ---- delivery ---- */

static void unlink_call(uvrest_call *call)
{
    uvrest_client *client = call->client;
    if (call->prev != NULL)
        call->prev->next = call->next;
    else
        client->calls = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
    client->n_calls--;
    client->stats.completed++;
    uvrest__lanes_leave(&client->lanes, call->lane, uvrest__client_now(client));
}

void uvrest__call_close(uvrest_call *call)
{
    uvrest__answer_source source;
    if (call->answer == NULL) {
        source = source_of(call);
        if (uvrest__answer_new(&source, &call->answer) != UVREST_OK) {
            call->answer = NULL;
            uvrest__answer_stand_in(&call->client->stand_in, &source);
        }
    }
    unlink_call(call);
}

/* What it was made in serves the next one, unless the callback has ended the client meanwhile. */
static void free_answer(uvrest_call *call)
{
    uvrest__transport *transport = call->client->transport;
    if (transport == NULL)
        uvrest__answer_free(call->answer);
    else if (call->answer != NULL)
        uvrest__transport_give_arena(transport, call->answer->arena);
}

void uvrest__call_deliver(uvrest_call *call)
{
    uvrest__answer *answer = call->answer != NULL ? call->answer : &call->client->stand_in;
    uvrest_group *group = call->group;
    uvrest_status status = answer->result.status;
    call->state = UVREST__CALL_DELIVERED;
    call->deliver(call->done, answer->value, &answer->result, call->user);
    if (!call->taken)
        free_answer(call);
    free_memory(call);
    uvrest__group_leave(group, status);
}

void uvrest__call_abandon(uvrest_call *call)
{
    uvrest__cancel_leave(&call->cancel);
    uvrest__group_undo(call->group);
    uvrest__answer_free(call->answer);
    free_memory(call);
}

uvrest_status uvrest_call_take(uvrest_call *call)
{
    if (call == NULL)
        return UVREST_E_INVALID;
    if (call->state != UVREST__CALL_DELIVERED || call->taken)
        return UVREST_E_STATE;
    if (call->answer == NULL)
        return UVREST_E_NOMEM;
    call->taken = true;
    call->answer->result.call = NULL; /* now: another thread may have freed it when the callback returns */
    return UVREST_OK;
}
