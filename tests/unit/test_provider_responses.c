/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of OpenAI's Responses API: every event, every order, however the bytes are cut. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/sink_mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EV(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"," rest "}\n\n"
#define CREATED \
    EV("response.created", \
        "\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\"," \
        "\"status\":\"in_progress\",\"model\":\"gpt-x\",\"output\":[],\"error\":null}")
#define ADDED(n, item) \
    EV("response.output_item.added", "\"output_index\":" #n ",\"item\":{" item "}")
#define DONE(n, item) EV("response.output_item.done", "\"output_index\":" #n ",\"item\":{" item "}")
#define MESSAGE(id, text) \
    "\"type\":\"message\",\"id\":\"" id "\",\"role\":\"assistant\",\"status\":\"completed\"," \
    "\"content\":[{\"type\":\"output_text\",\"text\":\"" text "\",\"annotations\":[]}]"
#define EMPTY_MESSAGE(id) \
    "\"type\":\"message\",\"id\":\"" id "\",\"role\":\"assistant\",\"content\":[]," \
    "\"status\":\"in_progress\""
#define TEXT(n, seq, s) \
    EV("response.output_text.delta", \
        "\"sequence_number\":" #seq ",\"item_id\":\"m" #n "\",\"output_index\":" #n \
        ",\"content_index\":0,\"delta\":\"" s "\",\"logprobs\":[],\"obfuscation\":\"xyz\"")
#define TEXT_DONE(n, s) \
    EV("response.output_text.done", \
        "\"item_id\":\"m" #n "\",\"output_index\":" #n ",\"content_index\":0,\"text\":\"" s \
        "\",\"logprobs\":[]")
#define CALL(id, call, name, args) \
    "\"type\":\"function_call\",\"id\":\"" id "\",\"call_id\":\"" call "\",\"name\":\"" name \
    "\",\"arguments\":\"" args "\",\"status\":\"completed\""
#define ARGS(n, id, s) \
    EV("response.function_call_arguments.delta", \
        "\"item_id\":\"" id "\",\"output_index\":" #n ",\"delta\":\"" s "\"")
#define SUMMARY(n, part, s) \
    EV("response.reasoning_summary_text.delta", \
        "\"item_id\":\"r" #n "\",\"output_index\":" #n ",\"summary_index\":" #part \
        ",\"delta\":\"" s "\"")
#define REASONING(id, more) "\"type\":\"reasoning\",\"id\":\"" id "\",\"summary\":[" more
#define USAGE \
    "\"usage\":{\"input_tokens\":50,\"output_tokens\":9,\"total_tokens\":59," \
    "\"input_tokens_details\":{\"cached_tokens\":40,\"cache_write_tokens\":3}," \
    "\"output_tokens_details\":{\"reasoning_tokens\":4}}"
#define COMPLETED(output) \
    EV("response.completed", \
        "\"response\":{\"id\":\"resp_1\",\"status\":\"completed\"," \
        "\"error\":null,\"model\":\"gpt-x\",\"output\":[" output "]," USAGE "}")

static void run(struct sink_stream *s, const char *bytes, size_t step, bool slow)
{
    sink_stream_begin(s, &provider_responses, slow);
    provider_copy(s->stream.maker, sizeof s->stream.maker, "responses-0");
    sink_stream_feed(s, bytes, strlen(bytes), step);
}

static void check(const char *bytes, const char *want, int error, enum provider_stop stop)
{
    for (size_t step = 0; step < 6; step++)
        for (int slow = 0; slow < 2; slow++) {
            struct sink_stream s;
            run(&s, bytes, step, slow);
            assert_string_equal(buf_text(&s.out.text), want);
            assert_int_equal(s.error, error);
            assert_int_equal(s.stream.stop, stop);
            sink_stream_fini(&s);
        }
}

static void test_text_and_usage(void **state)
{
    const char *bytes = CREATED EV("response.in_progress",
        "\"sequence_number\":1,\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\"}")
        ADDED(0, EMPTY_MESSAGE("m0")) EV("response.content_part.added",
            "\"item_id\":\"m0\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":"
            "\"output_text\",\"text\":\"\",\"annotations\":[]}")
            TEXT(0, 4, "Hel") ": keep-alive\n\n" TEXT(0, 5, "lo\\n\\u00e9 \xe2\x82\xac")
                TEXT_DONE(0, "Hello\\n\\u00e9 \xe2\x82\xac")
                    DONE(0, MESSAGE("m0", "Hello\\n\\u00e9 \xe2\x82\xac"))
                        COMPLETED("{" MESSAGE("m0", "Hello\\n\\u00e9 \xe2\x82\xac") "}");
    struct sink_stream s;

    (void)state;
    check(bytes, "text Hello\n\xc3\xa9 \xe2\x82\xac", 0, PROVIDER_STOP_END);
    run(&s, bytes, 0, false);
    assert_true(s.stream.ended);
    assert_string_equal(s.stream.response, "resp_1");
    assert_string_equal(s.stream.model, "gpt-x");
    assert_int_equal(s.stream.sequence, 5);
    assert_int_equal(s.stream.usage.input, 50);
    assert_int_equal(s.stream.usage.output, 9);
    assert_int_equal(s.stream.usage.cached, 40);
    assert_int_equal(s.stream.usage.cache_write, 3);
    assert_int_equal(s.stream.usage.reasoning, 4);
    sink_stream_fini(&s);
}

static void test_said_once_however_it_is_said(void **state)
{
    static const char want[] = "text Hello there";

    (void)state;
    /* Only at the end of the part, of the item, in the whole response; in halves. */
    check(CREATED TEXT_DONE(0, "Hello there") DONE(0, MESSAGE("m0", "Hello there"))
              COMPLETED("{" MESSAGE("m0", "Hello there") "}"),
        want, 0, PROVIDER_STOP_END);
    check(CREATED DONE(0, MESSAGE("m0", "Hello there"))
              COMPLETED("{" MESSAGE("m0", "Hello there") "}"),
        want, 0, PROVIDER_STOP_END);
    check(CREATED COMPLETED("{" MESSAGE("m0", "Hello there") "}"), want, 0, PROVIDER_STOP_END);
    check(CREATED TEXT(0, 3, "Hello") DONE(0, MESSAGE("m0", "Hello there")) COMPLETED(""), want, 0,
        PROVIDER_STOP_END);
    check(CREATED TEXT(0, 3, "Hello") COMPLETED("{" MESSAGE("m0", "Hello there") "}"), want, 0,
        PROVIDER_STOP_END);
    /* No type in the data, the response's members in the event, no number anywhere. */
    check("event: response.output_text.delta\ndata: {\"delta\":\"Hello \"}\n\n"
          "event: response.output_text.delta\ndata: {\"delta\":\"there\"}\n\n"
          "event: response.completed\ndata: {\"status\":\"completed\",\"output\":[]}\n\n",
        want, 0, PROVIDER_STOP_END);
    /* [DONE] alone ends it too. */
    check(CREATED TEXT(0, 3, "Hello ") TEXT(0, 4, "there") "data: [DONE]\n\n", want, 0,
        PROVIDER_STOP_END);
    /* A whole response as the only event. */
    check(
        "data: {\"object\":\"response\",\"id\":\"r\",\"status\":\"completed\",\"output\":[{" MESSAGE(
            "m0", "Hello there") "}]}\n\n",
        want, 0, PROVIDER_STOP_END);
}

static void test_several_messages(void **state)
{
    (void)state;
    check(CREATED TEXT(0, 1, "Let me see.") DONE(0, MESSAGE("m0", "Let me see.")) TEXT(1, 3, "Here")
              TEXT(1, 4, " it is.") DONE(1, MESSAGE("m1", "Here it is.")) COMPLETED(
                  "{" MESSAGE("m0", "Let me see.") "},{" MESSAGE("m1", "Here it is.") "}"),
        "text Let me see.\n\nHere it is.", 0, PROVIDER_STOP_END);
}

static void test_phases(void **state)
{
    (void)state;
    check(CREATED COMPLETED("{" MESSAGE("m0", "Hm.") ",\"phase\":\"commentary\"},{" MESSAGE("m1",
              "So.") ",\"phase\":\"final_answer\"}"),
        "text Hm.\n\nSo.|sealed responses-0:texts:[[3,\"commentary\"],[3,\"final_answer\"]]", 0,
        PROVIDER_STOP_END);
}

static void test_calls(void **state)
{
    (void)state;
    check(CREATED ADDED(0, CALL("fc_1", "call_1", "f", "")) ARGS(0, "fc_1", "{\\\"x\\\"")
              ARGS(0, "fc_1", ":1}") EV("response.function_call_arguments.done",
                  "\"item_id\":\"fc_1\",\"output_index\":0,\"arguments\":\"{\\\"x\\\":1}\"")
                  DONE(0, CALL("fc_1", "call_1", "f", "{\\\"x\\\":1}"))
                      DONE(1, CALL("fc_2", "call_2", "g", "{}"))
                          COMPLETED("{" CALL("fc_1", "call_1", "f", "{\\\"x\\\":1}") "}"),
        "call0 call_1 f|args0 {\"x\":1}|sealed0 responses-0:call:{\"id\":\"fc_1\"}|end0|"
        "call1 call_2 g|args1 {}|sealed1 responses-0:call:{\"id\":\"fc_2\"}|end1|"
        "sealed0 responses-0:call:{\"id\":\"fc_1\"}",
        0, PROVIDER_STOP_CALLS);
    /* Interleaved, by item ids alone, arguments as an object, unknown members. */
    check(
        "data: {\"type\":\"response.output_item.added\",\"item\":{" CALL("a", "ca", "f",
            "") "}}\n\n"
                "data: {\"type\":\"response.output_item.added\",\"item\":{" CALL("b", "cb", "g",
                    "") "}}\n\n"
                        "data: {\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"a\",\"delta\":"
                        "\"{\"}\n\n"
                        "data: {\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"b\",\"delta\":"
                        "\"[\"}\n\n"
                        "data: {\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"a\",\"delta\":"
                        "\"}\"}\n\n" COMPLETED(""),
        "call0 ca f|call1 cb g|args0 {|args1 [|args0 }|end0|end1", 0, PROVIDER_STOP_CALLS);
    check(CREATED DONE(0,
              "\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
              "\"arguments\":{\"a\":[1]},\"namespace\":\"n\",\"caller\":null") COMPLETED(""),
        "call0 c f|args0 {\"a\":[1]}|sealed0 responses-0:call:{\"namespace\":\"n\"}|end0", 0,
        PROVIDER_STOP_CALLS);
    /* Arguments in front of the name wait for it. */
    check(CREATED ARGS(0, "fc_1", "{}") DONE(0, CALL("fc_1", "call_1", "f", "{}")) COMPLETED(""),
        "call0 call_1 f|args0 {}|sealed0 responses-0:call:{\"id\":\"fc_1\"}|end0", 0,
        PROVIDER_STOP_CALLS);
}

static void test_thoughts(void **state)
{
    (void)state;
    check(CREATED ADDED(0, REASONING("r0", "]")) SUMMARY(0, 0, "First") SUMMARY(0, 0, " this.")
              EV("response.reasoning_summary_text.done",
                  "\"output_index\":0,\"summary_index\":0,\"text\":\"First this.\"")
                  SUMMARY(0, 1, "Then that.") DONE(0,
                      REASONING("r0",
                          "{\"type\":\"summary_text\",\"text\":\"First this.\"},{\"type\":"
                          "\"summary_text\",\"text\":\"Then that.\"}],"
                          "\"encrypted_content\":\"gAAA\",\"x\":1,\"status\":null"))
                      TEXT(1, 9, "So.") COMPLETED(""),
        "think First this.\n\nThen that.|thought responses-0:item:{\"type\":\"reasoning\",\"id\":"
        "\"r0\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"First this.\"},{\"type\":"
        "\"summary_text\",\"text\":\"Then that.\"}],\"encrypted_content\":\"gAAA\",\"x\":1}|text So.",
        0, PROVIDER_STOP_END);
    /* Without words; open-weight models tell the thought itself. */
    check(CREATED DONE(0, REASONING("r0", "],\"encrypted_content\":\"g\"")) TEXT(1, 2, "So.")
              COMPLETED(""),
        "thought responses-0:item:{\"type\":\"reasoning\",\"id\":\"r0\",\"summary\":[],"
        "\"encrypted_content\":\"g\"}|text So.",
        0, PROVIDER_STOP_END);
    check(CREATED EV("response.reasoning_text.delta",
              "\"output_index\":0,\"content_index\":0,\"delta\":\"hm\"") SUMMARY(0, 0, "not both")
              TEXT(1, 2, "So.") COMPLETED(""),
        "think hm|thought -|text So.", 0, PROVIDER_STOP_END);
}

static void test_ends(void **state)
{
    static const char filter[] = CREATED TEXT(0, 1, "a") EV("response.incomplete",
        "\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
        "\"content_filter\"},\"output\":[]}");
    static const char tokens[] = CREATED TEXT(0, 1, "a") EV("response.incomplete",
        "\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
        "\"max_output_tokens\"},\"output\":[]}");
    static const char steered[] = CREATED TEXT(0, 1, "a")
        EV("response.incomplete", "\"response\":{\"incomplete_details\":{\"reason\":\"steered\"}}");

    (void)state;
    check(filter, "text a", 0, PROVIDER_STOP_FILTER);
    check(tokens, "text a", 0, PROVIDER_STOP_MAX_TOKENS);
    check(steered, "text a", 0, PROVIDER_STOP_MAX_TOKENS);
    check(CREATED EV("response.refusal.delta",
              "\"output_index\":0,\"content_index\":0,\"delta\":\"I can't\"")
              EV("response.refusal.done",
                  "\"output_index\":0,\"content_index\":0,\"refusal\":\"I can't do it\"")
                  COMPLETED(""),
        "text I can't do it", 0, PROVIDER_STOP_REFUSAL);
    check(CREATED COMPLETED("{\"type\":\"message\",\"id\":\"m\",\"content\":[{\"type\":\"refusal\","
                            "\"refusal\":\"No.\"}]}"),
        "text No.", 0, PROVIDER_STOP_REFUSAL);
    check(CREATED
        "data: {\"type\":\"response.some_future.event\",\"x\":[1]}\n\n"
        "data: {\"type\":\"response.web_search_call.searching\",\"output_index\":0}\n\n" COMPLETED(
            "{\"type\":\"web_search_call\",\"id\":\"ws\"}"),
        "", 0, PROVIDER_STOP_END);
}

static void failed(const char *code, int error)
{
    char bytes[1024];

    snprintf(bytes, sizeof bytes,
        CREATED "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{"
                "\"status\":\"failed\",\"error\":{\"code\":\"%s\",\"message\":\"m\"}}}\n\n",
        code);
    check(bytes, "", error, PROVIDER_STOP_NONE);
    snprintf(bytes, sizeof bytes,
        CREATED "event: error\ndata: {\"type\":\"error\",\"code\":\"%s\",\"message\":\"m\","
                "\"param\":null,\"sequence_number\":3}\n\n",
        code);
    check(bytes, "", error, PROVIDER_STOP_NONE);
    snprintf(bytes, sizeof bytes,
        "data: {\"error\":{\"type\":\"x\",\"code\":\"%s\",\"message\":\"m\"}}\n\n", code);
    check(bytes, "", error, PROVIDER_STOP_NONE);
}

static void test_errors(void **state)
{
    struct sink_stream s;

    (void)state;
    failed("server_error", ERR_REMOTE);
    failed("rate_limit_exceeded", ERR_OVERLOADED);
    failed("insufficient_quota", ERR_QUOTA);
    failed("context_length_exceeded", ERR_INVALID);
    failed("invalid_prompt", ERR_INVALID);
    failed("bio_policy", ERR_INVALID);
    failed("invalid_api_key", ERR_AUTH);
    check("event: error\ndata: upstream went away\n\n", "", ERR_REMOTE, PROVIDER_STOP_NONE);
    check("data: {\"x\n\n", "", ERR_PROTOCOL, PROVIDER_STOP_NONE);
    run(&s, CREATED EV("response.failed", "\"response\":{\"status\":\"failed\",\"error\":null}"), 0,
        false);
    assert_int_equal(s.error, ERR_REMOTE);
    assert_string_equal(s.stream.error_type, "failed");
    sink_stream_fini(&s);
}

static void test_queued_and_followed(void **state)
{
    struct sink_stream s;

    (void)state;
    run(&s,
        EV("response.queued",
            "\"sequence_number\":0,\"response\":{\"id\":\"resp_q\",\"status\":"
            "\"queued\"}"),
        0, false);
    assert_true(s.stream.waits);
    assert_string_equal(s.stream.response, "resp_q");
    assert_int_equal(s.stream.sequence, 0);
    sink_stream_feed(&s, CREATED, strlen(CREATED), 0);
    assert_false(s.stream.waits);
    sink_stream_feed(&s, TEXT(0, 5, "Hel") TEXT(0, 6, "lo"),
        strlen(TEXT(0, 5, "Hel") TEXT(0, 6, "lo")), 0);
    /* A server that begins from the start again: what was said is passed over. */
    s.stream.follows = true;
    sink_stream_feed(&s, CREATED TEXT(0, 5, "Hel") TEXT(0, 6, "lo") TEXT(0, 7, " you"),
        strlen(CREATED TEXT(0, 5, "Hel") TEXT(0, 6, "lo") TEXT(0, 7, " you")), 0);
    assert_string_equal(buf_text(&s.out.text), "text Hello you");
    assert_int_equal(s.stream.sequence, 7);
    sink_stream_fini(&s);
}

static void document(const char *json, const char *want, int error, enum provider_stop stop)
{
    struct sink_stream s;

    sink_stream_begin(&s, &provider_responses, false);
    provider_copy(s.stream.maker, sizeof s.stream.maker, "responses-0");
    assert_int_equal(provider_read(&s.stream, json, strlen(json), provider_responses.document),
        error);
    assert_string_equal(buf_text(&s.out.text), want);
    assert_int_equal(s.stream.stop, stop);
    sink_stream_fini(&s);
}

static void test_documents(void **state)
{
    (void)state;
    document("{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"error\":null,"
             "\"output\":[{" REASONING("r0",
                 "{\"text\":\"hm\"}],\"encrypted_content\":\"g\"") "},{" MESSAGE("m",
                 "Hi") "},{" CALL("f", "c", "n", "{}") "}]}",
        "think hm|thought responses-0:item:{\"type\":\"reasoning\",\"id\":\"r0\",\"summary\":[{"
        "\"text\":\"hm\"}],\"encrypted_content\":\"g\"}|text Hi|call0 c n|args0 {}|sealed0 "
        "responses-0:call:{\"id\":\"f\"}|end0",
        0, PROVIDER_STOP_CALLS);
    document("{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
             "\"output\":[{" MESSAGE("m", "Hi") "}]}",
        "text Hi", 0, PROVIDER_STOP_MAX_TOKENS);
    document(
        "{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"},"
        "\"output\":[]}",
        "", ERR_OVERLOADED, PROVIDER_STOP_NONE);
    document("{\"id\":\"resp_1\",\"status\":\"queued\",\"output\":[]}", "", ERR_PROTOCOL,
        PROVIDER_STOP_NONE);
    document("{\"error\":{\"message\":\"no\",\"code\":\"insufficient_quota\"}}", "", ERR_QUOTA,
        PROVIDER_STOP_NONE);
    document("{\"hello\":1}", "", ERR_PROTOCOL, PROVIDER_STOP_NONE);
}

static void test_characters_in_pieces(void **state)
{
    (void)state;
    check(CREATED TEXT(0, 1, "a\\ud83d") TEXT(0, 2, "\\ude00b")
              DONE(0, MESSAGE("m0", "a\\ud83d\\ude00b")) COMPLETED(""),
        "text a\xf0\x9f\x98\x80"
        "b",
        0, PROVIDER_STOP_END);
}

static void test_too_many_items(void **state)
{
    struct buf bytes = {0};
    struct sink_stream s;

    (void)state;
    for (int i = 0; i < PROVIDER_BLOCKS_MAX + 1; i++)
        buf_printf(&bytes,
            "data: {\"type\":\"response.output_item.added\",\"output_index\":%d,\"item\":{\"type\":"
            "\"message\",\"id\":\"m%d\"}}\n\n",
            i, i);
    run(&s, buf_text(&bytes), 0, false);
    assert_int_equal(s.error, ERR_LIMIT);
    sink_stream_fini(&s);
    buf_free(&bytes);
}

/* Wherever another worker goes on, the same is said, and once. */
static void test_another_worker_goes_on(void **state)
{
    static const char bytes[] = CREATED ADDED(0, REASONING("r0", "]")) SUMMARY(0, 0, "First ")
        SUMMARY(0, 0, "this.") SUMMARY(0, 1, "Then that.") DONE(0,
            REASONING("r0",
                "{\"type\":\"summary_text\",\"text\":\"First this.\"},{\"type\":"
                "\"summary_text\",\"text\":\"Then that.\"}],\"encrypted_content\":"
                "\"gAAA\"")) ADDED(1, EMPTY_MESSAGE("m1")) TEXT(1, 8, "Let me ")
            TEXT(1, 9, "s\\ud83d") TEXT(1, 10, "\\ude00ee.")
                TEXT_DONE(1, "Let me s\\ud83d\\ude00ee.") ADDED(2, CALL("fc_2", "call_2", "f", ""))
                    ARGS(2, "fc_2", "{\\\"a") ARGS(2, "fc_2", "\\\":1}")
                        DONE(2, CALL("fc_2", "call_2", "f", "{\\\"a\\\":1}")) TEXT(3, 20, "Well")
                            DONE(3, MESSAGE("m3", "Well, then."))
                                COMPLETED("{" CALL("fc_2", "call_2", "f", "{\\\"a\\\":1}") "}");
    struct sink_stream whole, moved;
    size_t moves = 0;

    (void)state;
    run(&whole, bytes, 0, false);
    assert_int_equal(whole.error, 0);
    for (size_t at = 1; at < 20; at++) {
        sink_stream_begin(&moved, &provider_responses, at % 2);
        provider_copy(moved.stream.maker, sizeof moved.stream.maker, "responses-0");
        moves += sink_mark_feed(&moved, at, bytes, strlen(bytes));
        assert_string_equal(buf_text(&moved.out.text), buf_text(&whole.out.text));
        assert_true(sink_stream_same(&moved, &whole));
        sink_stream_fini(&moved);
    }
    assert_int_equal(moves, 16); /* not in the middle of a character, not at the end */
    sink_stream_fini(&whole);
}

static void test_marks_that_are_none(void **state)
{
    static const char *const marks[] = {"{}", "{\"calls\":0}",
        "{\"calls\":1000,\"think\":[0,0],\"items\":[]}",
        "{\"calls\":0,\"think\":[1,0],\"items\":[]}", "{\"calls\":0,\"think\":[7,0],\"items\":[]}",
        "{\"calls\":0,\"think\":[0,0],\"items\":[[0,1,0,3,0,0]]}",
        "{\"calls\":0,\"think\":[0,0],\"items\":[[0,9,0,3,0,0,\"m\"]]}",
        "{\"calls\":0,\"think\":[0,0],\"items\":[[0,1,0,3,0,-1,\"m\"]]}"};

    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct sink_stream s;
        jdoc *mark = NULL;
        sink_stream_begin(&s, &provider_responses, false);
        assert_int_equal(jdoc_parse(marks[i], strlen(marks[i]), &mark, NULL, 0), 0);
        assert_int_equal(provider_responses.restore(&s.stream, mark), ERR_INVALID);
        jdoc_free(mark);
        sink_stream_fini(&s);
    }
}

