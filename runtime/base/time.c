/* SPDX-License-Identifier: MIT */
#include "calendar.h"
#include "text.h"

#include <string.h>
#include <uvrest/time.h>

enum { NS_DIGITS = 9, DAY_S = 86400 };

/* Reads exactly n digits and moves on. */
static bool take_digits(const char **text, int n, int *out)
{
    int number = 0;
    for (int i = 0; i < n; i++) {
        if (!uvrest__text_is_digit((*text)[i]))
            return false;
        number = number * 10 + ((*text)[i] - '0');
    }
    *text += n;
    *out = number;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    *text += 1;
    return true;
}

static bool take_date(const char **text, int64_t *out_days)
{
    int year, month, day;
    if (!take_digits(text, 4, &year) || !take_char(text, '-') || !take_digits(text, 2, &month) ||
        !take_char(text, '-') || !take_digits(text, 2, &day))
        return false;
    return uvrest__calendar_days(year, month, day, out_days);
}

/* ".5" and longer; digits beyond the ninth are read and cut. */
static bool take_fraction(const char **text, int32_t *out_ns)
{
    int32_t ns = 0;
    int n = 0;
    for (; uvrest__text_is_digit(**text); *text += 1, n++)
        if (n < NS_DIGITS)
            ns = ns * 10 + (**text - '0');
    if (n == 0)
        return false;
    for (; n < NS_DIGITS; n++)
        ns *= 10;
    *out_ns = ns;
    return true;
}

static bool take_clock(const char **text, int64_t *out_s, int32_t *out_ns)
{
    int hour, minute, second;
    *out_ns = 0;
    if (!take_digits(text, 2, &hour) || !take_char(text, ':') || !take_digits(text, 2, &minute) ||
        !take_char(text, ':') || !take_digits(text, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *out_s = hour * 3600 + minute * 60 + second;
    return !take_char(text, '.') || take_fraction(text, out_ns);
}

/* "Z", "+hh:mm", "-hh:mm" or nothing. */
static bool take_offset(const char **text, uvrest_time *time)
{
    int hour, minute;
    bool minus = **text == '-';
    if (take_char(text, 'Z') || take_char(text, 'z')) {
        time->has_offset = true;
        return true;
    }
    if (!minus && **text != '+')
        return true;
    *text += 1;
    if (!take_digits(text, 2, &hour) || !take_char(text, ':') || !take_digits(text, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    time->has_offset = true;
    time->offset_minutes = (minus ? -1 : 1) * (hour * 60 + minute);
    return true;
}

static bool in_years(int64_t seconds)
{
    return seconds >= UVREST__CALENDAR_FIRST_S && seconds <= UVREST__CALENDAR_LAST_S;
}

uvrest_status uvrest_time_parse(const char *text, uvrest_time *out_time)
{
    uvrest_time time = {0};
    int64_t days, clock = 0;
    if (text == NULL || out_time == NULL || !take_date(&text, &days))
        return UVREST_E_INVALID;
    if (*text == '\0') {
        time.date_only = true;
    } else {
        if (*text != 'T' && *text != 't' && *text != ' ')
            return UVREST_E_INVALID;
        text++;
        if (!take_clock(&text, &clock, &time.nanoseconds) || !take_offset(&text, &time) || *text != '\0')
            return UVREST_E_INVALID;
    }
    time.seconds = days * DAY_S + clock - (int64_t)time.offset_minutes * 60;
    if (!in_years(time.seconds))
        return UVREST_E_INVALID;
    *out_time = time;
    return UVREST_OK;
}

static char *put_digits(char *at, int number, int n)
{
    for (int i = n - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + n;
}

static char *put_fraction(char *at, int32_t ns)
{
    if (ns == 0)
        return at;
    *at++ = '.';
    at = put_digits(at, ns, NS_DIGITS);
    while (at[-1] == '0')
        at--;
    return at;
}

static char *put_offset(char *at, const uvrest_time *time)
{
    int minutes = time->offset_minutes < 0 ? -time->offset_minutes : time->offset_minutes;
    if (!time->has_offset)
        return at;
    if (minutes == 0) {
        *at++ = 'Z';
        return at;
    }
    *at++ = time->offset_minutes < 0 ? '-' : '+';
    at = put_digits(at, minutes / 60, 2);
    *at++ = ':';
    return put_digits(at, minutes % 60, 2);
}

/* Whether a time is one that parsing can have made. */
static bool is_sound(const uvrest_time *time)
{
    bool whole_day = time->seconds % DAY_S == 0 && time->nanoseconds == 0 && !time->has_offset;
    return in_years(time->seconds) && time->nanoseconds >= 0 && time->nanoseconds < 1000000000 &&
           time->offset_minutes > -24 * 60 && time->offset_minutes < 24 * 60 &&
           (time->has_offset || time->offset_minutes == 0) && (!time->date_only || whole_day) &&
           in_years(time->seconds + (int64_t)time->offset_minutes * 60);
}

uvrest_status uvrest_time_format(const uvrest_time *time, char *text, size_t cap)
{
    char out[UVREST_TIME_TEXT_MAX], *at = out;
    int year, month, day, clock;
    int64_t local;
    if (time == NULL || text == NULL || !is_sound(time))
        return UVREST_E_INVALID;
    local = time->seconds + (int64_t)time->offset_minutes * 60;
    clock = (int)((local % DAY_S + DAY_S) % DAY_S);
    uvrest__calendar_date((local - clock) / DAY_S, &year, &month, &day);
    at = put_digits(at, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    if (!time->date_only) {
        *at++ = 'T';
        at = put_digits(at, clock / 3600, 2);
        *at++ = ':';
        at = put_digits(at, clock / 60 % 60, 2);
        *at++ = ':';
        at = put_digits(at, clock % 60, 2);
        at = put_offset(put_fraction(at, time->nanoseconds), time);
    }
    *at++ = '\0';
    if ((size_t)(at - out) > cap)
        return UVREST_E_LIMIT;
    memcpy(text, out, (size_t)(at - out));
    return UVREST_OK;
}
