/* SPDX-License-Identifier: MIT */
/*
 * A program with libcurl of its own that opens the library, makes a client and closes the library again: what libcurl
 * was given to work with has to be there still.
 *
 *   unload LIBUVREST_SO
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <uvrest/client.h>

typedef uvrest_status (*make_client)(const uvrest_client_options *options, size_t size, uvrest_client **out);
typedef void (*free_client)(uvrest_client *client);

static int fail(const char *what)
{
    fprintf(stderr, "unload: %s\n", what);
    return 1;
}

int main(int argc, char **argv)
{
    uvrest_client_options options = {.base_url = "http://127.0.0.1:9"};
    uvrest_client *client;
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    make_client make;
    free_client end;
    CURL *easy;
    char *text;
    if (library == NULL)
        return fail(argc == 2 ? dlerror() : "which library?");
    *(void **)&make = dlsym(library, "uvrest_client_new_sized");
    *(void **)&end = dlsym(library, "uvrest_client_free");
    if (make == NULL || end == NULL)
        return fail(dlerror());
    if (make(&options, sizeof options, &client) != UVREST_OK)
        return fail("no client");
    end(client);
    if (dlclose(library) != 0)
        return fail(dlerror());
    easy = curl_easy_init();
    text = curl_easy_escape(easy, "a b", 0);
    if (text == NULL || strcmp(text, "a%20b") != 0)
        return fail("libcurl does not work any more");
    curl_free(text);
    curl_easy_cleanup(easy);
    curl_global_cleanup();
    return 0;
}
