/* SPDX-License-Identifier: BSD-2-Clause */
/* What servers say when they refuse a request, and how it is asked again. */
#include "agent/model/provider.h"
#include "agent/model/refusal.h"
#include "tests/unit/cm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL 0xffffffffu

static struct refusal read_body(const char *body, long status, uint64_t sent)
{
    struct refusal r;
    refusal_read(body, strlen(body), status, sent, 2048, &r);
    return r;
}

static void test_members(void **state)
{
    static const struct {
        const char *body;
        uint64_t flag;
    } rows[] = {
        {"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"`temperature` is deprecated for this model.\"}}",
            QUIRKS_NO_TEMPERATURE},
        {"{\"error\":{\"message\":\"Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.\","
         "\"type\":\"invalid_request_error\",\"param\":\"temperature\",\"code\":\"unsupported_value\"}}",
            QUIRKS_NO_TEMPERATURE},
        {"{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.\","
         "\"type\":\"invalid_request_error\",\"param\":\"max_tokens\",\"code\":\"unsupported_parameter\"}}",
            QUIRKS_OTHER_OUTPUT_FIELD},
        {"{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\"],\"msg\":\"Extra inputs are not permitted\","
         "\"input\":{\"temperature\":1}}]}",
            QUIRKS_NO_STREAM_OPTIONS},
        {"{\"object\":\"error\",\"message\":\"[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]\"}",
            QUIRKS_NO_STREAM_OPTIONS},
        {"[{\"error\":{\"code\":400,\"message\":\"Invalid JSON payload received. Unknown name \\\"stream_options\\\": Cannot find field.\"}}]",
            QUIRKS_NO_STREAM_OPTIONS},
        {"{\"error\":{\"message\":\"messages.0.content.0.text.cache_control: Extra inputs are not permitted\"}}",
            QUIRKS_NO_CACHE_CONTROL},
        {"unknown field tool_choice", QUIRKS_NO_TOOL_CHOICE},
        {"{\"error\":\"registry.ollama.ai/library/gemma:2b does not support tools\"}",
            QUIRKS_NO_TOOLS},
        {"{\"error\":{\"message\":\"Unsupported value: 'messages[0].role' does not support 'system' with this model.\"}}",
            QUIRKS_SYSTEM_AS_USER},
        {"{\"error\":{\"message\":\"The reasoning_content in the thinking mode must be passed back to the API.\"}}",
            QUIRKS_NEED_REASONING | QUIRKS_KEEP_THOUGHTS},
        {"{\"error\":{\"message\":\"Invalid 'tools[5].function.description': string too long. Expected a string with maximum length 1024, but got a "
         "string with length 2357 instead.\",\"param\":\"tools[5].function.description\",\"code\":\"string_above_max_length\"}}",
            QUIRKS_SHORT_DESCRIPTIONS},
        {"{\"error\":{\"message\":\"messages.1.content.0: Invalid `signature` in `thinking` block\"}}",
            QUIRKS_NO_THOUGHTS},
        {"[{\"error\":{\"message\":\"Unable to submit request because Thought signature is not valid.\"}}]",
            QUIRKS_NO_THOUGHTS},
        {"[{\"error\":{\"code\":400,\"message\":\"Invalid JSON payload received. Unknown name \\\"exclusiveMinimum\\\" at "
         "'tools[0].function_declarations[6].parameters.properties[3].value.any_of[0]': Cannot find field.\"}}]",
            QUIRKS_PLAIN_SCHEMAS},
        {"{\"error\":{\"message\":\"tools.12.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12\"}}",
            QUIRKS_PLAIN_SCHEMAS},
        {"{\"message\":\"Unexpected role 'user' after role 'tool'\",\"code\":\"3230\"}",
            QUIRKS_ANSWER_RESULTS},
        {"{\"detail\":[{\"type\":\"string_type\",\"loc\":[\"body\",\"messages\",2,\"assistant\",\"content\"],\"msg\":\"Input should be a valid "
         "string\",\"input\":null}]}",
            QUIRKS_TEXT_CONTENT},
        {"{\"error\":\"Invalid 'content': 'content' field must be a string or an array of objects. Got 'null'.\"}",
            QUIRKS_TEXT_CONTENT},
        {"{\"error\":{\"message\":\"The `reasoning` must be passed back to the API.\"}}",
            QUIRKS_KEEP_THOUGHTS},
        {"{\"error\":{\"message\":\"Function tools with reasoning_effort are not supported for m in /v1/chat/completions.\","
         "\"param\":\"reasoning_effort\"}}",
            QUIRKS_EFFORT_NONE},
        {"\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\"",
            QUIRKS_OTHER_THINKING},
        {"thinking: Extra inputs are not permitted", QUIRKS_NO_THINKING},
        {"output_config.effort: Extra inputs are not permitted", QUIRKS_NO_EFFORT},
        {"Unexpected value(s) `interleaved-thinking-2025-05-14` for the `anthropic-beta` header",
            QUIRKS_NO_BETA},
        {"messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`",
            QUIRKS_NO_THOUGHTS},
        {"{\"error\":{\"message\":\"The `content[].thinking` in the thinking mode must be passed back to the API.\"}}",
            QUIRKS_KEEP_THOUGHTS},
        {"{\"error\":{\"message\":\"'messages.2': property 'reasoning_content' is unsupported\"}}",
            QUIRKS_NO_REASONING},
        {"{\"message\":\"Tool call id was toolu_01 but must be a-z, A-Z, 0-9, with a length of 9.\"}",
            QUIRKS_SHORT_IDS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct refusal r = read_body(rows[i].body, 400, ALL & ~(unsigned)QUIRKS_NO_OUTPUT_FIELD);
        assert_int_equal(r.kind, REFUSAL_MEMBER);
        assert_int_equal(r.flag, rows[i].flag);
    }
    /* Only what was sent can be left out. */
    assert_int_equal(read_body("`temperature` is deprecated", 400, 0).kind, REFUSAL_OTHER);
    assert_int_equal(read_body("high_temperature_mode is wrong", 400, ALL).kind, REFUSAL_OTHER);
    assert_int_equal(read_body("Function call is missing a thought_signature", 400, ALL).kind,
        REFUSAL_OTHER);
    assert_int_equal(read_body("", 400, ALL).kind, REFUSAL_OTHER);
    assert_int_equal(
        read_body(
            "{\"error\":{\"message\":\"max_tokens: 2048 > 1024, which is the maximum allowed number of output tokens\"}}",
            400, ALL)
            .output_max,
        1024);
    assert_int_equal(
        read_body(
            "max_tokens is too large: 2048. This model supports at most 1,000 completion tokens",
            400, ALL)
            .output_max,
        1000);
}

static void test_windows(void **state)
{
    static const struct {
        const char *body;
        int64_t window, used;
    } rows[] = {
        {"{\"error\":{\"message\":\"prompt is too long: 208310 tokens > 200000 maximum\"}}", 200000,
            208310},
        {"{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (7000 in the messages, "
         "2000 in the completion).\",\"code\":\"context_length_exceeded\"}}",
            8192, 9000},
        {"{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context size, try increasing it\",\"type\":"
         "\"exceed_context_size_error\",\"n_prompt_tokens\":5000,\"n_ctx\":4096}}",
            4096, 5000},
        {"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            1048576, 1200000},
        {"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            32768, 40000},
        {"input length and `max_tokens` exceed context limit: 199000 + 2048 > 200000, decrease input length",
            200000, 0},
        {"This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
            131072, 537812},
        {"{\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"Please reduce the length of the messages.\"}}",
            0, 0},
        {"model claude-sonnet-4-20250514, openai/gpt-4-32768: prompt is too long: 208310 tokens > 200000 maximum",
            200000, 208310},
        {"{\"object\":\"error\",\"message\":\"The prompt (total length 25938) is too long to fit into the model (context length 4096).\"}",
            4096, 25938},
        {"Prompt length of 5016 is longer than the maximum model length of 4096.", 4096, 5016},
        {"Input prompt (2716 tokens) is too long and exceeds limit of 2048", 2048, 2716},
        {"{\"error\":{\"message\":\"Invalid request: Your request exceeded model token limit: 8192\",\"type\":\"invalid_request_error\"}}",
            8192, 0},
        {"{\"error\":{\"code\":\"1261\",\"message\":\"Prompt \xe8\xb6\x85\xe9\x95\xbf\"}}", 0, 0},
        {"{\"error\":{\"message\":\"Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got a string with "
         "length 2000000 instead.\",\"param\":\"messages[1].content\",\"code\":\"string_above_max_length\"}}",
            0, 0},
        {"prompt token count of 132000 exceeds the limit of 128000", 128000, 132000},
        {"The context length of gpt-4-0613 is 8192 tokens, got 9000", 8192, 9000},
        {"{\"error\":{\"type\":\"request_too_large\",\"message\":\"Request exceeds the maximum size\"}}",
            0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct refusal r = read_body(rows[i].body, 400, ALL);
        assert_int_equal(r.kind, REFUSAL_WINDOW);
        assert_int_equal(r.window, rows[i].window);
        assert_int_equal(r.used, rows[i].used);
    }
    assert_int_equal(read_body("<html>413</html>", 413, ALL).kind, REFUSAL_WINDOW);
}

/* A request of 40,000 bytes that the provider refused with this body. */
static struct refusal_case case_of(const char *body, int output, struct context *context)
{
    return (struct refusal_case){.provider = "p",
        .body = body,
        .body_len = strlen(body),
        .status = 400,
        .sent = ALL,
        .output = output,
        .request_bytes = 40000,
        .context = context};
}

/* Each refusal changes the next request, and they come to an end. */
static void test_too_large_for_ever(void **state)
{
    static const struct {
        const char *body;
        long status;
        size_t bytes;
        bool is;
        int64_t window;
    } rows[] = {
        {"{\"error\":{\"message\":\"Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 36278. "
         "The input or output tokens must be reduced in order to run successfully.\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}",
            429, 140000, true, 30000},
        {"{\"error\":{\"message\":\"Request too large for model `llama-3.3-70b-versatile` in organization `org_1` service tier `on_demand` on tokens per "
         "minute (TPM): Limit 6000, Requested 8120, please reduce your message size and try again.\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}",
            413, 33000, true, 6000},
        {"{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"This request would exceed your organization's rate limit of 30,000 "
         "input tokens per minute. Please reduce the prompt length or the maximum tokens requested, or try again later.\"}}",
            429, 200000, true, 30000},
        {"{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"This request would exceed your organization's rate limit of 30,000 "
         "input tokens per minute.\"}}",
            429, 60000, false, 0}, /* a later one will fit */
        {"{\"error\":{\"message\":\"Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 3082. "
         "Please try again in 4.1s.\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}",
            429, 12000, false, 0},
        {"{\"error\":{\"code\":500,\"message\":\"the request exceeds the available context size. try increasing the context size or enable context shift\"}}",
            500, 50000, true, 0},
        {"{\"error\":{\"message\":\"Internal error\"}}", 500, 500000, false, 0},
        {"<html><title>413 Request Entity Too Large</title></html>", 413, 5000000, true, 0},
        {"{\"error\":{\"message\":\"Overloaded\"}}", 529, 500000, false, 0},
        {"tokens per minute", 429, 500000, false, 0},
        {"", 429, 500000, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].body);
        assert_int_equal(refusal_is_too_large(rows[i].body, len, rows[i].status, rows[i].bytes),
            rows[i].is);
        if (!rows[i].is)
            continue;
        struct refusal r = read_body(rows[i].body, rows[i].status, ALL);
        assert_int_equal(r.kind, REFUSAL_WINDOW);
        assert_int_equal(r.window, rows[i].window);
    }
}

static void test_every_chain_ends(void **state)
{
    static const char *const bodies[] = {"nothing that is known", "temperature",
        "prompt is too long", "prompt is too long: 5000 tokens > 4000 maximum",
        "max_tokens is too large, at most 1024", "max_tokens",
        "reasoning_content must be passed back"};
    struct context_frame frame = {0};
    const struct chat_message items[9] = {{.text = ""}};
    struct context context = {.frame = &frame, .items = items, .count = 9};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct refusal_state s = {0};
        struct quirks known = {0};
        size_t tries = 0;
        struct refusal_case c = case_of(bodies[i], 2048, &context);
        context.reduced = false;
        while (refusal_adapt(&s, &c, &known)) {
            int64_t room = s.limits.room;
            assert_true(++tries <= 12);
            context.reduced = s.limits.reduced;
            if (room)
                c.request_bytes = (size_t)room * 3;
        }
        assert_true(tries >= 1);
        assert_true(context.reduced);
    }
}

/* A number of something else does not take the conversation away. */
static void test_absurd_numbers(void **state)
{
    static const char body[] = "request 987654321: prompt is too long, the limit is 8192 tokens";
    struct context_frame frame = {0};
    const struct chat_message items[9] = {{.text = ""}};
    struct context context = {.frame = &frame, .items = items, .count = 9};
    struct refusal_state s = {0};
    struct quirks known = {0};
    struct refusal_case c = case_of(body, 1024, &context);

    (void)state;
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.limits.room > 5000 && s.limits.room < 8192);
}

/* Nothing can be shortened in a single message: it is not paid for again and again. */
static void test_a_single_message(void **state)
{
    struct context_frame frame = {0};
    const struct chat_message items[1] = {{.text = ""}};
    struct context context = {.frame = &frame, .items = items, .count = 1};
    struct refusal_state s = {0};
    struct quirks known = {0};
    struct refusal_case c = case_of("prompt is too long", 2048, &context);

    (void)state;
    assert_false(refusal_adapt(&s, &c, &known));
    c.body = "prompt is too long, the limit is 3000";
    c.body_len = strlen(c.body);
    assert_true(refusal_adapt(&s, &c, &known)); /* a shorter answer may help */
    c.output = known.output_max;
    assert_int_equal(c.output, 750);
    assert_false(refusal_adapt(&s, &c, &known));
}

/* One that has a file may be taken without it. */
static void test_a_message_with_a_file(void **state)
{
    struct context_frame frame = {0};
    struct chat_file file = {.id = "att-1", .type = "image/png"};
    const struct chat_message items[1] = {{.text = "", .files = &file, .file_count = 1}};
    struct context context = {.frame = &frame, .items = items, .count = 1};
    struct refusal_state s = {0};
    struct quirks known = {0};
    struct refusal_case c = case_of("Could not process image", 2048, &context);

    (void)state;
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.limits.no_files && !s.limits.reduced);
    assert_int_equal(known.flags, 0);
    file.why = "does not go along";
    assert_false(refusal_adapt(&s, &c, &known));
}

