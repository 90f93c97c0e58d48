/* SPDX-License-Identifier: MIT */
/*
 * JSON text to structs, driven by tables: objects, arrays, maps, unions, whole texts. One pass; no tree. How the
 * reading functions work together is said in reader.h.
 */
#include "decode.h"
#include "scalar.h"
#include "walk.h"

typedef uvrest__reader reader;
typedef uvrest__frame frame;

/* Kinds beside those of gen.h: what an array holds by value where a member has a pointer. */
enum { ELEMENT_MODEL = UVREST_KIND_RAW + 1, ELEMENT_UNION };

static const uint8_t *read_value(reader *r, const uint8_t *p, unsigned kind, unsigned of, void *to, const frame *f);

/* The text at p of which `len` bytes are copied, of any make; p if it is none of C. */
static UVREST__COLD const uint8_t *read_text(reader *r, const uint8_t *p, size_t len, void *to)
{
    const uint8_t *behind = uvrest__scalar_text(r, p + 1 + len, len);
    if (UVREST__UNLIKELY(r->text.unfit))
        return behind == NULL ? NULL : p;
    memcpy(to, &r->text.chars, sizeof r->text.chars);
    return behind;
}

/*
 * The text at p, for C; a misfit if it is another kind of value, or holds NUL or a lone surrogate. The usual one is
 * plain, with room for whole blocks where it is and where it goes. A block is copied before it is known to be.
 */
UVREST__HOT const uint8_t *read_str(reader *r, const uint8_t *p, void *to)
{
    uvrest_arena *const arena = r->arena;
    char *const chars = arena->at;
    const ptrdiff_t room = arena->end - chars - 1, left = r->end - p - 1;
    const ptrdiff_t last = (left < room ? left : room) - UVREST__BLOCK;
    ptrdiff_t len = 0;
    if (UVREST__UNLIKELY(*p != '"'))
        return p;
    for (; UVREST__LIKELY(len <= last); len += UVREST__BLOCK) {
        uvrest__block16 block = uvrest__block_load(p + 1 + len);
        uvrest__mask special = uvrest__block_special(block);
        uvrest__block_store(chars + len, block);
        if (special != 0) {
            len += uvrest__mask_first(special);
            if (UVREST__UNLIKELY(p[1 + len] != '"'))
                break;
            chars[len] = '\0';
            memcpy(to, &chars, sizeof chars);
            arena->at = chars + len + 1;
            return p + len + 2;
        }
    }
    return read_text(r, p, (size_t)len, to);
}

/* ---- unions ------------------------------------------------------------------------------------------------------ */

/* Whether the text last read is this one. */
static UVREST__RARE bool is_text(const reader *r, uint16_t name)
{
    return uvrest__name_len(r->schema, name) == r->text.len &&
           memcmp(uvrest__name_text(r->schema, name), r->text.chars, r->text.len) == 0;
}

/* The case a tag's value stands for; NULL if none. p: the value. */
static UVREST__RARE const uvrest_gen_case *find_case(reader *r, const uint8_t *p, unsigned choice)
{
    const uvrest_gen_union *rows = &r->schema->unions[choice];
    if (*p != '"' || uvrest__scalar_peek(r, p + 1) == NULL)
        return NULL;
    for (unsigned i = rows[0].first; i < rows[1].first; i++) {
        if (is_text(r, r->schema->cases[i].text))
            return &r->schema->cases[i];
    }
    return NULL;
}

/* The object at p as one of the cases. Its tag may stand anywhere; of several the last counts. */
static UVREST__RARE const uint8_t *read_union(reader *r, const uint8_t *p, unsigned choice, uvrest_union *to,
                                              const frame *f)
{
    const uvrest_gen_union *rows = &r->schema->unions[choice];
    const uvrest_gen_case *found = NULL;
    const uint8_t *const behind = uvrest__reader_skip_value(r, p);
    if (behind == NULL)
        return NULL;
    for (uvrest__walk walk = uvrest__walk_of((const char *)p, (size_t)(behind - p)); uvrest__walk_next(&walk);) {
        if (uvrest__scalar_peek(r, (const uint8_t *)walk.name.text + 1) != NULL && is_text(r, rows->tag))
            found = find_case(r, (const uint8_t *)walk.value.text, choice);
        if (r->status != UVREST_OK)
            return NULL;
    }
    if (found != NULL) {
        to->kind = UVREST__ENUM_FIRST + (int)(found - &r->schema->cases[rows->first]);
        return read_value(r, p, UVREST_KIND_MODEL, found->model, &to->value, f);
    }
    to->kind = UVREST__ENUM_UNKNOWN;
    if (!uvrest__reader_note(r, f, "a known tag", p, behind) || !uvrest__reader_keep_text(r, p, behind, &to->raw))
        return NULL;
    return behind;
}

