/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/prices_parts.h"

#include "agent/model/family.h"
#include "base/err.h"
#include "base/money.h"

#include <string.h>

/* Cents per million tokens are enough for most vendors; thousandths for all. */
#define M(dollars) ((int64_t)((dollars)*1000000 + 0.5))
#define ROW(stem, input, cached, write, output, known) \
    { \
        "", stem, M(input), M(cached), M(write), M(output), 0, 0, 0, known \
    }
/* Above so many tokens of input the whole call costs more. */
#define ROW_LONG(stem, input, cached, write, output, over, in, out, known) \
    { \
        "", stem, M(input), M(cached), M(write), M(output), over, in, out, known \
    }
#define GPT(stem, input, cached, write, output) \
    ROW_LONG(stem, input, cached, write, output, 272000, 200, 150, "2026-11-05")
#define GEMINI_PRO(stem, input, cached, output) \
    ROW_LONG(stem, input, cached, input, output, 200000, 200, 150, "2026-10-07")

/*
 * What the vendors' own price lists said on the day in the last column, for calls of the standard
 * tier; a cache is written for five minutes. A model is not in here when its price was not known,
 * or changes with the hour of the day (DeepSeek).
 */
static const struct price prices[] = {
    {"offline", "*", 0, 0, 0, 0, 0, 0, 0, "2026-11-30"}, /* runs here */

    /* platform.claude.com/docs/en/about-claude/pricing */
    ROW("claude-fable-5-1", 10, 0.25, 12.5, 50, "2026-10-24"),
    ROW("claude-mythos-5-1", 10, 0.25, 12.5, 50, "2026-10-24"),
    ROW("claude-fable-5", 10, 1, 12.5, 50, "2026-10-24"),
    ROW("claude-mythos-5", 10, 1, 12.5, 50, "2026-10-24"),
    ROW("claude-opus-5-5", 4, 0.2, 5, 20, "2026-10-24"),
    ROW("claude-opus-5", 5, 0.5, 6.25, 25, "2026-10-24"),
    ROW("claude-sonnet-5-5", 2, 0.1, 2.5, 10, "2026-10-24"),
    ROW("claude-sonnet-5", 2, 0.2, 2.5, 10, "2026-10-24"),
    ROW_LONG("claude-haiku-5-5", 0.1, 0.01, 0.125, 0.5, 100000, 500, 500, "2026-10-24"),
    ROW("claude-opus-4-8", 5, 0.5, 6.25, 25, "2026-10-10"),
    ROW("claude-opus-4-7", 5, 0.5, 6.25, 25, "2026-10-10"),
    ROW("claude-opus-4-6", 5, 0.5, 6.25, 25, "2026-10-10"),
    ROW("claude-opus-4-5", 5, 0.5, 6.25, 25, "2026-10-10"),
    ROW("claude-opus-4", 15, 1.5, 18.75, 75, "2026-10-10"),
    ROW("claude-sonnet-4", 3, 0.3, 3.75, 15, "2026-10-10"),
    ROW("claude-haiku-4-5", 1, 0.1, 1.25, 5, "2026-10-10"),
    ROW("claude-3-7-sonnet", 3, 0.3, 3.75, 15, "2026-10-10"),
    ROW("claude-3-5-sonnet", 3, 0.3, 3.75, 15, "2026-10-10"),
    ROW("claude-3-5-haiku", 0.8, 0.08, 1, 4, "2026-10-10"),
    ROW("claude-3-opus", 15, 1.5, 18.75, 75, "2026-10-10"),
    ROW("claude-3-haiku", 0.25, 0.03, 0.3, 1.25, "2026-10-10"),

    /* developers.openai.com/api/docs/pricing */
    GPT("gpt-6-2-sol", 2, 0.1, 2.5, 10),
    GPT("gpt-6-2-astra", 8, 0.4, 10, 40),
    GPT("gpt-6-1-sol", 2, 0.1, 2.5, 10),
    GPT("gpt-6-1-terra", 1, 0.05, 1.25, 5),
    GPT("gpt-6-sol", 2, 0.2, 2.5, 10),
    GPT("gpt-6-luna", 0.1, 0.01, 0.125, 0.5),
    GPT("gpt-6-astra", 10, 1, 12.5, 50),
    GPT("gpt-5-6-terra", 2, 0.2, 2.5, 12),
    GPT("gpt-5-6-luna", 0.2, 0.02, 0.25, 1.2),
    GPT("gpt-5-6", 4, 0.4, 5, 20), /* also gpt-5.6-sol */
    GPT("gpt-5-5-pro", 30, 30, 30, 180),
    GPT("gpt-5-5", 5, 0.5, 5, 30),
    GPT("gpt-5-4-pro", 30, 30, 30, 180),
    ROW("gpt-5-4-mini", 0.75, 0.075, 0.75, 4.5, "2026-11-05"),
    ROW("gpt-5-4-nano", 0.2, 0.02, 0.2, 1.25, "2026-11-05"),
    GPT("gpt-5-4", 2.5, 0.25, 2.5, 15),
    ROW("gpt-5-3", 1.75, 0.175, 1.75, 14, "2026-09-30"),
    ROW("gpt-5-2-pro", 21, 21, 21, 168, "2026-09-30"),
    ROW("gpt-5-2", 1.75, 0.175, 1.75, 14, "2026-09-30"),
    ROW("gpt-5-1", 1.25, 0.125, 1.25, 10, "2026-09-30"),
    ROW("gpt-5-pro", 15, 15, 15, 120, "2026-09-30"),
    ROW("gpt-5-mini", 0.25, 0.025, 0.25, 2, "2026-09-30"),
    ROW("gpt-5-nano", 0.05, 0.005, 0.05, 0.4, "2026-09-30"),
    ROW("gpt-5", 1.25, 0.125, 1.25, 10, "2026-09-30"),
    ROW("gpt-4-1-mini", 0.4, 0.1, 0.4, 1.6, "2026-03-01"),
    ROW("gpt-4-1-nano", 0.1, 0.025, 0.1, 0.4, "2026-03-01"),
    ROW("gpt-4-1", 2, 0.5, 2, 8, "2026-03-01"),
    ROW("gpt-4o-mini", 0.15, 0.075, 0.15, 0.6, "2026-03-01"),
    ROW("gpt-4o", 2.5, 1.25, 2.5, 10, "2026-03-01"),
    ROW("chatgpt-4o", 5, 5, 5, 15, "2026-03-01"),
    ROW("gpt-4-turbo", 10, 10, 10, 30, "2026-03-01"),
    ROW("gpt-4", 30, 30, 30, 60, "2026-03-01"),
    ROW("gpt-3-5", 0.5, 0.5, 0.5, 1.5, "2026-03-01"),
    ROW("o1-pro", 150, 150, 150, 600, "2026-03-01"),
    ROW("o1", 15, 7.5, 15, 60, "2026-03-01"),
    ROW("o3-pro", 20, 20, 20, 80, "2026-03-01"),
    ROW("o3-mini", 1.1, 0.55, 1.1, 4.4, "2026-03-01"),
    ROW("o3", 2, 0.5, 2, 8, "2026-03-01"),
    ROW("o4-mini", 1.1, 0.275, 1.1, 4.4, "2026-03-01"),

    /* ai.google.dev/gemini-api/docs/pricing, text */
    ROW("gemini-4-neon", 3, 0.15, 3, 15, "2026-11-15"),
    ROW("gemini-4-hydrogen", 1.5, 0.075, 1.5, 7.5, "2026-11-15"),
    ROW("gemini-3-8-flash", 0.75, 0.075, 0.75, 3.75, "2026-10-07"), /* until the end of 2026 */
    GEMINI_PRO("gemini-3-1-pro", 2, 0.2, 12),
    GEMINI_PRO("gemini-3-pro", 2, 0.2, 12),
    ROW("gemini-3-flash", 0.5, 0.05, 0.5, 3, "2026-03-01"),
    GEMINI_PRO("gemini-2-5-pro", 1.25, 0.125, 10),
    ROW("gemini-2-5-flash-lite", 0.1, 0.01, 0.1, 0.4, "2026-03-01"),
    ROW("gemini-2-5-flash", 0.3, 0.03, 0.3, 2.5, "2026-03-01"),
};
#define PRICES (sizeof prices / sizeof *prices)

