/* SPDX-License-Identifier: BSD-2-Clause */
/* test_task -- tasks on one reactor: order, waits, wakes, whose turn it is, the end of a stack. */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "tests/unit/cm.h"

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define STACK_BYTES (256 * 1024)
#define MANY 1000

static struct reactor *reactor;
static atomic_int executing;
static char story[4096]; /* what happened, a letter each */

static void tell(char letter)
{
    size_t n = strlen(story);

    assert_true(n + 1 < sizeof story);
    story[n] = letter;
}

static int set_up(void **state)
{
    const struct tasks_settings settings = {.stack_bytes = STACK_BYTES,
        .stacks_kept = 4,
        .executing = &executing};

    (void)state;
    memset(story, 0, sizeof story);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &settings), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(tasks_count(), 0);
    tasks_close();
    reactor_free(reactor);
    return 0;
}

/* The loop of a process, until all tasks have ended. */
static void run_all(void)
{
    const int64_t until = clock_mono_ms() + PATIENCE_MS;

    tasks_run();
    while (tasks_count()) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(reactor, tasks_ready() ? 0 : until, NULL) >= 0);
        tasks_run();
    }
}

struct actor {
    char letter;
    struct task *task, *other;
    int fd;
    int result;
    bool flag;
};

static void say_once(void *arg)
{
    const struct actor *a = arg;

    tell(a->letter);
}

static void test_runs_in_the_order_of_waking(void **state)
{
    struct actor a = {.letter = 'a'}, b = {.letter = 'b'}, c = {.letter = 'c'};

    (void)state;
    assert_int_equal(task_spawn(say_once, &a, 0, NULL), 0);
    assert_int_equal(task_spawn(say_once, &b, 1, NULL), 0);
    assert_int_equal(task_spawn(say_once, &c, 2, NULL), 0);
    assert_int_equal(tasks_count(), 3);
    assert_true(tasks_ready());
    assert_string_equal(story, "");
    run_all();
    assert_string_equal(story, "abc");
    assert_false(tasks_ready());
}

/* Tells, wakes the other, waits to be woken; three times. */
static void ping(void *arg)
{
    struct actor *a = arg;

    for (int i = 0; i < 3; i++) {
        tell(a->letter);
        task_wake(a->other);
        while (!a->flag)
            task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
        a->flag = false;
    }
    a->task = NULL;
}

static struct actor left = {.letter = 'l'}, right = {.letter = 'r'};

static void pong(void *arg)
{
    struct actor *a = arg;

    for (int i = 0; i < 3; i++) {
        task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
        tell(a->letter);
        left.flag = true;
        task_wake(a->other);
    }
}

