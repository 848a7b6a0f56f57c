/* SPDX-License-Identifier: BSD-2-Clause */
/* Going back in long conversations, branches, and long conversations that are deleted. */
#include "base/buf.h"
#include "base/err.h"
#include "store/branches.h"
#include "store/sessions.h"
#include "store/turns.h"
#include "store_bench.h"
#include "turn_actors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USER ACTORS_USER
#define DAY INT64_C(86400000)

static int set_up_all(void **state)
{
    store_bench_open(state);
    conf.session_messages_max = 1000;
    return 0;
}

/* A command's number; %s: what it is about, as a rule the session. */
static int64_t number(const char *format, const char *a)
{
    return actors_number(keeper, format, a);
}

static int64_t of(const char *format)
{
    return number(format, session);
}

/* Messages number first to last, whose ids are m and their number: the even ones are the user's. */
static void fill_in(const char *in, int first, int last)
{
    static const char script[] =
        "for i = ARGV[1], ARGV[2] do redis.call('RPUSH', KEYS[1], '{\"id\":\"m' .. i .. '\",\"role\":\"' .. "
        "(i % 2 == 0 and 'user' or 'assistant') .. '\",\"content\":\"' .. ARGV[3] .. '\"}') end";

    assert_int_equal(link_command(one->link, NULL, "EVAL %s 1 tp:{ann}:s:%s:msgs %d %d %s", script,
                         in, first, last, "some words"),
        0);
    assert_int_equal(link_command(one->link, NULL, "HSET tp:{ann}:s:%s count %d created 1", in,
                         last),
        0);
}

static void fill(int first, int last)
{
    fill_in(session, first, last);
}

/* Message m and its number with new words, or "new" and it. Returns the turn's id. */
static const char *say_in(const char *in, const char *id, bool *back)
{
    const char *message =
        arena_printf(arena, "{\"id\":\"%s\",\"role\":\"user\",\"content\":\"anew\"}", id);
    char *turn = arena_alloc(arena, IDENT_UUID_SIZE);
    struct turns_start t, next;
    struct turns_request q = {.uid = USER,
        .session = in,
        .turn = turn,
        .body_hash = "h",
        .messages = &message,
        .message_count = 1,
        .rewinds = true,
        .first_event = "{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r1\"}",
        .input = "{}",
        .title = "A title",
        .may_run = true,
        .history_limit = 2};

    ident_uuid7(turn);
    assert_int_equal(turns_begin(one, &q, arena, &t), 0);
    assert_int_equal(t.outcome, TURNS_STARTED);
    *back = t.rewound;
    assert_int_equal(actors_finish(one, arena, &t, t.next_n, false, &next), 0);
    return turn;
}

static const char *goes_back(const char *id)
{
    bool back;
    const char *turn = say_in(session, id, &back);

    assert_true(back);
    return turn;
}

static void goes_on(const char *id)
{
    bool back;

    say_in(session, id, &back);
    assert_false(back);
}

/* A branch's page of one message; the newest one's for "". */
static char *page_of(const char *branch)
{
    struct buf json = {0};

    assert_int_equal(branches_messages(one, USER,
                         &(struct branches_page){.session = session, .branch = branch, .limit = 1},
                         &json),
        0);
    char *text = arena_strdup(arena, buf_text(&json));
    buf_free(&json);
    return text;
}

/* ---- branches ---- */

