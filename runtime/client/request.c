/* SPDX-License-Identifier: MIT */
#include "request.h"
#include "alloc.h"
#include "encode.h"
#include "form.h"
#include "headers.h"
#include "number.h"
#include "text.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* Path parameters of one operation. */
#define MAX_PATH_VALUES 8
/* Parts of one form, each file of an array counted. */
#define MAX_PARTS 64
/* Room for any number as text. */
#define NUMBER_TEXT 40

_Static_assert(sizeof UVREST__REQUEST_PENDING - 1 == UVREST__REQUEST_PENDING_LEN, "as long as an MD5 in hex");

uvrest_status uvrest__draft_init(uvrest__draft *draft, const uvrest_alloc *alloc, const uvrest__url_base *base)
{
    memset(draft, 0, sizeof *draft);
    draft->alloc = alloc;
    draft->base = base;
    uvrest__buf_init(&draft->target, alloc, UVREST__URL_TARGET_MAX);
    uvrest__buf_init(&draft->lines, alloc, UVREST__HEADERS_MAX_BYTES);
    return uvrest_arena_new(alloc, 0, &draft->arena);
}

void uvrest__draft_fini(uvrest__draft *draft)
{
    uvrest__buf_fini(&draft->target);
    uvrest__buf_fini(&draft->lines);
    uvrest_arena_free(draft->arena);
    draft->arena = NULL;
}

static uvrest_status begin(uvrest__draft *draft)
{
    uvrest__buf_clear(&draft->target);
    uvrest__buf_clear(&draft->lines);
    uvrest_arena_reset(draft->arena);
    draft->n_lines = 0;
    draft->body = NULL;
    draft->body_len = 0;
    uvrest__buf_append_text(&draft->target, draft->base->prefix);
    return draft->target.status;
}

static uvrest_status refuse(uvrest_reason *reason, const char *what, const char *why)
{
    uvrest__reason_set(reason, what, ": ", why, (char *)NULL);
    return UVREST_E_INVALID;
}

/* ---- header lines ---- */

static uvrest_status add_line(uvrest__draft *draft, const char *name, const char *value, uvrest_reason *reason)
{
    uvrest__buf_append_text(&draft->lines, name);
    uvrest__buf_append_text(&draft->lines, value);
    uvrest__buf_append_char(&draft->lines, '\0');
    draft->n_lines++;
    if (draft->lines.status == UVREST_E_LIMIT)
        uvrest__reason_set(reason, "headers: too long together", (char *)NULL);
    return draft->lines.status;
}

static bool names_header(const char *const *lines, const char *name)
{
    size_t len = strlen(name);
    for (; lines != NULL && *lines != NULL; lines++)
        if (uvrest__text_starts(*lines, strlen(*lines), name) && (*lines)[len] == ':')
            return true;
    return false;
}

static uvrest_status add_default_line(uvrest__draft *draft, const char *const *own, const char *name, const char *value,
                                      uvrest_reason *reason)
{
    char start[64];
    size_t len = strlen(name);
    assert(len + 3 <= sizeof start);
    if (names_header(own, name))
        return UVREST_OK;
    memcpy(start, name, len);
    memcpy(start + len, ": ", 3);
    return add_line(draft, start, value, reason);
}

/* What a caller adds to one call: header lines and query members. */
static uvrest_status add_options(uvrest__draft *draft, const uvrest_call_options *options, uvrest_reason *reason)
{
    uvrest_status st = UVREST_OK;
    if (options == NULL)
        return UVREST_OK;
    for (const char *const *line = options->headers; line != NULL && *line != NULL && st == UVREST_OK; line++) {
        st = uvrest__headers_check_line(*line, reason);
        if (st == UVREST_OK)
            st = add_line(draft, *line, "", reason);
    }
    for (const char *const *pair = options->query; pair != NULL && pair[0] != NULL && st == UVREST_OK; pair += 2) {
        if (pair[1] == NULL)
            return refuse(reason, pair[0], "a query name without a value");
        st = uvrest__url_add_query(&draft->target, pair[0], pair[1], reason);
    }
    return st;
}

/* ---- arguments ---- */

typedef struct argument {
    const char *text; /* NULL: absent */
    char number[NUMBER_TEXT];
} argument;

