/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to models: whatever is stored, they keep the receiver's rules. */
#include "agent/model/request_extra.h"
#include "base/breaker.h"
#include "base/utf8.h"
#include "tests/unit/request_bench.h"

static void test_the_usual_request(void **state)
{
    struct context_tool tool = {.name = "t",
        .description = "does",
        .schema = "{\"type\":\"object\"}"};

    (void)state;
    assert_int_equal(provider_prepare(&tool, 1), 0);
    user("first");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"sure\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"x\",\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":"
        "{\"name\":\"y\",\"arguments\":\"{\\\"a\\\":\"}}]}");
    add("{\"id\":\"3\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"r\\\"1\"}");
    add("{\"id\":\"4\",\"role\":\"tool\",\"toolCallId\":\"c2\",\"content\":\"r2\",\"error\":\"e\"}");
    user("now");
    set("anthropic.url", "http://h:1/");
    set("anthropic.key", "k\r\nEvil: 1");
    assert_string_equal(ask(&provider_anthropic, false),
        "{\"model\":\"claude-sonnet-5-5\",\"max_tokens\":8292,\"stream\":true,"
        "\"system\":[{\"type\":\"text\",\"text\":\"You are.\",\"cache_control\":{\"type\":\"ephemeral\"}}],"
        "\"tools\":[{\"name\":\"t\",\"description\":\"does\",\"input_schema\":{\"type\":\"object\"},"
        "\"cache_control\":{\"type\":\"ephemeral\"}}],\"messages\":["
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"first\"}]},"
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"sure\"},"
        "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"x\",\"input\":{\"a\":1}},"
        "{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"y\",\"input\":{}}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":\"r\\\"1\"},"
        "{\"type\":\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"r2\",\"is_error\":true},"
        "{\"type\":\"text\",\"text\":\"now\",\"cache_control\":{\"type\":\"ephemeral\"}},"
        "{\"type\":\"text\",\"text\":\"<late>\"}]}]}");
    assert_string_equal(buf_text(&f.http.url), "http://h:1/v1/messages");
    assert_string_equal(f.http.headers[3], "x-api-key: kEvil: 1");
    assert_null(f.http.headers[4]);
    set("openai.key", "sk");
    assert_string_equal(ask(&provider_openai, true),
        "{\"model\":\"gpt-6-sol\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
        "\"max_completion_tokens\":100,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
        "\"t\",\"description\":\"does\",\"parameters\":{\"type\":\"object\"}}}],\"tool_choice\":\"none\","
        "\"reasoning_effort\":\"none\",\"messages\":["
        "{\"role\":\"system\",\"content\":\"You are.\"},{\"role\":\"user\",\"content\":\"first\"},"
        "{\"role\":\"assistant\",\"content\":\"sure\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"x\",\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"c2\",\"type\":\"function\","
        "\"function\":{\"name\":\"y\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"r\\\"1\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"r2\"},"
        "{\"role\":\"user\",\"content\":\"now\\n\\n<late>\"}]}");
    assert_string_equal(buf_text(&f.http.url), "https://api.openai.com/v1/chat/completions");
    assert_string_equal(f.http.headers[2], "Authorization: Bearer sk");
    assert_int_equal(provider_prepare(NULL, 0), 0);
}

/* Nothing that nobody set; what a server refused before is left out. */
static void test_optional_members(void **state)
{
    static const struct {
        const char *url, *model, *field;
    } fields[] = {
        {"https://api.openai.com/v1", "my-own", "max_completion_tokens"},
        {"https://eu.api.openai.com/v1", "x", "max_completion_tokens"},
        {"https://openrouter.example/v1", "openai/gpt-5", "max_completion_tokens"},
        {"http://h/v1", "o3-mini", "max_completion_tokens"},
        {"http://h/v1", "gpt-12", "max_completion_tokens"},
        {"http://h/v1", "gpt-4.1", "max_tokens"},
        {"http://h/v1", "openai-like", "max_tokens"},
        {"http://api.openai.com.evil/v1", "prod-gpt5", "max_completion_tokens"},
        {"http://api.openai.com.evil/v1", "prod", "max_tokens"},
    };

    (void)state;
    user("hello");
    has_not(ask(&provider_anthropic, false), "temperature");
    has_not(ask(&provider_openai, false), "temperature");
    set("openai.temperature", "0.20"); /* said of this provider: whatever the table says */
    has(ask(&provider_openai, false), "\"temperature\":0.2,");
    set("model.temperature", "1");
    has(ask(&provider_openai, false), "\"temperature\":1,");
    has_not(ask(&provider_anthropic, false), "temperature"); /* the default model takes none */
    set("anthropic.model", "claude-sonnet-4-5");
    has(ask(&provider_anthropic, false), "\"temperature\":1,");
    f.quirks.flags = QUIRKS_NO_TEMPERATURE | QUIRKS_NO_CACHE_CONTROL | QUIRKS_NO_STREAM_OPTIONS |
        QUIRKS_SYSTEM_AS_USER;
    f.quirks.output_max = 7;
    has(ask(&provider_anthropic, false), "\"max_tokens\":7,");
    has_not(buf_text(&f.http.body), "temperature");
    has_not(buf_text(&f.http.body), "cache_control");
    f.quirks.flags &= ~(unsigned)QUIRKS_SYSTEM_AS_USER;
    has_not(ask(&provider_openai, false), "stream_options");
    f.quirks = (struct quirks){0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char want[64];
        set("openai.url", fields[i].url);
        set("openai.model", fields[i].model);
        snprintf(want, sizeof want, "\"%s\":", fields[i].field);
        has(ask(&provider_openai, false), want);
    }
    f.quirks.flags = QUIRKS_OTHER_OUTPUT_FIELD;
    has(ask(&provider_openai, false), "\"max_completion_tokens\":100");
    f.quirks.flags |= QUIRKS_NO_OUTPUT_FIELD;
    has_not(ask(&provider_openai, false), "\"max_");
    f.quirks.flags = 0;
    set("openai.max_tokens_field", "none");
    has_not(ask(&provider_openai, false), "\"max_");
}

