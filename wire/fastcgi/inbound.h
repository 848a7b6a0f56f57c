/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_FASTCGI_INBOUND_H
#define TURNPIKE_WIRE_FASTCGI_INBOUND_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "base/room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * inbound -- the server side of FastCGI 1.0 on a reactor: one accepted connection, one responder
 * request at a time on it. Used by turn workers and tool processes, whose requests are tasks of one
 * loop. No call blocks. Limits bound the memory of a connection; an idle one holds no buffers.
 *
 * inbound calls `request` when a request has arrived whole. From then on the request is the
 * owner's: the connection stays valid, whatever the peer does, until the owner answers with
 * inbound_finish, inbound_overloaded or inbound_break. The owner does not use the connection for
 * this request after that. The connection then waits for the next request when the peer asked for
 * that, else it closes.
 */
struct inbound;

struct inbound_limits {
    size_t params_max; /* bytes of a request's parameters as sent; more end the connection */
    size_t body_max;   /* bytes of a body that are kept; a longer one is read and dropped */
    /*
     * What several connections may hold of bodies longer than body_small, or NULL. A body for which
     * there is no room is read and dropped: inbound_body says ERR_FULL.
     */
    struct room *room;
    size_t body_small;
    size_t reply_max;      /* bytes of parts (inbound_write) that wait for the peer */
    int64_t io_timeout_ms; /* from a request's first byte to its last; of a reply that stalls */
    int64_t idle_ms;       /* a kept connection may wait so long for its next request */
    unsigned max_conns, max_reqs; /* what FCGI_GET_VALUES is told; FCGI_MPXS_CONNS is 0 */
};

/*
 * All run within reactor_step, never within a call of inbound_*. Each may call any function of
 * inbound_*, also inbound_free, but must not step the reactor.
 */
struct inbound_handlers {
    void *arg;
    /* A request has arrived whole. */
    void (*request)(void *arg, struct inbound *i);
    /* Or NULL. Once for a request: inbound_peer_gone is true now. */
    void (*gone)(void *arg, struct inbound *i);
    /* Or NULL. The peer has taken all that inbound_write had queued. */
    void (*drained)(void *arg, struct inbound *i);
    /*
     * The connection has ended, and no request of it is open. It is freed when this returns. Not
     * called after inbound_free.
     */
    void (*closed)(void *arg, struct inbound *i);
};

/*
 * inbound_new -- takes an accepted connection.
 *   fd                 O_NONBLOCK and O_CLOEXEC; owned, on an error it stays the caller's
 *   limits, handlers   borrowed, have to outlive the connection
 * Returns 0; ERR_NOMEM; ERR_IO.
 */
MUST_CHECK int inbound_new(struct inbound **out, struct reactor *r, int fd,
    const struct inbound_limits *limits, const struct inbound_handlers *handlers);
/* Closes at once, in any state; an open request ends without a word. NULL is allowed. */
void inbound_free(struct inbound *i);
/*
 * inbound_retire -- no request after the one under way: the connection closes behind its reply; one
 * that waits between two requests closes now, one that has begun to send a request gets its reply.
 */
void inbound_retire(struct inbound *i);

/*
 * The open request. These fit struct request_source (fcgi-app/request.h).
 *
 * A parameter or NULL; the first of a name counts. Borrowed until the request is answered.
 */
const char *inbound_param(void *i, const char *name);
/*
 * inbound_body -- moves the body into out (unbounded, empty): a second call finds an empty one.
 * Returns 0; ERR_LIMIT (more than max bytes, or than the limit; nothing is in out); ERR_FULL (no
 * room); ERR_PEER_GONE (shorter than CONTENT_LENGTH says); ERR_NOMEM.
 */
MUST_CHECK int inbound_body(void *i, struct buf *out, size_t max);
/* The owner holds nothing of the body any more: others get its room. Else the answer says so. */
void inbound_body_done(void *i);
/*
 * inbound_write -- a part of the CGI reply, before inbound_finish sends the rest.
 * Returns 0 (sent, or queued); ERR_FULL (reply_max bytes would wait: nothing was taken, `drained`
 * tells when to go on; a part is always taken when none waits); ERR_PEER_GONE; ERR_NOMEM (the reply
 * is cut: inbound_break).
 */
MUST_CHECK int inbound_write(void *i, const char *bytes, size_t len);
/*
 * inbound_finish -- the CGI reply (header lines, blank line, body) and the end of the request. What
 * the socket does not take now is copied and follows.
 * Returns 0 (sent, or queued; also without an open request); ERR_PEER_GONE (it reached nobody);
 * ERR_NOMEM (the connection is broken off). The request is answered in all cases.
 */
MUST_CHECK int inbound_finish(struct inbound *i, const char *head, size_t head_len,
    const char *body, size_t body_len);
/*
 * inbound_overloaded -- answers that nobody has looked at the request, as there is no room. For our
 * own client (fastcgi_reply_feed: ERR_FULL); nginx 1.22 makes 502 of it, so that it gets a 503 by
 * inbound_finish instead. Behind inbound_write: inbound_break.
 */
void inbound_overloaded(struct inbound *i);
/* Closes without the end of the request: nginx then breaks off what it passes on to the client. */
void inbound_break(struct inbound *i);
/*
 * True when the peer of the open request has hung up, has sent ABORT_REQUEST, broke its protocol,
 * or did not take the reply in time; also without an open request. A peer that only says no more
 * (shutdown of its sending side) still listens.
 */
bool inbound_peer_gone(const struct inbound *i);
/* The connection, for a look at the peer; it is in the reactor's set already. -1: closed. */
MUST_CHECK int inbound_fd(const struct inbound *i);

#endif
