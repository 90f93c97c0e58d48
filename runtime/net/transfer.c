/* SPDX-License-Identifier: MIT */
#include "transfer.h"
#include "alloc.h"
#include "attributes.h"
#include "body.h"
#include "cork.h"
#include "framing.h"
#include "generation.h"
#include "handle.h"
#include "libcurl.h"
#include "refusal.h"
#include "sigpipe.h"
#include "stall.h"
#include "text.h"
#include "verdict.h"
#include "watch.h"
#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room is made at once for an announced body of so much; a larger one has to arrive first. */
#define EXPECTED_MAX 262144u
/* Descriptors that are read again after a timer, at the most. */
#define READ_AGAIN_MAX 64
/* Answers that wait for each other, and their bodies together: what stays in a core's cache. */
#define GATHERED_MAX 8u
#define GATHERED_MAX_BYTES 65536u
#define METHODS 6

struct uvrest__transfer {
    uvrest__transport *transport;
    uvrest__transfer *prev; /* among those under way */
    uvrest__transfer *next; /* there, or among the idle ones */
    uvrest__transfer *next_ended;
    uvrest__handle *handle;
    CURL *easy; /* the handle's */
    void *owner;
    int code; /* how libcurl says it ended; while it is among those that have */
    bool ended;
    bool shaped; /* the handle is, for: */
    bool has_body;
    bool open; /* the answer's body is: uvrest__framing */
    uvrest_method method;
    bool repeatable;
    uvrest__refusal refusal; /* of one that is not repeatable, over TLS */
    bool connected; /* it is on the connection it was sent on last */
    bool uploads; /* its body is being sent, or has been: counted in n_uploads */
    uvrest_status refused; /* why a callback of ours stopped it */
    uint64_t begun_ms; /* when libcurl came to it; 0: not yet */
    uvrest__stall stall;
    uvrest__headers headers;
    uvrest__body body;
    uvrest__outcome outcome;
    char error[CURL_ERROR_SIZE];
};

struct uvrest__transport {
    uvrest__transport_conf conf;
    uvrest__handle_conf handles;
    bool signals; /* sending may raise SIGPIPE */
    CURLM *multi; /* NULL after a rebuild that failed, until the next start */
    uvrest__timer *timer;
    uvrest__timer *look; /* at what is under way, whether it stalls */
    bool looks; /* it is set */
    uvrest__transport *next_abandoned;
    uvrest__watch watch;
    uvrest__cork cork; /* during a step */
    uvrest__body_store bodies;
    uvrest__transfer *under_way;
    size_t n_uploads; /* of these, with a body that is being sent or has been */
    size_t n_unrepeatable; /* of these */
    uvrest__transfer *ended_first; /* under way as far as our user knows, but libcurl is done with them; in order */
    uvrest__transfer *ended_last;
    size_t n_ended;
    size_t ended_bytes; /* of their bodies */
    uvrest__transfer
        *idle[METHODS * 2]; /* by method and whether there is a body: their options need not be set again */
    uvrest__generation generation;
    uint64_t connections; /* sockets opened */
    bool unreachable; /* the last attempt that needed a connection got none */
    unsigned inside; /* calls into curl on the stack that may call back */
    uvrest__sigpipe hold; /* during such a call */
    uint64_t forget_ms; /* when old addresses are to be dropped next */
    bool large_answers; /* the newest one was large */
    bool closing;
    bool broken; /* the multi handle must be made anew */
};

/* Around a function of libcurl that may call back, and send. */
static void enter(uvrest__transport *transport)
{
    transport->inside++;
    if (transport->signals)
        uvrest__sigpipe_hold(&transport->hold);
}

static void leave(uvrest__transport *transport)
{
    if (transport->signals)
        uvrest__sigpipe_release(&transport->hold);
    transport->inside--;
}

uint64_t uvrest__transport_connections(const uvrest__transport *transport)
{
    return transport->connections;
}

/* ---- descriptors ---- */

static void act(uvrest__transport *transport, curl_socket_t fd, int events);

static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    uvrest__transport *transport = user;
    int fd;
    (void)purpose;
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (uvrest__watch_reborn(&transport->watch, fd) != UVREST_OK) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    transport->connections++;
    return fd;
}

static int on_close_socket(void *user, curl_socket_t fd)
{
    uvrest__transport *transport = user;
    uvrest__cork_forget(&transport->cork, fd);
    uvrest__watch_remove(&transport->watch, fd);
    return close(fd);
}

