#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "store/link.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "store/dial.h"
#include "store/link_reply.h"
#include "store/resp.h"
#include "store/sentinel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/epoll.h>
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
#define LINK_CHECK_EVERY_MS 2000 /* of an attached one: whether its server is still the master */
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
    struct task *task; /* that waits; NULL = the process does */
    bool done;
    bool broke;        /* the other side ended the connection under it */
    int error;
    struct link_reply *reply;
};

/* On the stack of a task that waits for a connection which another one makes. */
struct link_queued {
    struct task *task;
    struct link_queued *next;
};

struct link {
    const struct conf *conf;
    int fd;                 /* -1 = disconnected */
    struct link_reader *reader; /* of this connection */
    struct reactor *reactor; /* link_attach; NULL = every call waits by itself */
    struct reactor_source source;
    struct reactor_timer timeout, check;
    struct tasks_hook hook;
    bool connecting;        /* by a task, attached only ... */
    unsigned attempts;      /* ... counts them */
    bool checking;          /* a task asks the Sentinels */
    struct link_queued *queued;
    bool pumping;
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
    bool doubted;           /* it lacked its replicas: nothing is sent before a Sentinel names it ... */
    bool settling;          /* ... which a task asks for ... */
    int64_t doubt_ms;       /* ... not before this (monotonic) */
    bool broke;             /* the last connection was ended by the other side ... */
    bool silent;            /* ... but this one is left because nothing comes */
    bool demoted;           /* its server has become a replica, as the Sentinels told it */
    struct sentinel_address master; /* that this connection goes to, with Sentinels */
    int64_t progress_ms;    /* monotonic: last byte read, or first command sent after silence */
    struct buf out;         /* written but not yet taken by the socket */
    struct buf scratch;     /* commands are written here */
    char *in;               /* LINK_READ_SIZE */
    size_t in_len;          /* bytes of in that the reader has not got */
    struct link_pending *ring;
    size_t ring_cap, ring_head, ring_len;
    size_t calls;           /* that tasks wait for */
    uint64_t raw_sent;
    const struct link_script *loaded[LINK_SCRIPTS_MAX];
    size_t loaded_count;
};

/* ---- the queue of outstanding replies ---- */

static void expect_reply(struct link *l);

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
    if (!l->ring_len) {
        l->progress_ms = clock_mono_ms();
        expect_reply(l);
    }
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
static void deliver(const struct link *l, const struct link_pending *p, int error,
    struct link_reply *reply)
{
    bool taken = false;

    if (link_reply_type(reply) == LINK_ERROR && !error)
        error = link_reply_error(link_reply_text(reply, NULL));
    switch (p->kind) {
    case LINK_DROP:
        break;
    case LINK_REPLY:
        taken = error == 0;
        p->to.reply(p->arg, error, taken ? reply : NULL);
        break;
    case LINK_RAW:
        if (!error && link_reply_type(reply) != LINK_INT)
            error = ERR_INTERNAL;
        p->to.number(p->arg, error, error ? 0 : link_reply_int(reply));
        break;
    case LINK_SYNC:
        p->to.wait->done = true;
        p->to.wait->broke = error == ERR_STORE && l->broke;
        p->to.wait->error = error;
        taken = error == 0;
        p->to.wait->reply = taken ? reply : NULL;
        task_wake(p->to.wait->task);
        break;
    }
    if (!taken)
        link_reply_free(reply);
}

static int send_scratch(struct link *l, struct link_pending p);
static int read_now(struct link *l);
static void watch(struct link *l);

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

    if (l->fd < 0)
        return;
    if (why)
        log_limited(LOG_LEVEL_WARN, "redis connection lost: %s", why);
    if (l->reactor) {
        reactor_unwatch(l->reactor, &l->source);
        reactor_timer_clear(l->reactor, &l->timeout);
        reactor_timer_clear(l->reactor, &l->check);
    }
    close(l->fd);
    link_reader_free(l->reader);
    l->fd = -1;
    l->reader = NULL;
    l->broke = !l->silent;
    l->silent = false;
    l->in_len = 0;
    l->loaded_count = 0;
    l->hold = l->held = false;
    buf_reset(&l->out);
    while (count--) {
        struct link_pending p = ring_pop(l);

        deliver(l, &p, ERR_STORE, NULL); /* refused or not: it may have had its effect */
    }
}

