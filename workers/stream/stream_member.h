/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_MEMBER_H
#define TURNPIKE_WORKERS_STREAM_STREAM_MEMBER_H

#include "base/err.h"
#include "workers/stream/stream_conn.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * stream_member -- a connection that shows a member the chat of another user's trip. The owner's
 * slot is asked every STREAM_MEMBER_MS whether the member still takes part. Stream workers.
 */
#define STREAM_MEMBER_MS 2000

struct stream_handover;
/* What the connection shows. Nothing for an own session. Returns 0 or ERR_NOMEM. */
MUST_CHECK int stream_member_set(struct stream_conn *c, const struct stream_handover *h);
void stream_member_free(struct stream_conn *c);
/* Asks, when it is time to. */
void stream_member_tick(struct stream_conn *c, int64_t now_ms);
/* Redis has said so. Away, it has said nothing, and nothing new comes from there either. */
bool stream_member_has_left(const struct stream_conn *c);

#endif
