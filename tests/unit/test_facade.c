/* SPDX-License-Identifier: BSD-2-Clause */
/* test_facade -- requests in OpenAI's words as they are read, and answers as they are written. */
#include "fcgi-app/facade.h"

#include "base/err.h"
#include "fcgi-app/facade_answer.h"
#include "fcgi-app/facade_items.h"
#include "fcgi-app/submit.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#define TURN "01234567-89ab-7def-8123-456789abcdef"

struct reading {
    struct conf conf;
    struct arena *arena;
    jdoc *body;
    struct submit submit;
    struct problem problem;
    int error;
};

static void read_from(struct reading *r, struct submit_source from, const char *json)
{
    memset(r, 0, sizeof *r);
    assert_int_equal(conf_init(&r->conf), 0);
    r->arena = arena_new();
    assert_int_equal(jdoc_parse(json, strlen(json), &r->body, NULL, 0), 0);
    from.body = r->body;
    r->error = submit_parse(&from, &r->conf, r->arena, &r->submit, &r->problem);
}

static void read_as(struct reading *r, enum submit_kind kind, const char *json)
{
    read_from(r, (struct submit_source){.kind = kind}, json);
}

static void done(struct reading *r)
{
    arena_free(r->arena);
    jdoc_free(r->body);
    conf_fini(&r->conf);
}

static const char *role_at(const struct reading *r, size_t i)
{
    static char role[16];
    jdoc *doc = NULL;
    assert_true(i < r->submit.message_count);
    assert_int_equal(jdoc_parse(r->submit.messages[i], strlen(r->submit.messages[i]), &doc, NULL,
                         0),
        0);
    snprintf(role, sizeof role, "%s", jdoc_text_or(doc, "role", ""));
    jdoc_free(doc);
    return role;
}

static void what_would_change_the_answer_is_refused_by_name(void **state)
{
    static const struct {
        enum submit_kind kind;
        const char *json, *field;
        enum problem_code code;
    } rows[] = {
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define CHAT SUBMIT_COMPLETION, "{\"model\":\"pam\"," HI ","
        {CHAT "\"n\":2}", "n", PROBLEM_UNSUPPORTED},
        {CHAT "\"logprobs\":true}", "logprobs", PROBLEM_UNSUPPORTED},
        {CHAT "\"top_logprobs\":3}", "top_logprobs", PROBLEM_UNSUPPORTED},
        {CHAT "\"modalities\":[\"text\",\"audio\"]}", "modalities", PROBLEM_UNSUPPORTED},
        {CHAT "\"response_format\":{\"type\":\"json_object\"}}", "response_format",
            PROBLEM_UNSUPPORTED},
        {CHAT "\"stop\":[\"x\"]}", "stop", PROBLEM_UNSUPPORTED},
        {CHAT "\"functions\":[{}]}", "functions", PROBLEM_UNSUPPORTED},
        {CHAT "\"tools\":[{\"type\":\"custom\"}]}", "tools[0].type", PROBLEM_UNSUPPORTED},
        {CHAT "\"tools\":{}}", "tools", PROBLEM_INVALID},
        {CHAT "\"tools\":[{\"type\":\"function\",\"function\":{}}]}", "tools", PROBLEM_INVALID},
        {CHAT "\"tool_choice\":\"required\"}", "tool_choice", PROBLEM_INVALID},
        {CHAT "\"tool_choice\":\"sometimes\"}", "tool_choice", PROBLEM_UNSUPPORTED},
        {CHAT "\"max_tokens\":0}", "max_tokens", PROBLEM_INVALID},
        {CHAT "\"max_completion_tokens\":\"9\"}", "max_completion_tokens", PROBLEM_INVALID},
        {CHAT "\"stream\":\"yes\"}", "stream", PROBLEM_INVALID},
        {CHAT "\"metadata\":[]}", "metadata", PROBLEM_INVALID},
        {CHAT "\"metadata\":{\"session_id\":\"a b\"}}", "session_id", PROBLEM_INVALID},
        {SUBMIT_COMPLETION, "{" HI "}", "model", PROBLEM_INVALID},
        {SUBMIT_COMPLETION, "{\"model\":\"gpt-4o\"," HI "}", "model", PROBLEM_MODEL},
        {SUBMIT_COMPLETION, "{\"model\":\"pam\"}", "messages", PROBLEM_INVALID},
#define SAID(role) SUBMIT_COMPLETION, "{\"model\":\"pam\",\"messages\":[" role "]}"
        {SAID("{\"role\":\"system\",\"content\":\"x\"}"), "messages", PROBLEM_INVALID},
        {SAID("{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":\"y\"}"),
            "messages", PROBLEM_INVALID},
        {SAID("{\"role\":\"function\",\"content\":\"x\"}"), "messages", PROBLEM_INVALID},
        {SAID("{\"role\":\"tool\",\"content\":\"x\"}"), "tool_call_id", PROBLEM_INVALID},
        {SAID("{\"role\":\"user\",\"content\":\" \"}"), "messages", PROBLEM_INVALID},
        {SAID("{\"role\":\"user\",\"content\":\"a\\u0000b\"}"), "content", PROBLEM_INVALID},
        {SAID("1"), "messages", PROBLEM_INVALID},
#define PART(part) SAID("{\"role\":\"user\",\"content\":[" part "]}")
        {PART("{\"type\":\"input_audio\",\"input_audio\":{}}"), "input_audio", PROBLEM_UNSUPPORTED},
        {PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"ftp://x/y\"}}"), "messages",
            PROBLEM_INVALID},
        {PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png,x\"}}"), "messages",
            PROBLEM_INVALID},
        {PART("{\"type\":\"input_file\",\"file_id\":\"f\"}"), "file_id", PROBLEM_UNSUPPORTED},
