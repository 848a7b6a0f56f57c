#include "workers/fastcgi_call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "workers/outq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct fastcgi_call {
    struct reactor *reactor;
    struct reactor_source source;
    struct reactor_timer timer;
    int fd;
    struct outq out;
    struct fastcgi_reply reply;
    fastcgi_call_fn *fn;
    void *arg;
};

static void call_free(struct fastcgi_call *call)
{
    reactor_unwatch(call->reactor, &call->source);
    reactor_timer_clear(call->reactor, &call->timer);
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

static void on_timer(struct reactor_timer *timer)
{
    call_end(timer->arg, ERR_DEADLINE);
}

/* Returns whether the call is over. */
static bool read_some(struct fastcgi_call *call)
{
    char bytes[4096];
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

static void on_ready(struct reactor_source *source, uint32_t events)
{
    struct fastcgi_call *call = source->arg;

    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        if (read_some(call))
            return;
    }
    if ((events & EPOLLOUT) && outq_len(&call->out) > 0) {
        /* A worker may answer and close before it has read all: the reply decides, not this. */
        if (outq_flush(&call->out, call->fd) < 0)
            outq_free(&call->out);
        if (outq_len(&call->out) == 0 &&
            reactor_change(call->reactor, &call->source, EPOLLIN) < 0)
            call_end(call, ERR_NET);
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

int fastcgi_call_start(struct reactor *reactor, const char *socket_path,
    const struct fastcgi_pair *pairs, size_t count, const char *body, size_t len,
    int64_t timeout_ms, size_t max, fastcgi_call_fn *fn, void *arg, struct fastcgi_call **out)
{
    struct fastcgi_call *call = calloc(1, sizeof(*call));
    int rc;

    if (!call)
        return ERR_NOMEM;
    call->reactor = reactor;
    call->fd = -1;
    call->fn = fn;
    call->arg = arg;
    fastcgi_reply_init(&call->reply, max);
    rc = open_socket(socket_path, &call->fd);
    if (rc == 0)
        rc = send_request(call, pairs, count, body, len);
    if (rc == 0 && reactor_watch(reactor, &call->source, call->fd,
                       EPOLLIN | (outq_len(&call->out) > 0 ? EPOLLOUT : 0), on_ready, call) < 0)
        rc = ERR_NET;
    if (rc < 0) {
        call_free(call);
        return rc;
    }
    reactor_timer_set(reactor, &call->timer, clock_mono_ms() + timeout_ms, on_timer, call);
    if (out)
        *out = call;
    return 0;
}

void fastcgi_call_forget(struct fastcgi_call *call)
{
    call->fn = NULL;
}
