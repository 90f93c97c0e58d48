/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "fakes.h"
#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS UVREST__NS_PER_MS
#define S UVREST__NS_PER_S

/* A small ledger: 10 in 1 s, and 100 ms of guard to tell the two apart. */
static uvrest__ratelimit_conf conf;
static uvrest__ledger ledger;
static uvrest__ratelimit_ticket ticket;
static uvrest__ratelimit_wait wait;
static uint64_t now;

/* An empty ledger as conf says. */
static void reopen(void)
{
    uvrest__ledger_fini(&ledger, NULL);
    assert_int_equal(uvrest__ledger_init(&ledger, NULL, &conf, 1), UVREST_OK);
}

static int begin(void **state)
{
    const uvrest_rate_limit options = {
        .requests = 10, .window_ms = 1000, .guard_ms = 100, .first_contact = 10, .jitter = UVREST_OFF};
    (void)state;
    now = 1000 * S;
    assert_int_equal(uvrest__ratelimit_configure(&conf, &options, 0, 0, NULL), UVREST_OK);
    reopen();
    return 0;
}

static int end(void **state)
{
    (void)state;
    uvrest__ledger_fini(&ledger, NULL);
    return 0;
}

static bool ask(uvrest_priority priority)
{
    return uvrest__ledger_acquire(&ledger, now, priority, conf.proactive, &ticket, &wait);
}

static bool acquire(void)
{
    return ask(UVREST_PRIORITY_NORMAL);
}

static uvrest__ratelimit_ticket must_acquire(void)
{
    if (!acquire())
        fail_msg("has to wait %lu ns, cause %d", (unsigned long)wait.ns, (int)wait.cause);
    return ticket;
}

static void must_wait(uvrest__ratelimit_cause cause, uint64_t ns, bool firm)
{
    assert_false(acquire());
    assert_int_equal(wait.cause, cause);
    assert_int_equal(wait.ns, ns);
    assert_int_equal(wait.firm, firm);
}

static void answer(uvrest__ratelimit_ticket t, int http_status, int64_t retry_after_ms, int64_t remaining)
{
    uvrest__ratelimit_answer a = {http_status, retry_after_ms, UVREST__QUOTA_NONE};
    a.quota.remaining = remaining;
    uvrest__ledger_answered(&ledger, &t, now, &a);
}

static uvrest__ratelimit_stats stats(void)
{
    uvrest__ratelimit_stats out;
    uvrest__ledger_read_stats(&ledger, now, &out);
    return out;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static void slots_return_a_window_and_a_guard_after_the_answer(void **state)
{
    uvrest__ratelimit_ticket tickets[10];
    (void)state;
    for (int i = 0; i < 10; i++)
        tickets[i] = must_acquire();
    must_wait(UVREST__RATELIMIT_SLOTS, UINT64_MAX, false);
    now += 300 * MS;
    for (int i = 0; i < 9; i++)
        answer(tickets[i], 200, -1, -1);
    must_wait(UVREST__RATELIMIT_SLOTS, 1100 * MS, false); /* one is under way and may turn out never sent */
    now += 50 * MS;
    answer(tickets[9], 200, -1, -1);
    must_wait(UVREST__RATELIMIT_SLOTS, 1050 * MS, true);
    now += 1050 * MS - 1;
    must_wait(UVREST__RATELIMIT_SLOTS, 1, true);
    now += 1;
    for (int i = 0; i < 9; i++)
        must_acquire();
    must_wait(UVREST__RATELIMIT_SLOTS, 50 * MS, false);
    assert_int_equal(stats().in_flight, 9);
    assert_int_equal(stats().sent, 19);
    assert_int_equal(stats().free_slots, 0);
    for (int i = 0; i < 9; i++)
        answer(tickets[0], 200, -1, -1);
}

static void slots_of_what_was_not_sent_are_free_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        must_acquire();
    assert_false(acquire());
    uvrest__ledger_not_sent(&ledger, &ticket, now);
    must_acquire();
    for (int i = 0; i < 10; i++)
        uvrest__ledger_not_sent(&ledger, &ticket, now);
    assert_int_equal(stats().free_slots, 10);
    assert_int_equal(stats().in_flight, 0);
}