static void format_number(argument *out, char *end)
{
    *end = '\0';
    out->text = out->number;
}

static uvrest_status read_f64(const void *at, const char *name, argument *out, uvrest_reason *reason)
{
    uvrest_opt_f64 opt;
    memcpy(&opt, at, sizeof opt);
    if (opt.state == UVREST_IS_NULL)
        return refuse(reason, name, "null cannot be sent here");
    if (opt.state == UVREST_UNSET)
        return UVREST_OK;
    if (!isfinite(opt.value))
        return refuse(reason, name, "not a finite number");
    format_number(out, uvrest__number_print_f64(out->number, opt.value));
    return UVREST_OK;
}

static uvrest_status read_integer(const void *at, uint8_t kind, const char *name, argument *out, uvrest_reason *reason)
{
    uvrest_opt_i64 opt;
    if (kind == UVREST_KIND_I32) {
        uvrest_opt_i32 narrow;
        memcpy(&narrow, at, sizeof narrow);
        opt.value = narrow.value;
        opt.state = narrow.state;
    } else {
        memcpy(&opt, at, sizeof opt);
    }
    if (opt.state == UVREST_IS_NULL)
        return refuse(reason, name, "null cannot be sent here");
    if (opt.state != UVREST_UNSET)
        format_number(out, uvrest__number_print_i64(out->number, opt.value));
    return UVREST_OK;
}

static uvrest_status read_bool(const void *at, const char *name, argument *out, uvrest_reason *reason)
{
    uvrest_opt_bool opt;
    memcpy(&opt, at, sizeof opt);
    if (opt.state == UVREST_IS_NULL)
        return refuse(reason, name, "null cannot be sent here");
    if (opt.state != UVREST_UNSET)
        out->text = opt.value ? "true" : "false";
    return UVREST_OK;
}

static uvrest_status read_text(const void *at, const char *name, argument *out, uvrest_reason *reason)
{
    const void *text;
    memcpy(&text, at, sizeof text);
    if (text == UVREST_NULL)
        return refuse(reason, name, "null cannot be sent here");
    out->text = text;
    return UVREST_OK;
}

/* A path, query or header argument as text; absent ones have none. */
static uvrest_status read_argument(const uvrest_param *param, const void *args, const char *pending, argument *out,
                                   uvrest_reason *reason)
{
    const char *at = (const char *)args + param->offset;
    uvrest_status st;
    out->text = NULL;
    if (pending != NULL && strcmp(pending, param->name) == 0) {
        out->text = UVREST__REQUEST_PENDING;
        return UVREST_OK;
    }
    switch (param->kind) {
    case UVREST_KIND_BOOL:
        st = read_bool(at, param->name, out, reason);
        break;
    case UVREST_KIND_I32:
    case UVREST_KIND_I64:
        st = read_integer(at, param->kind, param->name, out, reason);
        break;
    case UVREST_KIND_F64:
        st = read_f64(at, param->name, out, reason);
        break;
    default:
        assert(param->kind == UVREST_KIND_STR);
        st = read_text(at, param->name, out, reason);
    }
    if (st == UVREST_OK && out->text == NULL && (param->flags & UVREST_REQUIRED))
        st = refuse(reason, param->name, "required");
    return st;
}

/* Adds a name and its value to a query, or to the body of a form where there is one. */
static uvrest_status add_pair(uvrest__draft *draft, uvrest__buf *form, const char *name, const char *value,
                              uvrest_reason *reason)
{
    if (form == NULL)
        return uvrest__url_add_query(&draft->target, name, value, reason);
    uvrest__form_add_field(form, name, value);
    return form->status;
}

/* An array as arguments have it: side by side, with their number. */
typedef struct items {
    const void *items;
    size_t n_items;
} items;

static size_t element_size(unsigned kind)
{
    switch (kind) {
    case UVREST_KIND_BOOL:
        return sizeof(uvrest_opt_bool);
    case UVREST_KIND_I32:
        return sizeof(uvrest_opt_i32);
    case UVREST_KIND_I64:
        return sizeof(uvrest_opt_i64);
    case UVREST_KIND_F64:
        return sizeof(uvrest_opt_f64);
    default:
        return sizeof(const char *);
    }
}

