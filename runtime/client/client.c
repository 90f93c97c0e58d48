/* SPDX-License-Identifier: MIT */
#include "client.h"
#include "alloc.h"
#include "attempt.h"
#include "call.h"
#include "log.h"
#include "text.h"
#include "thread.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>

_Static_assert(UVREST__RATELIMIT_CAUSES <= UVREST_WAIT_BACKOFF, "the ledger's causes are numbered as the public ones");

/* ---- moving calls ---- */

static uvrest_call *call_of_item(uvrest__queue_item *item)
{
    return (uvrest_call *)(void *)item;
}

static uvrest_call *call_of_alarm(uvrest__heap_item *alarm)
{
    return (uvrest_call *)(void *)((char *)alarm - offsetof(uvrest_call, alarm));
}

static uvrest_call *call_of_cancel(uvrest__cancel_link *link)
{
    return (uvrest_call *)(void *)((char *)link - offsetof(uvrest_call, cancel));
}

/* Whether the lane's first call may go out now. If not, the lane is held. */
static bool may_send(uvrest_client *client, uvrest__lane *lane, uvrest_call *call, uint64_t now)
{
    uvrest__ratelimit_wait wait;
    bool granted;
    bool waited = lane->waits;
    const char *warning;
    if (lane->ledger == NULL)
        return true;
    if (lane->member != NULL)
        uvrest__ratelimit_expect(lane->ledger, (uint32_t)uvrest__queue_demand(&lane->queue),
                                 (uvrest_priority)call->item.priority, call->timeout_ms * UVREST__NS_PER_MS);
    granted = uvrest__attempt_acquire(call, now, &call->ticket, &wait);
    warning = uvrest__ratelimit_take_warning(lane->ledger);
    if (warning != NULL)
        uvrest__log_own_ledger(client, warning);
    if (granted) {
        lane->waits = false;
        lane->blocked_ns = 0;
        return true;
    }
    if (!waited || lane->cause != wait.cause)
        client->stats.waits[wait.cause]++;
    uvrest__lanes_hold(&client->lanes, lane, now, &wait);
    if (!waited)
        uvrest__log_wait(client, wait.ns, wait.cause);
    return false;
}

/* Sends the lane's first call, or ends it where its turn comes too late. */
static void take_turn(uvrest_client *client, uvrest__lane *lane)
{
    uvrest_call *call = call_of_item(uvrest__queue_peek(&lane->queue));
    uint64_t now = client->lanes.conf.rate_limit == NULL ? 0 : uvrest__client_now(client);
    uvrest_status st = UVREST_OK;
    if (uvrest__lanes_lack_ledger(&client->lanes, lane))
        st = uvrest__lanes_open(&client->lanes, lane, now);
    if (st != UVREST_OK)
        uvrest__call_end(call, st, uvrest_status_text(st));
    else if (may_send(client, lane, call, now))
        uvrest__call_send(call);
    else if (call->deadline_ns != 0 && lane->blocked_ns > call->deadline_ns)
        uvrest__call_end(call, UVREST_E_TIMEOUT, "the request budget allows it only after its deadline");
}

static void pump_lanes(uvrest_client *client)
{
    uvrest__lane *lane;
    if (uvrest__lanes_due(&client->lanes) != UINT64_MAX)
        uvrest__lanes_offer_due(&client->lanes, uvrest__client_now(client));
    while (uvrest__pool_has_room(&client->pool) && (lane = uvrest__lanes_turn(&client->lanes)) != NULL)
        take_turn(client, lane);
}

/* It is not put off: most calls end long before their alarm, and a timer that rings for nothing looks again. */
static void set_timer(uvrest_client *client)
{
    const uvrest__heap_item *alarm = uvrest__heap_first(&client->alarms);
    uint64_t due = alarm == NULL ? UINT64_MAX : alarm->key;
    if (uvrest__lanes_due(&client->lanes) < due)
        due = uvrest__lanes_due(&client->lanes);
    if (due >= client->timer_ns)
        return;
    client->timer_ns = due;
    uvrest__timer_set(client->timer, (uvrest__clock_until(uvrest__client_now(client), due) + UVREST__NS_PER_MS - 1) /
                                         UVREST__NS_PER_MS);
}

