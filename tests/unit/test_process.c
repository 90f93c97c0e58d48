/* SPDX-License-Identifier: MIT */
#include "process.h"
#include "support.h"
#include <sys/wait.h>
#include <unistd.h>

static void it_is_the_same_each_time(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(uvrest__process_id(), getpid());
}

/* How a child that asks twice, and its own child, answer: 0 if rightly. */
static int ask_in_children(int depth)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        bool right = uvrest__process_id() == getpid() && uvrest__process_id() == getpid();
        _exit(!right ? 1 : depth > 0 ? ask_in_children(depth - 1) : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_child_of_fork_is_another(void **state)
{
    (void)state;
    assert_int_equal(uvrest__process_id(), getpid());
    assert_int_equal(ask_in_children(1), 0);
    assert_int_equal(uvrest__process_id(), getpid());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_same_each_time),
        cmocka_unit_test(a_child_of_fork_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