const struct price *prices_table(size_t *count)
{
    *count = PRICES;
    return prices;
}

/* ---- which row ---- */

static bool prices_fits(const struct price *p, const char *provider, const char *model)
{
    if (*p->provider && strcmp(p->provider, provider) != 0)
        return false;
    return !strcmp(p->stem, "*") || family_is_named(model, p->stem);
}

/* Of two rows that fit, the one that says more. */
static size_t prices_weight(const struct price *p)
{
    return 2 * (strcmp(p->stem, "*") ? strlen(p->stem) : 0) + (*p->provider ? 1 : 0);
}

const struct price *prices_best(const struct price *list, size_t count, const char *provider,
    const char *model)
{
    const struct price *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (prices_fits(&list[i], provider, model) &&
            (!best || prices_weight(&list[i]) > prices_weight(best)))
            best = &list[i];
    return best;
}

const struct price *prices_find(const char *provider, const char *model)
{
    const struct price *own = prices_own(provider, model);

    return own ? own : prices_best(prices, PRICES, provider, model);
}

/* ---- what it costs ---- */

static int64_t prices_sum(__int128 millionths)
{
    __int128 micros = (millionths + 999999) / 1000000;

    return micros > MONEY_MAX ? MONEY_MAX : (int64_t)micros;
}

static int64_t prices_count(int64_t n)
{
    return n > 0 ? n : 0;
}

int64_t prices_flat(int64_t per_million, int64_t tokens)
{
    return prices_sum((__int128)per_million * prices_count(tokens));
}

int prices_of(const char *provider, const char *model, const struct provider_usage *u,
    int64_t *micros)
{
    const struct price *p = prices_find(provider, model);
    int64_t cached, written, plain;
    __int128 input, output;

    if (!p)
        return ERR_NOT_FOUND;
    cached = prices_count(u->cached);
    written = prices_count(u->cache_write);
    plain = prices_count(prices_count(u->input) - cached - written);
    input = (__int128)plain * p->input + (__int128)cached * p->cached +
        (__int128)written * p->cache_write;
    output = (__int128)prices_count(u->output) * p->output;
    if (p->long_over && u->input > p->long_over) {
        input = input * p->long_input / 100;
        output = output * p->long_output / 100;
    }
    *micros = prices_sum(input + output);
    return 0;
}
