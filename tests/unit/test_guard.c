/* SPDX-License-Identifier: MIT */
#include "guard.h"
#include "support.h"
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for a child, which is killed by its alarm where it hangs. */
static void check_child(pid_t pid)
{
    int status;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Held while the process forks; until the other pipe says so. */
typedef struct holder {
    uvrest__guard guard;
    int is_held[2];
    int let_go[2];
} holder;

static void *hold(void *user)
{
    holder *h = user;
    char byte = 0;
    uvrest__guard_lock(&h->guard);
    if (write(h->is_held[1], &byte, 1) != 1 || read(h->let_go[0], &byte, 1) != 1)
        abort();
    uvrest__guard_unlock(&h->guard);
    return NULL;
}

static void *use(void *user)
{
    holder *h = user;
    for (unsigned i = 0; i < 100; i++) {
        uvrest__guard_lock(&h->guard);
        uvrest__guard_unlock(&h->guard);
    }
    return NULL;
}

/* What a child does; a child of its own does the same, while it is held. */
static int use_in_child(holder *h, unsigned generations)
{
    pthread_t threads[4];
    int status = 0;
    pid_t pid;
    (void)alarm(20);
    for (size_t i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, use, h) != 0)
            return 1;
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    if (generations == 0)
        return 0;
    uvrest__guard_lock(&h->guard);
    pid = fork();
    if (pid == 0)
        _exit(use_in_child(h, generations - 1));
    uvrest__guard_unlock(&h->guard);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

static void row_118_a_child_takes_what_another_thread_held(void **state)
{
    holder h;
    pthread_t thread;
    char byte = 0;
    pid_t pid;
    (void)state;
    uvrest__guard_init(&h.guard);
    assert_int_equal(pipe(h.is_held), 0);
    assert_int_equal(pipe(h.let_go), 0);
    assert_int_equal(pthread_create(&thread, NULL, hold, &h), 0);
    assert_int_equal(read(h.is_held[0], &byte, 1), 1);
    pid = fork();
    if (pid == 0)
        _exit(use_in_child(&h, 2));
    check_child(pid);
    assert_int_equal(write(h.let_go[1], &byte, 1), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    use(&h); /* the parent's is as it was */
    uvrest__guard_fini(&h.guard);
    for (size_t i = 0; i < 2; i++) {
        close(h.is_held[i]);
        close(h.let_go[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_118_a_child_takes_what_another_thread_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