#define RESPONSE SUBMIT_RESPONSE, "{\"model\":\"pam\",\"input\":\"hi\","
        {RESPONSE "\"text\":{\"format\":{\"type\":\"json_schema\"}}}", "text", PROBLEM_UNSUPPORTED},
        {RESPONSE "\"prompt\":{\"id\":\"p\"}}", "prompt", PROBLEM_UNSUPPORTED},
        {RESPONSE "\"tools\":[{\"type\":\"web_search\"}]}", "tools[0].type", PROBLEM_UNSUPPORTED},
        {RESPONSE "\"background\":true,\"store\":false}", "background", PROBLEM_INVALID},
        {RESPONSE "\"previous_response_id\":\"resp_x\"}", "", PROBLEM_PREVIOUS},
        {RESPONSE "\"previous_response_id\":\"resp_" TURN "\",\"conversation\":\"c\"}",
            "conversation", PROBLEM_INVALID},
        {RESPONSE "\"conversation\":{}}", "conversation", PROBLEM_INVALID},
        {RESPONSE "\"conversation\":{\"id\":null}}", "conversation", PROBLEM_INVALID},
        {SUBMIT_RESPONSE, "{\"model\":\"pam\",\"input\":[]}", "input", PROBLEM_INVALID},
        {SUBMIT_RESPONSE, "{\"model\":\"pam\",\"input\":[{\"type\":\"computer_call\"}]}", "input",
            PROBLEM_INVALID},
        {SUBMIT_RESPONSE,
            "{\"model\":\"pam\",\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_1\"},"
            "{\"role\":\"user\",\"content\":\"x\"}]}",
            "input", PROBLEM_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading r;
        read_as(&r, rows[i].kind, rows[i].json);
        if (r.error != ERR_INVALID || r.problem.code != rows[i].code ||
            strcmp(r.problem.field, rows[i].field) != 0)
            fail_msg("%s: %d, %s, field \"%s\"", rows[i].json, r.error,
                problem_kind(r.problem.code)->code, r.problem.field);
        assert_true(r.problem.detail[0] != '\0');
        done(&r);
    }
}

