/* SPDX-License-Identifier: MIT */
/* Two generated libraries in one process: iconik and shelf, each against a server of its own, on one runtime. */
#include "server.h"
#include <iconik/iconik.h>
#include <link.h>
#include <setjmp.h>
#include <shelf/shelf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <uv.h>
/* cmocka.h wants the headers above. */
#include <cmocka.h>

#define READER "reader-7Qx"
#define KIOSK "kiosk-44"
#define APP_ID "0d1c0ffe-app"
#define AUTH_TOKEN "sesame-open-0815"
#define ISBN "978-3/16"
#define LOAN "8c0f8a4e-0000-4000-8000-000000000001"

static shelf_client *shelf_on(const server *s, uv_loop_t *loop)
{
    shelf_client *client = NULL;
    shelf_client_options options = {.base_url = server_url(s), .loop = loop, .reader_token = READER};
    assert_int_equal(shelf_client_new(&options, &client), UVREST_OK);
    return client;
}

static iconik_client *iconik_on(const server *s, uv_loop_t *loop)
{
    iconik_client *client = NULL;
    iconik_client_options options = {
        .base_url = server_url(s), .loop = loop, .app_id = APP_ID, .auth_token = AUTH_TOKEN};
    assert_int_equal(iconik_client_new(&options, &client), UVREST_OK);
    return client;
}

/* The result of a call that went well is of no further interest here. */
static void must(uvrest_status status, uvrest_result *result)
{
    if (status != UVREST_OK)
        fail_msg("%s: %s", uvrest_status_text(status), result == NULL ? "no result" : result->message);
}

static void each_sends_its_own_credentials_to_its_own_paths(void **state)
{
    server *library =
        server_start("conn\n"
                     "expect GET /v2/catalog/books/978-3%2F16 HTTP/1.1\n"
                     "header Authorization: Bearer " READER "\n"
                     "no-header App-ID\n"
                     "no-header Auth-Token\n"
                     "no-header X-Kiosk-Key\n"
                     "reply 200 {\"isbn\":\"978-3/16\",\"title\":\"Faust\",\"pages\":null,\"default\":true,"
                     "\"state\":\"out of print\",\"weight-kg\":0.25,\"shelfMark\":\"D 7\"}\n");
    server *assets = server_start("conn\n"
                                  "expect GET /API/assets/v1/assets/a1/ HTTP/1.1\n"
                                  "header App-ID: " APP_ID "\n"
                                  "header Auth-Token: " AUTH_TOKEN "\n"
                                  "no-header Authorization\n"
                                  "reply 200 {\"id\":\"a1\",\"title\":\"Big Buck Bunny\"}\n");
    shelf_client *shelf = shelf_on(library, NULL);
    iconik_client *iconik = iconik_on(assets, NULL);
    const shelf_book *book = NULL;
    const iconik_asset *asset = NULL;
    uvrest_result *of_book = NULL;
    uvrest_result *of_asset = NULL;
    (void)state;
    must(shelf_books_get_wait(shelf, &(shelf_books_get_args){.isbn = ISBN}, &book, &of_book), of_book);
    must(iconik_assets_get_wait(iconik, &(iconik_assets_get_args){.asset_id = "a1"}, &asset, &of_asset), of_asset);

    assert_string_equal(book->title, "Faust");
    assert_string_equal(book->shelf_mark, "D 7");
    assert_int_equal(book->state, SHELF_BOOK_STATE_OUT_OF_PRINT);
    assert_true(book->default_.state == UVREST_IS_SET && book->default_.value);
    assert_true(book->weight_kg.state == UVREST_IS_SET && book->weight_kg.value == 0.25);
    assert_int_equal(book->pages.state, UVREST_IS_NULL);
    assert_string_equal(asset->title, "Big Buck Bunny");
    assert_false(server_received(library, AUTH_TOKEN));
    assert_false(server_received(assets, READER));

    uvrest_result_free(of_book);
    uvrest_result_free(of_asset);
    shelf_client_free(shelf);
    iconik_client_free(iconik);
    server_stop(library);
    server_stop(assets);
}

