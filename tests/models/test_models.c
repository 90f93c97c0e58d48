/* SPDX-License-Identifier: MIT */
/*
 * Every model of the generated library, every member: decoded, looked at in its struct by the offsets of the tables,
 * encoded, and compared with what came in. The tables are the only thing it knows, so a model added to the API is
 * tested by being there. A failure names service, model, member and value.
 */
#include "canon.h"
#include "samples.h"
#include "services.h"
#include "tables_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KIND = 0x0F, SHAPE = 0x30, FAILURES_PRINTED = 40 };

/* What is being tested. One at a time. */
typedef struct place {
    const service *service;
    const uvrest_schema *schema;
    const uvrest_gen_field *field; /* NULL: the model as a whole */
    uvrest_model model;
    const char *text; /* the JSON tried; NULL if none */
    uvrest_arena *arena;
    unsigned n_checks;
    unsigned n_failures;
} place;

/* ---- what all checks use ----------------------------------------------------------------------------------------- */

static void failed(place *at, const char *what)
{
    if (at->n_failures++ < FAILURES_PRINTED)
        print_error("%s: %s.%s: %s: %s\n", at->service->name, at->service->models[at->model.id],
                    at->field == NULL ? "" : sample_name(at->schema, at->field), at->text == NULL ? "" : at->text,
                    what);
}

/* Counts a check; returns whether it holds. */
static bool check(place *at, bool holds, const char *what)
{
    at->n_checks++;
    if (!holds)
        failed(at, what);
    return holds;
}

static void check_equal(place *at, uvrest_raw got, const char *wanted, const char *what)
{
    char text[512];
    at->n_checks++;
    if (canon_equal(got.text, got.len, wanted, strlen(wanted)))
        return;
    snprintf(text, sizeof text, "%s: %.*s instead of %s", what, (int)(got.len < 200 ? got.len : 200), got.text, wanted);
    failed(at, text);
}

static const char *keep_text(place *at, char *text)
{
    const char *copy = uvrest_arena_copy(at->arena, text, strlen(text));
    free(text);
    assert_non_null(copy);
    return copy;
}

/* {"name": value}, in the arena. */
static const char *object_with(place *at, const char *value)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    fprintf(to, "{\"%s\":%s}", sample_name(at->schema, at->field), value);
    fclose(to);
    return keep_text(at, text);
}

static const char *fitting_value(place *at)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    sample_value(to, at->schema, at->field);
    fclose(to);
    return keep_text(at, text);
}

static const char *object_of_all(place *at, sample_members members, const char *but)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    sample_object(to, at->schema, at->model.id, members, but);
    fclose(to);
    return keep_text(at, text);
}

static const char *decode(place *at, const char *text, uvrest_decode_report *report)
{
    const void *value = NULL;
    uvrest_status st = uvrest_json_decode(at->model, text, strlen(text), NULL, at->arena, &value, report);
    return check(at, st == UVREST_OK && value != NULL, "it is not decoded") ? value : NULL;
}

static bool encode(place *at, const void *value, unsigned flags, uvrest_raw *out)
{
    uvrest_reason reason = {""};
    uvrest_status st = uvrest_json_encode(at->model, value, flags, at->arena, out, &reason);
    return check(at, st == UVREST_OK, reason.text);
}

/* Encodes and compares; everything is written, nothing required. */
static void check_encoded(place *at, const void *value, const char *wanted, const char *what)
{
    uvrest_raw text;
    if (encode(at, value, UVREST_ENCODE_PARTIAL | UVREST_ENCODE_READ_ONLY, &text))
        check_equal(at, text, wanted, what);
}

static uvrest_extra *extra_of(const place *at, const char *value)
{
    uvrest_extra *extra;
    memcpy(&extra, value + at->schema->models[at->model.id].extra, sizeof extra);
    return extra;
}

static void *empty_struct(place *at)
{
    void *value = uvrest_arena_alloc(at->arena, at->schema->models[at->model.id].size);
    assert_non_null(value);
    return value;
}

