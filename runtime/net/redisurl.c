/* SPDX-License-Identifier: MIT */
#include "redisurl.h"
#include "alloc.h"
#include "text.h"

#include <string.h>

#define DEFAULT_PORT 6379u
#define MAX_DB INT64_C(1000000)

/* What is wrong, as a static text; NULL: nothing. */
typedef const char *fault;

static fault set_number(const char *text, int64_t low, int64_t high, const char *why, int64_t *out)
{
    int64_t number;
    if (!uvrest__text_number(text, strlen(text), &number) || number < low || number > high)
        return why;
    *out = number;
    return NULL;
}

/* In place: what "%XX" stands for is shorter. NUL cannot be part of it. */
static fault decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        int high = *from == '%' ? uvrest__text_hex(from[1]) : -1;
        int low = high < 0 ? -1 : uvrest__text_hex(from[2]);
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return "user or password: broken percent-encoding";
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return NULL;
}

/* Cuts the text at the last of that character and returns what follows it; NULL if there is none. */
static char *cut_at_last(char *text, char c)
{
    char *at = strrchr(text, c);
    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + 1;
}

static fault take_user(uvrest__redisurl *url, char *user)
{
    char *password = strchr(user, ':');
    fault why;
    if (password == NULL)
        return "a user without a password";
    *password++ = '\0';
    why = decode(user);
    if (why == NULL)
        why = decode(password);
    if (why != NULL)
        return why;
    if (*password == '\0')
        return "an empty password";
    url->user = *user == '\0' ? NULL : user;
    url->password = password;
    return NULL;
}

/* Everything up to the last '@'; *rest is what follows it. */
static fault take_users_part(uvrest__redisurl *url, char *text, char **rest)
{
    char *after = cut_at_last(text, '@');
    *rest = after == NULL ? text : after;
    return after == NULL ? NULL : take_user(url, text);
}

static bool is_name(const char *host)
{
    for (; *host != '\0'; host++)
        if (!uvrest__text_is_alpha(*host) && !uvrest__text_is_digit(*host) && strchr("-._:%", *host) == NULL)
            return false;
    return true;
}

static fault take_host(uvrest__redisurl *url, char *host)
{
    char *port = NULL;
    int64_t number = DEFAULT_PORT;
    fault why;
    if (*host == '[') {
        char *end = strchr(++host, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return "host: a broken address";
        *end = '\0';
        port = end[1] == ':' ? end + 2 : NULL;
    } else if (strchr(host, ':') != strrchr(host, ':')) {
        return "host: an IPv6 address stands in brackets";
    } else {
        port = cut_at_last(host, ':');
    }
    if (*host == '\0' || !is_name(host))
        return "host: missing or no name";
    why = port == NULL ? NULL : set_number(port, 1, UINT16_MAX, "port: not a number from 1 to 65535", &number);
    url->host = host;
    url->port = (uint16_t)number;
    return why;
}

static fault take_db(uvrest__redisurl *url, const char *db)
{
    int64_t number = 0;
    fault why = db == NULL || *db == '\0' ? NULL : set_number(db, 0, MAX_DB, "db: not a number", &number);
    url->db = (uint32_t)number;
    return why;
}

static fault read_redis(uvrest__redisurl *url, char *text)
{
    char *rest, *db;
    fault why = take_users_part(url, text, &rest);
    if (why != NULL)
        return why;
    db = strchr(rest, '/');
    if (db != NULL)
        *db++ = '\0';
    why = take_host(url, rest);
    return why != NULL ? why : take_db(url, db);
}

static fault read_unix(uvrest__redisurl *url, char *text)
{
    char *rest = text, *query;
    fault why = NULL;
    if (strncmp(text, "//", 2) == 0)
        why = take_users_part(url, text + 2, &rest);
    if (why != NULL)
        return why;
    query = strchr(rest, '?');
    if (query != NULL)
        *query++ = '\0';
    if (*rest != '/' || strlen(rest) > UVREST__REDISURL_PATH_MAX)
        return "unix: not an absolute path of at most 107 bytes";
    if (query != NULL && strncmp(query, "db=", 3) != 0)
        return "unix: only ?db=n may follow the path";
    url->path = rest;
    return take_db(url, query == NULL ? NULL : query + 3);
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "::1") == 0 || uvrest__text_same(host, strlen(host), "localhost") ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static fault read_all(uvrest__redisurl *url, bool cleartext)
{
    char *text = url->memory;
    fault why;
    if (uvrest__text_control(text, strlen(text)) != NULL)
        return "control characters";
    if (uvrest__text_starts(text, strlen(text), "rediss:"))
        return "hiredis has no TLS; use a tunnel on loopback or a unix socket";
    if (uvrest__text_starts(text, strlen(text), "unix:"))
        return read_unix(url, text + 5);
    if (!uvrest__text_starts(text, strlen(text), "redis://"))
        return "begins neither with redis:// nor with unix:";
    why = read_redis(url, text + 8);
    if (why == NULL && url->password != NULL && !cleartext && !is_loopback(url->host))
        why = "a password in clear text leaves this machine; shared_redis_cleartext permits it";
    return why;
}

uvrest_status uvrest__redisurl_init(uvrest__redisurl *out, const uvrest_alloc *alloc, const char *text, bool cleartext,
                                    uvrest_reason *reason)
{
    uvrest__redisurl url = {.size = strlen(text) + 1};
    fault why = "too long";
    if (url.size <= UVREST__REDISURL_MAX) {
        url.memory = uvrest__strdup(alloc, text);
        if (url.memory == NULL)
            return UVREST_E_NOMEM;
        why = read_all(&url, cleartext);
    }
    if (why == NULL) {
        *out = url;
        return UVREST_OK;
    }
    uvrest__reason_set(reason, "rate_limit.shared_redis: ", why, (char *)NULL);
    uvrest__redisurl_fini(&url, alloc);
    return UVREST_E_INVALID;
}

void uvrest__redisurl_fini(uvrest__redisurl *url, const uvrest_alloc *alloc)
{
    if (url->memory != NULL)
        explicit_bzero(url->memory, url->size);
    uvrest__free(alloc, url->memory);
    memset(url, 0, sizeof *url);
}
