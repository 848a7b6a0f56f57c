/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fcgi-app/loop.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/serve.h"
#include "wire/fastcgi/gateway.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOP_IO_TIMEOUT_MS 10000
#define LOOP_IDLE_MS WORKER_IDLE_MS
#define LOOP_MEASURE_EVERY 16 /* requests between two looks */

struct loop {
    struct app app;
    struct gateway *gateway;
    struct request_source source;
    struct reactor_source signals;
    int signal_fd;
    int idle_fd; /* the listening socket and the reactor's own set */
    bool connection_waits;
    unsigned unmeasured;
    struct serving serving; /* the request under way */
};

struct app *loop_app(struct loop *l)
{
    return &l->app;
}

/* While a request is answered: the same flags that worker_signals' handlers set. */
static void loop_on_signal(struct reactor_source *source, uint32_t events)
{
    struct loop *l = source->arg;
    struct signalfd_siginfo info;
    (void)events;
    while (read(l->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM)
            l->app.worker->drain = 1;
        else if (info.ssi_signo == SIGQUIT)
            l->app.worker->abort_turn = 1;
        else if (info.ssi_signo == SIGUSR1)
            l->app.worker->reopen = 1;
    }
}

static int loop_open_signals(struct loop *l)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGUSR1);
    l->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (l->signal_fd < 0)
        return ERR_IO;
    return reactor_watch(l->app.reactor, &l->signals, l->signal_fd, EPOLLIN, loop_on_signal, l);
}

/*
 * The wait of an idle worker. The listening socket stays in this set for good: the kernel wakes the
 * first exclusive waiter in the order of registration, so the same few workers take what comes,
 * with warm connections. Registered anew after each request, it would go round all of them.
 */
static int loop_open_idle(struct loop *l)
{
    struct epoll_event listening = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = l};
    struct epoll_event reactor = {.events = EPOLLIN, .data.ptr = NULL};
    l->idle_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->idle_fd < 0 ||
        epoll_ctl(l->idle_fd, EPOLL_CTL_ADD, l->app.worker->listen_fd, &listening) < 0 ||
        epoll_ctl(l->idle_fd, EPOLL_CTL_ADD, reactor_fd(l->app.reactor), &reactor) < 0)
        return ERR_IO;
    return 0;
}

static int loop_open(struct loop *l, struct worker *w)
{
    int error = serve_open(&l->app, ROUTES_API);
    if (error == 0)
        error = loop_open_signals(l);
    if (error == 0)
        error = loop_open_idle(l);
    if (error == 0)
        error = gateway_open(&l->gateway, w->listen_fd, LOOP_IO_TIMEOUT_MS);
    if (error < 0)
        log_error("cannot start: %s", err_text(error));
    return error;
}

static bool loop_peer_gone(void *gateway)
{
    return gateway_peer_gone(gateway);
}

int loop_new(struct loop **out, struct worker *w)
{
    struct loop *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->app.conf = w->conf;
    l->app.worker = w;
    l->signal_fd = -1;
    l->idle_fd = -1;
    int error = loop_open(l, w);
    if (error < 0) {
        loop_free(l);
        return error;
    }
    l->source = (struct request_source){.arg = l->gateway,
        .param = gateway_param,
        .body = gateway_body,
        .write = gateway_write,
        .flush = gateway_flush,
        .gone = loop_peer_gone};
    *out = l;
    return 0;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    gateway_close(l->gateway);
    if (l->app.reactor)
        reactor_unwatch(l->app.reactor, &l->signals);
    serve_close(&l->app);
    if (l->idle_fd >= 0)
        close(l->idle_fd);
    if (l->signal_fd >= 0)
        close(l->signal_fd);
    free(l);
}

static void loop_measure(struct loop *l)
{
    serve_measure(&l->app);
    l->unmeasured = 0;
}

static int loop_peer_finish(void *gateway, const char *head, size_t head_len, const char *body,
    size_t body_len)
{
    return gateway_finish(gateway, head, head_len, body, body_len);
}

static void loop_peer_break(void *gateway)
{
    gateway_break(gateway);
}

