/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_durable.h"

#include "base/clock.h"
#include "base/err.h"
#include "workers/stream/stream_credential.h"
#include "workers/stream/stream_durable_page.h"
#include "workers/stream/stream_durable_reply.h"
#include "workers/stream/stream_refuse.h"

#include <stdlib.h>
#include <string.h>

/* An event stream ends after this: a new one may find a nearer or less busy server. */
#define DURABLE_SSE_MS 60000
/* What is appended within this goes out together: a reader by long-poll asks anew for each. */
#define DURABLE_GATHER_MS 100

struct stream_durable {
    struct stream_durable_ask ask; /* where it has come to: the next page begins there */
    struct reactor_timer gather;
    int64_t until_ms;         /* monotonic: the end of the wait, or of the event stream */
    int64_t read_ms;          /* monotonic: the last look at the log */
    struct hub_viewer *alarm; /* the connection's; NULL = not needed yet */
    bool chunked;
    bool opened;  /* the head of the event stream has gone */
    bool reading; /* a page has been asked for */
    bool woken;   /* something has been appended meanwhile */
    bool paused;  /* the socket is full: the next page is due when it has drained */
    bool leaving; /* no more waiting */
};

static void stream_durable_fail(struct stream_conn *c, int status, const char *code,
    const char *detail)
{
    const struct stream_durable *d = c->own;

    if (d->opened) /* the reader asks again, and is told then */
        stream_durable_reply_close(c, d->chunked);
    else
        stream_refuse_handed(c, &d->ask.h, false, status, code, detail);
}

static void stream_durable_fail_store(struct stream_conn *c)
{
    stream_durable_fail(c, 503, "store_unavailable", "The log cannot be read now.");
}

static void stream_durable_on_page(void *arg, int error, struct link_reply *reply);

static void stream_durable_read(struct stream_conn *c)
{
    struct stream_durable *d = c->own;

    reactor_timer_clear(c->stream->reactor, &d->gather);
    if (stream_conn_is_waiting(c)) { /* a slow reader: what it has not taken waits in Redis */
        d->paused = true;
        return;
    }
    d->reading = true;
    d->woken = d->paused = false;
    d->read_ms = clock_mono_ms();
    if (stream_durable_page_ask(c, &d->ask, stream_durable_on_page) < 0)
        stream_durable_fail_store(c);
}

/* ---- waiting ---- */

static void stream_durable_on_gathered(struct reactor_timer *timer)
{
    struct stream_conn *c = timer->arg;

    if (stream_conn_is_open(c))
        stream_durable_read(c);
}

static void stream_durable_wake(struct stream_conn *c, int64_t delay_ms)
{
    struct stream_durable *d = c->own;
    int64_t due_ms = clock_mono_ms() + delay_ms;

    d->woken = true;
    if (d->reading || d->paused || (d->gather.set && d->gather.due_ms <= due_ms))
        return;
    reactor_timer_set(c->stream->reactor, &d->gather, due_ms, stream_durable_on_gathered, c);
}

/* From the log's end as the page saw it on, nothing is missed. */
static int stream_durable_watch(struct stream_conn *c, const struct stream_durable_page *page)
{
    struct stream_durable *d = c->own;
    struct hub_start start = {.user = d->ask.h.user,
        .session = d->ask.h.session,
        .run = d->ask.h.turn[0] ? d->ask.h.turn : NULL,
        .cursor = logentry_id_compare(page->next, page->top) < 0 ? page->top : page->next,
        .has_cursor = true};

    return d->alarm ? 0 : stream_conn_watch_start(c, &start, &d->alarm);
}

static void stream_durable_wait(struct stream_conn *c, const struct stream_durable_page *page)
{
    const struct stream_durable *d = c->own;

    if (stream_durable_watch(c, page) < 0)
        stream_conn_kill(c);
    else if (d->woken)
        stream_durable_wake(c, DURABLE_GATHER_MS);
}

/* ---- a page has come ---- */

static void stream_durable_go_on(struct stream_conn *c, const struct stream_durable_page *page)
{
    struct stream_durable *d = c->own;

    d->ask.where = STREAM_DURABLE_AT;
    d->ask.at = page->next;
    if (page->more)
        stream_durable_read(c);
    else
        stream_durable_wait(c, page);
}

static void stream_durable_take_poll(struct stream_conn *c, const struct stream_durable_page *page,
    const struct buf *body, bool any)
{
    struct stream_durable *d = c->own;

    if (any || page->closed || (!page->more && (d->leaving || clock_mono_ms() >= d->until_ms)))
        stream_durable_reply_send(c, &d->ask, page, body, any);
    else
        stream_durable_go_on(c, page);
}

static void stream_durable_take_events(struct stream_conn *c,
    const struct stream_durable_page *page, const struct buf *body, bool any)
{
    struct stream_durable *d = c->own;

    if (any || page->closed || !d->opened) {
        if (!d->opened)
            stream_durable_reply_open(c, &d->ask, d->chunked);
        d->opened = true;
        if (stream_conn_is_open(c))
            stream_durable_reply_events(c, &d->ask, page, body, d->chunked);
    } else if (clock_mono_ms() - c->out_ms >= c->stream->conf->stream_ping_ms) {
        stream_durable_reply_comment(c, d->chunked);
    }
    if (!stream_conn_is_open(c))
        return;
    if (page->closed || d->leaving)
        stream_durable_reply_close(c, d->chunked);
    else
        stream_durable_go_on(c, page);
}

