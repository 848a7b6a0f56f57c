/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/eventlog.h"
#include "store/sessions.h"
#include "store/turns.h"
#include "store_bench.h"
#include "turn_actors.h"
#include "turns_asked.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USER ACTORS_USER

static int set_up_all(void **state)
{
    store_bench_open(state);
    conf.lease_ms = 1000;
    conf.queue_max = 3;
    return 0;
}

static int64_t number(const char *format, const char *a)
{
    return actors_number(keeper, format, a);
}

static char *transcript(void)
{
    return actors_transcript(keeper, arena, session);
}

/* A server that lacks what another one had confirmed: the end waits until the log has it. */
static void an_end_is_not_written_behind_a_gap(void **state)
{
    struct turns_start t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"id\":\"m1\",\"role\":\"user\"}"});
    struct turns_start next;

    (void)state;
    t.next_n++; /* there was a text, too */
    for (int i = 0; i < 2; i++)
        assert_int_equal(turns_asked_finish(one, &t, true, &next), ERR_BEHIND);
    assert_string_equal(transcript(), "S RUN_STARTED\n");
    assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", session), 1);
    t.next_n--;
    assert_int_equal(turns_asked_finish(one, &t, true, &next), 0);
    assert_string_equal(transcript(), "S RUN_STARTED\nF RUN_FINISHED\n");
}

static void a_turn_runs_from_start_to_end(void **state)
{
    struct turns_start t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"id\":\"m1\",\"role\":\"user\"}"});
    struct turns_start next;
    struct buf json = {0};
    int status;

    (void)state;
    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_string_equal(t.state, "running");
    assert_string_equal(t.cursor, "0-0");
    assert_string_equal(t.session, session);
    assert_int_equal(t.next_n, 2);
    assert_int_equal(t.attempt, 1);
    assert_false(t.stopped);
    assert_true(t.epoch > 1600000000000 && t.created_ms == t.started_ms);
    assert_string_equal(t.input, "{\"text\":\"hi\"}");
    assert_int_equal(t.history_count, 1);
    assert_string_equal(t.history[0], "{\"id\":\"m1\",\"role\":\"user\"}");
    assert_int_equal(turns_reply(two, USER, t.turn, &json, &status), ERR_NOT_YET);

    assert_int_equal(turns_checkpoint(one, &t, "{\"step\":1}", 10), 0);
    assert_int_equal(turns_asked_finish(one, &t, true, &next), 0);
    assert_int_equal(next.outcome, TURNS_DUPLICATE);
    assert_string_equal(transcript(), "S RUN_STARTED\nF RUN_FINISHED\n");
    assert_int_equal(turns_reply(two, USER, t.turn, &json, &status), 0);
    assert_int_equal(status, 200);
    assert_string_equal(buf_text(&json), "{\"response\":\"x\"}");
    buf_reset(&json);
    assert_int_equal(turns_describe(two, USER, t.turn, &json), 0);
    assert_non_null(strstr(buf_text(&json), "\"state\":\"done\""));
    assert_non_null(strstr(buf_text(&json), "\"run_id\":\"r1\""));
    buf_reset(&json);
    assert_int_equal(turns_describe(two, "bob", t.turn, &json), ERR_NOT_FOUND);
    assert_int_equal(number("EXISTS tp:{ann}:turn:%s:steps", t.turn), 0);
    assert_true(number("PTTL tp:{ann}:turn:%s", t.turn) > 0);
    assert_true(number("PTTL tp:{ann}:s:%s:log", session) > 0);
    assert_int_equal(number("ZCARD tp:hint:%s", "leases"), 0);
    buf_free(&json);
}

static void the_finish_script_may_come_twice(void **state)
{
    struct turns_start t = turns_asked_begin(one, (struct turns_asked){0});
    struct turns_start second = turns_asked_begin(two, (struct turns_asked){0});
    struct turns_start next, again;

    (void)state;
    assert_int_equal(second.outcome, TURNS_QUEUED);
    assert_int_equal(turns_asked_finish(one, &t, true, &next), 0);
    assert_int_equal(next.outcome, TURNS_STARTED);
    assert_string_equal(next.turn, second.turn);
    assert_int_equal(turns_asked_finish(one, &t, true, &again), 0);
    assert_int_equal(again.outcome, TURNS_STARTED);
    assert_string_equal(again.turn, second.turn);
    assert_true(again.epoch == next.epoch && next.epoch > t.epoch);
    assert_int_equal(turns_asked_finish(one, &next, true, &again), 0);
    assert_string_equal(transcript(),
        "S RUN_STARTED\nF RUN_FINISHED\nS RUN_STARTED\nF RUN_FINISHED\n");
}

