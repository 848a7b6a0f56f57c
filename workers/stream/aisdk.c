/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of the log as chunks of the AI SDK. */
#include "workers/stream/aisdk.h"

#include "base/err.h"
#include "base/jdoc.h"
#include "workers/stream/aisdk_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AISDK_GONE "The events of this answer are gone. Load the conversation again."
#define AISDK_STOPPED "The answer was stopped."

/* NULL: it is not there. */
static const char *aisdk_text(const jdoc *event, const char *name)
{
    return jdoc_string(jdoc_get(event, name), NULL);
}

/* ---- rare events ---- */

/* The turn had not begun when its client asked: now the message that it answers is known. */
static void aisdk_name(struct aisdk *a, const jdoc *event)
{
    const jdoc *said = jdoc_at(jdoc_get(jdoc_get(event, "input"), "messages"), 0);
    const char *id = jdoc_text_or(said, "id", "");

    if (strcmp(a->message, "-") == 0 && *id && strlen(id) <= IDENT_CLIENT_MESSAGE_MAX)
        snprintf(a->message, sizeof a->message, UIMESSAGE_REPLY "%s", id);
}

static void aisdk_run_started(struct aisdk *a, struct buf *out, const jdoc *event)
{
    const char *run = aisdk_text(event, "runId");

    aisdk_name(a, event);
    if (!a->started) {
        aisdk_chunk_start(a, out, run);
    } else if (run && a->mode == AISDK_ALL) {
        aisdk_chunk_open(a, out, "message-metadata");
        buf_puts(out, ",\"messageMetadata\":{\"runId\":");
        buf_json_text(out, run);
        buf_putc(out, '}');
        aisdk_chunk_close(a, out);
    }
}

static void aisdk_text_start(struct aisdk *a, struct buf *out, const jdoc *event)
{
    const char *id = jdoc_text_or(event, "messageId", "");

    aisdk_chunk_step(a, out, id);
    aisdk_chunk_begin(a, out, false, id);
}

static void aisdk_text_end(struct aisdk *a, struct buf *out, const jdoc *event)
{
    (void)event;
    aisdk_chunk_end(a, out, false);
}

static void aisdk_reasoning_start(struct aisdk *a, struct buf *out, const jdoc *event)
{
    aisdk_chunk_step(a, out, NULL);
    aisdk_chunk_begin(a, out, true, jdoc_text_or(event, "messageId", ""));
}

static void aisdk_reasoning_end(struct aisdk *a, struct buf *out, const jdoc *event)
{
    (void)event;
    aisdk_chunk_end(a, out, true);
}

static void aisdk_call_start(struct aisdk *a, struct buf *out, const jdoc *event)
{
    struct aisdk_call *call;
    const char *name = jdoc_text_or(event, "toolCallName", ""),
               *id = jdoc_text_or(event, "toolCallId", "");

    aisdk_chunk_step(a, out, aisdk_text(event, "parentMessageId"));
    call = aisdk_chunk_call(a, id, name);
    if (!call)
        return;
    call->open = true;
    call->answered = false;
    aisdk_chunk_open(a, out, "tool-input-start");
    buf_json_member(out, "toolCallId", id);
    buf_json_member(out, "toolName", name);
    aisdk_chunk_close(a, out);
}

/* What a torn call has of its arguments is not told: the call is taken back. */
static void aisdk_call_end(struct aisdk *a, struct buf *out, const jdoc *event)
{
    struct aisdk_call *call = aisdk_chunk_find_call(a, jdoc_text_or(event, "toolCallId", ""));
    struct buf plain;

    if (!call || !call->open)
        return;
    call->open = false;
    if (!a->torn) {
        buf_init(&plain, 0);
        logentry_unescape(&plain, call->args.data, call->args.len);
        aisdk_chunk_input(a, out, call, buf_text(&plain), plain.len);
        buf_free(&plain);
    }
    buf_free(&call->args);
}

static void aisdk_call_result(struct aisdk *a, struct buf *out, const jdoc *event)
{
    a->torn = false;
    aisdk_chunk_result(a, out, jdoc_text_or(event, "toolCallId", ""), jdoc_get(event, "content"),
        false);
}

