/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* In a page that the kernel fills with zeros in a child, however it was forked. It stays until the process ends. */
typedef struct memo {
    _Atomic pid_t id; /* 0: to be asked for */
} memo;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(memo *) kept; /* NULL: not made yet, or there is no such page here */

static void make(void)
{
#ifdef MADV_WIPEONFORK
    void *page = mmap(NULL, sizeof(memo), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return;
    if (madvise(page, sizeof(memo), MADV_WIPEONFORK) == 0)
        atomic_store(&kept, (memo *)page);
    else
        munmap(page, sizeof(memo));
#endif
}

static pid_t ask(memo *m)
{
    pid_t id = getpid();
    if (m == NULL) {
        pthread_once(&once, make);
        m = atomic_load(&kept);
    }
    if (m != NULL)
        atomic_store(&m->id, id);
    return id;
}

pid_t uvrest__process_id(void)
{
    memo *m = atomic_load_explicit(&kept, memory_order_acquire);
    pid_t id = m == NULL ? 0 : atomic_load_explicit(&m->id, memory_order_relaxed);
    return id != 0 ? id : ask(m);
}
