/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4, POLLRDHUP */
#endif
#include "wire/fastcgi/gateway.h"

#include "base/err.h"
#include "base/log.h"
#include "wire/fastcgi/fastcgi_record.h"

#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* libfcgi's own waits, which no path of ours should reach: milliseconds. */
#define GATEWAY_LIBRARY_WAIT "100"
#define GATEWAY_READ_STEP 16384

struct gateway {
    int listen_fd;
    struct timeval io_timeout;
    FCGX_Request request;
    bool open;
};

static int gateway_library_init(void)
{
    if (setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", GATEWAY_LIBRARY_WAIT, 1) < 0 ||
        setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", GATEWAY_LIBRARY_WAIT, 1) < 0)
        return ERR_NOMEM;
    unsetenv("FCGI_WEB_SERVER_ADDRS");
    if (FCGX_Init() != 0)
        return ERR_INTERNAL;
    /* FCGX_Init replaces an ignored SIGPIPE by a handler; ours is to ignore it. */
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

int gateway_open(struct gateway **out, int listen_fd, int64_t io_timeout_ms)
{
    int error = gateway_library_init();
    if (error < 0)
        return error;
    struct gateway *g = calloc(1, sizeof *g);
    if (!g)
        return ERR_NOMEM;
    g->listen_fd = listen_fd;
    g->io_timeout.tv_sec = io_timeout_ms / 1000;
    g->io_timeout.tv_usec = io_timeout_ms % 1000 * 1000;
    /* No listening socket for libfcgi: after a bad connection its accept fails at once (EBADF). */
    if (FCGX_InitRequest(&g->request, -1, 0) != 0) {
        free(g);
        return ERR_INTERNAL;
    }
    g->request.ipcFd = -1;
    *out = g;
    return 0;
}

void gateway_close(struct gateway *g)
{
    if (!g)
        return;
    err_ignore(gateway_finish(g, NULL, 0, NULL, 0));
    free(g);
}

/* Errors of accept that speak of the connection, not of the listening socket. */
static bool gateway_accept_passes(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
        return true;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        log_limited(LOG_LEVEL_WARN, "accept: %s", strerror(error));
        return true;
    default:
        return false;
    }
}

int gateway_accept(struct gateway *g)
{
    int fd = accept4(g->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (gateway_accept_passes(errno))
            return ERR_NOT_YET;
        log_error("accept: %s", strerror(errno));
        return ERR_IO;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &g->io_timeout, sizeof g->io_timeout) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &g->io_timeout, sizeof g->io_timeout) < 0) {
        log_error("setsockopt: %s", strerror(errno));
        close(fd);
        return ERR_IO;
    }
    /* An open connection marked "keep" makes FCGX_Accept_r read the next request from it. */
    g->request.ipcFd = fd;
    g->request.keepConnection = 1;
    int error = FCGX_Accept_r(&g->request);
    if (error != 0) {
        log_limited(LOG_LEVEL_WARN, "a connection to the FastCGI socket sent no request");
        g->request.ipcFd = -1;
        return ERR_PROTOCOL;
    }
    g->open = true;
    /* Parameters that end by an error or the connection's end are reported as complete. */
    if (FCGX_GetError(g->request.in) != 0) {
        err_ignore(gateway_finish(g, NULL, 0, NULL, 0));
        return ERR_PROTOCOL;
    }
    return 0;
}

const char *gateway_param(void *arg, const char *name)
{
    struct gateway *g = arg;
    return FCGX_GetParam(name, g->request.envp);
}

/* Reads what is left of a body that is too large, so that the reply can be read by the peer. */
static int gateway_discard(struct gateway *g)
{
    char bytes[4096];
    while (FCGX_GetStr(bytes, sizeof bytes, g->request.in) == (int)sizeof bytes)
        ;
    return FCGX_GetError(g->request.in) != 0 ? ERR_PEER_GONE : ERR_LIMIT;
}

