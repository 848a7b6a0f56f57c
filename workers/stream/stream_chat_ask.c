/* Asks turn and api workers as a client of HTTP would, and shows what they hand over. */
#include "workers/stream/stream_chat_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/fastcgi_call.h"
#include "workers/stream/stream_handover.h"
#include "workers/stream/stream_socket.h"

#include <stdio.h>
#include <string.h>

#define CHAT_REPLY_MAX 262144
#define CHAT_MARGIN_MS 2000

struct stream_chat_ask {
    struct fastcgi_pool *pool;
    const char *method, *path, *key; /* key: Idempotency-Key, "" = none */
    const struct buf *body;
    bool repeatable;
};

static int stream_chat_ask_start(struct stream_chat *r, const struct stream_chat_ask *ask,
    fastcgi_call_fn *fn)
{
    const struct stream_conn *c = r->conn;
    const struct conf *conf = c->stream->conf;
    int64_t now = clock_real_ms();
    char start[32];
    const struct fastcgi_pair pairs[] = {
        {"GATEWAY_INTERFACE", "CGI/1.1"},
        {"SERVER_PROTOCOL", "HTTP/1.1"},
        {"REQUEST_METHOD", ask->method},
        {"REQUEST_URI", ask->path},
        {"DOCUMENT_URI", ask->path},
        {"SCRIPT_NAME", ask->path},
        {"QUERY_STRING", ""},
        {"CONTENT_TYPE", "application/json"},
        {"TP_INTERNAL", "stream"},
        {"TP_USER", c->user},
        {"TP_ROLE", stream_socket_of(c)->admin ? "admin" : "user"},
        {"T_START", start},
        {"HTTP_IDEMPOTENCY_KEY", ask->key},
    };
    const struct fastcgi_call_request request = {.pairs = pairs,
        .count = sizeof pairs / sizeof pairs[0] - (ask->key[0] ? 0 : 1),
        .body = ask->body->data,
        .len = ask->body->len,
        .repeatable = ask->repeatable,
        .timeout_ms = conf->queue_wait_ms + 2 * conf->redis_timeout_ms + CHAT_MARGIN_MS,
        .max = CHAT_REPLY_MAX};

    snprintf(start, sizeof start, "%lld.%03d", (long long)(now / 1000), (int)(now % 1000));
    return fastcgi_call_start(ask->pool, &request, fn, r, fn ? &r->call : NULL);
}

/* ---- the reply ---- */

static void stream_chat_ask_fail(struct stream_chat *r, const char *text)
{
    stream_chat_say_error(r->conn, &r->id, text);
    r->over = true;
}

static void stream_chat_ask_failed(struct stream_chat *r, int error)
{
    if (error == ERR_FULL)
        stream_chat_ask_fail(r, "All workers are busy. Nothing was accepted. Try again.");
    else if (error == ERR_NET)
        stream_chat_ask_fail(r, "The workers cannot be reached. Nothing was accepted. Try again.");
    else
        stream_chat_ask_fail(r,
            "It is not known whether the message was accepted. Resume the chat.");
}

/* The arguments of the hand-over; NULL: there is none. */
static const char *stream_chat_ask_query(const struct fastcgi_reply *reply, struct buf *line)
{
    static const char name[] = "X-Accel-Redirect: ";
    const char *start = strstr(buf_text(&reply->headers), name), *query;

    if (!start)
        return NULL;
    buf_put(line, start, strcspn(start, "\r\n"));
    query = strchr(buf_text(line), '?');
    return query ? query + 1 : NULL;
}

static void stream_chat_ask_watch(struct stream_chat *r, const struct stream_handover *h)
{
    struct hub_start start;
    int error;

    stream_handover_start(h, &start);
    memcpy(r->turn, h->turn, sizeof r->turn);
    r->chunks = aisdk_new(h->detail, "", "\n");
    error = r->chunks ? stream_conn_watch_start(r->conn, &start, &r->viewer) : ERR_NOMEM;
    if (error == ERR_LIMIT)
        stream_chat_ask_fail(r, "Too many answers on one socket.");
    else if (error < 0)
        stream_conn_kill(r->conn); /* the client comes back, and resumes */
    else
        stream_chat_say(r, "start");
    if (r->aborted) {
        r->over = true;
        stream_chat_ask_stop(r);
    }
}

static void stream_chat_ask_show(struct stream_chat *r, const struct fastcgi_reply *reply)
{
    struct stream_handover h;
    struct buf line;
    const char *query;

    buf_init(&line, 0);
    query = stream_chat_ask_query(reply, &line);
    if (query && stream_handover_read(query, &h) == 0 && h.render == &aisdk_render)
        stream_chat_ask_watch(r, &h);
    else
        stream_chat_ask_failed(r, ERR_PROTOCOL);
    buf_free(&line);
}

