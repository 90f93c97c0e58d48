/* SPDX-License-Identifier: MIT */
#include "body.h"
#include "alloc.h"
#include "arena.h"
#include <string.h>

/* What an answer takes beside its body and what is decoded of it: its head and the result. */
#define EXTRA 2048u
/* What is made room for on the word of the body before. */
#define EXPECTED_MAX 131072u
/* All spare arenas together, and one of them. */
#define SPARE_MAX 1048576u
#define SPARE_ONE_MAX 524288u
/* Room that does not matter, however small the answer. */
#define ROOM_MIN 32768u

void uvrest__body_store_init(uvrest__body_store *store, const uvrest_alloc *alloc, size_t max_len)
{
    *store = (uvrest__body_store){.alloc = alloc, .max_len = max_len};
}

/* The newest spare arena; there is one. */
static uvrest_arena *pop_spare(uvrest__body_store *store)
{
    uvrest_arena *arena = store->spare;
    uvrest__arena_unseal(arena);
    memcpy(&store->spare, arena->first->data, sizeof store->spare);
    store->spare_bytes -= arena->taken;
    return arena;
}

static void push_spare(uvrest__body_store *store, uvrest_arena *arena)
{
    uvrest_arena_reset(arena);
    memcpy(arena->first->data, &store->spare, sizeof store->spare);
    uvrest__arena_seal(arena);
    store->spare = arena;
    store->spare_bytes += arena->taken;
}

void uvrest__body_store_fini(uvrest__body_store *store)
{
    while (store->spare != NULL)
        uvrest_arena_free(pop_spare(store));
}

/* Many are spare where many answers arrive in one step of libcurl. */
void uvrest__body_store_give(uvrest__body_store *store, uvrest_arena *arena)
{
    if (arena != NULL && arena->first != NULL && arena->taken <= SPARE_ONE_MAX &&
        arena->taken <= SPARE_MAX - store->spare_bytes)
        push_spare(store, arena);
    else
        uvrest_arena_free(arena);
}

/* Whether room is so much more than needed that whoever keeps the answer would keep mostly that. */
static bool is_wasteful(size_t room, size_t need)
{
    return room > ROOM_MIN && room / 4 > need;
}

/* An empty arena with room in one piece for a body of `need` bytes and, if it has `len`, for what is made of it. */
static uvrest_status get_arena(uvrest__body_store *store, size_t need, size_t len, uvrest_arena **out)
{
    size_t want = len + len + len / 4 + EXTRA; /* what is decoded of a text is at most a quarter larger */
    uvrest_status st;
    while (store->spare != NULL && !is_wasteful(store->spare->first->cap, want)) {
        *out = pop_spare(store);
        if ((*out)->first->cap >= want && (*out)->first->cap > need)
            return UVREST_OK;
        uvrest_arena_free(*out); /* answers have grown */
    }
    st = uvrest_arena_new(store->alloc, 0, out);
    if (st != UVREST_OK)
        return st;
    st = uvrest__arena_grow(*out, need + 1, want);
    if (st != UVREST_OK)
        uvrest_arena_free(*out);
    return st;
}

static uvrest_status begin(uvrest__body *body, uvrest__body_store *store, size_t need, size_t len)
{
    uvrest_arena *arena;
    uvrest_status st = get_arena(store, need, len, &arena);
    if (st != UVREST_OK)
        return st;
    body->arena = arena;
    body->text = arena->at;
    return UVREST_OK;
}

/* Makes room for `len` bytes in all and the closing NUL. The block itself grows: beside a copy in another one, a large
 * body would take twice its length, for as long as somebody keeps it. */
static uvrest_status reserve(uvrest__body *body, size_t len)
{
    uvrest_arena *arena = body->arena;
    uvrest_status st;
    if ((size_t)(arena->end - body->text) > len)
        return UVREST_OK;
    st = uvrest__arena_enlarge(arena, len + len + EXTRA);
    if (st == UVREST_OK)
        body->text = arena->at;
    return st;
}

uvrest_status uvrest__body_expect(uvrest__body *body, uvrest__body_store *store, size_t len)
{
    if (len > store->max_len)
        return UVREST_E_LIMIT;
    if (body->arena == NULL)
        return begin(body, store, len, len);
    return reserve(body, len);
}

uvrest_status uvrest__body_append(uvrest__body *body, uvrest__body_store *store, const void *data, size_t len)
{
    uvrest_status st = UVREST_OK;
    if (len > store->max_len - body->len)
        return UVREST_E_LIMIT;
    if (body->arena == NULL)
        st = begin(body, store, len, store->newest_len < EXPECTED_MAX ? store->newest_len : EXPECTED_MAX);
    if (st == UVREST_OK)
        st = reserve(body, body->len + len);
    if (st != UVREST_OK)
        return st;
    memcpy(body->text + body->len, data, len);
    body->len += len;
    body->text[body->len] = '\0';
    return UVREST_OK;
}

void uvrest__body_drop(uvrest__body *body, uvrest__body_store *store)
{
    uvrest__body_store_give(store, body->arena);
    *body = (uvrest__body){0};
}

uvrest_raw uvrest__body_text(const uvrest__body *body)
{
    return uvrest_raw_of(body->len > 0 ? body->text : NULL, body->len);
}

uvrest_arena *uvrest__body_take(uvrest__body *body, uvrest__body_store *store)
{
    uvrest_arena *arena = body->arena;
    if (body->len == 0)
        return NULL;
    store->newest_len = body->len;
    arena->at = body->text + body->len + 1;
    *body = (uvrest__body){0};
    return arena;
}
