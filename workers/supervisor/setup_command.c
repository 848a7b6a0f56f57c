/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/setup_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef SETUP_PATH
#define SETUP_PATH "/usr/libexec/turnpike/setup.sh"
#endif

int setup_command(int argc, char **argv)
{
    static char script[] = SETUP_PATH;
    (void)argc;
    argv[-1] = script;
    execv(script, argv - 1);
    fprintf(stderr, "turnpike: %s: %s\n", script, strerror(errno));
    return 1;
}
