/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "fakes.h"
#include "retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S UVREST__NS_PER_S
#define NOW (1000 * S)

static uvrest__retry_call call;
static uvrest__retry_budget budget;
static uvrest__retry_rules rules;

static int begin(void **state)
{
    (void)state;
    memset(&call, 0, sizeof call);
    uvrest__retry_budget_init(&budget);
    rules = (uvrest__retry_rules){.retry_class = UVREST_RETRY_SAFE, .max_attempts = 4, .max_throttled = 5};
    return 0;
}

static uvrest__retry_decision judge(uvrest__retry_attempt attempt, uvrest__rand rand)
{
    return uvrest__retry_judge(&call, &rules, &attempt, &budget, NOW, rand);
}

static uvrest__retry_attempt answer(int http_status)
{
    return (uvrest__retry_attempt){.sent = true, .http_status = http_status, .retry_after_ms = -1};
}

static uvrest__retry_attempt hinted(int http_status, int64_t ms)
{
    return (uvrest__retry_attempt){.sent = true, .http_status = http_status, .retry_after_ms = ms};
}

static uvrest__retry_attempt failure(uvrest__failure kind, uvrest_status status, bool sent)
{
    return (uvrest__retry_attempt){.failure = kind, .status = status, .sent = sent, .retry_after_ms = -1};
}

