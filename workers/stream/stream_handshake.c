#include "workers/stream/stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/origin.h"
#include "wire/http/http.h"
#include "wire/http/stream_http.h"
#include "workers/stream/stream_offer.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>

#define RETRY_AFTER_MS 1000
#define TICKET_MAX 256
#define SSE_PATH "/_stream/sse"

static bool is_printable(const char *s, size_t max)
{
    size_t n = 0;

    for (; s[n]; n++) {
        if (n >= max || s[n] < 0x21 || s[n] > 0x7e)
            return false;
    }
    return n > 0;
}

/* ---- answers ---- */

static void put_extra_headers(struct buf *b, int status)
{
    if (status == 426)
        buf_puts(b, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    if (status == 401)
        buf_puts(b, "WWW-Authenticate: Bearer\r\n");
    if (status == 405)
        buf_puts(b, "Allow: GET\r\n");
    if (status == 503)
        buf_puts(b, "Retry-After: 1\r\n");
}

/* The request's id: of the header, or what a hand-over for JSON kept. NULL = none. */
static const char *request_id(const struct stream_conn *c)
{
    const char *id = c->kind == STREAM_JSON ? c->session : NULL;

    if (c->request)
        id = stream_request_header(c->request, STREAM_HTTP_REQUEST_ID);
    return id && is_printable(id, 128) ? id : NULL;
}

/* The origin of the page that asks; of a hand-over, the one that was kept. NULL = none. */
static const char *request_origin(const struct stream_conn *c)
{
    return c->request ? stream_request_header(c->request, STREAM_HTTP_ORIGIN) : c->origin;
}

/* A child of the request's trace, or a new one. */
static void find_trace(const struct stream_conn *c, struct ident_trace *trace)
{
    const char *header = c->trace;
    struct ident_trace parent;

    if (c->request)
        header = stream_request_header(c->request, STREAM_HTTP_TRACEPARENT);
    if (!header || !ident_trace_parse(header, &parent))
        ident_trace_new(trace);
    else if (c->request)
        ident_trace_child(&parent, trace);
    else
        *trace = parent; /* of a hand-over: ours already */
}

void stream_handshake_refuse(
    struct stream_conn *c, int status, const char *code, const char *detail)
{
    const char *id = request_id(c);
    char traceparent[IDENT_TRACEPARENT_SIZE];
    struct ident_trace trace;
    struct buf body, head;
    struct iovec iov[2];

    find_trace(c, &trace);
    ident_trace_format(&trace, traceparent);
    log_limited(LOG_LEVEL_INFO, "refused with %d %s: %s, request=%s trace=%s", status, code, detail,
        id ? id : "-", trace.trace_id);
    buf_init(&body, 0);
    buf_init(&head, 0);
    buf_printf(&body,
        "{\"type\":\"urn:turnpike:problem:%s\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\","
        "\"retryable\":%s,\"detail\":",
        code, http_reason(status), status, code, status == 503 ? "true" : "false");
    buf_json_string(&body, detail, strlen(detail));
    if (status == 503)
        buf_printf(&body, ",\"retry_after_ms\":%d", RETRY_AFTER_MS);
    if (id) {
        buf_puts(&body, ",\"request_id\":");
        buf_json_string(&body, id, strlen(id));
    }
    buf_printf(&body, ",\"trace_id\":\"%s\"}", trace.trace_id);
    buf_printf(&head,
        "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json; charset=utf-8\r\n"
        "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n"
        "traceparent: %s\r\n",
        status, http_reason(status), body.len, traceparent);
    origin_reply(c->stream->conf, request_origin(c), &head);
    if (id)
        buf_printf(&head, "X-Request-Id: %s\r\n", id);
    put_extra_headers(&head, status);
    buf_puts(&head, "\r\n");
    if (buf_error(&body) == 0 && buf_error(&head) == 0) {
        iov[0] = (struct iovec){head.data, head.len};
        iov[1] = (struct iovec){body.data, body.len};
        stream_conn_send(c, iov, 2, 0);
    }
    buf_free(&body);
    buf_free(&head);
    stream_conn_finish(c);
}

/* ---- credentials ---- */

/* The user that the path names: /ws/{user}, an id or a name. "" = none; false = not readable. */
static bool path_user(const struct stream_conn *c, char user[IDENT_NAME_MAX + 1])
{
    const char *rest =
        stream_request_path(c->request) + strlen(c->stream->conf->public_base) + strlen("/ws");
    long len;

    user[0] = '\0';
    if (rest[0] == '\0' || strcmp(rest, "/") == 0)
        return true;
    len = stream_percent_decode(rest + 1, strlen(rest + 1), false, user, IDENT_NAME_MAX + 1);
    return len > 0;
}

static void development_user(
    const struct stream_conn *c, const char *path, char user[IDENT_NAME_MAX + 1])
{
    const char *header = stream_request_header(c->request, STREAM_HTTP_DEV_USER);

    if (path[0])
        snprintf(user, IDENT_NAME_MAX + 1, "%s", path);
    else if (stream_query_get(stream_request_query(c->request), "user", user, IDENT_NAME_MAX + 1) <=
             0)
        snprintf(user, IDENT_NAME_MAX + 1, "%s", header ? header : "");
}

/* ---- the upgrade ---- */

static void accept_key(const char *key, char out[32])
{
    char text[64];
    unsigned char digest[SHA_DIGEST_LENGTH];

    snprintf(text, sizeof(text), "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((const unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
}

static void send_upgrade(struct stream_conn *c, const struct stream_offer *offer)
{
    const char *id = stream_request_header(c->request, STREAM_HTTP_REQUEST_ID);
    char key[32];
    struct buf b;
    struct iovec iov;

    accept_key(stream_request_header(c->request, STREAM_HTTP_WS_KEY), key);
    buf_init(&b, 0);
    buf_printf(&b,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\n",
        key);
    if (offer->answer)
        buf_printf(&b, "Sec-WebSocket-Protocol: %s\r\n", offer->answer);
    if (id && is_printable(id, 128))
        buf_printf(&b, "X-Request-Id: %s\r\n", id);
    buf_puts(&b, "\r\n");
    iov = (struct iovec){b.data, b.len};
    if (buf_error(&b) == 0)
        stream_conn_send(c, &iov, 1, 0);
    else
        stream_conn_kill(c);
    buf_free(&b);
}

static enum stream_format wanted_format(const char *query, bool *known)
{
    static const char *const names[] = {"agui", "text", "legacy"};
    char name[16];
    long len = stream_query_get(query, "format", name, sizeof(name));

    *known = true;
    for (int i = 0; i < 3; i++) {
        if (len > 0 && strcmp(name, names[i]) == 0)
            return (enum stream_format)i;
    }
    *known = !strstr(query, "format=");
    return STREAM_AGUI;
}

/* Session and cursor of the query, checked before. */
static void watch_named(struct stream_conn *c, const char *query)
{
    char session[IDENT_SESSION_MAX + 1], cursor[LOGENTRY_ID_SIZE];
    struct hub_viewer *viewer;

    if (stream_query_get(query, "session_id", session, sizeof(session)) <= 0)
        return;
    if (stream_query_get(query, "cursor", cursor, sizeof(cursor)) <= 0)
        cursor[0] = '\0';
    c->session = strdup(session);
    if (!c->session || stream_conn_watch(c, session, cursor, &viewer) < 0)
        stream_conn_kill(c);
}

static void upgrade(struct stream_conn *c, const struct auth_identity *who)
{
    struct stream *s = c->stream;
    struct stream_offer *offer = malloc(sizeof(*offer));
    struct stream_request *request = c->request;
    struct hub_start inbox = {.user = who->user};
    bool known;

    c->user = strdup(who->user);
    if (!offer || !c->user) {
        free(offer);
        stream_conn_kill(c);
        return;
    }
    c->admin = strcmp(who->role, "admin") == 0;
    c->expires_ms = who->expires_ms;
    c->format = (unsigned char)wanted_format(stream_request_query(request), &known);
    stream_offer_read(stream_request_header(request, STREAM_HTTP_WS_PROTOCOL), offer);
    c->kind = STREAM_WS;
    send_upgrade(c, offer);
    free(offer);
    if (c->kind == STREAM_WS && c->format != STREAM_TEXT &&
        hub_add(s->hub, &inbox, c, &c->inbox) < 0)
        stream_conn_kill(c);
    if (c->kind == STREAM_WS && c->format == STREAM_LEGACY)
        stream_legacy_hello(c);
    if (c->kind == STREAM_WS)
        watch_named(c, stream_request_query(request));
    stream_request_free(request);
    c->request = NULL;
}

/* The path names a user: it has to be the credential's. */
static void admit(struct stream_conn *c, const struct auth_identity *who)
{
    char user[IDENT_NAME_MAX + 1];

    if (!path_user(c, user))
        stream_handshake_refuse(c, 404, "not_found", "There is nothing here.");
    else if (user[0] && !ident_user_is(who->user, user, strlen(user)))
        stream_handshake_refuse(
            c, 403, "forbidden", "The user of the path is not the user of the credential.");
    else
        upgrade(c, who);
}

/* The ticket's content, which is gone from Redis now; nil: there was none. */
static void try_ticket(struct stream_conn *c, const struct link_reply *content)
{
    struct auth_identity who;
    size_t len;
    const char *text = link_reply_text(content, &len);
    int error = ERR_AUTH;

    memset(&who, 0, sizeof(who));
    if (link_reply_type(content) == LINK_STRING)
        error = auth_ticket(c->stream->auth, text, len,
            stream_request_header(c->request, STREAM_HTTP_ORIGIN), &who);
    if (error < 0 || (who.expires_ms > 0 && who.expires_ms <= clock_real_ms()))
        stream_handshake_refuse(c, 401, "unauthenticated",
            "The ticket is unknown, used, expired or of another origin.");
    else
        admit(c, &who);
}

static void on_ticket(void *arg, int error, struct link_reply *content)
{
    struct stream_conn *c = arg;

    if (c->kind == STREAM_CHECKING && error)
        stream_handshake_refuse(
            c, 503, "store_unavailable", "The ticket cannot be looked up now. Ask for a new one.");
    else if (c->kind == STREAM_CHECKING)
        try_ticket(c, content);
    link_reply_free(content);
}

static void check_ticket(struct stream_conn *c, const char *ticket)
{
    char key[IDENT_SHA256_SIZE + 16] = "tp:ticket:";

    ident_sha256_hex(ticket, strlen(ticket), key + strlen(key));
    const struct link_arg args[] = {link_text("GETDEL"), link_text(key)};
    const struct link_question question = {.args = args, .nargs = sizeof args / sizeof *args,
        .on_reply = on_ticket, .arg = c};
    c->kind = STREAM_CHECKING;
    if (link_ask(hub_link(c->stream->hub), &question) < 0)
        stream_handshake_refuse(c, 503, "store_unavailable", "The ticket cannot be looked up now.");
}

static void authenticate(struct stream_conn *c)
{
    char ticket[TICKET_MAX], path[IDENT_NAME_MAX + 1], user[IDENT_NAME_MAX + 1];
    struct auth_identity who;
    struct stream_offer *offer;
    const char *why = "A credential is needed.";
    int rc;

    if (stream_query_get(stream_request_query(c->request), "ticket", ticket, sizeof(ticket)) > 0) {
        check_ticket(c, ticket);
        return;
    }
    if (stream_query_has(stream_request_query(c->request), "ticket")) {
        stream_handshake_refuse(c, 401, "unauthenticated", "This is not a ticket.");
        return;
    }
    offer = malloc(sizeof(*offer));
    if (!offer || !path_user(c, path)) {
        free(offer);
        stream_handshake_refuse(c, 404, "not_found", "There is nothing here.");
        return;
    }
    memset(&who, 0, sizeof(who));
    stream_offer_read(stream_request_header(c->request, STREAM_HTTP_WS_PROTOCOL), offer);
    if (stream_offer_find(c->request, offer)) {
        rc = auth_token(c->stream->auth, offer->token, offer->token_len, &who, &why);
    } else if (offer->unreadable) {
        rc = ERR_AUTH;
        why = "the token cannot be read";
    } else {
        development_user(c, path, user);
        rc = auth_development(c->stream->auth, user, &who);
    }
    free(offer);
    if (rc < 0)
        stream_handshake_refuse(
            c, 401, "unauthenticated", why ? why : "The credential is not valid.");
    else
        admit(c, &who);
}

/* ---- routes ---- */

static bool query_is_good(const char *query)
{
    char session[IDENT_SESSION_MAX + 1], cursor[LOGENTRY_ID_SIZE];
    struct logentry_id id;
    long session_len = stream_query_get(query, "session_id", session, sizeof(session));
    long cursor_len = stream_query_get(query, "cursor", cursor, sizeof(cursor));
    bool known;

    wanted_format(query, &known);
    if (!known || (session_len < 0 && strstr(query, "session_id=") != NULL))
        return false;
    if (session_len > 0 && !ident_is_session(session, (size_t)session_len))
        return false;
    return cursor_len <= 0 || logentry_id_parse(cursor, (size_t)cursor_len, &id) == 0;
}

static void route_socket(struct stream_conn *c)
{
    const struct stream_request *r = c->request;
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
        stream_handshake_refuse(
            c, 400, "bad_request", "Sec-WebSocket-Key must have 24 characters.");
    else if (!query_is_good(stream_request_query(r)))
        stream_handshake_refuse(
            c, 400, "bad_request", "session_id, cursor or format is not valid.");
    else if (!origin_may_open(c->stream->conf, stream_request_header(r, STREAM_HTTP_ORIGIN),
                 stream_request_header(r, STREAM_HTTP_HOST)))
        stream_handshake_refuse(c, 403, "origin_not_allowed", "This origin is not allowed.");
    else
        authenticate(c);
}

static bool is_socket_path(const char *path, const char *base)
{
    size_t len = strlen(base);

    if (strncmp(path, base, len) != 0 || strncmp(path + len, "/ws", 3) != 0)
        return false;
    path += len + 3;
    return path[0] == '\0' || (path[0] == '/' && !strchr(path + 1, '/'));
}

/* OPTIONS, from a page that would read why no socket is opened. */
static void answer_options(struct stream_conn *c)
{
    struct buf head;
    struct iovec iov;

    buf_init(&head, 0);
    buf_puts(&head, "HTTP/1.1 204 No Content\r\nConnection: close\r\n");
    origin_reply(c->stream->conf, request_origin(c), &head);
    origin_preflight(c->stream->conf, request_origin(c), "GET", &head);
    buf_puts(&head, "\r\n");
    iov = (struct iovec){head.data, head.len};
    if (buf_error(&head) == 0)
        stream_conn_send(c, &iov, 1, 0);
    buf_free(&head);
    stream_conn_finish(c);
}

static void route(struct stream_conn *c)
{
    const char *path = stream_request_path(c->request);

    if (strcmp(path, SSE_PATH) != 0 &&
        !origin_host_answered(
            c->stream->conf, stream_request_header(c->request, STREAM_HTTP_HOST)))
        stream_handshake_refuse(c, 421, "host_not_answered",
            "Development mode answers localhost, 127.0.0.1, [::1] and the names in the setting "
            "`development.hosts` only.");
    else if (stream_request_is_options(c->request) &&
        is_socket_path(path, c->stream->conf->public_base))
        answer_options(c);
    else if (!stream_request_is_get(c->request))
        stream_handshake_refuse(c, 405, "method_not_allowed", "Only GET is answered here.");
    else if ((int64_t)c->stream->connections > c->stream->most)
        stream_handshake_refuse(c, 503, "pool_full",
            "This machine holds all the streams that it may. A message sent with this request is "
            "accepted: ask again with its client message id.");
    else if (strcmp(path, SSE_PATH) == 0)
        stream_sse_start(c, stream_request_query(c->request));
    else if (is_socket_path(path, c->stream->conf->public_base))
        route_socket(c);
    else
        stream_handshake_refuse(c, 404, "not_found", "There is nothing here.");
}

void stream_handshake_feed(struct stream_conn *c, const char *bytes, size_t len)
{
    size_t used = 0;
    int rc = stream_request_feed(c->request, bytes, len, &used);

    if (rc == 0)
        return;
    if (rc == ERR_LIMIT) {
        stream_handshake_refuse(
            c, 431, "headers_too_large", "The request's headers are too large.");
    } else if (rc < 0) {
        stream_handshake_refuse(c, 400, "bad_request",
            "The request is not HTTP/1.1 as one Host, whole lines and no body make it.");
    } else {
        route(c);
        if (c->kind == STREAM_WS && used < len)
            stream_socket_feed(c, bytes + used, len - used);
    }
}
