/* SPDX-License-Identifier: BSD-2-Clause */
/* Tool processes as they are, asked by a turn worker's side, with a Redis of the test's own. */
#include "base/clock.h"
#include "base/err.h"
#include "store/records.h"
#include "store/store.h"
#include "tests/unit/cm.h"
#include "tests/unit/redis_bench.h"
#include "tests/unit/tool_asker.h"
#include "tests/unit/web_double.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define TRIP "{\"origin\":\"-33.87,151.21\",\"destination\":\"-27.47,153.02\"}"
#define LOOP "{\"waypoints\":[\"Sydney\",\"quasimodo loop process\"]}"
#define CRASH "{\"waypoints\":[\"Sydney\",\"quasimodo crash process\"]}"
#define CRASH_TRIP "{\"origin\":\"-33.87,151.21\",\"destination\":\"quasimodo crash process\"}"
#define REPORT "{\"format\":\"pdf\",\"period\":\"yearly\"}"

static struct tool_asker asker;
static pid_t pids[3];
static int log_to = -1; /* standard error of the next process; -1 = the test's */

static void spawn(size_t slot)
{
    struct scoreboard_slot *s = &asker.board->slots[slot];
    int64_t until = clock_mono_ms() + PATIENCE_MS;

    scoreboard_slot_reset(asker.board, s, ASKER_SEATS + slot - 1, 1);
    atomic_store(&s->pool, SCOREBOARD_TOOL);
    pids[slot] = fork();
    if (pids[slot] == 0) {
        struct worker w = {.conf = &conf,
            .board = asker.board,
            .slot = s,
            .slot_index = (unsigned)slot,
            .listen_fd = asker.listen_fd,
            .supervisor_fd = -1,
            .notify_fd = -1};
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGTERM);
        sigprocmask(SIG_SETMASK, &blocked, NULL);
        sigemptyset(&w.wait_mask);
        signal(SIGABRT, SIG_DFL);
        if (log_to >= 0)
            dup2(log_to, STDERR_FILENO);
        _exit(tool_process_main(&w));
    }
    assert_true(pids[slot] > 0);
    atomic_store(&s->pid, pids[slot]);
    while (!atomic_load(&s->ready)) {
        assert_true(clock_mono_ms() < until);
        sched_yield();
    }
}

/* Its status; the seat is given back as the supervisor does. */
static int reap(size_t slot)
{
    struct scoreboard_slot *s = &asker.board->slots[slot];
    int status = 0;

    assert_int_equal(waitpid(pids[slot], &status, 0), pids[slot]);
    atomic_store(&s->pid, 0);
    scoreboard_seat_clear(&asker.board->seats[ASKER_SEATS + slot - 1]);
    pids[slot] = 0;
    return status;
}

static int start(void **state)
{
    char why[CONF_WHY_SIZE];

    redis_bench_start(state);
    assert_int_equal(conf_set(&conf, "development.fault_word", "quasimodo", why), 0);
    conf.development = true;
    conf.tool_process_ms = 60000;
    conf.tool_process_wait_ms = 60000;
    tool_asker_start(&asker, &conf);
    spawn(1);
    return 0;
}

static int stop(void **state)
{
    for (size_t i = 1; i <= 2; i++)
        if (pids[i] > 0) {
            kill(pids[i], SIGTERM);
            assert_int_equal(reap(i), 0);
        }
    tool_asker_stop(&asker);
    return redis_bench_stop(state);
}

static void ask(struct asked *call, const char *uid, const char *tool, const char *args)
{
    tool_ask(&asker, 0, call, uid, tool, args);
    assert_int_equal(call->error, ERR_PENDING);
}

/* The loop turns until a process computes for the user. */
static void computes(size_t slot, const char *uid)
{
    const struct scoreboard_seat *seat = &asker.board->seats[ASKER_SEATS + slot - 1];
    int64_t until = clock_mono_ms() + PATIENCE_MS;

    while (atomic_load(&seat->work_owner) != scoreboard_owner(uid)) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(asker.reactor, clock_mono_ms() + 5, NULL) >= 0);
    }
}

