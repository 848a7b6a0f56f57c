/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_parts.h"

#include "store/keys.h"

#include <stdio.h>
#include <string.h>

/* facade_members -- what chat completions and responses have alike, but their messages. */

int facade_unsupported(const struct facade_reader *r, const char *param, const char *why)
{
    problem_set(r->p->problem, PROBLEM_UNSUPPORTED, "%s", why);
    snprintf(r->p->problem->field, sizeof r->p->problem->field, "%s", param);
    return ERR_INVALID;
}

/* --- what would change the answer, and is not served; anything else unknown is passed over --- */

static bool facade_is_set(const jdoc *value)
{
    return value && jdoc_type(value) != JDOC_NULL;
}

static bool facade_is_true(const jdoc *value)
{
    bool yes = false;
    return jdoc_bool(value, &yes) == 0 && yes;
}

static bool facade_is_above_one(const jdoc *value)
{
    double number = 0;
    return jdoc_double(value, &number) == 0 && number != 1;
}

static bool facade_is_above_zero(const jdoc *value)
{
    double number = 0;
    return jdoc_double(value, &number) == 0 && number > 0;
}

static bool facade_is_filled(const jdoc *value)
{
    return jdoc_length(value) > 0 || (jdoc_string(value, NULL) && *jdoc_string(value, NULL));
}

static bool facade_is_no_text(const jdoc *value)
{
    return facade_is_set(value) && strcmp(jdoc_text_or(value, "type", ""), "text") != 0;
}

static bool facade_has_format(const jdoc *value)
{
    return facade_is_no_text(jdoc_get(value, "format"));
}

static bool facade_has_audio(const jdoc *value)
{
    for (size_t i = 0; i < jdoc_length(value); i++) {
        const char *one = jdoc_string(jdoc_at(value, i), NULL);
        if (!one || strcmp(one, "text") != 0)
            return true;
    }
    return false;
}

static const struct {
    const char *name;
    bool (*asks)(const jdoc *value);
    const char *why;
} facade_unserved[] = {
    {"n", facade_is_above_one, "One answer is given: n is 1."},
    {"logprobs", facade_is_true, "Log probabilities are not given."},
    {"top_logprobs", facade_is_above_zero, "Log probabilities are not given."},
    {"modalities", facade_has_audio, "Answers are text."},
    {"audio", facade_is_set, "Answers are text."},
    {"response_format", facade_is_no_text, "Answers are free text: the only type is text."},
    {"text", facade_has_format, "Answers are free text: the only format is text."},
    {"stop", facade_is_filled, "Stop sequences are not served."},
    {"functions", facade_is_filled, "Use tools instead of functions."},
    {"function_call", facade_is_set, "Use tool_choice instead of function_call."},
    {"web_search_options", facade_is_set, "The assistant has tools of its own for that."},
    {"prompt", facade_is_set, "Stored prompts are not served."},
};

static int facade_check_served(const struct facade_reader *r)
{
    const jdoc *body = r->p->body;
    for (size_t i = 0; i < sizeof facade_unserved / sizeof facade_unserved[0]; i++) {
        const jdoc *value = jdoc_get(body, facade_unserved[i].name);
        if (value && facade_unserved[i].asks(value))
            return facade_unsupported(r, facade_unserved[i].name, facade_unserved[i].why);
    }
    return 0;
}

/* --- model, session, key --- */

static int facade_check_model(struct facade_reader *r)
{
    struct problem *problem = r->p->problem;
    int error = submit_string(r->p, r->p->body, "model", &r->facade->model);
    if (error < 0)
        return error;
    if (!r->facade->model)
        return problem_field(problem, "model", "model is missing.");
    if (facade_has_model(r->p->conf, r->facade->model))
        return 0;
    problem_set(problem, PROBLEM_MODEL,
        "The model `%.100s` does not exist; GET /v1/models names those that do.", r->facade->model);
    snprintf(problem->field, sizeof problem->field, "model");
    return ERR_INVALID;
}