/* Row 72: it may have been counted as late as when we stopped waiting for it. */
static void slots_of_lost_answers_are_held_from_giving_up_row_72(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        must_acquire();
    now += 5 * S;
    for (int i = 0; i < 10; i++)
        uvrest__ledger_given_up(&ledger, &ticket, now);
    must_wait(UVREST__RATELIMIT_SLOTS, 1100 * MS, true);
}

/* Rows 74 and 75. */
static void bulk_leaves_a_reserve_row_74(void **state)
{
    const uvrest_rate_limit options = {.requests = 100, .window_ms = 1000, .first_contact = 1000};
    (void)state;
    assert_int_equal(uvrest__ratelimit_configure(&conf, &options, 0, 0, NULL), UVREST_OK);
    reopen();
    for (int i = 0; i < 95; i++)
        assert_true(ask(UVREST_PRIORITY_BULK));
    assert_false(ask(UVREST_PRIORITY_BULK));
    assert_int_equal(wait.cause, UVREST__RATELIMIT_RESERVE);
    assert_true(ask(UVREST_PRIORITY_HIGH));
    for (int i = 0; i < 4; i++)
        must_acquire();
    must_wait(UVREST__RATELIMIT_SLOTS, UINT64_MAX, false);
    for (int i = 0; i < 100; i++) {
        now += MS;
        answer(ticket, 200, -1, -1);
    }
    /* The first five that return are not for bulk. */
    assert_false(ask(UVREST_PRIORITY_BULK));
    assert_int_equal(wait.cause, UVREST__RATELIMIT_SLOTS);
    now += wait.ns;
    assert_false(ask(UVREST_PRIORITY_BULK));
    assert_int_equal(wait.cause, UVREST__RATELIMIT_RESERVE);
    assert_int_equal(wait.ns, 5 * MS);
    assert_true(wait.firm);
    now += wait.ns;
    assert_true(ask(UVREST_PRIORITY_BULK));
    answer(ticket, 200, -1, -1);
}

/* Row 71: five minutes of sleep give the window back, not five minutes' worth of windows. */
static void suspend_gives_one_window_back_row_71(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        answer(must_acquire(), 200, -1, -1);
    assert_false(acquire());
    now += 300 * S;
    for (int i = 0; i < 10; i++)
        must_acquire();
    must_wait(UVREST__RATELIMIT_SLOTS, UINT64_MAX, false);
    for (int i = 0; i < 10; i++)
        answer(ticket, 200, -1, -1);
}

static void time_that_goes_back_is_not_believed_row_71(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        answer(must_acquire(), 200, -1, -1);
    now -= 500 * S;
    must_wait(UVREST__RATELIMIT_SLOTS, 1100 * MS, true);
    now += 500 * S + 1100 * MS;
    answer(must_acquire(), 200, -1, -1);
}

static void a_clock_near_its_end_is_no_trouble_row_121(void **state)
{
    (void)state;
    now = UINT64_C(1) << 63;
    for (int i = 0; i < 10; i++)
        answer(must_acquire(), 200, -1, -1);
    must_wait(UVREST__RATELIMIT_SLOTS, 1100 * MS, true);
    now += 1100 * MS;
    answer(must_acquire(), 200, -1, -1);
}

/* ---- the server's count ------------------------------------------------------------------------------------------ */

static void first_contact_is_a_few_at_a_time(void **state)
{
    (void)state;
    conf.first_contact = 3;
    reopen();
    for (int i = 0; i < 3; i++)
        must_acquire();
    must_wait(UVREST__RATELIMIT_CONTACT, UINT64_MAX, false);
    uvrest__ledger_given_up(&ledger, &ticket, now);
    must_acquire(); /* one that is lost tells nothing, and makes room for another */
    must_wait(UVREST__RATELIMIT_CONTACT, UINT64_MAX, false);
    answer(ticket, 200, -1, 7);
    for (int i = 0; i < 6; i++)
        must_acquire();
    must_wait(UVREST__RATELIMIT_SLOTS, 1100 * MS, false);
    for (int i = 0; i < 8; i++)
        answer(ticket, 200, -1, -1);
    /* A window without anything, and it begins anew. */
    now += 2 * S;
    for (int i = 0; i < 3; i++)
        must_acquire();
    must_wait(UVREST__RATELIMIT_CONTACT, UINT64_MAX, false);
    for (int i = 0; i < 3; i++)
        answer(ticket, 200, -1, -1);
}

