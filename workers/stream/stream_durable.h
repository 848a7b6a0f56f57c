/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_H

#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_durable_ask.h"

/*
 * stream_durable -- a reader of a session's log, or of one run in it, by the Durable Streams
 * protocol: what is there, a wait for what comes next (long-poll), or server-sent events. nginx
 * comes here after an X-Accel-Redirect. Stream workers.
 *
 * It reads the log page by page from Redis. A viewer of the hub is its alarm only: it wakes the
 * reader when something has been appended. So each reply is a whole number of entries that Redis
 * has, and a worker that dies costs no more than the request.
 */
extern const struct stream_kind stream_durable_kind;

/* Makes the connection one of this kind and begins to read; without memory it is dead. */
void stream_durable_start(struct stream_conn *c, const struct stream_durable_ask *ask,
    bool chunked);

#endif
