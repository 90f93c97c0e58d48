/* SPDX-License-Identifier: MIT */
/*
 * Slots that machines lease from a log. First the bookkeeping alone; then several holders in virtual time, with
 * latencies, lost questions and answers, crashes and a server that forgets or whose clock jumps: the script runs on a
 * real Redis server, which is told the time. Row 68 of the fault catalogue, between machines.
 */
#include "clock.h"
#include "fakes.h"
#include "leases.h"
#include "quota_sim.h"
#include "redis_server.h"
#include "support.h"

#include <stdlib.h>

#define MS UVREST__NS_PER_MS
#define S UVREST__NS_PER_S
#define SLOTS 100u
#define WINDOW (2 * S)
#define GUARD (25 * MS)
#define ATTEMPT (5 * S)

static const uint8_t key[UVREST__LEASES_KEY] = {0xab, 0xcd};
static const uvrest__ratelimit_conf conf = {
    .slots = SLOTS, .window_ns = WINDOW, .guard_ns = GUARD, .acquire_slots = 20, .leased = true, .alone_slots = 10};
static const uvrest__leases_terms plain = {
    .slots = SLOTS, .window_ns = WINDOW + GUARD, .guard_ns = GUARD, .reserve = 5, .seen = -1};

/* ---- bookkeeping ------------------------------------------------------------------------------------------------- */

static uvrest__leases leases;
static uint64_t now;
static uvrest__ratelimit_wait wait_for;
static uvrest__buf words;
static size_t n_words;

