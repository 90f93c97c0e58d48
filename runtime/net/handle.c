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
/* Streams of one connection; fewer if the server says so. libcurl's own limit is 100. */
#define STREAMS_MAX 1000L

/* Names libcurl is to add no line of, and the lines of the request. */
enum { NODE_HOST, NODE_ACCEPT, NODE_ENCODING, NODE_TYPE, NODE_EXPECT, NODE_LINES, NODES };

struct uvrest__handle {
    const uvrest__handle_conf *conf;
    CURL *easy;
    CURLU *url;
    struct curl_slist nodes[NODES];
    uvrest__buf lines; /* all header lines of the request, joined */
    bool shaped; /* all below is as set in `easy` */
    bool large_send;
    bool large_receive;
    bool listens;
    bool fresh;
    long address_seconds;
    unsigned generation;
    uint32_t connect_timeout_ms;
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
    if (st == UVREST_OK)
        st = make_line(transport->alloc, "Host: ", strstr(transport->origin, "//") + 2, &conf->host_line);
    return st;
}

void uvrest__handle_conf_fini(uvrest__handle_conf *conf)
{
    uvrest__free(conf->transport->alloc, conf->agent_line);
    uvrest__free(conf->transport->alloc, conf->encoding_line);
    uvrest__free(conf->transport->alloc, conf->host_line);
    conf->agent_line = conf->encoding_line = conf->host_line = NULL;
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
    uvrest__buf_init(&handle->lines, alloc, 0);
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
    uvrest__buf_fini(&handle->lines);
    uvrest__free(handle->conf->transport->alloc, handle);
}

void *uvrest__handle_easy(const uvrest__handle *handle)
{
    return handle->easy;
}

/* Credentials are among the lines. */
void uvrest__handle_wipe(uvrest__handle *handle)
{
    if (handle->lines.len > 0)
        explicit_bzero(handle->lines.data, handle->lines.len);
    uvrest__buf_clear(&handle->lines);
}

CURLM *uvrest__handle_new_multi(const uvrest__transport_conf *conf, curl_socket_callback on_socket,
                                curl_multi_timer_callback on_timer, void *user)
{
    uint64_t kept = (uint64_t)conf->pool_maxsize * conf->pool_connections;
    CURLMcode mc;
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        return NULL;
    mc = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    if (mc == CURLM_OK)
        mc = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, user);
    if (mc == CURLM_OK)
        mc = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    if (mc == CURLM_OK)
        mc = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, user);
    if (mc == CURLM_OK)
        mc = curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)conf->pool_maxsize);
    if (mc == CURLM_OK)
        mc = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)(kept < 100000 ? kept : 100000));
    if (mc == CURLM_OK)
        mc = curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS_MAX);
    if (mc == CURLM_OK)
        return multi;
    curl_multi_cleanup(multi);
    return NULL;
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

/*
 * libcurl goes through all of the list for each line it might add, and prints what it does add twice, byte by byte. So
 * it adds none but those that frame the body: a name without a value keeps it from that, and ours are one text, printed
 * once. It only reads the list, so the text of a request is exchanged in it.
 */
static uvrest_status set_nodes(uvrest__handle *handle, uvrest_method method, bool has_body)
{
    static const char *const names[NODES] = {"Host:", "Accept:", "Accept-Encoding:", "Content-Type:", "Expect:", ""};
    CURL *easy = handle->easy;
    struct curl_slist *first = NULL;
    for (int i = NODES - 1; i >= 0; i--) {
        struct curl_slist *node = &handle->nodes[i];
        if ((i == NODE_TYPE && method == UVREST_GET && !has_body) || (i == NODE_EXPECT && !has_body))
            continue; /* nor would libcurl */
        memcpy(&node->data, &names[i], sizeof node->data);
        node->next = first;
        first = node;
    }
    SET(CURLOPT_HTTPHEADER, first);
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
    if (st == UVREST_OK)
        st = set_nodes(handle, method, has_body);
    if (st != UVREST_OK)
        return st;
    handle->large_send = false;
    handle->large_receive = false; /* libcurl's default is the small size */
    handle->listens = false;
    handle->fresh = false;
    handle->address_seconds = UVREST__HANDLE_ADDRESS_SECONDS; /* libcurl's default */
    handle->generation = 0;
    handle->connect_timeout_ms = 0;
    handle->shaped = true;
    return UVREST_OK;
}

