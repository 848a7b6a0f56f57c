/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns of one user at once: counted by leases, so exact whoever dies, on however many machines. */
#include "tests/unit/turn_actors.h"

#include "base/err.h"
#include "tests/unit/store_bench.h"
#include "wire/redis/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MOST 2

static const char *last_session; /* that a message was sent to */

static int set_up_all(void **state)
{
    store_bench_open(state);
    conf.turn_user = MOST;
    conf.queue_max = 3;
    return 0;
}

static int set_up(void **state)
{
    store_bench_begin(state);
    return link_command(one->link, NULL, "FLUSHALL");
}

/* A message in a session of its own. */
static struct turns_start ask(struct store *s, struct turns_request how)
{
    static const char *const message = "{\"id\":\"m\",\"role\":\"user\",\"content\":\"x\"}";
    static int number;
    struct turns_start start;
    char turn[IDENT_UUID_SIZE];
    ident_uuid7(turn);
    how.uid = ACTORS_USER;
    how.session = last_session = arena_printf(arena, "s%d", ++number);
    how.turn = arena_strdup(arena, turn);
    how.body_hash = "h";
    how.messages = &message;
    how.message_count = 1;
    how.first_event = "{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}";
    how.input = "{\"text\":\"hi\"}";
    how.history_limit = 50;
    assert_int_equal(turns_begin(s, &how, arena, &start), 0);
    return start;
}

static struct turns_start run(struct store *s)
{
    return ask(s, (struct turns_request){.may_run = true});
}

static const char *state_of(const char *turn)
{
    static char text[16];
    int64_t left;
    assert_int_equal(turns_state(one, ACTORS_USER, turn, text, &left), 0);
    return text;
}

static void finish(struct store *s, const struct turns_start *t)
{
    struct turns_start next;
    assert_int_equal(actors_finish(s, arena, t, 2, false, &next), 0);
}

static void more_than_the_limit_waits_and_then_is_refused(void **state)
{
    const struct usage_change one_turn = {"turns", "1"}, back = {"turns", NULL};
    struct turns_start a = run(one), b = run(three), waits, claimed, refused;
    struct usage_account account;
    (void)state;
    assert_int_equal(a.outcome, TURNS_STARTED);
    assert_int_equal(b.outcome, TURNS_STARTED);
    waits = run(one);
    assert_int_equal(waits.outcome, TURNS_PENDING);
    assert_string_equal(state_of(waits.turn), "held");
    for (int i = 1; i < conf.queue_max; i++)
        assert_int_equal(run(three).outcome, TURNS_PENDING);
    assert_int_equal(run(one).outcome, TURNS_USER_FULL);
    assert_int_equal(actors_number(one, "EXISTS tp:{ann}:s:%s", last_session), 0);
    /* It is told what holds for this user. */
    usage_account_init(&account, one, "", "");
    refused = ask(one, (struct turns_request){.may_run = true, .account = &account});
    assert_int_equal(refused.outcome, TURNS_USER_FULL);
    assert_int_equal(refused.user_max, 2);
    assert_int_equal(usage_set(one, ACTORS_USER, &one_turn, 1), 0);
    refused = ask(one, (struct turns_request){.may_run = true, .account = &account});
    assert_int_equal(refused.user_max, 1);
    assert_int_equal(usage_set(one, ACTORS_USER, &back, 1), 0);
    /* What is recorded already must come all the same. */
    assert_int_equal(ask(one, (struct turns_request){.may_run = true, .may_pend = true}).outcome,
        TURNS_PENDING);
    assert_int_equal(turns_claim(three, ACTORS_USER, waits.turn, 5, arena, &claimed), ERR_RATE);
    finish(one, &a);
    assert_string_equal(state_of(waits.turn), "waiting");
    assert_int_equal(turns_claim(three, ACTORS_USER, waits.turn, 5, arena, &claimed), 0);
    assert_int_equal(claimed.history_count, 1);
    assert_int_equal(run(one).outcome, TURNS_USER_FULL);
    finish(three, &claimed);
    finish(three, &b);
    assert_int_equal(actors_number(one, "SCARD tp:{ann}:%s", "running"), 0);
}

