/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_parts.h"

#include <string.h>

/* facade_completion -- the messages of POST /chat/completions. */

static int facade_read_calls(struct facade_reader *r, const jdoc *message, struct buf *calls)
{
    const jdoc *list = jdoc_get(message, "tool_calls");
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
        const jdoc *call = jdoc_at(list, i), *function = jdoc_get(call, "function");
        const struct facade_call one = {jdoc_text_or(call, "id", ""),
            jdoc_text_or(function, "name", ""), jdoc_text_or(function, "arguments", "")};
        error = facade_put_call(r, &one, calls);
    }
    return error;
}

static int facade_read_assistant(struct facade_reader *r, const jdoc *message)
{
    struct buf calls;
    buf_init(&calls, 0);
    int error = facade_read_calls(r, message, &calls);
    if (error == 0)
        error = facade_add_assistant(r, jdoc_get(message, "content"), &calls);
    buf_free(&calls);
    return error;
}

/* is_new: it stands behind the last message of the assistant. */
static int facade_read_message(struct facade_reader *r, const jdoc *message, bool is_new)
{
    const char *role = jdoc_text_or(message, "role", "");
    const jdoc *content = jdoc_get(message, "content");
    bool told = is_new || r->facade->whole;
    if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0)
        return facade_add_instructions(r, content);
    if (strcmp(role, "user") == 0)
        return told ? facade_add_user(r, content, is_new) : 0;
    if (strcmp(role, "assistant") == 0)
        return told ? facade_read_assistant(r, message) : 0;
    if (strcmp(role, "tool") == 0) {
        const char *call = jdoc_string(jdoc_get(message, "tool_call_id"), NULL);
        if (is_new && !r->facade->call)
            r->facade->call = call;
        return told ? facade_add_result(r, call, content) : 0;
    }
    return problem_field(r->p->problem, "messages",
        "The role of a message is system, developer, user, assistant or tool, not \"%.40s\".",
        role);
}

static int facade_read_messages(struct facade_reader *r)
{
    const jdoc *list = jdoc_get(r->p->body, "messages");
    size_t count = jdoc_length(list), tail = 0;
    int error = 0;
    if (jdoc_type(list) != JDOC_ARRAY || count == 0)
        return problem_field(r->p->problem, "messages",
            "messages must be an array that is not empty.");
    for (size_t i = 0; i < count; i++) {
        if (jdoc_type(jdoc_at(list, i)) != JDOC_OBJECT)
            return problem_field(r->p->problem, "messages", "messages[%zu] is not an object.", i);
        if (strcmp(jdoc_text_or(jdoc_at(list, i), "role", ""), "assistant") == 0)
            tail = i + 1;
    }
    for (size_t i = 0; error == 0 && i < count; i++) {
        if (i == tail)
            r->facade->tail = r->p->out->message_count;
        error = facade_read_message(r, jdoc_at(list, i), i >= tail);
    }
    if (error == 0 && (tail == count || r->facade->tail == r->p->out->message_count))
        error = problem_field(r->p->problem, "messages",
            "There is no user or tool message after the last assistant message.");
    return error;
}

int facade_completion_read(struct submit_parser *p)
{
    struct facade_reader r = {.p = p, .max_tokens = "max_completion_tokens"};
    int error = facade_begin(&r);
    if (error == 0)
        error = facade_read_messages(&r);
    if (error == 0)
        error = facade_end(&r);
    if (error == 0)
        r.facade->usage = jdoc_is_true(jdoc_get(p->body, "stream_options"), "include_usage");
    buf_free(&r.instructions);
    return error;
}