/* metadata.session_id, else the header; without both there is none. */
static int facade_read_session(struct facade_reader *r)
{
    const jdoc *metadata = jdoc_get(r->p->body, "metadata");
    const char *session = NULL, *header = r->p->from->session;
    if (facade_is_set(metadata) && jdoc_type(metadata) != JDOC_OBJECT)
        return problem_field(r->p->problem, "metadata", "metadata must be an object.");
    int error = submit_session_id(r->p, metadata, "session_id", &session);
    if (error < 0)
        return error;
    if (!session && header && !ident_is_session(header, strlen(header)))
        return problem_limit(r->p->problem, "X-Session-Id", IDENT_SESSION_MAX,
            "X-Session-Id must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_SESSION_MAX);
    if (!session)
        session = header;
    submit_session(r->p, session);
    r->facade->whole = !session;
    return 0;
}

/*
 * OpenAI's SDKs number their tries of one request (X-Stainless-Retry-Count), but send no key with
 * it unless told to. So such a request is its own key: a further try finds the turn of the first.
 */
static int facade_read_key(struct facade_reader *r)
{
    struct submit *out = r->p->out;
    const char *key = r->p->from->key, *retry = r->p->from->retry;
    struct buf body;
    char digest[IDENT_SHA256_SIZE];
    if (key)
        return submit_key(r->p, key);
    if (!retry)
        return 0;
    buf_init(&body, 0);
    jdoc_write_canonical(r->p->body, &body);
    if (r->p->from->session)
        buf_puts(&body, r->p->from->session);
    int error = buf_error(&body);
    if (error == 0) {
        ident_sha256_hex(body.data, body.len, digest);
        out->client_message_id = arena_printf(r->p->arena, "request:%s", digest);
        out->naming = strcmp(retry, "0") == 0 ? TURNS_ANEW : TURNS_AGAIN;
        error = !out->client_message_id ? ERR_NOMEM : 0;
    }
    buf_free(&body);
    return error;
}

int facade_begin(struct facade_reader *r)
{
    struct submit_parser *p = r->p;
    int error;
    buf_init(&r->instructions, 0);
    r->facade = arena_alloc(p->arena, sizeof *r->facade);
    if (!r->facade)
        return ERR_NOMEM;
    memset(r->facade, 0, sizeof *r->facade);
    p->out->facade = r->facade;
    p->out->source = "openai";
    p->messages_max = (size_t)p->conf->facade_messages_max;
    p->text_max = p->conf->facade_message_max;
    jdoc_write_canonical(p->body, &p->hash);
    if ((error = facade_check_model(r)) < 0 || (error = facade_check_served(r)) < 0 ||
        (error = facade_read_session(r)) < 0 || (error = facade_read_key(r)) < 0)
        return error;
    error = jdoc_get_bool(p->body, "stream", &p->out->stream);
    if (error == ERR_INVALID)
        return problem_field(p->problem, "stream", "stream must be true or false.");
    p->out->whole = !p->out->stream;
    return 0;
}

/* --- for the turn --- */

static int facade_add_tool(struct facade_reader *r, const jdoc *tool, size_t index, jdoc *tools)
{
    static const char *const names[] = {"name", "description", "parameters"};
    const char *type = jdoc_text_or(tool, "type", "");
    const jdoc *from = r->flat ? tool : jdoc_get(tool, "function");
    if (strcmp(type, "function") != 0 || jdoc_type(from) != JDOC_OBJECT) {
        char param[48];
        snprintf(param, sizeof param, "tools[%zu].type", index);
        return facade_unsupported(r, param,
            "Only tools of the type function are taken; the assistant has others of its own.");
    }
    jdoc *out = jdoc_new_object();
    int failed = !out;
    for (size_t i = 0; !failed && i < sizeof names / sizeof names[0]; i++) {
        const jdoc *value = jdoc_get(from, names[i]);
        if (facade_is_set(value))
            failed = jdoc_set(out, names[i], jdoc_dup(value));
    }
    return jdoc_push_made(tools, out, failed);
}

static int facade_tools(struct facade_reader *r, jdoc *kept)
{
    const jdoc *list = jdoc_get(r->p->body, "tools");
    jdoc *tools = jdoc_new_array();
    if (!tools || jdoc_set(kept, "tools", tools) < 0)
        return ERR_NOMEM;
    if (facade_is_set(list) && jdoc_type(list) != JDOC_ARRAY)
        return problem_field(r->p->problem, "tools", "tools must be an array.");
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(list); i++)
        error = facade_add_tool(r, jdoc_at(list, i), i, tools);
    return error;
}

