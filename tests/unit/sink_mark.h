/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_SINK_MARK_H
#define TURNPIKE_TESTS_UNIT_SINK_MARK_H

#include "tests/unit/sink_text.h"

#include <stdlib.h>

/* sink_mark -- one stream in two workers: at an event its mark is written, and another stream made
 * of the mark reads the rest. Used by unit tests and fuzz harnesses. */
struct sink_mark {
    struct sink_stream *s;
    size_t at, events; /* the mark is written behind so many events */
    bool moved;
};

static inline int sink_mark_move(struct sink_mark *m)
{
    struct provider_stream *from = &m->s->stream, to = {0};
    struct buf json = {0};
    jdoc *mark = NULL;
    int error;

    buf_puts(&json, "{\"x\":0");
    m->moved = m->s->provider->mark(from, &json);
    buf_putc(&json, '}');
    if (!m->moved) {
        buf_free(&json);
        return 0;
    }
    if (jdoc_parse(buf_text(&json), json.len, &mark, NULL, 0))
        abort();
    buf_free(&json);
    provider_stream_init(&to, from->sink);
    provider_copy(to.maker, sizeof to.maker, from->maker);
    to.think_tags = from->think_tags;
    to.slow_only = from->slow_only;
    error = m->s->provider->restore(&to, mark);
    jdoc_free(mark);
    to.usage = from->usage; /* told again at the end of the response */
    to.stop = from->stop;
    provider_stream_fini(from);
    *from = to;
    return error;
}

static inline int sink_mark_on_event(void *arg, const struct sse_event *event)
{
    struct sink_mark *m = arg;
    int error = m->s->provider->event(&m->s->stream, event);

    if (!error && !m->s->stream.ended && ++m->events == m->at)
        error = sink_mark_move(m);
    return error;
}

/* s: begun. at: 0 = no mark. Returns whether it was written. */
static inline bool sink_mark_feed(struct sink_stream *s, size_t at, const char *bytes, size_t len)
{
    struct sink_mark m = {.s = s, .at = at};
    struct sse sse;

    sse_init(&sse, 1 << 20);
    s->error = sse_feed(&sse, bytes, len, sink_mark_on_event, &m);
    sse_fini(&sse);
    return m.moved;
}

#endif
