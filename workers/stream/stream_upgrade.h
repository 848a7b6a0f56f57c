/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_UPGRADE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_UPGRADE_H

#include "workers/stream/stream_conn.h"

/*
 * stream_upgrade -- the 101 of a handshake (RFC 6455, 4.2.2): key, subprotocol, extension. Stream
 * workers.
 */
struct stream_request;

/*
 * Sends it; without memory the connection is dead.
 *   id  of the request; NULL = none
 * Returns the window's bits of messages that are sent compressed (stream_deflate_offer), or 0.
 */
unsigned stream_upgrade_send(struct stream_conn *c, const struct stream_request *request,
    const char *id);

#endif
