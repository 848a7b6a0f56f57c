/* SPDX-License-Identifier: BSD-2-Clause */
/* abilities: the table of models, the provider's settings over it, and the site's caps. */
#include "agent/model/abilities.h"
#include "tests/unit/cm.h"

#include <string.h>

static void set(struct conf *c, const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];

    if (conf_set(c, name, value, why))
        fail_msg("%s", why);
}

/* Of "anthropic" or "openai"; settings: name, value, ..., NULL. */
static struct abilities of(const char *provider, const char *const *settings)
{
    struct abilities a;
    struct conf c;
    char why[CONF_WHY_SIZE];

    assert_int_equal(conf_init(&c), 0);
    for (; *settings; settings += 2)
        set(&c, settings[0], settings[1]);
    set(&c, "anthropic.key", "k");
    set(&c, "openai.key", "k");
    set(&c, "responses.key", "k");
    if (strcmp(provider, "none"))
        set(&c, "model.chain", provider);
    set(&c, "development", "on");
    set(&c, "listen_hint", "127.0.0.1:80");
    if (conf_check(&c, why))
        fail_msg("%s", why);
    abilities_get(&c, provider, &a);
    conf_fini(&c);
    return a;
}
#define OF(provider, ...) of(provider, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void what_nobody_set_comes_from_the_table(void **state)
{
    struct abilities a = OF("anthropic", "anthropic.model", "claude-opus-4-1");

    (void)state;
    assert_int_equal(a.window, 200000);
    assert_int_equal(a.output, 32000);
    assert_int_equal(a.answer, 2048);
    assert_int_equal(a.room, 200000 - 2048);
    assert_int_equal(a.context, 60000); /* the site's cap */
    assert_true(a.images && a.documents && a.temperature);
    assert_int_equal(a.thinking.form, FAMILY_THINKING_NONE);
    assert_string_equal(a.output_field, "max_tokens");
    assert_int_equal(a.tools_max, 128);
}

static void settings_stand_over_the_table(void **state)
{
    struct abilities a = OF("openai", "openai.url", "http://127.0.0.1:8000/v1", "openai.model",
        "mine", "openai.context_tokens", "8192", "openai.output_tokens", "1000", "openai.images",
        "on", "openai.documents", "on", "openai.stream_options", "off", "openai.max_tokens_field",
        "none");

    (void)state;
    assert_int_equal(a.window, 8192);
    assert_int_equal(a.answer, 1000);
    assert_int_equal(a.room, 7192);
    assert_int_equal(a.context, 7192);
    assert_true(a.images && a.documents);
    assert_false(a.stream_options);
    assert_null(a.output_field);
    a = OF("openai", "openai.model", "gpt-4o", "openai.images", "off");
    assert_false(a.images);
    assert_true(a.documents);
}

