/* SPDX-License-Identifier: MIT */
#include "json_maker.h"
#include "tables.h"

#include <stdio.h>
#include <string.h>

typedef struct maker {
    const uvrest_schema *schema;
    const uint8_t *bytes; /* the choices; when they are used up, all choices are 0 */
    size_t n_bytes;
    char *at;
    char *end;
    unsigned depth;
    bool full;
} maker;

static const char *const numbers[] = {"0",
                                      "-0",
                                      "1",
                                      "-1",
                                      "7",
                                      "42",
                                      "2147483647",
                                      "-2147483648",
                                      "2147483648",
                                      "9007199254740993",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "1e2",
                                      "5.0",
                                      "12.5",
                                      "0.1",
                                      "-0.0",
                                      "1e400",
                                      "1e-400",
                                      "0.30000000000000004",
                                      "0.1000000000000000055511151231257827",
                                      "123456789.123456789",
                                      "1E+2",
                                      "5e-324",
                                      "1.7976931348623157e308",
                                      "1.7976931348623159e308",
                                      "100000000000000000000000",
                                      "1e23",
                                      "0.000001",
                                      "1.50",
                                      "-12.340e1"};

static const char *const texts[] = {"",
                                    "a",
                                    "plain text",
                                    "0b25c6d2-4a3f-11ee-be56-0242ac120002",
                                    "2024-05-17T10:20:30.123456+00:00",
                                    "\\u0000",
                                    "a\\u0000b",
                                    "\\ud83d\\ude00",
                                    "\\ud800",
                                    "\\udc00x",
                                    "\\ud800\\ud83d\\ude00",
                                    "\\\"\\\\\\/\\b\\f\\n\\r\\t",
                                    "\xC3\xA9t\xC3\xA9",
                                    "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x81\xAE\xE6\x96\x87\xE5\xAD\x97",
                                    "\xF0\x9F\x98\x80",
                                    "a text that is longer than two blocks of sixteen bytes, with an end",
                                    "0123456789abcdef",
                                    "0123456789abcde\\n",
                                    "\\u00e9\\u65e5",
                                    "\x7F"};

static unsigned choose(maker *m, unsigned n)
{
    if (m->n_bytes == 0)
        return 0;
    m->n_bytes--;
    return *m->bytes++ % n;
}

static void put_bytes(maker *m, const char *text, size_t len)
{
    if (m->full || (size_t)(m->end - m->at) < len) {
        m->full = true;
        return;
    }
    memcpy(m->at, text, len);
    m->at += len;
}

static void put(maker *m, const char *text)
{
    put_bytes(m, text, strlen(text));
}

static void put_space(maker *m)
{
    static const char *const spaces[] = {"", "", "", "", " ", "\n    ", "\r\n\t", "                    "};
    put(m, spaces[choose(m, 8)]);
}

static void put_text(maker *m)
{
    put(m, "\"");
    put(m, texts[choose(m, sizeof texts / sizeof texts[0])]);
    put(m, "\"");
}

/* A name of the tables, maybe with its first letter as an escape. */
static void put_name(maker *m, uint16_t name)
{
    const char *text = uvrest__name_text(m->schema, name);
    unsigned len = uvrest__name_len(m->schema, name), i = 0;
    put(m, "\"");
    if (len > 0 && choose(m, 8) == 1) {
        char escaped[8];
        int n = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)text[0]);
        put_bytes(m, escaped, (size_t)n);
        i = 1;
    }
    for (; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            put(m, "\\");
        put_bytes(m, text + i, 1);
    }
    put(m, "\"");
}

static void put_any(maker *m)
{
    unsigned n;
    unsigned kind = m->depth > 12 ? choose(m, 5) : choose(m, 7);
    switch (kind) {
    case 0:
        put(m, "null");
        break;
    case 1:
        put(m, choose(m, 2) != 0 ? "true" : "false");
        break;
    case 2:
    case 3:
        put(m, numbers[choose(m, sizeof numbers / sizeof numbers[0])]);
        break;
    case 4:
        put_text(m);
        break;
    default:
        m->depth++;
        put(m, kind == 5 ? "[" : "{");
        n = choose(m, 4);
        for (unsigned i = 0; i < n; i++) {
            put(m, i == 0 ? "" : ",");
            put_space(m);
            if (kind == 6) {
                put_text(m);
                put_space(m);
                put(m, ":");
                put_space(m);
            }
            put_any(m);
            put_space(m);
        }
        put(m, kind == 5 ? "]" : "}");
        m->depth--;
        break;
    }
}

static void put_object(maker *m, unsigned model, const uvrest_gen_union *choice, const uvrest_gen_case *which);