/* An array: its name once for each element, none of which may be absent. */
static uvrest_status add_array(uvrest__draft *draft, uvrest__buf *form, const uvrest_param *param, const items *list,
                               uvrest_reason *reason)
{
    uvrest_param element = {.name = param->name, .kind = param->kind - UVREST_SHAPE_ARRAY, .flags = UVREST_REQUIRED};
    uvrest_status st = UVREST_OK;
    for (size_t i = 0; i < list->n_items && st == UVREST_OK; i++) {
        argument value;
        const char *at = (const char *)list->items + i * element_size(element.kind);
        st = read_argument(&element, at, NULL, &value, reason);
        if (st == UVREST_OK)
            st = add_pair(draft, form, param->name, value.text, reason);
    }
    return st;
}

static uvrest_status add_entry(uvrest__draft *draft, uvrest__buf *form, const uvrest_param *param,
                               const uvrest_text_entry *entry, uvrest_reason *reason)
{
    if (entry->key == NULL || entry->value == NULL)
        return refuse(reason, param->name, "an entry without a key or a value");
    if ((param->flags & UVREST_SPREAD) != 0)
        return add_pair(draft, form, entry->key, entry->value, reason);
    uvrest__buf name;
    uvrest__buf_init(&name, draft->alloc, UVREST__URL_TARGET_MAX);
    uvrest__buf_append_text(&name, param->name);
    uvrest__buf_append_char(&name, '[');
    uvrest__buf_append_text(&name, entry->key);
    uvrest__buf_append_char(&name, ']');
    uvrest_status st = name.status;
    if (st == UVREST_OK)
        st = add_pair(draft, form, uvrest__buf_text(&name), entry->value, reason);
    uvrest__buf_fini(&name);
    return st;
}

/* An argument that is an array or a map: both are laid out as a pointer and a count. */
static uvrest_status add_several(uvrest__draft *draft, uvrest__buf *form, const uvrest_param *param, const void *args,
                                 uvrest_reason *reason)
{
    items list;
    uvrest_status st = UVREST_OK;
    memcpy(&list, (const char *)args + param->offset, sizeof list);
    if (list.items == NULL)
        return (param->flags & UVREST_REQUIRED) ? refuse(reason, param->name, "required") : UVREST_OK;
    if (list.items == UVREST_NULL)
        return refuse(reason, param->name, "null cannot be sent here");
    if (param->kind < UVREST_SHAPE_MAP)
        return add_array(draft, form, param, &list, reason);
    const uvrest_text_entry *entries = list.items;
    for (size_t i = 0; i < list.n_items && st == UVREST_OK; i++)
        st = add_entry(draft, form, param, &entries[i], reason);
    return st;
}

static uvrest_status add_path(uvrest__draft *draft, const uvrest_op *op, const void *args, const char *pending,
                              uvrest_reason *reason)
{
    uvrest__url_value values[MAX_PATH_VALUES];
    argument texts[MAX_PATH_VALUES];
    size_t n = 0;
    for (size_t i = 0; i < op->n_params; i++) {
        uvrest_status st;
        if (op->params[i].place != UVREST_IN_PATH)
            continue;
        assert(n < MAX_PATH_VALUES);
        st = read_argument(&op->params[i], args, pending, &texts[n], reason);
        if (st != UVREST_OK)
            return st;
        values[n].name = op->params[i].name;
        values[n].value = texts[n].text;
        n++;
    }
    return uvrest__url_add_path(&draft->target, op->path, values, n, reason);
}

static uvrest_status add_header(uvrest__draft *draft, const char *name, const char *value, uvrest_reason *reason)
{
    char start[128];
    size_t len = strlen(name);
    uvrest_status st = uvrest__headers_check_value(name, value, reason);
    if (st != UVREST_OK)
        return st;
    assert(len + 3 <= sizeof start);
    memcpy(start, name, len);
    memcpy(start + len, ": ", 3);
    return add_line(draft, start, value, reason);
}

