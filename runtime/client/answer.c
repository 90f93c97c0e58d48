/* SPDX-License-Identifier: MIT */
#include "answer.h"
#include "alloc.h"
#include "arena.h"
#include "decode.h"
#include "gather.h"
#include "message.h"
#include "text.h"
#include <string.h>

/* Longest message. */
#define MESSAGE_MAX 2048

/* ---- messages ---- */

typedef struct draft {
    char bytes[MESSAGE_MAX];
    uvrest__text text;
} draft;

static void begin(draft *message)
{
    uvrest__text_init(&message->text, message->bytes, sizeof message->bytes);
}

static uvrest_status keep_message(uvrest__answer *answer, draft *message, const uvrest__answer_source *source)
{
    if (source->credentials != NULL)
        uvrest__credentials_redact(source->credentials, message->bytes);
    answer->result.message = uvrest_arena_copy(answer->arena, message->bytes, message->text.len);
    return answer->result.message == NULL ? UVREST_E_NOMEM : UVREST_OK;
}

static void add_credentials(draft *message, const uvrest__answer_source *source)
{
    char names[256];
    uvrest__credentials_names(source->credentials, source->credentials_mask, names, sizeof names);
    uvrest__text_add(&message->text, names[0] == '\0' ? " (sent without credentials)" : " (sent with ");
    if (names[0] != '\0') {
        uvrest__text_add(&message->text, names);
        uvrest__text_add(&message->text, ")");
    }
}

/* The server's words where it has some; else the beginning of what it sent; else the status alone. */
static void describe_error(draft *message, uvrest__answer *answer, const uvrest__answer_source *source)
{
    const uvrest_result *r = &answer->result;
    const uvrest_api *api = source->op->api == NULL ? source->api : source->op->api;
    if (source->text != NULL) {
        uvrest__text_add(&message->text, source->text);
    } else if (!uvrest__message_add_errors(&message->text, r->body, api == NULL ? NULL : api->error_member,
                                           answer->arena)) {
        uvrest__text_add(&message->text, uvrest_status_text(r->status));
        uvrest__text_add(&message->text, " (HTTP ");
        uvrest__text_add_number(&message->text, r->http_status);
        uvrest__text_add(&message->text, ")");
        if (r->body.len > 0) {
            uvrest__text_add(&message->text, ": ");
            uvrest__message_add_excerpt(&message->text, r->body);
        }
    }
    if (r->status == UVREST_E_AUTH && source->credentials != NULL && r->http_status == 401)
        add_credentials(message, source);
}

/* ---- values ---- */

static void keep_report(uvrest__answer *answer, const uvrest_decode_report *report)
{
    answer->result.notes = report->notes;
    answer->result.n_notes = report->n_notes;
    answer->result.n_notes_dropped = report->n_notes_dropped;
}

static bool is_json_type(const char *type)
{
    for (; *type != '\0'; type++)
        if (uvrest__text_starts(type, strlen(type), "json"))
            return true;
    return false;
}

/* What is no JSON is shown as it came when the server does not call it JSON: a gateway's page says most itself. */
static void describe_misfit(draft *message, uvrest__answer *answer, const uvrest_decode_report *report,
                            uvrest_status status)
{
    const char *type = uvrest_result_header(&answer->result, "Content-Type");
    const uvrest_decode_note *failure = &report->failure;
    if (status == UVREST_E_DECODE && (type == NULL || !is_json_type(type))) {
        uvrest__text_add(&message->text, "not JSON but ");
        if (type == NULL)
            uvrest__text_add(&message->text, "a body without content type");
        else
            uvrest__text_add_foreign(&message->text, type, strlen(type));
        uvrest__text_add(&message->text, ": ");
        uvrest__message_add_excerpt(&message->text, answer->result.body);
        return;
    }
    uvrest__text_add(&message->text, uvrest_status_text(status));
    if (failure->expected == NULL)
        return;
    uvrest__text_add(&message->text, ": ");
    if (failure->path != NULL && failure->path[0] != '\0') {
        uvrest__text_add_foreign(&message->text, failure->path, strlen(failure->path));
        uvrest__text_add(&message->text, ": ");
    }
    uvrest__text_add(&message->text, "expected ");
    uvrest__text_add(&message->text, failure->expected);
    if (failure->found != NULL) {
        uvrest__text_add(&message->text, ", found ");
        uvrest__text_add(&message->text, failure->found);
    }
    uvrest__text_add(&message->text, " at byte ");
    uvrest__text_add_number(&message->text, (int64_t)failure->offset);
}

/* An array as callers see it. */
typedef struct items {
    const void *items;
    size_t n_items;
} items;

