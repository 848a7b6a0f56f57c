/* SPDX-License-Identifier: BSD-2-Clause */
/* The supervisor as it is, with workers made for the test: start, deaths, reload, drain, status. */
#include "base/buf.h"
#include "tests/unit/own_supervisor.h"

#include "base/clock.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/upgrade.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void starts_and_drains(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    own_supervisor_start_ready(f);
    assert_true(status_has(f, "\"turn\":{\"workers\":4,\"wanted\":4,\"ready\":4,\"busy\":0"));
    assert_true(status_has(f, "\"api\":{\"workers\":2,\"wanted\":2,\"ready\":2"));
    assert_true(status_has(f, "\"housekeeper\":{\"workers\":1"));
    assert_int_equal(atomic_load(&f->script->foreign_descriptors), 0);
    assert_int_equal(stat(f->control, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(f->api, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    kill(f->supervisor, SIGTERM);
    own_supervisor_wait_for_end(f, 0);
    assert_true(systemd_heard(f, "STOPPING=1"));
    assert_int_equal(access(f->api, F_OK), -1);
    assert_int_equal(access(f->control, F_OK), -1);
}

static void a_killed_worker_comes_back(void **state)
{
    struct fixture *f = *state;
    own_supervisor_start_ready(f);
    pid_t pid = find_worker(f, "api", 1);
    assert_true(pid > 0);
    kill(pid, SIGKILL);
    own_supervisor_until(f, log_has, "died of SIGKILL");
    own_supervisor_until(f, status_has, "\"api\":{\"workers\":2,\"wanted\":2,\"ready\":2");
    assert_true(find_worker(f, "api", 1) != pid);
}

static void early_deaths_are_slowed_down(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, DIE_AT_ONCE);
    snprintf(f->script->extra, sizeof f->script->extra, "respawn.min=20ms;respawn.max=80ms");
    own_supervisor_start(f);
    own_supervisor_until(f, log_has, "5 early deaths in a row");
    assert_false(systemd_heard(f, "READY=1"));
    assert_true(log_has(f, "ended with status 7"));
    assert_true(status_has(f, "\"state\":\"starting\""));
    atomic_store(&f->script->turn_worker, SERVE);
    own_supervisor_until(f, systemd_heard, "READY=1");
}

/* However often: what it was sent is to blame, and its pool is not to run dry. */
static void one_that_dies_at_work_comes_back_at_once(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, WORK);
    snprintf(f->script->extra, sizeof f->script->extra, "respawn.min=60s;respawn.max=60s");
    own_supervisor_start_ready(f);
    for (int i = 0; i < 6; i++) {
        own_supervisor_until(f, status_has, "\"user\":\"anna\",\"work\":\"GET /here\"");
        pid_t pid = find_worker(f, "turn", 1);
        kill(pid, i < 3 ? SIGSEGV : SIGKILL);
        for (int64_t until = clock_mono_ms() + PATIENCE_MS; find_worker(f, "turn", 1) == pid;)
            assert_true(clock_mono_ms() < until);
        own_supervisor_until(f, status_has, "\"turn\":{\"workers\":4,\"wanted\":4,\"ready\":4");
    }
    assert_false(log_has(f, "early deaths in a row"));
    assert_true(log_has(f, "died at work: GET /here of user anna"));
    own_supervisor_until(f, keeper_heard, "blame ");
}

static void one_that_gets_no_processor_is_left_alone(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, STARVED);
    atomic_store(&f->script->turn_seats, 1);
    own_supervisor_start_ready(f);
    pid_t pid = find_worker(f, "turn", 1);
    own_supervisor_until(f, log_has, "gets no processor: it is left alone");
    atomic_store(&f->script->turn_worker, SERVE);
    own_supervisor_until(f, status_has, "\"turn\":{\"workers\":2,\"wanted\":2,\"ready\":2");
    assert_int_equal(find_worker(f, "turn", 1), pid);
    assert_true(status_has(f, "\"killed\":0"));
    assert_false(log_has(f, "gives no sign of life"));
}

