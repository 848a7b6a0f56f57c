/* The scoreboard: admission is exact whoever is killed when; texts are whole or not there. */
#include "workers/scoreboard.h"

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

static int setup(void **state)
{
    struct scoreboard *b = NULL;
    if (scoreboard_new(&b, WORKERS) != 0)
        return -1;
    atomic_store(&b->turn_limit, LIMIT);
    for (size_t i = 0; i < WORKERS; i++)
        scoreboard_slot_reset(b, &b->slots[i]);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    scoreboard_attach(NULL);
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
    scoreboard_slot_reset(b, &b->slots[0]);
    assert_int_equal(scoreboard_long_take(b, &b->slots[2], 7, 2), 0);
    scoreboard_long_give(&b->slots[1]);
    assert_int_equal(scoreboard_long_take(b, &b->slots[3], 9, 2), 0);
}

static void take_and_give(void **state)
{
    struct scoreboard *b = *state;
    for (size_t i = 0; i < LIMIT; i++) {
        scoreboard_attach(&b->slots[i]);
        assert_true(scoreboard_turn_take(b));
        assert_true(scoreboard_turn_take(b)); /* once more is still one */
        assert_int_equal(atomic_load(&b->running_turns), i + 1);
    }
    scoreboard_attach(&b->slots[LIMIT]);
    assert_false(scoreboard_turn_take(b));
    scoreboard_turn_give(b); /* holds none */
    assert_int_equal(atomic_load(&b->running_turns), LIMIT);

    scoreboard_attach(&b->slots[0]);
    scoreboard_turn_give(b);
    scoreboard_turn_give(b);
    assert_int_equal(atomic_load(&b->running_turns), LIMIT - 1);
    assert_false(scoreboard_turn_recover(b, &b->slots[0]));
    assert_true(scoreboard_turn_recover(b, &b->slots[1]));
    assert_false(scoreboard_turn_recover(b, &b->slots[1]));
    assert_int_equal(atomic_load(&b->running_turns), LIMIT - 2);
}

static void a_lower_limit_holds_at_once(void **state)
{
    struct scoreboard *b = *state;
    for (size_t i = 0; i < LIMIT; i++) {
        scoreboard_attach(&b->slots[i]);
        assert_true(scoreboard_turn_take(b));
    }
    atomic_store(&b->turn_limit, 2);
    scoreboard_turn_give(b);
    assert_false(scoreboard_turn_take(b));
}

static _Noreturn void churn(struct scoreboard *b, size_t index)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    scoreboard_attach(&b->slots[index]);
    for (;;)
        if (scoreboard_turn_take(b))
            scoreboard_turn_give(b);
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
        held += scoreboard_turn_recover(b, &b->slots[i]);
        assert_false(scoreboard_turn_recover(b, &b->slots[i]));
        assert_in_range(atomic_load(&b->running_turns), 0, LIMIT);
        if ((pids[i] = fork()) == 0)
            churn(b, i);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    for (size_t i = 0; i < WORKERS; i++)
        scoreboard_turn_recover(b, &b->slots[i]);
    assert_int_equal(atomic_load(&b->running_turns), 0);
    assert_true(held > 0);
    /* And all of them can be had again. */
    for (size_t i = 0; i < LIMIT; i++) {
        scoreboard_attach(&b->slots[i]);
        assert_true(scoreboard_turn_take(b));
    }
}

static void the_turn_of_a_slot(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_slot *slot = &b->slots[3];
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    char longest[IDENT_USER_MAX + 10];
    assert_false(scoreboard_turn_get(slot, uid, session, turn));
    scoreboard_turn_set(slot, "anna", "main", "019ab3c4-0000-7000-8000-000000000001");
    assert_true(scoreboard_turn_get(slot, uid, session, turn));
    assert_string_equal(uid, "anna");
    assert_string_equal(session, "main");
    assert_string_equal(turn, "019ab3c4-0000-7000-8000-000000000001");
    memset(longest, 'u', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    scoreboard_turn_set(slot, longest, "s", "t");
    assert_true(scoreboard_turn_get(slot, uid, session, turn));
    assert_int_equal(strlen(uid), IDENT_USER_MAX);
    atomic_fetch_or(&slot->text.sequence, 1); /* its writer died in the middle */
    assert_false(scoreboard_turn_get(slot, uid, session, turn));
    scoreboard_turn_set(slot, NULL, NULL, NULL);
    assert_false(scoreboard_turn_get(slot, uid, session, turn));
}

static void the_work_of_a_slot(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_slot *slot = &b->slots[0];
    struct blame_work work = {.uid = "ann", .route = "GET /here", .digest = "d"}, out;
    assert_false(scoreboard_work_get(slot, &out));
    scoreboard_work_set(slot, &work);
    assert_true(scoreboard_work_get(slot, &out));
    assert_string_equal(out.uid, "ann");
    assert_string_equal(out.route, "GET /here");
    assert_true(atomic_load(&slot->work_owner) == scoreboard_owner("ann"));
    assert_true(atomic_load(&slot->work_since_ms) > 0);
    /* Its worker died while it wrote: nothing can be said. */
    atomic_fetch_add(&slot->work.sequence, 1);
    assert_false(scoreboard_work_get(slot, &out));
    scoreboard_work_set(slot, &work);
    assert_true(scoreboard_work_get(slot, &out));
    scoreboard_slot_reset(b, slot);
    assert_false(scoreboard_work_get(slot, &out));
    assert_true(atomic_load(&slot->work_owner) == 0);
}

static void the_trail_keeps_the_last_stages(void **state)
{
    struct scoreboard *b = *state;
    struct scoreboard_slot *slot = &b->slots[0];
    char trail[SCOREBOARD_TRAIL_SIZE];
    scoreboard_trail(slot, trail);
    assert_string_equal(trail, "");
    scoreboard_turn_set(slot, "u", "s", "t");
    scoreboard_stage_set(slot, TURN_STAGE_STARTING);
    scoreboard_stage_set(slot, TURN_STAGE_MODEL_WAIT);
    scoreboard_trail(slot, trail);
    assert_non_null(strstr(trail, "starting+"));
    assert_non_null(strstr(trail, " model-wait+"));
    for (int i = 0; i < 100; i++)
        scoreboard_stage_set(slot, TURN_STAGE_TOOL);
    scoreboard_trail(slot, trail);
    assert_null(strstr(trail, "model-wait"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(take_and_give, setup, teardown),
        cmocka_unit_test_setup_teardown(long_places, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lower_limit_holds_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(kill_at_any_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(the_turn_of_a_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(the_work_of_a_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(the_trail_keeps_the_last_stages, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
