/* SPDX-License-Identifier: MIT */
/**
 * @file calendar.h
 * Days and dates of the proleptic Gregorian calendar, years 1 to 9999: what dates of the API and of HTTP share.
 *
 * Threads: pure functions.
 */
#ifndef UVREST_BASE_CALENDAR_H
#define UVREST_BASE_CALENDAR_H

#include <uvrest/base.h>

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z in seconds since 1970. */
#define UVREST__CALENDAR_FIRST_S INT64_C(-62135596800)
#define UVREST__CALENDAR_LAST_S INT64_C(253402300799)

/** Days of the years before `year`, counted from 0001-01-01; year >= 1. */
static inline int64_t uvrest__calendar_days_before(int64_t year)
{
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

static inline bool uvrest__calendar_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/** Days of a month; month 1 to 12. */
static inline int uvrest__calendar_month_days(int year, int month)
{
    static const int8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && uvrest__calendar_is_leap(year));
}

/** Days since 1970-01-01 of a date. false, *out_days untouched, if there is no such day. */
static inline bool uvrest__calendar_days(int year, int month, int day, int64_t *out_days)
{
    int64_t days;
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > uvrest__calendar_month_days(year, month))
        return false;
    days = uvrest__calendar_days_before(year) - uvrest__calendar_days_before(1970);
    for (int m = 1; m < month; m++)
        days += uvrest__calendar_month_days(year, m);
    *out_days = days + day - 1;
    return true;
}

/** The date of a day since 1970-01-01 that lies in the years 1 to 9999. */
static inline void uvrest__calendar_date(int64_t days, int *out_year, int *out_month, int *out_day)
{
    int64_t from_one = days + uvrest__calendar_days_before(1970);
    int year = (int)(from_one / 366) + 1; /* not too late, at most a few years too early */
    int month = 1;
    while (uvrest__calendar_days_before(year + 1) <= from_one)
        year++;
    from_one -= uvrest__calendar_days_before(year);
    while (from_one >= uvrest__calendar_month_days(year, month))
        from_one -= uvrest__calendar_month_days(year, month++);
    *out_year = year;
    *out_month = month;
    *out_day = (int)from_one + 1;
}

#endif /* UVREST_BASE_CALENDAR_H */
