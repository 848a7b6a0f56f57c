/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_conn.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/crowd.h"
#include "process/measure.h"
#include "workers/stream/stream_guard.h"
#include "workers/stream/stream_member.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Beyond the queue of events: pongs, errors. More than that is a peer that only takes. */
#define CONTROL_ROOM 65536
/* What a round collects before it is sent: for one connection, for all. */
#define COLLECT_EACH 16384
#define COLLECT_ALL 1048576

/* ---- life ---- */

static void stream_conn_end_round_later(struct stream *s);

static void stream_conn_want(struct stream_conn *c, uint32_t events)
{
    if (reactor_change(c->stream->reactor, &c->source, events) < 0)
        stream_conn_kill(c);
}

bool stream_conn_is_waiting(const struct stream_conn *c)
{
    return c->source.events & EPOLLOUT;
}

bool stream_conn_is_open(const struct stream_conn *c)
{
    return c->stage == STREAM_OPEN;
}

void stream_conn_kill(struct stream_conn *c)
{
    struct stream *s = c->stream;

    if (c->stage == STREAM_DEAD)
        return;
    if (!stream_conn_is_waiting(c)) /* said before this moment */
        err_ignore(outq_flush(&c->out, c->source.fd));
    if (c->stage == STREAM_OPEN)
        c->kind->end(c);
    c->stage = STREAM_DEAD;
    reactor_unwatch(s->reactor, &c->source);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->buckets[c->bucket] = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->prev = NULL;
    c->next = s->dead;
    s->dead = c;
    stream_conn_end_round_later(s);
}

void stream_conn_finish(struct stream_conn *c)
{
    if (c->stage == STREAM_DEAD)
        return;
    c->due_ms = clock_mono_ms() + c->kind->linger_ms;
    c->stage = STREAM_FINISHING;
    if (outq_len(&c->out) == 0)
        stream_conn_kill(c);
}

int stream_conn_belongs(struct stream_conn *c, const char *user)
{
    c->user = strdup(user);
    if (!c->user)
        return ERR_NOMEM;
    stream_share_add(&c->stream->share, user);
    return 0;
}

bool stream_conn_is_too_many(const struct stream *s, const char *user)
{
    return stream_share_is_full(&s->share, user, s->connections, s->most);
}

void stream_conn_become(struct stream_conn *c, const struct stream_kind *kind, void *own)
{
    c->kind->free(c);
    c->kind = kind;
    c->own = own;
}

/* ---- out ---- */

static void stream_conn_drained(struct stream_conn *c)
{
    struct hub_viewer *next;

    if (c->stage == STREAM_FINISHING)
        stream_conn_kill(c);
    else if (c->stage == STREAM_OPEN)
        c->kind->drained(c);
    for (struct hub_viewer *w = c->viewers; w && c->stage == STREAM_OPEN; w = next) {
        next = w->sibling;
        hub_drained(c->stream->hub, w);
    }
}

