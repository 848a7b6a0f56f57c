/* SPDX-License-Identifier: BSD-2-Clause */
/* provider_words -- why an answer ended, and what went wrong: the words of many servers. */
#define _GNU_SOURCE /* strcasestr */
#include "agent/model/provider.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the end of an answer ---- */

/*
 * OpenAI's and Anthropic's references; Mistral (model_length, error), DeepSeek
 * (insufficient_system_resource), Zhipu (sensitive, network_error), OpenRouter (error), vLLM and
 * SGLang (abort), Bedrock (guardrail_intervened, content_filtered), Gemini's own reasons, which its
 * compatible interface puts behind "content_filter:" or "function_call_filter:" (November 2026).
 * A gateway passes on the words of the server behind it, so all are known to both protocols.
 */
static const struct {
    const char *name;
    enum provider_stop stop;
} words_stops[] = {
    {"stop", PROVIDER_STOP_END},
    {"end_turn", PROVIDER_STOP_END},
    {"stop_sequence", PROVIDER_STOP_END},
    {"tool_calls", PROVIDER_STOP_CALLS},
    {"tool_use", PROVIDER_STOP_CALLS},
    {"function_call", PROVIDER_STOP_CALLS},
    {"length", PROVIDER_STOP_MAX_TOKENS},
    {"max_tokens", PROVIDER_STOP_MAX_TOKENS},
    {"model_length", PROVIDER_STOP_MAX_TOKENS},
    {"max_output_tokens", PROVIDER_STOP_MAX_TOKENS},
    {"pause_turn", PROVIDER_STOP_PAUSE},
    {"refusal", PROVIDER_STOP_REFUSAL},
    {"model_context_window_exceeded", PROVIDER_STOP_CONTEXT},
    {"content_filter", PROVIDER_STOP_FILTER},
    {"content_filtered", PROVIDER_STOP_FILTER},
    {"guardrail_intervened", PROVIDER_STOP_FILTER},
    {"sensitive", PROVIDER_STOP_FILTER},
    {"safety", PROVIDER_STOP_FILTER},
    {"recitation", PROVIDER_STOP_FILTER},
    {"blocklist", PROVIDER_STOP_FILTER},
    {"prohibited_content", PROVIDER_STOP_FILTER},
    {"spii", PROVIDER_STOP_FILTER},
    {"function_call_filter", PROVIDER_STOP_NONE},
    {"error", PROVIDER_STOP_NONE},
    {"network_error", PROVIDER_STOP_NONE},
    {"insufficient_system_resource", PROVIDER_STOP_NONE},
    {"malformed_function_call", PROVIDER_STOP_NONE},
    {"unexpected_tool_call", PROVIDER_STOP_NONE},
    {"abort", PROVIDER_STOP_NONE},
    {"aborted", PROVIDER_STOP_NONE},
    {"cancelled", PROVIDER_STOP_NONE},
    {"canceled", PROVIDER_STOP_NONE},
    {"failed", PROVIDER_STOP_NONE},
    {"timeout", PROVIDER_STOP_NONE},
};

enum provider_stop provider_stop_of(const char *reason)
{
    size_t len = strcspn(reason, ": "); /* "content_filter: SAFETY" */

    for (size_t i = 0; i < sizeof words_stops / sizeof words_stops[0]; i++)
        if (strlen(words_stops[i].name) == len && !strncasecmp(words_stops[i].name, reason, len))
            return words_stops[i].stop;
    return PROVIDER_STOP_END;
}

bool provider_is_done(const struct sse_event *event)
{
    size_t len = event->len;

    while (len && (event->data[len - 1] == ' ' || event->data[len - 1] == '\t'))
        len--;
    return len == 6 && !memcmp(event->data, "[DONE]", 6);
}

/* ---- errors ---- */

/*
 * Types, codes and states of errors that say more than their status: the two vendors' references
 * of errors; OpenRouter, DeepSeek and Azure use the same words; Google's canonical codes, Bedrock's
 * exceptions, DashScope (Arrearage) (November 2026).
 */
