/* SPDX-License-Identifier: MIT */
/**
 * @file refusal.h
 * Whether the server has refused an HTTP/2 stream, that is, said that it has not processed the request: RST_STREAM with
 * REFUSED_STREAM, or GOAWAY with a last stream below it. On a connection that the server gives up with an error neither
 * is believed: servers on nghttp2 (node, nghttpx, Apache) that count too many RST_STREAM name the stream they were at
 * as the last, and then go on and execute what came with it; Apache that is reloaded refuses what it has passed on.
 * libcurl counts that as a refusal; here such a request is one that may have been executed.
 *
 * libcurl (7.88 to 8.x) repeats such a request by itself, and nothing public tells it from one that broke; but
 *  - where no stream is left after GOAWAY it fails; its log has the number of the stream, and the log of whichever
 *    request on that connection read the GOAWAY that of the last one;
 *  - on a connection the request had for itself, its log says that the stream was refused;
 *  - on a reused one, where it repeats for any reason, it says nothing and keeps a note in the easy handle. That is
 *    read by giving the handle one more request, to a socket of ours, which ends at once without an answer: libcurl
 *    then says why it would repeat that. Only a stream that was refused makes the note and only these words take it
 *    away, so a handle that may carry one must not be used for another request. Nor does it tell of a request's last
 *    sending once an earlier one was refused without the words.
 * A libcurl that behaves otherwise never says the words, and the request counts as one that may have been executed.
 */
#ifndef UVREST_NET_REFUSAL_H
#define UVREST_NET_REFUSAL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What was heard of one request. All zero before it is sent. */
typedef struct uvrest__refusal {
    int64_t stream; /* as which it was sent on the connection; 0: none, or that has been left */
    char connection[128]; /* the two ends of the connection */
    bool refused; /* what was sent last was */
    bool told; /* in the words that take libcurl's note away */
    bool doubted; /* libcurl may take what was sent last for refused, and we do not */
    bool stale; /* the note may be of an earlier sending, or is doubted, and says nothing of what was sent last */
} uvrest__refusal;

/** What a GOAWAY says. */
typedef struct uvrest__goaway {
    int64_t last; /* the last stream that may have been processed */
    bool orderly; /* without an error */
} uvrest__goaway;

/** It is sent now, on this connection. */
void uvrest__refusal_begin(uvrest__refusal *refusal, const char *local_ip, int local_port, const char *ip, int port);
/** Begins one on the connection a handle is on now, whichever it was sent on first. False: it is on none. */
bool uvrest__refusal_read_connection(uvrest__refusal *refusal, CURL *easy);
/** A line of the request's log (CURLINFO_TEXT). */
void uvrest__refusal_hear(uvrest__refusal *refusal, const char *text, size_t len);
/**
 * Whether a line says that libcurl looks for another connection: until the request is sent again it reads others'
 * words.
 */
bool uvrest__refusal_is_leave(const char *text, size_t len);
/** Whether a line of any request's log tells of a GOAWAY; then *out is what it says. */
bool uvrest__refusal_find_goaway(const char *text, size_t len, uvrest__goaway *out);
/** A GOAWAY that any request has read; of all that share a connection one does. reader: begun on that connection. */
void uvrest__refusal_hear_goaway(uvrest__refusal *refusal, const uvrest__refusal *reader, const uvrest__goaway *goaway);
/**
 * Reads the note of a handle that is in no multi handle any more, and takes it away. The handle's options are lost: it
 * can only be cleaned up. False where nothing is noted, or where it cannot be found out. Waits for nobody, or for a
 * second at the most.
 */
bool uvrest__refusal_is_noted(CURL *easy);

#endif /* UVREST_NET_REFUSAL_H */