static void statuses_of_http(void **state)
{
    static const struct {
        int http;
        uvrest_status status;
    } rows[] = {
        {200, UVREST_OK},          {201, UVREST_OK},          {204, UVREST_OK},          {299, UVREST_OK},
        {400, UVREST_E_REJECTED},  {401, UVREST_E_AUTH},      {403, UVREST_E_FORBIDDEN}, {404, UVREST_E_NOT_FOUND},
        {405, UVREST_E_REJECTED},  {407, UVREST_E_AUTH},      {408, UVREST_E_TIMEOUT},   {409, UVREST_E_CONFLICT},
        {410, UVREST_E_NOT_FOUND}, {412, UVREST_E_CONFLICT},  {413, UVREST_E_REJECTED},  {422, UVREST_E_REJECTED},
        {423, UVREST_E_CONFLICT},  {425, UVREST_E_REJECTED},  {429, UVREST_E_THROTTLED}, {499, UVREST_E_REJECTED},
        {500, UVREST_E_SERVER},    {503, UVREST_E_SERVER},    {599, UVREST_E_SERVER},    {301, UVREST_E_PROTOCOL},
        {304, UVREST_E_PROTOCOL},  {100, UVREST_E_PROTOCOL},  {0, UVREST_E_PROTOCOL},    {600, UVREST_E_PROTOCOL},
        {99, UVREST_E_PROTOCOL},   {-200, UVREST_E_PROTOCOL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (uvrest__retry_status_of_http(rows[i].http) != rows[i].status)
            fail_msg("%d is %s", rows[i].http, uvrest_status_name(uvrest__retry_status_of_http(rows[i].http)));
}

/* Every HTTP status, for every class of operation: repeated or not, and what was executed. */
static void answers_are_repeated_by_class_rows_39_to_44(void **state)
{
    static const struct {
        int http;
        bool safe, unsafe; /* repeated where the operation is safe or idempotent; where it is neither */
        uvrest_executed executed;
    } rows[] = {
        {200, false, false, UVREST_EXECUTED_YES},   {302, false, false, UVREST_EXECUTED_NO},
        {304, false, false, UVREST_EXECUTED_NO},    {400, false, false, UVREST_EXECUTED_NO},
        {401, false, false, UVREST_EXECUTED_NO},    {403, false, false, UVREST_EXECUTED_NO},
        {404, false, false, UVREST_EXECUTED_NO},    {408, true, true, UVREST_EXECUTED_NO},
        {409, false, false, UVREST_EXECUTED_NO},    {410, false, false, UVREST_EXECUTED_NO},
        {412, false, false, UVREST_EXECUTED_NO},    {422, false, false, UVREST_EXECUTED_NO},
        {425, true, true, UVREST_EXECUTED_NO},      {429, true, true, UVREST_EXECUTED_NO},
        {500, true, false, UVREST_EXECUTED_MAYBE},  {501, false, false, UVREST_EXECUTED_NO},
        {502, true, false, UVREST_EXECUTED_MAYBE},  {503, true, false, UVREST_EXECUTED_MAYBE},
        {504, true, false, UVREST_EXECUTED_MAYBE},  {505, false, false, UVREST_EXECUTED_NO},
        {507, false, false, UVREST_EXECUTED_MAYBE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int class = 0; class < 4; class ++) {
            uvrest__retry_decision d;
            begin(NULL);
            rules.retry_class = class == 3 ? UVREST_RETRY_NEVER : (uvrest_retry_class) class;
            rules.retry_unsafe = class == 3;
            d = judge(answer(rows[i].http), fake_rand_most);
            if (d.retry != (class == 0 ? rows[i].unsafe : rows[i].safe))
                fail_msg("%d, class %d: %s", rows[i].http, class, d.retry ? "repeated" : "not repeated");
            assert_int_equal(d.executed, rows[i].executed);
            assert_int_equal(d.status, uvrest__retry_status_of_http(rows[i].http));
            assert_int_equal(d.throttled, rows[i].http == 429);
        }
    }
}

/* And all there is from 100 to 599, by class: what has no rule of its own is not repeated. */
static void each_status_of_http_is_judged_rows_39_to_44(void **state)
{
    (void)state;
    for (int http = 100; http < 600; http++) {
        bool unprocessed = http == 408 || http == 425 || http == 429;
        bool ambiguous = http == 500 || http == 502 || http == 503 || http == 504;
        for (int class = 0; class < 3; class ++) {
            uvrest__retry_decision d;
            begin(NULL);
            rules.retry_class = (uvrest_retry_class) class;
            d = judge(answer(http), fake_rand_most);
            if (d.retry != (unprocessed || (ambiguous && class != UVREST_RETRY_NEVER)))
                fail_msg("%d, class %d: %s", http, class, d.retry ? "repeated" : "not repeated");
            if ((d.status == UVREST_OK) != (http >= 200 && http < 300))
                fail_msg("%d is %s", http, uvrest_status_name(d.status));
            if (http >= 200 && http < 300)
                assert_int_equal(d.executed, UVREST_EXECUTED_YES);
            else if (http >= 300 && http < 500)
                assert_int_equal(d.executed, UVREST_EXECUTED_NO);
        }
    }
}

static void failures_are_repeated_by_kind_rows_1_to_25(void **state)
{
    uvrest__retry_decision d;
    (void)state;
    for (int class = 0; class < 3; class ++) {
        rules.retry_class = (uvrest_retry_class) class;
        memset(&call, 0, sizeof call);
        d = judge(failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_CONNECT, false), fake_rand_least);
        assert_true(d.retry);
        assert_int_equal(d.executed, UVREST_EXECUTED_NO);
        assert_int_equal(d.status, UVREST_E_CONNECT);

        d = judge(failure(UVREST__FAILURE_AMBIGUOUS, UVREST_E_NETWORK, true), fake_rand_least);
        assert_int_equal(d.retry, class != UVREST_RETRY_NEVER);
        assert_int_equal(d.executed, UVREST_EXECUTED_MAYBE);
        assert_int_equal(d.status, UVREST_E_NETWORK);

        memset(&call, 0, sizeof call);
        d = judge(failure(UVREST__FAILURE_FINAL, UVREST_E_TLS, false), fake_rand_least);
        assert_false(d.retry);
        assert_int_equal(d.executed, UVREST_EXECUTED_NO);
        assert_int_equal(d.status, UVREST_E_TLS);
    }
}

/* A body that was too long or broken does not make the answer unsaid. */
static void a_failure_behind_a_head_knows_what_the_head_said(void **state)
{
    uvrest__retry_attempt broken = failure(UVREST__FAILURE_FINAL, UVREST_E_LIMIT, true);
    uvrest__retry_decision d;
    (void)state;
    broken.http_status = 200;
    d = judge(broken, fake_rand_least);
    assert_false(d.retry);
    assert_int_equal(d.status, UVREST_E_LIMIT);
    assert_int_equal(d.executed, UVREST_EXECUTED_YES);

    begin(NULL);
    broken.http_status = 0;
    assert_int_equal(judge(broken, fake_rand_least).executed, UVREST_EXECUTED_MAYBE);

    begin(NULL);
    broken.failure = UVREST__FAILURE_AMBIGUOUS;
    broken.status = UVREST_E_NETWORK;
    broken.http_status = 404;
    assert_int_equal(judge(broken, fake_rand_least).executed, UVREST_EXECUTED_NO);

    begin(NULL);
    rules.retry_class = UVREST_RETRY_NEVER;
    broken.http_status = 429;
    d = judge(broken, fake_rand_least);
    assert_true(d.retry && d.throttled);
    assert_int_equal(call.throttled, 1);
}

/* What an earlier attempt may have done stays possible, until an answer says that it is done. */
static void executed_is_of_all_attempts(void **state)
{
    (void)state;
    assert_int_equal(judge(failure(UVREST__FAILURE_AMBIGUOUS, UVREST_E_NETWORK, true), fake_rand_least).executed,
                     UVREST_EXECUTED_MAYBE);
    assert_int_equal(judge(failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_DNS, false), fake_rand_least).executed,
                     UVREST_EXECUTED_MAYBE);
    assert_int_equal(judge(answer(404), fake_rand_least).executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(judge(answer(200), fake_rand_least).executed, UVREST_EXECUTED_YES);
}

static void attempts_are_limited(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 4; i++) {
        assert_int_equal(judge(answer(503), fake_rand_least).retry, i < 4);
        assert_int_equal(call.attempts, i);
    }
    begin(NULL);
    rules.max_attempts = 1;
    assert_false(judge(answer(503), fake_rand_least).retry);
}

