/* SPDX-License-Identifier: MIT */
#include "tables.h"

/* Two loads that overlap where there are bytes enough for them: no loop whose end has to be guessed. */
UVREST__DIRECT uint8_t uvrest__tables_tag(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    uint64_t first = 0, last;
    if (UVREST__LIKELY(len >= 8)) {
        first = uvrest__load64(p);
        last = uvrest__load64(p + len - 8);
    } else {
        if (len >= 4)
            first = uvrest__load32(p) | (uint64_t)uvrest__load32(p + len - 4) << 8 * (len - 4);
        for (size_t i = 0; len < 4 && i < len; i++)
            first |= (uint64_t)p[i] << 8 * i;
        last = first;
    }
    return (uint8_t)((((first * 3) ^ last) + len) * UINT64_C(0xFF51AFD7ED558CCD) >> 56);
}

/*
 * The next row from `from` on, below n, whose tag is `tag`; n if there is none. tags are padded, so a block may reach
 * beyond n. The tags of a model stand side by side: most lookups are one block.
 */
UVREST__HOT unsigned next_tag(const uint8_t *tags, unsigned from, unsigned n, uint8_t tag)
{
#if UVREST__SCAN_SSE2
    const __m128i wanted = _mm_set1_epi8((char)tag);
    for (; from < n; from += 16) {
        uvrest__mask hit = (uvrest__mask)_mm_movemask_epi8(_mm_cmpeq_epi8(uvrest__block_load(tags + from), wanted));
        if (hit != 0) {
            from += uvrest__mask_first(hit);
            break;
        }
    }
#else
    /* As in uvrest__block_special(), only the lowest mark is sure, and the lowest is the one taken. */
    const uint64_t ones = UINT64_C(0x0101010101010101);
    for (; from < n; from += 8) {
        uint64_t word = uvrest__block_load(tags + from) ^ ones * tag;
        uint64_t hit = (word - ones) & ~word & ones * 0x80;
        if (hit != 0) {
            from += uvrest__mask_first(hit);
            break;
        }
    }
#endif
    return from < n ? from : n;
}

/*
 * Which of n names has that text, n if none. names: the first of them, the others stand `step` bytes apart; tags:
 * theirs.
 */
static unsigned find(const char *pool, const void *names, size_t step, const uint8_t *tags, unsigned n,
                     const char *text, size_t len)
{
    const uint8_t tag = uvrest__tables_tag(text, len);
    for (unsigned i = 0;; i++) {
        uint16_t name;
        i = next_tag(tags, i, n, tag);
        if (i == n)
            return n;
        memcpy(&name, (const char *)names + i * step, sizeof name);
        if ((uint8_t)pool[name - 1] == len && memcmp(pool + name, text, len) == 0)
            return i;
    }
}

UVREST__DIRECT const uvrest_gen_field *uvrest__tables_find_field(const uvrest_schema *schema, unsigned model,
                                                                 const char *name, size_t len)
{
    const uvrest_gen_field *fields = uvrest__model_fields(schema, model);
    const uint8_t *tags = schema->field_tags + schema->models[model].first;
    unsigned n = uvrest__model_n_fields(schema, model);
    unsigned i = find(schema->pool, &fields->name, sizeof *fields, tags, n, name, len);
    return i < n ? fields + i : NULL;
}

UVREST__DIRECT int uvrest__tables_find_text(const uvrest_schema *schema, unsigned enumeration, const char *text,
                                            size_t len)
{
    const uvrest_gen_enum *values = &schema->enums[enumeration];
    const uint16_t *texts = schema->texts + values[0].first;
    const uint8_t *tags = schema->text_tags + values[0].first;
    unsigned n = (unsigned)values[1].first - values[0].first;
    unsigned i = find(schema->pool, texts, sizeof *texts, tags, n, text, len);
    return i < n ? UVREST__ENUM_FIRST + (int)i : UVREST__ENUM_UNKNOWN;
}

/* Sizes by kind. A nested model or union is a pointer in its parent; in an array a union stands by value. */
static const uint8_t sizes[] = {sizeof(uvrest_opt_bool), sizeof(uvrest_opt_i32), sizeof(uvrest_opt_i64),
                                sizeof(uvrest_opt_f64),  sizeof(const char *),   sizeof(int),
                                sizeof(const void *),    sizeof(const void *),   sizeof(uvrest_raw)};

UVREST__DIRECT size_t uvrest__tables_member_size(const uvrest_gen_field *field)
{
    if ((field->kind & UVREST__SHAPE_MASK) != UVREST_SHAPE_ONE)
        return sizeof(uvrest_text_map); /* a pointer and a count, as arrays have them */
    return sizes[field->kind];
}

UVREST__DIRECT size_t uvrest__tables_element_size(const uvrest_schema *schema, unsigned kind, unsigned of)
{
    switch (kind) {
    case UVREST_ROW_MODEL_ARRAY:
        return schema->models[of].size;
    case UVREST_ROW_UNION_ARRAY:
        return sizeof(uvrest_union);
    case UVREST_ROW_STR_MAP_ARRAY:
        return sizeof(uvrest_text_map);
    default:
        return sizes[kind & UVREST__KIND_MASK] + ((kind & UVREST_SHAPE_MAP) != 0 ? sizeof(const char *) : 0);
    }
}

UVREST__DIRECT bool uvrest__tables_set_null(unsigned kind, void *to)
{
    if (kind <= UVREST_KIND_F64)
        ((uint8_t *)to)[uvrest__tables_state_at(kind)] = UVREST_IS_NULL;
    else if (kind == UVREST_KIND_ENUM)
        *(int *)to = UVREST__ENUM_NULL;
    else if (kind == UVREST_KIND_RAW)
        *(uvrest_raw *)to = uvrest_raw_of("null", 4);
    else
        return false;
    return true;
}
