/* SPDX-License-Identifier: BSD-2-Clause */
/* Summaries in Redis: kept with a checkpoint, told to the next turns, gone with what they told. */
#include "base/err.h"
#include "base/jdoc.h"
#include "store/sessions.h"
#include "store/turns.h"
#include "store_bench.h"
#include "turn_actors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define USER ACTORS_USER
#define SAID(id, text) "{\"id\":\"" id "\",\"role\":\"user\",\"content\":\"" text "\"}"

static int64_t number(const char *format)
{
    return actors_number(keeper, format, session);
}

static struct turns_start begin(const char *message)
{
    char turn[IDENT_UUID_SIZE];
    struct turns_start start;

    ident_uuid7(turn);
    const struct turns_request q = {.uid = USER,
        .session = session,
        .turn = arena_strdup(arena, turn),
        .body_hash = "h",
        .messages = &message,
        .message_count = 1,
        .rewinds = true,
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .may_run = true,
        .history_limit = 400};
    assert_int_equal(turns_begin(one, &q, arena, &start), 0);
    assert_int_equal(start.outcome, TURNS_STARTED);
    return start;
}

static void finish(const struct turns_start *t)
{
    char *entry = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", t->turn);
    char *message = arena_printf(arena, "{\"id\":\"a-%s\",\"role\":\"assistant\"}", t->turn);
    size_t len = strlen(entry);
    const struct turns_end end = {.state = "done",
        .messages = (const char *const[]){message},
        .message_count = 1,
        .events = (const char *const[]){entry},
        .event_len = &len,
        .event_count = 1,
        .first_n = t->next_n,
        .http_status = 200,
        .reply = "{}",
        .history_limit = 400};
    struct turns_start next;
    assert_int_equal(turns_finish(one, t, &end, arena, &next), 0);
}

/* So many turns, with messages m0, m1, ... */
static void talk(int from, int to)
{
    for (int i = from; i < to; i++) {
        struct turns_start t = begin(
            arena_printf(arena, "{\"id\":\"m%d\",\"role\":\"user\",\"content\":\"%d\"}", i, i));
        finish(&t);
    }
}

static int keep(const struct turns_start *t, const char *step, size_t behind, const char *text)
{
    const struct turns_summary summary = {.behind = behind, .text = text, .wait_ms = 60000};
    return turns_checkpoint_summary(one, t, step, strlen(step), &summary);
}

static void tells(const struct turns_start *t, const char *text, size_t behind)
{
    jdoc *doc = NULL;

    assert_int_equal(t->summary_behind, behind);
    if (!text) {
        assert_string_equal(t->summary, "");
        return;
    }
    assert_int_equal(jdoc_parse(t->summary, strlen(t->summary), &doc, NULL, 0), 0);
    assert_string_equal(jdoc_text_or(doc, "text", ""), text);
    jdoc_free(doc);
}

static void it_is_told_from_turn_to_turn(void **state)
{
    struct turns_start t;

    (void)state;
    talk(0, 5);
    t = begin(SAID("m5", "5"));
    tells(&t, NULL, 0);
    assert_int_equal(keep(&t, "{\"v\":1}", 3, "The \"first\" four."), 0);
    assert_int_equal(keep(&t, "{\"v\":1}", 3, "The \"first\" four."), 0); /* its reply was lost */
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 1);
    assert_true(number("PTTL tp:{ann}:summaries:%s") > 0);
    assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs"), 11);
    /* The next worker of the same turn knows it, too. */
    const struct turns_loss loss = {.how = TURNS_DEAD};
    char id[IDENT_UUID_SIZE];
    struct turns_start again;
    assert_int_equal(turns_abandon(keeper, USER, t.turn, &loss, id, NULL), 0);
    assert_int_equal(turns_claim(two, USER, t.turn, 400, arena, &again), 0);
    tells(&again, "The \"first\" four.", 3);
    assert_int_equal(again.step_count, 1);
    assert_int_equal(keep(&t, "{\"v\":2}", 2, "of the dead"), ERR_FENCED);
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 1);
    finish(&again);
    t = begin(SAID("m6", "6"));
    tells(&t, "The \"first\" four.", 5);
    finish(&t);
}

