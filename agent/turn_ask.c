/* SPDX-License-Identifier: BSD-2-Clause */
/* One call of the model, of a turn. */
#include "agent/turn_parts.h"

#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"

#include <string.h>

static const char *turn_ask_stop_text(enum provider_stop stop)
{
    switch (stop) {
    case PROVIDER_STOP_MAX_TOKENS:
        return "max_tokens";
    case PROVIDER_STOP_REFUSAL:
        return "refusal";
    case PROVIDER_STOP_CONTEXT:
        return "context_window";
    case PROVIDER_STOP_FILTER:
        return "content_filter";
    case PROVIDER_STOP_EMPTY:
        return "empty";
    default:
        return NULL;
    }
}

/* Words of our own, behind what the model said. */
static int turn_ask_tell(struct turn *t, const char *text)
{
    model_mark_stale(&t->model);
    return answer_say(t->answer, text);
}

/* Did a filter end the answer in its middle? A refusal of OpenAI's has words of its own. */
static bool turn_ask_is_torn(const struct model_result *result)
{
    return result->stop == PROVIDER_STOP_FILTER ||
        (result->stop == PROVIDER_STOP_REFUSAL && result->provider == &provider_anthropic);
}

/* An answer that stopped short without a word must not look like an empty success. */
static int turn_ask_explain(struct turn *t, const struct model_result *result)
{
    if (t->answer->call_count)
        return 0;
    if (!utf8_blank(buf_text(&t->answer->text), t->answer->text.len))
        return turn_ask_is_torn(result) ?
            turn_ask_tell(t, "\n\n(The policy of the assistant's model ended the answer here.)") :
            0;
    switch (result->stop) {
    case PROVIDER_STOP_REFUSAL:
        return turn_ask_tell(t, "The model declined to answer this.");
    case PROVIDER_STOP_FILTER:
        return turn_ask_tell(t,
            "The policy of the assistant's model forbids an answer to this. Please ask in other "
            "words.");
    case PROVIDER_STOP_CONTEXT:
        return turn_ask_tell(t,
            "This conversation has become too long for the model. Please "
            "start a new one.");
    case PROVIDER_STOP_MAX_TOKENS:
        return turn_ask_tell(t, "The model used up its output before it came to an answer.");
    case PROVIDER_STOP_EMPTY:
        return turn_ask_tell(t,
            t->model_calls > 1 ?
                "The tools have run, but the model said nothing about what they found. Please "
                "ask again." :
                "The model gave no answer. Please ask again, or in other words.");
    default:
        return 0;
    }
}

static void turn_ask_note(struct turn *t, const struct model_result *result)
{
    if (result->stop == PROVIDER_STOP_CONTEXT || result->stop == PROVIDER_STOP_REFUSAL ||
        result->stop == PROVIDER_STOP_FILTER)
        return; /* turn_ask_explain tells it */
    if (result->trimmed)
        t->notice =
            "(This conversation is longer than the model can read. I answered from its latest "
            "messages.)";
    else if (result->reduced)
        t->notice =
            "(The model did not accept the earlier part of this conversation. I answered from "
            "your last message alone.)";
}

/* Behind the answer, where every client shows it, and once. */
static int turn_ask_say_notice(struct turn *t)
{
    const char *notice = t->notice;
    int error = 0;

    if (!notice || t->answer->call_count)
        return 0;
    t->notice = NULL;
    if (t->answer->text.len)
        error = turn_ask_tell(t, "\n\n");
    return error ? error : turn_ask_tell(t, notice);
}

/* The conversation keeps what viewers have seen, also of an answer that broke off. */
static int turn_ask_keep(struct turn *t)
{
    int closed = answer_close(t->answer);
    int error = answer_store(t->answer, &t->chat);

    answer_reset(t->answer);
    return error ? error : closed;
}

int turn_tell(struct turn *t, const char *text)
{
    int error, kept;

    answer_reset(t->answer);
    error = turn_ask_tell(t, text);
    kept = turn_ask_keep(t);
    return error ? error : kept;
}

