/* SPDX-License-Identifier: MIT */
#include "log.h"
#include "text.h"
#include <string.h>

#define LINE_MAX_BYTES 512

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};

typedef struct line {
    char bytes[LINE_MAX_BYTES];
    uvrest__text text;
} line;

/* Asked before a line is declared: compilers fill it with zeros. */
static bool is_heard(const uvrest_client *client)
{
    return client->settings.on_log != NULL;
}

static void begin(line *l)
{
    uvrest__text_init(&l->text, l->bytes, sizeof l->bytes);
}

/* Queries may carry what is signed or searched for: they stay out. */
static void add_path(line *l, const char *target)
{
    uvrest__text_add_foreign(&l->text, target, strcspn(target, "?"));
}

static void add_call(line *l, const uvrest_call *call)
{
    uvrest__text_add(&l->text, methods[call->op->method]);
    uvrest__text_add(&l->text, " ");
    add_path(l, call->moved != NULL ? call->moved : call->request.target);
}

/* While the program writes its line it may not call in: its lists are being worked on. */
static void emit(uvrest_client *client, const uvrest__lane *lane, uvrest_log_level level, line *l)
{
    uvrest__loop_visit visit;
    uvrest__lanes_redact(&client->lanes, lane, l->bytes);
    uvrest__client_tell(client, &visit);
    client->settings.on_log(level, l->bytes, client->settings.log_user);
    uvrest__client_told(client, &visit);
}

void uvrest__log_attempt(const uvrest_call *call, int http_status, uvrest_status status)
{
    if (!is_heard(call->client))
        return;
    line l;
    begin(&l);
    add_call(&l, call);
    uvrest__text_add(&l.text, " attempt ");
    uvrest__text_add_number(&l.text, call->attempts);
    uvrest__text_add(&l.text, ": ");
    if (http_status != 0) {
        uvrest__text_add(&l.text, "HTTP ");
        uvrest__text_add_number(&l.text, http_status);
    }
    if (status != UVREST_OK) {
        uvrest__text_add(&l.text, http_status != 0 ? ", " : "");
        uvrest__text_add(&l.text, uvrest_status_name(status));
    }
    uvrest__text_add(&l.text, " in ");
    uvrest__text_add_number(&l.text, (int64_t)(call->transfer_us / 1000));
    uvrest__text_add(&l.text, " ms");
    emit(call->client, call->lane, UVREST_LOG_DEBUG, &l);
}

void uvrest__log_retry(const uvrest_call *call, uint64_t delay_ns, const char *why)
{
    if (!is_heard(call->client))
        return;
    line l;
    begin(&l);
    add_call(&l, call);
    uvrest__text_add(&l.text, " will be repeated in ");
    uvrest__text_add_number(&l.text, (int64_t)(delay_ns / UVREST__NS_PER_MS));
    uvrest__text_add(&l.text, " ms: ");
    uvrest__text_add(&l.text, why);
    emit(call->client, call->lane, UVREST_LOG_INFO, &l);
}

void uvrest__log_wait(uvrest_client *client, uint64_t ns, uvrest__ratelimit_cause cause)
{
    static const char *const causes[UVREST__RATELIMIT_CAUSES] = {
        "",
        "the window is used up",
        "the rest of the budget is not for bulk calls",
        "the first answer is not here yet",
        "the server's count must confirm the budget",
        "somebody else uses the budget",
        "paused after HTTP 429",
        "the limit a second is reached",
        "little of the budget is left",
        "nobody who shares the budget has granted something yet"};
    if (!is_heard(client))
        return;
    line l;
    begin(&l);
    uvrest__text_add(&l.text, "waiting");
    if (ns != UINT64_MAX) {
        uvrest__text_add(&l.text, " ");
        uvrest__text_add_number(&l.text, (int64_t)(ns / UVREST__NS_PER_MS));
        uvrest__text_add(&l.text, " ms");
    }
    uvrest__text_add(&l.text, ": ");
    uvrest__text_add(&l.text, causes[cause]);
    emit(client, NULL, UVREST_LOG_INFO, &l);
}

void uvrest__log_own_ledger(uvrest_client *client, const char *why)
{
    if (!is_heard(client))
        return;
    line l;
    begin(&l);
    uvrest__text_add(&l.text, "rate_limit.shared_file is not used, the budget is kept by this process alone: ");
    uvrest__text_add(&l.text, why);
    emit(client, NULL, UVREST_LOG_WARNING, &l);
}

void uvrest__log_fleet(uvrest_client *client, const char *why)
{
    if (!is_heard(client))
        return;
    line l;
    begin(&l);
    uvrest__text_add(&l.text, why == NULL ? "the server of rate_limit.shared_redis answers"
                                          : "the server of rate_limit.shared_redis cannot be asked: ");
    uvrest__text_add(&l.text, why == NULL ? "" : why);
    emit(client, NULL, why == NULL ? UVREST_LOG_INFO : UVREST_LOG_WARNING, &l);
}

void uvrest__log_redirect(const uvrest_call *call, const char *target)
{
    if (!is_heard(call->client))
        return;
    line l;
    begin(&l);
    add_call(&l, call);
    uvrest__text_add(&l.text, " is redirected to ");
    add_path(&l, target);
    emit(call->client, call->lane, UVREST_LOG_INFO, &l);
}

void uvrest__log_failure(const uvrest_call *call, uvrest_status status, const char *message)
{
    if (!is_heard(call->client))
        return;
    line l;
    begin(&l);
    add_call(&l, call);
    uvrest__text_add(&l.text, ": ");
    uvrest__text_add(&l.text, uvrest_status_name(status));
    uvrest__text_add(&l.text, ": ");
    uvrest__text_add(&l.text, message);
    emit(call->client, call->lane, UVREST_LOG_WARNING, &l);
}
