/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CONFIG_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_CONFIG_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * config_command -- `turnpike config`: settings, where they are from, and what the running service
 * has of them. Secrets are shown as "***".
 */
struct config_request {
    const char *path; /* of the control socket */
    bool changed;     /* only what differs from its default */
    bool running;     /* what the service runs with, not what the file says */
    bool json;
    bool page;          /* docs/settings.md, of the defaults */
    char *const *names; /* of these settings alone; NULL = all */
    int name_count;
};
/*
 *   conf  the settings as the file has them
 * Returns the exit status: 0; 1: there is no such setting, or no service.
 */
MUST_CHECK int config_command(const struct conf *conf, const struct config_request *request);

#endif
