/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"

#include "agent/model/request.h"
#include "agent/model/request_extra.h"
#include "agent/model/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What was open when the model came to its end. */
static int provider_end_all(struct provider_stream *s)
{
    int error = provider_end_text(s);

    if (!error)
        error = provider_end_thought(s, NULL);
    for (size_t i = 0; i < s->block_count && !error; i++)
        error = provider_end_call(s, s->blocks[i]);
    return error;
}

static struct provider_block *provider_find_id(struct provider_stream *s, const char *id)
{
    char kept[sizeof s->blocks[0]->id];

    provider_block_id(kept, id);
    for (size_t i = s->block_count; *id && i-- > 0;)
        if (!strcmp(s->blocks[i]->id, kept))
            return s->blocks[i];
    return NULL;
}

/*
 * The call that a fragment goes on with; NULL = it begins one. Servers differ: most count by
 * index; some give no index, or the same one to all calls, and tell them apart by their ids; some
 * give neither, and a name begins a call. An id may also come after the name.
 */
static struct provider_block *provider_find_call(struct provider_stream *s, const jdoc *call,
    const char *name, size_t position)
{
    const char *id = jdoc_text_or(call, "id", "");
    struct provider_block *b = provider_find_id(s, id);
    int64_t index;

    if (b)
        return b;
    if (!jdoc_get_int(call, "index", &index))
        b = provider_block_at(s, index);
    else if (!*id && !position && s->block_count)
        b = s->blocks[s->block_count - 1];
    if (b && b->announced && (*name || (*id && *b->id)))
        return NULL;
    return b;
}

static int provider_new_call(struct provider_stream *s, const jdoc *call,
    struct provider_block **out)
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
static int provider_on_call(struct provider_stream *s, const jdoc *call, const jdoc *function,
    size_t position)
{
    const char *name = jdoc_text_or(function, "name", ""), *id = jdoc_text_or(call, "id", "");
    const jdoc *args = jdoc_get(function, "arguments");
    struct provider_block *b = provider_find_call(s, call, name, position);
    const char *text;
    size_t len = 0;
    int error;

    if (!b && (error = provider_new_call(s, call, &b)))
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

static int provider_on_calls(struct provider_stream *s, const jdoc *calls)
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
        if ((error = provider_on_call(s, call, jdoc_get(call, "function"), i)))
            return error;
    }
    return 0;
}

/* The form of 2023: at most one call, {name, arguments} by itself. */
static int provider_on_function_call(struct provider_stream *s, const jdoc *function)
{
    int error;

    if (jdoc_type(function) != JDOC_OBJECT)
        return 0;
    if ((error = provider_end_text(s)) || (error = provider_end_thought(s, NULL)))
        return error;
    return provider_on_call(s, NULL, function, 0);
}

static int provider_on_text(struct provider_stream *s, const char *text, size_t len)
{
    int error;

    if (!len)
        return 0;
    if (!s->think_tags && (error = provider_end_thought(s, NULL)))
        return error;
    return provider_text(s, text, len);
}

static int provider_on_refusal(struct provider_stream *s, const jdoc *refusal)
{
    size_t len;
    const char *text = jdoc_string(refusal, &len);

    if (!text || !len)
        return 0;
    s->stop = PROVIDER_STOP_REFUSAL;
    return provider_on_text(s, text, len);
}

/* Text as a string; as a part: {type:"text",text}, {type:"thinking",thinking:[parts]}, {type:
 * "refusal",refusal}, ...; or as a list of these. */
static int provider_on_content(struct provider_stream *s, const jdoc *content, bool thought)
{
    size_t len, count = jdoc_type(content) == JDOC_ARRAY ? jdoc_length(content) : 0;
    const char *text = jdoc_string(content, &len);
    int error = 0;

    if (text)
        return !len ? 0 : thought ? provider_thought(s, text, len) : provider_on_text(s, text, len);
    if (jdoc_get(content, "thinking"))
        return provider_on_content(s, jdoc_get(content, "thinking"), true);
    if (jdoc_get(content, "refusal"))
        return provider_on_refusal(s, jdoc_get(content, "refusal"));
    if (jdoc_type(content) == JDOC_OBJECT)
        return provider_on_content(s, jdoc_get(content, "text"), thought);
    for (size_t i = 0; i < count && !error; i++)
        error = provider_on_content(s, jdoc_at(content, i), thought);
    return error;
}

/* The text of a list of details, for a server that says it there alone. */
static int provider_on_details(struct provider_stream *s, const jdoc *list, bool said)
{
    int error = details_add(&s->details, list, s->has_pieces);

    s->thinking = true; /* its end passes them on */
    for (size_t i = 0; i < jdoc_length(list) && !said && !error; i++) {
        const jdoc *item = jdoc_at(list, i);
        const char *text = jdoc_text_or(item, "text", jdoc_text_or(item, "summary", ""));
        if (*text)
            error = provider_thought(s, text, strlen(text));
    }
    return error;
}

/* A thought, under one of the names that servers have for it: the name by which it goes back. */
static int provider_on_thought(struct provider_stream *s, const jdoc *delta)
{
    static const char *const fields[] = {PROVIDER_REASONING_CONTENT, PROVIDER_REASONING};
    const jdoc *details = jdoc_get(delta, PROVIDER_DETAILS);
    bool said = false;
    const char *text;
    size_t len;
    int error = 0;

    for (size_t i = 0; i < 2 && !said && !error; i++) {
        said = !jdoc_get_string(delta, fields[i], &text, &len) && len;
        if (!said)
            continue;
        s->thought_field = fields[i];
        error = provider_thought(s, text, len);
    }
    if (!error && jdoc_type(details) == JDOC_ARRAY && jdoc_length(details))
        error = provider_on_details(s, details, said);
    return error;
}

