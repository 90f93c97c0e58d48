/* SPDX-License-Identifier: MIT */
/*
 * Row 110 of the fault catalogue: the n-th allocation fails, for every n; in libcurl, by curl_global_init_mem(), in
 * libuv, by uv_replace_allocator(), and in the library, by its hooks. What libuv asks to grow is left out: that is its
 * table of watchers, and 1.44 calls abort() where it cannot.
 */
#include "folder.h"
#include "wire.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

/* What fails, and what is out. libcurl's look-ups of names have threads of their own: here are none. */
typedef struct source {
    long left; /* allocations until one fails; below 0: none fails */
    bool once;
    bool hit; /* one has failed */
    long n_live;
} source;

static const char *own_path; /* a file to digest */
static source curls = {.left = -1};
static source uvs = {.left = -1};
static source ours = {.left = -1};

static bool denies(source *from)
{
    if (from->left < 0)
        return false;
    if (from->left > 0) {
        from->left--;
        return false;
    }
    from->hit = true;
    if (from->once)
        from->left = -1;
    return true;
}

static void *take(source *from, void *memory)
{
    from->n_live += memory != NULL;
    return memory;
}

static void *curl_allocate(size_t size)
{
    return denies(&curls) ? NULL : take(&curls, malloc(size));
}

static void curl_release(void *memory)
{
    curls.n_live -= memory != NULL;
    free(memory);
}

static void *curl_resize(void *memory, size_t size)
{
    void *moved;
    if (denies(&curls))
        return NULL;
    moved = realloc(memory, size);
    curls.n_live += moved != NULL && memory == NULL;
    return moved;
}

static char *curl_copy(const char *text)
{
    return denies(&curls) ? NULL : take(&curls, strdup(text));
}

static void *curl_zeroed(size_t n, size_t size)
{
    return denies(&curls) ? NULL : take(&curls, calloc(n, size));
}

static void *uv_allocate(size_t size)
{
    return denies(&uvs) ? NULL : take(&uvs, malloc(size));
}

static void *uv_zeroed(size_t n, size_t size)
{
    return denies(&uvs) ? NULL : take(&uvs, calloc(n, size));
}

static void *uv_resize(void *memory, size_t size)
{
    void *moved = realloc(memory, size);
    uvs.n_live += moved != NULL && memory == NULL;
    return moved;
}

static void uv_release(void *memory)
{
    uvs.n_live -= memory != NULL;
    free(memory);
}

static void *allocate(size_t size, void *user)
{
    return denies(user) ? NULL : take(user, malloc(size));
}

static void *resize(void *memory, size_t size, void *user)
{
    source *from = user;
    void *moved;
    if (denies(from))
        return NULL;
    moved = realloc(memory, size);
    from->n_live += moved != NULL && memory == NULL;
    return moved;
}

static void release(void *memory, void *user)
{
    source *from = user;
    from->n_live -= memory != NULL;
    free(memory);
}

static const uvrest_alloc hooks = {allocate, resize, release, &ours};

static void count_end(const uvrest_result *result, void *user)
{
    unsigned *n = user;
    n[0]++;
    n[1] += result->status == UVREST_OK;
}

static void on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    (void)leaf;
    count_end(result, user);
}

static void on_raw(const uvrest_raw *value, const uvrest_result *result, void *user)
{
    (void)value;
    count_end(result, user);
}

static void on_text(const char *value, const uvrest_result *result, void *user)
{
    (void)value;
    count_end(result, user);
}

static void on_bytes(const uvrest_bytes *value, const uvrest_result *result, void *user)
{
    (void)value;
    count_end(result, user);
}

static void on_done(const uvrest_result *result, void *user)
{
    count_end(result, user);
}

static void on_several(const sample_several *several, const uvrest_result *result, void *user)
{
    (void)several;
    count_end(result, user);
}

/* Kept beyond the callback, and given back. */
static void on_taken(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    uvrest_result *mine = NULL;
    uvrest_status st = uvrest_call_take(result->call);
    (void)leaf;
    assert_true(st == UVREST_OK || st == UVREST_E_NOMEM);
    count_end(result, user);
    if (st == UVREST_OK) {
        memcpy(&mine, &result, sizeof mine);
        uvrest_result_free(mine);
    }
}