/* The forms of thinking, and what is left out of them once a server has refused it. */
static void test_thinking(void **state)
{
    static const struct {
        const char *provider, *url, *model, *thinking;
        unsigned quirks;
        const char *want, *want_not;
    } rows[] = {
        {"anthropic", NULL, "claude-sonnet-5-5", "auto", 0, "\"max_tokens\":8292", "thinking"},
        {"anthropic", NULL, "claude-sonnet-5-5", "high", 0,
            "\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},"
            "\"output_config\":{\"effort\":\"high\"}}",
            "temperature"},
        {"anthropic", NULL, "claude-sonnet-5-5", "on", 0,
            "\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"}}", "output_config"},
        {"anthropic", NULL, "claude-sonnet-5-5", "off", 0, "{\"type\":\"between_tools\"}", "8292"},
        {"anthropic", NULL, "claude-sonnet-5-5", "high", QUIRKS_NO_EFFORT, "\"type\":\"adaptive\"",
            "output_config"},
        {"anthropic", NULL, "claude-sonnet-5-5", "high", QUIRKS_NO_THINKING, "}", "thinking"},
        {"anthropic", NULL, "claude-sonnet-5-5", "high", QUIRKS_OTHER_THINKING,
            "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":", "output_config"},
        {"anthropic", NULL, "claude-sonnet-4-5", "4096", 0,
            "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":3671}", "temperature"},
        {"anthropic", NULL, "claude-sonnet-4-5", "4096", QUIRKS_OTHER_THINKING,
            "\"output_config\":{\"effort\":\"medium\"}", "budget"},
        {"anthropic", NULL, "claude-sonnet-4-5", "off", 0, "}", "thinking"},
        {"anthropic", "http://h", "deepseek-v4-pro", "high", 0,
            "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":14423},\"output_config\":{\"effort\":"
            "\"high\"}}",
            "temperature"},
        {"anthropic", "http://h", "mine", "low", 0,
            "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1879}}", "output_config"},
        {"openai", NULL, "gpt-5", "low", 0, "\"reasoning_effort\":\"low\"", "thinking"},
        {"openai", NULL, "gpt-5", "low", QUIRKS_NO_THINKING, "}", "reasoning_effort"},
        {"openai", NULL, "gpt-5", "auto", 0, "}", "reasoning_effort"},
        {"openai", "http://h/v1", "mine", "auto", QUIRKS_EFFORT_NONE,
            "\"reasoning_effort\":\"none\"", "thinking"},
        {"openai", NULL, "gpt-6-sol", "high", 0, "\"reasoning_effort\":\"none\"", "thinking"},
        {"openai", "http://h/v1", "gpt-6-sol", "auto", 0, "\"reasoning_effort\":\"none\"", "high"},
        {"openai", "https://openrouter.ai/api/v1", "openai/gpt-6-sol", "high", 0,
            "\"reasoning\":{\"effort\":\"high\"}", "reasoning_effort"},
        {"openai", "https://openrouter.ai/api/v1", "x/y", "on", 0,
            "\"reasoning\":{\"enabled\":true}", "effort"},
        {"openai", "https://api.deepseek.com", "deepseek-v4-flash", "max", 0,
            "\"thinking\":{\"type\":\"enabled\"},\"reasoning_effort\":\"max\"", "budget"},
        {"openai", "https://api.deepseek.com", "deepseek-v4-flash", "max", QUIRKS_NO_EFFORT,
            "\"thinking\":{\"type\":\"enabled\"}", "effort"},
        {"openai", "https://api.deepseek.com", "deepseek-v4-flash", "off", 0,
            "\"thinking\":{\"type\":\"disabled\"}", "effort"},
        {"openai", "https://api.z.ai/api/paas/v4", "glm-5.2", "on", 0,
            "\"thinking\":{\"type\":\"enabled\"}", "budget"},
        {"openai", "http://h/v1", "Qwen/Qwen3-8B", "off", 0,
            "\"chat_template_kwargs\":{\"enable_thinking\":false,", "effort"},
        {"openai", "http://h/v1", "Qwen/Qwen3-8B", "on", 0,
            "\"chat_template_kwargs\":{\"enable_thinking\":true,", "effort"},
    };
    struct context_tool tool = {.name = "t",
        .description = "does",
        .schema = "{\"type\":\"object\"}"};

    (void)state;
    assert_int_equal(provider_prepare(&tool, 1), 0);
    user("hello");
    set("model.temperature", "1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool anthropic = *rows[i].provider == 'a';
        set("openai.url", rows[i].url ? rows[i].url : "https://api.openai.com/v1");
        set("anthropic.url", rows[i].url ? rows[i].url : "https://api.anthropic.com");
        set(anthropic ? "anthropic.model" : "openai.model", rows[i].model);
        set(anthropic ? "anthropic.thinking" : "openai.thinking", rows[i].thinking);
        f.quirks.flags = rows[i].quirks;
        has(ask(anthropic ? &provider_anthropic : &provider_openai, false), rows[i].want);
        has_not(buf_text(&f.http.body), rows[i].want_not);
        assert_true(strcmp(rows[i].want, "}") == 0 || !strstr(rows[i].want, "type") ||
            f.http.sent & QUIRKS_NO_THINKING);
    }
    assert_int_equal(provider_prepare(NULL, 0), 0);
}

