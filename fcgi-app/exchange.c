/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/exchange.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "fcgi-app/facade.h"
#include "fcgi-app/limited.h"
#include "process/etag.h"
#include "process/origin.h"
#include "process/stage.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCHANGE_CURSOR_PART 18 /* digits; what a stream worker reads */
#define EXCHANGE_WRITE 8192     /* bytes between two beats: a write may wait as long as it may */
#define EXCHANGE_LONG_RETRY_MS 2000
#define EXCHANGE_TAG_DIGITS 32 /* of the body's SHA-256 */

int exchange_init(struct exchange *x, struct app *app, const struct request_source *source)
{
    memset(x, 0, sizeof *x);
    x->app = app;
    x->arena = arena_new();
    if (!x->arena)
        return ERR_NOMEM;
    request_start(&x->request, source, x->arena);
    return 0;
}

void exchange_long_end(struct exchange *x)
{
    if (x->app->worker)
        scoreboard_long_give(x->app->worker->slot);
}

void exchange_fini(struct exchange *x)
{
    exchange_long_end(x);
    buf_free(&x->reply.head);
    buf_free(&x->reply.body);
    arena_free(x->arena);
    memset(x, 0, sizeof *x);
}

void exchange_json(struct exchange *x, int status)
{
    x->reply.unsized = x->reply.kept = x->reply.tagged = false;
    x->reply.kept_s = 0;
    x->reply.status = status;
    x->reply.content_type = status >= 400 ? "application/problem+json" : "application/json";
    buf_reset(&x->reply.head);
    buf_reset(&x->reply.body);
}

void exchange_stream(struct exchange *x, const char *content_type)
{
    exchange_json(x, 200);
    x->reply.content_type = content_type;
    x->reply.unsized = true;
}

/* It waits for a service outside, or has a place for a long request. */
static bool exchange_waits(const struct scoreboard *board, const struct scoreboard_slot *slot)
{
    const struct scoreboard_seat *seat;
    if (atomic_load(&slot->pool) != SCOREBOARD_API || atomic_load(&slot->pid) == 0)
        return false;
    for (size_t i = 0; (seat = scoreboard_seat_at(board, slot, i)); i++)
        if (atomic_load(&seat->stage) == STAGE_TOOL)
            return true;
    return atomic_load(&slot->long_owner) != 0;
}

/* Workers that may still begin to wait; below 0: too many do. */
static int64_t exchange_places(const struct app *app)
{
    const struct scoreboard *board = app->worker->board;
    int64_t left = app->conf->api_workers > 1 ? app->conf->api_workers - 1 : 1;
    for (size_t i = 0; i < board->slot_count; i++)
        left -= exchange_waits(board, &board->slots[i]);
    return left;
}

bool exchange_may_wait(const struct app *app)
{
    return exchange_places(app) >= 0;
}

bool exchange_may_rest(const struct app *app)
{
    return exchange_places(app) > 0;
}

int exchange_long(struct exchange *x)
{
    struct worker *w = x->app->worker;
    int most = (int)(x->app->conf->api_workers / 2);
    if (!w)
        return 0;
    int error =
        scoreboard_long_take(w->board, w->slot, scoreboard_owner(x->who.user), most > 0 ? most : 1);
    if (error == 0 && !exchange_may_wait(x->app))
        error = ERR_FULL;
    if (error == ERR_RATE)
        problem_set(&x->problem, PROBLEM_RATE,
            "A long request of this user is running: an export, an import or an erasure.");
    else if (error != 0)
        problem_set(&x->problem, PROBLEM_POOL_FULL,
            "All workers for long requests (exports, imports, erasures) are busy.");
    x->problem.retry_after_ms = EXCHANGE_LONG_RETRY_MS;
    return error;
}