static void stream_durable_take(struct stream_conn *c, const struct stream_durable_page *page)
{
    struct stream_durable *d = c->own;
    struct buf body;
    bool any;

    buf_init(&body, 0);
    any = stream_durable_reply_body(&d->ask, page, &body);
    if (buf_error(&body))
        stream_conn_kill(c);
    else if (d->ask.live == STREAM_DURABLE_CATCH_UP || d->ask.head)
        stream_durable_reply_send(c, &d->ask, page, &body, any);
    else if (d->ask.live == STREAM_DURABLE_POLL)
        stream_durable_take_poll(c, page, &body, any);
    else
        stream_durable_take_events(c, page, &body, any);
    buf_free(&body);
}

static void stream_durable_on_page(void *arg, int error, struct link_reply *reply)
{
    struct stream_conn *c = arg;
    struct stream_durable_page page;
    struct stream_durable *d = c->own;

    if (!stream_conn_is_open(c)) {
        link_reply_free(reply);
        return;
    }
    d->reading = false;
    if (error || stream_durable_page_read(reply, &page) < 0)
        stream_durable_fail_store(c);
    else if (!page.found)
        stream_durable_fail(c, 404, "not_found", "No such session or turn.");
    else if (page.gone)
        stream_durable_fail(c, 410, "offset_gone",
            "The log has no more what follows this offset. Ask HEAD for the present end, read the "
            "messages of the session, then go on from that end.");
    else
        stream_durable_take(c, &page);
    link_reply_free(reply);
}

/* ---- the kind's operations ---- */

static void stream_durable_tick(struct stream_conn *c, int64_t now_ms)
{
    struct stream_durable *d = c->own;
    bool over =
        now_ms >= d->until_ms || stream_credential_has_ended(c) || stream_conn_is_old(c, now_ms);

    if (over)
        d->leaving = true;
    if (d->reading || d->paused)
        return;
    if (d->ask.live == STREAM_DURABLE_SSE && over)
        stream_durable_reply_close(c, d->chunked);
    else if (over || now_ms - d->read_ms >= c->stream->conf->stream_ping_ms)
        stream_durable_read(c); /* it may have been deleted, or be new in another Redis */
}

static bool stream_durable_drain(struct stream_conn *c, bool late)
{
    struct stream_durable *d = c->own;

    (void)late;
    d->leaving = true;
    if (d->ask.live == STREAM_DURABLE_SSE && !d->reading)
        stream_durable_reply_close(c, d->chunked);
    else if (!d->reading)
        stream_durable_read(c);
    return true;
}

static void stream_durable_drained(struct stream_conn *c)
{
    const struct stream_durable *d = c->own;

    if (d->paused)
        stream_durable_read(c);
}

static void stream_durable_free(struct stream_conn *c)
{
    struct stream_durable *d = c->own;

    reactor_timer_clear(c->stream->reactor, &d->gather);
    free(d);
}

static int stream_durable_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    (void)max;
    stream_durable_wake(c, e->flag == LOGENTRY_FINAL ? 0 : DURABLE_GATHER_MS);
    return 0;
}

const struct stream_kind stream_durable_kind = {.name = "durable",
    .linger_ms = STREAM_PROGRESS_MS,
    .feed = stream_conn_no_feed,
    .tick = stream_durable_tick,
    .drain = stream_durable_drain,
    .drained = stream_durable_drained,
    .end = stream_conn_no_step,
    .free = stream_durable_free,
    .event = stream_durable_event,
    .located = stream_conn_no_step,
    .ended = stream_conn_no_step,
    .inbox = stream_conn_no_feed,
    .takes_snapshots = stream_conn_no_snapshots};

/* ---- start ---- */

void stream_durable_start(struct stream_conn *c, const struct stream_durable_ask *ask, bool chunked)
{
    struct stream_durable *d = calloc(1, sizeof *d);

    if (!d || stream_conn_belongs(c, ask->h.user)) {
        free(d);
        stream_conn_kill(c);
        return;
    }
    if (ask->live != STREAM_DURABLE_CATCH_UP && !stream_conn_count_in(c, ask->h.cls)) {
        free(d);
        stream_refuse_handed(c, &ask->h, false, 429, STREAM_CROWDED, STREAM_CROWDED_TEXT);
        return;
    }
    d->ask = *ask;
    d->chunked = chunked;
    d->until_ms = clock_mono_ms() +
        (ask->live == STREAM_DURABLE_SSE ? DURABLE_SSE_MS : c->stream->conf->stream_poll_ms);
    c->expires_ms = ask->h.expires_ms;
    stream_credential_set(c, &ask->h.mark);
    stream_conn_become(c, &stream_durable_kind, d);
    stream_durable_read(c);
}