int gateway_body(void *arg, struct buf *out, size_t max)
{
    struct gateway *g = arg;
    const char *length = gateway_param(g, "CONTENT_LENGTH");
    unsigned long long expected = 0;
    bool known = length && *length != '\0';
    if (known)
        expected = strtoull(length, NULL, 10);
    if (known && expected > max)
        return gateway_discard(g);
    for (;;) {
        size_t step = GATEWAY_READ_STEP;
        if (known && expected + 1 - out->len < step && expected >= out->len)
            step = (size_t)(expected - out->len) + 1; /* one more: the end must be seen */
        if (buf_reserve(out, step) < 0) {
            gateway_discard(g);
            return ERR_NOMEM;
        }
        int got = FCGX_GetStr(out->data + out->len, (int)step, g->request.in);
        if (got > 0)
            out->len += (size_t)got;
        out->data[out->len] = '\0';
        if (FCGX_GetError(g->request.in) != 0)
            return ERR_PEER_GONE;
        if (out->len > max)
            return gateway_discard(g);
        if (got < (int)step)
            break;
    }
    return known && out->len < expected ? ERR_PEER_GONE : 0;
}

int gateway_peer_fd(const struct gateway *g)
{
    return g->open ? g->request.ipcFd : -1;
}

bool gateway_peer_gone(const struct gateway *g)
{
    if (!g->open || g->request.ipcFd < 0)
        return true;
    struct pollfd peer = {.fd = g->request.ipcFd, .events = POLLIN | POLLRDHUP};
    if (poll(&peer, 1, 0) <= 0)
        return false;
    /* A half-closed peer still listens; only a full hang-up means that it left. */
    return (peer.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static int gateway_put(struct gateway *g, const char *bytes, size_t len)
{
    while (len > 0) {
        int step = len > INT_MAX ? INT_MAX : (int)len;
        if (FCGX_PutStr(bytes, step, g->request.out) != step)
            return ERR_PEER_GONE;
        bytes += step;
        len -= (size_t)step;
    }
    return 0;
}

int gateway_write(void *arg, const char *bytes, size_t len)
{
    struct gateway *g = arg;
    if (!g->open)
        return ERR_PEER_GONE;
    return gateway_put(g, bytes, len) == 0 && FCGX_GetError(g->request.out) == 0 ? 0 :
                                                                                   ERR_PEER_GONE;
}

int gateway_flush(void *arg)
{
    struct gateway *g = arg;
    return g->open && FCGX_FFlush(g->request.out) == 0 ? 0 : ERR_PEER_GONE;
}

void gateway_break(struct gateway *g)
{
    /* A record that is none makes nginx break off at once. Where it does not fit, as the peer reads
     * nothing, the end of the connection without the end of the request has to do (nginx:
     * fastcgi_keep_conn). What libfcgi still holds must reach nobody. */
    if (!g->open)
        return;
    if (send(g->request.ipcFd, fastcgi_record_none, sizeof fastcgi_record_none,
            MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_debug("the client had left, or read nothing, when its reply was broken off");
    shutdown(g->request.ipcFd, SHUT_RDWR);
    err_ignore(gateway_finish(g, NULL, 0, NULL, 0));
}

int gateway_finish(struct gateway *g, const char *head, size_t head_len, const char *body,
    size_t body_len)
{
    if (!g->open)
        return 0;
    int error = gateway_put(g, head, head_len);
    if (error == 0)
        error = gateway_put(g, body, body_len);
    /* Closing `err` first lets the last bytes and the end of the request leave in one write. */
    if (FCGX_FClose(g->request.err) != 0 || FCGX_FClose(g->request.out) != 0 ||
        FCGX_GetError(g->request.out) != 0)
        error = ERR_PEER_GONE;
    /* libfcgi's close waits for the peer; on a unix socket whose input is read it need not. */
    int fd = g->request.ipcFd;
    g->request.ipcFd = -1;
    g->request.keepConnection = 1;
    FCGX_Finish_r(&g->request);
    g->request.ipcFd = -1;
    if (fd >= 0)
        close(fd);
    g->open = false;
    return error;
}
