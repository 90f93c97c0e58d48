/* SPDX-License-Identifier: MIT */
/**
 * @file verdict.h
 * What a code that ends a transfer means: whether the request may have been executed, the status to report, and words.
 * A table with a row a code; what depends on how far a transfer was is transfer.c's to add.
 */
#ifndef UVREST_NET_VERDICT_H
#define UVREST_NET_VERDICT_H

#include "transfer.h"

typedef struct uvrest__verdict {
    int code; /* libcurl's CURLcode */
    uvrest__transfer_fault fault; /* BROKEN becomes UNSENT where nothing was sent */
    uvrest_status status;
    const char *text; /* static */
} uvrest__verdict;

/** The row of a code; one for all the rest where it has none. Never NULL. */
const uvrest__verdict *uvrest__verdict_of(int code);
/** For a transfer that a callback of ours has stopped: why, and whether the answer's head was complete by then. */
uvrest__verdict uvrest__verdict_of_stop(uvrest_status why, bool complete);

#endif /* UVREST_NET_VERDICT_H */
