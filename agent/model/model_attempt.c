/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/model_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <string.h>

#define CLOSE_GRACE_MS 250 /* for the end of a stream that is whole: the connection is reused */
#define ERROR_BODY_MAX 4096
#define EVENT_MAX (4 << 20)
#define REDIRECTS_MAX 3

/* ---- what comes ---- */

bool model_is_success(long status)
{
    return status >= 200 && status <= 299;
}

/* The log takes one event of a background answer as a whole: its mark counts those. */
static int model_attempt_on_sse(void *arg, const struct sse_event *event)
{
    struct model_attempt *t = arg;
    bool background = t->m->stream.background;
    int error;

    if (background)
        eventlog_together(t->log, true);
    error = t->event_error = t->provider->event(&t->m->stream, event);
    if (background)
        eventlog_together(t->log, false);
    return error;
}

/* No line of an event stream begins with a brace: that is a server which answers in one document
 * though a stream was asked for. */
static enum model_form model_attempt_form(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
            return bytes[i] == '{' ? MODEL_DOCUMENT : MODEL_STREAM;
    return MODEL_UNKNOWN;
}

static int model_attempt_on_answer(struct model_attempt *t, const char *bytes, size_t len)
{
    if (t->form == MODEL_UNKNOWN) {
        t->form = model_attempt_form(bytes, len);
        attached_release(&t->files);
    }
    if (t->form == MODEL_DOCUMENT) {
        if (t->m->body.len + len > EVENT_MAX)
            return ERR_PROTOCOL;
        buf_put(&t->m->body, bytes, len);
        return buf_error(&t->m->body);
    }
    int error = sse_feed(&t->m->sse, bytes, len, model_attempt_on_sse, t);
    if (error == ERR_LIMIT && t->event_error != ERR_LIMIT)
        error = ERR_PROTOCOL; /* an event longer than EVENT_MAX */
    t->whole = t->m->stream.ended;
    if (t->whole)
        task_ref_wake(t->task);
    return error;
}

/* The last event may lack its empty line, or be cut: judge knows whether the answer came before. */
static int model_attempt_end_stream(struct model_attempt *t)
{
    int error = model_attempt_on_answer(t, "\n\n", 2);

    return error == ERR_PROTOCOL ? 0 : error;
}

static int model_attempt_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct model_attempt *t = arg;

    t->status = status;
    if (model_is_success(status))
        return t->error = model_attempt_on_answer(t, bytes, len);
    if (t->m->body.len < ERROR_BODY_MAX)
        buf_put(&t->m->body, bytes, len < ERROR_BODY_MAX ? len : ERROR_BODY_MAX);
    return 0;
}

static void model_attempt_on_done(void *arg, const struct http_result *r)
{
    struct model_attempt *t = arg;
    const char *why = t->error ? "" : r->why; /* else we have ended it */

    if (!t->error)
        t->error = r->error;
    if (!t->error && t->form == MODEL_STREAM)
        t->error = model_attempt_end_stream(t);
    t->done = t->whole = true;
    t->status = r->status;
    t->retry_after_ms = r->retry_after_ms;
    t->should_retry = r->should_retry;
    if (*r->request_id) /* says more of it than the body does */
        provider_token(t->m->stream.said.request, sizeof t->m->stream.said.request, r->request_id);
    snprintf(t->why, sizeof t->why, "%s", why);
}

static void model_attempt_on_local_done(void *arg, int error)
{
    struct model_attempt *t = arg;

    t->done = t->whole = true;
    t->error = error;
    t->status = 200;
    task_ref_wake(t->task);
}

/* ---- what it was ---- */

/* What the error body of the vendor says: its type and message, not our request. */
static int model_attempt_read_error(struct model_attempt *t)
{
    struct provider_stream *s = &t->m->stream;
    jdoc *doc = NULL;
    int error;

    if (jdoc_parse(buf_text(&t->m->body), t->m->body.len, &doc, NULL, 0))
        return provider_error(s, "", "", "", t->status);
    error = provider_error_doc(s, doc, t->status);
    jdoc_free(doc);
    return error;
}

/* The result of a try that came to its end. */
static int model_attempt_judge(struct model_attempt *t)
{
    struct provider_stream *s = &t->m->stream;

    if (t->status && !model_is_success(t->status))
        return model_attempt_read_error(t);
    if (t->form == MODEL_DOCUMENT && !t->error)
        t->error = provider_read(s, buf_text(&t->m->body), t->m->body.len, t->provider->document);
    if (s->ended)
        return 0;
    if (t->error)
        return t->error;
    if (s->stop == PROVIDER_STOP_NONE) {
        snprintf(t->why, sizeof t->why, "the stream ended early");
        return ERR_PROTOCOL;
    }
    return 0;
}

