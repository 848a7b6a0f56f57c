/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_LIMITS_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_LIMITS_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * limits_command -- `turnpike limits`: what the site or a user uses and may use, and what is set
 * over the settings, for a user, an API key of a user, a class or the site (docs/limits.md). An
 * operator's process; speaks to Redis with the settings' credentials.
 *   json  the answer for programs
 * Returns the exit status: 0; 1 Redis is away; 2 a wrong argument, which stderr names.
 */
MUST_CHECK int limits_command(const struct conf *conf, bool json, int argc, char **argv);

#endif