/* Calls that wait for no more than a connection, or for others to end: counted once until the queue is empty again. */
static void count_crowd(uvrest_client *client)
{
    bool waiting = client->lanes.n_waiting > 0;
    if (waiting && !client->crowded && !uvrest__pool_has_room(&client->pool)) {
        client->stats.waits[UVREST_WAIT_CONNECTION]++;
        client->crowded = true;
    }
    client->crowded = client->crowded && waiting;
}

/* Starts what may start now, and sets the timer. */
static void pump(uvrest_client *client)
{
    if (client->closing)
        return;
    pump_lanes(client);
    if (client->fleet != NULL)
        uvrest__fleet_pump(client->fleet);
    count_crowd(client);
    set_timer(client);
}

static void count(const uvrest_client *client, uvrest_stats *out)
{
    *out = client->stats;
    out->in_flight = client->pool.in_flight;
    out->pending = client->n_calls;
    if (client->transport != NULL)
        out->connections = uvrest__transport_connections(client->transport);
}

/* For other threads, if there are any. */
static void publish(uvrest_client *client)
{
    uvrest_stats stats;
    if (client->thread == NULL)
        return;
    count(client, &stats);
    uvrest__thread_publish(client->thread, &stats);
}

/* Lets the loop go once nothing is pending. */
static void release(uvrest_client *client)
{
    if (client->n_calls == 0 && client->groups_due == NULL && !client->closing && client->thread == NULL)
        uvrest__loop_hold(client->loop, false);
}

/* Runs the callbacks that are due by now; those that become due meanwhile come on the next
 * turn, so that others get one. */
static void deliver_ended(uvrest_client *client)
{
    uvrest_call *call = client->ended_first;
    if (call == NULL)
        return;
    client->ended_first = client->ended_last = NULL;
    while (call != NULL) {
        uvrest_call *next = call->next_ended;
        uvrest__call_close(call);
        publish(client);
        uvrest__call_deliver(call);
        uvrest__thread_delivered(client->thread);
        call = next;
    }
    release(client);
}

static void settle(void *user)
{
    uvrest_client *client = user;
    client->settling = false;
    pump(client);
    deliver_ended(client);
    publish(client);
}

static void on_transfer(uvrest__transfer *transfer, void *owner, void *user)
{
    uvrest_client *client = user;
    client->settling = true;
    uvrest__call_received(owner, transfer);
}

static bool may_repeat(void *owner, void *user)
{
    (void)user;
    return uvrest__attempt_may_repeat(owner);
}

static void on_timer(void *user)
{
    uvrest_client *client = user;
    uint64_t now = uvrest__client_now(client);
    uvrest__loop_news news = uvrest__loop_take_news(client->loop);
    uvrest__heap_item *alarm;
    client->timer_ns = UINT64_MAX;
    client->settling = true;
    while ((alarm = uvrest__heap_first(&client->alarms)) != NULL && alarm->key <= now)
        uvrest__call_rang(call_of_alarm(alarm), now, news);
    settle(client);
}

/* ---- the end ---- */

static void free_client(uvrest_client *client)
{
    const uvrest_alloc *alloc = client->settings.alloc;
    uvrest__lanes_fini(&client->lanes, uvrest__client_now(client));
    uvrest__thread_free(client->thread);
    uvrest__draft_fini(&client->draft);
    uvrest__cancel_box_fini(&client->cancelled);
    uvrest__heap_fini(&client->alarms);
    uvrest__free(alloc, client->lines);
    uvrest__settings_fini(&client->settings);
    uvrest__free(alloc, client);
}

