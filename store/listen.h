#ifndef TURNPIKE_STORE_LISTEN_H
#define TURNPIKE_STORE_LISTEN_H

#include "base/conf.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * listen -- a turn worker's second connection to Redis: it subscribes to one channel, the control
 * channel of the session whose turn runs. Never blocks after the connect of a TCP connection has
 * been started, but with Sentinels for asking them: SENTINEL_CONNECT_MS at most before it and
 * SENTINEL_CHECK_MS every 5 s. Connects again with back-off and subscribes again: also when the
 * server answers nothing for redis.timeout, and, with Sentinels, when it is the master no more.
 * Its own few lines of RESP, so that no reply of the command connection can ever come between.
 */
struct listen;
struct listen_handlers {
    void *arg;
    void (*message)(void *arg, const char *bytes, size_t len);
    /* Redis confirmed the subscription, also after each reconnect and each question for the role:
     * what was published before may be lost, so the state should be read again. */
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
