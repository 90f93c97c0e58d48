/* SPDX-License-Identifier: MIT */
/* What the codec trusts its tables to be; it does not check them itself. */
#ifndef TABLES_CHECK_H
#define TABLES_CHECK_H

#include <uvrest/gen.h>

/*
 * Checks that tables keep every rule the codec relies on. NULL if they do, else what is wrong; *out_row: at which row
 * of which table, by its index.
 */
const char *tables_check(const uvrest_schema *schema, unsigned *out_row);

#endif /* TABLES_CHECK_H */
