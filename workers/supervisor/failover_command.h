/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_FAILOVER_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_FAILOVER_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * failover_command -- `turnpike failover`: a planned change of the master that loses nothing that
 * was accepted. SENTINEL FAILOVER alone lets the old master accept for about a second after the
 * other one was promoted. Here the old master's writes are held back (CLIENT PAUSE WRITE, Redis
 * 6.2) until all its replicas have what it has, a Sentinel has promoted one of them, and it is a
 * replica itself; then its clients are disconnected, so that they ask the Sentinels and make their
 * calls again at the new master. An operator's process; speaks to Redis with the settings'
 * credentials. Returns the exit status: 0; 1 = not done, said on stderr, and the old master accepts
 * again: at once, or 15 s later when another one stands and the old one could not be told to follow
 * it.
 */
MUST_CHECK int failover_command(const struct conf *conf);

#endif
