/* SPDX-License-Identifier: MIT */
/* What breaks below HTTP, or in it: rows of the fault catalogue, by their numbers. */
#include "wire.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER "reply 200 {\"id\":\"a1\"}\n"
#define HEAD "send HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n"

static seen get_from(const char *base_url, uint32_t attempts)
{
    sample_client_options options = wire_options(NULL);
    options.base_url = base_url;
    options.allow_http = true;
    options.attempts = attempts;
    return wire_call_with(&options, wire_get, NULL);
}

/* ---- name and connection ---- */

static void row_1_host_that_does_not_resolve_is_dns(void **state)
{
    seen saw = get_from("http://no-such-host.invalid", 2);
    (void)state;
    wire_check_status(&saw, UVREST_E_DNS);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_int_equal(saw.attempts, 2);
    wire_check_contains(saw.message, "no-such-host.invalid");
}

static void row_4_refused_connection_is_retried(void **state)
{
    server *s = server_start("conn\n");
    char url[64];
    seen saw;
    (void)state;
    snprintf(url, sizeof url, "%s", server_url(s));
    server_stop(s); /* nobody listens there now */
    saw = get_from(url, 3);
    wire_check_status(&saw, UVREST_E_CONNECT);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_int_equal(saw.attempts, 3);
    wire_check_contains(saw.message, url);
}

static void row_14_proxy_variable_that_points_to_nonsense_is_named(void **state)
{
    sample_client_options options = wire_options(NULL);
    seen saw;
    (void)state;
    setenv("http_proxy", "http://no-such-proxy.invalid:3128", 1);
    options.base_url = "http://sample.invalid";
    options.allow_http = true;
    options.no_proxy = false;
    options.attempts = 2;
    saw = wire_call_with(&options, wire_get, NULL);
    unsetenv("http_proxy");
    wire_check_status(&saw, UVREST_E_CONNECT);
    assert_int_equal(saw.executed, UVREST_EXECUTED_NO);
    assert_int_equal(saw.attempts, 2);
    wire_check_contains(saw.message, "http_proxy");
}

static void plain_http_goes_through_a_proxy(void **state)
{
    server *s = server_start("conn\nexpect GET http://sample.invalid/API/leaves/a1/?sort=a%2Fb HTTP/1.1\n" ANSWER);
    sample_client_options options = wire_options(NULL);
    uvrest_client *client;
    sample_leaf_args args = {.leaf_id = "a1", .sort = "a/b"};
    seen saw = {0};
    (void)state;
    setenv("http_proxy", server_url(s), 1);
    options.base_url = "http://sample.invalid";
    options.allow_http = true;
    options.no_proxy = false;
    client = wire_client_of(&options);
    assert_int_equal(uvrest_gen_call(client, &leaves_get, &args, (uvrest_any_fn *)wire_on_leaf, &saw, NULL), 0);
    wire_run(client, &saw);
    unsetenv("http_proxy");
    uvrest_client_free(client);
    wire_check_status(&saw, UVREST_OK);
    server_stop(s);
}

/* ---- while a request is under way ---- */

static void row_17_close_before_any_byte_is_retried_if_safe(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nclose\nconn\nexpect\n" ANSWER);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 2);
    saw = wire_post_once("conn\nexpect\nclose\nconn\nexpect\n" ANSWER);
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
}

static void row_17_post_is_repeated_if_the_caller_says_so(void **state)
{
    server *s = server_start("conn\nexpect\nclose\nconn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    uvrest_call_options options = {.retry_unsafe = true};
    seen saw;
    (void)state;
    saw = wire_call(client, wire_post, &options);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 2);
    uvrest_client_free(client);
    server_stop(s);
}

static void touch(uvrest_client *client, seen *saw, const uvrest_call_options *options, uvrest_call **out_call)
{
    sample_no_args args = {.call = options};
    assert_int_equal(uvrest_gen_call(client, &leaves_touch, &args, (uvrest_any_fn *)wire_on_done, saw, out_call), 0);
}

