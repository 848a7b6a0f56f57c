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

struct config_place { /* NULL = not named */
    const char *config, *socket, *run_dir;
};
/*
 * config_command_options -- the words of `turnpike config`, argv[0] being the command.
 *   request  in and out: its names are borrowed from argv
 *   place    in and out
 * Returns -1, or the exit status: of --help, or of what is not understood.
 */
MUST_CHECK int config_command_options(int argc, char **argv, struct config_request *request,
    struct config_place *place);

#endif
