/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_events.h"

#include "base/err.h"
#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_guard.h"

#include <string.h>

static int stream_events_on_event(struct hub_viewer *viewer, const struct logentry *e, bool force)
{
    struct stream_conn *c = viewer->owner;
    size_t max = force ? 0 : (size_t)c->stream->conf->stream_queue;

    const char *session = hub_session(viewer);
    int error;

    c->hears = viewer;
    if (!stream_conn_is_open(c))
        return ERR_PEER_GONE;
    if (stream_guard_enter(STREAM_GUARD_EVENT, c->user, session, strlen(session)) > 0) {
        stream_conn_kill(c);
        return ERR_PEER_GONE;
    }
    stream_guard_fault(e->json, e->json_len);
    error = c->kind->event(c, e, max);
    stream_guard_leave();
    return error;
}

static void stream_events_on_inbox(struct hub_viewer *viewer, const char *bytes, size_t len)
{
    struct stream_conn *c = viewer->owner;

    if (!stream_conn_is_open(c))
        return;
    if (stream_guard_enter(STREAM_GUARD_EVENT, c->user, "", 0) > 0) {
        stream_conn_kill(c);
        return;
    }
    c->kind->inbox(c, bytes, len);
    stream_guard_leave();
}

static void stream_events_on_located(struct hub_viewer *viewer)
{
    struct stream_conn *c = viewer->owner;

    if (stream_conn_is_open(c))
        c->kind->located(c);
}

static void stream_events_on_ended(struct hub_viewer *viewer)
{
    struct stream_conn *c = viewer->owner;

    c->hears = viewer;
    if (stream_conn_is_open(c))
        c->kind->ended(c);
}

static bool stream_events_takes_snapshots(const struct hub_viewer *viewer)
{
    const struct stream_conn *c = viewer->owner;

    return stream_conn_is_open(c) && c->kind->takes_snapshots(c);
}

static bool stream_events_is_drained(const struct hub_viewer *viewer)
{
    return !stream_conn_is_waiting(viewer->owner);
}

const struct hub_sink stream_events_sink = {.event = stream_events_on_event,
    .located = stream_events_on_located,
    .ended = stream_events_on_ended,
    .takes_snapshots = stream_events_takes_snapshots,
    .is_drained = stream_events_is_drained,
    .inbox = stream_events_on_inbox};