static uvrest_status decode_array(uvrest__answer *answer, uvrest_model model, const uvrest_decode_options *options,
                                  uvrest_decode_report *report)
{
    const uvrest_raw *body = &answer->result.body;
    items *list = uvrest_arena_alloc(answer->arena, sizeof *list);
    uvrest_status st;
    if (list == NULL)
        return UVREST_E_NOMEM;
    st = uvrest__json_decode_array(model, body->text, body->len, options, answer->arena, &list->items, &list->n_items,
                                   report);
    if (st == UVREST_OK)
        answer->value = list;
    return st;
}

/* A struct with a pointer a documented shape, of which the one of this HTTP status is set. */
static uvrest_status decode_several(uvrest__answer *answer, const uvrest_op *op, const uvrest_decode_options *options,
                                    uvrest_decode_report *report)
{
    const uvrest_raw *body = &answer->result.body;
    const uvrest_shape *shape = &op->shapes[0];
    size_t size = 0;
    const void *value;
    char *several;
    uvrest_status st;
    for (size_t i = 0; i < op->n_shapes; i++) {
        if (op->shapes[i].http_status == answer->result.http_status)
            shape = &op->shapes[i];
        if (size < op->shapes[i].offset + sizeof value)
            size = op->shapes[i].offset + sizeof value;
    }
    several = uvrest_arena_alloc(answer->arena, size);
    if (several == NULL)
        return UVREST_E_NOMEM;
    st = uvrest_json_decode((uvrest_model){op->schema, shape->model}, body->text, body->len, options, answer->arena,
                            &value, report);
    if (st == UVREST_OK) {
        memcpy(several + shape->offset, &value, sizeof value);
        answer->value = several;
    }
    return st;
}

static uvrest_status decode_raw(uvrest__answer *answer, uint32_t max_depth, uvrest_decode_report *report)
{
    const uvrest_raw *body = &answer->result.body;
    size_t offset = 0;
    uvrest_status st = uvrest_json_check(body->text, body->len, max_depth, &offset);
    if (st == UVREST_OK)
        answer->value = body;
    report->failure.offset = offset;
    report->failure.expected = st == UVREST_OK ? NULL : "one JSON value";
    return st;
}

static uvrest_status keep_bytes(uvrest__answer *answer)
{
    uvrest_bytes *bytes = uvrest_arena_alloc(answer->arena, sizeof *bytes);
    if (bytes == NULL)
        return UVREST_E_NOMEM;
    bytes->data = answer->result.body.text == NULL ? "" : answer->result.body.text;
    bytes->len = answer->result.body.len;
    bytes->content_type = uvrest_result_header(&answer->result, "Content-Type");
    answer->value = bytes;
    return UVREST_OK;
}

static uvrest_status decode(uvrest__answer *answer, const uvrest__answer_source *source, uvrest_decode_report *report)
{
    const uvrest_op *op = source->op;
    const uvrest_raw *body = &answer->result.body;
    uvrest_model model = {op->schema, op->value_model};
    const char *text = NULL;
    uvrest_status st;
    uvrest_raw shaped = *body;
    if (op->gather != NULL && uvrest__json_gather(op->gather, *body, answer->arena, &shaped) != UVREST_OK)
        return UVREST_E_NOMEM;
    switch (op->value) {
    case UVREST_PAYLOAD_MODEL:
        st = uvrest_json_decode(model, shaped.text, shaped.len, &source->decoding, answer->arena, &answer->value,
                                report);
        break;
    case UVREST_PAYLOAD_MODEL_ARRAY:
        st = decode_array(answer, model, &source->decoding, report);
        break;
    case UVREST_PAYLOAD_SEVERAL:
        st = decode_several(answer, op, &source->decoding, report);
        break;
    case UVREST_PAYLOAD_STR:
        st = uvrest__json_decode_text(body->text, body->len, answer->arena, &text, report);
        answer->value = text;
        break;
    default:
        st = decode_raw(answer, source->decoding.max_depth, report);
    }
    keep_report(answer, report);
    if (st == UVREST_OK || st == UVREST_E_NOMEM)
        return st;
    answer->value = NULL;
    answer->result.where = report->failure.path != NULL ? report->failure.path : "";
    return st;
}

/* A success's value, by what the operation promises. */
static uvrest_status read_value(uvrest__answer *answer, const uvrest__answer_source *source,
                                uvrest_decode_report *report)
{
    int http = answer->result.http_status;
    uint8_t kind = source->op->value;
    if (kind == UVREST_PAYLOAD_NONE || source->op->method == UVREST_HEAD || http == 404)
        return UVREST_OK;
    if (kind == UVREST_PAYLOAD_BYTES)
        return keep_bytes(answer);
    if (answer->result.body.len > 0)
        return decode(answer, source, report);
    if (http == 204 || http == 205 || http >= 300)
        return UVREST_OK;
    answer->result.where = "";
    return UVREST_E_SCHEMA;
}

/* ---- answers ---- */

