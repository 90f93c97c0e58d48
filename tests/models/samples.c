/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KIND = 0x0F, SHAPE = 0x30, DEPTH_ALL = 3, DEPTH_MAX = 12 };

static const sample bools[] = {{"true", FITS},       {"false", FITS}, {"0", MISFIT},  {"1", MISFIT},
                               {"\"true\"", MISFIT}, {"[]", MISFIT},  {"{}", MISFIT}, {NULL, FITS}};
static const sample i32s[] = {{"0", FITS},
                              {"-1", FITS},
                              {"2147483647", FITS},
                              {"-2147483648", FITS},
                              {"2147483648", MISFIT},
                              {"-2147483649", MISFIT},
                              {"9007199254740993", MISFIT},
                              {"9223372036854775807", MISFIT},
                              {"100000000000000000000000000", MISFIT},
                              {"1.5", MISFIT},
                              {"1e2", EITHER},
                              {"5.0", EITHER},
                              {"1e-400", MISFIT},
                              {"true", MISFIT},
                              {"\"1\"", MISFIT},
                              {"[]", MISFIT},
                              {"{}", MISFIT},
                              {NULL, FITS}};
static const sample i64s[] = {{"0", FITS},
                              {"-1", FITS},
                              {"9007199254740993", FITS},
                              {"-9007199254740993", FITS},
                              {"9223372036854775807", FITS},
                              {"-9223372036854775808", FITS},
                              {"9223372036854775808", MISFIT},
                              {"-9223372036854775809", MISFIT},
                              {"18446744073709551616", MISFIT},
                              {"1e400", MISFIT},
                              {"0.1", MISFIT},
                              {"1E2", EITHER},
                              {"false", MISFIT},
                              {"\"\"", MISFIT},
                              {"[1]", MISFIT},
                              {"{\"a\":1}", MISFIT},
                              {NULL, FITS}};
static const sample f64s[] = {{"0", FITS},
                              {"0.1", FITS},
                              {"-1.5e300", FITS},
                              {"5e-324", FITS},
                              {"2.2250738585072014e-308", FITS},
                              {"1.7976931348623157e308", FITS},
                              {"9007199254740992", FITS},
                              {"123456789012345680", FITS},
                              {"9007199254740993", MISFIT},
                              {"0.1000000000000000055511151231257827021181583404541015625", MISFIT},
                              {"1e400", MISFIT},
                              {"-1e309", MISFIT},
                              {"-0.0", EITHER},
                              {"1e-400", MISFIT},
                              {"true", MISFIT},
                              {"\"0.1\"", MISFIT},
                              {"[]", MISFIT},
                              {"{}", MISFIT},
                              {NULL, FITS}};
static const sample strs[] = {{"\"\"", FITS},
                              {"\"x\"", FITS},
                              {"\"0123456789abcdef0123456789abcdef0123456789\"", FITS},
                              {"\"\\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u001f \\u00e9\\u20ac\"", FITS},
                              {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E \\ud834\\udd1e\"", FITS},
                              {"\"null\"", FITS},
                              {"\"a\\u0000b\"", MISFIT},
                              {"\"\\u0000\"", MISFIT},
                              {"\"\\ud800\"", MISFIT},
                              {"0", MISFIT},
                              {"false", MISFIT},
                              {"[\"x\"]", MISFIT},
                              {"{\"x\":\"y\"}", MISFIT},
                              {NULL, FITS}};
static const sample raws[] = {{"0", FITS},
                              {"-1.50E+2", FITS},
                              {"true", FITS},
                              {"\"a\\u0000b\"", FITS},
                              {"[ ]", FITS},
                              {"[1, null , {\"a\" : [ ]}]", FITS},
                              {"{\"a\":{\"a\":null},\"\":18446744073709551616}", FITS},
                              {NULL, FITS}};
static const sample no_objects[] = {{"0", MISFIT}, {"\"x\"", MISFIT}, {"true", MISFIT}, {"[]", MISFIT}, {NULL, FITS}};
static const sample no_arrays[] = {{"0", MISFIT}, {"\"x\"", MISFIT}, {"true", MISFIT}, {"{}", MISFIT}, {NULL, FITS}};
static const sample no_texts[] = {{"0", MISFIT},  {"true", MISFIT},          {"[]", MISFIT},
                                  {"{}", MISFIT}, {"\"a\\u0000b\"", MISFIT}, {NULL, FITS}};

