/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/tool_call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/reactor.h"
#include "process/fastcgi_pool.h"
#include "tools/remote/tool_words.h"
#include "wire/fastcgi/fastcgi_client.h"
#include "wire/outq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#define LOOK_MS 10   /* how often it is looked whether the user's call elsewhere has ended */
#define AGAIN_MS 100 /* before a second attempt: the supervisor has seen the death by then */
#define LATE_MS 2000 /* a process that is over its time has been killed by then, or is stuck */

enum tool_call_state {
    CALL_QUEUED,  /* behind another call of the user, or the socket's queue is full */
    CALL_WAITING, /* sent, no process has begun it */
    CALL_RUNNING, /* a process has said that it begins */
    CALL_PAUSED   /* its process died: sent again soon */
};

struct tool_call {
    struct tool_calls *all;
    struct tool_call *next; /* in the order of their making */
    struct tools_run *run;  /* NULL: was cancelled */
    struct scoreboard_seat *seat;
    unsigned long long owner;
    enum tool_call_state state;
    struct buf request;
    struct fastcgi_conn *conn; /* while it waits or runs */
    struct outq out;
    struct fastcgi_reply reply;
    struct reactor_timer timer;
    int64_t wait_until_ms; /* monotonic: by then it has begun */
    int64_t run_until_ms;  /* since it has begun: the end of its time */
    bool begun, again;     /* in any attempt; this is the second one */
};

struct tool_calls {
    struct worker *worker;
    struct reactor *reactor;
    struct fastcgi_pool *pool;
    struct tool_call *first;
};

static void tool_call_on_timer(struct reactor_timer *timer);
static void tool_call_on_ready(void *arg, uint32_t events);
static bool tool_call_read(struct tool_call *call);
static void tool_call_advance(struct tool_call *call);

/* ---- its end ---- */

static void tool_call_hang_up(struct tool_call *call)
{
    if (call->conn)
        fastcgi_conn_drop(call->conn);
    call->conn = NULL;
    outq_free(&call->out);
}

/* The user's next one here; those of other workers look by themselves. */
static void tool_call_tool_calls_next(struct tool_calls *c, unsigned long long owner)
{
    for (struct tool_call *call = c->first; call; call = call->next)
        if (call->owner == owner && call->state == CALL_QUEUED) {
            reactor_timer_set(c->reactor, &call->timer, clock_mono_ms(), tool_call_on_timer, call);
            return;
        }
}

static void tool_call_free(struct tool_call *call)
{
    struct tool_calls *c = call->all;
    struct tool_call **at = &c->first;

    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
    if (call->state != CALL_QUEUED)
        scoreboard_tool_asked(call->seat);
    tool_call_hang_up(call);
    reactor_timer_clear(c->reactor, &call->timer);
    fastcgi_reply_fini(&call->reply);
    buf_free(&call->request);
    tool_call_tool_calls_next(c, call->owner);
    free(call);
}

static void tool_call_on_cancel(struct tools_run *run)
{
    tool_call_free(run->state);
}

static void tool_call_end(struct tool_call *call, int error)
{
    struct tools_run *run = call->run;

    run->on_cancel = NULL;
    tool_call_free(call);
    run_told(run, error);
}

static void tool_call_fail(struct tool_call *call, const char *code, const char *text)
{
    tool_call_end(call,
        run_fail(call->run, code, "%s%s", text,
            !call->begun                              ? " Nothing was done." :
                call->run->spec->effect == TOOLS_READ ? "" :
                                                        " Whether it had an effect is not known."));
}

static void tool_call_fail_busy(struct tool_call *call)
{
    bool own = call->state == CALL_QUEUED; /* behind the user's earlier calls */

    log_limited(LOG_LEVEL_WARN, "%s waited %" PRId64 " ms for %s in vain (%stool.process_wait)",
        call->run->spec->name, call->all->worker->conf->tool_process_wait_ms,
        own ? "earlier calls of its user" : "a tool process", own ? "" : "tool.processes, ");
    tool_call_fail(call, "busy",
        own ? "Earlier calls of this user ran for all of the time that a call may wait "
              "(tool.process_wait). It may be tried again later." :
              "The processes that run this tool were busy for all of the time that a call may wait "
              "(tool.process_wait). It may be tried again later.");
}