static void tools_are_kept_back_where_both_take_it(void **state)
{
    static const struct {
        const char *model;
        bool anthropic, kept;
    } rows[] = {{"claude-sonnet-5-5", true, true}, {"claude-opus-4-20250514", true, true},
        {"claude-haiku-4-5", true, true}, {"claude-3-7-sonnet-20250219", true, false},
        {"claude-3-5-haiku-20241022", true, false}, {"claude-fable-5-1", true, true},
        {"gpt-5.4", false, true}, {"gpt-5.4-nano", false, false}, {"gpt-5.2", false, false},
        {"gpt-6-sol", false, true}, {"o3", false, false}, {"mine", false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct abilities a = rows[i].anthropic ? OF("anthropic", "anthropic.model", rows[i].model) :
                                                 OF("responses", "responses.model", rows[i].model);
        if (a.deferred != rows[i].kept)
            fail_msg("%s: %d", rows[i].model, a.deferred);
    }
    assert_false(OF("openai", "openai.model", "gpt-6-sol").deferred);
    assert_false(OF("anthropic", "anthropic.url", "https://relay.example").deferred);
    assert_true(
        OF("anthropic", "anthropic.url", "https://relay.example", "anthropic.deferred_tools", "on")
            .deferred);
    assert_true(OF("responses", "responses.url", "https://n.openai.azure.com/openai/v1").deferred);
    assert_false(OF("responses", "responses.deferred_tools", "off").deferred);
}

static void nothing_is_taken_for_granted_of_an_unknown_model(void **state)
{
    struct abilities a =
        OF("openai", "openai.url", "http://127.0.0.1:8000/v1", "openai.model", "mine");

    (void)state;
    assert_int_equal(a.window, 0);
    assert_int_equal(a.room, 0);
    assert_int_equal(a.context, 60000);
    assert_int_equal(a.answer, 2048);
    assert_false(a.images || a.documents);
    assert_string_equal(a.output_field, "max_tokens");
    assert_int_equal(a.thinking.form, FAMILY_THINKING_NONE);
}

static void a_provider_without_a_server_has_the_caps_of_the_site(void **state)
{
    struct abilities a = OF("none", "model.context_tokens", "5000");

    (void)state;
    assert_int_equal(a.context, 5000);
    assert_int_equal(a.window, 0);
    assert_false(a.images);
}

static void a_small_window_leaves_room_for_the_answer(void **state)
{
    struct abilities a = OF("openai", "openai.model", "gpt-4", "model.output_tokens", "100000");

    (void)state;
    assert_int_equal(a.window, 8192);
    assert_int_equal(a.answer, 4096);
    assert_int_equal(a.context, 4096);
}

static void a_model_that_thinks_gets_output_for_it(void **state)
{
    (void)state;
    assert_int_equal(OF("anthropic", "anthropic.model", "claude-opus-4-8").answer, 2048);
    assert_int_equal(OF("anthropic", "anthropic.model", "claude-sonnet-5-5").answer, 2048 + 8192);
    assert_int_equal(
        OF("anthropic", "anthropic.model", "claude-sonnet-5", "anthropic.thinking", "off").answer,
        2048);
    assert_int_equal(OF("anthropic", "anthropic.model", "claude-sonnet-4-5", "anthropic.thinking",
                         "20000")
                         .answer,
        22048);
}

struct said {
    const char *url, *model, *setting;
    enum family_thinking form;
    bool on;
    const char *word;
    int64_t budget;
};

static void check_said(const char *provider, const struct said *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char url[32], model[32], thinking[32];
        strcat(strcpy(url, provider), ".url");
        strcat(strcpy(model, provider), ".model");
        strcat(strcpy(thinking, provider), ".thinking");
        struct abilities a =
            OF(provider, url, cases[i].url, model, cases[i].model, thinking, cases[i].setting);
        if (a.thinking.form != cases[i].form || a.thinking.on != cases[i].on ||
            a.thinking.budget != cases[i].budget ||
            strcmp(a.thinking.word ? a.thinking.word : "", cases[i].word))
            fail_msg("%s %s: form %d, on %d, word %s, budget %lld", cases[i].model,
                cases[i].setting, a.thinking.form, a.thinking.on,
                a.thinking.word ? a.thinking.word : "", (long long)a.thinking.budget);
    }
}

