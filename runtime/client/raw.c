/* SPDX-License-Identifier: MIT */
#include "text.h"
#include "thread.h"
#include "wait.h"

/* Raw calls are operations too, so that they walk the same way: one a method and whether it may be repeated. */
#define RAW(verb, retry_class)                                                                                         \
    {                                                                                                                  \
        .name = "raw", .deliver = uvrest_gen_deliver_bytes, .credentials = UINT32_MAX, .value = UVREST_PAYLOAD_BYTES,  \
        .method = (verb), .retry = (retry_class)                                                                       \
    }

static const uvrest_op raw_ops[] = {
    [UVREST_GET] = RAW(UVREST_GET, UVREST_RETRY_SAFE),
    [UVREST_POST] = RAW(UVREST_POST, UVREST_RETRY_NEVER),
    [UVREST_PUT] = RAW(UVREST_PUT, UVREST_RETRY_IDEMPOTENT),
    [UVREST_PATCH] = RAW(UVREST_PATCH, UVREST_RETRY_NEVER),
    [UVREST_DELETE] = RAW(UVREST_DELETE, UVREST_RETRY_IDEMPOTENT),
    [UVREST_HEAD] = RAW(UVREST_HEAD, UVREST_RETRY_SAFE),
};
static const uvrest_op safe_ops[] = {
    [UVREST_POST] = RAW(UVREST_POST, UVREST_RETRY_SAFE),
    [UVREST_PATCH] = RAW(UVREST_PATCH, UVREST_RETRY_SAFE),
};

static const uvrest_op *find_op(const uvrest_request *request)
{
    if ((unsigned)request->method >= sizeof raw_ops / sizeof raw_ops[0])
        return NULL;
    if (request->safe && (request->method == UVREST_POST || request->method == UVREST_PATCH))
        return &safe_ops[request->method];
    return &raw_ops[request->method];
}

static uvrest_status make(uvrest_client *client, const uvrest_request *request, uvrest__call_target target,
                          uvrest_reason *reason, uvrest_call **out)
{
    const uvrest_op *op = find_op(request);
    uvrest_status st;
    if (op == NULL) {
        uvrest__reason_set(reason, "method: not a uvrest_method", (char *)NULL);
        return UVREST_E_INVALID;
    }
    st = uvrest__client_check(client, reason);
    if (st == UVREST_OK && client->settings.read_only && op->retry != UVREST_RETRY_SAFE) {
        uvrest__reason_set(reason, "read_only: the call would change something", (char *)NULL);
        st = UVREST_E_STATE;
    }
    if (st != UVREST_OK)
        return st;
    uvrest__thread_enter(client->thread);
    st = uvrest__draft_raw(&client->draft, request, reason);
    if (st == UVREST_OK)
        st = uvrest__call_new(client, op, request->call, target, reason, out);
    uvrest__thread_leave(client->thread);
    return st;
}

uvrest_status uvrest_call_raw(uvrest_client *client, const uvrest_request *request, uvrest_bytes_fn *done, void *user,
                              uvrest_call **out_call)
{
    uvrest__call_target target = {uvrest_gen_deliver_bytes, (uvrest_any_fn *)done, user};
    uvrest_reason said;
    uvrest_call *call;
    uvrest_status st;
    if (client == NULL || request == NULL)
        return UVREST_E_INVALID;
    said.text[0] = '\0';
    st = uvrest__call_check_done(target.done, &said);
    if (st == UVREST_OK)
        st = uvrest__call_check_out(client, out_call, &said);
    if (st == UVREST_OK)
        st = make(client, request, target, &said, &call);
    if (st == UVREST_OK)
        st = uvrest__client_submit(call, &said);
    if (st == UVREST_OK && out_call != NULL)
        *out_call = call;
    return uvrest__reason_tell(request->call == NULL ? NULL : request->call->reason, &said, st);
}

uvrest_status uvrest_call_raw_wait(uvrest_client *client, const uvrest_request *request, const uvrest_bytes **out_value,
                                   uvrest_result **out_result)
{
    uvrest__wait wait;
    uvrest_call *call;
    uvrest_status st;
    uvrest__wait_clear(out_value, out_result);
    if (client == NULL || request == NULL || (out_result == NULL && out_value != NULL))
        return UVREST_E_INVALID;
    st = uvrest__wait_begin(&wait, client, request->call, out_value, out_result);
    if (st == UVREST_OK)
        st = make(client, request, uvrest__wait_target(&wait), &wait.said, &call);
    if (st == UVREST_OK)
        st = uvrest__client_submit(call, &wait.said);
    return st == UVREST_OK ? uvrest__wait_run(&wait) : uvrest__wait_refused(&wait, st);
}