static void aisdk_snapshot(struct aisdk *a, struct buf *out, const jdoc *event)
{
    if (a->mode == AISDK_ALL && !a->started)
        aisdk_stored_before(a, out, jdoc_get(event, "messages"));
    else if (a->torn)
        aisdk_stored_again(a, out, jdoc_get(event, "messages"));
    a->torn = false;
}

/* What is no part of any message: shown to who listens (onData), and not kept. */
static void aisdk_custom(struct aisdk *a, struct buf *out, const jdoc *event)
{
    const char *name = jdoc_text_or(event, "name", "");
    const jdoc *value = jdoc_get(event, "value");

    if (strcmp(name, "turnpike.resumed") == 0)
        a->torn = true;
    buf_puts(out, a->before);
    buf_puts(out, "{\"type\":\"data-");
    buf_json_escaped(out, name, strlen(name));
    buf_putc(out, '"');
    if (value)
        aisdk_chunk_json(out, "data", value);
    else
        buf_puts(out, ",\"data\":null");
    buf_puts(out, ",\"transient\":true");
    aisdk_chunk_close(a, out);
}

/* ---- the end ---- */

static void aisdk_close_parts(struct aisdk *a, struct buf *out)
{
    aisdk_chunk_end(a, out, true);
    aisdk_chunk_end(a, out, false);
}

static void aisdk_questions(struct aisdk *a, struct buf *out, const jdoc *interrupts)
{
    for (size_t i = 0; i < jdoc_length(interrupts); i++) {
        const jdoc *one = jdoc_at(interrupts, i);
        const char *call = jdoc_text_or(one, "toolCallId", "");

        if (!aisdk_chunk_find_call(a, call)) /* the client does not hold it */
            continue;
        aisdk_chunk_open(a, out, "tool-approval-request");
        buf_json_member(out, "approvalId", jdoc_text_or(one, "id", ""));
        buf_json_member(out, "toolCallId", call);
        buf_json_member(out, "reason", aisdk_text(one, "message"));
        buf_puts(out, ",\"approvalDescriptor\":");
        uimessage_put_descriptor(out, jdoc_get(one, "metadata"), aisdk_text(one, "expiresAt"));
        aisdk_chunk_close(a, out);
    }
}

static const char *aisdk_finish_reason(const jdoc *event, bool cancelled)
{
    const jdoc *outcome = jdoc_get(event, "outcome");
    const char *why = jdoc_text_or(jdoc_get(event, "result"), "stopReason", "");

    if (cancelled)
        return "interrupted"; /* the client sends nothing by itself behind it */
    if (jdoc_get(outcome, "interrupts") || jdoc_get(outcome, "pendingToolCallIds"))
        return "tool-calls";
    if (strcmp(why, "max_tokens") == 0 || strcmp(why, "context_window") == 0)
        return "length";
    if (strcmp(why, "refusal") == 0 || strcmp(why, "content_filter") == 0)
        return "content-filter";
    return why[0] ? "other" : "stop";
}

static void aisdk_finish(struct aisdk *a, struct buf *out, const jdoc *event, bool cancelled)
{
    const jdoc *usage = jdoc_get(event, "usage");

    aisdk_chunk_start(a, out, NULL);
    aisdk_close_parts(a, out);
    if (!cancelled)
        aisdk_questions(a, out, jdoc_get(jdoc_get(event, "outcome"), "interrupts"));
    aisdk_chunk_finish_step(a, out);
    if (cancelled) {
        aisdk_chunk_open(a, out, "abort");
        buf_json_member(out, "reason", AISDK_STOPPED);
        aisdk_chunk_close(a, out);
    }
    aisdk_chunk_open(a, out, "finish");
    buf_json_member(out, "finishReason", aisdk_finish_reason(event, cancelled));
    const jdoc *cached = jdoc_get(jdoc_get(event, "result"), "cachedSeconds");
    if (usage) {
        buf_puts(out, ",\"messageMetadata\":{\"usage\":");
        jdoc_write(usage, out);
        buf_putc(out, '}');
    } else if (cached) {
        buf_puts(out, ",\"messageMetadata\":{\"cached\":true,\"cachedSeconds\":");
        jdoc_write(cached, out);
        buf_putc(out, '}');
    }
    aisdk_chunk_close(a, out);
    a->finished = true;
}

