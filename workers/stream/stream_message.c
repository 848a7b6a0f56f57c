/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_message.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "store/logentry.h"
#include "workers/stream/stream_call.h"
#include "workers/stream/stream_form.h"
#include "workers/stream/stream_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCATE_MS 5000 /* a message that Redis does not let start is refused after this */
#define RETRY_MS 1000
#define CRASHED_MS 60000
#define CALLS_MAX 8 /* cancels and context updates in flight, of one socket */

enum stream_message_kind { MESSAGE_SUBMIT, MESSAGE_CANCEL, MESSAGE_CONTEXT, MESSAGE_INBOX };

/* A request to a pool on behalf of a client. Submits go one after the other, the rest at once. */
struct stream_message {
    struct stream_message *next;
    struct stream_conn *conn;
    struct fastcgi_call *call; /* in flight */
    char *session, *client_message_id, *run_id;
    struct buf body;
    int64_t queued_ms;
    enum stream_message_kind kind;
    bool agui;
};

static void stream_message_free(struct stream_message *m)
{
    free(m->session);
    free(m->client_message_id);
    free(m->run_id);
    buf_free(&m->body);
    free(m);
}

static void stream_message_unlink(struct stream_message *m)
{
    struct stream_message **at = &stream_socket_of(m->conn)->messages;

    while (*at && *at != m)
        at = &(*at)->next;
    if (*at)
        *at = m->next;
}

static struct stream_message *stream_message_new(struct stream_conn *c,
    enum stream_message_kind kind)
{
    struct stream_message *m = calloc(1, sizeof *m), **at = &stream_socket_of(c)->messages;

    if (!m)
        return NULL;
    m->conn = c;
    m->kind = kind;
    m->queued_ms = clock_mono_ms();
    while (*at)
        at = &(*at)->next;
    *at = m;
    return m;
}

static size_t stream_message_count_kind(const struct stream_conn *c, bool submits)
{
    size_t n = 0;

    for (const struct stream_message *m = stream_socket_of(c)->messages; m; m = m->next)
        n += (m->kind == MESSAGE_SUBMIT) == submits;
    return n;
}

static struct stream_message *stream_message_first_submit(const struct stream_conn *c)
{
    struct stream_message *m = stream_socket_of(c)->messages;

    while (m && m->kind != MESSAGE_SUBMIT)
        m = m->next;
    return m;
}

/* ---- the request ---- */

/* fn NULL: the reply is told to nobody. */
static int stream_message_ask(struct stream_message *m, struct fastcgi_pool *pool,
    const char *method, const char *path, fastcgi_call_fn *fn)
{
    const struct stream_call call = {.pool = pool,
        .user = m->conn->user,
        .account = m->conn->account,
        .mark = &m->conn->mark,
        .method = method,
        .path = path,
        .body = &m->body,
        .admin = stream_socket_of(m->conn)->admin,
        .scopes = stream_socket_of(m->conn)->scopes,
        /* Two with the same id are one; an answer to an approval has the id of that. */
        .repeatable = m->kind == MESSAGE_SUBMIT && m->client_message_id};

    return stream_call_start(m->conn->stream, &call, fn, m, &m->call);
}

/* ---- what the client hears ---- */

/* RunAgentInput frames are answered in their own language: a run that ended before it started. */
static void stream_message_tell_run_error(struct stream_conn *c, const struct stream_message *m,
    const char *code, const char *text, int64_t retry_ms)
{
    struct buf b;

    buf_init(&b, 0);
    logentry_open_run_error(&b, text, code);
    buf_puts(&b, ",\"metadata\":{\"threadId\":");
    buf_json_string(&b, m->session, strlen(m->session));
    if (m->run_id) {
        buf_puts(&b, ",\"runId\":");
        buf_json_string(&b, m->run_id, strlen(m->run_id));
    }
    if (retry_ms > 0)
        buf_printf(&b, ",\"retryAfterMs\":%lld", (long long)retry_ms);
    buf_puts(&b, "}}");
    err_ignore(stream_socket_json(c, &b));
    buf_free(&b);
}

static void stream_message_tell_error(const struct stream_message *m, const char *code,
    const char *text, int64_t retry_ms)
{
    if (m->agui)
        stream_message_tell_run_error(m->conn, m, code, text, retry_ms);
    else
        stream_form_error(m->conn, code, text, m->client_message_id, retry_ms);
}

