#ifndef TURNPIKE_BASE_SSE_H
#define TURNPIKE_BASE_SSE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * sse -- incremental parser of text/event-stream (WHATWG), as model servers send it: LF, CRLF and
 * CR line ends, split anywhere, comments, events without a name, several data lines (joined by
 * LF). An event without data is not reported. When a whole event lies in the fed bytes with one
 * data line, the callback gets a pointer into them and nothing is copied.
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
    size_t max_event;
    bool skip_lf, has_data, started;
};
void sse_init(struct sse *parser, size_t max_event_bytes);
void sse_fini(struct sse *parser);
void sse_reset(struct sse *parser);
/* Returns 0; ERR_LIMIT (event too large); ERR_NOMEM; or what the callback returned. */
int sse_feed(struct sse *parser, const char *bytes, size_t len, sse_event_fn *on_event, void *arg);

#endif
