/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_RENDER_H
#define TURNPIKE_WORKERS_STREAM_STREAM_RENDER_H

#include "base/buf.h"
#include "store/logentry.h"

#include <stdbool.h>

/*
 * stream_render -- dialects: the words of other protocols in which a viewer by server-sent events
 * hears a session's log. AG-UI is none of them: stream_sse.c sends its events as the log has them,
 * with nothing copied, parsed or asked for here. A dialect is a table and a file of its own; pure:
 * no I/O, no clock but what it is told. Stream workers.
 *
 *   name             argument `form` of /_stream/sse (fcgi-app/exchange.h, struct exchange_view)
 *   head             further header lines of the reply, each with CRLF; "" = none
 *   keep_alive       sent when nothing else was for `stream.ping`: one whole frame
 *   takes_snapshots  whether it makes use of a MESSAGES_SNAPSHOT in the place of a lost log
 *   tells_session    the reply has the header X-Session-Id, unless the session is a stateless one's
 *   new              makes the state of one viewer, NULL without memory or with a detail that it
 *                    cannot read. detail: what the FastCGI worker said; "" = nothing
 *   free             gives it back
 *   event            appends the frames for one entry: none, one or several. Entries come in their
 *                    order, each once; neighbouring deltas of one message may have been joined. It
 *                    may not fail: what it cannot read, it leaves out
 *   ended            appends the last frames, behind the run's final event or, when the events are
 *                    gone, without one. The response ends properly behind them
 *
 * A response that ends for any other reason (restart, `stream.max_age`) is broken off: without a
 * cursor in the dialect, its client must not take a part for the whole.
 *
 * The price of a token: an entry with the flag LOGENTRY_TEXT has its text, still escaped as JSON
 * wants it, by logentry_delta; logentry_type tells the other events apart. Only rare ones are worth
 * a jdoc_parse.
 */
#define STREAM_RENDER_DETAIL_SIZE 1024

struct stream_render {
    const char *name;
    const char *head;
    const char *keep_alive;
    bool takes_snapshots, tells_session;
    void *(*new)(const char *detail);
    void (*free)(void *state);
    void (*event)(void *state, const struct logentry *e, struct buf *out);
    void (*ended)(void *state, struct buf *out);
};

/* NULL: there is no such dialect. */
const struct stream_render *stream_render_find(const char *name);

#endif
