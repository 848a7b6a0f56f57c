/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kept answers. A question that may be anybody's (agent/impersonal.h) goes to the model with a
 * situation that says nothing of the user and of the time, so its answer can tell nothing of them.
 * When the model calls a tool all the same, the next call has the whole situation, and nothing is
 * kept.
 */
#include "agent/turn_parts.h"

#include "agent/impersonal.h"
#include "agent/model/prices.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/measure.h"
#include "store/kept_answers.h"

#include <string.h>

_Static_assert(TURN_CACHE_MARK_SIZE == KEPT_ANSWERS_MARK_SIZE, "one size");

/* ---- whether ---- */

/* Members that say nothing, or that the name of the answer has. */
static bool turn_cache_only(const jdoc *doc, const char *const *names, size_t count)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    while (jdoc_type(doc) == JDOC_OBJECT && jdoc_next(doc, &it, &key, &value)) {
        size_t i = 0;
        while (i < count && strcmp(names[i], key) != 0)
            i++;
        bool empty = jdoc_type(value) == JDOC_NULL ||
            ((jdoc_type(value) == JDOC_OBJECT || jdoc_type(value) == JDOC_ARRAY) &&
                jdoc_length(value) == 0);
        if (i == count && !empty)
            return false;
    }
    return true;
}

static const char *const turn_cache_shared[] = {"timezone", "currency", "units", "week_start",
    "date_order"};
#define TURN_CACHE_SHARED (sizeof turn_cache_shared / sizeof *turn_cache_shared)

static bool turn_cache_stored_is_shared(const char *stored)
{
    jdoc *doc = NULL;

    if (!stored || !*stored)
        return true;
    bool is = !jdoc_parse(stored, strlen(stored), &doc, NULL, 0) &&
        turn_cache_only(doc, turn_cache_shared, TURN_CACHE_SHARED);
    jdoc_free(doc);
    return is;
}

static bool turn_cache_is_plain(const struct input *in)
{
    static const char *const agui[] = {"protocolVersion", "parentRunId", "forwardedProps"};
    static const char *const props[] = {"timezone", "locale", "on_busy", "language", "webhook",
        "stream"};

    return turn_cache_only(in->agui, agui, sizeof agui / sizeof *agui) &&
        turn_cache_only(jdoc_get(in->agui, "forwardedProps"), props, sizeof props / sizeof *props);
}

static bool turn_cache_is_offline(const struct conf *conf)
{
    const struct provider *first = provider_find(conf->providers, strcspn(conf->providers, " ,\t"));

    return !first || first == &provider_offline;
}

/* NULL: it may be kept, and told from what is kept. */
static const char *turn_cache_why_not(const struct turn *t)
{
    const struct chat *c = &t->chat;

    if (turn_cache_is_offline(t->env->conf))
        return "offline";
    if (t->input.fresh || t->start->rewound)
        return "asked_anew";
    if (t->start->attempt > 1) /* nobody knows any more whether it was asked anew */
        return "resumed";
    if (t->input.trip) /* its members are named in what the model reads */
        return "user_data";
    if (c->count != 1 || t->first_new > 1 || c->items[0].role != CHAT_USER || c->summary ||
        t->input.resume || t->upstream || t->calls.answer_count || !*t->input.text)
        return "conversation";
    if (c->items[0].file_count || c->items[0].content)
        return "files";
    if (!turn_cache_is_plain(&t->input))
        return "application";
    if ((t->frame.remembered && *t->frame.remembered) ||
        !turn_cache_only(t->input.context, turn_cache_shared, TURN_CACHE_SHARED) ||
        !turn_cache_stored_is_shared(t->frame.stored))
        return "user_data";
    return impersonal_question(t->input.text, strlen(t->input.text));
}

/* ---- telling a kept one ---- */

static int turn_cache_tell(struct turn *t, const char *json)
{
    jdoc *doc = NULL;
    int64_t at_ms = 0, tokens = 0, micros = 0;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);
    const char *text = jdoc_text_or(doc, "text", "");

    if (error == ERR_NOMEM)
        return error;
    if (error || !*text || jdoc_get_int(doc, "at", &at_ms)) {
        jdoc_free(doc);
        return ERR_NOT_FOUND;
    }
    err_ignore(jdoc_get_int(doc, "tokens", &tokens));
    err_ignore(jdoc_get_int(doc, "micros", &micros));
    provider_copy(t->model_name, sizeof t->model_name, jdoc_text_or(doc, "model", ""));
    t->cache.age_s = (t->frame.now_ms - at_ms) / 1000;
    if (t->cache.age_s < 0) /* another machine's clock */
        t->cache.age_s = 0;
    turn_measure_said(t);
    error = turn_tell(t, text);
    jdoc_free(doc);
    if (error)
        return error;
    t->cache.state = TURN_CACHE_TOLD;
    measure_add(MEASURE_CACHE_TOKENS, NULL, tokens);
    measure_add(MEASURE_CACHE_MONEY, NULL, micros);
    return 0;
}

