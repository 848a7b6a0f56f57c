/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_json.h"

#include "base/err.h"
#include "fcgi-app/facade_answer.h"
#include "process/measure.h"
#include "process/origin.h"
#include "store/keys.h"
#include "wire/http/http.h"
#include "workers/stream/stream_call.h"
#include "workers/stream/stream_credential.h"
#include "workers/stream/stream_refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* What the waiting client is sent. */
struct stream_json_answer {
    int status;
    const char *type;  /* of the body */
    const char *extra; /* further header lines */
    const char *body;
    size_t len;
};

static bool stream_json_is_openai(const struct stream_handover *h)
{
    return h->detail[0] != '\0';
}

static void stream_json_refuse(struct stream_conn *c, int status, const char *code,
    const char *detail)
{
    stream_refuse_handed(c, c->own, stream_json_is_openai(c->own), status, code, detail);
}

static void stream_json_send(struct stream_conn *c, const struct stream_json_answer *answer)
{
    struct stream_handover *h = c->own;
    int status = answer->status;
    struct buf head;
    struct iovec iov[2];

    h->stops = false; /* the turn has ended */
    measure_http("reply", status);
    buf_init(&head, 0);
    buf_printf(&head,
        "HTTP/1.1 %d %s\r\nContent-Type: application/%s; charset=utf-8\r\nContent-Length: %zu\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n%s",
        status, http_reason(status), answer->type, answer->len, answer->extra);
    if (h->request[0])
        buf_printf(&head, "X-Request-Id: %s\r\n", h->request);
    if (h->trace[0])
        buf_printf(&head, "traceparent: %s\r\n", h->trace);
    if (stream_json_is_openai(h) && !keys_is_unlisted(h->session))
        buf_printf(&head, "X-Session-Id: %s\r\n", h->session);
    origin_reply(c->stream->conf, h->origin[0] ? h->origin : NULL, &head);
    if (status == 503 || status == 429)
        buf_puts(&head, "Retry-After: 1\r\n");
    buf_puts(&head, "\r\n");
    if (buf_error(&head) == 0) {
        iov[0] = (struct iovec){head.data, head.len};
        iov[1] = (struct iovec){(void *)(uintptr_t)answer->body, answer->len};
        err_ignore(stream_conn_send(c, iov, 2, 0));
    }
    buf_free(&head);
    stream_conn_finish(c);
}

/* In OpenAI's words: made of what is stored. */
static void stream_json_tell_openai(struct stream_conn *c, const struct facade_turn *turn)
{
    const struct stream_handover *h = c->own;
    struct facade_view view;
    struct facade_result result;
    struct buf body = {0};
    int error = facade_view_read(h->detail, &view);

    if (error == 0)
        error = facade_answer_whole(&view, turn, &result, &body);
    if (error)
        stream_json_refuse(c, 500, "internal_error", "The answer that is stored cannot be read.");
    else
        stream_json_send(c,
            &(struct stream_json_answer){.status = result.status,
                .type = "json",
                .extra = result.status < 400 ? "" :
                    result.retryable         ? "X-Should-Retry: true\r\n" :
                                               "X-Should-Retry: false\r\n",
                .body = body.data,
                .len = body.len});
    buf_free(&body);
}

/* fields: status, reply, state, first_event, ended. */
static void stream_json_tell(struct stream_conn *c, const struct link_reply *fields)
{
    const struct stream_handover *h = c->own;
    const struct link_reply *reply = link_reply_at(fields, 1);
    int64_t status = link_reply_int(link_reply_at(fields, 0));
    size_t len;
    const char *text = link_reply_text(reply, &len);

    if (link_reply_type(reply) != LINK_STRING || status < 200 || status > 599)
        stream_json_refuse(c, 500, "events_gone", "The run has ended and its events are gone.");
    else if (stream_json_is_openai(h))
        stream_json_tell_openai(c,
            &(struct facade_turn){.turn = h->turn,
                .session = h->session,
                .state = link_reply_text(link_reply_at(fields, 2), NULL),
                .first_event = link_reply_text(link_reply_at(fields, 3), NULL),
                .reply = text,
                .reply_len = len,
                .status = (int)status,
                .ended_ms = link_reply_int(link_reply_at(fields, 4))});
    else
        stream_json_send(c,
            &(struct stream_json_answer){.status = (int)status,
                .type = status >= 400 ? "problem+json" : "json",
                .extra = "",
                .body = text,
                .len = len});
}

static void stream_json_on_turn(void *arg, int error, struct link_reply *fields)
{
    struct stream_conn *c = arg;

    if (stream_conn_is_open(c) && (error || link_reply_count(fields) != 5))
        stream_json_refuse(c, 503, "store_unavailable",
            "The reply cannot be read now; ask for the turn later.");
    else if (stream_conn_is_open(c))
        stream_json_tell(c, fields);
    link_reply_free(fields);
}

/* ---- the kind's operations ---- */

/* It cannot come back by itself as the others do, and the turn has the drain time too. */
static bool stream_json_drain(struct stream_conn *c, bool late)
{
    if (late)
        stream_json_refuse(c, 503, "draining", "The turn goes on; ask for it again.");
    return late;
}

static void stream_json_ended(struct stream_conn *c)
{
    const struct stream_handover *h = c->own;
    char key[KEYS_MAX];

    keys_turn(key, h->user, h->turn);
    const struct link_arg args[] = {link_text("HMGET"), link_text(key), link_text("status"),
        link_text("reply"), link_text("state"), link_text("first_event"), link_text("ended")};
    const struct link_question question = {.args = args,
        .nargs = sizeof args / sizeof *args,
        .reads = true,
        .on_reply = stream_json_on_turn,
        .arg = c,
        .asker = &c->asker};
    if (link_ask(hub_link(c->stream->hub), &question) < 0)
        stream_json_refuse(c, 503, "store_unavailable",
            "The reply cannot be read now; ask for the turn later.");
}

static void stream_json_gone(struct stream_conn *c)
{
    const struct stream_handover *h = c->own;

    if (h->stops)
        stream_call_stop(c->stream, c->user, h->turn);
}

static void stream_json_free(struct stream_conn *c)
{
    free(c->own);
}

const struct stream_kind stream_json_kind = {.name = "json",
    .linger_ms = STREAM_LINGER_MS,
    .feed = stream_conn_no_feed,
    .tick = stream_conn_no_tick,
    .drain = stream_json_drain,
    .drained = stream_conn_no_step,
    .end = stream_json_gone,
    .free = stream_json_free,
    .event = stream_conn_no_event,
    .located = stream_conn_no_step,
    .ended = stream_json_ended,
    .inbox = stream_conn_no_feed,
    .takes_snapshots = stream_conn_no_snapshots};

void stream_json_start(struct stream_conn *c, const struct stream_handover *h)
{
    struct stream_handover *own = malloc(sizeof *own);
    struct hub_start start;

    if (!own || stream_conn_belongs(c, stream_handover_viewer(h))) {
        free(own);
        stream_conn_kill(c);
        return;
    }
    *own = *h;
    stream_conn_become(c, &stream_json_kind, own);
    c->expires_ms = h->expires_ms;
    stream_credential_set(c, &h->mark);
    stream_handover_start(own, &start);
    if (stream_conn_watch_start(c, &start, NULL) < 0)
        stream_conn_kill(c);
}