static int set_up(void **state)
{
    (void)state;
    now = 1000 * S;
    uvrest__buf_init(&words, NULL, 0);
    assert_status(uvrest__leases_init(&leases, NULL, &conf, key, fake_rand_most), UVREST_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    uvrest__leases_fini(&leases);
    uvrest__buf_fini(&words);
    return 0;
}

static const char *word(size_t i)
{
    const char *at = uvrest__buf_text(&words);
    assert_true(i < n_words);
    while (i-- > 0)
        at += strlen(at) + 1;
    return at;
}

/* The numbers of a question, by their place behind the keys and the holder's name. */
enum {
    SEQ = 6,
    EPOCH,
    FRESH,
    KNOWN,
    ELAPSED,
    PATIENCE,
    Q,
    W,
    LIFE,
    HORIZON,
    INTERVAL,
    PAUSE,
    OUT,
    WANT,
    KEEP,
    SEEN,
    AGO,
    REFUSED,
    REPORTS
};

static long long number(size_t i)
{
    return strtoll(word(i), NULL, 10);
}

static void ask_with(const uvrest__leases_terms *terms, bool leaving)
{
    uvrest__buf_clear(&words);
    assert_status(uvrest__leases_ask(&leases, now, terms, leaving, &words, &n_words), UVREST_OK);
}

static void ask(void)
{
    ask_with(&plain, false);
}

static uvrest__leases_news answer_of(const int64_t *values, size_t n)
{
    uvrest__leases_news news;
    assert_true(uvrest__leases_answer(&leases, now, values, n, &news));
    return news;
}

static void grant(int64_t n, int64_t in_us)
{
    int64_t values[] = {7, -1, -1, 0, 0, n, in_us};
    (void)answer_of(values, 7);
}

static bool may(void)
{
    return uvrest__leases_may(&leases, now, ATTEMPT, &wait_for);
}

static void send_one(void)
{
    if (!may())
        fail_msg("no slot");
    uvrest__leases_use(&leases);
}

static void lease(uint32_t n)
{
    uvrest__leases_expect(&leases, n, ATTEMPT, false);
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask();
    grant((int64_t)n, 0);
}

static void nothing_is_asked_for_nobody(void **state)
{
    (void)state;
    assert_int_equal(uvrest__leases_due(&leases, now), UINT64_MAX);
    assert_false(may());
    assert_int_equal(wait_for.cause, UVREST__RATELIMIT_ACQUIRE);
    assert_int_equal(wait_for.ns, UINT64_MAX);
}

static void a_question_says_what_is_wanted(void **state)
{
    (void)state;
    uvrest__leases_expect(&leases, 3, ATTEMPT, false);
    ask();
    assert_string_equal(word(0), "4");
    assert_string_equal(word(1), "uvrest:2:{abcd000000000000000000000000000000000000000000000000000000000000}");
    assert_string_equal(word(4), "uvrest:2:{abcd000000000000000000000000000000000000000000000000000000000000}:deaths");
    assert_string_equal(word(5), "ffffffffffffffffffffffffffffffff");
    assert_int_equal(number(SEQ), 1);
    assert_int_equal(number(EPOCH), 0);
    assert_int_equal(number(KNOWN), 0);
    assert_int_equal(number(Q), 100);
    assert_int_equal(number(W), 2025000);
    assert_int_equal(number(LIFE), 1518750 + 5000000);
    assert_int_equal(number(OUT), 0);
    assert_int_equal(number(WANT), 3);
    assert_int_equal(number(KEEP), 0);
    assert_int_equal(n_words, REPORTS);
    assert_int_equal(uvrest__leases_due(&leases, now), UINT64_MAX);
}

static void batches_grow_with_use(void **state)
{
    (void)state;
    uvrest__leases_expect(&leases, 1000, ATTEMPT, true);
    ask();
    assert_int_equal(number(WANT), 20);
    assert_int_equal(number(KEEP), 5); /* bulk */
    grant(20, 0);
    for (int i = 0; i < 20; i++)
        send_one();
    ask();
    assert_int_equal(number(WANT), 40);
    assert_int_equal(number(OUT), 20);
}

static void a_slot_is_reported_once(void **state)
{
    (void)state;
    lease(3);
    send_one();
    send_one();
    now += 10 * MS;
    uvrest__leases_ended(&leases, now, false);
    now += 5 * MS;
    uvrest__leases_ended(&leases, now, false);
    now += 2 * MS;
    ask();
    assert_int_equal(number(SEQ), 2);
    assert_int_equal(number(EPOCH), 7);
    assert_int_equal(number(KNOWN), 1);
    assert_int_equal(number(OUT), 1);
    assert_int_equal(n_words, REPORTS + 4);
    assert_int_equal(number(REPORTS), 7000);
    assert_int_equal(number(REPORTS + 1), 1);
    assert_int_equal(number(REPORTS + 2), 2000);
    (void)answer_of((const int64_t[]){7, -1, -1, 0, 0}, 5);
    ask();
    assert_int_equal(n_words, REPORTS);
}

static void a_question_without_an_answer_is_repeated(void **state)
{
    (void)state;
    lease(2);
    send_one();
    now += 10 * MS;
    uvrest__leases_ended(&leases, now, false);
    ask();
    assert_int_equal(number(SEQ), 2);
    assert_true(uvrest__leases_lost(&leases, now));
    assert_false(uvrest__leases_lost(&leases, now));
    send_one(); /* what is leased is still valid */
    now += 10 * MS;
    uvrest__leases_ended(&leases, now, false);
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask();
    assert_int_equal(number(SEQ), 2);
    assert_int_equal(n_words, REPORTS + 2); /* the second one is out still */
    assert_int_equal(number(REPORTS), 10000);
    assert_int_equal(number(OUT), 1);
    (void)answer_of((const int64_t[]){7, -1, -1, 0, 0}, 5);
    ask();
    assert_int_equal(number(SEQ), 3);
    assert_int_equal(n_words, REPORTS + 2);
}

static void a_question_tells_what_the_api_has_counted_and_refused(void **state)
{
    uvrest__leases_terms terms = plain;
    (void)state;
    lease(3);
    assert_int_equal(number(SEEN), -1);
    for (int i = 0; i < 3; i++)
        send_one();
    now += 10 * MS;
    uvrest__leases_ended(&leases, now, true);
    uvrest__leases_ended(&leases, now, true);
    terms.seen = 42;
    terms.seen_ago_ns = 7 * MS;
    ask_with(&terms, false);
    assert_int_equal(number(SEEN), 42);
    assert_int_equal(number(AGO), 7000);
    assert_int_equal(number(REFUSED), 2);
    (void)uvrest__leases_lost(&leases, now);
    uvrest__leases_ended(&leases, now, true);
    ask_with(&terms, false);
    assert_int_equal(number(REFUSED), 2); /* as in the question that is repeated */
    (void)answer_of((const int64_t[]){7, -1, -1, 3, 0}, 5);
    ask_with(&terms, false);
    assert_int_equal(number(REFUSED), 1);
    (void)answer_of((const int64_t[]){7, -1, -1, 3, 0}, 5);
    ask_with(&terms, false);
    assert_int_equal(number(REFUSED), 0);
}

static void a_lease_is_valid_for_three_heartbeats_from_the_question(void **state)
{
    (void)state;
    uvrest__leases_expect(&leases, 2, ATTEMPT, false);
    ask();
    now += 100 * MS;
    grant(2, 0);
    now += 1418 * MS;
    send_one();
    now += 1 * MS;
    assert_false(may());
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask();
    assert_int_equal(number(OUT), 1); /* the other one is handed back */
}

static void a_slot_is_not_used_before_its_moment(void **state)
{
    (void)state;
    uvrest__leases_expect(&leases, 2, ATTEMPT, false);
    ask();
    (void)answer_of((const int64_t[]){7, -1, -1, 0, 0, 1, 0, 1, 30000}, 9);
    send_one();
    assert_false(may());
    assert_int_equal(wait_for.cause, UVREST__RATELIMIT_SLOTS);
    assert_int_equal(wait_for.ns, 30 * MS);
    now += 30 * MS;
    send_one();
}

static void unused_slots_go_back_at_once(void **state)
{
    (void)state;
    uvrest__leases_expect(&leases, 5, ATTEMPT, false);
    ask();
    (void)answer_of((const int64_t[]){7, -1, -1, 0, 0, 3, 0, 2, 500000}, 9);
    uvrest__leases_expect(&leases, 0, 0, false);
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask();
    assert_int_equal(number(OUT), 0);
    assert_int_equal(n_words, REPORTS + 2); /* the two are back when they would have been free */
    assert_int_equal(number(REPORTS), 2025000 - 500000);
    assert_int_equal(number(REPORTS + 1), 2);
}

static void a_longer_attempt_waits_until_the_server_knows(void **state)
{
    (void)state;
    lease(2);
    uvrest__leases_expect(&leases, 1, 4 * ATTEMPT, false);
    assert_false(uvrest__leases_may(&leases, now, 4 * ATTEMPT, &wait_for));
    assert_true(may());
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask();
    assert_int_equal(number(LIFE), 1518750 + 20000000);
    (void)answer_of((const int64_t[]){7, -1, -1, 0, 0}, 5);
    assert_true(uvrest__leases_may(&leases, now, 4 * ATTEMPT, &wait_for));
}

static void one_not_sent_can_be_used_again(void **state)
{
    (void)state;
    lease(1);
    send_one();
    assert_false(may());
    uvrest__leases_not_sent(&leases, now);
    send_one();
}

static void a_holder_with_something_out_is_heard_of(void **state)
{
    (void)state;
    lease(1);
    send_one();
    assert_int_equal(uvrest__leases_due(&leases, now), now + 506250000);
    now += 507 * MS;
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
}

static void pauses_are_told_and_taken(void **state)
{
    const uvrest__leases_terms refused = {
        .slots = SLOTS, .window_ns = WINDOW + GUARD, .paused = true, .pause_ns = 3 * S, .seen = -1};
    uvrest__leases_news news;
    (void)state;
    lease(5);
    send_one();
    uvrest__leases_ended(&leases, now, false);
    uvrest__leases_refused(&leases);
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask_with(&refused, false);
    assert_int_equal(number(PAUSE), 3000001);
    news = answer_of((const int64_t[]){7, 3000001, -1, 0, 0}, 5);
    assert_true(news.paused);
    assert_int_equal(news.pause_ns, 3000001000);
    assert_false(may()); /* nothing of the stock survives a pause */
    ask();
    assert_int_equal(number(PAUSE), -1);
    assert_true(uvrest__leases_lost(&leases, now));
    ask();
    assert_int_equal(number(PAUSE), -1); /* until it is known */
    news = answer_of((const int64_t[]){7, -1, -1, 0, 0}, 5);
    assert_false(news.paused);
    ask();
    assert_int_equal(number(PAUSE), 0);
}

static void without_a_server_a_few_of_ones_own(void **state)
{
    uint64_t from;
    (void)state;
    lease(1);
    send_one();
    uvrest__leases_ended(&leases, now, false);
    ask();
    (void)uvrest__leases_lost(&leases, now);
    uvrest__leases_expect(&leases, 50, ATTEMPT, false);
    from = now + 1518750000 + WINDOW + GUARD;
    assert_false(may());
    assert_int_equal(wait_for.cause, UVREST__RATELIMIT_ACQUIRE);
    assert_int_equal(wait_for.ns, from - now);
    now = from;
    for (int i = 0; i < 10; i++)
        send_one();
    assert_false(may());
    assert_int_equal(wait_for.ns, UINT64_MAX);
    now += 100 * MS;
    uvrest__leases_ended(&leases, now, false);
    assert_false(may());
    assert_int_equal(wait_for.ns, WINDOW + GUARD);
    now += WINDOW + GUARD;
    send_one();
    assert_false(may());
    ask();
    grant(1, 0); /* back again */
    send_one();
}

static void without_a_server_and_a_share_it_waits(void **state)
{
    (void)state;
    leases.alone = 0;
    uvrest__leases_expect(&leases, 1, ATTEMPT, false);
    ask();
    (void)uvrest__leases_lost(&leases, now);
    now += 1000 * S;
    assert_false(may());
    assert_int_equal(wait_for.ns, UINT64_MAX);
}

/* Whatever is no answer of the script's is none. */
static void wrong_answers_change_nothing(void **state)
{
    static const struct {
        int64_t values[7];
        size_t n;
    } rows[] = {
        {{7}, 1},
        {{7, -1, -1, 0}, 4},
        {{0, -1, -1, 0, 0}, 5},
        {{-5, -1, -1, 0, 0}, 5},
        {{7, INT64_MAX, -1, 0, 0}, 5},
        {{7, -1, INT64_MAX, 0, 0}, 5},
        {{7, -1, 0, 0, 0}, 5},
        {{7, -1, 999, 0, 0}, 5},
        {{7, -1, -1, 0, 0, 1}, 6},
        {{7, -1, -1, 0, 0, 0, 0}, 7},
        {{7, -1, -1, 0, 0, -1, 0}, 7},
        {{7, -1, -1, 0, 0, 3, 0}, 7},
        {{7, -1, -1, 0, 0, 1, -1}, 7},
        {{7, -1, -1, 0, 0, 1, INT64_MAX}, 7},
        {{7, -1, -1, 0, 0, INT64_MIN, INT64_MIN}, 7},
    };
    uvrest__leases_news news;
    (void)state;
    uvrest__leases_expect(&leases, 2, ATTEMPT, false);
    ask();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (uvrest__leases_answer(&leases, now, rows[i].values, rows[i].n, &news))
            fail_msg("row %zu was taken", i);
        assert_false(may());
    }
    (void)uvrest__leases_lost(&leases, now);
    assert_int_equal(uvrest__leases_due(&leases, now), now + S / 10); /* not as fast as it says such things */
    now += S / 10;
    assert_int_equal(uvrest__leases_due(&leases, now), 0);
    ask();
    assert_int_equal(number(SEQ), 1);
    grant(2, 0);
    send_one();
}

