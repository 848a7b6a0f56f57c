#include "agent/provider.h"

#include "agent/request.h"
#include "agent/request_extra.h"
#include "agent/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What was open when the model came to its end. */
static int end_all(struct provider_stream *s)
{
    int error = provider_end_text(s);

    if (!error)
        error = provider_end_thought(s, NULL);
    for (size_t i = 0; i < s->block_count && !error; i++)
        error = provider_end_call(s, &s->blocks[i]);
    return error;
}

static struct provider_block *find_id(struct provider_stream *s, const char *id)
{
    char kept[sizeof s->blocks[0].id];

    provider_block_id(kept, id);
    for (size_t i = s->block_count; *id && i-- > 0;)
        if (!strcmp(s->blocks[i].id, kept))
            return &s->blocks[i];
    return NULL;
}

/*
 * The call that a fragment goes on with; NULL = it begins one. Servers differ: most count by
 * index; some give no index, or the same one to all calls, and tell them apart by their ids; some
 * give neither, and a name begins a call. An id may also come after the name.
 */
static struct provider_block *find_call(struct provider_stream *s, const jdoc *call,
    const char *name, size_t position)
{
    const char *id = jdoc_text_or(call, "id", "");
    struct provider_block *b = find_id(s, id);
    int64_t index;

    if (b)
        return b;
    if (!jdoc_get_int(call, "index", &index))
        b = provider_block_at(s, index);
    else if (!*id && !position && s->block_count)
        b = &s->blocks[s->block_count - 1];
    if (b && b->announced && (*name || (*id && *b->id)))
        return NULL;
    return b;
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
    return 0;
}

/* call: {id, index, function}; position: in its list. Arguments: a string, or any JSON value. */
static int on_call(struct provider_stream *s, const jdoc *call, const jdoc *function,
    size_t position)
{
    const char *name = jdoc_text_or(function, "name", ""), *id = jdoc_text_or(call, "id", "");
    const jdoc *args = jdoc_get(function, "arguments");
    struct provider_block *b = find_call(s, call, name, position);
    const char *text;
    size_t len = 0;
    int error;

    if (!b && (error = new_call(s, call, &b)))
        return error;
    if (!b->open)
        return ERR_PROTOCOL;
    if (*id && !*b->id)
        provider_block_id(b->id, id);
    if (!b->announced && *name) {
        provider_copy(b->name, sizeof b->name, name);
        b->announced = true;
        if ((error = s->sink->call_start(s->sink->arg, b->call, b->id, b->name)))
            return error;
    }
    if (b->announced && call && (error = request_extra_note(s, b->call, call)))
        return error;
    if (!(text = jdoc_string(args, &len)) && jdoc_type(args) == JDOC_NULL)
        return 0;
    if (!b->announced)
        return text && !len ? 0 : ERR_PROTOCOL;
    return text ? provider_args(s, b, text, len) : provider_args_value(s, b, args);
}

static int on_calls(struct provider_stream *s, const jdoc *calls)
{
    bool list = jdoc_type(calls) == JDOC_ARRAY;
    size_t count = list ? jdoc_length(calls) : jdoc_type(calls) == JDOC_OBJECT ? 1 : 0;
    int error;

    if (!count)
        return 0;
    if ((error = provider_end_text(s)) || (error = provider_end_thought(s, NULL)))
        return error;
    for (size_t i = 0; i < count; i++) {
        const jdoc *call = list ? jdoc_at(calls, i) : calls;
        if ((error = on_call(s, call, jdoc_get(call, "function"), i)))
            return error;
    }
    return 0;
}

/* The form of 2023: at most one call, {name, arguments} by itself. */
static int on_function_call(struct provider_stream *s, const jdoc *function)
{
    int error;

    if (jdoc_type(function) != JDOC_OBJECT)
        return 0;
    if ((error = provider_end_text(s)) || (error = provider_end_thought(s, NULL)))
        return error;
    return on_call(s, NULL, function, 0);
}