static void a_worker_that_never_gets_ready_is_killed(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, NEVER_READY);
    snprintf(f->script->extra, sizeof f->script->extra, "worker_ready=100ms;respawn.min=20ms");
    own_supervisor_start(f);
    own_supervisor_until(f, log_has, "not ready in time");
    atomic_store(&f->script->turn_worker, SERVE);
    own_supervisor_until(f, systemd_heard, "READY=1");
}

static void a_dead_turn_is_told_and_its_token_given_back(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, HOLD_A_TURN);
    atomic_store(&f->script->turn_seats, 1);
    own_supervisor_start_ready(f);
    own_supervisor_until(f, status_has, "\"turns\":{\"running\":1,\"limit\":1");
    assert_true(status_has(f, "\"turn\":\"" TURN_ID "\""));
    atomic_store(&f->script->turn_worker, SERVE);
    pid_t pid = find_executing(f);
    assert_true(pid > 0);
    kill(pid, SIGKILL);
    own_supervisor_until(f, keeper_heard, "dead anna " TURN_ID " ");
    own_supervisor_until(f, status_has, "\"turns\":{\"running\":0,\"limit\":1");
    assert_true(log_has(f, "user anna session main turn " TURN_ID ": stages model-wait+"));
}

/* One turn worker with three turns; it executes one of them, or with -1 its own loop. */
static pid_t start_many(struct fixture *f, int executes)
{
    atomic_store(&f->script->turn_worker, MANY_TURNS);
    atomic_store(&f->script->executes, executes);
    snprintf(f->script->extra, sizeof f->script->extra,
        "turn.workers=1;respawn.min=20ms;respawn.max=40ms");
    own_supervisor_start_ready(f);
    assert_true(status_has(f, "\"turns\":{\"running\":3,\"limit\":3"));
    assert_true(status_has(f, "\"turn\":{\"workers\":1,\"wanted\":1,\"ready\":1,\"busy\":1"));
    assert_true(status_has(f, "\"seats\":4,\"seats_busy\":3"));
    assert_true(status_has(f, "\"turn\":\"" MANY_ID(0) "\""));
    assert_true(status_has(f, "\"turn\":\"" MANY_ID(2) "\""));
    return find_worker(f, "turn", 1);
}

/* What the housekeeper has to hear of the three, and no word more about turns. */
static void expect_lines(struct fixture *f, pid_t pid, const char *const words[3])
{
    static const char *const turns[] = {MANY_ID(0), MANY_ID(1), MANY_ID(2)};
    char line[128];
    int lines = 0;
    for (int i = 0; i < 3; i++) {
        snprintf(line, sizeof line, "%s anna %s %d\n", words[i], turns[i], (int)pid);
        own_supervisor_until(f, keeper_heard, line);
    }
    for (const char *at = f->script->dead_lines; (at = strstr(at, " anna ")); at++)
        lines++;
    assert_int_equal(lines, 3);
}

static void die_executing(struct fixture *f, int number)
{
    static const char *const words[] = {"spared", "dead", "spared"};
    pid_t pid = start_many(f, 1);
    atomic_store(&f->script->turn_worker, SERVE);
    kill(pid, number);
    expect_lines(f, pid, words);
    own_supervisor_until(f, status_has, "\"turns\":{\"running\":0,\"limit\":3");
    own_supervisor_until(f, status_has, "\"seats\":4,\"seats_busy\":0");
    assert_true(log_has(f, "turn " MANY_ID(1) ": stages model-wait+"));
    assert_true(log_has(f, ", 2 other turns"));
    assert_true(log_has(f, "died at work: a turn, session s1 of user anna"));
    assert_false(log_has(f, "session s0"));
    assert_false(log_has(f, "session s2"));
    assert_false(log_has(f, "early deaths in a row"));
}

static void a_crash_in_one_of_many_turns_spares_the_others(void **state)
{
    die_executing(*state, SIGSEGV);
}

static void a_kill_in_one_of_many_turns_spares_the_others(void **state)
{
    die_executing(*state, SIGKILL);
}

static void die_in_the_loop(struct fixture *f, int number)
{
    static const char *const words[] = {"spared", "spared", "spared"};
    pid_t pid = start_many(f, -1);
    atomic_store(&f->script->turn_worker, SERVE);
    kill(pid, number);
    expect_lines(f, pid, words);
    own_supervisor_until(f, log_has, "1 early deaths in a row");
    own_supervisor_until(f, status_has, "\"turns\":{\"running\":0,\"limit\":3");
    assert_true(log_has(f, " in its loop, 3 turns"));
    assert_false(log_has(f, "died at work"));
    assert_null(strstr(f->script->dead_lines, "blame "));
}

