/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_openai.h"

#include <stdlib.h>
#include <string.h>

/* ---- events ---- */

static void stream_openai_on_started(struct stream_openai *s, const jdoc *event)
{
    if (s->started)
        return;
    s->started = true;
    s->session = strdup(jdoc_text_or(event, "threadId", ""));
    s->echo_of = jdoc_dup(event);
    if (!s->session || !s->echo_of)
        stream_openai_no_memory(s);
    else
        s->form->begin(s);
}

static void stream_openai_on_text_start(struct stream_openai *s, const jdoc *event)
{
    stream_openai_open(s, jdoc_text_or(event, "messageId", ""));
}

static void stream_openai_on_thought(struct stream_openai *s, const jdoc *event)
{
    (void)event;
    s->begun = false; /* the next delta is the first of it */
    free(s->message);
    s->message = NULL;
}

static void stream_openai_on_call(struct stream_openai *s, const jdoc *event)
{
    (void)stream_openai_add_call(s, jdoc_text_or(event, "toolCallId", ""),
        jdoc_text_or(event, "toolCallName", ""));
}

static void stream_openai_on_args(struct stream_openai *s, const jdoc *event)
{
    struct stream_openai_call *call = stream_openai_call(s, jdoc_text_or(event, "toolCallId", ""));
    size_t len = 0;
    const char *delta = jdoc_string(jdoc_get(event, "delta"), &len);

    if (call && delta)
        buf_json_escaped(&call->args, delta, len);
}

static void stream_openai_on_result(struct stream_openai *s, const jdoc *event)
{
    stream_openai_drop_call(s, jdoc_text_or(event, "toolCallId", ""));
    stream_openai_thought_out(s);
}

static void stream_openai_on_custom(struct stream_openai *s, const jdoc *event)
{
    s->resumed = s->resumed || !strcmp(jdoc_text_or(event, "name", ""), "turnpike.resumed");
}

static void stream_openai_finish(struct stream_openai *s, const struct stream_openai_end *end)
{
    if (s->matching && s->matched < s->sent.len)
        stream_openai_diverged(s);
    if (!s->over)
        s->form->finish(s, end);
    s->over = true;
}

static void stream_openai_on_finished(struct stream_openai *s, const jdoc *event)
{
    const jdoc *outcome = jdoc_get(event, "outcome");
    const jdoc *pending = jdoc_get(outcome, "pendingToolCallIds");
    const char *stop = jdoc_text_or(jdoc_get(event, "result"), "stopReason", "");
    struct buf asks = {0};
    const struct stream_openai_end end = {.finish = facade_finish(stop, jdoc_length(pending) > 0),
        .cancelled = !strcmp(jdoc_text_or(outcome, "type", ""), "cancelled"),
        .usage = jdoc_get(event, "usage"),
        .cached = jdoc_is_true(jdoc_get(event, "result"), "cached"),
        .cached_s = jdoc_int_or(jdoc_get(event, "result"), "cachedSeconds", 0)};

    facade_asks(jdoc_get(outcome, "interrupts"), s->view.base, &asks);
    if (asks.len > 0)
        stream_openai_say(s, "asks", asks.data, asks.len);
    buf_free(&asks);
    if (!s->over && !end.cancelled)
        stream_openai_tell_calls(s, pending);
    stream_openai_finish(s, &end);
}

static void stream_openai_on_error(struct stream_openai *s, const jdoc *event)
{
    const char *code = jdoc_text_or(event, "code", "failed");
    /* A turn that is stopped while its words are torn ends with an error in the log. */
    bool cancelled = !strcmp(code, "turn_cancelled");
    const struct stream_openai_end end = {.finish = "stop",
        .cancelled = cancelled,
        .usage = jdoc_get(event, "usage"),
        .code = cancelled ? NULL : code,
        .message = jdoc_text_or(event, "message", "The answer failed.")};

    s->matching = false;
    stream_openai_finish(s, &end);
}

static const struct {
    const char *type;
    void (*on)(struct stream_openai *s, const jdoc *event);
} stream_openai_events[] = {
    {"RUN_STARTED", stream_openai_on_started},
    {"TEXT_MESSAGE_START", stream_openai_on_text_start},
    {"REASONING_MESSAGE_START", stream_openai_on_thought},
    {"TOOL_CALL_START", stream_openai_on_call},
    {"TOOL_CALL_ARGS", stream_openai_on_args},
    {"TOOL_CALL_RESULT", stream_openai_on_result},
    {"CUSTOM", stream_openai_on_custom},
    {"MESSAGES_SNAPSHOT", stream_openai_on_snapshot},
    {"RUN_FINISHED", stream_openai_on_finished},
    {"RUN_ERROR", stream_openai_on_error},
};

static bool stream_openai_is(const char *type, size_t len, const char *name)
{
    return strlen(name) == len && !memcmp(type, name, len);
}

static void stream_openai_other(struct stream_openai *s, const struct logentry *e)
{
    const char *type, *delta;
    size_t len, delta_len;
    jdoc *event = NULL;

    if (!logentry_type(e, &type, &len))
        return;
    if (stream_openai_is(type, len, "REASONING_MESSAGE_CONTENT")) {
        if (logentry_delta(e, &delta, &delta_len))
            stream_openai_think(s, delta, delta_len);
        return;
    }
    for (size_t i = 0; i < sizeof stream_openai_events / sizeof *stream_openai_events; i++) {
        if (!stream_openai_is(type, len, stream_openai_events[i].type))
            continue;
        if (jdoc_parse(e->json, e->json_len, &event, NULL, 0) == 0)
            stream_openai_events[i].on(s, event);
        jdoc_free(event);
        return;
    }
}

/*
 * Numbers of events are the same however often the log is read: each delta of a text has its own,
 * also when neighbours were joined on the way.
 */
static void stream_openai_on_delta(struct stream_openai *s, const struct logentry *e)
{
    const char *text;
    size_t len;

    if (e->id.epoch == s->last.epoch && e->id.n > s->last.n + 1)
        s->sequence += (long long)(e->id.n - s->last.n - 1);
    s->heard = false;
    if (logentry_delta(e, &text, &len))
        stream_openai_text(s, text, len);
    if (!s->heard)
        s->sequence++;
}

void stream_openai_event(void *state, const struct logentry *e, struct buf *out)
{
    struct stream_openai *s = state;

    if (s->over)
        return;
    s->out = out;
    if (s->turn[0] == '\0' && e->run_len < sizeof s->turn) {
        memcpy(s->turn, e->run, e->run_len);
        s->turn[e->run_len] = '\0';
    }
    if (e->flag == LOGENTRY_TEXT)
        stream_openai_on_delta(s, e);
    else
        stream_openai_other(s, e);
    s->last = e->id;
}

void stream_openai_ended(void *state, struct buf *out)
{
    struct stream_openai *s = state;

    s->out = out;
    stream_openai_break(s, "events_gone", "The events of this answer are gone.");
}
