/* SPDX-License-Identifier: MIT */
/* Walking the tables of a schema: names, members of a model, values of an enum, cases of a union. */
#ifndef UVREST__TABLES_H
#define UVREST__TABLES_H

#include "scan.h"

#include <uvrest/gen.h>

/* Values every generated enum and every union begins with. */
enum { UVREST__ENUM_UNSET = 0, UVREST__ENUM_NULL = 1, UVREST__ENUM_UNKNOWN = 2, UVREST__ENUM_FIRST = 3 };

enum { UVREST__KIND_MASK = 0x0F, UVREST__SHAPE_MASK = 0x30 };

UVREST__HOT const char *uvrest__name_text(const uvrest_schema *schema, uint16_t name)
{
    return schema->pool + name;
}

UVREST__HOT unsigned uvrest__name_len(const uvrest_schema *schema, uint16_t name)
{
    return (uint8_t)schema->pool[name - 1];
}

UVREST__HOT const uvrest_gen_field *uvrest__model_fields(const uvrest_schema *schema, unsigned model)
{
    return schema->fields + schema->models[model].first;
}

UVREST__HOT unsigned uvrest__model_n_fields(const uvrest_schema *schema, unsigned model)
{
    return (unsigned)schema->models[model + 1].first - schema->models[model].first;
}

/* The tag of a name, as gen.h defines it. */
uint8_t uvrest__tables_tag(const char *text, size_t len);

/* Index of a member among those of its model, -1 if it has none of that name. */
int uvrest__tables_find_field(const uvrest_schema *schema, unsigned model, const char *name, size_t len);

/* The enumerator of a text; UVREST__ENUM_UNKNOWN if it is none. */
int uvrest__tables_find_text(const uvrest_schema *schema, unsigned enumeration, const char *text, size_t len);

/* The text of an enumerator from UVREST__ENUM_FIRST on; NULL if there is no such enumerator. *out_len: its length. */
const char *uvrest__tables_text(const uvrest_schema *schema, unsigned enumeration, int value, unsigned *out_len);

/* How many cases a union has, and the i-th of them. */
unsigned uvrest__tables_n_cases(const uvrest_schema *schema, unsigned choice);
const uvrest_gen_case *uvrest__tables_case(const uvrest_schema *schema, unsigned choice, unsigned i);

/* Size of a member as it stands in its struct, the count of an array included. */
size_t uvrest__tables_member_size(const uvrest_gen_field *field);

/* Size of an element of an array, of an entry of a map. */
size_t uvrest__tables_element_size(const uvrest_schema *schema, const uvrest_gen_field *field);

/*
 * Checks that tables keep every rule the codec relies on. NULL if they do, else what is wrong; *out_row: at which row of
 * which table, by its index. For tests: the codec itself trusts tables.
 */
const char *uvrest__tables_check(const uvrest_schema *schema, unsigned *out_row);

#endif /* UVREST__TABLES_H */