static void on_ready(int fd, unsigned events, void *user)
{
    int mask = 0;
    if (events & UVREST__POLL_IN)
        mask |= CURL_CSELECT_IN;
    if (events & UVREST__POLL_OUT)
        mask |= CURL_CSELECT_OUT;
    if (events & UVREST__POLL_ERROR)
        mask |= CURL_CSELECT_ERR | CURL_CSELECT_IN; /* what came before the error is still there to be read */
    act(user, fd, mask);
}

/* libcurl wants to know about a descriptor. -1 makes all transfers fail: then the multi handle is made anew. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    uvrest__transport *transport = user;
    unsigned events = 0;
    (void)easy;
    (void)socket_user;
    if (what == CURL_POLL_REMOVE) {
        uvrest__watch_unwant(&transport->watch, fd);
        return 0;
    }
    if (transport->closing)
        return 0;
    if (what & CURL_POLL_IN)
        events |= UVREST__POLL_IN;
    if (what & CURL_POLL_OUT)
        events |= UVREST__POLL_OUT;
    return uvrest__watch_want(&transport->watch, fd, events) == UVREST_OK ? 0 : -1;
}

static int on_timer_change(CURLM *multi, long delay_ms, void *user)
{
    uvrest__transport *transport = user;
    (void)multi;
    if (delay_ms < 0)
        uvrest__timer_stop(transport->timer);
    else
        uvrest__timer_set(transport->timer, (uint64_t)delay_ms);
    return 0;
}

static void on_timer(void *user)
{
    act(user, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- what arrives ---- */

/* A length beyond the cap needs no reading. */
static uvrest_status check_head(uvrest__transfer *transfer)
{
    uvrest__framing framing;
    uvrest_status st = uvrest__framing_read(&transfer->headers, transfer->method, &framing);
    if (st != UVREST_OK)
        return st;
    transfer->open = framing.open;
    if (framing.last) {
        transfer->shaped = false; /* for the next request */
        return curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK ? UVREST_OK : UVREST_E_NOMEM;
    }
    if (framing.length > transfer->transport->conf.max_body_bytes)
        return UVREST_E_LIMIT;
    if (framing.length == 0 || framing.length > EXPECTED_MAX ||
        uvrest__headers_get(&transfer->headers, "Content-Encoding") != NULL)
        return UVREST_OK;
    return uvrest__body_expect(&transfer->body, &transfer->transport->bodies, (size_t)framing.length);
}

static size_t on_header(char *line, size_t size, size_t n, void *user)
{
    uvrest__transfer *transfer = user;
    bool was_complete = uvrest__headers_http_status(&transfer->headers) != 0;
    uvrest_status st = uvrest__headers_add_line(&transfer->headers, line, size * n);
    if (st == UVREST_OK && !was_complete && uvrest__headers_http_status(&transfer->headers) != 0)
        st = check_head(transfer);
    if (st == UVREST_OK)
        return size * n;
    transfer->refused = st;
    return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    uvrest__transfer *transfer = user;
    uvrest_status st = uvrest__body_append(&transfer->body, &transfer->transport->bodies, data, size * n);
    if (st == UVREST_OK)
        return size * n;
    transfer->refused = st;
    return 0;
}

static void pass_goaway_on(uvrest__transport *transport, CURL *reader, const uvrest__goaway *goaway)
{
    uvrest__refusal heard;
    if (!goaway->orderly)
        uvrest__generation_saw_break(&transport->generation);
    if (!uvrest__refusal_read_connection(&heard, reader))
        return;
    for (uvrest__transfer *t = transport->under_way; t != NULL; t = t->next)
        uvrest__refusal_hear_goaway(&t->refusal, &heard, goaway);
}

/* libcurl's log, which says whether the server has refused the stream; the rest goes nowhere. */
static int on_log(CURL *easy, curl_infotype type, char *text, size_t len, void *user)
{
    uvrest__transfer *transfer = user;
    uvrest__goaway goaway;
    if (type != CURLINFO_TEXT)
        return 0;
    if (!transfer->repeatable)
        uvrest__refusal_hear(&transfer->refusal, text, len);
    if (uvrest__refusal_is_leave(text, len))
        transfer->connected = false;
    if (transfer->connected && uvrest__refusal_find_goaway(text, len, &goaway)) /* and none it might have taken */
        pass_goaway_on(transfer->transport, easy, &goaway);
    return 0;
}

/* One that is not repeatable is under way or about to be: it listens, and so do all that may read a GOAWAY for it. */
static void listen_with(uvrest__transfer *transfer)
{
    uvrest__transport *transport = transfer->transport;
    if (!transport->conf.tls || (transfer->repeatable && transport->n_unrepeatable == 0))
        return;
    uvrest__handle_listen(transfer->handle);
    for (uvrest__transfer *t = transport->n_unrepeatable == 0 ? transport->under_way : NULL; t != NULL; t = t->next)
        uvrest__handle_listen(t->handle);
}

