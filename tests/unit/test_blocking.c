/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing stops all tasks of a process: what would is refused, and ends a build with sanitizers.
 * And how tools keep to it: what is left of a call when an answer has come runs in the task that
 * waits.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "tests/unit/cm.h"
#include "tests/unit/own_redis.h"
#include "tools/engine/tools.h"
#include "tools/remote/dynamic.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static struct own_redis redis;
static struct conf conf;
static struct reactor *reactor;
static struct store *store;

static void run_all(void)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    tasks_run();
    while (tasks_count() > 0) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(reactor, tasks_ready() ? 0 : until, NULL) >= 0);
        tasks_run();
    }
}

static void connect_store(void *arg)
{
    (void)arg;
    (void)link_ensure(store->link);
}

static int start(void **state)
{
    const struct tasks_settings settings = {.stack_bytes = 262144, .stacks_kept = 2};
    (void)state;
    own_redis_start(&redis);
    own_redis_conf(&redis, &conf);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &settings), 0);
    assert_int_equal(store_open(&store, &conf, reactor, "test/turn/1/1"), 0);
    link_attach(store->link, reactor);
    assert_int_equal(task_spawn(connect_store, NULL, -1, NULL), 0);
    run_all();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    store_close(store);
    tasks_close();
    reactor_free(reactor);
    conf_fini(&conf);
    own_redis_stop(&redis);
    return 0;
}

/* ---- what is refused ---- */

static void wait_long(void *arg)
{
    (void)arg;
    (void)task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
}

/* Runs fn in a process of its own: 0 = it came to its end, else the signal that ended it. */
static int alone(void (*fn)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

#ifdef TURNPIKE_STRICT
#define FAULT SIGABRT
#else
#define FAULT 0
#endif

static void call_from_the_loop(void)
{
    if (task_spawn(wait_long, NULL, -1, NULL) != 0)
        _exit(1);
    tasks_run();
    _exit(link_command(store->link, NULL, "PING") == ERR_INTERNAL ? 0 : 1);
}

static void poll_in_a_task(void *arg)
{
    (void)arg;
    poll(NULL, 0, 1);
}

static void read_in_a_task(void *arg)
{
    char byte;
    int pair[2];
    (void)arg;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || shutdown(pair[1], SHUT_WR) != 0 ||
        read(pair[0], &byte, 1) != 0) /* it has ended: nobody waits */
        _exit(2);
#ifdef TURNPIKE_STRICT
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || read(pair[0], &byte, 1) < 0)
        _exit(3);
#endif
}

static void sleep_in_a_task(void *arg)
{
    (void)arg;
    usleep(1);
}

static task_fn *wrong;

static void run_wrong(void)
{
    if (task_spawn(wrong, NULL, -1, NULL) != 0)
        _exit(1);
    tasks_run();
}

static void calls_from_the_loop_are_refused(void **state)
{
    (void)state;
    assert_int_equal(alone(call_from_the_loop), FAULT);
    assert_int_equal(link_command(store->link, NULL, "PING"), 0); /* no task would stand still */
}

static void calls_that_block_a_task_are_seen(void **state)
{
    static task_fn *const all[] = {poll_in_a_task, read_in_a_task, sleep_in_a_task};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        wrong = all[i];
        assert_int_equal(alone(run_wrong), FAULT);
    }
}

/* ---- the last steps of a tool ---- */

struct slow { /* a tool whose answer comes by the loop, and whose last step takes its time */
    struct reactor_timer timer;
    struct tools_step step;
    struct tools_run run;
    struct dynamic_tool row;
    struct tools_context context;
    struct task *task;
    int64_t step_ms;
    bool in_task;
    int pings;
};

static void finish(struct tools_run *run, void *arg)
{
    struct slow *s = arg;
    int64_t until = clock_mono_ms() + s->step_ms;
    s->in_task = task_self() != NULL;
    while (clock_mono_ms() < until)
        (void)task_wait(reactor, until, NULL);
    if (link_command(store->link, NULL, "PING") == 0)
        s->pings++;
    run->error = run_succeed(run, "Done.") ? 0 : ERR_NOMEM;
    run_finished(run);
}

static void answer_came(struct reactor_timer *timer)
{
    struct slow *s = timer->arg;
    s->step = (struct tools_step){.fn = finish, .arg = s};
    run_defer(&s->run, &s->step);
}

static int slow_tool(struct tools_run *run)
{
    struct slow *s = run->on_done_arg;
    reactor_timer_set(reactor, &s->timer, clock_mono_ms() + 1, answer_came, s);
    return ERR_PENDING;
}

static void on_more(struct tools_run *run)
{
    const struct slow *s = run->on_done_arg;
    task_wake(s->task);
}

