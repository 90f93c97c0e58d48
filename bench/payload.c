/* SPDX-License-Identifier: MIT */
#include "payload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct maker {
    const uvrest_schema *schema;
    payload_style style;
    unsigned n_items;
    unsigned extra;
    unsigned depth;
    uint64_t random;
    char *text;
    size_t len;
    size_t cap;
} maker;

static unsigned choose(maker *m, unsigned n)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (unsigned)(m->random >> 33) % n;
}

static void put(maker *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(maker *m, const char *format, ...)
{
    va_list args;
    if (m->cap - m->len < 1024) {
        m->cap = m->cap * 2 + 4096;
        m->text = realloc(m->text, m->cap);
        if (m->text == NULL)
            abort();
    }
    va_start(args, format);
    m->len += (size_t)vsnprintf(m->text + m->len, m->cap - m->len, format, args);
    va_end(args);
}

static void put_line(maker *m)
{
    if (m->style == PAYLOAD_INDENTED)
        put(m, "\n%*s", (int)(m->depth * 4), "");
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), n = strlen(end);
    return len >= n && strcmp(name + len - n, end) == 0;
}

static void put_uuid(maker *m)
{
    put(m, "\"%08x-%04x-11ee-%04x-%012llx\"", choose(m, UINT32_MAX), choose(m, 65536), choose(m, 65536),
        (unsigned long long)(m->random & 0xFFFFFFFFFFFF));
}

static void put_words(maker *m, unsigned n)
{
    static const char *const plain[] = {"interview", "master",  "take",     "Berlin",  "final", "scene",
                                        "broadcast", "archive", "graphics", "episode", "cut",   "camera"};
    static const char *const other[] = {"\xE6\x9D\xB1\xE4\xBA\xAC",
                                        "\xE6\x92\xAE\xE5\xBD\xB1\xE7\xB4\xA0\xE6\x9D\x90",
                                        "M\xC3\xBCnchen",
                                        "Fu\xC3\x9F\x67\xC3\xA4nger",
                                        "\xE3\x82\xA4\xE3\x83\xB3\xE3\x82\xBF\xE3\x83\x93\xE3\x83\xA5\xE3\x83\xBC",
                                        "\xF0\x9F\x8E\xAC"};
    static const char *const escaped[] = {"\\n", "\\\"take\\\"", "\\u00e9t\\u00e9", "a\\/b", "\\t", "scene\\\\1"};
    for (unsigned i = 0; i < n; i++) {
        const char *word = plain[choose(m, 12)];
        if (m->style == PAYLOAD_NON_ASCII && choose(m, 4) != 0)
            word = other[choose(m, 6)];
        else if (m->style == PAYLOAD_ESCAPED && choose(m, 3) == 0)
            word = escaped[choose(m, 6)];
        put(m, "%s%s", i == 0 ? "" : " ", word);
    }
}

static void put_text(maker *m, const char *name)
{
    if (ends_with(name, "id") || ends_with(name, "ids") || ends_with(name, "user") || ends_with(name, "keyframe")) {
        put_uuid(m);
    } else if (strstr(name, "date") != NULL) {
        put(m, "\"2024-%02u-%02uT%02u:%02u:%02u.%06u+00:00\"", 1 + choose(m, 12), 1 + choose(m, 28), choose(m, 24),
            choose(m, 60), choose(m, 60), choose(m, 1000000));
    } else if (ends_with(name, "url") || ends_with(name, "link")) {
        put(m, "\"https://storage.example.com/%08x/%08x/%08x.mp4?X-Signature=%08x%08x%08x\"", choose(m, UINT32_MAX),
            choose(m, UINT32_MAX), choose(m, UINT32_MAX), choose(m, UINT32_MAX), choose(m, UINT32_MAX),
            choose(m, UINT32_MAX));
    } else if (ends_with(name, "status") || ends_with(name, "type") || ends_with(name, "method")) {
        put(m, "\"ACTIVE\"");
    } else {
        put(m, "\"");
        put_words(m, ends_with(name, "text") || ends_with(name, "description") ? 8 + choose(m, 10) : 1 + choose(m, 4));
        put(m, "\"");
    }
}

/* What iconik has in members without a schema: metadata fields with their values. */
static void put_free(maker *m)
{
    unsigned n = 2 + choose(m, 4);
    put(m, "{");
    m->depth++;
    for (unsigned i = 0; i < n; i++) {
        put(m, i == 0 ? "" : ",");
        put_line(m);
        put(m, "\"field_%u\":{\"date_created\":\"2024-05-17T10:20:30.123456\",\"mode\":null,\"field_values\":[", i);
        for (unsigned j = 1 + choose(m, 3); j > 0; j--) {
            put(m, "{\"value\":\"");
            put_words(m, 1 + choose(m, 5));
            put(m, "\",\"score\":%u.%02u}%s", choose(m, 100), choose(m, 100), j > 1 ? "," : "");
        }
        put(m, "]}");
    }
    m->depth--;
    put_line(m);
    put(m, "}");
}

