/* SPDX-License-Identifier: MIT */
#include "load.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void load_parse(load_case *out, int argc, char **argv)
{
    if (argc < 5 || argc > 6 || (strcmp(argv[2], "4k") != 0 && strcmp(argv[2], "100k") != 0)) {
        fprintf(stderr, "usage: %s URL 4k|100k COUNT IN_FLIGHT [CA_FILE]\n", argv[0]);
        exit(2);
    }
    *out = (load_case){.url = argv[1], .page = strcmp(argv[2], "100k") == 0};
    out->count = strtol(argv[3], NULL, 10);
    out->in_flight = (unsigned)strtoul(argv[4], NULL, 10);
    out->ca_file = argc > 5 ? argv[5] : NULL;
    out->cold = out->count == 0;
    out->blocking = out->in_flight == 0;
    if (out->cold)
        out->count = 1;
    if (out->blocking)
        out->in_flight = 1;
}

long load_warm_up(const load_case *load)
{
    return load->in_flight < 10 ? 20 : 2L * load->in_flight;
}

void load_id(long number, char id[LOAD_ID_SIZE])
{
    snprintf(id, LOAD_ID_SIZE, "5eed0000-0000-4000-8000-%012ld", number % LOAD_IDS);
}

_Noreturn void load_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static double wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

load_meter load_meter_start(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (load_meter){seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), wall_now()};
}

/* A line of what the kernel knows of this process, in bytes. */
static long memory_of(const char *name)
{
    char line[256];
    size_t len = strlen(name);
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL)
        load_fail("/proc/self/status", "cannot be read");
    while (kib < 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, len) == 0)
            kib = strtol(line + len, NULL, 10);
    fclose(status);
    return kib * 1024;
}

/* The peak is not ru_maxrss, which begins with what the program that started this one had. */
void load_meter_print(const load_meter *start)
{
    load_meter now = load_meter_start();
    printf("cpu %.6f wall %.6f rss %ld private %ld\n", now.cpu_s - start->cpu_s, now.wall_s - start->wall_s,
           memory_of("VmHWM:"), memory_of("RssAnon:"));
}

void load_print_answered(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("answered %" PRId64 "\n", (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}
