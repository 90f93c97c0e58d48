/* SPDX-License-Identifier: MIT */
/*
 * Hundreds of thousands of calls with cancels and faults mixed in, the rate limiter off: memory, descriptors and
 * threads stay flat, and each call ends exactly once.
 *   soak [CALLS [MEMORY_KIB]]   MEMORY_KIB: how much the resident memory may grow after the first fifth; 0: any
 * The server is a child process, so that what is measured is the client's alone.
 */
#include "sample_api.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTSTANDING 256u /* calls started and not ended */
#define CLIENT_LIFE 20000u /* calls a client */
#define PEERS 256
#define STEPS 10u

static void die(const char *why)
{
    fprintf(stderr, "soak: %s\n", why);
    raise(SIGKILL);
}

/* ---- the server: one answer in twelve or so is a fault ---- */

typedef struct peer {
    int fd;
    size_t len;
    char input[16384];
} peer;

static void say(int fd, const char *text)
{
    size_t len = strlen(text);
    (void)!send(fd, text, len, MSG_NOSIGNAL);
}

/* Whether the connection stays. */
static bool answer(int fd, unsigned long number)
{
    static const char body[] = "{\"id\":\"a1\",\"size\":5,\"unknown\":[1,2,{\"x\":null}]}";
    struct linger none = {1, 0};
    char text[512];
    switch (number % 97) {
    case 3:
        return false;
    case 11:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        return false;
    case 23:
        say(fd, "HTTP/1.1 500 Broken\r\nContent-Length: 2\r\n\r\n{}");
        return true;
    case 31:
        say(fd, "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
        return true;
    case 43:
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":");
        return false;
    case 59:
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n");
        return false;
    case 67:
        say(fd, "HTTP/1.1 404 Gone\r\nContent-Length: 22\r\n\r\n{\"errors\":[\"no leaf\"]}");
        return true;
    case 79:
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"id\": a1");
        return true;
    case 83:
        return number % 10 != 0; /* nothing, and the connection stays: the client has to give up */
    default:
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", sizeof body - 1,
                 body);
        say(fd, text);
        return true;
    }
}

/* Takes one request out of what came. 0: not all of it is there yet. */
static size_t request_length(const peer *p)
{
    const char *end = memmem(p->input, p->len, "\r\n\r\n", 4);
    const char *line;
    size_t length;
    if (end == NULL)
        return 0;
    length = (size_t)(end - p->input) + 4;
    line = memmem(p->input, length, "Content-Length:", 15);
    if (line != NULL)
        length += strtoul(line + 15, NULL, 10);
    return length <= p->len ? length : 0;
}

static bool receive(peer *p, unsigned long *number)
{
    size_t length;
    ssize_t n = recv(p->fd, p->input + p->len, sizeof p->input - p->len, 0);
    if (n <= 0)
        return false;
    p->len += (size_t)n;
    while ((length = request_length(p)) > 0) {
        memmove(p->input, p->input + length, p->len - length);
        p->len -= length;
        if (!answer(p->fd, (*number)++))
            return false;
    }
    return true;
}

static void serve(int listener)
{
    static peer peers[PEERS];
    static struct pollfd fds[PEERS + 1];
    unsigned long number = 0;
    nfds_t n = 0;
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (;;) {
        if (poll(fds, n + 1, -1) < 0)
            die("poll");
        for (nfds_t i = n; i > 0; i--) {
            if (fds[i].revents == 0 || receive(&peers[i - 1], &number))
                continue;
            close(peers[i - 1].fd);
            peers[i - 1] = peers[n - 1];
            fds[i] = fds[n];
            n--;
        }
        if (fds[0].revents != 0 && n < PEERS) {
            peers[n].fd = accept(listener, NULL, NULL);
            peers[n].len = 0;
            if (peers[n].fd < 0)
                die("accept");
            n++;
            fds[n] = (struct pollfd){.fd = peers[n - 1].fd, .events = POLLIN};
        }
    }
}

static pid_t start_server(char *url, size_t cap)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t parent = getpid();
    pid_t pid;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 512) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        die("no server");
    snprintf(url, cap, "http://127.0.0.1:%d", ntohs(address.sin_port));
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            serve(listener);
        raise(SIGKILL);
    }
    close(listener);
    return pid;
}

/* ---- what is measured ---- */

typedef struct sizes {
    long kib;
    unsigned descriptors;
    unsigned threads;
} sizes;

static unsigned count_entries(const char *path)
{
    unsigned n = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        die(path);
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n - 3; /* ".", ".." and for descriptors the folder itself */
}

static sizes measure(void)
{
    sizes s = {.descriptors = count_entries("/proc/self/fd"), .threads = count_entries("/proc/self/task") + 1};
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        die("/proc/self/statm");
    fclose(file);
    s.kib = pages * (sysconf(_SC_PAGESIZE) / 1024);
    return s;
}

/* ---- the client ---- */

typedef struct soak {
    uvrest_client *client;
    unsigned long started; /* by this client */
    unsigned long goal; /* of this client */
    unsigned long number; /* of all */
    unsigned long ended;
    unsigned long of_status[32];
    uint32_t random;
    struct slot *slots;
} soak;