/* developers.openai.com/api/docs/models/gpt-6.2-sol: no effort "none", so no tools there. */
static void test_a_model_without_tools_in_chat_completions(void **state)
{
    struct context_tool tool = {.name = "t",
        .description = "does",
        .schema = "{\"type\":\"object\"}"};

    (void)state;
    assert_int_equal(provider_prepare(&tool, 1), 0);
    user("hello");
    set("openai.model", "gpt-6.2-sol");
    has_not(ask(&provider_openai, false), "tools");
    set("openai.url", "http://gateway/v1"); /* may take them */
    has(ask(&provider_openai, false), "\"tools\":[");
    assert_true(f.http.sent & QUIRKS_EFFORT_NONE);
    assert_int_equal(provider_prepare(NULL, 0), 0);
}

/* A step with calls, and whether a thought stands in front of them. */
static void step(const char *call, const char *thought)
{
    char json[600];

    if (thought) {
        snprintf(json, sizeof json,
            "{\"id\":\"r%s\",\"role\":\"reasoning\",\"content\":\"%s\",\"encryptedValue\":"
            "\"anthropic:signature:S%s\"}",
            call, thought, call);
        add(json);
    }
    snprintf(json, sizeof json,
        "{\"id\":\"a%s\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"%s\",\"type\":\"function\","
        "\"function\":{\"name\":\"%s\",\"arguments\":\"{}\"}}]}",
        call, call, *call == 'f' ? "find_tools" : "x");
    add(json);
    snprintf(json, sizeof json,
        "{\"id\":\"t%s\",\"role\":\"tool\",\"toolCallId\":\"%s\",\"content\":\"ok\"}", call, call);
    add(json);
}

/* A thought goes to the server that sealed it; what an older version stored, to any of its form. */
static void test_thoughts_go_to_their_server(void **state)
{
    char maker[PROVIDER_MAKER_SIZE], json[300];

    (void)state;
    provider_maker(&provider_anthropic, &f.conf, maker);
    user("hello");
    snprintf(json, sizeof json,
        "{\"id\":\"r\",\"role\":\"reasoning\",\"content\":\"hm\",\"encryptedValue\":\"%s:signature:NEW\"}",
        maker);
    add(json);
    step("c1", "old");
    has(ask(&provider_anthropic, false), "\"signature\":\"NEW\"");
    has(buf_text(&f.http.body), "\"signature\":\"Sc1\"");
    set("anthropic.url", "https://api.deepseek.com/anthropic");
    has_not(ask(&provider_anthropic, false), "NEW");
    has(buf_text(&f.http.body), "\"signature\":\"Sc1\"");
}