static void test_two_take_turns(void **state)
{
    (void)state;
    assert_int_equal(task_spawn(ping, &left, 0, &left.task), 0);
    assert_int_equal(task_spawn(pong, &right, 1, &right.task), 0);
    left.other = right.task;
    right.other = left.task;
    run_all();
    assert_int_equal(strlen(story), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(story[i], i % 2 ? 'r' : 'l');
}

static void wait_once(void *arg)
{
    struct actor *a = arg;

    task_wait(reactor, clock_mono_ms() + 2 * PATIENCE_MS, NULL);
    tell(a->letter);
}

static void wake_itself(void *arg)
{
    task_wake(task_self());
    wait_once(arg);
}

static void test_a_wake_before_the_wait_ends_it(void **state)
{
    struct actor a = {.letter = 'a'};

    (void)state;
    assert_int_equal(task_spawn(wake_itself, &a, 0, NULL), 0);
    tasks_run();
    assert_string_equal(story, "a");
    assert_int_equal(tasks_count(), 0);
}

static void test_many_wakes_are_one(void **state)
{
    struct actor a = {.letter = 'a'};
    struct task *t;

    (void)state;
    assert_int_equal(task_spawn(wait_once, &a, 0, &t), 0);
    tasks_run();
    assert_string_equal(story, "");
    assert_false(tasks_ready());
    task_wake(t);
    task_wake(t);
    task_wake(NULL);
    tasks_run();
    assert_string_equal(story, "a");
    assert_false(tasks_ready());
}

static void test_wake_all(void **state)
{
    struct actor a = {.letter = 'a'}, b = {.letter = 'b'};

    (void)state;
    assert_int_equal(task_spawn(wait_once, &a, 0, NULL), 0);
    assert_int_equal(task_spawn(wait_once, &b, 0, NULL), 0);
    tasks_run();
    tasks_wake_all();
    tasks_run();
    assert_int_equal(strlen(story), 2);
}

static void wait_short(void *arg)
{
    struct actor *a = arg;
    int64_t until = clock_mono_ms() + 5;

    while (clock_mono_ms() < until)
        task_wait(reactor, until, NULL);
    tell(a->letter);
}

static void test_time_ends_a_wait(void **state)
{
    struct actor a = {.letter = 'a'};

    (void)state;
    assert_int_equal(task_spawn(wait_short, &a, 0, NULL), 0);
    run_all();
    assert_string_equal(story, "a");
}

static void read_one(void *arg)
{
    struct actor *a = arg;
    char c = 0;

    a->result = task_wait_fd(a->fd, POLLIN, clock_mono_ms() + PATIENCE_MS);
    assert_int_equal(read(a->fd, &c, 1), 1);
    tell(c);
}

static void test_waits_for_a_descriptor(void **state)
{
    struct actor a = {.result = 1};
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    a.fd = pair[0];
    assert_int_equal(task_spawn(read_one, &a, 0, NULL), 0);
    tasks_run();
    assert_string_equal(story, "");
    assert_int_equal(write(pair[1], "x", 1), 1);
    run_all();
    assert_string_equal(story, "x");
    assert_int_equal(a.result, 0);
    close(pair[0]);
    close(pair[1]);
}

static void wait_in_vain(void *arg)
{
    struct actor *a = arg;

    a->result = task_wait_fd(a->fd, POLLIN, clock_mono_ms() + 5);
}

static void test_a_descriptor_that_says_nothing(void **state)
{
    struct actor a = {.result = 1};
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    a.fd = pair[0];
    assert_int_equal(task_spawn(wait_in_vain, &a, 0, NULL), 0);
    run_all();
    assert_int_equal(a.result, ERR_DEADLINE);
    assert_int_equal(task_wait_fd(pair[0], POLLIN, 0), ERR_DEADLINE); /* outside of a task */
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(task_wait_fd(pair[0], POLLIN, clock_mono_ms() + PATIENCE_MS), 0);
    close(pair[0]);
    close(pair[1]);
}

static void note_mark(void *arg)
{
    struct actor *a = arg;
    struct task *self = task_self();

    log_context_set(a->letter == 'a' ? "turn=a" : "turn=b");
    a->result = atomic_load(&executing);
    task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
    assert_ptr_equal(task_self(), self);
    assert_int_equal(atomic_load(&executing), a->result);
}

static void test_says_who_executes(void **state)
{
    struct actor a = {.letter = 'a'}, b = {.letter = 'b'};
    struct task *one, *two;

    (void)state;
    assert_int_equal(task_spawn(note_mark, &a, 7, &one), 0);
    assert_int_equal(task_spawn(note_mark, &b, 9, &two), 0);
    tasks_run();
    assert_int_equal(a.result, 7);
    assert_int_equal(b.result, 9);
    assert_int_equal(atomic_load(&executing), -1);
    assert_null(task_self());
    assert_null(task_act(one));
    assert_int_equal(atomic_load(&executing), 7);
    assert_ptr_equal(task_act(two), one);
    assert_int_equal(atomic_load(&executing), 9);
    assert_ptr_equal(task_act(NULL), two);
    assert_int_equal(atomic_load(&executing), -1);
    tasks_wake_all();
    run_all();
}

/* Each line of the log has the context of the task that wrote it. */
static void write_line(void *arg)
{
    const struct actor *a = arg;

    log_context_set(a->letter == 'a' ? "turn=a" : "turn=b");
    task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
    log_info("line of %c", a->letter);
}

static void test_log_context_is_the_task_s(void **state)
{
    struct actor a = {.letter = 'a'}, b = {.letter = 'b'};
    char path[] = "/tmp/turnpike-task-XXXXXX", text[2048] = "";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(log_open(path), 0);
    assert_int_equal(task_spawn(write_line, &a, 0, NULL), 0);
    assert_int_equal(task_spawn(write_line, &b, 0, NULL), 0);
    tasks_run();
    tasks_wake_all();
    run_all();
    log_info("line of the loop");
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "turn=a line of a"));
    assert_non_null(strstr(text, "turn=b line of b"));
    assert_non_null(strstr(text, "] line of the loop"));
    log_open(NULL);
    close(fd);
    unlink(path);
}

static void spawn_another(void *arg)
{
    tell('1');
    assert_int_equal(task_spawn(say_once, arg, 0, NULL), 0);
    tell('2');
}

static void test_a_task_begins_another(void **state)
{
    struct actor a = {.letter = 'a'};

    (void)state;
    assert_int_equal(task_spawn(spawn_another, &a, 0, NULL), 0);
    run_all();
    assert_string_equal(story, "12a");
}

static size_t ended;

static void wander(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;

    for (int i = 0; i < 5; i++)
        task_wait(reactor, clock_mono_ms() + rand_r(&seed) % 20, NULL);
    ended++;
}

static void test_a_thousand(void **state)
{
    (void)state;
    ended = 0;
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(task_spawn(wander, (void *)(uintptr_t)i, (int)i, NULL), 0);
    run_all();
    assert_int_equal(ended, MANY);
    assert_true(tasks_deepest() > 0);
    assert_true(tasks_deepest() < STACK_BYTES);
}

static void use_much(void *arg)
{
    volatile char block[64 * 1024];

    (void)arg;
    for (size_t i = 0; i < sizeof block; i += 512)
        block[i] = (char)i;
}

static void use_little(void *arg)
{
    (void)arg;
}

static void measure(void *arg)
{
    size_t *depths = arg;

    depths[0] = task_depth(use_little, NULL);
    depths[1] = task_depth(use_much, NULL);
}

