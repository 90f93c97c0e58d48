/* SPDX-License-Identifier: MIT */
/*
 * Decoding and encoding against cJSON and simdjson, all in one process. The contestants take turns; each round gives
 * one ratio a pair, and the median of the rounds is printed. Above 1 is better for us.
 *
 * cJSON is given what helps it: members are found by guessing the next one as ours does, free-form values stay pointers
 * into its tree when reading; when writing they become nodes of text that it copies and neither parses nor checks. Ours
 * makes and frees its arena each time.
 */
#include "payload.h"

#include <cjson/cJSON.h>
#include <iconik/assets_service.h>
#include <iconik/files_service.h>
#include <iconik/metadata_service.h>
#include <iconik/search_service.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uvrest/gen.h>

void rival_load(const char *text, size_t len);
int rival_parse(void);

enum { ROUNDS = 21, MAX_RATIOS = 128 };

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* ---- cJSON into structs and back, by the same tables ------------------------------------------------------------- */

static void copy_object(const uvrest_schema *schema, unsigned model, const cJSON *tree, char *to, uvrest_arena *arena);

static const char *copy_text(const cJSON *item, uvrest_arena *arena)
{
    return cJSON_IsString(item) ? uvrest_arena_copy(arena, item->valuestring, strlen(item->valuestring)) : NULL;
}

static void copy_one(const uvrest_schema *schema, const uvrest_gen_field *field, const cJSON *item, void *to,
                     uvrest_arena *arena)
{
    const char *text;
    switch (field->kind & 0x0F) {
    case UVREST_KIND_BOOL:
        *(uvrest_opt_bool *)to = uvrest_bool(cJSON_IsTrue(item));
        break;
    case UVREST_KIND_I32:
        *(uvrest_opt_i32 *)to = uvrest_i32(item->valueint);
        break;
    case UVREST_KIND_I64:
        *(uvrest_opt_i64 *)to = uvrest_i64((int64_t)item->valuedouble);
        break;
    case UVREST_KIND_F64:
        *(uvrest_opt_f64 *)to = uvrest_f64(item->valuedouble);
        break;
    case UVREST_KIND_STR:
        text = copy_text(item, arena);
        memcpy(to, &text, sizeof text);
        break;
    case UVREST_KIND_ENUM:
        for (unsigned i = schema->enums[field->of].first; i < schema->enums[field->of + 1].first; i++) {
            if (cJSON_IsString(item) && strcmp(schema->pool + schema->texts[i], item->valuestring) == 0)
                *(int *)to = (int)(i - schema->enums[field->of].first) + 3;
        }
        break;
    case UVREST_KIND_MODEL:
        copy_object(schema, field->of, item, to, arena);
        break;
    default: /* stays in the tree */
        ((uvrest_raw *)to)->text = (const char *)item;
        ((uvrest_raw *)to)->len = 1;
        break;
    }
}

static size_t element_size(const uvrest_schema *schema, const uvrest_gen_field *field)
{
    static const size_t sizes[] = {sizeof(uvrest_opt_bool),
                                   sizeof(uvrest_opt_i32),
                                   sizeof(uvrest_opt_i64),
                                   sizeof(uvrest_opt_f64),
                                   sizeof(char *),
                                   sizeof(int),
                                   0,
                                   sizeof(uvrest_union),
                                   sizeof(uvrest_raw)};
    return (field->kind & 0x0F) == UVREST_KIND_MODEL ? schema->models[field->of].size : sizes[field->kind & 0x0F];
}

static void copy_member(const uvrest_schema *schema, const uvrest_gen_field *field, const cJSON *item, char *to,
                        uvrest_arena *arena)
{
    uvrest_text_map list = {UVREST_EMPTY, 0};
    size_t size = element_size(schema, field);
    char *element;
    if (cJSON_IsNull(item))
        return;
    if ((field->kind & 0x30) == UVREST_SHAPE_ARRAY) {
        list.n_entries = (size_t)cJSON_GetArraySize(item);
        element = uvrest_arena_alloc(arena, list.n_entries * size);
        demand(element != NULL, "out of memory");
        list.entries = (const void *)element;
        for (item = item->child; item != NULL; item = item->next, element += size)
            copy_one(schema, field, item, element, arena);
        memcpy(to, &list, sizeof list);
    } else if (field->kind == UVREST_KIND_MODEL) {
        element = uvrest_arena_alloc(arena, size);
        demand(element != NULL, "out of memory");
        copy_object(schema, field->of, item, element, arena);
        memcpy(to, &element, sizeof element);
    } else if ((field->kind & 0x30) == UVREST_SHAPE_ONE && field->kind != UVREST_KIND_UNION) {
        copy_one(schema, field, item, to, arena);
    }
}