/* What an earlier run thought stood behind another late block. */
static void test_thoughts_of_an_earlier_run(void **state)
{
    (void)state;
    user("hello");
    step("c1", "one");
    f.limits.thoughts_from = f.chat.count;
    step("c2", "two");
    has_not(ask(&provider_anthropic, false), "Sc1");
    has(buf_text(&f.http.body), "\"signature\":\"Sc2\"");
    f.limits.thoughts_from = 0;
    has(ask(&provider_anthropic, false), "\"signature\":\"Sc1\"");
}

/* Claude refuses to think when a tool has to be called. */
static void test_no_thinking_when_a_call_has_to_be(void **state)
{
    static const struct {
        const char *model, *thinking, *off;
    } rows[] = {
        {"claude-sonnet-4-5", "2048", NULL},
        {"claude-sonnet-4-6", "high", NULL},
        {"claude-sonnet-5-5", "high", "\"thinking\":{\"type\":\"between_tools\"}"},
        {"claude-opus-5", "auto", "\"thinking\":{\"type\":\"disabled\"}"},
        {"claude-opus-5-5", "high", NULL},
    };
    struct context_tool tool = {.name = "t", .description = "d", .schema = "{\"type\":\"object\"}"};

    (void)state;
    assert_int_equal(provider_prepare(&tool, 1), 0);
    user("hello");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set("anthropic.model", rows[i].model);
        set("anthropic.thinking", rows[i].thinking);
        for (int named = 0; named < 2; named++) {
            f.must_call = named ? "t" : "";
            const char *body = ask(&provider_anthropic, false);
            has(body, named ? "{\"type\":\"tool\",\"name\":\"t\"}" : "{\"type\":\"any\"}");
            has_not(body, "output_config");
            has_not(body, "budget_tokens");
            if (rows[i].off)
                has(body, rows[i].off);
            else
                has_not(body, "\"thinking\"");
        }
        f.must_call = NULL;
    }
}

/* Extended thinking wants the step that waits for its results to begin with a thought. */
static void test_a_budget_needs_a_thought_in_the_open_step(void **state)
{
    (void)state;
    set("anthropic.model", "claude-sonnet-4-5");
    set("anthropic.thinking", "2048");
    user("hello");
    has(ask(&provider_anthropic, false), "budget_tokens");
    assert_true(f.http.sent & QUIRKS_NO_BETA);
    assert_string_equal(f.http.headers[3], "anthropic-beta: " REQUEST_INTERLEAVED);
    step("c1", NULL);
    has_not(ask(&provider_anthropic, false), "budget_tokens");
    assert_false(f.http.sent & QUIRKS_NO_BETA);
    step("c2", "hm");
    has(ask(&provider_anthropic, false), "budget_tokens");
    f.limits.no_thoughts = true;
    has_not(ask(&provider_anthropic, false), "budget_tokens");
    f.limits.no_thoughts = false;
    f.quirks.flags = QUIRKS_NO_BETA;
    has(ask(&provider_anthropic, false), "budget_tokens");
    assert_null(f.http.headers[3]);
    add("{\"id\":\"z\",\"role\":\"assistant\",\"content\":\"done\"}");
    user("next"); /* no step is open */
    has(ask(&provider_anthropic, false), "budget_tokens");
}

/* The list of tools has changed: Claude would refuse thoughts from before. */
static void test_thoughts_before_new_tools_stay_away(void **state)
{
    static const struct context_tool found = {.name = "found",
        .description = "d",
        .schema = "{\"type\":\"object\"}"};

    (void)state;
    user("hello");
    step("c1", "one");
    step("f1", "two");
    step("c2", "three");
    has(ask(&provider_anthropic, false), "\"signature\":\"Sf1\""); /* nothing was found */
    f.context.found = &found;
    f.context.found_count = 1;
    struct provider_request q = {.conf = &f.conf, .context = &f.context, .max_tokens = 100};
    buf_reset(&f.http.body);
    assert_int_equal(request_anthropic(&q, provider_tools(&provider_anthropic), &f.http), 0);
    has(buf_text(&f.http.body), "\"signature\":\"Sc2\"");
    has_not(buf_text(&f.http.body), "Sc1");
    has_not(buf_text(&f.http.body), "Sf1");
    set("anthropic.model", "claude-sonnet-4-5"); /* does not bind them, and wants them */
    buf_reset(&f.http.body);
    assert_int_equal(request_anthropic(&q, provider_tools(&provider_anthropic), &f.http), 0);
    has(buf_text(&f.http.body), "Sc1");
}