static void tool_call_fail_late(struct tool_call *call)
{
    char text[200];

    snprintf(text, sizeof text,
        "The tool computed for longer than the %" PRId64 " ms that it may "
        "(tool.process_ms), and was ended.",
        call->all->worker->conf->tool_process_ms);
    tool_call_fail(call, "timeout", text);
}

/* ---- sending ---- */

/* Whether another call of the user is on its way from this worker. */
static bool tool_call_has_elder(const struct tool_call *call)
{
    for (const struct tool_call *c = call->all->first; c; c = c->next)
        if (c != call && c->owner == call->owner && c->state != CALL_QUEUED)
            return true;
    return false;
}

static void tool_call_look_in(struct tool_call *call, int64_t ms)
{
    int64_t due = clock_mono_ms() + ms;

    if (call->state != CALL_PAUSED && due > call->wait_until_ms)
        due = call->wait_until_ms;
    reactor_timer_set(call->all->reactor, &call->timer, due, tool_call_on_timer, call);
}

/* Returns 0; ERR_FULL, ERR_NET (for now); ERR_NOMEM. */
static int tool_call_send(struct tool_call *call)
{
    struct iovec iov = {call->request.data, call->request.len};
    int error = fastcgi_pool_connect(call->all->pool, tool_call_on_ready, call, &call->conn);

    if (!error)
        error = outq_send(&call->out, fastcgi_conn_fd(call->conn), &iov, 1, 0);
    if (!error && outq_len(&call->out) > 0)
        error = fastcgi_conn_wants_out(call->conn, true);
    if (error)
        tool_call_hang_up(call);
    return error == ERR_PEER_GONE ? ERR_NET : error;
}

/* On its way, or later again. */
static void tool_call_advance(struct tool_call *call)
{
    bool first = call->state == CALL_QUEUED;
    int error;

    if (first && tool_call_has_elder(call)) {
        tool_call_look_in(call, call->all->worker->conf->tool_process_wait_ms);
        return;
    }
    if (first && !scoreboard_tool_ask(call->all->worker->board, call->seat, call->owner)) {
        tool_call_look_in(call, LOOK_MS + clock_mono_us() % LOOK_MS);
        return;
    }
    error = tool_call_send(call);
    if (error && first)
        scoreboard_tool_asked(call->seat);
    if (error == ERR_NOMEM) {
        tool_call_end(call, error);
    } else if (error) {
        tool_call_look_in(call, LOOK_MS);
    } else {
        call->state = CALL_WAITING;
        tool_call_look_in(call, call->all->worker->conf->tool_process_wait_ms);
    }
}

static void tool_call_on_timer(struct reactor_timer *timer)
{
    struct tool_call *call = timer->arg;
    int64_t now = clock_mono_ms();

    /* That it has begun may stand in the socket since this pass of the loop began. */
    if (call->state == CALL_WAITING && (tool_call_read(call) || call->state == CALL_RUNNING))
        return;
    if (call->state == CALL_RUNNING)
        tool_call_fail_late(call);
    else if (now >= call->wait_until_ms)
        tool_call_fail_busy(call);
    else if (call->state != CALL_WAITING)
        tool_call_advance(call);
}

/* ---- the reply ---- */

static void tool_call_begins(struct tool_call *call)
{
    const struct conf *conf = call->all->worker->conf;

    call->state = CALL_RUNNING;
    call->begun = true;
    call->run_until_ms = clock_mono_ms() + conf->tool_process_ms;
    reactor_timer_set(call->all->reactor, &call->timer, call->run_until_ms + LATE_MS,
        tool_call_on_timer, call);
}

/* Its process has gone without an answer: killed by its time limit, or by something else. */
static void tool_call_lost(struct tool_call *call)
{
    bool outside = call->run->spec->effect == TOOLS_OUTSIDE;

    if (call->state == CALL_RUNNING &&
        (tool_words_is_late(&call->reply) || clock_mono_ms() >= call->run_until_ms)) {
        tool_call_fail_late(call);
        return;
    }
    log_warn("the process that had %s has gone%s", call->run->spec->name,
        call->again || (call->begun && outside) ? "" : ": the call is sent once more");
    if (call->again || (call->begun && outside)) {
        tool_call_fail(call, "tool_crashed", "The process that ran this tool ended in the middle.");
        return;
    }
    tool_call_hang_up(call);
    fastcgi_reply_again(&call->reply);
    call->again = true;
    call->state = CALL_PAUSED;
    call->wait_until_ms = clock_mono_ms() + call->all->worker->conf->tool_process_wait_ms;
    tool_call_look_in(call, AGAIN_MS);
}

