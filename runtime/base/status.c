/* SPDX-License-Identifier: MIT */
#include <uvrest/base.h>

const char *uvrest_status_name(uvrest_status status)
{
    switch (status) {
#define UVREST_X(name, value, text)                                                                                    \
    case UVREST_##name:                                                                                                \
        return "UVREST_" #name;
        UVREST_STATUSES(UVREST_X)
#undef UVREST_X
    }
    return "UVREST_E_?";
}

const char *uvrest_status_text(uvrest_status status)
{
    switch (status) {
#define UVREST_X(name, value, text)                                                                                    \
    case UVREST_##name:                                                                                                \
        return text;
        UVREST_STATUSES(UVREST_X)
#undef UVREST_X
    }
    return "unknown status";
}
