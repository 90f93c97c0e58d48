/* SPDX-License-Identifier: MIT */
/*
 * A folder of a test program's own: beside the program in the build folder, or below TMPDIR if that is set. What a run
 * leaves in it stays to be looked at, and is gone when the next run begins. Programs that run at once have one each.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>

/* Takes the folder, or empties it if it was taken before. Its path; borrowed, as long as the program runs. */
const char *folder_take(void);
/* The path of a file in it. Borrowed until eight more were asked for. */
const char *folder_path(const char *name);
/* Makes a file in it, of one byte again and again. */
void folder_fill(const char *name, char byte, size_t n);
/* Runs a line of shell in it, whose output goes to the file "log" there. 0 if it succeeds. */
int folder_run(const char *line);

#endif /* FOLDER_H */
