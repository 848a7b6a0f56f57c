#ifndef TURNPIKE_WIRE_REDIS_DIAL_H
#define TURNPIKE_WIRE_REDIS_DIAL_H

#include "base/conf.h"
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
int dial_socket(const char *host, const char *port, int64_t until_ms);
/*
 * dial_reply -- waits until until_ms (monotonic) for the next reply from fd.
 *   out  the caller's
 * Returns 0; ERR_STORE (none came, or it is no reply); ERR_NOMEM.
 */
int dial_reply(int fd, struct link_reader *reader, int64_t until_ms, struct link_reply **out);
/*
 * dial_redis -- to the Redis of the configuration that is the master now, greeted (AUTH, SELECT)
 * and asked for its ROLE. Takes redis.timeout at most for each of: asking the Sentinels, the
 * connection, its greeting. With Sentinels one that names a server which is no master is not
 * believed: the next one is asked, while redis.timeout lasts. What fails is logged.
 *   any_role  the server may be a replica
 *   server  out: which one it is, also when it fails after that was known
 *   fd      out: as dial_socket's
 * Returns 0, ERR_STORE, ERR_STORE_READONLY (no master was found), ERR_NOMEM.
 */
int dial_redis(const struct conf *conf, bool any_role, struct sentinel_address *server, int *fd);

#endif
