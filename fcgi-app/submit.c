#include "fcgi-app/submit.h"

#include "base/buf.h"
#include "base/err.h"
#include "fcgi-app/webhook.h"

#include <stdlib.h>
#include <string.h>

#define SUBMIT_CONTEXT_KEYS 50
#define SUBMIT_ATTACHMENTS 10
#define SUBMIT_AGUI_TOOLS 64
#define SUBMIT_ZONE_MAX 64
#define SUBMIT_LOCALE_MAX 35
#define SUBMIT_TITLE_CHARACTERS 60

struct submit_parser { /* what every step needs */
    const jdoc *body;
    const struct conf *conf;
    struct arena *arena;
    struct submit *out;
    struct problem *problem;
    struct buf hash; /* what makes the request the same, as JSON members */
};

/* An optional string without NUL. 0 (NULL when absent) or ERR_INVALID with the problem set. */
static int submit_string(struct submit_parser *p, const jdoc *doc, const char *name,
    const char **out)
{
    const char *text = NULL;
    size_t len = 0;
    *out = NULL;
    int result = jdoc_get_string(doc, name, &text, &len);
    if (result == ERR_NOT_FOUND)
        return 0;
    if (result < 0)
        return problem_field(p->problem, name, "%s must be a string, not %s.", name,
            jdoc_type_name(jdoc_type(jdoc_get(doc, name))));
    if (strlen(text) != len)
        return problem_field(p->problem, name, "%s must not hold the character U+0000.", name);
    *out = text;
    return 0;
}

static int submit_id(struct submit_parser *p, const jdoc *doc, const char *name, size_t max,
    const char **out)
{
    int result = submit_string(p, doc, name, out);
    if (result < 0 || *out == NULL)
        return result;
    if (ident_is_safe(*out, strlen(*out), max))
        return 0;
    return problem_limit(p->problem, name, (int64_t)max,
        "%s must have 1 to %zu characters of A-Z a-z 0-9 _ . : @ -.", name, max);
}

static int submit_session_id(struct submit_parser *p, const jdoc *doc, const char *name,
    const char **out)
{
    int result = submit_id(p, doc, name, IDENT_SESSION_MAX, out);
    if (result < 0 || *out == NULL || ident_is_session(*out, strlen(*out)))
        return result;
    return problem_field(p->problem, name,
        "%s must not end with :msgs, :log, :queue, :floor or :ctl.", name);
}

/* Takes one element of a fixed set of characters; used for zones and locales. */
static int submit_name(struct submit_parser *p, const jdoc *doc, const char *name, size_t max,
    const char **out)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    int result = submit_string(p, doc, name, out);
    if (result < 0)
        return result;
    if (*out == NULL)
        *out = "";
    size_t len = strlen(*out);
    if (len > max || strspn(*out, allowed) != len || **out == '/')
        return problem_limit(p->problem, name, (int64_t)max, "%s is not the name of a %s.", name,
            name);
    return 0;
}

static size_t submit_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static int submit_check_text(struct submit_parser *p, const char *name, const char *text)
{
    if (text[strspn(text, " \t\r\n")] == '\0')
        return problem_field(p->problem, name, "%s must not be empty.", name);
    size_t count = submit_characters(text);
    if (count > (size_t)p->conf->message_max)
        return problem_limit(p->problem, name, p->conf->message_max,
            "%s has %zu characters; %lld are allowed.", name, count,
            (long long)p->conf->message_max);
    return 0;
}

