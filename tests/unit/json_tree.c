/* SPDX-License-Identifier: MIT */
#include "json_tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct node {
    char kind; /* one of { [ " 0 t f n */
    struct node **items;
    struct node **names; /* of an object: text nodes */
    size_t n;
    uint16_t *units; /* of a text; of a number its digits */
    size_t n_units;
    long exponent; /* of a number: its digits * 10^exponent */
    bool negative;
} node;

typedef struct input {
    const unsigned char *p;
    const unsigned char *end;
    unsigned depth;
} input;

static node *read_value(input *in);

static void free_node(node *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->n; i++) {
        free_node(n->items[i]);
        if (n->names != NULL)
            free_node(n->names[i]);
    }
    free(n->items);
    free(n->names);
    free(n->units);
    free(n);
}

static node *new_node(char kind)
{
    node *n = calloc(1, sizeof *n);
    if (n == NULL)
        abort();
    n->kind = kind;
    return n;
}

static void *larger(void *memory, size_t size)
{
    void *moved = realloc(memory, size);
    if (moved == NULL)
        abort();
    return moved;
}

static void add_unit(node *n, unsigned unit)
{
    if ((n->n_units & (n->n_units - 1)) == 0)
        n->units = larger(n->units, (n->n_units == 0 ? 1 : 2 * n->n_units) * sizeof *n->units);
    n->units[n->n_units++] = (uint16_t)unit;
}

static void add_item(node *n, node *name, node *item)
{
    if ((n->n & (n->n - 1)) == 0) {
        size_t room = (n->n == 0 ? 1 : 2 * n->n) * sizeof *n->items;
        n->items = larger(n->items, room);
        if (n->kind == '{')
            n->names = larger(n->names, room);
    }
    n->items[n->n] = item;
    if (n->kind == '{')
        n->names[n->n] = name;
    n->n++;
}

static int peek(const input *in)
{
    return in->p < in->end ? *in->p : -1;
}

static void skip_space(input *in)
{
    while (peek(in) == ' ' || peek(in) == '\t' || peek(in) == '\n' || peek(in) == '\r')
        in->p++;
}

static bool read_hex(input *in, unsigned *out_unit)
{
    *out_unit = 0;
    for (int i = 0; i < 4; i++, in->p++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *at = peek(in) > 0 ? strchr(digits, peek(in)) : NULL;
        if (at == NULL)
            return false;
        *out_unit = *out_unit * 16 + (unsigned)(at - digits > 15 ? at - digits - 6 : at - digits);
    }
    return true;
}

static bool read_escape(input *in, node *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = peek(in) > 0 ? strchr(from, peek(in)) : NULL;
    unsigned unit;
    if (at != NULL) {
        in->p++;
        add_unit(n, (unsigned char)to[at - from]);
        return true;
    }
    if (peek(in) != 'u')
        return false;
    in->p++;
    if (!read_hex(in, &unit))
        return false;
    add_unit(n, unit);
    return true;
}

/* One character beyond ASCII, by the table of RFC 3629. */
static bool read_utf8(input *in, node *n)
{
    unsigned lead = *in->p++, more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    unsigned long c = lead & (more == 1 ? 0x1FU : more == 2 ? 0x0FU : 0x07U);
    if (lead < 0xC2 || lead > 0xF4)
        return false;
    for (; more > 0; more--, in->p++, low = 0x80, high = 0xBF) {
        if (peek(in) < (int)low || peek(in) > (int)high)
            return false;
        c = c << 6 | (*in->p & 0x3FU);
    }
    if (c < 0x10000) {
        add_unit(n, (unsigned)c);
    } else {
        add_unit(n, (unsigned)(0xD800 + ((c - 0x10000) >> 10)));
        add_unit(n, (unsigned)(0xDC00 + ((c - 0x10000) & 0x3FF)));
    }
    return true;
}

static bool read_text(input *in, node *n)
{
    for (in->p++; peek(in) != '"';) {
        if (peek(in) < 0x20)
            return false;
        if (peek(in) == '\\') {
            in->p++;
            if (!read_escape(in, n))
                return false;
        } else if (peek(in) >= 0x80) {
            if (!read_utf8(in, n))
                return false;
        } else {
            add_unit(n, *in->p++);
        }
    }
    in->p++;
    return true;
}

static bool read_digits(input *in, node *n, bool fraction)
{
    const unsigned char *begin = in->p;
    for (; peek(in) >= '0' && peek(in) <= '9'; in->p++) {
        if (n->n_units > 0 || *in->p != '0')
            add_unit(n, *in->p);
        n->exponent -= fraction;
    }
    return in->p > begin;
}