static void a_crash_in_the_loop_is_nobodys_fault(void **state)
{
    die_in_the_loop(*state, SIGSEGV);
}

static void a_kill_in_the_loop_is_nobodys_fault(void **state)
{
    die_in_the_loop(*state, SIGKILL);
}

static void a_loop_that_dies_again_and_again_is_slowed_down(void **state)
{
    struct fixture *f = *state;
    pid_t pid = start_many(f, -1);
    for (int i = 1; i <= 3; i++) {
        char text[64];
        snprintf(text, sizeof text, "%d early deaths in a row", i);
        kill(pid, SIGSEGV);
        own_supervisor_until(f, log_has, text);
        own_supervisor_until(f, status_has, "\"turns\":{\"running\":3,\"limit\":3");
        pid_t next = find_worker(f, "turn", 1);
        assert_int_not_equal(next, pid);
        pid = next;
    }
}

/* Its turn's time is over, but its loop comes round: that turn will see to it itself. */
static void a_turn_that_only_waits_ends_no_worker(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, LATE_TURNS);
    snprintf(f->script->extra, sizeof f->script->extra, "turn.workers=2;kill_grace=300ms");
    own_supervisor_start_ready(f);
    pid_t waits = atomic_load(&f->script->waiting);
    assert_true(waits > 0);
    atomic_store(&f->script->turn_worker, SERVE);
    own_supervisor_until(f, log_has, "turn far beyond its deadline, ABRT");
    own_supervisor_until(f, log_has, "died of SIGABRT");
    own_supervisor_until(f, keeper_heard, "dead anna " TURN_ID " ");
    own_supervisor_until(f, status_has, "\"turn\":{\"workers\":2,\"wanted\":2,\"ready\":2");
    assert_int_equal(kill(waits, 0), 0);
    assert_null(strstr(f->script->dead_lines, MANY_ID(1)));
    assert_true(status_has(f, "\"turn\":\"" MANY_ID(1) "\""));
}

/* It says where it is, and the supervisor what it is at. */
static void a_stuck_turn_is_aborted_with_a_trace(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, STUCK);
    snprintf(f->script->extra, sizeof f->script->extra, "kill_grace=300ms");
    own_supervisor_start_ready(f);
    own_supervisor_until(f, log_has,
        "turn far beyond its deadline, ABRT; KILL in 300 ms (kill_grace) user anna "
        "session main turn " TURN_ID ", tool make_tea: stages tool+");
    atomic_store(&f->script->turn_worker, SERVE);
    own_supervisor_until(f, log_has, "aborted at ");
    own_supervisor_until(f, log_has, "died of SIGABRT");
    own_supervisor_until(f, keeper_heard, "dead anna " TURN_ID " ");
    assert_false(log_has(f, "did not end in time"));
}

static void one_that_cannot_abort_is_killed(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, DEAF);
    atomic_store(&f->script->turn_seats, 2);
    snprintf(f->script->extra, sizeof f->script->extra, "kill_grace=300ms");
    own_supervisor_start_ready(f);
    /* Every worker of the pool is stuck, and the status answers. */
    assert_true(status_has(f, "\"turns\":{\"running\":2,\"limit\":2"));
    own_supervisor_until(f, log_has, "turn far beyond its deadline, ABRT");
    own_supervisor_until(f, log_has, "did not end in time, KILL user anna session main turn");
    atomic_store(&f->script->turn_worker, SERVE);
    own_supervisor_until(f, keeper_heard, "dead anna " TURN_ID " ");
    own_supervisor_until(f, status_has, "\"turns\":{\"running\":0,\"limit\":2");
    own_supervisor_until(f, status_has, "\"turn\":{\"workers\":3,\"wanted\":3,\"ready\":3");
}

#define NO_QUARANTINE "\"quarantine\":{\"workers\":0,\"wanted\":2,\"ready\":0"

