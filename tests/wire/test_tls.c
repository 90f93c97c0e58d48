/* SPDX-License-Identifier: MIT */
/* Rows 6 to 10, 13 and 18 of the fault catalogue, over TLS, with certificates made for the occasion. */
#include "folder.h"
#include "wire.h"
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"

static int make_certificates(void **state)
{
    (void)state;
    folder_take();
    return folder_run(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=TestCA && "
        "for name in good wrong expired; do openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr "
        "-subj /CN=$name; done && "
        "echo subjectAltName=IP:127.0.0.1 >good.ext && echo subjectAltName=DNS:other.invalid >wrong.ext && "
        "for name in good wrong; do openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
        "-days 2 -extfile $name.ext -out $name.pem; done && "
        "openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -extfile good.ext "
        "-out expired.pem && "
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 2 -subj /CN=self "
        "-addext subjectAltName=IP:127.0.0.1 && "
        "mkdir hashed && cp ca.pem hashed/$(openssl x509 -hash -noout -in ca.pem).0");
}

static server *start_tls(const char *script, const char *name, int max_version)
{
    char certificate[64];
    char key[64];
    server_tls tls;
    snprintf(certificate, sizeof certificate, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    tls = (server_tls){folder_path(certificate), folder_path(key), max_version, NULL};
    return server_start_tls(script, &tls);
}

static uvrest_client *tls_client(const char *url)
{
    sample_client_options options = wire_options(NULL);
    options.base_url = url;
    options.ca_file = folder_path("ca.pem");
    return wire_client_of(&options);
}

static seen get_over_tls(server *s)
{
    uvrest_client *client = tls_client(server_url(s));
    seen saw = wire_call(client, wire_get, NULL);
    uvrest_client_free(client);
    return saw;
}

static void trusted_certificate_is_accepted(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER, "good", 0);
    seen saw = get_over_tls(s);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    server_stop(s);
}

static void a_folder_of_hashed_certificates_is_accepted(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER, "good", 0);
    sample_client_options options = wire_options(s);
    seen saw;
    (void)state;
    options.ca_path = folder_path("hashed");
    saw = wire_call_with(&options, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    server_stop(s);
}

/* The hash of a certificate's public key, as openssl has it. */
static void pin_of(const char *name, char *pin, size_t cap)
{
    char line[256];
    FILE *file;
    snprintf(line, sizeof line,
             "printf sha256// >pin && openssl x509 -in %s.pem -pubkey -noout | openssl pkey -pubin -outform DER | "
             "openssl dgst -sha256 -binary | base64 >>pin",
             name);
    assert_int_equal(folder_run(line), 0);
    file = fopen(folder_path("pin"), "r");
    assert_non_null(file);
    assert_non_null(fgets(pin, (int)cap, file));
    fclose(file);
    pin[strcspn(pin, "\n")] = '\0';
}

static void the_pinned_key_is_accepted_and_no_other(void **state)
{
    char pins[160];
    (void)state;
    for (unsigned i = 0; i < 3; i++) { /* the right one, another, both */
        server *s = start_tls("conn\nexpect\n" ANSWER, "good", 0);
        sample_client_options options = wire_options(s);
        seen saw;
        options.ca_file = folder_path("ca.pem");
        options.pinned_public_key = pins;
        pin_of(i == 0 ? "good" : "wrong", pins, 80);
        if (i == 2) {
            strcat(pins, ";");
            pin_of("good", pins + strlen(pins), 80);
        }
        saw = wire_call_with(&options, wire_get, NULL);
        wire_check_status(&saw, i == 1 ? UVREST_E_TLS : UVREST_OK);
        if (i == 1) {
            assert_int_equal(saw.attempts, 1);
            assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
            wire_check_contains(saw.message, "not the pinned one");
            assert_int_equal(server_requests(s), 0);
        }
        server_stop(s);
    }
}