static int64_t trips(const char *uid)
{
    struct store *store = NULL;
    struct reactor *reactor = NULL;
    struct arena *arena = arena_new();
    int64_t count = -1;

    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(store_open(&store, &conf, reactor, "test/turn/1/1"), 0);
    assert_int_equal(records_count(store, uid, "trip", INT64_MIN / 4, INT64_MAX / 4, &count), 0);
    store_close(store);
    reactor_free(reactor);
    arena_free(arena);
    return count;
}

static void a_tool_runs_there(void **state)
{
    struct asked call;

    (void)state;
    ask(&call, "ann", "export_budget_report", REPORT);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    assert_non_null(jdoc_get(call.run.result, "report"));
    tool_forget(&call);
    ask(&call, "ann", "export_budget_report", "{\"format\":\"stone\"}");
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "invalid_argument");
    tool_forget(&call);
    assert_int_equal(atomic_load(&asker.board->slots[1].requests), 2);
}

/* A trip with a call's id, to be asked for. */
static void prepare_trip(struct asked *call)
{
    tool_ask(&asker, 0, call, "ann", "get_current_time", "{}"); /* for its context */
    tool_forget(call);
    call->run = (struct tools_run){.context = &call->context,
        .spec = tools_find("plan_trip"),
        .call_id = "turn:call"};
}

static void a_call_that_is_made_again_finds_its_mark(void **state)
{
    struct asked call;
    char first[64];

    (void)state;
    for (int i = 0; i < 2; i++) {
        prepare_trip(&call);
        tool_ask_again(&asker, &call, TRIP);
        tool_await(&asker, &call);
        assert_string_equal(tool_code(&call), "");
        const char *id = jdoc_text_or(jdoc_get(call.run.result, "trip"), "id", "");
        assert_true(*id);
        if (i == 0)
            snprintf(first, sizeof first, "%s", id);
        else
            assert_string_equal(id, first);
        tool_forget(&call);
    }
    assert_int_equal(trips("ann"), 1);
}

static void the_epoch_is_compared(void **state)
{
    struct asked call;

    (void)state;
    prepare_trip(&call);
    call.context.session = "no-such-session";
    call.context.epoch = 5;
    tool_ask_again(&asker, &call, TRIP);
    tool_await(&asker, &call);
    assert_int_equal(call.error, ERR_FENCED);
    tool_forget(&call);
    assert_int_equal(trips("ann"), 0);
}

static void one_that_is_killed_leaves_the_call_to_another(void **state)
{
    struct asked call, other;

    (void)state;
    ask(&call, "ann", "optimize_route", LOOP);
    computes(1, "ann");
    spawn(2);
    tool_ask(&asker, 1, &other, "bob", "export_budget_report", REPORT);
    tool_await(&asker, &other);
    assert_string_equal(tool_code(&other), "");
    assert_false(call.run.done);
    kill(pids[1], SIGKILL);
    assert_true(WIFSIGNALED(reap(1)));
    computes(2, "ann");
    kill(pids[2], SIGKILL);
    (void)reap(2);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "tool_crashed");
    tool_forget(&call);
    tool_forget(&other);
}

static void the_limit_ends_the_process(void **state)
{
    struct asked call;
    int status;

    (void)state;
    kill(pids[1], SIGTERM);
    assert_int_equal(reap(1), 0);
    conf.tool_process_ms = 200;
    spawn(1);
    ask(&call, "ann", "optimize_route", LOOP);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "timeout");
    status = reap(1);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGALRM);
    tool_forget(&call);
}

/* Nobody empties it: who writes there waits for ever. */
static void pipe_full(int ends[2])
{
    static const char bytes[4096];
    int flags;

    assert_int_equal(pipe(ends), 0);
    flags = fcntl(ends[1], F_GETFL);
    assert_int_equal(fcntl(ends[1], F_SETFL, flags | O_NONBLOCK), 0);
    while (write(ends[1], bytes, sizeof bytes) > 0)
        continue;
    assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
}

/* Returns whether it has ended. */
static bool ends_by_itself(size_t slot)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    siginfo_t info = {.si_pid = 0};

    while (clock_mono_ms() < until && !info.si_pid) {
        assert_int_equal(waitid(P_PID, (id_t)pids[slot], &info, WEXITED | WNOHANG | WNOWAIT), 0);
        assert_true(reactor_step(asker.reactor, clock_mono_ms() + 5, NULL) >= 0);
    }
    return info.si_pid == pids[slot];
}

