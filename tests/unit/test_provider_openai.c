/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/sink_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK(rest) \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":" \
    "\"gpt-x\",\"system_fingerprint\":null,\"choices\":[" rest "]}\n\n"
#define ROLE \
    CHUNK( \
        "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}")
#define TEXT(s) \
    CHUNK("{\"index\":0,\"delta\":{\"content\":\"" s \
          "\"},\"logprobs\":null,\"finish_reason\":null}")
#define CALLS(c) CHUNK("{\"index\":0,\"delta\":{\"tool_calls\":[" c "]},\"finish_reason\":null}")
#define FINISH(reason) CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}")
#define USAGE \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\"," \
    "\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":9,\"total_tokens\":59," \
    "\"prompt_tokens_details\":{\"cached_tokens\":40},\"completion_tokens_details\":" \
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
    const char *bytes = ROLE TEXT("Hel") ": OPENROUTER PROCESSING\n\n" TEXT(
        "lo\\n\\u00e9 \xe2\x82\xac") FINISH("stop") USAGE DONE;
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
    check(
        ROLE CALLS(
            "{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}")
            CALLS("{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\"\"}}") CALLS(
                "{\"index\":1,\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}")
                CALLS(
                    "{\"index\":0,\"function\":{\"arguments\":\":1}\"}},{\"index\":1,\"function\":{\"arguments\":\"}\"}}")
                    FINISH("tool_calls") DONE,
        "call0 a f|args0 {\"x\"|call1 b g|args1 {|args0 :1}|args1 }|end0|end1", 0,
        PROVIDER_STOP_CALLS);
}

static void test_servers_that_differ(void **state)
{
    (void)state;
    /* No index, no type, everything in one chunk, no [DONE]. */
    check(CALLS("{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
                "{\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}")
              FINISH("tool_calls"),
        "call0 a f|args0 {}|call1 b g|args1 {}|end0|end1", 0, PROVIDER_STOP_CALLS);
    /* Neither id nor index: fragments belong to the last one. */
    check(CALLS("{\"function\":{\"name\":\"f\"}}") CALLS("{\"function\":{\"arguments\":\"{\"}}")
              CALLS("{\"function\":{\"arguments\":\"}\"}}") FINISH("tool_calls") DONE,
        "call0  f|args0 {}|end0", 0, PROVIDER_STOP_CALLS);
    check(CHUNK("{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}") CHUNK(
              "{\"index\":0,\"delta\":{\"reasoning\":\" so\"}}") TEXT("Yes") FINISH("stop") DONE,
        "think hm so|thought -|text Yes", 0, PROVIDER_STOP_END);
    check(ROLE CHUNK("{\"index\":0,\"delta\":{\"refusal\":\"No.\"}}") FINISH("stop") DONE,
        "text No.", 0, PROVIDER_STOP_REFUSAL);
    check(TEXT("x") FINISH("length") DONE, "text x", 0, PROVIDER_STOP_MAX_TOKENS);
    check(TEXT("x") FINISH("content_filter") DONE, "text x", 0, PROVIDER_STOP_FILTER);
    check(TEXT("x") DONE, "text x", 0, PROVIDER_STOP_NONE);
}

#define CALL(index, id, name, args) \
    CALLS("{\"index\":" index ",\"id\":\"" id "\",\"function\":{\"name\":\"" name \
          "\",\"arguments\":\"" args "\"}}")

