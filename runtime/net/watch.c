/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "alloc.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct uvrest__watch_entry {
    uvrest__watch_entry *next;
    uvrest__watch *watch;
    uvrest__poll *poll; /* NULL until it is wanted for the first time */
    int fd; /* the library's number */
    int own; /* a number of ours for the same; valid with poll */
    unsigned events; /* wanted last */
    bool kept;
    bool wanted;
};

static uvrest__watch_entry **bucket_of(uvrest__watch *watch, int fd)
{
    return &watch->buckets[(unsigned)fd % UVREST__WATCH_BUCKETS];
}

static uvrest__watch_entry *find(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry *entry = *bucket_of(watch, fd);
    while (entry != NULL && entry->fd != fd)
        entry = entry->next;
    return entry;
}

static uvrest__watch_entry *add(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry **bucket = bucket_of(watch, fd);
    uvrest__watch_entry *entry = uvrest__zalloc(watch->alloc, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->watch = watch;
    entry->fd = fd;
    entry->next = *bucket;
    *bucket = entry;
    return entry;
}

static void disarm(uvrest__watch_entry *entry)
{
    if (entry->poll == NULL)
        return;
    uvrest__poll_close(entry->poll);
    close(entry->own);
    entry->poll = NULL;
}

static void drop(uvrest__watch *watch, uvrest__watch_entry *entry)
{
    uvrest__watch_entry **link = bucket_of(watch, entry->fd);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    disarm(entry);
    uvrest__free(watch->alloc, entry);
}

/* The entry may be gone after its function has run. */
static void on_ready(int own, unsigned events, void *user)
{
    uvrest__watch_entry *entry = user;
    (void)own;
    if (entry->wanted)
        entry->watch->fn(entry->fd, events, entry->watch->user);
    else if (uvrest__poll_watch(entry->poll, 0) != UVREST_OK)
        drop(entry->watch, entry);
}

void uvrest__watch_init(uvrest__watch *watch, const uvrest_alloc *alloc, uvrest__loop *loop, uvrest__poll_fn *fn,
                        void *user)
{
    memset(watch, 0, sizeof *watch);
    watch->alloc = alloc;
    watch->loop = loop;
    watch->fn = fn;
    watch->user = user;
}

void uvrest__watch_fini(uvrest__watch *watch)
{
    for (size_t i = 0; i < UVREST__WATCH_BUCKETS; i++)
        while (watch->buckets[i] != NULL)
            drop(watch, watch->buckets[i]);
}

static uvrest_status arm(uvrest__watch_entry *entry)
{
    uvrest_status st;
    if (entry->poll != NULL)
        return uvrest__poll_watch(entry->poll, entry->events);
    entry->own = fcntl(entry->fd, F_DUPFD_CLOEXEC, 0);
    if (entry->own < 0)
        return UVREST_E_IO;
    st = uvrest__poll_new(entry->watch->loop, entry->own, on_ready, entry, &entry->poll);
    if (st != UVREST_OK) {
        close(entry->own);
        return st;
    }
    return uvrest__poll_watch(entry->poll, entry->events);
}

uvrest_status uvrest__watch_want(uvrest__watch *watch, int fd, unsigned events)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry == NULL)
        entry = add(watch, fd);
    if (entry == NULL)
        return UVREST_E_NOMEM;
    entry->wanted = true;
    entry->events = events;
    return arm(entry);
}

void uvrest__watch_unwant(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry == NULL)
        return;
    entry->wanted = false;
    if (!entry->kept)
        drop(watch, entry);
}

void uvrest__watch_keep(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry == NULL)
        entry = add(watch, fd);
    if (entry != NULL)
        entry->kept = true;
}

void uvrest__watch_remove(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry != NULL)
        drop(watch, entry);
}

size_t uvrest__watch_list(const uvrest__watch *watch, int *fds, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < UVREST__WATCH_BUCKETS; i++)
        for (const uvrest__watch_entry *entry = watch->buckets[i]; entry != NULL && n < cap; entry = entry->next)
            if (entry->wanted)
                fds[n++] = entry->fd;
    return n;
}

uvrest_status uvrest__watch_reborn(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry == NULL)
        return UVREST_OK;
    disarm(entry);
    entry->kept = false;
    return entry->wanted ? arm(entry) : UVREST_OK;
}
