/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns that ask the user, and turns that go on with the answer, also when their worker is gone. */
#include "base/err.h"
#include "store/approvals.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turn_bench bench;
static struct turns_start claimed;
static enum stage lost_at;
static char id[APPROVALS_ID_SIZE];

static int tear_down(void **state)
{
    (void)state;
    bench.on_stage = NULL;
    return 0;
}

/* The turn is given to somebody else under its worker's hands. */
static void lose(struct turn_bench *b, enum stage stage)
{
    const struct turns_loss loss = {.how = TURNS_DEAD};
    char next[IDENT_UUID_SIZE];

    if (stage != lost_at)
        return;
    b->on_stage = NULL;
    assert_int_equal(turns_abandon(b->onlooker, b->start.uid, b->start.turn, &loss, next, NULL), 0);
    assert_int_equal(turns_claim(b->onlooker, b->start.uid, next, 100, b->arena, &claimed), 0);
}

static void run_lost_at(enum stage stage)
{
    lost_at = stage;
    bench.on_stage = lose;
    assert_int_equal(turn_bench_run_begun(&bench), ERR_FENCED);
    assert_null(bench.on_stage);
    bench.start = claimed;
}

static size_t events_left(void)
{
    struct link_reply *reply = NULL;

    assert_int_equal(link_command(bench.onlooker->link, &reply, "HLEN tp:{ann}:r:event"), 0);
    size_t n = (size_t)link_reply_int(reply);
    link_reply_free(reply);
    return n;
}

/* A session that has one event of this title and is asked to delete it. */
static void begin_deletion(const char *title)
{
    char text[100];

    turn_bench_new_session(&bench);
    snprintf(text, sizeof text, "Add %s tomorrow at 3pm to my calendar", title);
    assert_int_equal(turn_bench_run(&bench, text), 0);
    snprintf(text, sizeof text, "Delete %s from my calendar", title);
    turn_bench_begin(&bench, text, NULL, NULL, 0);
}

/* The reply's question; its id is kept. */
static void expect_question(void)
{
    jdoc *reply = turn_bench_reply(&bench);

    assert_int_equal(bench.result.http_status, 200);
    assert_string_equal(jdoc_text_or(reply, "outcome", ""), "interrupt");
    assert_int_equal(jdoc_length(jdoc_get(reply, "interrupts")), 1);
    snprintf(id, sizeof id, "%s",
        jdoc_text_or(jdoc_at(jdoc_get(reply, "interrupts"), 0), "id", ""));
    jdoc_free(reply);
}

static void answer(enum approvals_event event)
{
    struct approvals_answer a = {.id = id, .event = event, .digest = "d"};
    struct approvals_verdict verdict;
    char turn[IDENT_UUID_SIZE];
    const struct turns_request next = {.turn = turn};

    ident_uuid7(turn);
    assert_int_equal(approvals_answer(bench.onlooker, "ann", &next,
                         &(struct approvals_answers){.all = &a, .count = 1}, &verdict),
        0);
    assert_int_equal(verdict.outcome, APPROVALS_DONE);
}

/* The last tool result of the stored conversation holds this text. */
static void expect_result(const char *part)
{
    jdoc *messages = turn_bench_messages(&bench);
    const char *last = "";

    for (size_t i = 0; i < jdoc_length(messages); i++)
        if (!strcmp(jdoc_text_or(jdoc_at(messages, i), "role", ""), "tool"))
            last = jdoc_text_or(jdoc_at(messages, i), "content", "");
    if (!strstr(last, part))
        fail_msg("\"%s\" is not in %s", part, last);
    jdoc_free(messages);
}

static void expect_types(const char *end)
{
    char *types = turn_bench_types(&bench);
    size_t len = strlen(types), tail = strlen(end);

    if (len < tail || strcmp(types + len - tail, end) != 0)
        fail_msg("\"%s\" does not end with \"%s\"", types, end);
    free(types);
}

static void asks_and_goes_on(void **state)
{
    (void)state;
    size_t before = events_left();
    begin_deletion("dentist");
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_question();
    expect_types("TOOL_CALL_END STATE_SNAPSHOT MESSAGES_SNAPSHOT RUN_FINISHED");
    assert_int_equal(events_left(), before + 1);
    answer(APPROVALS_APPROVE);
    turn_bench_begin(&bench, NULL, NULL, NULL, 0);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_types("RUN_STARTED TOOL_CALL_RESULT TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT "
                 "TEXT_MESSAGE_END RUN_FINISHED");
    expect_result("\"success\":true");
    assert_int_equal(events_left(), before);
}

