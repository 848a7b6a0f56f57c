/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_sse.h"

#include "base/err.h"
#include "process/measure.h"
#include "process/origin.h"
#include "store/keys.h"
#include "workers/stream/stream_call.h"
#include "workers/stream/stream_credential.h"
#include "workers/stream/stream_member.h"
#include "workers/stream/stream_refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

struct stream_sse {
    const struct stream_render *render; /* NULL = the log's own events */
    void *rendering;                    /* its state */
    bool chunked;
    bool over;                   /* its end is ours or its run's, not its client's */
    char stops[IDENT_UUID_SIZE]; /* the turn that a client stops by leaving; "" = none */
};

static bool stream_sse_is_chunked(const struct stream_conn *c)
{
    const struct stream_sse *sse = c->own;

    return sse->chunked;
}

static struct iovec stream_sse_part(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

static int stream_sse_send(struct stream_conn *c, const struct iovec *parts, size_t count,
    size_t max)
{
    char head[24];
    struct iovec iov[8];
    size_t len = 0, n = 0;

    for (size_t i = 0; i < count; i++)
        len += parts[i].iov_len;
    if (stream_sse_is_chunked(c))
        iov[n++] = (struct iovec){head, (size_t)snprintf(head, sizeof head, "%zx\r\n", len)};
    for (size_t i = 0; i < count; i++)
        iov[n++] = parts[i];
    if (stream_sse_is_chunked(c))
        iov[n++] = (struct iovec){(void *)(uintptr_t) "\r\n", 2};
    return stream_conn_send(c, iov, n, max);
}

/* What a dialect has written. Its state has gone on, so this is not refused any more. */
static int stream_sse_send_rendered(struct stream_conn *c, const struct buf *b)
{
    struct stream_sse *sse = c->own;
    struct iovec one = stream_sse_part(b->data, b->len);

    if (buf_error(b)) {
        sse->over = true;
        stream_conn_kill(c);
        return ERR_PEER_GONE;
    }
    return b->len > 0 ? stream_conn_count(c, stream_sse_send(c, &one, 1, 0)) : 0;
}

static int stream_sse_rendered(struct stream_conn *c, const struct logentry *e, size_t max)
{
    const struct stream_sse *sse = c->own;
    struct buf *b = &c->stream->scratch;

    if (max > 0 && stream_conn_is_waiting(c) && outq_len(&c->out) + e->json_len > max)
        return stream_conn_count(c, ERR_FULL);
    buf_reset(b);
    sse->render->event(sse->rendering, e, b);
    return stream_sse_send_rendered(c, b);
}

static int stream_sse_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    const struct stream_sse *sse = c->own;

    if (sse->render)
        return stream_sse_rendered(c, e, max);
    struct iovec parts[5] = {stream_sse_part("id: ", 4), stream_sse_part(e->id_text, e->id_len),
        stream_sse_part("\ndata: ", 7), stream_sse_part(e->json, e->json_len),
        stream_sse_part("\n\n", 2)};

    return stream_conn_count(c, stream_sse_send(c, parts, 5, max));
}

static void stream_sse_comment(struct stream_conn *c)
{
    const struct stream_sse *sse = c->own;
    const char *text = sse->render ? sse->render->keep_alive : ": keep-alive\n\n";
    struct iovec comment = stream_sse_part(text, strlen(text));

    if (!stream_conn_is_waiting(c))
        err_ignore(stream_sse_send(c, &comment, 1, 0));
}

/* Ends the response properly; retry: the client is to come back. */
static void stream_sse_end(struct stream_conn *c, bool retry)
{
    struct stream_sse *sse = c->own;
    char text[48];
    struct iovec one;

    if (retry) {
        one = stream_sse_part(text,
            (size_t)snprintf(text, sizeof text, "retry: %lld\n\n",
                (long long)c->stream->conf->stream_retry_ms));
        err_ignore(stream_sse_send(c, &one, 1, 0));
    }
    if (stream_sse_is_chunked(c) && stream_conn_is_open(c)) {
        one = stream_sse_part("0\r\n\r\n", 5);
        err_ignore(stream_conn_send(c, &one, 1, 0));
    }
    sse->over = true;
    stream_conn_finish(c);
}

/* Before the end of what it shows: the client is to come back. */
static void stream_sse_leave(struct stream_conn *c)
{
    struct stream_sse *sse = c->own;

    sse->over = true;
    if (sse->render)
        stream_conn_finish(c); /* broken off: no last chunk */
    else
        stream_sse_end(c, true);
}

/* ---- the kind's operations ---- */

static void stream_sse_tick(struct stream_conn *c, int64_t now_ms)
{
    stream_member_tick(c, now_ms);
    if (stream_credential_has_ended(c) || stream_member_has_left(c))
        stream_sse_end(c, false);
    else if (stream_conn_is_old(c, now_ms))
        stream_sse_leave(c);
    else if (now_ms - c->out_ms >= c->stream->conf->stream_ping_ms)
        stream_sse_comment(c);
}

