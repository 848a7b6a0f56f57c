/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_SHORTEN_H
#define TURNPIKE_AGENT_SHORTEN_H

#include "agent/chat.h"
#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>

/*
 * shorten -- what a model sees of a large tool result: its small members, the first entries of its
 * lists, how many there are of what, and a handle by which read_result gives the rest. The
 * conversation, the log and the page keep the result whole; so nothing is stored for a handle, it
 * is the id of the call. By rule, never by a model: the same result gives the same bytes, and the
 * vendor's prompt cache holds. Used by turn workers.
 *
 * shorten_result -- changes text and len of a tool's message that has more than max bytes. The
 * mark of what others wrote stays in front. The new text lives in the arena.
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int shorten_result(struct chat_message *m, size_t max, struct arena *arena);

/* tools_context.earlier for a chat: the result of the call with this id. Returns 0,
 * ERR_NOT_FOUND. */
MUST_CHECK int shorten_earlier(void *chat, const char *handle, const char **text, size_t *len,
    bool *others);

#endif