/* What a file costs is no measure of what others may ask: the conversation stays whole, too. */
static void test_a_file_that_is_too_large(void **state)
{
    static const struct {
        const char *body;
        long status;
        unsigned pages;
        int64_t window;
    } rows[] = {
        {"<html><title>413 Request Entity Too Large</title></html>", 413, 1, 0},
        {"prompt is too long: 215000 tokens > 200000 maximum", 400, 90, 200000},
    };
    struct context_frame frame = {0};
    struct chat_file file = {.id = "att-1", .type = "application/pdf", .kind = MEDIA_PDF};
    const struct chat_message items[9] = {
        {.text = ""}, [8] = {.text = "", .files = &file, .file_count = 1}};
    struct context context = {.frame = &frame, .items = items, .count = 9, .late_at = 8};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct refusal_state s = {0};
        struct quirks known = {0};
        struct refusal_case c = case_of(rows[i].body, 2048, &context);
        c.status = rows[i].status;
        file.why = NULL;
        file.pages = rows[i].pages;
        c.request_bytes = 3 * 3000 * file.pages + 3000;
        assert_true(refusal_adapt(&s, &c, &known));
        assert_true(s.limits.no_files && !s.limits.room && !s.learnt && !s.trims);
        file.why = "does not go along";
        assert_true(refusal_adapt(&s, &c, &known)); /* the words are too long, too */
        assert_true(s.limits.room && s.limits.room == s.learnt);
        assert_true(known.output_max == 0 && known.flags == 0);
    }
}

