// SPDX-License-Identifier: MIT
// simdjson's tree, as the best Debian has. Its parser is kept, as its makers advise; ours and cJSON begin anew each
// time.
#include <cstddef>
#include <simdjson.h>

static simdjson::dom::parser parser;
static simdjson::padded_string padded;

extern "C" void rival_load(const char *text, size_t len);
extern "C" int rival_parse(void);

// Copies the text to where simdjson wants it, outside of what is measured.
extern "C" void rival_load(const char *text, size_t len)
{
    padded = simdjson::padded_string(text, len);
}

extern "C" int rival_parse(void)
{
    simdjson::dom::element root;
    return parser.parse(padded).get(root) == simdjson::SUCCESS;
}
