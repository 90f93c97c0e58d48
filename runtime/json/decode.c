/* SPDX-License-Identifier: MIT */
/*
 * JSON text to structs, driven by tables: objects, arrays, maps, unions, whole texts. One pass; no tree. How the reading
 * functions work together is said in reader.h.
 */
#include "decode.h"
#include "scalar.h"

typedef uvrest__reader reader;
typedef uvrest__frame frame;

static const uint8_t *read_object(reader *r, const uint8_t *p, unsigned model, char *to, const frame *up);

/* ---- unions --------------------------------------------------------------------------------------------------------- */

/* The case a tag's value stands for; the number of cases if none. p: the value. */
static UVREST__RARE unsigned find_case(reader *r, const uint8_t *p, unsigned choice)
{
    unsigned n = uvrest__tables_n_cases(r->schema, choice);
    const char *chars;
    size_t len;
    if (*p != '"' || uvrest__scalar_peek(r, p + 1, &chars, &len) == NULL)
        return n;
    for (unsigned i = 0; i < n; i++) {
        uint16_t name = uvrest__tables_case(r->schema, choice, i)->text;
        if (uvrest__name_len(r->schema, name) == len && memcmp(uvrest__name_text(r->schema, name), chars, len) == 0)
            return i;
    }
    return n;
}

/*
 * Looks through the object at p, which is read as a whole later, for its tag; of several the last counts. NULL if the
 * text is broken. *out_case: as find_case().
 */
static UVREST__RARE const uint8_t *find_tag(reader *r, const uint8_t *p, unsigned choice, unsigned *out_case)
{
    uint16_t tag = r->schema->unions[choice].tag;
    const char *chars;
    size_t len;
    *out_case = uvrest__tables_n_cases(r->schema, choice);
    if (!uvrest__reader_enter(r, p))
        return NULL;
    p = uvrest__reader_skip(r, p + 1);
    while (*p == '"') {
        p = uvrest__scalar_peek(r, p + 1, &chars, &len);
        if (p == NULL || *(p = uvrest__reader_skip(r, p)) != ':')
            return uvrest__reader_fail(r, r->begin, UVREST_E_DECODE);
        p = uvrest__reader_skip(r, p + 1);
        if (len == uvrest__name_len(r->schema, tag) && memcmp(chars, uvrest__name_text(r->schema, tag), len) == 0)
            *out_case = find_case(r, p, choice);
        if (r->status != UVREST_OK || (p = uvrest__reader_skip_value(r, p)) == NULL)
            return NULL;
        p = uvrest__reader_skip(r, p);
        if (*p != ',')
            break;
        p = uvrest__reader_skip(r, p + 1);
        if (*p != '"')
            return uvrest__reader_broken(r, p);
    }
    return *p == '}' ? uvrest__reader_leave(r, p) : uvrest__reader_broken(r, p);
}

/* The object at p as a model, in memory of its own. */
static __attribute__((noinline)) const uint8_t *read_model(reader *r, const uint8_t *p, unsigned model, void *to,
                                                           const frame *f)
{
    const size_t size = r->schema->models[model].size;
    char *value = uvrest__reader_take(r, p, size, 8);
    if (value == NULL)
        return NULL;
    memset(value, 0, size);
    memcpy(to, &value, sizeof value);
    return read_object(r, p + 1, model, value, f);
}

/* Reads the object at p as one of the cases. */
static const uint8_t *read_case(reader *r, const uint8_t *p, unsigned choice, unsigned which, uvrest_union *to,
                                const frame *f)
{
    to->kind = UVREST__ENUM_FIRST + (int)which;
    return read_model(r, p, uvrest__tables_case(r->schema, choice, which)->model, &to->value, f);
}