static void waiting_turns_run_in_order(void **state)
{
    struct turns_start a =
        turns_asked_begin(one, (struct turns_asked){.message = "{\"id\":\"1\"}"});
    struct turns_start b =
        turns_asked_begin(two, (struct turns_asked){.message = "{\"id\":\"2\"}"});
    struct turns_start c =
        turns_asked_begin(two, (struct turns_asked){.message = "{\"id\":\"3\"}"});
    struct turns_start d = turns_asked_begin(two, (struct turns_asked){.on_busy = TURNS_INTERRUPT});
    struct turns_start refused =
        turns_asked_begin(two, (struct turns_asked){.on_busy = TURNS_REJECT});
    struct turns_start full = turns_asked_begin(two, (struct turns_asked){0}), next;
    bool stop;

    (void)state;
    assert_int_equal(b.outcome, TURNS_QUEUED);
    assert_int_equal(b.position, 1);
    assert_int_equal(c.position, 2);
    assert_int_equal(d.position, 1);
    assert_int_equal(refused.outcome, TURNS_BUSY);
    assert_string_equal(refused.turn, a.turn);
    assert_int_equal(full.outcome, TURNS_QUEUE_FULL);
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    assert_true(stop);
    assert_int_equal(turns_asked_finish(one, &a, true, &next), 0);
    assert_string_equal(next.turn, d.turn);
    assert_int_equal(turns_asked_finish(one, &next, true, &next), 0);
    assert_string_equal(next.turn, b.turn);
    assert_int_equal(next.history_count, 4); /* 1, a, d's answer, 2: in the order of the runs */
    assert_string_equal(next.history[3], "{\"id\":\"2\"}");
    /* This worker has had its share: the housekeeper hands the last one over. */
    assert_int_equal(turns_asked_finish(one, &next, false, &next), 0);
    assert_int_equal(next.outcome, TURNS_DUPLICATE);
    assert_int_equal(turns_claim(two, USER, c.turn, 50, arena, &next), 0);
    assert_string_equal(next.history[next.history_count - 1], "{\"id\":\"3\"}");
    assert_int_equal(turns_claim(two, USER, c.turn, 50, arena, &a), ERR_CONFLICT);
    assert_int_equal(turns_claim(one, USER, c.turn, 50, arena, &a), ERR_CONFLICT);
    assert_int_equal(turns_asked_finish(two, &next, true, &next), 0);
    assert_int_equal(turns_claim(two, USER, c.turn, 50, arena, &next), ERR_CONFLICT);
    assert_int_equal(number("EXISTS tp:{ann}:s:%s:queue", session), 0);
}

/* Whether this turn's hint is due. */
static bool hinted(const char *turn)
{
    struct turns_hint hints[64];
    size_t count;

    assert_int_equal(turns_hints(keeper, 0, hints, 64, &count), 0);
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(hints[i].turn, turn) && !strcmp(hints[i].uid, USER))
            return true;
    }
    return false;
}

static int64_t redis_clock(void)
{
    struct link_reply *r = NULL;
    int64_t ms;

    assert_int_equal(link_command(keeper->link, &r, "TIME"), 0);
    ms = link_reply_int(link_reply_at(r, 0)) * 1000 + link_reply_int(link_reply_at(r, 1)) / 1000;
    link_reply_free(r);
    return ms;
}

/* Begins and ends a turn; late_ms: how long the store took to say what Redis' clock was. */
static void begin_and_look(int64_t late_ms)
{
    int64_t before = redis_clock(), due;
    struct turns_start t = turns_asked_begin(one, (struct turns_asked){0}), next;
    char *member = arena_printf(arena, USER " %s", t.turn);

    assert_int_equal(t.outcome, TURNS_STARTED);
    due = number("ZSCORE tp:hint:leases %s", member);
    assert_in_range(due, before + conf.lease_ms - late_ms - 2, redis_clock() + conf.lease_ms + 2);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
}

