#include "agent/provider.h"

#include "agent/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_MARK ",\"cache_control\":{\"type\":\"ephemeral\"}"
#define SIGNATURE "anthropic:signature:"
#define REDACTED "anthropic:redacted:"

/* ---- request ---- */

static void put_string(struct buf *json, const char *s)
{
    buf_json_string(json, s, strlen(s));
}

static void write_tool(struct buf *json, const struct context_tool *tool, bool last)
{
    buf_puts(json, "{\"name\":");
    put_string(json, tool->name);
    buf_puts(json, ",\"description\":");
    put_string(json, tool->description);
    buf_printf(json, ",\"input_schema\":%s%s}", tool->schema, last ? CACHE_MARK : "");
}

static void write_tools(const struct provider_request *q, const struct buf *tools, struct buf *json)
{
    if (provider_put_tools(&provider_anthropic, q, tools, json) && q->no_tools)
        buf_puts(json, ",\"tool_choice\":{\"type\":\"none\"}");
}

struct writer {
    struct buf *json;
    const struct context *context;
    int role;   /* of the open message: 0 none, 1 user, 2 assistant */
    bool first; /* no block in it yet */
};

static void open_message(struct writer *w, int role)
{
    if (w->role == role)
        return;
    if (w->role)
        buf_puts(w->json, "]},");
    buf_printf(w->json, "{\"role\":\"%s\",\"content\":[", role == 1 ? "user" : "assistant");
    w->role = role;
    w->first = true;
}

static void open_block(struct writer *w, const char *type)
{
    if (!w->first)
        buf_putc(w->json, ',');
    w->first = false;
    buf_printf(w->json, "{\"type\":\"%s\"", type);
}

static void text_block(struct writer *w, const char *s, size_t len, bool mark)
{
    open_block(w, "text");
    buf_puts(w->json, ",\"text\":");
    buf_json_string(w->json, s, len);
    buf_puts(w->json, mark ? CACHE_MARK "}" : "}");
}

static void write_user(struct writer *w, const struct chat_message *m, bool late, bool mark)
{
    open_message(w, 1);
    if (m->role == CHAT_SYSTEM)
        text_block(w, "[The application adds:]", 23, false);
    if (m->len)
        text_block(w, m->text, m->len, mark || late);
    else
        text_block(w, "(no text)", 9, mark || late);
    if (late)
        text_block(w, w->context->frame->late, strlen(w->context->frame->late), false);
}

static void write_result(struct writer *w, const struct chat_message *m, bool mark)
{
    open_message(w, 1);
    open_block(w, "tool_result");
    buf_puts(w->json, ",\"tool_use_id\":");
    put_string(w->json, m->call_id);
    buf_puts(w->json, ",\"content\":");
    buf_json_string(w->json, m->text, m->len);
    if (m->failed)
        buf_puts(w->json, ",\"is_error\":true");
    buf_puts(w->json, mark ? CACHE_MARK "}" : "}");
}

static void write_thought(struct writer *w, const struct chat_message *m)
{
    if (!m->sealed)
        return;
    if (!strncmp(m->sealed, SIGNATURE, sizeof SIGNATURE - 1)) {
        open_message(w, 2);
        open_block(w, "thinking");
        buf_puts(w->json, ",\"thinking\":");
        buf_json_string(w->json, m->text, m->len);
        buf_puts(w->json, ",\"signature\":");
        put_string(w->json, m->sealed + sizeof SIGNATURE - 1);
        buf_putc(w->json, '}');
    } else if (!strncmp(m->sealed, REDACTED, sizeof REDACTED - 1)) {
        open_message(w, 2);
        open_block(w, "redacted_thinking");
        buf_puts(w->json, ",\"data\":");
        put_string(w->json, m->sealed + sizeof REDACTED - 1);
        buf_putc(w->json, '}');
    }
}