/* The loop has let go of everything. Whoever runs it further up frees the client when it is back there. */
static void dispose(void *user_client)
{
    uvrest_client *client = user_client;
    uvrest_client_closed_fn *on_closed = client->on_closed;
    void *user = client->closed_user;
    uvrest__thread_see_off(client->thread);
    uvrest__loop_free(client->loop);
    free_client(client);
    if (on_closed != NULL)
        on_closed(user);
}

static void on_loop_closed(void *user)
{
    uvrest_client *client = user;
    client->closed = true;
    if (client->runners == 0)
        dispose(client);
}

static void shut(uvrest_client *client)
{
    client->shut = true;
    count(client, &client->stats);
    uvrest__transport_close(client->transport);
    client->transport = NULL;
    uvrest__timer_close(client->timer);
    client->timer = NULL;
    uvrest__lanes_fini(&client->lanes, uvrest__client_now(client)); /* from here on no ledger wakes the loop */
    uvrest__fleet_close(client->fleet);
    client->fleet = NULL;
    uvrest__loop_close(client->loop);
}

static void end_all(uvrest_client *client)
{
    for (uvrest_call *call = client->calls; call != NULL; call = call->next)
        uvrest__call_end(call, UVREST_E_CANCELLED, "the client was closed");
}

static void run_groups(uvrest_client *client)
{
    uvrest_group *group = client->groups_due;
    if (group == NULL)
        return;
    client->groups_due = NULL;
    while (group != NULL) {
        uvrest_group *next = *uvrest__group_next(group);
        uvrest__group_run(group);
        uvrest__thread_delivered(client->thread);
        group = next;
    }
    release(client);
}

static void on_soon(void *user)
{
    uvrest_client *client = user;
    if (client->closing)
        end_all(client);
    deliver_ended(client);
    run_groups(client);
    if (!client->closing)
        pump(client);
    else if (client->n_calls == 0 && client->groups_due == NULL && !client->shut)
        shut(client);
    else
        uvrest__loop_soon(client->loop);
    publish(client);
}

void uvrest__client_group_due(uvrest_client *client, uvrest_group *group)
{
    if (client->groups_due == NULL)
        client->groups_due = group;
    else
        *uvrest__group_next(client->groups_last) = group;
    client->groups_last = group;
    uvrest__loop_hold(client->loop, true);
    uvrest__loop_soon(client->loop);
}

/* In a child of fork(): what is shared with the parent (descriptors, TLS sessions, the
 * registry's locks) stays untouched. */
static void abandon(uvrest_client *client)
{
    if (client->thread != NULL)
        return; /* that thread is not here, and nobody knows what it was doing: its memory stays */
    while (client->calls != NULL) {
        uvrest_call *call = client->calls;
        client->calls = call->next;
        uvrest__call_abandon(call);
    }
    uvrest__lanes_abandon(&client->lanes);
    uvrest__fleet_abandon(client->fleet);
    uvrest__transport_abandon(client->transport);
    free_client(client);
}

static void begin_close(uvrest_client *client, uvrest_client_closed_fn *on_closed, void *user)
{
    client->closing = true;
    client->on_closed = on_closed;
    client->closed_user = user;
    uvrest__loop_hold(client->loop, true);
    uvrest__loop_soon(client->loop);
}

static void end_cancelled(uvrest_client *client)
{
    uvrest__cancel_link *link;
    while ((link = uvrest__cancel_box_peek(&client->cancelled)) != NULL)
        uvrest__call_end(call_of_cancel(link), UVREST_E_CANCELLED, "cancelled");
}

static void adopt(uvrest_client *client, const uvrest__thread_mail *mail)
{
    for (uvrest_call *call = mail->calls, *next; call != NULL; call = next) {
        next = call->next_ended;
        call->next_ended = NULL;
        uvrest__call_adopt(call);
    }
    for (uvrest_group *group = mail->groups, *next; group != NULL; group = next) {
        next = *uvrest__group_next(group);
        *uvrest__group_next(group) = NULL;
        uvrest__client_group_due(client, group);
    }
    publish(client);
}

