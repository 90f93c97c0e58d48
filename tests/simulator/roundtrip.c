/* SPDX-License-Identifier: MIT */
/*
 * Reads an asset, changes its title, and shows all the ways to write it: prints one JSON document a line, READ (as the
 * server sent it), FULL (re-encoded with read-only members), DIFF (the smallest patch); and sends the model by
 * iconik_assets_update(). roundtrip.py compares them with each other and with what the server received.
 *   roundtrip ASSET_ID NEW_TITLE
 */
#include <iconik/iconik.h>

#include <stdio.h>
#include <stdlib.h>

static void print(const char *label, uvrest_raw json)
{
    printf("%s %.*s\n", label, (int)json.len, json.text);
}

static uvrest_status write_all_ways(iconik_client *client, const iconik_asset *before, const char *title,
                                    uvrest_arena *arena)
{
    const uvrest_model model = iconik_assets_model(ICONIK_ASSETS_MODEL_ASSET);
    uvrest_reason reason = {""};
    uvrest_raw full;
    uvrest_raw small;
    iconik_asset after = *before;
    after.title = title;

    uvrest_status status = uvrest_json_encode(model, &after, UVREST_ENCODE_READ_ONLY, arena, &full, &reason);
    if (status != UVREST_OK) {
        fprintf(stderr, "encode: %s\n", reason.text);
        return status;
    }
    print("FULL", full);

    const iconik_asset *patch;
    status = iconik_asset_diff(before, &after, arena, &patch);
    if (status == UVREST_OK)
        status = uvrest_json_encode(model, patch, UVREST_ENCODE_PARTIAL, arena, &small, &reason);
    if (status != UVREST_OK)
        return status;
    print("DIFF", small);

    const iconik_asset *answer;
    uvrest_result *result = NULL;
    const iconik_assets_update_args args = {.asset_id = before->id, .body = &after};
    status = iconik_assets_update_wait(client, &args, &answer, &result);
    if (status != UVREST_OK)
        fprintf(stderr, "update: %s\n", result != NULL ? result->message : uvrest_status_text(status));
    uvrest_result_free(result);
    return status;
}

int main(int argc, char **argv)
{
    iconik_client *client;
    uvrest_arena *arena;
    if (argc != 3 || uvrest_arena_new(NULL, 0, &arena) != UVREST_OK)
        return EXIT_FAILURE;
    const iconik_client_options options = {.app_id = getenv("ICONIK_APP_ID"),
                                           .auth_token = getenv("ICONIK_AUTH_TOKEN"),
                                           .base_url = getenv("ICONIK_BASE_URL")};
    if (iconik_client_new(&options, &client) != UVREST_OK) {
        uvrest_arena_free(arena);
        return EXIT_FAILURE;
    }

    const iconik_asset *asset;
    uvrest_result *result = NULL;
    uvrest_status status =
        iconik_assets_get_wait(client, &(iconik_assets_get_args){.asset_id = argv[1]}, &asset, &result);
    if (status == UVREST_OK) {
        print("READ", result->body);
        status = write_all_ways(client, asset, argv[2], arena);
    }
    uvrest_result_free(result);
    iconik_client_free(client);
    uvrest_arena_free(arena);
    return status == UVREST_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