static int provider_on_delta(struct provider_stream *s, const jdoc *delta)
{
    int error;

    if ((error = provider_on_thought(s, delta)))
        return error;
    if ((error = provider_on_content(s, jdoc_get(delta, "content"), false)))
        return error;
    if ((error = provider_on_refusal(s, jdoc_get(delta, "refusal"))))
        return error;
    if (jdoc_length(jdoc_get(delta, "tool_calls"))) /* some say the same in both forms */
        return provider_on_calls(s, jdoc_get(delta, "tool_calls"));
    return provider_on_function_call(s, jdoc_get(delta, "function_call"));
}

static void provider_openai_read_usage(struct provider_stream *s, const jdoc *usage)
{
    struct provider_usage *u = &s->usage;
    const jdoc *in = jdoc_get(usage, "prompt_tokens_details");
    const jdoc *out = jdoc_get(usage, "completion_tokens_details");
    const struct provider_count fields[] = {
        {usage, "prompt_tokens", &u->input},
        {usage, "completion_tokens", &u->output},
        {usage, "prompt_cache_hit_tokens", &u->cached}, /* DeepSeek */
        {in, "cached_tokens", &u->cached},
        {in, "cache_write_tokens", &u->cache_write},
        {out, "reasoning_tokens", &u->reasoning},
    };
    provider_counts(fields, sizeof fields / sizeof *fields);
}

static int provider_openai_on_reason(struct provider_stream *s, const char *reason)
{
    enum provider_stop stop = provider_stop_of(reason);

    if (stop == PROVIDER_STOP_NONE)
        return provider_error(s, reason, "", "the server ended the answer early", 0);
    if (s->stop == PROVIDER_STOP_NONE)
        s->stop = stop;
    return provider_end_all(s);
}

/* What is said stands in `delta`; in `message` where a server does not stream; in `text` where it
 * completes a prompt. */
static int provider_on_choice(struct provider_stream *s, const jdoc *choice)
{
    const char *reason = jdoc_text_or(choice, "finish_reason", "");
    const jdoc *said = jdoc_get(choice, "delta"), *usage = jdoc_get(choice, "usage");
    int64_t index = 0;
    int error;

    if (!jdoc_get_int(choice, "index", &index) && index)
        return 0; /* one answer was asked for */
    if (provider_is_error(choice, NULL))
        return provider_error_doc(s, choice, 0);
    if (usage) /* Moonshot */
        provider_openai_read_usage(s, usage);
    if (!said)
        said = jdoc_get(choice, "message");
    error =
        said ? provider_on_delta(s, said) : provider_on_content(s, jdoc_get(choice, "text"), false);
    if (error)
        return error;
    return *reason ? provider_openai_on_reason(s, reason) : 0;
}

static int provider_openai_on_document(struct provider_stream *s, const jdoc *doc)
{
    const jdoc *choices = jdoc_get(doc, "choices"), *usage = jdoc_get(doc, "usage");
    int error;

    if (provider_is_error(doc, "choices"))
        return provider_error_doc(s, doc, 0);
    if (!*s->model)
        provider_copy(s->model, sizeof s->model, jdoc_text_or(doc, "model", ""));
    if (!usage)
        usage = jdoc_get(jdoc_get(doc, "x_groq"), "usage");
    if (jdoc_type(usage) == JDOC_OBJECT)
        provider_openai_read_usage(s, usage);
    for (size_t i = 0; jdoc_type(choices) == JDOC_ARRAY && i < jdoc_length(choices); i++)
        if ((error = provider_on_choice(s, jdoc_at(choices, i))))
            return error;
    return 0;
}

static int provider_openai_on_whole(struct provider_stream *s, const jdoc *doc)
{
    int error = provider_openai_on_document(s, doc);

    if (error)
        return error;
    if (jdoc_type(jdoc_get(doc, "choices")) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    s->ended = true;
    return provider_end_all(s);
}

static int provider_openai_on_event(struct provider_stream *s, const struct sse_event *event)
{
    struct scan_delta d;

    if (s->ended)
        return 0;
    /* The first chunk goes the slow way for the name of the model. */
    if (!s->slow_only && *s->model && strcmp(event->name, "error") &&
        scan_openai(event->data, event->len, &s->scratch, &d))
        return provider_on_text(s, d.text, d.len);
    if (provider_is_done(event)) {
        s->ended = true;
        return provider_end_all(s);
    }
    return provider_event(s, event, provider_openai_on_document);
}

static const char *provider_openai_model_name(const struct conf *conf)
{
    return conf->openai_model;
}

static bool provider_openai_think_tags(const struct conf *conf)
{
    return provider_think_tags(conf->openai_think_tags, conf->openai_url, "api.openai.com");
}

static const char *provider_openai_base_url(const struct conf *conf)
{
    return conf->openai_url;
}

const struct provider provider_openai = {
    .name = "openai",
    .model = provider_openai_model_name,
    .url = provider_openai_base_url,
    .tool = request_openai_tool,
    .request = request_openai,
    .event = provider_openai_on_event,
    .document = provider_openai_on_whole,
    .think_tags = provider_openai_think_tags,
};
