/* SPDX-License-Identifier: MIT */
#include "redis.h"
#include "alloc.h"

#include <string.h>

#ifdef UVREST_REDIS

#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_REST_MS 100u
#define LONGEST_REST_MS 5000u
#define CONNECT_MS 2000u
#define CHUNK 16384u
#define MAX_ADDRESSES 8u
#define MAX_WORDS 256u
#define ERROR_SIZE 16u

typedef enum call_kind { CALL_AUTH, CALL_SELECT, CALL_SCRIPT } call_kind;

/* A command that has been sent; answers come in the order of commands. */
typedef struct call {
    struct call *next;
    call_kind kind;
    void *tag;
    uint32_t patience_ms;
    bool whole; /* the script went along */
    size_t n; /* words, kept in case the server does not know the script */
    char words[];
} call;

/* What the reader has found so far of one answer. */
typedef struct answer {
    int type; /* of the whole: REDIS_REPLY_... */
    bool flat; /* a list of numbers, nothing else in it */
    size_t n;
    int64_t values[UVREST__REDIS_VALUES];
    char text[ERROR_SIZE]; /* beginning of an error */
} answer;

typedef struct address {
    struct sockaddr_storage at;
    socklen_t len;
} address;

/* Handed to the thread pool; outlives a connection that is closed meanwhile. */
typedef struct lookup {
    struct uvrest__redis *redis; /* NULL: closed */
    const uvrest_alloc *alloc;
    uint32_t n;
    address found[MAX_ADDRESSES];
    uint16_t port;
    char host[];
} lookup;

typedef enum state { OFF, LOOKING_UP, CONNECTING, READY } state;

struct uvrest__redis {
    uvrest__redis_conf conf;
    struct uvrest__redis *next_abandoned;
    uvrest__timer *timer; /* OFF: the rest before the next try; else the patience */
    state state;
    bool resting;
    uint32_t rest_ms;
    const char *why;
    lookup *lookup;
    uint32_t n_failed; /* tries: each takes another of a name's addresses */
    int fd;
    uvrest__poll *poll;
    redisReader *reader;
    answer answer;
    size_t n_unread; /* bytes fed since the last whole answer */
    uvrest__buf out;
    size_t n_sent; /* of out */
    call *first;
    call **last;
};

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static answer *answer_of(const redisReadTask *task)
{
    return task->privdata;
}

/* Each part of an answer goes through one of these. A part that cannot be one of ours only spoils it. */
static void *note(const redisReadTask *task, int type)
{
    answer *a = answer_of(task);
    if (task->parent == NULL) {
        *a = (answer){.type = type, .flat = type == REDIS_REPLY_ARRAY};
    } else if (type != REDIS_REPLY_INTEGER) {
        a->flat = false;
    }
    return a;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    answer *a = note(task, task->type);
    if (task->parent == NULL && task->type == REDIS_REPLY_ERROR)
        memcpy(a->text, text, len < ERROR_SIZE - 1 ? len : ERROR_SIZE - 1);
    return a;
}

/* NULL makes the reader give up: nothing is made for what is too large. */
#if HIREDIS_MAJOR == 0
static void *create_array(const redisReadTask *task, int n)
#else
static void *create_array(const redisReadTask *task, size_t n)
#endif
{
    return (size_t)n > UVREST__REDIS_VALUES ? NULL : note(task, REDIS_REPLY_ARRAY);
}

static void *create_integer(const redisReadTask *task, long long number)
{
    answer *a = note(task, REDIS_REPLY_INTEGER);
    if (task->parent == NULL || a->n == UVREST__REDIS_VALUES)
        a->flat = false;
    else
        a->values[a->n++] = number;
    return a;
}

static void *create_nil(const redisReadTask *task)
{
    return note(task, REDIS_REPLY_NIL);
}

static void free_object(void *object)
{
    (void)object; /* the one there is is ours */
}

static redisReplyObjectFunctions objects = {.createString = create_string,
                                            .createArray = create_array,
                                            .createInteger = create_integer,
                                            .createNil = create_nil,
                                            .freeObject = free_object};

/* ---- the end of a connection ------------------------------------------------------------------------------------- */

