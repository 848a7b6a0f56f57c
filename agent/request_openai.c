#include "agent/request.h"

#include "base/err.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void put_string(struct buf *json, const char *s)
{
    buf_json_string(json, s, strlen(s));
}

void request_openai_tool(struct buf *json, const struct context_tool *tool, bool last)
{
    (void)last; /* this protocol caches by prefix and has no marks */
    buf_puts(json, "{\"type\":\"function\",\"function\":{\"name\":");
    put_string(json, tool->name);
    buf_puts(json, ",\"description\":");
    put_string(json, tool->description);
    buf_printf(json, ",\"parameters\":%s}}", tool->schema);
}

static void write_tools(const struct provider_request *q, const struct buf *tools, struct buf *json)
{
    if (provider_put_tools(&provider_openai, q, tools, json) && q->no_tools)
        buf_puts(json, ",\"tool_choice\":\"none\"");
}

static void write_user(struct buf *json, const struct chat_message *m, const char *late)
{
    buf_puts(json, ",{\"role\":\"user\",\"content\":\"");
    if (m->role == CHAT_SYSTEM)
        buf_puts(json, "[The application adds:]\\n");
    buf_json_escaped(json, m->text, m->len);
    if (late) {
        buf_puts(json, "\\n\\n");
        buf_json_escaped(json, late, strlen(late));
    }
    buf_puts(json, "\"}");
}

static void write_assistant(struct buf *json, const struct chat_message *m)
{
    buf_puts(json, ",{\"role\":\"assistant\",\"content\":");
    if (m->len || !m->call_count)
        buf_json_string(json, m->text, m->len);
    else
        buf_puts(json, "null");
    if (m->call_count)
        buf_puts(json, ",\"tool_calls\":[");
    for (size_t i = 0; i < m->call_count; i++) {
        if (i)
            buf_putc(json, ',');
        buf_puts(json, "{\"id\":");
        put_string(json, m->calls[i].id);
        buf_puts(json, ",\"type\":\"function\",\"function\":{\"name\":");
        put_string(json, m->calls[i].name);
        buf_puts(json, ",\"arguments\":");
        if (m->calls[i].args_len)
            buf_json_string(json, m->calls[i].args, m->calls[i].args_len);
        else
            buf_puts(json, "\"{}\"");
        buf_puts(json, "}}");
    }
    buf_puts(json, m->call_count ? "]}" : "}");
}

static void write_messages(const struct context *context, struct buf *json)
{
    buf_puts(json, ",\"messages\":[{\"role\":\"system\",\"content\":");
    put_string(json, context->system);
    buf_putc(json, '}');
    for (size_t i = 0; i < context->count; i++) {
        const struct chat_message *m = &context->items[i];
        switch (m->role) {
        case CHAT_USER:
        case CHAT_SYSTEM:
            write_user(json, m, i == context->late_at ? context->frame->late : NULL);
            break;
        case CHAT_TOOL:
            buf_puts(json, ",{\"role\":\"tool\",\"tool_call_id\":");
            put_string(json, m->call_id);
            buf_puts(json, ",\"content\":");
            buf_json_string(json, m->text, m->len);
            buf_putc(json, '}');
            break;
        case CHAT_ASSISTANT: write_assistant(json, m); break;
        case CHAT_REASONING: break;
        }
    }
    buf_putc(json, ']');
}

/* Models that think refuse `max_tokens` and a temperature; everybody else knows only these. */
static bool is_reasoning_model(const char *model)
{
    return (model[0] == 'o' && isdigit((unsigned char)model[1])) || !strncmp(model, "gpt-5", 5);
}

static void write_sampling(const struct provider_request *q, struct buf *json)
{
    const char *t = q->conf->model_temperature;
    bool thinks = is_reasoning_model(q->conf->openai_model);
    char *end;

    buf_printf(json, ",\"%s\":%lld", thinks ? "max_completion_tokens" : "max_tokens",
        (long long)q->max_tokens);
    if (thinks || !isdigit((unsigned char)*t) || strspn(t, "0123456789.") != strlen(t))
        return;
    (void)strtod(t, &end);
    if (!*end && end[-1] != '.')
        buf_printf(json, ",\"temperature\":%s", t);
}

int request_openai(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out)
{
    const struct conf *conf = q->conf;
    size_t offsets[PROVIDER_HEADERS_MAX], count = 0, base = strlen(conf->openai_url);
    struct buf *b = &out->body, bearer = {0};

    while (base && conf->openai_url[base - 1] == '/')
        base--;
    buf_put(&out->url, conf->openai_url, base);
    buf_puts(&out->url, "/chat/completions");
    provider_header(out, &count, offsets, "Content-Type", "application/json");
    provider_header(out, &count, offsets, "Accept", "text/event-stream");
    if (*conf->openai_key) {
        buf_printf(&bearer, "Bearer %s", conf->openai_key);
        provider_header(out, &count, offsets, "Authorization", buf_text(&bearer));
    }
    buf_puts(b, "{\"model\":");
    put_string(b, conf->openai_model);
    buf_puts(b, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    write_sampling(q, b);
    write_tools(q, tools, b);
    write_messages(q->context, b);
    buf_putc(b, '}');
    int error = buf_error(b) || buf_error(&out->url) || buf_error(&out->header_text)
            || buf_error(&bearer) ? ERR_NOMEM : 0;
    buf_free(&bearer);
    if (!error)
        provider_headers_done(out, count, offsets);
    return error;
}