static void aisdk_run_finished(struct aisdk *a, struct buf *out, const jdoc *event)
{
    const char *outcome = jdoc_text_or(jdoc_get(event, "outcome"), "type", "");

    aisdk_finish(a, out, event, strcmp(outcome, "cancelled") == 0);
}

static void aisdk_run_error(struct aisdk *a, struct buf *out, const jdoc *event)
{
    const char *code = jdoc_text_or(event, "code", "");

    if (strcmp(code, "turn_cancelled") == 0) { /* stopped, with something open */
        aisdk_finish(a, out, event, true);
        return;
    }
    aisdk_close_parts(a, out);
    aisdk_chunk_open(a, out, "message-metadata");
    buf_puts(out, ",\"messageMetadata\":{\"errorCode\":");
    buf_json_text(out, code);
    buf_putc(out, '}');
    aisdk_chunk_close(a, out);
    aisdk_chunk_error(a, out, jdoc_text_or(event, "message", "The answer failed."));
    a->finished = true;
}

/* ---- events ---- */

static const struct aisdk_row {
    const char *type;
    void (*put)(struct aisdk *a, struct buf *out, const jdoc *event);
} aisdk_rows[] = {
    {"RUN_STARTED", aisdk_run_started},
    {"RUN_FINISHED", aisdk_run_finished},
    {"RUN_ERROR", aisdk_run_error},
    {"TEXT_MESSAGE_START", aisdk_text_start},
    {"TEXT_MESSAGE_END", aisdk_text_end},
    {"REASONING_MESSAGE_START", aisdk_reasoning_start},
    {"REASONING_MESSAGE_END", aisdk_reasoning_end},
    {"TOOL_CALL_START", aisdk_call_start},
    {"TOOL_CALL_END", aisdk_call_end},
    {"TOOL_CALL_RESULT", aisdk_call_result},
    {"MESSAGES_SNAPSHOT", aisdk_snapshot},
    {"CUSTOM", aisdk_custom},
};
/* Not shown: STEP_*, STATE_*, ACTIVITY_*, REASONING_START and _END (the span around the message),
 * REASONING_ENCRYPTED_VALUE, RAW. */

static void aisdk_parsed(struct aisdk *a, const struct aisdk_row *row, const struct logentry *e,
    struct buf *out)
{
    jdoc *event = NULL;

    if (jdoc_parse(e->json, e->json_len, &event, NULL, 0) == 0)
        row->put(a, out, event);
    jdoc_free(event);
}

/* {"type":"TOOL_CALL_ARGS","toolCallId":"ID","delta":"..."}: ID, as it stands there. */
static struct aisdk_call *aisdk_args_call(const struct aisdk *a, const struct logentry *e,
    const char *delta)
{
    static const char name[] = "\"toolCallId\":\"";
    const char *id = e->json + sizeof "{\"type\":\"TOOL_CALL_ARGS\"";
    struct aisdk_call *call = a->calls;

    if ((size_t)(delta - id) < sizeof name || memcmp(id, name, sizeof name - 1) != 0)
        return NULL;
    id += sizeof name - 1;
    while (call &&
        !((size_t)(delta - id) > call->id.len && id[call->id.len] == '"' &&
            memcmp(id, call->id.data, call->id.len) == 0))
        call = call->next;
    return call;
}

static void aisdk_args(const struct aisdk *a, const struct logentry *e, struct buf *out)
{
    const char *text;
    size_t len;
    struct aisdk_call *call;

    if (!logentry_delta(e, &text, &len) || !(call = aisdk_args_call(a, e, text)) || !call->open)
        return;
    buf_put(&call->args, text, len);
    aisdk_chunk_open(a, out, "tool-input-delta");
    buf_puts(out, ",\"toolCallId\":\"");
    buf_put(out, call->id.data, call->id.len);
    buf_puts(out, "\",\"inputTextDelta\":\"");
    buf_put(out, text, len);
    buf_putc(out, '"');
    aisdk_chunk_close(a, out);
}