static uvrest_status add_arguments(uvrest__draft *draft, const uvrest_op *op, const void *args, const char *pending,
                                   uvrest_reason *reason)
{
    for (size_t i = 0; i < op->n_params; i++) {
        const uvrest_param *param = &op->params[i];
        argument value;
        uvrest_status st;
        if (param->place != UVREST_IN_QUERY && param->place != UVREST_IN_HEADER)
            continue;
        if (param->kind >= UVREST_SHAPE_ARRAY) {
            st = add_several(draft, NULL, param, args, reason);
            if (st != UVREST_OK)
                return st;
            continue;
        }
        st = read_argument(param, args, pending, &value, reason);
        if (st == UVREST_OK && value.text != NULL && param->place == UVREST_IN_QUERY)
            st = uvrest__url_add_query(&draft->target, param->name, value.text, reason);
        else if (st == UVREST_OK && value.text != NULL)
            st = add_header(draft, param->name, value.text, reason);
        if (st != UVREST_OK)
            return st;
    }
    return UVREST_OK;
}

/* ---- bodies ---- */

/* The codec names a member; the caller wants to know that it is the body's. */
static void name_body(uvrest_reason *reason)
{
    uvrest_reason inner;
    if (reason == NULL)
        return;
    inner = *reason;
    uvrest__reason_set(reason, inner.text[0] == '[' ? "body" : "body.", inner.text, (char *)NULL);
}

static uvrest_status encode_array(uvrest_model model, const void *value, unsigned flags, uvrest_arena *arena,
                                  uvrest_raw *out, uvrest_reason *reason)
{
    items list;
    memcpy(&list, value, sizeof list);
    return uvrest__json_encode_array(model, list.items, list.n_items, flags, arena, out, reason);
}

static uvrest_status encode_model(uvrest__draft *draft, const uvrest_op *op, const uvrest_param *param,
                                  const void *value, unsigned flags, uvrest_reason *reason)
{
    uvrest_model model = {op->schema, param->model};
    uvrest_raw text;
    uvrest_status st;
    if (reason != NULL)
        reason->text[0] = '\0';
    if (param->kind == UVREST_PAYLOAD_MODEL)
        st = uvrest_json_encode(model, value, flags, draft->arena, &text, reason);
    else
        st = encode_array(model, value, flags, draft->arena, &text, reason);
    if (st == UVREST_E_INVALID || st == UVREST_E_LIMIT)
        name_body(reason);
    if (st != UVREST_OK)
        return st;
    draft->body = text.text;
    draft->body_len = text.len;
    return UVREST_OK;
}

static uvrest_status take_raw(uvrest__draft *draft, const uvrest_raw *raw, uvrest_reason *reason)
{
    uvrest_status st;
    if (raw->text == NULL)
        return refuse(reason, "body", "absent");
    st = uvrest_json_check(raw->text, raw->len, 0, NULL);
    if (st == UVREST_E_DECODE)
        return refuse(reason, "body", "not valid JSON");
    if (st != UVREST_OK) {
        uvrest__reason_set(reason, "body: nested too deep", (char *)NULL);
        return st;
    }
    draft->body = raw->text;
    draft->body_len = raw->len;
    return UVREST_OK;
}

static uvrest_status take_text(uvrest__draft *draft, const char *text, uvrest_reason *reason)
{
    uvrest_raw json;
    uvrest_status st = uvrest__json_encode_text(text, draft->arena, &json, NULL);
    if (st == UVREST_E_INVALID)
        return refuse(reason, "body", "not UTF-8");
    if (st != UVREST_OK)
        return st;
    draft->body = json.text;
    draft->body_len = json.len;
    return UVREST_OK;
}

static uvrest_status add_body(uvrest__draft *draft, const uvrest_op *op, const uvrest_param *param, const void *args,
                              const uvrest_call_options *options, const char **out_type, uvrest_reason *reason)
{
    unsigned flags = (op->method == UVREST_PATCH ? (unsigned)UVREST_ENCODE_PARTIAL : 0u) |
                     (options != NULL && options->write_read_only ? (unsigned)UVREST_ENCODE_READ_ONLY : 0u);
    const void *value;
    const uvrest_bytes *bytes;
    memcpy(&value, (const char *)args + param->offset, sizeof value);
    if (value == NULL)
        return (param->flags & UVREST_REQUIRED) ? refuse(reason, "body", "required") : UVREST_OK;
    if (value == UVREST_NULL)
        return refuse(reason, "body", "null cannot be sent here");
    if (*out_type != NULL)
        return refuse(reason, "body", "given in two forms");
    *out_type = param->name != NULL ? param->name : "application/json";
    switch (param->kind) {
    case UVREST_PAYLOAD_RAW:
        return take_raw(draft, value, reason);
    case UVREST_PAYLOAD_STR:
        return take_text(draft, value, reason);
    case UVREST_PAYLOAD_BYTES:
        bytes = value;
        draft->body = bytes->data == NULL ? "" : bytes->data;
        draft->body_len = bytes->data == NULL ? 0 : bytes->len;
        if (bytes->content_type != NULL)
            *out_type = bytes->content_type;
        else if (strchr(*out_type, '*') != NULL) /* a wildcard names a family, not what these bytes are */
            return refuse(reason, "body.content_type", "required");
        return uvrest__headers_check_value("body.content_type", *out_type, reason);
    default:
        return encode_model(draft, op, param, value, flags, reason);
    }
}

