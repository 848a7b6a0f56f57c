/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_AUDIT_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_AUDIT_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/* audit_command -- `turnpike audit verify [FILE...]`, oldest first: does a line of the audit log
 * miss or differ (process/audit.h)? Returns the exit status: 1 = it does. */
MUST_CHECK int audit_command(const struct conf *conf, int argc, char **argv);

#endif
