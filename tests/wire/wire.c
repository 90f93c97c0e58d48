/* SPDX-License-Identifier: MIT */
#include "wire.h"
#ifdef __SANITIZE_THREAD__
#include <dlfcn.h>
#include <fcntl.h>
#include <sanitizer/tsan_interface.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>
#endif

#ifdef __SANITIZE_THREAD__
/*
 * libuv closes the descriptors of a loop by bare system calls, and fcntl() hands their numbers out again. The sanitizer
 * sees neither, and would take a loop that has ended on one thread for using what another one closes: so it is told
 * that who gets a number comes after who gave it up. Both functions take the place of the library's.
 */
static uint64_t numbers[1024];

static void give_up(int fd)
{
    if (fd >= 0 && fd < 1024)
        __tsan_release(&numbers[fd]);
}

__attribute__((visibility("default"))) int uv_loop_close(uv_loop_t *loop)
{
    int (*really)(uv_loop_t *);
    *(void **)&really = dlsym(RTLD_NEXT, "uv_loop_close");
    give_up(uv_backend_fd(loop));
    give_up(loop->async_io_watcher.fd);
    return really(loop);
}

__attribute__((visibility("default"))) int fcntl(int fd, int command, ...)
{
    va_list more;
    long number;
    va_start(more, command);
    number = syscall(SYS_fcntl, fd, command, va_arg(more, long));
    va_end(more);
    if (command == F_DUPFD_CLOEXEC && number >= 0 && number < 1024)
        __tsan_acquire(&numbers[number]);
    return (int)number;
}
#endif

sample_client_options wire_options(const server *s)
{
    sample_client_options options = {
        .base_url = s == NULL ? "http://127.0.0.1:1" : server_url(s),
        .no_proxy = true,
        .connect_timeout_ms = 2000,
        .timeout_ms = 5000,
        .app_id = APP_ID,
        .auth_token = AUTH_TOKEN,
    };
    return options;
}

uvrest_client *wire_client_of(const sample_client_options *options)
{
    sample_client_options with_reason = *options;
    uvrest_reason reason = {""};
    uvrest_client *client = NULL;
    uvrest_status st;
    with_reason.reason = &reason;
    st = uvrest_gen_client_new(&sample_api, &with_reason, offsetof(sample_client_options, app_id), &client);
    if (st != UVREST_OK)
        fail_msg("no client: %s: %s", uvrest_status_name(st), reason.text);
    return client;
}

uvrest_client *wire_client(const server *s)
{
    sample_client_options options = wire_options(s);
    return wire_client_of(&options);
}

static void copy(char *to, size_t cap, const char *from, size_t len)
{
    if (from == NULL)
        len = 0;
    if (len >= cap)
        len = cap - 1;
    if (len > 0)
        memcpy(to, from, len);
    to[len] = '\0';
}

static void copy_text(char *to, size_t cap, const char *from)
{
    copy(to, cap, from, from == NULL ? 0 : strlen(from));
}

void wire_note(seen *saw, const uvrest_result *result)
{
    assert_non_null(result);
    assert_non_null(result->message);
    saw->n++;
    saw->status = result->status;
    saw->http_status = result->http_status;
    saw->attempts = result->attempts;
    saw->executed = result->executed;
    saw->retry_after_ms = result->retry_after_ms;
    saw->quota_left = result->quota_left;
    saw->transfer_us = result->transfer_us;
    saw->n_notes = result->n_notes;
    copy_text(saw->message, sizeof saw->message, result->message);
    copy_text(saw->where, sizeof saw->where, result->where);
    copy_text(saw->role, sizeof saw->role, result->missing_role);
    copy_text(saw->request_id, sizeof saw->request_id, result->request_id);
    copy_text(saw->location, sizeof saw->location, uvrest_result_header(result, "location"));
    copy(saw->body, sizeof saw->body, result->body.text, result->body.len);
    wire_check_lacks(saw->message, AUTH_TOKEN);
}

void wire_on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    seen *saw = user;
    wire_note(saw, result);
    saw->has_value = leaf != NULL;
    if (leaf != NULL)
        copy_text(saw->id, sizeof saw->id, leaf->id);
}

