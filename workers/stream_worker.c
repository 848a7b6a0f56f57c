#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "workers/stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_SECONDS 0.1
#define ACCEPT_BATCH 32
/* Descriptors beside the clients': refused ones, requests to the pools, Redis, log. */
#define DESCRIPTORS_ELSE 256
#define FULL_PAUSE_SECONDS 0.05
#define REFUSALS_MAX 64 /* connections above stream.connections, each only to be refused */
#define READY_WITHOUT_REDIS_MS 1000
#define HUB_TICK_EVERY 5 /* ticks */
#define DRAIN_EACH_MS 5  /* so that not all clients come back at once */

static void mark_ready(struct stream *s)
{
    if (!s->worker->slot || atomic_load(&s->worker->slot->ready))
        return;
    worker_ready(s->worker);
}

static void on_redis_ready(void *arg)
{
    mark_ready(arg);
}

/* ---- accepting ---- */

static void pause_accept(struct stream *s, double seconds)
{
    ev_io_stop(s->loop, &s->accept);
    ev_timer_stop(s->loop, &s->accept_again);
    ev_timer_set(&s->accept_again, seconds, 0);
    ev_timer_start(s->loop, &s->accept_again);
}

static void on_accept_again(struct ev_loop *loop, ev_timer *timer, int revents)
{
    struct stream *s = timer->data;

    (void)revents;
    s->waited_full = true;
    if (s->drain_from_ms == 0)
        ev_io_start(loop, &s->accept);
}

/*
 * A full worker leaves new connections to its siblings for a moment. What nobody took by then it
 * takes itself, to refuse it: left in the backlog, its client would wait without end.
 */
static bool may_accept(struct stream *s)
{
    int64_t over = (int64_t)s->connections - s->most;

    if (over < 0) {
        s->waited_full = false;
        return true;
    }
    if (s->waited_full && over < REFUSALS_MAX)
        return true;
    s->waited_full = false;
    pause_accept(s, FULL_PAUSE_SECONDS);
    return false;
}

static void on_accept(struct ev_loop *loop, ev_io *io, int revents)
{
    struct stream *s = io->data;

    (void)loop;
    (void)revents;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        int fd;
        if (!may_accept(s))
            return;
        fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
                log_limited(LOG_LEVEL_ERROR, "accept: %s", strerror(errno));
                pause_accept(s, 0.2);
            }
            return;
        }
        if (stream_conn_new(s, fd) < 0) {
            close(fd);
            pause_accept(s, 0.2);
            return;
        }
        if (s->worker->slot)
            atomic_fetch_add_explicit(&s->worker->slot->requests, 1, memory_order_relaxed);
    }
}

/* ---- time ---- */

static void start_drain(struct stream *s)
{
    if (s->drain_from_ms != 0)
        return;
    s->drain_from_ms = clock_mono_ms();
    s->drain_spread_ms = (int64_t)s->connections * DRAIN_EACH_MS;
    if (s->drain_spread_ms > s->conf->drain_ms * 9 / 10)
        s->drain_spread_ms = s->conf->drain_ms * 9 / 10;
    s->worker->drain = 1;
    log_info("draining %zu connections", s->connections);
    ev_io_stop(s->loop, &s->accept);
    ev_timer_stop(s->loop, &s->accept_again);
    close(s->worker->listen_fd);
    s->worker->listen_fd = -1;
}

/* Each connection leaves at its own moment, within nine tenths of the drain time at most. */
static void drain_bucket(struct stream *s, struct stream_conn *first, int64_t now)
{
    int64_t spread = s->drain_spread_ms, passed = now - s->drain_from_ms;
    struct stream_conn *next;

    for (struct stream_conn *c = first; c; c = next) {
        int64_t at = (int64_t)((uint32_t)c->io.fd * 2654435761u % 1000u) * spread / 1000;
        next = c->next;
        if (!c->draining && passed >= at) {
            c->draining = true;
            stream_conn_drain(c);
        }
    }
}

static void tick_bucket(struct stream *s, unsigned bucket, int64_t now)
{
    struct stream_conn *next;

    for (struct stream_conn *c = s->buckets[bucket]; c; c = next) {
        next = c->next;
        stream_conn_tick(c, now);
    }
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
    struct stream *s = timer->data;
    int64_t now = clock_mono_ms();

    (void)revents;
    worker_beat(s->worker);
    s->turn_of_bucket++;
    tick_bucket(s, s->turn_of_bucket % STREAM_BUCKETS, now);
    if (s->turn_of_bucket % HUB_TICK_EVERY == 0)
        hub_tick(s->hub, now);
    if (now - s->started_ms >= READY_WITHOUT_REDIS_MS)
        mark_ready(s);
    if (s->worker->slot)
        atomic_store_explicit(
            &s->worker->slot->connections, (long long)s->connections, memory_order_relaxed);
    if (s->drain_from_ms == 0)
        return;
    for (unsigned i = 0; i < STREAM_BUCKETS; i++)
        drain_bucket(s, s->buckets[i], now);
    if (s->connections == 0 || now - s->drain_from_ms >= s->conf->drain_ms)
        ev_break(loop, EVBREAK_ALL);
}

