/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_LISTEN_H
#define TURNPIKE_WIRE_REDIS_LISTEN_H

#include "base/err.h"
#include "wire/redis/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * listen -- a worker's one connection to Redis that subscribes.
 *
 *   stream worker  sessions and inboxes that its clients look at
 *   turn worker    control channels of the sessions whose turns it runs
 *   housekeeper    tp:wake
 *
 * With redis.cluster there is one to each node that has a channel which somebody hears: a channel
 * with a "{" is a sharded one, heard on the node that has its slot; one without is heard on any
 * node. When the slot comes to another node, the ear is told `lost`, then `subscribed`.
 *
 * It leads to the link's server: it connects as the link does, and leaves with the link a server
 * that is the master no more. A task connects, so nothing blocks. After a loss, or when the server
 * answers nothing for redis.timeout, it connects with back-off and subscribes again. Each tasks_run
 * ends by sending its commands. Adding and removing an ear take constant time.
 */
struct listen;
struct listen_handlers {
    void (*message)(void *arg, const char *bytes, size_t len);
    /* Redis confirmed the subscription, or another ear's to the same channel; also after each
     * reconnect. Earlier messages may be lost: the owner should read the state again. Or NULL. */
    void (*subscribed)(void *arg);
    /* The connection was lost: the owner misses all messages until `subscribed`. Or NULL. */
    void (*lost)(void *arg);
};
/* A listener of one channel; embedded in its owner. Handlers may add ears, and remove none. */
struct listen_ear {
    const char *channel; /* borrowed, while it is added */
    const struct listen_handlers *on;
    void *arg;
    struct listen_ear *next; /* listen's own, and what follows */
    struct listen *at;       /* the connection it is on */
    uint64_t said;           /* which command subscribed to it */
    uint32_t hash;
    bool added;
};
/* The link is attached to the loop, and lives longer. */
MUST_CHECK int listen_new(struct listen **out, struct link *link);
/* No ears are left, or none is called any more. Also after tasks_close. */
void listen_free(struct listen *l);
/* All but the last three are set. One that fails to reach Redis is tried again. */
void listen_add(struct listen *l, struct listen_ear *ear);
/* No handler of it is called after this. The connection stays. NULL-safe for one never added. */
void listen_remove(struct listen *l, struct listen_ear *ear);
/* An ear of the channel, NULL = there is none. */
struct listen_ear *listen_find(const struct listen *l, const char *channel, size_t len);
/* The one after `ear` (NULL: the first). Adding in between may skip some or repeat some. */
struct listen_ear *listen_next(const struct listen *l, const struct listen_ear *ear);
/* Is there a connection? */
bool listen_is_up(const struct listen *l);
/* A client waits for it: as link_hurry, also without ears. True: it is there or being made. */
bool listen_hurry(struct listen *l);

#endif
