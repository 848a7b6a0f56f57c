/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_handshake.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/url.h"
#include "fcgi-app/facade_view.h"
#include "process/cookie.h"
#include "process/origin.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/tickets.h"
#include "wire/http/stream_http.h"
#include "workers/stream/stream_agui.h"
#include "workers/stream/stream_chat.h"
#include "workers/stream/stream_credential.h"
#include "workers/stream/stream_durable.h"
#include "workers/stream/stream_guard.h"
#include "workers/stream/stream_handover.h"
#include "workers/stream/stream_json.h"
#include "workers/stream/stream_legacy.h"
#include "workers/stream/stream_offer.h"
#include "workers/stream/stream_refuse.h"
#include "workers/stream/stream_sse.h"
#include "workers/stream/stream_text.h"
#include "workers/stream/stream_upgrade.h"
#include "workers/stream/stream_ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>

#define HANDSHAKE_MS 10000
#define KEYS_MS 3000 /* for a look at the issuer's keys */
#define TICKET_MAX 256
#define SSE_PATH "/_stream/sse"
#define CHAT_PATH "/ai/ws"
#define DURABLE_PATH "/_stream/durable"

static bool stream_handshake_is_printable(const char *s, size_t max)
{
    size_t n = 0;

    for (; s[n]; n++) {
        if (n >= max || s[n] < 0x21 || s[n] > 0x7e)
            return false;
    }
    return n > 0;
}

static const char *stream_handshake_header(const struct stream_conn *c,
    enum stream_http_header header)
{
    return stream_request_header(c->own, header);
}

/* The request's id. NULL = none that can be said again. */
static const char *stream_handshake_request_id(const struct stream_conn *c)
{
    const char *id = stream_handshake_header(c, STREAM_HTTP_REQUEST_ID);

    return id && stream_handshake_is_printable(id, 128) ? id : NULL;
}

static void stream_handshake_refuse(struct stream_conn *c, int status, const char *code,
    const char *detail)
{
    struct stream_asker by = {.id = stream_handshake_request_id(c),
        .origin = stream_handshake_header(c, STREAM_HTTP_ORIGIN)};
    const char *header = stream_handshake_header(c, STREAM_HTTP_TRACEPARENT);
    struct ident_trace parent;

    if (header && ident_trace_parse(header, &parent))
        ident_trace_child(&parent, &by.trace);
    else
        ident_trace_new(&by.trace);
    by.openai = strcmp(stream_request_path(c->own), SSE_PATH) == 0 &&
        strstr(stream_request_query(c->own), "&form=" FACADE_FORM_PREFIX);
    stream_refuse(c, &by, status, code, detail);
}

/* The socket of the AI SDK's chats. */
static bool stream_handshake_is_chat(const struct stream_conn *c)
{
    return strcmp(stream_request_path(c->own) + strlen(c->stream->conf->public_base), CHAT_PATH) ==
        0;
}

/* ---- credentials ---- */

/* The user that the path names: /ws/{user}, an id or a name. "" = none; false = not readable. */
static bool stream_handshake_path_user(const struct stream_conn *c, char user[IDENT_NAME_MAX + 1])
{
    const char *rest =
        stream_request_path(c->own) + strlen(c->stream->conf->public_base) + strlen("/ws");
    long len;

    user[0] = '\0';
    if (stream_handshake_is_chat(c) || rest[0] == '\0' || strcmp(rest, "/") == 0)
        return true;
    len = url_decode(rest + 1, strlen(rest + 1), false, user, IDENT_NAME_MAX + 1);
    return len > 0;
}

static void stream_handshake_development_user(const struct stream_conn *c, const char *path,
    char user[IDENT_NAME_MAX + 1])
{
    const char *header = stream_handshake_header(c, STREAM_HTTP_DEV_USER);

    if (path[0])
        snprintf(user, IDENT_NAME_MAX + 1, "%s", path);
    else if (stream_query_get(stream_request_query(c->own), "user", user, IDENT_NAME_MAX + 1) <= 0)
        snprintf(user, IDENT_NAME_MAX + 1, "%s", header ? header : "");
}

/* ---- the upgrade ---- */

