/* SPDX-License-Identifier: MIT */
#include "headers.h"
#include "alloc.h"
#include "calendar.h"
#include "text.h"

#include <string.h>

/* Parsed quotas are at most this, so that sums with them cannot overflow. */
#define QUOTA_MAX INT64_C(1000000000000)

/* Letters, digits and !#$%&'*+-.^_`|~, a bit each. */
static bool is_token_char(char c)
{
    static const uint32_t chars[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    unsigned char u = (unsigned char)c;
    return (chars[u >> 5] >> (u & 31) & 1u) != 0;
}

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_token_char(text[i]))
            return false;
    return len > 0;
}

/* ---- what we send ------------------------------------------------------------------------------------------------ */

/* Headers that frame the message or steer the connection: a caller's would contradict ours. */
static bool is_ours(const char *name, size_t len)
{
    static const char *const names[] = {"Host",    "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE",
                                        "Trailer", "Expect",         "Keep-Alive"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (uvrest__text_same(name, len, names[i]))
            return true;
    return uvrest__text_starts(name, len, "Proxy-");
}

static const char *check_content(const char *value)
{
    size_t len = strlen(value);
    if (len > 0 && (value[len - 1] == '\n' || value[len - 1] == '\r'))
        return "ends in a line break; was it read from a file?";
    return uvrest__text_control(value, len) == NULL ? NULL : "control characters are not allowed";
}

uvrest_status uvrest__headers_check_value(const char *what, const char *value, uvrest_reason *reason)
{
    const char *why = value == NULL ? "missing" : check_content(value);
    if (why != NULL) {
        uvrest__reason_set(reason, what, ": ", why, (char *)NULL);
        return UVREST_E_INVALID;
    }
    if (strlen(value) <= UVREST__HEADERS_MAX_BYTES)
        return UVREST_OK;
    uvrest__reason_set(reason, what, ": too long", (char *)NULL);
    return UVREST_E_LIMIT;
}

uvrest_status uvrest__headers_check_line(const char *line, uvrest_reason *reason)
{
    char what[64];
    const char *why = NULL;
    size_t name_len = line == NULL ? 0 : strcspn(line, ":");
    uvrest__text text;
    uvrest__text_init(&text, what, sizeof what);
    uvrest__text_add(&text, "header");
    if (line == NULL || line[name_len] == '\0') {
        why = "\"Name: value\" is expected"; /* what came may be a bare secret, so none of it is repeated */
    } else if (!is_token(line, name_len)) {
        why = name_len == 0 ? "the name is empty" : "the name has a character that no header name has";
    } else {
        uvrest__text_add(&text, " ");
        uvrest__text_add_foreign(&text, line, name_len);
        why = is_ours(line, name_len) ? "it is set by the library" : NULL;
    }
    if (why == NULL)
        return uvrest__headers_check_value(what, line + name_len + 1, reason);
    uvrest__reason_set(reason, what, ": ", why, (char *)NULL);
    return UVREST_E_INVALID;
}

/* ---- what we get ------------------------------------------------------------------------------------------------- */

void uvrest__headers_init(uvrest__headers *headers, const uvrest_alloc *alloc, size_t max_bytes, size_t max_count)
{
    memset(headers, 0, sizeof *headers);
    headers->alloc = alloc;
    headers->max_bytes = max_bytes == 0 ? UVREST__HEADERS_MAX_BYTES : max_bytes;
    headers->max_count = max_count == 0 ? UVREST__HEADERS_MAX_COUNT : max_count;
    if (headers->max_bytes > UINT32_MAX / 4)
        headers->max_bytes = UINT32_MAX / 4; /* offsets are 32 bits */
}

void uvrest__headers_fini(uvrest__headers *headers)
{
    uvrest__free(headers->alloc, headers->text);
    uvrest__free(headers->alloc, headers->items);
    headers->text = NULL;
    headers->items = NULL;
    headers->cap = 0;
    headers->cap_items = 0;
    uvrest__headers_reset(headers);
}

/* The bit of a name's first character; those that differ in case share it, and some others too. */
static uint32_t initial_of(char first)
{
    return 1u << ((unsigned char)first & 31);
}

static void begin_head(uvrest__headers *headers, int http_status)
{
    headers->len = 0;
    headers->n_items = 0;
    headers->initials = 0;
    headers->http_status = http_status;
    headers->complete = false;
}

void uvrest__headers_reset(uvrest__headers *headers)
{
    begin_head(headers, 0);
    headers->seen_bytes = 0;
    headers->seen_count = 0;
}

/* Makes *memory hold `need` elements of `size` bytes, growing by doubling. */
static bool grow(const uvrest_alloc *alloc, void **memory, size_t *cap, size_t need, size_t size)
{
    size_t larger = *cap < 16 ? 16 : *cap * 2;
    void *moved;
    if (need <= *cap)
        return true;
    if (larger < need)
        larger = need;
    moved = uvrest__realloc(alloc, *memory, larger * size);
    if (moved == NULL)
        return false;
    *memory = moved;
    *cap = larger;
    return true;
}

static bool reserve_text(uvrest__headers *headers, size_t len)
{
    void *memory = headers->text;
    bool fits = grow(headers->alloc, &memory, &headers->cap, headers->len + len, 1);
    headers->text = memory;
    return fits;
}

/* There is room for it. */
static void append_text(uvrest__headers *headers, const char *text, size_t len)
{
    memcpy(headers->text + headers->len, text, len);
    headers->len += len;
    headers->text[headers->len++] = '\0';
}

static uvrest_status add_header(uvrest__headers *headers, const char *line, size_t len)
{
    const char *value;
    size_t name_len = 0, value_len;
    void *memory = headers->items;
    struct uvrest__headers_item item;
    bool fits;
    while (name_len < len && is_token_char(line[name_len]))
        name_len++;
    if (name_len == 0 || name_len == len || line[name_len] != ':')
        return UVREST_E_PROTOCOL;
    value = line + name_len + 1;
    value_len = len - name_len - 1;
    uvrest__text_trim(&value, &value_len);
    fits = grow(headers->alloc, &memory, &headers->cap_items, headers->n_items + 1, sizeof *headers->items);
    headers->items = memory;
    if (!fits || !reserve_text(headers, name_len + 1 + value_len + 1))
        return UVREST_E_NOMEM;
    item.name = (uint32_t)headers->len;
    append_text(headers, line, name_len);
    item.value = (uint32_t)headers->len;
    append_text(headers, value, value_len);
    headers->items[headers->n_items++] = item;
    headers->initials |= initial_of(line[0]);
    return UVREST_OK;
}

/* An old line folding: the value goes on behind one space. */
static uvrest_status continue_header(uvrest__headers *headers, const char *line, size_t len)
{
    uvrest__text_trim(&line, &len);
    if (headers->n_items == 0)
        return UVREST_E_PROTOCOL;
    if (!reserve_text(headers, len + 1))
        return UVREST_E_NOMEM;
    headers->text[headers->len - 1] = ' '; /* the newest value ends the text */
    append_text(headers, line, len);
    return UVREST_OK;
}

/* In HTTP/1 the space before an empty reason is part of the line's form. Nobody has asked for 101. */
static bool is_bad_http_1(const char *line, size_t len)
{
    return len >= 12 && memcmp(line, "HTTP/1.", 7) == 0 && (len == 12 || memcmp(line + 8, " 101", 4) == 0);
}

/* "HTTP/1.1 200 OK", "HTTP/2 200 ", the reason may be missing. 0 if the status is none. */
static int parse_status(const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    size_t at = space == NULL ? len : (size_t)(space - line) + 1;
    int64_t status;
    if (len - at < 3 || (len - at > 3 && line[at + 3] != ' ') || !uvrest__text_number(line + at, 3, &status) ||
        is_bad_http_1(line, len))
        return 0;
    return status >= 100 && status <= 599 ? (int)status : 0;
}

static uvrest_status add_status(uvrest__headers *headers, const char *line, size_t len)
{
    int status = parse_status(line, len);
    if (status == 0 || uvrest__headers_http_status(headers) != 0) /* among the trailers */
        return UVREST_E_PROTOCOL;
    begin_head(headers, status);
    return UVREST_OK;
}

/* Whether one of eight bytes is CR or less, which no byte of most lines is. */
static bool has_small(const char *eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, eight, sizeof word);
    return ((word - ones * ('\r' + 1)) & ~word & (ones << 7)) != 0;
}

