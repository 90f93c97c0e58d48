/* SPDX-License-Identifier: MIT */
#include "text.h"
#include "thread.h"
#include "wait.h"
#include <stddef.h>
#include <string.h>
#include <uvrest/gen.h>

/* ---- delivery ---- */

void uvrest_gen_deliver_done(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user)
{
    (void)value;
    ((uvrest_done_fn *)done)(result, user);
}

void uvrest_gen_deliver_raw(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user)
{
    ((uvrest_raw_fn *)done)(value, result, user);
}

void uvrest_gen_deliver_bytes(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user)
{
    ((uvrest_bytes_fn *)done)(value, result, user);
}

void uvrest_gen_deliver_text(uvrest_any_fn *done, const void *value, const uvrest_result *result, void *user)
{
    ((uvrest_text_fn *)done)(value, result, user);
}

/* ---- clients ---- */

static uvrest_status read_credentials(const uvrest_api *api, const char *fields, uvrest__credentials *set,
                                      uvrest_reason *reason)
{
    for (uint32_t i = 0; api->credential_names[i] != NULL; i++) {
        const char *name = api->credential_names[i];
        const char *value;
        uvrest_status st;
        memcpy(&value, fields + i * sizeof value, sizeof value);
        if (value == NULL && (api->required_credentials >> i & 1u) != 0) {
            uvrest__reason_set(reason, name, ": required", (char *)NULL);
            return UVREST_E_INVALID;
        }
        st = uvrest__credentials_add(set, name, api->credential_headers[i], value, reason);
        if (st != UVREST_OK)
            return st;
    }
    return UVREST_OK;
}

static uvrest_status make_client(const uvrest_api *api, uvrest_client_options *options, const char *fields,
                                 uvrest_client **out_client)
{
    uvrest__credentials credentials;
    uvrest_reason *reason = options->reason;
    uvrest_reason said = {""};
    uvrest_status st = UVREST_E_INVALID;
    options->reason = &said;
    if (options->base_url == NULL)
        options->base_url = api->base_url;
    uvrest__credentials_init(&credentials, options->alloc);
    if (api->version != UVREST_GEN_VERSION)
        uvrest__reason_set(&said, api->name, ": generated for another version of the runtime", (char *)NULL);
    else
        st = read_credentials(api, fields, &credentials, &said);
    if (st == UVREST_OK)
        st = uvrest__client_make(api, options, &credentials, out_client);
    uvrest__credentials_fini(&credentials);
    return uvrest__reason_tell(reason, &said, st);
}

uvrest_status uvrest_gen_client_new(const uvrest_api *api, const void *options, size_t shared_size,
                                    uvrest_client **out_client)
{
    uvrest_client_options ours;
    uvrest_status st;
    if (api == NULL || options == NULL || out_client == NULL)
        return UVREST_E_INVALID;
    /* The fields end where the credentials begin, here as there. */
    st = uvrest__settings_take(options, shared_size, offsetof(uvrest_client_options, credentials), &ours);
    return st == UVREST_OK ? make_client(api, &ours, (const char *)options + shared_size, out_client) : st;
}

/* ---- calls ---- */

static uvrest_status make(uvrest_client *client, const uvrest_op *op, const void *args, const char *pending,
                          uvrest__call_target target, uvrest_reason *reason, uvrest_call **out)
{
    const uvrest_call_options *options = uvrest__request_options(op, args);
    uvrest_status st = uvrest__client_check(client, reason);
    if (st == UVREST_OK && client->settings.read_only && op->retry != UVREST_RETRY_SAFE) {
        uvrest__reason_set(reason, "read_only: the call would change something", (char *)NULL);
        st = UVREST_E_STATE;
    }
    if (st != UVREST_OK)
        return st;
    uvrest__thread_enter(client->thread);
    st = uvrest__draft_operation(&client->draft, op, args, options, pending, reason);
    if (st == UVREST_OK)
        st = uvrest__call_new(client, op, options, target, reason, out);
    uvrest__thread_leave(client->thread);
    return st;
}

static uvrest_reason *reason_of(const uvrest_op *op, const void *args)
{
    const uvrest_call_options *options = uvrest__request_options(op, args);
    return options == NULL ? NULL : options->reason;
}

