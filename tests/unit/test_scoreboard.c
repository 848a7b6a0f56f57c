/* SPDX-License-Identifier: BSD-2-Clause */
/* The scoreboard: admission is exact whoever is killed when; texts are whole or not there. */
#include "process/scoreboard.h"

#include "agent/turn.h"
#include "base/err.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORKERS 8
#define LIMIT 5
#define ROUNDS 150
#define MANY 6 /* seats for a worker that has several */

static int setup(void **state)
{
    struct scoreboard *b = NULL;
    if (scoreboard_new(&b, WORKERS, WORKERS + MANY) != 0)
        return -1;
    atomic_store(&b->turn_limit, LIMIT);
    for (size_t i = 0; i < WORKERS; i++)
        scoreboard_slot_reset(b, &b->slots[i], i, 1);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    scoreboard_free(*state);
    return 0;
}

/* Places for long requests: a bound for all, one a user, gone with the worker that had it. */
static void long_places(void **state)
{
    struct scoreboard *b = *state;
    assert_int_equal(scoreboard_long_take(b, &b->slots[0], 7, 2), 0);
    assert_int_equal(scoreboard_long_take(b, &b->slots[0], 7, 2), 0); /* it has one */
    assert_int_equal(scoreboard_long_take(b, &b->slots[1], 7, 2), ERR_RATE);
    assert_int_equal(scoreboard_long_take(b, &b->slots[1], 8, 2), 0);
    assert_int_equal(scoreboard_long_take(b, &b->slots[2], 9, 2), ERR_FULL);
    scoreboard_long_give(&b->slots[2]); /* had none */
    assert_int_equal(scoreboard_long_take(b, &b->slots[2], 9, 2), ERR_FULL);
    scoreboard_slot_reset(b, &b->slots[0], 0, 1);
    assert_int_equal(scoreboard_long_take(b, &b->slots[2], 7, 2), 0);
    scoreboard_long_give(&b->slots[1]);
    assert_int_equal(scoreboard_long_take(b, &b->slots[3], 9, 2), 0);
}

static void take_and_give(void **state)
{
    struct scoreboard *b = *state;
    for (size_t i = 0; i < LIMIT; i++) {
        assert_true(scoreboard_turn_take(b, &b->seats[i]));
        assert_true(scoreboard_turn_take(b, &b->seats[i])); /* once more is still one */
        assert_int_equal(atomic_load(&b->running_turns), i + 1);
    }
    assert_false(scoreboard_turn_take(b, &b->seats[LIMIT]));
    scoreboard_turn_give(b, &b->seats[LIMIT]); /* holds none */
    assert_int_equal(atomic_load(&b->running_turns), LIMIT);

    scoreboard_turn_give(b, &b->seats[0]);
    scoreboard_turn_give(b, &b->seats[0]);
    assert_int_equal(atomic_load(&b->running_turns), LIMIT - 1);
    assert_false(scoreboard_turn_recover(b, &b->seats[0]));
    assert_true(scoreboard_turn_recover(b, &b->seats[1]));
    assert_false(scoreboard_turn_recover(b, &b->seats[1]));
    assert_int_equal(atomic_load(&b->running_turns), LIMIT - 2);
}

static void a_lower_limit_holds_at_once(void **state)
{
    struct scoreboard *b = *state;
    for (size_t i = 0; i < LIMIT; i++) {
        assert_true(scoreboard_turn_take(b, &b->seats[i]));
    }
    atomic_store(&b->turn_limit, 2);
    scoreboard_turn_give(b, &b->seats[LIMIT - 1]);
    assert_false(scoreboard_turn_take(b, &b->seats[LIMIT - 1]));
}

static _Noreturn void churn(struct scoreboard *b, size_t index)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        if (scoreboard_turn_take(b, &b->seats[index]))
            scoreboard_turn_give(b, &b->seats[index]);
}