static void test_calls_under_one_index(void **state)
{
    const char *want = "call0 a f|args0 {}|call1 b f|args1 {\"x\":1}|end0|end1";

    (void)state;
    check(CALL("0", "a", "f", "{}") CALL("0", "b", "f", "{\\\"x\\\":1}") FINISH("tool_calls") DONE,
        want, 0, PROVIDER_STOP_CALLS);
    /* Fragments: with the index alone they belong to the last one, with an id to that one. */
    check(CALL("0", "a", "f", "") CALL("0", "b", "f", "{")
              CALLS("{\"index\":0,\"function\":{\"arguments\":\"\\\"x\\\":1}\"}}")
                  CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{}\"}}")
                      FINISH("tool_calls") DONE,
        "call0 a f|call1 b f|args1 {\"x\":1}|args0 {}|end0|end1", 0, PROVIDER_STOP_CALLS);
    /* Neither has an id: a name begins a call. */
    check(CALL("0", "", "f", "{}") CALL("0", "", "g", "{}") FINISH("tool_calls") DONE,
        "call0  f|args0 {}|call1  g|args1 {}|end0|end1", 0, PROVIDER_STOP_CALLS);
    /* The same id and name with every fragment is one call; so is an id that comes late. */
    check(CALL("0", "a", "f", "{") CALL("0", "a", "f", "}") FINISH("tool_calls") DONE,
        "call0 a f|args0 {}|end0", 0, PROVIDER_STOP_CALLS);
    check(CALLS("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}")
              CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"}\"}}")
                  FINISH("tool_calls") DONE,
        "call0  f|args0 {}|end0", 0, PROVIDER_STOP_CALLS);
}

#define ID90 \
    "123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-"

static void test_long_ids_without_an_index(void **state)
{
    struct sink_stream s;
    const char *bytes =
        CALLS("{\"id\":\"" ID90 "abcdef1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}")
            CALLS("{\"id\":\"" ID90 "abcdef2\",\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}")
                CALLS("{\"id\":\"" ID90 "abcdef1\",\"function\":{\"arguments\":\"}\"}}")
                    CALLS("{\"id\":\"" ID90 "abcdef2\",\"function\":{\"arguments\":\"}\"}}")
                        FINISH("tool_calls") DONE;

    (void)state;
    sink_stream_run(&s, &provider_openai, false, bytes, strlen(bytes), 0);
    assert_int_equal(s.error, 0);
    assert_int_equal(s.stream.calls, 2);
    assert_non_null(strstr(buf_text(&s.out.text), "args0 }|args1 }|end0|end1"));
    sink_stream_fini(&s);
}

static void test_arguments_of_every_kind(void **state)
{
    (void)state;
    check(CALLS(
              "{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1]}}}")
              FINISH("tool_calls") DONE,
        "call0 a f|args0 {\"x\":[1]}|end0", 0, PROVIDER_STOP_CALLS);
    check(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{}}}")
              FINISH("tool_calls") DONE,
        "call0 a f|end0", 0, PROVIDER_STOP_CALLS);
    check(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":[1]}}")
              FINISH("tool_calls") DONE,
        "call0 a f|args0 [1]|end0", 0, PROVIDER_STOP_CALLS);
    check(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":null}}")
              FINISH("tool_calls") DONE,
        "call0 a f|end0", 0, PROVIDER_STOP_CALLS);
    check(
        CHUNK(
            "{\"index\":0,\"delta\":{\"tool_calls\":{\"id\":\"a\",\"function\":{\"name\":\"f\"}}}}")
            FINISH("tool_calls") DONE,
        "call0 a f|end0", 0, PROVIDER_STOP_CALLS);
    check(CHUNK("{\"index\":0,\"delta\":{\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}}}")
              CHUNK("{\"index\":0,\"delta\":{\"function_call\":{\"arguments\":\"{}\"}}}")
                  FINISH("function_call") DONE,
        "call0  f|args0 {}|end0", 0, PROVIDER_STOP_CALLS);
}

