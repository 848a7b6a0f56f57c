/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_chat.h"

#include "base/err.h"
#include "workers/stream/stream_call.h"
#include "workers/stream/stream_chat_parts.h"
#include "workers/stream/stream_frames.h"
#include "workers/stream/stream_socket.h"
#include "workers/stream/stream_ws.h"

#include <stdlib.h>
#include <string.h>

#define CHAT_ID_MAX 256 /* bytes of a request's id */

/* ---- requests ---- */

static void stream_chat_free(struct stream_chat *r)
{
    if (r->call)
        fastcgi_call_forget(r->call); /* a message that was said is said */
    if (r->viewer)
        stream_conn_unwatch(r->conn, r->viewer);
    aisdk_free(r->chunks);
    buf_free(&r->id);
    free(r);
}

/* Frees those that are over; not from within what their viewers tell. all: the others too. */
static void stream_chat_sweep(struct stream_conn *c, bool all)
{
    struct stream_chat **at = &stream_socket_of(c)->chats, *r;

    while ((r = *at)) {
        if (!all && (!r->over || r->call)) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        stream_chat_free(r);
    }
}

static void stream_chat_drop(struct stream_conn *c)
{
    stream_chat_sweep(c, true);
}

static struct stream_chat *stream_chat_of(const struct stream_conn *c)
{
    struct stream_chat *r = stream_socket_of(c)->chats;

    while (r && (r->viewer != c->hears || r->over))
        r = r->next;
    return r;
}

static struct stream_chat *stream_chat_find(const struct stream_conn *c, const struct buf *id)
{
    struct stream_chat *r = stream_socket_of(c)->chats;

    while (r && (r->over || r->id.len != id->len || memcmp(r->id.data, id->data, id->len) != 0))
        r = r->next;
    return r;
}

/* ---- frames from the client ---- */

typedef void stream_chat_fn(struct stream_chat *r, const jdoc *frame);

static void stream_chat_open(struct stream_conn *c, struct buf *id, const jdoc *frame,
    stream_chat_fn *ask)
{
    struct stream_chat *r;

    if (stream_chat_find(c, id)) {
        stream_chat_say_error(c, id, "A request with this id is open.");
        return;
    }
    r = calloc(1, sizeof *r);
    if (!r) {
        stream_conn_kill(c);
        return;
    }
    r->conn = c;
    r->id = *id;
    buf_init(id, 0);
    r->next = stream_socket_of(c)->chats;
    stream_socket_of(c)->chats = r;
    ask(r, frame);
}

static void stream_chat_abort(struct stream_conn *c, const struct buf *id)
{
    struct stream_chat *r = stream_chat_find(c, id);

    if (!r)
        return;
    if (r->call) { /* its turn is not known yet */
        r->aborted = true;
        return;
    }
    r->over = true;
    stream_call_stop(c->stream, c->user, r->turn);
}

static void stream_chat_frame(struct stream_conn *c, const jdoc *frame, struct buf *id)
{
    const char *type = jdoc_text_or(frame, "type", "");
    int64_t tell_ms;

    if (!stream_frames_count(c, STREAM_FRAMES_MESSAGE, &tell_ms)) {
        if (tell_ms > 0)
            stream_chat_say_error(c, id, STREAM_FRAMES_TOO_MANY);
        return;
    }
    if (strcmp(type, "send") == 0)
        stream_chat_open(c, id, frame, stream_chat_ask_send);
    else if (strcmp(type, "resume") == 0)
        stream_chat_open(c, id, frame, stream_chat_ask_resume);
    else if (strcmp(type, "abort") == 0)
        stream_chat_abort(c, id);
    else
        stream_chat_say_error(c, id, "type must be send, resume or abort.");
}

static void stream_chat_said(struct stream_conn *c, const char *text, size_t len)
{
    jdoc *frame = NULL;
    struct buf id;
    const char *name;
    size_t name_len = 0;

    stream_socket_of(c)->frames_in++;
    stream_chat_sweep(c, false);
    buf_init(&id, 0);
    err_ignore(jdoc_parse(text, len, &frame, NULL, 0)); /* what is none has no requestId */
    name = jdoc_string(jdoc_get(frame, "requestId"), &name_len);
    if (!name || name_len == 0 || name_len > CHAT_ID_MAX) {
        buf_json_string(&id, "", 0);
        stream_chat_say_error(c, &id,
            "A frame must be a JSON object with a requestId of 1 to 256 bytes.");
    } else {
        buf_json_string(&id, name, name_len);
        if (buf_error(&id))
            stream_conn_kill(c);
        else
            stream_chat_frame(c, frame, &id);
    }
    buf_free(&id);
    jdoc_free(frame);
}

static const struct stream_socket_user stream_chat_user = {.said = stream_chat_said,
    .closing = stream_chat_drop};

/* ---- the kind's operations ---- */

static void stream_chat_tick(struct stream_conn *c, int64_t now_ms)
{
    stream_socket_tick(c, now_ms);
    stream_chat_sweep(c, false);
}

static void stream_chat_fini(struct stream_conn *c)
{
    stream_chat_sweep(c, true);
    stream_socket_free(stream_socket_of(c));
}

static int stream_chat_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    struct stream_chat *r = stream_chat_of(c);
    struct buf *b = &c->stream->scratch;

    if (!stream_socket_is_open(c) || !r)
        return ERR_PEER_GONE;
    if (max > 0 && stream_conn_is_waiting(c) && outq_len(&c->out) + e->json_len > max)
        return stream_conn_count(c, ERR_FULL);
    buf_reset(b);
    aisdk_event(r->chunks, e, b);
    return stream_conn_count(c, stream_chat_say_chunks(r, b));
}

static void stream_chat_ended(struct stream_conn *c)
{
    struct stream_chat *r = stream_chat_of(c);
    struct buf *b = &c->stream->scratch;

    if (!stream_socket_is_open(c) || !r)
        return;
    buf_reset(b);
    aisdk_end(r->chunks, b);
    err_ignore(stream_chat_say_chunks(r, b));
    stream_chat_say(r, "end");
    r->over = true;
}

const struct stream_kind stream_chat_kind = {.name = "chat",
    .linger_ms = STREAM_LINGER_MS,
    .feed = stream_socket_feed,
    .tick = stream_chat_tick,
    .drain = stream_socket_drain,
    .drained = stream_socket_drained,
    .end = stream_socket_end,
    .free = stream_chat_fini,
    .event = stream_chat_event,
    .located = stream_conn_no_step,
    .ended = stream_chat_ended,
    .inbox = stream_conn_no_feed,
    .takes_snapshots = stream_conn_no_snapshots};

void stream_chat_start(struct stream_conn *c, const struct stream_ws_start *start)
{
    struct stream_socket *w = stream_socket_new(NULL, &stream_chat_user);

    if (!w) {
        stream_conn_kill(c);
        return;
    }
    w->admin = start->admin;
    w->scopes = start->scopes;
    w->deflate_bits = (unsigned char)start->deflate_bits;
    stream_conn_become(c, &stream_chat_kind, w);
}
