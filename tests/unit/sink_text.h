/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_SINK_TEXT_H
#define TURNPIKE_TESTS_UNIT_SINK_TEXT_H

#include "agent/model/provider.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

#include <string.h>

/* sink_text -- what a provider says, as text; deltas of one kind joined, so that two ways through
 * the same bytes can be compared. Used by unit tests and fuzz harnesses. */
struct sink_text {
    struct buf text;
    int last; /* kind and call of the open delta */
    struct provider_sink sink;
};

static inline void sink_text_mark(struct sink_text *s, int kind, const char *label)
{
    if (s->last == kind && kind)
        return;
    s->last = kind;
    buf_printf(&s->text, "%s%s", s->text.len ? "|" : "", label);
}

static inline int sink_text_on_text(void *arg, const char *b, size_t len)
{
    struct sink_text *s = arg;
    if (!utf8_valid(b, len))
        return ERR_INTERNAL; /* the log takes whole characters only */
    sink_text_mark(s, 1, "text ");
    buf_put(&s->text, b, len);
    return buf_error(&s->text);
}

static inline int sink_text_on_reasoning(void *arg, const char *b, size_t len)
{
    struct sink_text *s = arg;
    if (!utf8_valid(b, len))
        return ERR_INTERNAL;
    sink_text_mark(s, 2, "think ");
    buf_put(&s->text, b, len);
    return buf_error(&s->text);
}

static inline int sink_text_on_reasoning_end(void *arg, const char *sealed)
{
    struct sink_text *s = arg;
    sink_text_mark(s, 0, "thought ");
    buf_puts(&s->text, sealed ? sealed : "-");
    return buf_error(&s->text);
}

static inline int sink_text_on_call(void *arg, unsigned call, const char *id, const char *name)
{
    struct sink_text *s = arg;
    sink_text_mark(s, 0, "call");
    buf_printf(&s->text, "%u %s %s", call, id, name);
    return buf_error(&s->text);
}

static inline int sink_text_on_args(void *arg, unsigned call, const char *b, size_t len)
{
    struct sink_text *s = arg;
    if (s->last != 10 + (int)call) {
        sink_text_mark(s, 10 + (int)call, "args");
        buf_printf(&s->text, "%u ", call);
    }
    buf_put(&s->text, b, len);
    return buf_error(&s->text);
}

static inline int sink_text_on_call_end(void *arg, unsigned call)
{
    struct sink_text *s = arg;
    sink_text_mark(s, 0, "end");
    buf_printf(&s->text, "%u", call);
    return buf_error(&s->text);
}

static inline int sink_text_on_sealed(void *arg, unsigned call, const char *sealed)
{
    struct sink_text *s = arg;
    sink_text_mark(s, 0, "sealed");
    buf_printf(&s->text, "%u %s", call, sealed);
    return buf_error(&s->text);
}

static inline int sink_text_on_status(void *arg, const char *word)
{
    struct sink_text *s = arg;
    sink_text_mark(s, 0, "status ");
    buf_puts(&s->text, word);
    return buf_error(&s->text);
}

static inline int sink_text_on_text_sealed(void *arg, const char *sealed)
{
    struct sink_text *s = arg;
    sink_text_mark(s, 0, "sealed ");
    buf_puts(&s->text, sealed);
    return buf_error(&s->text);
}

static inline void sink_text_init(struct sink_text *s)
{
    memset(s, 0, sizeof *s);
    s->sink = (struct provider_sink){s, sink_text_on_text, sink_text_on_reasoning,
        sink_text_on_reasoning_end, sink_text_on_call, sink_text_on_args, sink_text_on_call_end,
        sink_text_on_sealed, sink_text_on_status, sink_text_on_text_sealed};
}

/* One stream through one way: SSE, then the provider. */
struct sink_stream {
    const struct provider *provider;
    struct provider_stream stream;
    struct sink_text out;
    int error;
};

static inline int sink_stream_on_event(void *arg, const struct sse_event *event)
{
    struct sink_stream *s = arg;
    return s->provider->event(&s->stream, event);
}

/* Ends with sink_stream_fini. */
static inline void sink_stream_begin(struct sink_stream *s, const struct provider *p,
    bool slow_only)
{
    memset(s, 0, sizeof *s);
    s->provider = p;
    s->stream.slow_only = slow_only;
    sink_text_init(&s->out);
    provider_stream_init(&s->stream, &s->out.sink);
}

/* step: bytes fed at a time, 0 = all. */
static inline void sink_stream_feed(struct sink_stream *s, const char *bytes, size_t len,
    size_t step)
{
    struct sse sse;

    sse_init(&sse, 1 << 20);
    for (size_t at = 0; at < len && !s->error; at += step ? step : len) {
        size_t n = step && step < len - at ? step : len - at;
        s->error = sse_feed(&sse, bytes + at, n, sink_stream_on_event, s);
    }
    sse_fini(&sse);
}

static inline void sink_stream_run(struct sink_stream *s, const struct provider *p, bool slow_only,
    const char *bytes, size_t len, size_t step)
{
    sink_stream_begin(s, p, slow_only);
    sink_stream_feed(s, bytes, len, step);
}

static inline void sink_stream_fini(struct sink_stream *s)
{
    provider_stream_fini(&s->stream);
    buf_free(&s->out.text);
}

/* Whether two ways came to the same. */
static inline bool sink_stream_same(const struct sink_stream *a, const struct sink_stream *b)
{
    return a->error == b->error && a->out.text.len == b->out.text.len &&
        !memcmp(buf_text(&a->out.text), buf_text(&b->out.text), a->out.text.len) &&
        a->stream.stop == b->stream.stop && a->stream.ended == b->stream.ended &&
        !memcmp(&a->stream.usage, &b->stream.usage, sizeof a->stream.usage) &&
        !strcmp(a->stream.model, b->stream.model);
}

#endif