static void test_content_of_every_kind(void **state)
{
    (void)state;
    check(
        CHUNK(
            "{\"index\":0,\"delta\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
            "\"text\":\"hm\"}]}]}}")
            CHUNK(
                "{\"index\":0,\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"},{\"type\":"
                "\"reference\",\"reference_ids\":[1]},\"lo\"]}}") FINISH("stop") DONE,
        "think hm|thought -|text Hello", 0, PROVIDER_STOP_END);
    check(CHUNK("{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},"
                "\"finish_reason\":\"stop\"}"),
        "text Hello", 0, PROVIDER_STOP_END);
    check(CHUNK("{\"index\":0,\"text\":\"Hello\",\"finish_reason\":\"length\"}") DONE, "text Hello",
        0, PROVIDER_STOP_MAX_TOKENS);
    check(TEXT("Hello") FINISH("stop") "data: [DONE] \n\n", "text Hello", 0, PROVIDER_STOP_END);
    check(TEXT("Hello") FINISH("MODEL_LENGTH") DONE, "text Hello", 0, PROVIDER_STOP_MAX_TOKENS);
    check(TEXT("Hello") FINISH("of_tomorrow") DONE, "text Hello", 0, PROVIDER_STOP_END);
}

static void test_an_answer_that_the_server_gave_up(void **state)
{
    static const char *const reasons[] = {"error", "network_error", "abort",
        "insufficient_system_resource", "MALFORMED_FUNCTION_CALL"};

    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct buf bytes = {0};
        struct sink_stream s;
        buf_puts(&bytes, TEXT("Hel"));
        buf_printf(&bytes,
            "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},"
            "\"finish_reason\":\"%s\"}]}\n\n" DONE,
            reasons[i]);
        sink_stream_run(&s, &provider_openai, false, buf_text(&bytes), bytes.len, 0);
        assert_int_equal(s.error, ERR_REMOTE);
        assert_string_equal(buf_text(&s.out.text), "text Hel");
        sink_stream_fini(&s);
        buf_free(&bytes);
    }
    check(TEXT("Hel")
              CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"error\",\"error\":{\"code\":429,"
                    "\"message\":\"slow\"}}"),
        "text Hel", ERR_OVERLOADED, PROVIDER_STOP_NONE);
    check(
        "data: {\"object\":\"error\",\"message\":\"too long\",\"type\":\"BadRequestError\",\"code\":400}\n\n" DONE,
        "", ERR_INVALID, PROVIDER_STOP_NONE);
    check("data: {\"error\":\"out of memory\"}\n\n", "", ERR_REMOTE, PROVIDER_STOP_NONE);
    check("data: {\"error\":{\"code\":\"insufficient_quota\",\"type\":\"insufficient_quota\"}}\n\n",
        "", ERR_QUOTA, PROVIDER_STOP_NONE);
    check(
        "data: {\"error\":null,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n",
        "text x", 0, PROVIDER_STOP_NONE);
}

static void test_characters_in_pieces(void **state)
{
    (void)state;
    check(TEXT("a\xf0\x9f") TEXT("\x90\x8b"
                                 "b") FINISH("stop") DONE,
        "text a\xf0\x9f\x90\x8b"
        "b",
        0, PROVIDER_STOP_END);
    check(TEXT("\xf0") TEXT("\x9f") TEXT("\x90") TEXT("\x8b") FINISH("stop") DONE,
        "text \xf0\x9f\x90\x8b", 0, PROVIDER_STOP_END);
    check(TEXT("a\\ud83d") TEXT("\\udc0b.") FINISH("stop") DONE, "text a\xf0\x9f\x90\x8b.", 0,
        PROVIDER_STOP_END);
    /* Without its other part: one U+FFFD, and nothing else is lost. */
    check(TEXT("a\\ud83d") TEXT("b") FINISH("stop") DONE,
        "text a\xef\xbf\xbd"
        "b",
        0, PROVIDER_STOP_END);
    check(TEXT("a\xf0\x9f") FINISH("stop") DONE, "text a\xef\xbf\xbd", 0, PROVIDER_STOP_END);
    check(TEXT("\\udc0b\\ud83d\\ud83d") TEXT("\\udc0b") FINISH("stop") DONE,
        "text \xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x90\x8b", 0, PROVIDER_STOP_END);
    /* In a thought, and in the arguments of two calls at once. */
    check(CHUNK("{\"index\":0,\"delta\":{\"reasoning\":\"\xc3\"}}") CHUNK(
              "{\"index\":0,\"delta\":{\"reasoning\":\"\xa9\"}}") TEXT("x") FINISH("stop") DONE,
        "think \xc3\xa9|thought -|text x", 0, PROVIDER_STOP_END);
    check(CALL("0", "a", "f", "\xc3") CALL("1", "b", "g", "\xe2\x82")
              CALLS("{\"index\":0,\"function\":{\"arguments\":\"\xa9\"}}") CALLS(
                  "{\"index\":1,\"function\":{\"arguments\":\"\xac\"}}") FINISH("tool_calls") DONE,
        "call0 a f|call1 b g|args0 \xc3\xa9|args1 \xe2\x82\xac|end0|end1", 0, PROVIDER_STOP_CALLS);
    /* An escaped backslash before a u is no escape; private characters come through. */
    check(TEXT("\\\\ud83d \xf4\x8f\xbf\xbf\xf0\x9f") TEXT("\x90\x8b") FINISH("stop") DONE,
        "text \\ud83d \xf4\x8f\xbf\xbf\xf0\x9f\x90\x8b", 0, PROVIDER_STOP_END);
}

