/* SPDX-License-Identifier: MIT */
/**
 * @file alarms.h
 * Moments at which something is due, the earliest first: a binary heap, so that one timer serves all calls of a client.
 *
 * Threads: plain data of one client. Memory: the heap owns an array of pointers; an alarm is a member of what it wakes.
 */
#ifndef UVREST_CLIENT_ALARMS_H
#define UVREST_CLIENT_ALARMS_H

#include <uvrest/base.h>

/** A moment; zero-filled means not set. */
typedef struct uvrest__alarm {
    uint64_t due_ns;
    size_t place; /* in the heap, from 1; 0: not set */
} uvrest__alarm;

typedef struct uvrest__alarms {
    const uvrest_alloc *alloc;
    uvrest__alarm **heap; /* owned; from index 1 */
    size_t n;
    size_t cap;
} uvrest__alarms;

void uvrest__alarms_init(uvrest__alarms *alarms, const uvrest_alloc *alloc);
/** Frees the array; all zero is accepted. */
void uvrest__alarms_fini(uvrest__alarms *alarms);
/** Makes room for n alarms in all, so that setting them cannot fail. UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__alarms_reserve(uvrest__alarms *alarms, size_t n);
/** Sets or moves an alarm; there is room for it. */
void uvrest__alarms_set(uvrest__alarms *alarms, uvrest__alarm *alarm, uint64_t due_ns);
/** Takes an alarm out; one that is not set is accepted. */
void uvrest__alarms_clear(uvrest__alarms *alarms, uvrest__alarm *alarm);
/** The earliest, or NULL. */
uvrest__alarm *uvrest__alarms_first(const uvrest__alarms *alarms);

#endif /* UVREST_CLIENT_ALARMS_H */
