#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "workers/stream/stream.h"

#include "base/err.h"
#include "base/jdoc.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>

static const char metadata[] = "{\"metadata\":{\"cursor\":\"";

static struct iovec part(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

/* {"metadata":{"cursor":"EPOCH-N"}, and the event's own members behind it. */
static int send_agui(struct stream_conn *c, const struct logentry *e, size_t max)
{
    struct iovec parts[4] = {part(metadata, sizeof(metadata) - 1), part(e->id_text, e->id_len),
        part("\"},", 3), part(e->json + 1, e->json_len - 1)};

    return stream_socket_text(c, parts, 4, max);
}

static int send_error_line(struct stream_conn *c, const struct logentry *e, size_t max)
{
    struct buf *b = &c->stream->scratch;
    jdoc *event = NULL;
    struct iovec line;

    if (!memmem(e->json, e->json_len, "\"RUN_ERROR\"", 11) ||
        jdoc_parse(e->json, e->json_len, &event, NULL, 0) < 0)
        return 0;
    buf_reset(b);
    buf_puts(b, "\nerror: ");
    buf_puts(b, jdoc_text_or(event, "message", "the run failed"));
    buf_putc(b, '\n');
    jdoc_free(event);
    line = part(b->data, b->len);
    return buf_error(b) ? 0 : stream_socket_text(c, &line, 1, max);
}

/* format=text: nothing but what the assistant says. */
static int send_text(struct stream_conn *c, const struct logentry *e, size_t max)
{
    struct buf *b = &c->stream->scratch;
    const char *text;
    size_t len;
    struct iovec plain;

    if (e->flag == LOGENTRY_FINAL)
        return send_error_line(c, e, max);
    if (e->flag != LOGENTRY_TEXT || !logentry_delta(e, &text, &len) || len == 0)
        return 0;
    if (!memchr(text, '\\', len)) {
        plain = part(text, len);
    } else {
        buf_reset(b);
        logentry_unescape(b, text, len);
        if (buf_error(b))
            return 0;
        plain = part(b->data, b->len);
    }
    return stream_socket_text(c, &plain, 1, max);
}

int stream_events_sink(struct hub_viewer *viewer, const struct logentry *e, bool force)
{
    struct stream_conn *c = viewer->owner;
    struct scoreboard_slot *slot = c->stream->worker->slot;
    size_t max = force ? 0 : (size_t)c->stream->conf->stream_queue;
    int rc;

    if (c->kind == STREAM_JSON)
        return 0;
    if (c->kind == STREAM_SSE) {
        rc = stream_sse_event(c, e, max);
    } else if (c->kind != STREAM_WS || c->close_sent) {
        return ERR_PEER_GONE;
    } else if (c->format == STREAM_AGUI) {
        rc = send_agui(c, e, max);
    } else if (c->format == STREAM_TEXT) {
        rc = send_text(c, e, max);
    } else {
        if (e->flag == LOGENTRY_FINAL)
            stream_legacy_final(c, viewer, e);
        rc = 0;
    }
    if (slot && rc == 0)
        atomic_fetch_add_explicit(&slot->messages, 1, memory_order_relaxed);
    else if (slot && rc == ERR_FULL)
        atomic_fetch_add_explicit(&slot->dropped, 1, memory_order_relaxed);
    return rc;
}

void stream_events_inbox(struct hub_viewer *viewer, const char *bytes, size_t len)
{
    struct stream_conn *c = viewer->owner;
    struct iovec whole = part(bytes, len);

    if (c->kind == STREAM_WS && len > 0 && bytes[0] == '{')
        stream_socket_text(c, &whole, 1, (size_t)c->stream->conf->stream_queue);
}

void stream_events_located(struct hub_viewer *viewer)
{
    struct stream_conn *c = viewer->owner;

    if (c->messages && c->kind == STREAM_WS)
        stream_message_pump(c);
}

void stream_events_ended(struct hub_viewer *viewer)
{
    struct stream_conn *c = viewer->owner;

    if (c->kind == STREAM_SSE)
        stream_sse_end(c, false);
    else if (c->kind == STREAM_JSON)
        stream_sse_reply(c);
}

bool stream_events_takes_snapshots(const struct hub_viewer *viewer)
{
    const struct stream_conn *c = viewer->owner;

    return c->kind == STREAM_SSE || (c->kind == STREAM_WS && c->format == STREAM_AGUI);
}

bool stream_events_is_drained(const struct hub_viewer *viewer)
{
    return !stream_conn_is_waiting(viewer->owner);
}