/* Returns 0, ERR_STORE, ERR_STORE_READONLY, ERR_NOMEM. */
static int connect_now(struct link *l)
{
    struct link_reader *reader = link_reader_new();
    struct sentinel_address master = {.port = 0};
    int fd = -1; /* others look at l->fd meanwhile */
    int error = reader ? dial_redis(l->conf, &master, &fd) : ERR_NOMEM;

    l->broke = false;
    if (error) {
        link_reader_free(reader);
        return error;
    }
    l->reader = reader;
    l->master = master;
    l->fd = fd;
    l->role_ms = l->used_ms = clock_mono_ms();
    l->suspect = l->demoted = l->doubted = false;
    l->doubt_ms = 0;
    l->in_len = 0;
    l->generation++;
    watch(l);
    return l->fd >= 0 ? 0 : ERR_STORE;
}

/*
 * A connection that Redis has closed meanwhile is left before the next command, not with it. What
 * came before the end is read: replies that nobody has looked at yet may lie in front of it.
 */
static void leave_if_closed(struct link *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN | POLLRDHUP};

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

static void ask_role(struct link *l)
{
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', 1);
    resp_text(&l->scratch, "ROLE");
    (void)send_scratch(l, (struct link_pending){.kind = LINK_REPLY, .to.reply = on_role, .arg = l});
}

/* Without any answer it stays. */
static bool has_moved(struct link *l, int64_t budget_ms)
{
    struct sentinel_address now = {.port = 0};
    unsigned generation = l->generation;

    return !sentinel_master(l->conf, budget_ms, &now) && generation == l->generation &&
           l->fd >= 0 && !sentinel_same(&now, &l->master);
}

/*
 * It refused a write as one without its replicas: it may have been cut off together with this
 * worker, and another server be the master. When the network is whole again it may accept before it
 * hears of that (a late word of a replica is enough), so a Sentinel has to name it first.
 * Returns 0; ERR_STORE (left for another server); ERR_STORE_READONLY (nobody has said so yet).
 */
static int settle(struct link *l)
{
    struct sentinel_address now = {.port = 0};
    unsigned generation = l->generation;
    int error;

    if (l->settling || clock_mono_ms() < l->doubt_ms)
        return ERR_STORE_READONLY;
    l->settling = true;
    error = sentinel_master(l->conf, SENTINEL_CONNECT_MS, &now);
    l->settling = false;
    if (l->fd < 0 || l->generation != generation)
        return ERR_STORE;
    l->doubt_ms = clock_mono_ms() + LINK_ROLE_SOON_MS;
    if (error)
        return ERR_STORE_READONLY;
    if (!sentinel_same(&now, &l->master)) {
        disconnect(l, "another server is the master now");
        return ERR_STORE;
    }
    l->doubted = false;
    return 0;
}

static void settler(void *arg)
{
    (void)settle(arg);
}

/* As settle; the loop itself must not wait: a task asks, and who came comes again. */
static int settle_behind(struct link *l)
{
    if (!l->settling && clock_mono_ms() >= l->doubt_ms)
        (void)task_spawn(settler, l, -1, NULL);
    return ERR_STORE_READONLY;
}

/*
 * With Sentinels, every LINK_ROLE_EVERY_MS and after a while without use: the server is asked for
 * its role, in the pipeline, and a Sentinel whether it is still the one; what is under way gets
 * ERR_STORE if it is not. An attached one asks the Sentinels in a task of its own.
 */
