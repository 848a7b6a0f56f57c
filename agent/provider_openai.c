#include "agent/provider.h"

#include "agent/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- request ---- */

static void put_string(struct buf *json, const char *s)
{
    buf_json_string(json, s, strlen(s));
}

static void write_tool(struct buf *json, const struct context_tool *tool, bool last)
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

static int write_request(const struct provider_request *q, const struct buf *tools,
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

/* ---- stream ---- */

static int end_call(struct provider_stream *s, struct provider_block *b)
{
    if (!b->open)
        return 0;
    b->open = false;
    return b->announced ? s->sink->call_end(s->sink->arg, b->call) : ERR_PROTOCOL;
}

/* What was open when the model came to its end. */
static int end_all(struct provider_stream *s)
{
    int error = provider_end_thought(s, NULL);

    for (size_t i = 0; i < s->block_count && !error; i++)
        error = end_call(s, &s->blocks[i]);
    return error;
}

/* Servers differ: by index; without one by id; without either it is the last call. */
static struct provider_block *find_call(struct provider_stream *s, const jdoc *call, size_t position)
{
    const char *id = jdoc_text_or(call, "id", "");
    int64_t index;

    if (!jdoc_get_int(call, "index", &index))
        return provider_block_at(s, index);
    for (size_t i = 0; *id && i < s->block_count; i++)
        if (!strcmp(s->blocks[i].id, id))
            return &s->blocks[i];
    if (*id || jdoc_get(jdoc_get(call, "function"), "name") || position)
        return NULL;
    return s->block_count ? &s->blocks[s->block_count - 1] : NULL;
}

static int new_call(struct provider_stream *s, const jdoc *call, struct provider_block **out)
{
    int64_t index = (int64_t)s->block_count + 1000000;

    (void)jdoc_get_int(call, "index", &index);
    if (!(*out = provider_block_add(s, index)))
        return ERR_LIMIT;
    (*out)->kind = PROVIDER_BLOCK_CALL;
    (*out)->open = true;
    (*out)->call = s->calls++;
    provider_copy((*out)->id, sizeof (*out)->id, jdoc_text_or(call, "id", ""));
    return 0;
}

static int on_call(struct provider_stream *s, const jdoc *call, size_t position)
{
    const jdoc *function = jdoc_get(call, "function");
    const char *name = jdoc_text_or(function, "name", ""), *args;
    struct provider_block *b = find_call(s, call, position);
    size_t len;
    int error;

    if (!b && (error = new_call(s, call, &b)))
        return error;
    if (!b->open)
        return ERR_PROTOCOL;
    if (!b->announced && *name) {
        provider_copy(b->name, sizeof b->name, name);
        b->announced = true;
        if ((error = s->sink->call_start(s->sink->arg, b->call, b->id, b->name)))
            return error;
    }
    if (jdoc_get_string(function, "arguments", &args, &len) || !len)
        return 0;
    return b->announced ? s->sink->call_args(s->sink->arg, b->call, args, len) : ERR_PROTOCOL;
}

static int on_text(struct provider_stream *s, const char *text, size_t len)
{
    int error;

    if (!len)
        return 0;
    if ((error = provider_end_thought(s, NULL)))
        return error;
    return s->sink->text(s->sink->arg, text, len);
}

static int on_delta(struct provider_stream *s, const jdoc *delta)
{
    const jdoc *calls = jdoc_get(delta, "tool_calls");
    const char *text;
    size_t len;
    int error;

    if ((!jdoc_get_string(delta, "reasoning_content", &text, &len)
            || !jdoc_get_string(delta, "reasoning", &text, &len)) && len) {
        s->thinking = true;
        if ((error = s->sink->reasoning(s->sink->arg, text, len)))
            return error;
    }
    if (!jdoc_get_string(delta, "content", &text, &len) && (error = on_text(s, text, len)))
        return error;
    if (!jdoc_get_string(delta, "refusal", &text, &len) && len) {
        s->stop = PROVIDER_STOP_REFUSAL;
        if ((error = on_text(s, text, len)))
            return error;
    }
    if (jdoc_type(calls) != JDOC_ARRAY)
        return 0;
    if ((error = provider_end_thought(s, NULL)))
        return error;
    for (size_t i = 0; i < jdoc_length(calls); i++)
        if ((error = on_call(s, jdoc_at(calls, i), i)))
            return error;
    return 0;
}

static enum provider_stop stop_of(const char *reason)
{
    static const struct {
        const char *name;
        enum provider_stop stop;
    } table[] = {
        {"stop", PROVIDER_STOP_END},
        {"tool_calls", PROVIDER_STOP_CALLS},
        {"function_call", PROVIDER_STOP_CALLS},
        {"length", PROVIDER_STOP_MAX_TOKENS},
        {"content_filter", PROVIDER_STOP_FILTER},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(table[i].name, reason))
            return table[i].stop;
    return PROVIDER_STOP_END;
}

static void read_usage(struct provider_stream *s, const jdoc *usage)
{
    struct provider_usage *u = &s->usage;
    const jdoc *in = jdoc_get(usage, "prompt_tokens_details");
    const jdoc *out = jdoc_get(usage, "completion_tokens_details");
    const struct {
        const jdoc *object;
        const char *key;
        int64_t *value;
    } fields[] = {
        {usage, "prompt_tokens", &u->input},
        {usage, "completion_tokens", &u->output},
        {in, "cached_tokens", &u->cached},
        {in, "cache_write_tokens", &u->cache_write},
        {out, "reasoning_tokens", &u->reasoning},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        int64_t n;
        if (!jdoc_get_int(fields[i].object, fields[i].key, &n) && n >= 0)
            *fields[i].value = n;
    }
}

static int on_error(struct provider_stream *s, const jdoc *e)
{
    const char *text = jdoc_string(e, NULL);
    int64_t status = 0;

    provider_copy(s->error_type, sizeof s->error_type, jdoc_text_or(e, "type", "error"));
    provider_copy(s->error_text, sizeof s->error_text,
        text ? text : jdoc_text_or(e, "message", ""));
    (void)jdoc_get_int(e, "code", &status);
    if (status == 429 || status == 503 || status == 529 || strstr(s->error_type, "overload")
        || strstr(s->error_type, "rate_limit"))
        s->error = ERR_OVERLOADED;
    else if (!strcmp(s->error_type, "invalid_request_error"))
        s->error = ERR_INVALID;
    else
        s->error = ERR_REMOTE;
    return s->error;
}

static int on_choice(struct provider_stream *s, const jdoc *choice)
{
    const char *reason = jdoc_text_or(choice, "finish_reason", "");
    int64_t index = 0;
    int error;

    if (!jdoc_get_int(choice, "index", &index) && index)
        return 0; /* one answer was asked for */
    if ((error = on_delta(s, jdoc_get(choice, "delta"))))
        return error;
    if (!*reason)
        return 0;
    if (s->stop == PROVIDER_STOP_NONE)
        s->stop = stop_of(reason);
    return end_all(s);
}

static int on_document(struct provider_stream *s, const jdoc *doc)
{
    const jdoc *choices = jdoc_get(doc, "choices"), *usage = jdoc_get(doc, "usage");
    int error;

    if (jdoc_get(doc, "error"))
        return on_error(s, jdoc_get(doc, "error"));
    if (!*s->model)
        provider_copy(s->model, sizeof s->model, jdoc_text_or(doc, "model", ""));
    if (jdoc_type(usage) == JDOC_OBJECT)
        read_usage(s, usage);
    for (size_t i = 0; jdoc_type(choices) == JDOC_ARRAY && i < jdoc_length(choices); i++)
        if ((error = on_choice(s, jdoc_at(choices, i))))
            return error;
    return 0;
}

static int on_event(struct provider_stream *s, const struct sse_event *event)
{
    struct scan_delta d;
    jdoc *doc = NULL;
    int error;

    if (s->ended)
        return 0;
    /* The first chunk goes the slow way for the name of the model. */
    if (!s->slow_only && *s->model && scan_openai(event->data, event->len, &s->scratch, &d))
        return on_text(s, d.text, d.len);
    if (event->len == 6 && !memcmp(event->data, "[DONE]", 6)) {
        s->ended = true;
        return end_all(s);
    }
    error = jdoc_parse(event->data, event->len, &doc, NULL, 0);
    if (error)
        return error == ERR_NOMEM ? error : ERR_PROTOCOL;
    error = jdoc_type(doc) == JDOC_OBJECT ? on_document(s, doc) : ERR_PROTOCOL;
    jdoc_free(doc);
    return error;
}

static const char *model_name(const struct conf *conf)
{
    return conf->openai_model;
}

const struct provider provider_openai = {
    .name = "openai",
    .model = model_name,
    .tool = write_tool,
    .request = write_request,
    .event = on_event,
};
