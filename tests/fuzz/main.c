/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target on each file of the folders given, where there is no libFuzzer: what
 * once was found stays fixed. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what, const char *path)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

/* The input in memory of just its size, so that the sanitizer sees a read beyond. */
static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;
    uint8_t *data;
    demand(file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0, "not readable", path);
    rewind(file);
    data = malloc(size == 0 ? 1 : (size_t)size);
    demand(data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size, "not read", path);
    fclose(file);
    fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        const struct dirent *entry;
        demand(folder != NULL, "no folder", argv[i]);
        while ((entry = readdir(folder)) != NULL) {
            char path[4096];
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            run_file(path);
            n++;
        }
        closedir(folder);
    }
    demand(n > 0, "nothing to run", "corpus");
    return 0;
}