/* One of them at the most is given. */
static uvrest_status add_bodies(uvrest__draft *draft, const uvrest_op *op, const void *args,
                                const uvrest_call_options *options, const char **out_type, uvrest_reason *reason)
{
    uvrest_status st = UVREST_OK;
    for (size_t i = 0; i < op->n_params && st == UVREST_OK; i++)
        if (op->params[i].place == UVREST_IN_BODY)
            st = add_body(draft, op, &op->params[i], args, options, out_type, reason);
    return st;
}

/* ---- forms ---- */

static void fill_file(uvrest__form_part *out, const uvrest_bytes *bytes)
{
    out->data = bytes->data == NULL ? "" : bytes->data;
    out->len = bytes->data == NULL ? 0 : bytes->len;
    out->content_type = bytes->content_type != NULL ? bytes->content_type : "application/octet-stream";
    out->is_file = true;
}

static uvrest_status read_bytes_part(const uvrest_param *param, const void *args, uvrest__form_part *out,
                                     uvrest_reason *reason)
{
    const uvrest_bytes *bytes;
    memcpy(&bytes, (const char *)args + param->offset, sizeof bytes);
    if (bytes == NULL)
        return (param->flags & UVREST_REQUIRED) ? refuse(reason, param->name, "required") : UVREST_OK;
    fill_file(out, bytes);
    return UVREST_OK;
}

static uvrest_status read_raw_part(const uvrest_param *param, const void *args, uvrest__form_part *out,
                                   uvrest_reason *reason)
{
    uvrest_raw raw;
    memcpy(&raw, (const char *)args + param->offset, sizeof raw);
    if (raw.text == NULL)
        return (param->flags & UVREST_REQUIRED) ? refuse(reason, param->name, "required") : UVREST_OK;
    if (uvrest_json_check(raw.text, raw.len, 0, NULL) != UVREST_OK)
        return refuse(reason, param->name, "not valid JSON");
    out->data = raw.text;
    out->len = raw.len;
    out->content_type = "application/json";
    return UVREST_OK;
}

/* A part's data stays NULL where its argument is absent. value: room for a number, kept until the form is written. */
static uvrest_status read_part(const uvrest_param *param, const void *args, argument *value, uvrest__form_part *out,
                               uvrest_reason *reason)
{
    memset(out, 0, sizeof *out);
    out->name = param->name;
    if (param->kind == UVREST_KIND_RAW)
        return read_raw_part(param, args, out, reason);
    if (param->kind == UVREST_PAYLOAD_BYTES)
        return read_bytes_part(param, args, out, reason);
    uvrest_status st = read_argument(param, args, NULL, value, reason);
    if (st == UVREST_OK && value->text != NULL) {
        out->data = value->text;
        out->len = strlen(value->text);
    }
    return st;
}

static uvrest_status refuse_parts(uvrest_reason *reason)
{
    uvrest__reason_set(reason, "form: too many parts", (char *)NULL);
    return UVREST_E_LIMIT;
}

/* An array of files: a part for each. *n: parts there are. */
static uvrest_status read_files(const uvrest_param *param, const void *args, uvrest__form_part *parts, size_t *n,
                                uvrest_reason *reason)
{
    items list;
    memcpy(&list, (const char *)args + param->offset, sizeof list);
    if (list.items == UVREST_NULL)
        return refuse(reason, param->name, "null cannot be sent here");
    if (list.items == NULL || list.n_items == 0)
        return (param->flags & UVREST_REQUIRED) ? refuse(reason, param->name, "required") : UVREST_OK;
    const uvrest_bytes *files = list.items;
    if (list.n_items > MAX_PARTS - *n)
        return refuse_parts(reason);
    for (size_t i = 0; i < list.n_items; i++) {
        parts[*n] = (uvrest__form_part){.name = param->name};
        fill_file(&parts[(*n)++], &files[i]);
    }
    return UVREST_OK;
}