static void prepare(struct slow *s, int64_t timeout_ms, int64_t step_ms)
{
    static const struct declared declared = {.name = "slow"};
    static const char *const none[] = {NULL};
    memset(s, 0, sizeof *s);
    s->step_ms = step_ms;
    s->context =
        (struct tools_context){.conf = &conf, .store = store, .reactor = reactor, .uid = "ann"};
    s->row = (struct dynamic_tool){.declared = &declared,
        .schema = "{\"type\":\"object\"}",
        .spec = {.name = "slow",
            .family = "http",
            .effect = TOOLS_READ,
            .handler = slow_tool,
            .timeout_ms = timeout_ms,
            .examples = none,
            .example_arguments = none,
            .result_schema = "{\"type\":\"object\"}",
            .dynamic = &s->row}};
    s->run = (struct tools_run){.context = &s->context,
        .spec = &s->row.spec,
        .arena = arena_new(),
        .on_done = on_more,
        .on_more = on_more,
        .on_done_arg = s};
}

static void call_slow(void *arg)
{
    struct slow *s = arg;
    s->task = task_self();
    if (tools_start(&s->run, "", 0) != ERR_PENDING)
        return;
    while (!s->run.done) {
        (void)task_wait(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
        tools_go_on(&s->run);
    }
}

static void drop(struct slow *s)
{
    tools_fini(&s->run);
    arena_free(s->run.arena);
    jdoc_free(s->row.check);
}

static bool succeeded(const struct slow *s)
{
    bool success = false;
    jdoc_get_bool(s->run.result, "success", &success);
    return success;
}

static void steps_run_in_their_own_task(void **state)
{
    struct slow a, b;
    (void)state;
    prepare(&a, PATIENCE_MS, 20);
    prepare(&b, PATIENCE_MS, 20);
    assert_int_equal(task_spawn(call_slow, &a, -1, NULL), 0);
    assert_int_equal(task_spawn(call_slow, &b, -1, NULL), 0);
    run_all();
    assert_true(a.in_task && b.in_task);
    assert_int_equal(a.pings + b.pings, 2);
    assert_true(succeeded(&a) && succeeded(&b));
    drop(&a);
    drop(&b);
}

/* The time limit ends while the answer is being worked on: it came in time. */
static void an_answer_in_time_counts(void **state)
{
    struct slow s;
    (void)state;
    prepare(&s, 200, 400);
    assert_int_equal(task_spawn(call_slow, &s, -1, NULL), 0);
    run_all();
    assert_true(s.in_task);
    assert_true(succeeded(&s));
    drop(&s);
}

static void ask_for_more(struct tools_run *run, void *arg)
{
    struct slow *s = arg;
    int64_t until = clock_mono_ms() + s->step_ms;
    (void)run;
    while (clock_mono_ms() < until)
        (void)task_wait(reactor, until, NULL);
}

static void part_came(struct reactor_timer *timer)
{
    struct slow *s = timer->arg;
    s->step = (struct tools_step){.fn = ask_for_more, .arg = s};
    run_defer(&s->run, &s->step);
}

static int endless_tool(struct tools_run *run)
{
    struct slow *s = run->on_done_arg;
    reactor_timer_set(reactor, &s->timer, clock_mono_ms() + 1, part_came, s);
    return ERR_PENDING;
}

/* A step that asks again leaves the call waiting: the limit that has passed meanwhile holds. */
static void a_limit_that_passed_meanwhile_counts(void **state)
{
    struct slow s;
    (void)state;
    prepare(&s, 100, 300);
    s.row.spec.handler = endless_tool;
    assert_int_equal(task_spawn(call_slow, &s, -1, NULL), 0);
    run_all();
    assert_false(succeeded(&s));
    assert_string_equal(jdoc_text_or(jdoc_get(s.run.result, "error"), "code", ""), "timeout");
    drop(&s);
}

static void a_call_that_was_stopped_does_no_more(void **state)
{
    struct slow s;
    (void)state;
    prepare(&s, PATIENCE_MS, 0);
    assert_int_equal(tools_start(&s.run, "", 0), ERR_PENDING);
    while (!s.run.steps)
        assert_true(reactor_step(reactor, clock_mono_ms() + PATIENCE_MS, NULL) >= 0);
    tools_cancel(&s.run);
    tools_go_on(&s.run);
    assert_int_equal(s.pings, 0);
    assert_string_equal(jdoc_text_or(jdoc_get(s.run.result, "error"), "code", ""), "cancelled");
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_from_the_loop_are_refused),
        cmocka_unit_test(calls_that_block_a_task_are_seen),
        cmocka_unit_test(steps_run_in_their_own_task),
        cmocka_unit_test(an_answer_in_time_counts),
        cmocka_unit_test(a_limit_that_passed_meanwhile_counts),
        cmocka_unit_test(a_call_that_was_stopped_does_no_more),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