static void a_dead_workers_turn_counts_only_for_its_lease(void **state)
{
    struct turns_start a, b;
    char next[IDENT_UUID_SIZE];
    (void)state;
    a = run(one);
    b = run(three);
    assert_int_equal(run(one).outcome, TURNS_PENDING);
    /* Nobody tells of its death; its lease runs out. */
    assert_int_equal(link_command(three->link, NULL, "HSET tp:{ann}:turn:%s lease 1", b.turn), 0);
    assert_int_equal(run(one).outcome, TURNS_STARTED);
    /* Told at once: it does not count while it waits for its next worker, and does again then. */
    assert_int_equal(actors_abandon(one, a.turn, TURNS_DEAD, "m/turn/1/", 0, next), 0);
    assert_int_equal(turns_claim(three, ACTORS_USER, a.turn, 5, arena, &a), 0);
    assert_int_equal(run(one).outcome, TURNS_PENDING);
}

static void sessions_queues_have_their_users_places(void **state)
{
    struct turns_start a = run(one), next, queued;
    static const char *const message = "{\"id\":\"q\",\"role\":\"user\",\"content\":\"x\"}";
    (void)state;
    (void)run(one);
    queued = actors_begin(one, arena, a.session, message);
    assert_int_equal(queued.outcome, TURNS_QUEUED);
    /* The same worker goes on with the session: one ends, one begins. */
    assert_int_equal(actors_finish(one, arena, &a, 2, true, &next), 0);
    assert_int_equal(next.outcome, TURNS_STARTED);
    assert_string_equal(next.turn, queued.turn);
    assert_int_equal(run(three).outcome, TURNS_PENDING);
}

static void who_runs_none_waits_for_a_worker(void **state)
{
    const struct turns_request full = {.may_wait = true}, no_room = {.may_run = false};
    struct turns_start a, b;
    (void)state;
    assert_int_equal(ask(one, no_room).outcome, TURNS_REFUSED);
    a = ask(one, full);
    assert_int_equal(a.outcome, TURNS_PENDING);
    assert_string_equal(state_of(a.turn), "waiting");
    assert_int_equal(ask(one, full).outcome, TURNS_REFUSED); /* one such a user */
    assert_int_equal(turns_claim(three, ACTORS_USER, a.turn, 5, arena, &b), 0);
    assert_int_equal(ask(one, full).outcome, TURNS_REFUSED); /* one runs */
    finish(three, &b);
    assert_int_equal(actors_number(one, "EXISTS tp:{ann}:%s", "places"), 0);
    /* Others wait for all the workers that there are: behind those. */
    a = ask(one, (struct turns_request){.may_run = true, .may_wait = true, .others_wait = true});
    assert_int_equal(a.outcome, TURNS_PENDING);
}

static void what_workers_died_in_is_only_recognised(void **state)
{
    const struct turns_request marked = {.may_run = true,
        .only_known = true,
        .client_message_id = "c1"};
    struct turns_start a =
        ask(one, (struct turns_request){.may_run = true, .client_message_id = "c1"});
    (void)state;
    assert_int_equal(a.outcome, TURNS_STARTED);
    assert_int_equal(ask(one, marked).outcome, TURNS_DUPLICATE);
    assert_int_equal(ask(one, (struct turns_request){.may_run = true, .only_known = true}).outcome,
        TURNS_REFUSED);
    assert_int_equal(actors_number(one, "EXISTS tp:{ann}:s:%s", last_session), 0);
}

static void the_end_of_a_turn_wakes_the_oldest_that_waits(void **state)
{
    struct turns_start a = run(one), waits, second;
    struct link_reply *r = NULL;
    (void)state;
    (void)run(one);
    waits = run(one);
    second = run(three);
    assert_int_equal(link_command(three->link, &r, "ZRANGE tp:{ann}:places 0 -1"), 0);
    assert_int_equal(link_reply_count(r), 2);
    assert_string_equal(link_reply_text(link_reply_at(r, 0), NULL), waits.turn);
    assert_string_equal(link_reply_text(link_reply_at(r, 1), NULL), second.turn);
    link_reply_free(r);
    /* A turn that is failed from outside frees its place as well. */
    assert_int_equal(turns_fail(one, ACTORS_USER, a.turn, false, "gone", "g"), 0);
    assert_string_equal(state_of(waits.turn), "waiting");
    assert_int_equal(turns_claim(three, ACTORS_USER, waits.turn, 5, arena, &waits), 0);
    assert_int_equal(turns_claim(three, ACTORS_USER, second.turn, 5, arena, &second), ERR_RATE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, store_bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(more_than_the_limit_waits_and_then_is_refused),
        CASE(a_dead_workers_turn_counts_only_for_its_lease),
        CASE(sessions_queues_have_their_users_places),
        CASE(who_runs_none_waits_for_a_worker),
        CASE(what_workers_died_in_is_only_recognised),
        CASE(the_end_of_a_turn_wakes_the_oldest_that_waits),
    };
    return cmocka_run_group_tests(tests, set_up_all, store_bench_close);
}
