/* SPDX-License-Identifier: BSD-2-Clause */
/* Stored messages as UI messages: one of the user, or all of the assistant that follow it. */
#include "fcgi-app/uichat_parts.h"
#include "process/uimessage.h"

#include <string.h>

struct uichat_message {
    const struct uichat *chat;
    struct buf *json;
    bool parts; /* has some already */
};

/* {"type":"TYPENAME" of the next part; its other members and '}' are the caller's. */
static void uichat_message_part(struct uichat_message *m, const char *type, const char *name)
{
    if (m->parts)
        buf_putc(m->json, ',');
    m->parts = true;
    buf_puts(m->json, "{\"type\":\"");
    buf_puts(m->json, type);
    buf_json_escaped(m->json, name, strlen(name));
    buf_putc(m->json, '"');
}

/* id: of a part of reasoning; else NULL. */
static void uichat_message_text(struct uichat_message *m, const char *type, const char *id,
    const jdoc *text)
{
    size_t len = 0;
    const char *s = jdoc_string(text, &len);
    if (!s || len == 0)
        return;
    uichat_message_part(m, type, "");
    buf_json_member(m->json, "id", id);
    buf_puts(m->json, ",\"text\":");
    buf_json_string(m->json, s, len);
    buf_puts(m->json, ",\"state\":\"done\"}");
}

/* ---- the user's ---- */

/* A file by its bytes, or by an address: its own, or the one at which it is stored here. */
static void uichat_message_file(struct uichat_message *m, const jdoc *part)
{
    const jdoc *source = jdoc_get(part, "source"), *metadata = jdoc_get(part, "metadata");
    const char *type = jdoc_text_or(source, "type", ""), *value = jdoc_text_or(source, "value", ""),
               *media = jdoc_text_or(source, "mimeType", "application/octet-stream"),
               *name = jdoc_text_or(metadata, "name", jdoc_text_or(metadata, "filename", ""));
    bool data = strcmp(type, "data") == 0;
    if (strcmp(type, "file") == 0)
        value = jdoc_text_or(metadata, "url", "");
    if (!*value)
        return;
    uichat_message_part(m, "file", "");
    buf_json_member(m->json, "mediaType", media);
    buf_json_member(m->json, "filename", *name ? name : NULL);
    buf_puts(m->json, ",\"url\":\"");
    if (data) {
        buf_puts(m->json, "data:");
        buf_json_escaped(m->json, media, strlen(media));
        buf_puts(m->json, ";base64,");
    }
    buf_json_escaped(m->json, value, strlen(value));
    buf_puts(m->json, "\"}");
}

static void uichat_message_user(struct uichat_message *m, const jdoc *message)
{
    const jdoc *content = jdoc_get(message, "content");
    uichat_message_text(m, "text", NULL, content);
    if (jdoc_type(content) != JDOC_ARRAY)
        return;
    for (size_t i = 0; i < jdoc_length(content); i++) {
        const jdoc *part = jdoc_at(content, i);
        if (strcmp(jdoc_text_or(part, "type", ""), "text") == 0)
            uichat_message_text(m, "text", NULL, jdoc_get(part, "text"));
        else
            uichat_message_file(m, part);
    }
}

/* ---- the assistant's ---- */

static const jdoc *uichat_message_approval(const struct uichat *chat, const char *call)
{
    for (size_t i = 0; i < jdoc_length(chat->approvals); i++) {
        const jdoc *one = jdoc_at(chat->approvals, i);
        if (strcmp(jdoc_text_or(one, "tool_call_id", ""), call) == 0)
            return one;
    }
    return NULL;
}

static void uichat_message_open_call(struct uichat_message *m, const char *call)
{
    const jdoc *approval = uichat_message_approval(m->chat, call);
    if (!approval) {
        buf_puts(m->json, ",\"state\":\"input-available\"");
        return;
    }
    buf_puts(m->json, ",\"state\":\"approval-requested\",\"approval\":{\"id\":");
    buf_json_text(m->json, jdoc_text_or(approval, "id", ""));
    buf_json_member(m->json, "requestReason", jdoc_string(jdoc_get(approval, "message"), NULL));
    buf_puts(m->json, ",\"descriptor\":");
    uimessage_put_descriptor(m->json, approval,
        jdoc_string(jdoc_get(approval, "expires_at"), NULL));
    buf_putc(m->json, '}');
}

