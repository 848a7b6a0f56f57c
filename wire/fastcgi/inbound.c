/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/fastcgi/inbound.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/fastcgi/inbound_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define INBOUND_CHUNK 4096   /* bytes of one read: a request without a large body */
#define INBOUND_READS_MAX 16 /* for one event, so that a large body does not hold the loop */

static void inbound_on_ready(struct reactor_source *source, uint32_t events);
static void inbound_on_deadline(struct reactor_timer *timer);
static void inbound_on_later(struct reactor_timer *timer);

/* ---- the request's memory ---- */

static void inbound_forget_request(struct inbound *i)
{
    buf_free(&i->params);
    buf_free(&i->body);
    inbound_body_done(i);
    buf_free(&i->small);
    buf_init(&i->params, i->limits->params_max);
    buf_init(&i->body, 0);
    i->body_seen = 0;
    i->body_error = 0;
    i->id = 0;
    i->keep = i->answered = i->aborted = i->gone_told = i->drain_due = false;
}

static void inbound_close(struct inbound *i)
{
    if (i->state == INBOUND_CLOSED)
        return;
    reactor_unwatch(i->reactor, &i->source);
    reactor_timer_clear(i->reactor, &i->deadline);
    close(i->fd);
    i->fd = -1;
    i->state = INBOUND_CLOSED;
    inbound_forget_request(i);
    outq_free(&i->out);
    buf_free(&i->ahead);
}

/* Nothing can pass any more. An open request stays its owner's. */
static void inbound_fail(struct inbound *i)
{
    i->broken = true;
    outq_free(&i->out);
    if (i->state != INBOUND_WORK)
        inbound_close(i);
}

/* ---- sending ---- */

int inbound_send(struct inbound *i, const struct buf *records)
{
    struct iovec iov = {records->data, records->len};
    bool waited = outq_len(&i->out) > 0;
    int error = buf_error(records);

    if (error == 0)
        error = outq_send(&i->out, i->fd, &iov, 1, 0);
    if (error)
        inbound_fail(i);
    else if (!waited && outq_len(&i->out) > 0)
        i->stall_due = clock_mono_ms() + i->limits->io_timeout_ms;
    return error;
}

void inbound_answered(struct inbound *i)
{
    if (i->state == INBOUND_CLOSED)
        return;
    if (outq_len(&i->out) > 0) {
        i->state = INBOUND_SENT;
    } else if (!i->keep || i->retired || i->broken || i->hung_up) {
        inbound_close(i);
    } else {
        inbound_forget_request(i);
        i->state = INBOUND_WAIT;
        i->idle_due = clock_mono_ms() + i->limits->idle_ms;
    }
}

static void inbound_flush(struct inbound *i)
{
    size_t before = outq_len(&i->out);

    if (outq_flush(&i->out, i->fd) < 0) {
        inbound_fail(i);
        return;
    }
    if (outq_len(&i->out) < before)
        i->stall_due = clock_mono_ms() + i->limits->io_timeout_ms;
    if (i->state == INBOUND_SENT)
        inbound_answered(i);
}

/* ---- what is due after every event and every call ---- */

static bool inbound_feeds(const struct inbound *i)
{
    if (i->held)
        return i->state == INBOUND_WAIT;
    return i->ahead.len > 0 && inbound_reads(i);
}

/* The peer says no more, and nothing of it makes a request. */
static bool inbound_over(const struct inbound *i)
{
    return i->ended && i->state < INBOUND_WORK && !inbound_feeds(i);
}

static bool inbound_gone_due(const struct inbound *i)
{
    return i->state == INBOUND_WORK && !i->gone_told && inbound_peer_gone(i);
}

static bool inbound_drained_due(const struct inbound *i)
{
    return i->drain_due && !inbound_peer_gone(i) && outq_len(&i->out) == 0;
}

static bool inbound_due(const struct inbound *i)
{
    return i->state == INBOUND_CLOSED || inbound_over(i) || inbound_feeds(i) ||
        inbound_gone_due(i) || inbound_drained_due(i);
}

static void inbound_set_deadline(struct inbound *i)
{
    bool between = i->record.head_len == 0 && !i->held && i->ahead.len == 0;
    int64_t due = 0;

    if (i->state >= INBOUND_WORK || (i->state == INBOUND_WAIT && between)) {
        i->arrival_due = 0;
        if (i->state == INBOUND_WAIT)
            due = i->idle_due;
        else if (outq_len(&i->out) > 0)
            due = i->stall_due;
    } else {
        if (i->arrival_due == 0)
            i->arrival_due = clock_mono_ms() + i->limits->io_timeout_ms;
        due = i->arrival_due;
    }
    if (due == 0)
        reactor_timer_clear(i->reactor, &i->deadline);
    else if (!i->deadline.set || i->deadline.due_ms != due)
        reactor_timer_set(i->reactor, &i->deadline, due, inbound_on_deadline, i);
}

