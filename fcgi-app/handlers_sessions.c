/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "agent/title.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"
#include "fcgi-app/shared_chat.h"
#include "store/branches.h"
#include "store/find.h"
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
    const char *chat = strstr(*out, "-" IDENT_CHAT); /* the score of a chat, and its id */
    if (chat && ident_is_chat(chat + 1, strlen(chat + 1)) &&
        ident_is_safe(*out, (size_t)(chat - *out), 32))
        return 0;
    return handlers_bad_cursor(x);
}

/* ?pinned: NULL = all, else "1" or "0". */
static int handlers_pinned(struct exchange *x, const char **out)
{
    const char *pinned = request_query(&x->request, "pinned");
    *out = NULL;
    if (!pinned || *pinned == '\0')
        return 0;
    if (strcmp(pinned, "true") == 0)
        *out = "1";
    else if (strcmp(pinned, "false") == 0)
        *out = "0";
    else
        return problem_field(&x->problem, "pinned", "pinned must be true or false.");
    return 0;
}

static int handlers_query(struct exchange *x, const char **out)
{
    *out = request_query(&x->request, "query");
    if (!*out || **out == '\0') {
        *out = NULL;
        return 0;
    }
    size_t len = strlen(*out);
    if (len > FIND_QUERY_BYTES)
        return problem_limit(&x->problem, "query", FIND_QUERY_BYTES,
            "query must be a text of at most %d bytes.", FIND_QUERY_BYTES);
    return utf8_valid(*out, len) ? 0 : problem_field(&x->problem, "query", "query must be UTF-8.");
}

int handlers_sessions_list(struct exchange *x)
{
    const char *cursor = NULL, *pinned = NULL, *query = NULL;
    int64_t limit = 0;
    int error = handlers_cursor(x, &cursor);
    if (error == 0)
        error = request_query_int(&x->request, "limit",
            &(struct request_bounds){20, 1, HANDLERS_PAGE_MAX}, &limit, &x->problem);
    if (error == 0)
        error = handlers_pinned(x, &pinned);
    if (error == 0)
        error = handlers_query(x, &query);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    const struct find_page search = {query, cursor, (size_t)limit, pinned};
    const struct sessions_page page = {cursor, (size_t)limit, pinned};
    error = query ? find_sessions(x->app->store, x->who.user, &search, &x->reply.body) :
                    sessions_list(x->app->store, x->who.user, &page, &x->reply.body);
    return error == ERR_INVALID ? handlers_bad_cursor(x) : error;
}

int handlers_session_get(struct exchange *x)
{
    int error = shared_chat_open(x, x->params[0], TRIPS_VIEWER);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    error = sessions_get(x->app->store, exchange_owner(x), x->params[0], &x->reply.body);
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
}

/* title: out, in the arena; NULL = the body has none. */
static int handlers_title(struct exchange *x, const jdoc *body, const char **title)
{
    const char *text = NULL;
    size_t len = 0;
    struct buf clean = {0};
    *title = NULL;
    if (!jdoc_has(body, "title"))
        return 0;
    if (jdoc_get_string(body, "title", &text, &len) < 0 || len == 0 || len > HANDLERS_TITLE_MAX ||
        strlen(text) != len)
        return problem_limit(&x->problem, "title", HANDLERS_TITLE_MAX,
            "title must be a text of 1 to %d bytes.", HANDLERS_TITLE_MAX);
    int error = title_clean(text, len, HANDLERS_TITLE_MAX, &clean);
    if (error == ERR_INVALID)
        error = problem_field(&x->problem, "title", "Nothing of this title can be seen.");
    if (error == 0 && !(*title = arena_strdup(x->arena, buf_text(&clean))))
        error = ERR_NOMEM;
    buf_free(&clean);
    return error;
}

