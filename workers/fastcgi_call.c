#include "workers/fastcgi_call.h"

#include "base/err.h"
#include "workers/outq.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct fastcgi_call {
    struct ev_loop *loop;
    ev_io io;
    ev_timer timer;
    int fd;
    struct outq out;
    struct fastcgi_reply reply;
    fastcgi_call_fn *fn;
    void *arg;
};

static void call_free(struct fastcgi_call *call)
{
    ev_io_stop(call->loop, &call->io);
    ev_timer_stop(call->loop, &call->timer);
    if (call->fd >= 0)
        close(call->fd);
    outq_free(&call->out);
    fastcgi_reply_fini(&call->reply);
    free(call);
}

static void call_end(struct fastcgi_call *call, int error)
{
    if (call->fn)
        call->fn(call->arg, error, error ? NULL : &call->reply);
    call_free(call);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    call_end(timer->data, ERR_DEADLINE);
}

static void want(struct fastcgi_call *call, int events)
{
    if (call->io.events == events)
        return;
    ev_io_stop(call->loop, &call->io);
    ev_io_set(&call->io, call->fd, events);
    ev_io_start(call->loop, &call->io);
}

/* Returns whether the call is over. */
static bool read_some(struct fastcgi_call *call)
{
    char bytes[8192];
    ssize_t n = recv(call->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    int rc;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) {
        call_end(call, n == 0 ? ERR_PROTOCOL : ERR_NET);
        return true;
    }
    rc = fastcgi_reply_feed(&call->reply, bytes, (size_t)n);
    if (rc == 0)
        return false;
    call_end(call, rc < 0 ? rc : 0);
    return true;
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    struct fastcgi_call *call = io->data;

    (void)loop;
    if (revents & EV_READ) {
        if (read_some(call))
            return;
    }
    if ((revents & EV_WRITE) && outq_len(&call->out) > 0) {
        /* A worker may answer and close before it has read all: the reply decides, not this. */
        if (outq_flush(&call->out, call->fd) < 0)
            outq_free(&call->out);
        if (outq_len(&call->out) == 0)
            want(call, EV_READ);
    }
}

static int open_socket(const char *path, int *fdp)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, rc = 0;

    if (strlen(path) >= sizeof(addr.sun_path))
        return ERR_NET;
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_NET;
    while (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        if (errno == EINTR)
            continue;
        rc = errno == EAGAIN ? ERR_FULL : ERR_NET;
        break;
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *fdp = fd;
    return 0;
}

static int send_request(struct fastcgi_call *call, const struct fastcgi_pair *pairs, size_t count,
    const char *body, size_t len)
{
    struct buf request;
    struct iovec iov;
    int rc;

    buf_init(&request, 0);
    rc = fastcgi_request(&request, pairs, count, body, len);
    if (rc == 0) {
        iov = (struct iovec){request.data, request.len};
        rc = outq_send(&call->out, call->fd, &iov, 1, 0);
    }
    buf_free(&request);
    return rc == ERR_PEER_GONE ? ERR_NET : rc;
}

int fastcgi_call_start(struct ev_loop *loop, const char *socket_path,
    const struct fastcgi_pair *pairs, size_t count, const char *body, size_t len,
    int64_t timeout_ms, size_t max, fastcgi_call_fn *fn, void *arg, struct fastcgi_call **out)
{
    struct fastcgi_call *call = calloc(1, sizeof(*call));
    int rc;

    if (!call)
        return ERR_NOMEM;
    call->loop = loop;
    call->fd = -1;
    call->fn = fn;
    call->arg = arg;
    fastcgi_reply_init(&call->reply, max);
    ev_init(&call->io, on_io);
    ev_init(&call->timer, on_timer);
    call->io.data = call->timer.data = call;
    rc = open_socket(socket_path, &call->fd);
    if (rc == 0)
        rc = send_request(call, pairs, count, body, len);
    if (rc < 0) {
        call_free(call);
        return rc;
    }
    ev_io_set(&call->io, call->fd, EV_READ | (outq_len(&call->out) > 0 ? EV_WRITE : 0));
    ev_io_start(loop, &call->io);
    ev_timer_set(&call->timer, (double)timeout_ms / 1000, 0);
    ev_timer_start(loop, &call->timer);
    if (out)
        *out = call;
    return 0;
}

void fastcgi_call_forget(struct fastcgi_call *call)
{
    call->fn = NULL;
}