static void check_role(struct link *l)
{
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
    if (!l->reactor && has_moved(l, budget_ms)) {
        disconnect(l, "another server is the master now");
        return;
    }
    ask_role(l);
}

void link_hurry(struct link *l)
{
    if (l->fd < 0 &&
        (l->took_ms <= LINK_QUICK_MS || clock_mono_ms() >= l->failed_ms + LINK_HURRY_MS))
        l->retry_ms = 0;
}

/* One attempt, unless the back-off forbids it. */
static int attempt(struct link *l)
{
    int64_t began_ms = clock_mono_ms();

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

/* One task makes the connection, the others wait for what comes of it. */
static int attempt_for_all(struct link *l)
{
    struct link_queued *q;
    int error;

    l->connecting = true;
    error = attempt(l);
    l->connecting = false;
    l->attempts++;
    for (q = l->queued; q; q = q->next)
        task_wake(q->task);
    l->queued = NULL;
    return error;
}

static int wait_for_connection(struct link *l)
{
    struct link_queued own = {task_self(), l->queued};
    unsigned attempt = l->attempts;

    l->queued = &own; /* cppcheck-suppress autoVariables ; attempt_for_all empties the list first */
    while (attempt == l->attempts)
        (void)task_wait(l->reactor, clock_mono_ms() + l->conf->redis_timeout_ms, NULL);
    return l->fd >= 0 ? 0 : l->refused ? l->refused : ERR_STORE;
}

static void connector(void *arg)
{
    (void)attempt_for_all(arg);
}

/* The loop itself must not wait: a task connects, and who asked comes again. */
static int connect_behind(struct link *l)
{
    if (!l->connecting && clock_mono_ms() >= l->retry_ms) {
        l->connecting = true;
        if (task_spawn(connector, l, -1, NULL))
            l->connecting = false;
    }
    return l->refused ? l->refused : ERR_STORE;
}

int link_ensure(struct link *l)
{
    bool held = l->held;
    int error = 0;

    if (l->fd >= 0 && l->pumping)
        return 0;
    if (l->fd >= 0 && !l->reactor)
        leave_if_closed(l);
    if (l->fd >= 0 && l->doubted)
        error = l->reactor && !task_self() ? settle_behind(l) : settle(l);
    if (error == ERR_STORE_READONLY)
        return error;
    if (l->fd >= 0)
        check_role(l);
    if (l->fd >= 0)
        return 0;
    if (held) /* what was to go in front of the next command went with the connection */
        return ERR_STORE;
    if (!l->reactor)
        return attempt(l);
    if (!task_self())
        return connect_behind(l);
    return l->connecting ? wait_for_connection(l) : attempt_for_all(l);
}

/* ---- attached to a loop ---- */

static void on_ready(struct reactor_source *source, uint32_t events)
{
    struct link *l = source->arg;

    if (events & EPOLLOUT)
        (void)link_flush(l);
    if (l->fd >= 0 && events & ~(uint32_t)EPOLLOUT)
        (void)read_now(l);
}

static void on_timeout(struct reactor_timer *timer)
{
    struct link *l = timer->arg;
    int64_t due = l->progress_ms + l->conf->redis_timeout_ms;

    if (!l->ring_len)
        return;
    if (clock_mono_ms() <= due) {
        reactor_timer_set(l->reactor, timer, due + 1, on_timeout, l);
        return;
    }
    l->silent = true;
    disconnect(l, "no reply in time");
}

/* The first reply after silence is waited for: it has its time. */
static void expect_reply(struct link *l)
{
    if (l->reactor && l->fd >= 0 && !l->timeout.set)
        reactor_timer_set(l->reactor, &l->timeout,
            l->progress_ms + l->conf->redis_timeout_ms + 1, on_timeout, l);
}

static void checker(void *arg)
{
    struct link *l = arg;

    if (has_moved(l, SENTINEL_CONNECT_MS))
        disconnect(l, "another server is the master now");
    l->checking = false;
}

static void on_check(struct reactor_timer *timer)
{
    struct link *l = timer->arg;

    reactor_timer_set(l->reactor, timer, clock_mono_ms() + LINK_CHECK_EVERY_MS, on_check, l);
    if (l->checking)
        return;
    l->checking = !task_spawn(checker, l, -1, NULL);
}

static void watch(struct link *l)
{
    if (!l->reactor)
        return;
    if (reactor_watch(l->reactor, &l->source, l->fd, EPOLLIN, on_ready, l))
        disconnect(l, "it cannot be watched");
    else if (sentinel_used(l->conf))
        reactor_timer_set(l->reactor, &l->check, clock_mono_ms() + LINK_CHECK_EVERY_MS, on_check,
            l);
}

static void on_pass(void *arg)
{
    (void)link_flush(arg);
}

void link_attach(struct link *l, struct reactor *reactor)
{
    l->reactor = reactor;
    l->hook = (struct tasks_hook){.fn = on_pass, .arg = l};
    tasks_hook_add(&l->hook);
}

unsigned link_generation(const struct link *l)
{
    return l->generation;
}

int link_fd(const struct link *l)
{
    return l->fd;
}

size_t link_calls(const struct link *l)
{
    return l->calls;
}

uint64_t link_raw_sent(const struct link *l)
{
    return l->raw_sent;
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
    l->fd = -1;
    *out = l;
    return 0;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    disconnect(l, NULL);
    if (l->reactor)
        tasks_hook_remove(&l->hook);
    buf_free(&l->out);
    buf_free(&l->scratch);
    free(l->ring);
    free(l->in);
    free(l);
}

/* ---- sending ---- */

void link_hold(struct link *l)
{
    l->hold = l->fd >= 0 && !l->reactor; /* attached, commands of one pass go together anyway */
}

static int flush_out(struct link *l)
{
    bool left_over = !l->reactor || l->source.events & EPOLLOUT;

    while (l->out.len) {
        ssize_t n = send(l->fd, l->out.data, l->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (l->reactor)
                (void)reactor_change(l->reactor, &l->source, EPOLLIN | EPOLLOUT);
            return 0;
        }
        if (n < 0) {
            disconnect(l, strerror(errno));
            return ERR_STORE;
        }
        if (left_over) /* what goes out for the first time says nothing about Redis */
            l->progress_ms = clock_mono_ms();
        buf_consume(&l->out, (size_t)n);
    }
    if (l->out.cap > LINK_KEEP_MEMORY)
        buf_free(&l->out);
    if (l->reactor && l->fd >= 0)
        (void)reactor_change(l->reactor, &l->source, EPOLLIN);
    return 0;
}

int link_flush(struct link *l)
{
    return l->fd >= 0 && l->out.len ? flush_out(l) : 0;
}

/* One command of two pieces. What the socket does not take now is kept for link_pump. */
static int send_pieces(struct link *l, const char *head, size_t head_len, const char *tail,
    size_t tail_len)
{
    struct iovec pieces[2] = {{(void *)(uintptr_t)head, head_len},
        {(void *)(uintptr_t)tail, tail_len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = tail_len ? 2 : 1};
    bool join = l->hold || l->reactor, flush = l->held && !l->hold;
    size_t sent = 0;
    ssize_t n;

    l->held = l->hold;
    l->hold = false;
    if (!l->out.len && !join) {
        do
            n = sendmsg(l->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
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
    int error = l->fd < 0 ? ERR_STORE : l->doubted ? ERR_STORE_READONLY : ring_push(l, p);

    if (error && l->fd < 0 && l->refused)
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
    if (!error && l->fd < 0) /* lost while sending */
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
    l->raw_sent++;
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
static void suspect(struct link *l, const char *error)
{
    int64_t soon = clock_mono_ms() - LINK_ROLE_EVERY_MS + LINK_ROLE_SOON_MS;
    bool demoted = !strncmp(error, "READONLY", 8);
    bool alone = !strncmp(error, "NOREPLICAS", 10);

    if (!sentinel_used(l->conf) || (!demoted && !alone))
        return;
    l->doubted = l->doubted || alone;
    if (l->suspect)
        return;
    l->suspect = true;
    l->demoted = demoted;
    if (soon < l->role_ms)
        l->role_ms = soon;
}

static void got_reply(struct link *l, struct link_reply *reply)
{
    bool refused = link_reply_type(reply) == LINK_ERROR;
    const char *why = link_reply_text(reply, NULL);
    struct link_pending p;

    if (!l->ring_len) { /* nobody asked: cannot happen without SUBSCRIBE or RESP3 */
        link_reply_free(reply);
        return;
    }
    if (refused && !strncmp(why, "NOSCRIPT", 8))
        l->loaded_count = 0; /* somebody flushed them */
    if (refused)
        suspect(l, why);
    p = ring_pop(l);
    deliver(l, &p, 0, reply);
}

/* Feeds what is in l->in to the reader and delivers whole replies. */
static int read_replies(struct link *l)
{
    struct link_reader *reader = l->reader;
    unsigned generation = l->generation;

    if (link_reader_feed(reader, l->in, l->in_len)) {
        disconnect(l, "no memory for a reply");
        return ERR_STORE;
    }
    l->in_len = 0;
    do {
        struct link_reply *reply = NULL;

        if (link_reader_next(reader, &reply)) {
            disconnect(l, "a reply cannot be read");
            return ERR_STORE;
        }
        if (!reply)
            return 0;
        got_reply(l, reply);
        if (l->fd < 0 || l->generation != generation)
            return ERR_STORE;
    } while (!link_reader_is_idle(reader));
    return 0;
}

static int digest(struct link *l)
{
    size_t pos = 0;
    unsigned generation = l->generation;

    while (pos < l->in_len && l->ring_len && link_reader_is_idle(l->reader) &&
           l->ring[l->ring_head].kind == LINK_RAW) {
        int64_t value = 0;
        size_t n = plain_integer(l->in + pos, l->in_len - pos, &value);
        struct link_pending p;

        if (!n)
            break;
        pos += n;
        p = ring_pop(l);
        p.to.number(p.arg, 0, value);
        if (l->fd < 0 || l->generation != generation)
            return ERR_STORE;
    }
    memmove(l->in, l->in + pos, l->in_len - pos);
    l->in_len -= pos;
    return l->in_len ? read_replies(l) : 0;
}

static int pump(struct link *l)
{
    for (;;) {
        ssize_t n = recv(l->fd, l->in, LINK_READ_SIZE, MSG_DONTWAIT);

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
    if (!l->reactor && flush_out(l))
        return ERR_STORE;
    if (l->ring_len && clock_mono_ms() - l->progress_ms > l->conf->redis_timeout_ms) {
        l->silent = true;
        disconnect(l, "no reply in time");
        return ERR_STORE;
    }
    return 0;
}

static int read_now(struct link *l)
{
    int error;

    if (l->fd < 0)
        return ERR_STORE;
    if (l->pumping)
        return 0;
    l->pumping = true;
    error = pump(l);
    l->pumping = false;
    return error;
}

int link_pump(struct link *l)
{
    if (!l->reactor)
        return read_now(l);
    return l->fd >= 0 ? 0 : ERR_STORE;
}

void link_meanwhile(struct link *l, void (*fn)(void *arg), void *arg)
{
    l->meanwhile = fn;
    l->meanwhile_arg = arg;
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
    l->calls += w->task != NULL;
    while (!w->done && w->task)
        (void)task_wait(l->reactor, clock_mono_ms() + l->conf->redis_timeout_ms, NULL);
    l->calls -= w->task != NULL;
    while (!w->done && l->fd >= 0) {
        (void)link_flush(l);
        link_wait(l, l->progress_ms + l->conf->redis_timeout_ms + 1);
        (void)read_now(l);
    }
    return w->done ? w->error : ERR_STORE;
}

/*
 * A callback of the pipeline must not wait for the pipeline; a callback of the loop must not wait at
 * all while tasks exist, as they would all stand still.
 */
static int may_wait(const struct link *l)
{
    const char *name = strchr(buf_text(&l->scratch), '$'); /* "*2\r\n$3\r\nGET\r\n..." */

    if (l->pumping) {
        log_error("blocking redis call from within a reply's callback");
        return ERR_INTERNAL;
    }
    if (!l->reactor || task_self() || !tasks_count())
        return 0;
    name = name ? strchr(name, '\n') : NULL;
    task_fault("a callback of the loop waits for redis (%.*s) while there are tasks",
        name ? (int)strcspn(name + 1, "\r") : 0, name ? name + 1 : "");
    return ERR_INTERNAL;
}

/* Sends l->scratch and waits. broke: out, whether the connection ended under it. */
static int call_scratch(struct link *l, struct link_reply **out, bool *broke)
{
    struct link_wait w = {.task = l->reactor ? task_self() : NULL};
    int error;

    *broke = false;
    if ((error = may_wait(l)))
        return error;
    error = send_scratch(l, (struct link_pending){.kind = LINK_SYNC, .to.wait = &w});
    if (!error && l->meanwhile)
        l->meanwhile(l->meanwhile_arg);
    if (!error)
        error = wait_for(l, &w);
    *broke = w.broke;
    if (error == ERR_STORE_READONLY && l->demoted && l->fd >= 0) {
        disconnect(l, "it is a replica now"); /* it has done nothing of this */
        *broke = true;
        error = ERR_STORE;
    }
    if (out)
        *out = error ? NULL : w.reply;
    else if (!error)
        link_reply_free(w.reply);
    return error;
}

/* One command, by args or, when there are none, whole as it goes out; once more when it broke. */
static int call(struct link *l, const struct link_arg *args, size_t nargs, const char *whole,
    size_t len, struct link_reply **out)
{
    bool held = l->held, broke = false;
    int error;

    if (out)
        *out = NULL;
    for (int tries = 0; tries < 2; tries++) {
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
        error = call_scratch(l, out, &broke);
        if (error != ERR_STORE || !broke || held)
            break;
    }
    return error == ERR_AGAIN ? ERR_INTERNAL : error;
}

int link_call(struct link *l, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    return call(l, args, nargs, NULL, 0, out);
}

int link_script_once(struct link *l, const struct link_script *script, const struct link_arg *keys,
    size_t nkeys, const struct link_arg *args, size_t nargs, struct link_reply **out, bool *broke)
{
    bool ignored;
    int error = ERR_AGAIN;

    broke = broke ? broke : &ignored;
    *broke = false;
    if (out)
        *out = NULL;
    for (int tries = 0; error == ERR_AGAIN && tries < 3; tries++) {
        error = tries ? link_load(l, script, true) : link_ensure(l);
        if (error)
            return error;
        buf_reset(&l->scratch);
        put_evalsha(&l->scratch, script, keys, nkeys, args, nargs);
        error = call_scratch(l, out, broke);
    }
    return error == ERR_AGAIN ? ERR_INTERNAL : error;
}

int link_script_call(struct link *l, const struct link_script *script, const struct link_arg *keys,
    size_t nkeys, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    bool held = l->held, broke;
    int error = link_script_once(l, script, keys, nkeys, args, nargs, out, &broke);

    if (error == ERR_STORE && broke && !held)
        error = link_script_once(l, script, keys, nkeys, args, nargs, out, &broke);
    return error;
}

int link_command(struct link *l, struct link_reply **out, const char *format, ...)
{
    struct buf command = {0};
    va_list ap;
    int error;

    if (out)
        *out = NULL;
    va_start(ap, format);
    error = link_reply_command(&command, format, ap);
    va_end(ap);
    if (!error)
        error = call(l, NULL, 0, command.data, command.len, out);
    buf_free(&command);
    return error;
}