/* Whoever knows entries with messages only, as earlier releases do, shows the usual branch too. */
static void a_short_branch_stands_in_its_entry(void **state)
{
    const char *turn;
    struct link_reply *r = NULL;

    (void)state;
    fill(1, 300);
    turn = goes_back("m290");
    assert_int_equal(number("EXISTS tp:{ann}:branch:%s", turn), 0);
    assert_int_equal(link_command(one->link, &r, "LINDEX tp:{ann}:branches:%s 0", session), 0);
    assert_non_null(strstr(link_reply_text(r, NULL), "\"messages\":[{\"id\":\"m290\","));
    assert_non_null(strstr(link_reply_text(r, NULL),
        "\"id\":\"m300\",\"role\":\"user\",\"content\":\"some words\"}]}"));
    link_reply_free(r);
    assert_non_null(strstr(page_of(turn), "m300"));
    turn = goes_back("m100");
    assert_int_equal(number("LLEN tp:{ann}:branch:%s", turn), 192);
    assert_non_null(strstr(page_of(turn), "\"has_more\":true,\"next_cursor\":\"191\""));
}

static void messages_of_a_branch_live_as_long_as_its_name(void **state)
{
    const char *early;

    (void)state;
    fill(1, 300);
    early = goes_back("m200");
    assert_int_equal(number("PEXPIRE tp:{ann}:branch:%s 5000", early), 1); /* a year later */
    goes_back("m198");
    assert_true(number("PTTL tp:{ann}:branch:%s", early) > conf.session_keep_ms - DAY);
    assert_true(of("PTTL tp:{ann}:branch-lists:%s") > conf.session_keep_ms - DAY);
    /* They have gone all the same: no page has a next one without end. */
    assert_int_equal(number("DEL tp:{ann}:branch:%s", early), 1);
    assert_non_null(strstr(page_of(early), "{\"messages\":[],\"has_more\":false,"));
}

static void branches_are_bounded_and_leave_nothing(void **state)
{
    const char *first = NULL, *turn;

    (void)state;
    fill(1, 999);
    for (int i = 0; i < 22; i++) {
        turn = goes_back(arena_printf(arena, "m%d", 950 - 42 * i));
        first = first ? first : turn;
    }
    assert_int_equal(of("LLEN tp:{ann}:branches:%s"), 20);
    assert_int_equal(of("LLEN tp:{ann}:branch-lists:%s"), 20);
    assert_int_equal(number("EXISTS tp:{ann}:branch:%s", first), 0);
    assert_int_equal(number("EXISTS tp:{ann}:branch:%s", turn), 1);
}

/* Entries of earlier releases may be long. Here, who reads them fails: they are no list. */
static void a_deletion_reads_no_branch(void **state)
{
    size_t count;

    (void)state;
    fill(1, 3);
    assert_int_equal(of("SET tp:{ann}:branches:%s x"), 0);
    for (int undo = 0; undo < 2; undo++) {
        assert_int_equal(sessions_delete(one, USER, session, DAY, NULL), 0);
        assert_int_equal(of("EXISTS tp:{ann}:gone-branches:%s"), 1);
        if (!undo)
            assert_int_equal(sessions_restore(one, USER, session), 0);
    }
    assert_int_equal(of("HSET tp:{ann}:gone:%s until 1"), 0);
    assert_int_equal(link_command(one->link, NULL, "ZADD tp:hint:gone 0 %b",
                         arena_printf(arena, "ann %s", session), strlen(session) + 4),
        0);
    assert_int_equal(sessions_purge_due(keeper, 10, &count), 0);
    assert_int_equal(of("EXISTS tp:{ann}:gone:%s"), 0);
    assert_int_equal(of("EXISTS tp:{ann}:gone-branches:%s"), 0);
}

static void branches_of_a_deleted_session_come_back_or_go(void **state)
{
    const char *turn;

    (void)state;
    fill(1, 300);
    turn = goes_back("m100");
    assert_int_equal(sessions_delete(one, USER, session, DAY, NULL), 0);
    /* Who does not know such lists restores the session without them. */
    assert_true(number("PTTL tp:{ann}:branch:%s", turn) > conf.session_keep_ms - DAY);
    assert_int_equal(sessions_restore(one, USER, session), 0);
    assert_non_null(strstr(page_of(""), "m300"));
    assert_int_equal(sessions_delete(one, USER, session, 0, NULL), 0);
    assert_int_equal(number("EXISTS tp:{ann}:branch:%s", turn), 0);
    assert_int_equal(of("EXISTS tp:{ann}:branch-lists:%s"), 0);
}