static uvrest_status ask_once(const uvrest_alloc *alloc, void *user)
{
    uvrest__leases one;
    uvrest__buf text;
    size_t n;
    uvrest_status st = uvrest__leases_init(&one, alloc, &conf, key, fake_rand_least);
    (void)user;
    if (st != UVREST_OK)
        return st;
    uvrest__buf_init(&text, alloc, 0);
    uvrest__leases_expect(&one, 5, ATTEMPT, false);
    st = uvrest__leases_ask(&one, 1 * S, &plain, false, &text, &n);
    uvrest__buf_clear(&text);
    if (st == UVREST_OK)
        st = uvrest__leases_add_script(&text);
    uvrest__buf_fini(&text);
    uvrest__leases_fini(&one);
    return st;
}

static void without_memory(void **state)
{
    (void)state;
    support_fail_each(ask_once, NULL);
}

/* ---- several holders in virtual time ----------------------------------------------------------------------------- */

#define MAX_HOLDERS 4
#define MAX_IN_FLIGHT 60
#define MAX_COUNTED 4096

typedef struct sending {
    uint64_t ends; /* 0: free */
} sending;

typedef struct question {
    bool open;
    bool done; /* the server has handled it */
    bool lost;
    uint64_t reaches; /* the server */
    uint64_t returns;
    int64_t values[UVREST__LEASES_VALUES];
    size_t n;
} question;