/* All arguments that are parts, as one body. */
static uvrest_status add_form(uvrest__draft *draft, const uvrest_op *op, const void *args, const char **out_type,
                              uvrest_reason *reason)
{
    uvrest__form_part parts[MAX_PARTS + 1]; /* the last may only be absent */
    argument values[MAX_PARTS + 1];
    uvrest_raw body;
    size_t n = 0;
    for (size_t i = 0; i < op->n_params; i++) {
        if (op->params[i].place != UVREST_IN_PART)
            continue;
        bool is_array = op->params[i].kind == UVREST_PAYLOAD_FILES;
        uvrest_status st = is_array ? read_files(&op->params[i], args, parts, &n, reason)
                                    : read_part(&op->params[i], args, &values[n], &parts[n], reason);
        if (st != UVREST_OK)
            return st;
        if (!is_array && parts[n].data != NULL && n++ == MAX_PARTS)
            return refuse_parts(reason);
    }
    uvrest_status st = uvrest__form_encode(parts, n, draft->arena, &body, out_type, reason);
    if (st != UVREST_OK)
        return st;
    draft->body = body.text;
    draft->body_len = body.len;
    return UVREST_OK;
}

static uvrest_status add_field(uvrest__draft *draft, uvrest__buf *form, const uvrest_param *param, const void *args,
                               uvrest_reason *reason)
{
    argument value;
    if (param->kind >= UVREST_SHAPE_ARRAY)
        return add_several(draft, form, param, args, reason);
    uvrest_status st = read_argument(param, args, NULL, &value, reason);
    if (st != UVREST_OK || value.text == NULL)
        return st;
    return add_pair(draft, form, param->name, value.text, reason);
}

/* All arguments that are fields, as one urlencoded body. */
static uvrest_status add_fields(uvrest__draft *draft, const uvrest_op *op, const void *args, const char **out_type,
                                uvrest_reason *reason)
{
    uvrest__buf form;
    uvrest_status st = UVREST_OK;
    uvrest__buf_init(&form, draft->alloc, 0);
    for (size_t i = 0; i < op->n_params && st == UVREST_OK; i++) {
        if (op->params[i].place == UVREST_IN_FIELD)
            st = add_field(draft, &form, &op->params[i], args, reason);
    }
    *out_type = "application/x-www-form-urlencoded";
    if (st == UVREST_OK) {
        char *body = uvrest_arena_alloc(draft->arena, form.len + 1);
        if (body == NULL)
            st = UVREST_E_NOMEM;
        else
            draft->body = memcpy(body, uvrest__buf_text(&form), form.len + 1);
        draft->body_len = body == NULL ? 0 : form.len;
    }
    uvrest__buf_fini(&form);
    return st;
}

/* ---- drafts ---- */

/* Where an operation has arguments, a bit each: most have few kinds, and are looked through for those only. */
static unsigned places_of(const uvrest_op *op)
{
    unsigned places = 0;
    for (size_t i = 0; i < op->n_params; i++)
        places |= 1u << op->params[i].place;
    return places;
}

/* What absent arguments are read from: all zero, longer than any args struct. */
static const uint64_t nothing[512];

const void *uvrest__request_arguments(const void *args)
{
    return args != NULL ? args : nothing;
}

const uvrest_call_options *uvrest__request_options(const uvrest_op *op, const void *args)
{
    for (size_t i = op->n_params; i > 0; i--) {
        const uvrest_param *param = &op->params[i - 1];
        const uvrest_call_options *options;
        if (param->place != UVREST_IN_CALL)
            continue;
        memcpy(&options, (const char *)args + param->offset, sizeof options);
        return options;
    }
    return NULL;
}

static const char *accept_of(const uvrest_op *op)
{
    const uvrest_param *last = &op->params[op->n_params - 1];
    if (last->place == UVREST_IN_ACCEPT)
        return last->name;
    return op->value == UVREST_PAYLOAD_BYTES ? "*/*" : "application/json";
}

