/* SPDX-License-Identifier: MIT */
#include "call.h"
#include "alloc.h"
#include "hooks.h"
#include "log.h"
#include "process.h"
#include "reading.h"
#include "text.h"
#include "thread.h"
#include <assert.h>
#include <string.h>

#define MAX_REDIRECTS 5

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
    uvrest_status st = uvrest__alarms_reserve(&client->alarms, client->n_calls + 1);
    return st == UVREST_OK ? uvrest__client_lane(client, credentials, reason, &call->lane) : st;
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
    if (st == UVREST_OK)
        st = uvrest__draft_size(&client->draft, &size);
    if (st != UVREST_OK)
        return st;
    if (!uvrest__size_add(size, sizeof *call, &size))
        return UVREST_E_LIMIT;
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
        uvrest__client_leave_lane(call->client, call->lane);
    uvrest__reading_free(call->reading);
    free_memory(call);
}

/* ---- waiting ---- */

static void set_alarm(uvrest_call *call)
{
    uint64_t due = call->state == UVREST__CALL_BACKOFF ? call->wake_ns : UINT64_MAX;
    if (call->deadline_ns != 0 && call->deadline_ns < due)
        due = call->deadline_ns;
    if (due == UINT64_MAX)
        uvrest__alarms_clear(&call->client->alarms, &call->alarm);
    else if (call->alarm.place == 0 || call->alarm.due_ns != due)
        uvrest__alarms_set(&call->client->alarms, &call->alarm, due);
}

static void enqueue(uvrest_call *call)
{
    call->state = UVREST__CALL_QUEUED;
    uvrest__queue_put(&call->lane->queue, &call->item);
    set_alarm(call);
}

/* It waits from now on, for whatever. */
static void begin_waiting(uvrest_call *call)
{
    call->waiting_since_ns = uvrest__client_now(call->client);
    call->client->stats.queued++;
}

static void end_waiting(uvrest_call *call)
{
    call->queued_ns += uvrest__clock_until(call->waiting_since_ns, uvrest__client_now(call->client));
    call->client->stats.queued--;
}

/* What is certain to come too late is said at once. */
static bool is_hopeless(const uvrest_call *call)
{
    return call->deadline_ns != 0 && call->lane->blocked_ns > call->deadline_ns;
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
    uvrest__client_pump(call->client);
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

uvrest_status uvrest__call_submit(uvrest_call *call, uvrest_reason *reason)
{
    bool threaded = call->client->thread != NULL;
    uvrest_status st = UVREST_OK;
    if (threaded)
        st = uvrest__thread_post(call->client, call, reason);
    else
        st = enter(call, reason);
    if (st != UVREST_OK)
        uvrest__call_discard(call);
    else if (!threaded)
        start(call);
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
        call->lane = client->lanes;
        call->lane->n_calls++;
    }
    start_failed(call, st);
}

void uvrest__call_ready(uvrest_call *call)
{
    call->reading = NULL;
    enqueue(call);
    uvrest__client_pump(call->client);
}

/* ---- ending ---- */

