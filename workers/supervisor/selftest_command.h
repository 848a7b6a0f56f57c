/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SELFTEST_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_SELFTEST_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * selftest_command -- `turnpike selftest [--json]`: the self-test (fcgi-app/selftest.h) in this
 * process, with the settings' services, whether turnpiked runs or not. argv[0]: the command's name.
 * Returns the exit status: 0; 1 = a check failed, or it could not be run; 2 = wrong arguments.
 */
MUST_CHECK int selftest_command(const struct conf *conf, int argc, char **argv);

#endif