uvrest_status uvrest_gen_call(uvrest_client *client, const uvrest_op *op, const void *args, uvrest_any_fn *done,
                              void *user, uvrest_call **out_call)
{
    uvrest__call_target target = {op->deliver, done, user};
    uvrest_reason said;
    uvrest_call *call;
    uvrest_status st;
    if (client == NULL)
        return UVREST_E_INVALID;
    args = uvrest__request_arguments(args);
    said.text[0] = '\0';
    st = uvrest__call_check_done(done, &said);
    if (st == UVREST_OK)
        st = uvrest__call_check_out(client, out_call, &said);
    if (st == UVREST_OK)
        st = make(client, op, args, NULL, target, &said, &call);
    if (st == UVREST_OK)
        st = uvrest__client_submit(call, &said);
    if (st == UVREST_OK && out_call != NULL)
        *out_call = call;
    return uvrest__reason_tell(reason_of(op, args), &said, st);
}

uvrest_status uvrest_gen_wait(uvrest_client *client, const uvrest_op *op, const void *args, void *out_value,
                              uvrest_result **out_result)
{
    uvrest__wait wait;
    uvrest_call *call;
    uvrest_status st;
    uvrest__wait_clear(out_value, out_result);
    if (client == NULL || (out_result == NULL && out_value != NULL))
        return UVREST_E_INVALID;
    args = uvrest__request_arguments(args);
    st = uvrest__wait_begin(&wait, client, uvrest__request_options(op, args), out_value, out_result);
    if (st == UVREST_OK)
        st = make(client, op, args, NULL, uvrest__wait_target(&wait), &wait.said, &call);
    if (st == UVREST_OK)
        st = uvrest__client_submit(call, &wait.said);
    return st == UVREST_OK ? uvrest__wait_run(&wait) : uvrest__wait_refused(&wait, st);
}

/* ---- calls about a file ---- */

static uvrest_status start_of_file(uvrest_client *client, const uvrest_op *op, const void *args, const char *param,
                                   const char *file, uvrest_progress_fn *progress, void *progress_user,
                                   uvrest__call_target target, uvrest_reason *reason, uvrest_call **out_call)
{
    uvrest_call *call;
    uvrest_status st;
    if (file == NULL || *file == '\0') {
        uvrest__reason_set(reason, "file: ", file == NULL ? "required" : "empty", (char *)NULL);
        return UVREST_E_INVALID;
    }
    st = uvrest__call_check_out(client, out_call, reason);
    if (st == UVREST_OK)
        st = make(client, op, args, param, target, reason, &call);
    if (st != UVREST_OK)
        return st;
    st = uvrest__call_read(call, file, progress, progress_user);
    if (st != UVREST_OK) {
        uvrest__call_discard(call);
        return st;
    }
    st = uvrest__client_submit(call, reason);
    if (st == UVREST_OK && out_call != NULL)
        *out_call = call;
    return st;
}

uvrest_status uvrest_gen_call_of_file(uvrest_client *client, const uvrest_op *op, const void *args, const char *param,
                                      const char *file, uvrest_progress_fn *progress, uvrest_any_fn *done, void *user,
                                      uvrest_call **out_call)
{
    uvrest__call_target target = {op->deliver, done, user};
    uvrest_reason said;
    uvrest_status st;
    if (client == NULL)
        return UVREST_E_INVALID;
    args = uvrest__request_arguments(args);
    said.text[0] = '\0';
    st = uvrest__call_check_done(done, &said);
    if (st == UVREST_OK)
        st = start_of_file(client, op, args, param, file, progress, user, target, &said, out_call);
    return uvrest__reason_tell(reason_of(op, args), &said, st);
}

uvrest_status uvrest_gen_wait_of_file(uvrest_client *client, const uvrest_op *op, const void *args, const char *param,
                                      const char *file, uvrest_progress_fn *progress, void *user, void *out_value,
                                      uvrest_result **out_result)
{
    uvrest__wait wait;
    uvrest_status st;
    uvrest__wait_clear(out_value, out_result);
    if (client == NULL || (out_result == NULL && out_value != NULL))
        return UVREST_E_INVALID;
    args = uvrest__request_arguments(args);
    st = uvrest__wait_begin(&wait, client, uvrest__request_options(op, args), out_value, out_result);
    if (st == UVREST_OK)
        st = start_of_file(client, op, args, param, file, progress, user, uvrest__wait_target(&wait), &wait.said, NULL);
    return st == UVREST_OK ? uvrest__wait_run(&wait) : uvrest__wait_refused(&wait, st);
}

/* ---- models ---- */

uvrest_status uvrest_gen_diff(const uvrest_schema *schema, uint16_t model, const void *before, const void *after,
                              uvrest_arena *arena, void *out_patch)
{
    const void *patch;
    uvrest_status st = uvrest_json_diff((uvrest_model){schema, model}, before, after, arena, &patch);
    if (st == UVREST_OK)
        memcpy(out_patch, &patch, sizeof patch);
    return st;
}
