/* SPDX-License-Identifier: MIT */
/* What each code of libcurl means: the lists of codes that may be repeated, one by one. */
#include "support.h"
#include "verdict.h"
#include <curl/curl.h>

#define ROW(code, number, fault, status)                                                                               \
    {                                                                                                                  \
#code, code, number, UVREST__TRANSFER_##fault, UVREST_E_##status                                               \
    }

/* Of a code alone. */
static uvrest__verdict find(int code)
{
    return uvrest__verdict_find(&(uvrest__circumstances){.code = code, .error = ""});
}

static void each_code_has_its_kind(void **state)
{
    static const struct {
        const char *name;
        int code, number;
        uvrest__transfer_fault fault;
        uvrest_status status;
    } rows[] = {
        /* Never sent: for any method. */
        ROW(CURLE_COULDNT_RESOLVE_PROXY, 5, UNSENT, CONNECT),
        ROW(CURLE_COULDNT_RESOLVE_HOST, 6, UNSENT, DNS),
        ROW(CURLE_COULDNT_CONNECT, 7, UNSENT, CONNECT),
        ROW(CURLE_SSL_CONNECT_ERROR, 35, UNSENT, TLS),
        ROW(CURLE_PROXY, 97, UNSENT, CONNECT),
        /* Broken after it was sent, which transfer.c turns into never sent where nothing was: for what is safe. */
        ROW(CURLE_HTTP2, 16, BROKEN, PROTOCOL),
        ROW(CURLE_PARTIAL_FILE, 18, BROKEN, NETWORK),
        ROW(CURLE_ABORTED_BY_CALLBACK, 42, BROKEN, NETWORK), /* a repeat of libcurl's own that was not let through */
        ROW(CURLE_OPERATION_TIMEDOUT, 28, BROKEN, TIMEOUT),
        ROW(CURLE_GOT_NOTHING, 52, BROKEN, NETWORK),
        ROW(CURLE_SEND_ERROR, 55, BROKEN, NETWORK),
        ROW(CURLE_RECV_ERROR, 56, BROKEN, NETWORK),
        ROW(CURLE_HTTP2_STREAM, 92, BROKEN, NETWORK),
        /* Never repeated. */
        ROW(CURLE_UNSUPPORTED_PROTOCOL, 1, FINAL, PROTOCOL),
        ROW(CURLE_FAILED_INIT, 2, FINAL, NOMEM),
        ROW(CURLE_URL_MALFORMAT, 3, FINAL, INVALID),
        ROW(CURLE_WEIRD_SERVER_REPLY, 8, FINAL, PROTOCOL),
        ROW(CURLE_WRITE_ERROR, 23, FINAL, DECODE),
        ROW(CURLE_OUT_OF_MEMORY, 27, FINAL, NOMEM),
        ROW(CURLE_BAD_FUNCTION_ARGUMENT, 43, FINAL, PROTOCOL),
        ROW(CURLE_TOO_MANY_REDIRECTS, 47, FINAL, PROTOCOL),
        ROW(CURLE_SSL_ENGINE_INITFAILED, 66, FINAL, TLS),
        ROW(CURLE_SSL_CIPHER, 59, FINAL, TLS),
        ROW(CURLE_PEER_FAILED_VERIFICATION, 60, FINAL, TLS),
        ROW(CURLE_BAD_CONTENT_ENCODING, 61, FINAL, DECODE),
        ROW(CURLE_FILESIZE_EXCEEDED, 63, FINAL, LIMIT),
        ROW(CURLE_SEND_FAIL_REWIND, 65, FINAL, NETWORK),
        ROW(CURLE_SSL_CACERT_BADFILE, 77, FINAL, TLS),
        ROW(CURLE_SSL_ISSUER_ERROR, 83, FINAL, TLS),
        ROW(CURLE_SSL_PINNEDPUBKEYNOTMATCH, 90, FINAL, TLS),
        ROW(CURLE_SSL_INVALIDCERTSTATUS, 91, FINAL, TLS),
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uvrest__verdict verdict = find(rows[i].code);
        assert_int_equal(rows[i].code, rows[i].number);
        if (verdict.fault != rows[i].fault || verdict.status != rows[i].status)
            fail_msg("%s: fault %d, %s", rows[i].name, (int)verdict.fault, uvrest_status_name(verdict.status));
    }
}

