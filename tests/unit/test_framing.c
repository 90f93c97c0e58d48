/* SPDX-License-Identifier: MIT */
#include "framing.h"
#include "support.h"
#include <string.h>

/* Reads a head: lines that end in "\n". */
static uvrest_status read_head(const char *head, uvrest_method method, uvrest__framing *out)
{
    uvrest__headers headers;
    uvrest_status st = UVREST_OK;
    uvrest__headers_init(&headers, NULL, 0, 0);
    while (st == UVREST_OK && *head != '\0') {
        size_t len = strcspn(head, "\n") + 1;
        st = uvrest__headers_add_line(&headers, head, len);
        head += len;
    }
    assert_int_equal(st, UVREST_OK);
    st = uvrest__framing_read(&headers, method, out);
    uvrest__headers_fini(&headers);
    return st;
}

static void lengths_are_read(void **state)
{
    static const struct {
        const char *head;
        uvrest_method method;
        uint64_t length;
        bool last;
        bool open;
    } rows[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 11\n\n", UVREST_GET, 11, false, false},
        {"HTTP/1.1 200 OK\nContent-Length: 11\ncontent-length: 11\n\n", UVREST_GET, 11, false, false},
        {"HTTP/1.1 200 OK\nContent-Length: 11\n\n", UVREST_HEAD, 0, false, false},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", UVREST_GET, 0, false, false},
        {"HTTP/1.1 200 OK\n\n", UVREST_GET, 0, false, true},
        {"HTTP/1.1 200 OK\n\n", UVREST_HEAD, 0, false, false},
        {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", UVREST_GET, 0, false, true},
        {"HTTP/1.1 204 No\n\n", UVREST_GET, 0, false, false},
        {"HTTP/1.1 204 No\nContent-Length: 0\n\n", UVREST_DELETE, 0, false, false},
        {"HTTP/1.1 204 No\nContent-Length: 11\n\n", UVREST_DELETE, 0, true, false},
        {"HTTP/1.1 204 No\nTransfer-Encoding: chunked\n\n", UVREST_DELETE, 0, true, false},
        {"HTTP/1.1 304 Same\nContent-Length: 11\n\n", UVREST_GET, 0, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uvrest__framing framing;
        assert_int_equal(read_head(rows[i].head, rows[i].method, &framing), UVREST_OK);
        if (framing.length != rows[i].length || framing.last != rows[i].last || framing.open != rows[i].open)
            fail_msg("%llu, %d, %d for %s", (unsigned long long)framing.length, framing.last, framing.open,
                     rows[i].head);
    }
}

static void lengths_that_contradict_or_are_none_are_refused(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\nContent-Length: 11\nContent-Length: 12\n\n",
        "HTTP/1.1 200 OK\nContent-Length: 11, 11\n\n",
        "HTTP/1.1 200 OK\nContent-Length:\n\n",
        "HTTP/1.1 200 OK\nContent-Length: -1\n\n",
        "HTTP/1.1 204 No\nContent-Length: 1x\n\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        uvrest__framing framing;
        if (read_head(heads[i], UVREST_GET, &framing) != UVREST_E_PROTOCOL)
            fail_msg("taken: %s", heads[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_read),
        cmocka_unit_test(lengths_that_contradict_or_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
