/* SPDX-License-Identifier: MIT */
#include "support.h"
#include "url.h"

#include <stdlib.h>

/* ---- base URLs --------------------------------------------------------------------------------------------------- */

static uvrest__url_base open_base(const char *text)
{
    uvrest__url_base base;
    uvrest_reason reason;
    if (uvrest__url_base_init(&base, NULL, text, false, &reason) != UVREST_OK)
        fail_msg("refused %s: %s", text, reason.text);
    return base;
}

static void base_is_taken_apart_and_normalised(void **state)
{
    static const struct {
        const char *text, *origin, *host, *prefix;
        uint16_t port;
        bool tls, loopback;
    } rows[] = {
        {"https://app.iconik.io", "https://app.iconik.io", "app.iconik.io", "", 443, true, false},
        {"HTTPS://App.Iconik.IO/", "https://app.iconik.io", "app.iconik.io", "", 443, true, false},
        {"https://app.iconik.io:443", "https://app.iconik.io", "app.iconik.io", "", 443, true, false},
        {"https://app.iconik.io:8443/", "https://app.iconik.io:8443", "app.iconik.io", "", 8443, true, false},
        {"https://a.example/gate/way/", "https://a.example", "a.example", "/gate/way", 443, true, false},
        {"https://a.example/%7Euser", "https://a.example", "a.example", "/%7Euser", 443, true, false},
        {"https://10.0.0.7:00443", "https://10.0.0.7", "10.0.0.7", "", 443, true, false},
        {"https://[2001:DB8:0:0::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]", "", 8443, true, false},
        {"https://my_host-1", "https://my_host-1", "my_host-1", "", 443, true, false},
        {"http://localhost:8080", "http://localhost:8080", "localhost", "", 8080, false, true},
        {"http://LOCALHOST", "http://localhost", "localhost", "", 80, false, true},
        {"http://127.0.0.1:1", "http://127.0.0.1:1", "127.0.0.1", "", 1, false, true},
        {"http://127.255.255.254", "http://127.255.255.254", "127.255.255.254", "", 80, false, true},
        {"http://[::1]:65535", "http://[::1]:65535", "[::1]", "", 65535, false, true},
        {"http://[0:0:0:0:0:0:0:1]", "http://[::1]", "[::1]", "", 80, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest__url_base base = open_base(rows[i].text);
        assert_string_equal(base.origin, rows[i].origin);
        assert_string_equal(base.host, rows[i].host);
        assert_string_equal(base.prefix, rows[i].prefix);
        assert_int_equal(base.port, rows[i].port);
        assert_int_equal(base.tls, rows[i].tls);
        assert_int_equal(base.loopback, rows[i].loopback);
        uvrest__url_base_fini(&base, NULL);
        uvrest__url_base_fini(&base, NULL);
    }
}

static void expect_base_refused(const char *text, bool allow_http, const char *why)
{
    uvrest__url_base base = {.port = 7};
    uvrest_reason reason;
    if (uvrest__url_base_init(&base, NULL, text, allow_http, &reason) != UVREST_E_INVALID)
        fail_msg("accepted: %s", text);
    assert_int_equal(strncmp(reason.text, "base_url: ", 10), 0);
    if (strstr(reason.text, why) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, reason.text, why);
    assert_int_equal(base.port, 7);
    assert_int_equal(uvrest__url_base_init(&base, NULL, text, allow_http, NULL), UVREST_E_INVALID);
}

/* What resolves to somewhere else than it seems to must not pass for loopback. */
static void base_refuses_http_beyond_loopback_row_11(void **state)
{
    static const char *const hosts[] = {"http://app.iconik.io",      "http://127.0.0.1.evil.example",
                                        "http://localhost.evil",     "http://10.0.0.1",
                                        "http://128.0.0.1",          "http://[::2]",
                                        "http://[::ffff:127.0.0.1]", "http://0.0.0.0",
                                        "http://alocalhost"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        uvrest__url_base base;
        expect_base_refused(hosts[i], false, "allow_http");
        assert_int_equal(uvrest__url_base_init(&base, NULL, hosts[i], true, NULL), UVREST_OK);
        assert_false(base.loopback);
        assert_false(base.tls);
        uvrest__url_base_fini(&base, NULL);
    }
}

static void base_refuses_what_is_no_base_row_12(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {NULL, "missing"},
        {"", "missing"},
        {"app.iconik.io", "https://"},
        {"file:///etc/passwd", "https://"},
        {"ftp://a.example", "https://"},
        {"https:/a.example", "https://"},
        {"https//a.example", "https://"},
        {"httpss://a.example", "https://"},
        {" https://a.example", "spaces"},
        {"https://a.example ", "spaces"},
        {"https://a.example\n", "control"},
        {"https://a.exa\x01mple", "control"},
        {"https://a.example\x7f", "control"},
        {"https://\xc3\xa9.example", "ASCII"},
        {"https://", "no host"},
        {"https:///path", "no host"},
        {"https://:443", "no host"},
        {"https://?x", "no host"},
        {"https://user@a.example", "user information"},
        {"https://user:secret@a.example", "user information"},
        {"https://a.example@evil.example", "user information"},
        {"https://a.example\\@evil.example", "path"},
        {"https://a.example\\.evil", "path"},
        {"https://a.example?x=1", "query"},
        {"https://a.example/?x=1", "query"},
        {"https://a.example/#f", "fragment"},
        {"https://a.example:0", "port"},
        {"https://a.example:65536", "port"},
        {"https://a.example:", "port"},
        {"https://a.example:80x", "port"},
        {"https://a.example:-1", "port"},
        {"https://a.example:99999999999999999999", "port"},
        {"https://a..example", "empty part"},
        {"https://.a.example", "empty part"},
        {"https://a.example.", "empty part"},
        {"https://a,b", "letters"},
        {"https://a%2eb", "letters"},
        {"https://127.1", "IPv4"},
        {"https://2130706433", "IPv4"},
        {"https://0x7f000001", "IPv4"},
        {"https://a.0x1", "IPv4"},
        {"https://127.0.0.010", "IPv4"},
        {"https://1.2.3.4.5", "IPv4"},
        {"https://256.0.0.1", "IPv4"},
        {"https://[::1", "IPv6"},
        {"https://[]", "IPv6"},
        {"https://[fe80::1%25eth0]", "IPv6"},
        {"https://[12345::1]", "IPv6"},
        {"https://[::1]x", "port"},
        {"https://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]", "IPv6"},
        {"https://a.example/../b", "path"},
        {"https://a.example/%2e%2E/b", "path"},
        {"https://a.example//b", "path"},
        {"https://a.example/%2", "path"},
        {"https://a.example/<b>", "path"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_base_refused(rows[i].text, true, rows[i].why);
}

static void base_limits_the_host(void **state)
{
    char text[8 + 254 + 1] = "https://";
    uvrest__url_base base;
    (void)state;
    memset(text + 8, 'a', 254);
    text[8 + 254] = '\0';
    expect_base_refused(text, false, "too long");
    text[8 + 253] = '\0';
    base = open_base(text);
    assert_int_equal(strlen(base.host), 253);
    uvrest__url_base_fini(&base, NULL);
}

static void base_never_repeats_a_password(void **state)
{
    uvrest__url_base base;
    uvrest_reason reason;
    (void)state;
    assert_int_equal(uvrest__url_base_init(&base, NULL, "https://me:hunter2@a.example", false, &reason),
                     UVREST_E_INVALID);
    assert_null(strstr(reason.text, "hunter2"));
}

static uvrest_status make_base(const uvrest_alloc *alloc, void *user)
{
    uvrest__url_base base = {.port = 7};
    uvrest_status st = uvrest__url_base_init(&base, alloc, "https://a.example:8443/gateway", false, NULL);
    (void)user;
    assert_int_equal(base.port, st == UVREST_OK ? 8443 : 7);
    if (st == UVREST_OK)
        uvrest__url_base_fini(&base, alloc);
    return st;
}

static void base_survives_lack_of_memory_row_110(void **state)
{
    (void)state;
    support_fail_each(make_base, NULL);
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

static uvrest__buf target;
static uvrest_reason reason;

static int begin(void **state)
{
    (void)state;
    uvrest__buf_init(&target, NULL, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    uvrest__buf_fini(&target);
    return 0;
}

static uvrest_status add_asset(const char *id)
{
    uvrest__url_value value = {"asset_id", id};
    uvrest__buf_clear(&target);
    memset(&reason, 0, sizeof reason);
    return uvrest__url_add_path(&target, "/API/assets/v1/assets/{asset_id}/", &value, 1, &reason);
}

static void path_takes_values(void **state)
{
    const uvrest__url_value values[] = {{"b", "two"}, {"a", "one"}, {"unused", "x"}};
    (void)state;
    assert_int_equal(uvrest__url_add_path(&target, "/v1/{a}/x/{b}/{a}.json", values, 3, &reason), UVREST_OK);
    assert_string_equal(uvrest__buf_text(&target), "/v1/one/x/two/one.json");
    assert_int_equal(uvrest__url_add_path(&target, "/more/", NULL, 0, &reason), UVREST_OK);
    assert_string_equal(uvrest__buf_text(&target), "/v1/one/x/two/one.json/more/");
}

static void path_encodes_a_value_into_its_segment_row_92(void **state)
{
    static const char *const rows[][2] = {
        {"AZaz09-._~", "AZaz09-._~"},
        {"a/b", "a%2Fb"},
        {"a?b#c", "a%3Fb%23c"},
        {"a b+c", "a%20b%2Bc"},
        {"%2F", "%252F"},
        {"100%", "100%25"},
        {"%", "%25"},
        {"%25", "%2525"},
        {"\xc3\xa9\xf0\x9f\x8e\xac", "%C3%A9%F0%9F%8E%AC"},
        {"a\r\nb\x7f\x01", "a%0D%0Ab%7F%01"},
        {"a\\b", "a%5Cb"},
        {";:@&=$,!'()*", "%3B%3A%40%26%3D%24%2C%21%27%28%29%2A"},
        {"...", "..."},
        {".a", ".a"},
        {"..a", "..a"},
        {"a..", "a.."},
        {"a./b", "a.%2Fb"},
        {"%2ea", "%252ea"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[200];
        assert_int_equal(add_asset(rows[i][0]), UVREST_OK);
        snprintf(expected, sizeof expected, "/API/assets/v1/assets/%s/", rows[i][1]);
        assert_string_equal(uvrest__buf_text(&target), expected);
    }
}

static void path_refuses_dot_segments_and_nothing_row_92(void **state)
{
    static const char *const rows[] = {".",        "..",         "%2e",      "%2E%2e",   ".%2e",
                                       "%2e.",     "%252e%252e", "%25252E.", "../x",     "x/..",
                                       "x/../y",   "./x",        "a/./b",    "..\\x",    "x%2f..%2fy",
                                       "%2e%2e/x", "..%2Fx",     "x%5c..",   "..%252fx", "a%252f%252e%252e%252fb"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (add_asset(rows[i]) != UVREST_E_INVALID)
            fail_msg("accepted: %s", rows[i]);
        assert_string_equal(reason.text, "asset_id: \".\" and \"..\" are not allowed in a path");
        assert_int_equal(target.len, 0);
    }
    assert_int_equal(add_asset(""), UVREST_E_INVALID);
    assert_string_equal(reason.text, "asset_id: empty");
    assert_int_equal(add_asset(NULL), UVREST_E_INVALID);
    assert_string_equal(reason.text, "asset_id: missing");
}

static void path_refuses_dot_segments_made_of_several_values(void **state)
{
    const uvrest__url_value values[] = {{"a", "x"}, {"b", "%2"}};
    (void)state;
    assert_int_equal(uvrest__url_add_path(&target, "/{a}.{b}/", values, 2, &reason), UVREST_OK);
    assert_string_equal(uvrest__buf_text(&target), "/x.%252/");
    uvrest__buf_clear(&target);
    assert_int_equal(uvrest__url_add_path(&target, "/.{b}E/", values, 2, &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "path: \".\" and \"..\" are not allowed");
    assert_int_equal(target.len, 0);
}

static void path_needs_all_values(void **state)
{
    const uvrest__url_value value = {"a", "x"};
    (void)state;
    assert_int_equal(uvrest__url_add_path(&target, "/{a}/{b}", &value, 1, &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "path: a place in it has no value");
    assert_int_equal(uvrest__url_add_path(&target, "/{aa}/", &value, 1, NULL), UVREST_E_INVALID);
    assert_int_equal(uvrest__url_add_path(&target, "/{", &value, 1, &reason), UVREST_E_INVALID);
    assert_int_equal(target.len, 0);
}

/* Row 97: as long as the ceiling and beyond, without trying to hold what is beyond it. */
static void path_has_a_ceiling_row_97(void **state)
{
    size_t room = UVREST__URL_TARGET_MAX - strlen("/API/assets/v1/assets//");
    char *id = malloc(8 * UVREST__URL_TARGET_MAX);
    (void)state;
    assert_non_null(id);
    memset(id, 'a', 8 * UVREST__URL_TARGET_MAX);
    id[10240] = '\0';
    assert_int_equal(add_asset(id), UVREST_OK);
    assert_int_equal(target.len, 10240 + strlen("/API/assets/v1/assets//"));
    id[10240] = 'a';
    id[room] = '\0';
    assert_int_equal(add_asset(id), UVREST_OK);
    id[room] = 'a';
    id[room + 1] = '\0';
    assert_int_equal(add_asset(id), UVREST_E_LIMIT);
    assert_string_equal(reason.text, "path and query: too long");
    id[room + 1] = 'a';
    id[8 * UVREST__URL_TARGET_MAX - 1] = '\0';
    assert_int_equal(add_asset(id), UVREST_E_LIMIT);
    assert_int_equal(uvrest__url_add_query(&target, "q", id, &reason), UVREST_E_LIMIT);
    assert_int_equal(uvrest__url_add_query(&target, id, "v", &reason), UVREST_E_LIMIT);
    id[0] = '/';
    assert_int_equal(uvrest__url_add_raw_path(&target, id, &reason), UVREST_E_LIMIT);
    assert_int_equal(target.len, 0);
    free(id);
}

static void raw_path_is_checked(void **state)
{
    static const char *const good[] = {
        "/", "/API/x/v1/y/", "/a%20b/%C3%A9", "/a;b=c,d/@me/$x!'()*+&=:", "/a//b", "/..."};
    static const struct {
        const char *path, *why;
    } bad[] = {{NULL, "path: missing"},        {"", "path: begins"},
               {"a/b", "path: begins"},        {"//evil.example/", "path: begins"},
               {"/a?b", "path: has"},          {"/a#b", "path: has"},
               {"/a b", "path: has"},          {"/a%2", "path: has"},
               {"/a%zz", "path: has"},         {"/a\\b", "path: has"},
               {"/a\r\nX: y", "path: has"},    {"/\xc3\xa9", "path: has"},
               {"/../b", "path: \".\""},       {"/a/.", "path: \".\""},
               {"/a/%2e%2e/b", "path: \".\""}, {"/a/%252e%252e/b", "path: \".\""},
               {"/a%2f..%2fb", "path: \".\""}};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uvrest__buf_clear(&target);
        assert_int_equal(uvrest__url_add_raw_path(&target, good[i], &reason), UVREST_OK);
        assert_string_equal(uvrest__buf_text(&target), good[i]);
    }
    uvrest__buf_clear(&target);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (uvrest__url_add_raw_path(&target, bad[i].path, &reason) != UVREST_E_INVALID)
            fail_msg("accepted: %s", bad[i].path);
        assert_int_equal(strncmp(reason.text, bad[i].why, strlen(bad[i].why)), 0);
        assert_int_equal(target.len, 0);
    }
}

/* ---- queries ----------------------------------------------------------------------------------------------------- */

static void query_is_encoded_exactly_once_row_94(void **state)
{
    (void)state;
    assert_int_equal(uvrest__url_add_raw_path(&target, "/x/", &reason), UVREST_OK);
    assert_int_equal(uvrest__url_add_query(&target, "q", "a&b=c#d+e %2f,\xc3\xa9", &reason), UVREST_OK);
    assert_int_equal(uvrest__url_add_query(&target, "ids[]", "", &reason), UVREST_OK);
    assert_int_equal(uvrest__url_add_query_i64(&target, "page", INT64_MIN, &reason), UVREST_OK);
    assert_int_equal(uvrest__url_add_query_i64(&target, "n", 0, &reason), UVREST_OK);
    assert_int_equal(uvrest__url_add_query_bool(&target, "yes", true, &reason), UVREST_OK);
    assert_int_equal(uvrest__url_add_query_bool(&target, "no", false, &reason), UVREST_OK);
    assert_string_equal(uvrest__buf_text(&target), "/x/?q=a%26b%3Dc%23d%2Be%20%252f%2C%C3%A9&ids%5B%5D="
                                                   "&page=-9223372036854775808&n=0&yes=true&no=false");
}

static void query_refuses_line_breaks_row_93(void **state)
{
    (void)state;
    assert_int_equal(uvrest__url_add_query(&target, "q", "a\r\nX: y", &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "q: a line break is not allowed");
    assert_int_equal(uvrest__url_add_query(&target, "q\n", "a", &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "q\\x0a: a line break is not allowed");
    assert_int_equal(uvrest__url_add_query(&target, "", "a", &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "query: a name is missing");
    assert_int_equal(uvrest__url_add_query(&target, NULL, "a", &reason), UVREST_E_INVALID);
    assert_int_equal(uvrest__url_add_query(&target, "q", NULL, &reason), UVREST_E_INVALID);
    assert_string_equal(reason.text, "q: missing");
    assert_int_equal(target.len, 0);
}

/* Two steps: the second needs more memory, and where there is none leaves what the first has made. */
static uvrest_status build_target(const uvrest_alloc *alloc, void *user)
{
    static const uvrest__url_value value = {"id", "a/b"};
    uvrest__buf built;
    uvrest_status st;
    char spaces[300];
    (void)user;
    memset(spaces, ' ', sizeof spaces - 1);
    spaces[sizeof spaces - 1] = '\0';
    uvrest__buf_init(&built, alloc, 0);
    st = uvrest__url_add_path(&built, "/x/{id}", &value, 1, &reason);
    assert_string_equal(uvrest__buf_text(&built), st == UVREST_OK ? "/x/a%2Fb" : "");
    if (st == UVREST_OK) {
        st = uvrest__url_add_query(&built, "q", spaces, &reason);
        assert_int_equal(built.len, strlen("/x/a%2Fb") + (st == UVREST_OK ? strlen("?q=") + 3 * strlen(spaces) : 0));
    }
    assert_int_equal(built.status, UVREST_OK);
    uvrest__buf_fini(&built);
    return st;
}

static void building_survives_lack_of_memory_row_110(void **state)
{
    (void)state;
    support_fail_each(build_target, NULL);
}

/* ---- redirects --------------------------------------------------------------------------------------------------- */

static void redirect_stays_on_its_origin_row_46(void **state)
{
    static const char *const rows[][2] = {
        {"https://a.example:8443/new/", "/new/"},
        {"HTTPS://A.EXAMPLE:8443/new?x=1#f", "/new?x=1"},
        {"//a.example:8443/new", "/new"},
        {"/new/place", "/new/place"},
        {"/new/place?y=%20#part", "/new/place?y=%20"},
        {"other", "/v1/assets/other"},
        {"other/?z=1", "/v1/assets/other/?z=1"},
        {"?page=2", "/v1/assets/1?page=2"},
        {"./other", "/v1/assets/other"},
        {"../other", "/v1/other"},
        {"../../../other", "/other"},
        {"..", "/v1/"},
        {".", "/v1/assets/"},
        {"/a/./b/../c", "/a/c"},
        {"/a/b/..", "/a/"},
        {"/a/b/.", "/a/b/"},
        {"/?tags[]=a|b", "/?tags[]=a|b"},
        {"x:y", NULL},
        {"./x:y", "/v1/assets/x:y"},
    };
    uvrest__url_base base = open_base("https://a.example:8443");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uvrest_status st;
        uvrest__buf_clear(&target);
        st = uvrest__url_add_redirect(&target, &base, "/v1/assets/1?old=1", rows[i][0], &reason);
        assert_int_equal(st, rows[i][1] == NULL ? UVREST_E_PROTOCOL : UVREST_OK);
        assert_string_equal(uvrest__buf_text(&target), rows[i][1] == NULL ? "" : rows[i][1]);
    }
    uvrest__url_base_fini(&base, NULL);
}

static void redirect_never_leaves_its_origin_row_47(void **state)
{
    static const char *const rows[] = {"https://b.example/",
                                       "https://a.example/",
                                       "https://a.example:8444/",
                                       "http://a.example:8443/",
                                       "//b.example/",
                                       "//a.example/",
                                       "///a.example:8443/",
                                       "https://a.example:8443@b.example/",
                                       "https://a.example:8443\\@b.example/",
                                       "https://x@a.example:8443/",
                                       "https://a.example:8443.b.example/",
                                       "https:a.example:8443/",
                                       "https:/a.example:8443/",
                                       "\\\\b.example/",
                                       "/\\b.example/",
                                       "javascript:alert(1)",
                                       "file:///etc/passwd",
                                       "data:text/plain,x",
                                       "",
                                       "#part",
                                       "https://a.example:8443",
                                       " /x",
                                       "/x y",
                                       "/x\r\nSet: y",
                                       "/\xc3\xa9",
                                       "/a/%2e%2e/b",
                                       "/a%2",
                                       "/x?a=%",
                                       "/x?a=<b>",
                                       "//a.example:8443//x"};
    uvrest__url_base base = open_base("https://a.example:8443");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (uvrest__url_add_redirect(&target, &base, "/v1/assets/1", rows[i], &reason) != UVREST_E_PROTOCOL)
            fail_msg("followed: %s to %s", rows[i], uvrest__buf_text(&target));
        assert_int_equal(strncmp(reason.text, "location: ", 10), 0);
        assert_int_equal(target.len, 0);
    }
    uvrest__url_base_fini(&base, NULL);
}

static void same_origin_compares_scheme_host_and_port(void **state)
{
    uvrest__url_base base = open_base("https://a.example"), local = open_base("http://[::1]:8080");
    (void)state;
    assert_true(uvrest__url_same_origin(&base, "https://a.example/x?y#z"));
    assert_true(uvrest__url_same_origin(&base, "https://A.example:443"));
    assert_false(uvrest__url_same_origin(&base, "http://a.example/"));
    assert_false(uvrest__url_same_origin(&base, "https://a.example:444/"));
    assert_false(uvrest__url_same_origin(&base, "https://a.example.evil/"));
    assert_false(uvrest__url_same_origin(&base, "https://a.example\\.evil/"));
    assert_false(uvrest__url_same_origin(&base, "/x"));
    assert_false(uvrest__url_same_origin(&base, ""));
    assert_true(uvrest__url_same_origin(&local, "http://[0::1]:8080/x"));
    assert_false(uvrest__url_same_origin(&local, "http://localhost:8080/x"));
    uvrest__url_base_fini(&base, NULL);
    uvrest__url_base_fini(&local, NULL);
}

static uvrest_status follow(const uvrest_alloc *alloc, void *user)
{
    uvrest__buf out;
    uvrest_status st;
    uvrest__buf_init(&out, alloc, 0);
    st = uvrest__url_add_redirect(&out, user, "/v1/assets/1", "../other?x=1", &reason);
    assert_string_equal(uvrest__buf_text(&out), st == UVREST_OK ? "/v1/other?x=1" : "");
    uvrest__buf_fini(&out);
    return st;
}

static void redirect_survives_lack_of_memory_row_110(void **state)
{
    uvrest__url_base base = open_base("https://a.example");
    (void)state;
    support_fail_each(follow, &base);
    uvrest__url_base_fini(&base, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_is_taken_apart_and_normalised),
        cmocka_unit_test(base_refuses_http_beyond_loopback_row_11),
        cmocka_unit_test(base_refuses_what_is_no_base_row_12),
        cmocka_unit_test(base_limits_the_host),
        cmocka_unit_test(base_never_repeats_a_password),
        cmocka_unit_test(base_survives_lack_of_memory_row_110),
        cmocka_unit_test_setup_teardown(path_takes_values, begin, end),
        cmocka_unit_test_setup_teardown(path_encodes_a_value_into_its_segment_row_92, begin, end),
        cmocka_unit_test_setup_teardown(path_refuses_dot_segments_and_nothing_row_92, begin, end),
        cmocka_unit_test_setup_teardown(path_refuses_dot_segments_made_of_several_values, begin, end),
        cmocka_unit_test_setup_teardown(path_needs_all_values, begin, end),
        cmocka_unit_test_setup_teardown(path_has_a_ceiling_row_97, begin, end),
        cmocka_unit_test_setup_teardown(raw_path_is_checked, begin, end),
        cmocka_unit_test_setup_teardown(query_is_encoded_exactly_once_row_94, begin, end),
        cmocka_unit_test_setup_teardown(query_refuses_line_breaks_row_93, begin, end),
        cmocka_unit_test_setup_teardown(building_survives_lack_of_memory_row_110, begin, end),
        cmocka_unit_test_setup_teardown(redirect_stays_on_its_origin_row_46, begin, end),
        cmocka_unit_test_setup_teardown(redirect_never_leaves_its_origin_row_47, begin, end),
        cmocka_unit_test(same_origin_compares_scheme_host_and_port),
        cmocka_unit_test_setup_teardown(redirect_survives_lack_of_memory_row_110, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
