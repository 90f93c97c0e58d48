/* SPDX-License-Identifier: MIT */
/*
 * The library: typed calls, answers decoded into structs. The limiter is off, and the pool fits the case; everything
 * else is as every user gets it.
 */
#include "load.h"
#include <iconik/iconik.h>
#include <stdio.h>

typedef struct program {
    load_case load;
    iconik_client *client;
    long started;
    long answered;
    long target;
} program;

static void start_next(program *p);

static void check(const void *value, const uvrest_result *result)
{
    if (value == NULL || result->n_notes > 0)
        load_fail("the answer", value == NULL ? result->message : "does not fit its schema");
}

static void note_answer(program *p)
{
    p->answered++;
    if (p->load.cold)
        load_print_answered();
    else if (p->started < p->target)
        start_next(p);
}

static void on_asset(const iconik_asset *asset, const uvrest_result *result, void *user)
{
    check(asset, result);
    if (asset->title == NULL || asset->n_versions == 0)
        load_fail("the asset", "lacks what was sent");
    note_answer(user);
}

static void on_page(const iconik_assets_page *page, const uvrest_result *result, void *user)
{
    check(page, result);
    if (page->n_objects < 20 || page->objects[19].title == NULL)
        load_fail("the page", "lacks what was sent");
    note_answer(user);
}

static void start_next(program *p)
{
    uvrest_status st;
    char id[LOAD_ID_SIZE];
    if (p->load.page) {
        st = iconik_assets_list(p->client, &(iconik_assets_list_args){.per_page = uvrest_i32(25)}, on_page, p, NULL);
    } else {
        load_id(p->started, id);
        st = iconik_assets_get(p->client, &(iconik_assets_get_args){.asset_id = id}, on_asset, p, NULL);
    }
    if (st != UVREST_OK)
        load_fail("a call", uvrest_status_text(st));
    p->started++;
}

static void run(program *p, long count)
{
    uvrest_status st;
    p->target = p->started + count;
    for (unsigned i = 0; i < p->load.in_flight && p->started < p->target; i++)
        start_next(p);
    st = iconik_client_run(p->client);
    if (st != UVREST_OK || p->answered != p->target)
        load_fail("the loop", uvrest_status_text(st));
}

static void run_blocking(program *p, long count)
{
    for (long i = 0; i < count; i++) {
        const iconik_asset *asset = NULL;
        uvrest_result *result = NULL;
        uvrest_status st;
        char id[LOAD_ID_SIZE];
        load_id(i, id);
        st = iconik_assets_get_wait(p->client, &(iconik_assets_get_args){.asset_id = id}, &asset, &result);
        if (st != UVREST_OK)
            load_fail("a call", uvrest_status_text(st));
        check(asset, result);
        uvrest_result_free(result);
    }
}

int main(int argc, char **argv)
{
    program p = {0};
    uvrest_reason reason = {""};
    uvrest_status st;
    void (*run_calls)(program *, long);
    load_parse(&p.load, argc, argv);
    run_calls = p.load.blocking ? run_blocking : run;
    st = iconik_client_new(
        &(iconik_client_options){
            .app_id = LOAD_APP_ID,
            .auth_token = LOAD_AUTH_TOKEN,
            .base_url = p.load.url,
            .ca_file = p.load.ca_file,
            .max_in_flight = p.load.in_flight,
            .pool_maxsize = p.load.in_flight,
            .disable_rate_limit_handling = true,
            .reason = &reason,
        },
        &p.client);
    if (st != UVREST_OK)
        load_fail("the client", reason.text);
    if (p.load.cold) {
        run(&p, 1);
    } else {
        load_meter meter;
        run_calls(&p, load_warm_up(&p.load));
        meter = load_meter_start();
        run_calls(&p, p.load.count);
        load_meter_print(&meter);
    }
    iconik_client_free(p.client);
    return 0;
}
