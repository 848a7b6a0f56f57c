/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_link_tasks -- one connection to Redis that many tasks of a loop share: nobody's call holds
 * the others, what a pass has to say goes out together, and what fails is told to all.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "tests/unit/cm.h"
#include "tests/unit/loop_bench.h"
#include "wire/redis/link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define MANY 100

static int tear_down(void **state)
{
    assert_int_equal(tasks_count(), 0);
    return loop_bench_stop(state);
}

static void run_all(void)
{
    int64_t until = clock_mono_ms() + 2 * PATIENCE_MS;

    while (tasks_count()) {
        assert_true(clock_mono_ms() < until);
        assert_true(task_wait(reactor, until, NULL) >= 0);
    }
}

struct caller {
    int number;
    int result;
    int64_t value;
};

static void call(void *arg)
{
    struct caller *c = arg;
    struct link_reply *r = NULL;

    c->result = link_command(asked, &r, "ECHO %d", c->number);
    c->value = link_reply_int(r);
    link_reply_free(r);
}

static void begin(struct caller *callers, task_fn *fn)
{
    for (int i = 0; i < MANY; i++) {
        callers[i] = (struct caller){.number = i, .result = 1};
        assert_int_equal(task_spawn(fn, &callers[i], i, NULL), 0);
    }
}

/* All come at once and there is no connection: one of them makes it, for all. */
static void everybody_gets_his_own_reply(void **state)
{
    struct caller callers[MANY];

    (void)state;
    begin(callers, call);
    run_all();
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(callers[i].result, 0);
        assert_int_equal(callers[i].value, i);
    }
    assert_int_equal(link_generation(asked), 1);
}

static void append(void *arg)
{
    struct caller *c = arg;

    assert_int_equal(link_command(asked, NULL, "RPUSH order %d", c->number), 0);
}

/* Redis reads what a hundred tasks said in one pass with a few reads, in the order of the tasks. */
static void a_pass_is_one_send(void **state)
{
    struct caller callers[MANY];
    struct link_reply *r = NULL;

    (void)state;
    begin(callers, call); /* the connection is there */
    run_all();
    begin(callers, append);
    tasks_run();
    assert_int_equal(link_outstanding(asked), MANY);
    run_all();
    assert_int_equal(link_command(other, &r, "LRANGE order 0 -1"), 0);
    assert_int_equal(link_reply_count(r), MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(link_reply_int(link_reply_at(r, (size_t)i)), i);
    link_reply_free(r);
}

static bool slow_done, fast_done;

static void wait_long(void *arg)
{
    (void)arg;
    assert_int_equal(link_command(asked, NULL, "PING"), 0);
    slow_done = true;
}

static void need_no_redis(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++)
        task_wait(reactor, clock_mono_ms() + 1, NULL);
    assert_false(slow_done); /* Redis stands still all the time */
    fast_done = true;
    kill(redis.pid, SIGCONT);
}

static void a_call_holds_nobody(void **state)
{
    struct caller first;

    (void)state;
    slow_done = fast_done = false;
    first = (struct caller){.number = 1};
    assert_int_equal(task_spawn(call, &first, 0, NULL), 0);
    run_all();
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    assert_int_equal(task_spawn(wait_long, NULL, 0, NULL), 0);
    assert_int_equal(task_spawn(need_no_redis, NULL, 1, NULL), 0);
    run_all();
    assert_true(slow_done && fast_done);
}

/* The same while the connection is being made: Redis takes it, and says nothing. */
static void connecting_holds_nobody(void **state)
{
    (void)state;
    slow_done = fast_done = false;
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    assert_int_equal(task_spawn(wait_long, NULL, 0, NULL), 0);
    assert_int_equal(task_spawn(need_no_redis, NULL, 1, NULL), 0);
    run_all();
    assert_true(slow_done && fast_done);
}

static void call_twice(void *arg)
{
    struct caller *c = arg;

    c->result = link_command(asked, NULL, "PING");
    if (!c->result)
        call(c);
}

/* Calls under a connection that breaks are made again over the next one, each of them. */
static void a_broken_connection_is_made_again_for_all(void **state)
{
    struct caller callers[MANY];

    (void)state;
    begin(callers, call);
    run_all();
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    begin(callers, call_twice);
    tasks_run(); /* their commands are on their way */
    assert_int_equal(link_outstanding(asked), MANY);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    assert_int_equal(link_command(other, NULL, "CLIENT KILL TYPE normal SKIPME yes"), 0);
    run_all();
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(callers[i].result, 0);
        assert_int_equal(callers[i].value, i);
    }
}

static void a_silent_redis_is_told_to_all_at_once(void **state)
{
    struct caller callers[MANY];
    int64_t began;

    (void)state;
    conf.redis_timeout_ms = 1000;
    begin(callers, call);
    run_all();
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    begin(callers, call);
    began = clock_mono_ms();
    run_all();
    assert_true(clock_mono_ms() - began < PATIENCE_MS);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(callers[i].result, ERR_STORE);
    assert_int_equal(link_fd(asked), -1);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
}