/*
 * Whether libcurl may repeat by itself. What the server refused to take goes out in the slot it has, since it was not
 * counted; what the server may have executed does not go out again, nor what our user wants to send later. libcurl
 * would go on five times, as fast as connections die: once is for one that was idle, the rest is our user's business.
 */
static bool may_repeat(const uvrest__transfer *transfer)
{
    const uvrest__transport_conf *conf = &transfer->transport->conf;
    return transfer->refusal.refused ||
           (transfer->repeatable && transfer->outcome.sends == 1 && conf->on_repeat(transfer->owner, conf->user));
}

/* What has a body, be it an empty one as a POST has, leaves in one piece as far as it is written in this step. */
static void hold_back(uvrest__transfer *transfer, int local_port)
{
    uvrest__transport *transport = transfer->transport;
    if (transport->conf.tls && (transfer->has_body || !transfer->repeatable))
        uvrest__cork_plug(&transport->cork, uvrest__watch_find_port(&transport->watch, local_port));
}

/* Right before a request is sent. libcurl comes here again to repeat one whose connection has died, or that the server
 * did not take. */
static int on_send(void *user, char *ip, char *local_ip, int port, int local_port)
{
    uvrest__transfer *transfer = user;
    if (transfer->outcome.sends > 0 && !may_repeat(transfer))
        return CURL_PREREQFUNC_ABORT;
    if (transfer->transport->conf.tls && !transfer->repeatable)
        uvrest__refusal_begin(&transfer->refusal, local_ip, local_port, ip, port);
    if (transfer->has_body && !transfer->uploads) {
        transfer->uploads = true;
        transfer->transport->n_uploads++;
    }
    transfer->outcome.sends++;
    transfer->connected = true;
    if (transfer->transport->generation.ahead == transfer)
        uvrest__generation_begin_next(&transfer->transport->generation,
                                      uvrest__loop_now_ms(transfer->transport->conf.loop));
    hold_back(transfer, local_port);
    return CURL_PREREQFUNC_OK;
}

/* ---- how it ended ---- */

static uvrest__verdict judge(const uvrest__transfer *transfer, CURLcode code)
{
    uvrest__circumstances how = {
        .code = (int)code,
        .stopped = transfer->refused,
        .complete = uvrest__headers_http_status(&transfer->headers) != 0,
        .sent = transfer->outcome.sends > 0,
        .unwatched = transfer->transport->broken,
        .error = transfer->error,
    };
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &how.proxy_status);
    return uvrest__verdict_find(&how);
}

static UVREST__RARE void conclude(uvrest__transfer *transfer, const uvrest__verdict *r, CURLcode code)
{
    uvrest__outcome *outcome = &transfer->outcome;
    bool is_ours = code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK; /* libcurl's words say no more */
    uvrest__text text;
    outcome->fault = r->fault;
    outcome->status = r->status;
    uvrest__text_init(&text, outcome->text, sizeof outcome->text);
    uvrest__verdict_tell(r, &transfer->transport->handles, is_ours ? "" : transfer->error, &text);
}

static void read_outcome(uvrest__transfer *transfer, CURLcode code)
{
    uvrest__outcome *outcome = &transfer->outcome;
    curl_off_t us = 0;
    long version = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &us);
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    outcome->duration_us = (uint64_t)us;
    outcome->multiplexed = version == CURL_HTTP_VERSION_2_0;
    transfer->transport->unreachable = false;
    if (code == CURLE_OK && uvrest__headers_http_status(&transfer->headers) == 0)
        code = CURLE_PARTIAL_FILE; /* libcurl takes a head that ends with its connection for a whole one */
    if (code != CURLE_OK) {
        uvrest__verdict r = judge(transfer, code);
        long sent = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
        if (sent == 0)
            outcome->sends = 0;
        if (r.fault == UVREST__TRANSFER_BROKEN && outcome->sends == 0)
            r.fault = UVREST__TRANSFER_UNSENT;
        transfer->transport->unreachable = r.fault == UVREST__TRANSFER_UNSENT;
        if (r.fault == UVREST__TRANSFER_UNSENT && outcome->sends > 0) /* no connection to repeat what was sent before */
            r = uvrest__verdict_find(&(uvrest__circumstances){.code = CURLE_GOT_NOTHING, .error = ""});
        conclude(transfer, &r, code);
    }
}

