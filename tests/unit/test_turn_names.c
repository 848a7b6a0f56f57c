/* SPDX-License-Identifier: BSD-2-Clause */
/* What a message's name leads to: to its turn when it is said again, back in the conversation when
 * it came before, and to a session that is kept apart when nobody named one. */
#include "base/err.h"
#include "base/jdoc.h"
#include "store/sessions.h"
#include "store/turns.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_actors.h"
#include "tests/unit/turns_asked.h"

#include <stdio.h>
#include <string.h>

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

static void a_client_message_id_is_taken_once(void **state)
{
    char *cmid = arena_printf(arena, "c-%s", session);
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){.cmid = cmid, .hash = "h1"});
    struct turns_start b = turns_asked_begin(two, (struct turns_asked){.cmid = cmid, .hash = "h1"});
    struct turns_start c = turns_asked_begin(two, (struct turns_asked){.cmid = cmid, .hash = "h2"}),
                       next;

    (void)state;
    assert_int_equal(a.outcome, TURNS_STARTED);
    assert_int_equal(b.outcome, TURNS_DUPLICATE);
    assert_string_equal(b.turn, a.turn);
    assert_string_equal(b.cursor, a.cursor);
    assert_int_equal(c.outcome, TURNS_MISMATCH);
    assert_int_equal(turns_asked_finish(one, &a, false, &next), 0);
    b = turns_asked_begin(two, (struct turns_asked){.cmid = cmid, .hash = "h1"});
    assert_int_equal(b.outcome, TURNS_DUPLICATE);
    assert_string_equal(b.state, "done");
    assert_string_equal(transcript(), "S RUN_STARTED\nF RUN_FINISHED\n");
}

/* A request that is its own key: said anew, or tried again. */
static void a_name_is_given_anew_or_again(void **state)
{
    char *cmid = arena_printf(arena, "n-%s", session), text[16], id[IDENT_UUID_SIZE];
    struct turns_asked anew = {.cmid = cmid, .naming = TURNS_ANEW};
    struct turns_asked again = {.cmid = cmid, .naming = TURNS_AGAIN};
    struct turns_start next, a = turns_asked_begin(one, anew), b = turns_asked_begin(two, again);

    (void)state;
    assert_int_equal(b.outcome, TURNS_DUPLICATE);
    assert_string_equal(b.turn, a.turn);
    assert_int_equal(turns_asked_finish(one, &a, false, &next), 0);
    b = turns_asked_begin(two, again);
    assert_string_equal(b.turn, a.turn);
    b = turns_asked_begin(one, anew);
    assert_int_equal(b.outcome, TURNS_STARTED);
    assert_string_not_equal(b.turn, a.turn);
    a = turns_asked_begin(two, again);
    assert_string_equal(a.turn, b.turn);
    assert_int_equal(turns_stop(two, USER, &(struct turns_target){.turn = b.turn}, id, text), 0);
    a = turns_asked_begin(two, again); /* what is being stopped is no answer to it */
    assert_int_equal(a.outcome, TURNS_QUEUED);
    assert_string_not_equal(a.turn, b.turn);
    assert_int_equal(turns_asked_finish(one, &b, false, &next), 0);
}