static void put_object(maker *m, unsigned model, unsigned extra);

static void put_one(maker *m, const uvrest_gen_field *field, const char *name)
{
    const uvrest_gen_enum *values;
    switch (field->kind & 0x0F) {
    case UVREST_KIND_BOOL:
        put(m, choose(m, 2) != 0 ? "true" : "false");
        break;
    case UVREST_KIND_I32:
        put(m, "%u", choose(m, 1000));
        break;
    case UVREST_KIND_I64:
        put(m, "%u", choose(m, 400000000));
        break;
    case UVREST_KIND_F64:
        put(m, "%u.%03u", choose(m, 5000), choose(m, 1000));
        break;
    case UVREST_KIND_ENUM:
        values = &m->schema->enums[field->of];
        put(m, "\"%s\"",
            m->schema->pool + m->schema->texts[values->first + choose(m, (unsigned)values[1].first - values->first)]);
        break;
    case UVREST_KIND_MODEL:
        put_object(m, field->of, 0);
        break;
    case UVREST_KIND_UNION:
    case UVREST_KIND_RAW:
        put_free(m);
        break;
    default:
        put_text(m, name);
        break;
    }
}

static void put_array(maker *m, const uvrest_gen_field *field, const char *name)
{
    bool models = (field->kind & 0x0F) == UVREST_KIND_MODEL;
    unsigned n = models && m->depth == 1 && m->n_items != 0 ? m->n_items : 1 + choose(m, 2);
    put(m, "[");
    m->depth++;
    for (unsigned i = 0; i < n; i++) {
        put(m, i == 0 ? "" : ",");
        put_line(m);
        if (models)
            put_object(m, field->of, m->depth == 2 ? m->extra : 0);
        else
            put_one(m, field, name);
    }
    m->depth--;
    put_line(m);
    put(m, "]");
}

static void put_member(maker *m, const uvrest_gen_field *field, bool *comma)
{
    const char *name = m->schema->pool + field->name;
    unsigned shape = field->kind & 0x30u;
    put(m, *comma ? "," : "");
    *comma = true;
    put_line(m);
    put(m, m->style == PAYLOAD_INDENTED ? "\"%s\": " : "\"%s\":", name);
    if ((field->flags & UVREST_NULLABLE) != 0 && choose(m, 2) == 0)
        put(m, "null");
    else if (shape == UVREST_SHAPE_ARRAY)
        put_array(m, field, name);
    else if (shape == UVREST_SHAPE_ONE)
        put_one(m, field, name);
    else
        put(m, shape == UVREST_SHAPE_MAP ? "{}" : "[]");
}

static void put_unknown(maker *m, unsigned n, bool *comma)
{
    static const char *const names[] = {"type",    "status",   "created_by_user", "external_id", "is_online",
                                        "warning", "category", "analyze_status",  "format",      "media_type"};
    for (unsigned i = 0; i < n && i < sizeof names / sizeof names[0]; i++) {
        put(m, *comma ? "," : "");
        *comma = true;
        put_line(m);
        put(m, m->style == PAYLOAD_INDENTED ? "\"%s\": " : "\"%s\":", names[i]);
        if (i == 4)
            put(m, "true");
        else
            put_text(m, names[i]);
    }
}

static void put_object(maker *m, unsigned model, unsigned extra)
{
    const uvrest_gen_field *fields = m->schema->fields + m->schema->models[model].first;
    unsigned n = (unsigned)m->schema->models[model + 1].first - m->schema->models[model].first;
    unsigned order[256];
    bool comma = false;
    put(m, "{");
    m->depth++;
    for (unsigned i = 0; i < n; i++)
        order[i] = i;
    for (unsigned i = n; m->style == PAYLOAD_SHUFFLED && i > 1; i--) {
        unsigned j = choose(m, i), moved = order[i - 1];
        order[i - 1] = order[j];
        order[j] = moved;
    }
    for (unsigned i = 0; i < n; i++) {
        const uvrest_gen_field *field = &fields[order[i]];
        if ((field->kind & 0x0F) == UVREST_KIND_MODEL && m->depth > 4)
            continue;
        /* Not every answer has every member; the page itself has. */
        if (m->depth > 1 && (field->flags & UVREST_REQUIRED) == 0 && order[i] % 7 == 3)
            continue;
        put_member(m, field, &comma);
    }
    put_unknown(m, extra, &comma);
    m->depth--;
    put_line(m);
    put(m, "}");
}

char *payload_make(uvrest_model model, unsigned n_items, unsigned extra, payload_style style, size_t *out_len)
{
    maker m = {model.schema, style, n_items, extra, 0, UINT64_C(88172645463325252), NULL, 0, 0};
    put_object(&m, model.id, 0);
    *out_len = m.len;
    return m.text;
}
