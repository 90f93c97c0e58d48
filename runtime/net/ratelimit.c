/* SPDX-License-Identifier: MIT */
#include "ratelimit.h"
#include "alloc.h"
#include "clock.h"
#include "leases.h"
#include "ledgerfile.h"
#include "text.h"

#include <assert.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

/* Enough for the ledgers of a program that acts for a hundred thousand users. */
#define BUCKETS 4096u
#define DAY_MS (24 * 60 * 60 * UINT32_C(1000))

/* One origin and its credentials. Its holders are linked in no order. */
typedef struct entry {
    struct entry *next; /* in the registry's bucket */
    struct entry *next_idle;
    uint8_t key[SHA256_DIGEST_LENGTH];
    pthread_mutex_t mutex; /* over all below */
    uvrest__ledger ledger;
    uvrest__ledgerfile file; /* open: the ledger is a copy of what is in there */
    uint64_t waits[UVREST__RATELIMIT_CAUSES];
    uvrest__ratelimit *holders;
    uint32_t n_holders; /* changed under both mutexes; 0: remembered until its slots are free */
} entry;

struct uvrest__ratelimit {
    uvrest__ratelimit_registry *registry;
    entry *entry;
    uvrest__ratelimit *next;
    uvrest__ratelimit_wake_fn *wake;
    void *user;
    bool proactive;
    bool listening; /* was told to wait for what another client may bring about */
    uvrest__ratelimit_cause cause; /* of the wait it is in */
    const char *warning; /* not told yet; under the entry's mutex */

    /* Slots of the hook; the client's thread only. */
    uvrest_acquire_ask *ask; /* NULL: no hook */
    uint32_t granted;
    uint64_t asked_at; /* of the newest question */
    uint64_t granted_until;
    uint64_t ask_again_at;

    /* Slots of the log that machines share; the client's thread only. */
    bool leased;
    uvrest__leases leases;
    uint64_t attempt_ns; /* of the next acquire() */
    bool refused; /* the ledger's pause is on because of a 429 that this client got */
};

/* Outlives its client while a question is open. */
struct uvrest_acquire_ask {
    uvrest__ratelimit_registry *registry;
    uvrest_acquire_fn *acquire;
    void *acquire_user;
    uint32_t n; /* asked for at a time */
    pthread_mutex_t mutex; /* over all below; no other is taken under it */
    uvrest__ratelimit *rl; /* NULL: the client is gone */
    bool pending; /* a question is open */
    bool answered; /* and has been answered, but not looked at */
    uint32_t granted;
    uint32_t ms;
};

struct uvrest__ratelimit_registry {
    pthread_mutex_t mutex; /* over the lists and the allocator; taken before an entry's */
    const uvrest_alloc *alloc;
    entry *buckets[BUCKETS]; /* by key */
    entry *idle; /* those without holders; newest first */
};

/* ---- configuration ----------------------------------------------------------------------------------------------- */

/* 0 stands for the default, UVREST_ZERO for 0. */
static uint32_t or_default(uint32_t given, uint32_t by_default)
{
    return given == 0 ? by_default : given == UVREST_ZERO ? 0 : given;
}

static uvrest_status refuse_option(uvrest_reason *reason, const char *field, const char *why)
{
    uvrest__reason_set(reason, "rate_limit.", field, ": ", why, (char *)NULL);
    return UVREST_E_INVALID;
}

static uvrest_status configure_window(uvrest__ratelimit_conf *out, const uvrest_rate_limit *options,
                                      uint32_t api_requests, uint32_t api_window_ms, uvrest_reason *reason)
{
    uint32_t requests = or_default(options->requests, api_window_ms == 0 ? 0 : api_requests);
    uint32_t window_ms = or_default(options->window_ms, api_requests == 0 ? 0 : api_window_ms);
    if (options->requests == UVREST_ZERO)
        return refuse_option(reason, "requests", "0 would never send; to turn it off: enable_proactive_throttling");
    if (options->window_ms == UVREST_ZERO)
        return refuse_option(reason, "window_ms", "0 is no window");
    if (requests != 0 && window_ms == 0)
        return refuse_option(reason, "window_ms", "missing beside requests");
    if (window_ms != 0 && requests == 0)
        return refuse_option(reason, "requests", "missing beside window_ms");
    if (window_ms > DAY_MS)
        return refuse_option(reason, "window_ms", "above a day");
    out->slots = requests > UVREST__RATELIMIT_MAX_SLOTS ? UVREST__RATELIMIT_MAX_SLOTS : requests;
    out->window_ns = window_ms * UVREST__NS_PER_MS;
    return UVREST_OK;
}