static void on_wake(void *user)
{
    uvrest_client *client = user;
    uvrest__thread_mail mail = {.closing = false};
    if (client->thread != NULL) {
        mail = uvrest__thread_take(client->thread);
        adopt(client, &mail);
    }
    end_cancelled(client);
    uvrest__lanes_listen(&client->lanes);
    if (mail.closing && !client->closing)
        begin_close(client, mail.on_closed, mail.closed_user);
    pump(client);
    publish(client);
}

void uvrest_client_close(uvrest_client *client, uvrest_client_closed_fn *on_closed, void *user)
{
    if (client == NULL)
        return;
    if (uvrest__client_is_forked(client))
        abandon(client);
    else if (client->thread != NULL)
        uvrest__thread_close(client->thread, on_closed, user);
    else if (!client->closing)
        begin_close(client, on_closed, user);
}

void uvrest_client_free(uvrest_client *client)
{
    static const bool never = false;
    bool running;
    if (client == NULL)
        return;
    if (uvrest__client_is_forked(client)) {
        abandon(client);
        return;
    }
    if (client->thread != NULL) {
        if (uvrest__thread_join(client->thread))
            dispose(client);
        return;
    }
    running = client->runners > 0 || client->telling || !uvrest__loop_is_own(client->loop);
    if (!client->closing)
        begin_close(client, NULL, NULL);
    if (!running)
        uvrest__client_run_until(client, &never);
}

void uvrest_client_freep(uvrest_client **client)
{
    if (client == NULL)
        return;
    uvrest_client_free(*client);
    *client = NULL;
}

/* ---- running ---- */

void uvrest__client_run_until(uvrest_client *client, const bool *flag)
{
    bool own = uvrest__loop_is_own(client->loop);
    client->runners++;
    if (own && !*flag)
        uvrest__loop_step(client->loop, flag); /* which is all there is to one call on a connection that is open */
    while (!*flag && uvrest__loop_turn(client->loop)) {
    }
    /* A client of its own loop that was freed by a callback ends here: nobody else turns that loop. */
    while (own && client->closing && !client->closed && uvrest__loop_turn(client->loop)) {
    }
    client->runners--;
    if (client->closed && client->runners == 0)
        dispose(client);
}

static uvrest_status wait_idle(uvrest__thread *thread)
{
    if (uvrest__thread_is_self(thread))
        return UVREST_E_BUSY;
    uvrest__thread_visit(thread);
    uvrest__thread_wait_idle(thread);
    uvrest__thread_depart(thread);
    return UVREST_OK;
}

uvrest_status uvrest_client_run(uvrest_client *client)
{
    static const bool never = false;
    if (client == NULL)
        return UVREST_E_INVALID;
    if (uvrest__client_is_forked(client))
        return UVREST_E_STATE;
    if (client->thread != NULL)
        return wait_idle(client->thread);
    if (!uvrest__loop_is_own(client->loop))
        return UVREST_E_STATE;
    if (uvrest__loop_is_running(client->loop))
        return UVREST_E_BUSY;
    uvrest__client_run_until(client, &never);
    return UVREST_OK;
}

/* ---- the beginning ---- */

static void wake(void *user)
{
    uvrest__loop_wake(user);
}

static uvrest__lane_conf lane_conf(uvrest_client *client)
{
    uvrest__lane_conf conf = {
        .alloc = client->settings.alloc,
        .origin = client->settings.base.origin,
        .rate_limit = client->settings.unlimited ? NULL : &client->settings.rate_limit,
        .fleet = client->fleet,
        .rand = uvrest__random_as_rand(&client->random),
        .wake = wake,
        .user = client->loop,
    };
    return conf;
}

