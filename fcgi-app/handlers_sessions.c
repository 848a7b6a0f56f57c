#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "store/branches.h"
#include "store/sessions.h"
#include "store/turns.h"

#include <string.h>

#define HANDLERS_PAGE_MAX 100
#define HANDLERS_PAGES_MAX 100
#define HANDLERS_TITLE_MAX 200

/* handlers -- sessions and their history. Api workers. */

static int handlers_no_session(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such session.");
}

static int handlers_bad_cursor(struct exchange *x)
{
    return problem_field(&x->problem, "cursor", "cursor is not one that was given here.");
}

/* A cursor of a list comes back as we sent it; only its characters are checked here. */
static int handlers_cursor(struct exchange *x, const char **out)
{
    *out = request_query(&x->request, "cursor");
    if (*out && **out == '\0')
        *out = NULL;
    if (!*out || ident_is_safe(*out, strlen(*out), IDENT_SESSION_MAX + 32))
        return 0;
    return handlers_bad_cursor(x);
}

int handlers_sessions_list(struct exchange *x)
{
    const char *cursor = NULL;
    int64_t limit = 0;
    int error = handlers_cursor(x, &cursor);
    if (error == 0)
        error = request_query_int(&x->request, "limit",
            &(struct request_bounds){20, 1, HANDLERS_PAGE_MAX}, &limit, &x->problem);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    error = sessions_list(x->app->store, x->who.user, cursor, (size_t)limit, &x->reply.body);
    return error == ERR_INVALID ? handlers_bad_cursor(x) : error;
}

int handlers_session_get(struct exchange *x)
{
    if (!ident_is_session(x->params[0], strlen(x->params[0])))
        return handlers_no_session(x);
    exchange_json(x, 200);
    int error = sessions_get(x->app->store, x->who.user, x->params[0], &x->reply.body);
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
}

int handlers_session_patch(struct exchange *x)
{
    jdoc *body = NULL;
    const char *title = NULL;
    size_t len = 0;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    if (!ident_is_session(x->params[0], strlen(x->params[0])))
        return handlers_no_session(x);
    if (jdoc_get_string(body, "title", &title, &len) < 0 || len == 0 || len > HANDLERS_TITLE_MAX ||
        strlen(title) != len)
        return problem_limit(&x->problem, "title", HANDLERS_TITLE_MAX,
            "title must be a text of 1 to %d bytes.", HANDLERS_TITLE_MAX);
    exchange_json(x, 200);
    error = sessions_rename(x->app->store, x->who.user, x->params[0], title, &x->reply.body);
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
}

static int handlers_delete(struct exchange *x, const char *session)
{
    int error = ident_is_session(session, strlen(session)) ?
        sessions_delete(x->app->store, x->who.user, session) :
        ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND)
        return handlers_no_session(x);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"success\":true,\"message\":\"The session was deleted.\"}");
    return 0;
}

int handlers_session_delete(struct exchange *x)
{
    return handlers_delete(x, x->params[0]);
}

static int handlers_branch(struct exchange *x, const struct branches_page *page)
{
    size_t len = strlen(page->branch);
    int error = len == 0 || ident_is_safe(page->branch, len, IDENT_SESSION_MAX) ?
        branches_messages(x->app->store, x->who.user, page, &x->reply.body) :
        ERR_NOT_FOUND;

    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND,
            "There is no such session of this user, or it has no such branch.");
    return error == ERR_INVALID ? handlers_bad_cursor(x) : error;
}

int handlers_session_messages(struct exchange *x)
{
    const char *before = NULL, *branch = request_query(&x->request, "branch");
    int64_t limit = 0;
    int error = handlers_cursor(x, &before);
    if (error == 0)
        error = request_query_int(&x->request, "limit",
            &(struct request_bounds){50, 1, HANDLERS_PAGE_MAX}, &limit, &x->problem);
    if (error < 0)
        return error;
    if (!ident_is_session(x->params[0], strlen(x->params[0])))
        return handlers_no_session(x);
    exchange_json(x, 200);
    if (branch)
        return handlers_branch(x,
            &(struct branches_page){x->params[0], branch, before, (size_t)limit});
    error = sessions_messages(x->app->store, x->who.user, x->params[0], before, (size_t)limit,
        &x->reply.body);
    if (error == ERR_INVALID)
        return handlers_bad_cursor(x);
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
}

