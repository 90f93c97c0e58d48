/* SPDX-License-Identifier: MIT */
#include "lane.h"
#include "alloc.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>

#define FIRST_BUCKETS 16u

static uvrest__lane *lane_of_turn(uvrest__heap_item *item)
{
    return (uvrest__lane *)(void *)((char *)item - offsetof(uvrest__lane, turn));
}

static uvrest__lane *lane_of_wake(uvrest__heap_item *item)
{
    return (uvrest__lane *)(void *)((char *)item - offsetof(uvrest__lane, wake));
}

/* ---- lanes ---- */

static uvrest_status make(uvrest__lanes *lanes, uvrest__credentials *credentials, uvrest__lane **out)
{
    uvrest__lane *lane = uvrest__zalloc(lanes->conf.alloc, sizeof *lane);
    if (lane == NULL)
        return UVREST_E_NOMEM;
    lane->credentials = *credentials;
    credentials->n = 0;
    *out = lane;
    return UVREST_OK;
}

/* Whatever it holds of others was given back before. */
static void discard(uvrest__lanes *lanes, uvrest__lane *lane)
{
    uvrest__credentials_fini(&lane->credentials);
    uvrest__free(lanes->conf.alloc, lane);
}

static void end(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now)
{
    assert(lane->queue.n == 0 && lane->n_calls == 0);
    uvrest__fleet_leave(lanes->conf.fleet, lane->member);
    uvrest__ratelimit_put(lane->ledger, now);
    discard(lanes, lane);
}

/* The ledger's mutex is held. */
static void on_ledger(void *user)
{
    uvrest__lanes *lanes = user;
    atomic_store(&lanes->called, true);
    lanes->conf.wake(lanes->conf.user);
}

uvrest_status uvrest__lanes_open(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now)
{
    const uvrest__lane_conf *conf = &lanes->conf;
    const char *lines[UVREST__CREDENTIALS_MAX + 1];
    uvrest_status st;
    uvrest__credentials_list(&lane->credentials, UINT32_MAX, lines);
    st = uvrest__ratelimit_get(uvrest__ratelimit_shared(), conf->origin, lines, conf->rate_limit, now, conf->rand,
                               on_ledger, lanes, &lane->ledger);
    if (st != UVREST_OK || conf->fleet == NULL)
        return st;
    st = uvrest__fleet_join(conf->fleet, lane->ledger, &lane->member);
    if (st != UVREST_OK) {
        uvrest__ratelimit_put(lane->ledger, now);
        lane->ledger = NULL;
    }
    return st;
}

/* ---- the set ---- */

uvrest_status uvrest__lanes_init(uvrest__lanes *lanes, const uvrest__lane_conf *conf, uvrest__credentials *credentials,
                                 uint64_t now)
{
    uvrest__lane *own;
    uvrest_status st;
    *lanes = (uvrest__lanes){.conf = *conf, .seed = conf->rand.next(conf->rand.user)};
    uvrest__heap_init(&lanes->offered, conf->alloc);
    uvrest__heap_init(&lanes->held, conf->alloc);
    st = uvrest__heap_reserve(&lanes->offered, 1);
    if (st == UVREST_OK)
        st = uvrest__heap_reserve(&lanes->held, 1);
    if (st == UVREST_OK)
        st = make(lanes, credentials, &own);
    if (st != UVREST_OK)
        goto fini_heaps;
    st = uvrest__lanes_lack_ledger(lanes, own) ? uvrest__lanes_open(lanes, own, now) : UVREST_OK;
    if (st != UVREST_OK)
        goto discard_own;

    lanes->own = own;
    return UVREST_OK;

discard_own:
    *credentials = own->credentials;
    own->credentials.n = 0;
    discard(lanes, own);
fini_heaps:
    uvrest__heap_fini(&lanes->held);
    uvrest__heap_fini(&lanes->offered);
    return st;
}

static void fini_lists(uvrest__lanes *lanes)
{
    uvrest__free(lanes->conf.alloc, lanes->buckets);
    lanes->buckets = NULL;
    lanes->n_buckets = 0;
    uvrest__heap_fini(&lanes->held);
    uvrest__heap_fini(&lanes->offered);
    lanes->own = NULL;
}