/* Forms of a request for servers that take the usual one not. */
static void test_other_forms(void **state)
{
    (void)state;
    user("x");
    add("{\"id\":\"a\",\"role\":\"assistant\",\"content\":\"\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"get_current_time\",\"arguments\":\"{}\"}}]}");
    add("{\"id\":\"t\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"noon\"}");
    user("y");
    has(ask(&provider_openai, false), "\"content\":null");
    assert_true(f.http.sent & QUIRKS_TEXT_CONTENT && f.http.sent & QUIRKS_ANSWER_RESULTS);
    f.quirks.flags = QUIRKS_SYSTEM_AS_USER | QUIRKS_TEXT_CONTENT | QUIRKS_ANSWER_RESULTS;
    has(ask(&provider_openai, false), "[{\"role\":\"user\",\"content\":\"You are.\\n\\nx\"}");
    has(buf_text(&f.http.body), "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\"");
    has(buf_text(&f.http.body),
        "\"content\":\"noon\"},{\"role\":\"assistant\",\"content\":\"(no answer)\"},"
        "{\"role\":\"user\",\"content\":\"y");
    assert_false(
        f.http.sent & (QUIRKS_TEXT_CONTENT | QUIRKS_ANSWER_RESULTS | QUIRKS_SYSTEM_AS_USER));
}

static void test_blank_texts(void **state)
{
    (void)state;
    add("{\"id\":\"1\",\"role\":\"assistant\",\"content\":\"\\n\\n\"}");
    user("\xc2\xa0");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"\\n\\n\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"x\",\"arguments\":\"\"}}]}");
    add("{\"id\":\"3\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"\\u2003\"}");
    add("{\"id\":\"4\",\"role\":\"assistant\",\"content\":\"\\u3000\\u200b\\ufeff\"}");
    user("\xe3\x80\x80");
    user("\xe2\x80\xa8");
    has(ask(&provider_anthropic, false), "(no text)");
    has(buf_text(&f.http.body), "(no output)");
    ask(&provider_openai, false);
    assert_true(utf8_blank("", 0));
    assert_true(utf8_blank(" \t\r\n\xc2\x85\xe1\x9a\x80\xe2\x80\x8d\xe2\x81\xa0", 18 - 2));
    assert_false(utf8_blank("\xe3\x80\x80.", 4));
    assert_false(utf8_blank("\xff", 1));
}

static void test_order_of_blocks(void **state)
{
    static const char body[] = "{\"role\":\"assistant\",\"content\":["
                               "{\"type\":\"thinking\",\"thinking\":\"t1\",\"signature\":\"S1\"},"
                               "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"x\",\"input\":{}},"
                               "{\"type\":\"text\",\"text\":\"so\"},"
                               "{\"type\":\"redacted_thinking\",\"data\":\"D\"},"
                               "{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"x\",\"input\":{}},"
                               "{\"type\":\"text\",\"text\":\" far\"}]}";

    (void)state;
    user("hello");
    add("{\"id\":\"r1\",\"role\":\"reasoning\",\"content\":\"t1\",\"encryptedValue\":\"anthropic:signature:S1\"}");
    add("{\"id\":\"r2\",\"role\":\"reasoning\",\"content\":\"\",\"encryptedValue\":\"anthropic:redacted:D\"}");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"so far\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}},{\"id\":\"c2\",\"type\":\"function\","
        "\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}],\"metadata\":{\"order\":\"r c t2 r c t4 \"}}");
    add("{\"id\":\"3\",\"role\":\"tool\",\"toolCallId\":\"c2\",\"content\":\"2\"}");
    add("{\"id\":\"4\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"1\"}");
    has(ask(&provider_anthropic, false), body);
    has(ask(&provider_openai, false), "\"content\":\"so far\",\"tool_calls\"");
    /* In a reduced request, and once the user has gone on, they are not needed. */
    f.limits.reduced = true;
    has_not(ask(&provider_anthropic, false), "thinking");
    f.limits.reduced = false;
    user("and now?");
    has_not(ask(&provider_anthropic, false), "thinking");
    f.limits.keep_thoughts = true;
    has(ask(&provider_anthropic, false), body);
}

/* An order that says too much, too little or nonsense takes nothing away. */
static void test_wrong_order(void **state)
{
    static const char *const orders[] = {"c c c c t99999999999 t1", "", "zzz", "t", "t1 t1 t1 ",
        "r r r c"};

    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        char json[400];
        chat_init(&f.chat, f.arena);
        user("hello");
        snprintf(json, sizeof json,
            "{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"abc\",\"toolCalls\":[{\"id\":\"c1\","
            "\"type\":\"function\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}],\"metadata\":{\"order\":\"%s\"}}",
            orders[i]);
        add(json);
        has(ask(&provider_openai, false), "\"content\":\"abc\",\"tool_calls\":[{\"id\":\"c1\"");
        ask(&provider_anthropic, false);
    }
}

