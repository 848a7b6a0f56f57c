/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/guard.h"

#include "agent/input.h"
#include "base/clock.h"
#include "base/err.h"
#include "process/stage.h"

#include <stdio.h>
#include <string.h>

#define GUARD_RETRY_MS 1000
#define GUARD_BODY_MAX ((size_t)256 * 1024)
#define GUARD_TOOL_PATTERN "/tools/{id}"

void guard_work(struct app *app, const struct blame_work *work)
{
    scoreboard_work_set(app->seat, work);
}

int64_t guard_refused(struct exchange *x, const struct blame_work *work)
{
    enum blame_scope scope = BLAME_SAME;
    int64_t left = blame_left(&x->app->worker->board->blame, work, clock_mono_ms(), &scope);
    if (left <= 0)
        return 0;
    problem_set(&x->problem, PROBLEM_CRASHED,
        "A worker process died in such work. To protect other users, %s of this user are refused "
        "for %lld more seconds. Nothing was accepted.",
        blame_scope_text(scope, work), (long long)(left + 999) / 1000);
    x->problem.retry_after_ms = left;
    return left;
}

/* Of a long body its ends and its length: the whole would hold the worker for too long. */
static void guard_digest_body(const struct request *r, char out[IDENT_SHA256_SIZE])
{
    char ends[2 * IDENT_SHA256_SIZE + 24] = "", *last = ends + IDENT_SHA256_SIZE;
    if (r->body_len <= GUARD_BODY_MAX) {
        ident_sha256_hex(r->body, r->body_len, out);
        return;
    }
    ident_sha256_hex(r->body, GUARD_BODY_MAX / 2, ends);
    ident_sha256_hex(r->body + r->body_len - GUARD_BODY_MAX / 2, GUARD_BODY_MAX / 2, last);
    snprintf(last + IDENT_SHA256_SIZE, 24, "%zu", r->body_len);
    ident_sha256_hex(ends, sizeof ends, out);
}

/* A digest of the request as it came; what differs between two of the same is left out. */
static int guard_digest(struct exchange *x, bool credential, char out[IDENT_SHA256_SIZE])
{
    static const char *const who[] = {"HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_COOKIE",
        "TP_INTERNAL", "TP_USER"};
    struct request *r = &x->request;
    const char *target = request_header(r, "REQUEST_URI");
    char body[IDENT_SHA256_SIZE];
    struct buf text;
    guard_digest_body(r, body);
    buf_init(&text, 0);
    buf_printf(&text, "%s %s\n%s\n", r->method, target ? target : r->path, body);
    for (size_t i = 0; credential && i < sizeof who / sizeof *who; i++) {
        const char *value = request_header(r, who[i]);
        buf_printf(&text, "%s\n", value ? value : "");
    }
    int error = buf_error(&text);
    if (error == 0)
        ident_sha256_hex(buf_text(&text), text.len, out);
    buf_free(&text);
    return error;
}

static int guard_begin(struct exchange *x, const struct blame_work *work)
{
    guard_work(x->app, work);
    return guard_refused(x, work) > 0 ? ERR_BUSY : 0;
}

int guard_request(struct exchange *x)
{
    struct blame_work work = {.route = "a request"};
    int error = guard_digest(x, true, work.digest);
    return error != 0 ? error : guard_begin(x, &work);
}

int guard_user(struct exchange *x, const struct routes_row *row)
{
    struct blame_work work = {.turn = false};
    bool tool = strcmp(row->pattern, GUARD_TOOL_PATTERN) == 0;
    int error = guard_digest(x, false, work.digest);
    snprintf(work.uid, sizeof work.uid, "%s", x->who.user);
    if (tool) /* each is a route of its own */
        snprintf(work.route, sizeof work.route, "%s /tools/%s", row->method, x->params[0]);
    else
        snprintf(work.route, sizeof work.route, "%s %s", row->method, row->pattern);
    return error != 0 ? error : guard_begin(x, &work);
}

void guard_turn(const char *uid, const char *session, const char *input, struct blame_work *out)
{
    memset(out, 0, sizeof *out);
    out->turn = true;
    snprintf(out->uid, sizeof out->uid, "%s", uid);
    snprintf(out->route, sizeof out->route, "session %s", session);
    input_digest(input, out->digest);
}

static int guard_share(const struct exchange *x)
{
    return (int)GUARD_SHARE(x->app->conf->api_workers);
}

/* Requests of this user in one api worker that began before `before_ms`, `own` not counted. */
static int guard_held_by(const struct scoreboard *board, const struct scoreboard_slot *slot,
    const struct scoreboard_seat *own, unsigned long long owner, int64_t before_ms)
{
    const struct scoreboard_seat *seat;
    int held = 0;
    if (atomic_load(&slot->pool) != SCOREBOARD_API || atomic_load(&slot->pid) == 0)
        return 0;
    for (size_t i = 0; (seat = scoreboard_seat_at(board, slot, i)); i++) {
        int64_t since = atomic_load(&seat->work_since_ms);
        held += seat != own && atomic_load(&seat->work_owner) == owner &&
            (since < before_ms || (since == before_ms && seat < own));
    }
    return held;
}

static int guard_held(const struct exchange *x, int64_t before_ms)
{
    const struct scoreboard *board = x->app->worker->board;
    unsigned long long owner = scoreboard_owner(x->who.user);
    int held = 0;
    for (size_t i = 0; i < board->slot_count; i++)
        held += guard_held_by(board, &board->slots[i], x->app->seat, owner, before_ms);
    return held;
}

static int guard_tool_refused(struct exchange *x, const char *what)
{
    problem_set(&x->problem, PROBLEM_USER_CALLS,
        "%d slow calls of this user are running, as many as one user may have at once. %s",
        guard_share(x), what);
    x->problem.has_limit = true;
    x->problem.limit = guard_share(x);
    x->problem.retry_after_ms = GUARD_RETRY_MS;
    return ERR_RATE;
}

int guard_tool(struct exchange *x)
{
    if (guard_held(x, clock_mono_ms() - GUARD_SLOW_MS) < guard_share(x))
        return 0;
    return guard_tool_refused(x, "Nothing was done.");
}

int guard_tool_waits(struct exchange *x)
{
    int64_t since = atomic_load(&x->app->seat->work_since_ms);
    if (clock_mono_ms() - since < GUARD_SLOW_MS || guard_held(x, since) < guard_share(x))
        return 0;
    return guard_tool_refused(x,
        "The call was stopped; if it does more than read, it may have had its effect.");
}

bool guard_may_rest(const struct exchange *x)
{
    return guard_held(x, atomic_load(&x->app->seat->work_since_ms)) + 1 < guard_share(x);
}
