/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"

#include "agent/model/request.h"
#include "agent/model/request_extra.h"
#include "agent/model/responses.h"
#include "agent/model/scan.h"

#include <string.h>

/*
 * The stream of OpenAI's Responses API, and of servers that speak a part of it: OpenRouter, vLLM,
 * llama.cpp, Ollama, LM Studio. Sources: npm package openai 7.59, responses/responses.d.ts;
 * developers.openai.com/api/reference/resources/responses/streaming-events (November 2026).
 */

/* ---- the response as a whole ---- */

static void provider_responses_usage(struct provider_stream *s, const jdoc *usage)
{
    struct provider_usage *u = &s->usage;
    const jdoc *in = jdoc_get(usage, "input_tokens_details");
    const jdoc *out = jdoc_get(usage, "output_tokens_details");
    const struct provider_count fields[] = {
        {usage, "input_tokens", &u->input},
        {usage, "output_tokens", &u->output},
        {in, "cached_tokens", &u->cached},
        {in, "cache_write_tokens", &u->cache_write},
        {out, "reasoning_tokens", &u->reasoning},
    };

    provider_counts(fields, sizeof fields / sizeof *fields);
}

/* It becomes part of an address. */
static bool provider_responses_is_id(const char *id)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t len = strlen(id);

    return len && len < PROVIDER_RESPONSE_SIZE && strspn(id, letters) == len;
}

static void provider_responses_note(struct provider_stream *s, const jdoc *response)
{
    const char *id = jdoc_text_or(response, "id", "");

    if (!*s->response && provider_responses_is_id(id))
        provider_copy(s->response, sizeof s->response, id);
    if (!*s->model)
        provider_copy(s->model, sizeof s->model, jdoc_text_or(response, "model", ""));
    if (jdoc_type(jdoc_get(response, "usage")) == JDOC_OBJECT)
        provider_responses_usage(s, jdoc_get(response, "usage"));
}

/* What is made in the background may wait for a long time: who looks is told where it is. */
static int provider_responses_started(struct provider_stream *s, const jdoc *response)
{
    const char *status = jdoc_text_or(response, "status", "");
    bool first = !*s->response, waits = !strcmp(status, "queued");

    provider_responses_note(s, response);
    if (!*status || (waits == s->waits && !(first && *s->response)))
        return 0;
    s->waits = waits;
    if (!s->background || !s->sink->status)
        return 0;
    return s->sink->status(s->sink->arg, waits ? "queued" : "in_progress");
}

static int provider_responses_end(struct provider_stream *s)
{
    int error = responses_end_all(s);

    if (error)
        return error;
    if (s->stop == PROVIDER_STOP_NONE)
        s->stop = s->declined ? PROVIDER_STOP_REFUSAL :
            s->calls          ? PROVIDER_STOP_CALLS :
                                PROVIDER_STOP_END;
    s->ended = true;
    return 0;
}

static int provider_responses_whole(struct provider_stream *s, const jdoc *response)
{
    int error;

    provider_responses_note(s, response);
    if ((error = responses_output(s, response)) || (error = request_extra_note_phases(s, response)))
        return error;
    return provider_responses_end(s);
}

/* Its reasons are max_output_tokens and content_filter; another one has cut it as well. */
static int provider_responses_incomplete(struct provider_stream *s, const jdoc *response)
{
    const char *reason = jdoc_text_or(jdoc_get(response, "incomplete_details"), "reason", "");
    enum provider_stop stop = provider_stop_of(reason);

    if (stop == PROVIDER_STOP_END || stop == PROVIDER_STOP_NONE || stop == PROVIDER_STOP_CALLS)
        stop = PROVIDER_STOP_MAX_TOKENS;
    s->stop = stop;
    return provider_responses_whole(s, response);
}

