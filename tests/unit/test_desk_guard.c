/* SPDX-License-Identifier: BSD-2-Clause */
/* desk_guard: of several servers whose answers are awaited, one that ends leaves the others'. */
#include "workers/housekeeper/desk_guard.h"

#include "process/scoreboard.h"
#include "tests/unit/cm.h"

#include <string.h>

static struct worker worker;

/* What the process would be found to have died in; "" = nothing. */
static const char *blamed(void)
{
    static struct blame_work work;
    const struct scoreboard_seat *seat = scoreboard_executing(worker.board, worker.slot);

    return seat && scoreboard_work_get(seat, &work) ? work.route : "";
}

static void one_that_ends_leaves_the_others(void **state)
{
    struct desk_guard_mark a = {0}, b = {0}, c = {0};

    (void)state;
    assert_int_equal(scoreboard_new(&worker.board, 1, 2), 0);
    worker.slot = &worker.board->slots[0];
    scoreboard_slot_reset(worker.board, worker.slot, 0, 2);
    desk_guard_open(&worker);
    assert_true(desk_guard_await(&a, "a", "1"));
    assert_true(desk_guard_await(&b, "b", "2"));
    assert_true(desk_guard_await(&c, "c", "3"));
    assert_string_equal(blamed(), "c");
    desk_guard_settle(&a);
    assert_string_equal(blamed(), "c");
    assert_true(desk_guard_enter("work", "ann", "x"));
    desk_guard_settle(&c);
    assert_string_equal(blamed(), "work");
    desk_guard_leave();
    assert_string_equal(blamed(), "b");
    desk_guard_settle(&b);
    assert_string_equal(blamed(), "");
    desk_guard_settle(&b);
    scoreboard_free(worker.board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_that_ends_leaves_the_others)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
