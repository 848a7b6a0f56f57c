#include "store/listen.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "store/dial.h"
#include "store/resp.h"
#include "store/sentinel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX (64 * 1024)
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000
#define CHECK_MS 5000 /* between looks whether the server is still there, and the master */
#define BUCKETS 256   /* of channels */

struct listen {
    const struct conf *conf;
    struct reactor *reactor;
    struct reactor_source source;
    struct reactor_timer retry;
    struct reactor_timer check;  /* of a living connection */
    struct reactor_timer answer; /* something was asked: until when it has to say something */
    int fd;                  /* -1 = not connected */
    unsigned connection;     /* counts them */
    struct sentinel_address master; /* that it goes to */
    struct tasks_hook hook;  /* when joined */
    bool joined, dialling, asking;
    bool leaving;            /* freed when the task that dials or asks has ended */
    size_t unanswered;       /* commands whose reply has not come */
    int64_t backoff_ms;
    struct buf in, out;
    size_t sent;             /* of out */
    size_t ears;
    struct listen_ear *bucket[BUCKETS];
};

static void on_ready(struct reactor_source *source, uint32_t events);
static void on_retry(struct reactor_timer *timer);
static void on_check(struct reactor_timer *timer);
static void on_pass(void *arg);

int listen_new(struct listen **out, const struct conf *conf, struct reactor *reactor, bool joined)
{
    struct listen *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    l->conf = conf;
    l->reactor = reactor;
    l->joined = joined;
    l->fd = -1;
    l->in.max = REPLY_MAX;
    l->backoff_ms = BACKOFF_MIN_MS;
    l->hook = (struct tasks_hook){.fn = on_pass, .arg = l};
    if (joined)
        tasks_hook_add(&l->hook);
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
    l->sent = l->unanswered = 0;
    reactor_timer_clear(l->reactor, &l->check);
    reactor_timer_clear(l->reactor, &l->answer);
    buf_reset(&l->in);
    buf_reset(&l->out);
}

static void release(struct listen *l)
{
    if (l->dialling || l->asking)
        return;
    buf_free(&l->in);
    buf_free(&l->out);
    free(l);
}

void listen_free(struct listen *l)
{
    if (!l)
        return;
    disconnect(l);
    reactor_timer_clear(l->reactor, &l->retry);
    tasks_hook_remove(&l->hook);
    l->leaving = true;
    release(l);
}

bool listen_is_up(const struct listen *l)
{
    return l->fd >= 0;
}

/* ---- ears ---- */

static struct listen_ear **bucket_of(struct listen *l, const char *channel, size_t len)
{
    unsigned hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)channel[i]) * 16777619u;
    return &l->bucket[hash % BUCKETS];
}

static bool is_of(const struct listen_ear *ear, const char *channel, size_t len)
{
    return strlen(ear->channel) == len && !memcmp(ear->channel, channel, len);
}

/* ---- saying something ---- */

static void connection_lost(struct listen *l, const char *why)
{
    disconnect(l);
    if (!l->ears)
        return; /* the next ear connects anew */
    log_limited(LOG_LEVEL_WARN, "control channels: %s; again in %lld ms", why,
        (long long)l->backoff_ms);
    reactor_timer_set(l->reactor, &l->retry, clock_mono_ms() + l->backoff_ms, on_retry, l);
    l->backoff_ms = l->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : l->backoff_ms * 2;
}

static void flush(struct listen *l)
{
    while (l->fd >= 0 && l->sent < l->out.len) {
        ssize_t n = send(l->fd, l->out.data + l->sent, l->out.len - l->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            (void)reactor_change(l->reactor, &l->source, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) {
            connection_lost(l, strerror(errno));
            return;
        }
        l->sent += (size_t)n;
    }
    if (l->fd >= 0 && buf_error(&l->out))
        connection_lost(l, "no memory for commands");
    buf_reset(&l->out);
    l->sent = 0;
}

static void on_pass(void *arg)
{
    flush(arg);
}

static void on_silence(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;

    if (l->unanswered)
        connection_lost(l, "no answer in time");
}

/* Each gets one reply; what comes meanwhile gives it more time. */
static void say(struct listen *l, const char *command, const char *channel)
{
    resp_count(&l->out, '*', channel ? 2 : 1);
    resp_text(&l->out, command);
    if (channel)
        resp_text(&l->out, channel);
    l->unanswered++;
    if (!l->answer.set)
        reactor_timer_set(l->reactor, &l->answer, clock_mono_ms() + l->conf->redis_timeout_ms,
            on_silence, l);
}

static void said(struct listen *l)
{
    if (!l->joined)
        flush(l);
}

static void subscribe_all(struct listen *l)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct listen_ear *e = l->bucket[i]; e; e = e->next)
            say(l, "SUBSCRIBE", e->channel);
    said(l);
}

/* ---- connecting, and whether it is the right server ---- */

static void connected(struct listen *l, int fd)
{
    l->fd = fd;
    if (reactor_watch(l->reactor, &l->source, fd, EPOLLIN, on_ready, l)) {
        connection_lost(l, "cannot be watched");
        return;
    }
    reactor_timer_set(l->reactor, &l->check, clock_mono_ms() + CHECK_MS, on_check, l);
    subscribe_all(l);
}