static void copy_object(const uvrest_schema *schema, unsigned model, const cJSON *tree, char *to, uvrest_arena *arena)
{
    const uvrest_gen_field *fields = schema->fields + schema->models[model].first;
    unsigned n = (unsigned)schema->models[model + 1].first - schema->models[model].first, next = 0;
    for (const cJSON *item = tree->child; item != NULL; item = item->next) {
        for (unsigned tried = 0; tried < n; tried++, next = (next + 1) % n) {
            if (strcmp(schema->pool + fields[next].name, item->string) != 0)
                continue;
            copy_member(schema, &fields[next], item, to + fields[next].offset, arena);
            next = (next + 1) % n;
            break;
        }
    }
}

static cJSON *build_object(const uvrest_schema *schema, unsigned model, const char *from);

/* A node that cJSON prints as it stands. */
static cJSON *build_raw(const uvrest_raw *raw)
{
    cJSON *item = cJSON_CreateNull();
    demand(item != NULL, "out of memory");
    item->type = cJSON_Raw;
    item->valuestring = cJSON_malloc(raw->len + 1);
    demand(item->valuestring != NULL, "out of memory");
    memcpy(item->valuestring, raw->text, raw->len);
    item->valuestring[raw->len] = '\0';
    return item;
}

static cJSON *build_one(const uvrest_schema *schema, const uvrest_gen_field *field, const void *from)
{
    const char *text;
    int value;
    switch (field->kind & 0x0F) {
    case UVREST_KIND_BOOL:
        return cJSON_CreateBool(((const uvrest_opt_bool *)from)->value);
    case UVREST_KIND_I32:
        return cJSON_CreateNumber(((const uvrest_opt_i32 *)from)->value);
    case UVREST_KIND_I64:
        return cJSON_CreateNumber((double)((const uvrest_opt_i64 *)from)->value);
    case UVREST_KIND_F64:
        return cJSON_CreateNumber(((const uvrest_opt_f64 *)from)->value);
    case UVREST_KIND_STR:
        memcpy(&text, from, sizeof text);
        return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
    case UVREST_KIND_ENUM:
        value = *(const int *)from;
        return value < 3 ? cJSON_CreateNull()
                         : cJSON_CreateString(schema->pool +
                                              schema->texts[schema->enums[field->of].first + (unsigned)value - 3]);
    case UVREST_KIND_MODEL:
        return build_object(schema, field->of, from);
    default:
        return build_raw(from);
    }
}

static bool is_set(const uvrest_gen_field *field, const void *from)
{
    const void *pointer;
    switch (field->kind) {
    case UVREST_KIND_BOOL:
        return ((const uvrest_opt_bool *)from)->state != 0;
    case UVREST_KIND_I32:
        return ((const uvrest_opt_i32 *)from)->state != 0;
    case UVREST_KIND_I64:
        return ((const uvrest_opt_i64 *)from)->state != 0;
    case UVREST_KIND_F64:
        return ((const uvrest_opt_f64 *)from)->state != 0;
    case UVREST_KIND_ENUM:
        return *(const int *)from != 0;
    default:
        memcpy(&pointer, from, sizeof pointer);
        return pointer != NULL;
    }
}

static cJSON *build_member(const uvrest_schema *schema, const uvrest_gen_field *field, const char *from)
{
    uvrest_text_map list;
    const char *element;
    cJSON *array;
    if ((field->kind & 0x30) == UVREST_SHAPE_ONE) {
        if (field->kind != UVREST_KIND_MODEL)
            return build_one(schema, field, from);
        memcpy(&element, from, sizeof element);
        return build_object(schema, field->of, element);
    }
    if ((field->kind & 0x30) != UVREST_SHAPE_ARRAY)
        return cJSON_CreateObject();
    memcpy(&list, from, sizeof list);
    element = (const char *)list.entries;
    array = cJSON_CreateArray();
    for (size_t i = 0; i < list.n_entries; i++, element += element_size(schema, field))
        cJSON_AddItemToArray(array, build_one(schema, field, element));
    return array;
}