/* The first call leaves a connection, on which the second one dies. */
static void die_on_reuse(wire_start_fn *start, const char *death, seen *out, size_t *out_requests)
{
    char script[512];
    server *s;
    uvrest_client *client;
    snprintf(script, sizeof script, "conn\nexpect\n" ANSWER "expect\n%s\nconn\nexpect\n" ANSWER "loop\n", death);
    s = server_start(script);
    client = wire_client(s);
    wire_call(client, wire_get, NULL);
    *out = wire_call(client, start, NULL);
    *out_requests = server_requests(s);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_18_post_is_sent_once_on_a_reused_connection_that_dies(void **state)
{
    static wire_start_fn *const unsafe[] = {wire_post, touch}; /* with a body and without */
    size_t requests;
    seen saw;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        die_on_reuse(unsafe[i], "close", &saw, &requests);
        wire_check_status(&saw, UVREST_E_NETWORK);
        assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
        assert_int_equal(saw.attempts, 1);
        assert_int_equal(requests, 2);
    }
    die_on_reuse(wire_get, "close", &saw, &requests);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(requests, 3);
    die_on_reuse(wire_put, "close", &saw, &requests);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(requests, 3);
}

/* libcurl cannot connect to repeat the request: that does not mean that it was never sent. */
static void row_18_post_on_a_connection_that_dies_with_its_server_may_be_executed(void **state)
{
    size_t requests;
    seen saw;
    (void)state;
    die_on_reuse(wire_post, "deaf\nclose", &saw, &requests);
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(requests, 2);
}

static void row_19_reset_is_as_close(void **state)
{
    size_t requests;
    seen saw = wire_get_once("conn\nexpect\nreset\nconn\nexpect\n" ANSWER);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 2);
    saw = wire_post_once("conn\nexpect\nreset\nconn\nexpect\n" ANSWER);
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    die_on_reuse(wire_post, "reset", &saw, &requests);
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(requests, 2);
}

static void row_20_idle_connection_closed_by_the_server_is_not_used(void **state)
{
    server *s = server_start("conn\nexpect\n" ANSWER "close\nconn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    seen second;
    (void)state;
    wire_call(client, wire_get, NULL);
    while (server_connections(s) == 0) {
    }
    second = wire_call(client, wire_post, NULL);
    /* Either the close has been seen, and the call went over a new connection, or it has
     * not: then it is not repeated. */
    if (second.status != UVREST_OK) {
        wire_check_status(&second, UVREST_E_NETWORK);
        assert_int_equal(second.executed, UVREST_EXECUTED_MAYBE);
    }
    uvrest_client_free(client);
    server_stop(s);
}

/* A call on a connection on which this came while it was idle: over another one, at the first attempt. */
static void check_idle(const char *what)
{
    char script[512];
    seen saw;
    server *s;
    uvrest_client *client;
    snprintf(script, sizeof script, "conn\nexpect\n" ANSWER "pause 20\n%s\nconn\nexpect\nreply 200 {\"id\":\"b2\"}\n",
             what);
    s = server_start(script);
    client = wire_client(s);
    saw = wire_call(client, wire_get, NULL);
    server_wait_silent(s, 1);
    saw = wire_call(client, wire_post, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "b2");
    assert_int_equal(saw.attempts, 1);
    assert_int_equal(server_connections(s), 2);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_20_idle_connection_that_is_reset_is_not_used(void **state)
{
    (void)state;
    check_idle("reset");
}

static void row_42_timeout_of_an_idle_connection_answers_nobody(void **state)
{
    static const char timed_out[] =
        "send HTTP/1.1 408 Request Timeout\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n\n";
    char and_open[200];
    (void)state;
    check_idle(timed_out);
    snprintf(and_open, sizeof and_open, "%sstall", timed_out);
    check_idle(and_open);
}

static void row_24_answer_that_was_not_asked_for_is_nobodys(void **state)
{
    (void)state;
    check_idle("reply 200 {\"id\":\"evil\"}\nstall");
    check_idle("reply 200 {\"id\":\"evil\"}");
    check_idle("send x\nstall");
}

/* The body comes after the next call has begun. */
static void row_24_body_of_a_204_is_no_answer(void **state)
{
    server *s =
        server_start("conn\nexpect\nsend HTTP/1.1 204 No Content\\r\\nContent-Length: 11\\r\\n\\r\\n\npause 20\n"
                     "send {\"id\":\"a1\"}\nstall\nconn\nexpect\nreply 200 {\"id\":\"b2\"}\n");
    uvrest_client *client = wire_client(s);
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    assert_int_equal(saw.http_status, 204);
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "b2");
    uvrest_client_free(client);
    server_stop(s);
}

static void row_23_short_body_is_a_network_error(void **state)
{
    seen saw = wire_post_once("conn\nexpect\n" HEAD "Content-Length: 100\\r\\n\\r\\n{\"id\":\"a1\"}\nclose\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(saw.http_status, 200);
    assert_false(saw.has_value);
    assert_string_equal(saw.body, "");
    saw = wire_get_once("conn\nexpect\n" HEAD "Content-Length: 100\\r\\n\\r\\n{\"id\":\"a1\"}\nclose\n"
                        "conn\nexpect\n" ANSWER);
    wire_check_status(&saw, UVREST_OK);
    assert_int_equal(saw.attempts, 2);
}

static void row_23_head_that_is_cut_short_is_a_network_error(void **state)
{
    static const char *const heads[] = {"HTTP/1.1 200 OK\\r\\n", "HTTP/1.1 200 OK\\r\\nContent-Len",
                                        "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n"};
    char script[256];
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        seen saw;
        snprintf(script, sizeof script, "conn\nexpect\nsend %s\nclose\nconn\nexpect\n" ANSWER, heads[i]);
        saw = wire_get_once(script);
        wire_check_status(&saw, UVREST_OK);
        assert_int_equal(saw.attempts, 2);
        snprintf(script, sizeof script, "conn\nexpect\nsend %s\nclose\n", heads[i]);
        saw = wire_post_once(script);
        wire_check_status(&saw, UVREST_E_NETWORK);
        assert_int_equal(saw.executed, UVREST_EXECUTED_MAYBE);
    }
}

static void row_24_contradicting_lengths_are_a_protocol_error(void **state)
{
    static const char *const lengths[] = {
        "Content-Length: 11\\r\\nContent-Length: 12\\r\\n",
        "Content-Length: -5\\r\\n",
        "Content-Length: 11x\\r\\n",
    };
    char script[512];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        seen saw;
        snprintf(script, sizeof script, "conn\nexpect\n" HEAD "%s\\r\\n{\"id\":\"a1\"}\n", lengths[i]);
        saw = wire_get_once(script);
        wire_check_status(&saw, UVREST_E_PROTOCOL);
        assert_int_equal(saw.attempts, 1);
    }
}

