#ifndef TURNPIKE_WORKERS_FASTCGI_CALL_H
#define TURNPIKE_WORKERS_FASTCGI_CALL_H

#include "workers/fastcgi_client.h"

#include <stdint.h>

struct reactor;

/*
 * fastcgi_call -- one FastCGI request over a unix socket, driven by base/reactor. Stream workers
 * only. Never blocks: a full backlog of the pool is ERR_FULL at once.
 */
struct fastcgi_call;
/* reply: borrowed, NULL on error. error: 0, ERR_NET, ERR_PROTOCOL, ERR_LIMIT, ERR_DEADLINE. */
typedef void fastcgi_call_fn(void *arg, int error, const struct fastcgi_reply *reply);

/*
 * fastcgi_call_start -- connects and sends. fn is called once, later, unless fastcgi_call_forget.
 *   timeout_ms  for the whole exchange
 *   max         bytes of the reply
 *   out         may be NULL; valid until fn was called
 * Returns 0; ERR_FULL (backlog); ERR_NET (nobody listens); ERR_NOMEM. fn is not called on error.
 */
int fastcgi_call_start(struct reactor *reactor, const char *socket_path,
    const struct fastcgi_pair *pairs, size_t count, const char *body, size_t len,
    int64_t timeout_ms, size_t max, fastcgi_call_fn *fn, void *arg, struct fastcgi_call **out);
/* The request goes on, its reply is not told to anybody. */
void fastcgi_call_forget(struct fastcgi_call *call);

#endif
