/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "fakes.h"
#include "lane.h"
#include "support.h"
#include <stdlib.h>
#include <time.h>

#define MS UVREST__NS_PER_MS

static const char *const own_lines[] = {"App-ID: lane-own", NULL};

/* A set of lanes over ledgers of few slots, and how often a ledger has called. */
typedef struct fixture {
    uvrest__ratelimit_conf limit;
    uvrest__lanes lanes;
    unsigned n_calls;
} fixture;

static void on_call(void *user)
{
    ((fixture *)user)->n_calls++;
}

/* Ledgers outlive clients, so each test has an origin of its own. */
static uvrest_status make(fixture *f, const uvrest_alloc *alloc, const char *origin, uint32_t slots)
{
    const uvrest_rate_limit options = {.requests = slots, .window_ms = 1000, .first_contact = slots};
    uvrest__lane_conf conf = {.alloc = alloc,
                              .origin = origin,
                              .rate_limit = slots == 0 ? NULL : &f->limit,
                              .rand = fake_rand_least,
                              .wake = on_call,
                              .user = f};
    uvrest__credentials credentials;
    uvrest_status st = UVREST_OK;
    memset(f, 0, sizeof *f);
    if (slots > 0)
        st = uvrest__ratelimit_configure(&f->limit, &options, 0, 0, NULL);
    uvrest__credentials_init(&credentials, alloc);
    if (st == UVREST_OK)
        st = uvrest__credentials_add_lines(&credentials, own_lines, NULL);
    if (st == UVREST_OK)
        st = uvrest__lanes_init(&f->lanes, &conf, &credentials, 0);
    uvrest__credentials_fini(&credentials);
    return st;
}

static uvrest__lane *join(fixture *f, const char *const *lines)
{
    uvrest__lane *lane;
    assert_int_equal(uvrest__lanes_join(&f->lanes, lines, NULL, &lane), UVREST_OK);
    return lane;
}

/* Asks the ledger for the lane's first call, as a client would. */
static bool ask(fixture *f, uvrest__lane *lane, uint64_t now, uvrest__ratelimit_ticket *ticket)
{
    uvrest__ratelimit_wait wait;
    if (uvrest__lanes_lack_ledger(&f->lanes, lane))
        assert_int_equal(uvrest__lanes_open(&f->lanes, lane, now), UVREST_OK);
    if (uvrest__ratelimit_acquire(lane->ledger, now, UVREST_PRIORITY_NORMAL, ticket, &wait))
        return true;
    uvrest__lanes_hold(&f->lanes, lane, now, &wait);
    return false;
}

static void answer(uvrest__lane *lane, const uvrest__ratelimit_ticket *ticket, uint64_t now)
{
    const uvrest__ratelimit_answer plain = {200, -1, UVREST__QUOTA_NONE};
    uvrest__ratelimit_answered(lane->ledger, ticket, now, &plain);
}

static void equal_credentials_share_a_lane(void **state)
{
    const char *const one[] = {"App-ID: a", "Auth-Token: b", NULL};
    const char *const same[] = {"App-ID: a", "Auth-Token: b", NULL};
    const char *const fewer[] = {"App-ID: a", NULL};
    const char *const none[] = {NULL};
    const char *const wrong[] = {"no colon", NULL};
    uvrest_reason reason = {""};
    uvrest__lane *lane = NULL;
    fixture f;
    (void)state;
    assert_int_equal(make(&f, NULL, "https://equal.invalid", 0), UVREST_OK);
    assert_ptr_equal(join(&f, NULL), f.lanes.own);
    assert_ptr_equal(join(&f, one), join(&f, same));
    assert_ptr_not_equal(join(&f, fewer), join(&f, none));
    assert_ptr_not_equal(join(&f, own_lines), f.lanes.own); /* brought ones are told as such in answers */
    assert_int_equal(f.lanes.n_brought, 4);
    assert_int_equal(uvrest__lanes_join(&f.lanes, wrong, &reason, &lane), UVREST_E_INVALID);
    assert_null(lane);
    uvrest__lanes_leave(&f.lanes, join(&f, one), 0);
    assert_int_equal(f.lanes.n_brought, 4);
    uvrest__lanes_abandon(&f.lanes); /* whoever is left in them */
    uvrest__lanes_fini(&f.lanes, 0);
}

