/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* strcasestr */

#include "agent/input.h"
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turn_bench bench;

#define ANSWER_HEAD \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":" \
    "\"message\",\"role\":\"assistant\",\"model\":\"claude-test\",\"content\":[],\"usage\":" \
    "{\"input_tokens\":10,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n"
#define BLOCK(i, content) \
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":" #i \
    ",\"content_block\":" content "}\n\n"
#define DELTA(i, delta) \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" #i \
    ",\"delta\":" delta "}\n\n"
#define TEXT(i, text) DELTA(i, "{\"type\":\"text_delta\",\"text\":\"" text "\"}")
#define ARGS(i, text) DELTA(i, "{\"type\":\"input_json_delta\",\"partial_json\":\"" text "\"}")
#define STOP(i) \
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":" #i "}\n\n"
#define ANSWER_END(reason) \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason \
    "\"},\"usage\":{\"output_tokens\":7}}\n\n" \
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define PING "event: ping\ndata: {\"type\":\"ping\"}\n\n"
#define SIMPLE(text) \
    ANSWER_HEAD BLOCK(0, "{\"type\":\"text\",\"text\":\"\"}") PING TEXT(0, text) STOP(0) \
        ANSWER_END("end_turn")
#define TOOL(name, args) \
    ANSWER_HEAD BLOCK(0, \
        "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"" name "\",\"input\":{}}") \
        ARGS(0, "") ARGS(0, args) STOP(0) ANSWER_END("tool_use")

static int tear_down(void **state)
{
    (void)state;
    model_double_stop(&model);
    bench.on_stage = NULL;
    bench.abort_now = 0;
    turn_bench_set(&bench, "turn.time", "120s");
    turn_bench_set(&bench, "turn.bytes", "1m");
    turn_bench_set(&bench, "turn.model_calls", "8");
    turn_bench_set(&bench, "turn.tool_calls", "16");
    turn_bench_set(&bench, "tool.result", "64k");
    turn_bench_set(&bench, "model.retries", "2");
    turn_bench_set(&bench, "breaker.failures", "3");
    return 0;
}

static void expect_types(const char *want)
{
    char *types = turn_bench_types(&bench);
    assert_string_equal(types, want);
    free(types);
}

static void expect_deltas(const char *type, const char *want)
{
    char *text = turn_bench_deltas(&bench, type);
    assert_string_equal(text, want);
    free(text);
}

static void expect_problem(int status, const char *code)
{
    jdoc *reply = turn_bench_reply(&bench), *events = turn_bench_events(&bench);
    const jdoc *last = jdoc_at(events, jdoc_length(events) - 1);
    char type[96];

    assert_int_equal(bench.result.http_status, status);
    assert_string_equal(jdoc_text_or(reply, "code", ""), code);
    snprintf(type, sizeof type, "urn:turnpike:problem:%s", code);
    assert_string_equal(jdoc_text_or(reply, "type", ""), type);
    assert_string_equal(jdoc_text_or(reply, "trace_id", ""), "0af7651916cd43dd8448eb211c80319c");
    if (strcmp(code, "turn_cancelled"))
        assert_string_equal(jdoc_text_or(last, "code", ""), code);
    jdoc_free(reply);
    jdoc_free(events);
}

#define PLAIN_RUN \
    "RUN_STARTED TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED"

static void test_text_is_streamed_and_stored(void **state)
{
    (void)state;
    USE({.body = SIMPLE("Hello \\u00e9 \\\"you\\\"\\n🚐")});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 200);
    expect_types(PLAIN_RUN);
    expect_deltas("TEXT_MESSAGE_CONTENT", "Hello é \"you\"\n🚐");
    jdoc *messages = turn_bench_messages(&bench), *reply = turn_bench_reply(&bench);
    assert_int_equal(jdoc_length(messages), 2);
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 1), "content", ""), "Hello é \"you\"\n🚐");
    assert_string_equal(jdoc_text_or(reply, "response", ""), "Hello é \"you\"\n🚐");
    assert_string_equal(jdoc_text_or(reply, "model", ""), "claude-test");
    int64_t tokens;
    assert_int_equal(jdoc_get_int(reply, "tokens_used", &tokens), 0);
    assert_int_equal(tokens, 22);
    jdoc_free(messages);
    jdoc_free(reply);
    char *request = model_double_request(&model, 0);
    assert_non_null(strcasestr(request, "POST /v1/messages HTTP/1.1"));
    assert_non_null(strcasestr(request, "x-api-key: secret-key"));
    assert_non_null(strcasestr(request, "anthropic-version: 2023-06-01"));
    assert_non_null(strstr(request, "Australia/Sydney"));
    free(request);
}