static void tool_call_complete(struct tool_call *call)
{
    const struct buf *body = &call->reply.body;
    int told = 0, error = tool_words_told(call->run, buf_text(body), body->len, &told);

    tool_call_end(call, error ? error : told);
}

/* Returns whether the call is over, or will be sent again. */
static bool tool_call_read(struct tool_call *call)
{
    int error = fastcgi_reply_read(&call->reply, fastcgi_conn_fd(call->conn));

    if (error == ERR_NOT_YET)
        return false;
    if (!error && call->state == CALL_WAITING)
        tool_call_begins(call);
    if (!error)
        return false;
    if (error == 1)
        tool_call_complete(call);
    else if (error == ERR_PEER_GONE || error == ERR_NET || error == ERR_FULL)
        tool_call_lost(call);
    else if (error == ERR_LIMIT)
        tool_call_fail(call, "result_too_large", "The answer is too long to show.");
    else
        tool_call_end(call, error);
    return true;
}

static void tool_call_on_ready(void *arg, uint32_t events)
{
    struct tool_call *call = arg;

    if (events == 0) { /* the pool is being freed; tool_calls_free goes on */
        tool_call_hang_up(call);
        return;
    }
    if ((events & ~(uint32_t)EPOLLOUT) && tool_call_read(call))
        return;
    if (!(events & EPOLLOUT) || outq_len(&call->out) == 0)
        return;
    /* A process that answers before it has read all closes then: its reply decides. */
    if (outq_flush(&call->out, fastcgi_conn_fd(call->conn)) < 0)
        outq_free(&call->out);
    if (outq_len(&call->out) == 0 && fastcgi_conn_wants_out(call->conn, false))
        tool_call_lost(call); /* nobody would be told of its answer */
}

/* ---- the caller's ---- */

static int tool_call_refuse_size(struct tools_run *run)
{
    return run_fail_at(run, "", "at most 1 MiB of JSON",
        "The arguments of this call, or the place where the user is, are longer than the %zu bytes "
        "that a tool process takes.",
        TOOL_WORDS_ARGS_MAX);
}

static int tool_call_start(void *arg, struct tools_run *run, const char *args, size_t len)
{
    const struct tool_place *place = arg;
    struct tool_calls *c = place->calls;
    struct tool_call *call = calloc(1, sizeof *call), **end = &c->first;
    int error = call ? tool_words_ask(&call->request, run, args, len) : ERR_NOMEM;

    if (error) {
        if (call)
            buf_free(&call->request);
        free(call);
        return error == ERR_LIMIT ? tool_call_refuse_size(run) : error;
    }
    call->all = c;
    call->run = run;
    call->seat = place->seat;
    call->owner = scoreboard_owner(run->context->uid);
    call->wait_until_ms = clock_mono_ms() + c->worker->conf->tool_process_wait_ms;
    fastcgi_reply_init(&call->reply, TOOL_WORDS_REPLY_MAX);
    while (*end)
        end = &(*end)->next;
    *end = call;
    run->state = call;
    run->on_cancel = tool_call_on_cancel;
    tool_call_look_in(call, 0);
    return ERR_PENDING;
}

struct tools_apart tool_calls_apart(struct tool_place *place)
{
    const struct conf *conf = place->calls ? place->calls->worker->conf : NULL;

    if (!conf)
        return (struct tools_apart){.start = NULL};
    /* Both attempts, each with its wait and its time. */
    return (struct tools_apart){.start = tool_call_start,
        .arg = place,
        .patience_ms = 2 * (conf->tool_process_wait_ms + conf->tool_process_ms + LATE_MS)};
}

int tool_calls_new(struct tool_calls **out, struct worker *w, struct reactor *reactor)
{
    struct tool_calls *c = calloc(1, sizeof *c);
    int error = c ? fastcgi_pool_new(&c->pool, reactor, w->tool_socket, NULL) : ERR_NOMEM;

    if (error) {
        free(c);
        return error;
    }
    c->worker = w;
    c->reactor = reactor;
    *out = c;
    return 0;
}

void tool_calls_free(struct tool_calls *c)
{
    if (!c)
        return;
    while (c->first) {
        struct tool_call *call = c->first;

        c->first = call->next;
        call->run->on_cancel = NULL;
        tool_call_free(call);
    }
    fastcgi_pool_free(c->pool);
    free(c);
}
