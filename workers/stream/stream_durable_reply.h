/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_REPLY_H
#define TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_REPLY_H

#include "base/buf.h"
#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_durable_ask.h"
#include "workers/stream/stream_durable_page.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * stream_durable_reply -- what a reader of a Durable Stream is sent: the protocol's headers, JSON
 * arrays, text, and events (its text, version 1.0, sections 5.5 to 5.8 and 8 to 10, in
 * github.com/durable-streams/durable-streams; read on 30 November 2026). Stream workers.
 */

/*
 * Appends the entries of the page in the reader's form: a JSON array, or the assistant's words.
 * Returns whether there was something for it.
 */
bool stream_durable_reply_body(const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, struct buf *out);
/*
 * The interval of 20 s that a live reply belongs to: a cache in front takes what is asked for with
 * another one for another reply. Above what the reader has seen.
 *   now_ms  real time
 */
MUST_CHECK int64_t stream_durable_reply_cursor(int64_t seen, int64_t now_ms);
/*
 * Answers a catch-up read or a long-poll, and finishes the connection: 200, 304 for a known ETag,
 * or 204 for a long-poll without anything new.
 *   any  the body has something for the reader
 */
void stream_durable_reply_send(struct stream_conn *c, const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, const struct buf *body, bool any);
/* The head of an event stream. */
void stream_durable_reply_open(struct stream_conn *c, const struct stream_durable_ask *ask,
    bool chunked);
/* The page as a `data` event, unless it has nothing for the reader, and the `control` event. */
void stream_durable_reply_events(struct stream_conn *c, const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, const struct buf *body, bool chunked);
/* A line that says nothing, so that the connection is seen to be alive. */
void stream_durable_reply_comment(struct stream_conn *c, bool chunked);
/* The stream's regular end; the connection finishes. */
void stream_durable_reply_close(struct stream_conn *c, bool chunked);

#endif
