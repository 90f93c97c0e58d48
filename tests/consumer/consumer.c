/* SPDX-License-Identifier: MIT */
/* What a user's program does first: makes a client, learns that nobody answers, ends it. */
#include <iconik/iconik.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    iconik_client *client;
    uvrest_status status = iconik_client_new(
        &(iconik_client_options){.app_id = "a", .auth_token = "t", .base_url = "http://127.0.0.1:1"}, &client);
    if (status != UVREST_OK)
        return 1;

    const iconik_asset *asset;
    uvrest_result *result = NULL;
    const uvrest_call_options once = {.attempts = 1};
    status =
        iconik_assets_get_wait(client, &(iconik_assets_get_args){.asset_id = "a1", .call = &once}, &asset, &result);
    printf("%s: %s\n", uvrest_status_name(status), result->message);
    int failed = status != UVREST_E_CONNECT || asset != NULL || strlen(result->message) == 0;
    uvrest_result_free(result);
    iconik_client_free(client);
    return failed;
}
