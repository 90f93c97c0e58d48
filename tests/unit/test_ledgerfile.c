/* SPDX-License-Identifier: MIT */
/* Ledgers shared through a file. A process is a registry of its own, or a real one where it
 * has to die. Rows 67 to 71. */
#include "clock.h"
#include "fakes.h"
#include "folder.h"
#include "quota_sim.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS UVREST__NS_PER_MS
#define S UVREST__NS_PER_S
#define MEMBERS 128
#define HEAD_VERSION_AT 8
#define HEAD_BOOT_ID_AT 56
#define NUMBERS_AT 4096

typedef struct process {
    uvrest__ratelimit_registry *registry;
    uvrest__ratelimit *rl;
    const char *warning; /* of its start */
} process;

/* 10 in 1 s, 100 ms of guard. */
static const char *folder; /* empty when a test begins */
static char path[PATH_MAX];
static char name[PATH_MAX]; /* of the file that is made */
static uvrest__ratelimit_conf conf;
static uint64_t now;
static uvrest__ratelimit_ticket ticket;
static uvrest__ratelimit_wait wait_for;

static process start_with(const uvrest__ratelimit_conf *with)
{
    static const char *const lines[] = {"App-ID: me", "Auth-Token: t", NULL};
    process p;
    assert_int_equal(uvrest__ratelimit_registry_new(NULL, &p.registry), UVREST_OK);
    assert_int_equal(
        uvrest__ratelimit_get(p.registry, "https://a.example", lines, with, now, fake_rand_least, NULL, NULL, &p.rl),
        UVREST_OK);
    p.warning = uvrest__ratelimit_take_warning(p.rl);
    return p;
}

static process start(void)
{
    process p = start_with(&conf);
    assert_null(p.warning);
    return p;
}

static void stop(process *p)
{
    uvrest__ratelimit_put(p->rl, now);
    uvrest__ratelimit_registry_free(p->registry);
}

static bool acquire(const process *p)
{
    return uvrest__ratelimit_acquire(p->rl, now, UVREST_PRIORITY_NORMAL, &ticket, &wait_for);
}

static uvrest__ratelimit_ticket must_acquire(const process *p)
{
    if (!acquire(p))
        fail_msg("has to wait %lu ns, cause %d", (unsigned long)wait_for.ns, (int)wait_for.cause);
    return ticket;
}

static void must_wait(const process *p, uvrest__ratelimit_cause cause, uint64_t ns)
{
    assert_false(acquire(p));
    assert_int_equal(wait_for.cause, cause);
    assert_int_equal(wait_for.ns, ns);
}

static void answer(const process *p, uvrest__ratelimit_ticket t, int http_status)
{
    uvrest__ratelimit_answer a = {http_status, http_status == 429 ? 3000 : -1, UVREST__QUOTA_NONE};
    uvrest__ratelimit_answered(p->rl, &t, now, &a);
}

static void spend(const process *p, int n)
{
    while (n-- > 0)
        answer(p, must_acquire(p), 200);
}

static uvrest__ratelimit_stats stats(const process *p)
{
    uvrest__ratelimit_stats out;
    uvrest__ratelimit_read_stats(p->rl, now, &out);
    return out;
}

/* The only file in the folder. */
static const char *find_file(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *one;
    name[0] = '\0';
    assert_non_null(dir);
    while ((one = readdir(dir)) != NULL)
        if (one->d_name[0] != '.') {
            assert_string_equal(name, "");
            snprintf(name, sizeof name, "%s/%s", folder, one->d_name);
        }
    closedir(dir);
    assert_string_not_equal(name, "");
    return name;
}