/* ---- the index ---- */

static void the_index_is_no_sessions_key(void **state)
{
    const char *other = arena_printf(arena, "%s:ids", session);
    bool back;

    (void)state;
    say_in(other, "o1", &back);
    fill(1, 800);
    goes_back("m10");
    assert_int_equal(number("HEXISTS tp:{ann}:s:%s created", other), 1);
    assert_int_equal(number("HEXISTS tp:{ann}:s:%s #to", other), 0);
    assert_int_equal(sessions_delete(one, USER, session, 0, NULL), 0);
    assert_int_equal(number("LLEN tp:{ann}:s:%s:msgs", other), 2);
    assert_int_equal(number("HEXISTS tp:{ann}:s:%s created", other), 1);
}

static void going_back_keeps_the_index(void **state)
{
    (void)state;
    fill(1, 800);
    goes_on("new1");
    int64_t to = of("HGET tp:{ann}:ids:%s #to");
    assert_true(to >= 500);
    goes_back("new1"); /* in the tail: nothing of it is touched */
    assert_int_equal(of("HGET tp:{ann}:ids:%s #to"), to);
    goes_back("m400");
    assert_int_equal(of("HGET tp:{ann}:ids:%s #to"), 399);
    fill(401, 800);
    goes_back("m20");
    assert_int_equal(of("HGET tp:{ann}:ids:%s #to"), 19);
    /* What left is not there any more, whatever the index has of it. */
    goes_on("m300");
    goes_back("m10");
}

/* The latest one of the same id, and when that one has left, the one before. */
static void an_id_may_be_there_twice(void **state)
{
    (void)state;
    fill(1, 500);
    fill(400, 500);
    fill(501, 900);
    assert_int_equal(of("HSET tp:{ann}:s:%s count 1001"), 0);
    conf.session_messages_max = 2000;
    goes_back("m420");
    assert_int_equal(of("LLEN tp:{ann}:s:%s:msgs"), 522);
    goes_back("m450");
    assert_int_equal(of("LLEN tp:{ann}:s:%s:msgs"), 451);
    conf.session_messages_max = 1000;
}

/* A machine of an earlier version went back and on; it knows no index. */
static void an_index_of_another_conversation_is_seen(void **state)
{
    (void)state;
    fill(1, 1000);
    goes_on("new1");
    goes_back("m900");
    assert_int_equal(of("LTRIM tp:{ann}:s:%s:msgs 0 499"), 0);
    assert_int_equal(
        link_command(one->link, NULL, "EVAL %s 1 tp:{ann}:s:%s:msgs",
            "for i = 501, 950 do redis.call('RPUSH', KEYS[1], '{\"id\":\"p' .. i .. '\",\"role\":\"user\"}') end",
            session),
        0);
    assert_int_equal(of("HSET tp:{ann}:s:%s count 950"), 0);
    /* In the tail first: lowering it must not make it true. */
    goes_back("p760");
    goes_back("p520");
    assert_int_equal(of("LLEN tp:{ann}:s:%s:msgs"), 521);
}

static void the_index_does_not_grow_without_end(void **state)
{
    (void)state;
    fill(1, 400);
    goes_on("new1");
    assert_int_equal(link_command(one->link, NULL, "EVAL %s 1 tp:{ann}:ids:%s",
                         "for i = 1, 1000 do redis.call('HSET', KEYS[1], 'user old' .. i, i) end",
                         session),
        0);
    goes_on("new2");
    assert_in_range(of("HLEN tp:{ann}:ids:%s"), 50, 800);
    goes_back("m20");
}

