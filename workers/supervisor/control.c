/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "workers/supervisor/control.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_MAX (8u << 20)

struct control_client {
    struct reactor_source source;
    struct reactor_timer timer;
    struct control *control;
    bool used;
    int64_t since_ms;
    char line[CONTROL_LINE_MAX];
    size_t line_len;
    struct buf reply;
    size_t sent;
};

struct control {
    struct reactor *reactor;
    struct reactor_source listener;
    control_fn *fn;
    void *arg;
    const struct control_client *answering; /* NULL = nobody */
    struct control_client clients[CONTROL_CLIENTS_MAX];
};

static void control_client_close(struct control_client *client)
{
    if (!client->used)
        return;
    int fd = client->source.fd;
    reactor_unwatch(client->control->reactor, &client->source);
    reactor_timer_clear(client->control->reactor, &client->timer);
    close(fd);
    buf_free(&client->reply);
    client->used = false;
}

static void control_client_on_time(struct reactor_timer *timer)
{
    control_client_close(timer->arg);
}

static void control_client_write(struct control_client *client)
{
    while (client->sent < client->reply.len) {
        ssize_t n = send(client->source.fd, client->reply.data + client->sent,
            client->reply.len - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            if (reactor_change(client->control->reactor, &client->source, EPOLLOUT) != 0)
                break;
            return;
        }
        if (n < 0)
            break;
        client->sent += (size_t)n;
    }
    control_client_close(client);
}

static void control_client_answer(struct control_client *client)
{
    size_t len = client->line_len;
    if (len > 0 && client->line[len - 1] == '\r')
        len--;
    client->line[len] = '\0';
    buf_init(&client->reply, REPLY_MAX);
    if (memchr(client->line, '\0', len)) {
        buf_puts(&client->reply, "error: a command line holds no NUL\n");
    } else {
        client->control->answering = client;
        client->control->fn(client->control->arg, client->line, &client->reply);
        client->control->answering = NULL;
    }
    if (buf_error(&client->reply) != 0) {
        buf_reset(&client->reply);
        buf_puts(&client->reply, "error: the answer is too long\n");
    }
    control_client_write(client);
}

static void control_client_read(struct control_client *client)
{
    while (client->line_len < sizeof client->line) {
        char *at = client->line + client->line_len;
        ssize_t n =
            recv(client->source.fd, at, sizeof client->line - client->line_len, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            control_client_close(client);
            return;
        }
        char *end = memchr(at, '\n', (size_t)n);
        client->line_len += (size_t)n;
        if (!end)
            continue;
        client->line_len = (size_t)(end - client->line);
        control_client_answer(client);
        return;
    }
    control_client_close(client);
}

static void control_client_on_ready(struct reactor_source *source, uint32_t events)
{
    struct control_client *client = source->arg;
    if (client->reply.data)
        control_client_write(client);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        control_client_read(client);
}

/* A free place, or that of the client that has been here longest. */
static struct control_client *control_client_place(struct control *c)
{
    struct control_client *oldest = &c->clients[0];
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (!c->clients[i].used)
            return &c->clients[i];
        if (c->clients[i].since_ms < oldest->since_ms)
            oldest = &c->clients[i];
    }
    control_client_close(oldest);
    return oldest;
}

static void control_on_connection(struct reactor_source *source, uint32_t events)
{
    struct control *c = source->arg;
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            log_limited(LOG_LEVEL_ERROR, "control socket: accept: %s", strerror(errno));
        return;
    }
    struct control_client *client = control_client_place(c);
    memset(client, 0, sizeof *client);
    client->control = c;
    client->since_ms = clock_mono_ms();
    if (reactor_watch(c->reactor, &client->source, fd, EPOLLIN, control_client_on_ready, client) !=
        0) {
        close(fd);
        return;
    }
    client->used = true;
    reactor_timer_set(c->reactor, &client->timer, client->since_ms + CONTROL_TIME_MS,
        control_client_on_time, client);
}

int control_new(struct control **out, struct reactor *reactor, int listen_fd, control_fn *fn,
    void *arg)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->reactor = reactor;
    c->fn = fn;
    c->arg = arg;
    int error = reactor_watch(reactor, &c->listener, listen_fd, EPOLLIN, control_on_connection, c);
    if (error != 0) {
        free(c);
        return error;
    }
    *out = c;
    return 0;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        control_client_close(&c->clients[i]);
    reactor_unwatch(c->reactor, &c->listener);
    free(c);
}

size_t control_clients(const struct control *c)
{
    size_t count = 0;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        count += c->clients[i].used;
    return count;
}

uid_t control_asker(const struct control *c)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof peer;

    if (!c->answering ||
        getsockopt(c->answering->source.fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
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