/* A process is there only while there is something for it. */
static void a_quarantine_worker_comes_when_asked_for_and_leaves(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[160];
    own_supervisor_start_ready(f);
    assert_true(status_has(f, NO_QUARANTINE));
    snprintf(path, sizeof path, "%s/quarantine.sock", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (int i = 0; i < 3; i++) {
        pid_t first = ask_quarantine(f);
        assert_true(first > 0);
        assert_int_equal(ask_quarantine(f), first);
        own_supervisor_until(f, status_has, NO_QUARANTINE);
    }
    assert_false(log_has(f, "early deaths"));
}

static void a_quarantine_worker_that_dies_at_work_is_there_again(void **state)
{
    struct fixture *f = *state;
    pid_t last = 0;
    atomic_store(&f->script->quarantine_dies, 1);
    own_supervisor_start_ready(f);
    for (int i = 0; i < 3; i++) {
        pid_t pid = ask_quarantine(f);
        assert_true(pid > 0);
        assert_int_not_equal(pid, last);
        last = pid;
    }
    own_supervisor_until(f, keeper_heard, "dead anna " TURN_ID " ");
    own_supervisor_until(f, status_has, "\"turns\":{\"running\":0,");
    own_supervisor_until(f, status_has, NO_QUARANTINE);
    assert_false(log_has(f, "early deaths"));
}

/* After a reload it is the new generation's. */
static void a_reload_takes_the_quarantine_worker_along(void **state)
{
    struct fixture *f = *state;
    own_supervisor_start_ready(f);
    pid_t old = ask_quarantine(f);
    assert_true(old > 0);
    tell(f, "reload");
    own_supervisor_until(f, status_has, "\"generation\":2,\"uptime_ms\"");
    own_supervisor_until(f, status_has, NO_QUARANTINE);
    assert_int_not_equal(ask_quarantine(f), old);
    assert_true(find_worker(f, "quarantine", 2) > 0);
}

static void reload_refuses_nobody(void **state)
{
    struct fixture *f = *state;
    own_supervisor_start_ready(f);
    for (unsigned generation = 2; generation < 6; generation++) {
        forget_said(f);
        kill(f->supervisor, SIGHUP);
        while (!systemd_heard(f, "READY=1")) {
            for (int i = 0; i < 20; i++)
                assert_true(ask_api(f));
            hear(f);
        }
        assert_true(systemd_heard(f, "RELOADING=1\nMONOTONIC_USEC="));
        for (int i = 0; i < 200; i++)
            assert_true(ask_api(f));
        assert_true(find_worker(f, "api", generation) > 0);
    }
    own_supervisor_until(f, status_has, "\"api\":{\"workers\":2,\"wanted\":2,\"ready\":2");
    assert_true(status_has(f, "\"generation\":5"));
    assert_int_equal(find_worker(f, "api", 4), 0);
    assert_int_equal(atomic_load(&f->script->prepared), 5);
}

/* 64 was the default when turn.workers was the number of turns. */
static void many_processes_are_questioned(void **state)
{
    struct fixture *f = *state;
    if (sysconf(_SC_NPROCESSORS_ONLN) >= 32)
        skip(); /* there they may be meant */
    snprintf(f->script->extra, sizeof f->script->extra, "turn.workers=64");
    own_supervisor_start_ready(f);
    assert_true(log_has(f, "turn.workers = 64 counts processes"));
    assert_true(log_has(f, "write turn.seats = 64"));
}

static void reload_changes_the_number_of_workers(void **state)
{
    struct fixture *f = *state;
    own_supervisor_start_ready(f);
    atomic_store(&f->script->turn_seats, 6);
    tell(f, "reload");
    own_supervisor_until(f, status_has, "\"turn\":{\"workers\":7,\"wanted\":7,\"ready\":7");
    assert_true(status_has(f, "\"limit\":6"));
    atomic_store(&f->script->turn_seats, 1);
    tell(f, "reload");
    own_supervisor_until(f, status_has, "\"turn\":{\"workers\":2,\"wanted\":2,\"ready\":2");
}

static void a_bad_configuration_changes_nothing(void **state)
{
    struct fixture *f = *state;
    own_supervisor_start_ready(f);
    pid_t pid = find_worker(f, "api", 1);
    atomic_store(&f->script->bad_configuration, 1);
    forget_said(f);
    kill(f->supervisor, SIGHUP);
    own_supervisor_until(f, log_has, "reload failed, generation 1 goes on: bad on purpose");
    own_supervisor_until(f, systemd_heard, "READY=1"); /* else systemd waits for ever */
    assert_int_equal(find_worker(f, "api", 1), pid);
    assert_true(ask_api(f));
}

static void a_generation_that_fails_is_given_up(void **state)
{
    struct fixture *f = *state;
    snprintf(f->script->extra, sizeof f->script->extra, "worker_ready=100ms;respawn.min=20ms");
    own_supervisor_start_ready(f);
    pid_t pid = find_worker(f, "turn", 1);
    atomic_store(&f->script->turn_worker, DIE_AT_ONCE);
    forget_said(f);
    kill(f->supervisor, SIGHUP);
    own_supervisor_until(f, log_has, "reload failed: generation 2 did not get ready");
    own_supervisor_until(f, systemd_heard, "READY=1");
    assert_int_equal(find_worker(f, "turn", 1), pid);
    own_supervisor_until(f, status_has, "\"turn\":{\"workers\":4,\"wanted\":4,\"ready\":4");
    atomic_store(&f->script->turn_worker, SERVE);
    tell(f, "reload");
    own_supervisor_until(f, log_has, "generation 3 serves");
}

/* What `turnpike reload` asks. */
static const char *outcome_of(struct fixture *f, const char *line)
{
    static struct buf reply;
    buf_free(&reply);
    assert_int_equal(control_ask(f->control, line, PATIENCE_MS, &reply), 0);
    return buf_text(&reply);
}

static bool reload_one_says(struct fixture *f, const char *text)
{
    return strstr(outcome_of(f, "reload 1"), text);
}

static bool reload_two_says(struct fixture *f, const char *text)
{
    return strstr(outcome_of(f, "reload 2"), text);
}

static int count_of(const char *path, const char *text)
{
    char line[1024];
    int count = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        count += strstr(line, text) != NULL;
    fclose(file);
    return count;
}

static void a_failed_reload_tells_whoever_asked_why(void **state)
{
    struct fixture *f = *state;
    char audit[100];
    snprintf(audit, sizeof audit, "%s/audit", f->dir);
    snprintf(f->script->extra, sizeof f->script->extra,
        "worker_ready=60s;respawn.min=20ms;audit.file=%s", audit);
    own_supervisor_start_ready(f);
    assert_non_null(strstr(outcome_of(f, "reload 1"), "error: no such reload"));
    atomic_store(&f->script->bad_configuration, 1);
    forget_said(f);
    assert_string_equal(outcome_of(f, "reload"), "reload 1\n");
    assert_string_equal(outcome_of(f, "reload 1"),
        "failed; generation 1 goes on\nbad on purpose\nand another reason\n");
    own_supervisor_until(f, systemd_heard, "; the last reload failed: bad on purpose");
    /* A worker that says why it dies: told long before worker_ready is over. */
    atomic_store(&f->script->bad_configuration, 0);
    atomic_store(&f->script->turn_worker, DIE_AT_ONCE);
    assert_string_equal(outcome_of(f, "reload"), "reload 2\n");
    own_supervisor_until(f, reload_two_says, "failed; generation 1 goes on\nturn worker (");
    assert_true(reload_two_says(f, "ended with status 7: this one dies at once"));
    /* The start, the reload, and the settings that go on once more. */
    assert_int_equal(atomic_load(&f->script->prepared), 3);
    atomic_store(&f->script->turn_worker, SERVE);
    assert_string_equal(outcome_of(f, "reload"), "reload 3\n");
    own_supervisor_until(f, reload_one_says, "done; generation"); /* the last word on it */
    assert_non_null(strstr(outcome_of(f, "reload 3"), "serves"));
    assert_null(strstr(outcome_of(f, "status"), "the last reload failed"));
    assert_int_equal(count_of(audit, "\"outcome\":\"failed\""), 2);
    assert_int_equal(count_of(audit, "\"outcome\":\"done\""), 1);
}

static void a_running_turn_is_finished_in_the_drain(void **state)
{
    struct fixture *f = *state;
    char tool[100];
    atomic_store(&f->script->turn_worker, HOLD_A_TURN);
    atomic_store(&f->script->hold_ms, 1500);
    snprintf(f->script->extra, sizeof f->script->extra, "tool.processes=2");
    snprintf(tool, sizeof tool, "%s/tool.sock", f->dir);
    own_supervisor_start_ready(f);
    kill(f->supervisor, SIGTERM);
    own_supervisor_until(f, status_has, "\"state\":\"draining\"");
    assert_int_equal(access(f->api, F_OK), -1); /* new clients are refused at once */
    own_supervisor_until(f, status_has, "\"api\":{\"workers\":0");
    /* A turn that runs on still calls its tools. */
    assert_true(status_has(f, "\"tool\":{\"workers\":2,\"wanted\":2,\"ready\":2"));
    assert_int_equal(access(tool, F_OK), 0);
    own_supervisor_until(f, systemd_heard, "EXTEND_TIMEOUT_USEC=");
    own_supervisor_wait_for_end(f, 0);
    assert_int_equal(access(tool, F_OK), -1);
    assert_int_equal(atomic_load(&f->script->ended_in_drain), 3);
    assert_int_equal(atomic_load(&f->script->ended_by_quit), 0);
}

static void the_drain_has_an_end(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, HOLD_A_TURN);
    atomic_store(&f->script->hold_ms, 60000);
    snprintf(f->script->extra, sizeof f->script->extra, "drain=300ms");
    own_supervisor_start_ready(f);
    tell(f, "drain");
    own_supervisor_wait_for_end(f, 0);
    assert_true(log_has(f, "drain time over"));
    assert_int_equal(atomic_load(&f->script->ended_by_quit), 3);
}

