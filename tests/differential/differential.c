/* SPDX-License-Identifier: MIT */
/*
 * What differential.py asks: reads documents, each behind its length on a line; decodes them into the
 * sample model, encodes that again, and has cJSON read both texts. Answers each with a line "STATUS CJSON
 * LENGTH" and the text written.
 *
 * With the argument `members`: lists the members of the model instead.
 */
#include "sample.h"
#include "tables.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "differential: %s\n", what);
    exit(1);
}

static void list_members(void)
{
    const uvrest_gen_field *fields = uvrest__model_fields(&sample_schema, SAMPLE_MODEL_ALL);
    for (unsigned i = 0; i < uvrest__model_n_fields(&sample_schema, SAMPLE_MODEL_ALL); i++)
        printf("%u %s\n", (unsigned)fields[i].kind, uvrest__name_text(&sample_schema, fields[i].name));
}

static int depth_of(const cJSON *item)
{
    int deepest = 0;
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        int depth = 1 + depth_of(child);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

/*
 * cJSON's opinion: whether it reads the text, and whether what was written says the same to it. It compares objects
 * both ways at each level, so deep ones would take it forever.
 */
static const char *compare(const char *text, size_t len, uvrest_raw written)
{
    enum { DEPTH_MAX = 10 };
    cJSON *a = cJSON_ParseWithLengthOpts(text, len + 1, NULL, true); /* it wants the NUL for the end */
    cJSON *b = written.text == NULL ? NULL : cJSON_ParseWithLength(written.text, written.len);
    const char *opinion = "differs";
    if (a == NULL)
        opinion = "refuses";
    else if (depth_of(a) > DEPTH_MAX)
        opinion = "deep";
    else if (b != NULL && cJSON_Compare(a, b, true))
        opinion = "same";
    cJSON_Delete(a);
    cJSON_Delete(b);
    return opinion;
}

static void answer(const char *text, size_t len)
{
    uvrest_raw written = uvrest_raw_of(NULL, 0);
    uvrest_reason reason;
    uvrest_arena *arena;
    const void *value;
    uvrest_status st;
    char *exact = malloc(len == 0 ? 1 : len);
    demand(exact != NULL && uvrest_arena_new(NULL, 0, &arena) == UVREST_OK, "out of memory");
    memcpy(exact, text, len);
    st = uvrest_json_decode(sample_model(SAMPLE_MODEL_ALL), exact, len, NULL, arena, &value, NULL);
    free(exact);
    if (st == UVREST_OK)
        st = uvrest_json_encode(sample_model(SAMPLE_MODEL_ALL), value, UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL,
                                arena, &written, &reason);
    printf("%s %s %zu\n", uvrest_status_name(st), compare(text, len, written), written.len);
    fwrite(written.text == NULL ? "" : written.text, 1, written.len, stdout);
    uvrest_arena_free(arena);
}

int main(int argc, char **argv)
{
    char line[32];
    if (argc > 1 && strcmp(argv[1], "members") == 0) {
        list_members();
        return 0;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t len = strtoul(line, NULL, 10);
        char *text = malloc(len + 1);
        demand(text != NULL && fread(text, 1, len, stdin) == len, "a document is cut");
        text[len] = '\0';
        answer(text, len);
        free(text);
    }
    return 0;
}