static void returned_slots_are_verified_by_the_servers_count(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        answer(must_acquire(), 200, -1, 9 - i);
    now += 600 * MS;
    answer(must_acquire(), 200, -1, 4);
    now += 600 * MS; /* five are back, and since then nothing has been heard for so long … */
    now += 200 * MS;
    (void)must_acquire(); /* … that one may ask */
    must_wait(UVREST__RATELIMIT_VERIFY, 750 * MS, false);
    now += 100 * MS;
    answer(ticket, 200, -1, 7);
    /* Seven are left: seven may go, though eight slots are free. */
    assert_int_equal(stats().free_slots, 8);
    for (int i = 0; i < 7; i++)
        (void)must_acquire();
    must_wait(UVREST__RATELIMIT_VERIFY, 750 * MS, false);
    for (int i = 0; i < 7; i++)
        answer(ticket, 200, -1, 1);
    assert_false(stats().verified);
}

static void others_are_noticed_by_the_servers_count_row_65(void **state)
{
    (void)state;
    answer(must_acquire(), 200, -1, 9);
    assert_false(stats().peers);
    now += 10 * MS;
    answer(must_acquire(), 200, -1, 3); /* seven counted, ours are two */
    assert_true(stats().peers);
    (void)must_acquire(); /* a share below one still probes */
    assert_false(acquire());
    assert_int_equal(wait.cause, UVREST__RATELIMIT_PEERS);
    answer(ticket, 200, -1, 0);
    /* Nothing is left: not before one of our own comes back. */
    now += 500 * MS;
    must_wait(UVREST__RATELIMIT_PEERS, 590 * MS, false);
    now += 590 * MS;
    answer(must_acquire(), 200, -1, 9);
    now += 1000 * MS; /* for a window nobody else was seen */
    assert_false(stats().peers);
}

/* Sends 41, of which 21 are answered while the rest is under way, each counted together with those of others; then all
 * that may go out. Returns how many went out. */
static uint64_t send_beside(int64_t n_others)
{
    uvrest__ratelimit_ticket tickets[40];
    conf.slots = 100;
    reopen();
    answer(must_acquire(), 200, -1, 99);
    for (int i = 0; i < 40; i++) {
        now += MS;
        tickets[i] = must_acquire();
    }
    now += 50 * MS;
    for (int i = 0; i < 20; i++)
        answer(tickets[i], 200, -1, 100 - (i + 2) - n_others);
    while (acquire())
        now += MS;
    assert_false(stats().peers); /* that much may be ours: nothing is certain */
    return stats().sent;
}

static void what_others_use_is_left_to_them_before_it_is_certain_row_65(void **state)
{
    (void)state;
    assert_int_equal(send_beside(0), 100);
    assert_int_equal(wait.cause, UVREST__RATELIMIT_SLOTS);
    assert_int_equal(send_beside(2), 100); /* no more than what a count may be off */
    assert_int_equal(send_beside(10), 91);
    assert_int_equal(wait.cause, UVREST__RATELIMIT_PEERS);
    assert_true(wait.ns <= 750 * MS && !wait.firm);
    answer(ticket, 200, -1, 10);
    now += 750 * MS + 1; /* no count for long: one goes out for it at a time */
    (void)must_acquire();
    must_wait(UVREST__RATELIMIT_PEERS, 750 * MS, false);
}

static void counts_that_make_no_sense_do_no_harm_row_66(void **state)
{
    static const int64_t remaining[] = {INT64_C(1000000000000), 1000000, 11, -1};
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (int i = 0; i < 10; i++) {
            answer(must_acquire(), 200, -1, remaining[k]);
            now += MS;
        }
        assert_false(acquire());
        assert_int_equal(wait.cause, UVREST__RATELIMIT_SLOTS);
        assert_false(stats().peers);
        now += 1100 * MS;
    }
}

/* Where answers stop telling the count, rule 1 goes on alone. */
static void silence_about_the_count_is_survived_row_66(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        answer(must_acquire(), 200, -1, 9 - i);
    for (int round = 0; round < 20; round++) {
        now += 200 * MS;
        if (acquire())
            answer(ticket, 200, -1, -1);
    }
    now += 900 * MS; /* never a whole window without a request */
    for (int i = 0; i < 3; i++)
        must_acquire();
    for (int i = 0; i < 3; i++)
        answer(ticket, 200, -1, -1);
}

