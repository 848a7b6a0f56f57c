/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/turn_parts.h"

#include "agent/events.h"
#include "base/clock.h"
#include "base/err.h"

#include <string.h>

/* ---- usage ---- */

static void turn_usage_add_one(struct turn *t, const struct model_used *r)
{
    struct model_used *u = NULL;

    for (size_t i = 0; i < t->usage_count && !u; i++)
        if (t->usages[i].provider == r->provider && !strcmp(t->usages[i].model, r->model))
            u = &t->usages[i];
    if (!u && t->usage_count < TURN_USAGES_MAX) {
        u = &t->usages[t->usage_count++];
        memset(u, 0, sizeof *u);
        u->provider = r->provider;
        provider_copy(u->model, sizeof u->model, r->model);
    }
    t->output_tokens += r->usage.output;
    turn_spend(t, r);
    if (!u)
        return;
    provider_usage_add(&u->usage, &r->usage);
}

void turn_usage_add(struct turn *t, const struct model_result *r)
{
    for (size_t i = 0; i < r->used_count; i++)
        turn_usage_add_one(t, &r->used[i]);
}

void turn_usage_write(const struct turn *t, struct buf *json)
{
    buf_putc(json, '[');
    for (size_t i = 0; i < t->usage_count; i++) {
        if (i)
            buf_putc(json, ',');
        events_usage(json, t->usages[i].provider->name, t->usages[i].model, &t->usages[i].usage);
    }
    buf_putc(json, ']');
}

static void turn_usage_restore(struct turn *t, const jdoc *list)
{
    t->usage_count = 0;
    for (size_t i = 0; i < jdoc_length(list) && i < TURN_USAGES_MAX; i++) {
        const jdoc *row = jdoc_at(list, i);
        const char *name = jdoc_text_or(row, "provider", "");
        struct model_used *u = &t->usages[t->usage_count];
        memset(u, 0, sizeof *u);
        if (!(u->provider = provider_find(name, strlen(name))))
            continue;
        provider_copy(u->model, sizeof u->model, jdoc_text_or(row, "model", ""));
        (void)jdoc_get_int(row, "inputTokens", &u->usage.input);
        (void)jdoc_get_int(row, "outputTokens", &u->usage.output);
        (void)jdoc_get_int(row, "reasoningTokens", &u->usage.reasoning);
        (void)jdoc_get_int(row, "cachedInputTokens", &u->usage.cached);
        (void)jdoc_get_int(row, "cacheWriteInputTokens", &u->usage.cache_write);
        t->output_tokens += u->usage.output;
        t->usage_count++;
    }
}

static void turn_spent_restore(struct turn *t, const jdoc *sums)
{
    struct usage_spent *spent = &t->account.spent;
    int64_t *const all[] = {&spent->tokens, &spent->micros, &spent->assumed, &spent->unpriced};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (jdoc_int(jdoc_at(sums, i), all[i]))
            *all[i] = 0;
    t->account.told = *spent; /* by the worker that wrote it */
}

/* ---- checkpoints ---- */

int turn_flush(struct turn *t)
{
    int64_t until = clock_mono_ms() + t->env->conf->redis_timeout_ms;
    int error = eventlog_flush(t->env->eventlog, until);

    return error == ERR_DEADLINE ? ERR_STORE : error;
}

/* Never ahead of the log: what viewers were not told must not count as told. */
static int turn_checkpoint_save(struct turn *t, const struct turns_summary *summary)
{
    int error = turn_flush(t);

    if (!error)
        error = turn_spend_members(t);
    if (error)
        return error;
    if (summary)
        return turns_checkpoint_summary(t->env->store, t->start, buf_text(&t->json), t->json.len,
            summary);
    return turns_checkpoint(t->env->store, t->start, buf_text(&t->json), t->json.len);
}

int turn_checkpoint(struct turn *t)
{
    return turn_checkpoint_summary(t, NULL);
}

int turn_checkpoint_summary(struct turn *t, const struct turns_summary *summary)
{
    const struct usage_spent *spent = &t->account.spent;
    int error;

    turn_stage(t, STAGE_CHECKPOINT);
    buf_reset(&t->json);
    buf_printf(&t->json,
        "{\"v\":1,\"modelCalls\":%lld,\"toolCallsLeft\":%lld,\"bytesLeft\":%zu,"
        "\"summaryTokens\":%lld,\"behindSummary\":%zu,\"spent\":[%lld,%lld,%lld,%lld],\"usage\":",
        (long long)t->model_calls, (long long)t->calls.left, t->answer->bytes_left,
        (long long)t->summary_output, summary ? summary->behind : 0, (long long)spent->tokens,
        (long long)spent->micros, (long long)spent->assumed, (long long)spent->unpriced);
    turn_usage_write(t, &t->json);
    buf_puts(&t->json, ",\"messages\":[");
    for (size_t i = t->checkpointed; i < t->chat.count; i++) {
        if (i > t->checkpointed)
            buf_putc(&t->json, ',');
        chat_write(&t->chat.items[i], &t->json);
    }
    buf_puts(&t->json, "]}");
    if ((error = buf_error(&t->json)))
        return error;
    while ((error = turn_checkpoint_save(t, summary)))
        if ((error = wait_retry(&t->wait, error)))
            return error;
    t->checkpointed = t->chat.count;
    model_mark_drop(&t->model);
    turn_spend_told(t);
    return 0;
}

int turn_checkpoint_restore(struct turn *t, const char *json)
{
    jdoc *doc = NULL;
    const jdoc *messages;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);
    int64_t bytes_left;

    if (error)
        return error;
    messages = jdoc_get(doc, "messages");
    for (size_t i = 0; i < jdoc_length(messages) && !error; i++) {
        buf_reset(&t->json);
        jdoc_write(jdoc_at(messages, i), &t->json);
        error = buf_error(&t->json);
        if (!error)
            error = chat_parse(&t->chat, buf_text(&t->json), t->json.len);
    }
    t->output_tokens = 0;
    turn_usage_restore(t, jdoc_get(doc, "usage"));
    turn_spent_restore(t, jdoc_get(doc, "spent"));
    (void)jdoc_get_int(doc, "summaryTokens", &t->summary_output);
    t->output_tokens -= t->summary_output;
    (void)jdoc_get_int(doc, "modelCalls", &t->model_calls);
    (void)jdoc_get_int(doc, "toolCallsLeft", &t->calls.left);
    if (!jdoc_get_int(doc, "bytesLeft", &bytes_left) && bytes_left >= 0)
        t->answer->bytes_left = (size_t)bytes_left;
    jdoc_free(doc);
    return error;
}
