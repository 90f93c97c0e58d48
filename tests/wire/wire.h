/* SPDX-License-Identifier: MIT */
/* What the tests of this folder share: clients against a scripted server, and what their callbacks saw. */
#ifndef WIRE_H
#define WIRE_H

#include "sample_api.h"
#include "server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h wants the headers above. */
#include <cmocka.h>

#define APP_ID "0d1c0ffe-app"
#define AUTH_TOKEN "sesame-open-0815"

/* What a callback saw, copied. */
typedef struct seen {
    unsigned n; /* callbacks run: exactly one */
    uvrest_status status;
    int http_status;
    uint32_t attempts;
    uvrest_executed executed;
    int64_t retry_after_ms;
    int64_t quota_left;
    uint64_t transfer_us;
    size_t n_notes;
    bool has_value;
    char id[64]; /* of a leaf */
    char value[4096]; /* raw, bytes, text */
    char message[2400];
    char where[128];
    char role[128];
    char body[4096];
    char request_id[128];
    char location[512];
} seen;

/* Options for a server: the sample API's, fast to fail. */
sample_client_options wire_options(const server *s);
/* A client on a loop of its own. Never NULL. */
uvrest_client *wire_client(const server *s);
uvrest_client *wire_client_of(const sample_client_options *options);

/* Callbacks whose user is a seen. */
void wire_on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user);
void wire_on_list(const sample_leaf_list *list, const uvrest_result *result, void *user);
void wire_on_several(const sample_several *several, const uvrest_result *result, void *user);
void wire_on_done(const uvrest_result *result, void *user);
void wire_on_raw(const uvrest_raw *value, const uvrest_result *result, void *user);
void wire_on_bytes(const uvrest_bytes *value, const uvrest_result *result, void *user);
void wire_on_text(const char *value, const uvrest_result *result, void *user);
void wire_note(seen *saw, const uvrest_result *result);

/* Starts a call, which must start. */
typedef void wire_start_fn(uvrest_client *client, seen *saw, const uvrest_call_options *options,
                           uvrest_call **out_call);
wire_start_fn wire_get, wire_post, wire_put;
/* Runs the client's loop, and checks that the callback ran once. */
void wire_run(uvrest_client *client, const seen *saw);
/* Both: what the callback saw. */
seen wire_call(uvrest_client *client, wire_start_fn *start, const uvrest_call_options *call);
/* The same with a client made for it, which is gone then. */
seen wire_call_with(const sample_client_options *options, wire_start_fn *start, const uvrest_call_options *call);

/* A whole test: one GET (or POST) against a script, then the end of client and server. */
seen wire_get_once(const char *script);
seen wire_post_once(const char *script);

/* Fails with both values. */
void wire_check_status(const seen *saw, uvrest_status status);
void wire_check_contains(const char *text, const char *part);
void wire_check_lacks(const char *text, const char *part);

#endif /* WIRE_H */