/* Did the model stop where it wanted to go on? */
static bool turn_ask_is_cut(enum provider_stop stop)
{
    return stop == PROVIDER_STOP_MAX_TOKENS || stop == PROVIDER_STOP_CONTEXT ||
        stop == PROVIDER_STOP_FILTER;
}

/* What a failed model call is to the turn: it broke off, or why there was no answer. */
static int turn_ask_failure(int error, bool emitted)
{
    switch (error) {
    case ERR_AUTH:
    case ERR_QUOTA:
    case ERR_OVERLOADED:
        return emitted ? ERR_PEER_GONE : error;
    case ERR_NET:
        return emitted ? ERR_PEER_GONE : ERR_NET;
    case ERR_PROTOCOL:
    case ERR_REMOTE:
    case ERR_FORBIDDEN: /* a redirect to another host */
    case ERR_NOT_CONFIGURED:
        return emitted ? ERR_PEER_GONE : ERR_REMOTE;
    default:
        return error;
    }
}

/* The application may want a call of a tool of its own: any counts with the first step. */
static const char *turn_ask_must_call(const struct turn *t)
{
    const char *choice = jdoc_string(jdoc_get(t->input.agui, "toolChoice"), NULL);

    if (!choice || t->out_of_steps || !t->frame.client_tool_count)
        return NULL;
    if (!*choice)
        return t->model_calls ? NULL : choice;
    for (size_t i = 0; i < t->frame.client_tool_count; i++) {
        const struct context_tool *tool = &t->frame.client_tools[i];
        if (!strcmp(tool->own ? tool->own : tool->name, choice))
            return tool->name;
    }
    return NULL;
}

int turn_ask(struct turn *t, bool *again)
{
    const struct conf *conf = t->env->conf;
    int64_t tokens = conf->turn_output_tokens - t->output_tokens;
    struct model_result result;
    int error, kept;

    turn_stage(t, STAGE_CONTEXT);
    if (tokens > conf->model_output_tokens)
        tokens = conf->model_output_tokens;
    int64_t asked = jdoc_int_or(t->input.agui, "maxTokens", tokens);
    if (tokens > asked)
        tokens = asked;
    const struct model_ask ask = {.frame = &t->frame,
        .chat = &t->chat,
        .arena = t->scratch,
        .no_tools = t->out_of_steps,
        .max_tokens = tokens,
        .shorten = conf->model_summary ? turn_summary_shorten : NULL,
        .arg = t,
        .first = t->begun};
    turn_stage(t, STAGE_MODEL_WAIT);
    t->frame.must_call = turn_ask_must_call(t);
    t->model_calls++;
    if (!t->upstream)
        answer_reset(t->answer);
    error = t->upstream ? turn_resume_ask(t, &ask, &result) :
                          model_call(&t->model, &t->wait, &ask, t->answer, &result);
    if (error == ERR_DRAINING && t->model.stream.background)
        return error; /* the next worker goes on with it: it stays open in the log */
    turn_usage_add(t, &result);
    turn_cache_note(t, &result, error);
    turn_ask_note(t, &result);
    if (result.provider)
        provider_copy(t->model_name, sizeof t->model_name, result.model);
    if (!error) {
        t->stop_reason = turn_ask_stop_text(result.stop);
        if (t->stop_reason)
            log_info("turn %s: the answer of %s ended by %s", t->start->turn, t->model_name,
                t->stop_reason);
        error = turn_ask_explain(t, &result);
    }
    if (!error)
        error = turn_ask_say_notice(t);
    if (error && !t->answer->emitted && !result.provider)
        log_warn("no model answered: %s", result.why);
    turn_measure_said(t);
    bool emitted = t->answer->emitted, calls = t->answer->call_count > 0;
    kept = turn_ask_keep(t);
    if (!error && !kept && calls && turn_ask_is_cut(result.stop))
        kept = calls_refuse_cut(&t->calls);
    *again = calls || result.stop == PROVIDER_STOP_PAUSE;
    return error ? turn_ask_failure(error, emitted) : kept;
}
