/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a model is told to think, in each form: Anthropic's adaptive and extended thinking
 * (platform.claude.com/docs/en/build-with-claude/thinking), OpenAI's reasoning_effort
 * (developers.openai.com/api/docs/guides/reasoning), OpenRouter's reasoning
 * (openrouter.ai/docs/use-cases/reasoning-tokens), DeepSeek's thinking
 * (api-docs.deepseek.com/guides/thinking_mode), chat_template_kwargs of vLLM and llama.cpp
 * (docs.vllm.ai, "Reasoning outputs"; the README of llama.cpp's server). All of November 2026.
 */
#include "agent/model/request.h"

static unsigned request_thinking_budget(const struct abilities *a, const struct provider_request *q,
    int64_t output, struct buf *json)
{
    int64_t budget = abilities_budget(a, output);

    if (!budget)
        return 0;
    buf_printf(json, ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":%lld}",
        (long long)budget);
    return QUIRKS_NO_THINKING | QUIRKS_OTHER_THINKING |
        (a->thinking.interleaved && !(q->quirks.flags & QUIRKS_NO_BETA) ? QUIRKS_NO_BETA : 0);
}

/* The effort, in the member where the dialect has it. */
static unsigned request_thinking_word(const struct provider_request *q, const char *word,
    const char *before, const char *behind, struct buf *json)
{
    if (!word || q->quirks.flags & QUIRKS_NO_EFFORT)
        return 0;
    buf_puts(json, before);
    buf_json_text(json, word);
    buf_puts(json, behind);
    return QUIRKS_NO_EFFORT;
}

/* Newer models say nothing of their thoughts unless a display is asked for. */
static unsigned request_thinking_adaptive(const struct abilities *a,
    const struct provider_request *q, struct buf *json)
{
    if (!a->thinking.on) {
        buf_printf(json, ",\"thinking\":{\"type\":\"%s\"}", a->thinking.word);
        return QUIRKS_NO_THINKING;
    }
    buf_puts(json, ",\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"}");
    return QUIRKS_NO_THINKING | QUIRKS_OTHER_THINKING |
        request_thinking_word(q, a->thinking.word, ",\"output_config\":{\"effort\":", "}", json);
}

static unsigned request_thinking_type(const struct abilities *a, const struct provider_request *q,
    int64_t output, struct buf *json)
{
    int64_t budget = a->anthropic && a->thinking.on ? abilities_budget(a, output) : 0;

    buf_printf(json, ",\"thinking\":{\"type\":\"%s\"",
        a->thinking.on ? "enabled" : a->thinking.word);
    if (budget)
        buf_printf(json, ",\"budget_tokens\":%lld", (long long)budget);
    buf_putc(json, '}');
    if (!a->thinking.on)
        return QUIRKS_NO_THINKING;
    return QUIRKS_NO_THINKING |
        (a->anthropic ?
                request_thinking_word(q, a->thinking.word, ",\"output_config\":{\"effort\":", "}",
                    json) :
                request_thinking_word(q, a->thinking.word, ",\"reasoning_effort\":", "", json));
}

/* The other one of Anthropic's two forms, for a model that is not the one of its name. */
static struct abilities request_thinking_other(const struct abilities *a)
{
    struct abilities other = *a;
    struct abilities_thinking *t = &other.thinking;

    if (t->form == FAMILY_THINKING_BUDGET) {
        t->form = FAMILY_THINKING_ADAPTIVE;
        t->word = family_effort_of(t->budget);
    } else if (t->form == FAMILY_THINKING_ADAPTIVE) {
        t->form = FAMILY_THINKING_BUDGET;
        t->budget = t->allowance;
    }
    return other;
}

static unsigned request_thinking_form(const struct abilities *a, const struct provider_request *q,
    int64_t output, struct buf *json)
{
    const struct abilities_thinking *t = &a->thinking;

    switch (t->form) {
    case FAMILY_THINKING_BUDGET:
        return t->on ? request_thinking_budget(a, q, output, json) : 0;
    case FAMILY_THINKING_ADAPTIVE:
        return request_thinking_adaptive(a, q, json);
    case FAMILY_THINKING_EFFORT:
        buf_printf(json, ",\"reasoning_effort\":\"%s\"", t->word);
        return QUIRKS_NO_THINKING;
    case FAMILY_THINKING_REASONING:
        if (t->word)
            buf_printf(json, ",\"reasoning\":{\"effort\":\"%s\"}", t->word);
        else
            buf_puts(json, ",\"reasoning\":{\"enabled\":true}");
        return QUIRKS_NO_THINKING;
    case FAMILY_THINKING_TYPE:
        return request_thinking_type(a, q, output, json);
    case FAMILY_THINKING_TEMPLATE:
        buf_printf(json, ",\"chat_template_kwargs\":{\"enable_thinking\":%s,\"thinking\":%s}",
            t->on ? "true" : "false", t->on ? "true" : "false"); /* Qwen, GLM; DeepSeek, Kimi */
        return QUIRKS_NO_THINKING;
    case FAMILY_THINKING_NONE:
        break;
    }
    return 0;
}

uint64_t request_thinking(const struct provider_request *q, const struct abilities *a,
    int64_t output, bool tools, struct buf *json)
{
    uint64_t flags = q->quirks.flags, sent = 0;
    const struct abilities other = request_thinking_other(a);
    bool none = tools && flags & QUIRKS_EFFORT_NONE;

    if (none && !(flags & QUIRKS_NO_NONE)) {
        buf_puts(json, ",\"reasoning_effort\":\"none\"");
        return QUIRKS_NO_NONE;
    }
    if (!none && !(flags & QUIRKS_NO_THINKING)) {
        sent = request_thinking_form(flags & QUIRKS_OTHER_THINKING ? &other : a, q, output, json);
        if (flags & QUIRKS_OTHER_THINKING)
            sent &= ~(unsigned)QUIRKS_OTHER_THINKING;
    }
    if (tools && !none)
        sent |= QUIRKS_EFFORT_NONE;
    return sent;
}