static void check_thinking(const char *bytes, const char *want)
{
    struct sink_stream s;

    for (size_t step = 0; step < 6; step++) {
        sink_stream_begin(&s, &provider_openai, false);
        s.stream.think_tags = true;
        sink_stream_feed(&s, bytes, strlen(bytes), step);
        assert_int_equal(s.error, 0);
        assert_string_equal(buf_text(&s.out.text), want);
        sink_stream_fini(&s);
    }
}

static void test_thoughts_between_tags(void **state)
{
    (void)state;
    check_thinking(ROLE TEXT("<think>") TEXT("hm") TEXT("</think>") TEXT("\\n\\nYes") FINISH("stop")
                       DONE,
        "think hm|thought -|text Yes");
    check_thinking(TEXT("\\n<th") TEXT("ink>h < m</th") TEXT("ing></think") TEXT(">")
                       TEXT("Yes <think> no") FINISH("stop") DONE,
        "think h < m</thing>|thought -|text Yes <think> no");
    check_thinking(TEXT("[THINK]a") TEXT("[/THINK]b") FINISH("stop") DONE,
        "think a|thought -|text b");
    check_thinking(TEXT("<thi") TEXT("s is text") FINISH("stop") DONE, "text <this is text");
    check_thinking(TEXT(" <thin") FINISH("stop") DONE, "text  <thin");
    check_thinking(TEXT("<think>no end </thi") FINISH("length") DONE,
        "think no end </thi|thought -");
    check_thinking(TEXT("<think>x</think>") CALL("0", "a", "f", "{}") FINISH("tool_calls") DONE,
        "think x|thought -|call0 a f|args0 {}|end0");
    check_thinking(TEXT("\xf0\x9f\x90\x8b<think>") FINISH("stop") DONE,
        "text \xf0\x9f\x90\x8b<think>");
    /* A thought of blanks is none; a closing tag may be all that a server has left of one. */
    check_thinking(TEXT("<think>") TEXT("\\n\\n</thi") TEXT("nk>\\n\\nYes") FINISH("stop") DONE,
        "text Yes");
    check_thinking(TEXT("<think>\\n hm \\n</think>Yes") FINISH("stop") DONE,
        "think hm \n|thought -|text Yes");
    check_thinking(CHUNK("{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}") TEXT("\\n</th")
                       TEXT("ink>\\nYes") FINISH("stop") DONE,
        "think hm|thought -|text Yes");
    check_thinking(TEXT("</thinly") FINISH("stop") DONE, "text </thinly");
    check_thinking(TEXT("Use the tag <think> to think.") FINISH("stop") DONE,
        "text Use the tag <think> to think.");
    assert_true(provider_think_tags("auto", "http://127.0.0.1:11434/v1", "api.openai.com"));
    assert_false(provider_think_tags("auto", "https://API.openai.com/v1", "api.openai.com"));
    assert_true(provider_think_tags("on", "https://api.openai.com/v1", "api.openai.com"));
    assert_false(provider_think_tags("off", "http://127.0.0.1:11434/v1", "api.openai.com"));
}