static void a_second_term_is_faster_and_a_third_kills(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, HOLD_A_TURN);
    atomic_store(&f->script->hold_ms, 60000);
    own_supervisor_start_ready(f);
    kill(f->supervisor, SIGTERM);
    own_supervisor_until(f, status_has, "\"state\":\"draining\"");
    kill(f->supervisor, SIGTERM);
    own_supervisor_wait_for_end(f, 0);
    assert_int_equal(atomic_load(&f->script->ended_by_quit), 3);

    atomic_store(&f->script->turn_worker, STUCK);
    snprintf(f->script->extra, sizeof f->script->extra, "kill_grace=60s");
    forget_said(f);
    own_supervisor_start_ready(f);
    kill(f->supervisor, SIGTERM);
    own_supervisor_until(f, status_has, "\"state\":\"draining\"");
    kill(f->supervisor, SIGTERM);
    own_supervisor_until(f, log_has, "KILL in 60000 ms");
    kill(f->supervisor, SIGTERM);
    own_supervisor_wait_for_end(f, 0);
}

static void recycling_forks_the_replacement_first(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->script->turn_worker, COUNT_REQUESTS);
    snprintf(f->script->extra, sizeof f->script->extra, "recycle.requests=20");
    own_supervisor_start_ready(f);
    for (int64_t until = clock_mono_ms() + 4000; clock_mono_ms() < until; usleep(20000)) {
        /* Never fewer than wanted serve. */
        const char *at = strstr(status(f), "\"turn\":{\"workers\":");
        assert_non_null(at);
        assert_true(strtol(strstr(at, "\"ready\":") + 8, NULL, 10) >= 4);
    }
    assert_true(log_has(f, "is recycled (requests "));
    assert_false(status_has(f, "\"recycled\":0"));
}

