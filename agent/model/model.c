/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/model_parts.h"

#include "agent/model/abilities.h"
#include "agent/model/refusal.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MS 500
#define MODEL_TOKEN_BYTES 3 /* context_tokens, rounded down */
#define BACKOFF_MAX_MS 8000
#define RETRY_AFTER_MAX_MS 60000 /* a longer wait is for the next provider in the chain */

void model_fini(struct model *m)
{
    buf_free(&m->http.url);
    buf_free(&m->http.body);
    buf_free(&m->http.header_text);
    buf_free(&m->body);
    buf_free(&m->upstream.settled);
    provider_stream_fini(&m->stream);
    if (m->sse_ready)
        sse_fini(&m->sse);
    m->sse_ready = false;
}

/* ---- one provider, its retries ---- */

/* Reasons that no other try and no other provider can change. */
bool model_is_final(int error)
{
    switch (error) {
    case ERR_CANCELLED:
    case ERR_FENCED:
    case ERR_DRAINING:
    case ERR_LIMIT:
    case ERR_FULL:
    case ERR_NOMEM:
    case ERR_IO:
        return true;
    default:
        return false;
    }
}

static bool model_may_retry(const struct model_attempt *t, int error)
{
    if (error == ERR_QUOTA || error == ERR_AUTH || error == ERR_POLICY)
        return false;
    if (error == ERR_INVALID && (t->status == 429 || t->status >= 500)) /* model_look_again */
        return false;
    if (t->status && !model_is_success(t->status)) {
        if (t->should_retry >= 0)
            return t->should_retry;
        return t->status == 408 || t->status == 409 || t->status == 429 || t->status >= 500;
    }
    if (model_is_success(t->status)) /* broke off, or an error event, before anything was said */
        return error != ERR_INVALID;
    return error == ERR_NET || error == ERR_DEADLINE;
}

static int64_t model_retry_delay(const struct model_attempt *t, unsigned tries)
{
    int64_t delay = backoff_delay(BACKOFF_MS, BACKOFF_MAX_MS, tries + 1);

    return t->retry_after_ms >= 0 ? t->retry_after_ms : backoff_spread(delay, delay / 4);
}

/* ", type T, code C, request R": what the operator looks up at the vendor's. */
static void model_put_said(const struct provider_said *said, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s%s", *said->type ? ", type " : "", said->type,
        *said->code ? ", code " : "", said->code, *said->request ? ", request " : "",
        said->request);
}

void model_describe(const struct model_attempt *t, int error, struct model_result *result)
{
    const struct provider_stream *s = &t->m->stream;

    char said[260];

    model_put_said(&s->said, said, sizeof said);
    snprintf(result->why, sizeof result->why, "%.20s: %.60s%s%.100s%s", t->provider->name,
        err_text(error), *t->why ? ", " : "", t->why, said);
    /* Of a refusal for what was sent the words may repeat the user's. */
    bool ours = error == ERR_AUTH || error == ERR_QUOTA || error == ERR_OVERLOADED;
    log_warn("model %s status %ld: %s %s", t->provider->name, t->status, result->why,
        ours ? s->error_text : "");
    if (!ours && *s->error_text)
        log_debug("model %s says: %s", t->provider->name, s->error_text);
    if (error == ERR_AUTH)
        log_error("model %s: the server refuses the credential or what it may do: look at %s.key",
            t->provider->name, t->provider->name);
    else if (error == ERR_QUOTA)
        log_error("model %s: quota or credit is used up: top up the account of %s.key",
            t->provider->name, t->provider->name);
    else if (t->status == 404)
        log_error(
            "model %s: its server knows no such address or model: look at %s.url and %s.model",
            t->provider->name, t->provider->name, t->provider->name);
}

void model_take_result(const struct model_attempt *t, const struct conf *conf,
    struct model_result *r)
{
    const struct provider_stream *s = &t->m->stream;

    r->stop = s->stop;
    provider_copy(r->model, sizeof r->model, *s->model ? s->model : t->provider->model(conf));
}