/* Messages go for a file that may stay; when none is left to go, the file does. */
static void test_messages_leave_for_a_file(void **state)
{
    struct context_frame frame = {0};
    struct chat_file file = {.id = "att-1", .kind = MEDIA_PDF, .pages = 1};
    const struct chat_message items[9] = {
        {.text = ""}, [8] = {.text = "", .files = &file, .file_count = 1}};
    struct context context = {.frame = &frame,
        .items = items,
        .count = 9,
        .late_at = 8,
        .tokens = 11000};
    struct refusal_state s = {0};
    struct quirks known = {0};
    struct refusal_case c = case_of("prompt is too long", 2048, &context);

    (void)state;
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.limits.room > 0 && !s.learnt && !s.limits.no_files);
    context.tokens = 8000;
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.trims == 2 && !s.limits.no_files);
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.trims == 2 && s.limits.no_files);
    s = (struct refusal_state){0};
    c = case_of("prompt is too long, the limit is 12000", 1024, &context);
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.learnt >= (12000 - 1024) * 9 / 10);
}

/* Servers say in many words that they take no pictures and no PDF (public reports, November
 * 2026). */
static void test_files_refused(void **state)
{
    static const struct {
        const char *body;
        uint64_t flag;
    } rows[] = {
        {"{\"error\":{\"message\":\"Invalid content type. image_url is only supported by certain models.\"}}",
            QUIRKS_NO_IMAGES},
        {"{\"error\":{\"message\":\"Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, "
         "expected `text` at line 1\"}}",
            QUIRKS_NO_IMAGES},
        {"{\"object\":\"error\",\"message\":\"some-model is not a multimodal model None\",\"code\":400}",
            QUIRKS_NO_IMAGES},
        {"{\"message\":\"At most 0 image(s) may be provided in one request.\"}", QUIRKS_NO_IMAGES},
        {"{\"error\":{\"code\":500,\"message\":\"image input is not supported - hint: if this is unexpected, you may need to provide the "
         "mmproj\"}}",
            QUIRKS_NO_IMAGES},
        {"{\"error\":{\"message\":\"No endpoints found that support image input\",\"code\":404}}",
            QUIRKS_NO_IMAGES},
        {"{\"error\":\"this model is missing data required for image input\"}", QUIRKS_NO_IMAGES},
        {"{\"error\":{\"message\":\"messages[1].content must be a string\"}}", QUIRKS_NO_IMAGES},
        {"{\"error\":{\"message\":\"Invalid value: 'file'. Supported values are: 'text','image_url','input_audio'.\"}}",
            QUIRKS_NO_DOCUMENTS},
        {"{\"error\":{\"message\":\"unsupported content[].type: file\"}}", QUIRKS_NO_DOCUMENTS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct refusal r = read_body(rows[i].body, 400, QUIRKS_NO_IMAGES | QUIRKS_NO_DOCUMENTS);
        if (r.kind != REFUSAL_MEMBER || r.flag != rows[i].flag)
            fail_msg("%s: %llx", rows[i].body, (unsigned long long)r.flag);
    }
    assert_int_equal(read_body(rows[0].body, 400, 0).kind, REFUSAL_OTHER);
    /* A broken picture says nothing of the model. */
    assert_int_equal(read_body("messages.0.content.0.image: Could not process image", 400,
                         QUIRKS_NO_IMAGES)
                         .kind,
        REFUSAL_OTHER);
}

/* One bad file says nothing of what the model takes. */
static void test_a_bad_file(void **state)
{
    static const char *const bodies[] = {
        "{\"error\":{\"message\":\"You uploaded an unsupported image. Please make sure your image "
        "is valid.\",\"type\":\"invalid_request_error\",\"code\":\"image_parse_error\"}}",
        "{\"error\":{\"message\":\"You uploaded an unsupported image. Please make sure your image "
        "has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].\",\"code\":"
        "\"invalid_image_format\"}}",
        "The image data you provided does not represent a valid image. Unsupported.",
        "messages.0.content.0.pdf.source.base64.data: The PDF specified is password protected: "
        "not supported",
        "Unsupported: the document is corrupt",
        "Unsupported value. See the documentation: invalid value",
        "this file is not supported",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct refusal r = read_body(bodies[i], 400, QUIRKS_NO_IMAGES | QUIRKS_NO_DOCUMENTS);
        if (r.kind != REFUSAL_OTHER)
            fail_msg("%s: %llx", bodies[i], (unsigned long long)r.flag);
    }
}

/* A refusal without a reason: what is kept back is told at once in this call, and in all others
 * only when that helped. One user's file, or words, change nothing for anybody else. */
static void test_a_guess_is_this_calls(void **state)
{
    static const char vague[] = "messages.2.content.0.tool_result.content: Input should be valid";
    static const char *const users[] = {"invalid_prompt: flagged as potentially violating our "
                                        "usage policy",
        "The PDF specified is password protected"};
    const uint64_t sent = QUIRKS_NO_DEFERRED | QUIRKS_NO_DOCUMENTS;
    struct context_frame frame = {0};
    struct chat_file file = {.id = "att-1", .type = "application/pdf", .kind = MEDIA_PDF};
    struct chat_message items[9] = {{.text = ""}, [8] = {.text = "", .files = &file}};
    struct context context = {.frame = &frame, .items = items, .count = 9};

    (void)state;
    for (size_t files = 0; files < 2; files++) {
        struct refusal_state s = {0};
        struct quirks known = {0};
        items[8].file_count = files;
        struct refusal_case c = case_of(vague, 1024, &context);
        c.sent = sent;
        if (files) { /* the file first: it may be that alone */
            assert_true(refusal_adapt(&s, &c, &known));
            assert_true(s.limits.no_files && !s.guessed);
            refusal_taken(&s, "anthropic", &known);
            assert_true(!known.flags);
        }
        assert_true(refusal_adapt(&s, &c, &known));
        assert_true(s.guessed == QUIRKS_NO_DEFERRED && !known.flags);
        assert_false(s.limits.no_files || s.limits.reduced);
        struct refusal_state helped = s;
        refusal_taken(&helped, "anthropic", &known);
        assert_true(known.flags == QUIRKS_NO_DEFERRED);
        known.flags = 0;
        c.sent &= ~QUIRKS_NO_DEFERRED;
        assert_true(refusal_adapt(&s, &c, &known)); /* it did not help */
        assert_true(s.guessed == QUIRKS_NO_DEFERRED);
        refusal_taken(&s, "anthropic", &known);
        assert_true(!known.flags);
    }
    for (size_t i = 0; i < 2; i++) {
        struct refusal_state s = {.limits.no_files = true};
        struct quirks known = {0};
        struct refusal_case c = case_of(users[i], 1024, &context);
        c.sent = sent;
        assert_true(refusal_adapt(&s, &c, &known));
        refusal_taken(&s, "anthropic", &known);
        assert_true(!known.flags);
    }
}

/* Thoughts that the server does not know are left out once, and only now. */
static void test_unknown_thoughts(void **state)
{
    static const char body[] = "messages.1.content.0: Invalid `signature` in `thinking` block";
    struct context_frame frame = {0};
    const struct chat_message items[9] = {{.text = ""}};
    struct context context = {.frame = &frame, .items = items, .count = 9};
    struct refusal_state s = {0};
    struct quirks known = {0};
    struct refusal_case c = case_of(body, 1024, &context);

    (void)state;
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.limits.no_thoughts);
    assert_false(s.limits.reduced);
    assert_int_equal(known.flags, 0);
    assert_true(refusal_adapt(&s, &c, &known));
    assert_true(s.limits.reduced);
}