/* A pin adds to the checks and replaces none. */
static void a_pinned_key_does_not_make_a_certificate_trusted(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER, "self", 0);
    sample_client_options options = wire_options(s);
    char pin[80];
    seen saw;
    (void)state;
    pin_of("self", pin, sizeof pin);
    options.ca_file = folder_path("ca.pem");
    options.pinned_public_key = pin;
    saw = wire_call_with(&options, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_TLS);
    assert_int_equal(server_requests(s), 0);
    server_stop(s);
}

static void row_7_untrusted_certificates_are_refused_before_a_credential_is_sent(void **state)
{
    static const struct {
        const char *name;
        const char *reason;
    } rows[] = {{"expired", "expired"}, {"wrong", "no alternative certificate subject name matches"}, {"self", "self"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        server *s = start_tls("conn\nexpect\n" ANSWER, rows[i].name, 0);
        seen saw = get_over_tls(s);
        wire_check_status(&saw, UVREST_E_TLS);
        assert_int_equal(saw.attempts, 1);
        assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
        wire_check_contains(saw.message, rows[i].reason);
        assert_int_equal(server_requests(s), 0);
        server_stop(s);
    }
}

static void row_7_the_systems_authorities_do_not_know_ours(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER, "good", 0);
    sample_client_options options = wire_options(s);
    uvrest_client *client = wire_client_of(&options);
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_TLS);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(server_requests(s), 0);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_8_authorities_that_cannot_be_read_fail_the_client(void **state)
{
    static const char *const names[] = {"missing.pem", "hashed"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sample_client_options options = wire_options(NULL);
        uvrest_reason reason = {""};
        uvrest_client *client = NULL;
        options.reason = &reason;
        options.ca_file = folder_path(names[i]);
        assert_int_equal(uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client),
                         UVREST_E_TLS);
        assert_null(client);
        wire_check_contains(reason.text, names[i]);
        options.ca_file = NULL;
        options.ca_path = folder_path(i == 0 ? "missing" : "ca.pem");
        assert_int_equal(uvrest_gen_client_new(&sample_api, &options, offsetof(sample_client_options, app_id), &client),
                         UVREST_E_TLS);
        wire_check_contains(reason.text, "ca_path: ");
    }
}

static void row_9_old_tls_is_refused(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER, "good", TLS1_1_VERSION);
    seen saw = get_over_tls(s);
    (void)state;
    wire_check_status(&saw, UVREST_E_TLS);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(server_requests(s), 0);
    server_stop(s);
}

static void row_6_reset_in_the_handshake_is_retried(void **state)
{
    server *s = server_start("conn\nread 20\nreset\n");
    char url[64];
    uvrest_client *client;
    uvrest_call_options options = {.attempts = 2};
    seen saw;
    (void)state;
    snprintf(url, sizeof url, "https://127.0.0.1:%d", server_port(s));
    client = tls_client(url);
    saw = wire_call(client, wire_get, &options);
    wire_check_status(&saw, UVREST_E_TLS);
    assert_int_equal(saw.attempts, 2);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_10_plain_answer_on_the_tls_port_is_refused(void **state)
{
    server *s =
        server_start("conn\nread 20\nsend HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n\nstall\n");
    char url[64];
    uvrest_client *client;
    seen saw;
    (void)state;
    snprintf(url, sizeof url, "https://127.0.0.1:%d", server_port(s));
    client = tls_client(url);
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_TLS);
    assert_int_equal(saw.attempts, 1);
    assert_false(server_received(s, APP_ID));
    uvrest_client_free(client);
    server_stop(s);
}

static void row_10_tls_answer_on_the_plain_port_is_refused(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nsend \\x15\\x03\\x01\\x00\\x02\\x02\\x16\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_PROTOCOL);
    assert_int_equal(saw.attempts, 1);
}