static void push_ended(uvrest_call *call)
{
    uvrest_client *client = call->client;
    uvrest__alarms_clear(&client->alarms, &call->alarm);
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

/* An attempt that will not be answered: its slot counts as used from now on, if anything left this machine. */
static void abandon_attempt(uvrest_call *call)
{
    uvrest_client *client = call->client;
    uint64_t now;
    uint32_t sends = uvrest__transfer_cancel(call->transfer);
    call->transfer = NULL;
    uvrest__pool_give(&client->pool);
    if (sends > 0 && call->retry.executed == UVREST_EXECUTED_NO)
        call->retry.executed = UVREST_EXECUTED_MAYBE;
    if (call->lane->ledger == NULL)
        return;
    now = uvrest__client_now(client);
    if (sends == 0)
        uvrest__ratelimit_not_sent(call->lane->ledger, &call->ticket, now);
    else
        uvrest__ratelimit_given_up(call->lane->ledger, &call->ticket, now);
    if (sends > 1)
        uvrest__ratelimit_charge(call->lane->ledger, now, sends - 1);
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
        uvrest__queue_remove(&call->lane->queue, &call->item);
        end_waiting(call);
        break;
    case UVREST__CALL_BACKOFF:
        end_waiting(call);
        break;
    case UVREST__CALL_IN_FLIGHT:
        abandon_attempt(call);
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

static uvrest__answer_source source_of(const uvrest_call *call)
{
    const uvrest_client *client = call->client;
    uvrest__answer_source source = {
        .alloc = client->settings.alloc,
        .op = call->op,
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

void uvrest_call_cancel(uvrest_call *call)
{
    if (call == NULL || call->client->pid != uvrest__process_id() || call->client->logging)
        return;
    uvrest__call_end(call, UVREST_E_CANCELLED, "cancelled");
}

void uvrest__call_rang(uvrest_call *call, uint64_t now)
{
    if (call->deadline_ns != 0 && now >= call->deadline_ns) {
        uvrest__call_end(call, UVREST_E_TIMEOUT, "the call's deadline has passed");
        return;
    }
    assert(call->state == UVREST__CALL_BACKOFF);
    enqueue(call);
}

/* ---- attempts ---- */

/* The header lines of an attempt: credentials, the request's own, a hook's. NULL when memory is exhausted. */
static const char *const *list_lines(uvrest_call *call, size_t *out_n)
{
    uvrest_client *client = call->client;
    size_t need = UVREST__CREDENTIALS_MAX + 1 + call->request.n_lines + call->n_added;
    const char *line = call->request.lines;
    size_t n;
    if (need > client->cap_lines) {
        const char **lines = uvrest__realloc(client->settings.alloc, client->lines, need * sizeof *lines);
        if (lines == NULL)
            return NULL;
        client->lines = lines;
        client->cap_lines = need;
    }
    n = uvrest__credentials_list(&call->lane->credentials, call->own_credentials ? UINT32_MAX : call->op->credentials,
                                 client->lines);
    for (uint32_t i = 0; i < call->request.n_lines; i++) {
        client->lines[n++] = line;
        line += strlen(line) + 1;
    }
    line = call->added;
    for (uint32_t i = 0; i < call->n_added; i++) {
        client->lines[n++] = line;
        line += strlen(line) + 1;
    }
    *out_n = n;
    return client->lines;
}

static uvrest_status start_transfer(uvrest_call *call)
{
    uvrest_client *client = call->client;
    uvrest__transfer_request request = {
        .method = (uvrest_method)call->op->method,
        .target = call->moved != NULL ? call->moved : call->request.target,
        .body = call->request.body,
        .body_len = call->request.body_len,
        .repeatable = call->op->retry != UVREST_RETRY_NEVER || call->retry_unsafe,
        .fresh = uvrest__pool_wants_fresh(&client->pool),
        .connect_timeout_ms = call->connect_timeout_ms,
        .timeout_ms = call->timeout_ms,
    };
    uvrest_status st = uvrest__hooks_request(call);
    if (st != UVREST_OK)
        return st;
    request.lines = list_lines(call, &request.n_lines);
    if (request.lines == NULL)
        return UVREST_E_NOMEM;
    return uvrest__transfer_start(client->transport, &request, call, &call->transfer);
}

void uvrest__call_send(uvrest_call *call)
{
    uvrest_client *client = call->client;
    uvrest_status st;
    uvrest__queue_remove(&call->lane->queue, &call->item);
    end_waiting(call);
    st = start_transfer(call);
    if (st != UVREST_OK) {
        if (call->lane->ledger != NULL)
            uvrest__ratelimit_not_sent(call->lane->ledger, &call->ticket, uvrest__client_now(client));
        call->end_status = (int16_t)st;
        call->end_text = uvrest_status_text(st);
        push_ended(call);
        return;
    }
    uvrest__pool_take(&client->pool);
    call->state = UVREST__CALL_IN_FLIGHT;
    call->attempts++;
    client->stats.attempts++;
    if (call->repeats)
        client->stats.retries++;
    call->repeats = false;
    client->stats.bytes_sent += call->request.body_len;
    set_alarm(call);
}

/* ---- answers ---- */

/* What came back, read once. */
typedef struct received {
    uvrest__transfer *transfer;
    const uvrest__outcome *outcome;
    const uvrest__headers *headers;
    int http_status; /* 0: no final head */
    int64_t retry_after_ms;
    uvrest__quota quota;
} received;

static received read_received(const uvrest_call *call, uvrest__transfer *transfer)
{
    received r = {.transfer = transfer,
                  .outcome = uvrest__transfer_outcome(transfer),
                  .headers = uvrest__transfer_headers(transfer),
                  .retry_after_ms = -1,
                  .quota = UVREST__QUOTA_NONE};
    r.http_status = uvrest__headers_http_status(r.headers);
    if (r.http_status != 0) {
        if (uvrest__headers_get(r.headers, "Retry-After") != NULL)
            r.retry_after_ms = uvrest__headers_retry_after_ms(r.headers, uvrest__clock_wall(call->client->clock));
        r.quota = uvrest__headers_quota(r.headers);
    }
    return r;
}

static void tell_ledger(uvrest_call *call, const received *r)
{
    uvrest__ratelimit *ledger = call->lane->ledger;
    uvrest__ratelimit_answer answer = {r->http_status, r->retry_after_ms, r->quota};
    uint64_t now;
    if (ledger == NULL)
        return;
    now = uvrest__client_now(call->client);
    if (r->http_status != 0)
        uvrest__ratelimit_answered(ledger, &call->ticket, now, &answer);
    else if (r->outcome->sends == 0)
        uvrest__ratelimit_not_sent(ledger, &call->ticket, now);
    else
        uvrest__ratelimit_given_up(ledger, &call->ticket, now);
    if (r->outcome->sends > 1)
        uvrest__ratelimit_charge(ledger, now, r->outcome->sends - 1);
}

static void count(uvrest_call *call, const received *r, size_t body_len)
{
    uvrest_client *client = call->client;
    if (r->outcome->fault == UVREST__TRANSFER_WHOLE)
        uvrest__pool_saw_answer(&client->pool, r->outcome->multiplexed);
    else if (r->outcome->status == UVREST_E_TIMEOUT && r->outcome->sends > 0)
        uvrest__pool_saw_timeout(&client->pool);
    if (r->http_status == 429)
        client->stats.throttled++;
    if (r->quota.remaining >= 0)
        client->stats.quota_left = r->quota.remaining;
    client->stats.bytes_received += body_len;
    call->transfer_us = r->outcome->duration_us;
}

static void finish(uvrest_call *call, const received *r, uvrest_raw body, uvrest_status status, const char *text)
{
    uvrest__answer_source source;
    call->end_status = (int16_t)status;
    source = source_of(call);
    source.text = text;
    source.headers = r->http_status != 0 ? r->headers : NULL;
    if (r->outcome->fault == UVREST__TRANSFER_WHOLE) {
        source.body = body;
        source.arena = uvrest__transfer_take_body(r->transfer);
    }
    source.retry_after_ms = r->retry_after_ms;
    source.quota_left = r->quota.remaining;
    if (uvrest__answer_new(&source, &call->answer) != UVREST_OK) {
        call->answer = NULL;
        call->end_status = UVREST_E_NOMEM;
        call->end_text = uvrest_status_text(UVREST_E_NOMEM);
    } else if (call->answer->result.status != UVREST_OK) {
        uvrest__log_failure(call, call->answer->result.status, call->answer->result.message);
    }
    push_ended(call);
}

static uvrest__failure failure_of(uvrest__transfer_fault fault)
{
    switch (fault) {
    case UVREST__TRANSFER_WHOLE:
        return UVREST__FAILURE_NONE;
    case UVREST__TRANSFER_UNSENT:
        return UVREST__FAILURE_NEVER_SENT;
    case UVREST__TRANSFER_BROKEN:
        return UVREST__FAILURE_AMBIGUOUS;
    case UVREST__TRANSFER_FINAL:
        break;
    }
    return UVREST__FAILURE_FINAL;
}

static uvrest__retry_decision judge(uvrest_call *call, const received *r)
{
    uvrest_client *client = call->client;
    uvrest__retry_rules rules = {
        .retry_class = (uvrest_retry_class)call->op->retry,
        .retry_unsafe = call->retry_unsafe,
        .max_attempts = call->max_attempts,
        .max_throttled = client->settings.rate_limit.max_retries,
        .throttle_is_error = client->settings.unlimited,
        .deadline_ns = call->deadline_ns,
    };
    uvrest__retry_attempt attempt = {
        .failure = failure_of(r->outcome->fault),
        .status = r->outcome->status,
        .sent = r->outcome->sends > 0,
        .http_status = r->http_status,
        .retry_after_ms = r->retry_after_ms,
    };
    if (call->op->redirect_is_answer && r->http_status >= 300 && r->http_status < 400)
        attempt.http_status = 200;
    return uvrest__retry_judge(&call->retry, &rules, &attempt, &client->budget, uvrest__client_now(client),
                               uvrest__random_as_rand(&client->random));
}

static void repeat(uvrest_call *call, const uvrest__retry_decision *decision, const received *r)
{
    const char *why = r->outcome->text;
    if (r->outcome->fault == UVREST__TRANSFER_WHOLE)
        why = uvrest_status_text(uvrest__retry_status_of_http(r->http_status));
    uvrest__log_retry(call, decision->delay_ns, why);
    call->repeats = !decision->throttled;
    begin_waiting(call);
    if (decision->delay_ns == 0) {
        enqueue(call);
        return;
    }
    call->client->stats.waits[UVREST_WAIT_BACKOFF]++;
    call->state = UVREST__CALL_BACKOFF;
    call->wake_ns = uvrest__clock_add(uvrest__client_now(call->client), decision->delay_ns);
    set_alarm(call);
}

/* ---- redirects ---- */

static bool is_redirect(const uvrest_call *call, const received *r)
{
    switch (r->http_status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return r->outcome->fault == UVREST__TRANSFER_WHOLE && !call->op->redirect_is_answer;
    default:
        return false;
    }
}

/* Where it leads, for people: without what follows the path, since signed URLs carry their secret there. */
static void add_location(uvrest__text *text, const char *location)
{
    uvrest__text_add_foreign(text, location, strcspn(location, "?#"));
}

static void refuse_redirect(uvrest_call *call, const received *r, uvrest_raw body, uvrest_status status,
                            const char *why)
{
    char bytes[512];
    uvrest__text text;
    const char *location = uvrest__headers_get(r->headers, "Location");
    uvrest__text_init(&text, bytes, sizeof bytes);
    uvrest__text_add(&text, why);
    if (location != NULL) {
        uvrest__text_add(&text, ": ");
        add_location(&text, location);
    }
    if (call->retry.executed == UVREST_EXECUTED_NO)
        call->retry.executed = call->op->retry == UVREST_RETRY_SAFE ? UVREST_EXECUTED_NO : UVREST_EXECUTED_MAYBE;
    finish(call, r, body, status, bytes);
}

/* The target the answer leads to, owned. */
static uvrest_status find_moved(const uvrest_call *call, const char *location, uvrest_reason *reason, char **out)
{
    const uvrest_client *client = call->client;
    const char *from = call->moved != NULL ? call->moved : call->request.target;
    uvrest__buf to;
    size_t len;
    uvrest_status st;
    uvrest__buf_init(&to, client->settings.alloc, UVREST__URL_TARGET_MAX);
    st = uvrest__url_add_redirect(&to, &client->settings.base, from, location, reason);
    if (st == UVREST_OK) {
        *out = uvrest__buf_take(&to, &len);
        st = to.status;
    }
    uvrest__buf_fini(&to);
    return st;
}

static void redirect(uvrest_call *call, const received *r, uvrest_raw body)
{
    const char *location = uvrest__headers_get(r->headers, "Location");
    uvrest_reason reason = {""};
    char *moved;
    uvrest_status st;
    if (call->op->method != UVREST_GET && call->op->method != UVREST_HEAD) {
        refuse_redirect(call, r, body, UVREST_E_PROTOCOL, "the server redirects a call that is not a GET");
        return;
    }
    if (location == NULL) {
        refuse_redirect(call, r, body, UVREST_E_PROTOCOL, "a redirect without a location");
        return;
    }
    if (call->redirects >= MAX_REDIRECTS) {
        refuse_redirect(call, r, body, UVREST_E_LIMIT, "redirected too often");
        return;
    }
    st = find_moved(call, location, &reason, &moved);
    if (st != UVREST_OK) {
        refuse_redirect(call, r, body, st, "a redirect that is not followed");
        return;
    }
    call->redirects++;
    uvrest__log_redirect(call, moved);
    uvrest__free(call->client->settings.alloc, call->moved);
    call->moved = moved;
    begin_waiting(call);
    enqueue(call);
}

void uvrest__call_received(uvrest_call *call, uvrest__transfer *transfer)
{
    received r = read_received(call, transfer);
    uvrest_raw body = uvrest__transfer_body(transfer);
    uvrest__retry_decision decision;
    assert(call->state == UVREST__CALL_IN_FLIGHT);
    call->transfer = NULL;
    uvrest__pool_give(&call->client->pool);
    tell_ledger(call, &r);
    count(call, &r, body.len);
    uvrest__log_attempt(call, r.http_status, r.outcome->status, r.outcome->duration_us);
    uvrest__hooks_response(call, r.http_status, r.outcome, r.http_status != 0 ? r.headers : NULL, body.len);
    if (is_redirect(call, &r)) {
        redirect(call, &r, body);
    } else {
        decision = judge(call, &r);
        if (decision.retry) {
            repeat(call, &decision, &r);
        } else {
            call->retry.executed = decision.executed;
            finish(call, &r, body, decision.status,
                   r.outcome->fault == UVREST__TRANSFER_WHOLE ? NULL : r.outcome->text);
        }
    }
    uvrest__transfer_release(transfer);
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
    uvrest__client_release(client);
    client->stats.completed++;
    uvrest__client_leave_lane(client, call->lane);
}

static uvrest__answer *answer_of(uvrest_call *call)
{
    uvrest__answer_source source;
    if (call->answer != NULL)
        return call->answer;
    source = source_of(call);
    if (uvrest__answer_new(&source, &call->answer) == UVREST_OK)
        return call->answer;
    uvrest__answer_stand_in(&call->client->stand_in, &source);
    return &call->client->stand_in;
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
    uvrest_client *client = call->client;
    uvrest__answer *answer = answer_of(call);
    uvrest_group *group = call->group;
    uvrest_status status = answer->result.status;
    unlink_call(call);
    call->state = UVREST__CALL_DELIVERED;
    uvrest__thread_publish(client);
    call->deliver(call->done, answer->value, &answer->result, call->user);
    if (!call->taken)
        free_answer(call);
    free_memory(call);
    uvrest__group_leave(group, status);
    uvrest__thread_delivered(client);
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
