#ifndef TURNPIKE_WORKERS_HUB_TOPICS_H
#define TURNPIKE_WORKERS_HUB_TOPICS_H

#include "base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* hub_topics -- the hub's table of subscribed channels by name. Private to workers/hub. */
#define HUB_KEY_SIZE (IDENT_USER_MAX + IDENT_SESSION_MAX + 32)

struct hub;
struct hub_viewer;
struct hub_topic {
    struct hub *hub;
    struct hub_topic *chain;
    struct hub_viewer *viewers;
    int64_t seen_ms; /* monotonic, last message */
    uint32_t hash;
    uint16_t name_len;
    bool confirmed; /* Redis has confirmed the subscription */
    bool session;   /* else a user's inbox */
    bool running;   /* a turn runs, as far as seen */
    char name[];    /* tp:{UID}:s:SID or tp:{UID} */
};
struct hub_topics {
    struct hub *hub;
    struct hub_topic **slots;
    size_t size, count; /* size: a power of two */
};

int hub_topics_init(struct hub_topics *table, struct hub *hub);
void hub_topics_fini(struct hub_topics *table);
struct hub_topic *hub_topics_find(const struct hub_topics *table, const char *name, size_t len);
/* Adds a new one; NULL on no memory. */
struct hub_topic *hub_topics_add(
    struct hub_topics *table, const char *name, size_t len, bool session);
void hub_topics_drop(struct hub_topics *table, struct hub_topic *topic);
/* The one after `topic` (NULL: the first). Adding in between may skip some or repeat some. */
struct hub_topic *hub_topics_next(const struct hub_topics *table, const struct hub_topic *topic);

#endif
