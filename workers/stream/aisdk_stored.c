/* SPDX-License-Identifier: BSD-2-Clause */
/* Stored messages as the chunks that would have brought them. */
#include "workers/stream/aisdk_parts.h"

#include <string.h>

static void aisdk_stored_text(struct aisdk *a, struct buf *out, const jdoc *message, bool reasoning)
{
    size_t len;
    const char *id = jdoc_text_or(message, "id", ""),
               *text = jdoc_string(jdoc_get(message, "content"), &len);
    struct buf escaped;

    if (!text || len == 0)
        return;
    buf_init(&escaped, 0);
    buf_json_escaped(&escaped, text, len);
    aisdk_chunk_begin(a, out, reasoning, id);
    aisdk_chunk_delta(a, out, reasoning, escaped.data, escaped.len);
    aisdk_chunk_end(a, out, reasoning);
    buf_free(&escaped);
}

static bool aisdk_stored_is(const jdoc *message, const char *name, const char *value)
{
    return strcmp(jdoc_text_or(message, name, ""), value) == 0;
}

static bool aisdk_stored_is_answered(const jdoc *messages, size_t from, const char *call)
{
    for (size_t i = from; i < jdoc_length(messages); i++) {
        if (aisdk_stored_is(jdoc_at(messages, i), "role", "tool") &&
            aisdk_stored_is(jdoc_at(messages, i), "toolCallId", call))
            return true;
    }
    return false;
}

/*
 * A call that has its result. Its input comes as a delta alone: at tool-input-available the page
 * would run its own tool again (onToolCall).
 */
static void aisdk_stored_answered(struct aisdk *a, struct buf *out, const char *id,
    const char *name, const char *args)
{
    aisdk_chunk_open(a, out, "tool-input-start");
    buf_json_member(out, "toolCallId", id);
    buf_json_member(out, "toolName", name);
    aisdk_chunk_close(a, out);
    aisdk_chunk_open(a, out, "tool-input-delta");
    buf_json_member(out, "toolCallId", id);
    buf_json_member(out, "inputTextDelta", *args ? args : "{}");
    aisdk_chunk_close(a, out);
}

/* The calls of the message at index i. */
static void aisdk_stored_calls(struct aisdk *a, struct buf *out, const jdoc *messages, size_t i)
{
    const jdoc *calls = jdoc_get(jdoc_at(messages, i), "toolCalls");

    for (size_t k = 0; k < jdoc_length(calls); k++) {
        const jdoc *one = jdoc_at(calls, k), *function = jdoc_get(one, "function");
        const char *args = jdoc_text_or(function, "arguments", ""),
                   *id = jdoc_text_or(one, "id", ""), *name = jdoc_text_or(function, "name", "");
        struct aisdk_call *call = aisdk_chunk_call(a, id, name);

        if (call && aisdk_stored_is_answered(messages, i + 1, id))
            aisdk_stored_answered(a, out, id, name, args);
        else if (call)
            aisdk_chunk_input(a, out, call, args, strlen(args));
    }
}

static void aisdk_stored_message(struct aisdk *a, struct buf *out, const jdoc *messages, size_t i)
{
    const jdoc *message = jdoc_at(messages, i);
    const char *role = jdoc_text_or(message, "role", "");

    if (strcmp(role, "reasoning") == 0) {
        aisdk_chunk_step(a, out, NULL);
        aisdk_stored_text(a, out, message, true);
    } else if (strcmp(role, "assistant") == 0) {
        aisdk_chunk_step(a, out, jdoc_text_or(message, "id", ""));
        aisdk_stored_text(a, out, message, false);
        aisdk_stored_calls(a, out, messages, i);
    } else if (strcmp(role, "tool") == 0) {
        aisdk_chunk_result(a, out, jdoc_text_or(message, "toolCallId", ""),
            jdoc_get(message, "content"), jdoc_has(message, "error"));
    }
}

/* Behind the message of this id, the last such one; not found: behind the last user's. */
static size_t aisdk_stored_behind(const jdoc *messages, const char *id)
{
    size_t count = jdoc_length(messages), user = 0;

    for (size_t i = count; i-- > 0;) {
        if (id[0] && aisdk_stored_is(jdoc_at(messages, i), "id", id))
            return i + 1;
        if (user == 0 && aisdk_stored_is(jdoc_at(messages, i), "role", "user"))
            user = i + 1;
    }
    return user;
}

void aisdk_stored_before(struct aisdk *a, struct buf *out, const jdoc *messages)
{
    const size_t reply = sizeof UIMESSAGE_REPLY - 1;
    bool named = strncmp(a->message, UIMESSAGE_REPLY, reply) == 0;
    size_t i = aisdk_stored_behind(messages, named ? a->message + reply : "");

    aisdk_chunk_start(a, out, NULL);
    for (; i < jdoc_length(messages); i++) {
        aisdk_stored_message(a, out, messages, i);
        if (aisdk_stored_is(jdoc_at(messages, i), "id", a->last))
            break; /* what stands behind it is the run's own, and comes by its events */
    }
    aisdk_chunk_finish_step(a, out);
    a->step[0] = '\0';
}

/* The client holds the calls of the step that is taken back no more. */
static void aisdk_stored_forget(struct aisdk *a)
{
    struct aisdk_call **at = &a->calls, *call;

    while ((call = *at)) {
        if (call->step != a->steps) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        aisdk_chunk_free_call(call);
    }
}

void aisdk_stored_again(struct aisdk *a, struct buf *out, const jdoc *messages)
{
    size_t i = aisdk_stored_behind(messages, a->last);

    if (a->step_open) {
        aisdk_chunk_open(a, out, "reset-step");
        aisdk_chunk_close(a, out);
        a->text.open = a->reasoning.open = a->answered = false;
        aisdk_stored_forget(a);
    }
    for (; i < jdoc_length(messages); i++)
        aisdk_stored_message(a, out, messages, i);
}
