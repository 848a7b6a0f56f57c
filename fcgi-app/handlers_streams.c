/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "store/turns.h"

#include <stdio.h>
#include <string.h>

/* handlers -- logs by the Durable Streams protocol: checks what is asked, and hands it over to the
 * stream workers. Api workers. */

#define HANDLERS_SEEN_MAX 18   /* digits */
#define HANDLERS_MATCH_MAX 500 /* bytes of If-None-Match that a stream worker looks at */

static int handlers_bad_stream(struct exchange *x, const char *field, const char *expected)
{
    problem_set(&x->problem, PROBLEM_BAD_REQUEST, "%s must be %s.", field, expected);
    snprintf(x->problem.field, sizeof x->problem.field, "%s", field);
    return ERR_INVALID;
}

/* The one value of a query field; NULL = it is not there. */
static int handlers_once(struct exchange *x, const char *name, const char **out)
{
    size_t count = 0;
    for (size_t i = 0; i < x->request.query_count; i++)
        count += strcmp(x->request.query[i].name, name) == 0;
    *out = request_query(&x->request, name);
    return count < 2 ? 0 : handlers_bad_stream(x, name, "there once");
}

/* An EventSource comes back with its first URL; what it has seen is in the header. */
static const char *handlers_seen_event(struct exchange *x, const struct exchange_log *ask)
{
    const char *id = request_header(&x->request, "HTTP_LAST_EVENT_ID");
    return id && strcmp(ask->live, "sse") == 0 && exchange_cursor_valid(id) ? id : NULL;
}

static int handlers_offset(struct exchange *x, struct exchange_log *ask)
{
    const char *seen = handlers_seen_event(x, ask);
    int error = handlers_once(x, "offset", &ask->offset);
    if (error < 0)
        return error;
    if (seen)
        ask->offset = seen;
    if (!ask->offset && *ask->live != '\0')
        return handlers_bad_stream(x, "offset", "there with live");
    if (!ask->offset)
        ask->offset = "-1";
    if (strcmp(ask->offset, "-1") == 0 || strcmp(ask->offset, "now") == 0 ||
        exchange_cursor_valid(ask->offset))
        return 0;
    return handlers_bad_stream(x, "offset", "-1, now or an offset that was given here");
}

static int handlers_live(struct exchange *x, struct exchange_log *ask)
{
    int error = handlers_once(x, "live", &ask->live);
    if (error < 0)
        return error;
    if (!ask->live)
        ask->live = "";
    else if (strcmp(ask->live, "long-poll") != 0 && strcmp(ask->live, "sse") != 0)
        return handlers_bad_stream(x, "live", "long-poll or sse");
    return 0;
}

static int handlers_seen(struct exchange *x, struct exchange_log *ask)
{
    int error = handlers_once(x, "cursor", &ask->seen);
    if (error < 0)
        return error;
    if (!ask->seen)
        ask->seen = "";
    size_t digits = strspn(ask->seen, "0123456789");
    if (ask->seen[digits] != '\0' || digits > HANDLERS_SEEN_MAX)
        return handlers_bad_stream(x, "cursor", "a Stream-Cursor that was given here");
    return 0;
}

static int handlers_form(struct exchange *x, struct exchange_log *ask)
{
    int error = handlers_once(x, "format", &ask->form);
    if (error < 0)
        return error;
    if (!ask->form || strcmp(ask->form, "agui") == 0)
        ask->form = "";
    else if (strcmp(ask->form, "text") != 0)
        return handlers_bad_stream(x, "format", "agui or text");
    return 0;
}

static int handlers_stream(struct exchange *x, const char *session, const char *turn)
{
    struct exchange_log ask = {.session = session, .turn = turn};
    const char *match = request_header(&x->request, "HTTP_IF_NONE_MATCH");
    int error = handlers_live(x, &ask);
    if (error == 0)
        error = handlers_offset(x, &ask);
    if (error == 0)
        error = handlers_seen(x, &ask);
    if (error == 0)
        error = handlers_form(x, &ask);
    if (error < 0)
        return error;
    ask.match = match && strlen(match) <= HANDLERS_MATCH_MAX ? match : "";
    return exchange_handover_log(x, &ask);
}

int handlers_stream_session(struct exchange *x)
{
    if (!ident_is_session(x->params[0], strlen(x->params[0])))
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such session.");
    return handlers_stream(x, x->params[0], NULL);
}

int handlers_stream_turn(struct exchange *x)
{
    char session[IDENT_SESSION_MAX + 1] = "";
    int error = ERR_NOT_FOUND;
    if (ident_is_uuid(x->params[0]))
        error = turns_session(x->app->store, x->who.user, x->params[0], session);
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such turn.");
    return error < 0 ? error : handlers_stream(x, session, x->params[0]);
}
