/* SPDX-License-Identifier: MIT */
#include "path.h"
#include "number.h"
#include "text.h"

/*
 * Writes text in front of `at`, since the chain leads from the innermost outwards; returns where it begins. Of what
 * does not fit the end stays. A key of a map is foreign text, so control characters become '?'.
 */
static UVREST__COLD char *put(char *begin, char *at, const char *text)
{
    for (size_t len = strlen(text); len > 0 && at > begin;) {
        const char c = text[--len];
        *--at = (uint8_t)c < 0x20 || c == 0x7F ? '?' : c;
    }
    return at;
}

UVREST__DIRECT size_t uvrest__path_print(const uvrest_schema *schema, const uvrest__frame *frame, char *to, size_t cap)
{
    char *const end = to + cap - 1, *at = end;
    *end = '\0';
    for (; frame != NULL && at - to > UVREST__NUMBER_TEXT_MAX; frame = frame->up) {
        const char *before = ".", *behind = "", *text = to;
        if (frame->field != NULL) {
            text = uvrest__name_text(schema, frame->field->name);
        } else if (frame->key != NULL) {
            text = frame->key;
            if (*text == '\0' || strpbrk(text, " .\"[]") != NULL) {
                before = "[\"";
                behind = "\"]";
            }
        } else { /* the number is made where there is still nothing */
            *uvrest__number_print_i64(to, (int64_t)frame->index) = '\0';
            before = "[";
            behind = "]";
        }
        at = put(to, put(to, put(to, at, behind), text), before);
    }
    if (frame != NULL || at == to) {
        for (at += 3; ((uint8_t)*at & 0xC0) == 0x80;)
            at++;
        memcpy(at -= 3, "...", 3);
    } else if (*at == '.') {
        at++;
    }
    memmove(to, at, (size_t)(end - at) + 1);
    return (size_t)(end - at);
}

UVREST__DIRECT size_t uvrest__path_excerpt(const uint8_t *p, const uint8_t *end, char *to)
{
    const char *kind = p == end ? "the end of the text" : *p == '{' ? "an object" : *p == '[' ? "an array" : NULL;
    UVREST__UNINITIALIZED uvrest__text excerpt;
    uvrest__text_init(&excerpt, to, UVREST__PATH_EXCERPT);
    uvrest__text_add_foreign(&excerpt, kind != NULL ? kind : (const char *)p,
                             kind != NULL ? strlen(kind) : (size_t)(end - p));
    return excerpt.len;
}