static void test_every_split_of_the_stream_is_the_same(void **state)
{
    (void)state;
    USE({.body = SIMPLE("caf\xc3\xa9 \\ud83d\\ude90 end"), .split = 1});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_types(PLAIN_RUN);
    expect_deltas("TEXT_MESSAGE_CONTENT", "café 🚐 end");
}

static void test_a_tool_is_called_and_its_result_goes_back(void **state)
{
    (void)state;
    USE({.body = TOOL("create_expense", "{\\\"amount\\\":45.5,\\\"category\\\":\\\"gas\\\"}")},
        {.body = SIMPLE("Logged.")});
    assert_int_equal(turn_bench_run(&bench, "I spent 45.50 on fuel"), 0);
    assert_int_equal(bench.result.http_status, 200);
    expect_types("RUN_STARTED TOOL_CALL_START TOOL_CALL_ARGS TOOL_CALL_END TOOL_CALL_RESULT "
                 "TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED");
    jdoc *reply = turn_bench_reply(&bench);
    const jdoc *action = jdoc_at(jdoc_get(reply, "actions"), 0);
    assert_string_equal(jdoc_text_or(action, "tool", ""), "create_expense");
    assert_string_equal(jdoc_text_or(action, "status", ""), "success");
    assert_string_equal(jdoc_text_or(action, "entity", ""), "expense");
    jdoc_free(reply);
    char *request = model_double_request(&model, 1);
    assert_non_null(strstr(request, "\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\""));
    assert_non_null(strstr(request, "\"input\":{\"amount\":45.5,\"category\":\"gas\"}"));
    free(request);
    assert_int_equal(bench.stage_count[STAGE_CHECKPOINT], 2);
}

static void test_a_wrong_call_becomes_a_result(void **state)
{
    (void)state;
    USE({.body = TOOL("no_such_tool", "{}")}, {.body = TOOL("create_expense", "{\\\"amount\\\":")},
        {.body = SIMPLE("Sorry.")});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 200);
    jdoc *messages = turn_bench_messages(&bench);
    assert_int_equal(jdoc_length(messages), 6);
    assert_non_null(strstr(jdoc_text_or(jdoc_at(messages, 2), "content", ""), "unknown_tool"));
    assert_non_null(strstr(jdoc_text_or(jdoc_at(messages, 4), "content", ""), "\"success\":false"));
    /* The second call came with the same id: it got one of ours. */
    assert_string_not_equal(jdoc_text_or(jdoc_at(messages, 2), "toolCallId", ""),
        jdoc_text_or(jdoc_at(messages, 4), "toolCallId", ""));
    jdoc_free(messages);
}

static void test_offline_plans_a_trip(void **state)
{
    (void)state;
    turn_bench_set(&bench, "model.chain", "offline");
    assert_int_equal(turn_bench_run(&bench, "I spent 45.50 on fuel"), 0);
    assert_int_equal(bench.result.http_status, 200);
    jdoc *reply = turn_bench_reply(&bench);
    assert_non_null(strstr(jdoc_text_or(reply, "response", ""), "Logged"));
    assert_non_null(strstr(jdoc_text_or(reply, "response", ""), "Offline mode"));
    jdoc_free(reply);
    expect_types("RUN_STARTED TOOL_CALL_START TOOL_CALL_ARGS TOOL_CALL_END TOOL_CALL_RESULT "
                 "TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED");
}

