/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_CONTEXT_FILES_H
#define TURNPIKE_AGENT_CONTEXT_FILES_H

#include "agent/context.h"
#include "base/err.h"

/*
 * context_files -- which files of the conversation a request may carry, by what they cost. What its
 * receiver takes is the next question: agent/model/attached.h. Pure; used by turn workers.
 */

/*
 * context_files_choose -- gives each message of the list files of its own, and sets why (NULL: it
 * goes along) and of texts len, what they are cut to.
 *   none    no file goes along
 *   budget  tokens of the messages
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int context_files_choose(struct chat *whole, bool none, size_t budget);
/* Tokens of those that go along with the message. */
size_t context_files_tokens(const struct chat_message *message);

#endif
