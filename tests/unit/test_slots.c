/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a slot: every cell of the table is filled and keeps the rules below. */
#include "process/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool has_process(enum slots_state state)
{
    return state != SLOTS_EMPTY && state != SLOTS_BACKOFF;
}

/* Told to go: the slot becomes empty when its process is gone. */
static bool is_leaving(enum slots_state state)
{
    return state == SLOTS_RETIRING || state == SLOTS_TERMINATING || state == SLOTS_DYING;
}

static void check_action(enum slots_state state, enum slots_event event, struct slots_cell cell)
{
    switch (cell.action) {
    case SLOTS_FAULT:
        assert_int_equal(cell.next, state);
        break;
    case SLOTS_IGNORE:
        assert_int_equal(has_process(cell.next), has_process(state));
        break;
    case SLOTS_FORK:
        assert_false(has_process(state));
        assert_int_equal(cell.next, SLOTS_STARTING);
        break;
    case SLOTS_SERVE:
        assert_int_equal(event, SLOTS_ON_READY);
        assert_int_equal(cell.next, SLOTS_READY);
        break;
    case SLOTS_REPLACE:
        assert_int_equal(state, SLOTS_READY);
        assert_int_equal(cell.next, SLOTS_REPLACING);
        break;
    case SLOTS_TERM:
        assert_true(has_process(state));
        assert_int_equal(cell.next, SLOTS_RETIRING);
        break;
    case SLOTS_ABORT:
        assert_true(has_process(state));
        assert_true(cell.next == SLOTS_ABORTING || cell.next == SLOTS_TERMINATING);
        break;
    case SLOTS_KILL:
        assert_true(has_process(state));
        assert_true(cell.next == SLOTS_KILLING || cell.next == SLOTS_DYING);
        break;
    case SLOTS_AGAIN:
        assert_true(has_process(state));
        assert_false(is_leaving(state));
        assert_int_equal(cell.next, SLOTS_BACKOFF);
        break;
    case SLOTS_RESPAWN:
        assert_int_equal(event, SLOTS_ON_EXIT_AT_WORK);
        assert_true(has_process(state));
        assert_false(is_leaving(state));
        assert_int_equal(cell.next, SLOTS_STARTING);
        break;
    case SLOTS_FREE:
        assert_true(has_process(state));
        assert_int_equal(cell.next, SLOTS_EMPTY);
        break;
    case SLOTS_CANCEL:
        assert_int_equal(state, SLOTS_BACKOFF);
        assert_int_equal(cell.next, SLOTS_EMPTY);
        break;
    default:
        fail_msg("%s on %s: no action", slots_state_name(state), slots_event_name(event));
    }
}

static void every_cell_is_filled(void **unused)
{
    (void)unused;
    for (int state = 0; state < SLOTS_STATES; state++)
        for (int event = 0; event < SLOTS_EVENTS; event++) {
            struct slots_cell cell = slots_step((enum slots_state)state, (enum slots_event)event);
            assert_true(cell.next < SLOTS_STATES);
            assert_true(cell.action > SLOTS_ACTION_UNSET && cell.action < SLOTS_ACTIONS);
            check_action((enum slots_state)state, (enum slots_event)event, cell);
        }
}

static void an_exit_ends_the_process_everywhere(void **unused)
{
    (void)unused;
    for (int s = 0; s < SLOTS_STATES; s++) {
        enum slots_state state = (enum slots_state)s;
        for (int e = SLOTS_ON_EXIT_CLEAN; e <= SLOTS_ON_EXIT_IDLE; e++) {
            struct slots_cell cell = slots_step(state, (enum slots_event)e);
            if (!has_process(state)) {
                assert_int_equal(cell.action, SLOTS_FAULT);
                continue;
            }
            /* One that goes or has a replacement is not started again. All others are: one that
             * died at work at once, so that a pool does not run dry over what it is sent; one that
             * is forked on demand when it is asked for again. */
            bool gone = is_leaving(state) || state == SLOTS_REPLACING;
            enum slots_state next = e == SLOTS_ON_EXIT_AT_WORK ? SLOTS_STARTING :
                e == SLOTS_ON_EXIT_IDLE                        ? SLOTS_EMPTY :
                                                                 SLOTS_BACKOFF;
            assert_int_equal(cell.next, gone ? SLOTS_EMPTY : next);
            assert_true(!has_process(cell.next) || cell.action == SLOTS_RESPAWN);
        }
    }
}

