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
UVREST__DIRECT uint8_t uvrest__tables_tag(const char *text, size_t len);

/* The member of a name; NULL if the model has none. */
UVREST__DIRECT const uvrest_gen_field *uvrest__tables_find_field(const uvrest_schema *schema, unsigned model,
                                                                 const char *name, size_t len);

/* The enumerator of a text; UVREST__ENUM_UNKNOWN if it is none. */
UVREST__DIRECT int uvrest__tables_find_text(const uvrest_schema *schema, unsigned enumeration, const char *text,
                                            size_t len);

/* Size of a member as it stands in its struct, the count of an array included. */
UVREST__DIRECT size_t uvrest__tables_member_size(const uvrest_gen_field *field);

/* Size of an entry of a map: its key and its value. */
UVREST__HOT size_t uvrest__tables_entry_size(unsigned kind)
{
    return sizeof(const char *) + (kind == UVREST_KIND_RAW ? sizeof(uvrest_raw) : sizeof(const void *));
}

/* Where the state of a uvrest_opt_* stands in it; their kinds are the first ones. */
UVREST__HOT size_t uvrest__tables_state_at(unsigned kind)
{
    return kind == UVREST_KIND_BOOL  ? offsetof(uvrest_opt_bool, state)
           : kind == UVREST_KIND_I32 ? offsetof(uvrest_opt_i32, state)
                                     : offsetof(uvrest_opt_i64, state);
}

/* Which of its three states a member is in: UVREST_UNSET, UVREST_IS_NULL, UVREST_IS_SET. kind: shape included. */
UVREST__HOT unsigned uvrest__tables_state(unsigned kind, const void *member)
{
    const void *pointer;
    if (kind <= UVREST_KIND_F64)
        return ((const uint8_t *)member)[uvrest__tables_state_at(kind)];
    if (kind == UVREST_KIND_ENUM) {
        unsigned value = *(const unsigned *)member;
        return value < UVREST__ENUM_UNKNOWN ? value : UVREST_IS_SET;
    }
    memcpy(&pointer, member, sizeof pointer);
    if (pointer == NULL || pointer == UVREST_NULL)
        return pointer == NULL ? UVREST_UNSET : UVREST_IS_NULL;
    return kind == UVREST_KIND_UNION && *(const int *)pointer == UVREST__ENUM_UNSET ? UVREST_UNSET : UVREST_IS_SET;
}

/* Makes something of a kind that stands for itself null; false if its null is elsewhere: a pointer, a bit. */
UVREST__DIRECT bool uvrest__tables_set_null(unsigned kind, void *to);

/* Size of an element of an array, of an entry of a map. kind, of: those of the member. */
UVREST__DIRECT size_t uvrest__tables_element_size(const uvrest_schema *schema, unsigned kind, unsigned of);

#endif /* UVREST__TABLES_H */
