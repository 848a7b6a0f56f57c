#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "store/link.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/link_reply.h"
#include "store/resp.h"
#include "store/sentinel.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINK_SCRIPTS_MAX 64
#define LINK_READ_SIZE 16384
#define LINK_KEEP_MEMORY 65536
#define LINK_BACKOFF_FIRST_MS 20
#define LINK_BACKOFF_MAX_MS 2000
#define LINK_QUICK_MS 20 /* an attempt that failed within this costs nobody anything ... */
#define LINK_BACKOFF_QUICK_MAX_MS 200 /* ... and is made again soon */
#define LINK_HURRY_MS 50 /* between attempts for waiting clients that do not fail quickly */
#define LINK_OUTSTANDING_MAX 65536
#define LINK_ROLE_EVERY_MS 5000
#define LINK_SPIN_US 300
#define LINK_ROLE_IDLE_MS 1000 /* a connection that was not used for so long is looked at before */
#define LINK_ROLE_SOON_MS 250 /* after a refusal as of a server that is the master no more */

/* What is to be done with a reply that has not come yet. */
enum link_kind { LINK_DROP, LINK_REPLY, LINK_RAW, LINK_SYNC };

struct link_pending {
    enum link_kind kind;
    union {
        link_reply_fn *reply;
        link_int_fn *number;
        struct link_wait *wait;
    } to;
    void *arg;
};

/* On the stack of a blocking call. */
struct link_wait {
    bool done;
    int error;
    redisReply *reply;
};

struct link {
    const struct conf *conf;
    redisContext *context;  /* NULL = disconnected; only its socket and reader are used */
    bool reader_idle;       /* the reader holds no part of a reply */
    bool pumping;
    const atomic_int *running; /* link_eager */
    int running_most;
    void (*meanwhile)(void *arg); /* link_meanwhile */
    void *meanwhile_arg;
    bool hold;              /* the next command waits in `out` for the one after it ... */
    bool held;              /* ... and does so */
    unsigned generation;
    int64_t retry_ms;       /* monotonic; no connect before this */
    int64_t backoff_ms;
    int64_t failed_ms;      /* monotonic; end of the last attempt, which failed ... */
    int64_t took_ms;        /* ... after so long */
    int refused;            /* why the last connection was left or not made: an ERR_STORE* error */
    int64_t role_ms;        /* monotonic: when the server was last asked for its role */
    int64_t used_ms;        /* monotonic: last link_ensure, with Sentinels */
    bool suspect;           /* it refuses writes since */
    bool broke;             /* the last connection was ended by the other side */
    bool demoted;           /* its server has become a replica, as the Sentinels told it */
    struct sentinel_address master; /* that this connection goes to, with Sentinels */
    int64_t progress_ms;    /* monotonic: last byte read, or first command sent after silence */
    struct buf out;         /* written but not yet taken by the socket */
    struct buf scratch;     /* commands are written here */
    char *in;               /* LINK_READ_SIZE */
    size_t in_len;          /* bytes of in that the reader has not got */
    struct link_pending *ring;
    size_t ring_cap, ring_head, ring_len;
    const struct link_script *loaded[LINK_SCRIPTS_MAX];
    size_t loaded_count;
};

static struct link_reply *reply_out(redisReply *r)
{
    return (struct link_reply *)(void *)r;
}

/* ---- the queue of outstanding replies ---- */

static int ring_push(struct link *l, struct link_pending p)
{
    if (l->ring_len == l->ring_cap) {
        size_t cap = l->ring_cap ? l->ring_cap * 2 : 16;
        struct link_pending *ring;

        if (cap > LINK_OUTSTANDING_MAX)
            return ERR_STORE;
        ring = malloc(cap * sizeof(*ring));
        if (!ring)
            return ERR_NOMEM;
        for (size_t i = 0; i < l->ring_len; i++)
            ring[i] = l->ring[(l->ring_head + i) % l->ring_cap];
        free(l->ring);
        l->ring = ring;
        l->ring_cap = cap;
        l->ring_head = 0;
    }
    if (!l->ring_len)
        l->progress_ms = clock_mono_ms();
    l->ring[(l->ring_head + l->ring_len++) % l->ring_cap] = p;
    return 0;
}