/* NULL = not known. */
static const struct stream_form *stream_handshake_form(const char *query)
{
    static const struct stream_form *const forms[] = {&stream_agui_form, &stream_text_form,
        &stream_legacy_form};
    char name[16];
    long len = stream_query_get(query, "format", name, sizeof name);

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (len > 0 && strcmp(name, forms[i]->name) == 0)
            return forms[i];
    }
    return strstr(query, "format=") ? NULL : forms[0];
}

static void stream_handshake_upgrade(struct stream_conn *c, const struct auth_identity *who)
{
    const char *query = stream_request_query(c->own);
    char session[IDENT_SESSION_MAX + 1], cursor[LOGENTRY_ID_SIZE], account[AUTH_ACCOUNT_SIZE];
    bool chat = stream_handshake_is_chat(c);
    struct stream_ws_start start = {.form = stream_handshake_form(query),
        .admin = strcmp(who->role, "admin") == 0,
        .scopes = who->scopes,
        .cursor = cursor};

    if (stream_query_get(query, "session_id", session, sizeof session) > 0)
        start.session = session;
    if (stream_query_get(query, "cursor", cursor, sizeof cursor) <= 0)
        cursor[0] = '\0';
    c->expires_ms = who->expires_ms;
    stream_credential_set(c, &who->mark);
    auth_account_write(who, account);
    c->account = strdup(account);
    if (!c->account || stream_conn_belongs(c, who->user)) {
        stream_conn_kill(c);
        return;
    }
    if (!stream_conn_count_in(c, who->class)) {
        stream_handshake_refuse(c, 429, STREAM_CROWDED, STREAM_CROWDED_TEXT);
        return;
    }
    start.deflate_bits = stream_upgrade_send(c, c->own, stream_handshake_request_id(c));
    if (stream_conn_is_open(c) && chat)
        stream_chat_start(c, &start);
    else if (stream_conn_is_open(c))
        stream_ws_start(c, &start);
}

static void stream_handshake_refuse_share(struct stream_conn *c)
{
    stream_handshake_refuse(c, 429, "connections_per_user",
        "This user has a quarter of the connections of a worker of which more than half are taken. "
        "A message sent with this request is accepted: ask again with its client message id.");
}

static bool stream_handshake_has_crashed(const struct stream_conn *c, const char *user)
{
    char session[IDENT_SESSION_MAX + 1] = "";
    long len =
        stream_query_get(stream_request_query(c->own), "session_id", session, sizeof session);

    return stream_guard_refused(STREAM_GUARD_BYTES, user, "", 0) > 0 ||
        stream_guard_refused(STREAM_GUARD_EVENT, user, session, len > 0 ? (size_t)len : 0) > 0;
}

/* The path names a user: it has to be the credential's. */
static void stream_handshake_admit(struct stream_conn *c, const struct auth_identity *who)
{
    char user[IDENT_NAME_MAX + 1];

    if (stream_handshake_has_crashed(c, who->user))
        stream_handshake_refuse(c, 503, "request_crashed_worker",
            "Workers died in what this user sent, or in what this session holds. To protect "
            "other users it is refused for a while.");
    else if (stream_conn_is_too_many(c->stream, who->user))
        stream_handshake_refuse_share(c);
    else if (!stream_handshake_path_user(c, user))
        stream_handshake_refuse(c, 404, "not_found", "There is nothing here.");
    else if (!(who->scopes & SCOPE_CHAT))
        stream_handshake_refuse(c, 403, "scope_missing", "A socket needs the scope \"chat\".");
    else if (user[0] && !ident_user_is(who->user, user, strlen(user)))
        stream_handshake_refuse(c, 403, "forbidden",
            "The user of the path is not the user of the credential.");
    else
        stream_handshake_upgrade(c, who);
}

/* The ticket's content, which is gone from Redis now; nil: there was none. */
static void stream_handshake_try_ticket(struct stream_conn *c, const struct link_reply *content)
{
    struct auth_identity who;
    size_t len;
    const char *text = link_reply_text(content, &len);
    int error = ERR_AUTH;

    memset(&who, 0, sizeof who);
    if (link_reply_type(content) == LINK_STRING)
        error = auth_ticket(c->stream->auth, text, len,
            stream_handshake_header(c, STREAM_HTTP_ORIGIN), &who);
    if (error < 0 || (who.expires_ms > 0 && who.expires_ms <= clock_real_ms()))
        stream_handshake_refuse(c, 401, "unauthenticated",
            "The ticket or sign-in is unknown, used, expired or of another origin.");
    else
        stream_handshake_admit(c, &who);
}