/* A hang-up is told whatever is asked for, and again and again: then nothing is watched. */
static int inbound_set_events(struct inbound *i)
{
    uint32_t events = outq_len(&i->out) > 0 ? EPOLLOUT : 0;

    if (i->state == INBOUND_WORK && (i->broken || i->hung_up)) {
        reactor_unwatch(i->reactor, &i->source);
        return 0;
    }
    if (!i->ended && inbound_reads(i))
        events |= EPOLLIN;
    else if (!i->ended && !i->half_closed)
        events |= EPOLLRDHUP;
    return reactor_watch(i->reactor, &i->source, i->fd, events, inbound_on_ready, i);
}

static void inbound_arm(struct inbound *i)
{
    if (i->state != INBOUND_CLOSED && inbound_set_events(i) < 0)
        inbound_fail(i);
    if (i->state != INBOUND_CLOSED)
        inbound_set_deadline(i);
}

static void inbound_violated(struct inbound *i, int error)
{
    if (i->state == INBOUND_CLOSED)
        return;
    log_limited(LOG_LEVEL_WARN, "a peer of the FastCGI socket: %s", err_text(error));
    inbound_fail(i);
}

/* At the end of the reactor's callbacks; the connection may be freed. */
static void inbound_settle(struct inbound *i)
{
    for (;;) {
        if (inbound_over(i))
            inbound_close(i);
        if (i->state == INBOUND_CLOSED)
            break;
        if (inbound_feeds(i)) {
            int error = inbound_feed_ahead(i);
            if (error)
                inbound_violated(i, error);
        } else if (inbound_gone_due(i)) {
            i->gone_told = true;
            if (i->handlers->gone)
                i->handlers->gone(i->handlers->arg, i);
        } else if (inbound_drained_due(i)) {
            i->drain_due = false;
            if (i->handlers->drained)
                i->handlers->drained(i->handlers->arg, i);
        } else {
            inbound_arm(i);
            i->busy = inbound_due(i);
            if (!i->busy)
                return;
        }
    }
    if (!i->freed)
        i->handlers->closed(i->handlers->arg, i);
    reactor_timer_clear(i->reactor, &i->later);
    free(i);
}

/* At the end of the owner's calls: callbacks wait for the reactor's next step. */
static void inbound_touch(struct inbound *i)
{
    if (i->busy)
        return;
    inbound_arm(i);
    if (inbound_due(i))
        reactor_timer_set(i->reactor, &i->later, clock_mono_ms(), inbound_on_later, i);
}

/* ---- the reactor's callbacks ---- */

static void inbound_read(struct inbound *i)
{
    char chunk[INBOUND_CHUNK];

    for (int n = 0; n < INBOUND_READS_MAX && !i->ended && inbound_reads(i); n++) {
        ssize_t got = recv(i->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            i->ended = true;
            return;
        }
        int error = inbound_feed(i, chunk, (size_t)got);
        if (error)
            inbound_violated(i, error);
        if ((size_t)got < sizeof chunk)
            return;
    }
}

static void inbound_on_ready(struct reactor_source *source, uint32_t events)
{
    struct inbound *i = source->arg;

    i->busy = true;
    if (events & EPOLLRDHUP)
        i->half_closed = true;
    if (events & (EPOLLHUP | EPOLLERR))
        i->hung_up = true;
    if (i->hung_up && i->state == INBOUND_SENT)
        inbound_close(i);
    else if (events & EPOLLOUT)
        inbound_flush(i);
    if (events & ~(uint32_t)EPOLLOUT)
        inbound_read(i);
    inbound_settle(i);
}

static void inbound_on_deadline(struct reactor_timer *timer)
{
    struct inbound *i = timer->arg;

    i->busy = true;
    if (i->state == INBOUND_PARAMS || i->state == INBOUND_STDIN || i->record.head_len > 0)
        log_limited(LOG_LEVEL_WARN, "a FastCGI request had not arrived whole after %lld ms",
            (long long)i->limits->io_timeout_ms);
    else if (i->state != INBOUND_WAIT)
        log_debug("a client took nothing of its reply for %lld ms",
            (long long)i->limits->io_timeout_ms);
    inbound_fail(i);
    inbound_settle(i);
}

static void inbound_on_later(struct reactor_timer *timer)
{
    struct inbound *i = timer->arg;

    i->busy = true;
    inbound_settle(i);
}

/* ---- the owner's calls ---- */

int inbound_new(struct inbound **out, struct reactor *r, int fd,
    const struct inbound_limits *limits, const struct inbound_handlers *handlers)
{
    struct inbound *i = calloc(1, sizeof *i);

    if (!i)
        return ERR_NOMEM;
    i->reactor = r;
    i->limits = limits;
    i->handlers = handlers;
    i->fd = fd;
    inbound_forget_request(i);
    i->idle_due = clock_mono_ms() + limits->io_timeout_ms;
    if (inbound_set_events(i) < 0) {
        free(i);
        return ERR_IO;
    }
    inbound_set_deadline(i);
    *out = i;
    return 0;
}

