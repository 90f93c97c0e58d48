/* SPDX-License-Identifier: MIT */
/*
 * A small API as a generator would write it, over the models of tests/unit/sample.h: what the runtime sees of a
 * generated library. One operation of each kind.
 */
#ifndef SAMPLE_API_H
#define SAMPLE_API_H

#include "sample.h"
#include <stddef.h>
#include <uvrest/gen.h>

typedef struct sample_client_options {
#include <uvrest/client_options.inc>
    const char *app_id; /* required */
    const char *auth_token; /* required */
} sample_client_options;

static const char *const sample_credential_names[] = {"app_id", "auth_token", NULL};
static const char *const sample_credential_headers[] = {"App-ID", "Auth-Token", NULL};

static const uvrest_api sample_api = {
    .version = UVREST_GEN_VERSION,
    .name = "sample",
    .base_url = "https://sample.invalid",
    .error_member = "errors",
    .credential_names = sample_credential_names,
    .credential_headers = sample_credential_headers,
    .required_credentials = 3,
    .requests = 1000,
    .window_ms = 20000,
};

typedef void sample_leaf_fn(const sample_leaf *leaf, const uvrest_result *result, void *user);
typedef struct sample_leaf_list {
    const sample_leaf *items;
    size_t n_items;
} sample_leaf_list;
typedef void sample_leaf_list_fn(const sample_leaf_list *list, const uvrest_result *result, void *user);
typedef struct sample_several {
    const sample_leaf *ok;
    const sample_circle *accepted;
} sample_several;
typedef void sample_several_fn(const sample_several *several, const uvrest_result *result, void *user);

UVREST_DELIVER(sample_leaf, sample_leaf)
UVREST_DELIVER(sample_leaf_list, sample_leaf_list)
UVREST_DELIVER(sample_several, sample_several)

typedef struct sample_leaf_args {
    const char *leaf_id; /* required; in the path */
    uvrest_opt_i32 page;
    uvrest_opt_bool deep;
    uvrest_opt_f64 ratio;
    const char *sort;
    const char *mode; /* in the header X-Mode */
    const uvrest_call_options *call;
} sample_leaf_args;

typedef struct sample_leaf_body_args {
    const char *leaf_id; /* required; in the path */
    const sample_leaf *body; /* required */
    const uvrest_call_options *call;
} sample_leaf_body_args;

typedef struct sample_raw_args {
    const uvrest_raw *body;
    const uvrest_call_options *call;
} sample_raw_args;

typedef struct sample_list_args {
    const sample_leaf_list *body;
    const uvrest_call_options *call;
} sample_list_args;

typedef struct sample_text_args {
    const char *body;
    const uvrest_call_options *call;
} sample_text_args;

typedef struct sample_checksum_args {
    const char *checksum; /* required; in the path */
    const uvrest_call_options *call;
} sample_checksum_args;

typedef struct sample_no_args {
    const uvrest_call_options *call;
} sample_no_args;

#define SAMPLE_PARAM(type, member, wire, where, what, needed)                                                          \
    {                                                                                                                  \
        .name = (wire), .offset = offsetof(type, member), .place = (where), .kind = (what), .flags = (needed)          \
    }