static void test_where_it_is(void **state)
{
    struct sink_stream s;

    (void)state;
    sink_stream_begin(&s, &provider_responses, false);
    s.stream.background = true;
    const char *bytes = EV("response.created",
        "\"sequence_number\":0,\"response\":{\"id\":\"resp_q\","
        "\"status\":\"queued\"}") EV("response.queued",
        "\"sequence_number\":1,\"response\":{\"status\":\"queued\"}") EV("response.in_progress",
        "\"sequence_number\":2,\"response\":{\"status\":\"in_progress\"}") TEXT(0, 3, "Hi");
    sink_stream_feed(&s, bytes, strlen(bytes), 0);
    assert_string_equal(buf_text(&s.out.text), "status queued|status in_progress|text Hi");
    assert_true(s.stream.background);
    /* Without numbers nobody can ask for what comes behind an event. */
    bytes = "data: {\"type\":\"response.output_text.delta\",\"delta\":\" you\"}\n\n";
    sink_stream_feed(&s, bytes, strlen(bytes), 0);
    assert_false(s.stream.background);
    sink_stream_fini(&s);
    /* An id that would change the address. */
    sink_stream_begin(&s, &provider_responses, false);
    bytes = EV("response.created", "\"response\":{\"id\":\"../x?y\"}");
    sink_stream_feed(&s, bytes, strlen(bytes), 0);
    assert_string_equal(s.stream.response, "");
    sink_stream_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text_and_usage),
        cmocka_unit_test(test_said_once_however_it_is_said),
        cmocka_unit_test(test_several_messages), cmocka_unit_test(test_phases),
        cmocka_unit_test(test_calls), cmocka_unit_test(test_thoughts), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_queued_and_followed),
        cmocka_unit_test(test_documents), cmocka_unit_test(test_characters_in_pieces),
        cmocka_unit_test(test_too_many_items), cmocka_unit_test(test_another_worker_goes_on),
        cmocka_unit_test(test_marks_that_are_none), cmocka_unit_test(test_where_it_is)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