/* The first by Redis' own clock, the next by what it said then, and again after a reconnect. */
static void a_hint_is_due_when_the_lease_ends(void **state)
{
    int64_t began;

    (void)state;
    one->redis_ms = 0;
    began = redis_clock();
    begin_and_look(0);
    assert_int_not_equal(one->redis_ms, 0);
    began = redis_clock() - began;
    begin_and_look(began);
    one->redis_ms -= 3600000; /* as of a server whose clock was another */
    assert_int_equal(link_command(keeper->link, NULL, "CLIENT KILL TYPE normal SKIPME yes"), 0);
    begin_and_look(0);
}

static void a_turn_gets_the_end_of_a_long_conversation(void **state)
{
    struct turns_start t;

    (void)state;
    for (int i = 0; i < 300; i++) {
        char *message = arena_printf(arena, "{\"id\":\"old%d\",\"role\":\"user\"}", i);
        assert_int_equal(link_command(keeper->link, NULL, "RPUSH tp:{ann}:s:%s:msgs %s", session,
                             message),
            0);
    }
    t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"id\":\"new\",\"role\":\"user\"}"});
    assert_int_equal(t.history_count, 50);
    assert_non_null(strstr(t.history[0], "old251"));
    assert_non_null(strstr(t.history[49], "new"));
    assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", session), 301);
    assert_int_equal(turns_asked_finish(one, &t, false, &t), 0);
}

static void a_reserved_worker_hands_over(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){.reserved = true}), b;
    char text[16];
    int64_t left;

    (void)state;
    assert_int_equal(a.outcome, TURNS_REFUSED);
    assert_int_equal(number("EXISTS tp:{ann}:s:%s", session), 0);
    a = turns_asked_begin(one, (struct turns_asked){.reserved = true, .may_pend = true});
    assert_int_equal(a.outcome, TURNS_PENDING);
    b = turns_asked_begin(two, (struct turns_asked){0});
    assert_int_equal(b.outcome, TURNS_QUEUED);
    assert_int_equal(turns_state(keeper, USER, a.turn, text, &left), 0);
    assert_string_equal(text, "pending");
    assert_true(hinted(a.turn));
    assert_int_equal(turns_claim(two, USER, a.turn, 5, arena, &a), 0);
    assert_false(hinted(a.turn));
    assert_int_equal(turns_asked_finish(two, &a, true, &b), 0);
    assert_int_equal(turns_asked_finish(two, &b, true, &a), 0);
    assert_string_equal(transcript(),
        "S RUN_STARTED\nF RUN_FINISHED\nS RUN_STARTED\nF RUN_FINISHED\n");
}

static void what_waits_is_taken_back_and_what_runs_is_not(void **state)
{
    char *early = arena_printf(arena, "e-%s", session),
         *late = arena_printf(arena, "l-%s", session);
    char *first = arena_printf(arena, "f-%s", session), turn[IDENT_UUID_SIZE], text[16];
    struct turns_target back = {.client_message_id = early, .take_back = true};
    struct turns_start a, b, c, next;
    bool stop;

    (void)state;
    assert_int_equal(turns_stop(two, USER, &back, turn, text), 0); /* before it comes */
    assert_string_equal(text, TURNS_TAKEN_BACK);
    a = turns_asked_begin(one, (struct turns_asked){.cmid = first});
    b = turns_asked_begin(one,
        (struct turns_asked){.cmid = late, .message = "{\"id\":\"l\",\"role\":\"user\"}"});
    assert_int_equal(b.outcome, TURNS_QUEUED);
    back.client_message_id = first;
    assert_int_equal(turns_stop(two, USER, &back, turn, text), 0);
    assert_string_equal(text, "running");
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    assert_false(stop);
    back.client_message_id = late;
    for (int i = 0; i < 2; i++) { /* again is the same */
        assert_int_equal(turns_stop(two, USER, &back, turn, text), 0);
        assert_string_equal(text, TURNS_TAKEN_BACK);
        assert_string_equal(turn, b.turn);
    }
    assert_int_equal(turns_asked_finish(one, &a, true, &next), 0);
    assert_string_equal(next.turn, b.turn);
    assert_true(next.stopped);
    assert_int_equal(turns_asked_finish(one, &next, true, &next), 0);
    assert_int_equal(turns_stop(two, USER, &back, turn, text), 0);
    assert_string_equal(text, TURNS_TAKEN_BACK);
    c = turns_asked_begin(one,
        (struct turns_asked){.cmid = early, .message = "{\"id\":\"e\",\"role\":\"user\"}"});
    assert_int_equal(c.outcome, TURNS_STARTED);
    assert_true(c.stopped);
    assert_int_equal(c.history_count, 2); /* of the two ends: neither message has joined */
    assert_int_equal(turns_asked_finish(one, &c, true, &next), 0);
}