static void announced_limits_lower_and_never_raise(void **state)
{
    uvrest__ratelimit_answer a = {200, -1, {.remaining = 4, .limit = 5, .window_ms = -1, .burst = -1}};
    (void)state;
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_int_equal(stats().slots, 5);
    assert_int_equal(stats().free_slots, 4);
    assert_false(stats().peers);
    a.quota = (uvrest__quota){.remaining = 500, .limit = 1000, .window_ms = 100, .burst = -1};
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_int_equal(stats().slots, 10);
    /* Four in two seconds: fewer, and back later. */
    a.quota = (uvrest__quota){.remaining = 2, .limit = 4, .window_ms = 2000, .burst = -1};
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    must_wait(UVREST__RATELIMIT_SLOTS, 2100 * MS, true);
    /* Five in half a second is ten in a second: the shorter window is taken over. Four in half a second, twice. */
    a.quota = (uvrest__quota){.remaining = 3, .limit = 5, .window_ms = 500, .burst = -1};
    now += 2100 * MS;
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_int_equal(stats().slots, 5);
    now += 600 * MS;
    assert_int_equal(stats().free_slots, 5);
    /* A limit of less than what is left belongs to another window, and one for a day is another kind of limit. */
    a.quota = (uvrest__quota){.remaining = 9, .limit = 2, .window_ms = -1, .burst = -1};
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_int_equal(stats().slots, 5);
    a.quota = (uvrest__quota){.remaining = 1, .limit = 2, .window_ms = 86400000, .burst = -1};
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_int_equal(stats().slots, 5);
}

static void announced_seconds_are_kept_evenly(void **state)
{
    uvrest__ratelimit_answer a = {200, -1, {.remaining = 1, .limit = -1, .window_ms = -1, .burst = 2}};
    (void)state;
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_int_equal(stats().per_second, 1880); /* 94 % of two */
    assert_false(stats().peers);
    for (int i = 0; i < 2; i++) { /* the first send is one of this second's */
        must_wait(UVREST__RATELIMIT_PER_SECOND, 100 * S / 188, true);
        now += wait.ns;
        (void)must_acquire();
        uvrest__ledger_answered(&ledger, &ticket, now, &a);
    }
}