static void two_of_them_and_stale_sockets(void **state)
{
    struct fixture *f = *state;
    own_supervisor_start_ready(f);
    pid_t first = f->supervisor;
    own_supervisor_start(f);
    own_supervisor_wait_for_end(f, 1);
    assert_true(log_has(f, "another turnpiked runs"));
    f->supervisor = first;
    assert_true(ask_api(f));
    /* Killed: its workers die with it, its socket files stay and are taken over. */
    pid_t worker = find_worker(f, "api", 1);
    kill(first, SIGKILL);
    waitpid(first, NULL, 0);
    for (int64_t until = clock_mono_ms() + PATIENCE_MS; kill(worker, 0) == 0; usleep(2000))
        assert_true(clock_mono_ms() < until);
    assert_int_equal(access(f->api, F_OK), 0);
    /* As one that an upgrade had started, and that was killed, leaves them. */
    static const char *const left[] = {"tool-7.sock", "quarantine-7.sock"};
    char path[2][96];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", f->dir, left[i]);
        fclose(fopen(path[i], "w"));
    }
    forget_said(f);
    own_supervisor_start_ready(f);
    assert_true(ask_api(f));
    for (int i = 0; i < 2; i++)
        assert_int_equal(access(path[i], F_OK), -1);
}

static void sockets_of_systemd_are_used_and_left(void **state)
{
    struct fixture *f = *state;
    f->with_sockets = true;
    own_supervisor_start_ready(f);
    assert_true(ask_api(f));
    assert_true(status_has(f, "\"queue_limit\":16,"));
    assert_int_equal(atomic_load(&f->script->foreign_descriptors), 0);
    kill(f->supervisor, SIGTERM);
    own_supervisor_wait_for_end(f, 0);
    assert_int_equal(access(f->api, F_OK), 0);
    assert_int_equal(access(f->control, F_OK), -1);
}

