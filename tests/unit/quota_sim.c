/* SPDX-License-Identifier: MIT */
#include "quota_sim.h"
#include "clock.h"
#include "leases.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { QUOTA = 1000, PER_SECOND = 50, MAX_CLIENTS = 16, RETRIES = 5 };
#define WINDOW_NS (20 * UVREST__NS_PER_S)
#define MEAN_LATENCY_NS (145 * UVREST__NS_PER_MS)
#define LOST_AFTER_NS (5 * UVREST__NS_PER_S)
#define USED_BEFORE_NS (2 * UVREST__NS_PER_S) /* what was used before the start was used so long before */
#define ATTEMPT_NS (60 * UVREST__NS_PER_S)
#define START_NS (1000 * UVREST__NS_PER_S) /* so that there is a time before the start */

typedef enum event_kind { ARRIVAL, ANSWER, LOSS, ALARM, STRANGER, QUESTION, REPLY } event_kind;

typedef struct sim_event {
    uint64_t at;
    uint64_t number; /* ties are broken by age */
    event_kind kind;
    uint32_t client;
    uint64_t latency_ns; /* ARRIVAL: of the whole exchange; the rest of it follows */
    uint32_t n_refused; /* of this call, so far */
    bool lost;
    uvrest__ratelimit_ticket ticket;
    uvrest__ratelimit_answer answer;
} sim_event;

typedef struct sim_client {
    struct sim_world *sim;
    uvrest__ratelimit *rl;
    uint32_t n_queued;
    uint32_t n_in_flight;
    uint32_t again[RETRIES + 1]; /* calls to repeat, by how often they were refused */
    uint64_t alarm_at; /* UINT64_MAX: none */
    bool woken;
    uvrest__buf words; /* of the question to the log */
    size_t n_words;
    int64_t values[UVREST__LEASES_VALUES]; /* and its answer */
    size_t n_values;
    bool asking;
} sim_client;

typedef struct sim_server {
    quota_sim_server kind;
    uint64_t *counted; /* moments, ours and others', in order */
    size_t n_counted, cap;
    size_t oldest; /* in the window */
    size_t oldest_second;
    double tokens;
    uint64_t tokens_at;
    uint64_t window_begin;
    uint32_t in_window, in_window_before;
} sim_server;

typedef struct sim_world {
    const quota_sim_conf *conf;
    uint64_t now;
    sim_event *events; /* a heap */
    size_t n_events, cap_events;
    uint64_t n_scheduled;
    sim_client clients[MAX_CLIENTS];
    uint32_t n_clients;
    sim_server server;
    uint64_t *own; /* when ours were counted */
    size_t n_own;
    uvrest__random random;
    quota_sim_result result;
} sim_world;

/* ---- events ------------------------------------------------------------------------------------------------------ */

