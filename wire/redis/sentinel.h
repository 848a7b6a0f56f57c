/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_SENTINEL_H
#define TURNPIKE_WIRE_REDIS_SENTINEL_H

#include "base/conf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * sentinel -- which Redis is the master now? It asks the Sentinels of redis.sentinels one after the
 * other, beginning with the one that answered last. Any process that talks to Redis; not safe for
 * threads.
 */
#define SENTINEL_HOST_SIZE 256
struct sentinel_address {
    char host[SENTINEL_HOST_SIZE];
    int port;
};

/* Time for one question about a living connection: as a rule, and before a call that waits. */
#define SENTINEL_CONNECT_MS 150
#define SENTINEL_CHECK_MS 20

bool sentinel_used(const struct conf *conf);
unsigned sentinel_known(const struct conf *conf); /* how many are named */
/*
 * sentinel_master -- waits (a task holds nobody) until one of them answered, at most budget_ms for
 * all of them; names instead of addresses in redis.sentinels are looked up on top of that.
 * Returns 0; ERR_STORE (nobody answered); ERR_NOT_FOUND (no Sentinel knows redis.master).
 */
MUST_CHECK int sentinel_master(const struct conf *conf, int64_t budget_ms,
    struct sentinel_address *out);
/* The next question goes to the next Sentinel: this one has named a server that is no master. */
void sentinel_next(void);
bool sentinel_same(const struct sentinel_address *a, const struct sentinel_address *b);

/* One host:port or unix path of redis.sentinels, which *list is moved past. False at its end. */
#define SENTINEL_WORD_SIZE 320
bool sentinel_word(const char **list, char out[SENTINEL_WORD_SIZE]);

/*
 * sentinel_failover -- asks for a failover of redis.master (SENTINEL FAILOVER). For the operator's
 * command; as sentinel_master otherwise.
 *   why  what the Sentinel said
 * Returns 0 (it has begun); ERR_CONFLICT (the Sentinel refused); ERR_STORE, ERR_NOT_FOUND.
 */
MUST_CHECK int sentinel_failover(const struct conf *conf, int64_t budget_ms,
    char why[SENTINEL_WORD_SIZE]);
/*
 * sentinel_count -- asks every Sentinel, each_ms at most for each one.
 *   others  how many of those that answered name another server than `old` ...
 *   other   ... which the last of them named; untouched when there is none
 * Returns how many answered.
 */
unsigned sentinel_count(const struct conf *conf, const struct sentinel_address *old,
    int64_t each_ms, unsigned *others, struct sentinel_address *other);

#endif
