// SPDX-License-Identifier: MIT
// The same from C++17: a client that lives in a smart pointer, and null as a value of any type.
#include <iconik/iconik.h>

#include <memory>

int main()
{
    iconik_asset asset{};
    asset.title = UVREST_NULL;
    asset.versions = UVREST_EMPTY;
    if (asset.title != UVREST_NULL || asset.versions != UVREST_EMPTY)
        return 1;
    iconik_client_options options{};
    options.app_id = "a";
    options.auth_token = "t";
    options.base_url = "http://127.0.0.1:1";
    iconik_client *raw = nullptr;
    if (iconik_client_new(&options, &raw) != UVREST_OK)
        return 1;
    std::unique_ptr<iconik_client, decltype(&iconik_client_free)> client(raw, iconik_client_free);
    return iconik_client_run(client.get()) == UVREST_OK ? 0 : 1;
}