void stream_reap(struct stream *s)
{
    while (s->dead) {
        struct stream_conn *c = s->dead;
        s->dead = c->next;
        stream_conn_free(c);
    }
}

static void on_reap(struct ev_loop *loop, ev_prepare *prepare, int revents)
{
    (void)loop;
    (void)revents;
    stream_reap(prepare->data);
}

/* ---- signals: safe here, libev hands them over between events ---- */

static void on_signal(struct ev_loop *loop, ev_signal *signal, int revents)
{
    struct stream *s = signal->data;

    (void)revents;
    if (signal->signum == SIGUSR1) {
        log_reopen();
        return;
    }
    start_drain(s);
    if (signal->signum == SIGQUIT)
        ev_break(loop, EVBREAK_ALL);
}

static void watch_signal(struct stream *s, ev_signal *watcher, int number)
{
    ev_signal_init(watcher, on_signal, number);
    watcher->data = s;
    ev_signal_start(s->loop, watcher);
}

static void open_signals(struct stream *s)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    watch_signal(s, &s->on_term, SIGTERM);
    watch_signal(s, &s->on_quit, SIGQUIT);
    watch_signal(s, &s->on_usr1, SIGUSR1);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- life ---- */

/* As many connections as the settings and the descriptors allow. */
static int64_t most_connections(const struct conf *conf)
{
    struct rlimit limit;
    int64_t most;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return conf->stream_max;
    most = (int64_t)limit.rlim_cur - DESCRIPTORS_ELSE;
    if (most < 1)
        most = 1;
    return most < conf->stream_max ? most : conf->stream_max;
}

static void raise_descriptor_limit(const struct conf *conf)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < (rlim_t)conf->stream_max + DESCRIPTORS_ELSE)
        log_warn("only %llu descriptors, stream.connections is %lld: raise LimitNOFILE",
            (unsigned long long)limit.rlim_cur, (long long)conf->stream_max);
}

int stream_open(struct stream **out, struct worker *w)
{
    struct stream *s = calloc(1, sizeof(*s));
    struct hub_sink sink = {stream_events_sink, stream_events_located, stream_events_ended,
        stream_events_takes_snapshots, stream_events_is_drained, stream_events_inbox,
        on_redis_ready, s};
    char why[CONF_WHY_SIZE] = "";
    int rc = ERR_IO;

    if (!s)
        return ERR_NOMEM;
    s->worker = w;
    s->conf = w->conf;
    s->most = most_connections(w->conf);
    s->started_ms = clock_mono_ms();
    buf_init(&s->scratch, 0);
    if ((size_t)snprintf(s->api_socket, sizeof(s->api_socket), "%s/api.sock", w->conf->run_dir) >=
        sizeof(s->api_socket))
        rc = ERR_CONFIG;
    else if ((s->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV)) != NULL)
        rc = auth_new(&s->auth, w->conf, why, sizeof(why));
    if (rc == 0)
        rc = hub_new(&s->hub, w->conf, s->loop, &sink);
    if (rc < 0) {
        log_error("stream worker cannot start: %s %s", err_text(rc), why);
        stream_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

void stream_close(struct stream *s)
{
    for (unsigned i = 0; i < STREAM_BUCKETS; i++) {
        while (s->buckets[i])
            stream_conn_kill(s->buckets[i]);
    }
    stream_reap(s);
    hub_free(s->hub);
    auth_free(s->auth);
    buf_free(&s->scratch);
    if (s->loop)
        ev_loop_destroy(s->loop);
    free(s);
}

static void start(struct stream *s)
{
    ev_io_init(&s->accept, on_accept, s->worker->listen_fd, EV_READ);
    ev_timer_init(&s->tick, on_tick, TICK_SECONDS, TICK_SECONDS);
    ev_init(&s->accept_again, on_accept_again);
    ev_prepare_init(&s->reaper, on_reap);
    s->accept.data = s->tick.data = s->accept_again.data = s->reaper.data = s;
    ev_io_start(s->loop, &s->accept);
    ev_timer_start(s->loop, &s->tick);
    ev_prepare_start(s->loop, &s->reaper);
    open_signals(s);
    worker_beat(s->worker);
}

int stream_worker_main(struct worker *w)
{
    struct stream *s;

    raise_descriptor_limit(w->conf);
    if (stream_open(&s, w) < 0)
        return 1;
    start(s);
    ev_run(s->loop, 0);
    log_info("stream worker ends with %zu connections left", s->connections);
    stream_close(s);
    return 0;
}
