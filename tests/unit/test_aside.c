/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_SETSIG */
#endif
/* aside: answers, crashes, endless computing, memory, long answers; whose turn it is. */
#include "process/aside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TIME_MS 20000

/* What somebody would try who has taken the child over; then what a parser needs. */
static void ask_kernel(struct buf *out)
{
    char *const args[] = {"true", NULL};
    char file[] = "/tmp/tp-aside-XXXXXX";
    int tried = 0;

    tried += socket(AF_INET, SOCK_STREAM, 0) >= 0;
    tried += socket(AF_UNIX, SOCK_DGRAM, 0) >= 0;
    tried += execve("/bin/true", args, args + 1) >= 0;
    tried += mkstemp(file) >= 0;
    tried += open("/dev/null", O_WRONLY) >= 0;
    tried += unlink("/tmp/tp-aside-nothing") == 0 || errno != EPERM;
    tried += kill(getppid(), 0) == 0;
    tried += fork() >= 0;
    tried += rename("/tmp/tp-aside-nothing", "/tmp/tp-aside-other") == 0 || errno != EPERM;
    tried += renameat(AT_FDCWD, "/tmp/tp-aside-nothing", AT_FDCWD, "/tmp/tp-aside-other") == 0 ||
        errno != EPERM;
    tried += utimensat(AT_FDCWD, "/tmp/tp-aside-nothing", NULL, 0) == 0 || errno != EPERM;
    tried += fsetxattr(STDERR_FILENO, "user.a", "a", 1, 0) == 0 || errno != EPERM;
    tried += removexattr("/tmp/tp-aside-nothing", "user.a") == 0 || errno != EPERM;
    tried += syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
    tried += syscall(SYS_tkill, getppid(), 0) == 0;
    tried += sigqueue(getppid(), 0, (union sigval){0}) == 0;
    tried += syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), 0, &(siginfo_t){0}) == 0;
    tried += syscall(SYS_pidfd_getfd, 0, 0, 0) == 0 || errno != EPERM;
    tried += fcntl(3, F_SETOWN, getppid()) == 0;
    tried += fcntl(3, F_SETSIG, SIGKILL) == 0;
    tried += fcntl(3, F_GETFD) < 0 || raise(0) != 0; /* these it may */
    int fd = open("/etc/hostname", O_RDONLY);
    void *memory = malloc(1 << 20);
    buf_printf(out, "%d %d ", tried, fd >= 0 && memory);
    free(memory);
}

static char *shared;

static int reader(void *arg, const char *in, size_t len, struct buf *out)
{
    const char *how = arg;

    if (!strcmp(how, "stay")) { /* no pipe, no end */
        close(3);
        for (;;)
            pause();
    }
    if (!strcmp(how, "answer and stay")) {
        const struct {
            unsigned mark;
            int error;
            size_t len;
        } head = {0x61736964u, 0, 0};
        if (write(3, &head, sizeof head) < 0)
            abort();
        close(3);
        for (;;)
            pause();
    }
    if (!strcmp(how, "shared"))
        shared[0] = 'x';
    if (!strcmp(how, "log"))
        log_error("a line of the child");
    if (!strcmp(how, "crash"))
        abort();
    if (!strcmp(how, "exit"))
        _exit(0);
    if (!strcmp(how, "loop"))
        for (volatile unsigned n = 0;; n++)
            continue;
    if (!strcmp(how, "refuse"))
        return ERR_NOT_FOUND;
    if (!strcmp(how, "long"))
        for (int i = 0; i < 100000; i++)
            buf_puts(out, "0123456789");
    if (!strcmp(how, "files")) /* nothing is open but the standard ones and the pipe */
        buf_printf(out, "%d", fcntl(4, F_GETFD));
    if (!strcmp(how, "kernel"))
        ask_kernel(out);
    buf_put(out, in, len);
    return 0;
}

static struct aside_work work_of(const char *how)
{
    return (struct aside_work){.name = how,
        .read = reader,
        .arg = (void *)how,
        .in = "bytes",
        .len = 5,
        .time_ms = TIME_MS,
        .memory = (size_t)64 << 20,
        .out_max = 4096};
}

static void run(const char *how, int error, const char *answer)
{
    struct aside_work work = work_of(how);
    struct buf out = {0};

    if (!strcmp(how, "loop"))
        work.time_ms = 50;
    assert_int_equal(aside_run(&work, &out), error);
    assert_string_equal(buf_text(&out), answer);
    buf_free(&out);
}

static void test_outcomes(void **state)
{
    (void)state;
    run("echo", 0, "bytes");
    run("files", 0, "-1bytes");
#if defined(__x86_64__) || defined(__aarch64__)
    run("kernel", 0, "0 1 bytes");
#endif
    run("stay", ERR_REMOTE, "");
    run("answer and stay", 0, "");
    run("refuse", ERR_NOT_FOUND, "");
    run("crash", ERR_REMOTE, "");
    run("exit", ERR_REMOTE, "");
    run("loop", ERR_DEADLINE, "");
    run("long", ERR_LIMIT, "");
}

