/* SPDX-License-Identifier: MIT */
#include "tables_check.h"
#include "ceilings.h"
#include "tables.h"
#include "text.h"

static const char *check_name(const uvrest_schema *schema, uint16_t name, const uint8_t *tag)
{
    unsigned len;
    if (name == 0 || name >= schema->pool_size)
        return "a name outside the pool";
    len = uvrest__name_len(schema, name);
    if (name + len >= schema->pool_size || memchr(schema->pool + name, '\0', len + 1) != schema->pool + name + len)
        return "a name that does not end where its length says";
    if (!uvrest__text_is_utf8(schema->pool + name, len))
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
                                          uvrest__name_len(schema, field->name)) != field)
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

const char *tables_check(const uvrest_schema *schema, unsigned *out_row)
{
    const char *wrong = check_models(schema, out_row);
    if (wrong == NULL)
        wrong = check_enums(schema, out_row);
    return wrong != NULL ? wrong : check_unions(schema, out_row);
}