static void overwrite(size_t at, const void *bytes, size_t len)
{
    int fd = open(find_file(), O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
    close(fd);
}

static int begin(void **state)
{
    const uvrest_rate_limit options = {.requests = 10,
                                       .window_ms = 1000,
                                       .guard_ms = 100,
                                       .first_contact = 10,
                                       .jitter = UVREST_OFF,
                                       .shared_file = path};
    (void)state;
    now = 1000 * S;
    folder = folder_take();
    strcpy(path, folder_path("ledger"));
    assert_int_equal(uvrest__ratelimit_configure(&conf, &options, 0, 0, NULL), UVREST_OK);
    return 0;
}

/* A process that keeps its own ledger still keeps within the quota. */
static void must_be_private(process *p, const char *warning)
{
    assert_non_null(p->warning);
    assert_non_null(strstr(p->warning, warning));
    spend(p, 10);
    must_wait(p, UVREST__RATELIMIT_SLOTS, 1100 * MS);
}

/* ---- sharing ----------------------------------------------------------------------------------------------------- */

static void processes_share_the_slots_row_68(void **state)
{
    process a = start(), b = start();
    (void)state;
    spend(&a, 6);
    now += 300 * MS;
    spend(&b, 4);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 800 * MS);
    must_wait(&b, UVREST__RATELIMIT_SLOTS, 800 * MS);
    assert_true(wait_for.firm);
    now += 800 * MS;
    spend(&b, 6);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 300 * MS);
    assert_int_equal(stats(&a).free_slots, 0);
    assert_int_equal(stats(&a).sent, 16);
    stop(&a);
    stop(&b);
}

static void what_others_have_under_way_is_asked_for_every_20_ms_row_68(void **state)
{
    process a = start(), b = start();
    uvrest__ratelimit_ticket tickets[10];
    (void)state;
    for (int i = 0; i < 10; i++)
        tickets[i] = must_acquire(&a);
    must_wait(&b, UVREST__RATELIMIT_SLOTS, 20 * MS);
    assert_false(wait_for.firm);
    uvrest__ratelimit_not_sent(a.rl, &tickets[0], now);
    spend(&b, 1);
    for (int i = 1; i < 10; i++)
        uvrest__ratelimit_given_up(a.rl, &tickets[i], now);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    stop(&a);
    stop(&b);
}

static void a_refusal_pauses_all_processes_row_68(void **state)
{
    process a = start(), b = start();
    uvrest__ratelimit_ticket probe;
    (void)state;
    answer(&a, must_acquire(&a), 429);
    must_wait(&b, UVREST__RATELIMIT_PAUSED, stats(&a).paused_ns);
    assert_in_range(wait_for.ns, 3 * S, 3300 * MS);
    now += wait_for.ns;
    probe = must_acquire(&b); /* one probe, whoever sends it */
    assert_true(probe.probe);
    must_wait(&a, UVREST__RATELIMIT_PAUSED, 20 * MS);
    answer(&b, probe, 200);
    spend(&a, 1);
    stop(&a);
    stop(&b);
}

static void the_stricter_configuration_holds_while_both_are_there(void **state)
{
    uvrest__ratelimit_conf other = conf;
    process a = start(), b;
    (void)state;
    other.slots = 4;
    b = start_with(&other);
    assert_null(b.warning);
    spend(&a, 4);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    stop(&a);
    stop(&b);
    now += 2 * S;
    a = start(); /* alone, with nothing to remember: its own again */
    spend(&a, 10);
    stop(&a);
    other.slots = 40; /* larger rings */
    now += 2 * S;
    b = start_with(&other);
    spend(&b, 40);
    a = start();
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    stop(&a);
    stop(&b);
}