/* A whole answer in which nothing was said. Refusals and limits have their own words. */
static bool model_is_empty(const struct model_attempt *t, const struct answer *answer)
{
    switch (t->m->stream.stop) {
    case PROVIDER_STOP_NONE:
    case PROVIDER_STOP_END:
    case PROVIDER_STOP_CALLS:
        return !answer->call_count && utf8_blank(buf_text(&answer->text), answer->text.len);
    default:
        return false;
    }
}

/* An empty answer is asked for once more, unless the model has written something: that is paid. */
static bool model_is_worth_another(const struct model_attempt *t, const struct answer *answer)
{
    return !answer->emitted && t->m->stream.usage.output <= 0;
}

/* Some refusals of a request that is too long look like those that pass. */
static int model_look_again(const struct model *m, int error)
{
    const char *words = m->body.len ? buf_text(&m->body) : m->stream.error_text;
    size_t len = m->body.len ? m->body.len : strlen(m->stream.error_text);

    if (error != ERR_OVERLOADED && error != ERR_REMOTE)
        return error;
    return refusal_is_too_large(words, len, m->status, m->http.body_len - m->http.deferred_bytes) ?
        ERR_INVALID :
        error;
}

/* One provider with its retries. */
static int model_call_provider(struct model *m, const struct provider *p, struct wait *wait,
    const struct provider_request *request, struct answer *answer, struct model_result *result)
{
    unsigned tries = 0, allowed = p->start ? 0 : (unsigned)request->conf->model_retries;
    bool was_empty = p->start; /* the offline one would say nothing again */

    for (;; tries++) {
        struct model_attempt t = {.m = m,
            .provider = p,
            .task = task_ref_self(),
            .log = wait->env->eventlog,
            .retry_after_ms = -1,
            .should_retry = -1};
        const size_t before = answer_bytes(answer);
        int64_t began_us = clock_mono_us();
        spans_begin(&t.span, wait->span);
        int error = model_attempt_run(&t, wait, request, answer);
        result->provider = p;
        m->status = t.status;
        error = model_look_again(m, error);
        model_measure(&t, request->conf, error, began_us);
        model_take_result(&t, request->conf, result);
        model_used_add(&t, error, answer, before, result);
        if (!error && model_is_empty(&t, answer)) {
            log_warn("model %s: an answer without text and without a call", p->name);
            result->stop = PROVIDER_STOP_EMPTY;
            if (!was_empty && model_is_worth_another(&t, answer)) {
                was_empty = true;
                model_measure_retry(&t, request->conf);
                continue;
            }
        }
        if (!error || model_is_final(error) || clock_mono_ms() >= wait->deadline_ms)
            return error;
        model_describe(&t, error, result);
        if (answer->emitted || tries >= allowed || !model_may_retry(&t, error))
            return error == ERR_DEADLINE ? ERR_NET : error;
        int64_t delay = model_retry_delay(&t, tries);
        if (delay > RETRY_AFTER_MAX_MS || clock_mono_ms() + delay >= wait->deadline_ms)
            return error == ERR_DEADLINE ? ERR_NET : error;
        int why = wait_pause(wait, clock_mono_ms() + delay);
        if (why)
            return why;
        model_measure_retry(&t, request->conf);
        answer_reset(answer);
    }
}

/* ---- the forms that it may take ---- */

/*
 * The vendor's policy ended it. It would do so with every later message, too, while the
 * conversation has what it dislikes (platform.claude.com, "Refusals and fallback", November 2026).
 */
static bool model_is_declined(enum provider_stop stop)
{
    return stop == PROVIDER_STOP_REFUSAL || stop == PROVIDER_STOP_FILTER;
}

/* Refused for its form, its length or what it says, when nothing was answered. */
static bool model_is_refused(const struct model *m, int error, const struct answer *answer,
    const struct model_result *result)
{
    if (answer->emitted)
        return false;
    if (!error)
        return result->stop == PROVIDER_STOP_CONTEXT || model_is_declined(result->stop);
    return error == ERR_POLICY || (error == ERR_INVALID && m->status);
}

