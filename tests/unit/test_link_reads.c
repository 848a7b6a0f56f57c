/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_link_reads -- a Redis that says more than a process reads in a pass of its loop does not
 * keep the loop for itself: its clients and timers have their turn in between.
 */
#include "base/clock.h"
#include "base/task.h"
#include "tests/unit/cm.h"
#include "tests/unit/loop_bench.h"
#include "wire/redis/link_parts.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define VALUE_SIZE 65536
#define REPLY_SIZE (sizeof "$65536\r\n\r\n" - 1 + VALUE_SIZE)
#define REPLIES 48 /* 3 MiB: three passes */

static unsigned outcomes, reads, most, passes;
static size_t owed; /* bytes of replies that are still to come */

/* Redis is faster than its reader, however busy the machine is: what is read is always there. */
static void wait_until_there(int fd, size_t len)
{
    int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS;
    int there = 0;

    while (ioctl(fd, FIONREAD, &there) == 0 && (size_t)there < len) {
        assert_true(clock_mono_ms() < end);
        poll(NULL, 0, 1);
    }
}

/* In the place of libc's, for all that is linked here. */
ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    bool counts = asked && fd == link_fd(asked) && owed > 0;
    ssize_t n;

    if (counts)
        wait_until_there(fd, len < owed ? len : owed);
    n = recvfrom(fd, bytes, len, flags, NULL, NULL);
    if (counts && n > 0) {
        reads++;
        owed -= (size_t)n < owed ? (size_t)n : owed;
    }
    return n;
}

static void on_pass(void *arg)
{
    (void)arg;
    passes += reads > 0;
    most = reads > most ? reads : most;
    reads = 0;
}

static void on_reply(void *arg, int error, struct link_reply *reply)
{
    (void)arg;
    assert_int_equal(error, 0);
    outcomes++;
    link_reply_free(reply);
}

static void ask(const struct link_arg *args, size_t n)
{
    assert_int_equal(link_ask(asked,
                         &(struct link_question){.args = args, .nargs = n, .on_reply = on_reply}),
        0);
}

static void much_is_read_in_several_passes(void **state)
{
    struct tasks_hook hook = {.fn = on_pass};
    char *value = malloc(VALUE_SIZE);

    (void)state;
    assert_non_null(value);
    memset(value, 'x', VALUE_SIZE);
    ask((struct link_arg[]){link_text("SET"), link_text("v"), {value, VALUE_SIZE}}, 3);
    loop_bench_until(&outcomes, 1, loop_bench_pass);
    free(value);
    tasks_hook_add(&hook);
    for (int i = 0; i < REPLIES; i++)
        ask((struct link_arg[]){link_text("GET"), link_text("v")}, 2);
    owed = REPLIES * REPLY_SIZE;
    loop_bench_until(&outcomes, 1 + REPLIES, loop_bench_pass);
    tasks_hook_remove(&hook);
    assert_int_equal(most, LINK_READS_MAX);
    assert_int_equal(passes,
        (REPLIES * REPLY_SIZE + LINK_READS_MAX * LINK_READ_SIZE - 1) /
            (LINK_READS_MAX * LINK_READ_SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(much_is_read_in_several_passes, loop_bench_start,
            loop_bench_stop)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
