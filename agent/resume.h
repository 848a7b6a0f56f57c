/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_RESUME_H
#define TURNPIKE_AGENT_RESUME_H

#include "agent/chat.h"
#include "agent/wait.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/turns.h"

#include <stddef.h>

/*
 * resume -- a turn that another worker began. Ends in the log whatever that one left open
 * (message, call, thought), and when viewers have seen something that is in no checkpoint, gives
 * them the conversation without it (MESSAGES_SNAPSHOT). Used by turn workers, before the turn's
 * first own event.
 *   first_new  where in the chat this turn's own messages begin
 * Returns 0; ERR_FENCED, ERR_FULL, ERR_NOMEM, ERR_STORE; or why the wait for Redis ended.
 */
MUST_CHECK int resume_log(struct wait *wait, const struct chat *chat, size_t first_new);
/* MESSAGES_SNAPSHOT: the stored conversation, as much as there is room for, and what the turn has
 * added to it. json: reused. Returns 0, ERR_FENCED, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int resume_snapshot(struct wait *wait, const struct chat *chat, size_t first_new,
    struct buf *json);

#endif