/* The input must be an object; what the model spoilt is replaced, its error result tells it. */
static void write_input(struct buf *json, const struct chat_call *call)
{
    jdoc *doc = NULL;

    if (!jdoc_parse(call->args, call->args_len, &doc, NULL, 0) && jdoc_type(doc) == JDOC_OBJECT)
        buf_put(json, call->args, call->args_len);
    else
        buf_puts(json, "{}");
    jdoc_free(doc);
}

static void write_assistant(struct writer *w, const struct chat_message *m, bool last)
{
    size_t len = m->len;

    open_message(w, 2);
    while (last && len && strchr(" \t\r\n", m->text[len - 1]))
        len--; /* a final assistant text must not end in blanks */
    if (len)
        text_block(w, m->text, len, false);
    for (size_t i = 0; i < m->call_count; i++) {
        open_block(w, "tool_use");
        buf_puts(w->json, ",\"id\":");
        put_string(w->json, m->calls[i].id);
        buf_puts(w->json, ",\"name\":");
        put_string(w->json, m->calls[i].name);
        buf_puts(w->json, ",\"input\":");
        write_input(w->json, &m->calls[i]);
        buf_putc(w->json, '}');
    }
}

static void write_messages(const struct context *context, struct buf *json)
{
    struct writer w = {.json = json, .context = context};

    buf_puts(json, ",\"messages\":[");
    for (size_t i = 0; i < context->count; i++) {
        const struct chat_message *m = &context->items[i];
        bool last = i + 1 == context->count;
        switch (m->role) {
        case CHAT_USER:
        case CHAT_SYSTEM: write_user(&w, m, i == context->late_at, last); break;
        case CHAT_TOOL: write_result(&w, m, last); break;
        case CHAT_ASSISTANT: write_assistant(&w, m, last); break;
        case CHAT_REASONING:
            if (!last && context->items[i + 1].role != CHAT_USER)
                write_thought(&w, m);
            break;
        }
    }
    buf_puts(json, w.role ? "]}]" : "]");
}

static bool number_like(const char *text)
{
    char *end;

    if (!*text || strspn(text, "0123456789.") != strlen(text))
        return false;
    (void)strtod(text, &end);
    return !*end && *text != '.' && end[-1] != '.';
}

static int write_request(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out)
{
    const struct conf *conf = q->conf;
    size_t offsets[PROVIDER_HEADERS_MAX], count = 0;
    struct buf *b = &out->body;
    size_t base = strlen(conf->anthropic_url);

    while (base && conf->anthropic_url[base - 1] == '/')
        base--;
    buf_put(&out->url, conf->anthropic_url, base);
    buf_puts(&out->url, "/v1/messages");
    provider_header(out, &count, offsets, "Content-Type", "application/json");
    provider_header(out, &count, offsets, "Accept", "text/event-stream");
    provider_header(out, &count, offsets, "anthropic-version", "2023-06-01");
    if (*conf->anthropic_key)
        provider_header(out, &count, offsets, "x-api-key", conf->anthropic_key);
    buf_puts(b, "{\"model\":");
    put_string(b, conf->anthropic_model);
    buf_printf(b, ",\"max_tokens\":%lld,\"stream\":true", (long long)q->max_tokens);
    if (number_like(conf->model_temperature))
        buf_printf(b, ",\"temperature\":%s", conf->model_temperature);
    buf_puts(b, ",\"system\":[{\"type\":\"text\",\"text\":");
    put_string(b, q->context->system);
    buf_puts(b, CACHE_MARK "}]");
    write_tools(q, tools, b);
    write_messages(q->context, b);
    buf_putc(b, '}');
    if (buf_error(b) || buf_error(&out->url) || buf_error(&out->header_text))
        return ERR_NOMEM;
    provider_headers_done(out, count, offsets);
    return 0;
}

/* ---- stream ---- */

static int on_piece(struct provider_stream *s, const struct scan_delta *d)
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

static void read_count(const jdoc *usage, const char *key, int64_t *value)
{
    int64_t n;
    if (!jdoc_get_int(usage, key, &n) && n >= 0)
        *value = n;
}