static void test_errors_before_a_token_are_tried_again(void **state)
{
    (void)state;
    USE({.status = 529,
            .headers = "retry-after-ms: 20\r\n",
            .body = "{\"type\":\"error\",\"error\":"
                    "{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}"},
        {.body = ANSWER_HEAD "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                             "\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"},
        {.body = SIMPLE("At last")});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 200);
    assert_int_equal(model_double_requests(&model), 3);
    expect_types(PLAIN_RUN);
}

static void test_a_refused_request_is_not_tried_again(void **state)
{
    (void)state;
    USE({.status = 400,
        .body = "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
                "\"message\":\"bad\"}}"});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(502, "model_rejected");
    assert_int_equal(model_double_requests(&model), 1);
    expect_types("RUN_STARTED RUN_ERROR");
}

static void test_a_break_in_the_text_keeps_the_text(void **state)
{
    (void)state;
    USE({.body = ANSWER_HEAD BLOCK(0, "{\"type\":\"text\",\"text\":\"\"}") TEXT(0, "Half an ans"),
        .cut = true});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(502, "model_interrupted");
    assert_int_equal(model_double_requests(&model), 1);
    expect_types("RUN_STARTED TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_ERROR");
    jdoc *messages = turn_bench_messages(&bench);
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 1), "content", ""), "Half an ans");
    jdoc_free(messages);
}

static void expect_retryable(bool want)
{
    jdoc *reply = turn_bench_reply(&bench);
    bool value = !want;

    assert_int_equal(jdoc_get_bool(reply, "retryable", &value), 0);
    assert_int_equal(value, want);
    jdoc_free(reply);
}

/* What the user is told, and that money and patience are not spent on it three times. */
static void test_failures_that_only_the_operator_can_mend(void **state)
{
    (void)state;
    USE({.status = 401,
            .body = "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\","
                    "\"message\":\"invalid x-api-key\"}}"},
        {.status = 403, .body = "{\"error\":\"no\"}"}, {.status = 402, .body = "{}"},
        {.status = 429,
            .body = "{\"error\":{\"type\":\"insufficient_quota\",\"code\":"
                    "\"insufficient_quota\",\"message\":\"You exceeded your current quota\"}}"});
    turn_bench_set(&bench, "breaker.failures", "1000");
    const char *const codes[] = {"model_credential", "model_credential", "model_quota",
        "model_quota"};
    for (int i = 0; i < 4; i++) {
        turn_bench_new_session(&bench);
        assert_int_equal(turn_bench_run(&bench, "hi"), 0);
        expect_problem(502, codes[i]);
        expect_retryable(false);
        assert_int_equal(model_double_requests(&model), i + 1);
    }
}

/* A provider that is skipped for a while is skipped for the reason that it gave. */
static void test_a_skipped_provider_keeps_its_reason(void **state)
{
    (void)state;
    USE({.status = 401, .body = "{}"});
    turn_bench_set(&bench, "breaker.failures", "2");
    for (int i = 0; i < 4; i++) {
        turn_bench_new_session(&bench);
        assert_int_equal(turn_bench_run(&bench, "hi"), 0);
        expect_problem(502, "model_credential");
    }
    assert_int_equal(model_double_requests(&model), 2);
}

static void test_an_overloaded_model_is_called_that(void **state)
{
    (void)state;
    USE({.status = 529, .headers = "retry-after-ms: 1\r\n", .body = "{}"});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(502, "model_overloaded");
    expect_retryable(true);
    assert_int_equal(model_double_requests(&model), 3);
}

static void expect_stop_reason(const char *want, const char *words)
{
    jdoc *reply = turn_bench_reply(&bench);

    assert_int_equal(bench.result.http_status, 200);
    assert_string_equal(jdoc_text_or(reply, "stop_reason", ""), want);
    assert_non_null(strstr(jdoc_text_or(reply, "response", ""), words));
    jdoc_free(reply);
}

#define NOTHING \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"," \
    "\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":0}}}\n\n" \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}" \
    ",\"usage\":{\"output_tokens\":0}}\n\n" \
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