void inbound_free(struct inbound *i)
{
    if (!i)
        return;
    inbound_close(i);
    reactor_timer_clear(i->reactor, &i->later);
    i->freed = true;
    if (!i->busy)
        free(i);
}

void inbound_retire(struct inbound *i)
{
    char byte;

    i->retired = true;
    if (i->state == INBOUND_WAIT && i->record.head_len == 0 && i->ahead.len == 0 &&
        recv(i->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        inbound_close(i);
    inbound_touch(i);
}

const char *inbound_find_param(const struct inbound *i, const char *name)
{
    const char *at = i->params.data, *end = at ? at + i->params.len : NULL;

    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

const char *inbound_param(void *arg, const char *name)
{
    const struct inbound *i = arg;

    return i->state == INBOUND_WORK ? inbound_find_param(i, name) : NULL;
}

void inbound_body_done(void *arg)
{
    struct inbound *i = arg;

    if (i->limits->room)
        room_leave(i->limits->room, &i->body_room);
}

int inbound_body(void *arg, struct buf *out, size_t max)
{
    struct inbound *i = arg;
    const char *length = inbound_param(i, "CONTENT_LENGTH");
    unsigned long long expected = length ? strtoull(length, NULL, 10) : 0;

    if (i->state != INBOUND_WORK)
        return ERR_PEER_GONE;
    if (i->body_seen > max || i->body_seen > i->limits->body_max || expected > max)
        return ERR_LIMIT;
    if (i->body_error)
        return i->body_error;
    if (i->body_seen < expected)
        return ERR_PEER_GONE;
    buf_free(out);
    *out = i->body;
    buf_init(&i->body, 0);
    return 0;
}

int inbound_write(void *arg, const char *bytes, size_t len)
{
    struct inbound *i = arg;
    struct buf records = {0};
    int error = 0;

    if (inbound_peer_gone(i))
        return ERR_PEER_GONE;
    if (len == 0)
        return 0;
    if (outq_len(&i->out) > 0 && outq_len(&i->out) + len > i->limits->reply_max) {
        i->drain_due = true;
        return ERR_FULL;
    }
    fastcgi_record_put_part(&records, FASTCGI_STDOUT, i->id, bytes, len);
    i->answered = true;
    error = inbound_send(i, &records);
    buf_free(&records);
    if (outq_len(&i->out) > 0)
        i->drain_due = true;
    inbound_touch(i);
    return error;
}

/* A peer that has aborted gets the end of the request alone. */
static int inbound_reply(struct inbound *i, const char *head, size_t head_len, const char *body,
    size_t body_len, enum fastcgi_end status)
{
    struct buf records = {0};
    int error;

    if (!i->aborted) {
        fastcgi_record_put_part(&records, FASTCGI_STDOUT, i->id, head, head_len);
        fastcgi_record_put_part(&records, FASTCGI_STDOUT, i->id, body, body_len);
    }
    if (status == FASTCGI_REQUEST_COMPLETE)
        fastcgi_record_put(&records, FASTCGI_STDOUT, i->id, NULL, 0);
    fastcgi_record_put_end(&records, i->id, status);
    i->state = INBOUND_SENT;
    error = inbound_send(i, &records);
    buf_free(&records);
    if (error == 0 && i->aborted)
        error = ERR_PEER_GONE;
    inbound_answered(i);
    return error;
}

int inbound_finish(struct inbound *i, const char *head, size_t head_len, const char *body,
    size_t body_len)
{
    int error = ERR_PEER_GONE;

    if (i->state != INBOUND_WORK)
        return 0;
    if (i->broken || i->hung_up)
        inbound_close(i);
    else
        error = inbound_reply(i, head, head_len, body, body_len, FASTCGI_REQUEST_COMPLETE);
    inbound_touch(i);
    return error;
}

void inbound_overloaded(struct inbound *i)
{
    if (i->state != INBOUND_WORK)
        return;
    if (i->broken || i->hung_up)
        inbound_close(i);
    else if (i->answered)
        inbound_break(i);
    else
        inbound_reply(i, NULL, 0, NULL, 0, FASTCGI_OVERLOADED);
    inbound_touch(i);
}

void inbound_break(struct inbound *i)
{
    struct iovec iov = {(void *)fastcgi_record_none, sizeof fastcgi_record_none};

    if (i->state != INBOUND_WORK)
        return;
    /* Behind the half of a record it would be taken for its content: then the close has to do. */
    if (!i->broken && !i->hung_up && outq_len(&i->out) == 0)
        err_ignore(outq_send(&i->out, i->fd, &iov, 1, 0));
    inbound_close(i);
    inbound_touch(i);
}

bool inbound_peer_gone(const struct inbound *i)
{
    return i->state != INBOUND_WORK || i->aborted || i->broken || i->hung_up;
}

int inbound_fd(const struct inbound *i)
{
    return i->fd;
}