static size_t member_size(const uvrest_gen_field *field)
{
    static const size_t sizes[] = {sizeof(uvrest_opt_bool), sizeof(uvrest_opt_i32), sizeof(uvrest_opt_i64),
                                   sizeof(uvrest_opt_f64),  sizeof(char *),         sizeof(int),
                                   sizeof(void *),          sizeof(void *),         sizeof(uvrest_raw)};
    return (field->kind & SHAPE) != UVREST_SHAPE_ONE ? sizeof(void *) + sizeof(size_t) : sizes[field->kind & KIND];
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void each_model(place *at, void (*run)(place *))
{
    for (unsigned s = 0; s < n_services; s++) {
        at->service = &services[s];
        at->schema = services[s].schema();
        for (uint16_t id = 0; id < at->schema->n_models; id++) {
            at->model = (uvrest_model){at->schema, id};
            at->field = NULL;
            at->text = NULL;
            uvrest_arena_reset(at->arena);
            run(at);
        }
    }
}

static void each_member(place *at, void (*run)(place *))
{
    const uvrest_gen_model *model = &at->schema->models[at->model.id];
    for (unsigned i = model[0].first; i < model[1].first; i++) {
        at->field = &at->schema->fields[i];
        at->text = NULL;
        uvrest_arena_reset(at->arena);
        run(at);
    }
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool same_enum(place *at, int got, const char *json)
{
    const uvrest_gen_enum *e = &at->schema->enums[at->field->of];
    return got >= 3 && got - 3 < e[1].first - e[0].first &&
           canon_is_text(json, strlen(json), at->schema->pool + at->schema->texts[e[0].first + got - 3]);
}

/* Whether a member that fits holds the value in its struct. */
static bool holds_one(place *at, const char *member, const char *json)
{
    switch (at->field->kind) {
    case UVREST_KIND_BOOL: {
        const uvrest_opt_bool *opt = (const void *)member;
        return opt->state == UVREST_IS_SET && opt->value == (json[0] == 't');
    }
    case UVREST_KIND_I32: {
        const uvrest_opt_i32 *opt = (const void *)member;
        return opt->state == UVREST_IS_SET && opt->value == strtod(json, NULL);
    }
    case UVREST_KIND_I64: {
        const uvrest_opt_i64 *opt = (const void *)member;
        char *end;
        long long value = strtoll(json, &end, 10);
        return opt->state == UVREST_IS_SET &&
               (*end != '\0' ? (double)opt->value == strtod(json, NULL) : opt->value == value);
    }
    case UVREST_KIND_F64: {
        const uvrest_opt_f64 *opt = (const void *)member;
        double value = strtod(json, NULL);
        return opt->state == UVREST_IS_SET && memcmp(&opt->value, &value, sizeof value) == 0;
    }
    case UVREST_KIND_STR: {
        const char *const *text = (const void *)member;
        return *text != NULL && canon_is_text(json, strlen(json), *text);
    }
    case UVREST_KIND_ENUM:
        return same_enum(at, *(const int *)(const void *)member, json);
    case UVREST_KIND_RAW: {
        const uvrest_raw *raw = (const void *)member;
        return raw->len == strlen(json) && memcmp(raw->text, json, raw->len) == 0;
    }
    case UVREST_KIND_UNION: {
        const uvrest_union *const *choice = (const void *)member;
        return *choice != NULL && ((*choice)->kind >= 3 ? (*choice)->value != NULL : (*choice)->raw.text != NULL);
    }
    default:
        return *(const void *const *)(const void *)member != NULL;
    }
}

/* A pointer and a count; the value decides how many, which canon() writes with one comma each at its level. */
static bool holds_several(const char *member, const char *json)
{
    const void *items;
    size_t n, wanted = 0;
    int depth = 0;
    char *text = canon(json, strlen(json));
    bool quoted = false;
    memcpy(&items, member, sizeof items);
    memcpy(&n, member + sizeof items, sizeof n);
    for (const char *c = text; text != NULL && *c != '\0'; c++) {
        if (*c == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        depth += (*c == '[' || *c == '{') - (*c == ']' || *c == '}');
        wanted += *c == ',' && depth == 1;
    }
    free(text);
    return items != NULL && n == wanted;
}

static bool holds(place *at, const char *member, const char *json)
{
    return (at->field->kind & SHAPE) == UVREST_SHAPE_ONE ? holds_one(at, member, json) : holds_several(member, json);
}

/* Whether a member that cannot hold the value is left as promised. */
static bool is_unset(place *at, const char *member)
{
    if (at->field->kind == UVREST_KIND_ENUM)
        return *(const int *)(const void *)member == 2 || *(const int *)(const void *)member == 0;
    if (at->field->kind == UVREST_ROW_ENUM_ARRAY)
        return true; /* its elements are set, the unknown ones to _UNKNOWN */
    return is_zero(member, member_size(at->field));
}

static bool names_member(place *at, const uvrest_decode_note *note)
{
    const char *name = sample_name(at->schema, at->field);
    return note->path != NULL && strncmp(note->path, name, strlen(name)) == 0 && note->expected != NULL &&
           note->found != NULL;
}

static bool is_noted(place *at, const uvrest_decode_report *report)
{
    for (size_t i = 0; i < report->n_notes; i++)
        if (names_member(at, &report->notes[i]) && strcmp(report->notes[i].expected, "a required member") != 0)
            return true;
    return false;
}

/* Strict decoding of a misfit names the member; of what fits it may only miss other members. */
static void check_strict(place *at, const char *text, bool fits)
{
    const uvrest_decode_options strict = {.strict = true};
    uvrest_decode_report report;
    const void *value = NULL;
    uvrest_status st = uvrest_json_decode(at->model, text, strlen(text), &strict, at->arena, &value, &report);
    if (fits) {
        check(at,
              st == UVREST_OK || (st == UVREST_E_SCHEMA && report.failure.expected != NULL &&
                                  strcmp(report.failure.expected, "a required member") == 0),
              "strict decoding refuses it");
        return;
    }
    check(at, st == UVREST_E_SCHEMA && value == NULL, "strict decoding accepts it");
    check(at, st != UVREST_E_SCHEMA || names_member(at, &report.failure), "strict decoding does not name the member");
}

static void check_value(const sample *value, void *user)
{
    place *at = user;
    const char *text = at->text = object_with(at, value->text);
    const char *name = sample_name(at->schema, at->field);
    uvrest_decode_report report;
    const char *got = decode(at, text, &report), *again, *member;
    uvrest_raw kept, encoded;
    bool fits;
    if (got == NULL)
        return;
    member = got + at->field->offset;
    fits = holds(at, member, value->text) && !uvrest_extra_get(extra_of(at, got), name, &kept);
    check(at, fits || value->fit != FITS, "its member does not hold it");
    check(at, !fits || value->fit != MISFIT, "its member holds what it cannot hold");
    check(at, fits || is_unset(at, member), "its member is not left unset");
    check(at, value->fit == EITHER || is_noted(at, &report) == !fits, fits ? "it is noted" : "it is not noted");
    check(at, !uvrest_is_null(extra_of(at, got), name), "it is taken for null");
    if (!fits && check(at, uvrest_extra_get(extra_of(at, got), name, &kept), "it is not kept"))
        check(at, kept.len == strlen(value->text) && memcmp(kept.text, value->text, kept.len) == 0,
              "it is not kept as it came");
    if (value->fit != EITHER)
        check_strict(at, text, fits);
    if (!encode(at, got, UVREST_ENCODE_PARTIAL | UVREST_ENCODE_READ_ONLY, &encoded))
        return;
    check_equal(at, encoded, text, "it is not written as it came");
    again = decode(at, uvrest_arena_copy(at->arena, encoded.text, encoded.len), &report);
    if (again != NULL)
        check_encoded(at, again, text, "it does not survive a second time");
    uvrest_arena_reset(at->arena);
}

static void read_every_value(place *at)
{
    sample_each(at->schema, at->field, check_value, at);
}

static void read_null(place *at)
{
    const char *text = at->text = object_with(at, "null");
    const char *name = sample_name(at->schema, at->field), *got, *member;
    static const uvrest_raw word = {.text = "null", .len = 4};
    uvrest_decode_report report;
    got = decode(at, text, &report);
    if (got == NULL)
        return;
    member = got + at->field->offset;
    check(at, !is_noted(at, &report), "null is noted");
    switch (at->field->kind) {
    case UVREST_KIND_BOOL:
        check(at, ((const uvrest_opt_bool *)(const void *)member)->state == UVREST_IS_NULL, "it is not null");
        break;
    case UVREST_KIND_I32:
        check(at, ((const uvrest_opt_i32 *)(const void *)member)->state == UVREST_IS_NULL, "it is not null");
        break;
    case UVREST_KIND_I64:
        check(at, ((const uvrest_opt_i64 *)(const void *)member)->state == UVREST_IS_NULL, "it is not null");
        break;
    case UVREST_KIND_F64:
        check(at, ((const uvrest_opt_f64 *)(const void *)member)->state == UVREST_IS_NULL, "it is not null");
        break;
    case UVREST_KIND_ENUM:
        check(at, *(const int *)(const void *)member == 1, "it is not null");
        break;
    case UVREST_KIND_RAW:
        check_equal(at, *(const uvrest_raw *)(const void *)member, word.text, "it is not the slice null");
        break;
    default:
        check(at, is_zero(member, member_size(at->field)), "its pointer is not NULL");
        check(at, uvrest_is_null(extra_of(at, got), name), "extra does not say that it was null");
    }
    check_encoded(at, got, text, "null is not written as it came");
}

static void read_members_one_by_one(place *at)
{
    each_member(at, read_every_value);
    each_member(at, read_null);
}

static void model_members_hold_what_they_can_and_keep_the_rest(void **state)
{
    place *at = *state;
    each_model(at, read_members_one_by_one);
    assert_int_equal(at->n_failures, 0);
    assert_true(at->n_checks > 1000);
}

/* An object without members, with unknown ones, and with every member null. */
static void read_whole(place *at)
{
    static const char unknown[] = "{\"nobody knows this\":[1,{\"a\":null}],\"nor this\":null,\"\":18446744073709551616,"
                                  "\"nul \\u0000 in a name\":\"\\ud800\"}";
    const uvrest_gen_model *model = &at->schema->models[at->model.id];
    uvrest_decode_report report;
    uvrest_raw kept;
    const char *got = decode(at, at->text = "{}", &report);
    char *text = NULL;
    size_t len;
    FILE *to;
    if (got != NULL) {
        check(at, is_zero(got, model->size), "an empty object is not all zero");
        check_encoded(at, got, "{}", "an empty object gets members");
    }
    got = decode(at, at->text = unknown, &report);
    if (got != NULL) {
        check(at, uvrest_extra_count(extra_of(at, got)) == 4, "unknown members are not kept");
        check(at, uvrest_is_null(extra_of(at, got), "nor this"), "an unknown null is not null");
        if (check(at, uvrest_extra_get(extra_of(at, got), "nobody knows this", &kept), "it is not found by name"))
            check_equal(at, kept, "[1,{\"a\":null}]", "it is kept as something else");
        check_encoded(at, got, unknown, "unknown members are not written as they came");
    }
    to = open_memstream(&text, &len);
    assert_non_null(to);
    for (unsigned i = model[0].first; i < model[1].first; i++)
        fprintf(to, "%c\"%s\":null", i == model[0].first ? '{' : ',', sample_name(at->schema, &at->schema->fields[i]));
    fputs(model[0].first == model[1].first ? "{}" : "}", to);
    fclose(to);
    at->text = keep_text(at, text);
    got = decode(at, at->text, &report);
    if (got != NULL)
        check_encoded(at, got, at->text, "members that are null are not written as they came");
}

static void model_objects_keep_absent_null_and_unknown_members(void **state)
{
    place *at = *state;
    each_model(at, read_whole);
    assert_int_equal(at->n_failures, 0);
}

/* All members at once pass the strictest reading, in any order. */
static void read_full(place *at)
{
    const uvrest_decode_options strict = {.strict = true};
    uvrest_decode_report report;
    const void *got = NULL;
    const char *text = at->text = object_of_all(at, SAMPLE_ALL, NULL);
    uvrest_status st = uvrest_json_decode(at->model, text, strlen(text), &strict, at->arena, &got, &report);
    if (check(at, st == UVREST_OK && got != NULL, report.failure.path == NULL ? "?" : report.failure.path)) {
        check(at, report.n_notes == 0, "it is noted");
        check_encoded(at, got, text, "not all of it is written");
    }
}

static void model_objects_with_all_members_pass_strict_decoding(void **state)
{
    place *at = *state;
    each_model(at, read_full);
    assert_int_equal(at->n_failures, 0);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* A struct that nobody decoded, with this member only: its bytes are those of a decoded one. */
static char *made_by_hand(place *at, const char *value)
{
    uvrest_decode_report report;
    const char *text = at->text = object_with(at, value);
    const char *from = decode(at, text, &report);
    char *made = empty_struct(at);
    if (from != NULL)
        memcpy(made + at->field->offset, from + at->field->offset, member_size(at->field));
    return made;
}

static void set_null(place *at, char *made)
{
    char *member = made + at->field->offset;
    const void *null = UVREST_NULL;
    memset(member, 0, member_size(at->field));
    switch (at->field->kind) {
    case UVREST_KIND_BOOL:
        ((uvrest_opt_bool *)(void *)member)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_I32:
        ((uvrest_opt_i32 *)(void *)member)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_I64:
        ((uvrest_opt_i64 *)(void *)member)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_F64:
        ((uvrest_opt_f64 *)(void *)member)->state = UVREST_IS_NULL;
        break;
    case UVREST_KIND_ENUM:
        *(int *)(void *)member = 1;
        break;
    case UVREST_KIND_RAW:
        *(uvrest_raw *)(void *)member = uvrest_raw_of("null", 4);
        break;
    default:
        memcpy(member, &null, sizeof null);
    }
}

static void write_member(place *at)
{
    const char *value = fitting_value(at), *text = object_with(at, value);
    const char *name = sample_name(at->schema, at->field);
    const unsigned shape = at->field->kind & SHAPE;
    const void *empty = UVREST_EMPTY;
    char *made = made_by_hand(at, value);
    uvrest_extra **extra = (void *)(made + at->schema->models[at->model.id].extra);
    check_encoded(at, made, text, "a member set by hand is not written");

    if (uvrest_extra_set(extra, name, uvrest_raw_of("[false]", 7), at->arena) != UVREST_OK)
        failed(at, "extra cannot be set");
    check_encoded(at, made, text, "a member that is set does not win over extra");
    memset(made + at->field->offset, 0, member_size(at->field));
    at->text = object_with(at, "[false]");
    check_encoded(at, made, at->text, "a member in extra is not written");
    if (uvrest_extra_drop(extra, name, at->arena) != UVREST_OK)
        failed(at, "extra cannot be dropped");
    check_encoded(at, made, "{}", "a member that was dropped is written");

    set_null(at, made);
    at->text = object_with(at, "null");
    check_encoded(at, made, at->text, "null set by hand is not written");
    if (shape != UVREST_SHAPE_ONE) {
        at->text = object_with(at, shape == UVREST_SHAPE_MAP ? "{}" : "[]");
        memcpy(made + at->field->offset, &empty, sizeof empty);
        check_encoded(at, made, at->text, "an empty array or map is not written");
    }
}

static void write_members(place *at)
{
    each_member(at, write_member);
}

static void model_members_set_by_hand_are_written(void **state)
{
    place *at = *state;
    each_model(at, write_members);
    assert_int_equal(at->n_failures, 0);
}

/* A required member is missed when writing, but for a PATCH; one that only the server sets never is. */
static void miss_member(place *at)
{
    const bool needed = (at->field->flags & (UVREST_REQUIRED | UVREST_READ_ONLY)) == UVREST_REQUIRED;
    const char *name = sample_name(at->schema, at->field);
    const char *text = at->text = object_of_all(at, SAMPLE_REQUIRED, name);
    uvrest_decode_report report;
    uvrest_reason reason = {""};
    uvrest_raw out;
    uvrest_status st;
    const char *got = decode(at, text, &report);
    if (got == NULL)
        return;
    st = uvrest_json_encode(at->model, got, UVREST_ENCODE_DEFAULT, at->arena, &out, &reason);
    check(at, st == (needed ? UVREST_E_INVALID : UVREST_OK), "a required member is not missed, or another is");
    if (needed)
        check(at, strncmp(reason.text, name, strlen(name)) == 0, "the reason does not name the member");
    st = uvrest_json_encode(at->model, got, UVREST_ENCODE_PARTIAL, at->arena, &out, NULL);
    check(at, st == UVREST_OK, "a PATCH misses a member");
}

/* Whether a row says that a member's value can have read-only members of its own. */
static bool nests(const uvrest_gen_field *field)
{
    return (field->kind & KIND) == UVREST_KIND_MODEL || (field->kind & KIND) == UVREST_KIND_UNION;
}

static void hold_back_read_only(place *at)
{
    const bool read_only = (at->field->flags & UVREST_READ_ONLY) != 0;
    const char *value = fitting_value(at);
    char *made = made_by_hand(at, value);
    uvrest_raw out;
    if ((nests(at->field) && !read_only) || !encode(at, made, UVREST_ENCODE_PARTIAL, &out))
        return;
    check_equal(at, out, read_only ? "{}" : at->text, "what is sent does not follow readOnly");
}

static void write_required_and_read_only(place *at)
{
    each_member(at, miss_member);
    each_member(at, hold_back_read_only);
}

static void model_writing_follows_required_and_read_only(void **state)
{
    place *at = *state;
    each_model(at, write_required_and_read_only);
    assert_int_equal(at->n_failures, 0);
}

/* ---- the partial model between two ------------------------------------------------------------------------------- */

static void check_patch(place *at, const char *before, const char *after, const char *wanted, const char *what)
{
    const void *patch = NULL;
    at->n_checks++;
    if (uvrest_json_diff(at->model, before, after, at->arena, &patch) != UVREST_OK || patch == NULL)
        failed(at, "there is no patch");
    else
        check_encoded(at, patch, wanted, what);
}

static void diff_member(place *at)
{
    const bool read_only = (at->field->flags & UVREST_READ_ONLY) != 0;
    const char *value = fitting_value(at), *kept = object_with(at, "[false,[]]");
    const char *set = object_with(at, value), *null = object_with(at, "null"), *without, *with, *other;
    uvrest_decode_report report;
    without = decode(at, "{}", &report);
    with = decode(at, at->text = set, &report);
    other = decode(at, kept, &report);
    if (without == NULL || with == NULL || other == NULL)
        return;
    check_patch(at, with, with, "{}", "a patch of equal ones is not empty");
    check_patch(at, with, decode(at, set, &report), "{}", "a patch of equal values is not empty");
    check_patch(at, without, with, read_only ? "{}" : set, "a patch does not set the member");
    check_patch(at, with, without, read_only ? "{}" : null, "a patch does not remove the member");
    check_patch(at, with, other, read_only ? "{}" : kept, "a patch does not take what is kept");
    check_patch(at, other, with, read_only ? "{}" : set, "a patch does not replace what is kept");
    check_patch(at, with, decode(at, null, &report), read_only ? "{}" : null, "a patch does not set null");
}

static void diff_members(place *at)
{
    each_member(at, diff_member);
}

static void model_diffs_hold_what_differs_and_nothing_else(void **state)
{
    place *at = *state;
    each_model(at, diff_members);
    assert_int_equal(at->n_failures, 0);
}

/* ---- memory that is refused -------------------------------------------------------------------------------------- */

/* An allocator that refuses its refuse_at-th request, from 1 on, or that and all behind it. */
typedef struct meagre {
    uvrest_alloc alloc;
    size_t n_requests;
    size_t n_live;
    size_t refuse_at;
    bool for_good;
} meagre;

static bool refuses(meagre *m)
{
    m->n_requests++;
    return m->refuse_at != 0 && (m->n_requests == m->refuse_at || (m->for_good && m->n_requests > m->refuse_at));
}

static void *meagre_allocate(size_t size, void *user)
{
    meagre *m = user;
    void *memory = refuses(m) ? NULL : malloc(size);
    m->n_live += memory != NULL;
    return memory;
}

static void *meagre_resize(void *memory, size_t size, void *user)
{
    meagre *m = user;
    void *moved = refuses(m) ? NULL : realloc(memory, size);
    m->n_live += memory == NULL && moved != NULL;
    return moved;
}

static void meagre_release(void *memory, void *user)
{
    meagre *m = user;
    m->n_live -= memory != NULL;
    free(memory);
}

/* Decodes into an arena and encodes into another; what each came to. */
static void decode_and_encode(place *at, meagre *m, uvrest_status out[2])
{
    uvrest_arena *from = NULL, *to = NULL;
    uvrest_decode_report report;
    uvrest_reason reason;
    uvrest_raw text;
    const void *value = NULL;
    m->n_requests = 0;
    out[1] = UVREST_OK;
    out[0] = uvrest_arena_new(&m->alloc, 0, &from);
    if (out[0] == UVREST_OK)
        out[0] = uvrest_json_decode(at->model, at->text, strlen(at->text), NULL, from, &value, &report);
    check(at, (out[0] == UVREST_OK) == (value != NULL), "a value that does not go with the status");
    if (out[0] == UVREST_OK) {
        out[1] = uvrest_arena_new(&m->alloc, 0, &to);
        if (out[1] == UVREST_OK)
            out[1] = uvrest_json_encode(at->model, value, UVREST_ENCODE_PARTIAL | UVREST_ENCODE_READ_ONLY, to, &text,
                                        &reason);
        if (out[1] == UVREST_OK)
            check_equal(at, text, at->text, "what is written is not what was read");
    }
    uvrest_arena_free(to);
    uvrest_arena_free(from);
    check(at, m->n_live == 0, "memory is left over");
}

/* All members of the model, and a hundred times the same in a member of no model: more than one block of memory. */
static void refuse_each_allocation(place *at)
{
    meagre m = {.alloc = {meagre_allocate, meagre_resize, meagre_release, &m}};
    const char *all = object_of_all(at, SAMPLE_ALL, NULL);
    uvrest_status st[2];
    size_t n, len;
    char *text = NULL;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    fprintf(to, "%.*s%s\"of no model\":[", (int)strlen(all) - 1, all, all[1] == '}' ? "" : ",");
    for (int i = 0; i < 100; i++)
        fprintf(to, "%s%s", i == 0 ? "" : ",", all);
    fputs("]}", to);
    fclose(to);
    at->text = keep_text(at, text);
    decode_and_encode(at, &m, st);
    check(at, st[0] == UVREST_OK && st[1] == UVREST_OK, "it fails with all the memory it wants");
    n = m.n_requests;
    check(at, n >= 4, "it takes no memory");
    for (size_t i = 0; i < 2 * n; i++) {
        m.refuse_at = i / 2 + 1;
        m.for_good = i % 2 != 0;
        decode_and_encode(at, &m, st);
        check(at, st[0] == UVREST_E_NOMEM || (st[0] == UVREST_OK && (st[1] == UVREST_OK || st[1] == UVREST_E_NOMEM)),
              "a request refused is not told as such");
    }
}

static void model_decoding_and_encoding_survive_each_refused_allocation(void **state)
{
    place *at = *state;
    each_model(at, refuse_each_allocation);
    assert_int_equal(at->n_failures, 0);
    assert_true(at->n_checks > 1000);
}

/* ---- the tables -------------------------------------------------------------------------------------------------- */

static void model_tables_keep_every_rule(void **state)
{
    (void)state;
    for (unsigned s = 0; s < n_services; s++) {
        unsigned row = 0;
        const char *wrong = tables_check(services[s].schema(), &row);
        if (wrong != NULL)
            fail_msg("%s: row %u: %s", services[s].name, row, wrong);
    }
}

/* ---- the comparison itself --------------------------------------------------------------------------------------- */

static void canon_tells_values_apart(void **state)
{
    static const char *const equal[][2] = {
        {"{\"a\":1,\"b\":[2]}", " { \"b\" : [ 2 ] , \"\\u0061\" : 1.0 } "},
        {"1e2", "100"},
        {"0.10", "1E-1"},
        {"\"\\u00e9\\/\"", "\"\xC3\xA9/\""},
        {"\"\\ud834\\udd1e\"", "\"\xF0\x9D\x84\x9E\""},
        {"{\"a\":1,\"a\":2}", "{\"a\":2}"},
    };
    static const char *const different[][2] = {
        {"9007199254740993", "9007199254740992"},
        {"0.1", "0.10000000000000001"},
        {"null", "false"},
        {"[]", "{}"},
        {"{\"a\":null}", "{}"},
        {"\"1\"", "1"},
        {"[1,2]", "[2,1]"},
        {"0", "-0"},
        {"\"a\\u0000b\"", "\"a\""},
        {"[1]", "[1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++)
        assert_true(canon_equal(equal[i][0], strlen(equal[i][0]), equal[i][1], strlen(equal[i][1])));
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        assert_false(canon_equal(different[i][0], strlen(different[i][0]), different[i][1], strlen(different[i][1])));
}

static int set_up(void **state)
{
    place *at = calloc(1, sizeof *at);
    if (at == NULL || uvrest_arena_new(NULL, 0, &at->arena) != UVREST_OK)
        return -1;
    *state = at;
    return 0;
}

static int tear_down(void **state)
{
    place *at = *state;
    print_message("%u checks\n", at->n_checks);
    uvrest_arena_free(at->arena);
    free(at);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canon_tells_values_apart),
        cmocka_unit_test_setup_teardown(model_members_hold_what_they_can_and_keep_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(model_objects_keep_absent_null_and_unknown_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(model_objects_with_all_members_pass_strict_decoding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(model_members_set_by_hand_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(model_writing_follows_required_and_read_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(model_diffs_hold_what_differs_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(model_decoding_and_encoding_survive_each_refused_allocation, set_up, tear_down),
        cmocka_unit_test(model_tables_keep_every_rule),
    };
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
