/* SPDX-License-Identifier: MIT */
/*
 * What turns one model into another. Two models are compared member by member, by what encoding them would send; so
 * read-only members do not count at any level, and free-form values are the same if their text is but for white space.
 */
#include "arena.h"
#include "extra.h"
#include "limits.h"

/* What a member is: nothing, null, a typed value, or text that an extra holds for it. */
typedef enum form { ABSENT, NULL_FORM, TYPED, TEXT } form;

typedef struct member {
    form form;
    const void *typed;
    uvrest_raw text;
} member;

static bool same_model(const uvrest_schema *schema, unsigned model, const char *a, const char *b, unsigned depth);

static const void *load_pointer(const void *at)
{
    const void *pointer;
    memcpy(&pointer, at, sizeof pointer);
    return pointer;
}

static uvrest_extra *extra_of(const uvrest_schema *schema, unsigned model, const char *value)
{
    return (uvrest_extra *)(uintptr_t)load_pointer(value + schema->models[model].extra);
}

static form typed_form(const uvrest_gen_field *field, const void *at)
{
    unsigned state = uvrest__tables_state(field->kind, at);
    if (field->kind == UVREST_KIND_UNION) /* one without a case is not absent: encoding it says what is wrong */
        state = uvrest__tables_state(UVREST_KIND_STR, at);
    if (field->kind == UVREST_KIND_RAW && state == UVREST_IS_SET && uvrest__raw_is_null(*(const uvrest_raw *)at))
        state = UVREST_IS_NULL;
    return state == UVREST_UNSET ? ABSENT : state == UVREST_IS_NULL ? NULL_FORM : TYPED;
}

static member find_member(const uvrest_schema *schema, unsigned model, const uvrest_gen_field *field, const char *value)
{
    const uvrest_extra *extra = extra_of(schema, model, value);
    const char *name = uvrest__name_text(schema, field->name);
    size_t len = uvrest__name_len(schema, field->name);
    member m = {ABSENT, value + field->offset, uvrest_raw_of(NULL, 0)};
    const uvrest_extra_member *slice;
    m.form = typed_form(field, m.typed);
    if (extra == NULL || m.form == NULL_FORM)
        return m;
    if (m.form == TYPED && (field->kind & UVREST__KIND_MASK) != UVREST_KIND_ENUM)
        return m;
    slice = uvrest__extra_find(extra, name, len);
    if (slice != NULL) {
        m.text = slice->value;
        if (m.form == ABSENT)
            m.form = uvrest__raw_is_null(m.text) ? NULL_FORM : TEXT;
    } else if (m.form == ABSENT && uvrest__extra_is_null(extra, name, len)) {
        m.form = NULL_FORM;
    }
    return m;
}

/* ---- the same ------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL || (const void *)a == UVREST_NULL || (const void *)b == UVREST_NULL)
        return (a == NULL || (const void *)a == UVREST_NULL) && (b == NULL || (const void *)b == UVREST_NULL);
    return a == b || strcmp(a, b) == 0;
}

/* Behind the token at p: a text, a number or word, or one sign. */
static const uint8_t *skip_token(const uint8_t *p, const uint8_t *end)
{
    uvrest__fault fault;
    const uint8_t *behind = p + 1;
    if (*p == '"') {
        behind = uvrest__scan_text(p + 1, end, &fault);
        return behind == NULL ? end : behind;
    }
    if (memchr("{}[]:,", *p, 6) == NULL) {
        while (behind<end && * behind> ' ' && memchr("{}[]:,\"", *behind, 7) == NULL)
            behind++;
    }
    return behind;
}

/* Token by token, so that white space does not count. */
static bool same_raw(uvrest_raw a, uvrest_raw b)
{
    const uint8_t *p = (const uint8_t *)a.text, *q = (const uint8_t *)b.text;
    const uint8_t *p_end, *q_end;
    if (p == NULL || q == NULL)
        return p == q;
    p_end = p + a.len;
    q_end = q + b.len;
    for (;;) {
        const uint8_t *p_behind, *q_behind;
        p = uvrest__skip_space(p, p_end);
        q = uvrest__skip_space(q, q_end);
        if (p == p_end || q == q_end)
            return p == p_end && q == q_end;
        p_behind = skip_token(p, p_end);
        q_behind = skip_token(q, q_end);
        if (p_behind - p != q_behind - q || memcmp(p, q, (size_t)(p_behind - p)) != 0)
            return false;
        p = p_behind;
        q = q_behind;
    }
}