/* Workers are killed at random places of take and give; afterwards nothing is lost or doubled. */
static void kill_at_any_moment(void **state)
{
    struct scoreboard *b = *state;
    pid_t pids[WORKERS];
    for (size_t i = 0; i < WORKERS; i++)
        if ((pids[i] = fork()) == 0)
            churn(b, i);
    unsigned held = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = (size_t)round % WORKERS;
        usleep(500 + (useconds_t)(round * 37 % 400));
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
        held += scoreboard_turn_recover(b, &b->seats[i]);
        assert_false(scoreboard_turn_recover(b, &b->seats[i]));
        assert_in_range(atomic_load(&b->running_turns), 0, LIMIT);
        if ((pids[i] = fork()) == 0)
            churn(b, i);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    for (size_t i = 0; i < WORKERS; i++)
        scoreboard_turn_recover(b, &b->seats[i]);
    assert_int_equal(atomic_load(&b->running_turns), 0);
    assert_true(held > 0);
    /* And all of them can be had again. */
    for (size_t i = 0; i < LIMIT; i++) {
        assert_true(scoreboard_turn_take(b, &b->seats[i]));
    }
}

static void the_turn_of_a_seat(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_seat *seat = &b->seats[3];
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    char longest[IDENT_USER_MAX + 10];
    assert_false(scoreboard_turn_get(seat, uid, session, turn));
    scoreboard_turn_set(seat, "anna", "main", "019ab3c4-0000-7000-8000-000000000001");
    assert_true(scoreboard_turn_get(seat, uid, session, turn));
    assert_string_equal(uid, "anna");
    assert_string_equal(session, "main");
    assert_string_equal(turn, "019ab3c4-0000-7000-8000-000000000001");
    memset(longest, 'u', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    scoreboard_turn_set(seat, longest, "s", "t");
    assert_true(scoreboard_turn_get(seat, uid, session, turn));
    assert_int_equal(strlen(uid), IDENT_USER_MAX);
    atomic_fetch_or(&seat->text.sequence, 1); /* its writer died in the middle */
    assert_false(scoreboard_turn_get(seat, uid, session, turn));
    scoreboard_turn_set(seat, NULL, NULL, NULL);
    assert_false(scoreboard_turn_get(seat, uid, session, turn));
}

static void the_work_of_a_seat(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_seat *seat = &b->seats[0];
    struct blame_work work = {.uid = "ann", .route = "GET /here", .digest = "d"}, out;
    assert_false(scoreboard_work_get(seat, &out));
    scoreboard_work_set(seat, &work);
    assert_true(scoreboard_work_get(seat, &out));
    assert_string_equal(out.uid, "ann");
    assert_string_equal(out.route, "GET /here");
    assert_true(atomic_load(&seat->work_owner) == scoreboard_owner("ann"));
    assert_true(atomic_load(&seat->work_since_ms) > 0);
    /* Its worker died while it wrote: nothing can be said. */
    atomic_fetch_add(&seat->work.sequence, 1);
    assert_false(scoreboard_work_get(seat, &out));
    scoreboard_work_set(seat, &work);
    assert_true(scoreboard_work_get(seat, &out));
    scoreboard_slot_reset(b, &b->slots[0], 0, 1);
    assert_false(scoreboard_work_get(seat, &out));
    assert_true(atomic_load(&seat->work_owner) == 0);
}

static void the_trail_keeps_the_last_stages(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_seat *seat = &b->seats[0];
    char trail[SCOREBOARD_TRAIL_SIZE];
    scoreboard_trail(seat, trail);
    assert_string_equal(trail, "");
    scoreboard_turn_set(seat, "u", "s", "t");
    scoreboard_stage_set(seat, STAGE_STARTING);
    scoreboard_stage_set(seat, STAGE_MODEL_WAIT);
    scoreboard_trail(seat, trail);
    assert_non_null(strstr(trail, "starting+"));
    assert_non_null(strstr(trail, " model-wait+"));
    for (int i = 0; i < 100; i++)
        scoreboard_stage_set(seat, STAGE_TOOL);
    scoreboard_trail(seat, trail);
    assert_null(strstr(trail, "model-wait"));
}

/* One worker with several seats: each is had once, blank, and comes back with what it held. */
static void seats_of_a_worker(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_slot *slot = &b->slots[2];
    const struct blame_work work = {.uid = "ann", .route = "GET /here", .digest = "d"};
    struct scoreboard_seat *held[MANY];
    struct blame_work out;
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    scoreboard_slot_reset(b, slot, WORKERS, MANY);
    for (size_t i = 0; i < MANY; i++) {
        held[i] = scoreboard_seat_take(b, slot);
        assert_non_null(held[i]);
        assert_in_range(held[i] - b->seats, WORKERS, WORKERS + MANY - 1);
        assert_int_equal(atomic_load(&held[i]->slot), 2);
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(held[i], held[k]);
        assert_int_equal(atomic_load(&slot->seats_busy), i + 1);
    }
    assert_null(scoreboard_seat_take(b, slot));
    assert_true(scoreboard_turn_take(b, held[3]));
    scoreboard_turn_set(held[3], "ann", "main", "t");
    scoreboard_work_set(held[3], &work);
    scoreboard_stage_set(held[3], STAGE_TOOL);
    atomic_store(&held[3]->turn_deadline_ms, 1);
    scoreboard_seat_give(b, slot, held[3]);
    assert_int_equal(atomic_load(&b->running_turns), 0);
    scoreboard_seat_give(b, slot, held[3]); /* given already */
    assert_int_equal(atomic_load(&slot->seats_busy), MANY - 1);
    assert_ptr_equal(scoreboard_seat_take(b, slot), held[3]);
    assert_null(scoreboard_seat_take(b, slot));
    assert_false(scoreboard_turn_get(held[3], uid, session, turn));
    assert_false(scoreboard_work_get(held[3], &out));
    assert_int_equal(atomic_load(&held[3]->stage), STAGE_IDLE);
    assert_int_equal(atomic_load(&held[3]->turn_deadline_ms), 0);
    assert_int_equal(atomic_load(&held[3]->turn_started_ms), 0);
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(scoreboard_seat_at(b, slot, i), &b->seats[WORKERS + i]);
    assert_null(scoreboard_seat_at(b, slot, MANY));
    scoreboard_slot_reset(b, slot, 0, 0);
    assert_null(scoreboard_seat_take(b, slot));
    assert_null(scoreboard_seat_at(b, slot, 0));
}

/* What executes is a taken seat of the worker's own range, or its loop. */
static void the_seat_that_executes(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_slot *slot = &b->slots[1];
    assert_null(scoreboard_executing(b, slot));
    struct scoreboard_seat *seat = scoreboard_seat_take(b, slot);
    assert_null(scoreboard_executing(b, slot));
    scoreboard_enter(b, slot, seat);
    assert_ptr_equal(scoreboard_executing(b, slot), seat);
    scoreboard_enter(b, slot, NULL);
    assert_null(scoreboard_executing(b, slot));
    scoreboard_enter(b, slot, &b->seats[0]); /* another worker's */
    assert_null(scoreboard_executing(b, slot));
    scoreboard_enter(b, slot, seat);
    scoreboard_seat_give(b, slot, seat);
    assert_null(scoreboard_executing(b, slot));
    scoreboard_slot_reset(b, slot, 1, 1);
    assert_int_equal(atomic_load(&slot->executing), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(take_and_give, setup, teardown),
        cmocka_unit_test_setup_teardown(long_places, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lower_limit_holds_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(kill_at_any_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(the_turn_of_a_seat, setup, teardown),
        cmocka_unit_test_setup_teardown(the_work_of_a_seat, setup, teardown),
        cmocka_unit_test_setup_teardown(seats_of_a_worker, setup, teardown),
        cmocka_unit_test_setup_teardown(the_seat_that_executes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_trail_keeps_the_last_stages, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
