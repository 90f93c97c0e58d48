/* SPDX-License-Identifier: MIT */
/**
 * @file group.h
 * The inside of a group: calls that are counted until none is pending.
 *
 * States: open -> sealed (finish was called) -> due (and no call is pending: done runs, from the last call's delivery
 * or from the client's list of groups that are due) -> gone.
 * Threads: a guard is over the counts; it is taken after the mutex of the client's thread. done runs on the loop.
 * Memory: a group lives until its owner has freed it, or done has run, none of its calls is pending, and nobody waits.
 */
#ifndef UVREST_CLIENT_GROUP_H
#define UVREST_CLIENT_GROUP_H

#include <sys/types.h>
#include <uvrest/group.h>

/** Whose a group is. All of it is borrowed until the group is gone, but for the client and its thread. */
typedef struct uvrest__group_conf {
    uvrest_client *client; /* looked at only while a call is pending, or on the caller's word */
    const struct uvrest__thread *thread; /* of the client; never looked at; NULL: none */
    const uvrest_alloc *alloc;
    pid_t pid;
} uvrest__group_conf;

/** Makes an open group. *out is owned: uvrest_group_free(). UVREST_E_NOMEM. */
UVREST_MUST_USE uvrest_status uvrest__group_new(const uvrest__group_conf *conf, uvrest_group **out);
/** Whose it is. */
const uvrest__group_conf *uvrest__group_conf_of(const uvrest_group *group);

/** Somebody waits, until uvrest__group_end_wait(). *out_idle becomes true, on the loop, when no call is pending. */
void uvrest__group_begin_wait(uvrest_group *group, const bool **out_idle);
/** Whether no call is pending; from any thread. */
bool uvrest__group_is_idle(uvrest_group *group);
/** Sleeps until no call is pending. Not on the loop's thread. */
void uvrest__group_sleep(uvrest_group *group);
/** Nobody waits any more. out: how it stands; NULL is accepted. */
void uvrest__group_end_wait(uvrest_group *group, uvrest_group_summary *out);

/** Whether calls of this client may be started in the group (NULL: in none). UVREST_E_INVALID. */
UVREST_MUST_USE uvrest_status uvrest__group_check(const uvrest_group *group, const uvrest_client *client,
                                                  uvrest_reason *reason);
/** One call more. UVREST_E_STATE: its end was due before. NULL is accepted, here and below. */
UVREST_MUST_USE uvrest_status uvrest__group_enter(uvrest_group *group, uvrest_reason *reason);
/** A call that has entered does not start after all: nobody can have sealed the group in between. */
void uvrest__group_undo(uvrest_group *group);
/** On the loop: a call's callback has returned. May run done. */
void uvrest__group_leave(uvrest_group *group, uvrest_status status);

/** Seals a group; *out_due: it has no calls, and its end must be run. may_be_due false: then it fails instead. */
UVREST_MUST_USE uvrest_status uvrest__group_seal(uvrest_group *group, uvrest_group_fn *done, void *user,
                                                 bool may_be_due, bool *out_due);
/** On the loop: runs done of a group that is due, and frees it. */
void uvrest__group_run(uvrest_group *group);
/** The next in a list of groups that are due. */
uvrest_group **uvrest__group_next(uvrest_group *group);

#endif /* UVREST_CLIENT_GROUP_H */
