/* SPDX-License-Identifier: MIT */
/* A real Redis server of a test's own: on a socket in the program's folder, keeping nothing, ended by its id. */
#ifndef REDIS_SERVER_H
#define REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct redis_server {
    pid_t pid; /* 0: not running */
    int fd; /* of a connection for redis_server_tell(); -1: none */
    char password[32];
    char path[108]; /* of its socket, no longer than the system takes */
    char url[160]; /* for clients */
} redis_server;

/* Empties the program's folder. false: the machine has none, and the test is to be skipped. password NULL: none. */
bool redis_server_start(redis_server *server, const char *password);
/* Ends it at once and waits for its end; it can be started anew with redis_server_again(). */
void redis_server_kill(redis_server *server);
void redis_server_again(redis_server *server);
/*
 * Gives it a command and reads the answer: how many numbers there were, at most cap; a text counts as none. Fails the
 * test on an error.
 */
size_t redis_server_tell(redis_server *server, const char *const *words, size_t n, int64_t *values, size_t cap);

#endif /* REDIS_SERVER_H */
