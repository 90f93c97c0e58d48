/* SPDX-License-Identifier: MIT */
/**
 * @file verdict.h
 * What a code that ends a transfer means: whether the request may have been executed, the status to report, and words.
 * A table with a row a code; some codes say several things, which how far the transfer was tells apart.
 */
#ifndef UVREST_NET_VERDICT_H
#define UVREST_NET_VERDICT_H

#include "attributes.h"
#include "handle.h"
#include "text.h"

typedef struct uvrest__verdict {
    int code; /* libcurl's CURLcode */
    uvrest__transfer_fault fault; /* BROKEN becomes UNSENT where nothing was sent */
    uvrest_status status;
    const char *text; /* static */
} uvrest__verdict;

/** How a transfer was when it ended. */
typedef struct uvrest__circumstances {
    int code; /* libcurl's CURLcode */
    uvrest_status stopped; /* why a callback of ours stopped it; UVREST_OK: none did */
    bool complete; /* the answer's head was */
    bool sent; /* the request was, at least once */
    bool unwatched; /* its descriptor cannot be watched */
    long proxy_status; /* what a proxy answered to CONNECT; 0: none has */
    const char *error; /* libcurl's words; "" if there are none. Borrowed */
} uvrest__circumstances;

/** The row of the code, or one for all the rest, as the circumstances change it. */
UVREST__RARE uvrest__verdict uvrest__verdict_find(const uvrest__circumstances *how);
/** Says it to people: of which origin, and of which proxy where it may be that one's. error: libcurl's words, or "". */
UVREST__RARE void uvrest__verdict_tell(const uvrest__verdict *r, const uvrest__handle_conf *conf, const char *error,
                                       uvrest__text *text);

#endif /* UVREST_NET_VERDICT_H */
