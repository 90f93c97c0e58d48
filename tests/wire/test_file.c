/* SPDX-License-Identifier: MIT */
/* Calls about a local file: it is digested on the thread pool, then asked about. Row 99 for the
 * files that cannot be read. */
#include "folder.h"
#include "wire.h"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static int make_files(void **state)
{
    (void)state;
    folder_take();
    folder_fill("abc", 'a', 3);
    folder_fill("empty", 'a', 0);
    folder_fill("large", 'x', 10 * 1024 * 1024);
    return mkfifo(folder_path("pipe"), 0600);
}

typedef struct progress {
    unsigned n;
    uint64_t done;
    uint64_t total;
    unsigned stop_at; /* 0: never */
    uvrest_client *client; /* closed instead of stopping */
    seen saw; /* of the callback, whose user is the same */
} progress;

static bool on_progress(uint64_t done_bytes, uint64_t total_bytes, void *user)
{
    progress *p = user;
    assert_true(done_bytes >= p->done);
    p->n++;
    p->done = done_bytes;
    p->total = total_bytes;
    if (p->n == p->stop_at && p->client != NULL)
        uvrest_client_free(p->client);
    return p->n != p->stop_at || p->client != NULL;
}

static void on_value(const uvrest_raw *value, const uvrest_result *result, void *user)
{
    progress *p = user;
    wire_on_raw(value, result, &p->saw);
}

static void ask(uvrest_client *client, const char *file, progress *p, uvrest_call **out_call)
{
    sample_checksum_args args = {0};
    assert_int_equal(uvrest_gen_call_of_file(client, &leaves_by_checksum, &args, "checksum", file, on_progress,
                                             (uvrest_any_fn *)on_value, p, out_call),
                     UVREST_OK);
    assert_int_equal(p->saw.n, 0);
    assert_int_equal(p->n, 0);
}

static void files_are_digested_and_asked_about(void **state)
{
    server *s =
        server_start("conn\n"
                     "expect GET /API/leaves/checksum/47bce5c74f589f4867dbd57e9ca9f808/\nreply 200 {\"n\":1}\n"
                     "expect GET /API/leaves/checksum/d41d8cd98f00b204e9800998ecf8427e/\nreply 200 {\"n\":0}\n"
                     "expect GET /API/leaves/checksum/46f40f95feefb6ab49b2b3679b5ec0a2/\nreply 200 {\"n\":2}\n");
    static const char *const names[] = {"abc", "empty", "large"};
    static const uint64_t sizes[] = {3, 0, 10 * 1024 * 1024};
    uvrest_client *client = wire_client(s);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        progress p = {0};
        ask(client, folder_path(names[i]), &p, NULL);
        wire_run(client, &p.saw);
        wire_check_status(&p.saw, UVREST_OK);
        assert_true(p.n > 0);
        assert_int_equal(p.done, sizes[i]);
        assert_int_equal(p.total, sizes[i]);
    }
    uvrest_client_free(client);
    server_stop(s);
}

static void the_blocking_twin_does_the_same(void **state)
{
    server *s =
        server_start("conn\nexpect GET /API/leaves/checksum/47bce5c74f589f4867dbd57e9ca9f808/\nreply 200 [7]\n");
    uvrest_client *client = wire_client(s);
    sample_checksum_args args = {0};
    const uvrest_raw *value = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(uvrest_gen_wait_of_file(client, &leaves_by_checksum, &args, "checksum", folder_path("abc"), NULL,
                                             NULL, &value, &result),
                     UVREST_OK);
    assert_memory_equal(value->text, "[7]", 3);
    uvrest_result_free(result);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_99_files_that_cannot_be_read_are_an_io_error(void **state)
{
    static const struct {
        const char *name;
        const char *message;
    } rows[] = {
        {"missing", "No such file or directory"},
        {"", "Is a directory"},
        {"pipe", "not a regular file"},
        {"abc/x", "Not a directory"},
    };
    uvrest_client *client = wire_client(NULL);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        progress p = {0};
        ask(client, folder_path(rows[i].name), &p, NULL);
        wire_run(client, &p.saw);
        wire_check_status(&p.saw, UVREST_E_IO);
        assert_int_equal(p.saw.executed, UVREST_EXECUTED_NO);
        assert_int_equal(p.saw.attempts, 0);
        wire_check_contains(p.saw.message, rows[i].message);
        wire_check_contains(p.saw.message, folder_path(rows[i].name));
    }
    uvrest_client_free(client);
}