static void what_does_no_harm_is_passed_over(void **state)
{
    struct reading r;
    (void)state;
    read_as(&r, SUBMIT_COMPLETION,
        "{\"model\":\"pam\"," HI
        ",\"n\":1,\"temperature\":0.2,\"top_p\":1,\"seed\":1,\"stop\":null,\"logprobs\":false,"
        "\"presence_penalty\":0,\"logit_bias\":{},\"store\":true,\"service_tier\":\"auto\","
        "\"reasoning_effort\":\"low\",\"parallel_tool_calls\":true,\"user\":{\"id\":1},"
        "\"response_format\":{\"type\":\"text\"},\"modalities\":[\"text\"],\"chat_id\":\"c\","
        "\"tools\":null,\"tool_choice\":null,\"metadata\":null,\"max_tokens\":null,\"x\":[]}");
    assert_int_equal(r.error, 0);
    assert_int_equal(r.submit.message_count, 1);
    assert_string_equal(r.submit.text, "hi");
    assert_false(r.submit.stream);
    done(&r);
}

#define TALK \
    "\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"}," \
    "{\"role\":\"user\",\"content\":\"one\"}," \
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\"," \
    "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}," \
    "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"And short.\"}]}," \
    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"done\"}," \
    "{\"role\":\"user\",\"content\":\"two\"}]}"

static void without_a_session_all_messages_count(void **state)
{
    static const char *const roles[] = {"user", "assistant", "tool", "user"};
    struct reading r;
    (void)state;
    read_as(&r, SUBMIT_COMPLETION, "{\"model\":\"pam\"," TALK);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.submit.message_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(role_at(&r, i), roles[i]);
    assert_true(r.submit.facade->whole);
    assert_int_equal(r.submit.facade->tail, 2);
    assert_string_equal(r.submit.facade->call, "c1");
    assert_memory_equal(r.submit.session, "once:", 5);
    assert_string_equal(jdoc_text_or(r.submit.agui, "instructions", ""), "Be kind.\n\nAnd short.");
    assert_non_null(strstr(r.submit.messages[1], "\"toolCalls\":[{\"id\":\"c1\""));
    done(&r);
}

static void with_a_session_only_what_is_new_counts(void **state)
{
    struct reading r;
    (void)state;
    read_from(&r, (struct submit_source){.kind = SUBMIT_COMPLETION, .session = "s1"},
        "{\"model\":\"pam\"," TALK);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.submit.message_count, 2);
    assert_string_equal(role_at(&r, 0), "tool");
    assert_string_equal(r.submit.session, "s1");
    assert_false(r.submit.facade->whole);
    done(&r);
    read_from(&r, (struct submit_source){.kind = SUBMIT_COMPLETION, .session = "s1"},
        "{\"model\":\"pam\",\"metadata\":{\"session_id\":\"s2\"}," HI "}");
    assert_string_equal(r.submit.session, "s2");
    done(&r);
    read_from(&r, (struct submit_source){.kind = SUBMIT_COMPLETION, .session = "a b"},
        "{\"model\":\"pam\"," HI "}");
    assert_int_equal(r.error, ERR_INVALID);
    assert_string_equal(r.problem.field, "X-Session-Id");
    done(&r);
}

static void many_messages_are_taken_up_to_the_setting(void **state)
{
    struct buf json = {0};
    struct reading r;
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        buf_reset(&json);
        buf_puts(&json, "{\"model\":\"pam\",\"messages\":[");
        for (size_t i = 0; i < 1000 + extra; i++)
            buf_printf(&json, "%s{\"role\":\"user\",\"content\":\"%zu\"}", i ? "," : "", i);
        buf_puts(&json, "]}");
        read_as(&r, SUBMIT_COMPLETION, buf_text(&json));
        assert_int_equal(r.error, extra ? ERR_INVALID : 0);
        assert_int_equal(r.submit.message_count, 1000);
        done(&r);
    }
    buf_free(&json);
}