/* The refused request and what was said of it; words: room for what stands in the stream. */
static struct refusal_case model_refused_case(const struct model *m, const struct provider *p,
    const struct provider_request *request, int error, struct buf *words)
{
    struct abilities abilities;
    int64_t output;

    abilities_get(request->conf, p->name, &abilities);
    output = abilities_output(&abilities, request->max_tokens, request->quirks.output_max);
    struct refusal_case c = {.provider = p->name,
        .status = m->status ? m->status : 400,
        .body = buf_text(&m->body),
        .body_len = m->body.len,
        .sent = m->http.sent,
        .output = output,
        /* a file costs what its vendor says, not what its base64 has of bytes */
        .request_bytes = m->http.body_len - m->http.deferred_bytes - m->http.file_bytes +
            m->http.file_tokens * MODEL_TOKEN_BYTES,
        .context = request->context};

    if (!c.body_len || !error) { /* a body that is an answer says nothing of it */
        buf_printf(words, "%s %s", m->stream.error_type,
            error                                       ? m->stream.error_text :
                m->stream.stop == PROVIDER_STOP_CONTEXT ? "context window" :
                                                          "declined");
        c.body = buf_text(words);
        c.body_len = words->len;
    }
    return c;
}

static bool model_ask_again(const struct model *m, const struct provider *p,
    const struct provider_request *request, int error, struct refusal_state *state,
    struct quirks *known)
{
    struct buf words = {0};
    struct refusal_case c = model_refused_case(m, p, request, error, &words);
    bool again = refusal_adapt(state, &c, known);

    buf_free(&words);
    return again;
}

/* Tokens of a whole request: as the server has said, else as the table of models does. */
static int64_t model_room(const struct abilities *a, const struct quirks *known)
{
    return known->room ? known->room : a->room;
}

/* What the request may see. A summary comes before messages leave it; one without a model makes
 * none. */
static int model_choose_context(const struct provider *p, const struct model_ask *ask,
    const struct context_limits *limits, struct context *out)
{
    int error;

    arena_reset(ask->arena);
    error = context_build(ask->frame, ask->chat, limits, ask->arena, out);
    if (error || !ask->shorten || limits->reduced || !context_is_short(out) || p->start)
        return error;
    if ((error = ask->shorten(ask->arg, out)))
        return error;
    arena_reset(ask->arena);
    return context_build(ask->frame, ask->chat, limits, ask->arena, out);
}

/* Tokens of a request beside its messages and the tools that are not the same always. */
static size_t model_overhead(const struct provider *p, const struct context_frame *frame)
{
    return context_tokens(frame->instructions ?
            strlen(frame->instructions) :
            provider_tools(p)->len + strlen(context_system()) + strlen(frame->late));
}

/* Newer Claudes bind a thought to all that stood before it, the late block too: one of an earlier
 * run is of no use any more (request_anthropic_fresh). */
static size_t model_thoughts_from(const struct abilities *a, const struct model_ask *ask)
{
    return a->anthropic && a->family->thinking == FAMILY_THINKING_ADAPTIVE ? ask->first : 0;
}

/* All sessions get it: one in which hardly a message had room would be worse than none. */
static bool model_may_learn_room(const struct context_limits *limits, int64_t room)
{
    return !limits->reduced && room > 0 && (size_t)room >= 2 * limits->overhead;
}

