/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"

#include "agent/model/request.h"
#include "agent/model/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdlib.h>
#include <string.h>

static int provider_on_piece(struct provider_stream *s, const struct scan_delta *d)
{
    struct provider_block *b = provider_block_at(s, d->index);

    if (d->kind == SCAN_TEXT && (!b || b->kind == PROVIDER_BLOCK_TEXT)) /* text needs no start */
        return provider_text(s, d->text, d->len);
    if (!b || !b->open)
        return ERR_PROTOCOL;
    if (d->kind == SCAN_ARGS && b->kind == PROVIDER_BLOCK_CALL) /* said at once: not once more */
        return b->args_whole ? 0 : provider_args(s, b, d->text, d->len);
    return b->kind == PROVIDER_BLOCK_OTHER ? 0 : ERR_PROTOCOL;
}

/* Counts are cumulative: later ones replace earlier ones. */
static void provider_anthropic_read_usage(struct provider_stream *s, const jdoc *usage)
{
    struct provider_usage *u = &s->usage;
    const struct provider_count fields[] = {
        {usage, "input_tokens", &s->plain_input},
        {usage, "output_tokens", &u->output},
        {usage, "cache_read_input_tokens", &u->cached},
        {usage, "cache_creation_input_tokens", &u->cache_write},
    };

    provider_counts(fields, sizeof fields / sizeof *fields);
    u->input = s->plain_input + u->cached + u->cache_write;
}

static int provider_start_call(struct provider_stream *s, struct provider_block *b,
    const jdoc *content)
{
    int error;

    b->kind = PROVIDER_BLOCK_CALL;
    b->call = s->calls++;
    provider_block_id(b->id, jdoc_text_or(content, "id", ""));
    provider_copy(b->name, sizeof b->name, jdoc_text_or(content, "name", ""));
    if (!*b->name)
        return ERR_PROTOCOL;
    b->announced = true;
    if ((error = s->sink->call_start(s->sink->arg, b->call, b->id, b->name)))
        return error;
    b->args_whole = jdoc_length(jdoc_get(content, "input")); /* all at once, by some servers */
    return provider_args_value(s, b, jdoc_get(content, "input"));
}

static void provider_put_maker(const struct provider_stream *s, struct buf *sealed)
{
    buf_puts(sealed, *s->maker ? s->maker : "anthropic");
}

static int provider_start_redacted(struct provider_stream *s, const jdoc *content)
{
    struct buf sealed = {0};
    int error;

    provider_put_maker(s, &sealed);
    buf_puts(&sealed, REQUEST_REDACTED);
    buf_puts(&sealed, jdoc_text_or(content, "data", ""));
    s->thinking = true;
    error = buf_error(&sealed);
    if (!error)
        error = provider_end_thought(s, buf_text(&sealed));
    buf_free(&sealed);
    return error;
}

static int provider_start_thought(struct provider_stream *s, struct provider_block *b,
    const jdoc *content)
{
    const char *text;
    size_t len;

    b->kind = PROVIDER_BLOCK_REASONING;
    s->thinking = true;
    buf_reset(&s->sealed);
    provider_put_maker(s, &s->sealed);
    buf_puts(&s->sealed, REQUEST_SIGNATURE);
    buf_puts(&s->sealed, jdoc_text_or(content, "signature", ""));
    if (jdoc_get_string(content, "thinking", &text, &len))
        return 0;
    return provider_thought(s, text, len);
}

static int provider_start_block(struct provider_stream *s, struct provider_block *b,
    const jdoc *content)
{
    const char *type = jdoc_text_or(content, "type", ""), *text;
    size_t len;

    b->open = true;
    if (!strcmp(type, "tool_use"))
        return provider_start_call(s, b, content);
    if (!strcmp(type, "thinking"))
        return provider_start_thought(s, b, content);
    if (!strcmp(type, "redacted_thinking"))
        return provider_start_redacted(s, content);
    if (strcmp(type, "text"))
        return 0;
    b->kind = PROVIDER_BLOCK_TEXT;
    if (jdoc_get_string(content, "text", &text, &len))
        return 0;
    return provider_text(s, text, len);
}