static void start_as_new(struct fixture *f)
{
    char said[16] = "";
    struct pollfd p;
    f->as_new = true;
    own_supervisor_start(f);
    p = (struct pollfd){.fd = f->old_fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(f->old_fd, said, sizeof said - 1, 0), strlen(UPGRADE_SERVES));
    assert_string_equal(said, UPGRADE_SERVES);
}

/* While it finishes what its workers have taken, the old one knows that it will not serve. */
static void a_new_one_that_is_drained_is_given_nothing(void **state)
{
    struct fixture *f = *state;
    char said[16];
    struct pollfd p;
    atomic_store(&f->script->turn_worker, HOLD_A_TURN);
    atomic_store(&f->script->hold_ms, 60000);
    start_as_new(f);
    kill(f->supervisor, SIGTERM);
    p = (struct pollfd){.fd = f->old_fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(f->old_fd, said, sizeof said, 0), 0);
    assert_int_equal(send(f->old_fd, UPGRADE_YOURS, strlen(UPGRADE_YOURS), MSG_NOSIGNAL), -1);
    assert_int_equal(waitpid(f->supervisor, NULL, WNOHANG), 0);
    assert_int_equal(access(f->api, F_OK), 0);
}

static void a_new_one_that_is_drained_as_it_takes_over_is_the_service_that_ends(void **state)
{
    struct fixture *f = *state;
    start_as_new(f);
    kill(f->supervisor, SIGSTOP);
    assert_int_equal(send(f->old_fd, UPGRADE_YOURS, strlen(UPGRADE_YOURS), MSG_NOSIGNAL),
        strlen(UPGRADE_YOURS));
    kill(f->supervisor, SIGTERM);
    kill(f->supervisor, SIGCONT);
    own_supervisor_wait_for_end(f, 0);
    assert_int_equal(access(f->api, F_OK), -1);
    assert_int_equal(access(f->control, F_OK), -1);
    assert_true(systemd_heard(f, "STOPPING=1"));
}

static bool systemd_heard_twice(struct fixture *f, const char *text)
{
    const char *first = strstr(f->said, text);
    return first && strstr(first + 1, text);
}

static void the_watchdog_is_told_after_a_real_check(void **state)
{
    struct fixture *f = *state;
    f->with_watchdog = true;
    own_supervisor_start_ready(f);
    own_supervisor_until(f, systemd_heard_twice, "WATCHDOG=1");
    /* A supervisor that does not run its loop says nothing. */
    kill(f->supervisor, SIGSTOP);
    usleep(50000);
    forget_said(f);
    usleep(300000);
    hear(f);
    assert_false(systemd_heard(f, "WATCHDOG=1"));
    kill(f->supervisor, SIGCONT);
    own_supervisor_until(f, systemd_heard, "WATCHDOG=1");
}

static bool file_is_there(struct fixture *f, const char *path)
{
    struct stat st;
    (void)f;
    return stat(path, &st) == 0 && st.st_size > 0;
}

