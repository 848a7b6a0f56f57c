/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_OBSERVE_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_OBSERVE_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * observe_command -- `turnpike observe`: starts Debian's prometheus on a free port of loopback,
 * with our alert rules and the running service as its target, until Ctrl-C. What it needs and
 * writes is in a directory of its own, which goes with it. Also writes there what Grafana needs to
 * show the dashboard, and says how. An operator's process. Returns the exit status.
 *   share  where the rules are; NULL = where they were installed
 */
MUST_CHECK int observe_command(const struct conf *conf, const char *share);

#endif
