/* SPDX-License-Identifier: MIT */
#include "folder.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX - 64]; /* "": not taken yet */

static int remove_inner(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level == 0 ? 0 : remove(path);
}

/* What the folders of this program begin with. */
static void find_stem(char *out, size_t cap)
{
    const char *elsewhere = getenv("TMPDIR");
    if (elsewhere != NULL && *elsewhere != '\0') {
        assert_in_range(snprintf(out, cap, "%s/uvrest-%s", elsewhere, program_invocation_short_name), 1, cap - 1);
    } else {
        ssize_t len = readlink("/proc/self/exe", out, cap);
        assert_in_range(len, 1, cap - 1);
        out[len] = '\0';
    }
}

/* The lock lasts as long as the program, however that ends; who finds it free finds a folder nobody needs. */
static bool take(const char *path)
{
    int fd;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    close(fd);
    return false;
}

const char *folder_take(void)
{
    if (folder[0] == '\0') {
        char path[sizeof folder];
        char stem[sizeof folder - 16];
        int i = 0;
        find_stem(stem, sizeof stem);
        do {
            snprintf(path, sizeof path, "%s.%d", stem, i);
        } while (!take(path) && ++i < 100);
        if (i == 100)
            fail_msg("no folder %s", path);
        memcpy(folder, path, sizeof folder);
    }
    assert_int_equal(nftw(folder, remove_inner, 16, FTW_DEPTH | FTW_PHYS), 0);
    return folder;
}

const char *folder_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void folder_fill(const char *name, char byte, size_t n)
{
    FILE *file = fopen(folder_path(name), "wb");
    assert_non_null(file);
    while (n-- > 0)
        fputc(byte, file);
    assert_int_equal(fclose(file), 0);
}

int folder_run(const char *line)
{
    char command[PATH_MAX + 1024];
    assert_in_range(snprintf(command, sizeof command, "cd '%s' && { %s; } >>log 2>&1", folder, line), 1,
                    sizeof command - 1);
    return system(command);
}