static cJSON *build_object(const uvrest_schema *schema, unsigned model, const char *from)
{
    const uvrest_gen_field *fields = schema->fields + schema->models[model].first;
    unsigned n = (unsigned)schema->models[model + 1].first - schema->models[model].first;
    const uvrest_extra *extra;
    cJSON *tree = cJSON_CreateObject();
    for (unsigned i = 0; i < n; i++) {
        if (is_set(&fields[i], from + fields[i].offset) && fields[i].kind != UVREST_KIND_UNION)
            cJSON_AddItemToObjectCS(tree, schema->pool + fields[i].name,
                                    build_member(schema, &fields[i], from + fields[i].offset));
    }
    memcpy(&extra, from + schema->models[model].extra, sizeof extra);
    for (size_t i = 0; i < uvrest_extra_count(extra); i++) {
        uvrest_extra_member member = uvrest_extra_at(extra, i);
        cJSON_AddItemToObject(tree, member.name, build_raw(&member.value));
    }
    return tree;
}

/* ---- the contestants: each does its work once -------------------------------------------------------------------- */

typedef struct work {
    uvrest_model model;
    const char *text;
    size_t len;
    const void *value; /* the text decoded, for encoding */
    uvrest_arena *kept;
} work;

static void ours_decode(const work *w)
{
    uvrest_arena *arena;
    const void *value;
    demand(uvrest_arena_new(NULL, 0, &arena) == UVREST_OK, "out of memory");
    demand(uvrest_json_decode(w->model, w->text, w->len, NULL, arena, &value, NULL) == UVREST_OK, "decode");
    uvrest_arena_free(arena);
}

static void ours_decode_reused(const work *w)
{
    const void *value;
    uvrest_arena_reset(w->kept);
    demand(uvrest_json_decode(w->model, w->text, w->len, NULL, w->kept, &value, NULL) == UVREST_OK, "decode");
}

static void cjson_decode(const work *w)
{
    cJSON *tree = cJSON_ParseWithLength(w->text, w->len);
    demand(tree != NULL, "cJSON");
    cJSON_Delete(tree);
}

static void cjson_copy_decode(const work *w)
{
    cJSON *tree = cJSON_ParseWithLength(w->text, w->len);
    uvrest_arena *arena;
    char *value;
    demand(tree != NULL && uvrest_arena_new(NULL, 0, &arena) == UVREST_OK, "cJSON");
    value = uvrest_arena_alloc(arena, w->model.schema->models[w->model.id].size);
    demand(value != NULL, "out of memory");
    copy_object(w->model.schema, w->model.id, tree, value, arena);
    cJSON_Delete(tree);
    uvrest_arena_free(arena);
}

static void simdjson_decode(const work *w)
{
    (void)w;
    demand(rival_parse() != 0, "simdjson");
}

static void ours_encode(const work *w)
{
    uvrest_arena *arena;
    uvrest_raw text;
    demand(uvrest_arena_new(NULL, 0, &arena) == UVREST_OK, "out of memory");
    demand(uvrest_json_encode(w->model, w->value, UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL, arena, &text,
                              NULL) == UVREST_OK,
           "encode");
    uvrest_arena_free(arena);
}

static void cjson_encode(const work *w)
{
    cJSON *tree = build_object(w->model.schema, w->model.id, w->value);
    char *text = cJSON_PrintUnformatted(tree);
    demand(text != NULL, "cJSON");
    cJSON_free(text);
    cJSON_Delete(tree);
}

typedef void contestant_fn(const work *w);

enum { OURS, REUSED, CJSON, CJSON_COPY, SIMDJSON, OURS_ENCODE, CJSON_ENCODE, N_CONTESTANTS };

static contestant_fn *const contestants[N_CONTESTANTS] = {
    ours_decode, ours_decode_reused, cjson_decode, cjson_copy_decode, simdjson_decode, ours_encode, cjson_encode};

