/* SPDX-License-Identifier: MIT */
/* What import makes of a document of somebody else's, called: each kind of argument as it has to go on the wire. */
#include "server.h"
#include <harbour/harbour.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h wants the headers above. */
#include <cmocka.h>

static harbour_client *harbour_on(const server *s)
{
    harbour_client *client = NULL;
    harbour_client_options options = {.base_url = server_url(s), .login = "mate:ahoy 7"};
    assert_int_equal(harbour_client_new(&options, &client), UVREST_OK);
    return client;
}

static void must(uvrest_status status, uvrest_result *result)
{
    if (status != UVREST_OK)
        fail_msg("%s: %s", uvrest_status_text(status), result == NULL ? "no result" : result->message);
}

static void arrays_and_maps_go_member_by_member(void **state)
{
    server *s = server_start(
        "conn\n"
        "expect GET /v7/boats?berth=4&berth=-1&of=north&kinds=a%26b&kinds=c&order=name%7Csize"
        "&where%5Bflag%5D=red HTTP/1.1\n"
        "header Accept: application/hal+json\n"
        "header Authorization: Basic bWF0ZTphaG95IDc=\n"
        "header X-Trace: t1\n"
        "no-header X-Harbour-Key\n"
        "reply 203 [{\"name\":\"Ida\",\"state\":\"at sea\",\"flag\":null,\"tender\":{\"name\":\"Bo\"}}]\n");
    harbour_client *client = harbour_on(s);
    const uvrest_opt_i32 berths[] = {{4, UVREST_IS_SET}, {-1, UVREST_IS_SET}};
    const char *const kinds[] = {"a&b", "c"};
    const uvrest_text_entry free[] = {{"of", "north"}};
    const uvrest_text_entry where[] = {{"flag", "red"}};
    const harbour_boats_list_response *boats = NULL;
    uvrest_result *result = NULL;
    (void)state;
    harbour_boats_list_args args = {.berth = berths,
                                    .n_berth = 2,
                                    .free = {free, 1},
                                    .kinds = kinds,
                                    .n_kinds = 2,
                                    .order = "name|size",
                                    .where = {where, 1},
                                    .x_trace = "t1"};
    must(harbour_boats_list_wait(client, &args, &boats, &result), result);
    assert_int_equal(boats->n_items, 1);
    assert_string_equal(boats->items[0].name, "Ida");
    assert_int_equal(boats->items[0].state, HARBOUR_BOAT_STATE_AT_SEA);
    assert_true(uvrest_is_null(boats->items[0].extra, "flag"));
    assert_string_equal(boats->items[0].tender->name, "Bo");
    uvrest_result_free(result);
    harbour_client_free(client);
    server_stop(s);
}

static void absent_arguments_are_not_sent_and_empty_elements_are_refused(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /v7/boats HTTP/1.1\n"
                             "reply 200 []\n");
    harbour_client *client = harbour_on(s);
    const char *const kinds[] = {"a", NULL};
    const uvrest_text_entry where[] = {{"flag", NULL}};
    const harbour_boats_list_response *boats = NULL;
    uvrest_result *result = NULL;
    (void)state;
    must(harbour_boats_list_wait(client, &(harbour_boats_list_args){.kinds = kinds}, &boats, &result), result);
    assert_int_equal(boats->n_items, 0);
    uvrest_result_free(result);

    uvrest_call *call = NULL;
    harbour_boats_list_args hole = {.kinds = kinds, .n_kinds = 2};
    harbour_boats_list_args half = {.where = {where, 1}};
    assert_int_equal(harbour_boats_list(client, &hole, NULL, NULL, &call), UVREST_E_INVALID);
    assert_int_equal(harbour_boats_list(client, &half, NULL, NULL, &call), UVREST_E_INVALID);
    assert_null(call);
    harbour_client_free(client);
    server_stop(s);
}

static void a_form_is_sent_as_a_browser_sends_it(void **state)
{
    server *s = server_start("conn\n"
                             "expect POST /v7/boats HTTP/1.1\n"
                             "header Content-Type: application/x-www-form-urlencoded\n"
                             "body crew=Jo+%26+Al&crew=%C3%85sa&length=7.5&name=Ida%0A&sails=true\n"
                             "reply 201 {\"name\":\"Ida\"}\n");
    harbour_client *client = harbour_on(s);
    const char *const crew[] = {"Jo & Al", "\xc3\x85sa"};
    const harbour_boat *boat = NULL;
    uvrest_result *result = NULL;
    (void)state;
    harbour_boats_create_args args = {
        .crew = crew, .n_crew = 2, .length = {7.5, UVREST_IS_SET}, .name = "Ida\n", .sails = {true, UVREST_IS_SET}};
    must(harbour_boats_create_wait(client, &args, &boat, &result), result);
    assert_string_equal(boat->name, "Ida");
    uvrest_result_free(result);
    harbour_client_free(client);
    server_stop(s);
}

static void paths_may_go_on_behind_an_id(void **state)
{
    server *s = server_start(
        "conn\n"
        "expect GET /v7/boats/i%2Fd.json HTTP/1.1\n"
        "reply 200 {\"name\":\"Ida\",\"sails\":3,\"crew\":[\"Jo\"],\"n_crew\":\"one\",\"kind\":\"sailing\"}\n"
        "expect POST /v7/boats/id:moor?berth=7 HTTP/1.1\n"
        "reply 204\n");
    harbour_client *client = harbour_on(s);
    const harbour_sailing_boat *boat = NULL;
    uvrest_result *result = NULL;
    (void)state;
    must(harbour_boats_json_get_wait(client, &(harbour_boats_json_get_args){.boat_id = "i/d"}, &boat, &result), result);
    assert_true(boat->sails.value == 3);
    assert_int_equal(boat->kind, HARBOUR_SAILING_BOAT_KIND_SAILING);
    assert_int_equal(boat->n_crew, 1);
    assert_string_equal(boat->n_crew_other, "one");
    uvrest_result_free(result);
    harbour_boats_moor_args args = {.boat_id = "id", .berth = {7, UVREST_IS_SET}};
    must(harbour_boats_moor_wait(client, &args, &result), result);
    assert_int_equal(result->http_status, 204);
    uvrest_result_free(result);
    harbour_client_free(client);
    server_stop(s);
}

static void an_error_says_what_the_member_of_its_body_says(void **state)
{
    server *s = server_start("conn\n"
                             "expect GET /v7/tides HTTP/1.1\n"
                             "no-header Authorization\n"
                             "reply 404 {\"detail\":\"no sea here\",\"status\":404}\n");
    harbour_client *client = harbour_on(s);
    const uvrest_raw *tides = NULL;
    uvrest_result *result = NULL;
    (void)state;
    assert_int_not_equal(harbour_tides_get_wait(client, &(harbour_tides_get_args){0}, &tides, &result), UVREST_OK);
    assert_non_null(strstr(result->message, "no sea here"));
    uvrest_result_free(result);
    harbour_client_free(client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_and_maps_go_member_by_member),
        cmocka_unit_test(absent_arguments_are_not_sent_and_empty_elements_are_refused),
        cmocka_unit_test(a_form_is_sent_as_a_browser_sends_it),
        cmocka_unit_test(paths_may_go_on_behind_an_id),
        cmocka_unit_test(an_error_says_what_the_member_of_its_body_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
