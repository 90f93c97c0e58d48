/* SPDX-License-Identifier: MIT */
/*
 * Many calls at once: reads the same asset COUNT times, 100 calls in flight, and prints how long it took. The client
 * keeps within the server's quota by itself, so no call is refused.
 *
 *   ICONIK_APP_ID, ICONIK_AUTH_TOKEN, ICONIK_BASE_URL   as for quickstart
 *   concurrent COUNT [ASSET_ID]                         ASSET_ID: default the first asset that is listed
 */
#include <iconik/iconik.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct tally {
    uint64_t succeeded;
    uint64_t failed;
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

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The id of the first asset that is listed; NULL, after saying why, if there is none. Owned by *out_result. */
static const char *first_asset_id(iconik_client *client, uvrest_result **out_result)
{
    const iconik_assets_page *page;
    uvrest_status status =
        iconik_assets_list_wait(client, &(iconik_assets_list_args){.per_page = uvrest_i32(1)}, &page, out_result);
    if (status != UVREST_OK || page->n_objects == 0) {
        fprintf(stderr, "assets: %s\n", status == UVREST_OK ? "there are none" : uvrest_status_text(status));
        return NULL;
    }
    return page->objects[0].id;
}

static int read_many(iconik_client *client, const char *asset_id, long count)
{
    tally counts = {0};
    const iconik_assets_get_args args = {.asset_id = asset_id};
    uvrest_stats before;
    uvrest_stats after;

    uvrest_client_stats(iconik_client_runtime(client), &before);
    double start_s = now_s();
    for (long i = 0; i < count; i++) {
        uvrest_status status = iconik_assets_get(client, &args, on_asset, &counts, NULL);
        if (status != UVREST_OK) {
            fprintf(stderr, "asset: %s\n", uvrest_status_text(status));
            counts.failed++;
        }
    }
    uvrest_status status = iconik_client_run(client);
    double took_s = now_s() - start_s;

    uvrest_client_stats(iconik_client_runtime(client), &after);
    printf("succeeded %" PRIu64 ", failed %" PRIu64 ", 429 answers %" PRIu64 ", seconds %.3f\n", counts.succeeded,
           counts.failed, after.throttled - before.throttled, took_s);
    return status == UVREST_OK && counts.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    if (count < 1 || count > 1000000) {
        fprintf(stderr, "usage: concurrent COUNT [ASSET_ID], COUNT from 1 to 1000000\n");
        return EXIT_FAILURE;
    }

    uvrest_reason reason;
    iconik_client *client;
    const iconik_client_options options = {
        .app_id = getenv("ICONIK_APP_ID"),
        .auth_token = getenv("ICONIK_AUTH_TOKEN"),
        .base_url = getenv("ICONIK_BASE_URL"),
        .pool_maxsize = 100,
        .max_in_flight = 100,
        .reason = &reason,
    };
    uvrest_status status = iconik_client_new(&options, &client);
    if (status != UVREST_OK) {
        fprintf(stderr, "no client: %s: %s\n", uvrest_status_text(status), reason.text);
        return EXIT_FAILURE;
    }

    uvrest_result *listed = NULL;
    const char *asset_id = argc > 2 ? argv[2] : first_asset_id(client, &listed);
    int code = asset_id == NULL ? EXIT_FAILURE : read_many(client, asset_id, count);
    uvrest_result_free(listed);
    iconik_client_free(client);
    return code;
}
