#include "store/listen.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/resp.h"
#include "store/sentinel.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHANNEL_SIZE 400
#define REPLY_MAX (64 * 1024)
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000
#define CHECK_MS 5000 /* between looks whether the server is still there, and the master */

struct listen {
    const struct conf *conf;
    struct reactor *reactor;
    struct reactor_source source;
    struct reactor_timer retry;
    struct reactor_timer check; /* of a living connection */
    int fd;                  /* -1 = not connected */
    unsigned connection;     /* counts them */
    struct sentinel_address master; /* that it goes to, with Sentinels */
    int64_t checked_ms;      /* monotonic; when that was asked last */
    bool unconfirmed;        /* a subscription is on its way */
    bool pulse;              /* ... only to see whether the server lives */
    int64_t backoff_ms;
    struct buf in, out;
    size_t sent;             /* of out */
    bool wanted;
    char channel[CHANNEL_SIZE];
    char on_server[CHANNEL_SIZE]; /* what this connection is subscribed to, "" = nothing */
    struct listen_handlers handlers;
};

static void on_ready(struct reactor_source *source, uint32_t events);
static void on_retry(struct reactor_timer *timer);
static void on_check(struct reactor_timer *timer);

int listen_new(struct listen **out, const struct conf *conf, struct reactor *reactor)
{
    struct listen *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    l->conf = conf;
    l->reactor = reactor;
    l->fd = -1;
    l->in.max = REPLY_MAX;
    *out = l;
    return 0;
}

static void disconnect(struct listen *l)
{
    if (l->fd >= 0) {
        reactor_unwatch(l->reactor, &l->source);
        close(l->fd);
        l->connection++;
    }
    l->fd = -1;
    l->on_server[0] = 0;
    l->sent = 0;
    l->unconfirmed = l->pulse = false;
    reactor_timer_clear(l->reactor, &l->check);
    buf_reset(&l->in);
    buf_reset(&l->out);
}

void listen_free(struct listen *l)
{
    if (!l)
        return;
    disconnect(l);
    reactor_timer_clear(l->reactor, &l->retry);
    buf_free(&l->in);
    buf_free(&l->out);
    free(l);
}

static void connection_lost(struct listen *l, const char *why)
{
    disconnect(l);
    if (!l->wanted)
        return; /* the next turn connects anew */
    log_limited(LOG_LEVEL_WARN, "control channel: %s; again in %lld ms", why,
        (long long)l->backoff_ms);
    reactor_timer_set(l->reactor, &l->retry, clock_mono_ms() + l->backoff_ms, on_retry, l);
    l->backoff_ms = l->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : l->backoff_ms * 2;
}

/* Sends what it can; asks for EPOLLOUT for the rest. */
static void flush(struct listen *l)
{
    while (l->fd >= 0 && l->sent < l->out.len) {
        ssize_t n = send(l->fd, l->out.data + l->sent, l->out.len - l->sent, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINTR)) {
            (void)reactor_change(l->reactor, &l->source, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) {
            connection_lost(l, strerror(errno));
            return;
        }
        l->sent += (size_t)n;
    }
    if (l->fd < 0)
        return;
    buf_reset(&l->out);
    l->sent = 0;
}

static void put_word(struct listen *l, const char *word)
{
    buf_printf(&l->out, "$%zu\r\n%s\r\n", strlen(word), word);
}

static void command(struct listen *l, const char *name, const char *a, const char *b)
{
    buf_printf(&l->out, "*%d\r\n", 1 + (a != NULL) + (b != NULL));
    put_word(l, name);
    if (a)
        put_word(l, a);
    if (b)
        put_word(l, b);
}

static int open_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int open_tcp(const char *host, int64_t port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    char service[16];
    int fd = -1, one = 1;

    snprintf(service, sizeof service, "%lld", (long long)port);
    if (getaddrinfo(host, service, &hints, &list))
        return -1;
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) && errno != EINPROGRESS) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/*
 * With Sentinels the server's role is asked before: then nothing may be subscribed. They go out
 * together, and the handler `subscribed` looks after what was published between them.
 */
static void subscribe(struct listen *l, bool ask_role)
{
    if (l->on_server[0] && (ask_role || strcmp(l->on_server, l->channel)))
        command(l, "UNSUBSCRIBE", l->on_server, NULL);
    if (ask_role)
        command(l, "ROLE", NULL, NULL);
    command(l, "SUBSCRIBE", l->channel, NULL);
    strcpy(l->on_server, l->channel);
    l->unconfirmed = true;
    reactor_timer_set(l->reactor, &l->check, clock_mono_ms() + l->conf->redis_timeout_ms, on_check,
        l);
    flush(l);
}

/* A Sentinel names another server. Without an answer the connection stays. */
static bool moved(struct listen *l)
{
    struct sentinel_address now = {.port = 0};

    l->checked_ms = clock_mono_ms();
    return sentinel_used(l->conf) && !sentinel_master(l->conf, SENTINEL_CHECK_MS, &now) &&
           !sentinel_same(&now, &l->master);
}

static void on_check(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;

    if (l->fd < 0 || !l->wanted)
        return;
    if (l->unconfirmed) {
        connection_lost(l, "no answer in time");
    } else if (moved(l)) {
        connection_lost(l, "another server is the master now");
    } else {
        l->pulse = !sentinel_used(l->conf);
        subscribe(l, sentinel_used(l->conf));
    }
}