static void credentials_are_those_the_operation_names(void **state)
{
    server *library =
        server_start("conn\n"
                     "expect GET /v2/catalog/branches HTTP/1.1\n"
                     "no-header Authorization\n"
                     "no-header X-Kiosk-Key\n"
                     "reply 200 [{\"id\":9007199254740993,\"name\":\"Mitte\",\"hours\":{\"mon\":\"9-18\"}}]\n"
                     "expect DELETE /v2/catalog/books/978-3%2F16 HTTP/1.1\n"
                     "header Authorization: Bearer " READER "\n"
                     "header X-Kiosk-Key: " KIOSK "\n"
                     "reply 204\n");
    shelf_client *shelf = NULL;
    shelf_client_options options = {.base_url = server_url(library), .reader_token = READER, .kiosk_key = KIOSK};
    const shelf_branches_list_response *branches = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(shelf_client_new(&options, &shelf), UVREST_OK);
    must(shelf_branches_list_wait(shelf, &(shelf_branches_list_args){0}, &branches, &result), result);
    assert_int_equal(branches->n_items, 1);
    assert_true(branches->items[0].id.value == 9007199254740993);
    assert_string_equal(branches->items[0].name, "Mitte");
    assert_int_equal(branches->items[0].hours.n_entries, 1);
    uvrest_result_free(result);
    must(shelf_books_delete_wait(shelf, &(shelf_books_delete_args){.isbn = ISBN}, &result), result);
    assert_int_equal(result->http_status, 204);
    uvrest_result_free(result);
    shelf_client_free(shelf);
    server_stop(library);
}

static void arrays_stand_at_the_top_both_ways(void **state)
{
    server *library =
        server_start("conn\n"
                     "expect PUT /v2/catalog/books/x/copies HTTP/1.1\n"
                     "body [{\"barcode\":1,\"lent\":false},{\"barcode\":2}]\n"
                     "reply 204\n"
                     "expect GET /v2/catalog/books/x/copies HTTP/1.1\n"
                     "reply 200 [{\"barcode\":1,\"lent\":false,\"branch\":{\"name\":\"Mitte\"}},{\"barcode\":2}]\n"
                     "expect GET /v2/catalog/books/y/copies HTTP/1.1\n"
                     "reply 200 []\n");
    shelf_client *shelf = shelf_on(library, NULL);
    const shelf_copy two[] = {{.barcode = uvrest_i64(1), .lent = uvrest_bool(false)}, {.barcode = uvrest_i64(2)}};
    const shelf_books_copies_replace_request request = {two, 2};
    const shelf_books_copies_list_response *copies = NULL;
    uvrest_result *result = NULL;
    (void)state;
    must(shelf_books_copies_replace_wait(shelf, &(shelf_books_copies_replace_args){.isbn = "x", .body = &request},
                                         &result),
         result);
    uvrest_result_free(result);
    must(shelf_books_copies_list_wait(shelf, &(shelf_books_copies_list_args){.isbn = "x"}, &copies, &result), result);
    assert_int_equal(copies->n_items, 2);
    assert_true(copies->items[0].lent.state == UVREST_IS_SET && !copies->items[0].lent.value);
    assert_string_equal(copies->items[0].branch->name, "Mitte");
    assert_true(copies->items[1].barcode.value == 2);
    uvrest_result_free(result);
    must(shelf_books_copies_list_wait(shelf, &(shelf_books_copies_list_args){.isbn = "y"}, &copies, &result), result);
    assert_int_equal(copies->n_items, 0);
    uvrest_result_free(result);
    shelf_client_free(shelf);
    server_stop(library);
}

static void paging_goes_by_cursor(void **state)
{
    server *library =
        server_start("conn\n"
                     "expect GET /v2/catalog/books?languages=de%2Cla&limit=2 HTTP/1.1\n"
                     "reply 200 {\"books\":[{\"isbn\":\"1\",\"title\":\"a\"},{\"isbn\":\"2\",\"title\":\"b\"}],"
                     "\"next\":\"c/2\"}\n"
                     "expect GET /v2/catalog/books?cursor=c%2F2&languages=de%2Cla&limit=2 HTTP/1.1\n"
                     "reply 200 {\"books\":[{\"isbn\":\"3\",\"title\":\"c\"}],\"next\":null}\n");
    shelf_client *shelf = shelf_on(library, NULL);
    shelf_books_list_args args = {.languages = "de,la", .limit = uvrest_i32(2)};
    char titles[8] = "";
    char cursor[16] = "";
    bool more = true;
    (void)state;
    while (more) {
        const shelf_book_stretch *stretch = NULL;
        uvrest_result *result = NULL;
        must(shelf_books_list_wait(shelf, &args, &stretch, &result), result);
        for (size_t i = 0; i < stretch->n_books; i++)
            strncat(titles, stretch->books[i].title, 1);
        more = stretch->next != NULL;
        if (more)
            strncpy(cursor, stretch->next, sizeof cursor - 1);
        else
            assert_true(uvrest_is_null(stretch->extra, "next"));
        args.cursor = cursor;
        uvrest_result_free(result);
    }
    assert_string_equal(titles, "abc");
    shelf_client_free(shelf);
    server_stop(library);
}

