/* SPDX-License-Identifier: MIT */
/*
 * Answers at the edge of HTTP, beyond the fault catalogue: what is taken and what is refused, and that the call after
 * it gets its own answer, on the same connection or on a new one.
 */
#include "wire.h"
#include <stdio.h>

#define CRLF "\\r\\n"
#define OK_LINE "send HTTP/1.1 200 OK" CRLF
#define LEAF "{\"id\":\"a1\"}"
#define LENGTH "Content-Length: 11" CRLF CRLF LEAF "\n"
#define CHUNKED "Transfer-Encoding: chunked" CRLF CRLF
#define ONE_CHUNK "b" CRLF LEAF CRLF "0" CRLF
/* What the next call gets: "same" on this connection, "new" on another. */
#define THEN "expect\nreply 200 {\"id\":\"same\"}\nstall\nconn\nexpect\nreply 200 {\"id\":\"new\"}\nstall\n"

typedef struct row {
    const char *answer;
    uvrest_status status;
    const char *next; /* which connection the next call is on */
} row;

static void check(const row *rows, size_t n)
{
    char script[2048];
    for (size_t i = 0; i < n; i++) {
        uvrest_call_options once = {.attempts = 1};
        seen saw[2] = {{0}};
        server *s;
        uvrest_client *client;
        snprintf(script, sizeof script, "conn\nexpect\n%s" THEN, rows[i].answer);
        s = server_start(script);
        client = wire_client(s);
        for (size_t call = 0; call < 2; call++) {
            wire_get(client, &saw[call], &once, NULL);
            wire_run(client, &saw[call]);
        }
        if (saw[0].status != rows[i].status || strcmp(saw[1].id, rows[i].next) != 0)
            fail_msg("%s, then \"%s\", for %s: %s", uvrest_status_name(saw[0].status), saw[1].id, rows[i].answer,
                     saw[0].message);
        assert_true(saw[0].id[0] == '\0' || strcmp(saw[0].id, "a1") == 0);
        uvrest_client_free(client);
        server_stop(s);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows)[0])

