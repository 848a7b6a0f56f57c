#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fcgi-app/loop.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/gateway.h"
#include "fcgi-app/guard.h"
#include "fcgi-app/runner.h"
#include "tools/tools.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOP_IO_TIMEOUT_MS 10000
#define LOOP_IDLE_MS WORKER_IDLE_MS
#define LOOP_MEASURE_EVERY 16  /* requests between two looks */

struct loop {
    struct app app;
    enum routes_pool pool;
    struct gateway *gateway;
    struct request_source source;
    struct reactor_source signals;
    int signal_fd;
    int idle_fd; /* the listening socket and the reactor's own set */
    bool connection_waits;
    unsigned unmeasured;
    struct exchange exchange; /* the request under way */
    bool unsent;              /* its reply is made, but has not gone */
    int64_t began_us;         /* when it was accepted */
};

int loop_global_init(const struct conf *conf, char *why, size_t why_size)
{
    struct auth *auth = NULL;
    int result = auth_new(&auth, conf, why, why_size);
    char digest[IDENT_SHA256_SIZE];
    if (result == 0)
        auth_free(auth);
    ident_sha256_hex("", 0, digest); /* what workers need for that is theirs together */
    return result;
}

struct app *loop_app(struct loop *l)
{
    return &l->app;
}

/* While a turn runs: the same flags that worker_signals' handlers set. */
static void loop_on_signal(struct reactor_source *source, uint32_t events)
{
    struct loop *l = source->arg;
    struct signalfd_siginfo info;
    (void)events;
    while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
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

static int loop_open_store(struct loop *l)
{
    const struct conf *conf = l->app.conf;
    char machine[64] = "", owner[96];
    if (*conf->machine != '\0')
        snprintf(machine, sizeof(machine), "%.63s", conf->machine);
    else if (gethostname(machine, sizeof(machine) - 1) < 0)
        snprintf(machine, sizeof(machine), "unknown");
    snprintf(owner, sizeof(owner), "%.40s/%s/%d/%lld", machine,
        l->pool == ROUTES_TURN ? "turn" : "api", (int)getpid(), (long long)clock_real_ms());
    return store_open(&l->app.store, conf, l->app.reactor, owner);
}

static int loop_open(struct loop *l, struct worker *w)
{
    char why[256] = "";
    worker_signals(w);
    signal(SIGPIPE, SIG_IGN);
    int result = reactor_new(&l->app.reactor);
    if (result == 0)
        result = loop_open_signals(l);
    if (result == 0)
        result = loop_open_idle(l);
    if (result == 0)
        result = loop_open_store(l);
    if (result == 0)
        result = auth_new(&l->app.auth, w->conf, why, sizeof(why));
    if (result == 0)
        result = gateway_open(&l->gateway, w->listen_fd, LOOP_IO_TIMEOUT_MS);
    if (result < 0)
        log_error("cannot start: %s%s%s", err_text(result), *why != '\0' ? ": " : "", why);
    return result;
}

int loop_new(struct loop **out, struct worker *w, enum routes_pool pool)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return ERR_NOMEM;
    l->app.conf = w->conf;
    l->app.worker = w;
    l->pool = pool;
    l->signal_fd = -1;
    l->idle_fd = -1;
    int result = loop_open(l, w);
    if (result < 0) {
        loop_free(l);
        return result;
    }
    l->source = (struct request_source){
        .arg = l->gateway, .param = gateway_param, .body = gateway_body, .write = gateway_write};
    *out = l;
    return 0;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    gateway_close(l->gateway);
    auth_free(l->app.auth);
    if (l->app.store != NULL)
        store_close(l->app.store);
    if (l->app.reactor != NULL) {
        reactor_unwatch(l->app.reactor, &l->signals);
        reactor_free(l->app.reactor);
    }
    if (l->idle_fd >= 0)
        close(l->idle_fd);
    if (l->signal_fd >= 0)
        close(l->signal_fd);
    free(l);
}

static void loop_measure(struct loop *l)
{
    long long bytes = worker_memory();
    if (bytes >= 0)
        atomic_store(&l->app.worker->slot->memory_bytes, bytes);
    l->unmeasured = 0;
}

static void loop_log(const struct exchange *x, int64_t began_us, int sent)
{
    enum log_level level = strstr(x->request.path, "/health") != NULL ? LOG_LEVEL_DEBUG
                                                                      : LOG_LEVEL_INFO;
    log_write(level, "%s %s %d %lld us, user %s, request %s, trace %s%s", x->request.method,
        x->request.path, x->reply.status, (long long)(clock_mono_us() - began_us),
        x->who.user[0] != '\0' ? x->who.user : "-", x->request.id, x->request.trace.trace_id,
        sent < 0 ? ", the client had left" : "");
}

/*
 * Sends the reply unless it has gone; the client's connection is closed afterwards, whatever came
 * of it.
 */