static void credentials_have_files_of_their_own_row_73(void **state)
{
    static const char *const lines[] = {"App-ID: me", "Auth-Token: other", NULL};
    process a = start();
    uvrest__ratelimit *other;
    struct stat st;
    (void)state;
    assert_int_equal(stat(find_file(), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(strlen(name), strlen(path) + 17);
    spend(&a, 10);
    assert_int_equal(
        uvrest__ratelimit_get(a.registry, "https://a.example", lines, &conf, now, fake_rand_least, NULL, NULL, &other),
        UVREST_OK);
    assert_true(uvrest__ratelimit_acquire(other, now, UVREST_PRIORITY_NORMAL, &ticket, &wait_for));
    uvrest__ratelimit_not_sent(other, &ticket, now);
    uvrest__ratelimit_put(other, now);
    stop(&a);
}

static void a_client_without_the_file_keeps_the_ledger_that_is_there(void **state)
{
    uvrest__ratelimit_conf without = conf;
    process a = start();
    uvrest__ratelimit *second;
    (void)state;
    without.shared_file = NULL;
    assert_int_equal(uvrest__ratelimit_get(a.registry, "https://b.example", NULL, &without, now, fake_rand_least, NULL,
                                           NULL, &second),
                     UVREST_OK);
    assert_null(uvrest__ratelimit_take_warning(second));
    uvrest__ratelimit *third;
    assert_int_equal(
        uvrest__ratelimit_get(a.registry, "https://b.example", NULL, &conf, now, fake_rand_least, NULL, NULL, &third),
        UVREST_OK);
    assert_non_null(strstr(uvrest__ratelimit_take_warning(third), "another client"));
    assert_null(uvrest__ratelimit_take_warning(third));
    uvrest__ratelimit_put(second, now);
    uvrest__ratelimit_put(third, now);
    stop(&a);
}

static void so_many_processes_and_one_more(void **state)
{
    static process all[MEMBERS];
    process more;
    (void)state;
    for (int i = 0; i < MEMBERS; i++)
        all[i] = start();
    more = start_with(&conf);
    must_be_private(&more, "too many");
    stop(&more);
    stop(&all[77]);
    all[77] = start();
    for (int i = 0; i < MEMBERS; i++)
        stop(&all[i]);
}

/* Whole runs: no refusal, and as fast as one process with as many requests under way. */
static void shared_runs_keep_the_bound_row_68(void **state)
{
    (void)state;
    for (uint32_t k = 2; k <= 8; k *= 2) {
        for (uint32_t n = 1500; n <= 5000; n += 3500) {
            quota_sim_conf plan = {.n_calls = n, .n_clients = k, .separate_ledgers = true, .seed = k};
            quota_sim_result result;
            double ratio;
            plan.options.shared_file = path;
            result = quota_sim_run(&plan);
            ratio = (double)result.finish_ns / (double)quota_sim_bound_ns(&plan);
            if (result.refused != 0 || result.failed != 0 || result.busiest != 1000 || ratio > 1.02)
                fail_msg("%u processes, %u calls: %u refused, busiest %u, ratio %.4f", k, n, result.refused,
                         result.busiest, ratio);
            unlink(find_file()); /* the next run begins at the same moment */
        }
    }
}

/* ---- restart, suspend -------------------------------------------------------------------------------------------- */

static void a_restart_knows_what_was_used_row_67(void **state)
{
    process a = start();
    (void)state;
    spend(&a, 10);
    stop(&a);
    now += 400 * MS;
    a = start();
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 700 * MS);
    now += 700 * MS;
    spend(&a, 9);
    answer(&a, must_acquire(&a), 429);
    stop(&a);
    a = start();
    must_wait(&a, UVREST__RATELIMIT_PAUSED, stats(&a).paused_ns);
    assert_in_range(wait_for.ns, 3 * S, 3300 * MS);
    assert_int_equal(stats(&a).refused, 1);
    stop(&a);
}

static void whole_runs_go_on_after_a_restart_without_refusal_row_67(void **state)
{
    (void)state;
    for (uint32_t used = 700; used <= 1000; used += 300) {
        uvrest_rate_limit options = {.requests = 1000, .window_ms = 20000, .shared_file = path, .first_contact = 1000};
        quota_sim_conf plan = {.n_calls = 1500, .used_before = used, .seed = used};
        quota_sim_result result;
        uvrest__ratelimit_conf before;
        process first;
        double ratio;
        assert_int_equal(uvrest__ratelimit_configure(&before, &options, 0, 0, NULL), UVREST_OK);
        now = 998 * S; /* the simulation begins 2 s later, and its server knows of requests from now on */
        assert_int_equal(uvrest__ratelimit_registry_new(NULL, &first.registry), UVREST_OK);
        assert_int_equal(uvrest__ratelimit_get(first.registry, "https://a.example", NULL, &before, now, fake_rand_least,
                                               NULL, NULL, &first.rl),
                         UVREST_OK);
        for (uint32_t i = 0; i < used; i++, now += MS)
            spend(&first, 1);
        stop(&first);
        plan.options.shared_file = path;
        result = quota_sim_run(&plan);
        ratio = (double)result.finish_ns / (double)quota_sim_bound_ns(&plan);
        if (result.refused != 0 || result.failed != 0 || ratio > 1.02)
            fail_msg("%u used: %u refused, ratio %.4f", used, result.refused, ratio);
        unlink(find_file());
    }
    now = 1000 * S;
}

static void a_suspend_gives_back_a_window_and_no_more_row_71(void **state)
{
    process a = start(), b = start();
    (void)state;
    spend(&a, 10);
    now += 300 * S;
    spend(&b, 5);
    spend(&a, 5);
    must_wait(&b, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    now -= 200 * S; /* a clock that is behind counts as the newest moment seen */
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    now += 200 * S;
    stop(&a);
    stop(&b);
}

static void a_restart_of_the_machine_begins_anew_row_71(void **state)
{
    process a = start();
    (void)state;
    spend(&a, 10);
    stop(&a);
    overwrite(HEAD_BOOT_ID_AT, "another", 7);
    now = 5 * S; /* moments of before mean nothing */
    a = start();
    spend(&a, 10);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    stop(&a);
}

static void another_clock_is_noticed_row_71(void **state)
{
    process a = start(), b;
    (void)state;
    spend(&a, 1);
    now -= 100 * S;
    b = start_with(&conf);
    must_be_private(&b, "another clock");
    stop(&b);
    now += 100 * S;
    stop(&a);
}

/* ---- killed processes -------------------------------------------------------------------------------------------- */

/* Runs the body in a process of its own until it is killed. */
static pid_t fork_process(void (*body)(int out), int *out_pipe)
{
    int ends[2];
    pid_t pid;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        body(ends[1]);
        _exit(9);
    }
    close(ends[1]);
    *out_pipe = ends[0];
    return pid;
}

static void kill_process(pid_t pid, int out)
{
    int how;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFSIGNALED(how));
    close(out);
}

