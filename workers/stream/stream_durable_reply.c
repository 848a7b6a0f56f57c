/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_durable_reply.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/etag.h"
#include "process/measure.h"
#include "process/origin.h"
#include "wire/http/http.h"
#include "workers/stream/stream_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

/* Section 10.1: intervals of 20 s since 9 October 2024, and a jitter of 1 to 3600 s. */
#define CURSOR_EPOCH_S 1728432000
#define CURSOR_INTERVAL_S 20
#define CURSOR_JITTER 180
#define CURSOR_MAX 999999999999999999 /* what a request may name */

/* ---- the body ---- */

bool stream_durable_reply_body(const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, struct buf *out)
{
    struct logentry e;
    bool any = false;

    if (!ask->text)
        buf_putc(out, '[');
    for (size_t i = 0; i < page->count; i++) {
        if (stream_durable_page_entry(page, i, &e) < 0)
            continue;
        if (ask->text) {
            stream_text_put(out, &e);
            any = out->len > 0;
            continue;
        }
        if (any)
            buf_putc(out, ',');
        buf_put(out, e.json, e.json_len);
        any = true;
    }
    if (!ask->text)
        buf_putc(out, ']');
    return any;
}

/* ---- the head ---- */

int64_t stream_durable_reply_cursor(int64_t seen, int64_t now_ms)
{
    int64_t now = (now_ms / 1000 - CURSOR_EPOCH_S) / CURSOR_INTERVAL_S;

    if (seen < now)
        return now;
    return seen < CURSOR_MAX - CURSOR_JITTER ? seen + 1 + now_ms % CURSOR_JITTER : CURSOR_MAX;
}

static void stream_durable_reply_put_who(struct stream_conn *c, const struct stream_handover *h,
    struct buf *head)
{
    if (h->request[0])
        buf_printf(head, "X-Request-Id: %s\r\n", h->request);
    if (h->trace[0])
        buf_printf(head, "traceparent: %s\r\n", h->trace);
    origin_reply(c->stream->conf, h->origin, head);
    buf_puts(head, "Connection: close\r\n");
}

/*
 * What the reply says begins behind the one id and ends with the other. The start of a log that was
 * trimmed has moved: there the tag names the first entry instead.
 */
static void stream_durable_reply_put_tag(const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, struct buf *out)
{
    char id[LOGENTRY_ID_SIZE];

    logentry_id_format(ask->where == STREAM_DURABLE_AT ? ask->at : page->oldest, id);
    buf_printf(out, "\"%s%s:", ask->where == STREAM_DURABLE_AT ? "" : "from-", id);
    logentry_id_format(page->next, id);
    buf_printf(out, "%s%s\"", id, page->closed ? ":c" : "");
}

static void stream_durable_reply_put_place(const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, struct buf *head)
{
    char id[LOGENTRY_ID_SIZE];

    logentry_id_format_sorted(page->next, id);
    buf_printf(head, "Stream-Next-Offset: %s\r\n", id);
    if (!page->more)
        buf_puts(head, "Stream-Up-To-Date: true\r\n");
    if (page->closed)
        buf_puts(head, "Stream-Closed: true\r\n");
    if (ask->where == STREAM_DURABLE_START && page->trimmed) {
        logentry_id_format_sorted(page->oldest, id);
        buf_printf(head, "Stream-Earliest-Offset: %s\r\n", id);
    }
    if (ask->live != STREAM_DURABLE_CATCH_UP && !page->closed)
        buf_printf(head, "Stream-Cursor: %lld\r\n",
            (long long)stream_durable_reply_cursor(ask->seen, clock_real_ms()));
}

/*
 * A full piece of the log never changes; where it ends at the present end, the next one who asks
 * may get more. What is kept belongs to this credential alone.
 */
static void stream_durable_reply_put_caching(const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, const char *tag, struct buf *head)
{
    if (!tag)
        buf_puts(head, "Cache-Control: no-store\r\n");
    else if (page->more && ask->where == STREAM_DURABLE_AT)
        buf_printf(head,
            "ETag: %s\r\nCache-Control: private, max-age=60, stale-while-revalidate=300\r\n"
            "Vary: Authorization, X-API-Key\r\n",
            tag);
    else
        buf_printf(head,
            "ETag: %s\r\nCache-Control: private, no-cache\r\n"
            "Vary: Authorization, X-API-Key\r\n",
            tag);
}

static int stream_durable_reply_status(const struct stream_durable_ask *ask, const char *tag,
    bool any)
{
    if (ask->live == STREAM_DURABLE_POLL && !any)
        return 204;
    return ask->live == STREAM_DURABLE_CATCH_UP && tag && etag_matches(ask->match, tag) ? 304 : 200;
}