static void test_an_empty_answer_is_asked_for_once_more(void **state)
{
    (void)state;
    USE({.body = NOTHING}, {.body = SIMPLE("At last")});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(model_double_requests(&model), 2);
    expect_deltas("TEXT_MESSAGE_CONTENT", "At last");
}

static void test_an_empty_answer_is_no_silent_success(void **state)
{
    (void)state;
    USE({.body = NOTHING});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(model_double_requests(&model), 2);
    expect_stop_reason("empty", "The model gave no answer");
    expect_types(PLAIN_RUN);
    model_double_stop(&model);

    /* Blanks and a thought were paid for: no other try. */
    USE({.body = ANSWER_HEAD BLOCK(0, "{\"type\":\"thinking\",\"thinking\":\"\"}")
             DELTA(0, "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}") STOP(0)
                 BLOCK(1, "{\"type\":\"text\",\"text\":\"\"}") TEXT(1, "\\n\xe2\x80\xa8") STOP(1)
                     ANSWER_END("end_turn")});
    turn_bench_new_session(&bench);
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(model_double_requests(&model), 1);
    expect_stop_reason("empty", "The model gave no answer");
    model_double_stop(&model);

    USE({.body = TOOL("get_current_time", "{}")}, {.body = NOTHING});
    turn_bench_new_session(&bench);
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_stop_reason("empty", "The tools have run");
}

static void test_an_answer_in_one_document(void **state)
{
    (void)state;
    USE({.headers = "content-type: application/json\r\n",
            .split = 7,
            .body =
                " \n{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"local\",\"content\":["
                "{\"type\":\"text\",\"text\":\"All at once\"}],\"stop_reason\":\"end_turn\",\"usage\":"
                "{\"input_tokens\":3,\"output_tokens\":4}}"},
        {.body =
                "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"pay\"}}"});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 200);
    assert_int_equal(model_double_requests(&model), 1);
    expect_types(PLAIN_RUN);
    expect_deltas("TEXT_MESSAGE_CONTENT", "All at once");
    turn_bench_new_session(&bench);
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(502, "model_quota");
}

static void test_another_provider_takes_over(void **state)
{
    (void)state;
    USE({.status = 401, .body = "{}"});
    turn_bench_set(&bench, "model.chain", "anthropic offline");
    assert_int_equal(turn_bench_run(&bench, "hello"), 0);
    assert_int_equal(bench.result.http_status, 200);
    expect_types(PLAIN_RUN);
}

static void stop_it(struct turn_bench *b, enum stage stage)
{
    char turn[IDENT_UUID_SIZE], state[16];

    if (stage == STAGE_MODEL_TEXT)
        assert_int_equal(turns_stop(b->onlooker, "ann",
                             &(struct turns_target){.turn = b->start.turn}, turn, state),
            0);
}

static void test_a_stop_closes_the_model_and_keeps_the_text(void **state)
{
    int64_t began;

    (void)state;
    USE({.body = ANSWER_HEAD BLOCK(0, "{\"type\":\"text\",\"text\":\"\"}") TEXT(0, "So far"),
        .hang = true});
    bench.on_stage = stop_it;
    began = clock_mono_ms();
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_true(clock_mono_ms() - began < 1000);
    expect_problem(409, "turn_cancelled");
    expect_types(PLAIN_RUN);
    assert_true(model_double_closed(&model, 0));
    jdoc *events = turn_bench_events(&bench), *messages = turn_bench_messages(&bench);
    const jdoc *last = jdoc_at(events, jdoc_length(events) - 1);
    assert_string_equal(jdoc_text_or(jdoc_get(last, "outcome"), "type", ""), "cancelled");
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 1), "content", ""), "So far");
    jdoc_free(events);
    jdoc_free(messages);
}

static void test_the_deadline_ends_a_silent_model(void **state)
{
    (void)state;
    USE({.body = ANSWER_HEAD, .hang = true});
    turn_bench_set(&bench, "turn.time", "1s");
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(504, "turn_deadline");
    assert_true(model_double_closed(&model, 0));
}

