/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks turn and api workers as a client of HTTP would, and shows what they hand over. */
#include "workers/stream/stream_chat_parts.h"

#include "base/err.h"
#include "workers/stream/stream_call.h"
#include "workers/stream/stream_handover.h"
#include "workers/stream/stream_socket.h"

#include <string.h>

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
        stream_call_stop(r->conn->stream, r->conn->user, r->turn);
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

static void stream_chat_ask(struct stream_chat *r, const struct stream_call *call)
{
    int error = buf_error(call->body) ?
        ERR_NOMEM :
        stream_call_start(r->conn->stream, call, stream_chat_ask_on_reply, r, &r->call);

    if (error < 0)
        stream_chat_ask_failed(r, error);
}

/* ---- the two requests ---- */

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
        &(struct stream_call){.pool = s->turns,
            .user = r->conn->user,
            .account = r->conn->account,
            .mark = &r->conn->mark,
            .method = "POST",
            .path = buf_text(&path),
            .key = jdoc_text_or(jdoc_get(frame, "headers"), "idempotency-key", ""),
            .body = &body,
            .admin = stream_socket_of(r->conn)->admin,
            .scopes = stream_socket_of(r->conn)->scopes,
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
        &(struct stream_call){.pool = s->api,
            .user = r->conn->user,
            .account = r->conn->account,
            .mark = &r->conn->mark,
            .method = "GET",
            .path = buf_text(&path),
            .body = &body,
            .admin = stream_socket_of(r->conn)->admin,
            .scopes = stream_socket_of(r->conn)->scopes,
            .repeatable = true});
    buf_free(&path);
}
