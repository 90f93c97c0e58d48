/* SPDX-License-Identifier: MIT */
#include "trust.h"
#include "text.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uvrest_status refuse(uvrest_reason *reason, const char *field, const char *path, const char *why)
{
    uvrest__reason_set(reason, field, ": ", path, ": ", why, (char *)NULL);
    return UVREST_E_TLS;
}

uvrest_status uvrest__trust_check(const char *ca_file, const char *ca_path, uvrest_reason *reason)
{
    struct stat info;
    if (ca_file != NULL) {
        if (stat(ca_file, &info) != 0 || access(ca_file, R_OK) != 0)
            return refuse(reason, "ca_file", ca_file, strerror(errno));
        if (S_ISDIR(info.st_mode))
            return refuse(reason, "ca_file", ca_file, "is a directory");
    }
    if (ca_path != NULL) {
        if (stat(ca_path, &info) != 0)
            return refuse(reason, "ca_path", ca_path, strerror(errno));
        if (!S_ISDIR(info.st_mode))
            return refuse(reason, "ca_path", ca_path, "is not a directory");
        if (access(ca_path, R_OK | X_OK) != 0)
            return refuse(reason, "ca_path", ca_path, strerror(errno));
    }
    return UVREST_OK;
}

/* What libcurl would do with anything else is to look for a file of that name, at the first connection. */
uvrest_status uvrest__trust_check_pins(const char *pins, uvrest_reason *reason)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = pins;
    while (at != NULL) {
        bool good = strncmp(at, "sha256//", 8) == 0 && strspn(at + 8, base64) == 43 && at[51] == '=' &&
                    (at[52] == '\0' || at[52] == ';');
        if (!good) {
            uvrest__reason_set(reason, "pinned_public_key: not \"sha256//\" and the base64 of a SHA-256", (char *)NULL);
            return UVREST_E_INVALID;
        }
        at = at[52] == ';' ? at + 53 : NULL;
    }
    return UVREST_OK;
}

bool uvrest__trust_is_hashed(const char *path)
{
    const struct dirent *entry;
    bool found = false;
    DIR *dir = path == NULL ? NULL : opendir(path);
    if (dir == NULL)
        return false;
    while (!found && (entry = readdir(dir)) != NULL) {
        size_t n = 0;
        while (n < 8 && uvrest__text_hex(entry->d_name[n]) >= 0)
            n++;
        found = n == 8 && entry->d_name[8] == '.' && uvrest__text_is_digit(entry->d_name[9]);
    }
    closedir(dir);
    return found;
}
