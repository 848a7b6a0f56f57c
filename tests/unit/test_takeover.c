/* SPDX-License-Identifier: BSD-2-Clause */
/* A turn whose worker is gone goes on with another one. */
#include "base/err.h"
#include "store/args.h"
#include "store/scripts.h"
#include "store/sessions.h"
#include "tests/unit/store_bench.h"
#include "turn_actors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USER ACTORS_USER
#define ONE "m/turn/1/"

static char next[IDENT_UUID_SIZE];

static int set_up(void **state)
{
    conf.lease_ms = 5000;
    conf.turn_attempts = 3;
    return store_bench_begin(state);
}

static struct turns_start begin(struct store *s, const char *message)
{
    return actors_begin(s, arena, session, message);
}

static int lose(struct store *s, const struct turns_start *t)
{
    return actors_abandon(s, t->turn, TURNS_DEAD, ONE, 0, next);
}

static int claim(struct store *s, const char *turn, struct turns_start *out)
{
    return turns_claim(s, USER, turn, 50, arena, out);
}

static const char *state_of(const char *turn)
{
    static char text[16];
    int64_t left;

    assert_int_equal(turns_state(keeper, USER, turn, text, &left), 0);
    return text;
}

static bool hinted(const char *turn)
{
    struct turns_hint hints[64];
    size_t count;

    assert_int_equal(turns_hints(keeper, 0, hints, 64, &count), 0);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(hints[i].turn, turn))
            return true;
    return false;
}

/* Everything that a worker which lost its turn may still try. */
static void assert_shut_out(struct store *s, const struct turns_start *t)
{
    struct turns_start then;
    bool stop, prior;

    assert_int_equal(actors_append(s, arena, t, 9, "LATE"), ERR_FENCED);
    assert_int_equal(turns_renew(s, t, &stop), ERR_FENCED);
    assert_int_equal(turns_checkpoint(s, t, "{\"late\":1}", 10), ERR_FENCED);
    assert_int_equal(actors_effect(s, arena, t, "late", "late", &prior), ERR_FENCED);
    assert_int_equal(actors_finish(s, arena, t, 9, true, &then), ERR_FENCED);
    assert_int_equal(actors_abandon(s, t->turn, TURNS_RELEASED, NULL, t->epoch, next),
        ERR_CONFLICT);
}

static void a_lost_turn_goes_on_elsewhere(void **state)
{
    struct turns_start a = begin(one, "{\"id\":\"m1\",\"role\":\"user\"}"), b, then;

    (void)state;
    assert_int_equal(actors_append(one, arena, &a, 2, "TEXT_MESSAGE_START"), 0);
    assert_int_equal(turns_checkpoint(one, &a, "{\"step\":1}", 10), 0);
    assert_int_equal(claim(two, a.turn, &b), ERR_CONFLICT);
    assert_int_equal(lose(keeper, &a), 0);
    assert_string_equal(next, a.turn);
    assert_string_equal(state_of(a.turn), "suspect");
    assert_true(hinted(a.turn));
    assert_int_equal(claim(two, a.turn, &b), 0);
    assert_false(hinted(a.turn));
    assert_string_equal(b.turn, a.turn);
    assert_string_equal(b.cursor, a.cursor);
    assert_int_equal(b.attempt, 2);
    assert_int_equal(b.next_n, 2);
    assert_true(b.epoch > a.epoch);
    assert_string_equal(b.input, "{\"text\":\"hi\"}");
    assert_int_equal(b.history_count, 1);
    assert_int_equal(b.step_count, 1);
    assert_string_equal(b.steps[0], "{\"step\":1}");
    assert_shut_out(one, &a);
    assert_int_equal(actors_append(two, arena, &b, 2, "TEXT_MESSAGE_END"), 0);
    assert_int_equal(actors_finish(two, arena, &b, 3, true, &then), 0);
    assert_string_equal(actors_transcript(keeper, arena, session),
        "S RUN_STARTED\n- TEXT_MESSAGE_START\n- CUSTOM\n- TEXT_MESSAGE_END\nF RUN_FINISHED\n");
    assert_shut_out(one, &a);
    assert_int_equal(actors_number(keeper, "LLEN tp:{ann}:s:%s:msgs", session), 2);
    assert_int_equal(actors_number(keeper, "HEXISTS tp:{ann}:r:ledger %s", "late"), 0);
    assert_int_equal(lose(keeper, &a), ERR_CONFLICT);
    assert_int_equal(actors_abandon(keeper, "no-such", TURNS_DEAD, NULL, 0, next), ERR_NOT_FOUND);
}