static void thinking_is_said_as_each_claude_takes_it(void **state)
{
    static const char url[] = "https://api.anthropic.com";
    static const struct said cases[] = {
        {url, "claude-sonnet-5-5", "auto", FAMILY_THINKING_NONE, false, "", 0},
        {url, "claude-sonnet-5-5", "high", FAMILY_THINKING_ADAPTIVE, true, "high", 0},
        {url, "claude-sonnet-5-5", "on", FAMILY_THINKING_ADAPTIVE, true, "", 0},
        {url, "claude-sonnet-5-5", "4000", FAMILY_THINKING_ADAPTIVE, true, "medium", 0},
        {url, "claude-sonnet-5-5", "off", FAMILY_THINKING_ADAPTIVE, false, "between_tools", 0},
        {url, "claude-sonnet-5", "off", FAMILY_THINKING_ADAPTIVE, false, "disabled", 0},
        {url, "claude-opus-5-5", "off", FAMILY_THINKING_ADAPTIVE, true, "low", 0},
        {url, "claude-opus-4-6", "xhigh", FAMILY_THINKING_ADAPTIVE, true, "max", 0},
        {url, "claude-sonnet-4-5", "high", FAMILY_THINKING_BUDGET, true, "", 16384},
        {url, "claude-sonnet-4-5", "on", FAMILY_THINKING_BUDGET, true, "", 8192},
        {url, "claude-sonnet-4-5", "5000", FAMILY_THINKING_BUDGET, true, "", 5000},
        {url, "claude-sonnet-4-5", "off", FAMILY_THINKING_NONE, false, "", 0},
        {"https://api.deepseek.com/anthropic", "deepseek-v4-pro", "max", FAMILY_THINKING_TYPE, true,
            "max", 32768},
    };

    (void)state;
    check_said("anthropic", cases, sizeof cases / sizeof *cases);
}

static void thinking_is_said_as_each_server_takes_it(void **state)
{
    static const char router[] = "https://openrouter.ai/api/v1";
    static const char gemini[] = "https://generativelanguage.googleapis.com/v1beta/openai";
    static const char local[] = "http://127.0.0.1:8000/v1", ollama[] = "http://127.0.0.1:11434/v1";
    static const struct said cases[] = {
        {"https://api.openai.com/v1", "gpt-5", "low", FAMILY_THINKING_EFFORT, true, "low", 0},
        {"https://api.openai.com/v1", "gpt-5", "off", FAMILY_THINKING_EFFORT, true, "minimal", 0},
        {"https://api.openai.com/v1", "gpt-5.1", "off", FAMILY_THINKING_NONE, false, "", 0},
        {"https://api.openai.com/v1", "gpt-5.1", "auto", FAMILY_THINKING_NONE, false, "", 0},
        {"https://api.openai.com/v1", "gpt-5.1", "30000", FAMILY_THINKING_EFFORT, true, "high", 0},
        {router, "anthropic/claude-sonnet-5.5", "high", FAMILY_THINKING_REASONING, true, "high", 0},
        {router, "some/model", "off", FAMILY_THINKING_REASONING, false, "none", 0},
        {router, "openai/gpt-6-sol", "auto", FAMILY_THINKING_NONE, false, "", 0},
        {gemini, "gemini-3-pro-preview", "medium", FAMILY_THINKING_EFFORT, true, "high", 0},
        {gemini, "gemini-2.5-flash", "off", FAMILY_THINKING_EFFORT, false, "none", 0},
        {"https://api.deepseek.com", "deepseek-v4-flash", "medium", FAMILY_THINKING_TYPE, true,
            "high", 8192},
        {"https://api.deepseek.com", "deepseek-v4-flash", "off", FAMILY_THINKING_TYPE, false,
            "disabled", 0},
        {"https://api.mistral.ai/v1", "mistral-medium-latest", "low", FAMILY_THINKING_EFFORT, true,
            "high", 0},
        {local, "Qwen/Qwen3-8B", "on", FAMILY_THINKING_TEMPLATE, true, "", 0},
        {local, "Qwen/Qwen3-8B", "off", FAMILY_THINKING_TEMPLATE, false, "off", 0},
        {ollama, "qwen3:8b", "off", FAMILY_THINKING_EFFORT, false, "none", 0},
        {ollama, "gpt-oss:20b", "max", FAMILY_THINKING_EFFORT, true, "high", 0},
        {local, "mine", "high", FAMILY_THINKING_EFFORT, true, "high", 0},
        {local, "zai-org/GLM-4.6", "on", FAMILY_THINKING_TEMPLATE, true, "", 0},
    };

    (void)state;
    check_said("openai", cases, sizeof cases / sizeof *cases);
}

