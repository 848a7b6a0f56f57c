/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of the AI SDK's HttpChatTransport (npm `ai` 7.0.173, src/ui/http-chat-transport.ts,
 * November 2026): {id, messages, trigger, messageId} and what the page adds. The client sends the
 * whole conversation; the stored one counts, so only the end of it is looked at.
 */
#include "fcgi-app/submit_parts.h"

#include "base/err.h"
#include "process/uimessage.h"

#include <string.h>

static void submit_aisdk_free(void *doc)
{
    jdoc_free(doc);
}

/* Made here, and needed until the request has been answered. */
static int submit_aisdk_keep(struct submit_parser *p, jdoc *doc)
{
    return !doc || arena_on_free(p->arena, submit_aisdk_free, doc) < 0 ? ERR_NOMEM : 0;
}

/* ---- which message ---- */

static const jdoc *submit_aisdk_find(const jdoc *messages, const char *id)
{
    for (size_t i = jdoc_length(messages); i-- > 0;) {
        if (strcmp(jdoc_text_or(jdoc_at(messages, i), "id", ""), id) == 0)
            return jdoc_at(messages, i);
    }
    return NULL;
}

static bool submit_aisdk_is(const jdoc *message, const char *role)
{
    return strcmp(jdoc_text_or(message, "role", ""), role) == 0;
}

/* The message that is new, or has something new. */
static int submit_aisdk_choose(struct submit_parser *p, bool again, const char *message_id,
    const jdoc **out)
{
    const jdoc *messages = jdoc_get(p->body, "messages"), *named;
    size_t count = jdoc_length(messages);
    if (jdoc_type(messages) != JDOC_ARRAY || count == 0)
        return problem_field(p->problem, "messages",
            "messages must be an array with the conversation, the new message last.");
    *out = jdoc_at(messages, count - 1);
    named = message_id && !again ? submit_aisdk_find(messages, message_id) : NULL;
    if (submit_aisdk_is(named, "assistant")) /* its approvals or results, maybe further up */
        *out = named;
    if (again && !submit_aisdk_is(*out, "user"))
        return problem_field(p->problem, "messages",
            "To answer again, messages must end with the user's message that is meant.");
    if (!submit_aisdk_is(*out, "user") && !submit_aisdk_is(*out, "assistant"))
        return problem_field(p->problem, "messages",
            "The last message must be the user's or the assistant's.");
    if (jdoc_type(jdoc_get(*out, "parts")) != JDOC_ARRAY)
        return problem_field(p->problem, "messages", "parts of the last message must be an array.");
    return 0;
}

/* ---- the user's words ---- */

static int submit_aisdk_text(jdoc *content, const char *text)
{
    jdoc *part = jdoc_new_object();
    int failed = !part || jdoc_set_string(part, "type", "text") < 0 ||
        jdoc_set_string(part, "text", text) < 0;
    return jdoc_push_made(content, part, failed);
}

/* Parts that a page shows and no assistant reads (data-*, source-*, step-start) are passed over. */
static int submit_aisdk_part(struct submit_parser *p, const jdoc *part, jdoc *content)
{
    const char *type = jdoc_text_or(part, "type", ""), *text = NULL;
    int error;
    if (strcmp(type, "file") == 0)
        return submit_aisdk_file_part(p, part, content);
    if (strcmp(type, "text") != 0)
        return 0;
    error = submit_string(p, part, "text", &text);
    if (error == 0 && !text)
        error = problem_field(p->problem, "text", "A text part has no text.");
    return error < 0 ? error : submit_aisdk_text(content, text);
}

static int submit_aisdk_user(struct submit_parser *p, const jdoc *message)
{
    const jdoc *parts = jdoc_get(message, "parts");
    const char *id = NULL;
    jdoc *content = jdoc_new_array();
    int error = submit_aisdk_keep(p, content);
    if (error == 0)
        error = submit_id(p, message, "id", IDENT_CLIENT_MESSAGE_MAX, &id);
    for (size_t i = 0; error == 0 && i < jdoc_length(parts); i++)
        error = submit_aisdk_part(p, jdoc_at(parts, i), content);
    if (error < 0)
        return error;
    const jdoc *only = jdoc_length(content) == 1 ? jdoc_get(jdoc_at(content, 0), "text") : NULL;
    return submit_add_content(p, id, "user", only ? only : content, NULL);
}

