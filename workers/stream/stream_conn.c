#include "workers/stream/stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/http/stream_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HANDSHAKE_MS 10000
#define LINGER_MS 2000
#define PROGRESS_MS 30000
/* Beyond the queue of events: pongs, errors. More than that is a peer that only takes. */
#define CONTROL_ROOM 65536
/* What a round collects before it is sent: for one connection, for all. */
#define COLLECT_EACH 16384
#define COLLECT_ALL 1048576

static void want(struct stream_conn *c, uint32_t events)
{
    if (reactor_change(c->stream->reactor, &c->source, events) < 0)
        stream_conn_kill(c);
}

bool stream_conn_is_waiting(const struct stream_conn *c)
{
    return c->source.events & EPOLLOUT;
}

void stream_conn_kill(struct stream_conn *c)
{
    struct stream *s = c->stream;

    if (c->kind == STREAM_DEAD)
        return;
    if (!stream_conn_is_waiting(c)) /* said before this moment */
        outq_flush(&c->out, c->source.fd);
    if (c->kind == STREAM_WS)
        log_info("socket of %s ends: close %u, %lld ms, %u frames in", c->user, c->close_code,
            (long long)(clock_mono_ms() - c->opened_ms), c->frames_in);
    c->kind = STREAM_DEAD;
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
    stream_at_round_end(s);
}

void stream_conn_finish(struct stream_conn *c)
{
    if (c->kind == STREAM_DEAD)
        return;
    c->due_ms = clock_mono_ms() + (c->kind == STREAM_SSE ? PROGRESS_MS : LINGER_MS);
    c->kind = STREAM_FINISHING;
    if (outq_len(&c->out) == 0)
        stream_conn_kill(c);
}

