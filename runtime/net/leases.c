/* SPDX-License-Identifier: MIT */
#include "leases.h"
#include "alloc.h"
#include "clock.h"
#include "text.h"

#include <assert.h>
#include <string.h>

#define US UINT64_C(1000)
#define HEARTBEAT_NS UVREST__NS_PER_S
#define VALID_HEARTBEATS 3u
#define HORIZON_HEARTBEATS 1u
/* A server that answers nonsense at once is not asked as fast as it answers. */
#define NONSENSE_REST_NS (UVREST__NS_PER_S / 10)
#define LEAST_WAIT_US 1000 /* the script names no shorter one */
#define EPOCH_BITS 52 /* what a double and the script's numbers hold exactly */

/* ---- moments ----------------------------------------------------------------------------------------------------- */

/* Short windows beat faster. */
static uint64_t heartbeat(const uvrest__leases *leases)
{
    return leases->window_ns / 4 < HEARTBEAT_NS ? leases->window_ns / 4 : HEARTBEAT_NS;
}

static uint64_t valid_for(const uvrest__leases *leases)
{
    return VALID_HEARTBEATS * heartbeat(leases);
}

uint64_t uvrest__leases_patience(const uvrest__leases *leases)
{
    return heartbeat(leases);
}

static bool is_valid(const uvrest__leases *leases, uint64_t now)
{
    return leases->known_at != 0 && now < leases->known_at + leases->known_valid_ns;
}

/* Whether the server certainly remembers this holder, if it forgets nothing. */
static bool is_known(const uvrest__leases *leases, uint64_t now)
{
    return leases->known_at != 0 &&
           now + uvrest__leases_patience(leases) < leases->known_at + leases->known_valid_ns + leases->known_longest_ns;
}

/* ---- what was answered ------------------------------------------------------------------------------------------- */

static uint64_t *ended_at(const uvrest__leases *leases, uint64_t index)
{
    return &leases->ended[index % leases->cap];
}

static void forget_oldest(uvrest__leases *leases)
{
    leases->first++;
    if (leases->reported < leases->first)
        leases->reported = leases->first;
    if (leases->reporting < leases->first)
        leases->reporting = leases->first;
}

static void push_ended(uvrest__leases *leases, uint64_t moment)
{
    if (leases->count - leases->first == leases->cap)
        forget_oldest(leases);
    *ended_at(leases, leases->count++) = moment;
}

static void advance(uvrest__leases *leases, uint64_t now)
{
    while (leases->first < leases->count && *ended_at(leases, leases->first) + leases->window_ns <= now)
        forget_oldest(leases);
}

static uint64_t n_unreported(const uvrest__leases *leases)
{
    return leases->count - leases->reported;
}

/* Everything unused is handed back: what is usable by being out no longer, the rest as if it had been answered W before
 * its moment. */
