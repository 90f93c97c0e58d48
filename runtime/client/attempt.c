/* SPDX-License-Identifier: MIT */
#include "attempt.h"
#include "alloc.h"
#include "attributes.h"
#include "buf.h"
#include "hooks.h"
#include "log.h"
#include "text.h"
#include <string.h>

#define MAX_REDIRECTS 5

/* ---- sending ---- */

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
    };
    uvrest_status st = uvrest__hooks_request(call);
    if (st != UVREST_OK)
        return st;
    request.lines = list_lines(call, &request.n_lines);
    if (request.lines == NULL)
        return UVREST_E_NOMEM;
    return uvrest__transfer_start(client->transport, &request, call, &call->transfer);
}

bool uvrest__attempt_acquire(uvrest_call *call, uint64_t now, uvrest__ratelimit_ticket *out_ticket,
                             uvrest__ratelimit_wait *out_wait)
{
    uvrest_client *client = call->client;
    uvrest_priority priority = (uvrest_priority)call->item.priority;
    uvrest__loop_visit visit;
    bool granted;
    if (client->settings.rate_limit.acquire == NULL)
        return uvrest__ratelimit_acquire(call->lane->ledger, now, priority, out_ticket, out_wait);
    uvrest__client_tell(client, &visit);
    granted = uvrest__ratelimit_acquire(call->lane->ledger, now, priority, out_ticket, out_wait);
    uvrest__client_told(client, &visit);
    return granted;
}

uvrest_status uvrest__attempt_send(uvrest_call *call, uint64_t now)
{
    uvrest_client *client = call->client;
    uvrest_status st = start_transfer(call);
    if (st != UVREST_OK) {
        if (call->lane->ledger != NULL)
            uvrest__ratelimit_not_sent(call->lane->ledger, &call->ticket, now);
        uvrest__lanes_offer(&client->lanes, call->lane);
        return st;
    }
    uvrest__pool_take(&client->pool);
    call->attempts++;
    client->stats.attempts++;
    if (call->repeats)
        client->stats.retries++;
    call->repeats = false;
    return UVREST_OK;
}

/* The first sending is given up, since its answer will not come; without a slot the attempt
 * ends, and waits its turn. */
bool uvrest__attempt_may_repeat(uvrest_call *call)
{
    uvrest__ratelimit *ledger = call->lane->ledger;
    uvrest__ratelimit_ticket ticket;
    uvrest__ratelimit_wait wait;
    uint64_t now;
    if (ledger == NULL)
        return true;
    now = uvrest__client_now(call->client);
    if (!uvrest__attempt_acquire(call, now, &ticket, &wait))
        return false;
    uvrest__ratelimit_given_up(ledger, &call->ticket, now);
    call->ticket = ticket;
    return true;
}

uint64_t uvrest__attempt_left_ns(const uvrest_call *call)
{
    uint64_t age_ms = uvrest__transfer_age_ms(call->transfer);
    return age_ms >= call->timeout_ms ? 0 : (call->timeout_ms - age_ms) * UVREST__NS_PER_MS;
}

/* An attempt that will not be answered: its slot counts as used from now on, if anything left this machine. */
void uvrest__attempt_abandon(uvrest_call *call)
{
    uvrest_client *client = call->client;
    uint64_t now;
    uint32_t sends;
    call->transfer_us = uvrest__transfer_age_ms(call->transfer) * 1000;
    sends = uvrest__transfer_cancel(call->transfer);
    call->transfer = NULL;
    uvrest__pool_give(&client->pool);
    client->stats.bytes_sent += sends * call->request.body_len;
    if (sends > 0 && call->retry.executed == UVREST_EXECUTED_NO)
        call->retry.executed = UVREST_EXECUTED_MAYBE;
    if (call->lane->ledger == NULL)
        return;
    now = uvrest__client_now(client);
    if (sends == 0)
        uvrest__ratelimit_not_sent(call->lane->ledger, &call->ticket, now);
    else
        uvrest__ratelimit_given_up(call->lane->ledger, &call->ticket, now);
    uvrest__lanes_offer(&client->lanes, call->lane);
}

/* ---- answers ---- */

/* What came back, read once. */
typedef struct received {
    uvrest__transfer *transfer;
    const uvrest__outcome *outcome;
    const uvrest__headers *headers;
    int http_status; /* 0: no final head */
    int64_t retry_after_ms;
    uint64_t duration_us;
    uvrest__quota quota;
} received;

/* libcurl's count stands still while nothing happens, which is what a time-out waits through. */
static uint64_t duration_of(const uvrest__transfer *transfer, const uvrest__outcome *outcome)
{
    uint64_t age_us = uvrest__transfer_age_ms(transfer) * 1000;
    return outcome->status == UVREST_E_TIMEOUT && age_us > outcome->duration_us ? age_us : outcome->duration_us;
}