static void stream_message_tell_failure(const struct stream_message *m, int error)
{
    if (error == ERR_FULL)
        stream_message_tell_error(m, "pool_full", "All workers are busy.", RETRY_MS);
    else if (error == ERR_NET)
        stream_message_tell_error(m, "not_ready", "The workers cannot be reached.", RETRY_MS);
    else if (error == ERR_BUSY)
        stream_message_tell_error(m, "request_crashed_worker",
            "Workers died in what this session holds: it is refused for a while.", CRASHED_MS);
    else if (error == ERR_STORE)
        stream_message_tell_error(m, "store_unavailable", "The storage cannot be reached.",
            RETRY_MS);
    else
        stream_message_tell_error(m, "no_answer",
            "It is not known whether the message was taken. Send it again with the same "
            "client_message_id.",
            RETRY_MS);
}

static void stream_message_tell_problem(const struct stream_message *m, const jdoc *problem)
{
    const char *detail = jdoc_text_or(problem, "detail", "");
    int64_t retry = 0;

    if (!detail[0])
        detail = jdoc_text_or(problem, "title", "The request was refused.");
    jdoc_get_int(problem, "retry_after_ms", &retry);
    stream_message_tell_error(m, jdoc_text_or(problem, "code", "refused"), detail, retry);
}

/* {"type":TYPE, members of the reply, "client_message_id"}. */
static void stream_message_tell_reply(const struct stream_message *m, const char *type, jdoc *reply)
{
    struct buf b;

    buf_init(&b, 0);
    if (jdoc_set_string(reply, "type", type) == 0 &&
        jdoc_set_string(reply, "client_message_id", m->client_message_id) == 0) {
        jdoc_write(reply, &b);
        err_ignore(stream_socket_json(m->conn, &b));
    } else {
        stream_conn_kill(m->conn); /* its client comes back, and sends it again */
    }
    buf_free(&b);
}

/*
 * The same message again: its sender wants the stream of the earlier turn. What this connection
 * has not seen of it, because it came later, is played from the log. Returns 0 or what
 * stream_conn_watch_start says.
 */
static int stream_message_replay(struct stream_message *m, const jdoc *reply)
{
    struct hub_viewer *viewer = stream_conn_viewer(m->conn, m->session);
    struct hub_start start = {.user = m->conn->user,
        .session = m->session,
        .has_cursor = true,
        .until_final = true};
    const char *cursor = jdoc_text_or(reply, "cursor", "");

    start.run = jdoc_text_or(reply, "turn_id", NULL);
    if (!viewer || viewer->named_cursor || !start.run ||
        logentry_id_parse(cursor, strlen(cursor), &start.cursor) < 0 ||
        logentry_id_compare(start.cursor, viewer->v.origin) >= 0)
        return 0;
    for (viewer = m->conn->viewers; viewer; viewer = viewer->sibling) {
        if (viewer->run && strcmp(viewer->run, start.run) == 0)
            return 0;
    }
    start.until = stream_conn_viewer(m->conn, m->session)->v.origin;
    return stream_conn_watch_start(m->conn, &start, NULL);
}

/* The message is accepted, whether or not an earlier run can be replayed on this connection: the
 * client may read that run from the session. */
static void stream_message_on_accepted(struct stream_message *m, jdoc *reply)
{
    struct stream_conn *c = m->conn;
    int error = 0;

    if (strcmp(jdoc_text_or(reply, "state", ""), "duplicate") == 0)
        error = stream_message_replay(m, reply);
    if (error)
        log_limited(LOG_LEVEL_WARN, "a run is not replayed to user %s: %s", c->user,
            err_text(error));
    if (stream_socket_of(c)->form->tells_accepted && !m->agui)
        stream_message_tell_reply(m, "accepted", reply);
}

static void stream_message_handle_reply(struct stream_message *m, const struct fastcgi_reply *r)
{
    jdoc *reply = NULL;

    if (jdoc_parse(buf_text(&r->body), r->body.len, &reply, NULL, 0) < 0)
        stream_message_tell_failure(m, ERR_PROTOCOL);
    else if (r->status >= 400)
        stream_message_tell_problem(m, reply);
    else if (m->kind == MESSAGE_SUBMIT)
        stream_message_on_accepted(m, reply);
    else if (!stream_socket_of(m->conn)->form->tells_results || m->kind == MESSAGE_INBOX)
        ; /* nothing but the assistant's words; told on the user's channel */
    else if (m->kind == MESSAGE_CONTEXT) {
        jdoc *whole = jdoc_new_object();
        if (whole && jdoc_set(whole, "context", reply) == 0)
            stream_message_tell_reply(m, "context_updated", whole);
        else
            stream_message_tell_failure(m, ERR_NOMEM);
        if (whole) /* has taken it */
            reply = NULL;
        jdoc_free(whole);
    } else
        stream_message_tell_reply(m, "cancel_result", reply);
    jdoc_free(reply);
}