static int on_text(struct provider_stream *s, const char *text, size_t len)
{
    int error;

    if (!len)
        return 0;
    if (!s->think_tags && (error = provider_end_thought(s, NULL)))
        return error;
    return provider_text(s, text, len);
}

/* Text as a string, or as parts: {type:"text",text}, {type:"thinking",thinking:[parts]}, ... */
static int on_content(struct provider_stream *s, const jdoc *content, bool thought)
{
    size_t len, count = jdoc_type(content) == JDOC_ARRAY ? jdoc_length(content) : 0;
    const char *text = jdoc_string(content, &len);
    int error = 0;

    if (text)
        return !len ? 0 : thought ? provider_thought(s, text, len) : on_text(s, text, len);
    for (size_t i = 0; i < count && !error; i++) {
        const jdoc *part = jdoc_at(content, i);
        if (jdoc_type(part) == JDOC_STRING)
            error = on_content(s, part, thought);
        else if (jdoc_get(part, "thinking"))
            error = on_content(s, jdoc_get(part, "thinking"), true);
        else
            error = on_content(s, jdoc_get(part, "text"), thought);
    }
    return error;
}

static int on_delta(struct provider_stream *s, const jdoc *delta)
{
    const char *text;
    size_t len;
    int error;

    if ((!jdoc_get_string(delta, "reasoning_content", &text, &len)
            || !jdoc_get_string(delta, "reasoning", &text, &len)) && len) {
        s->thought_field = jdoc_has(delta, "reasoning_content") ? "reasoning_content" : NULL;
        if ((error = provider_thought(s, text, len)))
            return error;
    }
    if ((error = on_content(s, jdoc_get(delta, "content"), false)))
        return error;
    if (!jdoc_get_string(delta, "refusal", &text, &len) && len) {
        s->stop = PROVIDER_STOP_REFUSAL;
        if ((error = on_text(s, text, len)))
            return error;
    }
    if ((error = on_calls(s, jdoc_get(delta, "tool_calls"))))
        return error;
    return on_function_call(s, jdoc_get(delta, "function_call"));
}

/*
 * Reasons of OpenAI's reference; of Mistral (model_length, error), DeepSeek
 * (insufficient_system_resource), Zhipu (sensitive, network_error), OpenRouter (error), vLLM and
 * SGLang (abort), and Gemini's compatible interface (November 2026). PROVIDER_STOP_NONE: the answer
 * is not whole.
 */
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
        {"max_tokens", PROVIDER_STOP_MAX_TOKENS},
        {"model_length", PROVIDER_STOP_MAX_TOKENS},
        {"content_filter", PROVIDER_STOP_FILTER},
        {"sensitive", PROVIDER_STOP_FILTER},
        {"safety", PROVIDER_STOP_FILTER},
        {"recitation", PROVIDER_STOP_FILTER},
        {"refusal", PROVIDER_STOP_REFUSAL},
        {"error", PROVIDER_STOP_NONE},
        {"network_error", PROVIDER_STOP_NONE},
        {"insufficient_system_resource", PROVIDER_STOP_NONE},
        {"malformed_function_call", PROVIDER_STOP_NONE},
        {"abort", PROVIDER_STOP_NONE},
        {"cancelled", PROVIDER_STOP_NONE},
        {"timeout", PROVIDER_STOP_NONE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcasecmp(table[i].name, reason))
            return table[i].stop;
    return PROVIDER_STOP_END; /* a reason that is newer than this program */
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
        {usage, "prompt_cache_hit_tokens", &u->cached}, /* DeepSeek */
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

/* e: {type, code, message}, code a word or an HTTP status; or a text. */
static int on_error(struct provider_stream *s, const jdoc *e)
{
    const char *text = jdoc_string(e, NULL);
    int64_t status = 0;

    (void)jdoc_get_int(e, "code", &status);
    return provider_error(s, jdoc_text_or(e, "type", ""), jdoc_text_or(e, "code", ""),
        text ? text : jdoc_text_or(e, "message", ""), status);
}