static void row_24_what_follows_a_body_never_becomes_an_answer(void **state)
{
    server *s = server_start("conn\nexpect\n" HEAD "Content-Length: 11\\r\\n\\r\\n{\"id\":\"a1\"}"
                             "HTTP/1.1 200 OK\\r\\nContent-Length: 13\\r\\n\\r\\n{\"id\":\"evil\"}\n"
                             "expect\n" ANSWER "conn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    seen saw;
    (void)state;
    saw = wire_call(client, wire_get, NULL);
    assert_string_equal(saw.id, "a1");
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    uvrest_client_free(client);
    server_stop(s);
}

static void row_25_bad_chunks_are_a_protocol_error(void **state)
{
    seen saw = wire_post_once("conn\nexpect\n" HEAD "Transfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n{}\\r\\n\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_PROTOCOL);
    assert_int_equal(saw.executed, UVREST_EXECUTED_YES); /* its head said 200 */
    saw = wire_post_once("conn\nexpect\n" HEAD "Transfer-Encoding: chunked\\r\\n\\r\\n4\\r\\n{\"id\\r\\n\nclose\n");
    wire_check_status(&saw, UVREST_E_NETWORK);
}

static void row_26_answer_split_at_every_byte_is_fine(void **state)
{
    seen saw = wire_get_once("conn\nexpect\n"
                             "trickle 0 HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: "
                             "11\\r\\n\\r\\n{\"id\":\"a1\"}\n");
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    saw = wire_get_once("conn\nexpect\n"
                        "trickle 0 HTTP/1.1 200 OK\\r\\nTransfer-Encoding: "
                        "chunked\\r\\n\\r\\n5\\r\\n{\"id\"\\r\\n6\\r\\n:\"a1\"}\\r\\n0\\r\\n\\r\\n\n");
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
}

static void row_27_ten_thousand_tiny_chunks_are_fine(void **state)
{
    seen saw = wire_get_once("conn\nexpect\n" HEAD "Transfer-Encoding: chunked\\r\\n\\r\\n\n"
                             "repeat 10000 1\\r\\n \\r\\n\n"
                             "send b\\r\\n{\"id\":\"a1\"}\\r\\n0\\r\\n\\r\\n\n");
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
}

static void row_28_early_answer_wins_over_the_broken_upload(void **state)
{
    server *s = server_start("conn\nread 100\n"
                             "reply+ 413 Connection: close|{\"errors\":[\"too big\"]}\nclose\n");
    uvrest_client *client = wire_client(s);
    size_t len = 8 * 1024 * 1024;
    char *body = malloc(len);
    uvrest_request request = {.method = UVREST_POST, .path = "/upload", .body = body, .body_len = len};
    seen saw = {0};
    (void)state;
    memset(body, 'x', len);
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, &saw, NULL), UVREST_OK);
    free(body);
    wire_run(client, &saw);
    /* The kernel may throw the answer away when the reset overtakes it; what is left then is a break, said as such. */
    if (saw.http_status != 413)
        wire_check_status(&saw, UVREST_E_NETWORK);
    else
        wire_check_status(&saw, UVREST_E_REJECTED);
    uvrest_client_free(client);
    server_stop(s);
}

