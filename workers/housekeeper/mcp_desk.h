/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_MCP_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_MCP_DESK_H

#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_desk -- lists the tools of MCP servers, so that workers need not: at the start, every
 * mcp.refresh, and when `turnpike mcp` asks. What a server said is kept in Redis (`tp:mcp:servers`,
 * a hash SERVER -> JSON), so that a server that is down keeps its tools; what the operator has
 * accepted stands in `tp:mcp:pins` (a hash SERVER/TOOL -> SHA-256 of the definition). Accepted
 * tools are written into run_dir/mcp-tools.json, which workers read when it changes
 * (tools/remote/dynamic.h). Used by the housekeeper.
 */
struct mcp_desk;

/* store, reactor: borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int mcp_desk_new(struct mcp_desk **out, struct store *store, struct reactor *reactor);
void mcp_desk_free(struct mcp_desk *d); /* NULL allowed */
/* Pins have changed; with list: the servers are asked for their tools now. */
void mcp_desk_wake(struct mcp_desk *d, bool list);
/* Begins what is due. mono_ms: clock_mono_ms. Returns when to come again. */
int64_t mcp_desk_step(struct mcp_desk *d, int64_t mono_ms);

#endif
