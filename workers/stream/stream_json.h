/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_JSON_H
#define TURNPIKE_WORKERS_STREAM_STREAM_JSON_H

#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_handover.h"

/*
 * stream_json -- a client that waits for a turn's reply as one JSON document, because the turn is
 * queued or runs elsewhere. It is answered with `status` and `reply` of the turn's hash once the
 * run has ended. Stream workers.
 */
extern const struct stream_kind stream_json_kind;

/* Makes the connection one of this kind, which sends nothing yet; without memory it is dead. */
void stream_json_start(struct stream_conn *c, const struct stream_handover *h);

#endif
