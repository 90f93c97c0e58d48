/* SPDX-License-Identifier: MIT */
/*
 * What calls cost that wait: bytes each, and CPU time to start them, to turn the loop while they wait, and to cancel
 * them in random order until all callbacks have run. One call is under way all the time, at a server that accepts and
 * never answers.
 *
 *   bench_transport_queued [--quick]
 */
#include <arpa/inet.h>
#include <iconik/iconik.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define ROUNDS 5
#define SIZES 3
#define TURNS 2000
#define ASSET_ID "5eed0000-0000-4000-8000-000000000001"
#define TARGET "/API/assets/v1/assets/" ASSET_ID "/"

static const size_t sizes[SIZES] = {25000, 50000, 100000};

/* Seconds of CPU time for all calls of one round. */
typedef struct cost {
    double start_s;
    double wait_s;
    double cancel_s;
} cost;

static size_t held_bytes;
static size_t n_ended;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "queued: %s\n", what);
    exit(1);
}

/* ---- an allocator that counts what malloc really spends: its own word included ---- */

static size_t cost_of(void *memory)
{
    return memory == NULL ? 0 : malloc_usable_size(memory) + sizeof(size_t);
}

static void *count_allocate(size_t size, void *user)
{
    void *memory = malloc(size);
    (void)user;
    held_bytes += cost_of(memory);
    return memory;
}

static void *count_resize(void *memory, size_t size, void *user)
{
    size_t before = cost_of(memory);
    void *grown = realloc(memory, size);
    (void)user;
    if (grown != NULL)
        held_bytes += cost_of(grown) - before;
    return grown;
}

static void count_release(void *memory, void *user)
{
    (void)user;
    held_bytes -= cost_of(memory);
    free(memory);
}

static const uvrest_alloc counting = {count_allocate, count_resize, count_release, NULL};

/* ---- a round ---- */

static int listen_silently(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        fail("no port to listen at");
    snprintf(url, 64, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    return fd;
}

static double cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void on_asset(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    (void)user;
    if (asset != NULL || result->status != UVREST_E_CANCELLED)
        fail("a call did not end as cancelled");
    n_ended++;
}

static uvrest_call *start(iconik_client *client, const uvrest_call_options *options)
{
    uvrest_call *call;
    if (iconik_assets_get(client, &(iconik_assets_get_args){.asset_id = ASSET_ID, .call = options}, on_asset, NULL,
                          &call) != UVREST_OK)
        fail("a call cannot be started");
    return call;
}

/* The same order each time. */
static void shuffle(uvrest_call **calls, size_t n)
{
    uint64_t state = 88172645463325252u;
    for (size_t i = n - 1; i > 0; i--) {
        uvrest_call *call = calls[i];
        size_t other;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        other = (size_t)(state % (i + 1));
        calls[i] = calls[other];
        calls[other] = call;
    }
}

static cost wait_and_cancel(uv_loop_t *loop, iconik_client *client, uvrest_call *sent, uvrest_call **calls, size_t n,
                            const uvrest_call_options *options)
{
    cost c;
    double begin = cpu_now();
    for (size_t i = 0; i < n; i++)
        calls[i] = start(client, options);
    c.start_s = cpu_now() - begin;
    begin = cpu_now();
    for (int i = 0; i < TURNS; i++)
        uv_run(loop, UV_RUN_NOWAIT);
    c.wait_s = cpu_now() - begin;
    shuffle(calls, n);
    n_ended = 0;
    begin = cpu_now();
    for (size_t i = 0; i < n; i++)
        uvrest_call_cancel(calls[i]);
    while (n_ended < n)
        uv_run(loop, UV_RUN_NOWAIT);
    c.cancel_s = cpu_now() - begin;
    uvrest_call_cancel(sent);
    return c;
}

/* One client, n waiting calls. *out_bytes: what each holds beside its URL. */
static cost run_round(const char *url, size_t n, uint32_t deadline_ms, double *out_bytes)
{
    const uvrest_call_options options = {.deadline_ms = deadline_ms};
    uvrest_call **calls = calloc(n, sizeof *calls);
    iconik_client *client;
    uvrest_call *sent;
    uv_loop_t loop;
    size_t before;
    cost c;
    if (calls == NULL || uv_loop_init(&loop) != 0 ||
        iconik_client_new(&(iconik_client_options){.app_id = "a",
                                                   .auth_token = "b",
                                                   .base_url = url,
                                                   .loop = &loop,
                                                   .alloc = &counting,
                                                   .max_in_flight = 1,
                                                   .disable_rate_limit_handling = true},
                          &client) != UVREST_OK)
        fail("no client");
    sent = start(client, &options);
    uv_run(&loop, UV_RUN_NOWAIT);
    before = held_bytes;
    c = (cost){0};
    if (out_bytes != NULL) {
        for (size_t i = 0; i < n; i++)
            calls[i] = start(client, &options);
        *out_bytes = (double)(held_bytes - before) / (double)n - (double)sizeof TARGET;
        uvrest_call_cancel(sent);
    } else {
        c = wait_and_cancel(&loop, client, sent, calls, n, &options);
    }
    iconik_client_free(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop) != 0 || held_bytes != 0)
        fail("something was not given back");
    free(calls);
    return c;
}

/* ---- all rounds ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

/* Nanoseconds a call (a turn, for waiting) by size, and what four times the calls cost each against the fewest. */
static void print_costs(const char *name, const char *what, double seconds[SIZES][ROUNDS], size_t rounds, bool per_turn)
{
    double each[SIZES];
    for (size_t s = 0; s < SIZES; s++) {
        each[s] = median(seconds[s], rounds) / (per_turn ? TURNS : (double)sizes[s]) * 1e9;
        printf("figure transport.%s.%s_ns.%zu %.0f\n", name, what, sizes[s], each[s]);
    }
    printf("ratio transport.%s.%s_100000_vs_25000 %.2f\n", name, what, each[SIZES - 1] / each[0]);
}

static void run_all(const char *url, const char *name, uint32_t deadline_ms, size_t rounds)
{
    double starts[SIZES][ROUNDS];
    double waits[SIZES][ROUNDS];
    double cancels[SIZES][ROUNDS];
    double bytes;
    for (size_t r = 0; r < rounds; r++) {
        for (size_t s = 0; s < SIZES; s++) {
            cost c = run_round(url, sizes[s], deadline_ms, NULL);
            starts[s][r] = c.start_s;
            waits[s][r] = c.wait_s;
            cancels[s][r] = c.cancel_s;
        }
    }
    (void)run_round(url, sizes[SIZES - 1], deadline_ms, &bytes);
    printf("figure transport.%s.bytes %.0f\n", name, bytes);
    print_costs(name, "start", starts, rounds, false);
    print_costs(name, "turn", waits, rounds, true);
    print_costs(name, "cancel", cancels, rounds, false);
}

int main(int argc, char **argv)
{
    char url[64];
    int fd = listen_silently(url);
    size_t rounds = argc > 1 && strcmp(argv[1], "--quick") == 0 ? 1 : ROUNDS;
    run_all(url, "queued_call", 0, rounds);
    run_all(url, "queued_call_with_deadline", 600000, rounds);
    close(fd);
    return 0;
}
