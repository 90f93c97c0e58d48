/* SPDX-License-Identifier: MIT */
#include "url.h"
#include "alloc.h"
#include "text.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- characters -------------------------------------------------------------------------------------------------- */

/* Letters, digits and -._~, a bit each. */
static bool is_unreserved(char c)
{
    static const uint32_t chars[8] = {0, 0x03ff6000, 0x87fffffe, 0x47fffffe};
    unsigned char u = (unsigned char)c;
    return (chars[u >> 5] >> (u & 31) & 1u) != 0;
}

/* What RFC 3986 lets stand in a path beside "%XX". */
static bool is_path_char(char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("!$&'()*+,;=:@/", c) != NULL);
}

/* Whether every byte is visible ASCII: what a URL on the wire is made of. */
static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

/* Whether text[0..len) has only characters that pass, and complete "%XX". */
static bool is_encoded(const char *text, size_t len, const char *also)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%') {
            if (len - i < 3 || uvrest__text_hex(text[i + 1]) < 0 || uvrest__text_hex(text[i + 2]) < 0)
                return false;
            i += 2;
        } else if (!is_path_char(text[i]) && strchr(also, text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* Reads one character the way the most eager server would, "%2e" and "%252e" as "."; returns how long it was. */
static size_t take_decoded(const char *text, size_t len, char *out)
{
    size_t i = 1;
    *out = text[0];
    if (text[0] != '%')
        return 1;
    while (len - i >= 2 && text[i] == '2' && text[i + 1] == '5')
        i += 2;
    if (len - i >= 2 && uvrest__text_hex(text[i]) >= 0 && uvrest__text_hex(text[i + 1]) >= 0) {
        *out = (char)(uvrest__text_hex(text[i]) * 16 + uvrest__text_hex(text[i + 1]));
        i += 2;
    }
    return i;
}

/* Whether any part between slashes is "." or "..", in whatever encoding of dots and slashes. */
static bool has_dot_segment(const char *text, size_t len)
{
    size_t dots = 0;
    bool other = false;
    if (memchr(text, '.', len) == NULL && memchr(text, '%', len) == NULL)
        return false; /* as most are */
    for (size_t i = 0; i < len;) {
        char c;
        i += take_decoded(text + i, len - i, &c);
        if (c == '/' || c == '\\') {
            if (!other && (dots == 1 || dots == 2))
                return true;
            dots = 0;
            other = false;
        } else if (c == '.') {
            dots++;
        } else {
            other = true;
        }
    }
    return !other && (dots == 1 || dots == 2);
}

static void append_encoded(uvrest__buf *target, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    while (*text != '\0') {
        size_t plain = 0;
        while (is_unreserved(text[plain]))
            plain++;
        uvrest__buf_append(target, text, plain);
        text += plain;
        if (*text != '\0') {
            unsigned char c = (unsigned char)*text++;
            char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
            uvrest__buf_append(target, escape, sizeof escape);
        }
    }
}

/* Ends an append that began at `start`: on any failure the target is as it was then. */
static uvrest_status finish(uvrest__buf *target, size_t start, uvrest_status st, uvrest_reason *reason)
{
    if (st == UVREST_OK && target->status != UVREST_OK)
        st = target->status;
    if (st == UVREST_OK && target->len > UVREST__URL_TARGET_MAX)
        st = UVREST_E_LIMIT;
    if (st == UVREST_OK)
        return UVREST_OK;
    if (st == UVREST_E_LIMIT)
        uvrest__reason_set(reason, "path and query: too long", (char *)NULL);
    else if (st == UVREST_E_NOMEM)
        uvrest__reason_set(reason, uvrest_status_text(st), (char *)NULL);
    target->status = UVREST_OK;
    target->len = start;
    if (target->data != NULL)
        target->data[start] = '\0';
    return st;
}

/* ---- origins ----------------------------------------------------------------------------------------------------- */

/* Longest host: a name of 253, or an IPv6 address with brackets. */
enum { HOST_MAX = 253 };

typedef struct authority {
    char host[HOST_MAX + 1];
    uint16_t port;
    bool tls;
    bool loopback;
} authority;

static const char *parse_ipv6(const char *text, size_t len, authority *out)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    if (len - 2 >= sizeof address)
        return "not an IPv6 address";
    memcpy(address, text + 1, len - 2);
    address[len - 2] = '\0';
    if (inet_pton(AF_INET6, address, &parsed) != 1)
        return "not an IPv6 address";
    out->host[0] = '[';
    if (inet_ntop(AF_INET6, &parsed, out->host + 1, HOST_MAX - 2) == NULL)
        return "not an IPv6 address";
    len = strlen(out->host);
    out->host[len] = ']';
    out->host[len + 1] = '\0';
    out->loopback = memcmp(&parsed, &in6addr_loopback, sizeof parsed) == 0;
    return NULL;
}

/* Digits, or hexadecimal after "0x": resolvers take a name that ends so for a number, "127.1" and "0x7f000001" too. */
static bool is_numeric_label(const char *label)
{
    bool hex = label[0] == '0' && label[1] == 'x';
    for (label += hex ? 2 : 0; *label != '\0'; label++)
        if (!uvrest__text_is_digit(*label) && !(hex && uvrest__text_hex(*label) >= 0))
            return false;
    return true;
}

static const char *parse_name(const char *text, size_t len, authority *out)
{
    size_t label = 0;
    if (len == 0)
        return "no host";
    if (len > HOST_MAX)
        return "host too long";
    for (size_t i = 0; i < len; i++) {
        char c = out->host[i] = uvrest__text_lower(text[i]);
        bool is_name = uvrest__text_is_alpha(c) || uvrest__text_is_digit(c) || c == '-' || c == '_';
        if (!is_name && c != '.')
            return "a host name has letters, digits, '-', '_' and '.' only";
        if (c != '.')
            continue;
        if (i == label)
            return "a host name has no empty part";
        label = i + 1;
    }
    out->host[len] = '\0';
    if (label == len)
        return "a host name has no empty part";
    if (is_numeric_label(out->host + label)) {
        struct in_addr address;
        if (inet_pton(AF_INET, out->host, &address) != 1)
            return "neither a host name nor an IPv4 address";
        out->loopback = ntohl(address.s_addr) >> 24 == 127;
    } else {
        out->loopback = strcmp(out->host, "localhost") == 0;
    }
    return NULL;
}

static const char *parse_port(const char *text, size_t len, authority *out)
{
    int64_t port;
    if (len == 0) {
        out->port = out->tls ? 443 : 80;
        return NULL;
    }
    if (text[0] != ':' || !uvrest__text_number(text + 1, len - 1, &port) || port < 1 || port > 65535)
        return "a port is a number from 1 to 65535";
    out->port = (uint16_t)port;
    return NULL;
}

/* Reads "host:port" of visible ASCII; out->tls is set. Returns why not, or NULL. */
static const char *parse_authority(const char *text, size_t len, authority *out)
{
    const char *why;
    size_t host_len;
    if (memchr(text, '@', len) != NULL)
        return "user information is not allowed";
    if (len > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', len);
        if (close == NULL)
            return "not an IPv6 address";
        host_len = (size_t)(close - text) + 1;
        why = parse_ipv6(text, host_len, out);
    } else {
        const char *colon = memchr(text, ':', len);
        host_len = colon == NULL ? len : (size_t)(colon - text);
        why = parse_name(text, host_len, out);
    }
    return why != NULL ? why : parse_port(text + host_len, len - host_len, out);
}

/* Reads scheme and authority of an absolute URL; *out_rest is what follows. Returns why not, or NULL. */
static const char *parse_absolute(const char *url, authority *out, const char **out_rest)
{
    size_t len;
    memset(out, 0, sizeof *out);
    if (!is_visible(url))
        return "spaces, control characters and characters beyond ASCII are not allowed";
    out->tls = uvrest__text_starts(url, strlen(url), "https://");
    if (!out->tls && !uvrest__text_starts(url, strlen(url), "http://"))
        return "only https:// and http:// are supported";
    url += out->tls ? strlen("https://") : strlen("http://");
    len = strcspn(url, "/?#\\");
    *out_rest = url + len;
    return parse_authority(url, len, out);
}

static const char *check_prefix(const char *path)
{
    size_t len = strlen(path);
    if (strchr(path, '?') != NULL)
        return "a query is not allowed";
    if (strchr(path, '#') != NULL)
        return "a fragment is not allowed";
    if (!is_encoded(path, len, "") || strstr(path, "//") != NULL || has_dot_segment(path, len))
        return "the path is not allowed";
    return NULL;
}

static const char *check_base(const char *text, bool allow_http, authority *out, const char **out_path)
{
    const char *why;
    if (text == NULL || text[0] == '\0')
        return "missing";
    why = parse_absolute(text, out, out_path);
    if (why == NULL)
        why = check_prefix(*out_path);
    if (why == NULL && !out->tls && !out->loopback && !allow_http)
        why = "http:// is for loopback hosts only, unless allow_http is set";
    return why;
}

uvrest_status uvrest__url_base_init(uvrest__url_base *out, const uvrest_alloc *alloc, const char *text, bool allow_http,
                                    uvrest_reason *reason)
{
    authority found;
    const char *path;
    uvrest__buf origin;
    size_t origin_len;
    uvrest__url_base base = {0};
    const char *why = check_base(text, allow_http, &found, &path);
    if (why != NULL) {
        uvrest__reason_set(reason, "base_url: ", why, (char *)NULL);
        return UVREST_E_INVALID;
    }
    uvrest__buf_init(&origin, alloc, 0);
    uvrest__buf_append_text(&origin, found.tls ? "https://" : "http://");
    uvrest__buf_append_text(&origin, found.host);
    if (found.port != (found.tls ? 443 : 80)) {
        uvrest__buf_append_char(&origin, ':');
        uvrest__buf_append_u64(&origin, found.port);
    }
    base = (uvrest__url_base){.port = found.port, .tls = found.tls, .loopback = found.loopback};
    base.origin = uvrest__buf_take(&origin, &origin_len);
    base.host = uvrest__strdup(alloc, found.host);
    /* A closing slash of the base would double the one every path begins with. */
    base.prefix = uvrest__strndup(alloc, path, strlen(path) - (path[0] != '\0' && path[strlen(path) - 1] == '/'));
    if (base.origin == NULL || base.host == NULL || base.prefix == NULL) {
        uvrest__buf_fini(&origin);
        uvrest__url_base_fini(&base, alloc);
        uvrest__reason_set(reason, uvrest_status_text(UVREST_E_NOMEM), (char *)NULL);
        return UVREST_E_NOMEM;
    }
    *out = base;
    return UVREST_OK;
}

void uvrest__url_base_fini(uvrest__url_base *base, const uvrest_alloc *alloc)
{
    uvrest__free(alloc, base->origin);
    uvrest__free(alloc, base->prefix);
    uvrest__free(alloc, base->host);
    memset(base, 0, sizeof *base);
}

static bool is_origin_of(const uvrest__url_base *base, const authority *other)
{
    return base->tls == other->tls && base->port == other->port && strcmp(base->host, other->host) == 0;
}

bool uvrest__url_same_origin(const uvrest__url_base *base, const char *url)
{
    authority other;
    const char *rest;
    return parse_absolute(url, &other, &rest) == NULL && rest[0] != '\\' && is_origin_of(base, &other);
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

static const char *check_segment_value(const char *value)
{
    if (value == NULL)
        return "missing";
    if (value[0] == '\0')
        return "empty";
    if (has_dot_segment(value, strlen(value)))
        return "\".\" and \"..\" are not allowed in a path";
    return NULL;
}

/* Replaces the place whose name is at `name`. */
static uvrest_status add_place(uvrest__buf *target, const char *name, size_t len, const uvrest__url_value *values,
                               size_t n_values, uvrest_reason *reason)
{
    for (size_t i = 0; i < n_values; i++) {
        const char *why;
        if (strlen(values[i].name) != len || memcmp(values[i].name, name, len) != 0)
            continue;
        why = check_segment_value(values[i].value);
        if (why != NULL) {
            uvrest__reason_set(reason, values[i].name, ": ", why, (char *)NULL);
            return UVREST_E_INVALID;
        }
        /* One byte of a value is three at most; checked first, so that a huge one takes no memory. */
        if (strlen(values[i].value) > UVREST__URL_TARGET_MAX)
            return UVREST_E_LIMIT;
        append_encoded(target, values[i].value);
        return UVREST_OK;
    }
    uvrest__reason_set(reason, "path: a place in it has no value", (char *)NULL);
    return UVREST_E_INVALID;
}

uvrest_status uvrest__url_add_path(uvrest__buf *target, const char *path_template, const uvrest__url_value *values,
                                   size_t n_values, uvrest_reason *reason)
{
    size_t start = target->len;
    uvrest_status st = target->status;
    const char *at = path_template;
    while (st == UVREST_OK && *at != '\0') {
        size_t len = strcspn(at, "{");
        uvrest__buf_append(target, at, len);
        at += len;
        if (*at == '{') {
            len = strcspn(++at, "}");
            st = add_place(target, at, len, values, n_values, reason);
            at += len + (at[len] == '}');
        }
    }
    /* Several values in one segment may make up what none of them is. */
    if (st == UVREST_OK && target->status == UVREST_OK && target->data != NULL &&
        has_dot_segment(target->data + start, target->len - start)) {
        uvrest__reason_set(reason, "path: \".\" and \"..\" are not allowed", (char *)NULL);
        st = UVREST_E_INVALID;
    }
    return finish(target, start, st, reason);
}

static const char *check_raw_path(const char *path, size_t len)
{
    if (len == 0 || path[0] != '/' || (len > 1 && path[1] == '/'))
        return "begins with one slash";
    if (!is_encoded(path, len, ""))
        return "has a character that must be percent-encoded; query members go in query";
    if (has_dot_segment(path, len))
        return "\".\" and \"..\" are not allowed";
    return NULL;
}

uvrest_status uvrest__url_add_raw_path(uvrest__buf *target, const char *path, uvrest_reason *reason)
{
    size_t start = target->len;
    uvrest_status st = target->status;
    const char *why = path == NULL ? "missing" : check_raw_path(path, strlen(path));
    if (st == UVREST_OK && why != NULL) {
        uvrest__reason_set(reason, "path: ", why, (char *)NULL);
        return UVREST_E_INVALID;
    }
    if (st == UVREST_OK && strlen(path) > UVREST__URL_TARGET_MAX)
        st = UVREST_E_LIMIT;
    if (st == UVREST_OK)
        uvrest__buf_append_text(target, path);
    return finish(target, start, st, reason);
}

/* ---- queries ----------------------------------------------------------------------------------------------------- */

uvrest_status uvrest__url_add_query(uvrest__buf *target, const char *name, const char *value, uvrest_reason *reason)
{
    size_t start = target->len;
    uvrest_status st = target->status;
    const char *why = NULL;
    if (name == NULL || name[0] == '\0')
        why = "a name is missing";
    else if (value == NULL)
        why = "missing";
    else if (strpbrk(name, "\r\n") != NULL || strpbrk(value, "\r\n") != NULL)
        why = "a line break is not allowed";
    if (st == UVREST_OK && why != NULL) {
        uvrest__reason_set(reason, name == NULL || name[0] == '\0' ? "query" : name, ": ", why, (char *)NULL);
        return UVREST_E_INVALID;
    }
    if (st == UVREST_OK && (strlen(name) > UVREST__URL_TARGET_MAX || strlen(value) > UVREST__URL_TARGET_MAX))
        st = UVREST_E_LIMIT;
    if (st == UVREST_OK) {
        uvrest__buf_append_char(target, start > 0 && memchr(target->data, '?', start) != NULL ? '&' : '?');
        append_encoded(target, name);
        uvrest__buf_append_char(target, '=');
        append_encoded(target, value);
    }
    return finish(target, start, st, reason);
}

uvrest_status uvrest__url_add_query_i64(uvrest__buf *target, const char *name, int64_t value, uvrest_reason *reason)
{
    char digits[24];
    uvrest__text text;
    uvrest__text_init(&text, digits, sizeof digits);
    uvrest__text_add_number(&text, value);
    return uvrest__url_add_query(target, name, digits, reason);
}

uvrest_status uvrest__url_add_query_bool(uvrest__buf *target, const char *name, bool value, uvrest_reason *reason)
{
    return uvrest__url_add_query(target, name, value ? "true" : "false", reason);
}

/* ---- redirects --------------------------------------------------------------------------------------------------- */

static bool has_scheme(const char *text)
{
    size_t len = strcspn(text, ":/?#");
    return len > 0 && text[len] == ':';
}

/* Appends a path, resolving "." and ".." against what was appended since start. */
static void append_resolved(uvrest__buf *out, size_t start, const char *path, size_t len)
{
    size_t i = 0;
    while (i < len) {
        const char *segment = path + i + 1; /* behind its slash */
        const char *slash = memchr(segment, '/', len - i - 1);
        size_t n = slash == NULL ? len - i - 1 : (size_t)(slash - segment);
        bool up = n == 2 && memcmp(segment, "..", 2) == 0;
        bool stay = n == 1 && segment[0] == '.';
        while (up && out->status == UVREST_OK && out->len > start && out->data[--out->len] != '/') {
        }
        if (!up && !stay)
            uvrest__buf_append(out, path + i, n + 1);
        else if (slash == NULL)
            uvrest__buf_append_char(out, '/');
        i += n + 1;
    }
}

/* Splits a reference at its query and drops the fragment; *out_query begins with "?" or is empty. */
static void split(const char *text, size_t *out_path_len, const char **out_query, size_t *out_query_len)
{
    size_t whole = strcspn(text, "#");
    *out_path_len = strcspn(text, "?#");
    *out_query = text + *out_path_len;
    *out_query_len = whole - *out_path_len;
}

/* Finds the part of location behind its origin. Returns why it must not be followed, or NULL. */
static const char *enter_origin(const uvrest__url_base *base, const char **location)
{
    authority other = {.tls = base->tls};
    const char *why;
    if (!is_visible(*location) || strchr(*location, '\\') != NULL)
        return "it has a character that no URL has";
    if (has_scheme(*location)) {
        why = parse_absolute(*location, &other, location);
    } else if (strncmp(*location, "//", 2) == 0) {
        size_t len = strcspn(*location + 2, "/?#");
        why = parse_authority(*location + 2, len, &other);
        *location += 2 + len;
    } else {
        return (*location)[0] == '\0' || (*location)[0] == '#' ? "it leads nowhere" : NULL;
    }
    if (why == NULL && !is_origin_of(base, &other))
        why = "another origin is not followed";
    if (why == NULL && ((*location)[0] == '\0' || (*location)[0] == '#' || (*location)[0] == '?'))
        why = "it has no path";
    return why;
}

/* Appends path and query that location, which is behind its origin, means when seen from target. */
static void append_target(uvrest__buf *out, const char *target, const char *location)
{
    const char *query, *old_query;
    size_t start = out->len, path_len, query_len, old_path_len, old_query_len;
    split(location, &path_len, &query, &query_len);
    split(target, &old_path_len, &old_query, &old_query_len);
    if (path_len == 0) {
        uvrest__buf_append(out, target, old_path_len);
    } else if (location[0] == '/') {
        append_resolved(out, start, location, path_len);
    } else {
        while (old_path_len > 0 && target[old_path_len - 1] != '/')
            old_path_len--;
        /* The folder without its closing slash, then the rest with one, as append_resolved() takes segments. */
        uvrest__buf merged;
        uvrest__buf_init(&merged, out->alloc, 0);
        uvrest__buf_append(&merged, target, old_path_len);
        uvrest__buf_append(&merged, location, path_len);
        if (merged.status == UVREST_OK)
            append_resolved(out, start, merged.data, merged.len);
        else if (out->status == UVREST_OK)
            out->status = merged.status;
        uvrest__buf_fini(&merged);
    }
    uvrest__buf_append(out, query, query_len);
}

uvrest_status uvrest__url_add_redirect(uvrest__buf *out_target, const uvrest__url_base *base, const char *target,
                                       const char *location, uvrest_reason *reason)
{
    size_t start = out_target->len, path_len;
    uvrest_status st = out_target->status;
    const char *why = st == UVREST_OK ? enter_origin(base, &location) : NULL;
    if (st == UVREST_OK && why == NULL && strlen(location) > UVREST__URL_TARGET_MAX)
        st = UVREST_E_LIMIT;
    if (st == UVREST_OK && why == NULL) {
        append_target(out_target, target, location);
        if (out_target->status == UVREST_OK) {
            const char *made = out_target->data + start;
            path_len = strcspn(made, "?");
            why = check_raw_path(made, path_len);
            if (why == NULL && made[path_len] == '?' &&
                !is_encoded(made + path_len + 1, strlen(made + path_len + 1), "?[]|"))
                why = "its query is broken";
        }
    }
    if (why != NULL) {
        uvrest__reason_set(reason, "location: ", why, (char *)NULL);
        st = UVREST_E_PROTOCOL;
    }
    return finish(out_target, start, st, reason);
}
