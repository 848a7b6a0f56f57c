#include "agent/provider.h"

#include "agent/request.h"
#include "agent/request_extra.h"
#include "agent/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
    if (b->announced && (error = request_extra_note(s, b->call, call)))
        return error;
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
        s->thought_field = jdoc_has(delta, "reasoning_content") ? "reasoning_content" : NULL;
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

static const char *base_url(const struct conf *conf)
{
    return conf->openai_url;
}

const struct provider provider_openai = {
    .name = "openai",
    .model = model_name,
    .url = base_url,
    .tool = request_openai_tool,
    .request = request_openai,
    .event = on_event,
};
