/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_DIAL_H
#define TURNPIKE_WIRE_REDIS_DIAL_H

#include "base/conf.h"
#include "base/err.h"
#include "wire/redis/sentinel.h"

#include <stdbool.h>
#include <stdint.h>

struct link_reader;
struct link_reply;

/*
 * dial -- makes connections of Redis and its Sentinels: sockets that never block, waited for with
 * base/task, so that a task holds nobody. Any process.
 */

/* host NULL = `port` is the path of a unix socket. Returns a descriptor (non-blocking,
 * close-on-exec), or -1 when nobody answered until until_ms (monotonic). */
MUST_CHECK int dial_socket(const char *host, const char *port, int64_t until_ms);
/*
 * dial_reply -- waits until until_ms (monotonic) for the next reply from fd.
 *   out  the caller's
 * Returns 0; ERR_STORE (none came, or it is no reply); ERR_NOMEM.
 */
MUST_CHECK int dial_reply(int fd, struct link_reader *reader, int64_t until_ms,
    struct link_reply **out);
/*
 * dial_redis -- connects to the present master of the configuration, greets it (AUTH, SELECT) and
 * asks for its ROLE. Each of these takes redis.timeout at most: asking the Sentinels, the
 * connection, its greeting. When a Sentinel names a server that is no master, dial asks the next
 * Sentinel while redis.timeout lasts. It logs failures.
 *   any_role  the server may be a replica
 *   server  out: which one it is, also when it fails after that was known
 *   fd      out: as dial_socket's
 * Returns 0, ERR_STORE, ERR_STORE_READONLY (no master was found), ERR_NOMEM.
 */
MUST_CHECK int dial_redis(const struct conf *conf, bool any_role, struct sentinel_address *server,
    int *fd);

/*
 * dial_node -- the same to this node of a cluster, which has to be a primary.
 */
MUST_CHECK int dial_node(const struct conf *conf, const struct sentinel_address *node, int *fd);
/*
 * dial_question -- asks this server one thing over a connection of its own: two words. All of it
 * ends at until_ms (monotonic).
 *   out  the reply, the caller's; it may be an error
 * Returns 0, ERR_STORE, ERR_NOMEM.
 */
MUST_CHECK int dial_question(const struct conf *conf, const struct sentinel_address *server,
    const char *const words[2], int64_t until_ms, struct link_reply **out);

#endif
