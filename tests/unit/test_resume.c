/* SPDX-License-Identifier: BSD-2-Clause */
/* A turn that another worker began: what its viewers see of the change. */
#include "base/err.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turn_bench bench;

#define CALL_ANSWER \
    "{\"id\":\"a1\",\"role\":\"assistant\",\"content\":\"Let me see.\",\"toolCalls\":[{\"id\":" \
    "\"c1\",\"type\":\"function\",\"function\":{\"name\":\"get_current_time\",\"arguments\":" \
    "\"{}\"}}]}"
#define CALL_RESULT \
    "{\"id\":\"r1\",\"role\":\"tool\",\"content\":\"{\\\"success\\\":true,\\\"message\\\":" \
    "\\\"noon\\\"}\",\"toolCallId\":\"c1\"}"
#define STEP(messages) \
    "{\"v\":1,\"modelCalls\":1,\"toolCallsLeft\":15,\"bytesLeft\":1000000,\"usage\":[]," \
    "\"messages\":[" messages "]}"

static int set_up(void **state)
{
    turn_fixture_new_session(state);
    turn_bench_begin(&bench, "what time is it", NULL, NULL, 0);
    return 0;
}

/* The first worker writes these events, then dies. */
static void write_events(const char *const *events)
{
    const struct turns_start *t = &bench.start;
    char log[KEYS_MAX], channel[KEYS_MAX], epoch[24], n[24];

    keys_session_log(log, t->uid, t->session);
    keys_session(channel, t->uid, t->session);
    snprintf(epoch, sizeof epoch, "%lld", (long long)t->epoch);
    for (int i = 0; events[i]; i++) {
        struct buf entry = {0};
        struct link_reply *reply = NULL;

        snprintf(n, sizeof n, "%d", i + 2);
        buf_printf(&entry, "%s %c %s", t->turn,
            strstr(events[i], "TEXT_MESSAGE_CONTENT") ? 'T' : '-', events[i]);
        struct link_arg key = link_text(log),
                        args[4] = {link_text(channel), link_text(epoch), link_text(n),
                            link_text(buf_text(&entry))};
        assert_int_equal(
            link_script_call(bench.store->link, &script_append,
                &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 4}, &reply),
            0);
        assert_int_equal(link_reply_int(reply), i + 2);
        link_reply_free(reply);
        buf_free(&entry);
    }
}

static void save(const char *step)
{
    assert_int_equal(turns_checkpoint(bench.store, &bench.start, step, strlen(step)), 0);
}

static void take_over(unsigned attempt)
{
    const struct turns_loss loss = {.how = TURNS_DEAD};
    char next[IDENT_UUID_SIZE];
    struct turns_start start;

    assert_int_equal(turns_abandon(bench.onlooker, bench.start.uid, bench.start.turn, &loss, next,
                         NULL),
        0);
    assert_int_equal(turns_claim(bench.store, bench.start.uid, next, 50, bench.arena, &start), 0);
    bench.start = start;
    assert_int_equal(bench.start.attempt, attempt);
}

static void go_on(const char *types)
{
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    char *seen = turn_bench_types(&bench);
    assert_string_equal(seen, types);
    free(seen);
}

/* The messages of the snapshot, as JSON; the caller frees it. */
static jdoc *snapshot(void)
{
    jdoc *events = turn_bench_events(&bench), *found = NULL;
    struct buf text = {0};

    for (size_t i = 0; i < jdoc_length(events); i++)
        if (!strcmp(jdoc_text_or(jdoc_at(events, i), "type", ""), "MESSAGES_SNAPSHOT"))
            jdoc_write(jdoc_get(jdoc_at(events, i), "messages"), &text);
    assert_int_equal(jdoc_parse(buf_text(&text), text.len, &found, NULL, 0), 0);
    jdoc_free(events);
    buf_free(&text);
    return found;
}

#define TOOL_AND_TEXT \
    " TOOL_CALL_START TOOL_CALL_ARGS TOOL_CALL_END TOOL_CALL_RESULT TEXT_MESSAGE_START " \
    "TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED"

static void nothing_said_nothing_torn(void **state)
{
    (void)state;
    take_over(2);
    go_on("RUN_STARTED CUSTOM" TOOL_AND_TEXT);
}

static void open_ends_are_closed_and_dropped(void **state)
{
    static const char *const events[] = {"{\"type\":\"REASONING_START\",\"messageId\":\"t1\"}",
        "{\"type\":\"REASONING_MESSAGE_START\",\"messageId\":\"t1\",\"role\":\"reasoning\"}",
        "{\"type\":\"REASONING_MESSAGE_CONTENT\",\"messageId\":\"t1\",\"delta\":\"hm\"}",
        "{\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"x1\",\"role\":\"assistant\"}",
        "{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"x1\",\"delta\":\"hel\"}",
        "{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"k1\",\"toolCallName\":\"n\","
        "\"parentMessageId\":\"x1\"}",
        "{\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"k1\",\"delta\":\"{\"}", NULL};

    (void)state;
    write_events(events);
    take_over(2);
    go_on(
        "RUN_STARTED REASONING_START REASONING_MESSAGE_START REASONING_MESSAGE_CONTENT "
        "TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TOOL_CALL_START TOOL_CALL_ARGS CUSTOM "
        "TOOL_CALL_END TEXT_MESSAGE_END REASONING_MESSAGE_END REASONING_END MESSAGES_SNAPSHOT" TOOL_AND_TEXT);
    jdoc *messages = snapshot();
    assert_int_equal(jdoc_length(messages), 1); /* the question */
    jdoc_free(messages);
}