static struct link_pending ring_pop(struct link *l)
{
    struct link_pending p = l->ring[l->ring_head];

    l->ring_head = (l->ring_head + 1) % l->ring_cap;
    l->ring_len--;
    return p;
}

void link_forget(struct link *l, const void *arg)
{
    for (size_t i = 0; i < l->ring_len; i++) {
        struct link_pending *p = &l->ring[(l->ring_head + i) % l->ring_cap];

        if (p->arg == arg && (p->kind == LINK_RAW || p->kind == LINK_REPLY))
            p->kind = LINK_DROP;
    }
}

/* Hands one outcome to whoever waits for it; takes the reply. */
static void deliver(const struct link_pending *p, int error, redisReply *reply)
{
    bool taken = false;

    if (reply && reply->type == REDIS_REPLY_ERROR && !error)
        error = link_reply_error(reply->str);
    switch (p->kind) {
    case LINK_DROP:
        break;
    case LINK_REPLY:
        taken = error == 0;
        p->to.reply(p->arg, error, taken ? reply_out(reply) : NULL);
        break;
    case LINK_RAW:
        if (!error && reply->type != REDIS_REPLY_INTEGER)
            error = ERR_INTERNAL;
        p->to.number(p->arg, error, error ? 0 : reply->integer);
        break;
    case LINK_SYNC:
        p->to.wait->done = true;
        p->to.wait->error = error;
        taken = error == 0;
        p->to.wait->reply = taken ? reply : NULL;
        break;
    }
    if (!taken && reply)
        freeReplyObject(reply);
}

static int send_scratch(struct link *l, struct link_pending p);

/* ---- connecting ---- */

/* took_ms: how long the attempt that failed had kept its caller. */
static void back_off(struct link *l, int64_t took_ms)
{
    int64_t most = took_ms <= LINK_QUICK_MS ? LINK_BACKOFF_QUICK_MAX_MS : LINK_BACKOFF_MAX_MS;
    unsigned jitter = 0;

    if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) != sizeof(jitter))
        jitter = (unsigned)clock_mono_us();
    l->backoff_ms = l->backoff_ms ? l->backoff_ms * 2 : LINK_BACKOFF_FIRST_MS;
    if (l->backoff_ms > most)
        l->backoff_ms = most;
    l->took_ms = took_ms;
    l->failed_ms = clock_mono_ms();
    l->retry_ms = l->failed_ms + l->backoff_ms / 2 + (int64_t)(jitter % (unsigned)l->backoff_ms);
}

/* Ends the connection; everything outstanding gets the error, in order. */
static void disconnect(struct link *l, const char *why)
{
    size_t count = l->ring_len;

    if (!l->context)
        return;
    if (why)
        log_limited(LOG_LEVEL_WARN, "redis connection lost: %s", why);
    redisFree(l->context);
    l->context = NULL;
    l->broke = true;
    l->in_len = 0;
    l->loaded_count = 0;
    l->hold = l->held = false;
    buf_reset(&l->out);
    while (count--) {
        struct link_pending p = ring_pop(l);

        deliver(&p, ERR_STORE, NULL); /* refused or not: it may have had its effect */
    }
}

/* Takes the reply. */
static int greeted(redisReply *reply)
{
    int error = !reply                              ? ERR_STORE
                : reply->type == REDIS_REPLY_ERROR ? link_reply_error(reply->str)
                                                    : 0;

    if (reply)
        freeReplyObject(reply);
    return error ? ERR_STORE : 0;
}

/* AUTH and SELECT, by hiredis' own blocking calls: nothing is outstanding yet. */
static int greet(const struct conf *conf, redisContext *c)
{
    int error = 0;

    if (*conf->redis_password && *conf->redis_user)
        error = greeted(redisCommand(c, "AUTH %s %s", conf->redis_user, conf->redis_password));
    else if (*conf->redis_password)
        error = greeted(redisCommand(c, "AUTH %s", conf->redis_password));
    if (!error && conf->redis_database)
        error = greeted(redisCommand(c, "SELECT %lld", (long long)conf->redis_database));
    return error;
}

static int ask_role(redisContext *c)
{
    redisReply *reply = redisCommand(c, "ROLE");
    int error = !reply                                   ? ERR_STORE
                : link_reply_is_master(reply_out(reply)) ? 0
                                                          : ERR_STORE_READONLY;

    if (reply)
        freeReplyObject(reply);
    return error;
}