static void tell(int out)
{
    if (write(out, "x", 1) != 1)
        _exit(1);
}

static void hear(int out)
{
    char c;
    assert_int_equal(read(out, &c, 1), 1);
}

static void take_three_and_wait(int out)
{
    process p = start();
    for (int i = 0; i < 3; i++)
        (void)must_acquire(&p);
    tell(out);
    for (;;)
        pause();
}

static void slots_of_the_dead_return_after_a_window_row_69(void **state)
{
    process a = start();
    int out;
    pid_t child = fork_process(take_three_and_wait, &out);
    (void)state;
    hear(out);
    assert_int_equal(stats(&a).in_flight, 3);
    now += 5 * S; /* alive: however long it takes */
    assert_int_equal(stats(&a).in_flight, 3);
    kill_process(child, out);
    now += 1 * S;
    assert_int_equal(stats(&a).in_flight, 0);
    spend(&a, 7);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    now += 1100 * MS;
    spend(&a, 10);
    stop(&a);
}

static void a_start_finds_the_dead_at_once_row_69(void **state)
{
    int out;
    pid_t child = fork_process(take_three_and_wait, &out);
    process a;
    (void)state;
    hear(out);
    kill_process(child, out);
    a = start();
    assert_int_equal(stats(&a).in_flight, 0);
    assert_int_equal(stats(&a).free_slots, 7);
    now += 1100 * MS;
    spend(&a, 10);
    stop(&a);
}

static void become_the_probe_and_wait(int out)
{
    process p = start();
    assert_true(must_acquire(&p).probe);
    tell(out);
    for (;;)
        pause();
}

