/* SPDX-License-Identifier: MIT */
#include "ledger.h"
#include "alloc.h"
#include "clock.h"

#include <assert.h>
#include <string.h>

#define FRESH_NS (750 * UVREST__NS_PER_MS) /* an older count is no base for more than a probe */
#define REORDER_NS (30 * UVREST__NS_PER_MS) /* requests may overtake each other by so much */
#define PEERS_REORDER_NS (2 * REORDER_NS) /* and theirs may come between */
#define BUCKET_NS (100 * UVREST__NS_PER_MS)
#define TOLERANCE 2 /* by which a count may be off without meaning anything */
#define GROWTH_PART 8 /* of what others use, what they may take on top until a count tells … */
#define GROWTH_MOST 12 /* … and not more than so many */
#define AGREED_ENOUGH 300u
#define SILENT_ENOUGH 8u
#define LEARNT_PERCENT 94u
#define MAX_INTERVAL_NS UVREST__NS_PER_S
#define MAX_WINDOW_MS INT64_C(3600000) /* a longer one that the server announces is another kind of limit */

/* ---- moments in order -------------------------------------------------------------------------------------------- */

static uint64_t *stamp_at(const uvrest__stamps *stamps, uint64_t index)
{
    return &stamps->ring[index % stamps->cap];
}

static void push(uvrest__stamps *stamps, uint64_t moment)
{
    if (stamps->cap == 0)
        return;
    if (stamps->count < stamps->changed)
        stamps->changed = stamps->count;
    *stamp_at(stamps, stamps->count++) = moment;
    if (stamps->count - stamps->first > stamps->cap)
        stamps->first++;
}

