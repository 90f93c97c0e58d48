/* SPDX-License-Identifier: MIT */
/**
 * @file ledgerfile.h
 * A ledger that processes of one machine share: a file with its numbers and moments, and locks of the kernel on it.
 * Used by ratelimit.c alone.
 *
 * A process keeps a copy of the book and holds the file's lock for as long as one question takes: begin() brings the
 * copy up to date, commit() writes back what changed. What can happen to the file and to processes:
 *   - killed while holding the lock: the kernel drops it. The numbers stand in the file twice, are written over the
 *     older one and carry a checksum, so a half-written one is passed over and the file is as before that question.
 *   - killed with requests under way: each process holds a lock of its own as long as it lives. Whoever finds it free
 *     counts the dead one's requests as answered at that moment.
 *   - stopped while holding the lock: the others wait for a second, then each goes on without the file.
 *   - cut off, removed, replaced, overwritten, of another version, from before a restart of the machine: recognised
 *     before it is used. It is read and written, not mapped: nothing that is done to a file makes a read of it a
 *     signal.
 *   - forked: locks belong to what was opened, which parent and child share. The child lets go of it at once, so that
 *     the parent's end is seen, and opens the file anew where it sends as well (ratelimit.c).
 * Layout: a page of head (what it is, whose), a page for each of the two copies of the numbers, then both rings.
 *
 * Threads: under the lock of the ledger it belongs to. Memory: the file's name, from the allocator it is opened with.
 */
#ifndef UVREST_NET_LEDGERFILE_H
#define UVREST_NET_LEDGERFILE_H

#include "ledger.h"

/** Processes that may share a ledger at a time. */
#define UVREST__LEDGERFILE_MEMBERS 128u
/** Bytes of the key that tells ledgers apart. */
#define UVREST__LEDGERFILE_KEY 32u
/** How often a process looks for others that have died, and whether its file still has the name. */
#define UVREST__LEDGERFILE_CHECK_NS UINT64_C(1000000000)

/** A process at the file. */
typedef struct uvrest__ledgerfile_member {
    uint32_t used; /* 1: its place is taken, perhaps by one who has died */
    uint32_t in_flight; /* its requests under way */
} uvrest__ledgerfile_member;

typedef struct uvrest__ledgerfile {
    int fd; /* -1: not open or given up */
    char *name; /* owned */
    const uvrest_alloc *alloc; /* borrowed */
    uint8_t key[UVREST__LEDGERFILE_KEY];
    uint32_t me; /* our place among the members */
    uint64_t rev; /* of the numbers in our copy; 0: none */
    uint64_t checked_at; /* when it did */
    uint32_t in_flight_before; /* at begin(), of all; what it grows by is ours */
    bool probing_before;
    uint32_t prober; /* whose probe is under way */
    uvrest__ledgerfile_member members[UVREST__LEDGERFILE_MEMBERS];
} uvrest__ledgerfile;

/** One that is not open. */
void uvrest__ledgerfile_init(uvrest__ledgerfile *file);
/**
 * Joins the processes that share the file "<path>.<16 hexadecimal digits of key>", which is made if it is not there.
 * alloc: borrowed until close(). ledger: as initialised by this client's configuration; on success it has become the
 * file's, unless nobody else is there and it had nothing to remember. UVREST_E_NOMEM; UVREST_E_IO with *out_why, a
 * static text, if the file cannot be used: then nothing was changed that others use, and the ledger is as it was.
 */
UVREST_MUST_USE uvrest_status uvrest__ledgerfile_open(uvrest__ledgerfile *file, const uvrest_alloc *alloc,
                                                      const char *path, const uint8_t key[UVREST__LEDGERFILE_KEY],
                                                      uvrest__ledger *ledger, uint64_t now, const char **out_why);
/** Takes the lock and brings the ledger up to date. false, *out_why: the ledger is this process's own from now on. */
UVREST_MUST_USE bool uvrest__ledgerfile_begin(uvrest__ledgerfile *file, uvrest__ledger *ledger, uint64_t now,
                                              const char **out_why);
/** Writes back what changed since begin() and drops the lock. false: as for begin(). */
UVREST_MUST_USE bool uvrest__ledgerfile_commit(uvrest__ledgerfile *file, uvrest__ledger *ledger, const char **out_why);
/** Lets go of the file as it is, and of its locks: the book goes on as one's own, or it is a parent's of fork(). */
void uvrest__ledgerfile_abandon(uvrest__ledgerfile *file);
/** Leaves; requests of ours still under way count as answered when another process finds out. One not open: nothing. */
void uvrest__ledgerfile_close(uvrest__ledgerfile *file, uvrest__ledger *ledger);

#endif /* UVREST_NET_LEDGERFILE_H */