static bool stream_sse_drain(struct stream_conn *c, bool late)
{
    (void)late;
    stream_sse_leave(c);
    return true;
}

static void stream_sse_ended(struct stream_conn *c)
{
    const struct stream_sse *sse = c->own;
    struct buf *b = &c->stream->scratch;

    if (sse->render) {
        buf_reset(b);
        sse->render->ended(sse->rendering, b);
        err_ignore(stream_sse_send_rendered(c, b));
    }
    stream_sse_end(c, false);
}

static void stream_sse_died(struct stream_conn *c)
{
    const struct stream_sse *sse = c->own;

    if (!sse->over && sse->stops[0])
        stream_call_stop(c->stream, c->user, sse->stops);
}

static void stream_sse_free(struct stream_conn *c)
{
    struct stream_sse *sse = c->own;

    if (sse->rendering)
        sse->render->free(sse->rendering);
    free(sse);
}

static bool stream_sse_takes_snapshots(const struct stream_conn *c)
{
    const struct stream_sse *sse = c->own;

    return !sse->render || sse->render->takes_snapshots;
}

const struct stream_kind stream_sse_kind = {.name = "sse",
    .linger_ms = STREAM_PROGRESS_MS,
    .feed = stream_conn_no_feed,
    .tick = stream_sse_tick,
    .drain = stream_sse_drain,
    .drained = stream_conn_no_step,
    .end = stream_sse_died,
    .free = stream_sse_free,
    .event = stream_sse_event,
    .located = stream_conn_no_step,
    .ended = stream_sse_ended,
    .inbox = stream_conn_no_feed,
    .takes_snapshots = stream_sse_takes_snapshots};

/* ---- start ---- */

static void stream_sse_put_retry(struct stream_conn *c, struct buf *b)
{
    char retry[48];

    snprintf(retry, sizeof retry, "retry: %lld\n\n", (long long)c->stream->conf->stream_retry_ms);
    if (stream_sse_is_chunked(c))
        buf_printf(b, "%zx\r\n%s\r\n", strlen(retry), retry);
    else
        buf_puts(b, retry);
}

static void stream_sse_send_head(struct stream_conn *c, const struct stream_handover *h)
{
    struct buf b;
    struct iovec iov;

    measure_http("events", 200);
    buf_init(&b, 0);
    buf_puts(&b,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
        "Cache-Control: no-store\r\n"
        "X-Accel-Buffering: no\r\nConnection: close\r\n");
    if (h->request[0])
        buf_printf(&b, "X-Request-Id: %s\r\n", h->request);
    if (h->trace[0])
        buf_printf(&b, "traceparent: %s\r\n", h->trace);
    origin_reply(c->stream->conf, h->origin, &b);
    if (h->render)
        buf_puts(&b, h->render->head);
    if (h->render && h->render->tells_session && !keys_is_unlisted(h->session))
        buf_printf(&b, "X-Session-Id: %s\r\n", h->session);
    if (stream_sse_is_chunked(c))
        buf_puts(&b, "Transfer-Encoding: chunked\r\n");
    buf_puts(&b, "\r\n");
    if (!h->render)
        stream_sse_put_retry(c, &b);
    iov = stream_sse_part(b.data, b.len);
    if (buf_error(&b) == 0)
        err_ignore(stream_conn_send(c, &iov, 1, 0));
    else
        stream_conn_kill(c);
    buf_free(&b);
}
static struct stream_sse *stream_sse_new(const struct stream_handover *h, bool chunked)
{
    struct stream_sse *sse = malloc(sizeof *sse);

    if (!sse)
        return NULL;
    *sse = (struct stream_sse){.render = h->render, .chunked = chunked, .over = true};
    if (h->stops)
        memcpy(sse->stops, h->turn, sizeof sse->stops);
    if (h->render) {
        sse->rendering = h->render->new (h->detail);
        if (!sse->rendering) {
            free(sse);
            return NULL;
        }
    }
    return sse;
}

void stream_sse_start(struct stream_conn *c, const struct stream_handover *h, bool chunked)
{
    struct stream_sse *sse = stream_sse_new(h, chunked);
    struct hub_start start;

    if (!sse) {
        stream_conn_kill(c);
        return;
    }
    stream_conn_become(c, &stream_sse_kind, sse); /* from now on it owns the state */
    if (stream_conn_belongs(c, stream_handover_viewer(h)) || stream_member_set(c, h)) {
        stream_conn_kill(c);
        return;
    }
    if (h->whole_session && !stream_conn_count_in(c, h->cls)) {
        stream_refuse_handed(c, h, false, 429, STREAM_CROWDED, STREAM_CROWDED_TEXT);
        return;
    }
    c->expires_ms = h->expires_ms;
    stream_credential_set(c, &h->mark);
    stream_sse_send_head(c, h);
    stream_handover_start(h, &start);
    if (!stream_conn_is_open(c))
        return;
    if (stream_conn_watch_start(c, &start, NULL) < 0)
        stream_conn_kill(c);
    else
        sse->over = false;
}
