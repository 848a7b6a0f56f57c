/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_REPORT_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_REPORT_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * report_command -- `turnpike report [--day | --week | --month] [--since WHEN] [--until WHEN]
 * [--json]`: the promised figures (fcgi-app/report.h). Reads Redis itself; what the last minute
 * counted is not there yet. argv[0]: the command's name. Returns the exit status: 0; 1 = not read;
 * 2 = wrong arguments; 3 = with --check, a promise is not met.
 */
MUST_CHECK int report_command(const struct conf *conf, int argc, char **argv);

#endif