void wire_on_list(const sample_leaf_list *list, const uvrest_result *result, void *user)
{
    seen *saw = user;
    wire_note(saw, result);
    saw->has_value = list != NULL;
    if (list != NULL && list->n_items > 0)
        copy_text(saw->id, sizeof saw->id, list->items[list->n_items - 1].id);
}

void wire_on_several(const sample_several *several, const uvrest_result *result, void *user)
{
    seen *saw = user;
    wire_note(saw, result);
    saw->has_value = several != NULL;
    if (several != NULL && several->ok != NULL)
        copy_text(saw->id, sizeof saw->id, several->ok->id);
    if (several != NULL && several->accepted != NULL)
        copy_text(saw->id, sizeof saw->id, several->accepted->type);
}

void wire_on_done(const uvrest_result *result, void *user)
{
    wire_note(user, result);
}

void wire_on_raw(const uvrest_raw *value, const uvrest_result *result, void *user)
{
    seen *saw = user;
    wire_note(saw, result);
    saw->has_value = value != NULL;
    if (value != NULL)
        copy(saw->value, sizeof saw->value, value->text, value->len);
}

void wire_on_bytes(const uvrest_bytes *value, const uvrest_result *result, void *user)
{
    seen *saw = user;
    wire_note(saw, result);
    saw->has_value = value != NULL;
    if (value != NULL)
        copy(saw->value, sizeof saw->value, value->data, value->len);
}

void wire_on_text(const char *value, const uvrest_result *result, void *user)
{
    seen *saw = user;
    wire_note(saw, result);
    saw->has_value = value != NULL;
    copy_text(saw->value, sizeof saw->value, value);
}

void wire_get(uvrest_client *client, seen *saw, const uvrest_call_options *options, uvrest_call **out_call)
{
    sample_leaf_args args = {.leaf_id = "a1", .call = options};
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, saw, out_call), 0);
    assert_int_equal(saw->n, 0);
}

static void send_leaf(uvrest_client *client, const uvrest_op *op, seen *saw, const uvrest_call_options *options,
                      uvrest_call **out_call)
{
    sample_leaf leaf = {.id = "a1"};
    sample_leaf_body_args args = {.leaf_id = "a1", .body = &leaf, .call = options};
    assert_int_equal(uvrest_gen_call(client, op, &args, (uvrest_any_fn *)wire_on_leaf, saw, out_call), 0);
    assert_int_equal(saw->n, 0);
}

void wire_post(uvrest_client *client, seen *saw, const uvrest_call_options *options, uvrest_call **out_call)
{
    send_leaf(client, &leaves_create, saw, options, out_call);
}

void wire_put(uvrest_client *client, seen *saw, const uvrest_call_options *options, uvrest_call **out_call)
{
    send_leaf(client, &leaves_replace, saw, options, out_call);
}

void wire_run(uvrest_client *client, const seen *saw)
{
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(saw->n, 1);
}

seen wire_call(uvrest_client *client, wire_start_fn *start, const uvrest_call_options *call)
{
    seen saw = {0};
    start(client, &saw, call, NULL);
    wire_run(client, &saw);
    return saw;
}

seen wire_call_with(const sample_client_options *options, wire_start_fn *start, const uvrest_call_options *call)
{
    uvrest_client *client = wire_client_of(options);
    seen saw = wire_call(client, start, call);
    uvrest_client_free(client);
    return saw;
}

static seen once(const char *script, wire_start_fn *start)
{
    server *s = server_start(script);
    sample_client_options options = wire_options(s);
    seen saw = wire_call_with(&options, start, NULL);
    server_stop(s);
    return saw;
}

seen wire_get_once(const char *script)
{
    return once(script, wire_get);
}

seen wire_post_once(const char *script)
{
    return once(script, wire_post);
}

void wire_check_status(const seen *saw, uvrest_status status)
{
    if (saw->status != status)
        fail_msg("status is %s, not %s: %s", uvrest_status_name(saw->status), uvrest_status_name(status), saw->message);
}

void wire_check_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

void wire_check_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" in \"%s\"", part, text);
}
