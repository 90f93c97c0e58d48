/* SPDX-License-Identifier: MIT */
/* Beside transfer.c the only place that sets libcurl's options. */
#include "handle.h"
#include "alloc.h"
#include "buf.h"
#include "libcurl.h"
#include "proxy.h"
#include "text.h"
#include <curl/curl.h>
#include <string.h>

/*
 * A large receive buffer halves the cost of a large body. With small ones it spreads what is in use over so much memory
 * that 50 requests under way no longer fit into a core's cache. Giving one back must not make malloc tidy up, which
 * glibc does from 64 KiB on.
 */
#define SMALL_RECEIVE_BUFFER ((long)UVREST__HANDLE_SMALL_ANSWER)
#define LARGE_RECEIVE_BUFFER 61440L
#define SMALL_SEND_BUFFER 61440L
#define LARGE_SEND_BUFFER 524288L
#define LARGE_BODY 262144u
#define METHODS 6

/* Header lines libcurl must find by their names, and all others. */
enum { NODE_ACCEPT, NODE_ENCODING, NODE_TYPE, NODE_OTHERS, NODE_EXPECT, NODES };

struct uvrest__handle {
    const uvrest__handle_conf *conf;
    CURL *easy;
    CURLU *url;
    struct curl_slist nodes[NODES]; /* the request's header lines, */
    uvrest__buf others; /* of which most are joined here */
    bool shaped; /* all below is as set in `easy` */
    bool large_send;
    bool large_receive;
    bool listens;
    bool fresh;
    long address_seconds;
    uint32_t connect_timeout_ms;
    uint32_t timeout_ms;
};

/* ---- what handles have in common ---- */

static uvrest_status make_line(const uvrest_alloc *alloc, const char *name, const char *value, char **out)
{
    uvrest__buf line;
    size_t len;
    uvrest__buf_init(&line, alloc, 0);
    uvrest__buf_append_text(&line, name);
    uvrest__buf_append_text(&line, value);
    *out = uvrest__buf_take(&line, &len);
    return line.status;
}

uvrest_status uvrest__handle_conf_init(uvrest__handle_conf *conf, const uvrest__transport_conf *transport)
{
    uvrest_status st;
    *conf = (uvrest__handle_conf){.transport = transport};
    conf->proxy_variable = transport->no_proxy ? NULL : uvrest__proxy_variable(transport->tls);
    if (transport->tls && transport->ca_file == NULL && transport->ca_path == NULL)
        conf->default_ca_path = uvrest__libcurl_hashed_ca_path();
    st = make_line(transport->alloc, "User-Agent: ", transport->user_agent, &conf->agent_line);
    if (st == UVREST_OK)
        st = make_line(transport->alloc, "Accept-Encoding: ", uvrest__libcurl_encodings(), &conf->encoding_line);
    return st;
}

void uvrest__handle_conf_fini(uvrest__handle_conf *conf)
{
    uvrest__free(conf->transport->alloc, conf->agent_line);
    uvrest__free(conf->transport->alloc, conf->encoding_line);
    conf->agent_line = conf->encoding_line = NULL;
}

/* ---- life ---- */

uvrest_status uvrest__handle_new(const uvrest__handle_conf *conf, uvrest__handle **out)
{
    const uvrest_alloc *alloc = conf->transport->alloc;
    uvrest__handle *handle = uvrest__zalloc(alloc, sizeof *handle);
    if (handle == NULL)
        return UVREST_E_NOMEM;
    handle->conf = conf;
    handle->easy = curl_easy_init();
    handle->url = curl_url();
    uvrest__buf_init(&handle->others, alloc, 0);
    if (handle->easy == NULL || handle->url == NULL ||
        curl_url_set(handle->url, CURLUPART_URL, conf->transport->origin, 0) != CURLUE_OK) {
        uvrest__handle_free(handle);
        return UVREST_E_NOMEM;
    }
    *out = handle;
    return UVREST_OK;
}

void uvrest__handle_free(uvrest__handle *handle)
{
    if (handle == NULL)
        return;
    uvrest__handle_wipe(handle);
    curl_easy_cleanup(handle->easy);
    curl_url_cleanup(handle->url);
    uvrest__buf_fini(&handle->others);
    uvrest__free(handle->conf->transport->alloc, handle);
}

void *uvrest__handle_easy(const uvrest__handle *handle)
{
    return handle->easy;
}

/* Credentials are among the lines. */
void uvrest__handle_wipe(uvrest__handle *handle)
{
    if (handle->others.len > 0)
        explicit_bzero(handle->others.data, handle->others.len);
    uvrest__buf_clear(&handle->others);
}

/* ---- for all requests of a method ---- */

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                                         \
            return UVREST_E_NOMEM;                                                                                     \
    } while (0)