static bool facade_has_tool(const jdoc *kept, const char *name)
{
    const jdoc *tools = jdoc_get(kept, "tools");
    for (size_t i = 0; i < jdoc_length(tools); i++) {
        if (strcmp(jdoc_text_or(jdoc_at(tools, i), "name", ""), name) == 0)
            return true;
    }
    return false;
}

/* none: the caller's tools are not told. A call that must come is one of the caller's. */
static int facade_tool_choice(struct facade_reader *r, jdoc *kept)
{
    const jdoc *choice = jdoc_get(r->p->body, "tool_choice");
    const char *word = jdoc_string(choice, NULL);
    const jdoc *from = r->flat ? choice : jdoc_get(choice, "function");
    const char *name = jdoc_text_or(from, "name", "");
    bool any = word && strcmp(word, "required") == 0;
    if (!facade_is_set(choice) || (word && strcmp(word, "auto") == 0))
        return 0;
    if (word && strcmp(word, "none") == 0) {
        jdoc_remove(kept, "tools");
        return 0;
    }
    if (!any && (word || strcmp(jdoc_text_or(choice, "type", ""), "function") != 0))
        return facade_unsupported(r, "tool_choice",
            "tool_choice is none, auto, required or a function.");
    if (any ? jdoc_length(jdoc_get(kept, "tools")) == 0 : !facade_has_tool(kept, name))
        return problem_field(r->p->problem, "tool_choice",
            "tool_choice asks for a call of a tool that is not in tools.");
    return jdoc_set_string(kept, "toolChoice", any ? "" : name);
}

static int facade_max_tokens(struct facade_reader *r, jdoc *kept)
{
    const char *const names[] = {r->max_tokens, r->flat ? NULL : "max_tokens"};
    for (size_t i = 0; i < 2; i++) {
        int64_t most = 0;
        const jdoc *value = names[i] ? jdoc_get(r->p->body, names[i]) : NULL;
        if (!facade_is_set(value))
            continue;
        if (jdoc_int(value, &most) < 0 || most < 1)
            return problem_field(r->p->problem, names[i], "%s must be a whole number above 0.",
                names[i]);
        return jdoc_set_int(kept, "maxTokens", most);
    }
    return 0;
}

static void facade_free_json(void *doc)
{
    jdoc_free(doc);
}

int facade_own(const struct facade_reader *r, jdoc *doc)
{
    return !doc ? ERR_NOMEM : arena_on_free(r->p->arena, facade_free_json, doc);
}

int facade_end(struct facade_reader *r)
{
    struct submit_parser *p = r->p;
    jdoc *kept = jdoc_new_object();
    int error = facade_own(r, kept);
    if (error < 0 || (error = facade_tools(r, kept)) < 0 ||
        (error = facade_tool_choice(r, kept)) < 0 || (error = facade_max_tokens(r, kept)) < 0 ||
        (error = submit_check_agui(p, kept)) < 0)
        return error;
    if (r->instructions.len > 0)
        error = jdoc_set_string(kept, "instructions", buf_text(&r->instructions));
    p->out->agui = kept;
    if (r->facade->whole) {
        char made[IDENT_UUID_SIZE];
        ident_uuid7(made);
        snprintf(p->out->session, sizeof p->out->session, "%s%s",
            r->facade->store ? KEYS_KEPT : KEYS_ONCE, made);
    }
    return error;
}