static const struct {
    const char *word;
    int error;
} words_errors[] = {
    {"content_filter", ERR_POLICY},
    {"content_policy", ERR_POLICY},
    {"policy_violation", ERR_POLICY},
    {"data_inspection", ERR_POLICY}, /* Azure, OpenAI, DashScope */
    {"responsibleai", ERR_POLICY},
    {"sensitive", ERR_POLICY},
    {"insufficient_quota", ERR_QUOTA},
    {"billing", ERR_QUOTA}, /* billing_error, billing_hard_limit_reached, billing_not_active */
    {"spend_limit", ERR_QUOTA},
    {"insufficient_balance", ERR_QUOTA},
    {"arrearage", ERR_QUOTA},
    {"authentication", ERR_AUTH},
    {"unauthenticated", ERR_AUTH},
    {"permission", ERR_AUTH},
    {"accessdenied", ERR_AUTH},
    {"invalid_api_key", ERR_AUTH},
    {"api_key_invalid", ERR_AUTH},
    {"overload", ERR_OVERLOADED},
    {"rate_limit", ERR_OVERLOADED},
    {"resource_exhausted", ERR_OVERLOADED},
    {"throttl", ERR_OVERLOADED},
    {"unavailable", ERR_OVERLOADED},
    {"invalid_request", ERR_INVALID},
    {"BadRequest", ERR_INVALID}, /* vLLM */
    {"context_length_exceeded", ERR_INVALID},
    {"invalid_prompt", ERR_INVALID},
    {"policy", ERR_INVALID}, /* OpenAI: bio_policy and others */
    {"response_not_found", ERR_INVALID},
};

static int provider_words_error_of_status(int64_t status)
{
    switch (status) {
    case 401:
    case 403:
        return ERR_AUTH;
    case 402:
        return ERR_QUOTA;
    case 429:
    case 503:
    case 529:
        return ERR_OVERLOADED;
    case 400:
    case 404:
    case 413:
    case 422:
        return ERR_INVALID;
    default:
        return ERR_REMOTE;
    }
}

int provider_error(struct provider_stream *s, const char *type, const char *code,
    const char *message, int64_t status)
{
    provider_copy(s->error_type, sizeof s->error_type, *type ? type : *code ? code : "error");
    provider_copy(s->error_text, sizeof s->error_text, message);
    if (!*s->said.type)
        provider_token(s->said.type, sizeof s->said.type, type);
    if (strcmp(code, s->said.type) != 0)
        provider_token(s->said.code, sizeof s->said.code, code);
    s->error = provider_words_error_of_status(status);
    for (size_t i = 0; i < sizeof words_errors / sizeof words_errors[0]; i++) {
        const char *word = words_errors[i].word;
        if (!strcasestr(type, word) && !strcasestr(code, word))
            continue;
        if (words_errors[i].error == ERR_INVALID && status)
            break; /* DeepSeek calls a 402 an invalid_request_error */
        s->error = words_errors[i].error;
        break;
    }
    return s->error;
}

/* null, false, 0, "" and {} say that all is well. */
static bool provider_words_is_fault(const jdoc *e)
{
    switch (jdoc_type(e)) {
    case JDOC_STRING:
        return *jdoc_string(e, NULL);
    case JDOC_OBJECT:
    case JDOC_ARRAY:
        return jdoc_length(e) > 0;
    case JDOC_BOOL: {
        bool is = false;
        return !jdoc_bool(e, &is) && is;
    }
    case JDOC_INT: {
        int64_t n = 0;
        return !jdoc_int(e, &n) && n;
    }
    default:
        return false;
    }
}

bool provider_is_error(const jdoc *doc, const char *normal)
{
    if (provider_words_is_fault(jdoc_get(doc, "error")))
        return true;
    if (!normal)
        return false;
    return !strcmp(jdoc_text_or(doc, "object", ""), "error") || /* vLLM, Mistral */
        !strcmp(jdoc_text_or(doc, "type", ""), "error") ||
        (!jdoc_get(doc, normal) &&
            (jdoc_string(jdoc_get(doc, "message"), NULL) || jdoc_get(doc, "detail")));
}

