/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/fastcgi_call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "process/fastcgi_pool.h"
#include "process/worker.h"
#include "wire/outq.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

struct fastcgi_call {
    struct fastcgi_pool *pool;
    struct fastcgi_conn *conn; /* NULL only in between */
    struct reactor_timer timer;
    int64_t until_ms;   /* monotonic, of the whole exchange */
    struct buf request; /* for a second attempt; empty when there will be none */
    struct outq out;
    struct fastcgi_reply reply;
    bool repeatable;
    bool cut;       /* the peer has not let us send the whole request */
    bool heard;     /* a byte of the reply */
    bool hung_up;   /* the peer has closed; what it said before is read first */
    bool uncertain; /* an earlier attempt may have had its effect */
    fastcgi_call_fn *fn;
    void *arg;
};

static void fastcgi_call_on_ready(void *arg, uint32_t events);

/* ---- its end ---- */

static void fastcgi_call_drop(struct fastcgi_call *call)
{
    if (call->conn)
        fastcgi_conn_drop(call->conn);
    call->conn = NULL;
    outq_free(&call->out);
}

static void fastcgi_call_free(struct fastcgi_call *call)
{
    fastcgi_call_drop(call);
    reactor_timer_clear(fastcgi_pool_reactor(call->pool), &call->timer);
    buf_free(&call->request);
    fastcgi_reply_fini(&call->reply);
    free(call);
}

static void fastcgi_call_end(struct fastcgi_call *call, int error)
{
    if (call->uncertain && (error == ERR_FULL || error == ERR_NET))
        error = ERR_PROTOCOL;
    if (call->fn)
        call->fn(call->arg, error, error ? NULL : &call->reply);
    fastcgi_call_free(call);
}

/* ---- sending ---- */

static int fastcgi_call_send(struct fastcgi_call *call)
{
    struct iovec iov = {call->request.data, call->request.len};
    int error = outq_send(&call->out, fastcgi_conn_fd(call->conn), &iov, 1, 0);

    if (!error)
        error = fastcgi_conn_wants_out(call->conn, outq_len(&call->out) > 0);
    if (error)
        fastcgi_call_drop(call);
    return error == ERR_PEER_GONE ? ERR_NET : error;
}

static int fastcgi_call_send_anew(struct fastcgi_call *call)
{
    int error = fastcgi_pool_connect(call->pool, fastcgi_call_on_ready, call, &call->conn);

    return error ? error : fastcgi_call_send(call);
}

/* A kept connection that does not take it has just been closed by its worker. */
static int fastcgi_call_send_first(struct fastcgi_call *call, bool *over_kept)
{
    int error = ERR_NET;

    call->conn = fastcgi_pool_take(call->pool, fastcgi_call_on_ready, call);
    if (call->conn)
        error = fastcgi_call_send(call);
    *over_kept = error != ERR_NET;
    return *over_kept ? error : fastcgi_call_send_anew(call);
}

static void fastcgi_call_repeat(struct fastcgi_call *call)
{
    int error;

    fastcgi_call_drop(call);
    fastcgi_reply_again(&call->reply);
    call->cut = call->hung_up = call->heard = false;
    error = fastcgi_call_send_anew(call);
    buf_free(&call->request);
    if (error)
        fastcgi_call_end(call, error);
}

/* ---- time ---- */

