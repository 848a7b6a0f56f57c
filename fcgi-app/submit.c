/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/submit_parts.h"

#include "agent/title.h"
#include "base/err.h"
#include "fcgi-app/facade_parts.h"
#include "fcgi-app/webhook.h"

#include <string.h>

/* What a session is called by: the user's words, else the first file. */
static const char *submit_headline(const struct submit *s)
{
    const struct submit_file *f = s->files;
    if (s->text[strspn(s->text, " \t\r\n")] != '\0' || !f)
        return s->text;
    return *f->name != '\0' ? f->name : f->image ? "Picture" : "File";
}

/* --- the forms of our own --- */

static int submit_chat(struct submit_parser *p, const char *key)
{
    struct submit *out = p->out;
    const char *text = NULL, *session = NULL, *conversation = NULL, *id = NULL;
    int error;
    out->source = "chat";
    if ((error = submit_string(p, p->body, "message", &text)) < 0)
        return error;
    if (!text && !jdoc_get(p->body, "attachments"))
        return problem_field(p->problem, "message", "message is missing.");
    if ((error = submit_session_id(p, p->body, "session_id", &session)) < 0 ||
        (error = submit_session_id(p, p->body, "conversation_id", &conversation)) < 0 ||
        (error = submit_string(p, p->body, "user_id", &out->user_id)) < 0 ||
        (error = submit_id(p, p->body, "run_id", IDENT_CLIENT_MESSAGE_MAX, &out->run_id)) < 0 ||
        (error = submit_id(p, p->body, "message_id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0 ||
        (error = submit_key(p, key)) < 0 || (error = submit_context(p)) < 0 ||
        (error = submit_attachments(p)) < 0 || (error = submit_zone_and_locale(p, p->body)) < 0 ||
        (error = submit_on_busy(p, p->body)) < 0 || (error = submit_cache(p, p->body)) < 0)
        return error;
    error = jdoc_get_bool(p->body, "stream", &out->stream);
    if (error == ERR_INVALID)
        return problem_field(p->problem, "stream", "stream must be true or false.");
    if ((error = webhook_parse(p->body, p->conf, &out->webhook, p->problem)) < 0)
        return error;
    submit_session(p, conversation ? conversation : session);
    return submit_add_with_files(p, id, "message", text);
}

void submit_answer(const char *id, const jdoc *payload, const char *edited, struct submit *out)
{
    memset(out, 0, sizeof *out);
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
    int error = submit_id(p, approval, "id", IDENT_CLIENT_MESSAGE_MAX, &id);
    if (error < 0)
        return error;
    if (!id)
        return problem_field(p->problem, "id", "The id of an approval is needed.");
    memcpy(session, out->session, sizeof session);
    submit_answer(id, jdoc_get(approval, "payload"), "edited_args", out);
    memcpy(out->session, session, sizeof session);
    out->session_given = true;
    return 0;
}

static int submit_agui(struct submit_parser *p)
{
    struct submit *out = p->out;
    const char *thread = NULL;
    const jdoc *props = jdoc_get(p->body, "forwardedProps");
    int error;
    out->source = "agui";
    out->stream = true;
    if ((error = submit_session_id(p, p->body, "threadId", &thread)) < 0 ||
        (error = submit_id(p, p->body, "runId", IDENT_CLIENT_MESSAGE_MAX, &out->run_id)) < 0)
        return error;
    if (!thread || !out->run_id)
        return problem_field(p->problem, !thread ? "threadId" : "runId",
            "threadId and runId are needed.");
    out->client_message_id = out->run_id;
    submit_session(p, thread);
    if ((error = submit_check_agui(p, p->body)) < 0 ||
        (error = submit_resume_list(p, p->body)) < 0 ||
        (error = submit_agui_messages(p, p->body)) < 0 ||
        (error = submit_keep_agui(p, p->body)) < 0 ||
        (error = submit_zone_and_locale(p, props)) < 0 || (error = submit_cache(p, props)) < 0 ||
        (error = webhook_parse(props, p->conf, &out->webhook, p->problem)) < 0)
        return error;
    return submit_on_busy(p, props);
}

static int submit_internal(struct submit_parser *p)
{
    struct submit *out = p->out;
    const char *session = NULL, *text = NULL, *id = NULL;
    const jdoc *agui = jdoc_get(p->body, "agui");
    int error;
    out->source = "ws";
    if ((error = submit_session_id(p, p->body, "session_id", &session)) < 0 ||
        (error = submit_id(p, p->body, "run_id", IDENT_CLIENT_MESSAGE_MAX, &out->run_id)) < 0 ||
        (error = submit_id(p, p->body, "message_id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0 ||
        (error = submit_key(p, NULL)) < 0 ||
        (error = submit_string(p, p->body, "text", &text)) < 0 || (error = submit_context(p)) < 0 ||
        (error = submit_zone_and_locale(p, p->body)) < 0 ||
        (error = submit_on_busy(p, p->body)) < 0 ||
        (error = submit_cache(p, agui ? jdoc_get(agui, "forwardedProps") : p->body)) < 0 ||
        (error = webhook_parse(agui ? jdoc_get(agui, "forwardedProps") : p->body, p->conf,
             &out->webhook, p->problem)) < 0)
        return error;
    submit_session(p, session);
    if (agui &&
        ((error = submit_check_agui(p, agui)) < 0 || (error = submit_resume_list(p, agui)) < 0 ||
            (error = submit_keep_agui(p, agui)) < 0))
        return error;
    if (jdoc_get(p->body, "approval"))
        return submit_internal_answer(p, jdoc_get(p->body, "approval"));
    if (jdoc_get(agui, "messages") || p->out->resume_count > 0)
        return submit_agui_messages(p, agui);
    if (!text && !jdoc_get(p->body, "attachments"))
        return problem_field(p->problem, "text", "text is missing.");
    if ((error = submit_attachments(p)) < 0)
        return error;
    return submit_add_with_files(p, id, "text", text);
}

size_t submit_kept(const struct submit *s)
{
    struct buf json = {0};
    size_t kept = 0;
    for (size_t i = 0; i < s->message_count; i++)
        kept += s->messages[i] ? strlen(s->messages[i]) : 0;
    jdoc_write(s->context, &json);
    jdoc_write(s->agui, &json);
    kept += buf_error(&json) == 0 ? json.len : SIZE_MAX / 2;
    buf_free(&json);
    return kept;
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
    case SUBMIT_AISDK:
        return submit_aisdk(p, key);
    case SUBMIT_COMPLETION:
        return facade_completion_read(p);
    case SUBMIT_RESPONSE:
        return facade_response_read(p);
    }
    return ERR_INTERNAL;
}

int submit_parse(const struct submit_source *from, const struct conf *conf, struct arena *arena,
    struct submit *out, struct problem *problem)
{
    struct submit_parser p = {.body = from->body,
        .conf = conf,
        .arena = arena,
        .out = out,
        .problem = problem,
        .messages_max = SUBMIT_MESSAGES_MAX,
        .text_max = conf->message_max,
        .from = from};
    memset(out, 0, sizeof *out);
    out->text = "";
    out->zone = "";
    out->locale = "";
    buf_init(&p.hash, 0);
    int error = submit_dispatch(from->kind, &p, from->key);
    if (error == 0 && out->session_given)
        buf_printf(&p.hash, "\n%s", out->session);
    if (error == 0)
        error = buf_error(&p.hash);
    if (error == 0) {
        ident_sha256_hex(p.hash.data, p.hash.len, out->body_hash);
        out->title = title_of_words(submit_headline(out), arena);
        error = !out->title ? ERR_NOMEM : 0;
    }
    buf_free(&p.hash);
    return error;
}
