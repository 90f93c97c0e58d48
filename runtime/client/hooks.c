/* SPDX-License-Identifier: MIT */
#include "hooks.h"
#include "alloc.h"
#include "buf.h"
#include "text.h"
#include <string.h>

#define PATH_MAX_BYTES 512

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};

struct uvrest_header_lines {
    uvrest__buf text; /* one after the other, each NUL-ended */
    uint32_t n;
};

/* Queries may carry what is signed or searched for: they stay out. */
static const char *write_path(const uvrest_call *call, char out[PATH_MAX_BYTES])
{
    const char *target = call->moved != NULL ? call->moved : call->request.target;
    uvrest__text text;
    uvrest__text_init(&text, out, PATH_MAX_BYTES);
    uvrest__text_add_foreign(&text, target, strcspn(target, "?"));
    uvrest__lanes_redact(&call->client->lanes, call->lane, out);
    return out;
}

uvrest_status uvrest_request_add_header(const uvrest_request_event *event, const char *line)
{
    uvrest__buf *text;
    uvrest_status st;
    if (event == NULL || line == NULL)
        return UVREST_E_INVALID;
    st = uvrest__headers_check_line(line, NULL);
    if (st == UVREST_E_INVALID)
        return st;
    text = &event->lines->text;
    if (st == UVREST_OK)
        uvrest__buf_append(text, line, strlen(line) + 1);
    else if (text->status == UVREST_OK)
        text->status = st; /* which ends the call */
    if (text->status == UVREST_OK)
        event->lines->n++;
    return text->status;
}

static void keep_lines(uvrest_call *call, struct uvrest_header_lines *lines)
{
    size_t len;
    if (lines->n == 0)
        return;
    call->added = uvrest__buf_take(&lines->text, &len);
    call->added_size = (uint32_t)len;
    call->n_added = lines->n;
}

void uvrest__hooks_drop(uvrest_call *call)
{
    if (call->added != NULL)
        explicit_bzero(call->added, call->added_size);
    uvrest__free(call->client->settings.alloc, call->added);
    call->added = NULL;
    call->added_size = call->n_added = 0;
}

static uvrest_status tell_request(uvrest_call *call)
{
    uvrest_client *client = call->client;
    struct uvrest_header_lines lines = {.n = 0};
    char path[PATH_MAX_BYTES];
    uvrest_request_event event = {.method = methods[call->op->method],
                                  .operation = call->op->name,
                                  .path = write_path(call, path),
                                  .attempt = call->attempts + 1,
                                  .lines = &lines};
    uvrest__loop_visit visit;
    uvrest_status st;
    uvrest__buf_init(&lines.text, client->settings.alloc, UVREST__HEADERS_MAX_BYTES);
    uvrest__client_tell(client, &visit);
    client->settings.on_request(&event, client->settings.hook_user);
    uvrest__client_told(client, &visit);
    st = lines.text.status;
    if (st == UVREST_OK)
        keep_lines(call, &lines);
    uvrest__buf_fini(&lines.text);
    return st;
}

uvrest_status uvrest__hooks_request(uvrest_call *call)
{
    uvrest__hooks_drop(call);
    return call->client->settings.on_request == NULL ? UVREST_OK : tell_request(call);
}

/* Their texts are the transfer's; without memory for the list there is none. */
static uvrest_header *list_headers(const uvrest_client *client, const uvrest__headers *headers, size_t *out_n)
{
    size_t n = uvrest__headers_count(headers);
    uvrest_header *list = n == 0 ? NULL : uvrest__malloc(client->settings.alloc, n * sizeof *list);
    *out_n = list == NULL ? 0 : n;
    for (size_t i = 0; i < *out_n; i++)
        list[i] = uvrest__headers_at(headers, i);
    return list;
}

static void tell_response(const uvrest_call *call, int http_status, uvrest_status status,
                          const uvrest__headers *headers, size_t body_bytes)
{
    uvrest_client *client = call->client;
    char path[PATH_MAX_BYTES];
    uvrest_header *list = NULL;
    uvrest_response_event event = {.method = methods[call->op->method],
                                   .operation = call->op->name,
                                   .path = write_path(call, path),
                                   .attempt = call->attempts,
                                   .http_status = http_status,
                                   .status = status,
                                   .body_bytes = body_bytes,
                                   .duration_us = call->transfer_us};
    uvrest__loop_visit visit;
    if (headers != NULL)
        list = list_headers(client, headers, &event.n_headers);
    event.headers = list;
    uvrest__client_tell(client, &visit);
    client->settings.on_response(&event, client->settings.hook_user);
    uvrest__client_told(client, &visit);
    uvrest__free(client->settings.alloc, list);
}

void uvrest__hooks_response(const uvrest_call *call, int http_status, uvrest_status status,
                            const uvrest__headers *headers, size_t body_bytes)
{
    if (call->client->settings.on_response != NULL)
        tell_response(call, http_status, status, headers, body_bytes);
}