static bool has_break_among(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] == '\0' || line[i] == '\r' || line[i] == '\n')
            return true;
    return false;
}

/* Whether a line has NUL, CR or LF inside. Its last eight bytes are looked at as they stand,
 * some for the second time. */
static bool has_break(const char *line, size_t len)
{
    if (len < sizeof(uint64_t))
        return has_break_among(line, len);
    for (size_t i = 0; i < len - sizeof(uint64_t); i += sizeof(uint64_t))
        if (has_small(line + i))
            return has_break_among(line, len);
    return has_small(line + len - sizeof(uint64_t)) && has_break_among(line, len);
}

uvrest_status uvrest__headers_add_line(uvrest__headers *headers, const char *line, size_t len)
{
    if (len > headers->max_bytes - headers->seen_bytes || headers->seen_count == headers->max_count)
        return UVREST_E_LIMIT;
    headers->seen_bytes += len;
    if (len > 0 && line[len - 1] == '\n')
        len--;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (has_break(line, len))
        return UVREST_E_PROTOCOL;
    headers->seen_count++;
    if (len > 0 && uvrest__text_lower(line[0]) == 'h' && uvrest__text_starts(line, len, "HTTP/"))
        return add_status(headers, line, len);
    if (headers->http_status == 0)
        return UVREST_E_PROTOCOL;
    if (headers->complete)
        return UVREST_OK;
    if (len == 0) {
        headers->complete = true;
        return UVREST_OK;
    }
    return line[0] == ' ' || line[0] == '\t' ? continue_header(headers, line, len) : add_header(headers, line, len);
}