static void a_dead_probe_is_followed_by_another_row_69(void **state)
{
    process a = start();
    int out;
    pid_t child;
    (void)state;
    answer(&a, must_acquire(&a), 429);
    now += stats(&a).paused_ns;
    child = fork_process(become_the_probe_and_wait, &out);
    hear(out);
    must_wait(&a, UVREST__RATELIMIT_PAUSED, 20 * MS);
    kill_process(child, out);
    now += 1 * S;
    assert_true(must_acquire(&a).probe);
    answer(&a, ticket, 200);
    spend(&a, 1);
    stop(&a);
}

static void work_for_ever(int out)
{
    process p = start();
    tell(out);
    for (;;) {
        uvrest__ratelimit_ticket first = must_acquire(&p), second;
        now += 1;
        second = must_acquire(&p);
        uvrest__ratelimit_not_sent(p.rl, &first, now);
        answer(&p, second, 200);
        now += 1100 * MS;
    }
}

/* Killed at any moment, in the middle of any write: the lock is free, the file whole, and nothing is counted twice. */
static void a_kill_at_any_moment_leaves_the_file_whole_row_69(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        int out;
        pid_t child = fork_process(work_for_ever, &out);
        process a;
        hear(out);
        for (volatile int spin = 0; spin < i * 5000; spin++)
            continue;
        kill_process(child, out);
        now += 1000000 * S; /* beyond where the child's clock can have got to */
        a = start();
        assert_int_equal(stats(&a).in_flight, 0);
        assert_in_range(stats(&a).free_slots, 8, 10);
        now += 1100 * MS;
        spend(&a, 10);
        must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
        now += 1100 * MS;
        stop(&a);
    }
}

/* As start(), in the registry that knows of fork(). */
static process start_shared(void)
{
    static const char *const lines[] = {"App-ID: me", "Auth-Token: t", NULL};
    process p = {.registry = uvrest__ratelimit_shared()};
    if (uvrest__ratelimit_get(p.registry, "https://a.example", lines, &conf, now, fake_rand_least, NULL, NULL, &p.rl) !=
            UVREST_OK ||
        uvrest__ratelimit_take_warning(p.rl) != NULL)
        _exit(2);
    return p;
}

static void join_beside_the_parent(int out)
{
    process own = start_shared();
    if (stats(&own).in_flight != 4)
        _exit(3);
    spend(&own, 2);
    (void)must_acquire(&own);
    tell(out);
    for (;;)
        pause();
}

static void a_forked_child_is_a_process_of_its_own_row_69(void **state)
{
    process parent = start_shared();
    uvrest__ratelimit_ticket tickets[4];
    int out;
    pid_t child;
    (void)state;
    for (int i = 0; i < 4; i++)
        tickets[i] = must_acquire(&parent);
    child = fork_process(join_beside_the_parent, &out);
    hear(out);
    assert_int_equal(stats(&parent).in_flight, 5);
    assert_int_equal(stats(&parent).free_slots, 3);
    kill_process(child, out);
    now += 1 * S;
    assert_int_equal(stats(&parent).in_flight, 4);
    for (int i = 0; i < 4; i++)
        answer(&parent, tickets[i], 200);
    uvrest__ratelimit_put(parent.rl, now);
}

/* Its child never uses the library, and lives on. */
static void take_three_and_fork(int out)
{
    process p = start_shared();
    for (int i = 0; i < 3; i++)
        (void)must_acquire(&p);
    if (fork() == 0) {
        pid_t idle = getpid();
        if (write(out, &idle, sizeof idle) != sizeof idle)
            _exit(1);
    }
    for (;;)
        pause();
}

static void a_child_does_not_keep_its_dead_parent_alive_row_69(void **state)
{
    pid_t idle = 0;
    int out;
    pid_t parent = fork_process(take_three_and_fork, &out);
    uint32_t under_way[2];
    process a;
    (void)state;
    assert_int_equal(read(out, &idle, sizeof idle), sizeof idle);
    a = start();
    under_way[0] = stats(&a).in_flight;
    kill_process(parent, out);
    now += 1 * S;
    under_way[1] = stats(&a).in_flight;
    assert_int_equal(kill(idle, SIGKILL), 0);
    assert_int_equal(under_way[0], 3);
    assert_int_equal(under_way[1], 0);
    stop(&a);
}

