/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_FOLLOW_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_FOLLOW_H

#include "agent/offline/offline_talk.h"

/*
 * offline_follow -- messages that mean something only behind the one before: "yes", "at 5pm",
 * "make it 50", "no, tomorrow", "delete that", "undo that", "and last month?", "and 12 for coffee".
 * All it knows is in the conversation: the last question is understood anew from the message that
 * led to it, the last record is read from the last tool result. Nothing else is kept.
 *
 *   user  index of the message, in context->items
 * Fills talk and returns true when the message is such a one.
 */
bool offline_follow(const struct context *context, size_t user, const char *text,
    const struct offline_world *world, struct offline_talk *talk);

#endif