static void drained(struct stream_conn *c)
{
    struct hub_viewer *next;

    if (c->kind == STREAM_FINISHING || (c->close_sent && c->close_received)) {
        stream_conn_kill(c);
        return;
    }
    for (struct hub_viewer *w = c->viewers; w && c->kind != STREAM_DEAD; w = next) {
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
        want(c, outq_len(&c->out) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return c->kind == STREAM_DEAD ? ERR_PEER_GONE : 0;
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
    stream_at_round_end(s);
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

void stream_conn_send_collected(struct stream *s)
{
    while (s->collecting) {
        struct stream_conn *c = s->collecting;
        s->collecting = c->collecting_next;
        c->collecting_next = NULL;
        c->collecting = false;
        if (c->kind == STREAM_DEAD || stream_conn_is_waiting(c))
            continue;
        if (stream_conn_flush(c) == 0 && !stream_conn_is_waiting(c))
            drained(c);
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
        want(c, EPOLLIN | EPOLLOUT);
    return error;
}

int stream_conn_send(struct stream_conn *c, struct iovec *iov, size_t count, size_t max)
{
    size_t room = (size_t)c->stream->conf->stream_queue + CONTROL_ROOM;
    int rc;

    if (c->kind == STREAM_DEAD)
        return ERR_PEER_GONE;
    if (max == 0 && c->kind == STREAM_WS && outq_len(&c->out) > room) {
        stream_conn_kill(c);
        return ERR_PEER_GONE;
    }
    rc = stream_conn_collect_on(c, iov, count);
    if (rc == ERR_FULL)
        rc = stream_conn_send_now(c, iov, count, max);
    if (rc == ERR_FULL)
        return rc;
    if (rc < 0) {
        stream_conn_kill(c);
        return rc;
    }
    c->out_ms = clock_mono_ms();
    return c->kind == STREAM_DEAD ? ERR_PEER_GONE : 0;
}

static void take_input(struct stream_conn *c, const char *bytes, size_t len)
{
    c->in_ms = clock_mono_ms();
    if (c->kind == STREAM_HANDSHAKE)
        stream_handshake_feed(c, bytes, len);
    else if (c->kind == STREAM_CHECKING)
        stream_handshake_refuse(c, 400, "bad_request", "Frames came before the answer.");
    else if (c->kind == STREAM_WS)
        stream_socket_feed(c, bytes, len);
    /* Nothing is expected from the others: only their end is of interest. */
}

static void on_ready(struct reactor_source *source, uint32_t events)
{
    struct stream_conn *c = source->arg;

    if (events & EPOLLOUT) {
        if (c->kind == STREAM_FINISHING) /* it reads: it may read to the end */
            c->due_ms = clock_mono_ms() + PROGRESS_MS;
        if (stream_conn_flush(c) < 0)
            return;
        if (!stream_conn_is_waiting(c))
            drained(c);
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && c->kind != STREAM_DEAD) {
        struct stream *s = c->stream;
        ssize_t n = recv(source->fd, s->bytes, sizeof(s->bytes), MSG_DONTWAIT);
        if (n > 0)
            take_input(c, s->bytes, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            stream_conn_kill(c);
    }
}

int stream_conn_new(struct stream *s, int fd)
{
    struct stream_conn *c = calloc(1, sizeof(*c));

    if (!c)
        return ERR_NOMEM;
    c->request = stream_request_new();
    if (!c->request) {
        free(c);
        return ERR_NOMEM;
    }
    if (reactor_watch(s->reactor, &c->source, fd, EPOLLIN, on_ready, c) < 0) {
        stream_request_free(c->request);
        free(c);
        return ERR_IO;
    }
    c->stream = s;
    c->opened_ms = c->in_ms = c->out_ms = c->pinged_ms = clock_mono_ms();
    c->due_ms = c->opened_ms + HANDSHAKE_MS;
    c->bucket = (unsigned char)((unsigned)fd % STREAM_BUCKETS);
    c->next = s->buckets[c->bucket];
    if (c->next)
        c->next->prev = c;
    s->buckets[c->bucket] = c;
    s->connections++;
    return 0;
}

void stream_conn_free(struct stream_conn *c)
{
    struct stream *s = c->stream;

    stream_message_free_all(c);
    stream_legacy_forget(c);
    link_forget(hub_link(s->hub), c);
    while (c->viewers)
        stream_conn_unwatch(c, c->viewers);
    if (c->inbox)
        hub_remove(s->hub, c->inbox);
    stream_socket_free(c);
    stream_request_free(c->request);
    outq_free(&c->out);
    close(c->source.fd);
    free(c->user);
    free(c->session);
    free(c->trace);
    free(c->origin);
    free(c->turn);
    free(c);
    s->connections--;
}

struct hub_viewer *stream_conn_viewer(struct stream_conn *c, const char *session)
{
    struct hub_viewer *w = c->viewers;

    while (w && (w->run || strcmp(hub_session(w), session) != 0))
        w = w->sibling;
    return w;
}

int stream_conn_watch_start(
    struct stream_conn *c, const struct hub_start *start, struct hub_viewer **out)
{
    struct hub_viewer *w;
    size_t count = 0;
    int rc;

    for (w = c->viewers; w; w = w->sibling)
        count++;
    if (count >= STREAM_VIEWERS_MAX)
        return ERR_LIMIT;
    rc = hub_add(c->stream->hub, start, c, &w);
    if (rc < 0)
        return rc;
    w->sibling = c->viewers;
    c->viewers = w;
    if (out)
        *out = w;
    return 0;
}

int stream_conn_watch(
    struct stream_conn *c, const char *session, const char *cursor, struct hub_viewer **out)
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
 * Is its planned end due? Connections that came together do not leave together: each has its own
 * moment in the last fifth of stream.max_age.
 */
static bool is_old(const struct stream_conn *c, int64_t now)
{
    int64_t most = c->stream->conf->stream_max_age_ms;
    uint64_t mixed = ((uint64_t)(uintptr_t)c ^ (uint64_t)c->opened_ms) * 0x9e3779b97f4a7c15u;

    return most > 0 && now - c->opened_ms >= most - most / 5 * (int64_t)(mixed >> 54) / 1024;
}

static void tick_socket(struct stream_conn *c, int64_t now)
{
    const struct conf *conf = c->stream->conf;

    if (c->close_sent) {
        if (now >= c->due_ms)
            stream_conn_kill(c);
        return;
    }
    if (c->expires_ms != 0 && clock_real_ms() >= c->expires_ms) {
        stream_socket_close(c, 4001, "the credential has expired");
    } else if (now - c->in_ms >= conf->stream_idle_ms) {
        stream_socket_close(c, 1001, "no answer to pings");
    } else if (is_old(c, now)) {
        stream_socket_close(c, 1012, "planned reconnect");
    } else if (now - c->pinged_ms >= conf->stream_ping_ms &&
               (now - c->in_ms >= conf->stream_ping_ms ||
                   now - c->out_ms >= conf->stream_ping_ms)) {
        c->pinged_ms = now;
        stream_socket_ping(c);
    }
    if (c->messages)
        stream_message_tick(c, now);
}

static void tick_sse(struct stream_conn *c, int64_t now)
{
    const struct conf *conf = c->stream->conf;

    if (c->expires_ms != 0 && clock_real_ms() >= c->expires_ms)
        stream_sse_end(c, false);
    else if (is_old(c, now))
        stream_sse_end(c, true);
    else if (now - c->out_ms >= conf->stream_ping_ms)
        stream_sse_comment(c);
}

void stream_conn_tick(struct stream_conn *c, int64_t now)
{
    switch (c->kind) {
    case STREAM_HANDSHAKE:
    case STREAM_CHECKING:
        if (now >= c->due_ms)
            stream_handshake_refuse(
                c, 408, "handshake_timeout", "The request did not come in time.");
        break;
    case STREAM_FINISHING:
        if (now >= c->due_ms)
            stream_conn_kill(c);
        break;
    case STREAM_WS:
        tick_socket(c, now);
        break;
    case STREAM_SSE:
        tick_sse(c, now);
        break;
    default:
        break;
    }
}

void stream_conn_drain(struct stream_conn *c)
{
    const struct stream *s = c->stream;
    bool late = clock_mono_ms() - s->drain_from_ms >= s->conf->drain_ms * 9 / 10;

    switch (c->kind) {
    case STREAM_HANDSHAKE:
    case STREAM_CHECKING:
        /* Taken before the drain: it is answered, then drained like the others. */
        if (late)
            stream_handshake_refuse(
                c, 503, "draining", "This machine is being taken out of service.");
        c->draining = late;
        break;
    case STREAM_WS:
        if (!c->close_sent)
            stream_socket_close(c, 1012, "service restart");
        break;
    case STREAM_SSE:
        stream_sse_end(c, true);
        break;
    case STREAM_JSON:
        /* It cannot come back by itself as the others do, and the turn has the drain time too. */
        if (late)
            stream_handshake_refuse(c, 503, "draining", "The turn goes on; ask for it again.");
        c->draining = late;
        break;
    default:
        break;
    }
}
