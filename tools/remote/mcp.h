/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_H
#define TURNPIKE_TOOLS_REMOTE_MCP_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/remote/mcp_peer.h"
#include "tools/remote/mcp_servers.h"

/* mcp -- calls of MCP servers' tools from turn and api workers. */

/* The handler of every row with a server (dynamic.h). */
MUST_CHECK int mcp_tool(struct tools_run *run);
/* How a server is spoken to. */
struct mcp_peer_settings mcp_settings(const struct mcp_server *server, struct store *store);
/*
 * mcp_leave -- before a worker's end: sessions of this process are ended with a word to their
 * servers, at most wait_ms. http may be NULL.
 */
void mcp_leave(struct http_client *http, struct reactor *reactor, int64_t wait_ms);

/*
 * mcp_result -- what tools/call answered, as the run's result: text, structured content, and a
 * description of what is neither. Exposed for tests. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int mcp_result(struct tools_run *run, const char *server, const jdoc *answer,
    size_t max);

#endif