static received read_received(const uvrest_call *call, uvrest__transfer *transfer)
{
    received r = {.transfer = transfer,
                  .outcome = uvrest__transfer_outcome(transfer),
                  .headers = uvrest__transfer_headers(transfer),
                  .retry_after_ms = -1,
                  .quota = UVREST__QUOTA_NONE};
    r.http_status = uvrest__headers_http_status(r.headers);
    r.duration_us = duration_of(transfer, r.outcome);
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
    uvrest__lanes_offer(&call->client->lanes, call->lane);
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
    client->stats.bytes_sent += r->outcome->sends * call->request.body_len;
    client->stats.bytes_received += body_len;
    call->transfer_us = r->duration_us;
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

static void repeat(uvrest_call *call, const uvrest__retry_decision *decision, const received *r,
                   uvrest__attempt_end *out)
{
    const char *why = r->outcome->text;
    if (r->outcome->fault == UVREST__TRANSFER_WHOLE)
        why = uvrest_status_text(uvrest__retry_status_of_http(r->http_status));
    uvrest__log_retry(call, decision->delay_ns, why);
    call->repeats = !decision->throttled;
    out->again = true;
    out->delay_ns = decision->delay_ns;
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

/* Where it leads, for people: without what follows the path, since signed URLs carry their secret there, and without
 * whatever stands before the host. */
static void add_location(uvrest__text *text, const char *location)
{
    const char *host = strstr(location, "//");
    const char *at;
    size_t before = strcspn(location, "?#");
    if (host != NULL && (size_t)(host - location) < before) {
        host += 2;
        at = memrchr(host, '@', strcspn(host, "/?#"));
        if (at != NULL) {
            uvrest__text_add_foreign(text, location, (size_t)(host - location));
            location = at + 1;
        }
    }
    uvrest__text_add_foreign(text, location, strcspn(location, "?#"));
}

static UVREST__RARE void refuse_redirect(uvrest_call *call, const received *r, uvrest_status status, const char *why,
                                         uvrest__attempt_end *out)
{
    uvrest__text text;
    const char *location = uvrest__headers_get(r->headers, "Location");
    uvrest__text_init(&text, out->words, sizeof out->words);
    uvrest__text_add(&text, why);
    if (location != NULL) {
        uvrest__text_add(&text, ": ");
        add_location(&text, location);
    }
    if (call->retry.executed == UVREST_EXECUTED_NO)
        call->retry.executed = call->op->retry == UVREST_RETRY_SAFE ? UVREST_EXECUTED_NO : UVREST_EXECUTED_MAYBE;
    out->status = status;
    out->text = out->words;
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

static void redirect(uvrest_call *call, const received *r, uvrest__attempt_end *out)
{
    const char *location = uvrest__headers_get(r->headers, "Location");
    uvrest_reason reason = {""};
    char *moved;
    uvrest_status st;
    if (call->op->method != UVREST_GET && call->op->method != UVREST_HEAD) {
        refuse_redirect(call, r, UVREST_E_PROTOCOL, "the server redirects a call that is not a GET", out);
        return;
    }
    if (location == NULL) {
        refuse_redirect(call, r, UVREST_E_PROTOCOL, "a redirect without a location", out);
        return;
    }
    if (call->redirects >= MAX_REDIRECTS) {
        refuse_redirect(call, r, UVREST_E_LIMIT, "redirected too often", out);
        return;
    }
    st = find_moved(call, location, &reason, &moved);
    if (st != UVREST_OK) {
        refuse_redirect(call, r, st, "a redirect that is not followed", out);
        return;
    }
    call->redirects++;
    uvrest__log_redirect(call, moved);
    uvrest__free(call->client->settings.alloc, call->moved);
    call->moved = moved;
    out->again = true;
}

static void conclude(uvrest_call *call, const received *r, uvrest__attempt_end *out)
{
    uvrest__retry_decision decision = judge(call, r);
    if (decision.retry) {
        repeat(call, &decision, r, out);
        return;
    }
    call->retry.executed = decision.executed;
    out->status = decision.status;
    out->text = out->whole ? NULL : r->outcome->text;
}

/* Field by field: there is no need to clear the room for words. */
static void describe(const received *r, uvrest__attempt_end *out)
{
    out->again = false;
    out->delay_ns = 0;
    out->status = UVREST_OK;
    out->text = NULL;
    out->headers = r->http_status != 0 ? r->headers : NULL;
    out->body = uvrest__transfer_body(r->transfer);
    out->whole = r->outcome->fault == UVREST__TRANSFER_WHOLE;
    out->retry_after_ms = r->retry_after_ms;
    out->quota_left = r->quota.remaining;
}

void uvrest__attempt_receive(uvrest_call *call, uvrest__transfer *transfer, uvrest__attempt_end *out)
{
    received r = read_received(call, transfer);
    describe(&r, out);
    call->transfer = NULL;
    uvrest__pool_give(&call->client->pool);
    tell_ledger(call, &r);
    count(call, &r, out->body.len);
    uvrest__log_attempt(call, r.http_status, r.outcome->status);
    uvrest__hooks_response(call, r.http_status, r.outcome->status, out->headers, out->body.len);
    if (is_redirect(call, &r))
        redirect(call, &r, out);
    else
        conclude(call, &r, out);
}