static void answers_of_all_kinds_are_told_apart(void **state)
{
    server *library = server_start("conn\n"
                                   "expect POST /v2/lending/loans HTTP/1.1\n"
                                   "body {\"barcode\":12}\n"
                                   "reply 202 {\"place\":3}\n"
                                   "expect POST /v2/lending/loans/" LOAN "/renew HTTP/1.1\n"
                                   "header X-Reason: slow reader\n"
                                   "reply 200 {\"id\":\"" LOAN "\",\"due\":\"2031-04-01\",\"history\":["
                                   "{\"what\":\"renewed\",\"until\":\"2031-04-01\"},"
                                   "{\"what\":\"reminded\",\"fee_cents\":150},{\"what\":\"burnt\"}]}\n"
                                   "expect GET /v2/lending/loans/" LOAN "/receipt HTTP/1.1\n"
                                   "reply+ 200 Content-Type: text/plain|Faust, until 1 April\n"
                                   "expect PATCH /v2/catalog/books/x HTTP/1.1\n"
                                   "body {\"state\":\"out of print\"}\n"
                                   "reply 200 {\"isbn\":\"x\",\"title\":\"Faust\",\"state\":\"pulped\"}\n");
    shelf_client *shelf = shelf_on(library, NULL);
    const shelf_loan wanted = {.barcode = uvrest_i64(12), .id = "not sent"};
    const shelf_loans_create_response *made = NULL;
    const shelf_loan *loan = NULL;
    const uvrest_bytes *receipt = NULL;
    const shelf_book *book = NULL;
    uvrest_result *result = NULL;
    (void)state;
    must(shelf_loans_create_wait(shelf, &(shelf_loans_create_args){.body = &wanted}, &made, &result), result);
    assert_null(made->created);
    assert_int_equal(made->accepted->place.value, 3);
    uvrest_result_free(result);

    must(shelf_loans_renew_wait(shelf, &(shelf_loans_renew_args){.loan_id = LOAN, .x_reason = "slow reader"}, &loan,
                                &result),
         result);
    assert_string_equal(loan->due, "2031-04-01");
    assert_int_equal(loan->n_history, 3);
    assert_int_equal(loan->history[0].kind, SHELF_LOAN_HISTORY_KIND_RENEWED);
    assert_string_equal(loan->history[0].value.renewed->until, "2031-04-01");
    assert_int_equal(loan->history[1].kind, SHELF_LOAN_HISTORY_KIND_REMINDED);
    assert_int_equal(loan->history[1].value.reminded->fee_cents.value, 150);
    assert_int_equal(loan->history[2].kind, SHELF_LOAN_HISTORY_KIND_UNKNOWN);
    uvrest_result_free(result);

    must(shelf_loans_receipt_get_wait(shelf, &(shelf_loans_receipt_get_args){.loan_id = LOAN}, &receipt, &result),
         result);
    assert_int_equal(receipt->len, strlen("Faust, until 1 April"));
    assert_memory_equal(receipt->data, "Faust, until 1 April", receipt->len);
    uvrest_result_free(result);

    must(shelf_books_out_of_print_mark_wait(shelf, &(shelf_books_out_of_print_mark_args){.isbn = "x"}, &book, &result),
         result);
    assert_int_equal(book->state, SHELF_BOOK_STATE_UNKNOWN);
    uvrest_result_free(result);
    shelf_client_free(shelf);
    server_stop(library);
}

static void errors_are_read_where_each_api_has_them(void **state)
{
    server *library =
        server_start("conn\nexpect GET\nreply 404 {\"problem\":\"no such book\",\"errors\":[\"not this\"]}\n");
    server *assets =
        server_start("conn\nexpect GET\nreply 404 {\"errors\":[\"no such asset\"],\"problem\":\"not this\"}\n");
    shelf_client *shelf = shelf_on(library, NULL);
    iconik_client *iconik = iconik_on(assets, NULL);
    const shelf_book *book = NULL;
    const iconik_asset *asset = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_equal(shelf_books_get_wait(shelf, &(shelf_books_get_args){.isbn = "x"}, &book, &result),
                     UVREST_E_NOT_FOUND);
    assert_null(book);
    assert_string_equal(result->message, "no such book");
    uvrest_result_free(result);
    assert_int_equal(iconik_assets_get_wait(iconik, &(iconik_assets_get_args){.asset_id = "x"}, &asset, &result),
                     UVREST_E_NOT_FOUND);
    assert_null(asset);
    assert_string_equal(result->message, "no such asset");
    uvrest_result_free(result);
    shelf_client_free(shelf);
    iconik_client_free(iconik);
    server_stop(library);
    server_stop(assets);
}

