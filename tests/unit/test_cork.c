/* SPDX-License-Identifier: MIT */
#include "cork.h"
#include "support.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two ends of a connection over TCP. */
static void connect_pair(int ends[2])
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof own;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&own, &len), 0);
    assert_int_equal(listen(listener, 1), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(ends[0], (struct sockaddr *)&own, sizeof own), 0);
    ends[1] = accept(listener, NULL, NULL);
    assert_true(ends[1] >= 0);
    close(listener);
}

static void disconnect(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static bool has_come(const int ends[2])
{
    struct pollfd question = {.fd = ends[1], .events = POLLIN};
    return poll(&question, 1, 0) == 1;
}

static void what_is_written_leaves_when_the_cork_is_pulled(void **state)
{
    uvrest__cork cork = {0};
    int ends[2];
    (void)state;
    connect_pair(ends);
    uvrest__cork_plug(&cork, ends[0]);
    uvrest__cork_plug(&cork, ends[0]);
    assert_int_equal(write(ends[0], "a", 1), 1);
    assert_false(has_come(ends));
    uvrest__cork_pull(&cork);
    assert_true(has_come(ends));
    uvrest__cork_pull(&cork);
    disconnect(ends);
}

static void one_socket_at_a_time_is_held_back(void **state)
{
    uvrest__cork cork = {0};
    int first[2], second[2];
    (void)state;
    connect_pair(first);
    connect_pair(second);
    uvrest__cork_plug(&cork, first[0]);
    assert_int_equal(write(first[0], "a", 1), 1);
    uvrest__cork_plug(&cork, -1);
    assert_false(has_come(first));
    uvrest__cork_plug(&cork, second[0]);
    assert_true(has_come(first));
    uvrest__cork_pull(&cork);
    disconnect(first);
    disconnect(second);
}

static void a_socket_that_is_closed_is_forgotten(void **state)
{
    uvrest__cork cork = {0};
    int ends[2];
    (void)state;
    connect_pair(ends);
    uvrest__cork_plug(&cork, ends[0]);
    uvrest__cork_forget(&cork, ends[1]);
    assert_int_not_equal(cork.plugged, 0);
    uvrest__cork_forget(&cork, ends[0]);
    assert_int_equal(cork.plugged, 0);
    uvrest__cork_pull(&cork);
    disconnect(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_leaves_when_the_cork_is_pulled),
        cmocka_unit_test(one_socket_at_a_time_is_held_back),
        cmocka_unit_test(a_socket_that_is_closed_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
