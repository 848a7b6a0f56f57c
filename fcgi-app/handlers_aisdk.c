#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/admit.h"
#include "fcgi-app/answers.h"
#include "fcgi-app/attach.h"
#include "fcgi-app/uichat.h"
#include "process/uimessage.h"
#include "store/sessions.h"

#include <string.h>

/* handlers -- chats of the AI SDK (docs/ai-sdk.md): POST in turn workers, the rest in api workers. */

static bool handlers_aisdk_session(const struct exchange *x)
{
    return ident_is_session(x->params[0], strlen(x->params[0]));
}

/* ---- POST ---- */

/* Of the results that the client holds, those of calls that wait for one. */
static void handlers_aisdk_results(struct submit *s, const struct uichat *chat)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->message_count; i++) {
        if (!uichat_waits_for(chat, s->results[i]))
            continue;
        s->results[kept] = s->results[i];
        s->said[kept] = s->said[i];
        s->messages[kept++] = s->messages[i];
    }
    s->message_count = kept;
}

static int handlers_aisdk_detail(struct exchange *x, struct submit *s)
{
    struct uichat chat;
    if (!s->goes_on) {
        s->detail = arena_printf(x->arena, "new " UIMESSAGE_REPLY "%s", s->message_id);
        return s->detail ? 0 : ERR_NOMEM;
    }
    int error = uichat_read(x->app->store, x->who.user, s->session, NULL, x->arena, &chat);
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "There is no such chat of this user.");
    if (error < 0)
        return error;
    handlers_aisdk_results(s, &chat);
    if (s->message_count == 0 && s->resume_count == 0)
        return problem_set(&x->problem, PROBLEM_CONFLICT,
            "The last message has nothing new: no answered approval, and no result of a tool "
            "that is waited for.");
    s->detail = arena_printf(x->arena, "on %s %s", s->goes_on, *chat.last ? chat.last : "-");
    return s->detail ? 0 : ERR_NOMEM;
}

int handlers_aisdk_chat(struct exchange *x)
{
    struct submit *submit = arena_alloc(x->arena, sizeof *submit);
    jdoc *body = NULL;
    if (!submit)
        return ERR_NOMEM;
    if (!request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Only " REQUEST_SSE " is sent here.");
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    const struct submit_source from = {.kind = SUBMIT_AISDK,
        .body = body,
        .key = request_header(&x->request, "HTTP_IDEMPOTENCY_KEY")};
    error = attach_submit(x, &from, submit);
    if (error == 0)
        error = handlers_aisdk_detail(x, submit);
    if (error == 0)
        error = answers_settle(x, submit);
    return error < 0 ? error : admit_submit(x, submit, ADMIT_STREAM);
}

/* ---- GET ---- */

static int handlers_aisdk_idle(struct exchange *x)
{
    exchange_json(x, 204);
    x->reply.content_type = NULL;
    return 0;
}

/* A text member of what a function of the store appends as JSON; "" = it is not there. */
static int handlers_aisdk_member(struct exchange *x, int error, struct buf *json, const char *name,
    const char **out)
{
    jdoc *doc = NULL;
    *out = "";
    if (error == 0)
        error = jdoc_parse(buf_text(json), json->len, &doc, NULL, 0);
    if (error == 0 && !(*out = arena_strdup(x->arena, jdoc_text_or(doc, name, ""))))
        error = ERR_NOMEM;
    jdoc_free(doc);
    buf_free(json);
    return error;
}

/* The running turn's id and where its events begin; turn "": none runs. */
static int handlers_aisdk_running(struct exchange *x, const char **turn, const char **cursor)
{
    struct store *s = x->app->store;
    struct buf json;
    buf_init(&json, 0);
    int error = sessions_get(s, x->who.user, x->params[0], &json);
    error = handlers_aisdk_member(x, error, &json, "running_turn", turn);
    if (error < 0 || **turn == '\0')
        return error == ERR_NOT_FOUND ? 0 : error;
    buf_init(&json, 0);
    error = turns_describe(s, x->who.user, *turn, &json);
    error = handlers_aisdk_member(x, error, &json, "cursor", cursor);
    if (error == ERR_NOT_FOUND || (error == 0 && **cursor == '\0')) {
        *turn = "";
        error = 0;
    }
    return error;
}

/* The client builds the message anew: from its run's start, or, when earlier runs have begun it,
 * from what they have left in the conversation. */
int handlers_aisdk_stream(struct exchange *x)
{
    struct exchange_view view = {.session = x->params[0], .form = "aisdk"};
    struct uichat chat;
    if (!request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Only " REQUEST_SSE " is sent here.");
    if (!handlers_aisdk_session(x))
        return handlers_aisdk_idle(x);
    int error = handlers_aisdk_running(x, &view.turn, &view.cursor);
    if (error < 0)
        return error;
    if (*view.turn == '\0')
        return handlers_aisdk_idle(x);
    error = uichat_read(x->app->store, x->who.user, x->params[0], NULL, x->arena, &chat);
    if (error == ERR_NOT_FOUND) /* deleted meanwhile */
        return handlers_aisdk_idle(x);
    if (error < 0)
        return error;
    const char *id = *chat.user ? chat.user : chat.last;
    view.snapshot = chat.replied;
    view.detail = chat.replied ?
        arena_printf(x->arena, "all " UIMESSAGE_REPLY "%s %s", id, chat.last) :
        arena_printf(x->arena, "new " UIMESSAGE_REPLY "%s", id);
    return view.detail ? exchange_handover(x, &view) : ERR_NOMEM;
}

int handlers_aisdk_messages(struct exchange *x)
{
    const char *before = request_query(&x->request, "cursor");
    struct uichat chat = {.page = NULL};
    int error = ERR_NOT_FOUND;
    if (before && *before == '\0')
        before = NULL;
    if (handlers_aisdk_session(x))
        error = uichat_read(x->app->store, x->who.user, x->params[0], before, x->arena, &chat);
    if (error == ERR_INVALID)
        return problem_field(&x->problem, "cursor", "cursor is not one of this list.");
    if (error == 0)
        error = uichat_read_open(x->app->store, x->who.user, x->params[0], x->arena, &chat);
    if (error < 0 && error != ERR_NOT_FOUND) /* a chat that the page has just made is empty */
        return error;
    exchange_json(x, 200);
    return uichat_write(&chat, &x->reply.body);
}