static void test_names_ids_and_arguments(void **state)
{
    static const char call[] =
        "{\"id\":\"%d\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"%s\",\"type\":\"function\","
        "\"function\":{\"name\":\"%s\",\"arguments\":\"%s\"}},{\"id\":\"%s\",\"type\":\"function\","
        "\"function\":{\"name\":\"%s\",\"arguments\":\"%s\"}}]}";
    static const char *const ids[] = {"chatcmpl-tool-0123456789abcdef0123456789abcdef0123456789",
        "call.1", "", "same", "same"};
    static const char *const names[] = {"multi_tool_use.parallel", "functions.get_time now", "",
        "caf\xc3\xa9",
        "a_name_of_more_than_sixty_four_characters_which_is_too_long_for_every_vendor"};
    static const char *const args[] = {"{\\\"timezone\\\": \\\"Australia/Syd", "[1]",
        "\\\"{\\\\\\\"a\\\\\\\":1}\\\"", "null", "{\\\"a\\\":1,\\\"a\\\":2}"};

    (void)state;
    user("hello");
    for (int i = 0; i < 5; i++) {
        char json[800];
        snprintf(json, sizeof json, call, i, ids[i], names[i], args[i], ids[i], names[4 - i],
            args[4 - i]);
        add(json);
        for (int k = 0; k < i % 3; k++) { /* no result, one, both */
            snprintf(json, sizeof json,
                "{\"id\":\"t%d%d\",\"role\":\"tool\",\"toolCallId\":\"%s\",\"content\":\"r%d%d\"}",
                i, k, ids[i], i, k);
            add(json);
        }
    }
    has(ask(&provider_anthropic, false), "\"name\":\"multi_tool_use_parallel\"");
    has(buf_text(&f.http.body), "\"name\":\"functions_get_time_now\"");
    has(buf_text(&f.http.body), "\"name\":\"caf_\"");
    has(buf_text(&f.http.body), "\"name\":\"unnamed\"");
    assert_string_equal(request_rules_name("7zip", f.arena), "_7zip"); /* Gemini: no digit there */
    assert_string_equal(request_rules_name("-x", f.arena), "_-x");
    has(buf_text(&f.http.body), "\"input\":{\"a\":1}");
    char *once = strdup(ask(&provider_openai, false));
    assert_string_equal(ask(&provider_openai, false), once); /* the same each time: prompt caches */
    free(once);
    f.quirks.flags = QUIRKS_SHORT_IDS;
    has(ask(&provider_openai, false), "\"id\":\"c00000001\"");
}

/* A call without a result has none: not that of a later call of the same id. */
static void test_results_of_repeated_ids(void **state)
{
    static const char call[] =
        "{\"id\":\"a%d\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"call_0\",\"type\":\"function\","
        "\"function\":{\"name\":\"get_current_time\",\"arguments\":\"{}\"}}]}";
    char json[300];

    (void)state;
    for (int i = 0; i < 2; i++) {
        user("x");
        snprintf(json, sizeof json, call, i);
        add(json);
    }
    add("{\"id\":\"t\",\"role\":\"tool\",\"toolCallId\":\"call_0\",\"content\":\"noon\"}");
    const char *body = ask(&provider_openai, false), *lost = strstr(body, "unknown_outcome"),
               *noon = strstr(body, "noon");
    assert_non_null(lost);
    assert_non_null(noon);
    assert_true(lost < noon);
    assert_null(strstr(noon + 1, "noon"));
}

static void test_nobody_speaks_last(void **state)
{
    (void)state;
    ask(&provider_anthropic, false); /* not even a message */
    ask(&provider_openai, false);
    add("{\"id\":\"1\",\"role\":\"assistant\",\"content\":\"Hello.\"}");
    has(ask(&provider_anthropic, false), "[The conversation starts with the assistant.]");
    user("hi");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"One\"}");
    add("{\"id\":\"3\",\"role\":\"assistant\",\"content\":\"two  \"}");
    has(ask(&provider_anthropic, false), "Go on from where the answer above ends.");
    has(ask(&provider_openai, false), "\"content\":\"One\\n\\ntwo  \"");
    add("{\"id\":\"5\",\"role\":\"tool\",\"toolCallId\":\"nobody\",\"content\":\"r\"}");
    ask(&provider_openai, false);
    ask(&provider_anthropic, false);
}