static uvrest_status set_security(CURL *easy, const uvrest__handle_conf *own)
{
    const uvrest__transport_conf *conf = own->transport;
    SET(CURLOPT_PROTOCOLS_STR, conf->tls ? "https" : "http");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PINNEDPUBLICKEY, conf->pinned_public_key);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (own->proxy_variable ==
        NULL) { /* then the proxy's certificates, which libcurl copies for each request, are none */
        SET(CURLOPT_PROXY_CAINFO, NULL);
        SET(CURLOPT_PROXY_CAPATH, NULL);
    }
    if (conf->ca_file != NULL || conf->ca_path != NULL) {
        SET(CURLOPT_CAINFO, conf->ca_file);
        SET(CURLOPT_CAPATH, conf->ca_path);
    } else if (!conf->tls && own->proxy_variable == NULL) { /* nothing is encrypted, so nobody is trusted */
        SET(CURLOPT_CAINFO, NULL);
        SET(CURLOPT_CAPATH, NULL);
    } else if (own->default_ca_path != NULL) {
        SET(CURLOPT_CAINFO, NULL);
        SET(CURLOPT_CAPATH, own->default_ca_path);
    }
    if (own->proxy_variable == NULL) { /* said outright, or libcurl asks the environment for each request */
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_NOPROXY, "*");
    }
    return UVREST_OK;
}

static long seconds_of(uint32_t ms)
{
    return (long)(ms / 1000) + (ms % 1000 != 0);
}

static uvrest_status set_transport(CURL *easy, const uvrest__transport_conf *conf)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a resolver that hangs must not hang the loop; its thread ends by itself */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, conf->tls ? 1L : 0L);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* decodes; what is asked for is in our own line */
    SET(CURLOPT_MAXAGE_CONN, seconds_of(conf->max_age_ms));
    SET(CURLOPT_MAXLIFETIME_CONN, seconds_of(conf->max_lifetime_ms));
    return UVREST_OK;
}

static uvrest_status set_method(CURL *easy, uvrest_method method, bool has_body)
{
    static const char *const names[METHODS] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    bool sends = has_body || method == UVREST_POST || method == UVREST_PUT || method == UVREST_PATCH;
    if (method == UVREST_HEAD) {
        SET(CURLOPT_NOBODY, 1L);
        return UVREST_OK;
    }
    if (sends)
        SET(CURLOPT_POST, 1L);
    if (method != (sends ? UVREST_POST : UVREST_GET))
        SET(CURLOPT_CUSTOMREQUEST, names[method]);
    if (sends && !has_body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
        SET(CURLOPT_POSTFIELDS, "");
    }
    return UVREST_OK;
}

static uvrest_status set_url(CURL *easy, CURLU *url)
{
    SET(CURLOPT_CURLU, url);
    return UVREST_OK;
}

/*
 * Takes all options back. What curl_easy_reset() sets is complete only if memory was, which it does not say; it may
 * even be a buffer without a size. Where libcurl holds on to a buffer its size cannot be set, so the handle is
 * exchanged.
 */
static uvrest_status clear(uvrest__handle *handle)
{
    CURL *fresh;
    curl_easy_reset(handle->easy);
    if (curl_easy_setopt(handle->easy, CURLOPT_BUFFERSIZE, SMALL_RECEIVE_BUFFER) == CURLE_OK)
        return UVREST_OK;
    fresh = curl_easy_init();
    if (fresh == NULL)
        return UVREST_E_NOMEM;
    curl_easy_cleanup(handle->easy);
    handle->easy = fresh;
    return UVREST_OK;
}

uvrest_status uvrest__handle_shape(uvrest__handle *handle, uvrest_method method, bool has_body)
{
    uvrest_status st = handle->shaped ? clear(handle) : UVREST_OK;
    handle->shaped = false;
    if (st == UVREST_OK)
        st = set_url(handle->easy, handle->url);
    if (st == UVREST_OK)
        st = set_security(handle->easy, handle->conf);
    if (st == UVREST_OK)
        st = set_transport(handle->easy, handle->conf->transport);
    if (st == UVREST_OK)
        st = set_method(handle->easy, method, has_body);
    if (st != UVREST_OK)
        return st;
    handle->large_send = false;
    handle->large_receive = false; /* libcurl's default is the small size */
    handle->listens = false;
    handle->fresh = false;
    handle->address_seconds = UVREST__HANDLE_ADDRESS_SECONDS; /* libcurl's default */
    handle->connect_timeout_ms = 0;
    handle->timeout_ms = 0;
    handle->shaped = true;
    return UVREST_OK;
}

/* ---- for one request ---- */

static bool names(const char *line, const char *name_and_colon)
{
    return uvrest__text_starts(line, SIZE_MAX, name_and_colon); /* which looks no further than the first difference */
}

/* Which node of the list has a line. libcurl looks for some of them, since it would add its own, and goes through all of
 * the list for each; the others it only passes on, so they share one. */
static int node_of(const char *line)
{
    if (names(line, "Accept:"))
        return NODE_ACCEPT;
    if (names(line, "Accept-Encoding:"))
        return NODE_ENCODING;
    return names(line, "Content-Type:") ? NODE_TYPE : NODE_OTHERS;
}

/* Without a value libcurl sends none of that name. */
static bool is_blank(const char *line)
{
    line = strchr(line, ':') + 1;
    return line[strspn(line, " \t")] == '\0';
}

static void add_other(uvrest__buf *others, const char *line)
{
    if (is_blank(line))
        return;
    if (others->len > 0)
        uvrest__buf_append(others, "\r\n", 2);
    uvrest__buf_append_text(others, line);
}

