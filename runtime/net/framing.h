/* SPDX-License-Identifier: MIT */
/**
 * @file framing.h
 * What the head of an HTTP/1 answer says about what follows it: how long its body is, and whether another answer can be
 * told from it on the same connection.
 *
 * Threads: plain data. Memory: none.
 */
#ifndef UVREST_NET_FRAMING_H
#define UVREST_NET_FRAMING_H

#include "headers.h"

typedef struct uvrest__framing {
    uint64_t length; /* of the body, as announced; 0: there is none, or it is not known */
    /* a body is announced where none can be, after 204 and 304: if it comes all the same, it would be read as the
     * beginning of the next answer */
    bool last;
    bool open; /* a body follows whose length is not announced */
} uvrest__framing;

/**
 * Reads a complete head; method: of the request. UVREST_E_PROTOCOL: two different lengths, which is a way to smuggle,
 * or one that is no number.
 */
UVREST_MUST_USE uvrest_status uvrest__framing_read(const uvrest__headers *headers, uvrest_method method,
                                                   uvrest__framing *out);

#endif /* UVREST_NET_FRAMING_H */
