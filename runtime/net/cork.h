/* SPDX-License-Identifier: MIT */
/**
 * @file cork.h
 * Holding back what is written to a socket for the length of a step, so that it leaves together.
 *
 * libcurl (7.88 to 8.x) writes the head of an HTTP/2 request and its body one after the other. A server that refuses by
 * the head alone (HAProxy: 401, 413, 429) then answers and resets the stream before it has read the body, and of an
 * answer that is read together with its reset libcurl tells nothing. A body that comes along with its head is read
 * with it, and there is nothing to reset.
 * Threads: plain data of one transport. Memory: none. All zero: nothing is held back.
 */
#ifndef UVREST_NET_CORK_H
#define UVREST_NET_CORK_H

typedef struct uvrest__cork {
    int plugged; /* the descriptor, and one; 0: none */
} uvrest__cork;

/** Holds back what is written to fd from now on, and no longer what was to another. fd < 0: does nothing. */
void uvrest__cork_plug(uvrest__cork *cork, int fd);
/** Lets it out, if anything is held back. */
void uvrest__cork_pull(uvrest__cork *cork);
/** A descriptor is going to be closed. */
void uvrest__cork_forget(uvrest__cork *cork, int fd);

#endif /* UVREST_NET_CORK_H */