static void stream_message_on_reply(void *arg, int error, const struct fastcgi_reply *r)
{
    struct stream_message *m = arg;
    struct stream_conn *c = m->conn;

    m->call = NULL;
    stream_message_unlink(m); /* before anything that pumps: it must not be sent again */
    if (error)
        stream_message_tell_failure(m, error);
    else
        stream_message_handle_reply(m, r);
    stream_message_free(m);
    stream_message_pump(c);
}

/* ---- messages ---- */

static void stream_message_fail(struct stream_message *m, int error)
{
    stream_message_unlink(m);
    stream_message_tell_failure(m, error);
    stream_message_free(m);
}

static int stream_message_send_submit(struct stream_message *m, fastcgi_call_fn *fn)
{
    return stream_message_ask(m, m->conn->stream->turns, "POST", "/internal/message", fn);
}

void stream_message_pump(struct stream_conn *c)
{
    struct stream_message *m;

    while (stream_socket_is_open(c) && (m = stream_message_first_submit(c)) && !m->call) {
        struct hub_viewer *viewer;
        int error = stream_conn_watch(c, m->session, NULL, &viewer);
        if (error == 0 && !viewer->told)
            return; /* comes back when the viewer stands: no event of the turn is missed */
        if (error == 0)
            error = stream_message_send_submit(m, stream_message_on_reply);
        if (error == ERR_LIMIT) {
            stream_message_tell_error(m, "too_many_subscriptions",
                "Too many sessions on one socket.", 0);
            stream_message_unlink(m);
            stream_message_free(m);
        } else if (error < 0) {
            stream_message_fail(m, error);
        }
    }
}

static bool stream_message_choose_session(struct stream_conn *c, const char *session)
{
    struct stream_socket *w = stream_socket_of(c);
    char made[IDENT_UUID_SIZE];

    if (session)
        return ident_is_session(session, strlen(session));
    if (w->session)
        return true;
    ident_uuid7(made);
    w->session = strdup(made);
    return w->session != NULL;
}

static char *stream_message_dup_or_null(const char *s)
{
    return s ? strdup(s) : NULL;
}

/* Redis was not there when a message came, and could not be reached. */
static void stream_message_on_redis(void *arg, int error, struct link_reply *reply)
{
    struct stream_conn *c = arg;
    struct stream_message *m;

    link_reply_free(reply);
    while (error && stream_conn_is_open(c) && (m = stream_message_first_submit(c)) && !m->call)
        stream_message_fail(m, ERR_STORE);
}

/* A message comes. Returns 0 or ERR_STORE: Redis is not there, and cannot be tried now. */
static int stream_message_hurry_redis(struct stream_conn *c)
{
    struct link_arg ping = link_text("PING");
    const struct link_question question = {.args = &ping,
        .nargs = 1,
        .reads = true,
        .on_reply = stream_message_on_redis,
        .arg = c,
        .asker = &c->asker};

    if (hub_is_up(c->stream->hub))
        return 0;
    return hub_hurry(c->stream->hub) ? link_ask(hub_link(c->stream->hub), &question) : ERR_STORE;
}

void stream_message_submit(struct stream_conn *c, const struct stream_submit *submit)
{
    struct stream_message *m;
    const char *session;

    if (!stream_message_choose_session(c, submit->session)) {
        stream_form_error(c, "invalid_field", "The session's id is not valid.",
            submit->client_message_id, 0);
        return;
    }
    if (stream_message_count_kind(c, true) >= STREAM_MESSAGES_MAX) {
        stream_form_error(c, "too_many_waiting", "Too many messages wait on this socket.",
            submit->client_message_id, RETRY_MS);
        return;
    }
    session = submit->session ? submit->session : stream_socket_of(c)->session;
    m = stream_message_new(c, MESSAGE_SUBMIT);
    if (!m) {
        stream_conn_kill(c);
        return;
    }
    m->agui = submit->agui;
    m->session = strdup(session);
    m->client_message_id = stream_message_dup_or_null(submit->client_message_id);
    m->run_id = stream_message_dup_or_null(submit->run_id);
    m->body = *submit->body;
    buf_init(submit->body, 0);
    buf_puts(&m->body, ",\"session_id\":");
    buf_json_string(&m->body, session, strlen(session));
    buf_putc(&m->body, '}');
    if (!m->session || buf_error(&m->body))
        stream_conn_kill(c);
    else if (stream_message_hurry_redis(c) < 0)
        stream_message_fail(m, ERR_STORE);
    else
        stream_message_pump(c);
}