typedef struct holder {
    uvrest__leases leases;
    uint64_t ahead; /* its clock, of the world's */
    uint32_t left; /* calls */
    uint32_t in_flight;
    uint64_t dies; /* 0: never */
    bool dead;
    sending sendings[MAX_IN_FLIGHT];
    question question;
    uvrest__buf words;
    size_t n_words;
} holder;

typedef struct world {
    redis_server redis;
    uvrest__buf script;
    uint64_t now;
    int64_t clock_off_us; /* of the server's clock */
    uvrest__random random;
    uint32_t lost_permille; /* questions and answers */
    uint32_t slow_ms; /* most a question takes there, and back */
    bool tailed; /* a few calls take up to five seconds */
    uint32_t n_holders;
    holder holders[MAX_HOLDERS];
    uint64_t counted[MAX_COUNTED]; /* by the API */
    size_t n_counted;
    uint32_t n_questions;
} world;

static world w;

static uint64_t draw(uint64_t low, uint64_t high)
{
    return uvrest__rand_between(uvrest__random_as_rand(&w.random), low, high);
}

/* The script, but for what time it is. */
static void make_script(void)
{
    static const char asked[] = "redis.call('TIME')";
    static const char told[] = "{string.match(redis.call('GET', 'clock'), '(%d+) (%d+)')}";
    uvrest__buf whole;
    const char *text, *at;
    uvrest__buf_init(&whole, NULL, 0);
    assert_status(uvrest__leases_add_script(&whole), UVREST_OK);
    text = uvrest__buf_text(&whole);
    at = strstr(text, asked);
    assert_non_null(at);
    assert_null(strstr(at + 1, asked));
    uvrest__buf_init(&w.script, NULL, 0);
    uvrest__buf_append(&w.script, text, (size_t)(at - text));
    uvrest__buf_append_text(&w.script, told);
    uvrest__buf_append_text(&w.script, at + sizeof asked - 1);
    uvrest__buf_fini(&whole);
}