static void what_is_left_of_a_second_is_not_what_is_left_of_the_window(void **state)
{
    uvrest__ratelimit_answer a = {
        200, -1, {.remaining = 1, .limit = 5, .window_ms = 1000, .burst = 3, .of_second = true}};
    (void)state;
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_false(stats().peers);
    a.quota.of_second = false;
    now += S;
    (void)must_acquire();
    uvrest__ledger_answered(&ledger, &ticket, now, &a);
    assert_true(stats().peers); /* four of five are gone, and one is ours */
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

/* Row 60: never longer than a minute at a time, whatever is named. */
static void pauses_have_a_ceiling_row_60(void **state)
{
    (void)state;
    answer(must_acquire(), 429, UVREST__RETRY_AFTER_MAX_MS, -1);
    assert_in_range(stats().paused_ns, 60 * S, 66 * S);
}

/* Row 62 and the options' backoff: 1 s, 2 s, 4 s … 30 s, without jitter here. */
static void refusals_without_a_hint_back_off_row_62(void **state)
{
    static const uint64_t seconds[] = {1, 2, 4, 8, 16, 30, 30};
    (void)state;
    for (int i = 0; i < 7; i++) {
        answer(must_acquire(), 429, -1, -1);
        must_wait(UVREST__RATELIMIT_PAUSED, seconds[i] * S, true);
        now += wait.ns;
    }
    answer(must_acquire(), 200, -1, -1);
    answer(must_acquire(), 429, -1, -1); /* a success makes it begin anew */
    must_wait(UVREST__RATELIMIT_PAUSED, S, true);
    assert_int_equal(stats().pauses, 2);
}

/* Row 63: the answers of a burst are one episode, and each pause costs one request. */
static void a_burst_of_refusals_is_one_pause_row_63(void **state)
{
    uvrest__ratelimit_ticket burst[5];
    (void)state;
    for (int i = 0; i < 5; i++)
        burst[i] = must_acquire();
    now += 100 * MS;
    for (int i = 0; i < 4; i++)
        answer(burst[i], 429, -1, -1);
    must_wait(UVREST__RATELIMIT_PAUSED, S, true);
    answer(burst[4], 429, 2500, -1); /* knows better how long */
    must_wait(UVREST__RATELIMIT_PAUSED, 2500 * MS, true);
    assert_int_equal(stats().pauses, 1);
    for (int i = 0; i < 20; i++) {
        now += wait.ns;
        answer(must_acquire(), 429, 1000, -1);
        assert_false(acquire());
        assert_int_equal(wait.cause, UVREST__RATELIMIT_PAUSED);
    }
    assert_int_equal(stats().sent, 25);
    assert_int_equal(stats().pauses, 1);
}

static void a_server_that_says_at_once_is_not_asked_at_once_for_ever_row_63(void **state)
{
    (void)state;
    answer(must_acquire(), 429, 0, -1);
    answer(must_acquire(), 429, 0, -1);
    must_wait(UVREST__RATELIMIT_PAUSED, 2 * S, true);
}

/* A probe of which nothing is heard must not hold everybody for ever. */
static void a_lost_probe_makes_room_for_the_next(void **state)
{
    (void)state;
    answer(must_acquire(), 429, 1000, -1);
    now += 1100 * MS;
    (void)must_acquire();
    must_wait(UVREST__RATELIMIT_PAUSED, UINT64_MAX, false);
    uvrest__ledger_given_up(&ledger, &ticket, now);
    (void)must_acquire();
    assert_true(ticket.probe);
    uvrest__ledger_not_sent(&ledger, &ticket, now);
    answer(must_acquire(), 500, -1, -1); /* any answer but 429 ends the pause */
    assert_false(must_acquire().probe);
    answer(ticket, 200, -1, -1);
}

/* Row 62: with no slot free and nothing named, the pause lasts until our own next slot. */
static void a_pause_does_not_override_the_slots_row_62(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        answer(must_acquire(), 200, -1, -1);
    answer(must_acquire(), 429, 100, -1);
    now += 200 * MS;
    assert_false(acquire());
    assert_int_equal(wait.cause, UVREST__RATELIMIT_SLOTS);
    assert_int_equal(wait.ns, 900 * MS);
}

static void an_ordinary_refusal_teaches_no_limit_a_second(void **state)
{
    (void)state;
    assert_int_equal(uvrest__ratelimit_configure(&conf, NULL, 1000, 20000, NULL), UVREST_OK);
    reopen();
    answer(must_acquire(), 429, -1, 50); /* no more left than a second's share */
    assert_int_equal(stats().per_second, 0);
}

/* Row 64, one request at a time. */
static void a_limit_a_second_is_learnt_row_64(void **state)
{
    uvrest__ratelimit_stats s;
    (void)state;
    assert_int_equal(uvrest__ratelimit_configure(&conf, NULL, 1000, 20000, NULL), UVREST_OK);
    reopen();
    answer(must_acquire(), 200, -1, 999);
    answer(must_acquire(), 429, -1, 998);
    s = stats();
    assert_int_equal(s.per_second, 47000);
    assert_true(s.paused_ns >= S);
    now += s.paused_ns;
    answer(must_acquire(), 200, -1, 997);
    for (int i = 0; i < 46; i++) {
        must_wait(UVREST__RATELIMIT_PER_SECOND, 20 * MS * 100 / 94, true);
        now += wait.ns;
        answer(must_acquire(), 200, -1, 996 - i);
    }
    now += 5 * S;
    answer(must_acquire(), 429, -1, 950); /* still too fast */
    assert_int_equal(stats().per_second, 44180);
}

static void without_a_window_only_refusals_hold(void **state)
{
    (void)state;
    assert_int_equal(uvrest__ratelimit_configure(&conf, NULL, 0, 0, NULL), UVREST_OK);
    reopen();
    for (int i = 0; i < 1000; i++)
        (void)must_acquire();
    for (int i = 0; i < 500; i++)
        answer(ticket, 200, -1, 0);
    for (int i = 0; i < 400; i++)
        uvrest__ledger_given_up(&ledger, &ticket, now);
    for (int i = 0; i < 100; i++)
        uvrest__ledger_not_sent(&ledger, &ticket, now);
    answer(must_acquire(), 429, 1000, 500);
    assert_false(acquire());
    assert_int_equal(wait.cause, UVREST__RATELIMIT_PAUSED);
    assert_int_equal(stats().slots, 0);
    assert_int_equal(stats().per_second, 0);
}

/* A single client's refusal, its pause, the probe, and what a late answer from before does to it: nothing. */
static void one_probe_ends_a_pause_row_59(void **state)
{
    uvrest__ratelimit_ticket probe, late = must_acquire();
    uint64_t pause;
    (void)state;
    answer(must_acquire(), 429, 3000, -1);
    pause = stats().paused_ns;
    assert_in_range(pause, 3000 * MS, 3300 * MS);
    must_wait(UVREST__RATELIMIT_PAUSED, pause, true);
    answer(late, 200, -1, -1);
    must_wait(UVREST__RATELIMIT_PAUSED, pause, true);
    now += pause;
    probe = must_acquire();
    assert_true(probe.probe);
    must_wait(UVREST__RATELIMIT_PAUSED, UINT64_MAX, false);
    answer(probe, 200, -1, -1);
    assert_false(must_acquire().probe);
    assert_int_equal(stats().refused, 1);
    assert_int_equal(stats().pauses, 1);
}

static void jitter_spreads_over_the_upper_half_row_62(void **state)
{
    uint64_t shortest = UINT64_MAX, longest = 0;
    (void)state;
    conf.jitter = true;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uvrest__ledger_fini(&ledger, NULL);
        assert_int_equal(uvrest__ledger_init(&ledger, NULL, &conf, seed), UVREST_OK);
        answer(must_acquire(), 429, -1, -1);
        assert_false(acquire());
        assert_in_range(wait.ns, S / 2, S);
        shortest = wait.ns < shortest ? wait.ns : shortest;
        longest = wait.ns > longest ? wait.ns : longest;
    }
    assert_true(shortest < 550 * MS && longest > 950 * MS);
}