/* Which server? Returns 0 or ERR_STORE. */
static int find_server(struct link *l, struct sentinel_address *out)
{
    if (!sentinel_used(l->conf)) {
        snprintf(out->host, sizeof(out->host), "%s",
            *l->conf->redis_socket ? l->conf->redis_socket : l->conf->redis_host);
        out->port = *l->conf->redis_socket ? 0 : (int)l->conf->redis_port;
        return 0;
    }
    return sentinel_master(l->conf, l->conf->redis_timeout_ms, out) ? ERR_STORE : 0;
}

static int connect_once(struct link *l)
{
    const struct conf *conf = l->conf;
    struct timeval tv = {.tv_sec = conf->redis_timeout_ms / 1000,
        .tv_usec = conf->redis_timeout_ms % 1000 * 1000};
    redisContext *c;
    int error = find_server(l, &l->master);

    l->broke = false;
    if (error)
        return error;
    c = l->master.port ? redisConnectWithTimeout(l->master.host, l->master.port, tv)
                       : redisConnectUnixWithTimeout(l->master.host, tv);
    if (!c)
        return ERR_NOMEM;
    if (c->err || redisSetTimeout(c, tv) != REDIS_OK || fcntl(c->fd, F_SETFD, FD_CLOEXEC) < 0 ||
        greet(conf, c))
        error = ERR_STORE;
    if (!error)
        error = ask_role(c);
    if (error) {
        log_limited(LOG_LEVEL_WARN, "cannot use redis at %s port %d: %s", l->master.host,
            l->master.port,
            error == ERR_STORE_READONLY ? "it is not a master"
            : c->err                    ? c->errstr
                                        : "greeting refused");
        redisFree(c);
        return error;
    }
    l->role_ms = l->used_ms = clock_mono_ms();
    l->context = c;
    l->suspect = l->demoted = false;
    l->reader_idle = true;
    l->in_len = 0;
    l->generation++;
    return 0;
}

/* A Sentinel that has not heard of a failover yet names the old master: the next one is asked. */
static int connect_now(struct link *l)
{
    int64_t until_ms = clock_mono_ms() + l->conf->redis_timeout_ms;
    int error = connect_once(l);

    for (unsigned left = sentinel_known(l->conf); error == ERR_STORE_READONLY && left > 1; left--) {
        if (clock_mono_ms() >= until_ms)
            break;
        sentinel_next();
        error = connect_once(l);
    }
    return error;
}

/*
 * A connection that Redis has closed meanwhile is left before the next command, not with it. What
 * came before the end is read: replies that nobody has looked at yet may lie in front of it.
 */
static void leave_if_closed(struct link *l)
{
    struct pollfd p = {.fd = l->context->fd, .events = POLLIN | POLLRDHUP};

    if (poll(&p, 1, 0) <= 0)
        return;
    if (!l->ring_len)
        disconnect(l, "closed by redis");
    else if (p.revents & (POLLRDHUP | POLLHUP | POLLERR))
        while (!link_pump(l))
            continue;
}

/* The reply to the ROLE of check_role. */
static void on_role(void *arg, int error, struct link_reply *reply)
{
    struct link *l = arg;

    if (error || link_reply_is_master(reply)) {
        link_reply_free(reply);
        return;
    }
    link_reply_free(reply);
    l->refused = ERR_STORE_READONLY;
    disconnect(l, "it is no master any more");
}

/*
 * With Sentinels, every LINK_ROLE_EVERY_MS and after a while without use: the server is asked for
 * its role, in the pipeline, and a Sentinel whether it is still the one; what is under way gets
 * ERR_STORE if it is not. Without any answer it stays.
 */
