/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_BADGE_H
#define TURNPIKE_TOOLS_REMOTE_MCP_BADGE_H

#include "base/err.h"
#include "tools/remote/mcp_peer_parts.h"

#include <stdbool.h>

/*
 * mcp_badge -- the token that an operation goes with, from the peer's purse (oauth_purse.h).
 */
/* Asks for it and goes on in the state `after`; MCP_OP_WAIT: begins. The operation may be gone
 * afterwards. */
void mcp_badge_ask(struct mcp_op *op, enum mcp_op_state after);
/* A reply that refuses the token: another one is asked for, and the request sent again, twice at
 * most. Returns false when the refusal is the end. */
bool mcp_badge_denied(struct mcp_op *op, const struct mcp_reply *reply);
/* What the purse gave is what the operation goes with. The peer keeps a copy, for its leave. header
 * NULL: none. Returns 0 or ERR_NOMEM. */
MUST_CHECK int mcp_badge_keep(struct mcp_op *op, const char *header);
/* Overwrites and frees. NULL in it is allowed. */
void mcp_badge_wipe(char **secret);

#endif