static void uichat_message_outcome(struct uichat_message *m, const jdoc *result)
{
    struct uimessage_result r;
    int error = uimessage_result_read(jdoc_get(result, "content"), jdoc_has(result, "error"), &r);
    if (error == 0 && r.outcome == UIMESSAGE_OUTPUT) {
        buf_puts(m->json, ",\"state\":\"output-available\",\"output\":");
        if (r.output)
            jdoc_write(r.output, m->json);
        else
            buf_puts(m->json, "null");
    } else if (error == 0 && r.outcome == UIMESSAGE_DENIED) {
        /* The SDK's form of a refused call names its approval, which is gone by now. */
        buf_puts(m->json, ",\"state\":\"output-denied\",\"approval\":{\"id\":");
        buf_json_text(m->json, jdoc_text_or(result, "toolCallId", ""));
        buf_puts(m->json, ",\"approved\":false}");
    } else {
        buf_puts(m->json, ",\"state\":\"output-error\"");
        buf_json_member(m->json, "errorText", error == 0 ? r.why : "The tool failed.");
    }
    uimessage_result_free(&r);
}

static void uichat_message_call(struct uichat_message *m, const jdoc *call, size_t at)
{
    const jdoc *function = jdoc_get(call, "function");
    const char *id = jdoc_text_or(call, "id", ""), *name = jdoc_text_or(function, "name", ""),
               *args = jdoc_text_or(function, "arguments", "");
    const jdoc *result = uichat_result(m->chat->messages, at, id);
    uichat_message_part(m, "tool-", name);
    buf_json_member(m->json, "toolCallId", id);
    buf_puts(m->json, ",\"input\":");
    (void)uimessage_put_input(m->json, args, strlen(args));
    if (result)
        uichat_message_outcome(m, result);
    else
        uichat_message_open_call(m, id);
    buf_putc(m->json, '}');
}

/* The message at index i; step: whether it begins one, and out whether the next one may. */
static void uichat_message_assistant(struct uichat_message *m, size_t i, bool *step)
{
    const jdoc *message = jdoc_at(m->chat->messages, i), *calls = jdoc_get(message, "toolCalls");
    bool thought = uichat_is(message, "reasoning");
    if (uichat_is(message, "tool")) {
        *step = true;
        return;
    }
    if (!uichat_is_shown(message))
        return;
    if (*step) {
        uichat_message_part(m, "step-start", "");
        buf_putc(m->json, '}');
        *step = false;
    }
    uichat_message_text(m, thought ? "reasoning" : "text",
        thought ? jdoc_text_or(message, "id", "") : NULL, jdoc_get(message, "content"));
    for (size_t k = 0; k < jdoc_length(calls); k++)
        uichat_message_call(m, jdoc_at(calls, k), i + 1);
}

static void uichat_message_open(struct uichat_message *m, const char *role, const char *prefix,
    const char *id)
{
    buf_puts(m->json, "{\"id\":\"");
    buf_puts(m->json, prefix);
    buf_json_escaped(m->json, id, strlen(id));
    buf_puts(m->json, "\",\"role\":\"");
    buf_puts(m->json, role);
    buf_puts(m->json, "\",\"parts\":[");
}

/* The one in front of index i that a client shows; NULL: there is none. */
static const jdoc *uichat_message_before(const jdoc *messages, size_t i)
{
    while (i-- > 0) {
        if (uichat_is_shown(jdoc_at(messages, i)))
            return jdoc_at(messages, i);
    }
    return NULL;
}

size_t uichat_message_put(const struct uichat *chat, size_t i, struct buf *json)
{
    const jdoc *messages = chat->messages, *first = jdoc_at(messages, i),
               *before = uichat_message_before(messages, i);
    struct uichat_message m = {.chat = chat, .json = json};
    bool step = true;
    if (uichat_is(first, "user")) {
        uichat_message_open(&m, "user", "", jdoc_text_or(first, "id", ""));
        uichat_message_user(&m, first);
        i++;
    } else {
        bool named = uichat_is(before, "user");
        uichat_message_open(&m, "assistant", named ? UIMESSAGE_REPLY : "",
            jdoc_text_or(named ? before : first, "id", ""));
        for (; i < jdoc_length(messages) && !uichat_is(jdoc_at(messages, i), "user"); i++)
            uichat_message_assistant(&m, i, &step);
    }
    buf_puts(json, "]}");
    return i;
}
