/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_CHAT_H
#define TURNPIKE_WORKERS_STREAM_STREAM_CHAT_H

#include "workers/stream/stream_conn.h"

#include <stdbool.h>

/*
 * stream_chat -- the kind of a WebSocket that speaks the AI SDK's WebSocketChatTransport (npm `ai`
 * 7.0.173, src/ui/websocket-chat-transport.ts, November 2026): several chats on one socket, each
 * request with its own chunks (workers/stream/aisdk.h).
 *
 *   send      a message: POST /ai/chat with the same members
 *   resume    the running answer from its start: GET /ai/chat/{id}/stream
 *   abort     stops the turn of a request
 *
 * It answers with start, chunk (numbered from 0), end, no-active, and error, whose text is the
 * problem document that HTTP would have sent. What HTTP hands over to /_stream/sse is shown here
 * instead, so a request has one meaning on both. A socket that is lost stops nothing. Stream
 * workers.
 */
extern const struct stream_kind stream_chat_kind;

/* The upgrade has been answered. c->user is set. start: without form, session and cursor. Without
 * memory the connection is dead. */
struct stream_ws_start;
void stream_chat_start(struct stream_conn *c, const struct stream_ws_start *start);

#endif
