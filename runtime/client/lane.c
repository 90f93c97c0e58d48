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
