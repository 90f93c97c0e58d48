/* SPDX-License-Identifier: MIT */
#include "generation.h"
#include <stddef.h>

static void begin(uvrest__generation *generation, uint64_t now_ms)
{
    generation->begun = true;
    generation->begun_ms = now_ms;
    generation->resets = 0;
    generation->counted_ms = now_ms;
}

void uvrest__generation_saw_break(uvrest__generation *generation)
{
    generation->wary = true;
}

void uvrest__generation_saw_answer(uvrest__generation *generation, bool open, uint64_t now_ms)
{
    uint64_t forgotten;
    if (!generation->begun)
        begin(generation, now_ms);
    if (!open && !generation->wary)
        return;
    forgotten = (now_ms - generation->counted_ms) * UVREST__GENERATION_RESETS_PER_SECOND;
    generation->resets = generation->resets > forgotten ? generation->resets - forgotten : 0;
    generation->resets += 1000;
    generation->counted_ms = now_ms;
}

bool uvrest__generation_is_over(const uvrest__generation *generation, uint64_t now_ms, uint32_t lifetime_ms)
{
    if (!generation->begun || generation->ahead != NULL)
        return false;
    return generation->resets >= UVREST__GENERATION_RESETS * UINT64_C(1000) ||
           now_ms - generation->begun_ms >= lifetime_ms;
}

void uvrest__generation_send_ahead(uvrest__generation *generation, const void *request, uint64_t now_ms)
{
    generation->ahead = request;
    generation->ahead_ms = now_ms;
}

bool uvrest__generation_is_late(const uvrest__generation *generation, uint64_t now_ms)
{
    return generation->ahead != NULL && now_ms - generation->ahead_ms >= UVREST__GENERATION_PATIENCE_MS;
}

void uvrest__generation_begin_next(uvrest__generation *generation, uint64_t now_ms)
{
    generation->ahead = NULL;
    generation->number++;
    begin(generation, now_ms);
}

void uvrest__generation_call_back(uvrest__generation *generation)
{
    generation->ahead = NULL;
}