static bool read_number(input *in, node *n)
{
    n->negative = peek(in) == '-';
    in->p += n->negative;
    if (peek(in) == '0') {
        in->p++;
    } else if (!read_digits(in, n, false)) {
        return false;
    }
    if (peek(in) == '.') {
        in->p++;
        if (!read_digits(in, n, true))
            return false;
    }
    if (peek(in) == 'e' || peek(in) == 'E') {
        long exponent = 0;
        bool negative;
        in->p++;
        negative = peek(in) == '-';
        in->p += peek(in) == '-' || peek(in) == '+';
        if (peek(in) < '0' || peek(in) > '9')
            return false;
        for (; peek(in) >= '0' && peek(in) <= '9'; in->p++)
            exponent = exponent > 100000000 ? exponent : exponent * 10 + (*in->p - '0');
        n->exponent += negative ? -exponent : exponent;
    }
    while (n->n_units > 0 && n->units[n->n_units - 1] == '0') {
        n->n_units--;
        n->exponent++;
    }
    if (n->n_units == 0) {
        n->exponent = 0;
        n->negative = false;
    }
    return true;
}

static bool read_members(input *in, node *n)
{
    const int close = n->kind == '{' ? '}' : ']';
    in->p++;
    skip_space(in);
    if (peek(in) == close) {
        in->p++;
        return true;
    }
    for (;;) {
        node *name = NULL, *item;
        skip_space(in);
        if (n->kind == '{') {
            name = new_node('"');
            if (peek(in) != '"' || !read_text(in, name) || (skip_space(in), peek(in) != ':')) {
                free_node(name);
                return false;
            }
            in->p++;
            skip_space(in);
        }
        item = read_value(in);
        if (item == NULL) {
            free_node(name);
            return false;
        }
        add_item(n, name, item);
        skip_space(in);
        if (peek(in) == close) {
            in->p++;
            return true;
        }
        if (peek(in) != ',')
            return false;
        in->p++;
    }
}

static bool read_word(input *in, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(in->end - in->p) < len || memcmp(in->p, word, len) != 0)
        return false;
    in->p += len;
    return true;
}

static node *read_value(input *in)
{
    int c = peek(in);
    node *n;
    bool good;
    if (c < 0 || in->depth > 600)
        return NULL;
    n = new_node(c == '-' || (c >= '0' && c <= '9') ? '0' : (char)c);
    in->depth++;
    switch (n->kind) {
    case '{':
    case '[':
        good = read_members(in, n);
        break;
    case '"':
        good = read_text(in, n);
        break;
    case '0':
        good = read_number(in, n);
        break;
    default:
        good = (c == 't' && read_word(in, "true")) || (c == 'f' && read_word(in, "false")) ||
               (c == 'n' && read_word(in, "null"));
        break;
    }
    in->depth--;
    if (!good) {
        free_node(n);
        return NULL;
    }
    return n;
}

static node *parse(const char *text, size_t len)
{
    input in = {(const unsigned char *)text, (const unsigned char *)text + len, 0};
    node *n;
    skip_space(&in);
    n = read_value(&in);
    skip_space(&in);
    if (in.p != in.end) {
        free_node(n);
        return NULL;
    }
    return n;
}

static bool same(const node *a, const node *b, bool may_lack);

static bool same_units(const node *a, const node *b)
{
    return a->n_units == b->n_units &&
           (a->n_units == 0 || memcmp(a->units, b->units, a->n_units * sizeof *a->units) == 0);
}

static const node *member(const node *object, const node *name)
{
    for (size_t i = object->n; i-- > 0;) {
        if (same_units(object->names[i], name))
            return object->items[i];
    }
    return NULL;
}

static bool same_objects(const node *a, const node *b, bool may_lack)
{
    for (size_t i = 0; i < a->n; i++) {
        const node *x = a->items[i], *y = member(b, a->names[i]);
        if (x != member(a, a->names[i]))
            continue; /* a later one of that name counts */
        if (y == NULL ? !may_lack : !same(x, y, may_lack))
            return false;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (member(a, b->names[i]) == NULL)
            return false;
    }
    return true;
}

static bool same(const node *a, const node *b, bool may_lack)
{
    if (a->kind != b->kind || a->negative != b->negative || a->exponent != b->exponent || !same_units(a, b))
        return false;
    if (a->kind == '{')
        return same_objects(a, b, may_lack);
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (!same(a->items[i], b->items[i], may_lack))
            return false;
    }
    return true;
}

static bool compare(const char *a, size_t a_len, const char *b, size_t b_len, bool may_lack)
{
    node *x = parse(a, a_len), *y = parse(b, b_len);
    bool equal = x != NULL && y != NULL && same(x, y, may_lack);
    free_node(x);
    free_node(y);
    return equal;
}

bool json_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return compare(a, a_len, b, b_len, false);
}

bool json_contains(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return compare(a, a_len, b, b_len, true);
}

bool json_valid(const char *text, size_t len)
{
    node *n = parse(text, len);
    bool valid = n != NULL;
    free_node(n);
    return valid;
}