static void clear_out(uvrest__redis *redis)
{
    if (redis->out.data != NULL)
        explicit_bzero(redis->out.data, redis->out.len); /* a password, perhaps */
    uvrest__buf_clear(&redis->out);
    redis->n_sent = 0;
}

static void disconnect(uvrest__redis *redis)
{
    uvrest__poll_close(redis->poll);
    redis->poll = NULL;
    if (redis->fd >= 0)
        close(redis->fd);
    redis->fd = -1;
    if (redis->reader != NULL)
        redisReaderFree(redis->reader);
    redis->reader = NULL;
    clear_out(redis);
    if (redis->lookup != NULL)
        redis->lookup->redis = NULL;
    redis->lookup = NULL;
    redis->state = OFF;
}

static void free_call(uvrest__redis *redis, call *gone)
{
    uvrest__free(redis->conf.alloc, gone);
}

static call *take_calls(uvrest__redis *redis)
{
    call *all = redis->first;
    redis->first = NULL;
    redis->last = &redis->first;
    return all;
}

/* Ends the connection and all calls on it; the next try comes after a rest. */
static void fail(uvrest__redis *redis, const char *why)
{
    call *open = take_calls(redis);
    disconnect(redis);
    redis->why = why;
    redis->n_failed++;
    redis->resting = true;
    uvrest__timer_set(redis->timer, redis->rest_ms);
    redis->rest_ms = redis->rest_ms * 2 < LONGEST_REST_MS ? redis->rest_ms * 2 : LONGEST_REST_MS;
    while (open != NULL) {
        call *next = open->next;
        if (open->kind == CALL_SCRIPT)
            redis->conf.on_answer(open->tag, NULL, 0, redis->conf.user);
        free_call(redis, open);
        open = next;
    }
    redis->conf.on_lost(redis->conf.user);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* false: the connection is broken. */
static bool flush(uvrest__redis *redis)
{
    while (redis->n_sent < redis->out.len) {
        ssize_t n = send(redis->fd, redis->out.data + redis->n_sent, redis->out.len - redis->n_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return uvrest__poll_watch(redis->poll, UVREST__POLL_IN | UVREST__POLL_OUT) == UVREST_OK;
        if (n <= 0)
            return false;
        redis->n_sent += (size_t)n;
    }
    clear_out(redis);
    return uvrest__poll_watch(redis->poll, UVREST__POLL_IN) == UVREST_OK;
}

/* Appends a command to what is to be sent. */
static uvrest_status append(uvrest__redis *redis, const char *const *words, int n)
{
    char *text = NULL;
    uvrest_status st = UVREST_E_NOMEM;
    int len = (int)redisFormatCommandArgv(&text, n, (const char **)(uintptr_t)words, NULL);
    if (len < 0 || text == NULL)
        return UVREST_E_NOMEM;
    if (uvrest__buf_reserve(&redis->out, (size_t)len) != NULL) {
        uvrest__buf_append(&redis->out, text, (size_t)len);
        st = UVREST_OK;
    }
    explicit_bzero(text, (size_t)len);
    redisFreeCommand(text);
    return st;
}

static void watch_over(uvrest__redis *redis)
{
    if (redis->first != NULL)
        uvrest__timer_set(redis->timer, redis->first->patience_ms);
    else
        uvrest__timer_stop(redis->timer);
}

static void push(uvrest__redis *redis, call *c)
{
    c->next = NULL;
    *redis->last = c;
    redis->last = &c->next;
    if (redis->first == c)
        watch_over(redis);
}

static uvrest_status send_words(uvrest__redis *redis, call_kind kind, const char *const *words, int n)
{
    uvrest_status st;
    call *c = uvrest__zalloc(redis->conf.alloc, sizeof *c);
    if (c == NULL)
        return UVREST_E_NOMEM;
    st = append(redis, words, n);
    if (st != UVREST_OK) {
        free_call(redis, c);
        return st;
    }
    c->kind = kind;
    c->patience_ms = CONNECT_MS;
    push(redis, c);
    return UVREST_OK;
}

static uvrest_status send_script(uvrest__redis *redis, const call *c)
{
    const char *words[MAX_WORDS];
    const char *word = c->words;
    int n = 0;
    words[n++] = c->whole ? "EVAL" : "EVALSHA";
    words[n++] = c->whole ? redis->conf.script : redis->conf.script_name;
    for (size_t i = 0; i < c->n; i++, word += strlen(word) + 1)
        words[n++] = word;
    return append(redis, words, n);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const char *why_refused(const answer *a, call_kind kind)
{
    if (strncmp(a->text, "LOADING", 7) == 0)
        return "it is loading its data";
    if (strncmp(a->text, "ERR max number", 14) == 0)
        return "it has too many clients";
    if (kind == CALL_AUTH)
        return "it refuses user or password";
    if (kind == CALL_SELECT)
        return "it refuses the db";
    if (strncmp(a->text, "NOAUTH", 6) == 0)
        return "it wants a password";
    if (strncmp(a->text, "READONLY", 8) == 0)
        return "it is a read-only copy";
    return "it refused the script";
}

/* NULL if it is what was asked for. */
static const char *why_useless(const answer *a, call_kind kind)
{
    if (a->type == REDIS_REPLY_ERROR)
        return why_refused(a, kind);
    return (kind == CALL_SCRIPT ? a->flat : a->type == REDIS_REPLY_STATUS) ? NULL : "it is no Redis server";
}

/* NULL, or why the connection is of no use any more. */
static const char *take_answer(uvrest__redis *redis)
{
    const answer *a = &redis->answer;
    const char *why;
    call *c = redis->first;
    if (c == NULL)
        return "it said something unasked";
    redis->first = c->next;
    if (redis->first == NULL)
        redis->last = &redis->first;
    if (c->kind == CALL_SCRIPT && !c->whole && a->type == REDIS_REPLY_ERROR && strncmp(a->text, "NOSCRIPT", 8) == 0) {
        c->whole = true;
        push(redis, c);
        return send_script(redis, c) == UVREST_OK ? NULL : "no memory";
    }
    watch_over(redis);
    why = why_useless(a, c->kind);
    if (why != NULL)
        redis->why = why; /* before anybody hears of it */
    if (c->kind == CALL_SCRIPT) {
        redis->conf.on_answer(c->tag, a->flat ? a->values : NULL, a->flat ? a->n : 0, redis->conf.user);
        if (a->flat)
            redis->rest_ms = FIRST_REST_MS;
    }
    free_call(redis, c);
    return why;
}

static const char *take_answers(uvrest__redis *redis)
{
    const char *why = NULL;
    void *object = NULL;
    while (why == NULL) {
        if (redisReaderGetReply(redis->reader, &object) != REDIS_OK)
            return "it is no Redis server";
        if (object == NULL)
            return redis->n_unread > UVREST__REDIS_MAX_ANSWER ? "its answer is too long" : NULL;
        redis->n_unread = 0;
        why = take_answer(redis);
    }
    return why;
}

static const char *receive(uvrest__redis *redis)
{
    char chunk[CHUNK];
    ssize_t n = recv(redis->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? NULL : "the connection broke";
    if (n == 0)
        return "it closed the connection";
    redis->n_unread += (size_t)n;
    if (redisReaderFeed(redis->reader, chunk, (size_t)n) != REDIS_OK)
        return "no memory";
    return take_answers(redis);
}

/* ---- connecting -------------------------------------------------------------------------------------------------- */

static uvrest_status shake_hands(uvrest__redis *redis)
{
    const uvrest__redisurl *url = redis->conf.url;
    uvrest_status st = UVREST_OK;
    char db[16];
    if (url->password != NULL && url->user != NULL)
        st = send_words(redis, CALL_AUTH, (const char *const[]){"AUTH", url->user, url->password}, 3);
    else if (url->password != NULL)
        st = send_words(redis, CALL_AUTH, (const char *const[]){"AUTH", url->password}, 2);
    if (st == UVREST_OK && url->db != 0) {
        snprintf(db, sizeof db, "%u", (unsigned)url->db);
        st = send_words(redis, CALL_SELECT, (const char *const[]){"SELECT", db}, 2);
    }
    return st;
}

static void on_connected(uvrest__redis *redis)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        fail(redis, "it cannot be reached");
        return;
    }
    redis->reader = redisReaderCreateWithFunctions(&objects);
    if (redis->reader == NULL) {
        fail(redis, "no memory");
        return;
    }
    redis->reader->privdata = &redis->answer;
    redis->n_unread = 0;
    redis->state = READY;
    uvrest__timer_stop(redis->timer);
    if (shake_hands(redis) != UVREST_OK)
        fail(redis, "no memory");
    else if (!flush(redis))
        fail(redis, "the connection broke");
    else
        redis->conf.on_ready(redis->conf.user);
}

static void on_poll(int fd, unsigned events, void *user)
{
    uvrest__redis *redis = user;
    const char *why = NULL;
    (void)fd;
    if (redis->state == CONNECTING) {
        on_connected(redis);
        return;
    }
    if (events & (UVREST__POLL_IN | UVREST__POLL_ERROR))
        why = receive(redis);
    if (why == NULL && redis->out.len > 0 && !flush(redis))
        why = "the connection broke";
    if (why != NULL)
        fail(redis, why);
}

static const char *open_socket(uvrest__redis *redis, const address *to)
{
    const int on = 1;
    redis->fd = socket(to->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (redis->fd < 0)
        return "no descriptors left";
    if (to->at.ss_family != AF_UNIX)
        (void)setsockopt(redis->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(redis->fd, (const struct sockaddr *)&to->at, to->len) != 0 && errno != EINPROGRESS)
        return "it cannot be reached";
    if (uvrest__poll_new(redis->conf.loop, redis->fd, on_poll, redis, &redis->poll) != UVREST_OK ||
        uvrest__poll_watch(redis->poll, UVREST__POLL_OUT) != UVREST_OK)
        return "no memory";
    return NULL;
}

static void connect_to(uvrest__redis *redis, const address *to)
{
    const char *why;
    redis->state = CONNECTING;
    uvrest__timer_set(redis->timer, CONNECT_MS);
    why = open_socket(redis, to);
    if (why != NULL)
        fail(redis, why);
}

static void look_up(lookup *l, int flags)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)l->port);
    l->n = 0;
    if (getaddrinfo(l->host, port, &hints, &list) != 0)
        return;
    for (const struct addrinfo *one = list; one != NULL && l->n < MAX_ADDRESSES; one = one->ai_next)
        if (one->ai_addrlen <= sizeof l->found[0].at) {
            memcpy(&l->found[l->n].at, one->ai_addr, one->ai_addrlen);
            l->found[l->n++].len = one->ai_addrlen;
        }
    freeaddrinfo(list);
}