/* Others who ask something now and then say nothing about whether Redis answers. */
static void new_commands_give_a_silent_redis_no_more_time(void **state)
{
    struct link_arg ping = link_text("PING");
    struct caller first = {.number = 1, .result = 1};
    int sent = 0;

    (void)state;
    conf.redis_timeout_ms = 500;
    assert_int_equal(task_spawn(call, &first, 0, NULL), 0);
    run_all();
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    first.result = 1;
    assert_int_equal(task_spawn(call, &first, 0, NULL), 0);
    tasks_run();
    for (; first.result == 1 && sent < 100; sent++) { /* a fifth of them within the time it has */
        int64_t next = clock_mono_ms() + 25;

        (void)link_send(asked, &ping, 1, NULL, NULL);
        while (first.result == 1 && clock_mono_ms() < next)
            assert_true(task_wait(reactor, next, NULL) >= 0);
    }
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    run_all();
    assert_int_equal(first.result, ERR_STORE);
}

/* Outside of a task a call waits itself, and no longer than any other. */
static void a_call_from_the_loop_has_its_time_too(void **state)
{
    struct caller first = {.number = 1, .result = 1};

    (void)state;
    conf.redis_timeout_ms = 500;
    assert_int_equal(task_spawn(call, &first, 0, NULL), 0);
    run_all();
    call(&first);
    assert_int_equal(first.result, 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    alarm(PATIENCE_MS / 1000);
    call(&first);
    alarm(0);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    assert_int_equal(first.result, ERR_STORE);
}

static void on_told(void *arg, int error, struct link_reply *reply)
{
    *(int *)arg = error;
    link_reply_free(reply);
}

static void ensure(void *arg)
{
    struct caller *c = arg;

    c->result = link_ensure(asked);
}

/* Outside of a task nothing waits: a task connects behind, and the next one finds it. */
static void the_loop_itself_does_not_connect(void **state)
{
    struct caller c = {.result = 1};
    struct link_arg ping = link_text("PING");

    (void)state;
    assert_int_equal(link_send(asked, &ping, 1, NULL, NULL), ERR_STORE);
    assert_int_equal(tasks_count(), 1);
    assert_int_equal(task_spawn(ensure, &c, 0, NULL), 0);
    run_all();
    assert_int_equal(c.result, 0);
    assert_int_equal(link_send(asked, &ping, 1, NULL, NULL), 0);
    assert_int_equal(link_generation(asked), 1);
}

/*
 * Somebody took its socket out of the loop: what does not go out at once would never go out. The
 * connection is left, all that was under way is told so, and the next call makes another one.
 */
static void a_connection_that_cannot_be_watched_is_left(void **state)
{
    struct caller first = {.number = 1, .result = 1};
    size_t len = 64 << 20; /* more than a socket takes */
    char *much = calloc(1, len);
    struct link_arg args[] = {link_text("ECHO"), {much, len}};
    int error = 1;

    (void)state;
    assert_non_null(much);
    assert_int_equal(task_spawn(call, &first, 0, NULL), 0);
    run_all();
    assert_int_equal(epoll_ctl(reactor_fd(reactor), EPOLL_CTL_DEL, link_fd(asked), NULL), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0); /* it reads nothing meanwhile */
    assert_int_equal(link_send(asked, args, 2, on_told, &error), 0);
    free(much);
    tasks_run();
    assert_int_equal(error, ERR_STORE);
    assert_int_equal(link_fd(asked), -1);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    first.result = 1;
    assert_int_equal(task_spawn(call, &first, 0, NULL), 0);
    run_all();
    assert_int_equal(first.result, 0);
}

static void on_late(void *arg, int error, struct link_reply *reply)
{
    assert_int_equal(error, 0);
    assert_int_equal(link_reply_int(reply), 7);
    link_reply_free(reply);
    ++*(unsigned *)arg;
}

/* Its connection is there, and a reply under way, before it is the loop's. */
static void a_link_that_was_used_before_goes_to_the_loop_whole(void **state)
{
    const struct link_arg get[2] = {link_text("GET"), link_text("late")};
    unsigned told = 0;

    (void)state;
    assert_int_equal(link_command(other, NULL, "SET late 7"), 0);
    assert_int_equal(link_send(other, get, 2, on_late, &told), 0);
    link_attach(other, reactor);
    loop_bench_until(&told, 1, loop_bench_pass);
}

static void without_a_server_all_are_told_so(void **state)
{
    struct caller callers[MANY];

    (void)state;
    snprintf(conf.redis_socket, strlen(conf.redis_socket) + 1, "/");
    begin(callers, call);
    run_all();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(callers[i].result, ERR_STORE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, loop_bench_start, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(everybody_gets_his_own_reply),
        TEST(a_pass_is_one_send),
        TEST(a_call_holds_nobody),
        TEST(connecting_holds_nobody),
        TEST(a_broken_connection_is_made_again_for_all),
        TEST(a_silent_redis_is_told_to_all_at_once),
        TEST(new_commands_give_a_silent_redis_no_more_time),
        TEST(a_call_from_the_loop_has_its_time_too),
        TEST(the_loop_itself_does_not_connect),
        TEST(a_connection_that_cannot_be_watched_is_left),
        TEST(a_link_that_was_used_before_goes_to_the_loop_whole),
        TEST(without_a_server_all_are_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