static const char *const whole_call[] = {
    "{\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"a1\",\"role\":\"assistant\"}",
    "{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"a1\",\"delta\":\"Let me see.\"}",
    "{\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"a1\"}",
    "{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c1\",\"toolCallName\":\"get_current_time\","
    "\"parentMessageId\":\"a1\"}",
    "{\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"c1\",\"delta\":\"{}\"}",
    "{\"type\":\"TOOL_CALL_END\",\"toolCallId\":\"c1\"}",
    "{\"type\":\"TOOL_CALL_RESULT\",\"messageId\":\"r1\",\"toolCallId\":\"c1\",\"content\":\"{}\"}",
    NULL};
#define WHOLE_CALL \
    "RUN_STARTED TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END TOOL_CALL_START " \
    "TOOL_CALL_ARGS TOOL_CALL_END TOOL_CALL_RESULT CUSTOM"
#define TEXT_ONLY " TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED"

static void what_a_checkpoint_has_needs_no_snapshot(void **state)
{
    (void)state;
    write_events(whole_call);
    save(STEP(CALL_ANSWER));
    save(STEP(CALL_RESULT));
    take_over(2);
    go_on(WHOLE_CALL TEXT_ONLY);
    jdoc *messages = turn_bench_messages(&bench);
    assert_int_equal(jdoc_length(messages), 4);
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 1), "id", ""), "a1");
    jdoc_free(messages);
}

static void a_result_without_its_checkpoint_is_replaced(void **state)
{
    (void)state;
    write_events(whole_call);
    save(STEP(CALL_ANSWER));
    take_over(2);
    go_on(WHOLE_CALL " MESSAGES_SNAPSHOT TOOL_CALL_RESULT" TEXT_ONLY);
    jdoc *messages = snapshot();
    assert_int_equal(jdoc_length(messages), 2); /* the question, the answer with its call */
    jdoc_free(messages);
}

/* Redis took the checkpoint; the events before it were still in the worker. */
static void a_checkpoint_ahead_of_the_log_is_shown(void **state)
{
    static const char *const half[] = {
        "{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c1\",\"toolCallName\":\"get_current_time\","
        "\"parentMessageId\":\"a1\"}",
        NULL};

    (void)state;
    write_events(half);
    save(STEP(CALL_ANSWER));
    take_over(2);
    go_on(
        "RUN_STARTED TOOL_CALL_START CUSTOM TOOL_CALL_END MESSAGES_SNAPSHOT TOOL_CALL_RESULT" TEXT_ONLY);
    jdoc *messages = snapshot();
    assert_int_equal(jdoc_length(messages), 2);
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 1), "content", ""), "Let me see.");
    jdoc_free(messages);
}

static void of_a_cleaned_log_nothing_is_said_again(void **state)
{
    static const char *const torn[] = {
        "{\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"x1\",\"role\":\"assistant\"}", NULL};
    static const char *const cleaned[] = {"{\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"x1\"}",
        "{\"type\":\"MESSAGES_SNAPSHOT\",\"messages\":[]}", NULL};

    (void)state;
    write_events(torn);
    take_over(2);
    write_events(cleaned);
    take_over(3);
    go_on(
        "RUN_STARTED TEXT_MESSAGE_START CUSTOM TEXT_MESSAGE_END MESSAGES_SNAPSHOT CUSTOM" TOOL_AND_TEXT);
}

static void a_stop_in_between_ends_it_in_order(void **state)
{
    static const char *const torn[] = {
        "{\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"x1\",\"role\":\"assistant\"}", NULL};
    char turn[IDENT_UUID_SIZE], before[16];

    (void)state;
    write_events(torn);
    assert_int_equal(turns_stop(bench.onlooker, bench.start.uid,
                         &(struct turns_target){.turn = bench.start.turn}, turn, before),
        0);
    take_over(2);
    go_on("RUN_STARTED TEXT_MESSAGE_START CUSTOM TEXT_MESSAGE_END MESSAGES_SNAPSHOT RUN_FINISHED");
    assert_int_equal(bench.result.http_status, 409);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_said_nothing_torn, set_up),
        cmocka_unit_test_setup(open_ends_are_closed_and_dropped, set_up),
        cmocka_unit_test_setup(what_a_checkpoint_has_needs_no_snapshot, set_up),
        cmocka_unit_test_setup(a_result_without_its_checkpoint_is_replaced, set_up),
        cmocka_unit_test_setup(a_checkpoint_ahead_of_the_log_is_shown, set_up),
        cmocka_unit_test_setup(of_a_cleaned_log_nothing_is_said_again, set_up),
        cmocka_unit_test_setup(a_stop_in_between_ends_it_in_order, set_up),
    };

    return cmocka_run_group_tests(tests, turn_fixture_start_offline, turn_fixture_stop);
}
