/* SPDX-License-Identifier: MIT */
#include "tables.h"
#include "limits.h"

/*
 * h = h * 31 + b byte by byte is a chain of multiplications; four bytes at a time multiply by 31^4 once, and the powers of
 * the four bytes do not wait for each other.
 */
uint8_t uvrest__tables_tag(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + len;
    uint32_t h = (uint32_t)len;
    for (; end - p >= 4; p += 4)
        h = h * 923521u + (p[0] * 29791u + p[1] * 961u + (p[2] * 31u + p[3]));
    for (; p < end; p++)
        h = h * 31u + *p;
    return (uint8_t)(h ^ h >> 8 ^ h >> 16 ^ h >> 24);
}

/*
 * The next row from `from` on, below n, whose tag is `tag`; n if there is none. tags are padded, so a block may reach
 * beyond n. The tags of a model stand side by side: most lookups are one block.
 */
UVREST__HOT unsigned next_tag(const uint8_t *tags, unsigned from, unsigned n, uint8_t tag)
{
#if UVREST__SCAN_SSE2
    const __m128i wanted = _mm_set1_epi8((char)tag);
    for (; from < n; from += 16) {
        uvrest__mask hit = (uvrest__mask)_mm_movemask_epi8(_mm_cmpeq_epi8(uvrest__block_load(tags + from), wanted));
        if (hit != 0) {
            from += uvrest__mask_first(hit);
            break;
        }
    }
#else
    /* As in uvrest__block_special(), only the lowest mark is sure, and the lowest is the one taken. */
    const uint64_t ones = UINT64_C(0x0101010101010101);
    for (; from < n; from += 8) {
        uint64_t word = uvrest__block_load(tags + from) ^ ones * tag;
        uint64_t hit = (word - ones) & ~word & ones * 0x80;
        if (hit != 0) {
            from += uvrest__mask_first(hit);
            break;
        }
    }
#endif
    return from < n ? from : n;
}

static bool is_name(const uvrest_schema *schema, uint16_t name, const char *text, size_t len)
{
    return uvrest__name_len(schema, name) == len && memcmp(uvrest__name_text(schema, name), text, len) == 0;
}

int uvrest__tables_find_field(const uvrest_schema *schema, unsigned model, const char *name, size_t len)
{
    const uvrest_gen_field *fields = uvrest__model_fields(schema, model);
    const uint8_t *tags = schema->field_tags + schema->models[model].first;
    unsigned n = uvrest__model_n_fields(schema, model);
    uint8_t tag;
    if (len > UVREST__JSON_NAME_MAX)
        return -1;
    tag = uvrest__tables_tag(name, len);
    for (unsigned i = next_tag(tags, 0, n, tag); i < n; i = next_tag(tags, i + 1, n, tag)) {
        if (is_name(schema, fields[i].name, name, len))
            return (int)i;
    }
    return -1;
}

int uvrest__tables_find_text(const uvrest_schema *schema, unsigned enumeration, const char *text, size_t len)
{
    const uvrest_gen_enum *values = &schema->enums[enumeration];
    const uint16_t *texts = schema->texts + values[0].first;
    const uint8_t *tags = schema->text_tags + values[0].first;
    unsigned n = (unsigned)values[1].first - values[0].first;
    uint8_t tag;
    if (len > UVREST__JSON_NAME_MAX)
        return UVREST__ENUM_UNKNOWN;
    tag = uvrest__tables_tag(text, len);
    for (unsigned i = next_tag(tags, 0, n, tag); i < n; i = next_tag(tags, i + 1, n, tag)) {
        if (is_name(schema, texts[i], text, len))
            return UVREST__ENUM_FIRST + (int)i;
    }
    return UVREST__ENUM_UNKNOWN;
}

