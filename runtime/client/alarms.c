/* SPDX-License-Identifier: MIT */
#include "alarms.h"
#include "alloc.h"
#include <assert.h>

#define FIRST_CAP 64u

void uvrest__alarms_init(uvrest__alarms *alarms, const uvrest_alloc *alloc)
{
    *alarms = (uvrest__alarms){.alloc = alloc};
}

void uvrest__alarms_fini(uvrest__alarms *alarms)
{
    uvrest__free(alarms->alloc, alarms->heap);
    alarms->heap = NULL;
    alarms->n = alarms->cap = 0;
}

uvrest_status uvrest__alarms_reserve(uvrest__alarms *alarms, size_t n)
{
    uvrest__alarm **heap;
    size_t cap = alarms->cap == 0 ? FIRST_CAP : alarms->cap;
    size_t size;
    if (n < alarms->cap)
        return UVREST_OK;
    while (cap <= n)
        if (!uvrest__size_mul(cap, 2, &cap))
            return UVREST_E_NOMEM;
    if (!uvrest__size_mul(cap, sizeof *heap, &size))
        return UVREST_E_NOMEM;
    heap = uvrest__realloc(alarms->alloc, alarms->heap, size);
    if (heap == NULL)
        return UVREST_E_NOMEM;
    alarms->heap = heap;
    alarms->cap = cap;
    return UVREST_OK;
}

static void put(uvrest__alarms *alarms, size_t place, uvrest__alarm *alarm)
{
    alarms->heap[place] = alarm;
    alarm->place = place;
}

static void rise(uvrest__alarms *alarms, uvrest__alarm *alarm)
{
    size_t place = alarm->place;
    while (place > 1 && alarms->heap[place / 2]->due_ns > alarm->due_ns) {
        put(alarms, place, alarms->heap[place / 2]);
        place /= 2;
    }
    put(alarms, place, alarm);
}

static void sink(uvrest__alarms *alarms, uvrest__alarm *alarm)
{
    size_t place = alarm->place;
    for (;;) {
        size_t child = place * 2;
        if (child < alarms->n && alarms->heap[child + 1]->due_ns < alarms->heap[child]->due_ns)
            child++;
        if (child > alarms->n || alarms->heap[child]->due_ns >= alarm->due_ns)
            break;
        put(alarms, place, alarms->heap[child]);
        place = child;
    }
    put(alarms, place, alarm);
}

void uvrest__alarms_set(uvrest__alarms *alarms, uvrest__alarm *alarm, uint64_t due_ns)
{
    alarm->due_ns = due_ns;
    if (alarm->place == 0) {
        assert(alarms->n + 1 < alarms->cap);
        put(alarms, ++alarms->n, alarm);
    }
    rise(alarms, alarm);
    sink(alarms, alarm);
}

void uvrest__alarms_clear(uvrest__alarms *alarms, uvrest__alarm *alarm)
{
    size_t place = alarm->place;
    uvrest__alarm *last;
    if (place == 0)
        return;
    last = alarms->heap[alarms->n--];
    alarm->place = 0;
    if (last == alarm)
        return;
    put(alarms, place, last);
    rise(alarms, last);
    sink(alarms, last);
}

uvrest__alarm *uvrest__alarms_first(const uvrest__alarms *alarms)
{
    return alarms->n == 0 ? NULL : alarms->heap[1];
}
