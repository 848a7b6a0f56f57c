/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/events.h"

#include "store/logentry.h"

#include <string.h>

static void events_open_event(struct buf *json, const char *type)
{
    buf_puts(json, "{\"type\":\"");
    buf_puts(json, type);
    buf_putc(json, '"');
}

int events_run_started(const struct input *in, const char *session, struct buf *json)
{
    events_open_event(json, "RUN_STARTED");
    buf_json_member(json, "threadId", session);
    buf_json_member(json, "runId", in->run_id);
    buf_puts(json, ",\"protocolVersion\":\"1.0\",\"input\":{\"threadId\":");
    buf_json_string(json, session, strlen(session));
    buf_json_member(json, "runId", in->run_id);
    buf_puts(json, ",\"messages\":[");
    if (in->said) {
        buf_puts(json, in->said);
    } else if (in->text && *in->text && in->message_id && *in->message_id) {
        buf_puts(json, "{\"id\":");
        buf_json_string(json, in->message_id, strlen(in->message_id));
        buf_puts(json, ",\"role\":\"user\"");
        buf_json_member(json, "content", in->text);
        buf_putc(json, '}');
    }
    buf_puts(json, "],\"tools\":[],\"context\":[]");
    if (in->echo) {
        buf_puts(json, ",\"forwardedProps\":");
        jdoc_write(in->echo, json);
    }
    buf_puts(json, "}}");
    return buf_error(json);
}

static void events_simple(struct buf *json, const char *type, const char *id_field, const char *id)
{
    events_open_event(json, type);
    buf_json_member(json, id_field, id);
    buf_putc(json, '}');
}

void events_text_start(struct buf *json, const char *id)
{
    events_open_event(json, "TEXT_MESSAGE_START");
    buf_json_member(json, "messageId", id);
    buf_puts(json, ",\"role\":\"assistant\"}");
}

void events_text_end(struct buf *json, const char *id)
{
    events_simple(json, "TEXT_MESSAGE_END", "messageId", id);
}

void events_call_start(struct buf *json, const char *id, const char *name, const char *parent)
{
    events_open_event(json, "TOOL_CALL_START");
    buf_json_member(json, "toolCallId", id);
    buf_json_member(json, "toolCallName", name);
    buf_json_member(json, "parentMessageId", parent);
    buf_putc(json, '}');
}

void events_call_end(struct buf *json, const char *id)
{
    events_simple(json, "TOOL_CALL_END", "toolCallId", id);
}

void events_call_result(struct buf *json, const char *message_id, const char *call_id,
    const char *content, size_t len)
{
    events_open_event(json, "TOOL_CALL_RESULT");
    buf_json_member(json, "messageId", message_id);
    buf_json_member(json, "toolCallId", call_id);
    buf_puts(json, ",\"content\":");
    buf_json_string(json, content, len);
    buf_puts(json, ",\"role\":\"tool\"}");
}

void events_reasoning_start(struct buf *json, const char *id)
{
    events_simple(json, "REASONING_START", "messageId", id);
}

void events_reasoning_message_start(struct buf *json, const char *id)
{
    events_open_event(json, "REASONING_MESSAGE_START");
    buf_json_member(json, "messageId", id);
    buf_puts(json, ",\"role\":\"reasoning\"}");
}

void events_reasoning_message_end(struct buf *json, const char *id)
{
    events_simple(json, "REASONING_MESSAGE_END", "messageId", id);
}

void events_reasoning_end(struct buf *json, const char *id)
{
    events_simple(json, "REASONING_END", "messageId", id);
}

void events_reasoning_sealed(struct buf *json, const char *id, const char *sealed)
{
    events_open_event(json, "REASONING_ENCRYPTED_VALUE");
    buf_puts(json, ",\"subtype\":\"message\"");
    buf_json_member(json, "entityId", id);
    buf_json_member(json, "encryptedValue", sealed);
    buf_putc(json, '}');
}

void events_summarizing(struct buf *json, size_t messages)
{
    buf_printf(json,
        "{\"type\":\"CUSTOM\",\"name\":\"turnpike.summarizing\",\"value\":{\"messages\":%zu}}",
        messages);
}