/* ---- files that cannot be used ----------------------------------------------------------------------------------- */

static void refuse(const char *warning)
{
    process p = start_with(&conf);
    must_be_private(&p, warning);
    stop(&p);
}

/* Makes the file, with a used slot in it. */
static void make_file(void)
{
    process p = start();
    spend(&p, 1);
    stop(&p);
    find_file();
}

static void a_truncated_file_is_refused_row_70(void **state)
{
    static const off_t lengths[] = {1, 100, 4095, 4096, 5000, 12287, 12288, 12448};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make_file();
        assert_int_equal(truncate(name, lengths[i]), 0);
        refuse("cut off");
        unlink(name);
    }
    make_file();
    assert_int_equal(truncate(name, 0), 0); /* nothing in it: as if it were new */
    make_file();
}

static void another_version_is_refused_row_70(void **state)
{
    process p;
    (void)state;
    make_file();
    overwrite(HEAD_VERSION_AT, "\2", 1);
    refuse("another version");
    overwrite(HEAD_VERSION_AT, "\1", 1);
    p = start();
    stop(&p);
}

static void a_file_of_something_else_is_left_alone_row_70(void **state)
{
    char text[] = "my diary, which must not be touched\n", again[sizeof text] = "";
    int fd;
    (void)state;
    make_file();
    fd = open(name, O_RDWR | O_TRUNC);
    for (int i = 0; i < 200; i++)
        assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    refuse("something else");
    assert_int_equal(pread(fd, again, sizeof text - 1, 199 * (off_t)(sizeof text - 1)), sizeof text - 1);
    assert_string_equal(again, text);
    close(fd);
}

static void damaged_numbers_are_refused_row_70(void **state)
{
    unsigned char junk[8];
    (void)state;
    memset(junk, 0xa5, sizeof junk);
    make_file();
    overwrite(NUMBERS_AT + 100, junk, sizeof junk);
    overwrite(2 * NUMBERS_AT + 100, junk, sizeof junk);
    refuse("damaged");
    unlink(name);
    make_file();
    for (size_t at = 3 * NUMBERS_AT; at < 3 * NUMBERS_AT + 320; at += sizeof junk)
        overwrite(at, junk, sizeof junk); /* moments that lie in the future would hold slots for ever */
    refuse("damaged");
}

static void one_damaged_copy_of_the_numbers_is_one_too_few_only_row_70(void **state)
{
    process a;
    (void)state;
    make_file();
    overwrite(NUMBERS_AT + 100, "junk", 4);
    a = start();
    assert_in_range(stats(&a).free_slots, 9, 10);
    stop(&a);
}

static void a_file_of_others_is_refused_row_70(void **state)
{
    (void)state;
    make_file();
    assert_int_equal(chmod(name, 0640), 0);
    refuse("other users");
    assert_int_equal(chmod(name, 0600), 0);
    if (geteuid() == 0) { /* else nobody can give a file away */
        assert_int_equal(chown(name, 12345, 12345), 0);
        refuse("another user");
    }
}

static void what_is_no_file_is_refused_row_70(void **state)
{
    const char *target = folder_path("target");
    (void)state;
    make_file();
    assert_int_equal(rename(name, target), 0);
    assert_int_equal(symlink(target, name), 0);
    refuse("symbolic link");
    unlink(name);
    assert_int_equal(link(target, name), 0);
    refuse("not a file of its own");
    unlink(name);
    assert_int_equal(mkfifo(name, 0600), 0);
    refuse("not a file of its own");
}

static void an_unwritable_place_is_refused_row_70(void **state)
{
    (void)state;
    conf.shared_file = "/nonexistent/folder/ledger";
    refuse("cannot be opened");
    conf.shared_file = "/proc/ledger";
    refuse("cannot be opened");
}