static const uvrest_param sample_leaf_params[] = {
    SAMPLE_PARAM(sample_leaf_args, leaf_id, "leaf_id", UVREST_IN_PATH, UVREST_KIND_STR, UVREST_REQUIRED),
    SAMPLE_PARAM(sample_leaf_args, page, "page", UVREST_IN_QUERY, UVREST_KIND_I32, 0),
    SAMPLE_PARAM(sample_leaf_args, deep, "deep", UVREST_IN_QUERY, UVREST_KIND_BOOL, 0),
    SAMPLE_PARAM(sample_leaf_args, ratio, "ratio", UVREST_IN_QUERY, UVREST_KIND_F64, 0),
    SAMPLE_PARAM(sample_leaf_args, sort, "sort", UVREST_IN_QUERY, UVREST_KIND_STR, 0),
    SAMPLE_PARAM(sample_leaf_args, mode, "X-Mode", UVREST_IN_HEADER, UVREST_KIND_STR, 0),
    SAMPLE_PARAM(sample_leaf_args, call, NULL, UVREST_IN_CALL, 0, 0),
};
static const uvrest_param sample_leaf_body_params[] = {
    SAMPLE_PARAM(sample_leaf_body_args, leaf_id, "leaf_id", UVREST_IN_PATH, UVREST_KIND_STR, UVREST_REQUIRED),
    {.name = "application/json",
     .offset = offsetof(sample_leaf_body_args, body),
     .model = SAMPLE_MODEL_LEAF,
     .place = UVREST_IN_BODY,
     .kind = UVREST_PAYLOAD_MODEL,
     .flags = UVREST_REQUIRED},
    SAMPLE_PARAM(sample_leaf_body_args, call, NULL, UVREST_IN_CALL, 0, 0),
};
static const uvrest_param sample_raw_params[] = {
    SAMPLE_PARAM(sample_raw_args, body, NULL, UVREST_IN_BODY, UVREST_PAYLOAD_RAW, UVREST_REQUIRED),
    SAMPLE_PARAM(sample_raw_args, call, NULL, UVREST_IN_CALL, 0, 0),
};
static const uvrest_param sample_list_params[] = {
    {.offset = offsetof(sample_list_args, body),
     .model = SAMPLE_MODEL_LEAF,
     .place = UVREST_IN_BODY,
     .kind = UVREST_PAYLOAD_MODEL_ARRAY,
     .flags = UVREST_REQUIRED},
    SAMPLE_PARAM(sample_list_args, call, NULL, UVREST_IN_CALL, 0, 0),
};
static const uvrest_param sample_text_params[] = {
    SAMPLE_PARAM(sample_text_args, body, NULL, UVREST_IN_BODY, UVREST_PAYLOAD_STR, UVREST_REQUIRED),
    SAMPLE_PARAM(sample_text_args, call, NULL, UVREST_IN_CALL, 0, 0),
};
static const uvrest_param sample_checksum_params[] = {
    SAMPLE_PARAM(sample_checksum_args, checksum, "checksum", UVREST_IN_PATH, UVREST_KIND_STR, UVREST_REQUIRED),
    SAMPLE_PARAM(sample_checksum_args, call, NULL, UVREST_IN_CALL, 0, 0),
};
static const uvrest_param sample_no_params[] = {
    SAMPLE_PARAM(sample_no_args, call, NULL, UVREST_IN_CALL, 0, 0),
};

/* A row of the table below. */
#define SAMPLE_OP(op_name, op_method, op_path, op_params, op_value, op_deliver, op_retry)                              \
    static const uvrest_op op_name = {                                                                                 \
        .api = &sample_api,                                                                                            \
        .schema = &sample_schema,                                                                                      \
        .name = #op_name,                                                                                              \
        .path = (op_path),                                                                                             \
        .roles = "can_touch_leaves, can_climb",                                                                        \
        .params = (op_params),                                                                                         \
        .deliver = (op_deliver),                                                                                       \
        .credentials = 3,                                                                                              \
        .value_model = SAMPLE_MODEL_LEAF,                                                                              \
        .value = (op_value),                                                                                           \
        .method = (op_method),                                                                                         \
        .retry = (op_retry),                                                                                           \
        .n_params = UVREST_COUNT(op_params),                                                                           \
    };

SAMPLE_OP(leaves_get, UVREST_GET, "/API/leaves/{leaf_id}/", sample_leaf_params, UVREST_PAYLOAD_MODEL,
          sample_leaf_deliver, UVREST_RETRY_SAFE)
SAMPLE_OP(leaves_list, UVREST_GET, "/API/leaves/", sample_no_params, UVREST_PAYLOAD_MODEL_ARRAY,
          sample_leaf_list_deliver, UVREST_RETRY_SAFE)
SAMPLE_OP(leaves_create, UVREST_POST, "/API/leaves/{leaf_id}/", sample_leaf_body_params, UVREST_PAYLOAD_MODEL,
          sample_leaf_deliver, UVREST_RETRY_NEVER)
SAMPLE_OP(leaves_update, UVREST_PATCH, "/API/leaves/{leaf_id}/", sample_leaf_body_params, UVREST_PAYLOAD_MODEL,
          sample_leaf_deliver, UVREST_RETRY_NEVER)