static void lost_between_question_and_end(void **state)
{
    char first[APPROVALS_ID_SIZE];
    struct buf list = {0};

    (void)state;
    begin_deletion("vet");
    run_lost_at(STAGE_COMMIT);
    assert_int_equal(approvals_list(bench.onlooker, "ann", bench.session, &list), 0);
    assert_string_equal(buf_text(&list), "{\"approvals\":[]}"); /* not asked until the turn ends */
    buf_reset(&list);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_question();
    snprintf(first, sizeof first, "%s", id);
    assert_int_equal(approvals_list(bench.onlooker, "ann", bench.session, &list), 0);
    const char *only = strstr(buf_text(&list), "\"id\":");
    assert_non_null(strstr(buf_text(&list), first));
    assert_null(strstr(only + 1, "\"id\":"));
    buf_free(&list);
}

/* The event is gone and the worker too, before anybody was told: the mark tells. */
static void lost_behind_the_commit(void **state)
{
    (void)state;
    size_t before = events_left();
    begin_deletion("haircut");
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_question();
    answer(APPROVALS_APPROVE);
    turn_bench_begin(&bench, NULL, NULL, NULL, 0);
    run_lost_at(STAGE_CHECKPOINT);
    assert_int_equal(events_left(), before);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_result("\"success\":true");
    expect_types("RUN_FINISHED");
    jdoc *messages = turn_bench_messages(&bench);
    size_t results = 0;
    for (size_t i = 0; i < jdoc_length(messages); i++)
        results += !strcmp(jdoc_text_or(jdoc_at(messages, i), "role", ""), "tool");
    assert_int_equal(results, 3); /* created, listed, deleted */
    jdoc_free(messages);
}

static void abandoned_by_a_message(void **state)
{
    (void)state;
    size_t before = events_left();
    begin_deletion("ferry");
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_question();
    assert_int_equal(turn_bench_run(&bench, "What time is it?"), 0);
    assert_int_equal(events_left(), before + 1);
    jdoc *messages = turn_bench_messages(&bench);
    bool told = false;
    for (size_t i = 0; i < jdoc_length(messages); i++)
        told |= strstr(jdoc_text_or(jdoc_at(messages, i), "content", ""),
                    "\"code\":\"cancelled\"") != NULL;
    assert_true(told);
    jdoc_free(messages);
    /* An answer's turn that comes after it has nothing to do. */
    turn_bench_begin(&bench, NULL, NULL, NULL, 0);
    bench.start.input = "{\"v\":1,\"run_id\":\"r\",\"resume\":true}";
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_types("RUN_STARTED RUN_FINISHED");
}

/* What runs is what was shown, to the byte. */
static void other_arguments_do_not_run(void **state)
{
    (void)state;
    begin_deletion("barbecue");
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_question();
    size_t before = events_left();
    answer(APPROVALS_APPROVE);
    assert_int_equal(link_command(bench.onlooker->link, NULL,
                         "HSET tp:{ann}:approval:%s args {\"event_id\":\"another\"}", id),
        0);
    turn_bench_begin(&bench, NULL, NULL, NULL, 0);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_result("approval_mismatch");
    assert_int_equal(events_left(), before);
}

static void a_no_is_told(void **state)
{
    (void)state;
    begin_deletion("picnic");
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_question();
    answer(APPROVALS_DENY);
    turn_bench_begin(&bench, NULL, NULL, NULL, 0);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_result("\"code\":\"denied\"");
    char *said = turn_bench_deltas(&bench, "TEXT_MESSAGE_CONTENT");
    assert_non_null(strstr(said, "I have not done it"));
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(asks_and_goes_on, tear_down),
        cmocka_unit_test_teardown(lost_between_question_and_end, tear_down),
        cmocka_unit_test_teardown(lost_behind_the_commit, tear_down),
        cmocka_unit_test_teardown(abandoned_by_a_message, tear_down),
        cmocka_unit_test_teardown(other_arguments_do_not_run, tear_down),
        cmocka_unit_test_teardown(a_no_is_told, tear_down),
    };
    return cmocka_run_group_tests(tests, turn_fixture_start_offline, turn_fixture_stop);
}
