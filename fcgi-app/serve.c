/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/serve.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "fcgi-app/guard.h"
#include "process/machine.h"
#include "process/measure.h"
#include "process/stage.h"
#include "store/revokes.h"
#include "tools/engine/tools.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int serve_global_init(const struct conf *conf, char *why, size_t why_size)
{
    struct auth *auth = NULL;
    char digest[IDENT_SHA256_SIZE];
    int error = auth_new(&auth, conf, why, why_size);

    if (!error)
        auth_free(auth);
    ident_sha256_hex("", 0, digest); /* what workers need for that is theirs together */
    return error;
}

static int serve_open_store(struct app *app, enum routes_pool pool)
{
    char owner[MACHINE_OWNER_SIZE];

    machine_owner(app->conf, pool == ROUTES_TURN ? "turn" : "api", owner);
    return store_open(&app->store, app->conf, app->reactor, owner);
}

int serve_open(struct app *app, enum routes_pool pool)
{
    char why[256] = "";
    int error;

    worker_signals(app->worker);
    signal(SIGPIPE, SIG_IGN);
    error = reactor_new(&app->reactor);
    if (!error)
        error = serve_open_store(app, pool);
    if (!error)
        revokes_first(app->store);
    if (!error)
        error = auth_new(&app->auth, app->conf, why, sizeof why);
    if (!error)
        auth_note_uses(app->auth, &app->worker->board->keyuse);
    if (error)
        log_error("cannot start: %s%s%s", err_text(error), *why ? ": " : "", why);
    return error;
}

void serve_close(struct app *app)
{
    auth_free(app->auth);
    if (app->store)
        store_close(app->store);
    tasks_close(); /* those that connect, if there are any */
    if (app->reactor)
        reactor_free(app->reactor);
}

void serve_measure(const struct app *app)
{
    long long bytes = worker_memory();

    if (bytes >= 0)
        atomic_store(&app->worker->slot->memory_bytes, bytes);
}

static void serve_log(const struct serving *s, int sent)
{
    const struct exchange *x = &s->exchange;
    enum log_level level = strstr(x->request.path, "/health") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;

    log_write(level, "%s %s %d %lld us, user %s, request %s, trace %s%s", x->request.method,
        x->request.path, x->reply.status, (long long)(clock_mono_us() - s->began_us),
        x->who.user[0] ? x->who.user : "-", x->request.id, x->request.trace.trace_id,
        sent < 0 ? ", the client had left" : "");
}

/* A class of routes: the first part of its pattern, so that no id or name is counted apart. */
static void serve_measure_reply(const struct exchange *x)
{
    char route[32];
    const char *pattern = x->route ? x->route + 1 : "none";

    snprintf(route, sizeof route, "%.*s", (int)strcspn(pattern, "/{"), pattern);
    measure_http(route, x->reply.status);
}

/* The reply, unless it has gone; the request is answered afterwards, whatever came of it. */
static void serve_send(struct serving *s)
{
    struct exchange *x = &s->exchange;
    void *peer = s->source->arg;
    struct buf head;
    int sent;

    if (!s->unsent)
        return;
    s->unsent = false;
    buf_init(&head, 0);
    sent = x->reply.streamed ? 0 : exchange_head(x, &head);
    if (x->reply.broken)
        s->peer->break_off(peer);
    else if (!sent)
        sent = s->peer->finish(peer, head.data, head.len, buf_text(&x->reply.body),
            x->request.head ? 0 : x->reply.body.len);
    else
        s->peer->finish(peer, NULL, 0, NULL, 0);
    buf_free(&head);
    if (x->reply.status >= 500)
        atomic_fetch_add_explicit(&s->app->worker->slot->errors, 1, memory_order_relaxed);
    serve_measure_reply(x);
    serve_log(s, sent);
}

/* Also when the turn behind the reply has asked the model: the client hears while that thinks. */
static void serve_answer(void *arg)
{
    serve_send(arg);
}

void serve_request(struct serving *s)
{
    struct exchange *x = &s->exchange;
    void *peer = s->source->arg;
    unsigned tools;
    int error;

    s->unsent = false;
    runner_begin(&s->runner, s->app, serve_answer, s);
    scoreboard_stage_set(s->app->seat, STAGE_REQUEST);
    link_hurry(s->app->store->link);
    if (exchange_init(x, s->app, s->source)) {
        s->peer->finish(peer, NULL, 0, NULL, 0);
        return;
    }
    tools = tools_enter(s->app->conf);
    atomic_fetch_add_explicit(&s->app->worker->slot->requests, 1, memory_order_relaxed);
    error = s->peer->gone(peer) ? ERR_PEER_GONE : routes_answer(x, s->pool);
    if (error == ERR_PEER_GONE) {
        log_debug("the client left before its request was read");
        s->peer->finish(peer, NULL, 0, NULL, 0);
    } else {
        s->unsent = true;
    }
    /* A client that has its answer may come again at once: our places are free before that. */
    exchange_long_end(x);
    runner_end(&s->runner);
    serve_send(s);
    exchange_fini(x);
    tools_leave(tools);
    guard_work(s->app, NULL);
    runner_behind_all(&s->runner);
}