const char *sample_name(const uvrest_schema *schema, const uvrest_gen_field *field)
{
    return schema->pool + field->name;
}

/* ---- a value that fits ------------------------------------------------------------------------------------------- */

static void put_object(FILE *to, const uvrest_schema *schema, unsigned model, sample_members members, const char *but,
                       unsigned depth, const char *tag, const char *text);

static void put_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void put_union(FILE *to, const uvrest_schema *schema, unsigned choice, unsigned i, unsigned depth)
{
    const uvrest_gen_case *one = &schema->cases[schema->unions[choice].first + i];
    put_object(to, schema, one->model, SAMPLE_REQUIRED, NULL, depth + 1, schema->pool + schema->unions[choice].tag,
               schema->pool + one->text);
}

/* A value of a member's kind, as one element. */
static void put_element(FILE *to, const uvrest_schema *schema, const uvrest_gen_field *field, sample_members members,
                        unsigned depth)
{
    switch (field->kind & KIND) {
    case UVREST_KIND_BOOL:
        fputs("true", to);
        break;
    case UVREST_KIND_I32:
        fputs("-7", to);
        break;
    case UVREST_KIND_I64:
        fputs("9007199254740993", to);
        break;
    case UVREST_KIND_F64:
        fputs("0.1", to);
        break;
    case UVREST_KIND_STR:
        fputs("\"a \\\"text\\\" \\u20ac\"", to);
        break;
    case UVREST_KIND_ENUM:
        put_text(to, schema->pool + schema->texts[schema->enums[field->of].first]);
        break;
    case UVREST_KIND_MODEL:
        put_object(to, schema, field->of, members, NULL, depth + 1, NULL, NULL);
        break;
    case UVREST_KIND_UNION:
        put_union(to, schema, field->of, 0, depth);
        break;
    default:
        fputs("{\"any\":[1,null]}", to);
    }
}

static void put_value(FILE *to, const uvrest_schema *schema, const uvrest_gen_field *field, sample_members members,
                      unsigned depth)
{
    const char *open = "", *close = "";
    switch (field->kind & SHAPE) {
    case UVREST_SHAPE_ARRAY:
        open = "[", close = "]";
        break;
    case UVREST_SHAPE_MAP:
        open = "{\"a b\":", close = "}";
        break;
    case UVREST_SHAPE_MAP_ARRAY:
        open = "[{\"a b\":", close = "}]";
        break;
    }
    fputs(open, to);
    put_element(to, schema, field, members, depth);
    fputs(close, to);
}

static void put_object(FILE *to, const uvrest_schema *schema, unsigned model, sample_members members, const char *but,
                       unsigned depth, const char *tag, const char *text)
{
    const char *comma = "";
    if (depth > DEPTH_ALL)
        members = SAMPLE_REQUIRED;
    fputc('{', to);
    if (tag != NULL) {
        put_text(to, tag);
        fputc(':', to);
        put_text(to, text);
        comma = ",";
    }
    for (unsigned i = schema->models[model].first; depth < DEPTH_MAX && i < schema->models[model + 1].first; i++) {
        const uvrest_gen_field *field = &schema->fields[i];
        const char *name = sample_name(schema, field);
        if ((members == SAMPLE_REQUIRED && (field->flags & UVREST_REQUIRED) == 0) ||
            (but != NULL && strcmp(but, name) == 0) || (tag != NULL && strcmp(tag, name) == 0))
            continue;
        fputs(comma, to);
        comma = ",";
        put_text(to, name);
        fputc(':', to);
        put_value(to, schema, field, members, depth);
    }
    fputc('}', to);
}

void sample_value(FILE *to, const uvrest_schema *schema, const uvrest_gen_field *field)
{
    put_value(to, schema, field, SAMPLE_REQUIRED, 0);
}

void sample_object(FILE *to, const uvrest_schema *schema, unsigned model, sample_members members, const char *but)
{
    put_object(to, schema, model, members, but, 0, NULL, NULL);
}

/* ---- all values -------------------------------------------------------------------------------------------------- */

typedef struct shower {
    const uvrest_schema *schema;
    const uvrest_gen_field *field;
    sample_fn *show;
    void *user;
} shower;

