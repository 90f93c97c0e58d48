/* SPDX-License-Identifier: MIT */
/*
 * The blocking twins: no callbacks, one call after the other. Reads an asset, changes its title by the smallest
 * possible PATCH, reads it again, and puts the old title back.
 *
 *   ICONIK_APP_ID, ICONIK_AUTH_TOKEN, ICONIK_BASE_URL   as for quickstart
 *   blocking ASSET_ID NEW_TITLE
 */
#include <iconik/iconik.h>

#include <stdio.h>
#include <stdlib.h>

static int complain(const char *what, uvrest_status status, const uvrest_result *result)
{
    fprintf(stderr, "%s: %s\n", what, result != NULL ? result->message : uvrest_status_text(status));
    return EXIT_FAILURE;
}

/* Gives the asset another title, sending nothing but that. */
static uvrest_status rename_asset(iconik_client *client, const iconik_asset *before, const char *title)
{
    iconik_asset after = *before; /* its pointers are shared, which is fine: nothing is changed through them */
    after.title = title;

    uvrest_arena *arena;
    uvrest_status status = uvrest_arena_new(NULL, 0, &arena);
    if (status != UVREST_OK)
        return status;

    const iconik_asset *patch;
    status = iconik_asset_diff(before, &after, arena, &patch);
    if (status == UVREST_OK) {
        const iconik_asset *answer;
        uvrest_result *result = NULL;
        const iconik_assets_update_args args = {.asset_id = before->id, .body = patch};
        status = iconik_assets_update_wait(client, &args, &answer, &result);
        if (status == UVREST_OK)
            printf("Now titled: %s\n", answer->title);
        else
            complain("rename", status, result);
        uvrest_result_free(result);
    }
    uvrest_arena_free(arena);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: blocking ASSET_ID NEW_TITLE\n");
        return EXIT_FAILURE;
    }

    uvrest_reason reason;
    iconik_client *client;
    const iconik_client_options options = {
        .app_id = getenv("ICONIK_APP_ID"),
        .auth_token = getenv("ICONIK_AUTH_TOKEN"),
        .base_url = getenv("ICONIK_BASE_URL"),
        .reason = &reason,
    };
    uvrest_status status = iconik_client_new(&options, &client);
    if (status != UVREST_OK) {
        fprintf(stderr, "no client: %s: %s\n", uvrest_status_text(status), reason.text);
        return EXIT_FAILURE;
    }

    const iconik_asset *asset;
    uvrest_result *result = NULL;
    status = iconik_assets_get_wait(client, &(iconik_assets_get_args){.asset_id = argv[1]}, &asset, &result);
    if (status != UVREST_OK) {
        complain("asset", status, result);
    } else {
        printf("Asset title: %s\n", asset->title);
        status = rename_asset(client, asset, argv[2]);
        if (status == UVREST_OK) {
            iconik_asset renamed = *asset;
            renamed.title = argv[2];
            status = rename_asset(client, &renamed, asset->title);
        }
    }
    uvrest_result_free(result); /* frees asset too */
    iconik_client_free(client);
    return status == UVREST_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
