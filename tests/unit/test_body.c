/* SPDX-License-Identifier: MIT */
#include "arena.h"
#include "body.h"
#include "sanitizer.h"
#include "support.h"

/* Adds `len` bytes in pieces of `piece`; what they are follows from where they stand. */
static void add(uvrest__body *body, uvrest__body_store *store, size_t len, size_t piece)
{
    char bytes[64];
    while (len > 0) {
        size_t n = len < piece ? len : piece;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)('a' + (body->len + i) % 26);
        assert_status(uvrest__body_append(body, store, bytes, n), UVREST_OK);
        len -= n;
    }
}

static void check(uvrest_raw text, size_t len)
{
    assert_int_equal(text.len, len);
    for (size_t i = 0; i < len; i++)
        if (text.text[i] != (char)('a' + i % 26))
            fail_msg("byte %zu of %zu is %d", i, len, text.text[i]);
    assert_int_equal(text.text[len], '\0');
}

/* Receives a body whole and keeps its arena. */
static uvrest_arena *receive(uvrest__body_store *store, size_t announced, size_t len)
{
    uvrest__body body = {0};
    uvrest_raw text;
    uvrest_arena *arena;
    if (announced > 0)
        assert_status(uvrest__body_expect(&body, store, announced), UVREST_OK);
    add(&body, store, len, 64);
    text = uvrest__body_text(&body);
    arena = uvrest__body_take(&body, store);
    assert_non_null(uvrest_arena_alloc(arena, 100)); /* must not lie over the text */
    check(text, len);
    return arena;
}

static void a_body_grows_whatever_was_announced(void **state)
{
    static const size_t announced[] = {0, 1, 10, 5000, 200000};
    static const size_t lens[] = {1, 63, 4096, 50000};
    support_alloc counting;
    uvrest__body_store store;
    (void)state;
    support_alloc_init(&counting);
    uvrest__body_store_init(&store, &counting.alloc, 1000000);
    for (size_t a = 0; a < sizeof announced / sizeof *announced; a++)
        for (size_t l = 0; l < sizeof lens / sizeof *lens; l++)
            uvrest__body_store_give(&store, receive(&store, announced[a], lens[l]));
    uvrest__body_store_fini(&store);
    assert_int_equal(counting.n_live, 0);
}

static void a_body_that_grew_is_there_once(void **state)
{
    support_alloc counting;
    uvrest__body_store store;
    uvrest_arena *arena;
    (void)state;
    support_alloc_init(&counting);
    uvrest__body_store_init(&store, &counting.alloc, 1000000);
    arena = receive(&store, 0, 1000000);
    assert_ptr_equal(arena->first, arena->current);
    assert_null(arena->first->next);
    assert_int_equal(counting.n_live, 2); /* the arena, and its block */
    uvrest_arena_free(arena);
    uvrest__body_store_fini(&store);
}

static void nothing_arrived_is_nothing(void **state)
{
    support_alloc counting;
    uvrest__body_store store;
    uvrest__body body = {0};
    (void)state;
    support_alloc_init(&counting);
    uvrest__body_store_init(&store, &counting.alloc, 1000);
    assert_null(uvrest__body_text(&body).text);
    assert_null(uvrest__body_take(&body, &store));
    assert_status(uvrest__body_expect(&body, &store, 100), UVREST_OK);
    assert_null(uvrest__body_text(&body).text);
    assert_null(uvrest__body_take(&body, &store));
    uvrest__body_drop(&body, &store);
    uvrest__body_store_give(&store, NULL);
    uvrest__body_store_fini(&store);
    assert_int_equal(counting.n_live, 0);
}

static void an_answer_like_those_before_takes_nothing_from_the_allocator(void **state)
{
    support_alloc counting;
    uvrest__body_store store;
    uvrest_arena *held[8];
    size_t n_calls;
    (void)state;
    support_alloc_init(&counting);
    uvrest__body_store_init(&store, &counting.alloc, 1000000);
    for (int round = 0; round < 3; round++) {
        n_calls = counting.n_calls;
        for (size_t i = 0; i < 8; i++)
            held[i] = receive(&store, 4096, 4096);
        for (size_t i = 0; i < 8; i++)
            uvrest__body_store_give(&store, held[i]);
    }
    assert_int_equal(counting.n_calls, n_calls);
    for (int round = 0; round < 4; round++) { /* of unknown length: the first ones find out how long they are */
        n_calls = counting.n_calls;
        uvrest__body_store_give(&store, receive(&store, 0, 20000));
    }
    assert_int_equal(counting.n_calls, n_calls);
    uvrest__body_store_fini(&store);
    assert_int_equal(counting.n_live, 0);
}

