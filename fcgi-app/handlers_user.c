/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "agent/wishes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/measure.h"
#include "process/origin.h"
#include "store/feedback.h"
#include "store/kept_answers.h"
#include "store/sessions.h"
#include "store/tickets.h"
#include "store/usage.h"

#include <string.h>

#define HANDLERS_CONTEXT_KEYS 50
#define HANDLERS_CONTEXT_BYTES 65536
#define HANDLERS_FEEDBACK_TEXT 1000

/* handlers -- what belongs to a user: usage, context, tickets, feedback. Api workers. */

int handlers_usage(struct exchange *x)
{
    const struct usage_asker asker = {.uid = x->who.user,
        .cls = x->who.class,
        .key = x->who.key,
        .money = strcmp(x->who.role, "admin") == 0};
    exchange_json(x, 200);
    return usage_show(x->app->store, &asker, &x->reply.body);
}

int handlers_context_get(struct exchange *x)
{
    exchange_json(x, 200);
    return sessions_context_get(x->app->store, x->who.user, &x->reply.body);
}

int handlers_context_put(struct exchange *x)
{
    jdoc *body = NULL;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    if (jdoc_length(body) > HANDLERS_CONTEXT_KEYS)
        return problem_limit(&x->problem, "context", HANDLERS_CONTEXT_KEYS,
            "%zu members; %d are allowed.", jdoc_length(body), HANDLERS_CONTEXT_KEYS);
    if (x->request.body_len > HANDLERS_CONTEXT_BYTES)
        return problem_limit(&x->problem, "context", HANDLERS_CONTEXT_BYTES,
            "%zu bytes; %d are allowed.", x->request.body_len, HANDLERS_CONTEXT_BYTES);
    char field[WISHES_FIELD_SIZE], why[WISHES_WHY_SIZE];
    if (wishes_check(body, field, why) < 0)
        return problem_field(&x->problem, field, "%s", why);
    exchange_json(x, 200);
    error = sessions_context_merge(x->app->store, x->who.user, x->request.body, x->request.body_len,
        &x->reply.body);
    if (error == ERR_LIMIT)
        return problem_limit(&x->problem, "context", HANDLERS_CONTEXT_KEYS,
            "The context would become too large.");
    return error;
}

int handlers_ticket(struct exchange *x)
{
    char ticket[TICKETS_SIZE] = "", expires[CLOCK_RFC3339_SIZE], mark[AUTH_MARK_SIZE];
    const struct conf *conf = x->app->conf;
    const char *origin = request_header(&x->request, "HTTP_ORIGIN");
    if (!origin_may_open(conf, origin, request_header(&x->request, "HTTP_HOST")) ||
        (origin && strpbrk(origin, " \t"))) {
        problem_set(&x->problem, PROBLEM_ORIGIN, "This origin is not in the setting `origins`.");
        return ERR_FORBIDDEN;
    }
    auth_mark_write(&x->who.mark, mark);
    int error = tickets_new(x->app->store,
        &(struct tickets_owner){.uid = x->who.user,
            .role = x->who.role,
            .mark = mark,
            .class = x->who.class,
            .scopes = x->who.scopes,
            .expires_ms = x->who.expires_ms},
        origin ? origin : "-", ticket);
    if (error < 0)
        return error;
    clock_rfc3339(clock_real_ms() + conf->ticket_ms, expires);
    exchange_json(x, 201);
    buf_printf(&x->reply.body,
        "{\"ticket\":\"%s\",\"expires_in_ms\":%lld,\"expires_at\":\"%s\",\"url\":", ticket,
        (long long)conf->ticket_ms, expires);
    struct buf url;
    buf_init(&url, 0);
    buf_printf(&url, "%s/ws?ticket=%s", conf->public_base, ticket);
    buf_json_string(&x->reply.body, buf_text(&url), url.len);
    buf_putc(&x->reply.body, '}');
    error = buf_error(&url);
    buf_free(&url);
    return error;
}

