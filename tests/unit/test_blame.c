/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers died in is refused, for its user and for a while, and nothing else is. */
#include "process/blame.h"

#include "base/clock.h"
#include "workers/supervisor/starved.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE 60000

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct blame));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct blame_work work_of(const char *uid, const char *route, const char *what)
{
    struct blame_work w = {.turn = false};
    snprintf(w.uid, sizeof w.uid, "%s", uid);
    snprintf(w.route, sizeof w.route, "%s", route);
    ident_sha256_hex(what, strlen(what), w.digest);
    return w;
}

static size_t die(struct blame *b, const struct blame_work *w, unsigned weight, int64_t now)
{
    struct blame_mark marks[BLAME_SCOPES];
    return blame_death(b, w, weight, now, marks);
}

static void one_crash_refuses_the_same_request_of_that_user(void **state)
{
    struct blame *b = *state;
    struct blame_work w = work_of("ann", "POST /tools/x", "a"), other;
    enum blame_scope scope;
    assert_int_equal(blame_left(b, &w, 1000, &scope), 0);
    assert_int_equal(die(b, &w, BLAME_CRASHED, 1000), 1);
    assert_int_equal(blame_left(b, &w, 1000, &scope), MINUTE);
    assert_int_equal(scope, BLAME_SAME);
    assert_int_equal(blame_left(b, &w, 1000 + MINUTE, &scope), 0);
    other = work_of("ann", "POST /tools/x", "b");
    assert_int_equal(blame_left(b, &other, 1000, NULL), 0);
    other = work_of("bob", "POST /tools/x", "a");
    assert_int_equal(blame_left(b, &other, 1000, NULL), 0);
    other = w;
    other.turn = true;
    assert_int_equal(blame_left(b, &other, 1000, NULL), 0);
}

static void a_mark_lasts_longer_each_time_up_to_a_bound(void **state)
{
    struct blame *b = *state;
    struct blame_work w = work_of("ann", "POST /tools/x", "a");
    int64_t last = 0;
    for (int i = 0; i < 8; i++) {
        die(b, &w, BLAME_CRASHED, 1000 + i);
        int64_t left = blame_left(b, &w, 1000 + i, NULL);
        assert_true(left >= last && left <= BLAME_KEEP_MAX_MS);
        last = left;
    }
    assert_int_equal(last, BLAME_KEEP_MAX_MS);
}

static void kills_from_outside_weigh_less(void **state)
{
    struct blame *b = *state;
    struct blame_work w = work_of("ann", "POST /tools/x", "a");
    assert_int_equal(die(b, &w, BLAME_KILLED, 1000), 0);
    assert_int_equal(die(b, &w, BLAME_KILLED, 2000), 0);
    assert_int_equal(blame_left(b, &w, 2000, NULL), 0);
    assert_int_equal(die(b, &w, BLAME_KILLED, 3000), 1);
    assert_true(blame_left(b, &w, 3000, NULL) > 0);
    /* Long ago does not count. */
    w = work_of("ann", "POST /tools/x", "b");
    die(b, &w, BLAME_KILLED, 4000);
    die(b, &w, BLAME_KILLED, 4000 + 11 * MINUTE);
    assert_int_equal(die(b, &w, BLAME_KILLED, 4000 + 12 * MINUTE), 0);
}

static void different_requests_meet_the_bounds_of_route_and_user(void **state)
{
    struct blame *b = *state;
    const char *const routes[] = {"POST /tools/x", "POST /tools/y"}, *const whats[] = {"a", "b"};
    struct blame_work w, new_one = work_of("ann", "POST /tools/x", "c");
    enum blame_scope scope;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blame_left(b, &new_one, 1000, NULL), 0);
        w = work_of("ann", routes[0], whats[i]);
        die(b, &w, BLAME_CRASHED, 1000);
    }
    assert_true(blame_left(b, &new_one, 1000, &scope) > 0);
    assert_int_equal(scope, BLAME_ROUTE);
    new_one = work_of("ann", "GET /sessions", "d");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blame_left(b, &new_one, 1000, NULL), 0);
        w = work_of("ann", routes[1], whats[i]);
        die(b, &w, BLAME_CRASHED, 1000);
    }
    assert_true(blame_left(b, &new_one, 1000, &scope) > 0);
    assert_int_equal(scope, BLAME_USER);
    new_one = work_of("bob", "POST /tools/x", "a");
    assert_int_equal(blame_left(b, &new_one, 1000, NULL), 0);
}

static void a_message_has_its_three_attempts(void **state)
{
    struct blame *b = *state;
    struct blame_work w = work_of("ann", "session main", "boo"), other;
    w.turn = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(die(b, &w, BLAME_CRASHED, 1000), 0);
        assert_int_equal(blame_left(b, &w, 1000, NULL), 0);
    }
    assert_int_equal(die(b, &w, BLAME_CRASHED, 1000), 1);
    assert_true(blame_left(b, &w, 1000, NULL) > 0);
    other = work_of("ann", "session main", "hello");
    other.turn = true;
    assert_int_equal(blame_left(b, &other, 1000, NULL), 0);
}