static void the_form_can_be_set(void **state)
{
    struct abilities a = OF("openai", "openai.url", "http://127.0.0.1:8000/v1", "openai.model",
        "mine", "openai.thinking", "high", "openai.thinking_form", "chat_template");

    (void)state;
    assert_int_equal(a.thinking.form, FAMILY_THINKING_TEMPLATE);
}

/* developers.openai.com/api/docs/models/gpt-6-sol, November 2026: Chat Completions supports
 * function calling only with reasoning_effort none. */
static void tools_at_openai_want_no_thinking_in_chat_completions(void **state)
{
    struct abilities a = OF("openai", "openai.model", "gpt-6-sol");
    struct conf c;

    (void)state;
    assert_int_equal(a.thinking.form, FAMILY_THINKING_EFFORT);
    assert_false(a.thinking.on || a.thinking.no_tools);
    assert_string_equal(a.thinking.word, "none");
    assert_int_equal(a.answer, 2048);
    a = OF("openai", "openai.model", "gpt-6-sol", "openai.thinking", "high");
    assert_string_equal(a.thinking.word, "none");
    a = OF("openai", "openai.model", "gpt-5.4");
    assert_int_equal(a.thinking.form, FAMILY_THINKING_NONE);
    a = OF("openai", "openai.model", "gpt-6.2-sol", "openai.thinking", "low");
    assert_true(a.thinking.no_tools);
    assert_string_equal(a.thinking.word, "low");
    assert_int_equal(conf_init(&c), 0);
    abilities_of(&c, "openai", false, &a);
    assert_int_equal(a.thinking.form, FAMILY_THINKING_NONE);
    conf_fini(&c);
}

static void a_temperature_goes_where_it_is_taken(void **state)
{
    (void)state;
    assert_false(OF("anthropic", "anthropic.model", "claude-opus-4-8").temperature);
    assert_true(
        OF("anthropic", "anthropic.model", "claude-opus-4-8", "anthropic.temperature", "0.5")
            .temperature);
    assert_true(OF("anthropic", "anthropic.model", "claude-sonnet-4-5").temperature);
    assert_false(OF("anthropic", "anthropic.model", "claude-sonnet-4-5", "anthropic.temperature",
        "0.5", "anthropic.thinking", "low")
                     .temperature);
    assert_false(OF("openai", "openai.model", "o3").temperature);
    assert_true(OF("openai", "openai.model", "gpt-4.1").temperature);
}

static void a_budget_stays_below_the_output(void **state)
{
    struct abilities a = OF("anthropic", "anthropic.model", "claude-sonnet-4-5",
        "anthropic.thinking", "60000", "model.output_tokens", "8000");
    int64_t output = abilities_output(&a, 8000, 0);

    (void)state;
    assert_int_equal(output, 64000);
    assert_true(abilities_budget(&a, output) < output);
    assert_true(abilities_budget(&a, output) >= 50000);
    assert_true(abilities_budget(&a, 3000) < 3000);
    assert_int_equal(abilities_budget(&a, 1100), 0);
    assert_int_equal(abilities_output(&a, 8000, 5000), 5000);
    assert_int_equal(abilities_budget(&a, 1), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_set_comes_from_the_table),
        cmocka_unit_test(settings_stand_over_the_table),
        cmocka_unit_test(tools_are_kept_back_where_both_take_it),
        cmocka_unit_test(nothing_is_taken_for_granted_of_an_unknown_model),
        cmocka_unit_test(a_provider_without_a_server_has_the_caps_of_the_site),
        cmocka_unit_test(a_small_window_leaves_room_for_the_answer),
        cmocka_unit_test(a_model_that_thinks_gets_output_for_it),
        cmocka_unit_test(thinking_is_said_as_each_claude_takes_it),
        cmocka_unit_test(thinking_is_said_as_each_server_takes_it),
        cmocka_unit_test(the_form_can_be_set),
        cmocka_unit_test(tools_at_openai_want_no_thinking_in_chat_completions),
        cmocka_unit_test(a_temperature_goes_where_it_is_taken),
        cmocka_unit_test(a_budget_stays_below_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