static void stream_handshake_on_ticket(void *arg, int error, struct link_reply *content)
{
    struct stream_conn *c = arg;

    if (stream_conn_is_open(c) && error)
        stream_handshake_refuse(c, 503, "store_unavailable",
            "The ticket cannot be looked up now. Ask for a new one.");
    else if (stream_conn_is_open(c))
        stream_handshake_try_ticket(c, content);
    link_reply_free(content);
}

static const struct stream_kind stream_ticket_kind, stream_keys_kind;

/* The text of a ticket's key; the connection waits for it. */
static void stream_handshake_look_up(struct stream_conn *c, const struct link_arg *args,
    size_t count)
{
    const struct link_question question = {.args = args,
        .nargs = count,
        .on_reply = stream_handshake_on_ticket,
        .arg = c,
        .asker = &c->asker};
    c->kind = &stream_ticket_kind; /* the request stays its own */
    if (link_ask(hub_link(c->stream->hub), &question) < 0)
        stream_handshake_refuse(c, 503, "store_unavailable", "The ticket cannot be looked up now.");
}

static void stream_handshake_check_ticket(struct stream_conn *c, const char *ticket)
{
    char key[KEYS_MAX];

    keys_ticket(key, ticket);
    const struct link_arg args[] = {link_text("GETDEL"), link_text(key)};
    stream_handshake_look_up(c, args, sizeof args / sizeof *args);
}

/* The page's own sign-in, which is kept as a ticket is. */
static void stream_handshake_check_page(struct stream_conn *c, const char *value, size_t len)
{
    char token[TICKET_MAX], key[KEYS_MAX], idle[TICKETS_CURSOR_SIZE];
    struct link_arg args[TICKETS_PAGE_ARGS];

    snprintf(token, sizeof token, "%.*s", (int)(len < sizeof token ? len : sizeof token - 1),
        value);
    tickets_page_command(c->stream->conf, token, key, idle, args);
    stream_handshake_look_up(c, args, TICKETS_PAGE_ARGS);
}

static void stream_handshake_refuse_without_keys(struct stream_conn *c)
{
    stream_handshake_refuse(c, 503, "keys_unavailable",
        "The keys of the token's issuer cannot be fetched now, so the token cannot be checked.");
}

/* The token names a key that is not there: it is tried again, once a second, for a while. */
static void stream_handshake_await_keys(struct stream_conn *c)
{
    if (c->kind == &stream_keys_kind)
        return;
    c->kind = &stream_keys_kind; /* the request stays its own */
    c->due_ms = clock_mono_ms() + KEYS_MS;
    err_ignore(notice_ask(hub_link(c->stream->hub), &(struct notice){.kind = NOTICE_KEYS}));
}

/* A browser's cookie, which comes by itself; without one, a developer. ERR_FORBIDDEN: by another's
 * page. ERR_PENDING: it is looked up. Else as auth_token. */
static int stream_handshake_identify_by_cookie(struct stream_conn *c, const char *path,
    struct auth_identity *who, const char **why)
{
    const struct origin_asker by = {.origin = stream_handshake_header(c, STREAM_HTTP_ORIGIN),
        .host = stream_handshake_header(c, STREAM_HTTP_HOST),
        .changes = true};
    char user[IDENT_NAME_MAX + 1];
    const char *value = NULL, *page = cookie_page_name(c->stream->conf, by.host);
    size_t len = 0;
    /* There is one kind of them at a time (conf_rule_page_session). */
    int found = cookie_find(stream_handshake_header(c, STREAM_HTTP_COOKIE),
        *page ? page : c->stream->conf->auth_cookie, &value, &len);