/* Row 59: a 429 is no attempt; row 63: but there are only so many of them. */
static void throttling_has_its_own_count_rows_59_63(void **state)
{
    uvrest__retry_decision d;
    (void)state;
    for (int i = 0; i < 5; i++) {
        d = judge(hinted(429, 3000), fake_rand_most);
        assert_true(d.retry && d.throttled);
        assert_int_equal(d.delay_ns, 0);
    }
    assert_int_equal(call.attempts, 0);
    assert_int_equal(budget.tokens, UVREST__RETRY_BUDGET_MAX);
    d = judge(answer(429), fake_rand_most);
    assert_false(d.retry);
    assert_int_equal(d.status, UVREST_E_THROTTLED);
    assert_int_equal(call.throttled, 6);

    begin(NULL);
    rules.max_throttled = 0;
    assert_false(judge(answer(429), fake_rand_most).retry);
    begin(NULL);
    rules.throttle_is_error = true;
    assert_false(judge(answer(429), fake_rand_most).retry);
}

static void hopeless_hints_fail_at_once_row_60(void **state)
{
    (void)state;
    assert_true(judge(hinted(429, UVREST__RETRY_HINT_HOPELESS_MS), fake_rand_most).retry);
    assert_false(judge(hinted(429, UVREST__RETRY_HINT_HOPELESS_MS + 1), fake_rand_most).retry);
    assert_false(judge(hinted(503, INT64_MAX), fake_rand_most).retry);
    assert_false(judge(hinted(429, INT64_MAX), fake_rand_most).retry);
    assert_int_equal(judge(hinted(429, INT64_MAX), fake_rand_most).status, UVREST_E_THROTTLED);
    rules.deadline_ns = NOW + 5 * S;
    assert_true(judge(hinted(429, 4999), fake_rand_most).retry);
    assert_false(judge(hinted(429, 5000), fake_rand_most).retry);
    assert_true(judge(hinted(503, 4999), fake_rand_least).retry);
    assert_false(judge(hinted(503, 5000), fake_rand_least).retry);
}

static void delays_double_and_are_drawn_in_full(void **state)
{
    static const uint64_t server[] = {1, 2, 4, 8, 16, 20, 20};
    (void)state;
    rules.max_attempts = 100;
    for (size_t i = 0; i < 7; i++) {
        budget.tokens = UVREST__RETRY_BUDGET_MAX;
        assert_int_equal(judge(answer(500), fake_rand_most).delay_ns, server[i] * S);
    }
    begin(NULL);
    rules.max_attempts = 100;
    for (uint64_t bound = S / 10; bound < 20 * S; bound *= 2) {
        budget.tokens = UVREST__RETRY_BUDGET_MAX;
        assert_int_equal(judge(failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_DNS, false), fake_rand_most).delay_ns,
                         bound);
    }
    budget.tokens = UVREST__RETRY_BUDGET_MAX;
    assert_int_equal(judge(failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_DNS, false), fake_rand_most).delay_ns, 20 * S);
    assert_int_equal(judge(failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_DNS, false), fake_rand_least).delay_ns, 0);
}

/* Row 44: a hint is the least wait, up to a minute. */
static void hints_set_the_delay_row_44(void **state)
{
    (void)state;
    assert_int_equal(judge(hinted(503, 7000), fake_rand_least).delay_ns, 7 * S);
    budget.tokens = UVREST__RETRY_BUDGET_MAX;
    assert_int_equal(judge(hinted(503, 0), fake_rand_most).delay_ns, 2 * S);
    budget.tokens = UVREST__RETRY_BUDGET_MAX;
    assert_int_equal(judge(hinted(503, 3600000), fake_rand_most).delay_ns, 60 * S);
    assert_int_equal(budget.tokens, UVREST__RETRY_BUDGET_MAX - UVREST__RETRY_COST_ANSWER);
}

