/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OUTSIDE_H
#define TURNPIKE_TOOLS_REMOTE_OUTSIDE_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * outside -- the mark of a call whose effect no script of ours can carry: written before the
 * request goes out, so that the same call (its id and arguments) is never sent twice. A repetition
 * finds the recorded result, or, when none was recorded, `unknown_outcome`.
 */
/* Returns 0 to go on; 1 when run->result says that it has been begun before; or a fault. */
MUST_CHECK int outside_begin(struct tools_run *run);
/* run->result is the outcome. Lost when Redis is away: then the mark of the beginning stays. */
void outside_end(struct tools_run *run);
/* Nothing went out: it may be called again. */
void outside_undo(struct tools_run *run);
/*
 * outside_hide -- before a result is recorded or told: a service that repeats the credential which
 * it was sent (some do in their errors) must not bring it to the model or the user. header: the
 * line that was sent, NULL = none. Returns 0 or ERR_NOMEM: then run->result must not be used.
 */
MUST_CHECK int outside_hide(struct tools_run *run, const char *header);
/* Does a text that is shown elsewhere hold that credential? */
bool outside_repeats(const char *header, const char *text);
/* The failure for a call whose outcome is not known. service: for people. */
MUST_CHECK int outside_unknown(struct tools_run *run, const char *service);

#endif