/* openrouter.ai/docs/use-cases/reasoning-tokens: the pieces become the items that go back. */
static void test_details_of_thoughts(void **state)
{
#define DETAILS(text, list) \
    CHUNK("{\"index\":0,\"delta\":{\"reasoning\":" text ",\"reasoning_details\":[" list "]}}")
    static const char text[] = DETAILS("\"Let \"",
        "{\"type\":\"reasoning.text\",\"text\":\"Let \",\"format\":\"a\",\"index\":0}")
        DETAILS("\"me\"",
            "{\"type\":\"reasoning.text\",\"text\":\"me\",\"format\":\"a\",\"index\":0}")
            DETAILS("null",
                "{\"type\":\"reasoning.text\",\"signature\":\"S\",\"format\":\"a\",\"index\":0}")
                CALL("0", "a", "f", "{}") FINISH("tool_calls") DONE;
    static const char late[] =
        TEXT("x") DETAILS("null", "{\"type\":\"reasoning.encrypted\",\"data\":\"D\",\"index\":0}")
            DETAILS("null", "{\"type\":\"reasoning.encrypted\",\"data\":\"E\",\"index\":1}")
                FINISH("stop") DONE;
    static const char only[] =
        DETAILS("null", "{\"type\":\"reasoning.summary\",\"summary\":\"So\",\"id\":null}") TEXT("x")
            FINISH("stop") DONE;
    static const char empty[] =
        DETAILS("\"\"", "{\"type\":\"reasoning.text\",\"text\":\"\",\"signature\":\"S\"},7,null")
            TEXT("x") FINISH("stop") DONE;
#undef DETAILS
    static const struct {
        const char *bytes, *want;
    } rows[] = {
        {text,
            "think Let me|thought openai-1:reasoning_details:{\"type\":\"reasoning.text\",\"text\":\"Let me\",\"format\":\"a\","
            "\"index\":0,\"signature\":\"S\"}|call0 a f|args0 {}|end0"},
        {late,
            "text x|thought openai-1:reasoning_details:{\"type\":\"reasoning.encrypted\",\"data\":\"D\","
            "\"index\":0},{\"type\":\"reasoning.encrypted\",\"data\":\"E\",\"index\":1}"},
        {only,
            "think So|thought openai-1:reasoning_details:{\"type\":\"reasoning.summary\",\"summary\":\"So\","
            "\"id\":null}|text x"},
        {empty,
            "thought openai-1:reasoning_details:{\"type\":\"reasoning.text\",\"text\":\"\","
            "\"signature\":\"S\"}|text x"},
    };
    struct sink_stream s;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t step = 0; step < 4; step++) {
            sink_stream_begin(&s, &provider_openai, false);
            strcpy(s.stream.maker, "openai-1");
            sink_stream_feed(&s, rows[i].bytes, strlen(rows[i].bytes), step);
            assert_int_equal(s.error, 0);
            assert_string_equal(buf_text(&s.out.text), rows[i].want);
            sink_stream_fini(&s);
        }
}