static bool earlier(const sim_event *a, const sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void schedule(sim_world *sim, sim_event e)
{
    size_t i = sim->n_events++;
    if (sim->n_events > sim->cap_events) {
        sim->cap_events = sim->cap_events * 2 + 64;
        sim->events = realloc(sim->events, sim->cap_events * sizeof e);
        assert_non_null(sim->events);
    }
    e.number = sim->n_scheduled++;
    for (; i > 0 && earlier(&e, &sim->events[(i - 1) / 2]); i = (i - 1) / 2)
        sim->events[i] = sim->events[(i - 1) / 2];
    sim->events[i] = e;
}

static sim_event take_event(sim_world *sim)
{
    sim_event first = sim->events[0], last = sim->events[--sim->n_events];
    size_t i = 0, child;
    for (; (child = 2 * i + 1) < sim->n_events; i = child) {
        if (child + 1 < sim->n_events && earlier(&sim->events[child + 1], &sim->events[child]))
            child++;
        if (!earlier(&sim->events[child], &last))
            break;
        sim->events[i] = sim->events[child];
    }
    sim->events[i] = last;
    return first;
}

static double uniform(sim_world *sim)
{
    return (double)(uvrest__random_next(&sim->random) >> 11) * 0x1p-53;
}

static uint64_t draw_latency(sim_world *sim)
{
    double hump = uniform(sim) + uniform(sim) + uniform(sim) + uniform(sim); /* mean 2, from 0 to 4 */
    double seconds = 0.145 + (hump - 2) * 0.06;
    if (sim->conf->latency == QUOTA_LATENCY_TRIPLE)
        seconds *= 3;
    else if (sim->conf->latency == QUOTA_LATENCY_FAST)
        seconds = 0.0005 + 0.003 * uniform(sim);
    else if (sim->conf->latency == QUOTA_LATENCY_LONG_TAILED)
        seconds = fmin(0.06 * pow(1 - uniform(sim), -1 / 1.7), 8);
    else if (sim->conf->latency == QUOTA_LATENCY_SPREAD)
        seconds = 0.02 + 1.98 * uniform(sim);
    return (uint64_t)(seconds * 1e9);
}

/* ---- the server -------------------------------------------------------------------------------------------------- */

static uint32_t in_last(sim_server *server, size_t *oldest, uint64_t now, uint64_t span)
{
    while (*oldest < server->n_counted && server->counted[*oldest] + span <= now)
        ++*oldest;
    return (uint32_t)(server->n_counted - *oldest);
}

static void roll_windows(sim_server *server, uint64_t now)
{
    while (now >= server->window_begin + WINDOW_NS) {
        server->in_window_before = server->in_window;
        server->in_window = 0;
        server->window_begin += WINDOW_NS;
    }
}

/* How many more it would admit at this moment, by its own rule; below 1 it refuses. */
static double left(sim_server *server, uint64_t now)
{
    double gone;
    switch (server->kind) {
    case QUOTA_TOKEN_BUCKET:
        server->tokens = fmin(QUOTA, server->tokens + (double)(now - server->tokens_at) * QUOTA / (double)WINDOW_NS);
        server->tokens_at = now;
        return server->tokens;
    case QUOTA_FIXED_WINDOWS:
        roll_windows(server, now);
        return (double)QUOTA - server->in_window;
    case QUOTA_APPROXIMATE:
        roll_windows(server, now);
        gone = (double)(now - server->window_begin) / (double)WINDOW_NS;
        return QUOTA - server->in_window - server->in_window_before * (1 - gone);
    default:
        return (double)QUOTA - in_last(server, &server->oldest, now, WINDOW_NS);
    }
}

static bool admits(sim_server *server, uint64_t now)
{
    if (left(server, now) < 1)
        return false;
    return server->kind != QUOTA_STRICT_PER_SECOND ||
           in_last(server, &server->oldest_second, now, UVREST__NS_PER_S) < PER_SECOND;
}

static void count(sim_server *server, uint64_t now)
{
    if (server->n_counted == server->cap) {
        server->cap = server->cap * 2 + 4096;
        server->counted = realloc(server->counted, server->cap * sizeof *server->counted);
        assert_non_null(server->counted);
    }
    server->counted[server->n_counted++] = now;
}

/* Counts one request; returns whether it is admitted. */
static bool serve(sim_server *server, uint64_t now)
{
    bool admitted = admits(server, now);
    if (admitted) {
        server->tokens -= 1;
        server->in_window++;
    }
    if (admitted || server->kind == QUOTA_SLIDING_ALL)
        count(server, now);
    return admitted;
}

/* ---- the clients ------------------------------------------------------------------------------------------------- */

static bool take_call(sim_client *client, uint32_t *out_n_refused)
{
    for (uint32_t i = RETRIES + 1; i-- > 0;)
        if (client->again[i] > 0) {
            client->again[i]--;
            *out_n_refused = i;
            return true;
        }
    *out_n_refused = 0;
    return client->n_queued > 0 && client->n_queued-- > 0;
}

static uint32_t n_waiting(const sim_client *client)
{
    uint32_t n = client->n_queued;
    for (uint32_t i = 0; i <= RETRIES; i++)
        n += client->again[i];
    return n;
}

static void send_one(sim_world *sim, uint32_t index, const uvrest__ratelimit_ticket *ticket)
{
    sim_client *client = &sim->clients[index];
    sim_event e = {.kind = ARRIVAL, .client = index, .ticket = *ticket};
    bool taken = take_call(client, &e.n_refused);
    assert_true(taken);
    client->n_in_flight++;
    e.latency_ns = draw_latency(sim);
    e.at = sim->now + (uint64_t)((double)e.latency_ns * (0.3 + 0.4 * uniform(sim)));
    e.lost = uniform(sim) * 1000 < sim->conf->lost_permille;
    if (e.lost) {
        sim_event loss = e;
        loss.kind = LOSS;
        loss.at = sim->now + LOST_AFTER_NS;
        schedule(sim, loss);
        if (uniform(sim) < 0.5)
            return; /* it does not even arrive */
        if (e.at >= loss.at)
            return;
    }
    schedule(sim, e);
}

static void wake_at(sim_world *sim, uint32_t index, uint64_t at)
{
    sim_client *client = &sim->clients[index];
    if (client->alarm_at <= at)
        return;
    client->alarm_at = at;
    schedule(sim, (sim_event){.kind = ALARM, .client = index, .at = at});
}

static uint64_t to_the_log(sim_world *sim)
{
    return sim->now + (uint64_t)((0.5 + 1.5 * uniform(sim)) * (double)UVREST__NS_PER_MS);
}

/* What is due to be asked is asked. */
static void question(sim_world *sim, uint32_t index)
{
    sim_client *client = &sim->clients[index];
    uint64_t due;
    uvrest__ratelimit_expect(client->rl, n_waiting(client), UVREST_PRIORITY_NORMAL, ATTEMPT_NS);
    due = client->asking ? UINT64_MAX : uvrest__ratelimit_question_due(client->rl, sim->now);
    if (due == 0) {
        uvrest__buf_clear(&client->words);
        assert_int_equal(uvrest__ratelimit_ask(client->rl, sim->now, false, &client->words, &client->n_words),
                         UVREST_OK);
        client->asking = true;
        schedule(sim, (sim_event){.kind = QUESTION, .client = index, .at = to_the_log(sim)});
    } else if (due != UINT64_MAX) {
        wake_at(sim, index, due);
    }
}

/* Sends what may go, then sleeps as long as it was told. */
static void pump(sim_world *sim, uint32_t index)
{
    sim_client *client = &sim->clients[index];
    uint32_t most = sim->conf->n_in_flight == 0 ? 100 : sim->conf->n_in_flight;
    while (n_waiting(client) > 0 && client->n_in_flight < most) {
        uvrest__ratelimit_ticket ticket;
        uvrest__ratelimit_wait wait;
        uvrest__ratelimit_expect(client->rl, n_waiting(client), UVREST_PRIORITY_NORMAL, ATTEMPT_NS);
        if (uvrest__ratelimit_acquire(client->rl, sim->now, UVREST_PRIORITY_NORMAL, &ticket, &wait)) {
            send_one(sim, index, &ticket);
            continue;
        }
        assert_true(wait.ns > 0);
        assert_int_not_equal(wait.cause, UVREST__RATELIMIT_FREE);
        if (wait.ns != UINT64_MAX)
            wake_at(sim, index, sim->now + wait.ns);
        break;
    }
    if (sim->conf->ask_log != NULL)
        question(sim, index);
}

static void on_wake(void *user)
{
    ((sim_client *)user)->woken = true;
}

static void on_arrival(sim_world *sim, sim_event e)
{
    bool admitted = serve(&sim->server, sim->now);
    double rest = left(&sim->server, sim->now);
    sim->own[sim->n_own] = sim->now;
    sim->n_own += admitted;
    if (e.lost)
        return;
    e.kind = ANSWER;
    e.at = e.ticket.sent_ns + e.latency_ns;
    e.answer = (uvrest__ratelimit_answer){admitted ? 200 : 429, -1, UVREST__QUOTA_NONE};
    if (!sim->conf->without_headers)
        e.answer.quota.remaining = rest < 0 ? 0 : (int64_t)rest;
    schedule(sim, e);
}

static void on_stranger(sim_world *sim)
{
    const quota_sim_stranger *stranger = &sim->conf->stranger;
    uint64_t at = sim->now + stranger->every_ns / 2 + (uint64_t)((double)stranger->every_ns * uniform(sim));
    for (uint32_t i = 0; i < stranger->n; i++) {
        bool admitted = serve(&sim->server, sim->now);
        sim->result.foreign += admitted;
        sim->result.foreign_refused += !admitted;
    }
    if (stranger->every_ns > 0 && (stranger->until_ns == 0 || at < START_NS + stranger->until_ns))
        schedule(sim, (sim_event){.kind = STRANGER, .at = at});
}

static void end_call(sim_world *sim, bool success)
{
    sim->result.succeeded += success;
    sim->result.failed += !success;
    sim->result.finish_ns = sim->now - START_NS;
}

static void on_event(sim_world *sim, const sim_event *e)
{
    sim_client *client = &sim->clients[e->client];
    switch (e->kind) {
    case ARRIVAL:
        on_arrival(sim, *e);
        return;
    case ANSWER:
        client->n_in_flight--;
        uvrest__ratelimit_answered(client->rl, &e->ticket, sim->now, &e->answer);
        if (e->answer.http_status != 429) {
            end_call(sim, true);
        } else {
            sim->result.refused++;
            if (e->n_refused == RETRIES)
                end_call(sim, false);
            else
                client->again[e->n_refused + 1]++;
        }
        break;
    case LOSS:
        client->n_in_flight--;
        uvrest__ratelimit_given_up(client->rl, &e->ticket, sim->now);
        client->again[e->n_refused]++;
        break;
    case ALARM:
        if (client->alarm_at == e->at)
            client->alarm_at = UINT64_MAX;
        break;
    case STRANGER:
        on_stranger(sim);
        return;
    case QUESTION:
        client->n_values =
            sim->conf->ask_log(uvrest__buf_text(&client->words), client->n_words, sim->now, client->values);
        schedule(sim, (sim_event){.kind = REPLY, .client = e->client, .at = to_the_log(sim)});
        return;
    case REPLY:
        client->asking = false;
        assert_true(uvrest__ratelimit_told(client->rl, sim->now, client->values, client->n_values));
        break;
    }
    client->woken = true;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void open_clients(sim_world *sim, uvrest__ratelimit_registry **registries)
{
    uvrest__ratelimit_conf conf;
    uvrest__rand rand = uvrest__random_as_rand(&sim->random);
    sim->n_clients = sim->conf->n_clients == 0 ? 1 : sim->conf->n_clients;
    uvrest_rate_limit options = sim->conf->options;
    if (sim->conf->ask_log != NULL)
        options.shared_redis = "there";
    assert_int_equal(uvrest__ratelimit_configure(&conf, &options, QUOTA, 20000, NULL), UVREST_OK);
    for (uint32_t i = 0; i < sim->n_clients; i++) {
        sim_client *client = &sim->clients[i];
        if (i == 0 || sim->conf->separate_ledgers)
            assert_int_equal(uvrest__ratelimit_registry_new(NULL, &registries[i]), UVREST_OK);
        *client = (sim_client){.sim = sim, .alarm_at = UINT64_MAX, .woken = true};
        uvrest__buf_init(&client->words, NULL, 0);
        client->n_queued = sim->conf->n_calls / sim->n_clients + (i < sim->conf->n_calls % sim->n_clients);
        assert_int_equal(uvrest__ratelimit_get(registries[sim->conf->separate_ledgers ? i : 0], "https://a.example",
                                               NULL, &conf, START_NS, rand, sim->conf->without_wake ? NULL : on_wake,
                                               client, &client->rl),
                         UVREST_OK);
    }
}

static void open_server(sim_world *sim)
{
    const quota_sim_conf *conf = sim->conf;
    size_t most = conf->n_calls * 20 + 1000; /* lost ones are repeated */
    sim->server.kind = conf->server;
    sim->server.tokens = QUOTA;
    sim->server.window_begin = START_NS - WINDOW_NS / 1000 * conf->phase_permille;
    sim->own = calloc(most, sizeof *sim->own);
    assert_non_null(sim->own);
    sim->server.tokens_at = START_NS - USED_BEFORE_NS;
    for (uint32_t i = 0; i < conf->used_before; i++)
        serve(&sim->server, START_NS - USED_BEFORE_NS + i * UVREST__NS_PER_MS);
    if (conf->stranger.n > 0)
        schedule(sim, (sim_event){.kind = STRANGER, .at = START_NS + conf->stranger.from_ns});
}

static void measure_busiest(sim_world *sim)
{
    size_t oldest = 0;
    for (size_t i = 0; i < sim->n_own; i++) {
        while (sim->own[oldest] + WINDOW_NS <= sim->own[i])
            oldest++;
        if (i - oldest + 1 > sim->result.busiest)
            sim->result.busiest = (uint32_t)(i - oldest + 1);
    }
}

quota_sim_result quota_sim_run(const quota_sim_conf *conf)
{
    static sim_world world; /* large; one run at a time */
    sim_world *sim = &world;
    uvrest__ratelimit_registry *registries[MAX_CLIENTS] = {NULL};
    memset(sim, 0, sizeof *sim);
    sim->conf = conf;
    sim->now = START_NS;
    uvrest__random_init(&sim->random, conf->seed);
    open_clients(sim, registries);
    open_server(sim);
    for (;;) {
        for (uint32_t i = 0; i < sim->n_clients; i++)
            if (sim->clients[i].woken) {
                sim->clients[i].woken = false;
                pump(sim, i);
            }
        if (sim->result.succeeded + sim->result.failed == conf->n_calls)
            break;
        assert_true(sim->n_events > 0); /* else somebody waits for ever */
        sim_event e = take_event(sim);
        sim->now = e.at;
        on_event(sim, &e);
    }
    while (sim->n_events > 0) /* what is still under way belongs to no call any more */
        (void)take_event(sim);
    uvrest__ratelimit_read_stats(sim->clients[0].rl, sim->now, &sim->result.stats);
    measure_busiest(sim);
    for (uint32_t i = 0; i < sim->n_clients; i++) {
        uvrest__ratelimit_put(sim->clients[i].rl, sim->now);
        uvrest__buf_fini(&sim->clients[i].words);
    }
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        uvrest__ratelimit_registry_free(registries[i]);
    free(sim->events);
    free(sim->server.counted);
    free(sim->own);
    return sim->result;
}

/* The k-th request cannot be admitted earlier than a window after the one a quota before it, and no faster than the
 * requests under way allow: window x (rounds - 1) + last round / throughput + one latency. */
uint64_t quota_sim_bound_ns(const quota_sim_conf *conf)
{
    uint64_t n = (uint64_t)conf->n_calls + conf->used_before, clients = conf->n_clients == 0 ? 1 : conf->n_clients;
    uint64_t latency = conf->latency == QUOTA_LATENCY_TRIPLE ? 3 * MEAN_LATENCY_NS
                       : conf->latency == QUOTA_LATENCY_FAST ? 2 * UVREST__NS_PER_MS
                                                             : MEAN_LATENCY_NS;
    uint64_t under_way = clients * (conf->n_in_flight == 0 ? 100 : conf->n_in_flight);
    uint64_t full_rounds = (n - 1) / QUOTA;
    return WINDOW_NS * full_rounds + (n - QUOTA * full_rounds) * latency / under_way + latency -
           (conf->used_before > 0 ? USED_BEFORE_NS : 0);
}
