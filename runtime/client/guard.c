/* SPDX-License-Identifier: MIT */
#include "guard.h"
#include "attributes.h"
#include "process.h"
#include <sched.h>

void uvrest__guard_init(uvrest__guard *guard)
{
    pthread_mutex_init(&guard->mutex, NULL);
    atomic_init(&guard->pid, uvrest__process_id());
}

void uvrest__guard_fini(uvrest__guard *guard)
{
    pthread_mutex_destroy(&guard->mutex);
}

/* One of the process's threads does so, the others wait for it. */
static UVREST__RARE void adopt(uvrest__guard *guard, pid_t pid)
{
    pid_t owner;
    while ((owner = atomic_load(&guard->pid)) != pid) {
        if (owner == -pid) {
            sched_yield();
        } else if (atomic_compare_exchange_strong(&guard->pid, &owner, -pid)) {
            pthread_mutex_init(&guard->mutex, NULL);
            atomic_store(&guard->pid, pid);
        }
    }
}

void uvrest__guard_lock(uvrest__guard *guard)
{
    pid_t pid = uvrest__process_id();
    if (atomic_load(&guard->pid) != pid)
        adopt(guard, pid);
    pthread_mutex_lock(&guard->mutex);
}

void uvrest__guard_unlock(uvrest__guard *guard)
{
    pthread_mutex_unlock(&guard->mutex);
}
