/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CHECK_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_CHECK_COMMAND_H

#include "workers/supervisor/settings.h"

#include <stdbool.h>

/*
 * check_command -- `turnpiked --check`: tells everything that is wrong, at once. Errors and
 * warnings go to standard error, one a line; as JSON to standard output.
 *   user  whose files they are: root becomes that user first; NULL = for SETTINGS_FILE the
 *         service's user, when root asks and that user is there, else nobody else
 * Returns the exit status: 0, also with warnings; 1.
 */
MUST_CHECK int check_command(const struct settings_source *source, const char *user, bool json);

#endif
