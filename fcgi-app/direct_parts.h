/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_DIRECT_PARTS_H
#define TURNPIKE_FCGI_APP_DIRECT_PARTS_H

#include "fcgi-app/direct.h"

/* direct -- what its files share. */

/* The refusal in run->result as the problem. Returns ERR_INVALID. */
MUST_CHECK int direct_refused(struct exchange *x, const struct tools_run *run);
/*
 * direct_approve -- asks for the approval that the call needs, or uses the one that it brings.
 * run: call_id becomes the mark of an approved call, and stays when none is needed. Returns 0, or
 * an error with the problem set, or a fault.
 */
MUST_CHECK int direct_approve(struct exchange *x, struct direct *d, struct tools_run *run);

#endif
