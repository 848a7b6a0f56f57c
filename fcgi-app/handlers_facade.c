/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/admit.h"
#include "fcgi-app/attach.h"
#include "fcgi-app/facade.h"
#include "fcgi-app/facade_answer.h"
#include "fcgi-app/facade_items.h"
#include "fcgi-app/facade_view.h"
#include "store/keys.h"
#include "store/sessions.h"
#include "store/turns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* handlers -- the API of OpenAI: docs/openai.md. Messages: turn workers; the rest: api workers. */

/* --- models --- */

static void handlers_put_model(struct exchange *x, const char *name, size_t len)
{
    struct buf *b = &x->reply.body;
    buf_puts(b, "{\"id\":");
    buf_json_string(b, name, len);
    buf_puts(b, ",\"object\":\"model\",\"created\":0,\"owned_by\":\"turnpike\"}");
}

int handlers_models(struct exchange *x)
{
    const char *name;
    size_t len;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; facade_model(x->app->conf, i, &name, &len); i++) {
        if (i > 0)
            buf_putc(&x->reply.body, ',');
        handlers_put_model(x, name, len);
    }
    buf_puts(&x->reply.body, "]}");
    return 0;
}

int handlers_model(struct exchange *x)
{
    if (!facade_has_model(x->app->conf, x->params[0])) {
        problem_set(&x->problem, PROBLEM_MODEL, "The model `%.100s` does not exist.", x->params[0]);
        snprintf(x->problem.field, sizeof x->problem.field, "model");
        return ERR_INVALID;
    }
    exchange_json(x, 200);
    handlers_put_model(x, x->params[0], strlen(x->params[0]));
    return 0;
}

/* --- messages --- */

static int handlers_facade_parse(struct exchange *x, enum submit_kind kind, struct submit **out)
{
    jdoc *body = NULL;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    const struct submit_source from = {.kind = kind,
        .body = body,
        .key = request_header(&x->request, "HTTP_IDEMPOTENCY_KEY"),
        .session = request_header(&x->request, "HTTP_X_SESSION_ID"),
        .retry = request_header(&x->request, "HTTP_X_STAINLESS_RETRY_COUNT")};
    *out = arena_alloc(x->arena, sizeof **out);
    return !*out ? ERR_NOMEM : attach_submit(x, &from, *out);
}

/* Puts results in front of the new messages whose calls still wait in the same session. */
static int handlers_facade_earlier(struct exchange *x, struct submit *s)
{
    const struct facade *f = s->facade;
    char session[IDENT_SESSION_MAX + 1];
    size_t count = 0;
    const char **messages =
        arena_array(x->arena, f->earlier_count + s->message_count, sizeof *messages);
    if (!messages)
        return ERR_NOMEM;
    for (size_t i = 0; i < f->earlier_count; i++) {
        int error = sessions_of_call(x->app->store, x->who.user, f->earlier[i].call, session);
        if (error < 0 && error != ERR_NOT_FOUND)
            return error;
        if (error == 0 && strcmp(session, s->session) == 0)
            messages[count++] = f->earlier[i].message;
    }
    memcpy(messages + count, s->messages, s->message_count * sizeof *messages);
    s->messages = messages;
    s->message_count += count;
    return 0;
}

/*
 * A client that answers a call, and names no stored conversation, goes on with the one in which the
 * call was made: that holds what our own tools said in between, which the client has never seen.
 */
static int handlers_facade_resume(struct exchange *x, struct submit *s)
{
    struct facade *f = s->facade;
    if (!f->call || (!f->whole && !f->referred))
        return 0;
    int error = sessions_of_call(x->app->store, x->who.user, f->call, s->session);
    if (error == ERR_NOT_FOUND)
        return 0;
    if (error == 0) {
        s->messages += f->tail;
        s->message_count -= f->tail;
        f->previous = NULL;
        error = f->earlier_count > 0 ? handlers_facade_earlier(x, s) : 0;
    }
    return error;
}

static int handlers_facade_no_previous(struct exchange *x, const struct facade *f)
{
    problem_set(&x->problem, PROBLEM_PREVIOUS,
        "There is no response `" FACADE_RESPONSE "%s`, or its conversation is gone.", f->previous);
    snprintf(x->problem.field, sizeof x->problem.field, "%s",
        f->referred ? "input" : "previous_response_id");
    return ERR_INVALID;
}

