/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_CONN_H
#define TURNPIKE_WORKERS_STREAM_STREAM_CONN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "process/auth.h"
#include "process/worker.h"
#include "wire/outq.h"
#include "workers/stream/hub.h"
#include "workers/stream/stream_share.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_conn -- a connection of a stream worker: its life, its output, its viewers. It knows the
 * client's kind by a table of operations only (struct stream_kind); the file of a kind knows this
 * one and no other kind. One process, one loop.
 *
 * A connection that is done is marked dead and freed at the end of the loop's round, so no callback
 * touches freed memory. What a round has for a connection goes out by one send, at that end too.
 */
#define STREAM_BUCKETS 10 /* a connection is looked at once a second */
#define STREAM_READ_SIZE 65536
#define STREAM_VIEWERS_MAX 32 /* sessions of one connection */

struct iovec;
struct stream_conn;
struct fastcgi_pool;
struct stream_deflate;
struct stream_member;
struct stream_stop;

/* What the connections of a worker share; made by stream_worker. */
struct stream {
    struct worker *worker;
    const struct conf *conf;
    struct reactor *reactor;
    struct auth *auth;
    struct hub *hub;
    struct fastcgi_pool *turns, *api; /* connections to the workers of these pools */
    struct reactor_source accept;
    struct reactor_timer tick, accept_again;
    struct reactor_hook round_end;
    struct stream_conn *buckets[STREAM_BUCKETS];
    struct stream_conn *dead;
    struct stream_conn *collecting, *collecting_last; /* have output of this round, unsent */
    size_t collected;                                 /* bytes that they have */
    size_t connections;
    struct stream_share share;
    int64_t most;     /* connections that are served; more are refused */
    bool waited_full; /* siblings have had their chance to accept */
    bool over;        /* the loop ends with this round */
    unsigned turn_of_bucket;
    int64_t started_ms, drain_from_ms; /* monotonic; 0 = not draining */
    int64_t drain_spread_ms;
    char api_socket[108];
    struct stream_stop *stops;      /* stream_call: on their way */
    struct buf scratch;             /* of whoever writes one event */
    struct stream_deflate *deflate; /* NULL = ws.deflate is off */
    char bytes[STREAM_READ_SIZE];
};

/*
 * The operations of a kind, all of them of an open connection only, and all of them there: a kind
 * that has nothing to do has one of the stream_conn_no_* below. X(RESULT, NAME, PARAMETERS):
 *
 *   feed             bytes that were received
 *   tick             once a second; monotonic milliseconds
 *   drain            the worker leaves; late = in the last tenth of its time. Returns false when
 *                    it wants to be asked again, at the next tick of the worker
 *   drained          the socket has taken all output
 *   end              the connection dies now: the last word to the log. Sends nothing
 *   free             gives back c->own; the connection is dead, or becomes another kind
 *   event            one event of a session's log; max as outq_send (0 = whatever waits already).
 *                    Returns 0; ERR_FULL: not taken; other: nobody looks any more
 *   located          a viewer of it misses nothing from now on
 *   ended            a viewer of it has had its last event
 *   inbox            an entry of the user's inbox: JSON
 *   takes_snapshots  whether a MESSAGES_SNAPSHOT is of use to it
 */
#define STREAM_KIND_OPERATIONS(X) \
    X(void, feed, (struct stream_conn * c, const char *bytes, size_t len)) \
    X(void, tick, (struct stream_conn * c, int64_t now_ms)) \
    X(bool, drain, (struct stream_conn * c, bool late)) \
    X(void, drained, (struct stream_conn * c)) \
    X(void, end, (struct stream_conn * c)) \
    X(void, free, (struct stream_conn * c)) \
    X(int, event, (struct stream_conn * c, const struct logentry *e, size_t max)) \
    X(void, located, (struct stream_conn * c)) \
    X(void, ended, (struct stream_conn * c)) \
    X(void, inbox, (struct stream_conn * c, const char *bytes, size_t len)) \
    X(bool, takes_snapshots, (const struct stream_conn *c))
struct stream_kind {
    const char *name;
    int64_t linger_ms; /* its reader has this long for the last bytes, until it takes some */
    bool is_bounded;   /* dropped when more waits than events and small answers may */
#define STREAM_KIND_MEMBER_(result, name, parameters) result(*name) parameters;
    STREAM_KIND_OPERATIONS(STREAM_KIND_MEMBER_)
#undef STREAM_KIND_MEMBER_
};
#define STREAM_LINGER_MS 2000
#define STREAM_PROGRESS_MS 30000

void stream_conn_no_feed(struct stream_conn *c, const char *bytes, size_t len);
void stream_conn_no_tick(struct stream_conn *c, int64_t now_ms);
void stream_conn_no_step(struct stream_conn *c); /* drained, end, free, located, ended */
MUST_CHECK int stream_conn_no_event(struct stream_conn *c, const struct logentry *e, size_t max);
bool stream_conn_no_snapshots(const struct stream_conn *c);