static void a_death_counts_for_its_own_turn_only(void **state)
{
    struct turns_start a = begin(one, NULL), b, then;

    (void)state;
    assert_int_equal(actors_abandon(keeper, a.turn, TURNS_DEAD, "m/turn/11/", 0, next),
        ERR_CONFLICT);
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(claim(two, a.turn, &b), 0);
    /* The first worker had only been frozen; now it is killed too. */
    assert_int_equal(lose(keeper, &a), ERR_CONFLICT);
    assert_string_equal(state_of(a.turn), "running");
    assert_int_equal(actors_finish(two, arena, &b, 2, true, &then), 0);
}

static void a_slow_worker_keeps_its_turn_until_it_is_claimed(void **state)
{
    struct turns_start a, b, then;
    bool stop;

    (void)state;
    a = begin(one, NULL);
    assert_int_equal(actors_abandon(keeper, a.turn, TURNS_EXPIRED, NULL, 0, next), ERR_CONFLICT);
    conf.lease_ms = 1;
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    conf.lease_ms = 5000;
    while (actors_abandon(keeper, a.turn, TURNS_EXPIRED, NULL, 0, next) == ERR_CONFLICT)
        continue;
    assert_string_equal(state_of(a.turn), "pending");
    assert_int_equal(turns_checkpoint(one, &a, "{}", 2), 0);
    assert_int_equal(turns_renew(one, &a, &stop), 0);
    assert_string_equal(state_of(a.turn), "running");
    assert_int_equal(claim(two, a.turn, &b), ERR_CONFLICT);
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(actors_finish(one, arena, &a, 2, true, &then), 0);
    assert_int_equal(claim(two, a.turn, &b), ERR_CONFLICT);
    assert_string_equal(actors_transcript(keeper, arena, session),
        "S RUN_STARTED\nF RUN_FINISHED\n");
}

static void of_two_housekeepers_one_wins(void **state)
{
    struct turns_start a = begin(one, NULL), b, c, then;

    (void)state;
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(lose(three, &a), 0);
    assert_string_equal(next, a.turn);
    assert_int_equal(claim(two, a.turn, &b), 0);
    assert_int_equal(claim(three, a.turn, &c), ERR_CONFLICT);
    assert_int_equal(claim(two, a.turn, &c), ERR_CONFLICT);
    assert_int_equal(actors_finish(two, arena, &b, 2, true, &then), 0);
    assert_string_equal(actors_transcript(keeper, arena, session),
        "S RUN_STARTED\n- CUSTOM\nF RUN_FINISHED\n");
}

static int64_t claim_as(struct store *s, const char *turn, const char *token)
{
    struct link_reply *r = NULL;
    struct args args;
    int64_t epoch = -1;

    args_init(&args);
    args_common(&args, s, 50);
    args_text(&args, turn);
    args_text(&args, token);
    assert_int_equal(args_call(&args, s, &script_turn_claim, USER, &r), 0);
    if (!strcmp(link_reply_text(link_reply_at(r, 0), NULL), "started"))
        epoch = link_reply_int(link_reply_at(r, 5));
    link_reply_free(r);
    return epoch;
}

static void a_claim_whose_answer_was_lost_is_the_same_claim(void **state)
{
    struct turns_start a = begin(one, NULL);
    int64_t epoch;

    (void)state;
    assert_int_equal(lose(keeper, &a), 0);
    epoch = claim_as(two, a.turn, "t1");
    assert_true(epoch > a.epoch);
    assert_true(claim_as(two, a.turn, "t1") == epoch);
    assert_true(claim_as(two, a.turn, "t2") == -1); /* not even by the same worker */
    assert_string_equal(actors_transcript(keeper, arena, session), "S RUN_STARTED\n- CUSTOM\n");
}