/* Counts are cumulative: later ones replace earlier ones. */
static void read_usage(struct provider_stream *s, const jdoc *usage)
{
    struct provider_usage *u = &s->usage;

    read_count(usage, "input_tokens", &s->plain_input);
    read_count(usage, "output_tokens", &u->output);
    read_count(usage, "cache_read_input_tokens", &u->cached);
    read_count(usage, "cache_creation_input_tokens", &u->cache_write);
    u->input = s->plain_input + u->cached + u->cache_write;
}

static int start_call(struct provider_stream *s, struct provider_block *b, const jdoc *content)
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

static int start_redacted(struct provider_stream *s, const jdoc *content)
{
    struct buf sealed = {0};
    int error;

    buf_puts(&sealed, REDACTED);
    buf_puts(&sealed, jdoc_text_or(content, "data", ""));
    s->thinking = true;
    error = buf_error(&sealed);
    if (!error)
        error = provider_end_thought(s, buf_text(&sealed));
    buf_free(&sealed);
    return error;
}

static int start_thought(struct provider_stream *s, struct provider_block *b, const jdoc *content)
{
    const char *text;
    size_t len;

    b->kind = PROVIDER_BLOCK_REASONING;
    s->thinking = true;
    buf_reset(&s->sealed);
    buf_puts(&s->sealed, SIGNATURE);
    buf_puts(&s->sealed, jdoc_text_or(content, "signature", ""));
    if (jdoc_get_string(content, "thinking", &text, &len))
        return 0;
    return provider_thought(s, text, len);
}

static int start_block(struct provider_stream *s, struct provider_block *b, const jdoc *content)
{
    const char *type = jdoc_text_or(content, "type", ""), *text;
    size_t len;

    b->open = true;
    if (!strcmp(type, "tool_use"))
        return start_call(s, b, content);
    if (!strcmp(type, "thinking"))
        return start_thought(s, b, content);
    if (!strcmp(type, "redacted_thinking"))
        return start_redacted(s, content);
    if (strcmp(type, "text"))
        return 0;
    b->kind = PROVIDER_BLOCK_TEXT;
    if (jdoc_get_string(content, "text", &text, &len))
        return 0;
    return provider_text(s, text, len);
}

static int end_block(struct provider_stream *s, struct provider_block *b)
{
    if (b->kind == PROVIDER_BLOCK_CALL)
        return provider_end_call(s, b);
    b->open = false;
    if (b->kind == PROVIDER_BLOCK_TEXT)
        return provider_end_text(s);
    if (b->kind != PROVIDER_BLOCK_REASONING)
        return 0;
    bool signature = s->sealed.len > sizeof SIGNATURE - 1;
    return provider_end_thought(s, signature ? buf_text(&s->sealed) : NULL);
}

/* What is still open, of all kinds or but for calls: gateways leave out content_block_stop. */
static int end_open(struct provider_stream *s, bool calls)
{
    int error = 0;

    for (size_t i = 0; i < s->block_count && !error; i++) {
        struct provider_block *b = &s->blocks[i];
        if (b->open && (calls || b->kind != PROVIDER_BLOCK_CALL))
            error = end_block(s, b);
    }
    return error;
}

static int end_message(struct provider_stream *s)
{
    int error = end_open(s, true);

    return error ? error : provider_end_text(s); /* of a text without a block */
}

/* A gateway may give the same index, or none, to all blocks: then the one before has ended. */
static int on_block_start(struct provider_stream *s, const jdoc *doc)
{
    struct provider_block *b;
    int64_t index = 0;
    int error;

    (void)jdoc_get_int(doc, "index", &index);
    b = provider_block_at(s, index);
    if ((b && b->open && (error = end_block(s, b))) || (error = end_open(s, false)))
        return error;
    if (!(b = provider_block_add(s, index)))
        return ERR_LIMIT;
    return start_block(s, b, jdoc_get(doc, "content_block"));
}

