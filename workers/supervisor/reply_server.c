/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "workers/supervisor/reply_server.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct reply_client {
    struct reactor_source source;
    struct reactor_timer timer;
    struct reply_server *server;
    bool used, answered;
    int64_t since_ms;
    char *ask; /* of ask_max bytes, the place's for good */
    size_t ask_len;
    struct buf reply;
    size_t sent;
};

struct reply_server {
    struct reactor *reactor;
    const struct reply_rules *rules;
    void *arg;
    struct reactor_source listener;
    bool listens;
    char *asks;
    struct reply_client clients[];
};

static void reply_server_client_close(struct reply_client *client)
{
    if (!client->used)
        return;
    int fd = client->source.fd;
    reactor_unwatch(client->server->reactor, &client->source);
    reactor_timer_clear(client->server->reactor, &client->timer);
    close(fd);
    buf_free(&client->reply);
    client->used = false;
}

static void reply_server_client_on_time(struct reactor_timer *timer)
{
    reply_server_client_close(timer->arg);
}

static void reply_server_client_write(struct reply_client *client)
{
    struct reactor *reactor = client->server->reactor;

    while (client->sent < client->reply.len) {
        ssize_t n = send(client->source.fd, client->reply.data + client->sent,
            client->reply.len - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && reactor_change(reactor, &client->source, EPOLLOUT) == 0)
            return;
        if (n < 0)
            break;
        client->sent += (size_t)n;
    }
    if (!client->server->rules->lingers || client->sent < client->reply.len ||
        shutdown(client->source.fd, SHUT_WR) != 0 ||
        reactor_change(reactor, &client->source, EPOLLIN) != 0)
        reply_server_client_close(client);
}

/* len: 0 = the request has no end where one must be. */
static void reply_server_client_answer(struct reply_client *client, size_t len)
{
    const struct reply_server *s = client->server;

    client->answered = true;
    buf_init(&client->reply, s->rules->reply_max);
    if (!s->rules->answer(s->arg, client->source.fd, client->ask, len, &client->reply) ||
        buf_error(&client->reply) != 0)
        reply_server_client_close(client);
    else
        reply_server_client_write(client);
}

static void reply_server_client_read(struct reply_client *client)
{
    const struct reply_rules *rules = client->server->rules;
    size_t used = client->answered ? 0 : client->ask_len; /* what comes later is thrown away */
    ssize_t n = recv(client->source.fd, client->ask + used, rules->ask_max - used, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        reply_server_client_close(client);
        return;
    }
    if (client->answered)
        return;
    client->ask_len += (size_t)n;
    size_t whole = rules->whole(client->ask, client->ask_len);
    if (whole > 0 || client->ask_len == rules->ask_max)
        reply_server_client_answer(client, whole);
}

static void reply_server_client_on_ready(struct reactor_source *source, uint32_t events)
{
    struct reply_client *client = source->arg;

    if (client->answered && client->sent < client->reply.len)
        reply_server_client_write(client);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        reply_server_client_read(client);
}

/* A free place, or that of the client that has been here longest. */
static struct reply_client *reply_server_place(struct reply_server *s)
{
    struct reply_client *oldest = &s->clients[0];

    for (size_t i = 0; i < s->rules->clients; i++) {
        if (!s->clients[i].used)
            return &s->clients[i];
        if (s->clients[i].since_ms < oldest->since_ms)
            oldest = &s->clients[i];
    }
    reply_server_client_close(oldest);
    return oldest;
}

static void reply_server_on_connection(struct reactor_source *source, uint32_t events)
{
    struct reply_server *s = source->arg;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            log_limited(LOG_LEVEL_ERROR, "%s: accept: %s", s->rules->name, strerror(errno));
        return;
    }
    struct reply_client *client = reply_server_place(s);
    *client = (struct reply_client){.server = s, .since_ms = clock_mono_ms(), .ask = client->ask};
    if (reactor_watch(s->reactor, &client->source, fd, EPOLLIN, reply_server_client_on_ready,
            client)) {
        close(fd);
        return;
    }
    client->used = true;
    reactor_timer_set(s->reactor, &client->timer, client->since_ms + s->rules->time_ms,
        reply_server_client_on_time, client);
}

int reply_server_new(struct reply_server **out, struct reactor *reactor,
    const struct reply_rules *rules, void *arg)
{
    struct reply_server *s = calloc(1, sizeof *s + rules->clients * sizeof *s->clients);

    *out = s;
    if (!s)
        return ERR_NOMEM;
    s->reactor = reactor;
    s->rules = rules;
    s->arg = arg;
    s->asks = calloc(rules->clients, rules->ask_max);
    if (!s->asks) {
        free(s);
        *out = NULL;
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < rules->clients; i++)
        s->clients[i].ask = s->asks + i * rules->ask_max;
    return 0;
}

void reply_server_free(struct reply_server *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->rules->clients; i++)
        reply_server_client_close(&s->clients[i]);
    reply_server_unlisten(s);
    free(s->asks);
    free(s);
}

int reply_server_listen(struct reply_server *s, int fd)
{
    int error = reactor_watch(s->reactor, &s->listener, fd, EPOLLIN, reply_server_on_connection, s);

    s->listens = error == 0;
    return error;
}

void reply_server_unlisten(struct reply_server *s)
{
    if (s->listens)
        reactor_unwatch(s->reactor, &s->listener);
    s->listens = false;
}

size_t reply_server_clients(const struct reply_server *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->rules->clients; i++)
        count += s->clients[i].used;
    return count;
}
