/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_COMMAND_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_COMMAND_H

#include "base/err.h"

/*
 * terminal_command -- `turnpike chat`: talks to the assistant of a site from a terminal, over its
 * public HTTP API; needs no right of the operator.
 *   argv  behind the word "chat"
 *   site  "http://host:port" of the settings of this machine, "" = not known
 * Returns the exit status: 0; 1 the turn or a request failed; 2 usage; 3 an approval is open and
 * nobody is there to give it; 130 stopped by Ctrl-C.
 */
MUST_CHECK int terminal_command(int argc, char **argv, const char *site);

#endif