/* A long list is not kept, and nothing else suffers. */
static void test_details_without_end(void **state)
{
    struct sink_stream s;
    struct buf bytes = {0};

    (void)state;
    for (size_t i = 0; i < 3000; i++)
        buf_printf(&bytes,
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_details\":[{\"type\":"
            "\"reasoning.encrypted\",\"data\":\"%0100zu\"}]}}]}\n\n",
            i);
    buf_puts(&bytes, TEXT("x") FINISH("stop") DONE);
    sink_stream_begin(&s, &provider_openai, false);
    strcpy(s.stream.maker, "openai-1");
    sink_stream_feed(&s, buf_text(&bytes), bytes.len, 0);
    assert_int_equal(s.error, 0);
    assert_string_equal(buf_text(&s.out.text), "thought openai-1:reasoning_details:|text x");
    sink_stream_fini(&s);
    buf_free(&bytes);
}

static void test_usage_of_other_servers(void **state)
{
    const char *bytes = TEXT(
        "x") "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},"
             "\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}}\n\n" DONE;
    const char *moonshot =
        TEXT("x") CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\",\"usage\":"
                        "{\"prompt_tokens\":7,\"completion_tokens\":3}}") DONE;
    struct sink_stream s;

    (void)state;
    sink_stream_run(&s, &provider_openai, false, bytes, strlen(bytes), 0);
    assert_int_equal(s.stream.usage.input, 5);
    assert_int_equal(s.stream.usage.output, 2);
    sink_stream_fini(&s);
    sink_stream_run(&s, &provider_openai, false, moonshot, strlen(moonshot), 0);
    assert_int_equal(s.stream.usage.input, 7);
    assert_int_equal(s.stream.usage.output, 3);
    sink_stream_fini(&s);
}

static void test_one_document(void **state)
{
    static const char text[] =
        "{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"reasoning_content\":\"hm\",\"content\":\"Yes\",\"tool_calls\":"
        "[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"b\",\"function\":"
        "{\"name\":\"g\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}],\"usage\":"
        "{\"prompt_tokens\":5,\"completion_tokens\":2}}";
    struct sink_stream s;

    (void)state;
    sink_stream_begin(&s, &provider_openai, false);
    assert_int_equal(provider_read(&s.stream, text, sizeof text - 1, provider_openai.document), 0);
    assert_string_equal(buf_text(&s.out.text),
        "think hm|thought -|text Yes|call0 a f|args0 {}|call1 b g|args1 {}|end0|end1");
    assert_true(s.stream.ended);
    assert_int_equal(s.stream.usage.output, 2);
    sink_stream_fini(&s);
    sink_stream_begin(&s, &provider_openai, false);
    assert_int_equal(provider_read(&s.stream, "{}", 2, provider_openai.document), ERR_PROTOCOL);
    sink_stream_fini(&s);
}