SAMPLE_OP(leaves_replace, UVREST_PUT, "/API/leaves/{leaf_id}/", sample_leaf_body_params, UVREST_PAYLOAD_MODEL,
          sample_leaf_deliver, UVREST_RETRY_IDEMPOTENT)
SAMPLE_OP(leaves_delete, UVREST_DELETE, "/API/leaves/{leaf_id}/", sample_leaf_params, UVREST_PAYLOAD_NONE,
          uvrest_gen_deliver_done, UVREST_RETRY_IDEMPOTENT)
SAMPLE_OP(leaves_touch, UVREST_POST, "/API/leaves/touch/", sample_no_params, UVREST_PAYLOAD_NONE,
          uvrest_gen_deliver_done, UVREST_RETRY_NEVER)
SAMPLE_OP(leaves_search, UVREST_POST, "/API/leaves/search/", sample_raw_params, UVREST_PAYLOAD_RAW,
          uvrest_gen_deliver_raw, UVREST_RETRY_SAFE)
SAMPLE_OP(leaves_import, UVREST_POST, "/API/leaves/import/", sample_list_params, UVREST_PAYLOAD_NONE,
          uvrest_gen_deliver_done, UVREST_RETRY_NEVER)
SAMPLE_OP(leaves_say, UVREST_POST, "/API/leaves/say/", sample_text_params, UVREST_PAYLOAD_STR, uvrest_gen_deliver_text,
          UVREST_RETRY_SAFE)
SAMPLE_OP(leaves_check, UVREST_HEAD, "/API/leaves/{leaf_id}/", sample_leaf_params, UVREST_PAYLOAD_NONE,
          uvrest_gen_deliver_done, UVREST_RETRY_SAFE)
SAMPLE_OP(leaves_picture, UVREST_GET, "/API/leaves/{leaf_id}/picture/", sample_leaf_params, UVREST_PAYLOAD_BYTES,
          uvrest_gen_deliver_bytes, UVREST_RETRY_SAFE)
SAMPLE_OP(leaves_by_checksum, UVREST_GET, "/API/leaves/checksum/{checksum}/", sample_checksum_params,
          UVREST_PAYLOAD_RAW, uvrest_gen_deliver_raw, UVREST_RETRY_SAFE)

static const uvrest_shape sample_shapes[] = {
    {.http_status = 200, .model = SAMPLE_MODEL_LEAF, .offset = offsetof(sample_several, ok)},
    {.http_status = 202, .model = SAMPLE_MODEL_CIRCLE, .offset = offsetof(sample_several, accepted)},
};
static const uvrest_op leaves_several = {
    .api = &sample_api,
    .schema = &sample_schema,
    .name = "leaves_several",
    .path = "/API/leaves/several/",
    .params = sample_no_params,
    .shapes = sample_shapes,
    .deliver = sample_several_deliver,
    .credentials = 3,
    .value = UVREST_PAYLOAD_SEVERAL,
    .method = UVREST_GET,
    .retry = UVREST_RETRY_SAFE,
    .n_params = UVREST_COUNT(sample_no_params),
    .n_shapes = UVREST_COUNT(sample_shapes),
};
/* Its answer is a redirect: where the picture is kept. */
static const uvrest_op leaves_location = {
    .api = &sample_api,
    .schema = &sample_schema,
    .name = "leaves_location",
    .path = "/API/leaves/{leaf_id}/location/",
    .params = sample_leaf_params,
    .deliver = uvrest_gen_deliver_done,
    .credentials = 3,
    .value = UVREST_PAYLOAD_NONE,
    .method = UVREST_GET,
    .retry = UVREST_RETRY_SAFE,
    .n_params = UVREST_COUNT(sample_leaf_params),
    .redirect_is_answer = true,
};
/* Sent without credentials: the call that gets some. */
static const uvrest_op leaves_login = {
    .api = &sample_api,
    .schema = &sample_schema,
    .name = "leaves_login",
    .path = "/API/leaves/login/",
    .params = sample_raw_params,
    .deliver = uvrest_gen_deliver_raw,
    .credentials = 0,
    .value = UVREST_PAYLOAD_RAW,
    .method = UVREST_POST,
    .retry = UVREST_RETRY_NEVER,
    .n_params = UVREST_COUNT(sample_raw_params),
};

#endif /* SAMPLE_API_H */