/* ---- arrays and maps --------------------------------------------------------------------------------------------- */

/* What the elements of an array or the values of a map are, as read_value() has it. kind: of the member. */
static UVREST__COLD unsigned kind_of_items(unsigned kind)
{
    switch (kind) {
    case UVREST_ROW_MODEL_ARRAY:
        return ELEMENT_MODEL;
    case UVREST_ROW_UNION_ARRAY:
        return ELEMENT_UNION;
    case UVREST_ROW_STR_MAP_ARRAY:
        return UVREST_ROW_STR_MAP;
    default:
        return kind & UVREST__KIND_MASK;
    }
}

/* Something in an array or a map, into `to`, zeroed. Null is a value where C has one for it. */
static const uint8_t *read_item(reader *r, const uint8_t *p, unsigned kind, unsigned of, void *to, const frame *f)
{
    if (UVREST__LIKELY(*p != 'n') || kind == ELEMENT_MODEL || kind == UVREST_KIND_RAW || kind == UVREST_ROW_STR_MAP)
        return read_value(r, p, kind, of, to, f);
    if (!uvrest__reader_is_word(r, p, "null"))
        return uvrest__reader_broken(r, p);
    uvrest__tables_set_null(kind == ELEMENT_UNION ? UVREST_KIND_ENUM : kind, to); /* an enum is what it begins with */
    return p + 4;
}

/* The key of an entry of a map, from behind its quote to its value. A key that is no C text is NULL in f->key. */
static UVREST__RARE const uint8_t *read_key(reader *r, const uint8_t *p, char *entry, frame *f)
{
    if (*p != '"')
        return uvrest__reader_broken(r, p);
    p = uvrest__scalar_text(r, p + 1, 0);
    if (p == NULL)
        return NULL;
    p = uvrest__reader_skip(r, p);
    if (*p != ':')
        return uvrest__reader_broken(r, p);
    f->key = r->text.unfit ? NULL : r->text.chars;
    memcpy(entry, &f->key, sizeof f->key);
    return uvrest__reader_skip(r, p + 1);
}