/* The first words, on one line. */
static const char *submit_title(struct arena *arena, const char *text)
{
    text += strspn(text, " \t\r\n");
    size_t characters = 0, len = 0;
    for (; text[len] != '\0'; len++) {
        if (((unsigned char)text[len] & 0xc0) != 0x80 && characters++ == SUBMIT_TITLE_CHARACTERS)
            break;
    }
    char *title = arena_memdup(arena, text, len);
    for (char *c = title; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
    return title;
}

/* --- messages --- */

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
    out->message_id_made = id == NULL;
    if (id == NULL) {
        ident_uuid7(made);
        id = made;
    }
    buf_init(&json, 0);
    buf_putc(&json, '{');
    submit_member(&json, "id", id);
    buf_putc(&json, ',');
    size_t counted = json.len;
    submit_member(&json, "role", role);
    if (tool_call != NULL) {
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
    if (copy == NULL || out->message_id == NULL)
        return ERR_NOMEM;
    out->messages[out->message_count++] = copy;
    return 0;
}

static int submit_add_text(struct submit_parser *p, const char *id, const char *role,
    const char *text, const char *tool_call)
{
    struct buf content;
    buf_init(&content, 0);
    buf_json_string(&content, text, strlen(text));
    int result = buf_error(&content);
    if (result == 0)
        result = submit_add(p, id, role, content.data, tool_call);
    buf_free(&content);
    return result;
}

/* Joins the text parts of a content array; any other kind of part is refused, not dropped. */
static int submit_join_parts(struct submit_parser *p, const jdoc *parts, const char **out)
{
    struct buf text;
    buf_init(&text, 0);
    int result = 0;
    for (size_t i = 0; result == 0 && i < jdoc_length(parts); i++) {
        const jdoc *part = jdoc_at(parts, i);
        const char *piece = NULL;
        if (strcmp(jdoc_text_or(part, "type", ""), "text") != 0)
            result = problem_field(p->problem, "messages",
                "Only text parts are understood in a message's content for now.");
        else
            result = submit_string(p, part, "text", &piece);
        if (result == 0 && piece != NULL) {
            if (text.len > 0)
                buf_putc(&text, '\n');
            buf_puts(&text, piece);
        }
    }
    if (result == 0)
        result = buf_error(&text);
    *out = result == 0 ? arena_strdup(p->arena, buf_text(&text)) : NULL;
    buf_free(&text);
    return result == 0 && *out == NULL ? ERR_NOMEM : result;
}

static int submit_content(struct submit_parser *p, const jdoc *message, const char **out)
{
    const jdoc *content = jdoc_get(message, "content");
    if (jdoc_type(content) == JDOC_ARRAY)
        return submit_join_parts(p, content, out);
    int result = submit_string(p, message, "content", out);
    if (result == 0 && *out == NULL)
        result = problem_field(p->problem, "messages", "A message has no content.");
    return result;
}

/* One message behind the last assistant message. Roles other than user and tool are not taken:
 * instructions of the assistant come from the operator, not from a client. */
static int submit_agui_message(struct submit_parser *p, const jdoc *message)
{
    const char *role = NULL, *id = NULL, *content = NULL, *tool_call = NULL;
    int result = jdoc_type(message) == JDOC_OBJECT
                     ? submit_string(p, message, "role", &role)
                     : problem_field(p->problem, "messages", "Each message must be an object.");
    if (result < 0)
        return result;
    if (role == NULL)
        return problem_field(p->problem, "messages", "A message has no role.");
    bool tool = strcmp(role, "tool") == 0;
    if (!tool && strcmp(role, "user") != 0)
        return 0;
    if ((result = submit_id(p, message, "id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0 ||
        (result = submit_content(p, message, &content)) < 0)
        return result;
    if (tool) {
        result = submit_id(p, message, "toolCallId", IDENT_CLIENT_MESSAGE_MAX, &tool_call);
        if (result == 0 && tool_call == NULL)
            result = problem_field(p->problem, "toolCallId", "A tool message has no toolCallId.");
    } else {
        result = submit_check_text(p, "messages", content);
        p->out->text = content;
    }
    return result < 0 ? result : submit_add_text(p, id, role, content, tool_call);
}

static int submit_agui_messages(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *messages = jdoc_get(agui, "messages");
    if (messages == NULL && p->out->resume_count > 0)
        return 0;
    if (jdoc_type(messages) != JDOC_ARRAY)
        return problem_field(p->problem, "messages", "messages must be an array.");
    size_t first = 0, count = jdoc_length(messages);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(jdoc_text_or(jdoc_at(messages, i), "role", ""), "assistant") == 0)
            first = i + 1;
    }
    for (size_t i = first; i < count; i++) {
        int result = submit_agui_message(p, jdoc_at(messages, i));
        if (result < 0)
            return result;
    }
    if (p->out->message_count == 0 && p->out->resume_count == 0)
        return problem_field(p->problem, "messages",
            "There is no user or tool message after the last assistant message.");
    return 0;
}

/* --- the parts that several forms share --- */

static int submit_context(struct submit_parser *p)
{
    const jdoc *context = jdoc_get(p->body, "context");
    if (context == NULL)
        return 0;
    if (jdoc_type(context) != JDOC_OBJECT)
        return problem_field(p->problem, "context", "context must be an object, not %s.",
            jdoc_type_name(jdoc_type(context)));
    if (jdoc_length(context) > SUBMIT_CONTEXT_KEYS)
        return problem_limit(p->problem, "context", SUBMIT_CONTEXT_KEYS,
            "context has %zu members; %d are allowed.", jdoc_length(context), SUBMIT_CONTEXT_KEYS);
    p->out->context = context;
    return 0;
}

static int submit_zone_and_locale(struct submit_parser *p, const jdoc *doc)
{
    int result = submit_name(p, doc, "timezone", SUBMIT_ZONE_MAX, &p->out->zone);
    if (result == 0 && *p->out->zone == '\0' && p->out->context != NULL)
        result = submit_name(p, p->out->context, "timezone", SUBMIT_ZONE_MAX, &p->out->zone);
    return result < 0 ? result
                      : submit_name(p, doc, "locale", SUBMIT_LOCALE_MAX, &p->out->locale);
}

static int submit_on_busy(struct submit_parser *p, const jdoc *doc)
{
    static const struct {
        const char *name;
        enum turns_on_busy value;
    } names[] = {
        {"enqueue", TURNS_ENQUEUE}, {"interrupt", TURNS_INTERRUPT}, {"reject", TURNS_REJECT}};
    const char *text = NULL;
    int result = submit_string(p, doc, "on_busy", &text);
    p->out->on_busy = TURNS_ENQUEUE;
    if (result < 0 || text == NULL)
        return result;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, text) == 0) {
            p->out->on_busy = names[i].value;
            return 0;
        }
    }
    return problem_field(p->problem, "on_busy", "on_busy must be enqueue, interrupt or reject.");
}