static void row_29_endless_1xx_end_in_limit(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nrepeat 50 HTTP/1.1 103 Early Hints\\r\\nLink: </x>\\r\\n\\r\\n\n" ANSWER);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    saw = wire_get_once("conn\nexpect\nrepeat 100000 HTTP/1.1 103 Early Hints\\r\\nLink: </x>\\r\\n\\r\\n\n");
    wire_check_status(&saw, UVREST_E_LIMIT);
}

/* ---- HTTP that is none ---- */

static void row_51_odd_status_lines_are_a_protocol_error(void **state)
{
    static const char *const lines[] = {
        "HTTP/1.1 099 Low", "HTTP/1.1 600 High", "HTTP/1.1 1000 Long", "HTTP/1.1 200",    "HTTP/1.1 abc Text",
        "HTTP/9.9 200 OK",  "hello there",       "\\x00\\x01\\x02",    "HTTP/1.1 101 Up",
    };
    char script[512];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        seen saw;
        snprintf(script, sizeof script, "conn\nexpect\nsend %s\\r\\nContent-Length: 11\\r\\n\\r\\n{\"id\":\"a1\"}\n",
                 lines[i]);
        saw = wire_get_once(script);
        if (saw.status != UVREST_E_PROTOCOL)
            fail_msg("%s for \"%s\": %s", uvrest_status_name(saw.status), lines[i], saw.message);
        assert_int_equal(saw.attempts, 1);
    }
}

static void row_51_empty_reason_is_fine(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nsend HTTP/1.1 200 \\r\\nContent-Length: 11\\r\\n\\r\\n{\"id\":\"a1\"}\n");
    (void)state;
    wire_check_status(&saw, UVREST_OK);
}

static void row_52_header_floods_end_in_limit(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\n\n"
                             "repeat 40000 X-H: 1\\r\\n\nsend \\r\\n\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_int_equal(saw.attempts, 1);
    saw = wire_get_once("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nX-H: \nrepeat 400000 x\nsend \\r\\n\\r\\n\n");
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_int_equal(saw.attempts, 1);
}