/* The head leaves, and what follows has its time. */
static int exchange_parts_begin(struct exchange *x)
{
    const struct request_source *source = x->request.source;
    struct buf head;
    buf_init(&head, 0);
    x->reply.streamed = true;
    x->reply.parts_until_ms = clock_mono_ms() + EXCHANGE_PARTS_MS;
    int error = exchange_head(x, &head);
    if (error == 0)
        error = source->write(source->arg, head.data, head.len);
    buf_free(&head);
    return error;
}

/* What keeps the next piece from being sent. */
static int exchange_parts_check(struct exchange *x)
{
    struct worker *w = x->app->worker;
    if (w)
        worker_beat(w);
    if (w && w->abort_turn)
        return ERR_DRAINING;
    return clock_mono_ms() < x->reply.parts_until_ms ? 0 : ERR_DEADLINE;
}

/* What stands in the body leaves. */
static int exchange_parts_send(struct exchange *x)
{
    const struct request_source *source = x->request.source;
    struct buf *body = &x->reply.body;
    int error = 0;
    for (size_t at = 0; error == 0 && at < body->len; at += EXCHANGE_WRITE) {
        size_t left = body->len - at;
        error = exchange_parts_check(x);
        if (error == 0)
            error = source->write(source->arg, body->data + at,
                left < EXCHANGE_WRITE ? left : EXCHANGE_WRITE);
    }
    buf_reset(body);
    return error;
}

int exchange_pass(struct exchange *x)
{
    struct buf *body = &x->reply.body;
    int error = buf_error(body);
    if (error < 0 || body->len < EXCHANGE_PART || !x->request.source->write)
        return error;
    if (!x->reply.streamed) {
        error = exchange_long(x);
        if (error == 0)
            error = exchange_parts_begin(x);
    }
    return error == 0 ? exchange_parts_send(x) : error;
}

int exchange_push(struct exchange *x)
{
    const struct request_source *source = x->request.source;
    int error = buf_error(&x->reply.body);
    if (error < 0 || !source->write || !source->flush)
        return error;
    if (!x->reply.streamed)
        error = exchange_parts_begin(x);
    if (error == 0)
        error = exchange_parts_send(x);
    return error == 0 ? source->flush(source->arg) : error;
}

void exchange_header(struct exchange *x, const char *name, const char *value)
{
    buf_puts(&x->reply.head, name);
    buf_puts(&x->reply.head, ": ");
    buf_puts(&x->reply.head, value);
    buf_puts(&x->reply.head, "\r\n");
}

bool exchange_is_facade(const struct exchange *x)
{
    const char *target = request_header(&x->request, "REQUEST_URI");
    return facade_path(x->app->conf, target ? target : x->request.path);
}

static void exchange_facade_problem(struct exchange *x)
{
    const struct problem_kind *kind = problem_kind(x->problem.code);
    exchange_json(x, facade_status(kind->status));
    x->reply.content_type = "application/json";
    facade_problem_write(&x->problem, x->request.trace.trace_id, &x->reply.body);
    exchange_header(x, "X-Should-Retry", kind->retryable ? "true" : "false");
}

void exchange_tag(struct exchange *x)
{
    struct reply *reply = &x->reply;
    char digest[IDENT_SHA256_SIZE], tag[EXCHANGE_TAG_DIGITS + 3];
    if (strcmp(x->request.method, "GET") != 0 || x->request.internal || reply->status != 200 ||
        !reply->content_type || reply->unsized || reply->tagged)
        return;
    ident_sha256_hex(buf_text(&reply->body), reply->body.len, digest);
    snprintf(tag, sizeof tag, "\"%.*s\"", EXCHANGE_TAG_DIGITS, digest);
    exchange_header(x, "ETag", tag);
    if (!etag_matches(request_header(&x->request, "HTTP_IF_NONE_MATCH"), tag))
        return;
    exchange_header(x, "Vary", "Accept-Encoding"); /* as nginx says it of a 200 */
    reply->status = 304;
    reply->content_type = NULL;
    buf_reset(&reply->body);
}