static int submit_attachments(struct submit_parser *p)
{
    const jdoc *list = jdoc_get(p->body, "attachments");
    if (list == NULL)
        return 0;
    if (jdoc_type(list) != JDOC_ARRAY)
        return problem_field(p->problem, "attachments", "attachments must be an array.");
    if (jdoc_length(list) > SUBMIT_ATTACHMENTS)
        return problem_limit(p->problem, "attachments", SUBMIT_ATTACHMENTS,
            "%zu attachments; %d are allowed.", jdoc_length(list), SUBMIT_ATTACHMENTS);
    if (jdoc_length(list) > 0)
        return problem_field(p->problem, "attachments",
            "Attachments are not understood yet; send the message without them.");
    return 0;
}

static int submit_key(struct submit_parser *p, const char *key)
{
    int result = submit_id(p, p->body, "client_message_id", IDENT_CLIENT_MESSAGE_MAX,
        &p->out->client_message_id);
    if (result < 0 || p->out->client_message_id != NULL || key == NULL)
        return result;
    if (!ident_is_safe(key, strlen(key), IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(p->problem, "Idempotency-Key", IDENT_CLIENT_MESSAGE_MAX,
            "Idempotency-Key must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_CLIENT_MESSAGE_MAX);
    p->out->client_message_id = arena_strdup(p->arena, key);
    return p->out->client_message_id == NULL ? ERR_NOMEM : 0;
}

static void submit_session(struct submit_parser *p, const char *session)
{
    p->out->session_given = session != NULL;
    if (session != NULL)
        memcpy(p->out->session, session, strlen(session) + 1);
    else
        ident_uuid7(p->out->session);
}

/* --- the three forms --- */

static int submit_chat(struct submit_parser *p, const char *key)
{
    struct submit *out = p->out;
    const char *text = NULL, *session = NULL, *conversation = NULL, *id = NULL;
    int result;
    out->source = "chat";
    if ((result = submit_string(p, p->body, "message", &text)) < 0)
        return result;
    if (text == NULL)
        return problem_field(p->problem, "message", "message is missing.");
    if ((result = submit_check_text(p, "message", text)) < 0 ||
        (result = submit_session_id(p, p->body, "session_id", &session)) < 0 ||
        (result = submit_session_id(p, p->body, "conversation_id", &conversation)) < 0 ||
        (result = submit_string(p, p->body, "user_id", &out->user_id)) < 0 ||
        (result = submit_id(p, p->body, "message_id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0 ||
        (result = submit_key(p, key)) < 0 || (result = submit_context(p)) < 0 ||
        (result = submit_attachments(p)) < 0 || (result = submit_zone_and_locale(p, p->body)) < 0 ||
        (result = submit_on_busy(p, p->body)) < 0)
        return result;
    result = jdoc_get_bool(p->body, "stream", &out->stream);
    if (result == ERR_INVALID)
        return problem_field(p->problem, "stream", "stream must be true or false.");
    if ((result = webhook_parse(p->body, p->conf, &out->webhook, p->problem)) < 0)
        return result;
    submit_session(p, conversation != NULL ? conversation : session);
    out->text = text;
    return submit_add_text(p, id, "user", text, NULL);
}

/* Bytes of the client's tools: half of what a request may have is for the conversation. */
static size_t submit_tools_max(const struct conf *conf)
{
    int64_t half = conf->model_context_tokens * 18 / 5 / 2; /* bytes of a token: context_tokens */
    return (size_t)(conf->client_tools_max < half ? conf->client_tools_max : half);
}

/* Which vendors would take them is the model's side (agent/context.c); here: what they must have. */
static int submit_check_tools(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *list = jdoc_get(agui, "tools");
    const size_t max = submit_tools_max(p->conf);
    struct buf parameters;
    size_t bytes = 0;
    int result = 0;
    buf_init(&parameters, 0);
    for (size_t i = 0; result == 0 && i < jdoc_length(list); i++) {
        const jdoc *tool = jdoc_at(list, i);
        const char *name = NULL, *description = NULL;
        if ((result = submit_string(p, tool, "name", &name)) < 0 ||
            (result = submit_string(p, tool, "description", &description)) < 0)
            break;
        if (name == NULL || *name == '\0') {
            result = problem_field(p->problem, "tools", "tools[%zu] has no name.", i);
            break;
        }
        buf_reset(&parameters);
        jdoc_write(jdoc_get(tool, "parameters"), &parameters);
        result = buf_error(&parameters);
        bytes += strlen(name) + (description != NULL ? strlen(description) : 0) + parameters.len;
    }
    buf_free(&parameters);
    if (result == 0 && bytes > max)
        result = problem_limit(p->problem, "tools", (int64_t)max,
            "The %zu tools have %zu bytes of names, descriptions and parameters; %zu are allowed.",
            jdoc_length(list), bytes, max);
    return result;
}

static int submit_check_agui(struct submit_parser *p, const jdoc *agui)
{
    static const struct {
        const char *name;
        size_t max;
    } arrays[] = {{"tools", SUBMIT_AGUI_TOOLS}, {"context", SUBMIT_CONTEXT_KEYS},
        {"resume", SUBMIT_RESUME_MAX}};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
        const jdoc *list = jdoc_get(agui, arrays[i].name);
        if (list == NULL)
            continue;
        if (jdoc_type(list) != JDOC_ARRAY)
            return problem_field(p->problem, arrays[i].name, "%s must be an array.",
                arrays[i].name);
        if (jdoc_length(list) > arrays[i].max)
            return problem_limit(p->problem, arrays[i].name, (int64_t)arrays[i].max,
                "%s has more than %zu elements.", arrays[i].name, arrays[i].max);
        for (size_t k = 0; k < jdoc_length(list); k++) {
            if (jdoc_type(jdoc_at(list, k)) != JDOC_OBJECT)
                return problem_field(p->problem, arrays[i].name,
                    "Each element of %s must be an object.", arrays[i].name);
        }
    }
    return submit_check_tools(p, agui);
}

/* --- answers to approvals --- */

static int submit_resume_one(struct submit_parser *p, const jdoc *item)
{
    struct submit_resume *out = &p->out->resume[p->out->resume_count];
    const char *status = NULL;
    int result = submit_id(p, item, "interruptId", IDENT_CLIENT_MESSAGE_MAX, &out->id);
    if (result < 0 || (result = submit_string(p, item, "status", &status)) < 0)
        return result;
    out->cancelled = status != NULL && strcmp(status, "cancelled") == 0;
    if (out->id == NULL || status == NULL ||
        (!out->cancelled && strcmp(status, "resolved") != 0))
        return problem_field(p->problem, "resume",
            "An element of resume needs interruptId, and status resolved or cancelled.");
    for (size_t i = 0; i < p->out->resume_count; i++) {
        if (strcmp(p->out->resume[i].id, out->id) == 0)
            return problem_field(p->problem, "resume", "resume names %s twice.", out->id);
    }
    out->payload = jdoc_get(item, "payload");
    out->edited = "editedArgs";
    p->out->resume_count++;
    return 0;
}

static int submit_resume_list(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *list = jdoc_get(agui, "resume");
    for (size_t i = 0; i < jdoc_length(list); i++) {
        int result = submit_resume_one(p, jdoc_at(list, i));
        if (result < 0)
            return result;
    }
    p->out->resume_all = true;
    if (jdoc_length(list) > 0) {
        buf_puts(&p->hash, "\nresume ");
        jdoc_write_canonical(list, &p->hash);
    }
    return 0;
}

void submit_answer(const char *id, const jdoc *payload, const char *edited, struct submit *out)
{
    memset(out, 0, sizeof(*out));
    out->source = "approval";
    out->text = out->zone = out->locale = out->title = "";
    out->resume[0] = (struct submit_resume){.id = id, .payload = payload, .edited = edited};
    out->resume_count = 1;
}

static int submit_internal_answer(struct submit_parser *p, const jdoc *approval)
{
    struct submit *out = p->out;
    char session[IDENT_SESSION_MAX + 1];
    const char *id = NULL;
    int result = submit_id(p, approval, "id", IDENT_CLIENT_MESSAGE_MAX, &id);
    if (result < 0)
        return result;
    if (id == NULL)
        return problem_field(p->problem, "id", "The id of an approval is needed.");
    memcpy(session, out->session, sizeof(session));
    submit_answer(id, jdoc_get(approval, "payload"), "edited_args", out);
    memcpy(out->session, session, sizeof(session));
    out->session_given = true;
    return 0;
}

static void submit_free_json(void *doc)
{
    jdoc_free(doc);
}

/* Keeps what the turn needs of a RunAgentInput: everything but the conversation. */
static int submit_keep_agui(struct submit_parser *p, const jdoc *agui)
{
    static const char *const names[] = {
        "tools", "context", "state", "forwardedProps", "parentRunId"};
    jdoc *kept = jdoc_new_object();
    if (kept == NULL || arena_on_free(p->arena, submit_free_json, kept) < 0)
        return ERR_NOMEM;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const jdoc *value = jdoc_get(agui, names[i]);
        if (value == NULL)
            continue;
        jdoc *copy = jdoc_dup(value);
        if (copy == NULL || jdoc_set(kept, names[i], copy) < 0)
            return ERR_NOMEM;
    }
    p->out->agui = kept;
    return 0;
}

static int submit_agui(struct submit_parser *p)
{
    struct submit *out = p->out;
    const char *thread = NULL;
    const jdoc *props = jdoc_get(p->body, "forwardedProps");
    int result;
    out->source = "agui";
    out->stream = true;
    if ((result = submit_session_id(p, p->body, "threadId", &thread)) < 0 ||
        (result = submit_id(p, p->body, "runId", IDENT_CLIENT_MESSAGE_MAX, &out->run_id)) < 0)
        return result;
    if (thread == NULL || out->run_id == NULL)
        return problem_field(p->problem, thread == NULL ? "threadId" : "runId",
            "threadId and runId are needed.");
    out->client_message_id = out->run_id;
    submit_session(p, thread);
    if ((result = submit_check_agui(p, p->body)) < 0 ||
        (result = submit_resume_list(p, p->body)) < 0 ||
        (result = submit_agui_messages(p, p->body)) < 0 ||
        (result = submit_keep_agui(p, p->body)) < 0 ||
        (result = submit_zone_and_locale(p, props)) < 0 ||
        (result = webhook_parse(props, p->conf, &out->webhook, p->problem)) < 0)
        return result;
    return submit_on_busy(p, props);
}

static int submit_internal(struct submit_parser *p)
{
    struct submit *out = p->out;
    const char *session = NULL, *text = NULL, *id = NULL;
    const jdoc *agui = jdoc_get(p->body, "agui");
    int result;
    out->source = "ws";
    if ((result = submit_session_id(p, p->body, "session_id", &session)) < 0 ||
        (result = submit_id(p, p->body, "run_id", IDENT_CLIENT_MESSAGE_MAX, &out->run_id)) < 0 ||
        (result = submit_id(p, p->body, "message_id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0 ||
        (result = submit_key(p, NULL)) < 0 ||
        (result = submit_string(p, p->body, "text", &text)) < 0 ||
        (result = submit_context(p)) < 0 || (result = submit_zone_and_locale(p, p->body)) < 0 ||
        (result = submit_on_busy(p, p->body)) < 0 ||
        (result = webhook_parse(agui != NULL ? jdoc_get(agui, "forwardedProps") : p->body, p->conf,
             &out->webhook, p->problem)) < 0)
        return result;
    submit_session(p, session);
    if (agui != NULL && ((result = submit_check_agui(p, agui)) < 0 ||
                            (result = submit_resume_list(p, agui)) < 0 ||
                            (result = submit_keep_agui(p, agui)) < 0))
        return result;
    if (jdoc_get(p->body, "approval") != NULL)
        return submit_internal_answer(p, jdoc_get(p->body, "approval"));
    if (jdoc_get(agui, "messages") != NULL || p->out->resume_count > 0)
        return submit_agui_messages(p, agui);
    if (text == NULL)
        return problem_field(p->problem, "text", "text is missing.");
    if ((result = submit_check_text(p, "text", text)) < 0)
        return result;
    out->text = text;
    return submit_add_text(p, id, "user", text, NULL);
}

static int submit_dispatch(enum submit_kind kind, struct submit_parser *p, const char *key)
{
    switch (kind) {
    case SUBMIT_CHAT:
        return submit_chat(p, key);
    case SUBMIT_AGUI:
        return submit_agui(p);
    case SUBMIT_INTERNAL:
        return submit_internal(p);
    }
    return ERR_INTERNAL;
}

int submit_parse(enum submit_kind kind, const jdoc *body, const char *key, const struct conf *conf,
    struct arena *arena, struct submit *out, struct problem *problem)
{
    struct submit_parser p = {
        .body = body, .conf = conf, .arena = arena, .out = out, .problem = problem};
    memset(out, 0, sizeof(*out));
    out->text = "";
    out->zone = "";
    out->locale = "";
    buf_init(&p.hash, 0);
    int result = submit_dispatch(kind, &p, key);
    if (result == 0 && out->session_given)
        buf_printf(&p.hash, "\n%s", out->session);
    if (result == 0)
        result = buf_error(&p.hash);
    if (result == 0) {
        ident_sha256_hex(p.hash.data, p.hash.len, out->body_hash);
        out->title = submit_title(arena, out->text);
        result = out->title == NULL ? ERR_NOMEM : 0;
    }
    buf_free(&p.hash);
    return result;
}
