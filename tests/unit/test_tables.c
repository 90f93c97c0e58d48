/* SPDX-License-Identifier: MIT */
#include "codec.h"
#include "ceilings.h"
#include "tables.h"
#include "tables_check.h"

#include <stdlib.h>

/* As gen.h writes it down, byte by byte. */
static uint8_t plain_tag(const char *text, size_t len)
{
    uint64_t first = 0, last = 0;
    for (size_t i = 0; i < 8 && i < len; i++)
        first |= (uint64_t)(unsigned char)text[i] << 8 * i;
    for (size_t i = 0, from = len < 8 ? 0 : len - 8; from + i < len; i++)
        last |= (uint64_t)(unsigned char)text[from + i] << 8 * i;
    return (uint8_t)((((first * 3) ^ last) + len) * UINT64_C(0xFF51AFD7ED558CCD) >> 56);
}

static void tags_are_those_of_the_formula(void **state)
{
    char text[64];
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        for (size_t i = 0; i < len; i++)
            text[i] = (char)(i * 73 + len * 31 + 200);
        assert_int_equal(uvrest__tables_tag(text, len), plain_tag(text, len));
    }
}

static void the_sample_tables_are_sound(void **state)
{
    unsigned row = 0;
    const char *wrong = tables_check(&sample_schema, &row);
    (void)state;
    if (wrong != NULL)
        fail_msg("row %u: %s", row, wrong);
    assert_int_equal(sample_schema.n_models, SAMPLE_N_MODELS);
    assert_int_equal(sample_schema.n_enums, 1);
    assert_int_equal(sample_schema.n_unions, 1);
    assert_int_equal(sample_schema.models[SAMPLE_MODEL_ALL].required, 2);
    assert_int_equal(sample_schema.models[SAMPLE_MODEL_LEAF].size, sizeof(sample_leaf));
    assert_int_equal(uvrest__model_n_fields(&sample_schema, SAMPLE_MODEL_EMPTY), 0);
    assert_int_equal(uvrest__model_n_fields(&sample_schema, SAMPLE_MODEL_ALL), 25);
}

static void members_and_values_are_found_by_name(void **state)
{
    const uvrest_gen_field *size = uvrest__model_fields(&sample_schema, SAMPLE_MODEL_LEAF) + 2;
    static const char beyond[UVREST__JSON_NAME_MAX + 5] = "size"; /* its length in a byte would be that of "size" */
    (void)state;
    assert_ptr_equal(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_LEAF, "size", 4), size);
    assert_ptr_equal(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_LEAF, "size!", 4), size);
    assert_null(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_LEAF, "size!", 5));
    assert_null(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_LEAF, "", 0));
    assert_null(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_LEAF, "title", 5));
    assert_null(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_EMPTY, "title", 5));
    assert_null(uvrest__tables_find_field(&sample_schema, SAMPLE_MODEL_ALL, beyond, sizeof beyond));
    assert_int_equal(uvrest__tables_find_text(&sample_schema, 0, "green", 5), SAMPLE_COLOR_GREEN);
    assert_int_equal(uvrest__tables_find_text(&sample_schema, 0, "deep \"red\"", 10), SAMPLE_COLOR_DEEP_RED);
    assert_int_equal(uvrest__tables_find_text(&sample_schema, 0, "Green", 5), SAMPLE_COLOR_UNKNOWN);
}

/* The sample tables in memory that can be spoiled. */
typedef struct spoiled {
    uvrest_schema schema;
    uvrest_gen_field fields[64];
    uint8_t tags[80];
    uvrest_gen_model models[8];
    uint16_t texts[16];
    uvrest_gen_enum enums[4];
    uvrest_gen_case cases[8];
    uvrest_gen_union unions[4];
} spoiled;

static void fresh(spoiled *s)
{
    unsigned n_fields = sample_schema.models[SAMPLE_N_MODELS].first;
    memset(s, 0, sizeof *s);
    s->schema = sample_schema;
    memcpy(s->fields, sample_schema.fields, n_fields * sizeof s->fields[0]);
    memcpy(s->tags, sample_schema.field_tags, n_fields + 16);
    memcpy(s->models, sample_schema.models, (SAMPLE_N_MODELS + 1) * sizeof s->models[0]);
    memcpy(s->texts, sample_schema.texts, sample_schema.enums[1].first * sizeof s->texts[0]);
    memcpy(s->enums, sample_schema.enums, 2 * sizeof s->enums[0]);
    memcpy(s->cases, sample_schema.cases, sample_schema.unions[1].first * sizeof s->cases[0]);
    memcpy(s->unions, sample_schema.unions, 2 * sizeof s->unions[0]);
    s->schema.fields = s->fields;
    s->schema.field_tags = s->tags;
    s->schema.models = s->models;
    s->schema.texts = s->texts;
    s->schema.enums = s->enums;
    s->schema.cases = s->cases;
    s->schema.unions = s->unions;
}

static void assert_unsound(const spoiled *s, const char *expected)
{
    unsigned row = 0;
    const char *wrong = tables_check(&s->schema, &row);
    assert_non_null(wrong);
    assert_string_equal(wrong, expected);
}

static void spoiled_tables_are_told(void **state)
{
    spoiled s;
    unsigned row;
    (void)state;
    fresh(&s);
    assert_null(tables_check(&s.schema, &row));
    s.tags[3] ^= 1;
    assert_unsound(&s, "a tag that is not that of its name");
    fresh(&s);
    s.fields[2].name++;
    assert_unsound(&s, "a name that does not end where its length says");
    fresh(&s);
    s.fields[2].name = 60000;
    assert_unsound(&s, "a name outside the pool");
    fresh(&s);
    s.fields[5].kind = UVREST_KIND_RAW + 1;
    assert_unsound(&s, "a kind that does not exist");
    fresh(&s);
    s.fields[5].kind = UVREST_KIND_I32 + UVREST_SHAPE_MAP;
    assert_unsound(&s, "a kind no map has");
    fresh(&s);
    s.fields[5].kind = UVREST_KIND_I32 + UVREST_SHAPE_MAP_ARRAY;
    assert_unsound(&s, "a kind no array of maps has");
    fresh(&s);
    s.fields[2].of = 1;
    assert_unsound(&s, "a reference to a row that does not exist");
    fresh(&s);
    s.fields[1].offset = sizeof(sample_all) - 8;
    assert_unsound(&s, "a member outside its struct");
    fresh(&s);
    s.models[0].extra = sizeof(sample_all);
    assert_unsound(&s, "a model without room for its extra");
    fresh(&s);
    s.models[0].required = 1;
    assert_unsound(&s, "a wrong count of required members");
    fresh(&s);
    s.models[1].first = 0;
    s.models[0].first = 3;
    assert_unsound(&s, "a model with a wrong range of members");
    fresh(&s);
    s.fields[1] = s.fields[0];
    s.tags[1] = s.tags[0];
    assert_unsound(&s, "a member that is not found by its name, or twice");
    fresh(&s);
    s.texts[1] = s.texts[0];
    assert_unsound(&s, "a tag that is not that of its name");
    fresh(&s);
    s.cases[0].model = 99;
    assert_unsound(&s, "a case of a model that does not exist");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_those_of_the_formula),
        cmocka_unit_test(the_sample_tables_are_sound),
        cmocka_unit_test(members_and_values_are_found_by_name),
        cmocka_unit_test(spoiled_tables_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
