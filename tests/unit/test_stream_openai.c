/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stream_openai -- a run's log in OpenAI's words: words, numbers, and another worker's. */
#include "workers/stream/stream_openai.h"

#include "base/err.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#define TURN "01234567-89ab-7def-8123-456789abcdef"
#define DETAIL "response=0&usage=1&after=-1&model=pam&base=%2Fapi"
#define STARTED "{\"type\":\"RUN_STARTED\",\"threadId\":\"s1\",\"runId\":\"r\",\"input\":{}}"
#define FINISHED "{\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"success\"}}"
#define OPENS(id) \
    "{\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"" id "\",\"role\":\"assistant\"}"
#define SAYS(id, text) \
    "{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"" id "\",\"delta\":\"" text "\"}"
#define RESUMED "{\"type\":\"CUSTOM\",\"name\":\"turnpike.resumed\",\"value\":{\"attempt\":2}}"
#define SNAPSHOT(messages) "{\"type\":\"MESSAGES_SNAPSHOT\",\"messages\":[" messages "]}"
#define ASKED "{\"id\":\"q\",\"role\":\"user\",\"content\":\"?\"}"

struct hearing {
    const struct stream_render *render;
    void *state;
    struct buf all, one;
    uint64_t epoch, n;
};

static void begin(struct hearing *h, const struct stream_render *render, const char *detail)
{
    *h = (struct hearing){.render = render, .epoch = 5};
    h->state = render->new (detail);
    assert_non_null(h->state);
}

static void hear(struct hearing *h, const char *json)
{
    struct logentry e = {.id = {h->epoch, ++h->n},
        .run = TURN,
        .run_len = sizeof TURN - 1,
        .json = json,
        .json_len = strlen(json),
        .flag = strstr(json, "TEXT_MESSAGE_CONTENT") ? LOGENTRY_TEXT : LOGENTRY_NONE};
    buf_reset(&h->one);
    h->render->event(h->state, &e, &h->one);
    assert_int_equal(buf_error(&h->one), 0);
    buf_put(&h->all, h->one.data, h->one.len);
}

static void end(struct hearing *h)
{
    h->render->free(h->state);
    buf_free(&h->all);
    buf_free(&h->one);
}

typedef void frame_fn(void *arg, const jdoc *doc);

/* Each frame but [DONE]. */
static void frames(const struct hearing *h, frame_fn *fn, void *arg)
{
    const char *at = buf_text(&h->all);
    while ((at = strstr(at, "data: "))) {
        const char *over = strstr(at, "\n\n");
        jdoc *doc = NULL;
        assert_non_null(over);
        at += 6;
        if (strncmp(at, "[DONE]", 6) != 0) {
            assert_int_equal(jdoc_parse(at, (size_t)(over - at), &doc, NULL, 0), 0);
            fn(arg, doc);
            jdoc_free(doc);
        }
    }
}

static void add_content(void *arg, const jdoc *doc)
{
    const jdoc *delta = jdoc_get(jdoc_at(jdoc_get(doc, "choices"), 0), "delta");
    buf_puts(arg, jdoc_text_or(delta, "content", ""));
}

static const char *content(const struct hearing *h)
{
    static char text[256];
    struct buf all = {0};
    frames(h, add_content, &all);
    snprintf(text, sizeof text, "%s", buf_text(&all));
    buf_free(&all);
    return text;
}

static void add_type(void *arg, const jdoc *doc)
{
    struct buf *out = arg;
    if (out->len > 0)
        buf_putc(out, ' ');
    buf_printf(out, "%s:%lld", jdoc_text_or(doc, "type", ""),
        (long long)jdoc_int_or(doc, "sequence_number", -1));
}

static const char *types(const struct hearing *h)
{
    static char text[2048];
    struct buf all = {0};
    frames(h, add_type, &all);
    snprintf(text, sizeof text, "%s", buf_text(&all));
    buf_free(&all);
    return text;
}

