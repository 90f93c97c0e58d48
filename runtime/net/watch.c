/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "alloc.h"
#include "clock.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors that are looked at by one system call. */
#define LOOK_MAX 64

struct uvrest__watch_entry {
    uvrest__watch_entry *next;
    uvrest__watch_entry *prev_idle; /* among those that are kept and not wanted, */
    uvrest__watch_entry *next_idle; /* if it is one of them */
    uvrest__watch *watch;
    uvrest__poll *poll; /* NULL until it is wanted for the first time */
    int fd; /* the library's number */
    int port; /* of ours, which it is bound to; 0: not asked yet */
    int own; /* a number of ours for the same; valid with poll */
    unsigned events; /* wanted last */
    bool kept;
    bool wanted;
    bool silent;
    bool retired;
    bool idle; /* it is */
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

static void link_idle(uvrest__watch_entry *entry)
{
    entry->prev_idle = NULL;
    entry->next_idle = entry->watch->idle;
    if (entry->next_idle != NULL)
        entry->next_idle->prev_idle = entry;
    entry->watch->idle = entry;
    entry->idle = true;
}

static void unlink_idle(uvrest__watch_entry *entry)
{
    if (!entry->idle)
        return;
    if (entry->prev_idle != NULL)
        entry->prev_idle->next_idle = entry->next_idle;
    else
        entry->watch->idle = entry->next_idle;
    if (entry->next_idle != NULL)
        entry->next_idle->prev_idle = entry->prev_idle;
    entry->idle = false;
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
    unlink_idle(entry);
    disarm(entry);
    uvrest__free(watch->alloc, entry);
}

/* What has come goes: it would be read before the end. No more comes, since the kernel refuses it from now on. */
static void end_connection(uvrest__watch_entry *entry)
{
    char nothing[4096];
    ssize_t n;
    unlink_idle(entry);
    (void)shutdown(entry->fd, SHUT_RDWR);
    do
        n = recv(entry->fd, nothing, sizeof nothing, MSG_DONTWAIT);
    while (n > 0 || (n < 0 && errno == EINTR));
}

/* What would end an idle connection: anything at all, or only the other side's end, or an error. That a retired one can
 * be written to is always so. */
static struct pollfd question_of(const uvrest__watch_entry *entry)
{
    short events = entry->silent ? POLLIN : POLLRDHUP;
    return (struct pollfd){.fd = entry->fd, .events = entry->retired ? POLLOUT : events};
}

/* The entry may be gone after its function has run. */
static void on_ready(int own, unsigned events, void *user)
{
    uvrest__watch_entry *entry = user;
    struct pollfd question = question_of(entry);
    (void)own;
    if (entry->wanted) {
        entry->watch->fn(entry->fd, events, entry->watch->user);
        return;
    }
    if (entry->idle && poll(&question, 1, 0) > 0)
        end_connection(entry);
    if (uvrest__poll_watch(entry->poll, 0) != UVREST_OK)
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
    unlink_idle(entry);
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
    else if (!entry->idle)
        link_idle(entry);
}

void uvrest__watch_keep(uvrest__watch *watch, int fd, bool silent)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry == NULL)
        entry = add(watch, fd);
    if (entry == NULL)
        return;
    entry->kept = true;
    entry->silent = silent;
    if (!entry->wanted && !entry->idle)
        link_idle(entry);
}

/* Looks at some of those from entry on, and returns the one behind them. */
static uvrest__watch_entry *look_at_some(uvrest__watch_entry *entry)
{
    struct pollfd fds[LOOK_MAX];
    uvrest__watch_entry *entries[LOOK_MAX];
    nfds_t n = 0;
    for (; n < LOOK_MAX && entry != NULL; entry = entry->next_idle) {
        fds[n] = question_of(entry);
        entries[n++] = entry;
    }
    if (poll(fds, n, 0) <= 0)
        return entry;
    for (nfds_t i = 0; i < n; i++)
        if (fds[i].revents != 0)
            end_connection(entries[i]);
    return entry;
}

/* The clock itself is asked: the loop's stands still while a callback runs, however long. */
void uvrest__watch_look(uvrest__watch *watch)
{
    uint64_t now_ms;
    if (watch->idle == NULL)
        return;
    now_ms = uvrest__clock_now(&uvrest__clock_system) / UVREST__NS_PER_MS;
    if (watch->looked_ms == now_ms)
        return;
    watch->looked_ms = now_ms;
    for (uvrest__watch_entry *entry = watch->idle; entry != NULL;)
        entry = look_at_some(entry);
}

void uvrest__watch_retire(uvrest__watch *watch)
{
    for (size_t i = 0; i < UVREST__WATCH_BUCKETS; i++)
        for (uvrest__watch_entry *entry = watch->buckets[i]; entry != NULL; entry = entry->next)
            entry->retired = entry->retired || entry->wanted || entry == watch->idle;
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

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } own = {{0}};
    socklen_t len = sizeof own;
    if (getsockname(fd, &own.any, &len) != 0)
        return 0;
    if (own.any.sa_family == AF_INET6)
        return ntohs(own.v6.sin6_port);
    return own.any.sa_family == AF_INET ? ntohs(own.v4.sin_port) : 0;
}

int uvrest__watch_find_port(uvrest__watch *watch, int port)
{
    for (size_t i = 0; port > 0 && i < UVREST__WATCH_BUCKETS; i++) {
        for (uvrest__watch_entry *entry = watch->buckets[i]; entry != NULL; entry = entry->next) {
            if (entry->port == 0)
                entry->port = port_of(entry->fd);
            if (entry->port == port && port_of(entry->fd) == port) /* it may have been closed without notice */
                return entry->fd;
        }
    }
    return -1;
}

uvrest_status uvrest__watch_reborn(uvrest__watch *watch, int fd)
{
    uvrest__watch_entry *entry = find(watch, fd);
    if (entry == NULL)
        return UVREST_OK;
    disarm(entry);
    unlink_idle(entry);
    entry->kept = false;
    entry->silent = false;
    entry->retired = false;
    entry->port = 0;
    return entry->wanted ? arm(entry) : UVREST_OK;
}