/* Sends what the queue holds. On failure the connection is dead. */
static int stream_conn_flush(struct stream_conn *c)
{
    int error = outq_flush(&c->out, c->source.fd);

    if (error < 0)
        stream_conn_kill(c);
    else
        stream_conn_want(c, outq_len(&c->out) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return c->stage == STREAM_DEAD ? ERR_PEER_GONE : 0;
}

static void stream_conn_list(struct stream_conn *c)
{
    struct stream *s = c->stream;

    if (c->collecting)
        return;
    c->collecting = true;
    if (s->collecting)
        s->collecting_last->collecting_next = c;
    else
        s->collecting = c;
    s->collecting_last = c;
    stream_conn_end_round_later(s);
}

/* Returns 0; ERR_FULL: it is to be sent at once; ERR_NOMEM. */
static int stream_conn_collect(struct stream_conn *c, const struct iovec *iov, size_t count)
{
    struct stream *s = c->stream;
    size_t len = 0, most = (size_t)s->conf->stream_queue;

    for (size_t i = 0; i < count; i++)
        len += iov[i].iov_len;
    if (most > COLLECT_EACH)
        most = COLLECT_EACH;
    if (outq_len(&c->out) + len > most || s->collected + len > COLLECT_ALL)
        return ERR_FULL;
    s->collected += len;
    stream_conn_list(c);
    return outq_put(&c->out, iov, count);
}

static void stream_conn_send_collected(struct stream *s)
{
    while (s->collecting) {
        struct stream_conn *c = s->collecting;
        s->collecting = c->collecting_next;
        c->collecting_next = NULL;
        c->collecting = false;
        if (c->stage == STREAM_DEAD || stream_conn_is_waiting(c))
            continue;
        if (stream_conn_flush(c) == 0 && !stream_conn_is_waiting(c))
            stream_conn_drained(c);
    }
    s->collected = 0;
}

/* As stream_conn_collect, after what was collected has been sent, if it needs the room. */
static int stream_conn_collect_on(struct stream_conn *c, const struct iovec *iov, size_t count)
{
    int error;

    if (stream_conn_is_waiting(c))
        return ERR_FULL;
    error = stream_conn_collect(c, iov, count);
    if (error == ERR_FULL && outq_len(&c->out) > 0) {
        error = stream_conn_flush(c);
        if (error == 0)
            error = stream_conn_is_waiting(c) ? ERR_FULL : stream_conn_collect(c, iov, count);
    }
    return error;
}

static int stream_conn_send_now(struct stream_conn *c, struct iovec *iov, size_t count, size_t max)
{
    int error = outq_send(&c->out, c->source.fd, iov, count, max);

    if (error == 0 && outq_len(&c->out) > 0)
        stream_conn_want(c, EPOLLIN | EPOLLOUT);
    return error;
}

int stream_conn_send(struct stream_conn *c, struct iovec *iov, size_t count, size_t max)
{
    size_t room = (size_t)c->stream->conf->stream_queue + CONTROL_ROOM;
    int error;

    if (c->stage == STREAM_DEAD)
        return ERR_PEER_GONE;
    if (max == 0 && c->kind->is_bounded && outq_len(&c->out) > room) {
        stream_conn_kill(c);
        return ERR_PEER_GONE;
    }
    error = stream_conn_collect_on(c, iov, count);
    if (error == ERR_FULL)
        error = stream_conn_send_now(c, iov, count, max);
    if (error == ERR_FULL)
        return error;
    if (error < 0) {
        stream_conn_kill(c);
        return error;
    }
    c->out_ms = clock_mono_ms();
    return c->stage == STREAM_DEAD ? ERR_PEER_GONE : 0;
}

int stream_conn_count(struct stream_conn *c, int error)
{
    struct scoreboard_slot *slot = c->stream->worker->slot;

    if (slot && error == 0)
        atomic_fetch_add_explicit(&slot->messages, 1, memory_order_relaxed);
    else if (slot && error == ERR_FULL)
        atomic_fetch_add_explicit(&slot->dropped, 1, memory_order_relaxed);
    return error;
}

/* ---- in ---- */

/* Workers died in such bytes: the connection goes, its client may come again. */
static void stream_conn_feed(struct stream_conn *c, size_t n)
{
    const char *bytes = c->stream->bytes;

    if (stream_guard_enter(c->user ? STREAM_GUARD_BYTES : STREAM_GUARD_REQUEST, c->user, bytes, n) >
        0) {
        stream_conn_kill(c);
        return;
    }
    c->kind->feed(c, bytes, n);
    stream_guard_leave();
}

static void stream_conn_on_ready(struct reactor_source *source, uint32_t events)
{
    struct stream_conn *c = source->arg;

    if (events & EPOLLOUT) {
        if (c->stage == STREAM_FINISHING) /* it reads: it may read to the end */
            c->due_ms = clock_mono_ms() + STREAM_PROGRESS_MS;
        if (stream_conn_flush(c) < 0)
            return;
        if (!stream_conn_is_waiting(c))
            stream_conn_drained(c);
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && c->stage != STREAM_DEAD) {
        struct stream *s = c->stream;
        ssize_t n = recv(source->fd, s->bytes, sizeof s->bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            stream_conn_kill(c);
        } else if (n > 0) {
            c->in_ms = clock_mono_ms();
            if (c->stage == STREAM_OPEN) /* of one that finishes only the end is of interest */
                stream_conn_feed(c, (size_t)n);
        }
    }
}

int stream_conn_new(struct stream *s, int fd, const struct stream_kind *kind, void *own,
    struct stream_conn **out)
{
    struct stream_conn *c = calloc(1, sizeof *c);

    if (!c)
        return ERR_NOMEM;
    if (reactor_watch(s->reactor, &c->source, fd, EPOLLIN, stream_conn_on_ready, c) < 0) {
        free(c);
        return ERR_IO;
    }
    c->stream = s;
    c->kind = kind;
    c->own = own;
    c->opened_ms = c->in_ms = c->out_ms = clock_mono_ms();
    c->bucket = (unsigned char)((unsigned)fd % STREAM_BUCKETS);
    c->next = s->buckets[c->bucket];
    if (c->next)
        c->next->prev = c;
    s->buckets[c->bucket] = c;
    s->connections++;
    *out = c;
    return 0;
}

bool stream_conn_count_in(struct stream_conn *c, const char *cls)
{
    const unsigned long long owner = scoreboard_owner(c->user);
    struct limits limits;

    limits_of_user(c->stream->conf, cls, &limits);
    if (limits.of[LIMITS_CONNECTIONS] &&
        (int64_t)crowd_count(owner) >= limits.of[LIMITS_CONNECTIONS]) {
        measure_count(MEASURE_LIMITS, STREAM_CROWDED);
        return false;
    }
    c->counted = crowd_enter(c->stream->worker->slot_index, owner);
    return true;
}

static void stream_conn_free(struct stream_conn *c)
{
    struct stream *s = c->stream;

    if (c->counted)
        crowd_leave(s->worker->slot_index, scoreboard_owner(c->user));

    c->kind->free(c);
    link_asker_leave(&c->asker);
    while (c->viewers)
        stream_conn_unwatch(c, c->viewers);
    outq_free(&c->out);
    close(c->source.fd);
    if (c->user)
        stream_share_remove(&s->share, c->user);
    free(c->user);
    free(c->account);
    stream_member_free(c);
    free(c);
    s->connections--;
}

/* ---- the end of a round ---- */

static void stream_conn_reap(struct stream *s)
{
    while (s->dead) {
        struct stream_conn *c = s->dead;
        s->dead = c->next;
        stream_conn_free(c);
    }
}

void stream_conn_end_round(struct stream *s)
{
    stream_conn_send_collected(s);
    stream_conn_reap(s);
    reactor_after_clear(s->reactor, &s->round_end); /* set by those that have just died */
}

static void stream_conn_on_round_end(struct reactor_hook *hook)
{
    stream_conn_end_round(hook->arg);
}

static void stream_conn_end_round_later(struct stream *s)
{
    reactor_after(s->reactor, &s->round_end, stream_conn_on_round_end, s);
}

/* ---- viewers ---- */

struct hub_viewer *stream_conn_viewer(struct stream_conn *c, const char *session)
{
    struct hub_viewer *w = c->viewers;

    while (w && (w->run || strcmp(hub_session(w), session) != 0))
        w = w->sibling;
    return w;
}

int stream_conn_watch_start(struct stream_conn *c, const struct hub_start *start,
    struct hub_viewer **out)
{
    const char *session = start->session ? start->session : "";
    struct hub_viewer *w;
    size_t count = 0;
    int error;

    for (w = c->viewers; w; w = w->sibling)
        count++;
    if (count >= STREAM_VIEWERS_MAX)
        return ERR_LIMIT;
    if (stream_guard_refused(STREAM_GUARD_EVENT, start->user, session, strlen(session)) > 0)
        return ERR_BUSY;
    error = hub_add(c->stream->hub, start, c, &w);
    if (error < 0)
        return error;
    w->sibling = c->viewers;
    c->viewers = w;
    if (out)
        *out = w;
    return 0;
}

int stream_conn_watch(struct stream_conn *c, const char *session, const char *cursor,
    struct hub_viewer **out)
{
    struct hub_start start = {.user = c->user, .session = session};
    struct hub_viewer *w = stream_conn_viewer(c, session);

    if (cursor && cursor[0]) {
        if (logentry_id_parse(cursor, strlen(cursor), &start.cursor) < 0)
            return ERR_INVALID;
        start.has_cursor = start.named_cursor = true;
        if (w)
            stream_conn_unwatch(c, w);
    } else if (w) {
        *out = w;
        return 0;
    }
    return stream_conn_watch_start(c, &start, out);
}

void stream_conn_unwatch(struct stream_conn *c, struct hub_viewer *viewer)
{
    struct hub_viewer **at = &c->viewers;

    while (*at && *at != viewer)
        at = &(*at)->sibling;
    if (*at)
        *at = viewer->sibling;
    hub_remove(c->stream->hub, viewer);
}

/* ---- time ---- */

/*
 * Connections that came together do not leave together: each has its own moment in the last fifth
 * of stream.max_age.
 */
bool stream_conn_is_old(const struct stream_conn *c, int64_t now_ms)
{
    int64_t most = c->stream->conf->stream_max_age_ms;
    uint64_t mixed = ((uint64_t)(uintptr_t)c ^ (uint64_t)c->opened_ms) * 0x9e3779b97f4a7c15u;

    return most > 0 && now_ms - c->opened_ms >= most - most / 5 * (int64_t)(mixed >> 54) / 1024;
}

void stream_conn_tick(struct stream_conn *c, int64_t now_ms)
{
    if (c->stage == STREAM_OPEN)
        c->kind->tick(c, now_ms);
    else if (c->stage == STREAM_FINISHING && now_ms >= c->due_ms)
        stream_conn_kill(c);
}

void stream_conn_drain(struct stream_conn *c)
{
    const struct stream *s = c->stream;
    bool late = clock_mono_ms() - s->drain_from_ms >= s->conf->drain_ms * 9 / 10;

    if (!c->draining)
        c->draining = c->stage != STREAM_OPEN || c->kind->drain(c, late);
}

/* ---- kinds that have nothing to do ---- */

void stream_conn_no_feed(struct stream_conn *c, const char *bytes, size_t len)
{
    (void)c;
    (void)bytes;
    (void)len;
}

void stream_conn_no_tick(struct stream_conn *c, int64_t now_ms)
{
    (void)c;
    (void)now_ms;
}

void stream_conn_no_step(struct stream_conn *c)
{
    (void)c;
}

int stream_conn_no_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    (void)c;
    (void)e;
    (void)max;
    return 0;
}

bool stream_conn_no_snapshots(const struct stream_conn *c)
{
    (void)c;
    return false;
}
