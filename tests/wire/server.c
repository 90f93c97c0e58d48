/* SPDX-License-Identifier: MIT */
#include "server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* cmocka.h wants the headers above. */
#include <cmocka.h>

#define MAX_PARTS 64
#define MAX_CONNECTIONS 4096
#define INPUT_MAX (8 * 1024 * 1024)

struct server {
    char *script;
    char *parts[MAX_PARTS]; /* first line of each */
    size_t n_parts;
    SSL_CTX *tls;
    const char *alpn;
    int listener;
    int port;
    int stop_pipe[2]; /* closed at its writing end to end everybody */
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t mutex; /* of all below */
    pthread_t threads[MAX_CONNECTIONS];
    size_t n_threads;
    size_t n_requests;
    size_t n_silent;
    pthread_cond_t silenced;
    char *received;
    size_t received_len;
    char failure[1024];
};

typedef struct connection {
    server *s;
    int fd;
    SSL *ssl;
    char *input; /* received and not used yet */
    size_t len;
    char *head; /* of the newest request */
    char *body;
    size_t body_len;
    uint32_t stream; /* HTTP/2: of the newest request */
    bool dead;
    bool silent;
} connection;

static void note_silence(server *s)
{
    pthread_mutex_lock(&s->mutex);
    s->n_silent++;
    pthread_cond_broadcast(&s->silenced);
    pthread_mutex_unlock(&s->mutex);
}

static void complain(server *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void complain(server *s, const char *format, ...)
{
    va_list args;
    pthread_mutex_lock(&s->mutex);
    if (s->failure[0] == '\0') {
        va_start(args, format);
        vsnprintf(s->failure, sizeof s->failure, format, args);
        va_end(args);
    }
    pthread_mutex_unlock(&s->mutex);
}

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- bytes ---- */

/* Waits until the descriptor is ready, or the server stops, or the time is over (ms < 0: never). */
static bool wait_for(connection *c, short events, int ms)
{
    struct pollfd fds[2] = {{.fd = c->fd, .events = events}, {.fd = c->s->stop_pipe[0], .events = POLLIN}};
    int n = poll(fds, 2, ms);
    return n > 0 && fds[1].revents == 0;
}

static void add_received(server *s, const char *bytes, size_t len)
{
    pthread_mutex_lock(&s->mutex);
    s->received = need(realloc(s->received, s->received_len + len + 1));
    memcpy(s->received + s->received_len, bytes, len);
    s->received_len += len;
    s->received[s->received_len] = '\0';
    pthread_mutex_unlock(&s->mutex);
}

static bool read_more(connection *c)
{
    ssize_t n;
    if (c->dead || c->len >= INPUT_MAX)
        return false;
    if ((c->ssl == NULL || SSL_pending(c->ssl) == 0) && !wait_for(c, POLLIN, -1)) {
        c->dead = true;
        return false;
    }
    c->input = need(realloc(c->input, c->len + 65537));
    n = c->ssl != NULL ? SSL_read(c->ssl, c->input + c->len, 65536) : recv(c->fd, c->input + c->len, 65536, 0);
    if (n <= 0) {
        c->dead = true;
        return false;
    }
    add_received(c->s, c->input + c->len, (size_t)n);
    c->len += (size_t)n;
    c->input[c->len] = '\0';
    return true;
}

static void use(connection *c, size_t n)
{
    memmove(c->input, c->input + n, c->len - n);
    c->len -= n;
}

static void write_all(connection *c, const char *bytes, size_t len)
{
    while (len > 0 && !c->dead) {
        ssize_t n;
        if (c->ssl == NULL && !wait_for(c, POLLOUT, -1)) {
            c->dead = true;
            return;
        }
        n = c->ssl != NULL ? SSL_write(c->ssl, bytes, len > 16384 ? 16384 : (int)len)
                           : send(c->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR) && c->ssl == NULL)
            continue;
        if (n <= 0) {
            c->dead = true;
            return;
        }
        bytes += n;
        len -= (size_t)n;
    }
}

