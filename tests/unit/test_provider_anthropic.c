/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/sink_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":" \
    "\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null," \
    "\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":3," \
    "\"cache_read_input_tokens\":100,\"output_tokens\":1}}}\n\n"
#define TEXT_BLOCK \
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0," \
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
#define DELTA(i, d) \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" #i \
    ",\"delta\":" d "}\n\n"
#define TEXT(s) DELTA(0, "{\"type\":\"text_delta\",\"text\":\"" s "\"}")
#define STOP(i) \
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":" #i "}\n\n"
#define END(reason) \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason \
    "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}}\n\n" \
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

/* Both ways, whole and in every small split, must say `want`. */
static void check(const char *bytes, const char *want, int error, enum provider_stop stop)
{
    for (size_t step = 0; step < 6; step++)
        for (int slow = 0; slow < 2; slow++) {
            struct sink_stream s;
            sink_stream_run(&s, &provider_anthropic, slow, bytes, strlen(bytes), step);
            assert_string_equal(buf_text(&s.out.text), want);
            assert_int_equal(s.error, error);
            assert_int_equal(s.stream.stop, stop);
            sink_stream_fini(&s);
        }
}

static void test_text(void **state)
{
    (void)state;
    check(START TEXT_BLOCK "event: ping\ndata: {\"type\":\"ping\"}\n\n" TEXT("Hel")
              TEXT("lo \\n\\u00e9") TEXT("caf\xc3\xa9 \\\"q\\\" \\/ \\\\ \\t") TEXT("") STOP(0)
                  END("end_turn"),
        "text Hello \n\xc3\xa9"
        "caf\xc3\xa9 \"q\" / \\ \t",
        0, PROVIDER_STOP_END);
}

static void test_surrogates_and_nul_take_the_slow_way(void **state)
{
    struct sink_stream s;
    const char *bytes =
        START TEXT_BLOCK TEXT("\\ud83d\\ude90") TEXT("a\\u0000b") STOP(0) END("end_turn");

    (void)state;
    sink_stream_run(&s, &provider_anthropic, false, bytes, strlen(bytes), 0);
    assert_int_equal(s.error, 0);
    assert_int_equal(s.out.text.len, 5 + 4 + 3);
    assert_memory_equal(s.out.text.data,
        "text \xf0\x9f\x9a\x90"
        "a\0b",
        12);
    sink_stream_fini(&s);
}

static void test_usage_counts_totals(void **state)
{
    struct sink_stream s;
    const char *bytes = START TEXT_BLOCK TEXT("x") STOP(0) END("end_turn");

    (void)state;
    sink_stream_run(&s, &provider_anthropic, false, bytes, strlen(bytes), 0);
    assert_true(s.stream.ended);
    assert_string_equal(s.stream.model, "claude-x");
    assert_int_equal(s.stream.usage.input, 128);
    assert_int_equal(s.stream.usage.cached, 100);
    assert_int_equal(s.stream.usage.cache_write, 3);
    assert_int_equal(s.stream.usage.output, 15);
    sink_stream_fini(&s);
}

/* A server may say any number: sums of them must stay sums. */
static void test_usage_has_an_upper_end(void **state)
{
    struct sink_stream s;
    const char *bytes =
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":"
        "9223372036854775807,\"cache_creation_input_tokens\":9223372036854775807,"
        "\"cache_read_input_tokens\":9223372036854775807,\"output_tokens\":"
        "9223372036854775807}}}\n\n" END("end_turn");

    (void)state;
    sink_stream_run(&s, &provider_anthropic, false, bytes, strlen(bytes), 0);
    assert_true(s.stream.usage.input == 3 * PROVIDER_COUNT_MAX);
    assert_true(s.stream.usage.cached == PROVIDER_COUNT_MAX);
    assert_int_equal(s.stream.usage.output, 15);
    sink_stream_fini(&s);
}

static void test_parallel_calls_and_odd_line_ends(void **state)
{
    (void)state;
    check(
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{}}}\r\n\r\n: comment\r\n\r\n"
        "data: {\"type\": \"content_block_start\", \"index\": 0, \"content_block\": {\"type\": "
        "\"tool_use\", \"id\": \"t1\", \"name\": \"a\", \"input\": {}}}\r\n\r\n"
        "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\","
        "\"id\":\"t2\",\"name\":\"b\",\"input\":{\"x\":1}}}\r\n\r\n"
        "data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": "
        "\"input_json_delta\", \"partial_json\": \"{\\\"q\\\":\"}}\r\n\r\n"
        "data: {\"delta\":{\"partial_json\":\"2}\",\"type\":\"input_json_delta\"},\"index\":0,"
        "\"type\":\"content_block_delta\"}\r\n\r\n" STOP(0) STOP(1) END("tool_use"),
        "call0 t1 a|call1 t2 b|args1 {\"x\":1}|args0 {\"q\":2}|end0|end1", 0, PROVIDER_STOP_CALLS);
}

static void test_thinking_and_unknown_blocks(void **state)
{
    (void)state;
    check(START
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
        "\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n" DELTA(0,
            "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}")
            DELTA(0, "{\"type\":\"signature_delta\",\"signature\":\"S1\"}") STOP(
                0) "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":"
                   "\"server_tool_use\",\"id\":\"z\",\"name\":\"web\"}}\n\n" DELTA(1,
                       "{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}")
                       STOP(1) "event: brand_new\ndata: {\"type\":\"brand_new\",\"x\":[1]}\n\n" END(
                           "pause_turn"),
        "think hm|thought anthropic:signature:S1", 0, PROVIDER_STOP_PAUSE);
}