/* ---- one loop, one runtime ------------------------------------------------------------------------------------- */

typedef struct both {
    char order[16]; /* who was answered: 's' or 'i' */
    size_t n;
    shelf_client *shelf;
    iconik_client *iconik;
} both;

static void on_book(const shelf_book *book, const uvrest_result *result, void *user)
{
    both *seen = user;
    assert_int_equal(result->status, UVREST_OK);
    assert_string_equal(book->title, "Faust");
    seen->order[seen->n++] = 's';
}

static void on_asset(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    both *seen = user;
    assert_int_equal(result->status, UVREST_OK);
    assert_string_equal(asset->title, "Bunny");
    seen->order[seen->n++] = 'i';
}

/* From inside a callback of the one a call of the other one starts. */
static void on_first_asset(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    both *seen = user;
    on_asset(asset, result, user);
    assert_int_equal(shelf_books_get(seen->shelf, &(shelf_books_get_args){.isbn = "x"}, on_book, seen, NULL),
                     UVREST_OK);
}

static void run_both(const char *library_script, const char *assets_script, void (*calls)(both *seen), both *seen)
{
    server *library = server_start(library_script);
    server *assets = server_start(assets_script);
    uv_loop_t loop;
    uvrest_stats of_shelf;
    uvrest_stats of_iconik;
    assert_int_equal(uv_loop_init(&loop), 0);
    seen->shelf = shelf_on(library, &loop);
    seen->iconik = iconik_on(assets, &loop);
    calls(seen);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    uvrest_client_stats(shelf_client_runtime(seen->shelf), &of_shelf);
    uvrest_client_stats(iconik_client_runtime(seen->iconik), &of_iconik);
    assert_int_equal(of_shelf.completed + of_iconik.completed, seen->n);
    assert_int_equal(of_shelf.attempts, server_requests(library));
    assert_int_equal(of_iconik.attempts, server_requests(assets));
    shelf_client_close(seen->shelf, NULL, NULL);
    iconik_client_close(seen->iconik, NULL, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    server_stop(library);
    server_stop(assets);
}

static void start_chain(both *seen)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            iconik_assets_get(seen->iconik, &(iconik_assets_get_args){.asset_id = "a1"}, on_first_asset, seen, NULL),
            UVREST_OK);
        assert_int_equal(shelf_books_get(seen->shelf, &(shelf_books_get_args){.isbn = "x"}, on_book, seen, NULL),
                         UVREST_OK);
    }
}

static void both_run_on_one_loop(void **state)
{
    both seen = {0};
    (void)state;
    run_both("conn\nexpect GET /v2/catalog/books/x HTTP\nreply 200 {\"title\":\"Faust\"}\nloop\n",
             "conn\nexpect GET /API/assets/v1/assets/a1/ HTTP\nreply 200 {\"title\":\"Bunny\"}\nloop\n", start_chain,
             &seen);
    assert_int_equal(seen.n, 6);
}

static void start_two(both *seen)
{
    assert_int_equal(shelf_books_get(seen->shelf, &(shelf_books_get_args){.isbn = "x"}, on_book, seen, NULL),
                     UVREST_OK);
    assert_int_equal(iconik_assets_get(seen->iconik, &(iconik_assets_get_args){.asset_id = "a1"}, on_asset, seen, NULL),
                     UVREST_OK);
}

static void a_throttled_api_does_not_hold_up_the_other_one(void **state)
{
    both seen = {0};
    (void)state;
    run_both("conn\nexpect GET\nreply+ 429 Retry-After: 1|{}\nexpect GET\nreply 200 {\"title\":\"Faust\"}\n",
             "conn\nexpect GET\nreply 200 {\"title\":\"Bunny\"}\n", start_two, &seen);
    assert_string_equal(seen.order, "is");
}

static int count_runtimes(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    if (strstr(info->dlpi_name, "libuvrest") != NULL)
        ++*(int *)user;
    return 0;
}

static void one_runtime_is_loaded(void **state)
{
    int n = 0;
    (void)state;
    dl_iterate_phdr(count_runtimes, &n);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sends_its_own_credentials_to_its_own_paths),
        cmocka_unit_test(credentials_are_those_the_operation_names),
        cmocka_unit_test(arrays_stand_at_the_top_both_ways),
        cmocka_unit_test(paging_goes_by_cursor),
        cmocka_unit_test(answers_of_all_kinds_are_told_apart),
        cmocka_unit_test(errors_are_read_where_each_api_has_them),
        cmocka_unit_test(both_run_on_one_loop),
        cmocka_unit_test(a_throttled_api_does_not_hold_up_the_other_one),
        cmocka_unit_test(one_runtime_is_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
