/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
/*
 * tool_process -- runs tools that compute for long, or in a library that may crash: one call at a
 * time, asked for by turn workers (tools/remote/tool_call.h). It may stand still, and it may die:
 * nobody waits for it but the turn whose tool it runs.
 *
 * Two signals end the process in the middle of a call, whatever its code does just then: SIGALRM
 * when the call has taken longer than tool.process_ms, and SIGIO when nobody waits for it any more
 * (a stop, the end of the turn, the death of its worker). That is no worse than kill -9: a tool
 * writes in one script, with its mark. The supervisor forks the next one at once.
 */
#include "workers/tool/tool_process_parts.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/reactor.h"
#include "process/fault.h"
#include "process/stage.h"
#include "process/trace.h"
#include "process/worker.h"
#include "store/again.h"
#include "store/store.h"
#include "tools/engine/tools.h"
#include "tools/remote/tool_words.h"
#include "tools/voice/voice_words.h"
#include "wire/fastcgi/inbound.h"
#include "wire/http/http.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BEAT_MS 1000
#define IO_TIMEOUT_MS 2000 /* of a peer that connects and asks nothing, or takes no reply */
#define REPLY_HEAD WORKER_SLOT_HEADER ": %u\r\nContent-Type: application/json\r\n\r\n"

/* ---- what ends it in a call ---- */

static volatile sig_atomic_t process_peer_fd = -1; /* who waits for the call; -1 = no call */
static struct buf process_late; /* what the peer is told when the time is over; made once */

/* Clean: nothing has failed, and no work is to blame. */
static void tool_process_on_io(int number)
{
    struct pollfd peer = {.fd = process_peer_fd, .events = POLLRDHUP};
    int error = errno;

    (void)number;
    if (peer.fd >= 0 && poll(&peer, 1, 0) > 0)
        _exit(0);
    errno = error;
}

void tool_process_listen_for_end(int fd)
{
    int old = process_peer_fd;

    process_peer_fd = fd;
    if (fd < 0) {
        (void)fcntl(old, F_SETFL, fcntl(old, F_GETFL) & ~O_ASYNC);
        return;
    }
    (void)fcntl(fd, F_SETOWN, getpid());
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
    tool_process_on_io(SIGIO); /* it may have gone before that */
}