static bool is_backoff(double seconds)
{
    return seconds >= 0 && seconds <= DAY_MS / 1000.0; /* false for NaN */
}

/* Who shares a quota does it in one way. */
static uvrest_status configure_sharing(uvrest__ratelimit_conf *out, const uvrest_rate_limit *options,
                                       uvrest_reason *reason)
{
    if (out->slots == 0 && options->shared_file != NULL)
        return refuse_option(reason, "shared_file", "needs requests and window_ms");
    if (options->shared_file != NULL && options->shared_file[0] == '\0')
        return refuse_option(reason, "shared_file", "empty");
    if (out->slots == 0 && options->shared_redis != NULL)
        return refuse_option(reason, "shared_redis", "needs requests and window_ms");
    if (options->shared_redis != NULL && (options->shared_file != NULL || options->acquire != NULL))
        return refuse_option(reason, "shared_redis", "not beside shared_file or acquire");
    if (options->acquire_slots == UVREST_ZERO)
        return refuse_option(reason, "acquire_slots", "0 would never send");
    out->shared_file = options->shared_file;
    out->acquire = options->acquire;
    out->acquire_user = options->acquire_user;
    out->acquire_slots = or_default(options->acquire_slots, 20);
    out->leased = options->shared_redis != NULL && options->enable_proactive_throttling != UVREST_OFF;
    out->alone_slots = or_default(options->shared_redis_alone, out->slots / 10 > 0 ? out->slots / 10 : 1);
    return UVREST_OK;
}

static uvrest_status configure_policy(uvrest__ratelimit_conf *out, const uvrest_rate_limit *options,
                                      uvrest_reason *reason)
{
    double threshold = options->proactive_throttling_threshold == 0 ? 0.8 : options->proactive_throttling_threshold;
    double most = options->max_proactive_delay == 0 ? 5.0 : options->max_proactive_delay;
    if (!(threshold > 0 && threshold <= 1))
        return refuse_option(reason, "proactive_throttling_threshold", "not a share above 0 to 1");
    if (!is_backoff(most))
        return refuse_option(reason, "max_proactive_delay", "not a number of seconds from 0 to a day");
    if (options->policy != UVREST_POLICY_LEDGER && options->policy != UVREST_POLICY_GRADUATED)
        return refuse_option(reason, "policy", "unknown");
    if (out->slots == 0 && options->policy == UVREST_POLICY_GRADUATED)
        return refuse_option(reason, "policy", "needs requests and window_ms");
    if (out->slots == 0 && options->smooth)
        return refuse_option(reason, "smooth", "needs requests and window_ms");
    out->policy = options->policy;
    out->free_permille = (uint32_t)(threshold * 1000);
    out->max_delay_ns = (uint64_t)(most * (double)UVREST__NS_PER_S);
    out->smooth = options->smooth;
    out->reserve = or_default(options->bulk_reserve, out->slots / 20);
    if (out->slots > 0 && out->reserve >= out->slots)
        out->reserve = out->slots - 1;
    return UVREST_OK;
}

static uvrest_status configure_backoff(uvrest__ratelimit_conf *out, const uvrest_rate_limit *options,
                                       uvrest_reason *reason)
{
    double pause = options->initial_backoff == 0 ? 1.0 : options->initial_backoff;
    double most = options->max_backoff == 0 ? 30.0 : options->max_backoff;
    double factor = options->backoff_factor == 0 ? 2.0 : options->backoff_factor;
    if (!is_backoff(pause))
        return refuse_option(reason, "initial_backoff", "not a number of seconds from 0 to a day");
    if (!is_backoff(most))
        return refuse_option(reason, "max_backoff", "not a number of seconds from 0 to a day");
    if (!(factor >= 1 && factor <= 1000))
        return refuse_option(reason, "backoff_factor", "not a number from 1 to 1000");
    for (size_t i = 0; i < UVREST__RATELIMIT_BACKOFFS; i++) {
        out->backoff_ns[i] = (uint64_t)((pause < most ? pause : most) * (double)UVREST__NS_PER_S);
        pause = pause < most ? pause * factor : most;
    }
    return UVREST_OK;
}