static void turn_cache_ask(struct turn *t)
{
    const char *late = context_neutral(&t->frame, t->arena);

    if (!late)
        return; /* asked as usual, and not kept */
    t->cache.state = TURN_CACHE_ASKS;
    t->cache.late = t->frame.late;
    t->frame.late = late;
}

int turn_cache_look(struct turn *t, bool *told)
{
    const char *why, *json;
    int error;

    *told = false;
    if (!t->env->conf->cache_answers || t->model_calls)
        return 0;
    if ((why = turn_cache_why_not(t))) {
        measure_count(MEASURE_CACHE_REFUSED, why);
        return 0;
    }
    if ((error = turn_cache_name(t, t->cache.entry, t->cache.mark)))
        return error;
    error = kept_answers_get(t->env->store, t->cache.entry, t->cache.seen, t->arena, &json);
    if (error && error != ERR_NOT_FOUND) { /* that costs what is kept, and no turn */
        measure_count(MEASURE_CACHE_LOOKS, "failed");
        return error == ERR_NOMEM ? error : 0;
    }
    if (!error)
        error = turn_cache_tell(t, json);
    *told = !error;
    measure_count(MEASURE_CACHE_LOOKS, !error ? "hit" : error == ERR_NOT_FOUND ? "miss" : "failed");
    if (error != ERR_NOT_FOUND)
        return error;
    turn_cache_ask(t);
    return 0;
}

/* ---- keeping one ---- */

static void turn_cache_refuse(struct turn *t, const char *why)
{
    measure_count(MEASURE_CACHE_REFUSED, why);
    t->cache.state = TURN_CACHE_NONE;
}

/* What the model did with the neutral situation, before the answer is stored and reset. */
void turn_cache_note(struct turn *t, const struct model_result *r, int error)
{
    const char *chain = t->env->conf->providers, *why;

    if (t->cache.state != TURN_CACHE_ASKS)
        return;
    t->frame.late = t->cache.late;
    if (error || r->stop != PROVIDER_STOP_END || r->trimmed || r->reduced)
        turn_cache_refuse(t, t->answer->call_count ? "tools" : "ending");
    else if (t->answer->call_count)
        turn_cache_refuse(t, "tools");
    else if (r->provider != provider_find(chain, strcspn(chain, " ,\t")))
        turn_cache_refuse(t, "fallback");
    else if ((why = impersonal_answer(buf_text(&t->answer->text), t->answer->text.len)))
        turn_cache_refuse(t, why);
    else
        t->cache.state = TURN_CACHE_KEEPS;
}

static void turn_cache_write(const struct turn *t, const struct chat_message *m, struct buf *json)
{
    int64_t tokens = 0, micros = 0, cost;

    for (size_t i = 0; i < t->usage_count; i++) {
        const struct model_used *u = &t->usages[i];
        tokens += u->usage.input + u->usage.output;
        if (!prices_of(u->provider->name, u->model, &u->usage, &cost))
            micros += cost;
    }
    buf_puts(json, "{\"text\":");
    buf_json_string(json, m->text, m->len);
    buf_json_member(json, "model", t->model_name);
    buf_printf(json, ",\"tokens\":%lld,\"micros\":%lld,\"at\":%lld}", (long long)tokens,
        (long long)micros, (long long)clock_real_ms());
}

void turn_cache_keep(struct turn *t)
{
    const struct chat_message *last = &t->chat.items[t->chat.count - 1];

    if (t->cache.state != TURN_CACHE_KEEPS)
        return;
    buf_reset(&t->json);
    turn_cache_write(t, last, &t->json);
    if (last->role != CHAT_ASSISTANT || buf_error(&t->json) ||
        !kept_answers_offer(t->env->store,
            &(struct kept_answers_offered){.entry = t->cache.entry,
                .mark = t->cache.mark,
                .seen = t->cache.seen,
                .json = buf_text(&t->json),
                .len = t->json.len}))
        return;
    measure_add(MEASURE_CACHE_KEPT, NULL, 1);
    measure_add(MEASURE_CACHE_BYTES, NULL, (int64_t)t->json.len);
}