static void the_last_attempt_ends_it(void **state)
{
    static const char step[] =
        "{\"messages\":[{\"id\":\"x1\",\"role\":\"assistant\",\"toolCalls\":"
        "[{\"id\":\"c1\"}]},{\"id\":\"x2\",\"role\":\"tool\",\"content\":\"a/b\"}]}";
    struct turns_start a = begin(one, "{\"id\":\"m1\"}"), queued = begin(one, NULL), b;
    struct buf json = {0};
    int status;

    (void)state;
    conf.turn_attempts = 2;
    assert_int_equal(turns_checkpoint(one, &a, step, strlen(step)), 0);
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(claim(one, a.turn, &b), 0);
    assert_int_equal(lose(keeper, &a), 0);
    assert_string_equal(next, queued.turn);
    assert_string_equal(state_of(a.turn), "failed");
    assert_string_equal(state_of(queued.turn), "pending");
    assert_shut_out(one, &b);
    assert_int_equal(claim(two, a.turn, &b), ERR_CONFLICT);
    assert_int_equal(turns_describe(keeper, USER, a.turn, &json), 0);
    assert_non_null(strstr(buf_text(&json), "\"error_code\":\"turn_attempts\""));
    buf_reset(&json);
    assert_int_equal(turns_reply(keeper, USER, a.turn, &json, &status), 0);
    assert_int_equal(status, 500);
    assert_non_null(strstr(buf_text(&json), "{\"type\":\"urn:turnpike:problem:turn_attempts\","));
    assert_non_null(strstr(buf_text(&json), "\"code\":\"turn_attempts\",\"retryable\":true"));
    assert_string_equal(actors_transcript(keeper, arena, session),
        "S RUN_STARTED\n- CUSTOM\n- MESSAGES_SNAPSHOT\nF RUN_ERROR\n");
    assert_int_equal(claim(two, queued.turn, &b), 0);
    assert_int_equal(b.attempt, 1);
    assert_int_equal(b.history_count, 3); /* the finished step has been kept */
    assert_non_null(strstr(b.history[2], "\"id\":\"x2\""));
    buf_free(&json);
}

static void a_turn_given_back_has_lost_no_attempt(void **state)
{
    struct turns_start a = begin(one, NULL), b;

    (void)state;
    conf.turn_attempts = 1;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(actors_abandon(one, a.turn, TURNS_RELEASED, NULL, a.epoch, next), 0);
        assert_string_equal(next, a.turn);
        assert_int_equal(claim(two, a.turn, &b), 0);
        assert_shut_out(one, &a);
        a = b;
    }
    assert_int_equal(a.attempt, 5);
    assert_int_equal(actors_abandon(keeper, a.turn, TURNS_DEAD, "m/turn/2/", 0, next), 0);
    assert_string_equal(next, "");
    assert_string_equal(state_of(a.turn), "failed");
}

/* Its worker died, but not in this turn. So often, and then it counts: it may have been the
 * cause. */
static void a_spared_turn_has_lost_no_attempt(void **state)
{
    struct turns_start a = begin(one, NULL), b;

    (void)state;
    conf.turn_attempts = 1;
    assert_int_equal(actors_abandon(keeper, a.turn, TURNS_SPARED, "m/turn/9/", 0, next),
        ERR_CONFLICT);
    for (int i = 0; i < TURNS_SPARED_MAX; i++) {
        struct store *old = i % 2 == 0 ? one : two, *new = i % 2 == 0 ? two : one;
        const char *owner = i % 2 == 0 ? ONE : "m/turn/2/";

        assert_int_equal(actors_abandon(keeper, a.turn, TURNS_SPARED, owner, 0, next), 0);
        assert_string_equal(next, a.turn);
        /* Told again: nothing is counted twice. */
        assert_int_equal(actors_abandon(keeper, a.turn, TURNS_SPARED, owner, 0, next), 0);
        assert_int_equal(claim(new, a.turn, &b), 0);
        assert_shut_out(old, &a);
        a = b;
    }
    assert_int_equal(a.attempt, TURNS_SPARED_MAX + 1);
    assert_string_equal(state_of(a.turn), "running");
    assert_int_equal(actors_abandon(keeper, a.turn, TURNS_SPARED, NULL, 0, next), 0);
    assert_string_equal(next, "");
    assert_string_equal(state_of(a.turn), "failed");
}

