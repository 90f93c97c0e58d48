/* SPDX-License-Identifier: MIT */
/**
 * @file watch.h
 * The descriptors an HTTP library wants watched, found by their numbers.
 *
 * Each is watched under a second number (dup), which is ours to close: the library closes some without notice, its own
 * pipes and sockets that were still connecting, and from then on their numbers may be another thread's. Most are
 * forgotten as soon as they are not wanted any more, so that what the library has closed is closed. A socket that has
 * carried a request is kept: from then on it is closed through us only, so it stays armed between requests, which saves
 * taking it out of epoll and putting it in again each time. When something happens on it that nobody asked for it is
 * left alone until it is wanted again.
 *
 * An idle connection, kept and not wanted, that the other side has ended is of no use any more. On a silent one, as
 * with HTTP/1, neither is one on which anything has come: the end of a TLS session, a 408 for want of a request, an
 * answer that is nobody's. The library (libcurl 7.88) sees only a bare end, and would take the rest for the beginning
 * of the next answer. So such a connection is ended here, as far as the library can see by the other side, as soon as
 * it is reported; and since the loop may not have turned for long, uvrest__watch_look() finds out before the next
 * request.
 * Threads: one thread, that of the loop. Memory: the set owns its entries.
 */
#ifndef UVREST_NET_WATCH_H
#define UVREST_NET_WATCH_H

#include "loop.h"

/** Entries are found by the lowest bits of their descriptors. */
#define UVREST__WATCH_BUCKETS 256u

typedef struct uvrest__watch_entry uvrest__watch_entry;

typedef struct uvrest__watch {
    const uvrest_alloc *alloc;
    uvrest__loop *loop;
    uvrest__poll_fn *fn; /* something that is wanted has happened */
    void *user;
    uvrest__watch_entry *buckets[UVREST__WATCH_BUCKETS];
    uvrest__watch_entry *idle; /* kept and not wanted */
    uint64_t looked_ms; /* when they were looked at */
} uvrest__watch;

/** Makes it empty. loop, alloc, user: borrowed until fini. */
void uvrest__watch_init(uvrest__watch *watch, const uvrest_alloc *alloc, uvrest__loop *loop, uvrest__poll_fn *fn,
                        void *user);
/** Forgets all of them; descriptors are not closed. */
void uvrest__watch_fini(uvrest__watch *watch);
/** Watches a descriptor for events. UVREST_E_NOMEM, UVREST_E_IO. */
UVREST_MUST_USE uvrest_status uvrest__watch_want(uvrest__watch *watch, int fd, unsigned events);
/** It is not wanted for now: forgotten, or kept armed. */
void uvrest__watch_unwant(uvrest__watch *watch, int fd);
/** It stays armed from now on, until it is removed. silent: as above. Where memory is exhausted neither is so. */
void uvrest__watch_keep(uvrest__watch *watch, int fd, bool silent);
/** Ends the idle ones that are of no use any more, unless it has looked in this millisecond. */
void uvrest__watch_look(uvrest__watch *watch);
/** It is going to be closed. A descriptor that is not known is accepted. */
void uvrest__watch_remove(uvrest__watch *watch, int fd);
/** Those in use now, or that were last, are ended like these as soon as they are idle. Spare ones stay. */
void uvrest__watch_retire(uvrest__watch *watch);
/** Those that are wanted, up to cap of them. How many. */
size_t uvrest__watch_list(const uvrest__watch *watch, int *fds, size_t cap);
/** The socket that is bound to this port of ours, if it has been wanted; else -1. */
int uvrest__watch_find_port(uvrest__watch *watch, int port);
/**
 * A new socket has this number. If one of that number is being watched it was closed without notice, and the library,
 * which sees the same number, will not ask again: the new one is watched in its place. UVREST_E_NOMEM, UVREST_E_IO.
 */
UVREST_MUST_USE uvrest_status uvrest__watch_reborn(uvrest__watch *watch, int fd);

#endif /* UVREST_NET_WATCH_H */