static char *unescape(const char *text, size_t *out_len)
{
    char *out = need(malloc(strlen(text) + 1));
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (*text != '\\') {
            out[n++] = *text;
            continue;
        }
        switch (*++text) {
        case 'r':
            out[n++] = '\r';
            break;
        case 'n':
            out[n++] = '\n';
            break;
        case 't':
            out[n++] = '\t';
            break;
        case '0':
            out[n++] = '\0';
            break;
        case 'x': {
            char digits[3] = {text[1], text[2], '\0'};
            out[n++] = (char)strtoul(digits, NULL, 16);
            text += 2;
            break;
        }
        default:
            out[n++] = *text;
        }
    }
    *out_len = n;
    return out;
}

/* ---- requests ---- */

static const char *find_header(const char *head, const char *name, size_t name_len)
{
    const char *line = strstr(head, "\r\n");
    while (line != NULL && line[2] != '\0') {
        line += 2;
        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':')
            return line;
        line = strstr(line, "\r\n");
    }
    return NULL;
}

static bool read_body(connection *c, size_t head_len)
{
    const char *line = find_header(c->head, "Content-Length", 14);
    size_t length = line == NULL ? 0 : strtoul(line + 15, NULL, 10);
    while (c->len < head_len + length)
        if (!read_more(c))
            return false;
    free(c->body);
    c->body = need(malloc(length + 1));
    memcpy(c->body, c->input + head_len, length);
    c->body[length] = '\0';
    c->body_len = length;
    use(c, head_len + length);
    return true;
}

static bool read_request(connection *c)
{
    char *end = NULL;
    size_t head_len;
    while (c->len == 0 || (end = strstr(c->input, "\r\n\r\n")) == NULL)
        if (!read_more(c))
            return false;
    head_len = (size_t)(end - c->input) + 4;
    free(c->head);
    c->head = need(strndup(c->input, head_len));
    if (!read_body(c, head_len))
        return false;
    pthread_mutex_lock(&c->s->mutex);
    c->s->n_requests++;
    pthread_mutex_unlock(&c->s->mutex);
    return true;
}

/* ---- HTTP/2 ---- */

