/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "workers/stream/stream_text.h"

#include "base/jdoc.h"
#include "workers/stream/stream_socket.h"

#include <string.h>
#include <sys/uio.h>

static struct iovec stream_text_part(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

static void stream_text_put_error(struct buf *b, const struct logentry *e)
{
    jdoc *event = NULL;

    if (!memmem(e->json, e->json_len, "\"RUN_ERROR\"", 11) ||
        jdoc_parse(e->json, e->json_len, &event, NULL, 0) < 0)
        return;
    buf_puts(b, "\nerror: ");
    buf_puts(b, jdoc_text_or(event, "message", "the run failed"));
    buf_putc(b, '\n');
    jdoc_free(event);
}

void stream_text_put(struct buf *b, const struct logentry *e)
{
    const char *text;
    size_t len;

    if (e->flag == LOGENTRY_FINAL)
        stream_text_put_error(b, e);
    else if (e->flag == LOGENTRY_TEXT && logentry_delta(e, &text, &len))
        logentry_unescape(b, text, len);
}

static int stream_text_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    struct buf *b = &c->stream->scratch;
    const char *text;
    size_t len;
    struct iovec plain;

    if (e->flag == LOGENTRY_TEXT && logentry_delta(e, &text, &len) && !memchr(text, '\\', len)) {
        plain = stream_text_part(text, len);
    } else {
        buf_reset(b);
        stream_text_put(b, e);
        plain = stream_text_part(buf_text(b), buf_error(b) ? 0 : b->len);
    }
    return plain.iov_len > 0 ? stream_socket_text(c, &plain, 1, max) : 0;
}

const struct stream_form stream_text_form = {.name = "text",
    .error_code = NULL,
    .hears_inbox = false,
    .takes_snapshots = false,
    .tells_accepted = false,
    .tells_results = false,
    .hello = stream_conn_no_step,
    .event = stream_text_event};