/* The log takes nothing, and the first alarm waits for it: the second one ends the process. */
static void the_limit_ends_a_process_that_cannot_say_so(void **state)
{
    struct asked call;
    int ends[2], status;
    bool ended;

    (void)state;
    kill(pids[1], SIGTERM);
    assert_int_equal(reap(1), 0);
    pipe_full(ends);
    log_to = ends[1];
    conf.tool_process_ms = 200;
    spawn(1);
    log_to = -1;
    ask(&call, "ann", "optimize_route", LOOP);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "timeout");
    ended = ends_by_itself(1);
    if (!ended)
        kill(pids[1], SIGKILL);
    status = reap(1);
    close(ends[0]);
    close(ends[1]);
    tool_forget(&call);
    assert_true(ended);
    assert_int_equal(WTERMSIG(status), SIGALRM);
}

/* As after a reload: the process has settings of its own, by which the tool waits for a server. */
static void one_that_leaves_hands_its_call_on(void **state)
{
    static const struct web_page pages[] = {{.request = "GET "}, {.request = NULL}};
    char why[CONF_WHY_SIZE];
    struct web_double web;
    struct asked call;

    (void)state;
    kill(pids[1], SIGTERM);
    assert_int_equal(reap(1), 0);
    web_double_start(&web, pages);
    assert_int_equal(conf_set(&conf, "osrm.url", web.base, why), 0);
    spawn(1);
    assert_int_equal(conf_set(&conf, "osrm.url", "", why), 0);
    ask(&call, "ann", "plan_trip", TRIP);
    computes(1, "ann");
    spawn(2);
    kill(pids[1], SIGQUIT); /* as the supervisor tells one to hurry */
    kill(pids[1], SIGTERM);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    assert_int_equal(reap(1), 0);
    assert_int_equal(atomic_load(&asker.board->slots[2].requests), 1);
    assert_int_equal(trips("ann"), 1);
    tool_forget(&call);
    web_double_stop(&web);
}

static void nobody_waits_any_more(void **state)
{
    struct asked call;

    (void)state;
    ask(&call, "ann", "optimize_route", LOOP);
    computes(1, "ann");
    tools_cancel(&call.run);
    assert_int_equal(reap(1), 0); /* clean: no work is to blame */
    tool_forget(&call);
}

/* user: of her own, as deaths of one user's calls add up. */
static void dies_and_is_refused(const char *user, const char *tool, const char *args,
    const char *said)
{
    struct asked call;
    struct blame_mark marks[BLAME_SCOPES];
    struct blame_work work;

    ask(&call, user, tool, args);
    computes(1, user);
    assert_true(scoreboard_work_get(&asker.board->seats[ASKER_SEATS], &work) || !pids[1]);
    assert_true(work.tool);
    assert_int_equal(WTERMSIG(reap(1)), SIGABRT);
    assert_int_equal(blame_death(&asker.board->blame, &work, BLAME_CRASHED, clock_mono_ms(), marks),
        1);
    spawn(1);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "tool_crashed");
    assert_non_null(strstr(jdoc_text_or(call.run.result, "message", ""), said));
    tool_forget(&call);
}

static void what_processes_died_in_is_refused(void **state)
{
    struct asked call;

    (void)state;
    dies_and_is_refused("ann", "optimize_route", CRASH, "Nothing was done");
    dies_and_is_refused("bea", "plan_trip", CRASH_TRIP, "whether an earlier one had an effect");
    ask(&call, "ann", "export_budget_report", REPORT);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    tool_forget(&call);
}

static void redis_is_away_for_a_while(void **state)
{
    struct asked call;

    (void)state;
    own_redis_kill(&redis);
    ask(&call, "ann", "plan_trip", TRIP);
    computes(1, "ann");
    assert_false(call.run.done);
    own_redis_again(&redis);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    tool_forget(&call);
    assert_int_equal(trips("ann"), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {T(a_tool_runs_there),
        T(a_call_that_is_made_again_finds_its_mark), T(the_epoch_is_compared),
        T(one_that_is_killed_leaves_the_call_to_another), T(the_limit_ends_the_process),
        T(the_limit_ends_a_process_that_cannot_say_so), T(one_that_leaves_hands_its_call_on),
        T(nobody_waits_any_more), T(what_processes_died_in_is_refused),
        T(redis_is_away_for_a_while)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
