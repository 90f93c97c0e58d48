/* SPDX-License-Identifier: MIT */
#include "fleet.h"
#include "alloc.h"
#include "leases.h"
#include "redis.h"

#include <assert.h>

struct uvrest__fleet_member {
    uvrest__fleet_member *next;
    uvrest__ratelimit *rl; /* NULL: it has left */
    uint32_t n_open; /* questions under way */
};

struct uvrest__fleet {
    uvrest__fleet_conf conf;
    uvrest__redis *redis;
    uvrest__timer *timer; /* the next question */
    uvrest__buf script;
    uvrest__buf words;
    uvrest__fleet_member *members;
    char script_name[UVREST__LEASES_SCRIPT_NAME];
    bool away;
    uvrest__fleet *next_abandoned;
};

static uint64_t now_of(const uvrest__fleet *fleet)
{
    return uvrest__clock_now(fleet->conf.clock);
}

/* why: NULL if it can be asked. Told only when that changes. */
static void report_reach(uvrest__fleet *fleet, const char *why)
{
    if (fleet->away == (why != NULL))
        return;
    fleet->away = why != NULL;
    fleet->conf.on_reach(why, fleet->conf.user);
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static void drop_if_done(uvrest__fleet *fleet, uvrest__fleet_member *member)
{
    uvrest__fleet_member **at = &fleet->members;
    if (member->rl != NULL || member->n_open > 0)
        return;
    while (*at != member)
        at = &(*at)->next;
    *at = member->next;
    uvrest__free(fleet->conf.alloc, member);
}

/* false: nothing was sent. */
static bool ask(uvrest__fleet *fleet, uvrest__fleet_member *member, bool leaving)
{
    uint64_t now = now_of(fleet);
    uint32_t patience_ms = (uint32_t)(uvrest__ratelimit_patience(member->rl) / UVREST__NS_PER_MS) + 1;
    size_t n;
    uvrest__buf_clear(&fleet->words);
    if (uvrest__ratelimit_ask(member->rl, now, leaving, &fleet->words, &n) != UVREST_OK)
        return false;
    if (uvrest__redis_call(fleet->redis, uvrest__buf_text(&fleet->words), n, patience_ms, member) != UVREST_OK) {
        (void)uvrest__ratelimit_untold(member->rl, now);
        return false;
    }
    member->n_open++;
    return true;
}

uvrest_status uvrest__fleet_join(uvrest__fleet *fleet, uvrest__ratelimit *rl, uvrest__fleet_member **out)
{
    uvrest__fleet_member *member = uvrest__zalloc(fleet->conf.alloc, sizeof *member);
    if (member == NULL)
        return UVREST_E_NOMEM;
    member->rl = rl;
    member->next = fleet->members;
    fleet->members = member;
    *out = member;
    return UVREST_OK;
}

void uvrest__fleet_leave(uvrest__fleet *fleet, uvrest__fleet_member *member)
{
    if (member == NULL)
        return;
    if (uvrest__ratelimit_has_leases(member->rl) && uvrest__redis_is_connected(fleet->redis))
        (void)ask(fleet, member, true);
    member->rl = NULL;
    drop_if_done(fleet, member);
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

void uvrest__fleet_pump(uvrest__fleet *fleet)
{
    uint64_t now = now_of(fleet), next = UINT64_MAX;
    for (uvrest__fleet_member *member = fleet->members; member != NULL; member = member->next) {
        uint64_t due = member->rl == NULL ? UINT64_MAX : uvrest__ratelimit_question_due(member->rl, now);
        if (due == 0 && uvrest__redis_is_ready(fleet->redis) && !ask(fleet, member, false))
            due = now + UVREST__NS_PER_S / 10; /* memory may be there again */
        if (due != 0 && due < next)
            next = due;
    }
    if (next == UINT64_MAX)
        uvrest__timer_stop(fleet->timer);
    else
        uvrest__timer_set(fleet->timer, (uvrest__clock_until(now, next) + UVREST__NS_PER_MS - 1) / UVREST__NS_PER_MS);
}

static void on_answer(void *tag, const int64_t *values, size_t n, void *user)
{
    uvrest__fleet *fleet = user;
    uvrest__fleet_member *member = tag;
    member->n_open--;
    if (member->rl == NULL) {
        drop_if_done(fleet, member);
    } else if (values != NULL && uvrest__ratelimit_told(member->rl, now_of(fleet), values, n)) {
        report_reach(fleet, NULL);
    } else {
        (void)uvrest__ratelimit_untold(member->rl, now_of(fleet));
        report_reach(fleet, values == NULL ? uvrest__redis_why(fleet->redis) : "its book makes no sense");
    }
    fleet->conf.on_news(fleet->conf.user);
}

static void on_timer(void *user)
{
    uvrest__fleet_pump(user);
}

static void on_ready(void *user)
{
    uvrest__fleet *fleet = user;
    fleet->conf.on_news(fleet->conf.user);
}

/* Who has nothing to ask does not miss it. */
static void on_lost(void *user)
{
    uvrest__fleet *fleet = user;
    uint64_t now = now_of(fleet);
    for (uvrest__fleet_member *member = fleet->members; member != NULL; member = member->next) {
        if (member->rl == NULL || uvrest__ratelimit_question_due(member->rl, now) != 0)
            continue;
        (void)uvrest__ratelimit_untold(member->rl, now);
        report_reach(fleet, uvrest__redis_why(fleet->redis));
    }
    fleet->conf.on_news(fleet->conf.user);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static uvrest_status make_redis(uvrest__fleet *fleet)
{
    uvrest__redis_conf conf = {.alloc = fleet->conf.alloc,
                               .loop = fleet->conf.loop,
                               .url = fleet->conf.url,
                               .script = uvrest__buf_text(&fleet->script),
                               .script_name = fleet->script_name,
                               .on_answer = on_answer,
                               .on_ready = on_ready,
                               .on_lost = on_lost,
                               .user = fleet};
    return uvrest__redis_new(&conf, &fleet->redis);
}

uvrest_status uvrest__fleet_new(const uvrest__fleet_conf *conf, uvrest__fleet **out)
{
    uvrest_status st;
    uvrest__fleet *fleet = uvrest__zalloc(conf->alloc, sizeof *fleet);
    if (fleet == NULL)
        return UVREST_E_NOMEM;
    fleet->conf = *conf;
    uvrest__buf_init(&fleet->words, conf->alloc, 0);
    uvrest__buf_init(&fleet->script, conf->alloc, 0);
    st = uvrest__leases_add_script(&fleet->script);
    if (st != UVREST_OK)
        goto free_fleet;
    uvrest__leases_script_name(&fleet->script, fleet->script_name);
    st = uvrest__timer_new(conf->loop, on_timer, fleet, &fleet->timer);
    if (st != UVREST_OK)
        goto free_fleet;
    st = make_redis(fleet);
    if (st != UVREST_OK)
        goto close_timer;
    *out = fleet;
    return UVREST_OK;

close_timer:
    uvrest__timer_close(fleet->timer);
free_fleet:
    uvrest__buf_fini(&fleet->script);
    uvrest__free(conf->alloc, fleet);
    return st;
}

void uvrest__fleet_close(uvrest__fleet *fleet)
{
    if (fleet == NULL)
        return;
    uvrest__redis_close(fleet->redis);
    for (uvrest__fleet_member *member = fleet->members, *next; member != NULL; member = next) {
        assert(member->rl == NULL);
        next = member->next;
        uvrest__free(fleet->conf.alloc, member);
    }
    uvrest__timer_close(fleet->timer);
    uvrest__buf_fini(&fleet->script);
    uvrest__buf_fini(&fleet->words);
    uvrest__free(fleet->conf.alloc, fleet);
}

void uvrest__fleet_abandon(uvrest__fleet *fleet)
{
    static uvrest__fleet *abandoned; /* so that leak checkers see that somebody knows */
    if (fleet == NULL)
        return;
    uvrest__redis_abandon(fleet->redis);
    fleet->next_abandoned = abandoned;
    abandoned = fleet;
}