int uvrest__headers_http_status(const uvrest__headers *headers)
{
    return headers->complete && headers->http_status >= 200 ? headers->http_status : 0;
}

size_t uvrest__headers_count(const uvrest__headers *headers)
{
    return headers->n_items;
}

uvrest_header uvrest__headers_at(const uvrest__headers *headers, size_t index)
{
    const struct uvrest__headers_item *item = &headers->items[index];
    return (uvrest_header){headers->text + item->name, headers->text + item->value};
}

const char *uvrest__headers_next(const uvrest__headers *headers, const char *name, size_t *position)
{
    size_t len;
    if ((headers->initials & initial_of(name[0])) == 0)
        return NULL;
    len = strlen(name);
    while (*position < headers->n_items) {
        const struct uvrest__headers_item *item = &headers->items[(*position)++];
        if (item->value - item->name - 1 == len && uvrest__text_starts(headers->text + item->name, len, name))
            return headers->text + item->value;
    }
    return NULL;
}

const char *uvrest__headers_get(const uvrest__headers *headers, const char *name)
{
    size_t position = 0;
    return uvrest__headers_next(headers, name, &position);
}

uvrest_status uvrest__headers_copy(const uvrest__headers *headers, uvrest_arena *arena, const uvrest_header **out_list,
                                   size_t *out_count)
{
    uvrest_header *list = NULL;
    if (headers->n_items > 0) {
        const char *text = uvrest_arena_copy(arena, headers->text, headers->len);
        list = uvrest_arena_alloc(arena, headers->n_items * sizeof *list);
        if (text == NULL || list == NULL)
            return UVREST_E_NOMEM;
        for (size_t i = 0; i < headers->n_items; i++)
            list[i] = (uvrest_header){text + headers->items[i].name, text + headers->items[i].value};
    }
    *out_list = list;
    *out_count = headers->n_items;
    return UVREST_OK;
}

/* ---- HTTP dates -------------------------------------------------------------------------------------------------- */

/*
 * A pattern says how a date looks: "d" one digit of the day (a space counts as 0), "y" of a four-digit year, "z" of a
 * two-digit one, "h", "m", "s" of the time; "@" stands for three letters of a month, everything else for itself.
 */
typedef struct date_parts {
    int year, short_year, month, day, hour, minute, second;
} date_parts;

static bool take_month(const char *text, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (memcmp(text, names + 3 * i, 3) == 0) {
            *out = i + 1;
            return true;
        }
    return false;
}