static void a_stop_is_honoured_at_every_moment(void **state)
{
    char *cmid = arena_printf(arena, "c-%s", session), turn[IDENT_UUID_SIZE], text[16];
    struct turns_start a, b, next;
    bool stop;

    (void)state;
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.client_message_id = cmid}, turn,
                         text),
        0);
    assert_string_equal(text, "unknown");
    a = turns_asked_begin(one, (struct turns_asked){.cmid = cmid});
    assert_int_equal(a.outcome, TURNS_STARTED);
    assert_true(a.stopped);
    b = turns_asked_begin(one, (struct turns_asked){0});
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.turn = b.turn}, turn, text), 0);
    assert_string_equal(text, "queued");
    assert_int_equal(turns_asked_finish(one, &a, true, &next), 0);
    assert_string_equal(next.turn, b.turn);
    assert_true(next.stopped);
    assert_int_equal(turns_asked_finish(one, &next, true, &next), 0);
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.session = session}, turn, text),
        ERR_NOT_FOUND);
    a = turns_asked_begin(one, (struct turns_asked){0});
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    assert_false(stop);
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.session = session}, turn, text),
        0);
    assert_string_equal(turn, a.turn);
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    assert_true(stop);
    assert_int_equal(turns_stop(two, "bob", &(struct turns_target){.turn = a.turn}, turn, text),
        ERR_NOT_FOUND);
    assert_int_equal(turns_asked_finish(one, &a, true, &next), 0);
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.turn = a.turn}, turn, text), 0);
    assert_string_equal(text, "done");
}

static void a_dead_workers_turn_ends_with_an_error(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){0}),
                       b = turns_asked_begin(one, (struct turns_asked){0}), next;
    struct buf json = {0};
    char text[16];
    int64_t left;
    bool stop;
    int status;

    (void)state;
    assert_int_equal(turns_fail(keeper, USER, a.turn, true, "gone", "g"), ERR_CONFLICT);
    assert_int_equal(turns_fail(keeper, USER, b.turn, false, "gone", "g"), ERR_CONFLICT);
    assert_int_equal(turns_fail(keeper, USER, a.turn, false, "gone", "The \"worker\" died"), 0);
    assert_int_equal(turns_fail(keeper, USER, a.turn, false, "gone", "g"), 0);
    assert_int_equal(turns_fail(keeper, USER, "no-such", false, "gone", "g"), ERR_NOT_FOUND);
    /* The worker was only paused: nothing of it gets through. */
    assert_int_equal(turns_renew(one, &a, &stop), ERR_FENCED);
    assert_int_equal(turns_checkpoint(one, &a, "{}", 2), ERR_FENCED);
    assert_int_equal(turns_asked_finish(one, &a, true, &next), ERR_FENCED);
    assert_int_equal(turns_reply(two, USER, a.turn, &json, &status), 0);
    assert_int_equal(status, 500);
    assert_non_null(strstr(buf_text(&json), "The \\\"worker\\\" died"));
    assert_int_equal(turns_state(keeper, USER, b.turn, text, &left), 0);
    assert_string_equal(text, "pending");
    /* A pending one that nobody can run: first its start, then its end. */
    assert_int_equal(turns_fail(keeper, USER, b.turn, false, "gone", "g"), 0);
    assert_string_equal(transcript(),
        "S RUN_STARTED\n- MESSAGES_SNAPSHOT\nF RUN_ERROR\nS RUN_STARTED\nF RUN_ERROR\n");
    assert_int_equal(turns_asked_begin(one, (struct turns_asked){0}).outcome, TURNS_STARTED);
    buf_free(&json);
}