static void add_line(const uvrest_request_event *event, void *user)
{
    uvrest_status st = uvrest_request_add_header(event, "X-Hook: 1");
    (void)user;
    assert_true(st == UVREST_OK || st == UVREST_E_NOMEM);
}

#define UNWRITTEN "as it was"

/* A reason is written by what fails, whatever the failure, and by nothing else. */
static void check_reason(const uvrest_reason *reason, uvrest_status status)
{
    assert_int_equal(strcmp(reason->text, UNWRITTEN) == 0, status == UVREST_OK);
    assert_int_not_equal(reason->text[0], '\0');
}

#define N_WAITS 3u

/* One of the blocking ones, from its start to its end. */
static uvrest_status wait_for(uvrest_client *client, unsigned which)
{
    sample_leaf_args get = {.leaf_id = "a1"};
    sample_checksum_args checksum = {NULL, NULL};
    uvrest_request request = {.path = "/x/"};
    const sample_leaf *leaf = NULL;
    const uvrest_raw *raw = NULL;
    const uvrest_bytes *bytes = NULL;
    uvrest_result *result = NULL;
    uvrest_status st;
    if (which == 0)
        st = uvrest_gen_wait(client, &leaves_get, &get, &leaf, &result);
    else if (which == 1)
        st = uvrest_call_raw_wait(client, &request, &bytes, &result);
    else
        st = uvrest_gen_wait_of_file(client, &leaves_by_checksum, &checksum, "checksum", own_path, NULL, NULL, &raw,
                                     &result);
    assert_true((st == UVREST_OK) == (leaf != NULL || bytes != NULL || raw != NULL));
    if (result != NULL)
        assert_int_equal(result->status, st);
    uvrest_result_free(result);
    return st;
}

static uvrest_status start_with(uvrest_client *client, unsigned which, unsigned *n, uvrest_reason *reason)
{
    static const char *const lines[] = {"X-Trace: 1", NULL};
    static const char *const query[] = {"more", "x,y", NULL};
    static const char *const credentials[] = {"Auth-Token: other", NULL};
    uvrest_call_options call = {
        .headers = lines, .query = query, .credentials = which == 4 ? credentials : NULL, .reason = reason};
    sample_leaf leaf = {.id = "a1"};
    uvrest_raw raw = {.text = "[1,2]", .len = 5};
    sample_leaf_args get = {.leaf_id = "a1", .sort = "x", .mode = "y", .call = &call};
    sample_leaf_body_args post = {.leaf_id = "a1", .body = &leaf, .call = &call};
    sample_raw_args search = {.body = &raw, .call = &call};
    sample_leaf_list leaves = {&leaf, 1};
    sample_list_args import = {.body = &leaves, .call = &call};
    sample_text_args say = {.body = "hello", .call = &call};
    sample_no_args several = {.call = &call};
    sample_checksum_args checksum = {NULL, &call};
    uvrest_request request = {.method = UVREST_PUT, .path = "/x/", .body = "{}", .body_len = 2, .call = &call};
    switch (which) {
    case 0:
    case 4:
        return uvrest_gen_call(client, &leaves_get, &get, (uvrest_any_fn *)on_leaf, n, NULL);
    case 1:
        return uvrest_gen_call(client, &leaves_create, &post, (uvrest_any_fn *)on_leaf, n, NULL);
    case 2:
        return uvrest_gen_call(client, &leaves_search, &search, (uvrest_any_fn *)on_raw, n, NULL);
    case 5:
        return uvrest_gen_call(client, &leaves_import, &import, (uvrest_any_fn *)on_done, n, NULL);
    case 6:
        return uvrest_gen_call(client, &leaves_several, &several, (uvrest_any_fn *)on_several, n, NULL);
    case 7:
        return uvrest_gen_call(client, &leaves_get, &get, (uvrest_any_fn *)on_taken, n, NULL);
    case 8:
        return uvrest_gen_call_of_file(client, &leaves_by_checksum, &checksum, "checksum", own_path, NULL,
                                       (uvrest_any_fn *)on_raw, n, NULL);
    case 9:
        return uvrest_gen_call(client, &leaves_say, &say, (uvrest_any_fn *)on_text, n, NULL);
    default:
        return uvrest_call_raw(client, &request, on_bytes, n, NULL);
    }
}