static bool same_union(const uvrest_schema *schema, unsigned choice, const uvrest_union *a, const uvrest_union *b,
                       unsigned depth)
{
    unsigned which = (unsigned)(a->kind - UVREST__ENUM_FIRST);
    if (a->kind != b->kind)
        return false;
    if (a->kind == UVREST__ENUM_UNKNOWN)
        return same_raw(a->raw, b->raw);
    if (a->kind < UVREST__ENUM_FIRST || which >= uvrest__tables_n_cases(schema, choice) || a->value == b->value)
        return true;
    return a->value != NULL && b->value != NULL &&
           same_model(schema, uvrest__tables_case(schema, choice, which)->model, a->value, b->value, depth);
}

/* Two elements of arrays, or two members of one kind that are set. */
static bool same_one(const uvrest_schema *schema, const uvrest_gen_field *field, const void *a, const void *b,
                     unsigned depth)
{
    switch (field->kind & UVREST__KIND_MASK) {
    case UVREST_KIND_BOOL: {
        const uvrest_opt_bool *x = a, *y = b;
        return x->state == y->state && (x->state != UVREST_IS_SET || x->value == y->value);
    }
    case UVREST_KIND_I32: {
        const uvrest_opt_i32 *x = a, *y = b;
        return x->state == y->state && (x->state != UVREST_IS_SET || x->value == y->value);
    }
    case UVREST_KIND_I64: {
        const uvrest_opt_i64 *x = a, *y = b;
        return x->state == y->state && (x->state != UVREST_IS_SET || x->value == y->value);
    }
    case UVREST_KIND_F64: {
        const uvrest_opt_f64 *x = a, *y = b;
        return x->state == y->state && (x->state != UVREST_IS_SET || x->value == y->value);
    }
    case UVREST_KIND_STR:
        return same_text(load_pointer(a), load_pointer(b));
    case UVREST_KIND_ENUM:
        return *(const int *)a == *(const int *)b;
    case UVREST_KIND_RAW:
        return same_raw(*(const uvrest_raw *)a, *(const uvrest_raw *)b);
    case UVREST_KIND_MODEL:
        return same_model(schema, field->of, a, b, depth);
    default:
        return same_union(schema, field->of, a, b, depth);
    }
}

static bool same_entry_value(const uvrest_schema *schema, const uvrest_gen_field *field, const void *a, const void *b,
                             unsigned depth)
{
    const void *x, *y;
    if ((field->kind & UVREST__KIND_MASK) != UVREST_KIND_MODEL)
        return same_one(schema, field, a, b, depth);
    x = load_pointer(a);
    y = load_pointer(b);
    x = x == UVREST_NULL ? NULL : x;
    y = y == UVREST_NULL ? NULL : y;
    return x == y || (x != NULL && y != NULL && same_model(schema, field->of, x, y, depth));
}

/* The order of entries does not count. Maps that were read and copied have one order, so each key is tried in place first. */
static bool same_map(const uvrest_schema *schema, const uvrest_gen_field *field, const uvrest_text_map *a,
                     const uvrest_text_map *b, unsigned depth)
{
    const size_t size =
        sizeof(char *) + ((field->kind & UVREST__KIND_MASK) == UVREST_KIND_RAW ? sizeof(uvrest_raw) : sizeof(void *));
    const char *p = (const char *)a->entries, *q = (const char *)b->entries;
    if (a->n_entries != b->n_entries)
        return false;
    if (p == q)
        return true;
    for (size_t i = 0; i < a->n_entries; i++) {
        size_t j = i;
        while (!same_text(load_pointer(p + i * size), load_pointer(q + j * size))) {
            j = (j + 1) % b->n_entries;
            if (j == i)
                return false;
        }
        if (!same_entry_value(schema, field, p + i * size + sizeof(char *), q + j * size + sizeof(char *), depth))
            return false;
    }
    return true;
}

