/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_CALLS_H
#define TURNPIKE_AGENT_CALLS_H

#include "agent/chat.h"
#include "agent/context.h"
#include "agent/wait.h"
#include "base/err.h"
#include "store/approvals.h"
#include "tools/engine/tools.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * calls -- the tool calls of one model answer: started side by side, waited for together, each
 * result told at once and stored in the order of the calls. Used by turn workers.
 */
struct calls {
    struct wait *wait;
    const struct context_frame *frame;
    struct tools_context *tools;
    struct arena *arena;
    struct chat *chat;
    struct buf *json; /* reused */
    int64_t left;     /* tool calls that the turn may still make; counted down */
    bool resumed;     /* an earlier worker may have run the open ones before it died */
    /* What the user said to calls that an earlier turn left open. */
    const struct approvals_taken *answers;
    size_t answer_count;
    struct approvals_ask *asks; /* calls_run, out: those that wait for the user; arena */
    size_t ask_count;
};
/* Whether the user has answered for a call that has no result yet. */
bool calls_waiting(const struct calls *c);
/*
 * calls_run -- runs the calls of the conversation's last assistant message that have no result.
 * What cannot be run gets an error result that the model can act on. Client-side calls stay open,
 * and those that need the user's approval: the others run all the same.
 *   pending  out: ids of client-side calls, arena
 * Returns 0; ERR_CANCELLED, ERR_DEADLINE, ERR_DRAINING (calls that had not come to their end are
 * told so in their results); ERR_FENCED, ERR_FULL, ERR_NOMEM.
 */
MUST_CHECK int calls_run(struct calls *c, const char *const **pending, size_t *pending_count);
/* Gives every call without a result the error result `code`: it will not run any more. */
MUST_CHECK int calls_refuse(struct calls *c, const char *code, const char *text);
/*
 * The answer broke off at a limit: when the last call has no arguments yet, it gets an error result
 * instead of being run with none. (Half an object is refused in any case, as no JSON.)
 */
MUST_CHECK int calls_refuse_cut(struct calls *c);

#endif
