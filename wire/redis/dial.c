/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/dial.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "wire/redis/link_reply.h"
#include "wire/redis/resp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- sockets ---- */

static int dial_connected(int family, const struct sockaddr *address, socklen_t len,
    int64_t until_ms)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), fault = 0;
    socklen_t size = sizeof fault;

    if (fd < 0)
        return -1;
    if (!connect(fd, address, len))
        return fd;
    if (errno == EINPROGRESS && !task_wait_fd(fd, POLLOUT, until_ms) &&
        !getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) && !fault)
        return fd;
    close(fd);
    return -1;
}

static int dial_path(const char *path, int64_t until_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    return dial_connected(AF_UNIX, (const struct sockaddr *)&address, sizeof address, until_ms);
}

int dial_socket(const char *host, const char *port, int64_t until_ms)
{
    struct addrinfo *list = NULL;
    int fd = -1, one = 1;

    if (!host)
        return dial_path(port, until_ms);
    if (task_resolve(host, port, until_ms, &list))
        return -1;
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = dial_connected(a->ai_family, a->ai_addr, a->ai_addrlen, until_ms);
    freeaddrinfo(list);
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* ---- the greeting ---- */

static void dial_put_words(struct buf *out, const char *a, const char *b, const char *c)
{
    resp_count(out, '*', 1 + (b != NULL) + (c != NULL));
    resp_text(out, a);
    if (b)
        resp_text(out, b);
    if (c)
        resp_text(out, c);
}

/* Whether there is somebody to say who it is. */
static bool dial_put_auth(const struct conf *conf, struct buf *out)
{
    if (!*conf->redis_password)
        return false;
    if (*conf->redis_user)
        dial_put_words(out, "AUTH", conf->redis_user, conf->redis_password);
    else
        dial_put_words(out, "AUTH", conf->redis_password, NULL);
    return true;
}

/* Returns how many replies it gets. */
static int dial_put_greeting(const struct conf *conf, struct buf *out)
{
    char number[24];
    int commands = dial_put_auth(conf, out) ? 2 : 1;

    if (conf->redis_database) {
        snprintf(number, sizeof number, "%lld", (long long)conf->redis_database);
        dial_put_words(out, "SELECT", number, NULL);
        commands++;
    }
    dial_put_words(out, "PING", NULL, NULL); /* unlike ROLE refused while it loads its data */
    dial_put_words(out, "ROLE", NULL, NULL);
    return commands + 1;
}

static int dial_send_all(int fd, const struct buf *out, int64_t until_ms)
{
    size_t sent = 0;

    while (sent < out->len) {
        ssize_t n = send(fd, out->data + sent, out->len - sent, MSG_NOSIGNAL);

        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN && task_wait_fd(fd, POLLOUT, until_ms))
            return ERR_STORE;
        else if (errno != EAGAIN && errno != EINTR)
            return ERR_STORE;
    }
    return 0;
}

/* More of what the server says. Returns 0, ERR_STORE, ERR_NOMEM. */
static int dial_read_more(int fd, struct link_reader *reader, int64_t until_ms)
{
    char block[4096];
    ssize_t n = recv(fd, block, sizeof block, 0);

    if (n < 0 && errno == EINTR)
        return 0;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return task_wait_fd(fd, POLLIN, until_ms) ? ERR_STORE : 0;
    return n <= 0 ? ERR_STORE : link_reader_feed(reader, block, (size_t)n);
}

int dial_reply(int fd, struct link_reader *reader, int64_t until_ms, struct link_reply **out)
{
    int error;

    *out = NULL;
    while (!(error = link_reader_next(reader, out)) && !*out)
        if ((error = dial_read_more(fd, reader, until_ms)))
            return error;
    return error;
}

/* left: how many replies come behind it; 1 = PING, which an ACL may forbid, 0 = ROLE. */
static int dial_judge(const struct link_reply *reply, int left, char *why, size_t why_size)
{
    const char *text = link_reply_text(reply, NULL);

    if (left && link_reply_type(reply) == LINK_ERROR &&
        (left > 1 || !strncmp(text, "LOADING", 7))) {
        snprintf(why, why_size, "%s", text);
        return ERR_STORE;
    }
    if (left || link_reply_is_master(reply))
        return 0;
    snprintf(why, why_size, "it is not a master");
    return ERR_STORE_READONLY;
}

