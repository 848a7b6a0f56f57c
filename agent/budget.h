/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_BUDGET_H
#define TURNPIKE_AGENT_BUDGET_H

#include "base/buf.h"
#include "store/usage.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * budget -- the words for a limit of tokens or money that is used up: which, and when it begins
 * anew. Pure.
 *   locale  of the user, such as "de-AT"; English for languages that have no words here
 *   stops   the assistant says it in the middle of a turn
 */
void budget_say(const struct usage_over *over, int64_t now_ms, const char *locale, bool stops,
    struct buf *out);

#endif