static bool same_array(const uvrest_schema *schema, const uvrest_gen_field *field, const uvrest_text_map *a,
                       const uvrest_text_map *b, unsigned depth)
{
    const size_t size = uvrest__tables_element_size(schema, field);
    const bool maps = (field->kind & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP_ARRAY;
    const char *p = (const char *)a->entries, *q = (const char *)b->entries;
    if (a->n_entries != b->n_entries)
        return false;
    for (size_t i = 0; p != q && i < a->n_entries; i++, p += size, q += size) {
        if (maps ? !same_map(schema, field, (const void *)p, (const void *)q, depth)
                 : !same_one(schema, field, p, q, depth))
            return false;
    }
    return true;
}

static bool has_unknown(const uvrest_gen_field *field, const void *at)
{
    const uvrest_text_map *list = at;
    const int *values = field->kind == UVREST_KIND_ENUM ? at : (const void *)list->entries;
    size_t n = field->kind == UVREST_KIND_ENUM ? 1 : list->n_entries;
    for (size_t i = 0; i < n; i++) {
        if (values[i] == UVREST__ENUM_UNKNOWN)
            return true;
    }
    return false;
}

static bool same_member(const uvrest_schema *schema, const uvrest_gen_field *field, const member *a, const member *b,
                        unsigned depth)
{
    if (a->form != b->form)
        return false;
    if (a->form == TEXT)
        return same_raw(a->text, b->text);
    if (a->form != TYPED)
        return true;
    switch (field->kind & UVREST__SHAPE_MASK) {
    case UVREST_SHAPE_MAP:
        return same_map(schema, field, a->typed, b->typed, depth);
    case UVREST_SHAPE_ONE:
        if (field->kind == UVREST_KIND_MODEL || field->kind == UVREST_KIND_UNION) {
            const void *x = load_pointer(a->typed), *y = load_pointer(b->typed);
            return x == y || same_one(schema, field, x, y, depth);
        }
        if (!same_one(schema, field, a->typed, b->typed, depth))
            return false;
        break;
    default:
        if (!same_array(schema, field, a->typed, b->typed, depth))
            return false;
        break;
    }
    /* Two values that are not known are the same if their texts are. */
    return (field->kind & UVREST__KIND_MASK) != UVREST_KIND_ENUM || !has_unknown(field, a->typed) ||
           same_raw(a->text, b->text);
}

/* Whether a member of an extra is one the model does not have. */
static bool is_unknown(const uvrest_schema *schema, unsigned model, const uvrest_extra_member *m)
{
    return uvrest__tables_find_field(schema, model, m->name, m->name_len) < 0;
}

static bool unknown_within(const uvrest_schema *schema, unsigned model, const uvrest_extra *a, const uvrest_extra *b)
{
    for (size_t i = 0; a != NULL && i < a->n_members; i++) {
        const uvrest_extra_member *m = &a->members[i], *other;
        if (!is_unknown(schema, model, m))
            continue;
        other = uvrest__extra_find(b, m->name, m->name_len);
        if (other == NULL || !same_raw(m->value, other->value))
            return false;
    }
    return true;
}

/* Beyond the depth that can be encoded two models are told apart; encoding then says why. */
static bool same_model(const uvrest_schema *schema, unsigned model, const char *a, const char *b, unsigned depth)
{
    const uvrest_gen_field *fields = uvrest__model_fields(schema, model);
    const uvrest_extra *x, *y;
    if (a == b)
        return true;
    if (depth == UVREST__JSON_DEPTH_MAX)
        return false;
    for (unsigned i = 0; i < uvrest__model_n_fields(schema, model); i++) {
        member before, after;
        if ((fields[i].flags & UVREST_READ_ONLY) != 0)
            continue;
        before = find_member(schema, model, &fields[i], a);
        after = find_member(schema, model, &fields[i], b);
        if (!same_member(schema, &fields[i], &before, &after, depth + 1))
            return false;
    }
    x = extra_of(schema, model, a);
    y = extra_of(schema, model, b);
    return x == y || (unknown_within(schema, model, x, y) && unknown_within(schema, model, y, x));
}

/* ---- the patch ------------------------------------------------------------------------------------------------------ */

static void set_null(const uvrest_gen_field *field, char *to)
{
    const void *null = UVREST_NULL;
    if (!uvrest__tables_set_null(field->kind, to))
        memcpy(to, &null, sizeof null);
}

/* Members on their way into the patch's extra. */
typedef struct list {
    uvrest_extra_member *members;
    size_t n;
} list;

static void add(list *to, const char *name, size_t name_len, uvrest_raw value)
{
    to->members[to->n].name = name;
    to->members[to->n].name_len = name_len;
    to->members[to->n++].value = value;
}

static void add_member(const uvrest_schema *schema, const uvrest_gen_field *field, const member *after, char *patch,
                       list *extra)
{
    if (after->form == ABSENT || after->form == NULL_FORM) {
        set_null(field, patch + field->offset);
        return;
    }
    if (after->form == TYPED)
        memcpy(patch + field->offset, after->typed, uvrest__tables_member_size(field));
    if (after->text.text != NULL && (after->form == TEXT || has_unknown(field, after->typed)))
        add(extra, uvrest__name_text(schema, field->name), uvrest__name_len(schema, field->name), after->text);
}

/* Members no model knows: those that are new or other, and null for those that are gone. */
static void add_unknown(const uvrest_schema *schema, unsigned model, const uvrest_extra *before,
                        const uvrest_extra *after, list *to)
{
    for (size_t i = 0; after != NULL && i < after->n_members; i++) {
        const uvrest_extra_member *m = &after->members[i];
        const uvrest_extra_member *old = uvrest__extra_find(before, m->name, m->name_len);
        if (is_unknown(schema, model, m) && (old == NULL || !same_raw(old->value, m->value)))
            add(to, m->name, m->name_len, m->value);
    }
    for (size_t i = 0; before != NULL && i < before->n_members; i++) {
        const uvrest_extra_member *m = &before->members[i];
        if (is_unknown(schema, model, m) && uvrest__extra_find(after, m->name, m->name_len) == NULL &&
            !uvrest__raw_is_null(m->value))
            add(to, m->name, m->name_len, uvrest_raw_of("null", 4));
    }
}

uvrest_status uvrest_json_diff(uvrest_model model, const void *before, const void *after, uvrest_arena *arena,
                               const void **out_patch)
{
    const uvrest_schema *schema = model.schema;
    const uvrest_gen_field *fields;
    const uvrest_extra *old, *new;
    uvrest_extra *made = NULL;
    unsigned n;
    char *patch;
    list extra = {NULL, 0};
    if (schema == NULL || model.id >= schema->n_models || before == NULL || after == NULL || arena == NULL ||
        out_patch == NULL)
        return UVREST_E_INVALID;
    fields = uvrest__model_fields(schema, model.id);
    n = uvrest__model_n_fields(schema, model.id);
    old = extra_of(schema, model.id, before);
    new = extra_of(schema, model.id, after);
    patch = uvrest_arena_alloc(arena, schema->models[model.id].size);
    if (patch == NULL)
        return UVREST_E_NOMEM;
    if (old != NULL || new != NULL) {
        size_t most = n + (old == NULL ? 0 : old->n_members) + (new == NULL ? 0 : new->n_members);
        extra.members = uvrest_arena_alloc(arena, most * sizeof *extra.members);
        if (extra.members == NULL)
            return UVREST_E_NOMEM;
    }
    for (unsigned i = 0; i < n; i++) {
        member x = find_member(schema, model.id, &fields[i], before);
        member y = find_member(schema, model.id, &fields[i], after);
        if ((fields[i].flags & UVREST_READ_ONLY) != 0 || same_member(schema, &fields[i], &x, &y, 1) ||
            (y.form == ABSENT && x.form == NULL_FORM))
            continue;
        add_member(schema, &fields[i], &y, patch, &extra);
    }
    add_unknown(schema, model.id, old, new, &extra);
    if (extra.n != 0) {
        made = uvrest__extra_new(arena, NULL, 0, NULL, extra.members, extra.n);
        if (made == NULL)
            return UVREST_E_NOMEM;
        memcpy(patch + schema->models[model.id].extra, &made, sizeof made);
    }
    *out_patch = patch;
    return UVREST_OK;
}