static bool is_error(const jdoc *e)
{
    return jdoc_type(e) == JDOC_OBJECT || jdoc_type(e) == JDOC_STRING;
}

static int on_reason(struct provider_stream *s, const jdoc *choice, const char *reason)
{
    enum provider_stop stop = stop_of(reason);

    if (stop == PROVIDER_STOP_NONE) {
        const jdoc *e = jdoc_get(choice, "error");
        if (is_error(e))
            return on_error(s, e);
        return provider_error(s, reason, "", "the server ended the answer early", 0);
    }
    if (s->stop == PROVIDER_STOP_NONE)
        s->stop = stop;
    return end_all(s);
}

/* What is said stands in `delta`; in `message` where a server does not stream; in `text` where it
 * completes a prompt. */
static int on_choice(struct provider_stream *s, const jdoc *choice)
{
    const char *reason = jdoc_text_or(choice, "finish_reason", "");
    const jdoc *said = jdoc_get(choice, "delta");
    int64_t index = 0;
    int error;

    if (!jdoc_get_int(choice, "index", &index) && index)
        return 0; /* one answer was asked for */
    if (!said)
        said = jdoc_get(choice, "message");
    error = said ? on_delta(s, said) : on_content(s, jdoc_get(choice, "text"), false);
    if (error)
        return error;
    return *reason ? on_reason(s, choice, reason) : 0;
}

static int on_document(struct provider_stream *s, const jdoc *doc)
{
    const jdoc *choices = jdoc_get(doc, "choices"), *usage = jdoc_get(doc, "usage");
    int error;

    if (is_error(jdoc_get(doc, "error")))
        return on_error(s, jdoc_get(doc, "error"));
    if (!strcmp(jdoc_text_or(doc, "object", ""), "error")) /* vLLM */
        return on_error(s, doc);
    if (!*s->model)
        provider_copy(s->model, sizeof s->model, jdoc_text_or(doc, "model", ""));
    if (!usage)
        usage = jdoc_get(jdoc_get(doc, "x_groq"), "usage");
    if (jdoc_type(usage) == JDOC_OBJECT)
        read_usage(s, usage);
    for (size_t i = 0; jdoc_type(choices) == JDOC_ARRAY && i < jdoc_length(choices); i++)
        if ((error = on_choice(s, jdoc_at(choices, i))))
            return error;
    return 0;
}

static int on_whole(struct provider_stream *s, const jdoc *doc)
{
    int error = on_document(s, doc);

    if (error)
        return error;
    if (jdoc_type(jdoc_get(doc, "choices")) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    s->ended = true;
    return end_all(s);
}

static bool is_done(const struct sse_event *event)
{
    size_t len = event->len;

    while (len && (event->data[len - 1] == ' ' || event->data[len - 1] == '\t'))
        len--;
    return len == 6 && !memcmp(event->data, "[DONE]", 6);
}

static int on_event(struct provider_stream *s, const struct sse_event *event)
{
    struct scan_delta d;

    if (s->ended)
        return 0;
    /* The first chunk goes the slow way for the name of the model. */
    if (!s->slow_only && *s->model && scan_openai(event->data, event->len, &s->scratch, &d))
        return on_text(s, d.text, d.len);
    if (is_done(event)) {
        s->ended = true;
        return end_all(s);
    }
    return provider_read(s, event->data, event->len, on_document);
}

static const char *model_name(const struct conf *conf)
{
    return conf->openai_model;
}

static bool think_tags(const struct conf *conf)
{
    return provider_think_tags(conf->openai_think_tags, conf->openai_url, "api.openai.com");
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
    .document = on_whole,
    .think_tags = think_tags,
};
