/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_WS_H
#define TURNPIKE_WORKERS_STREAM_STREAM_WS_H

#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_form.h"

/*
 * stream_ws -- the kind of a connection that is a WebSocket: the protocol (stream_socket), what the
 * client says (stream_frames, stream_message) and hears (its form), made one. Stream workers.
 */
extern const struct stream_kind stream_ws_kind;

struct stream_ws_start {
    const struct stream_form *form;
    bool admin;
    unsigned scopes;     /* process/scopes.h */
    const char *session; /* checked; NULL = none yet */
    const char *cursor;  /* checked; "" = live */
    unsigned
        deflate_bits; /* the window of what is sent compressed (stream_deflate); 0 = nothing is */
};

/*
 * The upgrade has been answered: from now on the connection speaks WebSocket. c->user is set.
 * Without memory the connection is dead.
 */
void stream_ws_start(struct stream_conn *c, const struct stream_ws_start *start);

#endif