static void test_measures_depth(void **state)
{
    size_t depths[2];

    (void)state;
    assert_int_equal(task_spawn(measure, depths, 0, NULL), 0);
    run_all();
    assert_in_range(depths[0], 1, 32 * 1024);
    assert_in_range(depths[1], 64 * 1024, 160 * 1024);
    assert_true(tasks_deepest() >= 64 * 1024);
}

#ifndef __SANITIZE_ADDRESS__
static __attribute__((noinline)) int dig(int depth)
{
    volatile char block[1024];

    block[0] = (char)depth;
    return depth > 1000000 ? block[0] : dig(depth + 1) + block[0];
}

static void overflow(void *arg)
{
    log_context_set("turn=greedy");
    (void)arg;
    story[0] = (char)dig(0);
}

/* The process ends by SIGSEGV, and one line of the log names the task and the size. */
static void test_overflow_is_one_clear_line(void **state)
{
    const struct tasks_settings settings = {.stack_bytes = STACK_BYTES, .executing = &executing};
    char text[4096] = "";
    int out[2], status = 0;

    (void)state;
    assert_int_equal(pipe(out), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(out[1], STDERR_FILENO);
        close(out[0]);
        tasks_close(); /* cmocka has put its own handler of SIGSEGV in front */
        if (!tasks_open(reactor, &settings) && !task_spawn(overflow, NULL, 0, NULL))
            tasks_run();
        _exit(0);
    }
    close(out[1]);
    size_t n = 0;
    ssize_t got;
    while ((got = read(out[0], text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)got;
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_non_null(strstr(text, "turn=greedy"));
    assert_non_null(strstr(text, "stack overflow"));
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
}

/* A signal that somebody sends is no fault that comes again: it ends the process as ever. */
static void test_a_sent_segv_ends_the_process(void **state)
{
    const struct tasks_settings settings = {.stack_bytes = STACK_BYTES, .executing = &executing};
    int status = 0;

    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        tasks_close(); /* cmocka has put its own handler of SIGSEGV in front */
        signal(SIGSEGV, SIG_DFL);
        if (!tasks_open(reactor, &settings))
            kill(getpid(), SIGSEGV);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}
#endif

static void resolve_both(void *arg)
{
    struct addrinfo *list = NULL;

    (void)arg;
    assert_int_equal(task_resolve("127.0.0.1", "6379", clock_mono_ms() + PATIENCE_MS, &list), 0);
    assert_int_equal(list->ai_family, AF_INET);
    freeaddrinfo(list);
    assert_int_equal(task_resolve("localhost", "6379", clock_mono_ms() + PATIENCE_MS, &list), 0);
    assert_non_null(list);
    freeaddrinfo(list);
    assert_int_equal(task_resolve("no such host", "6379", clock_mono_ms() + PATIENCE_MS, &list),
        ERR_NOT_FOUND);
    tell('r');
}

static void test_resolves_names_without_holding_the_loop(void **state)
{
    (void)state;
    assert_int_equal(task_spawn(resolve_both, NULL, 0, NULL), 0);
    run_all();
    assert_string_equal(story, "r");
}

static void on_tick(struct reactor_timer *timer)
{
    *(bool *)timer->arg = true;
}

static void test_outside_of_a_task_the_wait_is_a_step(void **state)
{
    struct reactor_timer timer = {.set = false};
    bool ticked = false;

    (void)state;
    reactor_timer_set(reactor, &timer, clock_mono_ms(), on_tick, &ticked);
    while (!ticked)
        assert_true(task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL) >= 0);
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

/* What the tasks did may be what the caller waits for: it looks before it sleeps. */
static void test_outside_of_a_task_what_a_task_did_ends_the_wait(void **state)
{
    struct reactor_timer timer = {.set = false};
    bool late = false, done = false;

    (void)state;
    reactor_timer_set(reactor, &timer, clock_mono_ms() + PATIENCE_MS, on_tick, &late);
    assert_int_equal(task_spawn(set_true, &done, 0, NULL), 0);
    while (!done)
        assert_true(task_wait(reactor, clock_mono_ms() + 2 * PATIENCE_MS, NULL) >= 0);
    assert_false(late);
    reactor_timer_clear(reactor, &timer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_runs_in_the_order_of_waking),
        TEST(test_two_take_turns),
        TEST(test_a_wake_before_the_wait_ends_it),
        TEST(test_many_wakes_are_one),
        TEST(test_wake_all),
        TEST(test_time_ends_a_wait),
        TEST(test_waits_for_a_descriptor),
        TEST(test_a_descriptor_that_says_nothing),
        TEST(test_says_who_executes),
        TEST(test_log_context_is_the_task_s),
        TEST(test_a_task_begins_another),
        TEST(test_a_thousand),
        TEST(test_measures_depth),
#ifndef __SANITIZE_ADDRESS__
        TEST(test_overflow_is_one_clear_line),
        TEST(test_a_sent_segv_ends_the_process),
#endif
        TEST(test_resolves_names_without_holding_the_loop),
        TEST(test_outside_of_a_task_the_wait_is_a_step),
        TEST(test_outside_of_a_task_what_a_task_did_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