const char *uvrest__tables_text(const uvrest_schema *schema, unsigned enumeration, int value, unsigned *out_len)
{
    const uvrest_gen_enum *values = &schema->enums[enumeration];
    unsigned n = (unsigned)values[1].first - values[0].first;
    uint16_t name;
    if (value < UVREST__ENUM_FIRST || (unsigned)(value - UVREST__ENUM_FIRST) >= n)
        return NULL;
    name = schema->texts[values[0].first + (unsigned)(value - UVREST__ENUM_FIRST)];
    *out_len = uvrest__name_len(schema, name);
    return uvrest__name_text(schema, name);
}

unsigned uvrest__tables_n_cases(const uvrest_schema *schema, unsigned choice)
{
    return (unsigned)schema->unions[choice + 1].first - schema->unions[choice].first;
}

const uvrest_gen_case *uvrest__tables_case(const uvrest_schema *schema, unsigned choice, unsigned i)
{
    return &schema->cases[schema->unions[choice].first + i];
}

size_t uvrest__tables_member_size(const uvrest_gen_field *field)
{
    static const uint8_t sizes[] = {sizeof(uvrest_opt_bool), sizeof(uvrest_opt_i32), sizeof(uvrest_opt_i64),
                                    sizeof(uvrest_opt_f64),  sizeof(const char *),   sizeof(int),
                                    sizeof(const void *),    sizeof(const void *),   sizeof(uvrest_raw)};
    if ((field->kind & UVREST__SHAPE_MASK) != UVREST_SHAPE_ONE)
        return sizeof(uvrest_text_map); /* a pointer and a count, as arrays have them */
    return sizes[field->kind];
}

size_t uvrest__tables_element_size(const uvrest_schema *schema, const uvrest_gen_field *field)
{
    static const uint8_t sizes[] = {sizeof(uvrest_opt_bool), sizeof(uvrest_opt_i32), sizeof(uvrest_opt_i64),
                                    sizeof(uvrest_opt_f64),  sizeof(const char *),   sizeof(int),
                                    sizeof(const void *),    sizeof(uvrest_union),   sizeof(uvrest_raw)};
    unsigned kind = field->kind & UVREST__KIND_MASK;
    switch (field->kind & UVREST__SHAPE_MASK) {
    case UVREST_SHAPE_MAP:
        return sizeof(const char *) + (kind == UVREST_KIND_RAW ? sizeof(uvrest_raw) : sizeof(const void *));
    case UVREST_SHAPE_MAP_ARRAY:
        return sizeof(uvrest_text_map);
    default:
        return kind == UVREST_KIND_MODEL ? schema->models[field->of].size : sizes[kind];
    }
}

/* ---- the checker ---------------------------------------------------------------------------------------------------- */

static const char *check_name(const uvrest_schema *schema, uint16_t name, const uint8_t *tag)
{
    unsigned len;
    if (name == 0 || name >= schema->pool_size)
        return "a name outside the pool";
    len = uvrest__name_len(schema, name);
    if (name + len >= schema->pool_size || schema->pool[name + len] != '\0')
        return "a name that does not end where its length says";
    if (!uvrest__scan_is_utf8(schema->pool + name, len))
        return "a name that is not UTF-8";
    if (tag != NULL && *tag != uvrest__tables_tag(schema->pool + name, len))
        return "a tag that is not that of its name";
    return NULL;
}