static void check_role(struct link *l)
{
    struct link_arg role = {"ROLE", 4};
    struct sentinel_address now = {.port = 0};
    int64_t budget_ms, now_ms, idle_ms;

    if (!sentinel_used(l->conf))
        return;
    now_ms = clock_mono_ms();
    idle_ms = now_ms - l->used_ms;
    l->used_ms = now_ms;
    if (now_ms < l->role_ms + LINK_ROLE_EVERY_MS && idle_ms < LINK_ROLE_IDLE_MS)
        return;
    l->role_ms = now_ms;
    budget_ms = l->ring_len && !l->suspect ? SENTINEL_CHECK_MS : SENTINEL_CONNECT_MS;
    l->suspect = false;
    if (!sentinel_master(l->conf, budget_ms, &now) && !sentinel_same(&now, &l->master)) {
        disconnect(l, "another server is the master now");
        return;
    }
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', 1);
    resp_arg(&l->scratch, role.data, role.len);
    (void)send_scratch(l, (struct link_pending){.kind = LINK_REPLY, .to.reply = on_role, .arg = l});
}

void link_hurry(struct link *l)
{
    if (!l->context &&
        (l->took_ms <= LINK_QUICK_MS || clock_mono_ms() >= l->failed_ms + LINK_HURRY_MS))
        l->retry_ms = 0;
}

int link_ensure(struct link *l)
{
    int64_t began_ms;
    bool held = l->held;

    if (l->context && l->pumping)
        return 0;
    if (l->context)
        leave_if_closed(l);
    if (l->context)
        check_role(l);
    if (l->context)
        return 0;
    if (held) /* what was to go in front of the next command went with the connection */
        return ERR_STORE;
    began_ms = clock_mono_ms();
    if (began_ms < l->retry_ms)
        return l->refused ? l->refused : ERR_STORE;
    l->refused = connect_now(l);
    if (l->refused) {
        if (l->refused != ERR_STORE_READONLY)
            l->refused = ERR_STORE;
        back_off(l, clock_mono_ms() - began_ms);
        return l->refused;
    }
    l->backoff_ms = 0;
    l->retry_ms = 0;
    return 0;
}

unsigned link_generation(const struct link *l)
{
    return l->generation;
}

int link_fd(const struct link *l)
{
    return l->context ? l->context->fd : -1;
}

size_t link_outstanding(const struct link *l)
{
    return l->ring_len;
}

int link_new(struct link **out, const struct conf *conf)
{
    struct link *l = calloc(1, sizeof(*l));

    *out = NULL;
    if (!l)
        return ERR_NOMEM;
    l->in = malloc(LINK_READ_SIZE);
    if (!l->in) {
        free(l);
        return ERR_NOMEM;
    }
    l->conf = conf;
    *out = l;
    return 0;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    disconnect(l, NULL);
    buf_free(&l->out);
    buf_free(&l->scratch);
    free(l->ring);
    free(l->in);
    free(l);
}

/* ---- sending ---- */

void link_hold(struct link *l)
{
    l->hold = l->context != NULL;
}