uvrest_status uvrest__ratelimit_configure(uvrest__ratelimit_conf *out, const uvrest_rate_limit *options,
                                          uint32_t api_requests, uint32_t api_window_ms, uvrest_reason *reason)
{
    static const uvrest_rate_limit none;
    uvrest__ratelimit_conf conf;
    uvrest_status st;
    memset(&conf, 0, sizeof conf); /* its padding too: a shared ledger goes into a file */
    if (options == NULL)
        options = &none;
    st = configure_window(&conf, options, api_requests, api_window_ms, reason);
    if (st == UVREST_OK)
        st = configure_backoff(&conf, options, reason);
    if (st == UVREST_OK)
        st = configure_policy(&conf, options, reason);
    if (st == UVREST_OK)
        st = configure_sharing(&conf, options, reason);
    if (st != UVREST_OK)
        return st;
    conf.guard_ns = or_default(options->guard_ms, 25) * UVREST__NS_PER_MS;
    conf.first_contact = or_default(options->first_contact, 10);
    if (conf.first_contact == 0)
        return refuse_option(reason, "first_contact", "0 would never send");
    conf.max_retries = or_default(options->max_retries, 5);
    conf.jitter = options->jitter != UVREST_OFF;
    conf.proactive = options->enable_proactive_throttling != UVREST_OFF;
    *out = conf;
    return UVREST_OK;
}

/* ---- the book ---------------------------------------------------------------------------------------------------- */

static void warn(entry *one, const char *why)
{
    for (uvrest__ratelimit *rl = one->holders; rl != NULL; rl = rl->next)
        rl->warning = why;
}

/* Locks a ledger, and the file it is in. */
static void open_book(entry *one, uint64_t now)
{
    const char *why;
    pthread_mutex_lock(&one->mutex);
    if (one->file.fd >= 0 && !uvrest__ledgerfile_begin(&one->file, &one->ledger, now, &why))
        warn(one, why);
}

static void close_book(entry *one)
{
    const char *why;
    if (one->file.fd >= 0 && !uvrest__ledgerfile_commit(&one->file, &one->ledger, &why))
        warn(one, why);
    pthread_mutex_unlock(&one->mutex);
}

/* ---- registries -------------------------------------------------------------------------------------------------- */

static uvrest__ratelimit_registry shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* In a child of fork(): the parent's ledgers wait for answers that the parent alone gets, and threads that are not here
 * may have been in the midst of them. They stay as they are, but for files: while the child had them open, nobody would
 * see that the parent has died. One that is forked past fork() (clone(), vfork()) is not noticed, nor provided for. */
static void begin_anew(void)
{
    static entry *left; /* reachable, so that no tool takes them for lost */
    for (size_t i = 0; i < BUCKETS; i++)
        for (entry *one; (one = shared.buckets[i]) != NULL;) {
            shared.buckets[i] = one->next;
            uvrest__ledgerfile_abandon(&one->file);
            one->next = left;
            left = one;
        }
    shared.idle = NULL;
    pthread_mutex_init(&shared.mutex, NULL);
}

static void heed_forks(void)
{
    pthread_atfork(NULL, NULL, begin_anew);
}

uvrest__ratelimit_registry *uvrest__ratelimit_shared(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, heed_forks);
    return &shared;
}

uvrest_status uvrest__ratelimit_registry_new(const uvrest_alloc *alloc, uvrest__ratelimit_registry **out)
{
    uvrest__ratelimit_registry *registry = uvrest__zalloc(alloc, sizeof *registry);
    if (registry == NULL)
        return UVREST_E_NOMEM;
    if (pthread_mutex_init(&registry->mutex, NULL) != 0) {
        uvrest__free(alloc, registry);
        return UVREST_E_NOMEM;
    }
    registry->alloc = alloc;
    *out = registry;
    return UVREST_OK;
}

static void free_entry(uvrest__ratelimit_registry *registry, entry *gone)
{
    uvrest__ledgerfile_close(&gone->file, &gone->ledger);
    uvrest__ledger_fini(&gone->ledger, registry->alloc);
    pthread_mutex_destroy(&gone->mutex);
    uvrest__free(registry->alloc, gone);
}

