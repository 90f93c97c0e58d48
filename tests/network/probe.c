/* SPDX-License-Identifier: MIT */
/*
 * So many calls at once to a server, and how they ended: for the scripts of this folder.
 *   probe URL COUNT CONNECT_TIMEOUT_MS TIMEOUT_MS ATTEMPTS DEADLINE_MS [CONNECTIONS]
 * prints "STATUS EXECUTED COUNT ATTEMPTS" for each kind of end, ATTEMPTS being the most, and "took MS".
 */
#include "sample_api.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct ends {
    unsigned n[32][3];
    uint32_t attempts[32][3];
} ends;

static void on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    ends *e = user;
    (void)leaf;
    e->n[-result->status][result->executed]++;
    if (result->attempts > e->attempts[-result->status][result->executed])
        e->attempts[-result->status][result->executed] = result->attempts;
}

int main(int argc, char **argv)
{
    static const char *const executed[] = {"no", "maybe", "yes"};
    uint32_t number[8] = {0};
    uvrest_reason reason = {""};
    uvrest_client *client = NULL;
    static ends e;
    uint64_t begin = uv_hrtime();
    if (argc < 7 || argc > 8)
        return 2;
    for (int i = 2; i < argc; i++)
        number[i] = (uint32_t)strtoul(argv[i], NULL, 10);
    sample_client_options options = {
        .base_url = argv[1],
        .allow_http = true,
        .no_proxy = true,
        .reason = &reason,
        .connect_timeout_ms = number[3],
        .timeout_ms = number[4],
        .attempts = number[5],
        .deadline_ms = number[6],
        .pool_maxsize = number[7],
        .app_id = "app",
        .auth_token = "token",
    };
    if (uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client) != UVREST_OK) {
        fprintf(stderr, "probe: %s\n", reason.text);
        return 1;
    }
    for (uint32_t i = 0; i < number[2]; i++) {
        sample_leaf_args args = {.leaf_id = "a1"};
        if (uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)on_leaf, &e, NULL) != UVREST_OK)
            return 1;
    }
    if (uvrest_client_run(client) != UVREST_OK)
        return 1;
    uvrest_client_free(client);
    for (unsigned s = 0; s < 32; s++)
        for (unsigned x = 0; x < 3; x++)
            if (e.n[s][x] > 0)
                printf("%s %s %u %u\n", uvrest_status_name((uvrest_status) - (int)s), executed[x], e.n[s][x],
                       e.attempts[s][x]);
    printf("took %llu\n", (unsigned long long)((uv_hrtime() - begin) / 1000000));
    return 0;
}