static void test_errors_in_other_words(void **state)
{
    static const struct {
        const char *event;
        int error;
    } rows[] = {
        /* LM Studio, Groq, a proxy: an event of its own name, with JSON or without. */
        {"event: error\ndata: {\"error\":{\"message\":\"unloaded\"}}\n\n", ERR_REMOTE},
        {"event: error\ndata: {\"message\":\"no\",\"status_code\":429}\n\n", ERR_OVERLOADED},
        {"event: error\ndata: upstream went away\n\n", ERR_REMOTE},
        /* Azure: the status in digits; FastAPI; a gateway without any envelope. */
        {"data: {\"error\":{\"code\":\"429\",\"message\":\"slow\"}}\n\n", ERR_OVERLOADED},
        {"data: {\"detail\":\"broken\"}\n\n", ERR_REMOTE},
        {"data: {\"code\":401,\"message\":\"who are you\"}\n\n", ERR_AUTH},
        {"data: {\"type\":\"error\",\"message\":\"x\"}\n\n", ERR_REMOTE},
        {"data: {\"error\":true,\"message\":\"x\",\"choices\":[]}\n\n", ERR_REMOTE},
        /* TGI, Gemini, Bedrock behind a gateway, xAI. */
        {"data: {\"error\":\"x\",\"error_type\":\"overloaded\"}\n\n", ERR_OVERLOADED},
        {"data: {\"error\":{\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"x\"}}\n\n",
            ERR_OVERLOADED},
        {"data: {\"error\":{\"type\":\"throttlingException\"}}\n\n", ERR_OVERLOADED},
        {"data: {\"error\":\"Incorrect API key provided\",\"code\":\"bad\"}\n\n", ERR_AUTH},
        /* Policy: Azure, DashScope, OpenRouter; credit: Anthropic. */
        {"data: {\"error\":{\"code\":\"content_filter\",\"message\":\"x\",\"status\":400}}\n\n",
            ERR_POLICY},
        {"data: {\"error\":{\"code\":\"data_inspection_failed\",\"message\":\"x\"}}\n\n",
            ERR_POLICY},
        {"data: {\"error\":{\"code\":403,\"message\":\"requires moderation, your input was flagged\"}}\n\n",
            ERR_POLICY},
        {"data: {\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low\"}}\n\n",
            ERR_QUOTA},
        /* In a choice, without a reason. */
        {CHUNK(
             "{\"index\":0,\"delta\":{\"content\":\"\"},\"error\":{\"code\":503,\"message\":\"x\"}}"),
            ERR_OVERLOADED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[1024];
        snprintf(bytes, sizeof bytes, "%s%s%s", TEXT("Hel"), rows[i].event, DONE);
        check(bytes, "text Hel", rows[i].error, PROVIDER_STOP_NONE);
    }
    /* These say that all is well. */
    check(
        "data: {\"error\":\"\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n"
        "data: {\"error\":{},\"message\":\"ok\",\"choices\":[]}\n\n" FINISH("stop") DONE,
        "text x", 0, PROVIDER_STOP_END);
}

/* What the operator reads of an error: names of the vendor's, never its words. */
static void test_an_error_is_named_by_tokens(void **state)
{
    static const struct {
        const char *error, *type, *code;
    } rows[] = {
        {"{\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"model_not_found\"}",
            "invalid_request_error", "model_not_found"},
        {"{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}", "insufficient_quota",
            ""},
        {"{\"status\":\"RESOURCE_EXHAUSTED\",\"code\":429}", "RESOURCE_EXHAUSTED", ""},
        {"{\"type\":\"you said hello\",\"code\":\"hello\\n\"}", "", ""},
        {"{\"type\":\"x\",\"code\":"
         "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
            "x", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[512];
        struct sink_stream s;
        snprintf(bytes, sizeof bytes, "data: {\"error\":%s}\n\n", rows[i].error);
        sink_stream_run(&s, &provider_openai, false, bytes, strlen(bytes), 0);
        assert_string_equal(s.stream.said.type, rows[i].type);
        assert_string_equal(s.stream.said.code, rows[i].code);
        sink_stream_fini(&s);
    }
}

static void test_ends_in_other_words(void **state)
{
    (void)state;
    check(TEXT("x") FINISH("content_filter: SAFETY") DONE, "text x", 0, PROVIDER_STOP_FILTER);
    check(TEXT("x") FINISH("PROHIBITED_CONTENT") DONE, "text x", 0, PROVIDER_STOP_FILTER);
    check(TEXT("x") FINISH("function_call_filter: MALFORMED_FUNCTION_CALL") DONE, "text x",
        ERR_REMOTE, PROVIDER_STOP_NONE);
    check(TEXT("x") FINISH("end_turn") DONE, "text x", 0, PROVIDER_STOP_END);
    check(TEXT("x") FINISH("eos_token") DONE, "text x", 0, PROVIDER_STOP_END);
    check(TEXT("x") FINISH("COMPLETE") DONE, "text x", 0, PROVIDER_STOP_END);
}

static void test_streams_of_many_servers(void **state)
{
    (void)state;
    /* Azure: filters first, no role, a choice without a delta, an empty reason. */
    check(
        "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[]}\n\n" CHUNK(
            "{\"index\":0,\"content_filter_results\":{},\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"\"}")
            CHUNK(
                "{\"index\":0,\"content_filter_offsets\":{\"end_offset\":2},\"finish_reason\":null}")
                FINISH("stop") DONE,
        "text Hi", 0, PROVIDER_STOP_END);
    /* Perplexity: the whole text so far beside each piece. */
    check(
        CHUNK("{\"index\":0,\"message\":{\"content\":\"a\"},\"delta\":{\"content\":\"a\"}}") CHUNK(
            "{\"index\":0,\"message\":{\"content\":\"ab\"},\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}")
            DONE,
        "text ab", 0, PROVIDER_STOP_END);
    check(
        CHUNK(
            "{\"index\":0,\"delta\":null,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}")
            DONE,
        "text a", 0, PROVIDER_STOP_END);
    /* Text as one part, a refusal as a part. */
    check(CHUNK("{\"index\":0,\"delta\":{\"content\":{\"type\":\"text\",\"text\":\"a\"}}}") CHUNK(
              "{\"index\":0,\"delta\":{\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]}}")
              FINISH("stop") DONE,
        "text aNo.", 0, PROVIDER_STOP_REFUSAL);
    /* Both names of a thought, one of them empty. */
    check(CHUNK("{\"index\":0,\"delta\":{\"reasoning_content\":\"\",\"reasoning\":\"hm\"}}")
              TEXT("a") FINISH("stop") DONE,
        "think hm|thought -|text a", 0, PROVIDER_STOP_END);
    /* A reason with every chunk. */
    check(CHUNK("{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}")
              CHUNK("{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}") DONE,
        "text ab", 0, PROVIDER_STOP_END);
    /* One call in the forms of 2023 and of today at once is one call. */
    check(
        CHUNK(
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
            "\"arguments\":\"{}\"}}],\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}}")
            FINISH("tool_calls") DONE,
        "call0 a f|args0 {}|end0", 0, PROVIDER_STOP_CALLS);
    /* Empty lists and texts beside the text; a name that is null in later fragments (TGI). */
    check(CHUNK(
              "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[],"
              "\"function_call\":null,\"refusal\":\"\",\"reasoning\":null}}") FINISH("stop") DONE,
        "text a", 0, PROVIDER_STOP_END);
    check(CALLS("{\"index\":0,\"id\":\"0\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}")
              CALLS("{\"index\":0,\"id\":\"0\",\"function\":{\"name\":null,\"arguments\":\"}\"}}")
                  FINISH("eos_token") DONE,
        "call0 0 f|args0 {}|end0", 0, PROVIDER_STOP_END);
    /* Gemini: calls in chunks of their own, a reason with each. */
    check(
        CHUNK(
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"\",\"function\":{\"name\":\"f\","
            "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}")
            CHUNK(
                "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"\",\"function\":{\"name\":\"g\","
                "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}") DONE,
        "call0  f|args0 {}|end0|call1  g|args1 {}|end1", 0, PROVIDER_STOP_CALLS);
}

static void test_errors(void **state)
{
    (void)state;
    check(
        TEXT(
            "x") "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":500}}\n\n",
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
        cmocka_unit_test(test_calls_under_one_index),
        cmocka_unit_test(test_long_ids_without_an_index),
        cmocka_unit_test(test_arguments_of_every_kind),
        cmocka_unit_test(test_content_of_every_kind),
        cmocka_unit_test(test_an_answer_that_the_server_gave_up),
        cmocka_unit_test(test_characters_in_pieces),
        cmocka_unit_test(test_thoughts_between_tags),
        cmocka_unit_test(test_details_of_thoughts),
        cmocka_unit_test(test_details_without_end),
        cmocka_unit_test(test_usage_of_other_servers),
        cmocka_unit_test(test_one_document),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_errors_in_other_words),
        cmocka_unit_test(test_an_error_is_named_by_tokens),
        cmocka_unit_test(test_ends_in_other_words),
        cmocka_unit_test(test_streams_of_many_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