static void begin_world(uint32_t n_holders, uint32_t calls_each, uint64_t seed)
{
    memset(&w, 0, sizeof w);
    if (!redis_server_start(&w.redis, NULL)) {
        print_message("no redis-server here\n");
        skip();
    }
    make_script();
    w.now = 5000 * S;
    w.slow_ms = 3;
    w.tailed = true;
    w.n_holders = n_holders;
    uvrest__random_init(&w.random, seed);
    for (uint32_t i = 0; i < n_holders; i++) {
        w.holders[i].ahead = i * 1234567 * MS;
        w.holders[i].left = calls_each;
        uvrest__buf_init(&w.holders[i].words, NULL, 0);
        assert_status(uvrest__leases_init(&w.holders[i].leases, NULL, &conf, key, uvrest__random_as_rand(&w.random)),
                      UVREST_OK);
    }
}

static void end_world(void)
{
    for (uint32_t i = 0; i < w.n_holders; i++) {
        uvrest__leases_fini(&w.holders[i].leases);
        uvrest__buf_fini(&w.holders[i].words);
    }
    uvrest__buf_fini(&w.script);
    redis_server_kill(&w.redis);
}

static size_t run_script(const char *at, size_t n_words_of, uint64_t moment, int64_t *values)
{
    const char *list[260];
    char clock[64];
    int64_t us = 1700000000000000 + (int64_t)(moment / 1000) + w.clock_off_us;
    size_t n = 0;
    snprintf(clock, sizeof clock, "%lld %lld", (long long)(us / 1000000), (long long)(us % 1000000));
    redis_server_tell(&w.redis, (const char *const[]){"SET", "clock", clock}, 3, NULL, 0);
    list[n++] = "EVAL";
    list[n++] = uvrest__buf_text(&w.script);
    for (size_t i = 0; i < n_words_of; i++, at += strlen(at) + 1)
        list[n++] = at;
    return redis_server_tell(&w.redis, list, n, values, UVREST__LEASES_VALUES);
}

