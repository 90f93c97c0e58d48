/* SPDX-License-Identifier: MIT */
/*
 * A reader of JSON for tests, written apart from the codec and for plainness: the judge of whether two texts say the
 * same. Numbers are compared as decimals of any length, text by UTF-16 units, members by name, the last of equals.
 */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether both are valid JSON and equal. */
bool json_same(const char *a, size_t a_len, const char *b, size_t b_len);

/* The same, but a member of an object that `b` lacks does not count where `a` has it. */
bool json_contains(const char *a, size_t a_len, const char *b, size_t b_len);

/* Whether text is one valid JSON value. */
bool json_valid(const char *text, size_t len);

#endif /* JSON_TREE_H */