/*
 * The conversation has gone on since that response: this one goes another way, in a session of its
 * own that begins as the other did.
 */
static int handlers_facade_fork(struct exchange *x, struct submit *s,
    const struct turns_record *record)
{
    struct sessions_part part = {.spare = s->message_count};
    char made[IDENT_UUID_SIZE];
    jdoc *reply = NULL;
    int error = jdoc_parse(record->reply, record->reply_len, &reply, NULL, 0);
    part.until = jdoc_text_or(reply, "message_id", "");
    if (error == 0 && *part.until != '\0')
        error = sessions_until(x->app->store, x->who.user, record->session, x->arena, &part);
    jdoc_free(reply);
    if (error == ERR_INVALID || error == ERR_NOT_FOUND || (error == 0 && !part.messages))
        return 0; /* nothing tells where it ended: it goes on from the end */
    if (error)
        return error;
    memcpy(part.messages + part.count, s->messages, s->message_count * sizeof *s->messages);
    s->messages = part.messages;
    s->message_count += part.count;
    ident_uuid7(made);
    snprintf(s->session, sizeof s->session, KEYS_KEPT "%s", made);
    s->session_given = false;
    return 0;
}

static int handlers_facade_previous(struct exchange *x, struct submit *s)
{
    struct turns_record record;
    int64_t epoch = 0;
    if (!s->facade->previous)
        return 0;
    int error = turns_read(x->app->store, x->who.user, s->facade->previous, x->arena, &record);
    if (error == 0)
        error = sessions_epoch(x->app->store, x->who.user, record.session, &epoch);
    if (error == ERR_NOT_FOUND)
        return handlers_facade_no_previous(x, s->facade);
    if (error < 0)
        return error;
    memcpy(s->session, record.session, sizeof record.session);
    s->session_given = true;
    /* One that waited for the user has been gone on with by the answer. */
    bool latest =
        record.ended_ms == 0 || epoch == record.epoch || strcmp(record.state, "interrupted") == 0;
    return latest ? 0 : handlers_facade_fork(x, s, &record);
}

static int handlers_facade_view(struct exchange *x, const struct facade_view *view,
    const char **detail)
{
    struct buf text;
    buf_init(&text, 0);
    facade_view_write(view, &text);
    *detail = buf_error(&text) == 0 ? arena_strdup(x->arena, buf_text(&text)) : NULL;
    buf_free(&text);
    return !*detail ? ERR_NOMEM : 0;
}

/* model: as asked for; NULL: the first, where the response does not name its own. */
static struct facade_view handlers_facade_viewer(const struct exchange *x, const char *model)
{
    struct facade_view view = {.after = -1};
    size_t len = 0;
    if (model)
        len = strlen(model);
    else if (!facade_model(x->app->conf, 0, &model, &len))
        model = "";
    snprintf(view.model, sizeof view.model, "%.*s", (int)len, model);
    snprintf(view.base, sizeof view.base, "%s", x->app->conf->public_base);
    return view;
}

static int handlers_facade_submit(struct exchange *x, struct submit *s, bool response)
{
    struct facade_view view = handlers_facade_viewer(x, s->facade->model);
    view.response = response;
    view.usage = s->facade->usage;
    /* With a key of its own a client may come back for the answer. */
    s->stops = keys_is_once(s->session) && (!s->client_message_id || s->naming != TURNS_SAME);
    s->form = s->whole ? FACADE_FORM_JSON :
        response       ? FACADE_FORM_RESPONSE :
                         FACADE_FORM_COMPLETION;
    int error = handlers_facade_view(x, &view, &s->detail);
    return error < 0 ? error : admit_submit(x, s, ADMIT_STREAM);
}

int handlers_completion(struct exchange *x)
{
    struct submit *s = NULL;
    int error = handlers_facade_parse(x, SUBMIT_COMPLETION, &s);
    if (error == 0)
        error = handlers_facade_resume(x, s);
    return error < 0 ? error : handlers_facade_submit(x, s, false);
}

static int handlers_facade_missing(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "There is no response `%.100s`.",
        x->params[0]);
}

/* The response as it stands: x->params[0] names it. */
static int handlers_facade_read(struct exchange *x, struct turns_record *record, const char **turn)
{
    *turn = facade_turn(x->params[0]);
    int error =
        !*turn ? ERR_NOT_FOUND : turns_read(x->app->store, x->who.user, *turn, x->arena, record);
    return error == ERR_NOT_FOUND ? handlers_facade_missing(x) : error;
}

