/* SPDX-License-Identifier: MIT */
#include "stall.h"

#define PERIOD_MAX_MS 1000u

uint32_t uvrest__stall_period_ms(uint32_t limit_ms)
{
    uint32_t period = limit_ms / 4 + (limit_ms % 4 != 0);
    if (period == 0)
        return 1;
    return period < PERIOD_MAX_MS ? period : PERIOD_MAX_MS;
}

/* Periods are counted, not time: a callback that blocks the loop for long says nothing of the transfer. */
bool uvrest__stall_look(uvrest__stall *stall, uint64_t moved, uint32_t limit_ms)
{
    uint32_t period = uvrest__stall_period_ms(limit_ms);
    uint64_t since = moved - stall->moved;
    if (!stall->seen || since * 1000 >= (uint64_t)UVREST__STALL_BYTES * period)
        stall->slow_ms = 0;
    else
        stall->slow_ms += period;
    stall->seen = true;
    stall->moved = moved;
    return stall->slow_ms >= limit_ms;
}
