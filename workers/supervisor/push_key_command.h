/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_PUSH_KEY_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_PUSH_KEY_COMMAND_H

#include "base/err.h"

/* push_key_command -- `turnpike push-key`: a new key for push.key, to standard output. argc: of
 * words behind the command, none of which is taken. Returns the exit status. */
MUST_CHECK int push_key_command(int argc);

#endif