static struct quirks_of of(const char *provider, const char *url, const char *model)
{
    return (struct quirks_of){provider, url, model};
}

static unsigned known(const char *provider, const char *url, const char *model)
{
    const struct quirks_of one = of(provider, url, model);
    struct quirks q;
    quirks_get(&one, 0, &q);
    return q.flags;
}

static void learn(const char *model, uint64_t flags)
{
    const struct quirks_of one = of("openai", "u", model);
    quirks_settle(&one, &(struct quirks){0}, &(struct quirks){.flags = flags}, true, 0);
}

static void test_quirks_are_bounded(void **state)
{
    char model[16];

    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        learn("kept", 5);
        for (int i = 0; i < 3 * QUIRKS_MAX; i++) {
            snprintf(model, sizeof model, "m%d", i);
            learn(model, 1);
            assert_int_equal(known("openai", "u", "kept"), 5);
        }
        assert_int_equal(known("openai", "u", model), 1);
        assert_int_equal(known("openai", "u", "m0"), 0);
        assert_int_equal(known("openai", "other", "kept"), 0);
        assert_int_equal(known("anthropic", "u", "kept"), 0);
        quirks_forget();
        assert_int_equal(known("openai", "u", "kept"), 0);
        assert_int_equal(quirks_share(), 0);
    }
}

