/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFER_H
#define TURNPIKE_AGENT_OFFER_H

#include "agent/chat.h"
#include "agent/context.h"
#include "base/conf.h"
#include "base/err.h"
#include "tools/engine/tools.h"

#include <stdbool.h>
#include <stddef.h>

#define OFFER_FIND_TOOLS "find_tools" /* the tool whose results bring others */

/*
 * offer -- which tools the model is told of. The core ones (tools_spec.core) are written before
 * the fork and are the same bytes in every request, so that the vendor's prompt cache holds; behind
 * them stand those that the conversation brought in. Nothing is stored: the conversation says it.
 * A tool that was not offered runs all the same when the model calls it. Used by turn workers.
 *
 * offer_is_core -- is the tool in every request? One whose provider is not set up is in none.
 *
 * offer_build -- those that a result of find_tools named or that were called, each once, in order
 * of first appearance: the list only grows at its end. memory: with those that remember. In the
 * arena. Returns 0 or ERR_NOMEM.
 */
bool offer_is_core(const struct conf *conf, const struct tools_spec *spec);
MUST_CHECK int offer_build(const struct conf *conf, bool memory, const struct chat *chat,
    struct arena *arena, const struct context_tool **tools, size_t *count);

#endif
