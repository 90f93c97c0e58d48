/* SPDX-License-Identifier: MIT */
#include "message.h"
#include "support.h"

static void check(const char *json, const char *expected)
{
    char bytes[256];
    uvrest__text text;
    uvrest_arena *arena;
    uvrest_raw body = uvrest_raw_of(json, strlen(json));
    bool found;
    assert_int_equal(uvrest_arena_new(NULL, 0, &arena), UVREST_OK);
    uvrest__text_init(&text, bytes, sizeof bytes);
    found = uvrest__message_add_errors(&text, body, "errors", arena);
    assert_string_equal(found ? bytes : "(none)", expected == NULL ? "(none)" : expected);
    uvrest_arena_free(arena);
}

static void both_shapes_are_flattened(void **state)
{
    (void)state;
    check("{\"errors\":[\"a\",\"b\"]}", "a; b");
    check(" { \"code\" : 7 , \"errors\" : { \"t\" : [ \"x\" , \"y\" ] , \"s\" : \"z\" } } ", "t: x, y; s: z");
    check("{\"errors\":\"just text\"}", "just text");
    check("{\"errors\":17}", "17");
    check("{\"errors\":{\"t\":{\"deep\":[1, 2]}}}", "t: {\"deep\":[1, 2]}");
    check("{\"errors\":[null,true,1.5,[\"n\"]]}", "null; true; 1.5; [\"n\"]");
    check("{\"errors\":\"old\",\"errors\":\"new\"}", "new");
    check("{\"err\\u006frs\":\"escaped name\"}", "escaped name");
    check("{\"errors\":[\"nul \\u0000 inside\"]}", "\"nul \\\\u0000 inside\"");
}

static void what_has_no_messages_adds_nothing(void **state)
{
    static const char *const bodies[] = {"",
                                         "null",
                                         "[]",
                                         "\"errors\"",
                                         "{}",
                                         "{\"errors\":null}",
                                         "{\"errors\":[]}",
                                         "{\"errors\":{}}",
                                         "{\"errors\":\"\"}",
                                         "{\"Errors\":\"x\"}",
                                         "{\"errors\":[",
                                         "<html>"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        check(bodies[i], NULL);
}

static void excerpts_are_short_and_escaped(void **state)
{
    char bytes[1024];
    char long_body[1000];
    uvrest__text text;
    (void)state;
    memset(long_body, 'x', sizeof long_body);
    uvrest__text_init(&text, bytes, sizeof bytes);
    uvrest__message_add_excerpt(&text, uvrest_raw_of(long_body, sizeof long_body));
    assert_int_equal(strlen(bytes), UVREST__MESSAGE_EXCERPT + 3);
    uvrest__text_init(&text, bytes, sizeof bytes);
    uvrest__message_add_excerpt(&text, uvrest_raw_of("a\nb\xff", 4));
    assert_string_equal(bytes, "a\\x0ab\\xff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_shapes_are_flattened),
        cmocka_unit_test(what_has_no_messages_adds_nothing),
        cmocka_unit_test(excerpts_are_short_and_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
