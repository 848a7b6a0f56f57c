/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_HUB_H
#define TURNPIKE_WORKERS_STREAM_HUB_H

#include "base/err.h"
#include "wire/redis/link.h"
#include "workers/stream/hub_runs.h"
#include "workers/stream/viewer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * hub -- which connections of this stream worker look at which sessions. One subscription per
 * session, or per user for the inbox, whatever the number of viewers. It performs the actions of
 * workers/stream/viewer; connections only see finished events through the sink. Stream workers
 * only.
 */
struct hub;
struct hub_topic;

struct hub_viewer {
    struct viewer v;
    struct hub_topic *topic;
    struct hub_viewer *next, *prev; /* of the topic */
    struct hub_viewer *sibling;     /* of the owner; the owner's business */
    void *owner;
    char *run;                /* only this run; NULL = the session */
    struct logentry_id until; /* of a replayed run: nothing above; 0-0 = no bound */
    struct logentry_id asked; /* the cursor when its place was asked for */
    struct hub_run *open;     /* runs that it saw start and not end */
    struct link_asker asker;  /* of Redis */
    int64_t quiet_since_ms;   /* monotonic; last delivery or check */
    unsigned char strikes;    /* looks at an ended run without its final event */
    bool until_final;         /* ends behind the final event of `run` */
    bool named_cursor;        /* a client's cursor: to be checked against the log */
    bool checking, catching_up, told, wants_snapshot_end;
    bool snapshot; /* has yet to get the conversation, in front of all events */
    bool suspect;  /* its log may be gone: to be compared at the next tick */
    bool verify; /* the next page that is not empty shows whether the log has its cursor's entry */
};

/*
 * What a connection does with it. A sink may close its connection at any time, but removes the
 * viewer only later, not from within.
 */
struct hub_sink {
    /* force: also when the queue is full. Returns 0, ERR_FULL (not taken), other: it is gone. */
    int (*event)(struct hub_viewer *viewer, const struct logentry *e, bool force);
    /* The viewer stands in the log: from now on nothing is missed. Once per viewer. */
    void (*located)(struct hub_viewer *viewer);
    /* Nothing more will come: final event delivered, or its run is gone. */
    void (*ended)(struct hub_viewer *viewer);
    /* Whether a MESSAGES_SNAPSHOT is of use to it. */
    bool (*takes_snapshots)(const struct hub_viewer *viewer);
    bool (*is_drained)(const struct hub_viewer *viewer);
    void (*inbox)(struct hub_viewer *viewer, const char *bytes, size_t len);
};

/* The process has tasks (tasks_open), which make the connections to Redis. */
MUST_CHECK int hub_new(struct hub **out, const struct conf *conf, struct reactor *reactor,
    const struct hub_sink *sink);
void hub_free(struct hub *h); /* all viewers have been removed */
/* The connection to Redis that answers; what is asked there is forgotten by its asker. */
struct link *hub_link(struct hub *h);
/* Are both connections to Redis there? */
bool hub_is_up(const struct hub *h);
/* A client waits for Redis, as link_hurry. True when both are there or being made. */
bool hub_hurry(struct hub *h);

/* How a viewer starts. Ids have been checked with ident_is_safe. */
struct hub_start {
    const char *user, *session; /* session NULL: the user's inbox */
    const char *run;            /* NULL = all of the session */
    struct logentry_id cursor;  /* when has_cursor */
    struct logentry_id until;
    bool has_cursor;
    bool named_cursor; /* it came from the client */
    bool until_final;
    bool snapshot; /* a MESSAGES_SNAPSHOT first; with a cursor that is named */
};
/* Returns 0 or ERR_NOMEM. The caller owns *out and gives it back by hub_remove. */
MUST_CHECK int hub_add(struct hub *h, const struct hub_start *start, void *owner,
    struct hub_viewer **out);
void hub_remove(struct hub *h, struct hub_viewer *viewer);
/* The connection has taken all that waited. */
void hub_drained(struct hub *h, struct hub_viewer *viewer);
/* Compares quiet viewers of running turns with the log, retries what failed. Twice a second. */
void hub_tick(struct hub *h, int64_t now_ms);
/* Session of a viewer ("" for an inbox). Borrowed. */
const char *hub_session(const struct hub_viewer *viewer);

#endif
