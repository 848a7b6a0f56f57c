/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/input.h"

#include "base/err.h"

#include <string.h>

/* The id of the run is in here: so a release that knows no chats, and would let the turn use what
 * the owner alone may see, finds none and runs nothing. */
static void input_write_chat(const struct input *in, struct buf *json)
{
    buf_puts(json, ",\"chat\":{\"trip\":");
    buf_json_text(json, in->trip);
    buf_json_member(json, "actor", in->actor);
    buf_json_member(json, "name", in->actor_name);
    buf_json_member(json, "run_id", in->run_id);
    buf_putc(json, '}');
}

int input_write(const struct input *in, struct buf *json)
{
    buf_puts(json, "{\"v\":1");
    if (!in->trip)
        buf_json_member(json, "run_id", in->run_id);
    buf_json_member(json, "text", in->text);
    buf_json_member(json, "message_id", in->message_id);
    buf_json_member(json, "zone", in->zone);
    buf_json_member(json, "locale", in->locale);
    buf_json_member(json, "source", in->source);
    buf_json_member(json, "role", in->role);
    if (in->cls && *in->cls)
        buf_json_member(json, "class", in->cls);
    if (in->key && *in->key)
        buf_json_member(json, "key", in->key);
    buf_json_member(json, "traceparent", in->traceparent);
    if (in->span_parent && *in->span_parent)
        buf_json_member(json, "span_parent", in->span_parent);
    if (in->tracestate && *in->tracestate)
        buf_json_member(json, "tracestate", in->tracestate);
    if (in->resume)
        buf_puts(json, ",\"resume\":true");
    if (in->fresh)
        buf_puts(json, ",\"fresh\":true");
    if (in->whole)
        buf_puts(json, ",\"whole\":true");
    if (in->context) {
        buf_puts(json, ",\"context\":");
        jdoc_write(in->context, json);
    }
    if (in->agui) {
        buf_puts(json, ",\"agui\":");
        jdoc_write(in->agui, json);
    }
    if (in->trip)
        input_write_chat(in, json);
    buf_putc(json, '}');
    return buf_error(json);
}

void input_complete(struct input *in)
{
    const char **const texts[] = {&in->run_id, &in->text, &in->message_id, &in->zone, &in->locale,
        &in->source, &in->traceparent, &in->span_parent, &in->tracestate, &in->cls, &in->key};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!*texts[i])
            *texts[i] = "";
    if (!in->role)
        in->role = "user";
}

void input_digest(const char *json, char out[IDENT_SHA256_SIZE])
{
    static const char key[] = ",\"text\":\""; /* what stands before it holds no quotes */
    const char *text = strstr(json, key), *end;

    if (text) {
        text += sizeof key - 1;
        for (end = text; *end && *end != '"'; end++)
            if (*end == '\\' && end[1])
                end++;
        if (end > text) {
            ident_sha256_hex(text, (size_t)(end - text), out);
            return;
        }
    }
    ident_sha256_hex(json, strlen(json), out);
}

bool input_is_before_1_0(const struct input *in)
{
    static const char *const sent[] = {"tools", "context", "state", "forwardedProps"};

    if (!in->source || strcmp(in->source, "agui") != 0 || jdoc_has(in->agui, "protocolVersion"))
        return false;
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
        if (!jdoc_has(in->agui, sent[i]))
            return false;
    return true;
}

static void input_free_document(void *arg)
{
    jdoc_free(arg);
}

int input_parse(const char *json, struct arena *arena, struct input *out)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);

    memset(out, 0, sizeof *out);
    if (error)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    if ((error = arena_on_free(arena, input_free_document, doc)))
        return error;
    if (jdoc_type(doc) != JDOC_OBJECT)
        return ERR_INVALID;
    out->document = doc;
    const jdoc *chat = jdoc_get(doc, "chat");
    if (chat) {
        out->trip = jdoc_text_or(chat, "trip", "");
        out->actor = jdoc_text_or(chat, "actor", "");
        out->actor_name = jdoc_text_or(chat, "name", "");
        if (!*out->trip || !ident_is_user(out->actor, strlen(out->actor)))
            return ERR_INVALID;
    }
    out->run_id = jdoc_text_or(chat ? chat : doc, "run_id", "");
    out->text = jdoc_text_or(doc, "text", "");
    out->message_id = jdoc_text_or(doc, "message_id", "");
    out->zone = jdoc_text_or(doc, "zone", "");
    out->locale = jdoc_text_or(doc, "locale", "");
    out->source = jdoc_text_or(doc, "source", "");
    out->role = jdoc_text_or(doc, "role", "user");
    out->cls = jdoc_text_or(doc, "class", "");
    out->key = jdoc_text_or(doc, "key", "");
    out->traceparent = jdoc_text_or(doc, "traceparent", "");
    out->span_parent = jdoc_text_or(doc, "span_parent", "");
    out->tracestate = jdoc_text_or(doc, "tracestate", "");
    (void)jdoc_get_bool(doc, "resume", &out->resume);
    (void)jdoc_get_bool(doc, "fresh", &out->fresh);
    (void)jdoc_get_bool(doc, "whole", &out->whole);
    out->context = jdoc_get(doc, "context");
    out->agui = jdoc_get(doc, "agui");
    return *out->run_id ? 0 : ERR_INVALID;
}
