/* SPDX-License-Identifier: MIT */
/*
 * One call after another in one thread, with a new easy handle each, and so a new connection: how the C client of
 * OpenAPI Generator works. With IN_FLIGHT 0 the handle is kept: the least a blocking call can cost. Nothing is decoded.
 */
#include "load.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct body {
    char *bytes;
    size_t len;
} body;

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    body *b = user;
    char *bytes = realloc(b->bytes, b->len + n + 1);
    if (bytes == NULL)
        return 0;
    b->bytes = bytes;
    memcpy(b->bytes + b->len, data, size * n);
    b->len += n;
    b->bytes[b->len] = '\0';
    return n;
}

static CURL *new_handle(const load_case *load, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        load_fail("a handle", "cannot be made");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "blocking/1.0");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 60000L);
    if (load->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, load->ca_file);
    return easy;
}

static void call(const load_case *load, CURL *easy, long number)
{
    body b = {NULL, 0};
    char url[256];
    char id[LOAD_ID_SIZE];
    long status = 0;
    CURLcode code;
    load_id(number, id);
    if (load->page)
        snprintf(url, sizeof url, "%s" LOAD_PATH "?per_page=%d", load->url, 25);
    else
        snprintf(url, sizeof url, "%s" LOAD_PATH "%s/", load->url, id);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &b);
    code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200 || b.len < 4000)
        load_fail("an answer", code != CURLE_OK ? curl_easy_strerror(code) : "is not as it should be");
    free(b.bytes);
}

static void run(const load_case *load, struct curl_slist *headers, CURL *kept, long count)
{
    for (long i = 0; i < count; i++) {
        CURL *easy = kept != NULL ? kept : new_handle(load, headers);
        call(load, easy, i);
        if (kept == NULL)
            curl_easy_cleanup(easy);
    }
}

int main(int argc, char **argv)
{
    load_case load;
    load_meter meter;
    struct curl_slist *headers = NULL;
    CURL *kept = NULL;
    load_parse(&load, argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    headers = curl_slist_append(headers, "App-ID: " LOAD_APP_ID);
    headers = curl_slist_append(headers, "Auth-Token: " LOAD_AUTH_TOKEN);
    headers = curl_slist_append(headers, "Accept: application/json");
    if (load.blocking)
        kept = new_handle(&load, headers);
    run(&load, headers, kept, load_warm_up(&load));
    meter = load_meter_start();
    run(&load, headers, kept, load.count);
    load_meter_print(&meter);
    curl_easy_cleanup(kept);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return 0;
}
