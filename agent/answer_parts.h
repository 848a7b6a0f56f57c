/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_ANSWER_PARTS_H
#define TURNPIKE_AGENT_ANSWER_PARTS_H

#include "agent/answer.h"
#include "base/err.h"

/*
 * answer_parts -- what the files of answer share with each other:
 *
 *   answer          what the provider says becomes events
 *   answer_restore  what the log has of an answer becomes that answer again
 *
 * Process: turn worker, in the turn's task.
 */

/* Notes that a thought ('r') or a call ('c') comes here. */
void answer_note_order(struct answer *a, char what);
/* An open thought behind the others, without an id. Returns 0, ERR_LIMIT, ERR_NOMEM. */
MUST_CHECK int answer_add_thought(struct answer *a, struct answer_thought **out);
/* An open call behind the others, without an id. name: as the model or the client knows the tool.
 * Returns 0, ERR_LIMIT, ERR_NOMEM. */
MUST_CHECK int answer_add_call(struct answer *a, const char *name, struct answer_call **out);

#endif