void events_summarized(struct buf *json, size_t messages, bool failed)
{
    buf_printf(json,
        "{\"type\":\"CUSTOM\",\"name\":\"turnpike.summarized\",\"value\":{\"messages\":%zu,"
        "\"failed\":%s}}",
        messages, failed ? "true" : "false");
}

void events_question(struct buf *json, const char *interrupt)
{
    buf_printf(json, "{\"type\":\"CUSTOM\",\"name\":\"turnpike.question\",\"value\":%s}",
        interrupt);
}

void events_question_over(struct buf *json, const char *id, const char *outcome)
{
    buf_printf(json,
        "{\"type\":\"CUSTOM\",\"name\":\"turnpike.question_over\",\"value\":{\"id\":\"%s\","
        "\"outcome\":\"%s\"}}",
        id, outcome);
}

void events_state_snapshot(struct buf *json, const jdoc *state)
{
    events_open_event(json, "STATE_SNAPSHOT");
    buf_puts(json, ",\"snapshot\":");
    if (state)
        jdoc_write(state, json);
    else
        buf_puts(json, "{}");
    buf_putc(json, '}');
}

static void events_put_outcome(struct buf *json, const struct events_finish *f)
{
    buf_puts(json, ",\"outcome\":{\"type\":");
    buf_json_text(json, f->outcome);
    if (f->interrupts)
        buf_printf(json, ",\"interrupts\":%s", f->interrupts);
    if (f->pending_count && !f->before_1_0) {
        buf_puts(json, ",\"pendingToolCallIds\":[");
        for (size_t i = 0; i < f->pending_count; i++) {
            if (i)
                buf_putc(json, ',');
            buf_json_text(json, f->pending[i]);
        }
        buf_putc(json, ']');
    }
    buf_putc(json, '}');
}

void events_run_finished(struct buf *json, const struct events_finish *f)
{
    events_open_event(json, "RUN_FINISHED");
    buf_json_member(json, "threadId", f->session);
    buf_json_member(json, "runId", f->run);
    if (f->stop_reason) {
        buf_puts(json, ",\"result\":{\"stopReason\":");
        buf_json_string(json, f->stop_reason, strlen(f->stop_reason));
        buf_putc(json, '}');
    } else if (f->cached) {
        buf_printf(json, ",\"result\":{\"cached\":true,\"cachedSeconds\":%lld}",
            (long long)f->cached_s);
    }
    if (!f->before_1_0 || strcmp(f->outcome, "cancelled") != 0)
        events_put_outcome(json, f);
    if (f->usage)
        buf_printf(json, ",\"usage\":%s", f->usage);
    buf_putc(json, '}');
}

void events_run_error(struct buf *json, const char *message, const char *code, const char *usage)
{
    logentry_open_run_error(json, message, code);
    if (usage)
        buf_printf(json, ",\"usage\":%s", usage);
    buf_putc(json, '}');
}

void events_model_status(struct buf *json, const char *status)
{
    events_open_event(json, "CUSTOM");
    buf_puts(json, ",\"name\":\"turnpike.model\",\"value\":{\"status\":");
    buf_json_text(json, status);
    buf_puts(json, "}}");
}

void events_usage(struct buf *json, const char *provider, const char *model,
    const struct provider_usage *u)
{
    buf_puts(json, "{\"provider\":");
    buf_json_string(json, provider, strlen(provider));
    if (*model)
        buf_json_member(json, "model", model);
    buf_printf(json, ",\"inputTokens\":%lld,\"outputTokens\":%lld,\"totalTokens\":%lld",
        (long long)u->input, (long long)u->output, (long long)(u->input + u->output));
    if (u->reasoning)
        buf_printf(json, ",\"reasoningTokens\":%lld", (long long)u->reasoning);
    if (u->cached)
        buf_printf(json, ",\"cachedInputTokens\":%lld", (long long)u->cached);
    if (u->cache_write)
        buf_printf(json, ",\"cacheWriteInputTokens\":%lld", (long long)u->cache_write);
    buf_putc(json, '}');
}