/* Hangs the nodes that have a line together. libcurl only reads them. */
static struct curl_slist *link_nodes(struct curl_slist *nodes, const char *const *texts)
{
    struct curl_slist *first = NULL;
    for (int i = NODES - 1; i >= 0; i--) {
        if (texts[i] == NULL)
            continue;
        memcpy(&nodes[i].data, &texts[i], sizeof nodes[i].data);
        nodes[i].next = first;
        first = &nodes[i];
    }
    return first;
}

/*
 * The request's lines, and ours where it has none of that name. Lines libcurl makes itself are printed twice, so it
 * makes as few as possible: it is kept from naming a type where there is no body, and from asking whether it may send
 * one.
 */
static uvrest_status set_lines(uvrest__handle *handle, const uvrest__transfer_request *request)
{
    CURL *easy = handle->easy;
    uvrest__buf *others = &handle->others;
    const char *texts[NODES] = {NULL};
    bool own_agent = false;
    uvrest__buf_clear(others);
    for (size_t i = 0; i < request->n_lines; i++) {
        const char *line = request->lines[i];
        int node = node_of(line);
        own_agent = own_agent || names(line, "User-Agent:");
        if (node != NODE_OTHERS && texts[node] == NULL)
            texts[node] = line;
        else
            add_other(others, line);
    }
    if (!own_agent)
        add_other(others, handle->conf->agent_line);
    if (others->status != UVREST_OK)
        return others->status;
    texts[NODE_OTHERS] = others->data;
    if (texts[NODE_ENCODING] == NULL)
        texts[NODE_ENCODING] = handle->conf->encoding_line;
    if (request->body != NULL)
        texts[NODE_EXPECT] = "Expect:";
    else if (texts[NODE_TYPE] == NULL && request->method != UVREST_GET)
        texts[NODE_TYPE] = "Content-Type:";
    SET(CURLOPT_HTTPHEADER, link_nodes(handle->nodes, texts));
    return UVREST_OK;
}

/*
 * The target goes out as it is; libcurl's own URL stays the origin, which it need not take apart again each time. Only
 * a proxy for plain http wants the whole URL in the request line.
 */
static uvrest_status set_target(uvrest__handle *handle, const char *target)
{
    const uvrest__handle_conf *conf = handle->conf;
    CURL *easy = handle->easy;
    uvrest__buf url;
    CURLUcode uc;
    if (conf->transport->tls || conf->proxy_variable == NULL) {
        SET(CURLOPT_REQUEST_TARGET, target);
        return UVREST_OK;
    }
    uvrest__buf_init(&url, conf->transport->alloc, 0);
    uvrest__buf_append_text(&url, conf->transport->origin);
    uvrest__buf_append_text(&url, target);
    uc = url.status == UVREST_OK ? curl_url_set(handle->url, CURLUPART_URL, url.data, 0) : CURLUE_OUT_OF_MEMORY;
    uvrest__buf_fini(&url);
    return uc == CURLUE_OK ? UVREST_OK : UVREST_E_NOMEM;
}

/*
 * Over HTTP/2 libcurl keeps the buffers of a request that ended beside others, and refuses to change their size until
 * they are gone: then it stays what it is, which costs only time.
 */
static void set_buffers(uvrest__handle *handle, bool large_receive, bool large_send)
{
    CURL *easy = handle->easy;
    long receive = large_receive ? LARGE_RECEIVE_BUFFER : SMALL_RECEIVE_BUFFER;
    long send = large_send ? LARGE_SEND_BUFFER : SMALL_SEND_BUFFER;
    if (large_receive != handle->large_receive && curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive) == CURLE_OK)
        handle->large_receive = large_receive;
    if (large_send != handle->large_send && curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, send) == CURLE_OK)
        handle->large_send = large_send;
}

uvrest_status uvrest__handle_set(uvrest__handle *handle, const uvrest__transfer_request *request, bool large_answer,
                                 long address_seconds)
{
    CURL *easy = handle->easy;
    bool listens = uvrest__handle_listens(handle->conf->transport, request->repeatable);
    uvrest_status st = set_target(handle, request->target);
    if (st != UVREST_OK)
        return st;
    if (request->connect_timeout_ms != handle->connect_timeout_ms)
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    handle->connect_timeout_ms = request->connect_timeout_ms;
    if (request->timeout_ms != handle->timeout_ms)
        SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    handle->timeout_ms = request->timeout_ms;
    if (request->fresh != handle->fresh)
        SET(CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    handle->fresh = request->fresh;
    if (address_seconds != handle->address_seconds)
        SET(CURLOPT_DNS_CACHE_TIMEOUT, address_seconds);
    handle->address_seconds = address_seconds;
    if (listens != handle->listens)
        SET(CURLOPT_VERBOSE, listens ? 1L : 0L);
    handle->listens = listens;
    if (request->body != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        SET(CURLOPT_POSTFIELDS, request->body);
    }
    set_buffers(handle, large_answer, request->body_len > LARGE_BODY);
    return set_lines(handle, request);
}