static void throttling_can_be_reactive_only(void **state)
{
    (void)state;
    conf.proactive = false;
    for (int i = 0; i < 1000; i++)
        (void)must_acquire();
    for (int i = 0; i < 1000; i++)
        answer(ticket, 200, -1, 0);
    assert_int_equal(stats().free_slots, 0);
    answer(must_acquire(), 429, 1000, 0);
    assert_false(acquire());
    assert_int_equal(wait.cause, UVREST__RATELIMIT_PAUSED);
    now += wait.ns;
    assert_true(must_acquire().probe);
    assert_false(acquire());
    answer(ticket, 200, -1, 0);
    (void)must_acquire();
    answer(ticket, 200, -1, 0);
}

/* The probe used up what the server had given back; with the next slots the next probe goes, and not when the count is
 * stale. */
static void verifying_goes_on_with_the_slots(void **state)
{
    (void)state;
    answer(must_acquire(), 200, -1, 9);
    now += 150 * MS;
    for (int i = 8; i >= 0; i--)
        answer(must_acquire(), 200, -1, i);
    now += 950 * MS;
    must_acquire();
    now += 10 * MS;
    answer(ticket, 200, -1, 0);
    must_wait(UVREST__RATELIMIT_SLOTS, 140 * MS, true);
    now += 140 * MS;
    must_acquire();
    must_wait(UVREST__RATELIMIT_VERIFY, 610 * MS, false); /* one at a time */
    answer(ticket, 200, -1, 7);
    must_acquire();
}

/* ---- other ways of holding --------------------------------------------------------------------------------------- */

static void smooth_spreads_sends_evenly(void **state)
{
    uint64_t interval;
    (void)state;
    conf.slots = 1000;
    conf.window_ns = 20 * S;
    conf.smooth = true;
    reopen();
    interval = 20 * S * 100 / (1000 * 94); /* 47 a second */
    assert_int_equal(stats().per_second, 47000);
    for (int i = 0; i < 2000; i++) {
        answer(must_acquire(), 200, -1, -1);
        must_wait(UVREST__RATELIMIT_PER_SECOND, interval, true);
        now += interval;
    }
    now += 60 * S; /* a rest saves nothing up */
    must_acquire();
    must_wait(UVREST__RATELIMIT_PER_SECOND, interval, true);
}

