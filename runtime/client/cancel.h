/* SPDX-License-Identifier: MIT */
/**
 * @file cancel.h
 * A token that cancels several calls at once, of any clients, from any thread.
 *
 * A call is linked to its token from its start to its end. A trigger only moves links from the token into the box of
 * each call's client and wakes that client's loop, which ends the calls itself: so a call is touched by its own loop
 * alone. Guards are taken in this order: token, box.
 * Threads: triggers come from any; all else is the client's loop, but for uvrest__cancel_keep() and _drop().
 * Memory: a token lives until its owner has freed it and no call keeps it.
 */
#ifndef UVREST_CLIENT_CANCEL_H
#define UVREST_CLIENT_CANCEL_H

#include "guard.h"
#include <uvrest/client.h>

/** A call's place at its token; all zero: it has none. */
typedef struct uvrest__cancel_link {
    uvrest_cancel *token; /* kept */
    struct uvrest__cancel_link *prev; /* in the token's list, or in the box */
    struct uvrest__cancel_link *next;
    uint8_t place; /* the token's guard is over it */
} uvrest__cancel_link;

/** Calls of a client that are to be cancelled. */
typedef struct uvrest__cancel_box {
    uvrest__guard guard;
    uvrest__cancel_link *first;
} uvrest__cancel_box;

void uvrest__cancel_box_init(uvrest__cancel_box *box);
void uvrest__cancel_box_fini(uvrest__cancel_box *box);
/** The first call to be cancelled, or NULL; it stays there until uvrest__cancel_leave(). */
uvrest__cancel_link *uvrest__cancel_box_peek(uvrest__cancel_box *box);

/** Keeps a token for a call that may start (NULL: none). UVREST_E_CANCELLED, with reason,
 * if it was triggered before. */
UVREST_MUST_USE uvrest_status uvrest__cancel_keep(uvrest__cancel_link *link, uvrest_cancel *token,
                                                  uvrest_reason *reason);
/** From now on a trigger finds the call. false: it was triggered meanwhile. */
UVREST_MUST_USE bool uvrest__cancel_join(uvrest__cancel_link *link);
/** No trigger finds the call any more. */
void uvrest__cancel_leave(uvrest__cancel_link *link);
/** Lets go of the token of a call that has not joined, or has left. */
void uvrest__cancel_drop(uvrest__cancel_link *link);

#endif /* UVREST_CLIENT_CANCEL_H */