static void look_up_on_pool(void *user)
{
    look_up(user, 0);
}

static void on_looked_up(void *user)
{
    lookup *l = user;
    uvrest__redis *redis = l->redis;
    if (redis != NULL) {
        redis->lookup = NULL;
        if (l->n == 0)
            fail(redis, "its name is not known");
        else
            connect_to(redis, &l->found[redis->n_failed % l->n]);
    }
    uvrest__free(l->alloc, l);
}

static void connect_by_name(uvrest__redis *redis)
{
    const uvrest__redisurl *url = redis->conf.url;
    size_t len = strlen(url->host) + 1;
    lookup *l = uvrest__zalloc(redis->conf.alloc, sizeof *l + len);
    if (l == NULL) {
        fail(redis, "no memory");
        return;
    }
    l->redis = redis;
    l->alloc = redis->conf.alloc;
    l->port = url->port;
    memcpy(l->host, url->host, len);
    look_up(l, AI_NUMERICHOST);
    redis->state = LOOKING_UP;
    redis->lookup = l;
    if (l->n > 0) {
        on_looked_up(l);
    } else if (uvrest__loop_work(redis->conf.loop, look_up_on_pool, on_looked_up, l) != UVREST_OK) {
        redis->lookup = NULL;
        uvrest__free(l->alloc, l);
        fail(redis, "no memory");
    }
}

