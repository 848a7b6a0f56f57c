#ifndef TURNPIKE_WORKERS_STREAM_STREAM_ASK_H
#define TURNPIKE_WORKERS_STREAM_STREAM_ASK_H

#include "base/err.h"
#include "process/fastcgi_call.h"
#include "workers/stream/stream_conn.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * stream_ask -- a request to turn or api workers for the user of a connection, who is known here
 * already. Stream workers.
 */
struct stream_ask {
    struct fastcgi_pool *pool;
    const char *method, *path;
    const char *body; /* JSON */
    size_t len;
    bool admin, repeatable; /* as struct fastcgi_call_request */
};
/* Returns as fastcgi_call_start, and takes the same fn, arg and out. */
MUST_CHECK int stream_ask(const struct stream_conn *c, const struct stream_ask *ask,
    fastcgi_call_fn *fn, void *arg, struct fastcgi_call **out);

#endif
