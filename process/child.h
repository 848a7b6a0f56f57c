/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_CHILD_H
#define TURNPIKE_PROCESS_CHILD_H

#include "base/err.h"

#include <sys/resource.h>

/* child -- first steps of a process that has just been forked, in the child. */

/* Every signal has its default effect again. */
void child_handlers(void);
/* The same, and none is blocked. */
void child_signals(void);
/*
 * Sets a resource limit, soft and hard. Where the service's own hard limit is lower already, that
 * one holds: nobody may raise it.
 *   what  RLIMIT_...
 * Returns 0 or ERR_IO.
 */
MUST_CHECK int child_limit(int what, rlim_t most);

#endif