/* Usually the tag is the first member. Only duplicates can make that guess wrong, and they are noticed while reading. */
static UVREST__COLD const uint8_t *read_union(reader *r, const uint8_t *p, unsigned choice, uvrest_union *to,
                                              const frame *f)
{
    uint16_t tag = r->schema->unions[choice].tag;
    unsigned len = uvrest__name_len(r->schema, tag), n = uvrest__tables_n_cases(r->schema, choice), first = n, found;
    size_t duplicates = r->n_duplicates;
    const uint8_t *behind;
    if (*p != '{')
        return p;
    behind = uvrest__reader_skip(r, p + 1);
    if (*behind == '"' && r->end - behind > (ptrdiff_t)len + 3 &&
        memcmp(behind + 1, uvrest__name_text(r->schema, tag), len) == 0 && behind[len + 1] == '"' &&
        *(behind = uvrest__reader_skip(r, behind + len + 2)) == ':') {
        first = find_case(r, uvrest__reader_skip(r, behind + 1), choice);
        if (r->status != UVREST_OK)
            return NULL;
        if (first < n) {
            behind = read_case(r, p, choice, first, to, f);
            if (behind == NULL || r->n_duplicates == duplicates)
                return behind;
        }
    }
    behind = find_tag(r, p, choice, &found);
    if (behind == NULL)
        return NULL;
    if (first < n && first == found)
        return behind;
    if (found < n)
        return read_case(r, p, choice, found, to, f);
    to->kind = UVREST__ENUM_UNKNOWN;
    to->value = NULL;
    if (!uvrest__reader_note(r, f, "a known tag", p, behind) || !uvrest__reader_copy_raw(r, p, behind, &to->raw))
        return NULL;
    return behind;
}

/* ---- arrays and maps ------------------------------------------------------------------------------------------------ */

/* Something of one kind at p into `to`, zeroed; not null. */
static const uint8_t *read_one(reader *r, const uint8_t *p, unsigned kind, unsigned of, void *to, const frame *f)
{
    switch (kind) {
    case UVREST_KIND_BOOL:
        return uvrest__scalar_bool(r, p, to);
    case UVREST_KIND_I32:
        return uvrest__scalar_i32(r, p, to);
    case UVREST_KIND_I64: {
        uvrest_opt_i64 *number = to;
        number->state = UVREST_IS_SET;
        return uvrest__scalar_i64(r, p, &number->value);
    }
    case UVREST_KIND_F64:
        return uvrest__scalar_f64(r, p, to);
    case UVREST_KIND_STR:
        return uvrest__scalar_str(r, p, to);
    case UVREST_KIND_ENUM:
        return uvrest__scalar_enum(r, p, of, to);
    case UVREST_KIND_MODEL:
        return UVREST__LIKELY(*p == '{') ? read_object(r, p + 1, of, to, f) : p;
    case UVREST_KIND_UNION:
        return read_union(r, p, of, to, f);
    default:
        return uvrest__scalar_raw(r, p, to);
    }
}

/* A null in an array. */
static UVREST__COLD const uint8_t *read_null_element(reader *r, const uint8_t *p, unsigned kind, void *to)
{
    if (!uvrest__reader_is_word(r, p, "null"))
        return uvrest__reader_broken(r, p);
    if (!uvrest__tables_set_null(kind, to) && kind == UVREST_KIND_UNION)
        ((uvrest_union *)to)->kind = UVREST__ENUM_NULL;
    return p + 4;
}

/* The element of an array at p into `to`, zeroed. Null is a value where C has one for it. */
UVREST__HOT const uint8_t *read_element(reader *r, const uint8_t *p, const uvrest_gen_field *field, void *to,
                                        const frame *f)
{
    unsigned kind = field->kind & UVREST__KIND_MASK;
    if (UVREST__UNLIKELY(*p == 'n') && kind != UVREST_KIND_MODEL && kind != UVREST_KIND_RAW)
        return read_null_element(r, p, kind, to);
    return read_one(r, p, kind, field->of, to, f);
}

/* Where an array or a map goes: both are a pointer and a count. */
typedef struct sequence {
    const void *items;
    size_t n_items;
} sequence;

/* Moves what was gathered into the arena. */
static __attribute__((noinline)) bool settle(reader *r, const uint8_t *p, uvrest__stack_mark mark, size_t size,
                                             size_t n, sequence *to)
{
    void *items = (void *)(uintptr_t)UVREST_EMPTY;
    if (n != 0) {
        items = uvrest__reader_take(r, p, n * size, 8);
        if (items == NULL)
            return false;
        uvrest__stack_gather(&r->stack, mark, size, n, items);
    }
    to->items = items;
    to->n_items = n;
    return true;
}

static UVREST__COLD const uint8_t *read_map(reader *r, const uint8_t *p, const uvrest_gen_field *field, sequence *to,
                                            const frame *up);