/* ---- measuring --------------------------------------------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use the machine too */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run(contestant_fn *contestant, const work *w, unsigned times)
{
    double begin;
    contestant(w); /* not measured: it finds the caches full of what the one before left */
    begin = now_ns();
    for (unsigned i = 0; i < times; i++)
        contestant(w);
    return (now_ns() - begin) / times;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, unsigned n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return values[n / 2];
}

static char ratios[MAX_RATIOS][96];
static unsigned n_ratios;
static double sums[N_CONTESTANTS], worst[N_CONTESTANTS];
static unsigned n_payloads;

static void add_ratio(const char *verb, const char *payload, const char *against, double value)
{
    if (n_ratios < MAX_RATIOS)
        snprintf(ratios[n_ratios++], sizeof ratios[0], "ratio codec.%s.%s.%s %.2f", verb, payload, against, value);
}

static void measure(const char *name, const work *w)
{
    static double times[N_CONTESTANTS][ROUNDS], quotients[ROUNDS];
    static const char *const against[N_CONTESTANTS] = {NULL,          NULL, "vs_cjson", "vs_cjson_copy",
                                                       "vs_simdjson", NULL, "vs_cjson"};
    double medians[N_CONTESTANTS];
    unsigned repeats[N_CONTESTANTS];
    for (unsigned c = 0; c < N_CONTESTANTS; c++)
        repeats[c] = 1 + (unsigned)(4e6 / (run(contestants[c], w, 3) + 1));
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned c = 0; c < N_CONTESTANTS; c++)
            times[c][round] = run(contestants[c], w, repeats[c]);
    }
    for (unsigned c = 0; c < N_CONTESTANTS; c++) {
        const double *ours = c >= OURS_ENCODE ? times[OURS_ENCODE] : times[OURS];
        if (against[c] != NULL) {
            double quotient;
            for (unsigned round = 0; round < ROUNDS; round++)
                quotients[round] = times[c][round] / ours[round];
            quotient = median(quotients, ROUNDS);
            add_ratio(c >= OURS_ENCODE ? "encode" : "decode", name, against[c], quotient);
            sums[c] += quotient;
            if (n_payloads == 0 || quotient < worst[c])
                worst[c] = quotient;
        }
    }
    for (unsigned c = 0; c < N_CONTESTANTS; c++)
        medians[c] = median(times[c], ROUNDS);
    n_payloads++;
    printf("%-22s %8zu %6.0f %6.0f %6.0f %6.0f %6.0f %6.0f %6.0f\n", name, w->len, (double)w->len * 1e3 / medians[OURS],
           (double)w->len * 1e3 / medians[REUSED], (double)w->len * 1e3 / medians[CJSON],
           (double)w->len * 1e3 / medians[CJSON_COPY], (double)w->len * 1e3 / medians[SIMDJSON],
           (double)w->len * 1e3 / medians[OURS_ENCODE], (double)w->len * 1e3 / medians[CJSON_ENCODE]);
}

/* An allocator that counts. */
typedef struct counter {
    size_t n_calls;
    size_t n_bytes;
} counter;

static void *count_allocate(size_t size, void *user)
{
    counter *c = user;
    c->n_calls++;
    c->n_bytes += size;
    return malloc(size);
}

static void *count_resize(void *memory, size_t size, void *user)
{
    counter *c = user;
    c->n_calls++;
    c->n_bytes += size;
    return realloc(memory, size);
}

static void count_release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

static void count_memory(const char *name, const work *w)
{
    counter c = {0, 0};
    const uvrest_alloc alloc = {count_allocate, count_resize, count_release, &c};
    uvrest_arena *arena;
    const void *value;
    demand(uvrest_arena_new(&alloc, 0, &arena) == UVREST_OK, "out of memory");
    c.n_calls = 0; /* making the arena is no part of the decode; its bytes count */
    demand(uvrest_json_decode(w->model, w->text, w->len, NULL, arena, &value, NULL) == UVREST_OK, "decode");
    printf("figure codec.memory.%s.heap_calls %zu\n", name, c.n_calls);
    printf("figure codec.memory.%s.bytes_per_byte %.2f\n", name, (double)c.n_bytes / (double)w->len);
    uvrest_arena_reset(arena);
    c.n_calls = 0;
    demand(uvrest_json_decode(w->model, w->text, w->len, NULL, arena, &value, NULL) == UVREST_OK, "decode");
    printf("figure codec.memory.%s.heap_calls_reused %zu\n", name, c.n_calls);
    uvrest_arena_free(arena);
}

