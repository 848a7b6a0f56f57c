#include "fcgi-app/submit_parts.h"

#include "base/err.h"

#include <string.h>

static void submit_member(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, "\"%s\":", name);
    buf_json_string(b, text, strlen(text));
}

/* Adds one new message, content already JSON, and what counts of it to the hash. */
static int submit_add(struct submit_parser *p, const char *id, const char *role,
    const char *content, const char *tool_call)
{
    struct submit *out = p->out;
    struct buf json;
    if (out->message_count == SUBMIT_MESSAGES_MAX)
        return problem_limit(p->problem, "messages", SUBMIT_MESSAGES_MAX,
            "More than %d new messages.", SUBMIT_MESSAGES_MAX);
    char made[IDENT_UUID_SIZE];
    out->message_id_made = !id;
    if (!id) {
        ident_uuid7(made);
        id = made;
    }
    buf_init(&json, 0);
    buf_putc(&json, '{');
    submit_member(&json, "id", id);
    buf_putc(&json, ',');
    size_t counted = json.len;
    submit_member(&json, "role", role);
    if (tool_call) {
        buf_putc(&json, ',');
        submit_member(&json, "toolCallId", tool_call);
    }
    buf_printf(&json, ",\"content\":%s}", content);
    if (buf_error(&json) == 0) {
        buf_putc(&p->hash, '\n');
        buf_put(&p->hash, json.data + counted, json.len - counted);
    }
    const char *copy = buf_error(&json) == 0 ? arena_memdup(p->arena, json.data, json.len) : NULL;
    buf_free(&json);
    out->message_id = arena_strdup(p->arena, id);
    if (!copy || !out->message_id)
        return ERR_NOMEM;
    out->messages[out->message_count++] = copy;
    return 0;
}

int submit_add_text(struct submit_parser *p, const char *id, const char *role, const char *text,
    const char *tool_call)
{
    struct buf content;
    buf_init(&content, 0);
    buf_json_string(&content, text, strlen(text));
    int error = buf_error(&content);
    if (error == 0)
        error = submit_add(p, id, role, content.data, tool_call);
    buf_free(&content);
    return error;
}

/* Joins the text parts of a content array; any other kind of part is refused, not dropped. */
static int submit_join_parts(struct submit_parser *p, const jdoc *parts, const char **out)
{
    struct buf text;
    buf_init(&text, 0);
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(parts); i++) {
        const jdoc *part = jdoc_at(parts, i);
        const char *piece = NULL;
        if (strcmp(jdoc_text_or(part, "type", ""), "text") != 0)
            error = problem_field(p->problem, "messages",
                "Only text parts are understood in a message's content for now.");
        else
            error = submit_string(p, part, "text", &piece);
        if (error == 0 && piece) {
            if (text.len > 0)
                buf_putc(&text, '\n');
            buf_puts(&text, piece);
        }
    }
    if (error == 0)
        error = buf_error(&text);
    *out = error == 0 ? arena_strdup(p->arena, buf_text(&text)) : NULL;
    buf_free(&text);
    return error == 0 && !*out ? ERR_NOMEM : error;
}

static int submit_content(struct submit_parser *p, const jdoc *message, const char **out)
{
    const jdoc *content = jdoc_get(message, "content");
    if (jdoc_type(content) == JDOC_ARRAY)
        return submit_join_parts(p, content, out);
    int error = submit_string(p, message, "content", out);
    if (error == 0 && !*out)
        error = problem_field(p->problem, "messages", "A message has no content.");
    return error;
}

/* One message behind the last assistant message. Roles other than user and tool are not taken:
 * instructions of the assistant come from the operator, not from a client. */
static int submit_agui_message(struct submit_parser *p, const jdoc *message)
{
    const char *role = NULL, *id = NULL, *content = NULL, *tool_call = NULL;
    int error = jdoc_type(message) == JDOC_OBJECT ?
        submit_string(p, message, "role", &role) :
        problem_field(p->problem, "messages", "Each message must be an object.");
    if (error < 0)
        return error;
    if (!role)
        return problem_field(p->problem, "messages", "A message has no role.");
    bool tool = strcmp(role, "tool") == 0;
    if (!tool && strcmp(role, "user") != 0)
        return 0;
    if ((error = submit_id(p, message, "id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0 ||
        (error = submit_content(p, message, &content)) < 0)
        return error;
    if (tool) {
        error = submit_id(p, message, "toolCallId", IDENT_CLIENT_MESSAGE_MAX, &tool_call);
        if (error == 0 && !tool_call)
            error = problem_field(p->problem, "toolCallId", "A tool message has no toolCallId.");
    } else {
        error = submit_check_text(p, "messages", content);
        p->out->text = content;
    }
    return error < 0 ? error : submit_add_text(p, id, role, content, tool_call);
}

int submit_agui_messages(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *messages = jdoc_get(agui, "messages");
    if (!messages && p->out->resume_count > 0)
        return 0;
    if (jdoc_type(messages) != JDOC_ARRAY)
        return problem_field(p->problem, "messages", "messages must be an array.");
    size_t first = 0, count = jdoc_length(messages);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(jdoc_text_or(jdoc_at(messages, i), "role", ""), "assistant") == 0)
            first = i + 1;
    }
    for (size_t i = first; i < count; i++) {
        int error = submit_agui_message(p, jdoc_at(messages, i));
        if (error < 0)
            return error;
    }
    if (p->out->message_count == 0 && p->out->resume_count == 0)
        return problem_field(p->problem, "messages",
            "There is no user or tool message after the last assistant message.");
    return 0;
}