static int *part_of(date_parts *parts, char c)
{
    switch (c) {
    case 'd':
        return &parts->day;
    case 'y':
        return &parts->year;
    case 'z':
        return &parts->short_year;
    case 'h':
        return &parts->hour;
    case 'm':
        return &parts->minute;
    case 's':
        return &parts->second;
    default:
        return NULL;
    }
}

static bool match_date(const char *text, size_t len, const char *pattern, date_parts *out)
{
    size_t at = 0;
    *out = (date_parts){.short_year = -1};
    for (; *pattern != '\0'; pattern++) {
        int *part = part_of(out, *pattern);
        if (*pattern == '@') {
            if (len - at < 3 || !take_month(text + at, &out->month))
                return false;
            at += 3;
            continue;
        }
        if (at == len)
            return false;
        if (part == NULL) {
            if (text[at] != *pattern)
                return false;
        } else {
            bool pad = *pattern == 'd' && *part == 0 && text[at] == ' ' && pattern[1] == 'd';
            if (!pad && !uvrest__text_is_digit(text[at]))
                return false;
            *part = (*part < 0 ? 0 : *part * 10) + (pad ? 0 : text[at] - '0');
        }
        at++;
    }
    return at == len;
}

/* A two-digit year that seems more than 50 years ahead is the most recent past one with these digits. */
static int full_year(int short_year, int64_t reference_s)
{
    int year, month, day, full;
    if (reference_s < UVREST__CALENDAR_FIRST_S || reference_s > UVREST__CALENDAR_LAST_S)
        reference_s = 0;
    uvrest__calendar_date((reference_s - UVREST__CALENDAR_FIRST_S) / 86400 - uvrest__calendar_days_before(1970), &year,
                          &month, &day);
    full = year - year % 100 + short_year;
    if (full > year + 50)
        return full - 100;
    return full < year - 49 ? full + 100 : full;
}

/* Moves past the name of a day as the three forms write it; its closing comma and space too. */
static bool skip_weekday(const char **text, size_t *len, bool *out_comma)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    for (size_t i = 0; i < 7; i++) {
        size_t n = strlen(names[i]);
        if (*len < n || memcmp(*text, names[i], n) != 0)
            n = 3;
        if (*len < n + 2 || memcmp(*text, names[i], n) != 0)
            continue;
        *out_comma = (*text)[n] == ',';
        n += *out_comma;
        if ((*text)[n] != ' ')
            return false;
        *text += n + 1;
        *len -= n + 1;
        return true;
    }
    return false;
}

bool uvrest__http_date_parse(const char *text, size_t len, int64_t reference_s, int64_t *out_s)
{
    date_parts parts;
    int64_t days;
    bool comma;
    if (!skip_weekday(&text, &len, &comma))
        return false;
    if (comma ? !match_date(text, len, "dd @ yyyy hh:mm:ss GMT", &parts) &&
                    !match_date(text, len, "dd-@-zz hh:mm:ss GMT", &parts)
              : !match_date(text, len, "@ dd hh:mm:ss yyyy", &parts))
        return false;
    if (parts.short_year >= 0)
        parts.year = full_year(parts.short_year, reference_s);
    if (parts.hour > 23 || parts.minute > 59 || parts.second > 60 ||
        !uvrest__calendar_days(parts.year, parts.month, parts.day, &days))
        return false;
    *out_s = days * 86400 + parts.hour * 3600 + parts.minute * 60 + parts.second;
    return true;
}

/* ---- how long to wait -------------------------------------------------------------------------------------------- */

/* The difference of two moments in ms, from 0 to UVREST__RETRY_AFTER_MAX_MS. */
static int64_t wait_between(int64_t from_s, int64_t to_s)
{
    const int64_t max_s = UVREST__RETRY_AFTER_MAX_MS / 1000;
    if (to_s <= from_s)
        return 0;
    if (from_s < to_s - max_s)
        return UVREST__RETRY_AFTER_MAX_MS;
    return (to_s - from_s) * 1000;
}

