/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_FASTCGI_POOL_H
#define TURNPIKE_PROCESS_FASTCGI_POOL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct reactor;
struct scoreboard;

/*
 * fastcgi_pool -- the connections of one process to the socket of one pool of workers. Turn workers
 * keep connections, api workers do not: a kept connection waits here for its next request. Stream
 * workers, with fastcgi_call. No call blocks.
 *
 * A kept connection leads to one worker. To spread requests over the workers, each reply tells the
 * slot of its worker, and fastcgi_pool_take compares the workers' busy seats.
 */
struct fastcgi_pool;
struct fastcgi_conn;

/*
 * What is ready of a connection that is in use. 0: the pool is being freed; the user drops the
 * connection within the call.
 */
typedef void fastcgi_conn_fn(void *arg, uint32_t epoll_events);

#define FASTCGI_POOL_IDLE_MAX 32   /* connections that wait for a request */
#define FASTCGI_POOL_IDLE_MS 45000 /* they wait so long; less than a worker does (KEPT_MS) */
#define FASTCGI_POOL_SLACK 2       /* turns that a worker may have more than the least busy one */
/*
 * A worker that executes work, or has so many turns, comes round every few milliseconds. One that
 * has not for this time has no processor, or computes: a new connection finds another one.
 */
#define FASTCGI_POOL_BUSY 4
#define FASTCGI_POOL_LATE_MS 20

/*
 * reactor, socket_path and board are borrowed. board: of the turn workers that listen on the
 * socket; NULL = the workers are of another kind, and nothing is kept. Returns 0; ERR_NOMEM.
 */
MUST_CHECK int fastcgi_pool_new(struct fastcgi_pool **out, struct reactor *reactor,
    const char *socket_path, const struct scoreboard *board);
struct reactor *fastcgi_pool_reactor(const struct fastcgi_pool *p);
/* Users that are left hear 0. NULL is allowed. */
void fastcgi_pool_free(struct fastcgi_pool *p);
/* Closes waiting connections, and keeps none from now on. For a process that drains. */
void fastcgi_pool_retire(struct fastcgi_pool *p);
/* Whether a request should ask its worker to keep the connection. */
bool fastcgi_pool_keeps(const struct fastcgi_pool *p);
/*
 * Whether a worker acts on a request only when it has read all of it (wire/fastcgi/inbound.h). Then
 * a connection that it closes with bytes of the request unread is one whose request had no effect.
 */
bool fastcgi_pool_reads_whole(const struct fastcgi_pool *p);

/*
 * fastcgi_pool_take -- the waiting connection whose worker has the fewest turns. NULL when there is
 * none, or when a new one does better: that worker has FASTCGI_POOL_SLACK turns more than the least
 * busy one, drains, or seems to be stuck. The user owns it until _give or _drop.
 */
struct fastcgi_conn *fastcgi_pool_take(struct fastcgi_pool *p, fastcgi_conn_fn *ready, void *arg);
/* A new one. Returns 0; ERR_FULL (the backlog is); ERR_NET (nobody listens); ERR_NOMEM. */
MUST_CHECK int fastcgi_pool_connect(struct fastcgi_pool *p, fastcgi_conn_fn *ready, void *arg,
    struct fastcgi_conn **out);
MUST_CHECK int fastcgi_conn_fd(const struct fastcgi_conn *c);
/* EPOLLIN and hang-ups are always told; EPOLLOUT when asked for. Returns 0 or ERR_NET. */
MUST_CHECK int fastcgi_conn_wants_out(struct fastcgi_conn *c, bool wanted);
/*
 * The user has its reply, and the connection can carry the next request.
 *   slot  of the worker that answered, as it said; -1 = not known: the connection is closed
 */
void fastcgi_conn_give(struct fastcgi_conn *c, int slot);
void fastcgi_conn_drop(struct fastcgi_conn *c);

#endif