void uvrest__ratelimit_registry_free(uvrest__ratelimit_registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (entry *gone; (gone = registry->buckets[i]) != NULL;) {
            assert(gone->n_holders == 0);
            registry->buckets[i] = gone->next;
            free_entry(registry, gone);
        }
    pthread_mutex_destroy(&registry->mutex);
    uvrest__free(registry->alloc, registry);
}

static entry **bucket_of(uvrest__ratelimit_registry *registry, const uint8_t *key)
{
    return &registry->buckets[((uint32_t)key[0] << 8 | key[1]) % BUCKETS];
}

static void remove_entry(uvrest__ratelimit_registry *registry, const entry *gone)
{
    entry **at = bucket_of(registry, gone->key);
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
}

/* Drops what nobody holds and what has nothing to remember or is remembered in a file, and the oldest of the rest
 * beyond the ceiling. Nobody can be inside such an entry, since only holders use it and only get() hands it out. */
static void forget(uvrest__ratelimit_registry *registry, uint64_t now)
{
    uint32_t n_idle = 0;
    for (entry **at = &registry->idle; *at != NULL;) {
        entry *one = *at;
        if (one->file.fd >= 0 || uvrest__ledger_is_idle(&one->ledger, now) || ++n_idle > UVREST__RATELIMIT_MAX_IDLE) {
            *at = one->next_idle;
            remove_entry(registry, one);
            free_entry(registry, one);
        } else {
            at = &one->next_idle;
        }
    }
}

/* It gets a holder again. */
static void recall(uvrest__ratelimit_registry *registry, const entry *one)
{
    entry **at = &registry->idle;
    while (*at != one)
        at = &(*at)->next_idle;
    *at = one->next_idle;
}

/* A digest over digests, so that no buffer of ours ever holds a credential. */
static bool digest_of(const char *origin, const char *const *credentials, uint8_t key[SHA256_DIGEST_LENGTH])
{
    uint8_t chain[2 * SHA256_DIGEST_LENGTH];
    if (SHA256((const unsigned char *)origin, strlen(origin), key) == NULL)
        return false;
    for (; credentials != NULL && *credentials != NULL; credentials++) {
        memcpy(chain, key, SHA256_DIGEST_LENGTH);
        if (SHA256((const unsigned char *)*credentials, strlen(*credentials), chain + SHA256_DIGEST_LENGTH) == NULL ||
            SHA256(chain, sizeof chain, key) == NULL)
            return false;
    }
    return true;
}

static entry *find(uvrest__ratelimit_registry *registry, const uint8_t *key)
{
    entry *one = *bucket_of(registry, key);
    while (one != NULL && memcmp(one->key, key, sizeof one->key) != 0)
        one = one->next;
    return one;
}

/* Makes an entry and puts it into the registry; NULL without memory. *out_warning: why the file cannot be used. */
static entry *add(uvrest__ratelimit_registry *registry, const uint8_t *key, const uvrest__ratelimit_conf *conf,
                  uint64_t now, uint64_t seed, const char **out_warning)
{
    entry *made = uvrest__zalloc(registry->alloc, sizeof *made);
    if (made == NULL)
        return NULL;
    uvrest__ledgerfile_init(&made->file);
    if (pthread_mutex_init(&made->mutex, NULL) != 0)
        goto free_made;
    if (uvrest__ledger_init(&made->ledger, registry->alloc, conf, seed) != UVREST_OK)
        goto fini_mutex;
    if (conf->shared_file != NULL && uvrest__ledgerfile_open(&made->file, registry->alloc, conf->shared_file, key,
                                                             &made->ledger, now, out_warning) == UVREST_E_NOMEM)
        goto fini_ledger;
    memcpy(made->key, key, sizeof made->key);
    made->next = *bucket_of(registry, key);
    *bucket_of(registry, key) = made;
    return made;

fini_ledger:
    uvrest__ledger_fini(&made->ledger, registry->alloc);
fini_mutex:
    pthread_mutex_destroy(&made->mutex);
free_made:
    uvrest__free(registry->alloc, made);
    return NULL;
}

