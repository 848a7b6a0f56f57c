/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CONTROL_H
#define TURNPIKE_WORKERS_SUPERVISOR_CONTROL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * control -- the control socket: one line in, one reply out, then the connection is closed.
 * Nothing here waits: a client that is slow to ask or to read has 5 s, and when 32 are there the
 * oldest one goes. Process: supervisor.
 */
struct control;
/* line: without its end; the answer is appended to reply (at most 8 MiB). */
typedef void control_fn(void *arg, const char *line, struct buf *reply);

/* listen_fd: non-blocking, borrowed. Returns 0, ERR_NOMEM or ERR_IO. */
MUST_CHECK int control_new(struct control **out, struct reactor *reactor, int listen_fd,
    control_fn *fn, void *arg);
void control_free(struct control *c);
size_t control_clients(const struct control *c);
/* The unix user who asks for what control_fn is answering now (SO_PEERCRED); (uid_t)-1: nobody
 * does. */
uid_t control_asker(const struct control *c);

#define CONTROL_CLIENTS_MAX 32
#define CONTROL_LINE_MAX 256
#define CONTROL_TIME_MS 5000

/*
 * control_ask -- the other side, blocking: for the turnpike command.
 *   timeout_ms  for the whole exchange
 * Returns 0; ERR_NOT_FOUND (nobody listens there); ERR_FORBIDDEN; ERR_IO; ERR_DEADLINE.
 */
MUST_CHECK int control_ask(const char *path, const char *line, int timeout_ms, struct buf *reply);

#endif