static void chunks_are_a_completion(void **state)
{
    struct hearing h;
    (void)state;
    begin(&h, &stream_openai_chat_render, DETAIL);
    hear(&h, STARTED);
    hear(&h, OPENS("m1"));
    hear(&h, SAYS("m1", "one \\\"a\\\""));
    hear(&h, "{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c0\",\"toolCallName\":\"ours\"}");
    hear(&h, "{\"type\":\"TOOL_CALL_RESULT\",\"toolCallId\":\"c0\",\"content\":\"x\"}");
    hear(&h, OPENS("m2"));
    hear(&h, SAYS("m2", "two"));
    hear(&h, "{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c1\",\"toolCallName\":\"f\"}");
    hear(&h, "{\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"c1\",\"delta\":\"{\\\"a\\\":1}\"}");
    hear(&h,
        "{\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"success\","
        "\"pendingToolCallIds\":[\"c1\"]},\"usage\":[{\"inputTokens\":2,\"outputTokens\":3}]}");
    assert_string_equal(content(&h), "one \"a\"\n\ntwo");
    assert_null(strstr(buf_text(&h.all), "ours"));
    assert_non_null(strstr(buf_text(&h.all), "\"id\":\"c1\",\"type\":\"function\""));
    assert_non_null(strstr(buf_text(&h.all), "\"arguments\":\"{\\\"a\\\":1}\""));
    assert_non_null(strstr(buf_text(&h.all), "\"finish_reason\":\"tool_calls\""));
    assert_non_null(strstr(buf_text(&h.all), "\"choices\":[],\"usage\":{\"prompt_tokens\":2"));
    assert_string_equal(h.all.data + h.all.len - 14, "data: [DONE]\n\n");
    hear(&h, SAYS("m2", "late"));
    assert_int_equal(h.one.len, 0);
    end(&h);
}

static void what_ends_badly_is_an_error(void **state)
{
    static const struct {
        const char *json, *code;
    } rows[] = {{"{\"type\":\"RUN_ERROR\",\"message\":\"Away.\",\"code\":\"model_unavailable\"}",
                    "model_unavailable"},
        {"{\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"cancelled\"}}", "turn_cancelled"},
        {"{\"type\":\"RUN_ERROR\",\"message\":\"x\",\"code\":\"turn_cancelled\"}",
            "The turn was stopped."}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hearing h;
        begin(&h, &stream_openai_chat_render, DETAIL);
        hear(&h, STARTED);
        hear(&h, rows[i].json);
        assert_non_null(strstr(buf_text(&h.one), rows[i].code));
        assert_non_null(strstr(buf_text(&h.one), "{\"error\":{"));
        assert_null(strstr(buf_text(&h.all), "[DONE]"));
        end(&h);
    }
    struct hearing h;
    struct buf last = {0};
    begin(&h, &stream_openai_chat_render, DETAIL);
    hear(&h, STARTED);
    h.render->ended(h.state, &last);
    assert_non_null(strstr(buf_text(&last), "events_gone"));
    buf_free(&last);
    end(&h);
}