static void a_lane_goes_with_its_last_call(void **state)
{
    enum { N = 1000 };
    static uvrest__lane *joined[N];
    support_alloc counting;
    size_t n_live;
    fixture f;
    (void)state;
    support_alloc_init(&counting);
    assert_int_equal(make(&f, &counting.alloc, "https://goes.invalid", 0), UVREST_OK);
    for (size_t i = 0; i < N; i++) {
        char line[32];
        const char *const lines[] = {line, NULL};
        snprintf(line, sizeof line, "App-ID: %zu", i);
        joined[i] = join(&f, lines);
        assert_ptr_equal(join(&f, lines), joined[i]);
    }
    n_live = counting.n_live;
    for (size_t i = 0; i < N; i++) {
        uvrest__lanes_leave(&f.lanes, joined[i], 0);
        uvrest__lanes_leave(&f.lanes, joined[i], 0);
    }
    assert_int_equal(counting.n_live, n_live - 2 * N); /* a lane and its line */
    uvrest__lanes_fini(&f.lanes, 0);
    assert_int_equal(counting.n_live, 0);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Seconds to make n lanes whose ledgers are all in use, and to end them. */
static double open_lanes(size_t n)
{
    uvrest__lane **joined = malloc(n * sizeof(uvrest__lane *));
    uvrest__ratelimit_ticket ticket;
    double begin;
    fixture f;
    assert_non_null(joined);
    assert_int_equal(make(&f, NULL, "https://many.invalid", 1), UVREST_OK);
    begin = seconds();
    for (size_t i = 0; i < n; i++) {
        char line[48];
        const char *const lines[] = {line, NULL};
        snprintf(line, sizeof line, "App-ID: %zu", i);
        joined[i] = join(&f, lines);
        assert_true(ask(&f, joined[i], MS, &ticket));
        answer(joined[i], &ticket, MS);
    }
    for (size_t i = 0; i < n; i++)
        uvrest__lanes_leave(&f.lanes, joined[i], 2000 * MS);
    begin = seconds() - begin;
    uvrest__lanes_fini(&f.lanes, 2000 * MS);
    free(joined);
    return begin;
}

static void ledgers_of_many_lanes_are_found_in_linear_time(void **state)
{
    double few = open_lanes(4000);
    double many = open_lanes(20000);
    (void)state;
    if (many > few * 5 * 3)
        fail_msg("4,000 lanes take %.3f s, 20,000 take %.3f s", few, many);
}

static void turns_go_by_priority_then_arrival_whatever_the_lane(void **state)
{
    static const uvrest_priority priorities[] = {UVREST_PRIORITY_BULK, UVREST_PRIORITY_NORMAL, UVREST_PRIORITY_NORMAL,
                                                 UVREST_PRIORITY_HIGH, UVREST_PRIORITY_NORMAL, UVREST_PRIORITY_HIGH};
    static const size_t expected[] = {3, 5, 1, 2, 4, 0};
    enum { N = sizeof priorities / sizeof priorities[0] };
    const char *const other[] = {"App-ID: other", NULL};
    uvrest__queue_item items[N];
    uvrest__lane *lanes[N];
    fixture f;
    (void)state;
    assert_int_equal(make(&f, NULL, "https://turns.invalid", 0), UVREST_OK);
    memset(items, 0, sizeof items);
    for (size_t i = N; i-- > 0;) { /* the newest first: one that comes back takes its old place */
        items[i].number = i;
        items[i].priority = (uint8_t)priorities[i];
        lanes[i] = join(&f, i % 2 == 0 ? NULL : other);
        uvrest__lanes_put(&f.lanes, lanes[i], &items[i]);
    }
    assert_int_equal(f.lanes.n_waiting, N);
    for (size_t i = 0; i < N; i++) {
        uvrest__lane *lane = uvrest__lanes_turn(&f.lanes);
        assert_non_null(lane);
        assert_ptr_equal(uvrest__queue_peek(&lane->queue), &items[expected[i]]);
        uvrest__lanes_remove(&f.lanes, lane, &items[expected[i]]);
    }
    assert_null(uvrest__lanes_turn(&f.lanes));
    for (size_t i = 0; i < N; i++)
        uvrest__lanes_leave(&f.lanes, lanes[i], 0);
    uvrest__lanes_fini(&f.lanes, 0);
}

static void a_held_lane_is_offered_when_its_time_has_come(void **state)
{
    uvrest__queue_item item = {.number = 1};
    uvrest__ratelimit_ticket ticket;
    uvrest__lane *lane;
    uint64_t due;
    fixture f;
    (void)state;
    assert_int_equal(make(&f, NULL, "https://held.invalid", 1), UVREST_OK);
    lane = join(&f, NULL);
    assert_true(ask(&f, lane, 5 * MS, &ticket));
    answer(lane, &ticket, 5 * MS);
    uvrest__lanes_put(&f.lanes, lane, &item);
    assert_false(ask(&f, lane, 6 * MS, &ticket));
    assert_null(uvrest__lanes_turn(&f.lanes));
    due = uvrest__lanes_due(&f.lanes);
    assert_true(due > 1000 * MS && due < 1100 * MS);
    assert_int_equal(lane->blocked_ns, due);
    uvrest__lanes_offer_due(&f.lanes, due - 1);
    assert_null(uvrest__lanes_turn(&f.lanes));
    uvrest__lanes_offer_due(&f.lanes, due);
    assert_ptr_equal(uvrest__lanes_turn(&f.lanes), lane);
    assert_true(uvrest__lanes_due(&f.lanes) == UINT64_MAX); /* its time is over: nobody is to be woken for it again */
    uvrest__lanes_remove(&f.lanes, lane, &item);
    assert_int_equal(lane->blocked_ns, 0);
    uvrest__lanes_leave(&f.lanes, lane, 0);
    uvrest__lanes_fini(&f.lanes, due);
}

static void a_held_lane_is_offered_when_a_call_comes_or_goes(void **state)
{
    uvrest__queue_item items[2] = {{.number = 1}, {.number = 2, .priority = UVREST_PRIORITY_HIGH}};
    uvrest__ratelimit_ticket ticket;
    uvrest__lane *lane;
    fixture f;
    (void)state;
    assert_int_equal(make(&f, NULL, "https://comes.invalid", 1), UVREST_OK);
    lane = join(&f, NULL);
    assert_true(ask(&f, lane, MS, &ticket));
    answer(lane, &ticket, MS);
    uvrest__lanes_put(&f.lanes, lane, &items[0]);
    assert_false(ask(&f, lane, 2 * MS, &ticket));
    uvrest__lanes_put(&f.lanes, lane, &items[1]);
    assert_ptr_equal(uvrest__lanes_turn(&f.lanes), lane);
    assert_false(ask(&f, lane, 3 * MS, &ticket));
    uvrest__lanes_remove(&f.lanes, lane, &items[1]);
    assert_ptr_equal(uvrest__lanes_turn(&f.lanes), lane);
    assert_true(lane->waits);
    uvrest__lanes_remove(&f.lanes, lane, &items[0]);
    assert_null(uvrest__lanes_turn(&f.lanes));
    assert_false(lane->waits);
    uvrest__lanes_leave(&f.lanes, lane, 0);
    uvrest__lanes_fini(&f.lanes, 4 * MS);
}

static void a_held_lane_is_offered_when_its_ledger_calls(void **state)
{
    uvrest__queue_item item = {.number = 1};
    uvrest__ratelimit_ticket tickets[2];
    uvrest__lane *here;
    uvrest__lane *there;
    fixture f;
    fixture other;
    (void)state;
    assert_int_equal(make(&f, NULL, "https://calls.invalid", 1), UVREST_OK);
    assert_int_equal(make(&other, NULL, "https://calls.invalid", 1), UVREST_OK);
    here = join(&f, NULL);
    there = join(&other, NULL);
    assert_true(ask(&other, there, MS, &tickets[0]));
    uvrest__lanes_put(&f.lanes, here, &item);
    assert_false(ask(&f, here, 2 * MS, &tickets[1]));
    uvrest__lanes_listen(&f.lanes);
    assert_null(uvrest__lanes_turn(&f.lanes));
    uvrest__ratelimit_not_sent(there->ledger, &tickets[0], 3 * MS);
    assert_int_equal(f.n_calls, 1);
    assert_int_equal(other.n_calls, 0);
    uvrest__lanes_listen(&f.lanes);
    assert_ptr_equal(uvrest__lanes_turn(&f.lanes), here);
    assert_true(ask(&f, here, 3 * MS, &tickets[1]));
    answer(here, &tickets[1], 3 * MS);
    uvrest__lanes_remove(&f.lanes, here, &item);
    uvrest__lanes_leave(&f.lanes, here, 0);
    uvrest__lanes_leave(&other.lanes, there, 0);
    uvrest__lanes_fini(&f.lanes, 3 * MS);
    uvrest__lanes_fini(&other.lanes, 3 * MS);
}

static uvrest_status make_and_join(const uvrest_alloc *alloc, void *user)
{
    const char *const lines[] = {"App-ID: brought", "Auth-Token: too", NULL};
    uvrest__lane *lane;
    fixture f;
    uvrest_status st = make(&f, alloc, "https://memory.invalid", 0);
    (void)user;
    if (st != UVREST_OK)
        return st;
    st = uvrest__lanes_join(&f.lanes, lines, NULL, &lane);
    if (st == UVREST_OK)
        uvrest__lanes_leave(&f.lanes, lane, 0);
    uvrest__lanes_fini(&f.lanes, 0);
    return st;
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    support_fail_each(make_and_join, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_credentials_share_a_lane),
        cmocka_unit_test(a_lane_goes_with_its_last_call),
        cmocka_unit_test(ledgers_of_many_lanes_are_found_in_linear_time),
        cmocka_unit_test(turns_go_by_priority_then_arrival_whatever_the_lane),
        cmocka_unit_test(a_held_lane_is_offered_when_its_time_has_come),
        cmocka_unit_test(a_held_lane_is_offered_when_a_call_comes_or_goes),
        cmocka_unit_test(a_held_lane_is_offered_when_its_ledger_calls),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