/* Between two sends, by the share of the quota that the server says is left. */
static void graduated_delays_are_aiopythoniks(void **state)
{
    static const struct {
        int64_t remaining;
        uint64_t delay_ms;
    } rows[] = {{999, 0},    {800, 0},    {300, 0},   {299, 104}, {250, 300}, {201, 496}, {200, 500},
                {150, 1250}, {100, 2000}, {99, 2030}, {50, 3500}, {1, 4970},  {0, 5000}};
    (void)state;
    conf.slots = 1000;
    conf.window_ns = 20 * S;
    conf.policy = UVREST_POLICY_GRADUATED;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reopen();
        answer(must_acquire(), 200, -1, rows[i].remaining);
        if (rows[i].delay_ms > 0) {
            must_wait(UVREST__RATELIMIT_GRADUATED, rows[i].delay_ms * MS, false);
            now += rows[i].delay_ms * MS;
        }
        must_acquire();
    }
}

static void graduated_delays_have_a_threshold_and_a_ceiling(void **state)
{
    (void)state;
    conf.slots = 1000;
    conf.policy = UVREST_POLICY_GRADUATED;
    conf.window_ns = 20 * S;
    conf.free_permille = 150;
    conf.max_delay_ns = 1500 * MS;
    reopen();
    answer(must_acquire(), 200, -1, 150);
    answer(must_acquire(), 200, -1, 149);
    must_wait(UVREST__RATELIMIT_GRADUATED, 1265 * MS, false);
    now += 1265 * MS;
    answer(must_acquire(), 200, -1, 20);
    must_wait(UVREST__RATELIMIT_GRADUATED, 1500 * MS, false);
    now += 1500 * MS;
    answer(must_acquire(), 200, -1, 900); /* the window moved on */
    must_acquire();
}

static void graduated_delays_keep_to_the_slots(void **state)
{
    uint64_t sends[40];
    (void)state;
    conf.policy = UVREST_POLICY_GRADUATED;
    reopen();
    for (int i = 0; i < 40; i++) { /* the server tells nothing: the book does */
        while (!acquire())
            now += wait.ns;
        sends[i] = now;
        answer(ticket, 200, -1, -1);
        if (i >= 10)
            assert_true(sends[i] - sends[i - 10] >= 1100 * MS);
    }
    assert_true(sends[7] == sends[0] && sends[8] > sends[7]);
}

static void the_ledger_is_the_stricter_policy(void **state)
{
    uvrest__ratelimit_conf other = conf;
    (void)state;
    conf.policy = UVREST_POLICY_GRADUATED;
    reopen();
    uvrest__ledger_tighten(&ledger, &other);
    for (int i = 0; i < 10; i++)
        must_acquire();
    other.smooth = true;
    now += 1;
    uvrest__ledger_tighten(&ledger, &other);
    assert_int_equal(stats().per_second, 9400);
}

/* ---- a pause of other machines ----------------------------------------------------------------------------------- */

static void an_adopted_pause_ends_when_told_or_by_a_probe(void **state)
{
    uvrest__ratelimit_ticket probe;
    (void)state;
    answer(must_acquire(), 200, -1, -1);
    uvrest__ledger_adopt_pause(&ledger, now, 2 * S);
    must_wait(UVREST__RATELIMIT_PAUSED, 2 * S, true);
    uvrest__ledger_adopt_pause(&ledger, now, 1 * S); /* no shorter */
    must_wait(UVREST__RATELIMIT_PAUSED, 2 * S, true);
    uvrest__ledger_end_adopted(&ledger);
    answer(must_acquire(), 200, -1, -1);
    uvrest__ledger_adopt_pause(&ledger, now, 1 * S);
    now += 1 * S;
    probe = must_acquire();
    assert_true(probe.probe);
    uvrest__ledger_adopt_pause(&ledger, now, 5 * S); /* the probe is under way: it decides */
    uvrest__ledger_end_adopted(&ledger);
    must_wait(UVREST__RATELIMIT_PAUSED, UINT64_MAX, false);
    answer(probe, 200, -1, -1);
    must_acquire();
}

static void a_pause_of_ones_own_is_nobody_elses_to_end(void **state)
{
    (void)state;
    answer(must_acquire(), 429, 3000, -1);
    uvrest__ledger_end_adopted(&ledger);
    uvrest__ledger_adopt_pause(&ledger, now, 60 * S);
    assert_false(acquire());
    assert_int_equal(wait.cause, UVREST__RATELIMIT_PAUSED);
    assert_in_range(wait.ns, 3 * S, 33 * S / 10);
}

