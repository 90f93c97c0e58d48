/* SPDX-License-Identifier: MIT */
/* What is read as a date is written again as the same moment, and that text is read and written unchanged. */
#include <stdlib.h>
#include <string.h>
#include <uvrest/time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first[UVREST_TIME_TEXT_MAX], second[UVREST_TIME_TEXT_MAX];
    uvrest_time time, again;
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (uvrest_time_parse(text, &time) == UVREST_OK) {
        require(uvrest_time_format(&time, first, sizeof first) == UVREST_OK);
        require(uvrest_time_parse(first, &again) == UVREST_OK);
        require(time.seconds == again.seconds && time.nanoseconds == again.nanoseconds);
        require(time.has_offset == again.has_offset && time.date_only == again.date_only);
        require(time.offset_minutes == again.offset_minutes);
        require(uvrest_time_format(&again, second, sizeof second) == UVREST_OK && strcmp(first, second) == 0);
    }
    free(text);
    return 0;
}
