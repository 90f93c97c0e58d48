/* SPDX-License-Identifier: MIT */
/* Its codes by name. */
#include "verdict.h"
#include <curl/curl.h>
#include <string.h>

static const uvrest__verdict verdicts[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, UVREST__TRANSFER_UNSENT, UVREST_E_CONNECT, "the proxy's name does not resolve"},
    {CURLE_COULDNT_RESOLVE_HOST, UVREST__TRANSFER_UNSENT, UVREST_E_DNS, "the host name does not resolve"},
    {CURLE_COULDNT_CONNECT, UVREST__TRANSFER_UNSENT, UVREST_E_CONNECT, "no connection"},
    {CURLE_PROXY, UVREST__TRANSFER_UNSENT, UVREST_E_CONNECT, "no connection through the proxy"},
    {CURLE_SSL_CONNECT_ERROR, UVREST__TRANSFER_UNSENT, UVREST_E_TLS, "the TLS handshake failed"},
    {CURLE_OPERATION_TIMEDOUT, UVREST__TRANSFER_BROKEN, UVREST_E_TIMEOUT, "timed out"},
    {CURLE_PARTIAL_FILE, UVREST__TRANSFER_BROKEN, UVREST_E_NETWORK, "the answer was cut short"},
    {CURLE_GOT_NOTHING, UVREST__TRANSFER_BROKEN, UVREST_E_NETWORK, "the connection was closed without an answer"},
    {CURLE_SEND_ERROR, UVREST__TRANSFER_BROKEN, UVREST_E_NETWORK, "the connection broke while sending"},
    {CURLE_RECV_ERROR, UVREST__TRANSFER_BROKEN, UVREST_E_NETWORK, "the connection broke while receiving"},
    {CURLE_HTTP2, UVREST__TRANSFER_BROKEN, UVREST_E_PROTOCOL, "the HTTP/2 connection failed"},
    {CURLE_HTTP2_STREAM, UVREST__TRANSFER_BROKEN, UVREST_E_NETWORK, "the server reset the HTTP/2 stream"},
    {CURLE_SEND_FAIL_REWIND, UVREST__TRANSFER_FINAL, UVREST_E_NETWORK, "the connection broke before the answer"},
    {CURLE_PEER_FAILED_VERIFICATION, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "the server's certificate is not trusted"},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "the server's key is not the pinned one"},
    {CURLE_SSL_CACERT_BADFILE, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "the trusted certificates cannot be read"},
    {CURLE_SSL_CIPHER, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "no cipher in common"},
    {CURLE_SSL_ISSUER_ERROR, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "the server's certificate is not trusted"},
    {CURLE_SSL_INVALIDCERTSTATUS, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "the server's certificate is not trusted"},
    {CURLE_SSL_ENGINE_INITFAILED, UVREST__TRANSFER_FINAL, UVREST_E_TLS, "TLS is not usable here"},
    {CURLE_URL_MALFORMAT, UVREST__TRANSFER_FINAL, UVREST_E_INVALID, "the URL is not usable"},
    {CURLE_UNSUPPORTED_PROTOCOL, UVREST__TRANSFER_FINAL, UVREST_E_PROTOCOL, "the peer does not answer in HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, UVREST__TRANSFER_FINAL, UVREST_E_PROTOCOL, "the answer's head is malformed"},
    {CURLE_BAD_CONTENT_ENCODING, UVREST__TRANSFER_FINAL, UVREST_E_DECODE,
     "the answer's content encoding is unknown or broken"},
    {CURLE_FILESIZE_EXCEEDED, UVREST__TRANSFER_FINAL, UVREST_E_LIMIT, "the answer is larger than allowed"},
    {CURLE_WRITE_ERROR, UVREST__TRANSFER_FINAL, UVREST_E_DECODE, "the answer's body is broken"},
    {CURLE_OUT_OF_MEMORY, UVREST__TRANSFER_FINAL, UVREST_E_NOMEM, "out of memory"},
    {CURLE_FAILED_INIT, UVREST__TRANSFER_FINAL, UVREST_E_NOMEM, "out of memory"},
};

static uvrest__verdict row_of(int code)
{
    static const uvrest__verdict other = {CURLE_OK, UVREST__TRANSFER_FINAL, UVREST_E_PROTOCOL, "the transfer failed"};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        if (verdicts[i].code == code)
            return verdicts[i];
    return other;
}

/* A callback of ours has stopped it: why, and whether the answer's head was complete by then. */
static uvrest__verdict of_stop(uvrest_status why, bool complete)
{
    uvrest__verdict r = {CURLE_WRITE_ERROR, UVREST__TRANSFER_FINAL, why, "the answer's head is malformed"};
    if (why == UVREST_E_NOMEM)
        r.text = "out of memory";
    else if (why == UVREST_E_LIMIT)
        r.text = complete ? "the answer's body is larger than allowed" : "the answer's headers are more than allowed";
    return r;
}

/* A handshake that ended in an alert or a protocol error fails again; one that lost its connection may not. */
static bool is_tls_verdict(const char *error)
{
    return strstr(error, "error:") != NULL || strstr(error, "alert") != NULL || strstr(error, "version") != NULL;
}

static bool may_be_the_proxys(int code)
{
    return code == CURLE_RECV_ERROR || code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
           code == CURLE_PROXY;
}

uvrest__verdict uvrest__verdict_find(const uvrest__circumstances *how)
{
    const int code = how->code;
    uvrest__verdict r = row_of(code == CURLE_ABORTED_BY_CALLBACK ? CURLE_GOT_NOTHING : code);
    if (how->stopped != UVREST_OK)
        return of_stop(how->stopped, how->complete);
    if (may_be_the_proxys(code) && how->proxy_status == 407)
        return (uvrest__verdict){code, UVREST__TRANSFER_FINAL, UVREST_E_AUTH, "the proxy wants credentials"};
    if (may_be_the_proxys(code) && how->proxy_status >= 300)
        return (uvrest__verdict){code, UVREST__TRANSFER_UNSENT, UVREST_E_CONNECT, "the proxy refuses the connection"};
    if (code == CURLE_ABORTED_BY_CALLBACK && how->unwatched)
        return (uvrest__verdict){code, UVREST__TRANSFER_BROKEN, UVREST_E_IO, "the descriptor cannot be watched"};
    if (code == CURLE_SSL_CONNECT_ERROR && is_tls_verdict(how->error)) {
        r.fault = UVREST__TRANSFER_FINAL;
    } else if (code == CURLE_OUT_OF_MEMORY && how->sent && !how->complete) {
        r.status = UVREST_E_LIMIT; /* libcurl's word for a header line above its own limit */
        r.text = "the answer's headers are more than allowed";
    } else if (code == CURLE_RECV_ERROR && how->complete && strstr(how->error, "chunk") != NULL) {
        r.status = UVREST_E_PROTOCOL;
        r.text = "the answer's chunks are malformed";
    }
    return r;
}

void uvrest__verdict_tell(const uvrest__verdict *r, const uvrest__handle_conf *conf, const char *error,
                          uvrest__text *text)
{
    uvrest__text_add(text, r->text);
    if (conf->proxy_variable != NULL && (r->status == UVREST_E_CONNECT || r->status == UVREST_E_AUTH)) {
        uvrest__text_add(text, " (proxy from ");
        uvrest__text_add(text, conf->proxy_variable);
        uvrest__text_add(text, ")");
    }
    uvrest__text_add(text, ": ");
    uvrest__text_add(text, conf->transport->origin);
    if (error[0] != '\0') {
        uvrest__text_add(text, ": ");
        uvrest__text_add_foreign(text, error, strlen(error));
    }
}