static void heads(void **state)
{
    static const row rows[] = {
        {OK_LINE "X\\xff\\x80(): 1" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length : 11" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Transfer-Encoding : chunked" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {OK_LINE ": x" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {OK_LINE "X-A: b" CRLF "\\tc" CRLF LENGTH, UVREST_OK, "same"}, /* folded, as of old */
        {"send HTTP/1.1 200 OK\\nContent-Length: 11\\n\\n" LEAF "\n", UVREST_OK, "same"},
        {"send HTTP/1.1 200 O\\rK" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {"send " CRLF CRLF "HTTP/1.1 200 OK" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {"send HTTP/3 200 OK" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {"send HTTP/1.2 200 OK" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
        {"send HTTP/1.0 200 OK" CRLF "Connection: keep-alive" CRLF LENGTH, UVREST_OK, "same"},
        {OK_LINE "Location: http://evil.invalid/" CRLF "Refresh: 0; url=http://evil.invalid/" CRLF LENGTH, UVREST_OK,
         "same"},
        {"send HTTP/1.1 401 No" CRLF "WWW-Authenticate: Basic realm=x" CRLF LENGTH, UVREST_E_AUTH, "same"},
    };
    (void)state;
    CHECK(rows);
}

static void interim_answers(void **state)
{
    static const row rows[] = {
        {"send HTTP/1.1 103 Early" CRLF "Link: </x>" CRLF "Content-Length: 99" CRLF CRLF "HTTP/1.1 200 OK" CRLF LENGTH,
         UVREST_OK, "same"},
        {"send HTTP/1.1 100 Continue" CRLF "Content-Length: 5" CRLF CRLF "helloHTTP/1.1 200 OK" CRLF LENGTH,
         UVREST_E_PROTOCOL, "new"},
        {"send HTTP/1.1 101 Up" CRLF "Upgrade: h2c" CRLF "Connection: Upgrade" CRLF CRLF "\n", UVREST_E_PROTOCOL,
         "new"},
        {"send HTTP/1.1 101 Up" CRLF "Upgrade: x" CRLF CRLF "HTTP/1.1 200 OK" CRLF LENGTH, UVREST_E_PROTOCOL, "new"},
    };
    (void)state;
    CHECK(rows);
}

static void lengths(void **state)
{
    static const row rows[] = {
        {OK_LINE "Content-Length:" CRLF " 11" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length: +11" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length: 11, 11" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length: 0x0b" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length: 11 bytes" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length: 18446744073709551627" CRLF CRLF LEAF "\n", UVREST_E_LIMIT, "new"},
        {OK_LINE "Content-Length:" CRLF CRLF LEAF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE "Content-Length: 11" CRLF LENGTH, UVREST_OK, "same"},
        {OK_LINE "Content-Length: 5" CRLF CHUNKED ONE_CHUNK CRLF "\n", UVREST_OK, "same"}, /* the chunks count */
        {"send HTTP/1.1 204 No" CRLF LENGTH, UVREST_OK, "new"},
        {"send HTTP/1.1 204 No" CRLF "Content-Length: 0" CRLF CRLF "\n", UVREST_OK, "same"},
        {OK_LINE CRLF LEAF "\nclose\nconn\n", UVREST_OK, "same"},
        {OK_LINE CRLF "{\"id\":\"a\nclose\nconn\n", UVREST_E_DECODE, "same"},
    };
    (void)state;
    CHECK(rows);
}

static void chunks(void **state)
{
    static const row rows[] = {
        {OK_LINE "Transfer-Encoding: ChUnKeD" CRLF CRLF ONE_CHUNK CRLF "\n", UVREST_OK, "same"},
        {OK_LINE "Transfer-Encoding: xchunked" CRLF CRLF ONE_CHUNK CRLF "\n", UVREST_E_DECODE, "new"},
        {OK_LINE "Transfer-Encoding: gzip" CRLF LENGTH, UVREST_E_DECODE, "new"},
        {OK_LINE CHUNKED "+b" CRLF LEAF CRLF "0" CRLF CRLF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE CHUNKED "0xb" CRLF LEAF CRLF "0" CRLF CRLF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE CHUNKED "1000000000000000b" CRLF LEAF CRLF "0" CRLF CRLF "\n", UVREST_E_PROTOCOL, "new"},
        {OK_LINE CHUNKED "b;name=\"value;\"" CRLF LEAF CRLF "0;x" CRLF CRLF "\n", UVREST_OK, "same"},
        /* Trailers are no headers, and no second answer. */
        {OK_LINE CHUNKED ONE_CHUNK "X-T: 1" CRLF "Content-Length: 3" CRLF "RateLimit-Remaining: 0" CRLF CRLF "\n",
         UVREST_OK, "same"},
        {OK_LINE CHUNKED ONE_CHUNK "HTTP/1.1 500 X" CRLF CRLF "\n", UVREST_E_PROTOCOL, "new"},
    };
    (void)state;
    CHECK(rows);
}

static void encodings(void **state)
{
    static const row rows[] = {
        {OK_LINE "Content-Encoding: gzip, gzip" CRLF LENGTH, UVREST_E_DECODE, "new"},
        {OK_LINE "Content-Encoding: gzip,gzip,gzip,gzip,gzip,gzip,gzip" CRLF LENGTH, UVREST_E_DECODE, "new"},
        {OK_LINE "Content-Encoding: identity" CRLF LENGTH, UVREST_OK, "same"},
        {OK_LINE "Content-Encoding: gzip" CRLF "Content-Length: 0" CRLF CRLF "\n", UVREST_E_SCHEMA, "same"},
    };
    (void)state;
    CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),  cmocka_unit_test(interim_answers), cmocka_unit_test(lengths),
        cmocka_unit_test(chunks), cmocka_unit_test(encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
