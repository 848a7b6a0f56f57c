/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_REVOKE_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_REVOKE_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * revoke_command -- `turnpike revoke`: ends credentials before their time on all machines, with the
 * open sockets and streams.
 *
 *   user USER     all that was issued to the user before now: tokens, sessions of the page,
 *                 tickets, API keys
 *   token JTI     the token with this claim jti
 *   list          what is revoked
 *   forget NAME   what `list` shows counts again
 *
 * Speaks to Redis itself. Returns the exit status.
 */
MUST_CHECK int revoke_command(const struct conf *conf, int argc, char **argv);

#endif
