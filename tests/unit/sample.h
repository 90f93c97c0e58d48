/* SPDX-License-Identifier: MIT */
/*
 * Models as a generator would write them, with a member of every kind and shape, for the tests of the codec. The rows
 * are in sample_rows.inc, the tables in sample.c.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <uvrest/json.h>

typedef enum sample_color {
    SAMPLE_COLOR_UNSET = 0,
    SAMPLE_COLOR_NULL = 1,
    SAMPLE_COLOR_UNKNOWN = 2,
    SAMPLE_COLOR_BLUE = 3,
    SAMPLE_COLOR_DEEP_RED = 4,
    SAMPLE_COLOR_GREEN = 5
} sample_color;

typedef struct sample_leaf {
    const char *id; /* required */
    uvrest_opt_i32 size;
    const char *token; /* read-only */
    sample_color color;
    uvrest_extra *extra;
} sample_leaf;

typedef struct sample_circle {
    uvrest_opt_f64 radius;
    const char *type;
    uvrest_extra *extra;
} sample_circle;

typedef struct sample_square {
    uvrest_opt_f64 side;
    uvrest_extra *extra;
} sample_square;

typedef enum sample_shape_kind {
    SAMPLE_SHAPE_UNSET = 0,
    SAMPLE_SHAPE_NULL = 1,
    SAMPLE_SHAPE_UNKNOWN = 2,
    SAMPLE_SHAPE_CIRCLE = 3,
    SAMPLE_SHAPE_SQUARE = 4
} sample_shape_kind;

typedef struct sample_shape {
    sample_shape_kind kind;
    union {
        const sample_circle *circle;
        const sample_square *square;
    } value;
    uvrest_raw raw;
} sample_shape;

typedef struct sample_leaf_entry {
    const char *key;
    const sample_leaf *value;
} sample_leaf_entry;

typedef struct sample_raw_entry {
    const char *key;
    uvrest_raw value;
} sample_raw_entry;

typedef struct sample_all {
    uvrest_opt_bool active;
    const uvrest_opt_bool *bools;
    size_t n_bools;
    sample_color color;
    const sample_color *colors;
    size_t n_colors;
    uvrest_opt_i32 count;
    const uvrest_opt_i32 *counts;
    size_t n_counts;
    const char *created; /* read-only, required */
    uvrest_raw free;
    const uvrest_raw *frees;
    size_t n_frees;
    struct {
        const sample_raw_entry *entries;
        size_t n_entries;
    } free_map;
    const sample_leaf *leaf;
    struct {
        const sample_leaf_entry *entries;
        size_t n_entries;
    } leaf_map;
    const sample_leaf *leaves;
    size_t n_leaves;
    uvrest_opt_i64 number;
    const uvrest_opt_i64 *numbers;
    size_t n_numbers;
    const struct sample_all *parent;
    uvrest_opt_f64 ratio;
    const uvrest_opt_f64 *ratios;
    size_t n_ratios;
    const char *secret; /* write-only */
    const sample_shape *shape;
    const sample_shape *shapes;
    size_t n_shapes;
    uvrest_text_map table;
    const uvrest_text_map *tables;
    size_t n_tables;
    const char *const *tags;
    size_t n_tags;
    const char *title; /* required, nullable */
    uvrest_extra *extra;
} sample_all;

typedef struct sample_empty {
    uvrest_extra *extra;
} sample_empty;

/* Models by number, in the order of the rows. */
enum {
    SAMPLE_MODEL_ALL,
    SAMPLE_MODEL_CIRCLE,
    SAMPLE_MODEL_EMPTY,
    SAMPLE_MODEL_LEAF,
    SAMPLE_MODEL_SQUARE,
    SAMPLE_N_MODELS
};

extern const uvrest_schema sample_schema;

static inline uvrest_model sample_model(uint16_t id)
{
    uvrest_model model = {&sample_schema, id};
    return model;
}

#endif /* SAMPLE_H */
