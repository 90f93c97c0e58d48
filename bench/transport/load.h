/* SPDX-License-Identifier: MIT */
/**
 * @file load.h
 * What the programs under comparison share: their arguments, the questions they ask, and how they are measured.
 *
 *   PROGRAM URL 4k|100k COUNT IN_FLIGHT [CA_FILE]
 *
 * COUNT calls are made with IN_FLIGHT under way, after a warm-up that opens the connections, and one line is printed:
 * `cpu SECONDS wall SECONDS rss BYTES private BYTES`: the most that was resident, and what at the end is the process's
 * own, without the pages of libraries, which others share. COUNT 0 makes one call without warm-up and prints `answered
 * NANOSECONDS`, the monotonic clock when the answer was there. IN_FLIGHT 0: blocking calls, one after another; for the
 * blocking program, on a handle that is kept.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_APP_ID "5eed0000-0000-4000-8000-0000000000a1"
#define LOAD_AUTH_TOKEN "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6IjVlZWQwMDAwIn0"
#define LOAD_PATH "/API/assets/v1/assets/"
#define LOAD_ID_SIZE 40
/* Assets asked for, one after another. */
#define LOAD_IDS 1000

typedef struct load_case {
    const char *url; /* "http://127.0.0.1:8080" */
    bool page; /* a page of assets; else one asset */
    bool cold; /* one call, no warm-up */
    bool blocking; /* IN_FLIGHT was 0 */
    long count; /* at least 1 */
    unsigned in_flight; /* at least 1 */
    const char *ca_file; /* NULL: the system's */
} load_case;

typedef struct load_meter {
    double cpu_s;
    double wall_s;
} load_meter;

/** Reads the arguments; says how to use the program and ends it if they are wrong. */
void load_parse(load_case *out, int argc, char **argv);
/** How many calls open all connections and fill all buffers. */
long load_warm_up(const load_case *load);
/** The id of the number-th asset asked for. */
void load_id(long number, char id[LOAD_ID_SIZE]);
/** Ends the program: an answer was not as it has to be. */
_Noreturn void load_fail(const char *what, const char *why);

/** CPU time of the process and wall time, from now on. */
load_meter load_meter_start(void);
/** Prints what was used since. */
void load_meter_print(const load_meter *start);
/** Prints when the first answer was there: now. */
void load_print_answered(void);

#endif /* BENCH_LOAD_H */
