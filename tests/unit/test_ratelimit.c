/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "fakes.h"
#include "quota_sim.h"
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#define MS UVREST__NS_PER_MS
#define S UVREST__NS_PER_S

/* A small ledger: 10 in 1 s, and 100 ms of guard to tell the two apart. */
static uvrest__ratelimit_registry *registry;
static uvrest__ratelimit_conf conf;
static uvrest__ratelimit *rl;
static uvrest__ratelimit_ticket ticket;
static uvrest__ratelimit_wait wait;
static uint64_t now;

static uvrest__ratelimit *open_client(const char *token, uvrest__ratelimit_wake_fn *wake, void *user)
{
    const char *lines[] = {"App-ID: me", token, NULL};
    uvrest__ratelimit *made;
    assert_int_equal(
        uvrest__ratelimit_get(registry, "https://a.example", lines, &conf, now, fake_rand_least, wake, user, &made),
        UVREST_OK);
    return made;
}

static int begin(void **state)
{
    const uvrest_rate_limit options = {
        .requests = 10, .window_ms = 1000, .guard_ms = 100, .first_contact = 10, .jitter = UVREST_OFF};
    (void)state;
    now = 1000 * S;
    assert_int_equal(uvrest__ratelimit_configure(&conf, &options, 0, 0, NULL), UVREST_OK);
    assert_int_equal(uvrest__ratelimit_registry_new(NULL, &registry), UVREST_OK);
    rl = open_client("Auth-Token: t", NULL, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    uvrest__ratelimit_put(rl, now);
    uvrest__ratelimit_registry_free(registry);
    return 0;
}

static bool acquire(void)
{
    return uvrest__ratelimit_acquire(rl, now, UVREST_PRIORITY_NORMAL, &ticket, &wait);
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
    uvrest__ratelimit_answered(rl, &t, now, &a);
}

static uvrest__ratelimit_stats stats(void)
{
    uvrest__ratelimit_stats out;
    uvrest__ratelimit_read_stats(rl, now, &out);
    return out;
}

/* ---- configuration ----------------------------------------------------------------------------------------------- */

static void configuration_has_defaults(void **state)
{
    uvrest__ratelimit_conf c;
    (void)state;
    assert_int_equal(uvrest__ratelimit_configure(&c, NULL, 1000, 20000, NULL), UVREST_OK);
    assert_int_equal(c.slots, 1000);
    assert_int_equal(c.window_ns, 20 * S);
    assert_int_equal(c.guard_ns, 25 * MS);
    assert_int_equal(c.first_contact, 10);
    assert_int_equal(c.max_retries, 5);
    assert_true(c.jitter && c.proactive);
    assert_int_equal(c.policy, UVREST_POLICY_LEDGER);
    assert_int_equal(c.free_permille, 800);
    assert_int_equal(c.max_delay_ns, 5 * S);
    assert_int_equal(c.acquire_slots, 20);
    assert_false(c.smooth);
    assert_null(c.shared_file);
    assert_int_equal(c.backoff_ns[0], 1 * S);
    assert_int_equal(c.backoff_ns[1], 2 * S);
    assert_int_equal(c.backoff_ns[4], 16 * S);
    assert_int_equal(c.backoff_ns[5], 30 * S);
    assert_int_equal(c.backoff_ns[UVREST__RATELIMIT_BACKOFFS - 1], 30 * S);
    assert_int_equal(uvrest__ratelimit_configure(&c, NULL, 0, 0, NULL), UVREST_OK);
    assert_int_equal(c.slots, 0);
}

static void configuration_takes_the_callers_numbers(void **state)
{
    const uvrest_rate_limit options = {.requests = 7,
                                       .window_ms = 5000,
                                       .guard_ms = UVREST_ZERO,
                                       .first_contact = 3,
                                       .max_retries = UVREST_ZERO,
                                       .initial_backoff = 0.5,
                                       .max_backoff = 3,
                                       .backoff_factor = 1,
                                       .jitter = UVREST_OFF,
                                       .enable_proactive_throttling = UVREST_OFF};
    const uvrest_rate_limit window = {.window_ms = 7000}, many = {.requests = 4000000000, .window_ms = 1000};
    uvrest__ratelimit_conf c;
    (void)state;
    assert_int_equal(uvrest__ratelimit_configure(&c, &options, 1000, 20000, NULL), UVREST_OK);
    assert_int_equal(c.slots, 7);
    assert_int_equal(c.window_ns, 5 * S);
    assert_int_equal(c.guard_ns, 0);
    assert_int_equal(c.first_contact, 3);
    assert_int_equal(c.max_retries, 0);
    assert_false(c.jitter || c.proactive);
    for (size_t i = 0; i < UVREST__RATELIMIT_BACKOFFS; i++)
        assert_int_equal(c.backoff_ns[i], S / 2);
    assert_int_equal(uvrest__ratelimit_configure(&c, &window, 1000, 20000, NULL), UVREST_OK);
    assert_int_equal(c.slots, 1000);
    assert_int_equal(c.window_ns, 7 * S);
    assert_int_equal(uvrest__ratelimit_configure(&c, &many, 0, 0, NULL), UVREST_OK);
    assert_int_equal(c.slots, UVREST__RATELIMIT_MAX_SLOTS);
}

static void configuration_names_what_is_wrong(void **state)
{
    static const struct {
        uvrest_rate_limit options;
        const char *reason;
    } rows[] = {
        {{.requests = UVREST_ZERO}, "rate_limit.requests: 0"},
        {{.window_ms = UVREST_ZERO}, "rate_limit.window_ms: 0"},
        {{.requests = 5}, "rate_limit.window_ms: missing"},
        {{.window_ms = 5}, "rate_limit.requests: missing"},
        {{.requests = 5, .window_ms = 86400001}, "rate_limit.window_ms: above a day"},
        {{.initial_backoff = -1}, "rate_limit.initial_backoff: "},
        {{.initial_backoff = NAN}, "rate_limit.initial_backoff: "},
        {{.initial_backoff = 86401}, "rate_limit.initial_backoff: "},
        {{.max_backoff = INFINITY}, "rate_limit.max_backoff: "},
        {{.max_backoff = -0.1}, "rate_limit.max_backoff: "},
        {{.backoff_factor = 0.5}, "rate_limit.backoff_factor: "},
        {{.backoff_factor = NAN}, "rate_limit.backoff_factor: "},
        {{.backoff_factor = INFINITY}, "rate_limit.backoff_factor: "},
        {{.first_contact = UVREST_ZERO}, "rate_limit.first_contact: "},
        {{.proactive_throttling_threshold = -0.1}, "rate_limit.proactive_throttling_threshold: "},
        {{.proactive_throttling_threshold = 1.01}, "rate_limit.proactive_throttling_threshold: "},
        {{.proactive_throttling_threshold = NAN}, "rate_limit.proactive_throttling_threshold: "},
        {{.max_proactive_delay = -1}, "rate_limit.max_proactive_delay: "},
        {{.max_proactive_delay = NAN}, "rate_limit.max_proactive_delay: "},
        {{.policy = (uvrest_rate_limit_policy)2}, "rate_limit.policy: unknown"},
        {{.policy = UVREST_POLICY_GRADUATED}, "rate_limit.policy: needs"},
        {{.smooth = true}, "rate_limit.smooth: needs"},
        {{.shared_file = "x"}, "rate_limit.shared_file: needs"},
        {{.shared_file = "", .requests = 5, .window_ms = 5}, "rate_limit.shared_file: empty"},
        {{.acquire_slots = UVREST_ZERO}, "rate_limit.acquire_slots: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__ratelimit_conf c = {.slots = 77};
        uvrest_reason reason = {""};
        assert_int_equal(uvrest__ratelimit_configure(&c, &rows[i].options, 0, 0, &reason), UVREST_E_INVALID);
        if (strncmp(reason.text, rows[i].reason, strlen(rows[i].reason)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", reason.text, rows[i].reason);
        assert_int_equal(c.slots, 77);
    }
}

/* ---- sharing ----------------------------------------------------------------------------------------------------- */

static void spend_all(void)
{
    for (int i = 0; i < 10; i++)
        answer(must_acquire(), 200, -1, -1);
    assert_false(acquire());
}

static void credentials_have_ledgers_of_their_own_row_73(void **state)
{
    const char *swapped[] = {"Auth-Token: t", "App-ID: me", NULL}, *joined[] = {"App-ID: meAuth-Token: t", NULL};
    const char *const *others[] = {swapped, joined, NULL};
    uvrest__ratelimit *own = rl, *same = open_client("Auth-Token: t", NULL, NULL);
    (void)state;
    spend_all();
    rl = same;
    assert_false(acquire());
    for (int i = 0; i < 3; i++) {
        assert_int_equal(uvrest__ratelimit_get(registry, "https://a.example", others[i], &conf, now, fake_rand_least,
                                               NULL, NULL, &rl),
                         UVREST_OK);
        spend_all();
        uvrest__ratelimit_put(rl, now);
    }
    assert_int_equal(uvrest__ratelimit_get(registry, "https://b.example",
                                           (const char *[]){"App-ID: me", "Auth-Token: t", NULL}, &conf, now,
                                           fake_rand_least, NULL, NULL, &rl),
                     UVREST_OK);
    answer(must_acquire(), 429, 60000, -1);
    uvrest__ratelimit_put(rl, now);
    rl = own;
    assert_int_equal(stats().paused_ns, 0);
    uvrest__ratelimit_put(same, now);
}

static void a_ledger_takes_the_stricter_configuration(void **state)
{
    uvrest__ratelimit *strict;
    (void)state;
    conf.slots = 4;
    conf.window_ns = 5 * S;
    strict = open_client("Auth-Token: t", NULL, NULL);
    for (int i = 0; i < 4; i++)
        answer(must_acquire(), 200, -1, -1);
    must_wait(UVREST__RATELIMIT_SLOTS, 5100 * MS, true);
    conf.slots = 1000;
    conf.window_ns = S;
    conf.guard_ns = 0;
    uvrest__ratelimit_put(open_client("Auth-Token: t", NULL, NULL), now);
    must_wait(UVREST__RATELIMIT_SLOTS, 5100 * MS, true);
    uvrest__ratelimit_put(strict, now);
}

/* A client that is closed and made again must not overrun the window it used up before. */
static void ledgers_are_remembered_for_a_window(void **state)
{
    (void)state;
    spend_all();
    uvrest__ratelimit_put(rl, now);
    now += 1000 * MS;
    rl = open_client("Auth-Token: t", NULL, NULL);
    must_wait(UVREST__RATELIMIT_SLOTS, 100 * MS, true);
    uvrest__ratelimit_put(rl, now);
    now += 100 * MS;
    rl = open_client("Auth-Token: t", NULL, NULL);
    spend_all();
}

static void only_so_many_ledgers_are_remembered(void **state)
{
    support_alloc memory;
    uvrest__ratelimit_registry *own = registry;
    size_t n_before;
    (void)state;
    support_alloc_init(&memory);
    assert_int_equal(uvrest__ratelimit_registry_new(&memory.alloc, &registry), UVREST_OK);
    n_before = memory.n_live;
    for (char token[] = "Auth-Token: A"; token[12] <= 'z'; token[12]++) {
        uvrest__ratelimit *one = open_client(token, NULL, NULL);
        assert_true(uvrest__ratelimit_acquire(one, now, UVREST_PRIORITY_NORMAL, &ticket, &wait));
        uvrest__ratelimit_given_up(one, &ticket, now);
        uvrest__ratelimit_put(one, now);
    }
    assert_int_equal(memory.n_live - n_before, 2 * UVREST__RATELIMIT_MAX_IDLE);
    now += 1100 * MS;
    uvrest__ratelimit_put(open_client("Auth-Token: A", NULL, NULL), now);
    assert_int_equal(memory.n_live, n_before);
    uvrest__ratelimit_registry_free(registry);
    assert_int_equal(memory.n_live, 0);
    registry = own;
}

static void count_wake(void *user)
{
    ++*(unsigned *)user;
}

static void clients_are_woken_by_what_others_bring_about(void **state)
{
    unsigned n_woken = 0;
    uvrest__ratelimit *own = rl, *sleeper = open_client("Auth-Token: t", count_wake, &n_woken);
    (void)state;
    for (int i = 0; i < 10; i++)
        must_acquire();
    rl = sleeper;
    must_wait(UVREST__RATELIMIT_SLOTS, UINT64_MAX, false);
    rl = own;
    uvrest__ratelimit_not_sent(rl, &ticket, now);
    assert_int_equal(n_woken, 1);
    answer(ticket, 200, -1, -1);
    assert_int_equal(n_woken, 1); /* once is enough until it has asked again */
    rl = sleeper;
    (void)must_acquire();
    uvrest__ratelimit_not_sent(rl, &ticket, now);
    assert_int_equal(n_woken, 1); /* nobody is woken by himself */
    rl = own;
    (void)must_acquire();
    rl = sleeper;
    assert_false(acquire());
    uvrest__ratelimit_put(sleeper, now);
    rl = own;
    for (int i = 0; i < 9; i++)
        answer(ticket, 200, -1, -1);
    assert_int_equal(n_woken, 1); /* nobody is woken who is gone */
}

static uvrest_status make_ledger(const uvrest_alloc *alloc, void *user)
{
    const char *lines[] = {"App-ID: me", NULL};
    uvrest__ratelimit_registry *small = NULL;
    uvrest__ratelimit *one = NULL;
    uvrest_status st = uvrest__ratelimit_registry_new(alloc, &small);
    (void)user;
    if (st == UVREST_OK)
        st = uvrest__ratelimit_get(small, "https://a.example", lines, &conf, now, fake_rand_least, NULL, NULL, &one);
    assert_int_equal(one != NULL, st == UVREST_OK);
    uvrest__ratelimit_put(one, now);
    uvrest__ratelimit_registry_free(small);
    return st;
}

static void registries_survive_lack_of_memory_row_110(void **state)
{
    (void)state;
    support_fail_each(make_ledger, NULL);
}

static void nothing_is_asked_of_memory_while_sending(void **state)
{
    support_alloc memory;
    uvrest__ratelimit_registry *own = registry;
    uvrest__ratelimit *first = rl;
    (void)state;
    support_alloc_init(&memory);
    assert_int_equal(uvrest__ratelimit_registry_new(&memory.alloc, &registry), UVREST_OK);
    rl = open_client("Auth-Token: t", NULL, NULL);
    memory.n_calls = 0;
    for (int i = 0; i < 1000; i++) {
        if (acquire())
            answer(ticket, i % 100 == 0 ? 429 : 200, -1, -1);
        now += 50 * MS;
    }
    assert_int_equal(memory.n_calls, 0);
    uvrest__ratelimit_put(rl, now);
    uvrest__ratelimit_registry_free(registry);
    registry = own;
    rl = first;
}

/* ---- the acquire hook -------------------------------------------------------------------------------------------- */

/* What the hook was asked, and what it says at once. */
static struct {
    unsigned n_asked;
    uint32_t n;
    uvrest_acquire_ask *open; /* not answered yet */
    bool later;
    uint32_t grants, ms;
} hook;

static void on_ask(uvrest_acquire_ask *ask, uint32_t n, void *user)
{
    assert_ptr_equal(user, &hook);
    hook.n_asked++;
    hook.n = n;
    hook.open = ask;
    if (!hook.later)
        uvrest_acquire_answer(ask, hook.grants, hook.ms);
}

static void on_hook_wake(void *user)
{
    ++*(unsigned *)user;
}

/* A client with a hook on a ledger without limits of its own, instead of the one there is. */
static void open_hooked(uvrest__ratelimit_wake_fn *wake, void *user)
{
    memset(&hook, 0, sizeof hook);
    uvrest__ratelimit_put(rl, now);
    conf.acquire = on_ask;
    conf.acquire_user = &hook;
    conf.acquire_slots = 4;
    rl = open_client("Auth-Token: hooked", wake, user);
}

static void the_hook_grants_at_once(void **state)
{
    (void)state;
    open_hooked(NULL, NULL);
    hook.grants = 3;
    hook.ms = 200;
    for (unsigned i = 0; i < 9; i++) {
        answer(must_acquire(), 200, -1, -1);
        assert_int_equal(hook.n_asked, 1 + i / 3);
        assert_int_equal(hook.n, 4);
    }
    must_acquire();
    must_wait(UVREST__RATELIMIT_SLOTS, 1100 * MS, false); /* the ledger holds as well, and the hook is not asked */
    assert_int_equal(hook.n_asked, 4);
}

static void grants_of_the_hook_run_out(void **state)
{
    (void)state;
    open_hooked(NULL, NULL);
    hook.grants = 4;
    hook.ms = 200;
    must_acquire();
    now += 200 * MS;
    must_acquire();
    assert_int_equal(hook.n_asked, 1);
    now += 1;
    must_acquire();
    assert_int_equal(hook.n_asked, 2);
}

static void the_hook_grants_no_more_than_it_was_asked_for(void **state)
{
    (void)state;
    open_hooked(NULL, NULL);
    hook.grants = 1000;
    hook.ms = UINT32_MAX;
    for (int i = 0; i < 4; i++)
        must_acquire();
    hook.grants = 0;
    hook.ms = 0;
    must_wait(UVREST__RATELIMIT_ACQUIRE, 1 * MS, false);
}

static void the_hook_refuses_for_a_while(void **state)
{
    (void)state;
    open_hooked(on_hook_wake, &(unsigned){0});
    hook.ms = 250;
    must_wait(UVREST__RATELIMIT_ACQUIRE, 250 * MS, false);
    now += 100 * MS;
    must_wait(UVREST__RATELIMIT_ACQUIRE, 150 * MS, false);
    assert_int_equal(hook.n_asked, 1);
    now += 150 * MS;
    hook.grants = 1;
    must_acquire();
    assert_int_equal(hook.n_asked, 2);
    assert_int_equal(stats().waits[UVREST__RATELIMIT_ACQUIRE], 1);
}

static void *answer_hook(void *ask)
{
    uvrest_acquire_answer(ask, 2, 1000);
    return NULL;
}

static void the_hook_answers_later_from_another_thread(void **state)
{
    unsigned n_woken = 0;
    pthread_t thread;
    (void)state;
    open_hooked(on_hook_wake, &n_woken);
    hook.later = true;
    must_wait(UVREST__RATELIMIT_ACQUIRE, UINT64_MAX, false);
    now += 300 * MS;
    must_wait(UVREST__RATELIMIT_ACQUIRE, UINT64_MAX, false);
    assert_int_equal(hook.n_asked, 1); /* one question at a time */
    assert_int_equal(pthread_create(&thread, NULL, answer_hook, hook.open), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(n_woken, 1);
    must_acquire();
    now += 700 * MS; /* counted from the question */
    must_acquire();
    must_wait(UVREST__RATELIMIT_ACQUIRE, UINT64_MAX, false);
    uvrest_acquire_answer(hook.open, 4, 100);
    now += 101 * MS; /* came too late to be of use */
    must_wait(UVREST__RATELIMIT_ACQUIRE, UINT64_MAX, false);
    assert_int_equal(hook.n_asked, 3);
    uvrest_acquire_answer(hook.open, 0, 0);
}

static void a_hook_without_wake_is_looked_at_every_20_ms(void **state)
{
    (void)state;
    open_hooked(NULL, NULL);
    hook.later = true;
    must_wait(UVREST__RATELIMIT_ACQUIRE, UVREST__RATELIMIT_POLL_NS, false);
    uvrest_acquire_answer(hook.open, 1, 100);
    must_acquire();
}

static void the_hook_may_answer_after_the_client_is_gone(void **state)
{
    unsigned n_woken = 0;
    (void)state;
    open_hooked(on_hook_wake, &n_woken);
    hook.later = true;
    must_wait(UVREST__RATELIMIT_ACQUIRE, UINT64_MAX, false);
    uvrest__ratelimit_put(rl, now);
    rl = open_client("Auth-Token: another", NULL, NULL);
    uvrest_acquire_answer(hook.open, 1, 100);
    assert_int_equal(n_woken, 0);
    uvrest_acquire_answer(NULL, 1, 100);
}

static uvrest_status make_hooked_ledger(const uvrest_alloc *alloc, void *user)
{
    conf.acquire = on_ask;
    return make_ledger(alloc, user);
}

static void hooks_survive_lack_of_memory_row_110(void **state)
{
    (void)state;
    support_fail_each(make_hooked_ledger, NULL);
}

/* Row 59: everybody pauses, one asks, and on its word all go on. */
static void a_refusal_pauses_everybody_row_59(void **state)
{
    uvrest__ratelimit *own = rl, *other = open_client("Auth-Token: t", NULL, NULL);
    uvrest__ratelimit_ticket probe, late = must_acquire();
    uint64_t pause;
    (void)state;
    answer(must_acquire(), 429, 3000, -1);
    pause = stats().paused_ns;
    assert_in_range(pause, 3000 * MS, 3300 * MS);
    must_wait(UVREST__RATELIMIT_PAUSED, pause, true);
    assert_false(uvrest__ratelimit_acquire(other, now, UVREST_PRIORITY_HIGH, &ticket, &wait));
    assert_int_equal(wait.cause, UVREST__RATELIMIT_PAUSED);
    answer(late, 200, -1, -1); /* sent before: its success ends nothing */
    must_wait(UVREST__RATELIMIT_PAUSED, pause, true);
    now += pause;
    probe = must_acquire();
    assert_true(probe.probe);
    must_wait(UVREST__RATELIMIT_PAUSED, UVREST__RATELIMIT_POLL_NS, false);
    rl = other;
    must_wait(UVREST__RATELIMIT_PAUSED, UVREST__RATELIMIT_POLL_NS, false);
    rl = own;
    now += 100 * MS;
    answer(probe, 200, -1, -1);
    assert_false(must_acquire().probe);
    assert_true(uvrest__ratelimit_acquire(other, now, UVREST_PRIORITY_NORMAL, &ticket, &wait));
    answer(ticket, 200, -1, -1);
    answer(ticket, 200, -1, -1);
    assert_int_equal(stats().refused, 1);
    assert_int_equal(stats().pauses, 1);
    uvrest__ratelimit_put(other, now);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

static atomic_ullong shared_now;
static atomic_uint woken;

static void wake_thread(void *user)
{
    (void)user;
    atomic_fetch_add(&woken, 1);
}

/* Opens, asks, ends, closes; another thread's clients come and go meanwhile. */
static void *spend_on_a_thread(void *user)
{
    unsigned *n_sent = user;
    for (int round = 0; round < 20; round++) {
        const char *lines[] = {"App-ID: me", NULL};
        uvrest__ratelimit *one;
        if (uvrest__ratelimit_get(registry, "https://threads.example", lines, &conf, shared_now, fake_rand_least,
                                  wake_thread, NULL, &one) != UVREST_OK)
            return NULL;
        for (int i = 0; i < 200; i++) {
            uvrest__ratelimit_ticket t;
            uvrest__ratelimit_wait w;
            uint64_t at = atomic_fetch_add(&shared_now, 20 * MS);
            if (!uvrest__ratelimit_acquire(one, at, UVREST_PRIORITY_NORMAL, &t, &w))
                continue;
            ++*n_sent;
            if (i % 3 == 0)
                uvrest__ratelimit_given_up(one, &t, shared_now);
            else
                uvrest__ratelimit_answered(one, &t, shared_now,
                                           &(uvrest__ratelimit_answer){200, -1, UVREST__QUOTA_NONE});
        }
        uvrest__ratelimit_put(one, shared_now);
    }
    return user;
}

static void clients_on_several_threads_share_a_ledger(void **state)
{
    pthread_t threads[4];
    unsigned n_sent[4] = {0}, sum = 0;
    double windows;
    (void)state;
    atomic_store(&shared_now, now);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, spend_on_a_thread, &n_sent[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *done;
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_ptr_equal(done, &n_sent[i]);
        sum += n_sent[i];
    }
    /* 16,000 moments of 20 ms: 320 s, in each 1.1 s of which no more than 10 were sent. */
    windows = (double)(atomic_load(&shared_now) - now) / (1.1 * 1e9);
    assert_true(sum > 1000);
    assert_true(sum <= 10 * (windows + 2));
}

/* ---- in virtual time against several servers, each case with many seeds ------------------------------------------ */

enum { SEEDS = 20 };

/* What is promised of all seeds together and of each. */
typedef struct promise {
    double mean_ratio; /* time over the bound; 0: none */
    double worst_ratio;
    double mean_refused;
    uint32_t worst_refused;
} promise;

static void expect(const char *what, quota_sim_conf plan, promise promised)
{
    double sum = 0, worst = 0, refused = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        quota_sim_result result;
        double ratio;
        plan.seed = seed * 7919;
        result = quota_sim_run(&plan);
        ratio = (double)result.finish_ns / (double)quota_sim_bound_ns(&plan);
        sum += ratio;
        worst = ratio > worst ? ratio : worst;
        refused += result.refused;
        if (result.refused > promised.worst_refused)
            fail_msg("%s, %u calls, seed %lu: %u refused", what, plan.n_calls, (unsigned long)seed, result.refused);
        if (result.failed != 0 || result.succeeded != plan.n_calls)
            fail_msg("%s, %u calls, seed %lu: %u failed", what, plan.n_calls, (unsigned long)seed, result.failed);
        if (plan.server == QUOTA_SLIDING && result.busiest > 1000)
            fail_msg("%s, %u calls, seed %lu: %u in one window", what, plan.n_calls, (unsigned long)seed,
                     result.busiest);
    }
    print_message("%-28s %5u calls: time over bound %.4f, worst %.4f; refused %.1f\n", what, plan.n_calls, sum / SEEDS,
                  worst, refused / SEEDS);
    if (promised.worst_ratio != 0 && worst > promised.worst_ratio)
        fail_msg("%s, %u calls: worst ratio %.4f", what, plan.n_calls, worst);
    if (promised.mean_ratio != 0 && sum / SEEDS > promised.mean_ratio)
        fail_msg("%s, %u calls: mean ratio %.4f", what, plan.n_calls, sum / SEEDS);
    if (refused / SEEDS > promised.mean_refused)
        fail_msg("%s, %u calls: %.1f refused on the mean", what, plan.n_calls, refused / SEEDS);
}

static void sliding_window_alone_row_58(void **state)
{
    (void)state;
    expect("sliding window", (quota_sim_conf){.n_calls = 1500}, (promise){.worst_ratio = 1.02});
    expect("sliding window", (quota_sim_conf){.n_calls = 3000}, (promise){.worst_ratio = 1.02});
    expect("sliding window", (quota_sim_conf){.n_calls = 5000}, (promise){.worst_ratio = 1.02});
    /* Few calls pay one answer's time for the first contact. */
    expect("sliding window", (quota_sim_conf){.n_calls = 100}, (promise){.worst_ratio = 1.5});
    expect("sliding window", (quota_sim_conf){.n_calls = 1000}, (promise){.worst_ratio = 1.1});
    expect("sliding window, 10 at a time", (quota_sim_conf){.n_calls = 1500, .n_in_flight = 10}, (promise){0});
    expect("sliding window, 64 at a time", (quota_sim_conf){.n_calls = 5000, .n_in_flight = 64},
           (promise){.worst_ratio = 1.02});
}

static void sliding_window_next_door_row_58(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 1750) {
        quota_sim_conf plan = {.n_calls = n, .latency = QUOTA_LATENCY_FAST};
        expect("milliseconds away", plan, (promise){.worst_ratio = 1.02});
        plan.n_in_flight = 1;
        expect("milliseconds away, 1 at a time", plan, (promise){.worst_ratio = 1.02});
        plan.n_in_flight = 1000;
        expect("milliseconds away, 1000", plan, (promise){.worst_ratio = 1.02});
    }
}

static void a_single_call_waits_for_nothing(void **state)
{
    quota_sim_conf plan = {.n_calls = 1, .seed = 1};
    quota_sim_result result = quota_sim_run(&plan);
    (void)state;
    assert_true(result.finish_ns < 300 * UVREST__NS_PER_MS);
    for (int cause = 0; cause < UVREST__RATELIMIT_CAUSES; cause++)
        assert_int_equal(result.stats.waits[cause], 0);
}

static void sliding_window_with_slow_and_uneven_answers_row_58(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 3500) {
        expect("three times slower", (quota_sim_conf){.n_calls = n, .latency = QUOTA_LATENCY_TRIPLE},
               (promise){.worst_ratio = 1.05});
        /* The bound knows no tails: the last of them costs up to 8 s. */
        expect("long tails", (quota_sim_conf){.n_calls = n, .latency = QUOTA_LATENCY_LONG_TAILED},
               (promise){.worst_ratio = n == 1500 ? 1.45 : 1.15});
        expect("spread", (quota_sim_conf){.n_calls = n, .latency = QUOTA_LATENCY_SPREAD}, (promise){0});
    }
}

static void lost_answers_row_72(void **state)
{
    (void)state;
    expect("1 % lost", (quota_sim_conf){.n_calls = 1500, .lost_permille = 10}, (promise){.worst_ratio = 1.3});
    expect("1 % lost", (quota_sim_conf){.n_calls = 5000, .lost_permille = 10}, (promise){.worst_ratio = 1.35});
    expect("20 % lost", (quota_sim_conf){.n_calls = 1500, .lost_permille = 200}, (promise){0});
}

static void restart_with_part_of_the_window_used_row_67(void **state)
{
    (void)state;
    expect("700 used before", (quota_sim_conf){.n_calls = 1500, .used_before = 700}, (promise){.worst_ratio = 1.11});
    expect("700 used before", (quota_sim_conf){.n_calls = 5000, .used_before = 700}, (promise){.worst_ratio = 1.05});
    expect("1000 used before", (quota_sim_conf){.n_calls = 1500, .used_before = 1000},
           (promise){.worst_ratio = 1.1, .mean_refused = 10, .worst_refused = 10});
    expect("1000 used before", (quota_sim_conf){.n_calls = 5000, .used_before = 1000},
           (promise){.worst_ratio = 1.05, .mean_refused = 10, .worst_refused = 10});
    expect("1000 used, refusals count",
           (quota_sim_conf){.n_calls = 1500, .used_before = 1000, .server = QUOTA_SLIDING_ALL},
           (promise){.worst_ratio = 1.1, .mean_refused = 10, .worst_refused = 10});
}

static void other_readings_of_the_limit_without_refusal(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 3500) {
        expect("refusals count", (quota_sim_conf){.n_calls = n, .server = QUOTA_SLIDING_ALL},
               (promise){.worst_ratio = 1.02});
        expect("token bucket", (quota_sim_conf){.n_calls = n, .server = QUOTA_TOKEN_BUCKET},
               (promise){.worst_ratio = 1.02});
        for (uint32_t phase = 0; phase < 1000; phase += 125)
            expect("fixed windows",
                   (quota_sim_conf){.n_calls = n, .server = QUOTA_FIXED_WINDOWS, .phase_permille = phase},
                   (promise){.worst_ratio = 1.03});
    }
}

/* Such a server gives the window's 1000 back at 50 a second only, so that the bound is out of reach. */
static void approximate_counters_are_noticed(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 3500)
        for (uint32_t phase = 0; phase < 1000; phase += 250)
            expect("approximate counter",
                   (quota_sim_conf){.n_calls = n, .server = QUOTA_APPROXIMATE, .phase_permille = phase},
                   (promise){.worst_ratio = n == 1500 ? 1.6 : 1.35, .mean_refused = 21, .worst_refused = 100});
}

static void hidden_per_second_limits_are_learnt_row_64(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 3500) {
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            quota_sim_conf plan = {.n_calls = n, .server = QUOTA_STRICT_PER_SECOND, .seed = seed};
            quota_sim_result result = quota_sim_run(&plan);
            double least = (double)n / 50;
            /* The first burst goes wrong once; then jitter may ask for a little less than 47 a second. */
            assert_in_range(result.refused, 1, 110);
            assert_in_range(result.stats.pauses, 1, 3);
            assert_in_range(result.stats.per_second, 41000, 47000);
            assert_int_equal(result.failed, 0);
            if ((double)result.finish_ns / 1e9 > 1.2 * least)
                fail_msg("%u calls, seed %lu: %.1f s", n, (unsigned long)seed, (double)result.finish_ns / 1e9);
        }
    }
}

