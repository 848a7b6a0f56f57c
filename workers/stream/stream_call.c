/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_REPLY_MAX 262144
#define CALL_MARGIN_MS 2000
#define STOP_TRIES 5

int stream_call_start(const struct stream *s, const struct stream_call *call, fastcgi_call_fn *fn,
    void *arg, struct fastcgi_call **out)
{
    const struct conf *conf = s->conf;
    const bool keyed = call->key && call->key[0];
    int64_t now = clock_real_ms();
    char start[32], scopes[16], mark[AUTH_MARK_SIZE] = "-";
    const struct fastcgi_pair pairs[] = {
        {"GATEWAY_INTERFACE", "CGI/1.1"}, {"SERVER_PROTOCOL", "HTTP/1.1"},
        {"REQUEST_METHOD", call->method}, {"REQUEST_URI", call->path}, {"DOCUMENT_URI", call->path},
        {"SCRIPT_NAME", call->path}, {"QUERY_STRING", ""}, {"CONTENT_TYPE", "application/json"},
        {"TP_INTERNAL", "stream"}, {"TP_USER", call->user},
        {"TP_ROLE", call->admin ? "admin" : "user"}, {"T_START", start}, {"TP_SCOPES", scopes},
        {"TP_ACCOUNT", call->account ? call->account : ""}, {"TP_MARK", mark},
        {"HTTP_IDEMPOTENCY_KEY", keyed ? call->key : ""}, /* the last: left out without one */
    };
    const struct fastcgi_call_request request = {.pairs = pairs,
        .count = sizeof pairs / sizeof pairs[0] - !keyed,
        .body = call->body->data,
        .len = call->body->len,
        .repeatable = call->repeatable,
        .timeout_ms = conf->queue_wait_ms + 2 * conf->redis_timeout_ms + CALL_MARGIN_MS,
        .max = CALL_REPLY_MAX};

    if (call->mark)
        auth_mark_write(call->mark, mark);
    snprintf(scopes, sizeof scopes, "%u", call->scopes);
    snprintf(start, sizeof start, "%lld.%03d", (long long)(now / 1000), (int)(now % 1000));
    return fastcgi_call_start(call->pool, &request, fn, arg, fn ? out : NULL);
}

/* ---- stops ---- */

struct stream_stop {
    struct stream_stop *next;
    struct stream *stream;
    struct fastcgi_call *call;
    char *user;
    unsigned tries;
    char turn[IDENT_UUID_SIZE];
};

static void stream_call_free_stop(struct stream_stop *stop)
{
    struct stream_stop **at = &stop->stream->stops;

    while (*at && *at != stop)
        at = &(*at)->next;
    if (*at)
        *at = stop->next;
    free(stop->user);
    free(stop);
}

static void stream_call_on_stopped(void *arg, int error, const struct fastcgi_reply *reply);

static int stream_call_try_stop(struct stream_stop *stop)
{
    const struct stream *s = stop->stream;
    struct buf path, body;
    int error;

    buf_init(&path, 0);
    buf_init(&body, 0);
    buf_printf(&path, "%s/turns/%s/cancel", s->conf->public_base, stop->turn);
    buf_puts(&body, "{}");
    const struct stream_call call = {.pool = s->api,
        .user = stop->user,
        .method = "POST",
        .path = buf_text(&path),
        .body = &body,
        .scopes = SCOPES_ALL,
        .repeatable = true};
    error = buf_error(&path) || buf_error(&body) ?
        ERR_NOMEM :
        stream_call_start(s, &call, stream_call_on_stopped, stop, &stop->call);
    buf_free(&path);
    buf_free(&body);
    return error;
}

static void stream_call_on_stopped(void *arg, int error, const struct fastcgi_reply *reply)
{
    struct stream_stop *stop = arg;

    stop->call = NULL;
    if (!error && reply->status < 500) {
        stream_call_free_stop(stop);
        return;
    }
    if (++stop->tries < STOP_TRIES && stream_call_try_stop(stop) == 0)
        return;
    log_warn("turn %s of user %s: its client has stopped it, and no worker took that", stop->turn,
        stop->user);
    stream_call_free_stop(stop);
}

void stream_call_stop(struct stream *s, const char *user, const char *turn)
{
    struct stream_stop *stop = calloc(1, sizeof *stop);

    if (!stop)
        return;
    stop->stream = s;
    stop->next = s->stops;
    s->stops = stop;
    snprintf(stop->turn, sizeof stop->turn, "%s", turn);
    stop->user = strdup(user);
    if (!stop->user || stream_call_try_stop(stop) < 0)
        stream_call_free_stop(stop);
}

void stream_call_forget_stops(struct stream *s)
{
    while (s->stops) {
        if (s->stops->call)
            fastcgi_call_forget(s->stops->call);
        stream_call_free_stop(s->stops);
    }
}