/* Of one that may be repeated nobody has listened to what the note is of; and what was answered was not refused. */
static bool was_refused(const uvrest__transfer *transfer)
{
    const uvrest__refusal *refusal = &transfer->refusal;
    if (transfer->outcome.fault != UVREST__TRANSFER_BROKEN || transfer->repeatable ||
        uvrest__headers_http_status(&transfer->headers) != 0)
        return false;
    return refusal->refused || (!refusal->stale && uvrest__refusal_is_noted(transfer->easy));
}

/*
 * After the transfer has left the multi handle: a request that broke may be one the server did not take. A handle that
 * may carry libcurl's note of that is not used again.
 */
static void look_for_refusal(uvrest__transfer *transfer)
{
    static const uvrest__verdict r = {CURLE_RECV_ERROR, UVREST__TRANSFER_UNSENT, UVREST_E_NETWORK,
                                      "the server refused the HTTP/2 stream"};
    if (!transfer->transport->conf.tls ||
        (transfer->outcome.fault == UVREST__TRANSFER_WHOLE && transfer->outcome.sends <= 1))
        return;
    transfer->shaped = false;
    if (was_refused(transfer))
        conclude(transfer, &r, CURLE_ABORTED_BY_CALLBACK);
}

/* ---- the multi handle ---- */

static UVREST__RARE uvrest_status make_multi(uvrest__transport *transport)
{
    transport->multi = uvrest__handle_new_multi(&transport->conf, on_socket, on_timer_change, transport);
    return transport->multi == NULL ? UVREST_E_NOMEM : UVREST_OK;
}

static void link_under_way(uvrest__transfer *transfer)
{
    uvrest__transport *transport = transfer->transport;
    transfer->prev = NULL;
    transfer->next = transport->under_way;
    if (transfer->next != NULL)
        transfer->next->prev = transfer;
    transport->under_way = transfer;
    transport->n_unrepeatable += !transfer->repeatable;
}

static void unlink_under_way(uvrest__transfer *transfer)
{
    if (transfer->uploads)
        transfer->transport->n_uploads--;
    transfer->transport->n_unrepeatable -= !transfer->repeatable;
    if (transfer->transport->generation.ahead == transfer)
        uvrest__generation_call_back(&transfer->transport->generation);
    if (transfer->prev != NULL)
        transfer->prev->next = transfer->next;
    else
        transfer->transport->under_way = transfer->next;
    if (transfer->next != NULL)
        transfer->next->prev = transfer->prev;
}

static void remove_handle(uvrest__transfer *transfer)
{
    uvrest__transport *transport = transfer->transport;
    enter(transport);
    curl_multi_remove_handle(transport->multi, transfer->easy);
    leave(transport);
}

/*
 * A connection that has carried a request, or could, is closed through on_close_socket() only, so it may stay armed. Of
 * one that carries others at the moment libcurl does not tell the socket, but that is wanted then.
 */
static void keep_connection(uvrest__transfer *transfer)
{
    uvrest__watch *watch = &transfer->transport->watch;
    long port = 0;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (!uvrest__handle_has_connected(transfer->handle))
        return;
    curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd);
    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_PORT, &port);
    if (fd == CURL_SOCKET_BAD)
        fd = uvrest__watch_find_port(watch, (int)port);
    if (fd != CURL_SOCKET_BAD)
        uvrest__watch_keep(watch, fd, !transfer->outcome.multiplexed);
}

static void push_ended(uvrest__transfer *transfer, CURLcode code)
{
    uvrest__transport *transport = transfer->transport;
    transfer->code = (int)code;
    transfer->ended = true;
    transfer->next_ended = NULL;
    if (transport->ended_last != NULL)
        transport->ended_last->next_ended = transfer;
    else
        transport->ended_first = transfer;
    transport->ended_last = transfer;
    transport->n_ended++;
    transport->ended_bytes += transfer->body.len;
}

static void remove_ended(uvrest__transfer *transfer)
{
    uvrest__transport *transport = transfer->transport;
    uvrest__transfer *before = NULL;
    if (!transfer->ended)
        return;
    if (transport->ended_first != transfer)
        for (before = transport->ended_first; before->next_ended != transfer;)
            before = before->next_ended;
    if (before == NULL)
        transport->ended_first = transfer->next_ended;
    else
        before->next_ended = transfer->next_ended;
    if (transport->ended_last == transfer)
        transport->ended_last = before;
    transport->n_ended--;
    transport->ended_bytes -= transfer->body.len;
    transfer->ended = false;
}