typedef struct payload {
    const char *name;
    uvrest_model model;
    unsigned n_items;
    unsigned extra;
    payload_style style;
} payload;

/* With a name as argument only payloads whose name has it in it; with "once NAME COUNT" ours alone, for callgrind. */
int main(int argc, char **argv)
{
    const uvrest_model asset = iconik_assets_model(ICONIK_ASSETS_MODEL_ASSET);
    const uvrest_model assets = iconik_assets_model(ICONIK_ASSETS_MODEL_ASSETS_PAGE);
    const uvrest_model hits = iconik_search_model(ICONIK_SEARCH_MODEL_SEARCH_DOCUMENTS_PAGE);
    const uvrest_model files = iconik_files_model(ICONIK_FILES_MODEL_FILES_PAGE);
    const uvrest_model segments = iconik_assets_model(ICONIK_ASSETS_MODEL_SEGMENTS_PAGE);
    const uvrest_model view = iconik_metadata_model(ICONIK_METADATA_MODEL_METADATA_VIEW);
    const payload payloads[] = {
        {"asset", asset, 0, 0, PAYLOAD_COMPACT},
        {"assets_100", assets, 100, 0, PAYLOAD_COMPACT},
        {"search_hits_100", hits, 100, 10, PAYLOAD_COMPACT},
        {"files_1000", files, 1000, 0, PAYLOAD_COMPACT},
        {"segments_1000", segments, 1000, 0, PAYLOAD_COMPACT},
        {"metadata_view", view, 30, 0, PAYLOAD_COMPACT},
        {"assets_indented", assets, 100, 0, PAYLOAD_INDENTED},
        {"assets_shuffled", assets, 100, 0, PAYLOAD_SHUFFLED},
        {"segments_non_ascii", segments, 100, 0, PAYLOAD_NON_ASCII},
        {"segments_escaped", segments, 100, 0, PAYLOAD_ESCAPED},
    };
    const bool once = argc > 3 && strcmp(argv[1], "once") == 0;
    const char *only = once ? argv[2] : argc > 1 ? argv[1] : "";
    /* Pages once touched stay, for all contestants: else each pays for what the one before gave back. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    printf("MB/s                      bytes   ours reused  cJSON  +copy simdjs encode  cJSON\n");
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        const payload *p = &payloads[i];
        work w = {p->model, NULL, 0, NULL, NULL};
        uvrest_arena *arena;
        char *text;
        if (once ? strcmp(p->name, only) != 0 : strstr(p->name, only) == NULL)
            continue;
        text = payload_make(p->model, p->n_items, p->extra, p->style, &w.len);
        w.text = text;
        demand(uvrest_arena_new(NULL, 0, &arena) == UVREST_OK && uvrest_arena_new(NULL, 0, &w.kept) == UVREST_OK,
               "out of memory");
        demand(uvrest_json_decode(p->model, w.text, w.len, NULL, arena, &w.value, NULL) == UVREST_OK, "decode");
        rival_load(w.text, w.len);
        if (once) {
            for (int n = atoi(argv[3]); n > 0; n--)
                (argc > 4 ? ours_encode : ours_decode)(&w);
        } else {
            count_memory(p->name, &w);
            measure(p->name, &w);
        }
        uvrest_arena_free(w.kept);
        uvrest_arena_free(arena);
        free(text);
    }
    for (unsigned i = 0; i < n_ratios; i++)
        puts(ratios[i]);
    if (n_payloads > 0) {
        printf("ratio codec.decode.mean.vs_cjson %.2f\n", sums[CJSON] / n_payloads);
        printf("ratio codec.decode.worst.vs_cjson %.2f\n", worst[CJSON]);
        printf("ratio codec.decode.mean.vs_cjson_copy %.2f\n", sums[CJSON_COPY] / n_payloads);
        printf("ratio codec.decode.mean.vs_simdjson %.2f\n", sums[SIMDJSON] / n_payloads);
        printf("ratio codec.encode.mean.vs_cjson %.2f\n", sums[CJSON_ENCODE] / n_payloads);
        printf("ratio codec.encode.worst.vs_cjson %.2f\n", worst[CJSON_ENCODE]);
    }
    return 0;
}
