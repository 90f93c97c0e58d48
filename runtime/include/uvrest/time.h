/* SPDX-License-Identifier: MIT */
/**
 * @file time.h
 * Dates of the API as numbers. Models keep dates as text, exactly as they came; these read and write that text.
 * Forms read: RFC 3339 date-time, the same without an offset (naive: the API means UTC), with a space for the T, and a
 * date alone. Threads: pure functions. Memory: none kept.
 */
#ifndef UVREST_TIME_H
#define UVREST_TIME_H

#include <uvrest/base.h>

UVREST_BEGIN_DECLS

/** A moment, proleptic Gregorian, years 0001 to 9999. */
typedef struct uvrest_time {
    int64_t seconds; /* since 1970-01-01T00:00:00Z */
    int32_t nanoseconds; /* 0 to 999,999,999; digits beyond the ninth are cut */
    int32_t offset_minutes; /* as written; 0 for Z and for naive text */
    bool has_offset; /* false: the text named none and was read as UTC */
    bool date_only; /* the text was a date alone; the moment is its midnight */
} uvrest_time;

/** Room for the longest text uvrest_time_format() writes, NUL included. */
#define UVREST_TIME_TEXT_MAX 40

/** Reads a date. UVREST_E_INVALID, *out_time untouched: any other form, a day that does not exist, a leap second. */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_time_parse(const char *text, uvrest_time *out_time);
/**
 * Writes a date the way it was read: as date alone, naive, Z or offset; fraction only if there is one, without closing
 * zeros. UVREST_E_INVALID if a member is out of range, UVREST_E_LIMIT if cap is too small.
 */
UVREST_API UVREST_MUST_USE uvrest_status uvrest_time_format(const uvrest_time *time, char *text, size_t cap);

UVREST_END_DECLS
#endif /* UVREST_TIME_H */
