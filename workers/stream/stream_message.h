/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_MESSAGE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_MESSAGE_H

#include "base/buf.h"
#include "workers/stream/stream_conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_message -- what a WebSocket's client said, on its way to the turn or api pool as a FastCGI
 * request, and the reply on its way back. Messages go one after the other, each when the
 * viewer of its session misses nothing; the rest goes at once. Stream workers.
 */
#define STREAM_MESSAGES_MAX 16 /* waiting messages of one socket */

struct stream_submit {
    const char *session; /* NULL = the connection's, or a new one */
    const char *client_message_id, *run_id;
    struct buf *body; /* of /internal/message, without its closing brace; taken */
    bool agui;        /* errors are RUN_ERROR events */
};
/* What fails is told to the client, here or when the reply has come. */
void stream_message_submit(struct stream_conn *c, const struct stream_submit *submit);
/* Sends what may go: called when a viewer stands, and each second. */
void stream_message_pump(struct stream_conn *c);
void stream_message_tick(struct stream_conn *c, int64_t now_ms);
/* Nobody hears the replies any more. A message that has not been sent is sent all the same. */
void stream_message_free_all(struct stream_conn *c);
/* Exactly one of the three, in this order, names what is to stop; others may be NULL. */
void stream_message_cancel(struct stream_conn *c, const char *turn, const char *session,
    const char *client_message_id);
/* snooze_minutes 0: acknowledged. What becomes of it is told on the user's channel. */
void stream_message_inbox(struct stream_conn *c, const char *entry, int64_t snooze_minutes);
/* json: the user's context, an object. */
void stream_message_context(struct stream_conn *c, const char *json, size_t len);

#endif
