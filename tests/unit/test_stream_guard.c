/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_guard: what workers died in is refused at once, and while a mark of somebody else lasts an
 * event costs no look through all marks. */
#include "workers/stream/stream_guard.h"

#include "base/clock.h"
#include "process/scoreboard.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

static struct conf conf;
static struct worker worker;

static int set_up(void **state)
{
    (void)state;
    if (conf_init(&conf) || scoreboard_new(&worker.board, 1, SCOREBOARD_STREAM_SEATS))
        return -1;
    worker.conf = &conf;
    worker.slot = &worker.board->slots[0];
    scoreboard_slot_reset(worker.board, worker.slot, 0, SCOREBOARD_STREAM_SEATS);
    stream_guard_open(&worker);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scoreboard_free(worker.board);
    conf_fini(&conf);
    return 0;
}

/* The worker passes an event of the session on. Returns for how long it is refused. */
static int64_t event(const char *user, const char *session)
{
    int64_t left = stream_guard_enter(STREAM_GUARD_EVENT, user, session, strlen(session));

    if (left == 0)
        stream_guard_leave();
    return left;
}

/* A worker dies in the work that the slot says. */
static void die_in_event(const char *user, const char *session)
{
    struct blame_mark marks[BLAME_SCOPES];
    struct blame_work work;

    assert_int_equal(stream_guard_enter(STREAM_GUARD_EVENT, user, session, strlen(session)), 0);
    assert_true(scoreboard_work_get(scoreboard_executing(worker.board, worker.slot), &work));
    stream_guard_leave();
    assert_int_equal(blame_death(&worker.board->blame, &work, BLAME_CRASHED, clock_mono_ms(),
                         marks),
        1);
}

static void test_without_a_mark_nothing_is_looked_through(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(event("ann", i % 2 ? "one" : "two"), 0);
    assert_int_equal(stream_guard_looks(), 0);
}

static void test_a_mark_of_another_costs_a_look_a_session(void **state)
{
    char session[16];

    (void)state;
    die_in_event("eve", "poison");
    for (int i = 0; i < 1000; i++) {
        snprintf(session, sizeof session, "s%d", i % 20);
        assert_int_equal(event("ann", session), 0);
    }
    assert_in_range(stream_guard_looks(), 20, 200); /* two may share a place */
    unsigned before = stream_guard_looks();
    for (int i = 0; i < 1000; i++)
        assert_int_equal(event("ann", "s0"), 0);
    assert_in_range(stream_guard_looks() - before, 0, 1);
    assert_true(event("eve", "poison") > 0);
}

static void test_a_new_mark_counts_at_once(void **state)
{
    (void)state;
    die_in_event("eve", "poison");
    for (int i = 0; i < 3; i++) { /* both are known to be clear: in the seat, and beside it */
        assert_int_equal(event("ann", "one"), 0);
        assert_int_equal(event("ann", "two"), 0);
    }
    die_in_event("ann", "one");
    assert_true(event("ann", "one") > 0);
    assert_int_equal(event("ann", "two"), 0);
    assert_int_equal(event("bob", "one"), 0);
    assert_true(event("eve", "poison") > 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_without_a_mark_nothing_is_looked_through),
        TEST(test_a_mark_of_another_costs_a_look_a_session),
        TEST(test_a_new_mark_counts_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
