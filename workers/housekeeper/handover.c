/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/handover.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_MAX 16384
#define TIME_MS 2000 /* a worker that is frozen must not hold a turn up: another one is asked */

struct handover {
    struct reactor *reactor;
    struct reactor_source source;
    struct reactor_timer timer;
    int fd;
    struct buf request;
    size_t sent;
    struct fastcgi_reply reply;
    handover_fn *fn;
    void *arg;
};

void handover_cancel(struct handover *h)
{
    reactor_unwatch(h->reactor, &h->source);
    reactor_timer_clear(h->reactor, &h->timer);
    if (h->fd >= 0)
        close(h->fd);
    buf_free(&h->request);
    fastcgi_reply_fini(&h->reply);
    free(h);
}

static int handover_retry_after(const struct fastcgi_reply *reply)
{
    size_t len = 0;
    char text[16];
    const char *value = fastcgi_reply_header(reply, "Retry-After", &len);
    if (!value || len >= sizeof text)
        return -1;
    memcpy(text, value, len);
    text[len] = '\0';
    long seconds = strtol(text, NULL, 10);
    return seconds < 0 || seconds > 3600 ? -1 : (int)seconds * 1000;
}

static void handover_end(struct handover *h, int status)
{
    handover_fn *fn = h->fn;
    void *arg = h->arg;
    int retry_ms = status == 0 ? -1 : handover_retry_after(&h->reply);
    handover_cancel(h);
    fn(arg, status, retry_ms);
}

static void handover_on_time(struct reactor_timer *timer)
{
    handover_end(timer->arg, 0);
}

/* Returns 0 or ERR_IO: nobody would be told of the reply. */
static int handover_send(struct handover *h)
{
    while (h->sent < h->request.len) {
        ssize_t n = send(h->fd, h->request.data + h->sent, h->request.len - h->sent,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n < 0)
            break; /* what the peer has already answered is still to be read */
        h->sent += (size_t)n;
    }
    h->sent = h->request.len;
    return reactor_change(h->reactor, &h->source, EPOLLIN);
}

static void handover_read(struct handover *h)
{
    int error = fastcgi_reply_read(&h->reply, h->fd);
    if (error == 1)
        handover_end(h, h->reply.status);
    else if (error && error != ERR_NOT_YET)
        handover_end(h, 0);
}

static void handover_on_ready(struct reactor_source *source, uint32_t events)
{
    struct handover *h = source->arg;
    if (h->sent < h->request.len && (events & EPOLLOUT) && handover_send(h))
        handover_end(h, 0);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        handover_read(h);
}

static int handover_connect(struct handover *h, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ERR_NET;
    strcpy(address.sun_path, path);
    h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (h->fd < 0)
        return ERR_NET;
    if (connect(h->fd, (struct sockaddr *)&address, sizeof address) < 0)
        return errno == EAGAIN ? ERR_FULL : ERR_NET;
    return 0;
}

static int handover_encode(struct handover *h, const char *uid, const char *turn)
{
    struct buf body = {0};
    char start[32], traceparent[IDENT_TRACEPARENT_SIZE];
    struct ident_trace trace;
    int64_t now = clock_real_ms();
    snprintf(start, sizeof start, "%" PRId64 ".%03" PRId64, now / 1000, now % 1000);
    ident_trace_new(&trace);
    ident_trace_format(&trace, traceparent);
    const struct fastcgi_pair pairs[] = {{"REQUEST_METHOD", "POST"},
        {"REQUEST_URI", "/internal/run"}, {"SCRIPT_NAME", "/internal/run"}, {"QUERY_STRING", ""},
        {"CONTENT_TYPE", "application/json"}, {"TP_INTERNAL", "housekeeper"}, {"TP_USER", uid},
        {"TP_ROLE", "user"}, {"T_START", start}, {"HTTP_TRACEPARENT", traceparent}};
    buf_puts(&body, "{\"user\":");
    buf_json_string(&body, uid, strlen(uid));
    buf_puts(&body, ",\"turn\":");
    buf_json_string(&body, turn, strlen(turn));
    buf_putc(&body, '}');
    int error = buf_error(&body);
    if (error == 0)
        error = fastcgi_request(&h->request, pairs, sizeof pairs / sizeof pairs[0], body.data,
            body.len);
    buf_free(&body);
    return error;
}

int handover_start(struct handover **out, struct reactor *reactor,
    const struct handover_order *order, handover_fn *fn, void *arg)
{
    struct handover *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->reactor = reactor;
    h->fd = -1;
    h->fn = fn;
    h->arg = arg;
    fastcgi_reply_init(&h->reply, REPLY_MAX);
    int error = handover_encode(h, order->uid, order->turn);
    if (error == 0)
        error = handover_connect(h, order->socket_path);
    if (error == 0)
        error = reactor_watch(reactor, &h->source, h->fd, EPOLLIN | EPOLLOUT, handover_on_ready, h);
    if (error != 0) {
        handover_cancel(h);
        return error;
    }
    reactor_timer_set(reactor, &h->timer, clock_mono_ms() + TIME_MS, handover_on_time, h);
    *out = h;
    return 0;
}
