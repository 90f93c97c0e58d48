/* SPDX-License-Identifier: MIT */
/**
 * @file guard.h
 * A mutex that a child of fork() may take. Another thread of the parent may have held it at that moment, and is not
 * there to let go of it; so the child begins with one that nobody holds. What it guards must bear being looked at
 * between any two of the holder's steps.
 *
 * Threads: any. Memory: plain data; it must not move.
 */
#ifndef UVREST_CLIENT_GUARD_H
#define UVREST_CLIENT_GUARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

typedef struct uvrest__guard {
    pthread_mutex_t mutex;
    _Atomic(pid_t) pid; /* whose it is; negated while that process makes it its own */
} uvrest__guard;

void uvrest__guard_init(uvrest__guard *guard);
void uvrest__guard_fini(uvrest__guard *guard);
void uvrest__guard_lock(uvrest__guard *guard);
void uvrest__guard_unlock(uvrest__guard *guard);

#endif /* UVREST_CLIENT_GUARD_H */