static void test_the_drain_limit_gives_a_turn_back(void **state)
{
    struct arena *arena = arena_new();
    struct turns_start again;

    (void)state;
    USE({.body = ANSWER_HEAD, .hang = true});
    bench.abort_now = 1;
    assert_int_equal(turn_bench_run(&bench, "hi"), ERR_FENCED);
    assert_int_equal(turns_claim(bench.onlooker, bench.start.uid, bench.start.turn, 10, arena,
                         &again),
        0);
    assert_int_equal(again.attempt, 2);
    arena_free(arena);
}

static void test_limits(void **state)
{
    (void)state;
    USE({.body = TOOL("get_current_time", "{}")});
    turn_bench_set(&bench, "turn.model_calls", "3");
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(500, "limit_model_calls");
    assert_int_equal(model_double_requests(&model), 3);
    char *request = model_double_request(&model, 2);
    assert_non_null(strstr(request, "\"tool_choice\":{\"type\":\"none\"}"));
    free(request);

    turn_bench_set(&bench, "turn.bytes", "1024");
    turn_bench_set(&bench, "turn.model_calls", "100");
    turn_bench_set(&bench, "turn.tool_calls", "1000");
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_problem(500, "limit_bytes");
}

static void test_client_tools_end_the_run_with_pending_calls(void **state)
{
    static const char agui[] =
        "{\"tools\":[{\"name\":\"show_map\",\"description\":\"shows\","
        "\"parameters\":{\"type\":\"object\",\"properties\":{\"q\":{\"type\":\"string\"}}}}]}";
    static const char *const result[] = {
        "{\"id\":\"r1\",\"role\":\"tool\",\"toolCallId\":\"toolu_1\","
        "\"content\":\"shown\"}"};

    (void)state;
    USE({.body = TOOL("show_map", "{\\\"q\\\":\\\"Perth\\\"}")}, {.body = SIMPLE("There it is.")});
    turn_bench_begin(&bench, "show Perth", agui, NULL, 0);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    assert_int_equal(bench.result.http_status, 200);
    expect_types("RUN_STARTED TOOL_CALL_START TOOL_CALL_ARGS TOOL_CALL_END RUN_FINISHED");
    jdoc *events = turn_bench_events(&bench);
    const jdoc *outcome = jdoc_get(jdoc_at(events, jdoc_length(events) - 1), "outcome");
    assert_string_equal(jdoc_string(jdoc_at(jdoc_get(outcome, "pendingToolCallIds"), 0), NULL),
        "toolu_1");
    jdoc_free(events);
    char *request = model_double_request(&model, 0);
    assert_non_null(strstr(request, "{\"name\":\"show_map\",\"description\":\"shows\""));
    free(request);
    turn_bench_begin(&bench, NULL, agui, result, 1);
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_types(PLAIN_RUN);
    request = model_double_request(&model, 1);
    assert_non_null(strstr(request, "\"tool_use_id\":\"toolu_1\",\"content\":\"shown\""));
    free(request);
}

static void test_thoughts_come_back_unchanged(void **state)
{
    (void)state;
    USE({.body = ANSWER_HEAD BLOCK(0,
             "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}") DELTA(0,
             "{\"type\":\"thinking_delta\",\"thinking\":\"Let me see\"}") DELTA(0,
             "{\"type\":\"signature_delta\",\"signature\":\"SIG==\"}") STOP(0) BLOCK(1,
             "{\"type\":\"redacted_thinking\",\"data\":\"HIDDEN\"}") STOP(1) BLOCK(2,
             "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"get_current_time\",\"input\":{}}")
                STOP(2) ANSWER_END("tool_use")},
        {.body = SIMPLE("It is late.")});
    assert_int_equal(turn_bench_run(&bench, "time?"), 0);
    assert_int_equal(bench.result.http_status, 200);
    char *request = model_double_request(&model, 1);
    assert_non_null(strstr(request,
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
        "\"thinking\":\"Let me see\",\"signature\":\"SIG==\"},{\"type\":\"redacted_thinking\","
        "\"data\":\"HIDDEN\"},{\"type\":\"tool_use\""));
    free(request);
    char *types = turn_bench_types(&bench);
    assert_non_null(strstr(types,
        "REASONING_START REASONING_MESSAGE_START "
        "REASONING_MESSAGE_CONTENT REASONING_MESSAGE_END REASONING_ENCRYPTED_VALUE REASONING_END"));
    free(types);
}