/* Deaths of tool processes: the call is refused, in the end all such calls, but nothing else. */
static void calls_of_tools_count_apart(void **state)
{
    struct blame *b = *state;
    struct blame_work call, request = work_of("ann", "tool x", "0"), turn = request, other;
    char digest[16];
    turn.turn = true;
    for (int i = 0; i < 6; i++) {
        snprintf(digest, sizeof digest, "%d", i);
        call = work_of("ann", "tool x", digest);
        call.tool = true;
        assert_true(die(b, &call, BLAME_CRASHED, 1000) > 0);
        assert_true(blame_left(b, &call, 1000, NULL) > 0);
    }
    assert_int_equal(blame_left(b, &request, 1000, NULL), 0);
    assert_int_equal(blame_left(b, &turn, 1000, NULL), 0);
    other = work_of("ann", "tool y", "new");
    other.tool = true;
    assert_true(blame_left(b, &other, 1000, NULL) > 0);
    other = work_of("bob", "tool x", "0");
    other.tool = true;
    assert_int_equal(blame_left(b, &other, 1000, NULL), 0);
    assert_string_equal(blame_scope_text(BLAME_SAME, &call), "repetitions of this tool call");
}

static void without_a_user_only_the_same_counts(void **state)
{
    struct blame *b = *state;
    struct blame_work w = work_of("", "a request", "a"), other = work_of("", "a request", "b");
    for (int i = 0; i < 9; i++)
        assert_int_equal(die(b, &w, BLAME_CRASHED, 1000), 1);
    assert_true(blame_left(b, &w, 1000, NULL) > 0);
    assert_int_equal(blame_left(b, &other, 1000, NULL), 0);
}

/* More than there is room for: the newest are kept, and old ones that were to end first go. */
static void marks_make_room(void **state)
{
    struct blame *b = *state;
    struct blame_mark mark;
    struct blame_work w;
    char what[16];
    for (int i = 0; i < 2 * BLAME_MARKS; i++) {
        mark = (struct blame_mark){.key = (unsigned long long)i + 1, .ms = 1000 + i};
        blame_add(b, &mark, 0);
    }
    w = work_of("ann", "POST /tools/x", "a");
    die(b, &w, BLAME_CRASHED, 0);
    assert_true(blame_left(b, &w, 0, NULL) > 0);
    for (int i = 0; i < 3 * BLAME_DEATHS; i++) {
        snprintf(what, sizeof what, "%d", i);
        w = work_of(what, "POST /tools/x", what);
        die(b, &w, BLAME_CRASHED, i);
        assert_true(blame_left(b, &w, i, NULL) > 0);
    }
}

/* A mark that another machine has told of is the same as one of this machine. */
static void marks_travel(void **state)
{
    struct blame *b = *state;
    struct blame *elsewhere = calloc(1, sizeof *elsewhere);
    struct blame_mark marks[BLAME_SCOPES];
    struct blame_work w = work_of("ann", "POST /tools/x", "a");
    assert_non_null(elsewhere);
    assert_int_equal(blame_death(b, &w, BLAME_CRASHED, 1000, marks), 1);
    blame_add(elsewhere, &marks[0], 77000);
    assert_int_equal(blame_left(elsewhere, &w, 77000, NULL), MINUTE);
    free(elsewhere);
}

/* ---- starved or stuck ---- */

/* A child that computes, or sleeps. */
static pid_t child(bool computes)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    for (volatile unsigned n = 0;; n++)
        if (!computes)
            pause();
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool wait_for_verdict(struct starved *s, pid_t pid, bool wanted)
{
    int64_t until = clock_mono_ms() + 60000;
    bool is;
    while ((is = starved_is(s, pid)) != wanted && clock_mono_ms() < until)
        usleep(1000);
    return is == wanted;
}

static void what_can_run_and_has_not_is_starved(void **state)
{
    struct starved s = {0};
    pid_t pid = child(true);
    (void)state;
    assert_true(wait_for_verdict(&s, pid, true));
    /* The same process once it has computed for long: it is caught in a loop. */
    s.cpu_ms -= STARVED_CPU_MS;
    assert_false(starved_is(&s, pid));
    s = (struct starved){0};
    kill(pid, SIGSTOP);
    assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
    assert_false(starved_is(&s, pid));
    end(pid);
    assert_false(starved_is(&s, pid)); /* nothing is known of it */
}

static void what_sleeps_is_stuck(void **state)
{
    struct starved s = {0};
    pid_t pid = child(false);
    (void)state;
    assert_true(wait_for_verdict(&s, pid, false));
    end(pid);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_crash_refuses_the_same_request_of_that_user),
        CASE(a_mark_lasts_longer_each_time_up_to_a_bound),
        CASE(kills_from_outside_weigh_less),
        CASE(different_requests_meet_the_bounds_of_route_and_user),
        CASE(a_message_has_its_three_attempts),
        CASE(calls_of_tools_count_apart),
        CASE(without_a_user_only_the_same_counts),
        CASE(marks_make_room),
        CASE(marks_travel),
        cmocka_unit_test(what_can_run_and_has_not_is_starved),
        cmocka_unit_test(what_sleeps_is_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