/* It is done, for us too. */
static void end(uvrest__transfer *transfer, CURLcode code)
{
    uvrest__transport *transport = transfer->transport;
    read_outcome(transfer, code);
    if (code == CURLE_OK) {
        if (transfer->outcome.multiplexed)
            uvrest__generation_saw_answer(&transport->generation, transfer->open,
                                          uvrest__loop_now_ms(transport->conf.loop));
        transport->large_answers = transfer->body.len > UVREST__HANDLE_SMALL_ANSWER;
    }
    if (code == CURLE_OK || code == CURLE_ABORTED_BY_CALLBACK) /* by on_send(), before it was used */
        keep_connection(transfer);
    remove_handle(transfer);
    look_for_refusal(transfer);
    remove_ended(transfer);
    unlink_under_way(transfer);
}

static void finish(uvrest__transfer *transfer, CURLcode code)
{
    end(transfer, code);
    transfer->transport->conf.on_done(transfer, transfer->owner, transfer->transport->conf.user);
}

static UVREST__RARE void destroy_multi(uvrest__transport *transport)
{
    enter(transport);
    curl_multi_cleanup(transport->multi);
    leave(transport);
    transport->multi = NULL;
    uvrest__timer_stop(transport->timer);
}

/* After an error of the multi handle every transfer in it is undefined: all of them fail, and a new one takes over. */
static void rebuild(uvrest__transport *transport)
{
    while (transport->under_way != NULL)
        finish(transport->under_way, CURLE_ABORTED_BY_CALLBACK);
    destroy_multi(transport);
    uvrest__watch_fini(&transport->watch);
    transport->broken = false;
    (void)make_multi(transport); /* or the next start tries again */
    transport->conf.on_settled(transport->conf.user);
}

/*
 * All messages are read before the first transfer is removed: removing one, libcurl goes through those not read yet,
 * one for each of the many that may have ended together.
 */
static void collect_ended(uvrest__transport *transport)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        char *private = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        push_ended((uvrest__transfer *)(void *)private, code);
    }
}

/* Some of those that have ended, in order: what their bodies were received in is then still in the cache. */
static void settle_some(uvrest__transport *transport)
{
    size_t n = 0;
    size_t bytes = 0;
    while (transport->ended_first != NULL && n < GATHERED_MAX && bytes < GATHERED_MAX_BYTES) {
        uvrest__transfer *transfer = transport->ended_first;
        n++;
        bytes += transfer->body.len;
        finish(transfer, (CURLcode)transfer->code);
    }
    if (!transport->broken)
        transport->conf.on_settled(transport->conf.user);
}

static void settle_ended(uvrest__transport *transport)
{
    while (transport->ended_first != NULL)
        settle_some(transport);
}

/* Whether there was anything. */
static bool drain(uvrest__transport *transport)
{
    bool any;
    collect_ended(transport);
    any = transport->ended_first != NULL;
    settle_ended(transport);
    return any;
}

static void on_all_reported(void *user)
{
    settle_ended(user);
}

/*
 * Reading an answer, and making a value of it and the next request, each pass through more code than a core's first
 * cache holds. So while more descriptors are reported answers are only read, and settled together: that is a twentieth
 * of all a call costs. Too many would push each other's bodies out of the second cache.
 */
static bool can_gather(uvrest__transport *transport)
{
    return !transport->broken && transport->n_ended < GATHERED_MAX && transport->ended_bytes < GATHERED_MAX_BYTES &&
           transport->n_uploads == 0 && uvrest__loop_after_reports(transport->conf.loop, on_all_reported, transport);
}

static void step(uvrest__transport *transport, curl_socket_t fd, int events)
{
    int running;
    if (transport->under_way != NULL && transport->under_way->begun_ms == 0) /* it may look for a connection */
        uvrest__watch_look(&transport->watch);
    enter(transport);
    if (curl_multi_socket_action(transport->multi, fd, events, &running) != CURLM_OK)
        transport->broken = true;
    leave(transport);
    if (transport->cork.plugged != 0)
        uvrest__cork_pull(&transport->cork);
}

/*
 * Over HTTP/2, when an answer arrives whole before the upload has ended, the stream closes with the last frame sent,
 * and 7.88 goes on waiting for a descriptor that has no more to say, whichever transfer it was that read or sent there:
 * it is made to read once more. After a timer nobody knows which descriptor that was.
 */
static void find_ends(uvrest__transport *transport, curl_socket_t acted)
{
    int fds[READ_AGAIN_MAX] = {acted};
    size_t n = 1;
    if (!transport->conf.tls || transport->n_uploads == 0)
        return;
    if (acted == CURL_SOCKET_TIMEOUT)
        n = uvrest__watch_list(&transport->watch, fds, READ_AGAIN_MAX);
    for (size_t i = 0; i < n && !transport->broken; i++) {
        do /* each that ends may leave another's frames behind, read and not looked at */
            step(transport, fds[i], CURL_CSELECT_IN);
        while (drain(transport) && !transport->broken);
    }
}

