/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_PAGE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_PAGE_H

#include "base/err.h"
#include "store/logentry.h"
#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_durable_ask.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * stream_durable_page -- a piece of a session's log, as store/lua/stream_page.lua gives it. Stream
 * workers.
 */
#define STREAM_DURABLE_PAGE_ENTRIES 256
#define STREAM_DURABLE_PAGE_BYTES 262144 /* of the entries; the last one may go beyond */

struct stream_durable_page {
    bool found;   /* the session or turn is there */
    bool gone;    /* the log lacks what follows the place that was asked for */
    bool closed;  /* nothing will ever follow `next` */
    bool more;    /* more follows `next` already */
    bool trimmed; /* the log does not begin with the session */
    struct logentry_id next, top, oldest; /* oldest: 0-0 = the log is empty */
    const struct link_reply *reply;       /* of the entries; borrowed */
    size_t count;
};

/*
 * Asks for the page behind what `ask` names. c->asker leaves it. Returns 0 or an error: nothing is
 * asked.
 */
MUST_CHECK int stream_durable_page_ask(struct stream_conn *c, const struct stream_durable_ask *ask,
    link_reply_fn *on_reply);
/* out borrows from the reply. Returns 0 or ERR_INTERNAL: no such reply. */
MUST_CHECK int stream_durable_page_read(const struct link_reply *reply,
    struct stream_durable_page *out);
/* The entry i < count. Returns 0 or ERR_INVALID: nothing that a reader can take. */
MUST_CHECK int stream_durable_page_entry(const struct stream_durable_page *page, size_t i,
    struct logentry *out);

#endif
