/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/seats_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "fcgi-app/routes.h"
#include "fcgi-app/runner.h"
#include "process/fastcgi_pool.h"
#include "process/spans.h"
#include "store/usage.h"
#include "tools/remote/mcp.h"
#include "wire/http/http.h"
#include "wire/redis/listen.h"

#include <stdlib.h>

#define STACK_BYTES ((size_t)256 * 1024)
#define STACKS_KEPT 32
#define IO_TIMEOUT_MS 10000
#define KEPT_MS 60000 /* a connection may wait so long for its next request */
#define PARAMS_MAX ((size_t)256 * 1024)
#define PARTS_MAX ((size_t)1 << 20)
#define MEASURE_MS 5000
#define USAGE_MS 1000
#define LEAVE_MS 1000 /* for a word to servers that keep a session for us */

static void seats_on_measure(struct reactor_timer *timer)
{
    struct seats *s = timer->arg;

    serve_measure(&s->app);
    reactor_timer_set(s->app.reactor, timer, clock_mono_ms() + MEASURE_MS, seats_on_measure, s);
}

static int seats_open_turns(struct seats *s)
{
    struct worker *w = s->app.worker;
    const struct tasks_settings tasks = {.stack_bytes = STACK_BYTES,
        .stacks_kept = STACKS_KEPT,
        .executing = &w->slot->executing,
        .slow_us = LAG_US,
        .on_slow = lag_on_slow,
        .on_slow_arg = &s->lag};
    int error = tasks_open(s->app.reactor, &tasks);

    if (error)
        return error;
    link_attach(s->app.store->link, s->app.reactor);
    s->env = (struct turn_env){.conf = s->app.conf,
        .reactor = s->app.reactor,
        .store = s->app.store,
        .breakers = w->board->breakers,
        .room = &s->room,
        .on_stage = runner_on_stage,
        .on_tool = runner_on_tool,
        .on_under_way = runner_on_under_way,
        .abort_now = &w->abort_turn,
        .may_take_next = runner_may_take_next};
    error = http_new(&s->env.http, s->app.reactor);
    if (!error)
        error = spans_open(w->conf, s->app.reactor);
    if (!error && w->tool_socket)
        error = tool_calls_new(&s->tools, w, s->app.reactor);
    if (!error && w->tool_socket)
        error = fastcgi_pool_new(&s->app.tools, s->app.reactor, w->tool_socket, NULL);
    if (!error)
        http_keep(s->env.http, (size_t)atomic_load(&w->slot->seats_count));
    return error ? error : listen_new(&s->env.listen, s->app.store->link);
}

int seats_new(struct seats **out, struct worker *w)
{
    struct seats *s = calloc(1, sizeof *s);
    int error;

    if (!s)
        return ERR_NOMEM;
    s->app.conf = w->conf;
    s->app.worker = s->lag.worker = w;
    s->room.max = (size_t)w->conf->attachments_memory;
    s->limits = (struct inbound_limits){.params_max = PARAMS_MAX,
        .body_max = routes_body_most(w->conf),
        .room = &s->room,
        .body_small = routes_body_max(w->conf, true),
        .reply_max = PARTS_MAX,
        .io_timeout_ms = IO_TIMEOUT_MS,
        .idle_ms = KEPT_MS,
        .max_conns = (unsigned)atomic_load(&w->slot->seats_count),
        .max_reqs = (unsigned)atomic_load(&w->slot->seats_count)};
    s->held_most = seats_held_most();
    error = serve_open(&s->app, ROUTES_TURN);
    if (!error && (error = seats_open_turns(s)))
        log_error("cannot start: %s", err_text(error));
    if (error)
        seats_free(s);
    else
        *out = s;
    return error;
}

void seats_free(struct seats *s)
{
    if (!s)
        return;
    if (s->app.reactor) {
        reactor_unwatch(s->app.reactor, &s->listening);
        reactor_timer_clear(s->app.reactor, &s->balance);
        reactor_timer_clear(s->app.reactor, &s->measure);
        reactor_timer_clear(s->app.reactor, &s->usage);
    }
    seats_close_peers(s);
    tool_calls_free(s->tools);
    fastcgi_pool_free(s->app.tools);
    listen_free(s->env.listen);
    spans_close();
    if (s->env.http) {
        mcp_leave(s->env.http, s->app.reactor, LEAVE_MS);
        http_free(s->env.http);
    }
    while (s->free) {
        struct seat *seat = s->free;

        s->free = seat->next_free;
        eventlog_free(seat->log);
        free(seat);
    }
    serve_close(&s->app);
    free(s);
}

/* A quarantine worker for which no turn has come in a while. */
static bool seats_is_needless(struct seats *s)
{
    int64_t now;

    if (!worker_is_quarantine(s->app.worker))
        return false;
    now = clock_mono_ms();
    if (seats_has_work(s) || !s->worked_ms)
        s->worked_ms = now;
    return now - s->worked_ms >= s->app.conf->turn_quarantine_idle_ms;
}

/* What this worker has counted for the site goes out once a second, also when no turn ends. */
static void seats_on_usage(struct reactor_timer *timer)
{
    struct seats *s = timer->arg;

    usage_site_flush(s->app.store);
    reactor_timer_set(s->app.reactor, timer, clock_mono_ms() + USAGE_MS, seats_on_usage, s);
}

int seats_run(struct seats *s)
{
    struct worker *w = s->app.worker;
    bool draining = false;
    int error = 0;

    s->measure.arg = s;
    seats_on_measure(&s->measure);
    s->usage.arg = s;
    seats_on_usage(&s->usage);
    seats_listen(s);
    worker_beat(w);
    worker_ready(w);
    while (!error && !(draining && !seats_has_work(s)) && !seats_is_needless(s)) {
        if (!s->busy)
            w->abort_turn = 0; /* QUIT ends the turns that run, not the next ones */
        error = seats_pass(s);
        if (w->reopen) {
            w->reopen = 0;
            log_reopen();
        }
        if (w->drain && !draining) {
            draining = true;
            seats_drain(s);
        }
    }
    usage_site_end(s->app.store);
    if (error)
        log_error("the worker leaves: %s", err_text(error));
    return error ? 1 : 0;
}