/* A client that finds a ledger of another file, or of none, uses it: its history must not be lost. */
static const char *check_file(const entry *one, const char *path)
{
    size_t len = path == NULL ? 0 : strlen(path);
    if (len == 0 || (one->file.name != NULL && strncmp(one->file.name, path, len) == 0 && one->file.name[len] == '.'))
        return one->file.name != NULL && one->file.fd < 0 ? "it was given up before" : NULL;
    return "another client of the process already uses another ledger for these credentials";
}

/* Makes `rl` a holder of the entry of that key. */
static uvrest_status join(uvrest__ratelimit *rl, const uint8_t *key, const uvrest__ratelimit_conf *conf, uint64_t now,
                          uint64_t seed)
{
    uvrest__ratelimit_registry *registry = rl->registry;
    entry *one;
    pthread_mutex_lock(&registry->mutex);
    forget(registry, now);
    one = find(registry, key);
    if (one != NULL) {
        rl->warning = check_file(one, conf->shared_file);
        if (one->n_holders == 0)
            recall(registry, one);
    } else {
        one = add(registry, key, conf, now, seed, &rl->warning);
    }
    if (one != NULL) {
        open_book(one, now);
        uvrest__ledger_tighten(&one->ledger, conf);
        rl->entry = one;
        rl->next = one->holders;
        one->holders = rl;
        one->n_holders++;
        close_book(one);
    }
    pthread_mutex_unlock(&registry->mutex);
    return one == NULL ? UVREST_E_NOMEM : UVREST_OK;
}

static void free_ask(uvrest_acquire_ask *ask)
{
    uvrest__ratelimit_registry *registry = ask->registry;
    pthread_mutex_destroy(&ask->mutex);
    pthread_mutex_lock(&registry->mutex);
    uvrest__free(registry->alloc, ask);
    pthread_mutex_unlock(&registry->mutex);
}

static uvrest_status make_ask(uvrest__ratelimit *rl, const uvrest__ratelimit_conf *conf)
{
    uvrest_acquire_ask *ask;
    if (conf->acquire == NULL)
        return UVREST_OK;
    pthread_mutex_lock(&rl->registry->mutex);
    ask = uvrest__zalloc(rl->registry->alloc, sizeof *ask);
    if (ask != NULL && pthread_mutex_init(&ask->mutex, NULL) != 0) {
        uvrest__free(rl->registry->alloc, ask);
        ask = NULL;
    }
    pthread_mutex_unlock(&rl->registry->mutex);
    if (ask == NULL)
        return UVREST_E_NOMEM;
    ask->registry = rl->registry;
    ask->acquire = conf->acquire;
    ask->acquire_user = conf->acquire_user;
    ask->n = conf->acquire_slots;
    ask->rl = rl;
    rl->ask = ask;
    return UVREST_OK;
}

/* A question that is open is left to its answer. */
static void drop_ask(uvrest_acquire_ask *ask)
{
    bool open;
    if (ask == NULL)
        return;
    pthread_mutex_lock(&ask->mutex);
    open = ask->pending && !ask->answered;
    ask->rl = NULL;
    pthread_mutex_unlock(&ask->mutex);
    if (!open)
        free_ask(ask);
}

static uvrest_status make_leases(uvrest__ratelimit *rl, const uvrest__ratelimit_conf *conf, const uint8_t *key,
                                 uvrest__rand rand)
{
    uvrest_status st;
    if (!conf->leased)
        return UVREST_OK;
    pthread_mutex_lock(&rl->registry->mutex);
    st = uvrest__leases_init(&rl->leases, rl->registry->alloc, conf, key, rand);
    pthread_mutex_unlock(&rl->registry->mutex);
    rl->leased = st == UVREST_OK;
    return st;
}

/* The registry's mutex is held. */
static void drop_leases(uvrest__ratelimit *rl)
{
    if (rl->leased)
        uvrest__leases_fini(&rl->leases);
}

