/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred */
#endif
#include "workers/supervisor/control.h"

#include "base/clock.h"
#include "base/err.h"
#include "workers/supervisor/reply_server.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_MAX (8u << 20)

struct control {
    struct reply_server *server;
    control_fn *fn;
    void *arg;
    int answering; /* descriptor of who asks; -1 = nobody */
};

static size_t control_whole(const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);

    return end ? (size_t)(end - bytes) + 1 : 0;
}

static bool control_answer(void *arg, int fd, char *line, size_t len, struct buf *reply)
{
    struct control *c = arg;

    if (len == 0)
        return false; /* it never ends */
    len--;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    line[len] = '\0';
    if (memchr(line, '\0', len)) {
        buf_puts(reply, "error: a command line holds no NUL\n");
        return true;
    }
    c->answering = fd;
    c->fn(c->arg, line, reply);
    c->answering = -1;
    if (buf_error(reply) != 0) {
        buf_reset(reply);
        buf_puts(reply, "error: the answer is too long\n");
    }
    return true;
}

static const struct reply_rules control_rules = {.name = "control socket",
    .clients = CONTROL_CLIENTS_MAX,
    .ask_max = CONTROL_LINE_MAX,
    .reply_max = REPLY_MAX,
    .time_ms = CONTROL_TIME_MS,
    .whole = control_whole,
    .answer = control_answer};

int control_new(struct control **out, struct reactor *reactor, int listen_fd, control_fn *fn,
    void *arg)
{
    struct control *c = calloc(1, sizeof *c);
    int error = c ? reply_server_new(&c->server, reactor, &control_rules, c) : ERR_NOMEM;

    if (!error)
        error = reply_server_listen(c->server, listen_fd);
    if (error) {
        control_free(c);
        return error;
    }
    c->fn = fn;
    c->arg = arg;
    c->answering = -1;
    *out = c;
    return 0;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    reply_server_free(c->server);
    free(c);
}

size_t control_clients(const struct control *c)
{
    return reply_server_clients(c->server);
}

uid_t control_asker(const struct control *c)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof peer;

    if (c->answering < 0 || getsockopt(c->answering, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return (uid_t)-1;
    return peer.uid;
}

/* --- the asking side --- */

static int control_ask_connect(const char *path, int *fdp)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ERR_NOT_FOUND;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno == ENOENT || errno == ECONNREFUSED ? ERR_NOT_FOUND :
            errno == EACCES || errno == EPERM                ? ERR_FORBIDDEN :
                                                               ERR_IO;
        close(fd);
        return error;
    }
    *fdp = fd;
    return 0;
}

static int control_ask_read(int fd, int64_t until_ms, struct buf *reply)
{
    char bytes[4096];
    for (;;) {
        int64_t left = until_ms - clock_mono_ms();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready == 0)
            return ERR_DEADLINE;
        if (ready < 0 && errno == EINTR)
            return ERR_CANCELLED;
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n == 0)
            return buf_error(reply);
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0)
            buf_put(reply, bytes, (size_t)n);
    }
}

int control_ask(const char *path, const char *line, int timeout_ms, struct buf *reply)
{
    char request[CONTROL_LINE_MAX];
    size_t len = strlen(line);
    int fd = -1;
    if (len + 1 >= sizeof request)
        return ERR_INVALID;
    memcpy(request, line, len);
    request[len] = '\n';
    int error = control_ask_connect(path, &fd);
    if (error != 0)
        return error;
    if (send(fd, request, len + 1, MSG_NOSIGNAL) != (ssize_t)len + 1)
        error = ERR_IO;
    else
        error = control_ask_read(fd, clock_mono_ms() + timeout_ms, reply);
    close(fd);
    return error;
}