static void a_lease_that_ran_out_is_seen(void **state)
{
    struct turns_start a;
    char text[16];
    int64_t left;
    bool stop;

    (void)state;
    conf.lease_ms = 30;
    a = turns_asked_begin(one, (struct turns_asked){0});
    while (!hinted(a.turn)) /* its hint comes due when the lease has run out */
        assert_int_equal(store_ping(keeper, NULL), 0);
    do /* the hint was written before the lease: it may come due a moment earlier */
        assert_int_equal(turns_state(keeper, USER, a.turn, text, &left), 0);
    while (left > 0);
    conf.lease_ms = 1000;
    /* A late renewal succeeds while the epoch is unchanged. */
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    assert_int_equal(turns_fail(keeper, USER, a.turn, true, "gone", "g"), ERR_CONFLICT);
    assert_int_equal(turns_fail(keeper, USER, a.turn, false, "gone", "g"), 0);
}

static void on_renewed(void *arg, int result)
{
    *(int *)arg = result;
}

static void a_renewal_in_the_pipeline(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){0});
    char turn[IDENT_UUID_SIZE], text[16];
    int result = 1;
    struct turns_renewal renewal = {on_renewed, &result};

    (void)state;
    assert_int_equal(turns_renew_send(one, &a, &renewal), 0);
    assert_int_equal(store_ping(one, NULL), 0); /* reads what is outstanding first */
    assert_int_equal(result, 0);
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.turn = a.turn}, turn, text), 0);
    assert_int_equal(turns_renew_send(one, &a, &renewal), 0);
    assert_int_equal(store_ping(one, NULL), 0);
    assert_int_equal(result, ERR_CANCELLED);
    assert_int_equal(turns_fail(keeper, USER, a.turn, false, "gone", "g"), 0);
    assert_int_equal(turns_renew_send(one, &a, &renewal), 0);
    assert_int_equal(store_ping(one, NULL), 0);
    assert_int_equal(result, ERR_FENCED);
    result = 1;
    assert_int_equal(turns_renew_send(one, &a, &renewal), 0);
    turns_renew_forget(one, &renewal);
    assert_int_equal(store_ping(one, NULL), 0);
    assert_int_equal(result, 1);
}

static void a_session_that_lost_its_turn_heals(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){0}),
                       b = turns_asked_begin(one, (struct turns_asked){0}), c;
    char text[16];
    int64_t left;

    (void)state;
    assert_int_equal(number("DEL tp:{ann}:turn:%s", a.turn), 1);
    c = turns_asked_begin(two, (struct turns_asked){0});
    assert_int_equal(c.outcome, TURNS_QUEUED);
    assert_int_equal(turns_state(keeper, USER, b.turn, text, &left), 0);
    assert_string_equal(text, "pending");
}

/* Redis takes the end but its answer comes too late: the end is asked for again. */
static void a_lost_answer_to_the_end(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){0}),
                       b = turns_asked_begin(two, (struct turns_asked){0}), next;

    (void)state;
    conf.redis_timeout_ms = 100;
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    assert_int_equal(turns_asked_finish(one, &a, true, &next), ERR_STORE);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    conf.redis_timeout_ms = 2000;
    while (turns_asked_finish(one, &a, true, &next))
        continue;
    assert_int_equal(next.outcome, TURNS_STARTED);
    assert_string_equal(next.turn, b.turn);
    assert_int_equal(turns_asked_finish(one, &next, true, &a), 0);
    assert_string_equal(transcript(),
        "S RUN_STARTED\nF RUN_FINISHED\nS RUN_STARTED\nF RUN_FINISHED\n");
}