uvrest_status uvrest__ratelimit_get(uvrest__ratelimit_registry *registry, const char *origin,
                                    const char *const *credentials, const uvrest__ratelimit_conf *conf, uint64_t now,
                                    uvrest__rand rand, uvrest__ratelimit_wake_fn *wake, void *user,
                                    uvrest__ratelimit **out)
{
    uint8_t key[SHA256_DIGEST_LENGTH];
    uvrest_status st = UVREST_E_NOMEM;
    uvrest__ratelimit *rl;
    if (!digest_of(origin, credentials, key))
        return UVREST_E_NOMEM;
    pthread_mutex_lock(&registry->mutex);
    rl = uvrest__zalloc(registry->alloc, sizeof *rl);
    pthread_mutex_unlock(&registry->mutex);
    if (rl == NULL)
        return UVREST_E_NOMEM;
    rl->registry = registry;
    rl->wake = wake;
    rl->user = user;
    rl->proactive = conf->proactive;
    st = make_ask(rl, conf);
    if (st == UVREST_OK)
        st = make_leases(rl, conf, key, rand);
    if (st == UVREST_OK)
        st = join(rl, key, conf, now, rand.next(rand.user));
    if (st == UVREST_OK) {
        *out = rl;
        return UVREST_OK;
    }
    drop_ask(rl->ask);
    pthread_mutex_lock(&registry->mutex);
    drop_leases(rl);
    uvrest__free(registry->alloc, rl);
    pthread_mutex_unlock(&registry->mutex);
    return st;
}

void uvrest__ratelimit_put(uvrest__ratelimit *rl, uint64_t now)
{
    uvrest__ratelimit_registry *registry;
    entry *one;
    if (rl == NULL)
        return;
    registry = rl->registry;
    one = rl->entry;
    drop_ask(rl->ask);
    pthread_mutex_lock(&registry->mutex);
    pthread_mutex_lock(&one->mutex);
    for (uvrest__ratelimit **at = &one->holders; *at != NULL; at = &(*at)->next)
        if (*at == rl) {
            *at = rl->next;
            break;
        }
    if (--one->n_holders == 0) {
        one->next_idle = registry->idle;
        registry->idle = one;
    }
    pthread_mutex_unlock(&one->mutex);
    forget(registry, now);
    drop_leases(rl);
    uvrest__free(registry->alloc, rl);
    pthread_mutex_unlock(&registry->mutex);
}

const char *uvrest__ratelimit_take_warning(uvrest__ratelimit *rl)
{
    const char *warning;
    pthread_mutex_lock(&rl->entry->mutex);
    warning = rl->warning;
    rl->warning = NULL;
    pthread_mutex_unlock(&rl->entry->mutex);
    return warning;
}

/* ---- a client's questions ---------------------------------------------------------------------------------------- */

/* Something came about that others may be waiting for. The mutex is held. */
static void wake_others(const uvrest__ratelimit *rl)
{
    for (uvrest__ratelimit *other = rl->entry->holders; other != NULL; other = other->next)
        if (other != rl && other->listening) {
            other->listening = false;
            if (other->wake != NULL)
                other->wake(other->user);
        }
}

static void begin_wait(uvrest__ratelimit *rl, uvrest__ratelimit_wait *wait)
{
    if (rl->cause != wait->cause)
        rl->entry->waits[wait->cause]++;
    rl->cause = wait->cause;
    rl->listening = !wait->firm;
    /* Nobody wakes it up for what another process does, nor without wake() for what another client does. */
    if (rl->listening && wait->ns > UVREST__RATELIMIT_POLL_NS &&
        (rl->entry->file.fd >= 0 ||
         (rl->wake == NULL && (rl->entry->n_holders > 1 || wait->cause == UVREST__RATELIMIT_ACQUIRE))))
        wait->ns = UVREST__RATELIMIT_POLL_NS;
}

/* Looks at the answer, if there is one. */
static void take_answer(uvrest__ratelimit *rl, uint64_t now)
{
    uvrest_acquire_ask *ask = rl->ask;
    pthread_mutex_lock(&ask->mutex);
    if (ask->pending && ask->answered) {
        ask->pending = false;
        rl->granted = ask->granted < ask->n ? ask->granted : ask->n;
        rl->granted_until = uvrest__clock_add(rl->asked_at, ask->ms * UVREST__NS_PER_MS);
        rl->ask_again_at = rl->granted > 0 ? 0 : now + (ask->ms > 0 ? ask->ms : 1) * UVREST__NS_PER_MS;
    }
    pthread_mutex_unlock(&ask->mutex);
}

static bool is_granted(const uvrest__ratelimit *rl, uint64_t now)
{
    return rl->granted > 0 && now <= rl->granted_until;
}