static void show(const shower *s, fit how, const char *before, const char *value, const char *behind)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    sample made;
    if (to == NULL)
        abort();
    fprintf(to, "%s%s%s", before, value, behind);
    fclose(to);
    made = (sample){text, how};
    s->show(&made, s->user);
    free(text);
}

static void show_all(const shower *s, const sample *values, const char *before, const char *behind)
{
    for (; values->text != NULL; values++)
        show(s, values->fit, before, values->text, behind);
}

static void show_texts_of_enum(const shower *s, const char *before, const char *behind)
{
    const uvrest_gen_enum *e = &s->schema->enums[s->field->of];
    for (unsigned i = e[0].first; i < e[1].first; i++) {
        char *text = NULL;
        size_t len;
        FILE *to = open_memstream(&text, &len);
        if (to == NULL)
            abort();
        put_text(to, s->schema->pool + s->schema->texts[i]);
        fclose(to);
        show(s, FITS, before, text, behind);
        free(text);
    }
    show(s, MISFIT, before, "\"a value that nobody\\u0020knows\"", behind);
    show(s, MISFIT, before, "\"unset\"", behind);
    show_all(s, no_texts, before, behind);
}

static void show_cases(const shower *s, const char *before, const char *behind)
{
    const uvrest_gen_union *u = &s->schema->unions[s->field->of];
    for (unsigned i = 0; i < (unsigned)(u[1].first - u[0].first); i++) {
        char *text = NULL;
        size_t len;
        FILE *to = open_memstream(&text, &len);
        if (to == NULL)
            abort();
        put_union(to, s->schema, s->field->of, i, 0);
        fclose(to);
        show(s, FITS, before, text, behind);
        free(text);
    }
    /* An object without a known tag stays a union, of the kind unknown; whether that counts is the codec's choice. */
    show(s, EITHER, before, "{}", behind);
    show(s, EITHER, before, "{\"a\":{\"b\":[1]}}", behind);
    show_all(s, no_objects, before, behind);
}

static void show_elements(const shower *s, const char *before, const char *behind)
{
    static const sample *const plain[] = {
        [UVREST_KIND_BOOL] = bools, [UVREST_KIND_I32] = i32s, [UVREST_KIND_I64] = i64s,
        [UVREST_KIND_F64] = f64s,   [UVREST_KIND_STR] = strs, [UVREST_KIND_RAW] = raws,
    };
    const unsigned kind = s->field->kind & KIND;
    if (kind == UVREST_KIND_ENUM) {
        show_texts_of_enum(s, before, behind);
    } else if (kind == UVREST_KIND_UNION) {
        show_cases(s, before, behind);
    } else if (kind == UVREST_KIND_MODEL) {
        show(s, EITHER, before, "{}", behind); /* a required member may be missing in it */
        show(s, EITHER, before, "{\"a member that nobody knows\":[{\"x\":null}]}", behind);
        show_all(s, no_objects, before, behind);
    } else {
        show_all(s, plain[kind], before, behind);
    }
}

void sample_each(const uvrest_schema *schema, const uvrest_gen_field *field, sample_fn *fn, void *user)
{
    const shower s = {schema, field, fn, user};
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (to == NULL)
        abort();
    sample_value(to, schema, field);
    fclose(to);
    show(&s, FITS, "", text, "");
    free(text);
    switch (field->kind & SHAPE) {
    case UVREST_SHAPE_ONE:
        show_elements(&s, "", "");
        break;
    case UVREST_SHAPE_ARRAY:
        show(&s, FITS, "", "[]", "");
        show(&s, EITHER, "", "[null]", "");
        show_elements(&s, "[", "]");
        show_all(&s, no_arrays, "", "");
        break;
    case UVREST_SHAPE_MAP:
        show(&s, FITS, "", "{}", "");
        show(&s, EITHER, "", "{\"a\":null,\"\":null}", "");
        show(&s, MISFIT, "", "{\"a\\u0000b\":null}", "");
        show_elements(&s, "{\"\\u00e9 \":", "}");
        show_all(&s, no_objects, "", "");
        break;
    default:
        show(&s, FITS, "", "[]", "");
        show(&s, FITS, "", "[{},{}]", "");
        show(&s, EITHER, "", "[null]", "");
        show_elements(&s, "[{},{\"a\":", "}]");
        show_all(&s, no_arrays, "", "");
    }
}