/* A hint that tells when does not make a POST repeatable. */
static void hints_do_not_make_a_call_repeatable(void **state)
{
    (void)state;
    rules.retry_class = UVREST_RETRY_NEVER;
    assert_false(judge(hinted(503, 1000), fake_rand_least).retry);
    assert_int_equal(budget.tokens, UVREST__RETRY_BUDGET_MAX);
}

static void deadlines_are_not_slept_through_row_121(void **state)
{
    (void)state;
    rules.deadline_ns = NOW + S;
    assert_false(judge(answer(500), fake_rand_most).retry); /* would wait 1 s */
    assert_true(judge(answer(500), fake_rand_least).retry);
    assert_int_equal(budget.tokens, UVREST__RETRY_BUDGET_MAX - UVREST__RETRY_COST_ANSWER);
    rules.deadline_ns = NOW;
    assert_false(judge(answer(500), fake_rand_least).retry);
    assert_false(judge(answer(429), fake_rand_least).retry);
    rules.deadline_ns = 1;
    assert_false(judge(answer(408), fake_rand_least).retry);
    begin(NULL);
    rules.deadline_ns = UINT64_MAX;
    assert_true(judge(hinted(503, 1000), fake_rand_least).retry);
}

/* Row 45: an outage is not amplified. */
static void the_budget_ends_retries_in_an_outage_row_45(void **state)
{
    unsigned n_sent = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uvrest__retry_call one = {0};
        uvrest__retry_attempt down = failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_CONNECT, false);
        do
            n_sent++;
        while (uvrest__retry_judge(&one, &rules, &down, &budget, NOW, fake_rand_least).retry);
    }
    assert_int_equal(n_sent, 1010);
    assert_true(budget.tokens < UVREST__RETRY_COST_TRANSPORT);
    /* First successes bring it back. */
    for (int i = 0; i < 10; i++) {
        uvrest__retry_call one = {0};
        uvrest__retry_attempt up = answer(200);
        assert_int_equal(uvrest__retry_judge(&one, &rules, &up, &budget, NOW, fake_rand_least).status, UVREST_OK);
    }
    assert_true(judge(failure(UVREST__FAILURE_NEVER_SENT, UVREST_E_CONNECT, false), fake_rand_least).retry);
}

static void the_budget_is_refunded_on_success(void **state)
{
    (void)state;
    assert_true(judge(failure(UVREST__FAILURE_AMBIGUOUS, UVREST_E_NETWORK, true), fake_rand_least).retry);
    assert_true(judge(answer(500), fake_rand_least).retry);
    assert_int_equal(budget.tokens, 85);
    assert_int_equal(call.charged, 15);
    assert_false(judge(answer(200), fake_rand_least).retry);
    assert_int_equal(budget.tokens, 100);
    begin(NULL);
    assert_false(judge(answer(200), fake_rand_least).retry);
    assert_int_equal(budget.tokens, 100); /* never more than full */
    budget.tokens = 50;
    memset(&call, 0, sizeof call);
    (void)judge(answer(200), fake_rand_least);
    assert_int_equal(budget.tokens, 51);
    memset(&call, 0, sizeof call);
    (void)judge(answer(404), fake_rand_least);
    assert_int_equal(budget.tokens, 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_of_http),
        cmocka_unit_test_setup(answers_are_repeated_by_class_rows_39_to_44, begin),
        cmocka_unit_test_setup(each_status_of_http_is_judged_rows_39_to_44, begin),
        cmocka_unit_test_setup(failures_are_repeated_by_kind_rows_1_to_25, begin),
        cmocka_unit_test_setup(a_failure_behind_a_head_knows_what_the_head_said, begin),
        cmocka_unit_test_setup(executed_is_of_all_attempts, begin),
        cmocka_unit_test_setup(attempts_are_limited, begin),
        cmocka_unit_test_setup(throttling_has_its_own_count_rows_59_63, begin),
        cmocka_unit_test_setup(hopeless_hints_fail_at_once_row_60, begin),
        cmocka_unit_test_setup(delays_double_and_are_drawn_in_full, begin),
        cmocka_unit_test_setup(hints_set_the_delay_row_44, begin),
        cmocka_unit_test_setup(hints_do_not_make_a_call_repeatable, begin),
        cmocka_unit_test_setup(deadlines_are_not_slept_through_row_121, begin),
        cmocka_unit_test_setup(the_budget_ends_retries_in_an_outage_row_45, begin),
        cmocka_unit_test_setup(the_budget_is_refunded_on_success, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
