/* SPDX-License-Identifier: BSD-2-Clause */
/* crowd: connections are counted over all workers, and a dead worker's no more. */
#include "process/crowd.h"
#include "process/scoreboard.h"
#include "tests/unit/cm.h"
#include "workers/supervisor/crew_parts.h"

#include <sys/wait.h>
#include <unistd.h>

static void it_counts_over_all_workers(void **state)
{
    unsigned long long ann = scoreboard_owner("ann"), bob = scoreboard_owner("bob");

    (void)state;
    assert_false(crowd_enter(0, ann)); /* not open yet */
    assert_int_equal(crowd_open(3), 0);
    assert_true(crowd_enter(0, ann));
    assert_true(crowd_enter(0, ann));
    assert_true(crowd_enter(2, ann));
    assert_true(crowd_enter(1, bob));
    assert_int_equal(crowd_count(ann), 3);
    assert_int_equal(crowd_count(bob), 1);
    crowd_leave(0, ann);
    assert_int_equal(crowd_count(ann), 2);
    crowd_leave(0, ann);
    crowd_leave(2, ann);
    assert_int_equal(crowd_count(ann), 0);
    assert_false(crowd_enter(3, ann));
    crowd_close();
}

static void what_a_dead_worker_had_is_wiped(void **state)
{
    unsigned long long ann = scoreboard_owner("ann");
    pid_t pid;

    (void)state;
    assert_int_equal(crowd_open(2), 0);
    assert_true(crowd_enter(0, ann));
    pid = fork();
    if (pid == 0)
        _exit(crowd_enter(1, ann) && crowd_enter(1, ann) ? 0 : 1);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(crowd_count(ann), 3);
    crowd_wipe(1);
    assert_int_equal(crowd_count(ann), 1);
    crowd_close();
}

/* As after a reload, when nobody comes into the slot for long. */
static void it_is_wiped_at_the_death(void **state)
{
    struct crew crew = {0};

    (void)state;
    assert_int_equal(scoreboard_new(&crew.board, 2, 2), 0);
    scoreboard_slot_reset(crew.board, &crew.board->slots[1], 0, 2);
    assert_int_equal(crowd_open(2), 0);
    assert_true(crowd_enter(1, 7));
    atomic_store(&crew.board->slots[1].connections, 1);
    crew_deaths_seats(&crew, 1, 1);
    assert_int_equal(crowd_count(7), 0);
    assert_int_equal(atomic_load(&crew.board->slots[1].connections), 0);
    crowd_close();
    scoreboard_free(crew.board);
}

static void cells_are_used_again_and_a_full_table_lets_people_in(void **state)
{
    unsigned counted = 0;

    (void)state;
    assert_int_equal(crowd_open(1), 0);
    for (unsigned long long owner = 1; owner < 100000; owner++) { /* one after the other */
        assert_true(crowd_enter(0, owner * 7));
        crowd_leave(0, owner * 7);
    }
    for (unsigned long long owner = 1; owner <= CROWD_CELLS + 1000; owner++)
        counted += crowd_enter(0, owner);
    assert_int_equal(counted, CROWD_CELLS);
    crowd_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_counts_over_all_workers),
        cmocka_unit_test(what_a_dead_worker_had_is_wiped),
        cmocka_unit_test(it_is_wiped_at_the_death),
        cmocka_unit_test(cells_are_used_again_and_a_full_table_lets_people_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