/* Where the stream begins: Last-Event-ID, ?cursor, else the present end of the log. */
int handlers_session_events(struct exchange *x)
{
    char end[TURNS_CURSOR_SIZE] = "0-0";
    if (!request_accepts(&x->request, "text/event-stream"))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Only text/event-stream is sent here.");
    if (!ident_is_session(x->params[0], strlen(x->params[0])))
        return handlers_no_session(x);
    const char *cursor = request_header(&x->request, "HTTP_LAST_EVENT_ID");
    const char *field = "Last-Event-ID";
    if (!cursor) {
        cursor = request_query(&x->request, "cursor");
        field = "cursor";
    }
    if (cursor && !exchange_cursor_valid(cursor))
        return problem_field(&x->problem, field, "%s must be an event id of this session.", field);
    int error = sessions_cursor(x->app->store, x->who.user, x->params[0], end);
    if (error < 0)
        return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
    const struct exchange_view view = {.session = x->params[0],
        .cursor = cursor ? cursor : end,
        .form = "agui"};
    return exchange_handover(x, &view);
}

/* --- the history of today's clients --- */

static const char *handlers_conversation(struct exchange *x)
{
    const char *id = request_query(&x->request, "conversation_id");
    return id ? id : request_query(&x->request, "session_id");
}

static int handlers_check_conversation(struct exchange *x, const char *id)
{
    if (ident_is_session(id, strlen(id)))
        return 0;
    if (ident_is_safe(id, strlen(id), IDENT_SESSION_MAX))
        return handlers_no_session(x);
    return problem_limit(&x->problem, "conversation_id", IDENT_SESSION_MAX,
        "conversation_id must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
        IDENT_SESSION_MAX);
}

/* The next_cursor of a page of messages; NULL at the end. Lives in the arena. */
static int handlers_next_cursor(struct exchange *x, const struct buf *page, const char **out)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(page->data, page->len, &doc, NULL, 0);
    if (error < 0)
        return error;
    const char *next = jdoc_text_or(doc, "next_cursor", "");
    *out = *next != '\0' ? arena_strdup(x->arena, next) : NULL;
    error = *next != '\0' && !*out ? ERR_NOMEM : 0;
    jdoc_free(doc);
    return error;
}

/* Page 1 is the newest; further pages are reached by walking, as today's clients count them. */
static int handlers_history_page(struct exchange *x, const char *session, const char *cursor,
    int64_t page, int64_t limit, struct buf *out)
{
    for (int64_t i = 1;; i++) {
        buf_reset(out);
        int error =
            sessions_messages(x->app->store, x->who.user, session, cursor, (size_t)limit, out);
        if (error < 0 || i == page)
            return error;
        error = handlers_next_cursor(x, out, &cursor);
        if (error < 0)
            return error;
        if (!cursor) {
            buf_reset(out);
            buf_puts(out, "{\"messages\":[],\"has_more\":false,\"next_cursor\":null}");
            return buf_error(out);
        }
    }
}

static int handlers_history_write(struct exchange *x, const char *session, const struct buf *page)
{
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"conversation\":");
    int error = sessions_get(x->app->store, x->who.user, session, &x->reply.body);
    if (error < 0)
        return error;
    buf_putc(&x->reply.body, ',');
    buf_put(&x->reply.body, page->data + 1, page->len - 1);
    return 0;
}

int handlers_history_get(struct exchange *x)
{
    char latest[IDENT_SESSION_MAX + 1] = "";
    const char *session = handlers_conversation(x), *cursor = NULL;
    int64_t page = 0, limit = 0;
    int error = handlers_cursor(x, &cursor);
    if (error == 0)
        error = request_query_int(&x->request, "limit",
            &(struct request_bounds){50, 1, HANDLERS_PAGE_MAX}, &limit, &x->problem);
    if (error == 0)
        error = request_query_int(&x->request, "page",
            &(struct request_bounds){1, 1, HANDLERS_PAGES_MAX}, &page, &x->problem);
    if (error == 0 && session)
        error = handlers_check_conversation(x, session);
    if (error < 0)
        return error;
    if (!session) {
        error = sessions_latest(x->app->store, x->who.user, latest);
        if (error == ERR_NOT_FOUND) {
            exchange_json(x, 200);
            buf_puts(&x->reply.body,
                "{\"conversation\":null,\"messages\":[],"
                "\"has_more\":false,\"next_cursor\":null}");
            return 0;
        }
        if (error < 0)
            return error;
        session = latest;
    }
    struct buf messages;
    buf_init(&messages, 0);
    error = handlers_history_page(x, session, cursor, page, limit, &messages);
    if (error == 0)
        error = handlers_history_write(x, session, &messages);
    buf_free(&messages);
    if (error == ERR_INVALID)
        return handlers_bad_cursor(x);
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
}

int handlers_history_delete(struct exchange *x)
{
    const char *session = handlers_conversation(x);
    if (!session)
        return problem_field(&x->problem, "conversation_id",
            "conversation_id is needed: say which conversation to delete.");
    int error = handlers_check_conversation(x, session);
    return error < 0 ? error : handlers_delete(x, session);
}
