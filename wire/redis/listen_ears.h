/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_LISTEN_EARS_H
#define TURNPIKE_WIRE_REDIS_LISTEN_EARS_H

#include "base/err.h"
#include "wire/redis/listen.h"

/* listen_ears -- listen's table of ears by channel: tens of thousands of them. Of listen only. */
struct listen_ears {
    struct listen_ear **table;
    size_t size, count; /* size: a power of two */
    bool in_use;        /* handlers run: it does not grow */
};

MUST_CHECK int listen_ears_init(struct listen_ears *e); /* 0 or ERR_NOMEM */
void listen_ears_fini(struct listen_ears *e);
void listen_ears_add(struct listen_ears *e, struct listen_ear *ear);
void listen_ears_remove(struct listen_ears *e, struct listen_ear *ear);
/* The first of the channel; the first from `ear` on, which is of the same bucket. Or NULL. */
struct listen_ear *listen_ears_find(const struct listen_ears *e, const char *channel, size_t len);
struct listen_ear *listen_ears_same(struct listen_ear *ear, uint32_t hash, const char *channel,
    size_t len);
uint32_t listen_ears_hash(const char *channel, size_t len);
/* The first of those that may have this hash; others stand between them. */
struct listen_ear *listen_ears_first(const struct listen_ears *e, uint32_t hash);
/* The one after `ear` (NULL: the first). */
struct listen_ear *listen_ears_next(const struct listen_ears *e, const struct listen_ear *ear);

#endif