static int provider_end_block(struct provider_stream *s, struct provider_block *b)
{
    if (b->kind == PROVIDER_BLOCK_CALL)
        return provider_end_call(s, b);
    b->open = false;
    if (b->kind == PROVIDER_BLOCK_TEXT)
        return provider_end_text(s);
    if (b->kind != PROVIDER_BLOCK_REASONING)
        return 0;
    bool unsigned_ = !s->sealed.len || buf_text(&s->sealed)[s->sealed.len - 1] == ':';
    return provider_end_thought(s, unsigned_ ? NULL : buf_text(&s->sealed));
}

/* What is still open, of all kinds or but for calls: gateways leave out content_block_stop. */
static int provider_end_open(struct provider_stream *s, bool calls)
{
    int error = 0;

    for (size_t i = 0; i < s->block_count && !error; i++) {
        struct provider_block *b = s->blocks[i];
        if (b->open && (calls || b->kind != PROVIDER_BLOCK_CALL))
            error = provider_end_block(s, b);
    }
    return error;
}

static int provider_end_message(struct provider_stream *s)
{
    int error = provider_end_open(s, true);

    return error ? error : provider_end_text(s); /* of a text without a block */
}

/* A gateway may give the same index, or none, to all blocks: then the one before has ended. */
static int provider_on_block_start(struct provider_stream *s, const jdoc *doc)
{
    struct provider_block *b;
    int64_t index = 0;
    int error;

    (void)jdoc_get_int(doc, "index", &index);
    b = provider_block_at(s, index);
    if ((b && b->open && (error = provider_end_block(s, b))) ||
        (error = provider_end_open(s, false)))
        return error;
    if (!(b = provider_block_add(s, index)))
        return ERR_LIMIT;
    return provider_start_block(s, b, jdoc_get(doc, "content_block"));
}

static int provider_on_block_delta(struct provider_stream *s, const jdoc *doc)
{
    const jdoc *delta = jdoc_get(doc, "delta");
    const char *type = jdoc_text_or(delta, "type", "");
    struct scan_delta d = {.text = "", .len = 0};
    struct provider_block *b;

    (void)jdoc_get_int(doc, "index", &d.index);
    if (!strcmp(type, "text_delta") || !strcmp(type, "input_json_delta")) {
        d.kind = *type == 't' ? SCAN_TEXT : SCAN_ARGS;
        if (jdoc_get_string(delta, *type == 't' ? "text" : "partial_json", &d.text, &d.len))
            return ERR_PROTOCOL;
        return provider_on_piece(s, &d);
    }
    b = provider_block_at(s, d.index);
    if (!b || !b->open || b->kind != PROVIDER_BLOCK_REASONING)
        return 0;
    if (!strcmp(type, "thinking_delta") && !jdoc_get_string(delta, "thinking", &d.text, &d.len))
        return provider_thought(s, d.text, d.len);
    if (!strcmp(type, "signature_delta"))
        buf_puts(&s->sealed, jdoc_text_or(delta, "signature", ""));
    return buf_error(&s->sealed);
}

static int provider_on_block_stop(struct provider_stream *s, const jdoc *doc)
{
    struct provider_block *b;
    int64_t index = 0;

    (void)jdoc_get_int(doc, "index", &index);
    b = provider_block_at(s, index);
    return b && b->open ? provider_end_block(s, b) : 0;
}

static int provider_anthropic_on_reason(struct provider_stream *s, const char *reason)
{
    s->stop = provider_stop_of(reason);
    if (s->stop == PROVIDER_STOP_NONE)
        return provider_error(s, reason, "", "the server ended the answer early", 0);
    return provider_end_message(s);
}