static int flush_out(struct link *l)
{
    while (l->out.len) {
        ssize_t n = send(l->context->fd, l->out.data, l->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (n < 0) {
            disconnect(l, strerror(errno));
            return ERR_STORE;
        }
        l->progress_ms = clock_mono_ms();
        buf_consume(&l->out, (size_t)n);
    }
    if (l->out.cap > LINK_KEEP_MEMORY)
        buf_free(&l->out);
    return 0;
}

/* One command of two pieces. What the socket does not take now is kept for link_pump. */
static int send_pieces(struct link *l, const char *head, size_t head_len, const char *tail,
    size_t tail_len)
{
    struct iovec pieces[2] = {{(void *)(uintptr_t)head, head_len},
        {(void *)(uintptr_t)tail, tail_len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = tail_len ? 2 : 1};
    bool join = l->hold, flush = l->held && !l->hold;
    size_t sent = 0;
    ssize_t n;

    l->held = join;
    l->hold = false;
    if (!l->out.len && !join) {
        do
            n = sendmsg(l->context->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            disconnect(l, strerror(errno));
            return ERR_STORE;
        }
        sent = n > 0 ? (size_t)n : 0;
        if (sent == head_len + tail_len)
            return 0;
    }
    if (sent < head_len)
        buf_put(&l->out, head + sent, head_len - sent);
    sent = sent > head_len ? sent - head_len : 0;
    if (sent < tail_len)
        buf_put(&l->out, tail + sent, tail_len - sent);
    if (buf_error(&l->out)) {
        disconnect(l, "no memory for unsent commands");
        return ERR_NOMEM;
    }
    return flush ? flush_out(l) : 0;
}

/* The pending entry goes in first: when sending fails, disconnect tells it so. */
static int send_pending(struct link *l, struct link_pending p, const char *head, size_t head_len,
    const char *tail, size_t tail_len)
{
    int error = l->context ? ring_push(l, p) : ERR_STORE;

    if (error && !l->context && l->refused)
        error = l->refused;
    if (error)
        return error;
    send_pieces(l, head, head_len, tail, tail_len);
    return 0;
}

static void put_args(struct buf *b, const struct link_arg *args, size_t n)
{
    for (size_t i = 0; i < n; i++)
        resp_arg(b, args[i].data, args[i].len);
}

static void put_evalsha(struct buf *b, const struct link_script *script,
    const struct link_arg *keys, size_t nkeys, const struct link_arg *args, size_t nargs)
{
    char count[24];

    snprintf(count, sizeof(count), "%zu", nkeys);
    resp_count(b, '*', 3 + nkeys + nargs);
    resp_text(b, "EVALSHA");
    resp_text(b, script->sha1);
    resp_text(b, count);
    put_args(b, keys, nkeys);
    put_args(b, args, nargs);
}

static int send_scratch(struct link *l, struct link_pending p)
{
    int error = buf_error(&l->scratch);

    if (!error)
        error = send_pending(l, p, l->scratch.data, l->scratch.len, NULL, 0);
    if (l->scratch.cap > LINK_KEEP_MEMORY)
        buf_free(&l->scratch);
    return error;
}

int link_send(struct link *l, const struct link_arg *args, size_t nargs, link_reply_fn *on_reply,
    void *arg)
{
    int error = link_ensure(l);

    if (error)
        return error;
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', nargs);
    put_args(&l->scratch, args, nargs);
    return send_scratch(l, (struct link_pending){.kind = on_reply ? LINK_REPLY : LINK_DROP,
                               .to.reply = on_reply,
                               .arg = arg});
}

int link_load(struct link *l, const struct link_script *script, bool again)
{
    struct link_arg args[3] = {link_text("SCRIPT"), link_text("LOAD"), link_text(script->body)};
    int error = link_ensure(l);
    bool known = false;

    if (error)
        return error;
    for (size_t i = 0; i < l->loaded_count; i++)
        known = known || l->loaded[i] == script;
    if (known && !again)
        return 0;
    error = link_send(l, args, 3, NULL, NULL);
    if (!error && !l->context) /* lost while sending */
        error = ERR_STORE;
    if (!error && !known && l->loaded_count < LINK_SCRIPTS_MAX)
        l->loaded[l->loaded_count++] = script;
    return error;
}

int link_send_script(struct link *l, const struct link_script *script, const struct link_arg *keys,
    size_t nkeys, const struct link_arg *args, size_t nargs, link_reply_fn *on_reply, void *arg)
{
    int error = link_load(l, script, false);

    if (error)
        return error;
    buf_reset(&l->scratch);
    put_evalsha(&l->scratch, script, keys, nkeys, args, nargs);
    return send_scratch(l, (struct link_pending){.kind = on_reply ? LINK_REPLY : LINK_DROP,
                               .to.reply = on_reply,
                               .arg = arg});
}

int link_send_raw(struct link *l, const char *head, size_t head_len, const char *tail,
    size_t tail_len, link_int_fn *on_int, void *arg)
{
    return send_pending(l,
        (struct link_pending){.kind = LINK_RAW, .to.number = on_int, .arg = arg}, head, head_len,
        tail, tail_len);
}

/* ---- receiving ---- */

/* ":123\r\n" at the front of in, without the reader. Returns its length or 0. */
static size_t plain_integer(const char *in, size_t len, int64_t *value)
{
    size_t i = 1;
    int64_t v = 0;
    bool negative;

    if (len < 4 || in[0] != ':')
        return 0;
    negative = in[1] == '-';
    i += negative;
    if (i >= len || in[i] < '0' || in[i] > '9')
        return 0;
    for (; i < len && i < 18 && in[i] >= '0' && in[i] <= '9'; i++)
        v = v * 10 + (in[i] - '0');
    if (i + 1 >= len || in[i] != '\r' || in[i + 1] != '\n')
        return 0;
    *value = negative ? -v : v;
    return i + 2;
}

/* It cannot write any more. Perhaps another server is the master: it is asked for soon. */
static void suspect(struct link *l, const redisReply *error)
{
    int64_t soon = clock_mono_ms() - LINK_ROLE_EVERY_MS + LINK_ROLE_SOON_MS;

    if (l->suspect || !sentinel_used(l->conf) ||
        (strncmp(error->str, "NOREPLICAS", 10) != 0 && strncmp(error->str, "READONLY", 8) != 0))
        return;
    l->suspect = true;
    l->demoted = !strncmp(error->str, "READONLY", 8);
    if (soon < l->role_ms)
        l->role_ms = soon;
}

static void got_reply(struct link *l, redisReply *reply)
{
    struct link_pending p;

    if (!l->ring_len) { /* nobody asked: cannot happen without SUBSCRIBE or RESP3 */
        freeReplyObject(reply);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR && !strncmp(reply->str, "NOSCRIPT", 8))
        l->loaded_count = 0; /* somebody flushed them */
    if (reply->type == REDIS_REPLY_ERROR)
        suspect(l, reply);
    p = ring_pop(l);
    deliver(&p, 0, reply);
}

/* Feeds what is in l->in to the reader and delivers whole replies. */
static int read_replies(struct link *l)
{
    redisReader *reader = l->context->reader;
    unsigned generation = l->generation;

    if (redisReaderFeed(reader, l->in, l->in_len) != REDIS_OK) {
        disconnect(l, "no memory for a reply");
        return ERR_STORE;
    }
    l->in_len = 0;
    do {
        void *reply = NULL;

        if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
            disconnect(l, reader->errstr);
            return ERR_STORE;
        }
        if (!reply) {
            l->reader_idle = false;
            return 0;
        }
        l->reader_idle = reader->pos >= reader->len;
        got_reply(l, reply);
        if (!l->context || l->generation != generation)
            return ERR_STORE;
    } while (!l->reader_idle);
    return 0;
}

static int digest(struct link *l)
{
    size_t pos = 0;
    unsigned generation = l->generation;

    while (l->reader_idle && pos < l->in_len && l->ring_len &&
           l->ring[l->ring_head].kind == LINK_RAW) {
        int64_t value = 0;
        size_t n = plain_integer(l->in + pos, l->in_len - pos, &value);
        struct link_pending p;

        if (!n)
            break;
        pos += n;
        p = ring_pop(l);
        p.to.number(p.arg, 0, value);
        if (!l->context || l->generation != generation)
            return ERR_STORE;
    }
    memmove(l->in, l->in + pos, l->in_len - pos);
    l->in_len -= pos;
    return l->in_len ? read_replies(l) : 0;
}

static int pump(struct link *l)
{
    for (;;) {
        ssize_t n = recv(l->context->fd, l->in, LINK_READ_SIZE, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n <= 0) {
            disconnect(l, n ? strerror(errno) : "closed by redis");
            return ERR_STORE;
        }
        l->in_len = (size_t)n;
        l->progress_ms = clock_mono_ms();
        if (digest(l))
            return ERR_STORE;
        if (n < LINK_READ_SIZE)
            break;
    }
    if (flush_out(l))
        return ERR_STORE;
    if (l->ring_len && clock_mono_ms() - l->progress_ms > l->conf->redis_timeout_ms) {
        disconnect(l, "no reply in time");
        l->broke = false;
        return ERR_STORE;
    }
    return 0;
}

int link_pump(struct link *l)
{
    int error;

    if (!l->context)
        return ERR_STORE;
    if (l->pumping)
        return 0;
    l->pumping = true;
    error = pump(l);
    l->pumping = false;
    return error;
}

void link_eager(struct link *l, const atomic_int *running, int most)
{
    l->running = running;
    l->running_most = most;
}

void link_meanwhile(struct link *l, void (*fn)(void *arg), void *arg)
{
    l->meanwhile = fn;
    l->meanwhile_arg = arg;
}

/* Whether the reply came while we looked for it. Others that want the processor get it. */
static bool spin(struct link *l)
{
    struct pollfd p = {.fd = link_fd(l), .events = POLLIN};
    int64_t until;

    if (!l->running || atomic_load(l->running) > l->running_most || p.fd < 0 || l->out.len)
        return false;
    until = clock_mono_us() + LINK_SPIN_US;
    do {
        if (poll(&p, 1, 0) != 0)
            return true;
        sched_yield();
    } while (clock_mono_us() < until);
    return false;
}

int link_wait(struct link *l, int64_t until_ms)
{
    struct pollfd p = {.fd = link_fd(l), .events = (short)(POLLIN | (l->out.len ? POLLOUT : 0))};
    int64_t left = until_ms - clock_mono_ms();

    if (left > INT_MAX)
        left = INT_MAX;
    poll(&p, p.fd < 0 ? 0 : 1, left > 0 ? (int)left : 0);
    return 0;
}

/* ---- blocking calls ---- */

/* The timeout counts from the last byte that came: a long pipeline may take longer in all. */
static int wait_for(struct link *l, struct link_wait *w)
{
    while (!w->done && l->context) {
        if (!spin(l))
            link_wait(l, l->progress_ms + l->conf->redis_timeout_ms + 1);
        link_pump(l);
    }
    return w->done ? w->error : ERR_STORE;
}

/* Sends l->scratch and waits. */
static int call_scratch(struct link *l, struct link_reply **out)
{
    struct link_wait w = {.done = false};
    int error;

    if (l->pumping) { /* a callback of the pipeline must not wait for the pipeline */
        log_error("blocking redis call from within a reply's callback");
        return ERR_INTERNAL;
    }
    error = send_scratch(l, (struct link_pending){.kind = LINK_SYNC, .to.wait = &w});
    if (!error && l->meanwhile)
        l->meanwhile(l->meanwhile_arg);
    if (!error)
        error = wait_for(l, &w);
    if (error == ERR_STORE_READONLY && l->demoted && l->context) {
        disconnect(l, "it is a replica now"); /* it has done nothing of this */
        error = ERR_STORE;
    }
    if (out)
        *out = error ? NULL : reply_out(w.reply);
    else if (!error)
        freeReplyObject(w.reply);
    return error;
}

bool link_broke(const struct link *l)
{
    return l->broke;
}

/* One command, by args or, when there are none, whole as it goes out; once more when it broke. */
static int call(struct link *l, const struct link_arg *args, size_t nargs, const char *whole,
    size_t len, struct link_reply **out)
{
    bool held = l->held;
    int error;

    if (out)
        *out = NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        error = link_ensure(l);
        if (error)
            return error;
        buf_reset(&l->scratch);
        if (args) {
            resp_count(&l->scratch, '*', nargs);
            put_args(&l->scratch, args, nargs);
        } else {
            buf_put(&l->scratch, whole, len);
        }
        error = call_scratch(l, out);
        if (error != ERR_STORE || !l->broke || held)
            break;
    }
    return error == ERR_AGAIN ? ERR_INTERNAL : error;
}

