/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MEMORY_H
#define TURNPIKE_AGENT_MEMORY_H

#include "base/arena.h"
#include "base/err.h"
#include "tools/kit/remembered.h"

#include <stddef.h>

/*
 * memory -- what of all that is remembered about a user goes into the situation of a turn: all of
 * it while it is little; else what shares words with what the user says, then the latest. Words
 * are stems, as those of find_tools, and the rarer one is among the facts the more it counts. Pure
 * computation, turn workers.
 */
#define MEMORY_SHOWN 16
#define MEMORY_BYTES 1600

/*
 * memory_choose -- the text for the situation, in the arena; "" when nothing is remembered.
 *   said  the user's words, of one message or several
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int memory_choose(const struct remembered_list *list, const char *said,
    struct arena *arena, const char **text);

#endif