static void connect_now(struct listen *l)
{
    const struct conf *c = l->conf;

    if (sentinel_used(c)) {
        if (sentinel_master(c, SENTINEL_CONNECT_MS, &l->master)) {
            connection_lost(l, "no Sentinel names a master");
            return;
        }
        l->checked_ms = clock_mono_ms();
        l->fd = open_tcp(l->master.host, l->master.port);
    } else {
        l->fd = *c->redis_socket ? open_unix(c->redis_socket)
                                 : open_tcp(c->redis_host, c->redis_port);
    }
    if (l->fd < 0) {
        connection_lost(l, "cannot connect");
        return;
    }
    if (reactor_watch(l->reactor, &l->source, l->fd, EPOLLIN, on_ready, l)) {
        close(l->fd);
        l->fd = -1;
        connection_lost(l, "cannot be watched");
        return;
    }
    if (*c->redis_password)
        command(l, "AUTH", *c->redis_user ? c->redis_user : c->redis_password,
            *c->redis_user ? c->redis_password : NULL);
    subscribe(l, sentinel_used(c));
}

static void on_retry(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;
    if (l->wanted && l->fd < 0)
        connect_now(l);
}

int listen_start(struct listen *l, const char *channel, const struct listen_handlers *handlers)
{
    bool ask;

    if (strlen(channel) >= sizeof l->channel)
        return ERR_LIMIT;
    strcpy(l->channel, channel);
    l->handlers = *handlers;
    l->wanted = true;
    l->backoff_ms = BACKOFF_MIN_MS;
    l->pulse = false;
    ask = sentinel_used(l->conf) && clock_mono_ms() >= l->checked_ms + CHECK_MS;
    if (l->fd >= 0 && ask && moved(l))
        disconnect(l);
    if (l->fd < 0)
        connect_now(l);
    else
        subscribe(l, ask);
    return 0;
}

int listen_fd(const struct listen *l)
{
    return l->fd;
}

void listen_stop(struct listen *l)
{
    l->wanted = false;
    reactor_timer_clear(l->reactor, &l->retry);
    reactor_timer_clear(l->reactor, &l->check);
    if (l->fd >= 0 && l->on_server[0]) {
        command(l, "UNSUBSCRIBE", l->on_server, NULL);
        l->on_server[0] = 0;
        flush(l);
    }
    memset(&l->handlers, 0, sizeof l->handlers);
}

/* ---- replies ---- */

struct piece {
    const char *s;
    size_t len;
};

/* The element at *at of a reply that is whole; "" for one that is no text. */
static struct piece take_piece(const char *reply, size_t len, size_t *at)
{
    long whole = resp_length(reply + *at, len - *at), text;
    struct piece out = {"", 0};
    const char *line;

    if (whole <= 0)
        return out;
    line = memchr(reply + *at, '\n', (size_t)whole);
    text = whole - (line + 1 - (reply + *at)) - 2;
    if (reply[*at] == '$' && text >= 0)
        out = (struct piece){line + 1, (size_t)text};
    *at += (size_t)whole;
    return out;
}

static bool is(const struct piece *p, const char *text)
{
    return p->len == strlen(text) && !memcmp(p->s, text, p->len);
}

static void confirmed(struct listen *l)
{
    bool pulse = l->pulse;

    l->backoff_ms = BACKOFF_MIN_MS;
    l->pulse = false;
    l->unconfirmed = false;
    reactor_timer_set(l->reactor, &l->check, clock_mono_ms() + CHECK_MS, on_check, l);
    if (!pulse && l->handlers.subscribed)
        l->handlers.subscribed(l->handlers.arg);
}

static void deliver(struct listen *l, const struct piece *parts)
{
    if (!l->wanted || !is(&parts[1], l->channel))
        return;
    if (is(&parts[0], "message") && l->handlers.message)
        l->handlers.message(l->handlers.arg, parts[2].s, parts[2].len);
    else if (is(&parts[0], "subscribe"))
        confirmed(l);
}

/* What a whole reply says. Returns NULL, or why the connection is of no use. */
static const char *read_reply(struct listen *l, const char *reply, size_t len)
{
    struct piece parts[3];
    size_t at = 0;

    if (*reply == '-') {
        log_limited(LOG_LEVEL_WARN, "control channel: %.*s", (int)(len < 80 ? len : 80) - 2, reply);
        return "refused by Redis";
    }
    if (*reply != '*') /* of AUTH */
        return NULL;
    at = (size_t)((const char *)memchr(reply, '\n', len) + 1 - reply);
    for (int i = 0; i < 3; i++)
        parts[i] = at < len ? take_piece(reply, len, &at) : (struct piece){"", 0};
    if (is(&parts[0], "slave") || is(&parts[0], "sentinel")) {
        sentinel_next();
        return "it is no master";
    }
    deliver(l, parts);
    return NULL;
}

/* Returns NULL, or why the connection is of no use. */
static const char *read_replies(struct listen *l)
{
    unsigned connection = l->connection;
    const char *why = NULL;

    while (!why && l->in.len) {
        long n = resp_length(l->in.data, l->in.len);

        if (n < 0)
            return "unexpected reply";
        if (!n)
            break;
        why = read_reply(l, l->in.data, (size_t)n);
        if (l->connection != connection) /* a handler has begun anew */
            return NULL;
        buf_consume(&l->in, (size_t)n);
    }
    return buf_error(&l->in) ? "unexpected reply" : why;
}

static void on_ready(struct reactor_source *source, uint32_t events)
{
    struct listen *l = source->arg;
    char block[4096];
    const char *why;
    ssize_t n;

    if (events & EPOLLOUT) {
        (void)reactor_change(l->reactor, &l->source, EPOLLIN);
        flush(l);
        if (l->fd < 0)
            return;
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)))
        return;
    n = recv(l->fd, block, sizeof block, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        connection_lost(l, n ? strerror(errno) : "closed by Redis");
        return;
    }
    buf_put(&l->in, block, (size_t)n);
    why = read_replies(l);
    if (why)
        connection_lost(l, why);
}