static void a_refusal_makes_an_adopted_pause_ones_own(void **state)
{
    uvrest__ratelimit_ticket t = must_acquire();
    (void)state;
    uvrest__ledger_adopt_pause(&ledger, now, 1 * S);
    now += 1 * MS;
    answer(t, 429, 3000, -1);
    uvrest__ledger_end_adopted(&ledger);
    assert_false(acquire());
    assert_in_range(wait.ns, 3 * S, 33 * S / 10);
}

static void the_reserve_can_be_chosen_row_74(void **state)
{
    static const struct {
        uint32_t bulk_reserve, bulk; /* of 20 slots, so many are for bulk */
    } rows[] = {{0, 19}, {UVREST_ZERO, 20}, {5, 15}, {20, 1}, {1000, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uvrest_rate_limit options = {
            .requests = 20, .window_ms = 1000, .first_contact = 1000, .bulk_reserve = rows[i].bulk_reserve};
        uint32_t n = 0;
        assert_int_equal(uvrest__ratelimit_configure(&conf, &options, 0, 0, NULL), UVREST_OK);
        reopen();
        while (ask(UVREST_PRIORITY_BULK))
            n++;
        assert_int_equal(n, rows[i].bulk);
        while (ask(UVREST_PRIORITY_NORMAL))
            n++;
        assert_int_equal(n, 20);
    }
}

#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(an_adopted_pause_ends_when_told_or_by_a_probe),
        WITH_LEDGER(a_pause_of_ones_own_is_nobody_elses_to_end),
        WITH_LEDGER(a_refusal_makes_an_adopted_pause_ones_own),
        WITH_LEDGER(slots_return_a_window_and_a_guard_after_the_answer),
        WITH_LEDGER(slots_of_what_was_not_sent_are_free_at_once),
        WITH_LEDGER(slots_of_lost_answers_are_held_from_giving_up_row_72),
        WITH_LEDGER(bulk_leaves_a_reserve_row_74),
        WITH_LEDGER(the_reserve_can_be_chosen_row_74),
        WITH_LEDGER(suspend_gives_one_window_back_row_71),
        WITH_LEDGER(time_that_goes_back_is_not_believed_row_71),
        WITH_LEDGER(a_clock_near_its_end_is_no_trouble_row_121),
        WITH_LEDGER(first_contact_is_a_few_at_a_time),
        WITH_LEDGER(returned_slots_are_verified_by_the_servers_count),
        WITH_LEDGER(others_are_noticed_by_the_servers_count_row_65),
        WITH_LEDGER(what_others_use_is_left_to_them_before_it_is_certain_row_65),
        WITH_LEDGER(counts_that_make_no_sense_do_no_harm_row_66),
        WITH_LEDGER(silence_about_the_count_is_survived_row_66),
        WITH_LEDGER(announced_limits_lower_and_never_raise),
        WITH_LEDGER(what_is_left_of_a_second_is_not_what_is_left_of_the_window),
        WITH_LEDGER(announced_seconds_are_kept_evenly),
        WITH_LEDGER(pauses_have_a_ceiling_row_60),
        WITH_LEDGER(refusals_without_a_hint_back_off_row_62),
        WITH_LEDGER(a_burst_of_refusals_is_one_pause_row_63),
        WITH_LEDGER(a_server_that_says_at_once_is_not_asked_at_once_for_ever_row_63),
        WITH_LEDGER(a_lost_probe_makes_room_for_the_next),
        WITH_LEDGER(a_pause_does_not_override_the_slots_row_62),
        WITH_LEDGER(an_ordinary_refusal_teaches_no_limit_a_second),
        WITH_LEDGER(a_limit_a_second_is_learnt_row_64),
        WITH_LEDGER(without_a_window_only_refusals_hold),
        WITH_LEDGER(one_probe_ends_a_pause_row_59),
        WITH_LEDGER(jitter_spreads_over_the_upper_half_row_62),
        WITH_LEDGER(throttling_can_be_reactive_only),
        WITH_LEDGER(verifying_goes_on_with_the_slots),
        WITH_LEDGER(smooth_spreads_sends_evenly),
        WITH_LEDGER(graduated_delays_are_aiopythoniks),
        WITH_LEDGER(graduated_delays_have_a_threshold_and_a_ceiling),
        WITH_LEDGER(graduated_delays_keep_to_the_slots),
        WITH_LEDGER(the_ledger_is_the_stricter_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