static void usr1_opens_the_log_again(void **state)
{
    struct fixture *f = *state;
    char path[160], old[160];
    snprintf(path, sizeof path, "%s/turnpike.log", f->dir);
    snprintf(old, sizeof old, "%s/turnpike.log.1", f->dir);
    snprintf(f->script->extra, sizeof f->script->extra, "log.file=%s", path);
    own_supervisor_start_ready(f);
    assert_true(file_is_there(f, path));
    assert_int_equal(rename(path, old), 0);
    kill(f->supervisor, SIGUSR1);
    kill(find_worker(f, "api", 1), SIGKILL);
    own_supervisor_until(f, file_is_there, path);
    assert_int_equal(atomic_load(&f->script->foreign_descriptors), 0);
    kill(f->supervisor, SIGTERM);
    own_supervisor_wait_for_end(f, 0);
    unlink(path);
    unlink(old);
}

static void hostile_and_slow_control_clients(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int silent[CONTROL_CLIENTS_MAX + 4];
    struct buf reply = {0};
    own_supervisor_start_ready(f);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->control);
    for (int i = 0; i < CONTROL_CLIENTS_MAX + 4; i++) {
        silent[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(silent[i], (struct sockaddr *)&address, sizeof address), 0);
        assert_true(send(silent[i], "stat", 4, MSG_NOSIGNAL) == 4 || errno == EPIPE);
    }
    assert_true(status_has(f, "\"state\":\"running\""));
    assert_int_equal(control_ask(f->control, "rm -rf /", 2000, &reply), 0);
    assert_non_null(strstr(buf_text(&reply), "error: unknown command"));
    buf_reset(&reply);
    assert_int_equal(control_ask(f->control, "metrics", 2000, &reply), 0);
    assert_non_null(strstr(buf_text(&reply), "turnpike_workers_ready{pool=\"turn\"} 4\n"));
    assert_non_null(strstr(buf_text(&reply), "# EOF\n"));
    buf_free(&reply);
    for (int i = 0; i < CONTROL_CLIENTS_MAX + 4; i++)
        close(silent[i]);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, own_supervisor_setup, own_supervisor_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(starts_and_drains),
        CASE(a_killed_worker_comes_back),
        CASE(early_deaths_are_slowed_down),
        CASE(one_that_dies_at_work_comes_back_at_once),
        CASE(one_that_gets_no_processor_is_left_alone),
        CASE(a_worker_that_never_gets_ready_is_killed),
        CASE(a_dead_turn_is_told_and_its_token_given_back),
        CASE(a_crash_in_one_of_many_turns_spares_the_others),
        CASE(a_kill_in_one_of_many_turns_spares_the_others),
        CASE(a_crash_in_the_loop_is_nobodys_fault),
        CASE(a_kill_in_the_loop_is_nobodys_fault),
        CASE(a_loop_that_dies_again_and_again_is_slowed_down),
        CASE(a_turn_that_only_waits_ends_no_worker),
        CASE(a_stuck_turn_is_aborted_with_a_trace),
        CASE(one_that_cannot_abort_is_killed),
        CASE(reload_refuses_nobody),
        CASE(many_processes_are_questioned),
        CASE(a_quarantine_worker_comes_when_asked_for_and_leaves),
        CASE(a_quarantine_worker_that_dies_at_work_is_there_again),
        CASE(a_reload_takes_the_quarantine_worker_along),
        CASE(reload_changes_the_number_of_workers),
        CASE(a_failed_reload_tells_whoever_asked_why),
        CASE(a_bad_configuration_changes_nothing),
        CASE(a_generation_that_fails_is_given_up),
        CASE(a_running_turn_is_finished_in_the_drain),
        CASE(the_drain_has_an_end),
        CASE(a_second_term_is_faster_and_a_third_kills),
        CASE(recycling_forks_the_replacement_first),
        CASE(two_of_them_and_stale_sockets),
        CASE(sockets_of_systemd_are_used_and_left),
        CASE(a_new_one_that_is_drained_is_given_nothing),
        CASE(a_new_one_that_is_drained_as_it_takes_over_is_the_service_that_ends),
        CASE(the_watchdog_is_told_after_a_real_check),
        CASE(usr1_opens_the_log_again),
        CASE(hostile_and_slow_control_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
