/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_WORKER_H
#define TURNPIKE_WORKERS_STREAM_STREAM_WORKER_H

#include "base/err.h"
#include "process/worker.h"
#include "workers/stream/stream_conn.h"

/*
 * stream_worker -- the process: it accepts connections, keeps their time, drains them. One
 * loop; its tasks make the connections to Redis, nothing else. The entry is stream_worker_main
 * (process/worker.h).
 */

/* Everything but the listening socket and the signals. Returns 0 or an error, which is logged. */
MUST_CHECK int stream_worker_open(struct stream **out, struct worker *w);
/* Ends all connections. */
void stream_worker_close(struct stream *s);

#endif