static int dial_read_replies(int fd, int count, int64_t until_ms, char *why, size_t why_size)
{
    struct link_reader *reader = link_reader_new();
    struct link_reply *reply = NULL;
    int error = reader ? 0 : ERR_NOMEM;

    for (; !error && count; count--) {
        error = dial_reply(fd, reader, until_ms, &reply);
        if (!error)
            error = dial_judge(reply, count - 1, why, why_size);
        link_reply_free(reply);
    }
    link_reader_free(reader);
    return error;
}

static int dial_greet(const struct conf *conf, int fd, char *why, size_t why_size)
{
    int64_t until_ms = clock_mono_ms() + conf->redis_timeout_ms;
    struct buf out = {0};
    int replies = dial_put_greeting(conf, &out);
    int error = buf_error(&out) ? ERR_NOMEM : dial_send_all(fd, &out, until_ms);

    buf_free(&out);
    snprintf(why, why_size, "no answer to the greeting");
    return error ? error : dial_read_replies(fd, replies, until_ms, why, why_size);
}

/* ---- which server ---- */

static int dial_find_server(const struct conf *conf, struct sentinel_address *out)
{
    if (sentinel_used(conf))
        return sentinel_master(conf, conf->redis_timeout_ms, out) ? ERR_STORE : 0;
    snprintf(out->host, sizeof out->host, "%s",
        *conf->redis_socket ? conf->redis_socket : conf->redis_host);
    out->port = *conf->redis_socket ? 0 : (int)conf->redis_port;
    return 0;
}

static int dial_server(const struct sentinel_address *server, int64_t until_ms)
{
    char port[16];

    snprintf(port, sizeof port, "%d", server->port);
    return server->port ? dial_socket(server->host, port, until_ms) :
                          dial_socket(NULL, server->host, until_ms);
}

static int dial_to(const struct conf *conf, bool any_role, const struct sentinel_address *server,
    int *fd)
{
    char why[128] = "no connection";
    int error;

    *fd = dial_server(server, clock_mono_ms() + conf->redis_timeout_ms);
    error = *fd < 0 ? ERR_STORE : dial_greet(conf, *fd, why, sizeof why);
    if (!error || (error == ERR_STORE_READONLY && any_role))
        return 0;
    log_limited(LOG_LEVEL_WARN, "cannot use redis at %s port %d: %s", server->host, server->port,
        why);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return error;
}

static int dial_once(const struct conf *conf, bool any_role, struct sentinel_address *server,
    int *fd)
{
    int error = dial_find_server(conf, server);

    *fd = -1;
    return error ? error : dial_to(conf, any_role, server, fd);
}

int dial_node(const struct conf *conf, const struct sentinel_address *node, int *fd)
{
    return dial_to(conf, false, node, fd);
}

int dial_question(const struct conf *conf, const struct sentinel_address *server,
    const char *const words[2], int64_t until_ms, struct link_reply **out)
{
    struct link_reader *reader = link_reader_new();
    struct buf text = {0};
    int replies = 1, fd = -1, error = reader ? 0 : ERR_NOMEM;

    *out = NULL;
    if (dial_put_auth(conf, &text))
        replies++;
    dial_put_words(&text, words[0], words[1], NULL);
    if (!error && (fd = dial_server(server, until_ms)) < 0)
        error = ERR_STORE;
    if (!error)
        error = buf_error(&text) ? ERR_NOMEM : dial_send_all(fd, &text, until_ms);
    for (; !error && replies; replies--) {
        link_reply_free(*out);
        error = dial_reply(fd, reader, until_ms, out);
    }
    if (fd >= 0)
        close(fd);
    link_reader_free(reader);
    buf_free(&text);
    return error;
}

int dial_redis(const struct conf *conf, bool any_role, struct sentinel_address *server, int *fd)
{
    int64_t until_ms = clock_mono_ms() + conf->redis_timeout_ms;
    int error = dial_once(conf, any_role, server, fd);

    for (unsigned left = sentinel_known(conf); error == ERR_STORE_READONLY && left > 1; left--) {
        if (clock_mono_ms() >= until_ms)
            break;
        sentinel_next();
        error = dial_once(conf, any_role, server, fd);
    }
    return error;
}