static void loop_send(struct loop *l)
{
    struct exchange *x = &l->exchange;
    struct buf head;
    if (!l->unsent)
        return;
    l->unsent = false;
    buf_init(&head, 0);
    int sent = x->reply.streamed ? 0 : exchange_head(x, &head);
    if (x->reply.broken)
        gateway_break(l->gateway);
    else if (sent == 0)
        sent = gateway_finish(l->gateway, head.data, head.len, buf_text(&x->reply.body),
            x->request.head ? 0 : x->reply.body.len);
    else
        gateway_finish(l->gateway, NULL, 0, NULL, 0);
    buf_free(&head);
    if (x->reply.status >= 500)
        atomic_fetch_add_explicit(&l->app.worker->slot->errors, 1, memory_order_relaxed);
    loop_log(x, l->began_us, sent);
}

/* The turn behind the reply has asked the model: the client hears of it while that thinks. */
static void loop_on_under_way(void *arg)
{
    loop_send(arg);
}

/* The turn behind the reply, and the machine's count that it holds. */
static void loop_run_turns(struct loop *l, struct exchange *x)
{
    struct arena *arena = x->run_arena;
    x->run_arena = NULL;
    if (x->run != NULL)
        runner_run_all(&l->app, x->run, arena);
    else if (arena != NULL)
        arena_free(arena);
    if (x->holds_turn) {
        runner_name(&l->app, NULL, NULL, NULL);
        runner_give(&l->app);
    }
}

static void loop_answer(struct loop *l)
{
    struct exchange *x = &l->exchange;
    scoreboard_stage_set(l->app.seat, TURN_STAGE_REQUEST);
    l->app.turns_in_row = 0;
    link_hurry(l->app.store->link);
    if (exchange_init(x, &l->app, &l->source) < 0) {
        gateway_finish(l->gateway, NULL, 0, NULL, 0);
        return;
    }
    unsigned tools = tools_enter(l->app.conf);
    atomic_fetch_add_explicit(&l->app.worker->slot->requests, 1, memory_order_relaxed);
    int result = gateway_peer_gone(l->gateway) ? ERR_PEER_GONE : routes_answer(x, l->pool);
    if (result == ERR_PEER_GONE) {
        log_debug("the client left before its request was read");
        gateway_finish(l->gateway, NULL, 0, NULL, 0);
    } else {
        l->unsent = true;
    }
    /* A client that has its answer may come again at once: our place is free before that. */
    loop_run_turns(l, x);
    loop_send(l);
    exchange_fini(x);
    tools_leave(tools);
    guard_work(&l->app, NULL);
}

/* One request, from its seat. Until the seat is left its work is what this worker would die in. */
static void loop_exchange(struct loop *l)
{
    struct worker *w = l->app.worker;
    l->began_us = clock_mono_us();
    l->app.seat = scoreboard_seat_take(w->board, w->slot);
    if (!l->app.seat) {
        log_error("no seat is free for a request that was accepted");
        gateway_finish(l->gateway, NULL, 0, NULL, 0);
        return;
    }
    scoreboard_enter(w->board, w->slot, l->app.seat);
    loop_answer(l);
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
    enum scoreboard_pool pool = l->pool == ROUTES_TURN ? SCOREBOARD_TURN : SCOREBOARD_API;
    atomic_store_explicit(&l->app.worker->board->empty_ms[pool], when, memory_order_relaxed);
}

/*
 * A level-triggered listening socket must not wake a turn's reactor: it is watched only here. A
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
    int result;
    l->connection_waits = false;
    do {
        result = loop_wait_once(l, until);
    } while (result >= 0 && !l->connection_waits && !w->drain && !w->reopen &&
             clock_mono_ms() < until);
    return result == ERR_CANCELLED ? 0 : result;
}

static int loop_serve(struct loop *l)
{
    int64_t began = clock_mono_ms();
    int result = gateway_accept(l->gateway);
    if (result == ERR_AGAIN)
        loop_note_empty(l, began);
    if (result == 0)
        loop_exchange(l);
    return result == ERR_IO ? ERR_IO : 0;
}

int loop_run(struct loop *l)
{
    struct worker *w = l->app.worker;
    int result = 0;
    l->app.send_reply = loop_on_under_way;
    l->app.send_reply_arg = l;
    loop_measure(l);
    worker_beat(w);
    worker_ready(w);
    while (result >= 0 && !w->drain) {
        /* QUIT ends the turn that runs, not the next one. */
        w->abort_turn = 0;
        result = loop_wait(l);
        if (w->reopen) {
            w->reopen = 0;
            log_reopen();
        }
        if (result >= 0 && !l->connection_waits && l->unmeasured > 0)
            loop_measure(l);
        /*
         * Also when it is to leave, as nobody else was woken for this connection; and when it was
         * not woken, as the wake-up may have gone to a worker that is frozen.
         */
        if (result >= 0)
            result = loop_serve(l);
    }
    if (result < 0)
        log_error("the worker leaves: %s", err_text(result));
    return result < 0 ? 1 : 0;
}