/* ---- what the user and the client's tools said ---- */

/* Edited arguments and what a form was filled in with stand beside the messages:
 * {"approvals":{ID:{"editedArgs":{...},"content":{...}}}}. */
static int submit_aisdk_payload(struct submit_parser *p, const char *id, bool approved, jdoc **out)
{
    const jdoc *more = jdoc_get(jdoc_get(p->body, "approvals"), id);
    const jdoc *edited = jdoc_get(more, "editedArgs"), *content = jdoc_get(more, "content");
    int error;
    *out = jdoc_new_object();
    error = submit_aisdk_keep(p, *out);
    if (error == 0)
        error = jdoc_set_bool(*out, "approved", approved);
    if (error == 0 && edited)
        error = jdoc_set(*out, "editedArgs", jdoc_dup(edited));
    if (error == 0 && content)
        error = jdoc_set(*out, "content", jdoc_dup(content));
    return error;
}

static int submit_aisdk_answer(struct submit_parser *p, const jdoc *part)
{
    const jdoc *approval = jdoc_get(part, "approval");
    struct submit_resume *out = &p->out->resume[p->out->resume_count];
    bool approved = false;
    jdoc *payload = NULL;
    int error;
    if (p->out->resume_count == SUBMIT_RESUME_MAX)
        return problem_limit(p->problem, "messages", SUBMIT_RESUME_MAX,
            "More than %d answered approvals.", SUBMIT_RESUME_MAX);
    if ((error = submit_id(p, approval, "id", IDENT_CLIENT_MESSAGE_MAX, &out->id)) < 0)
        return error;
    if (!out->id || jdoc_get_bool(approval, "approved", &approved) < 0)
        return problem_field(p->problem, "approval",
            "An answered approval needs its id, and approved: true or false.");
    if ((error = submit_aisdk_payload(p, out->id, approved, &payload)) < 0)
        return error;
    out->payload = payload;
    out->edited = "editedArgs";
    p->out->resume_count++;
    buf_printf(&p->hash, "\nanswer %s ", out->id);
    jdoc_write_canonical(payload, &p->hash);
    return 0;
}

/* What a tool of the client gave. Which calls wait for that, the store knows. */
static int submit_aisdk_output(struct submit_parser *p, const jdoc *part, bool failed)
{
    const char *call = NULL, *why = NULL;
    const jdoc *output = jdoc_get(part, "output");
    struct buf text;
    int error;
    if ((error = submit_id(p, part, "toolCallId", IDENT_CLIENT_MESSAGE_MAX, &call)) < 0 ||
        (error = submit_string(p, part, "errorText", &why)) < 0)
        return error;
    if (!call)
        return problem_field(p->problem, "toolCallId", "A tool part has no toolCallId.");
    buf_init(&text, 0);
    if (failed) {
        buf_puts(&text, "{\"success\":false,\"message\":");
        buf_json_text(&text, why ? why : "The tool failed.");
        buf_putc(&text, '}');
    } else if (jdoc_type(output) == JDOC_STRING) {
        buf_puts(&text, jdoc_string(output, NULL));
    } else {
        jdoc_write(output, &text);
    }
    error = buf_error(&text);
    if (error == 0)
        error = submit_add_text(p, NULL, "tool", buf_text(&text), call);
    buf_free(&text);
    if (error == 0)
        p->out->results[p->out->message_count - 1] = call;
    return error;
}

static int submit_aisdk_tool(struct submit_parser *p, const jdoc *part)
{
    const char *state = jdoc_text_or(part, "state", "");
    if (strcmp(state, "approval-responded") == 0)
        return submit_aisdk_answer(p, part);
    if (strcmp(state, "output-available") == 0)
        return jdoc_is_true(part, "preliminary") ? 0 : submit_aisdk_output(p, part, false);
    return strcmp(state, "output-error") == 0 ? submit_aisdk_output(p, part, true) : 0;
}

