#ifndef TURNPIKE_STORE_LISTEN_H
#define TURNPIKE_STORE_LISTEN_H

#include "base/conf.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * listen -- a turn worker's second connection to Redis: it subscribes to one channel, the control
 * channel of the session whose turn runs. Never blocks after the connect of a TCP connection has
 * been started, but with Sentinels for asking them before it: SENTINEL_CONNECT_MS at most. Connects
 * again with back-off and subscribes again. Its own few lines of RESP, so that no reply of the command connection can ever come between.
 */
struct listen;
struct listen_handlers {
    void *arg;
    void (*message)(void *arg, const char *bytes, size_t len);
    /* Redis confirmed the subscription, also after each reconnect: what was published before is
     * lost, so the state should be read again. */
    void (*subscribed)(void *arg);
};
int listen_new(struct listen **out, const struct conf *conf, struct reactor *reactor);
void listen_free(struct listen *l);
/* At most one channel at a time. Returns 0 or ERR_NOMEM; a connection that fails is tried again. */
int listen_start(struct listen *l, const char *channel, const struct listen_handlers *handlers);
/* For a wait that must notice a message but serves nothing else; -1 while disconnected. */
int listen_fd(const struct listen *l);
/* No handler is called after it. The connection stays for the next turn. */
void listen_stop(struct listen *l);

#endif
