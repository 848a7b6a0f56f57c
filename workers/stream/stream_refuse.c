/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_refuse.h"

#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/facade.h"
#include "process/measure.h"
#include "process/origin.h"
#include "process/problem.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#define RETRY_AFTER_MS 1000
#define CROWDED_AFTER_MS 10000

static void stream_refuse_put_extra(struct buf *b, int status)
{
    if (status == 426)
        buf_puts(b, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    if (status == 401)
        buf_puts(b, "WWW-Authenticate: Bearer\r\n");
    if (status == 405)
        buf_puts(b, "Allow: GET\r\n");
    if (status == 503 || status == 429)
        buf_puts(b, "Retry-After: 1\r\n");
    if (status == 429)
        buf_puts(b, "Retry-After: 10\r\n");
}

static void stream_refuse_put_problem(struct buf *body, const struct stream_asker *by, int status,
    const char *code, const char *detail)
{
    const bool retryable = status == 503 || status == 429;
    const struct problem_kind kind = {.status = status,
        .code = code,
        .title = http_reason(status),
        .retryable = retryable};
    struct problem p = {.retry_after_ms = status == 503 ? RETRY_AFTER_MS :
            status == 429                               ? CROWDED_AFTER_MS :
                                                          0};

    snprintf(p.detail, sizeof p.detail, "%s", detail);
    if (by->openai) {
        const struct facade_error e = {.status = status,
            .message = detail,
            .code = code,
            .trace_id = by->trace.trace_id};
        facade_error_write(&e, body);
        return;
    }
    problem_write_kind(&p, &kind, by->trace.trace_id, by->id, body);
}

void stream_refuse(struct stream_conn *c, const struct stream_asker *by, int status,
    const char *code, const char *detail)
{
    char traceparent[IDENT_TRACEPARENT_SIZE];
    struct buf body, head;
    struct iovec iov[2];

    measure_http("stream", status);
    ident_trace_format(&by->trace, traceparent);
    log_limited(LOG_LEVEL_INFO, "refused with %d %s: %s, request=%s trace=%s", status, code, detail,
        by->id ? by->id : "-", by->trace.trace_id);
    buf_init(&body, 0);
    buf_init(&head, 0);
    stream_refuse_put_problem(&body, by, status, code, detail);
    buf_printf(&head,
        "HTTP/1.1 %d %s\r\nContent-Type: application/%s; charset=utf-8\r\n"
        "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n"
        "traceparent: %s\r\n",
        status, http_reason(status), by->openai ? "json" : "problem+json", body.len, traceparent);
    origin_reply(c->stream->conf, by->origin, &head);
    if (by->id)
        buf_printf(&head, "X-Request-Id: %s\r\n", by->id);
    stream_refuse_put_extra(&head, status);
    buf_puts(&head, "\r\n");
    if (buf_error(&body) == 0 && buf_error(&head) == 0) {
        iov[0] = (struct iovec){head.data, head.len};
        iov[1] = (struct iovec){body.data, body.len};
        err_ignore(stream_conn_send(c, iov, 2, 0));
    }
    buf_free(&body);
    buf_free(&head);
    stream_conn_finish(c);
}

void stream_refuse_handed(struct stream_conn *c, const struct stream_handover *h, bool openai,
    int status, const char *code, const char *detail)
{
    struct stream_asker by = {.id = h->request[0] ? h->request : NULL,
        .origin = h->origin[0] ? h->origin : NULL,
        .openai = openai};

    if (!ident_trace_parse(h->trace, &by.trace)) /* the hand-over's is ours already */
        ident_trace_new(&by.trace);
    stream_refuse(c, &by, status, code, detail);
}
