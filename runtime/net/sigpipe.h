/* SPDX-License-Identifier: MIT */
/**
 * @file sigpipe.h
 * Holding SIGPIPE back on this thread while a library may write to a peer that is gone. The process's handler is not
 * ours to change, and what was pending before stays so.
 *
 * Threads: the calling one. Memory: the caller's.
 */
#ifndef UVREST_NET_SIGPIPE_H
#define UVREST_NET_SIGPIPE_H

#include "attributes.h"
#include <signal.h>
#include <stdbool.h>

typedef struct uvrest__sigpipe {
    sigset_t before;
    bool held;
} uvrest__sigpipe;

UVREST__RARE void uvrest__sigpipe_hold(uvrest__sigpipe *hold);
/** Ends it: one that was raised meanwhile is dropped. */
UVREST__RARE void uvrest__sigpipe_release(const uvrest__sigpipe *hold);

#endif /* UVREST_NET_SIGPIPE_H */
