/* SPDX-License-Identifier: BSD-2-Clause */
/* family: names of models as people write them find their row; the rows agree with each other. */
#include "agent/model/family.h"
#include "tests/unit/cm.h"

#include <string.h>

static void a_name_finds_its_row_whatever_stands_around_it(void **state)
{
    static const struct {
        const char *model, *stem;
    } cases[] = {
        {"claude-sonnet-5-5", "claude-sonnet-5-5"},
        {"claude-sonnet-5", "claude-sonnet-5"},
        {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5"},
        {"claude-sonnet-4-20250514", "claude-sonnet-4"},
        {"claude-opus-4-1-20250805", "claude-opus-4"},
        {"anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"},
        {"anthropic/claude-3.7-sonnet:thinking", "claude-3-7-sonnet"},
        {"us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6"},
        {"claude-opus-4-5@20251101", "claude-opus-4-5"},
        {"~anthropic/claude-opus-latest", "claude"},
        {"gpt-6-sol", "gpt-6"},
        {"gpt-6.1-sol", "gpt-6-1-sol"},
        {"gpt-6.1-terra", "gpt-6"},
        {"openai/gpt-6.2-astra", "gpt-6-2"},
        {"gpt-5-2025-08-07", "gpt-5"},
        {"gpt-5.2-2025-12-11", "gpt-5-2"},
        {"openai/gpt-5-mini", "gpt-5"},
        {"prod-gpt-4o-mini-eastus", "gpt-4o"},
        {"chatgpt-4o-latest", "chatgpt-4o"},
        {"GPT-4.1", "gpt-4-1"},
        {"gpt-35-turbo", "gpt-35"},
        {"gpt-50", "gpt"},
        {"o3-mini-2025-01-31", "o3-mini"},
        {"o3", "o3"},
        {"models/gemini-2.5-flash", "gemini-2-5"},
        {"gemini-3.6-flash", "gemini-3"},
        {"deepseek-v4-pro", "deepseek-v4"},
        {"deepseek/deepseek-r1-distill-qwen-32b", "deepseek-r1"},
        {"mistralai/Mistral-7B-Instruct-v0.3", "mistral"},
        {"mistral-medium-latest", "mistral-medium"},
        {"llama3.1:8b", "llama-3-1"},
        {"meta-llama/Llama-3.3-70B-Instruct", "llama-3-3"},
        {"qwen3:30b-a3b", "qwen3"},
        {"Qwen/Qwen3.5-27B", "qwen3-5"},
        {"qwen3-coder:30b", "qwen3-coder"},
        {"gemma3:4b", "gemma-3"},
        {"openai/gpt-oss-120b", "gpt-oss"},
        {"accounts/fireworks/models/glm-5p1", "glm-5"},
        {"photo3", ""},
        {"my-model", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(family_of(cases[i].model)->stem, cases[i].stem);
}

static void a_long_name_is_no_matter(void **state)
{
    char name[2000];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_string_equal(family_of(name)->stem, "");
    memcpy(name, "gpt-5-", 6);
    assert_string_equal(family_of(name)->stem, "gpt-5");
}

static bool is_word_of(const char *word, const char *list)
{
    size_t n = strlen(word);

    for (const char *at = list; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (!strncmp(at, word, n) && (!at[n] || at[n] == ' '))
            return true;
    return false;
}

static void each_row_is_complete_and_stands_once(void **state)
{
    size_t count;
    const struct family *all = family_table(&count);

    (void)state;
    assert_true(count > 50);
    for (size_t i = 0; i < count; i++) {
        const struct family *f = &all[i];
        assert_ptr_equal(family_of(f->stem), f);
        assert_true(*f->source);
        assert_true(!f->window == !*f->stem);
        assert_true(f->output <= f->window);
        if (!strcmp(f->off, "none"))
            assert_true(is_word_of("none", f->efforts));
        else
            assert_false(is_word_of("none", f->efforts));
        assert_false(f->flags & FAMILY_TOOLS_WANT_NONE && strcmp(f->off, "none"));
        assert_false(f->thinking == FAMILY_THINKING_EFFORT && !*f->efforts);
        assert_false(f->thinking == FAMILY_THINKING_ADAPTIVE && !*f->efforts);
    }
    assert_string_equal(all[count - 1].stem, "");
}

static void an_effort_becomes_one_that_the_family_takes(void **state)
{
    (void)state;
    assert_string_equal(family_effort(family_of("gpt-5"), "minimal"), "minimal");
    assert_string_equal(family_effort(family_of("gpt-6-sol"), "minimal"), "low");
    assert_string_equal(family_effort(family_of("gpt-5.1"), "max"), "high");
    assert_string_equal(family_effort(family_of("gemini-3-pro-preview"), "medium"), "high");
    assert_string_equal(family_effort(family_of("mistral-medium-latest"), "low"), "high");
    assert_string_equal(family_effort(family_of("deepseek-v4-pro"), "xhigh"), "max");
    assert_null(family_effort(family_of("gpt-4o"), "low"));
    assert_null(family_effort(family_of("claude-sonnet-4-5"), "high"));
}

static void efforts_and_budgets_stand_for_each_other(void **state)
{
    static const char *const words[] = {"minimal", "low", "medium", "high", "xhigh", "max"};
    int64_t before = 0;

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_true(family_is_effort(words[i]));
        assert_true(family_budget_of(words[i]) > before);
        before = family_budget_of(words[i]);
        assert_string_equal(family_effort_of(before), words[i]);
    }
    assert_string_equal(family_effort_of(5000), "medium");
    assert_string_equal(family_effort_of(1000000), "max");
    assert_int_equal(family_budget_of("none"), 0);
    assert_false(family_is_effort("none"));
    assert_false(family_is_effort(""));
}

static void a_server_is_known_by_its_host(void **state)
{
    static const struct {
        const char *url, *host;
    } cases[] = {
        {"https://api.openai.com/v1", "api.openai.com"},
        {"https://API.OpenAI.com", "api.openai.com"},
        {"https://eu.api.openai.com/v1", "api.openai.com"},
        {"https://notapi.openai.com/v1", NULL},
        {"https://api.openai.com.example.org/v1", NULL},
        {"https://example.org/api.openai.com", NULL},
        {"https://user:word@openrouter.ai/api/v1", "openrouter.ai"},
        {"https://api.openai.com@example.org/v1", NULL},
        {"https://mine.openai.azure.com/openai/v1", "openai.azure.com"},
        {"http://127.0.0.1:11434/v1", ":11434"},
        {"http://[::1]:11434/v1", ":11434"},
        {"http://localhost:8000/v1", NULL},
        {"https://generativelanguage.googleapis.com:443/v1beta/openai/",
            "generativelanguage.googleapis.com"},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct family_server *s = family_server_of(cases[i].url);
        if (cases[i].host)
            assert_string_equal(s ? s->host : "", cases[i].host);
        else
            assert_null(s);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_finds_its_row_whatever_stands_around_it),
        cmocka_unit_test(a_long_name_is_no_matter),
        cmocka_unit_test(each_row_is_complete_and_stands_once),
        cmocka_unit_test(an_effort_becomes_one_that_the_family_takes),
        cmocka_unit_test(efforts_and_budgets_stand_for_each_other),
        cmocka_unit_test(a_server_is_known_by_its_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
