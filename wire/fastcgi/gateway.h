/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_FASTCGI_GATEWAY_H
#define TURNPIKE_WIRE_FASTCGI_GATEWAY_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * gateway -- one FastCGI connection at a time, over libfcgi; the only file that includes it. Used
 * by api and turn workers, one per process, made after fork and after worker_signals: libfcgi
 * replaces the dispositions of TERM, USR1 and PIPE that it finds at default or ignored.
 *
 * The gateway accepts the connection itself, so that close-on-exec and both timeouts are set before
 * its first byte is read. So no poll of libfcgi's own holds the worker either.
 */
struct gateway;

/* listen_fd: O_NONBLOCK, borrowed. io_timeout_ms: of one read or write. Returns 0 or an ERR_*. */
MUST_CHECK int gateway_open(struct gateway **out, int listen_fd, int64_t io_timeout_ms);
void gateway_close(struct gateway *g);

/*
 * gateway_accept -- takes the next request if there is one; never waits for a connection, at most
 * io_timeout_ms for its parameters. Returns 0; ERR_NOT_YET (a sibling took it); ERR_PROTOCOL (the
 * connection was bad and is closed); ERR_IO (the listening socket is broken).
 */
MUST_CHECK int gateway_accept(struct gateway *g);
/* A parameter or NULL. Borrowed until gateway_finish. */
const char *gateway_param(void *g, const char *name);
/*
 * gateway_body -- the whole body into out (unbounded, empty), read to its end also when it
 * is larger than max: only then does a hang-up mean that the client left. Returns 0; ERR_LIMIT
 * (more than max bytes; out is cut); ERR_PEER_GONE (ended early, or too slow); ERR_NOMEM.
 */
MUST_CHECK int gateway_body(void *g, struct buf *out, size_t max);
/* True when the peer has closed. Valid after gateway_body. Never waits. */
bool gateway_peer_gone(const struct gateway *g);
/* The connection, for watching; -1 when none. */
MUST_CHECK int gateway_peer_fd(const struct gateway *g);
/*
 * gateway_write -- a part of the CGI reply, before gateway_finish sends the rest. Waits at most
 * io_timeout_ms for a peer that does not take it. Returns 0 or ERR_PEER_GONE.
 */
MUST_CHECK int gateway_write(void *g, const char *bytes, size_t len);
/* What was written leaves now, however little it is. As gateway_write. */
MUST_CHECK int gateway_flush(void *g);
/* Closes without the end of the request: nginx then breaks off what it passes on to the client. */
void gateway_break(struct gateway *g);
/*
 * gateway_finish -- sends the CGI reply (header lines, blank line, body) with the end of the
 * request and closes. Returns 0 when all of it was taken by the socket, ERR_PEER_GONE otherwise;
 * the connection is closed in both cases. Without an open request: 0.
 */
MUST_CHECK int gateway_finish(struct gateway *g, const char *head, size_t head_len,
    const char *body, size_t body_len);

#endif
