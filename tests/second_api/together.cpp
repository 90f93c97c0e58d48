// SPDX-License-Identifier: MIT
// The headers of two generated libraries in one C++ file: neither defines what the other one does.
#include <shelf/shelf.h>
// Below, on purpose: the order must not matter.
#include <iconik/iconik.h>

#include <type_traits>

static_assert(!std::is_same<shelf_client, iconik_client>::value, "two APIs have two kinds of client");
static_assert(std::is_standard_layout<shelf_book>::value && std::is_standard_layout<iconik_asset>::value,
              "models are plain structs");
