/* SPDX-License-Identifier: MIT */
#include "lane.h"
#include "alloc.h"
#include <assert.h>

uvrest_status uvrest__lane_new(const uvrest__lane_conf *conf, uvrest__credentials *credentials, uint64_t now,
                               uvrest__lane **out)
{
    const char *lines[UVREST__CREDENTIALS_MAX + 1];
    uvrest_status st = UVREST_OK;
    uvrest__lane *lane = uvrest__zalloc(conf->alloc, sizeof *lane);
    if (lane == NULL)
        return UVREST_E_NOMEM;
    uvrest__credentials_list(credentials, UINT32_MAX, lines);
    if (conf->rate_limit != NULL)
        st = uvrest__ratelimit_get(uvrest__ratelimit_shared(), conf->origin, lines, conf->rate_limit, now, conf->rand,
                                   conf->wake, conf->user, &lane->ledger);
    if (st == UVREST_OK && conf->fleet != NULL && lane->ledger != NULL)
        st = uvrest__fleet_join(conf->fleet, lane->ledger, &lane->member);
    if (st != UVREST_OK) {
        uvrest__ratelimit_put(lane->ledger, now);
        uvrest__free(conf->alloc, lane);
        return st;
    }
    lane->fleet = conf->fleet;
    lane->credentials = *credentials;
    credentials->n = 0;
    *out = lane;
    return UVREST_OK;
}

void uvrest__lane_free(uvrest__lane *lane, uint64_t now)
{
    const uvrest_alloc *alloc;
    if (lane == NULL)
        return;
    assert(lane->queue.n == 0 && lane->n_calls == 0);
    alloc = lane->credentials.alloc;
    uvrest__fleet_leave(lane->fleet, lane->member);
    uvrest__ratelimit_put(lane->ledger, now);
    uvrest__credentials_fini(&lane->credentials);
    uvrest__free(alloc, lane);
}

uvrest_status uvrest__lane_join(uvrest__lane *lanes, const uvrest__lane_conf *conf, const char *const *lines,
                                uint64_t now, uvrest_reason *reason, uvrest__lane **out)
{
    uvrest__credentials credentials;
    uvrest__lane *lane = lanes;
    uvrest_status st;
    if (lines != NULL) {
        lane = lane->next;
        while (lane != NULL && !uvrest__credentials_are(&lane->credentials, lines))
            lane = lane->next;
    }
    if (lane == NULL) {
        uvrest__credentials_init(&credentials, conf->alloc);
        st = uvrest__credentials_add_lines(&credentials, lines, reason);
        if (st == UVREST_OK)
            st = uvrest__lane_new(conf, &credentials, now, &lane);
        uvrest__credentials_fini(&credentials);
        if (st != UVREST_OK)
            return st;
        lane->next = lanes->next;
        lanes->next = lane;
    }
    lane->n_calls++;
    *out = lane;
    return UVREST_OK;
}

void uvrest__lane_leave(uvrest__lane *lanes, uvrest__lane *lane, uint64_t now)
{
    if (--lane->n_calls > 0 || lane == lanes)
        return;
    while (lanes->next != lane)
        lanes = lanes->next;
    lanes->next = lane->next;
    uvrest__lane_free(lane, now);
}