static void test_a_long_result_is_cut_with_a_mark(void **state)
{
    (void)state;
    USE({.body = TOOL("get_current_time", "{}")}, {.body = SIMPLE("ok")});
    turn_bench_set(&bench, "tool.result", "1024");
    bench.conf.tool_result_max = 100;
    assert_int_equal(turn_bench_run(&bench, "time"), 0);
    jdoc *messages = turn_bench_messages(&bench);
    assert_non_null(
        strstr(jdoc_text_or(jdoc_at(messages, 2), "content", ""), "\"truncated\":true"));
    jdoc_free(messages);
}

static void kill_redis(struct turn_bench *b, enum stage stage)
{
    if (stage == STAGE_MODEL_TEXT) {
        own_redis_kill(&b->redis);
        own_redis_again(&b->redis);
    }
}

static void test_redis_restarts_in_the_middle(void **state)
{
    (void)state;
    USE({.body = SIMPLE("One two three")});
    turn_bench_begin(&bench, "hi", NULL, NULL, 0);
    bench.on_stage = kill_redis;
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    bench.on_stage = NULL;
    assert_int_equal(bench.result.http_status, 200);
    expect_types(PLAIN_RUN);
    expect_deltas("TEXT_MESSAGE_CONTENT", "One two three");
}

static void test_a_stop_before_the_start(void **state)
{
    (void)state;
    turn_bench_set(&bench, "model.chain", "offline");
    turn_bench_begin(&bench, "hi", NULL, NULL, 0);
    bench.start.stopped = true;
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    expect_problem(409, "turn_cancelled");
    expect_types("RUN_STARTED RUN_FINISHED");
}

static void test_a_damaged_input_still_ends(void **state)
{
    (void)state;
    turn_bench_begin(&bench, "hi", NULL, NULL, 0);
    bench.start.input = "{\"v\":";
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    assert_int_equal(bench.result.http_status, 500);
    expect_types("RUN_STARTED RUN_ERROR");
}

/* The worker that wrote the input does not read it again: what it has is what counts. */
static void test_a_given_input_is_not_read(void **state)
{
    struct input in = {.run_id = "run-7", .text = "hi", .message_id = "m1"};

    (void)state;
    USE({.body = SIMPLE("One")});
    turn_bench_begin(&bench, "hi", NULL, NULL, 0);
    bench.start.input = "{\"v\":";
    input_complete(&in);
    bench.given = &in;
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    bench.given = NULL;
    assert_int_equal(bench.result.http_status, 200);
    jdoc *events = turn_bench_events(&bench);
    const jdoc *last = jdoc_at(events, jdoc_length(events) - 1);
    assert_string_equal(jdoc_text_or(last, "type", ""), "RUN_FINISHED");
    assert_string_equal(jdoc_text_or(last, "runId", ""), "run-7");
    jdoc_free(events);
}

static void take_it_over(struct turn_bench *b, enum stage stage)
{
    if (stage == STAGE_MODEL_TEXT)
        assert_int_equal(turns_fail(b->onlooker, "ann", b->start.turn, false, "worker_lost",
                             "gone"),
            0);
}

static void test_a_fenced_turn_writes_nothing_more(void **state)
{
    (void)state;
    USE({.body = SIMPLE("One")});
    bench.on_stage = take_it_over;
    assert_int_equal(turn_bench_run(&bench, "hi"), ERR_FENCED);
    jdoc *events = turn_bench_events(&bench);
    const jdoc *last = jdoc_at(events, jdoc_length(events) - 1);
    assert_string_equal(jdoc_text_or(last, "code", ""), "worker_lost");
    jdoc_free(events);
}

/* ---- tools that wait for the network ---- */

