/* SPDX-License-Identifier: MIT */
#include "refusal.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- what libcurl says ---- */

static bool begins(const char *text, size_t len, const char *words)
{
    size_t n = strlen(words);
    return len >= n && memcmp(text, words, n) == 0;
}

/* The number after the words, anywhere in the line; -1: they are not there. */
static int64_t number_after(const char *text, size_t len, const char *words)
{
    const char *at = memmem(text, len, words, strlen(words));
    const char *end = text + len;
    int64_t number = 0;
    if (at == NULL)
        return -1;
    for (at += strlen(words); at < end && *at >= '0' && *at <= '9' && number <= INT32_MAX; at++)
        number = number * 10 + (*at - '0');
    return number;
}

static bool tells_of_refusal(const char *text, size_t len)
{
    return begins(text, len, "REFUSED_STREAM, retrying");
}

void uvrest__refusal_begin(uvrest__refusal *refusal, const char *local_ip, int local_port, const char *ip, int port)
{
    refusal->stream = 0;
    refusal->stale = refusal->stale || (refusal->refused && !refusal->told);
    refusal->refused = refusal->told = refusal->doubted = false;
    snprintf(refusal->connection, sizeof refusal->connection, "%s %d %s %d", local_ip, local_port, ip, port);
}

bool uvrest__refusal_read_connection(uvrest__refusal *refusal, CURL *easy)
{
    const char *local_ip = NULL;
    const char *ip = NULL;
    long local_port = 0;
    long port = 0;
    curl_easy_getinfo(easy, CURLINFO_LOCAL_IP, &local_ip);
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    if (local_ip == NULL || ip == NULL)
        return false;
    *refusal = (uvrest__refusal){0};
    uvrest__refusal_begin(refusal, local_ip, (int)local_port, ip, (int)port);
    return true;
}

bool uvrest__refusal_is_leave(const char *text, size_t len)
{
    return begins(text, len, "Connection died") || begins(text, len, "Downgrades");
}

void uvrest__refusal_hear(uvrest__refusal *refusal, const char *text, size_t len)
{
    if (tells_of_refusal(text, len)) {
        refusal->refused = !refusal->doubted;
        refusal->told = true;
        refusal->stale = false;
    } else if (uvrest__refusal_is_leave(text, len)) {
        refusal->stream = 0; /* what is said from here on concerns another connection */
    } else if (begins(text, len, "Using Stream ID: ")) {
        refusal->stream = number_after(text, len, "ID: ");
    }
}

/* Whole lines: a header that libcurl quotes begins otherwise. */
bool uvrest__refusal_find_goaway(const char *text, size_t len, uvrest__goaway *out)
{
    if (!begins(text, len, "recveived GOAWAY, error=") && !begins(text, len, "received GOAWAY, error=")) /* 7.88, 8.x */
        return false;
    out->orderly = memmem(text, len, "error=0,", 8) != NULL; /* 7.88 prints some as negative numbers */
    out->last = number_after(text, len, ", last_stream=");
    return out->last >= 0;
}

void uvrest__refusal_hear_goaway(uvrest__refusal *refusal, const uvrest__refusal *reader, const uvrest__goaway *goaway)
{
    if (refusal->stream == 0 || strcmp(refusal->connection, reader->connection) != 0)
        return;
    if (!goaway->orderly)
        refusal->doubted = refusal->stale = true; /* libcurl may note a refusal */
    else if (refusal->stream > goaway->last)
        refusal->refused = true;
}

/* ---- what libcurl has noted ---- */

typedef struct question {
    int answerer; /* a UDP socket, which the handle's only request goes to */
    int fd; /* the handle's; libcurl closes it */
    bool refused;
} question;

static int on_text(CURL *easy, curl_infotype type, char *text, size_t len, void *user)
{
    question *q = user;
    (void)easy;
    if (type == CURLINFO_TEXT && tells_of_refusal(text, len))
        q->refused = true;
    return 0;
}

/* Once: the repeat gets nothing, which ends it. */
static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    question *q = user;
    (void)purpose;
    (void)address;
    if (q->fd >= 0)
        return CURL_SOCKET_BAD;
    q->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return q->fd < 0 ? CURL_SOCKET_BAD : q->fd;
}

/* Before the request goes out its answer is there: nothing, which reads as the end of a connection. */
static int on_connected(void *user, char *ip, char *local_ip, int port, int local_port)
{
    question *q = user;
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)ip;
    (void)local_ip;
    (void)port;
    peer.sin_port = htons((uint16_t)local_port);
    if (sendto(q->answerer, "", 0, 0, (struct sockaddr *)&peer, sizeof peer) < 0)
        return CURL_PREREQFUNC_ABORT;
    return CURL_PREREQFUNC_OK;
}

static size_t on_nothing(char *data, size_t size, size_t n, void *user)
{
    (void)data;
    (void)user;
    return size * n;
}

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                                         \
            return false;                                                                                              \
    } while (0)

static bool ask(CURL *easy, question *q, unsigned port)
{
    char url[40];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    curl_easy_reset(easy);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_TIMEOUT_MS, 1000L);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, (void *)q);
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, (void *)q);
    SET(CURLOPT_WRITEFUNCTION, on_nothing);
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_DEBUGFUNCTION, on_text);
    SET(CURLOPT_DEBUGDATA, (void *)q);
    (void)curl_easy_perform(easy);
    return q->refused;
}

bool uvrest__refusal_is_noted(CURL *easy)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof own;
    question q = {.answerer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), .fd = -1};
    bool refused;
    if (q.answerer < 0)
        return false;
    refused = bind(q.answerer, (struct sockaddr *)&own, sizeof own) == 0 &&
              getsockname(q.answerer, (struct sockaddr *)&own, &len) == 0 && ask(easy, &q, ntohs(own.sin_port));
    close(q.answerer);
    return refused;
}