/* libcurl comes to those that were started since. */
static void note_begin(uvrest__transport *transport)
{
    uint64_t now = uvrest__loop_now_ms(transport->conf.loop);
    for (uvrest__transfer *t = transport->under_way; t != NULL && t->begun_ms == 0; t = t->next)
        t->begun_ms = now;
}

static void act(uvrest__transport *transport, curl_socket_t fd, int events)
{
    if (transport->multi == NULL)
        return;
    assert(transport->inside == 0);
    step(transport, fd, events);
    note_begin(transport);
    collect_ended(transport);
    if (fd != CURL_SOCKET_TIMEOUT && can_gather(transport))
        return;
    settle_ended(transport);
    find_ends(transport, fd);
    if (transport->broken)
        rebuild(transport);
}

/* ---- what stalls ---- */

static void look_later(uvrest__transport *transport)
{
    transport->looks = true;
    uvrest__timer_set(transport->look, uvrest__stall_period_ms(transport->conf.low_speed_ms));
}

static bool is_stalled(uvrest__transfer *transfer)
{
    curl_off_t down = 0;
    curl_off_t up = 0;
    if (transfer->ended || transfer->outcome.sends == 0)
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    return uvrest__stall_look(&transfer->stall, (uint64_t)down + (uint64_t)up, transfer->transport->conf.low_speed_ms);
}

static void on_look(void *user)
{
    uvrest__transport *transport = user;
    transport->looks = false;
    for (uvrest__transfer *transfer = transport->under_way; transfer != NULL; transfer = transfer->next) {
        if (!is_stalled(transfer))
            continue;
        snprintf(transfer->error, sizeof transfer->error, "too slow: less than %u bytes a second for %u ms",
                 UVREST__STALL_BYTES, transport->conf.low_speed_ms);
        push_ended(transfer, CURLE_OPERATION_TIMEDOUT);
    }
    settle_ended(transport);
    if (transport->under_way != NULL && !transport->looks)
        look_later(transport);
}

/* ---- transports ---- */

static void free_transport(uvrest__transport *transport)
{
    const uvrest_alloc *alloc = transport->conf.alloc;
    uvrest__body_store_fini(&transport->bodies);
    uvrest__handle_conf_fini(&transport->handles);
    uvrest__free(alloc, transport);
}

uvrest_status uvrest__transport_new(const uvrest__transport_conf *conf, uvrest_reason *reason, uvrest__transport **out)
{
    uvrest__transport *transport;
    uvrest_status st;
    if (!uvrest__libcurl_is_usable(reason))
        return UVREST_E_STATE;
    transport = uvrest__zalloc(conf->alloc, sizeof *transport);
    if (transport == NULL)
        return UVREST_E_NOMEM;
    transport->conf = *conf;
    uvrest__body_store_init(&transport->bodies, conf->alloc, conf->max_body_bytes);
    uvrest__watch_init(&transport->watch, conf->alloc, conf->loop, on_ready, transport);
    transport->signals = conf->tls && uvrest__libcurl_raises_sigpipe();
    st = uvrest__handle_conf_init(&transport->handles, &transport->conf);
    if (st == UVREST_OK)
        st = uvrest__timer_new(conf->loop, on_timer, transport, &transport->timer);
    if (st == UVREST_OK)
        st = uvrest__timer_new(conf->loop, on_look, transport, &transport->look);
    if (st == UVREST_OK)
        st = make_multi(transport);
    if (st != UVREST_OK)
        goto close_timers;

    *out = transport;
    return UVREST_OK;

close_timers:
    uvrest__timer_close(transport->look);
    uvrest__timer_close(transport->timer);
    free_transport(transport);
    return st;
}

static void free_transfer(uvrest__transfer *transfer)
{
    const uvrest_alloc *alloc = transfer->transport->conf.alloc;
    uvrest__handle_free(transfer->handle);
    uvrest__headers_fini(&transfer->headers);
    uvrest__body_drop(&transfer->body, &transfer->transport->bodies);
    uvrest__free(alloc, transfer);
}

