/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SEATS_PARTS_H
#define TURNPIKE_FCGI_APP_SEATS_PARTS_H

#include "agent/turn.h"
#include "base/err.h"
#include "fcgi-app/lag.h"
#include "fcgi-app/seats.h"
#include "fcgi-app/serve.h"
#include "tools/remote/tool_call.h"
#include "wire/fastcgi/inbound.h"

/*
 * seats_parts -- what the files of seats share with each other:
 *
 *   seats         life of the worker
 *   seats_accept  connections: which worker takes the next one, requests that wait for a seat
 *   seats_hold    requests of a flood, which wait before they get a seat
 *   seats_sit     a request takes a seat, and leaves it
 *   seats_pass    one pass of the loop
 *
 * Process: turn and quarantine workers.
 */

/* A connection: of nginx one request, of a stream worker one after the other. */
struct peer {
    struct seats *all;
    struct inbound *inbound;
    struct inbound_handlers handlers;
    bool asked;                /* a request of it has been told */
    bool waits;                /* that one, for a seat */
    struct reactor_timer held; /* set: that one is kept back (seats_hold) */
    struct peer *prev, *next;
};

/* A request, and the turns behind it. */
struct seat {
    struct seats *all;
    struct app app;
    struct turn_env env;
    struct eventlog *log; /* kept for the next */
    struct tool_place place;
    struct request_source source;
    struct serving serving;
    struct seat *next_free;
};

struct seats {
    struct app app; /* what all share */
    struct turn_env env;
    struct inbound_limits limits;
    struct room room; /* for files on their way: in bodies, downloads and requests to models */
    struct tool_calls *tools;
    struct reactor_source listening;
    struct reactor_timer balance, measure, usage;
    struct peer *peers;
    struct seat *free;
    size_t busy, fresh;     /* seats taken; connections whose first request has not come */
    size_t waiting;         /* requests that wait for a seat */
    size_t held, held_most; /* requests that are kept back, and how many may be */
    bool looks_again;
    struct lag lag;
    bool cannot_accept;      /* no descriptors, no memory: tried again after a while */
    int64_t load_us, cpu_us; /* when the load was looked at, and the processor time then */
    int permille;            /* of a processor that this worker used since the time before */
    int64_t worked_ms;       /* quarantine worker: when it was last seen with work */
};

/* Takes a seat for the request and spawns its task. Returns 0, ERR_FULL (all seats are taken),
 * ERR_NOMEM. */
MUST_CHECK int seats_sit(struct seats *s, struct inbound *inbound);

/* Gives the request of a connection a seat, lets it wait for one, or turns it away. */
void seats_take(struct peer *p);

/* Whether the request is kept back: seats_take comes later. */
bool seats_hold(struct peer *p);
/* It waits no longer: at once. Nothing for one that is not kept back. */
void seats_release(struct peer *p);
/* The connection is about to be freed. */
void seats_forget(struct peer *p);
/* How many may be kept back, by the descriptors that this process may have. */
size_t seats_held_most(void);

/* A seat has become free: for the one that has waited longest. */
void seats_next(struct seats *s);

/*
 * Listens, or leaves the socket to the others for now. A connection wakes one worker alone: when
 * that does not take it, the others find it at their next look.
 */
void seats_listen(struct seats *s);

/* Takes what had come to us, then stops listening. Connections close behind the reply that is under
 * way, new ones behind the reply to their first request. */
void seats_drain(struct seats *s);

/* Closes all connections at once. */
void seats_close_peers(struct seats *s);

/* Whether a request or a connection is there. */
bool seats_has_work(const struct seats *s);

/* Waits, and does what there is to do: at most a second for nothing. Returns 0 or why the loop
 * cannot go on. */
MUST_CHECK int seats_pass(struct seats *s);

#endif
