/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/selftest_parts.h"

#include "agent/chat.h"
#include "agent/context.h"
#include "agent/input.h"
#include "agent/model/quirks.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELFTEST_MODEL_BYTES 1048576
#define SELFTEST_MODEL_INSTRUCTIONS "Answer with the one word OK."

/* ---- what it says ---- */

static int selftest_model_on_words(void *arg, const char *s, size_t len)
{
    struct selftest_job *job = arg;

    (void)s;
    job->said |= len > 0;
    return 0;
}

static int selftest_model_on_thought(void *arg, const char *sealed)
{
    (void)arg;
    (void)sealed;
    return 0;
}

static int selftest_model_on_call(void *arg, unsigned call, const char *id, const char *name)
{
    (void)arg;
    (void)call;
    (void)id;
    (void)name;
    return 0;
}

static int selftest_model_on_args(void *arg, unsigned call, const char *s, size_t len)
{
    (void)arg;
    (void)call;
    (void)s;
    (void)len;
    return 0;
}

static int selftest_model_on_call_end(void *arg, unsigned call)
{
    (void)arg;
    (void)call;
    return 0;
}

static int selftest_model_on_event(void *arg, const struct sse_event *event)
{
    struct selftest_job *job = arg;
    const struct provider *p = job->what;

    return p->event(job->stream, event);
}

/* A whole document from a server that does not stream is looked at behind its end. */
static int selftest_model_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct selftest_job *job = arg;

    buf_put(&job->body, bytes, len);
    if (buf_error(&job->body) || status < 200 || status > 299 || *buf_text(&job->body) == '{')
        return buf_error(&job->body);
    return sse_feed(job->sse, bytes, len, selftest_model_on_event, job);
}

static int selftest_model_document(struct selftest_job *job)
{
    const struct provider *p = job->what;
    jdoc *doc = NULL;
    int error = jdoc_parse(buf_text(&job->body), job->body.len, &doc, NULL, 0);

    if (!error)
        error = p->document(job->stream, doc);
    jdoc_free(doc);
    return error;
}

static void selftest_model_failed(struct selftest_job *job, int error)
{
    char why[180];

    snprintf(why, sizeof why, "%s%s%.120s", err_text(error), *job->stream->error_text ? ": " : "",
        job->stream->error_text);
    selftest_end(job, SELFTEST_FAILED, why);
}

static void selftest_model_on_done(void *arg, const struct http_result *result)
{
    struct selftest_job *job = arg;
    bool good = result->status >= 200 && result->status <= 299;
    int error = good ? result->error : 0;

    job->transfer = NULL;
    if (good && !error && *buf_text(&job->body) == '{')
        error = selftest_model_document(job);
    else if (good && !error)
        error = sse_feed(job->sse, "\n\n", 2, selftest_model_on_event, job);
    if (!good)
        selftest_refused(job, result);
    else if (error)
        selftest_model_failed(job, error);
    else if (!job->said && !job->stream->ended)
        selftest_end(job, SELFTEST_FAILED, "The answer ended before the model said anything.");
    else
        selftest_end(job, SELFTEST_OK, NULL);
}

/* ---- the question ---- */

static int selftest_model_write(struct selftest_job *job, const struct provider *p)
{
    static const struct input input = {.run_id = "",
        .text = "",
        .message_id = "",
        .zone = "",
        .locale = ""};
    const struct conf *conf = &job->test->conf;
    const struct context_frame frame = {.conf = conf,
        .input = &input,
        .zone = "UTC",
        .currency = conf->default_currency,
        .now_ms = clock_real_ms(),
        .late = "",
        .instructions = SELFTEST_MODEL_INSTRUCTIONS};
    const struct chat_message question = {.role = CHAT_USER,
        .id = "selftest",
        .text = "Are you there?",
        .len = strlen("Are you there?")};
    const struct quirks_of of = {p->name, p->url(conf), p->model(conf)};
    struct context context;
    struct chat chat;

    chat_init(&chat, job->arena);
    int error = chat_add(&chat, &question);
    if (!error)
        error = context_build(&frame, &chat, NULL, job->arena, &context);
    if (error)
        return error;
    struct provider_request request = {.conf = conf,
        .context = &context,
        .no_tools = true,
        .max_tokens = SELFTEST_TOKENS};
    quirks_get(&of, clock_mono_ms(), &request.quirks);
    return p->request(&request, provider_tools(p), &job->http);
}

static int selftest_model_start(struct selftest_job *job)
{
    static const struct provider_sink plain = {.text = selftest_model_on_words,
        .reasoning = selftest_model_on_words,
        .reasoning_end = selftest_model_on_thought,
        .call_start = selftest_model_on_call,
        .call_args = selftest_model_on_args,
        .call_end = selftest_model_on_call_end};
    const struct provider *p = job->what;
    const struct conf *conf = &job->test->conf;
    struct provider_sink *sink = arena_alloc(job->arena, sizeof *sink);

    job->stream = calloc(1, sizeof *job->stream);
    job->sse = calloc(1, sizeof *job->sse);
    if (!sink || !job->stream || !job->sse)
        return ERR_NOMEM;
    *sink = plain;
    sink->arg = job;
    provider_stream_init(job->stream, sink);
    sse_init(job->sse, SELFTEST_MODEL_BYTES);
    buf_init(&job->body, SELFTEST_MODEL_BYTES);
    int error = selftest_model_write(job, p);
    const struct http_request request = {.method = "POST",
        .url = buf_text(&job->http.url),
        .headers = job->http.headers,
        .body = job->http.body.data,
        .body_len = job->http.body.len,
        .connect_timeout_ms = conf->model_connect_ms,
        .total_timeout_ms = job->test->check_ms,
        .same_host = true,
        .on_body = selftest_model_on_body,
        .on_done = selftest_model_on_done,
        .arg = job};
    return error ? error : http_start(job->test->http, &request, &job->transfer);
}

void selftest_model_begin(struct selftest_job *job)
{
    const struct provider *p = job->what;

    if (p->start) { /* it is in this process */
        selftest_end(job, SELFTEST_OK, NULL);
        return;
    }
    int error = selftest_model_start(job);
    if (error)
        selftest_fault(job, error);
}

void selftest_model_fini(struct selftest_job *job)
{
    if (job->stream)
        provider_stream_fini(job->stream);
    if (job->sse)
        sse_fini(job->sse);
    free(job->stream);
    free(job->sse);
    job->stream = NULL;
    job->sse = NULL;
    buf_free(&job->http.url);
    buf_free(&job->http.body);
    buf_free(&job->http.header_text);
}
