/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_HANDSHAKE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_HANDSHAKE_H

#include "base/err.h"
#include "workers/stream/stream_conn.h"

/*
 * stream_handshake -- the one HTTP request that a connection starts with: its route, its
 * credential, and the kind that the connection becomes. The one file that knows all kinds. Stream
 * workers.
 */

/* Takes an accepted descriptor, on success only. Returns 0, ERR_NOMEM or ERR_IO. */
MUST_CHECK int stream_handshake_accept(struct stream *s, int fd);

/* All kinds, for tests: the request is read, its ticket is looked up, its key is waited for,
 * WebSocket, SSE, JSON, chats of the AI SDK, durable streams. */
#define STREAM_HANDSHAKE_KINDS 8
extern const struct stream_kind *const stream_handshake_kinds[STREAM_HANDSHAKE_KINDS];

#endif