/* Whether the hook lets one more go out; else asks it, once. No mutex is held while it runs: it may answer at once. */
static bool pass_hook(uvrest__ratelimit *rl, uint64_t now, uvrest__ratelimit_wait *out_wait)
{
    uvrest_acquire_ask *ask = rl->ask;
    bool asks;
    take_answer(rl, now);
    if (is_granted(rl, now))
        return true;
    pthread_mutex_lock(&ask->mutex);
    asks = !ask->pending && now >= rl->ask_again_at;
    if (asks) {
        ask->pending = true;
        ask->answered = false;
    }
    pthread_mutex_unlock(&ask->mutex);
    if (asks) {
        rl->granted = 0;
        rl->asked_at = now;
        ask->acquire(ask, ask->n, ask->acquire_user);
        take_answer(rl, now);
        if (is_granted(rl, now))
            return true;
    }
    *out_wait = (uvrest__ratelimit_wait){.ns = now < rl->ask_again_at ? rl->ask_again_at - now : UINT64_MAX,
                                         .cause = UVREST__RATELIMIT_ACQUIRE};
    pthread_mutex_lock(&rl->entry->mutex);
    begin_wait(rl, out_wait);
    pthread_mutex_unlock(&rl->entry->mutex);
    return false;
}

void uvrest_acquire_answer(uvrest_acquire_ask *ask, uint32_t n, uint32_t ms)
{
    bool orphaned;
    if (ask == NULL)
        return;
    pthread_mutex_lock(&ask->mutex);
    orphaned = ask->rl == NULL;
    ask->answered = true;
    ask->granted = n;
    ask->ms = ms;
    if (!orphaned && ask->rl->wake != NULL)
        ask->rl->wake(ask->rl->user);
    pthread_mutex_unlock(&ask->mutex);
    if (orphaned)
        free_ask(ask);
}

static bool pass_leases(uvrest__ratelimit *rl, uint64_t now, uvrest__ratelimit_wait *out_wait)
{
    if (uvrest__leases_may(&rl->leases, now, rl->attempt_ns, out_wait))
        return true;
    pthread_mutex_lock(&rl->entry->mutex);
    begin_wait(rl, out_wait);
    pthread_mutex_unlock(&rl->entry->mutex);
    return false;
}

/* Whether the ledger would let one go out: nobody is asked for what would not be used. */
static bool may_acquire(uvrest__ratelimit *rl, uint64_t now, uvrest_priority priority, uvrest__ratelimit_wait *out_wait)
{
    bool may;
    open_book(rl->entry, now);
    may = uvrest__ledger_may(&rl->entry->ledger, now, priority, rl->proactive, out_wait);
    if (!may)
        begin_wait(rl, out_wait);
    close_book(rl->entry);
    return may;
}

bool uvrest__ratelimit_acquire(uvrest__ratelimit *rl, uint64_t now, uvrest_priority priority,
                               uvrest__ratelimit_ticket *out_ticket, uvrest__ratelimit_wait *out_wait)
{
    bool granted;
    if (rl->ask != NULL && !is_granted(rl, now) &&
        !(may_acquire(rl, now, priority, out_wait) && pass_hook(rl, now, out_wait)))
        return false;
    if (rl->leased && !(may_acquire(rl, now, priority, out_wait) && pass_leases(rl, now, out_wait)))
        return false;
    open_book(rl->entry, now);
    granted = uvrest__ledger_acquire(&rl->entry->ledger, now, priority, rl->proactive, out_ticket, out_wait);
    if (granted) {
        rl->cause = UVREST__RATELIMIT_FREE;
        rl->listening = false;
        if (rl->ask != NULL)
            rl->granted--;
        if (rl->leased)
            uvrest__leases_use(&rl->leases);
    } else {
        begin_wait(rl, out_wait);
    }
    close_book(rl->entry);
    return granted;
}

void uvrest__ratelimit_answered(uvrest__ratelimit *rl, const uvrest__ratelimit_ticket *ticket, uint64_t now,
                                const uvrest__ratelimit_answer *answer)
{
    open_book(rl->entry, now);
    uvrest__ledger_answered(&rl->entry->ledger, ticket, now, answer);
    wake_others(rl);
    close_book(rl->entry);
    if (rl->leased) {
        uvrest__leases_ended(&rl->leases, now, answer->http_status == 429);
        rl->refused = rl->refused || answer->http_status == 429;
        if (answer->http_status == 429 || ticket->probe)
            uvrest__leases_refused(&rl->leases);
    }
}