/* Two workers that knew the same learn different things: both are kept, for an hour. */
static void test_quirks_add_up_and_pass(void **state)
{
    const struct quirks_of one = of("openai", "u", "m");
    const struct quirks before = {0};
    struct quirks q;

    (void)state;
    quirks_settle(&one, &before, &(struct quirks){.flags = 1, .room = 900}, true, 10);
    quirks_settle(&one, &before, &(struct quirks){.flags = 4, .output_max = 70}, true, 20);
    quirks_get(&one, QUIRKS_KEEP_MS + 9, &q);
    assert_int_equal(q.flags, 5);
    assert_int_equal(q.room, 900);
    assert_int_equal(q.output_max, 70);
    quirks_get(&one, QUIRKS_KEEP_MS + 10, &q);
    assert_true(!q.flags && !q.room && !q.output_max);
    quirks_settle(&one, &before, &(struct quirks){.flags = 2}, true, QUIRKS_KEEP_MS + 10);
    quirks_get(&one, QUIRKS_KEEP_MS + 10, &q);
    assert_int_equal(q.flags, 2);
    /* What was known did not help: it is asked for again. */
    quirks_settle(&one, &before, &(struct quirks){.flags = 6}, false, QUIRKS_KEEP_MS + 10);
    quirks_get(&one, QUIRKS_KEEP_MS + 10, &q);
    assert_int_equal(q.flags, 2);
    quirks_settle(&one, &q, &q, false, QUIRKS_KEEP_MS + 10);
    quirks_get(&one, QUIRKS_KEEP_MS + 10, &q);
    assert_int_equal(q.flags, 0);
}