static int on_block_delta(struct provider_stream *s, const jdoc *doc)
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
        return on_piece(s, &d);
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

static int on_block_stop(struct provider_stream *s, const jdoc *doc)
{
    struct provider_block *b;
    int64_t index = 0;

    (void)jdoc_get_int(doc, "index", &index);
    b = provider_block_at(s, index);
    return b && b->open ? end_block(s, b) : 0;
}

static int on_reason(struct provider_stream *s, const char *reason)
{
    s->stop = provider_stop_of(reason);
    if (s->stop == PROVIDER_STOP_NONE)
        return provider_error(s, reason, "", "the server ended the answer early", 0);
    return end_message(s);
}

static int on_message_delta(struct provider_stream *s, const jdoc *doc)
{
    const char *reason = jdoc_text_or(jdoc_get(doc, "delta"), "stop_reason", "");

    read_usage(s, jdoc_get(doc, "usage"));
    return *reason ? on_reason(s, reason) : 0;
}

static int on_document(struct provider_stream *s, const jdoc *doc)
{
    const char *type = jdoc_text_or(doc, "type", "");

    if (provider_is_error(doc, "type"))
        return provider_error_doc(s, doc, 0);
    if (!strcmp(type, "content_block_delta"))
        return on_block_delta(s, doc);
    if (!strcmp(type, "content_block_start"))
        return on_block_start(s, doc);
    if (!strcmp(type, "content_block_stop"))
        return on_block_stop(s, doc);
    if (!strcmp(type, "message_start")) {
        const jdoc *message = jdoc_get(doc, "message");
        provider_copy(s->model, sizeof s->model, jdoc_text_or(message, "model", ""));
        read_usage(s, jdoc_get(message, "usage"));
        return 0;
    }
    if (!strcmp(type, "message_delta"))
        return on_message_delta(s, doc);
    if (!strcmp(type, "message_stop")) {
        s->ended = true;
        return end_message(s);
    }
    return 0; /* ping, and what is newer than this program */
}

/* The reply of a server that does not stream: a message with its blocks. */
static int on_whole(struct provider_stream *s, const jdoc *doc)
{
    const jdoc *content = jdoc_get(doc, "content");
    const char *type = jdoc_text_or(doc, "type", "");
    int error = 0;

    if (provider_is_error(doc, "type"))
        return provider_error_doc(s, doc, 0);
    if (strcmp(type, "message") || jdoc_type(content) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    provider_copy(s->model, sizeof s->model, jdoc_text_or(doc, "model", ""));
    read_usage(s, jdoc_get(doc, "usage"));
    for (size_t i = 0; i < jdoc_length(content) && !error; i++) {
        struct provider_block *b = provider_block_add(s, (int64_t)i);
        if (!b)
            return ERR_LIMIT;
        if (!(error = start_block(s, b, jdoc_at(content, i))))
            error = end_block(s, b);
    }
    if (!error)
        error = on_reason(s, jdoc_text_or(doc, "stop_reason", "end_turn"));
    s->ended = !error;
    return error;
}

static int on_event(struct provider_stream *s, const struct sse_event *event)
{
    struct scan_delta d;

    if (s->ended)
        return 0;
    if (!s->slow_only && scan_anthropic(event->data, event->len, &s->scratch, &d))
        return on_piece(s, &d);
    if (provider_is_done(event)) { /* a gateway's, from another protocol */
        s->ended = s->stop != PROVIDER_STOP_NONE;
        return 0;
    }
    return provider_event(s, event, on_document);
}

static const char *model_name(const struct conf *conf)
{
    return conf->anthropic_model;
}

static bool think_tags(const struct conf *conf)
{
    return provider_think_tags(conf->anthropic_think_tags, conf->anthropic_url,
        "api.anthropic.com");
}

const struct provider provider_anthropic = {
    .name = "anthropic",
    .model = model_name,
    .tool = write_tool,
    .request = write_request,
    .event = on_event,
    .document = on_whole,
    .think_tags = think_tags,
};
