/* SPDX-License-Identifier: MIT */
/* What the tests of HTTP/2 share: words of scripts, and servers with a certificate of their own. */
#ifndef WIRE_H2_H
#define WIRE_H2_H

#include "wire.h"
#include <limits.h>

/* The beginning of a connection, and a request on it. */
#define BEGIN "conn\nread 24\nframe 1 SETTINGS 0 0\nread-frame SETTINGS\nframe 1 SETTINGS 1 0\n"
#define REQUEST "read-frame HEADERS\n"
#define UPLOAD REQUEST "read-frame DATA\n"
/* ":status: 200" is entry 8 of HPACK's static table. */
#define HEAD "frame 1 HEADERS 4 - \\x88\n"
#define BODY "frame 1 DATA 1 - {\"id\":\"a1\"}\n"
#define ANSWER HEAD BODY
/* Once the PING is answered all of the client's frames are read, so the end is no reset. */
#define READ_ALL "frame 1 PING 0 0 12345678\nread-frame PING\n"
#define SETTINGS_STREAMS "frame 1 SETTINGS 0 0 \\x00\\x03\\x00\\x00\\x00" /* and how many at a time */
#define NO_ERROR "\\x00\\x00\\x00\\x00"
#define INTERNAL_ERROR "\\x00\\x00\\x00\\x02"
#define REFUSED_STREAM "\\x00\\x00\\x00\\x07"
#define ENHANCE_YOUR_CALM "\\x00\\x00\\x00\\x0b"

/* A certificate and its key, in the test's folder (folder.h); made by the group's set-up. */
extern char h2_certificate[PATH_MAX];
extern char h2_key[PATH_MAX];
int h2_make_certificate(void **state);

/* A server that agrees to one protocol, "h2" or another. */
server *h2_start(const char *script, const char *alpn);
/* Options for a client of it. */
sample_client_options h2_options(const server *s);

/* A whole test: one call against a script; how many requests that took. */
seen h2_call_once(const char *script, wire_start_fn *start, const uvrest_call_options *call, size_t *out_requests);

#endif /* WIRE_H2_H */