static void dial(void *arg)
{
    struct listen *l = arg;
    struct sentinel_address master;
    int fd = -1, error = dial_redis(l->conf, &master, &fd);

    l->dialling = false;
    if (l->leaving) {
        if (fd >= 0)
            close(fd);
        release(l);
        return;
    }
    if (error) {
        connection_lost(l, "cannot connect");
        return;
    }
    l->master = master;
    connected(l, fd);
    flush(l);
}

static void connect_now(struct listen *l)
{
    if (l->fd >= 0 || l->dialling)
        return;
    l->dialling = true;
    if (!task_spawn(dial, l, -1, NULL))
        return;
    l->dialling = false;
    connection_lost(l, "no memory to connect");
}

static void on_retry(struct reactor_timer *timer)
{
    connect_now(timer->arg);
}

/* A Sentinel names another server. Without an answer the connection stays. */
static void ask(void *arg)
{
    struct listen *l = arg;
    unsigned connection = l->connection;
    struct sentinel_address now = {.port = 0};
    int error = sentinel_master(l->conf, SENTINEL_CONNECT_MS, &now);

    l->asking = false;
    if (l->leaving)
        release(l);
    else if (!error && l->fd >= 0 && connection == l->connection &&
             !sentinel_same(&now, &l->master))
        connection_lost(l, "another server is the master now");
}

/*
 * With Sentinels the server's role is asked before subscribing again, as nothing may be subscribed
 * then. It goes out together, and the handlers `subscribed` look after what was published between.
 */
static void on_check(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;

    if (l->fd < 0)
        return;
    reactor_timer_set(l->reactor, timer, clock_mono_ms() + CHECK_MS, on_check, l);
    if (!l->ears) {
        say(l, "PING", NULL);
        said(l);
        return;
    }
    if (!sentinel_used(l->conf)) {
        say(l, "PING", NULL);
        said(l);
        return;
    }
    say(l, "UNSUBSCRIBE", NULL);
    say(l, "ROLE", NULL);
    subscribe_all(l);
    if (!l->asking) {
        l->asking = true;
        if (task_spawn(ask, l, -1, NULL))
            l->asking = false;
    }
}

void listen_add(struct listen *l, struct listen_ear *ear)
{
    struct listen_ear **bucket = bucket_of(l, ear->channel, strlen(ear->channel));

    ear->next = *bucket;
    ear->added = true;
    *bucket = ear;
    l->ears++;
    if (l->fd < 0) {
        if (!l->retry.set)
            connect_now(l);
        return;
    }
    say(l, "SUBSCRIBE", ear->channel);
    said(l);
}

void listen_remove(struct listen *l, struct listen_ear *ear)
{
    size_t len = strlen(ear->channel);
    struct listen_ear **at;
    bool other = false;

    if (!ear->added)
        return;
    for (at = bucket_of(l, ear->channel, len); *at != ear; at = &(*at)->next)
        continue;
    *at = ear->next;
    ear->added = false;
    l->ears--;
    for (const struct listen_ear *e = *bucket_of(l, ear->channel, len); e; e = e->next)
        other = other || is_of(e, ear->channel, len);
    if (l->fd < 0 || other)
        return;
    say(l, "UNSUBSCRIBE", ear->channel);
    said(l);
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

static void deliver(struct listen *l, const struct piece *parts)
{
    bool message = is(&parts[0], "message");
    struct listen_ear *e = *bucket_of(l, parts[1].s, parts[1].len);

    while (e) {
        struct listen_ear *next = e->next;

        if (is_of(e, parts[1].s, parts[1].len)) {
            if (message)
                e->message(e->arg, parts[2].s, parts[2].len);
            else if (e->subscribed)
                e->subscribed(e->arg);
        }
        e = next;
    }
}

static void answered(struct listen *l)
{
    l->backoff_ms = BACKOFF_MIN_MS;
    if (l->unanswered)
        l->unanswered--;
    reactor_timer_clear(l->reactor, &l->answer);
    if (l->unanswered)
        reactor_timer_set(l->reactor, &l->answer, clock_mono_ms() + l->conf->redis_timeout_ms,
            on_silence, l);
}

/* What a whole reply says. Returns NULL, or why the connection is of no use. */
static const char *read_reply(struct listen *l, const char *reply, size_t len)
{
    struct piece parts[3];
    size_t at = 0;

    if (*reply == '-') {
        log_limited(LOG_LEVEL_WARN, "control channels: %.*s", (int)(len < 80 ? len : 80) - 2,
            reply);
        return "refused by Redis";
    }
    if (*reply != '*') { /* of PING with nothing subscribed */
        answered(l);
        return NULL;
    }
    at = (size_t)((const char *)memchr(reply, '\n', len) + 1 - reply);
    for (int i = 0; i < 3; i++)
        parts[i] = at < len ? take_piece(reply, len, &at) : (struct piece){"", 0};
    if (is(&parts[0], "slave") || is(&parts[0], "sentinel")) {
        sentinel_next();
        return "it is no master";
    }
    if (!is(&parts[0], "message"))
        answered(l);
    if (is(&parts[0], "message") || is(&parts[0], "subscribe"))
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