/* As in trace.c not all that it calls is safe in a handler; if it hangs, the next alarm ends it. */
static void tool_process_on_alarm(int number)
{
    alarm(1);
    (void)send(process_peer_fd, process_late.data, process_late.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    log_error("the call took longer than tool.process_ms, and its process ends");
    trace_here();
    raise(number); /* by its default action, as soon as this returns */
}

static void tool_process_signals(void)
{
    struct sigaction late = {.sa_handler = tool_process_on_alarm,
        .sa_flags = SA_RESETHAND | SA_NODEFER};
    struct sigaction left = {.sa_handler = tool_process_on_io, .sa_flags = SA_RESTART};

    sigemptyset(&late.sa_mask);
    sigemptyset(&left.sa_mask);
    sigaction(SIGALRM, &late, NULL);
    sigaction(SIGIO, &left, NULL);
}

void tool_process_limit(int64_t ms)
{
    struct itimerval time = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

    setitimer(ITIMER_REAL, &time, NULL);
}

/* ---- one call ---- */

static int tool_process_step(struct tool_process *p, int64_t until_ms)
{
    int error = reactor_step(p->reactor, until_ms, &p->worker->wait_mask);

    worker_beat(p->worker);
    if (p->worker->reopen) {
        p->worker->reopen = 0;
        log_reopen();
    }
    return error < 0 && error != ERR_CANCELLED ? error : 0;
}

/* The request, before anything that the model wrote is looked at. Returns 0 or a fault. */
static int tool_process_read(struct process_call *c)
{
    struct tool_process *p = c->process;
    int error = p->http ? 0 : http_new(&p->http, p->reactor);

    c->context = (struct tools_context){.conf = p->conf,
        .store = p->store,
        .http = p->http,
        .reactor = p->reactor,
        .is_apart = true};
    c->run.arena = c->arena;
    if (!error)
        error = tool_words_read(inbound_param, p->peer, tools_find, c->arena, &c->context, &c->run);
    if (!error)
        error = inbound_body(p->peer, &c->args, TOOL_WORDS_ARGS_MAX);
    return error;
}

/* Says what it works on. Returns 0 to go on; 1: processes died in such calls, the result is set. */
static int tool_process_name(struct process_call *c)
{
    struct worker *w = c->process->worker;
    struct blame_work work = {.tool = true};
    struct buf same = {0};
    int64_t left;

    snprintf(work.uid, sizeof work.uid, "%s", c->context.uid);
    snprintf(work.route, sizeof work.route, "tool %s", c->run.spec->name);
    buf_printf(&same, "%s\n", c->run.spec->name);
    buf_put(&same, c->args.data, c->args.len);
    ident_sha256_hex(buf_text(&same), same.len, work.digest);
    buf_free(&same);
    snprintf(c->log_context, sizeof c->log_context, "tool=%s user=%.64s call=%.100s",
        c->run.spec->name, c->context.uid, c->run.call_id ? c->run.call_id : "-");
    log_context_set(c->log_context);
    scoreboard_work_set(c->seat, &work);
    scoreboard_stage_set(c->seat, STAGE_TOOL);
    scoreboard_tool_set(c->seat, c->run.spec->name);
    left = blame_left(&w->board->blame, &work, clock_mono_ms(), NULL);
    if (left <= 0)
        return 0;
    return run_fail(&c->run, "tool_crashed",
               "Processes died in such calls: they are refused for "
               "%" PRId64 " more seconds. %s",
               (left + 999) / 1000,
               c->run.spec->effect == TOOLS_READ ?
                   "Nothing was done." :
                   "This attempt has done nothing; whether an earlier one had an effect is not known.") ?
        ERR_NOMEM :
        1;
}

/* Waits for what the tool has asked outside. */
static int tool_process_await(struct process_call *c)
{
    struct tool_process *p = c->process;
    int error = 0;

    while (!c->run.done && !error) {
        error = p->worker->abort_turn ? ERR_DRAINING : 0;
        if (!error)
            error = tool_process_step(p, clock_mono_ms() + BEAT_MS);
        if (!error)
            tools_go_on(&c->run);
    }
    return error ? error : c->run.error;
}

static int tool_process_pause(void *arg, int64_t until_ms)
{
    (void)tool_process_step(arg, until_ms);
    return 0;
}

/* Redis away: a repeated call finds its mark. Half of its time is for that. */
static int tool_process_patiently(struct process_call *c)
{
    struct tool_process *p = c->process;
    int64_t until = c->began_ms + p->conf->tool_process_ms / 2;

    for (;;) {
        int error = tools_start(&c->run, buf_text(&c->args), c->args.len);

        if (error == ERR_PENDING)
            error = tool_process_await(c);
        if (error != ERR_STORE || p->worker->abort_turn || clock_mono_ms() >= until)
            return error;
        tools_fini(&c->run);
        if (!again_store(&error, tool_process_pause, p))
            return error;
    }
}

static int tool_process_run(struct process_call *c)
{
    const struct conf *conf = c->process->conf;
    int error;

    worker_beat(c->process->worker); /* from here on it is judged by the deadline */
    c->began_ms = clock_mono_ms();
    atomic_store(&c->seat->turn_deadline_ms, c->began_ms + conf->tool_process_ms);
    tool_process_listen_for_end(inbound_fd(c->process->peer));
    tool_process_limit(conf->tool_process_ms);
    error = tool_process_name(c);
    if (!error) {
        fault_in_tool(conf, buf_text(&c->args));
        error = tool_process_patiently(c);
    }
    tool_process_limit(0);
    tool_process_listen_for_end(-1);
    worker_beat(c->process->worker);
    atomic_store(&c->seat->turn_deadline_ms, 0);
    return error == 1 ? 0 : error;
}

int tool_process_begin(struct process_call *c)
{
    char head[128];
    int len = snprintf(head, sizeof head, REPLY_HEAD, c->process->worker->slot_index);

    if (inbound_peer_gone(c->process->peer))
        return ERR_PEER_GONE;
    return inbound_write(c->process->peer, head, (size_t)len);
}

void tool_process_hang_up(struct tool_process *p)
{
    inbound_free(p->peer);
    p->peer = NULL;
}

static void tool_process_answer(struct process_call *c, int error)
{
    struct buf body = {0};

    log_info("%" PRId64 " ms, %s", clock_mono_ms() - c->began_ms, err_text(error));
    scoreboard_work_set(c->seat, NULL); /* the user's next call may come with this answer */
    if (error == ERR_DRAINING || tool_words_answer(&body, &c->run, error))
        tool_process_hang_up(c->process); /* the call is made again elsewhere */
    else
        err_ignore(inbound_finish(c->process->peer, NULL, 0, body.data, body.len));
    buf_free(&body);
}

static void tool_process_call(struct process_call *c)
{
    struct scoreboard_slot *slot = c->process->worker->slot;
    int error = tool_process_read(c);

    if (error == ERR_PROTOCOL || error == ERR_NOT_FOUND)
        log_limited(LOG_LEVEL_WARN, "a request of nobody that tool processes serve: %s",
            err_text(error));
    if (!error)
        error = tool_process_begin(c);
    if (error) {
        tool_process_hang_up(c->process);
        return;
    }
    error = tool_process_run(c);
    if (error)
        atomic_fetch_add_explicit(&slot->errors, 1, memory_order_relaxed);
    tool_process_answer(c, error);
}

static void tool_process_serve(struct tool_process *p)
{
    struct worker *w = p->worker;
    struct process_call c = {.process = p,
        .arena = arena_new(),
        .seat = scoreboard_seat_take(w->board, w->slot)};

    p->asked = false;
    atomic_fetch_add_explicit(&w->slot->requests, 1, memory_order_relaxed);
    if (c.arena && c.seat) {
        scoreboard_enter(w->board, w->slot, c.seat);
        if (voice_words_is(inbound_param, p->peer))
            tool_process_speech(&c);
        else
            tool_process_call(&c);
        scoreboard_enter(w->board, w->slot, NULL);
    } else {
        inbound_overloaded(p->peer);
    }
    tools_fini(&c.run);
    buf_free(&c.args);
    log_context_set(NULL);
    if (c.seat)
        scoreboard_seat_give(w->board, w->slot, c.seat);
    if (c.arena)
        arena_free(c.arena);
}

/* ---- connections ---- */

static void tool_process_on_request(void *arg, struct inbound *inbound)
{
    struct tool_process *p = arg;

    inbound_retire(inbound);
    p->asked = true;
}

static void tool_process_on_closed(void *arg, struct inbound *inbound)
{
    struct tool_process *p = arg;

    (void)inbound;
    p->peer = NULL;
}

static void tool_process_on_listening(struct reactor_source *source, uint32_t events)
{
    struct tool_process *p = source->arg;
    int fd = accept4(p->worker->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
        return;
    if (fd < 0) { /* no descriptors, no memory: tried again after a while */
        log_limited(LOG_LEVEL_WARN, "cannot accept: %s", strerror(errno));
        p->listen_ms = clock_mono_ms() + BEAT_MS;
        reactor_unwatch(p->reactor, &p->listening);
        return;
    }
    if (inbound_new(&p->peer, p->reactor, fd, &p->limits, &p->handlers)) {
        log_limited(LOG_LEVEL_WARN, "a connection is closed: no memory");
        close(fd);
    }
    reactor_unwatch(p->reactor, &p->listening);
}

static int tool_process_listen(struct tool_process *p)
{
    if (p->peer || p->worker->drain || p->listening.watched || clock_mono_ms() < p->listen_ms)
        return 0;
    return reactor_watch(p->reactor, &p->listening, p->worker->listen_fd, EPOLLIN,
        tool_process_on_listening, p);
}

/* ---- the process ---- */

static size_t tool_process_body_max(const struct conf *conf)
{
    size_t sound = (size_t)conf->voice_bytes;

    return sound > TOOL_WORDS_ARGS_MAX ? sound : TOOL_WORDS_ARGS_MAX;
}

static int tool_process_open(struct tool_process *p, struct worker *w)
{
    char owner[64];
    int error;

    *p = (struct tool_process){.worker = w, .conf = w->conf};
    p->limits = (struct inbound_limits){.params_max = TOOL_WORDS_PARAMS_MAX,
        .body_max = tool_process_body_max(w->conf),
        .reply_max = TOOL_WORDS_REPLY_MAX,
        .io_timeout_ms = IO_TIMEOUT_MS,
        .idle_ms = IO_TIMEOUT_MS,
        .max_conns = 1,
        .max_reqs = 1};
    p->handlers = (struct inbound_handlers){.arg = p,
        .request = tool_process_on_request,
        .closed = tool_process_on_closed};
    snprintf(owner, sizeof owner, "tool/%d", (int)getpid()); /* it never owns a turn */
    worker_signals(w);
    tool_process_signals();
    error = tool_words_late(&process_late);
    if (!error)
        error = reactor_new(&p->reactor);
    if (!error)
        error = store_open(&p->store, w->conf, p->reactor, owner);
    if (error)
        log_error("cannot start: %s", err_text(error));
    return error;
}

static void tool_process_close(struct tool_process *p)
{
    if (p->reactor)
        reactor_unwatch(p->reactor, &p->listening);
    inbound_free(p->peer);
    if (p->http)
        http_free(p->http);
    if (p->store)
        store_close(p->store);
    if (p->reactor)
        reactor_free(p->reactor);
    buf_free(&process_late);
}

static void tool_process_measure(const struct tool_process *p)
{
    long long bytes = worker_memory();

    if (bytes >= 0)
        atomic_store(&p->worker->slot->memory_bytes, bytes);
}

/* A connection that it has taken is served, also when it is to leave. */
static int tool_process_loop(struct tool_process *p)
{
    struct worker *w = p->worker;
    int error = 0;

    tool_process_measure(p);
    worker_beat(w);
    worker_ready(w);
    while (!error && (p->peer || !(w->drain || worker_is_due(w)))) {
        error = tool_process_listen(p);
        if (!error)
            error = tool_process_step(p, clock_mono_ms() + BEAT_MS);
        if (!error && p->asked) {
            tool_process_serve(p);
            tool_process_measure(p);
        }
    }
    if (error)
        log_error("the process leaves: %s", err_text(error));
    return error ? 1 : 0;
}

int tool_process_main(struct worker *w)
{
    struct tool_process p;
    int status = tool_process_open(&p, w) ? 1 : tool_process_loop(&p);

    tool_process_close(&p);
    return status;
}