/* Starts one of the public calls. */
static uvrest_status start(uvrest_client *client, unsigned which, unsigned *n)
{
    uvrest_reason reason = {UNWRITTEN};
    uvrest_status st = start_with(client, which, n, &reason);
    check_reason(&reason, st);
    return st;
}

#define N_CALLS 10u

static bool is_expected(uvrest_status status)
{
    return status == UVREST_OK || status == UVREST_E_NOMEM;
}

/*
 * Lack of memory inside a transfer: libcurl may call it a URL it cannot read, or give up all transfers, and its code
 * for it is also the one for a header line that is too long.
 */
static void check_end(uvrest_status status)
{
    bool curl_failed = curls.hit && (status == UVREST_E_LIMIT || status == UVREST_E_IO || status == UVREST_E_INVALID);
    if (!is_expected(status) && !curl_failed)
        fail_msg("%s for want of memory", uvrest_status_name(status));
}

/* A whole life, each call once. While memory lacks, the client is refused, or usable as soon as there is some. */
static void live(server *s)
{
    sample_client_options options = wire_options(s);
    uvrest_client *client = NULL;
    unsigned n[2] = {0, 0};
    unsigned started = 0;
    uvrest_reason reason = {UNWRITTEN};
    uvrest_status st;
    options.reason = &reason;
    options.alloc = &hooks;
    options.attempts = 1;
    options.on_request = add_line;
    options.disable_rate_limit_handling = true; /* ledgers outlive the client */
    st = uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client);
    assert_true(is_expected(st));
    check_reason(&reason, st);
    if (st != UVREST_OK) {
        assert_null(client);
        return;
    }
    for (unsigned which = 0; which < N_CALLS; which++) {
        st = start(client, which, n);
        assert_true(is_expected(st));
        started += st == UVREST_OK;
        assert_int_equal(uvrest_client_run(client), UVREST_OK);
        assert_int_equal(n[0], started);
    }
    for (unsigned which = 0; which < N_WAITS; which++)
        check_end(wait_for(client, which));
    curls.left = uvs.left = ours.left = -1; /* there is memory again */
    n[0] = n[1] = started = 0;
    assert_int_equal(start(client, 0, n), UVREST_OK);
    assert_int_equal(uvrest_client_run(client), UVREST_OK);
    assert_int_equal(n[0], 1);
    assert_int_equal(n[1], 1);
    uvrest_client_free(client);
}

/* Every n until none fails any more: that one allocation, then all from it on. */
static void torture(source *from)
{
    server *s = server_start("conn\nexpect\n" ANSWER "loop\n");
    live(s); /* what is kept for ever is there now */
    for (int once = 0; once < 2; once++) {
        long curl_live = curls.n_live;
        long uv_live = uvs.n_live;
        from->hit = true;
        for (long n = 0; from->hit; n++) {
            assert_true(n < 10000);
            from->left = n;
            from->once = once == 1;
            from->hit = false;
            live(s);
            assert_int_equal(ours.n_live, 0);
        }
        from->left = -1;
        if (curls.n_live > curl_live)
            fail_msg("libcurl keeps %ld blocks more", curls.n_live - curl_live);
        if (uvs.n_live > uv_live)
            fail_msg("libuv keeps %ld blocks more", uvs.n_live - uv_live);
    }
    server_stop(s);
}

static void row_110_every_allocation_of_ours_may_fail(void **state)
{
    (void)state;
    torture(&ours);
}

static void row_110_every_allocation_of_libcurl_may_fail(void **state)
{
    (void)state;
    torture(&curls);
}

static void row_110_every_allocation_of_libuv_may_fail(void **state)
{
    (void)state;
    torture(&uvs);
}

static int make_file(void **state)
{
    (void)state;
    folder_take();
    folder_fill("x", 'x', 1);
    own_path = folder_path("x");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_110_every_allocation_of_ours_may_fail),
        cmocka_unit_test(row_110_every_allocation_of_libcurl_may_fail),
        cmocka_unit_test(row_110_every_allocation_of_libuv_may_fail),
    };
    if (uv_replace_allocator(uv_allocate, uv_resize, uv_zeroed, uv_release) != 0)
        return 1;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_allocate, curl_release, curl_resize, curl_copy, curl_zeroed) !=
        CURLE_OK)
        return 1;
    return cmocka_run_group_tests(tests, make_file, NULL);
}