/* Answers, logs and hints of many turns leave nothing behind that does not expire. */
static void every_key_expires(void **state)
{
    struct link_reply *r = NULL;
    struct turns_start t, next;

    (void)state;
    assert_int_equal(link_command(keeper->link, NULL, "FLUSHALL"), 0);
    for (int i = 0; i < 50; i++) {
        t = turns_asked_begin(one,
            (struct turns_asked){.message = "{\"id\":\"m\"}", .cmid = i % 2 ? "c1" : NULL});
        if (t.outcome == TURNS_DUPLICATE)
            continue;
        assert_int_equal(t.outcome, TURNS_STARTED);
        assert_int_equal(turns_checkpoint(one, &t, "{}", 2), 0);
        assert_int_equal(turns_asked_finish(one, &t, true, &next), 0);
    }
    assert_int_equal(store_ping(one, NULL), 0);
    assert_int_equal(link_command(keeper->link, &r, "EVAL %s 0",
                         "local out = {} for _, k in ipairs(redis.call('KEYS', '*')) do "
                         "if redis.call('PTTL', k) < 0 then out[#out + 1] = k end end return out"),
        0);
    for (size_t i = 0; i < link_reply_count(r); i++)
        assert_string_equal(link_reply_text(link_reply_at(r, i), NULL), "tp:{ann}:context");
    link_reply_free(r);
}

static void a_lost_hint_is_found_again(void **state)
{
    struct turns_start a, b;
    char text[16];
    int64_t left = 0;

    (void)state;
    conf.lease_ms = 30;
    a = turns_asked_begin(one, (struct turns_asked){0});
    conf.lease_ms = 1000;
    while (left >= 0)
        assert_int_equal(turns_state(keeper, USER, a.turn, text, &left), 0);
    assert_int_equal(turns_hint_remove(keeper, USER, a.turn), 0);
    assert_false(hinted(a.turn));
    b = turns_asked_begin(two, (struct turns_asked){0});
    assert_int_equal(b.outcome, TURNS_QUEUED);
    assert_int_equal(store_ping(two, NULL), 0);
    assert_true(hinted(a.turn));
    assert_false(hinted(b.turn));
}

static void a_deleted_session_fences_its_turn(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){0}),
                       b = turns_asked_begin(one, (struct turns_asked){0}), next;
    struct buf json = {0};
    bool stop;
    int status;

    (void)state;
    assert_int_equal(sessions_delete(two, "bob", session, 0, NULL), ERR_NOT_FOUND);
    assert_int_equal(sessions_delete(two, USER, session, 0, NULL), 0);
    assert_int_equal(turns_renew(one, &a, &stop), ERR_FENCED);
    assert_int_equal(turns_asked_finish(one, &a, true, &next), ERR_FENCED);
    assert_int_equal(turns_reply(two, USER, b.turn, &json, &status), 0);
    assert_int_equal(status, 410);
    /* The same name again: a new session with a higher epoch. */
    next = turns_asked_begin(two, (struct turns_asked){0});
    assert_int_equal(next.outcome, TURNS_STARTED);
    assert_true(next.epoch > a.epoch);
    assert_int_equal(turns_asked_finish(one, &a, true, &b), ERR_FENCED);
    assert_string_equal(transcript(), "S RUN_STARTED\n");
    buf_free(&json);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, store_bench_begin, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(a_turn_runs_from_start_to_end),
        TEST(the_finish_script_may_come_twice),
        TEST(waiting_turns_run_in_order),
        TEST(a_reserved_worker_hands_over),
        TEST(what_waits_is_taken_back_and_what_runs_is_not),
        TEST(a_stop_is_honoured_at_every_moment),
        TEST(a_dead_workers_turn_ends_with_an_error),
        TEST(a_lease_that_ran_out_is_seen),
        TEST(a_renewal_in_the_pipeline),
        TEST(a_session_that_lost_its_turn_heals),
        TEST(a_hint_is_due_when_the_lease_ends),
        TEST(a_turn_gets_the_end_of_a_long_conversation),
        TEST(a_lost_hint_is_found_again),
        TEST(a_lost_answer_to_the_end),
        TEST(an_end_is_not_written_behind_a_gap),
        TEST(every_key_expires),
        TEST(a_deleted_session_fences_its_turn),
    };

    return cmocka_run_group_tests(tests, set_up_all, store_bench_close);
}