uvrest_status uvrest__draft_operation(uvrest__draft *draft, const uvrest_op *op, const void *args,
                                      const uvrest_call_options *options, const char *pending, uvrest_reason *reason)
{
    const char *type = NULL;
    const char *const *own = options == NULL ? NULL : options->headers;
    unsigned places = places_of(op);
    uvrest_status st = begin(draft);
    if (st == UVREST_OK)
        st = add_path(draft, op, args, pending, reason);
    if (st == UVREST_OK)
        st = add_default_line(draft, own, "Accept", accept_of(op), reason);
    if (st == UVREST_OK && (places & (1u << UVREST_IN_QUERY | 1u << UVREST_IN_HEADER)) != 0)
        st = add_arguments(draft, op, args, pending, reason);
    if (st == UVREST_OK && (places & 1u << UVREST_IN_BODY) != 0)
        st = add_bodies(draft, op, args, options, &type, reason);
    if (st == UVREST_OK && type == NULL && (places & 1u << UVREST_IN_PART) != 0)
        st = add_form(draft, op, args, &type, reason);
    if (st == UVREST_OK && type == NULL && (places & 1u << UVREST_IN_FIELD) != 0)
        st = add_fields(draft, op, args, &type, reason);
    if (st == UVREST_OK && type != NULL)
        st = add_default_line(draft, own, "Content-Type", type, reason);
    return st == UVREST_OK ? add_options(draft, options, reason) : st;
}

static uvrest_status add_raw_query(uvrest__draft *draft, const char *const *query, uvrest_reason *reason)
{
    uvrest_call_options pairs = {.query = query};
    return add_options(draft, &pairs, reason);
}

uvrest_status uvrest__draft_raw(uvrest__draft *draft, const uvrest_request *request, uvrest_reason *reason)
{
    const uvrest_call_options *options = request->call;
    const char *const *own = options == NULL ? NULL : options->headers;
    const char *type = request->content_type == NULL ? "application/json" : request->content_type;
    uvrest_status st = begin(draft);
    if (request->path == NULL)
        return refuse(reason, "path", "required");
    if (request->body == NULL && request->body_len > 0)
        return refuse(reason, "body", "a length without a body");
    if (request->body != NULL && request->method == UVREST_HEAD)
        return refuse(reason, "body", "not with HEAD, which has none");
    if (st == UVREST_OK)
        st = uvrest__url_add_raw_path(&draft->target, request->path, reason);
    if (st == UVREST_OK)
        st = add_raw_query(draft, request->query, reason);
    if (st == UVREST_OK)
        st = add_default_line(draft, own, "Accept", "*/*", reason);
    if (st == UVREST_OK && request->body != NULL) {
        draft->body = request->body;
        draft->body_len = request->body_len;
        st = uvrest__headers_check_value("content_type", type, reason);
        if (st == UVREST_OK)
            st = add_default_line(draft, own, "Content-Type", type, reason);
    }
    return st == UVREST_OK ? add_options(draft, options, reason) : st;
}

/* ---- requests ---- */

uvrest_status uvrest__draft_size(const uvrest__draft *draft, size_t *out_size)
{
    size_t size = draft->target.len + 1 + draft->lines.len;
    if (!uvrest__size_add(size, draft->body_len, &size))
        return UVREST_E_LIMIT;
    *out_size = size;
    return UVREST_OK;
}

void uvrest__draft_place(const uvrest__draft *draft, char *memory, uvrest__request *out)
{
    memcpy(memory, uvrest__buf_text(&draft->target), draft->target.len + 1);
    out->target = memory;
    memory += draft->target.len + 1;
    if (draft->lines.len > 0)
        memcpy(memory, draft->lines.data, draft->lines.len);
    out->lines = memory;
    out->lines_size = draft->lines.len;
    out->n_lines = draft->n_lines;
    memory += draft->lines.len;
    out->body = draft->body == NULL ? NULL : memory;
    out->body_len = draft->body_len;
    if (draft->body_len > 0)
        memcpy(memory, draft->body, draft->body_len);
}

void uvrest__request_fill(uvrest__request *request, const char *text)
{
    char *place = strstr(request->target, UVREST__REQUEST_PENDING);
    assert(place != NULL);
    memcpy(place, text, UVREST__REQUEST_PENDING_LEN);
}