static const struct serve_peer loop_peer = {loop_peer_gone, loop_peer_finish, loop_peer_break};

/* One request, from its seat. Until the seat is left its work is what this worker would die in. */
static void loop_exchange(struct loop *l)
{
    struct worker *w = l->app.worker;
    l->app.seat = scoreboard_seat_take(w->board, w->slot);
    if (!l->app.seat) {
        log_error("no seat is free for a request that was accepted");
        err_ignore(gateway_finish(l->gateway, NULL, 0, NULL, 0));
        return;
    }
    l->serving = (struct serving){.app = &l->app,
        .pool = ROUTES_API,
        .source = &l->source,
        .peer = &loop_peer,
        .began_us = clock_mono_us()};
    scoreboard_enter(w->board, w->slot, l->app.seat);
    serve_request(&l->serving);
    worker_beat(w); /* from here on it is judged as one that is idle */
    scoreboard_enter(w->board, w->slot, NULL);
    scoreboard_seat_give(w->board, w->slot, l->app.seat);
    l->app.seat = NULL;
    if (++l->unmeasured >= LOOP_MEASURE_EVERY)
        loop_measure(l);
}

/* No connection waited at this time, so none that comes has waited for longer. */
static void loop_note_empty(struct loop *l, int64_t when)
{
    atomic_store_explicit(&l->app.worker->board->empty_ms[SCOREBOARD_API], when,
        memory_order_relaxed);
}

/*
 * A level-triggered listening socket must not wake a tool's wait: it is watched only here. A
 * connection that came meanwhile makes it ready again at once.
 */
static int loop_wait_once(struct loop *l, int64_t until)
{
    struct epoll_event ready[2];
    int64_t now = clock_mono_ms(), left = reactor_next_due(l->app.reactor, until) - now;
    int timeout = left < 0 ? 0 : left > LOOP_IDLE_MS ? LOOP_IDLE_MS : (int)left;
    int count = epoll_pwait(l->idle_fd, ready, 2, 0, &l->app.worker->wait_mask);
    if (count == 0)
        loop_note_empty(l, now);
    if (count == 0 && timeout > 0)
        count = epoll_pwait(l->idle_fd, ready, 2, timeout, &l->app.worker->wait_mask);
    worker_beat(l->app.worker);
    if (count < 0)
        return errno == EINTR ? ERR_CANCELLED : ERR_IO;
    for (int i = 0; i < count; i++)
        l->connection_waits |= ready[i].data.ptr != NULL;
    return reactor_step(l->app.reactor, 0, NULL);
}

static int loop_wait(struct loop *l)
{
    struct worker *w = l->app.worker;
    int64_t until = clock_mono_ms() + LOOP_IDLE_MS;
    int error;
    l->connection_waits = false;
    do {
        error = loop_wait_once(l, until);
    } while (
        error >= 0 && !l->connection_waits && !w->drain && !w->reopen && clock_mono_ms() < until);
    return error == ERR_CANCELLED ? 0 : error;
}

static int loop_serve(struct loop *l)
{
    int64_t began = clock_mono_ms();
    int error = gateway_accept(l->gateway);
    if (error == ERR_NOT_YET)
        loop_note_empty(l, began);
    if (error == 0)
        loop_exchange(l);
    return error == ERR_IO ? ERR_IO : 0;
}

int loop_run(struct loop *l)
{
    struct worker *w = l->app.worker;
    int error = 0;
    loop_measure(l);
    worker_beat(w);
    worker_ready(w);
    while (error >= 0 && !w->drain) {
        /* QUIT ends the request that is answered, not the next one. */
        w->abort_turn = 0;
        error = loop_wait(l);
        if (w->reopen) {
            w->reopen = 0;
            log_reopen();
        }
        if (error >= 0 && !l->connection_waits && l->unmeasured > 0)
            loop_measure(l);
        /*
         * Also when it is to leave, as nobody else was woken for this connection; and when it was
         * not woken, as the wake-up may have gone to a worker that is frozen.
         */
        if (error >= 0)
            error = loop_serve(l);
    }
    if (error < 0)
        log_error("the worker leaves: %s", err_text(error));
    return error < 0 ? 1 : 0;
}