void exchange_problem(struct exchange *x)
{
    const struct problem *p = &x->problem;
    if (exchange_is_facade(x)) {
        exchange_facade_problem(x);
    } else {
        exchange_json(x, problem_kind(p->code)->status);
        problem_write(p, x->request.trace.trace_id, x->request.id, &x->reply.body);
    }
    if (p->retry_after_ms > 0)
        buf_printf(&x->reply.head, "Retry-After: %lld\r\n",
            (long long)(p->retry_after_ms + 999) / 1000);
    if (p->allow)
        exchange_header(x, "Allow", p->allow);
    if (p->code == PROBLEM_MEDIA_TYPE)
        exchange_header(x, "Accept-Encoding", "identity");
    if (p->code == PROBLEM_UNAUTHENTICATED)
        exchange_header(x, "WWW-Authenticate", p->challenge ? p->challenge : "Bearer");
}

static void exchange_argument(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "&%s=", name);
    buf_put_urlencoded(b, value, strlen(value));
}

const char *exchange_owner(const struct exchange *x)
{
    return x->owner ? x->owner : x->who.user;
}

/* Whose session or turn the stream workers are to answer for, at which of their addresses. */
static void exchange_redirect(struct exchange *x, const char *at, const char *session,
    const char *turn)
{
    struct buf *head = &x->reply.head;
    x->reply.status = 200;
    x->reply.content_type = NULL;
    buf_reset(&x->reply.body);
    buf_reset(head);
    buf_printf(head, "X-Accel-Redirect: /_stream/%s?user=", at);
    buf_put_urlencoded(head, exchange_owner(x), strlen(exchange_owner(x)));
    if (x->owner)
        exchange_argument(head, "member", x->who.user);
    exchange_argument(head, "session", session);
    if (turn)
        exchange_argument(head, "turn", turn);
}

/* The page that asks, when it may be told. */
static void exchange_argue_origin(struct exchange *x)
{
    const char *origin = request_header(&x->request, "HTTP_ORIGIN");
    if (origin_is_told(x->app->conf, origin))
        exchange_argument(&x->reply.head, "origin", origin);
}

/* The stream ends with the credential that asked for it. */
static void exchange_argue_mark(struct exchange *x)
{
    char mark[AUTH_MARK_SIZE];

    if (!x->who.mark.kind)
        return;
    auth_mark_write(&x->who.mark, mark);
    exchange_argument(&x->reply.head, "by", mark);
}

static void exchange_put_view(struct exchange *x, const struct exchange_view *view)
{
    struct buf *head = &x->reply.head;
    exchange_argument(head, "cursor", view->cursor);
    exchange_argument(head, "scope", view->turn ? "run" : "session");
    exchange_argument(head, "until", view->turn ? "final" : "ever");
    exchange_argument(head, "form", view->form);
    if (view->snapshot)
        buf_puts(head, "&snapshot=1");
    if (view->stops)
        buf_puts(head, "&stops=1");
    if (view->detail)
        exchange_argument(head, "detail", view->detail);
    if (!view->turn && *x->who.class)
        exchange_argument(head, "class", x->who.class);
    if (!view->turn && x->who.expires_ms > 0)
        buf_printf(head, "&expires=%lld", x->who.expires_ms);
    exchange_argue_mark(x);
}

int exchange_handover(struct exchange *x, const struct exchange_view *view)
{
    struct buf *head = &x->reply.head;
    if (view->detail && strlen(view->detail) > EXCHANGE_DETAIL_MAX)
        return ERR_LIMIT;
    exchange_redirect(x, "sse", view->session, view->turn);
    exchange_put_view(x, view);
    exchange_argument(head, "trace", x->request.traceparent);
    exchange_argument(head, "request", x->request.id);
    exchange_argue_origin(x);
    buf_puts(head, "\r\n");
    return buf_error(head);
}