static void handle(holder *h)
{
    h->question.n = run_script(uvrest__buf_text(&h->words), h->n_words, w.now, h->question.values);
    h->question.done = true;
    w.n_questions++;
}

static void move_question(holder *h, uint64_t own)
{
    question *q = &h->question;
    uvrest__leases_news news;
    if (!q->open) {
        if (uvrest__leases_due(&h->leases, own) != 0)
            return;
        uvrest__buf_clear(&h->words);
        assert_status(uvrest__leases_ask(&h->leases, own, &plain, false, &h->words, &h->n_words), UVREST_OK);
        *q = (question){
            .open = true, .reaches = w.now + draw(0, w.slow_ms * MS), .lost = draw(1, 1000) <= w.lost_permille};
        q->returns = q->reaches + draw(0, w.slow_ms * MS);
        if (q->lost) { /* half of them on the way there */
            q->returns = w.now + uvrest__leases_patience(&h->leases);
            q->done = draw(0, 1) == 0;
        }
    }
    if (!q->done && q->reaches <= w.now)
        handle(h);
    if (q->returns > w.now)
        return;
    q->open = false;
    if (q->lost)
        (void)uvrest__leases_lost(&h->leases, own);
    else if (!uvrest__leases_answer(&h->leases, own, q->values, q->n, &news))
        fail_msg("an answer was not taken");
}

static void move_calls(holder *h, uint64_t own)
{
    for (size_t i = 0; i < MAX_IN_FLIGHT; i++) {
        sending *one = &h->sendings[i];
        if (one->ends != 0 && one->ends <= w.now) {
            *one = (sending){0};
            h->in_flight--;
            uvrest__leases_ended(&h->leases, own, false);
        }
        uvrest__leases_expect(&h->leases, h->left, ATTEMPT, false);
        if (one->ends != 0 || h->left == 0 || !uvrest__leases_may(&h->leases, own, ATTEMPT, &wait_for))
            continue;
        uvrest__leases_use(&h->leases);
        h->left--;
        h->in_flight++;
        one->ends = w.now + (w.tailed && draw(1, 100) == 1 ? draw(1 * S, 5 * S) : draw(5 * MS, 200 * MS));
        assert_true(w.n_counted < MAX_COUNTED);
        w.counted[w.n_counted++] = draw(w.now, one->ends);
    }
    uvrest__leases_expect(&h->leases, h->left, ATTEMPT, false);
}

/* A millisecond of everybody's life. false: all is done. */
static bool turn(void)
{
    bool busy = false;
    for (uint32_t i = 0; i < w.n_holders; i++) {
        holder *h = &w.holders[i];
        if (h->dies != 0 && h->dies <= w.now)
            h->dead = true;
        if (h->dead)
            continue;
        move_calls(h, w.now + h->ahead);
        move_question(h, w.now + h->ahead);
        busy = busy || h->left > 0 || h->in_flight > 0;
    }
    w.now += 1 * MS;
    return busy;
}

static void run_until(uint64_t moment)
{
    while (w.now < moment)
        (void)turn();
}

static double run_to_the_end(void)
{
    uint64_t begin = 5000 * S;
    while (turn())
        if (w.now > begin + 300 * S)
            fail_msg("calls wait for ever");
    return (double)(w.now - begin) / 1e9;
}