/* A caller who looks at an answer after its callback would mostly see it whole, since its memory is not given back. */
static void the_sanitizer_guards_what_is_spare(void **state)
{
    uvrest__body_store store;
    uvrest_arena *arena;
    const char *text;
    (void)state;
    uvrest__body_store_init(&store, NULL, 100000);
    arena = receive(&store, 4096, 4096);
    text = arena->first->data;
    assert_false(uvrest__is_poisoned(text, 4096));
    uvrest__body_store_give(&store, arena);
    assert_int_equal(uvrest__is_poisoned(text, 1), UVREST__HAS_ASAN);
    assert_int_equal(uvrest__is_poisoned(text + 4095, 1), UVREST__HAS_ASAN);
    assert_ptr_equal(receive(&store, 4096, 4096), arena);
    assert_false(uvrest__is_poisoned(text, 4096));
    uvrest__body_store_give(&store, arena);
    uvrest__body_store_fini(&store);
}

static void large_arenas_are_neither_kept_nor_given_to_small_bodies(void **state)
{
    support_alloc counting;
    uvrest__body_store store;
    uvrest_arena *small;
    (void)state;
    support_alloc_init(&counting);
    uvrest__body_store_init(&store, &counting.alloc, 10000000);
    uvrest__body_store_give(&store, receive(&store, 2000000, 2000000));
    assert_int_equal(counting.n_live, 0);
    uvrest__body_store_give(&store, receive(&store, 100000, 100000));
    small = receive(&store, 1000, 1000);
    assert_true(small->taken < 10000);
    uvrest__body_store_give(&store, small);
    for (int i = 0; i < 64; i++) { /* many at once, of which some are kept */
        uvrest_arena *held[8];
        for (size_t n = 0; n < 8; n++)
            held[n] = receive(&store, 100000, 100000);
        for (size_t n = 0; n < 8; n++)
            uvrest__body_store_give(&store, held[n]);
        assert_true(counting.n_bytes <= 1100000);
    }
    uvrest__body_store_fini(&store);
    assert_int_equal(counting.n_live, 0);
}

static void more_than_allowed_is_refused(void **state)
{
    uvrest__body_store store;
    uvrest__body body = {0};
    (void)state;
    uvrest__body_store_init(&store, NULL, 100);
    assert_status(uvrest__body_expect(&body, &store, 101), UVREST_E_LIMIT);
    add(&body, &store, 100, 30);
    assert_status(uvrest__body_append(&body, &store, "x", 1), UVREST_E_LIMIT);
    check(uvrest__body_text(&body), 100);
    uvrest__body_drop(&body, &store);
    assert_null(uvrest__body_text(&body).text);
    uvrest__body_store_fini(&store);
}

static uvrest_status receive_or_fail(const uvrest_alloc *alloc, void *user)
{
    static const char bytes[3000];
    uvrest__body_store store;
    uvrest__body body = {0};
    uvrest_status st;
    (void)user;
    uvrest__body_store_init(&store, alloc, 100000);
    st = uvrest__body_expect(&body, &store, 10);
    for (int i = 0; i < 20 && st == UVREST_OK; i++)
        st = uvrest__body_append(&body, &store, bytes, sizeof bytes);
    uvrest__body_drop(&body, &store);
    uvrest__body_store_fini(&store);
    return st;
}

static void each_failing_allocation_is_survived(void **state)
{
    (void)state;
    support_fail_each(receive_or_fail, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_grows_whatever_was_announced),
        cmocka_unit_test(a_body_that_grew_is_there_once),
        cmocka_unit_test(nothing_arrived_is_nothing),
        cmocka_unit_test(an_answer_like_those_before_takes_nothing_from_the_allocator),
        cmocka_unit_test(the_sanitizer_guards_what_is_spare),
        cmocka_unit_test(large_arenas_are_neither_kept_nor_given_to_small_bodies),
        cmocka_unit_test(more_than_allowed_is_refused),
        cmocka_unit_test(each_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