/* Its last step: only there can something be open. */
static int submit_aisdk_assistant(struct submit_parser *p, const jdoc *message)
{
    const jdoc *parts = jdoc_get(message, "parts");
    size_t first = 0, count = jdoc_length(parts);
    int error = submit_id(p, message, "id", UIMESSAGE_ID_MAX, &p->out->goes_on);
    if (error == 0 && !p->out->goes_on)
        error = problem_field(p->problem, "id", "The assistant's message has no id.");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(jdoc_text_or(jdoc_at(parts, i), "type", ""), "step-start") == 0)
            first = i + 1;
    }
    for (size_t i = first; error == 0 && i < count; i++) {
        const char *type = jdoc_text_or(jdoc_at(parts, i), "type", "");
        if (strncmp(type, "tool-", 5) == 0 || strcmp(type, "dynamic-tool") == 0)
            error = submit_aisdk_tool(p, jdoc_at(parts, i));
    }
    p->out->resume_all = true;
    return error;
}

/* ---- the rest ---- */

static int submit_aisdk_trigger(struct submit_parser *p, bool *again)
{
    const char *trigger = NULL;
    int error = submit_string(p, p->body, "trigger", &trigger);
    *again = trigger && strcmp(trigger, "regenerate-message") == 0;
    if (error == 0 && trigger && !*again && strcmp(trigger, "submit-message") != 0)
        return problem_field(p->problem, "trigger",
            "trigger must be submit-message or regenerate-message.");
    return error;
}

/* The client's own tools; nothing else of a RunAgentInput comes from here. */
static int submit_aisdk_tools(struct submit_parser *p)
{
    const jdoc *tools = jdoc_get(p->body, "tools");
    jdoc *only;
    int error;
    if (!tools)
        return 0;
    only = jdoc_new_object();
    error = submit_aisdk_keep(p, only);
    if (error == 0)
        error = jdoc_set(only, "tools", jdoc_dup(tools));
    if (error == 0)
        error = submit_check_agui(p, only);
    return error < 0 ? error : submit_keep_agui(p, only);
}

/* A message that came before is edited or answered again: what runs for it is not wanted. */
static int submit_aisdk_busy(struct submit_parser *p, bool comes_again)
{
    int error = submit_on_busy(p, p->body);
    if (error == 0)
        error = submit_cache(p, p->body);
    if (error == 0 && comes_again && !jdoc_has(p->body, "on_busy"))
        p->out->on_busy = TURNS_INTERRUPT;
    return error;
}

static int submit_aisdk_stops(struct submit_parser *p)
{
    if (jdoc_get_bool(p->body, "stop_on_abort", &p->out->stops) == ERR_INVALID)
        return problem_field(p->problem, "stop_on_abort", "stop_on_abort must be true or false.");
    return 0;
}

int submit_aisdk(struct submit_parser *p, const char *key)
{
    struct submit *out = p->out;
    const char *session = NULL, *message_id = NULL;
    const jdoc *message = NULL;
    bool again = false, user;
    int error;
    out->source = "aisdk";
    out->stream = true;
    out->form = "aisdk";
    if ((error = submit_session_id(p, p->body, "id", &session)) < 0 ||
        (error = submit_aisdk_trigger(p, &again)) < 0 ||
        (error = submit_id(p, p->body, "messageId", UIMESSAGE_ID_MAX, &message_id)) < 0 ||
        (error = submit_aisdk_choose(p, again, message_id, &message)) < 0)
        return error;
    if (!session)
        return problem_field(p->problem, "id", "id, the chat's, is missing.");
    submit_session(p, session);
    user = submit_aisdk_is(message, "user");
    if ((error = submit_key(p, key)) < 0 || (error = submit_context(p)) < 0 ||
        (error = submit_aisdk_tools(p)) < 0 || (error = submit_aisdk_stops(p)) < 0 ||
        (error = submit_zone_and_locale(p, p->body)) < 0 ||
        (error = submit_aisdk_busy(p, user && (again || message_id))) < 0)
        return error;
    error = user ? submit_aisdk_user(p, message) : submit_aisdk_assistant(p, message);
    /* The same new message twice is one; one that is edited or answered again has no key. */
    if (error == 0 && user && !again && !message_id && !out->client_message_id &&
        !out->message_id_made)
        out->client_message_id = out->message_id;
    return error;
}