/* Another worker goes on: how the torn answer is said again, and what the client has then. */
static void another_worker_s_words(void **state)
{
    static const struct {
        const char *snapshot, *again, *content; /* content NULL: an error */
    } rows[] = {
        {SNAPSHOT(ASKED), SAYS("m2", "one two three"), "one two three"},
        {SNAPSHOT(ASKED), SAYS("m2", "one two"), "one two"},
        {SNAPSHOT(ASKED), SAYS("m2", "one three"), NULL},
        {SNAPSHOT(ASKED), SAYS("m2", "one"), NULL},
        {SNAPSHOT(ASKED ",{\"id\":\"m1\",\"role\":\"assistant\",\"content\":\"one two three\"}"),
            NULL, "one two three"},
        {SNAPSHOT(ASKED ",{\"id\":\"m1\",\"role\":\"assistant\",\"content\":\"one two\"}"),
            SAYS("m2", "three"), "one two\n\nthree"},
        {SNAPSHOT(ASKED ",{\"id\":\"m1\",\"role\":\"assistant\",\"content\":\"one two\"},"
                        "{\"id\":\"m3\",\"role\":\"assistant\",\"content\":\"unseen\"}"),
            NULL, "one two\n\nunseen"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hearing h;
        begin(&h, &stream_openai_chat_render, DETAIL);
        hear(&h, STARTED);
        hear(&h, OPENS("m1"));
        hear(&h, SAYS("m1", "one two"));
        h.epoch++;
        h.n = 0;
        hear(&h, RESUMED);
        hear(&h, rows[i].snapshot);
        if (rows[i].again) {
            hear(&h, OPENS("m2"));
            hear(&h, rows[i].again);
        }
        hear(&h, FINISHED);
        if (rows[i].content)
            assert_string_equal(content(&h), rows[i].content);
        assert_int_equal(strstr(buf_text(&h.all), "taken_over") != NULL, !rows[i].content);
        assert_int_equal(strstr(buf_text(&h.all), "[DONE]") != NULL, rows[i].content != NULL);
        end(&h);
    }
}

#define THINKS "{\"type\":\"REASONING_MESSAGE_START\",\"messageId\":\"t\"}"
#define THOUGHT(text) \
    "{\"type\":\"REASONING_MESSAGE_CONTENT\",\"messageId\":\"t\",\"delta\":\"" text "\"}"
#define CALLS "{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c0\",\"toolCallName\":\"f\"}"
#define CALLED \
    "{\"id\":\"m0\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c0\",\"function\":{" \
    "\"name\":\"f\",\"arguments\":\"{}\"}}]}"
#define RESULT "{\"type\":\"TOOL_CALL_RESULT\",\"toolCallId\":\"c0\",\"content\":\"x\"}"

#define RESPONSE "response=1&usage=0&after=-1&model=pam&base=%2Fapi"

static void add_thought(void *arg, const jdoc *doc)
{
    const jdoc *delta = jdoc_get(jdoc_at(jdoc_get(doc, "choices"), 0), "delta");
    if (!strcmp(jdoc_text_or(doc, "type", ""), "response.reasoning_summary_text.delta"))
        buf_puts(arg, jdoc_text_or(doc, "delta", ""));
    buf_puts(arg, jdoc_text_or(delta, "reasoning_content", ""));
}

/* Another worker thinks again: no thought comes twice, and none ends the stream. */
static void another_worker_s_thoughts(void **state)
{
    static const struct {
        const char *before, *snapshot, *again, *thoughts;
    } rows[] = {
        {NULL, SNAPSHOT(ASKED), THOUGHT("one two"), "one two"},
        {NULL, SNAPSHOT(ASKED), THOUGHT("one two three"), "one two three"},
        {NULL, SNAPSHOT(ASKED), THOUGHT("one"), "one two"},
        {NULL, SNAPSHOT(ASKED), THOUGHT("other"), "one two"},
        {NULL, SNAPSHOT(ASKED), NULL, "one two"},
        {CALLS, SNAPSHOT(ASKED), THOUGHT("one two"), "one two"},
        {CALLS, SNAPSHOT(ASKED "," CALLED), THOUGHT(" next"), "one two next"},
        {RESULT, SNAPSHOT(ASKED "," CALLED), THOUGHT(" next"), "one two next"},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct hearing h;
        struct buf thoughts = {0};
        bool response = i % 2;
        begin(&h, response ? &stream_openai_response_render : &stream_openai_chat_render,
            response ? "response=1&usage=0&after=-1&model=pam&base=%2Fapi" : DETAIL);
        hear(&h, STARTED);
        hear(&h, THINKS);
        hear(&h, THOUGHT("one "));
        hear(&h, THOUGHT("two"));
        if (rows[i / 2].before)
            hear(&h, rows[i / 2].before);
        h.epoch++;
        h.n = 0;
        hear(&h, RESUMED);
        hear(&h, rows[i / 2].snapshot);
        if (rows[i / 2].again) {
            hear(&h, THINKS);
            hear(&h, rows[i / 2].again);
        }
        hear(&h, OPENS("m1"));
        hear(&h, SAYS("m1", "word"));
        hear(&h, FINISHED);
        frames(&h, add_thought, &thoughts);
        assert_string_equal(buf_text(&thoughts), rows[i / 2].thoughts);
        assert_null(strstr(buf_text(&h.all), "taken_over"));
        if (response && !strstr(rows[i / 2].thoughts, "next"))
            assert_null(strstr(buf_text(&h.all), "msg_" TURN "_2"));
        if (!response)
            assert_string_equal(content(&h), "word");
        buf_free(&thoughts);
        end(&h);
    }
}

static void a_torn_turn_that_was_stopped_is_cancelled(void **state)
{
    struct hearing h;
    (void)state;
    begin(&h, &stream_openai_response_render, RESPONSE);
    hear(&h, STARTED);
    hear(&h, "{\"type\":\"RUN_ERROR\",\"message\":\"Stopped.\",\"code\":\"turn_cancelled\"}");
    assert_non_null(strstr(buf_text(&h.one), "\"status\":\"cancelled\""));
    assert_null(strstr(buf_text(&h.one), "server_error"));
    end(&h);
}

static void events_are_numbered_alike_however_they_are_read(void **state)
{
    struct hearing live, late;
    (void)state;
    begin(&live, &stream_openai_response_render, RESPONSE);
    hear(&live, STARTED);
    hear(&live, OPENS("m1"));
    hear(&live, SAYS("m1", "a"));
    hear(&live, SAYS("m1", "b"));
    hear(&live, SAYS("m1", "c"));
    hear(&live, FINISHED);
    assert_string_equal(types(&live),
        "response.created:0 response.in_progress:1 response.output_item.added:2 "
        "response.content_part.added:3 response.output_text.delta:4 response.output_text.delta:5 "
        "response.output_text.delta:6 response.output_text.done:7 response.content_part.done:8 "
        "response.output_item.done:9 response.completed:10");
    begin(&late, &stream_openai_response_render,
        "response=1&usage=0&after=5&model=pam&base=%2Fapi");
    hear(&late, STARTED);
    hear(&late, OPENS("m1"));
    late.n += 2; /* three deltas in one */
    hear(&late, SAYS("m1", "abc"));
    hear(&late, FINISHED);
    assert_string_equal(types(&late),
        "response.output_text.delta:6 response.output_text.done:7 response.content_part.done:8 "
        "response.output_item.done:9 response.completed:10");
    assert_string_equal(strstr(buf_text(&live.all), "event: response.completed"),
        strstr(buf_text(&late.all), "event: response.completed"));
    end(&live);
    end(&late);
}

/* Some servers begin with blank lines, and say nothing else before a call. */
static void a_blank_message_is_none(void **state)
{
    struct hearing h, late;
    (void)state;
    begin(&h, &stream_openai_response_render, RESPONSE);
    hear(&h, STARTED);
    hear(&h, OPENS("m1"));
    hear(&h, SAYS("m1", "\\n \\n"));
    hear(&h, OPENS("m2"));
    hear(&h, SAYS("m2", "\\n"));
    hear(&h, SAYS("m2", "word"));
    hear(&h, FINISHED);
    assert_non_null(strstr(buf_text(&h.all), "\"delta\":\"\\nword\""));
    assert_null(strstr(buf_text(&h.all), "msg_" TURN "_1"));
    begin(&late, &stream_openai_response_render, RESPONSE);
    hear(&late, STARTED);
    hear(&late, OPENS("m1"));
    hear(&late, SAYS("m1", "\\n \\n"));
    hear(&late, OPENS("m2"));
    late.n++; /* two deltas in one */
    hear(&late, SAYS("m2", "\\nword"));
    hear(&late, FINISHED);
    assert_string_equal(buf_text(&late.all), buf_text(&h.all));
    end(&h);
    end(&late);
}

static void a_response_has_its_items_in_order(void **state)
{
    struct hearing h;
    (void)state;
    begin(&h, &stream_openai_response_render, RESPONSE);
    hear(&h, STARTED);
    hear(&h, "{\"type\":\"REASONING_MESSAGE_START\",\"messageId\":\"t1\"}");
    hear(&h, "{\"type\":\"REASONING_MESSAGE_CONTENT\",\"messageId\":\"t1\",\"delta\":\"hm\"}");
    hear(&h, OPENS("m1"));
    hear(&h, SAYS("m1", "one"));
    hear(&h, OPENS("m2"));
    hear(&h, SAYS("m2", "two"));
    hear(&h,
        "{\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"interrupt\",\"interrupts\":[{\"id\":"
        "\"i1\",\"message\":\"May I?\",\"expiresAt\":\"soon\"}]}}");
    const char *completed = strstr(buf_text(&h.all), "event: response.completed");
    assert_non_null(completed);
    const char *at = completed;
    static const char *const parts[] = {"\"id\":\"rs_" TURN "_0\"", "\"text\":\"hm\"",
        "\"id\":\"msg_" TURN "_1\"", "\"text\":\"one\"", "\"id\":\"msg_" TURN "_2\"",
        "\"text\":\"two\"", "\"id\":\"msg_" TURN "_3\"", "May I?", "/api/approvals/i1"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        at = strstr(at, parts[i]);
        if (!at)
            fail_msg("%s is missing, or out of order: %s", parts[i], completed);
    }
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_a_completion),
        cmocka_unit_test(what_ends_badly_is_an_error),
        cmocka_unit_test(another_worker_s_words),
        cmocka_unit_test(another_worker_s_thoughts),
        cmocka_unit_test(a_torn_turn_that_was_stopped_is_cancelled),
        cmocka_unit_test(events_are_numbered_alike_however_they_are_read),
        cmocka_unit_test(a_blank_message_is_none),
        cmocka_unit_test(a_response_has_its_items_in_order),
    };
    return cmocka_run_group_tests_name("stream_openai", tests, NULL, NULL);
}