void uvrest__ratelimit_given_up(uvrest__ratelimit *rl, const uvrest__ratelimit_ticket *ticket, uint64_t now)
{
    open_book(rl->entry, now);
    uvrest__ledger_given_up(&rl->entry->ledger, ticket, now);
    wake_others(rl);
    close_book(rl->entry);
    if (rl->leased)
        uvrest__leases_ended(&rl->leases, now, false);
}

void uvrest__ratelimit_not_sent(uvrest__ratelimit *rl, const uvrest__ratelimit_ticket *ticket, uint64_t now)
{
    open_book(rl->entry, now);
    uvrest__ledger_not_sent(&rl->entry->ledger, ticket, now);
    wake_others(rl);
    close_book(rl->entry);
    if (rl->leased)
        uvrest__leases_not_sent(&rl->leases, now);
}

/* ---- slots of the log that machines share ------------------------------------------------------------------------ */

void uvrest__ratelimit_expect(uvrest__ratelimit *rl, uint32_t n, uvrest_priority priority, uint64_t attempt_ns)
{
    if (!rl->leased)
        return;
    rl->attempt_ns = attempt_ns;
    uvrest__leases_expect(&rl->leases, n, attempt_ns, priority == UVREST_PRIORITY_BULK);
}

uint64_t uvrest__ratelimit_question_due(const uvrest__ratelimit *rl, uint64_t now)
{
    return rl->leased ? uvrest__leases_due(&rl->leases, now) : UINT64_MAX;
}

uvrest_status uvrest__ratelimit_ask(uvrest__ratelimit *rl, uint64_t now, bool leaving, uvrest__buf *words,
                                    size_t *out_n)
{
    const uvrest__ledger *ledger = &rl->entry->ledger;
    uvrest__leases_terms terms;
    open_book(rl->entry, now);
    terms = (uvrest__leases_terms){.slots = ledger->slots,
                                   .window_ns = ledger->window_ns + ledger->conf.guard_ns,
                                   .guard_ns = ledger->conf.guard_ns,
                                   .reserve = uvrest__ledger_reserve(ledger),
                                   .interval_ns = uvrest__ledger_interval(ledger),
                                   .paused = ledger->paused};
    terms.seen = uvrest__ledger_seen(ledger, &terms.seen_ago_ns);
    rl->refused = rl->refused && ledger->paused && !ledger->adopted;
    if (rl->refused)
        terms.pause_ns = uvrest__clock_until(now, ledger->paused_until);
    close_book(rl->entry);
    return uvrest__leases_ask(&rl->leases, now, &terms, leaving, words, out_n);
}

bool uvrest__ratelimit_told(uvrest__ratelimit *rl, uint64_t now, const int64_t *values, size_t n)
{
    uvrest__leases_news news;
    if (!uvrest__leases_answer(&rl->leases, now, values, n, &news))
        return false;
    open_book(rl->entry, now);
    if (news.paused)
        uvrest__ledger_adopt_pause(&rl->entry->ledger, now, news.pause_ns);
    else
        uvrest__ledger_end_adopted(&rl->entry->ledger);
    uvrest__ledger_note_log(&rl->entry->ledger, now, news.taken, rl->leases.n_leased);
    close_book(rl->entry);
    return true;
}

bool uvrest__ratelimit_untold(uvrest__ratelimit *rl, uint64_t now)
{
    return uvrest__leases_lost(&rl->leases, now);
}

bool uvrest__ratelimit_has_leases(const uvrest__ratelimit *rl)
{
    return rl->leased && rl->leases.seq > 0;
}

uint64_t uvrest__ratelimit_patience(const uvrest__ratelimit *rl)
{
    return uvrest__leases_patience(&rl->leases);
}

void uvrest__ratelimit_read_stats(uvrest__ratelimit *rl, uint64_t now, uvrest__ratelimit_stats *out)
{
    open_book(rl->entry, now);
    uvrest__ledger_read_stats(&rl->entry->ledger, now, out);
    memcpy(out->waits, rl->entry->waits, sizeof out->waits);
    close_book(rl->entry);
}
