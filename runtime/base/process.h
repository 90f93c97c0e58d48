/* SPDX-License-Identifier: MIT */
/**
 * @file process.h
 * Which process this is, asked so often that a system call each time would be felt: to notice that it was forked from
 * the one something was made in.
 *
 * Threads: any.
 */
#ifndef UVREST_BASE_PROCESS_H
#define UVREST_BASE_PROCESS_H

#include <sys/types.h>

/** As getpid(). */
pid_t uvrest__process_id(void);

#endif /* UVREST_BASE_PROCESS_H */