static void put_one(maker *m, const uvrest_gen_field *field)
{
    const uvrest_gen_enum *values;
    const uvrest_gen_union *choice;
    unsigned n;
    if (choose(m, 12) == 11 || m->depth > 12) {
        put_any(m);
        return;
    }
    switch (field->kind & UVREST__KIND_MASK) {
    case UVREST_KIND_BOOL:
        put(m, choose(m, 2) != 0 ? "true" : "false");
        break;
    case UVREST_KIND_I32:
    case UVREST_KIND_I64:
    case UVREST_KIND_F64:
        put(m, numbers[choose(m, sizeof numbers / sizeof numbers[0])]);
        break;
    case UVREST_KIND_ENUM:
        values = &m->schema->enums[field->of];
        n = (unsigned)values[1].first - values[0].first;
        if (n == 0 || choose(m, 6) == 5)
            put_text(m);
        else
            put_name(m, m->schema->texts[values[0].first + choose(m, n)]);
        break;
    case UVREST_KIND_MODEL:
        put_object(m, field->of, NULL, NULL);
        break;
    case UVREST_KIND_UNION:
        choice = &m->schema->unions[field->of];
        n = (unsigned)choice[1].first - choice[0].first;
        if (n == 0 || choose(m, 6) == 5) {
            put_any(m);
        } else {
            const uvrest_gen_case *one = &m->schema->cases[choice->first + choose(m, n)];
            put_object(m, one->model, choice, one);
        }
        break;
    case UVREST_KIND_RAW:
        put_any(m);
        break;
    default:
        put_text(m);
        break;
    }
}

static void put_map(maker *m, const uvrest_gen_field *field)
{
    unsigned n = choose(m, 5);
    put(m, "{");
    for (unsigned i = 0; i < n; i++) {
        put(m, i == 0 ? "" : ",");
        put_space(m);
        put_text(m);
        put_space(m);
        put(m, ":");
        if (choose(m, 8) == 7)
            put(m, "null");
        else
            put_one(m, field);
    }
    put(m, "}");
}

static void put_value(maker *m, const uvrest_gen_field *field)
{
    unsigned shape = field->kind & UVREST__SHAPE_MASK, what = choose(m, 16), n;
    if (what == 15 || m->depth > 12) {
        put_any(m);
    } else if (what == 14) {
        put(m, "null");
    } else if (shape == UVREST_SHAPE_ONE) {
        put_one(m, field);
    } else if (shape == UVREST_SHAPE_MAP) {
        put_map(m, field);
    } else {
        n = choose(m, 6);
        put(m, "[");
        for (unsigned i = 0; i < n; i++) {
            put(m, i == 0 ? "" : ",");
            put_space(m);
            if (choose(m, 12) == 11)
                put(m, "null");
            else if (shape == UVREST_SHAPE_MAP_ARRAY)
                put_map(m, field);
            else
                put_one(m, field);
            put_space(m);
        }
        put(m, "]");
    }
}

static void put_member(maker *m, const uvrest_gen_field *field, bool *comma)
{
    put(m, *comma ? "," : "");
    *comma = true;
    put_space(m);
    put_name(m, field->name);
    put_space(m);
    put(m, ":");
    put_space(m);
    put_value(m, field);
    put_space(m);
}

static void put_tag(maker *m, const uvrest_gen_union *choice, const uvrest_gen_case *which, bool *comma)
{
    put(m, *comma ? "," : "");
    *comma = true;
    put_name(m, choice->tag);
    put(m, ":");
    put_name(m, which->text);
}

static void put_object(maker *m, unsigned model, const uvrest_gen_union *choice, const uvrest_gen_case *which)
{
    const uvrest_gen_field *fields = uvrest__model_fields(m->schema, model);
    const unsigned n = uvrest__model_n_fields(m->schema, model), order = choose(m, 4);
    bool comma = false;
    m->depth++;
    put(m, "{");
    if (which != NULL && choose(m, 4) != 3)
        put_tag(m, choice, which, &comma);
    for (unsigned i = 0; i < n && m->n_bytes > 0; i++) {
        unsigned what = choose(m, 8);
        if (what < 3)
            put_member(m, &fields[order == 3 ? n - 1 - i : i], &comma);
        else if (what == 7)
            put_member(m, &fields[choose(m, n)], &comma); /* maybe for the second time */
        else if (what == 6 && choose(m, 2) == 1) {
            put(m, comma ? "," : "");
            comma = true;
            put_text(m);
            put(m, ":");
            put_any(m);
        }
    }
    if (which != NULL && choose(m, 4) == 3)
        put_tag(m, choice, which, &comma);
    put(m, "}");
    m->depth--;
}

size_t json_make(const uvrest_schema *schema, unsigned model, const uint8_t *bytes, size_t n_bytes, char *to,
                 size_t cap)
{
    maker m = {schema, bytes, n_bytes, to, to + cap, 0, false};
    put_object(&m, model, NULL, NULL);
    return m.full ? 0 : (size_t)(m.at - to);
}
