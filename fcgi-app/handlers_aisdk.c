/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/admit.h"
#include "fcgi-app/answers.h"
#include "fcgi-app/attach.h"
#include "fcgi-app/uichat.h"
#include "process/uimessage.h"
#include "store/sessions.h"

#include <string.h>

/* handlers -- chats of the AI SDK (docs/ai-sdk.md): POST in turn workers, the rest in api ones. */

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
    if (!submit)
        return ERR_NOMEM;
    if (!request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Only " REQUEST_SSE " is sent here.");
    int error = handlers_parse(x, SUBMIT_AISDK, submit);
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

struct handlers_aisdk_turn {
    const char *id;      /* of the turn that runs, or comes next; "" = none */
    const char *cursor;  /* where its events begin; "" = it has not begun */
    const char *message; /* the user's that it answers; "" = it goes on with an earlier answer */
};

/* What a function of the store has appended as JSON. */
static int handlers_aisdk_parse(int error, struct buf *json, jdoc **out)
{
    *out = NULL;
    if (error == 0)
        error = jdoc_parse(buf_text(json), json->len, out, NULL, 0);
    buf_free(json);
    return error;
}

static int handlers_aisdk_keep(struct exchange *x, const jdoc *doc, const char *name,
    const char **out)
{
    *out = arena_strdup(x->arena, jdoc_text_or(doc, name, ""));
    return *out ? 0 : ERR_NOMEM;
}

static int handlers_aisdk_running(struct exchange *x, const char **turn)
{
    struct buf json;
    jdoc *doc;
    buf_init(&json, 0);
    int error = sessions_get(x->app->store, x->who.user, x->params[0], &json);
    error = handlers_aisdk_parse(error, &json, &doc);
    if (error == 0)
        error = handlers_aisdk_keep(x, doc, "running_turn", turn);
    jdoc_free(doc);
    return error;
}

/* Returns 0; ERR_NOT_FOUND: nothing runs; another error. */
static int handlers_aisdk_turn(struct exchange *x, struct handlers_aisdk_turn *out)
{
    struct buf json;
    jdoc *doc;
    int error = handlers_aisdk_running(x, &out->id);
    if (error < 0 || *out->id == '\0')
        return error < 0 ? error : ERR_NOT_FOUND;
    buf_init(&json, 0);
    error = turns_describe(x->app->store, x->who.user, out->id, &json);
    error = handlers_aisdk_parse(error, &json, &doc);
    if (error == 0 &&
        (handlers_aisdk_keep(x, doc, "cursor", &out->cursor) < 0 ||
            handlers_aisdk_keep(x, doc, "message_id", &out->message) < 0))
        error = ERR_NOMEM;
    jdoc_free(doc);
    return error;
}

/* It waits for a worker: what it answers joins the conversation when it begins, and names it. */
static int handlers_aisdk_waiting(struct exchange *x, struct exchange_view *view)
{
    char end[TURNS_CURSOR_SIZE] = "0-0";
    int error = sessions_cursor(x->app->store, x->who.user, view->session, end);
    if (error < 0)
        return error;
    view->cursor = arena_strdup(x->arena, end);
    if (!view->cursor)
        return ERR_NOMEM;
    view->detail = "new -";
    return exchange_handover(x, view);
}

/*
 * The answer was begun by earlier turns: what they have left in the conversation comes first. A
 * turn that ends meanwhile leaves its own there, too; then nothing runs.
 */
static int handlers_aisdk_goes_on(struct exchange *x, struct exchange_view *view)
{
    struct uichat chat;
    const char *still = "";
    int error = uichat_read(x->app->store, x->who.user, view->session, NULL, x->arena, &chat);
    if (error == 0)
        error = handlers_aisdk_running(x, &still);
    if (error == 0 && strcmp(still, view->turn) != 0)
        error = ERR_NOT_FOUND;
    if (error < 0)
        return error;
    const char *id = *chat.user ? chat.user : chat.last;
    view->snapshot = chat.replied;
    view->detail = chat.replied ?
        arena_printf(x->arena, "all " UIMESSAGE_REPLY "%s %s", id, chat.last) :
        arena_printf(x->arena, "new " UIMESSAGE_REPLY "%s", id);
    return view->detail ? exchange_handover(x, view) : ERR_NOMEM;
}

static int handlers_aisdk_resume(struct exchange *x)
{
    struct handlers_aisdk_turn turn = {"", "", ""};
    int error = handlers_aisdk_turn(x, &turn);
    if (error < 0)
        return error;
    struct exchange_view view = {.session = x->params[0],
        .turn = turn.id,
        .cursor = turn.cursor,
        .form = "aisdk"};
    if (*turn.cursor == '\0')
        return handlers_aisdk_waiting(x, &view);
    if (*turn.message == '\0')
        return handlers_aisdk_goes_on(x, &view);
    view.detail = arena_printf(x->arena, "new " UIMESSAGE_REPLY "%s", turn.message);
    return view.detail ? exchange_handover(x, &view) : ERR_NOMEM;
}

int handlers_aisdk_stream(struct exchange *x)
{
    if (!request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Only " REQUEST_SSE " is sent here.");
    int error = handlers_aisdk_session(x) ? handlers_aisdk_resume(x) : ERR_NOT_FOUND;
    return error == ERR_NOT_FOUND ? handlers_aisdk_idle(x) : error;
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