static void a_try_of_the_sdk_is_its_own_key(void **state)
{
    struct reading a, b, c;
    (void)state;
    read_from(&a, (struct submit_source){.kind = SUBMIT_COMPLETION, .retry = "0"},
        "{\"model\":\"pam\"," HI "}");
    read_from(&b, (struct submit_source){.kind = SUBMIT_COMPLETION, .retry = "1"},
        "{" HI ",\"model\":\"pam\"}");
    read_from(&c, (struct submit_source){.kind = SUBMIT_COMPLETION, .retry = "1", .key = "my-key"},
        "{\"model\":\"pam\"," HI "}");
    assert_string_equal(a.submit.client_message_id, b.submit.client_message_id);
    assert_int_equal(a.submit.naming, TURNS_ANEW);
    assert_int_equal(b.submit.naming, TURNS_AGAIN);
    assert_string_equal(c.submit.client_message_id, "my-key");
    assert_int_equal(c.submit.naming, TURNS_SAME);
    done(&a);
    done(&b);
    done(&c);
}

static void the_items_of_a_response_become_messages(void **state)
{
    static const char *const roles[] = {"user", "assistant", "tool", "user"};
    struct reading r;
    (void)state;
    read_as(&r, SUBMIT_RESPONSE,
        "{\"model\":\"pam\",\"instructions\":\"Be kind.\",\"max_output_tokens\":5,\"input\":["
        "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"one\"}]},"
        "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]},"
        "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"said\"}]},"
        "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"g\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"done\"},"
        "{\"role\":\"user\",\"content\":\"two\"}]}");
    assert_int_equal(r.error, 0);
    assert_int_equal(r.submit.message_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(role_at(&r, i), roles[i]);
    assert_non_null(
        strstr(r.submit.messages[1], "\"content\":\"said\",\"toolCalls\":[{\"id\":\"c1\""));
    assert_non_null(strstr(r.submit.messages[1], "{\"id\":\"c2\""));
    assert_int_equal(r.submit.facade->tail, 2);
    assert_memory_equal(r.submit.session, "resp:", 5);
    assert_int_equal(jdoc_int_or(r.submit.agui, "maxTokens", 0), 5);
    assert_string_equal(jdoc_text_or(jdoc_get(r.submit.echo, "openai"), "instructions", ""),
        "Be kind.");
    done(&r);
}

#define CALL_OF(id) \
    "{\"type\":\"function_call\",\"call_id\":\"" id "\",\"name\":\"f\",\"arguments\":\"{}\"},"
#define OUTPUT_OF(id) \
    "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":\"of " id "\"}"

/* Of calls that were made at once: each result stands behind its own call. */
static void an_earlier_result_is_kept_for_its_call(void **state)
{
    struct reading r;
    (void)state;
    read_as(&r, SUBMIT_RESPONSE,
        "{\"model\":\"pam\",\"input\":[{\"role\":\"user\",\"content\":\"one\"}," CALL_OF("c0")
            OUTPUT_OF("c0") ",{\"role\":\"user\",\"content\":\"two\"}," CALL_OF("c1")
                OUTPUT_OF("c1") "," CALL_OF("c2") OUTPUT_OF("c2") ",{\"role\":\"user\",\"content\":"
                                                                  "\"three\"}]}");
    assert_int_equal(r.error, 0);
    assert_string_equal(r.submit.facade->call, "c2");
    assert_int_equal(r.submit.facade->earlier_count, 1);
    assert_string_equal(r.submit.facade->earlier[0].call, "c1");
    assert_non_null(strstr(r.submit.facade->earlier[0].message, "of c1"));
    assert_int_equal(r.submit.message_count, 9);
    assert_int_equal(r.submit.facade->tail, 7);
    done(&r);
    read_as(&r, SUBMIT_RESPONSE,
        "{\"model\":\"pam\",\"input\":[{\"type\":\"item_reference\",\"id\":\"fc_" TURN
        "_0\"}," OUTPUT_OF("c1") "," CALL_OF("c2") OUTPUT_OF("c2") "]}");
    assert_int_equal(r.error, 0);
    assert_int_equal(r.submit.facade->earlier_count, 1);
    assert_int_equal(r.submit.message_count, 1);
    assert_int_equal(r.submit.facade->tail, 0);
    done(&r);
}

/* What was taken long ago, or was another assistant's, is not judged again. */
static void an_earlier_message_may_be_blank(void **state)
{
    struct reading r;
    (void)state;
    read_as(&r, SUBMIT_COMPLETION,
        "{\"model\":\"pam\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
        "\"text\":\"\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
        "{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"assistant\",\"content\":\"x\"},"
        "{\"role\":\"user\",\"content\":\"two\"}]}");
    assert_int_equal(r.error, 0);
    assert_int_equal(r.submit.message_count, 4);
    assert_non_null(strstr(r.submit.messages[0], "\"content\":\"\""));
    assert_non_null(strstr(r.submit.messages[1], "\"content\":\"a\\nb\""));
    done(&r);
    read_as(&r, SUBMIT_COMPLETION,
        "{\"model\":\"pam\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
        "\"text\":\"\"}]}]}");
    assert_int_equal(r.error, ERR_INVALID);
    done(&r);
}

static void a_reference_names_the_response_before(void **state)
{
    struct reading r;
    (void)state;
    read_as(&r, SUBMIT_RESPONSE,
        "{\"model\":\"pam\",\"input\":[{\"role\":\"user\",\"content\":\"one\"},"
        "{\"type\":\"item_reference\",\"id\":\"msg_" TURN "_0\"},"
        "{\"role\":\"user\",\"content\":\"two\"}]}");
    assert_int_equal(r.error, 0);
    assert_string_equal(r.submit.facade->previous, TURN);
    assert_int_equal(r.submit.message_count, 1);
    assert_string_equal(r.submit.text, "two");
    done(&r);
}

/* ---- answers ---- */

static const struct facade_view view = {.model = "pam", .base = "/api", .after = -1};

static jdoc *parsed(const struct buf *json)
{
    jdoc *doc = NULL;
    assert_int_equal(jdoc_parse(buf_text(json), json->len, &doc, NULL, 0), 0);
    return doc;
}

#define REPLY \
    "{\"response\":\"x\",\"message_id\":\"m\",\"usage\":[{\"inputTokens\":3,\"outputTokens\":4," \
    "\"reasoningTokens\":1,\"cachedInputTokens\":2}],\"tool_calls\":[{\"id\":\"c0\",\"name\":\"ours\"," \
    "\"arguments\":{},\"status\":\"success\"},{\"id\":\"c1\",\"name\":\"f\",\"arguments\":{\"a\":\"\\\"\"}," \
    "\"status\":\"pending\"}],\"pending_tool_call_ids\":[\"c1\"],\"output\":[{\"type\":\"reasoning\"," \
    "\"text\":\"hm\"},{\"type\":\"message\",\"text\":\"one\"},{\"type\":\"message\",\"text\":\"two\"}]}"

static void a_reply_is_a_completion(void **state)
{
    const struct facade_turn turn = {.turn = TURN,
        .session = "once:x",
        .state = "done",
        .first_event = "",
        .reply = REPLY,
        .reply_len = strlen(REPLY),
        .status = 200,
        .ended_ms = 5000};
    struct facade_result result;
    struct buf json = {0};
    (void)state;
    assert_int_equal(facade_answer_whole(&view, &turn, &result, &json), 0);
    jdoc *doc = parsed(&json);
    const jdoc *choice = jdoc_at(jdoc_get(doc, "choices"), 0), *m = jdoc_get(choice, "message");
    const jdoc *calls = jdoc_get(m, "tool_calls");
    assert_int_equal(result.status, 200);
    assert_string_equal(jdoc_text_or(doc, "id", ""), "chatcmpl-" TURN);
    assert_string_equal(jdoc_text_or(m, "content", ""), "one\n\ntwo");
    assert_string_equal(jdoc_text_or(m, "reasoning_content", ""), "hm");
    assert_int_equal(jdoc_length(calls), 1);
    assert_string_equal(jdoc_text_or(jdoc_get(jdoc_at(calls, 0), "function"), "arguments", ""),
        "{\"a\":\"\\\"\"}");
    assert_string_equal(jdoc_text_or(choice, "finish_reason", ""), "tool_calls");
    assert_int_equal(jdoc_int_or(jdoc_get(doc, "usage"), "total_tokens", 0), 7);
    jdoc_free(doc);
    buf_free(&json);
}

static void a_turn_is_a_response_in_every_state(void **state)
{
    static const struct {
        const char *state, *status;
    } rows[] = {{"queued", "queued"}, {"pending", "queued"}, {"answered", "queued"},
        {"running", "in_progress"}, {"done", "completed"}, {"interrupted", "completed"},
        {"cancelled", "cancelled"}, {"failed", "failed"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool over = i > 3, good = i == 4 || i == 5;
        const char *reply = !over ? "" :
            good                  ? REPLY :
                                    "{\"detail\":\"It failed.\",\"code\":\"x\"}";
        const struct facade_turn turn = {.turn = TURN,
            .session = "s1",
            .state = rows[i].state,
            .first_event = "{\"input\":{\"forwardedProps\":{\"openai\":{\"model\":\"m\"}}}}",
            .reply = reply,
            .reply_len = strlen(reply),
            .status = !over ? 0 :
                good        ? 200 :
                              500,
            .ended_ms = over ? 5000 : 0};
        struct buf json = {0};
        assert_int_equal(facade_answer_response(&view, &turn, &json), 0);
        jdoc *doc = parsed(&json);
        assert_string_equal(jdoc_text_or(doc, "status", ""), rows[i].status);
        assert_string_equal(jdoc_text_or(doc, "model", ""), "m");
        assert_int_equal(jdoc_length(jdoc_get(doc, "output")), good ? 4 : 0);
        assert_int_equal(jdoc_type(jdoc_get(doc, "usage")), over ? JDOC_OBJECT : JDOC_NULL);
        assert_string_equal(jdoc_text_or(jdoc_get(doc, "conversation"), "id", ""), "s1");
        assert_int_equal(jdoc_type(jdoc_get(doc, "error")),
            strcmp(rows[i].state, "failed") == 0 ? JDOC_OBJECT : JDOC_NULL);
        jdoc_free(doc);
        buf_free(&json);
    }
}

/* Of a turn that another of our routes began, or an approval went on with. */
static void a_turn_of_another_route_has_one_text(void **state)
{
    static const struct {
        const char *reply, *text;
        size_t count;
    } rows[] = {{"{\"response\":\"Hi \\\"Ann\\\".\"}", "Hi \"Ann\".", 1},
        {"{\"response\":\"\"}", "", 0},
        {"{\"response\":\"May I?\",\"interrupts\":[{\"id\":\"i\",\"message\":\"May I?\"}]}",
            "May I?", 1},
        {"{\"response\":\"x\",\"output\":[]}", "", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct facade_turn turn = {.turn = TURN,
            .session = "s1",
            .state = "done",
            .first_event = "",
            .reply = rows[i].reply,
            .reply_len = strlen(rows[i].reply),
            .status = 200,
            .ended_ms = 5000};
        struct buf json = {0};
        assert_int_equal(facade_answer_response(&view, &turn, &json), 0);
        jdoc *doc = parsed(&json);
        const jdoc *output = jdoc_get(doc, "output"), *item = jdoc_at(output, 0);
        const char *text = jdoc_text_or(jdoc_at(jdoc_get(item, "content"), 0), "text", "");
        assert_int_equal(jdoc_length(output), rows[i].count);
        assert_memory_equal(text, rows[i].text, strlen(rows[i].text));
        jdoc_free(doc);
        buf_free(&json);
    }
}

static void every_problem_has_a_type_of_openai(void **state)
{
    (void)state;
    for (int code = 0; code < PROBLEM_COUNT; code++) {
        struct problem p = {0};
        struct buf json = {0};
        problem_set(&p, (enum problem_code)code, "Words.");
        facade_problem_write(&p, "trace", &json);
        jdoc *doc = parsed(&json);
        const jdoc *e = jdoc_get(doc, "error");
        int status = problem_kind((enum problem_code)code)->status;
        const char *type = jdoc_text_or(e, "type", "");
        assert_string_equal(jdoc_text_or(e, "message", ""), "Words.");
        const char *own = problem_kind((enum problem_code)code)->code;
        bool budget = code == PROBLEM_BUDGET || code == PROBLEM_SITE_BUDGET;
        assert_string_equal(jdoc_text_or(e, "code", ""),
            budget                   ? "insufficient_quota" :
                code == PROBLEM_RATE ? "rate_limit_exceeded" :
                                       own);
        assert_true(jdoc_has(e, "param"));
        assert_true((status >= 500) == (strcmp(type, "server_error") == 0));
        assert_true((status == 429 && !budget) == (strcmp(type, "rate_limit_error") == 0));
        assert_int_not_equal(facade_status(status), 422);
        jdoc_free(doc);
        buf_free(&json);
    }
}

static void paths_of_both_bases_are_known(void **state)
{
    struct conf conf;
    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    assert_string_equal(facade_path(&conf, "/v1/models"), "/models");
    assert_string_equal(facade_path(&conf, "/api/v1/pam/openai/v1/models"), "/models");
    assert_null(facade_path(&conf, "/api/v1/pam/chat"));
    assert_null(facade_path(&conf, "/v1"));
    assert_null(facade_path(&conf, "/v10/models"));
    conf_fini(&conf);
}

static void a_view_is_read_as_it_was_written(void **state)
{
    struct facade_view in = {.model = "a b&c",
                           .base = "/x?y",
                           .response = true,
                           .usage = true,
                           .after = 12},
                       out;
    struct buf detail = {0};
    (void)state;
    facade_view_write(&in, &detail);
    assert_int_equal(facade_view_read(buf_text(&detail), &out), 0);
    assert_string_equal(out.model, in.model);
    assert_string_equal(out.base, in.base);
    assert_true(out.response && out.usage);
    assert_int_equal(out.after, 12);
    assert_int_equal(facade_view_read("", &out), ERR_INVALID);
    buf_free(&detail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_would_change_the_answer_is_refused_by_name),
        cmocka_unit_test(what_does_no_harm_is_passed_over),
        cmocka_unit_test(without_a_session_all_messages_count),
        cmocka_unit_test(with_a_session_only_what_is_new_counts),
        cmocka_unit_test(many_messages_are_taken_up_to_the_setting),
        cmocka_unit_test(a_try_of_the_sdk_is_its_own_key),
        cmocka_unit_test(the_items_of_a_response_become_messages),
        cmocka_unit_test(an_earlier_result_is_kept_for_its_call),
        cmocka_unit_test(an_earlier_message_may_be_blank),
        cmocka_unit_test(a_turn_of_another_route_has_one_text),
        cmocka_unit_test(a_reference_names_the_response_before),
        cmocka_unit_test(a_reply_is_a_completion),
        cmocka_unit_test(a_turn_is_a_response_in_every_state),
        cmocka_unit_test(every_problem_has_a_type_of_openai),
        cmocka_unit_test(paths_of_both_bases_are_known),
        cmocka_unit_test(a_view_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests_name("facade", tests, NULL, NULL);
}