void uvrest__transport_close(uvrest__transport *transport)
{
    if (transport == NULL)
        return;
    assert(transport->under_way == NULL && transport->inside == 0);
    transport->closing = true;
    (void)uvrest__loop_after_reports(transport->conf.loop, NULL, NULL);
    for (size_t i = 0; i < METHODS * 2; i++) {
        while (transport->idle[i] != NULL) {
            uvrest__transfer *transfer = transport->idle[i];
            transport->idle[i] = transfer->next;
            free_transfer(transfer);
        }
    }
    if (transport->multi != NULL)
        destroy_multi(transport);
    uvrest__watch_fini(&transport->watch);
    uvrest__timer_close(transport->look);
    uvrest__timer_close(transport->timer);
    free_transport(transport);
}

void uvrest__transport_abandon(uvrest__transport *transport)
{
    static uvrest__transport *abandoned; /* so that leak checkers see that somebody knows */
    transport->next_abandoned = abandoned;
    abandoned = transport;
}

/* ---- transfers ---- */

static uvrest_status new_transfer(uvrest__transport *transport, uvrest__transfer **out)
{
    uvrest__transfer *transfer = uvrest__zalloc(transport->conf.alloc, sizeof *transfer);
    if (transfer == NULL)
        return UVREST_E_NOMEM;
    transfer->transport = transport;
    uvrest__headers_init(&transfer->headers, transport->conf.alloc, 0, 0);
    if (uvrest__handle_new(&transport->handles, &transfer->handle) != UVREST_OK) {
        free_transfer(transfer);
        return UVREST_E_NOMEM;
    }
    transfer->easy = uvrest__handle_easy(transfer->handle);
    *out = transfer;
    return UVREST_OK;
}

static uvrest_status set_callbacks(uvrest__transfer *transfer)
{
    static const uvrest__handle_callbacks callbacks = {
        .on_header = on_header,
        .on_body = on_body,
        .on_send = on_send,
        .on_log = on_log,
        .on_open_socket = on_open_socket,
        .on_close_socket = on_close_socket,
    };
    return uvrest__handle_call(transfer->handle, &callbacks, transfer, transfer->transport, transfer->error);
}

static uvrest_status shape(uvrest__transfer *transfer, uvrest_method method, bool has_body)
{
    uvrest_status st;
    if (transfer->shaped && transfer->method == method && transfer->has_body == has_body)
        return UVREST_OK;
    st = uvrest__handle_shape(transfer->handle, method, has_body);
    transfer->easy = uvrest__handle_easy(transfer->handle);
    if (st == UVREST_OK)
        st = set_callbacks(transfer);
    transfer->shaped = st == UVREST_OK;
    transfer->method = method;
    transfer->has_body = has_body;
    return st;
}

/*
 * The age at which libcurl drops addresses before this request. It goes through all 71 places of its cache for that
 * after each one, which is felt: so one request a minute is told to, the others to leave them. While the host cannot be
 * reached it is looked up each time, since it may have moved.
 */
static long address_seconds_of(uvrest__transport *transport)
{
    uint64_t now = uvrest__loop_now_ms(transport->conf.loop);
    if (transport->unreachable)
        return 0;
    if (now < transport->forget_ms)
        return UVREST__HANDLE_NO_AGE;
    transport->forget_ms = now + UVREST__HANDLE_ADDRESS_SECONDS * UINT64_C(1000);
    return UVREST__HANDLE_ADDRESS_SECONDS;
}

static size_t slot_of(uvrest_method method, bool has_body)
{
    return (size_t)method * 2 + (has_body ? 1 : 0);
}

/* An idle transfer, best one whose options fit already. */
static uvrest__transfer *take_idle(uvrest__transport *transport, size_t slot)
{
    uvrest__transfer *transfer;
    for (size_t i = 0; transport->idle[slot] == NULL && i < METHODS * 2; i++)
        if (transport->idle[i] != NULL)
            slot = i;
    transfer = transport->idle[slot];
    if (transfer != NULL)
        transport->idle[slot] = transfer->next;
    return transfer;
}

static void put_idle(uvrest__transfer *transfer)
{
    size_t slot = slot_of(transfer->method, transfer->has_body);
    uvrest__handle_wipe(transfer->handle);
    if (!transfer->shaped) {
        free_transfer(transfer);
        return;
    }
    uvrest__body_drop(&transfer->body, &transfer->transport->bodies);
    transfer->owner = NULL;
    transfer->next = transfer->transport->idle[slot];
    transfer->transport->idle[slot] = transfer;
}

/* On which connections it may go out, where they carry many and are never idle. Where the request ahead finds no room
 * for its connection all follow it, since an old one has to end first. */
