#ifndef TURNPIKE_WORKERS_STREAM_STREAM_FRAMES_H
#define TURNPIKE_WORKERS_STREAM_STREAM_FRAMES_H

#include "workers/stream/stream_conn.h"

#include <stddef.h>

/*
 * stream_frames -- what clients say in the text messages of a WebSocket: a table of types, each
 * counted against the limit of messages a minute. Plain text is a message for the assistant.
 * Stream workers.
 */
void stream_frames_text(struct stream_conn *c, const char *text, size_t len);

#endif
