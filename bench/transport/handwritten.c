/* SPDX-License-Identifier: MIT */
/*
 * What the library is measured against: libcurl's multi interface on libuv, written for this one purpose by somebody
 * who knows both. Handles, connections and body buffers are reused; a socket stays registered with epoll between two
 * requests; ended requests are read out after each socket action. What is sent is what the library sends, but for the
 * value of User-Agent. Nothing is decoded, repeated, limited or explained.
 */
#include "load.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define MAX_FD 4096

struct program;

typedef struct request {
    struct program *program;
    CURL *easy;
    char *body;
    size_t len;
    size_t cap;
} request;

typedef struct watch {
    uv_poll_t poll;
    struct program *program;
    int fd;
    int events; /* that epoll reports */
    bool wanted;
} watch;

typedef struct program {
    load_case load;
    uv_loop_t loop;
    uv_timer_t timer;
    CURLM *multi;
    struct curl_slist *headers;
    request *requests;
    watch *watches[MAX_FD];
    long started;
    long answered;
    long target;
} program;

static void start(request *r)
{
    program *p = r->program;
    char url[256];
    char id[LOAD_ID_SIZE];
    if (p->load.page) {
        snprintf(url, sizeof url, "%s" LOAD_PATH "?per_page=%d", p->load.url, 25);
    } else {
        load_id(p->started, id);
        snprintf(url, sizeof url, "%s" LOAD_PATH "%s/", p->load.url, id);
    }
    r->len = 0;
    curl_easy_setopt(r->easy, CURLOPT_URL, url);
    if (curl_multi_add_handle(p->multi, r->easy) != CURLM_OK)
        load_fail("a request", "cannot be added");
    p->started++;
}

static void on_answer(request *r)
{
    program *p = r->program;
    p->answered++;
    if (p->load.cold)
        load_print_answered();
    else if (p->started < p->target)
        start(r);
    if (p->answered == p->target)
        uv_stop(&p->loop);
}

static void read_answers(program *p)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(p->multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        request *r;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&r);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (code != CURLE_OK || status != 200 || r->len < 4000)
            load_fail("an answer", code != CURLE_OK ? curl_easy_strerror(code) : "is not as it should be");
        curl_multi_remove_handle(p->multi, easy);
        on_answer(r);
    }
}

static void act(program *p, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(p->multi, fd, events, &running);
    read_answers(p);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    watch *w = poll->data;
    if (!w->wanted) {
        uv_poll_stop(poll);
        w->events = 0;
        return;
    }
    act(w->program, w->fd,
        (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) |
            (status < 0 ? CURL_CSELECT_ERR : 0));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    program *p = user;
    watch *w = p->watches[fd];
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    (void)easy;
    (void)socket_user;
    if (w == NULL && what == CURL_POLL_REMOVE)
        return 0;
    if (w == NULL) {
        w = calloc(1, sizeof *w);
        if (w == NULL)
            return -1;
        w->program = p;
        w->fd = fd;
        uv_poll_init_socket(&p->loop, &w->poll, fd);
        w->poll.data = w;
        p->watches[fd] = w;
    }
    w->wanted = what != CURL_POLL_REMOVE;
    if (w->wanted && events != w->events) {
        uv_poll_start(&w->poll, events, on_ready);
        w->events = events;
    }
    return 0;
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static int on_close_socket(void *user, curl_socket_t fd)
{
    program *p = user;
    watch *w = p->watches[fd];
    p->watches[fd] = NULL;
    if (w != NULL)
        uv_close((uv_handle_t *)&w->poll, on_watch_closed);
    return close(fd);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long delay_ms, void *user)
{
    program *p = user;
    (void)multi;
    if (delay_ms < 0)
        uv_timer_stop(&p->timer);
    else
        uv_timer_start(&p->timer, on_timer, (uint64_t)delay_ms, 0);
    return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    request *r = user;
    if (r->len + n > r->cap) {
        size_t cap = (r->len + n) * 2;
        char *body = realloc(r->body, cap);
        if (body == NULL)
            return 0;
        r->body = body;
        r->cap = cap;
    }
    memcpy(r->body + r->len, data, size * n);
    r->len += n;
    return n;
}

static void prepare(program *p, request *r)
{
    r->program = p;
    r->easy = curl_easy_init();
    if (r->easy == NULL)
        load_fail("a handle", "cannot be made");
    curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
    curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(r->easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "handwritten/1.0");
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(r->easy, CURLOPT_CLOSESOCKETDATA, p);
    curl_easy_setopt(r->easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(r->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(r->easy, CURLOPT_PIPEWAIT, strncmp(p->load.url, "https", 5) == 0 ? 1L : 0L);
    if (p->load.ca_file != NULL)
        curl_easy_setopt(r->easy, CURLOPT_CAINFO, p->load.ca_file);
}

static void init(program *p)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    uv_loop_init(&p->loop);
    uv_timer_init(&p->loop, &p->timer);
    p->timer.data = p;
    p->multi = curl_multi_init();
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)p->load.in_flight + 4);
    curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)p->load.in_flight);
    p->headers = curl_slist_append(p->headers, "App-ID: " LOAD_APP_ID);
    p->headers = curl_slist_append(p->headers, "Auth-Token: " LOAD_AUTH_TOKEN);
    p->headers = curl_slist_append(p->headers, "Accept: application/json");
    p->requests = calloc(p->load.in_flight, sizeof *p->requests);
    if (p->multi == NULL || p->headers == NULL || p->requests == NULL)
        load_fail("the program", "out of memory");
    for (unsigned i = 0; i < p->load.in_flight; i++)
        prepare(p, &p->requests[i]);
}

static void fini(program *p)
{
    for (unsigned i = 0; i < p->load.in_flight; i++) {
        curl_easy_cleanup(p->requests[i].easy);
        free(p->requests[i].body);
    }
    curl_multi_cleanup(p->multi);
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    uv_loop_close(&p->loop);
    curl_slist_free_all(p->headers);
    free(p->requests);
}

static void run(program *p, long count)
{
    p->target = p->started + count;
    for (unsigned i = 0; i < p->load.in_flight && p->started < p->target; i++)
        start(&p->requests[i]);
    uv_run(&p->loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
    static program p;
    load_parse(&p.load, argc, argv);
    init(&p);
    if (p.load.cold) {
        run(&p, 1);
    } else {
        load_meter meter;
        run(&p, load_warm_up(&p.load));
        meter = load_meter_start();
        run(&p, p.load.count);
        load_meter_print(&meter);
    }
    fini(&p);
    return 0;
}
