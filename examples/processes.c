/* SPDX-License-Identifier: MIT */
/*
 * One quota, several processes: PROCESSES of them read the same asset COUNT times between them, and share what the
 * server allows, so that none of them is refused. SHARED is a file, best on a file system of memory, such as below
 * XDG_RUNTIME_DIR or /dev/shm; or, as for processes of several machines, a Redis or Valkey server: redis://… or unix:….
 *
 *   ICONIK_APP_ID, ICONIK_AUTH_TOKEN, ICONIK_BASE_URL   as for quickstart
 *   processes PROCESSES COUNT SHARED ASSET_ID [REQUESTS WINDOW_MS]   the last two: the quota, default the API's
 */
#include <iconik/iconik.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct job {
    const char *asset_id;
    const char *shared;
    long processes;
    long count;
    uint32_t requests; /* 0: the API's */
    uint32_t window_ms; /* likewise */
} job;

typedef struct tally {
    uint64_t succeeded;
    uint64_t failed;
    uint64_t refused;
} tally;

static void on_asset(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    tally *counts = user;

    if (asset != NULL) {
        counts->succeeded++;
        return;
    }
    counts->failed++;
    fprintf(stderr, "asset: %s\n", result->message);
}

static void on_log(uvrest_log_level level, const char *message, void *user)
{
    (void)user;
    if (level <= UVREST_LOG_WARNING)
        fprintf(stderr, "%s\n", message);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static iconik_client *make_client(const job *work)
{
    uvrest_reason reason;
    iconik_client *client;
    const bool by_server = strncmp(work->shared, "redis:", 6) == 0 || strncmp(work->shared, "unix:", 5) == 0;
    const iconik_client_options options = {
        .app_id = getenv("ICONIK_APP_ID"),
        .auth_token = getenv("ICONIK_AUTH_TOKEN"),
        .base_url = getenv("ICONIK_BASE_URL"),
        .pool_maxsize = 100,
        .max_in_flight = 100,
        .rate_limit = {.requests = work->requests,
                       .window_ms = work->window_ms,
                       .shared_file = by_server ? NULL : work->shared,
                       .shared_redis = by_server ? work->shared : NULL},
        .on_log = on_log,
        .reason = &reason,
    };
    uvrest_status status = iconik_client_new(&options, &client);
    if (status == UVREST_OK)
        return client;
    fprintf(stderr, "no client: %s: %s\n", uvrest_status_text(status), reason.text);
    return NULL;
}

/* A process's share of the work. */
static tally read_many(const job *work, long count)
{
    tally counts = {0};
    const iconik_assets_get_args args = {.asset_id = work->asset_id};
    uvrest_stats stats;
    iconik_client *client = make_client(work);

    if (client == NULL) {
        counts.failed = (uint64_t)count;
        return counts;
    }
    for (long i = 0; i < count; i++)
        if (iconik_assets_get(client, &args, on_asset, &counts, NULL) != UVREST_OK)
            counts.failed++;
    if (iconik_client_run(client) != UVREST_OK)
        counts.failed++;
    uvrest_client_stats(iconik_client_runtime(client), &stats);
    counts.refused = stats.throttled;
    iconik_client_free(client);
    return counts;
}

/* Starts all of them before any client is made: a client belongs to the process that made it. */
static int start_all(const job *work, int results)
{
    for (long i = 0; i < work->processes; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return EXIT_FAILURE;
        }
        if (pid == 0) {
            tally counts = read_many(work, work->count / work->processes + (i < work->count % work->processes));
            exit(write(results, &counts, sizeof counts) == (ssize_t)sizeof counts ? EXIT_SUCCESS : EXIT_FAILURE);
        }
    }
    return EXIT_SUCCESS;
}

static int run(const job *work)
{
    tally all = {0};
    tally one;
    int ends[2];
    double start_s = now_s();

    if (pipe(ends) != 0) {
        perror("pipe");
        return EXIT_FAILURE;
    }
    int code = start_all(work, ends[1]);
    close(ends[1]);
    while (read(ends[0], &one, sizeof one) == (ssize_t)sizeof one) {
        all.succeeded += one.succeeded;
        all.failed += one.failed;
        all.refused += one.refused;
    }
    double took_s = now_s() - start_s;
    close(ends[0]);
    while (wait(NULL) > 0)
        continue;
    printf("succeeded %" PRIu64 ", failed %" PRIu64 ", 429 answers %" PRIu64 ", seconds %.3f\n", all.succeeded,
           all.failed, all.refused, took_s);
    return code == EXIT_SUCCESS && all.succeeded == (uint64_t)work->count ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    job work = {0};
    if (argc == 5 || argc == 7) {
        work.processes = strtol(argv[1], NULL, 10);
        work.count = strtol(argv[2], NULL, 10);
        work.shared = argv[3];
        work.asset_id = argv[4];
    }
    if (argc == 7) {
        work.requests = (uint32_t)strtoul(argv[5], NULL, 10);
        work.window_ms = (uint32_t)strtoul(argv[6], NULL, 10);
    }
    if (work.processes < 1 || work.processes > 100 || work.count < 1 || work.count > 1000000) {
        fprintf(stderr, "usage: processes PROCESSES COUNT SHARED ASSET_ID [REQUESTS WINDOW_MS]\n"
                        "PROCESSES from 1 to 100, COUNT from 1 to 1000000\n");
        return EXIT_FAILURE;
    }
    return run(&work);
}
