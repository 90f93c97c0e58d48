/* SPDX-License-Identifier: MIT */
#include "sample.h"

#define UVREST_ROWS "sample_rows.inc"
#define UVREST_SCHEMA sample_schema
#include <uvrest/gen_tables.inc>