    if (found == ERR_NOT_FOUND) {
        stream_handshake_development_user(c, path, user);
        return auth_development(c->stream->auth, user, who);
    }
    if (found < 0) {
        *why = "The cookie was sent twice.";
        return ERR_AUTH;
    }
    if (!origin_takes_cookie(c->stream->conf, &by))
        return ERR_FORBIDDEN;
    if (*page) {
        stream_handshake_check_page(c, value, len);
        return ERR_PENDING;
    }
    return auth_token(c->stream->auth, value, len, who, why);
}

static void stream_handshake_authenticate(struct stream_conn *c)
{
    char ticket[TICKET_MAX], path[IDENT_NAME_MAX + 1];
    struct auth_identity who;
    struct stream_offer *offer;
    const char *why = "A credential is needed.";
    int error;

    if (stream_query_get(stream_request_query(c->own), "ticket", ticket, sizeof ticket) > 0) {
        stream_handshake_check_ticket(c, ticket);
        return;
    }
    if (stream_query_has(stream_request_query(c->own), "ticket")) {
        stream_handshake_refuse(c, 401, "unauthenticated", "This is not a ticket.");
        return;
    }
    offer = malloc(sizeof *offer);
    if (!offer || !stream_handshake_path_user(c, path)) {
        free(offer);
        stream_handshake_refuse(c, 404, "not_found", "There is nothing here.");
        return;
    }
    memset(&who, 0, sizeof who);
    stream_offer_read(stream_handshake_header(c, STREAM_HTTP_WS_PROTOCOL), offer);
    if (stream_offer_find(c->own, offer)) {
        error = auth_token(c->stream->auth, offer->token, offer->token_len, &who, &why);
    } else if (offer->unreadable) {
        error = ERR_AUTH;
        why = "the token cannot be read";
    } else {
        error = stream_handshake_identify_by_cookie(c, path, &who, &why);
    }
    free(offer);
    if (error == ERR_PENDING)
        return;
    if (error == ERR_NOT_YET)
        stream_handshake_await_keys(c);
    else if (error == ERR_REMOTE)
        stream_handshake_refuse_without_keys(c);
    else if (error == ERR_FORBIDDEN)
        stream_handshake_refuse(c, 403, "origin_not_allowed",
            "The cookie of a sign-in opens sockets for the site's own pages, and for those of "
            "the origins that the setting `origins` names.");
    else if (error < 0)
        stream_handshake_refuse(c, 401, "unauthenticated",
            why ? why : "The credential is not valid.");
    else
        stream_handshake_admit(c, &who);
}

/* ---- routes ---- */

static bool stream_handshake_query_is_good(const char *query)
{
    char session[IDENT_SESSION_MAX + 1], cursor[LOGENTRY_ID_SIZE];
    struct logentry_id id;
    long session_len = stream_query_get(query, "session_id", session, sizeof session);
    long cursor_len = stream_query_get(query, "cursor", cursor, sizeof cursor);

    if (!stream_handshake_form(query) || (session_len < 0 && strstr(query, "session_id=")))
        return false;
    if (session_len > 0 && !ident_is_session(session, (size_t)session_len))
        return false;
    return cursor_len <= 0 || logentry_id_parse(cursor, (size_t)cursor_len, &id) == 0;
}

static void stream_handshake_route_socket(struct stream_conn *c)
{
    const struct stream_request *r = c->own;
    const char *key = stream_request_header(r, STREAM_HTTP_WS_KEY);
    const char *version = stream_request_header(r, STREAM_HTTP_WS_VERSION);

    if (!stream_request_is_http11(r))
        stream_handshake_refuse(c, 400, "bad_request", "A WebSocket begins with HTTP/1.1.");
    else if (!stream_list_has(stream_request_header(r, STREAM_HTTP_UPGRADE), "websocket") ||
        !stream_list_has(stream_request_header(r, STREAM_HTTP_CONNECTION), "upgrade"))
        stream_handshake_refuse(c, 426, "upgrade_required", "This address speaks WebSocket only.");
    else if (!version || strcmp(version, "13") != 0)
        stream_handshake_refuse(c, 426, "upgrade_required", "Sec-WebSocket-Version must be 13.");
    else if (!key || strlen(key) != 24)
        stream_handshake_refuse(c, 400, "bad_request",
            "Sec-WebSocket-Key must have 24 characters.");
    else if (!stream_handshake_query_is_good(stream_request_query(r)))
        stream_handshake_refuse(c, 400, "bad_request",
            "session_id, cursor or format is not valid.");
    else if (!origin_may_open(c->stream->conf, stream_request_header(r, STREAM_HTTP_ORIGIN),
                 stream_request_header(r, STREAM_HTTP_HOST)))
        stream_handshake_refuse(c, 403, "origin_not_allowed", "This origin is not allowed.");
    else
        stream_handshake_authenticate(c);
}