static void hand_back(uvrest__leases *leases, uint64_t now)
{
    for (uint32_t i = 0; i < leases->n_stock; i++)
        for (uint32_t n = leases->stock[i].n; n > 0 && leases->stock[i].from_ns > now; n--)
            push_ended(leases,
                       leases->stock[i].from_ns > leases->window_ns ? leases->stock[i].from_ns - leases->window_ns : 1);
    leases->n_stock = leases->n_leased = 0;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

uvrest_status uvrest__leases_init(uvrest__leases *leases, const uvrest_alloc *alloc, const uvrest__ratelimit_conf *conf,
                                  const uint8_t key[UVREST__LEASES_KEY], uvrest__rand rand)
{
    uint64_t name[2] = {rand.next(rand.user), rand.next(rand.user)};
    uint8_t bytes[sizeof name];
    memset(leases, 0, sizeof *leases);
    leases->ended = uvrest__malloc(alloc, 2 * (size_t)conf->slots * sizeof *leases->ended);
    if (leases->ended == NULL)
        return UVREST_E_NOMEM;
    leases->alloc = alloc;
    leases->cap = 2 * conf->slots;
    leases->window_ns = conf->window_ns + conf->guard_ns;
    leases->batch = conf->acquire_slots < UVREST__LEASES_MAX_BATCH ? conf->acquire_slots : UVREST__LEASES_MAX_BATCH;
    leases->alone = conf->alone_slots;
    leases->fresh_epoch = 1 + (rand.next(rand.user) >> (64 - EPOCH_BITS));
    memcpy(bytes, name, sizeof bytes);
    uvrest__text_write_hex(leases->id, bytes, sizeof bytes);
    uvrest__text_write_hex(leases->key, key, UVREST__LEASES_KEY);
    return UVREST_OK;
}

void uvrest__leases_fini(uvrest__leases *leases)
{
    uvrest__free(leases->alloc, leases->ended);
    memset(leases, 0, sizeof *leases);
}

/* ---- one sending ------------------------------------------------------------------------------------------------- */

void uvrest__leases_expect(uvrest__leases *leases, uint32_t demand, uint64_t attempt_ns, bool bulk)
{
    leases->demand = demand;
    leases->bulk = bulk;
    if (attempt_ns > leases->longest_ns)
        leases->longest_ns = attempt_ns;
}

static bool wait_for(uvrest__ratelimit_wait *out, uvrest__ratelimit_cause cause, uint64_t now, uint64_t moment)
{
    *out = (uvrest__ratelimit_wait){.ns = moment == UINT64_MAX ? UINT64_MAX : uvrest__clock_until(now, moment),
                                    .cause = cause};
    if (out->ns == 0)
        out->ns = 1;
    return false;
}

static void take_first(uvrest__leases *leases)
{
    leases->n_leased--;
    if (--leases->stock[0].n > 0)
        return;
    leases->n_stock--;
    memmove(leases->stock, leases->stock + 1, leases->n_stock * sizeof leases->stock[0]);
}

/* The server has been away for so long that whatever it had granted to others is over. */
static bool may_alone(uvrest__leases *leases, uint64_t now, uvrest__ratelimit_wait *out_wait)
{
    uint64_t from = leases->away_since + valid_for(leases) + leases->window_ns;
    if (leases->away_since == 0 || leases->alone == 0)
        return wait_for(out_wait, UVREST__RATELIMIT_ACQUIRE, now, UINT64_MAX);
    if (now < from)
        return wait_for(out_wait, UVREST__RATELIMIT_ACQUIRE, now, from);
    if (leases->count - leases->first + leases->in_flight < leases->alone)
        return true;
    return wait_for(out_wait, UVREST__RATELIMIT_ACQUIRE, now,
                    leases->first < leases->count ? *ended_at(leases, leases->first) + leases->window_ns : UINT64_MAX);
}

bool uvrest__leases_may(uvrest__leases *leases, uint64_t now, uint64_t attempt_ns, uvrest__ratelimit_wait *out_wait)
{
    advance(leases, now);
    leases->uses_stock = leases->n_leased > 0 && is_valid(leases, now) && attempt_ns <= leases->known_longest_ns;
    if (!leases->uses_stock)
        return may_alone(leases, now, out_wait);
    return leases->stock[0].from_ns <= now ||
           wait_for(out_wait, UVREST__RATELIMIT_SLOTS, now, leases->stock[0].from_ns);
}

void uvrest__leases_use(uvrest__leases *leases)
{
    if (leases->uses_stock)
        take_first(leases);
    leases->in_flight++;
    leases->n_used++;
    if (leases->demand > 0)
        leases->demand--;
}

void uvrest__leases_ended(uvrest__leases *leases, uint64_t now, bool refused)
{
    assert(leases->in_flight > 0);
    leases->in_flight--;
    leases->n_refused += refused;
    push_ended(leases, now);
}

/* Back into the stock, if there is room; else it is out no longer, which says the same to the server. */
void uvrest__leases_not_sent(uvrest__leases *leases, uint64_t now)
{
    assert(leases->in_flight > 0);
    leases->in_flight--;
    if (leases->n_stock > 0 && leases->stock[0].from_ns <= now) {
        leases->stock[0].n++;
        leases->n_leased++;
    } else if (leases->n_stock < UVREST__LEASES_GRANTS) {
        memmove(leases->stock + 1, leases->stock, leases->n_stock * sizeof leases->stock[0]);
        leases->stock[0] = (uvrest__lease){.from_ns = now, .n = 1};
        leases->n_stock++;
        leases->n_leased++;
    }
}

void uvrest__leases_refused(uvrest__leases *leases)
{
    leases->refused = true;
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

static bool wants_more(const uvrest__leases *leases)
{
    return leases->demand > leases->n_leased && leases->n_leased <= leases->batch / 2;
}

static bool has_something_out(const uvrest__leases *leases)
{
    return leases->in_flight > 0 || leases->n_leased > 0 || n_unreported(leases) > 0;
}

uint64_t uvrest__leases_due(const uvrest__leases *leases, uint64_t now)
{
    uint64_t due = UINT64_MAX;
    if (leases->open)
        return UINT64_MAX;
    if (now < leases->rests_until)
        return leases->rests_until;
    if (leases->refused || leases->again || leases->longest_ns > leases->known_longest_ns)
        return 0;
    if (leases->demand == 0 && (leases->n_leased > 0 || (leases->in_flight == 0 && n_unreported(leases) > 0)))
        return 0;
    if (n_unreported(leases) >= UVREST__LEASES_REPORTS)
        return 0;
    if (has_something_out(leases))
        due = leases->known_at + heartbeat(leases);
    if (wants_more(leases) && leases->ask_again_at < due)
        due = leases->ask_again_at;
    return due > now ? due : 0;
}

static void add_word(uvrest__buf *words, size_t *n, const char *word)
{
    uvrest__buf_append(words, word, strlen(word) + 1);
    ++*n;
}

static void add_number(uvrest__buf *words, size_t *n, int64_t number)
{
    uvrest__buf_append_i64(words, number);
    uvrest__buf_append_char(words, '\0');
    ++*n;
}

static void add_us(uvrest__buf *words, size_t *n, uint64_t ns)
{
    add_number(words, n, (int64_t)(ns / US));
}

/* The hash tag keeps them on one node of a cluster. The number is the version of what is kept there. */
static void add_keys(const uvrest__leases *leases, uvrest__buf *words, size_t *n)
{
    static const char *const parts[] = {"", ":back", ":holders", ":deaths"};
    add_word(words, n, "4");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uvrest__buf_append_text(words, "uvrest:2:{");
        uvrest__buf_append_text(words, leases->key);
        uvrest__buf_append_text(words, "}");
        add_word(words, n, parts[i]);
    }
}

/* End of a run of moments that are reported as one, as late as the latest of them. */
static uint64_t end_of_run(const uvrest__leases *leases, uint64_t at, uint64_t end)
{
    uint64_t moment = *ended_at(leases, at);
    while (++at < end && *ended_at(leases, at) >= moment && *ended_at(leases, at) - moment < UVREST__NS_PER_MS)
        continue;
    return at;
}

/* What a question reports: as much as it has room for, and the same if it is repeated. */
static void choose_reports(uvrest__leases *leases)
{
    if (leases->again)
        return;
    leases->reporting = leases->reported;
    for (uint32_t n = 0; leases->reporting < leases->count && n < UVREST__LEASES_REPORTS; n++)
        leases->reporting = end_of_run(leases, leases->reporting, leases->count);
}

/* How long ago, and how many. */
static void add_reports(const uvrest__leases *leases, uint64_t now, uvrest__buf *words, size_t *n)
{
    for (uint64_t at = leases->reported; at < leases->reporting;) {
        uint64_t end = end_of_run(leases, at, leases->reporting);
        add_us(words, n, uvrest__clock_until(*ended_at(leases, end - 1), now));
        add_number(words, n, (int64_t)(end - at));
        at = end;
    }
}

static uint32_t n_wanted(const uvrest__leases *leases, const uvrest__leases_terms *terms)
{
    uint32_t most = leases->batch, missing;
    if (2 * leases->n_used > most)
        most = 2 * leases->n_used < UVREST__LEASES_MAX_BATCH ? 2 * leases->n_used : UVREST__LEASES_MAX_BATCH;
    if (terms->interval_ns > 0 && most > UVREST__LEASES_GRANTS / 2)
        most = UVREST__LEASES_GRANTS / 2; /* each comes with a moment of its own */
    missing = leases->demand > leases->n_leased ? leases->demand - leases->n_leased : 0;
    return missing < most ? missing : most;
}

static int64_t pause_to_tell(const uvrest__leases *leases, const uvrest__leases_terms *terms)
{
    if (terms->pause_ns > 0)
        return (int64_t)(terms->pause_ns / US) + 1;
    return leases->known_paused && !terms->paused ? -1 : 0;
}

/* In the order in which the script takes them. */
static void add_question(const uvrest__leases *leases, uint64_t now, const uvrest__leases_terms *terms,
                         uvrest__buf *words, size_t *n)
{
    uint64_t out = leases->in_flight + leases->n_leased + (leases->count - leases->reporting);
    add_keys(leases, words, n);
    add_word(words, n, leases->id);
    add_number(words, n, (int64_t)leases->seq);
    add_number(words, n, (int64_t)leases->epoch);
    add_number(words, n, (int64_t)leases->fresh_epoch);
    add_word(words, n, is_known(leases, now) ? "1" : "0");
    add_us(words, n, leases->known_at == 0 ? 0 : now - leases->known_at);
    add_us(words, n, terms->guard_ns);
    add_number(words, n, terms->slots);
    add_us(words, n, leases->window_ns);
    add_us(words, n, leases->told_valid_ns + leases->told_longest_ns);
    add_us(words, n, HORIZON_HEARTBEATS * heartbeat(leases));
    add_us(words, n, terms->interval_ns);
    add_number(words, n, pause_to_tell(leases, terms));
    add_number(words, n, (int64_t)out);
    add_number(words, n, leases->n_asked);
    add_number(words, n, leases->bulk ? terms->reserve : 0);
    add_number(words, n, terms->seen);
    add_us(words, n, terms->seen_ago_ns);
    add_number(words, n, leases->told_refused);
    add_reports(leases, now, words, n);
}

uvrest_status uvrest__leases_ask(uvrest__leases *leases, uint64_t now, const uvrest__leases_terms *terms, bool leaving,
                                 uvrest__buf *words, size_t *out_n)
{
    assert(leaving || !leases->open);
    if (leases->open) { /* the server handles that one first; what it grants is not used */
        leases->reported = leases->reporting;
        leases->n_refused -= leases->told_refused;
        leases->open = leases->again = false;
    }
    leases->window_ns = terms->window_ns;
    advance(leases, now);
    if (leaving || leases->demand == 0 || !is_valid(leases, now))
        hand_back(leases, now);
    choose_reports(leases);
    leases->n_asked = leaving ? 0 : n_wanted(leases, terms);
    leases->told_longest_ns = leases->longest_ns;
    leases->told_valid_ns = valid_for(leases);
    leases->told_paused = terms->paused;
    if (!leases->again) {
        leases->seq++;
        leases->told_refused = leases->n_refused;
    }
    leases->again = true; /* until it is answered */
    *out_n = 0;
    add_question(leases, now, terms, words, out_n);
    if (words->status != UVREST_OK)
        return words->status;
    leases->open = true;
    leases->refused = false;
    leases->asked_at = now;
    leases->n_used = 0;
    return UVREST_OK;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static bool is_sane(const uvrest__leases *leases, const int64_t *values, size_t n)
{
    uint64_t granted = 0;
    if (n < 5 || n > UVREST__LEASES_VALUES || n % 2 == 0 || values[0] <= 0)
        return false;
    if (values[2] >= 0 && values[2] < LEAST_WAIT_US)
        return false;
    for (size_t i = 1; i < n; i++)
        if (values[i] > (int64_t)(leases->window_ns / US) + (int64_t)UINT32_MAX)
            return false;
    for (size_t i = 5; i < n; i += 2) {
        if (values[i] <= 0 || values[i] > leases->n_asked || values[i + 1] < 0)
            return false;
        granted += (uint64_t)values[i];
    }
    return granted <= leases->n_asked;
}

/* Grants are in the order of their moments, and not before those that are in stock. */
static void put_in_stock(uvrest__leases *leases, uint64_t now, const int64_t *pairs, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uvrest__lease one = {.from_ns = now + (uint64_t)pairs[i + 1] * US, .n = (uint32_t)pairs[i]};
        uvrest__lease *last = leases->n_stock == 0 ? NULL : &leases->stock[leases->n_stock - 1];
        if (last != NULL && (leases->n_stock == UVREST__LEASES_GRANTS || last->from_ns >= one.from_ns)) {
            /* later than need be, never earlier */
            last->from_ns = last->from_ns > one.from_ns ? last->from_ns : one.from_ns;
            last->n += one.n;
        } else {
            leases->stock[leases->n_stock++] = one;
        }
        leases->n_leased += one.n;
    }
}

bool uvrest__leases_answer(uvrest__leases *leases, uint64_t now, const int64_t *values, size_t n,
                           uvrest__leases_news *out_news)
{
    assert(leases->open);
    if (!is_sane(leases, values, n)) {
        leases->rests_until = uvrest__clock_add(now, NONSENSE_REST_NS);
        return false;
    }
    leases->open = leases->again = false;
    leases->epoch = (uint64_t)values[0];
    leases->reported = leases->reporting;
    leases->n_refused -= leases->told_refused;
    leases->known_at = leases->asked_at;
    leases->known_valid_ns = leases->told_valid_ns;
    leases->known_longest_ns = leases->told_longest_ns;
    leases->known_paused = leases->told_paused;
    leases->away_since = 0;
    *out_news = (uvrest__leases_news){
        .paused = values[1] >= 0, .pause_ns = values[1] < 0 ? 0 : (uint64_t)values[1] * US, .taken = values[3]};
    leases->ask_again_at = now;
    if (values[1] > 0)
        leases->ask_again_at = now + out_news->pause_ns;
    else if (values[2] >= 0)
        leases->ask_again_at = now + (uint64_t)values[2] * US;
    put_in_stock(leases, now, values + 5, n - 5);
    if (values[1] > 0)
        hand_back(leases, now);
    return true;
}

bool uvrest__leases_lost(uvrest__leases *leases, uint64_t now)
{
    bool first = leases->away_since == 0;
    leases->open = false;
    if (first)
        leases->away_since = now > 0 ? now : 1;
    return first;
}
