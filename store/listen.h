#ifndef TURNPIKE_STORE_LISTEN_H
#define TURNPIKE_STORE_LISTEN_H

#include "base/conf.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * listen -- a worker's one connection to Redis that subscribes: to the control channels of the
 * sessions whose turns run (turn workers), to the housekeepers' (housekeeper). Never blocks: a task
 * connects and asks the Sentinels. Connects again with back-off and subscribes again: also when the
 * server answers nothing for redis.timeout and, with Sentinels, when it is the master no more. Its
 * own few lines of RESP, so that no reply of a command can ever come between.
 */
#define LISTEN_CHANNEL_SIZE 400
struct listen;
/* Who listens to one channel; embedded in its owner. Its handlers neither add nor remove ears. */
struct listen_ear {
    char channel[LISTEN_CHANNEL_SIZE];
    void *arg;
    void (*message)(void *arg, const char *bytes, size_t len);
    /* Redis confirmed the subscription, also after each reconnect and each question for the role:
     * what was published before may be lost, so the state should be read again. Or NULL. */
    void (*subscribed)(void *arg);
    struct listen_ear *next; /* listen's own, and what follows */
    bool added;
};
/* joined: what is said goes out at the end of each tasks_run; else at once. */
int listen_new(struct listen **out, const struct conf *conf, struct reactor *reactor, bool joined);
/* No ears are left, or none is called any more. */
void listen_free(struct listen *l);
/* channel and handlers are set. One that fails to reach Redis is tried again. */
void listen_add(struct listen *l, struct listen_ear *ear);
/* No handler of it is called after this. The connection stays. NULL-safe for one never added. */
void listen_remove(struct listen *l, struct listen_ear *ear);
/* Is there a connection? */
bool listen_is_up(const struct listen *l);

#endif