/* What belongs to no list of sessions ends sooner. */
static void the_index_lives_as_long_as_its_session(void **state)
{
    const char *in = arena_printf(arena, "resp:%s", session);
    bool back;

    (void)state;
    assert_true(conf.turn_keep_ms < conf.session_keep_ms);
    fill_in(in, 1, 600);
    say_in(in, "new1", &back);
    assert_in_range(number("PTTL tp:{ann}:ids:%s", in), 1, conf.turn_keep_ms);
}

/* However much was said since it was asked. */
static void an_approval_leaves_with_its_call(void **state)
{
    (void)state;
    fill(1, 600);
    assert_int_equal(
        of("LSET tp:{ann}:s:%s:msgs 100 {\"id\":\"m101\",\"toolCalls\":[{\"id\":\"call-x\"}]}"), 0);
    assert_int_equal(
        of("LSET tp:{ann}:s:%s:msgs 20 {\"id\":\"m21\",\"toolCalls\":[{\"id\":\"call-y\"}]}"), 0);
    assert_int_equal(of("HSET tp:{ann}:approvals:%s call-x ax call-y ay"), 2);
    assert_int_equal(number("HSET tp:{ann}:approval:%s state open", "ax"), 1);
    assert_int_equal(number("HSET tp:{ann}:approval:%s state open", "ay"), 1);
    goes_back("m50");
    assert_int_equal(of("HEXISTS tp:{ann}:approvals:%s call-x"), 0);
    assert_int_equal(of("HEXISTS tp:{ann}:approvals:%s call-y"), 1);
}

/* ---- long conversations that are deleted ---- */

static void a_long_conversation_is_gone_whatever_becomes_of_its_rest(void **state)
{
    size_t count;

    (void)state;
    fill(1, 150);
    assert_int_equal(link_command(one->link, NULL, "DEL tp:{ann}:messages tp:{ann}:feedback"), 0);
    assert_int_equal(link_command(one->link, NULL, "SET tp:{ann}:messages x"),
        0); /* a step fails */
    assert_int_equal(sessions_delete(one, USER, session, 0, NULL), 0);
    assert_int_equal(of("EXISTS tp:{ann}:gone:%s"), 1);
    assert_int_equal(sessions_restore(one, USER, session), ERR_NOT_FOUND);
    assert_int_equal(of("HGET tp:{ann}:gone:%s until"), 0);
    assert_int_equal(link_command(one->link, NULL, "DEL tp:{ann}:messages"), 0);
    const char *member = arena_printf(arena, "ann %s", session);
    struct link_reply *r = NULL;
    assert_int_equal(link_command(one->link, &r, "ZSCORE tp:hint:gone %b", member, strlen(member)),
        0);
    assert_int_equal(link_reply_type(r), LINK_STRING);
    link_reply_free(r);
    assert_int_equal(link_command(one->link, NULL, "ZADD tp:hint:gone 0 %b", member,
                         strlen(member)),
        0);
    assert_int_equal(sessions_purge_due(keeper, 10, &count), 0);
    assert_int_equal(of("EXISTS tp:{ann}:gone:%s"), 0);
    assert_int_equal(of("EXISTS tp:{ann}:gone:%s:msgs"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, store_bench_begin, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(a_short_branch_stands_in_its_entry),
        TEST(messages_of_a_branch_live_as_long_as_its_name),
        TEST(branches_are_bounded_and_leave_nothing),
        TEST(a_deletion_reads_no_branch),
        TEST(branches_of_a_deleted_session_come_back_or_go),
        TEST(the_index_is_no_sessions_key),
        TEST(going_back_keeps_the_index),
        TEST(an_id_may_be_there_twice),
        TEST(an_index_of_another_conversation_is_seen),
        TEST(the_index_does_not_grow_without_end),
        TEST(the_index_lives_as_long_as_its_session),
        TEST(an_approval_leaves_with_its_call),
        TEST(a_long_conversation_is_gone_whatever_becomes_of_its_rest),
    };

    return cmocka_run_group_tests(tests, set_up_all, store_bench_close);
}