static bool aisdk_is(const char *type, size_t len, const char *name)
{
    return len == strlen(name) && memcmp(type, name, len) == 0;
}

void aisdk_event(struct aisdk *a, const struct logentry *e, struct buf *out)
{
    const char *type, *text;
    size_t len;

    if (e->flag == LOGENTRY_TEXT) {
        if (logentry_delta(e, &text, &len))
            aisdk_chunk_delta(a, out, false, text, len);
        return;
    }
    if (!logentry_type(e, &type, &len) || a->finished)
        return;
    if (aisdk_is(type, len, "REASONING_MESSAGE_CONTENT")) {
        if (logentry_delta(e, &text, &len))
            aisdk_chunk_delta(a, out, true, text, len);
        return;
    }
    if (aisdk_is(type, len, "TOOL_CALL_ARGS")) {
        aisdk_args(a, e, out);
        return;
    }
    for (size_t i = 0; i < sizeof aisdk_rows / sizeof aisdk_rows[0]; i++) {
        if (aisdk_is(type, len, aisdk_rows[i].type)) {
            aisdk_parsed(a, &aisdk_rows[i], e, out);
            return;
        }
    }
}

void aisdk_end(struct aisdk *a, struct buf *out)
{
    if (a->finished)
        return;
    aisdk_close_parts(a, out);
    aisdk_chunk_error(a, out, AISDK_GONE);
    a->finished = true;
}

/* ---- life ---- */

/* Takes the next word of the detail. false: there is none, or it is too long. */
static bool aisdk_word(const char **at, char *out, size_t size)
{
    size_t len = strcspn(*at, " ");

    if (len == 0 || len >= size)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len + ((*at)[len] == ' ');
    return true;
}

static bool aisdk_read_detail(struct aisdk *a, const char *detail)
{
    static const char *const modes[] =
        {[AISDK_NEW] = "new", [AISDK_ON] = "on", [AISDK_ALL] = "all"};
    char mode[8];
    size_t i = 0;

    if (!aisdk_word(&detail, mode, sizeof mode))
        return false;
    while (i < sizeof modes / sizeof modes[0] && strcmp(modes[i], mode) != 0)
        i++;
    a->mode = (enum aisdk_mode)i;
    if (i == sizeof modes / sizeof modes[0] || !aisdk_word(&detail, a->message, sizeof a->message))
        return false;
    return a->mode == AISDK_NEW ? !*detail : aisdk_word(&detail, a->last, sizeof a->last);
}

struct aisdk *aisdk_new(const char *detail, const char *before, const char *after)
{
    struct aisdk *a = calloc(1, sizeof *a);

    if (!a || !aisdk_read_detail(a, detail)) {
        free(a);
        return NULL;
    }
    a->before = before;
    a->after = after;
    return a;
}

void aisdk_free(struct aisdk *a)
{
    struct aisdk_call *call;

    if (!a)
        return;
    struct aisdk_part *parts[] = {&a->text, &a->reasoning};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buf_free(&parts[i]->id);
        buf_free(&parts[i]->delta);
    }
    while ((call = a->calls)) {
        a->calls = call->next;
        aisdk_chunk_free_call(call);
    }
    free(a);
}

/* ---- the dialect of event streams ---- */

static void *aisdk_render_new(const char *detail)
{
    return aisdk_new(detail, "data: ", "\n\n");
}

static void aisdk_render_free(void *state)
{
    aisdk_free(state);
}

static void aisdk_render_event(void *state, const struct logentry *e, struct buf *out)
{
    aisdk_event(state, e, out);
}

static void aisdk_render_ended(void *state, struct buf *out)
{
    aisdk_end(state, out);
    buf_puts(out, "data: [DONE]\n\n");
}

const struct stream_render aisdk_render = {.name = "aisdk",
    .head = "X-Vercel-AI-UI-Message-Stream: v1\r\n",
    .keep_alive = ": keep-alive\n\n",
    .takes_snapshots = false,
    .new = aisdk_render_new,
    .free = aisdk_render_free,
    .event = aisdk_render_event,
    .ended = aisdk_render_ended};