/* What a server added goes back to it, and to no other. */
static void test_extras_go_to_their_maker(void **state)
{
    char maker[PROVIDER_MAKER_SIZE], json[800];

    (void)state;
    set("openai.url", "http://gemini/v1/");
    provider_maker(&provider_openai, &f.conf, maker);
    user("hello");
    snprintf(json, sizeof json,
        "{\"id\":\"r\",\"role\":\"reasoning\",\"content\":\"hm\",\"encryptedValue\":\"%s:reasoning_content:\"}",
        maker);
    add(json);
    snprintf(json, sizeof json,
        "{\"id\":\"2\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":"
        "{\"name\":\"x\",\"arguments\":\"{}\"},\"encryptedValue\":\"%s:call:{\\\"call\\\":{\\\"extra_content\\\":{\\\"google\\\":"
        "{\\\"thought_signature\\\":\\\"S\\\"}}},\\\"function\\\":{\\\"more\\\":1}}\"}]}",
        maker);
    add(json);
    add("{\"id\":\"3\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"r\"}");
    add("{\"id\":\"4\",\"role\":\"assistant\",\"content\":\"Done.\"}");
    user("and then?");
    has(ask(&provider_openai, false),
        "\"arguments\":\"{}\",\"more\":1},\"extra_content\":{\"google\":{\"thought_signature\":\"S\"}}}]");
    has(buf_text(&f.http.body), "\"content\":null,\"reasoning_content\":\"hm\"");
    has_not(ask(&provider_anthropic, false), "hm");
    f.quirks.flags = QUIRKS_NEED_REASONING;
    has(ask(&provider_openai, false), "\"content\":\"Done.\",\"reasoning_content\":\"\"");
    f.quirks.flags = QUIRKS_NO_CALL_EXTRA | QUIRKS_NO_REASONING;
    has_not(ask(&provider_openai, false), "signature");
    has_not(buf_text(&f.http.body), "reasoning_content");
    f.quirks.flags = 0;
    set("openai.reasoning_content", "off");
    has_not(ask(&provider_openai, false), "reasoning_content");
    set("openai.reasoning_content", "auto");
    set("openai.url", "https://api.openai.com/v1");
    has_not(ask(&provider_openai, false), "signature");
    has_not(buf_text(&f.http.body), "hm");
}

/* Thoughts go back by the name under which they came, and details as the items that they were. */
static void test_thoughts_go_back_by_their_name(void **state)
{
    static const char *const sealed[] = {"reasoning:", "reasoning_details:{\\\"type\\\":\\\"a\\\"}",
        "reasoning_details:{\\\"type\\\":\\\"b\\\"},2",
        "reasoning_details:", "reasoning_details:}],\\\"model\\\":[", "reasoning_else:x"};
    char maker[PROVIDER_MAKER_SIZE], json[400];

    (void)state;
    provider_maker(&provider_openai, &f.conf, maker);
    user("hello");
    for (size_t i = 0; i < sizeof sealed / sizeof *sealed; i++) {
        snprintf(json, sizeof json,
            "{\"id\":\"r\",\"role\":\"reasoning\",\"content\":\"hm%zu\",\"encryptedValue\":\"%s:%s\"}",
            i, maker, sealed[i]);
        add(json);
    }
    step("c1", NULL);
    has(ask(&provider_openai, false),
        "\"reasoning\":\"hm0\",\"reasoning_details\":[{\"type\":\"a\"},{\"type\":\"b\"},2],\"tool_calls\"");
    has_not(buf_text(&f.http.body), "hm1");
    assert_true(f.http.sent & QUIRKS_NO_REASONING);
    set("openai.url", "https://other/v1");
    has_not(ask(&provider_openai, false), "reasoning\"");
}

static void agui_tools(size_t count)
{
    struct buf json = {0};

    buf_puts(&json, "{\"tools\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&json, "%s{\"name\":\"ui.tool %zu\",\"description\":\"d\"}", i ? "," : "", i);
    buf_puts(&json, "]}");
    assert_int_equal(jdoc_parse(buf_text(&json), json.len, &f.agui, NULL, 0), 0);
    buf_free(&json);
}

static void test_never_too_many_tools(void **state)
{
    struct context_tool core[3] = {{.name = "a", .description = "", .schema = "{}"},
        {.name = "b", .description = "d", .schema = "{}"},
        {.name = "c", .description = "d", .schema = "{}"}};
    struct context_tool found[100];
    struct provider_request q = {.conf = &f.conf, .context = &f.context};
    struct buf json = {0};
    char names[100][8];

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        found[i] = (struct context_tool){.name = names[i], .description = "d", .schema = "{}"};
    }
    assert_int_equal(provider_prepare(core, 3), 0);
    agui_tools(64);
    user("hello");
    ask(&provider_openai, false);
    f.context.found = found;
    f.context.found_count = 100;
    assert_true(provider_put_tools(&provider_openai, &q, provider_tools(&provider_openai), false,
        NULL, &json));
    buf_putc(&json, ']');
    assert_int_equal(f.body ? 0 : 1, 0);
    jdoc_free(f.body);
    assert_int_equal(jdoc_parse(buf_text(&json) + 9, json.len - 9, &f.body, NULL, 0), 0);
    assert_int_equal(jdoc_length(f.body), 128);
    has_not(buf_text(&json), "\"f38\""); /* the oldest found ones left */
    has(buf_text(&json), "\"f39\"");
    has(buf_text(&json), "\"ui_tool_63\"");
    has_not(buf_text(&json), "\"description\":\"\"");
    f.conf.model_tools_max = 32;
    buf_reset(&json);
    assert_true(provider_put_tools(&provider_openai, &q, provider_tools(&provider_openai), false,
        NULL, &json));
    buf_putc(&json, ']');
    has(buf_text(&json), "\"ui_tool_28\"");
    has_not(buf_text(&json), "\"ui_tool_29\"");
    has_not(buf_text(&json), "\"f99\"");
    buf_free(&json);
    assert_int_equal(provider_prepare(NULL, 0), 0);
}

