#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/sink_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK(rest)                                                                                \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":"     \
    "\"gpt-x\",\"system_fingerprint\":null,\"choices\":[" rest "]}\n\n"
#define ROLE CHUNK("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}")
#define TEXT(s) CHUNK("{\"index\":0,\"delta\":{\"content\":\"" s "\"},\"logprobs\":null,\"finish_reason\":null}")
#define CALLS(c) CHUNK("{\"index\":0,\"delta\":{\"tool_calls\":[" c "]},\"finish_reason\":null}")
#define FINISH(reason) CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}")
#define USAGE                                                                                      \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\","     \
    "\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":9,\"total_tokens\":59,"    \
    "\"prompt_tokens_details\":{\"cached_tokens\":40},\"completion_tokens_details\":"               \
    "{\"reasoning_tokens\":4}}}\n\n"
#define DONE "data: [DONE]\n\n"

static void check(const char *bytes, const char *want, int error, enum provider_stop stop)
{
    for (size_t step = 0; step < 6; step++)
        for (int slow = 0; slow < 2; slow++) {
            struct sink_stream s;
            sink_stream_run(&s, &provider_openai, slow, bytes, strlen(bytes), step);
            assert_string_equal(buf_text(&s.out.text), want);
            assert_int_equal(s.error, error);
            assert_int_equal(s.stream.stop, stop);
            sink_stream_fini(&s);
        }
}

static void test_text_and_usage(void **state)
{
    const char *bytes = ROLE TEXT("Hel") ": OPENROUTER PROCESSING\n\n" TEXT("lo\\n\\u00e9 \xe2\x82\xac")
        FINISH("stop") USAGE DONE;
    struct sink_stream s;

    (void)state;
    check(bytes, "text Hello\n\xc3\xa9 \xe2\x82\xac", 0, PROVIDER_STOP_END);
    sink_stream_run(&s, &provider_openai, false, bytes, strlen(bytes), 0);
    assert_true(s.stream.ended);
    assert_int_equal(s.stream.usage.input, 50);
    assert_int_equal(s.stream.usage.output, 9);
    assert_int_equal(s.stream.usage.cached, 40);
    assert_int_equal(s.stream.usage.reasoning, 4);
    assert_string_equal(s.stream.model, "gpt-x");
    sink_stream_fini(&s);
}

static void test_parallel_calls(void **state)
{
    (void)state;
    check(ROLE CALLS("{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}")
        CALLS("{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\"\"}}")
        CALLS("{\"index\":1,\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}")
        CALLS("{\"index\":0,\"function\":{\"arguments\":\":1}\"}},{\"index\":1,\"function\":{\"arguments\":\"}\"}}")
        FINISH("tool_calls") DONE,
        "call0 a f|args0 {\"x\"|call1 b g|args1 {|args0 :1}|args1 }|end0|end1", 0, PROVIDER_STOP_CALLS);
}

static void test_servers_that_differ(void **state)
{
    (void)state;
    /* No index, no type, everything in one chunk, no [DONE]. */
    check(CALLS("{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
        "{\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}") FINISH("tool_calls"),
        "call0 a f|args0 {}|call1 b g|args1 {}|end0|end1", 0, PROVIDER_STOP_CALLS);
    /* Neither id nor index: fragments belong to the last one. */
    check(CALLS("{\"function\":{\"name\":\"f\"}}") CALLS("{\"function\":{\"arguments\":\"{\"}}")
        CALLS("{\"function\":{\"arguments\":\"}\"}}") FINISH("tool_calls") DONE,
        "call0  f|args0 {}|end0", 0, PROVIDER_STOP_CALLS);
    check(CHUNK("{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}")
        CHUNK("{\"index\":0,\"delta\":{\"reasoning\":\" so\"}}") TEXT("Yes") FINISH("stop") DONE,
        "think hm so|thought -|text Yes", 0, PROVIDER_STOP_END);
    check(ROLE CHUNK("{\"index\":0,\"delta\":{\"refusal\":\"No.\"}}") FINISH("stop") DONE, "text No.", 0,
        PROVIDER_STOP_REFUSAL);
    check(TEXT("x") FINISH("length") DONE, "text x", 0, PROVIDER_STOP_MAX_TOKENS);
    check(TEXT("x") FINISH("content_filter") DONE, "text x", 0, PROVIDER_STOP_FILTER);
    check(TEXT("x") DONE, "text x", 0, PROVIDER_STOP_NONE);
}

static void test_errors(void **state)
{
    (void)state;
    check(TEXT("x") "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":500}}\n\n",
        "text x", ERR_REMOTE, PROVIDER_STOP_NONE);
    check("data: {\"error\":{\"message\":\"slow down\",\"type\":\"x\",\"code\":429}}\n\n", "",
        ERR_OVERLOADED, PROVIDER_STOP_NONE);
    check(TEXT("x") "data: {\"choices\":[{]}\n\n", "text x", ERR_PROTOCOL, PROVIDER_STOP_NONE);
    check(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{}\"}}"), "", ERR_PROTOCOL,
        PROVIDER_STOP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_usage),
        cmocka_unit_test(test_parallel_calls),
        cmocka_unit_test(test_servers_that_differ),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