static const char *check_field(const uvrest_schema *schema, unsigned row, const uvrest_gen_model *model)
{
    const uvrest_gen_field *field = &schema->fields[row];
    unsigned kind = field->kind & UVREST__KIND_MASK, shape = field->kind & UVREST__SHAPE_MASK;
    unsigned n_of = kind == UVREST_KIND_ENUM    ? schema->n_enums
                    : kind == UVREST_KIND_UNION ? schema->n_unions
                    : kind == UVREST_KIND_MODEL ? schema->n_models
                                                : 1u;
    const char *wrong = check_name(schema, field->name, &schema->field_tags[row]);
    size_t align = kind == UVREST_KIND_BOOL ? 1 : kind == UVREST_KIND_I32 || kind == UVREST_KIND_ENUM ? 4 : 8;
    if (wrong != NULL)
        return wrong;
    if (kind > UVREST_KIND_RAW || (field->kind & ~(UVREST__KIND_MASK | UVREST__SHAPE_MASK)) != 0)
        return "a kind that does not exist";
    if (shape == UVREST_SHAPE_MAP && kind != UVREST_KIND_STR && kind != UVREST_KIND_MODEL && kind != UVREST_KIND_RAW)
        return "a kind no map has";
    if (shape == UVREST_SHAPE_MAP_ARRAY && kind != UVREST_KIND_STR)
        return "a kind no array of maps has";
    if (field->of >= n_of)
        return "a reference to a row that does not exist";
    if (shape != UVREST_SHAPE_ONE)
        align = 8;
    if (field->offset % align != 0 || field->offset + uvrest__tables_member_size(field) > model->size)
        return "a member outside its struct";
    return NULL;
}

static const char *check_models(const uvrest_schema *schema, unsigned *row)
{
    for (unsigned m = 0; m < schema->n_models; m++) {
        const uvrest_gen_model *model = &schema->models[m];
        unsigned required = 0;
        *row = m;
        if (model[1].first < model->first || model[1].first - model->first > (int)UVREST__JSON_FIELDS_MAX)
            return "a model with a wrong range of members";
        if (model->extra + sizeof(uvrest_extra *) > model->size || model->extra % 8 != 0 || model->size % 8 != 0)
            return "a model without room for its extra";
        for (*row = model->first; *row < model[1].first; ++*row) {
            const uvrest_gen_field *field = &schema->fields[*row];
            const char *wrong = check_field(schema, *row, model);
            if (wrong != NULL)
                return wrong;
            required += (field->flags & UVREST_REQUIRED) != 0;
            if (uvrest__tables_find_field(schema, m, uvrest__name_text(schema, field->name),
                                          uvrest__name_len(schema, field->name)) != (int)(*row - model->first))
                return "a member that is not found by its name, or twice";
        }
        *row = m;
        if (required != model->required)
            return "a wrong count of required members";
    }
    return NULL;
}

static const char *check_enums(const uvrest_schema *schema, unsigned *row)
{
    for (unsigned e = 0; e < schema->n_enums; e++) {
        *row = e;
        if (schema->enums[e + 1].first < schema->enums[e].first)
            return "an enum with a wrong range of values";
        for (*row = schema->enums[e].first; *row < schema->enums[e + 1].first; ++*row) {
            uint16_t name = schema->texts[*row];
            const char *wrong = check_name(schema, name, &schema->text_tags[*row]);
            if (wrong != NULL)
                return wrong;
            if (uvrest__tables_find_text(schema, e, uvrest__name_text(schema, name), uvrest__name_len(schema, name)) !=
                UVREST__ENUM_FIRST + (int)(*row - schema->enums[e].first))
                return "an enum value that is not found by its text, or twice";
        }
    }
    return NULL;
}

static const char *check_unions(const uvrest_schema *schema, unsigned *row)
{
    for (unsigned u = 0; u < schema->n_unions; u++) {
        const char *wrong = check_name(schema, schema->unions[u].tag, NULL);
        *row = u;
        if (wrong != NULL)
            return wrong;
        if (schema->unions[u + 1].first < schema->unions[u].first)
            return "a union with a wrong range of cases";
        for (*row = schema->unions[u].first; *row < schema->unions[u + 1].first; ++*row) {
            wrong = check_name(schema, schema->cases[*row].text, NULL);
            if (wrong != NULL)
                return wrong;
            if (schema->cases[*row].model >= schema->n_models)
                return "a case of a model that does not exist";
        }
    }
    return NULL;
}

const char *uvrest__tables_check(const uvrest_schema *schema, unsigned *out_row)
{
    const char *wrong = check_models(schema, out_row);
    if (wrong == NULL)
        wrong = check_enums(schema, out_row);
    return wrong != NULL ? wrong : check_unions(schema, out_row);
}
