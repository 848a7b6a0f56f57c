/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "workers/stream/stream_worker.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "process/fastcgi_pool.h"
#include "process/measure.h"
#include "workers/stream/stream_call.h"
#include "workers/stream/stream_deflate.h"
#include "workers/stream/stream_events.h"
#include "workers/stream/stream_guard.h"
#include "workers/stream/stream_handshake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 100
#define ACCEPT_BATCH 32
/* Descriptors beside the clients': refused ones, requests to the pools, Redis, log. */
#define DESCRIPTORS_ELSE 256
#define FULL_PAUSE_MS 50
#define FAILED_PAUSE_MS 200
#define REFUSALS_MAX 64 /* connections above stream.connections, each only to be refused */
#define READY_WITHOUT_REDIS_MS 1000
#define HUB_TICK_EVERY 5  /* ticks */
#define TASK_STACK 131072 /* of those that make connections to Redis */
#define DRAIN_EACH_MS 5   /* so that not all clients come back at once */

static void stream_worker_mark_ready(struct stream *s)
{
    if (!s->worker->slot || atomic_load(&s->worker->slot->ready))
        return;
    worker_ready(s->worker);
}

/* ---- accepting ---- */

static void stream_worker_on_accept(struct reactor_source *source, uint32_t events);
static void stream_worker_on_accept_again(struct reactor_timer *timer);

static void stream_worker_pause_accept(struct stream *s, int64_t ms)
{
    reactor_unwatch(s->reactor, &s->accept);
    reactor_timer_set(s->reactor, &s->accept_again, clock_mono_ms() + ms,
        stream_worker_on_accept_again, s);
}

static void stream_worker_watch_accept(struct stream *s)
{
    if (reactor_watch(s->reactor, &s->accept, s->worker->listen_fd, EPOLLIN,
            stream_worker_on_accept, s) < 0) {
        log_limited(LOG_LEVEL_ERROR, "the listening socket cannot be watched");
        stream_worker_pause_accept(s, FAILED_PAUSE_MS);
    }
}

static void stream_worker_on_accept_again(struct reactor_timer *timer)
{
    struct stream *s = timer->arg;

    s->waited_full = true;
    if (s->drain_from_ms == 0)
        stream_worker_watch_accept(s);
}

/*
 * A full worker leaves new connections to its siblings for a moment. What nobody took by then it
 * takes itself, to refuse it: left in the backlog, its client would wait without end.
 */
static bool stream_worker_may_accept(struct stream *s)
{
    int64_t over = (int64_t)s->connections - s->most;

    if (over < 0) {
        s->waited_full = false;
        return true;
    }
    if (s->waited_full && over < REFUSALS_MAX)
        return true;
    s->waited_full = false;
    stream_worker_pause_accept(s, FULL_PAUSE_MS);
    return false;
}

static void stream_worker_on_accept(struct reactor_source *source, uint32_t events)
{
    struct stream *s = source->arg;

    (void)events;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        int fd;
        if (!stream_worker_may_accept(s))
            return;
        fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
                log_limited(LOG_LEVEL_ERROR, "accept: %s", strerror(errno));
                stream_worker_pause_accept(s, FAILED_PAUSE_MS);
            }
            return;
        }
        if (stream_handshake_accept(s, fd) < 0) {
            close(fd);
            stream_worker_pause_accept(s, FAILED_PAUSE_MS);
            return;
        }
        if (s->worker->slot)
            atomic_fetch_add_explicit(&s->worker->slot->requests, 1, memory_order_relaxed);
    }
}

/* ---- time ---- */

static void stream_worker_start_drain(struct stream *s)
{
    if (s->drain_from_ms != 0)
        return;
    s->drain_from_ms = clock_mono_ms();
    s->drain_spread_ms = (int64_t)s->connections * DRAIN_EACH_MS;
    if (s->drain_spread_ms > s->conf->drain_ms * 9 / 10)
        s->drain_spread_ms = s->conf->drain_ms * 9 / 10;
    s->worker->drain = 1;
    fastcgi_pool_retire(s->turns);
    log_info("draining %zu connections", s->connections);
    reactor_unwatch(s->reactor, &s->accept);
    reactor_timer_clear(s->reactor, &s->accept_again);
    close(s->worker->listen_fd);
    s->worker->listen_fd = -1;
}

/* Each connection leaves at its own moment, within nine tenths of the drain time at most. */
static void stream_worker_drain_bucket(struct stream *s, struct stream_conn *first, int64_t now)
{
    int64_t spread = s->drain_spread_ms, passed = now - s->drain_from_ms;
    struct stream_conn *next;

    for (struct stream_conn *c = first; c; c = next) {
        int64_t at = (int64_t)((uint32_t)c->source.fd * 2654435761u % 1000u) * spread / 1000;
        next = c->next;
        if (passed >= at)
            stream_conn_drain(c);
    }
}

static void stream_worker_tick_bucket(struct stream *s, unsigned bucket, int64_t now)
{
    struct stream_conn *next;

    for (struct stream_conn *c = s->buckets[bucket]; c; c = next) {
        next = c->next;
        stream_conn_tick(c, now);
    }
}

