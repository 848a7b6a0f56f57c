/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_TOP_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_TOP_COMMAND_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * top_command -- `turnpike top`: the status on a terminal, each second, those that do something
 * first, until q, Ctrl-C or a status that cannot be had. The terminal is as before afterwards.
 *   ask  into an empty reply; says itself what went wrong
 * Returns the exit status.
 */
typedef int top_ask_fn(void *arg, struct buf *reply);
MUST_CHECK int top_command(top_ask_fn *ask, void *arg);
/* Are input and output a terminal? */
bool top_is_screen(void);

#endif