static uvrest_status make_transport(uvrest_client *client, uvrest_reason *reason)
{
    const uvrest__settings *s = &client->settings;
    uvrest__transport_conf conf = {
        .alloc = s->alloc,
        .loop = client->loop,
        .origin = s->base.origin,
        .tls = s->base.tls,
        .user_agent = s->user_agent,
        .ca_file = s->ca_file,
        .ca_path = s->ca_path,
        .pinned_public_key = s->pinned_public_key,
        .no_proxy = s->no_proxy,
        .pool_maxsize = s->pool_maxsize,
        .pool_connections = s->pool_connections,
        .low_speed_ms = s->low_speed_ms,
        .max_body_bytes = s->max_body_bytes,
        .max_age_ms = s->max_connection_age_ms,
        .max_lifetime_ms = s->max_connection_lifetime_ms,
        .on_done = on_transfer,
        .on_settled = settle,
        .on_repeat = may_repeat,
        .user = client,
    };
    return uvrest__transport_new(&conf, reason, &client->transport);
}

static void on_fleet_news(void *user)
{
    uvrest_client *client = user;
    uvrest__lanes_offer_all(&client->lanes);
    uvrest__loop_soon(client->loop);
}

static void on_fleet_reach(const char *why, void *user)
{
    uvrest__log_fleet(user, why);
}

static uvrest_status make_fleet(uvrest_client *client)
{
    const uvrest__settings *s = &client->settings;
    uvrest__fleet_conf conf = {.alloc = s->alloc,
                               .loop = client->loop,
                               .clock = client->clock,
                               .url = &s->redis,
                               .on_news = on_fleet_news,
                               .on_reach = on_fleet_reach,
                               .user = client};
    return s->redis.memory == NULL || s->unlimited ? UVREST_OK : uvrest__fleet_new(&conf, &client->fleet);
}

static uvrest_status make_loop(uvrest_client *client)
{
    uvrest__loop_conf conf = {.alloc = client->settings.alloc,
                              .borrowed = client->settings.loop,
                              .on_soon = on_soon,
                              .on_wake = on_wake,
                              .on_closed = on_loop_closed,
                              .user = client};
    return uvrest__loop_new(&conf, &client->loop);
}

/* What needs the loop. A failure closes what there is, as a client without calls would. */
static uvrest_status make_parts(uvrest_client *client, uvrest__credentials *credentials, uvrest_reason *reason)
{
    uvrest_status st = uvrest__timer_new(client->loop, on_timer, client, &client->timer);
    if (st == UVREST_OK)
        st = make_fleet(client);
    if (st == UVREST_OK)
        st = make_transport(client, reason);
    if (st == UVREST_OK)
        st = uvrest__draft_init(&client->draft, client->settings.alloc, &client->settings.base);
    if (st == UVREST_OK) {
        uvrest__lane_conf conf = lane_conf(client);
        st = uvrest__lanes_init(&client->lanes, &conf, credentials, uvrest__client_now(client));
    }
    return st;
}

static void turn_until_closed(void *user)
{
    uvrest_client *client = user;
    client->runners++;
    while (!client->closed)
        uvrest__loop_turn(client->loop);
    client->runners--;
}

static uvrest_status start_thread(uvrest_client *client)
{
    uvrest__thread_conf conf = {.alloc = client->settings.alloc,
                                .loop = client->loop,
                                .max_queued = client->settings.max_queued,
                                .turn = turn_until_closed,
                                .dispose = dispose,
                                .user = client};
    uvrest_status st = uvrest__thread_new(&conf, &client->thread);
    if (st != UVREST_OK)
        return st;
    uvrest__loop_hold(client->loop, true);
    st = uvrest__thread_start(client->thread);
    if (st == UVREST_OK)
        return UVREST_OK;
    uvrest__loop_hold(client->loop, false);
    uvrest__thread_free(client->thread);
    client->thread = NULL;
    return st;
}

