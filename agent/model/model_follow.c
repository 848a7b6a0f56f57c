/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer that its vendor makes in the background: the rest of it, its end, its mark. */
#include "agent/model/model_parts.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <string.h>

#define FOLLOW_TRIES 8 /* connections in a row that bring nothing */
#define FOLLOW_MS 200
#define FOLLOW_MAX_MS 8000
#define FOLLOW_AFTER_MS 30000 /* no longer, whatever Retry-After says */
#define STOP_MS 10000

/* ---- the mark ---- */

/* The bytes tell whether the log has that state of it. Without "seq" it can only be ended. */
static void model_mark_write(const struct model *m, bool whole, struct buf *text)
{
    const struct model_upstream *up = &m->upstream;

    buf_puts(text, "{\"provider\":");
    buf_json_text(text, up->provider->name);
    buf_json_member(text, "maker", m->stream.maker);
    if (whole && up->provider->mark(&m->stream, text)) {
        buf_json_member(text, "answer", up->answer->id);
        buf_printf(text, ",\"bytes\":%zu", answer_bytes(up->answer));
    } else {
        buf_json_member(text, "id", m->stream.response);
    }
    buf_putc(text, '}');
}

void model_mark(void *model, bool whole, struct buf *text)
{
    const struct model *m = model;
    const struct model_upstream *up = &m->upstream;

    if (!up->provider || !m->stream.background || !*m->stream.response)
        return;
    if (up->settled.len && !up->stale)
        buf_put(text, up->settled.data, up->settled.len);
    else
        model_mark_write(m, whole && !up->stale, text);
}

void model_follow_settle(struct model *m)
{
    if (!m->stream.background || !*m->stream.response)
        return;
    buf_reset(&m->upstream.settled);
    model_mark_write(m, true, &m->upstream.settled);
}

void model_mark_stale(struct model *m)
{
    m->upstream.stale = true;
}

void model_mark_drop(struct model *m)
{
    m->upstream.provider = NULL;
    m->upstream.answer = NULL;
    m->upstream.stale = false;
    buf_reset(&m->upstream.settled);
}

const struct provider *model_mark_provider(const struct conf *conf, const jdoc *mark)
{
    const char *name = jdoc_text_or(mark, "provider", "");
    const struct provider *p = provider_find(name, strlen(name));
    char maker[PROVIDER_MAKER_SIZE];

    if (!p || !p->follow)
        return NULL;
    provider_maker(p, conf, maker);
    return strcmp(maker, jdoc_text_or(mark, "maker", "")) ? NULL : p;
}

/* ---- its end at the vendor ---- */

static void model_follow_on_stopped(void *arg, const struct http_result *r)
{
    (void)arg;
    if (r->error || !model_is_success(r->status))
        log_info("model: a background answer that nobody wants could not be ended: status %ld %s",
            r->status, r->why);
}

/* Nobody waits for the reply. */
static void model_follow_stop(struct turn_env *env, const struct provider *p, const char *response)
{
    struct provider_http http = {0};
    struct http_request request = {.method = "POST",
        .connect_timeout_ms = env->conf->model_connect_ms,
        .total_timeout_ms = STOP_MS,
        .body = "{}",
        .body_len = 2,
        .on_done = model_follow_on_stopped};
    int error = p->stop(env->conf, response, &http);

    request.url = buf_text(&http.url);
    request.headers = http.headers;
    if (!error)
        error = http_start(env->http, &request, NULL);
    if (error)
        log_warn("model: a background answer is not ended: %s", err_text(error));
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.header_text);
}

void model_abandon(struct turn_env *env, const jdoc *mark)
{
    const struct provider *p = model_mark_provider(env->conf, mark);
    const char *id = jdoc_text_or(mark, "id", "");

    if (p && *id)
        model_follow_stop(env, p, id);
}

/* ---- the rest ---- */

/* Whether the connection is to blame, and not the answer: another one may bring the rest. */
static bool model_follow_may(const struct model_attempt *t, const struct wait *wait, int error)
{
    const struct provider_stream *s = &t->m->stream;

    if (!s->background || !*s->response || s->ended || clock_mono_ms() >= wait->deadline_ms)
        return false;
    if (t->status && !model_is_success(t->status))
        return t->status == 408 || t->status == 409 || t->status == 429 || t->status >= 500;
    if (s->error)
        return false; /* the vendor said what is wrong with it */
    return error == ERR_NET || error == ERR_PROTOCOL || error == ERR_DEADLINE;
}