static void without_headers_rule_1_alone_is_safe_row_66(void **state)
{
    (void)state;
    expect("no headers", (quota_sim_conf){.n_calls = 1500, .without_headers = true}, (promise){.worst_ratio = 1.02});
    expect("no headers", (quota_sim_conf){.n_calls = 5000, .without_headers = true}, (promise){.worst_ratio = 1.02});
}

static void clients_of_one_process_share_a_ledger_row_68(void **state)
{
    (void)state;
    for (uint32_t k = 2; k <= 8; k *= 2) {
        for (int polling = 0; polling < 2; polling++) {
            quota_sim_conf plan = {.n_calls = 1500, .n_clients = k, .without_wake = polling};
            char what[32];
            snprintf(what, sizeof what, "%u clients%s", k, polling ? ", polling" : "");
            expect(what, plan, (promise){.mean_ratio = 1.02, .worst_ratio = 1.025});
            plan.n_calls = 5000;
            expect(what, plan, (promise){.worst_ratio = 1.02});
        }
    }
}

/* Programs that know of each other by the server's headers only: half a percent may be refused. */
static void peers_are_noticed_row_65(void **state)
{
    (void)state;
    for (uint32_t k = 2; k <= 8; k *= 2) {
        quota_sim_conf plan = {.n_calls = 1500, .n_clients = k, .separate_ledgers = true};
        char what[32];
        snprintf(what, sizeof what, "%u processes", k);
        expect(what, plan, (promise){.mean_ratio = 1.15, .mean_refused = 7.5, .worst_refused = 15});
        plan.n_calls = 5000;
        expect(what, plan, (promise){.mean_ratio = 1.25, .mean_refused = 25, .worst_refused = 50});
    }
}