static void a_stop_reaches_the_next_worker(void **state)
{
    struct turns_start a = begin(one, NULL), b;
    char turn[IDENT_UUID_SIZE], before[16];

    (void)state;
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(turns_stop(keeper, USER, &(struct turns_target){.turn = a.turn}, turn, before),
        0);
    assert_string_equal(before, "pending");
    assert_int_equal(claim(two, a.turn, &b), 0);
    assert_true(b.stopped);
}

static void a_deleted_session_is_not_taken_over(void **state)
{
    struct turns_start a = begin(one, NULL), b;

    (void)state;
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(sessions_delete(keeper, USER, session, 0, NULL), 0);
    assert_int_equal(claim(two, a.turn, &b), ERR_CONFLICT);
    assert_int_equal(lose(keeper, &a), ERR_CONFLICT);
    assert_shut_out(one, &a);
    assert_int_equal(actors_number(keeper, "EXISTS tp:{ann}:s:%s", session), 0);
    assert_int_equal(actors_number(keeper, "EXISTS tp:{ann}:s:%s:log", session), 0);
}

static void a_lost_log_ends_the_turn(void **state)
{
    struct turns_start a = begin(one, NULL), b;
    struct buf json = {0};

    (void)state;
    assert_int_equal(actors_number(keeper, "DEL tp:{ann}:s:%s:log", session), 1);
    assert_int_equal(lose(keeper, &a), 0); /* and its worker with it: nobody knows what was said */
    assert_int_equal(actors_append(one, arena, &a, 2, "LATE"), ERR_FENCED);
    assert_string_equal(state_of(a.turn), "failed");
    assert_int_equal(turns_describe(keeper, USER, a.turn, &json), 0);
    assert_non_null(strstr(buf_text(&json), "\"error_code\":\"log_lost\""));
    assert_string_equal(actors_transcript(keeper, arena, session),
        "- MESSAGES_SNAPSHOT\nF RUN_ERROR\n");
    assert_int_equal(begin(two, NULL).outcome, TURNS_STARTED);
    assert_int_equal(claim(two, a.turn, &b), ERR_CONFLICT);
    buf_free(&json);
}

/* Its worker lives: it begins the log anew, also when the log is lost just before the turn's
 * end. */
static void a_lost_log_is_begun_anew(void **state)
{
    struct turns_start a = begin(one, NULL), b;

    (void)state;
    assert_int_equal(actors_append(one, arena, &a, 2, "SAID"), 0);
    assert_int_equal(actors_number(keeper, "DEL tp:{ann}:s:%s:log", session), 1);
    assert_int_equal(actors_append(one, arena, &a, 3, "MORE"), ERR_FENCED); /* -2: from the start */
    assert_int_equal(actors_append(one, arena, &a, 2, "SAID"), 0);
    assert_int_equal(actors_append(one, arena, &a, 3, "MORE"), 0);
    assert_string_equal(actors_transcript(keeper, arena, session),
        "S RUN_STARTED\n- SAID\n- MORE\n");
    assert_int_equal(actors_number(keeper, "DEL tp:{ann}:s:%s:log", session), 1);
    assert_int_equal(actors_finish(one, arena, &a, 4, false, &b), ERR_BEHIND);
    assert_int_equal(actors_append(one, arena, &a, 2, "SAID"), ERR_FENCED);
    assert_int_equal(actors_append(one, arena, &a, 2, "SAID"), 0);
    assert_int_equal(actors_append(one, arena, &a, 3, "MORE"), 0);
    assert_int_equal(actors_finish(one, arena, &a, 4, false, &b), 0);
    assert_string_equal(state_of(a.turn), "done");
    assert_string_equal(actors_transcript(keeper, arena, session),
        "S RUN_STARTED\n- SAID\n- MORE\nF RUN_FINISHED\n");
}