static void row_52_control_bytes_in_headers_are_a_protocol_error(void **state)
{
    seen saw =
        wire_get_once("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nX-H: a\\x00b\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_PROTOCOL);
    saw = wire_get_once("conn\nexpect\nsend HTTP/1.1 200 OK\\r\\nX-H: a\\rb\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
    wire_check_status(&saw, UVREST_E_PROTOCOL);
}

static void row_54_broken_content_encodings_are_a_decode_error(void **state)
{
    seen saw = wire_get_once("conn\nexpect\n" HEAD "Content-Encoding: rot13\\r\\nContent-Length: 2\\r\\n\\r\\n{}\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_DECODE);
    assert_int_equal(saw.attempts, 1);
    saw = wire_get_once("conn\nexpect\n" HEAD "Content-Encoding: gzip\\r\\nContent-Length: 6\\r\\n\\r\\nnogzip\n");
    wire_check_status(&saw, UVREST_E_DECODE);
    assert_int_equal(saw.attempts, 1);
}

/* A gzip file being written, escaped as the script wants it. */
typedef struct gzip {
    char *text;
    size_t len; /* of the file, not of its text */
    uint32_t bits;
    unsigned n_bits;
    uint32_t crc;
    uint32_t size;
} gzip;

static void put_byte(gzip *z, unsigned byte)
{
    sprintf(z->text + z->len * 4, "\\x%02x", byte & 0xff);
    z->len++;
}

/* n bits, the lowest first. */
static void put_bits(gzip *z, uint32_t value, unsigned n)
{
    z->bits |= value << z->n_bits;
    z->n_bits += n;
    for (; z->n_bits >= 8; z->n_bits -= 8, z->bits >>= 8)
        put_byte(z, z->bits);
}

/* A Huffman code: its highest bit comes first. */
static void put_code(gzip *z, uint32_t code, unsigned n)
{
    while (n-- > 0)
        put_bits(z, code >> n & 1, 1);
}

static void count_byte(gzip *z, unsigned byte)
{
    z->size++;
    z->crc ^= byte;
    for (unsigned i = 0; i < 8; i++)
        z->crc = z->crc >> 1 ^ ((z->crc & 1) != 0 ? 0xedb88320u : 0);
}

static void put_literal(gzip *z, unsigned byte)
{
    assert_true(byte < 144);
    put_code(z, 0x30 + byte, 8);
    count_byte(z, byte);
}

/* runs * 258 + 1 blanks before a JSON object, in one block of fixed codes: 13 bits a run. */
static gzip gzip_of(size_t runs)
{
    static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    static const char object[] = "{\"id\":\"a1\"}";
    gzip z = {.text = malloc((runs * 2 + 64) * 4 + 1), .crc = 0xffffffffu};
    assert_non_null(z.text);
    for (size_t i = 0; i < sizeof head; i++)
        put_byte(&z, head[i]);
    put_bits(&z, 1, 1);
    put_bits(&z, 1, 2);
    put_literal(&z, ' ');
    for (size_t i = 0; i < runs; i++) {
        put_code(&z, 0xc5, 8); /* length 258 */
        put_code(&z, 0, 5); /* distance 1 */
        for (unsigned n = 0; n < 258; n++)
            count_byte(&z, ' ');
    }
    for (const char *c = object; *c != '\0'; c++)
        put_literal(&z, (unsigned char)*c);
    put_code(&z, 0, 7);
    put_bits(&z, 0, 7); /* to the end of the byte */
    z.crc = ~z.crc;
    for (unsigned i = 0; i < 4; i++)
        put_byte(&z, z.crc >> 8 * i);
    for (unsigned i = 0; i < 4; i++)
        put_byte(&z, z.size >> 8 * i);
    return z;
}

static seen get_gzip(size_t runs, size_t max_body_bytes)
{
    gzip z = gzip_of(runs);
    char *script = malloc(strlen(z.text) + 512);
    sample_client_options options;
    seen saw;
    server *s;
    assert_non_null(script);
    sprintf(script, "conn\nexpect\n" HEAD "Content-Encoding: gzip\\r\\nContent-Length: %zu\\r\\n\\r\\n%s\n", z.len,
            z.text);
    s = server_start(script);
    options = wire_options(s);
    options.max_body_bytes = max_body_bytes;
    saw = wire_call_with(&options, wire_get, NULL);
    server_stop(s);
    free(script);
    free(z.text);
    return saw;
}

static void row_55_compressed_bombs_end_in_limit(void **state)
{
    seen saw = get_gzip(100, 100000);
    (void)state;
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    saw = get_gzip(40000, 100000);
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_int_equal(saw.attempts, 1);
}

static void row_56_endless_body_ends_in_limit(void **state)
{
    server *s = server_start("conn\nexpect\n" HEAD "Transfer-Encoding: chunked\\r\\n\\r\\n\n"
                             "repeat 100000000 10\\r\\n0123456789abcdef\\r\\n\n");
    sample_client_options options = wire_options(s);
    seen saw;
    (void)state;
    options.max_body_bytes = 1000000;
    saw = wire_call_with(&options, wire_get, NULL);
    wire_check_status(&saw, UVREST_E_LIMIT);
    assert_string_equal(saw.body, "");
    server_stop(s);
}

static void row_56_announced_length_beyond_the_cap_is_not_read(void **state)
{
    seen saw = wire_get_once("conn\nexpect\n" HEAD "Content-Length: 99999999999\\r\\n\\r\\n\nstall\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_LIMIT);
}

static void row_57_body_after_head_is_ignored(void **state)
{
    server *s = server_start("conn\nexpect HEAD\n" HEAD "Content-Length: 11\\r\\n\\r\\n{\"id\":\"xx\"}\n"
                             "expect\n" ANSWER "conn\nexpect\n" ANSWER);
    uvrest_client *client = wire_client(s);
    sample_leaf_args args = {.leaf_id = "a1"};
    seen saw = {0};
    (void)state;
    assert_int_equal(uvrest_gen_call(client, &leaves_check, &args, (uvrest_any_fn *)wire_on_done, &saw, NULL), 0);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.body, "");
    saw = wire_call(client, wire_get, NULL);
    wire_check_status(&saw, UVREST_OK);
    assert_string_equal(saw.id, "a1");
    uvrest_client_free(client);
    server_stop(s);
}

static void row_57_304_unasked_is_a_protocol_error(void **state)
{
    seen saw = wire_get_once("conn\nexpect\nsend HTTP/1.1 304 Not Modified\\r\\n\\r\\n\n");
    (void)state;
    wire_check_status(&saw, UVREST_E_PROTOCOL);
    assert_int_equal(saw.http_status, 304);
}

/* ---- signals ---- */

static void row_119_writing_to_a_dead_peer_kills_nobody(void **state)
{
    struct sigaction before;
    struct sigaction after;
    server *s = server_start("conn\nexpect\n" ANSWER "reset\nconn\nread 10\nreset\n");
    uvrest_client *client = wire_client(s);
    size_t len = 4 * 1024 * 1024;
    char *body = calloc(1, len);
    uvrest_request request = {.method = UVREST_PUT, .path = "/x", .body = body, .body_len = len};
    uvrest_call_options once = {.attempts = 1};
    seen saw;
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(sigaction(SIGPIPE, NULL, &before), 0);
    saw = wire_call(client, wire_get, NULL);
    saw = (seen){0};
    request.call = &once;
    assert_int_equal(uvrest_call_raw(client, &request, wire_on_bytes, &saw, NULL), UVREST_OK);
    wire_run(client, &saw);
    wire_check_status(&saw, UVREST_E_NETWORK);
    assert_int_equal(sigaction(SIGPIPE, NULL, &after), 0);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
    free(body);
    uvrest_client_free(client);
    server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_1_host_that_does_not_resolve_is_dns),
        cmocka_unit_test(row_4_refused_connection_is_retried),
        cmocka_unit_test(row_14_proxy_variable_that_points_to_nonsense_is_named),
        cmocka_unit_test(plain_http_goes_through_a_proxy),
        cmocka_unit_test(row_17_close_before_any_byte_is_retried_if_safe),
        cmocka_unit_test(row_17_post_is_repeated_if_the_caller_says_so),
        cmocka_unit_test(row_18_post_is_sent_once_on_a_reused_connection_that_dies),
        cmocka_unit_test(row_18_post_on_a_connection_that_dies_with_its_server_may_be_executed),
        cmocka_unit_test(row_19_reset_is_as_close),
        cmocka_unit_test(row_20_idle_connection_closed_by_the_server_is_not_used),
        cmocka_unit_test(row_20_idle_connection_that_is_reset_is_not_used),
        cmocka_unit_test(row_42_timeout_of_an_idle_connection_answers_nobody),
        cmocka_unit_test(row_24_answer_that_was_not_asked_for_is_nobodys),
        cmocka_unit_test(row_24_body_of_a_204_is_no_answer),
        cmocka_unit_test(row_23_short_body_is_a_network_error),
        cmocka_unit_test(row_23_head_that_is_cut_short_is_a_network_error),
        cmocka_unit_test(row_24_contradicting_lengths_are_a_protocol_error),
        cmocka_unit_test(row_24_what_follows_a_body_never_becomes_an_answer),
        cmocka_unit_test(row_25_bad_chunks_are_a_protocol_error),
        cmocka_unit_test(row_26_answer_split_at_every_byte_is_fine),
        cmocka_unit_test(row_27_ten_thousand_tiny_chunks_are_fine),
        cmocka_unit_test(row_28_early_answer_wins_over_the_broken_upload),
        cmocka_unit_test(row_29_endless_1xx_end_in_limit),
        cmocka_unit_test(row_51_odd_status_lines_are_a_protocol_error),
        cmocka_unit_test(row_51_empty_reason_is_fine),
        cmocka_unit_test(row_52_header_floods_end_in_limit),
        cmocka_unit_test(row_52_control_bytes_in_headers_are_a_protocol_error),
        cmocka_unit_test(row_54_broken_content_encodings_are_a_decode_error),
        cmocka_unit_test(row_55_compressed_bombs_end_in_limit),
        cmocka_unit_test(row_56_endless_body_ends_in_limit),
        cmocka_unit_test(row_56_announced_length_beyond_the_cap_is_not_read),
        cmocka_unit_test(row_57_body_after_head_is_ignored),
        cmocka_unit_test(row_57_304_unasked_is_a_protocol_error),
        cmocka_unit_test(row_119_writing_to_a_dead_peer_kills_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
