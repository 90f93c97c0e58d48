/* SPDX-License-Identifier: MIT */
#include "pool.h"
#include <assert.h>

void uvrest__pool_init(uvrest__pool *pool, uint32_t max_in_flight, uint32_t max_connections)
{
    assert(max_in_flight > 0 && max_connections > 0);
    *pool = (uvrest__pool){.max_in_flight = max_in_flight, .max_connections = max_connections};
}

bool uvrest__pool_has_room(const uvrest__pool *pool)
{
    if (pool->in_flight >= pool->max_in_flight)
        return false;
    return pool->multiplexed || pool->in_flight < pool->max_connections;
}

void uvrest__pool_take(uvrest__pool *pool)
{
    assert(uvrest__pool_has_room(pool));
    pool->in_flight++;
}

void uvrest__pool_give(uvrest__pool *pool)
{
    assert(pool->in_flight > 0);
    pool->in_flight--;
}

void uvrest__pool_saw_answer(uvrest__pool *pool, bool multiplexed)
{
    pool->multiplexed = multiplexed;
    pool->timeouts = 0;
}

void uvrest__pool_saw_timeout(uvrest__pool *pool)
{
    if (pool->multiplexed)
        pool->timeouts++;
}

bool uvrest__pool_wants_fresh(const uvrest__pool *pool)
{
    return pool->timeouts >= UVREST__POOL_MAX_TIMEOUTS;
}
