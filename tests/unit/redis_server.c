/* SPDX-License-Identifier: MIT */
#include "redis_server.h"
#include "folder.h"
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

static void run_server(const redis_server *server)
{
    const char *const words[] = {
        "redis-server",   "--port", "0",     "--unixsocket",  server->path,
        "--save",         "",       "--dir", folder_path(""), server->password[0] == '\0' ? NULL : "--requirepass",
        server->password, NULL};
    int out = open("/dev/null", O_WRONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive a test that fails */
    dup2(out, 1);
    dup2(out, 2);
    execvp(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

static void wait_for_it(redis_server *server)
{
    static const struct timespec moment = {.tv_nsec = 20000000};
    for (int i = 0; i < 500; i++) {
        server->fd = connect_to(server->path);
        if (server->fd >= 0)
            return;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            fail_msg("redis-server ended at once");
        nanosleep(&moment, NULL);
    }
    fail_msg("redis-server does not begin to listen");
}

static bool is_there(void)
{
    return system("command -v redis-server >/dev/null 2>&1") == 0;
}

void redis_server_again(redis_server *server)
{
    unlink(server->path);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        run_server(server);
    wait_for_it(server);
    if (server->password[0] != '\0')
        redis_server_tell(server, (const char *const[]){"AUTH", server->password}, 2, NULL, 0);
}

bool redis_server_start(redis_server *server, const char *password)
{
    memset(server, 0, sizeof *server);
    server->fd = -1;
    if (!is_there())
        return false;
    if (strlen(folder_take()) + sizeof "/socket" > sizeof server->path)
        fail_msg("too long for a socket: %s; set TMPDIR to a folder that is not", folder_path("socket"));
    snprintf(server->path, sizeof server->path, "%s", folder_path("socket"));
    snprintf(server->password, sizeof server->password, "%s", password == NULL ? "" : password);
    snprintf(server->url, sizeof server->url, "unix://%s%s%s%s", password == NULL ? "" : ":", server->password,
             password == NULL ? "" : "@", server->path);
    redis_server_again(server);
    return true;
}

void redis_server_kill(redis_server *server)
{
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

static void send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        text += n;
        len -= (size_t)n;
    }
}

/* Reads up to the end of a line; what follows is not asked for yet, so byte by byte is enough. */
static void read_line(int fd, char *out, size_t cap)
{
    size_t len = 0;
    while (len + 1 < cap) {
        assert_int_equal(recv(fd, out + len, 1, 0), 1);
        if (out[len] == '\n')
            break;
        len++;
    }
    out[len] = '\0';
}

static void pass_over(int fd, long long len)
{
    char byte;
    while (len-- > 0)
        assert_int_equal(recv(fd, &byte, 1, 0), 1);
}

static size_t read_answer(int fd, int64_t *values, size_t cap)
{
    char line[512];
    size_t n = 0;
    read_line(fd, line, sizeof line);
    switch (line[0]) {
    case '-':
        fail_msg("redis-server says %s", line);
        return 0;
    case '$':
        if (strtoll(line + 1, NULL, 10) >= 0)
            pass_over(fd, strtoll(line + 1, NULL, 10) + 2);
        return 0;
    case ':':
        if (cap > 0)
            values[0] = strtoll(line + 1, NULL, 10);
        return 1;
    case '*':
        for (long long left = strtoll(line + 1, NULL, 10); left > 0; left--)
            n += read_answer(fd, values + (n < cap ? n : 0), n < cap ? cap - n : 0);
        return n;
    default:
        return 0;
    }
}

size_t redis_server_tell(redis_server *server, const char *const *words, size_t n, int64_t *values, size_t cap)
{
    char head[32];
    snprintf(head, sizeof head, "*%zu\r\n", n);
    send_all(server->fd, head, strlen(head));
    for (size_t i = 0; i < n; i++) {
        snprintf(head, sizeof head, "$%zu\r\n", strlen(words[i]));
        send_all(server->fd, head, strlen(head));
        send_all(server->fd, words[i], strlen(words[i]));
        send_all(server->fd, "\r\n", 2);
    }
    return read_answer(server->fd, values, cap);
}
