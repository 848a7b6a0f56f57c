#include "agent/request.h"

#include "base/err.h"
#include "base/jdoc.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_MARK ",\"cache_control\":{\"type\":\"ephemeral\"}"

static void put_string(struct buf *json, const char *s)
{
    buf_json_string(json, s, strlen(s));
}

void request_anthropic_tool(struct buf *json, const struct context_tool *tool, bool last)
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
    if (!strncmp(m->sealed, REQUEST_SIGNATURE, sizeof REQUEST_SIGNATURE - 1)) {
        open_message(w, 2);
        open_block(w, "thinking");
        buf_puts(w->json, ",\"thinking\":");
        buf_json_string(w->json, m->text, m->len);
        buf_puts(w->json, ",\"signature\":");
        put_string(w->json, m->sealed + sizeof REQUEST_SIGNATURE - 1);
        buf_putc(w->json, '}');
    } else if (!strncmp(m->sealed, REQUEST_REDACTED, sizeof REQUEST_REDACTED - 1)) {
        open_message(w, 2);
        open_block(w, "redacted_thinking");
        buf_puts(w->json, ",\"data\":");
        put_string(w->json, m->sealed + sizeof REQUEST_REDACTED - 1);
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

int request_anthropic(const struct provider_request *q, const struct buf *tools,
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
