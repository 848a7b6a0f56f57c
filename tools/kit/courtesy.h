/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_COURTESY_H
#define TURNPIKE_TOOLS_KIT_COURTESY_H

#include "base/err.h"
#include "tools/kit/run.h"

/* courtesy -- what another user allows, by manage_privacy. Processes that run tools. */

/* The record of another user; NULL when there is none, and all is as by default. A record that
 * cannot be read allows nothing. Returns 0; ERR_INTERNAL (damaged) or another fault. */
MUST_CHECK int courtesy_privacy(struct tools_run *run, const char *uid, jdoc **out);
/* Does `to` take messages and invitations from this user? Returns 0, ERR_FORBIDDEN or a fault. */
MUST_CHECK int courtesy_may_write_to(struct tools_run *run, const char *to);

#endif