static void test_errors(void **state)
{
    struct sink_stream s;
    const char *overloaded = START "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                                   "\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";

    (void)state;
    sink_stream_run(&s, &provider_anthropic, false, overloaded, strlen(overloaded), 0);
    assert_int_equal(s.error, ERR_OVERLOADED);
    assert_string_equal(s.stream.error_type, "overloaded_error");
    assert_string_equal(s.stream.said.type, "overloaded_error");
    assert_string_equal(s.stream.said.code, "");
    sink_stream_fini(&s);
    const char *named = START "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                              "\"invalid_request_error\",\"message\":\"Your credit balance is too "
                              "low\"},\"request_id\":\"req_011CSHoEeqs5C35K2UUqR7Fy\"}\n\n";
    sink_stream_run(&s, &provider_anthropic, false, named, strlen(named), 0);
    assert_int_equal(s.error, ERR_QUOTA);
    assert_string_equal(s.stream.said.type, "invalid_request_error"); /* as the vendor calls it */
    assert_string_equal(s.stream.said.request, "req_011CSHoEeqs5C35K2UUqR7Fy");
    sink_stream_fini(&s);
    check(START DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}"), "",
        ERR_PROTOCOL, PROVIDER_STOP_NONE);
    check(START TEXT_BLOCK "data: {\"type\":\n\n", "", ERR_PROTOCOL, PROVIDER_STOP_NONE);
    check(START TEXT_BLOCK
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"index\":0,\"delta\":"
        "{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n",
        "", ERR_PROTOCOL, PROVIDER_STOP_NONE);
    check(START TEXT_BLOCK TEXT("bad \xc3 utf8"), "text bad \xef\xbf\xbd utf8", 0,
        PROVIDER_STOP_NONE);
    check(START TEXT_BLOCK TEXT("x") STOP(0) END("refusal"), "text x", 0, PROVIDER_STOP_REFUSAL);
    check(START TEXT_BLOCK TEXT("x") STOP(0) END("max_tokens"), "text x", 0,
        PROVIDER_STOP_MAX_TOKENS);
}

#define BLOCK(i, b) \
    "data: {\"type\":\"content_block_start\",\"index\":" #i ",\"content_block\":" b "}\n\n"
#define CALL_BLOCK(i, id, input) \
    BLOCK(i, "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"f\",\"input\":" input "}")
#define ARGS(i, s) DELTA(i, "{\"type\":\"input_json_delta\",\"partial_json\":\"" s "\"}")

static void test_gateways_that_leave_out(void **state)
{
    const char *thought = BLOCK(0, "{\"type\":\"thinking\",\"thinking\":\"\"}")
        DELTA(0, "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}")
            DELTA(0, "{\"type\":\"signature_delta\",\"signature\":\"S1\"}");
    char bytes[2048];

    (void)state;
    /* message_start and content_block_start; the ends of blocks; message_stop; the index. */
    check("event: ping\ndata: {\"type\":\"ping\"}\n\n" TEXT("Hel") TEXT("lo") STOP(0)
              END("end_turn"),
        "text Hello", 0, PROVIDER_STOP_END);
    check(START TEXT_BLOCK TEXT("a\xf0\x9f") END("end_turn"), "text a\xef\xbf\xbd", 0,
        PROVIDER_STOP_END);
    snprintf(bytes, sizeof bytes, "%s%s", thought,
        BLOCK(1, "{\"type\":\"text\",\"text\":\"\"}") DELTA(1,
            "{\"type\":\"text_delta\",\"text\":\"Yes\"}") CALL_BLOCK(2, "t", "{}") ARGS(2,
            "{}") "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n");
    check(bytes, "think hm|thought anthropic:signature:S1|text Yes|call0 t f|args0 {}|end0", 0,
        PROVIDER_STOP_CALLS);
    check(
        "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
        "data: {\"type\":\"content_block_stop\"}\n\n" STOP(0) END("end_turn") "data: [DONE]\n\n",
        "text a", 0, PROVIDER_STOP_END);
    /* [DONE] behind an answer that has no end. */
    check(START TEXT_BLOCK TEXT("a") STOP(0) "data: [DONE]\n\n", "text a", 0, PROVIDER_STOP_NONE);
}

static void test_gateways_with_words_of_others(void **state)
{
    (void)state;
    check(START TEXT_BLOCK TEXT("a") STOP(0) END("length"), "text a", 0, PROVIDER_STOP_MAX_TOKENS);
    check(START TEXT_BLOCK TEXT("a") STOP(0) END("guardrail_intervened"), "text a", 0,
        PROVIDER_STOP_FILTER);
    check(START TEXT_BLOCK TEXT("a") STOP(0) END("error"), "text a", ERR_REMOTE,
        PROVIDER_STOP_NONE);
    /* Arguments at the beginning and in pieces: once. */
    check(START CALL_BLOCK(0, "t", "{\"x\":1}") ARGS(0, "{\\\"x\\\":1}") STOP(0) END("tool_use"),
        "call0 t f|args0 {\"x\":1}|end0", 0, PROVIDER_STOP_CALLS);
    /* Errors with HTTP status 200, without the envelope or as text. */
    check(START "data: {\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}\n\n", "",
        ERR_OVERLOADED, PROVIDER_STOP_NONE);
    check(START "event: error\ndata: no more\n\n", "", ERR_REMOTE, PROVIDER_STOP_NONE);
    check(START "data: {\"message\":\"The security token is expired\"}\n\n", "", ERR_REMOTE,
        PROVIDER_STOP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_surrogates_and_nul_take_the_slow_way),
        cmocka_unit_test(test_usage_counts_totals),
        cmocka_unit_test(test_usage_has_an_upper_end),
        cmocka_unit_test(test_parallel_calls_and_odd_line_ends),
        cmocka_unit_test(test_thinking_and_unknown_blocks),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_gateways_that_leave_out),
        cmocka_unit_test(test_gateways_with_words_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