/* error: {code, message}, alone or in an event. */
static int provider_responses_error(struct provider_stream *s, const jdoc *error, const char *word)
{
    const char *code = jdoc_text_or(error, "code", "");

    if (jdoc_type(jdoc_get(error, "error")) == JDOC_OBJECT)
        return provider_error_doc(s, error, 0);
    return provider_error(s, *code ? code : word, code, jdoc_text_or(error, "message", ""), 0);
}

static int provider_responses_failed(struct provider_stream *s, const jdoc *response)
{
    provider_responses_note(s, response);
    return provider_responses_error(s, jdoc_get(response, "error"), "failed");
}

/* By its status, where no event names it. */
static int provider_responses_by_status(struct provider_stream *s, const jdoc *response)
{
    const char *status = jdoc_text_or(response, "status", "completed");

    if (!strcmp(status, "failed") || !strncmp(status, "cancel", 6))
        return provider_responses_failed(s, response);
    if (!strcmp(status, "incomplete"))
        return provider_responses_incomplete(s, response);
    if (!strcmp(status, "queued") || !strcmp(status, "in_progress"))
        return provider_responses_started(s, response);
    return provider_responses_whole(s, response);
}

static int provider_responses_on_whole(struct provider_stream *s, const jdoc *doc)
{
    int error;

    if (provider_is_error(doc, "output"))
        return provider_error_doc(s, doc, 0);
    if (jdoc_type(jdoc_get(doc, "output")) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    error = provider_responses_by_status(s, doc);
    return !error && !s->ended ? ERR_PROTOCOL : error;
}

/* ---- events ---- */

static const jdoc *provider_responses_of(const jdoc *event)
{
    const jdoc *response = jdoc_get(event, "response");

    return response ? response : event; /* some servers put its members there */
}

static int provider_responses_under_way(struct provider_stream *s, const jdoc *event)
{
    return provider_responses_started(s, provider_responses_of(event));
}
static int provider_responses_completed(struct provider_stream *s, const jdoc *event)
{
    return provider_responses_whole(s, provider_responses_of(event));
}
static int provider_responses_cut(struct provider_stream *s, const jdoc *event)
{
    return provider_responses_incomplete(s, provider_responses_of(event));
}
static int provider_responses_broken(struct provider_stream *s, const jdoc *event)
{
    return provider_responses_failed(s, provider_responses_of(event));
}
static int provider_responses_told(struct provider_stream *s, const jdoc *event)
{
    return provider_responses_error(s, event, "error");
}
static int provider_responses_text(struct provider_stream *s, const jdoc *event)
{
    return responses_text_delta(s, event, false);
}
static int provider_responses_text_done(struct provider_stream *s, const jdoc *event)
{
    return responses_text_done(s, event, "text");
}
static int provider_responses_refusal(struct provider_stream *s, const jdoc *event)
{
    return responses_text_delta(s, event, true);
}
static int provider_responses_refusal_done(struct provider_stream *s, const jdoc *event)
{
    return responses_text_done(s, event, "refusal");
}
static int provider_responses_summary(struct provider_stream *s, const jdoc *event)
{
    return responses_thought_delta(s, event, true);
}
static int provider_responses_summary_done(struct provider_stream *s, const jdoc *event)
{
    return responses_thought_done(s, event, true);
}
static int provider_responses_thought(struct provider_stream *s, const jdoc *event)
{
    return responses_thought_delta(s, event, false);
}
static int provider_responses_thought_done(struct provider_stream *s, const jdoc *event)
{
    return responses_thought_done(s, event, false);
}

/* All others tell nothing that these do not: parts, annotations, tools of the vendor's own. */
static const struct {
    const char *type;
    int (*on)(struct provider_stream *s, const jdoc *event);
} provider_responses_events[] = {
    {"response.output_text.delta", provider_responses_text},
    {"response.function_call_arguments.delta", responses_args_delta},
    {"response.reasoning_summary_text.delta", provider_responses_summary},
    {"response.reasoning_text.delta", provider_responses_thought},
    {"response.refusal.delta", provider_responses_refusal},
    {"response.output_item.added", responses_item_added},
    {"response.output_item.done", responses_item_done},
    {"response.output_text.done", provider_responses_text_done},
    {"response.function_call_arguments.done", responses_args_done},
    {"response.reasoning_summary_text.done", provider_responses_summary_done},
    {"response.reasoning_text.done", provider_responses_thought_done},
    {"response.refusal.done", provider_responses_refusal_done},
    {"response.created", provider_responses_under_way},
    {"response.queued", provider_responses_under_way},
    {"response.in_progress", provider_responses_under_way},
    {"response.completed", provider_responses_completed},
    {"response.done", provider_responses_completed}, /* OpenRouter's beta, early vLLM */
    {"response.incomplete", provider_responses_cut},
    {"response.failed", provider_responses_broken},
    {"response.cancelled", provider_responses_broken},
    {"response.error", provider_responses_told},
    {"error", provider_responses_told},
};

static int provider_responses_on_document(struct provider_stream *s, const jdoc *event)
{
    const char *type = jdoc_text_or(event, "type", s->event_name);
    int64_t sequence = s->sequence;
    bool numbered = !jdoc_get_int(event, "sequence_number", &sequence);
    int error = 0;

    if (s->follows && numbered && sequence <= s->sequence)
        return 0;  /* it was said before the connection broke */
    if (!numbered) /* nobody can ask for what comes behind it */
        s->background = false;
    for (size_t i = 0; i < sizeof provider_responses_events / sizeof provider_responses_events[0];
         i++)
        if (!strcmp(provider_responses_events[i].type, type)) {
            error = provider_responses_events[i].on(s, event);
            if (!error && !s->ended && sequence > s->sequence)
                s->sequence = sequence;
            return error;
        }
    if (!strcmp(jdoc_text_or(event, "object", ""), "response"))
        return provider_responses_by_status(s, event);
    if (provider_is_error(event, NULL))
        return provider_error_doc(s, event, 0);
    if (sequence > s->sequence)
        s->sequence = sequence;
    return 0;
}

/* A plain piece of a text that is open already. */
static bool provider_responses_scan(struct provider_stream *s, const struct sse_event *event,
    struct scan_delta *d, struct provider_block **b)
{
    if (s->slow_only || !scan_responses(event->data, event->len, &s->scratch, d) ||
        d->sequence <= s->sequence)
        return false;
    return (*b = responses_open_text(s, d)) && !s->thinking;
}

static int provider_responses_on_event(struct provider_stream *s, const struct sse_event *event)
{
    struct provider_block *b;
    struct scan_delta d;
    int error;

    if (s->ended)
        return 0;
    if (provider_responses_scan(s, event, &d, &b)) {
        b->said += d.len;
        s->sequence = d.sequence;
        return provider_text(s, d.text, d.len);
    }
    if (provider_is_done(event))
        return provider_responses_end(s);
    s->event_name = event->name;
    error = provider_read(s, event->data, event->len, provider_responses_on_document);
    s->event_name = NULL;
    if (error == ERR_PROTOCOL && !strcmp(event->name, "error"))
        return provider_event(s, event, provider_responses_on_document);
    return error;
}

/* ---- the provider ---- */

static const char *provider_responses_model(const struct conf *conf)
{
    return conf->responses_model;
}

static const char *provider_responses_url(const struct conf *conf)
{
    return conf->responses_url;
}

static bool provider_responses_think_tags(const struct conf *conf)
{
    return provider_think_tags(conf->responses_think_tags, conf->responses_url, "api.openai.com");
}

const struct provider provider_responses = {
    .name = "responses",
    .model = provider_responses_model,
    .url = provider_responses_url,
    .tool = request_responses_tool,
    .deferred = request_responses_deferred,
    .search = request_responses_search,
    .request = request_responses,
    .event = provider_responses_on_event,
    .document = provider_responses_on_whole,
    .follow = request_responses_follow,
    .stop = request_responses_stop,
    .mark = responses_mark,
    .restore = responses_restore,
    .think_tags = provider_responses_think_tags,
};