static void file_names_are_required(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_reason reason = {""};
    uvrest_call_options options = {.reason = &reason};
    sample_checksum_args args = {.call = &options};
    (void)state;
    assert_int_equal(uvrest_gen_call_of_file(client, &leaves_by_checksum, &args, "checksum", NULL, NULL,
                                             (uvrest_any_fn *)on_value, NULL, NULL),
                     UVREST_E_INVALID);
    assert_string_equal(reason.text, "file: required");
    assert_int_equal(uvrest_gen_call_of_file(client, &leaves_by_checksum, &args, "checksum", "", NULL,
                                             (uvrest_any_fn *)on_value, NULL, NULL),
                     UVREST_E_INVALID);
    assert_string_equal(reason.text, "file: empty");
    uvrest_client_free(client);
}

static void progress_can_cancel(void **state)
{
    uvrest_client *client = wire_client(NULL);
    progress p = {.stop_at = 2};
    (void)state;
    ask(client, folder_path("large"), &p, NULL);
    wire_run(client, &p.saw);
    wire_check_status(&p.saw, UVREST_E_CANCELLED);
    assert_int_equal(p.n, 2);
    uvrest_client_free(client);
}

static void row_113_cancel_while_the_file_is_read(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_call *call = NULL;
    progress p = {0};
    (void)state;
    ask(client, folder_path("large"), &p, &call);
    uvrest_call_cancel(call);
    wire_run(client, &p.saw);
    wire_check_status(&p.saw, UVREST_E_CANCELLED);
    assert_int_equal(p.n, 0);
    uvrest_client_free(client);
}

static void deadline_holds_while_the_file_is_read(void **state)
{
    uvrest_client *client = wire_client(NULL);
    uvrest_call_options options = {.deadline_ms = 1};
    sample_checksum_args args = {.call = &options};
    progress p = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call_of_file(client, &leaves_by_checksum, &args, "checksum", folder_path("large"), NULL,
                                             (uvrest_any_fn *)on_value, &p, NULL),
                     UVREST_OK);
    wire_run(client, &p.saw);
    wire_check_status(&p.saw, UVREST_E_TIMEOUT);
    uvrest_client_free(client);
}

static void row_114_free_while_a_file_is_read(void **state)
{
    progress p = {0};
    progress q = {.stop_at = 1};
    uvrest_client *client = wire_client(NULL);
    (void)state;
    ask(client, folder_path("large"), &p, NULL);
    uvrest_client_free(client);
    assert_int_equal(p.saw.n, 1);
    wire_check_status(&p.saw, UVREST_E_CANCELLED);
    q.client = wire_client(NULL);
    ask(q.client, folder_path("large"), &q, NULL);
    assert_int_equal(uvrest_client_run(q.client), UVREST_OK);
    assert_int_equal(q.saw.n, 1);
    wire_check_status(&q.saw, UVREST_E_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_digested_and_asked_about),
        cmocka_unit_test(the_blocking_twin_does_the_same),
        cmocka_unit_test(row_99_files_that_cannot_be_read_are_an_io_error),
        cmocka_unit_test(file_names_are_required),
        cmocka_unit_test(progress_can_cancel),
        cmocka_unit_test(row_113_cancel_while_the_file_is_read),
        cmocka_unit_test(deadline_holds_while_the_file_is_read),
        cmocka_unit_test(row_114_free_while_a_file_is_read),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}