static const char *const frame_types[] = {"DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
                                          "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
#define N_FRAME_TYPES (sizeof frame_types / sizeof frame_types[0])

static unsigned frame_type(connection *c, const char *name, size_t len)
{
    for (unsigned i = 0; i < N_FRAME_TYPES; i++)
        if (strlen(frame_types[i]) == len && strncmp(frame_types[i], name, len) == 0)
            return i;
    complain(c->s, "no type of frame: %.*s", (int)len, name);
    return 0;
}

/* Reads frames until one of the type has come. */
static bool read_frames(connection *c, unsigned type)
{
    for (;;) {
        const unsigned char *head;
        size_t length;
        unsigned got;
        while (c->len < 9)
            if (!read_more(c))
                return false;
        head = (const unsigned char *)c->input;
        length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        got = head[3];
        if (got == 1) {
            c->stream = ((uint32_t)head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
            pthread_mutex_lock(&c->s->mutex);
            c->s->n_requests++;
            pthread_mutex_unlock(&c->s->mutex);
        }
        while (c->len < 9 + length)
            if (!read_more(c))
                return false;
        use(c, 9 + length);
        if (got == type)
            return true;
    }
}

static void check_arrived(connection *c)
{
    struct pollfd more = {.fd = c->fd, .events = POLLIN};
    if (c->len == 0 && (c->ssl == NULL || SSL_pending(c->ssl) == 0) && poll(&more, 1, 0) != 1)
        complain(c->s, "nothing more is there");
}

/* "N TYPE FLAGS STREAM TEXT" */
static void send_frames(connection *c, const char *rest)
{
    char *at;
    unsigned long times = strtoul(rest, &at, 10);
    size_t name_len = strcspn(++at, " ");
    unsigned type = frame_type(c, at, name_len);
    unsigned long flags = strtoul(at + name_len, &at, 10);
    uint32_t stream = c->stream;
    size_t len;
    char *payload;
    char *frame;
    if (*++at != '-')
        stream = (uint32_t)strtoul(at, &at, 10);
    else
        at++;
    payload = unescape(*at == ' ' ? at + 1 : at, &len);
    frame = need(malloc(len + 9));
    for (unsigned i = 0; i < 3; i++)
        frame[i] = (char)(len >> (16 - 8 * i));
    frame[3] = (char)type;
    frame[4] = (char)flags;
    for (unsigned i = 0; i < 4; i++)
        frame[5 + i] = (char)(stream >> (24 - 8 * i));
    memcpy(frame + 9, payload, len);
    while (times-- > 0 && !c->dead)
        write_all(c, frame, len + 9);
    free(payload);
    free(frame);
}

static void check_header(connection *c, const char *line)
{
    const char *found = find_header(c->head, line, strcspn(line, ":"));
    size_t len = strlen(line);
    if (found == NULL || strncmp(found, line, len) != 0 || found[len] != '\r')
        complain(c->s, "no header line \"%s\" in:\n%s", line, c->head);
}

static void check_body(connection *c, const char *text)
{
    if (strlen(text) != c->body_len || memcmp(text, c->body, c->body_len) != 0)
        complain(c->s, "body is not \"%s\" but \"%s\"", text, c->body);
}

/* ---- the script ---- */

static void reply(connection *c, int status, const char *lines, const char *body)
{
    size_t cap = strlen(lines) + strlen(body) + 256;
    char *text = need(malloc(cap));
    int n = snprintf(text, cap,
                     "HTTP/1.1 %d Some Reason\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
                     status, lines, status == 204 ? 0 : strlen(body), body);
    write_all(c, text, (size_t)n);
    free(text);
}

static void reply_with_lines(connection *c, const char *rest)
{
    int status = atoi(rest);
    char *lines = need(calloc(1, strlen(rest) * 2 + 1));
    const char *at = strchr(rest, ' ');
    const char *bar;
    at = at == NULL ? "" : at + 1;
    while ((bar = strchr(at, '|')) != NULL) {
        strncat(lines, at, (size_t)(bar - at));
        strcat(lines, "\r\n");
        at = bar + 1;
    }
    reply(c, status, lines, at);
    free(lines);
}

static void send_text(connection *c, const char *text, unsigned long times)
{
    size_t len;
    char *bytes = unescape(text, &len);
    while (times-- > 0 && !c->dead)
        write_all(c, bytes, len);
    free(bytes);
}

static void trickle(connection *c, const char *rest)
{
    char *text;
    int ms = (int)strtol(rest, &text, 10);
    size_t len;
    char *bytes = unescape(text + 1, &len);
    for (size_t i = 0; i < len && !c->dead; i++) {
        write_all(c, bytes + i, 1);
        (void)wait_for(c, 0, ms);
    }
    free(bytes);
}

static void reset(connection *c)
{
    struct linger none = {1, 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    c->dead = true;
}

static bool starts(const char *line, const char *word, const char **out_rest)
{
    size_t len = strlen(word);
    if (strncmp(line, word, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
        return false;
    *out_rest = line[len] == ' ' ? line + len + 1 : line + len;
    return true;
}

/* Does one line. false: the part has ended. */
static bool do_line(connection *c, const char *line, bool *out_loop)
{
    const char *rest;
    if (starts(line, "expect", &rest)) {
        if (!read_request(c))
            return false;
        if (strncmp(c->head, rest, strlen(rest)) != 0)
            complain(c->s, "expected \"%s\", got:\n%s", rest, c->head);
    } else if (starts(line, "header", &rest)) {
        check_header(c, rest);
    } else if (starts(line, "no-header", &rest)) {
        if (find_header(c->head, rest, strlen(rest)) != NULL)
            complain(c->s, "unwanted header %s in:\n%s", rest, c->head);
    } else if (starts(line, "body", &rest)) {
        check_body(c, rest);
    } else if (starts(line, "reply", &rest)) {
        reply(c, atoi(rest), "", strchr(rest, ' ') == NULL ? "" : strchr(rest, ' ') + 1);
    } else if (starts(line, "reply+", &rest)) {
        reply_with_lines(c, rest);
    } else if (starts(line, "send", &rest)) {
        send_text(c, rest, 1);
    } else if (starts(line, "repeat", &rest)) {
        send_text(c, strchr(rest, ' ') + 1, strtoul(rest, NULL, 10));
    } else if (starts(line, "trickle", &rest)) {
        trickle(c, rest);
    } else if (starts(line, "read", &rest)) {
        size_t n = strtoul(rest, NULL, 10);
        while (c->len < n)
            if (!read_more(c))
                return false;
        use(c, n);
    } else if (starts(line, "frame", &rest)) {
        send_frames(c, rest);
    } else if (starts(line, "arrived", &rest)) {
        check_arrived(c);
    } else if (starts(line, "read-frame", &rest)) {
        return read_frames(c, frame_type(c, rest, strlen(rest)));
    } else if (starts(line, "pause", &rest)) {
        struct pollfd stop = {.fd = c->s->stop_pipe[0], .events = POLLIN};
        (void)poll(&stop, 1, atoi(rest));
    } else if (starts(line, "stall", &rest)) {
        if (!c->silent)
            note_silence(c->s);
        c->silent = true;
        while (read_more(c)) {
        }
    } else if (starts(line, "deaf", &rest)) {
        shutdown(c->s->listener, SHUT_RDWR);
    } else if (starts(line, "loop", &rest)) {
        *out_loop = true;
        return false;
    } else if (starts(line, "close", &rest)) {
        return false;
    } else if (starts(line, "reset", &rest)) {
        reset(c);
    } else {
        complain(c->s, "the script has a line \"%s\"", line);
    }
    return !c->dead;
}

static void play(connection *c, const char *part)
{
    bool loop = true;
    while (loop) {
        const char *at = part;
        loop = false;
        while (*at != '\0') {
            size_t len = strcspn(at, "\n");
            char *line = need(strndup(at, len));
            const char *begin = line + strspn(line, " ");
            bool go_on = strcmp(begin, "conn") != 0;
            if (go_on && *begin != '#' && *begin != '\0')
                go_on = do_line(c, begin, &loop);
            free(line);
            if (!go_on)
                break;
            at += len + (at[len] == '\n');
        }
    }
}

/* ---- threads ---- */

typedef struct job {
    server *s;
    int fd;
    size_t number;
} job;

static void *serve(void *user)
{
    job *j = user;
    connection c = {.s = j->s, .fd = j->fd};
    size_t part = j->number < j->s->n_parts ? j->number : j->s->n_parts - 1;
    free(j);
    if (c.s->tls != NULL) {
        c.ssl = need(SSL_new(c.s->tls));
        SSL_set_fd(c.ssl, c.fd);
        c.dead = !wait_for(&c, POLLIN, -1) || SSL_accept(c.ssl) != 1;
    }
    if (!c.dead)
        play(&c, c.s->parts[part]);
    if (c.ssl != NULL && !c.dead)
        SSL_shutdown(c.ssl);
    SSL_free(c.ssl);
    close(c.fd);
    if (!c.silent)
        note_silence(c.s);
    free(c.input);
    free(c.head);
    free(c.body);
    return NULL;
}

static void *accept_all(void *user)
{
    server *s = user;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;) {
        struct pollfd fds[2] = {{.fd = s->listener, .events = POLLIN}, {.fd = s->stop_pipe[0], .events = POLLIN}};
        job *j;
        int fd;
        int on = 1;
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        fd = accept(s->listener, NULL, NULL);
        if (fd < 0 && errno == EINVAL)
            return NULL; /* deaf */
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_mutex_lock(&s->mutex);
        if (s->n_threads == MAX_CONNECTIONS)
            abort();
        j = need(malloc(sizeof *j));
        *j = (job){s, fd, s->n_threads};
        if (pthread_create(&s->threads[s->n_threads], NULL, serve, j) != 0)
            abort();
        s->n_threads++;
        pthread_mutex_unlock(&s->mutex);
    }
}

static void find_parts(server *s)
{
    char *at = s->script;
    while (at != NULL && s->n_parts < MAX_PARTS) {
        char *line = at + strspn(at, " ");
        if (strncmp(line, "conn\n", 5) == 0 || strcmp(line, "conn") == 0)
            s->parts[s->n_parts++] = strchr(line, '\n') == NULL ? line + 4 : line + 5;
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    assert_true(s->n_parts > 0);
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned in_len, void *user)
{
    const server *s = user;
    size_t len = strlen(s->alpn);
    (void)ssl;
    for (unsigned at = 0; at < in_len; at += in[at] + 1u)
        if (in[at] == len && memcmp(in + at + 1, s->alpn, len) == 0) {
            *out = in + at + 1;
            *out_len = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_NOACK;
}

static void make_tls(server *s, const server_tls *tls)
{
    s->tls = need(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_security_level(s->tls, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(s->tls, TLS1_VERSION), 1);
    if (tls->max_version != 0)
        assert_int_equal(SSL_CTX_set_max_proto_version(s->tls, tls->max_version), 1);
    s->alpn = tls->alpn;
    if (s->alpn != NULL)
        SSL_CTX_set_alpn_select_cb(s->tls, on_alpn, s);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(s->tls, tls->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(s->tls, tls->key, SSL_FILETYPE_PEM), 1);
}

server *server_start_tls(const char *script, const server_tls *tls)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server *s = need(calloc(1, sizeof *s));
    s->script = need(strdup(script));
    find_parts(s);
    if (tls != NULL)
        make_tls(s, tls);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->silenced, NULL);
    assert_int_equal(pipe(s->stop_pipe), 0);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listener, 512), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &len), 0);
    s->port = ntohs(address.sin_port);
    snprintf(s->url, sizeof s->url, "%s://127.0.0.1:%d", tls != NULL ? "https" : "http", s->port);
    assert_int_equal(pthread_create(&s->acceptor, NULL, accept_all, s), 0);
    return s;
}

server *server_start(const char *script)
{
    return server_start_tls(script, NULL);
}

const char *server_url(const server *s)
{
    return s->url;
}

int server_port(const server *s)
{
    return s->port;
}

size_t server_requests(server *s)
{
    size_t n;
    pthread_mutex_lock(&s->mutex);
    n = s->n_requests;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

size_t server_connections(server *s)
{
    size_t n;
    pthread_mutex_lock(&s->mutex);
    n = s->n_threads;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

void server_wait_silent(server *s, size_t n)
{
    pthread_mutex_lock(&s->mutex);
    while (s->n_silent < n)
        pthread_cond_wait(&s->silenced, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

bool server_received(server *s, const char *text)
{
    bool found;
    pthread_mutex_lock(&s->mutex);
    found = s->received != NULL && memmem(s->received, s->received_len, text, strlen(text)) != NULL;
    pthread_mutex_unlock(&s->mutex);
    return found;
}

void server_stop(server *s)
{
    char failure[sizeof s->failure];
    if (s == NULL)
        return;
    close(s->stop_pipe[1]);
    pthread_join(s->acceptor, NULL);
    for (size_t i = 0; i < s->n_threads; i++)
        pthread_join(s->threads[i], NULL);
    memcpy(failure, s->failure, sizeof failure);
    close(s->stop_pipe[0]);
    close(s->listener);
    pthread_cond_destroy(&s->silenced);
    pthread_mutex_destroy(&s->mutex);
    SSL_CTX_free(s->tls);
    free(s->received);
    free(s->script);
    free(s);
    if (failure[0] != '\0')
        fail_msg("%s", failure);
}