void uvrest__lanes_fini(uvrest__lanes *lanes, uint64_t now)
{
    if (lanes->own == NULL)
        return;
    assert(lanes->n_brought == 0); /* each went with its last call */
    end(lanes, lanes->own, now);
    fini_lists(lanes);
}

void uvrest__lanes_abandon(uvrest__lanes *lanes)
{
    if (lanes->own == NULL)
        return;
    for (size_t i = 0; i < lanes->n_buckets; i++)
        for (uvrest__lane *lane = lanes->buckets[i], *next; lane != NULL; lane = next) {
            next = lane->next;
            discard(lanes, lane);
        }
    discard(lanes, lanes->own);
    fini_lists(lanes);
}

/* ---- by credentials ---- */

static uint64_t hash_of(const uvrest__lanes *lanes, const char *const *lines)
{
    uint64_t hash = lanes->seed;
    for (; *lines != NULL; lines++) {
        const unsigned char *byte = (const unsigned char *)*lines;
        do {
            hash = (hash ^ *byte) * UINT64_C(0x9E3779B97F4A7C15);
            hash ^= hash >> 32;
        } while (*byte++ != '\0');
    }
    return hash;
}

/* n: a power of two. */
static uvrest__lane **bucket_of(uvrest__lane **buckets, size_t n, uint64_t hash)
{
    return &buckets[hash & (n - 1)];
}

static void link_in(uvrest__lane **buckets, size_t n, uvrest__lane *lane)
{
    uvrest__lane **bucket = bucket_of(buckets, n, lane->hash);
    lane->next = *bucket;
    *bucket = lane;
}

static uvrest_status grow(uvrest__lanes *lanes)
{
    size_t n = lanes->n_buckets == 0 ? FIRST_BUCKETS : lanes->n_buckets * 2;
    uvrest__lane **buckets;
    size_t size;
    if (!uvrest__size_mul(n, sizeof *buckets, &size))
        return UVREST_E_NOMEM;
    buckets = uvrest__zalloc(lanes->conf.alloc, size);
    if (buckets == NULL)
        return UVREST_E_NOMEM;
    for (size_t i = 0; i < lanes->n_buckets; i++)
        for (uvrest__lane *lane = lanes->buckets[i], *next; lane != NULL; lane = next) {
            next = lane->next;
            link_in(buckets, n, lane);
        }
    uvrest__free(lanes->conf.alloc, lanes->buckets);
    lanes->buckets = buckets;
    lanes->n_buckets = n;
    return UVREST_OK;
}

/* Room for one lane more, the client's own counted. */
static uvrest_status reserve(uvrest__lanes *lanes)
{
    uvrest_status st = uvrest__heap_reserve(&lanes->offered, lanes->n_brought + 2);
    if (st == UVREST_OK)
        st = uvrest__heap_reserve(&lanes->held, lanes->n_brought + 2);
    if (st == UVREST_OK && lanes->n_brought == lanes->n_buckets)
        st = grow(lanes);
    return st;
}

static uvrest__lane *find(const uvrest__lanes *lanes, uint64_t hash, const char *const *lines)
{
    uvrest__lane *lane = lanes->n_buckets == 0 ? NULL : *bucket_of(lanes->buckets, lanes->n_buckets, hash);
    while (lane != NULL && !(lane->hash == hash && uvrest__credentials_are(&lane->credentials, lines)))
        lane = lane->next;
    return lane;
}

static uvrest_status add(uvrest__lanes *lanes, uint64_t hash, const char *const *lines, uvrest_reason *reason,
                         uvrest__lane **out)
{
    uvrest__credentials credentials;
    uvrest_status st = reserve(lanes);
    if (st != UVREST_OK)
        return st;
    uvrest__credentials_init(&credentials, lanes->conf.alloc);
    st = uvrest__credentials_add_lines(&credentials, lines, reason);
    if (st == UVREST_OK)
        st = make(lanes, &credentials, out);
    uvrest__credentials_fini(&credentials);
    if (st != UVREST_OK)
        return st;
    (*out)->hash = hash;
    link_in(lanes->buckets, lanes->n_buckets, *out);
    lanes->n_brought++;
    return UVREST_OK;
}