int handlers_session_patch(struct exchange *x)
{
    jdoc *body = NULL;
    bool pinned = false;
    struct sessions_change change = {0};
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    if (!ident_is_session(x->params[0], strlen(x->params[0])))
        return handlers_no_session(x);
    error = handlers_title(x, body, &change.title);
    if (error < 0)
        return error;
    if (jdoc_has(body, "pinned")) {
        if (jdoc_get_bool(body, "pinned", &pinned) != 0)
            return problem_field(&x->problem, "pinned", "pinned must be true or false.");
        change.pin = pinned ? 1 : -1;
    }
    if (!change.title && !change.pin)
        return problem_field(&x->problem, "title", "title or pinned is needed.");
    exchange_json(x, 200);
    error = sessions_change(x->app->store, x->who.user, x->params[0], &change, &x->reply.body);
    if (error == ERR_LIMIT) {
        problem_set(&x->problem, PROBLEM_LIMIT_REACHED, "At most %d chats can be pinned.",
            SESSIONS_PINNED_MAX);
        x->problem.has_limit = true;
        x->problem.limit = SESSIONS_PINNED_MAX;
    }
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
}

/* undo_ms: for so long it can be had back. */
static int handlers_delete(struct exchange *x, const char *session, int64_t undo_ms)
{
    char until[CLOCK_RFC3339_SIZE];
    int64_t until_ms = 0;
    int error = shared_chat_open(x, session, TRIPS_OWNER);
    if (error < 0)
        return error;
    if (ident_is_chat(session, strlen(session))) /* others may open theirs meanwhile */
        undo_ms = 0;
    error = sessions_delete(x->app->store, x->who.user, session, undo_ms, &until_ms);
    if (error == ERR_NOT_FOUND)
        return handlers_no_session(x);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"success\":true,\"message\":\"The session was deleted.\"");
    if (until_ms > 0) {
        clock_rfc3339(until_ms, until);
        buf_json_member(&x->reply.body, "restorable_until", until);
    }
    buf_putc(&x->reply.body, '}');
    return 0;
}

int handlers_session_delete(struct exchange *x)
{
    const char *undo = request_query(&x->request, "undo");
    bool wanted = undo && strcmp(undo, "true") == 0;
    if (undo && !wanted && strcmp(undo, "false") != 0)
        return problem_field(&x->problem, "undo", "undo must be true or false.");
    return handlers_delete(x, x->params[0], wanted ? x->app->conf->session_undo_ms : 0);
}

int handlers_session_restore(struct exchange *x)
{
    const char *session = x->params[0];
    int error = ident_is_session(session, strlen(session)) ?
        sessions_restore(x->app->store, x->who.user, session) :
        ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND,
            "No such session was deleted, or it is too late to have it back.");
    if (error == ERR_CONFLICT)
        return problem_set(&x->problem, PROBLEM_CONFLICT,
            "There is another session with this id by now.");
    if (error < 0)
        return error;
    exchange_json(x, 200);
    error = sessions_get(x->app->store, x->who.user, session, &x->reply.body);
    return error == ERR_NOT_FOUND ? handlers_no_session(x) : error;
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
    error = shared_chat_open(x, x->params[0], TRIPS_VIEWER);
    if (error < 0)
        return error;
    if (branch && ident_is_chat(x->params[0], strlen(x->params[0])))
        return handlers_no_session(x); /* it has none */
    exchange_json(x, 200);
    if (branch)
        return handlers_branch(x,
            &(struct branches_page){x->params[0], branch, before, (size_t)limit});
    error = sessions_messages(x->app->store, exchange_owner(x), x->params[0], before, (size_t)limit,
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
    int error = shared_chat_open(x, x->params[0], TRIPS_VIEWER);
    if (error < 0)
        return error;
    const char *cursor = request_header(&x->request, "HTTP_LAST_EVENT_ID");
    const char *field = "Last-Event-ID";
    if (!cursor) {
        cursor = request_query(&x->request, "cursor");
        field = "cursor";
    }
    if (cursor && !exchange_cursor_valid(cursor))
        return problem_field(&x->problem, field, "%s must be an event id of this session.", field);
    error = sessions_cursor(x->app->store, exchange_owner(x), x->params[0], end);
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
    return error < 0 ? error : handlers_delete(x, session, 0);
}