static int provider_on_message_delta(struct provider_stream *s, const jdoc *doc)
{
    const char *reason = jdoc_text_or(jdoc_get(doc, "delta"), "stop_reason", "");

    provider_anthropic_read_usage(s, jdoc_get(doc, "usage"));
    return *reason ? provider_anthropic_on_reason(s, reason) : 0;
}

static int provider_anthropic_on_document(struct provider_stream *s, const jdoc *doc)
{
    const char *type = jdoc_text_or(doc, "type", "");

    if (provider_is_error(doc, "type"))
        return provider_error_doc(s, doc, 0);
    if (!strcmp(type, "content_block_delta"))
        return provider_on_block_delta(s, doc);
    if (!strcmp(type, "content_block_start"))
        return provider_on_block_start(s, doc);
    if (!strcmp(type, "content_block_stop"))
        return provider_on_block_stop(s, doc);
    if (!strcmp(type, "message_start")) {
        const jdoc *message = jdoc_get(doc, "message");
        provider_copy(s->model, sizeof s->model, jdoc_text_or(message, "model", ""));
        provider_anthropic_read_usage(s, jdoc_get(message, "usage"));
        return 0;
    }
    if (!strcmp(type, "message_delta"))
        return provider_on_message_delta(s, doc);
    if (!strcmp(type, "message_stop")) {
        s->ended = true;
        return provider_end_message(s);
    }
    return 0; /* ping, and what is newer than this program */
}

/* The reply of a server that does not stream: a message with its blocks. */
static int provider_anthropic_on_whole(struct provider_stream *s, const jdoc *doc)
{
    const jdoc *content = jdoc_get(doc, "content");
    const char *type = jdoc_text_or(doc, "type", "");
    int error = 0;

    if (provider_is_error(doc, "type"))
        return provider_error_doc(s, doc, 0);
    if (strcmp(type, "message") || jdoc_type(content) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    provider_copy(s->model, sizeof s->model, jdoc_text_or(doc, "model", ""));
    provider_anthropic_read_usage(s, jdoc_get(doc, "usage"));
    for (size_t i = 0; i < jdoc_length(content) && !error; i++) {
        struct provider_block *b = provider_block_add(s, (int64_t)i);
        if (!b)
            return ERR_LIMIT;
        if (!(error = provider_start_block(s, b, jdoc_at(content, i))))
            error = provider_end_block(s, b);
    }
    if (!error)
        error = provider_anthropic_on_reason(s, jdoc_text_or(doc, "stop_reason", "end_turn"));
    s->ended = !error;
    return error;
}

static int provider_anthropic_on_event(struct provider_stream *s, const struct sse_event *event)
{
    struct scan_delta d;

    if (s->ended)
        return 0;
    if (!s->slow_only && strcmp(event->name, "error") &&
        scan_anthropic(event->data, event->len, &s->scratch, &d))
        return provider_on_piece(s, &d);
    if (provider_is_done(event)) { /* a gateway's, from another protocol */
        s->ended = s->stop != PROVIDER_STOP_NONE;
        return 0;
    }
    return provider_event(s, event, provider_anthropic_on_document);
}

static const char *provider_anthropic_model_name(const struct conf *conf)
{
    return conf->anthropic_model;
}

static bool provider_anthropic_think_tags(const struct conf *conf)
{
    return provider_think_tags(conf->anthropic_think_tags, conf->anthropic_url,
        "api.anthropic.com");
}

static const char *provider_anthropic_base_url(const struct conf *conf)
{
    return conf->anthropic_url;
}

const struct provider provider_anthropic = {
    .name = "anthropic",
    .model = provider_anthropic_model_name,
    .url = provider_anthropic_base_url,
    .tool = request_anthropic_tool,
    .deferred = request_anthropic_deferred,
    .request = request_anthropic,
    .event = provider_anthropic_on_event,
    .document = provider_anthropic_on_whole,
    .think_tags = provider_anthropic_think_tags,
};
