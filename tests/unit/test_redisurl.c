/* SPDX-License-Identifier: MIT */
/* Where a Redis server is and who asks it. */
#include "redisurl.h"
#include "support.h"

static uvrest_reason reason;

static uvrest__redisurl read_url(const char *text)
{
    uvrest__redisurl url;
    memset(&url, 0, sizeof url);
    if (uvrest__redisurl_init(&url, NULL, text, false, &reason) != UVREST_OK)
        fail_msg("%s: %s", text, reason.text);
    return url;
}

static void hosts_and_ports(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        uint32_t db;
    } rows[] = {
        {"redis://localhost", "localhost", 6379, 0},
        {"redis://localhost/", "localhost", 6379, 0},
        {"REDIS://cache.example:7000/3", "cache.example", 7000, 3},
        {"redis://10.1.2.3:1/15", "10.1.2.3", 1, 15},
        {"redis://[::1]", "::1", 6379, 0},
        {"redis://[fe80::1%eth0]:65535/1", "fe80::1%eth0", 65535, 1},
        {"redis://a_b-c.d", "a_b-c.d", 6379, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__redisurl url = read_url(rows[i].text);
        assert_string_equal(url.host, rows[i].host);
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.db, rows[i].db);
        assert_null(url.path);
        assert_null(url.user);
        assert_null(url.password);
        uvrest__redisurl_fini(&url, NULL);
    }
}

static void users_and_passwords(void **state)
{
    static const struct {
        const char *text, *user, *password;
    } rows[] = {
        {"redis://:secret@localhost", NULL, "secret"},
        {"redis://me:secret@127.0.0.1:6379/0", "me", "secret"},
        {"redis://me:a%3Ab%40c%2fd@[::1]", "me", "a:b@c/d"},
        {"redis://me:with@at:and:colon@localhost", "me", "with@at:and:colon"},
        {"unix://me:secret@/run/redis.sock", "me", "secret"},
        {"unix://:secret@/run/redis.sock?db=2", NULL, "secret"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__redisurl url = read_url(rows[i].text);
        if (rows[i].user == NULL)
            assert_null(url.user);
        else
            assert_string_equal(url.user, rows[i].user);
        assert_string_equal(url.password, rows[i].password);
        uvrest__redisurl_fini(&url, NULL);
    }
}

static void sockets(void **state)
{
    uvrest__redisurl url;
    (void)state;
    url = read_url("unix:/run/redis.sock");
    assert_string_equal(url.path, "/run/redis.sock");
    assert_null(url.host);
    uvrest__redisurl_fini(&url, NULL);
    url = read_url("unix:///run/redis.sock?db=7");
    assert_string_equal(url.path, "/run/redis.sock");
    assert_int_equal(url.db, 7);
    uvrest__redisurl_fini(&url, NULL);
}

static void what_is_refused_names_no_part_of_it(void **state)
{
    static const char *const rows[] = {
        "",
        "localhost",
        "http://localhost",
        "rediss://:secret@localhost",
        "redis://",
        "redis:///1",
        "redis://:secret@",
        "redis://secret@localhost",
        "redis://:@localhost",
        "redis://me:secret%zz@localhost",
        "redis://me:secret%00@localhost",
        "redis://me:secret%2@localhost",
        "redis://localhost:0",
        "redis://localhost:65536",
        "redis://localhost:",
        "redis://localhost:port",
        "redis://::1",
        "redis://[::1",
        "redis://[::1]x",
        "redis://local host",
        "redis://localhost/x",
        "redis://localhost/-1",
        "redis://localhost/1000001",
        "redis://local\nhost",
        "unix:run/redis.sock",
        "unix://me:secret@run",
        "unix:/run/redis.sock?x=1",
        "redis://:secret@cache.example",
        "redis://:secret@128.0.0.1",
        "redis://:secret@127.0.0.1.example",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__redisurl url;
        memset(&reason, 0, sizeof reason);
        if (uvrest__redisurl_init(&url, NULL, rows[i], false, &reason) != UVREST_E_INVALID)
            fail_msg("taken: %s", rows[i]);
        assert_int_equal(strncmp(reason.text, "rate_limit.shared_redis: ", 25), 0);
        assert_null(strstr(reason.text, "secret"));
        assert_int_equal(uvrest__redisurl_init(&url, NULL, rows[i], false, NULL), UVREST_E_INVALID);
    }
}

static void cleartext_has_to_be_permitted(void **state)
{
    uvrest__redisurl url;
    (void)state;
    assert_status(uvrest__redisurl_init(&url, NULL, "redis://:secret@cache.example", true, &reason), UVREST_OK);
    assert_string_equal(url.password, "secret");
    uvrest__redisurl_fini(&url, NULL);
    assert_null(url.memory);
    url = read_url("redis://cache.example"); /* nothing of worth is in it */
    uvrest__redisurl_fini(&url, NULL);
}

static void a_long_one_is_refused(void **state)
{
    static char text[UVREST__REDISURL_MAX + 1];
    uvrest__redisurl url;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "redis://", 8);
    assert_status(uvrest__redisurl_init(&url, NULL, text, false, &reason), UVREST_E_INVALID);
    memcpy(text, "unix:/aa", 8);
    text[5 + UVREST__REDISURL_PATH_MAX + 1] = '\0';
    assert_status(uvrest__redisurl_init(&url, NULL, text, false, &reason), UVREST_E_INVALID);
    text[5 + UVREST__REDISURL_PATH_MAX] = '\0';
    assert_status(uvrest__redisurl_init(&url, NULL, text, false, &reason), UVREST_OK);
    uvrest__redisurl_fini(&url, NULL);
}

static uvrest_status read_once(const uvrest_alloc *alloc, void *user)
{
    uvrest__redisurl url;
    uvrest_status st = uvrest__redisurl_init(&url, alloc, "redis://me:secret@localhost/1", false, NULL);
    (void)user;
    if (st == UVREST_OK)
        uvrest__redisurl_fini(&url, alloc);
    return st;
}

static void without_memory(void **state)
{
    (void)state;
    support_fail_each(read_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports),
        cmocka_unit_test(users_and_passwords),
        cmocka_unit_test(sockets),
        cmocka_unit_test(what_is_refused_names_no_part_of_it),
        cmocka_unit_test(cleartext_has_to_be_permitted),
        cmocka_unit_test(a_long_one_is_refused),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