int link_call(struct link *l, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    return call(l, args, nargs, NULL, 0, out);
}

int link_script_once(struct link *l, const struct link_script *script, const struct link_arg *keys,
    size_t nkeys, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    int error = ERR_AGAIN;

    if (out)
        *out = NULL;
    for (int attempt = 0; error == ERR_AGAIN && attempt < 3; attempt++) {
        error = attempt ? link_load(l, script, true) : link_ensure(l);
        if (error)
            return error;
        buf_reset(&l->scratch);
        put_evalsha(&l->scratch, script, keys, nkeys, args, nargs);
        error = call_scratch(l, out);
    }
    return error == ERR_AGAIN ? ERR_INTERNAL : error;
}

int link_script_call(struct link *l, const struct link_script *script, const struct link_arg *keys,
    size_t nkeys, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    bool held = l->held;
    int error = link_script_once(l, script, keys, nkeys, args, nargs, out);

    if (error == ERR_STORE && l->broke && !held)
        error = link_script_once(l, script, keys, nkeys, args, nargs, out);
    return error;
}

int link_command(struct link *l, struct link_reply **out, const char *format, ...)
{
    char *command = NULL;
    va_list ap;
    int len, error;

    if (out)
        *out = NULL;
    va_start(ap, format);
    len = redisvFormatCommand(&command, format, ap);
    va_end(ap);
    if (len < 0)
        return len == -1 ? ERR_NOMEM : ERR_INVALID;
    error = call(l, NULL, 0, command, (size_t)len, out);
    redisFreeCommand(command);
    return error;
}
