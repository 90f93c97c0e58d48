/* SPDX-License-Identifier: MIT */
/**
 * @file group.h
 * Waiting for many calls at once. Make a group, start calls with uvrest_call_options.group set to it, then either wait
 * until all of them have ended, or say what shall run then:
 *
 *     uvrest_group *group;
 *     uvrest_group_summary summary;
 *     uvrest_call_options in_group = {0};
 *     if (uvrest_group_new(client, &group) != UVREST_OK)
 *         return 1;
 *     in_group.group = group;
 *     (start calls with in_group)
 *     if (uvrest_group_wait(group, &summary) == UVREST_OK && summary.n_failed == 0)
 *         puts("all done");
 *     uvrest_group_free(group);
 *
 * Each call keeps its own callback, which has run when the group counts it. To end all calls of a group early, give
 * them one uvrest_cancel.
 * Threads: as its client: one thread, or any with own_thread.
 * Memory: comes from the client's allocator. A group may be freed while its calls are pending, and after its client;
 * nothing else is allowed after its client.
 */
#ifndef UVREST_GROUP_H
#define UVREST_GROUP_H

#include <uvrest/client.h>

UVREST_BEGIN_DECLS

/** How the calls of a group ended. */
typedef struct uvrest_group_summary {
    size_t n_calls; /* started in the group and ended */
    size_t n_failed; /* of these, those whose status is not UVREST_OK, cancelled ones included */
    size_t n_cancelled; /* of these, UVREST_E_CANCELLED */
    uvrest_status status; /* of the first that failed; UVREST_OK if none did */
} uvrest_group_summary;

/**
 * Makes a group without calls. *out_group is owned: uvrest_group_free(). UVREST_E_INVALID, UVREST_E_STATE (the client
 * is closed, or the process forked), UVREST_E_NOMEM.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_group_new(uvrest_client *client, uvrest_group **out_group);

/** Runs once, on the loop, when all calls have ended. The summary is borrowed until it returns. */
typedef void uvrest_group_fn(const uvrest_group_summary *summary, void *user);
/**
 * Has done run when no call of the group is pending any more: right after the last one's callback, or on the next turn
 * if none is. On UVREST_OK the group is taken: it is freed after that. Until its last call has ended, more may be
 * started in it, by the callbacks of its own calls for instance; after that a start fails with UVREST_E_STATE.
 * UVREST_E_INVALID, UVREST_E_STATE (called before; the client is closed and no call is pending; the process forked).
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_group_finish(uvrest_group *group, uvrest_group_fn *done, void *user);

/**
 * Blocks until no call of the group is pending: runs the client's loop, or with own_thread waits for its thread. The
 * group may be used again; *out_summary (may be NULL) is of all its calls so far. UVREST_E_BUSY as with any _wait
 * function, UVREST_E_STATE in a process forked from the client's; neither if no call is pending. UVREST_E_INVALID.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_group_wait(uvrest_group *group, uvrest_group_summary *out_summary);

/** Frees a group that was not finished; calls that are pending go on. NULL is accepted. */
UVREST_API void uvrest_group_free(uvrest_group *group);

UVREST_END_DECLS
#endif /* UVREST_GROUP_H */