static int handlers_facade_tell(struct exchange *x, const char *turn)
{
    const struct facade_view view = handlers_facade_viewer(x, NULL);
    struct turns_record record;
    int error = turns_read(x->app->store, x->who.user, turn, x->arena, &record);
    if (error < 0)
        return error;
    const struct facade_turn form = {.turn = turn,
        .session = record.session,
        .state = record.state,
        .first_event = record.first_event,
        .reply = record.reply,
        .reply_len = record.reply_len,
        .status = record.http_status,
        .ended_ms = record.ended_ms};
    exchange_json(x, 200);
    if (!keys_is_unlisted(record.session))
        exchange_header(x, "X-Session-Id", record.session);
    return facade_answer_response(&view, &form, &x->reply.body);
}

/* Accepted, and told at once as it stands. */
static int handlers_facade_background(struct exchange *x, struct submit *s)
{
    jdoc *accepted = NULL;
    char turn[IDENT_UUID_SIZE] = "";
    int error = admit_submit(x, s, ADMIT_ACCEPTED);
    if (error == 0)
        error = jdoc_parse(x->reply.body.data, x->reply.body.len, &accepted, NULL, 0);
    if (error < 0)
        return error;
    snprintf(turn, sizeof turn, "%s", jdoc_text_or(accepted, "turn_id", ""));
    jdoc_free(accepted);
    return handlers_facade_tell(x, turn);
}

int handlers_response(struct exchange *x)
{
    struct submit *s = NULL;
    int error = handlers_facade_parse(x, SUBMIT_RESPONSE, &s);
    if (error == 0)
        error = handlers_facade_resume(x, s);
    if (error == 0)
        error = handlers_facade_previous(x, s);
    if (error < 0)
        return error;
    if (s->facade->background && !s->stream)
        return handlers_facade_background(x, s);
    return handlers_facade_submit(x, s, true);
}

/* --- responses that are there --- */

/* ?stream=true: its events again, behind starting_after, and those that come. */
static int handlers_facade_events(struct exchange *x, const char *turn,
    const struct turns_record *record)
{
    struct facade_view view = handlers_facade_viewer(x, NULL);
    struct exchange_view events = {.session = record->session,
        .turn = turn,
        .cursor = *record->first != '\0' ? record->first : "0-0",
        .form = FACADE_FORM_RESPONSE};
    view.response = true;
    int error = request_query_int(&x->request, "starting_after",
        &(struct request_bounds){-1, 0, INT64_MAX}, &view.after, &x->problem);
    if (error == 0)
        error = handlers_facade_view(x, &view, &events.detail);
    return error < 0 ? error : exchange_handover(x, &events);
}

int handlers_response_get(struct exchange *x)
{
    struct turns_record record;
    const char *turn = NULL, *stream = request_query(&x->request, "stream");
    int error = handlers_facade_read(x, &record, &turn);
    if (error)
        return error;
    if (stream && strcmp(stream, "true") == 0)
        return handlers_facade_events(x, turn, &record);
    return handlers_facade_tell(x, turn);
}

int handlers_response_cancel(struct exchange *x)
{
    struct turns_record record;
    const char *turn = NULL;
    char stopped[IDENT_UUID_SIZE], state[16];
    int error = handlers_facade_read(x, &record, &turn);
    if (error == 0)
        error = turns_stop(x->app->store, x->who.user, &(struct turns_target){.turn = turn},
            stopped, state);
    return error < 0 ? error : handlers_facade_tell(x, turn);
}

int handlers_response_delete(struct exchange *x)
{
    struct turns_record record;
    const char *turn = NULL;
    int error = handlers_facade_read(x, &record, &turn);
    if (error == 0)
        error = turns_forget(x->app->store, x->who.user, turn);
    if (error == ERR_CONFLICT)
        return problem_set(&x->problem, PROBLEM_CONFLICT,
            "The response has not ended: cancel it first.");
    if (error < 0)
        return error;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"id\":");
    buf_json_text(&x->reply.body, x->params[0]);
    buf_puts(&x->reply.body, ",\"object\":\"response\",\"deleted\":true}");
    return 0;
}