/* The array at p. */
static const uint8_t *read_array(reader *r, const uint8_t *p, const uvrest_gen_field *field, sequence *to,
                                 const frame *up)
{
    const uint8_t *const begin = p;
    const bool maps = (field->kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP_ARRAY;
    const size_t size = uvrest__tables_element_size(r->schema, field);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    frame f = {up, NULL, NULL, 0};
    if (*p != '[')
        return p;
    if (!uvrest__reader_enter(r, p))
        return NULL;
    p = uvrest__reader_skip(r, p + 1);
    if (*p != ']') {
        for (;;) {
            const uint8_t *value = p;
            void *element = uvrest__reader_push(r, p, size);
            if (element == NULL)
                return uvrest__reader_failed_in(r, &f);
            memset(element, 0, size);
            p = maps ? read_map(r, p, field, element, &f) : read_element(r, p, field, element, &f);
            if (UVREST__UNLIKELY(p == NULL))
                return uvrest__reader_failed_in(r, &f);
            if (UVREST__UNLIKELY(p == value)) {
                uvrest__stack_pop(&r->stack, mark);
                r->depth--;
                return begin;
            }
            f.index++;
            p = uvrest__reader_skip(r, p);
            if (*p != ',')
                break;
            p = uvrest__reader_skip(r, p + 1);
        }
        if (UVREST__UNLIKELY(*p != ']'))
            return uvrest__reader_broken(r, p);
    }
    if (!settle(r, p, mark, size, f.index, to))
        return uvrest__reader_failed_in(r, &f);
    return uvrest__reader_leave(r, p);
}

/* The value of an entry of a map. A null is NULL, or the slice null. */
static const uint8_t *read_entry(reader *r, const uint8_t *p, const uvrest_gen_field *field, void *to, const frame *f)
{
    unsigned kind = field->kind & UVREST__KIND_MASK;
    if (*p == 'n' && kind != UVREST_KIND_RAW)
        return uvrest__reader_is_word(r, p, "null") ? p + 4 : uvrest__reader_broken(r, p);
    if (kind == UVREST_KIND_MODEL)
        return *p == '{' ? read_model(r, p, field->of, to, f) : p;
    return read_one(r, p, kind, field->of, to, f);
}

static UVREST__COLD bool unique_keys(reader *r, const uint8_t *p, size_t size, sequence *map);

/* The object at p as a map: entries { key, value }. A key that is no C text makes all of it a misfit. */
static const uint8_t *read_map(reader *r, const uint8_t *p, const uvrest_gen_field *field, sequence *to,
                               const frame *up)
{
    const uint8_t *const begin = p;
    const size_t size = uvrest__tables_entry_size(field->kind & UVREST__KIND_MASK);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    frame f = {up, NULL, NULL, 0};
    if (*p != '{')
        return p;
    if (!uvrest__reader_enter(r, p))
        return NULL;
    p = uvrest__reader_skip(r, p + 1);
    if (*p != '}') {
        for (;;) {
            const uint8_t *value;
            uvrest__text key;
            char *entry = uvrest__reader_push(r, p, size);
            if (entry == NULL)
                return uvrest__reader_failed_in(r, up);
            memset(entry, 0, size);
            if (*p != '"')
                return uvrest__reader_broken(r, p);
            p = uvrest__scalar_text(r, p + 1, &key);
            if (p == NULL || *(p = uvrest__reader_skip(r, p)) != ':')
                return uvrest__reader_broken(r, begin);
            p = value = uvrest__reader_skip(r, p + 1);
            f.key = key.chars;
            f.index++;
            memcpy(entry, &f.key, sizeof f.key);
            if (!key.unfit)
                p = read_entry(r, p, field, entry + sizeof f.key, &f);
            if (UVREST__UNLIKELY(p == NULL))
                return uvrest__reader_failed_in(r, &f);
            if (UVREST__UNLIKELY(p == value)) {
                uvrest__stack_pop(&r->stack, mark);
                r->depth--;
                return begin;
            }
            p = uvrest__reader_skip(r, p);
            if (*p != ',')
                break;
            p = uvrest__reader_skip(r, p + 1);
        }
        if (UVREST__UNLIKELY(*p != '}'))
            return uvrest__reader_broken(r, p);
    }
    if (!settle(r, p, mark, size, f.index, to) || !unique_keys(r, p, size, to))
        return uvrest__reader_failed_in(r, up);
    return uvrest__reader_leave(r, p);
}

/* Of entries with equal keys only the last stays. Done by name and place, as for members of an extra. */
static bool unique_keys(reader *r, const uint8_t *p, size_t size, sequence *map)
{
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    size_t n = map->n_items, kept = 0;
    char *entries = (char *)(uintptr_t)map->items;
    uvrest_extra_member *names;
    uint32_t *scratch;
    if (n < 2)
        return true;
    names = uvrest__reader_push(r, p, n * sizeof *names);
    scratch = names == NULL ? NULL : uvrest__reader_push(r, p, 2 * n * sizeof *scratch);
    if (scratch == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        memcpy(&names[i].name, entries + i * size, sizeof names[i].name);
        names[i].name_len = strlen(names[i].name);
        names[i].value.len = i;
    }
    kept = uvrest__extra_unique(names, n, scratch);
    r->n_duplicates += n - kept;
    for (size_t i = 0; kept < n && i < kept; i++)
        memmove(entries + i * size, entries + names[i].value.len * size, size);
    map->n_items = kept;
    uvrest__stack_pop(&r->stack, mark);
    return true;
}

/* ---- objects -------------------------------------------------------------------------------------------------------- */

/* What an object has beside its struct while it is read. */
typedef struct object {
    frame f;
    unsigned model;
    unsigned n_required; /* of the required members, how many came */
    size_t n_kept;
    uvrest__kept_member *kept;
    char *to;
    uint64_t seen[UVREST__JSON_FIELDS_MAX / 64];
    uint64_t nulls[UVREST__JSON_FIELDS_MAX / 64];
} object;

static uvrest__member_order *find_order(reader *r, unsigned model, unsigned n)
{
    uvrest__member_order *order = &r->orders[model % UVREST__READER_ORDERS];
    if (UVREST__UNLIKELY(order->model != model)) {
        order->model = (uint16_t)model;
        for (unsigned i = 0; i <= n; i++)
            order->next[i] = (uint8_t)i;
    }
    return order;
}

/* Whether the text at p is a member's name with its closing quote. */
UVREST__HOT bool is_name(const reader *r, const uint8_t *p, uint16_t name)
{
    const char *text = uvrest__name_text(r->schema, name);
    unsigned len = uvrest__name_len(r->schema, name);
    if (UVREST__UNLIKELY(r->end - p < 32))
        return r->end - p > (ptrdiff_t)len && memcmp(p, text, len) == 0 && p[len] == '"';
    if (UVREST__LIKELY(len <= 16))
        return uvrest__same16(p, text, len) && p[len] == '"';
    return r->end - p > (ptrdiff_t)len && uvrest__same16(p, text, 16) && memcmp(p + 16, text + 16, len - 16) == 0 &&
           p[len] == '"';
}

/* A member of no model: kept as it is. name: as it stands in the text, or uvrest__text in the arena. p: behind the name. */
static UVREST__COLD const uint8_t *read_unknown(reader *r, const uint8_t *p, object *o, const char *name, size_t len)
{
    const uint8_t *behind;
    if ((const uint8_t *)name >= r->begin && (const uint8_t *)name < r->end) {
        char *copy = uvrest__reader_take(r, p, len + 1, 1);
        if (copy == NULL)
            return NULL;
        memcpy(copy, name, len);
        copy[len] = '\0';
        name = copy;
    }
    p = uvrest__reader_skip(r, p);
    if (*p != ':')
        return uvrest__reader_broken(r, p);
    p = uvrest__reader_skip(r, p + 1);
    behind = uvrest__reader_skip_value(r, p);
    return behind != NULL && uvrest__reader_keep_raw(r, &o->kept, name, len, p, behind) ? behind : NULL;
}

/* A member comes again: what it left the first time goes. */
static UVREST__RARE void forget_member(reader *r, object *o, const uvrest_gen_field *field, unsigned i)
{
    memset(o->to + field->offset, 0, uvrest__tables_member_size(field));
    o->nulls[i / 64] &= ~(UINT64_C(1) << i % 64);
    for (uvrest__kept_member **at = &o->kept; *at != NULL;) {
        if ((*at)->member.name == uvrest__name_text(r->schema, field->name))
            *at = (*at)->before;
        else
            at = &(*at)->before;
    }
    r->n_duplicates++;
}

/* A null for a member: a state of its type where there is one, else a bit. */
static const uint8_t *read_null(reader *r, const uint8_t *p, object *o, const uvrest_gen_field *field, unsigned i)
{
    char *to = o->to + field->offset;
    if (UVREST__UNLIKELY(!uvrest__reader_is_word(r, p, "null")))
        return uvrest__reader_broken(r, p);
    if (!uvrest__tables_set_null(field->kind, to))
        o->nulls[i / 64] |= UINT64_C(1) << i % 64;
    return p + 4;
}

/* A union in memory of its own. */
static UVREST__COLD const uint8_t *read_own_union(reader *r, const uint8_t *p, unsigned choice, void *to,
                                                  const frame *f)
{
    uvrest_union *value;
    if (*p != '{')
        return p;
    value = uvrest__reader_take(r, p, sizeof *value, 8);
    if (value == NULL)
        return NULL;
    memset(value, 0, sizeof *value);
    memcpy(to, &value, sizeof value);
    return read_union(r, p, choice, value, f);
}

/* An enum member, or an array of them: what is not known is kept too. */
static const uint8_t *read_enums(reader *r, const uint8_t *p, object *o, const uvrest_gen_field *field, void *to)
{
    const uint8_t *behind;
    r->unknown_text = false;
    behind =
        field->kind == UVREST_KIND_ENUM ? uvrest__scalar_enum(r, p, field->of, to) : read_array(r, p, field, to, &o->f);
    if (UVREST__LIKELY(!r->unknown_text) || behind == NULL || behind == p)
        return behind;
    return uvrest__reader_keep(r, p, &o->f, &o->kept, "a known enum value");
}

/* The value of a member, not null. */
UVREST__HOT const uint8_t *read_member(reader *r, const uint8_t *p, object *o, const uvrest_gen_field *field)
{
    void *to = o->to + field->offset;
    switch (field->kind) {
    case UVREST_KIND_STR:
        return uvrest__scalar_str(r, p, to);
    case UVREST_KIND_ENUM:
    case UVREST_ROW_ENUM_ARRAY:
        return read_enums(r, p, o, field, to);
    case UVREST_KIND_MODEL:
        return UVREST__LIKELY(*p == '{') ? read_model(r, p, field->of, to, &o->f) : p;
    case UVREST_KIND_UNION:
        return read_own_union(r, p, field->of, to, &o->f);
    default:
        break;
    }
    switch (field->kind & UVREST__SHAPE_MASK) {
    case UVREST_SHAPE_ONE:
        return read_one(r, p, field->kind, field->of, to, &o->f);
    case UVREST_SHAPE_MAP:
        return read_map(r, p, field, to, &o->f);
    default:
        return read_array(r, p, field, to, &o->f);
    }
}

/* Notes each required member that did not come. p: the closing brace. */
static UVREST__RARE bool note_missing(reader *r, object *o, const uint8_t *p)
{
    const uvrest_gen_field *fields = uvrest__model_fields(r->schema, o->model);
    for (unsigned i = 0; i < uvrest__model_n_fields(r->schema, o->model); i++) {
        /* What only the server takes is not expected from it. */
        if ((fields[i].flags & (UVREST_REQUIRED | UVREST_WRITE_ONLY)) != UVREST_REQUIRED ||
            (o->seen[i / 64] >> i % 64 & 1) != 0)
            continue;
        o->f.field = &fields[i];
        if (!uvrest__reader_note(r, &o->f, "a required member", p, NULL))
            return false;
    }
    return true;
}

/* Makes the object's extra of its nulls and of what was kept. */
static __attribute__((noinline)) bool make_extra(reader *r, object *o, const uint8_t *p)
{
    uvrest_extra **to = (uvrest_extra **)(void *)(o->to + r->schema->models[o->model].extra);
    uvrest_extra_member *members = NULL;
    size_t n = 0, at;
    for (const uvrest__kept_member *entry = o->kept; entry != NULL; entry = entry->before)
        n++;
    if (n != 0) {
        uint32_t *scratch = uvrest__reader_push(r, p, 2 * n * sizeof *scratch);
        members = uvrest__reader_take(r, p, n * sizeof *members, 8);
        if (members == NULL || scratch == NULL)
            return false;
        at = n;
        for (const uvrest__kept_member *entry = o->kept; entry != NULL; entry = entry->before)
            members[--at] = entry->member;
        at = uvrest__extra_unique(members, n, scratch);
        r->n_duplicates += n - at;
        n = at;
    }
    if ((size_t)(r->arena->end - r->arena->at) < sizeof(uvrest_extra) + sizeof o->nulls + 8 &&
        !uvrest__reader_grow(r, p, sizeof(uvrest_extra) + sizeof o->nulls))
        return false;
    *to = uvrest__extra_new(r->arena, r->schema, (uint16_t)o->model, o->nulls, members, n);
    return *to != NULL || uvrest__reader_fail(r, p, UVREST_E_NOMEM) != NULL;
}

/* The name of a member that was not guessed. *out_i: which it is, -1 for none of the model's. Returns behind its quote. */
static const uint8_t *read_name(reader *r, const uint8_t *p, unsigned model, int *out_i, const char **out_name,
                                size_t *out_len)
{
    p = uvrest__scalar_peek(r, p, out_name, out_len);
    if (p != NULL)
        *out_i = uvrest__tables_find_field(r->schema, model, *out_name, *out_len);
    return p;
}

/* An object from behind its opening brace into a zeroed struct. */
static const uint8_t *read_object(reader *r, const uint8_t *p, unsigned model, char *to, const frame *up)
{
    const uvrest_gen_field *const fields = uvrest__model_fields(r->schema, model);
    const unsigned n = uvrest__model_n_fields(r->schema, model);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    uint8_t *const next = find_order(r, model, n)->next;
    unsigned at = 0;
    object o;
    memset(&o, 0, sizeof o);
    o.f.up = up;
    o.model = model;
    o.to = to;
    if (!uvrest__reader_enter(r, p - 1))
        return NULL;
    p = uvrest__reader_skip(r, p);
    if (*p == '}')
        goto close;
    for (;;) {
        const uint8_t *value;
        unsigned i = next[at];
        if (UVREST__UNLIKELY(*p != '"'))
            return uvrest__reader_broken(r, p);
        p++;
        if (UVREST__LIKELY(i < n && is_name(r, p, fields[i].name))) {
            p += uvrest__name_len(r->schema, fields[i].name) + 1;
        } else {
            const char *name;
            size_t len;
            int found;
            p = read_name(r, p, model, &found, &name, &len);
            if (UVREST__UNLIKELY(p == NULL))
                return uvrest__reader_failed_in(r, up);
            if (UVREST__UNLIKELY(found < 0)) {
                p = read_unknown(r, p, &o, name, len);
                if (p == NULL)
                    return uvrest__reader_failed_in(r, up);
                goto separator;
            }
            i = (unsigned)found;
            next[at] = (uint8_t)i;
        }
        at = i + 1;
        o.f.field = &fields[i];
        p = uvrest__reader_skip(r, p);
        if (UVREST__UNLIKELY(*p != ':'))
            return uvrest__reader_broken(r, p);
        p = value = uvrest__reader_skip(r, p + 1);
        if (UVREST__UNLIKELY((o.seen[i / 64] >> i % 64 & 1) != 0)) {
            forget_member(r, &o, &fields[i], i);
        } else {
            o.seen[i / 64] |= UINT64_C(1) << i % 64;
            o.n_required += fields[i].flags & UVREST_REQUIRED;
        }
        if (*p == 'n') {
            p = read_null(r, p, &o, &fields[i], i);
        } else {
            p = read_member(r, p, &o, &fields[i]);
            if (UVREST__UNLIKELY(p == value)) {
                memset(to + fields[i].offset, 0, uvrest__tables_member_size(&fields[i]));
                p = uvrest__reader_keep(r, p, &o.f, &o.kept, uvrest__reader_expectation(&fields[i]));
            }
        }
        if (UVREST__UNLIKELY(p == NULL))
            return uvrest__reader_failed_in(r, &o.f);
    separator:
        p = uvrest__reader_skip(r, p);
        if (UVREST__LIKELY(*p == ',')) {
            p = uvrest__reader_skip(r, p + 1);
            continue;
        }
        if (UVREST__UNLIKELY(*p != '}'))
            return uvrest__reader_broken(r, p);
        break;
    }
close:
    if (UVREST__UNLIKELY(o.n_required != r->schema->models[model].required) && !note_missing(r, &o, p))
        return NULL;
    if ((o.nulls[0] | o.nulls[1] | o.nulls[2] | o.nulls[3]) != 0 || o.kept != NULL) {
        if (!make_extra(r, &o, p))
            return uvrest__reader_failed_in(r, up);
    }
    uvrest__stack_pop(&r->stack, mark); /* even of nothing kept: what was may have been superseded */
    return uvrest__reader_leave(r, p);
}

/* ---- whole texts ---------------------------------------------------------------------------------------------------- */

/* Reads a root of one kind: '{' into a struct of the model, '[' into a sequence of them. */
static UVREST__RARE uvrest_status decode_root(uvrest_model model, char open, const char *chars, size_t len,
                                              const uvrest_decode_options *options, uvrest_arena *arena, sequence *to,
                                              uvrest_decode_report *out_report)
{
    const uvrest_gen_field items = {0, 0, model.id, UVREST_ROW_MODEL_ARRAY, 0};
    UVREST__UNINITIALIZED reader r;
    const uint8_t *p = uvrest__reader_begin(&r, model.schema, chars, len, options, arena),
                  *behind = NULL, *const end = r.end;
    const uvrest__ceiling before = uvrest__reader_lower(arena, options == NULL ? 0 : options->max_bytes);
    while (r.end > p && (r.end[-1] == ' ' || r.end[-1] == '\n' || r.end[-1] == '\r' || r.end[-1] == '\t'))
        r.end--;
    if (r.end - p < 2 || *p != (uint8_t)open || r.end[-1] != (open == '{' ? '}' : ']')) {
        uvrest__reader_broken(&r, p);
    } else if (uvrest__reader_make_room(&r, p)) {
        if (open == '[')
            behind = read_array(&r, p, &items, to, NULL);
        else
            behind = read_model(&r, p, model.id, &to->items, NULL);
        if (behind != r.end)
            uvrest__reader_broken(&r, p);
    }
    uvrest__reader_restore(arena, before);
    return uvrest__reader_finish(&r, p, end, open == '{' ? "an object" : "an array of objects", out_report);
}

UVREST__RARE uvrest_status uvrest_json_decode(uvrest_model model, const char *text, size_t len,
                                              const uvrest_decode_options *options, uvrest_arena *arena,
                                              const void **out_value, uvrest_decode_report *out_report)
{
    sequence root = {NULL, 0};
    uvrest_status st = UVREST_E_INVALID;
    if (model.schema != NULL && model.id < model.schema->n_models && arena != NULL && out_value != NULL)
        st = decode_root(model, '{', text, len, options, arena, &root, out_report);
    else if (out_report != NULL)
        memset(out_report, 0, sizeof *out_report);
    if (st == UVREST_OK)
        *out_value = root.items;
    return st;
}

UVREST__RARE uvrest_status uvrest__json_decode_array(uvrest_model model, const char *text, size_t len,
                                                     const uvrest_decode_options *options, uvrest_arena *arena,
                                                     const void **out_items, size_t *out_n_items,
                                                     uvrest_decode_report *out_report)
{
    sequence root = {NULL, 0};
    uvrest_status st = decode_root(model, '[', text, len, options, arena, &root, out_report);
    if (st == UVREST_OK) {
        *out_items = root.items;
        *out_n_items = root.n_items;
    }
    return st;
}

UVREST__RARE uvrest_status uvrest__json_decode_text(const char *text, size_t len, uvrest_arena *arena,
                                                    const char **out_text, uvrest_decode_report *out_report)
{
    UVREST__UNINITIALIZED reader r;
    const uint8_t *p = uvrest__reader_begin(&r, NULL, text, len, NULL, arena), *behind;
    uvrest__text chars = {NULL, 0, false};
    behind = p < r.end && *p == '"' ? uvrest__scalar_text(&r, p + 1, &chars) : uvrest__reader_broken(&r, p);
    if (behind != NULL && (uvrest__skip_space(behind, r.end) != r.end || chars.unfit))
        uvrest__reader_broken(&r, p);
    if (r.status == UVREST_OK)
        *out_text = chars.chars;
    return uvrest__reader_finish(&r, p, r.end, "text", out_report);
}
