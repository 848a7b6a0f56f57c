#include "workers/stream/stream.h"

#include "base/err.h"
#include "process/origin.h"
#include "wire/http/http.h"
#include "wire/http/stream_http.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define ORIGIN_SIZE 520

/*
 * The hand-over: nginx comes here after an X-Accel-Redirect, so the arguments are ours. An
 * HTTP/1.1 answer is chunked: a worker that dies leaves it without its end, and the client sees
 * a broken stream, not a short answer.
 */
struct sse_arguments {
    char user[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    char cursor[LOGENTRY_ID_SIZE], format[8], until[8], request[72], trace[IDENT_TRACEPARENT_SIZE];
    char origin[ORIGIN_SIZE];
    int64_t expires_ms; /* real time; 0 = never */
    bool whole_session;
};

static int send_chunk(struct stream_conn *c, const struct iovec *parts, size_t count, size_t max)
{
    char head[24];
    struct iovec iov[8];
    size_t len = 0, n = 0;

    for (size_t i = 0; i < count; i++)
        len += parts[i].iov_len;
    if (c->chunked)
        iov[n++] = (struct iovec){head, (size_t)snprintf(head, sizeof(head), "%zx\r\n", len)};
    for (size_t i = 0; i < count; i++)
        iov[n++] = parts[i];
    if (c->chunked)
        iov[n++] = (struct iovec){(void *)(uintptr_t) "\r\n", 2};
    return stream_conn_send(c, iov, n, max);
}

static struct iovec part(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

int stream_sse_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    struct iovec parts[5] = {part("id: ", 4), part(e->id_text, e->id_len), part("\ndata: ", 7),
        part(e->json, e->json_len), part("\n\n", 2)};

    return send_chunk(c, parts, 5, max);
}

void stream_sse_comment(struct stream_conn *c)
{
    struct iovec comment = part(": keep-alive\n\n", 14);

    if (!stream_conn_is_waiting(c))
        send_chunk(c, &comment, 1, 0);
}

void stream_sse_end(struct stream_conn *c, bool retry)
{
    char text[48];
    struct iovec one;

    if (c->kind != STREAM_SSE)
        return;
    if (retry) {
        one = part(text, (size_t)snprintf(text, sizeof(text), "retry: %lld\n\n",
                             (long long)c->stream->conf->stream_retry_ms));
        send_chunk(c, &one, 1, 0);
    }
    if (c->chunked && c->kind == STREAM_SSE) {
        one = part("0\r\n\r\n", 5);
        stream_conn_send(c, &one, 1, 0);
    }
    stream_conn_finish(c);
}

/* ---- the reply of a turn as JSON ---- */

static bool wants_problem(int status)
{
    return status >= 400;
}

static void send_json(struct stream_conn *c, int status, const char *body, size_t len)
{
    struct buf head;
    struct iovec iov[2];

    buf_init(&head, 0);
    buf_printf(&head,
        "HTTP/1.1 %d %s\r\nContent-Type: application/%s; charset=utf-8\r\nContent-Length: %zu\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n",
        status, http_reason(status), wants_problem(status) ? "problem+json" : "json", len);
    if (c->session) /* the request id, kept here while waiting */
        buf_printf(&head, "X-Request-Id: %s\r\n", c->session);
    if (c->trace)
        buf_printf(&head, "traceparent: %s\r\n", c->trace);
    origin_reply(c->stream->conf, c->origin, &head);
    if (status == 503 || status == 429)
        buf_puts(&head, "Retry-After: 1\r\n");
    buf_puts(&head, "\r\n");
    if (buf_error(&head) == 0) {
        iov[0] = part(head.data, head.len);
        iov[1] = part(body, len);
        stream_conn_send(c, iov, 2, 0);
    }
    buf_free(&head);
    stream_conn_finish(c);
}

/* fields: status, reply. */
static void tell_turn(struct stream_conn *c, const struct link_reply *fields)
{
    const struct link_reply *reply = link_reply_at(fields, 1);
    int64_t status = link_reply_int(link_reply_at(fields, 0));
    size_t len;
    const char *text = link_reply_text(reply, &len);

    if (link_reply_type(reply) != LINK_STRING || status < 200 || status > 599)
        stream_handshake_refuse(c, 500, "events_gone", "The run has ended and its events are gone.");
    else
        send_json(c, (int)status, text, len);
}

static void on_turn(void *arg, int error, struct link_reply *fields)
{
    struct stream_conn *c = arg;

    if (c->kind == STREAM_JSON && (error || link_reply_count(fields) != 2))
        stream_handshake_refuse(
            c, 503, "store_unavailable", "The reply cannot be read now; ask for the turn later.");
    else if (c->kind == STREAM_JSON)
        tell_turn(c, fields);
    link_reply_free(fields);
}

void stream_sse_reply(struct stream_conn *c)
{
    char key[IDENT_USER_MAX + 80];

    snprintf(key, sizeof(key), "tp:{%s}:turn:%s", c->user, c->turn);
    const struct link_arg args[] = {link_text("HMGET"), link_text(key), link_text("status"),
        link_text("reply")};
    const struct link_question question = {.args = args, .nargs = sizeof args / sizeof *args,
        .reads = true, .on_reply = on_turn, .arg = c};
    if (link_ask(hub_link(c->stream->hub), &question) < 0)
        stream_handshake_refuse(
            c, 503, "store_unavailable", "The reply cannot be read now; ask for the turn later.");
}

/* ---- start ---- */

static bool is_header_safe(const char *s)
{
    for (; *s; s++) {
        if (*s < 0x21 || *s > 0x7e)
            return false;
    }
    return true;
}

static void optional(const char *query, const char *name, char *out, size_t size)
{
    if (stream_query_get(query, name, out, size) <= 0)
        out[0] = '\0';
}

static int read_arguments(const char *query, struct sse_arguments *a)
{
    char scope[8], expires[24];
    struct logentry_id id;
    long user = stream_query_get(query, "user", a->user, sizeof(a->user));
    long session = stream_query_get(query, "session", a->session, sizeof(a->session));

    if (user <= 0 || session <= 0 || !ident_is_safe(a->user, (size_t)user, IDENT_USER_MAX) ||
        !ident_is_session(a->session, (size_t)session))
        return ERR_INVALID;
    optional(query, "turn", a->turn, sizeof(a->turn));
    optional(query, "cursor", a->cursor, sizeof(a->cursor));
    optional(query, "format", a->format, sizeof(a->format));
    optional(query, "until", a->until, sizeof(a->until));
    optional(query, "request", a->request, sizeof(a->request));
    optional(query, "trace", a->trace, sizeof(a->trace));
    optional(query, "origin", a->origin, sizeof(a->origin));
    optional(query, "scope", scope, sizeof(scope));
    optional(query, "expires", expires, sizeof(expires));
    a->expires_ms = strtoll(expires, NULL, 10);
    a->whole_session = strcmp(scope, "run") != 0;
    if (!a->whole_session && !ident_is_uuid(a->turn))
        return ERR_INVALID;
    if (a->cursor[0] && logentry_id_parse(a->cursor, strlen(a->cursor), &id) < 0)
        return ERR_INVALID;
    if (!is_header_safe(a->request) || !is_header_safe(a->trace))
        return ERR_INVALID;
    return 0;
}

static void send_stream_head(struct stream_conn *c, const struct sse_arguments *a)
{
    struct buf b;
    struct iovec iov;
    char retry[48];

    buf_init(&b, 0);
    buf_puts(&b, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                 "Cache-Control: no-store\r\n"
                 "X-Accel-Buffering: no\r\nConnection: close\r\n");
    if (a->request[0])
        buf_printf(&b, "X-Request-Id: %s\r\n", a->request);
    if (a->trace[0])
        buf_printf(&b, "traceparent: %s\r\n", a->trace);
    origin_reply(c->stream->conf, a->origin, &b);
    if (c->chunked)
        buf_puts(&b, "Transfer-Encoding: chunked\r\n");
    buf_puts(&b, "\r\n");
    snprintf(retry, sizeof(retry), "retry: %lld\n\n", (long long)c->stream->conf->stream_retry_ms);
    if (c->chunked)
        buf_printf(&b, "%zx\r\n%s\r\n", strlen(retry), retry);
    else
        buf_puts(&b, retry);
    iov = part(b.data, b.len);
    if (buf_error(&b) == 0)
        stream_conn_send(c, &iov, 1, 0);
    else
        stream_conn_kill(c);
    buf_free(&b);
}

void stream_sse_start(struct stream_conn *c, const char *query)
{
    struct sse_arguments a;
    struct hub_start start = {.user = a.user, .session = a.session};

    if (read_arguments(query, &a) < 0) {
        stream_handshake_refuse(c, 400, "bad_request", "The hand-over's arguments are not valid.");
        return;
    }
    c->user = strdup(a.user);
    c->turn = a.turn[0] ? strdup(a.turn) : NULL;
    c->whole_session = a.whole_session;
    c->expires_ms = a.expires_ms;
    c->chunked = stream_request_is_http11(c->request);
    if (!a.whole_session)
        start.run = a.turn;
    start.until_final = start.run && strcmp(a.until, "ever") != 0;
    if (a.cursor[0]) {
        logentry_id_parse(a.cursor, strlen(a.cursor), &start.cursor);
        start.has_cursor = true;
        start.named_cursor = a.whole_session;
    }
    if (start.run && strcmp(a.format, "json") == 0) {
        c->kind = STREAM_JSON;
        c->session = a.request[0] ? strdup(a.request) : NULL;
        c->trace = a.trace[0] ? strdup(a.trace) : NULL;
        c->origin = a.origin[0] ? strdup(a.origin) : NULL;
        start.until_final = true;
    } else {
        c->kind = STREAM_SSE;
        send_stream_head(c, &a);
    }
    stream_request_free(c->request);
    c->request = NULL;
    if (c->kind == STREAM_DEAD)
        return;
    if (!c->user || stream_conn_watch_start(c, &start, NULL) < 0)
        stream_conn_kill(c);
}