uvrest_status uvrest__lanes_join(uvrest__lanes *lanes, const char *const *lines, uvrest_reason *reason,
                                 uvrest__lane **out)
{
    uvrest__lane *lane = lanes->own;
    if (lines != NULL) {
        uint64_t hash = hash_of(lanes, lines);
        lane = find(lanes, hash, lines);
        if (lane == NULL) {
            uvrest_status st = add(lanes, hash, lines, reason, &lane);
            if (st != UVREST_OK)
                return st;
        }
    }
    lane->n_calls++;
    *out = lane;
    return UVREST_OK;
}

void uvrest__lanes_leave(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now)
{
    uvrest__lane **at;
    if (--lane->n_calls > 0 || lane == lanes->own)
        return;
    at = bucket_of(lanes->buckets, lanes->n_buckets, lane->hash);
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    lanes->n_brought--;
    end(lanes, lane, now);
}

/* ---- whose turn it is ---- */

/* Nobody waits there any more. */
static void rest(uvrest__lanes *lanes, uvrest__lane *lane)
{
    uvrest__heap_clear(&lanes->offered, &lane->turn);
    uvrest__heap_clear(&lanes->held, &lane->wake);
    lane->waits = false;
    lane->blocked_ns = 0;
    if (lane->member != NULL)
        uvrest__ratelimit_expect(lane->ledger, 0, UVREST_PRIORITY_NORMAL, 0);
}

void uvrest__lanes_offer(uvrest__lanes *lanes, uvrest__lane *lane)
{
    const uvrest__queue_item *first = uvrest__queue_peek(&lane->queue);
    uint64_t place;
    if (first == NULL) {
        if (lane->turn.place != 0 || lane->wake.place != 0)
            rest(lanes, lane);
        return;
    }
    place = uvrest__queue_place(first);
    uvrest__heap_clear(&lanes->held, &lane->wake);
    if (lane->turn.place == 0 || lane->turn.key != place)
        uvrest__heap_set(&lanes->offered, &lane->turn, place);
}

void uvrest__lanes_put(uvrest__lanes *lanes, uvrest__lane *lane, uvrest__queue_item *item)
{
    uvrest__queue_put(&lane->queue, item);
    lanes->n_waiting++;
    uvrest__lanes_offer(lanes, lane);
}

void uvrest__lanes_remove(uvrest__lanes *lanes, uvrest__lane *lane, uvrest__queue_item *item)
{
    uvrest__queue_remove(&lane->queue, item);
    lanes->n_waiting--;
    uvrest__lanes_offer(lanes, lane);
}

uvrest__lane *uvrest__lanes_turn(const uvrest__lanes *lanes)
{
    uvrest__heap_item *first = uvrest__heap_first(&lanes->offered);
    return first == NULL ? NULL : lane_of_turn(first);
}

void uvrest__lanes_hold(uvrest__lanes *lanes, uvrest__lane *lane, uint64_t now, const uvrest__ratelimit_wait *wait)
{
    uint64_t wake_ns = uvrest__clock_add(now, wait->ns);
    uvrest__heap_clear(&lanes->offered, &lane->turn);
    uvrest__heap_set(&lanes->held, &lane->wake, wake_ns);
    lane->blocked_ns = wait->firm ? wake_ns : 0;
    lane->cause = wait->cause;
    lane->waits = true;
}

void uvrest__lanes_offer_all(uvrest__lanes *lanes)
{
    uvrest__lanes_offer_due(lanes, UINT64_MAX);
}

void uvrest__lanes_listen(uvrest__lanes *lanes)
{
    if (atomic_exchange(&lanes->called, false))
        uvrest__lanes_offer_all(lanes);
}

uint64_t uvrest__lanes_due(const uvrest__lanes *lanes)
{
    const uvrest__heap_item *first = uvrest__heap_first(&lanes->held);
    return first == NULL ? UINT64_MAX : first->key;
}

void uvrest__lanes_offer_due(uvrest__lanes *lanes, uint64_t now)
{
    uvrest__heap_item *first;
    while ((first = uvrest__heap_first(&lanes->held)) != NULL && first->key <= now)
        uvrest__lanes_offer(lanes, lane_of_wake(first));
}

/* ---- secrets ---- */

void uvrest__lanes_redact(const uvrest__lanes *lanes, const uvrest__lane *lane, char *text)
{
    if (lanes->own != NULL)
        uvrest__credentials_redact(&lanes->own->credentials, text);
    if (lane != NULL && lane != lanes->own)
        uvrest__credentials_redact(&lane->credentials, text);
}