void stream_message_tick(struct stream_conn *c, int64_t now_ms)
{
    struct stream_message *m = stream_message_first_submit(c);

    if (m && !m->call && now_ms - m->queued_ms >= LOCATE_MS) {
        stream_message_fail(m, ERR_STORE);
        stream_message_pump(c);
    }
}

void stream_message_free_all(struct stream_conn *c)
{
    struct stream_message **first = &stream_socket_of(c)->messages, *m;

    while ((m = *first)) {
        *first = m->next;
        if (m->call)
            fastcgi_call_forget(m->call);
        else if (m->kind == MESSAGE_SUBMIT && m->body.len > 0)
            /* Its sender has gone, the message was said; one that comes back sends it again. */
            err_ignore(stream_message_send_submit(m, NULL));
        stream_message_free(m);
    }
}

/* ---- stop and context ---- */

static void stream_message_call_api(struct stream_message *m, const char *method, const char *path)
{
    int error = stream_message_ask(m, m->conn->stream->api, method, path, stream_message_on_reply);

    if (error < 0)
        stream_message_fail(m, error);
}

static struct stream_message *stream_message_new_aside(struct stream_conn *c,
    enum stream_message_kind kind, const char *id)
{
    struct stream_message *m;

    if (stream_message_count_kind(c, false) >= CALLS_MAX) {
        stream_form_error(c, "too_many_waiting", "Too many requests wait on this socket.", id,
            RETRY_MS);
        return NULL;
    }
    m = stream_message_new(c, kind);
    if (!m)
        return NULL;
    m->client_message_id = stream_message_dup_or_null(id);
    return m;
}

void stream_message_cancel(struct stream_conn *c, const char *turn, const char *session,
    const char *client_message_id)
{
    const char *base = c->stream->conf->public_base, *id = turn ? turn : session;
    struct stream_message *m = stream_message_new_aside(c, MESSAGE_CANCEL, client_message_id);
    struct buf path;

    if (!m)
        return;
    buf_init(&path, 0);
    buf_puts(&path, base);
    if (id) {
        buf_puts(&path, turn ? "/turns/" : "/sessions/");
        buf_put_urlencoded(&path, id, strlen(id));
        buf_puts(&path, "/cancel");
        buf_puts(&m->body, "{}");
    } else {
        buf_puts(&path, "/cancel");
        buf_puts(&m->body, "{\"client_message_id\":");
        buf_json_string(&m->body, client_message_id, strlen(client_message_id));
        buf_putc(&m->body, '}');
    }
    if (buf_error(&path) || buf_error(&m->body))
        stream_message_fail(m, ERR_NOMEM);
    else
        stream_message_call_api(m, "POST", path.data);
    buf_free(&path);
}

void stream_message_inbox(struct stream_conn *c, const char *entry, int64_t snooze_minutes)
{
    struct stream_message *m = stream_message_new_aside(c, MESSAGE_INBOX, NULL);
    struct buf path;

    if (!m)
        return;
    buf_init(&path, 0);
    buf_puts(&path, c->stream->conf->public_base);
    buf_puts(&path, "/inbox/");
    buf_put_urlencoded(&path, entry, strlen(entry));
    buf_puts(&path, snooze_minutes > 0 ? "/snooze" : "/ack");
    buf_printf(&m->body, "{\"minutes\":%lld}", (long long)snooze_minutes);
    if (buf_error(&path) || buf_error(&m->body))
        stream_message_fail(m, ERR_NOMEM);
    else
        stream_message_call_api(m, "POST", path.data);
    buf_free(&path);
}

void stream_message_context(struct stream_conn *c, const char *json, size_t len)
{
    struct stream_message *m = stream_message_new_aside(c, MESSAGE_CONTEXT, NULL);
    struct buf path;

    if (!m)
        return;
    buf_init(&path, 0);
    buf_puts(&path, c->stream->conf->public_base);
    buf_puts(&path, "/context");
    buf_put(&m->body, json, len);
    if (buf_error(&path) || buf_error(&m->body))
        stream_message_fail(m, ERR_NOMEM);
    else
        stream_message_call_api(m, "PUT", path.data);
    buf_free(&path);
}