/* Servers and the proxies before them name a request in one of these; the first of the list that is there counts. */
static const char *find_request_id(const uvrest_result *result)
{
    static const char *const names[] = {"X-Request-Id", "Request-Id", "X-Amzn-RequestId", "X-Amz-Cf-Id", "CF-RAY"};
    size_t best = sizeof names / sizeof names[0];
    const char *value = NULL;
    for (size_t i = 0; i < result->n_headers; i++) {
        const char *name = result->headers[i].name;
        char c = uvrest__text_lower(*name);
        if (c != 'x' && c != 'r' && c != 'c')
            continue;
        for (size_t n = 0; n < best; n++) {
            if (uvrest__text_lower(names[n][0]) != c || !uvrest__text_same(name, strlen(name), names[n]))
                continue;
            best = n;
            value = result->headers[i].value;
        }
    }
    return value;
}

static uvrest_status keep_received(uvrest__answer *answer, const uvrest__answer_source *source)
{
    uvrest_result *r = &answer->result;
    uvrest_status st;
    if (source->headers == NULL)
        return UVREST_OK;
    r->http_status = uvrest__headers_http_status(source->headers);
    st = uvrest__headers_copy(source->headers, answer->arena, &r->headers, &r->n_headers);
    if (st != UVREST_OK)
        return st;
    r->request_id = find_request_id(r);
    r->body = source->body;
    return UVREST_OK;
}

static void fill(uvrest_result *r, const uvrest__answer_source *source)
{
    r->status = source->status;
    r->attempts = source->attempts;
    r->executed = source->executed;
    r->retry_after_ms = source->retry_after_ms;
    r->quota_left = source->quota_left;
    r->queued_us = source->queued_us;
    r->transfer_us = source->transfer_us;
    r->call = source->call;
    r->message = "";
}

/* In a function of its own, since such a message is large and most answers have none. */
static UVREST__RARE uvrest_status explain(uvrest__answer *answer, const uvrest__answer_source *source,
                                          const uvrest_decode_report *report)
{
    draft message;
    begin(&message);
    if (source->status != UVREST_OK)
        describe_error(&message, answer, source);
    else if (answer->result.body.len == 0)
        uvrest__text_add(&message.text, "the answer has no body where one is due");
    else
        describe_misfit(&message, answer, report, answer->result.status);
    return keep_message(answer, &message, source);
}

static uvrest_status complete(uvrest__answer *answer, const uvrest__answer_source *source)
{
    uvrest_result *r = &answer->result;
    uvrest_decode_report report = {0};
    uvrest_status st = keep_received(answer, source);
    if (st != UVREST_OK)
        return st;
    if (source->status == UVREST_E_NOT_FOUND && source->absent_is_ok && r->http_status == 404)
        r->status = UVREST_OK;
    if (r->status == UVREST_OK)
        r->status = read_value(answer, source, &report);
    if (r->status == UVREST_OK || r->status == UVREST_E_NOMEM)
        return r->status;
    if (r->status == UVREST_E_FORBIDDEN && r->http_status == 403)
        r->missing_role = source->op->roles;
    return explain(answer, source, &report);
}

/* Room for the answer itself, and in one block for all that belongs to one without a body. */
static uvrest_status make_arena(const uvrest_alloc *alloc, uvrest_arena **out)
{
    uvrest_status st = uvrest_arena_new(alloc, 0, out);
    if (st != UVREST_OK)
        return st;
    st = uvrest__arena_grow(*out, sizeof(uvrest__answer), 1024);
    if (st != UVREST_OK)
        uvrest_arena_free(*out);
    return st;
}

uvrest_status uvrest__answer_new(const uvrest__answer_source *source, uvrest__answer **out)
{
    uvrest_arena *arena = source->arena;
    uvrest__answer *answer;
    uvrest_status st = arena == NULL ? make_arena(source->alloc, &arena) : UVREST_OK;
    if (st != UVREST_OK)
        return st;
    answer = uvrest_arena_alloc(arena, sizeof *answer);
    if (answer == NULL) {
        uvrest_arena_free(arena);
        return UVREST_E_NOMEM;
    }
    answer->arena = arena;
    fill(&answer->result, source);
    st = complete(answer, source);
    if (st != UVREST_OK) {
        uvrest_arena_free(arena);
        return st;
    }
    *out = answer;
    return UVREST_OK;
}

void uvrest__answer_free(uvrest__answer *answer)
{
    if (answer != NULL)
        uvrest_arena_free(answer->arena);
}

void uvrest_result_free(uvrest_result *result)
{
    if (result != NULL)
        uvrest__answer_free((uvrest__answer *)(void *)result);
}

void uvrest__answer_stand_in(uvrest__answer *answer, const uvrest__answer_source *source)
{
    memset(answer, 0, sizeof *answer);
    fill(&answer->result, source);
    if (source->text != NULL)
        answer->result.message = source->text;
    else
        answer->result.message = uvrest_status_text(source->status);
}