static bool stream_handshake_is_socket_path(const char *path, const char *base)
{
    size_t len = strlen(base);

    if (strncmp(path, base, len) != 0)
        return false;
    if (strcmp(path + len, CHAT_PATH) == 0)
        return true;
    if (strncmp(path + len, "/ws", 3) != 0)
        return false;
    path += len + 3;
    return path[0] == '\0' || (path[0] == '/' && !strchr(path + 1, '/'));
}

/* OPTIONS, from a page that would read why no socket is opened. */
static void stream_handshake_answer_options(struct stream_conn *c)
{
    struct buf head;
    struct iovec iov;

    buf_init(&head, 0);
    buf_puts(&head, "HTTP/1.1 204 No Content\r\nConnection: close\r\n");
    origin_reply(c->stream->conf, stream_handshake_header(c, STREAM_HTTP_ORIGIN), &head);
    origin_preflight_socket(c->stream->conf, stream_handshake_header(c, STREAM_HTTP_ORIGIN), &head);
    buf_puts(&head, "\r\n");
    iov = (struct iovec){head.data, head.len};
    if (buf_error(&head) == 0)
        err_ignore(stream_conn_send(c, &iov, 1, 0));
    buf_free(&head);
    stream_conn_finish(c);
}

static void stream_handshake_hand_over(struct stream_conn *c)
{
    struct stream_handover h;

    if (stream_handover_read(stream_request_query(c->own), &h) < 0)
        stream_handshake_refuse(c, 400, "bad_request", "The hand-over's arguments are not valid.");
    else if (stream_guard_refused(STREAM_GUARD_EVENT, h.user, h.session, strlen(h.session)) > 0)
        stream_handshake_refuse(c, 503, "request_crashed_worker",
            "Workers died in what this session holds. A message sent with this request is "
            "accepted: ask again with its client message id.");
    else if (stream_conn_is_too_many(c->stream, stream_handover_viewer(&h)))
        stream_handshake_refuse_share(c);
    else if (h.json)
        stream_json_start(c, &h);
    else
        stream_sse_start(c, &h, stream_request_is_http11(c->own));
}

static void stream_handshake_hand_over_durable(struct stream_conn *c)
{
    struct stream_durable_ask ask;

    if (stream_durable_ask_read(stream_request_query(c->own), stream_request_is_head(c->own),
            &ask) < 0)
        stream_handshake_refuse(c, 400, "bad_request", "The hand-over's arguments are not valid.");
    else
        stream_durable_start(c, &ask, stream_request_is_http11(c->own));
}

static void stream_handshake_route(struct stream_conn *c)
{
    const char *path = stream_request_path(c->own);
    bool durable = strcmp(path, DURABLE_PATH) == 0;

    if (!durable && strcmp(path, SSE_PATH) != 0 &&
        !origin_host_answered(c->stream->conf, stream_handshake_header(c, STREAM_HTTP_HOST)))
        stream_handshake_refuse(c, 421, "host_not_answered",
            "Development mode answers localhost, 127.0.0.1, [::1] and the names in the setting "
            "`development.hosts` only.");
    else if (stream_request_is_options(c->own) &&
        stream_handshake_is_socket_path(path, c->stream->conf->public_base))
        stream_handshake_answer_options(c);
    else if (!stream_request_is_get(c->own) && !(durable && stream_request_is_head(c->own)))
        stream_handshake_refuse(c, 405, "method_not_allowed", "Only GET is answered here.");
    else if ((int64_t)c->stream->connections > c->stream->most)
        stream_handshake_refuse(c, 503, "pool_full",
            durable ? "This machine holds all the streams that it may. Ask again." :
                      "This machine holds all the streams that it may. A message sent with this "
                      "request is accepted: ask again with its client message id.");
    else if (durable)
        stream_handshake_hand_over_durable(c);
    else if (strcmp(path, SSE_PATH) == 0)
        stream_handshake_hand_over(c);
    else if (stream_handshake_is_socket_path(path, c->stream->conf->public_base))
        stream_handshake_route_socket(c);
    else
        stream_handshake_refuse(c, 404, "not_found", "There is nothing here.");
}