/* ---- the request ---- */

/* Those of the provider, and the place in the turn's trace. */
static void model_attempt_headers(const struct model_attempt *t, struct model_headers *out)
{
    const char *const *from = t->m->http.headers;
    size_t n = 0;

    for (; n < PROVIDER_HEADERS_MAX && from[n]; n++)
        out->all[n] = from[n];
    if (*spans_header(&t->span, out->trace))
        out->all[n++] = out->trace;
    if (*spans_state(&t->span, out->state))
        out->all[n++] = out->state;
    out->all[n] = NULL;
}

int model_attempt_transfer(struct model_attempt *t, struct wait *wait, const char *method)
{
    struct model *m = t->m;
    struct model_headers headers;
    const struct conf *conf = wait->env->conf;
    struct http_transfer *transfer = NULL;
    struct http_request request = {
        .method = method,
        .url = buf_text(&m->http.url),
        .headers = headers.all,
        .connect_timeout_ms = conf->model_connect_ms,
        .first_byte_timeout_ms = conf->model_first_ms,
        .idle_timeout_ms = conf->model_idle_ms,
        .max_redirects = REDIRECTS_MAX,
        .same_host = true,
        .on_body = model_attempt_on_body,
        .on_done = model_attempt_on_done,
        .arg = t,
    };
    int error;

    model_attempt_headers(t, &headers);
    if (m->http.body.len) {
        m->http.body_len = m->http.body.len;
        if (!(request.own_body = buf_take(&m->http.body, &request.body_len)))
            return ERR_NOMEM;
    }
    if ((error = http_start(wait->env->http, &request, &transfer)))
        return error;
    error = wait_until(wait, &t->whole, 0);
    if (!error && !t->done) { /* the end of the transfer, so that the connection is used again */
        error = wait_until(wait, &t->done, clock_mono_ms() + CLOSE_GRACE_MS);
        if (error == ERR_ELAPSED)
            error = 0;
    }
    if (!t->done)
        http_cancel(transfer);
    return error ? error : model_attempt_judge(t);
}

void model_attempt_reset(struct model_attempt *t)
{
    struct model *m = t->m;

    if (!m->sse_ready)
        sse_init(&m->sse, EVENT_MAX);
    m->sse_ready = true;
    sse_reset(&m->sse);
    buf_reset(&m->body);
    buf_reset(&m->http.url);
    buf_reset(&m->http.body);
    buf_reset(&m->http.header_text);
    t->form = MODEL_UNKNOWN;
    t->whole = t->done = false;
    t->error = 0;
    t->status = 0;
}

static int model_attempt_http(struct model_attempt *t, struct wait *wait,
    const struct provider_request *request)
{
    struct model *m = t->m;
    int error;

    model_attempt_reset(t);
    if (!(error = attached_load(&t->files, wait, t->provider, request)))
        error = t->provider->request(request, provider_tools(t->provider), &m->http);
    attached_written(&t->files);
    if (!error) {
        m->stream.background = t->provider->follow && m->http.sent & QUIRKS_NO_BACKGROUND;
        error = model_attempt_transfer(t, wait, "POST");
    }
    attached_release(&t->files);
    if (error && m->stream.background)
        error = model_follow(t, wait, error);
    return error;
}

static int model_attempt_local(struct model_attempt *t, struct wait *wait,
    const struct provider_request *request)
{
    struct provider_local *local = NULL;
    int error = t->provider->start(request, wait->env->reactor, &t->m->stream,
        model_attempt_on_local_done, t, &local);

    if (error)
        return error;
    error = wait_until(wait, &t->done, 0);
    t->provider->cancel(local);
    return error ? error : model_attempt_judge(t);
}

int model_attempt_run(struct model_attempt *t, struct wait *wait,
    const struct provider_request *request, const struct answer *answer)
{
    struct model *m = t->m;
    int error;

    model_mark_drop(m);
    provider_stream_init(&m->stream, &answer->sink);
    m->stream.think_tags = t->provider->think_tags && t->provider->think_tags(request->conf);
    buf_reset(&m->body);
    provider_maker(t->provider, request->conf, m->stream.maker);
    m->http.sent = 0;
    m->http.file_bytes = m->http.file_tokens = m->http.deferred_bytes = 0;
    if (t->provider->start)
        return model_attempt_local(t, wait, request);
    m->upstream.provider = t->provider;
    m->upstream.answer = answer;
    error = model_attempt_http(t, wait, request);
    if (!error)
        model_follow_settle(m);
    return error;
}
