/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_CALL_H
#define TURNPIKE_WORKERS_STREAM_STREAM_CALL_H

#include "process/fastcgi_call.h"
#include "workers/stream/stream_conn.h"

#include <stdbool.h>

/*
 * stream_call -- a request to turn or api workers on behalf of a connection's user: the JSON
 * requests of clients of WebSockets, and stops. Stream workers.
 */
struct stream_call { /* borrowed while stream_call_start runs */
    struct fastcgi_pool *pool;
    const char *user;
    const char *account;          /* auth_account_write; NULL = none */
    const struct auth_mark *mark; /* of the credential, for the audit log; NULL = none */
    const char *method, *path;
    const char *key; /* Idempotency-Key; NULL or "" = none */
    const struct buf *body;
    bool admin;
    unsigned scopes; /* process/scopes.h */
    bool repeatable; /* as struct fastcgi_call_request has it */
};

/* fn NULL: the reply is told to nobody. Returns what fastcgi_call_start does. */
MUST_CHECK int stream_call_start(const struct stream *s, const struct stream_call *call,
    fastcgi_call_fn *fn, void *arg, struct fastcgi_call **out);
/*
 * stream_call_stop -- stops a turn of the user. Nobody is told what comes of it, and nobody would
 * ask again: when workers are overloaded it is tried a few times more, and then the log has it.
 */
void stream_call_stop(struct stream *s, const char *user, const char *turn);
/* The pools end: what is still on its way is forgotten. */
void stream_call_forget_stops(struct stream *s);

#endif
