/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_REPLY_SERVER_H
#define TURNPIKE_WORKERS_SUPERVISOR_REPLY_SERVER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * reply_server -- one request in, one reply out, then the connection ends: what the control socket
 * and the desk of metrics do over the reactor. Nothing here waits for a client. Each has its time;
 * when all places are taken, a new client ends the one that has been there longest. Process:
 * supervisor.
 */
struct reply_rules {
    const char *name; /* for the log */
    size_t clients;   /* at once */
    size_t ask_max;   /* bytes of a request */
    size_t reply_max;
    int64_t time_ms; /* of a client, from its connection on */
    /* Once the reply is out, the rest of what the client sends is read to its end or to its time's:
     * closing over unread bytes would reset a TCP connection, and with it the reply. */
    bool lingers;
    /* Bytes of a whole request at the beginning of these; 0 = more are needed. */
    size_t (*whole)(const char *bytes, size_t len);
    /*
     * The reply to a request, appended. Must not call the server.
     *   fd   of the client
     *   ask  changeable; len: as `whole` said, 0 = it has not ended within ask_max
     * Returns false: the connection is closed without one.
     */
    bool (*answer)(void *arg, int fd, char *ask, size_t len, struct buf *reply);
};
struct reply_server;

/* rules, arg: borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int reply_server_new(struct reply_server **out, struct reactor *reactor,
    const struct reply_rules *rules, void *arg);
/* Closes what is open. NULL allowed. */
void reply_server_free(struct reply_server *s);
/* Clients come here from now on; it must not listen already. fd: listening, non-blocking, borrowed
 * until reply_server_unlisten or _free. Returns 0 or ERR_IO. */
MUST_CHECK int reply_server_listen(struct reply_server *s, int fd);
/* No more come; those that are there stay. Twice is once. */
void reply_server_unlisten(struct reply_server *s);
size_t reply_server_clients(const struct reply_server *s);

#endif