bool uvrest__retry_after_parse(const char *value, size_t len, int64_t reference_s, int64_t *out_ms)
{
    int64_t number, date_s;
    uvrest__text_trim(&value, &len);
    if (uvrest__text_number(value, len, &number)) {
        if (len > 10)
            return false;
        *out_ms = wait_between(0, number);
        return true;
    }
    if (!uvrest__http_date_parse(value, len, reference_s, &date_s))
        return false;
    *out_ms = wait_between(reference_s, date_s);
    return true;
}

int64_t uvrest__headers_retry_after_ms(const uvrest__headers *headers, int64_t wall_s)
{
    const char *value, *date = uvrest__headers_get(headers, "Date");
    int64_t reference_s = wall_s, longest = -1, ms;
    size_t position = 0;
    if (date != NULL)
        (void)uvrest__http_date_parse(date, strlen(date), wall_s, &reference_s);
    while ((value = uvrest__headers_next(headers, "Retry-After", &position)) != NULL)
        if (uvrest__retry_after_parse(value, strlen(value), reference_s, &ms) && ms > longest)
            longest = ms;
    return longest;
}

/* ---- what is left ------------------------------------------------------------------------------------------------ */

static void take_smaller(int64_t *smallest, int64_t number)
{
    if (*smallest < 0 || number < *smallest)
        *smallest = number;
}

/* An integer with an optional sign; below zero means zero left. */
static bool parse_count(const char *text, size_t len, int64_t *out)
{
    bool minus;
    uvrest__text_trim(&text, &len);
    minus = len > 0 && text[0] == '-';
    if (!uvrest__text_number(text + minus, len - minus, out))
        return false;
    if (minus)
        *out = 0;
    else if (*out > QUOTA_MAX)
        *out = QUOTA_MAX;
    return true;
}

/* Cuts the next piece off *text at `separator`, which does not count inside quotes. */
static bool next_piece(const char **text, size_t *len, char separator, const char **out, size_t *out_len)
{
    size_t n = 0;
    bool quoted = false;
    if (*len == 0)
        return false;
    for (; n < *len && (quoted || (*text)[n] != separator); n++) {
        if (quoted && (*text)[n] == '\\' && n + 1 < *len)
            n++;
        else if ((*text)[n] == '"')
            quoted = !quoted;
    }
    *out = *text;
    *out_len = n;
    n += n < *len;
    *text += n;
    *len -= n;
    return true;
}

/* What one member of a RateLimit or RateLimit-Policy header names; -1 for what it does not. */
typedef struct member {
    const char *name; /* as it stands there; what is no parameter */
    size_t name_len;
    int64_t bare, q, w, r;
    bool foreign; /* counts something else than requests */
} member;

/* What is known while the headers of an answer are read. */
typedef struct reading {
    const uvrest__headers *headers; /* NULL: there is one alone */
    uvrest__quota *quota;
    int64_t bare; /* the smallest limit that is named without a window; -1: none */
} reading;

static void read_parameter(const char *text, size_t len, member *out)
{
    const char *equals;
    size_t name_len;
    int64_t number;
    uvrest__text_trim(&text, &len);
    if (parse_count(text, len, &number)) {
        out->bare = number;
        return;
    }
    equals = memchr(text, '=', len);
    if (equals == NULL)
        return;
    name_len = (size_t)(equals - text);
    if (uvrest__text_same(text, name_len, "qu"))
        out->foreign = !uvrest__text_same(equals + 1, len - name_len - 1, "\"request\"");
    if (!parse_count(equals + 1, len - name_len - 1, &number))
        return;
    if (uvrest__text_same(text, name_len, "q") || uvrest__text_same(text, name_len, "limit"))
        out->q = number;
    else if (uvrest__text_same(text, name_len, "w"))
        out->w = number;
    else if (uvrest__text_same(text, name_len, "r") || uvrest__text_same(text, name_len, "remaining"))
        out->r = number;
}

/* Cuts the next member off. */
static bool next_member(const char **value, size_t *len, member *out)
{
    const char *item, *part;
    size_t item_len, part_len;
    if (!next_piece(value, len, ',', &item, &item_len))
        return false;
    *out = (member){.name = item, .bare = -1, .q = -1, .w = -1, .r = -1};
    while (next_piece(&item, &item_len, ';', &part, &part_len)) {
        if (part == out->name)
            out->name_len = part_len;
        read_parameter(part, part_len, out);
    }
    uvrest__text_trim(&out->name, &out->name_len);
    return true;
}