/* In no list, not kept for long; found by the calls that wait for their client. */
static void a_session_that_nobody_named_is_kept_apart(void **state)
{
    char *once = arena_printf(arena, "once:%s", session);
    struct turns_start t = turns_asked_begin(one,
                           (struct turns_asked){.in = once,
                               .message = "{\"id\":\"u1\",\"role\":\"user\",\"content\":\"x\"}"}),
                       next;
    static const char *const messages[] = {
        "{\"id\":\"a1\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"ours\"},{\"id\":\"theirs\"}]}",
        "{\"id\":\"r1\",\"role\":\"tool\",\"toolCallId\":\"ours\",\"content\":\"x\"}"};
    char *entry = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", t.turn);
    const char *events[] = {entry};
    size_t len = strlen(entry);
    const struct turns_end end = {.state = "done",
        .messages = messages,
        .message_count = 2,
        .events = events,
        .event_len = &len,
        .event_count = 1,
        .first_n = t.next_n,
        .usage = "[]",
        .http_status = 200,
        .reply = "{}"};
    struct sessions_part part = {.until = "a1", .spare = 1};
    char found[IDENT_SESSION_MAX + 1];
    struct turns_record record;
    int64_t epoch = 0;

    (void)state;
    assert_int_equal(turns_forget(one, USER, t.turn), ERR_CONFLICT);
    assert_int_equal(turns_finish(one, &t, &end, arena, &next), 0);
    assert_int_equal(sessions_of_call(two, USER, "theirs", found), 0);
    assert_string_equal(found, once);
    assert_int_equal(sessions_of_call(two, USER, "ours", found), ERR_NOT_FOUND);
    assert_int_equal(sessions_of_call(two, USER, "a b", found), ERR_NOT_FOUND);
    assert_int_equal(number("ZSCORE tp:{ann}:sessions %s", once), 0);
    assert_true(number("PTTL tp:{ann}:s:%s", once) <= 24 * 3600 * 1000);
    assert_int_equal(sessions_until(two, USER, once, arena, &part), 0);
    assert_int_equal(part.count, 3);
    part.until = "u1";
    assert_int_equal(sessions_until(two, USER, once, arena, &part), 0);
    assert_int_equal(part.count, 1);
    part.until = "no";
    assert_int_equal(sessions_until(two, USER, once, arena, &part), ERR_NOT_FOUND);
    assert_int_equal(turns_read(two, USER, t.turn, arena, &record), 0);
    assert_string_equal(record.session, once);
    assert_int_equal(sessions_epoch(two, USER, once, &epoch), 0);
    assert_true(epoch == record.epoch);
    t = turns_asked_begin(one,
        (struct turns_asked){.in = once,
            .message = "{\"id\":\"r2\",\"role\":\"tool\",\"toolCallId\":\"theirs\"}"});
    assert_int_equal(sessions_of_call(two, USER, "theirs", found), ERR_NOT_FOUND);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    assert_int_equal(turns_forget(one, USER, t.turn), 0);
    assert_int_equal(turns_read(two, USER, t.turn, arena, &record), ERR_NOT_FOUND);
    assert_int_equal(sessions_epoch(two, USER, "no-such", &epoch), ERR_NOT_FOUND);
}

static void the_same_begin_twice_is_one_turn(void **state)
{
    struct turns_start a = turns_asked_begin(one, (struct turns_asked){0}), b;
    struct turns_request q = {.uid = USER,
        .session = session,
        .turn = a.turn,
        .body_hash = "h",
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .may_run = true};

    (void)state;
    assert_int_equal(turns_begin(one, &q, arena, &b), 0);
    assert_int_equal(b.outcome, TURNS_STARTED);
    assert_true(b.epoch == a.epoch);
    assert_int_equal(turns_begin(two, &q, arena, &b), 0);
    assert_int_equal(b.outcome, TURNS_DUPLICATE);
    assert_string_equal(transcript(), "S RUN_STARTED\n");
}

static void messages_the_session_has_are_not_added_again(void **state)
{
    struct turns_start t, next;

    (void)state;
    t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"id\":\"m1\",\"role\":\"user\",\"content\":\"a\"}"});
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"id\":\"m1\",\"role\":\"user\",\"content\":\"a\"}"});
    assert_int_equal(t.history_count, 2);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    /* An id inside of another member is not the message's own. */
    t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"x\":{\"id\":\"m1\"},\"id\":\"m2\"}"});
    assert_int_equal(t.history_count, 4);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"x\":1,\"id\":\"q\\\"\xc3\xa4\"}"});
    assert_int_equal(t.history_count, 6);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    t = turns_asked_begin(one,
        (struct turns_asked){.message = "{\"x\":1,\"id\":\"q\\\"\xc3\xa4\"}"});
    assert_int_equal(t.history_count, 7);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
}

#define SAID(id, text) "{\"id\":\"" id "\",\"role\":\"user\",\"content\":\"" text "\"}"