static void row_13_proxy_that_refuses_is_named_and_sees_no_credential(void **state)
{
    static const struct {
        const char *answer;
        uvrest_status status;
        uint32_t attempts;
    } rows[] = {{"407 Proxy Authentication Required", UVREST_E_AUTH, 1}, {"502 Bad Gateway", UVREST_E_CONNECT, 2}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char script[256];
        sample_client_options options = wire_options(NULL);
        seen saw;
        server *s;
        snprintf(script, sizeof script,
                 "conn\nexpect CONNECT sample.invalid:443\nsend HTTP/1.1 %s\\r\\nContent-Length: "
                 "0\\r\\n\\r\\n\nclose\n",
                 rows[i].answer);
        s = server_start(script);
        setenv("https_proxy", server_url(s), 1);
        options.base_url = NULL;
        options.no_proxy = false;
        options.attempts = 2;
        saw = wire_call_with(&options, wire_get, NULL);
        unsetenv("https_proxy");
        wire_check_status(&saw, rows[i].status);
        assert_int_equal(saw.attempts, rows[i].attempts);
        assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
        wire_check_contains(saw.message, "https_proxy");
        assert_false(server_received(s, APP_ID));
        assert_false(server_received(s, AUTH_TOKEN));
        server_stop(s);
    }
}

static void row_18_post_is_sent_once_over_tls_too(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER "expect\nreset\nconn\nexpect\n" ANSWER "loop\n", "good", 0);
    uvrest_client *client = tls_client(server_url(s));
    seen saw;
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    saw = wire_call(client, wire_post, NULL);
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(server_requests(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_20_idle_session_that_the_server_ends_is_not_used(void **state)
{
    server *s = start_tls("conn\nexpect\n" ANSWER "pause 20\nclose\nconn\nexpect\n" ANSWER "stall\n", "good", 0);
    uvrest_client *client = tls_client(server_url(s));
    seen saw;
    (void)state;
    saw = wire_call(client, wire_post, NULL);
    wire_check_status(&saw, UVREST_OK);
    server_wait_silent(s, 1);
    saw = wire_call(client, wire_post, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(server_requests(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_119_dead_tls_peer_kills_nobody(void **state)
{
    server *s = start_tls("conn\nread 100\nreset\n", "good", 0);
    uvrest_client *client = tls_client(server_url(s));
    size_t len = 4 * 1024 * 1024;
    char *body = calloc(1, len);
    uvrest_call_options once = {.attempts = 1};
    uvrest_request request = {.method = UVREST_PUT, .path = "/x", .body = body, .body_len = len, .call = &once};
    seen saw = {0};
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, &saw, NULL), UVREST_OK);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_E_NETWORK);
    free(body);
    uvrest_client_free(client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusted_certificate_is_accepted),
        cmocka_unit_test(the_pinned_key_is_accepted_and_no_other),
        cmocka_unit_test(a_pinned_key_does_not_make_a_certificate_trusted),
        cmocka_unit_test(a_folder_of_hashed_certificates_is_accepted),
        cmocka_unit_test(row_7_untrusted_certificates_are_refused_before_a_credential_is_sent),
        cmocka_unit_test(row_7_the_systems_authorities_do_not_know_ours),
        cmocka_unit_test(row_8_authorities_that_cannot_be_read_fail_the_client),
        cmocka_unit_test(row_9_old_tls_is_refused),
        cmocka_unit_test(row_6_reset_in_the_handshake_is_retried),
        cmocka_unit_test(row_10_plain_answer_on_the_tls_port_is_refused),
        cmocka_unit_test(row_10_tls_answer_on_the_plain_port_is_refused),
        cmocka_unit_test(row_13_proxy_that_refuses_is_named_and_sees_no_credential),
        cmocka_unit_test(row_18_post_is_sent_once_over_tls_too),
        cmocka_unit_test(row_20_idle_session_that_the_server_ends_is_not_used),
        cmocka_unit_test(row_119_dead_tls_peer_kills_nobody),
    };
    return cmocka_run_group_tests(tests, make_certificates, NULL);
}