/* Of a unix socket SIOCOUTQ counts what the peer has not read yet (unix(7)). */
static bool fastcgi_call_is_unread(const struct fastcgi_call *call)
{
    int bytes = 0;

    return ioctl(fastcgi_conn_fd(call->conn), SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

/* The worker behind a kept connection does not come round. Nobody else can take it from there. */
static void fastcgi_call_on_timer(struct reactor_timer *timer)
{
    struct fastcgi_call *call = timer->arg;

    if (clock_mono_ms() >= call->until_ms) {
        fastcgi_call_end(call, ERR_DEADLINE);
        return;
    }
    reactor_timer_set(fastcgi_pool_reactor(call->pool), timer, call->until_ms,
        fastcgi_call_on_timer, call);
    if (call->request.len > 0 && fastcgi_call_is_unread(call)) {
        call->uncertain = true; /* it may be read just now */
        fastcgi_call_repeat(call);
    }
}

static void fastcgi_call_set_timer(struct fastcgi_call *call, int64_t timeout_ms, bool over_kept)
{
    int64_t now_ms = clock_mono_ms(), first_ms = timeout_ms;

    if (over_kept && call->repeatable && first_ms > FASTCGI_CALL_UNREAD_MS)
        first_ms = FASTCGI_CALL_UNREAD_MS;
    call->until_ms = now_ms + timeout_ms;
    reactor_timer_set(fastcgi_pool_reactor(call->pool), &call->timer, now_ms + first_ms,
        fastcgi_call_on_timer, call);
}

/* ---- the reply ---- */

/* unread: the peer has closed without reading all that it was sent. */
static void fastcgi_call_lost(struct fastcgi_call *call, bool unread)
{
    bool whole = fastcgi_pool_reads_whole(call->pool);
    bool no_effect = whole && !call->heard && (unread || call->cut || outq_len(&call->out) > 0);

    if (call->heard || call->request.len == 0 || !(no_effect || call->repeatable)) {
        fastcgi_call_end(call, no_effect ? ERR_NET : ERR_PROTOCOL);
        return;
    }
    call->uncertain = !no_effect;
    fastcgi_call_repeat(call);
}

static void fastcgi_call_overloaded(struct fastcgi_call *call)
{
    if (call->request.len > 0)
        fastcgi_call_repeat(call);
    else
        fastcgi_call_end(call, ERR_FULL);
}

/* The slot that the worker named, or -1. */
static int fastcgi_call_slot(const struct fastcgi_call *call)
{
    size_t len;
    const char *text = fastcgi_reply_header(&call->reply, WORKER_SLOT_HEADER, &len);
    int slot = 0;

    if (!text || len == 0 || len > 6)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        slot = slot * 10 + (text[i] - '0');
    }
    return slot;
}

/* The caller may make its next request within fn: the connection is free before that. */
static void fastcgi_call_complete(struct fastcgi_call *call)
{
    struct fastcgi_conn *conn = call->conn;
    bool again = fastcgi_reply_reusable(&call->reply) && !call->hung_up && !call->cut &&
        outq_len(&call->out) == 0;

    call->conn = NULL;
    fastcgi_conn_give(conn, again ? fastcgi_call_slot(call) : -1);
    fastcgi_call_end(call, 0);
}

/* Returns whether the call is over, or on its way again. */
static bool fastcgi_call_read(struct fastcgi_call *call)
{
    int error = fastcgi_reply_read(&call->reply, fastcgi_conn_fd(call->conn));

    if (error == ERR_NOT_YET)
        return false;
    if (error == ERR_PEER_GONE || error == ERR_NET) {
        fastcgi_call_lost(call, error == ERR_NET);
        return true;
    }
    call->heard = true;
    if (!error)
        return false;
    if (error == 1)
        fastcgi_call_complete(call);
    else if (error == ERR_FULL)
        fastcgi_call_overloaded(call);
    else
        fastcgi_call_end(call, error);
    return true;
}

/* A worker may answer and close before it has read all: the reply decides, not this. */
static void fastcgi_call_flush(struct fastcgi_call *call)
{
    if (outq_flush(&call->out, fastcgi_conn_fd(call->conn)) < 0) {
        outq_free(&call->out);
        call->cut = true;
    }
    if (outq_len(&call->out) == 0 && fastcgi_conn_wants_out(call->conn, false))
        fastcgi_call_lost(call, false);
}

static void fastcgi_call_on_ready(void *arg, uint32_t events)
{
    struct fastcgi_call *call = arg;

    if (events == 0) {
        fastcgi_call_free(call);
        return;
    }
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        call->hung_up = true;
    if ((events & ~(uint32_t)EPOLLOUT) && fastcgi_call_read(call))
        return;
    if ((events & EPOLLOUT) && outq_len(&call->out) > 0)
        fastcgi_call_flush(call);
}

/* ---- the caller's ---- */

static int fastcgi_call_encode(struct fastcgi_call *call,
    const struct fastcgi_call_request *request)
{
    return (fastcgi_pool_keeps(call->pool) ? fastcgi_request_keep : fastcgi_request)(&call->request,
        request->pairs, request->count, request->body, request->len);
}

int fastcgi_call_start(struct fastcgi_pool *pool, const struct fastcgi_call_request *request,
    fastcgi_call_fn *fn, void *arg, struct fastcgi_call **out)
{
    struct fastcgi_call *call = calloc(1, sizeof *call);
    bool over_kept = false;
    int error;

    if (!call)
        return ERR_NOMEM;
    call->pool = pool;
    call->repeatable = request->repeatable;
    call->fn = fn;
    call->arg = arg;
    fastcgi_reply_init(&call->reply, request->max);
    error = fastcgi_call_encode(call, request);
    if (!error)
        error = fastcgi_call_send_first(call, &over_kept);
    if (error) {
        fastcgi_call_free(call);
        return error;
    }
    fastcgi_call_set_timer(call, request->timeout_ms, over_kept);
    if (out)
        *out = call;
    return 0;
}

void fastcgi_call_forget(struct fastcgi_call *call)
{
    call->fn = NULL;
}

void fastcgi_call_cancel(struct fastcgi_call *call)
{
    fastcgi_call_free(call);
}