/* What nobody has thought of is not repeated, and has words. */
static void codes_of_no_row_are_final(void **state)
{
    static const int known[] = {5, 6, 7, 35, 97, 16, 18, 28, 42, 52, 55, 56, 92};
    (void)state;
    for (int code = -1; code <= CURL_LAST; code++) {
        const uvrest__verdict verdict = find(code);
        bool final = true;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            final = final && code != known[i];
        if (final != (verdict.fault == UVREST__TRANSFER_FINAL))
            fail_msg("%d: fault %d", code, (int)verdict.fault);
        assert_true(verdict.text[0] != '\0' && verdict.status != UVREST_OK);
    }
}

static uvrest__verdict stop(uvrest_status why, bool complete)
{
    return uvrest__verdict_find(
        &(uvrest__circumstances){.code = CURLE_WRITE_ERROR, .stopped = why, .complete = complete, .error = ""});
}

static void what_a_callback_stopped_says_why(void **state)
{
    (void)state;
    for (int complete = 0; complete < 2; complete++) {
        assert_status(stop(UVREST_E_LIMIT, complete == 1).status, UVREST_E_LIMIT);
        assert_non_null(strstr(stop(UVREST_E_LIMIT, complete == 1).text, complete == 1 ? "body" : "headers"));
        assert_status(stop(UVREST_E_NOMEM, complete == 1).status, UVREST_E_NOMEM);
        assert_int_equal(stop(UVREST_E_PROTOCOL, complete == 1).fault, UVREST__TRANSFER_FINAL);
    }
}

/* What the same code means depends on how far the transfer was. */
static void circumstances_tell_codes_apart(void **state)
{
    static const struct {
        uvrest__circumstances how;
        uvrest__transfer_fault fault;
        uvrest_status status;
        const char *words;
    } cases[] = {
        {{.code = CURLE_SSL_CONNECT_ERROR, .error = "tlsv1 alert unknown ca"},
         UVREST__TRANSFER_FINAL,
         UVREST_E_TLS,
         "handshake"},
        {{.code = CURLE_SSL_CONNECT_ERROR, .error = "SSL_connect: Connection reset by peer"},
         UVREST__TRANSFER_UNSENT,
         UVREST_E_TLS,
         "handshake"},
        {{.code = CURLE_OUT_OF_MEMORY, .error = ""}, UVREST__TRANSFER_FINAL, UVREST_E_NOMEM, "memory"},
        {{.code = CURLE_OUT_OF_MEMORY, .sent = true, .error = ""}, UVREST__TRANSFER_FINAL, UVREST_E_LIMIT, "headers"},
        {{.code = CURLE_OUT_OF_MEMORY, .sent = true, .complete = true, .error = ""},
         UVREST__TRANSFER_FINAL,
         UVREST_E_NOMEM,
         "memory"},
        {{.code = CURLE_RECV_ERROR, .complete = true, .error = "Malformed encoding found in chunked-encoding"},
         UVREST__TRANSFER_BROKEN,
         UVREST_E_PROTOCOL,
         "chunks"},
        {{.code = CURLE_RECV_ERROR, .proxy_status = 407, .error = ""},
         UVREST__TRANSFER_FINAL,
         UVREST_E_AUTH,
         "credentials"},
        {{.code = CURLE_PROXY, .proxy_status = 502, .error = ""}, UVREST__TRANSFER_UNSENT, UVREST_E_CONNECT, "refuses"},
        {{.code = CURLE_RECV_ERROR, .proxy_status = 200, .error = ""},
         UVREST__TRANSFER_BROKEN,
         UVREST_E_NETWORK,
         "receiving"},
        {{.code = CURLE_PARTIAL_FILE, .proxy_status = 502, .error = ""},
         UVREST__TRANSFER_BROKEN,
         UVREST_E_NETWORK,
         "cut short"},
        {{.code = CURLE_ABORTED_BY_CALLBACK, .unwatched = true, .error = ""},
         UVREST__TRANSFER_BROKEN,
         UVREST_E_IO,
         "watched"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uvrest__verdict verdict = uvrest__verdict_find(&cases[i].how);
        if (verdict.fault != cases[i].fault || verdict.status != cases[i].status ||
            strstr(verdict.text, cases[i].words) == NULL)
            fail_msg("case %zu: fault %d, %s: %s", i, (int)verdict.fault, uvrest_status_name(verdict.status),
                     verdict.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_kind),
        cmocka_unit_test(codes_of_no_row_are_final),
        cmocka_unit_test(what_a_callback_stopped_says_why),
        cmocka_unit_test(circumstances_tell_codes_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
