/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_SSE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_SSE_H

#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_handover.h"

/*
 * stream_sse -- a client of server-sent events: a run's until its final one, or a session's.
 * nginx comes here after an X-Accel-Redirect. An HTTP/1.1 reply is chunked: a worker that dies
 * leaves it without its end, and the client sees a broken stream, not a short answer. Stream
 * workers.
 */
extern const struct stream_kind stream_sse_kind;

/* Sends the head and makes the connection one of this kind; without memory it is dead. */
void stream_sse_start(struct stream_conn *c, const struct stream_handover *h, bool chunked);

#endif