/* ---- the operations of the two kinds ---- */

static void stream_handshake_feed(struct stream_conn *c, const char *bytes, size_t len)
{
    size_t used = 0;
    int error = stream_request_feed(c->own, bytes, len, &used);

    if (error == 0)
        return;
    if (error == ERR_LIMIT) {
        stream_handshake_refuse(c, 431, "headers_too_large",
            "The request's headers are too large.");
    } else if (error < 0) {
        stream_handshake_refuse(c, 400, "bad_request",
            "The request is not HTTP/1.1 as one Host, whole lines and no body make it.");
    } else {
        stream_handshake_route(c);
        if (stream_conn_is_open(c) && used < len) /* of another kind now */
            c->kind->feed(c, bytes + used, len - used);
    }
}

static void stream_handshake_stream_ticket_feed(struct stream_conn *c, const char *bytes,
    size_t len)
{
    (void)bytes;
    (void)len;
    stream_handshake_refuse(c, 400, "bad_request", "Frames came before the answer.");
}

static void stream_handshake_tick(struct stream_conn *c, int64_t now_ms)
{
    if (now_ms >= c->due_ms)
        stream_handshake_refuse(c, 408, "handshake_timeout", "The request did not come in time.");
}

static void stream_handshake_keys_tick(struct stream_conn *c, int64_t now_ms)
{
    if (now_ms >= c->due_ms)
        stream_handshake_refuse_without_keys(c);
    else
        stream_handshake_authenticate(c);
}

/* Taken before the drain: it is answered, then drained like the others. */
static bool stream_handshake_drain(struct stream_conn *c, bool late)
{
    if (late)
        stream_handshake_refuse(c, 503, "draining", "This machine is being taken out of service.");
    return late;
}

static void stream_handshake_free(struct stream_conn *c)
{
    stream_request_free(c->own);
}

static const struct stream_kind stream_handshake_kind = {.name = "handshake",
    .linger_ms = STREAM_LINGER_MS,
    .feed = stream_handshake_feed,
    .tick = stream_handshake_tick,
    .drain = stream_handshake_drain,
    .drained = stream_conn_no_step,
    .end = stream_conn_no_step,
    .free = stream_handshake_free,
    STREAM_KIND_HEARS_NOTHING};

static const struct stream_kind stream_ticket_kind = {.name = "ticket",
    .linger_ms = STREAM_LINGER_MS,
    .feed = stream_handshake_stream_ticket_feed,
    .tick = stream_handshake_tick,
    .drain = stream_handshake_drain,
    .drained = stream_conn_no_step,
    .end = stream_conn_no_step,
    .free = stream_handshake_free,
    STREAM_KIND_HEARS_NOTHING};

static const struct stream_kind stream_keys_kind = {.name = "keys",
    .linger_ms = STREAM_LINGER_MS,
    .feed = stream_handshake_stream_ticket_feed,
    .tick = stream_handshake_keys_tick,
    .drain = stream_handshake_drain,
    .drained = stream_conn_no_step,
    .end = stream_conn_no_step,
    .free = stream_handshake_free,
    STREAM_KIND_HEARS_NOTHING};

const struct stream_kind *const stream_handshake_kinds[STREAM_HANDSHAKE_KINDS] = {
    &stream_handshake_kind, &stream_ticket_kind, &stream_keys_kind, &stream_ws_kind,
    &stream_sse_kind, &stream_json_kind, &stream_chat_kind, &stream_durable_kind};

int stream_handshake_accept(struct stream *s, int fd)
{
    struct stream_request *request = stream_request_new();
    struct stream_conn *c;
    int error;

    if (!request)
        return ERR_NOMEM;
    error = stream_conn_new(s, fd, &stream_handshake_kind, request, &c);
    if (error < 0)
        stream_request_free(request);
    else
        c->due_ms = c->opened_ms + HANDSHAKE_MS;
    return error;
}