static void stream_worker_on_tick(struct reactor_timer *timer)
{
    struct stream *s = timer->arg;
    int64_t now = clock_mono_ms(), next = timer->due_ms + TICK_MS;

    reactor_timer_set(s->reactor, timer, next > now ? next : now + TICK_MS, stream_worker_on_tick,
        s);
    worker_beat(s->worker);
    s->turn_of_bucket++;
    stream_worker_tick_bucket(s, s->turn_of_bucket % STREAM_BUCKETS, now);
    if (s->turn_of_bucket % HUB_TICK_EVERY == 0)
        hub_tick(s->hub, now);
    if (hub_is_up(s->hub) || now - s->started_ms >= READY_WITHOUT_REDIS_MS)
        stream_worker_mark_ready(s);
    if (s->worker->slot)
        atomic_store_explicit(&s->worker->slot->connections, (long long)s->connections,
            memory_order_relaxed);
    if (s->drain_from_ms == 0)
        return;
    for (unsigned i = 0; i < STREAM_BUCKETS; i++)
        stream_worker_drain_bucket(s, s->buckets[i], now);
    if (s->connections == 0 || now - s->drain_from_ms >= s->conf->drain_ms)
        s->over = true;
}

/* They have come within the wait; see worker.h. */
static void stream_worker_follow_signals(struct stream *s)
{
    struct worker *w = s->worker;

    if (w->reopen) {
        w->reopen = 0;
        log_reopen();
    }
    if (w->drain || w->abort_turn)
        stream_worker_start_drain(s);
    if (w->abort_turn)
        s->over = true;
}

/* ---- life ---- */

/* As many connections as the settings and the descriptors allow. */
static int64_t stream_worker_most_connections(const struct conf *conf)
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

static void stream_worker_raise_descriptor_limit(const struct conf *conf)
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

int stream_worker_open(struct stream **out, struct worker *w)
{
    struct stream *s = calloc(1, sizeof *s);
    const struct tasks_settings tasks = {.stack_bytes = TASK_STACK, .stacks_kept = 1};
    char why[CONF_WHY_SIZE] = "";
    int error;

    if (!s)
        return ERR_NOMEM;
    s->worker = w;
    s->conf = w->conf;
    stream_guard_open(w);
    s->most = stream_worker_most_connections(w->conf);
    s->started_ms = clock_mono_ms();
    buf_init(&s->scratch, 0);
    if ((size_t)snprintf(s->api_socket, sizeof s->api_socket, "%s/api.sock", w->conf->run_dir) >=
        sizeof s->api_socket)
        error = ERR_CONFIG;
    else if ((error = reactor_new(&s->reactor)) == 0)
        error = auth_new(&s->auth, w->conf, why, sizeof why);
    if (error == 0)
        auth_note_uses(s->auth, w->board ? &w->board->keyuse : NULL);
    if (error == 0)
        error = tasks_open(s->reactor, &tasks);
    if (error == 0)
        error = hub_new(&s->hub, w->conf, s->reactor, &stream_events_sink);
    if (error == 0)
        error = fastcgi_pool_new(&s->turns, s->reactor, w->turn_socket, w->board);
    if (error == 0)
        error = fastcgi_pool_new(&s->api, s->reactor, s->api_socket, NULL);
    if (error == 0 && w->conf->ws_deflate)
        error = stream_deflate_new(&s->deflate);
    if (error < 0) {
        log_error("stream worker cannot start: %s %s", err_text(error), why);
        stream_worker_close(s);
        return error;
    }
    *out = s;
    return 0;
}

void stream_worker_close(struct stream *s)
{
    for (unsigned i = 0; i < STREAM_BUCKETS; i++) {
        while (s->buckets[i])
            stream_conn_kill(s->buckets[i]);
    }
    if (s->reactor)
        stream_conn_end_round(s);
    stream_call_forget_stops(s);
    fastcgi_pool_free(s->turns);
    fastcgi_pool_free(s->api);
    tasks_close();
    hub_free(s->hub);
    auth_free(s->auth);
    buf_free(&s->scratch);
    stream_deflate_free(s->deflate);
    reactor_free(s->reactor);
    free(s);
}

static void stream_worker_start(struct stream *s)
{
    stream_worker_watch_accept(s);
    reactor_timer_set(s->reactor, &s->tick, clock_mono_ms() + TICK_MS, stream_worker_on_tick, s);
    worker_signals(s->worker);
    worker_beat(s->worker);
}

static int stream_worker_run(struct stream *s)
{
    const struct measure_labels of = {{"stream", NULL}};
    struct measure_row *lag = measure_row(MEASURE_LOOP_LAG, &of);
    int error = 0;

    while (!s->over && error != ERR_IO) {
        error = task_wait(s->reactor, INT64_MAX, &s->worker->wait_mask);
        measure_row_observe_us(lag, clock_mono_us() - reactor_woke_us(s->reactor));
        stream_worker_follow_signals(s);
    }
    if (error == ERR_IO)
        log_error("the stream worker cannot wait: %s", strerror(errno));
    log_info("stream worker ends with %zu connections left", s->connections);
    return error == ERR_IO ? 1 : 0;
}

int stream_worker_main(struct worker *w)
{
    struct stream *s;
    int status;

    stream_worker_raise_descriptor_limit(w->conf);
    if (stream_worker_open(&s, w) < 0)
        return 1;
    stream_worker_start(s);
    status = stream_worker_run(s);
    stream_worker_close(s);
    return status;
}