uvrest_status uvrest__handle_call(uvrest__handle *handle, const uvrest__handle_callbacks *callbacks, void *user,
                                  void *owner, char *error)
{
    CURL *easy = handle->easy;
    SET(CURLOPT_PRIVATE, user);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_HEADERFUNCTION, callbacks->on_header);
    SET(CURLOPT_HEADERDATA, user);
    SET(CURLOPT_WRITEFUNCTION, callbacks->on_body);
    SET(CURLOPT_WRITEDATA, user);
    SET(CURLOPT_PREREQFUNCTION, callbacks->on_send);
    SET(CURLOPT_PREREQDATA, user);
    SET(CURLOPT_DEBUGFUNCTION, callbacks->on_log);
    SET(CURLOPT_DEBUGDATA, user);
    SET(CURLOPT_OPENSOCKETFUNCTION, callbacks->on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, owner);
    SET(CURLOPT_CLOSESOCKETFUNCTION, callbacks->on_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, owner);
    return UVREST_OK;
}

/* ---- for one request ---- */

static bool names(const char *line, const char *name_and_colon)
{
    return uvrest__text_lower(line[0]) == uvrest__text_lower(name_and_colon[0]) &&
           uvrest__text_starts(line, SIZE_MAX, name_and_colon); /* which looks no further than the first difference */
}

/* A line without a value stands for none of that name. */
static bool is_blank(const char *line)
{
    line = strchr(line, ':') + 1;
    while (*line == ' ' || *line == '\t')
        line++;
    return *line == '\0';
}

static void add_line(uvrest__buf *lines, const char *line)
{
    size_t len = strlen(line);
    char *room = uvrest__buf_reserve(lines, len + 2);
    if (room == NULL)
        return;
    memcpy(room, "\r\n", 2);
    memcpy(room + 2, line, len);
    uvrest__buf_commit(lines, len + 2);
}

/* The request's lines, and ours where it has none of that name. */
static uvrest_status set_lines(uvrest__handle *handle, const uvrest__transfer_request *request)
{
    const uvrest__handle_conf *conf = handle->conf;
    uvrest__buf *lines = &handle->lines;
    bool own_agent = false;
    bool own_encoding = false;
    uvrest__buf_clear(lines);
    uvrest__buf_append_text(lines, conf->host_line);
    for (size_t i = 0; i < request->n_lines; i++) {
        const char *line = request->lines[i];
        own_agent = own_agent || names(line, "User-Agent:");
        own_encoding = own_encoding || names(line, "Accept-Encoding:");
        if (!is_blank(line))
            add_line(lines, line);
    }
    if (!own_encoding)
        add_line(lines, conf->encoding_line);
    if (!own_agent)
        add_line(lines, conf->agent_line);
    handle->nodes[NODE_LINES].data = lines->data;
    return lines->status;
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

void uvrest__handle_listen(uvrest__handle *handle)
{
    if (!handle->listens && curl_easy_setopt(handle->easy, CURLOPT_VERBOSE, 1L) == CURLE_OK)
        handle->listens = true;
}

uvrest_status uvrest__handle_set(uvrest__handle *handle, const uvrest__transfer_request *request, bool large_answer,
                                 long address_seconds)
{
    CURL *easy = handle->easy;
    uvrest_status st = set_target(handle, request->target);
    if (st != UVREST_OK)
        return st;
    if (request->connect_timeout_ms != handle->connect_timeout_ms)
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    handle->connect_timeout_ms = request->connect_timeout_ms;
    if (request->fresh != handle->fresh)
        SET(CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    handle->fresh = request->fresh;
    if (address_seconds != handle->address_seconds)
        SET(CURLOPT_DNS_CACHE_TIMEOUT, address_seconds);
    handle->address_seconds = address_seconds;
    if (handle->listens)
        SET(CURLOPT_VERBOSE, 0L);
    handle->listens = false;
    if (request->body != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        SET(CURLOPT_POSTFIELDS, request->body);
    }
    set_buffers(handle, large_answer, request->body_len > LARGE_BODY);
    return set_lines(handle, request);
}

/*
 * libcurl keeps connections that delegate otherwise apart, whether anything is delegated or not, and here nothing is. A
 * libcurl that knows nothing of it keeps none apart, which costs what generations are for. There are four such ways.
 */
void uvrest__handle_join(uvrest__handle *handle, unsigned generation)
{
    const long ways = CURLGSSAPI_DELEGATION_POLICY_FLAG | CURLGSSAPI_DELEGATION_FLAG;
    if (generation != handle->generation)
        (void)curl_easy_setopt(handle->easy, CURLOPT_GSSAPI_DELEGATION, (long)generation & ways);
    handle->generation = generation;
}

bool uvrest__handle_has_connected(const uvrest__handle *handle)
{
    long made = 0;
    curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &made);
    return made > 0;
}
