/* SPDX-License-Identifier: MIT */
#include "retry.h"
#include "attributes.h"
#include "clock.h"

#define TRANSPORT_BASE_NS (UVREST__NS_PER_S / 10)
#define ANSWER_BASE_NS UVREST__NS_PER_S
#define MAX_DELAY_NS (20 * UVREST__NS_PER_S)

void uvrest__retry_budget_init(uvrest__retry_budget *budget)
{
    budget->tokens = UVREST__RETRY_BUDGET_MAX;
}

static void earn(uvrest__retry_budget *budget, int32_t tokens)
{
    budget->tokens += tokens;
    if (budget->tokens > UVREST__RETRY_BUDGET_MAX)
        budget->tokens = UVREST__RETRY_BUDGET_MAX;
}

uvrest_status uvrest__retry_status_of_http(int http_status)
{
    switch (http_status) {
    case 401:
    case 407:
        return UVREST_E_AUTH;
    case 403:
        return UVREST_E_FORBIDDEN;
    case 404:
    case 410:
        return UVREST_E_NOT_FOUND;
    case 408:
        return UVREST_E_TIMEOUT;
    case 409:
    case 412:
    case 423:
        return UVREST_E_CONFLICT;
    case 429:
        return UVREST_E_THROTTLED;
    default:
        break;
    }
    if (http_status >= 200 && http_status <= 299)
        return UVREST_OK;
    if (http_status >= 400 && http_status <= 499)
        return UVREST_E_REJECTED;
    return http_status >= 500 && http_status <= 599 ? UVREST_E_SERVER : UVREST_E_PROTOCOL;
}

/* ---- what kind of end an attempt had ----------------------------------------------------------------------------- */

typedef enum kind { KIND_SUCCESS, KIND_THROTTLED, KIND_UNPROCESSED, KIND_AMBIGUOUS, KIND_FINAL } kind;

static kind kind_of_http(int http_status)
{
    switch (http_status) {
    case 429:
        return KIND_THROTTLED;
    case 408:
    case 425:
        return KIND_UNPROCESSED;
    case 500:
    case 502:
    case 503:
    case 504:
        return KIND_AMBIGUOUS;
    default:
        return http_status >= 200 && http_status <= 299 ? KIND_SUCCESS : KIND_FINAL;
    }
}

static kind kind_of(const uvrest__retry_attempt *attempt)
{
    switch (attempt->failure) {
    case UVREST__FAILURE_NEVER_SENT:
        return KIND_UNPROCESSED;
    case UVREST__FAILURE_AMBIGUOUS:
        /* A refusal whose body broke is a refusal all the same. */
        return attempt->http_status == 429 ? KIND_THROTTLED : KIND_AMBIGUOUS;
    case UVREST__FAILURE_FINAL:
        return KIND_FINAL;
    default:
        return kind_of_http(attempt->http_status);
    }
}

static uvrest_executed executed_by(const uvrest__retry_attempt *attempt)
{
    if (attempt->failure == UVREST__FAILURE_NEVER_SENT)
        return UVREST_EXECUTED_NO;
    if (attempt->http_status >= 200 && attempt->http_status <= 299)
        return UVREST_EXECUTED_YES;
    if (attempt->http_status >= 300 && attempt->http_status <= 499)
        return UVREST_EXECUTED_NO;
    if (attempt->http_status == 0 && attempt->failure == UVREST__FAILURE_FINAL && !attempt->sent)
        return UVREST_EXECUTED_NO;
    return attempt->http_status == 501 || attempt->http_status == 505 ? UVREST_EXECUTED_NO : UVREST_EXECUTED_MAYBE;
}

/* ---- whether, and when ------------------------------------------------------------------------------------------- */

static bool is_in_time(const uvrest__retry_rules *rules, uint64_t now, uint64_t delay)
{
    return rules->deadline_ns == 0 || uvrest__clock_add(now, delay) < rules->deadline_ns;
}

