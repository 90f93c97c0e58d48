/* SPDX-License-Identifier: MIT */
/*
 * Encoding what was decoded says the same as the text. The first byte chooses the model and whether the rest is JSON or
 * the choices of a maker of JSON for that model.
 */
#include "../unit/json_maker.h"
#include "../unit/json_tree.h"
#include "../unit/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char made[1 << 20];

static void demand(bool holds, const char *what, const char *text, size_t len, uvrest_raw written)
{
    if (holds)
        return;
    fprintf(stderr, "%s\nread:    %.*s\nwritten: %.*s\n", what, (int)len, text, (int)written.len,
            written.text == NULL ? "" : written.text);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uvrest_model model = sample_model(0);
    uvrest_raw written = uvrest_raw_of(NULL, 0), again = written;
    uvrest_reason reason;
    uvrest_arena *arena;
    const char *text;
    const void *value;
    uvrest_status st;
    if (size == 0 || uvrest_arena_new(NULL, 0, &arena) != UVREST_OK)
        return 0;
    model.id = (uint16_t)((data[0] >> 1) % SAMPLE_N_MODELS);
    if ((data[0] & 1) != 0) {
        size = json_make(&sample_schema, model.id, data + 1, size - 1, made, sizeof made);
        text = made;
        demand(size == 0 || json_valid(text, size), "the maker is wrong", text, size, written);
    } else {
        text = (const char *)data + 1;
        size--;
    }
    st = uvrest_json_decode(model, text, size, NULL, arena, &value, NULL);
    if (st == UVREST_OK) {
        st =
            uvrest_json_encode(model, value, UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL, arena, &written, &reason);
        demand(st == UVREST_OK, st == UVREST_OK ? "" : reason.text, text, size, written);
        if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
            text += 3;
            size -= 3;
        }
        demand(json_same(text, size, written.text, written.len), "not the same", text, size, written);
        st = uvrest_json_decode(model, written.text, written.len, NULL, arena, &value, NULL);
        demand(st == UVREST_OK, "not read back", text, size, written);
        st = uvrest_json_encode(model, value, UVREST_ENCODE_READ_ONLY | UVREST_ENCODE_PARTIAL, arena, &again, &reason);
        demand(st == UVREST_OK && again.len == written.len && memcmp(again.text, written.text, again.len) == 0,
               "not the same again", written.text, written.len, again);
    }
    uvrest_arena_free(arena);
    return 0;
}
