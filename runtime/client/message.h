/* SPDX-License-Identifier: MIT */
/**
 * @file message.h
 * The server's own words out of an answer that is an error.
 *
 * Threads: pure functions. Memory: the caller's.
 */
#ifndef UVREST_CLIENT_MESSAGE_H
#define UVREST_CLIENT_MESSAGE_H

#include "text.h"
#include <uvrest/value.h>

/** Bytes of a body that is not understood, and of any text in one that is, which a message shows. */
#define UVREST__MESSAGE_EXCERPT 200u

/**
 * Adds what a JSON body says in its member: a text; an array of texts, "a; b"; an object of field to text or texts,
 * "title: a, b; status: c". Other values are shown as JSON. false, nothing added, if the body is no JSON object with
 * such a member. scratch: takes what has to be unescaped.
 */
bool uvrest__message_add_errors(uvrest__text *out, uvrest_raw body, const char *member, uvrest_arena *scratch);
/** Adds the beginning of a body, escaped. */
void uvrest__message_add_excerpt(uvrest__text *out, uvrest_raw body);

#endif /* UVREST_CLIENT_MESSAGE_H */