/* Compares entries of a map, which begin with their keys. */
static int compare_keys(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Of entries with equal keys only the last stays. */
static UVREST__RARE bool unique_keys(reader *r, const uint8_t *p, size_t size, uvrest__sequence *map)
{
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    void **scratch = uvrest__reader_push(r, p, 2 * map->n_items * sizeof *scratch);
    if (scratch == NULL)
        return false;
    map->n_items = uvrest__extra_unique((char *)(uintptr_t)map->items, map->n_items, size, compare_keys, scratch);
    uvrest__stack_pop(&r->stack, mark);
    return true;
}

/*
 * The array or the map at p, whose entries are { key, value }. shape: its kind and shape. What does not fit in it makes
 * all of it a misfit.
 */
static UVREST__COLD const uint8_t *read_items(reader *r, const uint8_t *p, unsigned shape, unsigned of,
                                              uvrest__sequence *to, const frame *up)
{
    const uint8_t *const begin = p;
    const bool is_map = (shape & UVREST__SHAPE_MASK) == UVREST_SHAPE_MAP;
    const unsigned kind = kind_of_items(shape);
    const size_t size = uvrest__tables_element_size(r->schema, shape, of);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    frame f = {up, NULL, NULL, 0};
    if (*p != (is_map ? '{' : '['))
        return p;
    if (!uvrest__reader_enter(r, p))
        return NULL;
    p = uvrest__reader_skip(r, p + 1);
    if (*p != *begin + 2) { /* so it is with both kinds of bracket */
        for (;;) {
            const uint8_t *value;
            char *item = uvrest__reader_push(r, p, size);
            if (item == NULL)
                goto failed;
            if (is_map) {
                p = read_key(r, p, item, &f);
                item += sizeof f.key;
                if (UVREST__UNLIKELY(p == NULL))
                    return NULL;
            }
            value = p;
            if (UVREST__LIKELY(!is_map || f.key != NULL))
                p = read_item(r, p, kind, of, item, &f);
            if (UVREST__UNLIKELY(p == NULL))
                goto failed;
            if (UVREST__UNLIKELY(p == value)) {
                uvrest__stack_pop(&r->stack, mark);
                r->depth--;
                r->unknown_text = false;
                return begin;
            }
            f.index++;
            p = uvrest__reader_skip(r, p);
            if (*p != ',')
                break;
            p = uvrest__reader_skip(r, p + 1);
        }
        if (UVREST__UNLIKELY(*p != *begin + 2))
            return uvrest__reader_broken(r, p);
    }
    to->items = UVREST_EMPTY;
    to->n_items = f.index;
    if (f.index != 0) {
        char *items = uvrest__reader_take(r, p, f.index * size);
        if (items == NULL)
            goto failed;
        uvrest__stack_gather(&r->stack, mark, f.index * size, items);
        to->items = items;
        if (is_map && f.index > 1 && !unique_keys(r, p, size, to))
            goto failed;
    }
    return uvrest__reader_leave(r, p);
failed:
    return uvrest__reader_failed_in(r, &f);
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

/* What an object has beside its struct while it is read. */
typedef struct object {
    frame f;
    unsigned model;
    unsigned n_required; /* of the required members, how many came */
    uvrest__kept_member *kept;
    char *to;
    uint64_t seen[UVREST__JSON_FIELDS_MAX / 64];
    uint64_t nulls[UVREST__JSON_FIELDS_MAX / 64];
} object;

/* The order of a model's members, as far as it is known. */
UVREST__HOT uint8_t *find_order(reader *r, unsigned model)
{
    unsigned slot = model % UVREST__READER_ORDERS;
    if (UVREST__UNLIKELY(r->order_of[slot] != model)) {
        r->order_of[slot] = (uint16_t)model;
        memset(r->orders[slot], 0, sizeof r->orders[slot]);
    }
    return r->orders[slot];
}

/*
 * Behind the name at p and its colon, if it is this one, followed by quote and colon at once; NULL else, and so near
 * the text's end or of a name so long that it does not pay to find out. text: in the pool.
 */
UVREST__HOT const uint8_t *match_name(const reader *r, const uint8_t *p, const char *text)
{
    const unsigned len = (uint8_t)text[-1];
    if (UVREST__UNLIKELY(r->end - p < 18))
        return NULL;
    if (UVREST__LIKELY(len <= 16)) {
        if (UVREST__UNLIKELY(!uvrest__same16(p, text, len)))
            return NULL;
    } else if (len > 32 || r->end - p < (ptrdiff_t)len + 2 || !uvrest__same16(p, text, 16) ||
               !uvrest__same16(p + len - 16, text + len - 16, 16)) {
        return NULL;
    }
    p += len;
    return UVREST__LIKELY(memcmp(p, "\":", 2) == 0) ? p + 2 : NULL;
}

/* A member of no model, from behind the opening quote of its name and with its value at p.
 * Behind it; o->f.field is NULL. */
static UVREST__COLD const uint8_t *keep_unknown(reader *r, const uint8_t *begin, const uint8_t *p, object *o)
{
    const uint8_t *behind;
    uvrest__text name;
    if (uvrest__scalar_text(r, begin, 0) == NULL)
        return NULL;
    name = r->text;
    behind = uvrest__reader_skip_value(r, p);
    return behind != NULL && uvrest__reader_keep_raw(r, &o->kept, name.chars, name.len, p, behind) ? behind : NULL;
}

/*
 * The name of a member that was not guessed, from behind its opening quote to behind its colon; o->f.field is the
 * member it names. One of no model is kept as it is, value and all: o->f.field is NULL then.
 */
static UVREST__COLD const uint8_t *read_name(reader *r, const uint8_t *p, object *o)
{
    const uint8_t *const begin = p;
    p = uvrest__scalar_peek(r, p);
    if (p == NULL)
        return NULL;
    p = uvrest__reader_skip(r, p);
    if (UVREST__UNLIKELY(*p != ':'))
        return uvrest__reader_broken(r, p);
    p = uvrest__reader_skip(r, p + 1);
    o->f.field = uvrest__tables_find_field(r->schema, o->model, r->text.chars, r->text.len);
    return UVREST__LIKELY(o->f.field != NULL) ? p : keep_unknown(r, begin, p, o);
}

static UVREST__RARE void clear_member(const object *o)
{
    memset(o->to + o->f.field->offset, 0, uvrest__tables_member_size(o->f.field));
}

/* Keeps the text from p to behind, which may be nothing, for the member at hand. */
static UVREST__RARE bool keep_member(reader *r, object *o, const uint8_t *p, const uint8_t *behind)
{
    const uvrest_gen_field *field = o->f.field;
    return uvrest__reader_keep_raw(r, &o->kept, uvrest__name_text(r->schema, field->name),
                                   uvrest__name_len(r->schema, field->name), p, behind);
}

/*
 * A member comes again: what it left the first time goes. Of texts that were kept the last one of its name counts, so
 * from now on that is one of no length.
 */
static UVREST__RARE bool forget_member(reader *r, object *o, unsigned i, const uint8_t *p)
{
    clear_member(o);
    o->nulls[i / 64] &= ~(UINT64_C(1) << i % 64);
    return o->kept == NULL || keep_member(r, o, p, p);
}

/*
 * The member's value at p was read up to `behind`, and failed, does not fit or holds texts that are no values of their
 * enum: in the last two cases it is noted and kept as text. Returns behind it.
 */
static UVREST__RARE const uint8_t *keep_misfit(reader *r, const uint8_t *p, const uint8_t *behind, object *o)
{
    const char *expected = "a known enum value";
    if (behind != NULL && !r->unknown_text) {
        expected = uvrest__reader_expectation(o->f.field->kind);
        clear_member(o);
        behind = uvrest__reader_skip_value(r, p);
    }
    r->unknown_text = false;
    if (behind != NULL && uvrest__reader_note(r, &o->f, expected, p, behind) && keep_member(r, o, p, behind))
        return behind;
    return uvrest__reader_failed_in(r, &o->f);
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

/* Makes the object's extra of its nulls and of what was kept and still counts, if any. false with the decode failed. */
static UVREST__RARE bool make_extra(reader *r, object *o, const uint8_t *p)
{
    const size_t n_words = (uvrest__model_n_fields(r->schema, o->model) + 63u) / 64;
    uvrest_extra_member *members = NULL;
    uvrest_extra *extra;
    size_t n = 0, i, n_kept;
    for (const uvrest__kept_member *entry = o->kept; entry != NULL; entry = entry->before)
        n++;
    if (n != 0) {
        void **scratch = uvrest__reader_push(r, p, 2 * n * sizeof *scratch);
        members = uvrest__reader_take(r, p, n * sizeof *members);
        if (members == NULL || scratch == NULL)
            return false;
        i = n;
        for (const uvrest__kept_member *entry = o->kept; entry != NULL; entry = entry->before)
            members[--i] = entry->member;
        n_kept = uvrest__extra_unique(members, n, sizeof *members, uvrest__extra_compare, scratch);
        for (n = 0; i < n_kept; i++) {
            if (members[i].value.len == 0)
                continue;
            if (n != i)
                members[n] = members[i];
            n++;
        }
    }
    extra = uvrest__reader_take(r, p, sizeof *extra + n_words * sizeof o->nulls[0]);
    if (extra == NULL)
        return false;
    *extra = (uvrest_extra){r->schema, members, n, (uint16_t)o->model, 0};
    for (i = 0; i < n_words; i++) {
        extra->nulls[i] = o->nulls[i];
        for (uint64_t left = o->nulls[i]; left != 0; left &= left - 1)
            extra->n_nulls++;
    }
    if (n + extra->n_nulls != 0)
        memcpy(o->to + r->schema->models[o->model].extra, &extra, sizeof extra);
    return true;
}

/* An object from its opening brace on into a zeroed struct. */
static UVREST__COLD const uint8_t *read_object(reader *r, const uint8_t *p, unsigned model, char *to, const frame *up)
{
    const uvrest_gen_field *const fields = uvrest__model_fields(r->schema, model);
    const char *const pool = r->schema->pool;
    const unsigned n = uvrest__model_n_fields(r->schema, model);
    const uvrest__stack_mark mark = uvrest__stack_top(&r->stack);
    uint8_t *const skips = find_order(r, model);
    unsigned at = 0; /* the row behind the one of the last member */
    object o = {{up, NULL, NULL, 0}, model, 0, NULL, to, {0}, {0}};
    if (!uvrest__reader_enter(r, p))
        return NULL;
    p = uvrest__reader_skip(r, p + 1);
    if (*p == '}')
        goto close;
    for (;;) {
        const uvrest_gen_field *field;
        const uint8_t *value;
        unsigned i = (uint8_t)(at + skips[at]);
        uint64_t *seen, bit;
        void *member;
        if (UVREST__UNLIKELY(*p != '"'))
            return uvrest__reader_broken(r, p);
        field = &fields[i];
        value = i < n ? match_name(r, p + 1, pool + field->name) : NULL;
        if (UVREST__LIKELY(value != NULL)) {
            value = uvrest__reader_skip(r, value);
            o.f.field = field;
        } else {
            value = read_name(r, p + 1, &o);
            if (UVREST__UNLIKELY(value == NULL))
                return NULL;
            field = o.f.field;
            if (UVREST__UNLIKELY(field == NULL)) {
                p = value;
                goto separator;
            }
            i = (unsigned)(field - fields);
            skips[at] = (uint8_t)(i - at);
        }
        at = i + 1;
        member = to + field->offset;
        seen = &o.seen[i / 64];
        bit = UINT64_C(1) << i % 64;
        if (UVREST__UNLIKELY((*seen & bit) != 0)) {
            if (!forget_member(r, &o, i, value))
                return NULL;
        } else {
            *seen |= bit;
            o.n_required += field->flags & UVREST_REQUIRED;
        }
        if (*value == 'n') {
            if (UVREST__UNLIKELY(!uvrest__reader_is_word(r, value, "null")))
                return uvrest__reader_broken(r, value);
            if (!uvrest__tables_set_null(field->kind, member))
                o.nulls[i / 64] |= bit;
            p = value + 4;
        } else {
            p = field->kind == UVREST_KIND_STR ? read_str(r, value, member)
                                               : read_value(r, value, field->kind, field->of, member, &o.f);
            if (UVREST__UNLIKELY((uintptr_t)p <= (uintptr_t)value || r->unknown_text)) {
                p = keep_misfit(r, value, p, &o);
                if (p == NULL)
                    return NULL;
            }
        }
    separator:
        if (UVREST__LIKELY(*p == ',' && p[1] == '"')) {
            p++;
            continue;
        }
        p = uvrest__reader_skip(r, p);
        if (UVREST__UNLIKELY(*p != ','))
            break;
        p = uvrest__reader_skip(r, p + 1);
    }
    if (UVREST__UNLIKELY(*p != '}'))
        return uvrest__reader_broken(r, p);
close:
    if (UVREST__UNLIKELY(o.n_required != r->schema->models[model].required) && !note_missing(r, &o, p))
        return NULL;
    if (((o.nulls[0] | o.nulls[1] | o.nulls[2] | o.nulls[3]) != 0 || o.kept != NULL) && !make_extra(r, &o, p))
        return NULL;
    uvrest__stack_pop(&r->stack, mark); /* even of nothing kept: what was may have been superseded */
    return uvrest__reader_leave(r, p);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static UVREST__COLD const uint8_t *read_enum(reader *r, const uint8_t *p, unsigned enumeration, int *to)
{
    p = uvrest__scalar_peek(r, p + 1);
    if (p == NULL)
        return NULL;
    *to = uvrest__tables_find_text(r->schema, enumeration, r->text.chars, r->text.len);
    r->unknown_text |= *to == UVREST__ENUM_UNKNOWN;
    return p;
}

/* A text that is no member: those are read where they are met. */
static UVREST__COLD const uint8_t *read_element(reader *r, const uint8_t *p, void *to)
{
    return read_str(r, p, to);
}

UVREST__HOT const uint8_t *read_bool(const reader *r, const uint8_t *p, uvrest_opt_bool *to)
{
    const bool value = uvrest__reader_is_word(r, p, "true");
    if (!value && !(uvrest__reader_is_word(r, p, "fals") && p[4] == 'e'))
        return p;
    *to = uvrest_bool(value);
    return p + 5 - value;
}

static UVREST__COLD const uint8_t *read_raw(reader *r, const uint8_t *p, uvrest_raw *to)
{
    const uint8_t *behind = uvrest__reader_skip_value(r, p);
    return behind != NULL && uvrest__reader_keep_text(r, p, behind, to) ? behind : NULL;
}

/* A model or a union that its parent points to. */
static UVREST__COLD const uint8_t *read_pointed(reader *r, const uint8_t *p, unsigned kind, unsigned of, void *to,
                                                const frame *f)
{
    const size_t size = kind == UVREST_KIND_MODEL ? r->schema->models[of].size : sizeof(uvrest_union);
    void *own = *p == '{' ? uvrest__reader_take(r, p, size) : NULL;
    if (UVREST__UNLIKELY(own == NULL))
        return *p == '{' ? NULL : p;
    memcpy(to, &own, sizeof own);
    memset(own, 0, size);
    return kind == UVREST_KIND_MODEL ? read_object(r, p, of, own, f) : read_union(r, p, of, own, f);
}

/*
 * A value at p, not null, into `to`, zeroed: of a kind with its shape, or of one that stands in an array. All it does
 * is to jump to whoever reads it.
 */
static const uint8_t *read_value(reader *r, const uint8_t *p, unsigned kind, unsigned of, void *to, const frame *f)
{
    switch (kind) {
    case UVREST_KIND_STR:
        return read_element(r, p, to);
    case UVREST_KIND_I32:
    case UVREST_KIND_I64:
    case UVREST_KIND_F64:
        return uvrest__scalar_number(r, p, kind, to);
    case UVREST_KIND_BOOL:
        return read_bool(r, p, to);
    case UVREST_KIND_ENUM:
        return *p == '"' ? read_enum(r, p, of, to) : p;
    case UVREST_KIND_RAW:
        return read_raw(r, p, to);
    case UVREST_KIND_MODEL:
    case UVREST_KIND_UNION:
        return read_pointed(r, p, kind, of, to, f);
    case ELEMENT_MODEL:
        return *p == '{' ? read_object(r, p, of, to, f) : p;
    case ELEMENT_UNION:
        return *p == '{' ? read_union(r, p, of, to, f) : p;
    default:
        return read_items(r, p, kind, of, to, f);
    }
}

/* ---- whole texts ------------------------------------------------------------------------------------------------- */

/* Reads a root of one kind: a model, an array of models or a text. out_value: address of a pointer to what it is. */
static UVREST__RARE uvrest_status decode(uvrest_model model, unsigned kind, const char *text, size_t len,
                                         const uvrest_decode_options *options, uvrest_arena *arena, void *out_value,
                                         size_t *out_n, uvrest_decode_report *out_report)
{
    const uint8_t opening = kind == UVREST_KIND_STR ? '"' : kind == UVREST_KIND_MODEL ? '{' : '[';
    UVREST__UNINITIALIZED reader r;
    const uint8_t *p = uvrest__reader_begin(&r, model.schema, text, len, options, arena);
    uvrest_status st;
    if (r.end - p < 2 || *p != opening || r.end[-1] != opening + (opening != '"') * 2 ||
        (r.status == UVREST_OK && read_value(&r, p, kind, model.id, &r.root, NULL) != r.end))
        uvrest__reader_broken(&r, p);
    st = uvrest__reader_finish(&r, p, kind, out_report);
    if (st == UVREST_OK) {
        memcpy(out_value, &r.root.items, sizeof r.root.items);
        if (out_n != NULL)
            *out_n = r.root.n_items;
    }
    return st;
}

UVREST__RARE uvrest_status uvrest_json_decode(uvrest_model model, const char *text, size_t len,
                                              const uvrest_decode_options *options, uvrest_arena *arena,
                                              const void **out_value, uvrest_decode_report *out_report)
{
    if (model.schema != NULL && model.id < model.schema->n_models && arena != NULL && out_value != NULL)
        return decode(model, UVREST_KIND_MODEL, text, len, options, arena, out_value, NULL, out_report);
    if (out_report != NULL)
        memset(out_report, 0, sizeof *out_report);
    return UVREST_E_INVALID;
}

UVREST__DIRECT UVREST__RARE uvrest_status uvrest__json_decode_array(uvrest_model model, const char *text, size_t len,
                                                                    const uvrest_decode_options *options,
                                                                    uvrest_arena *arena, const void **out_items,
                                                                    size_t *out_n_items,
                                                                    uvrest_decode_report *out_report)
{
    return decode(model, UVREST_ROW_MODEL_ARRAY, text, len, options, arena, out_items, out_n_items, out_report);
}

UVREST__DIRECT UVREST__RARE uvrest_status uvrest__json_decode_text(const char *text, size_t len, uvrest_arena *arena,
                                                                   const char **out_text,
                                                                   uvrest_decode_report *out_report)
{
    const uvrest_model none = {NULL, 0};
    return decode(none, UVREST_KIND_STR, text, len, NULL, arena, out_text, NULL, out_report);
}
