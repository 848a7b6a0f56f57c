/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_FASTCGI_CALL_H
#define TURNPIKE_PROCESS_FASTCGI_CALL_H

#include "base/err.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fastcgi_pool;

/*
 * fastcgi_call -- one FastCGI request to a pool of workers (fastcgi_pool), over a fit kept
 * connection, else over a new one. Stream workers, and turn workers for speech. Never blocks: a
 * full backlog of the pool is ERR_FULL at once.
 *
 * It sends a failed request once more over a new connection, before the caller hears of it, when
 * - the worker answered that it is overloaded and has not looked at the request, or
 * - the connection ended without a byte of a reply, and the request had no effect: the worker
 *   closed it before it had read all (EPIPE, ECONNRESET), and fastcgi_pool_reads_whole, or
 * - the connection ended without a byte of a reply, and the request is `repeatable`, or
 * - it is `repeatable`, and the worker of a kept connection has not read it for
 *   FASTCGI_CALL_UNREAD_MS: that worker is stuck, and another one would accept a new connection.
 */
#define FASTCGI_CALL_UNREAD_MS 250
struct fastcgi_call;
/*
 * reply: borrowed, NULL on error. error: 0; ERR_FULL (overloaded, or the backlog is full) and
 * ERR_NET (no worker was reached), which say that the request had no effect; ERR_PROTOCOL and
 * ERR_DEADLINE, after which that is not known; ERR_LIMIT; ERR_NOMEM.
 */
typedef void fastcgi_call_fn(void *arg, int error, const struct fastcgi_reply *reply);

struct fastcgi_call_request { /* borrowed while fastcgi_call_start runs */
    const struct fastcgi_pair *pairs;
    size_t count;
    const char *body;
    size_t len;
    bool repeatable;    /* twice has the effect of once, though a worker has acted on the first */
    int64_t timeout_ms; /* for the whole exchange */
    size_t max;         /* bytes of the reply */
};

/*
 * fastcgi_call_start -- sends it. fn is called once, later; not after fastcgi_call_forget, and not
 * when fastcgi_pool_free ends it.
 *   out         may be NULL; valid until fn was called or the pool is freed
 * Returns 0; ERR_FULL (backlog); ERR_NET (nobody listens); ERR_NOMEM. fn is not called on error.
 */
MUST_CHECK int fastcgi_call_start(struct fastcgi_pool *pool,
    const struct fastcgi_call_request *request, fastcgi_call_fn *fn, void *arg,
    struct fastcgi_call **out);
/* Hangs up: its worker sees that nobody waits. fn is not called. */
void fastcgi_call_cancel(struct fastcgi_call *call);
/* The request goes on; nobody gets its reply. */
void fastcgi_call_forget(struct fastcgi_call *call);

#endif