/* A server that takes 1024 characters of a description gets the beginning of it. */
static void test_long_descriptions(void **state)
{
    struct context_tool found = {.name = "f", .schema = "{}"};
    struct provider_request q = {.conf = &f.conf, .context = &f.context};
    struct buf json = {0}, text = {0};

    (void)state;
    for (int i = 0; i < 700; i++)
        buf_puts(&text, "\xc3\xa4");
    found.description = buf_text(&text);
    user("hello");
    ask(&provider_openai, false);
    f.context.found = &found;
    f.context.found_count = 1;
    for (int brief = 0; brief < 2; brief++) {
        q.quirks.flags = brief ? QUIRKS_SHORT_DESCRIPTIONS : 0;
        buf_reset(&json);
        assert_true(provider_put_tools(&provider_openai, &q, provider_tools(&provider_openai),
            false, NULL, &json));
        buf_putc(&json, ']');
        jdoc_free(f.body);
        f.body = NULL;
        assert_int_equal(jdoc_parse(buf_text(&json) + 9, json.len - 9, &f.body, NULL, 0), 0);
        assert_int_equal(strlen(jdoc_text_or(jdoc_get(jdoc_at(f.body, 0), "function"),
                             "description", "")),
            brief ? 1024 : 1400);
    }
    buf_free(&text);
    buf_free(&json);
}

/* A client's tool is called by the model's name for it in the history, too. */
static void test_client_names_in_history(void **state)
{
    (void)state;
    assert_int_equal(jdoc_parse("{\"tools\":[{\"name\":\"plan_trip\"},{\"name\":\"ui.map\"}]}", 50,
                         &f.agui, NULL, 0),
        0);
    user("hello");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"plan_trip\","
        "\"arguments\":\"{}\"},\"metadata\":{\"alias\":\"plan_trip_2\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":"
        "{\"name\":\"ui.map\",\"arguments\":\"{}\"}}]}");
    has(ask(&provider_anthropic, false), "\"name\":\"plan_trip_2\",\"input\"");
    has(buf_text(&f.http.body), "\"name\":\"ui_map\",\"input\"");
    has(buf_text(&f.http.body),
        "{\"name\":\"plan_trip_2\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}");
}

static void each_provider_has_a_place_of_its_own(void **state)
{
    static const struct provider *const all[] = {&provider_anthropic, &provider_openai,
        &provider_offline};
    unsigned seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t place = provider_place(provider_find(all[i]->name, strlen(all[i]->name)));
        assert_true(place < BREAKER_COUNT);
        assert_false(seen & 1u << place);
        seen |= 1u << place;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_provider_has_a_place_of_its_own),
        TEST(test_the_usual_request),
        TEST(test_optional_members),
        TEST(test_thinking),
        TEST(test_no_thinking_when_a_call_has_to_be),
        TEST(test_a_model_without_tools_in_chat_completions),
        TEST(test_thoughts_go_to_their_server),
        TEST(test_thoughts_of_an_earlier_run),
        TEST(test_a_budget_needs_a_thought_in_the_open_step),
        TEST(test_thoughts_before_new_tools_stay_away),
        TEST(test_other_forms),
        TEST(test_blank_texts),
        TEST(test_order_of_blocks),
        TEST(test_wrong_order),
        TEST(test_names_ids_and_arguments),
        TEST(test_results_of_repeated_ids),
        TEST(test_nobody_speaks_last),
        TEST(test_extras_go_to_their_maker),
        TEST(test_thoughts_go_back_by_their_name),
        TEST(test_never_too_many_tools),
        TEST(test_long_descriptions),
        TEST(test_client_names_in_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
