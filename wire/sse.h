/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_SSE_H
#define TURNPIKE_WIRE_SSE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * sse -- incremental parser of text/event-stream (WHATWG), as model servers send it: LF, CRLF and
 * CR line ends, split anywhere, comments, events without a name, several data lines (joined by LF).
 * It does not report an event without data. When the fed bytes contain a whole event with one data
 * line, the callback gets a pointer into them, and nothing is copied. The parser keeps `id:` and
 * `retry:` for a caller that resumes a stream.
 */
struct sse_event {
    const char *name; /* "" when the stream gave none */
    const char *data;
    size_t len;
};
/* Non-zero return stops the parse and is returned by sse_feed. */
typedef int sse_event_fn(void *arg, const struct sse_event *event);

struct sse {
    struct buf line, data;
    char name[64];
    char last_id[256]; /* of the last whole event that had one; "" = none, or too long to be kept */
    char id[256];      /* of the event that is being read */
    int64_t retry_ms;  /* -1 = never said */
    size_t max_event;
    bool skip_lf, has_data, has_id, started;
};
/* max_event_bytes: of the data of one event; 0 = any. */
void sse_init(struct sse *parser, size_t max_event_bytes);
void sse_fini(struct sse *parser);
/* Ready for the next stream; last_id and retry_ms stay. */
void sse_reset(struct sse *parser);
/* Returns 0; ERR_LIMIT (event too large); ERR_NOMEM; or what the callback returned. */
MUST_CHECK int sse_feed(struct sse *parser, const char *bytes, size_t len, sse_event_fn *on_event,
    void *arg);

#endif
