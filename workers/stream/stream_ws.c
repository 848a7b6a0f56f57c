/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_ws.h"

#include "base/err.h"
#include "workers/stream/stream_frames.h"
#include "workers/stream/stream_message.h"
#include "workers/stream/stream_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

static const struct stream_socket_user stream_ws_user = {.said = stream_frames_text,
    .closing = stream_message_free_all};

/* ---- the kind's operations ---- */

static void stream_ws_tick(struct stream_conn *c, int64_t now_ms)
{
    stream_socket_tick(c, now_ms);
    if (stream_socket_is_open(c))
        stream_message_tick(c, now_ms);
}

static void stream_ws_free(struct stream_conn *c)
{
    struct stream_socket *w = stream_socket_of(c);

    stream_message_free_all(c);
    if (w->inbox)
        hub_remove(c->stream->hub, w->inbox);
    stream_socket_free(w);
}

static int stream_ws_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    if (!stream_socket_is_open(c))
        return ERR_PEER_GONE;
    return stream_conn_count(c, stream_socket_of(c)->form->event(c, e, max));
}

static void stream_ws_inbox(struct stream_conn *c, const char *bytes, size_t len)
{
    struct iovec whole = {(void *)(uintptr_t)bytes, len};

    if (len > 0 && bytes[0] == '{')
        /* One that is full lists the inbox when it comes back. */
        err_ignore(stream_socket_text(c, &whole, 1, (size_t)c->stream->conf->stream_queue));
}

static bool stream_ws_takes_snapshots(const struct stream_conn *c)
{
    return stream_socket_of(c)->form->takes_snapshots;
}

const struct stream_kind stream_ws_kind = {.name = "websocket",
    .linger_ms = STREAM_LINGER_MS,
    .is_bounded = true,
    .feed = stream_socket_feed,
    .tick = stream_ws_tick,
    .drain = stream_socket_drain,
    .drained = stream_socket_drained,
    .end = stream_socket_end,
    .free = stream_ws_free,
    .event = stream_ws_event,
    .located = stream_message_pump,
    .ended = stream_conn_no_step,
    .inbox = stream_ws_inbox,
    .takes_snapshots = stream_ws_takes_snapshots};

/* ---- start ---- */

static int stream_ws_watch(struct stream_conn *c, const struct stream_ws_start *start)
{
    struct stream_socket *w = stream_socket_of(c);
    struct hub_start inbox = {.user = c->user};
    struct hub_viewer *viewer;
    int error = 0;

    if (w->form->hears_inbox)
        error = hub_add(c->stream->hub, &inbox, c, &w->inbox);
    if (error == 0)
        w->form->hello(c);
    if (error < 0 || !start->session || !stream_conn_is_open(c))
        return error;
    w->session = strdup(start->session);
    return w->session ? stream_conn_watch(c, w->session, start->cursor, &viewer) : ERR_NOMEM;
}

void stream_ws_start(struct stream_conn *c, const struct stream_ws_start *start)
{
    struct stream_socket *w = stream_socket_new(start->form, &stream_ws_user);

    if (!w) {
        stream_conn_kill(c);
        return;
    }
    w->admin = start->admin;
    w->scopes = start->scopes;
    w->deflate_bits = (unsigned char)start->deflate_bits;
    stream_conn_become(c, &stream_ws_kind, w);
    if (stream_ws_watch(c, start) < 0)
        stream_conn_kill(c);
}
