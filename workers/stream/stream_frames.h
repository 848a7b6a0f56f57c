/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_FRAMES_H
#define TURNPIKE_WORKERS_STREAM_STREAM_FRAMES_H

#include "workers/stream/stream_conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_frames -- what clients say in the text messages of a WebSocket: a table of types, each
 * counted against the limit of messages a minute. Plain text is a message for the assistant.
 * Stream workers.
 */
/*
 * stream_frames_count -- counts a frame against rate.ws_messages. Far above it the socket closes.
 *   cost     STREAM_FRAMES_MESSAGE, or less
 *   tell_ms  out: not 0: the client is to be told, and may go on after this time
 * Returns whether the frame may be acted on.
 */
#define STREAM_FRAMES_MESSAGE 10
#define STREAM_FRAMES_TOO_MANY "Too many messages a minute."
bool stream_frames_count(struct stream_conn *c, unsigned cost, int64_t *tell_ms);
void stream_frames_text(struct stream_conn *c, const char *text, size_t len);

#endif