static void a_message_that_came_before_leads_back_to_it(void **state)
{
    struct turns_start t, next;

    (void)state;
    for (int i = 0; i < 2; i++) {
        t = turns_asked_begin(one,
            (struct turns_asked){.message = i ? SAID("m2", "b") : SAID("m1", "a"),
                .rewinds = true});
        assert_false(t.rewound);
        assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    }
    assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", session), 4);
    /* The last one again: only its answer leaves. */
    t = turns_asked_begin(one, (struct turns_asked){.message = SAID("m2", "b"), .rewinds = true});
    assert_true(t.rewound);
    assert_int_equal(t.history_count, 3);
    assert_string_equal(t.history[2], SAID("m2", "b"));
    assert_int_equal(number("LLEN tp:{ann}:branches:%s", session), 1);
    assert_int_equal(number("HGET tp:{ann}:s:%s count", session), 3);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    /* The first one with other words, while a turn runs: it waits, and goes back when it starts. */
    t = turns_asked_begin(one, (struct turns_asked){.message = SAID("m3", "c"), .rewinds = true});
    next = turns_asked_begin(two,
        (struct turns_asked){.message = SAID("m1", "other"), .rewinds = true});
    assert_int_equal(next.outcome, TURNS_QUEUED);
    assert_int_equal(turns_asked_finish(one, &t, true, &next), 0);
    assert_int_equal(next.outcome, TURNS_STARTED);
    assert_true(next.rewound);
    assert_int_equal(next.history_count, 1);
    assert_string_equal(next.history[0], SAID("m1", "other"));
    assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", session), 1);
    t = next;
    /* Its worker is gone: the next one is told so, too. */
    struct turns_loss loss = {.how = TURNS_DEAD};
    char id[IDENT_UUID_SIZE];
    assert_int_equal(turns_abandon(keeper, USER, t.turn, &loss, id, NULL), 0);
    assert_int_equal(turns_claim(two, USER, t.turn, 50, arena, &t), 0);
    assert_true(t.rewound);
    assert_int_equal(t.history_count, 1);
    assert_int_equal(turns_asked_finish(two, &t, false, &next), 0);
    /* Sent again before it was answered, and by those who do not go back: nothing leaves. */
    t = turns_asked_begin(one, (struct turns_asked){.message = SAID("m1", "other")});
    assert_false(t.rewound);
    assert_int_equal(t.history_count, 2);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    for (int i = 0; i < 30; i++) {
        t = turns_asked_begin(one,
            (struct turns_asked){.message = SAID("m1", "other"), .rewinds = true});
        assert_int_equal(t.history_count, 1);
        assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    }
    assert_int_equal(number("LLEN tp:{ann}:branches:%s", session), 20);
    assert_true(number("PTTL tp:{ann}:branches:%s", session) > 0);
    assert_true(number("PTTL tp:{ann}:s:%s:msgs", session) > 0);
}

/* However long ago it was said; and what stands before it is the history, not less. */
static void a_message_of_long_ago_leads_back_too(void **state)
{
    static const int rows[] = {580, 450, 300, 0};
    static const char *const odd[] = {"%d", ".*", "n1%", "[", "content", "user"};
    struct turns_start t, next;
    char text[160];

    (void)state;
    for (int i = 0; i < 600; i++) {
        snprintf(text, sizeof text,
            "RPUSH tp:{ann}:s:%%s:msgs {\"id\":\"n%d\",\"role\":\"user\",\"content\":\"text\"}", i);
        assert_int_equal(number(text, session), i + 1);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "{\"id\":\"n%d\",\"role\":\"user\",\"content\":\"new\"}",
            rows[i]);
        t = turns_asked_begin(one, (struct turns_asked){.message = text, .rewinds = true});
        assert_true(t.rewound);
        assert_int_equal(t.history_count, rows[i] ? 50 : 1);
        assert_string_equal(t.history[t.history_count - 1], text);
        assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", session), rows[i] + 1);
        assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    }
    /* The id of an answer is no message of the user's: nothing is taken away, nothing is lost. */
    snprintf(text, sizeof text, "{\"id\":\"a-%s\",\"role\":\"user\",\"content\":\"y\"}", t.turn);
    t = turns_asked_begin(one, (struct turns_asked){.message = text, .rewinds = true});
    assert_false(t.rewound);
    assert_int_equal(t.history_count, 3);
    assert_string_equal(t.history[2], text);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    t = turns_asked_begin(one, (struct turns_asked){.message = SAID("n0", "new"), .rewinds = true});
    assert_int_equal(t.history_count, 1);
    assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    /* Ids that mean something to a pattern or to JSON, or to nobody. */
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        snprintf(text, sizeof text, "{\"id\":\"%s\",\"role\":\"user\",\"content\":\"y\"}", odd[i]);
        t = turns_asked_begin(one, (struct turns_asked){.message = text, .rewinds = true});
        assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
        t = turns_asked_begin(one, (struct turns_asked){.message = text, .rewinds = true});
        assert_true(t.rewound);
        assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", session), 2 * i + 3);
        assert_int_equal(turns_asked_finish(one, &t, false, &next), 0);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, store_bench_begin, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(a_client_message_id_is_taken_once),
        TEST(a_name_is_given_anew_or_again),
        TEST(a_session_that_nobody_named_is_kept_apart),
        TEST(the_same_begin_twice_is_one_turn),
        TEST(messages_the_session_has_are_not_added_again),
        TEST(a_message_that_came_before_leads_back_to_it),
        TEST(a_message_of_long_ago_leads_back_too),
    };

    return cmocka_run_group_tests(tests, set_up_all, store_bench_close);
}