static int model_follow_once(struct model_attempt *t, struct wait *wait)
{
    struct provider_stream *s = &t->m->stream;
    int error;

    model_attempt_reset(t);
    t->retry_after_ms = t->should_retry = -1;
    s->follows = true;
    s->error = 0;
    *s->error_type = *s->error_text = *t->why = '\0';
    s->said = (struct provider_said){.type = ""};
    if ((error = t->provider->follow(wait->env->conf, s, &t->m->http)))
        return error;
    return model_attempt_transfer(t, wait, "GET");
}

static int model_follow_pause(const struct model_attempt *t, struct wait *wait, unsigned idle)
{
    int64_t delay = backoff_delay(FOLLOW_MS, FOLLOW_MAX_MS, idle + 1);

    delay = backoff_spread(delay, delay / 4);
    if (t->retry_after_ms > delay)
        delay = t->retry_after_ms < FOLLOW_AFTER_MS ? t->retry_after_ms : FOLLOW_AFTER_MS;
    return wait_pause(wait, clock_mono_ms() + delay);
}

/* What is left to do when no connection will bring the rest. */
static void model_follow_leave(struct model_attempt *t, struct wait *wait, int error)
{
    struct provider_stream *s = &t->m->stream;
    bool ended = s->error && model_is_success(t->status);

    if (error == ERR_DRAINING || error == ERR_FENCED || !*s->response)
        return;
    if (!ended && t->status != 404)
        model_follow_stop(wait->env, t->provider, s->response);
    model_mark_drop(t->m);
}

int model_follow(struct model_attempt *t, struct wait *wait, int error)
{
    struct provider_stream *s = &t->m->stream;
    unsigned idle = 0;

    while (model_follow_may(t, wait, error) && idle < FOLLOW_TRIES) {
        int64_t before = s->sequence;
        log_info("model %s: the connection to its answer broke (%s %s): asked for the rest behind "
                 "event %lld",
            t->provider->name, err_text(error), t->why, (long long)before);
        if ((error = model_follow_pause(t, wait, idle)) || !(error = model_follow_once(t, wait)))
            break;
        idle = s->sequence > before ? 0 : idle + 1;
    }
    if (!error)
        return 0;
    model_follow_leave(t, wait, error);
    if (!s->follows || !t->status || model_is_success(t->status) || model_is_final(error))
        return error;
    t->status = 200; /* the request was taken: only the question for the rest was refused */
    return ERR_REMOTE;
}

/* ---- in another worker ---- */

/* What its words are: the turn's own end, or the vendor's. */
static int model_resume_result(struct model_attempt *t, struct wait *wait, int error,
    struct model_result *result)
{
    if (!error || model_is_final(error) || clock_mono_ms() >= wait->deadline_ms)
        return error;
    model_describe(t, error, result);
    return ERR_NOT_FOUND;
}

int model_resume(struct model *m, struct wait *wait, const jdoc *mark, struct answer *answer,
    struct model_result *result)
{
    struct model_attempt t = {.m = m,
        .provider = model_mark_provider(wait->env->conf, mark),
        .task = task_ref_self(),
        .log = wait->env->eventlog,
        .retry_after_ms = -1,
        .should_retry = -1};
    int64_t began_us;
    int error;

    memset(result, 0, sizeof *result);
    if (!t.provider)
        return ERR_NOT_FOUND;
    result->provider = t.provider;
    provider_stream_init(&m->stream, &answer->sink);
    provider_maker(t.provider, wait->env->conf, m->stream.maker);
    m->stream.think_tags = t.provider->think_tags && t.provider->think_tags(wait->env->conf);
    model_mark_drop(m);
    if (t.provider->restore(&m->stream, mark))
        return ERR_NOT_FOUND;
    m->stream.background = true;
    m->upstream.provider = t.provider;
    m->upstream.answer = answer;
    began_us = clock_mono_us();
    spans_begin(&t.span, wait->span);
    error = model_follow_once(&t, wait);
    if (error)
        error = model_follow(&t, wait, error);
    m->status = t.status;
    model_measure(&t, wait->env->conf, error, began_us);
    model_take_result(&t, wait->env->conf, result);
    model_used_add(&t, error, answer, 0, result);
    if (!error)
        model_follow_settle(m);
    return model_resume_result(&t, wait, error, result);
}
