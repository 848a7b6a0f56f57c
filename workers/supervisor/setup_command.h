/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SETUP_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_SETUP_COMMAND_H

#include "base/err.h"

/*
 * setup_command -- `turnpike setup`: becomes the installed script systemd/setup.sh, which knows its
 * options. argv[-1] must be there. Returns the exit status when the script cannot be run.
 */
MUST_CHECK int setup_command(int argc, char **argv);

#endif
