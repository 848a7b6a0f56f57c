/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_FASTCGI_INBOUND_PARTS_H
#define TURNPIKE_WIRE_FASTCGI_INBOUND_PARTS_H

#include "base/err.h"
#include "wire/fastcgi/fastcgi_record.h"
#include "wire/fastcgi/inbound.h"
#include "wire/outq.h"

/*
 * inbound_parts -- what the two files of inbound share: inbound.c has the connection (events,
 * times, sending, the owner's calls), inbound_records.c makes requests of its bytes.
 */
enum inbound_state {
    INBOUND_WAIT,   /* no request */
    INBOUND_PARAMS, /* its parameters arrive */
    INBOUND_STDIN,  /* its body arrives */
    INBOUND_WORK,   /* it is the owner's */
    INBOUND_SENT,   /* it is answered, the peer has not taken all of it */
    INBOUND_CLOSED,
    INBOUND_STATES
};

/* What a record is to the connection, by its type and its request id. */
enum inbound_kind {
    INBOUND_IS_BEGIN,  /* of the request that is active */
    INBOUND_IS_OTHERS, /* BEGIN_REQUEST of another id, or while no request is active */
    INBOUND_IS_ABORT,
    INBOUND_IS_PARAMS,
    INBOUND_IS_STDIN,
    INBOUND_IS_ODD, /* none that a responder is sent */
    INBOUND_KINDS
};

/* What is done with a record. */
enum inbound_deed {
    INBOUND_DROP,
    INBOUND_OPEN,  /* begins a request */
    INBOUND_HOLD,  /* begins the next request: it waits, with all that follows */
    INBOUND_TWICE, /* answered CANT_MPX_CONN */
    INBOUND_ABORT,
    INBOUND_PARAM,
    INBOUND_INPUT,
    INBOUND_VALUES,  /* GET_VALUES */
    INBOUND_UNKNOWN, /* answered UNKNOWN_TYPE */
    INBOUND_REFUSE   /* breaks the protocol */
};

struct inbound {
    struct reactor *reactor;
    const struct inbound_limits *limits;
    const struct inbound_handlers *handlers;
    int fd;
    struct reactor_source source;
    struct reactor_timer deadline, later;     /* later: what must not run within a call */
    int64_t idle_due, arrival_due, stall_due; /* monotonic ms; arrival_due: 0 = nothing has come */
    enum inbound_state state;
    unsigned id;   /* of the active request, 0 = none */
    bool keep;     /* the active request asked to keep the connection */
    bool retired;  /* no further request */
    bool answered; /* a part of the reply has gone */
    bool aborted;  /* by ABORT_REQUEST */
    bool gone_told;
    bool drain_due;   /* a part waits: `drained` is to be told */
    bool broken;      /* nothing can be sent or read any more */
    bool hung_up;     /* the peer has closed; what it has sent can still be read */
    bool half_closed; /* the peer says no more, which is told once */
    bool ended;       /* all that the peer has sent is read */
    bool busy;        /* a callback of the reactor is on the stack */
    bool freed;       /* by the owner, within that */
    struct fastcgi_record record;
    enum inbound_deed deed; /* with the record that arrives */
    bool held;              /* its head is read; the rest follows when the request is answered */
    struct buf small;       /* content of records other than the two streams */
    struct buf ahead;       /* bytes read, not looked at yet */
    struct buf params;      /* as sent; after their end NAME NUL VALUE NUL ... */
    struct buf body;
    size_t body_seen; /* bytes; more than the limit: body is empty */
    int body_error;   /* 0, ERR_FULL or ERR_NOMEM */
    struct room_ticket body_room;
    struct outq out; /* whole records, or the rest of them */
};

/* A parameter when all have come, or NULL. */
const char *inbound_find_param(const struct inbound *i, const char *name);
/* Whether the next record may be looked at now. */
bool inbound_reads(const struct inbound *i);
/*
 * inbound_feed -- looks at bytes of the peer until they are used up or inbound_reads says no; the
 * rest goes to `ahead`, which is empty before. May call the owner's `request`.
 * Returns 0; ERR_PROTOCOL; ERR_LIMIT (parameters); ERR_NOMEM.
 */
MUST_CHECK int inbound_feed(struct inbound *i, const char *bytes, size_t len);
/* Goes on with a record that was held and with what is ahead. */
MUST_CHECK int inbound_feed_ahead(struct inbound *i);
/* What is done with a record of this kind in this state, up to INBOUND_WORK. */
enum inbound_deed inbound_deed_of(enum inbound_state state, enum inbound_kind kind);

/*
 * inbound_send -- sends records, or queues what the socket does not take. An error breaks the
 * connection: it is closed unless the request is the owner's. Returns 0, ERR_PEER_GONE, ERR_NOMEM.
 */
MUST_CHECK int inbound_send(struct inbound *i, const struct buf *records);
/* All of the request's records are in `out`: on to the next request, or to the end. */
void inbound_answered(struct inbound *i);

#endif