/* Another program spends most of what was left, all at once. */
static void a_sudden_peer_is_noticed_row_65(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 3500)
        for (uint64_t at_ms = 200; at_ms <= 600; at_ms += 200)
            expect("300 by another program",
                   (quota_sim_conf){.n_calls = n, .stranger = {.from_ns = at_ms * UVREST__NS_PER_MS, .n = 300}},
                   (promise){.mean_refused = n * 0.005, .worst_refused = n / 50});
}

/* Other programs that know of nothing, read nothing and send on through their own 429s. They are refused themselves
 * while the window is full, so that we keep more than they would leave us if they had all they ask for: 1.25 x the time
 * beside 10 a second, 2 x beside 25, 5 x beside 40. */
static void strangers_cost_few_refusals_row_65(void **state)
{
    static const struct {
        const char *what;
        quota_sim_conf plan;
        double mean_ratio;
    } rows[] = {
        {"10/s", {.stranger = {.every_ns = 100 * MS, .n = 1}}, 1.3},
        {"10/s, before us", {.used_before = 200, .stranger = {.every_ns = 100 * MS, .n = 1}}, 1.3},
        {"10/s, next door", {.latency = QUOTA_LATENCY_FAST, .stranger = {.every_ns = 100 * MS, .n = 1}}, 1.3},
        {"25/s", {.stranger = {.every_ns = 40 * MS, .n = 1}}, 1.3},
        {"25/s, slow answers", {.latency = QUOTA_LATENCY_TRIPLE, .stranger = {.every_ns = 40 * MS, .n = 1}}, 1.45},
        {"25/s, refusals count", {.server = QUOTA_SLIDING_ALL, .stranger = {.every_ns = 40 * MS, .n = 1}}, 2.45},
        {"40/s", {.stranger = {.every_ns = 25 * MS, .n = 1}}, 1.35},
        {"25/s from 10 to 40 s",
         {.stranger = {.from_ns = 10 * S, .until_ns = 40 * S, .every_ns = 40 * MS, .n = 1}},
         1.3},
        {"300 each 10 s", {.stranger = {.from_ns = 5 * S, .every_ns = 10 * S, .n = 300}}, 1.2},
        {"300 each 25 s", {.stranger = {.from_ns = 5 * S, .every_ns = 25 * S, .n = 300}}, 1.15},
        {"all it gets, 10 to 40 s",
         {.stranger = {.from_ns = 10 * S, .until_ns = 40 * S, .every_ns = 1450000, .n = 1}},
         2.1},
        {"all it gets, refusals count",
         {.server = QUOTA_SLIDING_ALL,
          .stranger = {.from_ns = 10 * S, .until_ns = 40 * S, .every_ns = 1450000, .n = 1}},
         3},
        {"10/s, and two of us",
         {.n_clients = 2, .separate_ledgers = true, .stranger = {.every_ns = 100 * MS, .n = 1}},
         1.3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint32_t n = 1500; n <= 5000; n += 3500) {
            quota_sim_conf plan = rows[i].plan;
            plan.n_calls = n;
            expect(rows[i].what, plan,
                   (promise){.mean_ratio = rows[i].mean_ratio,
                             .mean_refused = n * 0.005,
                             .worst_refused = n == 1500 ? 15 : 75});
        }
}

/* Who takes all that is left in one moment leaves nothing to what is under way, and we come back to our share. */
static void a_sudden_end_of_the_window_costs_what_is_under_way_row_65(void **state)
{
    (void)state;
    for (uint32_t n = 1500; n <= 5000; n += 3500)
        for (uint32_t under_way = 20; under_way <= 100; under_way += 40)
            expect(
                "900 by another program",
                (quota_sim_conf){.n_calls = n, .n_in_flight = under_way, .stranger = {.from_ns = 400 * MS, .n = 900}},
                (promise){.mean_ratio = 2.1, .mean_refused = under_way, .worst_refused = under_way});
    expect("all it gets, from 30 s on", /* rule 1 alone decides by then, and our slots are gone as they return */
           (quota_sim_conf){.n_calls = 5000,
                            .stranger = {.from_ns = 30 * S, .until_ns = 60 * S, .every_ns = 1450000, .n = 1}},
           (promise){.mean_ratio = 1.3, .mean_refused = 50, .worst_refused = 100});
}

/*
 * Who asks so often that each slot is taken as soon as it is free leaves nothing that could be seen before it is asked
 * for: of s requests a second that compete for 50 slots, 1 - 50/s are refused, whoever sends them; 93 of 100 beside
 * this one. What can be had is that few are sent: one a pause, and pauses grow.
 */
static void one_who_fills_every_slot_is_asked_for_rarely_row_65(void **state)
{
    quota_sim_conf plan = {
        .n_calls = 1500, .stranger = {.until_ns = 1800 * S, .every_ns = 1450000, .n = 1}, .seed = 7919};
    quota_sim_result result = quota_sim_run(&plan);
    double seconds = (double)result.finish_ns / 1e9;
    (void)state;
    print_message("each free slot taken: %.0f s; refused %u, one in %.1f s; failed %u\n", seconds, result.refused,
                  seconds / result.refused, result.failed);
    if (result.refused > 180 || seconds > 1860)
        fail_msg("%u refused in %.0f s", result.refused, seconds);
}

/* Everything mixed: whatever the latencies, losses and clients, no window of the server's is ever overrun. */
static void no_window_is_overrun_row_58(void **state)
{
    uvrest__random random;
    uint32_t busiest = 0;
    (void)state;
    uvrest__random_init(&random, 58);
    for (int i = 0; i < 300; i++) {
        uvrest__rand rand = uvrest__random_as_rand(&random);
        quota_sim_conf plan = {
            .latency = (quota_sim_latency)uvrest__rand_up_to(rand, QUOTA_LATENCY_SPREAD),
            .n_calls = 1000 + (uint32_t)uvrest__rand_up_to(rand, 2000),
            .n_clients = 1 + (uint32_t)uvrest__rand_up_to(rand, 2),
            .n_in_flight = 1 + (uint32_t)uvrest__rand_up_to(rand, 300),
            .without_wake = uvrest__rand_up_to(rand, 1) == 1,
            .without_headers = uvrest__rand_up_to(rand, 3) == 0,
            .lost_permille = (uint32_t)uvrest__rand_up_to(rand, 50),
            .seed = uvrest__random_next(&random),
        };
        quota_sim_result result = quota_sim_run(&plan);
        if (result.refused != 0 || result.failed != 0 || result.busiest > 1000)
            fail_msg("run %d: %u refused, %u failed, %u in one window", i, result.refused, result.failed,
                     result.busiest);
        busiest = result.busiest > busiest ? result.busiest : busiest;
    }
    assert_int_equal(busiest, 1000);
}

/* The same seed gives the same run: nothing in the ledger reads a clock or an address. */
static void runs_repeat_exactly(void **state)
{
    quota_sim_conf plan = {.n_calls = 3000, .n_clients = 3, .lost_permille = 20, .seed = 5};
    quota_sim_result a = quota_sim_run(&plan), b = quota_sim_run(&plan);
    (void)state;
    assert_int_equal(a.finish_ns, b.finish_ns);
    assert_memory_equal(a.stats.waits, b.stats.waits, sizeof a.stats.waits);
}

#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configuration_has_defaults),
        cmocka_unit_test(configuration_takes_the_callers_numbers),
        cmocka_unit_test(configuration_names_what_is_wrong),
        WITH_LEDGER(credentials_have_ledgers_of_their_own_row_73),
        WITH_LEDGER(a_ledger_takes_the_stricter_configuration),
        WITH_LEDGER(ledgers_are_remembered_for_a_window),
        WITH_LEDGER(only_so_many_ledgers_are_remembered),
        WITH_LEDGER(clients_are_woken_by_what_others_bring_about),
        WITH_LEDGER(registries_survive_lack_of_memory_row_110),
        WITH_LEDGER(nothing_is_asked_of_memory_while_sending),
        WITH_LEDGER(the_hook_grants_at_once),
        WITH_LEDGER(grants_of_the_hook_run_out),
        WITH_LEDGER(the_hook_grants_no_more_than_it_was_asked_for),
        WITH_LEDGER(the_hook_refuses_for_a_while),
        WITH_LEDGER(the_hook_answers_later_from_another_thread),
        WITH_LEDGER(a_hook_without_wake_is_looked_at_every_20_ms),
        WITH_LEDGER(the_hook_may_answer_after_the_client_is_gone),
        WITH_LEDGER(hooks_survive_lack_of_memory_row_110),
        WITH_LEDGER(a_refusal_pauses_everybody_row_59),
        WITH_LEDGER(clients_on_several_threads_share_a_ledger),
        cmocka_unit_test(sliding_window_alone_row_58),
        cmocka_unit_test(sliding_window_next_door_row_58),
        cmocka_unit_test(a_single_call_waits_for_nothing),
        cmocka_unit_test(sliding_window_with_slow_and_uneven_answers_row_58),
        cmocka_unit_test(lost_answers_row_72),
        cmocka_unit_test(restart_with_part_of_the_window_used_row_67),
        cmocka_unit_test(other_readings_of_the_limit_without_refusal),
        cmocka_unit_test(approximate_counters_are_noticed),
        cmocka_unit_test(hidden_per_second_limits_are_learnt_row_64),
        cmocka_unit_test(without_headers_rule_1_alone_is_safe_row_66),
        cmocka_unit_test(clients_of_one_process_share_a_ledger_row_68),
        cmocka_unit_test(peers_are_noticed_row_65),
        cmocka_unit_test(a_sudden_peer_is_noticed_row_65),
        cmocka_unit_test(strangers_cost_few_refusals_row_65),
        cmocka_unit_test(a_sudden_end_of_the_window_costs_what_is_under_way_row_65),
        cmocka_unit_test(one_who_fills_every_slot_is_asked_for_rarely_row_65),
        cmocka_unit_test(no_window_is_overrun_row_58),
        cmocka_unit_test(runs_repeat_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