static int by_moment(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t busiest_window(void)
{
    size_t first = 0, most = 0;
    qsort(w.counted, w.n_counted, sizeof w.counted[0], by_moment);
    for (size_t i = 0; i < w.n_counted; i++) {
        while (w.counted[first] + WINDOW <= w.counted[i])
            first++;
        most = i - first + 1 > most ? i - first + 1 : most;
    }
    return (uint32_t)most;
}

static void check_window(void)
{
    uint32_t busiest = busiest_window();
    if (busiest > SLOTS)
        fail_msg("%u requests in a window of %u", busiest, SLOTS);
}

static void row_68_holders_share_the_window_exactly(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= MAX_HOLDERS; k *= 2) {
        double took;
        begin_world(k, 800 / k, k);
        w.tailed = false;
        took = run_to_the_end();
        print_message("%u holders: %.3f s for 800 calls, %u questions, busiest window %u\n", k, took, w.n_questions,
                      busiest_window());
        check_window();
        assert_int_equal(w.n_counted, 800);
        assert_int_equal(busiest_window(), SLOTS);
        if (took > 7 * (2.0 + 0.025 + 0.2 + 0.01) + 0.2) /* each of seven windows, its guard, an answer, a question */
            fail_msg("%u holders took %.3f s", k, took);
        end_world();
    }
}

static void lost_questions_and_answers_break_no_window(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        begin_world(3, 200, seed);
        w.lost_permille = 100;
        w.slow_ms = 60;
        (void)run_to_the_end();
        check_window();
        assert_int_equal(w.n_counted, 600);
        end_world();
    }
}

static void row_69_a_crash_blocks_nobody_for_long(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        double took;
        begin_world(2, 300, seed);
        w.holders[0].dies = w.now + draw(1, 3000) * MS;
        took = run_to_the_end();
        check_window();
        assert_int_equal(w.holders[1].left, 0);
        if (took > 16)
            fail_msg("the other one took %.3f s", took);
        end_world();
    }
}

static void the_slots_of_the_dead_come_back(void **state)
{
    holder *h;
    (void)state;
    begin_world(2, 0, 1);
    w.holders[0].left = 100;
    run_until(w.now + 15 * MS);
    w.holders[0].dead = true; /* with dozens under way */
    h = &w.holders[1];
    run_until(w.now + 2100 * MS);
    h->left = 100;
    run_until(w.now + 1 * S);
    assert_in_range(h->left, 1, 99); /* not all of them yet */
    run_until(w.now + 6 * S);
    assert_in_range(h->left, 0, 99);
    run_until(w.now + 3 * S);
    assert_int_equal(h->left, 0);
    check_window();
    end_world();
}

static void a_server_that_forgot_is_noticed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        begin_world(2, 250, seed);
        run_until(w.now + draw(50, 4000) * MS);
        redis_server_tell(&w.redis, (const char *const[]){"FLUSHALL"}, 1, NULL, 0);
        (void)run_to_the_end();
        check_window();
        assert_int_equal(w.n_counted, 500);
        end_world();
    }
}

static void a_forgotten_script_is_of_no_consequence_and_an_old_copy_is_noticed(void **state)
{
    static const char *const keys[] = {"", ":back", ":holders", ":deaths"};
    static const char name[] = "uvrest:2:{abcd000000000000000000000000000000000000000000000000000000000000}";
    char from[128], to[128];
    (void)state;
    begin_world(2, 250, 1);
    run_until(w.now + 100 * MS);
    for (size_t i = 0; i < 4; i++) {
        snprintf(from, sizeof from, "%s%s", name, keys[i]);
        snprintf(to, sizeof to, "copy%s", keys[i]);
        redis_server_tell(&w.redis, (const char *const[]){"COPY", from, to}, 3, NULL, 0);
    }
    run_until(w.now + 2000 * MS);
    for (size_t i = 0; i < 4; i++) {
        snprintf(to, sizeof to, "%s%s", name, keys[i]);
        snprintf(from, sizeof from, "copy%s", keys[i]);
        redis_server_tell(&w.redis, (const char *const[]){"COPY", from, to, "REPLACE"}, 4, NULL, 0);
    }
    (void)run_to_the_end();
    check_window();
    end_world();
}

static void row_71_a_clock_that_jumps_breaks_no_window_and_stops_nobody(void **state)
{
    static const int64_t jumps_us[] = {-3600000000, -1000000, 100000, 1000000, 600000000, 3600000000};
    (void)state;
    for (size_t i = 0; i < sizeof jumps_us / sizeof jumps_us[0]; i++) {
        double took;
        begin_world(2, 250, i);
        run_until(w.now + 1500 * MS);
        w.clock_off_us = jumps_us[i];
        took = run_to_the_end();
        check_window();
        if (took > 4 * 2.0 + 2 * 2.0 + 5.2)
            fail_msg("it took %.3f s", took);
        end_world();
    }
}