/* A hint that a call can live with: no wait for a day, none beyond the deadline. */
static bool is_hint_bearable(const uvrest__retry_rules *rules, const uvrest__retry_attempt *attempt, uint64_t now)
{
    if (attempt->retry_after_ms <= 0)
        return true;
    return attempt->retry_after_ms <= UVREST__RETRY_HINT_HOPELESS_MS &&
           is_in_time(rules, now, (uint64_t)attempt->retry_after_ms * UVREST__NS_PER_MS);
}

/* Anything from nothing to a bound that doubles with each repeat; what the server names is the least, within 60 s. */
static uint64_t delay_of(const uvrest__retry_attempt *attempt, uint32_t repeats, uint64_t base, uvrest__rand rand)
{
    uint64_t bound = base, delay, hint;
    while (repeats-- > 0 && bound < MAX_DELAY_NS)
        bound *= 2;
    delay = uvrest__rand_up_to(rand, bound < MAX_DELAY_NS ? bound : MAX_DELAY_NS);
    if (attempt->retry_after_ms < 0)
        return delay;
    hint = (uint64_t)(attempt->retry_after_ms < UVREST__RETRY_HINT_MAX_MS ? attempt->retry_after_ms
                                                                          : UVREST__RETRY_HINT_MAX_MS) *
           UVREST__NS_PER_MS;
    return hint > delay ? hint : delay;
}

static UVREST__RARE void judge_throttled(uvrest__retry_call *call, const uvrest__retry_rules *rules,
                                         const uvrest__retry_attempt *attempt, uint64_t now,
                                         uvrest__retry_decision *out)
{
    call->throttled++;
    out->status = UVREST_E_THROTTLED;
    out->retry = !rules->throttle_is_error && call->throttled <= rules->max_throttled && is_in_time(rules, now, 0) &&
                 is_hint_bearable(rules, attempt, now);
    out->throttled = out->retry;
}

static UVREST__RARE void judge_repeatable(uvrest__retry_call *call, const uvrest__retry_rules *rules,
                                          const uvrest__retry_attempt *attempt, uvrest__retry_budget *budget,
                                          uint64_t now, uvrest__rand rand, uvrest__retry_decision *out)
{
    bool answered = attempt->failure == UVREST__FAILURE_NONE;
    int32_t cost = answered ? UVREST__RETRY_COST_ANSWER : UVREST__RETRY_COST_TRANSPORT;
    uint64_t delay;
    if (call->attempts >= rules->max_attempts || budget->tokens < cost || !is_hint_bearable(rules, attempt, now))
        return;
    delay = delay_of(attempt, call->attempts - 1, answered ? ANSWER_BASE_NS : TRANSPORT_BASE_NS, rand);
    if (!is_in_time(rules, now, delay))
        return;
    budget->tokens -= cost;
    call->charged += cost;
    out->retry = true;
    out->delay_ns = delay;
}

uvrest__retry_decision uvrest__retry_judge(uvrest__retry_call *call, const uvrest__retry_rules *rules,
                                           const uvrest__retry_attempt *attempt, uvrest__retry_budget *budget,
                                           uint64_t now, uvrest__rand rand)
{
    kind what = kind_of(attempt);
    uvrest_executed executed = executed_by(attempt);
    bool repeatable = rules->retry_class != UVREST_RETRY_NEVER || rules->retry_unsafe;
    uvrest__retry_decision out = {.status = attempt->failure == UVREST__FAILURE_NONE
                                                ? uvrest__retry_status_of_http(attempt->http_status)
                                                : attempt->status};
    if (executed > call->executed)
        call->executed = executed;
    out.executed = call->executed;
    if (what == KIND_THROTTLED) {
        judge_throttled(call, rules, attempt, now, &out);
        return out;
    }
    call->attempts++;
    if (what == KIND_SUCCESS)
        earn(budget, call->attempts == 1 ? 1 : call->charged);
    else if (what == KIND_UNPROCESSED || (what == KIND_AMBIGUOUS && repeatable))
        judge_repeatable(call, rules, attempt, budget, now, rand, &out);
    return out;
}
