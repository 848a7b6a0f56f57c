#include "store/listen.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
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

struct listen {
    const struct conf *conf;
    struct reactor *reactor;
    struct reactor_source source;
    struct reactor_timer retry;
    int fd;                  /* -1 = not connected */
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
    }
    l->fd = -1;
    l->on_server[0] = 0;
    l->sent = 0;
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

static void subscribe(struct listen *l)
{
    if (l->on_server[0] && strcmp(l->on_server, l->channel))
        command(l, "UNSUBSCRIBE", l->on_server, NULL);
    command(l, "SUBSCRIBE", l->channel, NULL);
    strcpy(l->on_server, l->channel);
    flush(l);
}

static void connect_now(struct listen *l)
{
    const struct conf *c = l->conf;
    struct sentinel_address master;

    if (sentinel_used(c)) {
        if (sentinel_master(c, SENTINEL_CONNECT_MS, &master)) {
            connection_lost(l, "no Sentinel names a master");
            return;
        }
        l->fd = open_tcp(master.host, master.port);
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
    subscribe(l);
}

static void on_retry(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;
    if (l->wanted && l->fd < 0)
        connect_now(l);
}

int listen_start(struct listen *l, const char *channel, const struct listen_handlers *handlers)
{
    if (strlen(channel) >= sizeof l->channel)
        return ERR_LIMIT;
    strcpy(l->channel, channel);
    l->handlers = *handlers;
    l->wanted = true;
    l->backoff_ms = BACKOFF_MIN_MS;
    if (l->fd < 0)
        connect_now(l);
    else
        subscribe(l);
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

/* "*3\r\n" or "$5\r\n" at *at. Returns 1, 0 = incomplete, -1 = not RESP. */
static int read_number(const struct buf *in, size_t *at, char type, long *value)
{
    const char *start = in->data + *at, *line;
    char *end;

    if (*at >= in->len)
        return 0;
    if (*start != type)
        return -1;
    if (!(line = memchr(start, '\n', in->len - *at)))
        return in->len - *at > 32 ? -1 : 0;
    *value = strtol(start + 1, &end, 10);
    if (end == start + 1 || *end != '\r' || end + 1 != line)
        return -1;
    *at = (size_t)(line + 1 - in->data);
    return 1;
}

static int read_piece(const struct buf *in, size_t *at, struct piece *out)
{
    long n = 0;
    int r;

    if (*at < in->len && in->data[*at] == ':') { /* the count of subscriptions */
        *out = (struct piece){"", 0};
        return read_number(in, at, ':', &n);
    }
    if ((r = read_number(in, at, '$', &n)) <= 0)
        return r;
    if (n < 0) {
        *out = (struct piece){"", 0};
        return 1;
    }
    if (n > REPLY_MAX)
        return -1;
    if (in->len - *at < (size_t)n + 2)
        return 0;
    *out = (struct piece){in->data + *at, (size_t)n};
    *at += (size_t)n + 2;
    return 1;
}

static bool is(const struct piece *p, const char *text)
{
    return p->len == strlen(text) && !memcmp(p->s, text, p->len);
}

static void deliver(struct listen *l, const struct piece *parts)
{
    if (!l->wanted || !is(&parts[1], l->channel))
        return;
    if (is(&parts[0], "message") && l->handlers.message) {
        l->handlers.message(l->handlers.arg, parts[2].s, parts[2].len);
    } else if (is(&parts[0], "subscribe")) {
        l->backoff_ms = BACKOFF_MIN_MS;
        if (l->handlers.subscribed)
            l->handlers.subscribed(l->handlers.arg);
    }
}

/* One reply. Returns 1 = taken, 0 = incomplete, -1 = an error or not RESP. */
static int take_reply(struct listen *l)
{
    struct piece parts[3];
    size_t at = 0;
    long count = 0;
    int r;

    if (!l->in.len)
        return 0;
    if (l->in.data[0] == '+') { /* of AUTH */
        const char *line = memchr(l->in.data, '\n', l->in.len);
        if (line)
            buf_consume(&l->in, (size_t)(line + 1 - l->in.data));
        return line ? 1 : 0;
    }
    if ((r = read_number(&l->in, &at, '*', &count)) <= 0)
        return r;
    if (count != 3)
        return -1;
    for (int i = 0; i < 3; i++)
        if ((r = read_piece(&l->in, &at, &parts[i])) <= 0)
            return r;
    deliver(l, parts);
    buf_consume(&l->in, at);
    return 1;
}

static void on_ready(struct reactor_source *source, uint32_t events)
{
    struct listen *l = source->arg;
    char block[4096];
    ssize_t n;
    int r;

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
    while ((r = take_reply(l)) > 0)
        ;
    if (r < 0 || buf_error(&l->in))
        connection_lost(l, "unexpected reply");
}
