/* SPDX-License-Identifier: MIT */
/*
 * Decoding never does more than it may, agrees with the scanner and with a second reader on what is JSON, and says the
 * same strictly as it notes leniently. The first byte chooses the model, the second the options.
 */
#include "../unit/json_tree.h"
#include "../unit/sample.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool is_text(const char *text)
{
    return text != NULL && strlen(text) < 4096;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uvrest_decode_options options = {0};
    uvrest_decode_report lenient, strict;
    uvrest_status st, strict_st;
    uvrest_arena *arena;
    const void *value = NULL;
    const char *text;
    char *exact;
    size_t offset = 0, start;
    if (size < 2 || uvrest_arena_new(NULL, 0, &arena) != UVREST_OK)
        return 0;
    if ((data[1] & 1) != 0)
        options.max_depth = 1 + data[1] % 16;
    if ((data[1] & 2) != 0)
        options.max_notes = 1;
    if ((data[1] & 4) != 0)
        options.max_bytes = 16 + (size_t)data[1] * 16;
    exact = malloc(size - 2 == 0 ? 1 : size - 2); /* so that reading beyond the text is seen */
    memcpy(exact, data + 2, size - 2);
    text = exact;
    size -= 2;
    start = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    st = uvrest_json_decode(sample_model(data[0] % SAMPLE_N_MODELS), text, size, &options, arena, &value, &lenient);
    demand((st == UVREST_OK) == (value != NULL));
    demand((st == UVREST_OK) == (lenient.failure.path == NULL));
    if (st != UVREST_OK)
        demand(is_text(lenient.failure.path) && is_text(lenient.failure.expected) && is_text(lenient.failure.found) &&
               lenient.failure.offset <= size);
    for (size_t i = 0; i < lenient.n_notes; i++)
        demand(is_text(lenient.notes[i].path) && is_text(lenient.notes[i].found) && lenient.notes[i].offset <= size);
    if (options.max_bytes == 0) {
        uvrest_status check = uvrest_json_check(text + start, size - start, options.max_depth, &offset);
        demand(st == check || (st == UVREST_E_SCHEMA && check == UVREST_OK));
        demand(check == UVREST_OK || lenient.failure.offset == offset + start);
        if (options.max_depth == 0 && check != UVREST_E_LIMIT)
            demand(json_valid(text + start, size - start) == (check == UVREST_OK));
        options.strict = true;
        strict_st =
            uvrest_json_decode(sample_model(data[0] % SAMPLE_N_MODELS), text, size, &options, arena, &value, &strict);
        if (st == UVREST_OK) {
            demand((strict_st == UVREST_OK) == (lenient.n_notes + lenient.n_notes_dropped == 0));
            demand(lenient.n_notes == 0 || (strcmp(strict.failure.path, lenient.notes[0].path) == 0 &&
                                            strict.failure.offset == lenient.notes[0].offset));
        } else {
            demand(strict_st != UVREST_OK);
        }
    }
    free(exact);
    uvrest_arena_free(arena);
    return 0;
}
