/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_WATCHDOG_H
#define TURNPIKE_WORKERS_SUPERVISOR_WATCHDOG_H

#include "base/err.h"
#include "base/reactor.h"

/*
 * watchdog -- tells systemd that the supervisor lives, but only after its own control socket has
 * answered a `ping` through the loop. Does nothing when systemd did not ask. Process: supervisor.
 */
struct watchdog;
/* path: of the control socket, borrowed. out is NULL when systemd asked for none. */
MUST_CHECK int watchdog_new(struct watchdog **out, struct reactor *reactor, const char *path);
void watchdog_free(struct watchdog *w);

#endif
