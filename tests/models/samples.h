/* SPDX-License-Identifier: MIT */
/* JSON values for a member, made from its row: those that fit, those at the borders, those that do not fit. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <uvrest/gen.h>

#include <stdio.h>

/* What a member can do with a value. */
typedef enum fit {
    FITS,
    MISFIT, /* it stays unset (an enum: _UNKNOWN), and the text is kept */
    EITHER /* one of both; nothing may be lost */
} fit;

typedef struct sample {
    const char *text; /* JSON */
    fit fit;
} sample;

typedef void sample_fn(const sample *value, void *user);

/* Which members an object gets. Null means none at all. */
typedef enum sample_members { SAMPLE_REQUIRED, SAMPLE_ALL } sample_members;

/* A member's name. Static. */
const char *sample_name(const uvrest_schema *schema, const uvrest_gen_field *field);

/* A value that fits the member. Nested objects have their required members. */
void sample_value(FILE *to, const uvrest_schema *schema, const uvrest_gen_field *field);

/* An object of a model, its members nested to a limit. but: the name of one that is left out; NULL for none. */
void sample_object(FILE *to, const uvrest_schema *schema, unsigned model, sample_members members, const char *but);

/* Shows every value worth trying on the member, null apart. */
void sample_each(const uvrest_schema *schema, const uvrest_gen_field *field, sample_fn *show, void *user);

#endif /* SAMPLES_H */