/* The operations of a kind that hears no session. */
#define STREAM_KIND_HEARS_NOTHING \
    .event = stream_conn_no_event, .located = stream_conn_no_step, .ended = stream_conn_no_step, \
    .inbox = stream_conn_no_feed, .takes_snapshots = stream_conn_no_snapshots

enum stream_stage {
    STREAM_OPEN,      /* its kind's operations are called */
    STREAM_FINISHING, /* the last bytes go out */
    STREAM_DEAD       /* freed at the end of the round */
};

struct stream_conn {
    struct reactor_source source;
    struct stream *stream;
    const struct stream_kind *kind;
    void *own;                       /* the kind's */
    struct stream_conn *next, *prev; /* bucket, or the dead */
    struct stream_conn *collecting_next;
    struct outq out;
    struct hub_viewer *viewers;
    struct hub_viewer *hears;         /* whose event, or end, the kind is being told; else NULL */
    struct link_asker asker;          /* of Redis */
    char *account;                    /* of a WebSocket: auth_account_write; or NULL */
    char *user;                       /* NULL until stream_conn_belongs */
    int64_t opened_ms, in_ms, out_ms; /* monotonic */
    int64_t due_ms;                   /* monotonic; the kind's, and the end of finishing */
    int64_t expires_ms;               /* real time; 0 = never */
    struct stream_member *member;     /* of a chat of another user's trip (stream_member.h) */
    struct auth_mark mark;            /* of the credential that opened it */
    unsigned rights;                  /* auth_rights of then: fewer end it */
    unsigned char stage, bucket;
    bool draining;   /* has been told to leave */
    bool collecting; /* in the list of that name */
    bool counted;    /* by crowd */
};

/*
 * Takes the descriptor and `own`, on success only: both are freed with the connection.
 * Returns 0, ERR_NOMEM or ERR_IO.
 */
MUST_CHECK int stream_conn_new(struct stream *s, int fd, const struct stream_kind *kind, void *own,
    struct stream_conn **out);
/* Whose it is, from now on; once. Returns 0 or ERR_NOMEM. */
MUST_CHECK int stream_conn_belongs(struct stream_conn *c, const char *user);
/* Has this user so many connections here that one more is refused? */
bool stream_conn_is_too_many(const struct stream *s, const char *user);
/* The former kind's `own` is freed. */
void stream_conn_become(struct stream_conn *c, const struct stream_kind *kind, void *own);
/* Nothing more is sent or read; freed at the end of the round. */
void stream_conn_kill(struct stream_conn *c);
/* Ends when all output has gone, or its reader takes nothing for a while. */
void stream_conn_finish(struct stream_conn *c);
bool stream_conn_is_open(const struct stream_conn *c);
/* Sends what the round has collected, then frees the dead. */
void stream_conn_end_round(struct stream *s);

/*
 * One frame out, at the end of the round; what is too much for that, at once. max as in outq_send:
 * it counts only when the socket has not taken all of an earlier round. Returns 0; ERR_FULL: not
 * taken; other: the connection is dead.
 */
MUST_CHECK int stream_conn_send(struct stream_conn *c, struct iovec *iov, size_t count, size_t max);
/* The socket has not taken all of an earlier round. */
bool stream_conn_is_waiting(const struct stream_conn *c);
/* Counts an event for the status by the result of its sending, and returns that. */
MUST_CHECK int stream_conn_count(struct stream_conn *c, int error);

/* The viewer of a whole session; NULL = none. Borrowed. */
struct hub_viewer *stream_conn_viewer(struct stream_conn *c, const char *session);
/*
 * Makes the viewer of a session, or finds it. cursor NULL or "": live, with the running run; else
 * the viewer starts anew behind it. Returns 0, ERR_INVALID (no cursor), ERR_LIMIT, ERR_NOMEM.
 */
MUST_CHECK int stream_conn_watch(struct stream_conn *c, const char *session, const char *cursor,
    struct hub_viewer **out);
/* out may be NULL. Returns 0, ERR_LIMIT or ERR_NOMEM. */
MUST_CHECK int stream_conn_watch_start(struct stream_conn *c, const struct hub_start *start,
    struct hub_viewer **out);
void stream_conn_unwatch(struct stream_conn *c, struct hub_viewer *viewer);

/*
 * Counts a connection that stays open for its user (c->user). False: the user has more open than
 * limit.user_connections, or what the class says, allows. It is not counted then.
 *   cls  "" = none
 */
bool stream_conn_count_in(struct stream_conn *c, const char *cls);
#define STREAM_CROWDED "connections_per_user"
#define STREAM_CROWDED_TEXT \
    "As many connections of this user are open as one user may have. Close one of them."
void stream_conn_tick(struct stream_conn *c, int64_t now_ms);
void stream_conn_drain(struct stream_conn *c);
/* Its planned end is due: stream.max_age. */
bool stream_conn_is_old(const struct stream_conn *c, int64_t now_ms);

#endif