/* What happens to a file in use: the book goes on where it stood, in this process alone. */
static void lose_the_file(void (*harm)(void), const char *warning)
{
    process a = start(), b = start();
    uvrest__ratelimit_ticket ours;
    spend(&a, 4);
    ours = must_acquire(&a);
    (void)must_acquire(&b);
    assert_int_equal(stats(&a).in_flight, 2);
    find_file();
    harm();
    spend(&a, 4);
    assert_non_null(strstr(uvrest__ratelimit_take_warning(a.rl), warning));
    assert_int_equal(stats(&a).in_flight, 1);
    assert_false(acquire(&a));
    assert_int_equal(wait_for.cause, UVREST__RATELIMIT_SLOTS);
    answer(&a, ours, 200);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    now += 1100 * MS;
    spend(&a, 10);
    stop(&a);
    stop(&b);
}

static void harm_by_cutting(void)
{
    assert_int_equal(truncate(name, 9000), 0);
}

static void harm_by_emptying(void)
{
    assert_int_equal(truncate(name, 0), 0);
}

static void harm_by_making_anew(void)
{
    process other;
    assert_int_equal(truncate(name, 0), 0);
    other = start();
    stop(&other);
}

static void harm_by_removing(void)
{
    assert_int_equal(unlink(name), 0);
}

static void harm_by_overwriting(void)
{
    overwrite(NUMBERS_AT, "junk", 4);
    overwrite(2 * NUMBERS_AT, "junk", 4);
}

static void a_file_lost_in_use_leaves_a_ledger_of_ones_own_row_70(void **state)
{
    (void)state;
    lose_the_file(harm_by_cutting, "cut off");
    unlink(name);
    lose_the_file(harm_by_emptying, "cut off");
    unlink(name);
    lose_the_file(harm_by_making_anew, "damaged");
    unlink(name);
    lose_the_file(harm_by_removing, "removed");
    lose_the_file(harm_by_overwriting, "damaged");
}

/* As if whoever holds it were stopped. */
static void a_lock_that_nobody_lets_go_of_is_given_up_row_70(void **state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    process p = start(), late;
    uint64_t begun;
    int fd = open(find_file(), O_RDWR);
    (void)state;
    spend(&p, 3);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
    begun = uvrest__clock_now(&uvrest__clock_system);
    (void)must_acquire(&p);
    assert_in_range(uvrest__clock_now(&uvrest__clock_system) - begun, S, 30 * S);
    assert_string_equal(uvrest__ratelimit_take_warning(p.rl), "whoever holds its lock does not go on");
    assert_int_equal(stats(&p).free_slots, 6);
    late = start_with(&conf);
    assert_string_equal(late.warning, "whoever holds its lock does not go on");
    answer(&p, ticket, 200);
    close(fd);
    stop(&late);
    stop(&p);
}