static void who_goes_back_loses_what_told_of_it(void **state)
{
    struct turns_start t;

    (void)state;
    talk(0, 4);
    t = begin(SAID("m4", "4"));
    assert_int_equal(keep(&t, "{\"v\":1}", 5, "until m1"), 0);
    finish(&t);
    talk(5, 8);
    t = begin(SAID("m8", "8"));
    tells(&t, "until m1", 13);
    assert_int_equal(keep(&t, "{\"v\":1}", 3, "until m6"), 0);
    finish(&t);
    t = begin(SAID("m7", "7")); /* behind it */
    assert_true(t.rewound);
    tells(&t, "until m6", 1);
    finish(&t);
    t = begin(SAID("m6", "6")); /* its end was the answer to m6 */
    tells(&t, "until m1", 9);
    finish(&t);
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 1);
    t = begin(SAID("m1", "other"));
    tells(&t, NULL, 0);
    finish(&t);
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 0);
}

/* Messages of others in the same places: an older version led back, and knew of no summaries. */
static void it_counts_only_while_its_messages_stand(void **state)
{
    struct turns_start t;

    (void)state;
    talk(0, 4);
    t = begin(SAID("m4", "4"));
    assert_int_equal(keep(&t, "{\"v\":1}", 3, "until m2"), 0);
    finish(&t);
    err_ignore(link_command(keeper->link, NULL, "LTRIM tp:{ann}:s:%s:msgs 0 1", session));
    err_ignore(link_command(keeper->link, NULL, "HSET tp:{ann}:s:%s count 2", session));
    talk(10, 14);
    t = begin(SAID("m14", "14"));
    tells(&t, NULL, 0);
    finish(&t);
}

static void it_outlives_the_messages_that_it_tells(void **state)
{
    struct turns_start t;

    (void)state;
    talk(0, 4);
    t = begin(SAID("m4", "4"));
    assert_int_equal(keep(&t, "{\"v\":1}", 3, "until m2"), 0);
    finish(&t);
    /* As session.messages trims them: the count stays. */
    err_ignore(link_command(keeper->link, NULL, "LTRIM tp:{ann}:s:%s:msgs -3 -1", session));
    t = begin(SAID("m5", "5"));
    tells(&t, "until m2", 5);
    assert_int_equal(t.history_count, 4);
    assert_int_equal(keep(&t, "{\"v\":1}", 4, "nothing that is there"), 0);
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 1);
    finish(&t);
}

static void the_latest_eight_are_kept(void **state)
{
    struct turns_start t;

    (void)state;
    talk(0, 20);
    t = begin(SAID("m20", "20"));
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(keep(&t, arena_printf(arena, "{\"v\":%zu}", i), 30 - i, "more"), 0);
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 8);
    finish(&t);
    assert_int_equal(sessions_delete(one, USER, session, 0, NULL), 0);
    assert_int_equal(number("EXISTS tp:{ann}:summaries:%s"), 0);
}

static void one_in_vain_is_not_tried_again_at_once(void **state)
{
    struct turns_start t;

    (void)state;
    talk(0, 2);
    t = begin(SAID("m2", "2"));
    assert_false(t.summary_later);
    assert_int_equal(keep(&t, "{\"v\":1}", 3, NULL), 0);
    assert_int_equal(number("LLEN tp:{ann}:summaries:%s"), 0);
    finish(&t);
    t = begin(SAID("m3", "3"));
    assert_true(t.summary_later);
    assert_int_equal(keep(&t, "{\"v\":1}", 3, "well"), 0);
    finish(&t);
    t = begin(SAID("m4", "4"));
    assert_false(t.summary_later);
    finish(&t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, store_bench_begin, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(it_is_told_from_turn_to_turn),
        TEST(who_goes_back_loses_what_told_of_it),
        TEST(it_counts_only_while_its_messages_stand),
        TEST(it_outlives_the_messages_that_it_tells),
        TEST(the_latest_eight_are_kept),
        TEST(one_in_vain_is_not_tried_again_at_once),
    };

    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