static void retire_reaches_every_state(void **unused)
{
    (void)unused;
    for (int s = 0; s < SLOTS_STATES; s++) {
        struct slots_cell cell = slots_step((enum slots_state)s, SLOTS_ON_RETIRE);
        assert_true(is_leaving(cell.next) || cell.next == SLOTS_EMPTY);
    }
}

/* Whatever a worker does, after RETIRE time alone brings it to KILL. */
static void nobody_survives_the_drain(void **unused)
{
    (void)unused;
    for (int s = 0; s < SLOTS_STATES; s++) {
        if (!has_process((enum slots_state)s))
            continue;
        enum slots_state state = slots_step((enum slots_state)s, SLOTS_ON_RETIRE).next;
        if (state == SLOTS_RETIRING)
            state = slots_step(state, SLOTS_ON_DRAIN_OVER).next;
        if (state == SLOTS_TERMINATING)
            state = slots_step(state, SLOTS_ON_GRACE_OVER).next;
        assert_int_equal(state, SLOTS_DYING);
        assert_int_equal(slots_step(state, SLOTS_ON_GRACE_OVER).action, SLOTS_KILL);
    }
}

static void hurry_twice_kills(void **unused)
{
    (void)unused;
    for (int s = 0; s < SLOTS_STATES; s++) {
        enum slots_state state = slots_step((enum slots_state)s, SLOTS_ON_RETIRE).next;
        state = slots_step(state, SLOTS_ON_HURRY).next;
        state = slots_step(state, SLOTS_ON_HURRY).next;
        assert_true(state == SLOTS_DYING || state == SLOTS_EMPTY);
    }
}

static void a_stuck_turn_ends_in_kill_and_a_new_worker(void **unused)
{
    (void)unused;
    enum slots_state state = slots_step(SLOTS_READY, SLOTS_ON_STUCK).next;
    assert_int_equal(state, SLOTS_ABORTING);
    state = slots_step(state, SLOTS_ON_GRACE_OVER).next;
    assert_int_equal(state, SLOTS_KILLING);
    state = slots_step(state, SLOTS_ON_EXIT_CRASH).next;
    assert_int_equal(state, SLOTS_BACKOFF);
    assert_int_equal(slots_step(state, SLOTS_ON_BACKOFF_OVER).action, SLOTS_FORK);
    assert_int_equal(slots_step(SLOTS_KILLING, SLOTS_ON_EXIT_AT_WORK).action, SLOTS_RESPAWN);
}

/* A fork that fails over a death at work waits like any other, and cannot loop. */
static void a_respawn_that_cannot_fork_backs_off(void **unused)
{
    (void)unused;
    enum slots_state state = slots_step(SLOTS_READY, SLOTS_ON_EXIT_AT_WORK).next;
    struct slots_cell cell = slots_step(state, SLOTS_ON_FORK_FAILED);
    assert_int_equal(cell.next, SLOTS_BACKOFF);
    assert_int_equal(cell.action, SLOTS_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_filled),
        cmocka_unit_test(an_exit_ends_the_process_everywhere),
        cmocka_unit_test(retire_reaches_every_state),
        cmocka_unit_test(nobody_survives_the_drain),
        cmocka_unit_test(hurry_twice_kills),
        cmocka_unit_test(a_stuck_turn_ends_in_kill_and_a_new_worker),
        cmocka_unit_test(a_respawn_that_cannot_fork_backs_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