uvrest_status uvrest__client_make(const uvrest_api *api, const uvrest_client_options *options,
                                  uvrest__credentials *credentials, uvrest_client **out)
{
    uvrest__settings settings;
    uvrest_client *client;
    uvrest_status st =
        uvrest__settings_init(&settings, options, api == NULL ? 0 : api->requests, api == NULL ? 0 : api->window_ms);
    if (st != UVREST_OK)
        return st;
    client = uvrest__zalloc(settings.alloc, sizeof *client);
    if (client == NULL) {
        uvrest__settings_fini(&settings);
        return UVREST_E_NOMEM;
    }
    client->settings = settings;
    client->api = api;
    client->clock = &uvrest__clock_system;
    client->pid = uvrest__process_id();
    client->stats.quota_left = -1;
    client->timer_ns = UINT64_MAX;
    uvrest__pool_init(&client->pool, settings.max_in_flight, settings.pool_maxsize);
    uvrest__heap_init(&client->alarms, settings.alloc);
    uvrest__cancel_box_init(&client->cancelled);
    uvrest__random_init_system(&client->random);
    uvrest__retry_budget_init(&client->budget);
    st = make_loop(client);
    if (st != UVREST_OK) {
        free_client(client);
        return st;
    }
    st = make_parts(client, credentials, options->reason);
    if (st == UVREST_OK && client->settings.own_thread)
        st = start_thread(client);
    if (st != UVREST_OK) {
        uvrest_client_free(client);
        return st;
    }
    *out = client;
    return UVREST_OK;
}

uvrest_status uvrest_client_new_sized(const uvrest_client_options *options, size_t size, uvrest_client **out_client)
{
    uvrest_client_options ours;
    uvrest__credentials credentials;
    uvrest_reason *reason;
    uvrest_reason said = {""};
    uvrest_status st;
    if (options == NULL || out_client == NULL)
        return UVREST_E_INVALID;
    st = uvrest__settings_take(options, size, sizeof ours, &ours);
    if (st != UVREST_OK)
        return st;
    reason = ours.reason;
    ours.reason = &said;
    uvrest__credentials_init(&credentials, ours.alloc);
    st = uvrest__credentials_add_lines(&credentials, ours.credentials, &said);
    if (st == UVREST_OK)
        st = uvrest__client_make(NULL, &ours, &credentials, out_client);
    uvrest__credentials_fini(&credentials);
    return uvrest__reason_tell(reason, &said, st);
}

/* ---- for calls ---- */

uvrest_status uvrest__client_check(const uvrest_client *client, uvrest_reason *reason)
{
    const char *why = NULL;
    if (uvrest__client_is_forked(client))
        why = "the process was forked from the client's";
    else if (client->thread != NULL ? uvrest__thread_is_closed(client->thread) : client->closing)
        why = "the client is closed";
    else if ((client->thread == NULL || uvrest__thread_is_self(client->thread)) && client->telling)
        why = "on_log, hooks and acquire may not call into the client";
    if (why == NULL)
        return UVREST_OK;
    uvrest__reason_set(reason, why, (char *)NULL);
    return UVREST_E_STATE;
}

uvrest_status uvrest__client_submit(uvrest_call *call, uvrest_reason *reason)
{
    uvrest_client *client = call->client;
    uvrest_status st;
    if (client->thread != NULL) {
        st = uvrest__thread_post(client->thread, call, reason);
        if (st != UVREST_OK)
            uvrest__call_discard(call);
        return st;
    }
    st = uvrest__call_start(call, reason);
    if (st == UVREST_OK)
        pump(client);
    return st;
}

void uvrest_client_stats(const uvrest_client *client, uvrest_stats *out_stats)
{
    if (client == NULL || out_stats == NULL)
        return;
    if (client->thread != NULL && !uvrest__client_is_forked(client))
        uvrest__thread_read_stats(client->thread, out_stats);
    else
        count(client, out_stats);
}