static void stream_chat_ask_on_reply(void *arg, int error, const struct fastcgi_reply *reply)
{
    struct stream_chat *r = arg;

    r->call = NULL;
    if (!stream_socket_is_open(r->conn))
        return;
    if (error) {
        stream_chat_ask_failed(r, error);
    } else if (reply->status == 204) {
        stream_chat_say(r, "no-active");
        r->over = true;
    } else if (reply->status >= 400) {
        stream_chat_ask_fail(r, buf_text(&reply->body));
    } else {
        stream_chat_ask_show(r, reply);
    }
}

static void stream_chat_ask(struct stream_chat *r, const struct stream_chat_ask *ask)
{
    int error =
        buf_error(ask->body) ? ERR_NOMEM : stream_chat_ask_start(r, ask, stream_chat_ask_on_reply);

    if (error < 0)
        stream_chat_ask_failed(r, error);
}

/* ---- the three requests ---- */

static void stream_chat_ask_put(struct buf *b, const char *name, const jdoc *value)
{
    if (!value)
        return;
    buf_putc(b, b->len > 1 ? ',' : ' ');
    buf_json_text(b, name);
    buf_putc(b, ':');
    jdoc_write(value, b);
}

/* As HttpChatTransport has it: what the page adds, and over that the transport's own members. */
static void stream_chat_ask_body(const jdoc *frame, struct buf *b)
{
    static const char *const own[] = {"id", "messages", "trigger", "messageId"};
    const size_t count = sizeof own / sizeof own[0];
    struct jdoc_iter it = {NULL, false};
    const char *name;
    jdoc *value;

    buf_putc(b, '{');
    while (jdoc_next(jdoc_get(frame, "body"), &it, &name, &value)) {
        size_t i = 0;
        while (i < count && strcmp(own[i], name) != 0)
            i++;
        if (i == count)
            stream_chat_ask_put(b, name, value);
    }
    for (size_t i = 0; i < count; i++)
        stream_chat_ask_put(b, own[i], jdoc_get(frame, own[i]));
    buf_putc(b, '}');
}

void stream_chat_ask_send(struct stream_chat *r, const jdoc *frame)
{
    const struct stream *s = r->conn->stream;
    struct buf path, body;
    /* A message that is new has an id by which it is known again; what is done again has none. */
    bool repeatable = !jdoc_get(frame, "messageId") &&
        strcmp(jdoc_text_or(frame, "trigger", ""), "submit-message") == 0;

    buf_init(&path, 0);
    buf_init(&body, 0);
    buf_printf(&path, "%s/ai/chat", s->conf->public_base);
    stream_chat_ask_body(frame, &body);
    stream_chat_ask(r,
        &(struct stream_chat_ask){.pool = s->turns,
            .method = "POST",
            .path = buf_text(&path),
            .key = jdoc_text_or(jdoc_get(frame, "headers"), "idempotency-key", ""),
            .body = &body,
            .repeatable = repeatable});
    buf_free(&path);
    buf_free(&body);
}

void stream_chat_ask_resume(struct stream_chat *r, const jdoc *frame)
{
    const struct stream *s = r->conn->stream;
    const char *id = jdoc_text_or(frame, "id", "");
    struct buf path, body;

    buf_init(&path, 0);
    buf_init(&body, 0);
    buf_printf(&path, "%s/ai/chat/", s->conf->public_base);
    buf_put_urlencoded(&path, id, strlen(id));
    buf_puts(&path, "/stream");
    stream_chat_ask(r,
        &(struct stream_chat_ask){.pool = s->api,
            .method = "GET",
            .path = buf_text(&path),
            .key = "",
            .body = &body,
            .repeatable = true});
    buf_free(&path);
}

void stream_chat_ask_stop(struct stream_chat *r)
{
    const struct stream *s = r->conn->stream;
    struct buf path, body;

    buf_init(&path, 0);
    buf_init(&body, 0);
    buf_printf(&path, "%s/turns/%s/cancel", s->conf->public_base, r->turn);
    buf_puts(&body, "{}");
    /* The client has left the request, and is told nothing of it. */
    if (buf_error(&path) == 0 && buf_error(&body) == 0)
        err_ignore(stream_chat_ask_start(r,
            &(struct stream_chat_ask){.pool = s->api,
                .method = "POST",
                .path = buf_text(&path),
                .key = "",
                .body = &body,
                .repeatable = true},
            NULL));
    buf_free(&path);
    buf_free(&body);
}