/* A call that has been started and not ended. */
typedef struct slot {
    soak *soak;
    uvrest_call *call;
} slot;

static uint32_t draw(soak *s)
{
    s->random = s->random * 1664525u + 1013904223u;
    return s->random >> 8;
}

static void start(slot *at);

static void end(slot *at, const uvrest_result *result)
{
    soak *s = at->soak;
    if (at->call == NULL)
        die("a call ended twice");
    at->call = NULL;
    s->ended++;
    s->of_status[-result->status]++;
    if (draw(s) % 16 == 0) {
        slot *other = &s->slots[draw(s) % OUTSTANDING];
        if (other->call != NULL)
            uvrest_call_cancel(other->call);
    }
    start(at);
}

static void on_leaf(const sample_leaf *leaf, const uvrest_result *result, void *user)
{
    if ((leaf != NULL) != (result->status == UVREST_OK))
        die("a value without success, or success without a value");
    end(user, result);
}

static void on_bytes(const uvrest_bytes *value, const uvrest_result *result, void *user)
{
    (void)value;
    end(user, result);
}

static void start(slot *at)
{
    soak *s = at->soak;
    uvrest_call_options options = {.priority = (uvrest_priority)(draw(s) % 3)};
    sample_leaf leaf = {.id = "a1", .size = uvrest_i32(7)};
    sample_leaf_args get = {.leaf_id = "a1", .page = uvrest_i32(3), .call = &options};
    sample_leaf_body_args post = {.leaf_id = "a1", .body = &leaf, .call = &options};
    uvrest_request raw = {.method = UVREST_PUT, .path = "/API/raw/", .body = "{}", .body_len = 2, .call = &options};
    uvrest_status st;
    if (s->started == s->goal)
        return;
    s->started++;
    s->number++;
    switch (s->number % 4) {
    case 0:
        st = uvrest_gen_call(s->client, &leaves_create, &post, (uvrest_any_fn *)on_leaf, at, &at->call);
        break;
    case 1:
        st = uvrest_call_raw(s->client, &raw, on_bytes, at, &at->call);
        break;
    default:
        st = uvrest_gen_call(s->client, &leaves_get, &get, (uvrest_any_fn *)on_leaf, at, &at->call);
    }
    if (st != UVREST_OK)
        die(uvrest_status_name(st));
    if (s->number % 101 == 0)
        uvrest_call_cancel(at->call);
}

/* The life of a client; every second one is freed with calls pending. */
static void live(soak *s, const char *url, unsigned long n_calls, bool early)
{
    slot slots[OUTSTANDING] = {{0}};
    sample_client_options options = {
        .base_url = url,
        .no_proxy = true,
        .timeout_ms = 1000,
        .attempts = 2,
        .max_in_flight = 32,
        .disable_rate_limit_handling = true,
        .app_id = "app",
        .auth_token = "token",
    };
    unsigned long before = s->ended;
    if (uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &s->client) != UVREST_OK)
        die("no client");
    s->slots = slots;
    s->started = 0;
    s->goal = n_calls;
    for (unsigned i = 0; i < OUTSTANDING; i++) {
        slots[i].soak = s;
        start(&slots[i]);
    }
    if (uvrest_client_run(s->client) != UVREST_OK)
        die("the loop does not run");
    if (early) {
        s->goal += OUTSTANDING;
        for (unsigned i = 0; i < OUTSTANDING; i++)
            start(&slots[i]);
        s->goal = s->started; /* their callbacks start no more */
    }
    uvrest_client_free(s->client);
    if (s->ended - before != s->started)
        die("calls are lost");
}

int main(int argc, char **argv)
{
    unsigned long n_calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    long allowed_kib = argc > 2 ? strtol(argv[2], NULL, 10) : 4096;
    unsigned long share = n_calls / STEPS;
    soak s = {.random = 1};
    sizes first = {0};
    sizes now = {0};
    bool flat = true;
    char url[64];
    pid_t server = start_server(url, sizeof url);
    for (unsigned step = 0; step < STEPS; step++) {
        for (unsigned long left = share; left > 0;) {
            unsigned long n = left < CLIENT_LIFE ? left : CLIENT_LIFE;
            live(&s, url, n, step % 2 == 1);
            left -= n;
        }
        now = measure();
        printf("%8lu calls: %ld KiB, %u descriptors, %u threads\n", s.ended, now.kib, now.descriptors, now.threads);
        fflush(stdout);
        if (step == 1)
            first = now;
    }
    for (unsigned i = 0; i < 32; i++)
        if (s.of_status[i] > 0)
            printf("%8lu %s\n", s.of_status[i], uvrest_status_name((uvrest_status) - (int)i));
    flat = now.descriptors <= first.descriptors && now.threads <= first.threads &&
           (allowed_kib == 0 || now.kib - first.kib <= allowed_kib);
    printf("figure soak.calls %lu\nfigure soak.growth_kib %ld\nfigure soak.growth_descriptors %d\n"
           "figure soak.growth_threads %d\n%s\n",
           s.ended, now.kib - first.kib, (int)now.descriptors - (int)first.descriptors,
           (int)now.threads - (int)first.threads, flat ? "flat" : "NOT flat");
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return flat ? 0 : 1;
}
