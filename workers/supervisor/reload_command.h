/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_RELOAD_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_RELOAD_COMMAND_H

#include "base/err.h"

/*
 * reload_command -- `turnpike reload`: asks for a reload and waits until it has ended. Says how far
 * it is on a terminal, and at the end why it failed, a line for each reason.
 *   path  of the control socket
 * Returns the exit status: 0; 1: it failed, or turnpiked was not there to the end.
 */
MUST_CHECK int reload_command(const char *path);

/*
 * upgrade_command -- `turnpike upgrade`: the same for the hand-over to the installed program
 * (upgrade.h). Returns 0; 1: it failed, and the old process goes on; UPGRADE_REFUSED: nothing was
 * begun, so a restart is the way.
 */
#define UPGRADE_REFUSED 3
MUST_CHECK int upgrade_command(const char *path);

#endif