/* The policy a member of RateLimit refers to by its name. */
static bool find_policy(const uvrest__headers *headers, const member *of, member *out)
{
    size_t position = 0;
    const char *value;
    while (headers != NULL && (value = uvrest__headers_next(headers, "RateLimit-Policy", &position)) != NULL)
        for (size_t len = strlen(value); next_member(&value, &len, out);)
            if (out->name_len == of->name_len && memcmp(out->name, of->name, of->name_len) == 0)
                return true;
    return false;
}

/* Whether what it leaves is of the window's requests: not of bytes, nor of a limit a second. */
static bool is_of_window(const reading *known, const member *m)
{
    member policy;
    return !find_policy(known->headers, m, &policy) || (!policy.foreign && policy.w != 1);
}

static void apply_member(reading *known, const member *m)
{
    uvrest__quota *quota = known->quota;
    int64_t limit = m->q >= 0 ? m->q : m->bare;
    if (m->foreign)
        return;
    if (m->r >= 0 && is_of_window(known, m))
        take_smaller(&quota->remaining, m->r);
    if (limit <= 0)
        return;
    if (m->w == 1) {
        take_smaller(&quota->burst, limit);
    } else if (m->w <= 0) {
        take_smaller(&known->bare, limit);
    } else if (quota->limit < 0 || limit < quota->limit) {
        quota->limit = limit;
        quota->window_ms = m->w > QUOTA_MAX / 1000 ? QUOTA_MAX : m->w * 1000;
    }
}

/* The limit without a window is that of the policy with the same number; what else is named is of it as well. If there
 * is none, the window that is known stays, and the stricter number counts. */
static void apply_bare(reading *known)
{
    uvrest__quota *quota = known->quota;
    if (known->bare < 0)
        return;
    if (known->bare == quota->burst)
        quota->of_second = true;
    else
        take_smaller(&quota->limit, known->bare);
}

/* bare_is_left: a number without a name is what remains, not a limit. */
static void read_members(reading *known, const char *value, size_t len, bool bare_is_left)
{
    member m;
    while (next_member(&value, &len, &m)) {
        if (bare_is_left) {
            m.r = m.r < 0 ? m.bare : m.r;
            m.bare = -1;
        }
        apply_member(known, &m);
    }
}

static void read_header(reading *known, const char *name, const char *value, size_t len)
{
    size_t name_len = strlen(name);
    if (uvrest__text_same(name, name_len, "RateLimit") || uvrest__text_same(name, name_len, "RateLimit-Policy")) {
        read_members(known, value, len, false);
        return;
    }
    if (uvrest__text_starts(name, name_len, "X-")) {
        name += 2;
        name_len -= 2;
    }
    if (uvrest__text_same(name, name_len, "RateLimit-Remaining") ||
        uvrest__text_same(name, name_len, "Rate-Limit-Remaining"))
        read_members(known, value, len, true);
    else if (uvrest__text_same(name, name_len, "RateLimit-Limit") ||
             uvrest__text_same(name, name_len, "Rate-Limit-Limit"))
        read_members(known, value, len, false);
}

uvrest__quota uvrest__headers_quota(const uvrest__headers *headers)
{
    uvrest__quota quota = UVREST__QUOTA_NONE;
    reading known = {.headers = headers, .quota = &quota, .bare = -1};
    if ((headers->initials & (initial_of('r') | initial_of('x'))) == 0)
        return quota;
    for (size_t i = 0; i < headers->n_items; i++) {
        uvrest_header header = uvrest__headers_at(headers, i);
        char first = uvrest__text_lower(header.name[0]);
        if (first != 'r' && first != 'x')
            continue;
        size_t len = headers->items[i].value - headers->items[i].name - 1;
        if (uvrest__text_starts(header.name, len, "RateLimit") || uvrest__text_starts(header.name, len, "X-Rate"))
            read_header(&known, header.name, header.value, strlen(header.value));
    }
    apply_bare(&known);
    return quota;
}