/* What all processes count in is out of its reach. */
static void test_shared(void **state)
{
    (void)state;
    shared = shared_new(4096);
    assert_non_null(shared);
    shared[0] = 's';
    run("shared", 0, "bytes");
    assert_int_equal(shared[0], 's');
    shared_free(shared);
}

/* The log's file may have the number of the pipe: no line of it is taken for the answer. */
static void test_log(void **state)
{
    int fds[8], error, count = 0;

    (void)state;
    while (count < 8 && (fds[count] = open("/dev/null", O_RDONLY)) < 3)
        count++;
    close(fds[count]); /* 3 is free, if it was not taken before the test */
    assert_int_equal(log_open("/dev/null"), 0);
    run("log", 0, "bytes");
    error = log_open(NULL);
    assert_int_equal(error, 0);
    while (count > 0)
        close(fds[--count]);
}

/* A lower limit of the service stays, and is no error. */
static void test_limits(void **state)
{
    struct rlimit before, low = {1, 1};
    pid_t pid;
    int status;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_CPU, &before), 0);
    pid = fork();
    if (pid == 0) {
        struct aside_work work = work_of("echo");
        struct buf out = {0};

        _exit(setrlimit(RLIMIT_CPU, &low) || aside_run(&work, &out) || out.len != 5);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- by the loop ---- */

static char order[64];
static struct reactor *reactor;

static void note(void *arg, int error, const struct buf *out)
{
    size_t len = strlen(order);

    (void)out;
    snprintf(order + len, sizeof order - len, "%s%s", (const char *)arg, error ? "!" : "");
}

static void until(const char *wanted)
{
    int64_t end = clock_mono_ms() + TIME_MS;

    while (strlen(order) < strlen(wanted) && clock_mono_ms() < end)
        reactor_step(reactor, clock_mono_ms() + 100, NULL);
    assert_string_equal(order, wanted);
}

/* An owner's second one waits for the first; another owner's does not. */
static void test_order(void **state)
{
    struct aside_work slow = work_of("loop"), mine = work_of("echo"), other = work_of("echo");
    struct aside *a[4];

    (void)state;
    order[0] = '\0';
    slow.time_ms = 400;
    slow.owner = mine.owner = 7;
    other.owner = 8;
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(aside_start(&a[0], reactor, &slow, note, "s"), 0);
    assert_int_equal(aside_start(&a[1], reactor, &mine, note, "m"), 0);
    assert_int_equal(aside_start(&a[2], reactor, &other, note, "o"), 0);
    assert_string_equal(order, "");
    until("os!m");
    reactor_free(reactor);
}

/* What a child died of is in the log: the loop looks until the kernel tells. */
static void test_cause(void **state)
{
    struct aside_work crash = work_of("crash"), stay = work_of("stay");
    struct aside *a[2];
    char file[] = "/tmp/tp-aside-XXXXXX", text[1024] = "";
    int fd = mkstemp(file);

    (void)state;
    order[0] = '\0';
    assert_true(fd >= 0);
    assert_int_equal(log_open(file), 0);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(aside_start(&a[0], reactor, &crash, note, "c"), 0);
    until("c!");
    assert_int_equal(aside_start(&a[1], reactor, &stay, note, "s"), 0);
    until("c!s!");
    reactor_free(reactor);
    assert_int_equal(log_open(NULL), 0);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "crash (5 bytes) died of SIGABRT"));
    assert_non_null(strstr(text, "stay (5 bytes) died of SIGKILL"));
    close(fd);
    unlink(file);
}

/* More than may run wait; one that is cancelled makes room, and nobody is told of it. */
static void test_many(void **state)
{
    struct aside_work slow = work_of("loop"), echo = work_of("echo");
    struct aside *slows[ASIDE_MAX], *last;

    (void)state;
    order[0] = '\0';
    assert_int_equal(reactor_new(&reactor), 0);
    for (int i = 0; i < ASIDE_MAX; i++)
        assert_int_equal(aside_start(&slows[i], reactor, &slow, note, "s"), 0);
    assert_int_equal(aside_start(&last, reactor, &echo, note, "e"), 0);
    for (int i = 0; i < 3; i++)
        reactor_step(reactor, clock_mono_ms() + 10, NULL);
    assert_string_equal(order, "");
    aside_cancel(slows[3]);
    until("e");
    for (int i = 0; i < ASIDE_MAX; i++)
        if (i != 3)
            aside_cancel(slows[i]);
    reactor_free(reactor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_shared), cmocka_unit_test(test_log), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_order), cmocka_unit_test(test_many), cmocka_unit_test(test_cause)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