static int handlers_feedback_type(struct exchange *x, const char *type)
{
    static const char *const types[] = {"helpful", "unhelpful", "incorrect", "inappropriate"};
    for (size_t i = 0; *type != '\0' && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i], type) == 0)
            return 0;
    }
    return *type == '\0' ? 0 :
                           problem_field(&x->problem, "feedback_type",
                               "feedback_type must be helpful, unhelpful, incorrect or "
                               "inappropriate.");
}

/* An optional text of the body: "" when absent. */
static int handlers_text(struct exchange *x, const jdoc *body, const char *name, const char **out,
    size_t *len)
{
    *out = "";
    *len = 0;
    int error = jdoc_get_string(body, name, out, len);
    if (error == 0 && strlen(*out) == *len)
        return 0;
    return error == ERR_NOT_FOUND ? 0 :
                                    problem_field(&x->problem, name, "%s must be a text.", name);
}

#define HANDLERS_BAD 2 /* a rating from here down is of a bad answer */

/* An answer that others may get, too, is kept no longer; that it cannot be dropped is no reason to
 * refuse the rating. */
static void handlers_drop_kept(struct exchange *x, const char *turn)
{
    struct buf reply = {0};
    jdoc *doc = NULL;
    int status;
    if (!x->app->conf->cache_answers || *turn == '\0')
        return;
    int error = turns_reply(x->app->store, x->who.user, turn, &reply, &status);
    if (error == 0)
        error = jdoc_parse(buf_text(&reply), reply.len, &doc, NULL, 0);
    const char *entry = jdoc_text_or(doc, "cache_entry", "");
    if (error == 0 && *entry != '\0')
        error = kept_answers_drop(x->app->store, entry);
    if (error < 0)
        log_limited(LOG_LEVEL_WARN, "turn %s was rated bad; its kept answer may stay (%s)", turn,
            err_name(error));
    jdoc_free(doc);
    buf_free(&reply);
}

int handlers_feedback(struct exchange *x)
{
    char turn[IDENT_UUID_SIZE];
    jdoc *body = NULL;
    const char *id = "", *type = "", *text = "";
    size_t id_len = 0, type_len = 0, text_len = 0;
    int64_t rating = 0;
    int error;
    if ((error = request_json(&x->request, false, &body, &x->problem)) < 0 ||
        (error = handlers_text(x, body, "message_id", &id, &id_len)) < 0 ||
        (error = handlers_text(x, body, "feedback_type", &type, &type_len)) < 0 ||
        (error = handlers_text(x, body, "feedback_text", &text, &text_len)) < 0)
        return error;
    if (!ident_is_safe(id, id_len, IDENT_CLIENT_MESSAGE_MAX))
        return problem_field(&x->problem, "message_id", "message_id is missing or not valid.");
    if (jdoc_get_int(body, "rating", &rating) < 0 || rating < 1 || rating > 5)
        return problem_limit(&x->problem, "rating", 5, "rating must be a whole number, 1 to 5.");
    if (text_len > HANDLERS_FEEDBACK_TEXT * 4)
        return problem_limit(&x->problem, "feedback_text", HANDLERS_FEEDBACK_TEXT,
            "feedback_text may have %d characters.", HANDLERS_FEEDBACK_TEXT);
    if ((error = handlers_feedback_type(x, type)) < 0)
        return error;
    const struct feedback_said said = {(int)rating, type, text};
    error = feedback_give_turn(x->app->store, x->who.user, id, &said, turn);
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such message.");
    if (error < 0)
        return error;
    if (rating <= HANDLERS_BAD)
        handlers_drop_kept(x, turn);
    measure_count(MEASURE_FEEDBACK, (const char[]){(char)('0' + rating), '\0'});
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"success\":true,\"message\":\"Thank you, it was recorded.\"}");
    return 0;
}