void stream_durable_reply_send(struct stream_conn *c, const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, const struct buf *body, bool any)
{
    bool tagged = !ask->head && ask->where != STREAM_DURABLE_NOW &&
        (any || ask->live == STREAM_DURABLE_CATCH_UP);
    struct buf head, tag;
    struct iovec iov[2];
    int status;

    buf_init(&head, 0);
    buf_init(&tag, 0);
    stream_durable_reply_put_tag(ask, page, &tag);
    status = stream_durable_reply_status(ask, tagged ? buf_text(&tag) : NULL, any);
    measure_http("streams", status);
    buf_printf(&head, "HTTP/1.1 %d %s\r\n", status, http_reason(status));
    if (status == 200)
        buf_printf(&head, "Content-Type: %s\r\n", ask->text ? "text/plain" : "application/json");
    if (status == 200 && !ask->head)
        buf_printf(&head, "Content-Length: %zu\r\n", body->len);
    stream_durable_reply_put_place(ask, page, &head);
    stream_durable_reply_put_caching(ask, page, tagged ? buf_text(&tag) : NULL, &head);
    stream_durable_reply_put_who(c, &ask->h, &head);
    buf_puts(&head, "\r\n");
    if (buf_error(&head) || buf_error(&tag) || buf_error(body)) {
        stream_conn_kill(c);
    } else {
        iov[0] = (struct iovec){head.data, head.len};
        iov[1] = (struct iovec){(void *)(uintptr_t)buf_text(body),
            status == 200 && !ask->head ? body->len : 0};
        err_ignore(stream_conn_send(c, iov, 2, 0));
    }
    buf_free(&head);
    buf_free(&tag);
    stream_conn_finish(c);
}

/* ---- events ---- */

static void stream_durable_reply_put(struct stream_conn *c, const struct buf *b, bool chunked)
{
    char size[24];
    struct iovec iov[3] = {{size, (size_t)snprintf(size, sizeof size, "%zx\r\n", b->len)},
        {b->data, b->len}, {(void *)(uintptr_t) "\r\n", 2}};

    if (buf_error(b))
        stream_conn_kill(c);
    else
        err_ignore(stream_conn_count(c, stream_conn_send(c, iov + !chunked, chunked ? 3 : 1, 0)));
}

void stream_durable_reply_open(struct stream_conn *c, const struct stream_durable_ask *ask,
    bool chunked)
{
    struct buf head;
    struct iovec iov;

    measure_http("streams", 200);
    buf_init(&head, 0);
    buf_puts(&head,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Cache-Control: no-cache, no-store\r\nX-Accel-Buffering: no\r\n");
    stream_durable_reply_put_who(c, &ask->h, &head);
    if (chunked)
        buf_puts(&head, "Transfer-Encoding: chunked\r\n");
    buf_puts(&head, "\r\n");
    iov = (struct iovec){head.data, head.len};
    if (buf_error(&head))
        stream_conn_kill(c);
    else
        err_ignore(stream_conn_send(c, &iov, 1, 0));
    buf_reset(&head);
    buf_printf(&head, "retry: %lld\n\n", (long long)c->stream->conf->stream_retry_ms);
    if (stream_conn_is_open(c))
        stream_durable_reply_put(c, &head, chunked);
    buf_free(&head);
}

/* Each line of a text is a `data:` of its own. A blank in front of it needs one more, which the
 * reader takes away. */
static void stream_durable_reply_put_lines(const struct buf *text, struct buf *out)
{
    const char *at = buf_text(text), *end = at + text->len;

    for (;;) {
        const char *line = at;
        while (at < end && *at != '\r' && *at != '\n')
            at++;
        buf_puts(out, *line == ' ' ? "data: " : "data:");
        buf_put(out, line, (size_t)(at - line));
        buf_putc(out, '\n');
        if (at == end)
            return;
        at += at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    }
}

void stream_durable_reply_events(struct stream_conn *c, const struct stream_durable_ask *ask,
    const struct stream_durable_page *page, const struct buf *body, bool chunked)
{
    char id[LOGENTRY_ID_SIZE];
    struct buf out;

    buf_init(&out, 0);
    if (page->count > 0 && body->len > 0) {
        buf_puts(&out, "event: data\n");
        stream_durable_reply_put_lines(body, &out);
        buf_putc(&out, '\n');
    }
    logentry_id_format_sorted(page->next, id);
    buf_printf(&out, "event: control\ndata:{\"streamNextOffset\":\"%s\"", id);
    if (!page->closed)
        buf_printf(&out, ",\"streamCursor\":\"%lld\"",
            (long long)stream_durable_reply_cursor(ask->seen, clock_real_ms()));
    if (!page->more)
        buf_puts(&out, ",\"upToDate\":true");
    if (page->closed)
        buf_puts(&out, ",\"streamClosed\":true");
    buf_printf(&out, "}\nid:%s\n\n", id); /* an EventSource sends it back */
    stream_durable_reply_put(c, &out, chunked);
    buf_free(&out);
}

void stream_durable_reply_comment(struct stream_conn *c, bool chunked)
{
    struct buf out;

    buf_init(&out, 0);
    buf_puts(&out, ": keep-alive\n\n");
    stream_durable_reply_put(c, &out, chunked);
    buf_free(&out);
}

void stream_durable_reply_close(struct stream_conn *c, bool chunked)
{
    struct iovec end = {(void *)(uintptr_t) "0\r\n\r\n", 5};

    if (chunked && stream_conn_is_open(c))
        err_ignore(stream_conn_send(c, &end, 1, 0));
    stream_conn_finish(c);
}
