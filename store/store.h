/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_STORE_H
#define TURNPIKE_STORE_STORE_H

#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "store/keys.h"
#include "wire/redis/link.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * store -- one per worker process: the command connection and the name of the owner for leases.
 * Made after fork.
 */
struct usage_site;  /* store/usage.h */
struct store_part { /* of a cluster's hints: what is known of its node, by hints_told */
    unsigned slot;
    int64_t failed_ms; /* monotonic: when a call came to nothing last, or took long; 0 = never */
    bool away;         /* nothing has come from it since */
};
struct store {
    const struct conf *conf;
    struct reactor *reactor;
    struct link *link;
    char owner[96];                  /* MACHINE/POOL/PID/START, written into leases */
    int64_t redis_ms, redis_mono_ms; /* Redis' clock as last told, and ours then; 0 = not yet */
    unsigned redis_generation;       /* of the link that told it */
    struct usage_site *site;         /* what this process counts and knows of the site's sums */
    unsigned turn;                   /* of the parts that a cluster's hints are in */
    struct store_part part[KEYS_HINT_PARTS];
};
MUST_CHECK int store_open(struct store **out, const struct conf *conf, struct reactor *reactor,
    const char *owner);
void store_close(struct store *s);
/* PING within redis.timeout: 0 or an ERR_STORE* error. ms: round trip. */
MUST_CHECK int store_ping(struct store *s, int64_t *ms);
/* A write of a few bytes: 0, ERR_STORE_FULL, ERR_STORE_READONLY or another ERR_STORE* error. */
MUST_CHECK int store_writable(struct store *s);

#endif