#define TWO_ROUTES \
    ANSWER_HEAD BLOCK(0, \
        "{\"type\":\"tool_use\",\"id\":\"r1\",\"name\":\"calculate_distance\"," \
        "\"input\":{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}}") STOP(0) BLOCK(1, \
        "{\"type\":\"tool_use\",\"id\":\"r2\",\"name\":\"calculate_distance\"," \
        "\"input\":{\"origin\":\"Brisbane\",\"destination\":\"Sydney\"}}") STOP(1) \
        ANSWER_END("tool_use")

static struct model_double routes;

static void set_routes(const struct model_reply *reply)
{
    char url[64];

    turn_bench_places(&bench);
    model_double_start(&routes, reply, 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", routes.port);
    turn_bench_set(&bench, "osrm.url", url);
}

static void unset_routes(void)
{
    turn_bench_set(&bench, "osrm.url", "");
    model_double_stop(&routes);
}

static void test_calls_run_side_by_side(void **state)
{
    const struct model_reply slow = {.wait_ms = 1500,
        .body = "{\"code\":\"Ok\",\"routes\":[{\"distance\":"
                "915000,\"duration\":34000,\"legs\":[{\"distance\":915000,\"duration\":34000}]}]}"};
    int64_t began = clock_mono_ms();

    (void)state;
    USE({.body = TWO_ROUTES}, {.body = SIMPLE("Both.")});
    set_routes(&slow);
    assert_int_equal(turn_bench_run(&bench, "both"), 0);
    assert_int_equal(bench.result.http_status, 200);
    assert_true(clock_mono_ms() - began < 2 * slow.wait_ms); /* one behind the other takes longer */
    assert_int_equal(model_double_requests(&routes), 2);
    jdoc *messages = turn_bench_messages(&bench);
    assert_int_equal(jdoc_length(messages), 5);
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 2), "toolCallId", ""), "r1");
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 3), "toolCallId", ""), "r2");
    assert_non_null(strstr(jdoc_text_or(jdoc_at(messages, 3), "content", ""), "915"));
    jdoc_free(messages);
    unset_routes();
}

static void stop_in_tool(struct turn_bench *b, enum stage stage)
{
    char turn[IDENT_UUID_SIZE], turn_state[16];

    if (stage == STAGE_TOOL)
        assert_int_equal(turns_stop(b->onlooker, "ann",
                             &(struct turns_target){.turn = b->start.turn}, turn, turn_state),
            0);
}

static void test_a_stop_in_the_middle_of_tools(void **state)
{
    const struct model_reply silent = {.body = " ", .hang = true};
    int64_t began = clock_mono_ms();

    (void)state;
    USE({.body = TWO_ROUTES});
    set_routes(&silent);
    bench.on_stage = stop_in_tool;
    assert_int_equal(turn_bench_run(&bench, "both"), 0);
    assert_true(clock_mono_ms() - began < 1000);
    expect_problem(409, "turn_cancelled");
    /* Every call that a viewer saw has a result. */
    expect_types("RUN_STARTED TOOL_CALL_START TOOL_CALL_ARGS TOOL_CALL_END TOOL_CALL_START "
                 "TOOL_CALL_ARGS TOOL_CALL_END TOOL_CALL_RESULT TOOL_CALL_RESULT RUN_FINISHED");
    jdoc *messages = turn_bench_messages(&bench);
    assert_int_equal(jdoc_length(messages), 4);
    jdoc_free(messages);
    unset_routes();
}

/* ---- an earlier attempt got this far ---- */