/* The first text among the members of either object. */
static const char *provider_words_text(const jdoc *e, const jdoc *doc, const char *const *keys)
{
    for (; *keys; keys++) {
        const char *text = jdoc_text_or(e, *keys, jdoc_text_or(doc, *keys, ""));
        if (*text)
            return text;
    }
    return "";
}

/* A status of HTTP that the error itself names, as a number or in digits; 0 = none. */
static int64_t provider_words_status(const jdoc *e)
{
    static const char *const keys[] = {"code", "status", "status_code", "http_status_code"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const jdoc *value = jdoc_get(e, keys[i]);
        const char *text = jdoc_string(value, NULL);
        int64_t n = text ? strtol(text, NULL, 10) : 0;
        if (!text)
            (void)jdoc_int(value, &n);
        if (n >= 400 && n <= 599)
            return n;
    }
    return 0;
}

/*
 * What servers say in a sentence alone, with a type that says less: Gemini and xAI of the key
 * (400), Anthropic of the credit (400), Anthropic, OpenAI, Azure and DashScope of their policy
 * (November 2026). type: a word of the table above.
 */
static const struct {
    const char *phrase, *type;
} words_sentences[] = {
    {"incorrect api key", "invalid_api_key"}, {"invalid api key", "invalid_api_key"},
    {"api key not valid", "invalid_api_key"}, {"credit balance is too low", "insufficient_quota"},
    {"insufficient balance", "insufficient_quota"}, {"insufficient credits", "insufficient_quota"},
    {"content filtering policy", "content_policy"}, {"content management policy", "content_policy"},
    {"content policy", "content_policy"}, {"usage policy", "content_policy"},
    {"usage policies", "content_policy"}, {"safety system", "content_policy"},
    {"inappropriate content", "content_policy"},
    {"input was flagged", "content_policy"}, /* OpenRouter, with status 403 */
};

/* The type that the sentence stands for; else the one that was given. */
static const char *provider_words_type(const char *message, const char *type)
{
    for (size_t i = 0; i < sizeof words_sentences / sizeof words_sentences[0]; i++)
        if (strcasestr(message, words_sentences[i].phrase))
            return words_sentences[i].type;
    return type;
}

/*
 * {error:{type, code, message, status}}, {error:"message", code}, {type, code, message} by itself,
 * {detail:"message"} (FastAPI), {error:"message", error_type} (TGI), or the first one of a list
 * (Gemini).
 */
int provider_error_doc(struct provider_stream *s, const jdoc *doc, int64_t status)
{
    static const char *const types[] = {"type", "status", "error_type", "__type", NULL};
    static const char *const codes[] = {"error_code", "code", NULL};
    static const char *const messages[] = {"message", "detail", "msg", NULL};

    if (jdoc_type(doc) == JDOC_ARRAY)
        doc = jdoc_at(doc, 0);
    const jdoc *e = jdoc_get(doc, "error");
    const char *message = jdoc_string(e, NULL);
    if (jdoc_type(e) != JDOC_OBJECT)
        e = doc;
    const char *type = provider_words_text(e, NULL, types);
    if (!message)
        message = provider_words_text(e, doc, messages);
    provider_token(s->said.type, sizeof s->said.type,
        type); /* as it was called, whatever it means */
    provider_token(s->said.request, sizeof s->said.request, jdoc_text_or(doc, "request_id", ""));
    type = provider_words_type(message, type);
    return provider_error(s, type, provider_words_text(e, NULL, codes), message,
        status ? status : provider_words_status(e));
}

int provider_event(struct provider_stream *s, const struct sse_event *event,
    int (*read)(struct provider_stream *s, const jdoc *doc))
{
    char text[sizeof s->error_text];
    jdoc *doc = NULL;
    int error;

    if (strcmp(event->name, "error"))
        return provider_read(s, event->data, event->len, read);
    if (jdoc_parse(event->data, event->len, &doc, NULL, 0)) {
        snprintf(text, sizeof text, "%.*s",
            (int)(event->len < sizeof text ? event->len : sizeof text - 1), event->data);
        return provider_error(s, "", "", text, 0);
    }
    error = provider_error_doc(s, doc, 0);
    jdoc_free(doc);
    return error;
}