static void a_limit_on_the_size_of_files_kills_nobody_row_70(void **state)
{
    struct rlimit before, none;
    process p = start(), late;
    (void)state;
    spend(&p, 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    spend(&p, 1);
    late = start_with(&conf);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_string_equal(uvrest__ratelimit_take_warning(p.rl), "the file cannot be written");
    assert_string_equal(late.warning, "the file cannot be written");
    assert_int_equal(stats(&p).free_slots, 6);
    stop(&late);
    stop(&p);
}

static void a_file_in_the_place_of_ours_is_noticed_row_70(void **state)
{
    process p = start(), late;
    const char *moved = folder_path(".moved");
    (void)state;
    spend(&p, 3);
    assert_int_equal(rename(find_file(), moved), 0);
    spend(&p, 1); /* nobody else can come to another one yet */
    late = start();
    now += S;
    spend(&p, 1);
    assert_string_equal(uvrest__ratelimit_take_warning(p.rl), "another file has taken its place");
    stop(&late);
    stop(&p);
}

static void moments_damaged_in_use_count_as_used_now_row_70(void **state)
{
    process a = start(), b = start();
    unsigned char junk[320];
    (void)state;
    memset(junk, 0xff, sizeof junk);
    spend(&a, 4);
    spend(&b, 1);
    overwrite(3 * NUMBERS_AT, junk, sizeof junk);
    must_wait(&a, UVREST__RATELIMIT_SLOTS, 1100 * MS);
    assert_non_null(strstr(uvrest__ratelimit_take_warning(a.rl), "damaged"));
    now += 1100 * MS;
    spend(&a, 10);
    stop(&a);
    stop(&b);
}

static uvrest_status make_shared_ledger(const uvrest_alloc *alloc, void *user)
{
    process p;
    uvrest_status st = uvrest__ratelimit_registry_new(alloc, &p.registry);
    (void)user;
    if (st != UVREST_OK)
        return st;
    st = uvrest__ratelimit_get(p.registry, "https://a.example", NULL, &conf, now, fake_rand_least, NULL, NULL, &p.rl);
    if (st == UVREST_OK)
        stop(&p);
    else
        uvrest__ratelimit_registry_free(p.registry);
    return st;
}

static void shared_ledgers_survive_lack_of_memory_row_110(void **state)
{
    (void)state;
    support_fail_each(make_shared_ledger, NULL);
    support_fail_each(make_shared_ledger, NULL); /* the file is there now */
}

#define WITH_FOLDER(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(processes_share_the_slots_row_68),
        WITH_FOLDER(what_others_have_under_way_is_asked_for_every_20_ms_row_68),
        WITH_FOLDER(a_refusal_pauses_all_processes_row_68),
        WITH_FOLDER(the_stricter_configuration_holds_while_both_are_there),
        WITH_FOLDER(credentials_have_files_of_their_own_row_73),
        WITH_FOLDER(a_client_without_the_file_keeps_the_ledger_that_is_there),
        WITH_FOLDER(so_many_processes_and_one_more),
        WITH_FOLDER(shared_runs_keep_the_bound_row_68),
        WITH_FOLDER(a_restart_knows_what_was_used_row_67),
        WITH_FOLDER(whole_runs_go_on_after_a_restart_without_refusal_row_67),
        WITH_FOLDER(a_suspend_gives_back_a_window_and_no_more_row_71),
        WITH_FOLDER(a_restart_of_the_machine_begins_anew_row_71),
        WITH_FOLDER(another_clock_is_noticed_row_71),
        WITH_FOLDER(slots_of_the_dead_return_after_a_window_row_69),
        WITH_FOLDER(a_start_finds_the_dead_at_once_row_69),
        WITH_FOLDER(a_dead_probe_is_followed_by_another_row_69),
        WITH_FOLDER(a_kill_at_any_moment_leaves_the_file_whole_row_69),
        WITH_FOLDER(a_forked_child_is_a_process_of_its_own_row_69),
        WITH_FOLDER(a_child_does_not_keep_its_dead_parent_alive_row_69),
        WITH_FOLDER(a_truncated_file_is_refused_row_70),
        WITH_FOLDER(another_version_is_refused_row_70),
        WITH_FOLDER(a_file_of_something_else_is_left_alone_row_70),
        WITH_FOLDER(damaged_numbers_are_refused_row_70),
        WITH_FOLDER(one_damaged_copy_of_the_numbers_is_one_too_few_only_row_70),
        WITH_FOLDER(a_file_of_others_is_refused_row_70),
        WITH_FOLDER(what_is_no_file_is_refused_row_70),
        WITH_FOLDER(an_unwritable_place_is_refused_row_70),
        WITH_FOLDER(a_file_lost_in_use_leaves_a_ledger_of_ones_own_row_70),
        WITH_FOLDER(a_lock_that_nobody_lets_go_of_is_given_up_row_70),
        WITH_FOLDER(a_limit_on_the_size_of_files_kills_nobody_row_70),
        WITH_FOLDER(a_file_in_the_place_of_ours_is_noticed_row_70),
        WITH_FOLDER(moments_damaged_in_use_count_as_used_now_row_70),
        WITH_FOLDER(shared_ledgers_survive_lack_of_memory_row_110),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