int exchange_handover_log(struct exchange *x, const struct exchange_log *ask)
{
    struct buf *head = &x->reply.head;
    exchange_redirect(x, "durable", ask->session, ask->turn);
    exchange_argument(head, "scope", ask->turn ? "run" : "session");
    exchange_argument(head, "offset", ask->offset);
    exchange_argument(head, "live", ask->live);
    exchange_argument(head, "seen", ask->seen);
    exchange_argument(head, "as", ask->form);
    exchange_argument(head, "match", ask->match);
    if (*x->who.class)
        exchange_argument(head, "class", x->who.class);
    exchange_argument(head, "trace", x->request.traceparent);
    exchange_argument(head, "request", x->request.id);
    if (x->who.expires_ms > 0)
        buf_printf(head, "&expires=%lld", x->who.expires_ms);
    exchange_argue_mark(x);
    exchange_argue_origin(x);
    buf_puts(head, "\r\n");
    return buf_error(head);
}

bool exchange_cursor_valid(const char *cursor)
{
    size_t epoch = strspn(cursor, "0123456789");
    if (epoch == 0 || epoch > EXCHANGE_CURSOR_PART || cursor[epoch] != '-')
        return false;
    size_t n = strspn(cursor + epoch + 1, "0123456789");
    return n > 0 && n <= EXCHANGE_CURSOR_PART && cursor[epoch + 1 + n] == '\0';
}

/* Some clients guess what JSON and events are written in, unless they are told. */
static bool exchange_lacks_charset(const char *type)
{
    size_t len = strlen(type);
    return (len > 4 && strcmp(type + len - 4, "json") == 0) || strcmp(type, REQUEST_SSE) == 0;
}

/* For how long who asked may keep it. */
static void exchange_put_caching(const struct reply *reply, struct buf *out)
{
    if (reply->kept_s > 0)
        buf_printf(out, "Cache-Control: private, max-age=%d\r\n", reply->kept_s);
    else
        buf_printf(out, "Cache-Control: %s\r\n", reply->kept ? "private, no-cache" : "no-store");
}

int exchange_head(const struct exchange *x, struct buf *out)
{
    const struct reply *reply = &x->reply;
    buf_printf(out, "Status: %d %s\r\n", reply->status, http_reason(reply->status));
    if (reply->content_type) {
        buf_printf(out, "Content-Type: %s%s\r\n", reply->content_type,
            exchange_lacks_charset(reply->content_type) ? "; charset=utf-8" : "");
        if (!reply->streamed && !(x->request.head && reply->unsized))
            buf_printf(out, "Content-Length: %zu\r\n", reply->body.len);
        buf_puts(out, "X-Content-Type-Options: nosniff\r\n");
        /* A page that makes a browser fetch a secret beside the page's own text would learn of it
         * by the compressed length (BREACH). nginx leaves alone what has this header. */
        if (x->by_cookie)
            buf_puts(out, "Content-Encoding: identity\r\n");
    }
    if (reply->content_type || reply->status == 304)
        exchange_put_caching(reply, out);
    buf_printf(out, "X-Request-Id: %s\r\ntraceparent: %s\r\n", x->request.id,
        x->request.traceparent);
    if (x->request.internal && x->app->worker)
        buf_printf(out, WORKER_SLOT_HEADER ": %u\r\n", x->app->worker->slot_index);
    limited_put_headers(x, out);
    origin_reply(x->app->conf, request_header(&x->request, "HTTP_ORIGIN"), out);
    buf_puts(out, buf_text(&reply->head));
    buf_puts(out, "\r\n");
    return buf_error(out);
}

void exchange_audit(struct exchange *x, struct audit_act act)
{
    char mark[AUTH_MARK_SIZE];

    auth_mark_write(&x->who.mark, mark);
    act.user = x->who.user;
    act.credential = mark;
    act.trace = x->request.trace.trace_id;
    audit_write(x->app->conf, &act);
}