static int count_entry(void *arg, const struct logentry *e)
{
    struct buf *out = arg;

    buf_putc(out, e->flag);
    buf_put(out, e->json, e->json_len);
    return 0;
}

static int refuse_entry(void *arg, const struct logentry *e)
{
    (void)arg;
    (void)e;
    return ERR_LIMIT;
}

static void the_log_of_one_turn_can_be_read(void **state)
{
    struct turns_start a = begin(one, NULL), b, then;
    struct buf out = {0};

    (void)state;
    assert_int_equal(actors_finish(one, arena, &a, 2, true, &then), 0);
    a = begin(one, NULL);
    for (int n = 2; n < 602; n++) /* some pages */
        assert_int_equal(actors_append(one, arena, &a, n, "X"), 0);
    assert_int_equal(lose(keeper, &a), 0);
    assert_int_equal(claim(two, a.turn, &b), 0);
    assert_int_equal(turns_log_read(two, &b, count_entry, &out), 0);
    assert_true(!strncmp(buf_text(&out), "S{\"type\":\"RUN_STARTED\"", 22));
    assert_int_equal(out.len,
        strlen("S{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r1\"}") +
            600 * strlen("-{\"type\":\"X\"}") +
            strlen(
                "-{\"type\":\"CUSTOM\",\"name\":\"turnpike.resumed\",\"value\":{\"attempt\":2}}"));
    assert_int_equal(turns_log_read(two, &b, refuse_entry, NULL), ERR_LIMIT);
    buf_free(&out);
}

/* The machine that tried it apart is gone: whichever machine finds its lease expired knows of
 * it. */
static void a_turn_in_which_a_worker_died_stays_suspect(void **state)
{
    struct turns_start a = begin(one, NULL), b;
    const struct turns_loss expired = {.how = TURNS_EXPIRED}, dead = {.how = TURNS_DEAD};
    bool suspect = false, stop;
    int error;

    (void)state;
    assert_int_equal(turns_abandon(keeper, USER, a.turn, &dead, next, &suspect), 0);
    assert_true(suspect);
    assert_int_equal(turns_abandon(keeper, USER, a.turn, &dead, next, &suspect), 0);
    assert_true(suspect);
    assert_int_equal(claim(two, a.turn, &b), 0);
    assert_string_equal(state_of(a.turn), "running");
    conf.lease_ms = 1;
    assert_int_equal(turns_renew(two, &b, &stop), 0);
    conf.lease_ms = 5000;
    do {
        error = turns_abandon(keeper, USER, a.turn, &expired, next, &suspect);
    } while (error == ERR_CONFLICT);
    assert_int_equal(error, 0);
    assert_true(suspect);
    assert_string_equal(state_of(a.turn), "suspect");
    /* One that was only beside it is not. */
    a = actors_begin(one, arena, "another", NULL);
    assert_int_equal(actors_abandon(keeper, a.turn, TURNS_SPARED, ONE, 0, next), 0);
    assert_string_equal(state_of(a.turn), "pending");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(a_lost_turn_goes_on_elsewhere),
        TEST(a_turn_in_which_a_worker_died_stays_suspect),
        TEST(a_death_counts_for_its_own_turn_only),
        TEST(a_slow_worker_keeps_its_turn_until_it_is_claimed),
        TEST(of_two_housekeepers_one_wins),
        TEST(a_claim_whose_answer_was_lost_is_the_same_claim),
        TEST(the_last_attempt_ends_it),
        TEST(a_turn_given_back_has_lost_no_attempt),
        TEST(a_spared_turn_has_lost_no_attempt),
        TEST(a_stop_reaches_the_next_worker),
        TEST(a_deleted_session_is_not_taken_over),
        TEST(a_lost_log_ends_the_turn),
        TEST(a_lost_log_is_begun_anew),
        TEST(the_log_of_one_turn_can_be_read),
    };

    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