static void begin(uvrest__redis *redis)
{
    const uvrest__redisurl *url = redis->conf.url;
    if (url->path != NULL) {
        address to = {.len = sizeof(struct sockaddr_un)};
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        memcpy(un.sun_path, url->path, strlen(url->path) + 1);
        memcpy(&to.at, &un, sizeof un);
        connect_to(redis, &to);
    } else {
        connect_by_name(redis);
    }
}

static void on_timer(void *user)
{
    uvrest__redis *redis = user;
    if (redis->state == OFF) {
        redis->resting = false;
        redis->conf.on_ready(redis->conf.user);
    } else {
        fail(redis, redis->state == CONNECTING ? "it cannot be reached" : "it does not answer");
    }
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

bool uvrest__redis_is_built(void)
{
    return true;
}

uvrest_status uvrest__redis_new(const uvrest__redis_conf *conf, uvrest__redis **out)
{
    uvrest_status st;
    uvrest__redis *redis = uvrest__zalloc(conf->alloc, sizeof *redis);
    if (redis == NULL)
        return UVREST_E_NOMEM;
    redis->conf = *conf;
    redis->fd = -1;
    redis->rest_ms = FIRST_REST_MS;
    redis->last = &redis->first;
    redis->why = "it was not asked yet";
    uvrest__buf_init(&redis->out, conf->alloc, 0);
    st = uvrest__timer_new(conf->loop, on_timer, redis, &redis->timer);
    if (st != UVREST_OK) {
        uvrest__free(conf->alloc, redis);
        return st;
    }
    *out = redis;
    return UVREST_OK;
}

bool uvrest__redis_is_ready(uvrest__redis *redis)
{
    if (redis->state == OFF && !redis->resting)
        begin(redis);
    return redis->state == READY;
}

bool uvrest__redis_is_connected(const uvrest__redis *redis)
{
    return redis->state == READY;
}

static size_t size_of_words(const char *words, size_t n)
{
    const char *end = words;
    while (n-- > 0)
        end += strlen(end) + 1;
    return (size_t)(end - words);
}

uvrest_status uvrest__redis_call(uvrest__redis *redis, const char *words, size_t n, uint32_t patience_ms, void *tag)
{
    size_t size = size_of_words(words, n);
    call *c;
    if (n > MAX_WORDS - 2)
        return UVREST_E_NOMEM;
    c = uvrest__zalloc(redis->conf.alloc, sizeof *c + size);
    if (c == NULL)
        return UVREST_E_NOMEM;
    c->kind = CALL_SCRIPT;
    c->tag = tag;
    c->patience_ms = patience_ms;
    c->n = n;
    memcpy(c->words, words, size);
    if (send_script(redis, c) != UVREST_OK) {
        free_call(redis, c);
        return UVREST_E_NOMEM;
    }
    push(redis, c);
    if (!flush(redis))
        uvrest__timer_set(redis->timer, 0); /* told on the next turn */
    return UVREST_OK;
}

const char *uvrest__redis_why(const uvrest__redis *redis)
{
    return redis->why;
}

void uvrest__redis_close(uvrest__redis *redis)
{
    if (redis == NULL)
        return;
    for (call *open = take_calls(redis), *next; open != NULL; open = next) {
        next = open->next;
        free_call(redis, open);
    }
    disconnect(redis);
    uvrest__timer_close(redis->timer);
    uvrest__buf_fini(&redis->out);
    uvrest__free(redis->conf.alloc, redis);
}

void uvrest__redis_abandon(uvrest__redis *redis)
{
    static uvrest__redis *abandoned; /* so that leak checkers see that somebody knows */
    if (redis == NULL)
        return;
    clear_out(redis);
    if (redis->fd >= 0)
        close(redis->fd);
    redis->next_abandoned = abandoned;
    abandoned = redis;
}

#else

bool uvrest__redis_is_built(void)
{
    return false;
}

uvrest_status uvrest__redis_new(const uvrest__redis_conf *conf, uvrest__redis **out)
{
    (void)conf;
    (void)out;
    return UVREST_E_INVALID;
}

bool uvrest__redis_is_ready(uvrest__redis *redis)
{
    (void)redis;
    return false;
}

bool uvrest__redis_is_connected(const uvrest__redis *redis)
{
    (void)redis;
    return false;
}

uvrest_status uvrest__redis_call(uvrest__redis *redis, const char *words, size_t n, uint32_t patience_ms, void *tag)
{
    (void)redis;
    (void)words;
    (void)n;
    (void)patience_ms;
    (void)tag;
    return UVREST_E_INVALID;
}

const char *uvrest__redis_why(const uvrest__redis *redis)
{
    (void)redis;
    return "the library was built without hiredis";
}

void uvrest__redis_close(uvrest__redis *redis)
{
    (void)redis;
}

void uvrest__redis_abandon(uvrest__redis *redis)
{
    (void)redis;
}

#endif
