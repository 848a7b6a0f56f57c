/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_OWN_REDIS_H
#define TURNPIKE_TESTS_UNIT_OWN_REDIS_H

#include "base/conf.h"

#include <stddef.h>
#include <sys/types.h>

/* own_redis -- a redis-server of the test's own, on a unix socket in a new directory. */
struct own_redis {
    char dir[64], socket[96];
    pid_t pid;
};
/* Starts it and waits until it answers; append-only file on, so that a restart keeps the data. */
void own_redis_start(struct own_redis *r);
/* kill -9; the data stays. */
void own_redis_kill(struct own_redis *r);
/* Starts it again after own_redis_kill. */
void own_redis_again(struct own_redis *r);
/* Ends it and removes the directory. */
void own_redis_stop(struct own_redis *r);
/* Default settings that point to it, with any number of turns a user. The caller calls
 * conf_fini. */
void own_redis_conf(const struct own_redis *r, struct conf *conf);

/* A subscriber without any of our code: a socket that hears this channel. The caller closes it. */
int own_redis_hear(const struct own_redis *r, const char *channel);
/* Appends to bytes, a text of `size` bytes, until `part` is in it; after 10 s the test ends. */
void own_redis_heard(int fd, char *bytes, size_t size, const char *part);

#endif