static void test_a_checkpoint_is_taken_up(void **state)
{
    static const char *steps[] = {
        "{\"v\":1,\"modelCalls\":3,\"toolCallsLeft\":2,\"bytesLeft\":5000,"
        "\"usage\":[{\"provider\":\"anthropic\",\"model\":\"claude-test\",\"inputTokens\":100,"
        "\"outputTokens\":50,\"totalTokens\":150}],\"messages\":[{\"id\":\"a1\",\"role\":\"assistant\","
        "\"content\":\"I look.\",\"toolCalls\":[{\"id\":\"k1\",\"type\":\"function\",\"function\":{"
        "\"name\":\"get_current_time\",\"arguments\":\"{}\"}}]}]}"};

    (void)state;
    USE({.body = SIMPLE("It is late.")});
    turn_bench_begin(&bench, "time?", NULL, NULL, 0);
    bench.start.steps = steps;
    bench.start.step_count = 1;
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    assert_int_equal(bench.result.http_status, 200);
    assert_int_equal(model_double_requests(&model), 1);
    jdoc *messages = turn_bench_messages(&bench), *reply = turn_bench_reply(&bench);
    assert_int_equal(jdoc_length(messages), 4);
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 1), "id", ""), "a1");
    assert_string_equal(jdoc_text_or(jdoc_at(messages, 2), "toolCallId", ""), "k1");
    int64_t tokens;
    assert_int_equal(jdoc_get_int(reply, "tokens_used", &tokens), 0);
    assert_int_equal(tokens, 172);
    assert_string_equal(jdoc_text_or(reply, "response", ""), "I look.\n\nIt is late.");
    jdoc_free(messages);
    jdoc_free(reply);
}

static void test_openai_calls_a_tool(void **state)
{
    (void)state;
    const struct model_reply script[] = {
        {.body =
                "data: {\"model\":\"gpt-t\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"
                "\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"get_current_time\","
                "\"arguments\":\"{}\"}}]},\"finish_reason\":null}]}\r\n\r\n"
                "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\r\n\r\n"
                "data: [DONE]\r\n\r\n",
            .split = 7},
        {.body =
                "data: {\"model\":\"gpt-t\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Noon\"},"
                "\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
                "\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}"
                "\n\n"}, /* no [DONE] */
    };
    model_double_start(&model, script, 2);
    turn_bench_model(&bench, &model, "openai");
    assert_int_equal(turn_bench_run(&bench, "time?"), 0);
    assert_int_equal(bench.result.http_status, 200);
    expect_deltas("TEXT_MESSAGE_CONTENT", "Noon");
    char *request = model_double_request(&model, 1);
    assert_non_null(strstr(request, "POST /v1/chat/completions"));
    assert_non_null(strstr(request, "\"role\":\"tool\",\"tool_call_id\":\"call_1\""));
    free(request);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, turn_fixture_new_session, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_text_is_streamed_and_stored),
        TEST(test_every_split_of_the_stream_is_the_same),
        TEST(test_a_tool_is_called_and_its_result_goes_back),
        TEST(test_a_wrong_call_becomes_a_result),
        TEST(test_offline_plans_a_trip),
        TEST(test_errors_before_a_token_are_tried_again),
        TEST(test_a_refused_request_is_not_tried_again),
        TEST(test_a_break_in_the_text_keeps_the_text),
        TEST(test_failures_that_only_the_operator_can_mend),
        TEST(test_a_skipped_provider_keeps_its_reason),
        TEST(test_an_overloaded_model_is_called_that),
        TEST(test_an_empty_answer_is_asked_for_once_more),
        TEST(test_an_empty_answer_is_no_silent_success),
        TEST(test_an_answer_in_one_document),
        TEST(test_another_provider_takes_over),
        TEST(test_a_stop_closes_the_model_and_keeps_the_text),
        TEST(test_the_deadline_ends_a_silent_model),
        TEST(test_the_drain_limit_gives_a_turn_back),
        TEST(test_limits),
        TEST(test_client_tools_end_the_run_with_pending_calls),
        TEST(test_thoughts_come_back_unchanged),
        TEST(test_a_long_result_is_cut_with_a_mark),
        TEST(test_redis_restarts_in_the_middle),
        TEST(test_a_stop_before_the_start),
        TEST(test_a_damaged_input_still_ends),
        TEST(test_a_given_input_is_not_read),
        TEST(test_a_fenced_turn_writes_nothing_more),
        TEST(test_calls_run_side_by_side),
        TEST(test_a_stop_in_the_middle_of_tools),
        TEST(test_a_checkpoint_is_taken_up),
        TEST(test_openai_calls_a_tool),
    };
    return cmocka_run_group_tests(tests, turn_fixture_start, turn_fixture_stop);
}
