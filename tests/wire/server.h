/* SPDX-License-Identifier: MIT */
/*
 * A scripted HTTP server on loopback, for tests: it says exactly the bytes of its script and breaks off exactly where
 * the script says so. Each connection is served by a thread of its own.
 *
 * A script is lines. "conn" begins what one connection sees; connections take these parts in order, and the last part
 * serves all that come after it. In a part:
 *
 *   expect GET /a/?b=c     reads a request; its method and target begin like this ("expect" alone takes any)
 *   header Name: value     the request just read has this header line
 *   no-header Name         it has none of that name
 *   body TEXT              its body is TEXT ("body" alone: it is empty)
 *   reply 200 TEXT         a JSON answer with the right Content-Length; without TEXT no body
 *   reply+ 200 A: b|C: d|TEXT   the same with more header lines; the last part is the body
 *   send TEXT              these bytes; \r \n \t \\ \0 \xNN are understood
 *   repeat N TEXT          the bytes N times
 *   trickle MS TEXT        the bytes one by one, MS milliseconds between them
 *   read N                 reads N bytes, whatever they are
 *   read-frame TYPE        HTTP/2: reads frames until one of that type (HEADERS, DATA …) has come
 *   arrived                bytes beyond those read are there already, without waiting for them
 *   frame N TYPE FLAGS STREAM TEXT   HTTP/2: N times this frame, TEXT as in send; STREAM "-": that of the last HEADERS
 *   pause MS               does nothing for a while
 *   stall                  does nothing until the peer closes
 *   deaf                   listens no more: new connections are refused
 *   loop                   from the beginning of the part again, on the same connection
 *   close                  closes the connection (so does the end of a part)
 *   reset                  closes it with RST
 *
 * Lines that begin with "#" and empty ones are skipped.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct server server;

/* TLS of a server. All zero: none. */
typedef struct server_tls {
    const char *certificate; /* PEM file */
    const char *key; /* PEM file */
    int max_version; /* TLS1_1_VERSION …; 0: any */
    const char *alpn; /* the one protocol it agrees to, "h2"; borrowed until the server stops; NULL: none */
} server_tls;

/* Listens on 127.0.0.1, on a port of the system's choice. Never NULL: it fails the test instead. */
server *server_start(const char *script);
server *server_start_tls(const char *script, const server_tls *tls);
/* "http://127.0.0.1:4711". */
const char *server_url(const server *s);
int server_port(const server *s);
/* Requests read so far, and connections accepted. */
size_t server_requests(server *s);
size_t server_connections(server *s);
/* Waits until so many connections have said all they say: their parts have ended, or come to "stall". */
void server_wait_silent(server *s, size_t n);
/* All that was received, one request after the other, heads and bodies; for looking for what must not be there. */
bool server_received(server *s, const char *text);
/* Ends all threads; fails the test if a request was not as the script expects. NULL is accepted. */
void server_stop(server *s);

#endif /* SERVER_H */
