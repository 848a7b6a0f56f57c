/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_FORM_H
#define TURNPIKE_WORKERS_STREAM_STREAM_FORM_H

#include "workers/stream/stream_conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_form -- the words in which a WebSocket's client hears its sessions: AG-UI events
 * (stream_agui.h), nothing but the assistant's text (stream_text.h), one reply at the end of a run
 * (stream_legacy.h). Each is a table; its file knows no other form. Stream workers.
 */
struct stream_form {
    const char *name;
    const char *error_code; /* member with an error's code; NULL: errors are a line of text */
    bool hears_inbox, takes_snapshots;
    bool tells_accepted;                  /* a message that was accepted is answered at once */
    bool tells_results;                   /* so is what a cancel or a change of context led to */
    void (*hello)(struct stream_conn *c); /* the socket has just been opened */
    /* As struct stream_kind's. */
    int (*event)(struct stream_conn *c, const struct logentry *e, size_t max);
};

/*
 * An error, in the words of the connection's form: {"type":"error",...} or a line.
 *   client_message_id  NULL = of no message
 *   retry_after_ms     0 = not said
 */
void stream_form_error(struct stream_conn *c, const char *code, const char *message,
    const char *client_message_id, int64_t retry_after_ms);

#endif