/* ---- other programs ---------------------------------------------------------------------------------------------- */

/* One run of machines; what the log kept of the one before is gone. */
static quota_sim_result run_fleet(quota_sim_conf plan, uint64_t seed)
{
    redis_server_tell(&w.redis, (const char *const[]){"FLUSHALL"}, 1, NULL, 0);
    plan.separate_ledgers = true;
    plan.ask_log = run_script;
    plan.seed = seed * 7919;
    return quota_sim_run(&plan);
}

/*
 * Half a percent; several machines pay more where a stranger takes much in a moment: what all of them have under way,
 * before what one of them sees is told to the others. Without what the API counts, by refusals alone, it would be 2 to
 * 42 %.
 */
static void row_65_all_machines_make_room_for_strangers(void **state)
{
    static const struct {
        const char *what;
        quota_sim_stranger stranger;
        double ratio;
        double refused; /* of a hundred calls; by one machine and by several */
        double refused_of_several;
    } rows[] = {
        {"alone", {0}, 1.02, 0, 0},
        {"10/s", {.every_ns = 100 * MS, .n = 1}, 1.3, 0.5, 0.5},
        {"25/s", {.every_ns = 40 * MS, .n = 1}, 1.3, 0.5, 0.6},
        {"40/s", {.every_ns = 25 * MS, .n = 1}, 1.3, 0.5, 0.8},
        {"25/s from 10 to 40 s", {.from_ns = 10 * S, .until_ns = 40 * S, .every_ns = 40 * MS, .n = 1}, 1.3, 0.5, 0.6},
        {"300 at 0.4 s", {.from_ns = 400 * MS, .n = 300}, 1.3, 0.5, 4},
        {"all it gets, 10 to 40 s", {.from_ns = 10 * S, .until_ns = 40 * S, .every_ns = 1450000, .n = 1}, 1.4, 0.5, 5},
    };
    (void)state;
    begin_world(0, 0, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint32_t k = 1; k <= 4; k *= 2) {
            const quota_sim_conf plan = {.n_calls = 5000, .n_clients = k, .stranger = rows[i].stranger};
            double refused = 0, ratio = 0;
            for (uint64_t seed = 1; seed <= 2; seed++) {
                quota_sim_result result = run_fleet(plan, seed);
                assert_int_equal(result.failed, 0);
                refused += result.refused / 50.0 / 2;
                ratio += (double)result.finish_ns / (double)quota_sim_bound_ns(&plan) / 2;
            }
            print_message("%-24s %u machines: time over bound %.4f; refused %.2f %%\n", rows[i].what, k, ratio,
                          refused);
            if (ratio > rows[i].ratio || refused > (k == 1 ? rows[i].refused : rows[i].refused_of_several))
                fail_msg("%s, %u machines: time over bound %.4f; refused %.2f %%", rows[i].what, k, ratio, refused);
        }
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_asked_for_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_says_what_is_wanted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batches_grow_with_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slot_is_reported_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_without_an_answer_is_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_tells_what_the_api_has_counted_and_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lease_is_valid_for_three_heartbeats_from_the_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slot_is_not_used_before_its_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unused_slots_go_back_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_longer_attempt_waits_until_the_server_knows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_not_sent_can_be_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_holder_with_something_out_is_heard_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses_are_told_and_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_server_a_few_of_ones_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_server_and_a_share_it_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_answers_change_nothing, set_up, tear_down),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(row_68_holders_share_the_window_exactly),
        cmocka_unit_test(lost_questions_and_answers_break_no_window),
        cmocka_unit_test(row_69_a_crash_blocks_nobody_for_long),
        cmocka_unit_test(the_slots_of_the_dead_come_back),
        cmocka_unit_test(a_server_that_forgot_is_noticed),
        cmocka_unit_test(a_forgotten_script_is_of_no_consequence_and_an_old_copy_is_noticed),
        cmocka_unit_test(row_65_all_machines_make_room_for_strangers),
        cmocka_unit_test(row_71_a_clock_that_jumps_breaks_no_window_and_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
