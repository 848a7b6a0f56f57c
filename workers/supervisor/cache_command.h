/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CACHE_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_CACHE_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * cache_command -- `turnpike cache`: the answers that are kept for all users
 * (store/kept_answers.h).
 *
 *   show    how many there are, how many of them others may get, their bytes
 *   clear   drops all of them
 *
 * Speaks to Redis itself. Returns the exit status.
 */
MUST_CHECK int cache_command(const struct conf *conf, int argc, char **argv);

#endif