/* Index of the first that is later than the moment. */
static uint64_t first_after(const uvrest__stamps *stamps, uint64_t moment)
{
    uint64_t low = stamps->first, high = stamps->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (*stamp_at(stamps, middle) > moment)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int64_t count_after(const uvrest__stamps *stamps, uint64_t moment)
{
    return (int64_t)(stamps->count - first_after(stamps, moment));
}

/* Takes one of that moment out; there is none if it has been overwritten. */
static void remove_stamp(uvrest__stamps *stamps, uint64_t moment)
{
    uint64_t i = first_after(stamps, moment);
    if (i == stamps->first || *stamp_at(stamps, i - 1) != moment)
        return;
    if (i - 1 < stamps->changed)
        stamps->changed = i - 1;
    for (; i < stamps->count; i++)
        *stamp_at(stamps, i - 1) = *stamp_at(stamps, i);
    stamps->count--;
}

static uint64_t before(uint64_t moment, uint64_t by)
{
    return moment > by ? moment - by : 0;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

uvrest_status uvrest__ledger_init(uvrest__ledger *ledger, const uvrest_alloc *alloc, const uvrest__ratelimit_conf *conf,
                                  uint64_t seed)
{
    /* Twice the slots: a count belongs to a moment up to a latency ago, so returned slots are looked at once more. */
    uint32_t cap = 2 * conf->slots;
    uint64_t *rings = NULL;
    if (cap > 0) {
        rings = uvrest__zalloc(alloc, 2 * (size_t)cap * sizeof *rings);
        if (rings == NULL)
            return UVREST_E_NOMEM;
    }
    memset(ledger, 0, sizeof *ledger);
    memcpy(&ledger->conf, conf, sizeof *conf);
    ledger->conf.shared_file = NULL;
    ledger->conf.acquire = NULL;
    ledger->conf.acquire_user = NULL;
    ledger->slots = conf->slots;
    ledger->window_ns = conf->window_ns;
    ledger->sent = (uvrest__stamps){.ring = rings, .cap = cap};
    ledger->answered = (uvrest__stamps){.ring = rings == NULL ? NULL : rings + cap, .cap = cap};
    ledger->remaining = -1;
    uvrest__random_init(&ledger->random, seed);
    return UVREST_OK;
}

void uvrest__ledger_fini(uvrest__ledger *ledger, const uvrest_alloc *alloc)
{
    uvrest__free(alloc, ledger->sent.ring);
    memset(ledger, 0, sizeof *ledger);
}

/* What is announced counts where it is stricter than what is configured, and never where it is not. */
static void apply_limit(uvrest__ledger *ledger, int64_t limit, int64_t window_ms)
{
    uint64_t window_ns = window_ms < 0 ? ledger->conf.window_ns : (uint64_t)window_ms * UVREST__NS_PER_MS;
    uint64_t rounds = (ledger->conf.window_ns + window_ns - 1) / window_ns;
    ledger->slots = ledger->conf.slots;
    ledger->window_ns = ledger->conf.window_ns;
    if ((uint64_t)limit >= ledger->conf.slots)
        return;
    ledger->slots = (uint32_t)limit;
    /* A shorter window is taken over only where so many of it still keep the configured limit. */
    if (window_ns > ledger->conf.window_ns || (uint64_t)limit * rounds <= ledger->conf.slots)
        ledger->window_ns = window_ns;
}

void uvrest__ledger_tighten(uvrest__ledger *ledger, const uvrest__ratelimit_conf *conf)
{
    uvrest__ratelimit_conf *own = &ledger->conf;
    if (conf->slots == 0 || own->slots == 0)
        return;
    own->slots = conf->slots < own->slots ? conf->slots : own->slots;
    own->window_ns = conf->window_ns > own->window_ns ? conf->window_ns : own->window_ns;
    own->guard_ns = conf->guard_ns > own->guard_ns ? conf->guard_ns : own->guard_ns;
    own->first_contact = conf->first_contact < own->first_contact ? conf->first_contact : own->first_contact;
    own->smooth = own->smooth || conf->smooth;
    own->reserve = conf->reserve > own->reserve ? conf->reserve : own->reserve;
    own->reserve = own->reserve < own->slots ? own->reserve : own->slots - 1;
    if (conf->policy == UVREST_POLICY_LEDGER)
        own->policy = UVREST_POLICY_LEDGER;
    own->free_permille = conf->free_permille > own->free_permille ? conf->free_permille : own->free_permille;
    own->max_delay_ns = conf->max_delay_ns > own->max_delay_ns ? conf->max_delay_ns : own->max_delay_ns;
    ledger->slots = own->slots < ledger->slots ? own->slots : ledger->slots;
    ledger->window_ns = own->window_ns > ledger->window_ns ? own->window_ns : ledger->window_ns;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static uint64_t returns_at(const uvrest__ledger *ledger, uint64_t index)
{
    return *stamp_at(&ledger->answered, index) + ledger->window_ns + ledger->conf.guard_ns;
}

static uint64_t held(const uvrest__ledger *ledger)
{
    return ledger->answered.count - ledger->n_returned + ledger->in_flight;
}

/* Moves time on: slots whose window is over are free; after a window without any request nothing is known any more. */
static void advance(uvrest__ledger *ledger, uint64_t now)
{
    if (now > ledger->now)
        ledger->now = now;
    if (ledger->slots == 0)
        return;
    if (ledger->n_returned < ledger->answered.first)
        ledger->n_returned = ledger->answered.first; /* only where a client does not wait for slots */
    while (ledger->n_returned < ledger->answered.count && returns_at(ledger, ledger->n_returned) <= ledger->now) {
        ledger->n_returned++;
        ledger->returning = true;
    }
    if (held(ledger) == 0) {
        ledger->contacted = false;
        ledger->returning = false;
        ledger->peers_until = 0;
        ledger->others = 0;
    }
}

/* When `keep` slots and one more are free; 0 if they are; UINT64_MAX if that hangs on answers. */
static uint64_t slot_at(const uvrest__ledger *ledger, uint64_t keep)
{
    uint64_t taken = held(ledger) + keep, needed;
    if (taken < ledger->slots)
        return 0;
    needed = taken - ledger->slots; /* of the oldest held, this one must be back, counted from 0 */
    if (needed >= ledger->answered.count - ledger->n_returned)
        return UINT64_MAX;
    return returns_at(ledger, ledger->n_returned + needed);
}

uint32_t uvrest__ledger_reserve(const uvrest__ledger *ledger)
{
    return ledger->conf.slots == 0 ? 0
                                   : (uint32_t)((uint64_t)ledger->conf.reserve * ledger->slots / ledger->conf.slots);
}

uint64_t uvrest__ledger_interval(const uvrest__ledger *ledger)
{
    uint64_t longest = ledger->learnt_interval_ns > ledger->announced_interval_ns ? ledger->learnt_interval_ns
                                                                                  : ledger->announced_interval_ns;
    if (ledger->conf.smooth && ledger->slots != 0) {
        uint64_t even = ledger->window_ns * 100 / ((uint64_t)ledger->slots * LEARNT_PERCENT);
        longest = even > longest ? even : longest;
    }
    return longest;
}

/* ---- may one more go out? ---------------------------------------------------------------------------------------- */

/* All gates return true to let pass, or fill in *wait. */
static bool hold(uvrest__ratelimit_wait *wait, uvrest__ratelimit_cause cause, uint64_t ns, bool firm)
{
    *wait = (uvrest__ratelimit_wait){.ns = ns, .cause = cause, .firm = firm};
    return false;
}

static uint64_t until(const uvrest__ledger *ledger, uint64_t moment)
{
    return moment == UINT64_MAX ? UINT64_MAX : uvrest__clock_until(ledger->now, moment);
}

static bool pass_pause(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    if (!ledger->paused)
        return true;
    if (ledger->now < ledger->paused_until)
        return hold(wait, UVREST__RATELIMIT_PAUSED, until(ledger, ledger->paused_until), true);
    return !ledger->probing || hold(wait, UVREST__RATELIMIT_PAUSED, UINT64_MAX, false);
}

static bool pass_slots(const uvrest__ledger *ledger, uvrest_priority priority, uvrest__ratelimit_wait *wait)
{
    uint64_t at = slot_at(ledger, 0);
    /* What is under way may turn out not to have been sent, and then its slot is free at once. */
    bool firm = ledger->in_flight == 0;
    if (at != 0)
        return hold(wait, UVREST__RATELIMIT_SLOTS, until(ledger, at), firm);
    at = priority == UVREST_PRIORITY_BULK ? slot_at(ledger, uvrest__ledger_reserve(ledger)) : 0;
    return at == 0 || hold(wait, UVREST__RATELIMIT_RESERVE, until(ledger, at), firm);
}

static bool pass_interval(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    if (uvrest__ledger_interval(ledger) == 0 || ledger->now >= ledger->next_send)
        return true;
    return hold(wait, UVREST__RATELIMIT_PER_SECOND, until(ledger, ledger->next_send), true);
}

/* One at a time, to learn the count anew. One that hangs holds back the next for a moment only. */
static bool pass_probe(const uvrest__ledger *ledger, uvrest__ratelimit_cause cause, uvrest__ratelimit_wait *wait)
{
    uint64_t newest = ledger->sent.count == 0 ? 0 : *stamp_at(&ledger->sent, ledger->sent.count - 1);
    if (ledger->in_flight == 0 || ledger->now - newest >= FRESH_NS)
        return true;
    return hold(wait, cause, until(ledger, newest + FRESH_NS), false);
}

/* Requests that the newest count may not have seen: those sent since a little before its own; none of them that was
 * answered before its own was sent. */
static int64_t uncounted(const uvrest__ledger *ledger, uint64_t margin)
{
    int64_t since = count_after(&ledger->sent, before(ledger->count_sent, margin));
    int64_t open = count_after(&ledger->answered, ledger->count_sent) + ledger->in_flight;
    return since < open ? since : open;
}

/* A newer count may let pass; without one it is a probe's turn. */
static bool hold_for_count(const uvrest__ledger *ledger, uvrest__ratelimit_cause cause, uvrest__ratelimit_wait *wait)
{
    return hold(wait, cause, until(ledger, ledger->count_at + FRESH_NS), false);
}

static bool is_fresh(const uvrest__ledger *ledger)
{
    return ledger->now - ledger->count_at <= FRESH_NS;
}

static int64_t smallest_recent(const uvrest__ledger *ledger)
{
    uint64_t number = ledger->now / BUCKET_NS;
    int64_t smallest = ledger->remaining;
    for (int i = 0; i < UVREST__LEDGER_BUCKETS; i++)
        if (number - ledger->recent[i].number < UVREST__LEDGER_BUCKETS && ledger->recent[i].remaining < smallest)
            smallest = ledger->recent[i].remaining;
    return smallest;
}

/* Nine tenths of our share of the last window, of what is left to everybody: such shares sum to less than all of it. */
static bool pass_peers(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    int64_t beyond = uncounted(ledger, PEERS_REORDER_NS), own, allowed;
    if (ledger->remaining == 0) {
        if (ledger->n_returned == ledger->returned_at_count && ledger->n_returned < ledger->answered.count)
            return hold(wait, UVREST__RATELIMIT_PEERS, until(ledger, returns_at(ledger, ledger->n_returned)), false);
        return pass_probe(ledger, UVREST__RATELIMIT_PEERS, wait);
    }
    if (!is_fresh(ledger))
        return pass_probe(ledger, UVREST__RATELIMIT_PEERS, wait);
    own = count_after(&ledger->sent, before(ledger->now, ledger->window_ns)) - beyond;
    if (own > ledger->total)
        own = ledger->total;
    allowed = 9 * own * smallest_recent(ledger) / (10 * ledger->total);
    if (allowed < 1)
        return pass_probe(ledger, UVREST__RATELIMIT_PEERS, wait);
    return beyond < allowed || hold_for_count(ledger, UVREST__RATELIMIT_PEERS, wait);
}

static int64_t others(const uvrest__ledger *ledger)
{
    return ledger->others / UVREST__LEDGER_MEAN;
}

/* What others use and may take meanwhile stays theirs. At the end of a burst of ours this is what is left to send;
 * while slots return, rule 1 is stricter, since the server has them back a latency before the book. */
static bool pass_others(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    int64_t theirs = others(ledger) - ledger->mates, growth, ours;
    if (theirs <= TOLERANCE)
        return true;
    if (!is_fresh(ledger))
        return pass_probe(ledger, UVREST__RATELIMIT_PEERS, wait);
    growth = TOLERANCE + (theirs / GROWTH_PART < GROWTH_MOST ? theirs / GROWTH_PART : GROWTH_MOST);
    ours = count_after(&ledger->sent, before(ledger->now, ledger->window_ns)) + ledger->mates;
    return ours + theirs + growth < ledger->total + ledger->remaining || ledger->in_flight == 0 ||
           hold_for_count(ledger, UVREST__RATELIMIT_PEERS, wait);
}

static bool pass_verify(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    /* The request that brought the count is among those it may not have seen, but has been seen: one more may go. */
    if (is_fresh(ledger) && uncounted(ledger, REORDER_NS) <= ledger->remaining)
        return true;
    /* With nothing under way no newer count comes by itself: one goes out for it if the server left something, or may
     * have given a slot back since. */
    if (!is_fresh(ledger) ||
        (ledger->in_flight == 0 && (ledger->remaining > 0 || ledger->n_returned > ledger->returned_at_count)))
        return pass_probe(ledger, UVREST__RATELIMIT_VERIFY, wait);
    if (ledger->in_flight == 0 && ledger->n_returned < ledger->answered.count &&
        returns_at(ledger, ledger->n_returned) < ledger->count_at + FRESH_NS)
        return hold(wait, UVREST__RATELIMIT_VERIFY, until(ledger, returns_at(ledger, ledger->n_returned)), false);
    return hold_for_count(ledger, UVREST__RATELIMIT_VERIFY, wait);
}

static bool pass_server(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    if (!ledger->contacted)
        return ledger->in_flight < ledger->conf.first_contact ||
               hold(wait, UVREST__RATELIMIT_CONTACT, UINT64_MAX, false);
    if (!ledger->has_count)
        return true;
    /* Leased: the log says what the other machines use, and shares out what others leave. */
    if (ledger->now < ledger->peers_until && !ledger->conf.leased)
        return (ledger->paused && ledger->hinted) || (pass_others(ledger, wait) && pass_peers(ledger, wait));
    if (ledger->paused)
        return true;
    return (!ledger->returning || ledger->verified || pass_verify(ledger, wait)) && pass_others(ledger, wait);
}

/* ---- graduated delays -------------------------------------------------------------------------------------------- */

/* Of the quota, in thousandths: what the server said last, unless that is a window ago; then what the book says. */
static uint64_t permille_left(const uvrest__ledger *ledger)
{
    uint64_t taken = held(ledger), left = taken < ledger->slots ? ledger->slots - taken : 0;
    if (ledger->has_count && ledger->now - ledger->count_at < ledger->window_ns && ledger->remaining >= 0 &&
        (uint64_t)ledger->remaining < left)
        left = (uint64_t)ledger->remaining;
    return left * 1000 / ledger->slots;
}

/* Straight lines between the corners of aiopythonik's three tiers. */
static uint64_t graduated_delay(const uvrest__ledger *ledger)
{
    static const struct {
        uint64_t permille, ms;
    } corners[] = {{0, 5000}, {100, 2000}, {200, 500}, {300, 100}};
    uint64_t left = permille_left(ledger), delay;
    size_t i = 1;
    if (left >= ledger->conf.free_permille || left >= 300)
        return 0;
    while (left >= corners[i].permille)
        i++;
    delay = corners[i].ms + (corners[i - 1].ms - corners[i].ms) * (corners[i].permille - left) / 100;
    delay *= UVREST__NS_PER_MS;
    return delay < ledger->conf.max_delay_ns ? delay : ledger->conf.max_delay_ns;
}

static bool pass_graduated(const uvrest__ledger *ledger, uvrest__ratelimit_wait *wait)
{
    uint64_t delay = ledger->last_send == 0 ? 0 : graduated_delay(ledger);
    if (delay == 0 || ledger->now >= ledger->last_send + delay)
        return true;
    return hold(wait, UVREST__RATELIMIT_GRADUATED, until(ledger, ledger->last_send + delay), false);
}

static bool pass_all(const uvrest__ledger *ledger, uvrest_priority priority, bool proactive,
                     uvrest__ratelimit_wait *wait)
{
    if (!pass_pause(ledger, wait))
        return false;
    if (!proactive)
        return true;
    if (ledger->slots != 0 && !pass_slots(ledger, priority, wait))
        return false;
    if (!pass_interval(ledger, wait))
        return false;
    if (ledger->slots == 0)
        return true;
    return ledger->conf.policy == UVREST_POLICY_GRADUATED ? pass_graduated(ledger, wait) : pass_server(ledger, wait);
}

bool uvrest__ledger_may(uvrest__ledger *ledger, uint64_t now, uvrest_priority priority, bool proactive,
                        uvrest__ratelimit_wait *out_wait)
{
    advance(ledger, now);
    if (pass_all(ledger, priority, proactive, out_wait))
        return true;
    if (out_wait->ns == 0)
        out_wait->ns = 1;
    if (out_wait->cause == UVREST__RATELIMIT_VERIFY)
        ledger->n_agreed = 0; /* the server gives back later than the book */
    return false;
}

bool uvrest__ledger_acquire(uvrest__ledger *ledger, uint64_t now, uvrest_priority priority, bool proactive,
                            uvrest__ratelimit_ticket *out_ticket, uvrest__ratelimit_wait *out_wait)
{
    if (!uvrest__ledger_may(ledger, now, priority, proactive, out_wait))
        return false;
    *out_ticket = (uvrest__ratelimit_ticket){.sent_ns = ledger->now, .probe = ledger->paused};
    ledger->probing = ledger->paused;
    ledger->in_flight++;
    ledger->n_sent++;
    ledger->last_send = ledger->now;
    push(&ledger->sent, ledger->now);
    if (uvrest__ledger_interval(ledger) != 0)
        ledger->next_send =
            (ledger->next_send > ledger->now ? ledger->next_send : ledger->now) + uvrest__ledger_interval(ledger);
    return true;
}

/* ---- what the server's count says -------------------------------------------------------------------------------- */

/* A limit a second that was not known until now: what went out in the last one has had its share of it. */
static void announce_interval(uvrest__ledger *ledger, uint64_t interval)
{
    if (interval > uvrest__ledger_interval(ledger)) {
        uint64_t taken = (uint64_t)count_after(&ledger->sent, before(ledger->now, UVREST__NS_PER_S)) * interval;
        uint64_t next = ledger->now + (taken < UVREST__NS_PER_S ? taken : UVREST__NS_PER_S);
        ledger->next_send = next > ledger->next_send ? next : ledger->next_send;
    }
    ledger->announced_interval_ns = interval;
}

static void read_announced(uvrest__ledger *ledger, const uvrest__quota *quota)
{
    if (quota->burst > 0 && (uint64_t)quota->burst < ledger->conf.slots)
        announce_interval(ledger, 100 * UVREST__NS_PER_S / ((uint64_t)quota->burst * LEARNT_PERCENT));
    /* A limit below what is left is one of another window. */
    if (quota->limit > 0 && quota->limit >= quota->remaining && quota->window_ms != 0 &&
        quota->window_ms <= MAX_WINDOW_MS)
        apply_limit(ledger, quota->limit, quota->window_ms);
}

static void remember_recent(uvrest__ledger *ledger, int64_t remaining)
{
    uint64_t number = ledger->now / BUCKET_NS;
    int i = (int)(number % UVREST__LEDGER_BUCKETS);
    if (ledger->recent[i].number != number || remaining < ledger->recent[i].remaining)
        ledger->recent[i].remaining = remaining;
    ledger->recent[i].number = number;
}

/* On the mean, a request that has been counted was as long on its way there as those before and after it: so the count
 * has in it those of ours that were sent in the window before it was. What is certain about this count corrects the
 * mean of those before: the fewer are under way, the more that is. */
static void average_others(uvrest__ledger *ledger, uint64_t sent, int64_t total, int64_t at_least, int64_t at_most)
{
    int64_t most = (total - at_least) * UVREST__LEDGER_MEAN, least = (total - at_most) * UVREST__LEDGER_MEAN;
    int64_t mean = least;
    if (least < most) {
        int64_t own = count_after(&ledger->sent, before(sent, ledger->window_ns)) - count_after(&ledger->sent, sent);
        mean = ledger->others + total - own - others(ledger);
        mean = mean > most ? most : mean;
        mean = mean < least ? least : mean;
    }
    ledger->others = mean > 0 ? mean : 0;
}

/* Compares the count, made somewhere between sent and now, with what the book says about that time. */
static void compare(uvrest__ledger *ledger, uint64_t sent, int64_t total)
{
    int64_t after = count_after(&ledger->answered, sent);
    int64_t at_most = count_after(&ledger->answered, before(sent, ledger->window_ns)) + ledger->in_flight;
    int64_t at_least = count_after(&ledger->sent, before(ledger->now, ledger->window_ns)) - after - ledger->in_flight;
    at_least = 1 + (at_least > 0 ? at_least : 0);
    average_others(ledger, sent, total, at_least, at_most);
    if (total > at_most + ledger->mates + TOLERANCE) {
        ledger->peers_until = ledger->now + ledger->window_ns;
        ledger->n_agreed = 0;
    } else if (total < at_least - TOLERANCE) {
        ledger->n_agreed = 0;
    } else if (ledger->returning && ++ledger->n_agreed >= AGREED_ENOUGH) {
        ledger->verified = true;
    }
}

/* A count that came too late says little about now, and the book does not reach back so far. One that stands beside
 * a policy for a second alone is of that second. */
static bool is_usable(const uvrest__ledger *ledger, uint64_t sent, const uvrest__quota *quota)
{
    bool of_second = quota->of_second || (quota->burst >= quota->remaining && quota->limit < 0);
    return quota->remaining >= 0 && !of_second && ledger->now - sent <= ledger->window_ns / 4;
}

static void read_count(uvrest__ledger *ledger, uint64_t sent, const uvrest__quota *quota)
{
    int64_t limit = quota->limit > 0 && quota->limit >= quota->remaining ? quota->limit : ledger->conf.slots;
    int64_t remaining = quota->remaining;
    int64_t total = remaining < limit ? limit - remaining : 0;
    if (!is_usable(ledger, sent, quota)) {
        if (++ledger->n_silent >= SILENT_ENOUGH)
            ledger->has_count = false;
        return;
    }
    ledger->n_silent = 0;
    remember_recent(ledger, remaining);
    compare(ledger, sent, total);
    /* Of those sent at the same moment the one that leaves least was counted last. */
    if (ledger->has_count &&
        (sent < ledger->count_sent || (sent == ledger->count_sent && remaining > ledger->remaining)))
        return;
    ledger->has_count = true;
    ledger->count_sent = sent;
    ledger->count_at = ledger->now;
    ledger->remaining = remaining;
    ledger->total = total > 0 ? total : 1;
    ledger->returned_at_count = ledger->n_returned;
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static uint64_t spread(uvrest__ledger *ledger, uint64_t low, uint64_t high)
{
    return uvrest__rand_between(uvrest__random_as_rand(&ledger->random), low, high);
}

static uint64_t hint_ns(const uvrest__ratelimit_answer *answer)
{
    const uint64_t most_ms = UVREST__RATELIMIT_MAX_PAUSE_NS / UVREST__NS_PER_MS;
    uint64_t ms = (uint64_t)answer->retry_after_ms;
    return (ms > most_ms ? most_ms : ms) * UVREST__NS_PER_MS;
}

static uint64_t backoff(uvrest__ledger *ledger, uint32_t step)
{
    uint64_t pause = ledger->conf.backoff_ns[step < UVREST__RATELIMIT_BACKOFFS ? step : UVREST__RATELIMIT_BACKOFFS - 1];
    return ledger->conf.jitter ? spread(ledger, pause / 2, pause) : pause;
}

/* Much was left, so it is no window of ours that is full: there is a limit a second as well. */
static bool learn_interval(uvrest__ledger *ledger, uint64_t sent, int64_t remaining)
{
    uint64_t even = ledger->slots == 0 ? 0 : ledger->window_ns / ledger->slots;
    uint64_t old = uvrest__ledger_interval(ledger);
    if (even == 0 || even > MAX_INTERVAL_NS || remaining <= (int64_t)(UVREST__NS_PER_S / even))
        return false;
    /* What went out in the same second as the cause of the lesson teaches nothing new. */
    if (old != 0 && sent <= ledger->learnt_at + UVREST__NS_PER_S)
        return false;
    ledger->learnt_interval_ns = (old > even ? old : even) * 100 / LEARNT_PERCENT;
    if (ledger->learnt_interval_ns > MAX_INTERVAL_NS)
        ledger->learnt_interval_ns = MAX_INTERVAL_NS;
    ledger->learnt_at = ledger->now;
    return true;
}

static void refuse(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket,
                   const uvrest__ratelimit_answer *answer)
{
    bool hinted = answer->retry_after_ms >= 0;
    uint64_t pause = hinted ? hint_ns(answer) : 0;
    int64_t remaining = answer->quota.remaining;
    bool learnt;
    ledger->n_refused++;
    if (remaining < 0 && ledger->has_count && is_fresh(ledger))
        remaining = ledger->remaining;
    learnt = learn_interval(ledger, ticket->sent_ns, remaining);
    if (ledger->n_pauses > 0 && !ticket->probe && ticket->sent_ns <= ledger->paused_at) {
        /* It went out before the pause began and tells nothing new, but perhaps how long. */
        if (ledger->paused && ledger->now + pause > ledger->paused_until)
            ledger->paused_until = ledger->now + pause;
        return;
    }
    /* A server that names no time worth naming again and again is asked less and less often. */
    if (hinted && pause == 0 && ledger->streak > 0)
        hinted = false;
    pause = hinted ? pause + spread(ledger, 0, pause / 10) : backoff(ledger, ledger->streak);
    if (learnt && pause < UVREST__NS_PER_S)
        pause = UVREST__NS_PER_S; /* until the second that is used up is certainly over */
    if (ledger->streak == 0)
        ledger->n_pauses++;
    ledger->streak++;
    ledger->verified = false; /* rule 1 alone has not been enough */
    ledger->n_agreed = 0;
    ledger->paused = true;
    ledger->probing = false;
    ledger->hinted = hinted;
    ledger->adopted = false;
    ledger->paused_at = ledger->now;
    ledger->paused_until = ledger->now + pause;
}

/* ---- ends of requests -------------------------------------------------------------------------------------------- */

static void leave_flight(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now)
{
    advance(ledger, now);
    assert(ledger->in_flight > 0);
    if (ticket->probe)
        ledger->probing = false;
}

/* From now on the slot waits for its window to pass. */
static void end_flight(uvrest__ledger *ledger)
{
    ledger->in_flight--;
    push(&ledger->answered, ledger->now);
}

void uvrest__ledger_answered(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now,
                             const uvrest__ratelimit_answer *answer)
{
    leave_flight(ledger, ticket, now);
    if (ledger->slots != 0) {
        read_announced(ledger, &answer->quota);
        read_count(ledger, ticket->sent_ns, &answer->quota);
    }
    end_flight(ledger);
    ledger->contacted = true;
    if (answer->http_status == 429) {
        refuse(ledger, ticket, answer);
        remove_stamp(&ledger->sent, ticket->sent_ns); /* the server need not have counted it */
    } else if (ticket->probe) {
        ledger->paused = ledger->adopted = false;
        ledger->streak = 0;
    }
}

void uvrest__ledger_adopt_pause(uvrest__ledger *ledger, uint64_t now, uint64_t ns)
{
    advance(ledger, now);
    if (!ledger->paused) {
        ledger->paused = ledger->adopted = true;
        ledger->hinted = ledger->probing = false;
        ledger->paused_at = ledger->now;
        ledger->paused_until = ledger->now;
    }
    if (ledger->adopted && !ledger->probing && ledger->now + ns > ledger->paused_until)
        ledger->paused_until = ledger->now + ns;
}

void uvrest__ledger_end_adopted(uvrest__ledger *ledger)
{
    if (ledger->adopted && !ledger->probing)
        ledger->paused = ledger->adopted = false;
}

void uvrest__ledger_given_up(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now)
{
    leave_flight(ledger, ticket, now);
    end_flight(ledger);
    remove_stamp(&ledger->sent, ticket->sent_ns);
}

void uvrest__ledger_not_sent(uvrest__ledger *ledger, const uvrest__ratelimit_ticket *ticket, uint64_t now)
{
    leave_flight(ledger, ticket, now);
    ledger->in_flight--;
    remove_stamp(&ledger->sent, ticket->sent_ns);
}

void uvrest__ledger_disown(uvrest__ledger *ledger, uint64_t now, uint32_t n, bool probe)
{
    advance(ledger, now);
    assert(n <= ledger->in_flight);
    ledger->in_flight -= n;
    for (; n > 0; n--)
        push(&ledger->answered, ledger->now);
    if (probe)
        ledger->probing = false;
}

void uvrest__ledger_forfeit(uvrest__ledger *ledger, uint64_t now, uint32_t in_flight)
{
    advance(ledger, now);
    ledger->in_flight = in_flight;
    ledger->probing = false;
    ledger->n_returned = 0;
    ledger->sent.first = ledger->sent.count = ledger->sent.changed = 0;
    ledger->answered.first = ledger->answered.count = ledger->answered.changed = 0;
    for (uint32_t i = in_flight; i < ledger->slots; i++)
        push(&ledger->answered, ledger->now);
}

/* ---- looking at it ----------------------------------------------------------------------------------------------- */

int64_t uvrest__ledger_seen(const uvrest__ledger *ledger, uint64_t *out_ago_ns)
{
    int64_t used = (int64_t)ledger->slots - ledger->remaining;
    if (!ledger->has_count)
        return -1;
    *out_ago_ns = ledger->now - ledger->count_sent;
    return used > 0 ? used : 0;
}

void uvrest__ledger_note_log(uvrest__ledger *ledger, uint64_t now, int64_t taken, uint32_t unused)
{
    int64_t ours;
    advance(ledger, now);
    ours = (int64_t)held(ledger) + unused;
    ledger->mates = taken > ours ? taken - ours : 0;
}

bool uvrest__ledger_is_idle(uvrest__ledger *ledger, uint64_t now)
{
    advance(ledger, now);
    return (ledger->slots == 0 || held(ledger) == 0) && !(ledger->paused && ledger->now < ledger->paused_until);
}

void uvrest__ledger_read_stats(uvrest__ledger *ledger, uint64_t now, uvrest__ratelimit_stats *out)
{
    uint64_t taken;
    advance(ledger, now);
    taken = held(ledger);
    out->sent = ledger->n_sent;
    out->refused = ledger->n_refused;
    out->pauses = ledger->n_pauses;
    out->in_flight = ledger->in_flight;
    out->slots = ledger->slots;
    out->free_slots = taken < ledger->slots ? (uint32_t)(ledger->slots - taken) : 0;
    out->per_second = uvrest__ledger_interval(ledger) == 0
                          ? 0
                          : (uint32_t)(1000 * UVREST__NS_PER_S / uvrest__ledger_interval(ledger));
    out->remaining = ledger->remaining;
    out->verified = ledger->verified;
    out->peers = ledger->now < ledger->peers_until;
    out->paused_ns = ledger->paused ? uvrest__clock_until(ledger->now, ledger->paused_until) : 0;
}