static void join_generation(uvrest__transfer *transfer)
{
    uvrest__transport *transport = transfer->transport;
    uvrest__generation *generation = &transport->generation;
    uint64_t now = uvrest__loop_now_ms(transport->conf.loop);
    const uvrest__transfer *ahead = generation->ahead;
    bool next = uvrest__generation_is_late(generation, now) && !uvrest__handle_has_connected(ahead->handle);
    if (uvrest__generation_is_over(generation, now, transport->conf.max_lifetime_ms)) {
        uvrest__generation_send_ahead(generation, transfer, now);
        uvrest__watch_retire(&transport->watch);
        next = true;
    }
    uvrest__handle_join(transfer->handle, generation->number + next);
}

static void begin(uvrest__transfer *transfer, const uvrest__transfer_request *request, void *owner)
{
    transfer->owner = owner;
    transfer->repeatable = request->repeatable;
    memset(&transfer->refusal, 0, sizeof transfer->refusal);
    transfer->connected = false;
    transfer->uploads = false;
    transfer->refused = UVREST_OK;
    transfer->begun_ms = 0;
    transfer->stall = (uvrest__stall){0};
    transfer->error[0] = '\0';
    uvrest__headers_reset(&transfer->headers);
    transfer->outcome.fault = UVREST__TRANSFER_WHOLE;
    transfer->outcome.status = UVREST_OK;
    transfer->outcome.sends = 0;
    transfer->outcome.text[0] = '\0';
}

uvrest_status uvrest__transfer_start(uvrest__transport *transport, const uvrest__transfer_request *request, void *owner,
                                     uvrest__transfer **out)
{
    bool has_body = request->body != NULL;
    uvrest_status st = UVREST_OK;
    uvrest__transfer *transfer;
    assert(transport->inside == 0 && !transport->closing);
    if (transport->multi == NULL && make_multi(transport) != UVREST_OK)
        return UVREST_E_NOMEM;
    transfer = take_idle(transport, slot_of(request->method, has_body));
    if (transfer == NULL)
        st = new_transfer(transport, &transfer);
    if (st != UVREST_OK)
        return st;
    st = shape(transfer, request->method, has_body);
    if (st == UVREST_OK)
        st = uvrest__handle_set(transfer->handle, request, transport->large_answers, address_seconds_of(transport));
    if (st != UVREST_OK) {
        transfer->shaped = false;
        put_idle(transfer);
        return st;
    }
    begin(transfer, request, owner);
    listen_with(transfer);
    transport->inside++;
    if (curl_multi_add_handle(transport->multi, transfer->easy) != CURLM_OK)
        st = UVREST_E_NOMEM;
    transport->inside--;
    if (st != UVREST_OK) {
        put_idle(transfer);
        return st;
    }
    if (transport->generation.begun)
        join_generation(transfer);
    link_under_way(transfer);
    if (!transport->looks)
        look_later(transport);
    *out = transfer;
    return UVREST_OK;
}

uint32_t uvrest__transfer_cancel(uvrest__transfer *transfer)
{
    uint32_t sends = transfer->outcome.sends;
    assert(transfer->transport->inside == 0);
    remove_handle(transfer);
    remove_ended(transfer);
    unlink_under_way(transfer);
    if (transfer->transport->conf.tls && sends > 0)
        transfer->shaped = false; /* as in look_for_refusal() */
    put_idle(transfer);
    return sends;
}

uint64_t uvrest__transfer_age_ms(const uvrest__transfer *transfer)
{
    return transfer->begun_ms == 0 ? 0 : uvrest__loop_now_ms(transfer->transport->conf.loop) - transfer->begun_ms;
}

void uvrest__transfer_expire(uvrest__transfer *transfer)
{
    assert(transfer->transport->inside == 0);
    snprintf(transfer->error, sizeof transfer->error, "after %llu ms",
             (unsigned long long)uvrest__transfer_age_ms(transfer));
    end(transfer, CURLE_OPERATION_TIMEDOUT);
}

void uvrest__transfer_release(uvrest__transfer *transfer)
{
    put_idle(transfer);
}

const uvrest__outcome *uvrest__transfer_outcome(const uvrest__transfer *transfer)
{
    return &transfer->outcome;
}

const uvrest__headers *uvrest__transfer_headers(const uvrest__transfer *transfer)
{
    return &transfer->headers;
}

uvrest_raw uvrest__transfer_body(const uvrest__transfer *transfer)
{
    return uvrest__body_text(&transfer->body);
}

uvrest_arena *uvrest__transfer_take_body(uvrest__transfer *transfer)
{
    return uvrest__body_take(&transfer->body, &transfer->transport->bodies);
}

void uvrest__transport_give_arena(uvrest__transport *transport, uvrest_arena *arena)
{
    uvrest__body_store_give(&transport->bodies, arena);
}