/* What one process learns, all of them know, also when one is killed. */
static void test_quirks_are_shared(void **state)
{
    int status;

    (void)state;
    assert_int_equal(quirks_share(), 0);
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        if (!pid) {
            learn("m", 8);
            for (;;)
                learn("other", 1);
        }
        assert_true(pid > 0);
        while (known("openai", "u", "m") != 8)
            continue;
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        quirks_forget(); /* the lock is there again */
        assert_int_equal(known("openai", "u", "m"), 0);
    }
}

/* OpenAI's Responses API, in the vendor's words. */
static void test_members_of_responses(void **state)
{
    static const struct {
        const char *body;
        unsigned flag;
    } rows[] = {
        {"{\"error\":{\"message\":\"Encrypted content is not supported with this model.\",\"param\":"
         "\"include\"}}",
            QUIRKS_NO_INCLUDE},
        {"{\"error\":{\"message\":\"Unsupported parameter: 'reasoning.effort' is not supported with "
         "this model.\",\"param\":\"reasoning.effort\"}}",
            QUIRKS_NO_THINKING},
        {"{\"error\":{\"message\":\"Your organization must be verified to generate reasoning "
         "summaries.\",\"param\":\"reasoning.summary\"}}",
            QUIRKS_NO_SUMMARY},
        {"{\"error\":{\"message\":\"Unknown parameter: 'background'.\",\"param\":\"background\"}}",
            QUIRKS_NO_BACKGROUND},
        {"{\"error\":{\"message\":\"Background mode is not supported with zero data retention.\"}}",
            QUIRKS_NO_BACKGROUND},
        {"{\"error\":{\"message\":\"Unknown parameter: 'prompt_cache_key'.\"}}",
            QUIRKS_NO_CACHE_KEY},
        {"{\"error\":{\"message\":\"Unknown parameter: 'parallel_tool_calls'.\"}}",
            QUIRKS_NO_PARALLEL},
        {"{\"error\":{\"message\":\"Unsupported parameter: 'max_output_tokens'\"}}",
            QUIRKS_NO_OUTPUT_FIELD},
        {"{\"error\":{\"message\":\"Item 'fc_1' of type 'function_call' was provided without its "
         "required 'reasoning' item: 'rs_1'.\",\"param\":\"input\"}}",
            QUIRKS_NO_THOUGHTS},
        {"{\"error\":{\"message\":\"Item with id 'rs_1' not found. Items are not persisted when `store` "
         "is set to false.\",\"param\":\"input\"}}",
            QUIRKS_NO_THOUGHTS},
        {"{\"error\":{\"message\":\"The encrypted content gAAA could not be verified.\",\"code\":"
         "\"invalid_encrypted_content\"}}",
            QUIRKS_NO_THOUGHTS},
    };

    static const char *const kept_back[] = {
        "tools.16.custom.defer_loading: Extra inputs are not permitted",
        "'claude-3-haiku' does not support tool_reference blocks.",
        "Tool reference 'x' not found in available tools",
        "Tool 'tool_search' is not supported with gpt-5.",
        "Invalid Value: 'tools.defer_loading'. Deferred tools require tools.tool_search."};

    (void)state;
    for (size_t i = 0; i < sizeof kept_back / sizeof *kept_back; i++)
        assert_true(
            read_body(kept_back[i], 400, ALL | QUIRKS_NO_DEFERRED).flag == QUIRKS_NO_DEFERRED);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct refusal r = read_body(rows[i].body, 400, ALL & ~QUIRKS_NO_CALL_EXTRA);
        if (r.kind != REFUSAL_MEMBER || r.flag != rows[i].flag)
            fail_msg("%s: kind %d flag %llx", rows[i].body, r.kind, (unsigned long long)r.flag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_members_of_responses),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_too_large_for_ever),
        cmocka_unit_test(test_every_chain_ends),
        cmocka_unit_test(test_absurd_numbers),
        cmocka_unit_test(test_a_single_message),
        cmocka_unit_test(test_a_message_with_a_file),
        cmocka_unit_test(test_a_file_that_is_too_large),
        cmocka_unit_test(test_messages_leave_for_a_file),
        cmocka_unit_test(test_a_bad_file),
        cmocka_unit_test(test_files_refused),
        cmocka_unit_test(test_a_guess_is_this_calls),
        cmocka_unit_test(test_unknown_thoughts),
        cmocka_unit_test(test_quirks_are_bounded),
        cmocka_unit_test(test_quirks_add_up_and_pass),
        cmocka_unit_test(test_quirks_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