/* One provider, in the forms that it may take. */
static int model_call_in_forms(struct model *m, const struct provider *p, struct wait *wait,
    const struct model_ask *ask, struct answer *answer, struct model_result *result)
{
    const struct conf *conf = wait->env->conf;
    const struct quirks_of of = {p->name, p->url ? p->url(conf) : "", p->model(conf)};
    struct quirks known, before;
    struct abilities abilities;
    quirks_get(&of, clock_mono_ms(), &known);
    before = known;
    abilities_get(conf, p->name, &abilities);
    struct refusal_state state = {.limits = {.room = model_room(&abilities, &known),
                                      .overhead = model_overhead(p, ask->frame),
                                      .thoughts_from = model_thoughts_from(&abilities, ask),
                                      .keep_thoughts = before.flags & QUIRKS_KEEP_THOUGHTS}};
    struct context context = {0};
    int error;

    for (;;) {
        if ((error = model_choose_context(p, ask, &state.limits, &context)))
            break;
        struct quirks asked = known;
        asked.flags |= state.guessed;
        const struct provider_request request = {conf, &context, ask->no_tools, ask->max_tokens,
            asked, wait->start->uid, wait->start->session};
        error = model_call_provider(m, p, wait, &request, answer, result);
        if (!model_is_refused(m, error, answer, result) || clock_mono_ms() >= wait->deadline_ms ||
            !model_ask_again(m, p, &request, error, &state, &known))
            break;
        answer_reset(answer);
    }
    if (!error)
        refusal_taken(&state, p->name, &known);
    result->trimmed = state.trims > 0 && context.dropped > 0;
    result->reduced = state.limits.reduced && !state.trims;
    if (!error && model_may_learn_room(&state.limits, state.learnt) &&
        result->stop != PROVIDER_STOP_CONTEXT)
        known.room = state.learnt;
    quirks_settle(&of, &before, &known, error != ERR_INVALID || answer->emitted, clock_mono_ms());
    if (error != ERR_INVALID || !state.too_long)
        return error;
    log_warn("model %s: the last message alone is too long for it", p->name);
    return ERR_TOO_LONG;
}

/* ---- the chain ---- */

static struct breaker *model_breaker(const struct turn_env *env, const struct provider *p)
{
    if (!env->breakers || !p->url) /* one without HTTP does not fail */
        return NULL;
    return &env->breakers[provider_place(p)];
}

/* The provider works, but takes this request not. */
static bool model_is_about_request(int error)
{
    return error == ERR_INVALID || error == ERR_TOO_LONG || error == ERR_POLICY;
}

static int model_try(struct model *m, const struct provider *p, struct wait *wait,
    const struct model_ask *ask, struct answer *answer, struct model_result *result)
{
    const struct conf *conf = wait->env->conf;
    struct breaker *breaker = model_breaker(wait->env, p);
    const struct breaker_settings settings = {(unsigned)conf->breaker_failures,
        conf->breaker_open_ms};
    int error;

    if (breaker && !breaker_allows(breaker, &settings, clock_mono_ms())) {
        int last = atomic_load(&breaker->last_error);
        snprintf(result->why, sizeof result->why, "%s: skipped after failures", p->name);
        return last == ERR_AUTH || last == ERR_QUOTA ? last : ERR_OVERLOADED;
    }
    error = model_call_in_forms(m, p, wait, ask, answer, result);
    if (!breaker)
        return error;
    /* An end from our side says nothing about a provider that had not spoken yet. */
    bool ours = model_is_final(error) || error == ERR_DEADLINE;
    /* A summary has less time than an answer. */
    bool brief = error == ERR_DEADLINE && ask->frame->instructions;
    if (!error || model_is_about_request(error) || (ours && answer->emitted))
        breaker_success(breaker);
    else if (!model_is_final(error) && !brief) {
        atomic_store(&breaker->last_error, error);
        breaker_failure(breaker, &settings, clock_mono_ms());
    }
    return error;
}

int model_call(struct model *m, struct wait *wait, const struct model_ask *ask,
    struct answer *answer, struct model_result *result)
{
    const char *chain = wait->env->conf->providers;
    int error = ERR_NOT_CONFIGURED;

    memset(result, 0, sizeof *result);
    snprintf(result->why, sizeof result->why, "model.chain names no provider");
    while (*chain) {
        size_t len = strcspn(chain, " ,\t");
        const struct provider *p = provider_find(chain, len);
        chain += len + strspn(chain + len, " ,\t");
        if (!len || !p || (p->start && ask->frame->instructions)) /* without HTTP: no model */
            continue;
        error = model_try(m, p, wait, ask, answer, result);
        if (!error || model_is_final(error) || answer->emitted ||
            clock_mono_ms() >= wait->deadline_ms)
            return error;
        answer_reset(answer);
    }
    return error;
}
